/*
 * amounts.c - sets of resources and quantities.
 *
 * Source: kubernetes staging apiserver pkg/quota/v1/resources.go at v1.36.
 */
#include "models/amounts.h"

#include <string.h>

#include "base/vec.h"

/* Where a resource is, or belongs. */
static size_t place_of(const struct amounts *s, const char *resource)
{
    size_t i = 0;

    while (i < s->len && strcmp(s->items[i].resource, resource) < 0)
        i++;
    return i;
}

static bool is_at(const struct amounts *s, size_t i, const char *resource)
{
    return i < s->len && strcmp(s->items[i].resource, resource) == 0;
}

const struct quantity *amounts_get(const struct amounts *s,
                                   const char *resource)
{
    size_t i = place_of(s, resource);

    return is_at(s, i, resource) ? &s->items[i].n : NULL;
}

/* The place of a resource in s, made if it is new; *fresh says so. */
static struct quantity *place(struct arena *a, struct amounts *s,
                              const char *resource, bool *fresh)
{
    size_t i = place_of(s, resource);

    *fresh = !is_at(s, i, resource);
    if (*fresh) {
        vec_push(a, s, (struct amount){ 0 });
        memmove(&s->items[i + 1], &s->items[i],
                (s->len - 1 - i) * sizeof(s->items[0]));
        s->items[i] = (struct amount){ .resource = resource };
    }
    return &s->items[i].n;
}

void amounts_add(struct arena *a, struct amounts *s, const char *resource,
                 struct quantity n)
{
    bool fresh;
    struct quantity *q = place(a, s, resource, &fresh);
    struct quantity sum = q->nano == 0 ? n : *q;    /* and its notation */

    sum.nano = q->nano + n.nano;
    *q = sum;
}

/* Keep the larger of both. */
static void amounts_max(struct arena *a, struct amounts *s,
                        const char *resource, struct quantity n)
{
    bool fresh;
    struct quantity *q = place(a, s, resource, &fresh);

    if (fresh || n.nano > q->nano)
        *q = n;
}

void amounts_add_all(struct arena *a, struct amounts *s,
                     const struct amounts *other)
{
    for (size_t i = 0; i < other->len; i++)
        amounts_add(a, s, other->items[i].resource, other->items[i].n);
}

void amounts_max_all(struct arena *a, struct amounts *s,
                     const struct amounts *other)
{
    for (size_t i = 0; i < other->len; i++)
        amounts_max(a, s, other->items[i].resource, other->items[i].n);
}

struct amounts amounts_from(struct arena *a, const struct value *map)
{
    struct amounts s = { 0 };

    for (size_t i = 0; map && map->type == VALUE_MAP && i < map->len; i++) {
        struct quantity n;

        if (parse_quantity(value_text(map->u.members[i].value, ""), &n, NULL))
            amounts_max(a, &s, map->u.members[i].key, n);
    }
    return s;
}

bool amounts_equal(const struct amounts *a, const struct amounts *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (strcmp(a->items[i].resource, b->items[i].resource) != 0 ||
            a->items[i].n.nano != b->items[i].n.nano)
            return false;
    return true;
}

struct quantity quantity_of(int64_t n)
{
    struct quantity q = { .nano = n };

    q.nano *= NS_PER_S;         /* may be more than 64 bits */
    return q;
}
