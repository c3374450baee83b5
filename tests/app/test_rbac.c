/* RBAC: who may do what, and what the API server says to the others. */
#include <math.h>
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

#define EXACT                                                                 \
    "kind: Scenario\n"                                                        \
    "run: {duration: 60s, warmup: 10s, replications: 1}\n"                    \
    "cluster: {profile: exact, nodes: [{name: n, count: 1}]}\n"

#define WEB(account)                                                          \
    "---\n"                                                                   \
    "apiVersion: apps/v1\n"                                                   \
    "kind: Deployment\n"                                                      \
    "metadata: {name: web, namespace: shop}\n"                                \
    "spec:\n"                                                                 \
    "  replicas: 2\n"                                                         \
    "  selector: {matchLabels: {app: web}}\n"                                 \
    "  template:\n"                                                           \
    "    metadata: {labels: {app: web}}\n"                                    \
    "    spec:\n"                                                             \
    "      " account "\n"                                                     \
    "      containers: [{name: web, image: \"web:1\"}]\n"

#define RBAC "---\napiVersion: rbac.authorization.k8s.io/v1\n"
#define ROLE(rules) RBAC "kind: Role\nmetadata: {name: x, namespace: shop}\n" \
                         "rules: [" rules "]\n"
#define CLUSTERROLE(meta, rules) RBAC "kind: ClusterRole\nmetadata: {" meta   \
                                      "}\nrules: [" rules "]\n"
#define BIND(kind, name, subject)                                             \
    RBAC "kind: RoleBinding\nmetadata: {name: b, namespace: shop}\n"          \
         "roleRef: {kind: " kind ", name: " name "}\n"                        \
         "subjects: [" subject "]\n"
#define BIND_ALL(name, subject)                                               \
    RBAC "kind: ClusterRoleBinding\nmetadata: {name: b}\n"                    \
         "roleRef: {kind: ClusterRole, name: " name "}\n"                     \
         "subjects: [" subject "]\n"
#define JANE "{kind: User, name: jane}"
#define FORBIDDEN(object, verb, resource, group, where)                       \
    "Error from server (Forbidden): " object " is forbidden: User \"jane\" "  \
    "cannot " verb " resource \"" resource "\" in API group \"" group "\" "   \
    where
#define SHOP "in the namespace \"shop\""
#define WEB_NO(verb) FORBIDDEN("deployments.apps \"web\"", verb,              \
                               "deployments", "apps", SHOP)
#define READ "{apiGroups: [apps], resources: [deployments, replicasets], "    \
             "verbs: [get, list]}"

