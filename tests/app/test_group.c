/* Pods that depend on each other, on others, and on a load balancer. */
#include <math.h>
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

#define SCENARIO(image)                                                       \
    "kind: Scenario\n"                                                        \
    "run: {duration: 300s, warmup: 0s, replications: 1}\n"                    \
    "cluster: {profile: exact, timings: {targetHealth: 20s}}\n"               \
    "images: {web: {" image "}}\n"                                            \
    "traffic: [{to: service/web, rate: 20/s}]\n"

#define SERVICE                                                               \
    "---\n"                                                                   \
    "apiVersion: v1\n"                                                        \
    "kind: Service\n"                                                         \
    "metadata: {name: web}\n"                                                 \
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n"

#define APP(kind, more)                                                       \
    SERVICE                                                                   \
    "---\n"                                                                   \
    "apiVersion: apps/v1\n"                                                   \
    "kind: " kind "\n"                                                        \
    "metadata: {name: web}\n"                                                 \
    "spec:\n"                                                                 \
    "  replicas: 3\n"                                                         \
    "  selector: {matchLabels: {app: web}}\n"                                 \
    "  template:\n"                                                           \
    "    metadata: {labels: {app: web}}\n"                                    \
    "    spec:\n"                                                             \
    "      containers: [{name: web, image: \"web:1\"}]\n" more

/* At 100 s pods are removed by force; they start again in 10 s. */
#define KILL(n)                                                               \
    "faults: [{at: 100s, kill: {pod: oldest, count: " n ", grace: 0, of: "    \
    "statefulset/web}}]\n"
#define SET APP("StatefulSet",                                                \
                "  serviceName: web\n  podManagementPolicy: Parallel\n")

static double errors(void)
{
    return results_metric(&r, NULL, "failed_error");
}

START_TEST(one_of_three_may_be_missing)
{
    results_of_text(&r, SCENARIO("startup: 10s, group: {needs: majority}")
                    KILL("1") SET);
    ck_assert_double_eq(errors(), 0);
}
END_TEST

/* Two gone: the third answers nothing but errors until one is back. */
START_TEST(without_a_majority_nothing_is_answered)
{
    results_of_text(&r, SCENARIO("startup: 10s, group: {needs: majority}")
                    KILL("2") SET);
    ck_assert_double_gt(errors(), 0);
    results_free(&r);
    results_of_text(&r, SCENARIO("startup: 10s") KILL("2") SET);
    ck_assert_double_eq(errors(), 0);
}
END_TEST

/* Operators own the StatefulSets that they keep; how many pods there are to be
 * is said by these.  So with Rollouts. */
START_TEST(the_owner_of_the_workload_is_not_asked_how_many_there_are)
{
    results_of_text(&r, SCENARIO("startup: 10s, group: {needs: majority}")
                    "faults: [{at: 100s, kill: {pod: oldest, count: 2, "
                    "grace: 0, of: rollout/web}}]\n" SERVICE
                    "---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\n"
                    "metadata: {name: web}\nspec:\n  replicas: 3\n"
                    "  selector: {matchLabels: {app: web}}\n"
                    "  strategy: {canary: {}}\n  template:\n"
                    "    metadata: {labels: {app: web}}\n    spec: "
                    "{containers: [{name: web, image: \"web:1\"}]}\n");
    ck_assert_double_gt(errors(), 2 * 20);
}
END_TEST

