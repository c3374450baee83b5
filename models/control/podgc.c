/*
 * podgc.c - the pod garbage collector: pods that no node will ever end.
 *
 * Every 20 s it removes by force
 *
 *     pods bound to a node that has not been there for 40 s
 *     Terminating pods of a node that is not Ready and has the taint
 *     node.kubernetes.io/out-of-service (since 1.24: not in 1.20)
 *
 * Passes are simulated only while there may be such a pod.
 * Not modelled: the limit of 12500 ended pods, Terminating pods without a node
 * (they go at once).
 * Source: pkg/controller/podgc/gc_controller.go at v1.36; reference 7.3.
 */
#include <string.h>

#include "models/controller.h"
#include "models/node.h"
#include "models/nodelife.h"
#include "models/pod.h"
#include "models/world.h"

#define PASS (20 * SIM_S)               /* gcCheckPeriod */
#define QUARANTINE (40 * SIM_S)         /* quarantineTime */

struct podgc {
    struct controller *c;
    struct informer *pods, *nodes;
    struct map missing;         /* node uid -> struct since */
    sim_time phase;             /* of the passes */
    bool armed;
};

struct since {
    sim_time at;
};

static const object_uid pass_key = 1;   /* there is one thing to do */

/* Look again at the next pass. */
static void arm(struct podgc *gc)
{
    sim_time now = world_now(gc->c->w);
    sim_time into = (now - gc->phase) % PASS;

    if (gc->armed)
        return;
    gc->armed = true;
    controller_enqueue_after(gc->c, pass_key,
                             PASS - (into < 0 ? into + PASS : into));
}

static bool given_up(const struct podgc *gc, const struct node *n)
{
    return n->ready.status != CONDITION_TRUE &&
           node_out_of_service(gc->c->w, n);
}

static void on_node(void *ctx, const struct meta *before,
                    const struct meta *after)
{
    (void)before;
    if (!after || given_up(ctx, node_seen(after)))
        arm(ctx);
}

static void on_pod(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct podgc *gc = ctx;
    const struct meta *node;

    (void)before;
    if (!after || !pod_seen(after)->node)
        return;
    node = informer_get(gc->nodes, pod_seen(after)->node);
    if (!node || given_up(gc, node_seen(node)))
        arm(gc);
}

static const struct informer_ops watch_pods = {
    .name = "podgc.pods", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_pod,
};
static const struct informer_ops watch_nodes = {
    .name = "podgc.nodes", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_node,
};

/* Has this node been missing for long enough? */
static bool long_gone(struct podgc *gc, object_uid node)
{
    sim_time now = world_now(gc->c->w);
    struct since *s = map_get_number(&gc->missing, node);

    if (!s) {
        s = arena_make(gc->c->w->arena, struct since);
        s->at = now;
        map_put_number(&gc->missing, node, s);
    }
    return now - s->at >= QUARANTINE;
}

/* Does nobody end this pod?  *again: perhaps later. */
static bool is_garbage(struct podgc *gc, const struct pod *p, bool *again)
{
    const struct meta *node = informer_get(gc->nodes, p->node);
    bool lost;

    if (!p->node)
        return false;
    if (!node) {
        lost = long_gone(gc, p->node);
        *again = *again || !lost;
        return lost;
    }
    if (!given_up(gc, node_seen(node)))
        return false;
    *again = true;              /* the others, once they are Terminating */
    return meta_deleting(&p->meta);
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct podgc *gc = c->state;
    bool again = false;

    (void)key;
    gc->armed = false;
    for (size_t i = 0; i < informer_count(gc->pods); i++) {
        const struct meta *m = informer_at(gc->pods, i);
        struct call *call;

        if (!is_garbage(gc, pod_seen(m), &again))
            continue;
        call = sync_delete(s, m->uid);
        call->grace_s = 0;
        sync_tolerate(s, call);
    }
    if (again)
        arm(gc);
}

static void start(struct controller *c)
{
    struct podgc *gc = arena_make(c->w->arena, struct podgc);

    gc->c = c;
    c->state = gc;
    map_init(&gc->missing, c->w->arena);
    if (c->w->spec->cluster.profile != PROFILE_EXACT)
        gc->phase = (sim_time)((double)PASS * stream_u01(&c->stream));
    gc->nodes = informer_new(c->w, KIND_NODE, &watch_nodes, gc);
    gc->pods = informer_new(c->w, KIND_POD, &watch_pods, gc);
}

const struct controller_ops controller_podgc = {
    .name = "podgc",
    .doc = "removes pods whose node will never end them",
    .workers = 1,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
