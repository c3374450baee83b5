/*
 * bootstrap.c - means of skewed metrics: the bootstrap-t.
 *
 * Downtime is zero in most replications and long in a few.  The t statistic
 * of such a sample is far from Student's: at n = 20 and P(> 0) = 0.3 the
 * nominal 95 % interval covers 81 %.  So its distribution is measured: draw n
 * of the n values with replacement, t* = (mean* - mean) / (s* / sqrt(n)), and
 * use the quantiles of t* where Student's would stand (coverage 93 %).  A
 * resample of equal values has s* = 0 and counts as infinite.
 *
 * Rule: Student's t while n > 25 G^2, G the skewness of the sample.
 *
 * Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), 12.5;
 * Cochran, Sampling Techniques, 3rd ed. (1977), 2.15, for the rule.
 */
#include "stats/ci.h"
#include <math.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include "base/bug.h"
#include "kernel/rng.h"
#include "stats/purposes.h"

#define RESAMPLES 1999          /* odd: quantiles fall on order statistics */
#define COCHRAN 25
#define ROUNDING 1e-12          /* a variance below this share is none */

struct moments {
    double mean, se;            /* se: standard error of the mean */
    double skewness;            /* 0 if all values are equal */
};

static struct moments moments(const double *x, size_t n)
{
    struct moments m = {0};
    double m2 = 0, m3 = 0;

    for (size_t i = 0; i < n; i++)
        m.mean += x[i];
    m.mean /= (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - m.mean;
        m2 += d * d;
        m3 += d * d * d;
    }
    m.se = sqrt(m2 / (double)n / (double)(n - 1));
    if (m2 > 0)
        m.skewness = sqrt((double)n) * m3 / pow(m2, 1.5);
    return m;
}

bool ci_skewed(const double *x, size_t n)
{
    double g = n < 2 ? 0 : moments(x, n).skewness;

    return (double)n <= COCHRAN * g * g;
}

/* The t statistic of one resample about the mean of the sample. */
static double resample(struct bulk *b, const double *x, size_t n, double mean)
{
    double sum = 0, squares = 0, var;

    for (size_t i = 0; i < n; i++) {
        double d = x[((bulk_u64(b) >> 32) * n) >> 32] - mean;
        sum += d;
        squares += d * d;
    }
    sum /= (double)n;
    squares /= (double)n;
    var = squares - sum * sum;
    if (var > ROUNDING * squares)
        return sum / sqrt(var / (double)(n - 1));
    return sum > 0 ? INFINITY : sum < 0 ? -INFINITY : 0;
}

/* Fill t with the sorted t statistics of the resamples. */
static void bootstrap(const double *x, size_t n, double mean, uint64_t seed,
                      double t[RESAMPLES])
{
    struct bulk b;

    CHECK(n < UINT32_MAX);
    bulk_init(&b, seed, STATS_BOOTSTRAP, 0, 0);
    for (int i = 0; i < RESAMPLES; i++)
        t[i] = resample(&b, x, n, mean);
    gsl_sort(t, 1, RESAMPLES);
}

struct interval ci_mean_bootstrap(const double *x, size_t n,
                                  double confidence, uint64_t seed)
{
    struct interval r = ci_mean(x, n, confidence);
    double t[RESAMPLES];
    struct moments m;
    int rank;

    if (n < 2 || (m = moments(x, n)).se <= 0)
        return r;
    bootstrap(x, n, m.mean, seed, t);
    rank = (int)((RESAMPLES + 1) * (1 - confidence) / 2 + 1e-9);
    if (rank < 1)
        rank = 1;
    r.low = m.mean - t[RESAMPLES - rank] * m.se;
    r.high = m.mean - t[rank - 1] * m.se;
    return r;
}

struct interval ci_mean_ruled(const double *x, size_t n, double confidence,
                              uint64_t seed)
{
    if (ci_skewed(x, n))
        return ci_mean_bootstrap(x, n, confidence, seed);
    return ci_mean(x, n, confidence);
}

/* Two-sided p-value of statistic t0 among the sorted resamples t. */
static double rank_p(const double *t, double t0)
{
    int at_most = 0, at_least = 0, tail;

    for (int i = 0; i < RESAMPLES; i++) {
        at_most += t[i] <= t0;
        at_least += t[i] >= t0;
    }
    tail = at_most < at_least ? at_most : at_least;
    return fmin(1, 2 * (tail + 1.0) / (RESAMPLES + 1));
}

double ci_mean_p(const double *x, size_t n, uint64_t seed)
{
    double t[RESAMPLES];
    struct moments m;

    if (n < 2)
        return 1;
    m = moments(x, n);
    if (!(m.se > 0))
        return m.mean < 0 || m.mean > 0 ? 0 : 1;
    if (!ci_skewed(x, n))
        return 2 * gsl_cdf_tdist_Q(fabs(m.mean) / m.se, (double)(n - 1));
    bootstrap(x, n, m.mean, seed, t);
    return rank_p(t, m.mean / m.se);
}
