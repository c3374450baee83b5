/*
 * revision.h - the ControllerRevision object, and the histories of
 * StatefulSets and DaemonSets that are made of it.
 */
#ifndef MODELS_REVISION_H
#define MODELS_REVISION_H
#include "models/object.h"
#include "models/podspec.h"

struct api;
struct world;

/* A version of the template of a StatefulSet or DaemonSet. */
struct controllerrevision {
    struct meta meta;
    int64_t revision;
    const struct pod_template *template;    /* what an undo restores */
};

#define controllerrevision_of(m) ((struct controllerrevision *)(m))
#define controllerrevision_seen(m) ((const struct controllerrevision *)(m))

/* The label of pods (and revisions) that names their revision. */
#define REVISION_LABEL "controller-revision-hash"

typedef const struct controllerrevision *const *revision_list;

/* Order by number, then age, then name. */
void revisions_sort(const struct controllerrevision **list, size_t n);

/* Which revision a template is. */
struct revision_pick {
    const struct controllerrevision *found; /* NULL: still to be made */
    int64_t number;             /* that it is to have: the highest */
};
struct revision_pick revision_pick(revision_list list, size_t n,
                                   const struct pod_template *t);

/* Those to delete, lowest first, into out (room for n); returns how many.
 * list: sorted; live: in use, so it stays.  keep: revisionHistoryLimit, of
 * those that are not live or, if live_count, of all.  live ones are never
 * deleted. */
size_t revisions_expired(revision_list list, size_t n, int keep,
                         bool live_count,
                         bool (*live)(void *ctx,
                                      const struct controllerrevision *r),
                         void *ctx, const struct controllerrevision **out);

/* A draft of revision `number` of owner's template t, called <owner>-<hash>;
 * *hash gets the hash. */
struct meta *revision_draft(struct world *w, const struct meta *owner,
                            const struct pod_template *t, int collisions,
                            int64_t number, const char **hash);

/* The highest number among the revisions of owner, as the store has them; 0 if
 * there is none.  That of the one with this REVISION_LABEL; -1 if there is
 * none. */
int64_t revision_newest(const struct api *api, const struct meta *owner);
int64_t revision_labeled(const struct api *api, const struct meta *owner,
                         const char *hash);

#endif
