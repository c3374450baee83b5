/*
 * network.h - Service and EndpointSlice objects.
 */
#ifndef MODELS_NETWORK_H
#define MODELS_NETWORK_H
#include "models/object.h"

struct service_port {
    const char *name;           /* "" if none */
    int port, target_port;      /* target_port 0: by name */
    const char *target_name;    /* NULL: by number */
    const char *protocol;
};

enum service_type { SERVICE_CLUSTER_IP, SERVICE_NODE_PORT,
                    SERVICE_LOAD_BALANCER, SERVICE_EXTERNAL_NAME };

struct service {
    struct meta meta;
    const struct selector *selector;    /* NULL: selects nothing */
    enum service_type type;
    bool headless;              /* clusterIP: None */
    const struct service_port *ports;
    size_t nports;
    bool publish_not_ready;
    bool affinity;              /* sessionAffinity ClientIP */
    int affinity_s;             /* its time-out */
    bool internal_local, external_local;    /* traffic policies */
    const struct value *raw, *last_applied;
};

struct endpoint {
    object_uid pod;
    object_uid node;
    uint32_t ip;
    bool ready, serving, terminating;
};

/* All endpoints of one Service (real slices hold at most 100 each; the number
 * of writes is what the split changes, see endpointslice.c). */
struct endpointslice {
    struct meta meta;           /* owner: the Service */
    const struct endpoint *items;   /* in order of pod uid */
    size_t len;
    sim_time trigger;           /* earliest change that this write carries */
};

/* Does it select this pod (NULL: no)? */
bool service_selects(const struct service *s, const struct meta *pod);

#define service_of(m) ((struct service *)(m))
#define service_seen(m) ((const struct service *)(m))
#define slice_of(m) ((struct endpointslice *)(m))
#define slice_seen(m) ((const struct endpointslice *)(m))

#endif
