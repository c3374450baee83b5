/*
 * test_paths.c - requests by recursion and event by event: the same results.
 *
 * Every scenario runs three times, the second time with `departures: events`,
 * the third with a NetworkPolicy that means nobody, which keeps requests off
 * the short way; all that is written of requests must be the same, in
 * every field.
 */
#include <math.h>
#include "results.h"

/* Kills, a lost node, one cut off, drains, crashes, a hanging version, cold starts. */
#define TROUBLE                                                               \
    "run: {duration: 150s, warmup: 10s, seed: 5, replications: 2}\n"          \
    "cluster: {nodes: [{name: n, count: 3}]}\n"                               \
    "release: {at: 20s, workload: deployment/web, "                           \
    "images: {web: \"web:2\"}}\n"                                             \
    "strategies: [{name: r, rollingUpdate: {}}]\n"                            \
    "faults:\n"                                                               \
    "  - {at: 8s, kill: {pod: random, of: deployment/web}}\n"                 \
    "  - {at: 40s, partition: node/n-0, for: 700ms}\n"                       \
    "  - {at: 70s, fail: node/n-1, for: 30s}\n"                               \
    "  - {at: 90s, partition: node/n-0, for: 50s}\n"                          \
    "  - {at: 120s, drain: node/n-2}\n"

#define APP                                                                   \
    "---\n"                                                                   \
    "apiVersion: v1\n"                                                        \
    "kind: Service\n"                                                         \
    "metadata: {name: web}\n"                                                 \
    "spec: {%sselector: {app: web}, ports: [{port: 80}]}\n"                   \
    "---\n"                                                                   \
    "apiVersion: apps/v1\n"                                                   \
    "kind: Deployment\n"                                                      \
    "metadata: {name: web}\n"                                                 \
    "spec:\n"                                                                 \
    "  replicas: 6\n"                                                         \
    "  selector: {matchLabels: {app: web}}\n"                                 \
    "  template:\n"                                                           \
    "    metadata: {labels: {app: web}}\n"                                    \
    "    spec: {containers: [{name: web, image: \"web:1\"}]}\n"

static const struct setting {
    const char *image, *clients;
    bool fails;                 /* some requests are sure to */
    const char *images;         /* more of them */
    const char *service;        /* spec of the Service */
} settings[] = {
    { "concurrency: 64", "timeout: 2s", true, "", "" },
    { "concurrency: 4", "timeout: 300ms", true, "", "" },
    { "concurrency: 2, queue: 3", "timeout: 1s, retries: 2, backoff: 50ms",
      true, "", "" },
    { "concurrency: 1", "timeout: 400ms, keepAlive: true, retries: 1", true,
      "", "" },
    { "concurrency: 3", "users: 40, sticky: true, timeout: 200ms", true,
      "", "" },
    { "concurrency: 8, errorRate: 3%, slowdown: 1.7", "timeout: 500ms, "
      "retries: 3, backoff: 10ms", true, "", "" },
    { "concurrency: 5, warmup: {from: 20%, over: 20s}", "timeout: 3s", true,
      "", "" },
    { "concurrency: 6, shutdown: {mode: immediate}", "keepAlive: true", true,
      "", "" },
    { "concurrency: 6, hang: {exponential: {mean: 40s}}",
      "timeout: 1s, keepAlive: true", true, "", "" },
    { "concurrency: 6, crash: {every: 25s}", "timeout: 1s, retries: 1", true,
      "", "" },
    { "concurrency: 6, hang: {exponential: {mean: 40s}}", "timeout: 1s", true,
      "", "" },
    { "concurrency: 2, group: {needs: majority}", "timeout: 2s", true,
      "", "" },
    { "concurrency: 2, group: {needs: leader}", "timeout: 2s, retries: 1",
      true, "", "" },
    { "concurrency: 2, database: {connections: 2}, schema: {writes: 1}",
      "timeout: 2s", true,
      ", \"web:2\": {schema: {reads: [1, 2], writes: 2}}", "" },
    { "concurrency: 3, errorRate: {rate: 20%, match: {header: who, value: "
      "me}}", "timeout: 1s, attributes: {who: {me: 30%}}", true, "", "" },
    { "concurrency: 3", "timeout: 1s, mesh: {retryOn: \"5xx\"}", true,
      ", \"web:2\": {errorRate: 5%}", "" },
    { "concurrency: 3", "timeout: 1s, retries: 1, outside: true", true, "",
      "type: NodePort, " },
    { "concurrency: 3", "timeout: 1s, outside: true", true, "",
      "type: LoadBalancer, externalTrafficPolicy: Local, " },
    { "concurrency: 3", "timeout: 1s", true, "",
      "sessionAffinity: ClientIP, " },
    { "concurrency: 3", "timeout: 1s", true, "", "clusterIP: None, " },
};

