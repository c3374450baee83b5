/*
 * nodelife.c - the node life-cycle controller: nodes that fall silent.
 *
 * Every 5 s it looks at every node.  One whose lease it has not seen renewed
 * for the grace period (50 s; 40 s in 1.20) becomes Ready=Unknown, its pods
 * become not Ready, and it is tainted: NoSchedule at once; NoExecute, which
 * evicts pods (taint_eviction.c), at a rate per zone that depends on how much
 * of the zone is gone, and not at all while every zone is.  1.20 asks for the
 * NoExecute taint one pass after the node became Unknown.  Nodes that are
 * back lose their taints in the next pass.
 *
 * The grace period counts from the pass that saw the renewal.  Real passes
 * drift by the milliseconds they take, so that the one exactly a grace period
 * later is late enough; here it is by definition.
 *
 * Passes are simulated only while some node is not well.  Without an API server
 * nothing is seen or written; afterwards all silence counts from then, as for
 * a controller-manager that has lost its lease and starts anew.
 * Not modelled: nodes that never reported (60 s), zones without limits of
 * their own, reports of a kubelet that its node is not ready.
 * Source: kubernetes pkg/controller/nodelifecycle at v1.20.2 and v1.36.2;
 * reference 7.1, 7.2.
 */
#include <math.h>
#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "models/controller.h"
#include "models/lease.h"
#include "models/node.h"
#include "models/nodelife.h"
#include "models/plane.h"
#include "models/pod.h"
#include "models/world.h"

#define PASS (5 * SIM_S)        /* --node-monitor-period */
#define GRACE_1_20 (40 * SIM_S) /* --node-monitor-grace-period */
#define GRACE (50 * SIM_S)      /* the same, since 1.32 */

struct health {                 /* what the controller knows of a node */
    object_uid node;
    sim_time renewal;           /* the last one seen */
    sim_time seen;              /* the pass that saw it */
    bool queued;                /* for the NoExecute taint */
    bool evicts;                /* that taint is due, or there */
};

struct zone {
    const char *name;
    enum zone_state state;
    double per_s;               /* nodes that may be tainted; 0: none */
    sim_time next;              /* no sooner */
    int nodes, not_ready;       /* in this pass */
    VEC(object_uid) queue;
    event_id tainting;
    struct nodelife *all;
};

struct nodelife {
    struct controller *c;
    struct informer *nodes, *pods;
    struct map healths;         /* uid -> struct health */
    VEC(struct zone *) zones;
    sim_time phase;             /* of the passes */
    event_id pass;
    bool blind;                 /* the process, or the API server, was down:
                                 * all starts anew */
};

/* ---- passes and what they know -------------------------------------------------- */

static struct world *world_of(const struct nodelife *all)
{
    return all->c->w;
}

/* The first pass at or after t; the last one before it. */
static sim_time pass_after(const struct nodelife *all, sim_time t)
{
    sim_time since = t - all->phase;

    if (since <= 0)
        return all->phase;
    return all->phase + (since + PASS - 1) / PASS * PASS;
}

static sim_time pass_before(const struct nodelife *all, sim_time t)
{
    return pass_after(all, t) - PASS;
}

/* What passes before now have seen of a node. */
static struct health *health_of(struct nodelife *all, const struct meta *m)
{
    struct health *h = map_get_number(&all->healths, m->uid);
    struct world *w = world_of(all);

    if (h)
        return h;
    h = arena_make(w->arena, struct health);
    h->node = m->uid;
    h->renewal = lease_renewed(w, m, pass_before(all, world_now(w)));
    h->seen = pass_after(all, h->renewal);
    map_put_number(&all->healths, m->uid, h);
    return h;
}

