/*
 * argo_traffic.c - Services and routes of a canary.
 *
 * The canary Service selects the new set, the stable Service the stable one,
 * each only when there are pods to select.  A router is an HTTPRoute: the
 * controller writes its weights, and puts the header and mirror routes of the
 * steps up to the current one before the others.  Weights follow the pods:
 * argo_traffic_weight.
 *
 * Differs from the original: routers other than Gateway API have objects of
 * their own; here an HTTPRoute called as the Rollout stands for each of them.
 * Source: argo-rollouts rollout/service.go, trafficrouting.go at 9f8d111d;
 * reference 1.4, 1.7.
 */
#include "argo_impl.h"

#include <string.h>

#include "base/text.h"
#include "models/route.h"

/* ---- Services --------------------------------------------------------------------- */

/* Point a Service at a set that has pods; one without a hash needs all. */
static void point(struct argo_pass *k, const char *service,
                  const struct replicaset *set)
{
    const char *now = service ? k->v->selected(k->v->ctx, service) : NULL;

    if (now && (*now ? argo_set_partly_available(set)
                     : argo_set_available(set)))
        argo_select(k, service, argo_hash_of(set));
}

static void point_services(struct argo_pass *k)
{
    const struct argo *r = k->r;
    bool drained = !r->dynamic_stable_scale || r->canary_weight <= 0;

    point(k, r->canary_service, r->aborted && drained ? k->stable : k->new_);
    point(k, r->stable_service, k->stable);
}

/* ---- routes ------------------------------------------------------------------------- */

/* Is the i-th step the last one up to the current that sets this route? */
static bool is_last_of_name(const struct argo *r, int i)
{
    for (int j = i + 1; j <= r->step && (size_t)j < r->nsteps; j++)
        if (r->steps[j].route &&
            argo_same(r->steps[j].route->name, r->steps[i].route->name))
            return false;
    return true;
}

static bool is_managed(const struct argo *r, const struct value *rule)
{
    const char *name = value_text(value_get(rule, "name"), "");

    for (size_t i = 0; i < r->nsteps; i++)
        if (r->steps[i].route && strcmp(r->steps[i].route->name, name) == 0)
            return true;
    return false;
}

/* A rule with the weights of this Rollout's two Services. */
static const struct value *with_weights(struct argo_pass *k,
                                        const struct value *rule, int canary)
{
    const struct argo *r = k->r;
    const struct value *list = value_get(rule, "backendRefs");

    for (size_t i = 0; list && list->type == VALUE_LIST && i < list->len;
         i++) {
        const char *name = value_text(value_get(list->u.items[i], "name"),
                                      "");
        bool is_canary = argo_same(name, r->canary_service);
        char path[48];

        if (!is_canary && !argo_same(name, r->stable_service))
            continue;
        snprintf(path, sizeof(path), "backendRefs[%zu].weight", i);
        rule = value_set(k->v->keep, rule, path,
                         value_plain(k->v->keep,
                                     arena_printf(k->v->keep, "%d",
                                                  is_canary
                                                      ? canary
                                                      : r->max_weight -
                                                            canary), NULL));
    }
    return rule;
}

typedef VEC(const struct value *) value_vec;

/* The routes of the steps so far, first those that come first. */
static void add_managed(struct argo_pass *k, int canary, value_vec *out)
{
    const struct argo *r = k->r;

    if (r->aborted || argo_same(r->stable, r->current) ||
        !argo_set_partly_available(k->new_))
        return;
    for (int i = 0; i <= r->step && (size_t)i < r->nsteps; i++)
        if (r->steps[i].route && r->steps[i].route->rule &&
            is_last_of_name(r, i))
            vec_push(k->v->scratch, out,
                     value_get(r->steps[i].route->rule, "filters")
                         ? with_weights(k, r->steps[i].route->rule, canary)
                         : r->steps[i].route->rule);
}

static const struct value *route_for(struct argo_pass *k, int canary)
{
    const struct argo *r = k->r;
    const struct value *v = k->v->route, *old;
    struct route_backend ends[2] = { { r->stable_service, r->max_weight },
                                     { r->canary_service, 0 } };
    value_vec rules = { 0 };

    if (!v)
        v = httproute_manifest(k->v->keep, r->route, r->meta.space,
                               r->stable_service, ends, 2);
    old = value_at(v, "spec.rules");
    add_managed(k, canary, &rules);
    for (size_t i = 0; old && old->type == VALUE_LIST && i < old->len; i++)
        if (!is_managed(r, old->u.items[i]))
            vec_push(k->v->scratch, &rules,
                     with_weights(k, old->u.items[i], canary));
    return value_set(k->v->keep, v, "spec.rules",
                     value_list(k->v->keep, rules.items, rules.len, NULL));
}

static const struct replicaset *set_of_hash(const struct argo_pass *k,
                                            const char *hash)
{
    for (size_t i = 0; i < k->nsets; i++)
        if (argo_same(argo_hash_of(k->sets[i].seen), hash))
            return k->sets[i].seen;
    return NULL;
}

/* Write the weight if pods allow it, and remember it. */
static void route(struct argo_pass *k)
{
    struct argo *r = k->r;
    int weight = argo_traffic_weight(r, k->new_, k->stable,
                                     set_of_hash(k, r->canary_hash),
                                     k->at_desired);
    struct argo_write write = { .verb = ARGO_ROUTE };
    const struct value *v;

    if (!argo_available_for(r, k->stable, r->max_weight - weight))
        return;
    v = route_for(k, weight);
    write.route = v;
    if (!k->v->route || !value_equal(v, k->v->route))
        vec_push(k->v->scratch, &k->p->writes, write);
    if (weight != (r->canary_weight < 0 ? 0 : r->canary_weight))
        argo_tell(k, "Strategy", "TrafficWeightUpdated",
                  "Traffic weight updated from %d to %d",
                  r->canary_weight < 0 ? 0 : r->canary_weight, weight);
    r->canary_weight = weight;
    r->stable_weight = r->max_weight - weight;
    r->canary_hash = r->current;
}

void argo_canary_traffic(struct argo_pass *k)
{
    const struct argo *r = k->r;
    bool routed = r->routed && k->stable && r->stable_service &&
                  r->canary_service;

    if (routed && !argo_set_partly_available(k->new_) && r->canary_weight > 0) {
        route(k);               /* away from what has no pods, first */
        point_services(k);
        return;
    }
    point_services(k);
    if (routed)
        route(k);
}
