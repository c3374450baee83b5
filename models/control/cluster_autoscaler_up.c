/*
 * cluster_autoscaler_up.c - machines for pods that fit nowhere.
 *
 * Pods that the scheduler calls Unschedulable are put, in thought, on the nodes
 * that there are and on those that are on their way.  What is left is put on
 * imagined nodes of each pool that may still grow, the largest pods first; a
 * pool that helps somebody is an option, and the expander chooses one option a
 * scan.
 *
 * Source: cluster-autoscaler core/scaleup/orchestrator, estimator,
 * expander at 1.30.
 */
#include <stdlib.h>

#include "cluster_autoscaler_impl.h"
#include "models/pool.h"
#include "models/world.h"

struct option {
    size_t pool;
    int nodes;
    double waste;               /* share of cpu and memory left over */
    pod_list pods;              /* those it helps */
};

static pod_list unschedulable(struct autoscaler *a)
{
    pod_list list = { 0 };

    for (size_t i = 0; i < informer_count(a->pods); i++) {
        const struct pod *p = pod_seen(informer_at(a->pods, i));

        if (!p->node && p->unschedulable && !meta_deleting(&p->meta))
            vec_push(a->scratch, &list, p);
    }
    return list;
}

/* Machines of the i-th pool whose nodes have not been seen yet. */
static int upcoming(const struct autoscaler *a, size_t i)
{
    int n = pool_target(a->w, i);

    for (size_t k = 0; k < informer_count(a->nodes); k++)
        n -= node_seen(informer_at(a->nodes, k))->pool == i + 1;
    return n;
}

/* Those that find no place on what is there or on its way. */
static pod_list left_over(struct autoscaler *a, const pod_list *pods)
{
    pod_list list = { 0 };

    for (size_t i = 0; i < a->w->spec->cluster.npools; i++)
        for (int k = upcoming(a, i); k > 0; k--)
            autoscaler_imagine(a, i);
    for (size_t i = 0; i < pods->len; i++)
        if (!autoscaler_place(a, pods->items[i], 0))
            vec_push(a->scratch, &list, pods->items[i]);
    return list;
}

/* ---- options ------------------------------------------------------------ */

/* Sort keys: the largest share of a node first, then the older pod. */
struct sized {
    const struct pod *pod;
    double size;
};

static int by_size(const void *a, const void *b)
{
    const struct sized *x = a, *y = b;

    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->pod->meta.uid < y->pod->meta.uid ? -1 : 1;
}

static struct sized *sorted(struct autoscaler *a, const pod_list *pods,
                            const struct node *like)
{
    struct sized *list = arena_many(a->scratch, struct sized, pods->len);

    for (size_t i = 0; i < pods->len; i++) {
        const struct pod_spec *s = pods->items[i]->template->spec;

        list[i].pod = pods->items[i];
        if (like->cpu_milli > 0)
            list[i].size += (double)s->cpu_milli / (double)like->cpu_milli;
        if (like->memory_bytes > 0)
            list[i].size += (double)s->memory_bytes /
                            (double)like->memory_bytes;
    }
    qsort(list, pods->len, sizeof(*list), by_size);
    return list;
}

/* What is left over of the imagined nodes from the `from`-th on. */
static double waste(const struct autoscaler *a, size_t from)
{
    double cpu = 0, memory = 0, cpu_used = 0, memory_used = 0;

    for (size_t i = from; i < a->snapshot.len; i++) {
        const struct sched_node *n = a->snapshot.items[i];

        cpu += (double)n->node.cpu_milli;
        memory += (double)n->node.memory_bytes;
        cpu_used += (double)n->cpu;
        memory_used += (double)n->memory;
    }
    return (cpu > 0 ? 1 - cpu_used / cpu : 0) +
           (memory > 0 ? 1 - memory_used / memory : 0);
}

