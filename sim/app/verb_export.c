/*
 * verb_export.c - the command export: tables of a results file, as the files
 * of run --csv have them, to the byte.
 *
 * Reals are read as reals and written as the shortest text that reads back
 * the same, so nothing is lost; what is undefined is an empty field, or null.
 * Intervals of `summary` are those of 95 %.
 */
#include <string.h>
#include "app/experiment.h"
#include "app/results.h"
#include "app/rows.h"
#include "io/json.h"
#include "models/metrics.h"
#include "stats/summary.h"

#define CONFIDENCE 0.95

/* ---- a table being written, in one of the formats ------------------------ */

enum format { FORMAT_CSV, FORMAT_JSON, FORMAT_JSONL };

struct sheet {
    enum format format;
    bool spreadsheet;
    struct arena *arena;
    const char *const *names;   /* of the columns */
    size_t n, field;
    struct csv_out csv;
    struct json json;
};

static void sheet_start(struct sheet *t, FILE *out)
{
    if (t->format == FORMAT_CSV)
        csv_start(&t->csv, out, t->names, t->n);
    else
        json_start(&t->json, out, t->format == FORMAT_JSON ? 2 : 0);
    if (t->format == FORMAT_JSON)
        json_list(&t->json);
}

/* Begin a field: of JSON, its key. */
static bool field_is_json(struct sheet *t)
{
    if (t->format == FORMAT_CSV)
        return false;
    if (t->field == 0)
        json_object(&t->json);
    json_key(&t->json, t->names[t->field++]);
    return true;
}

static void put_text(struct sheet *t, const char *text)
{
    if (field_is_json(t))
        json_text(&t->json, text);
    else if (text && text[0] && t->spreadsheet && strchr("=+-@", text[0]))
        csv_text(&t->csv, arena_printf(t->arena, "'%s", text));
    else
        csv_text(&t->csv, text);
}

static void put_int(struct sheet *t, int64_t x)
{
    bool json = field_is_json(t);

    if (x == STORE_NONE && json)
        json_null(&t->json);
    else if (x == STORE_NONE)
        csv_empty(&t->csv);
    else if (json)
        json_int(&t->json, x);
    else
        csv_int(&t->csv, x);
}

static void put_real(struct sheet *t, double x)
{
    if (field_is_json(t))
        json_real(&t->json, x);
    else
        csv_real(&t->csv, x);
}

static void put_time(struct sheet *t, int64_t ns)
{
    if (field_is_json(t))
        json_real(&t->json, (double)ns / 1e9);
    else
        csv_seconds(&t->csv, ns);
}

static void sheet_row(struct sheet *t)
{
    if (t->format == FORMAT_CSV) {
        csv_row(&t->csv);
        return;
    }
    json_end(&t->json);
    t->field = 0;
    if (t->format == FORMAT_JSONL)
        json_finish(&t->json);
}

static void sheet_end(struct sheet *t)
{
    if (t->format != FORMAT_JSON)
        return;
    json_end(&t->json);
    json_finish(&t->json);
}

/* ---- what stands in the rows --------------------------------------------- */

struct exporting {
    struct app *app;
    struct results *results;
    text_list names;            /* of the columns of the table in hand */
    struct sheet *sheet;
};

/* The columns of scenario, strategy and parameters. */
static void put_cell(struct exporting *x, const struct result_cell *c,
                     bool scenario)
{
    if (scenario)
        put_text(x->sheet, c->scenario);
    put_text(x->sheet, c->strategy);
    for (size_t i = 0; i < x->results->nparameters; i++)
        put_text(x->sheet, results_setting(c, x->results->parameters[i]));
}

static void name(struct exporting *x, const char *column)
{
    vec_push(x->app->arena, &x->names, column);
}

static void name_cell(struct exporting *x, bool scenario)
{
    if (scenario)
        name(x, "scenario");
    name(x, "strategy");
    for (size_t i = 0; i < x->results->nparameters; i++)
        name(x, x->results->parameters[i]);
}

