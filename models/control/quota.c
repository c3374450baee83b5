/*
 * quota.c - the quota controller: counts what is used of each ResourceQuota.
 *
 * Admission adds to a quota's usage when an object is created; only this
 * controller takes off: when an object is seen to be gone, when a pod is seen
 * to have ended, and every five minutes.  It counts from its own caches and
 * writes status.hard and status.used; admission goes by these two, so a freed
 * or raised quota is worth something a moment later.
 *
 * The kinds that a quota is about are watched from when that quota is seen.
 * Not modelled: a Service whose type changes is counted again at the next
 * occasion.
 * Source: kubernetes pkg/controller/resourcequota at v1.36.2; reference 10.1.
 */
#include <string.h>

#include "base/map.h"
#include "models/controller.h"
#include "models/pod.h"
#include "models/quota.h"
#include "models/world.h"

#define RESYNC (300 * SIM_S)    /* --resource-quota-sync-period */

struct quotas {
    struct controller *c;
    struct informer *quotas;
    struct informer *kinds[KIND_COUNT];         /* NULL: not watched */
    bool ticking;
    struct arena *scratch;      /* of one look */
    struct map usages;          /* template -> struct amounts, of a pod that
                                 * counts */
};

/* ---- events ------------------------------------------------------------- */

/* Is some resource of the quota one of this kind? */
static bool is_about(struct quotas *q, const struct quota *of, enum kind k)
{
    for (size_t i = 0; i < of->hard.len; i++)
        if (quota_concerns(q->scratch, k, of->hard.items[i].resource))
            return true;
    return false;
}

/* An object that counted does not count any more. */
static void on_object(void *ctx, const struct meta *before,
                      const struct meta *after)
{
    struct quotas *q = ctx;
    const struct world *w = q->c->w;

    if (!before ||
        (after && (after->kind != KIND_POD ||
                   !quota_counts_pod(w, pod_seen(before)) ||
                   quota_counts_pod(w, pod_seen(after)))))
        return;
    arena_reset(q->scratch);
    for (size_t i = 0; i < informer_count(q->quotas); i++) {
        const struct meta *m = informer_at(q->quotas, i);

        if (strcmp(m->space, before->space) == 0 &&
            is_about(q, quota_seen(m), before->kind))
            controller_enqueue(q->c, m->uid);
    }
}

/* One watch per kind, if a quota is about it. */
static const struct informer_ops watch_kinds[KIND_COUNT] = {
#define KIND(id, kind, group, version, resource)                              \
    [KIND_##id] = { .name = "quota." resource,                                \
                    .latency = TIMING_WATCH_CONTROLLER, .handle = on_object },
#include "models/kinds.list"
#undef KIND
};

static void watch(struct quotas *q, const struct quota *of)
{
    for (int k = KIND_NONE + 1; k < KIND_COUNT; k++)
        if (!q->kinds[k] && kind_ops_of((enum kind)k)->namespaced &&
            is_about(q, of, (enum kind)k))
            q->kinds[k] = informer_new(q->c->w, (enum kind)k, &watch_kinds[k],
                                       q);
}

static void fire_resync(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_resync = {
    .name = "quota.resync", .rank = RANK_SYNC, .fire = fire_resync,
};

static void fire_resync(struct sim *sim, void *subject, int64_t arg)
{
    struct quotas *q = subject;

    (void)arg;
    for (size_t i = 0; i < informer_count(q->quotas); i++)
        controller_enqueue(q->c, informer_at(q->quotas, i)->uid);
    sim_after(sim, RESYNC, &ev_resync, q, 0);
}

/* The clock of the full counts began with the controller. */
static void tick(struct quotas *q)
{
    sim_time now = world_now(q->c->w);

    if (!q->ticking)
        sim_at(q->c->w->sim, (now / RESYNC + 1) * RESYNC, &ev_resync, q, 0);
    q->ticking = true;
}

static void on_quota(void *ctx, const struct meta *before,
                     const struct meta *after)
{
    struct quotas *q = ctx;

    if (!after || (before && amounts_equal(&quota_seen(before)->hard,
                                           &quota_seen(after)->hard)))
        return;
    arena_reset(q->scratch);
    watch(q, quota_seen(after));
    tick(q);
    controller_enqueue(q->c, after->uid);
}

static const struct informer_ops watch_quotas = {
    .name = "quota.quotas", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_quota,
};

/* ---- counting ----------------------------------------------------------- */

/* What an object uses.  Pods of one template use the same while they count. */
static const struct amounts *usage_of(struct quotas *q, const struct meta *m)
{
    struct world *w = q->c->w;
    bool shared = m->kind == KIND_POD && quota_counts_pod(w, pod_seen(m));
    uint64_t key = shared ? (uintptr_t)pod_seen(m)->template : 0;
    struct amounts *usage = shared ? map_get_number(&q->usages, key) : NULL;

    if (usage)
        return usage;
    usage = arena_make(shared ? w->arena : q->scratch, struct amounts);
    *usage = quota_usage(w, shared ? w->arena : q->scratch, m);
    if (shared)
        map_put_number(&q->usages, key, usage);
    return usage;
}

/* Add what the objects of one kind use of the quota's resources. */
static void count_kind(struct quotas *q, const struct quota *of,
                       const struct informer *objects, struct amounts *used)
{
    for (size_t i = 0; i < informer_count(objects); i++) {
        const struct meta *m = informer_at(objects, i);
        const struct amounts *usage;

        if (!quota_covers(of, m))
            continue;
        usage = usage_of(q, m);
        for (size_t k = 0; k < usage->len; k++)
            if (amounts_get(&of->hard, usage->items[k].resource))
                amounts_add(q->c->w->arena, used, usage->items[k].resource,
                            usage->items[k].n);
    }
}

static struct amounts count(struct quotas *q, const struct quota *of)
{
    struct amounts used = { 0 };

    for (size_t i = 0; i < of->hard.len; i++)
        amounts_add(q->c->w->arena, &used, of->hard.items[i].resource,
                    quantity_of(0));
    for (int k = 0; k < KIND_COUNT; k++)
        if (q->kinds[k])
            count_kind(q, of, q->kinds[k], &used);
    return used;
}

/* ---- the control loop --------------------------------------------------- */

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct quotas *q = c->state;
    const struct meta *m = informer_get(q->quotas, key);
    struct amounts used;
    struct quota *draft;

    if (!m)
        return;
    arena_reset(q->scratch);
    used = count(q, quota_seen(m));
    if (quota_seen(m)->counted &&
        amounts_equal(&quota_seen(m)->in_force, &quota_seen(m)->hard) &&
        amounts_equal(&quota_seen(m)->used, &used))
        return;
    draft = quota_of(api_draft(c->w->api, m));
    draft->counted = true;
    draft->in_force = draft->hard;
    draft->used = used;
    sync_update_status(s, &draft->meta);
}

static void start(struct controller *c)
{
    struct quotas *q = arena_make(c->w->arena, struct quotas);

    q->c = c;
    c->state = q;
    q->scratch = arena_under(c->w->arena);
    map_init(&q->usages, c->w->arena);
    q->quotas = informer_new(c->w, KIND_QUOTA, &watch_quotas, q);
    for (size_t i = 0; i < informer_count(q->quotas); i++)
        on_quota(q, NULL, informer_at(q->quotas, i));
}

const struct controller_ops controller_quota = {
    .name = "resourcequota",
    .doc = "counts what is used of each ResourceQuota",
    .workers = 5,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
