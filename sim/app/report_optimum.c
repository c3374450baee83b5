/*
 * report_optimum.c - what a search found: for people, and as JSON.
 *
 * Candidates have different numbers of replications; each is shown by those
 * that it has, and compared with others on those that both have.
 */
#include "report_impl.h"
#include <math.h>
#include <string.h>
#include "app/optimum.h"
#include "app/pareto.h"
#include "app/table.h"
#include "io/json.h"

#define FRONT_ROWS 12

/* Does a variant keep what is asked, as a sign; "" if nothing is. */
static const char *kept_sign(const struct app *app, const struct experiment *e,
                             size_t v)
{
    return optimum_judges(e->scenario) ? report_sign(app, optimum_judge(e, v))
                                       : "";
}

static const char *cell(const struct experiment *e, struct arena *a, size_t v,
                        enum metric m)
{
    struct summary s = experiment_known(e, a, v, m);

    return report_cell(a, &s, m, true);
}

/* ---- what was looked for ------------------------------------------------- */

static void print_task(struct app *app, const struct experiment *e,
                       const struct found *f)
{
    const struct scenario *s = e->scenario;
    size_t n;
    const struct promise *p = optimum_subject(s, &n);

    fprintf(app->out, "Looking for the %s %s",
            s->objective.maximise ? "greatest" : "least",
            metric_row(s->objective.metric)->name);
    for (size_t i = 0; i < n; i++)
        fprintf(app->out, "%s %s %s %s", i ? "," : " with",
                metric_row(p[i].metric)->name,
                p[i].at_least ? "at least" : "at most",
                promise_value(app->arena, p[i].metric, p[i].limit));
    fprintf(app->out, "\n%zu candidates, %zu replications\n\n", s->nvariants,
            f->used);
}

/* ---- finalists ----------------------------------------------------------- */

static const char *beside(struct arena *a, const struct experiment *e,
                          const struct found *f, size_t i)
{
    switch (f->standing[i]) {
    case STANDING_BEST:
        return "best";
    case STANDING_EQUAL:
        return arena_printf(a, "equal within %s",
                            promise_value(a, e->scenario->objective.metric,
                                          round(f->delta * 1e4) / 1e4));
    case STANDING_WORSE:
        return "worse";
    case STANDING_OPEN:
        break;
    }
    return "not told apart";
}

static void print_finalists(struct app *app, const struct experiment *e,
                            const struct found *f)
{
    const struct scenario *s = e->scenario;
    struct arena *a = arena_new();
    enum metric m[METRIC_COUNT];
    size_t n = report_demanded(s, m);
    struct table t = table_new(a, n + 4, f->nfinalists + 1);

    table_put(&t, 0, "finalists");
    table_put(&t, 1, "");
    table_put(&t, 2, optimum_judges(s) ? "kept" : "");
    table_put(&t, 3, "replications");
    for (size_t i = 0; i < n; i++)
        table_put(&t, i + 4, metric_row(m[i])->name);
    t.rows++;
    for (size_t i = 0; i < f->nfinalists; i++, t.rows++) {
        size_t v = f->finalists[i];

        table_put(&t, 0, variant_text(a, s, v));
        table_put(&t, 1, beside(a, e, f, i));
        table_put(&t, 2, kept_sign(app, e, v));
        for (size_t k = 0; k < n; k++)
            table_put(&t, k + 4, cell(e, a, v, m[k]));
        table_put(&t, 3, arena_printf(a, "%zu", e->columns[v].n));
    }
    table_print(&t, app->out);
    arena_free(a);
}

static void print_verdict(struct app *app, const struct experiment *e,
                          const struct found *f)
{
    const struct scenario *s = e->scenario;
    struct arena *a = app->arena;
    size_t equal = 0;

    if (f->best == s->nvariants) {
        fputs("No candidate keeps the promises.\n\n", app->out);
        return;
    }
    for (size_t i = 1; i < f->nfinalists; i++)
        equal += f->standing[i] == STANDING_EQUAL;
    fprintf(app->out, "%s%s: %s", equal ? "Best, and others equal" : "Best",
            f->confirmed ? "" : " so far", variant_text(a, s, f->best));
    for (size_t i = 1; i < f->nfinalists; i++)
        if (f->standing[i] == STANDING_EQUAL)
            fprintf(app->out, "; %s", variant_text(a, s, f->finalists[i]));
    if (f->confirmed && s->nvariants > 1)
        fprintf(app->out, "\nWith %g %% confidence the best of the finalists, "
                "or within %s of it%s.\n\n", s->confidence * 100,
                promise_value(a, s->objective.metric,
                              round(f->delta * 1e4) / 1e4),
                optimum_judges(s) ? "; it keeps what is asked" : "");
    else if (f->confirmed)
        fputs("\nIt is the only candidate, and keeps what is asked.\n\n",
              app->out);
    else
        fprintf(app->out, "\nThis is not sure after %zu replications: more "
                "with --budget, or a wider --indifference.\n\n", f->used);
}

/* ---- risk, time and cost ------------------------------------------------- */

/* The variants of the front, the fastest first; returns how many. */
static size_t front_of(const struct experiment *e, struct arena *a,
                       size_t *out)
{
    size_t k = e->scenario->nvariants, n = 0;
    bool *front = arena_many(a, bool, k);
    double *time = arena_many(a, double, k);

    pareto_front(e, pareto_metrics, PARETO_METRICS, front);
    for (size_t v = 0; v < k; v++) {
        size_t i = n;

        if (!front[v])
            continue;
        time[v] = experiment_known(e, a, v, METRIC_ROLLOUT_SECONDS).mean.mean;
        for (; i > 0 && time[out[i - 1]] > time[v]; i--)
            out[i] = out[i - 1];
        out[i] = v;
        n++;
    }
    return n;
}

