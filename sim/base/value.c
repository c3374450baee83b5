/*
 * value.c - trees of scalars, lists and maps, and edits that share them.
 *
 * Functions that walk a whole tree recurse over its nesting, which whoever
 * made the tree has bounded (io refuses documents nested deeper than 64).
 * Lookups in a map are linear: maps of documents are small, and the order of
 * the text is kept.
 *
 * Strategic merge follows Kubernetes in the order of merged lists too: items
 * of the patch keep their order, and what only the server had is put before
 * the first patched item that it preceded, else behind.
 * Not modelled: $setElementOrder (accepted, without effect on the order).
 * Source: RFC 7386; apimachinery pkg/util/strategicpatch, v1.36; merge keys
 * from the patchMergeKey tags of k8s.io/api core/v1 and meta/v1.
 */
#include "base/value.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/units.h"
#include "base/vec.h"

/* ---- what a plain scalar is --------------------------------------------- */

static bool one_of(const char *s, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(s, *words) == 0)
            return true;
    return false;
}

/* Digits of a base after a two-letter prefix. */
static bool is_prefixed(const char *s, const char *prefix, const char *digits)
{
    size_t n = strlen(prefix);

    return strncmp(s, prefix, n) == 0 && s[n] != '\0'
        && s[n + strspn(s + n, digits)] == '\0';
}

static enum scalar_kind number_kind(const char *s)
{
    static const char decimal[] = "0123456789";
    const char *p = s + (*s == '-' || *s == '+');
    size_t whole = strspn(p, decimal), part = 0;

    if (is_prefixed(s, "0x", "0123456789abcdefABCDEF")
        || is_prefixed(s, "0o", "01234567"))
        return SCALAR_INT;
    p += whole;
    if (whole && *p == '\0')
        return SCALAR_INT;
    if (*p == '.') {
        part = strspn(++p, decimal);
        p += part;
    }
    if (!whole && !part)
        return SCALAR_STRING;
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '-' || *p == '+';
        if (!isdigit((unsigned char)*p))
            return SCALAR_STRING;
        p += strspn(p, decimal);
    }
    return *p == '\0' ? SCALAR_REAL : SCALAR_STRING;
}

enum scalar_kind value_scalar_kind(const struct value *v)
{
    static const char *const nulls[] = { "", "~", "null", "Null", "NULL",
                                         NULL };
    static const char *const bools[] = { "true", "True", "TRUE", "false",
                                         "False", "FALSE", NULL };
    static const char *const odd[] = {
        ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf",
        "-.INF", ".nan", ".NaN", ".NAN", NULL
    };

    if (v->type == VALUE_NULL)
        return SCALAR_NULL;
    if (v->type != VALUE_SCALAR || v->quoted)
        return SCALAR_STRING;
    if (one_of(v->u.text, nulls))
        return SCALAR_NULL;
    if (one_of(v->u.text, bools))
        return SCALAR_BOOL;
    if (one_of(v->u.text, odd))
        return SCALAR_REAL;
    return number_kind(v->u.text);
}

bool value_is_null(const struct value *v)
{
    return value_scalar_kind(v) == SCALAR_NULL;
}

/* ---- lookups ------------------------------------------------------------ */

static const struct member *member_at(const struct value *v, const char *key,
                                      size_t len)
{
    if (!v || v->type != VALUE_MAP)
        return NULL;
    for (size_t i = 0; i < v->len; i++) {
        const struct member *m = &v->u.members[i];

        if (strncmp(m->key, key, len) == 0 && m->key[len] == '\0')
            return m;
    }
    return NULL;
}

const struct member *value_member(const struct value *v, const char *key)
{
    return member_at(v, key, strlen(key));
}

const struct value *value_get(const struct value *v, const char *key)
{
    const struct member *m = value_member(v, key);

    return m ? m->value : NULL;
}

const char *value_text(const struct value *v, const char *fallback)
{
    return v && v->type == VALUE_SCALAR && !value_is_null(v) ? v->u.text
        : fallback;
}

/* ---- paths -------------------------------------------------------------- */

enum step_kind { STEP_BAD, STEP_KEY, STEP_INDEX, STEP_NAME };

struct step {
    enum step_kind kind;
    const char *text;
    size_t len;
    size_t index;
};

/* Text in double quotes at p; returns what follows the closing quote. */
static const char *quoted_step(const char *p, struct step *s)
{
    const char *end = strchr(p + 1, '"');

    if (!end)
        return p;
    *s = (struct step){ STEP_KEY, p + 1, (size_t)(end - p - 1), 0 };
    return end + 1;
}

static const char *bracket_step(const char *p, struct step *s)
{
    const char *end;
    size_t len;

    if (p[1] == '"') {
        p = quoted_step(p + 1, s);
        if (*p != ']')
            s->kind = STEP_BAD;
        return p + 1;
    }
    end = strchr(p, ']');
    if (!end || end == p + 1)
        return p;
    len = (size_t)(end - p - 1);
    *s = (struct step){ STEP_NAME, p + 1, len, 0 };
    if (strspn(p + 1, "0123456789") == len && len < 10) {
        s->kind = STEP_INDEX;
        s->index = strtoul(p + 1, NULL, 10);
    }
    return end + 1;
}

