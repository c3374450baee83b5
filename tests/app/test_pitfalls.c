/*
 * test_pitfalls.c - what goes wrong in releases besides the release
 * (scenarios/pitfalls): schemas, connections, versions of others, sessions,
 * cold caches, retries; on paired replications.
 */
#include <check.h>
#include <math.h>
#include "results.h"

#define N 4

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

/* The mean of a metric of a strategy (NULL: any) over the replications. */
static double mean(const char *strategy, const char *metric)
{
    const struct csv_table *t = &r.metrics;
    double sum = 0;
    int n = 0;

    for (size_t i = 0; i < t->len; i++)
        if ((!strategy || strcmp(csv_get(t, i, 1), strategy) == 0) &&
            strcmp(csv_get(t, i, 3), metric) == 0 && *csv_get(t, i, 5)) {
            sum += atof(csv_get(t, i, 5));
            n++;
        }
    return n == N ? sum / n : (double)NAN;
}

static double failed_with(const char *file, const char *settings)
{
    double failed;
    static char more[256];

    snprintf(more, sizeof(more), "-n 4 %s", settings);
    results_of_file(&r, file, more);
    failed = mean(NULL, "failed_requests");
    results_free(&r);
    return failed;
}

START_TEST(an_undo_does_not_bring_the_old_schema_back)
{
    results_of_file(&r, "scenarios/pitfalls/schema.yaml", "-n 4");
    /* All that is asked after the roll-back fails, for seven minutes. */
    ck_assert_double_gt(mean("rolling", "failed_error"), 60 * 7 * 45);
    ck_assert_double_gt(mean("recreate", "failed_error"), 60 * 7 * 45);
    ck_assert_double_gt(mean("blue-green", "failed_error"), 60 * 7 * 45);
    /* With a version that reads both, only the fault itself: 3 %. */
    ck_assert_double_lt(mean("expanded-before", "failed_error"), 600);
    ck_assert(results_event(&r, "blue-green", "Unreadable", "pod/", "schema 2",
                            0) <
              results_event(&r, "blue-green", "SwitchService", "",
                            "Switched selector", 1));
    ck_assert_double_eq(results_event(&r, "expanded-before", "Unreadable", "",
                                      "", 0), NEVER);
}
END_TEST

START_TEST(a_second_fleet_finds_no_connections)
{
    results_of_file(&r, "scenarios/pitfalls/connections.yaml", "-n 4");
    ck_assert(isnan(mean("second-fleet", "rollout_seconds")));
    ck_assert_double_gt(results_event(&r, "second-fleet",
                                      "TooManyConnections", "pod/",
                                      "110 of 110 connections", 0), 60);
    ck_assert_double_gt(results_event(&r, "surge-of-three",
                                      "TooManyConnections", "", "", 0), 60);
    ck_assert_double_eq(results_event(&r, "no-surge", "TooManyConnections",
                                      "", "", 0), NEVER);
    /* Three at a time are not faster than one: two of them wait; and one that
     * starts before the one that it replaces is gone waits, too. */
    ck_assert_double_gt(mean("surge-of-three", "rollout_seconds"),
                        0.8 * mean("surge-of-one", "rollout_seconds"));
}
END_TEST

START_TEST(the_one_who_asks_changes_last_or_understands_both)
{
#define SKEW(at, front) failed_with("scenarios/pitfalls/skew.yaml",          \
    "--set actions[0].at=" at " --set release.images.front=shop/front:" front)
    ck_assert_double_gt(SKEW("3m", "2.0"), 60 * 60);
    ck_assert_double_gt(SKEW("10s", "2.1"), 60 * 10);
    ck_assert_double_gt(SKEW("60s", "2.0"), 60);
    ck_assert_double_eq(SKEW("3m", "2.1"), 0);
    results_of_file(&r, "scenarios/pitfalls/skew.yaml", "-n 1");
}
END_TEST

START_TEST(sessions_end_twice_where_old_pods_take_over)
{
    results_of_file(&r, "scenarios/pitfalls/sessions.yaml", "-n 4");
    ck_assert_double_gt(mean("one-by-one", "lost_sessions"), 2500);
    ck_assert_double_gt(mean("one-by-one", "lost_sessions"),
                        mean("rolling", "lost_sessions"));
    ck_assert_double_gt(mean("rolling", "lost_sessions"),
                        mean("all-new-first", "lost_sessions"));
    ck_assert_double_le(mean("blue-green", "lost_sessions"), 2000);
    ck_assert_double_gt(mean("blue-green", "lost_sessions"), 1990);
    ck_assert_double_lt(mean("canary", "lost_sessions"), 2200);
}
END_TEST

START_TEST(open_connections_do_not_follow_a_switch)
{
    results_of_file(&r, "scenarios/pitfalls/long-connections.yaml", "-n 4");
    /* Half of the users keep their connection, until its pod ends. */
    ck_assert_double_eq(mean("old-pods-stay-30-s", "exposed_users"), 400);
    ck_assert_double_eq(mean("old-pods-stay-10-min", "exposed_users"), 200);
    /* The same on the way back: the switch is quick, bad answers go on. */
    ck_assert_double_lt(mean("old-pods-stay-30-s", "rollback_seconds"), 20);
    ck_assert_double_gt(mean("old-pods-stay-30-s", "mitigation_seconds"), 35);
}
END_TEST

START_TEST(cold_pods_are_warmed_one_by_one)
{
    results_of_file(&r, "scenarios/pitfalls/cold-cache.yaml", "-n 4");
    ck_assert_double_gt(mean("all-at-once", "failed_timeout"),
                        2 * mean("one-by-one", "failed_timeout"));
    /* With less than all of the old capacity it is worse still. */
    ck_assert_double_gt(mean("rolling", "failed_timeout"),
                        mean("all-at-once", "failed_timeout"));
}
END_TEST

START_TEST(retries_keep_a_service_down)
{
#define STORM(n) failed_with("scenarios/pitfalls/retry-storm.yaml",           \
                             "--set traffic[0].clients.retries=" n)
    double none = STORM("0"), three = STORM("3");

    ck_assert_double_lt(none, 200 * 120);
    ck_assert_double_gt(three, 200 * 400);      /* to the end */
    results_of_file(&r, "scenarios/pitfalls/retry-storm.yaml", "-n 1");
}
END_TEST

int main(void)
{
    int failed;
    Suite *s = suite_create("pitfalls");
    TCase *c = tcase_create("pitfalls");
    SRunner *runner = srunner_create(s);

    tcase_add_checked_fixture(c, NULL, tear_down);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, an_undo_does_not_bring_the_old_schema_back);
    tcase_add_test(c, a_second_fleet_finds_no_connections);
    tcase_add_test(c, the_one_who_asks_changes_last_or_understands_both);
    tcase_add_test(c, sessions_end_twice_where_old_pods_take_over);
    tcase_add_test(c, open_connections_do_not_follow_a_switch);
    tcase_add_test(c, cold_pods_are_warmed_one_by_one);
    tcase_add_test(c, retries_keep_a_service_down);
    suite_add_tcase(s, c);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
