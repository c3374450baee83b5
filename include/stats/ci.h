/*
 * ci.h - intervals for means, proportions and quantiles over replications.
 *
 * Rules and coverage: the measured tables are reproduced in tests/stats.
 * Never Wald.  All functions are pure; x is borrowed.
 */
#ifndef STATS_CI_H
#define STATS_CI_H
#include <stddef.h>

struct interval {
    double mean, low, high;     /* NaN if undefined */
    size_t n;                   /* observations used */
};

/* Student's t interval for the mean of x[0..n-1]; n >= 2, else low and high
 * are NaN.  confidence in (0, 1), for example 0.95. */
struct interval ci_mean(const double *x, size_t n, double confidence);

#endif
