/*
 * cluster_autoscaler_down.c - machines that nobody needs go back.
 *
 * A node is unneeded while its pods ask for less than half of it and would all
 * find a place elsewhere.  After unneededTime of that, and if no machine was
 * added lately, empty nodes go at once and one other is drained: it is tainted,
 * its pods are evicted as their budgets allow, and asked again at each scan.
 * What is not evicted within two minutes keeps its node, which is opened again.
 *
 * Not modelled: nodes that are not Ready (they stay), unneeded nodes of a pool
 * that is too small to be watched, priorities below the cut-off.
 * Source: cluster-autoscaler core/scaledown (planner, actuation), simulator,
 * utils/drain at 1.30.
 */
#include <string.h>

#include "cluster_autoscaler_impl.h"
#include "models/eviction.h"
#include "models/pool.h"
#include "models/world.h"

#define TAINT "ToBeDeletedByClusterAutoscaler"
#define SAFE "cluster-autoscaler.kubernetes.io/safe-to-evict"
#define BULK 10                 /* --max-empty-bulk-delete */
#define EVICTION (120 * SIM_S)  /* --max-pod-eviction-time */
#define GRACE (600 * SIM_S)     /* --max-graceful-termination-sec */

struct leaving {
    sim_time unneeded;          /* since when; SIM_NEVER: it is needed */
    sim_time drained;           /* since when; SIM_NEVER: it is not */
};

static struct leaving *leaving_of(struct autoscaler *a, object_uid node)
{
    struct leaving *l = map_get_number(&a->leaving, node);

    if (!l) {
        l = arena_make(a->w->arena, struct leaving);
        l->unneeded = l->drained = SIM_NEVER;
        map_put_number(&a->leaving, node, l);
    }
    return l;
}

/* ---- which pods hold a node --------------------------------------------- */

static bool of_daemonset(const struct autoscaler *a, const struct pod *p)
{
    const struct meta *owner = api_get(a->w->api, p->meta.owner);

    return owner && owner->kind == KIND_DAEMONSET;
}

static bool has_local_storage(const struct pod *p)
{
    return pod_has_volume(p, "emptyDir") || pod_has_volume(p, "hostPath");
}

/* Must p stay where it is, whatever the place elsewhere? */
static bool holds(const struct autoscaler *a, const struct pod *p)
{
    const char *safe = labels_get(p->meta.annotations, SAFE);
    struct eviction e = eviction_read(a->w, p->meta.uid, -1);

    if (safe && strcmp(safe, "true") == 0)
        return false;
    return (safe && strcmp(safe, "false") == 0) || p->meta.owner == 0 ||
           (a->spec->skip_local_storage && has_local_storage(p)) ||
           (strcmp(p->meta.space, "kube-system") == 0 && e.budgets == 0) ||
           !eviction_allowed(a->w, &e);
}

/* The pods that a drain has to move, as seen. */
static pod_list to_move(struct autoscaler *a, object_uid node)
{
    pod_list list = { 0 };

    for (size_t i = 0; i < informer_count(a->pods); i++) {
        const struct pod *p = pod_seen(informer_at(a->pods, i));

        if (p->node == node && p->phase != POD_SUCCEEDED &&
            p->phase != POD_FAILED && !of_daemonset(a, p))
            vec_push(a->scratch, &list, p);
    }
    return list;
}

/* Would all of them find a place elsewhere?  If so they have it from here on,
 * in thought, and nobody is sent to n. */
static bool can_move(struct autoscaler *a, const struct sched_node *n,
                     const pod_list *pods)
{
    struct sched_node **places = arena_many(a->scratch, struct sched_node *,
                                            pods->len);
    size_t at = 0, done = 0;

    while (a->snapshot.items[at] != n)
        at++;
    vec_remove(&a->snapshot, at);
    for (; done < pods->len && !holds(a, pods->items[done]); done++) {
        places[done] = autoscaler_place(a, pods->items[done], 0);
        if (!places[done])
            break;
    }
    if (done == pods->len)
        return true;
    while (done-- > 0)
        sched_unplace(places[done], pods->items[done]->meta.uid);
    vec_push(a->scratch, &a->snapshot, (struct sched_node *)n);
    return false;
}

static double utilization(const struct sched_node *n)
{
    double cpu = n->node.cpu_milli > 0
                     ? (double)n->cpu / (double)n->node.cpu_milli : 0;
    double memory = n->node.memory_bytes > 0
                        ? (double)n->memory / (double)n->node.memory_bytes
                        : 0;

    return cpu > memory ? cpu : memory;
}

/* ---- leaving ------------------------------------------------------------ */

static void set_taint(struct autoscaler *a, object_uid node, bool present)
{
    const struct node *n = node_seen(api_get(a->w->api, node));
    struct taint *taints = arena_many(a->w->arena, struct taint,
                                      n->ntaints + 1);
    struct node *draft = node_of(api_draft(a->w->api, &n->meta));
    size_t len = 0;

    for (size_t i = 0; i < n->ntaints; i++)
        if (strcmp(n->taints[i].key, TAINT) != 0)
            taints[len++] = n->taints[i];
    if (present)
        taints[len++] = (struct taint){ TAINT, "", "NoSchedule",
                                        world_now(a->w) };
    draft->taints = taints;
    draft->ntaints = len;
    api_update(a->w->api, &draft->meta, NULL, NULL);
}

