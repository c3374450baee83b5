/*
 * test_request.c - what becomes of a request, and why.
 */
#include <check.h>

#include "toy_net.h"

#include "models/kubelet.h"

#define CALL(count_, parallel_)                                               \
    { .to = "service/db", .count = count_, .parallel = parallel_ }

/* Requests that failed by these causes, and no others. */
static void expect_failures(const struct toy *t, enum metric cause, double n)
{
    ck_assert_msg(toy_get(t, cause) == n, "%s is %g, not %g",
                  metric_row(cause)->name, toy_get(t, cause), n);
    ck_assert_double_eq(toy_get(t, METRIC_FAILED_REQUESTS), n);
}

/* Requests of sender i sent in [from, to), as counted by a run without pods in
 * which every reject is told. */
static double sent_between(double rate, double from, double to)
{
    struct toy t;
    double n = 0;

    toy_open(&t, KUBE_1_36, 1, 100);
    toy_clients(&t, rate);
    toy_start(&t, 0);
    toy_end(&t);
    for (size_t i = 0; i < t.w->record.failures.len; i++) {
        sim_time at = t.w->record.failures.items[i].at;

        n += at >= toy_time(from) && at < toy_time(to);
    }
    toy_close(&t);
    return n;
}

/* ---- connecting --------------------------------------------------------- */

START_TEST(without_endpoints_requests_are_rejected)
{
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    toy_clients(&t, 50);
    toy_start(&t, 0);
    toy_run(&t, 40);
    toy_pod(&t, "web:1", 0);
    toy_end(&t);
    expect_failures(&t, METRIC_FAILED_NO_ENDPOINT, sent_between(50, 0, 40));
    toy_close(&t);
}
END_TEST

/* Ready as soon as the container runs, but it listens 5 s later. */
START_TEST(a_pod_that_does_not_listen_yet_refuses)
{
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    toy_clients(&t, 50);
    toy_image(&t, "web:1")->startup = dist_constant(5 * SIM_S);
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    toy_end(&t);
    expect_failures(&t, METRIC_FAILED_REFUSED, sent_between(50, 0, 5));
    toy_close(&t);
}
END_TEST

/* The proxies learn 2 s late that the only pod goes.  The process ends at
 * once; its network goes 0.5 s later. */
START_TEST(a_gone_pod_refuses_until_its_network_is_gone_then_hangs)
{
    object_uid pod;
    struct toy t;

    toy_open(&t, KUBE_1_20, 1, 100);
    toy_clients(&t, 50)->clients.timeout = 3 * SIM_S;
    toy_image(&t, "web:1")->service = dist_constant(0);
    toy_timing(&t, TIMING_PROXY_SYNC, 2);
    toy_timing(&t, TIMING_TEARDOWN, 0.5);
    t.spec->cluster.source_ports = 1000000000;
    toy_start(&t, 0);
    pod = toy_pod(&t, "web:1", 0);
    toy_run(&t, 40);
    toy_pod(&t, "web:1", 0);
    toy_run(&t, 50);
    toy_delete(&t, pod, -1);
    toy_end(&t);
    ck_assert_double_gt(toy_get(&t, METRIC_FAILED_REFUSED), 4);
    ck_assert_double_gt(toy_get(&t, METRIC_FAILED_HANG), 20);
    for (size_t i = 0; i < t.w->record.failures.len; i++) {
        const struct failure_row *f = &t.w->record.failures.items[i];
        double at = (double)f->at / 1e9;

        if (at < 10)            /* before there was a pod */
            continue;
        ck_assert(at >= 50 && at < 52);
        ck_assert_str_eq(f->cause, at < 50.5 ? "refused" : "hang");
        ck_assert_str_eq(f->version, "1");
        ck_assert_ptr_nonnull(strstr(f->chain, at < 50.5
            ? "whose process was told to stop at 50 s and ended (drained) at "
              "50 s; the rules of node-0 listed the pod"
            : "its network was gone"));
    }
    toy_close(&t);
}
END_TEST

/* Of the SYNs in an outage of 2.5 s, six are told at once and one a second
 * after; the others are sent again and served after 1, 2 or 3 s. */
