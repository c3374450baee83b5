/*
 * lease.c - the heartbeats of nodes, computed rather than simulated.
 *
 * Renewals of a node come every 10 s from a phase of its own (timings:
 * leasePhase), so the last one before t is arithmetic.  A kubelet that comes
 * back renews at once and goes on from there, and writes the node's status.
 * It looks at that every 10 s too, and puts right what others have written of
 * a node that is well.
 *
 * Not modelled: renewals that take long or fail; node status updates every
 * five minutes.
 * Source: kubernetes pkg/kubelet (nodelease, nodestatus) at v1.36; reference
 * 7.1.
 */
#include "models/lease.h"

#include "base/map.h"
#include "models/node.h"
#include "models/plane.h"
#include "models/world.h"

#define RENEWAL (10 * SIM_S)    /* a quarter of the lease's 40 s */

struct lease {
    struct world *w;
    object_uid node;
    sim_time phase;             /* a renewal; others are 10 s apart */
    sim_time silent;            /* since when; SIM_NEVER: it is not */
    event_id report;            /* the status is to be written */
    struct stream luck;
};

struct leases {
    struct map by_node;
    void (*fallen)(void *ctx, object_uid node);
    void *ctx;
};

struct leases *leases_new(struct world *w)
{
    struct leases *all = arena_make(w->arena, struct leases);

    map_init(&all->by_node, w->arena);
    return all;
}

static struct lease *lease_of(struct world *w, object_uid node)
{
    struct lease *l = map_get_number(&w->leases->by_node, node);

    if (l)
        return l;
    l = arena_make(w->arena, struct lease);
    l->w = w;
    l->node = node;
    l->silent = SIM_NEVER;
    world_stream(w, &l->luck, PURPOSE_LEASE, node);
    l->phase = world_draw(w, TIMING_LEASE_PHASE, &l->luck);
    map_put_number(&w->leases->by_node, node, l);
    return l;
}

sim_time lease_renewed(struct world *w, const struct meta *node, sim_time t)
{
    const struct lease *l = lease_of(w, node->uid);
    sim_time last = t < l->silent ? t : l->silent;

    if (last < l->phase)
        last = l->phase - RENEWAL;      /* before the first of the phase */
    else
        last -= (last - l->phase) % RENEWAL;
    return last > node->created ? last : node->created;
}

void lease_silent(struct world *w, object_uid node)
{
    struct lease *l = lease_of(w, node);

    if (l->silent != SIM_NEVER)
        return;
    l->silent = world_now(w);
    if (w->leases->fallen)
        w->leases->fallen(w->leases->ctx, node);
}

bool lease_is_silent(struct world *w, object_uid node)
{
    return lease_of(w, node)->silent != SIM_NEVER;
}

static void fire_status(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_status = {
    .name = "node.status", .rank = RANK_COMMIT, .fire = fire_status,
};

/* Write the status after some time, unless that is to be done already. */
static void report(struct lease *l, sim_time delay)
{
    if (!sim_pending(l->w->sim, l->report))
        l->report = sim_after(l->w->sim, delay, &ev_status, l, 0);
}

/* The kubelet's status of the node has arrived. */
static void fire_status(struct sim *sim, void *subject, int64_t arg)
{
    struct lease *l = subject;
    const struct meta *m = api_get(l->w->api, l->node);
    struct node *draft;

    (void)sim;
    (void)arg;
    if (!m || l->silent != SIM_NEVER ||
        node_seen(m)->ready.status == CONDITION_TRUE)
        return;
    if (plane_api_down(l->w)) {
        report(l, RENEWAL);
        return;
    }
    draft = node_of(api_draft(l->w->api, m));
    draft->ready = (struct condition){
        .status = CONDITION_TRUE, .reason = "KubeletReady",
        .message = "kubelet is posting ready status",
        .updated = world_now(l->w), .changed = world_now(l->w),
    };
    api_update_status(l->w->api, &draft->meta, NULL, NULL);
}

void lease_doubted(struct world *w, object_uid node)
{
    struct lease *l = lease_of(w, node);
    sim_time since = world_now(w) - l->phase;

    if (l->silent == SIM_NEVER)
        report(l, RENEWAL - (since % RENEWAL + RENEWAL) % RENEWAL);
}

void lease_resumed(struct world *w, object_uid node)
{
    struct lease *l = lease_of(w, node);

    if (l->silent == SIM_NEVER)
        return;
    l->silent = SIM_NEVER;
    l->phase = world_now(w);
    report(l, world_draw(w, TIMING_KUBELET_WRITE, &l->luck));
}

void lease_watch(struct world *w, void (*silent)(void *ctx, object_uid node),
                 void *ctx)
{
    w->leases->fallen = silent;
    w->leases->ctx = ctx;
}
