/*
 * experiment.h - the grid strategy x replication, run and kept.
 *
 * A replication is a function of (scenario, strategy, seed, replication); each
 * has its own arena.  Results stand in arrays by (variant, replication), so
 * the order in which they are run does not show.
 */
#ifndef APP_EXPERIMENT_H
#define APP_EXPERIMENT_H
#include "app/scenario.h"
#include "stats/ci.h"

struct world;

struct experiment {
    const struct scenario *scenario;
    struct arena *arena;
    size_t n;                   /* replications of every variant */
    size_t cap;
    double *values;             /* [replication][variant][metric]; NaN:
                                 * undefined */
    uint64_t *digests;          /* [replication][variant] */
    bool precise;               /* the precision asked for was reached */
    int interrupted;            /* the signal, or 0 */
};

/* Gets the rows of every recorded replication, in order of replication, then
 * variant.  w: finished, freed afterwards. */
struct row_sink {
    void (*rows)(void *ctx, const struct variant *v, const struct world *w);
    void *ctx;
    bool all;                   /* every replication, not only the first */
};

/* Run the scenario.  sink may be NULL.  Shows progress on app->err.  An
 * interrupt (SIGINT, SIGTERM) ends it after the replications under way; the
 * result does not depend on the number of threads (-j). */
void experiment_run(struct app *app, const struct scenario *s,
                    const struct row_sink *sink, struct experiment *out);

/* Values of a metric over the replications of variant v, in a. */
double *experiment_series(const struct experiment *e, struct arena *a,
                          size_t v, enum metric m);

/* The mean of a metric of variant v with its interval (stats/ci.h's rule),
 * over the replications in which it is defined. */
struct interval experiment_interval(const struct experiment *e,
                                    struct arena *a, size_t v,
                                    enum metric m);

/* One number for all replications of variant v. */
uint64_t experiment_digest(const struct experiment *e, size_t v);

/* The exit code: promises, expectations, precision, interrupts. */
enum exit_code experiment_verdict(const struct experiment *e);

#endif
