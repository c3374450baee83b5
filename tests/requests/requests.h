/*
 * requests.h - recordings of real requests, as scenarios, compared.
 *
 * A case is a folder with input.yaml, steps.yaml and summary.json (see the
 * README of the recordings).  convert.c writes it as a scenario; judge.c
 * compares the simulated failures with the recorded ones; delays.c the delays on
 * a request's way.
 */
#ifndef TESTS_REQUESTS_H
#define TESTS_REQUESTS_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

/* What is compared: the total, and groups of causes that both sides tell
 * apart. */
enum group { GROUP_TOTAL, GROUP_NO_ENDPOINT, GROUP_REFUSED, GROUP_HANG,
             GROUP_CUT, GROUP_COUNT };
extern const char *const group_names[GROUP_COUNT];

struct recorded {
    double mean[GROUP_COUNT];   /* failures, over the runs */
    size_t runs;
    double seconds;             /* observed after t = 0 */
};

struct simulated {
    size_t n;                   /* replications */
    double *x[GROUP_COUNT];     /* failures in each */
};

/* Write the case at folder as a scenario to path.  NULL, or why not. */
const char *requests_convert(struct arena *a, const char *folder,
                             const char *name, const char *path);

/* The recording's own summary; false if it cannot be read. */
bool requests_recorded(struct arena *a, const char *folder,
                       struct recorded *out);

/* Read the failures of each replication from metrics.csv below csv. */
bool requests_simulated(struct arena *a, const char *csv,
                        struct simulated *out, struct err_list *errors);

/* The first group in which the mean of the recorded runs is not within the
 * 99 % prediction interval for a mean of so many simulated runs, in words;
 * NULL if there is none. */
const char *requests_judge(struct arena *a, const struct recorded *r,
                           const struct simulated *s);

/* ---- delays.c ------------------------------------------------------------------------- */

/* Delays of one kind, recorded and simulated. */
struct sample {
    double *items;
    size_t len, cap;
};
struct delay {
    const char *name;           /* "terminating -> slice drops it, minSync 1 s" */
    struct sample recorded, simulated;
};
struct delays {
    struct arena *arena;
    struct delay *items;
    size_t len, cap;
};

/* Add those of a case: of its recorded runs, and of the replications whose
 * views.csv is below csv. */
bool delays_add(struct delays *d, const char *folder, const char *name,
                const char *csv, struct err_list *errors);

/* The median, p90 and p99 of both, in words; *holds: are the simulated ones
 * within 20 % of the recorded? */
const char *delay_judge(struct arena *a, struct delay *d, bool *holds);

double mean_of(const double *x, size_t n);

#endif
