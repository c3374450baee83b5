/* Machines that come and go: the cluster autoscaler, certificates, spot
 * capacity. */
#include <math.h>
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

/* In exact time the autoscaler scans at whole tens of seconds, and a machine
 * takes a minute. */
#define CLUSTER(nodes, more)                                                  \
    "kind: Scenario\n"                                                        \
    "run: {duration: 40m, warmup: 0s, replications: 1}\n"                     \
    "cluster:\n"                                                              \
    "  profile: exact\n"                                                      \
    "  nodes: [" nodes "]\n" more

#define APP(replicas)                                                         \
    "---\n"                                                                   \
    "apiVersion: apps/v1\n"                                                   \
    "kind: Deployment\n"                                                      \
    "metadata: {name: web}\n"                                                 \
    "spec:\n"                                                                 \
    "  replicas: " replicas "\n"                                              \
    "  selector: {matchLabels: {app: web}}\n"                                 \
    "  template:\n"                                                           \
    "    metadata: {labels: {app: web}}\n"                                    \
    "    spec: {containers: [{name: web, image: \"web:1\", resources: "       \
    "{requests: {cpu: \"1\"}}}]}\n"

#define SCALE(at, n)                                                          \
    "actions: [{at: " at ", kubectl: \"scale deployment/web --replicas=" n    \
    "\"}]\n"

static double event(const char *reason, const char *object, const char *text)
{
    return results_event(&r, NULL, reason, object, text, 0);
}

/* ---- the scenarios ------------------------------------------------------ */

START_TEST(a_surge_waits_for_its_machines)
{
    results_of_file(&r, "scenarios/nodes-for-surge.yaml", "-n 5");
    /* Scan within 10 s, boot: 90 s in the median. */
    ck_assert_double_gt(event("RegisteredNode", "node/worker-2", ""), 60 + 30);
    ck_assert_double_gt(event("TriggeredScaleUp", "pod/search", "worker 2->3 "
                              "(max: 5)"), 60);
    ck_assert_double_gt(results_metric(&r, "surge", "extra_pod_seconds"), 200);
    ck_assert_double_lt(results_metric(&r, "in-place", "extra_pod_seconds"),
                        100);
    /* ... and they stay ten minutes longer. */
    ck_assert_double_gt(event("ScaleDown", "node/worker", "node removed"),
                        60 + 600);
}
END_TEST

START_TEST(who_does_not_listen_loses_pods_with_the_machine)
{
    double lost;

    results_of_file(&r, "scenarios/spot-loss.yaml", "-n 3 --set "
                    "faults[0].drain=false");
    lost = results_metric(&r, NULL, "failed_requests");
    ck_assert_double_gt(lost, 100);
    ck_assert_double_gt(event("DeletingNode", "node/spot", ""), 140 + 30);
    ck_assert_double_gt(event("RegisteredNode", "node/spot-3", ""), 140 + 20);
    results_free(&r);
    results_of_file(&r, "scenarios/spot-loss.yaml", "-n 3");
    ck_assert_double_lt(results_metric(&r, NULL, "failed_requests"), lost / 20);
}
END_TEST

START_TEST(only_a_stateful_set_waits_for_a_machine_that_is_cut_off)
{
    results_of_file(&r, "scenarios/partition.yaml", "-n 3");
    ck_assert_double_gt(results_metric(&r, NULL, "rollout_seconds"),
                        590 - 120);
    ck_assert_double_eq(results_metric(&r, NULL, "peak_pods"), 4);
    ck_assert_double_gt(results_metric(&r, NULL, "failed_hang"), 200);
    results_free(&r);
    /* A fault within the fault is over first, and changes nothing. */
    results_of_file(&r, "scenarios/partition.yaml", "-n 3 --set "
                    "faults=[{\"at\":110s,\"for\":8m,\"partition\":node/rack-1},"
                    "{\"at\":2m,\"for\":1m,\"partition\":node/rack-1}]");
    ck_assert_double_gt(results_metric(&r, NULL, "rollout_seconds"),
                        590 - 120);
    results_free(&r);
    results_of_file(&r, "scenarios/partition.yaml", "-n 3 --set "
                    "release.workload=deployment/web --set "
                    "release.images.app=shop/front:2.0");
    ck_assert_double_lt(results_metric(&r, NULL, "rollout_seconds"),
                        590 - 120);
    /* Its old pod runs on, unseen, until the network is back. */
    ck_assert_double_gt(results_metric(&r, NULL, "old_gone_seconds"),
                        590 - 120);
}
END_TEST

