/*
 * verb_plot.c - the command plot: figures of a scenario.
 *
 * In characters on stdout; with -o into one file, with --figures into a
 * folder.  Only as many replications are run as the figure needs.  With -o the
 * script and its data stand in a private folder, which is kept if gnuplot
 * fails, since the message names the script.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "app/execute.h"
#include "app/figure.h"
#include "app/sweep.h"
#include "io/file.h"

/* The format that a file's name means; NULL after an error. */
static const char *format_of(struct app *app, const char *path)
{
    static const char *const known[] = { "svg", "png", "pdf" };
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < 3; i++)
        if (strcmp(dot + 1, known[i]) == 0)
            return known[i];
    cli_usage(app, "--output: the file must end in .svg, .png or .pdf, got "
              "\"%s\"", path);
    return NULL;
}

static const char *private_folder(struct app *app)
{
    const char *tmp = getenv("TMPDIR");
    char *path = arena_printf(app->arena, "%s/rollsim-XXXXXX",
                              tmp && *tmp ? tmp : "/tmp");

    if (mkdtemp(path))
        return path;
    err_error(&app->errors, NULL, "cannot make a folder \"%s\"", path);
    return NULL;
}

/* Remove what figures_draw left in the private folder, and the folder. */
static void clean(struct app *app, const char *folder, const char *name,
                  const char *format)
{
    const char *ends[] = { "gp", "dat", format };

    for (size_t i = 0; i < 3; i++)
        unlink(arena_printf(app->arena, "%s/%s.%s", folder, name, ends[i]));
    rmdir(folder);
}

static enum sim_code copy(struct app *app, const char *from, const char *to)
{
    struct file_data d;
    struct file_out out;

    if (file_read(app->arena, from, 0, NULL, &d, &app->errors) != SIM_OK ||
        file_create(app->arena, to, &out, &app->errors) != SIM_OK)
        return SIM_SYSTEM;
    fwrite(d.bytes, 1, d.len, out.stream);
    return file_commit(&out, &app->errors);
}

/* The one picture that was drawn, to where it is wanted. */
static enum exit_code deliver(struct app *app, const struct figures *f,
                              const char *folder)
{
    size_t n;
    const char *const *names = figures_pictures(f, &n);
    const char *path = arena_printf(app->arena, "%s/%s.%s", folder, names[0],
                                    app->o.picture);
    enum sim_code code = copy(app, path, app->o.output);

    for (size_t i = 0; i < n; i++)
        clean(app, folder, names[i], app->o.picture);
    if (code == SIM_OK && !app->o.quiet)
        fprintf(app->err, "wrote %s\n", app->o.output);
    return code == SIM_OK ? EXIT_DONE : EXIT_SYSTEM;
}

/* Usage faults of the options together. */
static enum exit_code check_options(struct app *app)
{
    enum metric metrics[METRIC_COUNT];
    size_t n;

    if (app->o.words.len == 0)
        return cli_usage(app, "name a scenario file");
    if (!execute_metrics(app, metrics, &n))
        return EXIT_USAGE;
    if (app->o.output && !app->o.figure)
        return cli_usage(app, "--output needs --figure: one picture a file; "
                         "--figures DIR draws all");
    if (app->o.output && app->o.figures)
        return cli_usage(app, "--output and --figures exclude each other");
    if (app->o.output) {
        app->o.picture = format_of(app, app->o.output);
        if (!app->o.picture)
            return EXIT_USAGE;
    }
    return figures_check(app);
}

/* Are the cells of parameters to be drawn?  If the figure is of them, or of
 * either and there are some; without a figure, if the options vary any. */
static bool of_cells(const struct app *app, const struct figure_kind *only,
                     const struct scenario *s)
{
    if (!only)
        return app->o.params.len > 0 || app->o.design || app->o.axes;
    return only->of == OF_CELLS || (only->of == OF_BOTH && s->nparameters > 0);
}

/* The scenario, with as many replications as the figure needs (NULL: all). */
static enum exit_code load(struct app *app, const struct figure_kind *only,
                           struct scenario *s)
{
    struct scenario read;

    if (!sweep_options_fit(app))
        return EXIT_USAGE;
    if (scenario_load(app, s) != SIM_OK)
        return EXIT_INPUT;
    if (only && !only->replications)
        s->precision.min = s->precision.max = 1;
    if (app->o.output && only->each && s->nvariants > 1)
        return cli_usage(app, "figure %s has a picture for each strategy: "
                         "choose one with --strategy, or use --figures DIR",
                         only->name);
    if (!of_cells(app, only, s)) {
        if (s->nparameters > 0 && !app->o.quiet)
            fputs("parameters: as the files have them; -t heatmap, tornado and "
                  "pareto vary them\n", app->err);
        return EXIT_DONE;
    }
    read = *s;
    return sweep_vary(app, &read, s);
}

/* Run s and draw it: into a folder (of --output a private one, to be
 * delivered), or, if that is NULL, in characters. */
static enum exit_code draw(struct app *app, const struct scenario *s,
                           const struct figure_kind *only, const char *folder)
{
    struct experiment *e = arena_make(app->arena, struct experiment);
    bool cells = scenario_varies(s);
    struct figures *f = figures_open(app, folder, only, cells);
    struct row_sink sink = { figures_rows, f, false };
    size_t n;

    if (!f || experiment_run(app, s, cells ? NULL : &sink, e) != SIM_OK)
        return EXIT_SYSTEM;
    if (e->interrupted) {
        if (app->o.output)
            rmdir(folder);
        return experiment_verdict(e);
    }
    if (figures_draw(f, e, NULL) != SIM_OK)
        return EXIT_SYSTEM;
    figures_pictures(f, &n);
    if (only && n == 0) {
        if (app->o.output)
            rmdir(folder);
        err_error(&app->errors, NULL, "there is nothing to draw in this "
                  "figure of this scenario");
        return EXIT_INPUT;
    }
    return app->o.output ? deliver(app, f, folder) : EXIT_DONE;
}

enum exit_code command_plot(struct app *app)
{
    const struct figure_kind *only = NULL;
    const char *folder = app->o.figures;
    struct scenario s = {0};
    enum exit_code code;

    if (app->o.list) {
        figures_list(app->out);
        return EXIT_DONE;
    }
    code = check_options(app);
    if (code != EXIT_DONE)
        return code;
    if (app->o.figure) {
        only = figures_find(app, app->o.figure);
        if (!only)
            return EXIT_USAGE;
    }
    code = load(app, only, &s);
    if (code != EXIT_DONE)
        return code;
    if (app->o.output) {
        folder = private_folder(app);
        if (!folder)
            return EXIT_SYSTEM;
    }
    return draw(app, &s, only, folder);
}
