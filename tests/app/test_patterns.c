/* Patterns of pods: work queues, shards, scatter and gather. */
#include <math.h>
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

static double metric(const char *strategy, const char *name)
{
    return results_metric(&r, strategy, name);
}

/* ---- work queues -------------------------------------------------------- */

#define DEPLOYMENT(name, replicas, more)                                      \
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name "}\n" \
    "spec:\n  replicas: " replicas "\n  selector: {matchLabels: {app: " name  \
    "}}\n  template:\n    metadata: {labels: {app: " name "}}\n    spec: "    \
    "{containers: [{name: c, image: \"" name ":1\"}]" more "}\n"

#define SERVICE(name)                                                         \
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: " name "}\n"        \
    "spec: {selector: {app: " name "}, ports: [{port: 80}]}\n"

#define QUEUE(queue, image, rate, more)                                       \
    "kind: Scenario\nrun: {duration: 1000s, warmup: 10s, replications: 1}\n"  \
    "cluster: {profile: exact, queues: [{name: q" queue "}]}\n"               \
    "images: {worker: {takes: queue/q, concurrency: 1, " image "}}\n"         \
    "traffic: [{to: queue/q, rate: " rate "}]\n" more

/* A queue before two workers is M/D/2; at half load a task waits for 0.177 of
 * its work on average (tables of Kimura's approximation: 0.1768). */
START_TEST(tasks_wait_for_a_hand_that_is_free)
{
    results_of_text(&r, QUEUE("", "service: 100ms", "10/s", "")
                    DEPLOYMENT("worker", "2", ""));
    ck_assert_double_eq(metric(NULL, "failed_requests"), 0);
    ck_assert_double_eq_tol(metric(NULL, "latency_mean"), 117.7, 2);
    ck_assert(isnan(metric(NULL, "downtime")));
}
END_TEST

#define IMMEDIATE "service: 30s, shutdown: {mode: immediate}"
#define KILL "faults: [{at: 500s, kill: {pod: oldest, count: 3, grace: 0, of: "  \
    "deployment/worker}}]\n"

/* All workers are killed: their tasks are begun again at once by the next ones, or
 * only when they are visible again. */
START_TEST(a_task_comes_back_when_its_worker_ends)
{
    double at_once, late;

    results_of_text(&r, QUEUE("", IMMEDIATE, "4/min", KILL)
                    DEPLOYMENT("worker", "3", ""));
    at_once = metric(NULL, "latency_p999");
    ck_assert_double_ge(metric(NULL, "failed_first_attempts"), 1);
    ck_assert_double_le(metric(NULL, "failed_first_attempts"), 3);
    results_free(&r);
    results_of_text(&r, QUEUE(", visibility: 200s", IMMEDIATE, "4/min",
                              KILL) DEPLOYMENT("worker", "3", ""));
    late = metric(NULL, "latency_p999");
    ck_assert_double_ge(metric(NULL, "failed_first_attempts"), 1);
    ck_assert_double_eq(metric(NULL, "failed_requests"), 0);
    ck_assert_double_ge(late, 200e3 + 30e3 - 1e3);
    ck_assert_double_lt(at_once, 200e3);
}
END_TEST

/* Every task takes longer than the broker thinks that it may: each is taken
 * until it has failed. */
START_TEST(a_visibility_below_the_work_does_everything_twice)
{
    results_of_text(&r, QUEUE(", visibility: 20s, deliveries: 3",
                              "service: 30s", "1/min", "")
                    DEPLOYMENT("worker", "9", ""));
    ck_assert_double_gt(metric(NULL, "requests"), 8);
    ck_assert_double_eq(metric(NULL, "failed_requests") +
                        metric(NULL, "in_flight"), metric(NULL, "requests"));
    ck_assert_double_eq(metric(NULL, "failed_timeout"),
                        metric(NULL, "failed_requests"));
}
END_TEST

/* ... and a worker that fails one in two gives each of them back. */
START_TEST(a_task_that_fails_is_tried_again)
{
    results_of_text(&r, QUEUE("", "service: 1s, errorRate: 50%", "1/s", "")
                    DEPLOYMENT("worker", "9", ""));
    ck_assert_double_eq(metric(NULL, "failed_requests"), 0);
    ck_assert_double_eq_tol(metric(NULL, "failed_first_attempts") /
                            metric(NULL, "requests"), 0.5, 0.06);
    ck_assert_double_eq_tol(metric(NULL, "latency_mean"), 2000, 300);
}
END_TEST

START_TEST(who_may_finish_wastes_no_work)
{
    results_of_file(&r, "scenarios/patterns/work-queue.yaml", "-n 1");
    ck_assert_double_ge(metric("killed after 30 s", "failed_first_attempts"),
                        5);
    ck_assert_double_eq(metric("time to finish", "failed_first_attempts"), 0);
    ck_assert_double_gt(metric("killed after 30 s", "latency_mean"),
                        metric("time to finish", "latency_mean"));
}
END_TEST

/* ---- shards ------------------------------------------------------------- */

