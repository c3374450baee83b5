/*
 * warmup.h - was the warm-up long enough?
 */
#ifndef STATS_WARMUP_H
#define STATS_WARMUP_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"

struct warmup {
    size_t cut;                 /* leading observations best left out */
    bool undecided;             /* the best cut is half of the series: it has
                                 * not settled, or is too short to tell */
};

/* MSER-5 on a series x of equally spaced observations (averaged over
 * replications, if there are several).  A warning, never a silent cut: it can
 * miss a slow drift.  Fewer than 20 observations: undecided, cut 0. */
struct warmup warmup_mser5(const double *x, size_t n);

struct settling {
    struct warmup warmup;       /* of the mean over the replications */
    double early, late;         /* mean before and after the cut; NaN without
                                 * one */
    double p;                   /* two-sided, of "early and late are the same";
                                 * 1 without a cut */
    bool settled;
};

/* The same for several replications, x[r][0..n-1] of replication r.  MSER-5
 * cuts the average; but it finds a cut in one of ten series that are settled,
 * so a cut counts only if the replications agree that what came before it is
 * different: paired t, p <= 0.001.  Below 5 replications or 20 observations it
 * is said to be settled. */
struct settling warmup_settled(struct arena *scratch, const double *const *x,
                               size_t replications, size_t n);

#endif
