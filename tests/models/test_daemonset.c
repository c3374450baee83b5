/*
 * test_daemonset.c - the DaemonSet controller: what every sync keeps to, and
 * whole clusters.
 *
 * Numbers "by hand" follow from the times of set_world.h: a pod takes 2 s from
 * its creation to Ready and 1 s from its deletion to gone.
 */
#include "daemon_lab.h"
#include "set_world.h"

#include "kernel/rng.h"
#include "models/rollout.h"

#define PURPOSE_TEST 7
#define ROUNDS 60

static int below(struct stream *s, int n)
{
    return (int)stream_below(s, (uint32_t)n);
}

/* ---- properties of single syncs ----------------------------------------- */

static struct int_or_percent some_limit(struct stream *s)
{
    static const struct int_or_percent limits[] = {
        { false, 1 }, { false, 2 }, { false, 4 }, { true, 1 }, { true, 10 },
        { true, 33 }, { true, 100 },
    };

    return limits[below(s, (int)COUNT_OF(limits))];
}

static struct ds_lab *some_lab(struct arena *a, struct stream *s)
{
    struct ds_lab *lab = ds_lab_new(a, 1 + below(s, 12));

    lab->kube = below(s, 3) == 0 ? KUBE_1_20 : KUBE_1_36;
    lab->termination = below(s, 3);
    lab->d.max_unavailable = some_limit(s);
    if (lab->kube != KUBE_1_20 && below(s, 2) == 0) {
        lab->d.max_surge = some_limit(s);
        lab->d.max_unavailable = (struct int_or_percent){ false, 0 };
    }
    for (int v = 1; v < DS_VERSIONS; v++)
        lab->latency[v] = below(s, 5) == 0 ? DS_NEVER : 1 + below(s, 3);
    return lab;
}

static bool has_surge(const struct ds_lab *lab)
{
    return lab->d.max_surge.value > 0;
}

static void act_at_random(struct ds_lab *lab, struct stream *s)
{
    int n = below(s, lab->nnodes);

    switch (below(s, 12)) {
    case 0:
        lab->version = 1 + below(s, DS_VERSIONS - 1);
        break;
    case 1:
        lab->nnodes += lab->nnodes < DS_NODES / 2;
        break;
    case 2:
        if (lab->pods[n].len > 0)
            ds_delete(lab, &lab->pods[n].items[0]->pod);
        break;
    }
}

/* Nodes with a pod that is available and stays. */
static int count_served(const struct ds_lab *lab)
{
    int served = 0;

    for (int n = 0; n < lab->nnodes; n++) {
        bool one = false;

        for (size_t i = 0; i < lab->pods[n].len; i++) {
            const struct ds_pod *p = lab->pods[n].items[i];

            one |= p->pod.ready && p->deleted == DS_NEVER;
        }
        served += one;
    }
    return served;
}

/* Nodes with a pod that is not there to be deleted, and how many on one. */
static int most_per_node(const struct ds_lab *lab)
{
    int most = 0;

    for (int n = 0; n < lab->nnodes; n++) {
        int live = 0;

        for (size_t i = 0; i < lab->pods[n].len; i++)
            live += lab->pods[n].items[i]->deleted == DS_NEVER;
        most = live > most ? live : most;
    }
    return most;
}

/* Without surge at most maxUnavailable nodes lose their pod, those counted
 * that have lost it anyhow; with surge none does. */
START_TEST(no_sync_serves_fewer_nodes_than_it_may)
{
    struct arena *a = arena_new();
    struct stream s;
    struct ds_lab *lab;

    stream_init(&s, 1, PURPOSE_TEST, (uint64_t)_i, 0);
    lab = some_lab(a, &s);
    for (; lab->round < ROUNDS; lab->round++) {
        int before, least;

        act_at_random(lab, &s);
        before = count_served(lab);
        least = lab->nnodes -
                daemonset_limits(&lab->d, lab->nnodes).unavailable;
        if (has_surge(lab))
            least = before;
        ds_sync(lab);
        ck_assert_int_ge(count_served(lab), before < least ? before : least);
        ck_assert_int_le(most_per_node(lab), has_surge(lab) ? 2 : 1);
        ds_move(lab);
    }
    arena_free(a);
}
END_TEST

