/*
 * test_busy.c - latencies of one machine and moment: alike by their share,
 * each with its own distribution.
 */
#include <check.h>
#include <math.h>

#include "models/plane.h"
#include "models/world.h"

#define DRAWS 4000

/* A clock and timings; nothing happens. */
struct quiet {
    struct spec spec;
    struct world w;
};

/* Teardowns that share so much for 300 ms. */
static struct quiet *busy(double share, enum machine of)
{
    struct arena *a = arena_new();
    struct quiet *t = arena_make(a, struct quiet);
    struct timings *to = &t->spec.cluster.timings;

    t->w.arena = a;
    t->w.spec = &t->spec;
    t->w.sim = sim_new(a, "quiet");
    to->dist[TIMING_TEARDOWN] = dist_lognormal(0.1, 0.3);
    to->together[TIMING_TEARDOWN] = (struct together){
        .share = share, .lasts = 300 * SIM_MS, .of = (int)of };
    return t;
}

static sim_time draw(struct quiet *t, struct stream *s, object_uid node)
{
    return world_draw_on(&t->w, TIMING_TEARDOWN, s, node);
}

/* ln of what two pods draw, in as many stretches as DRAWS. */
static void pairs(struct quiet *t, object_uid node1, object_uid node2,
                  double *x, double *y)
{
    struct stream a, b;

    world_stream(&t->w, &a, PURPOSE_KUBELET, 101);
    world_stream(&t->w, &b, PURPOSE_KUBELET, 102);
    for (int i = 0; i < DRAWS; i++) {
        sim_run(t->w.sim, world_now(&t->w) + 300 * SIM_MS);
        x[i] = log((double)draw(t, &a, node1) / 1e9);
        y[i] = log((double)draw(t, &b, node2) / 1e9);
    }
}

static double mean(const double *x)
{
    double sum = 0;

    for (int i = 0; i < DRAWS; i++)
        sum += x[i];
    return sum / DRAWS;
}

static double covariance(const double *x, const double *y)
{
    double mx = mean(x), my = mean(y), sum = 0;

    for (int i = 0; i < DRAWS; i++)
        sum += (x[i] - mx) * (y[i] - my);
    return sum / DRAWS;
}

static const struct {
    double share;
    enum machine of;
    object_uid node2;           /* the first is 1 */
    double want;                /* correlation */
} shares[] = {
    { 0, MACHINE_NODE, 1, 0 },
    { 0.5, MACHINE_NODE, 1, 0.5 },
    { 0.9, MACHINE_NODE, 1, 0.9 },
    { 0.9, MACHINE_NODE, 2, 0 },
    { 0.9, MACHINE_CLUSTER, 2, 0.9 },
};

/* Four standard errors of a correlation of 4000 pairs are 0.063; those of a
 * mean and of a standard deviation of sigma 0.668 are 0.042 and 0.030. */
START_TEST(a_share_is_the_correlation_and_leaves_the_distribution)
{
    static double x[DRAWS], y[DRAWS];
    struct quiet *t = busy(shares[_i].share, shares[_i].of);
    double sigma = log(3) / 1.6449;
    double vx, vy, r;

    pairs(t, 1, shares[_i].node2, x, y);
    vx = covariance(x, x);
    vy = covariance(y, y);
    r = covariance(x, y) / sqrt(vx * vy);
    ck_assert_double_eq_tol(r, shares[_i].want, 0.063);
    ck_assert_double_eq_tol(mean(x), log(0.1), 0.042);
    ck_assert_double_eq_tol(sqrt(vx), sigma, 0.030);
    arena_free(t->w.arena);
}
END_TEST

/* Nothing of its own: equal within a stretch, and not from one to another. */
START_TEST(a_whole_share_is_equality_for_a_stretch)
{
    struct quiet *t = busy(1, MACHINE_NODE);
    struct stream a, b;
    sim_time first;

    world_stream(&t->w, &a, PURPOSE_KUBELET, 101);
    world_stream(&t->w, &b, PURPOSE_KUBELET, 102);
    first = draw(t, &a, 1);
    ck_assert_int_eq(first, draw(t, &b, 1));
    sim_run(t->w.sim, world_now(&t->w) + 300 * SIM_MS);
    ck_assert_int_ne(first, draw(t, &a, 1));
    arena_free(t->w.arena);
}
END_TEST

/* The longest there are times the largest factor are no overflow. */
START_TEST(what_takes_for_ever_cannot_take_longer)
{
    struct quiet *t = busy(0, MACHINE_NODE);
    struct dist *d = &t->spec.cluster.timings.dist[TIMING_TEARDOWN];
    struct stream s;

    t->w.plane = plane_new(&t->w);
    plane_slow(&t->w, TIMING_TEARDOWN, 1e6);
    world_stream(&t->w, &s, PURPOSE_KUBELET, 101);
    *d = dist_constant(24 * 3600 * SIM_S);
    ck_assert_int_eq(draw(t, &s, 1), SIM_NEVER);
    *d = (struct dist){ .law = DIST_NEVER };
    ck_assert_int_eq(draw(t, &s, 1), SIM_NEVER);
    *d = dist_constant(SIM_S);
    ck_assert_int_eq(draw(t, &s, 1), 1000000 * SIM_S);
    arena_free(t->w.arena);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("busy");
    TCase *tc = tcase_create("busy");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(
        tc, a_share_is_the_correlation_and_leaves_the_distribution, 0,
        (int)(sizeof(shares) / sizeof(shares[0])));
    tcase_add_test(tc, a_whole_share_is_equality_for_a_stretch);
    tcase_add_test(tc, what_takes_for_ever_cannot_take_longer);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