/* ---- metrics ------------------------------------------------------------- */

#define METRICS_OF                                                            \
    "SELECT m.rep, d.name, d.unit, m.value FROM metric m"                     \
    " JOIN metric_def d USING(metric_id) WHERE m.cell_id = ?1"

static void name_metrics(struct exporting *x)
{
    static const char *const rest[] = { "replication", "metric", "unit",
                                        "value" };

    name_cell(x, true);
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
        name(x, rest[i]);
}

static enum sim_code put_metrics(struct exporting *x)
{
    enum sim_code code = SIM_OK;

    for (size_t i = 0; i < x->results->ncells && code == SIM_OK; i++) {
        const struct result_cell *c = &x->results->cells[i];
        struct store_query *q = store_query(x->results->store, METRICS_OF
                                            " ORDER BY m.rep, m.metric_id");

        query_bind_integer(q, 1, c->id);
        while (query_next(q)) {
            put_cell(x, c, true);
            put_int(x->sheet, query_integer(q, 0));
            put_text(x->sheet, query_text(q, 1));
            put_text(x->sheet, query_text(q, 2));
            put_real(x->sheet, query_real(q, 3));
            sheet_row(x->sheet);
        }
        code = query_end(q);
    }
    return code;
}

/* The names of the file's metrics, in their order. */
static enum sim_code metric_names(struct exporting *x, text_list *out)
{
    struct store_query *q = store_query(x->results->store,
        "SELECT name FROM metric_def ORDER BY metric_id");

    while (query_next(q)) {
        const char *text = arena_strdup(x->app->arena, query_text(q, 0));

        vec_push(x->app->arena, out, text);
    }
    return query_end(q);
}

static enum sim_code name_wide(struct exporting *x)
{
    name_cell(x, true);
    name(x, "replication");
    return metric_names(x, &x->names);
}

/* One replication a row; a metric that it lacks is empty. */
static enum sim_code put_wide(struct exporting *x)
{
    size_t from = 3 + x->results->nparameters, n = x->names.len - from;
    enum sim_code code = SIM_OK;

    for (size_t i = 0; i < x->results->ncells && code == SIM_OK; i++) {
        const struct result_cell *c = &x->results->cells[i];
        struct store_query *q = store_query(x->results->store,
            "SELECT r.rep, m.value FROM replication r CROSS JOIN metric_def d"
            " LEFT JOIN metric m ON m.cell_id = r.cell_id AND m.rep = r.rep"
            " AND m.metric_id = d.metric_id WHERE r.cell_id = ?1"
            " ORDER BY r.rep, d.metric_id");

        query_bind_integer(q, 1, c->id);
        for (size_t k = 0; query_next(q); k++) {
            if (k % n == 0) {
                put_cell(x, c, true);
                put_int(x->sheet, query_integer(q, 0));
            }
            put_real(x->sheet, query_real(q, 1));
            if (k % n == n - 1)
                sheet_row(x->sheet);
        }
        code = query_end(q);
    }
    return code;
}

/* ---- summary ------------------------------------------------------------- */

static void name_summary(struct exporting *x)
{
    static const char *const rest[] = {
        "metric", "unit", "n", "defined", "mean", "low", "high", "p50", "p95",
        "min", "max"
    };

    name_cell(x, true);
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
        name(x, rest[i]);
}

typedef VEC(double) real_list;

/* One metric of a cell over its replications, in order. */
struct metric_values {
    const char *metric, *unit;  /* NULL: not begun */
    real_list values, requests; /* requests: of each replication */
};

/* The mean of the availability is that of all requests together. */
static struct interval mean_of(struct arena *a, const struct metric_values *m,
                               const struct summary *s, uint64_t seed)
{
    if (metric_find(m->metric) != METRIC_AVAILABILITY ||
        m->requests.len != m->values.len)
        return s->mean;
    return pooled_availability(a, m->values.items, m->requests.items,
                               m->values.len, CONFIDENCE, seed);
}

