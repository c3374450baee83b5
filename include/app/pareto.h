/*
 * pareto.h - which variants no other one beats in everything.
 */
#ifndef APP_PARETO_H
#define APP_PARETO_H
#include "app/experiment.h"

/* Risk, time and cost of a release. */
#define PARETO_METRICS 3
extern const enum metric pareto_metrics[PARETO_METRICS];

/* Set front[v] for every variant v to which no other is better in one of the d
 * metrics (less of it) and at least as good in the rest, by the means over the
 * replications that both have: the same luck.  One in which a metric is never
 * defined is not on the front. */
void pareto_front(const struct experiment *e, const enum metric *metrics,
                  size_t d, bool *front);

#endif
