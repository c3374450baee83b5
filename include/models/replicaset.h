/*
 * replicaset.h - how the ReplicaSet controller decides.
 *
 * Reference section 2.
 */
#ifndef MODELS_REPLICASET_H
#define MODELS_REPLICASET_H
#include "models/pod.h"
#include "models/spec.h"

#define BURST_REPLICAS 500      /* pods created or deleted by one sync */

/* The size of the next batch of creations when `left` are still to be made:
 * 1, 2, 4, ... previous: the batch before it, 0 for the first.  0: done. */
int slow_start_batch(int left, int previous);

/* A pod that may have to go, with what the choice depends on. */
struct victim {
    const struct pod *pod;
    int cost;                   /* pod-deletion-cost */
    int rank;                   /* active pods of related sets on its node */
    sim_time ready_since;       /* as stamped; SIM_NEVER: not known */
    sim_time created;           /* as stamped */
};

/* The pod-deletion-cost annotation; 0 if missing or malformed. */
int pod_deletion_cost(const struct pod *p);

/* Does a go before b when a ReplicaSet is scaled down?  Of any two pods one
 * does; three may form a circle, as in the real rules (ages of one bucket). */
bool victim_before(const struct victim *a, const struct victim *b,
                   sim_time now, enum kube_version version);

/* Bring the k that go first to the front, in order; k <= n. */
void victims_choose(struct victim *v, size_t n, size_t k, sim_time now,
                    enum kube_version version);

#endif
