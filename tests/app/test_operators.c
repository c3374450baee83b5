/* Custom resources and their operators: phases, failures, level and edge,
 * finalizers. */
#include <math.h>
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

#define CRD                                                                   \
    "---\n"                                                                   \
    "apiVersion: apiextensions.k8s.io/v1\n"                                   \
    "kind: CustomResourceDefinition\n"                                        \
    "metadata: {name: databases.example.com}\n"                               \
    "spec:\n"                                                                 \
    "  group: example.com\n"                                                  \
    "  names: {kind: Database, plural: databases, shortNames: [db]}\n"        \
    "  scope: Namespaced\n"                                                   \
    "  versions: [{name: v1, served: true, storage: true}]\n"

#define SHOP                                                                  \
    "apiVersion: example.com/v1\n"                                            \
    "kind: Database\n"                                                        \
    "metadata: {name: shop}\n"                                                \
    "spec: {version: \"1\", replicas: 2}\n"

#define EXACT                                                                 \
    "kind: Scenario\n"                                                        \
    "run: {duration: 15m, warmup: 10s, replications: 1}\n"

/* more: further keys of the operator. */
#define OPERATOR(more)                                                        \
    "cluster:\n"                                                              \
    "  profile: exact\n"                                                      \
    "  operators:\n"                                                          \
    "    - name: db\n"                                                        \
    "      for: Database\n"                                                   \
    "      reconcile: 0s\n"                                                   \
    more                                                                      \
    "      owns:\n"                                                           \
    "        - apiVersion: apps/v1\n"                                         \
    "          kind: Deployment\n"                                            \
    "          spec:\n"                                                       \
    "            replicas: $(spec.replicas)\n"                                \
    "            selector: {matchLabels: {app: $(metadata.name)}}\n"          \
    "            template:\n"                                                 \
    "              metadata: {labels: {app: $(metadata.name)}}\n"             \
    "              spec: {containers: [{name: c, image: \"db:$(spec.version)" \
    "\"}]}\n"

#define UPGRADE                                                               \
    "release: {at: 60s, workload: db/shop, "                                  \
    "patch: {spec: {version: \"2\"}}}\n"

static double told(const char *reason, const char *text)
{
    return results_event(&r, NULL, reason, "database.example.com/shop", text,
                         0);
}

/* ---- the scenarios ------------------------------------------------------ */

START_TEST(a_verification_that_fails_brings_the_old_version_back)
{
    double began, seen, back;

    results_of_file(&r, "scenarios/operator-upgrade.yaml", "-n 5");
    began = results_event(&r, NULL, "PhaseStarted",
                          "database.example.com/orders",
                          "Verify of generation 2", 0);
    seen = results_event(&r, NULL, "RollingBack",
                         "database.example.com/orders", "Verify", 0);
    back = results_event(&r, NULL, "RolledBack",
                         "database.example.com/orders", "Verify", 0);
    ck_assert_double_gt(began, 60 + 30);        /* backup and schema first */
    ck_assert_double_gt(seen, began);
    ck_assert_double_lt(seen, began + 120);
    ck_assert_double_gt(back, seen + 10);
    ck_assert_double_ge(results_pod(&r, NULL, "orders-2", "Ready", 2), seen);
    ck_assert_double_gt(results_metric(&r, NULL, "failed_error"), 50);
    ck_assert_double_gt(results_metric(&r, NULL, "rollback_seconds"), 5);
}
END_TEST

START_TEST(an_edge_triggered_operator_misses_what_happens_while_it_is_down)
{
    results_of_file(&r, "scenarios/operator-edge.yaml", "-n 5");
    ck_assert_double_gt(results_metric(&r, NULL, "rollout_seconds"), 20);
    results_free(&r);
    results_of_file(&r, "scenarios/operator-edge.yaml", "-n 5 --set "
                    "cluster.operators[0].trigger=edge");
    ck_assert(isnan(results_metric(&r, NULL, "rollout_seconds")));
    ck_assert(isnan(results_metric(&r, NULL, "exposed_requests")));
}
END_TEST

/* ---- phases ------------------------------------------------------------- */

#define PHASES                                                                \
    "      phases:\n"                                                         \
    "        - {name: Backup, takes: 30s}\n"                                  \
    "        - {name: SchemaChange, takes: 20s}\n"                            \
    "        - {name: Roll, roll: true}\n"                                    \
    "        - {name: Verify, takes: 60s}\n"

