/*
 * report_json.c - everything of an experiment as one JSON object.
 */
#include <inttypes.h>
#include "app/comparison.h"
#include "app/report.h"
#include "app/sensitivity.h"
#include "io/json.h"

/* k of n, with the exact interval of the share. */
static void put_share(struct json *j, const char *key, size_t k,
                      struct interval share)
{
    json_key(j, key);
    json_object(j);
    json_member_int(j, "k", (int64_t)k);
    json_member_int(j, "n", (int64_t)share.n);
    json_member_real(j, "low", share.low);
    json_member_real(j, "high", share.high);
    json_end(j);
}

static void put_metric(struct json *j, const struct experiment *e,
                       struct arena *a, size_t v, enum metric m)
{
    struct summary s = experiment_summary(e, a, v, m);
    struct interval i = s.mean;

    json_key(j, metric_row(m)->name);
    json_object(j);
    json_member_text(j, "unit", metric_row(m)->unit);
    json_member_int(j, "n", (int64_t)e->n);
    json_member_int(j, "defined", (int64_t)s.n);
    json_member_real(j, "mean", i.mean);
    json_member_real(j, "low", i.low);
    json_member_real(j, "high", i.high);
    json_member_real(j, "p50", s.median);
    json_member_real(j, "p95", s.p95.mean);
    json_member_real(j, "p95Low", s.p95.low);
    json_member_real(j, "p95High", s.p95.high);
    json_member_real(j, "min", s.min);
    json_member_real(j, "max", s.max);
    put_share(j, "differ", s.hits, s.share);
    json_member_real(j, "from", s.usual);
    json_end(j);
}

/* How often happened what may happen. */
static void put_happenings(struct json *j, const struct experiment *e,
                           size_t v)
{
    json_key(j, "happened");
    json_object(j);
    for (int h = 0; h < HAPPENING_COUNT; h++) {
        size_t k = happening_count(e, v, (enum happening)h);

        put_share(j, happening_row((enum happening)h)->name, k,
                  ci_share_exact(k, e->n, e->scenario->confidence));
    }
    json_end(j);
}

static void put_promises(struct json *j, const struct experiment *e,
                         struct arena *a, size_t v)
{
    static const char *const words[] = { "met", "missed", "undecided" };
    const struct scenario *s = e->scenario;

    json_key(j, "slo");
    json_list(j);
    for (size_t i = 0; i < s->npromises; i++) {
        const struct promise *p = &s->promises[i];

        json_object(j);
        json_member_text(j, "metric", metric_row(p->metric)->name);
        json_member_real(j, p->at_least ? "atLeast" : "atMost", p->limit);
        json_member_text(j, "verdict", words[promise_verdict(
                             p, experiment_bounds(e, a, v, p->metric))]);
        json_end(j);
    }
    json_end(j);
}

static void put_expectations(struct json *j, const struct experiment *e,
                             struct arena *a, size_t v)
{
    const struct scenario *s = e->scenario;

    json_key(j, "expect");
    json_list(j);
    for (size_t i = 0; i < s->nexpectations; i++) {
        const struct expectation *x = &s->expectations[i];
        double *values = experiment_series(e, a, v, x->metric);
        size_t held = 0;

        for (size_t r = 0; r < e->n; r++)
            held += expectation_holds(x, values[r]);
        json_object(j);
        json_member_text(j, "text", x->text);
        json_member_int(j, "held", (int64_t)held);
        json_end(j);
    }
    json_end(j);
}

void report_settings_json(struct json *j, const struct scenario *s,
                          const char *const *settings)
{
    if (!settings)
        return;
    json_key(j, "parameters");
    json_object(j);
    for (size_t k = 0; k < s->nparameters; k++)
        json_member_text(j, s->parameters[k].name, settings[k]);
    json_end(j);
}

void report_refused_json(struct json *j, const struct scenario *s)
{
    if (!s->points)
        return;
    json_key(j, "refused");
    json_list(j);
    for (size_t i = 0; i < s->nrefused; i++) {
        json_object(j);
        report_settings_json(j, s, s->refused[i].settings);
        json_member_text(j, "why", s->refused[i].why);
        json_end(j);
    }
    json_end(j);
}

static void put_variant(struct json *j, const struct experiment *e, size_t v)
{
    struct arena *a = arena_new();
    char digest[32];

    snprintf(digest, sizeof(digest), "%016" PRIx64, experiment_digest(e, v));
    json_object(j);
    json_member_text(j, "name", e->scenario->variants[v].name);
    report_settings_json(j, e->scenario, e->scenario->variants[v].settings);
    json_member_text(j, "digest", digest);
    json_key(j, "metrics");
    json_object(j);
    for (int m = 0; m < METRIC_COUNT; m++)
        put_metric(j, e, a, v, (enum metric)m);
    json_end(j);
    put_happenings(j, e, v);
    put_promises(j, e, a, v);
    put_expectations(j, e, a, v);
    json_end(j);
    arena_free(a);
}

/* ---- comparison ---------------------------------------------------------- */

