/*
 * rolling_update.c - RollingUpdate: replace old pods a few at a time.
 *
 * At most replicas + maxSurge pods exist, and at least replicas -
 * maxUnavailable are available, while the new ReplicaSet grows and the old ones
 * shrink.  A release that never becomes available therefore stalls half way.
 * What is not given here stays as the manifest has it (Kubernetes' default:
 * 25 % and 25 %).  The work is done by models/control/deployment*.c.
 *
 * Source: apps/v1 RollingUpdateDeployment; reference 1.6.
 */
#include "models/strategy.h"

/* Values as written: the API server's rules about them are checked where the
 * Deployment is read, with the place in this block. */
struct rolling_spec {
    const struct value *max_surge, *max_unavailable;
    const struct value *min_ready_s, *progress_deadline_s;
};

static const struct field rolling_fields[] = {
    FIELD(VALUE, struct rolling_spec, max_surge, "maxSurge", NULL, 0, 0,
          "pods", "pods allowed above replicas: a count, or a percentage "
          "rounded up; the manifest's if absent (25%)"),
    FIELD(VALUE, struct rolling_spec, max_unavailable, "maxUnavailable", NULL,
          0, 0, "pods", "pods allowed to be missing: a count, or a "
          "percentage rounded down; the manifest's if absent (25%)"),
    FIELD(VALUE, struct rolling_spec, min_ready_s, "minReadySeconds", NULL, 0,
          0, "s", "how long a new pod must be ready to count as available; "
          "the manifest's if absent (0)"),
    FIELD(VALUE, struct rolling_spec, progress_deadline_s,
          "progressDeadlineSeconds", NULL, 0, 0, "s",
          "without progress for so long, the rollout is reported as failed; "
          "the manifest's if absent (600)"),
    FIELD_END
};

static const struct value *put(struct arena *a, const struct value *p,
                               const char *path, const struct value *x)
{
    return x ? value_set(a, p, path, x) : p;
}

static const struct value *rolling_patch(struct arena *a, const void *spec,
                                         const struct value *given)
{
    const struct rolling_spec *s = spec;
    const struct mark *m = given ? &given->mark : NULL;
    const struct value *p;

    p = value_set(a, value_map(a, NULL, 0, m), "spec.strategy.type",
                  value_string(a, "RollingUpdate", m));
    p = put(a, p, "spec.strategy.rollingUpdate.maxSurge", s->max_surge);
    p = put(a, p, "spec.strategy.rollingUpdate.maxUnavailable",
            s->max_unavailable);
    p = put(a, p, "spec.minReadySeconds", s->min_ready_s);
    return put(a, p, "spec.progressDeadlineSeconds", s->progress_deadline_s);
}

const struct strategy_ops strategy_rolling_update = {
    .name = "rollingUpdate",
    .doc = "replace old pods a few at a time",
    .fields = rolling_fields,
    .spec_size = sizeof(struct rolling_spec),
    .patch = rolling_patch,
};