static void print_front(struct app *app, const struct experiment *e)
{
    const struct scenario *s = e->scenario;
    struct arena *a = arena_new();
    size_t *front = arena_many(a, size_t, s->nvariants);
    size_t n = front_of(e, a, front), rows = n < FRONT_ROWS ? n : FRONT_ROWS;
    struct table t = table_new(a, PARETO_METRICS + 3, rows + 1);

    table_put(&t, 0, "risk, time and cost");
    table_put(&t, 1, optimum_judges(s) ? "kept" : "");
    table_put(&t, 2, "replications");
    for (size_t i = 0; i < PARETO_METRICS; i++)
        table_put(&t, i + 3, metric_row(pareto_metrics[i])->name);
    t.rows++;
    for (size_t r = 0; r < rows; r++, t.rows++) {
        size_t v = front[r];

        table_put(&t, 0, variant_text(a, s, v));
        table_put(&t, 1, kept_sign(app, e, v));
        for (size_t i = 0; i < PARETO_METRICS; i++)
            table_put(&t, i + 3, cell(e, a, v, pareto_metrics[i]));
        table_put(&t, 2, arena_printf(a, "%zu", e->columns[v].n));
    }
    if (rows > 0)
        table_print(&t, app->out);
    if (n > rows)
        fprintf(app->out, "... and %zu more (--json has all).\n", n - rows);
    fprintf(app->out, "No other candidate is better in one of these and as "
            "good in the rest%s.\n", e->n < 30 ? ", as far as its "
            "replications tell" : "");
    arena_free(a);
}

void report_optimum(struct app *app, const struct experiment *e,
                    const struct found *f)
{
    report_title(app, e->scenario, 0);
    print_task(app, e, f);
    if (f->nfinalists > 0)
        print_finalists(app, e, f);
    print_verdict(app, e, f);
    report_refused(app, e->scenario);
    print_front(app, e);
}

/* ---- JSON ---------------------------------------------------------------- */

static void put_task(struct json *j, const struct scenario *s)
{
    size_t n;
    const struct promise *p = optimum_subject(s, &n);

    json_key(j, "objective");
    json_object(j);
    json_member_text(j, s->objective.maximise ? "maximise" : "minimise",
                     metric_row(s->objective.metric)->name);
    json_key(j, "subject");
    json_list(j);
    for (size_t i = 0; i < n; i++) {
        json_object(j);
        json_member_text(j, "metric", metric_row(p[i].metric)->name);
        json_member_real(j, p[i].at_least ? "atLeast" : "atMost", p[i].limit);
        json_member_real(j, "confidence", optimum_confidence(s, &p[i]));
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

/* How a finalist stands; NULL: it is none. */
static const char *standing_of(const struct found *f, size_t v)
{
    static const char *const words[] = { "best", "equal", "worse", "open" };

    for (size_t i = 0; i < f->nfinalists; i++)
        if (f->finalists[i] == v)
            return words[f->standing[i]];
    return NULL;
}

static void put_candidate(struct json *j, const struct experiment *e,
                          const struct found *f, size_t v, bool front)
{
    static const char *const kept[] = { "met", "missed", "undecided" };
    struct arena *a = arena_new();
    const char *standing = standing_of(f, v);
    enum metric m[METRIC_COUNT];
    size_t n = report_asked(e->scenario, m);

    json_object(j);
    json_member_text(j, "strategy", e->scenario->variants[v].name);
    report_settings_json(j, e->scenario, e->scenario->variants[v].settings);
    json_member_int(j, "replications", (int64_t)e->columns[v].n);
    json_member_text(j, "verdict", kept[optimum_judge(e, v)]);
    if (standing) {
        json_member_text(j, "finalist", standing);
    }
    json_member_bool(j, "front", front);
    json_key(j, "metrics");
    json_object(j);
    for (size_t i = 0; i < n; i++) {
        struct summary s = experiment_known(e, a, v, m[i]);

        json_key(j, metric_row(m[i])->name);
        json_object(j);
        json_member_real(j, "mean", s.mean.mean);
        json_member_real(j, "low", s.mean.low);
        json_member_real(j, "high", s.mean.high);
        json_end(j);
    }
    json_end(j);
    json_end(j);
    arena_free(a);
}

void report_optimum_json(struct app *app, const struct experiment *e,
                         const struct found *f)
{
    const struct scenario *s = e->scenario;
    bool *front = arena_many(app->arena, bool, s->nvariants);
    struct json j;

    pareto_front(e, pareto_metrics, PARETO_METRICS, front);
    json_start(&j, app->out, 2);
    json_object(&j);
    json_member_text(&j, "schema", "rollsim/v1");
    json_member_text(&j, "version", ROLLSIM_VERSION);
    json_member_text(&j, "scenario", s->name);
    json_member_int(&j, "seed", (int64_t)s->variants[0].spec->seed);
    put_task(&j, s);
    json_member_int(&j, "replications", (int64_t)f->used);
    json_member_real(&j, "confidence", s->confidence);
    json_member_real(&j, "indifference", f->delta);
    json_member_bool(&j, "confirmed", f->confirmed);
    json_key(&j, "candidates");
    json_list(&j);
    for (size_t v = 0; v < s->nvariants; v++)
        put_candidate(&j, e, f, v, front[v]);
    json_end(&j);
    report_refused_json(&j, s);
    json_end(&j);
    json_finish(&j);
}
