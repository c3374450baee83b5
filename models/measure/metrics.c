/*
 * metrics.c - the table of metrics, and their values at the end of a run.
 */
#include "models/metrics.h"

#include <string.h>

#include "base/bug.h"
#include "measure_impl.h"

static const struct metric_row rows[METRIC_COUNT] = {
#define METRIC(id, name_, unit_, better_, doc_)                               \
    [METRIC_##id] = { .name = #name_, .unit = unit_, .doc = doc_,             \
                      .better = BETTER_##better_ },
#include "models/metrics.list"
#undef METRIC
};

const struct metric_row *metric_row(enum metric m)
{
    CHECK(m < METRIC_COUNT);
    return &rows[m];
}

enum metric metric_find(const char *name)
{
    int m = 0;

    while (m < METRIC_COUNT && strcmp(rows[m].name, name) != 0)
        m++;
    return (enum metric)m;
}

/* b - a in seconds; NaN unless both happened. */
static double between(sim_time a, sim_time b)
{
    if (a == SIM_NEVER || b == SIM_NEVER)
        return NAN;
    return (double)(b - a) / (double)SIM_S;
}

static int64_t failed_requests(const struct measure *m)
{
    int64_t sum = 0;

    for (int c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++)
        sum += m->failed[c];
    return sum;
}

static double latency_ms(const struct measure *m, double p)
{
    if (m->latency.count == 0)
        return NAN;
    return (double)hist_quantile(&m->latency, p) / 1e6;
}

static void requests_of(const struct measure *m, double *out)
{
    int64_t failed = failed_requests(m);

#define CAUSE(id, name, doc)                                                  \
    out[METRIC_FAILED_##id] = (double)m->failed[CAUSE_##id];
#include "models/causes.list"
#undef CAUSE
    out[METRIC_REQUESTS] = (double)m->requests;
    out[METRIC_FAILED_REQUESTS] = (double)failed;
    out[METRIC_FAILED_FIRST_ATTEMPTS] = (double)m->first_failed;
    out[METRIC_IN_FLIGHT] = (double)(m->requests - m->ok - failed);
    if (m->requests > 0)
        out[METRIC_AVAILABILITY] =
            1 - (double)failed / (double)m->requests;
    if (m->latency.count > 0)
        out[METRIC_LATENCY_MEAN] = hist_mean(&m->latency) / 1e6;
    out[METRIC_LATENCY_P50] = latency_ms(m, 0.50);
    out[METRIC_LATENCY_P95] = latency_ms(m, 0.95);
    out[METRIC_LATENCY_P99] = latency_ms(m, 0.99);
    out[METRIC_LATENCY_P999] = latency_ms(m, 0.999);
    if (m->w->spec->ntraffic > 0)
        out[METRIC_BROWNOUT] = window_brownout(m);
}

static struct per_version outcomes_of(const struct measure *m,
                                      const struct version *v)
{
    if (v->index >= m->versions.len)
        return (struct per_version){ 0 };
    return m->versions.items[v->index];
}

/* Failures of the new version beyond the old one's rate. */
static double bad_answers(const struct measure *m)
{
    struct per_version old = outcomes_of(m, m->rollout.old);
    struct per_version new_ = outcomes_of(m, m->rollout.new_);
    double rate = old.requests > 0
                      ? (double)old.failed / (double)old.requests : 0;
    double beyond = (double)new_.failed - rate * (double)new_.requests;

    return beyond > 0 ? beyond : 0;
}

/* What can be said only if old and new can be told apart. */
static void exposure_of(const struct measure *m, double *out)
{
    const struct rollout *r = &m->rollout;

    if (!r->old || !r->new_ || r->old == r->new_)
        return;
    out[METRIC_OLD_GONE_SECONDS] = between(r->released, r->old_gone);
    out[METRIC_MIXED_SECONDS] = m->outage.mixed;
    if (m->requests == 0)
        return;
    out[METRIC_EXPOSED_REQUESTS] = (double)m->exposed;
    out[METRIC_BAD_ANSWERS] = bad_answers(m);
    if (m->have_users)
        out[METRIC_EXPOSED_USERS] = (double)m->exposed_users;
}

/* Integral of l beyond its value at the start, where it is above or below. */
static double excess(const struct level *l, double before, sim_time end)
{
    return level_area(l, end) -
           before * (double)(end - l->start) / (double)SIM_S;
}

static void rollout_of(const struct measure *m, double *out)
{
    const struct rollout *r = &m->rollout;
    const struct fleet *before = &r->before;

    if (r->released == SIM_NEVER)
        return;
    out[METRIC_ROLLOUT_SECONDS] = between(r->released, r->completed);
    out[METRIC_DETECTION_SECONDS] = between(r->first_bad, r->decided);
    out[METRIC_ROLLBACK_SECONDS] = between(r->decided, r->restored);
    if (r->last_new != SIM_NEVER && r->last_new < r->decided)
        out[METRIC_MITIGATION_SECONDS] = r->decided == SIM_NEVER ? NAN : 0;
    else
        out[METRIC_MITIGATION_SECONDS] = between(r->decided, r->last_new);
    if (before->ready > 0)
        out[METRIC_CAPACITY_DIP] = r->ready.min / (double)before->ready;
    out[METRIC_PEAK_PODS] = r->pods.max;
    out[METRIC_EXTRA_POD_SECONDS] = excess(&r->pods, (double)before->pods,
                                           m->end);
    out[METRIC_EXTRA_CPU_SECONDS] =
        excess(&r->cpu, (double)before->cpu_milli / 1000, m->end);
    out[METRIC_EXTRA_MEMORY_GIB_SECONDS] =
        excess(&r->memory, (double)before->memory_bytes / (1 << 30), m->end);
}

/* A side was taken that is not the better one. */
static bool is_false(const struct rollout *r)
{
    return (r->decision == DECISION_PROMOTED && r->better <= 0) ||
           (r->decision == DECISION_ABORTED && r->better >= 0);
}

static void decision_of(const struct rollout *r, double *out)
{
    if (r->tested == SIM_NEVER)
        return;
    out[METRIC_DECISION] = r->decision;
    out[METRIC_DECISION_SECONDS] = between(r->released, r->tested);
    if (!isnan(r->better))
        out[METRIC_FALSE_DECISION] = is_false(r);
}

void metrics_of(const struct world *w, double out[METRIC_COUNT])
{
    const struct measure *m = w->measure;

    for (int i = 0; i < METRIC_COUNT; i++)
        out[i] = NAN;
    requests_of(m, out);
    if (m->outage.watches.len > 0) {
        out[METRIC_DOWNTIME] = m->outage.downtime;
        out[METRIC_LONGEST_OUTAGE] = m->outage.longest;
    }
    if (m->have_users)
        out[METRIC_USER_FLIPS] = (double)m->flips;
    if (m->have_partial)
        out[METRIC_PARTIAL_ANSWERS] = (double)m->partial;
    if (m->have_sessions)
        out[METRIC_LOST_SESSIONS] = (double)m->sessions_lost;
    exposure_of(m, out);
    rollout_of(m, out);
    decision_of(&m->rollout, out);
}
