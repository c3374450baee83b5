/* Volumes: binding, attaching, the Multi-Attach deadlock, zones, dead nodes. */
#include <math.h>
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

/* Profile exact: all steps take nothing, or a millisecond. */
#define EXACT                                                                 \
    "kind: Scenario\n"                                                        \
    "run: {duration: 15m, warmup: 0s, replications: 1}\n"                     \
    "images: {web: {startup: 1s}}\n"                                          \
    "cluster:\n"                                                              \
    "  profile: exact\n"

#define TEMPLATE(claim)                                                       \
    "  selector: {matchLabels: {app: web}}\n"                                 \
    "  template:\n"                                                           \
    "    metadata: {labels: {app: web}}\n"                                    \
    "    spec:\n"                                                             \
    "      containers: [{name: web, image: \"web:1\"}]\n"                     \
    "      volumes: [{name: v, persistentVolumeClaim: {claimName: " claim     \
    "}}]\n"

#define DEPLOYMENT                                                            \
    "---\n"                                                                   \
    "apiVersion: apps/v1\n"                                                   \
    "kind: Deployment\n"                                                      \
    "metadata: {name: web}\n"                                                 \
    "spec:\n"                                                                 \
    "  replicas: 1\n"                                                         \
    TEMPLATE("data")

#define CLAIM(mode, more)                                                     \
    "---\n"                                                                   \
    "apiVersion: v1\n"                                                        \
    "kind: PersistentVolumeClaim\n"                                           \
    "metadata: {name: data}\n"                                                \
    "spec:\n"                                                                 \
    "  accessModes: [" mode "]\n"                                             \
    "  resources: {requests: {storage: 8Gi}}\n" more

#define VOLUME(name, size, more)                                              \
    "---\n"                                                                   \
    "apiVersion: v1\n"                                                        \
    "kind: PersistentVolume\n"                                                \
    "metadata: {name: " name "}\n"                                            \
    "spec:\n"                                                                 \
    "  capacity: {storage: " size "}\n"                                       \
    "  accessModes: [ReadWriteOnce]\n"                                        \
    "  csi: {driver: d, volumeHandle: h}\n" more

#define CLASS(mode)                                                           \
    "---\n"                                                                   \
    "apiVersion: storage.k8s.io/v1\n"                                         \
    "kind: StorageClass\n"                                                    \
    "metadata:\n"                                                             \
    "  name: fast\n"                                                          \
    "  annotations: {storageclass.kubernetes.io/is-default-class: \"true\"}\n"\
    "provisioner: csi.example.com\n"                                          \
    "volumeBindingMode: " mode "\n"

/* ---- the scenario ------------------------------------------------------- */

START_TEST(a_rolling_update_and_a_disk_block_each_other)
{
    results_of_file(&r, "scenarios/multi-attach.yaml", "-n 1");
    ck_assert(isnan(results_metric(&r, "rolling", "rollout_seconds")));
    ck_assert_double_eq(results_metric(&r, "rolling", "failed_requests"), 0);
    ck_assert_double_gt(results_event(&r, "rolling", "FailedAttachVolume",
                                      "pod/ledger-", "Multi-Attach error", 0),
                        60);
    ck_assert_double_gt(results_event(&r, "rolling", "FailedMount",
                                      "pod/ledger-", "unmounted volumes", 3),
                        400);
    ck_assert_double_gt(results_event(
        &r, "rolling", "Progressing=False/ProgressDeadlineExceeded",
        "deployment/ledger", "", 0), 360);
    ck_assert_double_lt(results_metric(&r, "recreate", "rollout_seconds"),
                        120);
    ck_assert_double_gt(results_metric(&r, "recreate", "downtime"), 10);
}
END_TEST

/* ---- binding ------------------------------------------------------------ */

