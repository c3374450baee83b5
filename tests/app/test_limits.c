/* LimitRange: defaults that pods get, and bounds that they must keep. */
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

#define EXACT                                                                 \
    "kind: Scenario\n"                                                        \
    "run: {duration: 60s, warmup: 10s, replications: 1}\n"                    \
    "cluster: {profile: exact, nodes: [{name: n, count: 1, cpu: \"4\"}]}\n"

#define RANGE(limits)                                                         \
    "---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: bounds}\n"       \
    "spec: {limits: [" limits "]}\n"
#define QUOTA                                                                 \
    "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\n"         \
    "spec: {hard: {requests.cpu: 0, limits.cpu: 0}}\n"
#define POD(resources)                                                        \
    "---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: p}\n"       \
    "spec: {selector: {matchLabels: {a: p}}, template: {metadata: {labels: "  \
    "{a: p}}, spec: {containers: [{name: c, image: \"x:1\", resources: {"     \
    resources "}}, {name: d, image: \"x:1\", resources: {limits: {cpu: 1}}}"  \
    "]}}}\n"

/* What the quota (which has room for nothing) says of the sums, or what the
 * range says. */
static const struct {
    const char *objects, *refused;      /* NULL: nothing is */
} rows[] = {
    { RANGE("{type: Container, default: {cpu: 500m}}") QUOTA POD(""),
      "requested: limits.cpu=1500m,requests.cpu=1500m" },
    { RANGE("{type: Container, default: {cpu: 500m}, defaultRequest: {cpu: "
            "100m}}") QUOTA POD(""),
      "requested: limits.cpu=1500m,requests.cpu=1100m" },
    { RANGE("{type: Container, max: {cpu: 2}}") QUOTA POD(""),
      "requested: limits.cpu=3,requests.cpu=3" },
    { RANGE("{type: Container, min: {cpu: 300m}, default: {cpu: 900m}, "
            "defaultRequest: {cpu: 400m}}") QUOTA POD("requests: {cpu: 700m}"),
      "requested: limits.cpu=1900m,requests.cpu=1700m" },
    { RANGE("{type: Container, max: {cpu: 2}}") POD("limits: {cpu: 3}"),
      "maximum cpu usage per Container is 2, but limit is 3" },
    { RANGE("{type: Container, max: {cpu: 2}}") POD("limits: {cpu: 2}"),
      NULL },
    { RANGE("{type: Container, min: {cpu: 500m}}")
      POD("requests: {cpu: 400m}"),
      "minimum cpu usage per Container is 500m, but request is 400m" },
    { RANGE("{type: Container, min: {memory: 1Mi}, defaultRequest: {memory: "
            "1Mi}}") POD(""), NULL },
    { RANGE("{type: Pod, max: {cpu: 2}}") POD(""),
      NULL },
    { RANGE("{type: Pod, max: {cpu: 2}}") POD("limits: {cpu: 1500m}"),
      "maximum cpu usage per Pod is 2, but limit is 2500m" },
    { RANGE("{type: Pod, max: {memory: 1Gi}}") POD(""),
      "maximum memory usage per Pod is 1Gi.  No limit is specified" },
    { RANGE("{type: Pod, min: {memory: 1Gi}}") POD(""),
      "minimum memory usage per Pod is 1Gi.  No request is specified" },
    { RANGE("{type: Container, maxLimitRequestRatio: {cpu: 2}}")
      POD("requests: {cpu: 200m}, limits: {cpu: 500m}"),
      "cpu max limit to request ratio per Container is 2, but provided ratio "
      "is 2.500000" },
    { RANGE("{type: Container, maxLimitRequestRatio: {cpu: 2}}")
      POD("requests: {cpu: 250m}, limits: {cpu: 500m}"), NULL },
    { RANGE("{type: Container, max: {cpu: 2}}, {type: Pod, max: {cpu: 3}}")
      POD("limits: {cpu: 2500m}"),
      "[maximum cpu usage per Container is 2, but limit is 2500m, maximum cpu "
      "usage per Pod is 3, but limit is 3500m]" },
    { RANGE("{type: Container, default: {cpu: 500m}}")
      POD("requests: {cpu: 600m}"),
      "is invalid: spec.containers[0].resources.requests" },
    { "", NULL },
};

START_TEST(pods_are_completed_and_held_to_bounds)
{
    struct arena *a = arena_new();

    results_of_text(&r, arena_printf(a, EXACT "%s", *rows[_i].objects
                                     ? rows[_i].objects : POD("")));
    if (rows[_i].refused)
        ck_assert_msg(results_event(&r, NULL, "FailedCreate", "replicaset/p",
                                    rows[_i].refused, 0) > -20,
                      "%d: not refused: %s", _i, rows[_i].refused);
    else
        ck_assert_msg(results_pod(&r, NULL, "p-", "Ready", 0) > -20,
                      "%d: refused", _i);
    arena_free(a);
}
END_TEST

START_TEST(the_scheduler_sees_defaults)
{
    /* 4 cpu, 1 cpu by default: four pods and no fifth. */
    results_of_text(&r, EXACT RANGE("{type: Container, defaultRequest: {cpu: "
                                    "1}}")
                    "---\napiVersion: apps/v1\nkind: ReplicaSet\n"
                    "metadata: {name: p}\n"
                    "spec: {replicas: 5, selector: {matchLabels: {a: p}}, "
                    "template: {metadata: {labels: {a: p}}, spec: "
                    "{containers: [{name: c, image: \"x:1\"}]}}}\n");
    ck_assert_double_gt(results_pod(&r, NULL, "p-", "Ready", 3), -20);
    ck_assert_double_eq(results_pod(&r, NULL, "p-", "Ready", 4), NEVER);
}
END_TEST

START_TEST(claims_have_bounds)
{
    results_of_text(&r, EXACT
                    "actions:\n"
                    "  - at: 10s\n"
                    "    kubectl: apply -f -\n"
                    "    stdin: |\n"
                    "      {apiVersion: v1, kind: PersistentVolumeClaim, "
                    "metadata: {name: big}, spec: {accessModes: "
                    "[ReadWriteOnce], resources: {requests: {storage: "
                    "20Gi}}}}\n"
                    RANGE("{type: PersistentVolumeClaim, max: {storage: "
                          "10Gi}}"));
    ck_assert_double_gt(results_event(&r, NULL, "Refused", "",
        "persistentvolumeclaims \"big\" is forbidden: maximum storage usage "
        "per PersistentVolumeClaim is 10Gi, but request is 20Gi", 0), 10);
}
END_TEST

START_TEST(a_release_over_the_bounds_makes_no_step)
{
    results_of_file(&r, "scenarios/limit-range.yaml", "-n 1");
    ck_assert_double_gt(results_event(&r, "max-512Mi",
        "ReplicaFailure=True/FailedCreate", "deployment/api", "maximum memory "
        "usage per Container is 512Mi, but limit is 1Gi", 0), 60);
    ck_assert_double_eq(results_event(&r, "max-512Mi", "Complete",
                                      "deployment/api", "", 0) > 60, false);
    ck_assert_double_gt(results_event(&r, "max-1Gi", "Complete",
                                      "deployment/api", "", 1), 60);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("limits");
    TCase *tc = tcase_create("limits");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, pods_are_completed_and_held_to_bounds, 0,
                        COUNT_OF(rows));
    tcase_add_test(tc, the_scheduler_sees_defaults);
    tcase_add_test(tc, claims_have_bounds);
    tcase_add_test(tc, a_release_over_the_bounds_makes_no_step);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
