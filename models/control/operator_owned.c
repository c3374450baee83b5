/*
 * operator_owned.c - the objects that belong to a custom resource, filled in
 * from it.
 *
 * In every text of a manifest $(spec.PATH), $(metadata.PATH) and $(data.PATH)
 * stand for what the resource says there; a text that is nothing else becomes
 * that value, whatever its type.  An object without a name is called as the
 * resource is, and lives in its namespace.
 */
#include "models/operator.h"

#include <string.h>

#include "base/vec.h"
#include "models/api.h"

struct rendering {
    struct arena *arena;
    const struct operator_spec *operator;
    const struct value *resource;
    struct err_list *errors;
    bool failed;
};

/* The length of a reference "$(spec.version)" at s; 0 if there is none. */
static size_t reference_length(const char *s)
{
    static const char *const roots[] = { "spec.", "metadata.", "data." };

    for (size_t i = 0; s[0] == '$' && s[1] == '(' && i < 3; i++) {
        const char *end = strchr(s, ')');

        if (end && strncmp(s + 2, roots[i], strlen(roots[i])) == 0)
            return (size_t)(end - s) + 1;
    }
    return 0;
}

/* What the resource says at a reference of len bytes; NULL, and an error. */
static const struct value *referred(struct rendering *r, const char *s,
                                    size_t len)
{
    const char *path = arena_strndup(r->arena, s + 2, len - 3);
    const struct value *v = value_at(r->resource, path);
    const struct value *name = value_at(r->resource, "metadata.name");

    if (v && !value_is_null(v))
        return v;
    r->failed = true;
    err_error(r->errors, &r->resource->mark, "%s \"%s\" has no %s, which "
              "operator \"%s\" asks for",
              value_text(value_get(r->resource, "kind"), ""),
              value_text(name, ""), path, r->operator->name);
    return NULL;
}

static const struct value *render_text(struct rendering *r,
                                       const struct value *v)
{
    const char *s = v->u.text, *result;
    size_t len = reference_length(s);
    struct buf text = { 0 };
    const struct value *whole;

    if (!strstr(s, "$("))
        return v;
    if (len > 0 && s[len] == '\0') {
        whole = referred(r, s, len);
        return whole ? whole : v;
    }
    for (; *s; s += len ? len : 1) {
        len = reference_length(s);
        if (len > 0)
            buf_puts(&text, value_text(referred(r, s, len), ""));
        else
            buf_putc(&text, *s);
    }
    result = arena_strdup(r->arena, text.text ? text.text : "");
    buf_free(&text);
    return value_string(r->arena, result, &v->mark);
}

static const struct value *render(struct rendering *r, const struct value *v)
{
    const struct value **items;
    struct member *members;

    switch (v->type) {
    case VALUE_NULL:
        return v;
    case VALUE_SCALAR:
        return render_text(r, v);
    case VALUE_LIST:
        items = arena_many(r->arena, const struct value *, v->len);
        for (size_t i = 0; i < v->len; i++)
            items[i] = render(r, v->u.items[i]);
        return value_list(r->arena, items, v->len, &v->mark);
    case VALUE_MAP:
        members = arena_many(r->arena, struct member, v->len);
        for (size_t i = 0; i < v->len; i++) {
            members[i] = v->u.members[i];
            members[i].value = render(r, members[i].value);
        }
        return value_map(r->arena, members, v->len, &v->mark);
    }
    return v;
}

/* v with a text at path, unless there is one. */
static const struct value *with_default(struct arena *a, const struct value *v,
                                        const char *path,
                                        const struct value *x)
{
    return !x || value_at(v, path) ? v : value_set(a, v, path, x);
}

/* One manifest, filled in; NULL, and an error, if the resource does not say
 * something that it names. */
static const struct value *filled_in(struct arena *a,
                                     const struct operator_spec *o,
                                     const struct value *manifest,
                                     const struct value *resource,
                                     struct err_list *errors)
{
    struct rendering r = { a, o, resource, errors, false };
    const struct value *v = render(&r, manifest);

    v = with_default(a, v, "metadata.name",
                     value_at(resource, "metadata.name"));
    v = with_default(a, v, "metadata.namespace",
                     value_at(resource, "metadata.namespace"));
    return r.failed ? NULL : v;
}

const struct meta *const *operator_objects(struct arena *a,
                                           const struct operator_spec *o,
                                           const struct value *resource,
                                           struct err_list *errors)
{
    const struct meta **objects = arena_many(a, const struct meta *,
                                             o->nmanifests);
    bool good = true;

    for (size_t i = 0; i < o->nmanifests; i++) {
        const struct value *v = filled_in(a, o, o->manifests[i], resource,
                                          errors);
        int before = errors->errors;
        enum kind kind;

        if (!v) {
            good = false;
            continue;
        }
        kind = kind_find(value_text(value_get(v, "apiVersion"), ""),
                         value_text(value_get(v, "kind"), ""));
        objects[i] = kind_ops_of(kind)->decode(a, v, errors);
        good &= errors->errors == before;
    }
    return good ? objects : NULL;
}
