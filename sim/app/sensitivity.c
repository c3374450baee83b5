/*
 * sensitivity.c - tornado and rank regression of a sweep.
 *
 * The tornado moves one parameter at a time from the base, which is the middle
 * of a grid; where that cell cannot be simulated, the nearest one that can.
 * Its differences are paired.  The rank regression takes all cells together,
 * whatever the design.
 */
#include "app/sensitivity.h"
#include <math.h>
#include <stdint.h>

size_t sensitivity_strategies(const struct scenario *s)
{
    size_t n = 0;

    while (n < s->nvariants && s->variants[n].cell == s->variants[0].cell)
        n++;
    return n;
}

/* The place of a variant's cell along parameter k. */
static double place_of(const struct scenario *s, size_t variant, size_t k)
{
    return s->points[s->variants[variant].cell].at[k];
}

/* How far a cell is from a point, in places. */
static double distance(const struct scenario *s, size_t v, const double *at)
{
    double d = 0;

    for (size_t k = 0; k < s->nparameters; k++)
        d += fabs(place_of(s, v, k) - at[k]);
    return d;
}

/* The variant of this strategy in or next to the base; SIZE_MAX if the design
 * has none. */
static size_t base_of(const struct scenario *s, size_t strategy, size_t step)
{
    const double *at = NULL;
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < s->npoints; i++)
        if (s->points[i].base)
            at = s->points[i].at;
    for (size_t v = strategy; at && v < s->nvariants; v += step)
        if (best == SIZE_MAX || distance(s, v, at) < distance(s, best, at))
            best = v;
    return best;
}

/* Does variant v differ from the base in parameter k at most? */
static bool beside(const struct scenario *s, size_t v, size_t base, size_t k)
{
    double all = distance(s, v, s->points[s->variants[base].cell].at);
    double one = fabs(place_of(s, v, k) - place_of(s, base, k));

    return !(all > one);
}

static void find_ends(const struct scenario *s, size_t step, size_t k,
                      struct sensitivity *out)
{
    out->low[k] = out->high[k] = out->base;
    for (size_t v = out->strategy; v < s->nvariants; v += step) {
        double at = place_of(s, v, k);

        if (!beside(s, v, out->base, k))
            continue;
        if (at < place_of(s, out->low[k], k))
            out->low[k] = v;
        if (at > place_of(s, out->high[k], k))
            out->high[k] = v;
    }
}

static void tornado(const struct experiment *e, struct arena *a,
                    struct sensitivity *out)
{
    const struct scenario *s = e->scenario;
    size_t d = s->nparameters;
    const double **low = arena_many(a, const double *, d + 1);
    const double **high = arena_many(a, const double *, d + 1);

    for (size_t k = 0; k < d; k++) {
        find_ends(s, sensitivity_strategies(s), k, out);
        low[k] = experiment_series(e, a, out->low[k], out->metric);
        high[k] = experiment_series(e, a, out->high[k], out->metric);
    }
    sens_tornado(a, experiment_series(e, a, out->base, out->metric), low, high,
                 d, e->n, s->confidence, out->swings);
}

static void regression(const struct experiment *e, struct arena *a,
                       struct sensitivity *out)
{
    const struct scenario *s = e->scenario;
    size_t d = s->nparameters, step = sensitivity_strategies(s);
    double *x = arena_many(a, double, s->nvariants * d + 1);
    double *y = arena_many(a, double, s->nvariants);

    for (size_t v = out->strategy; v < s->nvariants; v += step) {
        double mean = experiment_summary(e, a, v, out->metric).mean.mean;

        if (isnan(mean))
            continue;
        for (size_t k = 0; k < d; k++)
            x[out->cells * d + k] = place_of(s, v, k);
        y[out->cells++] = mean;
    }
    out->r2 = sens_rank_regression(a, x, y, out->cells, d, out->rank);
}

bool sensitivity_says(const struct sensitivity *x, size_t d)
{
    double sum = 0;

    for (size_t k = 0; k < d; k++)
        sum += fabs(x->rank[k]);
    return !isnan(x->r2) && sum > 1e-9;
}

void sensitivity_of(const struct experiment *e, struct arena *a,
                    size_t strategy, enum metric m, struct sensitivity *out)
{
    const struct scenario *s = e->scenario;
    size_t d = s->nparameters;

    *out = (struct sensitivity){
        .strategy = strategy, .metric = m,
        .base = base_of(s, strategy, sensitivity_strategies(s)),
        .swings = arena_many(a, struct swing, d + 1),
        .low = arena_many(a, size_t, d + 1),
        .high = arena_many(a, size_t, d + 1),
        .rank = arena_many(a, double, d + 1), .r2 = NAN
    };
    if (out->base != SIZE_MAX && e->n > 0)
        tornado(e, a, out);
    if (e->n > 0)
        regression(e, a, out);
}
