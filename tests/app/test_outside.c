/* Clients outside of the cluster: node ports, load balancers, traffic policies;
 * and Endpoints, which some proxies read. */
#include <math.h>
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

#define SCENARIO(more)                                                        \
    "kind: Scenario\n"                                                        \
    "run: {duration: 10m, warmup: 60s, replications: 1}\n"                    \
    "images: {web: {pull: 0s}}\n"                                             \
    "cluster: {profile: exact, " more "nodes: [{name: n, count: 4}]}\n"

#define OUTSIDE                                                               \
    "traffic: [{to: service/web, rate: 100/s, clients: {outside: true, "      \
    "timeout: 1s}}]\n"

#define SERVICE(spec)                                                         \
    "---\n"                                                                   \
    "apiVersion: v1\n"                                                        \
    "kind: Service\n"                                                         \
    "metadata: {name: web}\n"                                                 \
    "spec: {selector: {app: web}, ports: [{port: 80}]" spec "}\n"

#define APP                                                                   \
    "---\n"                                                                   \
    "apiVersion: apps/v1\n"                                                   \
    "kind: Deployment\n"                                                      \
    "metadata: {name: web}\n"                                                 \
    "spec:\n"                                                                 \
    "  replicas: 1\n"                                                         \
    "  selector: {matchLabels: {app: web}}\n"                                 \
    "  template:\n"                                                           \
    "    metadata: {labels: {app: web}}\n"                                    \
    "    spec: {nodeSelector: {kubernetes.io/hostname: n-0}, containers: "     \
    "[{name: web, image: \"web:1\"}]}\n"

#define LOCAL ", type: LoadBalancer, externalTrafficPolicy: Local"

static double failed(void)
{
    return results_metric(&r, NULL, "failed_requests");
}

/* ---- the scenario ------------------------------------------------------- */

START_TEST(local_loses_what_the_load_balancer_does_not_know)
{
    double cluster, local, goodbye;

    results_of_file(&r, "scenarios/local-policy.yaml", "-n 5");
    cluster = results_metric(&r, "cluster", "failed_requests");
    local = results_metric(&r, "local", "failed_requests");
    goodbye = results_metric(&r, "local-goodbye", "failed_requests");
    ck_assert_double_gt(local, 50);
    ck_assert_double_lt(cluster, local / 10);
    ck_assert_double_lt(goodbye, local / 10);
    ck_assert_double_gt(results_event(&r, "local", "Unhealthy",
                                      "service/gate", "node worker", 0), -125);
}
END_TEST

/* ---- policies ----------------------------------------------------------- */

/* One pod on one of four nodes: with Cluster every node leads to it, with Local
 * only its own, and only that one is thought healthy. */
START_TEST(at_rest_nothing_is_lost)
{
    results_of_text(&r, SCENARIO("") OUTSIDE
                    SERVICE(", type: LoadBalancer") APP);
    ck_assert_double_eq(failed(), 0);
    results_free(&r);
    results_of_text(&r, SCENARIO("") OUTSIDE SERVICE(LOCAL) APP);
    ck_assert_double_eq(failed(), 0);
    ck_assert_double_eq(results_metric(&r, NULL, "downtime"), 0);
}
END_TEST

/* Node ports know no health: three of four nodes drop what comes. */
START_TEST(a_node_port_with_local_drops_where_there_is_no_pod)
{
    results_of_text(&r, SCENARIO("") OUTSIDE
                    SERVICE(", type: NodePort, externalTrafficPolicy: Local")
                    APP);
    ck_assert_double_eq_tol(failed() / results_metric(&r, NULL, "requests"),
                            0.75, 0.02);
    ck_assert_double_eq(results_metric(&r, NULL, "failed_hang"), failed());
    ck_assert_double_eq_tol(results_metric(&r, NULL, "downtime"), 450, 0.001);
    results_free(&r);
    results_of_text(&r, SCENARIO("") OUTSIDE SERVICE(", type: NodePort") APP);
    ck_assert_double_eq(failed(), 0);
}
END_TEST

/* A node that dies is sent requests for three more questions, of 8 s. */
START_TEST(a_dead_node_is_found_out_by_its_silence)
{
    double lost;

    results_of_text(&r, SCENARIO("") OUTSIDE
                    "faults: [{at: 60s, for: never, fail: node/n-3}]\n"
                    SERVICE(", type: LoadBalancer") APP);
    lost = results_event(&r, NULL, "Unhealthy", "service/web", "node n-3", 0);
    ck_assert_double_ge(lost, 60 + 16);
    ck_assert_double_le(lost, 60 + 24);
    ck_assert_double_eq_tol(failed(), (lost - 60) * 25, 90);
}
END_TEST

