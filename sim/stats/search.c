/*
 * search.c - finding the best of many cells: finalists, then confirmation.
 *
 * Halving stops when SEARCH_FINALISTS are left; what it would have spent on
 * its last rounds pays for the confirmation.  Measured on the 6 x 6 lattice of
 * tests/stats/test_search.c and on a real one (tests/app/test_optimize.c).
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
#define SETTLE_STEP 10          /* replications of the winner at a time */
#define DOUBT 0.5               /* half-widths beyond a promise that a cell may
                                 * be while finalists are sought */

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

/* What a cell is ranked by. */
struct rank {
    enum fit fit;
    double excess, mean;
};

static enum fit fit_of(const struct state *t, size_t cell, double *excess)
{
    *excess = 0;
    return t->s->fit ? t->s->fit(t->s->ctx, cell, t->out->n[cell], excess)
                     : FIT_YES;
}

static struct rank rank_of(const struct state *t, size_t cell)
{
    struct rank r = { FIT_NO, 0, NAN };

    if (t->out->n[cell] == 0)
        return r;
    r.mean = plain_mean(t->s, cell, 0, t->out->n[cell]);
    r.fit = fit_of(t, cell, &r.excess);
    if (isnan(r.mean))
        r.fit = FIT_NO;
    return r;
}

/* Those that keep their promises, or break them by doubt at most, by the mean;
 * then those that seem not to, by how much; then the others. */
static bool before(const struct rank *x, const struct rank *y, double doubt)
{
    bool good[2];

    for (int i = 0; i < 2; i++) {
        const struct rank *r = i ? y : x;

        good[i] = r->fit <= FIT_LIKELY ||
                  (r->fit == FIT_UNLIKELY && r->excess <= doubt);
    }
    if (good[0] != good[1])
        return good[0];
    if (good[0])
        return x->mean < y->mean;
    return (x->fit == FIT_NO) != (y->fit == FIT_NO) ? x->fit < y->fit
                                                    : x->excess < y->excess;
}

