/*
 * verb_optimize.c - the command optimize: the best settings under the
 * scenario's objective.
 *
 * Candidates are the strategies in every cell of the parameters.  The search
 * decides from results alone, so what it finds depends on the scenario, the
 * seed and the budget, not on threads, nor on what a results file had.
 *
 * A shard makes the same search as far as results are known, computes its part
 * of what is asked for next, and ends; when the shards' files are merged, they
 * go on from there.  Near the end, when few candidates are left and asked for
 * one replication at a time, it computes some more than was asked for.
 */
#include <string.h>
#include "app/execute.h"
#include "app/optimum.h"
#include "app/report.h"
#include "app/sweep.h"

#define BUDGET_EACH 40          /* replications a candidate */
#define AHEAD 20                /* replications a shard computes beyond what is
                                 * asked for, */
#define FEW SEARCH_FINALISTS    /* of no more candidates than this */

struct hunt {
    struct experiment *e;
    bool waits;                 /* for what other shards compute */
};

/* The candidates of which others have to compute something; ahead[]: how far
 * this shard might go meanwhile. */
static size_t lacking(const struct experiment *e, const size_t *until,
                      size_t *ahead)
{
    size_t n = 0;

    for (size_t v = 0; v < e->scenario->nvariants; v++) {
        bool lacks = e->columns[v].n < until[v];

        n += lacks;
        ahead[v] = until[v] + (lacks ? AHEAD : 0);
    }
    return n;
}

static bool extend(void *ctx, const size_t *until)
{
    struct hunt *h = ctx;
    size_t *ahead, n;

    if (!experiment_extend(h->e, until))
        return false;
    ahead = arena_many(h->e->arena, size_t, h->e->scenario->nvariants);
    n = lacking(h->e, until, ahead);
    h->waits = n > 0;
    if (n > 0 && n <= FEW)
        (void)experiment_extend(h->e, ahead);
    return n == 0;
}

static double value(void *ctx, size_t candidate, size_t replication,
                    enum metric m)
{
    struct hunt *h = ctx;

    return experiment_value(h->e, candidate, replication, m);
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

/* What --csv and --figures ask for. */
struct files {
    struct export *csv;
    struct figures *figures;
};

static bool open_files(struct app *app, const struct scenario *s,
                       struct files *f)
{
    if (app->o.figures) {
        f->figures = figures_open(app, app->o.figures, NULL, true);
        if (!f->figures)
            return false;
    }
    if (app->o.csv)
        f->csv = export_open(app, app->o.csv, s);
    return !app->o.csv || f->csv;
}

/* Write them, once everything is known; false after an error. */
static bool close_files(struct app *app, struct files *f,
                        const struct experiment *e, const struct found *found)
{
    size_t n;

    if (f->csv && (e->interrupted || e->failed)) {
        export_abandon(f->csv);
    } else if (f->csv) {
        if (export_close(f->csv, e) != SIM_OK)
            return false;
        if (!app->o.quiet)
            fprintf(app->err, "wrote %s/*.csv\n", app->o.csv);
    }
    if (!f->figures || e->interrupted || e->failed)
        return true;
    if (figures_draw(f->figures, e, found) != SIM_OK)
        return false;
    figures_pictures(f->figures, &n);
    figures_say(app, n);
    return true;
}

/* Compute what the search asks for. */
static void seek(struct app *app, struct experiment *e, const struct files *f,
                 size_t budget, struct found *found, bool *waits)
{
    struct hunt h = { e, false };
    struct trials t = { e->scenario->nvariants, &h, extend, value };
    struct row_sink sink = { export_rows, f->csv, false };

    e->progress.total = budget / e->shard.count;
    if (f->csv)
        experiment_record(e, &sink);
    if (!e->interrupted)
        optimum_find(app->arena, e->scenario, &t, method_of(app), budget,
                     found);
    *waits = h.waits;
}

/* What a shard has to say: how far the search is. */
static enum exit_code say_shard(struct app *app, const struct experiment *e,
                                bool waits)
{
    execute_report_shard(app, e, waits ? "; the search waits for the others: "
                         "merge them, and go on" : "; the search is complete: "
                         "run it without --shard");
    return e->failed ? EXIT_SYSTEM
           : e->interrupted ? (enum exit_code)(128 + e->interrupted)
                            : EXIT_DONE;
}

enum exit_code command_optimize(struct app *app)
{
    struct scenario s = {0};
    struct experiment *e = arena_make(app->arena, struct experiment);
    struct found f = {0};
    struct files files = {0};
    enum exit_code code = load(app, &s);
    size_t budget;
    bool waits;

    if (code != EXIT_DONE)
        return code;
    if (!budget_of(app, &s, &budget) || !execute_shard_fits(app, &s))
        return EXIT_USAGE;
    if (!open_files(app, &s, &files) || experiment_begin(app, &s, e) != SIM_OK)
        return EXIT_SYSTEM;
    f.best = s.nvariants;
    seek(app, e, &files, budget, &f, &waits);
    if (experiment_end(e, waits ? EXIT_DONE : verdict(e, &f)) != SIM_OK)
        e->failed = true;
    execute_say_interrupted(app, e);
    if (!close_files(app, &files, e, &f) || e->failed)
        return EXIT_SYSTEM;
    if (e->shard.count > 1)
        return say_shard(app, e, waits);
    if (e->interrupted)
        return verdict(e, &f);
    if (app->o.json)
        report_optimum_json(app, e, &f);
    else
        report_optimum(app, e, &f);
    return verdict(e, &f);
}
