/*
 * test_paths.c - requests by recursion and event by event: the same results.
 *
 * Every scenario runs twice, the second time with `departures: events`; all
 * that is written of requests must be the same text, in every field.
 */
#include "results.h"

/* Kills, a lost node, drains, crashes, a hanging version, cold starts. */
#define TROUBLE                                                               \
    "run: {duration: 150s, warmup: 10s, seed: 5, replications: 2}\n"          \
    "cluster: {nodes: [{name: n, count: 3}]}\n"                               \
    "release: {at: 20s, workload: deployment/web, "                           \
    "images: {web: \"web:2\"}}\n"                                             \
    "strategies: [{name: r, rollingUpdate: {}}]\n"                            \
    "faults:\n"                                                               \
    "  - {at: 8s, kill: {pod: random, of: deployment/web}}\n"                 \
    "  - {at: 70s, fail: node/n-1, for: 30s}\n"                               \
    "  - {at: 120s, drain: node/n-2}\n"

#define APP                                                                   \
    "---\n"                                                                   \
    "apiVersion: v1\n"                                                        \
    "kind: Service\n"                                                         \
    "metadata: {name: web}\n"                                                 \
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n"                     \
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
} settings[] = {
    { "concurrency: 64", "timeout: 2s", true },
    { "concurrency: 4", "timeout: 300ms", true },
    { "concurrency: 2, queue: 3", "timeout: 1s, retries: 2, backoff: 50ms",
      true },
    { "concurrency: 1", "timeout: 400ms, keepAlive: true, retries: 1", true },
    { "concurrency: 3", "users: 40, sticky: true, timeout: 200ms", true },
    { "concurrency: 8, errorRate: 3%, slowdown: 1.7", "timeout: 500ms, "
      "retries: 3, backoff: 10ms", true },
    { "concurrency: 5, warmup: {from: 20%, over: 20s}", "timeout: 3s", true },
    { "concurrency: 6, shutdown: {mode: immediate}", "keepAlive: true", true },
    { "concurrency: 6, hang: {exponential: {mean: 40s}}",
      "timeout: 1s, keepAlive: true", true },
    { "concurrency: 6, crash: {every: 25s}", "timeout: 1s, retries: 1", true },
    { "concurrency: 6, hang: {exponential: {mean: 40s}}", "timeout: 1s", true },
};

static const char *text_of(struct arena *a, const struct setting *s,
                           const char *departures)
{
    return arena_printf(
        a, "kind: Scenario\nmetadata: {name: paths}\n" TROUBLE
        "images: {web: {pull: 0s, startup: 2s, service: {lognormal: {median: "
        "30ms, p95: 120ms}}, %s, departures: %s}}\n"
        "traffic: [{to: service/web, rate: 90/s, clients: {%s}}]\n" APP,
        s->image, departures, s->clients);
}

static void expect_equal(const char *what, const struct csv_table *x,
                         const struct csv_table *y)
{
    ck_assert_uint_eq(x->len, y->len);
    ck_assert_uint_gt(x->len, 0);
    for (size_t i = 0; i < x->len; i++)
        for (size_t k = 0; k < x->columns; k++)
            ck_assert_msg(strcmp(csv_get(x, i, k), csv_get(y, i, k)) == 0,
                          "%s, row %zu, field %zu: \"%s\", by events \"%s\"",
                          what, i, k, csv_get(x, i, k), csv_get(y, i, k));
}

START_TEST(both_paths_give_the_same)
{
    struct arena *a = arena_new();
    struct results known, events;

    results_of_text(&known, text_of(a, &settings[_i], "auto"));
    results_of_text(&events, text_of(a, &settings[_i], "events"));
    expect_equal("metrics", &known.metrics, &events.metrics);
    expect_equal("series", &known.series, &events.series);
    expect_equal("pods", &known.pods, &events.pods);
    if (settings[_i].fails)
        ck_assert_double_gt(results_metric(&known, NULL, "failed_requests"),
                            0);
    results_free(&known);
    results_free(&events);
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
    tcase_add_loop_test(tc, both_paths_give_the_same, 0,
                        (int)COUNT_OF(settings));
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
