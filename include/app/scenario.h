/*
 * scenario.h - what the user's files say, checked and ready to run.
 *
 * Everything lives in one arena and is read-only afterwards.  Faults are
 * reported with their place in the files; a scenario is to be used only if
 * there was no error.
 */
#ifndef APP_SCENARIO_H
#define APP_SCENARIO_H
#include "app/cli.h"
#include "models/metrics.h"
#include "models/spec.h"
#include "models/strategy.h"
#include "stats/ci.h"
#include "stats/stop.h"

/* A row of `slo`: judged with confidence over the replications. */
struct promise {
    enum metric metric;
    bool at_least;              /* else at most */
    double limit;               /* in the metric's unit */
    struct mark mark;
};

/* A row of `expect`: must hold in every replication. */
enum compare_op { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT,
                  COMPARE_GE };
struct expectation {
    const char *text;           /* as written */
    enum metric metric;
    enum compare_op op;
    double value;
    struct mark mark;
};

/* A row of `parameters`: what a sweep varies. */
struct parameter {
    const char *name;
    const char *path;           /* as in --set */
    const struct value *const *values;  /* those of the grid; none twice */
    const char *const *texts;   /* the same as people write them: "25%" */
    size_t n;
    struct mark mark;
};

/* What was read for a cell, for the key of its results. */
struct origin {
    const struct value *root;   /* the Scenario; NULL: none */
    const char *const *data;    /* keys of the data files */
    size_t ndata;
};

/* One column of the comparison: a strategy over its own manifests, in one
 * cell of the parameters. */
struct variant {
    const char *name;           /* of the strategy */
    const struct spec *spec;
    const struct strategy_spec *strategy;       /* NULL: the manifest's own */
    size_t cell;                /* of scenario_vary's; 0 */
    const char *const *settings;        /* the text of each parameter, in
                                         * order; NULL: the file's own */
    const struct origin *origin;
};

/* Objects of a kind that is not simulated. */
struct not_simulated {
    const char *kind;
    int count;
};

/* A cell that cannot be simulated: the API server refuses its manifests. */
struct refused_cell {
    size_t cell;
    const char *const *settings;
    const char *why;
};

struct loader;

struct scenario {
    struct arena *arena;
    const struct loader *loader;        /* what was read, for scenario_vary */
    const char *file, *name, *description;
    struct precision precision; /* min = max: a fixed number */
    enum metric until;          /* METRIC_COUNT: no precision asked for */
    bool paired;                /* of the differences to variant `baseline`,
                                 * not of each mean */
    size_t baseline;
    double confidence;
    const struct variant *variants;
    size_t nvariants;
    const struct promise *promises;
    size_t npromises;
    const struct expectation *expectations;
    size_t nexpectations;
    const struct parameter *parameters;
    size_t nparameters;
    const struct refused_cell *refused; /* of scenario_vary */
    size_t nrefused;
    const struct not_simulated *ignored;
    size_t nignored;
    size_t nfiles;
};

/* Read the files that app->o.words name (one Scenario at most, and manifests)
 * into *out, with the changes of the options.  All faults go to app->errors.
 * SIM_INVALID or SIM_SYSTEM if it cannot be run. */
enum sim_code scenario_load(struct app *app, struct scenario *out);

/* Obey --until, --min and, as its maximum, --replications.  False after an
 * error. */
bool scenario_until(struct app *app, struct scenario *s);

/* A cell of the parameters: a value for each, in their order. */
struct point {
    const struct value *const *values;
};

/* All combinations of the parameters' values, the last varied fastest: *n of
 * them, in the scenario's arena.  One (empty) if there is no parameter. */
const struct point *scenario_grid(const struct scenario *s, size_t *n);

/* The same scenario with other variants: every strategy in each of n cells, in
 * order of cells, then strategies.  A cell is what the files say with the
 * parameters set, as by --set; one that is invalid is among out->refused with
 * the first reason, and has no variants.  Faults that are not the cell's (an
 * unknown path) go to app->errors.  SIM_INVALID if there were such faults, or
 * if no cell is left. */
enum sim_code scenario_vary(struct app *app, const struct scenario *s,
                            const struct point *points, size_t n,
                            struct scenario *out);

/* "surge=1 unavailable=25%" in a; "" without settings. */
const char *settings_text(struct arena *a, const struct scenario *s,
                          const char *const *settings);

/* The field table of a Scenario document, for help and schema. */
extern const struct field scenario_fields[];

/* The limit of a promise, or a value of a metric, as people write it:
 * "99.9 %", "500 ms", "12". */
char *promise_value(struct arena *a, enum metric m, double x);

/* What the interval of its metric says about a promise. */
enum verdict promise_verdict(const struct promise *p, struct interval i);

/* Does x keep it?  False for NaN. */
bool expectation_holds(const struct expectation *e, double x);

#endif
