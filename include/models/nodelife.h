/*
 * nodelife.h - how the node life-cycle controller decides.  Reference 7.
 */
#ifndef MODELS_NODELIFE_H
#define MODELS_NODELIFE_H
#include <stdbool.h>
#include <stddef.h>
#include "models/node.h"
#include "models/podspec.h"

#define TAINT_NOT_READY "node.kubernetes.io/not-ready"
#define TAINT_UNREACHABLE "node.kubernetes.io/unreachable"
#define TAINT_UNSCHEDULABLE "node.kubernetes.io/unschedulable"

enum zone_state { ZONE_NORMAL, ZONE_PARTIAL_DISRUPTION,
                  ZONE_FULL_DISRUPTION };
extern const char *const zone_state_names[4];   /* NULL-terminated */

/* Limits of kube-controller-manager's flags. */
struct zone_limits {
    double unhealthy_share;     /* --unhealthy-zone-threshold, 0.55 */
    int large_cluster;          /* --large-cluster-size-threshold, 50 */
    double per_s, secondary_per_s;  /* evictions: 0.1, 0.01 */
};
extern const struct zone_limits zone_default_limits;

/* How bad is a zone of this many nodes? */
enum zone_state zone_state_of(int nodes, int not_ready,
                              const struct zone_limits *l);

/* Nodes tainted per second while a zone of this size is disrupted in part. */
double zone_reduced_rate(int nodes, const struct zone_limits *l);

/* How long a pod stays on a node with these taints, the default tolerations
 * included; SIM_NEVER: for ever. */
sim_time taints_tolerated_for(const struct pod_spec *s,
                              const struct taint *taints, size_t n);

struct world;

/* Has somebody given the node up, with the taint out-of-service?  Never in
 * 1.20, which does not know it. */
bool node_out_of_service(const struct world *w, const struct node *n);

#endif
