/* Pod Security admission: which pods are refused, in the server's words. */
#include <math.h>
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

#define SCENARIO(version)                                                     \
    "kind: Scenario\n"                                                        \
    "run: {duration: 30s, warmup: 10s, replications: 1}\n"                    \
    "cluster: {profile: exact, kubernetes: \"" version "\"}\n"

#define SPACE(labels)                                                         \
    "---\napiVersion: v1\nkind: Namespace\n"                                  \
    "metadata: {name: shop, labels: {" labels "}}\n"
#define ENFORCE(level) SPACE("pod-security.kubernetes.io/enforce: " level)

#define SET(spec)                                                             \
    "---\napiVersion: apps/v1\nkind: ReplicaSet\n"                            \
    "metadata: {name: p, namespace: shop}\n"                                  \
    "spec: {selector: {matchLabels: {a: p}}, template: {metadata: {labels: "  \
    "{a: p}}, spec: {" spec "}}}\n"
#define C(more) "containers: [{name: c, image: \"x:1\"" more "}]"
#define SAFE "runAsNonRoot: true, allowPrivilegeEscalation: false, "          \
             "capabilities: {drop: [ALL]}, seccompProfile: {type: "           \
             "RuntimeDefault}"

static const struct {
    const char *level, *spec, *refused;         /* NULL: it is admitted */
} rows[] = {
    { "privileged", C("") ", hostNetwork: true", NULL },
    { "baseline", C(""), NULL },
    { "baseline", C("") ", hostNetwork: true, hostIPC: true",
      "violates PodSecurity \"baseline:latest\": host namespaces "
      "(hostNetwork=true, hostIPC=true)" },
    { "baseline", C(", securityContext: {privileged: true}"),
      "\"baseline:latest\": privileged (container \"c\" must not set "
      "securityContext.privileged=true)" },
    { "baseline", C(", ports: [{containerPort: 80, hostPort: 80}]"),
      "hostPort (container \"c\" uses hostPort 80)" },
    { "baseline", C("") ", volumes: [{name: v, hostPath: {path: /x}}]",
      "hostPath volumes (volume \"v\")" },
    { "baseline", C(", securityContext: {capabilities: {add: [NET_ADMIN, "
      "CHOWN]}}"), "non-default capabilities (container \"c\" must not "
      "include \"NET_ADMIN\" in securityContext.capabilities.add)" },
    { "baseline", C(", securityContext: {seccompProfile: {type: "
      "Unconfined}}"), "seccompProfile (container \"c\" must not set "
      "securityContext.seccompProfile.type to \"Unconfined\")" },
    { "baseline", C("") ", securityContext: {sysctls: [{name: "
      "kernel.msgmax, value: \"1\"}]}", "forbidden sysctls (kernel.msgmax)" },
    { "baseline", C("") ", securityContext: {seLinuxOptions: {type: spc_t, "
      "user: u}}", "seLinuxOptions (pod set forbidden "
      "securityContext.seLinuxOptions: type \"spc_t\"; user may not be set)" },
    { "restricted", C(""), "pods \"p-" },
    { "restricted", C(""), "violates PodSecurity \"restricted:latest\": "
      "allowPrivilegeEscalation != false (container \"c\" must set "
      "securityContext.allowPrivilegeEscalation=false), unrestricted "
      "capabilities (container \"c\" must set "
      "securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != true "
      "(pod or container \"c\" must set securityContext.runAsNonRoot=true), "
      "seccompProfile (pod or container \"c\" must set "
      "securityContext.seccompProfile.type to \"RuntimeDefault\" or "
      "\"Localhost\")" },
    { "restricted", C(", securityContext: {" SAFE "}"), NULL },
    { "restricted", C(", securityContext: {" SAFE "}") ", initContainers: "
      "[{name: i, image: \"x:1\"}]", "allowPrivilegeEscalation != false "
      "(container \"i\" must set" },
    { "restricted", C(", securityContext: {" SAFE "}") ", volumes: [{name: "
      "v, hostPath: {path: /x}}]", "\"restricted:latest\": hostPath volumes "
      "(volume \"v\"), restricted volume types (volume \"v\" uses restricted "
      "volume type \"hostPath\")" },
    { "restricted", C(", securityContext: {" SAFE ", runAsUser: 0}"),
      "runAsUser=0 (container \"c\" must not set runAsUser=0)" },
    { "restricted", C(", securityContext: {" SAFE "}") ", securityContext: "
      "{runAsNonRoot: false}", "runAsNonRoot != true (pod must not set "
      "securityContext.runAsNonRoot=false)" },
};

