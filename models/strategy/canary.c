/*
 * canary.c - canary: a few users meet the new version first.
 *
 * The Deployment becomes a Rollout of Argo Rollouts that owns its ReplicaSets
 * from the start.  By weight (the default) the Service that users call is the
 * stable one, a copy of it called NAME-canary selects the new pods, and a
 * router divides the requests; by pods, the Service selects both versions and
 * the numbers of pods decide.  The work is done by models/control/argo*.c.
 *
 * Source: argo-rollouts, canary; reference on progressive delivery 1.1 to 1.8.
 */
#include "models/convert.h"

enum split_by { BY_WEIGHT, BY_PODS };
static const char *const by_names[] = { "weight", "pods", NULL };

/* As written, but for `by`: read as those of the Rollout. */
struct canary_spec {
    int by;
    const struct value *steps, *surge, *unavailable, *canary, *stable;
    const struct value *routing, *dynamic, *min_pods, *delay, *delay_limit;
    const struct value *abort_delay, *threshold, *analysis;
};

#define TEXT_FIELD(member, key, unit, doc)                                    \
    FIELD(VALUE, struct canary_spec, member, key, NULL, 0, 0, unit, doc)

static const struct field canary_fields[] = {
    FIELD_ENUM(struct canary_spec, by, "by", "weight", by_names,
               "what divides users: weight (a router) or pods (their "
               "numbers)"),
    TEXT_FIELD(steps, "steps", "-",
               "setWeight: N, pause: {duration}, setCanaryScale: {replicas, "
               "weight or matchTrafficWeight}, setHeaderRoute, "
               "setMirrorRoute, analysis; one after the other"),
    TEXT_FIELD(surge, "maxSurge", "pods",
               "by pods: allowed above replicas (25%)"),
    TEXT_FIELD(unavailable, "maxUnavailable", "pods",
               "by pods: allowed to be missing (25%)"),
    TEXT_FIELD(canary, "canaryService", "-",
               "a Service for the new version; NAME-canary is made if absent"),
    TEXT_FIELD(stable, "stableService", "-",
               "the Service that users call; the first that selects the pods "
               "if absent"),
    TEXT_FIELD(routing, "trafficRouting", "-",
               "the router, as Argo Rollouts has it"),
    TEXT_FIELD(dynamic, "dynamicStableScale", "-",
               "by weight: shrink the old version as the new one grows "
               "(false)"),
    TEXT_FIELD(min_pods, "minPodsPerReplicaSet", "pods",
               "by weight: least pods of either version"),
    TEXT_FIELD(delay, "scaleDownDelaySeconds", "s",
               "by weight: keep the old pods after promotion (30)"),
    TEXT_FIELD(delay_limit, "scaleDownDelayRevisionLimit", "-",
               "how many old versions may be kept so"),
    TEXT_FIELD(abort_delay, "abortScaleDownDelaySeconds", "s",
               "by weight: keep the new pods after an abort; 0: for ever "
               "(30)"),
    TEXT_FIELD(threshold, "replicaProgressThreshold", "-",
               "{type: Percent or Pods, value}: a step may end before all "
               "pods are available"),
    TEXT_FIELD(analysis, "analysis", "-", "analysis beside the steps"),
    FIELD_END
};

static void canary_convert(struct conversion *c)
{
    const struct canary_spec *s = c->spec;
    const struct value *block = convert_block(c, "by");

    if (!convert_needs_service(c))
        return;
    if (s->by == BY_WEIGHT)
        block = convert_routed(c, block);
    if (block)
        vec_push(c->arena, &c->out, convert_to_rollout(c, "canary", block));
}

const struct strategy_ops strategy_canary = {
    .name = "canary",
    .doc = "let a few users meet the new version first, then more",
    .fields = canary_fields,
    .spec_size = sizeof(struct canary_spec),
    .convert = canary_convert,
};
