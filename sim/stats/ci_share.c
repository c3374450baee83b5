/*
 * ci_share.c - intervals for proportions.
 *
 * Clopper-Pearson: the bounds are beta quantiles, B(alpha/2; k, n-k+1) and
 * B(1-alpha/2; k+1, n-k).  They are found by bisection on the distribution
 * function: GSL 2.7's inverse, gsl_cdf_beta_Pinv, fails for up to 2 % of such
 * arguments, for example (0.975; 17, 484), and would abort the program.
 *
 * Source: Wilson (1927); Clopper & Pearson (1934); Brown, Cai & DasGupta
 * (2001); Hanley & Lippman-Hand (1983) for no success at all.
 */
#include "stats/ci.h"
#include <math.h>
#include <gsl/gsl_cdf.h>
#include "base/bug.h"

#define BISECTIONS 60           /* halvings of [0, 1]: beyond a double's ulp */

struct interval ci_share(size_t k, size_t n, double confidence)
{
    struct interval r = {.mean = NAN, .low = NAN, .high = NAN, .n = n};
    double z, share, scale, centre, half;

    CHECK(k <= n);
    if (n == 0)
        return r;
    z = gsl_cdf_ugaussian_Pinv(0.5 + confidence / 2);
    share = (double)k / (double)n;
    scale = 1 + z * z / (double)n;
    centre = share + z * z / (2 * (double)n);
    half = z * sqrt(share * (1 - share) / (double)n
                    + z * z / (4 * (double)n * (double)n));
    r.mean = share;
    r.low = k == 0 ? 0 : (centre - half) / scale;
    r.high = k == n ? 1 : (centre + half) / scale;
    return r;
}

/* The x with P(Beta(a, b) <= x) = p. */
static double beta_quantile(double p, double a, double b)
{
    double low = 0, high = 1;

    for (int i = 0; i < BISECTIONS; i++) {
        double mid = (low + high) / 2;
        if (gsl_cdf_beta_P(mid, a, b) < p)
            low = mid;
        else
            high = mid;
    }
    return (low + high) / 2;
}

struct interval ci_share_exact(size_t k, size_t n, double confidence)
{
    struct interval r = {.mean = NAN, .low = NAN, .high = NAN, .n = n};
    double tail = (1 - confidence) / 2;
    double yes = (double)k, no = (double)(n - k);

    CHECK(k <= n);
    if (n == 0)
        return r;
    r.mean = yes / (double)n;
    r.low = k == 0 ? 0 : beta_quantile(tail, yes, no + 1);
    r.high = k == n ? 1 : beta_quantile(1 - tail, yes + 1, no);
    return r;
}

double ci_share_none(size_t n, double confidence)
{
    return n == 0 ? 1 : -expm1(log1p(-confidence) / (double)n);
}