START_TEST(the_smallest_volume_that_suits_is_taken)
{
    results_of_text(&r, EXACT DEPLOYMENT CLAIM("ReadWriteOnce", "")
                    VOLUME("small", "5Gi", "") VOLUME("large", "20Gi", "")
                    VOLUME("right", "10Gi", "")
                    VOLUME("other", "9Gi", "  storageClassName: gold\n"));
    ck_assert_double_ge(results_event(&r, NULL, "SuccessfulAttachVolume",
                                      "pod/web-", "\"right\"", 0), 0);
    ck_assert_double_ge(results_pod(&r, NULL, "web-", "Ready", 0), 1);
}
END_TEST

START_TEST(without_a_volume_that_suits_the_pod_waits)
{
    results_of_text(&r, EXACT DEPLOYMENT CLAIM("ReadWriteOnce", "")
                    VOLUME("small", "5Gi", ""));
    ck_assert_double_ge(results_event(&r, NULL, "FailedBinding",
                                      "persistentvolumeclaim/data",
                                      "no persistent volumes", 0), 0);
    ck_assert_double_ge(results_event(&r, NULL, "FailedScheduling",
                                      "pod/web-", "unbound immediate", 0), 0);
    ck_assert_double_eq(results_pod(&r, NULL, "web-", "Scheduled", 0), NEVER);
}
END_TEST

START_TEST(a_claim_that_is_not_there_keeps_the_pod_waiting)
{
    results_of_text(&r, EXACT
                    "actions:\n"
                    "  - at: 100s\n"
                    "    kubectl: apply -f -\n"
                    "    stdin: |\n"
                    "      apiVersion: v1\n"
                    "      kind: PersistentVolumeClaim\n"
                    "      metadata: {name: data}\n"
                    "      spec: {accessModes: [ReadWriteOnce], resources: "
                    "{requests: {storage: 1Gi}}}\n" DEPLOYMENT);
    ck_assert_double_ge(results_event(&r, NULL, "FailedScheduling",
                                      "pod/web-", "\"data\" not found", 0),
                        0);
    ck_assert_double_ge(results_pod(&r, NULL, "web-", "Scheduled", 0), 100);
    ck_assert_double_le(results_pod(&r, NULL, "web-", "Scheduled", 0), 104);
}
END_TEST

START_TEST(an_unknown_class_makes_nothing)
{
    results_of_text(&r, EXACT DEPLOYMENT
                    CLAIM("ReadWriteOnce", "  storageClassName: slow\n")
                    CLASS("Immediate"));
    ck_assert_double_ge(results_event(&r, NULL, "ProvisioningFailed",
                                      "persistentvolumeclaim/data",
                                      "\"slow\" not found", 0), 0);
    ck_assert_double_eq(results_pod(&r, NULL, "web-", "Scheduled", 0), NEVER);
}
END_TEST

/* ---- modes of binding, zones -------------------------------------------- */

/* Zone a has the first node, but no room for the pod. */
#define ZONES                                                                 \
    "  timings: {volumeProvision: 7s, volumeAttach: 3s}\n"                    \
    "  nodes:\n"                                                              \
    "    - {name: a, count: 1, zone: a, cpu: \"1\", memory: 1Gi}\n"           \
    "    - {name: b, count: 1, zone: b, cpu: \"4\", memory: 8Gi}\n"           \
    "actions:\n"                                                              \
    "  - {at: 100s, kubectl: cordon b-0}\n"                                   \
    "  - {at: 101s, kubectl: delete pod -l app=web}\n"

#define ROOM "---\n"                                                          \
    "apiVersion: v1\n"                                                        \
    "kind: Pod\n"                                                             \
    "metadata: {name: full}\n"                                                \
    "spec:\n"                                                                 \
    "  nodeSelector: {topology.kubernetes.io/zone: a}\n"                      \
    "  containers: [{name: c, image: \"x:1\"}]\n"

