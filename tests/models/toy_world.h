/*
 * toy_world.h - a store, control loops and a toy kubelet, for tests.
 *
 * Pods are bound as soon as they are seen, are Ready so long after that as
 * their version says, and are gone so long after they were deleted.  Version n
 * is image "img:n".  Everything else is what the program itself does.
 */
#ifndef TESTS_TOY_WORLD_H
#define TESTS_TOY_WORLD_H
#include <stdlib.h>
#include <string.h>
#include <check.h>

#include "base/arena.h"
#include "models/controller.h"
#include "models/pod.h"
#include "models/workload.h"
#include "models/world.h"

#define TOY_VERSIONS 8

struct toy {
    struct arena *a;
    struct spec spec;
    struct world *w;
    struct controller loops[3];
    sim_time ready[TOY_VERSIONS];   /* from binding; SIM_NEVER: never */
    sim_time term;                  /* from deletion to gone */
    sim_time jitter;                /* the k-th pod k times that later */
    int pods_made;
    int most_pods, most_active;     /* at any time */
    object_uid d;                   /* the Deployment */
};

extern const struct controller_ops controller_deployment;
extern const struct controller_ops controller_replicaset;
extern const struct controller_ops controller_garbage;

#define NODES 3                     /* uids 1 .. NODES are taken as nodes */

static const struct value *toy_map1(struct arena *a, const char *key,
                                    const struct value *v)
{
    struct member *m = arena_make(a, struct member);

    m->key = key;
    m->value = v;
    return value_map(a, m, 1, NULL);
}

static const struct pod_template *toy_template(struct arena *a, int version)
{
    const struct value **items = arena_make(a, const struct value *);
    struct member *c = arena_many(a, struct member, 2);
    struct member *m = arena_many(a, struct member, 2);
    struct err_list errors;

    err_init(&errors, a);
    c[0].key = "name";
    c[0].value = value_string(a, "c", NULL);
    c[1].key = "image";
    c[1].value = value_string(a, arena_printf(a, "img:%d", version), NULL);
    items[0] = value_map(a, c, 2, NULL);
    m[0].key = "metadata";
    m[0].value = toy_map1(a, "labels",
                          toy_map1(a, "app", value_string(a, "web", NULL)));
    m[1].key = "spec";
    m[1].value = toy_map1(a, "containers", value_list(a, items, 1, NULL));
    return pod_template_from(a, value_map(a, m, 2, NULL), "spec.template",
                             &errors);
}

/* ---- the kubelet -------------------------------------------------------- */

static void toy_ready(struct sim *sim, void *subject, int64_t arg)
{
    struct toy *t = subject;
    const struct meta *m = api_get(t->w->api, (object_uid)arg);
    struct meta *draft;

    (void)sim;
    if (!m || meta_deleting(m))
        return;
    draft = api_draft(t->w->api, m);
    pod_of(draft)->phase = POD_RUNNING;
    pod_of(draft)->ready = true;
    pod_of(draft)->ready_changed = world_now(t->w);
    api_update_status(t->w->api, draft, NULL, NULL);
}

static void toy_gone(struct sim *sim, void *subject, int64_t arg)
{
    struct toy *t = subject;

    (void)sim;
    api_delete(t->w->api, (object_uid)arg, 0);
}

static const struct event_kind ev_toy_ready = {
    .name = "toy.ready", .rank = RANK_WORLD, .fire = toy_ready,
};

static const struct event_kind ev_toy_gone = {
    .name = "toy.gone", .rank = RANK_WORLD, .fire = toy_gone,
};

static int toy_version(const struct pod_template *t)
{
    return atoi(strchr(t->spec->containers[0].image, ':') + 1);
}

static void toy_count(struct toy *t)
{
    int active = 0, all = (int)api_count(t->w->api, KIND_POD);

    for (int i = 0; i < all; i++)
        active += pod_active(pod_seen(api_at(t->w->api, KIND_POD,
                                             (size_t)i)));
    t->most_pods = all > t->most_pods ? all : t->most_pods;
    t->most_active = active > t->most_active ? active : t->most_active;
}

