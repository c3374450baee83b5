/*
 * pod_gc.c - the pod garbage collector: pods that nobody else can remove.
 *
 * Every 20 s it looks for pods bound to a node that no longer exists (after a
 * quarantine of 40 s) and, since 1.28, for pods being deleted on a node with
 * the taint out-of-service; both are removed at once, without grace.  It
 * looks only while there is something to look for.
 *
 * Not modelled: the limit of 12500 finished pods, pods that are deleted before
 * they were bound (the store removes those itself).
 * Source: kubernetes pkg/controller/podgc/gc_controller.go at v1.36.2;
 * reference 3.7, 7.3.
 */
#include <string.h>

#include "models/controller.h"
#include "models/node.h"
#include "models/pod.h"
#include "models/world.h"

#define PERIOD (20 * SIM_S)     /* gcCheckPeriod */
#define QUARANTINE (40 * SIM_S) /* quarantineTime */
#define OUT_OF_SERVICE "node.kubernetes.io/out-of-service"

struct pod_gc {
    struct controller *c;
    struct informer *nodes, *pods;
};

/* The next time at which it looks, at or after t. */
static sim_time look_after(sim_time t)
{
    return (t + PERIOD - 1) / PERIOD * PERIOD;
}

/* When the pods of a node are to go: each is a key of its own. */
static void enqueue_pods(struct pod_gc *gc, object_uid node, sim_time at)
{
    sim_time now = world_now(gc->c->w);

    for (size_t i = 0; i < informer_count(gc->pods); i++) {
        const struct meta *m = informer_at(gc->pods, i);

        if (pod_seen(m)->node == node)
            controller_enqueue_after(gc->c, m->uid, at - now);
    }
}

static bool out_of_service(const struct meta *node)
{
    const struct node *n = node_seen(node);

    for (size_t i = 0; i < n->ntaints; i++)
        if (strcmp(n->taints[i].key, OUT_OF_SERVICE) == 0)
            return true;
    return false;
}

static void on_node(void *ctx, const struct meta *before,
                    const struct meta *after)
{
    struct pod_gc *gc = ctx;
    sim_time now = world_now(gc->c->w);

    if (!after)
        enqueue_pods(gc, before->uid, look_after(look_after(now) +
                                                 QUARANTINE));
    else if (out_of_service(after) && !world_is(gc->c->w, KUBE_1_20))
        enqueue_pods(gc, after->uid, look_after(now));
}

/* A pod is marked for deletion on a node that is out of service. */
static void on_pod(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct pod_gc *gc = ctx;
    const struct meta *node;

    if (!after || !meta_deleting(after) || (before && meta_deleting(before)))
        return;
    node = informer_get(gc->nodes, pod_seen(after)->node);
    if (node && out_of_service(node) && !world_is(gc->c->w, KUBE_1_20))
        controller_enqueue_after(gc->c, after->uid,
                                 look_after(world_now(gc->c->w)) -
                                     world_now(gc->c->w));
}

/* Only what may ever matter: being deleted, or bound. */
static bool wants_pod(void *ctx, const struct meta *before,
                      const struct meta *after)
{
    (void)ctx;
    return !before || !after || before->deleted != after->deleted ||
           pod_seen(before)->node != pod_seen(after)->node;
}

static const struct informer_ops watch_nodes = {
    .name = "pod_gc.nodes", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_node,
};

static const struct informer_ops watch_pods = {
    .name = "pod_gc.pods", .latency = TIMING_WATCH_CONTROLLER,
    .wants = wants_pod, .handle = on_pod,
};

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct pod_gc *gc = c->state;
    const struct meta *m = informer_get(gc->pods, key), *node;
    struct call *call;

    if (!m || pod_seen(m)->node == 0)
        return;
    node = informer_get(gc->nodes, pod_seen(m)->node);
    if (node && !(out_of_service(node) && meta_deleting(m)))
        return;
    call = sync_delete(s, key);
    call->grace_s = 0;
    sync_tolerate(s, call);
}

static void start(struct controller *c)
{
    struct pod_gc *gc = arena_make(c->w->arena, struct pod_gc);

    gc->c = c;
    c->state = gc;
    gc->nodes = informer_new(c->w, KIND_NODE, &watch_nodes, gc);
    gc->pods = informer_new(c->w, KIND_POD, &watch_pods, gc);
}

const struct controller_ops controller_pod_gc = {
    .name = "pod_gc",
    .doc = "removes pods of nodes that are gone or out of service",
    .workers = 1,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
