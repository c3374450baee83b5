/*
 * evq_heap.h - a 4-ary heap with the interface of evq.h: the oracle.
 *
 * Ties are broken by a serial number that is compared, so that nothing of how
 * the radix heap keeps its order is used here.  Header only; for tests and
 * the bench.
 */
#ifndef TESTS_EVQ_HEAP_H
#define TESTS_EVQ_HEAP_H
#include <stdlib.h>
#include "base/arena.h"
#include "kernel/evq.h"

struct heap_entry {
    uint64_t key, serial, word;
};

struct evq_heap {
    struct heap_entry *items;
    size_t len, cap;
    uint64_t serial;
};

static inline bool heap_before(const struct heap_entry *a,
                               const struct heap_entry *b)
{
    return a->key < b->key || (a->key == b->key && a->serial < b->serial);
}

static inline void heap_sift_up(struct evq_heap *h, size_t i)
{
    struct heap_entry e = h->items[i];

    for (; i > 0 && heap_before(&e, &h->items[(i - 1) / 4]); i = (i - 1) / 4)
        h->items[i] = h->items[(i - 1) / 4];
    h->items[i] = e;
}

static inline void heap_sift_down(struct evq_heap *h, size_t i)
{
    struct heap_entry e = h->items[i];

    for (;;) {
        size_t first = 4 * i + 1, least = first;

        if (first >= h->len)
            break;
        for (size_t k = first + 1; k < first + 4 && k < h->len; k++)
            if (heap_before(&h->items[k], &h->items[least]))
                least = k;
        if (!heap_before(&h->items[least], &e))
            break;
        h->items[i] = h->items[least];
        i = least;
    }
    h->items[i] = e;
}

static inline void heap_push(struct evq_heap *h, struct evq_entry e)
{
    if (h->len == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 64;
        h->items = heap_grow(h->items, h->cap, sizeof *h->items);
    }
    h->items[h->len] = (struct heap_entry){ e.key, h->serial++, e.word };
    heap_sift_up(h, h->len++);
}

static inline bool heap_pop(struct evq_heap *h, uint64_t limit,
                            struct evq_entry *out)
{
    if (h->len == 0 || h->items[0].key > limit)
        return false;
    *out = (struct evq_entry){ h->items[0].key, h->items[0].word };
    h->items[0] = h->items[--h->len];
    if (h->len)
        heap_sift_down(h, 0);
    return true;
}

static inline void heap_purge(struct evq_heap *h,
                              bool (*dead)(void *ctx, uint64_t word),
                              void *ctx)
{
    size_t kept = 0;

    for (size_t i = 0; i < h->len; i++)
        if (!dead(ctx, h->items[i].word))
            h->items[kept++] = h->items[i];
    h->len = kept;
    for (size_t i = kept; i-- > 0;)
        heap_sift_down(h, i);
}

#endif
