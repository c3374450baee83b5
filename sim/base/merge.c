/*
 * merge.c - patches laid over trees: JSON merge and strategic merge.
 *
 * Strategic merge follows Kubernetes in the order of merged lists too: items
 * of the patch keep their order, and what only the server had is put before
 * the first patched item that it preceded, else behind.  An item of the patch
 * without the merge key, which Kubernetes refuses, makes the list replace.
 * Not modelled: $setElementOrder (accepted, without effect on the order).
 * Source: RFC 7386; apimachinery pkg/util/strategicpatch, v1.36; merge keys
 * from the patchMergeKey tags of k8s.io/api core/v1 and meta/v1.
 */
#include "base/value.h"

#include <string.h>

#include "base/bug.h"
#include "value_impl.h"

/* ---- RFC 7386 ----------------------------------------------------------- */

const struct value *value_merge(struct arena *a, const struct value *base,
                                const struct value *patch)
{
    member_vec out = { 0 };

    if (patch->type != VALUE_MAP)
        return patch;
    push_members(a, &out, base);
    for (size_t i = 0; i < patch->len; i++) {
        const struct member *m = &patch->u.members[i];

        set_member(a, &out, m->key, &m->mark, value_is_null(m->value) ? NULL
                   : value_merge(a, value_get(base, m->key), m->value));
    }
    return value_map(a, out.items, out.len, &patch->mark);
}

/* ---- strategic merge ---------------------------------------------------- */

static const struct {
    const char *list;
    const char *key[2];         /* the first that every patch item has */
} merge_keys[] = {
    { "containers", { "name" } },
    { "initContainers", { "name" } },
    { "ephemeralContainers", { "name" } },
    { "env", { "name" } },
    { "volumes", { "name" } },
    { "imagePullSecrets", { "name" } },
    { "secrets", { "name" } },
    { "resourceClaims", { "name" } },
    { "ports", { "containerPort", "port" } },
    { "volumeMounts", { "mountPath" } },
    { "volumeDevices", { "devicePath" } },
    { "hostAliases", { "ip" } },
    { "podIPs", { "ip" } },
    { "hostIPs", { "ip" } },
    { "topologySpreadConstraints", { "topologyKey" } },
    { "conditions", { "type" } },
    { "addresses", { "type" } },
    { "ownerReferences", { "uid" } },
};

static bool is_directive(const char *key)
{
    return key[0] == '$'
        && (strcmp(key, "$patch") == 0 || strcmp(key, "$retainKeys") == 0
            || strncmp(key, "$setElementOrder/", 17) == 0
            || strncmp(key, "$deleteFromPrimitiveList/", 25) == 0);
}

static const char *directive(const struct value *v)
{
    return value_text(value_get(v, "$patch"), "");
}

/* Every item of list is a map that has key, bare directives apart. */
static bool all_have(const struct value *list, const char *key)
{
    for (size_t i = 0; i < list->len; i++) {
        const struct value *item = list->u.items[i];

        if (item->type != VALUE_MAP
            || (!value_get(item, key) && !(item->len == 1 && *directive(item))))
            return false;
    }
    return true;
}

const char *value_merge_key(const char *list, const struct value *patch)
{
    for (size_t i = 0; i < COUNT_OF(merge_keys); i++) {
        if (strcmp(merge_keys[i].list, list) != 0)
            continue;
        for (size_t k = 0; k < 2 && merge_keys[i].key[k]; k++)
            if (all_have(patch, merge_keys[i].key[k]))
                return merge_keys[i].key[k];
    }
    return NULL;
}

/* The item of list whose key equals that of item; list->len if none. */
static size_t find_item(const struct value *list, const char *key,
                        const struct value *item)
{
    const struct value *want = value_get(item, key);

    for (size_t i = 0; list && want && i < list->len; i++) {
        const struct value *have = value_get(list->u.items[i], key);

        if (have && value_equal(have, want))
            return i;
    }
    return list ? list->len : 0;
}

static bool has_item(const struct value *list, const char *key,
                     const struct value *item)
{
    return list && find_item(list, key, item) < list->len;
}

/* Merge the items of patch into base by key: first what the patch names in
 * its order, each preceded by the server's items that stood before it. */
