/*
 * test_mesh.c - sidecars: when they know endpoints, what they try again, which
 * pods they leave alone.
 */
#include <check.h>

#include "models/mesh.h"
#include "toy_net.h"

static const struct outlier_spec envoy = {
    .consecutive = 5, .interval = 10 * SIM_S, .base_ejection = 30 * SIM_S,
    .max_ejection = 300 * SIM_S, .max_share = 0.1,
};

/* ---- outlier detection by itself ------------------------------------------- */

START_TEST(failures_in_a_row_eject)
{
    struct mesh_host h = { .back = -1 };

    for (int i = 0; i < 4; i++)
        ck_assert(!mesh_counts(&h, &envoy, true, 0));
    ck_assert(!mesh_counts(&h, &envoy, false, 0));     /* begins anew */
    for (int i = 0; i < 4; i++)
        ck_assert(!mesh_counts(&h, &envoy, true, 0));
    ck_assert(mesh_counts(&h, &envoy, true, 0));
    mesh_eject(&h, &envoy, 0, SIM_S);
    for (int i = 0; i < 20; i++)                        /* it is out already */
        ck_assert(!mesh_counts(&h, &envoy, true, 2 * SIM_S));
}
END_TEST

/* 100 (ejected + 1) / hosts <= maxEjectionPercent, as Envoy has it. */
static const struct {
    double share;
    int hosts, ejected;
    bool always_one, may;
} shares[] = {
    { 0.1, 9, 0, false, false }, { 0.1, 10, 0, false, true },
    { 0.1, 10, 1, false, false }, { 0.1, 20, 1, false, true },
    { 0.1, 3, 0, true, true }, { 0.1, 3, 1, true, false },
    { 0, 100, 0, false, false }, { 1, 3, 2, false, true },
    { 0.29, 100, 28, false, true }, { 0.29, 100, 29, false, false },
};

START_TEST(only_so_many_are_ejected)
{
    struct outlier_spec o = envoy;

    o.max_share = shares[_i].share;
    o.one_at_least = shares[_i].always_one;
    ck_assert_int_eq(mesh_may_eject(&o, shares[_i].ejected, shares[_i].hosts),
                     shares[_i].may);
}
END_TEST

/* Ejections of one host, in turn: at, and back at.  Sweeps at 3, 13, 23, ... s;
 * 30 s times the number of ejections, less one for each sweep that found it in
 * 10 s after it came back. */
static const struct {
    double at, back;
} ejections[] = {
    { 3, 33 },                  /* 30 s: the sweep at 33 */
    { 34, 103 },                /* 60 s: 94, the sweep after it */
    { 103, 193 },               /* 90 s */
    { 214, 283 },               /* sweeps at 203, 213: 3 - 2 + 1 = 2 */
    { 1000, 1033 },             /* long ago: 1 again */
};

START_TEST(ejections_last_longer_each_time)
{
    struct mesh_host h = { .back = -1 };

    for (size_t i = 0; i < sizeof(ejections) / sizeof(ejections[0]); i++) {
        mesh_eject(&h, &envoy, 3 * SIM_S, toy_time(ejections[i].at));
        ck_assert_double_eq((double)h.until / 1e9, ejections[i].back);
        ck_assert(mesh_ejected(&h, h.until - 1));
        ck_assert(!mesh_ejected(&h, h.until));
    }
}
END_TEST

/* However often, not longer than 300 s. */
START_TEST(ejections_have_an_end)
{
    struct mesh_host h = { .back = -1 };
    sim_time now = 0;

    for (int i = 1; i <= 30; i++) {
        mesh_eject(&h, &envoy, 0, now);
        ck_assert_int_eq(h.until - now,
                         (i < 10 ? i * 30 : 300) * SIM_S);
        now = h.until;
    }
}
END_TEST

START_TEST(pauses_are_jittered_and_limited)
{
    static const double most_ms[] = { 25, 75, 175, 250, 250, 250 };

    for (int k = 1; k <= 6; k++) {
        ck_assert_int_eq(mesh_backoff(k, 0), 0);
        ck_assert_double_eq((double)mesh_backoff(k, 0.5) / 1e6,
                            most_ms[k - 1] / 2);
    }
    ck_assert_double_eq((double)mesh_backoff(60, 1) / 1e6, 250);
}
END_TEST

/* ---- the view ---------------------------------------------------------------- */

static const struct mesh_spec plain = {
    .balancer = MESH_LEAST_REQUEST, .connect_timeout = 10 * SIM_S,
};

static struct rules *view(struct toy *t)
{
    return network_rules(t->w, sidecar_on(toy_node(t, 0)), "default",
                         TOY_SERVICE);
}

/* Quiet for 4 s, pushed within 1 s: pods at 40 and 42 are known at 47.  Pods
 * at 50, 53, 56, 59: 10 s after the first they are pushed nevertheless, at
 * 61. */
