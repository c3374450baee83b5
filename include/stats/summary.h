/*
 * summary.h - one metric over the replications of one cell, as it is shown.
 *
 * Which figures may be printed depends on the data.  Downtime under a careful
 * strategy is zero in nearly every replication, availability is one, the peak
 * number of pods is 13: no interval for the mean of such a metric comes near
 * its nominal coverage.  So it is said in two parts: in how many replications
 * it was not the usual value, and what it was there.
 */
#ifndef STATS_SUMMARY_H
#define STATS_SUMMARY_H
#include "base/arena.h"
#include "stats/ci.h"

/* The value that more than half of x[0..n-1] have, or 0 if there is none; sets
 * *hits to the number of values that differ from it.  NaN is skipped. */
double summary_usual(const double *x, size_t n, size_t *hits);

/* True if hits, of n values, are too few for a mean: fewer than ten, and not
 * the greater half. */
bool summary_is_rare(size_t hits, size_t n);

enum summary_kind {
    SUMMARY_NONE,               /* no replication has a value */
    SUMMARY_CONSTANT,           /* every value is `usual`: show it, and
                                 * share.high ("none in 100: below 3.6 %") */
    SUMMARY_RARE,               /* too few differ from `usual`: show share and
                                 * hit_*, never mean +- */
    SUMMARY_MEAN,               /* show mean; share too unless all are hits */
};

struct summary {
    enum summary_kind kind;
    size_t n;                   /* replications with a value */
    size_t undefined;           /* replications without (NaN) */
    double usual;               /* as summary_usual says */
    size_t hits;                /* values that differ from usual */
    struct interval share;      /* of hits: Clopper-Pearson */
    struct interval mean;       /* Student's t or, if skewed, bootstrap-t */
    bool skewed;
    struct interval p95;        /* order statistics */
    double sd, min, median, max;            /* of all values */
    double hit_min, hit_median, hit_max;    /* of the hits */
};

/* Summarise x[0..n-1], where NaN is "undefined in this replication".  seed:
 * of the bootstrap.  Values that do not exist are NaN.  scratch is used for
 * two copies of x. */
struct summary summary_of(struct arena *scratch, const double *x, size_t n,
                          double confidence, uint64_t seed);

/* Bounds of the mean by which a promise is judged.  Where too few values
 * differ for a mean (SUMMARY_RARE): the exact bounds of their share, times how
 * far the nearest and the farthest of them are from the usual value; else
 * `mean`. */
struct interval summary_bounds(const struct summary *s);

#endif