START_TEST(rejects_that_are_not_told_are_saved_by_the_next_syn)
{
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    toy_clients(&t, 50);
    toy_image(&t, "web:1")->service = dist_constant(0);
    t.spec->cluster.icmp_ratelimit = SIM_S;
    toy_start(&t, 0);
    toy_run(&t, 2.5);
    toy_pod(&t, "web:1", 0);
    toy_end(&t);
    expect_failures(&t, METRIC_FAILED_NO_ENDPOINT, 8);
    toy_expect(&t, IN_FLIGHT, 0);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_LATENCY_P999), 3000, 20);
    toy_close(&t);
}
END_TEST

/* The outage lasts longer than the clients wait. */
START_TEST(rejects_that_are_not_told_hang_until_the_connect_time_out)
{
    double sent = sent_between(50, 0, 60), hung;
    struct traffic_spec *s;
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 60);
    s = toy_clients(&t, 50);
    s->clients.connect_timeout = 2 * SIM_S;
    t.spec->cluster.icmp_ratelimit = SIM_S;
    toy_start(&t, 0);
    toy_end(&t);
    hung = toy_get(&t, METRIC_FAILED_HANG);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_FAILED_NO_ENDPOINT), 65, 1);
    ck_assert_double_eq(hung + toy_get(&t, METRIC_FAILED_NO_ENDPOINT) +
                        toy_get(&t, METRIC_IN_FLIGHT), sent);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_IN_FLIGHT),
                            sent_between(50, 58, 60) - 1.5, 0.6);
    toy_close(&t);
}
END_TEST

/* About 25 connections hang on a dead pod, there are 1000 source ports: later
 * ones get a lost port although the rules are right again, until the entries
 * expire. */
START_TEST(lost_source_ports_are_used_again)
{
    object_uid pod;
    double last = 0;
    struct toy t;

    toy_open(&t, KUBE_1_20, 1, 400);
    toy_clients(&t, 50)->clients.timeout = SIM_S;
    toy_image(&t, "web:1")->service = dist_constant(0);
    toy_timing(&t, TIMING_PROXY_SYNC, 1);
    t.spec->cluster.source_ports = 1000;
    toy_start(&t, 0);
    pod = toy_pod(&t, "web:1", 0);
    toy_pod(&t, "web:1", 0);
    toy_run(&t, 100);
    toy_delete(&t, pod, -1);
    toy_end(&t);
    for (size_t i = 0; i < t.w->record.failures.len; i++)
        if (strcmp(t.w->record.failures.items[i].cause, "hang") == 0)
            last = (double)t.w->record.failures.items[i].at / 1e9;
    ck_assert_double_gt(last, 102);
    ck_assert_double_le(last, 101 + 120);
    ck_assert_double_gt(toy_get(&t, METRIC_FAILED_HANG), 60);
    toy_close(&t);
}
END_TEST

/* ---- being served ------------------------------------------------------- */

START_TEST(an_answer_that_takes_too_long_is_a_time_out)
{
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    toy_clients(&t, 50)->clients.timeout = 80 * SIM_MS;
    toy_image(&t, "web:1")->service = dist_constant(100 * SIM_MS);
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    toy_end(&t);
    ck_assert_double_gt(toy_get(&t, METRIC_FAILED_TIMEOUT), 4500);
    expect_failures(&t, METRIC_FAILED_TIMEOUT,
                    toy_get(&t, METRIC_REQUESTS) -
                        toy_get(&t, METRIC_IN_FLIGHT));
    toy_close(&t);
}
END_TEST

START_TEST(a_hung_pod_times_out)
{
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    toy_clients(&t, 50)->clients.timeout = SIM_S;
    toy_image(&t, "web:1")->service = dist_constant(0);
    toy_image(&t, "web:1")->hang = dist_constant(60 * SIM_S);
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    toy_end(&t);
    expect_failures(&t, METRIC_FAILED_TIMEOUT, sent_between(50, 60, 99));
    toy_expect(&t, IN_FLIGHT, sent_between(50, 99, 100));
    toy_close(&t);
}
END_TEST

/* 50/s of 1 s each, 10 at a time, 5 may wait: 10/s are served. */
START_TEST(a_full_queue_turns_away)
{
    struct behaviour *b;
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    toy_clients(&t, 50);
    b = toy_image(&t, "web:1");
    b->service = dist_constant(SIM_S);
    b->concurrency = 10;
    b->queue = 5;
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    toy_end(&t);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_FAILED_OVERLOAD),
                            toy_get(&t, METRIC_REQUESTS) - 1005, 12);
    ck_assert_double_gt(toy_get(&t, METRIC_LATENCY_P99), 1500);
    ck_assert_double_le(toy_get(&t, METRIC_LATENCY_P999), 2008);
    toy_close(&t);
}
END_TEST

