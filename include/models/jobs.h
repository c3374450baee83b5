/*
 * jobs.h - how the Job controller decides.
 *
 * Functions of numbers that a sync has seen; the controller
 * (models/control/job.c) adds nothing of its own.  Reference section 3.3.
 */
#ifndef MODELS_JOBS_H
#define MODELS_JOBS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "kernel/event.h"
#include "models/spec.h"

#define JOB_UNSET (-1)          /* completions, limits, deadlines not given */

/* ---- back-off: job_count.c --------------------------------------------------- */

/* Failures since the last success. */
struct job_backoff {
    int failures;
    sim_time last;              /* when the last of them ended, as stamped */
};

/* Count pods that have ended and had not been counted; the times at which
 * they ended, as stamped, are put in order. */
void job_backoff_add(struct job_backoff *b, sim_time *succeeded, size_t ns,
                     sim_time *failed, size_t nf);

/* How long replacements still have to wait: base * 2^(failures - 1), at most
 * max, from the last failure on; never negative. */
sim_time job_backoff_left(int failures, sim_time since_last, sim_time base,
                          sim_time max);

/* The longest back-off of a version. */
sim_time job_backoff_max(enum kube_version version);

/* ---- how many pods: job_count.c -------------------------------------------------- */

/* What a Job asks for, and the pods it has. */
struct job_counts {
    int parallelism;
    int completions;            /* JOB_UNSET: until one succeeds */
    int active;                 /* neither ended nor being deleted */
    int terminating;            /* being deleted and not ended */
    int succeeded, failed;      /* so far */
};

/* Active pods that there should be; never negative. */
int job_wanted(const struct job_counts *n);

/* Has it done what it was asked to, with nothing left to run? */
bool job_complete(const struct job_counts *n);

/* Restarts of containers that failed it: restartPolicy OnFailure only. */
bool job_restarts_exceeded(int restarts, int backoff_limit);

/* ---- indexes: job_index.c ----------------------------------------------------------- */

/* A set of completion indexes 0 .. size - 1. */
struct index_set {
    int size;
    uint64_t *words;            /* bit i of the whole: index i */
};

/* An empty set of room for n indexes. */
struct index_set index_set_make(struct arena *a, int n);
void index_set_clear(struct index_set *s);
void index_set_add(struct index_set *s, int i);
bool index_set_has(const struct index_set *s, int i);
int index_set_len(const struct index_set *s);

/* "1,3-5,7", as status.completedIndexes has it; and back: indexes beyond the
 * size are left out, what cannot be read ends the reading. */
const char *index_set_text(struct arena *a, const struct index_set *s);
void index_set_read(struct index_set *s, const char *text);

/* The first `most` indexes that are in neither set (b may be NULL), lowest
 * first, to out; returns how many. */
size_t index_set_missing(const struct index_set *a, const struct index_set *b,
                         size_t most, int *out);

#endif
