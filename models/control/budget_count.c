/*
 * budget_count.c - the arithmetic of PodDisruptionBudgets.
 *
 * A whole minAvailable counts the pods that match; anything else counts the
 * replicas that their controllers were asked for.  Percentages round up, those
 * of maxUnavailable as well.
 *
 * Source: kubernetes pkg/controller/disruption/disruption.go at v1.36.2;
 * reference 3.6.
 */
#include "models/eviction.h"

static int not_negative(int n)
{
    return n > 0 ? n : 0;
}

struct budget_status budget_count(const struct budget_terms *t,
                                  const struct budget_view *v)
{
    bool by_pods = !t->max_given && !t->value.percent;
    struct budget_status s = {
        .expected = by_pods ? v->matching : v->scale,
        .healthy = v->healthy,
    };
    int value = int_or_percent_of(t->value, s.expected, true);

    s.desired_healthy = t->max_given ? not_negative(s.expected - value)
                                     : value;
    if (s.expected > 0)
        s.allowed = not_negative(s.healthy - s.desired_healthy);
    return s;
}
