/*
 * test_claims.c - what introductions say of strategies, measured: one release
 * in eight ways with a healthy version and with four bad ones
 * (scenarios/strategies), on paired replications; and where it is not true.
 */
#include <check.h>
#include <math.h>
#include "base/bug.h"
#include "results.h"

static struct results r;

static const char *const all[] = { "recreate", "rolling", "batch",
                                   "blue-green", "canary-pods", "canary",
                                   "a-b", "shadow" };

static void tear_down(void)
{
    results_free(&r);
}

/* A metric of one replication; NAN if it is not defined. */
static double of(const char *strategy, const char *metric, int replication)
{
    const struct csv_table *t = &r.metrics;

    for (size_t i = 0; i < t->len; i++)
        if (strcmp(csv_get(t, i, 1), strategy) == 0 &&
            atoi(csv_get(t, i, 2)) == replication &&
            strcmp(csv_get(t, i, 3), metric) == 0)
            return *csv_get(t, i, 5) ? atof(csv_get(t, i, 5)) : (double)NAN;
    ck_abort_msg("no %s of %s in replication %d", metric, strategy,
                 replication);
    return 0;
}

/* In every replication: a of one strategy is less than that of another. */
#define N 4
#define ck_less(metric, less, more)                                           \
    for (int i_ = 0; i_ < N; i_++)                                            \
        ck_assert_double_lt(of(less, metric, i_), of(more, metric, i_))
#define ck_is(strategy, metric, op, value)                                    \
    for (int i_ = 0; i_ < N; i_++)                                            \
        ck_assert_msg(of(strategy, metric, i_) op (value), "%s of %s: %g",    \
                      metric, strategy, of(strategy, metric, i_))

static void read_scenario(const char *name)
{
    results_of_file(&r, name, "-n 4");
}

START_TEST(a_healthy_release_costs_what_they_say)
{
    read_scenario("scenarios/strategies/healthy.yaml");
    ck_is("recreate", "downtime", >, 5);
    for (size_t i = 1; i < COUNT_OF(all); i++) {
        ck_is(all[i], "downtime", ==, 0);
        ck_is(all[i], "failed_requests", ==, 0);
        ck_is(all[i], "capacity_dip", ==, 1);
    }
    ck_less("rollout_seconds", "blue-green", "rolling");
    ck_less("rollout_seconds", "rolling", "canary-pods");
    ck_less("rollout_seconds", "rolling", "canary");
    ck_less("rollout_seconds", "rolling", "a-b");
    ck_less("rollout_seconds", "rolling", "shadow");
    ck_is("a-b", "decision", ==, 0);
    ck_is("blue-green", "peak_pods", ==, 12);
    ck_is("blue-green", "mixed_seconds", <, 3);
    ck_less("extra_pod_seconds", "rolling", "blue-green");
}
END_TEST

START_TEST(errors_reach_few_where_somebody_looks_early)
{
    read_scenario("scenarios/strategies/errors.yaml");
    ck_less("bad_answers", "canary", "blue-green");
    ck_less("bad_answers", "canary-pods", "blue-green");
    ck_less("bad_answers", "blue-green", "rolling");
    ck_less("exposed_users", "canary", "blue-green");
    ck_less("exposed_users", "blue-green", "rolling");
    ck_less("rollback_seconds", "blue-green", "rolling");
    ck_is("blue-green", "rollback_seconds", <, 5);
    ck_is("rolling", "rollback_seconds", >, 60);
    ck_less("detection_seconds", "canary", "rolling");
    /* A sequential test sees at once what an analysis waits for. */
    ck_less("detection_seconds", "a-b", "canary");
    ck_less("exposed_users", "a-b", "blue-green");
    ck_is("a-b", "decision", ==, -1);
    ck_is("a-b", "false_decision", ==, 0);
    /* What nobody looks at saves nobody. */
    ck_is("shadow", "exposed_users", >, 2900);
    /* Not all is well with the extra batch: the way back has none. */
    ck_is("batch", "capacity_dip", <, 1);
}
END_TEST

START_TEST(latency_is_seen_as_errors_are)
{
    read_scenario("scenarios/strategies/slow.yaml");
    ck_less("latency_p99", "canary", "rolling");
    ck_less("latency_p99", "blue-green", "rolling");
    ck_less("exposed_users", "canary", "rolling");
    ck_is("canary", "failed_error", ==, 0);
    /* Who only counts errors sees none. */
    ck_is("a-b", "decision", ==, 0);
    ck_is("a-b", "exposed_users", >, 2900);
}
END_TEST

/* All analyses are passed long before the first pod dies. */
START_TEST(watching_for_a_while_does_not_help_against_what_comes_later)
{
    read_scenario("scenarios/strategies/leak.yaml");
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        ck_is(all[i], "rollout_seconds", <, 600);
        ck_is(all[i], "capacity_dip", <, 1);
        ck_is(all[i], "failed_requests", >, 10);
    }
    /* Pods that began together die together: the switch is the worse. */
    ck_less("downtime", "canary", "blue-green");
    ck_less("failed_requests", "canary-pods", "blue-green");
}
END_TEST

START_TEST(only_recreate_gives_up_the_old_version_for_one_that_never_serves)
{
    read_scenario("scenarios/strategies/never-ready.yaml");
    ck_is("recreate", "downtime", >, 590);
    for (size_t i = 1; i < COUNT_OF(all); i++) {
        ck_is(all[i], "downtime", ==, 0);
        ck_is(all[i], "exposed_requests", ==, 0);
        ck_is(all[i], "rollback_seconds", ==, 0);
    }
}
END_TEST