START_TEST(endpoints_are_pushed_when_they_are_quiet)
{
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    toy_timing(&t, TIMING_MESH_DEBOUNCE, 4);
    toy_timing(&t, TIMING_MESH_PUSH, 1);
    toy_clients(&t, 1)->clients.mesh = &plain;
    toy_start(&t, 0);
    toy_run(&t, 40);
    toy_pod(&t, "web:1", 0);
    toy_run(&t, 42);
    toy_pod(&t, "web:1", 0);
    toy_run(&t, 46.99);
    ck_assert_uint_eq(view(&t)->len, 0);
    toy_run(&t, 47.01);
    ck_assert_uint_eq(view(&t)->len, 2);
    for (int i = 0; i < 4; i++) {
        toy_run(&t, 50 + 3 * i);
        toy_pod(&t, "web:1", 0);
    }
    toy_run(&t, 60.99);
    ck_assert_uint_eq(view(&t)->len, 2);
    toy_run(&t, 61.01);
    ck_assert_uint_eq(view(&t)->len, 6);
    arena_free(t.arena);
}
END_TEST

/* ---- what is tried again ----------------------------------------------------- */

static const struct {
    unsigned on;
    int attempts;
    bool lost;
} tries[] = {
    { MESH_CONNECT_FAILURE, 2, false },
    { MESH_5XX, 2, false },
    { MESH_RESET | MESH_503, 2, true },
    { MESH_CONNECT_FAILURE, 0, true },
};

/* Of three pods one refuses for 5 s, as nobody has told the sidecars yet. */
START_TEST(a_refused_connection_goes_to_another_pod)
{
    struct mesh_spec mesh = plain;
    struct behaviour *b;
    struct toy t;
    object_uid pod;

    mesh.retry_on = tries[_i].on;
    mesh.attempts = tries[_i].attempts;
    toy_open(&t, KUBE_1_36, 2, 60);
    toy_timing(&t, TIMING_MESH_PUSH, 5);
    toy_timing(&t, TIMING_TEARDOWN, 30);        /* refuses, does not hang */
    b = toy_image(&t, "web:1");
    b->service = dist_constant(toy_time(0.001));
    b->concurrency = 1000;
    b->shutdown = SHUTDOWN_IMMEDIATE;
    toy_clients(&t, 90)->clients.mesh = &mesh;
    toy_start(&t, 0);
    pod = toy_pod(&t, "web:1", 0);
    toy_pod(&t, "web:1", 1);
    toy_pod(&t, "web:1", 1);
    toy_run(&t, 30);
    toy_delete(&t, pod, 30);
    toy_run(&t, 40);
    metrics_of(t.w, t.metrics);
    if (tries[_i].lost)         /* 450 meet it, or 150 at random */
        ck_assert_double_gt(toy_get(&t, METRIC_FAILED_REFUSED), 100);
    else
        ck_assert_double_eq(toy_get(&t, METRIC_FAILED_REFUSED), 0);
    arena_free(t.arena);
}
END_TEST

/* A pod that hangs for the 5 s that it takes to tell the sidecar: half of 500
 * requests wait for the sidecar's connect time-out and a pause of up to 25 ms,
 * and are answered by the other pod. */
START_TEST(a_dead_pod_costs_a_connect_time_out)
{
    struct mesh_spec mesh = plain;
    struct toy t;
    object_uid pod;

    mesh.balancer = MESH_ROUND_ROBIN;
    mesh.retry_on = MESH_CONNECT_FAILURE;
    mesh.attempts = 2;
    mesh.connect_timeout = 700 * SIM_MS;
    toy_open(&t, KUBE_1_36, 1, 60);
    toy_timing(&t, TIMING_MESH_PUSH, 5);
    toy_image(&t, "web:1")->service = dist_constant(10 * SIM_MS);
    toy_image(&t, "web:1")->concurrency = 1000;
    toy_image(&t, "web:1")->shutdown = SHUTDOWN_IMMEDIATE;
    toy_clients(&t, 100)->clients.mesh = &mesh;
    toy_start(&t, 0);
    pod = toy_pod(&t, "web:1", 0);
    toy_pod(&t, "web:1", 0);
    toy_run(&t, 30);
    toy_delete(&t, pod, 30);
    toy_end(&t);
    ck_assert_double_eq(toy_get(&t, METRIC_FAILED_HANG), 0);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_LATENCY_P99), 722.5, 15);
    arena_free(t.arena);
}
END_TEST

/* ---- outlier detection in a cluster ------------------------------------------- */

/* One of 10 pods answers 5xx always; the sidecar takes turns, at 100/s, and
 * sweeps every 10 s: 5 requests fail, then none until it is back, 30 s and a
 * sweep later. */
