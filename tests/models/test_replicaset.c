/*
 * test_replicaset.c - the ReplicaSet controller among real loops.
 */
#include "toy_world.h"

#include "base/bug.h"
#include "models/replicaset.h"

static void settle(struct toy *t, struct deployment *d)
{
    toy_start(t);
    toy_apply(t, d);
    toy_run(t, 20 * SIM_S);
    ck_assert_int_eq(toy_get(t)->available, toy_get(t)->replicas);
}

static void scale(struct toy *t, int replicas)
{
    struct deployment *d = toy_edit(t);

    d->replicas = replicas;
    toy_write(t, d);
}

/* Run until so many replicas are available; returns when that was. */
static sim_time until_available(struct toy *t, int n, sim_time limit)
{
    while (toy_get(t)->available < n && world_now(t->w) < limit)
        toy_run(t, world_now(t->w) + SIM_MS);
    return world_now(t->w);
}

static void about(sim_time got, sim_time want)
{
    ck_assert_msg(got >= want && got <= want + 30 * SIM_MS,
                  "got %.3f s, expected %.3f s", (double)got / SIM_S,
                  (double)want / SIM_S);
}

/* ---- minReadySeconds ---------------------------------------------------- */

/* Recording minready5-staggered-scale, behaviour 11: N = 5, three pods Ready
 * 3.75 s after the start, one at 5.73 s, and whole wall-clock seconds at .5 s.
 * 1.20.2: available at 9.74 and 14.74 s; 1.36.2: complete at 10.508 s. */
START_TEST(pods_are_available_when_the_version_notices)
{
    static const sim_time first[] = { 9750 * SIM_MS, 8500 * SIM_MS };
    static const sim_time last[] = { 14750 * SIM_MS, 10500 * SIM_MS };
    struct toy *t = toy_new(_i == 0 ? KUBE_1_20 : KUBE_1_36);
    struct deployment *d = toy_deployment(t, 2);
    sim_time start = 20 * SIM_S;

    d->min_ready_s = 5;
    settle(t, d);
    t->ready[1] = 3743 * SIM_MS;
    scale(t, 5);
    toy_run(t, start + 2 * SIM_S);
    t->ready[1] = 3723 * SIM_MS;
    scale(t, 6);
    about(until_available(t, 5, 60 * SIM_S), start + first[_i]);
    about(until_available(t, 6, 60 * SIM_S), start + last[_i]);
    toy_free(t);
}
END_TEST

/* ---- creating and deleting ---------------------------------------------- */

/* Recordings qps20-ru-50, set-up: with the default limits (burst 30, then 20
 * requests a second) the last of 50 pods comes 1.26 and 1.37 s after the first
 * step; the Events about them share the limit, end at 2.56 s, and are 25. */
START_TEST(creations_and_events_share_the_client_limit)
{
    struct toy *t = toy_new(_i == 0 ? KUBE_1_20 : KUBE_1_36);
    size_t told = 0;

    t->ready[1] = 10 * SIM_S;   /* no status writes in between */
    t->spec.cluster.controller_qps = 20;
    t->spec.cluster.controller_burst = 30;
    toy_start(t);
    toy_apply(t, toy_deployment(t, 50));
    toy_run(t, 1100 * SIM_MS);
    ck_assert_uint_lt(api_count(t->w->api, KIND_POD), 50);
    toy_run(t, 1450 * SIM_MS);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 50);
    toy_run(t, 60 * SIM_S);
    for (size_t i = 0; i < t->w->record.events.len; i++) {
        const struct event_row *e = &t->w->record.events.items[i];

        if (strcmp(e->reason, "SuccessfulCreate") != 0)
            continue;
        told++;
        ck_assert_int_lt(e->at, 2700 * SIM_MS);
        ck_assert(told < 25 || e->at > 2300 * SIM_MS);
    }
    ck_assert_uint_eq(told, 25);
    toy_free(t);
}
END_TEST

/* Reference 2.2, expectations: however late its watch, a set never makes a
 * pod too many. */
START_TEST(late_watch_never_leads_to_a_pod_too_many)
{
    struct toy *t = toy_new(_i == 0 ? KUBE_1_20 : KUBE_1_36);

    t->spec.cluster.timings.dist[TIMING_WATCH_CONTROLLER] =
        dist_constant(700 * SIM_MS);
    toy_start(t);
    toy_apply(t, toy_deployment(t, 12));
    toy_run(t, 20 * SIM_S);
    ck_assert_int_eq(toy_get(t)->available, 12);
    ck_assert_int_eq(t->pods_made, 12);
    scale(t, 3);
    toy_run(t, 40 * SIM_S);
    scale(t, 9);
    toy_run(t, 60 * SIM_S);
    ck_assert_int_eq(toy_get(t)->available, 9);
    ck_assert_int_eq(t->pods_made, 12 + 6);
    toy_free(t);
}
END_TEST

/* README-1.36 row 3: terminating pods are counted since 1.33. */
START_TEST(terminating_pods_are_counted_by_newer_versions)
{
    struct toy *t = toy_new(_i == 0 ? KUBE_1_20 : KUBE_1_36);

    t->term = 5 * SIM_S;
    settle(t, toy_deployment(t, 6));
    scale(t, 2);
    toy_run(t, 21 * SIM_S);
    ck_assert_int_eq(toy_get(t)->status_replicas, 2);
    ck_assert_int_eq(toy_get(t)->terminating, _i == 0 ? 0 : 4);
    toy_run(t, 26 * SIM_S);
    ck_assert_int_eq(toy_get(t)->terminating, 0);
    toy_free(t);
}
END_TEST

