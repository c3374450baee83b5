/*
 * intern.c - one copy of each string.
 */
#include "base/intern.h"

void intern_init(struct intern *in, struct arena *a)
{
    map_init(&in->table, a);
}

const char *intern(struct intern *in, const char *s)
{
    char *copy = map_get(&in->table, s);

    if (!copy) {
        copy = arena_strdup(in->table.arena, s);
        map_put(&in->table, copy, copy);
    }
    return copy;
}

const char *intern_find(const struct intern *in, const char *s)
{
    return map_get(&in->table, s);
}
