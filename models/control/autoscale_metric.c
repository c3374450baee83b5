/*
 * autoscale_metric.c - from samples of pods to the number of pods proposed.
 *
 * The average usage of the pods that count is divided by the target; the
 * number of pods times that ratio, rounded up, is the proposal.  Pods that are
 * going or have failed do not count.  Those that start (their cpu says
 * nothing yet) and those without a sample are left out at first; if there are
 * any, the ratio is computed again with the value for them that damps the
 * change: nothing on the way up, the full request (or target) on the way down;
 * should that turn the direction round, nothing is changed.
 *
 * Source: kubernetes pkg/controller/podautoscaler/replica_calculator.go,
 * metrics/utilization.go at v1.36.2; reference 3.5.
 */
#include <limits.h>
#include <math.h>

#include "models/autoscale.h"

const struct hpa_periods hpa_default_periods = { 300 * SIM_S, 30 * SIM_S };

static bool within(struct hpa_tolerance t, double ratio)
{
    if (t.distance)
        return fabs(1.0 - ratio) <= t.up;
    return 1.0 - t.down <= ratio && ratio <= 1.0 + t.up;
}

/* Go's conversion after math.Ceil, held to int32. */
static int round_up(double x)
{
    x = ceil(x);
    if (x >= (double)INT_MAX)
        return INT_MAX;
    return x > 0 ? (int)x : 0;
}