/* Cut the first step off path and return the rest; STEP_BAD: malformed. */
static const char *next_step(const char *path, struct step *s)
{
    const char *p = path;

    *s = (struct step){ .kind = STEP_BAD };
    if (*p == '[')
        p = bracket_step(p, s);
    else if (*p == '"')
        p = quoted_step(p, s);
    else if ((s->len = strcspn(p, ".[")) > 0) {
        s->kind = STEP_KEY;
        s->text = p;
        p += s->len;
    }
    if (s->kind == STEP_BAD)
        return path;
    if (*p == '.' && p[1] != '\0')
        return p + 1;
    if (*p != '\0' && *p != '[')
        s->kind = STEP_BAD;
    return p;
}

/* The place in list v that s selects; v->len if there is none. */
static size_t list_index(const struct value *v, const struct step *s)
{
    if (s->kind == STEP_INDEX)
        return s->index < v->len ? s->index : v->len;
    for (size_t i = 0; i < v->len; i++) {
        const char *name = value_text(value_get(v->u.items[i], "name"), NULL);

        if (name && strncmp(name, s->text, s->len) == 0
            && name[s->len] == '\0')
            return i;
    }
    return v->len;
}

const struct value *value_at(const struct value *v, const char *path)
{
    while (v && *path) {
        struct step s;

        path = next_step(path, &s);
        if (s.kind == STEP_BAD)
            return NULL;
        if (s.kind == STEP_KEY) {
            const struct member *m = member_at(v, s.text, s.len);

            v = m ? m->value : NULL;
        } else if (v->type == VALUE_LIST) {
            size_t i = list_index(v, &s);

            v = i < v->len ? v->u.items[i] : NULL;
        } else {
            v = NULL;
        }
    }
    return v;
}

/* ---- makers ------------------------------------------------------------- */

static struct value *make(struct arena *a, enum value_type type,
                          const struct mark *m)
{
    struct value *v = arena_make(a, struct value);

    v->type = type;
    if (m)
        v->mark = *m;
    return v;
}

const struct value *value_null(struct arena *a, const struct mark *m)
{
    return make(a, VALUE_NULL, m);
}

const struct value *value_string(struct arena *a, const char *text,
                                 const struct mark *m)
{
    struct value *v = make(a, VALUE_SCALAR, m);

    v->quoted = true;
    v->u.text = arena_strdup(a, text);
    return v;
}

const struct value *value_plain(struct arena *a, const char *text,
                                const struct mark *m)
{
    struct value *v = make(a, VALUE_SCALAR, m);

    v->u.text = arena_strdup(a, text);
    return v;
}

const struct value *value_list(struct arena *a,
                               const struct value *const *items, size_t len,
                               const struct mark *m)
{
    struct value *v = make(a, VALUE_LIST, m);

    v->len = len;
    v->u.items = arena_memdup(a, items, len * sizeof *items);
    return v;
}

const struct value *value_map(struct arena *a, const struct member *members,
                              size_t len, const struct mark *m)
{
    struct value *v = make(a, VALUE_MAP, m);

    v->len = len;
    v->u.members = arena_memdup(a, members, len * sizeof *members);
    return v;
}

/* ---- persistent edits --------------------------------------------------- */

typedef VEC(struct member) member_vec;
typedef VEC(const struct value *) item_vec;

static void push_members(struct arena *a, member_vec *out,
                         const struct value *map)
{
    for (size_t i = 0; map && map->type == VALUE_MAP && i < map->len; i++)
        vec_push(a, out, map->u.members[i]);
}

/* Set or, with value NULL, remove key in out; a new key goes last. */
static void set_member(struct arena *a, member_vec *out, const char *key,
                       const struct mark *m, const struct value *value)
{
    for (size_t i = 0; i < out->len; i++) {
        if (strcmp(out->items[i].key, key) != 0)
            continue;
        if (value)
            out->items[i].value = value;
        else
            vec_remove(out, i);
        return;
    }
    if (value)
        vec_push(a, out, ((struct member){ key, *m, value }));
}

static const struct value *list_with(struct arena *a, const struct value *v,
                                     size_t i, const struct value *x)
{
    item_vec out = { 0 };

    for (size_t k = 0; k < v->len; k++)
        if (k != i)
            vec_push(a, &out, v->u.items[k]);
        else if (x)
            vec_push(a, &out, x);
    return value_list(a, out.items, out.len, &v->mark);
}

static const struct value *map_with(struct arena *a, const struct value *v,
                                    const struct step *s,
                                    const struct value *x)
{
    const struct mark *m = v ? &v->mark : x ? &x->mark : &(struct mark){ 0 };
    member_vec out = { 0 };

    push_members(a, &out, v);
    set_member(a, &out, arena_strndup(a, s->text, s->len), m, x);
    return value_map(a, out.items, out.len, m);
}

