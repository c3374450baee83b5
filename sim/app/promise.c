/*
 * promise.c - slo and expect: what the release must keep.
 *
 * A limit is written in the metric's unit: a share as 99.9% or 0.999, seconds
 * and milliseconds as a duration or a bare number in that unit, counts bare.
 */
#include "scenario_impl.h"
#include <math.h>
#include <string.h>
#include "base/text.h"
#include "base/units.h"

static const char *const ops[] = { "==", "!=", "<=", ">=", "<", ">", NULL };
static const enum compare_op op_codes[] = {
    COMPARE_EQ, COMPARE_NE, COMPARE_LE, COMPARE_GE, COMPARE_LT, COMPARE_GT
};

/* The metric called name; METRIC_COUNT after an error with a suggestion. */
static enum metric named(struct loader *l, const char *name,
                         const struct mark *m)
{
    const char *names[METRIC_COUNT + 1];
    enum metric found = metric_find(name);
    struct diag *d;

    if (found != METRIC_COUNT)
        return found;
    for (int i = 0; i < METRIC_COUNT; i++)
        names[i] = metric_row((enum metric)i)->name;
    names[METRIC_COUNT] = NULL;
    d = err_error(l->errors, m, "no metric \"%s\"", name);
    diag_suggest(l->errors, d, name, names);
    if (!d->help)
        diag_help(l->errors, d, "rollsim explain metrics lists them");
    return METRIC_COUNT;
}

bool promise_read_value(enum metric m, const char *text, double *out)
{
    const char *unit = metric_row(m)->unit;
    int64_t ns;

    if (strcmp(unit, "share") == 0)
        return parse_share(text, true, out, NULL);
    if (parse_real(text, out, NULL))
        return true;
    if (strcmp(unit, "s") != 0 && strcmp(unit, "ms") != 0)
        return false;
    if (!parse_duration(text, &ns, NULL))
        return false;
    *out = (double)ns / (strcmp(unit, "s") == 0 ? 1e9 : 1e6);
    return true;
}

static void bad_limit(struct loader *l, enum metric m, const char *text,
                      const struct mark *at)
{
    err_error(l->errors, at, "\"%s\" is no value of %s, which is measured in "
              "%s", text, metric_row(m)->name, metric_row(m)->unit);
}

char *promise_value(struct arena *a, enum metric m, double x)
{
    const char *unit = metric_row(m)->unit;
    char room[32];

    if (strcmp(unit, "share") == 0)
        return arena_printf(a, "%s %%",
                            format_real(room, round(x * 1e7) / 1e5));
    if (strcmp(unit, "s") == 0 || strcmp(unit, "ms") == 0)
        return arena_printf(a, "%s %s", format_real(room, x), unit);
    return arena_strdup(a, format_real(room, x));
}

/* ---- slo ----------------------------------------------------------------- */

static void read_promise(struct loader *l, const char *metric,
                         const struct value *at_least,
                         const struct value *at_most, const struct value *v,
                         struct promise *p)
{
    const struct value *name = value_get(v, "metric");
    const struct value *limit = at_least ? at_least : at_most;

    p->mark = v->mark;
    p->metric = metric ? named(l, metric, &name->mark) : METRIC_COUNT;
    p->at_least = at_least != NULL;
    if (!at_least == !at_most) {
        err_error(l->errors, &v->mark, "a promise has one of atLeast and "
                  "atMost");
        return;
    }
    if (p->metric != METRIC_COUNT &&
        !promise_read_value(p->metric, value_text(limit, ""), &p->limit))
        bad_limit(l, p->metric, value_text(limit, ""), &limit->mark);
}

enum verdict promise_verdict(const struct promise *p, struct interval i)
{
    return ci_verdict(i, p->at_least, p->limit);
}

/* ---- expect -------------------------------------------------------------- */

static void read_expectation(struct loader *l, const struct value *v,
                             struct expectation *e)
{
    const char *text = value_text(v, ""), *op, *right;
    size_t len = strcspn(text, " =!<>"), at = 0;

