/*
 * set_env.c - kubectl set env: change the environment of containers.
 *
 * `NAME=value` sets, `NAME-` takes away.  The pod template changes, so the
 * controller starts a rollout.
 *
 * Not modelled: --from, --keys, --prefix, --list; values of pods that run.
 */
#include "kubectl_impl.h"
#include <string.h>

static const struct kubectl_flag set_env_flags[] = {
    { "containers", 'c', KUBECTL_TEXT, "which; * for all, the default" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static const char *set_env_check(struct arena *a,
                                 const struct kubectl_command *c)
{
    size_t from = kubectl_changes(c, "=");

    if (from == 0)
        return "one or more resources must be specified as <resource> <name> "
               "or <resource>/<name>";
    if (from == c->nwords)
        return "at least one environment variable must be provided";
    for (size_t i = from; i < c->nwords; i++) {
        const char *w = c->words[i];

        if (w[0] == '=' || (!strchr(w, '=') && w[strlen(w) - 1] != '-'))
            return arena_printf(a, "\"%s\": write NAME=VALUE or NAME-", w);
    }
    return NULL;
}

/* One variable: {name, value}, or {name, $patch: delete}. */
static const struct value *variable(struct arena *a, const char *word)
{
    const char *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word) - 1;
    const struct value *v = kubectl_patch_of(
        a, "name", value_string(a, arena_strndup(a, word, len), NULL));

    return equals ? value_set(a, v, "value",
                              value_string(a, equals + 1, NULL))
                  : value_set(a, v, "$patch",
                              value_string(a, "delete", NULL));
}

static const struct value *of_container(struct kubectl *k, const char *name)
{
    struct arena *a = k->arena;
    size_t from = kubectl_changes(&k->c, "="), n = k->c.nwords - from;
    const struct value **items = arena_many(a, const struct value *, n);

    for (size_t i = 0; i < n; i++)
        items[i] = variable(a, k->c.words[from + i]);
    return value_set(a, kubectl_patch_of(a, "name",
                                         value_string(a, name, NULL)),
                     "env", value_list(a, items, n, NULL));
}

static bool set_env_step(struct kubectl *k, size_t i)
{
    return kubectl_set_containers(k, i, kubectl_changes(&k->c, "="),
                                  of_container, "env updated");
}

const struct verb_ops verb_set_env = {
    .name = "set env",
    .usage = "TYPE/NAME [-c CONTAINER] NAME=VALUE... NAME-...",
    .doc = "change the environment of containers",
    .flags = set_env_flags,
    .min_words = 2,
    .check = set_env_check,
    .step = set_env_step,
};
