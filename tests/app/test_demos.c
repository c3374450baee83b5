/*
 * test_demos.c - scenarios/demos: strategies as demo repositories have them.
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

/* What users feel, in replication 0. */
static const struct {
    const char *demo, *metric;
    double least, most;
} feelings[] = {
    { "recreate", "downtime", 5, 40 },
    { "ramped", "downtime", 0, 0 },
    { "ramped", "mixed_seconds", 100, 300 },
    { "ramped", "peak_pods", 11, 13 },
    { "blue-green", "failed_requests", 0, 0 },
    { "blue-green-multi", "failed_requests", 0, 0 },
    { "canary-native", "downtime", 0, 0 },
    { "ab-test", "failed_requests", 0, 0 },
    { "shadow", "failed_requests", 0, 0 },      /* v2 fails half of its own */
};

START_TEST(users_feel_what_the_strategy_promises)
{
    struct results r;
    char file[64];
    double got;

    snprintf(file, sizeof(file), "scenarios/demos/%s.yaml", feelings[_i].demo);
    results_of_file(&r, file, "-n 1");
    got = results_metric(&r, NULL, feelings[_i].metric);
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
