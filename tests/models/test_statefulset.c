/*
 * test_statefulset.c - the StatefulSet controller: what every sync keeps to,
 * and whole clusters.
 *
 * Numbers "by hand" follow from the times of set_world.h: a pod takes 2 s from
 * its creation to Ready and 1 s from its deletion to gone.
 */
#include "set_world.h"
#include "stateful_lab.h"

#include "kernel/rng.h"
#include "models/claim.h"
#include "models/rollout.h"

#define PURPOSE_TEST 7
#define ROUNDS 60

static int below(struct stream *s, int n)
{
    return (int)stream_below(s, (uint32_t)n);
}

/* ---- properties of single syncs ----------------------------------------- */

static struct sts_lab *some_lab(struct arena *a, struct stream *s)
{
    struct sts_lab *lab = sts_lab_new(a, below(s, 8));

    lab->kube = below(s, 3) == 0 ? KUBE_1_20 : KUBE_1_36;
    lab->s.parallel = below(s, 2) == 0;
    lab->s.on_delete = below(s, 5) == 0;
    lab->s.rolling_given = !lab->s.on_delete && below(s, 3) > 0;
    lab->s.first_ordinal = below(s, 4) == 0 ? below(s, 5) : 0;
    lab->feature = lab->kube != KUBE_1_20 && below(s, 3) == 0;
    lab->s.max_unavailable.value = 1 + below(s, 4);
    lab->termination = below(s, 3);
    for (int v = 1; v < STS_VERSIONS; v++)
        lab->latency[v] = below(s, 5) == 0 ? STS_NEVER : 1 + below(s, 3);
    return lab;
}

static void act_at_random(struct sts_lab *lab, struct stream *s)
{
    switch (below(s, 16)) {
    case 0:
        sts_act(lab, "image", arena_printf(lab->a, "%d",
                                           1 + below(s, STS_VERSIONS - 1)));
        break;
    case 1:
        sts_act(lab, "scale", arena_printf(lab->a, "%d", below(s, 9)));
        break;
    case 2:
        if (lab->s.rolling_given)
            sts_act(lab, "partition", arena_printf(lab->a, "%d",
                                                   below(s, 5)));
        break;
    case 3:
        sts_delete(lab, below(s, 9));
        break;
    }
}

/* Is there a pod at this ordinal that serves? */
static bool serves(struct sts_lab *lab, int ordinal)
{
    const struct sts_pod *p = sts_at(lab, ordinal);

    return p && p->deleted == STS_NEVER && p->pod.ready;
}

static int count_serving(struct sts_lab *lab)
{
    int n = 0;

    for (int i = 0; i < lab->s.replicas; i++)
        n += serves(lab, lab->s.first_ordinal + i);
    return n;
}

/* An update waits for every pod above.  OrderedReady creates only above pods
 * that serve, and updates only when all do. */
static void check_order(struct sts_lab *lab, const struct stateful_write *w,
                        int serving)
{
    int end = lab->s.first_ordinal + lab->s.replicas;

    for (int i = w->ordinal + 1; w->update && !lab->feature && i < end; i++)
        ck_assert(serves(lab, i));
    if (lab->s.parallel || w->verb == STATEFUL_CLAIM)
        return;
    for (int i = lab->s.first_ordinal;
         w->verb == STATEFUL_CREATE && i < w->ordinal; i++)
        ck_assert(serves(lab, i));
    if (w->update)
        ck_assert_int_eq(serving, lab->s.replicas);
}

/* An update takes pods out of service one at a time, or as many as the feature
 * allows, and never one below the partition. */
static void check_update(const struct sts_lab *lab, int serving)
{
    int taken = 0, most = 1;

    if (lab->feature && lab->s.rolling_given)
        most = statefulset_max_unavailable(lab->s.max_unavailable,
                                           lab->s.replicas);
    for (size_t i = 0; i < lab->plan.writes.len; i++) {
        const struct stateful_write *w = &lab->plan.writes.items[i];

        if (!w->update)
            continue;
        taken++;
        ck_assert(!lab->s.on_delete);
        ck_assert_int_ge(w->ordinal - lab->s.first_ordinal,
                         lab->s.rolling_given ? lab->s.partition : 0);
    }
    ck_assert_int_le(taken, most);
    if (lab->feature && taken > 0)
        ck_assert_int_le(lab->s.replicas - serving + taken, most);
}

