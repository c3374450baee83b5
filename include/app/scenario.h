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

/* One column of the comparison: a strategy over its own manifests. */
struct variant {
    const char *name;
    const struct spec *spec;
    const struct strategy_spec *strategy;       /* NULL: the manifest's own */
};

/* Objects of a kind that is not simulated. */
struct not_simulated {
    const char *kind;
    int count;
};

struct scenario {
    struct arena *arena;
    const char *file, *name, *description;
    struct precision precision; /* min = max: a fixed number */
    enum metric until;          /* METRIC_COUNT: no precision asked for */
    double confidence;
    const struct variant *variants;
    size_t nvariants;
    const struct promise *promises;
    size_t npromises;
    const struct expectation *expectations;
    size_t nexpectations;
    const struct not_simulated *ignored;
    size_t nignored;
    size_t nfiles;
};

/* Read the files that app->o.words name (one Scenario at most, and manifests)
 * into *out, with the changes of the options.  All faults go to app->errors.
 * SIM_INVALID or SIM_SYSTEM if it cannot be run. */
enum sim_code scenario_load(struct app *app, struct scenario *out);

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