    e->text = text;
    e->mark = v->mark;
    op = text + len + strspn(text + len, " ");
    while (ops[at] && strncmp(op, ops[at], strlen(ops[at])) != 0)
        at++;
    if (len == 0 || !ops[at]) {
        err_error(l->errors, &v->mark, "an expectation is METRIC == VALUE (or "
                  "!= < <= > >=), got \"%s\"", text);
        return;
    }
    e->op = op_codes[at];
    e->metric = named(l, arena_strndup(l->arena, text, len), &v->mark);
    right = op + strlen(ops[at]);
    right += strspn(right, " ");
    if (e->metric != METRIC_COUNT && !promise_read_value(e->metric, right, &e->value))
        bad_limit(l, e->metric, right, &v->mark);
}

bool expectation_holds(const struct expectation *e, double x)
{
    switch (e->op) {
    case COMPARE_EQ:
        return x >= e->value && x <= e->value;
    case COMPARE_NE:
        return x < e->value || x > e->value;
    case COMPARE_LT:
        return x < e->value;
    case COMPARE_LE:
        return x <= e->value;
    case COMPARE_GT:
        return x > e->value;
    case COMPARE_GE:
        return x >= e->value;
    }
    return false;
}

/* ---- replications -------------------------------------------------------- */

struct until_section {
    const char *metric;
    double relative, absolute;
};

struct replications_section {
    int min, max;
    struct until_section *until;
};

static const struct field until_fields[] = {
    { .type = FIELD_T_STRING, .key = "metric", .unit = "-",
      .offset = offsetof(struct until_section, metric),
      .flags = FIELD_REQUIRED, .doc = "which must be known precisely; by compare: "
      "each difference to the baseline" },
    FIELD(SHARE, struct until_section, relative, "relative", "0", 0, 1,
          "share", "half-width of its interval over its mean"),
    FIELD(REAL, struct until_section, absolute, "absolute", "0", 0, 1e12, "-",
          "half-width of its interval, in its unit"),
    FIELD_END
};

static const struct field replications_fields[] = {
    FIELD(INT32, struct replications_section, min, "min", "30", 2,
          REPLICATIONS_MOST, "-",
          "first look at the precision after so many"),
    FIELD(INT32, struct replications_section, max, "max", "1000", 2,
          REPLICATIONS_MOST, "-",
          "stop here in any case"),
    FIELD_SUB(OPTIONAL, struct replications_section, until, "until",
              until_fields, struct until_section, "stop when precise enough"),
    FIELD_END
};

static void read_replications(struct loader *l, const struct value *v,
                              struct scenario *out)
{
    struct replications_section r = {0};
    struct binder b = { .arena = l->arena, .errors = l->errors,
                        .path = "run.replications" };
    int64_t n = 10;

    out->until = METRIC_COUNT;
    if (!v || v->type != VALUE_MAP) {
        if (v && (!parse_int(value_text(v, ""), &n, NULL) || n < 1 ||
                  n > 1000000))
            field_expected(&b, v, "a number from 1 to 1000000, or {min, max, "
                           "until}");
        out->precision.min = out->precision.max = (size_t)n;
        return;
    }
    if (!field_bind(&b, v, replications_fields, &r))
        return;
    if (r.max < r.min)
        err_error(l->errors, &v->mark, "max is below min");
    if (!r.until || (r.until->relative <= 0 && r.until->absolute <= 0)) {
        err_error(l->errors, &v->mark, "say until which precision: until: "
                  "{metric: failed_requests, relative: 5%%}");
        return;
    }
    out->precision = (struct precision){
        .relative = r.until->relative, .absolute = r.until->absolute,
        .confidence = out->confidence, .min = (size_t)r.min,
        .max = (size_t)r.max
    };
    out->until = named(l, r.until->metric, &v->mark);
}

/* "failed_requests ±5%": a metric, then ±, +- or nothing, then a share of its
 * mean or a value in its unit, into *p.  METRIC_COUNT after an error. */
static enum metric read_until(struct app *app, const char *text,
                              struct precision *p)
{
    size_t len = strcspn(text, " \302+"), n;
    struct loader l = { .app = app, .arena = app->arena,
                        .errors = &app->errors };
    enum metric m = named(&l, arena_strndup(app->arena, text, len), NULL);
    const char *x = text + len + strspn(text + len, " ");

