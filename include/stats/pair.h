/*
 * pair.h - two strategies on the same luck, and many comparisons at once.
 *
 * Replication r of either strategy saw the same arrivals, start-up times and
 * faults, so what is judged is the difference within each replication; the
 * luck they share cancels.  Many comparisons: judge by Holm's p-values, draw
 * intervals at the Bonferroni confidence; both hold under the dependence that
 * common random numbers create (Tukey's and Dunnett's do not).
 */
#ifndef STATS_PAIR_H
#define STATS_PAIR_H
#include "base/arena.h"
#include "stats/ci.h"

struct pairing {
    struct interval difference; /* mean of x - y; n = pairs used.  Bounds are
                                 * NaN if rare: then p and differ tell it */
    double p;                   /* two-sided, of "no difference": if rare, or
                                 * if nearly every pair has the same difference
                                 * (a pod more), that of the exact sign test,
                                 * with summary_bounds as the interval */
    size_t undefined;           /* pairs left out: x or y is NaN */
    size_t differ;              /* pairs with x != y */
    bool rare;                  /* some pairs differ, but too few for a mean
                                 * (summary_is_rare) */
    double correlation;         /* of x and y; NaN if either is constant */
    double saved;               /* "pairing saved a factor": (var x + var y) /
                                 * var(x - y); infinite if the difference is
                                 * constant, NaN if nothing varies */
};

/* Compare x with y over n replications, x[r] and y[r] being the same luck.
 * Interval and p-value by the rule of ci_mean_ruled; seed: of the bootstrap.
 * All pairs equal: difference 0 exactly, p = 1. */
struct pairing pair_compare(struct arena *scratch, const double *x,
                            const double *y, size_t n, double confidence,
                            uint64_t seed);

/* The same for values that are not pairs: difference of the means of x[0..nx-1]
 * and y[0..ny-1], Welch's t.  difference.n is the smaller number; nothing is
 * said of pairs.  Undefined if either has fewer than two values. */
struct pairing pair_unpaired(const double *x, size_t nx, const double *y,
                             size_t ny, double confidence);

struct mcnemar {
    struct interval difference; /* P(x) - P(y): Newcombe's paired interval */
    double p;                   /* exact binomial on the discordant pairs */
};

/* Paired proportions, "had any downtime": in how many replications it was so
 * in both, only under x, only under y, in neither.  No pairs: NaN, p = 1. */
struct mcnemar pair_mcnemar(size_t both, size_t only_x, size_t only_y,
                            size_t neither, double confidence);

/* Holm's step-down: adjusted[i] is the least family-wise error at which
 * comparison i is significant.  adjusted must not be p.  O(m^2). */
void pair_holm(const double *p, size_t m, double *adjusted);

/* The confidence of each of m intervals that hold together with the given
 * one: 1 - (1 - confidence) / m.  m >= 1. */
double pair_bonferroni(double confidence, size_t m);

#endif