/* ---- growing ------------------------------------------------------------ */

START_TEST(pods_without_a_place_get_machines)
{
    results_of_text(&r, CLUSTER("{name: n, cpu: \"2\", max: 4}", "")
                    SCALE("65s", "5") APP("2"));
    /* Three pods need two more nodes of two: asked for at 70 s. */
    ck_assert_double_eq(event("TriggeredScaleUp", "pod/web", "n 1->3 (max: "
                              "4)"), 70);
    ck_assert_double_eq(event("RegisteredNode", "node/n-1", ""), 130);
    ck_assert_double_eq(event("RegisteredNode", "node/n-2", ""), 130);
    ck_assert_double_eq(event("RegisteredNode", "node/n-3", ""), NEVER);
    ck_assert_double_eq_tol(results_pod(&r, NULL, "web-", "Ready", 4), 130, 1);
}
END_TEST

START_TEST(a_pool_grows_no_further_than_its_max)
{
    results_of_text(&r, CLUSTER("{name: n, cpu: \"2\", max: 2}", "")
                    SCALE("65s", "6") APP("2"));
    ck_assert_double_eq(event("TriggeredScaleUp", "pod/web", "n 1->2"), 70);
    ck_assert_double_ge(event("NotTriggerScaleUp", "pod/web", "1 max node "
                              "group size reached"), 80);
    ck_assert_double_eq(event("RegisteredNode", "node/n-2", ""), NEVER);
    ck_assert_double_eq(results_pod(&r, NULL, "web-", "Ready", 4), NEVER);
}
END_TEST

START_TEST(no_pool_is_asked_that_cannot_help)
{
    results_of_text(&r, CLUSTER("{name: n, cpu: \"2\", count: 1}, "
                                "{name: small, cpu: 500m, count: 0, max: 5}, "
                                "{name: big, cpu: \"2\", count: 0, max: 5}",
                                "") SCALE("65s", "4") APP("2"));
    ck_assert_double_eq(event("TriggeredScaleUp", "pod/web", "big 0->1"), 70);
    ck_assert_double_eq(event("RegisteredNode", "node/small", ""), NEVER);
}
END_TEST

/* least-waste: two pods of one cpu fill a node of two, not one of eight. */
START_TEST(the_expander_chooses)
{
    static const char nodes[] = CLUSTER(
        "{name: n, cpu: \"2\", count: 1}, "
        "{name: large, cpu: \"8\", memory: 4Gi, count: 0, max: 5}, "
        "{name: fit, cpu: \"2\", memory: 4Gi, count: 0, max: 5}",
        "  autoscaler: {expander: least-waste}\n") SCALE("65s", "4") APP("2");

    results_of_text(&r, nodes);
    ck_assert_double_eq(event("TriggeredScaleUp", "pod/web", "fit 0->1"), 70);
}
END_TEST

/* ---- shrinking ---------------------------------------------------------- */

START_TEST(an_empty_machine_goes_after_ten_minutes)
{
    results_of_text(&r, CLUSTER("{name: n, cpu: \"2\", count: 3, min: 2, max: "
                                "4}", "") APP("2"));
    ck_assert_double_eq(event("ScaleDown", "node/n", "removing empty node"),
                        600);
    ck_assert_double_eq(results_event(&r, NULL, "ScaleDown", "node/n", "", 1),
                        NEVER);         /* min */
}
END_TEST

#define THREE "{name: n, cpu: \"4\", count: 3, min: 1, max: 4}"

/* 4 pods on 3 nodes of 4: all fit on one. */
START_TEST(machines_in_little_use_are_drained)
{
    results_of_text(&r, CLUSTER(THREE, "  autoscaler: {scaleDownUnneededTime: "
                                "2m}\n") APP("4"));
    ck_assert_double_ge(event("ScaleDown", "node/n", "marked the node"), 120);
    ck_assert_double_le(event("ScaleDown", "node/n", "marked the node"), 140);
    ck_assert_double_ge(event("ScaleDown", "node/n", "node removed"), 130);
    ck_assert_double_ge(results_pod(&r, NULL, "web-", "Terminating", 0), 120);
    ck_assert_double_ge(results_pod(&r, NULL, "web-", "Ready", 4), 120);
}
END_TEST

