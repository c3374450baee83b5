/* What is said of strategies, guards and monitoring, in every replication. */
#include <check.h>
#include <math.h>
#include <unistd.h>
#include "base/bug.h"
#include "command.h"
#include "io/csv.h"
#include "io/file.h"

/* A run whose exit code says whether all that is expected held. */
static int exit_of(const char *line)
{
    struct output o = command(line);
    int code = o.code;

    output_free(&o);
    return code;
}

#define BATCH "run tests/app/data/batch.yaml --quiet --strategy "

/* Three pods serve at all times, five are paid for; without the batch one of
 * the three is missing, and the same expectations fail. */
START_TEST(an_additional_batch_never_lowers_capacity)
{
    ck_assert_int_eq(exit_of(BATCH "batch"), 0);
    ck_assert_int_eq(exit_of(BATCH "in-place"), 1);
}
END_TEST

/* It ends with the number of pods that it began with. */
START_TEST(an_additional_batch_goes_away_again)
{
    struct output o = command("explain tests/app/data/batch.yaml --quiet "
                              "--strategy batch");
    const char *out = strstr(o.out, "scale deployment/web --replicas=5");
    const char *set = out ? strstr(out, "set image deployment/web") : NULL;
    const char *in = set ? strstr(set, "scale deployment/web --replicas=3")
                         : NULL;

    ck_assert_int_eq(o.code, 0);
    ck_assert_ptr_nonnull(in);
    ck_assert_ptr_nonnull(strstr(in, "from 5 to 3"));
    output_free(&o);
}
END_TEST

/* ---- guards ------------------------------------------------------------- */

#define REPLICATIONS 8

/* The values of a metric in all replications of a run. */
static void values_of(const char *line, const char *metric,
                      double out[REPLICATIONS])
{
    struct arena *a = arena_new();
    struct err_list errors;
    char folder[] = "/tmp/rollsim-test-XXXXXX";
    const char *path;
    struct file_data d;
    struct csv_table t;
    size_t n = 0;

    err_init(&errors, a);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(exit_of(arena_printf(a, "%s --quiet --csv %s", line,
                                          folder)), 0);
    path = arena_printf(a, "%s/metrics.csv", folder);
    ck_assert_int_eq(file_read(a, path, 0, NULL, &d, &errors), SIM_OK);
    ck_assert_int_eq(csv_read(a, path, d.bytes, strlen(d.bytes), true, &t,
                              &errors), SIM_OK);
    for (size_t i = 0; i < t.len; i++)
        if (strcmp(csv_get(&t, i, 3), metric) == 0 && n < REPLICATIONS)
            out[n++] = csv_get(&t, i, 5)[0] ? atof(csv_get(&t, i, 5)) : NAN;
    ck_assert_int_eq((int)n, REPLICATIONS);
    ck_assert_int_eq(system(arena_printf(a, "rm -r %s", folder)), 0);
    arena_free(a);
}

/* Every error is seen at the second reading after the first error (the first
 * one begins the series), that is after one to two scrapes; then comes the
 * lag, then the reaction. */
static const struct {
    const char *set;
    double least, most;         /* s */
} seeing[] = {
    { "", 10, 20 },
    { " --set cluster.monitoring.scrape=2s", 2, 4 },
    { " --set cluster.monitoring.lag=7s", 17, 27 },
    { " --set guard[0].when=error_rate_of_all", 0, 0 },         /* refused */
    { " --set guard[0].looks=1m", 10, 80 },
};

START_TEST(detection_takes_scrapes_lag_and_reaction)
{
    double x[REPLICATIONS], least = INFINITY, most = 0;
    char line[256];

    snprintf(line, sizeof(line), "run tests/app/data/guard.yaml%s",
             seeing[_i].set);
    if (seeing[_i].most == 0) {
        ck_assert_int_eq(exit_of(line), 3);
        return;
    }
    values_of(line, "detection_seconds", x);
    for (int i = 0; i < REPLICATIONS; i++) {
        ck_assert_msg(x[i] >= seeing[_i].least + 5 &&
                      x[i] <= seeing[_i].most + 5.1, "%g", x[i]);
        least = fmin(least, x[i]);
        most = fmax(most, x[i]);
    }
    /* When it is read is a matter of luck. */
    ck_assert_msg(most - least > 0.2 * (seeing[_i].most - seeing[_i].least),
                  "%g to %g", least, most);
}
END_TEST

/* Rolling back three pods one after the other takes 3 times 2 s (reference
 * 8.4) from the decision; the last request that meets the new version comes
 * shortly before the old one is whole again. */