static void fire_pass(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_pass = {
    .name = "nodes.watched", .rank = RANK_SYNC, .fire = fire_pass,
};

static void watch(struct nodelife *all)
{
    struct world *w = world_of(all);

    if (!sim_pending(w->sim, all->pass))
        all->pass = sim_at(w->sim, pass_after(all, world_now(w) + 1),
                           &ev_pass, all, 0);
}

/* A node has fallen silent: from now on single renewals matter. */
static void on_silent(void *ctx, object_uid node)
{
    struct nodelife *all = ctx;

    (void)node;
    if (!sim_pending(world_of(all)->sim, all->pass))
        map_init(&all->healths, world_of(all)->arena);
    for (size_t i = 0; i < informer_count(all->nodes); i++)
        health_of(all, informer_at(all->nodes, i));
    watch(all);
}

/* ---- writing ------------------------------------------------------------------------- */

static struct call *update_status(struct nodelife *all, struct meta *draft)
{
    struct call *call = call_new(world_of(all), CALL_UPDATE_STATUS);

    draft->version = 0;         /* a patch */
    call->draft = draft;
    client_send(&all->c->client, call);
    return call;
}

/* It may be back by now. */
static void on_marked(struct call *call, enum api_code code,
                      const struct meta *result, const char *reason)
{
    (void)code;
    (void)reason;
    if (result)
        lease_doubted(call->client->w, result->uid);
}

static void mark_unknown(struct nodelife *all, const struct meta *m)
{
    struct node *draft = node_of(api_draft(world_of(all)->api, m));
    sim_time now = world_now(world_of(all));

    draft->ready = (struct condition){
        .status = CONDITION_UNKNOWN, .reason = "NodeStatusUnknown",
        .message = "Kubelet stopped posting node status.",
        .updated = now, .changed = now,
    };
    update_status(all, &draft->meta)->done = on_marked;
}

/* The pods of a node are not Ready any more, as far as anybody can tell. */
static void mark_pods(struct nodelife *all, const struct meta *node)
{
    struct world *w = world_of(all);

    controller_event(all->c, node, "Normal", "NodeNotReady",
                     "Node %s status is now: NodeNotReady", node->name);
    for (size_t i = 0; i < informer_count(all->pods); i++) {
        const struct meta *m = informer_at(all->pods, i);
        const struct meta *newest = api_get(w->api, m->uid);
        struct pod *draft;

        if (pod_seen(m)->node != node->uid || !pod_seen(m)->ready || !newest)
            continue;
        draft = pod_of(api_draft(w->api, newest));      /* a patch */
        draft->ready = false;
        draft->ready_changed = world_now(w);
        update_status(all, &draft->meta);
        controller_event(all->c, m, "Warning", "NodeNotReady",
                         "Node is not ready");
    }
}

/* ---- zones --------------------------------------------------------------------------- */

static struct zone *zone_of(struct nodelife *all, const struct meta *node)
{
    const char *name = node_seen(node)->zone;
    struct zone *z;

    for (size_t i = 0; i < all->zones.len; i++)
        if (strcmp(all->zones.items[i]->name, name) == 0)
            return all->zones.items[i];
    z = arena_make(world_of(all)->arena, struct zone);
    z->name = name;
    z->all = all;
    z->per_s = zone_default_limits.per_s;
    vec_push(world_of(all)->arena, &all->zones, z);
    return z;
}

/* Change the rate; a limiter that waits goes on waiting. */
static void limit(struct zone *z, double per_s)
{
    sim_time now = world_now(world_of(z->all));
    bool waits = z->per_s <= 0 || now < z->next;

    z->per_s = per_s;
    z->next = waits && per_s > 0
                  ? now + (sim_time)llround((double)SIM_S / per_s) : now;
}

static double rate_in(const struct zone *z, enum zone_state state)
{
    return state == ZONE_PARTIAL_DISRUPTION
               ? zone_reduced_rate(z->nodes, &zone_default_limits)
               : zone_default_limits.per_s;
}

static bool all_full(const struct nodelife *all, bool before)
{
    for (size_t i = 0; i < all->zones.len; i++) {
        const struct zone *z = all->zones.items[i];
        enum zone_state s = before ? z->state
                                   : zone_state_of(z->nodes, z->not_ready,
                                                   &zone_default_limits);

        if (s != ZONE_FULL_DISRUPTION && (before || z->nodes > 0))
            return false;
    }
    return true;
}

/* Nobody answers: it is more likely us.  Take everything back and wait. */
static void stop_evictions(struct nodelife *all)
{
    for (size_t i = 0; i < all->healths.len; i++) {
        struct health *h = all->healths.entries[i].value;

        h->queued = h->evicts = false;
        controller_enqueue(all->c, h->node);
    }
    for (size_t i = 0; i < all->zones.len; i++) {
        struct zone *z = all->zones.items[i];

        vec_clear(&z->queue);
        limit(z, 0);
        z->state = ZONE_FULL_DISRUPTION;
    }
}

/* Somebody answers again: all silence counts from now. */
static void resume_evictions(struct nodelife *all)
{
    for (size_t i = 0; i < all->healths.len; i++) {
        struct health *h = all->healths.entries[i].value;

        h->seen = world_now(world_of(all));
    }
}

static void look_at_zones(struct nodelife *all)
{
    bool was = all_full(all, true), is = all_full(all, false);

    if (was && is)
        return;
    if (is) {
        stop_evictions(all);
        return;
    }
    if (was)
        resume_evictions(all);
    for (size_t i = 0; i < all->zones.len; i++) {
        struct zone *z = all->zones.items[i];
        enum zone_state s = zone_state_of(z->nodes, z->not_ready,
                                          &zone_default_limits);

        if (s != z->state || was)
            limit(z, rate_in(z, s));
        z->state = s;
    }
}

/* ---- the NoExecute taint -------------------------------------------------------------------- */

static void taint_next(struct zone *z);

static void fire_taint(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    taint_next(subject);
}

static const struct event_kind ev_taint = {
    .name = "zone.tainted", .rank = RANK_SYNC, .fire = fire_taint,
};

/* Give up as many nodes as the rate allows now. */
static void taint_next(struct zone *z)
{
    struct nodelife *all = z->all;
    struct world *w = world_of(all);

    while (z->queue.len > 0 && z->per_s > 0 && world_now(w) >= z->next) {
        struct health *h = map_get_number(&all->healths, z->queue.items[0]);

        vec_remove(&z->queue, 0);
        z->next = world_now(w) +
                  (sim_time)llround((double)SIM_S / z->per_s);
        if (!h || !h->queued)
            continue;
        h->queued = false;
        h->evicts = true;
        controller_enqueue(all->c, h->node);
    }
    if (z->queue.len > 0 && z->per_s > 0 &&
        !sim_pending(w->sim, z->tainting))
        z->tainting = sim_at(w->sim, z->next, &ev_taint, z, 0);
}

/* ---- a pass ----------------------------------------------------------------------------------- */

/* Look at one node; true if it is not well. */
static bool look_at_node(struct nodelife *all, const struct meta *m)
{
    struct world *w = world_of(all);
    struct health *h = health_of(all, m);
    struct zone *z = zone_of(all, m);
    enum condition_status seen = node_seen(m)->ready.status, now = seen;
    bool old = world_is(w, KUBE_1_20);
    sim_time renewal = lease_renewed(w, m, world_now(w));

    if (renewal > h->renewal || all->blind) {
        h->renewal = renewal;
        h->seen = world_now(w);
    }
    if (seen != CONDITION_UNKNOWN &&
        world_now(w) - h->seen >= (old ? GRACE_1_20 : GRACE)) {
        mark_unknown(all, m);
        now = CONDITION_UNKNOWN;
    }
    if (now != CONDITION_TRUE && seen == CONDITION_TRUE)
        mark_pods(all, m);
    if ((old ? seen : now) == CONDITION_TRUE) {
        h->queued = false;
        if (h->evicts) {
            h->evicts = false;
            controller_enqueue(all->c, m->uid);
        }
    } else if (!h->queued && !h->evicts) {
        h->queued = true;
        vec_push(w->arena, &z->queue, m->uid);
    }
    z->nodes++;
    z->not_ready += now != CONDITION_TRUE;
    return now != CONDITION_TRUE || lease_is_silent(w, m->uid);
}

static void fire_pass(struct sim *sim, void *subject, int64_t arg)
{
    struct nodelife *all = subject;
    bool unwell = false;

    (void)arg;
    all->pass = sim_after(sim, PASS, &ev_pass, all, 0);
    if (all->c->stopped || plane_api_down(all->c->w)) {
        all->blind = true;
        return;
    }
    for (size_t i = 0; i < all->zones.len; i++)
        all->zones.items[i]->nodes = all->zones.items[i]->not_ready = 0;
    for (size_t i = 0; i < informer_count(all->nodes); i++)
        unwell |= look_at_node(all, informer_at(all->nodes, i));
    all->blind = false;
    look_at_zones(all);
    for (size_t i = 0; i < all->zones.len; i++)
        taint_next(all->zones.items[i]);
    if (!unwell)
        sim_cancel(sim, all->pass);
}

bool node_out_of_service(const struct world *w, const struct node *n)
{
    for (size_t i = 0; i < n->ntaints && !world_is(w, KUBE_1_20); i++)
        if (strcmp(n->taints[i].key, "node.kubernetes.io/out-of-service")
            == 0)
            return true;
    return false;
}

/* ---- taints ------------------------------------------------------------------------------------ */

static const char *const managed[][2] = {
    { TAINT_UNSCHEDULABLE, "NoSchedule" },
    { TAINT_NOT_READY, "NoSchedule" }, { TAINT_UNREACHABLE, "NoSchedule" },
    { TAINT_NOT_READY, "NoExecute" }, { TAINT_UNREACHABLE, "NoExecute" },
};

#define MANAGED (sizeof(managed) / sizeof(managed[0]))

/* Should the node have the i-th managed taint? */
static bool wanted(const struct node *n, bool evicts, size_t i)
{
    enum condition_status ready = n->ready.status;

    switch (i) {
    case 0:
        return n->unschedulable;
    case 1:
        return ready == CONDITION_FALSE;
    case 2:
        return ready == CONDITION_UNKNOWN;
    case 3:
        return evicts && ready == CONDITION_FALSE;
    default:
        return evicts && ready == CONDITION_UNKNOWN;
    }
}

/* The index of a managed taint; MANAGED if it is none. */
static size_t managed_index(const struct taint *t)
{
    for (size_t i = 0; i < MANAGED; i++)
        if (strcmp(managed[i][0], t->key) == 0 &&
            strcmp(managed[i][1], t->effect) == 0)
            return i;
    return MANAGED;
}

/* Bring the managed taints of a node in line with its state. */
static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct nodelife *all = c->state;
    const struct meta *m = informer_get(all->nodes, key);
    const struct health *h = map_get_number(&all->healths, key);
    const struct node *n = m ? node_seen(m) : NULL;
    VEC(struct taint) taints = { 0 };
    bool has[MANAGED] = { false }, changed = false;
    struct node *draft;

    for (size_t i = 0; n && i < n->ntaints; i++) {
        size_t k = managed_index(&n->taints[i]);

        if (k < MANAGED && !wanted(n, h && h->evicts, k)) {
            changed = true;
            continue;
        }
        if (k < MANAGED)
            has[k] = true;
        vec_push(c->w->arena, &taints, n->taints[i]);
    }
    for (size_t k = 0; n && k < MANAGED; k++) {
        if (has[k] || !wanted(n, h && h->evicts, k))
            continue;
        changed = true;
        vec_push(c->w->arena, &taints, ((struct taint){
            managed[k][0], "", managed[k][1], world_now(c->w) }));
    }
    if (!changed)
        return;
    draft = node_of(api_draft(c->w->api, m));
    draft->taints = taints.items;
    draft->ntaints = taints.len;
    sync_update(s, &draft->meta);
}

