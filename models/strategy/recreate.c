/*
 * recreate.c - Recreate: stop every old pod, then start the new ones.
 *
 * The controller scales the old ReplicaSets to 0 and creates the new one only
 * when the last old pod is gone, so two versions never serve together and
 * nobody is served in between.  This file only writes the strategy into the
 * Deployment; models/control/deployment*.c does what it asks.
 *
 * Source: apps/v1 DeploymentStrategy; reference 1.7.
 */
#include "models/strategy.h"

struct recreate_spec {
    int unused;                 /* a struct needs a member */
};

static const struct field recreate_fields[] = { FIELD_END };

/* rollingUpdate must go: Kubernetes forbids it beside Recreate. */
static const struct value *recreate_patch(struct arena *a, const void *spec,
                                          const struct value *given)
{
    const struct mark *m = given ? &given->mark : NULL;
    const struct value *p;

    (void)spec;
    p = value_set(a, value_map(a, NULL, 0, m), "spec.strategy.type",
                  value_string(a, "Recreate", m));
    return value_set(a, p, "spec.strategy.rollingUpdate", value_null(a, m));
}

const struct strategy_ops strategy_recreate = {
    .name = "recreate",
    .doc = "stop every old pod, then start the new ones",
    .fields = recreate_fields,
    .spec_size = sizeof(struct recreate_spec),
    .patch = recreate_patch,
};
