/*
 * test_warmup.c - MSER-5.
 */
#include "stats/warmup.h"
#include "common.h"

#define N 3000

/* AR(1) with phi = 0.9 and an initial bias that decays: reference 5.7
 * (RMSE of the mean .69 -> .20, mean cut 220 of 3000). */
static void ar1(double *x, double bias, uint32_t rep)
{
    double y = 0;
    struct stream s;

    stream_init(&s, 31, PURPOSE_TEST, 0, rep);
    for (int i = 0; i < N; i++) {
        y = 0.9 * y + draw_normal(&s);
        x[i] = y + bias * exp(-i / 100.0);
    }
}

static double mean_from(const double *x, size_t cut)
{
    double s = 0;

    for (size_t i = cut; i < N; i++)
        s += x[i];
    return s / (double)(N - cut);
}

START_TEST(cut_removes_most_of_an_initial_bias)
{
    double x[N], raw = 0, cut = 0, length = 0;

    for (uint32_t rep = 0; rep < 200; rep++) {
        struct warmup w;
        ar1(x, 20, rep);
        w = warmup_mser5(x, N);
        ck_assert(!w.undecided);
        ck_assert_uint_eq(w.cut % 5, 0);
        raw += pow(mean_from(x, 0), 2) / 200;
        cut += pow(mean_from(x, w.cut), 2) / 200;
        length += (double)w.cut / 200;
    }
    ck_assert_msg(sqrt(raw) > 0.6 && sqrt(cut) < 0.25, "%g %g", sqrt(raw),
                  sqrt(cut));
    ck_assert_msg(150 < length && length < 400, "%g", length);
}
END_TEST

START_TEST(a_settled_series_is_hardly_cut)
{
    double x[N], length = 0;

    for (uint32_t rep = 0; rep < 100; rep++) {
        ar1(x, 0, rep);
        length += (double)warmup_mser5(x, N).cut / 100;
    }
    ck_assert_msg(length < 0.1 * N, "%g", length);
}
END_TEST

START_TEST(a_series_that_never_settles_is_undecided)
{
    double x[N];

    for (int i = 0; i < N; i++)
        x[i] = i < N - 600 ? 100 - i * 0.04 : 4;
    ck_assert(warmup_mser5(x, N).undecided);
    ck_assert(warmup_mser5(x, 19).undecided);
    ck_assert_uint_eq(warmup_mser5(x, 19).cut, 0);
}
END_TEST

START_TEST(a_step_is_cut_where_it_ends)
{
    double x[200];

    for (int i = 0; i < 200; i++)
        x[i] = (i < 35 ? 50 : 0) + (i / 5 % 2 ? 0.1 : -0.1);
    ck_assert_uint_eq(warmup_mser5(x, 200).cut, 35);
    for (int i = 0; i < 200; i++)
        x[i] = 3;
    ck_assert_uint_eq(warmup_mser5(x, 200).cut, 0);
}
END_TEST

#define SECONDS 60
#define REPLICATIONS 10

/* Response times of the seconds of several replications, correlated, with an
 * initial bias. */
static struct settling settle(double bias, uint32_t experiment)
{
    static double x[REPLICATIONS][SECONDS];
    const double *rows[REPLICATIONS];
    struct arena *a = arena_new();
    struct settling s;

    for (uint32_t r = 0; r < REPLICATIONS; r++) {
        struct stream luck;
        double y = 0;

        stream_init(&luck, 32, PURPOSE_TEST, experiment, r);
        for (int i = 0; i < SECONDS; i++) {
            y = 0.5 * y + draw_normal(&luck);
            x[r][i] = 20 + y + bias * exp(-i / 8.0);
        }
        rows[r] = x[r];
    }
    s = warmup_settled(a, rows, REPLICATIONS, SECONDS);
    arena_free(a);
    return s;
}

/* MSER-5 alone would warn of every tenth settled series. */
START_TEST(replications_must_agree_that_it_has_not_settled)
{
    int alarms = 0, cuts = 0, found = 0;

    for (uint32_t i = 0; i < 500; i++) {
        struct settling s = settle(0, i), biased = settle(10, i);

        cuts += s.warmup.cut > 0;
        alarms += !s.settled;
        found += !biased.settled && biased.early > biased.late + 1;
    }
    ck_assert_msg(cuts > 50 && alarms < 10, "%d cuts, %d alarms", cuts, alarms);
    ck_assert_msg(found > 480, "%d found", found);
}
END_TEST

START_TEST(too_little_says_nothing)
{
    const double x[SECONDS] = {100, 100, 100, 100, 100};
    const double *rows[REPLICATIONS];
    struct arena *a = arena_new();

    for (int r = 0; r < REPLICATIONS; r++)
        rows[r] = x;
    ck_assert(!warmup_settled(a, rows, 5, SECONDS).settled);
    ck_assert(warmup_settled(a, rows, 4, SECONDS).settled);
    ck_assert(warmup_settled(a, rows, REPLICATIONS, 19).settled);
    arena_free(a);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("MSER-5");

    tcase_add_test(c, cut_removes_most_of_an_initial_bias);
    tcase_add_test(c, a_settled_series_is_hardly_cut);
    tcase_add_test(c, a_series_that_never_settles_is_undecided);
    tcase_add_test(c, a_step_is_cut_where_it_ends);
    tcase_add_test(c, replications_must_agree_that_it_has_not_settled);
    tcase_add_test(c, too_little_says_nothing);
    return run_case("warmup", c);
}
