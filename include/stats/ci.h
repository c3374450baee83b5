/*
 * ci.h - intervals for means, proportions, quantiles and ratios over
 * replications.
 *
 * Which one: the mean of a roughly symmetric metric by Student's t, of a
 * skewed one by the bootstrap-t (ci_mean_ruled chooses); a share by Wilson
 * for display and by Clopper-Pearson where a promise is judged; a quantile by
 * order statistics; an availability as a pooled ratio.  Never Wald, which
 * covers 5 % instead of 95 % at p = 0.001, n = 50.  A metric that is zero in
 * nearly every replication gets no mean at all: see stats/summary.h.
 *
 * All functions are pure; x is borrowed and must hold no NaN.  confidence is
 * in (0, 1), for example 0.95.  NaN in a result means undefined.
 * Coverage: tests/stats measures it for every interval here.
 */
#ifndef STATS_CI_H
#define STATS_CI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"

struct interval {
    double mean, low, high;     /* estimate and bounds; NaN if undefined */
    size_t n;                   /* observations used */
};

/* Student's t interval for the mean of x[0..n-1]; n >= 2, else low and high
 * are NaN.  mean +- t(n-1) s / sqrt(n). */
struct interval ci_mean(const double *x, size_t n, double confidence);

/* True if x is too skewed for Student's t: n <= 25 skewness^2 (Cochran). */
bool ci_skewed(const double *x, size_t n);

/* The bootstrap-t interval for the mean: the distribution of the t statistic
 * is measured on 1999 resamples instead of looked up.  seed names the stream
 * (purpose STATS_BOOTSTRAP), so a result repeats.  n >= 2, else bounds are
 * NaN; a bound is infinite where so many resamples are constant that the data
 * give none.  Resolution suffices up to a confidence of 0.999. */
struct interval ci_mean_bootstrap(const double *x, size_t n,
                                  double confidence, uint64_t seed);

/* The rule: Student's t, or the bootstrap-t if x is skewed. */
struct interval ci_mean_ruled(const double *x, size_t n, double confidence,
                              uint64_t seed);

/* Two-sided p-value of "the mean is 0" by the same rule, seed and resamples:
 * p <= 1 - confidence just where ci_mean_ruled leaves out 0.  At least 0.001
 * if x is skewed.  n < 2: 1. */
double ci_mean_p(const double *x, size_t n, uint64_t seed);

/* Wilson's score interval for k successes in n trials; k <= n.  For display:
 * coverage is near the nominal one on average.  n = 0: all NaN. */
struct interval ci_share(size_t k, size_t n, double confidence);

/* Clopper and Pearson's exact interval: covers at least the nominal
 * confidence whatever the truth, so verdicts use it.  k <= n; n = 0: all NaN.
 * 60 bisections on the beta distribution for each side. */
struct interval ci_share_exact(size_t k, size_t n, double confidence);

/* The share below which the truth lies with this confidence if n trials had
 * no success: 1 - (1 - confidence)^(1/n), about 3/n at 95 %.  n = 0: 1. */
double ci_share_none(size_t n, double confidence);

/* The p-quantile, 0 < p < 1, of x, which must be sorted ascending: order
 * statistics x(l) and x(u) with P(Bin(n, p) < l) <= alpha/2 and
 * P(Bin(n, p) < u) >= 1 - alpha/2.  mean is x(ceil(np)).  Where n is too small
 * for both sides, the missing side is NaN and the other is a one-sided bound
 * of the full confidence; ci_quantile_needs says how many it would take. */
struct interval ci_quantile(const double *x, size_t n, double p,
                            double confidence);

/* The least n at which ci_quantile has both sides: 72 for p95 at 95 %. */
size_t ci_quantile_needs(double p, double confidence);

/* A ratio of totals, sum(part) / sum(whole), over replications: availability
 * = good / all requests.  Jackknife variance, t(n-1).  mean is NaN if the
 * wholes sum to 0, bounds also if n < 2. */
struct interval ci_ratio(const double *part, const double *whole, size_t n,
                         double confidence);

/* The same by the rule of ci_mean_ruled: where the jackknife's pseudo-values
 * are skewed, their bootstrap-t interval, moved to the ratio. */
struct interval ci_ratio_ruled(struct arena *scratch, const double *part,
                               const double *whole, size_t n,
                               double confidence, uint64_t seed);

/* What an interval says about a promise. */
enum verdict { VERDICT_MET, VERDICT_MISSED, VERDICT_UNDECIDED };

/* Is the estimated quantity at least (or, if at_least is false, at most)
 * limit?  Undecided if the interval straddles the limit or is undefined. */
enum verdict ci_verdict(struct interval i, bool at_least, double limit);

#endif