START_TEST(no_sync_takes_more_than_it_may)
{
    struct arena *a = arena_new();
    struct stream s;
    struct sts_lab *lab;

    stream_init(&s, 1, PURPOSE_TEST, (uint64_t)_i, 0);
    lab = some_lab(a, &s);
    for (; lab->round < ROUNDS; lab->round++) {
        struct sts_lab before;
        int serving;

        act_at_random(lab, &s);
        serving = count_serving(lab);
        before = *lab;
        before.pods.items = arena_many(a, struct sts_pod *, lab->pods.len);
        for (size_t i = 0; i < lab->pods.len; i++) {
            before.pods.items[i] = arena_make(a, struct sts_pod);
            *before.pods.items[i] = *lab->pods.items[i];
        }
        sts_sync(lab);
        before.plan = lab->plan;
        for (size_t i = 0; i < before.plan.writes.len; i++)
            check_order(&before, &before.plan.writes.items[i], serving);
        if (!lab->s.parallel && lab->kube != KUBE_1_20 && !lab->feature)
            ck_assert_uint_le(lab->plan.writes.len, 1);
        check_update(&before, serving);
        sts_move(lab);
    }
    arena_free(a);
}
END_TEST

/* Whatever was done to it: once all pods can become ready and nobody touches
 * it any more, a set is complete, and then rests. */
START_TEST(every_history_ends_in_a_complete_and_quiet_set)
{
    struct arena *a = arena_new();
    struct stream s;
    struct sts_lab *lab;

    stream_init(&s, 2, PURPOSE_TEST, (uint64_t)_i, 0);
    lab = some_lab(a, &s);
    for (; lab->round < ROUNDS; lab->round++) {
        act_at_random(lab, &s);
        sts_sync(lab);
        sts_move(lab);
    }
    for (int v = 1; v < STS_VERSIONS; v++)
        lab->latency[v] = 1;
    lab->s.partition = 0;
    for (; lab->round < 4 * ROUNDS; lab->round++) {
        sts_sync(lab);
        sts_move(lab);
    }
    ck_assert_uint_eq(lab->plan.writes.len, 0);
    ck_assert_uint_eq(lab->pods.len, (size_t)lab->s.replicas);
    ck_assert_int_eq(lab->s.ready, lab->s.replicas);
    for (size_t i = 0; i < lab->pods.len && !lab->s.on_delete; i++) {
        ck_assert_int_eq(lab->pods.items[i]->ordinal,
                         lab->s.first_ordinal + (int)i);
        ck_assert_int_eq(lab->pods.items[i]->version, lab->version);
    }
    if (!lab->s.on_delete)
        ck_assert_str_eq(lab->s.current_revision, lab->s.update_revision);
    arena_free(a);
}
END_TEST

/* Reference 3.1, differences of 1.20: a failed pod is replaced in the sync
 * that deletes it, a finished one is left alone. */
START_TEST(ended_pods_are_handled_as_the_version_does)
{
    static const struct {
        enum kube_version version;
        enum pod_phase phase;
        int writes;
    } rows[] = {
        { KUBE_1_36, POD_FAILED, 1 }, { KUBE_1_36, POD_SUCCEEDED, 1 },
        { KUBE_1_20, POD_FAILED, 2 }, { KUBE_1_20, POD_SUCCEEDED, 0 },
    };
    struct arena *a = arena_new();
    struct sts_lab *lab = sts_lab_new(a, 1);

    lab->kube = rows[_i].version;
    sts_create(lab, 0, "v1");
    lab->pods.items[0]->pod.phase = rows[_i].phase;
    sts_sync(lab);
    ck_assert_uint_eq(lab->plan.writes.len, (size_t)rows[_i].writes);
    if (rows[_i].writes > 0)
        ck_assert_int_eq(lab->plan.writes.items[0].verb, STATEFUL_DELETE);
    if (rows[_i].writes > 1)
        ck_assert_int_eq(lab->plan.writes.items[1].verb, STATEFUL_CREATE);
    arena_free(a);
}
END_TEST

START_TEST(ordinals_are_numbers_as_kubernetes_writes_them)
{
    static const struct {
        const char *pod;
        int ordinal;
    } rows[] = {
        { "web-0", 0 }, { "web-12", 12 }, { "web-", -1 }, { "web", -1 },
        { "web-01", -1 }, { "web-x", -1 }, { "api-1", -1 },
        { "web-a-1", -1 }, { "web--1", -1 },
    };

    ck_assert_int_eq(statefulset_ordinal("web", rows[_i].pod),
                     rows[_i].ordinal);
}
END_TEST

