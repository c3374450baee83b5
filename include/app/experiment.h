/*
 * experiment.h - the grid strategy x parameter cell x replication, run and
 * kept.
 *
 * A variant of the scenario is one strategy in one cell of the parameters; a
 * replication is a function of (scenario, variant, seed, replication) and has
 * its own arena.  Results stand in a column per variant, by replication, so
 * neither the number of threads (-j) nor the order shows.
 *
 * The whole grid, as run, compare and sweep want it: experiment_run.  Variants
 * that get different numbers of replications, as a search wants them:
 *
 *     if (experiment_begin(app, s, &e) != SIM_OK)
 *         return EXIT_SYSTEM;
 *     while (... decide until[v] for every variant ...)
 *         if (!experiment_extend(&e, until))
 *             break;                      (interrupted, or cannot write)
 *     code = experiment_end(&e, exit code);
 */
#ifndef APP_EXPERIMENT_H
#define APP_EXPERIMENT_H
#include "app/progress.h"
#include "app/scenario.h"
#include "app/shard.h"
#include "stats/summary.h"

struct archive;
struct settled_series;
struct world;

/* The results of one variant. */
struct column {
    size_t n;                   /* replications 0 .. n - 1 are known */
    size_t asked;               /* and n is no more than this, whatever the
                                 * results file has */
    size_t cap;
    double *values;             /* [replication][metric]; NaN: undefined */
    uint64_t *digests;
    bool *known;
};

struct experiment {
    const struct scenario *scenario;
    struct arena *arena;
    size_t n;                   /* replications that every variant has */
    struct column *columns;     /* one per variant */
    size_t threads;
    struct shard shard;         /* the others' replications are not computed */
    struct archive *archive;    /* NULL: no results file */
    size_t found;               /* replications that it had */
    struct progress progress;
    bool precise;               /* the precision asked for was reached */
    int interrupted;            /* the signal, or 0 */
    bool failed;                /* the results file could not be written */
    struct settled_series *settling;    /* of the warm-up; NULL: not looked
                                         * at */
};

/* Gets the rows of every recorded replication, in order of replication, then
 * variant.  w: finished, freed afterwards. */
struct row_sink {
    void (*rows)(void *ctx, const struct variant *v, const struct world *w);
    void *ctx;
    bool all;                   /* every replication, not only the first */
};

/* Make *e ready for the variants of s.  With -o, what the results file has is
 * known already and will not be computed, and what is computed goes there.
 * From here on an interrupt (SIGINT, SIGTERM) ends experiment_extend after the
 * replications under way.  Progress is shown on app->err.  SIM_SYSTEM or
 * SIM_INVALID if the results file cannot be used. */
enum sim_code experiment_begin(struct app *app, const struct scenario *s,
                               struct experiment *e);

/* Compute what is missing of replications 0 .. until[v] - 1 of each variant
 * v, by replication, then variant; until[v] may be below what is known.  Sets
 * e->n and the columns' n.  False if it was ended early: by an interrupt, or
 * because the results file cannot be written. */
bool experiment_extend(struct experiment *e, const size_t *until);

/* Run replication 0 of every variant, whether it is known or not, and give its
 * rows to sink; all replications that the scenario asks for if sink->all.
 * Call it before experiment_extend. */
void experiment_record(struct experiment *e, const struct row_sink *sink);

/* The end of computing: everything is in the results file when this returns;
 * results can still be read.  code: what the results file notes as the exit
 * code.  SIM_SYSTEM if it could not be written. */
enum sim_code experiment_end(struct experiment *e, enum exit_code code);

/* All of the above for the replications that the scenario asks for, its
 * stopping rule included.  sink may be NULL. */
enum sim_code experiment_run(struct app *app, const struct scenario *s,
                             const struct row_sink *sink,
                             struct experiment *out);

/* Replications, of all variants, that this process has or had to compute: all
 * of them without --shard; and how many of those are known. */
size_t experiment_share(const struct experiment *e, size_t *known);

/* A metric in a replication (known) of variant v; NaN if undefined. */
double experiment_value(const struct experiment *e, size_t v,
                        size_t replication, enum metric m);

/* A copy in a of a metric over replications 0 .. e->n - 1 of variant v. */
double *experiment_series(const struct experiment *e, struct arena *a,
                          size_t v, enum metric m);

/* The summary of a metric of variant v, over the replications in which it is
 * defined.  The mean of the availability is the share of all requests
 * together. */
struct summary experiment_summary(const struct experiment *e, struct arena *a,
                                  size_t v, enum metric m);

/* The same over all replications that this variant has: in a search each has
 * its own number of them. */
struct summary experiment_known(const struct experiment *e, struct arena *a,
                                size_t v, enum metric m);

/* That share, from the share in each of n replications and its requests. */
struct interval pooled_availability(struct arena *a, const double *share,
                                    const double *requests, size_t n,
                                    double confidence, uint64_t seed);

/* What a promise about a metric of variant v is judged by: the bounds of its
 * mean (stats/summary.h); infinite if it is the time to something that a
 * release did not reach in every replication. */
struct interval experiment_bounds(const struct experiment *e, struct arena *a,
                                  size_t v, enum metric m);

/* One number for all replications of variant v. */
uint64_t experiment_digest(const struct experiment *e, size_t v);

/* Are all promises and expectations kept by variant v? */
enum verdict experiment_judge(const struct experiment *e, struct arena *a,
                              size_t v);

/* The exit code: faults of the results file, interrupts, promises,
 * expectations, precision.  A shard judges nothing. */
enum exit_code experiment_verdict(const struct experiment *e);

#endif
