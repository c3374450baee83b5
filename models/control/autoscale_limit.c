/*
 * autoscale_limit.c - from the proposed number of pods to the one that is set.
 *
 * Without behavior: no fewer than the most that was proposed in the last 300 s,
 * at most double (or 4) at once, between min and max.  With behavior: the
 * extremes of each direction's window hold the size back, then policies say
 * how much may be added or removed in their periods, from the size at the
 * period's beginning.
 *
 * Source: kubernetes pkg/controller/podautoscaler/horizontal.go at v1.36.2;
 * reference 3.5.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "models/autoscale.h"

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

/* ---- stabilisation ----------------------------------------------------------- */

int hpa_stabilize(const struct hpa_past *past, size_t n, int desired,
                  sim_time window, sim_time now)
{
    for (size_t i = 0; i < n; i++)
        if (past[i].at >= now - window)
            desired = most(desired, past[i].replicas);
    return desired;
}

int hpa_stabilize_both(const struct hpa_past *past, size_t n, int current,
                       int desired, sim_time up, sim_time down, sim_time now)
{
    int low = desired, high = desired;

    for (size_t i = 0; i < n; i++) {
        if (past[i].at > now - up)
            low = least(low, past[i].replicas);
        if (past[i].at > now - down)
            high = most(high, past[i].replicas);
    }
    return least(most(current, low), high);
}

size_t hpa_remember(struct hpa_past *past, size_t n, struct hpa_past now,
                    sim_time oldest)
{
    size_t old = n;

    for (size_t i = 0; i < n; i++)
        if (past[i].at < oldest)
            old = i;
    past[old] = now;
    return old == n ? n + 1 : n;
}

/* ---- limits -------------------------------------------------------------------- */

static const char *const reasons[][2] = {
    { "ScaleUpLimit", "the desired replica count is increasing faster than "
                      "the maximum scale rate" },
    { "ScaleDownLimit", "the desired replica count is decreasing faster than "
                        "the maximum scale rate" },
    { "TooManyReplicas", "the desired replica count is more than the maximum "
                         "replica count" },
    { "TooFewReplicas", "the desired replica count is less than the minimum "
                        "replica count" },
    { "DesiredWithinRange", "the desired count is within the acceptable "
                            "range" },
    { "ScaleUpStabilized", "recent recommendations were lower than current "
                           "one, applying the lowest recent recommendation" },
    { "ScaleDownStabilized", "recent recommendations were higher than current "
                             "one, applying the highest recent "
                             "recommendation" },
    { NULL, NULL },
};

const char *hpa_reason_text(const char *reason)
{
    for (size_t i = 0; reasons[i][0]; i++)
        if (strcmp(reasons[i][0], reason) == 0)
            return reasons[i][1];
    return "";
}

static struct hpa_size size_of(int replicas, const char *reason)
{
    return (struct hpa_size){ replicas, reason };
}

struct hpa_size hpa_limit(int current, int desired, int min, int max)
{
    int jump = current > INT_MAX / 2 ? INT_MAX : most(2 * current, 4);

    if (desired < min)
        return size_of(min, "TooFewReplicas");
    if (desired > least(max, jump))
        return max > jump ? size_of(jump, "ScaleUpLimit")
                          : size_of(max, "TooManyReplicas");
    return size_of(desired, "DesiredWithinRange");
}

/* Changes within the last period_s seconds. */
static int changed(const struct hpa_past *past, size_t n, int period_s,
                   sim_time now)
{
    int sum = 0;

    for (size_t i = 0; i < n; i++)
        if (past[i].at > now - period_s * SIM_S)
            sum += past[i].replicas;
    return sum;
}

/* What one policy allows, in this direction, from the size at the beginning
 * of its period. */
static int policy_limit(const struct hpa_policy *p, int start, bool up)
{
    double share = (double)p->value / 100, x;

    if (p->type == HPA_PODS)
        return up ? start + p->value : start - p->value;
    x = up ? ceil((double)start * (1 + share)) : (double)start * (1 - share);
    return x >= (double)INT_MAX ? INT_MAX : (int)x;
}

static int rules_limit(const struct hpa_rules *r, int current, bool up,
                       const struct hpa_past *added, size_t na,
                       const struct hpa_past *removed, size_t nr,
                       sim_time now)
{
    /* The largest change is the largest size on the way up, the smallest on
     * the way down. */
    bool larger = up == (r->select == HPA_MAX_CHANGE);
    int limit = larger ? INT_MIN : INT_MAX;

    if (r->select == HPA_DISABLED)
        return current;
    for (size_t i = 0; i < r->npolicies; i++) {
        const struct hpa_policy *p = &r->policies[i];
        int start = current - changed(added, na, p->period_s, now) +
                    changed(removed, nr, p->period_s, now);
        int allowed = policy_limit(p, start, up);

        limit = larger ? most(limit, allowed) : least(limit, allowed);
    }
    return up ? most(limit, current) : least(limit, current);
}

struct hpa_size hpa_limit_by_rules(int current, int desired, int min, int max,
                                   const struct hpa_rules *up,
                                   const struct hpa_rules *down,
                                   const struct hpa_past *added, size_t na,
                                   const struct hpa_past *removed, size_t nr,
                                   sim_time now)
{
    int limit;

    if (desired > current) {
        limit = rules_limit(up, current, true, added, na, removed, nr, now);
        if (desired > least(max, limit))
            return max > limit ? size_of(limit, "ScaleUpLimit")
                               : size_of(max, "TooManyReplicas");
    } else if (desired < current) {
        limit = rules_limit(down, current, false, added, na, removed, nr,
                            now);
        if (desired < most(min, limit))
            return min < limit ? size_of(limit, "ScaleDownLimit")
                               : size_of(min, "TooFewReplicas");
    }
    return size_of(desired, "DesiredWithinRange");
}
