/*
 * summary.c - one metric over replications.
 *
 * Source: coverage of intervals on data with a heavy atom, measured in
 * tests/stats/test_bootstrap.c; Boyer & Moore (1991) for the majority vote.
 */
#include "stats/summary.h"
#include <math.h>
#include <gsl/gsl_sort.h>

#define FEW 10                  /* fewer hits make no mean */

bool summary_is_rare(size_t hits, size_t n)
{
    return hits < FEW && hits <= n / 2;
}

/* Copy x without its NaN to out, in order; returns how many. */
static size_t defined_values(const double *x, size_t n, double *out)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            out[len++] = x[i];
    return len;
}

static bool differs(double a, double b)
{
    return a < b || a > b;
}

static size_t count_hits(const double *x, size_t n, double usual)
{
    size_t hits = 0;

    for (size_t i = 0; i < n; i++)
        hits += differs(x[i], usual);
    return hits;
}

double summary_usual(const double *x, size_t n, size_t *hits)
{
    double candidate = 0;
    size_t votes = 0, defined = 0;

    /* If any value has the majority, it is the candidate that is left. */
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        defined++;
        if (votes == 0)
            candidate = x[i];
        if (differs(x[i], candidate))
            votes--;
        else
            votes++;
    }
    *hits = count_hits(x, n, candidate);
    if (defined - *hits > defined / 2)
        return candidate;
    *hits = count_hits(x, n, 0);
    return 0;
}

/* Median of sorted x; NaN if there is none. */
static double median(const double *x, size_t n)
{
    if (n == 0)
        return NAN;
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

static double deviation(const double *x, size_t n, double mean)
{
    double s = 0;

    for (size_t i = 0; i < n; i++)
        s += (x[i] - mean) * (x[i] - mean);
    return n < 2 ? NAN : sqrt(s / (double)(n - 1));
}

static enum summary_kind kind_of(const struct summary *s)
{
    if (s->n == 0)
        return SUMMARY_NONE;
    if (s->hits == 0)
        return SUMMARY_CONSTANT;
    return summary_is_rare(s->hits, s->n) ? SUMMARY_RARE : SUMMARY_MEAN;
}

/* Keep the values of sorted x that differ from the usual one, in order. */
static void keep_hits(double *x, size_t n, double usual)
{
    size_t hits = 0;

    for (size_t i = 0; i < n; i++)
        if (differs(x[i], usual))
            x[hits++] = x[i];
}

struct summary summary_of(struct arena *scratch, const double *x, size_t n,
                          double confidence, uint64_t seed)
{
    double *value = arena_many(scratch, double, n);
    double *sorted;
    struct summary s = {.min = NAN, .max = NAN, .hit_min = NAN, .hit_max = NAN};

    s.n = defined_values(x, n, value);
    s.undefined = n - s.n;
    s.mean = ci_mean_ruled(value, s.n, confidence, seed);
    s.skewed = ci_skewed(value, s.n);
    s.sd = deviation(value, s.n, s.mean.mean);
    sorted = arena_memdup(scratch, value, s.n * sizeof *value);
    gsl_sort(sorted, 1, s.n);
    s.p95 = ci_quantile(sorted, s.n, 0.95, confidence);
    s.median = median(sorted, s.n);
    if (s.n > 0) {
        s.min = sorted[0];
        s.max = sorted[s.n - 1];
    }
    s.usual = summary_usual(sorted, s.n, &s.hits);
    keep_hits(sorted, s.n, s.usual);
    s.share = ci_share_exact(s.hits, s.n, confidence);
    s.hit_median = median(sorted, s.hits);
    if (s.hits > 0) {
        s.hit_min = sorted[0];
        s.hit_max = sorted[s.hits - 1];
    }
    s.kind = kind_of(&s);
    return s;
}

struct interval summary_bounds(const struct summary *s)
{
    struct interval i = s->mean;
    double near, far;

    if (s->kind != SUMMARY_RARE)
        return i;
    near = s->hit_min - s->usual;
    far = s->hit_max - s->usual;
    i.low = s->usual + near * (near > 0 ? s->share.low : s->share.high);
    i.high = s->usual + far * (far > 0 ? s->share.high : s->share.low);
    return i;
}