START_TEST(a_budget_keeps_a_machine)
{
    results_of_text(&r, CLUSTER(THREE, "  autoscaler: {scaleDownUnneededTime: "
                                "2m}\n") APP("4")
                    "---\n"
                    "apiVersion: policy/v1\n"
                    "kind: PodDisruptionBudget\n"
                    "metadata: {name: web}\n"
                    "spec: {maxUnavailable: 0, selector: {matchLabels: {app: "
                    "web}}}\n");
    ck_assert_double_eq(event("ScaleDown", "node/n", ""), NEVER);
}
END_TEST

START_TEST(not_if_it_is_switched_off)
{
    results_of_text(&r, CLUSTER(THREE, "  autoscaler: {scaleDownEnabled: "
                                "false}\n") APP("2"));
    ck_assert_double_eq(event("ScaleDown", "node/n", ""), NEVER);
}
END_TEST

/* ---- certificates ------------------------------------------------------- */

#define LATE(approval)                                                        \
    CLUSTER("{name: n, cpu: \"2\"}, {name: late, cpu: \"2\", joins: 60s, "    \
            "approval: " approval "}", "")

START_TEST(a_node_joins_when_its_request_is_approved)
{
    results_of_text(&r, LATE("30s") APP("4"));
    ck_assert_double_eq(event("CertificateRequested",
                              "certificatesigningrequest/node-csr-late-0",
                              "system:node:late-0"), 60);
    ck_assert_double_eq_tol(event("RegisteredNode", "node/late-0", ""), 90,
                            0.01);
    ck_assert_double_eq_tol(results_pod(&r, NULL, "web-", "Ready", 3), 90, 2);
}
END_TEST

START_TEST(or_by_hand_or_never)
{
    results_of_text(&r, LATE("never")
                    "actions: [{at: 5m, kubectl: \"certificate approve "
                    "node-csr-late-0\"}]\n" APP("4"));
    ck_assert_double_eq_tol(event("Done", "", "certificatesigningrequest."
                                  "certificates.k8s.io/node-csr-late-0 "
                                  "approved"), 300, 0.01);
    ck_assert_double_eq_tol(event("RegisteredNode", "node/late-0", ""), 300,
                            0.01);
    results_free(&r);
    results_of_text(&r, LATE("5m")
                    "actions: [{at: 2m, kubectl: \"certificate deny "
                    "node-csr-late-0\"}, {at: 3m, kubectl: \"certificate "
                    "approve csr/other\"}]\n" APP("4"));
    ck_assert_double_eq(event("RegisteredNode", "node/late-0", ""), NEVER);
    ck_assert_double_gt(event("Refused", "", "\"other\" not found"), 180);
}
END_TEST

/* Who may read requests may not approve them. */
START_TEST(but_not_by_anybody)
{
    results_of_text(&r, LATE("never")
                    "actions: [{at: 1m, kubectl: \"certificate approve "
                    "node-csr-late-0 --as=jane\"}]\n" APP("4")
                    "---\napiVersion: rbac.authorization.k8s.io/v1\n"
                    "kind: ClusterRole\nmetadata: {name: reader}\n"
                    "rules: [{apiGroups: [certificates.k8s.io], resources: "
                    "[certificatesigningrequests], verbs: [get]}]\n"
                    "---\napiVersion: rbac.authorization.k8s.io/v1\n"
                    "kind: ClusterRoleBinding\nmetadata: {name: jane}\n"
                    "roleRef: {kind: ClusterRole, name: reader}\n"
                    "subjects: [{kind: User, name: jane}]\n");
    ck_assert_double_gt(event("Refused", "", "User \"jane\" cannot update "
                              "resource \"certificatesigningrequests/approval"
                              "\" in API group \"certificates.k8s.io\" at "
                              "the cluster scope"), 60);
    ck_assert_double_eq(event("RegisteredNode", "node/late-0", ""), NEVER);
}
END_TEST

/* ---- spot capacity ------------------------------------------------------ */

START_TEST(a_machine_that_is_taken_back_is_replaced)
{
    results_of_text(&r, CLUSTER("{name: n, count: 2}", "")
                    "faults: [{at: 60s, reclaim: node/n-1, notice: 30s, "
                    "drain: false}]\n" APP("2"));
    /* 50 s without a heartbeat, then at most 5 s; the other one in 60 s. */
    ck_assert_double_ge(event("DeletingNode", "node/n-1", ""), 90 + 40);
    ck_assert_double_le(event("DeletingNode", "node/n-1", ""), 90 + 60);
    ck_assert_double_eq(event("RegisteredNode", "node/n-2", ""), 150);
    ck_assert_double_gt(results_pod(&r, NULL, "web-", "Ready", 2), 130);
}
END_TEST

