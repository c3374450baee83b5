/*
 * sens.c - sensitivity of a metric to parameters.
 *
 * Ranks make the regression insensitive to the shape of a monotone response,
 * such as downtime exploding as the probe period grows.
 *
 * Not done: interactions and variance-based indices (Sobol, Morris).
 * Source: Saltelli et al., Global Sensitivity Analysis (2008), 1.2.5 and 4;
 * Iman & Conover, Technometrics 21 (1979) 499.
 */
#include "stats/sens.h"
#include <math.h>
#include <gsl/gsl_multifit.h>
#include <gsl/gsl_sort.h>
#include "base/bug.h"

/* Mean of x - base over the replications that have both. */
static struct interval change(double *d, const double *x, const double *base,
                              size_t n, double confidence)
{
    size_t len = 0;

    for (size_t r = 0; r < n; r++)
        if (!isnan(x[r] - base[r]))
            d[len++] = x[r] - base[r];
    return ci_mean(d, len, confidence);
}

void sens_tornado(struct arena *scratch, const double *base,
                  const double *const *low, const double *const *high,
                  size_t d, size_t n, double confidence, struct swing *out)
{
    double *differences = arena_many(scratch, double, n);

    for (size_t j = 0; j < d; j++) {
        struct swing s = {.parameter = j};
        size_t i = j;
        s.low = change(differences, low[j], base, n, confidence);
        s.high = change(differences, high[j], base, n, confidence);
        s.span = fmax(0, fmax(s.low.mean, s.high.mean))
                 - fmin(0, fmin(s.low.mean, s.high.mean));
        for (; i > 0 && out[i - 1].span < s.span; i--)
            out[i] = out[i - 1];
        out[i] = s;
    }
}

/* Replace x by its ranks (ties share their mean rank), centred and scaled to
 * a sum of squares of 1; all zero if x does not vary. */
static void standardise_ranks(double *x, size_t stride, size_t n,
                              size_t *order, double *rank)
{
    double squares = 0;

    gsl_sort_index(order, x, stride, n);
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n; j++)
            if (x[order[i] * stride] < x[order[j] * stride])
                break;
        for (size_t t = i; t < j; t++)
            rank[order[t]] = (double)(i + j) / 2 - (double)n / 2;
    }
    for (size_t i = 0; i < n; i++)
        squares += rank[i] * rank[i];
    for (size_t i = 0; i < n; i++)
        x[i * stride] = squares > 0 ? rank[i] / sqrt(squares) : 0;
}

/* Least squares of y on the columns of x (n by d), both standardised: y's sum
 * of squares is 1, so R^2 = 1 - residual.  Rank deficiency is allowed. */
static double regress(double *x, double *y, size_t n, size_t d, double *coef)
{
    gsl_matrix_view xv = gsl_matrix_view_array(x, n, d);
    gsl_vector_view yv = gsl_vector_view_array(y, n);
    gsl_vector_view cv = gsl_vector_view_array(coef, d);
    gsl_matrix *cov = gsl_matrix_alloc(d, d);
    gsl_multifit_linear_workspace *w = gsl_multifit_linear_alloc(n, d);
    double residual;
    int status;

    CHECK(cov != NULL && w != NULL);
    status = gsl_multifit_linear(&xv.matrix, &yv.vector, &cv.vector, cov,
                                 &residual, w);
    gsl_multifit_linear_free(w);
    gsl_matrix_free(cov);
    return status == 0 ? 1 - residual : NAN;
}

double sens_rank_regression(struct arena *scratch, const double *points,
                            const double *y, size_t n, size_t d,
                            double *coef)
{
    double *x, *z, *rank;
    size_t *order;

    for (size_t j = 0; j < d; j++)
        coef[j] = NAN;
    if (d == 0 || n <= d + 1)
        return NAN;
    x = arena_memdup(scratch, points, n * d * sizeof *x);
    z = arena_memdup(scratch, y, n * sizeof *z);
    rank = arena_many(scratch, double, n);
    order = arena_many(scratch, size_t, n);
    for (size_t j = 0; j < d; j++)
        standardise_ranks(x + j, d, n, order, rank);
    standardise_ranks(z, 1, n, order, rank);
    return regress(x, z, n, d, coef);
}
