/*
 * test_deployment.c - the Deployment controller: bounds that every sync keeps,
 * and rollouts among real loops.
 *
 * Numbers "by hand" follow reference 1.16 and the recordings' README.
 */
#include "rollout_lab.h"
#include "toy_world.h"

#include "kernel/rng.h"
#include "models/rollout.h"

/* ---- properties of single syncs ----------------------------------------- */

#define PURPOSE_TEST 7
#define ROUNDS 40

static int below(struct stream *s, int n)
{
    return (int)stream_below(s, (uint32_t)n);
}

static struct int_or_percent some_limit(struct stream *s)
{
    static const struct int_or_percent limits[] = {
        { false, 0 }, { false, 1 }, { false, 2 }, { false, 3 }, { false, 5 },
        { true, 0 }, { true, 1 }, { true, 10 }, { true, 25 }, { true, 33 },
        { true, 50 }, { true, 100 },
    };

    return limits[below(s, (int)COUNT_OF(limits))];
}

static struct lab *some_lab(struct arena *a, struct stream *s)
{
    struct lab *lab = lab_new(a, below(s, 25));

    lab->d.max_surge = some_limit(s);
    lab->d.max_unavailable = some_limit(s);
    lab->d.revision_history_limit = below(s, 4);
    for (int v = 1; v < VERSIONS; v++)
        lab->latency[v] = below(s, 5) == 0 ? NEVER : 1 + below(s, 3);
    lab->latency[1] = 1;
    return lab;
}

/* Replicas asked for, and those of them that are available. */
static int total_size(const struct lab *lab, int *available)
{
    int size = 0;

    *available = 0;
    for (size_t i = 0; i < lab->sets.len; i++) {
        const struct replicaset *rs = &lab->sets.items[i]->rs;

        size += rs->replicas;
        *available += rs->available < rs->replicas ? rs->available
                                                   : rs->replicas;
    }
    return size;
}

/* A round without scaling: neither bound is crossed by the sync itself. */
static void check_bounds(struct lab *lab)
{
    struct deployment_plan p;
    int least = deployment_min_available(&lab->d);
    int most = lab->d.replicas + deployment_max_surge(&lab->d);
    int size, available, size_after, available_after;

    size = total_size(lab, &available);
    lab_sync(lab, &p);
    size_after = total_size(lab, &available_after);
    ck_assert_int_le(size_after, size > most ? size : most);
    ck_assert_int_ge(available_after, available < least ? available : least);
}

START_TEST(no_sync_of_a_rollout_crosses_a_fencepost)
{
    struct arena *a = arena_new();
    struct stream s;
    struct lab *lab;

    stream_init(&s, 1, PURPOSE_TEST, (uint64_t)_i, 0);
    lab = some_lab(a, &s);
    for (; lab->round < ROUNDS; lab->round++) {
        if (below(&s, 6) == 0)
            act(lab, "image", arena_printf(a, "%d", 1 + below(&s, 5)));
        check_bounds(lab);
        move_pods(lab);
    }
    arena_free(a);
}
END_TEST

static void act_at_random(struct lab *lab, struct stream *s)
{
    switch (below(s, 20)) {
    case 0:
        act(lab, "image", arena_printf(lab->a, "%d", 1 + below(s, 5)));
        break;
    case 1:
        act(lab, "scale", arena_printf(lab->a, "%d", below(s, 30)));
        break;
    case 2:
        act(lab, "pause", "");
        break;
    case 3:
        act(lab, "resume", "");
        break;
    case 4:
        act(lab, "undo", "");
        break;
    }
}

/* Whatever was done to it: once all pods can become available and nobody
 * touches it any more, a Deployment completes, and then rests. */
START_TEST(every_history_ends_in_a_complete_and_quiet_deployment)
{
    struct arena *a = arena_new();
    struct deployment_plan p;
    struct stream s;
    struct lab *lab;

    stream_init(&s, 2, PURPOSE_TEST, (uint64_t)_i, 0);
    lab = some_lab(a, &s);
    if (below(&s, 4) == 0) {
        lab->d.strategy = STRATEGY_RECREATE;
        lab->termination = below(&s, 3);
    }
    for (; lab->round < ROUNDS; lab->round++) {
        act_at_random(lab, &s);
        lab_sync(lab, &p);
        move_pods(lab);
    }
    for (int v = 1; v < VERSIONS; v++)
        lab->latency[v] = 1;
    act(lab, "resume", "");
    for (; lab->round < 4 * ROUNDS; lab->round++) {
        lab_sync(lab, &p);
        move_pods(lab);
    }
    ck_assert(deployment_complete(&lab->d, &lab->d));
    ck_assert(condition_because(&lab->d.progressing,
                                "NewReplicaSetAvailable"));
    ck_assert_uint_eq(p.writes.len, 0);
    ck_assert_int_eq(p.recheck, SIM_NEVER);
    for (size_t i = 0; i < lab->sets.len; i++)
        ck_assert_int_eq(lab->sets.items[i]->rs.replicas,
                         lab->sets.items[i]->version == lab->version
                             ? lab->d.replicas : 0);
    arena_free(a);
}
END_TEST

