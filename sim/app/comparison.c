/*
 * comparison.c - paired comparisons of all strategies with a baseline.
 *
 * Words are chosen with care: "equal within 1 %" means that the whole interval
 * lies inside, however sure it is that there is some difference; "better" and
 * "worse" are significant (Holm); all else is "no difference shown", which is
 * not "no difference".
 *
 * Source: Tarone, Biometrics 46 (1990) 515; else stats/pair.h.
 */
#include "app/comparison.h"
#include <math.h>
#include <string.h>
#include "app/table.h"
#include "base/bug.h"
#include "base/text.h"
#include "stats/summary.h"

const char *const finding_words[] = {
    "same", "better", "worse", "higher", "lower", "equal", "none", "undefined"
};

/* What is compared unless the user names metrics. */
static const enum metric usual[] = {
    METRIC_FAILED_REQUESTS, METRIC_DOWNTIME, METRIC_ROLLOUT_SECONDS,
    METRIC_LATENCY_P99, METRIC_PEAK_PODS
};

/* ---- subjects ------------------------------------------------------------ */

/* Does a happening go with one of the metrics?  A rollback goes with the
 * usual ones. */
static bool belongs(enum happening h, const enum metric *metrics, size_t n)
{
    if (h == HAPPENING_ROLLBACK && metrics == usual)
        return true;
    for (size_t i = 0; i < n; i++)
        if (metrics[i] == happening_row(h)->metric)
            return true;
    return false;
}

static void choose_subjects(struct comparison *c, struct arena *a,
                            const enum metric *metrics, size_t n)
{
    struct subject *s = arena_many(a, struct subject, n + HAPPENING_COUNT);

    c->subjects = s;
    for (size_t i = 0; i < n; i++)
        s[c->nsubjects++] = (struct subject){
            .name = metric_row(metrics[i])->name, .metric = metrics[i],
            .better = metric_row(metrics[i])->better
        };
    for (int h = 0; h < HAPPENING_COUNT; h++) {
        const struct happening_row *row = happening_row((enum happening)h);

        if (belongs((enum happening)h, metrics, n) &&
            happening_varies(c->experiment, (enum happening)h))
            s[c->nsubjects++] = (struct subject){
                .name = row->name, .share = true, .metric = row->metric,
                .happening = (enum happening)h, .better = row->better
            };
    }
}

/* A subject over the replications of variant v: a metric, or 0 and 1. */
static double *series_of(const struct comparison *c, struct arena *a,
                         const struct subject *s, size_t v)
{
    const struct experiment *e = c->experiment;
    double *x;

    if (!s->share)
        return experiment_series(e, a, v, s->metric);
    x = arena_many(a, double, e->n);
    for (size_t r = 0; r < e->n; r++)
        x[r] = happened(e, v, r, s->happening);
    return x;
}

/* ---- differences --------------------------------------------------------- */

/* A paired share is judged by McNemar instead. */
static void judge_share(struct pairing *p, const double *x, const double *y,
                        size_t n, double confidence)
{
    size_t both = 0, only_x = 0, only_y = 0;
    struct mcnemar m;

    for (size_t r = 0; r < n; r++) {
        both += x[r] > 0 && y[r] > 0;
        only_x += x[r] > y[r];
        only_y += y[r] > x[r];
    }
    m = pair_mcnemar(both, only_x, only_y, n - both - only_x - only_y,
                     confidence);
    p->difference = m.difference;
    p->p = m.p;
    p->rare = false;
}

static struct difference compare_one(const struct comparison *c,
                                     struct arena *a, const struct subject *s,
                                     size_t v, double confidence)
{
    const struct experiment *e = c->experiment;
    struct difference d = { .subject = s, .variant = v, .unpaired = NAN };
    double *x = series_of(c, a, s, v), *y = series_of(c, a, s, c->baseline);

    d.pairing = pair_compare(a, x, y, e->n, confidence,
                             e->scenario->variants[v].spec->seed);
    if (s->share)
        judge_share(&d.pairing, x, y, e->n, confidence);
    if (isfinite(d.pairing.saved))
        d.unpaired = ceil((double)d.pairing.difference.n * d.pairing.saved);
    return d;
}

/* The tolerance of a difference, in the subject's unit: of an availability, a
 * share of what fails. */
static double tolerance(const struct comparison *c, struct arena *a,
                        const struct subject *s)
{
    double *y = series_of(c, a, s, c->baseline), sum = 0;
    size_t n = 0;

    for (size_t r = 0; r < c->experiment->n; r++)
        if (!isnan(y[r])) {
            sum += s->metric == METRIC_AVAILABILITY ? 1 - y[r] : y[r];
            n++;
        }
    return n ? c->within * fabs(sum / (double)n) : NAN;
}

static enum finding find(const struct comparison *c, struct arena *a,
                         const struct difference *d)
{
    const struct pairing *p = &d->pairing;
    double within = tolerance(c, a, d->subject);
    bool lower = p->difference.mean < 0;

    if (p->difference.n < 2)
        return FINDING_UNDEFINED;
    if (p->differ == 0)
        return FINDING_SAME;
    if (p->difference.low >= -within && p->difference.high <= within)
        return FINDING_EQUAL;
    if (d->adjusted > 1 - c->confidence)
        return FINDING_NONE;
    if (d->subject->better == BETTER_NONE)
        return lower ? FINDING_LOWER : FINDING_HIGHER;
    return lower == (d->subject->better == BETTER_LOWER) ? FINDING_BETTER
                                                         : FINDING_WORSE;
}

