/*
 * map.h - a table from strings, or from 64-bit numbers, to pointers.
 *
 * Open addressing in an arena.  Iteration is over entries[0 .. len-1], those
 * with value NULL skipped: in order of first insertion, never in hash order,
 * so results do not depend on addresses.
 * A removed key keeps its place in the order if it is put again.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"

struct map_entry {
    const char *key;            /* NULL in a table of numbers */
    uint64_t number;            /* the number, or the hash of key */
    void *value;                /* NULL = removed */
};

struct map {
    struct arena *arena;
    struct map_entry *entries;  /* in order of insertion */
    uint32_t *slots;            /* 1 + index into entries; 0 = empty */
    size_t len, cap;            /* of entries */
    size_t mask;                /* slots - 1 */
};

/* An empty table in a. */
void map_init(struct map *m, struct arena *a);

/* The value of key, NULL if none. */
void *map_get(const struct map *m, const char *key);
void *map_get_number(const struct map *m, uint64_t number);

/* Set the value of key; value NULL removes it.  key is borrowed for the life
 * of the table (copy it into the arena first if it does not live as long). */
void map_put(struct map *m, const char *key, void *value);
void map_put_number(struct map *m, uint64_t number, void *value);

#endif
