/*
 * eviction.h - PodDisruptionBudgets: how many pods may be taken down on
 * purpose, and the eviction of one.  Reference section 3.6.
 */
#ifndef MODELS_EVICTION_H
#define MODELS_EVICTION_H
#include "base/units.h"
#include "models/api.h"

/* What a budget asks for; exactly one is given. */
struct budget_terms {
    bool max_given;             /* maxUnavailable rather than minAvailable */
    struct int_or_percent value;
};

/* What the controller found. */
struct budget_view {
    int matching;               /* pods that the selector matches */
    int scale;                  /* sum over the distinct controllers of these */
    int healthy;                /* of them, Ready and not on their way out */
};

struct budget_status {
    int expected, desired_healthy, healthy, allowed;
};

/* The numbers of a budget's status. */
struct budget_status budget_count(const struct budget_terms *t,
                                  const struct budget_view *v);

#endif