#define CALLER(name)                                                          \
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: " name "}\n"        \
    "spec: {selector: {app: " name "}, ports: [{port: 80}]}\n"                \
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name       \
    "}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: " name "}}\n"    \
    "  template:\n    metadata: {labels: {app: " name "}}\n"                  \
    "    spec: {containers: [{name: c, image: \"" name ":1\", livenessProbe: " \
    "{httpGet: {path: /, port: 80}, periodSeconds: 3}}]}\n"

/* What it has asked for comes back to nobody; clients wait in vain, until the
 * pod is killed or they give up. */
START_TEST(a_pod_that_hangs_while_it_calls_others_answers_nothing)
{
    results_of_text(&r,
        "kind: Scenario\nrun: {duration: 200s, warmup: 0s, seed: 3, "
        "replications: 2}\nimages:\n  front: {startup: 1s, service: 5ms, "
        "concurrency: 3, queue: 20, hang: {exponential: {mean: 20s}}, "
        "calls: [{to: service/back, count: 2}]}\n"
        "  back: {startup: 1s, service: {exponential: {mean: 300ms}}}\n"
        "traffic: [{to: service/front, rate: 4/s, clients: {timeout: 1s}}]\n"
        CALLER("front") CALLER("back"));
    ck_assert_double_gt(results_metric(&r, NULL, "failed_timeout"), 50);
    ck_assert_double_eq(errors(), 0);
}
END_TEST

/* 15 s of lease, at most 2 s of age less, at most 2 s of retry more. */
START_TEST(a_dead_leader_keeps_its_lease)
{
    results_of_text(&r, SCENARIO("startup: 1s, group: {needs: leader}")
                    KILL("3") SET);
    ck_assert_double_ge(results_event(&r, NULL, "Leader", "pod/web-", "", 1),
                        113);
    ck_assert_double_le(results_event(&r, NULL, "Leader", "pod/web-", "", 1),
                        117);
    ck_assert_double_gt(errors(), 11 * 20);
    ck_assert_double_lt(errors(), 17 * 20);
}
END_TEST

#define RELEASE "release: {at: 100s, workload: deployment/web, images: "      \
                "{web: \"web:2\"}}\n"

START_TEST(a_leader_that_releases_its_lease_costs_a_retry)
{
    double kept;

    results_of_text(&r, SCENARIO("startup: 1s, group: {needs: leader}")
                    RELEASE APP("Deployment", ""));
    kept = errors();
    results_free(&r);
    results_of_text(&r, SCENARIO("startup: 1s, group: {needs: leader, "
                                 "releases: true}")
                    RELEASE APP("Deployment", ""));
    ck_assert_double_gt(kept, 12 * 20);
    ck_assert_double_lt(errors(), 3 * 2 * 20 + 20);
}
END_TEST

#define GATE(name)                                                            \
    "      readinessGates: [{conditionType: \"" name "\"}]\n"

START_TEST(a_gate_of_a_load_balancer_opens_when_the_target_is_healthy)
{
    results_of_text(&r, SCENARIO("startup: 1s") RELEASE
                    APP("Deployment", GATE("target-health.elbv2.k8s.aws/x")));
    ck_assert_double_ge(results_pod(&r, NULL, "web-", "Ready", 0), 20);
    ck_assert_double_le(results_pod(&r, NULL, "web-", "Ready", 0), 20.5);
    /* three steps of one pod, 20 s each */
    ck_assert_double_ge(results_metric(&r, NULL, "rollout_seconds"), 60);
    ck_assert_double_le(results_metric(&r, NULL, "rollout_seconds"), 64);
}
END_TEST

START_TEST(a_gate_that_nobody_opens_keeps_the_pod_from_being_ready)
{
    results_of_text(&r, SCENARIO("startup: 1s")
                    APP("Deployment", GATE("example.com/approved")));
    ck_assert_double_eq(results_pod(&r, NULL, "web-", "Ready", 0), NEVER);
}
END_TEST

/* The mean over the replications. */
static double mean_errors(const char *strategy)
{
    const struct csv_table *t = &r.metrics;
    double sum = 0;
    int n = 0;

    for (size_t i = 0; i < t->len; i++)
        if (strcmp(csv_get(t, i, 1), strategy) == 0 &&
            strcmp(csv_get(t, i, 3), "failed_error") == 0) {
            sum += atof(csv_get(t, i, 5));
            n++;
        }
    return sum / n;
}

START_TEST(a_release_pays_for_each_leader_it_stops)
{
    results_of_file(&r, "scenarios/leader-election.yaml", "");
    ck_assert_double_gt(mean_errors("new-ones-first"), 12 * 40);
    ck_assert_double_lt(mean_errors("new-ones-first"), 25 * 40);
    ck_assert_double_gt(mean_errors("one-by-one"),
                        1.2 * mean_errors("new-ones-first"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("group");
    TCase *tc = tcase_create("group");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, one_of_three_may_be_missing);
    tcase_add_test(tc, without_a_majority_nothing_is_answered);
    tcase_add_test(tc,
        the_owner_of_the_workload_is_not_asked_how_many_there_are);
    tcase_add_test(tc,
        a_pod_that_hangs_while_it_calls_others_answers_nothing);
    tcase_add_test(tc, a_dead_leader_keeps_its_lease);
    tcase_add_test(tc, a_leader_that_releases_its_lease_costs_a_retry);
    tcase_add_test(tc,
        a_gate_of_a_load_balancer_opens_when_the_target_is_healthy);
    tcase_add_test(tc,
        a_gate_that_nobody_opens_keeps_the_pod_from_being_ready);
    tcase_add_test(tc, a_release_pays_for_each_leader_it_stops);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