struct comparison *compare_strategies(const struct experiment *e,
                                      struct arena *a, size_t baseline,
                                      const enum metric *metrics, size_t n,
                                      double within)
{
    struct comparison *c = arena_make(a, struct comparison);
    size_t m, at = 0, variants = e->scenario->nvariants;
    struct difference *d;
    double *p, *adjusted, each;

    CHECK(e->n > 1 && variants > 1 && baseline < variants);
    *c = (struct comparison){ .experiment = e, .baseline = baseline,
                              .confidence = e->scenario->confidence,
                              .within = within };
    choose_subjects(c, a, n ? metrics : usual,
                    n ? n : sizeof usual / sizeof usual[0]);
    m = c->nsubjects * (variants - 1);
    d = arena_many(a, struct difference, m);
    p = arena_many(a, double, m);
    adjusted = arena_many(a, double, m);
    each = pair_bonferroni(c->confidence, m);
    for (size_t i = 0; i < c->nsubjects; i++)
        for (size_t v = 0; v < variants; v++)
            if (v != baseline) {
                d[at] = compare_one(c, a, &c->subjects[i], v, each);
                p[at] = d[at].pairing.p;
                at++;
            }
    pair_holm(p, m, adjusted);
    for (size_t i = 0; i < m; i++) {
        d[i].adjusted = adjusted[i];
        d[i].finding = find(c, a, &d[i]);
    }
    c->differences = d;
    return c;
}

const struct difference *comparison_of(const struct comparison *c, size_t i,
                                       size_t v)
{
    size_t others = c->experiment->scenario->nvariants - 1;

    CHECK(i < c->nsubjects && v != c->baseline);
    return &c->differences[i * others + v - (v > c->baseline)];
}

/* ---- sentences ----------------------------------------------------------- */

/* "downtime, latency_p99 and peak_pods": the subjects with a finding; NULL if
 * there is none. */
static const char *subjects_with(struct arena *a, const struct comparison *c,
                                 size_t v, enum finding f)
{
    const char *names[METRIC_COUNT + HAPPENING_COUNT];
    size_t n = 0;

    for (size_t i = 0; i < c->nsubjects; i++)
        if (comparison_of(c, i, v)->finding == f)
            names[n++] = c->subjects[i].name;
    return n ? names_text(a, names, n) : NULL;
}

/* Append a part of the sentence, if there is one. */
static const char *joined(struct arena *a, const char *text, const char *how,
                          const char *subjects)
{
    return !subjects ? text
           : arena_printf(a, "%s%s%s in %s", text ? text : "",
                          text ? ", " : "", how, subjects);
}

const char *comparison_verdict(struct arena *a, const struct comparison *c,
                               size_t v)
{
    const struct variant *variants = c->experiment->scenario->variants;
    const char *base = variants[c->baseline].name, *text = NULL;
    const char *is[FINDING_UNDEFINED + 1];
    char room[32];

    for (int f = 0; f <= FINDING_UNDEFINED; f++)
        is[f] = subjects_with(a, c, v, (enum finding)f);
    text = joined(a, text, "better", is[FINDING_BETTER]);
    text = joined(a, text, "worse", is[FINDING_WORSE]);
    text = joined(a, text, "higher", is[FINDING_HIGHER]);
    text = joined(a, text, "lower", is[FINDING_LOWER]);
    text = joined(a, text, arena_printf(a, "equal within %s %%", format_real(
                      room, c->within * 100)), is[FINDING_EQUAL]);
    text = joined(a, text, "the same", is[FINDING_SAME]);
    text = joined(a, text, "undefined", is[FINDING_UNDEFINED]);
    if (is[FINDING_NONE])
        text = arena_printf(a, "%s%sno difference shown in %s",
                            text ? text : "", text ? "; " : "",
                            is[FINDING_NONE]);
    return arena_printf(a, "%s, against %s: %s.", variants[v].name, base,
                        text);
}

/* "0.31" or "0.31 to 0.93" */
static const char *range(struct arena *a, int decimals, double low,
                         double high)
{
    const char *from = arena_printf(a, "%.*f", decimals, low);
    const char *to = arena_printf(a, "%.*f", decimals, high);

    return strcmp(from, to) == 0 ? from : arena_printf(a, "%s to %s", from,
                                                       to);
}

const char *comparison_pairing(struct arena *a, const struct comparison *c)
{
    double r_low = 1, r_high = -1, n_low = INFINITY, n_high = 0;

    for (size_t v = 0; v < c->experiment->scenario->nvariants; v++) {
        const struct difference *d;

        if (v == c->baseline)
            continue;
        d = comparison_of(c, 0, v);
        if (isnan(d->pairing.correlation) || isnan(d->unpaired))
            continue;
        r_low = fmin(r_low, d->pairing.correlation);
        r_high = fmax(r_high, d->pairing.correlation);
        n_low = fmin(n_low, d->unpaired);
        n_high = fmax(n_high, d->unpaired);
    }
    if (r_low > r_high)
        return NULL;
    return arena_printf(a, "%s is correlated by %s; without pairing, %s "
                        "replications would have told as much",
                        c->subjects[0].name, range(a, 2, r_low, r_high),
                        range(a, 0, n_low, n_high));
}
