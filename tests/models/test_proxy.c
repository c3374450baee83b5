/*
 * test_proxy.c - slices, rules, balancers: when they change, and to what.
 */
#include <check.h>

#include "toy_net.h"

/* ---- balancers ---------------------------------------------------------- */

static struct rules rules_of(struct rule *items, size_t n)
{
    struct rules r = { .items = items, .len = n };

    return r;
}

START_TEST(random_is_uniform_and_monotone_in_its_number)
{
    struct rule items[4] = { { 0 } };
    struct rules r = rules_of(items, 4);
    const struct balancer_ops *b = balancer_of(PROXY_IPTABLES);
    const double u[] = { 1e-9, 0.2499, 0.2501, 0.5001, 0.7499, 0.9999999 };
    const size_t want[] = { 0, 0, 1, 2, 2, 3 };

    for (size_t i = 0; i < 6; i++)
        ck_assert_uint_eq(b->pick(&r, u[i]), want[i]);
    ck_assert_ptr_eq(balancer_of(PROXY_NFTABLES), b);
}
END_TEST

START_TEST(round_robin_takes_turns)
{
    struct rule items[3] = { { 0 } };
    struct rules r = rules_of(items, 3);
    const struct balancer_ops *b = balancer_of(PROXY_IPVS);

    for (size_t i = 0; i < 7; i++)
        ck_assert_uint_eq(b->pick(&r, 0.9), i % 3);
}
END_TEST

/* ---- when rules change -------------------------------------------------- */

/* Three pods become Ready at 40.0, 40.2 and 40.5 s; a sync takes 100 ms.  When
 * does the node have 1, 2, 3 endpoints? */
static const struct pace {
    enum kube_version version;
    enum proxy_mode mode;
    double min_sync;            /* -1: not given */
    double want[3];
} paces[] = {
    /* token bucket of 2: at once, at once, 1 s after the end of the last */
    { KUBE_1_20, PROXY_IPTABLES, 1, { 40.1, 40.3, 41.4 } },
    /* at once, then 1 s after the end of the last, both in one */
    { KUBE_1_36, PROXY_IPTABLES, 1, { 40.1, 41.2, 41.2 } },
    { KUBE_1_36, PROXY_NFTABLES, 1, { 40.1, 41.2, 41.2 } },
    { KUBE_1_20, PROXY_IPTABLES, 0, { 40.1, 40.3, 40.6 } },
    { KUBE_1_36, PROXY_IPTABLES, -1, { 40.1, 40.3, 40.6 } },    /* exact */
    { KUBE_1_20, PROXY_IPTABLES, 10, { 40.1, 40.3, 50.4 } },
    { KUBE_1_36, PROXY_IPTABLES, 10, { 40.1, 50.2, 50.2 } },
};

/* When r gets n endpoints, to 1 ms; NaN if not before `until`. */
static double time_of(struct toy *t, const struct rules *r, size_t n,
                      double until)
{
    double now = (double)world_now(t->w) / 1e9;

    while (r->len < n && now < until)
        toy_run(t, now += 0.001);
    return r->len < n ? NAN : now;
}

START_TEST(rules_follow_at_the_pace_of_the_sync_budget)
{
    const struct pace *p = &paces[_i];
    const double ready[] = { 40.0, 40.2, 40.5 };
    double got[3];
    const struct rules *r;
    struct toy t;

    toy_open(&t, p->version, 1, 100);
    toy_timing(&t, TIMING_PROXY_SYNC, 0.1);
    t.spec->cluster.proxy_mode = p->mode;
    t.spec->cluster.min_sync_period =
        p->min_sync < 0 ? -1 : toy_time(p->min_sync);
    toy_start(&t, 0);
    r = network_rules(t.w, toy_node(&t, 0), "default", TOY_SERVICE);
    for (size_t i = 0; i < 3; i++)
        got[i] = NAN;
    for (size_t i = 0; i < 3; i++) {
        for (size_t n = 0; n < i; n++)
            if (isnan(got[n]))
                got[n] = time_of(&t, r, n + 1, ready[i]);
        toy_run(&t, ready[i]);
        toy_pod(&t, "web:1", 0);
    }
    for (size_t n = 0; n < 3; n++)
        if (isnan(got[n]))
            got[n] = time_of(&t, r, n + 1, 60);
    for (size_t n = 0; n < 3; n++)
        ck_assert_msg(fabs(got[n] - p->want[n]) < 0.0025,
                      "endpoint %zu at %g, not %g", n + 1, got[n],
                      p->want[n]);
    toy_close(&t);
}
END_TEST

