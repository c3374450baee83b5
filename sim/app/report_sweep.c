/*
 * report_sweep.c - the table of a sweep: a cell of the parameters a line, and
 * below it what the parameters do.
 */
#include "report_impl.h"
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "app/sensitivity.h"
#include "app/table.h"
#include "base/text.h"

size_t report_demanded(const struct scenario *s, enum metric *out)
{
    bool taken[METRIC_COUNT + 1] = {0};
    size_t n = 0;
    struct {
        const struct promise *list;
        size_t n;
    } parts[] = { { s->objective.subject, s->objective.nsubject },
                  { s->promises, s->npromises } };

    taken[METRIC_COUNT] = true;
    out[n] = s->objective.metric;
    n += !taken[s->objective.metric];
    taken[s->objective.metric] = true;
    for (size_t p = 0; p < 2; p++)
        for (size_t i = 0; i < parts[p].n; i++) {
            enum metric m = parts[p].list[i].metric;

            if (!taken[m])
                out[n++] = m;
            taken[m] = true;
        }
    return n;
}

size_t report_asked(const struct scenario *s, enum metric *out)
{
    static const enum metric usual[] = {
        METRIC_ROLLOUT_SECONDS, METRIC_FAILED_REQUESTS, METRIC_DOWNTIME,
        METRIC_LATENCY_P99, METRIC_PEAK_PODS
    };
    size_t n = report_demanded(s, out), demanded = n;

    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        bool taken = false;

        for (size_t k = 0; k < demanded; k++)
            taken |= out[k] == usual[i];
        if (!taken)
            out[n++] = usual[i];
    }
    return n;
}

/* ---- the table ----------------------------------------------------------- */

/* Columns of the label: parameters, strategy, verdict (the last one, which needs
 * no width). */
struct naming {
    const struct scenario *s;
    int *width;
    bool strategy, verdict;
};

/* Text of a label's part; v is SIZE_MAX for the head. */
static const char *part(struct app *app, const struct experiment *e,
                        struct arena *a, size_t v, size_t i)
{
    const struct scenario *s = e->scenario;

    if (i < s->nparameters)
        return v == SIZE_MAX ? s->parameters[i].name
                             : s->variants[v].settings[i];
    if (i == s->nparameters)
        return v == SIZE_MAX ? "strategy" : s->variants[v].name;
    return v == SIZE_MAX ? "slo" : report_sign(app, experiment_judge(e, a, v));
}

static const char *label_of(struct app *app, const struct experiment *e,
                            struct arena *a, const struct naming *l, size_t v)
{
    const char *text = "";

    for (size_t i = 0; i < l->s->nparameters + 2; i++) {
        if ((i == l->s->nparameters && !l->strategy) ||
            (i > l->s->nparameters && !l->verdict))
            continue;
        text = arena_printf(a, "%s%s%s", text, *text ? "  " : "",
                            table_pad(a, part(app, e, a, v, i), l->width[i]));
    }
    return text;
}

static struct naming label_new(struct app *app, const struct experiment *e,
                               struct arena *a)
{
    const struct scenario *s = e->scenario;
    struct naming l = { s, arena_many(a, int, s->nparameters + 2),
                       sensitivity_strategies(s) > 1 || s->nparameters == 0,
                       s->npromises + s->nexpectations > 0 };

    for (size_t i = 0; i < s->nparameters + 1; i++)
        for (size_t v = 0; v <= s->nvariants; v++) {
            const char *text = part(app, e, a, v < s->nvariants ? v : SIZE_MAX,
                                    i);
            int wide = display_width(text, strlen(text));

            l.width[i] = wide > l.width[i] ? wide : l.width[i];
        }
    return l;
}

static void print_cells(struct app *app, const struct experiment *e,
                        const enum metric *metrics, size_t n)
{
    const struct scenario *s = e->scenario;
    struct arena *a = arena_new();
    struct table t = table_new(a, n + 1, s->nvariants + 1);
    struct naming l = label_new(app, e, a);

    table_put(&t, 0, label_of(app, e, a, &l, SIZE_MAX));
    for (size_t i = 0; i < n; i++)
        table_put(&t, i + 1, metric_row(metrics[i])->name);
    t.rows++;
    for (size_t v = 0; v < s->nvariants; v++, t.rows++) {
        table_put(&t, 0, label_of(app, e, a, &l, v));
        for (size_t i = 0; i < n; i++) {
            struct summary sum = experiment_summary(e, a, v, metrics[i]);

            table_put(&t, i + 1, report_cell(a, &sum, metrics[i], true));
        }
    }
    table_print(&t, app->out);
    arena_free(a);
}

