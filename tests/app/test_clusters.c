/* Several clusters: waves, the front door, and luck of one's own. */
#include <math.h>
#include "results.h"
#include "base/text.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

static double metric(const char *strategy, const char *name)
{
    return results_metric(&r, strategy, name);
}

/* How many rows of pods.csv are of this namespace, and a sum over all that they
 * say: equal for equal rows. */
static size_t rows_of(const char *space, uint64_t *sum)
{
    size_t n = 0;

    *sum = FNV_START;
    for (size_t i = 0; i < r.pods.len; i++) {
        if (strcmp(csv_get(&r.pods, i, 3), space) != 0)
            continue;
        n++;
        for (size_t c = 2; c < 9; c++)
            *sum = fnv64(*sum, csv_get(&r.pods, i, c),
                         strlen(csv_get(&r.pods, i, c)));
    }
    return n;
}

/* scenarios/waves.yaml: the version fails three minutes after it has started.
 * With a bake of five, nobody outside the smallest region meets it. */
START_TEST(a_bake_longer_than_the_fault_is_late_saves_the_other_regions)
{
    results_of_file(&r, "scenarios/waves.yaml", "-n 1");
    ck_assert_double_gt(metric("all at once", "exposed_users"), 10000);
    ck_assert_double_lt(metric("bake 5m", "exposed_users"), 0.05 * 40000);
    ck_assert_double_gt(metric("bake 2m", "exposed_users"),
                        metric("bake 5m", "exposed_users"));
    ck_assert_double_lt(metric("bake 5m", "failed_requests"),
                        0.2 * metric("all at once", "failed_requests"));
    ck_assert(isnan(metric("bake 5m", "rollout_seconds")));
    ck_assert_double_gt(metric("waves", "rollout_seconds"),
                        metric("all at once", "rollout_seconds"));
    ck_assert_double_eq(metric("waves", "requests"),
                        metric("all at once", "requests"));
    ck_assert_double_gt(results_event(&r, "bake 5m", "Halted", "wave/1",
                                      "1 of 3", 0), 120);
    ck_assert_double_eq(results_event(&r, "bake 5m", "Started", "wave/2", "",
                                      0), -1000);
}
END_TEST

#define SCENARIO(clusters, more)                                              \
    "kind: Scenario\nrun: {duration: 300s, warmup: 30s, replications: 1}\n"    \
    "clusters: [" clusters "]\n" more                                         \
    "images: {web: {startup: {lognormal: {median: 5s, p95: 9s}}}}\n"          \
    "release: {at: 60s, images: {web: \"web:2\"}"

