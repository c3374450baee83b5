/*
 * test_trial.c - strategies that try a version on users: how often they err,
 * and what users see of it.  Command lines are split at blanks, so what --set
 * gives has tabs.
 */
#include <check.h>
#include <math.h>
#include "base/bug.h"
#include "results.h"

#define AB "tests/app/data/ab.yaml"
#define MOST 400

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

/* All values of a metric of a strategy, in the order of the replications. */
static int values(const char *strategy, const char *metric, double *out)
{
    const struct csv_table *t = &r.metrics;
    int n = 0;

    for (size_t i = 0; i < t->len; i++)
        if (strcmp(csv_get(t, i, 1), strategy) == 0 &&
            strcmp(csv_get(t, i, 3), metric) == 0 && n < MOST)
            out[n++] = *csv_get(t, i, 5) ? atof(csv_get(t, i, 5))
                                         : (double)NAN;
    ck_assert_int_gt(n, 0);
    return n;
}

static int count(const char *strategy, const char *metric, double value)
{
    double x[MOST];
    int n = values(strategy, metric, x), k = 0;

    for (int i = 0; i < n; i++)
        k += fabs(x[i] - value) < 1e-9;
    return k;
}

/* Half the width of the 99.9 % interval of k of n. */
static double chance(double p, double n)
{
    return 3.2905 * sqrt(p * (1 - p) * n);
}

/* ---- error rates -------------------------------------------------------- */

/* Equal versions: whoever takes a side errs, at most as often as alpha says,
 * by one look exactly so. */
START_TEST(equal_versions_are_told_apart_as_often_as_alpha_says)
{
    int wrong;

    results_of_file(&r, AB, "-n 300 --strategy fixed --strategy sequential");
    wrong = count("fixed", "false_decision", 1);
    ck_assert_msg(fabs(wrong - .05 * 300) <= chance(.05, 300), "%d", wrong);
    ck_assert_int_eq(wrong, count("fixed", "decision", 1) +
                                count("fixed", "decision", -1));
    wrong = count("sequential", "false_decision", 1);
    ck_assert_msg(wrong <= .05 * 300 + chance(.05, 300), "%d", wrong);
    ck_assert_int_eq(count("fixed", "failed_requests", 0), 300);
}
END_TEST

/* A lift of the planned size is found as often as the plan says; a fall is
 * undone.  Who looks all the time is done earlier on average if the difference
 * is large. */
START_TEST(a_lift_is_found_with_the_planned_power)
{
    int found;

    results_of_file(&r, AB, "-n 200 --strategy fixed "
                    "--set images.\"web:2\".conversion=25%");
    found = count("fixed", "decision", 1);
    ck_assert_msg(fabs(found - .8 * 200) <= chance(.8, 200), "%d", found);
    ck_assert_int_eq(count("fixed", "false_decision", 1), 0);
    ck_assert_int_eq(count("fixed", "decision", -1), 0);
}
END_TEST

START_TEST(a_loser_is_removed_and_a_winner_gets_all_users)
{
    double seconds[2][MOST];
    int n = 0;

    results_of_file(&r, AB, "-n 20 --strategy fixed --strategy sequential "
                    "--set images.\"web:2\".conversion=10%");
    ck_assert_int_eq(count("fixed", "decision", -1), 20);
    ck_assert_int_eq(count("sequential", "decision", -1), 20);
    ck_assert_int_eq(count("fixed", "false_decision", 0), 20);
    values("fixed", "decision_seconds", seconds[0]);
    n = values("sequential", "decision_seconds", seconds[1]);
    for (int i = 0; i < n; i++)
        ck_assert_double_lt(seconds[1][i], seconds[0][i]);
    values("fixed", "mitigation_seconds", seconds[0]);
    for (int i = 0; i < n; i++)
        ck_assert_double_lt(seconds[0][i], 2);
    ck_assert_double_gt(results_event(&r, "fixed", "ScalingReplicaSet",
                                      "rollout/web", "from 2 to 0", 0), 90);
    results_free(&r);
    results_of_file(&r, AB, "-n 5 --strategy fixed "
                    "--set images.\"web:2\".conversion=40%");
    ck_assert_int_eq(count("fixed", "decision", 1), 5);
    ck_assert_double_gt(results_metric(&r, NULL, "old_gone_seconds"), 90);
    ck_assert_double_gt(results_metric(&r, NULL, "rollout_seconds"), 90);
}
END_TEST