START_TEST(pods_are_held_to_the_level_of_their_namespace)
{
    struct arena *a = arena_new();

    results_of_text(&r, arena_printf(
        a, SCENARIO("1.36") "---\napiVersion: v1\nkind: Namespace\n"
        "metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: "
        "%s}}\n---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: "
        "p, namespace: shop}\nspec: {selector: {matchLabels: {a: p}}, "
        "template: {metadata: {labels: {a: p}}, spec: {%s}}}\n",
        rows[_i].level, rows[_i].spec));
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

START_TEST(older_clusters_do_not_know_it)
{
    results_of_text(&r, SCENARIO("1.20") ENFORCE("restricted") SET(C("")));
    ck_assert_double_gt(results_pod(&r, NULL, "p-", "Ready", 0), -20);
}
END_TEST

START_TEST(warnings_are_printed_and_audits_noted)
{
    results_of_text(&r, SCENARIO("1.36")
                    "actions:\n"
                    "  - {at: 5s, kubectl: \"patch rs p -n shop -p '{spec: "
                    "{template: {spec: {hostPID: true}}}}'\"}\n"
                    SPACE("pod-security.kubernetes.io/warn: baseline, "
                          "pod-security.kubernetes.io/audit: baseline")
                    SET(C("")));
    ck_assert_double_gt(results_event(&r, NULL, "Done", "", "Warning: would "
        "violate PodSecurity \"baseline:latest\": host namespaces "
        "(hostPID=true)", 0), 5);
    ck_assert_double_gt(results_event(&r, NULL, "PodSecurity", "p", "would "
        "violate", 0), 5);
    ck_assert_double_gt(results_pod(&r, NULL, "p-", "Ready", 0), -20);
}
END_TEST

START_TEST(warnings_are_about_cron_jobs_too)
{
    results_of_text(&r, SCENARIO("1.36")
                    "actions:\n"
                    "  - {at: 5s, kubectl: \"patch cronjob c -n shop -p "
                    "'{spec: {jobTemplate: {spec: {template: {spec: {hostPID: "
                    "true}}}}}}'\"}\n"
                    SPACE("pod-security.kubernetes.io/warn: baseline")
                    "---\napiVersion: batch/v1\nkind: CronJob\n"
                    "metadata: {name: c, namespace: shop}\n"
                    "spec: {schedule: \"0 3 * * *\", jobTemplate: {spec: "
                    "{template: {spec: {restartPolicy: Never, containers: "
                    "[{name: c, image: \"x:1\"}]}}}}}\n");
    ck_assert_double_gt(results_event(&r, NULL, "Done", "", "Warning: would "
        "violate PodSecurity \"baseline:latest\": host namespaces "
        "(hostPID=true)", 0), 5);
}
END_TEST

START_TEST(a_version_that_is_not_admitted_stops)
{
    results_of_file(&r, "scenarios/pod-security.yaml", "-n 1");
    ck_assert_double_gt(results_event(&r, "restricted", "Done", "",
        "Warning: would violate PodSecurity \"restricted:latest\": host "
        "namespaces (hostNetwork=true)", 0), 60);
    ck_assert_double_gt(results_event(&r, "restricted", "FailedCreate",
        "replicaset/edge-", "host namespaces (hostNetwork=true)", 0), 60);
    ck_assert_double_gt(results_event(&r, "restricted",
        "Progressing=False/ProgressDeadlineExceeded", "deployment/edge", "",
        0), 600);
    ck_assert_double_eq(results_metric(&r, "restricted", "failed_requests"),
                        0);
    ck_assert_double_lt(results_event(&r, "privileged", "Complete",
                                      "deployment/edge", "", 1), 120);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("podsecurity");
    TCase *tc = tcase_create("podsecurity");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, pods_are_held_to_the_level_of_their_namespace, 0,
                        COUNT_OF(rows));
    tcase_add_test(tc, older_clusters_do_not_know_it);
    tcase_add_test(tc, warnings_are_printed_and_audits_noted);
    tcase_add_test(tc, warnings_are_about_cron_jobs_too);
    tcase_add_test(tc, a_version_that_is_not_admitted_stops);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
