/*
 * rollout_undo.c - kubectl rollout undo: bring back the template of an earlier
 * revision.
 *
 * That is an ordinary change of the pod template: the controller rolls towards
 * the old ReplicaSet, or ControllerRevision, by the same rules as towards a new
 * one (reference 1.10).
 */
#include "kubectl_impl.h"
#include <stdlib.h>
#include "models/argo.h"
#include "models/rollout.h"
#include "models/strategy.h"

static const struct kubectl_flag undo_flags[] = {
    { "to-revision", 0, KUBECTL_COUNT, "which; 0: the one before the newest" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static const char *undo_check(struct arena *a, const struct kubectl_command *c)
{
    const char *to = kubectl_flag(c, "to-revision");

    (void)a;
    return to && to[0] == '-' ? "revision must be a positive integer" : NULL;
}

/* Nothing to write: say why.  True: the next target may be tried. */
static bool explain(struct kubectl *k, const struct meta *m, bool refused,
                    const char *message)
{
    if (refused)
        kubectl_refuse(k, "error: %s", message);
    else
        kubectl_say(k, m, "%s %s", kubectl_label(k->arena, m), message);
    return !refused;
}

static bool undo_deployment(struct kubectl *k, const struct meta *m,
                            int64_t to)
{
    struct rollout_undo u;
    struct meta *draft;

    if (!kubectl_may(k, "list", KIND_REPLICASET, NULL, m->space, NULL))
        return false;
    u = rollout_undo(k->arena, k->w->api, deployment_seen(m), to);
    if (!u.set)
        return explain(k, m, u.refused, u.message);
    draft = api_draft(k->w->api, m);
    rollout_restore(k->arena, deployment_of(draft), u.set);
    return kubectl_update(k, draft, "rolled back");
}

static bool undo_set(struct kubectl *k, const struct meta *m, int64_t to)
{
    struct revision_undo u;
    struct meta *draft;

    if (!kubectl_may(k, "list", KIND_REVISION, NULL, m->space, NULL))
        return false;
    u = revision_undo(k->arena, k->w->api, m, to);
    if (!u.template)
        return explain(k, m, u.refused, u.message);
    draft = kubectl_decode(k, m->kind,
                           value_set(k->arena, kubectl_manifest(m),
                                     "spec.template", u.template->raw), m);
    return draft && kubectl_update(k, draft, "rolled back");
}

/* Does the strategy of the release take it back? */
static bool strategy_undoes(struct world *w, const struct meta *m)
{
    const struct strategy_ops *ops = w->strategy ? w->strategy->ops : NULL;

    return ops && ops->undo && m == release_target(w) &&
           ops->undo(w, w->strategy->spec);
}

static bool undo_step(struct kubectl *k, size_t i)
{
    bool more;
    const struct meta *m = kubectl_rollout(k, i, &more);
    const char *text = kubectl_flag(&k->c, "to-revision");
    int64_t to = text ? strtoll(text, NULL, 10) : 0;

    if (!m)
        return false;
    if (to == 0 && strategy_undoes(k->w, m)) {
        kubectl_say(k, m, "%s is being rolled back by its strategy",
                    kubectl_label(k->arena, m));
        return more;
    }
    if (m->kind == KIND_ROLLOUT)
        return argo_undo(k, argo_seen(m), to) && more;
    return (m->kind == KIND_DEPLOYMENT ? undo_deployment(k, m, to)
                                       : undo_set(k, m, to)) && more;
}

const struct verb_ops verb_rollout_undo = {
    .name = "rollout undo",
    .usage = "TYPE/NAME [--to-revision=N]",
    .doc = "bring back the template of an earlier revision",
    .flags = undo_flags,
    .min_words = 1,
    .check = undo_check,
    .step = undo_step,
};