int64_t hpa_sum(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* ---- groups of pods ------------------------------------------------------------- */

enum group { GROUP_READY, GROUP_UNREADY, GROUP_MISSING, GROUP_IGNORED };

/* Does a cpu sample of p say nothing yet? */
static bool cpu_unready(const struct hpa_pod *p, const struct hpa_periods *t,
                        sim_time now)
{
    if (!p->has_ready || p->started == SIM_NEVER)
        return true;
    if (p->started + t->initialization > now)
        return !p->ready || p->taken < p->ready_changed + p->window;
    return !p->ready &&
           p->started + t->initial_readiness > p->ready_changed;
}

static enum group group_of(const struct hpa_pod *p, bool cpu,
                           const struct hpa_periods *t, sim_time now)
{
    if (p->deleting || p->phase == POD_FAILED)
        return GROUP_IGNORED;
    if (p->phase == POD_PENDING)
        return GROUP_UNREADY;
    if (!p->sampled)
        return GROUP_MISSING;
    return cpu && cpu_unready(p, t, now) ? GROUP_UNREADY : GROUP_READY;
}

/* ---- the calculation ------------------------------------------------------------- */

struct sums {
    int64_t usage, request;
    int pods;
};

/* One evaluation of one metric. */
struct evaluation {
    const struct hpa_pod *pods;
    size_t n;
    const struct hpa_target *target;
    const struct hpa_periods *periods;
    struct hpa_tolerance tolerance;
    int current;
    sim_time now;
};

static enum group group_at(const struct evaluation *e, size_t i)
{
    return group_of(&e->pods[i], e->target->cpu, e->periods, e->now);
}

static void add(struct sums *s, int64_t usage, int64_t request)
{
    s->usage = hpa_sum(s->usage, usage);
    s->request += request;
    s->pods++;
}

static int percent_of(const struct sums *s)
{
    return (int)(s->usage * 100 / s->request);
}

/* Usage over target. */
static double ratio_of(const struct evaluation *e, const struct sums *s)
{
    if (e->target->utilization > 0)
        return (double)percent_of(s) / (double)e->target->utilization;
    return (double)(s->usage / s->pods) / (double)e->target->value;
}

/* What a pod without a sample is taken to use. */
static int64_t assumed(const struct evaluation *e, const struct hpa_pod *p,
                       double ratio)
{
    int percent = e->target->utilization > 100 ? e->target->utilization : 100;

    if (ratio > 1.0)
        return 0;
    return e->target->utilization > 0 ? p->request * percent / 100
                                      : e->target->value;
}

/* Add those left out, and decide. */
static int reconsider(const struct evaluation *e, struct sums all,
                      double ratio, bool unready_too)
{
    double again;
    int replicas;

    for (size_t i = 0; i < e->n; i++) {
        const struct hpa_pod *p = &e->pods[i];
        enum group g = group_at(e, i);

        if (g == GROUP_MISSING && (ratio < 1.0 || ratio > 1.0))
            add(&all, assumed(e, p, ratio), p->request);
        else if (g == GROUP_UNREADY && unready_too)
            add(&all, 0, p->request);
    }
    again = ratio_of(e, &all);
    if (within(e->tolerance, again) || (ratio < 1.0 && again > 1.0) ||
        (ratio > 1.0 && again < 1.0))
        return e->current;
    replicas = round_up(again * (double)all.pods);
    if ((again < 1.0 && replicas > e->current) ||
        (again > 1.0 && replicas < e->current))
        return e->current;
    return replicas;
}

/* The pods that count, and how many there are of each group. */
static struct sums sum_ready(const struct evaluation *e, int *groups)
{
    struct sums s = { 0 };

    for (size_t i = 0; i < e->n; i++) {
        enum group g = group_at(e, i);

        groups[g]++;
        if (g == GROUP_READY)
            add(&s, e->pods[i].usage, e->pods[i].request);
    }
    return s;
}

/* Every pod's containers must say what they ask for. */
static bool requests_known(const struct evaluation *e)
{
    for (size_t i = 0; i < e->n && e->target->utilization > 0; i++)
        if (e->pods[i].request < 0)
            return false;
    return true;
}

struct hpa_proposal hpa_pods_proposal(const struct hpa_pod *pods, size_t n,
                                      int current,
                                      const struct hpa_target *target,
                                      struct hpa_tolerance tolerance,
                                      const struct hpa_periods *periods,
                                      sim_time now)
{
    struct evaluation e = { pods, n, target, periods, tolerance, current,
                            now };
    int groups[GROUP_IGNORED + 1] = { 0 };
    struct sums s = sum_ready(&e, groups);
    struct hpa_proposal p = { .error = HPA_OK };
    double ratio;
    bool unready_too;

    if (n == 0 || s.pods == 0)
        p.error = n == 0 ? HPA_NO_PODS : HPA_NO_METRICS;
    else if (!requests_known(&e))
        p.error = HPA_NO_REQUEST;
    else if (target->utilization > 0 && s.request == 0)
        p.error = HPA_NO_METRICS;
    if (p.error != HPA_OK)
        return p;
    ratio = ratio_of(&e, &s);
    p.utilization = target->utilization > 0 ? percent_of(&s) : 0;
    p.value = s.usage / s.pods;
    unready_too = groups[GROUP_UNREADY] > 0 && ratio > 1.0;
    if (unready_too || groups[GROUP_MISSING] > 0)
        p.replicas = reconsider(&e, s, ratio, unready_too);
    else if (within(tolerance, ratio))
        p.replicas = current;
    else
        p.replicas = round_up(ratio * (double)s.pods);
    return p;
}

struct hpa_proposal hpa_value_proposal(int64_t value, int64_t target,
                                       int current, int ready,
                                       struct hpa_tolerance tolerance)
{
    double ratio = (double)value / (double)target;
    struct hpa_proposal p = { .value = value };

    if (current == 0)
        p.replicas = round_up(ratio);
    else if (within(tolerance, ratio))
        p.replicas = current;
    else
        p.replicas = round_up(ratio * (double)ready);
    return p;
}

struct hpa_proposal hpa_average_proposal(int64_t value, int64_t target,
                                         int replicas,
                                         struct hpa_tolerance tolerance)
{
    double ratio = (double)value / ((double)target * (double)replicas);
    double each = ceil((double)value / (double)replicas);
    struct hpa_proposal p = { .replicas = replicas };

    if (!within(tolerance, ratio))
        p.replicas = round_up((double)value / (double)target);
    p.value = each < (double)INT64_MAX ? (int64_t)each : INT64_MAX;
    return p;
}
