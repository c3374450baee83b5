/*
 * deployment.h - how the Deployment controller decides.
 *
 * The decisions are functions of what a sync has seen; the controller
 * (models/control/deployment.c) makes its calls from deployment_plan and adds
 * nothing of its own.  Sets are ReplicaSets; "fresh" is the one whose template
 * is the Deployment's, the others are "old".  Lists of sets run from the
 * oldest to the newest.  Reference section 1.
 */
#ifndef MODELS_DEPLOYMENT_H
#define MODELS_DEPLOYMENT_H
#include "base/vec.h"
#include "models/pod.h"
#include "models/spec.h"
#include "models/workload.h"

typedef const struct replicaset *const *set_list;

/* ---- sizes: deployment_size.c ------------------------------------------- */

struct fenceposts {
    int surge, unavailable;     /* pods */
};

/* Both limits for `desired` replicas; an absent one is {false, 0}. */
struct fenceposts fenceposts_resolve(struct int_or_percent surge,
                                     struct int_or_percent unavailable,
                                     int desired);

/* Of a whole Deployment: 0 for Recreate, unavailable at most replicas. */
int deployment_max_surge(const struct deployment *d);
int deployment_max_unavailable(const struct deployment *d);
int deployment_max_total(const struct deployment *d);   /* replicas + surge */
int deployment_min_available(const struct deployment *d);

/* Sum of spec.replicas. */
int sets_size(set_list sets, size_t n);
/* Sum of status.availableReplicas. */
int sets_available(set_list sets, size_t n);

/* The size that surge allows the fresh set, which has `size` of the `total`
 * replicas asked for (NewRSNewReplicas). */
int deployment_fresh_size(const struct deployment *d, int total, int size);

/* The size that one pass of a rolling update gives the fresh set; `size` if
 * it leaves it alone. */
int deployment_scale_fresh(const struct deployment *d, int total, int size);

/* A set and the size it is to get. */
struct resize {
    const struct replicaset *set;
    int size;
};

/* Up to `most` unavailable replicas out of old sets, oldest first.  sizes[i]
 * gets the size of olds[i]; returns how many were taken out.  *broken is set,
 * and the rest left alone, where a set reports more available pods than it was
 * asked for: the real controller then fails inside. */
int deployment_clean_up(set_list olds, size_t n, int most, int *sizes,
                        bool *broken);

/* Take healthy replicas out of old sets, oldest first, while `available` of
 * all pods stays at the minimum.  sizes in and out; returns how many. */
int deployment_scale_down_old(const struct deployment *d, int available,
                              size_t n, int *sizes);

/* One pass of the scale-down step; olds: active ones, total: over all sets.
 * out has room for 2 * n and gets the writes, *nout of them: first those of
 * the clean-up, then the rest, so a set may come twice.  Returns whether the
 * pass counts as one that scaled; it does not if the clean-up broke down.
 * scratch: for the call. */
bool deployment_shrink_old(const struct deployment *d, int total,
                           const struct replicaset *fresh, set_list olds,
                           size_t n, struct resize *out, size_t *nout,
                           struct arena *scratch);

/* The share of one set of a change by to_add replicas, of which `added` have
 * been given out (GetReplicaSetProportion). */
int deployment_proportion(const struct deployment *d,
                          const struct replicaset *set, int to_add, int added);

/* A scaling event: the sets to write, in order, into out (room for n); returns
 * how many.  sets: all, among them fresh unless that is NULL.  A set may get
 * the size it has: its annotations change. */
size_t deployment_scale(const struct deployment *d,
                        const struct replicaset *fresh, set_list sets,
                        size_t n, struct resize *out);

/* ---- status: deployment_status.c ---------------------------------------- */

/* Does a condition have this reason?  Absent ones have none. */
bool condition_because(const struct condition *c, const char *reason);

/* Set *c unless status and reason are those it has already.  changed (last
 * transition) is kept while status is.  message may be NULL. */
void condition_set(struct condition *c, enum condition_status status,
                   const char *reason, const char *message, sim_time now);

bool deployment_has_deadline(const struct deployment *d);

/* Is the rollout of d complete, by the status part of s? */
bool deployment_complete(const struct deployment *d,
                         const struct deployment *s);

/* Is the status part of s progress over that of d? */
bool deployment_progressing(const struct deployment *d,
                            const struct deployment *s);

/* Did the deadline pass?  progressing.updated is taken as it is: cut it to the
 * time stamp first. */
bool deployment_timed_out(const struct deployment *d,
                          const struct condition *progressing, sim_time now);

/* When to look at an unchanged, unfinished rollout again: SIM_NEVER: no need;
 * 0: at once, rate limited; else that long from now, and a second more. */
sim_time deployment_recheck(const struct deployment *d, sim_time now);

/* ---- one sync: deployment_plan.c ---------------------------------------- */

/* Does this pod keep a Recreate rollout waiting? */
bool pod_blocks_recreate(const struct pod *p);

/* What one sync sees. */
struct deployment_view {
    const struct deployment *seen;
    set_list sets;              /* that it owns, oldest first */
    size_t nsets;
    /* Does the set have a pod that blocks Recreate? */
    bool (*blocked)(void *ctx, const struct replicaset *set);
    void *ctx;
    sim_time now;
    sim_time progressed;        /* Progressing's last update, as stamped */
    enum kube_version version;
    struct arena *keep;         /* names, messages, labels: for good */
    struct arena *scratch;      /* the plan itself */
};

/* Recreate: do pods of sets other than fresh (may be NULL) still run? */
bool deployment_old_pods_running(const struct deployment_view *v,
                                 const struct replicaset *fresh);

enum deployment_verb { SET_CREATE, SET_UPDATE, SET_DELETE, STATUS_UPDATE };

struct deployment_write {
    enum deployment_verb verb;
    struct replicaset *set;     /* CREATE, UPDATE: as it is to be */
    const struct replicaset *base;  /* UPDATE, DELETE: the version seen, or
                                     * the set of an earlier write */
    const struct deployment *d; /* STATUS: status and revision to write */
    int from, to;               /* differ: Event ScalingReplicaSet on success */
    bool attempt;               /* a refusal ends only this run of attempts */
};

/* What it does: calls in order, then perhaps a wake-up. */
struct deployment_plan {
    struct deployment d;        /* the Deployment as the sync has it in mind */
    VEC(struct deployment_write) writes;
    bool selects_all;           /* Event SelectingAll */
    sim_time recheck;           /* as deployment_recheck */
};

/* Decide.  A refusal of a write ends the sync (but see `attempt`). */
void deployment_plan(const struct deployment_view *v,
                     struct deployment_plan *p);

/* Note a revision, and the one it replaces, in the typed annotations of set.
 * True if anything changed. */
bool replicaset_set_revision(struct replicaset *set, int64_t revision,
                             struct arena *a);

#endif
