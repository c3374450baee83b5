/*
 * taint_eviction.c - pods that do not tolerate the NoExecute taints of their
 * node are deleted: at once, or when the shortest of their tolerationSeconds
 * is over.
 *
 * The admission plug-in DefaultTolerationSeconds gives every pod that says
 * nothing about the taints not-ready and unreachable 300 s for each; here that
 * is part of reading its tolerations.  Deletion is a deletion like any other:
 * on a node that does not answer the pod stays Terminating.
 *
 * Source: kubernetes pkg/controller/tainteviction,
 * plugin/pkg/admission/defaulttolerationseconds at v1.36.2; reference 7.2.
 */
#include <string.h>

#include "base/map.h"
#include "models/controller.h"
#include "models/node.h"
#include "models/nodelife.h"
#include "models/pod.h"
#include "models/world.h"

struct evictions {
    struct controller *c;
    struct informer *nodes, *pods;
    struct map doomed;          /* uid of a pod -> struct doomed */
};

struct doomed {
    struct evictions *all;
    object_uid pod;
    event_id due;
};

/* ---- deleting -------------------------------------------------------------------- */

static void fire_due(struct sim *sim, void *subject, int64_t arg)
{
    struct doomed *d = subject;

    (void)sim;
    (void)arg;
    controller_enqueue(d->all->c, d->pod);
}

static const struct event_kind ev_due = {
    .name = "pod.not-tolerated", .rank = RANK_SYNC, .fire = fire_due,
};

static const struct node *node_of_pod(const struct evictions *all,
                                      const struct pod *p)
{
    const struct meta *m = informer_get(all->nodes, p->node);

    return m ? node_seen(m) : NULL;
}

/* Plan, or give up, the deletion of a pod.  One that is planned keeps its
 * time, unless a taint is not tolerated at all. */
static void judge(struct evictions *all, const struct pod *p)
{
    struct world *w = all->c->w;
    const struct node *n = node_of_pod(all, p);
    struct doomed *d = map_get_number(&all->doomed, p->meta.uid);
    sim_time wait = n ? taints_tolerated_for(p->template->spec, n->taints,
                                             n->ntaints) : SIM_NEVER;

    if (meta_deleting(&p->meta) || wait == SIM_NEVER) {
        if (d && sim_cancel(w->sim, d->due) && !meta_deleting(&p->meta))
            controller_event(all->c, &p->meta, "Normal",
                             "TaintManagerEviction",
                             "Cancelling deletion of Pod %s/%s",
                             p->meta.space, p->meta.name);
        return;
    }
    if (!d) {
        d = arena_make(w->arena, struct doomed);
        d->all = all;
        d->pod = p->meta.uid;
        map_put_number(&all->doomed, d->pod, d);
    }
    if (wait == 0)
        sim_cancel(w->sim, d->due);
    if (!sim_pending(w->sim, d->due))
        d->due = sim_after(w->sim, wait, &ev_due, d, 0);
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct evictions *all = c->state;
    const struct meta *m = informer_get(all->pods, key);
    struct pod *draft;

    if (!m || meta_deleting(m) || !api_get(c->w->api, key))
        return;
    controller_event(c, m, "Normal", "TaintManagerEviction",
                     "Marking for deletion Pod %s/%s", m->space, m->name);
    if (!world_is(c->w, KUBE_1_20)) {
        draft = pod_of(api_draft(c->w->api, api_get(c->w->api, key)));
        draft->meta.version = 0;        /* a patch */
        draft->disruption = "DeletionByTaintManager";
        sync_tolerate(s, sync_update_status(s, &draft->meta));
    }
    sync_tolerate(s, sync_delete(s, key));
}

/* ---- events ------------------------------------------------------------------------ */

static bool executes(const struct node *n)
{
    for (size_t i = 0; n && i < n->ntaints; i++)
        if (strcmp(n->taints[i].effect, "NoExecute") == 0)
            return true;
    return false;
}

static void on_node(void *ctx, const struct meta *before,
                    const struct meta *after)
{
    struct evictions *all = ctx;
    bool was = before && executes(node_seen(before));
    bool is = after && executes(node_seen(after));

    for (size_t i = 0; (was || is) && i < informer_count(all->pods); i++) {
        const struct pod *p = pod_seen(informer_at(all->pods, i));

        if (p->node == (after ? after : before)->uid)
            judge(all, p);
    }
}

static void on_pod(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct evictions *all = ctx;

    (void)before;
    if (after && pod_seen(after)->node != 0 &&
        (executes(node_of_pod(all, pod_seen(after))) || meta_deleting(after)))
        judge(all, pod_seen(after));
}

static bool wants_pod(void *ctx, const struct meta *before,
                      const struct meta *after)
{
    (void)ctx;
    return !before || !after ||
           pod_seen(before)->node != pod_seen(after)->node ||
           before->deleted != after->deleted;
}

static const struct informer_ops watch_nodes = {
    .name = "eviction.nodes", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_node,
};

static const struct informer_ops watch_pods = {
    .name = "eviction.pods", .latency = TIMING_WATCH_CONTROLLER,
    .wants = wants_pod, .handle = on_pod,
};

static void start(struct controller *c)
{
    struct evictions *all = arena_make(c->w->arena, struct evictions);

    all->c = c;
    c->state = all;
    map_init(&all->doomed, c->w->arena);
    all->nodes = informer_new(c->w, KIND_NODE, &watch_nodes, all);
    all->pods = informer_new(c->w, KIND_POD, &watch_pods, all);
}

const struct controller_ops controller_taint_eviction = {
    .name = "taint_eviction",
    .doc = "deletes pods that do not tolerate their node's taints any longer",
    .workers = 8,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
