/*
 * pool.h - objects of one size that come and go.
 *
 * A free list over an arena: take and put are a few instructions and no
 * system allocation happens once warm.  In debug builds (without NDEBUG)
 * memory given back is filled with 0xDB, and under ASan it is poisoned.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H
#include <stddef.h>
#include "base/arena.h"

struct pool {
    struct arena *arena;        /* where new objects come from */
    size_t size;                /* bytes of an object, at least a pointer */
    void *free;                 /* list of objects given back */
    size_t live;                /* taken and not given back */
};

/* Serve objects of size bytes from a. */
void pool_init(struct pool *p, struct arena *a, size_t size);

/* An object, zeroed. */
void *pool_take(struct pool *p);

/* Give back what pool_take returned.  NULL is a BUG. */
void pool_put(struct pool *p, void *object);

#endif
