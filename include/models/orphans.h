/*
 * orphans.h - objects without a controller, as an informer has seen them.
 *
 * A controller adopts those that its selector matches.  There are few, so
 * they are kept in a list instead of being looked for.
 */
#ifndef MODELS_ORPHANS_H
#define MODELS_ORPHANS_H
#include "models/controller.h"
#include "models/uids.h"

struct orphans {
    struct arena *arena;
    const struct informer *inf;
    struct uids list;           /* in order of creation */
};

/* Start from what inf has seen. */
void orphans_init(struct orphans *o, struct arena *a,
                  const struct informer *inf);

/* For the informer's handler: NULL is no object. */
void orphans_see(struct orphans *o, const struct meta *before,
                 const struct meta *after);

/* May an owner with this selector, in this namespace, adopt m? */
bool orphan_fits(const struct meta *m, const char *space,
                 const struct selector *s);

/* For informers: is a change of interest to the controller of owners of this
 * kind?  It is if the object has no owner, one of the kind or one that is
 * gone, or changes hands. */
bool owned_by_kind(const struct api *api, enum kind kind,
                   const struct meta *before, const struct meta *after);

/* What owner controls, in a, in order of creation: with matching orphans, which
 * s is to adopt, and without those that match no more, which s is to release
 * (NULL: nothing is appended).  fits (may be NULL): a condition beside the
 * selector.  An owner that is being deleted adopts and releases nothing. */
const struct meta **orphans_claim(const struct orphans *o, struct api *api,
                                  struct sync *s, const struct meta *owner,
                                  const struct selector *selector,
                                  bool (*fits)(const struct meta *owner,
                                               const struct meta *m),
                                  struct arena *a, size_t *n);

#endif
