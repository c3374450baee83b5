/*
 * sens.h - which parameter matters.
 */
#ifndef STATS_SENS_H
#define STATS_SENS_H
#include <stddef.h>
#include "base/arena.h"
#include "stats/ci.h"

/* One bar of a tornado: what moving one parameter does to a metric. */
struct swing {
    size_t parameter;
    struct interval low, high;  /* mean change against the base when the
                                 * parameter is lowered, raised */
    double span;                /* from the least to the greatest of low,
                                 * high and 0 */
};

/* One at a time: base[r] is the metric at the base point in replication r,
 * low[j][r] and high[j][r] with parameter j lowered and raised, on the same
 * luck.  Fills out[0..d-1], greatest span first, ties by parameter.  n >= 2;
 * a replication in which either value is NaN is left out of that difference.
 * Intervals by Student's t. */
void sens_tornado(struct arena *scratch, const double *base,
                  const double *const *low, const double *const *high,
                  size_t d, size_t n, double confidence, struct swing *out);

/* Standardised rank regression over a design of n points with d coordinates
 * (row by row): coef[j] in about -1..1 is the change of the rank of y, in
 * standard deviations, per standard deviation of the rank of coordinate j, the
 * others held.  Returns R^2, the share of y's rank variance explained: below
 * about 0.7 the effects are not monotone or not additive, and the coefficients
 * say little.  A coordinate or y that does not vary has coefficient 0.  NaN
 * (and NaN coefficients) if n <= d + 1.  y must hold no NaN. */
double sens_rank_regression(struct arena *scratch, const double *points,
                            const double *y, size_t n, size_t d,
                            double *coef);

#endif
