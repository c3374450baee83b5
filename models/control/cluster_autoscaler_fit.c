/*
 * cluster_autoscaler_fit.c - the cluster as the autoscaler imagines it.
 *
 * It asks the scheduler's own filters, on a copy of the nodes as it has seen
 * them, whether a pod would find a place.  Not modelled: claims of pods.
 */
#include <string.h>

#include "cluster_autoscaler_impl.h"
#include "models/pool.h"
#include "models/world.h"

static bool takes_place(const struct pod *p)
{
    return p->node && p->phase != POD_SUCCEEDED && p->phase != POD_FAILED;
}

static struct sched_node *snapshot_node(struct autoscaler *a, object_uid uid)
{
    for (size_t i = 0; i < a->snapshot.len; i++)
        if (a->snapshot.items[i]->node.meta.uid == uid)
            return a->snapshot.items[i];
    return NULL;
}

static void put(struct autoscaler *a, const struct pod *p,
                struct sched_node *n)
{
    sched_place(a->scratch, n,
                (struct placed){ .uid = p->meta.uid, .space = p->meta.space,
                                 .labels = p->meta.labels,
                                 .spec = p->template->spec,
                                 .deleting = meta_deleting(&p->meta) });
}

void autoscaler_look(struct autoscaler *a)
{
    arena_reset(a->scratch);
    a->snapshot = (node_list){ 0 };
    for (size_t i = 0; i < informer_count(a->nodes); i++) {
        const struct node *n = node_seen(informer_at(a->nodes, i));
        struct sched_node *copy;

        if (n->ready.status != CONDITION_TRUE)
            continue;
        copy = arena_make(a->scratch, struct sched_node);
        copy->node = *n;
        vec_push(a->scratch, &a->snapshot, copy);
    }
    for (size_t i = 0; i < informer_count(a->pods); i++) {
        const struct pod *p = pod_seen(informer_at(a->pods, i));
        struct sched_node *n = takes_place(p) ? snapshot_node(a, p->node)
                                              : NULL;

        if (n)
            put(a, p, n);
    }
}

struct sched_node *autoscaler_imagine(struct autoscaler *a, size_t i)
{
    struct sched_node *n = arena_make(a->scratch, struct sched_node);

    pool_template(a->w, i, &n->node);
    vec_push(a->scratch, &a->snapshot, n);
    return n;
}

static void begin_cycle(const struct autoscaler *a, const struct pod *p,
                        struct sched_cycle *c)
{
    *c = (struct sched_cycle){
        .arena = a->scratch, .version = a->w->spec->cluster.version,
        .space = p->meta.space, .labels = p->meta.labels,
        .spec = p->template->spec, .nodes = a->snapshot.items,
        .nnodes = a->snapshot.len,
    };
    sched_prefilter(c);
}

const char *autoscaler_refusal(struct autoscaler *a, const struct pod *p,
                               struct sched_node *n)
{
    struct sched_cycle c;

    begin_cycle(a, p, &c);
    return sched_filter(&c, n, NULL);
}

struct sched_node *autoscaler_place(struct autoscaler *a, const struct pod *p,
                                    size_t from)
{
    struct sched_cycle c;

    begin_cycle(a, p, &c);
    for (size_t i = from; i < a->snapshot.len; i++) {
        struct sched_node *n = a->snapshot.items[i];

        if (sched_filter(&c, n, NULL))
            continue;
        put(a, p, n);
        return n;
    }
    return NULL;
}