/* Failed requests of a source. */
static double failed_of(const char *strategy, const char *source)
{
    double sum = 0;

    for (size_t i = 0; i < r.series.len; i++)
        if (strcmp(csv_get(&r.series, i, 0), strategy) == 0 &&
            strcmp(csv_get(&r.series, i, 3), source) == 0)
            sum += atof(csv_get(&r.series, i, 6));
    return sum;
}

/* Each shard is away for some 11 s of its own: a quarter of 40/s, four times. */
START_TEST(nobody_stands_in_for_a_shard)
{
    results_of_file(&r, "scenarios/patterns/shards.yaml", "-n 1");
    ck_assert_double_gt(failed_of("preStop 5 s", "sharded"), 4 * 10 * 8);
    ck_assert_double_eq(failed_of("preStop 5 s", "any pod"), 0);
    ck_assert_double_eq(metric("preStop 5 s", "failed_no_endpoint"),
                        failed_of("preStop 5 s", "sharded"));
    ck_assert_double_eq(metric("preStop 5 s", "downtime"), 0);
}
END_TEST

/* ---- scatter and gather ------------------------------------------------- */

#define GATHER(calls, leaf)                                                   \
    "kind: Scenario\nrun: {duration: 300s, warmup: 20s, replications: 1}\n"   \
    "cluster: {profile: exact}\nimages:\n"                                    \
    "  root: {service: 0s, concurrency: 1000, calls: [{to: service/leaf, "    \
    "parallel: true, " calls "}]}\n"                                          \
    "  leaf: {concurrency: 1000, " leaf "}\n"                                 \
    "traffic: [{to: service/root, rate: 50/s, clients: {timeout: 60s}}]\n"    \
    DEPLOYMENT("root", "1", "") SERVICE("root")                               \
    DEPLOYMENT("leaf", "4", "") SERVICE("leaf")

/* The latest of n exponential times takes (1 + 1/2 + ... + 1/n) of one. */
START_TEST(the_latest_answer_is_waited_for)
{
    results_of_text(&r, GATHER("count: 8",
                               "service: {exponential: {mean: 100ms}}"));
    ck_assert_double_eq_tol(metric(NULL, "latency_mean"), 271.8, 6);
    ck_assert_double_eq(metric(NULL, "failed_requests"), 0);
    ck_assert(isnan(metric(NULL, "partial_answers")));
}
END_TEST

/* At 100 ms each of 8 is there with 1 - 1/e: at least 3 of them in 97.4 %, all
 * in 2.55 %. */
START_TEST(what_is_late_is_not_waited_for)
{
    double n;

    results_of_text(&r, GATHER("count: 8, within: 100ms, atLeast: 3",
                               "service: {exponential: {mean: 100ms}}"));
    n = metric(NULL, "requests");
    ck_assert_double_le(metric(NULL, "latency_p999"), 101);
    ck_assert_double_eq_tol(metric(NULL, "failed_error") / n, 0.0260, 0.005);
    ck_assert_double_eq_tol(metric(NULL, "partial_answers") / n,
                            1 - 0.0260 - 0.0255, 0.008);
}
END_TEST

/* One error in ten: all of four in 65.6 %, at least three in 94.8 %. */
START_TEST(some_of_the_answers_will_do)
{
    results_of_text(&r, GATHER("count: 4", "errorRate: 10%"));
    ck_assert_double_eq_tol(metric(NULL, "availability"), 0.6561, 0.012);
    results_free(&r);
    results_of_text(&r, GATHER("count: 4, atLeast: 3", "errorRate: 10%"));
    ck_assert_double_eq_tol(metric(NULL, "availability"), 0.9477, 0.006);
}
END_TEST

START_TEST(a_search_that_takes_what_it_has_is_quick)
{
    results_of_file(&r, "scenarios/patterns/scatter-gather.yaml", "-n 1");
    ck_assert_double_ge(metric("waits for all", "latency_p99"), 395);
    ck_assert_double_lt(metric("six of eight in 50 ms", "latency_p99"), 60);
    ck_assert_double_gt(metric("six of eight in 50 ms", "partial_answers"),
                        1000);
    ck_assert_double_lt(metric("six of eight in 50 ms", "failed_requests"),
                        0.05 * metric("waits for all", "failed_requests"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("patterns");
    TCase *tc = tcase_create("patterns");
    SRunner *sr;
    int failed;

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_add_test(tc, tasks_wait_for_a_hand_that_is_free);
    tcase_add_test(tc, a_task_comes_back_when_its_worker_ends);
    tcase_add_test(tc, a_visibility_below_the_work_does_everything_twice);
    tcase_add_test(tc, a_task_that_fails_is_tried_again);
    tcase_add_test(tc, who_may_finish_wastes_no_work);
    tcase_add_test(tc, nobody_stands_in_for_a_shard);
    tcase_add_test(tc, the_latest_answer_is_waited_for);
    tcase_add_test(tc, what_is_late_is_not_waited_for);
    tcase_add_test(tc, some_of_the_answers_will_do);
    tcase_add_test(tc, a_search_that_takes_what_it_has_is_quick);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
