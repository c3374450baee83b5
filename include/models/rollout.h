/*
 * rollout.h - what `kubectl rollout` says and does about a Deployment, a
 * StatefulSet or a DaemonSet.
 *
 * kubectl asks the API server: callers pass the newest versions.  Sentences
 * are without the line end and belong to the arena.  Reference 1.10, 1.14.
 */
#ifndef MODELS_ROLLOUT_H
#define MODELS_ROLLOUT_H
#include "models/workload.h"

struct api;
struct controllerrevision;
struct daemonset;
struct statefulset;

/* `rollout status`: exactly one of done, failed and neither (wait on). */
struct rollout_status {
    bool done, failed;
    const char *message;
};
struct rollout_status rollout_status(struct arena *a,
                                     const struct deployment *d);

/* One line of `rollout history`. */
struct rollout_revision {
    int64_t revision;
    const char *cause;          /* annotation kubernetes.io/change-cause, or
                                 * NULL */
    const struct replicaset *set;
};

/* The revisions of d, lowest first, in a; returns how many. */
size_t rollout_history(struct arena *a, const struct api *api,
                       const struct deployment *d,
                       struct rollout_revision **out);

/* `rollout undo --to-revision=N` (0: the one before the newest).  Either set
 * is what to go back to, or it is NULL: then message says why, and refused
 * whether that is an error (exit 1) or a skipped rollback (exit 0). */
struct rollout_undo {
    const struct replicaset *set;
    bool refused;
    const char *message;        /* "rolled back" if set */
};
struct rollout_undo rollout_undo(struct arena *a, const struct api *api,
                                 const struct deployment *d,
                                 int64_t to_revision);

/* What an undo to set writes: draft (of the Deployment) gets the template and
 * the annotations of set, without what is bookkeeping. */
void rollout_restore(struct arena *a, struct deployment *draft,
                     const struct replicaset *set);

/* ---- StatefulSets and DaemonSets ---------------------------------------- */

struct rollout_status statefulset_rollout_status(struct arena *a,
                                                 const struct statefulset *s);
struct rollout_status daemonset_rollout_status(struct arena *a,
                                               const struct daemonset *d);

/* The revisions of m, lowest first, in a; returns how many. */
size_t revision_history(struct arena *a, const struct api *api,
                        const struct meta *m,
                        const struct controllerrevision ***out);

/* What an undo writes: template, or NULL and why not (as rollout_undo). */
struct revision_undo {
    const struct pod_template *template;
    bool refused;
    const char *message;
};
struct revision_undo revision_undo(struct arena *a, const struct api *api,
                                   const struct meta *m, int64_t to_revision);

/* ---- any of the three --------------------------------------------------- */

bool kind_rolls_out(enum kind k);
struct rollout_status rollout_status_of(struct arena *a, const struct meta *m);
const struct pod_template *rollout_template(const struct meta *m);

/* The number of the newest revision; 0 if there is none yet. */
int64_t rollout_revision_of(const struct api *api, const struct meta *m);

#endif
