/*
 * select.c - which endpoints of a Service a node uses.
 *
 * Cluster-wide traffic goes to the ready endpoints; if there are none, to
 * those that are terminating but still serve (from 1.26 on).  A Local policy
 * chooses by the same rule among the endpoints on the node.
 *
 * Not modelled: topology hints.
 * Source: CategorizeEndpoints, pkg/proxy/topology.go at v1.36.
 */
#include "models/proxy.h"

enum usable { USE_READY, USE_TERMINATING };

static bool is_usable(const struct endpoint *e, enum usable how)
{
    return how == USE_READY ? e->ready
                            : !e->ready && e->serving && e->terminating;
}

/* Indexes of usable endpoints, only those on node unless that is 0. */
static size_t filter(const struct endpoint *items, size_t n, object_uid node,
                     enum usable how, size_t *out)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
        if (is_usable(&items[i], how) && (!node || items[i].node == node))
            out[len++] = i;
    return len;
}

static size_t choose(const struct endpoint *items, size_t n, object_uid node,
                     bool terminating, size_t *out)
{
    size_t len = filter(items, n, node, USE_READY, out);

    if (len == 0 && terminating)
        len = filter(items, n, node, USE_TERMINATING, out);
    return len;
}

void proxy_select(const struct endpoint *items, size_t n, object_uid node,
                  struct policy policy, struct selection *out)
{
    bool cluster = !policy.internal_local || policy.external;
    bool local = policy.internal_local ||
                 (policy.external_local && policy.external);

    out->ncluster = out->nlocal = 0;
    out->any = false;
    if (local) {
        out->nlocal = choose(items, n, 0, policy.terminating, out->local);
        out->any = out->nlocal > 0;
        out->nlocal = choose(items, n, node, policy.terminating, out->local);
    }
    if (cluster) {
        out->ncluster = choose(items, n, 0, policy.terminating, out->cluster);
        out->any |= out->ncluster > 0;
    }
}
