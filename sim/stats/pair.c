/*
 * pair.c - paired differences, McNemar, Holm.
 *
 * Source: Law (2015), 10.2 (paired t, Welch) and 11.2 (common random numbers);
 * McNemar (1947); Newcombe, Statistics in Medicine 17 (1998) 2635, method 10;
 * Holm (1979).
 */
#include "stats/pair.h"
#include <math.h>
#include <gsl/gsl_cdf.h>
#include "base/bug.h"
#include "stats/summary.h"

/* Two-sided exact p-value of a against b by a fair coin. */
static double sign_test(size_t a, size_t b)
{
    size_t less = a < b ? a : b;

    return fmin(1, 2 * gsl_cdf_binomial_P((unsigned)less, 0.5,
                                          (unsigned)(a + b)));
}

struct sums {
    double xx, yy, xy;          /* squares and products about the means */
};

static struct sums sums_about_means(const double *x, const double *y, size_t n)
{
    struct sums s = {0};
    double mx = 0, my = 0;

    for (size_t i = 0; i < n; i++) {
        mx += x[i] / (double)n;
        my += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        s.xx += (x[i] - mx) * (x[i] - mx);
        s.yy += (y[i] - my) * (y[i] - my);
        s.xy += (x[i] - mx) * (y[i] - my);
    }
    return s;
}

/* What pairing was worth, from the pairs alone. */
static void judge_pairing(struct pairing *p, const double *x, const double *y,
                          const double *d, size_t n)
{
    struct sums s = sums_about_means(x, y, n);
    double dd = sums_about_means(d, d, n).xx;

    p->correlation = s.xx > 0 && s.yy > 0 ? s.xy / sqrt(s.xx * s.yy) : NAN;
    p->saved = s.xx + s.yy > 0 ? (s.xx + s.yy) / dd : NAN;
}

/* Interval and p-value from the differences; more of them positive or not. */
static void judge_difference(struct pairing *p, struct arena *scratch,
                             const double *d, size_t n, double confidence,
                             uint64_t seed)
{
    struct summary s = summary_of(scratch, d, n, confidence, seed);
    size_t up = 0;

    for (size_t i = 0; i < n; i++) {
        p->differ += d[i] < 0 || d[i] > 0;
        up += d[i] > 0;
    }
    p->rare = p->differ > 0 && summary_is_rare(p->differ, n);
    p->difference = summary_bounds(&s);
    if (s.kind == SUMMARY_MEAN)
        p->p = ci_mean_p(d, n, seed);
    else
        p->p = sign_test(up, p->differ - up);
    if (p->rare)
        p->difference.low = p->difference.high = NAN;
}

struct pairing pair_compare(struct arena *scratch, const double *x,
                            const double *y, size_t n, double confidence,
                            uint64_t seed)
{
    double *a = arena_many(scratch, double, n);
    double *b = arena_many(scratch, double, n);
    double *d = arena_many(scratch, double, n);
    struct pairing p = {0};
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]) || isnan(y[i]))
            continue;
        a[len] = x[i];
        b[len] = y[i];
        d[len++] = x[i] - y[i];
    }
    p.undefined = n - len;
    judge_difference(&p, scratch, d, len, confidence, seed);
    judge_pairing(&p, a, b, d, len);
    return p;
}

/* Mean of x, and its squared standard error in *se2. */
static double mean_with_error(const double *x, size_t n, double *se2)
{
    struct sums s = sums_about_means(x, x, n);
    double mean = 0;

    for (size_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    *se2 = s.xx / (double)(n - 1) / (double)n;
    return mean;
}

struct pairing pair_unpaired(const double *x, size_t nx, const double *y,
                             size_t ny, double confidence)
{
    struct pairing p = { .difference = { NAN, NAN, NAN, nx < ny ? nx : ny },
                         .p = 1, .correlation = NAN, .saved = NAN };
    double ex, ey, d, se, df;

    if (nx < 2 || ny < 2)
        return p;
    d = mean_with_error(x, nx, &ex) - mean_with_error(y, ny, &ey);
    se = sqrt(ex + ey);
    p.difference.mean = p.difference.low = p.difference.high = d;
    if (!(se > 0)) {
        p.p = d < 0 || d > 0 ? 0 : 1;
        return p;
    }
    df = (ex + ey) * (ex + ey) /
         (ex * ex / (double)(nx - 1) + ey * ey / (double)(ny - 1));
    p.p = 2 * gsl_cdf_tdist_Q(fabs(d) / se, df);
    se *= gsl_cdf_tdist_Pinv(0.5 + confidence / 2, df);
    p.difference.low = d - se;
    p.difference.high = d + se;
    return p;
}

/* Correlation of the two outcomes of a pair, a positive one with Newcombe's
 * continuity correction; 0 if either never varies. */
static double phi(double a, double b, double c, double d)
{
    double margins = (a + b) * (c + d) * (a + c) * (b + d);
    double product = a * d - b * c;

    if (product > 0)
        product = fmax(0, product - (a + b + c + d) / 2);
    return margins > 0 ? product / sqrt(margins) : 0;
}

struct mcnemar pair_mcnemar(size_t both, size_t only_x, size_t only_y,
                            size_t neither, double confidence)
{
    size_t n = both + only_x + only_y + neither;
    struct interval x = ci_share(both + only_x, n, confidence);
    struct interval y = ci_share(both + only_y, n, confidence);
    double r = phi((double)both, (double)only_x, (double)only_y,
                   (double)neither);
    double x_low = x.mean - x.low, x_high = x.high - x.mean;
    double y_low = y.mean - y.low, y_high = y.high - y.mean;
    struct mcnemar m = {.p = sign_test(only_x, only_y)};

    m.difference.n = n;
    m.difference.mean = x.mean - y.mean;
    m.difference.low = m.difference.mean
        - sqrt(x_low * x_low - 2 * r * x_low * y_high + y_high * y_high);
    m.difference.high = m.difference.mean
        + sqrt(x_high * x_high - 2 * r * x_high * y_low + y_low * y_low);
    return m;
}

/* Is p[i] before p[j] in ascending order, ties by index? */
static bool before(const double *p, size_t i, size_t j)
{
    return p[i] < p[j] || (!(p[j] < p[i]) && i < j);
}

void pair_holm(const double *p, size_t m, double *adjusted)
{
    for (size_t i = 0; i < m; i++) {
        size_t rank = 0;
        for (size_t j = 0; j < m; j++)
            rank += before(p, j, i);
        adjusted[i] = fmin(1, (double)(m - rank) * p[i]);
    }
    /* Never below that of a smaller p; in place, since maxima of maxima. */
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++)
            if (before(p, j, i))
                adjusted[i] = fmax(adjusted[i], adjusted[j]);
}

double pair_bonferroni(double confidence, size_t m)
{
    CHECK(m >= 1);
    return 1 - (1 - confidence) / (double)m;
}
