/*
 * points.c - which cells of the parameters a sweep or a search tries.
 *
 * A listed value counts by its place in the list, so that what has no number
 * (25 %, a word) has an order: that of the list.  A value of a range is rounded
 * to what people write: whole ones if it asks for them, else three digits
 * behind the point, or milliseconds.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "app/scenario.h"
#include "base/text.h"
#include "base/units.h"
#include "stats/design.h"

#define CELLS_MAX 10000
#define SPREAD_MAX 1000         /* beyond, a Latin hypercube takes too long */

/* A value of a range, rounded in *x, as the file would have it. */
static const struct value *range_value(struct arena *a,
                                       const struct parameter *p, double *x)
{
    double unit = p->integer ? 1 : 1e-3;
    char room[32];

    *x = round(*x / unit) * unit;
    *x = *x < p->low ? p->low : *x > p->high ? p->high : *x;
    if (p->unit == RANGE_DURATION)
        format_duration(room, llround(*x * 1e9));
    else
        format_real(room, round(*x * 1000) / 1000);
    return value_plain(a, arena_printf(a, "%s%s", room,
                                       p->unit == RANGE_PERCENT ? "%" : ""),
                       &p->mark);
}

/* The point whose parameters are at u[] in [0, 1). */
static struct point point_at(const struct scenario *s, const double *u)
{
    size_t d = s->nparameters;
    const struct value **values = arena_many(s->arena, const struct value *,
                                             d + 1);
    double *at = arena_many(s->arena, double, d + 1);

    for (size_t k = 0; k < d; k++) {
        const struct parameter *p = &s->parameters[k];

        if (p->n > 0) {
            size_t level = design_level(u[k], p->n);

            at[k] = (double)level;
            values[k] = p->values[level];
            continue;
        }
        at[k] = p->integer ? ceil(p->low) + floor(u[k] * (floor(p->high) -
                                                          ceil(p->low) + 1))
                           : p->low + u[k] * (p->high - p->low);
        values[k] = range_value(s->arena, p, &at[k]);
    }
    return (struct point){ values, at, false };
}

/* ---- designs ------------------------------------------------------------- */

/* The middle of a parameter: the upper one of two. */
static double middle(const struct parameter *p)
{
    return p->n > 0 ? ((double)(p->n / 2) + 0.5) / (double)p->n : 0.5;
}

/* All combinations, unless they are too many. */
static struct point *grid(struct app *app, const struct scenario *s, size_t *n)
{
    size_t *levels = arena_many(s->arena, size_t, s->nparameters + 1);
    size_t *level = arena_many(s->arena, size_t, s->nparameters + 1);
    double *u = arena_many(s->arena, double, s->nparameters + 1);
    struct point *points;

    *n = 1;
    for (size_t k = 0; k < s->nparameters; k++) {
        const struct parameter *p = &s->parameters[k];

        if (p->n == 0) {
            err_error(&app->errors, &p->mark, "parameter \"%s\" has a range, "
                      "which no grid has room for: give values, or --design "
                      "lhs", p->name);
            return NULL;
        }
        levels[k] = p->n;
        *n = *n > CELLS_MAX ? *n : *n * p->n;
    }
    if (*n > CELLS_MAX)
        return NULL;
    points = arena_many(s->arena, struct point, *n);
    for (size_t i = 0; i < *n; i++) {
        bool base = true;

        design_grid(i, levels, s->nparameters, level);
        for (size_t k = 0; k < s->nparameters; k++) {
            u[k] = ((double)level[k] + 0.5) / (double)levels[k];
            base &= level[k] == levels[k] / 2;
        }
        points[i] = point_at(s, u);
        points[i].base = base;
    }
    return points;
}

/* The middle, then every parameter low and high. */
static struct point *one_at_a_time(const struct scenario *s, size_t *n)
{
    double *u = arena_many(s->arena, double, s->nparameters + 1);
    struct point *points;

    *n = 1 + 2 * s->nparameters;
    points = arena_many(s->arena, struct point, *n);
    for (size_t i = 0; i < *n; i++) {
        for (size_t k = 0; k < s->nparameters; k++)
            u[k] = i == 1 + 2 * k ? 0 : i == 2 + 2 * k ? 1 - 0x1p-53
                   : middle(&s->parameters[k]);
        points[i] = point_at(s, u);
        points[i].base = i == 0;
    }
    return points;
}

static struct point *spread(struct app *app, const struct scenario *s,
                            bool sobol, size_t n)
{
    size_t d = s->nparameters;
    double *u = arena_many(s->arena, double, n * d + 1);
    struct point *points = arena_many(s->arena, struct point, n);
    uint64_t seed = s->variants[0].spec->seed;

    if (sobol && !design_sobol(u, n, d, seed)) {
        err_error(&app->errors, NULL, "a Sobol design has 1 to %d parameters, "
                  "not %zu", DESIGN_SOBOL_MAX, d);
        return NULL;
    }
    if (!sobol)
        design_lhs(s->arena, u, n, d, seed);
    for (size_t i = 0; i < n; i++)
        points[i] = point_at(s, u + i * d);
    return points;
}

/* ---- the whole ----------------------------------------------------------- */

static bool same(const struct scenario *s, const struct point *a,
                 const struct point *b)
{
    for (size_t k = 0; k < s->nparameters; k++)
        if (a->at[k] < b->at[k] || a->at[k] > b->at[k])
            return false;
    return true;
}

/* Leave out what occurs again. */
static size_t distinct(const struct scenario *s, struct point *points,
                       size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        bool again = false;

        for (size_t k = 0; k < kept && !again; k++)
            again = same(s, &points[k], &points[i]);
        if (!again)
            points[kept++] = points[i];
    }
    return kept;
}

const struct point *scenario_points(struct app *app, const struct scenario *s,
                                    enum design design, size_t n,
                                    size_t *count)
{
    bool whole = design == DESIGN_GRID || design == DESIGN_ONE_AT_A_TIME;
    size_t most = whole ? CELLS_MAX : SPREAD_MAX;
    struct point *points = NULL;

    if (design == DESIGN_GRID)
        points = grid(app, s, &n);
    else if (design == DESIGN_ONE_AT_A_TIME)
        points = one_at_a_time(s, &n);
    else if (n <= most)
        points = spread(app, s, design == DESIGN_SOBOL, n);
    if (n > most)
        err_error(&app->errors, NULL, "these are more than %zu cells: fewer "
                  "values, or --design lhs --points N", most);
    if (!points)
        return NULL;
    *count = design == DESIGN_GRID ? n : distinct(s, points, n);
    return points;
}