START_TEST(a_volume_waits_for_its_consumer_and_keeps_its_zone)
{
    results_of_text(&r, EXACT ZONES DEPLOYMENT CLAIM("ReadWriteOnce", "")
                    CLASS("WaitForFirstConsumer"));
    ck_assert_double_ge(results_event(&r, NULL, "WaitForFirstConsumer",
                                      "persistentvolumeclaim/data", "", 0),
                        0);
    /* provisioned 7 s after, seen by the next check, each second; attached 3 s
     * after that, seen within 300 ms; started in 1 s. */
    ck_assert_double_ge(results_pod(&r, NULL, "web-", "Scheduled", 0), 8);
    ck_assert_double_le(results_pod(&r, NULL, "web-", "Scheduled", 0), 8.1);
    ck_assert_double_ge(results_pod(&r, NULL, "web-", "Ready", 0), 11);
    ck_assert_double_le(results_pod(&r, NULL, "web-", "Ready", 0), 12.5);
    ck_assert_double_ge(results_event(&r, NULL, "FailedScheduling",
                                      "pod/web-", "1 node(s) had volume node "
                                      "affinity conflict", 0), 101);
}
END_TEST

START_TEST(an_immediate_claim_is_bound_before_any_pod)
{
    results_of_text(&r, EXACT ZONES CLAIM("ReadWriteOnce", "")
                    CLASS("Immediate") ROOM);
    ck_assert_double_ge(results_event(&r, NULL, "ProvisioningSucceeded",
                                      "persistentvolumeclaim/data", "", 0),
                        7);
    ck_assert_double_eq(results_event(&r, NULL, "WaitForFirstConsumer",
                                      "persistentvolumeclaim/data", "", 0),
                        NEVER);
}
END_TEST

/* ---- access modes ------------------------------------------------------- */

#define RELEASE "release: {at: 60s, workload: deployment/web, "               \
                "images: {web: \"web:2\"}}\n"

START_TEST(a_volume_for_many_nodes_lets_the_update_pass)
{
    results_of_text(&r, EXACT RELEASE DEPLOYMENT
                    CLAIM("ReadWriteMany", "") CLASS("WaitForFirstConsumer"));
    ck_assert_double_eq(results_event(&r, NULL, "FailedAttachVolume",
                                      "pod/web-", "", 0), NEVER);
    ck_assert_double_lt(results_metric(&r, NULL, "rollout_seconds"), 10);
}
END_TEST

START_TEST(a_claim_for_one_pod_holds_the_second_one_up)
{
    results_of_text(&r, EXACT RELEASE DEPLOYMENT
                    CLAIM("ReadWriteOncePod", "")
                    CLASS("WaitForFirstConsumer"));
    ck_assert_double_ge(results_event(&r, NULL, "FailedScheduling",
                                      "pod/web-", "ReadWriteOncePod access",
                                      0), 60);
    ck_assert(isnan(results_metric(&r, NULL, "rollout_seconds")));
}
END_TEST

/* ---- a dead node -------------------------------------------------------- */

#define SET                                                                   \
    "---\n"                                                                   \
    "apiVersion: apps/v1\n"                                                   \
    "kind: StatefulSet\n"                                                     \
    "metadata: {name: web}\n"                                                 \
    "spec:\n"                                                                 \
    "  replicas: 1\n"                                                         \
    "  serviceName: web\n"                                                    \
    "  selector: {matchLabels: {app: web}}\n"                                 \
    "  template:\n"                                                           \
    "    metadata: {labels: {app: web}}\n"                                    \
    "    spec:\n"                                                             \
    "      containers: [{name: web, image: \"web:1\"}]\n"                     \
    "  volumeClaimTemplates:\n"                                               \
    "    - metadata: {name: data}\n"                                          \
    "      spec:\n"                                                           \
    "        accessModes: [ReadWriteOnce]\n"                                  \
    "        resources: {requests: {storage: 1Gi}}\n"