/* Whatever was done to it: once all pods can become ready and nobody touches
 * it any more, every node has one new pod, and nothing more is done. */
START_TEST(every_history_ends_in_one_new_pod_per_node)
{
    struct arena *a = arena_new();
    struct stream s;
    struct ds_lab *lab;
    struct daemonset d;
    struct daemonset_view v;

    stream_init(&s, 2, PURPOSE_TEST, (uint64_t)_i, 0);
    lab = some_lab(a, &s);
    for (; lab->round < ROUNDS; lab->round++) {
        act_at_random(lab, &s);
        ds_sync(lab);
        ds_move(lab);
    }
    for (int version = 1; version < DS_VERSIONS; version++)
        lab->latency[version] = 1;
    for (; lab->round < 5 * ROUNDS; lab->round++) {
        ds_sync(lab);
        ds_move(lab);
    }
    ck_assert_int_eq(lab->creations + lab->deletions, 0);
    ck_assert_int_eq(ds_count(lab, lab->version, true), lab->nnodes);
    for (int n = 0; n < lab->nnodes; n++)
        ck_assert_uint_eq(lab->pods[n].len, 1);
    d = lab->d;
    v = ds_view(lab);
    daemonset_count(&v, &d);
    ck_assert_int_eq(d.desired, lab->nnodes);
    ck_assert_int_eq(d.updated, lab->nnodes);
    ck_assert_int_eq(d.available, lab->nnodes);
    ck_assert_int_eq(d.unavailable + d.misscheduled, 0);
    arena_free(a);
}
END_TEST

static sim_time wait_a_while(void *ctx, const struct daemon_place *place,
                             const struct pod *failed)
{
    (void)ctx;
    (void)place;
    (void)failed;
    return 4 * SIM_S;
}

/* A failed pod counts as there until it may be deleted. */
START_TEST(a_failed_pod_waits_for_its_back_off)
{
    struct arena *a = arena_new();
    struct ds_lab *lab = ds_lab_new(a, 1);
    struct daemonset_view v;
    struct daemonset_plan p;

    ds_create(lab, 0);
    lab->pods[0].items[0]->pod.phase = POD_FAILED;
    v = ds_view(lab);
    daemonset_manage(&v, &p);
    ck_assert_uint_eq(p.deletions.len, 1);
    ck_assert_uint_eq(p.creations.len, 0);
    v.hold_off = wait_a_while;
    daemonset_manage(&v, &p);
    ck_assert_uint_eq(p.deletions.len, 0);
    ck_assert_int_eq(p.retry, 4 * SIM_S);
    arena_free(a);
}
END_TEST

/* Reference 3.2: a NoSchedule taint keeps new pods away and lets old ones
 * stay; a NoExecute taint does not. */
START_TEST(taints_repel_as_their_effect_says)
{
    static const struct {
        const char *effect;
        bool run, stay;
    } rows[] = {
        { "NoSchedule", false, true }, { "NoExecute", false, false },
        { "PreferNoSchedule", true, true },
    };
    struct taint taint = { .key = "a", .value = "", .effect = rows[_i].effect };
    struct node n = { .meta.name = "n", .taints = &taint, .ntaints = 1 };
    struct pod_spec spec = { .node_name = NULL };
    bool stay;

    ck_assert_int_eq(daemonset_eligible(&spec, &n, &stay), rows[_i].run);
    ck_assert_int_eq(stay, rows[_i].stay);
    spec.node_name = "other";
    n.ntaints = 0;
    ck_assert(!daemonset_eligible(&spec, &n, &stay));
    ck_assert(!stay);
}
END_TEST

/* ---- whole clusters ----------------------------------------------------- */

static struct set_world *cluster(int version, int nodes, const char *spec)
{
    struct set_world *t = set_world_new(version == 0 ? KUBE_1_20 : KUBE_1_36,
                                        nodes);

    set_manifest(t, KIND_DAEMONSET, spec);
    return t;
}

static const struct daemonset *get(const struct set_world *t)
{
    return daemonset_seen(set_find(t, KIND_DAEMONSET, "web"));
}

