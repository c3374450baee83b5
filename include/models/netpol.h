/*
 * netpol.h - the NetworkPolicy object, and what policies let pass.
 */
#ifndef MODELS_NETPOL_H
#define MODELS_NETPOL_H
#include "models/object.h"

struct world;
struct net_origin;

/* ---- the object --------------------------------------------------------- */

struct net_block {              /* a range of IPv4 addresses */
    uint32_t address, mask;
};

struct net_peer {               /* pods, or addresses */
    const struct selector *pods, *spaces;       /* NULL: not given */
    bool by_address;
    struct net_block block;
    const struct net_block *except;
    size_t nexcept;
};

struct net_port {
    const char *protocol;
    const char *name;           /* NULL: by number */
    int first, last;            /* numbers; 0, 0: every port */
};

struct net_rule {
    const struct net_peer *peers;       /* none: everybody */
    size_t npeers;
    const struct net_port *ports;       /* none: every port */
    size_t nports;
};

struct net_rules {              /* of one direction */
    bool isolates;              /* policyTypes names it */
    const struct net_rule *items;
    size_t len;
};

struct netpol {
    struct meta meta;
    const struct selector *pods;        /* of its namespace */
    struct net_rules ingress, egress;
    const struct value *raw;
};

#define netpol_of(m) ((struct netpol *)(m))
#define netpol_seen(m) ((const struct netpol *)(m))

/* "198.51.100.7" */
bool net_address_parse(const char *text, uint32_t *out);

/* ---- enforcement -------------------------------------------------------- */

/* Where a connection comes from. */
struct net_origin {
    object_uid pod;             /* 0: none that is simulated */
    const char *space;          /* the namespace; NULL: outside the cluster */
    const struct labels *labels;        /* of a pod that is not simulated */
    uint32_t address;           /* from outside; 0: not known */
};

/* Start the agents that enforce policies in w. */
void netpols_new(struct world *w);

/* May a connection from there to this port of a pod be made now?  Traffic
 * within a pod always may.  port 0: the first that the pod declares. */
bool netpols_allow(const struct world *w, const struct net_origin *from,
                   object_uid pod, int port);

/* Is there any policy to be asked? */
bool netpols_any(const struct world *w);

#endif