static const struct {
    const char *rules, *command, *refused;      /* NULL: it is done */
} rows[] = {
    { "", "scale deployment/web --replicas=3 -n shop", NULL },
    { "", "scale deployment/web --replicas=3 -n shop --as=jane",
      WEB_NO("get") },
    { ROLE(READ) BIND("Role", "x", JANE),
      "scale deployment/web --replicas=3 -n shop --as=jane",
      FORBIDDEN("deployments.apps \"web\"", "patch", "deployments/scale",
                "apps", SHOP) },
    { ROLE(READ ", {apiGroups: [apps], resources: [deployments/scale], "
           "verbs: [patch]}") BIND("Role", "x", JANE),
      "scale deployment/web --replicas=3 -n shop --as=jane", NULL },
    { ROLE(READ ", {apiGroups: [apps], resources: [\"*/scale\"], verbs: "
           "[patch]}") BIND("Role", "x", JANE),
      "scale deployment/web --replicas=3 -n shop --as=jane", NULL },
    { ROLE(READ ", {apiGroups: [\"\"], resources: [deployments], verbs: "
           "[patch]}") BIND("Role", "x", JANE),
      "set image deployment/web web=web:2 -n shop --as=jane",
      WEB_NO("patch") },
    { ROLE("{apiGroups: [\"*\"], resources: [\"*\"], verbs: [\"*\"], "
           "resourceNames: [db]}") BIND("Role", "x", JANE),
      "set image deployment/web web=web:2 -n shop --as=jane",
      WEB_NO("get") },
    { ROLE("{apiGroups: [\"*\"], resources: [\"*\"], verbs: [\"*\"], "
           "resourceNames: [web]}") BIND("Role", "x", JANE),
      "set image deployment/web web=web:2 -n shop --as=jane", NULL },
    { ROLE(READ) BIND("Role", "x", "{kind: User, name: john}"),
      "set image deployment/web web=web:2 -n shop --as=jane",
      WEB_NO("get") },
    { BIND("ClusterRole", "edit", JANE),
      "set image deployment/web web=web:2 -n shop --as=jane", NULL },
    { BIND("ClusterRole", "edit", JANE), "cordon n-0 --as=jane",
      FORBIDDEN("nodes \"n-0\"", "get", "nodes", "",
                "at the cluster scope") },
    { BIND_ALL("edit", JANE),
      "set image deployment/web web=web:2 -n shop --as=jane", NULL },
    { BIND_ALL("cluster-admin", JANE), "cordon n-0 --as=jane", NULL },
    { BIND("ClusterRole", "view", JANE),
      "delete pods -l app=web -n shop --as=jane",
      "Error from server (Forbidden): pods \"web-" },
    { BIND("ClusterRole", "gone", JANE),
      "set image deployment/web web=web:2 -n shop --as=jane",
      WEB_NO("get") ": RBAC: clusterrole.rbac.authorization.k8s.io \"gone\" "
      "not found" },
    { BIND("ClusterRole", "edit", "{kind: Group, name: devs}"),
      "set image deployment/web web=web:2 -n shop --as=jane --as-group=ops "
      "--as-group=devs", NULL },
    { BIND("ClusterRole", "edit", "{kind: ServiceAccount, name: ci, "
           "namespace: build}"), "set image deployment/web web=web:2 -n shop "
      "--as=system:serviceaccount:build:ci", NULL },
    { BIND("ClusterRole", "edit", "{kind: Group, name: "
           "\"system:serviceaccounts:build\"}"),
      "set image deployment/web web=web:2 -n shop "
      "--as=system:serviceaccount:build:ci", NULL },
    { BIND("ClusterRole", "edit", "{kind: Group, name: "
           "\"system:serviceaccounts:buil\"}"),
      "set image deployment/web web=web:2 -n shop "
      "--as=system:serviceaccount:build:ci", "User \"system:serviceaccount:"
      "build:ci\" cannot get" },
    { "", "cordon n-0 --as=root --as-group=system:masters", NULL },
    { BIND("ClusterRole", "view", JANE)
      CLUSTERROLE("name: more, labels: {rbac.authorization.k8s.io/"
      "aggregate-to-view: \"true\"}", "{apiGroups: [apps], resources: "
      "[deployments], verbs: [patch]}"),
      "set image deployment/web web=web:2 -n shop --as=jane", NULL },
    { ROLE("{apiGroups: [apps], resources: [deployments], verbs: [get, "
           "patch]}") BIND("Role", "x", JANE),
      "rollout undo deployment/web -n shop --as=jane",
      FORBIDDEN("replicasets.apps", "list", "replicasets", "apps", SHOP) },
    { ROLE("{apiGroups: [\"\"], resources: [services], verbs: [get]}, " READ)
      BIND("Role", "x", JANE),
      "expose deployment/web --port=80 -n shop --as=jane",
      FORBIDDEN("services", "create", "services", "", SHOP) },
};

START_TEST(rights_only_add_up)
{
    struct arena *a = arena_new();

    results_of_text(&r, arena_printf(
        a, EXACT "actions: [{at: 20s, kubectl: \"%s\"}]\n" WEB("serviceAccountName: default") "%s",
        rows[_i].command, rows[_i].rules));
    if (rows[_i].refused)
        ck_assert_msg(results_event(&r, NULL, "Refused", "", rows[_i].refused,
                                    0) > 20, "%d: %s is not refused: %s", _i,
                      rows[_i].command, rows[_i].refused);
    else
        ck_assert_msg(results_event(&r, NULL, "Refused", "", "", 0) == NEVER &&
                      results_event(&r, NULL, "Done", "", "", 0) > 20,
                      "%d: %s is refused", _i, rows[_i].command);
    arena_free(a);
}
END_TEST