/* "n-0=1 n-1=2+1": tags of the images of each node's pods, in order. */
static const char *by_node(const struct set_world *t)
{
    const char *text = "";

    for (size_t i = 0; i < api_count(t->w->api, KIND_NODE); i++) {
        const struct meta *n = api_at(t->w->api, KIND_NODE, i);
        const char *pods = "";

        for (size_t j = 0; j < api_count(t->w->api, KIND_POD); j++) {
            const struct pod *p = pod_seen(api_at(t->w->api, KIND_POD, j));

            if (p->node == n->uid)
                pods = arena_printf(
                    t->a, "%s%s%s", pods, *pods ? "+" : "",
                    strchr(p->template->spec->containers[0].image, ':') + 1);
        }
        text = arena_printf(t->a, "%s%s%s=%s", text, *text ? " " : "",
                            n->name, pods);
    }
    return text;
}

START_TEST(every_node_gets_a_pod_and_so_does_one_that_joins)
{
    struct set_world *t = cluster(_i, 3, "{}");
    struct node_pool *pools = arena_many(t->a, struct node_pool, 2);

    pools[0] = pools[1] = t->spec->cluster.pools[0];
    pools[1].name = "late";
    pools[1].count = 1;
    pools[1].joins = 10 * SIM_S;
    t->spec->cluster.pools = pools;
    t->spec->cluster.npools = 2;
    set_run(t, 0);
    ck_assert_str_eq(by_node(t), "n-0=1 n-1=1 n-2=1");
    ck_assert_int_eq(get(t)->ready, 3);
    set_run(t, 15);
    ck_assert_str_eq(by_node(t), "n-0=1 n-1=1 n-2=1 late-0=1");
    ck_assert_int_eq(get(t)->desired, 4);
    ck_assert(rollout_status_of(t->a, &get(t)->meta).done);
    set_world_free(t);
}
END_TEST

/* A cordoned node is as good as another; a tainted one keeps its pod but gets
 * no new one; a selector that no longer matches costs the pod at once. */
START_TEST(nodes_change_and_the_set_follows)
{
    struct set_world *t = cluster(_i, 3, "{spec: {template: {spec: "
                                         "{nodeSelector: {disk: ssd}}}}}");

    ((struct node_pool *)t->spec->cluster.pools)->labels =
        value_flow(t->a, "{disk: ssd}", NULL);
    set_do(t, 1, "cordon n-0", NULL);
    set_do(t, 2, "taint nodes n-1 gone=yes:NoSchedule", NULL);
    set_do(t, 3, "label node n-2 disk-", NULL);
    set_do(t, 10, "set image daemonset/web c=img:2", NULL);
    set_run(t, 9);
    ck_assert_str_eq(by_node(t), "n-0=1 n-1=1 n-2=");
    ck_assert_int_eq(get(t)->desired, 1);
    ck_assert_int_eq(get(t)->misscheduled, 1);
    set_run(t, 30);
    ck_assert_str_eq(by_node(t), "n-0=2 n-1= n-2=");
    set_world_free(t);
}
END_TEST

/* By hand: batches of two out of four, 1 s to end and 2 s to start each. */
START_TEST(an_update_replaces_as_many_as_may_be_missing)
{
    struct set_world *t = cluster(_i, 4, "{spec: {updateStrategy: "
                                         "{rollingUpdate: {maxUnavailable: "
                                         "50%}}}}");
    double last = -1;

    set_do(t, 1, "set image daemonset/web c=img:2", NULL);
    set_do(t, 20, "rollout undo daemonset/web", NULL);
    set_run(t, 3.5);
    ck_assert_int_eq(get(t)->available, 2);
    set_run(t, 19);
    ck_assert_str_eq(by_node(t), "n-0=2 n-1=2 n-2=2 n-3=2");
    for (size_t i = 0; i < t->w->record.pods.len; i++)
        if (strcmp(t->w->record.pods.items[i].state, "Ready") == 0)
            last = set_time(t, t->w->record.pods.items[i].at);
    set_about(last, 7);
    ck_assert_str_eq(set_revisions(t), "1=1 2=2");
    set_run(t, 40);
    ck_assert_str_eq(by_node(t), "n-0=1 n-1=1 n-2=1 n-3=1");
    ck_assert_str_eq(set_revisions(t), "2=2 3=1");
    set_world_free(t);
}
END_TEST

