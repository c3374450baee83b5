/*
 * budget.h - the PodDisruptionBudget object (policy/v1).
 */
#ifndef MODELS_BUDGET_H
#define MODELS_BUDGET_H
#include "models/eviction.h"
#include "models/object.h"

/* A pod whose eviction was allowed and that has not been seen to go. */
struct disruption {
    object_uid pod;
    sim_time at;
};

struct budget {
    struct meta meta;
    struct budget_terms terms;
    const struct selector *selector;    /* NULL: none; an empty one: every
                                         * pod of the namespace */
    bool always_allow;          /* unhealthyPodEvictionPolicy AlwaysAllow */
    const struct value *raw;
    /* status */
    int64_t observed_generation;
    struct budget_status status;
    const struct disruption *disrupted;
    size_t ndisrupted;
    struct condition disruption_allowed;
};

#define budget_of(m) ((struct budget *)(m))
#define budget_seen(m) ((const struct budget *)(m))

#endif