START_TEST(the_one_on_call_may_not_undo)
{
    results_of_file(&r, "scenarios/rbac.yaml", "-n 1");
    ck_assert_double_ge(results_event(&r, "first-line-reads", "Refused", "",
        "Error from server (Forbidden): deployments.apps \"cart\" is "
        "forbidden: User \"oncall\" cannot patch resource \"deployments\" in "
        "API group \"apps\" in the namespace \"default\"", 0), 240);
    ck_assert_double_gt(results_metric(&r, "first-line-reads",
                                       "failed_error"), 2000);
    ck_assert_double_lt(results_metric(&r, "first-line-edits",
                                       "failed_error"), 800);
    ck_assert_double_gt(results_metric(&r, "first-line-reads",
                                       "mitigation_seconds"), 600);
    ck_assert_double_lt(results_metric(&r, "first-line-edits",
                                       "mitigation_seconds"), 60);
}
END_TEST

/* ---- accounts ----------------------------------------------------------- */

#define ACCOUNT(name, space)                                                  \
    "---\napiVersion: v1\nkind: ServiceAccount\n"                             \
    "metadata: {name: " name ", namespace: " space "}\n"

START_TEST(the_account_of_a_pod_must_be_there)
{
    results_of_text(&r, EXACT WEB("serviceAccountName: robot")
                    ACCOUNT("other", "shop"));
    ck_assert_double_ge(results_event(&r, NULL, "FailedCreate",
        "replicaset/web-", "is forbidden: error looking up service account "
        "shop/robot: serviceaccount \"robot\" not found", 0), -10);
    ck_assert_double_eq(results_pod(&r, NULL, "web-", "Ready", 0), NEVER);
    results_free(&r);
    results_of_text(&r, EXACT WEB("serviceAccountName: robot")
                    ACCOUNT("robot", "shop"));
    ck_assert_double_gt(results_pod(&r, NULL, "web-", "Ready", 0), NEVER);
}
END_TEST

#define ROLLOUT                                                               \
    "---\n"                                                                   \
    "apiVersion: argoproj.io/v1alpha1\n"                                      \
    "kind: Rollout\n"                                                         \
    "metadata: {name: web}\n"                                                 \
    "spec:\n"                                                                 \
    "  replicas: 2\n"                                                         \
    "  selector: {matchLabels: {app: web}}\n"                                 \
    "  strategy: {blueGreen: {activeService: web}}\n"                         \
    "  template:\n"                                                           \
    "    metadata: {labels: {app: web}}\n"                                    \
    "    spec: {containers: [{name: web, image: \"web:1\"}]}\n"               \
    "---\n"                                                                   \
    "apiVersion: v1\n"                                                        \
    "kind: Service\n"                                                         \
    "metadata: {name: web}\n"                                                 \
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n"

#define CONTROLLER(services)                                                  \
    ACCOUNT("argo-rollouts", "argo-rollouts")                                 \
    CLUSTERROLE("name: argo-rollouts",                                        \
                "{apiGroups: [argoproj.io], resources: [\"*\"], verbs: "      \
                "[\"*\"]}, {apiGroups: [apps], resources: [replicasets], "    \
                "verbs: [\"*\"]}, {apiGroups: [\"\"], resources: [services], "\
                "verbs: " services "}")                                       \
    BIND_ALL("argo-rollouts", "{kind: ServiceAccount, name: argo-rollouts, "  \
             "namespace: argo-rollouts}")

START_TEST(a_controller_has_the_rights_of_its_account)
{
    static const char release[] =
        "release: {at: 10s, workload: rollout/web, images: {web: \"web:2\"}}"
        "\ntraffic: [{to: service/web, rate: 5/s}]\n";
    struct arena *a = arena_new();

    results_of_text(&r, arena_printf(a, EXACT "%s" ROLLOUT
                    CONTROLLER("[get, list, watch, patch]"), release));
    ck_assert_double_lt(results_metric(&r, NULL, "rollout_seconds"), 10);
    results_free(&r);
    results_of_text(&r, arena_printf(a, EXACT "%s" ROLLOUT
                    CONTROLLER("[get, list, watch]"), release));
    ck_assert(isnan(results_metric(&r, NULL, "rollout_seconds")));
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rbac");
    TCase *tc = tcase_create("rbac");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, rights_only_add_up, 0, COUNT_OF(rows));
    tcase_add_test(tc, the_one_on_call_may_not_undo);
    tcase_add_test(tc, the_account_of_a_pod_must_be_there);
    tcase_add_test(tc, a_controller_has_the_rights_of_its_account);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