/* ---- life ---------------------------------------------------------------------------------------- */

static void on_node(void *ctx, const struct meta *before,
                    const struct meta *after)
{
    struct nodelife *all = ctx;

    if (after && (!before || node_seen(before)->unschedulable !=
                                 node_seen(after)->unschedulable ||
                  node_seen(before)->ready.status !=
                      node_seen(after)->ready.status))
        controller_enqueue(all->c, after->uid);
}

static const struct informer_ops watch_nodes = {
    .name = "nodelife.nodes", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_node,
};

/* Pods that are bound or Ready otherwise than before. */
static bool wants_pod(void *ctx, const struct meta *before,
                      const struct meta *after)
{
    (void)ctx;
    return !before || !after ||
           pod_seen(before)->node != pod_seen(after)->node ||
           pod_seen(before)->ready != pod_seen(after)->ready;
}

static const struct informer_ops watch_pods = {
    .name = "nodelife.pods", .latency = TIMING_WATCH_CONTROLLER,
    .wants = wants_pod,
};

static void start(struct controller *c)
{
    struct nodelife *all = arena_make(c->w->arena, struct nodelife);

    all->c = c;
    c->state = all;
    all->phase = world_draw(c->w, TIMING_NODE_MONITOR_PHASE, &c->stream);
    map_init(&all->healths, c->w->arena);
    all->nodes = informer_new(c->w, KIND_NODE, &watch_nodes, all);
    all->pods = informer_new(c->w, KIND_POD, &watch_pods, all);
    lease_watch(c->w, on_silent, all);
}

const struct controller_ops controller_nodelife = {
    .name = "nodelife",
    .doc = "notices nodes that fall silent, and taints them",
    .workers = 8,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
