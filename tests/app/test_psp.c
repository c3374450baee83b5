/* PodSecurityPolicy of 1.20: who may use which, and what fits. */
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

#define SCENARIO                                                              \
    "kind: Scenario\nrun: {duration: 60s, warmup: 0s, replications: 1}\n"     \
    "cluster: {profile: exact, kubernetes: \"1.20\"}\n"
#define ANY "seLinux: {rule: RunAsAny}, supplementalGroups: {rule: RunAsAny}"
#define POLICY(name, more)                                                    \
    "---\napiVersion: policy/v1beta1\nkind: PodSecurityPolicy\n"              \
    "metadata: {name: " name "}\nspec: {" ANY ", " more "}\n"
#define OPEN "runAsUser: {rule: RunAsAny}, fsGroup: {rule: RunAsAny}"
#define SECRETS OPEN ", volumes: [secret, emptyDir]"
#define GRANT(names)                                                          \
    "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"      \
    "metadata: {name: use}\nrules: [{apiGroups: [policy], resources: "        \
    "[podsecuritypolicies], verbs: [use], resourceNames: [" names "]}]\n"     \
    "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n"      \
    "metadata: {name: use}\nroleRef: {apiGroup: rbac.authorization.k8s.io, "  \
    "kind: ClusterRole, name: use}\nsubjects: [{kind: Group, apiGroup: "      \
    "rbac.authorization.k8s.io, name: \"system:serviceaccounts\"}]\n"
#define SET(pod)                                                              \
    "---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: p}\nspec:\n" \
    "  replicas: 1\n  selector: {matchLabels: {app: p}}\n  template:\n"       \
    "    metadata: {labels: {app: p}}\n    spec: {" pod "}\n"
#define C(more) "containers: [{name: c, image: \"x:1\"" more "}]"

#define AT "spec.containers[0].securityContext."

/* A policy that the pod may use, the pod, and why it is refused (NULL: it is
 * not). */
static const struct {
    const char *policy, *pod, *refused;
} rows[] = {
    { POLICY("a", SECRETS), SET(C("")), NULL },
    { POLICY("a", SECRETS), SET(C(", securityContext: {privileged: true}")),
      "[" AT "privileged: Invalid value: true: Privileged containers are not "
      "allowed]" },
    { POLICY("a", SECRETS ", privileged: true"),
      SET(C(", securityContext: {privileged: true}")), NULL },
    { POLICY("a", OPEN ", volumes: [emptyDir]"), SET(C("")),
      "[spec.volumes[0]: Invalid value: \"secret\": secret volumes are not "
      "allowed to be used]" },
    { POLICY("a", OPEN ", volumes: [emptyDir]"),
      SET("automountServiceAccountToken: false, " C("")), NULL },
    { POLICY("a", SECRETS), SET("volumes: [{name: v, hostPath: {path: /etc}}], "
                                C("")),
      "[spec.volumes[0]: Invalid value: \"hostPath\": hostPath volumes are not "
      "allowed to be used]" },
    { POLICY("a", OPEN ", volumes: [\"*\"], allowedHostPaths: [{pathPrefix: "
             "/var/tmp}]"),
      SET("volumes: [{name: v, hostPath: {path: /var/tmpfs}}], " C("")),
      "[spec.volumes[0].hostPath.pathPrefix: Invalid value: \"/var/tmpfs\": is "
      "not allowed to be used]" },
    { POLICY("a", OPEN ", volumes: [\"*\"], allowedHostPaths: [{pathPrefix: "
             "/var/tmp/}]"),
      SET("volumes: [{name: v, hostPath: {path: /var/tmp/x}}], " C("")), NULL },
    { POLICY("a", SECRETS), SET("hostNetwork: true, hostPID: true, " C("")),
      "[spec.securityContext.hostNetwork: Invalid value: true: Host network is "
      "not allowed to be used spec.securityContext.hostPID: Invalid value: "
      "true: Host PID is not allowed to be used]" },
    { POLICY("a", SECRETS ", hostPorts: [{min: 80, max: 80}, {min: 8000, max: "
             "8080}]"),
      SET(C(", ports: [{containerPort: 90, hostPort: 90}]")),
      "[spec.containers[0].hostPort: Invalid value: 90: Host port 90 is not "
      "allowed to be used. Allowed ports: [80,8000-8080]]" },
    { POLICY("a", SECRETS ", allowedCapabilities: [NET_ADMIN]"),
      SET(C(", securityContext: {capabilities: {add: [NET_ADMIN, "
            "SYS_TIME]}}")),
      "[" AT "capabilities.add: Invalid value: \"SYS_TIME\": capability may "
      "not be added]" },
    { POLICY("a", SECRETS ", allowPrivilegeEscalation: false"),
      SET(C(", securityContext: {allowPrivilegeEscalation: true}")),
      "[" AT "allowPrivilegeEscalation: Invalid value: true: Allowing "
      "privilege escalation for containers is not allowed]" },
    { POLICY("a", SECRETS ", allowPrivilegeEscalation: false"), SET(C("")),
      NULL },
    { POLICY("a", "volumes: [secret], fsGroup: {rule: RunAsAny}, runAsUser: "
             "{rule: MustRunAsNonRoot}"),
      SET("securityContext: {runAsUser: 0}, " C("")),
      "[" AT "runAsUser: Invalid value: 0: running with the root UID is "
      "forbidden]" },
    { POLICY("a", "volumes: [secret], fsGroup: {rule: MustRunAs, ranges: "
             "[{min: 1, max: 9}]}, runAsUser: {rule: MustRunAs, ranges: "
             "[{min: 5, max: 7}, {min: 9, max: 9}]}"),
      SET("securityContext: {runAsUser: 8, fsGroup: 0}, " C("")),
      "[spec.securityContext.fsGroup: Invalid value: []int64{0}: group 0 must "
      "be in the ranges: [{1 9}] " AT "runAsUser: Invalid value: 8: must be in "
      "the ranges: [{5 7} {9 9}]]" },
    { POLICY("a", SECRETS ", readOnlyRootFilesystem: true"),
      SET(C(", securityContext: {readOnlyRootFilesystem: false}")),
      "[" AT "readOnlyRootFilesystem: Invalid value: false: "
      "ReadOnlyRootFilesystem must be set to true]" },
    /* two policies, and what is wrong by both; one that it may not use */
    { POLICY("b", SECRETS) POLICY("a", OPEN ", volumes: [secret]"),
      SET("hostIPC: true, " C("")),
      "[spec.securityContext.hostIPC: Invalid value: true: Host IPC is not "
      "allowed to be used spec.securityContext.hostIPC: Invalid value: true: "
      "Host IPC is not allowed to be used]" },
    { POLICY("other", SECRETS), SET(C("")), "unable to admit pod: []" },
};

