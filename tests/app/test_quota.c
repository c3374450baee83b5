/* ResourceQuota: what is refused, in which words, and when room is seen. */
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
    "cluster: {profile: exact}\n"

#define QUOTA(spec)                                                           \
    "---\n"                                                                   \
    "apiVersion: v1\n"                                                        \
    "kind: ResourceQuota\n"                                                   \
    "metadata: {name: few}\n"                                                 \
    "spec: " spec "\n"

#define DEPLOYMENT(replicas, container, more)                                 \
    "---\n"                                                                   \
    "apiVersion: apps/v1\n"                                                   \
    "kind: Deployment\n"                                                      \
    "metadata: {name: web}\n"                                                 \
    "spec:\n"                                                                 \
    "  replicas: " #replicas "\n"                                             \
    "  selector: {matchLabels: {app: web}}\n"                                 \
    "  template:\n"                                                           \
    "    metadata: {labels: {app: web}}\n"                                    \
    "    spec:\n"                                                             \
    "      containers: [{name: web, image: \"web:1\"" container "}]\n" more

/* When a creation was refused in these words for the first time. */
static double refused(const char *words)
{
    return results_event(&r, NULL, "FailedCreate", "replicaset/web-", words,
                         0);
}

static double ready(int n)
{
    return results_pod(&r, NULL, "web-", "Ready", n);
}

/* ---- the scenario ------------------------------------------------------- */

START_TEST(without_room_the_surge_never_comes)
{
    results_of_file(&r, "scenarios/quota.yaml", "-n 2");
    ck_assert(isnan(results_metric(&r, "surge-only", "rollout_seconds")));
    ck_assert_double_eq(results_metric(&r, "surge-only", "mixed_seconds"), 0);
    ck_assert_double_eq(results_metric(&r, "surge-only", "peak_pods"), 8);
    ck_assert_double_gt(results_event(&r, "surge-only",
        "ReplicaFailure=True/FailedCreate", "deployment/search",
        "exceeded quota: team-search, requested: pods=1,requests.cpu=250m, "
        "used: pods=8,requests.cpu=2, limited: pods=8,requests.cpu=2", 0),
        60);
    ck_assert_double_lt(results_metric(&r, "no-surge", "rollout_seconds"),
                        120);
}
END_TEST

/* ---- what is refused ---------------------------------------------------- */

START_TEST(creations_are_tried_again_with_doubled_waits)
{
    double t[3] = { 0 }, next;
    int n = 0;

    results_of_text(&r, EXACT QUOTA("{hard: {pods: 1}}")
                    DEPLOYMENT(2, "", ""));
    ck_assert_double_ge(ready(0), 0);
    ck_assert_double_eq(ready(1), NEVER);
    ck_assert_double_ge(refused("exceeded quota: few, requested: pods=1, "
                                "used: pods=1, limited: pods=1"), 0);
    for (;; n++) {
        next = results_event(&r, NULL, "FailedCreate", "replicaset/web-",
                             "exceeded", n);
        if (next == NEVER)
            break;
        t[0] = t[1];
        t[1] = t[2];
        t[2] = next;
    }
    ck_assert_int_ge(n, 14);    /* 5 ms * 2^17 is 655 s */
    ck_assert_double_gt(t[2], 200);
    ck_assert_double_eq_tol((t[2] - t[1]) / (t[1] - t[0]), 2, 0.01);
}
END_TEST

START_TEST(a_pod_must_say_what_it_wants)
{
    results_of_text(&r, EXACT QUOTA("{hard: {limits.memory: 1Gi, cpu: 4}}")
                    DEPLOYMENT(1, ", resources: {requests: {cpu: 1}}", ""));
    ck_assert_double_ge(refused("is forbidden: failed quota: few: must "
                                "specify limits.memory for: web"), 0);
    ck_assert_double_eq(ready(0), NEVER);
}
END_TEST

START_TEST(the_old_words_are_shorter)
{
    results_of_text(&r, "kind: Scenario\n"
                    "run: {duration: 1m, warmup: 0s, replications: 1}\n"
                    "cluster: {profile: exact, kubernetes: \"1.20\"}\n"
                    QUOTA("{hard: {limits.memory: 1Gi, requests.cpu: 4}}")
                    DEPLOYMENT(1, "", ""));
    ck_assert_double_ge(refused("must specify limits.memory,requests.cpu"),
                        0);
}
END_TEST

START_TEST(sums_are_those_of_the_scheduler)
{
    /* 300m and a sidecar of 100m, or 450m in the beginning: 450m a pod. */
    results_of_text(&r, EXACT QUOTA("{hard: {requests.cpu: 899m}}")
                    DEPLOYMENT(2, ", resources: {requests: {cpu: 300m}}",
        "      initContainers:\n"
        "      - {name: s, image: \"web:1\", restartPolicy: Always, "
        "resources: {requests: {cpu: 100m}}}\n"
        "      - {name: i, image: \"web:1\", resources: {limits: {cpu: "
        "350m}}}\n"));
    ck_assert_double_ge(refused("requested: requests.cpu=450m, used: "
                                "requests.cpu=450m, limited: "
                                "requests.cpu=899m"), 0);
}
END_TEST