void report_refused(struct app *app, const struct scenario *s)
{
    for (size_t i = 0; i < s->nrefused; i++)
        fprintf(app->out, "  not possible: %s: %s\n",
                settings_text(app->arena, s, s->refused[i].settings),
                s->refused[i].why);
    if (s->nrefused)
        fputc('\n', app->out);
}

/* ---- what matters -------------------------------------------------------- */

static const char *change(struct arena *a, const struct experiment *e,
                          const struct sensitivity *x, size_t variant,
                          size_t k, struct interval i)
{
    if (variant == x->base)
        return "";
    return arena_printf(a, "%s: %s%s", e->scenario->variants[variant]
                        .settings[k], i.mean > 0 ? "+" : "",
                        isnan(i.mean) ? "undefined"
                                      : report_interval(a, i, x->metric));
}

/* One parameter a line, the widest swing first. */
static void print_tornado(struct app *app, const struct experiment *e,
                          struct arena *a, const struct sensitivity *x)
{
    const struct scenario *s = e->scenario;
    const struct variant *base = &s->variants[x->base];
    struct table t = table_new(a, 3, s->nparameters + 1);
    struct summary at_base = experiment_summary(e, a, x->base, x->metric);

    table_put(&t, 0, arena_printf(a, "%s from", metric_row(x->metric)->name));
    table_put(&t, 1, arena_printf(a, "%s: %s",
                                  settings_text(a, s, base->settings),
                                  report_cell(a, &at_base, x->metric,
                                              false)));
    table_put(&t, 2, "");
    t.rows++;
    for (size_t i = 0; i < s->nparameters; i++, t.rows++) {
        const struct swing *w = &x->swings[i];
        size_t k = w->parameter;

        table_put(&t, 0, s->parameters[k].name);
        table_put(&t, 1, change(a, e, x, x->low[k], k, w->low));
        table_put(&t, 2, change(a, e, x, x->high[k], k, w->high));
    }
    table_print(&t, app->out);
}

/* Coefficients of all metrics; false if there are too few cells for any. */
static bool print_ranks(struct app *app, const struct experiment *e,
                        struct arena *a, size_t strategy,
                        const enum metric *metrics, size_t n)
{
    const struct scenario *s = e->scenario;
    size_t d = s->nparameters;
    struct table t = table_new(a, d + 2, n + 1);

    table_put(&t, 0, "rank regression");
    for (size_t k = 0; k < d; k++)
        table_put(&t, k + 1, s->parameters[k].name);
    table_put(&t, d + 1, "explained");
    t.rows++;
    for (size_t i = 0; i < n; i++) {
        struct sensitivity x;

        sensitivity_of(e, a, strategy, metrics[i], &x);
        if (!sensitivity_says(&x, d))
            continue;
        table_put(&t, 0, metric_row(metrics[i])->name);
        for (size_t k = 0; k < d; k++)
            table_put(&t, k + 1, arena_printf(a, "%+.2f", x.rank[k]));
        table_put(&t, d + 1, arena_printf(a, "%.0f %%%s", x.r2 * 100,
                                          x.r2 < 0.7 ? " (says little)" : ""));
        t.rows++;
    }
    if (t.rows > 1)
        table_print(&t, app->out);
    return t.rows > 1;
}

static void print_sensitivity(struct app *app, const struct experiment *e,
                              const enum metric *metrics, size_t n)
{
    const struct scenario *s = e->scenario;
    size_t strategies = sensitivity_strategies(s);
    bool ranks = false, swings = false;

    for (size_t v = 0; v < strategies && e->n > 1; v++) {
        struct arena *a = arena_new();
        struct sensitivity x;

        if (strategies > 1)
            fprintf(app->out, "Strategy %s\n", s->variants[v].name);
        sensitivity_of(e, a, v, metrics[0], &x);
        if (x.base != SIZE_MAX) {
            print_tornado(app, e, a, &x);
            swings = true;
        }
        ranks |= print_ranks(app, e, a, v, metrics, n);
        arena_free(a);
    }
    if (swings)
        fputs("One parameter moved to its least and greatest value, the "
              "others as in the first line:\npaired differences.\n", app->out);
    if (ranks)
        fputs("Rank regression: from -1 to 1, how a metric's rank follows a "
              "parameter's over all cells;\nexplained: how much of it they "
              "tell together.\n", app->out);
}

void report_sweep(struct app *app, const struct experiment *e,
                  const enum metric *metrics, size_t n)
{
    const struct scenario *s = e->scenario;
    enum metric asked[METRIC_COUNT];

    if (n == 0) {
        n = report_asked(s, asked);
        metrics = asked;
    }
    report_title(app, s, e->n);
    print_cells(app, e, metrics, n);
    report_refused(app, s);
    if (s->nparameters > 0)
        print_sensitivity(app, e, metrics, n);
    report_notes(app, e);
}
