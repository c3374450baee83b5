/*
 * amounts.h - how much of each resource: {cpu: 500m, pods: 3}.
 *
 * What the API server calls a ResourceList: names and quantities, sorted by
 * name.  A set is immutable once made.
 */
#ifndef MODELS_AMOUNTS_H
#define MODELS_AMOUNTS_H
#include "base/units.h"
#include "base/value.h"

struct amount {
    const char *resource;
    struct quantity n;
};

struct amounts {                /* zeroed: nothing */
    struct amount *items;
    size_t len, cap;
};

/* The quantity of a resource; NULL if it is not in the set. */
const struct quantity *amounts_get(const struct amounts *s,
                                   const char *resource);

/* Add n to what s has of a resource. */
void amounts_add(struct arena *a, struct amounts *s, const char *resource,
                 struct quantity n);

/* The same for each resource of another set; or keep the larger of both. */
void amounts_add_all(struct arena *a, struct amounts *s,
                     const struct amounts *other);
void amounts_max_all(struct arena *a, struct amounts *s,
                     const struct amounts *other);

/* The set of a map of quantities that was read (NULL: nothing). */
struct amounts amounts_from(struct arena *a, const struct value *map);

/* "requests" or "limits" of one container, as written; and of a pod, effective
 * and with overhead.  A request that is missing is the limit. */
struct amounts container_amounts(struct arena *a,
                                 const struct value *container,
                                 const char *which);
struct amounts pod_amounts(struct arena *a, const struct value *spec,
                           const char *which);

/* The same names with the same quantities. */
bool amounts_equal(const struct amounts *a, const struct amounts *b);

/* n of a thing that is counted. */
struct quantity quantity_of(int64_t n);

#endif
