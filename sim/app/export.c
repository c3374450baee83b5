/*
 * export.c - the CSV files of scenario-language section 4.
 *
 * Rows are written as replications finish; a file appears, or replaces the old
 * one, only when all of them are whole, so an interrupted run leaves what was
 * there before.
 */
#include "app/report.h"
#include <string.h>
#include "base/bug.h"
#include "io/csv.h"
#include "models/world.h"

enum table_id { TIMELINE, PODS, SERIES, EVENTS, VIEWS, FAILURES, METRICS,
                SUMMARY, TABLES };

struct table_row {
    const char *file;
    size_t n;
    const char *columns[16];    /* those of the parameters follow strategy */
};

static const struct table_row tables[TABLES] = {
    [TIMELINE] = { "timeline.csv", 13,
        { "strategy", "replication", "time_s", "kind", "namespace", "name",
          "revision", "image", "desired", "pods", "ready", "available",
          "endpoints" } },
    [PODS] = { "pods.csv", 9,
        { "strategy", "replication", "time_s", "namespace", "pod", "revision",
          "image", "node", "state" } },
    [SERIES] = { "series.csv", 10,
        { "strategy", "replication", "time_s", "source", "version",
          "requests", "failed", "p50_ms", "p95_ms", "p99_ms" } },
    [EVENTS] = { "events.csv", 8,
        { "strategy", "replication", "time_s", "type", "reason", "namespace",
          "object", "message" } },
    [VIEWS] = { "views.csv", 8,
        { "strategy", "replication", "time_s", "namespace", "pod", "view",
          "service", "node" } },
    [FAILURES] = { "failures.csv", 8,
        { "strategy", "replication", "time_s", "source", "request", "version",
          "pod", "cause" } },
    [METRICS] = { "metrics.csv", 6,
        { "scenario", "strategy", "replication", "metric", "unit", "value" } },
    [SUMMARY] = { "summary.csv", 13,
        { "scenario", "strategy", "metric", "unit", "n", "defined", "mean",
          "low", "high", "p50", "p95", "min", "max" } },
};

struct export {
    struct app *app;
    size_t parameters;          /* columns of a sweep */
    struct csv_out csv[TABLES];
    size_t open;                /* of them */
};

/* The columns of a table: of a sweep, one per parameter after `strategy`. */
static const char *const *columns_of(const struct export *x,
                                     const struct scenario *s,
                                     const struct table_row *t)
{
    const char **names = arena_many(x->app->arena, const char *,
                                    t->n + x->parameters);
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++) {
        names[n++] = t->columns[i];
        for (size_t k = 0; k < x->parameters; k++)
            if (strcmp(t->columns[i], "strategy") == 0)
                names[n++] = s->parameters[k].name;
    }
    return names;
}

struct export *export_open(struct app *app, const char *folder,
                           const struct scenario *s)
{
    struct export *x = arena_make(app->arena, struct export);

    x->app = app;
    x->parameters = s->variants[0].settings ? s->nparameters : 0;
    if (file_make_folder(app->arena, folder, &app->errors) != SIM_OK)
        return NULL;
    for (; x->open < TABLES; x->open++) {
        const struct table_row *t = &tables[x->open];
        const char *path = arena_printf(app->arena, "%s/%s", folder, t->file);

        if (csv_create(&x->csv[x->open], app->arena, path,
                       columns_of(x, s, t), t->n + x->parameters,
                       &app->errors) == SIM_OK)
            continue;
        export_abandon(x);
        return NULL;
    }
    return x;
}

void export_abandon(struct export *x)
{
    while (x->open > 0)
        csv_abandon(&x->csv[--x->open]);
}

/* ---- rows ---------------------------------------------------------------- */

/* The columns that say which variant it is. */
static void put_variant(struct export *x, struct csv_out *c,
                        const struct variant *v)
{
    csv_text(c, v->name);
    for (size_t k = 0; k < x->parameters; k++)
        csv_text(c, v->settings[k]);
}

/* The columns that all row files begin with. */
static struct csv_out *begin(struct export *x, enum table_id id,
                             const struct variant *v, const struct world *w,
                             sim_time at)
{
    struct csv_out *c = &x->csv[id];

    put_variant(x, c, v);
    csv_int(c, w->replication);
    csv_seconds(c, at - w->spec->warmup);
    return c;
}

/* A count that may be undefined. */
static void count(struct csv_out *c, int64_t x)
{
    if (x < 0)
        csv_empty(c);
    else
        csv_int(c, x);
}

static void put_timeline(struct export *x, const struct variant *v,
                         const struct world *w)
{
    for (size_t i = 0; i < w->record.timeline.len; i++) {
        const struct timeline_row *r = &w->record.timeline.items[i];
        struct csv_out *c = begin(x, TIMELINE, v, w, r->at);

        csv_text(c, r->kind);
        csv_text(c, r->space);
        csv_text(c, r->name);
        count(c, r->revision);
        csv_text(c, r->image);
        count(c, r->desired);
        count(c, r->pods);
        count(c, r->ready);
        count(c, r->available);
        count(c, r->endpoints);
        csv_row(c);
    }
}