START_TEST(phases_follow_each_other_in_their_times)
{
    double patched, rolled;

    results_of_text(&r, EXACT OPERATOR(PHASES) UPGRADE CRD "---\n" SHOP);
    patched = results_event(&r, NULL, "Done", "", "patched", 0);
    ck_assert_double_eq(patched, 60.001);
    /* Seen after 1 ms, status written in 1 ms, seen again: 3 ms a step. */
    ck_assert_double_eq_tol(told("PhaseStarted", "Backup of generation 2"),
                            patched + 0.004, 0.002);
    ck_assert_double_eq_tol(told("PhaseStarted", "SchemaChange of generation "
                                 "2"), patched + 30, 0.01);
    ck_assert_double_eq_tol(told("PhaseStarted", "Roll of generation 2"),
                            patched + 50, 0.02);
    rolled = results_event(&r, NULL, "Complete", "deployment/shop", "", 1);
    ck_assert_double_gt(rolled, patched + 50);
    ck_assert_double_eq_tol(told("PhaseStarted", "Verify of generation 2"),
                            rolled, 0.02);
    ck_assert_double_eq_tol(told("Reconciled", "generation 2"), rolled + 60,
                            0.02);
    /* The release begins with the patch, not with the first pod. */
    ck_assert_double_eq_tol(results_metric(&r, NULL, "rollout_seconds"),
                            rolled - patched, 0.01);
}
END_TEST

/* Before the first upgrade there is nothing to back up. */
START_TEST(a_new_resource_only_rolls_out)
{
    results_of_text(&r, EXACT OPERATOR(PHASES) CRD "---\n" SHOP);
    ck_assert_double_eq(told("PhaseStarted", "Backup"), NEVER);
    ck_assert_double_le(told("Reconciled", "generation 1"), -9);
    ck_assert_double_ge(told("Reconciled", "generation 1"), -10);
}
END_TEST

/* Tries at 0, 10 and 30 s, each of 5 s: as a Job backs off. */
START_TEST(work_that_fails_is_tried_again_and_then_given_up)
{
    double began;

    results_of_text(&r, EXACT OPERATOR(
        "      phases:\n"
        "        - {name: Backup, takes: 5s, fails: 100%, backoffLimit: 2}\n"
        "        - {name: Roll, roll: true}\n")
        UPGRADE CRD "---\n" SHOP);
    began = told("PhaseStarted", "Backup");
    ck_assert_double_gt(began, 60);
    ck_assert_double_eq_tol(told("PhaseFailed", "try 1"), began + 5, 0.02);
    ck_assert_double_eq_tol(told("PhaseFailed", "try 2"), began + 5 + 15,
                            0.03);
    ck_assert_double_eq_tol(told("Failed", "BackoffLimitExceeded"),
                            began + 5 + 15 + 25, 0.04);
    ck_assert_double_eq(results_pod(&r, NULL, "shop-", "Ready", 2), NEVER);
    ck_assert(isnan(results_metric(&r, NULL, "rollout_seconds")));
}
END_TEST

START_TEST(a_rollout_that_takes_too_long_is_rolled_back)
{
    results_of_text(&r, EXACT OPERATOR(
        "      phases: [{name: Roll, roll: true, timeout: 2m, onFailure: "
        "rollback}]\n")
        "images: {\"db:2\": {readiness: never}}\n"
        UPGRADE CRD "---\n" SHOP);
    ck_assert_double_eq_tol(told("RollingBack", "Roll: timed out"), 180, 0.1);
    ck_assert_double_eq_tol(told("RolledBack", ""), 180, 1);
}
END_TEST

/* ---- level and edge ----------------------------------------------------- */

#define SCALE                                                                 \
    "actions: [{at: 60s, kubectl: \"scale deployment/shop --replicas=5\"}]\n"

START_TEST(what_is_changed_by_hand_is_changed_back_by_level)
{
    results_of_text(&r, EXACT OPERATOR("") SCALE CRD "---\n" SHOP);
    ck_assert_double_eq_tol(results_pod(&r, NULL, "shop-", "Terminating", 0),
                            60, 0.1);
    results_free(&r);
    results_of_text(&r, EXACT OPERATOR("      trigger: edge\n") SCALE CRD
                    "---\n" SHOP);
    ck_assert_double_eq(results_pod(&r, NULL, "shop-", "Terminating", 0),
                        NEVER);
    ck_assert_double_ge(results_pod(&r, NULL, "shop-", "Ready", 4), 60);
}
END_TEST

/* An owned object that is deleted is made again. */
START_TEST(what_is_deleted_is_made_again)
{
    results_of_text(&r, EXACT OPERATOR("")
                    "actions: [{at: 60s, kubectl: \"delete "
                    "deployment/shop\"}]\n" CRD "---\n" SHOP);
    ck_assert_double_eq_tol(results_pod(&r, NULL, "shop-", "Terminating", 1),
                            60, 1);
    ck_assert_double_eq_tol(results_pod(&r, NULL, "shop-", "Ready", 3), 60, 1);
}
END_TEST

/* Half of a phase is over when the process ends; the status knows. */
#define DOWN "faults: [{at: 70s, for: 60s, stop: operator, operator: db}]\n"

START_TEST(a_level_triggered_operator_goes_on_where_it_was)
{
    results_of_text(&r, EXACT OPERATOR(PHASES) DOWN UPGRADE CRD "---\n" SHOP);
    ck_assert_double_eq_tol(told("PhaseStarted", "SchemaChange"), 130, 0.1);
    ck_assert_double_gt(told("Reconciled", "generation 2"), 130 + 20 + 60);
    results_free(&r);
    results_of_text(&r, EXACT OPERATOR("      trigger: edge\n" PHASES) DOWN
                    UPGRADE CRD "---\n" SHOP);
    ck_assert_double_eq_tol(told("PhaseStarted", "Backup"), 60, 0.1);
    ck_assert_double_eq(told("PhaseStarted", "SchemaChange"), NEVER);
}
END_TEST

