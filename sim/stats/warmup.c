/*
 * warmup.c - MSER-5, the marginal standard error rule.
 *
 * Leaving out the first d observations removes bias but wastes data; the
 * standard error of what is left balances both.  Over batch means z of five
 * observations, k of them, take the d <= k/2 that minimises
 * sum (z - mean)^2 / (k - d)^2 over j >= d.  Running backwards gives every
 * tail's sum in one pass.
 *
 * Source: White (1997); Spratt (1998); limits: Wang & Glynn (2016).
 */
#include "stats/warmup.h"
#include <math.h>
#include "stats/ci.h"

#define BATCH 5
#define LEAST 20                /* observations: four batches */
#define AGREE 5                 /* replications that can agree */
#define SURE 0.001

static double batch_mean(const double *x, size_t batch)
{
    double s = 0;

    for (size_t i = 0; i < BATCH; i++)
        s += x[batch * BATCH + i];
    return s / BATCH;
}

struct warmup warmup_mser5(const double *x, size_t n)
{
    size_t k = n / BATCH, best = 0;
    double mean = 0, m2 = 0, least = INFINITY;

    if (n < LEAST)
        return (struct warmup){.undecided = true};
    for (size_t j = k; j-- > 0;) {
        double len = (double)(k - j);
        double z = batch_mean(x, j), d = z - mean;
        mean += d / len;
        m2 += d * (z - mean);
        if (j <= k / 2 && m2 / (len * len) <= least) {
            least = m2 / (len * len);
            best = j;
        }
    }
    return (struct warmup){.cut = best * BATCH, .undecided = best == k / 2};
}

static double mean_between(const double *x, size_t from, size_t to)
{
    double s = 0;

    for (size_t i = from; i < to; i++)
        s += x[i];
    return s / (double)(to - from);
}

struct settling warmup_settled(struct arena *scratch, const double *const *x,
                               size_t replications, size_t n)
{
    struct settling s = {.early = NAN, .late = NAN, .p = 1, .settled = true};
    double *average = arena_many(scratch, double, n);
    double *change = arena_many(scratch, double, replications);
    size_t cut;

    if (replications < AGREE || n < LEAST)
        return s;
    for (size_t i = 0; i < n; i++)
        for (size_t r = 0; r < replications; r++)
            average[i] += x[r][i] / (double)replications;
    s.warmup = warmup_mser5(average, n);
    cut = s.warmup.cut;
    if (cut == 0)
        return s;
    s.early = mean_between(average, 0, cut);
    s.late = mean_between(average, cut, n);
    for (size_t r = 0; r < replications; r++)
        change[r] = mean_between(x[r], 0, cut) - mean_between(x[r], cut, n);
    s.p = ci_mean_p(change, replications, 0);
    s.settled = s.p > SURE;
    return s;
}
