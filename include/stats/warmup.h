/*
 * warmup.h - was the warm-up long enough?
 */
#ifndef STATS_WARMUP_H
#define STATS_WARMUP_H
#include <stdbool.h>
#include <stddef.h>

struct warmup {
    size_t cut;                 /* leading observations best left out */
    bool undecided;             /* the best cut is half of the series: it has
                                 * not settled, or is too short to tell */
};

/* MSER-5 on a series x of equally spaced observations (averaged over
 * replications, if there are several).  A warning, never a silent cut: it can
 * miss a slow drift.  Fewer than 20 observations: undecided, cut 0. */
struct warmup warmup_mser5(const double *x, size_t n);

#endif
