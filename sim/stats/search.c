/*
 * search.c - finding the best of many cells: finalists, then confirmation.
 *
 * Halving stops when SEARCH_FINALISTS are left; what it would have spent on
 * its last rounds pays for the confirmation.  Measured on the 6 x 6 lattice of
 * tests/stats/test_search.c.
 *
 * Not done: pattern search between the values of a parameter, and models of
 * the response; a cell is tried or it is not.
 */
#include "stats/search.h"
#include <math.h>
#include "base/bug.h"
#include "stats/ci.h"

#define KN_FIRST 20             /* replications of its first stage */
#define OCBA_FIRST 5            /* of every cell before shares are computed */
#define OCBA_SHARE 0.85         /* of the budget; the rest confirms */

struct state {
    const struct search *s;
    struct arena *a;
    struct found *out;
    size_t *until;              /* what is asked for next */
};

/* Replications left to spend. */
static size_t left(const struct state *t)
{
    return t->out->used < t->s->budget ? t->s->budget - t->out->used : 0;
}

/* Run what until[] asks for. */
static bool extend(struct state *t)
{
    struct found *f = t->out;

    if (!t->s->extend(t->s->ctx, t->until)) {
        f->ended = true;
        return false;
    }
    for (size_t i = 0; i < t->s->k; i++) {
        if (t->until[i] > f->n[i]) {
            f->used += t->until[i] - f->n[i];
            f->n[i] = t->until[i];
        }
    }
    return true;
}

/* The mean of replications from .. n - 1. */
static double plain_mean(const struct search *s, size_t cell, size_t from,
                         size_t n)
{
    double sum = 0;

    for (size_t r = from; r < n; r++)
        sum += s->value(s->ctx, cell, r);
    return sum / (double)(n - from);
}

static enum fit fit_of(const struct state *t, size_t cell)
{
    return t->s->fit ? t->s->fit(t->s->ctx, cell, t->out->n[cell]) : FIT_YES;
}

/* What cells are ranked by: the mean, behind all others if it seems to break
 * its promises, NaN if it does. */
static double rank_value(const struct state *t, size_t cell, double mean)
{
    enum fit fit = fit_of(t, cell);

    return fit == FIT_NO ? NAN
           : fit == FIT_UNLIKELY ? mean + 1e9 * (1 + fabs(mean)) : mean;
}

static double *rank_all(const struct state *t)
{
    double *mean = arena_many(t->a, double, t->s->k);

    for (size_t i = 0; i < t->s->k; i++)
        mean[i] = t->out->n[i] == 0 ? NAN
            : rank_value(t, i, plain_mean(t->s, i, 0, t->out->n[i]));
    return mean;
}

/* ---- finalists ----------------------------------------------------------- */

static void halve(struct state *t)
{
    const struct search *s = t->s;
    struct found *f = t->out;
    size_t reps = 0;

    while (f->nfinalists > SEARCH_FINALISTS) {
        size_t more = halving_share(s->k, f->nfinalists, s->budget);

        if (more * f->nfinalists > left(t))
            more = left(t) / f->nfinalists;
        reps += more;
        for (size_t i = 0; i < f->nfinalists; i++)
            t->until[f->finalists[i]] = reps;
        if (!extend(t))
            return;
        f->nfinalists = halving_cut(rank_all(t), f->finalists,
                                    f->nfinalists);
    }
}

/* The standard deviation of one replication. */
static double deviation(const struct search *s, size_t cell, size_t n)
{
    double mean = plain_mean(s, cell, 0, n), sum = 0;

    for (size_t r = 0; r < n; r++)
        sum += pow(s->value(s->ctx, cell, r) - mean, 2);
    return sqrt(sum / (double)(n - 1));
}

/* Put the cells with the least rank values first and keep a few. */
static void keep_few(struct state *t)
{
    struct found *f = t->out;

    (void)halving_cut(rank_all(t), f->finalists, f->nfinalists);
    if (f->nfinalists > SEARCH_FINALISTS)
        f->nfinalists = SEARCH_FINALISTS;
}

