/*
 * additional_batch.c - rolling update with an additional batch.
 *
 * A person scales the Deployment out by `extra` pods of the old version and
 * waits until they serve; then the new version replaces the pods, `extra` at a
 * time and none above that number; then the Deployment gets its old size back.
 * So ready capacity never falls below the original one by the rollout's doing,
 * and never more than `extra` pods are bought (those that terminate apart).
 * rollout_seconds and all that is compared with the state before the release
 * count from the first command.  The way back is `kubectl rollout undo`: during
 * the rollout the additional pods stay until that is rolled out, too; later it
 * rolls at the original size in steps of `extra` and does lower capacity.
 *
 * The size is the Deployment's when the release begins; an autoscaler that
 * changes it meanwhile is overruled by the last command.
 *
 * Source: the three writes of AWS Elastic Beanstalk's "rolling with additional
 * batch", done to a Deployment; reference 5.3, 8.1.
 */
#include <string.h>
#include "base/text.h"
#include "models/action.h"
#include "models/errand.h"
#include "models/measure.h"
#include "models/strategy.h"
#include "models/workload.h"
#include "models/world.h"

struct batch_spec {
    int32_t extra;
};

static const struct field batch_fields[] = {
    FIELD(INT32, struct batch_spec, extra, "extra", "1", 1, 100000, "pods",
          "added before the rollout, and the size of its steps"),
    FIELD_END
};

/* Steps of `extra`, out of the pods that there are. */
static const struct value *batch_patch(struct arena *a, const void *spec,
                                       const struct value *given)
{
    const struct batch_spec *s = spec;
    const struct mark *m = given ? &given->mark : NULL;
    const struct value *p = value_map(a, NULL, 0, m);

    p = value_set(a, p, "spec.strategy.type",
                  value_string(a, "RollingUpdate", m));
    p = value_set(a, p, "spec.strategy.rollingUpdate.maxSurge",
                  value_plain(a, "0", m));
    return value_set(a, p, "spec.strategy.rollingUpdate.maxUnavailable",
                     value_plain(a, arena_printf(a, "%d", (int)s->extra), m));
}

static const char *scale_to(struct world *w, int replicas)
{
    const struct release_spec *r = &w->spec->release;
    const char *space = r->space ? r->space : "default";
    bool plain = strcmp(space, "default") == 0;

    return arena_printf(w->arena, "scale %s%s%s --replicas=%d", r->workload,
                        plain ? "" : " -n ", plain ? "" : space, replicas);
}

static void batch_release(struct world *w, const void *spec)
{
    const struct batch_spec *s = spec;
    const struct meta *m = release_target(w);
    const char **commands;
    int replicas;

    if (!m) {                   /* deleted meanwhile: kubectl says so */
        kubectl_type(w, release_command(w), NULL, 0);
        return;
    }
    replicas = deployment_seen(m)->replicas;
    commands = arena_many(w->arena, const char *, 3);
    commands[0] = scale_to(w, replicas + s->extra);
    commands[1] = release_command(w);
    commands[2] = scale_to(w, replicas);
    measure_release_begins(w, deployment_seen(m)->template);
    errand_start(w, m, commands, 3, NULL, NULL);
}

const struct strategy_ops strategy_additional_batch = {
    .name = "additionalBatch",
    .doc = "scale out first, replace pods without going below the original "
           "number, scale back in",
    .fields = batch_fields,
    .spec_size = sizeof(struct batch_spec),
    .patch = batch_patch,
    .release = batch_release,
};