START_TEST(its_health_checks_can_be_quicker)
{
    double lost;

    results_of_text(&r, SCENARIO("loadBalancer: {interval: 1s, "
                                 "unhealthyThreshold: 2}, ") OUTSIDE
                    "faults: [{at: 60.5s, for: never, fail: node/n-3}]\n"
                    SERVICE(", type: LoadBalancer") APP);
    lost = results_event(&r, NULL, "Unhealthy", "service/web", "node n-3", 0);
    ck_assert_double_eq(lost, 62);
}
END_TEST

/* ---- Endpoints ---------------------------------------------------------- */

/* In exact time both lists are there at once; but Endpoints leave out pods on
 * their way out, which slices still offer when there is nobody else. */
#define GOODBYE                                                               \
    "actions: [{at: 60s, kubectl: \"scale deployment/web --replicas=0\"}]\n"  \
    "traffic: [{to: service/web, rate: 100/s, clients: {timeout: 1s}}]\n"     \
    SERVICE("")                                                               \
    "---\n"                                                                   \
    "apiVersion: apps/v1\n"                                                   \
    "kind: Deployment\n"                                                      \
    "metadata: {name: web}\n"                                                 \
    "spec:\n"                                                                 \
    "  replicas: 1\n"                                                         \
    "  selector: {matchLabels: {app: web}}\n"                                 \
    "  template:\n"                                                           \
    "    metadata: {labels: {app: web}}\n"                                    \
    "    spec:\n"                                                             \
    "      containers: [{name: web, image: \"web:1\", lifecycle: {preStop: "  \
    "{sleep: {seconds: 20}}}}]\n"

START_TEST(endpoints_leave_out_pods_on_their_way_out)
{
    results_of_text(&r, SCENARIO("") GOODBYE);
    ck_assert_double_eq_tol(results_metric(&r, NULL, "downtime"), 520, 0.1);
    results_free(&r);
    results_of_text(&r, SCENARIO("proxy: {reads: Endpoints}, ") GOODBYE);
    ck_assert_double_eq_tol(results_metric(&r, NULL, "downtime"), 540, 0.1);
}
END_TEST

/* 1000 pods, and then ten more, which answer 5xx: are they ever asked? */
#define SET(name, replicas, image)                                            \
    "---\n"                                                                   \
    "apiVersion: apps/v1\n"                                                   \
    "kind: Deployment\n"                                                      \
    "metadata: {name: " name "}\n"                                            \
    "spec:\n"                                                                 \
    "  replicas: " replicas "\n"                                              \
    "  selector: {matchLabels: {app: web, set: " name "}}\n"                  \
    "  template:\n"                                                           \
    "    metadata: {labels: {app: web, set: " name "}}\n"                     \
    "    spec: {containers: [{name: web, image: \"" image "\"}]}\n"

#define MANY(reads)                                                           \
    "kind: Scenario\n"                                                        \
    "run: {duration: 60s, warmup: 60s, replications: 1}\n"                    \
    "images: {web: {pull: 0s}, \"web:bad\": {errorRate: 100%}}\n"             \
    "cluster: {profile: exact, limits: {controllerQps: 0, schedulerQps: 0, "  \
    "kubeletQps: 0}, proxy: {reads: " reads "}, nodes: [{name: n, count: 10, "\
    "cpu: \"100\", pods: 110}]}\n"                                            \
    "actions: [{at: 10s, kubectl: \"scale deployment/late --replicas=10\"}]\n"\
    "traffic: [{to: service/web, rate: 200/s}]\n"                             \
    SERVICE("") SET("first", "1000", "web:1") SET("late", "0", "web:bad")

START_TEST(endpoints_end_after_a_thousand)
{
    results_of_text(&r, MANY("EndpointSlices"));
    ck_assert_double_gt(results_metric(&r, NULL, "failed_error"), 30);
    results_free(&r);
    results_of_text(&r, MANY("Endpoints"));
    ck_assert_double_eq(results_metric(&r, NULL, "failed_error"), 0);
    ck_assert_double_gt(results_pod(&r, NULL, "late-", "Ready", 9), 10);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("outside");
    TCase *tc = tcase_create("outside");
    SRunner *sr;
    int failures;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, local_loses_what_the_load_balancer_does_not_know);
    tcase_add_test(tc, at_rest_nothing_is_lost);
    tcase_add_test(tc, a_node_port_with_local_drops_where_there_is_no_pod);
    tcase_add_test(tc, a_dead_node_is_found_out_by_its_silence);
    tcase_add_test(tc, its_health_checks_can_be_quicker);
    tcase_add_test(tc, endpoints_leave_out_pods_on_their_way_out);
    tcase_add_test(tc, endpoints_end_after_a_thousand);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failures = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failures != 0;
}