static void give_back(struct autoscaler *a, const struct meta *node,
                      const char *why)
{
    record_event(a->w, node, "Normal", "ScaleDown", "%s", why);
    leaving_of(a, node->uid)->drained = SIM_NEVER;
    pool_shrink(a->w, node->uid);
}

/* Ask for the pods that nobody has asked for yet; returns how many of them are
 * still not allowed to go. */
static size_t evict(struct autoscaler *a, const pod_list *pods)
{
    size_t left = 0;

    for (size_t i = 0; i < pods->len; i++) {
        object_uid uid = pods->items[i]->meta.uid;
        const struct meta *m = api_get(a->w->api, uid);
        struct eviction e;

        if (!m || meta_deleting(m))
            continue;
        e = eviction_read(a->w, uid, -1);
        left += eviction_commit(a->w, &e, NULL) != API_OK;
    }
    return left;
}

/* Go on with a node that is drained. */
static void drain(struct autoscaler *a, const struct meta *node,
                  struct leaving *l)
{
    pod_list pods = to_move(a, node->uid);
    sim_time since = world_now(a->w) - l->drained;

    if (pods.len == 0 || since > EVICTION + GRACE) {
        give_back(a, node, "node removed by cluster autoscaler");
    } else if (evict(a, &pods) > 0 && since >= EVICTION) {
        record_event(a->w, node, "Warning", "ScaleDownFailed", "failed to "
                     "drain the node, aborting ScaleDown");
        set_taint(a, node->uid, false);
        l->drained = l->unneeded = SIM_NEVER;
        a->failed = world_now(a->w);
    }
}

static void begin_drain(struct autoscaler *a, const struct meta *node,
                        struct leaving *l)
{
    record_event(a->w, node, "Normal", "ScaleDown", "marked the node as "
                 "toBeDeleted/unschedulable");
    set_taint(a, node->uid, true);
    l->drained = world_now(a->w);
    drain(a, node, l);
}

/* ---- a scan ------------------------------------------------------------- */

static bool cools_down(const struct autoscaler *a)
{
    sim_time now = world_now(a->w);

    return (a->added >= 0 && now < a->added + a->spec->delay_after_add) ||
           (a->failed >= 0 && now < a->failed + a->spec->delay_after_failure);
}

/* May this node of the snapshot be looked at: of a pool that may shrink by one
 * more than is on the way out already? */
static bool is_candidate(const struct autoscaler *a, const struct node *n,
                         const int *going)
{
    size_t i = n->pool - 1;

    return n->pool && autoscaler_has(a, i) && !n->unschedulable &&
           pool_target(a->w, i) - going[i] > a->w->spec->cluster.pools[i].min;
}

/* Note whether a node is needed. */
static void judge(struct autoscaler *a, struct sched_node *n)
{
    struct leaving *l = leaving_of(a, n->node.meta.uid);
    pod_list pods = to_move(a, n->node.meta.uid);

    if (utilization(n) >= a->spec->utilization || !can_move(a, n, &pods))
        l->unneeded = SIM_NEVER;
    else if (l->unneeded == SIM_NEVER)
        l->unneeded = world_now(a->w);
}

static bool is_due(const struct autoscaler *a, const struct leaving *l)
{
    return l->unneeded != SIM_NEVER && l->drained == SIM_NEVER &&
           world_now(a->w) - l->unneeded >= a->spec->unneeded_time;
}

/* Those that go on leaving; counts them by pool. */
static bool go_on(struct autoscaler *a, int *going)
{
    bool drains = false;

    for (size_t i = 0; i < informer_count(a->nodes); i++) {
        const struct meta *m = informer_at(a->nodes, i);
        struct leaving *l = map_get_number(&a->leaving, m->uid);

        if (!l || l->drained == SIM_NEVER || !api_get(a->w->api, m->uid))
            continue;
        drain(a, m, l);
        if (l->drained == SIM_NEVER)
            continue;
        drains = true;
        going[node_seen(m)->pool - 1]++;
    }
    return drains;
}

void autoscaler_down(struct autoscaler *a)
{
    int *going = arena_many(a->scratch, int, a->w->spec->cluster.npools);
    bool drains = go_on(a, going), cools = cools_down(a);
    node_list all = { 0 };
    int removed = 0;

    for (size_t i = 0; i < a->snapshot.len; i++)
        vec_push(a->scratch, &all, a->snapshot.items[i]);
    for (size_t i = 0; i < all.len; i++) {
        const struct meta *m = &all.items[i]->node.meta;
        struct leaving *l = leaving_of(a, m->uid);

        if (l->drained != SIM_NEVER || !api_get(a->w->api, m->uid))
            continue;
        if (!is_candidate(a, &all.items[i]->node, going)) {
            l->unneeded = SIM_NEVER;
            continue;
        }
        judge(a, all.items[i]);
        if (cools || !is_due(a, l))
            continue;
        if (to_move(a, m->uid).len == 0) {
            if (removed++ < BULK)
                give_back(a, m, "removing empty node");
        } else if (!drains) {
            drains = true;
            going[all.items[i]->node.pool - 1]++;
            begin_drain(a, m, l);
        }
    }
}
