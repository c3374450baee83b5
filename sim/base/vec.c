/*
 * vec.c - the two functions behind the macros of vec.h.
 */
#include "base/vec.h"

#include <string.h>

#include "base/bug.h"

void vec_grow(struct arena *a, void **items, size_t *cap, size_t size)
{
    size_t n = *cap ? *cap * 2 : 8;
    void *grown = arena_array(a, n, size);

    if (*cap)
        memcpy(grown, *items, *cap * size);
    *items = grown;
    *cap = n;
}

void vec_close_gap(void *items, size_t *len, size_t i, size_t size)
{
    char *base = items;

    if (i >= *len)
        BUG("removing item %zu of %zu", i, *len);
    memmove(base + i * size, base + (i + 1) * size, (*len - i - 1) * size);
    --*len;
}
