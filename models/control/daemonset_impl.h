/*
 * daemonset_impl.h - what the DaemonSet controller keeps between syncs.
 */
#ifndef DAEMONSET_IMPL_H
#define DAEMONSET_IMPL_H
#include "models/controller.h"
#include "models/daemonset_plan.h"
#include "models/orphans.h"
#include "models/podlife.h"
#include "models/unseen.h"

struct daemonsets {
    struct controller *c;
    struct informer *sets, *pods, *nodes, *revisions;
    struct orphans orphans, lost_revisions;
    struct map states;          /* uid of a set -> struct daemon_state */
    struct arena *scratch;      /* of one decision */
    struct stream order;        /* in which nodes are looked at */
};

/* Creations and deletions asked for and not seen yet.  They are only counted,
 * and every event of a terminating pod counts. */
struct daemon_expected {
    bool set;
    int creations, deletions;
    sim_time since;
};

/* A set, and its sync under way: there is one at a time. */
struct daemon_state {
    struct daemonsets *ds;
    object_uid uid;
    struct daemon_expected expected;
    struct unseen unseen;       /* own writes */
    /* made of the template; anew when that changes */
    const struct pod_template *template;
    const char *hash;           /* its revision */
    const struct pod_template *base;    /* with label and tolerations */
    struct map pinned;          /* uid of a node -> base, bound to it */
    struct map failing;         /* place and generation -> struct backoff */
    /* the sync */
    struct daemonset seen;      /* a copy: as the sync saw it */
    VEC(object_uid) expired;    /* revisions */
    int planned, answered, refused;     /* creations of one stage */
    bool unprocessed;           /* expectations were not met */
    bool unrevised;             /* the revision could not be written */
    enum api_code status_code;  /* of the first status write; 0: none yet */
    int collisions;             /* names of revisions that were taken */
};

struct daemon_state *daemon_state_of(struct daemonsets *ds, object_uid uid);

/* ---- daemonset_place.c --------------------------------------------------- */

/* The template of the set as its pods have it: with the label of a revision
 * and the tolerations of daemon pods. */
void daemon_template(struct daemon_state *st, const struct pod_template *t,
                     const char *hash);

/* The same for the pod of one node. */
const struct pod_template *daemon_template_for(struct daemon_state *st,
                                               const struct node *n);

/* May pods of the set as it is seen start, or stay, on the node? */
bool daemon_eligible(struct daemonsets *ds, const struct daemonset *d,
                     const struct node *n, bool *stay);

/* What the sync of st sees now, in the scratch arena; adoptions and releases of
 * pods are appended to s, unless that is NULL. */
struct daemonset_view daemon_view(struct daemon_state *st, struct sync *s);

#endif