/* By hand: one more pod at a time, and no node is ever without. */
START_TEST(surge_brings_the_new_pod_before_the_old_one_goes)
{
    struct set_world *t = cluster(1, 2, "{spec: {updateStrategy: "
                                        "{rollingUpdate: {maxUnavailable: 0, "
                                        "maxSurge: 1}}}}");

    set_do(t, 1, "set image daemonset/web c=img:2", NULL);
    set_run(t, 0);
    for (double at = 1; at < 8; at += 0.05) {
        set_run(t, at);
        ck_assert_uint_le(api_count(t->w->api, KIND_POD), 4);
        ck_assert_int_ge(get(t)->available, 2);
    }
    ck_assert_str_eq(by_node(t), "n-0=2 n-1=2");
    set_world_free(t);
}
END_TEST

/* README-1.36 of the recordings, row 2: the next pod goes N s after Ready, in
 * both versions. */
START_TEST(min_ready_seconds_count_from_the_look_that_saw_it_ready)
{
    struct set_world *t = cluster(_i, 2, "{spec: {minReadySeconds: 3}}");
    double gone[2] = { -1, -1 };
    size_t n = 0;

    set_do(t, 1, "set image daemonset/web c=img:2", NULL);
    set_run(t, 30);
    for (size_t i = 0; i < t->w->record.pods.len && n < 2; i++)
        if (strcmp(t->w->record.pods.items[i].state, "Terminating") == 0)
            gone[n++] = set_time(t, t->w->record.pods.items[i].at);
    set_about(gone[0], 1);
    set_about(gone[1], 1 + 1 + 2 + 3);
    set_world_free(t);
}
END_TEST

START_TEST(pods_stay_of_the_old_version_with_on_delete)
{
    struct set_world *t = cluster(_i, 2, "{spec: {updateStrategy: {type: "
                                         "OnDelete}}}");

    set_do(t, 1, "set image daemonset/web c=img:2", NULL);
    set_run(t, 20);
    ck_assert_str_eq(by_node(t), "n-0=1 n-1=1");
    ck_assert(rollout_status_of(t->a, &get(t)->meta).failed);
    set_world_free(t);
}
END_TEST

/* kubectl's own words. */
START_TEST(rollout_status_says_what_it_waits_for)
{
    struct daemonset d = { .meta = { .name = "web", .generation = 2 },
                           .desired = 3 };
    struct arena *a = arena_new();

#define SAYS(text) \
    ck_assert_str_eq(daemonset_rollout_status(a, &d).message, text)
    SAYS("Waiting for daemon set spec update to be observed...");
    d.observed_generation = 2;
    d.updated = 1;
    SAYS("Waiting for daemon set \"web\" rollout to finish: 1 out of 3 new "
         "pods have been updated...");
    d.updated = 3;
    d.available = 2;
    SAYS("Waiting for daemon set \"web\" rollout to finish: 2 of 3 updated "
         "pods are available...");
    d.available = 3;
    SAYS("daemon set \"web\" successfully rolled out");
#undef SAYS
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("daemonset");
    TCase *tc = tcase_create("syncs");
    TCase *worlds = tcase_create("clusters");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, no_sync_serves_fewer_nodes_than_it_may, 0, 200);
    tcase_add_loop_test(tc, every_history_ends_in_one_new_pod_per_node, 0,
                        200);
    tcase_add_test(tc, a_failed_pod_waits_for_its_back_off);
    tcase_add_loop_test(tc, taints_repel_as_their_effect_says, 0, 3);
    tcase_add_test(tc, rollout_status_says_what_it_waits_for);
    tcase_add_loop_test(worlds,
                        every_node_gets_a_pod_and_so_does_one_that_joins, 0,
                        2);
    tcase_add_loop_test(worlds, nodes_change_and_the_set_follows, 0, 2);
    tcase_add_loop_test(worlds,
                        an_update_replaces_as_many_as_may_be_missing, 0, 2);
    tcase_add_test(worlds,
                   surge_brings_the_new_pod_before_the_old_one_goes);
    tcase_add_loop_test(
        worlds, min_ready_seconds_count_from_the_look_that_saw_it_ready, 0,
        2);
    tcase_add_loop_test(worlds, pods_stay_of_the_old_version_with_on_delete,
                        0, 2);
    suite_add_tcase(s, tc);
    suite_add_tcase(s, worlds);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