    if (m == METRIC_COUNT)
        return m;
    x += strncmp(x, "\302\261", 2) == 0 || strncmp(x, "+-", 2) == 0 ? 2 : 0;
    x += strspn(x, " ");
    n = strlen(x);
    p->relative = p->absolute = 0;
    if (n > 0 && x[n - 1] == '%' ? !parse_share(x, false, &p->relative, NULL)
                                 : !promise_read_value(m, x, &p->absolute))
        cli_usage(app, "--until: \"%s\" is no precision; for example "
                  "--until '%s ±5%%'", text, metric_row(m)->name);
    else if (p->relative <= 0 && p->absolute <= 0)
        cli_usage(app, "--until: no number of replications is enough for ±0");
    else
        return m;
    return METRIC_COUNT;
}

bool scenario_until(struct app *app, struct scenario *s)
{
    struct precision *p = &s->precision;
    bool had = s->until != METRIC_COUNT;

    if (!app->o.until) {
        if (app->o.least >= 0)
            cli_usage(app, "--min goes with --until");
        return app->o.least < 0;
    }
    s->until = read_until(app, app->o.until, p);
    if (s->until == METRIC_COUNT)
        return false;
    p->confidence = s->confidence;
    p->min = app->o.least >= 0 ? (size_t)app->o.least
             : had ? p->min : STOP_MIN;
    p->max = app->o.replications >= 0 ? (size_t)app->o.replications
             : had ? p->max : STOP_MAX;
    if (p->min < 2)
        cli_usage(app, "--min must be at least 2");
    else if (p->max < p->min)
        cli_usage(app, "at most %zu replications (-n) are fewer than at least "
                  "%zu (--min)", p->max, p->min);
    else
        return true;
    return false;
}

/* ---- objective ----------------------------------------------------------- */

static void read_subject(struct loader *l, const struct objective_section *o,
                         const struct value *list, struct objective *out)
{
    struct promise *p = arena_many(l->arena, struct promise, o->subject.len);

    for (size_t i = 0; i < o->subject.len; i++) {
        const struct subject_section *s =
            (struct subject_section *)o->subject.items + i;

        read_promise(l, s->metric, s->at_least, s->at_most, list->u.items[i],
                     &p[i]);
        p[i].confidence = s->confidence;
    }
    out->subject = p;
    out->nsubject = o->subject.len;
}

static void read_objective(struct loader *l, const struct objective_section *o,
                           struct objective *out)
{
    const struct value *v = value_get(l->root, "objective");
    const char *key = o->maximise ? "maximise" : "minimise";
    const char *name = o->maximise ? o->maximise : o->minimise;
    const char *text = value_text(o->indifference, "");

    if (!o->minimise == !o->maximise) {
        err_error(l->errors, &v->mark, "an objective has one of minimise and "
                  "maximise");
        return;
    }
    out->maximise = o->maximise != NULL;
    out->metric = named(l, name, &value_get(v, key)->mark);
    read_subject(l, o, value_get(v, "subject"), out);
    if (!o->indifference || out->metric == METRIC_COUNT)
        return;
    if (!promise_read_value(out->metric, text, &out->indifference))
        bad_limit(l, out->metric, text, &o->indifference->mark);
    else if (!(out->indifference > 0))
        err_error(l->errors, &o->indifference->mark, "indifference must be "
                  "above 0");
}

void promises_read(struct loader *l, const struct document_section *d,
                   struct scenario *out)
{
    const struct value *slo = value_get(l->root, "slo");
    const struct value *expect = value_get(l->root, "expect");
    struct promise *p = arena_many(l->arena, struct promise, d->slo.len);
    struct expectation *e = arena_many(l->arena, struct expectation,
                                       d->expect.len);

    out->confidence = d->run.confidence;
    read_replications(l, d->run.replications, out);
    for (size_t i = 0; i < d->slo.len; i++) {
        const struct slo_section *s = (struct slo_section *)d->slo.items + i;

        read_promise(l, s->metric, s->at_least, s->at_most, slo->u.items[i],
                     &p[i]);
    }
    for (size_t i = 0; i < d->expect.len; i++)
        read_expectation(l, expect->u.items[i], &e[i]);
    out->promises = p;
    out->npromises = d->slo.len;
    out->expectations = e;
    out->nexpectations = d->expect.len;
    out->objective.metric = METRIC_COUNT;
    if (d->objective)
        read_objective(l, d->objective, &out->objective);
}
