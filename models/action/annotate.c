/*
 * annotate.c - kubectl annotate: change the annotations of an object.
 */
#include "kubectl_impl.h"

static const struct kubectl_flag annotate_flags[] = {
    { "overwrite", 0, KUBECTL_SWITCH, "change annotations that have a value" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static const char *annotate_check(struct arena *a,
                                  const struct kubectl_command *c)
{
    (void)a;
    return kubectl_changes(c, "=") == c->nwords
               ? "at least one annotation update is required" : NULL;
}

static bool annotate_step(struct kubectl *k, size_t i)
{
    return kubectl_mark(k, i, "annotations", "annotated");
}

const struct verb_ops verb_annotate = {
    .name = "annotate",
    .usage = "TYPE/NAME KEY=VALUE... KEY-... [--overwrite]",
    .doc = "change the annotations of an object",
    .flags = annotate_flags,
    .min_words = 2,
    .check = annotate_check,
    .step = annotate_step,
};