/* It takes a uid, as the policy does: names of pods stay the same. */
#define NOTHING                                                               \
    "---\n"                                                                   \
    "apiVersion: v1\n"                                                        \
    "kind: ConfigMap\n"                                                       \
    "metadata: {name: nobody}\n"                                              \
    "data: {of: \"no use\"}\n"
#define NOBODY                                                                \
    "---\n"                                                                   \
    "apiVersion: networking.k8s.io/v1\n"                                      \
    "kind: NetworkPolicy\n"                                                   \
    "metadata: {name: nobody}\n"                                              \
    "spec: {podSelector: {matchLabels: {app: nobody}}, policyTypes: "         \
    "[Ingress]}\n"

static const char *text_of(struct arena *a, const struct setting *s,
                           const char *departures, const char *more)
{
    return arena_printf(
        a, "kind: Scenario\nmetadata: {name: paths}\n" TROUBLE
        "images: {web: {pull: 0s, startup: 2s, service: {lognormal: {median: "
        "30ms, p95: 120ms}}, %s, departures: %s}%s}\n"
        "traffic: [{to: service/web, rate: 90/s, clients: {%s}}]\n" APP "%s",
        s->image, departures, s->images, s->clients,
        s->service, more);
}

/* The same text; or the same integral over time, cut at other moments. */
static bool is_same(const char *x, const char *y)
{
    double a = atof(x), b = atof(y);

    return strcmp(x, y) == 0 ||
           (strchr(x, '.') && a != 0 && fabs(a - b) < 1e-12 * fabs(a));
}

static void expect_equal_tables(const char *way, const char *what,
                                const struct csv_table *x,
                                const struct csv_table *y)
{
    ck_assert_uint_eq(x->len, y->len);
    ck_assert_uint_gt(x->len, 0);
    for (size_t i = 0; i < x->len; i++)
        for (size_t k = 0; k < x->columns; k++)
            ck_assert_msg(is_same(csv_get(x, i, k), csv_get(y, i, k)),
                          "%s, row %zu, field %zu: \"%s\", %s \"%s\"",
                          what, i, k, csv_get(x, i, k), way,
                          csv_get(y, i, k));
}

static void expect_equal(const char *way, const struct results *x,
                         const struct results *y)
{
    expect_equal_tables(way, "metrics", &x->metrics, &y->metrics);
    expect_equal_tables(way, "series", &x->series, &y->series);
    expect_equal_tables(way, "pods", &x->pods, &y->pods);
}

START_TEST(all_paths_give_the_same)
{
    struct arena *a = arena_new();
    struct results known, events, guarded;

    results_of_text(&known, text_of(a, &settings[_i], "auto", NOTHING));
    results_of_text(&events, text_of(a, &settings[_i], "events", NOTHING));
    results_of_text(&guarded, text_of(a, &settings[_i], "auto", NOBODY));
    expect_equal("by events", &known, &events);
    expect_equal("with a policy", &known, &guarded);
    if (settings[_i].fails)
        ck_assert_double_gt(results_metric(&known, NULL, "failed_requests"),
                            0);
    results_free(&known);
    results_free(&events);
    results_free(&guarded);
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("paths");
    TCase *tc = tcase_create("paths");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, all_paths_give_the_same, 0,
                        (int)COUNT_OF(settings));
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
