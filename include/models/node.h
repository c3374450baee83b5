/*
 * node.h - the Node object.
 */
#ifndef MODELS_NODE_H
#define MODELS_NODE_H
#include "models/object.h"
#include "models/spec.h"

struct taint {
    const char *key, *value, *effect;   /* NoSchedule PreferNoSchedule
                                         * NoExecute */
    sim_time added;
};

/* An image that the node has, as its status says. */
struct node_image {
    const char *image;
    int64_t size;               /* bytes */
};

struct node {
    struct meta meta;
    /* spec */
    bool unschedulable;
    const struct taint *taints;
    size_t ntaints;
    /* status */
    int64_t cpu_milli, memory_bytes;    /* allocatable */
    int pods;
    struct condition ready;
    const struct node_image *images;
    size_t nimages;
    const char *zone;           /* label topology.kubernetes.io/zone; "" */
    sim_time min_sync_period;   /* of its kube-proxy; -1: the cluster's */
    enum runtime runtime;
    size_t pool;                /* 1 + that of cluster.nodes; 0: none */
    uint32_t index;             /* 0 .. nodes - 1, in order of joining */
};

#define node_of(m) ((struct node *)(m))
#define node_seen(m) ((const struct node *)(m))

#endif