/* Write a row, if there is one, and forget its values. */
static void put_summary_row(struct exporting *x, const struct result_cell *c,
                            struct metric_values *m)
{
    struct arena *a = arena_new();
    struct summary s = summary_of(a, m->values.items, m->values.len,
                                  CONFIDENCE, c->seed);
    struct sheet *t = x->sheet;

    if (m->metric) {
        struct interval mean = mean_of(a, m, &s, c->seed);
        const double reals[] = { mean.mean, mean.low, mean.high, s.median,
                                 s.p95.mean, s.min, s.max };

        put_cell(x, c, true);
        put_text(t, m->metric);
        put_text(t, m->unit);
        put_int(t, (int64_t)m->values.len);
        put_int(t, (int64_t)s.n);
        for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++)
            put_real(t, reals[i]);
        sheet_row(t);
    }
    m->metric = NULL;
    vec_clear(&m->values);
    arena_free(a);
}

static enum sim_code load_requests(struct exporting *x, struct arena *a,
                                   const struct result_cell *c, real_list *out)
{
    struct store_query *q = store_query(x->results->store, METRICS_OF
                                        " AND d.name = ?2 ORDER BY m.rep");

    query_bind_integer(q, 1, c->id);
    query_bind_text(q, 2, metric_row(METRIC_REQUESTS)->name);
    while (query_next(q))
        vec_push(a, out, query_real(q, 3));
    return query_end(q);
}

/* The rows of a cell: one per metric, over its replications in order. */
static enum sim_code put_cell_summary(struct exporting *x,
                                      const struct result_cell *c)
{
    struct arena *a = arena_new();
    struct metric_values m = {0};
    enum sim_code code = load_requests(x, a, c, &m.requests);
    struct store_query *q = store_query(x->results->store, METRICS_OF
                                        " ORDER BY m.metric_id, m.rep");

    query_bind_integer(q, 1, c->id);
    while (query_next(q)) {
        if (m.metric && strcmp(m.metric, query_text(q, 1)) != 0)
            put_summary_row(x, c, &m);
        if (!m.metric) {
            m.metric = arena_strdup(a, query_text(q, 1));
            m.unit = arena_strdup(a, query_text(q, 2));
        }
        vec_push(a, &m.values, query_real(q, 3));
    }
    put_summary_row(x, c, &m);
    arena_free(a);
    return query_end(q) == SIM_OK ? code : SIM_SYSTEM;
}

static enum sim_code put_summary(struct exporting *x)
{
    enum sim_code code = SIM_OK;

    for (size_t i = 0; i < x->results->ncells && code == SIM_OK; i++)
        code = put_cell_summary(x, &x->results->cells[i]);
    return code;
}

/* ---- recorded rows ------------------------------------------------------- */

static void name_rows(struct exporting *x, const struct row_table *t)
{
    name_cell(x, false);
    name(x, "replication");
    for (size_t i = 0; i < t->n; i++)
        name(x, row_csv_name(&t->columns[i]));
}

static void put_row(struct exporting *x, const struct row_table *t,
                    struct store_query *q)
{
    for (size_t i = 0; i < t->n; i++) {
        int column = (int)i + 1;

        if (t->columns[i].cell == ROW_TIME)
            put_time(x->sheet, query_integer(q, column));
        else if (row_store_type(t->columns[i].cell) == STORE_TEXT)
            put_text(x->sheet, query_text(q, column));
        else if (row_store_type(t->columns[i].cell) == STORE_REAL)
            put_real(x->sheet, query_real(q, column));
        else
            put_int(x->sheet, query_integer(q, column));
    }
}

static enum sim_code put_rows(struct exporting *x, const struct row_table *t)
{
    struct arena *a = x->app->arena;
    const char *columns = "";
    enum sim_code code = SIM_OK;

