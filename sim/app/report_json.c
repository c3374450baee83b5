/*
 * report_json.c - everything of an experiment as one JSON object.
 */
#include <inttypes.h>
#include "app/report.h"
#include "io/json.h"

static void member_text(struct json *j, const char *key, const char *text)
{
    json_key(j, key);
    json_text(j, text);
}

static void member_real(struct json *j, const char *key, double x)
{
    json_key(j, key);
    json_real(j, x);
}

static void member_int(struct json *j, const char *key, int64_t x)
{
    json_key(j, key);
    json_int(j, x);
}

static void put_metric(struct json *j, const struct experiment *e,
                       struct arena *a, size_t v, enum metric m)
{
    struct summary s = report_summary(e, a, v, m);
    struct interval i = experiment_interval(e, a, v, m);

    json_key(j, metric_row(m)->name);
    json_object(j);
    member_text(j, "unit", metric_row(m)->unit);
    member_int(j, "n", (int64_t)e->n);
    member_int(j, "defined", (int64_t)s.n);
    member_real(j, "mean", i.mean);
    member_real(j, "low", i.low);
    member_real(j, "high", i.high);
    member_real(j, "p50", s.median);
    member_real(j, "p95", s.p95.mean);
    member_real(j, "min", s.min);
    member_real(j, "max", s.max);
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
        member_text(j, "metric", metric_row(p->metric)->name);
        member_real(j, p->at_least ? "atLeast" : "atMost", p->limit);
        member_text(j, "verdict", words[promise_verdict(
                        p, experiment_interval(e, a, v, p->metric))]);
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
        member_text(j, "text", x->text);
        member_int(j, "held", (int64_t)held);
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
    member_text(j, "name", e->scenario->variants[v].name);
    member_text(j, "digest", digest);
    json_key(j, "metrics");
    json_object(j);
    for (int m = 0; m < METRIC_COUNT; m++)
        put_metric(j, e, a, v, (enum metric)m);
    json_end(j);
    put_promises(j, e, a, v);
    put_expectations(j, e, a, v);
    json_end(j);
    arena_free(a);
}

void report_json(struct app *app, const struct experiment *e)
{
    const struct scenario *s = e->scenario;
    struct json j;

    json_start(&j, app->out, 2);
    json_object(&j);
    member_text(&j, "schema", "rollsim/v1");
    member_text(&j, "version", ROLLSIM_VERSION);
    member_text(&j, "scenario", s->name);
    member_int(&j, "seed", (int64_t)s->variants[0].spec->seed);
    member_int(&j, "replications", (int64_t)e->n);
    member_real(&j, "confidence", s->confidence);
    json_key(&j, "precise");
    json_bool(&j, e->precise);
    json_key(&j, "strategies");
    json_list(&j);
    for (size_t v = 0; v < s->nvariants; v++)
        put_variant(&j, e, v);
    json_end(&j);
    json_end(&j);
    json_finish(&j);
}
