/*
 * balancer_random.c - an endpoint at random for each connection.
 *
 * iptables: rule i of n matches with probability 1 / (n - i); nftables: a map
 * from a random number.  Both are uniform.
 * Source: pkg/proxy/iptables/proxier.go, pkg/proxy/nftables/proxier.go.
 */
#include "models/proxy.h"

static size_t pick(struct rules *r, double u)
{
    size_t i = (size_t)(u * (double)r->len);

    return i < r->len ? i : r->len - 1;
}

const struct balancer_ops balancer_random = {
    .name = "random",
    .doc = "uniform over the endpoints, per connection (iptables, nftables)",
    .pick = pick,
};