/* A sync takes 5 s.  A pod 32 s after the end of a sync: with 1.20 one without a
 * reason began after 30 s, and the pod's own has to wait for its end. */
static const struct {
    enum kube_version version;
    double period;              /* s */
    double want;                /* from the end of that sync on, s */
} resyncs[] = {
    { KUBE_1_20, 30, 40 }, { KUBE_1_20, 40, 37 }, { KUBE_1_36, 30, 37 },
};

START_TEST(a_change_waits_for_a_periodic_sync)
{
    const struct rules *r;
    double ended;
    struct toy t;

    toy_open(&t, resyncs[_i].version, 1, 200);
    t.spec->cluster.profile = PROFILE_DEFAULT;
    t.spec->cluster.min_sync_period = 0;
    t.spec->cluster.sync_period = toy_time(resyncs[_i].period);
    toy_timing(&t, TIMING_PROXY_SYNC, 5);
    toy_start(&t, 0);
    r = network_rules(t.w, toy_node(&t, 0), "default", TOY_SERVICE);
    toy_run(&t, 101);
    toy_pod(&t, "web:1", 0);
    ended = time_of(&t, r, 1, 200);
    toy_run(&t, ended + 32);
    toy_pod(&t, "web:1", 0);
    ck_assert_double_eq_tol(time_of(&t, r, 2, 200) - ended, resyncs[_i].want,
                            0.0025);
    toy_close(&t);
}
END_TEST

/* Pods Ready at 10.000 and 10.030, both seen 50 ms later; the first write
 * commits at 10.060 and is seen at 10.110.  The second sync, at 10.080, bases
 * its write on the slice before: conflict, again after 1 s. */
START_TEST(a_stale_slice_is_written_again_a_second_later)
{
    const struct rules *r;
    struct toy t;

    toy_open(&t, KUBE_1_20, 1, 60);
    toy_timing(&t, TIMING_WATCH_ENDPOINTS, 0.05);
    toy_timing(&t, TIMING_SLICE_WRITE, 0.01);
    toy_start(&t, 0);
    r = network_rules(t.w, toy_node(&t, 0), "default", TOY_SERVICE);
    toy_run(&t, 10);
    toy_pod(&t, "web:1", 0);
    toy_run(&t, 10.03);
    toy_pod(&t, "web:1", 0);
    ck_assert_double_eq_tol(time_of(&t, r, 1, 20), 10.060, 0.0015);
    ck_assert_double_eq_tol(time_of(&t, r, 2, 20), 11.100, 0.0025);
    toy_close(&t);
}
END_TEST

/* ---- which endpoints ---------------------------------------------------- */

/* The only pod is deleted, its preStop hook sleeps for 5 s. */
START_TEST(terminating_endpoints_serve_if_nobody_else_does)
{
    enum kube_version version = _i ? KUBE_1_36 : KUBE_1_20;
    struct pod_template *template;
    struct container *c;
    const struct rules *r;
    object_uid pod;
    struct toy t;

    toy_open(&t, version, 1, 60);
    toy_start(&t, 0);
    r = network_rules(t.w, toy_node(&t, 0), "default", TOY_SERVICE);
    template = (struct pod_template *)toy_template(&t, "web", "web:1");
    c = (struct container *)template->spec->containers;
    c->pre_stop = (struct hook){ HOOK_SLEEP, 5 * SIM_S };
    toy_run(&t, 1);
    pod = toy_pod_of(&t, template, 0);
    toy_run(&t, 2);
    ck_assert_uint_eq(r->len, 1);
    toy_delete(&t, pod, -1);
    toy_run(&t, 6);
    ck_assert_uint_eq(r->len, version == KUBE_1_36);
    toy_run(&t, 8);
    ck_assert_uint_eq(r->len, 0);
    toy_close(&t);
}
END_TEST

