/*
 * verb_runs.c - the command runs: what a results file has, who wrote it, the
 * difference of two cells, and the removal of one.
 */
#include <inttypes.h>
#include <string.h>
#include "app/results.h"
#include "app/runs_diff.h"
#include "base/bug.h"
#include "base/text.h"
#include "base/units.h"
#include "io/json.h"

/* ---- as a table ---------------------------------------------------------- */

enum { COLUMNS = 6 };
static const char *const heads[COLUMNS] = {
    "cell", "scenario", "strategy", "parameters", "seed", "replications"
};

/* "surge=1 unavailable=25%", "-" if none. */
static const char *params_text(struct arena *a, const struct value *params)
{
    struct buf b = {0};
    const char *text;

    for (size_t i = 0; params->type == VALUE_MAP && i < params->len; i++)
        buf_printf(&b, "%s%s=%s", i ? " " : "", params->u.members[i].key,
                   value_text(params->u.members[i].value, ""));
    text = arena_strdup(a, b.len ? b.text : "-");
    buf_free(&b);
    return text;
}

static void print_line(FILE *out, const char *const *cells, const int *width)
{
    for (int c = 0; c < COLUMNS; c++) {
        int used = display_width(cells[c], strlen(cells[c]));

        fprintf(out, "%s%s", c ? "   " : "", cells[c]);
        for (; c + 1 < COLUMNS && used < width[c]; used++)
            fputc(' ', out);
    }
    fputc('\n', out);
}

static void list_cells(struct app *app, const struct results *r)
{
    struct arena *a = app->arena;
    const char **cells = arena_many(a, const char *,
                                    (r->ncells + 1) * COLUMNS);
    int width[COLUMNS] = {0};

    memcpy(cells, heads, sizeof(heads));
    for (size_t i = 0; i < r->ncells; i++) {
        const struct result_cell *c = &r->cells[i];
        const char **line = cells + (i + 1) * COLUMNS;

        line[0] = arena_printf(a, "%" PRId64, c->id);
        line[1] = c->scenario;
        line[2] = c->strategy;
        line[3] = params_text(a, c->params);
        line[4] = arena_printf(a, "%" PRIu64, c->seed);
        line[5] = arena_printf(a, "%" PRId64, c->replications);
    }
    for (size_t i = 0; i < (r->ncells + 1) * COLUMNS; i++) {
        int used = display_width(cells[i], strlen(cells[i]));

        if (used > width[i % COLUMNS])
            width[i % COLUMNS] = used;
    }
    for (size_t i = 0; i <= r->ncells; i++)
        print_line(app->out, cells + i * COLUMNS, width);
}

/* ---- as JSON ------------------------------------------------------------- */

static void put_cell(struct json *j, const struct result_cell *c)
{
    json_object(j);
    json_member_int(j, "cell", c->id);
    json_member_text(j, "scenario", c->scenario);
    json_member_text(j, "strategy", c->strategy);
    json_key(j, "parameters");
    json_object(j);
    for (size_t i = 0; c->params->type == VALUE_MAP && i < c->params->len; i++)
        json_member_text(j, c->params->u.members[i].key,
                         value_text(c->params->u.members[i].value, ""));
    json_end(j);
    json_member_int(j, "seed", (int64_t)c->seed);
    json_member_int(j, "modelVersion", c->model_version);
    json_member_int(j, "replications", c->replications);
    json_end(j);
}

static enum sim_code put_invocations(struct json *j, struct store *s)
{
    struct store_query *q = store_query(s,
        "SELECT invocation_id, started_utc, ended_utc, host, argv_json,"
        " tool_version, exit_code, (SELECT count(*) FROM replication r"
        " WHERE r.invocation_id = i.invocation_id) FROM invocation i"
        " ORDER BY started_utc, invocation_id");
    static const char *const keys[] = { "id", "started", "ended", "host",
                                        "arguments", "version" };

    json_list(j);
    while (query_next(q)) {
        json_object(j);
        for (int i = 0; i < (int)COUNT_OF(keys); i++)
            json_member_text(j, keys[i], query_text(q, i));
        json_key(j, "exitCode");
        if (query_integer(q, 6) == STORE_NONE)
            json_null(j);
        else
            json_int(j, query_integer(q, 6));
        json_member_int(j, "replications", query_integer(q, 7));
        json_end(j);
    }
    json_end(j);
    return query_end(q);
}

static enum sim_code list_json(struct app *app, const struct results *r)
{
    struct json j;
    enum sim_code code;

