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
#include "base/err.h"
#include "base/vec.h"
#include "models/object.h"
#include "models/monitoring.h"

/* In order of badness, for runs and metrics; NONE: nothing yet. */
enum analysis_phase {
    ANALYSIS_NONE, ANALYSIS_SUCCESSFUL, ANALYSIS_RUNNING, ANALYSIS_PENDING,
    ANALYSIS_INCONCLUSIVE, ANALYSIS_ERROR, ANALYSIS_FAILED
};
extern const char *const analysis_phase_names[ANALYSIS_FAILED + 1];

/* Will it stay as it is? */
bool analysis_completed(enum analysis_phase p);

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

/* ---- conditions: analysis_condition.c ------------------------------------------ */

/* What a measurement came to: `result` of a condition. */
struct analysis_result {
    bool any;                   /* false: an empty list */
    double value;               /* result, and result[0] */
};

/* Evaluate a condition such as "result[0] >= 0.95 && len(result) > 0": numbers,
 * result, result[0], len, isNaN, isInf, default; + - * / < <= > >= == != && || !
 * and brackets.  ANSWER_ERROR: result[0] of an empty list; or it cannot be read:
 * then *why, a static text, says so (else it is NULL). */
enum analysis_answer analysis_condition(const char *text,
                                        const struct analysis_result *r,
                                        const char **why);

/* ---- templates: analysis_build.c ------------------------------------------------ */

struct analysis_template {      /* AnalysisTemplate, ClusterAnalysisTemplate */
    struct meta meta;
    const struct value *raw, *last_applied;
};

#define analysis_template_of(m) ((struct analysis_template *)(m))
#define analysis_template_seen(m) ((const struct analysis_template *)(m))

/* A question to monitoring, and what is made of the answer. */
struct analysis_query {
    struct seen_query seen;
    bool success;               /* 1 - error rate */
    double factor;              /* multiplied by it; latencies are in ms */
};

/* Read "METRIC [of new | of old] [over DURATION] [* NUMBER]", such as
 * "success_rate of new over 1m"; 1m if no window is given.  On a fault *why is
 * a sentence of a. */
bool analysis_read_query(struct arena *a, const char *text,
                         struct analysis_query *q, const char **why);

/* A scenario's cluster.monitoring.metrics: what the simulation has for a
 * metric of a template, whose provider it cannot ask. */
struct analysis_source {
    const char *metric;         /* "NAME" or "TEMPLATE/NAME" */
    struct analysis_query query;
};

struct analysis_metric {
    const char *name;
    struct analysis_limits limits;
    int64_t interval, initial_delay;    /* as in struct analysis_timing */
    const char *success, *failure;      /* conditions; NULL: not given */
    struct analysis_query query;
    bool dry;                   /* measured, and never judged */
};

struct analysis_plan {
    VEC(struct analysis_metric) metrics;
};

/* Where templates are looked for. */
struct analysis_shelf {
    /* The template called name as it would be stored; NULL: there is none. */
    const struct value *(*find)(void *ctx, bool cluster, const char *name);
    void *ctx;
    const struct analysis_source *sources;
    size_t nsources;
};

/* The metrics of {templates, args, dryRun} with their arguments filled in.
 * Faults go to errors, with the place where they were written; false after
 * one. */
bool analysis_build(struct arena *a, const struct value *block,
                    const struct analysis_shelf *shelf,
                    struct err_list *errors, struct analysis_plan *out);

/* ---- runs: analysis_run.c --------------------------------------------------------- */

struct analysis_run;

/* Begin to measure now.  versions: of which pods, by enum seen_of.
 * changed(ctx, run) is called when the phase has changed. */
struct analysis_run *analysis_start(struct world *w,
                                    const struct analysis_plan *plan,
                                    const struct version *const versions[3],
                                    void (*changed)(void *ctx,
                                                    struct analysis_run *run),
                                    void *ctx);
enum analysis_phase analysis_run_phase(const struct analysis_run *run);
/* Why it came out so, of the world's arena; NULL if nothing is wrong. */
const char *analysis_run_message(const struct analysis_run *run);
/* Measure no more; changed is not called any more. */
void analysis_stop(struct analysis_run *run);

#endif
