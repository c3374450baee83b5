/*
 * select.h - finding the best of many cells with few replications.
 *
 * Smaller is better throughout: negate a metric of which more is better.
 * Everything only decides; the caller runs the replications, cell i and
 * replication r always on the luck of r, so that comparisons are paired.
 *
 *   halving   hundreds of cells: run all a little, drop the worse half, again
 *   ocba      spend the next replications where they help most
 *   kn        a few cells and a guarantee: the chosen one is the best, or
 *             within delta of it, with probability 1 - alpha
 */
#ifndef STATS_SELECT_H
#define STATS_SELECT_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"

/*
 * Sequential halving:
 *
 *     for (alive = k, reps = 0; alive > 1;) {
 *         reps += halving_share(k, alive, budget);
 *         run cells[0 .. alive-1] up to reps replications each
 *         alive = halving_cut(mean, cells, alive);
 *     }
 *     cells[0] is the winner
 *
 * halving_share: replications that each of the alive cells gets now, so that
 * budget replications in all last to the end; at least 1.
 * halving_cut: sort cells[0..alive-1] by mean[cell], best first, ties by
 * number, and return how many stay: half, rounded up.  A NaN mean is worst. */
size_t halving_share(size_t k, size_t alive, size_t budget);
size_t halving_cut(const double *mean, size_t *cells, size_t alive);

/* Optimal computing budget allocation: how many of total replications each of
 * k cells should have got, given what is known: its mean and the standard
 * deviation of one replication.  target[i] sums to total.  Run
 * max(0, target[i] - done[i]) more, then ask again.  No guarantee, but much
 * better than equal shares. */
void ocba_targets(const double *mean, const double *sd, size_t k,
                  size_t total, size_t *target);

/* Kim and Nelson's fully sequential procedure, valid under common random
 * numbers. */
struct kn {
    size_t k, first;            /* cells; replications of the first stage */
    double alpha, delta;        /* error; indifference, in the metric's unit */
    double h2;
    double *s2;                 /* k x k: variances of paired differences */
};

/* Start from the first stage x[i][0..first-1] of every cell i; first >= 2,
 * k >= 2, delta > 0, no NaN. */
struct kn kn_start(struct arena *a, const double *const *x, size_t k,
                   size_t first, double alpha, double delta);

/* After r >= first replications of every alive cell, with their means, clear
 * alive[] of the cells that are now ruled out, by cells l with rules[l] only
 * (NULL: by any).  Returns true when finished:
 * one is left, or those left may be called equal; the best is the alive cell
 * with the least mean.  Call it after every replication, or every few. */
bool kn_screen(const struct kn *p, const double *mean, size_t r,
               const bool *rules, bool *alive);

/* Replications at which p is sure to finish. */
size_t kn_limit(const struct kn *p);

/* What paired data say about a cell beside the best one. */
enum standing {
    STANDING_BEST,
    STANDING_EQUAL,             /* worse by less than delta, with confidence */
    STANDING_WORSE,             /* worse, with confidence */
    STANDING_OPEN,              /* the data do not tell */
};

/* Place every cell relative to the one called best: intervals of the paired
 * differences, Bonferroni over the k - 1 comparisons.  x[i][0..n-1], n >= 2,
 * no NaN; out[i] is set for every cell. */
void select_standings(struct arena *scratch, const double *const *x, size_t k,
                      size_t best, size_t n, double delta, double confidence,
                      enum standing *out);

#endif