static void toy_see(void *ctx, const struct meta *before,
                    const struct meta *after)
{
    struct toy *t = ctx;
    sim_time start;

    toy_count(t);
    if (!before && pod_seen(after)->node == 0) {
        start = t->ready[toy_version(pod_seen(after)->template)];
        if (start != SIM_NEVER)
            start += t->pods_made * t->jitter;
        api_bind(t->w->api, after->uid,
                 (object_uid)(1 + t->pods_made++ % NODES), NULL, NULL);
        if (start != SIM_NEVER)
            sim_after(t->w->sim, start, &ev_toy_ready, t, after->uid);
    } else if (before && after && !meta_deleting(before) &&
               meta_deleting(after)) {
        sim_after(t->w->sim, t->term, &ev_toy_gone, t, after->uid);
    }
}

static const struct informer_ops toy_watch = {
    .name = "toy.kubelet", .latency = TIMING_WATCH_KUBELET, .handle = toy_see,
};

/* ---- making and running ------------------------------------------------- */

/* An empty cluster in exact time, without client limits; wall-clock seconds
 * start at 0.5 s. */
static struct toy *toy_new(enum kube_version version)
{
    struct arena *a = arena_new();
    struct toy *t = arena_make(a, struct toy);

    t->a = a;
    t->spec.name = "toy";
    t->spec.cluster.version = version;
    t->spec.cluster.clock_offset = SIM_S / 2;
    timings_from_profile(&t->spec.cluster.timings, PROFILE_EXACT);
    t->term = SIM_S;
    for (int v = 0; v < TOY_VERSIONS; v++)
        t->ready[v] = 2 * SIM_S;
    t->w = arena_make(a, struct world);
    t->w->arena = a;
    t->w->spec = &t->spec;
    t->w->sim = sim_new(a, "toy");
    record_init(&t->w->record, a, true);
    map_init(&t->w->pods_made, a);
    world_stream(t->w, &t->w->uid_stream, PURPOSE_UID, 0);
    t->w->api = api_new(t->w);
    return t;
}

/* Start the loops: after the limits of their clients are set. */
static void toy_start(struct toy *t)
{
    t->w->last_uid = 0;
    controller_start(&t->loops[0], t->w, &controller_deployment);
    controller_start(&t->loops[1], t->w, &controller_replicaset);
    controller_start(&t->loops[2], t->w, &controller_garbage);
    informer_new(t->w, KIND_POD, &toy_watch, t);
}

static void toy_free(struct toy *t)
{
    arena_free(t->a);
}

/* Let it run until a time. */
static void toy_run(struct toy *t, sim_time until)
{
    sim_run(t->w->sim, until);
}

/* A Deployment of version 1, not written yet. */
static struct deployment *toy_deployment(struct toy *t, int replicas)
{
    struct deployment *d = deployment_of(api_new_draft(t->w->api,
                                                       KIND_DEPLOYMENT));

    d->meta.name = "web";
    d->meta.space = "default";
    d->replicas = replicas;
    d->selector = selector_from_map(
        t->a, toy_map1(t->a, "app", value_string(t->a, "web", NULL)));
    d->template = toy_template(t->a, 1);
    d->max_surge = d->max_unavailable =
        (struct int_or_percent){ .percent = true, .value = 25 };
    d->revision_history_limit = 10;
    d->progress_deadline_s = 600;
    return d;
}

/* Create d. */
static void toy_apply(struct toy *t, struct deployment *d)
{
    const struct meta *m;

    ck_assert_int_eq(api_create(t->w->api, &d->meta, &m, NULL), API_CREATED);
    t->d = m->uid;
}

static const struct deployment *toy_get(const struct toy *t)
{
    return deployment_seen(api_get(t->w->api, t->d));
}

/* Edit the Deployment: begin, change the draft, end. */
static struct deployment *toy_edit(struct toy *t)
{
    return deployment_of(api_draft(t->w->api, &toy_get(t)->meta));
}

static void toy_write(struct toy *t, struct deployment *draft)
{
    ck_assert_int_eq(api_update(t->w->api, &draft->meta, NULL, NULL), API_OK);
}

#endif