/* Revision history: "1,3", cut from the front beyond 2000 characters. */
START_TEST(revisions_that_were_replaced_are_kept_in_order)
{
    struct arena *a = arena_new();
    struct replicaset rs = { .revision = 0 };

    ck_assert(replicaset_set_revision(&rs, 1, a));
    ck_assert_ptr_null(rs.revision_history);
    ck_assert(replicaset_set_revision(&rs, 3, a));
    ck_assert(!replicaset_set_revision(&rs, 2, a));
    ck_assert(replicaset_set_revision(&rs, 7, a));
    ck_assert_str_eq(rs.revision_history, "1,3");
    for (int i = 8; i < 1000; i++)
        ck_assert(replicaset_set_revision(&rs, i, a));
    ck_assert_uint_le(strlen(rs.revision_history), 2000);
    ck_assert_str_eq(strrchr(rs.revision_history, ','), ",998");
    arena_free(a);
}
END_TEST

/* Reference 1.6: a stale status, right after a scale-down, makes the clean-up
 * fail inside; the sets before it have been scaled all the same. */
START_TEST(stale_status_stops_the_scale_down_of_that_pass)
{
    struct arena *a = arena_new();
    struct deployment d = { .replicas = 10, .max_unavailable = { false, 5 },
                            .max_surge = { false, 5 } };
    struct replicaset one = { .replicas = 4, .available = 2 };
    struct replicaset two = { .replicas = 3, .available = 5 };
    struct replicaset fresh = { .replicas = 8, .available = 8 };
    const struct replicaset *olds[] = { &one, &two };
    struct resize out[4];
    size_t n;

    ck_assert(!deployment_shrink_old(&d, 15, &fresh, olds, 2, out, &n, a));
    ck_assert_uint_eq(n, 1);
    ck_assert_ptr_eq(out[0].set, &one);
    ck_assert_int_eq(out[0].size, 2);
    arena_free(a);
}
END_TEST

/* ---- among real loops --------------------------------------------------- */

/* kubectl set image: another version. */
static void toy_set_image(struct toy *t, int version)
{
    struct deployment *d = toy_edit(t);

    d->template = toy_template(t->a, version);
    toy_write(t, d);
}

/* The ReplicaSet of a version, NULL if there is none. */
static const struct replicaset *toy_set_of(const struct toy *t, int version)
{
    for (size_t i = 0; i < api_count(t->w->api, KIND_REPLICASET); i++) {
        const struct replicaset *rs =
            replicaset_seen(api_at(t->w->api, KIND_REPLICASET, i));

        if (toy_version(rs->template) == version)
            return rs;
    }
    return NULL;
}

/* The size of the set of a version; 0 without one. */
static int toy_size(const struct toy *t, int version)
{
    const struct replicaset *rs = toy_set_of(t, version);

    return rs ? rs->replicas : 0;
}

/* Start the loops, create d, and let it settle. */
static void settle(struct toy *t, struct deployment *d)
{
    toy_start(t);
    toy_apply(t, d);
    toy_run(t, 10 * SIM_S);
    ck_assert(toy_get(t)->available == toy_get(t)->replicas);
}

/* 10 replicas, 25% and 25%: surge 3, unavailable 2 (recording
 * ru-10-s25pct-u25pct: waves 8/5 3/10 0/10; 13 active pods at most). */
