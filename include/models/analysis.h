/*
 * analysis.h - how an AnalysisRun of Argo Rollouts counts and judges.
 *
 * Times of this header are in seconds; ANALYSIS_NEVER: not at all.
 * Reference: progressive delivery, 1.13 and 1.14.
 */
#ifndef MODELS_ANALYSIS_H
#define MODELS_ANALYSIS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In order of badness, for runs and metrics; NONE: nothing yet. */
enum analysis_phase {
    ANALYSIS_NONE, ANALYSIS_SUCCESSFUL, ANALYSIS_RUNNING, ANALYSIS_PENDING,
    ANALYSIS_INCONCLUSIVE, ANALYSIS_ERROR, ANALYSIS_FAILED
};
extern const char *const analysis_phase_names[ANALYSIS_FAILED + 1];

/* Is b worse than a? */
bool analysis_worse(enum analysis_phase a, enum analysis_phase b);
/* ---- one measurement --------------------------------------------------------- */

/* What a condition said; UNSET: there is none. */
enum analysis_answer { ANSWER_UNSET, ANSWER_FALSE, ANSWER_TRUE, ANSWER_ERROR };

enum analysis_phase analysis_evaluate(enum analysis_answer success,
                                      enum analysis_answer failure);

/* ---- one metric ---------------------------------------------------------------- */

/* Limits as in force: defaults filled in. */
struct analysis_limits {
    int failure;                /* tolerated; -1: not judged.  0 */
    int inconclusive;           /* 0 */
    int consecutive_error;      /* 4 */
    int consecutive_success;    /* as many end it well; 0: off */
    int count;                  /* measurements; 0: not given */
    bool interval;              /* measured again and again */
};

struct analysis_counts {
    enum analysis_phase phase;  /* of the metric; NONE at first */
    enum analysis_phase last;   /* of the newest measurement; RUNNING: in
                                 * flight; NONE: none yet */
    int taken;                  /* measurements but errors */
    int failed, inconclusive;
    int consecutive_error, consecutive_success;
};

enum analysis_phase analysis_metric_phase(const struct analysis_limits *l,
                                          const struct analysis_counts *c,
                                          bool terminating);

/* ---- when ---------------------------------------------------------------------- */

#define ANALYSIS_NEVER INT64_MAX
#define ANALYSIS_UNREADABLE (-1)

struct analysis_timing {
    int64_t interval;           /* ANALYSIS_NEVER: not given; UNREADABLE */
    int64_t initial_delay;      /* the same; not given is 0 */
    int64_t started;            /* how long ago the run began; NEVER: not yet */
    int64_t last;               /* how long ago the last measurement ended */
    int64_t resume;             /* in how long one in flight is looked at
                                 * again; NEVER: not said */
};

/* Is a measurement taken (or one in flight taken up) now?  stopping: another
 * metric of the run has failed, or the run is told to stop. */
bool analysis_due(const struct analysis_limits *l,
                  const struct analysis_counts *c,
                  const struct analysis_timing *t, bool stopping);

/* In how long the run looks at this metric again. */
int64_t analysis_wait(const struct analysis_limits *l,
                      const struct analysis_counts *c,
                      const struct analysis_timing *t);

/* ---- experiments ------------------------------------------------------------------ */

/* Phases of an experiment's template, in order of badness. */
enum template_phase {
    TEMPLATE_NONE, TEMPLATE_SUCCESSFUL, TEMPLATE_RUNNING,
    TEMPLATE_PROGRESSING, TEMPLATE_ERROR, TEMPLATE_FAILED
};
bool template_worse(enum template_phase a, enum template_phase b);

/* Pods of a template; replicas: -1 if it does not say. */
int template_replicas(int replicas, enum analysis_phase experiment,
                      enum template_phase status);

#endif