START_TEST(pods_need_a_policy_that_fits)
{
    struct arena *a = arena_new();

    results_of_text(&r, arena_printf(a, "%s%s%s%s", SCENARIO,
                                     rows[_i].policy, GRANT("a, b"),
                                     rows[_i].pod));
    if (rows[_i].refused)
        ck_assert_msg(results_event(&r, NULL, "FailedCreate", "replicaset/p",
                                    rows[_i].refused, 0) > -20,
                      "%d: no \"%s\"", _i, rows[_i].refused);
    else
        ck_assert_msg(results_pod(&r, NULL, "p-", "Ready", 0) > -20,
                      "%d: refused", _i);
    arena_free(a);
}
END_TEST

/* By name; but one that need not fill anything in comes first. */
START_TEST(policies_that_change_nothing_are_preferred)
{
#define FILLS SECRETS ", requiredDropCapabilities: [ALL]"
    results_of_text(&r, SCENARIO POLICY("c", SECRETS) POLICY("a", FILLS)
                    POLICY("b", SECRETS) GRANT("a, b, c") SET(C("")));
    ck_assert_double_ge(results_event(&r, NULL, "PodSecurityPolicy", "p-",
                                      "admit-policy: b", 0), 0);
    results_free(&r);
    results_of_text(&r, SCENARIO POLICY("v", FILLS) POLICY("u", FILLS)
                    GRANT("u, v") SET(C("")));
    ck_assert_double_ge(results_event(&r, NULL, "PodSecurityPolicy", "p-",
                                      "admit-policy: u", 0), 0);
}
END_TEST

START_TEST(who_types_a_pod_may_use_all)
{
    results_of_text(&r, SCENARIO POLICY("other", SECRETS)
                    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: bare}\n"
                    "spec: {" C("") "}\n");
    ck_assert_double_ge(results_event(&r, NULL, "PodSecurityPolicy", "bare",
                                      "admit-policy: other", 0), 0);
}
END_TEST

START_TEST(without_policies_nobody_is_asked)
{
    results_of_text(&r, SCENARIO SET(C(", securityContext: {privileged: "
                                       "true}")));
    ck_assert_double_gt(results_pod(&r, NULL, "p-", "Ready", 0), -20);
}
END_TEST

/* The right is given at 240 s; the ReplicaSet tries again after 5 ms x 2^n. */
START_TEST(the_right_comes_too_late_by_a_back_off)
{
    results_of_file(&r, "scenarios/pod-security-policy.yaml", "-n 1");
    ck_assert_double_gt(results_event(&r, "no right yet", "FailedCreate",
        "replicaset/edge-", "Host port 80 is not allowed to be used. Allowed "
        "ports: []", 0), 60);
    ck_assert_double_gt(results_metric(&r, "no right yet", "rollout_seconds"),
                        300);
    ck_assert_double_lt(results_metric(&r, "no right yet", "rollout_seconds"),
                        400);
    ck_assert_double_lt(results_metric(&r, "the right from the start",
                                       "rollout_seconds"), 40);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("psp");
    TCase *tc = tcase_create("psp");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, pods_need_a_policy_that_fits, 0, COUNT_OF(rows));
    tcase_add_test(tc, policies_that_change_nothing_are_preferred);
    tcase_add_test(tc, who_types_a_pod_may_use_all);
    tcase_add_test(tc, without_policies_nobody_is_asked);
    tcase_add_test(tc, the_right_comes_too_late_by_a_back_off);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