/* Ten workers, 1 s of work, 4 requests a second: 4 in flight on average. */
START_TEST(an_immediate_end_resets_what_is_in_flight)
{
    double reset = 0;

    for (uint32_t i = 0; i < 100; i++) {
        struct behaviour *b;
        object_uid pod;
        struct toy t;

        toy_open(&t, KUBE_1_36, 1, 60);
        toy_clients(&t, 4);
        b = toy_image(&t, "web:1");
        b->service = dist_constant(SIM_S);
        b->shutdown = _i ? SHUTDOWN_DRAIN : SHUTDOWN_IMMEDIATE;
        toy_start(&t, i);
        pod = toy_pod(&t, "web:1", 0);
        toy_run(&t, 30);
        toy_delete(&t, pod, -1);
        toy_pod(&t, "web:1", 0);
        toy_end(&t);
        reset += toy_get(&t, METRIC_FAILED_RESET);
        expect_failures(&t, METRIC_FAILED_RESET,
                        toy_get(&t, METRIC_FAILED_RESET));
        toy_close(&t);
    }
    if (_i)                     /* draining saves them all */
        ck_assert_double_eq(reset, 0);
    else
        ck_assert_double_eq_tol(reset / 100, 4, 3.29 * 0.2);
}
END_TEST

/* 40 requests a second, 0.1 s in the kernel's queue each: 4 are there when the
 * process stops to listen.  They are reset, by whichever way; what it has
 * taken it answers. */
START_TEST(a_closed_listener_resets_what_was_not_accepted)
{
    double reset = 0;

    for (uint32_t i = 0; i < 100; i++) {
        struct behaviour *b;
        object_uid pod;
        struct toy t;

        toy_open(&t, KUBE_1_36, 1, 60);
        toy_clients(&t, 40);
        b = toy_image(&t, "web:1");
        b->service = dist_constant(SIM_S);
        b->accept = dist_constant(100 * SIM_MS);
        b->shutdown = SHUTDOWN_DRAIN;
        b->departures = _i ? DEPARTURES_EVENTS : DEPARTURES_AUTO;
        toy_start(&t, i);
        pod = toy_pod(&t, "web:1", 0);
        toy_run(&t, 30);
        toy_delete(&t, pod, -1);
        toy_pod(&t, "web:1", 0);
        toy_end(&t);
        reset += toy_get(&t, METRIC_FAILED_RESET);
        for (size_t k = 0; k < t.w->record.failures.len; k++) {
            const struct failure_row *f = &t.w->record.failures.items[k];

            if (strcmp(f->cause, "reset") == 0)
                ck_assert(f->at > toy_time(29.9) && f->at <= toy_time(30));
        }
        toy_close(&t);
    }
    ck_assert_double_eq_tol(reset / 100, 4, 3.29 * 0.2);
}
END_TEST

/* Loss of power: nobody is told; a kill: the kernel tells. */
START_TEST(a_node_without_power_leaves_clients_waiting)
{
    struct traffic_spec *s;
    struct toy t;

    toy_open(&t, KUBE_1_36, 2, 100);
    s = toy_clients(&t, 50);
    s->clients.timeout = 5 * SIM_S;
    s->clients.node = "node-0";
    toy_image(&t, "web:1")->service = dist_constant(SIM_S);
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 1);
    toy_run(&t, 60);
    kubelet_node_down(t.w, toy_node(&t, 1));
    toy_end(&t);
    toy_expect(&t, FAILED_RESET, 0);
    expect_failures(&t, METRIC_FAILED_HANG, sent_between(50, 59, 95));
    toy_close(&t);
}
END_TEST

/* ---- trying again ------------------------------------------------------- */

