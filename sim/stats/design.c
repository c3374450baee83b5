/*
 * design.c - Latin hypercubes, Sobol points, grids.
 *
 * Source: McKay, Beckman & Conover (1979); Johnson, Moore & Ylvisaker (1990)
 * for maximin; Sobol (1967) as in GSL; Cranley & Patterson (1976) for the
 * random shift.
 */
#include "stats/design.h"
#include <math.h>
#include <string.h>
#include <gsl/gsl_qrng.h>
#include "base/bug.h"
#include "kernel/rng.h"
#include "stats/purposes.h"

#define LHS_TRIES 50

enum { STREAM_LHS, STREAM_SHIFT };

/* One column: the slices in random order, a random place within each. */
static void lhs_column(double *points, size_t n, size_t d, size_t column,
                       struct stream *s)
{
    for (size_t i = 0; i < n; i++) {
        size_t j = stream_below(s, (uint32_t)(i + 1));
        points[i * d + column] = points[j * d + column];
        points[j * d + column] = (double)i;
    }
    for (size_t i = 0; i < n; i++) {
        double *x = &points[i * d + column];
        *x = fmin((*x + stream_u01(s)) / (double)n, 1 - 0x1p-53);
    }
}

/* The square of the least distance between two points. */
static double closest(const double *points, size_t n, size_t d)
{
    double least = INFINITY;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            double square = 0;
            for (size_t c = 0; c < d; c++) {
                double gap = points[i * d + c] - points[j * d + c];
                square += gap * gap;
            }
            least = fmin(least, square);
        }
    return least;
}

void design_lhs(struct arena *scratch, double *points, size_t n, size_t d,
                uint64_t seed)
{
    double *trial = arena_many(scratch, double, n * d);
    double widest = -1;
    struct stream s;

    CHECK(n < UINT32_MAX);
    stream_init(&s, seed, STATS_DESIGN, STREAM_LHS, 0);
    for (int t = 0; t < LHS_TRIES; t++) {
        double gap;
        for (size_t column = 0; column < d; column++)
            lhs_column(trial, n, d, column, &s);
        gap = closest(trial, n, d);
        if (gap > widest) {
            widest = gap;
            memcpy(points, trial, n * d * sizeof *points);
        }
    }
}

bool design_sobol(double *points, size_t n, size_t d, uint64_t seed)
{
    gsl_qrng *q;

    if (d == 0 || d > DESIGN_SOBOL_MAX)
        return false;
    q = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)d);
    CHECK(q != NULL);
    for (size_t i = 0; i < n; i++) {
        double *x = &points[i * d];
        gsl_qrng_get(q, x);
        for (size_t c = 0; c < d; c++) {
            x[c] += stream_u01_at(seed, STATS_DESIGN, STREAM_SHIFT, 0, c);
            x[c] -= floor(x[c]);
        }
    }
    gsl_qrng_free(q);
    return true;
}

void design_grid(size_t i, const size_t *levels, size_t d, size_t *level)
{
    for (size_t j = d; j-- > 0; i /= levels[j])
        level[j] = i % levels[j];
    CHECK(i == 0);
}

size_t design_level(double u, size_t m)
{
    size_t level = (size_t)(u * (double)m);

    CHECK(u >= 0 && m >= 1);
    return level < m ? level : m - 1;
}