/* ---- whole clusters ----------------------------------------------------- */

#define CLAIMS "volumeClaimTemplates: [{metadata: {name: data}, spec: "       \
               "{accessModes: [ReadWriteOnce], resources: {requests: "        \
               "{storage: 1Gi}}}}]"

static enum kube_version version_of(int i)
{
    return i == 0 ? KUBE_1_20 : KUBE_1_36;
}

static struct set_world *cluster(int version, const char *spec)
{
    struct set_world *t = set_world_new(version_of(version), 3);

    set_manifest(t, KIND_STATEFULSET, spec);
    return t;
}

static const struct statefulset *get(const struct set_world *t)
{
    return statefulset_seen(set_find(t, KIND_STATEFULSET, "web"));
}

/* By hand: 2 s for each pod after the one before it. */
START_TEST(ordered_pods_wait_for_each_other_and_parallel_ones_do_not)
{
    struct set_world *t = cluster(_i & 1, _i < 2
        ? "{spec: {replicas: 3}}"
        : "{spec: {replicas: 3, podManagementPolicy: Parallel}}");
    double step = _i < 2 ? 2 : 0;

    set_run(t, 0);
    ck_assert_str_eq(set_pods(t), "web-0=1* web-1=1* web-2=1*");
    set_about(set_when(t, "web-1", "Pending", -40), -40 + step);
    set_about(set_when(t, "web-2", "Pending", -40), -40 + 2 * step);
    set_world_free(t);
}
END_TEST

START_TEST(a_deleted_pod_comes_back_with_its_name_and_claim)
{
    struct set_world *t = cluster(_i, "{spec: {replicas: 3, " CLAIMS "}}");
    const struct meta *claim;
    object_uid uid;

    set_do(t, 1, "delete pod web-1", NULL);
    set_do(t, 10, "scale statefulset/web --replicas=1", NULL);
    set_run(t, 0);
    claim = set_find(t, KIND_CLAIM, "data-web-1");
    ck_assert_ptr_nonnull(claim);
    uid = claim->uid;
    ck_assert_uint_lt(uid, set_find(t, KIND_POD, "web-1")->uid);
    set_run(t, 9);
    ck_assert_str_eq(set_pods(t), "web-0=1* web-1=1* web-2=1*");
    set_about(set_when(t, "web-1", "Pending", 0), 2);
    ck_assert_uint_eq(set_find(t, KIND_CLAIM, "data-web-1")->uid, uid);
    ck_assert_str_eq(pod_seen(set_find(t, KIND_POD, "web-1"))
                         ->template->spec->claims[0], "data-web-1");
    set_run(t, 20);
    ck_assert_str_eq(set_pods(t), "web-0=1*");
    ck_assert_uint_eq(api_count(t->w->api, KIND_CLAIM), 3);
    set_about(set_when(t, "web-2", "Terminating", 9), 10);
    set_about(set_when(t, "web-1", "Terminating", 9), 11);
    set_world_free(t);
}
END_TEST

/* By hand: 1 s to end and 2 s to start, three times. */
START_TEST(an_update_goes_down_and_an_undo_takes_the_old_revision_back)
{
    struct set_world *t = cluster(_i & 1, _i < 2
        ? "{spec: {replicas: 3}}"
        : "{spec: {replicas: 3, podManagementPolicy: Parallel}}");

    set_do(t, 1, "set image statefulset/web c=img:2", NULL);
    set_do(t, 20, "rollout undo statefulset/web", NULL);
    set_run(t, 19);
    ck_assert_str_eq(set_pods(t), "web-0=2* web-1=2* web-2=2*");
    ck_assert_str_eq(set_revisions(t), "1=1 2=2");
    set_about(set_when(t, "web-2", "Terminating", 0), 1);
    set_about(set_when(t, "web-1", "Terminating", 0), 4);
    set_about(set_when(t, "web-0", "Terminating", 0), 7);
    set_about(set_when(t, "web-0", "Ready", 0), 10);
    set_run(t, 60);
    ck_assert_str_eq(set_pods(t), "web-0=1* web-1=1* web-2=1*");
    ck_assert_str_eq(set_revisions(t), "2=2 3=1");
    ck_assert_str_eq(get(t)->current_revision, get(t)->update_revision);
    ck_assert(rollout_status_of(t->a, &get(t)->meta).done);
    set_world_free(t);
}
END_TEST