/* Two notices of one machine cost one machine; two of a pool, two. */
START_TEST(no_machine_is_taken_back_twice)
{
    results_of_text(&r, CLUSTER("{name: n, count: 2}", "")
                    "faults: [{at: 60s, reclaim: node/n-1, notice: 30s, "
                    "drain: false}, {at: 70s, reclaim: node/n-1, notice: 30s, "
                    "drain: false}]\n" APP("2"));
    ck_assert_double_eq(event("Missed", "reclaim", "no such machine"), 70);
    ck_assert_double_eq(event("RegisteredNode", "node/n-2", ""), 150);
    ck_assert_double_eq(event("RegisteredNode", "node/n-3", ""), NEVER);
    results_free(&r);
    results_of_text(&r, CLUSTER("{name: n, count: 2}", "")
                    "faults: [{at: 60s, reclaim: pool/n, notice: 30s, "
                    "drain: false}, {at: 100s, reclaim: pool/n, notice: 30s, "
                    "drain: false}]\n" APP("2"));
    ck_assert_double_ge(event("SpotInterruption", "node/n-0", ""), 60);
    ck_assert_double_ge(event("SpotInterruption", "node/n-1", ""), 60);
    ck_assert_double_lt(event("RegisteredNode", "node/n-3", ""), 200);
}
END_TEST

/* A Node of a manifest bears the next machine's name. */
START_TEST(a_name_that_is_taken_is_left_out)
{
    results_of_text(&r, CLUSTER("{name: n, count: 2}", "")
                    "faults: [{at: 60s, reclaim: node/n-1, notice: 30s, "
                    "drain: false}]\n" APP("2")
                    "---\napiVersion: v1\nkind: Node\nmetadata: {name: n-2}\n");
    ck_assert_double_eq(event("RegisteredNode", "node/n-3", ""), 150);
}
END_TEST

/* Two losses of power: it is back when both are over. */
START_TEST(a_node_that_fails_twice_is_back_after_the_last)
{
    results_of_text(&r,
        "kind: Scenario\nrun: {duration: 200s, warmup: 0s, replications: 1}\n"
        "cluster: {profile: exact, nodes: [{name: n}]}\n"
        "faults:\n  - {at: 20s, for: 90s, fail: node/n-0}\n"
        "  - {at: 50s, for: 30s, fail: node/n-0}\n"
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\n"
        "spec:\n  replicas: 1\n  selector: {matchLabels: {app: p}}\n"
        "  template:\n    metadata: {labels: {app: p}}\n"
        "    spec: {containers: [{name: c, image: \"x:1\"}]}\n");
    ck_assert_double_gt(results_pod(&r, NULL, "p-", "Ready", 1), 110);
    ck_assert_double_lt(results_pod(&r, NULL, "p-", "Ready", 1), 130);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("machines");
    TCase *tc = tcase_create("machines");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_node_that_fails_twice_is_back_after_the_last);
    tcase_add_test(tc, a_surge_waits_for_its_machines);
    tcase_add_test(tc, who_does_not_listen_loses_pods_with_the_machine);
    tcase_add_test(tc, only_a_stateful_set_waits_for_a_machine_that_is_cut_off);
    tcase_add_test(tc, pods_without_a_place_get_machines);
    tcase_add_test(tc, a_pool_grows_no_further_than_its_max);
    tcase_add_test(tc, no_pool_is_asked_that_cannot_help);
    tcase_add_test(tc, the_expander_chooses);
    tcase_add_test(tc, an_empty_machine_goes_after_ten_minutes);
    tcase_add_test(tc, machines_in_little_use_are_drained);
    tcase_add_test(tc, a_budget_keeps_a_machine);
    tcase_add_test(tc, not_if_it_is_switched_off);
    tcase_add_test(tc, a_node_joins_when_its_request_is_approved);
    tcase_add_test(tc, or_by_hand_or_never);
    tcase_add_test(tc, but_not_by_anybody);
    tcase_add_test(tc, a_machine_that_is_taken_back_is_replaced);
    tcase_add_test(tc, no_machine_is_taken_back_twice);
    tcase_add_test(tc, a_name_that_is_taken_is_left_out);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
