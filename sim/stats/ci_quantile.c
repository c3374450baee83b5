/*
 * ci_quantile.c - intervals for quantiles by order statistics.
 *
 * The number of observations below the true p-quantile is binomial, whatever
 * the distribution; so counting outward from np gives bounds that need no
 * assumption.  They are conservative: a count is a whole number.
 *
 * Source: David & Nagaraja, Order Statistics, 3rd ed. (2003), 7.1.
 */
#include "stats/ci.h"
#include <math.h>
#include <gsl/gsl_cdf.h>
#include "base/bug.h"

/* P(Bin(n, p) < k) for k in 0..n+1. */
static double below(size_t k, double p, size_t n)
{
    return k == 0 ? 0 : gsl_cdf_binomial_P((unsigned)(k - 1), p, (unsigned)n);
}

/* The greatest rank l with P(Bin < l) <= tail; 0 if there is none above 0. */
static size_t lower_rank(double tail, double p, size_t n)
{
    size_t yes = 0, no = n + 1;

    while (no - yes > 1) {
        size_t mid = yes + (no - yes) / 2;
        if (below(mid, p, n) <= tail)
            yes = mid;
        else
            no = mid;
    }
    return yes;
}

/* The least rank u with P(Bin < u) >= 1 - tail; n + 1 if there is none. */
static size_t upper_rank(double tail, double p, size_t n)
{
    size_t no = 0, yes = n + 1;

    while (yes - no > 1) {
        size_t mid = no + (yes - no) / 2;
        if (below(mid, p, n) >= 1 - tail)
            yes = mid;
        else
            no = mid;
    }
    return yes;
}

struct interval ci_quantile(const double *x, size_t n, double p,
                            double confidence)
{
    struct interval r = {.mean = NAN, .low = NAN, .high = NAN, .n = n};
    double tail = (1 - confidence) / 2;
    size_t l, u, at;

    CHECK(p > 0 && p < 1);
    if (n == 0)
        return r;
    l = lower_rank(tail, p, n);
    u = upper_rank(tail, p, n);
    if (l == 0)
        u = upper_rank(2 * tail, p, n);
    else if (u > n)
        l = lower_rank(2 * tail, p, n);
    at = (size_t)ceil(p * (double)n);
    r.mean = x[at < 1 ? 0 : at > n ? n - 1 : at - 1];
    r.low = l >= 1 ? x[l - 1] : NAN;
    r.high = u <= n ? x[u - 1] : NAN;
    return r;
}

size_t ci_quantile_needs(double p, double confidence)
{
    double tail = (1 - confidence) / 2;

    return (size_t)ceil(log(tail) / log(p > 0.5 ? p : 1 - p));
}
