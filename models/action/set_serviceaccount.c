/*
 * set_serviceaccount.c - kubectl set serviceaccount: as whom the pods of a
 * workload act.
 *
 * The pod template changes, so the controller starts a rollout.
 */
#include "kubectl_impl.h"

static bool set_serviceaccount_step(struct kubectl *k, size_t i)
{
    static const char *const members[] = { "serviceAccountName",
                                           "serviceAccount" };
    size_t end = k->c.nwords - 1;
    const struct target *targets;
    size_t n = kubectl_targets(k->arena, &k->c, end, &targets);
    const struct meta *m = kubectl_find(k, &targets[i]);
    const struct value *p = value_map(k->arena, NULL, 0, NULL);
    struct meta *draft;

    if (!m)
        return false;
    if (!value_at(kubectl_manifest(m), "spec.template")) {
        kubectl_refuse(k, "error: the object has no pod template: %s",
                       kubectl_label(k->arena, m));
        return false;
    }
    for (size_t j = 0; j < sizeof members / sizeof members[0]; j++)
        p = value_set(k->arena, p,
                      arena_printf(k->arena, "spec.template.spec.%s",
                                   members[j]),
                      value_string(k->arena, k->c.words[end], NULL));
    draft = kubectl_edit(k, m, p, false);
    if (draft)
        kubectl_update(k, draft, "serviceaccount updated");
    return i + 1 < n;
}

const struct verb_ops verb_set_serviceaccount = {
    .name = "set serviceaccount",
    .usage = "TYPE/NAME... SERVICE_ACCOUNT",
    .doc = "change as whom the pods of a workload act",
    .min_words = 2,
    .step = set_serviceaccount_step,
};