/* Of the groups' first answers, those that fail do not convert: 20 % of 75 %
 * are 15 %.  What images say is the truth here, too. */
START_TEST(errors_cost_conversions)
{
    results_of_file(&r, AB, "-n 10 --strategy fixed "
                    "--set images.\"web:2\".errorRate=40%");
    ck_assert_int_eq(count("fixed", "decision", -1), 10);
    ck_assert_int_eq(count("fixed", "false_decision", 0), 10);
}
END_TEST

/* Requests can be tried instead: 4 % errors against none are found at once,
 * and it is not known what was expected. */
START_TEST(an_error_rate_can_be_tried)
{
    double x[MOST];
    int n;

    results_of_file(&r, AB, "-n 10 --strategy sequential "
                    "--set strategies[1].abTest.metric=error_rate "
                    "--set strategies[1].abTest.until.baseline=1% "
                    "--set strategies[1].abTest.until.lift=100% "
                    "--set images.\"web:2\".errorRate=10%");
    ck_assert_int_eq(count("sequential", "decision", -1), 10);
    n = values("sequential", "decision_seconds", x);
    for (int i = 0; i < n; i++)
        ck_assert_msg(x[i] < 60, "%g", x[i]);
}
END_TEST

/* ---- users -------------------------------------------------------------- */

/* While nothing is decided, each user of the group has gone over once and
 * nobody has come back, and the group is the share that was asked for. */
START_TEST(users_keep_their_side)
{
    double flips[MOST], exposed[MOST];
    int n;

    results_of_file(&r, AB, "-n 20 --strategy waits --set traffic[0].rate=100 "
                    "--set traffic[0].clients.users=2000");
    values("waits", "user_flips", flips);
    n = values("waits", "exposed_users", exposed);
    for (int i = 0; i < n; i++) {
        ck_assert_msg(flips[i] <= exposed[i] && flips[i] > 400, "%g of %g",
                      flips[i], exposed[i]);
        ck_assert_msg(fabs(exposed[i] - .3 * 2000) <= chance(.3, 2000), "%g",
                      exposed[i]);
    }
}
END_TEST

/* Where traffic says who carries the cookie, those are the group, and nobody
 * else; a share that is another one voids the test. */
START_TEST(the_group_is_who_carries_the_cookie)
{
    double exposed[MOST];
    int n;

    results_of_file(&r, AB, "-n 10 --strategy cookie --set traffic[0].rate=100 "
                    "--set traffic[0].clients.users=2000 --set "
                    "traffic[0].clients.attributes={group:\t{b:\t10%,a:\t30%}}");
    n = values("cookie", "exposed_users", exposed);
    for (int i = 0; i < n; i++)
        ck_assert_msg(fabs(exposed[i] - .1 * 2000) <= chance(.1, 2000), "%g",
                      exposed[i]);
    ck_assert_double_gt(results_event(&r, "cookie", "TrialInconclusive",
                                      "rollout/web",
                                      "void: the group is not 30 %", 0), 60);
}
END_TEST

/* ---- what is done about it ---------------------------------------------- */

static const struct {
    const char *word;
    bool gone, complete;
} ends[] = { { "abort", false, false }, { "promote", true, true },
             { "wait", false, false } };