/* ---- adopting and releasing --------------------------------------------- */

START_TEST(pod_that_stops_matching_is_released_and_replaced)
{
    struct toy *t = toy_new(KUBE_1_36);
    struct meta *draft;
    object_uid uid;

    settle(t, toy_deployment(t, 3));
    uid = api_at(t->w->api, KIND_POD, 1)->uid;
    draft = api_draft(t->w->api, api_get(t->w->api, uid));
    draft->labels = labels_with(t->a, draft->labels, "app", "debug");
    api_update(t->w->api, draft, NULL, NULL);
    toy_run(t, 30 * SIM_S);
    ck_assert_uint_eq(api_get(t->w->api, uid)->owner, 0);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 4);
    ck_assert_int_eq(toy_get(t)->available, 3);
    draft = api_draft(t->w->api, api_get(t->w->api, uid));
    draft->labels = labels_with(t->a, draft->labels, "app", "web");
    api_update(t->w->api, draft, NULL, NULL);
    toy_run(t, 40 * SIM_S);     /* taken back, and one too many is deleted */
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_ne(api_at(t->w->api, KIND_POD, i)->owner, 0);
    toy_free(t);
}
END_TEST

/* ---- who goes first ----------------------------------------------------- */

static void swap(struct victim *a, struct victim *b)
{
    struct victim t = *a;

    *a = *b;
    *b = t;
}

/* The k first are the same, and in the same order, as by repeated minimum.
 * Ages of one bucket are avoided: there the rules form no order (2.3). */
START_TEST(chosen_victims_are_those_that_go_first)
{
    struct pod pods[40];
    struct victim a[40], b[40];
    size_t k = (size_t)_i;

    for (size_t i = 0; i < 40; i++) {
        size_t x = (i * 17) % 40;

        pods[i] = (struct pod){
            .node = (object_uid)(1 + x % 3), .phase = POD_RUNNING,
            .ready = x % 4 != 0, .max_restarts = (int)(x % 5),
            .meta = { .tie = x, .deleted = SIM_NEVER },
        };
        a[i] = b[i] = (struct victim){
            .pod = &pods[i], .rank = (int)(x % 7),
            .ready_since = (sim_time)(INT64_C(1) << 40) -
                           (sim_time)(INT64_C(1) << (x % 38)),
        };
    }
    victims_choose(a, 40, k, INT64_C(1) << 40, KUBE_1_36);
    for (size_t i = 0; i < k; i++) {
        for (size_t j = i + 1; j < 40; j++)
            if (victim_before(&b[j], &b[i], INT64_C(1) << 40, KUBE_1_36))
                swap(&b[i], &b[j]);
        ck_assert_ptr_eq(a[i].pod, b[i].pod);
    }
}
END_TEST

/* Reference 2.3, rule 5, among related sets: of equal pods the one on the
 * node with more pods of the Deployment goes. */
START_TEST(crowded_node_loses_a_pod_first)
{
    struct toy *t = toy_new(KUBE_1_36);
    int on[NODES + 1] = { 0 };

    settle(t, toy_deployment(t, 7));    /* nodes 1 to 3 get 3, 2, 2 */
    scale(t, 6);
    toy_run(t, 30 * SIM_S);
    for (size_t i = 0; i < 6; i++)
        on[pod_seen(api_at(t->w->api, KIND_POD, i))->node]++;
    for (int node = 1; node <= NODES; node++)
        ck_assert_int_eq(on[node], 2);
    toy_free(t);
}
END_TEST

START_TEST(deletion_cost_must_be_a_plain_integer)
{
    static const struct {
        const char *text;
        int cost;
    } cases[] = { { "10", 10 }, { "-5", -5 }, { "+5", 0 }, { "007", 0 },
                  { "0", 0 }, { "1.5", 0 }, { "3000000000", 0 },
                  { "-2147483648", INT32_MIN }, { "", 0 } };
    struct arena *a = arena_new();
    struct pod p = { 0 };

    ck_assert_int_eq(pod_deletion_cost(&p), 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        p.meta.annotations =
            labels_with(a, NULL, "controller.kubernetes.io/pod-deletion-cost",
                        cases[i].text);
        ck_assert_int_eq(pod_deletion_cost(&p), cases[i].cost);
    }
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("replicaset");
    TCase *c = tcase_create("among real loops");
    SRunner *sr;
    int failed;

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, pods_are_available_when_the_version_notices, 0, 2);
    tcase_add_loop_test(c, creations_and_events_share_the_client_limit, 0, 2);
    tcase_add_loop_test(c, late_watch_never_leads_to_a_pod_too_many, 0, 2);
    tcase_add_loop_test(c, terminating_pods_are_counted_by_newer_versions, 0,
                        2);
    tcase_add_test(c, pod_that_stops_matching_is_released_and_replaced);
    tcase_add_loop_test(c, chosen_victims_are_those_that_go_first, 1, 41);
    tcase_add_test(c, crowded_node_loses_a_pod_first);
    tcase_add_test(c, deletion_cost_must_be_a_plain_integer);
    suite_add_tcase(s, c);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
