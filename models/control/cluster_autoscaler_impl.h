/*
 * cluster_autoscaler_impl.h - what the files of the cluster autoscaler share.
 */
#ifndef CONTROL_CLUSTER_AUTOSCALER_IMPL_H
#define CONTROL_CLUSTER_AUTOSCALER_IMPL_H
#include "base/map.h"
#include "models/cluster_autoscaler.h"
#include "models/informer.h"
#include "models/pod.h"
#include "models/scheduler.h"

typedef VEC(const struct pod *) pod_list;
typedef VEC(struct sched_node *) node_list;

struct autoscaler {
    struct world *w;
    const struct autoscaler_spec *spec;
    struct informer *pods, *nodes;
    struct stream luck;         /* of the expander */
    struct arena *scratch;      /* for one scan */
    node_list snapshot;         /* nodes as seen, and some that may come */
    sim_time added, failed;     /* the last time; < 0: never */
    struct map leaving;         /* node uid -> struct leaving */
    struct map told;            /* pods that were told that nothing helps */
};

/* ---- cluster_autoscaler_fit.c: where pods would go ---- */

/* The nodes as seen, with their pods, into a->snapshot. */
void autoscaler_look(struct autoscaler *a);
/* Add a node that the i-th pool would have. */
struct sched_node *autoscaler_imagine(struct autoscaler *a, size_t i);
/* NULL if the pod could go there, else why not. */
const char *autoscaler_refusal(struct autoscaler *a, const struct pod *p,
                               struct sched_node *n);
/* Put it on the first node of the snapshot, from the `from`-th on, that takes
 * it; NULL if none does. */
struct sched_node *autoscaler_place(struct autoscaler *a, const struct pod *p,
                                    size_t from);

/* ---- cluster_autoscaler_up.c, cluster_autoscaler_down.c ---- */

/* Order machines for pods that fit nowhere.  True: some were ordered. */
bool autoscaler_up(struct autoscaler *a);
/* Give back machines that nobody needs. */
void autoscaler_down(struct autoscaler *a);
/* Does the autoscaler look after the i-th pool? */
bool autoscaler_has(const struct autoscaler *a, size_t i);

#endif