START_TEST(what_happens_without_a_decision_is_chosen)
{
    char more[160];

    snprintf(more, sizeof(more), "-n 3 --strategy cookie --set "
             "strategies[3].abTest.inconclusive=%s", ends[_i].word);
    results_of_file(&r, AB, more);
    ck_assert_int_eq(count("cookie", "decision", 0), 3);
    ck_assert_double_gt(results_event(&r, "cookie", "TrialInconclusive",
                                      "rollout/web", " % would show a change "
                                      "by 1 %", 0), 60);
    ck_assert(isnan(results_metric(&r, NULL, "rollout_seconds")) !=
              ends[_i].complete);
    ck_assert(isnan(results_metric(&r, NULL, "old_gone_seconds")) !=
              ends[_i].gone);
    ck_assert(isnan(results_metric(&r, NULL, "rollback_seconds")) ==
              (_i != 0));
}
END_TEST

/* A guard ends a test before it is decided; so does a person. */
START_TEST(others_may_end_a_test)
{
    results_of_file(&r, AB, "-n 3 --strategy waits --set images.\"web:2\"."
                    "errorRate=10% --set guard=[{when:\t\"error_rate\tof\tnew\t"
                    "over\t30s\t>\t5%\",then:\trollback}]");
    ck_assert_int_eq(count("waits", "decision", 0), 0);
    ck_assert_double_lt(results_event(&r, NULL, "TrialStopped", "rollout/web",
                                      "somebody else", 0), 60);
    results_free(&r);
    results_of_file(&r, AB, "-n 3 --strategy waits --set actions=[{at:\t40s,"
                    "kubectl:\t\"argo\trollouts\tpromote\tweb\"}]");
    ck_assert_int_eq(count("waits", "decision", 0), 0);
    ck_assert_double_gt(results_metric(&r, NULL, "rollout_seconds"), 39);
}
END_TEST

/* Monitoring that is lost leaves the time as the only judge. */
START_TEST(without_monitoring_nothing_is_decided)
{
    results_of_file(&r, AB, "-n 3 --strategy fixed --set images.\"web:2\"."
                    "conversion=60% --set faults=[{at:\t1s,for:\t20m,"
                    "monitoring:\tlost}]");
    ck_assert_int_eq(count("fixed", "decision", 0), 3);
    ck_assert_double_gt(results_metric(&r, NULL, "decision_seconds"), 300);
}
END_TEST

/* A guard sees how many of the users who came first to a version convert. */
START_TEST(a_guard_can_watch_conversions)
{
    results_of_file(&r, AB, "-n 3 --strategy waits --set images.\"web:2\"."
                    "conversion=5% --set guard=[{when:\t\"conversion\tof\tnew\t"
                    "over\t30s\t<\t10%\",then:\trollback}]");
    ck_assert(isnan(results_metric(&r, NULL, "decision")));
    ck_assert_double_lt(results_metric(&r, NULL, "rollback_seconds"), 2);
    ck_assert_double_gt(results_event(&r, NULL, "Crossed", "deployment/web",
                                      "conversion", 0), 3);
}
END_TEST

/* scenarios/ab-test.yaml: posteriors are sooner done, and see what is not
 * there more often than the other rules. */
START_TEST(who_looks_at_posteriors_is_soon_done_and_often_wrong)
{
    double sooner[MOST], later[MOST];
    int n, wrong, wins = 0;

    results_of_file(&r, "scenarios/ab-test.yaml", "-n 12");
    values("bayesian", "decision_seconds", sooner);
    n = values("fixed", "decision_seconds", later);
    for (int i = 0; i < n; i++)
        wins += sooner[i] < later[i];
    ck_assert_int_gt(wins, n - 3);
    ck_assert_int_eq(count("sequential", "decision", 1), n);
    ck_assert_int_ge(count("fixed", "decision", 1), 6);
    results_free(&r);
    results_of_file(&r, "scenarios/ab-test.yaml", "-n 30 --set images.\"shop/"
                    "checkout:2.0\".conversion=10%");
    wrong = count("bayesian", "false_decision", 1);
    ck_assert_int_gt(wrong, count("fixed", "false_decision", 1) + 3);
    ck_assert_int_gt(wrong, count("sequential", "false_decision", 1) + 3);
}
END_TEST

