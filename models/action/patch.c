/*
 * patch.c - kubectl patch: lay a piece of manifest over an object.
 *
 * Strategic merge by default, as kubectl does for Kubernetes' own kinds;
 * --type=merge is RFC 7386.  --type=json is not read.
 */
#include "kubectl_impl.h"
#include <string.h>

static const struct kubectl_flag patch_flags[] = {
    { "patch", 'p', KUBECTL_TEXT, "the piece, as JSON or YAML" },
    { "type", 0, KUBECTL_TEXT, "strategic (default) or merge" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static const char *patch_check(struct arena *a,
                               const struct kubectl_command *c)
{
    const char *type = kubectl_flag(c, "type");

    (void)a;
    if (!kubectl_flag(c, "patch"))
        return "must specify --patch or --patch-file containing the contents "
               "of the patch";
    if (type && strcmp(type, "json") == 0)
        return "--type=json is not supported yet";
    if (type && strcmp(type, "strategic") != 0 && strcmp(type, "merge") != 0)
        return "--type must be one of [json merge strategic]";
    return NULL;
}

static bool patch_step(struct kubectl *k, size_t i)
{
    const char *type = kubectl_flag(&k->c, "type");
    bool plain = type && strcmp(type, "merge") == 0;
    const struct target *targets;
    size_t n = kubectl_targets(k->arena, &k->c, k->c.nwords, &targets);
    const struct meta *m = kubectl_find(k, &targets[i]);
    struct meta *draft;

    if (!m || k->c.ndocuments == 0)
        return false;
    if (m->kind == KIND_CUSTOM && !plain) {
        kubectl_refuse(k, "Error from server (UnsupportedMediaType): the body "
                       "of the request was in an unknown format - accepted "
                       "media types include: application/json-patch+json, "
                       "application/merge-patch+json");
        return false;
    }
    draft = kubectl_edit(k, m, k->c.documents[0], plain);
    if (draft)
        kubectl_update(k, draft, "patched");
    return i + 1 < n;
}

const struct verb_ops verb_patch = {
    .name = "patch",
    .usage = "TYPE/NAME -p PATCH [--type=strategic|merge]",
    .doc = "lay a piece of manifest over an object",
    .flags = patch_flags,
    .input = INPUT_PATCH,
    .min_words = 1,
    .check = patch_check,
    .step = patch_step,
};
