/*
 * verb_check.c - the command check: everything but the simulation.
 */
#include "app/scenario.h"
#include "models/object.h"

static void list_objects(struct app *app, const struct scenario *s)
{
    const struct spec *spec = s->nvariants ? s->variants[0].spec : NULL;

    for (size_t i = 0; spec && i < spec->nmanifests; i++)
        fprintf(app->out, "%s/%s\n", kind_name(spec->manifests[i].kind),
                spec->manifests[i].name);
    for (size_t i = 0; i < s->nignored; i++)
        fprintf(app->out, "%s x%d: not simulated\n", s->ignored[i].kind,
                s->ignored[i].count);
}

static void print_summary(struct app *app, const struct scenario *s)
{
    int errors = app->errors.errors, warnings = app->errors.warnings;
    int others = 0;

    for (size_t i = 0; i < s->nignored; i++)
        others += s->ignored[i].count;
    fprintf(app->out, "%d error%s, %d warning%s in %zu file%s", errors,
            errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s",
            s->nfiles, s->nfiles == 1 ? "" : "s");
    if (others)
        fprintf(app->out, "; %d object%s not simulated%s", others,
                others == 1 ? "" : "s",
                app->o.list ? "" : ", --list names them");
    fputc('\n', app->out);
}

enum exit_code command_check(struct app *app)
{
    struct scenario s = {0};
    enum sim_code code;

    if (app->o.words.len == 0)
        return cli_usage(app, "name a file or folder to check");
    code = scenario_load(app, &s);
    if (app->o.list && code == SIM_OK)
        list_objects(app, &s);
    if (!app->o.format)
        print_summary(app, &s);
    return code == SIM_OK ? EXIT_DONE : EXIT_INPUT;
}