/* ---- bandits ------------------------------------------------------------ */

#define BANDIT "tests/app/data/bandit.yaml"

/* Whichever version is the worse one: less is lost than with a fixed half. */
static const char *const worse[] = {
    " --set images.\"web:2\".errorRate=4%",
    " --set images.web.errorRate=4% --set images.\"web:2\".errorRate=0%",
};

START_TEST(a_bandit_loses_less_than_a_fixed_split)
{
    double bandit[MOST], half[MOST];
    char more[200];
    int n;

    snprintf(more, sizeof(more), "-n 10 --strategy endless --strategy half%s",
             worse[_i]);
    results_of_file(&r, BANDIT, more);
    values("endless", "failed_requests", bandit);
    n = values("half", "failed_requests", half);
    for (int i = 0; i < n; i++)
        ck_assert_msg(bandit[i] < 0.8 * half[i], "%g, %g", bandit[i],
                      half[i]);
    /* Its floor is kept: who gets none teaches nothing. */
    values("endless", "exposed_requests", bandit);
    n = values("endless", "requests", half);
    for (int i = 0; i < n; i++)
        ck_assert_double_ge(bandit[i], .04 * half[i]);
}
END_TEST

START_TEST(a_bandit_ends_when_it_is_sure)
{
    char more[200];

    snprintf(more, sizeof(more), "-n 10 --strategy bandit%s", worse[_i]);
    results_of_file(&r, BANDIT, more);
    ck_assert_int_eq(count("bandit", "decision", _i == 0 ? -1 : 1), 10);
    ck_assert_int_eq(count("bandit", "false_decision", 0), 10);
    ck_assert(isnan(results_metric(&r, NULL, "rollout_seconds")) ==
              (_i == 0));
    ck_assert(isnan(results_metric(&r, NULL, "old_gone_seconds")) ==
              (_i == 0));
}
END_TEST

/* Users who convert are counted as well, and moving weights loses nothing. */
START_TEST(a_bandit_can_count_users)
{
    results_of_file(&r, BANDIT, "-n 10 --strategy bandit --set "
                    "strategies[0].bandit.metric=conversion --set "
                    "images.\"web:2\".conversion=40%");
    ck_assert_int_eq(count("bandit", "decision", 1), 10);
    ck_assert_int_eq(count("bandit", "failed_requests", 0), 10);
}
END_TEST

int main(void)
{
    int failed;
    Suite *s = suite_create("trials");
    TCase *c = tcase_create("trials");
    SRunner *runner = srunner_create(s);

    tcase_add_checked_fixture(c, NULL, tear_down);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, equal_versions_are_told_apart_as_often_as_alpha_says);
    tcase_add_test(c, a_lift_is_found_with_the_planned_power);
    tcase_add_test(c, a_loser_is_removed_and_a_winner_gets_all_users);
    tcase_add_test(c, errors_cost_conversions);
    tcase_add_test(c, an_error_rate_can_be_tried);
    tcase_add_test(c, users_keep_their_side);
    tcase_add_test(c, the_group_is_who_carries_the_cookie);
    tcase_add_loop_test(c, what_happens_without_a_decision_is_chosen, 0,
                        COUNT_OF(ends));
    tcase_add_test(c, others_may_end_a_test);
    tcase_add_test(c, without_monitoring_nothing_is_decided);
    tcase_add_test(c, a_guard_can_watch_conversions);
    tcase_add_test(c, who_looks_at_posteriors_is_soon_done_and_often_wrong);
    tcase_add_loop_test(c, a_bandit_loses_less_than_a_fixed_split, 0,
                        COUNT_OF(worse));
    tcase_add_loop_test(c, a_bandit_ends_when_it_is_sure, 0, COUNT_OF(worse));
    tcase_add_test(c, a_bandit_can_count_users);
    suite_add_tcase(s, c);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
