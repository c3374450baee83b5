/*
 * replicaset_impl.h - what the ReplicaSet controller keeps between syncs.
 *
 * Counters follow the pod informer event by event, so that a sync costs no
 * walk over the pods of a large set.
 */
#ifndef REPLICASET_IMPL_H
#define REPLICASET_IMPL_H
#include "base/pool.h"
#include "models/controller.h"
#include "models/orphans.h"
#include "models/pod.h"
#include "models/workload.h"

/* Pods per node of all sets that one Deployment controls. */
struct group {
    VEC(int) on_node;           /* by uid of the node */
};

/* Creations and deletions asked for and not seen yet. */
struct expectations {
    bool set;
    int creations;
    VEC(object_uid) deletions;
    sim_time since;
};

struct tally {                  /* pods of one set, as last seen */
    int active;                 /* owned, matching, active */
    int ready, labeled;         /* of these */
    int terminating;            /* owned, matching, being deleted */
    int strays;                 /* owned and active, but not matching */
};

struct set_state {
    object_uid uid;
    bool counted;               /* tally is kept up to date */
    struct tally tally;
    VEC(object_uid) waiting;    /* ready, not available yet; only kept if
                                 * min_ready_s > 0 */
    /* what the counters were made for */
    const struct selector *selector;
    const struct pod_template *template;
    int min_ready_s;
    struct group *group;        /* NULL: nobody controls the set */
    object_uid owner;
    struct expectations expected;
    uint64_t wrote;             /* version of the last status written */
    uint64_t syncs;
};

struct replicasets {
    struct controller *c;
    struct informer *sets, *pods;
    struct orphans orphans;     /* pods */
    struct map states;          /* uid of a set -> struct set_state */
    struct map groups;          /* uid of its owner -> struct group */
    struct arena *scratch;      /* of one decision */
    struct pool pending;        /* of replicaset.c */
};

/* The state of a set, made if new. */
struct set_state *set_state_of(struct replicasets *rs, object_uid uid);

/* Follow a pod event: NULL is no pod. */
void set_count(struct replicasets *rs, const struct meta *before,
               const struct meta *after);

/* Bring the counters in step with the set as it is seen now; after that,
 * drop the waiting pods that are available. */
void set_recount(struct replicasets *rs, struct set_state *st,
                 const struct replicaset *set);

/* When the next waiting pod will be available; SIM_NEVER if none waits. */
sim_time set_next_available(const struct replicasets *rs,
                            const struct set_state *st);

/* Active pods of related sets on the node of p. */
int set_rank(const struct set_state *st, const struct pod *p);

/* Is p an active pod that counts for the set? */
bool set_counts(const struct set_state *st, const struct pod *p);

void expect_creations(struct set_state *st, int n, sim_time now);
void expect_deletions(struct set_state *st, sim_time now);
void expect_deletion_of(struct replicasets *rs, struct set_state *st,
                        object_uid pod);
void deletion_observed(struct set_state *st, object_uid pod);
bool expectations_satisfied(const struct set_state *st, sim_time now);

#endif
