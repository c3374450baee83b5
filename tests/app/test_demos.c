/*
 * test_demos.c - scenarios/demos: strategies as demo repositories have them; and
 * the first rehearsals of scenarios.
 *
 * What each shows: how many are not served, and which share of the requests
 * met v2 in a stretch of time, which must be as the strategy promises.
 */
#include "results.h"

/* The share of requests that v2 got, from .. to s after the warm-up.  A few may
 * be sent to a pod of v1 that is long gone (kernel.c: ports that are lost). */
static const struct {
    const char *demo;
    int from, to;
    double least, most;
} shares[] = {
    { "recreate", 0, 60, 0, 0 },
    { "recreate", 120, 300, .998, 1 },
    { "ramped", 95, 145, .05, .6 },     /* paused in the middle */
    { "ramped", 300, 360, .998, 1 },
    { "blue-green", 0, 90, 0, 0 },
    { "blue-green", 95, 360, .998, 1 },
    { "blue-green-multi", 0, 90, 0, 0 },
    { "blue-green-multi", 100, 360, .998, 1 },
    { "canary-native", 80, 180, .08, .12 },
    { "canary-native", 250, 360, .998, 1 },
    { "canary-nginx", 0, 60, 0, 0 },
    { "canary-nginx", 70, 180, .08, .12 },
    { "canary-nginx", 225, 360, .998, 1 },
    { "ab-test", 0, 90, 0, 0 },
    { "ab-test", 95, 360, .17, .23 },
    { "shadow", 0, 360, 0, 0 },
};

START_TEST(version_two_gets_its_share)
{
    struct results r;
    char file[64];
    double all = 0, two = 0;

    snprintf(file, sizeof(file), "scenarios/demos/%s.yaml", shares[_i].demo);
    results_of_file(&r, file, "-n 1");
    for (size_t i = 0; i < r.series.len; i++) {
        double at = atof(csv_get(&r.series, i, 2));
        double n = atof(csv_get(&r.series, i, 5));
        const char *version = csv_get(&r.series, i, 4);

        if (at < shares[_i].from || at >= shares[_i].to || !*version)
            continue;           /* outside, or no pod had it */
        all += n;
        if (strstr(version, "v2"))
            two += n;
    }
    ck_assert_double_gt(all, 0);
    ck_assert_double_ge(two / all, shares[_i].least);
    ck_assert_double_le(two / all, shares[_i].most);
    results_free(&r);
}
END_TEST

/* What users feel, in replication 0: of the demos, and of rehearsals that have
 * no test elsewhere. */
static const struct {
    const char *scenario, *strategy, *metric;
    double least, most;
} feelings[] = {
    { "demos/recreate", NULL, "downtime", 5, 40 },
    { "demos/ramped", NULL, "downtime", 0, 0 },
    { "demos/ramped", NULL, "mixed_seconds", 100, 300 },
    { "demos/ramped", NULL, "peak_pods", 11, 13 },
    { "demos/blue-green", NULL, "failed_requests", 0, 0 },
    { "demos/blue-green-multi", NULL, "failed_requests", 0, 0 },
    { "demos/canary-native", NULL, "downtime", 0, 0 },
    { "demos/ab-test", NULL, "failed_requests", 0, 0 },
    /* v2 fails half of its own */
    { "demos/shadow", NULL, "failed_requests", 0, 0 },
    /* In ten minutes everybody: 5 % of some 60000 requests, +- 5 deviations. */
    { "bad-release", NULL, "exposed_users", 5000, 5000 },
    { "bad-release", NULL, "failed_error", 2600, 3300 },
    { "bad-release", NULL, "rollback_seconds", 10, 120 },
    { "slow-start", "no-probe", "downtime", 10, 60 },
    { "slow-start", "with-probe", "downtime", 0, 0 },
    { "slow-start", "no-probe", "failed_requests", 1000, 5000 },
    { "slow-start", "with-probe", "failed_requests", 1, 100 },
    /* One of four may go and two come: so it stops.  Back 120 s and what the
     * alert takes later; Recreate serves nobody until then. */
    { "never-ready", "rolling", "downtime", 0, 0 },
    { "never-ready", "rolling", "peak_pods", 5, 6 },
    { "never-ready", "rolling", "rollback_seconds", 1, 60 },
    { "never-ready", "recreate", "downtime", 120, 400 },
    { "web-shop", "default", "failed_requests", 0, 0 },
    { "web-shop", "default", "rollout_seconds", 20, 120 },
    { "web-shop", "one-by-one", "rollout_seconds", 120, 400 },
    { "web-shop", "recreate", "downtime", 10, 60 },
    { "nginx", NULL, "downtime", 0, 0 },
    { "nginx", NULL, "rollback_seconds", 1, 60 },
};

START_TEST(users_feel_what_the_strategy_promises)
{
    struct results r;
    char file[64];
    double got;

    snprintf(file, sizeof(file), "scenarios/%s.yaml", feelings[_i].scenario);
    results_of_file(&r, file, "-n 1 --set slo=[]");
    got = results_metric(&r, feelings[_i].strategy, feelings[_i].metric);
    ck_assert_double_ge(got, feelings[_i].least);
    ck_assert_double_le(got, feelings[_i].most);
    results_free(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("demos");
    TCase *tc = tcase_create("demos");
    SRunner *r;
    int failed;

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, version_two_gets_its_share, 0, COUNT_OF(shares));
    tcase_add_loop_test(tc, users_feel_what_the_strategy_promises, 0,
                        COUNT_OF(feelings));
    suite_add_tcase(s, tc);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed > 0;
}
