/*
 * label.c - kubectl label: change the labels of an object.
 */
#include "kubectl_impl.h"

static const struct kubectl_flag label_flags[] = {
    { "overwrite", 0, KUBECTL_SWITCH, "change labels that have a value" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static const char *label_check(struct arena *a,
                               const struct kubectl_command *c)
{
    (void)a;
    return kubectl_changes(c, "=") == c->nwords
               ? "at least one label update is required" : NULL;
}

static bool label_step(struct kubectl *k, size_t i)
{
    return kubectl_mark(k, i, "labels", "labeled");
}

const struct verb_ops verb_label = {
    .name = "label",
    .usage = "TYPE/NAME KEY=VALUE... KEY-... [--overwrite]",
    .doc = "change the labels of an object",
    .flags = label_flags,
    .min_words = 2,
    .check = label_check,
    .step = label_step,
};