/* The place of every cell, 0 the best; ties by number. */
static double *places(const struct state *t, double doubt)
{
    size_t k = t->s->k;
    double *place = arena_many(t->a, double, k);
    struct rank *r = arena_many(t->a, struct rank, k);

    for (size_t i = 0; i < k; i++)
        r[i] = rank_of(t, i);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < i; j++)
            place[before(&r[i], &r[j], doubt) ? j : i]++;
    return place;
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
        f->nfinalists = halving_cut(places(t, DOUBT), f->finalists,
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

/* Put the best cells first and keep a few. */
static void keep_few(struct state *t)
{
    struct found *f = t->out;

    (void)halving_cut(places(t, DOUBT), f->finalists, f->nfinalists);
    if (f->nfinalists > SEARCH_FINALISTS)
        f->nfinalists = SEARCH_FINALISTS;
}

/* The mean of a cell and *sd; one that seems to break its promises is far
 * behind and gets nothing. */
static double what_ocba_sees(const struct state *t, size_t cell, double *sd)
{
    struct rank r = rank_of(t, cell);

    *sd = r.fit <= FIT_LIKELY ? deviation(t->s, cell, t->out->n[cell]) : 0;
    return r.fit <= FIT_LIKELY ? r.mean : 1e300;
}

static void allocate(struct state *t)
{
    const struct search *s = t->s;
    double *mean = arena_many(t->a, double, s->k);
    double *sd = arena_many(t->a, double, s->k);
    size_t *target = arena_many(t->a, size_t, s->k);
    size_t total = s->k * OCBA_FIRST;
    size_t most = (size_t)(OCBA_SHARE * (double)s->budget);

    for (size_t i = 0; i < s->k; i++)
        t->until[i] = total <= most ? OCBA_FIRST : 2;
    while (extend(t) && t->out->used < most) {
        size_t used = t->out->used, room;

        for (size_t i = 0; i < s->k; i++)
            mean[i] = what_ocba_sees(t, i, &sd[i]);
        total = used + s->k;
        ocba_targets(mean, sd, s->k, total, target);
        room = most - used;
        for (size_t i = 0; i < s->k; i++) {
            size_t more = target[i] > t->out->n[i] ? target[i] - t->out->n[i]
                                                   : 0;

            more = more < room ? more : room;
            t->until[i] = t->out->n[i] + more;
            room -= more;
        }
        if (room == most - used)        /* nothing was asked for */
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
    size_t kept = 0;

    for (size_t i = 0; i < f->nfinalists; i++)
        if (f->n[f->finalists[i]] == 0 ||
            rank_of(t, f->finalists[i]).fit != FIT_NO)
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

/* Rule out finalists after r replications: those that surely break promises,
 * and those that KN does, beside one that seems to keep them.  True if nothing
 * is open: KN is finished, and what is left keeps its promises. */
static bool screen(const struct state *t, const struct kn *kn, double *sum,
                   size_t r, bool *alive)
{
    const struct found *f = t->out;
    double *mean = arena_many(t->a, double, f->nfinalists);
    bool *rules = arena_many(t->a, bool, f->nfinalists), settled = true;

    for (size_t i = 0; i < f->nfinalists; i++) {
        struct rank x;

        if (!alive[i])
            continue;
        x = rank_of(t, f->finalists[i]);
        mean[i] = sum[i] / (double)r;
        alive[i] = x.fit != FIT_NO && !isnan(mean[i]);
        rules[i] = alive[i] && x.fit <= FIT_LIKELY;
    }
    if (!kn_screen(kn, mean, r, rules, alive))
        return false;
    for (size_t i = 0; i < f->nfinalists; i++)
        settled &= !alive[i] || rules[i];
    return settled;
}

/* Kim and Nelson among the finalists, on replications from `from` on; alive[]
 * of those that remain.  True if it was finished. */
static bool confirm(struct state *t, size_t from, bool *alive)
{
    struct found *f = t->out;
    double *sum = arena_many(t->a, double, f->nfinalists);
    size_t r = KN_FIRST;
    struct kn kn;

    if (!step(t, alive, from, r))
        return false;
    kn = kn_start(t->a, results(t, from, r), f->nfinalists, r,
                  1 - t->s->confidence, f->delta);
    for (size_t i = 0; i < f->nfinalists; i++)
        sum[i] = plain_mean(t->s, f->finalists[i], from, from + r) * (double)r;
    while (!screen(t, &kn, sum, r, alive)) {
        r++;
        if (!step(t, alive, from, r))
            return false;
        for (size_t i = 0; i < f->nfinalists; i++)
            if (alive[i])
                sum[i] += t->s->value(t->s->ctx, f->finalists[i],
                                      from + r - 1);
    }
    return true;
}

/* Order the finalists: those that KN kept first, each group by its places. */
static void order(struct state *t, const bool *alive)
{
    struct found *f = t->out;
    double *place = places(t, 0);

    for (size_t i = 0; i < f->nfinalists; i++)
        if (!alive[i])
            place[f->finalists[i]] += (double)t->s->k;
    (void)halving_cut(place, f->finalists, f->nfinalists);
}

/* Give a cell replications until it is known whether it keeps its promises, or
 * nothing is left. */
static enum fit settle_one(struct state *t, size_t cell)
{
    struct found *f = t->out;
    double excess;
    enum fit fit;

    while ((fit = fit_of(t, cell, &excess)) == FIT_LIKELY && left(t) > 0) {
        t->until[cell] = f->n[cell] +
                         (left(t) < SETTLE_STEP ? left(t) : SETTLE_STEP);
        if (!extend(t))
            break;
    }
    return fit;
}

/* Spend what is left on whether the first finalist keeps its promises; one
 * that turns out not to goes to the end.  True if the first one does. */
static bool settle(struct state *t)
{
    struct found *f = t->out;

    for (size_t tried = 0; tried < f->nfinalists && !f->ended; tried++) {
        size_t first = f->finalists[0];
        enum fit fit = settle_one(t, first);

        if (fit <= FIT_LIKELY)
            return fit == FIT_YES;
        for (size_t i = 1; i < f->nfinalists; i++)
            f->finalists[i - 1] = f->finalists[i];
        f->finalists[f->nfinalists - 1] = first;
    }
    return false;
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
    f->confirmed = f->nfinalists == 1 || (f->nfinalists > 1 &&
                                          confirm(t, from, alive));
    if (f->nfinalists == 0 || f->ended)
        return;
    order(t, alive);
    f->confirmed &= settle(t);
    drop_unfit(t);
    if (f->nfinalists > 0) {
        f->best = f->finalists[0];
        place(t, from);
    }
    f->confirmed &= f->nfinalists > 0;
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
