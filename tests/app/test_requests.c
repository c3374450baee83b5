/*
 * test_requests.c - what scenarios about single requests show: sidecars, preStop;
 * and that the preStop which `explain --why` proposes does save them.
 */
#include <check.h>
#include <math.h>
#include "results.h"

static struct results r;

/* The mean of a metric of a strategy (NULL: any) over all replications. */
static double mean(const char *strategy, const char *metric)
{
    const struct csv_table *t = &r.metrics;
    double sum = 0;
    int n = 0;

    for (size_t i = 0; i < t->len; i++)
        if ((!strategy || strcmp(csv_get(t, i, 1), strategy) == 0) &&
            strcmp(csv_get(t, i, 3), metric) == 0) {
            sum += atof(csv_get(t, i, 5));
            n++;
        }
    return n ? sum / n : -1;
}

static double failed(const char *settings)
{
    char more[256];
    double x;

    snprintf(more, sizeof(more), "-n 6 %s", settings);
    results_of_file(&r, "scenarios/mesh.yaml", more);
    x = mean(NULL, "failed_requests");
    results_free(&r);
    return x;
}

/* The sidecar's view is the faster one, retries cure what is refused, and a
 * short connect time-out what hangs. */
START_TEST(a_sidecar_hides_what_a_rolling_update_loses)
{
    double proxy = failed("--set traffic[0].clients.mesh=null");
    double once = failed("--set traffic[0].clients.mesh.attempts=0");
    double istio = failed("");

    ck_assert_double_gt(proxy, 3 * once);
    ck_assert_double_gt(once, 2 * istio);
    ck_assert_double_gt(istio, 1);
    ck_assert_double_eq(failed("--set traffic[0].clients.mesh.connectTimeout="
                               "250ms"), 0);
}
END_TEST

/* Seconds from the slice's change to each node's rules; how many were seen. */
static int expect_lag(const char *view, const char *rules, double lag)
{
    const struct csv_table *t = &r.views;
    int n = 0;

    for (size_t i = 0; i < t->len; i++)
        for (size_t k = i; k < t->len; k++)
            if (strcmp(csv_get(t, i, 5), view) == 0 &&
                strcmp(csv_get(t, k, 5), rules) == 0 &&
                strcmp(csv_get(t, i, 4), csv_get(t, k, 4)) == 0 &&
                strcmp(csv_get(t, i, 6), csv_get(t, k, 6)) == 0) {
                ck_assert_double_eq_tol(atof(csv_get(t, k, 2)) -
                                        atof(csv_get(t, i, 2)), lag, 1e-6);
                n++;
            }
    return n;
}

START_TEST(endpoint_propagation_is_the_whole_way)
{
    results_of_file(&r, "scenarios/sigterm-race.yaml",
                    "-n 1 --strategy with-preStop "
                    "--set cluster.timings.endpointPropagation=3s");
    ck_assert_int_ge(expect_lag("slice_lists", "rules_list", 3), 10);
    ck_assert_int_ge(expect_lag("slice_drops", "rules_drop", 3), 10);
    results_free(&r);
}
END_TEST

/* ---- preStop ----------------------------------------------------------------- */

#define PRE_STOP "scenarios/pre-stop.yaml"

static double lost(const char *strategy)
{
    return mean(strategy, "failed_requests");
}

/* 1.36: two seconds are enough, and proxies fall back to pods that stop, so
 * that the pause costs nothing where nobody else is ready. */
START_TEST(two_seconds_are_enough_and_no_pause_harms_from_1_26_on)
{
    results_of_file(&r, PRE_STOP, "-n 6");
    ck_assert_double_gt(lost("careful-0s"), 60);
    ck_assert_double_gt(lost("hurried-0s"), 60);
    ck_assert_double_lt(lost("careful-1s"), 0.2 * lost("careful-0s"));
    ck_assert_double_eq(lost("careful-2s"), 0);
    ck_assert_double_eq(lost("hurried-2s"), 0);
    ck_assert_double_gt(lost("recreate-0s"), 500);
    ck_assert_double_lt(fabs(lost("recreate-10s") / lost("recreate-0s") - 1),
                        0.1);
    results_free(&r);
}
END_TEST

/* 1.20: two syncs at once are allowed, so one new pod and one old pod are soon
 * in step; but proxies reject while pods pause: each second of the pause is a
 * second more of 200 requests, less those that a SYN sent again saves. */
