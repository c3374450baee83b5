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
    double confidence;          /* of objective.subject; 0: the scenario's */
    struct mark mark;
};

/* What `optimize` looks for. */
struct objective {
    enum metric metric;         /* METRIC_COUNT: the file does not say */
    bool maximise;
    double indifference;        /* in the metric's unit; 0: not given */
    const struct promise *subject;
    size_t nsubject;
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
enum range_unit { RANGE_NUMBER, RANGE_PERCENT, RANGE_DURATION };
struct parameter {
    const char *name;
    const char *path;           /* as in --set */
    const struct value *const *values;  /* those of the grid; none twice */
    size_t n;                   /* of them; 0: a range */
    double low, high;           /* of the range: numbers, per cent, seconds */
    enum range_unit unit;
    bool integer;               /* whole ones only */
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

/* A cell of the parameters: a value for each, in their order. */
struct point {
    const struct value *const *values;
    const double *at;           /* the same as numbers: which of the values,
                                 * from 0 on; in a range the value itself */
    bool base;                  /* others are one parameter away from it */
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
    struct objective objective;
    const struct parameter *parameters;
    size_t nparameters;
    const struct point *points; /* of scenario_vary; NULL: none */
    size_t npoints;
    const struct refused_cell *refused;
    size_t nrefused;
    const struct not_simulated *ignored;
    size_t nignored;
    size_t nfiles;
};

/* Read the files that app->o.words name (one Scenario at most, and manifests)
 * into *out, with the changes of the options.  All faults go to app->errors.
 * SIM_INVALID or SIM_SYSTEM if it cannot be run. */
enum sim_code scenario_load(struct app *app, struct scenario *out);

/* The same from the len bytes of text, called name in messages; files that it
 * names are read from the current folder.  Options count, words do not. */
enum sim_code scenario_read(struct app *app, const char *name,
                            const char *text, size_t len,
                            struct scenario *out);

/* Obey --until, --min and, as its maximum, --replications.  False after an
 * error. */
bool scenario_until(struct app *app, struct scenario *s);

/* Which cells to try. */
enum design {
    DESIGN_GRID,                /* all combinations, the last varied fastest;
                                 * base: the middle one */
    DESIGN_ONE_AT_A_TIME,       /* the middle, and from there each parameter
                                 * at its least and greatest value */
    DESIGN_LHS, DESIGN_SOBOL,   /* n cells spread over the space */
};

/* The cells of a design, in the scenario's arena, none twice; one (empty) if
 * there is no parameter.  n: of DESIGN_LHS and DESIGN_SOBOL, before those that
 * occur twice are left out.  Returns NULL after an error: a range in a grid,
 * too many cells. */
const struct point *scenario_points(struct app *app, const struct scenario *s,
                                    enum design design, size_t n,
                                    size_t *count);

/* The same scenario with other variants: every strategy in each of n cells, in
 * order of cells, then strategies.  A cell is what the files say with the
 * parameters set, as by --set; one that is invalid is among out->refused with
 * the first reason, and has no variants.  Faults that are not the cell's (an
 * unknown path) go to app->errors.  SIM_INVALID if there were such faults, or
 * if no cell is left. */
enum sim_code scenario_vary(struct app *app, const struct scenario *s,
                            const struct point *points, size_t n,
                            struct scenario *out);

/* Are its variants cells of parameters, by scenario_vary? */
static inline bool scenario_varies(const struct scenario *s)
{
    return s->nparameters > 0 && s->points;
}

/* "surge=1 unavailable=25%" in a; "" without settings. */
const char *settings_text(struct arena *a, const struct scenario *s,
                          const char *const *settings);

/* The same, with the strategy if there are several; or only the strategy. */
const char *variant_text(struct arena *a, const struct scenario *s, size_t v);

/* The field table of a Scenario document, for help and schema. */
extern const struct field scenario_fields[];

/* The limit of a promise, or a value of a metric, as people write it:
 * "99.9 %", "500 ms", "12". */
char *promise_value(struct arena *a, enum metric m, double x);

/* text as a value of a metric in its unit, as a limit is read. */
bool promise_read_value(enum metric m, const char *text, double *out);

/* What the interval of its metric says about a promise. */
enum verdict promise_verdict(const struct promise *p, struct interval i);

/* Does x keep it?  False for NaN. */
bool expectation_holds(const struct expectation *e, double x);

#endif