static void allocate(struct state *t)
{
    const struct search *s = t->s;
    double *sd = arena_many(t->a, double, s->k);
    size_t *target = arena_many(t->a, size_t, s->k);
    size_t total = s->k * OCBA_FIRST;
    size_t most = (size_t)(OCBA_SHARE * (double)s->budget);

    for (size_t i = 0; i < s->k; i++)
        t->until[i] = total <= most ? OCBA_FIRST : 2;
    while (extend(t) && t->out->used < most) {
        double *mean = rank_all(t);
        size_t before = t->out->used, room;

        for (size_t i = 0; i < s->k; i++) {
            sd[i] = isnan(mean[i]) ? 0 : deviation(s, i, t->out->n[i]);
            mean[i] = isnan(mean[i]) ? 1e300 : mean[i];
        }
        total = before + s->k;
        ocba_targets(mean, sd, s->k, total, target);
        room = most - before;
        for (size_t i = 0; i < s->k; i++) {
            size_t more = target[i] > t->out->n[i] ? target[i] - t->out->n[i]
                                                   : 0;

            more = more < room ? more : room;
            t->until[i] = t->out->n[i] + more;
            room -= more;
        }
        if (room == most - before)      /* nothing was asked for */
            break;
    }
    keep_few(t);
}

/* ---- confirmation -------------------------------------------------------- */

/* The results of the finalists from replication `from` on. */
static const double **results(const struct state *t, size_t from, size_t n)
{
    const struct found *f = t->out;
    const double **x = arena_many(t->a, const double *, f->nfinalists);

    for (size_t i = 0; i < f->nfinalists; i++) {
        double *row = arena_many(t->a, double, n);

        for (size_t r = 0; r < n; r++)
            row[r] = t->s->value(t->s->ctx, f->finalists[i], from + r);
        x[i] = row;
    }
    return x;
}

/* Without cells that surely break promises or have undefined results. */
static void drop_unfit(struct state *t)
{
    struct found *f = t->out;
    double *mean = rank_all(t);
    size_t kept = 0;

    for (size_t i = 0; i < f->nfinalists; i++)
        if (f->n[f->finalists[i]] == 0 || !isnan(mean[f->finalists[i]]))
            f->finalists[kept++] = f->finalists[i];
    f->nfinalists = kept;
}

/* One more step of every finalist that is alive; false if the budget or the
 * user ends it. */
static bool step(struct state *t, const bool *alive, size_t from, size_t r)
{
    struct found *f = t->out;
    size_t cost = 0;

    for (size_t i = 0; i < f->nfinalists; i++) {
        size_t cell = f->finalists[i];

        if (!alive[i] || from + r <= f->n[cell])
            continue;
        t->until[cell] = from + r;
        cost += from + r - f->n[cell];
    }
    return cost <= left(t) && extend(t);
}

/* What KN compares: a cell that seems to break its promises rules nobody
 * out. */
static double kn_value(const struct state *t, size_t cell, double sum,
                       size_t r)
{
    double mean = rank_value(t, cell, sum / (double)r);

    return isnan(mean) ? 1e300 : mean;
}

/* Kim and Nelson among the finalists, on replications from `from` on; sets
 * confirmed, and alive[] of those that remain. */
static void confirm(struct state *t, size_t from, bool *alive)
{
    struct found *f = t->out;
    double *mean = arena_many(t->a, double, f->nfinalists);
    double *sum = arena_many(t->a, double, f->nfinalists);
    size_t r = KN_FIRST;
    struct kn kn;

    if (!step(t, alive, from, r))
        return;
    kn = kn_start(t->a, results(t, from, r), f->nfinalists, r,
                  1 - t->s->confidence, f->delta);
    for (size_t i = 0; i < f->nfinalists; i++)
        sum[i] = plain_mean(t->s, f->finalists[i], from, from + r - 1) *
                 (double)(r - 1);
    do {
        for (size_t i = 0; i < f->nfinalists; i++) {
            if (!alive[i])
                continue;
            sum[i] += t->s->value(t->s->ctx, f->finalists[i], from + r - 1);
            mean[i] = kn_value(t, f->finalists[i], sum[i], r);
        }
        if (kn_screen(&kn, mean, r, alive)) {
            f->confirmed = true;
            return;
        }
        r++;
    } while (step(t, alive, from, r));
}

