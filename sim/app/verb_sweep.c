/*
 * verb_sweep.c - the command sweep: every strategy in many cells of the
 * parameters.
 */
#include <string.h>
#include "app/execute.h"
#include "app/report.h"
#include "app/sweep.h"

#define POINTS_EACH 10          /* of a spread design, per parameter */

static enum design design_of(const struct app *app)
{
    static const char *const names[] = { "grid", "one-at-a-time", "lhs",
                                         "sobol" };
    int design = DESIGN_GRID;

    while (app->o.design && strcmp(names[design], app->o.design) != 0)
        design++;
    return (enum design)design;
}

bool sweep_options_fit(struct app *app)
{
    enum design design = design_of(app);

    if (app->o.points == 0)
        cli_usage(app, "--points must be at least 1");
    else if (app->o.points > 0 && design != DESIGN_LHS &&
             design != DESIGN_SOBOL)
        cli_usage(app, "--points is for --design lhs and sobol");
    else
        return true;
    return false;
}

/* The parameter called name; nparameters after an error. */
static size_t find_axis(struct app *app, const struct scenario *s,
                        const char *name)
{
    const char **names = arena_many(app->arena, const char *,
                                    s->nparameters + 1);
    struct diag *d;

    for (size_t k = 0; k < s->nparameters; k++) {
        names[k] = s->parameters[k].name;
        if (strcmp(names[k], name) == 0)
            return k;
    }
    d = err_error(&app->errors, NULL, "--axes: no parameter \"%s\"", name);
    diag_suggest(&app->errors, d, name, names);
    return s->nparameters;
}

bool sweep_axes(struct app *app, const struct scenario *s, size_t axes[2])
{
    const char *text = app->o.axes, *comma = text ? strchr(text, ',') : NULL;

    axes[0] = axes[1] = s->nparameters;
    if (!text)
        return true;
    if (!comma) {
        err_error(&app->errors, NULL, "--axes must be two parameters, A,B, got "
                  "\"%s\"", text);
        return false;
    }
    axes[0] = find_axis(app, s, arena_strndup(app->arena, text,
                                              (size_t)(comma - text)));
    axes[1] = find_axis(app, s, comma + 1);
    if (axes[0] == axes[1] && axes[0] < s->nparameters)
        err_error(&app->errors, NULL, "--axes: \"%s\" twice",
                  s->parameters[axes[0]].name);
    return axes[0] != axes[1] && axes[0] < s->nparameters &&
           axes[1] < s->nparameters;
}

enum exit_code sweep_vary(struct app *app, const struct scenario *s,
                          struct scenario *out)
{
    size_t n = app->o.points > 0 ? (size_t)app->o.points
                                 : POINTS_EACH * s->nparameters;
    const struct point *points;
    size_t axes[2];

    if (s->nparameters == 0) {
        err_error(&app->errors, NULL, "nothing is varied: the scenario has no "
                  "`parameters`, and there is no --param NAME=VALUE,VALUE");
        return EXIT_INPUT;
    }
    if (!sweep_axes(app, s, axes))
        return EXIT_USAGE;
    points = scenario_points(app, s, design_of(app), n, &n);
    if (!points || scenario_vary(app, s, points, n, out) != SIM_OK)
        return EXIT_INPUT;
    return EXIT_DONE;
}

enum exit_code command_sweep(struct app *app)
{
    struct scenario s = {0};
    struct experiment *e = arena_make(app->arena, struct experiment);
    enum metric metrics[METRIC_COUNT];
    enum exit_code code;
    size_t n;

    if (!execute_metrics(app, metrics, &n) || !sweep_options_fit(app))
        return EXIT_USAGE;
    if (!execute_load(app, sweep_vary, &s, &code) ||
        !execute(app, &s, e, &code))
        return code;
    if (app->o.json)
        report_json(app, e, NULL);
    else
        report_sweep(app, e, metrics, n);
    return experiment_verdict(e);
}
