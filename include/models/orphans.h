/*
 * orphans.h - objects without a controller, as an informer has seen them.
 *
 * A controller adopts those that its selector matches.  There are few, so
 * they are kept in a list instead of being looked for.
 */
#ifndef MODELS_ORPHANS_H
#define MODELS_ORPHANS_H
#include "models/informer.h"
#include "models/uids.h"

struct orphans {
    struct arena *arena;
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

#endif
