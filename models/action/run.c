/*
 * run.c - kubectl run: make a pod that no controller looks after.
 *
 * Not modelled: --rm, -i and -t, --overrides.
 */
#include "kubectl_impl.h"
#include <string.h>

static const struct kubectl_flag run_flags[] = {
    { "image", 0, KUBECTL_TEXT, "of its container" },
    { "port", 0, KUBECTL_COUNT, "that the container exposes" },
    { "labels", 'l', KUBECTL_TEXT, "KEY=VALUE,...; run=NAME if absent" },
    { "env", 0, KUBECTL_MANY, "NAME=VALUE, for each variable" },
    { "restart", 0, KUBECTL_TEXT, "Always (default), OnFailure or Never" },
    { "command", 0, KUBECTL_SWITCH, "words are the command, not arguments" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static const char *run_check(struct arena *a, const struct kubectl_command *c)
{
    const char *restart = kubectl_flag(c, "restart");
    const char *env = kubectl_flag(c, "env"), *value;

    if (!kubectl_flag(c, "image"))
        return "--image is required";
    if (restart && strcmp(restart, "Always") != 0 &&
        strcmp(restart, "OnFailure") != 0 && strcmp(restart, "Never") != 0)
        return arena_printf(a, "invalid restart policy: %s", restart);
    while (env && *env)
        if (!kubectl_pair(a, &env, '\n', &value))
            return "invalid env: write --env=NAME=VALUE";
    return NULL;
}

/* The list of the environment. */
static const struct value *environment(struct arena *a, const char *env)
{
    const struct value **items;
    size_t n = 1;

    for (const char *c = env; *c; c++)
        n += *c == '\n';
    items = arena_many(a, const struct value *, n);
    n = 0;
    while (*env) {
        const char *value, *name = kubectl_pair(a, &env, '\n', &value);

        items[n++] = value_set(a, kubectl_patch_of(a, "name",
                                   value_string(a, name, NULL)),
                               "value", value_string(a, value, NULL));
    }
    return value_list(a, items, n, NULL);
}

static bool run_step(struct kubectl *k, size_t i)
{
    struct arena *a = k->arena;
    const char *name = k->c.words[0], *restart = kubectl_flag(&k->c, "restart");
    const char *labels = kubectl_flag(&k->c, "labels");
    const char *env = kubectl_flag(&k->c, "env");
    const struct value *v = kubectl_object(k, "v1", KIND_POD, name);
    const struct value *c = kubectl_container(
        k, name, kubectl_flag(&k->c, "command") ? "command" : "args", 1);
    struct meta *draft;

    (void)i;
    if (env)
        c = value_set(a, c, "env", environment(a, env));
    v = value_set(a, v, "metadata.labels",
                  labels ? kubectl_pairs(a, labels, ',')
                         : kubectl_patch_of(a, "run",
                                            value_string(a, name, NULL)));
    v = value_set(a, v, "spec.containers", value_list(a, &c, 1, NULL));
    if (restart)
        v = value_set(a, v, "spec.restartPolicy",
                      value_string(a, restart, NULL));
    draft = kubectl_decode(k, KIND_POD, v, NULL);
    if (draft)
        kubectl_create(k, draft, "created");
    return false;
}

const struct verb_ops verb_run = {
    .name = "run",
    .usage = "NAME --image=IMAGE [--port=PORT] [--restart=Never] [-- ARG...]",
    .doc = "make a pod that no controller looks after",
    .flags = run_flags,
    .min_words = 1,
    .check = run_check,
    .step = run_step,
};