START_TEST(rollout_of_ten_goes_in_the_recorded_waves)
{
    struct toy *t = toy_new(_i == 0 ? KUBE_1_20 : KUBE_1_36);

    t->term = 1500 * SIM_MS;
    settle(t, toy_deployment(t, 10));
    toy_set_image(t, 2);
    toy_run(t, 11 * SIM_S);
    ck_assert_int_eq(toy_size(t, 1), 8);
    ck_assert_int_eq(toy_size(t, 2), 5);
    toy_run(t, 13 * SIM_S);
    ck_assert_int_eq(toy_size(t, 1), 3);
    ck_assert_int_eq(toy_size(t, 2), 10);
    toy_run(t, 15 * SIM_S);
    ck_assert_int_eq(toy_size(t, 1), 0);
    ck_assert_int_eq(toy_size(t, 2), 10);
    ck_assert(rollout_status(t->a, toy_get(t)).done);
    ck_assert_int_eq(t->most_active, 13);
    ck_assert_int_eq(t->most_pods, 18);
    ck_assert_int_eq(toy_get(t)->revision, 2);
    toy_free(t);
}
END_TEST

/* At rest nothing is written and nobody is busy. */
START_TEST(controllers_rest_when_nothing_is_to_do)
{
    struct toy *t = toy_new(_i == 0 ? KUBE_1_20 : KUBE_1_36);
    uint64_t writes;

    settle(t, toy_deployment(t, 5));
    toy_set_image(t, 2);
    toy_run(t, 60 * SIM_S);
    writes = api_writes(t->w->api);
    toy_run(t, 2000 * SIM_S);
    ck_assert_uint_eq(api_writes(t->w->api), writes);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(t->loops[i].busy, 0);
    toy_free(t);
}
END_TEST

/* Undo re-uses the old set, whose revision becomes the next one. */
START_TEST(undo_renumbers_the_old_set_and_keeps_its_pods)
{
    struct toy *t = toy_new(KUBE_1_36);
    struct rollout_revision *list;
    struct rollout_undo undo;
    struct deployment *d;
    object_uid first;

    settle(t, toy_deployment(t, 10));
    first = toy_set_of(t, 1)->meta.uid;
    t->ready[2] = SIM_NEVER;
    toy_set_image(t, 2);
    toy_run(t, 12 * SIM_S);
    undo = rollout_undo(t->a, t->w->api, toy_get(t), 0);
    ck_assert_ptr_nonnull(undo.set);
    d = toy_edit(t);
    rollout_restore(t->a, d, undo.set);
    toy_write(t, d);
    toy_run(t, 20 * SIM_S);
    ck_assert_uint_eq(toy_set_of(t, 1)->meta.uid, first);
    ck_assert_int_eq(toy_size(t, 1), 10);
    ck_assert_int_eq(toy_size(t, 2), 0);
    ck_assert_int_eq(toy_set_of(t, 1)->revision, 3);
    ck_assert_str_eq(toy_set_of(t, 1)->revision_history, "1");
    ck_assert_int_eq(toy_get(t)->revision, 3);
    ck_assert_uint_eq(rollout_history(t->a, t->w->api, toy_get(t), &list), 2);
    ck_assert_int_eq(list[0].revision, 2);
    ck_assert_int_eq(list[1].revision, 3);
    ck_assert_int_eq(t->pods_made, 10 + 5 + 2);  /* 8 of 10 were kept */
    toy_free(t);
}
END_TEST

START_TEST(undo_is_refused_in_the_words_of_kubectl)
{
    struct toy *t = toy_new(KUBE_1_36);
    struct rollout_undo undo;
    struct deployment *d;

    settle(t, toy_deployment(t, 1));
    undo = rollout_undo(t->a, t->w->api, toy_get(t), 0);
    ck_assert(undo.refused && !undo.set);
    ck_assert_str_eq(undo.message,
                     "no rollout history found for deployment \"web\"");
    undo = rollout_undo(t->a, t->w->api, toy_get(t), 7);
    ck_assert_str_eq(undo.message,
                     "unable to find specified revision 7 in history");
    undo = rollout_undo(t->a, t->w->api, toy_get(t), 1);
    ck_assert(!undo.refused && !undo.set);
    ck_assert_str_eq(undo.message, "skipped rollback (current template "
                                   "already matches revision 1)");
    d = toy_edit(t);
    d->paused = true;
    toy_write(t, d);
    undo = rollout_undo(t->a, t->w->api, toy_get(t), 1);
    ck_assert(undo.refused);
    toy_free(t);
}
END_TEST

/* Behaviour 10 of the recordings: last progress at wall second s, deadline N:
 * the condition turns at s + N + 1, to within ms. */
