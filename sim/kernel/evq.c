/*
 * evq.c - the event list: a radix heap on integer keys.
 *
 * A key is 16 digits of 4 bits.  An entry lies at the level of the highest
 * digit in which its key differs from the last key popped, in the bucket of
 * that digit; equal keys lie at level 0.  So the least key is always in the
 * lowest bucket of the lowest level that is not empty.  Popping from a level
 * above 0 makes the least key of that bucket the last one and spreads the
 * bucket's entries over lower levels: an entry falls at most 15 times.
 *
 * Buckets are arrays filled at the end and spread from the front, and equal
 * keys are always in the same bucket, so ties leave in order of coming
 * without being compared.  A bucket whose least key lies beyond the limit of
 * a pop is not spread: later pushes may still come before it.  That least
 * key is found by one scan and remembered.
 *
 * A bucket that becomes empty gives its array, unless it is of the smallest
 * size, to a list of spare ones of that size: so memory follows what is
 * pending and not which digits time passes through, and nothing is allocated
 * once warm.
 * Source: Ahuja, Mehlhorn, Orlin, Tarjan, "Faster algorithms for the shortest
 * path problem", J. ACM 37 (1990).
 */
#include "kernel/evq.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"

#define DIGIT_BITS 4
#define DIGITS (1u << DIGIT_BITS)
#define LEVELS (64 / DIGIT_BITS)

#define CAP_FIRST 8             /* entries of the smallest array */
#define SIZES 40                /* arrays of CAP_FIRST << 0 .. SIZES - 1 */

#define SOON 64                 /* entries of a bucket that fire soon */

struct bucket {
    struct evq_entry *items;
    size_t head, len, cap;      /* items[head .. len - 1] are in it */
    unsigned size;              /* cap is CAP_FIRST << size */
};

struct spare {
    struct spare *next;
};

struct evq {
    uint64_t last;              /* last key popped */
    uint64_t least;             /* least key in the list, if known */
    bool least_known;
    uint16_t levels;            /* bit: level has a bucket in use */
    uint16_t used[LEVELS];      /* bit: bucket is not empty */
    size_t len;
    const char *records;        /* what words point to, or NULL */
    size_t record_size;
    struct spare *spare[SIZES]; /* arrays of each size not in use */
    struct bucket buckets[LEVELS][DIGITS];
};

struct evq *evq_new(void)
{
    struct evq *q = heap_grow(NULL, 1, sizeof *q);

    memset(q, 0, sizeof *q);
    return q;
}

void evq_free(struct evq *q)
{
    if (!q)
        return;
    for (unsigned level = 0; level < LEVELS; level++)
        for (unsigned digit = 0; digit < DIGITS; digit++)
            free(q->buckets[level][digit].items);
    for (unsigned size = 0; size < SIZES; size++) {
        while (q->spare[size]) {
            struct spare *next = q->spare[size]->next;

            free(q->spare[size]);
            q->spare[size] = next;
        }
    }
    free(q);
}

static void give_array(struct evq *q, struct bucket *b)
{
    struct spare *spare = (struct spare *)(void *)b->items;

    spare->next = q->spare[b->size];
    q->spare[b->size] = spare;
    b->items = NULL;
    b->cap = 0;
    b->size = 0;
}

static struct evq_entry *take_array(struct evq *q, unsigned size)
{
    struct spare *spare = q->spare[size];

    if (!spare)
        return heap_grow(NULL, (size_t)CAP_FIRST << size,
                         sizeof(struct evq_entry));
    q->spare[size] = spare->next;
    return (struct evq_entry *)(void *)spare;
}

/* Room for one more: slide down what is left, or take a larger array. */
static void bucket_room(struct evq *q, struct bucket *b)
{
    unsigned size = b->cap ? b->size + 1 : 0;
    struct evq_entry *items;

    if (b->cap && b->head > b->cap / 2) {
        memmove(b->items, b->items + b->head,
                (b->len - b->head) * sizeof *b->items);
        b->len -= b->head;
        b->head = 0;
        return;
    }
    items = take_array(q, size);
    if (b->cap) {
        memcpy(items, b->items, b->len * sizeof *items);
        give_array(q, b);
    }
    b->items = items;
    b->size = size;
    b->cap = (size_t)CAP_FIRST << size;
}