#define PATH_STEPS 64           /* the longest path that is followed */

const struct value *value_set(struct arena *a, const struct value *root,
                              const char *path, const struct value *x)
{
    const struct value *on_way[PATH_STEPS + 1];
    struct step steps[PATH_STEPS];
    size_t n = 0;

    on_way[0] = root;
    while (*path) {
        const struct value *v = on_way[n] && value_is_null(on_way[n]) ? NULL
            : on_way[n];
        struct step *s = &steps[n];

        if (n == PATH_STEPS)
            return NULL;
        path = next_step(path, s);
        if (s->kind == STEP_BAD)
            return NULL;
        on_way[n] = v;
        if (s->kind == STEP_KEY) {
            const struct member *m = member_at(v, s->text, s->len);

            if (v && v->type != VALUE_MAP)
                return NULL;
            on_way[++n] = m ? m->value : NULL;
            continue;
        }
        if (!v || v->type != VALUE_LIST)
            return NULL;
        s->index = list_index(v, s);
        if (s->index == v->len)
            return NULL;
        on_way[++n] = v->u.items[s->index];
    }
    if (!x && !on_way[n])
        return root;
    while (n-- > 0)
        x = steps[n].kind == STEP_KEY ? map_with(a, on_way[n], &steps[n], x)
            : list_with(a, on_way[n], steps[n].index, x);
    return x;
}

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

/* ---- equality and canonical text ---------------------------------------- */

/* The text of a plain integer without sign, base and zeros that say nothing. */
static void put_int(struct buf *out, const char *s)
{
    const char *p = s + (*s == '-' || *s == '+');
    int64_t x;

    if (parse_int(s, &x, NULL)) {
        buf_printf(out, "%lld", (long long)x);
        return;
    }
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'o')) {
        buf_json(out, s);
        return;
    }
    p += strspn(p, "0");
    if (*s == '-' && *p)
        buf_putc(out, '-');
    buf_puts(out, *p ? p : "0");
}

static void put_scalar(struct buf *out, const struct value *v)
{
    char room[32];
    double x;

    switch (value_scalar_kind(v)) {
    case SCALAR_NULL:
        buf_puts(out, "null");
        break;
    case SCALAR_BOOL:
        buf_puts(out, tolower((unsigned char)v->u.text[0]) == 't' ? "true"
                 : "false");
        break;
    case SCALAR_INT:
        put_int(out, v->u.text);
        break;
    case SCALAR_REAL:
        if (parse_real(v->u.text, &x, NULL))
            buf_puts(out, format_real(room, x));
        else
            buf_json(out, v->u.text);
        break;
    case SCALAR_STRING:
        buf_json(out, v->u.text);
        break;
    }
}

static bool scalars_equal(const struct value *a, const struct value *b)
{
    struct buf x = { 0 }, y = { 0 };
    bool equal;

    put_scalar(&x, a);
    put_scalar(&y, b);
    equal = strcmp(x.text, y.text) == 0;
    buf_free(&x);
    buf_free(&y);
    return equal;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (a == b)
        return true;
    if (value_is_null(a) || value_is_null(b))
        return value_is_null(a) && value_is_null(b);
    if (a->type != b->type)
        return false;
    if (a->type == VALUE_SCALAR)
        return scalars_equal(a, b);
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++) {
        const struct value *x = a->type == VALUE_LIST ? a->u.items[i]
            : a->u.members[i].value;
        const struct value *y = a->type == VALUE_LIST ? b->u.items[i]
            : value_get(b, a->u.members[i].key);

        if (!y || !value_equal(x, y))
            return false;
    }
    return true;
}

static int by_key(const void *va, const void *vb)
{
    const struct member *const *a = va, *const *b = vb;

    return strcmp((*a)->key, (*b)->key);
}

static void put_map(struct buf *out, const struct value *v)
{
    const struct member **sorted = heap_grow(NULL, v->len, sizeof *sorted);

    for (size_t i = 0; i < v->len; i++)
        sorted[i] = &v->u.members[i];
    qsort(sorted, v->len, sizeof *sorted, by_key);
    buf_putc(out, '{');
    for (size_t i = 0; i < v->len; i++) {
        if (i)
            buf_putc(out, ',');
        buf_json(out, sorted[i]->key);
        buf_putc(out, ':');
        value_canonical(out, sorted[i]->value);
    }
    buf_putc(out, '}');
    free(sorted);
}

void value_canonical(struct buf *out, const struct value *v)
{
    if (v->type == VALUE_MAP) {
        put_map(out, v);
        return;
    }
    if (v->type != VALUE_LIST) {
        put_scalar(out, v);
        return;
    }
    buf_putc(out, '[');
    for (size_t i = 0; i < v->len; i++) {
        if (i)
            buf_putc(out, ',');
        value_canonical(out, v->u.items[i]);
    }
    buf_putc(out, ']');
}
