/*
 * execute.c - from the options of a command to the results of an experiment.
 */
#include "app/execute.h"
#include <string.h>
#include "app/report.h"

/* Everything that gets rows of recorded replications. */
struct sinks {
    struct export *csv;
    struct figures *figures;
};

static void all_rows(void *ctx, const struct variant *v, const struct world *w)
{
    struct sinks *s = ctx;

    if (s->csv)
        export_rows(s->csv, v, w);
    if (s->figures)
        figures_rows(s->figures, v, w);
}

void execute_say_ignored(struct app *app, const struct scenario *s,
                         bool varied)
{
    if (app->o.quiet)
        return;
    if (s->nparameters > 0 && !varied)
        fputs("parameters: as the files have them; sweep and optimize "
              "vary them\n", app->err);
    if (s->nignored == 0)
        return;
    fputs("not simulated:", app->err);
    for (size_t i = 0; i < s->nignored; i++)
        fprintf(app->err, "%s %s x%d", i ? "," : "", s->ignored[i].kind,
                s->ignored[i].count);
    fputc('\n', app->err);
}

void execute_say_interrupted(struct app *app, const struct experiment *e)
{
    if (e->interrupted && app->o.results && !app->o.quiet)
        fprintf(app->err, "interrupted: what was finished is in %s, the same "
                "command goes on\n", app->o.results);
}

/* Forget the CSV files begun. */
static void abandon(const struct sinks *s)
{
    if (s->csv)
        export_abandon(s->csv);
}

/* Open what the options ask for; false after an error. */
static bool open_sinks(struct app *app, struct sinks *s,
                       const struct scenario *scenario)
{
    if (app->o.csv) {
        s->csv = export_open(app, app->o.csv, scenario);
        if (!s->csv)
            return false;
    }
    if (!app->o.figures)
        return true;
    s->figures = figures_open(app, app->o.figures, NULL,
                              scenario_varies(scenario));
    if (!s->figures)
        abandon(s);
    return s->figures != NULL;
}

/* Write the files; a failure is the exit code. */
static enum exit_code close_sinks(struct app *app, struct sinks *s,
                                  const struct experiment *e)
{
    if (e->interrupted) {
        abandon(s);
        return EXIT_DONE;
    }
    if (s->csv && export_close(s->csv, e) != SIM_OK)
        return EXIT_SYSTEM;
    if (s->csv && !app->o.quiet)
        fprintf(app->err, "wrote %s/*.csv\n", app->o.csv);
    if (s->figures) {
        size_t n;

        if (figures_draw(s->figures, e, NULL) != SIM_OK)
            return EXIT_SYSTEM;
        figures_pictures(s->figures, &n);
        figures_say(app, n);
    }
    return EXIT_DONE;
}

bool execute_shard_fits(struct app *app, const struct scenario *s)
{
    struct shard shard;

    if (!app->o.shard)
        return true;
    if (!shard_read(app, &shard))
        return false;
    if (!app->o.results)
        cli_usage(app, "--shard needs -o FILE: the parts are united by "
                  "rollsim merge");
    else if (app->o.csv || app->o.figures || app->o.json)
        cli_usage(app, "a shard is no result: merge, then run again with "
                  "--csv, --figures or --json");
    else if (s->until != METRIC_COUNT)
        cli_usage(app, "a shard cannot see when the precision is reached: "
                  "say how many replications with -n");
    else
        return true;
    return false;
}

void execute_report_shard(struct app *app, const struct experiment *e,
                          const char *more)
{
    size_t known, mine = experiment_share(e, &known);

    fprintf(app->out, "%s: shard %zu of %zu: %zu of %zu replications in %s%s\n",
            e->scenario->name, e->shard.index, e->shard.count, known, mine,
            app->o.results, more);
}

/* Run; false, and the exit code, if there is nothing to report. */
static bool simulate(struct app *app, const struct scenario *s,
                     struct sinks *sinks, struct experiment *e,
                     enum exit_code *code)
{
    struct row_sink sink = { all_rows, sinks, false };
    bool rows = sinks->csv || (sinks->figures && !scenario_varies(s));

    sink.all = app->o.record && strcmp(app->o.record, "all") == 0;
    if (experiment_run(app, s, rows ? &sink : NULL, e) != SIM_OK) {
        abandon(sinks);
        *code = EXIT_SYSTEM;
        return false;
    }
    execute_say_interrupted(app, e);
    if (e->shard.count > 1) {
        execute_report_shard(app, e, "");
        *code = experiment_verdict(e);
        return false;
    }
    *code = close_sinks(app, sinks, e);
    if (*code == EXIT_DONE && e->interrupted && e->n == 0)
        *code = experiment_verdict(e);
    return *code == EXIT_DONE;
}

/* Faults of the options that can be told before anything is read. */
static bool options_fit(struct app *app)
{
    if (app->o.words.len == 0)
        cli_usage(app, "name a scenario file");
    else
        return figures_check(app) == EXIT_DONE;
    return false;
}

bool execute_load(struct app *app, vary_fn *vary, struct scenario *s,
                  enum exit_code *code)
{
    struct scenario varied;

    *code = EXIT_USAGE;
    if (!options_fit(app))
        return false;
    *code = EXIT_INPUT;
    if (scenario_load(app, s) != SIM_OK)
        return false;
    execute_say_ignored(app, s, vary != NULL);
    if (vary) {
        *code = vary(app, s, &varied);
        if (*code != EXIT_DONE)
            return false;
        *s = varied;
    }
    *code = EXIT_USAGE;
    return scenario_until(app, s) && execute_shard_fits(app, s);
}

bool execute(struct app *app, const struct scenario *s, struct experiment *e,
             enum exit_code *code)
{
    struct sinks sinks = {0};

    *code = EXIT_SYSTEM;
    return open_sinks(app, &sinks, s) && simulate(app, s, &sinks, e, code);
}

bool execute_metrics(struct app *app, enum metric *out, size_t *n)
{
    const char *p = app->o.metrics;
    const char *names[METRIC_COUNT + 1] = {0};

    for (int m = 0; m < METRIC_COUNT; m++)
        names[m] = metric_row((enum metric)m)->name;
    for (*n = 0; p && *p; p += *p == ',') {
        size_t len = strcspn(p, ",");
        const char *name = arena_strndup(app->arena, p, len);
        enum metric m = metric_find(name);

        p += len;
        if (m == METRIC_COUNT || *n == METRIC_COUNT) {
            struct diag *d = err_error(&app->errors, NULL,
                                       "--metric: no metric \"%s\"", name);

            diag_suggest(&app->errors, d, name, names);
            return false;
        }
        out[(*n)++] = m;
    }
    return true;
}
