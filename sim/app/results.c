/*
 * results.c - the cells of a results file.
 */
#include "app/results.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "io/file.h"
#include "io/yaml.h"

enum exit_code results_exit(enum sim_code code)
{
    return code == SIM_OK ? EXIT_DONE
           : code == SIM_INVALID ? EXIT_INPUT : EXIT_SYSTEM;
}

const char *results_setting(const struct result_cell *c, const char *name)
{
    return value_text(value_get(c->params, name), NULL);
}

/* JSON is YAML; a text that is neither has no parameters. */
static const struct value *read_params(struct app *app, const char *text)
{
    struct yaml_stream s = {0};
    struct err_list ignored;

    err_init(&ignored, app->arena);
    if (yaml_load(app->arena, "params_json", text, strlen(text), false, &s,
                  &ignored) != SIM_OK || s.docs.len == 0)
        return value_map(app->arena, NULL, 0, NULL);
    return s.docs.items[0].root;
}

static void take_names(struct app *app, const struct value *params,
                       text_list *names)
{
    for (size_t i = 0; params->type == VALUE_MAP && i < params->len; i++) {
        size_t k = 0;

        while (k < names->len &&
               strcmp(names->items[k], params->u.members[i].key) != 0)
            k++;
        if (k == names->len)
            vec_push(app->arena, names, params->u.members[i].key);
    }
}

static enum sim_code read_cells(struct app *app, struct results *out)
{
    VEC(struct result_cell) cells = {0};
    text_list names = {0};
    struct store_query *q = store_query(out->store,
        "SELECT c.cell_id, s.name, c.strategy, c.params_json, c.master_seed,"
        " c.model_version, (SELECT count(*) FROM replication r"
        " WHERE r.cell_id = c.cell_id) FROM cell c"
        " JOIN scenario s USING(scenario_key) ORDER BY c.cell_id");

    while (query_next(q)) {
        struct result_cell c = {
            .id = query_integer(q, 0),
            .scenario = arena_strdup(app->arena, query_text(q, 1)),
            .strategy = arena_strdup(app->arena, query_text(q, 2)),
            .params_json = arena_strdup(app->arena, query_text(q, 3)),
            .seed = strtoull(query_text(q, 4), NULL, 16),
            .model_version = query_integer(q, 5),
            .replications = query_integer(q, 6)
        };

        c.params = read_params(app, c.params_json);
        take_names(app, c.params, &names);
        vec_push(app->arena, &cells, c);
    }
    out->cells = cells.items;
    out->ncells = cells.len;
    out->parameters = names.items;
    out->nparameters = names.len;
    return query_end(q);
}

enum exit_code results_open(struct app *app, const char *path,
                            enum store_mode mode, struct results *out)
{
    enum sim_code code;

    *out = (struct results){0};
    if (mode == STORE_WRITE && access(path, F_OK) != 0) {
        file_unreadable(app->arena, path, errno, NULL, &app->errors);
        return EXIT_INPUT;      /* and do not make it */
    }
    code = store_open(app->arena, path, mode, &out->store, &app->errors);
    if (code != SIM_OK)
        return mode == STORE_READ ? EXIT_INPUT : results_exit(code);
    code = read_cells(app, out);
    if (code != SIM_OK) {
        store_close(out->store);
        return results_exit(code);
    }
    return EXIT_DONE;
}
