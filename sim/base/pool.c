/*
 * pool.c - objects of one size that come and go.
 *
 * An object given back holds the link to the next free one in its first
 * bytes; the rest is filled with 0xDB in debug builds, so that a stale read
 * shows, and poisoned under AddressSanitizer, so that it stops.
 */
#include "base/pool.h"

#include <string.h>

#include "base/bug.h"
#include "poison.h"

void pool_init(struct pool *p, struct arena *a, size_t size)
{
    *p = (struct pool){ .arena = a, .size = size };
    if (p->size < sizeof(void *))
        p->size = sizeof(void *);
}

void *pool_take(struct pool *p)
{
    void *object = p->free;

    p->live++;
    if (!object)
        return arena_alloc(p->arena, p->size);
    UNPOISON(object, p->size);
    memcpy(&p->free, object, sizeof p->free);
    memset(object, 0, p->size);
    return object;
}

void pool_put(struct pool *p, void *object)
{
    if (!object || p->live == 0)
        BUG("pool_put of %s", object ? "more than was taken" : "NULL");
#ifndef NDEBUG
    memset(object, 0xDB, p->size);
#endif
    memcpy(object, &p->free, sizeof p->free);
    POISON(object, p->size);
    p->free = object;
    p->live--;
}