/* Behaviour 24 of the recordings' README. */
START_TEST(a_broken_pod_blocks_even_the_way_back_unless_parallel)
{
    struct set_world *t = cluster(_i & 1, _i < 2
        ? "{spec: {replicas: 3}}"
        : "{spec: {replicas: 3, podManagementPolicy: Parallel}}");

    set_do(t, 1, "set image statefulset/web c=img:bad", NULL);
    set_do(t, 20, "set image statefulset/web c=img:1", NULL);
    set_do(t, 60, "delete pod web-2", NULL);
    set_run(t, 19);
    ck_assert_str_eq(set_pods(t), "web-0=1* web-1=1* web-2=bad");
    set_run(t, 59);
    ck_assert_str_eq(set_pods(t), _i < 2
        ? "web-0=1* web-1=1* web-2=bad" : "web-0=1* web-1=1* web-2=1*");
    set_run(t, 80);
    ck_assert_str_eq(set_pods(t), "web-0=1* web-1=1* web-2=1*");
    set_world_free(t);
}
END_TEST

/* Pods below the partition come back as they were. */
START_TEST(a_partition_keeps_the_pods_below_it)
{
    struct set_world *t = cluster(_i, "{spec: {replicas: 3, updateStrategy: "
                                      "{rollingUpdate: {partition: 2}}}}");

    set_do(t, 1, "set image statefulset/web c=img:2", NULL);
    set_do(t, 20, "delete pod web-0", NULL);
    set_do(t, 30, "patch statefulset web -p x",
           "{spec: {updateStrategy: {rollingUpdate: {partition: 0}}}}");
    set_run(t, 29);
    ck_assert_str_eq(set_pods(t), "web-0=1* web-1=1* web-2=2*");
    ck_assert_str_ne(get(t)->current_revision, get(t)->update_revision);
    ck_assert_str_eq(rollout_status_of(t->a, &get(t)->meta).message,
                     "partitioned roll out complete: 1 new pods have been "
                     "updated...");
    set_run(t, 60);
    ck_assert_str_eq(set_pods(t), "web-0=2* web-1=2* web-2=2*");
    set_world_free(t);
}
END_TEST

START_TEST(pods_are_replaced_only_by_hand_with_on_delete)
{
    struct set_world *t = cluster(_i, "{spec: {replicas: 2, updateStrategy: "
                                      "{type: OnDelete}}}");

    set_do(t, 1, "set image statefulset/web c=img:2", NULL);
    set_do(t, 10, "delete pod web-0", NULL);
    set_run(t, 30);
    ck_assert_str_eq(set_pods(t), "web-0=2* web-1=1*");
    ck_assert(rollout_status_of(t->a, &get(t)->meta).failed);
    set_world_free(t);
}
END_TEST

START_TEST(ordinals_start_where_they_are_told_to)
{
    struct set_world *t = cluster(1, "{spec: {replicas: 2, ordinals: "
                                     "{start: 5}}}");

    set_run(t, 0);
    ck_assert_str_eq(set_pods(t), "web-5=1* web-6=1*");
    set_world_free(t);
}
END_TEST

/* README-1.36 of the recordings, row 1: a pod is available N s after the whole
 * second of its Ready (at x.0 s here).  1.20 knows no minReadySeconds. */
START_TEST(min_ready_seconds_hold_the_next_pod_back)
{
    struct set_world *t = cluster(_i, "{spec: {replicas: 2, minReadySeconds: "
                                      "5}}");
    double ready;

    set_run(t, 0);
    ready = set_when(t, "web-0", "Ready", -40);
    set_about(ready, -38);
    set_about(set_when(t, "web-1", "Pending", -40), _i == 0 ? -38 : -33);
    ck_assert_int_eq(get(t)->available, _i == 0 ? 0 : 2);
    set_world_free(t);
}
END_TEST

/* Reference 3.1: revisions in use stay, of the others revisionHistoryLimit. */
START_TEST(old_revisions_go_when_they_are_too_many)
{
    struct set_world *t = cluster(_i, "{spec: {replicas: 1, "
                                      "revisionHistoryLimit: 1}}");

    for (int i = 2; i < 6; i++)
        set_do(t, 10 * (i - 1), arena_printf(t->a, "set image statefulset/web "
                                             "c=img:%d", i), NULL);
    set_run(t, 100);
    ck_assert_str_eq(set_pods(t), "web-0=5*");
    ck_assert_str_eq(set_revisions(t), "4=4 5=5");
    set_world_free(t);
}
END_TEST

