/*
 * replace.c - kubectl replace: objects become what their manifests say.
 *
 * Unlike apply it lays nothing over what there is: a field that the manifest
 * does not have goes back to its default, `replicas` that an autoscaler chose
 * included.
 *
 * Not modelled: --force (delete and create again).
 */
#include "kubectl_impl.h"

static const struct kubectl_flag replace_flags[] = {
    { "filename", 'f', KUBECTL_TEXT, "file of manifests; - for `stdin:`" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static bool replace_step(struct kubectl *k, size_t i)
{
    struct target t;
    const struct value *v;
    const struct meta *m;
    struct meta *draft;

    if (i >= k->c.ndocuments)
        return false;
    v = kubectl_placed(k, k->c.documents[i], &t);
    m = kubectl_find(k, &t);
    if (!m)
        return false;
    draft = kubectl_decode(k, m->kind, v, m);
    if (draft)
        kubectl_update(k, draft, "replaced");
    return i + 1 < k->c.ndocuments;
}

static const char *replace_check(struct arena *a,
                                 const struct kubectl_command *c)
{
    (void)a;
    return !kubectl_flag(c, "filename") ? "must specify one of -f and -k"
           : c->nwords ? "Unexpected args: replace takes files with -f only"
                       : NULL;
}

const struct verb_ops verb_replace = {
    .name = "replace",
    .usage = "-f FILE",
    .doc = "make objects exactly as their manifests say",
    .flags = replace_flags,
    .input = INPUT_FILES,
    .check = replace_check,
    .step = replace_step,
};
