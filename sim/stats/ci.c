/*
 * ci.c - intervals for means and ratios, and what they say of a promise.
 *
 * Sums run in the order of the replications and in double, so that a result
 * does not depend on the number of threads or the width of long double.
 *
 * Source: Law, Simulation Modeling and Analysis, 5th ed. (2015), 4.5 (t) and
 * 9.4; Quenouille (1956) and Tukey (1958) for the jackknife.
 */
#include "stats/ci.h"
#include <math.h>
#include <gsl/gsl_cdf.h>

/* The factor of the standard error on each side. */
static double t_factor(size_t n, double confidence)
{
    return gsl_cdf_tdist_Pinv(0.5 + confidence / 2, (double)(n - 1));
}

static double sum(const double *x, size_t n)
{
    double s = 0;

    for (size_t i = 0; i < n; i++)
        s += x[i];
    return s;
}

/* Sum of squares about m. */
static double squares(const double *x, size_t n, double m)
{
    double s = 0;

    for (size_t i = 0; i < n; i++)
        s += (x[i] - m) * (x[i] - m);
    return s;
}

struct interval ci_mean(const double *x, size_t n, double confidence)
{
    struct interval r = {.mean = NAN, .low = NAN, .high = NAN, .n = n};

    if (n > 0)
        r.mean = sum(x, n) / (double)n;
    if (n > 1) {
        double s2 = squares(x, n, r.mean) / (double)(n - 1);
        double half = t_factor(n, confidence) * sqrt(s2 / (double)n);
        r.low = r.mean - half;
        r.high = r.mean + half;
    }
    return r;
}

/* The ratio without replication i, or the whole ratio if nothing is left. */
static double ratio_without(double part, double whole, double p, double w,
                            double ratio)
{
    return whole - w > 0 ? (part - p) / (whole - w) : ratio;
}

struct interval ci_ratio(const double *part, const double *whole, size_t n,
                         double confidence)
{
    struct interval r = {.mean = NAN, .low = NAN, .high = NAN, .n = n};
    double p = sum(part, n), w = sum(whole, n);
    double centre = 0, var = 0;

    if (!(w > 0))
        return r;
    r.mean = p / w;
    if (n < 2)
        return r;
    for (size_t i = 0; i < n; i++)
        centre += ratio_without(p, w, part[i], whole[i], r.mean);
    centre /= (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = ratio_without(p, w, part[i], whole[i], r.mean) - centre;
        var += d * d;
    }
    var *= (double)(n - 1) / (double)n;
    r.low = r.mean - t_factor(n, confidence) * sqrt(var);
    r.high = r.mean + t_factor(n, confidence) * sqrt(var);
    return r;
}

struct interval ci_ratio_ruled(struct arena *scratch, const double *part,
                               const double *whole, size_t n,
                               double confidence, uint64_t seed)
{
    struct interval r = ci_ratio(part, whole, n, confidence), i;
    double p = sum(part, n), w = sum(whole, n);
    double *pseudo = arena_many(scratch, double, n);

    if (!(w > 0) || n < 2)
        return r;
    for (size_t k = 0; k < n; k++)
        pseudo[k] = (double)n * r.mean - (double)(n - 1)
            * ratio_without(p, w, part[k], whole[k], r.mean);
    if (!ci_skewed(pseudo, n))
        return r;
    i = ci_mean_bootstrap(pseudo, n, confidence, seed);
    r.low = r.mean + (i.low - i.mean);
    r.high = r.mean + (i.high - i.mean);
    return r;
}

enum verdict ci_verdict(struct interval i, bool at_least, double limit)
{
    double bad = at_least ? i.low : -i.high;
    double good = at_least ? i.high : -i.low;
    double bound = at_least ? limit : -limit;

    if (bad >= bound)
        return VERDICT_MET;
    return good < bound ? VERDICT_MISSED : VERDICT_UNDECIDED;
}