    json_start(&j, app->out, 2);
    json_object(&j);
    json_key(&j, "cells");
    json_list(&j);
    for (size_t i = 0; i < r->ncells; i++)
        put_cell(&j, &r->cells[i]);
    json_end(&j);
    json_key(&j, "invocations");
    code = put_invocations(&j, r->store);
    json_end(&j);
    json_finish(&j);
    return code;
}

/* ---- one cell ------------------------------------------------------------ */

static enum sim_code show_cell(struct app *app, const struct results *r,
                               const struct result_cell *c)
{
    struct store_query *q = store_query(r->store,
        "SELECT c.strategy_json, c.content_key, s.source_text FROM cell c"
        " JOIN scenario s USING(scenario_key) WHERE c.cell_id = ?1");

    fprintf(app->out, "# cell %" PRId64 ": %s, seed %" PRIu64 ", %" PRId64
            " replications, model version %" PRId64 "\n", c->id, c->strategy,
            c->seed, c->replications, c->model_version);
    query_bind_integer(q, 1, c->id);
    if (query_next(q)) {
        fprintf(app->out, "# parameters: %s\n# strategy: %s\n# contents: %s\n",
                params_text(app->arena, c->params), query_text(q, 0),
                query_text(q, 1));
        fputs(query_text(q, 2), app->out);
    }
    return query_end(q);
}

/* The cell with this number, NULL after an error. */
static const struct result_cell *cell_of(struct app *app,
                                         const struct results *r, int64_t id)
{
    for (size_t i = 0; i < r->ncells; i++)
        if (r->cells[i].id == id)
            return &r->cells[i];
    err_error(&app->errors, NULL, "\"%s\" has no cell %" PRId64,
              app->o.words.items[0], id);
    return NULL;
}

static enum sim_code remove_cell(struct app *app, struct results *r,
                                 const struct result_cell *c)
{
    enum sim_code code = store_remove(r->store, c->id);

    if (code == SIM_OK)
        fprintf(app->out, "removed cell %" PRId64 ": %s, %" PRId64
                " replications\n", c->id, c->strategy, c->replications);
    return code;
}

/* The cells of --diff N,M. */
static enum sim_code show_diff(struct app *app, const struct results *r,
                               int64_t from, int64_t to)
{
    const struct result_cell *x = cell_of(app, r, from);
    const struct result_cell *y = x ? cell_of(app, r, to) : NULL;

    return y ? runs_diff(app, r, x, y) : SIM_INVALID;
}

/* Read --diff; false after an error. */
static bool diff_of_option(struct app *app, int64_t *from, int64_t *to)
{
    const char *comma = app->o.diff ? strchr(app->o.diff, ',') : NULL;

    if (!app->o.diff)
        return true;
    if (comma && parse_int(arena_strndup(app->arena, app->o.diff, (size_t)
                                         (comma - app->o.diff)), from, NULL) &&
        parse_int(comma + 1, to, NULL))
        return true;
    cli_usage(app, "--diff wants the numbers of two cells: --diff 1,2");
    return false;
}

/* Faults of the options together. */
static bool options_fit(struct app *app)
{
    int asked = (app->o.cell >= 0) + (app->o.remove >= 0) +
                (app->o.diff != NULL);

    if (app->o.words.len != 1)
        cli_usage(app, "name a results file");
    else if (asked > 1)
        cli_usage(app, "--cell, --diff and --remove exclude each other");
    else if (app->o.json && asked > 0 && !app->o.diff)
        cli_usage(app, "--json is of the list, or of --diff");
    else
        return true;
    return false;
}

enum exit_code command_runs(struct app *app)
{
    int64_t id = app->o.remove >= 0 ? app->o.remove : app->o.cell;
    int64_t from = -1, to = -1;
    const struct result_cell *c = NULL;
    struct results r;
    enum exit_code code;
    enum sim_code done = SIM_OK;

    if (!options_fit(app) || !diff_of_option(app, &from, &to))
        return EXIT_USAGE;
    code = results_open(app, app->o.words.items[0],
                        app->o.remove >= 0 ? STORE_WRITE : STORE_READ, &r);
    if (code != EXIT_DONE)
        return code;
    if (id >= 0)
        c = cell_of(app, &r, id);
    if (app->o.diff)
        done = show_diff(app, &r, from, to);
    else if (id >= 0 && !c)
        done = SIM_INVALID;
    else if (c)
        done = app->o.remove >= 0 ? remove_cell(app, &r, c)
                                  : show_cell(app, &r, c);
    else if (app->o.json)
        done = list_json(app, &r);
    else
        list_cells(app, &r);
    if (store_close(r.store) != SIM_OK)
        done = SIM_SYSTEM;
    return results_exit(done);
}