static void put_pods(struct export *x, const struct variant *v,
                     const struct world *w)
{
    for (size_t i = 0; i < w->record.pods.len; i++) {
        const struct pod_row *r = &w->record.pods.items[i];
        struct csv_out *c = begin(x, PODS, v, w, r->at);

        csv_text(c, r->space);
        csv_text(c, r->pod);
        count(c, r->revision);
        csv_text(c, r->image);
        csv_text(c, r->node);
        csv_text(c, r->state);
        csv_row(c);
    }
}

static void put_series(struct export *x, const struct variant *v,
                       const struct world *w)
{
    for (size_t i = 0; i < w->record.series.len; i++) {
        const struct series_row *r = &w->record.series.items[i];
        struct csv_out *c = begin(x, SERIES, v, w, r->at);

        csv_text(c, r->source);
        csv_text(c, r->version);
        csv_int(c, r->requests);
        csv_int(c, r->failed);
        csv_real(c, r->p50_ms);
        csv_real(c, r->p95_ms);
        csv_real(c, r->p99_ms);
        csv_row(c);
    }
}

static void put_events(struct export *x, const struct variant *v,
                       const struct world *w)
{
    for (size_t i = 0; i < w->record.events.len; i++) {
        const struct event_row *r = &w->record.events.items[i];
        struct csv_out *c = begin(x, EVENTS, v, w, r->at);

        csv_text(c, r->type);
        csv_text(c, r->reason);
        csv_text(c, r->space);
        csv_text(c, r->object);
        csv_text(c, r->message);
        csv_row(c);
    }
}

static void put_views(struct export *x, const struct variant *v,
                      const struct world *w)
{
    for (size_t i = 0; i < w->record.views.len; i++) {
        const struct view_row *r = &w->record.views.items[i];
        struct csv_out *c = begin(x, VIEWS, v, w, r->at);

        csv_text(c, r->space);
        csv_text(c, r->pod);
        csv_text(c, view_names[r->view]);
        csv_text(c, r->service);
        csv_text(c, r->node);
        csv_row(c);
    }
}

static void put_failures(struct export *x, const struct variant *v,
                         const struct world *w)
{
    for (size_t i = 0; i < w->record.failures.len; i++) {
        const struct failure_row *r = &w->record.failures.items[i];
        struct csv_out *c = begin(x, FAILURES, v, w, r->at);

        csv_text(c, r->source);
        csv_int(c, r->request);
        csv_text(c, r->version);
        csv_text(c, r->pod);
        csv_text(c, r->cause);
        csv_row(c);
    }
}

void export_rows(void *ctx, const struct variant *v, const struct world *w)
{
    struct export *x = ctx;

    put_timeline(x, v, w);
    put_pods(x, v, w);
    put_series(x, v, w);
    put_events(x, v, w);
    put_views(x, v, w);
    put_failures(x, v, w);
}

/* ---- metrics and summaries ----------------------------------------------- */

static void put_metrics(struct export *x, const struct experiment *e, size_t v)
{
    const struct scenario *s = e->scenario;
    struct csv_out *c = &x->csv[METRICS];

    for (size_t r = 0; r < e->n; r++) {
        for (int m = 0; m < METRIC_COUNT; m++) {
            const struct metric_row *row = metric_row((enum metric)m);

            csv_text(c, s->name);
            put_variant(x, c, &s->variants[v]);
            csv_int(c, (int64_t)r);
            csv_text(c, row->name);
            csv_text(c, row->unit);
            csv_real(c, experiment_value(e, v, r, (enum metric)m));
            csv_row(c);
        }
    }
}

static void put_summary(struct export *x, const struct experiment *e, size_t v)
{
    const struct scenario *s = e->scenario;
    struct csv_out *c = &x->csv[SUMMARY];
    struct arena *a = arena_new();

    for (int m = 0; m < METRIC_COUNT; m++) {
        struct summary sum = report_summary(e, a, v, (enum metric)m);
        struct interval i = experiment_interval(e, a, v, (enum metric)m);

        csv_text(c, s->name);
        put_variant(x, c, &s->variants[v]);
        csv_text(c, metric_row((enum metric)m)->name);
        csv_text(c, metric_row((enum metric)m)->unit);
        csv_int(c, (int64_t)e->n);
        csv_int(c, (int64_t)sum.n);
        csv_real(c, i.mean);
        csv_real(c, i.low);
        csv_real(c, i.high);
        csv_real(c, sum.median);
        csv_real(c, sum.p95.mean);
        csv_real(c, sum.min);
        csv_real(c, sum.max);
        csv_row(c);
    }
    arena_free(a);
}

enum sim_code export_close(struct export *x, const struct experiment *e)
{
    enum sim_code code = SIM_OK;

    CHECK(x->open == TABLES);
    for (size_t v = 0; v < e->scenario->nvariants; v++) {
        put_metrics(x, e, v);
        put_summary(x, e, v);
    }
    while (x->open > 0)
        if (csv_close(&x->csv[--x->open], &x->app->errors) != SIM_OK)
            code = SIM_SYSTEM;
    return code;
}
