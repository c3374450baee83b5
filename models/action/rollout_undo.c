/*
 * rollout_undo.c - kubectl rollout undo: bring back the template of an earlier
 * revision.
 *
 * That is an ordinary change of the pod template: the controller rolls towards
 * the old ReplicaSet by the same rules as towards a new one (reference 1.10).
 */
#include "kubectl_impl.h"
#include <stdlib.h>
#include "models/rollout.h"

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

static bool undo_step(struct kubectl *k, size_t i)
{
    bool more;
    const struct deployment *d = kubectl_rollout(k, i, &more);
    const char *to = kubectl_flag(&k->c, "to-revision");
    struct rollout_undo u;
    struct meta *draft;

    if (!d)
        return false;
    u = rollout_undo(k->arena, k->w->api, d, to ? strtoll(to, NULL, 10) : 0);
    if (!u.set) {
        if (u.refused)
            kubectl_refuse(k, "error: %s", u.message);
        else
            kubectl_say(k, &d->meta, "%s %s",
                        kubectl_label(k->arena, &d->meta), u.message);
        return more && !u.refused;
    }
    draft = api_draft(k->w->api, &d->meta);
    rollout_restore(k->arena, deployment_of(draft), u.set);
    kubectl_update(k, draft, "rolled back");
    return more;
}

const struct verb_ops verb_rollout_undo = {
    .name = "rollout undo",
    .usage = "deployment/NAME [--to-revision=N]",
    .doc = "bring back the template of an earlier revision",
    .flags = undo_flags,
    .min_words = 1,
    .check = undo_check,
    .step = undo_step,
};
