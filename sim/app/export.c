/*
 * export.c - the CSV files of scenario-language section 4.
 *
 * Rows are written as replications finish; a file appears, or replaces the old
 * one, only when all of them are whole, so an interrupted run leaves what was
 * there before.
 */
#include "app/report.h"
#include <string.h>
#include "app/rows.h"
#include "base/bug.h"
#include "io/csv.h"
#include "models/world.h"

enum { METRICS = ROW_TABLES, SUMMARY, TABLES };

static const char *const metric_columns[] = {
    "scenario", "strategy", "replication", "metric", "unit", "value", NULL
};
static const char *const summary_columns[] = {
    "scenario", "strategy", "metric", "unit", "n", "defined", "mean", "low",
    "high", "p50", "p95", "min", "max", NULL
};

struct export {
    struct app *app;
    size_t parameters;          /* columns of a sweep */
    struct csv_out csv[TABLES];
    size_t open;                /* of them */
};

typedef VEC(const char *) names;

/* Append a column's name; after `strategy` those of the parameters. */
static void put_name(const struct export *x, const struct scenario *s,
                     names *out, const char *name)
{
    vec_push(x->app->arena, out, name);
    if (strcmp(name, "strategy") == 0)
        for (size_t k = 0; k < x->parameters; k++)
            vec_push(x->app->arena, out, s->parameters[k].name);
}

/* The columns of file `id`. */
static names columns_of(const struct export *x, const struct scenario *s,
                        size_t id)
{
    const char *const *list = id == METRICS ? metric_columns
                                            : summary_columns;
    names out = {0};

    if (id < ROW_TABLES) {
        put_name(x, s, &out, "strategy");
        put_name(x, s, &out, "replication");
        for (size_t i = 0; i < row_tables[id].n; i++)
            put_name(x, s, &out, row_csv_name(&row_tables[id].columns[i]));
        return out;
    }
    for (; *list; list++)
        put_name(x, s, &out, *list);
    return out;
}

static const char *file_of(size_t id)
{
    return id == METRICS ? "metrics" : id == SUMMARY ? "summary"
                                                     : row_tables[id].name;
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
        names columns = columns_of(x, s, x->open);
        const char *path = arena_printf(app->arena, "%s/%s.csv", folder,
                                        file_of(x->open));

        if (csv_create(&x->csv[x->open], app->arena, path, columns.items,
                       columns.len, &app->errors) == SIM_OK)
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

void export_rows(void *ctx, const struct variant *v, const struct world *w)
{
    struct export *x = ctx;

    for (size_t id = 0; id < ROW_TABLES; id++) {
        const struct row_table *t = &row_tables[id];
        struct csv_out *c = &x->csv[id];
        const char *row;
        size_t n = rows_of(&w->record, t, &row);

        for (size_t i = 0; i < n; i++) {
            put_variant(x, c, v);
            csv_int(c, w->replication);
            row_put_csv(c, t, row + i * t->size, w->spec->warmup);
            csv_row(c);
        }
    }
}

/* ---- metrics and summaries ----------------------------------------------- */

static void put_metrics(struct export *x, const struct experiment *e, size_t v)
{
    const struct scenario *s = e->scenario;
    struct csv_out *c = &x->csv[METRICS];

    for (size_t r = 0; r < e->columns[v].n; r++) {
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
        struct summary sum = experiment_known(e, a, v, (enum metric)m);
        struct interval i = sum.mean;

        csv_text(c, s->name);
        put_variant(x, c, &s->variants[v]);
        csv_text(c, metric_row((enum metric)m)->name);
        csv_text(c, metric_row((enum metric)m)->unit);
        csv_int(c, (int64_t)e->columns[v].n);
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