static void put_difference(struct json *j, const struct experiment *e,
                           const struct difference *d)
{
    const struct pairing *p = &d->pairing;

    json_object(j);
    json_member_text(j, "strategy", e->scenario->variants[d->variant].name);
    json_member_text(j, d->subject->share ? "happened" : "metric",
                     d->subject->name);
    json_member_int(j, "pairs", (int64_t)p->difference.n);
    json_member_int(j, "undefined", (int64_t)p->undefined);
    json_member_int(j, "differ", (int64_t)p->differ);
    json_member_real(j, "mean", p->difference.mean);
    json_member_real(j, "low", p->difference.low);
    json_member_real(j, "high", p->difference.high);
    json_member_real(j, "p", p->p);
    json_member_real(j, "adjusted", d->adjusted);
    json_member_real(j, "correlation", p->correlation);
    json_member_real(j, "saved", p->saved);
    json_member_real(j, "unpaired", d->unpaired);
    json_member_text(j, "finding", finding_words[d->finding]);
    json_end(j);
}

static void put_comparison(struct json *j, const struct comparison *c)
{
    const struct experiment *e = c->experiment;
    const struct variant *variants = e->scenario->variants;
    struct arena *a = arena_new();

    json_key(j, "comparison");
    json_object(j);
    json_member_text(j, "baseline", variants[c->baseline].name);
    json_member_real(j, "within", c->within);
    json_key(j, "differences");
    json_list(j);
    for (size_t i = 0; i < c->nsubjects; i++)
        for (size_t v = 0; v < e->scenario->nvariants; v++)
            if (v != c->baseline)
                put_difference(j, e, comparison_of(c, i, v));
    json_end(j);
    json_key(j, "verdicts");
    json_object(j);
    for (size_t v = 0; v < e->scenario->nvariants; v++)
        if (v != c->baseline)
            json_member_text(j, variants[v].name, comparison_verdict(a, c, v));
    json_end(j);
    json_end(j);
    arena_free(a);
}

static void put_until(struct json *j, const struct experiment *e)
{
    const struct scenario *s = e->scenario;

    if (s->until == METRIC_COUNT)
        return;
    json_key(j, "until");
    json_object(j);
    json_member_text(j, "metric", metric_row(s->until)->name);
    json_member_text(j, "of", s->paired ? "differences" : "means");
    json_member_real(j, "relative", s->precision.relative);
    json_member_real(j, "absolute", s->precision.absolute);
    json_member_int(j, "min", (int64_t)s->precision.min);
    json_member_int(j, "max", (int64_t)s->precision.max);
    json_end(j);
}

/* ---- sensitivity --------------------------------------------------------- */

static void put_change(struct json *j, const struct scenario *s,
                       const char *key, size_t variant, size_t k,
                       struct interval i)
{
    json_key(j, key);
    json_object(j);
    json_member_text(j, "value", s->variants[variant].settings[k]);
    json_member_real(j, "mean", i.mean);
    json_member_real(j, "low", i.low);
    json_member_real(j, "high", i.high);
    json_end(j);
}

/* What parameters do to a metric. */
static void put_effect(struct json *j, const struct experiment *e,
                       struct arena *a, size_t strategy, enum metric m)
{
    const struct scenario *s = e->scenario;
    struct sensitivity x;

    sensitivity_of(e, a, strategy, m, &x);
    json_key(j, metric_row(m)->name);
    json_object(j);
    json_member_real(j, "explained", x.r2);
    json_key(j, "rank");
    json_object(j);
    for (size_t k = 0; k < s->nparameters; k++)
        json_member_real(j, s->parameters[k].name, x.rank[k]);
    json_end(j);
    for (size_t i = 0; x.base != SIZE_MAX && i < s->nparameters; i++) {
        const struct swing *w = &x.swings[i];
        size_t k = w->parameter;

        if (i == 0) {
            json_key(j, "moved");
            json_object(j);
        }
        json_key(j, s->parameters[k].name);
        json_object(j);
        put_change(j, s, "least", x.low[k], k, w->low);
        put_change(j, s, "greatest", x.high[k], k, w->high);
        json_end(j);
        if (i + 1 == s->nparameters)
            json_end(j);
    }
    json_end(j);
}

static void put_sensitivity(struct json *j, const struct experiment *e)
{
    const struct scenario *s = e->scenario;

    json_key(j, "sensitivity");
    json_list(j);
    for (size_t v = 0; v < sensitivity_strategies(s); v++) {
        struct arena *a = arena_new();

        json_object(j);
        json_member_text(j, "strategy", s->variants[v].name);
        json_key(j, "metrics");
        json_object(j);
        for (int m = 0; m < METRIC_COUNT; m++)
            put_effect(j, e, a, v, (enum metric)m);
        json_end(j);
        json_end(j);
        arena_free(a);
    }
    json_end(j);
}

void report_json(struct app *app, const struct experiment *e,
                 const struct comparison *c)
{
    const struct scenario *s = e->scenario;
    struct json j;

    json_start(&j, app->out, 2);
    json_object(&j);
    json_member_text(&j, "schema", "rollsim/v1");
    json_member_text(&j, "version", ROLLSIM_VERSION);
    json_member_text(&j, "scenario", s->name);
    json_member_int(&j, "seed", (int64_t)s->variants[0].spec->seed);
    json_member_int(&j, "replications", (int64_t)e->n);
    json_member_real(&j, "confidence", s->confidence);
    json_member_bool(&j, "precise", e->precise);
    put_until(&j, e);
    json_key(&j, "strategies");
    json_list(&j);
    for (size_t v = 0; v < s->nvariants; v++)
        put_variant(&j, e, v);
    json_end(&j);
    report_refused_json(&j, s);
    if (c)
        put_comparison(&j, c);
    if (s->points && e->n > 1)
        put_sensitivity(&j, e);
    json_end(&j);
    json_finish(&j);
}
