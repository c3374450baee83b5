/*
 * evq.h - the event list: a radix heap on integer keys.
 *
 * Keys never lie below the last one popped.  Entries with equal keys leave in
 * the order they came: the radix heap appends, so ties cost nothing.  See
 * kernel/evq.c for the structure.  A 4-ary heap with the same interface
 * (evq_heap.h in tests) is the oracle of the differential tests.
 */
#ifndef KERNEL_EVQ_H
#define KERNEL_EVQ_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evq_entry {
    uint64_t key;               /* time << 3 | rank */
    uint64_t word;              /* generation << 32 | slot */
};

struct evq;

/* An empty list on the heap; free it with evq_free. */
struct evq *evq_new(void);
void evq_free(struct evq *q);

/* Add an entry.  key below the last popped key is a BUG. */
void evq_push(struct evq *q, struct evq_entry e);

/* The smallest key, without spreading a bucket; false if empty. */
bool evq_peek(struct evq *q, uint64_t *key);

/* Remove the smallest entry whose key is <= limit; false if there is none. */
bool evq_pop(struct evq *q, uint64_t limit, struct evq_entry *out);

/* Say where the low halves of words point to, slot by slot of size bytes:
 * records of entries that leave soon are then fetched ahead of time. */
void evq_records(struct evq *q, const void *records, size_t size);

/* Entries in the list, dead ones included. */
size_t evq_len(const struct evq *q);

/* Drop the entries for which dead(ctx, word) holds, keeping the order. */
void evq_purge(struct evq *q, bool (*dead)(void *ctx, uint64_t word),
               void *ctx);

#endif
