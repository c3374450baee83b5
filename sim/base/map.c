/*
 * map.c - a table from strings, or from 64-bit numbers, to pointers.
 *
 * Two arrays: entries in order of insertion, and a power of two of slots that
 * hold 1 + index of an entry, probed linearly and at most half full.  A key
 * keeps its entry for ever; removing it sets its value to NULL.
 */
#include "base/map.h"

#include <string.h>

#include "base/bug.h"
#include "base/text.h"

#define SLOTS_FIRST 16

void map_init(struct map *m, struct arena *a)
{
    *m = (struct map){ .arena = a };
}

/* Spread the bits of a number over the slots (MurmurHash3's finisher). */
static uint64_t spread(uint64_t x)
{
    x = (x ^ (x >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ (x >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ (x >> 33);
}

/* The slot where (key, number) is, or the empty one where it belongs. */
static uint32_t *find(const struct map *m, const char *key, uint64_t number)
{
    size_t i = (size_t)spread(number) & m->mask;

    for (;; i = (i + 1) & m->mask) {
        const struct map_entry *e;

        if (m->slots[i] == 0)
            return &m->slots[i];
        e = &m->entries[m->slots[i] - 1];
        if (e->number == number
            && (key ? e->key && strcmp(e->key, key) == 0 : !e->key))
            return &m->slots[i];
    }
}

static void grow(struct map *m)
{
    size_t cap = m->cap ? m->cap * 2 : SLOTS_FIRST / 2;
    struct map_entry *entries = arena_many(m->arena, struct map_entry, cap);

    if (cap > UINT32_MAX / 4)
        BUG("a map of %zu keys", cap);
    if (m->len)
        memcpy(entries, m->entries, m->len * sizeof *entries);
    m->entries = entries;
    m->cap = cap;
    m->slots = arena_many(m->arena, uint32_t, cap * 2);
    m->mask = cap * 2 - 1;
    for (size_t i = 0; i < m->len; i++)
        *find(m, entries[i].key, entries[i].number) = (uint32_t)i + 1;
}

static void *get(const struct map *m, const char *key, uint64_t number)
{
    uint32_t slot = m->cap ? *find(m, key, number) : 0;

    return slot ? m->entries[slot - 1].value : NULL;
}

static void put(struct map *m, const char *key, uint64_t number, void *value)
{
    uint32_t *slot = m->cap ? find(m, key, number) : NULL;

    if (slot && *slot) {
        m->entries[*slot - 1].value = value;
        return;
    }
    if (!value)
        return;
    if (m->len == m->cap) {
        grow(m);
        slot = find(m, key, number);
    }
    m->entries[m->len] = (struct map_entry){ key, number, value };
    *slot = (uint32_t)++m->len;
}

static uint64_t hash(const char *key)
{
    return fnv64(FNV_START, key, strlen(key));
}

void *map_get(const struct map *m, const char *key)
{
    return get(m, key, hash(key));
}

void *map_get_number(const struct map *m, uint64_t number)
{
    return get(m, NULL, number);
}

void map_put(struct map *m, const char *key, void *value)
{
    put(m, key, hash(key), value);
}

void map_put_number(struct map *m, uint64_t number, void *value)
{
    put(m, NULL, number, value);
}
