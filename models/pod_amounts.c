/*
 * pod_amounts.c - what the containers of a pod ask for, of every resource.
 *
 * Effective requests as the scheduler has them (reference 4.3), for resources
 * of any name; podspec.c has the same sums of cpu and memory alone.
 *
 * Source: component-helpers resource/helpers.go at v1.36.2.
 */
#include <string.h>

#include "models/amounts.h"

struct amounts container_amounts(struct arena *a,
                                 const struct value *container,
                                 const char *which)
{
    const struct value *all = value_get(container, "resources");
    struct amounts s = amounts_from(a, value_get(all, which)), limits;

    if (strcmp(which, "requests") != 0)
        return s;
    limits = amounts_from(a, value_get(all, "limits"));
    for (size_t i = 0; i < limits.len; i++)
        if (!amounts_get(&s, limits.items[i].resource))
            amounts_add(a, &s, limits.items[i].resource, limits.items[i].n);
    return s;
}

static size_t len_of(const struct value *list)
{
    return list && list->type == VALUE_LIST ? list->len : 0;
}

/* Sums of containers and sidecars, or what an init container needs. */
static struct amounts sum_of(struct arena *a, const struct value *spec,
                             const char *which)
{
    const struct value *init = value_get(spec, "initContainers");
    const struct value *apps = value_get(spec, "containers");
    struct amounts sum = { 0 }, sidecars = { 0 }, most = { 0 };

    for (size_t i = 0; i < len_of(apps); i++) {
        struct amounts c = container_amounts(a, apps->u.items[i], which);

        amounts_add_all(a, &sum, &c);
    }
    for (size_t i = 0; i < len_of(init); i++) {
        const struct value *v = init->u.items[i];
        struct amounts c = container_amounts(a, v, which), with = { 0 };

        amounts_add_all(a, &with, &sidecars);
        amounts_add_all(a, &with, &c);
        amounts_max_all(a, &most, &with);
        if (strcmp(value_text(value_get(v, "restartPolicy"), ""),
                   "Always") == 0) {
            amounts_add_all(a, &sidecars, &c);
            amounts_add_all(a, &sum, &c);
        }
    }
    amounts_max_all(a, &sum, &most);
    return sum;
}

struct amounts pod_amounts(struct arena *a, const struct value *spec,
                           const char *which)
{
    struct amounts sum = sum_of(a, spec, which);
    struct amounts own = amounts_from(a, value_get(value_get(spec,
                                                             "resources"),
                                                   which));
    struct amounts over = amounts_from(a, value_get(spec, "overhead"));

    for (size_t i = 0; i < sum.len; i++)        /* where the pod gives none */
        if (!amounts_get(&own, sum.items[i].resource))
            amounts_add(a, &own, sum.items[i].resource, sum.items[i].n);
    for (size_t i = 0; i < over.len; i++)
        if (strcmp(which, "requests") == 0 ||
            amounts_get(&own, over.items[i].resource))
            amounts_add(a, &own, over.items[i].resource, over.items[i].n);
    return own;
}
