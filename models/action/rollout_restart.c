/*
 * rollout_restart.c - kubectl rollout restart: replace all pods by new ones of
 * the same version.
 *
 * kubectl writes the time into an annotation of the pod template, which is a
 * change like any other; twice within a second it would be none.
 */
#include "kubectl_impl.h"
#include <string.h>
#include <time.h>

#define RESTARTED "\"kubectl.kubernetes.io/restartedAt\""
#define EPOCH INT64_C(1767225600)       /* 2026-01-01T00:00:00Z */

static const char *time_stamp(struct kubectl *k)
{
    time_t t = (time_t)(EPOCH + world_second(k->w, world_now(k->w)));
    struct tm tm;
    char text[32];

    gmtime_r(&t, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    return arena_strdup(k->arena, text);
}

static bool restart_step(struct kubectl *k, size_t i)
{
    static const char path[] = "spec.template.metadata.annotations." RESTARTED;
    bool more;
    const struct meta *m = kubectl_rollout(k, i, &more);
    const char *now, *before;
    struct meta *draft;

    if (!m)
        return false;
    if (m->kind == KIND_DEPLOYMENT && deployment_seen(m)->paused) {
        kubectl_refuse(k, "error: can't restart paused deployment (run rollout "
                       "resume first)");
        return false;
    }
    now = time_stamp(k);
    before = value_text(value_at(kubectl_manifest(m), path), "");
    if (strcmp(now, before) == 0) {
        kubectl_refuse(k, "error: if restart has already been triggered within "
                       "the past second, please wait before attempting to "
                       "trigger another");
        return false;
    }
    draft = kubectl_edit(k, m,
                         kubectl_patch_of(k->arena, path,
                                          value_string(k->arena, now, NULL)),
                         false);
    if (draft)
        kubectl_update(k, draft, "restarted");
    return more;
}

const struct verb_ops verb_rollout_restart = {
    .name = "rollout restart",
    .usage = "TYPE/NAME",
    .doc = "replace all pods by new ones of the same version",
    .min_words = 1,
    .step = restart_step,
};
