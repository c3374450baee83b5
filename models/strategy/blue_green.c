/*
 * blue_green.c - blueGreen: the new version grows beside the old one, then all
 * users go over at once.
 *
 * The Deployment becomes a Rollout of Argo Rollouts that owns its ReplicaSets
 * from the start; every Service that selects its pods is an active one unless
 * activeService names it.  Moving users is a change of a Service's selector,
 * so it takes as long as endpoints take to reach the nodes; the old pods stay
 * for scaleDownDelaySeconds, which makes the way back as fast.  The work is
 * done by models/control/argo_blue_green.c.
 *
 * Source: argo-rollouts, blueGreen; reference on progressive delivery 1.9.
 */
#include "models/convert.h"

/* As written: they are read, with their places, as those of the Rollout. */
struct blue_green_spec {
    const struct value *active, *actives, *preview, *preview_count;
    const struct value *enabled, *seconds, *delay, *delay_limit, *abort_delay;
    const struct value *unavailable, *pre, *post;
};

#define TEXT_FIELD(member, key, unit, doc)                                    \
    FIELD(VALUE, struct blue_green_spec, member, key, NULL, 0, 0, unit, doc)

static const struct field blue_green_fields[] = {
    TEXT_FIELD(active, "activeService", "-",
               "the Service that users call; all that select the pods if "
               "absent"),
    TEXT_FIELD(actives, "activeServices", "-",
               "several that are switched together"),
    TEXT_FIELD(preview, "previewService", "-",
               "a Service that selects the new version at once"),
    TEXT_FIELD(preview_count, "previewReplicaCount", "pods",
               "pods of the new version before the switch is due; all if "
               "absent"),
    TEXT_FIELD(enabled, "autoPromotionEnabled", "-",
               "false: wait for a person to promote (true)"),
    TEXT_FIELD(seconds, "autoPromotionSeconds", "s",
               "wait this long before the switch (0)"),
    TEXT_FIELD(delay, "scaleDownDelaySeconds", "s",
               "keep the old pods after the switch (30)"),
    TEXT_FIELD(delay_limit, "scaleDownDelayRevisionLimit", "-",
               "how many old versions may be kept so"),
    TEXT_FIELD(abort_delay, "abortScaleDownDelaySeconds", "s",
               "keep the new pods after an abort; 0: for ever (30)"),
    TEXT_FIELD(pre, "prePromotionAnalysis", "-",
               "analysis to be passed before the switch"),
    TEXT_FIELD(post, "postPromotionAnalysis", "-",
               "analysis to be passed after it"),
    TEXT_FIELD(unavailable, "maxUnavailable", "pods",
               "of a restart alone (25%)"),
    FIELD_END
};

/* The names of all Services that select the pods. */
static const struct value *all_services(struct conversion *c)
{
    const struct value **names = arena_many(c->arena, const struct value *,
                                            c->nservices);

    for (size_t i = 0; i < c->nservices; i++)
        names[i] = value_string(c->arena, convert_service_name(c, i),
                                &c->mark);
    return value_list(c->arena, names, c->nservices, &c->mark);
}

static void blue_green_convert(struct conversion *c)
{
    const struct blue_green_spec *s = c->spec;
    const struct value *block = convert_block(c, NULL);

    if (!convert_needs_service(c))
        return;
    if (!s->active && !s->actives)
        block = value_set(c->arena, block, "activeServices", all_services(c));
    vec_push(c->arena, &c->out, convert_to_rollout(c, "blueGreen", block));
}

const struct strategy_ops strategy_blue_green = {
    .name = "blueGreen",
    .doc = "grow the new version beside the old one, then switch all users",
    .fields = blue_green_fields,
    .spec_size = sizeof(struct blue_green_spec),
    .convert = blue_green_convert,
};
