/*
 * balancer_round_robin.c - one endpoint after the other, per node.
 *
 * Source: IPVS scheduler rr, kube-proxy's default in mode ipvs.
 */
#include "models/proxy.h"

static size_t pick(struct rules *r, double u)
{
    (void)u;
    return r->turn++ % r->len;
}

const struct balancer_ops balancer_round_robin = {
    .name = "round_robin",
    .doc = "one endpoint after the other, each node by itself (ipvs)",
    .pick = pick,
};
