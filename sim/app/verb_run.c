/*
 * verb_run.c - the commands run and compare.
 */
#include <string.h>
#include "app/comparison.h"
#include "app/execute.h"
#include "app/report.h"
#include "base/units.h"

#define WITHIN 0.01             /* of the baseline: no difference to speak of */

enum exit_code command_run(struct app *app)
{
    struct scenario s;
    struct experiment *e = arena_make(app->arena, struct experiment);
    enum exit_code code;

    if (!execute_load(app, NULL, &s, &code) || !execute(app, &s, e, &code))
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
    diag_choices(&app->errors, d, app->o.baseline, names);
    return s->nvariants;
}

/* The tolerance of --within; negative after an error. */
static double within_of_option(struct app *app)
{
    double within = WITHIN;

    if (!app->o.within || parse_share(app->o.within, false, &within, NULL))
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

    if (within < 0 || !execute_metrics(app, metrics, &n))
        return EXIT_USAGE;
    if (!execute_load(app, NULL, &s, &code))
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