static const struct {
    int pods;                   /* good ones */
    double share;
    bool ejects;
} clusters[] = { { 9, 0.1, true }, { 8, 0.1, false }, { 1, 0.5, true } };

START_TEST(a_pod_that_fails_is_left_alone)
{
    struct mesh_spec mesh = plain;
    struct outlier_spec o = envoy;
    struct toy t;

    o.max_share = clusters[_i].share;
    mesh.balancer = MESH_ROUND_ROBIN;
    mesh.outlier = &o;
    toy_open(&t, KUBE_1_36, 1, 30);
    toy_image(&t, "web:1")->concurrency = 1000;
    toy_image(&t, "bad:1")->concurrency = 1000;
    toy_image(&t, "bad:1")->error.rate = 1;
    toy_clients(&t, 100)->clients.mesh = &mesh;
    toy_start(&t, 0);
    for (int i = 0; i < clusters[_i].pods; i++)
        toy_pod(&t, "web:1", 0);
    toy_pod(&t, "bad:1", 0);
    toy_end(&t);
    if (clusters[_i].ejects) {  /* and one or two that were on their way */
        ck_assert_double_ge(toy_get(&t, METRIC_FAILED_ERROR), 5);
        ck_assert_double_le(toy_get(&t, METRIC_FAILED_ERROR), 7);
    }
    if (!clusters[_i].ejects)
        ck_assert_double_gt(toy_get(&t, METRIC_FAILED_ERROR), 250);
    arena_free(t.arena);
}
END_TEST

/* The same, with less than half of the pods in: all are used. */
START_TEST(in_panic_all_are_used)
{
    struct mesh_spec mesh = plain;
    struct outlier_spec o = envoy;
    struct toy t;

    o.max_share = 1;
    o.min_health = _i ? 0.6 : 0;
    mesh.outlier = &o;
    toy_open(&t, KUBE_1_36, 1, 30);
    toy_image(&t, "web:1")->concurrency = 1000;
    toy_image(&t, "bad:1")->concurrency = 1000;
    toy_image(&t, "bad:1")->error.rate = 1;
    toy_clients(&t, 100)->clients.mesh = &mesh;
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    toy_pod(&t, "bad:1", 0);
    toy_end(&t);
    if (_i)
        ck_assert_double_gt(toy_get(&t, METRIC_FAILED_ERROR), 1000);
    else
        ck_assert_double_lt(toy_get(&t, METRIC_FAILED_ERROR), 15);
    arena_free(t.arena);
}
END_TEST

/* Of two pods the one with fewer requests is taken: a slow pod gets few. */
START_TEST(least_request_spares_a_slow_pod)
{
    struct mesh_spec mesh = plain;
    double failed;
    struct toy t;

    mesh.balancer = _i ? MESH_RANDOM : MESH_LEAST_REQUEST;
    toy_open(&t, KUBE_1_36, 1, 100);
    toy_image(&t, "web:1")->concurrency = 1000;
    toy_image(&t, "web:1")->service = dist_constant(10 * SIM_MS);
    toy_image(&t, "bad:1")->concurrency = 1000;
    toy_image(&t, "bad:1")->service = dist_constant(2 * SIM_S);
    toy_image(&t, "bad:1")->error.rate = 1;
    toy_clients(&t, 100)->clients.mesh = &mesh;
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    toy_pod(&t, "bad:1", 0);
    toy_end(&t);
    failed = toy_get(&t, METRIC_FAILED_ERROR) / toy_get(&t, METRIC_REQUESTS);
    if (_i)
        ck_assert_double_eq_tol(failed, 0.5, 0.03);
    else                        /* it is picked when both draws fall on it, or
                                 * when it has none: a quarter and little more */
        ck_assert_double_eq_tol(failed, 0.25, 0.03);
    arena_free(t.arena);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
    Suite *s = suite_create("mesh");
    TCase *tc = tcase_create("mesh");
    SRunner *sr;
    int failed;

    tcase_add_test(tc, failures_in_a_row_eject);
    tcase_add_loop_test(tc, only_so_many_are_ejected, 0, ROWS(shares));
    tcase_add_test(tc, ejections_last_longer_each_time);
    tcase_add_test(tc, ejections_have_an_end);
    tcase_add_test(tc, pauses_are_jittered_and_limited);
    tcase_add_test(tc, endpoints_are_pushed_when_they_are_quiet);
    tcase_add_loop_test(tc, a_refused_connection_goes_to_another_pod, 0,
                        ROWS(tries));
    tcase_add_test(tc, a_dead_pod_costs_a_connect_time_out);
    tcase_add_loop_test(tc, a_pod_that_fails_is_left_alone, 0,
                        ROWS(clusters));
    tcase_add_loop_test(tc, in_panic_all_are_used, 0, 2);
    tcase_add_loop_test(tc, least_request_spares_a_slow_pod, 0, 2);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