/* ---- finalizers, definitions -------------------------------------------- */

START_TEST(a_finalizer_keeps_a_resource_until_its_work_is_done)
{
    results_of_text(&r, EXACT OPERATOR(
        "      finalizer: {name: example.com/backup, takes: 45s}\n")
        "actions: [{at: 60s, kubectl: \"delete db/shop\"}, {at: 100s, "
        "kubectl: \"label db/shop a=b\"}, {at: 110s, kubectl: \"label db/shop "
        "a=c\"}]\n"
        CRD "---\n" SHOP);
    ck_assert_double_eq(results_event(&r, NULL, "Done", "", "database.example."
                                      "com \"shop\" deleted", 0), 60.001);
    ck_assert_double_eq_tol(told("PhaseStarted", "Finalizing"), 60, 0.1);
    ck_assert_double_gt(results_event(&r, NULL, "Done", "",
                                      "database.example.com/shop labeled", 0),
                        100);
    ck_assert_double_gt(results_event(&r, NULL, "Refused", "", "Error from "
                                      "server (NotFound): databases.example."
                                      "com \"shop\" not found", 0), 110);
    ck_assert_double_eq_tol(results_pod(&r, NULL, "shop-", "Terminating", 0),
                            105, 0.2);
}
END_TEST

START_TEST(a_resource_needs_its_definition_first)
{
    results_of_text(&r, EXACT OPERATOR("")
        "actions:\n"
        "  - at: 60s\n"
        "    kubectl: apply -f -\n"
        "    stdin: '" "{apiVersion: example.com/v1, kind: Database, metadata: "
        "{name: shop}, spec: {version: \"1\", replicas: 2}}'\n"
        "  - at: 90s\n"
        "    kubectl: apply -f -\n"
        "    stdin: |\n"
        "      apiVersion: apiextensions.k8s.io/v1\n"
        "      kind: CustomResourceDefinition\n"
        "      metadata: {name: databases.example.com}\n"
        "      spec:\n"
        "        group: example.com\n"
        "        names: {kind: Database, plural: databases}\n"
        "        scope: Namespaced\n"
        "        versions: [{name: v1, served: true, storage: true}]\n"
        "  - at: 120s\n"
        "    kubectl: apply -f -\n"
        "    stdin: '" "{apiVersion: example.com/v1, kind: Database, metadata: "
        "{name: shop}, spec: {version: \"1\", replicas: 2}}'\n");
    ck_assert_double_gt(results_event(&r, NULL, "Refused", "", "ensure CRDs "
                                      "are installed first", 0), 60);
    ck_assert_double_gt(results_event(&r, NULL, "Done", "",
                                      "database.example.com/shop created", 0),
                        120);
    ck_assert_double_eq_tol(results_pod(&r, NULL, "shop-", "Ready", 1), 120,
                            1);
}
END_TEST

/* What the operator asks for and the resource does not say. */
START_TEST(a_resource_that_lacks_something_fails_until_it_is_corrected)
{
    results_of_text(&r, EXACT OPERATOR("")
        "actions:\n"
        "  - {at: 60s, kubectl: \"patch db/shop --type=merge -p '{spec: "
        "{version: null}}'\"}\n"
        "  - {at: 90s, kubectl: \"patch db/shop --type=merge -p '{spec: "
        "{version: \\\"3\\\"}}'\"}\n"
        "  - {at: 99s, kubectl: \"patch db/shop -p '{spec: {version: "
        "\\\"4\\\"}}'\"}\n"
        CRD "---\n" SHOP);
    ck_assert_double_eq_tol(told("Failed", "has no spec.version"), 60, 0.1);
    ck_assert_double_eq_tol(told("Reconciled", "generation 3"), 90, 1);
    ck_assert_double_gt(results_event(&r, NULL, "Refused", "",
                                      "UnsupportedMediaType", 0), 99);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("operators");
    TCase *tc = tcase_create("operators");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_verification_that_fails_brings_the_old_version_back);
    tcase_add_test(tc,
        an_edge_triggered_operator_misses_what_happens_while_it_is_down);
    tcase_add_test(tc, phases_follow_each_other_in_their_times);
    tcase_add_test(tc, a_new_resource_only_rolls_out);
    tcase_add_test(tc, work_that_fails_is_tried_again_and_then_given_up);
    tcase_add_test(tc, a_rollout_that_takes_too_long_is_rolled_back);
    tcase_add_test(tc, what_is_changed_by_hand_is_changed_back_by_level);
    tcase_add_test(tc, what_is_deleted_is_made_again);
    tcase_add_test(tc, a_level_triggered_operator_goes_on_where_it_was);
    tcase_add_test(tc, a_finalizer_keeps_a_resource_until_its_work_is_done);
    tcase_add_test(tc, a_resource_needs_its_definition_first);
    tcase_add_test(tc,
        a_resource_that_lacks_something_fails_until_it_is_corrected);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
