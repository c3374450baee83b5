/*
 * optimum.c - what the scenario asks for, as a search (stats/search.h).
 *
 * A promise is judged by a one-sided Student's interval of its metric's mean:
 * quick enough to be asked after every replication.  An expectation that one
 * replication breaks is broken.
 */
#include "app/optimum.h"
#include <math.h>
#include <stdint.h>
#include "stats/ci.h"

/* Below so many replications nothing is sure, unless all are the same. */
#define SURE_FROM 5

/* Half-widths beyond a limit that rule a candidate out: it is asked after many
 * a replication, and what is out does not come back. */
#define OUT 1.5

struct hunt {
    const struct scenario *s;
    const struct trials *t;
};

const struct promise *optimum_subject(const struct scenario *s, size_t *n)
{
    bool own = s->objective.nsubject > 0;

    *n = own ? s->objective.nsubject : s->npromises;
    return own ? s->objective.subject : s->promises;
}

double optimum_confidence(const struct scenario *s, const struct promise *p)
{
    return p->confidence > 0 ? p->confidence : s->confidence;
}

/* The one-sided interval of a promise's metric over what is defined. */
static struct interval bounds(const struct hunt *h, size_t candidate, size_t n,
                              const struct promise *p)
{
    struct arena *a = arena_new();
    double *x = arena_many(a, double, n + 1);
    double one_sided = 2 * optimum_confidence(h->s, p) - 1;
    struct interval i;
    size_t kept = 0;

    for (size_t r = 0; r < n; r++) {
        x[kept] = h->t->value(h->t->ctx, candidate, r, p->metric);
        kept += !isnan(x[kept]);
    }
    i = ci_mean(x, kept, one_sided > 0.01 ? one_sided : 0.01);
    arena_free(a);
    return i;
}

/* What a promise says of a candidate; *excess: how far beyond the limit, in
 * half-widths of the interval. */
static enum fit keeps(const struct hunt *h, size_t candidate, size_t n,
                      const struct promise *p, double *excess)
{
    struct interval i = bounds(h, candidate, n, p);
    double over = p->at_least ? p->limit - i.mean : i.mean - p->limit;
    double half = (i.high - i.low) / 2;
    bool sure = isfinite(half) && i.n >= SURE_FROM &&
                fabs(over) > (over > 0 ? OUT : 1) * half;

    *excess = isnan(over) ? INFINITY
              : half > 0 ? over / half : over > 0 ? 1e6 : -1e6;
    if (isnan(over))
        return FIT_UNLIKELY;
    if (!(half > 0) && isfinite(half))
        return over > 0 ? FIT_NO : FIT_YES;
    return over > 0 ? (sure ? FIT_NO : FIT_UNLIKELY)
                    : (sure ? FIT_YES : FIT_LIKELY);
}

static bool expected(const struct hunt *h, size_t candidate, size_t n)
{
    for (size_t i = 0; i < h->s->nexpectations; i++) {
        const struct expectation *x = &h->s->expectations[i];

        for (size_t r = 0; r < n; r++)
            if (!expectation_holds(x, h->t->value(h->t->ctx, candidate, r,
                                                  x->metric)))
                return false;
    }
    return true;
}

/* How well a candidate keeps the promises, by its first n replications. */
static enum fit fit_of(const struct scenario *s, const struct trials *t,
                       size_t candidate, size_t n, double *excess)
{
    struct hunt h = { s, t };
    size_t promises;
    const struct promise *p = optimum_subject(s, &promises);
    enum fit worst = FIT_YES;

    *excess = 0;
    for (size_t i = 0; i < promises; i++) {
        double over;
        enum fit fit = keeps(&h, candidate, n, &p[i], &over);

        worst = fit > worst ? fit : worst;
        *excess += over > 0 ? over : 0;
    }
    return expected(&h, candidate, n) ? worst : FIT_NO;
}

static double known(void *ctx, size_t candidate, size_t replication,
                    enum metric m)
{
    return experiment_value(ctx, candidate, replication, m);
}

enum verdict optimum_judge(const struct experiment *e, size_t v)
{
    static const enum verdict of[] = { VERDICT_MET, VERDICT_UNDECIDED,
                                       VERDICT_UNDECIDED, VERDICT_MISSED };
    struct trials t = { e->scenario->nvariants, (void *)(uintptr_t)e, NULL,
                        known };
    double excess;

    return of[fit_of(e->scenario, &t, v, e->columns[v].n, &excess)];
}

bool optimum_judges(const struct scenario *s)
{
    size_t n;

    optimum_subject(s, &n);
    return n + s->nexpectations > 0;
}

/* ---- as the search wants it ---------------------------------------------- */

static bool extend(void *ctx, const size_t *until)
{
    struct hunt *h = ctx;

    return h->t->extend(h->t->ctx, until);
}

static double value(void *ctx, size_t candidate, size_t replication)
{
    struct hunt *h = ctx;
    double x = h->t->value(h->t->ctx, candidate, replication,
                           h->s->objective.metric);

    return h->s->objective.maximise ? -x : x;
}

static enum fit fit(void *ctx, size_t candidate, size_t n, double *excess)
{
    struct hunt *h = ctx;

    return fit_of(h->s, h->t, candidate, n, excess);
}

void optimum_find(struct arena *a, const struct scenario *s,
                  const struct trials *t, enum search_method method,
                  size_t budget, struct found *out)
{
    struct hunt h = { s, t };
    struct search search = {
        .k = t->k, .budget = budget, .delta = s->objective.indifference,
        .relative = 0.05, .confidence = s->confidence, .method = method,
        .ctx = &h, .extend = extend, .value = value, .fit = fit
    };

    search_run(a, &search, out);
}