START_TEST(deadline_is_reported_one_second_late_on_the_second)
{
    struct toy *t = toy_new(KUBE_1_36);
    struct deployment *d = toy_deployment(t, 4);
    const struct condition *c;
    sim_time due;

    d->progress_deadline_s = 10;
    settle(t, d);
    t->ready[2] = SIM_NEVER;
    toy_set_image(t, 2);
    toy_run(t, 11 * SIM_S);
    c = &toy_get(t)->progressing;
    due = world_second_starts(t->w, world_second(t->w, c->updated) + 11);
    toy_run(t, due - 1);
    ck_assert_int_eq(toy_get(t)->progressing.status, CONDITION_TRUE);
    toy_run(t, due + 10 * SIM_MS);
    ck_assert_int_eq(toy_get(t)->progressing.status, CONDITION_FALSE);
    ck_assert(rollout_status(t->a, toy_get(t)).failed);
    toy_set_image(t, 3);
    toy_run(t, 60 * SIM_S);
    ck_assert(rollout_status(t->a, toy_get(t)).done);
    toy_free(t);
}
END_TEST

/* Recreate: no new pod before the last old one is gone. */
START_TEST(recreate_waits_until_the_old_pods_are_gone)
{
    struct toy *t = toy_new(_i == 0 ? KUBE_1_20 : KUBE_1_36);
    struct deployment *d = toy_deployment(t, 5);

    d->strategy = STRATEGY_RECREATE;
    t->term = 4 * SIM_S;
    settle(t, d);
    toy_set_image(t, 2);
    toy_run(t, 10 * SIM_S + 3900 * SIM_MS);
    ck_assert_ptr_null(toy_set_of(t, 2));
    toy_run(t, 10 * SIM_S + 4100 * SIM_MS);
    ck_assert_int_eq(toy_size(t, 2), 5);
    ck_assert_int_eq(t->most_pods, 5);
    toy_run(t, 17 * SIM_S);
    ck_assert(rollout_status(t->a, toy_get(t)).done);
    toy_free(t);
}
END_TEST

/* Pause holds the fractions; scaling shares out, surge included: 8/5 of 10
 * with 25% become 16 replicas + 4 surge = 12/8 (recording pause-scale: by
 * hand 8*20/13 = 12.3, 5*20/13 = 7.7). */
START_TEST(paused_rollout_scales_in_proportion)
{
    struct toy *t = toy_new(KUBE_1_36);
    struct deployment *d;

    settle(t, toy_deployment(t, 10));
    t->ready[2] = SIM_NEVER;
    toy_set_image(t, 2);
    toy_run(t, 11 * SIM_S);
    d = toy_edit(t);
    d->paused = true;
    toy_write(t, d);
    toy_run(t, 12 * SIM_S);
    ck_assert_str_eq(toy_get(t)->progressing.reason, "DeploymentPaused");
    d = toy_edit(t);
    d->replicas = 16;
    toy_write(t, d);
    toy_run(t, 13 * SIM_S);
    ck_assert_int_eq(toy_size(t, 1), 12);
    ck_assert_int_eq(toy_size(t, 2), 8);
    d = toy_edit(t);
    d->paused = false;
    toy_write(t, d);
    toy_run(t, 13 * SIM_S + 100 * SIM_MS);
    ck_assert_str_eq(toy_get(t)->progressing.reason, "DeploymentResumed");
    toy_free(t);
}
END_TEST

/* Another owner's set has the name: the collision count makes a new one. */
START_TEST(name_that_is_taken_is_avoided)
{
    struct toy *t = toy_new(KUBE_1_36);
    struct deployment *d = toy_deployment(t, 2);
    struct replicaset *other =
        replicaset_of(api_new_draft(t->w->api, KIND_REPLICASET));
    const struct pod_template *two = toy_template(t->a, 2);

    other->meta.name = arena_printf(t->a, "web-%s",
                                    pod_template_hash(t->a, two, 0));
    other->meta.space = "default";
    other->selector = selector_from_map(
        t->a, toy_map1(t->a, "app", value_string(t->a, "other", NULL)));
    other->template = two;
    settle(t, d);
    ck_assert_int_eq(api_create(t->w->api, &other->meta, NULL, NULL),
                     API_CREATED);
    toy_run(t, 11 * SIM_S);
    toy_set_image(t, 2);
    toy_run(t, 20 * SIM_S);
    ck_assert_int_eq(toy_get(t)->collisions, 1);
    ck_assert(rollout_status(t->a, toy_get(t)).done);
    toy_free(t);
}
END_TEST