static const struct value *merge_list(struct arena *a,
                                      const struct value *base,
                                      const struct value *patch,
                                      const char *key)
{
    item_vec out = { 0 };
    size_t next = 0, base_len = base ? base->len : 0;
    bool replace = false;

    for (size_t i = 0; i < patch->len; i++)
        replace |= strcmp(directive(patch->u.items[i]), "replace") == 0;
    if (replace)
        base_len = 0;
    for (size_t i = 0; i < patch->len; i++) {
        const struct value *item = patch->u.items[i], *old = NULL;
        size_t at = base_len ? find_item(base, key, item) : 0;

        if (*directive(item) && (item->len == 1
            || strcmp(directive(item), "delete") == 0))
            continue;
        if (at < base_len) {
            for (; next < at; next++)
                if (!has_item(patch, key, base->u.items[next]))
                    vec_push(a, &out, base->u.items[next]);
            old = base->u.items[at];
        }
        vec_push(a, &out, value_strategic(a, old, item));
    }
    for (; next < base_len; next++)
        if (!has_item(patch, key, base->u.items[next]))
            vec_push(a, &out, base->u.items[next]);
    return value_list(a, out.items, out.len, &patch->mark);
}

/* Finalizers: a set of scalars. */
static const struct value *merge_set(struct arena *a,
                                     const struct value *base,
                                     const struct value *patch, bool remove)
{
    item_vec out = { 0 };
    const struct value *const lists[] = { base, remove ? NULL : patch };

    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; lists[l] && i < lists[l]->len; i++) {
            const struct value *x = lists[l]->u.items[i];
            bool skip = false;

            for (size_t k = 0; k < out.len; k++)
                skip |= value_equal(out.items[k], x);
            for (size_t k = 0; remove && k < patch->len; k++)
                skip |= value_equal(patch->u.items[k], x);
            if (!skip)
                vec_push(a, &out, x);
        }
    }
    return value_list(a, out.items, out.len, &patch->mark);
}

static const struct value *list_or_null(const struct value *v)
{
    return v && v->type == VALUE_LIST ? v : NULL;
}

static const struct value *merge_member(struct arena *a, const char *key,
                                        const struct value *base,
                                        const struct value *patch)
{
    const char *by;

    if (patch->type == VALUE_MAP)
        return value_strategic(a, base, patch);
    if (patch->type != VALUE_LIST)
        return patch;
    if (strcmp(key, "finalizers") == 0)
        return merge_set(a, list_or_null(base), patch, false);
    by = value_merge_key(key, patch);
    return by ? merge_list(a, list_or_null(base), patch, by) : patch;
}

/* $retainKeys: drop from out what the list does not name. */
static void retain(member_vec *out, const struct value *keys)
{
    for (size_t i = out->len; keys->type == VALUE_LIST && i-- > 0;) {
        bool keep = false;

        for (size_t k = 0; k < keys->len; k++)
            keep |= strcmp(value_text(keys->u.items[k], ""),
                           out->items[i].key) == 0;
        if (!keep)
            vec_remove(out, i);
    }
}

/* Obey the directives of patch that touch out as a whole. */
static void obey(struct arena *a, member_vec *out, const struct value *patch)
{
    const struct value *keys = value_get(patch, "$retainKeys");

    if (keys)
        retain(out, keys);
    for (size_t i = 0; i < patch->len; i++) {
        const struct member *m = &patch->u.members[i];
        const char *slash = strchr(m->key, '/');

        if (!slash || strncmp(m->key, "$deleteFromPrimitiveList/", 25) != 0
            || m->value->type != VALUE_LIST)
            continue;
        for (size_t k = 0; k < out->len; k++)
            if (strcmp(out->items[k].key, slash + 1) == 0)
                out->items[k].value = merge_set(
                    a, list_or_null(out->items[k].value), m->value, true);
    }
}

const struct value *value_strategic(struct arena *a, const struct value *base,
                                    const struct value *patch)
{
    member_vec out = { 0 };
    bool fresh = strcmp(directive(patch), "replace") == 0;

    if (patch->type != VALUE_MAP)
        return patch;
    if (strcmp(directive(patch), "delete") == 0)
        return value_map(a, NULL, 0, &patch->mark);
    if (!fresh)
        push_members(a, &out, base);
    obey(a, &out, patch);
    for (size_t i = 0; i < patch->len; i++) {
        const struct member *m = &patch->u.members[i];

        if (is_directive(m->key))
            continue;
        set_member(a, &out, m->key, &m->mark, value_is_null(m->value) ? NULL
                   : merge_member(a, m->key, fresh ? NULL
                                  : value_get(base, m->key), m->value));
    }
    return value_map(a, out.items, out.len, &patch->mark);
}
