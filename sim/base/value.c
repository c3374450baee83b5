/*
 * value.c - trees of scalars, lists and maps, and edits that share them.
 *
 * Functions that walk a whole tree recurse over its nesting, which whoever
 * made the tree has bounded (io refuses documents nested deeper than 64).
 * Lookups in a map are linear: maps of documents are small, and the order of
 * the text is kept.
 */
#include "base/value.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/units.h"
#include "value_impl.h"

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

void push_members(struct arena *a, member_vec *out, const struct value *map)
{
    for (size_t i = 0; map && map->type == VALUE_MAP && i < map->len; i++)
        vec_push(a, out, map->u.members[i]);
}

void set_member(struct arena *a, member_vec *out, const char *key,
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
    static const struct mark nowhere;
    const struct mark *new_ = x ? &x->mark : &nowhere;
    member_vec out = { 0 };

    push_members(a, &out, v);
    set_member(a, &out, arena_strndup(a, s->text, s->len), new_, x);
    return value_map(a, out.items, out.len, v ? &v->mark : new_);
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