#define APP                                                                   \
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"     \
    "spec:\n  replicas: 3\n  selector: {matchLabels: {app: web}}\n"           \
    "  template:\n    metadata: {labels: {app: web}}\n"                       \
    "    spec: {containers: [{name: web, image: \"web:1\", readinessProbe: "  \
    "{httpGet: {path: /, port: 80}, periodSeconds: 2}}]}\n"                   \
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n"             \
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n"

#define TRAFFIC(more)                                                         \
    "traffic: [{to: service/web, rate: 100/s, clients: {timeout: 1s" more "}}]\n"

START_TEST(what_happens_in_one_cluster_depends_on_no_other)
{
    uint64_t sum, again;
    size_t n;

    results_of_text(&r, SCENARIO("{name: eu}, {name: us}", "") "}\n" APP);
    n = rows_of("eu/default", &sum);
    ck_assert_uint_gt(n, 20);
    ck_assert_uint_gt(rows_of("us/default", &again), 20);
    ck_assert(sum != again);
    results_free(&r);
    results_of_text(&r, SCENARIO("{name: jp, nodes: [{count: 9}]}, "
                                 "{name: us, patch: {spec: {replicas: 7}}}, "
                                 "{name: eu}", "") "}\n" APP);
    ck_assert_uint_eq(rows_of("eu/default", &again), n);
    ck_assert(sum == again);
}
END_TEST

/* The requests are those of one cluster, each taken by one, by weight. */
START_TEST(users_are_spread_by_weight)
{
    double all, here = 0;

    results_of_text(&r, SCENARIO("{name: eu, weight: 3}, {name: us}", "")
                    "}\n" TRAFFIC("") APP);
    all = metric(NULL, "requests");
    for (size_t i = 0; i < r.series.len; i++)
        if (strcmp(csv_get(&r.series, i, 3), "eu/web") == 0)
            here += atof(csv_get(&r.series, i, 5));
    ck_assert_double_eq_tol(here / all, 0.75, 0.015);
    results_free(&r);
    results_of_text(&r, "kind: Scenario\nrun: {duration: 300s, warmup: 30s, "
                    "replications: 1}\n" TRAFFIC("") APP);
    ck_assert_double_eq(metric(NULL, "requests"), all);
}
END_TEST

/* Three questions in a row without an answer, 10 s apart: half of the users get
 * nothing for 20 to 30 s, and then are served by the other cluster. */
START_TEST(the_door_sends_users_away_from_a_cluster_that_is_lost)
{
    double lost;

    results_of_text(&r, SCENARIO("{name: eu, nodes: [{name: n}]}, {name: us}",
                                 "faults: [{at: 150s, fail: node/n-0, "
                                 "cluster: eu}]\n")
                    "}\n" TRAFFIC(", users: 2000") APP);
    lost = results_event(&r, NULL, "Unhealthy", "cluster/eu", "", 0) - 150;
    ck_assert_double_gt(lost, 20);
    ck_assert_double_lt(lost, 30);
    ck_assert_double_eq_tol(metric(NULL, "failed_requests"), 50 * lost,
                            0.1 * 50 * lost);
    /* Half of the requests, for so long, found nobody. */
    ck_assert_double_eq_tol(metric(NULL, "downtime"), lost / 2, 1);
}
END_TEST

/* ... and they come back. */
START_TEST(the_door_sends_them_home_again)
{
    results_of_text(&r, SCENARIO("{name: eu, nodes: [{name: n}]}, {name: us}",
                                 "frontDoor: {interval: 2s, healthyThreshold: "
                                 "1}\nfaults: [{at: 150s, for: 50s, fail: "
                                 "node/n-0, cluster: eu}]\n")
                    "}\n" TRAFFIC("") APP);
    ck_assert_double_gt(results_event(&r, NULL, "Unhealthy", "cluster/eu", "",
                                      0), 154);
    ck_assert_double_gt(results_event(&r, NULL, "Healthy", "cluster/eu", "",
                                      0), 200);
    ck_assert_double_eq(results_event(&r, NULL, "Unhealthy", "cluster/us", "",
                                      0), -1000);
}
END_TEST

START_TEST(a_wave_waits_for_the_one_before_and_for_its_bake)
{
    double complete;

    results_of_text(&r, SCENARIO("{name: eu}, {name: us}", "")
                    ", waves: [[us], eu], bake: 40s}\n" APP);
    complete = results_event(&r, NULL, "Complete", "wave/1", "us", 0);
    ck_assert_double_gt(complete, 70);
    ck_assert_double_eq_tol(results_event(&r, NULL, "Started", "wave/2", "eu",
                                          0), complete + 40, 1e-9);
    ck_assert_double_eq_tol(metric(NULL, "rollout_seconds") + 60,
                            results_event(&r, NULL, "Complete", "wave/2", "",
                                          0), 0.5);     /* it commits later */
    ck_assert_double_le(metric(NULL, "peak_pods"), 6 + 2);     /* of one wave */
}
END_TEST

START_TEST(a_wave_that_does_not_complete_holds_up_the_next)
{
    results_of_text(&r, "kind: Scenario\nrun: {duration: 300s, warmup: 0s, "
                    "replications: 1}\nclusters: [{name: eu}, {name: us}]\n"
                    "images: {\"web:2\": {readiness: never}}\n"
                    "release: {at: 60s, images: {web: \"web:2\"}, waves: "
                    "[[us], [eu]]}\n" APP);
    ck_assert_double_eq(results_event(&r, NULL, "Started", "wave/2", "", 0),
                        -1000);
}
END_TEST

/* Somebody takes it back while it bakes: in one cluster only, and no further
 * wave starts. */
START_TEST(who_undoes_stops_the_waves)
{
    results_of_text(&r, SCENARIO("{name: eu}, {name: us}",
                    "actions: [{at: 120s, cluster: us, kubectl: rollout undo "
                    "deployment/web}]\n")
                    ", waves: [[us], [eu]], bake: 90s}\n" APP);
    ck_assert_double_eq_tol(results_event(&r, NULL, "Halted", "wave/1",
                                          "typed", 0), 120, 1e-9);
    ck_assert_double_eq(results_event(&r, NULL, "Started", "wave/2", "", 0),
                        -1000);
    ck_assert_double_eq(results_event(&r, NULL, "Command", "", "undo", 1),
                        -1000);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("clusters");
    TCase *tc = tcase_create("clusters");
    SRunner *sr;
    int failed;

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_add_test(tc,
                   a_bake_longer_than_the_fault_is_late_saves_the_other_regions);
    tcase_add_test(tc, what_happens_in_one_cluster_depends_on_no_other);
    tcase_add_test(tc, users_are_spread_by_weight);
    tcase_add_test(tc, the_door_sends_users_away_from_a_cluster_that_is_lost);
    tcase_add_test(tc, the_door_sends_them_home_again);
    tcase_add_test(tc, a_wave_waits_for_the_one_before_and_for_its_bake);
    tcase_add_test(tc, a_wave_that_does_not_complete_holds_up_the_next);
    tcase_add_test(tc, who_undoes_stops_the_waves);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
