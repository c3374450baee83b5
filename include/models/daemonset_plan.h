/*
 * daemonset_plan.h - how the DaemonSet controller decides.
 *
 * Two decisions, one after the other in a sync: daemonset_manage sees to one
 * pod per eligible node, daemonset_roll replaces old ones.  The controller
 * (models/control/daemonset.c) makes its calls from them and adds nothing of
 * its own.  Reference 3.2.
 */
#ifndef MODELS_DAEMONSET_PLAN_H
#define MODELS_DAEMONSET_PLAN_H
#include "base/vec.h"
#include "models/daemonset.h"
#include "models/deployment.h"
#include "models/node.h"
#include "models/pod.h"
#include "models/spec.h"

struct world;

#define DAEMON_BURST 250        /* pods created, and deleted, by one sync */

/* Both limits, for so many nodes that should run a pod; both round up, and one
 * pod may be missing if both come out as 0. */
struct fenceposts daemonset_limits(const struct daemonset *d, int nodes);

/* May the template's pods start on the node?  *stay: may one that runs there
 * go on?  spec: the template's, with the tolerations of daemon pods. */
bool daemonset_eligible(const struct pod_spec *spec, const struct node *n,
                        bool *stay);

/* A node, and the set's pods for it. */
struct daemon_place {
    const struct node *node;    /* NULL: it is gone */
    bool run, stay;             /* daemonset_eligible */
    const struct pod **pods;    /* bound ones before others, then by age */
    size_t npods;
};

/* The pod that goes before the other among those of a place. */
bool daemon_pod_before(const struct world *w, const struct pod *a,
                       const struct pod *b);

/* What one sync sees. */
struct daemonset_view {
    const struct daemonset *seen;
    const struct daemon_place *places;  /* in the order of examination */
    size_t nplaces;
    const char *hash;           /* of the new revision */
    enum kube_version version;
    const struct world *w;      /* clock of time stamps; may be NULL if
                                 * minReadySeconds is 0 */
    sim_time now;
    struct arena *scratch;      /* the plan itself */
    /* A pod of the place has failed: 0 if it is to be deleted now, else how
     * long to wait.  Not NULL. */
    sim_time (*hold_off)(void *ctx, const struct daemon_place *place,
                         const struct pod *failed);
    void *ctx;
};

struct daemonset_plan {
    VEC(const struct daemon_place *) creations;
    VEC(const struct pod *) deletions;
    sim_time retry;             /* SIM_NEVER, or look again after that long */
};

void daemonset_manage(const struct daemonset_view *v,
                      struct daemonset_plan *p);
void daemonset_roll(const struct daemonset_view *v, struct daemonset_plan *p);

/* The numbers of the status into s, a copy of the set. */
void daemonset_count(const struct daemonset_view *v, struct daemonset *s);

#endif
