/*
 * summary.h - one metric over the replications of one cell, as it is shown.
 *
 * Which figures may be printed depends on the data: a metric that is nearly
 * always zero (downtime under a careful strategy) has no usable mean, so it is
 * said in two parts: in how many replications it was not zero, and how large
 * it was there.
 */
#ifndef STATS_SUMMARY_H
#define STATS_SUMMARY_H
#include "base/arena.h"
#include "stats/ci.h"

/* True if hits values that are not zero, of n, are too few for a mean: fewer
 * than ten, and not the greater half. */
bool summary_is_rare(size_t hits, size_t n);

enum summary_kind {
    SUMMARY_NONE,               /* no replication has a value */
    SUMMARY_CONSTANT,           /* every value is the same, and not zero */
    SUMMARY_RARE,               /* too few are not zero: show share and hit_*,
                                 * never mean +- */
    SUMMARY_MEAN,               /* show mean; and share too if not all hit */
};

struct summary {
    enum summary_kind kind;
    size_t n;                   /* replications with a value */
    size_t undefined;           /* replications without (NaN) */
    size_t hits;                /* values that are not zero */
    struct interval share;      /* of hits: Clopper-Pearson */
    struct interval mean;       /* Student's t or, if skewed, bootstrap-t */
    bool skewed;
    struct interval p95;        /* order statistics */
    double sd, min, median, max;            /* of all values */
    double hit_min, hit_median, hit_max;    /* of those not zero */
};

/* Summarise x[0..n-1], where NaN is "undefined in this replication".  seed:
 * of the bootstrap.  Values that do not exist are NaN.  scratch is used for
 * two copies of x. */
struct summary summary_of(struct arena *scratch, const double *x, size_t n,
                          double confidence, uint64_t seed);

/* Copy x without its NaN to out, in order; returns how many. */
size_t summary_defined(const double *x, size_t n, double *out);

#endif
