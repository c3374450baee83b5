/*
 * apply.c - kubectl apply: make objects as their manifests say.
 *
 * An object that does not exist is created.  For one that does, three texts
 * are compared: what was applied last, what is applied now, and what there is.
 * What the last one had and the new one has not is removed, what the new one
 * has is laid over what there is, and all the rest stays: so replicas that
 * somebody scaled survive a manifest that does not mention them.
 *
 * Not modelled: --server-side (field owners), --prune.
 * Source: kubectl apply, three-way strategic merge patch.
 */
#include "kubectl_impl.h"
#include <string.h>
#include "base/vec.h"

static const struct kubectl_flag apply_flags[] = {
    { "filename", 'f', KUBECTL_TEXT, "file of manifests; - for `stdin:`" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

typedef VEC(struct member) members;
typedef VEC(const struct value *) items;

static const struct value *patch_map(struct arena *a, const struct value *last,
                                     const struct value *now);

/* {key: x, $patch: delete} */
static const struct value *delete_item(struct arena *a, const char *key,
                                       const struct value *x)
{
    const struct value *v = value_set(a, value_map(a, NULL, 0, NULL), key, x);

    return value_set(a, v, "$patch", value_string(a, "delete", NULL));
}

/* The item of list with the same key as `like`; NULL if none. */
static const struct value *same_key(const struct value *list, const char *key,
                                    const struct value *like)
{
    const struct value *want = value_get(like, key);

    for (size_t i = 0; want && i < list->len; i++) {
        const struct value *have = value_get(list->u.items[i], key);

        if (have && value_equal(have, want))
            return list->u.items[i];
    }
    return NULL;
}

/* The patch of a list that merges by key. */
static const struct value *patch_list(struct arena *a, const char *key,
                                      const struct value *last,
                                      const struct value *now)
{
    items out = {0};

    for (size_t i = 0; i < now->len; i++) {
        const struct value *before = same_key(last, key, now->u.items[i]);

        vec_push(a, &out, before ? patch_map(a, before, now->u.items[i])
                                 : now->u.items[i]);
    }
    for (size_t i = 0; i < last->len; i++) {
        const struct value *x = value_get(last->u.items[i], key);

        if (x && !same_key(now, key, last->u.items[i]))
            vec_push(a, &out, delete_item(a, key, x));
    }
    return value_list(a, out.items, out.len, &now->mark);
}

static const struct value *patch_member(struct arena *a, const char *key,
                                        const struct value *last,
                                        const struct value *now)
{
    const char *by;

    if (!last || last->type != now->type)
        return now;
    if (now->type == VALUE_MAP)
        return patch_map(a, last, now);
    if (now->type != VALUE_LIST)
        return now;
    by = value_merge_key(key, now);
    return by && value_merge_key(key, last) ? patch_list(a, by, last, now)
                                            : now;
}

/* What turns `last` into `now`: all of now, and null for what it lost. */
static const struct value *patch_map(struct arena *a, const struct value *last,
                                     const struct value *now)
{
    members out = {0};

    for (size_t i = 0; i < now->len; i++) {
        struct member m = now->u.members[i];

        m.value = patch_member(a, m.key, value_get(last, m.key), m.value);
        vec_push(a, &out, m);
    }
    for (size_t i = 0; i < last->len; i++) {
        struct member m = last->u.members[i];

        if (value_get(now, m.key))
            continue;
        m.value = value_null(a, &m.mark);
        vec_push(a, &out, m);
    }
    return value_map(a, out.items, out.len, &now->mark);
}

/* The manifest without what only the server writes. */
static const struct value *stripped(struct arena *a, const struct value *v)
{
    static const char *const gone[] = {
        "status", "metadata.managedFields", "metadata.creationTimestamp",
        "metadata.resourceVersion", "metadata.uid", "metadata.generation",
        "metadata.selfLink"
    };

    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
        if (value_at(v, gone[i]))
            v = value_set(a, v, gone[i], NULL);
    return v;
}

static void configure(struct kubectl *k, const struct meta *m,
                      const struct value *v)
{
    const struct value *last = kubectl_last_applied(m);
    const struct value *current = kubectl_manifest(m), *merged;
    const struct value *patch = last ? patch_map(k->arena, last, v) : v;
    struct meta *draft;

    if (!current)
        merged = v;
    else if (m->kind == KIND_CUSTOM)    /* nobody knows keys of its lists */
        merged = value_merge(k->arena, current, patch);
    else
        merged = value_strategic(k->arena, current, patch);
    if (current && last && value_equal(merged, current)) {
        kubectl_say(k, m, "%s unchanged", kubectl_label(k->arena, m));
        return;
    }
    draft = kubectl_decode(k, m->kind, merged, m);
    if (!draft)
        return;
    kubectl_set_last_applied(draft, v);
    kubectl_update(k, draft, "configured");
}

static void create(struct kubectl *k, enum kind kind, const struct value *v)
{
    struct meta *draft = kubectl_decode(k, kind, v, NULL);

    if (!draft)
        return;
    kubectl_set_last_applied(draft, v);
    kubectl_create(k, draft, "created");
}

static bool apply_step(struct kubectl *k, size_t i)
{
    struct target t;
    const struct meta *m;
    const struct value *v;

    if (i >= k->c.ndocuments)
        return false;
    v = kubectl_placed(k, stripped(k->arena, k->c.documents[i]), &t);
    if (t.kind == KIND_NONE) {
        kubectl_refuse(k, "error: resource mapping not found for name: \"%s\" "
                       "namespace: \"%s\": no matches for kind \"%s\" in "
                       "version \"%s\": ensure CRDs are installed first",
                       t.name, k->c.space, t.resource,
                       value_text(value_get(v, "apiVersion"), ""));
        return i + 1 < k->c.ndocuments;
    }
    if (!kubectl_may(k, "get", t.kind, NULL, t.space, t.name))
        return false;
    m = api_find(k->w->api, t.kind, t.space, t.name);
    if (m)
        configure(k, m, v);
    else
        create(k, t.kind, v);
    return i + 1 < k->c.ndocuments;
}

static const char *apply_check(struct arena *a,
                               const struct kubectl_command *c)
{
    (void)a;
    if (!kubectl_flag(c, "filename"))
        return "must specify one of -f and -k";
    return c->nwords ? "Unexpected args: apply takes files with -f only"
                     : NULL;
}

const struct verb_ops verb_apply = {
    .name = "apply",
    .usage = "-f FILE",
    .doc = "make objects as their manifests say",
    .flags = apply_flags,
    .input = INPUT_FILES,
    .check = apply_check,
    .step = apply_step,
};
