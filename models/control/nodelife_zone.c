/*
 * nodelife_zone.c - how far a zone is disrupted, and how fast nodes are
 * given up there.
 *
 * Source: kubernetes pkg/controller/nodelifecycle/node_lifecycle_controller.go
 * (ComputeZoneState, ReducedQPSFunc) at v1.36.2; reference 7.2.
 */
#include "models/nodelife.h"

const char *const zone_state_names[4] = { "Normal", "PartialDisruption",
                                          "FullDisruption", NULL };

const struct zone_limits zone_default_limits = { 0.55, 50, 0.1, 0.01 };

enum zone_state zone_state_of(int nodes, int not_ready,
                              const struct zone_limits *l)
{
    if (nodes == not_ready && not_ready > 0)
        return ZONE_FULL_DISRUPTION;
    /* As the real one divides: in float32. */
    if (not_ready > 2 &&
        (float)not_ready / (float)nodes >= (float)l->unhealthy_share)
        return ZONE_PARTIAL_DISRUPTION;
    return ZONE_NORMAL;
}

double zone_reduced_rate(int nodes, const struct zone_limits *l)
{
    return nodes > l->large_cluster ? l->secondary_per_s : 0;
}
