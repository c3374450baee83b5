/*
 * verb_run.c - the commands run and compare.
 */
#include <string.h>
#include "app/comparison.h"
#include "app/report.h"
#include "base/units.h"

#define WITHIN 0.01             /* of the baseline: no difference to speak of */

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

/* What was read and plays no part here. */
static void say_ignored(struct app *app, const struct scenario *s)
{
    if (app->o.quiet)
        return;
    if (s->nparameters > 0)
        fputs("parameters: as the files have them; only a sweep varies "
              "them\n", app->err);
    if (s->nignored == 0)
        return;
    fputs("not simulated:", app->err);
    for (size_t i = 0; i < s->nignored; i++)
        fprintf(app->err, "%s %s x%d", i ? "," : "", s->ignored[i].kind,
                s->ignored[i].count);
    fputc('\n', app->err);
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
    if (app->o.figures)
        s->figures = figures_open(app, app->o.figures, NULL);
    return !app->o.figures || s->figures;
}

/* Write the files; a failure is the exit code. */
static enum exit_code close_sinks(struct app *app, struct sinks *s,
                                  const struct experiment *e)
{
    if (s->csv && e->interrupted) {
        export_abandon(s->csv);
        return EXIT_DONE;
    }
    if (s->csv && export_close(s->csv, e) != SIM_OK)
        return EXIT_SYSTEM;
    if (s->csv && !app->o.quiet)
        fprintf(app->err, "wrote %s/*.csv\n", app->o.csv);
    if (s->figures && !e->interrupted) {
        size_t n;

        if (figures_draw(s->figures, e) != SIM_OK)
            return EXIT_SYSTEM;
        figures_pictures(s->figures, &n);
        if (!app->o.quiet)
            fprintf(app->err, "wrote %zu figures, %s/*.%s\n", n,
                    app->o.figures, app->o.picture ? app->o.picture : "svg");
    }
    return EXIT_DONE;
}

/* What --shard does not go with. */
static bool shard_fits(struct app *app, const struct scenario *s)
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

/* Say what a shard has done. */
static void report_shard(struct app *app, const struct experiment *e)
{
    size_t known, mine = experiment_share(e, &known);

    fprintf(app->out, "%s: shard %zu of %zu: %zu of %zu replications in %s\n",
            e->scenario->name, e->shard.index, e->shard.count, known, mine,
            app->o.results);
}

/* Run; false, and the exit code, if there is nothing to report. */
static bool simulate(struct app *app, const struct scenario *s,
                     struct sinks *sinks, struct experiment *e,
                     enum exit_code *code)
{
    struct row_sink sink = { all_rows, sinks, false };

    sink.all = app->o.record && strcmp(app->o.record, "all") == 0;
    if (experiment_run(app, s, sinks->csv || sinks->figures ? &sink : NULL,
                       e) != SIM_OK) {
        if (sinks->csv)
            export_abandon(sinks->csv);
        *code = EXIT_SYSTEM;
        return false;
    }
    if (e->interrupted && app->o.results && !app->o.quiet)
        fprintf(app->err, "interrupted: what was finished is in %s, the same "
                "command goes on\n", app->o.results);
    if (e->shard.count > 1) {
        report_shard(app, e);
        *code = experiment_verdict(e);
        return false;
    }
    *code = close_sinks(app, sinks, e);
    if (*code == EXIT_DONE && e->interrupted && e->n == 0)
        *code = experiment_verdict(e);
    return *code == EXIT_DONE;
}

/* Load what is to be run; false, and the exit code, after an error. */
static bool load(struct app *app, struct scenario *s, enum exit_code *code)
{
    *code = EXIT_USAGE;
    if (app->o.words.len == 0) {
        cli_usage(app, "name a scenario file");
        return false;
    }
    if (app->o.replications == 0) {
        cli_usage(app, "--replications must be at least 1");
        return false;
    }
    if (figures_check(app) != EXIT_DONE)
        return false;
    *code = EXIT_INPUT;
    if (scenario_load(app, s) != SIM_OK)
        return false;
    say_ignored(app, s);
    *code = EXIT_USAGE;
    return scenario_until(app, s) && shard_fits(app, s);
}

/* Run; false, and the exit code, if there is nothing to report. */
static bool execute(struct app *app, struct scenario *s, struct experiment *e,
                    enum exit_code *code)
{
    struct sinks sinks = {0};

    *code = EXIT_SYSTEM;
    return open_sinks(app, &sinks, s) && simulate(app, s, &sinks, e, code);
}

enum exit_code command_run(struct app *app)
{
    struct scenario s;
    struct experiment *e = arena_make(app->arena, struct experiment);
    enum exit_code code;

    if (!load(app, &s, &code) || !execute(app, &s, e, &code))
        return code;
    if (app->o.json)
        report_json(app, e, NULL);
    else
        report_run(app, e);
    return experiment_verdict(e);
}

/* ---- compare ------------------------------------------------------------- */

/* The index of the strategy called name; nvariants after an error. */
static size_t baseline_of(struct app *app, const struct scenario *s)
{
    const char **names;
    struct diag *d;

    if (!app->o.baseline)
        return 0;
    names = arena_many(app->arena, const char *, s->nvariants + 1);
    for (size_t v = 0; v < s->nvariants; v++) {
        names[v] = s->variants[v].name;
        if (strcmp(names[v], app->o.baseline) == 0)
            return v;
    }
    d = err_error(&app->errors, NULL, "--baseline: no strategy \"%s\"",
                  app->o.baseline);
    diag_suggest(&app->errors, d, app->o.baseline, names);
    return s->nvariants;
}

/* The metrics of --metric A,B into out; false after an error. */
static bool metrics_of_option(struct app *app, enum metric *out, size_t *n)
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

/* The tolerance of --within; negative after an error. */
static double within_of_option(struct app *app)
{
    double within = WITHIN;

    if (!app->o.within || parse_share(app->o.within, true, &within, NULL))
        return within;
    cli_usage(app, "--within: \"%s\" is no share, such as 5%%",
              app->o.within);
    return -1;
}

enum exit_code command_compare(struct app *app)
{
    struct scenario s = {0};
    struct experiment *e = arena_make(app->arena, struct experiment);
    struct comparison *c = NULL;
    double within = within_of_option(app);
    enum metric metrics[METRIC_COUNT];
    enum exit_code code;
    size_t n;

    if (within < 0 || !metrics_of_option(app, metrics, &n))
        return EXIT_USAGE;
    if (!load(app, &s, &code))
        return code;
    s.paired = true;
    s.baseline = baseline_of(app, &s);
    if (s.baseline == s.nvariants)
        return EXIT_USAGE;
    if (!execute(app, &s, e, &code))
        return code;
    if (s.nvariants > 1 && e->n > 1)
        c = compare_strategies(e, app->arena, s.baseline, metrics, n, within);
    if (app->o.json)
        report_json(app, e, c);
    else
        report_compare(app, e, c, metrics, n);
    return experiment_verdict(e);
}
