/*
 * uids.c - ascending lists of object ordinals, and an index by owner.
 *
 * A removal only marks its entry; marked ones are swept out when the list is
 * read, or when they are as many as the others.  So a million pods may come
 * and go in a list that nobody walks over.
 */
#include "models/uids.h"

#include <string.h>

#include "base/bug.h"
#include "base/vec.h"

#define GONE UINT32_C(0x80000000)       /* mark of a removed entry */

/* Where uid is, or belongs. */
static size_t place(const struct uids *u, object_uid uid)
{
    size_t low = 0, high = u->len;

    if (high > 0 && (u->items[high - 1] & ~GONE) < uid)
        return high;            /* the usual case: a new object */
    while (low < high) {
        size_t mid = (low + high) / 2;

        if ((u->items[mid] & ~GONE) < uid)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void uids_add(struct arena *a, struct uids *u, object_uid uid)
{
    size_t at = place(u, uid);

    CHECK(uid < GONE);
    if (at < u->len && u->items[at] == (uid | GONE)) {
        u->items[at] = uid;     /* it is back */
        u->gone--;
        return;
    }
    vec_push(a, u, uid);
    memmove(&u->items[at + 1], &u->items[at],
            (u->len - 1 - at) * sizeof(object_uid));
    u->items[at] = uid;
}

/* Close the gaps. */
static void sweep(struct uids *u)
{
    size_t n = 0;

    for (size_t i = 0; i < u->len; i++)
        if (!(u->items[i] & GONE))
            u->items[n++] = u->items[i];
    u->len = n;
    u->gone = 0;
}

void uids_remove(struct uids *u, object_uid uid)
{
    size_t at = place(u, uid);

    CHECK(at < u->len && u->items[at] == uid);
    u->items[at] |= GONE;
    u->gone++;
    if (u->gone > u->len / 2)
        sweep(u);
}

size_t uids_len(const struct uids *u)
{
    return u->len - u->gone;
}

const object_uid *uids_items(const struct uids *u)
{
    if (u->gone > 0)
        sweep((struct uids *)u);
    return u->items;
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

    *n = u ? uids_len(u) : 0;
    return u ? uids_items(u) : NULL;
}