/* An orphan set that matches is adopted, and is the fresh one if it fits. */
START_TEST(matching_orphan_set_is_adopted)
{
    struct toy *t = toy_new(KUBE_1_36);
    struct replicaset *rs =
        replicaset_of(api_new_draft(t->w->api, KIND_REPLICASET));
    const struct meta *m;
    object_uid uid;

    rs->meta.name = "lost";
    rs->meta.space = "default";
    rs->template = toy_template(t->a, 1);
    rs->meta.labels = rs->template->labels;
    rs->selector = selector_from_map(
        t->a, toy_map1(t->a, "app", value_string(t->a, "web", NULL)));
    rs->replicas = 2;
    rs->desired = rs->max = -1;
    toy_start(t);
    api_create(t->w->api, &rs->meta, &m, NULL);
    uid = m->uid;
    toy_apply(t, toy_deployment(t, 2));
    toy_run(t, 5 * SIM_S);
    ck_assert_uint_eq(api_count(t->w->api, KIND_REPLICASET), 1);
    ck_assert_uint_eq(api_get(t->w->api, uid)->owner, t->d);
    ck_assert_int_eq(toy_set_of(t, 1)->revision, 1);
    ck_assert(rollout_status(t->a, toy_get(t)).done);
    toy_free(t);
}
END_TEST

/* Old sets beyond the limit go when the rollout is complete. */
START_TEST(history_is_cut_to_its_limit)
{
    struct toy *t = toy_new(KUBE_1_36);
    struct deployment *d = toy_deployment(t, 2);

    d->revision_history_limit = 1;
    settle(t, d);
    for (int v = 2; v <= 4; v++) {
        toy_set_image(t, v);
        toy_run(t, 20 * v * SIM_S);
    }
    ck_assert_uint_eq(api_count(t->w->api, KIND_REPLICASET), 2);
    ck_assert_ptr_nonnull(toy_set_of(t, 3));
    ck_assert_ptr_nonnull(toy_set_of(t, 4));
    toy_free(t);
}
END_TEST

static const char *const *finalizer(struct toy *t, const char *name)
{
    const char **list = arena_many(t->a, const char *, 2);

    list[0] = name;
    return list;
}

/* Deleting a Deployment: in the background, in the foreground, orphaning. */
START_TEST(dependents_follow_their_owner_as_asked)
{
    static const char *const modes[] = { NULL, "foregroundDeletion",
                                         "orphan" };
    struct toy *t = toy_new(KUBE_1_36);
    struct deployment *d = toy_deployment(t, 3);
    size_t left = _i == 2;

    if (modes[_i])
        d->meta.finalizers = finalizer(t, modes[_i]);
    settle(t, d);
    api_delete(t->w->api, t->d, -1);
    ck_assert((toy_get(t) == NULL) == (_i == 0));
    toy_run(t, 20 * SIM_S);
    ck_assert_ptr_null(toy_get(t));
    ck_assert_uint_eq(api_count(t->w->api, KIND_REPLICASET), left);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 3 * left);
    toy_free(t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("deployment");
    TCase *c = tcase_create("plans and rollouts");
    SRunner *sr;
    int failed;

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, no_sync_of_a_rollout_crosses_a_fencepost, 0, 60);
    tcase_add_loop_test(c,
        every_history_ends_in_a_complete_and_quiet_deployment, 0, 60);
    tcase_add_test(c, revisions_that_were_replaced_are_kept_in_order);
    tcase_add_test(c, stale_status_stops_the_scale_down_of_that_pass);
    tcase_add_loop_test(c, rollout_of_ten_goes_in_the_recorded_waves, 0, 2);
    tcase_add_loop_test(c, controllers_rest_when_nothing_is_to_do, 0, 2);
    tcase_add_test(c, undo_renumbers_the_old_set_and_keeps_its_pods);
    tcase_add_test(c, undo_is_refused_in_the_words_of_kubectl);
    tcase_add_test(c, deadline_is_reported_one_second_late_on_the_second);
    tcase_add_loop_test(c, recreate_waits_until_the_old_pods_are_gone, 0, 2);
    tcase_add_test(c, paused_rollout_scales_in_proportion);
    tcase_add_test(c, name_that_is_taken_is_avoided);
    tcase_add_test(c, matching_orphan_set_is_adopted);
    tcase_add_test(c, history_is_cut_to_its_limit);
    tcase_add_loop_test(c, dependents_follow_their_owner_as_asked, 0, 3);
    suite_add_tcase(s, c);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
