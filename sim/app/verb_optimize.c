/*
 * verb_optimize.c - the command optimize: the best settings under the
 * scenario's objective.
 *
 * Candidates are the strategies in every cell of the parameters.  The search
 * decides from results alone, so what it finds depends on the scenario, the
 * seed and the budget, not on threads, nor on what a results file had.
 */
#include <string.h>
#include "app/execute.h"
#include "app/optimum.h"
#include "app/report.h"
#include "app/sweep.h"

#define BUDGET_EACH 40          /* replications a candidate */

static bool extend(void *ctx, const size_t *until)
{
    return experiment_extend(ctx, until);
}

static double value(void *ctx, size_t candidate, size_t replication,
                    enum metric m)
{
    return experiment_value(ctx, candidate, replication, m);
}

static struct trials trials_of(struct experiment *e)
{
    return (struct trials){ e->scenario->nvariants, e, extend, value };
}

/* Without an objective: the fastest rollout that keeps the slo. */
static enum exit_code complete(struct app *app, struct scenario *s)
{
    struct objective *o = &s->objective;
    struct diag *d;

    if (o->metric == METRIC_COUNT && s->npromises + s->nexpectations > 0)
        o->metric = METRIC_ROLLOUT_SECONDS;
    if (o->metric == METRIC_COUNT) {
        d = err_error(&app->errors, NULL, "the scenario has neither an "
                      "objective nor an slo");
        diag_help(&app->errors, d, "say what is best: objective: {minimise: "
                  "rollout_seconds, subject: [{metric: availability, atLeast: "
                  "99.9%%}]}");
        return EXIT_INPUT;
    }
    if (!app->o.indifference)
        return EXIT_DONE;
    if (promise_read_value(o->metric, app->o.indifference, &o->indifference) &&
        o->indifference > 0)
        return EXIT_DONE;
    return cli_usage(app, "--indifference: \"%s\" is no value above 0 of %s, "
                     "which is measured in %s", app->o.indifference,
                     metric_row(o->metric)->name,
                     metric_row(o->metric)->unit);
}

/* Read the scenario and lay out its candidates. */
static enum exit_code load(struct app *app, struct scenario *out)
{
    struct scenario s = {0};
    enum exit_code code;

    if (app->o.words.len == 0)
        return cli_usage(app, "name a scenario file");
    if (!sweep_options_fit(app) || figures_check(app) != EXIT_DONE)
        return EXIT_USAGE;
    if (scenario_load(app, &s) != SIM_OK)
        return EXIT_INPUT;
    code = complete(app, &s);
    if (code != EXIT_DONE)
        return code;
    execute_say_ignored(app, &s, true);
    if (s.nparameters > 0)
        return sweep_vary(app, &s, out);
    *out = s;
    return EXIT_DONE;
}

static bool budget_of(struct app *app, const struct scenario *s, size_t *out)
{
    *out = app->o.budget >= 0 ? (size_t)app->o.budget
                              : BUDGET_EACH * s->nvariants;
    if (*out >= 2 * s->nvariants)
        return true;
    cli_usage(app, "--budget must be at least %zu: two replications of each "
              "of %zu candidates", 2 * s->nvariants, s->nvariants);
    return false;
}

static enum search_method method_of(const struct app *app)
{
    static const char *const names[] = { "halving", "ocba", "kn" };
    int m = 0;

    while (app->o.method && strcmp(names[m], app->o.method) != 0)
        m++;
    return (enum search_method)m;
}

static enum exit_code verdict(const struct experiment *e,
                              const struct found *f)
{
    if (e->failed)
        return EXIT_SYSTEM;
    if (e->interrupted)
        return (enum exit_code)(128 + e->interrupted);
    return f->best == e->scenario->nvariants ? EXIT_MISSED
           : f->confirmed ? EXIT_DONE : EXIT_UNDECIDED;
}

/* The pictures that --figures asks for, once everything is known. */
static bool draw(struct app *app, struct figures *f,
                 const struct experiment *e, const struct found *found)
{
    size_t n;

    if (!f || e->interrupted)
        return true;
    if (figures_draw(f, e, found) != SIM_OK)
        return false;
    figures_pictures(f, &n);
    figures_say(app, n);
    return true;
}

enum exit_code command_optimize(struct app *app)
{
    struct scenario s = {0};
    struct experiment *e = arena_make(app->arena, struct experiment);
    struct found f = {0};
    struct figures *figures = NULL;
    struct trials t;
    enum exit_code code = load(app, &s);
    size_t budget;

    if (code != EXIT_DONE)
        return code;
    if (!budget_of(app, &s, &budget))
        return EXIT_USAGE;
    if (app->o.figures) {
        figures = figures_open(app, app->o.figures, NULL, true);
        if (!figures)
            return EXIT_SYSTEM;
    }
    if (experiment_begin(app, &s, e) != SIM_OK)
        return EXIT_SYSTEM;
    e->progress.total = budget;
    t = trials_of(e);
    optimum_find(app->arena, &s, &t, method_of(app), budget, &f);
    if (experiment_end(e, verdict(e, &f)) != SIM_OK)
        return EXIT_SYSTEM;
    execute_say_interrupted(app, e);
    if (!draw(app, figures, e, &f))
        return EXIT_SYSTEM;
    if (e->interrupted)
        return verdict(e, &f);
    if (app->o.json)
        report_optimum_json(app, e, &f);
    else
        report_optimum(app, e, &f);
    return verdict(e, &f);
}
