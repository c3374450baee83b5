/*
 * ingress.c - the ingress controller: from Ingresses to routes.
 *
 * It watches Ingresses and EndpointSlices.  A change of either asks for a sync
 * (proxy.c has the loop and its limit of rate).  At the end of the sync new
 * endpoints and weights are obeyed; if hosts, paths or Services have changed,
 * the controller reloads first, which takes longer.  A site that no Ingress
 * has answers 404.
 *
 * An Ingress with the canary annotation adds to the one that has its host and
 * path: by header, then by cookie, then by weight.  "always" and "never" are
 * the values that mean something, unless a header's value is given.
 *
 * Not modelled: several controllers (one serves all classes); old workers
 * that live on after a reload; canary-by-header-pattern; Lua balancers other
 * than round robin.
 * Source: kubernetes/ingress-nginx, user guide and rootfs/etc/nginx/lua
 * (balancer.lua: route_to_alternative_balancer); reference 6.5, 7.3.
 */
#include "models/ingress.h"

#include <string.h>

#include "base/vec.h"
#include "models/informer.h"
#include "models/route.h"
#include "models/world.h"

/* A site, and what it will obey after the sync under way. */
struct place {
    struct site site;
    const struct httproute *route;      /* in force; NULL: 404 */
    const struct httproute *next;
    struct ingress_conf next_conf;
    const char *service;        /* of the main Ingress in force; NULL: none */
};

struct ingresses {
    struct world *w;
    struct informer *seen;
    VEC(struct place *) places;
    bool dirty, staged;
};

/* ---- from Ingresses to a route ------------------------------------------------ */

/* The Ingress that has the site, and its Service. */
static const struct ingress *main_of(const struct ingresses *g,
                                     const struct site *s,
                                     const char **service)
{
    const struct ingress *found = NULL;
    int best = 0;

    for (size_t i = 0; i < informer_count(g->seen); i++) {
        const struct ingress *in = ingress_seen(informer_at(g->seen, i));
        const char *to;
        int fit;

        if (in->canary || strcmp(in->meta.space, s->space) != 0)
            continue;
        fit = ingress_fit(in, s->host, s->path, &to);
        if (fit > best) {
            best = fit;
            found = in;
            *service = to;
        }
    }
    return found;
}

static const struct ingress *canary_of(const struct ingresses *g,
                                       const struct site *s,
                                       const char **service)
{
    for (size_t i = 0; i < informer_count(g->seen); i++) {
        const struct ingress *in = ingress_seen(informer_at(g->seen, i));

        if (in->canary && strcmp(in->meta.space, s->space) == 0 &&
            ingress_fit(in, s->host, s->path, service) > 0)
            return in;
    }
    return NULL;
}

typedef VEC(struct route_rule) rule_list;

static void add_rule(struct arena *a, rule_list *rules, const char *key,
                     const char *value, bool cookie, const char *service)
{
    struct route_match *m = arena_make(a, struct route_match);
    struct route_backend *b = arena_make(a, struct route_backend);

    *m = (struct route_match){ key, value, cookie };
    *b = (struct route_backend){ service, 1 };
    vec_push(a, rules, ((struct route_rule){
        .matches = m, .nmatches = 1, .backends = b, .nbackends = 1 }));
}

/* By header, by cookie, by weight. */
static void add_canary(struct arena *a, rule_list *rules,
                       const struct ingress *c, const char *from,
                       const char *to)
{
    if (c->header && c->header_value) {
        add_rule(a, rules, c->header, c->header_value, false, to);
    } else if (c->header) {
        add_rule(a, rules, c->header, "always", false, to);
        add_rule(a, rules, c->header, "never", false, from);
    }
    if (c->cookie) {
        add_rule(a, rules, c->cookie, "always", true, to);
        add_rule(a, rules, c->cookie, "never", true, from);
    }
}

static const struct httproute *route_of(struct ingresses *g,
                                        const struct site *s,
                                        struct ingress_conf *conf,
                                        const char **service)
{
    struct arena *a = g->w->arena;
    const char *from = NULL, *to = NULL;
    const struct ingress *in = main_of(g, s, &from), *c;
    struct route_backend *b;
    struct httproute *route;
    rule_list rules = { 0 };

    *service = from;
    if (!in || !from)
        return NULL;
    c = canary_of(g, s, &to);
    b = arena_many(a, struct route_backend, 2);
    b[0] = (struct route_backend){ from, c ? c->weight_total - c->weight : 1 };
    if (c) {
        add_canary(a, &rules, c, from, to);
        b[1] = (struct route_backend){ to, c->weight };
    }
    vec_push(a, &rules, ((struct route_rule){ .backends = b,
                                              .nbackends = c ? 2 : 1 }));
    route = arena_make(a, struct httproute);
    route->meta.space = s->space;
    route->rules = rules.items;
    route->nrules = rules.len;
    *conf = in->conf;
    return route;
}

/* ---- syncs ---------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

sim_time ingress_sync_starts(struct world *w, struct stream *s)
{
    struct ingresses *g = w->ingresses;
    bool reload = false;

    g->staged = g->dirty;
    g->dirty = false;
    for (size_t i = 0; g->staged && i < g->places.len; i++) {
        struct place *p = g->places.items[i];
        const char *was = p->service;

        p->next = route_of(g, &p->site, &p->next_conf, &p->service);
        reload |= !same_text(was, p->service);
    }
    return reload ? world_draw(w, TIMING_INGRESS_RELOAD, s) : 0;
}

void ingress_sync_ends(struct world *w)
{
    struct ingresses *g = w->ingresses;

    for (size_t i = 0; g->staged && i < g->places.len; i++) {
        struct place *p = g->places.items[i];

        p->site.conf = p->next_conf;
        p->route = p->next;
        router_install(w, p->site.rules, p->route);
    }
    g->staged = false;
}

static void ingress_changed(void *ctx, const struct meta *before,
                            const struct meta *after)
{
    struct ingresses *g = ctx;

    (void)before;
    (void)after;
    g->dirty = true;
    network_wants_sync(g->w, INGRESS_NODE);
}

static const struct informer_ops ingresses_ops = {
    .name = "ingress.ingresses", .latency = TIMING_WATCH_ROUTES,
    .handle = ingress_changed,
};

/* ---- life ------------------------------------------------------------------------- */

void ingresses_new(struct world *w)
{
    struct ingresses *g = arena_make(w->arena, struct ingresses);

    w->ingresses = g;
    g->w = w;
    g->seen = informer_new(w, KIND_INGRESS, &ingresses_ops, g);
}

struct site *ingress_site(struct world *w, const char *space,
                          const char *host, const char *path)
{
    struct ingresses *g = w->ingresses;
    struct place *p;

    for (size_t i = 0; i < g->places.len; i++) {
        p = g->places.items[i];
        if (strcmp(p->site.space, space) == 0 &&
            strcmp(p->site.host, host) == 0 &&
            strcmp(p->site.path, path) == 0)
            return &p->site;
    }
    p = arena_make(w->arena, struct place);
    p->site = (struct site){ .space = space, .host = host, .path = path };
    p->site.rules = network_rules(w, INGRESS_NODE, space,
                                  arena_printf(w->arena, "%s%s", host, path));
    vec_push(w->arena, &g->places, p);
    p->route = route_of(g, &p->site, &p->site.conf, &p->service);
    p->next = p->route;
    p->next_conf = p->site.conf;
    if (p->route)
        router_install(w, p->site.rules, p->route);
    return &p->site;
}
