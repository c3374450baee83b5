/*
 * statefulset_plan.h - how the StatefulSet controller decides.
 *
 * The decision is a function of what a sync has seen; the controller
 * (models/control/statefulset.c) makes its calls from the plan and adds
 * nothing of its own.  Reference 3.1.
 */
#ifndef MODELS_STATEFULSET_PLAN_H
#define MODELS_STATEFULSET_PLAN_H
#include "base/vec.h"
#include "models/pod.h"
#include "models/spec.h"
#include "models/statefulset.h"

struct world;

/* Pods out of service at a time by maxUnavailable, which rounds down: at least
 * one.  Only with feature MaxUnavailableStatefulSet, which is off. */
int statefulset_max_unavailable(struct int_or_percent v, int replicas);

/* The ordinal in a pod's name; -1 if it is not <set>-<number>. */
int statefulset_ordinal(const char *set, const char *pod);

/* The revision that a pod carries; "" if none. */
const char *pod_revision(const struct pod *p);

/* What one sync sees. */
struct statefulset_view {
    const struct statefulset *seen;
    const struct pod *const *pods;      /* its own, in any order */
    size_t npods;
    const char *current, *update;       /* names of its revisions */
    bool max_unavailable;       /* is the feature on? */
    enum kube_version version;
    const struct world *w;      /* clock of time stamps; may be NULL if
                                 * minReadySeconds is 0 */
    sim_time now;
    struct arena *scratch;      /* the plan itself */
};

enum stateful_verb {
    STATEFUL_CREATE,            /* and its claims before it */
    STATEFUL_CLAIM,             /* claims that a pending pod may miss */
    STATEFUL_DELETE,
};

struct stateful_write {
    enum stateful_verb verb;
    int ordinal;
    const struct pod *pod;      /* CLAIM, DELETE; NULL: the one that this plan
                                 * creates */
    const char *revision;       /* CREATE */
    int batch;                  /* those of one number go together; ascending */
    bool failed;                /* DELETE: 1.20's Event RecreatingFailedPod */
    bool update;                /* DELETE: counts.current falls by one when it
                                 * is done */
};

struct stateful_counts {
    int replicas, ready, available, current, updated;
};

struct statefulset_plan {
    VEC(struct stateful_write) writes;
    struct stateful_counts counts;      /* of the status; see `update` */
};

/* Decide. */
void statefulset_plan(const struct statefulset_view *v,
                      struct statefulset_plan *p);

/* Put the new status into s, a copy of the set; a rolling update that is over
 * makes the update revision the current one.  Returns whether it differs from
 * the status seen, and so is to be written. */
bool statefulset_status(const struct statefulset_view *v,
                        struct stateful_counts counts, struct statefulset *s);

/* When the next pod will be available; SIM_NEVER if none waits. */
sim_time statefulset_next_available(const struct statefulset_view *v);

#endif