/* Put e where it belongs relative to q->last. */
static inline void place(struct evq *q, struct evq_entry e)
{
    uint64_t differ = e.key ^ q->last;
    unsigned level = differ
        ? (63 - (unsigned)__builtin_clzll(differ)) / DIGIT_BITS : 0;
    unsigned digit = (unsigned)(e.key >> (level * DIGIT_BITS)) & (DIGITS - 1);
    struct bucket *b = &q->buckets[level][digit];

    if (b->len == b->cap)
        bucket_room(q, b);
    b->items[b->len++] = e;
    q->used[level] |= (uint16_t)(1u << digit);
    q->levels |= (uint16_t)(1u << level);
}

void evq_push(struct evq *q, struct evq_entry e)
{
    if (e.key < q->last)
        BUG("key %llu lies before the last one popped, %llu",
            (unsigned long long)e.key, (unsigned long long)q->last);
    if (q->len == 0 || (q->least_known && e.key < q->least)) {
        q->least = e.key;
        q->least_known = true;
    }
    q->len++;
    place(q, e);
}

static unsigned lowest(uint16_t bits)
{
    return (unsigned)__builtin_ctz(bits);
}

static void mark_empty(struct evq *q, unsigned level, unsigned digit)
{
    struct bucket *b = &q->buckets[level][digit];

    b->head = 0;
    b->len = 0;
    if (level > 0 && b->size > 0)
        give_array(q, b);
    q->used[level] &= (uint16_t)~(1u << digit);
    if (!q->used[level])
        q->levels &= (uint16_t)~(1u << level);
}

/* The least key of a list that is not empty. */
static uint64_t least_key(struct evq *q)
{
    unsigned level = lowest(q->levels), digit = lowest(q->used[level]);
    const struct bucket *b = &q->buckets[level][digit];

    if (level == 0)
        return b->items[b->head].key;
    if (!q->least_known) {
        q->least = b->items[b->head].key;
        for (size_t i = b->head + 1; i < b->len; i++)
            if (b->items[i].key < q->least)
                q->least = b->items[i].key;
        q->least_known = true;
    }
    return q->least;
}

bool evq_peek(struct evq *q, uint64_t *key)
{
    if (q->len == 0)
        return false;
    *key = least_key(q);
    return true;
}

/* Bring the entries with the least key down to level 0. */
static void spread(struct evq *q)
{
    unsigned level = lowest(q->levels), digit = lowest(q->used[level]);
    struct bucket *b = &q->buckets[level][digit];

    if (q->records && b->len <= SOON)
        for (size_t i = b->head; i < b->len; i++)
            __builtin_prefetch(q->records + (uint32_t)b->items[i].word
                               * q->record_size);
    for (size_t i = b->head; i < b->len; i++)
        place(q, b->items[i]);
    mark_empty(q, level, digit);
}

bool evq_pop(struct evq *q, uint64_t limit, struct evq_entry *out)
{
    unsigned level, digit;
    struct bucket *b;
    uint64_t key;

    if (q->len == 0)
        return false;
    key = least_key(q);
    if (key > limit)
        return false;
    q->last = key;
    q->least_known = false;
    q->len--;
    level = lowest(q->levels);
    digit = lowest(q->used[level]);
    b = &q->buckets[level][digit];
    if (level > 0 && b->len - b->head > 1) {
        spread(q);
        level = 0;
        digit = (unsigned)key & (DIGITS - 1);
        b = &q->buckets[0][digit];
    }
    *out = b->items[b->head++];
    if (b->head == b->len)
        mark_empty(q, level, digit);
    return true;
}

void evq_records(struct evq *q, const void *records, size_t size)
{
    q->records = records;
    q->record_size = size;
}

size_t evq_len(const struct evq *q)
{
    return q->len;
}

static void purge_bucket(struct evq *q, unsigned level, unsigned digit,
                         bool (*dead)(void *ctx, uint64_t word), void *ctx)
{
    struct bucket *b = &q->buckets[level][digit];
    size_t kept = 0;

    for (size_t i = b->head; i < b->len; i++)
        if (!dead(ctx, b->items[i].word))
            b->items[kept++] = b->items[i];
    q->len -= b->len - b->head - kept;
    b->head = 0;
    b->len = kept;
    if (kept == 0)
        mark_empty(q, level, digit);
}

void evq_purge(struct evq *q, bool (*dead)(void *ctx, uint64_t word),
               void *ctx)
{
    for (uint16_t levels = q->levels; levels; levels &= levels - 1) {
        unsigned level = lowest(levels);

        for (uint16_t used = q->used[level]; used; used &= used - 1)
            purge_bucket(q, level, lowest(used), dead, ctx);
    }
    q->least_known = false;
}
