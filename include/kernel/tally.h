/*
 * tally.h - what is counted while a run goes on.
 */
#ifndef KERNEL_TALLY_H
#define KERNEL_TALLY_H
#include <stdint.h>
#include "base/arena.h"
#include "kernel/event.h"

/* Observations: count, mean, variance, extremes.  A zeroed one is empty. */
struct tally {
    uint64_t n;
    double mean, m2;            /* Welford */
    double min, max;
};
void tally_add(struct tally *t, double x);
void tally_merge(struct tally *t, const struct tally *other);
double tally_variance(const struct tally *t);   /* n - 1; 0 below two */

/* A quantity that holds its value between changes: its time integral. */
struct level {
    double value;               /* now */
    double min, max;            /* since the last level_start */
    double area;                /* integral, value x seconds */
    sim_time start, since;      /* of the measurement; of the last change */
};
void level_start(struct level *l, sim_time now, double value);
void level_set(struct level *l, sim_time now, double value);
double level_area(const struct level *l, sim_time now);
double level_mean(const struct level *l, sim_time now);

/*
 * Log-linear histogram of durations: integer microseconds, exponent and top
 * seven bits, so a quantile is within 0.4 %.  Sum, count, least and greatest
 * are exact.  Mergeable.
 */
#define HIST_SUB_BITS 7
#define HIST_SUB (1u << HIST_SUB_BITS)
#define HIST_BUCKETS ((64 - HIST_SUB_BITS + 1) << HIST_SUB_BITS)
struct hist {
    uint64_t count;
    uint64_t sum_us;
    uint64_t min_us, max_us;
    uint32_t *buckets;          /* HIST_BUCKETS of them */
};
void hist_init(struct hist *h, struct arena *a);
void hist_clear(struct hist *h);

/* The bucket of a number of microseconds. */
static inline size_t hist_bucket(uint64_t us)
{
    unsigned exponent;

    if (us < HIST_SUB)
        return (size_t)us;
    exponent = 63 - (unsigned)__builtin_clzll(us);
    return ((size_t)(exponent - HIST_SUB_BITS + 1) << HIST_SUB_BITS)
        + ((us >> (exponent - HIST_SUB_BITS)) & (HIST_SUB - 1));
}

_Noreturn void hist_refuse(sim_time t);

/* t >= 0, else it is a BUG. */
static inline void hist_add(struct hist *h, sim_time t)
{
    uint64_t us = ((uint64_t)t + 500) / 1000;

    if (t < 0)
        hist_refuse(t);
    if (h->count == 0 || us < h->min_us)
        h->min_us = us;
    if (us > h->max_us)
        h->max_us = us;
    h->count++;
    h->sum_us += us;
    h->buckets[hist_bucket(us)]++;
}

void hist_merge(struct hist *h, const struct hist *other);
/* The p-quantile (0 < p <= 1) in ns; -1 if empty. */
sim_time hist_quantile(const struct hist *h, double p);
double hist_mean(const struct hist *h);     /* ns; 0 if empty */

#endif