/* A coin of 0.3 for each attempt: three attempts fail with 0.027. */
START_TEST(each_attempt_has_its_own_luck)
{
    double n, p = 0.027;
    struct traffic_spec *s;
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 1000);
    s = toy_clients(&t, 50);
    s->clients.retries = 2;
    s->clients.backoff = 100 * SIM_MS;
    toy_image(&t, "web:1")->error.rate = 0.3;
    toy_image(&t, "web:1")->service = dist_constant(10 * SIM_MS);
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    toy_end(&t);
    n = toy_get(&t, METRIC_REQUESTS);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_FAILED_ERROR) / n, p,
                            3.29 * sqrt(p * (1 - p) / n));
    ck_assert_double_eq_tol(toy_get(&t, METRIC_FAILED_FIRST_ATTEMPTS) / n, 0.3,
                            3.29 * sqrt(0.21 / n));
    /* 10, 10 + 100 + 10, 120 + 200 + 10 ms, each within 0.4 % */
    ck_assert_double_eq_tol(toy_get(&t, METRIC_LATENCY_P50), 10, 0.05);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_LATENCY_P99), 330, 1.4);
    toy_close(&t);
}
END_TEST

START_TEST(a_retry_may_find_another_pod)
{
    struct traffic_spec *s;
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    s = toy_clients(&t, 50);
    s->clients.retries = 9;
    s->clients.backoff = 10 * SIM_MS;
    toy_image(&t, "dead:1")->startup = dist_never();
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    toy_pod(&t, "dead:1", 0);
    toy_end(&t);
    ck_assert_double_gt(toy_get(&t, METRIC_FAILED_FIRST_ATTEMPTS), 2000);
    ck_assert_double_lt(toy_get(&t, METRIC_FAILED_REQUESTS), 20);
    toy_close(&t);
}
END_TEST

/* ---- kept connections --------------------------------------------------- */

/* The Service's selector moves to blue pods at 50 s.  version: of the last
 * request of each second after it. */
static double answers_of(const struct toy *t, const char *version, double from)
{
    double n = 0;

    for (size_t i = 0; i < t->w->record.series.len; i++) {
        const struct series_row *r = &t->w->record.series.items[i];

        if (r->at >= toy_time(from) && strcmp(r->version, version) == 0)
            n += (double)(r->requests - r->failed);
    }
    return n;
}

START_TEST(kept_connections_stay_whatever_the_rules_say)
{
    struct service *svc;
    struct traffic_spec *s;
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    s = toy_clients(&t, 50);
    s->clients.keep_alive = _i > 0;
    s->clients.protocol = _i > 1 ? CLIENT_HTTP2 : CLIENT_HTTP1;
    toy_image(&t, "web:1")->service = dist_constant(20 * SIM_MS);
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    toy_pod_of(&t, toy_template(&t, "blue", "web:2"), 0);
    toy_run(&t, 50);
    svc = service_of(api_draft(t.w->api, api_get(t.w->api, t.service)));
    svc->selector = toy_select(&t, "blue");
    ck_assert_int_eq(api_update(t.w->api, &svc->meta, NULL, NULL), API_OK);
    toy_end(&t);
    toy_expect(&t, FAILED_REQUESTS, 0);
    if (_i == 0)
        ck_assert_double_eq(answers_of(&t, "1", 51), 0);
    else                        /* the pool is large enough: no new ones */
        ck_assert_double_lt(answers_of(&t, "2", 51), 100);
    toy_close(&t);
}
END_TEST

/* Draining closes idle connections: the next requests open new ones. */
START_TEST(a_drained_pod_loses_its_kept_connections)
{
    object_uid pod;
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    toy_clients(&t, 50)->clients.keep_alive = true;
    toy_image(&t, "web:1")->service = dist_constant(20 * SIM_MS);
    toy_start(&t, 0);
    pod = toy_pod(&t, "web:1", 0);
    toy_pod_of(&t, toy_template(&t, "web", "web:2"), 0);
    toy_run(&t, 50);
    toy_delete(&t, pod, -1);
    toy_end(&t);
    toy_expect(&t, FAILED_REQUESTS, 0);
    ck_assert_double_eq(answers_of(&t, "1", 51), 0);
    toy_close(&t);
}
END_TEST

/* ---- calls to other services -------------------------------------------- */

static object_uid back_end(struct toy *t, double work_s)
{
    toy_image(t, "db:1")->service = dist_constant(toy_time(work_s));
    toy_create(t, &toy_service_draft(t, "db", toy_select(t, "db"))->meta);
    return toy_pod_of(t, toy_template(t, "db", "db:1"), 0);
}

/* 10 ms of its own, then calls of 20 ms each. */
static const struct calls {
    struct call_out calls[2];
    size_t n;
    double latency_ms;
} call_lists[] = {
    { { CALL(1, false) }, 1, 30 },
    { { CALL(3, false) }, 1, 70 },
    { { CALL(3, true) }, 1, 30 },
    { { CALL(2, true), CALL(1, false) }, 2, 50 },
    { { CALL(0, false) }, 1, 10 },
};