/* The first pod goes to the node with the most room. */
#define LOSS(then)                                                            \
    "  nodes:\n"                                                              \
    "    - {name: big, count: 1, cpu: \"8\", memory: 32Gi}\n"                 \
    "    - {name: late, count: 1, cpu: \"8\", memory: 32Gi, joins: 20s}\n"    \
    "faults: [{at: 60s, fail: node/big-0, for: never}]\n"                     \
    "actions: [{at: 200s, kubectl: \"" then "\"}]\n"

START_TEST(the_disk_of_a_dead_node_is_free_six_minutes_after_its_pod)
{
    results_of_text(&r, EXACT LOSS("delete pod web-0 --force --grace-period=0")
                    SET);
    ck_assert_double_ge(results_event(&r, NULL, "FailedAttachVolume",
                                      "pod/web-0", "exclusively attached", 0),
                        200);
    ck_assert_double_ge(results_pod(&r, NULL, "web-0", "Ready", 1), 560);
    ck_assert_double_le(results_pod(&r, NULL, "web-0", "Ready", 1), 561);
}
END_TEST

START_TEST(a_node_out_of_service_gives_its_disks_back_at_once)
{
    results_of_text(&r, EXACT LOSS("taint nodes big-0 node.kubernetes.io/"
                    "out-of-service=nodeshutdown:NoExecute") SET);
    ck_assert_double_ge(results_pod(&r, NULL, "web-0", "Ready", 1), 200);
    ck_assert_double_le(results_pod(&r, NULL, "web-0", "Ready", 1), 221);
}
END_TEST

/* It came with 1.24: before it is a taint as any other, and the pod stays. */
START_TEST(no_node_of_1_20_is_out_of_service)
{
    results_of_text(&r, EXACT "  kubernetes: \"1.20\"\n"
                    LOSS("taint nodes big-0 node.kubernetes.io/"
                         "out-of-service=nodeshutdown:NoExecute") SET);
    ck_assert_double_ge(results_pod(&r, NULL, "web-0", "Terminating", 0), 200);
    ck_assert_double_eq(results_pod(&r, NULL, "web-0", "Gone", 0), NEVER);
}
END_TEST

START_TEST(a_pod_of_a_set_finds_its_own_volume_again)
{
    results_of_text(&r, EXACT "actions: [{at: 60s, kubectl: \"set image "
                    "statefulset/web web=web:2\"}]\n" SET);
    ck_assert_double_ge(results_event(&r, NULL, "ProvisioningSucceeded",
                                      "persistentvolumeclaim/data-web-0", "",
                                      0), 0);
    ck_assert_double_eq(results_event(&r, NULL, "ProvisioningSucceeded",
                                      "persistentvolumeclaim/", "", 1),
                        NEVER);
    ck_assert_double_ge(results_pod(&r, NULL, "web-0", "Ready", 1), 60);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("storage");
    TCase *tc = tcase_create("storage");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_rolling_update_and_a_disk_block_each_other);
    tcase_add_test(tc, the_smallest_volume_that_suits_is_taken);
    tcase_add_test(tc, without_a_volume_that_suits_the_pod_waits);
    tcase_add_test(tc, a_claim_that_is_not_there_keeps_the_pod_waiting);
    tcase_add_test(tc, an_unknown_class_makes_nothing);
    tcase_add_test(tc, a_volume_waits_for_its_consumer_and_keeps_its_zone);
    tcase_add_test(tc, an_immediate_claim_is_bound_before_any_pod);
    tcase_add_test(tc, a_volume_for_many_nodes_lets_the_update_pass);
    tcase_add_test(tc, a_claim_for_one_pod_holds_the_second_one_up);
    tcase_add_test(tc, the_disk_of_a_dead_node_is_free_six_minutes_after_its_pod);
    tcase_add_test(tc, a_node_out_of_service_gives_its_disks_back_at_once);
    tcase_add_test(tc, no_node_of_1_20_is_out_of_service);
    tcase_add_test(tc, a_pod_of_a_set_finds_its_own_volume_again);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
