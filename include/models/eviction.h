/*
 * eviction.h - PodDisruptionBudgets: how many pods may be taken down on
 * purpose, and the eviction of one.  Reference section 3.6.
 */
#ifndef MODELS_EVICTION_H
#define MODELS_EVICTION_H
#include "base/units.h"
#include "kernel/rng.h"
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

/* The eviction subresource: delete a pod, if its budget allows it, and note
 * that in the budget.  The server reads the budget when the request comes and
 * writes it a little later. */
struct budget;
struct eviction {
    object_uid pod;
    int grace_s;                /* as in api_delete */
    int budgets;                /* that cover the pod */
    const struct budget *budget;        /* a copy of the last of them */
};

/* The request comes. */
struct eviction eviction_read(struct world *w, object_uid pod, int grace_s);

/* Would it be allowed now? */
bool eviction_allowed(const struct world *w, const struct eviction *e);

/* API_OK; API_TOO_MANY: not now; API_CONFLICT: somebody else wrote the budget,
 * and the server tries again after eviction_retry; API_NOT_FOUND;
 * API_SERVER_ERROR if more than one budget covers the pod.  *reason (may be
 * NULL) is a sentence if it is not OK. */
enum api_code eviction_commit(struct world *w, const struct eviction *e,
                              const char **reason);

/* The pause after a conflict: half a second and up to a tenth of it. */
sim_time eviction_retry(struct stream *luck);

#endif