    for (size_t i = 0; i < t->n; i++)
        columns = arena_printf(a, "%s, \"%s\"", columns, t->columns[i].name);
    for (size_t i = 0; i < x->results->ncells && code == SIM_OK; i++) {
        const struct result_cell *c = &x->results->cells[i];
        struct store_query *q = store_query(x->results->store, arena_printf(a,
            "SELECT rep%s FROM \"%s\" WHERE cell_id = ?1 ORDER BY rep, seq",
            columns, t->name));

        query_bind_integer(q, 1, c->id);
        while (query_next(q)) {
            put_cell(x, c, false);
            put_int(x->sheet, query_integer(q, 0));
            put_row(x, t, q);
            sheet_row(x->sheet);
        }
        code = query_end(q);
    }
    return code;
}

/* ---- the command --------------------------------------------------------- */

/* Write the table called what on out. */
static enum sim_code put_table(struct exporting *x, const char *what,
                               struct sheet *sheet, FILE *out)
{
    const struct row_table *t = row_table_find(what);
    bool summary = strcmp(what, "summary") == 0;
    bool wide = !t && !summary && x->app->o.wide;
    enum sim_code code = SIM_OK;

    x->names = (text_list){0};
    x->sheet = sheet;
    if (t)
        name_rows(x, t);
    else if (summary)
        name_summary(x);
    else if (wide)
        code = name_wide(x);
    else
        name_metrics(x);
    if (code != SIM_OK)
        return code;
    sheet->names = x->names.items;
    sheet->n = x->names.len;
    sheet_start(sheet, out);
    code = t ? put_rows(x, t) : summary ? put_summary(x)
           : wide ? put_wide(x) : put_metrics(x);
    sheet_end(sheet);
    return code;
}

static struct sheet sheet_of(struct app *app)
{
    const char *f = app->o.table_format;

    return (struct sheet){
        .format = !f || strcmp(f, "csv") == 0 ? FORMAT_CSV
                  : strcmp(f, "json") == 0 ? FORMAT_JSON : FORMAT_JSONL,
        .spreadsheet = app->o.spreadsheet, .arena = app->arena
    };
}

static enum sim_code put_file(struct exporting *x, const char *what)
{
    struct app *app = x->app;
    struct sheet sheet = sheet_of(app);
    struct file_out file;
    enum sim_code code = file_create(app->arena,
        arena_printf(app->arena, "%s/%s.csv", app->o.csv, what), &file,
        &app->errors);

    if (code != SIM_OK)
        return code;
    code = put_table(x, what, &sheet, file.stream);
    if (code == SIM_OK)
        return file_commit(&file, &app->errors);
    file_abandon(&file);
    return code;
}

static enum sim_code put_folder(struct exporting *x)
{
    enum sim_code code = file_make_folder(x->app->arena, x->app->o.csv,
                                          &x->app->errors);

    if (code == SIM_OK)
        code = put_file(x, "metrics");
    if (code == SIM_OK)
        code = put_file(x, "summary");
    for (size_t i = 0; i < ROW_TABLES && code == SIM_OK; i++)
        code = put_file(x, row_tables[i].name);
    if (code == SIM_OK && !x->app->o.quiet)
        fprintf(x->app->err, "wrote %s/*.csv\n", x->app->o.csv);
    return code;
}

enum exit_code command_export(struct app *app)
{
    struct results results;
    struct exporting x = { .app = app, .results = &results };
    struct sheet sheet = sheet_of(app);
    const char *what = app->o.what ? app->o.what : "metrics";
    enum exit_code code;
    enum sim_code done;

    if (app->o.words.len != 1)
        return cli_usage(app, "name a results file");
    if (app->o.csv && (app->o.what || sheet.format != FORMAT_CSV))
        return cli_usage(app, "--csv writes all tables as CSV: leave --what "
                         "and --format out");
    if (app->o.wide && strcmp(what, "metrics") != 0)
        return cli_usage(app, "--wide goes with metrics");
    code = results_open(app, app->o.words.items[0], STORE_READ, &results);
    if (code != EXIT_DONE)
        return code;
    done = app->o.csv ? put_folder(&x) : put_table(&x, what, &sheet, app->out);
    if (store_close(results.store) != SIM_OK)
        done = SIM_SYSTEM;
    return results_exit(done);
}