/* Order the finalists: those that KN kept first, each group by its mean. */
static void order(struct state *t, const bool *alive)
{
    struct found *f = t->out;
    double *mean = rank_all(t);

    for (size_t i = 0; i < f->nfinalists; i++)
        if (!alive[i] && f->confirmed)
            mean[f->finalists[i]] += 1e12 * (1 + fabs(mean[f->finalists[i]]));
    (void)halving_cut(mean, f->finalists, f->nfinalists);
}

/* Compare the finalists with the first of them on what they have in common
 * and played no part before. */
static void place(struct state *t, size_t from)
{
    struct found *f = t->out;
    size_t common = f->n[f->finalists[0]];

    for (size_t i = 0; i < f->nfinalists; i++) {
        f->standing[i] = i == 0 ? STANDING_BEST : STANDING_OPEN;
        common = f->n[f->finalists[i]] < common ? f->n[f->finalists[i]]
                                                : common;
    }
    if (common < from + 2)
        return;
    select_standings(t->a, results(t, from, common - from), f->nfinalists, 0,
                     common - from, f->delta, t->s->confidence,
                     f->standing);
}

/* The indifference; a share is one of the least mean so far.  KN alone knows
 * none yet, and runs its first stage for it. */
static double delta_of(struct state *t)
{
    struct found *f = t->out;
    double least = INFINITY;

    if (t->s->delta > 0)
        return t->s->delta;
    for (size_t i = 0; i < f->nfinalists; i++) {
        size_t cell = f->finalists[i];

        if (f->n[cell] == 0) {
            t->until[cell] = KN_FIRST;
            if (!extend(t))
                return 1e-9;
        }
        least = fmin(least, fabs(plain_mean(t->s, cell, 0, f->n[cell])));
    }
    return isfinite(least) ? fmax(least * t->s->relative, 1e-9) : 1e-9;
}

static void finish(struct state *t)
{
    struct found *f = t->out;
    bool *alive = arena_many(t->a, bool, f->nfinalists + 1);
    size_t from = 0;

    drop_unfit(t);
    f->delta = delta_of(t);
    for (size_t i = 0; i < f->nfinalists; i++) {
        alive[i] = true;
        if (t->s->method != SEARCH_KN && f->n[f->finalists[i]] > from)
            from = f->n[f->finalists[i]];
    }
    if (f->nfinalists > 1)
        confirm(t, from, alive);
    f->confirmed |= f->nfinalists == 1 && t->s->k == 1;
    order(t, alive);
    drop_unfit(t);
    if (f->nfinalists > 0) {
        f->best = f->finalists[0];
        f->confirmed &= fit_of(t, f->best) <= FIT_LIKELY;
        place(t, from);
    }
}

void search_run(struct arena *a, const struct search *s, struct found *out)
{
    struct state t = { s, a, out, arena_many(a, size_t, s->k) };
    size_t first = s->k == 1 ? s->budget : 0;

    CHECK(s->k >= 1 && s->budget >= 2 * s->k &&
          (s->delta > 0 || s->relative > 0));
    *out = (struct found){ .best = s->k, .nfinalists = s->k };
    out->n = arena_many(a, size_t, s->k);
    out->finalists = arena_many(a, size_t, s->k);
    out->standing = arena_many(a, enum standing, s->k);
    for (size_t i = 0; i < s->k; i++)
        out->finalists[i] = i;
    if (s->method == SEARCH_KN && s->k > 1)
        first = s->budget / s->k < KN_FIRST ? s->budget / s->k : 0;
    if (first > 0) {
        t.until[0] = first;
        for (size_t i = 0; i < s->k; i++)
            t.until[i] = first;
        (void)extend(&t);
        keep_few(&t);
    } else if (s->method == SEARCH_HALVING) {
        halve(&t);
    } else if (s->method == SEARCH_OCBA) {
        allocate(&t);
    }
    if (!out->ended)
        finish(&t);
}
