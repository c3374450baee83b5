/*
 * analysis.c - tables about AnalysisRuns and Experiments of Argo Rollouts.
 */
#include <string.h>

#include "base/bug.h"
#include "conformance.h"
#include "models/analysis.h"

static bool is(const struct conf_row *row, const char *column,
               const char *word)
{
    return strcmp(conf_get(row, column), word) == 0;
}

static enum analysis_phase phase_from(const char *cell)
{
    for (int p = ANALYSIS_SUCCESSFUL; p <= ANALYSIS_FAILED; p++)
        if (strcmp(cell, analysis_phase_names[p]) == 0)
            return (enum analysis_phase)p;
    return ANALYSIS_NONE;
}

static enum template_phase template_from(const char *cell)
{
    static const char *const names[] = { "none", "Successful", "Running",
                                         "Progressing", "Error", "Failed" };

    for (int p = 0; p <= TEMPLATE_FAILED; p++)
        if (strcmp(cell, names[p]) == 0)
            return (enum template_phase)p;
    return TEMPLATE_NONE;
}

static enum analysis_answer answer_from(const char *cell)
{
    return strcmp(cell, "true") == 0    ? ANSWER_TRUE
           : strcmp(cell, "false") == 0 ? ANSWER_FALSE
           : strcmp(cell, "error") == 0 ? ANSWER_ERROR
                                        : ANSWER_UNSET;
}

static bool phase_is(const struct conf_row *row, char *why, size_t room,
                     enum analysis_phase got)
{
    if (is(row, "expect_phase", analysis_phase_names[got]))
        return true;
    return conf_why(why, room, "got %s", analysis_phase_names[got]);
}

static bool check_evaluate(const struct conf_row *row, char *why, size_t room)
{
    return phase_is(row, why, room,
                    analysis_evaluate(
                        answer_from(conf_get(row, "success_condition")),
                        answer_from(conf_get(row, "failure_condition"))));
}

const struct conf_table conf_argo_evaluate_result = {
    .name = "argo-evaluate-result", .check = check_evaluate,
};

static bool check_metric(const struct conf_row *row, char *why, size_t room)
{
    struct analysis_limits l = {
        .failure = (int)conf_int(row, "failure_limit", 0),
        .inconclusive = (int)conf_int(row, "inconclusive_limit", 0),
        .consecutive_error = (int)conf_int(row, "consecutive_error_limit", 4),
        .consecutive_success =
            (int)conf_int(row, "consecutive_success_limit", 0),
        .count = (int)conf_int(row, "count_limit", 0),
        .interval = is(row, "interval_set", "yes"),
    };
    struct analysis_counts c = {
        .last = phase_from(conf_get(row, "last_phase")),
        .taken = (int)conf_int(row, "taken", 0),
        .failed = (int)conf_int(row, "failed", 0),
        .inconclusive = (int)conf_int(row, "inconclusive", 0),
        .consecutive_error = (int)conf_int(row, "consecutive_error", 0),
        .consecutive_success = (int)conf_int(row, "consecutive_success", 0),
    };

    return phase_is(row, why, room,
                    analysis_metric_phase(&l, &c,
                                          is(row, "terminating", "yes")));
}

const struct conf_table conf_argo_metric_status = {
    .name = "argo-metric-status", .check = check_metric,
};

static int64_t duration(const struct conf_row *row, const char *column)
{
    return is(row, column, "bad") ? ANALYSIS_UNREADABLE
                                  : conf_int(row, column, ANALYSIS_NEVER);
}

static bool check_schedule(const struct conf_row *row, char *why, size_t room)
{
    struct analysis_timing t = {
        .interval = duration(row, "interval_s"),
        .initial_delay = is(row, "initial_delay_s", "-")
                             ? 0 : duration(row, "initial_delay_s"),
        .started = conf_int(row, "run_started_s", ANALYSIS_NEVER),
        .last = conf_int(row, "last_s", ANALYSIS_NEVER),
        .resume = conf_int(row, "resume_in_s", ANALYSIS_NEVER),
    };
    struct analysis_limits l = {
        .consecutive_error = 4, .interval = t.interval != ANALYSIS_NEVER,
    };
    struct analysis_counts c = {
        .last = phase_from(conf_get(row, "last_phase")),
    };
    int64_t got;

    c.taken = c.last != ANALYSIS_NONE && c.last != ANALYSIS_ERROR;
    if (is(row, "last_phase", "unfinished"))
        c.last = ANALYSIS_RUNNING;
    if (is(row, "last_phase", "completed"))
        c.phase = ANALYSIS_SUCCESSFUL;
    got = is(row, "function", "due")
              ? analysis_due(&l, &c, &t, is(row, "sibling_failed", "yes"))
              : analysis_wait(&l, &c, &t);
    if (got == conf_int(row, "expect", ANALYSIS_NEVER))
        return true;
    return conf_why(why, room, "got %lld", (long long)got);
}

const struct conf_table conf_argo_measurement_schedule = {
    .name = "argo-measurement-schedule", .check = check_schedule,
};

static bool check_worse(const struct conf_row *row, char *why, size_t room)
{
    const char *a = conf_get(row, "phase_a"), *b = conf_get(row, "phase_b");
    bool got = is(row, "kind", "analysis")
                   ? analysis_worse(phase_from(a), phase_from(b))
                   : template_worse(template_from(a), template_from(b));

    if (got == is(row, "expect_worse", "yes"))
        return true;
    return conf_why(why, room, "got %d", got);
}

const struct conf_table conf_argo_phase_worse = {
    .name = "argo-phase-worse", .check = check_worse,
};

static bool check_template(const struct conf_row *row, char *why, size_t room)
{
    int got = template_replicas(-1, phase_from(conf_get(row, "phase")),
                                template_from(conf_get(row,
                                                       "template_status")));

    if (got == conf_int(row, "expect_replicas", -1))
        return true;
    return conf_why(why, room, "got %d", got);
}

const struct conf_table conf_argo_experiment_template_replicas = {
    .name = "argo-experiment-template-replicas", .check = check_template,
};
