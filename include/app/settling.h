/*
 * settling.h - was the warm-up long enough?
 *
 * Between the end of the warm-up and the release nothing changes but what the
 * warm-up left unsettled: queues, caches, pods that still start.  So the mean
 * response time of each second in between should be level.  It is looked at
 * in the first replications that this process computes, of the first strategy
 * (before the release all have the same luck); stats/warmup.h decides.
 *
 * Scenarios in which something else may happen before the release are left
 * out: faults, actions, rates that vary.
 */
#ifndef APP_SETTLING_H
#define APP_SETTLING_H
#include "app/scenario.h"

struct settled_series;          /* what is kept of the replications */
struct world;

/* In a; NULL if the scenario does not lend itself to it. */
struct settled_series *settling_new(struct arena *a, const struct scenario *s);

/* Take a finished replication of the first variant; threads may take different
 * ones at the same time.  x may be NULL. */
void settling_take(struct settled_series *x, size_t replication,
                   const struct world *w);

/* Warn if it has not settled.  x may be NULL. */
void settling_warn(const struct settled_series *x, struct err_list *errors);

#endif