START_TEST(a_scope_leaves_other_pods_alone)
{
    results_of_text(&r, EXACT
                    QUOTA("{hard: {pods: 0}, scopes: [BestEffort]}")
                    DEPLOYMENT(2, ", resources: {requests: {cpu: 10m}}", ""));
    ck_assert_double_ge(ready(1), 0);
    results_free(&r);
    results_of_text(&r, EXACT
                    QUOTA("{hard: {pods: 0}, scopes: [BestEffort]}")
                    DEPLOYMENT(2, "", ""));
    ck_assert_double_eq(ready(0), NEVER);
}
END_TEST

START_TEST(objects_are_counted)
{
    results_of_text(&r, EXACT
                    "actions:\n"
                    "  - {at: 60s, kubectl: \"expose deployment/web --port=80"
                    "\"}\n"
                    QUOTA("{hard: {count/replicasets.apps: 1, services: 0}}")
                    DEPLOYMENT(1, "", ""));
    ck_assert_double_ge(ready(0), 0);
    ck_assert_double_ge(results_event(&r, NULL, "Refused", "",
        "Error from server (Forbidden): services \"web\" is forbidden: "
        "exceeded quota: few, requested: services=1, used: services=0, "
        "limited: services=0", 0), 60);
}
END_TEST

START_TEST(claims_are_counted_by_size_and_class)
{
    results_of_text(&r, EXACT
                    "actions:\n"
                    "  - at: 60s\n"
                    "    kubectl: apply -f -\n"
                    "    stdin: |\n"
                    "      {apiVersion: v1, kind: PersistentVolumeClaim, "
                    "metadata: {name: big}, spec: {accessModes: "
                    "[ReadWriteOnce], storageClassName: fast, resources: "
                    "{requests: {storage: 20Gi}}}}\n"
                    QUOTA("{hard: {requests.storage: 1Ti, fast.storageclass."
                          "storage.k8s.io/requests.storage: 10Gi}}"));
    ck_assert_double_ge(results_event(&r, NULL, "Refused", "",
        "persistentvolumeclaims \"big\" is forbidden: exceeded quota: few, "
        "requested: fast.storageclass.storage.k8s.io/requests.storage=20Gi, "
        "used: fast.storageclass.storage.k8s.io/requests.storage=0, limited: "
        "fast.storageclass.storage.k8s.io/requests.storage=10Gi", 0), 60);
}
END_TEST

/* ---- room --------------------------------------------------------------- */

START_TEST(room_is_seen_at_the_next_try_only)
{
    double seen;

    /* Tries double their distance; nothing wakes the ReplicaSet when the
     * quota is raised. */
    results_of_text(&r, EXACT
                    "actions:\n"
                    "  - {at: 100s, kubectl: \"patch quota few -p "
                    "'{spec: {hard: {pods: 5}}}'\"}\n"
                    QUOTA("{hard: {pods: 1}}") DEPLOYMENT(2, "", ""));
    seen = ready(1);
    ck_assert_double_gt(seen, 100);
    ck_assert_double_lt(seen, 300);
}
END_TEST

START_TEST(a_pod_that_has_ended_makes_room)
{
    results_of_text(&r, EXACT
                    "actions:\n"
                    "  - {at: 20s, kubectl: \"delete pod one\"}\n"
                    "  - {at: 60s, kubectl: \"scale deployment/web "
                    "--replicas=2\"}\n"
                    QUOTA("{hard: {pods: 2}}")
                    "---\n"
                    "apiVersion: v1\n"
                    "kind: Pod\n"
                    "metadata: {name: one}\n"
                    "spec: {containers: [{name: web, image: \"web:1\"}]}\n"
                    DEPLOYMENT(1, "", ""));
    ck_assert_double_eq(refused("exceeded"), NEVER);
    ck_assert_double_ge(ready(1), 60);
    ck_assert_double_le(ready(1), 60.1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("quota");
    TCase *tc = tcase_create("quota");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, without_room_the_surge_never_comes);
    tcase_add_test(tc, creations_are_tried_again_with_doubled_waits);
    tcase_add_test(tc, a_pod_must_say_what_it_wants);
    tcase_add_test(tc, the_old_words_are_shorter);
    tcase_add_test(tc, sums_are_those_of_the_scheduler);
    tcase_add_test(tc, a_scope_leaves_other_pods_alone);
    tcase_add_test(tc, objects_are_counted);
    tcase_add_test(tc, claims_are_counted_by_size_and_class);
    tcase_add_test(tc, room_is_seen_at_the_next_try_only);
    tcase_add_test(tc, a_pod_that_has_ended_makes_room);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