START_TEST(mitigation_and_restoration_are_told_apart)
{
    double decided[REPLICATIONS], whole[REPLICATIONS];

    values_of("run tests/app/data/guard.yaml", "mitigation_seconds", decided);
    values_of("run tests/app/data/guard.yaml", "rollback_seconds", whole);
    for (int i = 0; i < REPLICATIONS; i++) {
        ck_assert_msg(decided[i] > 5.5 && decided[i] <= 6.1, "%g", decided[i]);
        ck_assert_msg(whole[i] >= 6 && whole[i] <= 6.1, "%g", whole[i]);
        ck_assert_msg(decided[i] <= whole[i], "%g, %g", decided[i],
                      whole[i]);
    }
}
END_TEST

/* While nobody can see, nobody rolls back: not before monitoring is there
 * again, two minutes later, and at once then, as the counters went on. */
START_TEST(lost_monitoring_delays_the_rollback)
{
    double x[REPLICATIONS];

    values_of("run tests/app/data/guard.yaml --set "
              "faults[0].for=120s",
              "detection_seconds", x);
    for (int i = 0; i < REPLICATIONS; i++)
        ck_assert_msg(x[i] > 105 && x[i] < 155, "%g", x[i]);
}
END_TEST

/* Nothing is done about a release that is well. */
START_TEST(a_healthy_release_stays)
{
    double x[REPLICATIONS];

    values_of("run tests/app/data/guard.yaml --set "
              "release.images.web=shop/web:1.2", "detection_seconds", x);
    for (int i = 0; i < REPLICATIONS; i++)
        ck_assert(isnan(x[i]));
}
END_TEST

/* One release that fails one request in twenty, one alert, one person: blue
 * and green are switched back within propagation; rolling back takes as long
 * as rolling out, and from an additional batch, which is scaled in by then, it
 * does lower capacity; a canary of 10 % meets fewer users. */
static const struct {
    const char *strategy, *metric;
    double least, most;         /* of its mean */
} claims[] = {
    { "rolling", "mitigation_seconds", 10, 120 },
    { "additional-batch", "mitigation_seconds", 10, 120 },
    { "blue-green", "mitigation_seconds", 0, 5 },
    { "canary", "mitigation_seconds", 0, 5 },
    { "rolling", "rollback_seconds", 10, 120 },
    { "blue-green", "rollback_seconds", 0, 5 },
    { "blue-green", "peak_pods", 12, 12 },
    { "additional-batch", "capacity_dip", .6, .95 },     /* on the way back */
    { "rolling", "exposed_users", 3000, 5000 },
    { "canary", "exposed_users", 300, 1500 },
};

START_TEST(each_strategy_has_its_way_back)
{
    double x[REPLICATIONS], mean = 0;
    char line[256];

    snprintf(line, sizeof(line), "run scenarios/guarded-release.yaml -n 8 "
             "--strategy %s", claims[_i].strategy);
    values_of(line, claims[_i].metric, x);
    for (int i = 0; i < REPLICATIONS; i++)
        mean += x[i] / REPLICATIONS;
    ck_assert_msg(mean >= claims[_i].least && mean <= claims[_i].most, "%g",
                  mean);
}
END_TEST

/* ---- shadow ------------------------------------------------------------- */

static const struct {
    const char *strategy, *metric;
    double least, most;         /* in every replication */
} shadows[] = {
    { "for-long", "failed_requests", 0, 0 },
    { "for-long", "exposed_requests", 0, 0 },
    { "for-long", "peak_pods", 6, 6 },
    { "for-long", "extra_pod_seconds", 3 * 209.5, 3 * 210.5 },
    /* 2 s until the shadow is ready, a minute, 2 s until the new pods are;
     * then every request fails. */
    { "for-a-minute", "rollout_seconds", 64, 64.2 },
    { "for-a-minute", "downtime", 2, 2.2 },
    { "for-a-minute", "failed_error", 6500, 8000 },
};

START_TEST(a_shadow_meets_copies_only)
{
    double x[REPLICATIONS];
    char line[256];

    snprintf(line, sizeof(line), "run tests/app/data/shadow.yaml --strategy "
             "%s", shadows[_i].strategy);
    values_of(line, shadows[_i].metric, x);
    for (int i = 0; i < REPLICATIONS; i++)
        ck_assert_msg(x[i] >= shadows[_i].least && x[i] <= shadows[_i].most,
                      "%g", x[i]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("strategies");
    TCase *tc = tcase_create("strategies");
    SRunner *r;
    int failed;

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, an_additional_batch_never_lowers_capacity);
    tcase_add_test(tc, an_additional_batch_goes_away_again);
    tcase_add_loop_test(tc, detection_takes_scrapes_lag_and_reaction, 0,
                        COUNT_OF(seeing));
    tcase_add_test(tc, mitigation_and_restoration_are_told_apart);
    tcase_add_test(tc, lost_monitoring_delays_the_rollback);
    tcase_add_test(tc, a_healthy_release_stays);
    tcase_add_loop_test(tc, each_strategy_has_its_way_back, 0,
                        COUNT_OF(claims));
    tcase_add_loop_test(tc, a_shadow_meets_copies_only, 0, COUNT_OF(shadows));
    suite_add_tcase(s, tc);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed > 0;
}
