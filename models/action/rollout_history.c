/*
 * rollout_history.c - kubectl rollout history: which revisions there are.
 *
 * Not modelled: --revision, which prints a template.
 */
#include "kubectl_impl.h"
#include "models/revision.h"
#include "models/rollout.h"

#define CAUSE "kubernetes.io/change-cause"

static void line(struct kubectl *k, const struct meta *m, int64_t revision,
                 const char *cause)
{
    kubectl_say(k, m, "%-9lld %s", (long long)revision,
                cause ? cause : "<none>");
}

static void of_set(struct kubectl *k, const struct meta *m)
{
    const struct controllerrevision **list;
    size_t n = revision_history(k->arena, k->w->api, m, &list);

    for (size_t i = 0; i < n; i++)
        line(k, m, list[i]->revision,
             labels_get(list[i]->meta.annotations, CAUSE));
}

static void of_deployment(struct kubectl *k, const struct meta *m)
{
    struct rollout_revision *list;
    size_t n = rollout_history(k->arena, k->w->api, deployment_seen(m), &list);

    for (size_t i = 0; i < n; i++)
        line(k, m, list[i].revision, list[i].cause);
}

static bool history_step(struct kubectl *k, size_t i)
{
    bool more;
    const struct meta *m = kubectl_rollout(k, i, &more);
    enum kind kept;

    if (!m)
        return false;
    kept = m->kind == KIND_DEPLOYMENT ? KIND_REPLICASET : KIND_REVISION;
    if (m->kind == KIND_ROLLOUT) {
        kubectl_refuse(k, "error: no history viewer has been implemented for "
                       "%s", kubectl_label(k->arena, m));
        return false;
    }
    if (!kubectl_may(k, "list", kept, NULL, m->space, NULL))
        return false;
    kubectl_say(k, m, "%s", kubectl_label(k->arena, m));
    kubectl_say(k, m, "%-9s %s", "REVISION", "CHANGE-CAUSE");
    if (m->kind == KIND_DEPLOYMENT)
        of_deployment(k, m);
    else
        of_set(k, m);
    return more;
}

const struct verb_ops verb_rollout_history = {
    .name = "rollout history",
    .usage = "TYPE/NAME",
    .doc = "say which revisions there are",
    .min_words = 1,
    .step = history_step,
};
