/*
 * router.c - what routers do with requests to a Service that has a route.
 *
 * Where clients are (rules that traffic registered) stands a router.  Each
 * change of an HTTPRoute reaches each of them after its own delay
 * (timings.routerPropagation), newest last.  A request is sent by the first
 * rule that fits it; among the backends of the rule the weights decide, by the
 * same uniform number that afterwards picks the pod, so that a request which
 * goes to the new version at 5 % does so at 20 % as well.  A sticky client
 * stays with its pod while that pod is an endpoint of a backend with weight.
 *
 * Differs from a real mesh: endpoints of a backend are those that kube-proxy
 * on the node knows, so they lag as kube-proxy does.
 * Source: Gateway API (GAMMA); reference on progressive delivery 7.3.
 */
#include "models/route.h"

#include <string.h>

#include "base/bug.h"
#include "base/vec.h"
#include "models/informer.h"
#include "models/measure.h"
#include "models/traffic.h"
#include "models/world.h"

struct target {                 /* a backend of the route in force */
    struct rules *rules;
    int weight;
};

/* rules->split: the route in force at one place. */
struct split {
    struct world *w;
    struct rules *root;
    struct stream stream;       /* its delays */
    const struct httproute *route;      /* in force; NULL: none */
    uint64_t version;           /* of the newest change in force */
    struct target *targets;     /* of all rules of the route, in order */
};

struct routers {
    struct world *w;
    struct informer *routes;
    VEC(struct split *) splits;
};

/* A change on its way to a router. */
struct change {
    struct split *split;
    const struct httproute *route;      /* NULL: it is gone */
    uint64_t version;
};

static bool is_parent(const struct httproute *h, const struct rules *root)
{
    if (strcmp(h->meta.space, root->space) != 0)
        return false;
    for (size_t i = 0; i < h->nparents; i++)
        if (strcmp(h->parents[i], root->name) == 0)
            return true;
    return false;
}

/* ---- coming into force ---------------------------------------------------------- */

static size_t count_backends(const struct httproute *h)
{
    size_t n = 0;

    for (size_t i = 0; i < h->nrules; i++)
        n += h->rules[i].nbackends;
    return n;
}

static void install(struct split *s, const struct httproute *h)
{
    size_t n = 0;

    s->route = h;
    s->targets = NULL;
    if (h)
        s->targets = arena_many(s->w->arena, struct target,
                                count_backends(h));
    for (size_t i = 0; h && i < h->nrules; i++)
        for (size_t k = 0; k < h->rules[i].nbackends; k++)
            s->targets[n++] = (struct target){
                network_rules(s->w, s->root->node, s->root->space,
                              h->rules[i].backends[k].service),
                h->rules[i].backends[k].weight };
    measure_routes_changed(s->w, s->root);
}

static void fire_change(struct sim *sim, void *subject, int64_t arg)
{
    struct change *c = subject;

    (void)sim;
    (void)arg;
    if (c->version < c->split->version)
        return;
    c->split->version = c->version;
    install(c->split, c->route);
}

static const struct event_kind ev_change = {
    .name = "router.changed", .rank = RANK_RULES, .fire = fire_change,
};

/* A copy that lives as long as the world: versions are recycled. */
static const struct httproute *keep(struct world *w,
                                    const struct httproute *h)
{
    return h ? arena_memdup(w->arena, h, sizeof(*h)) : NULL;
}

static void send_change(struct split *s, const struct httproute *h,
                        uint64_t version)
{
    struct change *c = arena_make(s->w->arena, struct change);

    c->split = s;
    c->route = keep(s->w, h);
    c->version = version;
    sim_after(s->w->sim, world_draw(s->w, TIMING_ROUTER, &s->stream),
              &ev_change, c, 0);
}

static void route_changed(void *ctx, const struct meta *before,
                          const struct meta *after)
{
    struct routers *r = ctx;
    const struct httproute *was = before ? httproute_seen(before) : NULL;
    const struct httproute *is = after ? httproute_seen(after) : NULL;

    for (size_t i = 0; i < r->splits.len; i++) {
        struct split *s = r->splits.items[i];

        if (is && is_parent(is, s->root))
            send_change(s, is, is->meta.version);
        else if (was && is_parent(was, s->root))
            send_change(s, NULL, (is ? is : was)->meta.version + 1);
    }
}

static const struct informer_ops routes_ops = {
    .name = "router.routes", .latency = TIMING_WATCH_ROUTES,
    .handle = route_changed,
};

