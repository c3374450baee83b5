/*
 * proxy.h - kube-proxy on each node: from EndpointSlices to rules.
 *
 * A node has a proxy only if somebody on it sends requests (network_rules).
 */
#ifndef MODELS_PROXY_H
#define MODELS_PROXY_H
#include <stdbool.h>
#include <stddef.h>
#include "kernel/event.h"
#include "models/network.h"
#include "models/spec.h"

struct world;
struct process;
struct rules;

/* Make w->network.  Called by world_new before objects are applied. */
void network_new(struct world *w);

/* ---- which endpoints (reference 6.3) ------------------------------------ */

struct policy {
    bool internal_local, external_local;    /* of the Service */
    bool external;              /* reachable from outside (NodePort, ...) */
    bool terminating;           /* fall back to serving, terminating ones
                                 * (from 1.26 on) */
};

/* What a node uses of a Service's endpoints.  cluster and local have room for
 * n indexes and get ncluster and nlocal of them, in order of items; cluster is
 * empty if no traffic is cluster-wide, local unless a policy is Local.  any:
 * is there a usable endpoint at all? */
struct selection {
    size_t *cluster, *local;
    size_t ncluster, nlocal;
    bool any;
};
void proxy_select(const struct endpoint *items, size_t n, object_uid node,
                  struct policy policy, struct selection *out);

/* ---- the rules of one node for one Service ------------------------------ */

struct rule {
    object_uid pod;
    int port;                   /* the pod's; 0: its first */
    struct process *process;    /* NULL: the pod has no network yet */
};

struct rules {
    const char *space, *name;   /* of the Service */
    object_uid node;
    struct rule *items;         /* usable endpoints, in order of pod uid */
    size_t len;
    bool outside;               /* for what comes from outside of the cluster */
    size_t ready_here;          /* ready endpoints on the node itself */
    bool headless;              /* resolved by DNS, not translated */
    bool drop;                  /* without endpoints: dropped, not rejected */
    sim_time leaks_from;        /* from here to the next change packets are
                                 * neither rejected nor translated; NEVER */
    bool affinity;              /* sessionAffinity ClientIP */
    sim_time affinity_timeout;
    const struct balancer_ops *balancer;
    unsigned turn;              /* round robin */
    size_t watch;               /* measure.c: 1 + its place; 0: unwatched */
    struct split *split;        /* router.c; NULL: no client sends here */
    struct rules_state *state;  /* proxy.c */
};

/* A node that is none: the ingress controller.  Its "rules" are those of its
 * own view of the endpoints: ready ones only, no policy, no kernel. */
#define INGRESS_NODE ((object_uid)0)

/* The sidecars of the clients on a node have a view of their own, pushed by the
 * mesh's control plane: also ready ones only, no policy, no kernel. */
#define SIDECAR ((object_uid)1 << 31)
static inline object_uid sidecar_on(object_uid node)
{
    return node | SIDECAR;
}
static inline bool is_sidecar(object_uid node)
{
    return (node & SIDECAR) != 0;
}

/* Where rules are, in words: "node-1", "node-1 (sidecar)". */
const char *network_place(const struct world *w, object_uid node);

/* The rules on a node for Service space/name, which need not exist yet.
 * Starts a proxy there if there is none.  Lives as long as w. */
struct rules *network_rules(struct world *w, object_uid node,
                            const char *space, const char *name);

/* The same for requests that come in from outside at that node. */
struct rules *network_rules_outside(struct world *w, object_uid node,
                                    const char *space, const char *name);

/* Something besides endpoints asks the proxy of this node for a sync. */
void network_wants_sync(struct world *w, object_uid node);

/* ---- balancers ---------------------------------------------------------- */

struct balancer_ops {
    const char *name, *doc;
    size_t (*pick)(struct rules *r, double u);  /* len > 0 */
};
const struct balancer_ops *balancer_of(enum proxy_mode mode);

/* ---- picking -------------------------------------------------------------- */

/* Pick the endpoint of a new connection; NULL if there is none.  u: the
 * request's uniform; client: its address, for affinity; sticky: it stays with
 * its pod for as long as that is an endpoint, whatever the Service says. */
const struct rule *rules_pick(struct rules *r, double u, uint64_t client,
                              bool sticky, sim_time now);

/* The process of rule i, known once the pod has a network. */
const struct rule *rules_resolve(struct rules *r, size_t i);

/* The same of rules without affinity that have an endpoint, for a client that
 * does not stick. */
static inline const struct rule *rules_pick_any(struct rules *r, double u)
{
    size_t i = r->balancer->pick(r, u);

    return r->items[i].process ? &r->items[i] : rules_resolve(r, i);
}

/* Does this client stick to a pod that is an endpoint of r? */
bool rules_hold(struct rules *r, uint64_t client);

/* Is this pod among the endpoints of r? */
bool rules_have(const struct rules *r, object_uid pod);

#endif
