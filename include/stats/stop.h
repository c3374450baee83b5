/*
 * stop.h - how many replications: run until the interval is narrow enough.
 */
#ifndef STATS_STOP_H
#define STATS_STOP_H
#include <stdbool.h>
#include <stddef.h>

struct precision {
    double relative;            /* half-width / |mean|, 0.05 for 5 %; 0: none */
    double absolute;            /* half-width in the metric's unit; 0: none */
    double confidence;          /* 0.95 */
    size_t min;                 /* first check after so many; default 30 */
    size_t max;                 /* safety net */
};

#define STOP_MIN 30             /* default of min */
#define STOP_MAX 1000           /* default of max */
#define STOP_BATCH 10           /* replications between two checks */

/* The number of replications at which the rule stops, looking at
 * x[s][0..n-1] of series s < series (paired differences, say; every series
 * must be precise at the same check); 0 if it does not within n.  Checks are
 * at min + 10, min + 20, ... and at max, so the answer does not depend on how
 * the replications were scheduled: use just that many and drop the rest.
 *
 * A series is precise when t s / sqrt(n) is at most the absolute target or
 * g / (1 + g) |mean|, g the relative one (Law's adjustment).  One that rarely
 * differs from its usual value (summary_is_rare) has no usable mean; it is
 * precise when the share of those values is known to +- g (+- 0.05 without a
 * relative target, or if it never differed: from 37 replications on).  NaN
 * values are left out; a series without two values is not precise. */
size_t stop_at(const struct precision *p, const double *const *x,
               size_t series, size_t n);

/* True if every series is precise at just n replications: tells "reached"
 * from "stopped at max". */
bool stop_reached(const struct precision *p, const double *const *x,
                  size_t series, size_t n);

/* How many replications the rule will take in all, judged from the first n:
 * n (half-width / target)^2, between n and max.  For progress displays. */
size_t stop_predict(const struct precision *p, const double *const *x,
                    size_t series, size_t n);

#endif