void routers_new(struct world *w)
{
    struct routers *r = arena_make(w->arena, struct routers);

    w->routers = r;
    r->w = w;
    r->routes = informer_new(w, KIND_HTTPROUTE, &routes_ops, r);
}

static struct split *split_new(struct world *w, struct rules *root)
{
    struct split *s = arena_make(w->arena, struct split);

    s->w = w;
    s->root = root;
    root->split = s;
    return s;
}

void router_install(struct world *w, struct rules *root,
                    const struct httproute *route)
{
    install(root->split ? root->split : split_new(w, root), route);
}

void router_at(struct world *w, struct rules *root)
{
    struct routers *r = w->routers;
    struct split *s;

    if (root->split)
        return;
    s = split_new(w, root);
    world_stream(w, &s->stream, PURPOSE_ROUTER,
                 (uint64_t)r->splits.len + 1);
    vec_push(w->arena, &r->splits, s);
    for (size_t i = 0; i < informer_count(r->routes); i++) {
        const struct httproute *h =
            httproute_seen(informer_at(r->routes, i));

        if (is_parent(h, root))
            install(s, keep(w, h));
    }
}

/* ---- requests ----------------------------------------------------------------------- */

bool router_routes(const struct rules *root)
{
    return root->split && root->split->route;
}

static bool fits(const struct route_rule *rule, const struct ask *a)
{
    for (size_t i = 0; i < rule->nmatches; i++)
        if (!ask_has(a, rule->matches[i].key, rule->matches[i].value))
            return false;
    return true;
}

/* The rule for a, and its first target; NULL if none fits. */
static const struct route_rule *rule_for(const struct split *s,
                                         const struct ask *a,
                                         struct target **first)
{
    const struct httproute *h = s->route;

    *first = s->targets;
    for (size_t i = 0; i < h->nrules; i++) {
        if (fits(&h->rules[i], a))
            return &h->rules[i];
        *first += h->rules[i].nbackends;
    }
    return NULL;
}

static int sum_weights(const struct target *t, size_t n)
{
    int sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += t[i].weight;
    return sum;
}

/* Backends from the last to the first: the canary, which comes last, has the
 * lowest numbers, so that it keeps its requests when its weight grows. */
static struct rules *by_weight(struct target *t, size_t n, double *u)
{
    double at = *u * sum_weights(t, n), weight = 0;

    for (size_t i = n; i-- > 0;) {
        weight = t[i].weight;
        if (at < weight) {
            *u = at / weight;
            return t[i].rules;
        }
        at -= weight;
    }
    return NULL;                /* no weight at all */
}

struct rules *router_pick(struct rules *root, const struct ask *a,
                          uint64_t client, bool sticky, double *u)
{
    struct split *s = root->split;
    const struct route_rule *rule;
    struct target *t;
    struct rules *to;

    if (!s || !s->route)
        return root;
    rule = rule_for(s, a, &t);
    if (!rule || rule->nbackends == 0)
        return root;
    for (size_t i = rule->nbackends; sticky && i-- > 0;)
        if (t[i].weight > 0 && rules_hold(t[i].rules, client))
            return t[i].rules;
    to = by_weight(t, rule->nbackends, u);
    return to ? to : t[0].rules;
}

const char *router_mirror(const struct rules *root, const struct ask *a,
                          double u)
{
    const struct route_rule *rule;
    struct target *t;

    if (!root->split || !root->split->route)
        return NULL;
    rule = rule_for(root->split, a, &t);
    if (!rule || !rule->mirror || u * 100 >= rule->mirror_percent)
        return NULL;
    return rule->mirror;
}

/* ---- shares --------------------------------------------------------------------------- */

/* The share of requests that a rule's matches fit. */
static double share_of(const struct split *s, const struct route_rule *rule)
{
    double share = 1;

    for (size_t i = 0; i < rule->nmatches; i++)
        share *= traffic_share(s->w, rule->matches[i].key,
                               rule->matches[i].value);
    return share;
}

struct rules *router_share(const struct rules *root, size_t i, double *share)
{
    const struct split *s = root->split;
    double left = 1;
    size_t n = 0;

    for (size_t k = 0; k < s->route->nrules; k++) {
        const struct route_rule *rule = &s->route->rules[k];
        double here = left * share_of(s, rule);
        int sum = sum_weights(&s->targets[n], rule->nbackends);

        if (i < n + rule->nbackends) {
            *share = sum > 0 ? here * s->targets[i].weight / sum : 0;
            return s->targets[i].rules;
        }
        n += rule->nbackends;
        left -= here;
    }
    return NULL;
}
