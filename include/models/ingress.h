/*
 * ingress.h - Ingress objects, and the controller that routes by them.
 *
 * An ingress controller is a place from which requests go to pods directly:
 * it has its own view of the endpoints (network_rules with INGRESS_NODE), no
 * kube-proxy, and keeps connections to pods open.  A site is what clients ask
 * it for: a host and a path.
 */
#ifndef MODELS_INGRESS_H
#define MODELS_INGRESS_H
#include "models/proxy.h"

enum path_type { PATH_EXACT, PATH_PREFIX };

struct ingress_path {
    const char *path;           /* "/" and the like */
    enum path_type type;        /* ImplementationSpecific is a prefix */
    const char *service;
};

struct ingress_rule {
    const char *host;           /* "": any; "*.x.y": one label before */
    const struct ingress_path *paths;
    size_t npaths;
};

/* How a request that fails goes on (proxy_next_upstream and the like). */
struct ingress_conf {
    bool next_error, next_timeout;      /* to the next endpoint after these */
    bool next_non_idempotent;   /* also POST and the like that were sent */
    int tries;                  /* at most, 1 ...; 0: no limit */
    sim_time connect_timeout, read_timeout;
    bool sticky;                /* affinity: cookie */
};

struct ingress {
    struct meta meta;
    const struct ingress_rule *rules;
    size_t nrules;
    const char *fallback;       /* Service of defaultBackend; NULL: none */
    struct ingress_conf conf;
    bool canary;                /* of another Ingress's host and path */
    int weight, weight_total;
    const char *header, *header_value;  /* NULL: none; value NULL: always */
    const char *cookie;
    const struct value *raw, *last_applied;
};

#define ingress_of(m) ((struct ingress *)(m))
#define ingress_seen(m) ((const struct ingress *)(m))

/* How well an Ingress fits a host and path: larger is better, 0 not at all;
 * *service is then the Service of the best rule. */
int ingress_fit(const struct ingress *in, const char *host, const char *path,
                const char **service);

/* ---- the controller --------------------------------------------------------- */

struct world;

/* What clients of one host and path meet. */
struct site {
    const char *space, *host, *path;
    struct rules *rules;        /* has no endpoints of its own: a split */
    struct ingress_conf conf;   /* of the Ingress in force */
};

/* Make w->ingresses.  Called by world_new, after routers_new. */
void ingresses_new(struct world *w);

/* The site of a host and path (of Ingresses of one namespace), as from the
 * controller.  Lives as long as w. */
struct site *ingress_site(struct world *w, const char *space,
                          const char *host, const char *path);

/* For proxy.c: the controller's sync begins (its additional length is the
 * answer: a reload), and ends. */
sim_time ingress_sync_starts(struct world *w, struct stream *s);
void ingress_sync_ends(struct world *w);

#endif