/* Whenever somebody undoes it: a canary is back within a propagation, a
 * rolling update has to start pods. */
START_TEST(the_way_back_is_short_where_old_pods_are_kept)
{
    static const char *const moments[] = { "90s", "2m", "3m" };

    for (size_t i = 0; i < COUNT_OF(moments); i++) {
        char more[64];

        snprintf(more, sizeof(more), "-n 4 --set actions[0].at=%s",
                 moments[i]);
        results_of_file(&r, "scenarios/way-back.yaml", more);
        ck_is("canary", "rollback_seconds", <, 5);
        ck_less("rollback_seconds", "canary", "rolling");
        ck_less("rollback_seconds", "canary", "recreate");
        ck_less("bad_answers", "canary", "rolling");
        ck_is("recreate", "downtime", >, 15);
        ck_is("rolling", "downtime", ==, 0);
        if (i < COUNT_OF(moments) - 1)
            results_free(&r);
    }
    /* Two minutes after: nobody of the old version is left but there. */
    ck_less("mitigation_seconds", "canary", "batch");
}
END_TEST

static const char rollout[] =
    "apiVersion: rollsim/v1\nkind: Scenario\n"
    "run: {duration: 3m, warmup: 30s, replications: 1}\n"
    "cluster: {profile: exact, nodes: [{count: 2}]}\n"
    "images: {web: {startup: 5s, service: 5ms}}\n"
    "traffic: [{to: rollout/web, rate: 10/s}]\n"
    "release: {at: 20s, workload: rollout/web, images: {web: \"web:2\"}}\n"
    "strategies: [{name: own}, {name: other, blueGreen: {}}]\n---\n"
    "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n"
    "metadata: {name: web}\nspec:\n  replicas: 4\n"
    "  selector: {matchLabels: {app: web}}\n"
    "  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: "
    "[{name: web, image: \"web:1\", readinessProbe: {httpGet: {port: 80}, "
    "periodSeconds: 1}, lifecycle: {preStop: {sleep: {seconds: 5}}}}]}\n"
    "  strategy: {canary: {stableService: users, canaryService: new, "
    "trafficRouting: {}, steps: [{setWeight: 25}, {pause: {duration: 20}}]}}\n"
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: new}\n"
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n---\n"
    "apiVersion: v1\nkind: Service\nmetadata: {name: users}\n"
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n";

/* Its own strategy, or another in its place; users call its stable Service.
 * 5 s for one pod, 20 s, 5 s for three, 30 s until the old ones go; 5 s. */
static const char some_fail[] =
    "apiVersion: rollsim/v1\nkind: Scenario\n"
    "run: {duration: 2m, warmup: 30s, replications: 1}\n"
    "cluster: {profile: exact}\n"
    "images: {web: {service: 5ms, errorRate: {rate: 50%, match: {header: "
    "x-group, value: b}}}}\n"
    "traffic: [{to: service/web, rate: 100/s, clients: {attributes: "
    "{x-group: {b: 40%, c: 30%}}}}]\n---\n"
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\n"
    "spec: {containers: [{name: web, image: web}]}\n---\n"
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n";

/* A fault that only users with a header meet: half of 40 %, within five
 * standard deviations of 12000 requests. */
START_TEST(errors_may_depend_on_who_asks)
{
    double share;

    results_of_text(&r, some_fail);
    share = results_metric(&r, NULL, "failed_error") /
            results_metric(&r, NULL, "requests");
    ck_assert_double_gt(share, 0.20 - 0.018);
    ck_assert_double_lt(share, 0.20 + 0.018);
}
END_TEST

START_TEST(a_rollout_is_released_as_it_says_or_otherwise)
{
    results_of_text(&r, rollout);
    ck_assert_double_eq_tol(of("own", "rollout_seconds", 0), 60, 0.2);
    ck_assert_double_eq_tol(of("own", "mixed_seconds", 0), 25, 0.2);
    ck_assert_double_eq_tol(of("other", "rollout_seconds", 0), 5, 0.2);
    ck_assert_double_eq_tol(of("other", "mixed_seconds", 0), 0, 0.2);
    ck_assert_double_eq(of("own", "failed_requests", 0), 0);
    ck_assert_double_eq(of("other", "failed_requests", 0), 0);
}
END_TEST

int main(void)
{
    int failed;
    Suite *s = suite_create("claims");
    TCase *c = tcase_create("claims");
    SRunner *runner = srunner_create(s);

    tcase_add_checked_fixture(c, NULL, tear_down);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_healthy_release_costs_what_they_say);
    tcase_add_test(c, errors_reach_few_where_somebody_looks_early);
    tcase_add_test(c, latency_is_seen_as_errors_are);
    tcase_add_test(c,
                   watching_for_a_while_does_not_help_against_what_comes_later);
    tcase_add_test(
        c, only_recreate_gives_up_the_old_version_for_one_that_never_serves);
    tcase_add_test(c, the_way_back_is_short_where_old_pods_are_kept);
    tcase_add_test(c, errors_may_depend_on_who_asks);
    tcase_add_test(c, a_rollout_is_released_as_it_says_or_otherwise);
    suite_add_tcase(s, c);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