START_TEST(with_1_20_a_pause_makes_recreate_worse)
{
    double none;

    results_of_file(&r, PRE_STOP, "-n 6 --set cluster.kubernetes=1.20");
    none = lost("recreate-0s");
    ck_assert_double_lt(lost("careful-0s"), 60);
    ck_assert_double_eq(lost("careful-2s"), 0);
    ck_assert_double_gt(lost("recreate-5s"), none + 3 * 200);
    ck_assert_double_gt(lost("recreate-10s"), none + 7 * 200);
    results_free(&r);
}
END_TEST

START_TEST(a_longer_sync_period_needs_a_longer_pause)
{
    results_of_file(&r, PRE_STOP, "-n 6 --set cluster.proxy.minSyncPeriod="
                                  "10s");
    ck_assert_double_gt(lost("careful-5s"), 100);
    ck_assert_double_gt(lost("hurried-5s"), 50);
    ck_assert_double_lt(lost("careful-10s"), 10);
    results_free(&r);
}
END_TEST

START_TEST(the_figure_says_how_long_the_pause_must_be)
{
    struct output o = command("plot " PRE_STOP " -t prestop -n 4");

    ck_assert_int_eq(o.code, 0);
    ck_assert_ptr_nonnull(strstr(o.out, "careful: 2 s; hurried: 2 s; "
                                        "recreate: none is"));
    ck_assert_ptr_nonnull(strstr(o.out, "recreate: failed requests by "
                                        "preStop"));
    output_free(&o);
}
END_TEST

/* ---- what would have saved them ---------------------------------------------- */

static const struct {
    const char *file, *strategy;
    int rep;
} proposals[] = {
    { "scenarios/sigterm-race.yaml", "without-preStop", 0 },
    { "scenarios/sigterm-race.yaml", "without-preStop", 2 },   /* not at once */
    { "scenarios/sigterm-race.yaml", "without-preStop", 3 },
    { "scenarios/sigterm-race.yaml", "without-preStop", 7 },
    { PRE_STOP, "careful-0s", 1 }, { PRE_STOP, "hurried-0s", 3 },
    { PRE_STOP, "hurried-0s", 8 },
};

/* How many requests of a cause fail with these settings. */
static long failing(int i, const char *cause, const char *settings)
{
    struct output o = command(arena_printf(
        r.arena, "explain %s --strategy %s --rep %d --why failed_%s %s",
        proposals[i].file, proposals[i].strategy, proposals[i].rep, cause,
        settings));
    const char *count = strstr(o.out, "seed 7: ");
    long n;

    ck_assert_msg(o.code == 0 && count, "%s%s", o.out, o.err);
    n = strtol(count + strlen("seed 7: "), NULL, 10);
    output_free(&o);
    return n;
}

/* The manifests with the preStop that is said to be enough lose nothing but
 * what is cut in flight. */
START_TEST(the_proposed_pause_saves_what_it_says)
{
    static const char claim[] = "; a preStop of ";
    struct output o;
    const char *text, *settings;
    char *end;
    double pause;

    r.arena = arena_new();
    o = command(arena_printf(r.arena, "explain %s --strategy %s --rep %d --why "
                             "failed_requests", proposals[_i].file,
                             proposals[_i].strategy, proposals[_i].rep));
    text = strstr(o.out, claim);
    ck_assert_msg(o.code == 0 && text, "%s%s", o.out, o.err);
    pause = strtod(text + strlen(claim), &end);
    ck_assert_msg(strstr(end, " s is enough for all") == end, "%s", end);
    settings = arena_printf(r.arena, "--set Deployment/api:spec.template.spec."
                            "containers[0].lifecycle.preStop.exec.command="
                            "[sleep,\"%g\"]", pause);
    ck_assert_int_gt(failing(_i, "hang", "") + failing(_i, "refused", ""), 0);
    ck_assert_int_eq(failing(_i, "hang", settings), 0);
    ck_assert_int_eq(failing(_i, "refused", settings), 0);
    output_free(&o);
    arena_free(r.arena);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("requests");
    TCase *tc = tcase_create("requests");
    SRunner *sr;
    int bad;

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, endpoint_propagation_is_the_whole_way);
    tcase_add_test(tc, a_sidecar_hides_what_a_rolling_update_loses);
    tcase_add_test(tc, two_seconds_are_enough_and_no_pause_harms_from_1_26_on);
    tcase_add_test(tc, with_1_20_a_pause_makes_recreate_worse);
    tcase_add_test(tc, a_longer_sync_period_needs_a_longer_pause);
    tcase_add_test(tc, the_figure_says_how_long_the_pause_must_be);
    tcase_add_loop_test(tc, the_proposed_pause_saves_what_it_says, 0,
                        (int)(sizeof(proposals) / sizeof(proposals[0])));
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    bad = srunner_ntests_failed(sr);
    srunner_free(sr);
    return bad != 0;
}
