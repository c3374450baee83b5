/*
 * analysis_count.c - counters of an AnalysisRun: when to measure, and what the
 * measurements come to.
 *
 * A metric fails when more measurements failed than tolerated, is
 * inconclusive or in error the same way, and ends well when enough succeeded
 * in a row or its count is reached.  An error is tried again after 10 s
 * whatever the interval is, and does not count as a measurement.
 *
 * Source: argo-rollouts analysis/analysis.go, utils/evaluate, experiments/ at
 * 9f8d111d; reference 1.13, 1.14.
 */
#include "models/analysis.h"

#define ERROR_RETRY_S 10        /* DefaultErrorRetryInterval */

const char *const analysis_phase_names[ANALYSIS_FAILED + 1] = {
    "", "Successful", "Running", "Pending", "Inconclusive", "Error", "Failed",
};

bool analysis_worse(enum analysis_phase a, enum analysis_phase b)
{
    return b > a;
}

/* Nothing more will happen. */
bool analysis_completed(enum analysis_phase p)
{
    return p == ANALYSIS_SUCCESSFUL || p >= ANALYSIS_INCONCLUSIVE;
}

enum analysis_phase analysis_evaluate(enum analysis_answer success,
                                      enum analysis_answer failure)
{
    if (success == ANSWER_ERROR || failure == ANSWER_ERROR)
        return ANALYSIS_ERROR;
    if (failure == ANSWER_TRUE)
        return ANALYSIS_FAILED;
    if (success == ANSWER_TRUE)
        return ANALYSIS_SUCCESSFUL;
    if (success == ANSWER_UNSET)
        return ANALYSIS_SUCCESSFUL;
    return failure == ANSWER_UNSET ? ANALYSIS_FAILED : ANALYSIS_INCONCLUSIVE;
}

/* ---- counters ------------------------------------------------------------------ */

/* How many measurements are enough; 0: any number. */
static int enough(const struct analysis_limits *l)
{
    return l->count > 0 ? l->count : l->interval ? 0 : 1;
}

static bool reached(const struct analysis_limits *l,
                    const struct analysis_counts *c)
{
    return enough(l) > 0 && c->taken >= enough(l);
}

/* What the limits say; NONE if none is exceeded. */
static enum analysis_phase exceeded(const struct analysis_limits *l,
                                    const struct analysis_counts *c)
{
    if (c->consecutive_error > l->consecutive_error)
        return ANALYSIS_ERROR;
    if (c->inconclusive > l->inconclusive)
        return ANALYSIS_INCONCLUSIVE;
    if (l->failure >= 0 && c->failed > l->failure)
        return ANALYSIS_FAILED;
    return ANALYSIS_NONE;
}

enum analysis_phase analysis_metric_phase(const struct analysis_limits *l,
                                          const struct analysis_counts *c,
                                          bool terminating)
{
    enum analysis_phase bad;

    if (analysis_completed(c->phase))
        return c->phase;
    if (c->last == ANALYSIS_NONE)
        return terminating ? ANALYSIS_SUCCESSFUL : ANALYSIS_PENDING;
    if (c->last == ANALYSIS_RUNNING)
        return ANALYSIS_RUNNING;
    bad = exceeded(l, c);
    if (bad != ANALYSIS_NONE)
        return bad;
    if (l->consecutive_success > 0 &&
        c->consecutive_success >= l->consecutive_success)
        return ANALYSIS_SUCCESSFUL;
    if (reached(l, c)) {
        if (l->consecutive_success <= 0)
            return ANALYSIS_SUCCESSFUL;
        return l->failure >= 0 ? ANALYSIS_INCONCLUSIVE : ANALYSIS_FAILED;
    }
    return terminating ? ANALYSIS_SUCCESSFUL : ANALYSIS_RUNNING;
}

/* ---- when ------------------------------------------------------------------------ */

/* The time between the last measurement and the next; NEVER: there is none. */
static int64_t between(const struct analysis_counts *c,
                       const struct analysis_timing *t)
{
    if (c->last == ANALYSIS_ERROR)
        return ERROR_RETRY_S;
    return t->interval == ANALYSIS_UNREADABLE ? ANALYSIS_NEVER : t->interval;
}

bool analysis_due(const struct analysis_limits *l,
                  const struct analysis_counts *c,
                  const struct analysis_timing *t, bool stopping)
{
    int64_t gap;

    if (analysis_completed(c->phase))
        return false;
    if (c->last == ANALYSIS_RUNNING)
        return t->resume == ANALYSIS_NEVER || t->resume <= 0;
    if (stopping)
        return false;
    if (c->last == ANALYSIS_NONE)
        return t->initial_delay == 0 ||
               (t->initial_delay > 0 && t->started != ANALYSIS_NEVER &&
                t->started >= t->initial_delay);
    gap = between(c, t);
    return !reached(l, c) && gap != ANALYSIS_NEVER && t->last > gap;
}

static int64_t not_past(int64_t wait)
{
    return wait > 0 ? wait : 0;
}

int64_t analysis_wait(const struct analysis_limits *l,
                      const struct analysis_counts *c,
                      const struct analysis_timing *t)
{
    int64_t gap;

    if (analysis_completed(c->phase))
        return ANALYSIS_NEVER;
    if (c->last == ANALYSIS_RUNNING)
        return t->resume == ANALYSIS_NEVER ? ANALYSIS_NEVER
                                           : not_past(t->resume);
    if (c->last == ANALYSIS_NONE) {
        if (t->initial_delay <= 0)
            return ANALYSIS_NEVER;
        return t->started == ANALYSIS_NEVER
                   ? t->initial_delay
                   : not_past(t->initial_delay - t->started);
    }
    gap = between(c, t);
    if (reached(l, c) || gap == ANALYSIS_NEVER)
        return ANALYSIS_NEVER;
    return not_past(gap - t->last);
}

/* ---- experiments --------------------------------------------------------------------- */

bool template_worse(enum template_phase a, enum template_phase b)
{
    return b > a;
}

int template_replicas(int replicas, enum analysis_phase experiment,
                      enum template_phase status)
{
    if (analysis_completed(experiment) || status == TEMPLATE_SUCCESSFUL ||
        status >= TEMPLATE_ERROR)
        return 0;
    return replicas < 0 ? 1 : replicas;
}
