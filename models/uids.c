/*
 * uids.c - ascending lists of object ordinals, and an index by owner.
 */
#include "models/uids.h"

#include <string.h>

#include "base/bug.h"
#include "base/vec.h"

/* Where uid is, or belongs. */
static size_t place(const struct uids *u, object_uid uid)
{
    size_t low = 0, high = u->len;

    if (high > 0 && u->items[high - 1] < uid)
        return high;            /* the usual case: a new object */
    while (low < high) {
        size_t mid = (low + high) / 2;

        if (u->items[mid] < uid)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void uids_add(struct arena *a, struct uids *u, object_uid uid)
{
    size_t at = place(u, uid);

    vec_push(a, u, uid);
    memmove(&u->items[at + 1], &u->items[at],
            (u->len - 1 - at) * sizeof(object_uid));
    u->items[at] = uid;
}

void uids_remove(struct uids *u, object_uid uid)
{
    size_t at = place(u, uid);

    CHECK(at < u->len && u->items[at] == uid);
    vec_remove(u, at);
}

void owners_init(struct owners *o, struct arena *a)
{
    o->arena = a;
    map_init(&o->lists, a);
}

void owners_add(struct owners *o, object_uid owner, object_uid uid)
{
    struct uids *u = map_get_number(&o->lists, owner);

    if (owner == 0)
        return;
    if (!u) {
        u = arena_make(o->arena, struct uids);
        map_put_number(&o->lists, owner, u);
    }
    uids_add(o->arena, u, uid);
}

void owners_remove(struct owners *o, object_uid owner, object_uid uid)
{
    struct uids *u = map_get_number(&o->lists, owner);

    if (owner == 0)
        return;
    CHECK(u);
    uids_remove(u, uid);
}

const object_uid *owners_get(const struct owners *o, object_uid owner,
                             size_t *n)
{
    const struct uids *u = map_get_number(&o->lists, owner);

    *n = u ? u->len : 0;
    return u ? u->items : NULL;
}