START_TEST(a_pod_waits_for_the_services_it_calls)
{
    const struct calls *c = &call_lists[_i];
    struct behaviour *b;
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    toy_clients(&t, 10);
    b = toy_image(&t, "web:1");
    b->service = dist_constant(10 * SIM_MS);
    b->calls = c->calls;
    b->ncalls = c->n;
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    back_end(&t, 0.020);
    toy_end(&t);
    toy_expect(&t, FAILED_REQUESTS, 0);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_LATENCY_P50), c->latency_ms,
                            c->latency_ms * 0.004);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_LATENCY_P999), c->latency_ms,
                            c->latency_ms * 0.004);
    toy_close(&t);
}
END_TEST

START_TEST(a_failed_call_is_answered_5xx)
{
    static const struct call_out calls[] = { CALL(1, false) };
    struct toy t;
    object_uid db;

    toy_open(&t, KUBE_1_36, 1, 100);
    toy_clients(&t, 50);
    toy_image(&t, "web:1")->service = dist_constant(0);
    toy_image(&t, "web:1")->calls = calls;
    toy_image(&t, "web:1")->ncalls = 1;
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    db = back_end(&t, 0);
    toy_run(&t, 60);
    toy_delete(&t, db, -1);
    toy_end(&t);
    expect_failures(&t, METRIC_FAILED_ERROR, sent_between(50, 60, 100));
    toy_close(&t);
}
END_TEST

/* Jobs, with an event per step, and the recursion: the same to the ns. */
static uint64_t answers(bool jobs, double queue, uint32_t replication)
{
    static const struct call_out none[] = { CALL(0, false) };
    struct traffic_spec *s;
    struct behaviour *b;
    uint64_t word = FNV_START;
    object_uid pod;
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 60);
    s = toy_clients(&t, 40);
    s->clients.timeout = 700 * SIM_MS;
    s->clients.retries = 1;
    s->clients.backoff = 50 * SIM_MS;
    b = toy_image(&t, "web:1");
    b->service = dist_exponential(0.1);
    b->concurrency = 2;
    b->queue = (int)queue;
    b->error.rate = 0.05;
    b->shutdown = replication < 2 ? SHUTDOWN_IMMEDIATE : SHUTDOWN_DRAIN;
    b->accept = dist_exponential(0.05);
    b->calls = none;
    b->ncalls = jobs;
    toy_start(&t, replication);
    pod = toy_pod(&t, "web:1", 0);
    toy_pod(&t, "web:1", 0);
    toy_run(&t, 31);
    toy_delete(&t, pod, -1);
    toy_end(&t);
    word = fnv64(word, t.metrics, sizeof(t.metrics));
    for (size_t i = 0; i < t.w->record.failures.len; i++) {
        const struct failure_row *f = &t.w->record.failures.items[i];

        word = fnv64(word, &f->at, sizeof(f->at));
        word = fnv64(word, f->cause, strlen(f->cause));
    }
    ck_assert_double_gt(toy_get(&t, METRIC_REQUESTS), 2000);
    ck_assert_double_gt(toy_get(&t, METRIC_FAILED_REQUESTS), 5);
    toy_close(&t);
    return word;
}

START_TEST(events_and_the_recursion_give_the_same_latencies)
{
    double queue = _i % 2 ? 4 : 1e6;

    ck_assert_uint_eq(answers(false, queue, (uint32_t)_i),
                      answers(true, queue, (uint32_t)_i));
}
END_TEST

/* ---- the accounts ------------------------------------------------------- */

/* Pods are made, deleted and killed at random, nodes lose power, under
 * clients of every sort; world_run proves that all is accounted for. */