/* How many nodes of the i-th pool would help how many of these pods? */
static struct option estimate(struct autoscaler *a, size_t i,
                              const pod_list *pods)
{
    int room = a->w->spec->cluster.pools[i].max - pool_target(a->w, i);
    struct option o = { .pool = i };
    size_t from = a->snapshot.len;
    struct node like;
    const struct sized *list;

    if (room <= 0)
        return o;
    pool_template(a->w, i, &like);
    list = sorted(a, pods, &like);
    for (size_t k = 0; k < pods->len; k++) {
        const struct pod *p = list[k].pod;
        bool placed = autoscaler_place(a, p, from) != NULL;

        if (!placed && o.nodes < room) {
            autoscaler_imagine(a, i);
            placed = autoscaler_place(a, p, a->snapshot.len - 1) != NULL;
            if (placed)
                o.nodes++;
            else
                a->snapshot.len--;
        }
        if (placed)
            vec_push(a->scratch, &o.pods, p);
    }
    o.waste = waste(a, from);
    a->snapshot.len = from;
    return o;
}

/* Is x a better choice than y? */
static bool is_better(int expander, const struct option *x,
                      const struct option *y)
{
    return expander == EXPANDER_LEAST_WASTE ? x->waste < y->waste
                                            : x->pods.len > y->pods.len;
}

static const struct option *choose(struct autoscaler *a,
                                   const struct option *options, size_t n)
{
    const struct option *best = &options[0];

    if (a->spec->expander == EXPANDER_RANDOM)
        return n > 1 ? &options[stream_below(&a->luck, (uint32_t)n)] : best;
    for (size_t i = 1; i < n; i++)
        if (is_better(a->spec->expander, &options[i], best))
            best = &options[i];
    return best;
}

/* ---- what is said ------------------------------------------------------- */

static void tell_helped(struct autoscaler *a, const struct option *o, int was)
{
    const struct node_pool *pool = &a->w->spec->cluster.pools[o->pool];

    for (size_t i = 0; i < o->pods.len; i++)
        record_event(a->w, &o->pods.items[i]->meta, "Normal",
                     "TriggeredScaleUp", "pod triggered scale-up: [{%s "
                     "%d->%d (max: %d)}]", pool->name, was, was + o->nodes,
                     pool->max);
}

/* Why no pool helps p. */
static const char *reasons(struct autoscaler *a, const struct pod *p)
{
    const char *text = "";

    for (size_t i = 0; i < a->w->spec->cluster.npools; i++) {
        const char *why = "max node group size reached";

        if (!autoscaler_has(a, i))
            continue;
        if (pool_target(a->w, i) < a->w->spec->cluster.pools[i].max) {
            why = autoscaler_refusal(a, p, autoscaler_imagine(a, i));
            a->snapshot.len--;
        }
        if (why)
            text = arena_printf(a->w->arena, "%s%s1 %s", text,
                                *text ? ", " : "", why);
    }
    return text;
}

static void tell_others(struct autoscaler *a, const pod_list *pods)
{
    for (size_t i = 0; i < pods->len; i++) {
        const struct pod *p = pods->items[i];
        bool helped = false;

        for (size_t k = 0; k < a->w->spec->cluster.npools && !helped; k++)
            helped = autoscaler_has(a, k) &&
                     estimate(a, k, &(pod_list){ &p, 1, 1 }).nodes > 0;
        if (helped || map_get_number(&a->told, p->meta.uid))
            continue;
        map_put_number(&a->told, p->meta.uid, a);
        record_event(a->w, &p->meta, "Normal", "NotTriggerScaleUp",
                     "pod didn't trigger scale-up: %s", reasons(a, p));
    }
}

bool autoscaler_up(struct autoscaler *a)
{
    size_t npools = a->w->spec->cluster.npools, n = 0;
    pod_list pods = unschedulable(a), left;
    struct option *options;
    const struct option *chosen;
    int was;

    if (pods.len == 0)
        return false;
    left = left_over(a, &pods);
    options = arena_many(a->scratch, struct option, npools);
    for (size_t i = 0; i < npools && left.len > 0; i++) {
        if (!autoscaler_has(a, i))
            continue;
        options[n] = estimate(a, i, &left);
        n += options[n].nodes > 0;
    }
    if (left.len > 0)
        tell_others(a, &left);
    if (n == 0)
        return false;
    chosen = choose(a, options, n);
    was = pool_target(a->w, chosen->pool);
    pool_grow(a->w, chosen->pool, chosen->nodes);
    a->added = world_now(a->w);
    tell_helped(a, chosen, was);
    return true;
}
