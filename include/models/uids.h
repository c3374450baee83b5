/*
 * uids.h - ascending lists of object ordinals, and an index by owner.
 *
 * Ascending is the order of creation.  Used by the store and the caches.
 */
#ifndef MODELS_UIDS_H
#define MODELS_UIDS_H
#include "base/map.h"
#include "models/object.h"

struct uids {
    object_uid *items;          /* with removed ones: see uids_items */
    size_t len, cap;
    size_t gone;                /* removed, not swept out yet */
};

/* Insert (amortised O(1) for the largest so far, else O(n)); remove (O(log n)),
 * which is a BUG if uid is not there. */
void uids_add(struct arena *a, struct uids *u, object_uid uid);
void uids_remove(struct uids *u, object_uid uid);

/* How many there are; and all of them, ascending, borrowed until the next
 * change (O(n) after removals). */
size_t uids_len(const struct uids *u);
const object_uid *uids_items(const struct uids *u);

struct owners {
    struct arena *arena;
    struct map lists;           /* owner -> struct uids */
};

void owners_init(struct owners *o, struct arena *a);
/* owner 0 is nobody: nothing happens. */
void owners_add(struct owners *o, object_uid owner, object_uid uid);
void owners_remove(struct owners *o, object_uid owner, object_uid uid);
/* The list of an owner; borrowed until the next change. */
const object_uid *owners_get(const struct owners *o, object_uid owner,
                             size_t *n);

#endif
