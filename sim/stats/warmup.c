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

#define BATCH 5
#define LEAST 20                /* observations: four batches */

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
