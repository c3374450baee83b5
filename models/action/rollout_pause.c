/*
 * rollout_pause.c - kubectl rollout pause and resume.
 *
 * A paused Deployment or Rollout starts no rollout and continues none; it still scales.
 * Resuming starts the clock of its progress deadline anew (reference 1.9).
 */
#include "kubectl_impl.h"
#include "models/argo.h"

static bool is_paused(const struct meta *m)
{
    return m->kind == KIND_ROLLOUT ? argo_seen(m)->paused
                                   : deployment_seen(m)->paused;
}

static bool set_paused(struct kubectl *k, size_t i, bool to)
{
    bool more;
    const struct meta *m = kubectl_rollout(k, i, &more);
    struct arena *a = k->arena;
    struct meta *draft;

    if (!m)
        return false;
    if (m->kind != KIND_DEPLOYMENT && m->kind != KIND_ROLLOUT) {
        kubectl_refuse(k, "error: %s \"%s\" %s is not supported",
                       kind_group_resource(a, m->kind), m->name,
                       to ? "pausing" : "resuming");
        return false;
    }
    if (is_paused(m) == to) {
        kubectl_refuse(k, to ? "error: %s \"%s\" is already paused"
                             : "error: %s \"%s\" is not paused",
                       kind_group_resource(a, m->kind), m->name);
        return false;
    }
    draft = kubectl_edit(k, m,
                         kubectl_patch_of(a, "spec.paused",
                                          to ? value_plain(a, "true", NULL)
                                             : value_null(a, NULL)), false);
    if (draft)
        kubectl_update(k, draft, to ? "paused" : "resumed");
    return more;
}

static bool pause_step(struct kubectl *k, size_t i)
{
    return set_paused(k, i, true);
}

static bool resume_step(struct kubectl *k, size_t i)
{
    return set_paused(k, i, false);
}

const struct verb_ops verb_rollout_pause = {
    .name = "rollout pause",
    .usage = "deployment/NAME",
    .doc = "hold a rollout where it is",
    .min_words = 1,
    .step = pause_step,
};

const struct verb_ops verb_rollout_resume = {
    .name = "rollout resume",
    .usage = "deployment/NAME",
    .doc = "let a paused Deployment roll out again",
    .min_words = 1,
    .step = resume_step,
};