START_TEST(accounts_close_whatever_is_killed)
{
    static const struct call_out calls[] = { CALL(2, true) };
    const char *images[] = { "web:1", "web:2", "web:3" };
    struct stream luck;
    struct traffic_spec *s;
    struct toy t;
    double sum = 0;

    stream_init(&luck, 99, 1, (uint64_t)_i, 0);
    toy_open(&t, _i % 2 ? KUBE_1_36 : KUBE_1_20, 3, 60);
    t.spec->cluster.icmp_ratelimit = SIM_S;
    t.spec->cluster.source_ports = 500;
    toy_timing(&t, TIMING_PROXY_SYNC, 0.2);
    toy_timing(&t, TIMING_TEARDOWN, 0.1);
    for (int i = 0; i < 3; i++) {
        struct behaviour *b = toy_image(&t, images[i]);

        b->service = dist_exponential(0.3);
        b->concurrency = 1 + i * 8;
        b->queue = 5 + 20 * i;
        b->error.rate = 0.05;
        b->shutdown = (enum shutdown_mode)i;
        b->startup = dist_exponential(1);
        b->hang = i == 1 ? dist_exponential(20) : dist_never();
        b->crash.after = i == 2 ? dist_exponential(10) : dist_never();
    }
    toy_image(&t, "web:3")->calls = calls;
    toy_image(&t, "web:3")->ncalls = 1;
    for (int i = 0; i < 4; i++) {
        s = toy_clients(&t, 20);
        s->clients.timeout = i == 3 ? 0 : 2 * SIM_S;
        s->clients.retries = i;
        s->clients.backoff = 300 * SIM_MS;
        s->clients.keep_alive = i % 2;
        s->clients.protocol = i == 3 ? CLIENT_HTTP2 : CLIENT_HTTP1;
        s->clients.users = i == 2 ? 30 : 0;
    }
    toy_start(&t, (uint32_t)_i);
    back_end(&t, 0.1);
    for (int k = 1; k < 120; k++) {
        uint32_t what = stream_below(&luck, 8);
        size_t pods;

        toy_run(&t, k * 0.5);
        pods = api_count(t.w->api, KIND_POD);
        if (what < 4 || pods < 3)
            toy_pod(&t, images[stream_below(&luck, 3)],
                    stream_below(&luck, 3));
        else if (what < 7)
            toy_delete(&t, api_at(t.w->api, KIND_POD,
                                  stream_below(&luck, (uint32_t)pods))->uid,
                       (int)stream_below(&luck, 4));
        else if (k == 77 || k == 78)
            kubelet_node_down(t.w, toy_node(&t, 2));
    }
    toy_end(&t);
    for (int c = METRIC_FAILED_NO_ENDPOINT; c <= METRIC_FAILED_ERROR; c++)
        sum += t.metrics[c];
    ck_assert_double_eq(sum, toy_get(&t, METRIC_FAILED_REQUESTS));
    ck_assert_double_gt(sum, 100);
    ck_assert_double_gt(toy_get(&t, METRIC_REQUESTS), sum);
    ck_assert_uint_eq(t.w->record.failures.len, (size_t)sum);
    toy_close(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("request");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, without_endpoints_requests_are_rejected);
    tcase_add_test(tc, a_pod_that_does_not_listen_yet_refuses);
    tcase_add_test(tc,
                   a_gone_pod_refuses_until_its_network_is_gone_then_hangs);
    tcase_add_test(tc, rejects_that_are_not_told_are_saved_by_the_next_syn);
    tcase_add_test(tc,
                   rejects_that_are_not_told_hang_until_the_connect_time_out);
    tcase_add_test(tc, lost_source_ports_are_used_again);
    tcase_add_test(tc, an_answer_that_takes_too_long_is_a_time_out);
    tcase_add_test(tc, a_hung_pod_times_out);
    tcase_add_test(tc, a_full_queue_turns_away);
    tcase_add_loop_test(tc, an_immediate_end_resets_what_is_in_flight, 0, 2);
    tcase_add_loop_test(tc, a_closed_listener_resets_what_was_not_accepted, 0,
                        2);
    tcase_add_test(tc, a_node_without_power_leaves_clients_waiting);
    tcase_add_test(tc, each_attempt_has_its_own_luck);
    tcase_add_test(tc, a_retry_may_find_another_pod);
    tcase_add_loop_test(tc, kept_connections_stay_whatever_the_rules_say, 0,
                        3);
    tcase_add_test(tc, a_drained_pod_loses_its_kept_connections);
    tcase_add_loop_test(tc, a_pod_waits_for_the_services_it_calls, 0,
                        sizeof(call_lists) / sizeof(call_lists[0]));
    tcase_add_test(tc, a_failed_call_is_answered_5xx);
    tcase_add_loop_test(tc, events_and_the_recursion_give_the_same_latencies,
                        0, 6);
    tcase_add_loop_test(tc, accounts_close_whatever_is_killed, 0, 40);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
