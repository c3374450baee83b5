/*
 * mark.c - what label and annotate have in common.
 *
 * `key=value` sets, `key-` takes away; a key that has another value is only
 * changed with --overwrite.
 */
#include "kubectl_impl.h"
#include <string.h>

/* The pair of a word: key, and value (NULL: to be taken away). */
static const char *word_key(struct arena *a, const char *word,
                            const char **value)
{
    const char *equals = strchr(word, '=');
    size_t len = strlen(word);

    *value = equals ? equals + 1 : NULL;
    return arena_strndup(a, word, equals ? (size_t)(equals - word) : len - 1);
}

/* Why the words cannot be laid over `now`; NULL if they can. */
static const char *objection(struct kubectl *k, const struct labels *now,
                             size_t from)
{
    for (size_t i = from; i < k->c.nwords; i++) {
        const char *value, *has;
        const char *key = word_key(k->arena, k->c.words[i], &value);

        has = labels_get(now, key);
        if (has && value && strcmp(has, value) != 0 &&
            !kubectl_flag(&k->c, "overwrite"))
            return arena_printf(k->arena, "error: '%s' already has a value "
                                "(%s), and --overwrite is false", key, has);
    }
    return NULL;
}

/* The change as a patch of metadata. */
static const struct value *as_patch(struct kubectl *k, size_t from,
                                    const char *member)
{
    struct arena *a = k->arena;
    const struct value *p = value_map(a, NULL, 0, NULL);

    for (size_t i = from; i < k->c.nwords; i++) {
        const char *value;
        const char *key = word_key(a, k->c.words[i], &value);

        p = value_set(a, p, arena_printf(a, "metadata.%s.\"%s\"", member, key),
                      value ? value_string(a, value, NULL)
                            : value_null(a, NULL));
    }
    return p;
}

/* The change to an object without a manifest (a pod, a node). */
static struct meta *in_place(struct kubectl *k, const struct meta *m,
                             size_t from, bool labels)
{
    struct meta *draft = api_draft(k->w->api, m);
    const struct labels **set = labels ? &draft->labels : &draft->annotations;

    for (size_t i = from; i < k->c.nwords; i++) {
        const char *value;
        const char *key = word_key(k->arena, k->c.words[i], &value);

        *set = labels_with(k->arena, *set, key, value);
    }
    return draft;
}

bool kubectl_mark(struct kubectl *k, size_t i, const char *member,
                  const char *done)
{
    bool labels = strcmp(member, "labels") == 0;
    size_t from = kubectl_changes(&k->c, "=");
    const struct target *targets;
    size_t n = kubectl_targets(k->arena, &k->c, from, &targets);
    const struct meta *m = kubectl_find(k, &targets[i]);
    struct meta *draft;
    const char *no;

    if (!m)
        return false;
    no = objection(k, labels ? m->labels : m->annotations, from);
    if (no) {
        kubectl_refuse(k, "%s", no);
        return false;
    }
    draft = kubectl_manifest(m)
                ? kubectl_edit(k, m, as_patch(k, from, member), false)
                : in_place(k, m, from, labels);
    if (draft)
        kubectl_update(k, draft, done);
    return i + 1 < n;
}