/* With watches that are late by 0.2 s the outcome is the same; 1.36 waits for
 * its own writes, 1.20 is refused and tries again. */
START_TEST(stale_caches_make_no_pod_twice)
{
    struct set_world *t = cluster(_i & 1, _i < 2
        ? "{spec: {replicas: 5}}"
        : "{spec: {replicas: 5, podManagementPolicy: Parallel}}");

    t->spec->cluster.timings.dist[TIMING_WATCH_CONTROLLER] =
        dist_constant(SIM_S / 5);
    set_do(t, 1, "set image statefulset/web c=img:2", NULL);
    set_run(t, 60);
    ck_assert_str_eq(set_pods(t),
                     "web-0=2* web-1=2* web-2=2* web-3=2* web-4=2*");
    ck_assert_uint_eq(t->w->last_uid >= 10, 1);
    set_world_free(t);
}
END_TEST

/* The status has as many available pods as are wanted, one of them condemned,
 * while web-0 waits: only the wake-up for web-0 itself makes it go on. */
START_TEST(min_ready_seconds_do_not_stop_a_scale_down)
{
    struct set_world *t = cluster(KUBE_1_36,
        "{spec: {replicas: 4, minReadySeconds: 5}}");

    set_do(t, 1, "scale statefulset/web --replicas=2", NULL);
    set_do(t, 1.3, "delete pod/web-0", NULL);
    set_run(t, 60);
    ck_assert_str_eq(set_pods(t), "web-0=1* web-1=1*");
    set_world_free(t);
}
END_TEST

/* kubectl's own words. */
START_TEST(rollout_status_says_what_it_waits_for)
{
    struct statefulset s = {
        .meta = { .name = "web", .generation = 2 }, .replicas = 3,
        .current_revision = "web-1", .update_revision = "web-2",
    };
    struct arena *a = arena_new();

#define SAYS(text) \
    ck_assert_str_eq(statefulset_rollout_status(a, &s).message, text)
    SAYS("Waiting for statefulset spec update to be observed...");
    s.observed_generation = 2;
    s.ready = 1;
    SAYS("Waiting for 2 pods to be ready...");
    s.ready = 3;
    s.updated = 1;
    SAYS("waiting for statefulset rolling update to complete 1 pods at "
         "revision web-2...");
    s.rolling_given = true;
    SAYS("Waiting for partitioned roll out to finish: 1 out of 3 new pods "
         "have been updated...");
    s.rolling_given = false;
    s.current = 3;
    s.current_revision = "web-2";
    SAYS("statefulset rolling update complete 3 pods at revision web-2...");
#undef SAYS
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("statefulset");
    TCase *tc = tcase_create("syncs");
    TCase *worlds = tcase_create("clusters");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, no_sync_takes_more_than_it_may, 0, 200);
    tcase_add_loop_test(tc, every_history_ends_in_a_complete_and_quiet_set, 0,
                        200);
    tcase_add_loop_test(tc, ended_pods_are_handled_as_the_version_does, 0, 4);
    tcase_add_loop_test(tc, ordinals_are_numbers_as_kubernetes_writes_them, 0,
                        9);
    tcase_add_test(tc, rollout_status_says_what_it_waits_for);
    tcase_add_loop_test(
        worlds, ordered_pods_wait_for_each_other_and_parallel_ones_do_not, 0,
        4);
    tcase_add_loop_test(worlds,
                        a_deleted_pod_comes_back_with_its_name_and_claim, 0,
                        2);
    tcase_add_loop_test(
        worlds, an_update_goes_down_and_an_undo_takes_the_old_revision_back,
        0, 4);
    tcase_add_loop_test(
        worlds, a_broken_pod_blocks_even_the_way_back_unless_parallel, 0, 4);
    tcase_add_loop_test(worlds, a_partition_keeps_the_pods_below_it, 0, 2);
    tcase_add_loop_test(worlds,
                        pods_are_replaced_only_by_hand_with_on_delete, 0, 2);
    tcase_add_test(worlds, ordinals_start_where_they_are_told_to);
    tcase_add_loop_test(worlds, min_ready_seconds_hold_the_next_pod_back, 0,
                        2);
    tcase_add_loop_test(worlds, old_revisions_go_when_they_are_too_many, 0,
                        2);
    tcase_add_loop_test(worlds, stale_caches_make_no_pod_twice, 0, 4);
    tcase_add_test(worlds, min_ready_seconds_do_not_stop_a_scale_down);
    suite_add_tcase(s, tc);
    suite_add_tcase(s, worlds);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
