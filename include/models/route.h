/*
 * route.h - HTTPRoute objects, and the routers that obey them.
 *
 * A route sends the requests to a Service (its parent, as in a mesh) to other
 * Services by match and by weight.  Where clients are, a router has the route
 * in force some time after it was written (timings.routerPropagation), each
 * node for itself.
 */
#ifndef MODELS_ROUTE_H
#define MODELS_ROUTE_H
#include "models/network.h"
#include "models/proxy.h"
#include "models/request.h"

/* A header or cookie that a request must have. */
struct route_match {
    const char *key, *value;
    bool cookie;
};

struct route_backend {
    const char *service;
    int weight;                 /* >= 0, of the sum over the rule */
};

/* The first rule all of whose matches hold; without matches it always does. */
struct route_rule {
    const struct route_match *matches;
    size_t nmatches;
    const struct route_backend *backends;
    size_t nbackends;
    const char *mirror;         /* Service that gets copies; NULL */
    int mirror_percent;
};

struct httproute {
    struct meta meta;
    const char *const *parents; /* names of Services */
    size_t nparents;
    const struct route_rule *rules;
    size_t nrules;
    const struct value *raw, *last_applied;
};

#define httproute_of(m) ((struct httproute *)(m))
#define httproute_seen(m) ((const struct httproute *)(m))

/* A route of `parent` with two backends and these weights, as a manifest. */
const struct value *httproute_manifest(struct arena *a, const char *name,
                                       const char *space, const char *parent,
                                       const struct route_backend *backends,
                                       size_t n);

/* ---- routers ---------------------------------------------------------------- */

struct world;

/* Make w->routers.  Called by world_new, after network_new. */
void routers_new(struct world *w);

/* Clients send by these rules: obey the routes of their Service. */
void router_at(struct world *w, struct rules *root);

/* Clients send by these rules: obey this route from now on (NULL: none),
 * which lives as long as w. */
void router_install(struct world *w, struct rules *root,
                    const struct httproute *route);

/* The rules by which a goes, which asks for root's Service; *u, a uniform,
 * leaves as another one, independent of the choice. */
struct rules *router_pick(struct rules *root, const struct ask *a,
                          uint64_t client, bool sticky, double *u);

/* Is there a route at root? */
bool router_routes(const struct rules *root);

/* The i-th Service that requests to root may be sent to, with its share of
 * them; NULL at the end. */
struct rules *router_share(const struct rules *root, size_t i, double *share);

/* The Service that gets a copy of a; NULL if none.  u: a uniform. */
const char *router_mirror(const struct rules *root, const struct ask *a,
                          double u);

#endif