START_TEST(a_local_policy_uses_the_pods_of_the_node)
{
    struct service *svc;
    const struct rules *here, *there;
    struct toy t;

    toy_open(&t, KUBE_1_36, 2, 60);
    toy_start(&t, 0);
    svc = service_of(api_draft(t.w->api, api_get(t.w->api, t.service)));
    svc->internal_local = true;
    ck_assert_int_eq(api_update(t.w->api, &svc->meta, NULL, NULL), API_OK);
    here = network_rules(t.w, toy_node(&t, 0), "default", TOY_SERVICE);
    there = network_rules(t.w, toy_node(&t, 1), "default", TOY_SERVICE);
    toy_pod(&t, "web:1", 0);
    toy_pod(&t, "web:1", 0);
    toy_run(&t, 1);
    ck_assert_uint_eq(here->len, 2);
    ck_assert_uint_eq(there->len, 0);
    ck_assert(there->drop && !here->drop);
    toy_close(&t);
}
END_TEST

START_TEST(clients_stick_to_a_pod_until_their_affinity_ends)
{
    struct service *svc;
    struct rules *r;
    object_uid first;
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 60);
    toy_start(&t, 0);
    svc = service_of(api_draft(t.w->api, api_get(t.w->api, t.service)));
    svc->affinity = true;
    svc->affinity_s = 10;
    ck_assert_int_eq(api_update(t.w->api, &svc->meta, NULL, NULL), API_OK);
    for (int i = 0; i < 4; i++)
        toy_pod(&t, "web:1", 0);
    toy_run(&t, 1);
    r = network_rules(t.w, toy_node(&t, 0), "default", TOY_SERVICE);
    first = rules_pick(r, 0.1, 1, false, world_now(t.w))->pod;
    ck_assert_uint_eq(rules_pick(r, 0.9, 1, false, toy_time(5))->pod, first);
    ck_assert_uint_ne(rules_pick(r, 0.9, 2, false, toy_time(5))->pod, first);
    ck_assert_uint_eq(rules_pick(r, 0.9, 1, false, toy_time(15))->pod, first);
    ck_assert_uint_eq(rules_pick(r, 0.9, 1, true, toy_time(25.5))->pod, first);
    ck_assert_uint_ne(rules_pick(r, 0.9, 1, false, toy_time(36))->pod, first);
    toy_close(&t);
}
END_TEST

START_TEST(a_deleted_service_has_no_rules)
{
    const struct rules *r;
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 60);
    toy_start(&t, 0);
    r = network_rules(t.w, toy_node(&t, 0), "default", TOY_SERVICE);
    toy_pod(&t, "web:1", 0);
    toy_run(&t, 1);
    ck_assert_uint_eq(r->len, 1);
    ck_assert_int_eq(api_delete(t.w->api, t.service, -1), API_OK);
    toy_run(&t, 2);
    ck_assert_uint_eq(r->len, 0);
    ck_assert_uint_eq(api_count(t.w->api, KIND_ENDPOINTSLICE), 0);
    toy_close(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("proxy");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, random_is_uniform_and_monotone_in_its_number);
    tcase_add_test(tc, round_robin_takes_turns);
    tcase_add_loop_test(tc, rules_follow_at_the_pace_of_the_sync_budget, 0,
                        sizeof(paces) / sizeof(paces[0]));
    tcase_add_loop_test(tc, a_change_waits_for_a_periodic_sync, 0,
                        (int)(sizeof(resyncs) / sizeof(resyncs[0])));
    tcase_add_test(tc, a_stale_slice_is_written_again_a_second_later);
    tcase_add_loop_test(tc, terminating_endpoints_serve_if_nobody_else_does,
                        0, 2);
    tcase_add_test(tc, a_local_policy_uses_the_pods_of_the_node);
    tcase_add_test(tc, clients_stick_to_a_pod_until_their_affinity_ends);
    tcase_add_test(tc, a_deleted_service_has_no_rules);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
