/*
 * taint.c - kubectl taint: mark nodes so that only pods that tolerate it go
 * there (or, with NoExecute, stay there).
 */
#include "kubectl_impl.h"
#include <string.h>
#include "base/vec.h"
#include "models/node.h"

static const struct kubectl_flag taint_flags[] = {
    { "overwrite", 0, KUBECTL_SWITCH, "change a taint that is there" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

typedef VEC(struct taint) taints;

/* "key=value:Effect", "key:Effect", "key:Effect-" or "key-". */
static bool read_taint(struct arena *a, const char *word, struct taint *out,
                       bool *remove)
{
    size_t len = strlen(word);
    const char *colon, *equals;

    *remove = len > 1 && word[len - 1] == '-';
    word = arena_strndup(a, word, *remove ? len - 1 : len);
    colon = strchr(word, ':');
    out->effect = colon ? colon + 1 : "";
    out->key = arena_strndup(a, word, colon ? (size_t)(colon - word)
                                            : strlen(word));
    equals = strchr(out->key, '=');
    out->value = equals ? equals + 1 : "";
    if (equals)
        out->key = arena_strndup(a, out->key, (size_t)(equals - out->key));
    if (*remove && !colon)
        return true;
    return strcmp(out->effect, "NoSchedule") == 0 ||
           strcmp(out->effect, "PreferNoSchedule") == 0 ||
           strcmp(out->effect, "NoExecute") == 0;
}

static const char *taint_check(struct arena *a,
                               const struct kubectl_command *c)
{
    size_t from = kubectl_changes(c, "=:");
    struct taint t;
    bool remove;

    if (from == c->nwords)
        return "at least one taint update is required";
    for (size_t i = from; i < c->nwords; i++)
        if (!read_taint(a, c->words[i], &t, &remove))
            return arena_printf(a, "invalid taint effect: \"%s\", write "
                                "KEY=VALUE:NoSchedule", c->words[i]);
    return NULL;
}

/* The index of t in list by key and effect ("" matches all); len if none. */
static size_t index_of(const taints *list, const struct taint *t)
{
    for (size_t i = 0; i < list->len; i++)
        if (strcmp(list->items[i].key, t->key) == 0 &&
            (!t->effect[0] || strcmp(list->items[i].effect, t->effect) == 0))
            return i;
    return list->len;
}

static void change(struct kubectl *k, taints *list, const char *word)
{
    struct taint t = { .added = world_now(k->w) };
    bool remove;
    size_t at;

    read_taint(k->arena, word, &t, &remove);
    at = index_of(list, &t);
    if (!remove && at == list->len) {
        vec_push(k->arena, list, t);
    } else if (!remove && kubectl_flag(&k->c, "overwrite")) {
        list->items[at] = t;
    } else if (!remove) {
        kubectl_refuse(k, "error: node already has %s taint(s) with same "
                       "effect(s) and --overwrite is false", t.key);
    } else if (at == list->len) {
        kubectl_refuse(k, "error: taint \"%s\" not found", word);
    } else {
        for (; at < list->len; at = index_of(list, &t))
            vec_remove(list, at);
    }
}

static bool taint_step(struct kubectl *k, size_t i)
{
    size_t from = kubectl_changes(&k->c, "=:");
    const struct target *targets;
    size_t n = kubectl_targets(k->arena, &k->c, from, &targets);
    const struct meta *m = kubectl_find(k, &targets[i]);
    taints list = {0};
    struct meta *draft;

    if (!m)
        return false;
    if (m->kind != KIND_NODE) {
        kubectl_refuse(k, "error: invalid resource type %s, only node(s) is "
                       "supported", targets[i].resource);
        return false;
    }
    for (size_t t = 0; t < node_seen(m)->ntaints; t++)
        vec_push(k->arena, &list, node_seen(m)->taints[t]);
    for (size_t w = from; w < k->c.nwords && !k->over; w++)
        change(k, &list, k->c.words[w]);
    if (k->over)
        return false;
    draft = api_draft(k->w->api, m);
    node_of(draft)->taints = list.items;
    node_of(draft)->ntaints = list.len;
    kubectl_update(k, draft, "tainted");
    return i + 1 < n;
}

const struct verb_ops verb_taint = {
    .name = "taint",
    .usage = "nodes NAME KEY=VALUE:EFFECT... KEY:EFFECT-...",
    .doc = "mark nodes that only tolerant pods may use",
    .flags = taint_flags,
    .min_words = 3,
    .check = taint_check,
    .step = taint_step,
};
