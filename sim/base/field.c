/*
 * field.c - binding a value tree into a struct by a table.
 *
 * A default is bound exactly like what a user writes, so its text is checked
 * against its type and range by the same code; a fault in one is a bug.
 * Binding never stops at a fault: the field keeps its default and the next is
 * looked at, so that one run reports all.
 *
 * Kubernetes refuses a number or a boolean where a string is due and a string
 * where a number is; binding with `kubernetes` does the same, except that the
 * YAML 1.1 booleans (yes, no, on, off, y, n) where a string is due only warn.
 */
#include "base/field.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "base/units.h"

/* ---- the path, for messages --------------------------------------------- */

size_t field_enter(struct binder *b, const char *key)
{
    size_t len = strlen(b->path), room = sizeof b->path - len;

    if (strpbrk(key, ".[\""))
        snprintf(b->path + len, room, "%s\"%s\"", len ? "." : "", key);
    else
        snprintf(b->path + len, room, "%s%s", len ? "." : "", key);
    return len;
}

size_t field_enter_item(struct binder *b, size_t i)
{
    size_t len = strlen(b->path);

    snprintf(b->path + len, sizeof b->path - len, "[%zu]", i);
    return len;
}

void field_leave(struct binder *b, size_t len)
{
    b->path[len] = '\0';
}

/* The last key of the path with its indexes: "ports[0]". */
static const char *last_key(const struct binder *b)
{
    size_t n = strlen(b->path);
    bool inside = n && b->path[n - 1] == '"';

    if (inside)
        n--;
    while (n > 0 && (inside ? b->path[n - 1] != '"' : b->path[n - 1] != '.'))
        n--;
    return b->path + n;
}

/* ---- faults ------------------------------------------------------------- */

static const struct mark *mark_of(const struct value *v)
{
    return v && v->mark.line > 0 ? &v->mark : NULL;
}

static struct diag *fault(struct binder *b, const struct mark *m,
                          const char *type, const char *text)
{
    struct diag *d = err_error(b->errors, m, "%s", text);

    d->path = arena_strdup(b->errors->arena, b->path);
    d->type = type;
    return d;
}

struct diag *field_expected(struct binder *b, const struct value *v,
                            const char *expected)
{
    static const char *const what[] = { "nothing", "", "a list", "a map" };
    struct arena *a = b->errors->arena;
    const char *key = last_key(b), *text;
    size_t len = strcspn(key, "\"");

    text = arena_printf(a, "%s%.*s%s must be %s, got %s%s%s",
                        len ? "\"" : "", len ? (int)len : 4,
                        len ? key : "this", len ? "\"" : "", expected,
                        what[v->type], v->type == VALUE_SCALAR ? "\"" : "",
                        v->type == VALUE_SCALAR ? v->u.text : "");
    if (v->type == VALUE_SCALAR)
        text = arena_printf(a, "%s\"", text);
    return fault(b, mark_of(v), "Invalid", text);
}

/* ---- scalars ------------------------------------------------------------ */

/* The text of a scalar, or a fault. */
static const char *scalar(struct binder *b, const struct value *v,
                          const char *expected)
{
    if (v->type == VALUE_SCALAR && !value_is_null(v))
        return v->u.text;
    field_expected(b, v, expected);
    return NULL;
}

/* Likewise, but quotes make it a string and hence a fault. */
static const char *bare(struct binder *b, const struct value *v,
                        const char *expected)
{
    const char *s = scalar(b, v, expected);

    if (s && v->quoted) {
        diag_help(b->errors, field_expected(b, v, expected),
                  "write it without quotes");
        return NULL;
    }
    return s;
}

static bool range_fault(struct binder *b, const struct field *f,
                        const struct value *v)
{
    const char *unit = strcmp(f->unit, "-") == 0 ? "" : f->unit;
    const char *sep = *unit ? " " : "";
    char low[32], high[32];
    struct arena *a = b->errors->arena;
    const char *more = f->flags & FIELD_EXCLUSIVE ? "more than" : "at least";
    const char *less = f->flags & FIELD_EXCLUSIVE ? "less than" : "at most";

    format_real(low, f->min);
    format_real(high, f->max);
    field_expected(b, v, f->min <= -1e300
        ? arena_printf(a, "%s %s%s%s", less, high, sep, unit)
        : f->max >= 1e300
        ? arena_printf(a, "%s %s%s%s", more, low, sep, unit)
        : arena_printf(a, "%s %s and %s %s%s%s", more, low, less, high, sep,
                       unit));
    return false;
}

static bool in_range(struct binder *b, const struct field *f,
                     const struct value *v, double x)
{
    bool open = f->flags & FIELD_EXCLUSIVE;

    if (f->min == 0 && f->max == 0)
        return true;
    if (x < f->min || x > f->max || (open && (x <= f->min || x >= f->max)))
        return range_fault(b, f, v);
    return true;
}

static bool word_in(const char *s, const char *const *words, int *index)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(s, words[i]) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* YAML 1.1's further booleans: odd indexes are true. */
static const char *const yaml11[] = {
    "no", "yes", "off", "on", "n", "y", "No", "Yes", "Off", "On", "N", "Y",
    "NO", "YES", "OFF", "ON", NULL
};

static bool bind_bool(struct binder *b, const struct field *f,
                      const struct value *v, void *out)
{
    const char *s = bare(b, v, "true or false");
    bool *to = out;
    int i;

    (void)f;
    if (!s)
        return false;
    if (value_scalar_kind(v) == SCALAR_BOOL) {
        *to = *s == 't' || *s == 'T';
        return true;
    }
    if (b->kubernetes && word_in(s, yaml11, &i)) {
        *to = i % 2;
        return true;
    }
    field_expected(b, v, "true or false");
    return false;
}

static bool bind_int(struct binder *b, const struct field *f,
                     const struct value *v, void *out)
{
    const char *s = bare(b, v, "an integer"), *why;
    int64_t x;

    if (!s)
        return false;
    if (!parse_int(s, &x, &why)) {
        field_expected(b, v, why);
        return false;
    }
    if (!in_range(b, f, v, (double)x))
        return false;
    if (f->type == FIELD_T_INT) {
        *(int64_t *)out = x;
        return true;
    }
    if (x < INT_MIN || x > INT_MAX) {
        field_expected(b, v, "an integer of 32 bits");
        return false;
    }
    *(int *)out = (int)x;
    return true;
}

/* Reals, durations, rates and shares: one number with or without unit. */
static bool bind_number(struct binder *b, const struct field *f,
                        const struct value *v, void *out)
{
    const char *why = "a number", *s;
    int64_t ns = 0;
    double x = 0;
    bool ok;

    s = f->type == FIELD_T_REAL ? bare(b, v, why)
        : scalar(b, v, f->type == FIELD_T_DURATION ? "a duration"
                 : f->type == FIELD_T_RATE ? "a rate" : "a share");
    if (!s)
        return false;
    if (f->type == FIELD_T_REAL)
        ok = parse_real(s, &x, &why);
    else if (f->type == FIELD_T_DURATION)
        ok = parse_duration(s, &ns, &why);
    else if (f->type == FIELD_T_RATE)
        ok = parse_rate(s, &x, &why);
    else
        ok = parse_share(s, f->flags & FIELD_OVER, &x, &why);
    if (!ok) {
        field_expected(b, v, why);
        return false;
    }
    if (f->type == FIELD_T_DURATION) {
        if (!in_range(b, f, v, (double)ns / (double)NS_PER_S))
            return false;
        *(int64_t *)out = ns;
        return true;
    }
    if (!in_range(b, f, v, x))
        return false;
    *(double *)out = x;
    return true;
}

/* A string into *to. */
static bool text_of(struct binder *b, const struct value *v, const char **to)
{
    const char *s = scalar(b, v, "a string");
    int i;

    if (!s)
        return false;
    if (b->kubernetes && value_scalar_kind(v) != SCALAR_STRING) {
        diag_help(b->errors, field_expected(b, v, "a string"),
                  "quote it: \"%s\"", s);
        return false;
    }
    if (b->kubernetes && !b->quiet && !v->quoted && word_in(s, yaml11, &i))
        diag_help(b->errors,
                  err_warn(b->errors, mark_of(v), "\"%s\" is a boolean to "
                           "some YAML readers, a string is meant here", s),
                  "quote it: \"%s\"", s);
    *to = arena_strdup(b->arena, s);
    return true;
}

static bool bind_string(struct binder *b, const struct field *f,
                        const struct value *v, void *out)
{
    (void)f;
    return text_of(b, v, out);
}

static bool bind_enum(struct binder *b, const struct field *f,
                      const struct value *v, void *out)
{
    struct buf list = { 0 };
    struct diag *d;
    const char *s;

    for (int i = 0; f->names[i]; i++)
        buf_printf(&list, "%s%s", !i ? "" : f->names[i + 1] ? ", " : " or ",
                   f->names[i]);
    s = scalar(b, v, list.text);
    if (s && !word_in(s, f->names, out)) {
        d = field_expected(b, v, list.text);
        d->type = "NotSupported";
        diag_suggest(b->errors, d, s, f->names);
        s = NULL;
    }
    buf_free(&list);
    return s != NULL;
}

static bool bind_quantity(struct binder *b, const struct field *f,
                          const struct value *v, void *out)
{
    const char *why, *s = scalar(b, v, "a quantity");
    struct quantity q;

    if (!s)
        return false;
    if (!parse_quantity(s, &q, &why)) {
        field_expected(b, v, why);
        return false;
    }
    if (!in_range(b, f, v, (double)q.nano / 1e9))
        return false;
    *(struct quantity *)out = q;
    return true;
}

static bool bind_int_or_percent(struct binder *b, const struct field *f,
                                const struct value *v, void *out)
{
    const char *why, *s = scalar(b, v, "a count or a percentage");
    struct int_or_percent x;

    if (!s)
        return false;
    if (!parse_int_or_percent(s, value_scalar_kind(v) == SCALAR_STRING, &x,
                              &why)) {
        field_expected(b, v, why);
        return false;
    }
    if (!in_range(b, f, v, x.value))
        return false;
    *(struct int_or_percent *)out = x;
    return true;
}

/* ---- structures --------------------------------------------------------- */

static bool is_type(struct binder *b, const struct value *v,
                    enum value_type type)
{
    if (v->type == type)
        return true;
    field_expected(b, v, type == VALUE_MAP ? "a map" : "a list");
    return false;
}

static bool bind_object(struct binder *b, const struct field *f,
                        const struct value *v, void *out)
{
    return field_bind(b, v, f->sub, out);
}

static bool bind_optional(struct binder *b, const struct field *f,
                          const struct value *v, void *out)
{
    void *sub = arena_alloc(b->arena, f->sub_size);

    *(void **)out = sub;
    return field_bind(b, v, f->sub, sub);
}

static bool bind_list(struct binder *b, const struct field *f,
                      const struct value *v, void *out)
{
    struct field_list *list = out;
    bool strings = f->type == FIELD_T_STRINGS, ok = true;
    size_t size = strings ? sizeof(const char *) : f->sub_size;
    char *items;

    if (!is_type(b, v, VALUE_LIST))
        return false;
    items = arena_array(b->arena, v->len, size);
    for (size_t i = 0; i < v->len; i++) {
        size_t len = field_enter_item(b, i);
        const struct value *x = v->u.items[i];

        if (strings)
            ok &= text_of(b, x, (const char **)(void *)(items + i * size));
        else if (!is_type(b, x, VALUE_MAP))
            ok = false;
        else
            ok &= field_bind(b, x, f->sub, items + i * size);
        field_leave(b, len);
    }
    *list = (struct field_list){ items, v->len, v->mark };
    return ok;
}

static bool bind_map(struct binder *b, const struct field *f,
                     const struct value *v, void *out)
{
    struct field_map *map = out;
    bool strings = f->type == FIELD_T_LABELS, ok = true;
    size_t size = strings ? sizeof(const char *) : f->sub_size;
    const char **keys;
    struct mark *marks;
    char *items;

    if (!is_type(b, v, VALUE_MAP))
        return false;
    keys = arena_many(b->arena, const char *, v->len);
    marks = arena_many(b->arena, struct mark, v->len);
    items = arena_array(b->arena, v->len, size);
    for (size_t i = 0; i < v->len; i++) {
        const struct member *m = &v->u.members[i];
        size_t len = field_enter(b, m->key);

        keys[i] = arena_strdup(b->arena, m->key);
        marks[i] = m->mark;
        if (strings)
            ok &= text_of(b, m->value,
                          (const char **)(void *)(items + i * size));
        else
            ok &= field_bind(b, m->value, f->sub, items + i * size);
        field_leave(b, len);
    }
    *map = (struct field_map){ keys, items, marks, v->len };
    return ok;
}

static bool bind_value(struct binder *b, const struct field *f,
                       const struct value *v, void *out)
{
    (void)b;
    (void)f;
    *(const struct value **)out = v;
    return true;
}

static bool bind_custom(struct binder *b, const struct field *f,
                        const struct value *v, void *out)
{
    return f->parse(b, v, out);
}

/* ---- tables ------------------------------------------------------------- */

/* How each type is bound and how large it is. */
static const struct type_info {
    bool (*bind)(struct binder *b, const struct field *f,
                 const struct value *v, void *out);
    size_t size;                /* 0: unknown, or nothing to clear */
} types[] = {
    [FIELD_T_BOOL] = { bind_bool, sizeof(bool) },
    [FIELD_T_INT] = { bind_int, sizeof(int64_t) },
    [FIELD_T_INT32] = { bind_int, sizeof(int) },
    [FIELD_T_REAL] = { bind_number, sizeof(double) },
    [FIELD_T_STRING] = { bind_string, sizeof(char *) },
    [FIELD_T_ENUM] = { bind_enum, sizeof(int) },
    [FIELD_T_DURATION] = { bind_number, sizeof(int64_t) },
    [FIELD_T_RATE] = { bind_number, sizeof(double) },
    [FIELD_T_SHARE] = { bind_number, sizeof(double) },
    [FIELD_T_QUANTITY] = { bind_quantity, sizeof(struct quantity) },
    [FIELD_T_INT_OR_PERCENT] = { bind_int_or_percent,
                                 sizeof(struct int_or_percent) },
    [FIELD_T_OBJECT] = { bind_object, 0 },
    [FIELD_T_OPTIONAL] = { bind_optional, sizeof(void *) },
    [FIELD_T_LIST] = { bind_list, sizeof(struct field_list) },
    [FIELD_T_MAP] = { bind_map, sizeof(struct field_map) },
    [FIELD_T_STRINGS] = { bind_list, sizeof(struct field_list) },
    [FIELD_T_LABELS] = { bind_map, sizeof(struct field_map) },
    [FIELD_T_VALUE] = { bind_value, sizeof(void *) },
    [FIELD_T_CUSTOM] = { bind_custom, 0 },
    [FIELD_T_IGNORED] = { NULL, 0 },
};

static const struct value *default_of(struct arena *a, const struct field *f)
{
    const struct value *v = value_flow(a, f->def, NULL);

    if (!v)
        BUG("default of \"%s\" is malformed: %s", f->key, f->def);
    return v;
}

static void set_default(struct binder *b, const struct field *f, void *base)
{
    struct err_list faults;
    struct binder own = *b;
    char *out = (char *)base + f->offset;

    if (f->type == FIELD_T_IGNORED)
        return;
    if (types[f->type].size)
        memset(out, 0, types[f->type].size);
    if (f->type == FIELD_T_OBJECT && !f->def)
        field_defaults(b, f->sub, out);
    if (!f->def)
        return;
    err_init(&faults, b->arena);
    own.errors = &faults;
    own.kubernetes = false;
    if (!types[f->type].bind(&own, f, default_of(b->arena, f), out))
        BUG("default of \"%s\" is refused: %s", f->key,
            faults.len ? faults.items[0].text : f->def);
}

void field_defaults(struct binder *b, const struct field *table, void *out)
{
    for (const struct field *f = table; f->type != FIELD_T_END; f++)
        set_default(b, f, out);
}

static void report_ignored(struct binder *b, const struct field *f,
                           const struct member *m)
{
    struct diag *d;

    if (b->quiet || f->flags & FIELD_QUIET)
        return;
    d = err_add(b->errors, b->strict ? ERR_ERROR : ERR_INFO, &m->mark,
                "\"%s\" is not simulated", m->key);
    d->code = "not-simulated";
    d->path = arena_strdup(b->errors->arena, b->path);
}

static bool bind_field(struct binder *b, const struct value *v,
                       const struct field *f, void *base)
{
    const struct member *m = value_member(v, f->key);
    size_t len = field_enter(b, f->key);
    bool ok = true;

    set_default(b, f, base);
    if (f->type == FIELD_T_IGNORED) {
        if (m)
            report_ignored(b, f, m);
        ok = !(m && b->strict && !b->quiet && !(f->flags & FIELD_QUIET));
    } else if (m && !value_is_null(m->value)) {
        ok = types[f->type].bind(b, f, m->value, (char *)base + f->offset);
    } else if (f->flags & FIELD_REQUIRED) {
        fault(b, m ? &m->mark : mark_of(v), "Required",
              arena_printf(b->errors->arena, "\"%s\" is required", f->key));
        ok = false;
    }
    field_leave(b, len);
    return ok;
}

static const struct field *row_of(const struct field *table, const char *key)
{
    for (; table->type != FIELD_T_END; table++)
        if (strcmp(table->key, key) == 0)
            return table;
    return NULL;
}

static void suggest_key(struct binder *b, struct diag *d, const char *key,
                        const struct field *table)
{
    const char **keys;
    size_t n = 0;

    while (table[n].type != FIELD_T_END)
        n++;
    keys = heap_grow(NULL, n + 1, sizeof *keys);
    for (size_t i = 0; i < n; i++)
        keys[i] = table[i].key;
    keys[n] = NULL;
    diag_suggest(b->errors, d, key, keys);
    free(keys);
}

static bool report_unknown(struct binder *b, const struct member *m,
                           const struct field *table)
{
    bool error = b->strict || !b->kubernetes;
    size_t len;
    struct diag *d;

    if (b->quiet)
        return true;
    d = err_add(b->errors, error ? ERR_ERROR : ERR_WARNING, &m->mark,
                "unknown field \"%s\"%s%s", m->key, *b->path ? " in " : "",
                b->path);
    suggest_key(b, d, m->key, table);
    len = field_enter(b, m->key);
    d->code = "unknown-field";
    d->path = arena_strdup(b->errors->arena, b->path);
    field_leave(b, len);
    return !error;
}

bool field_bind(struct binder *b, const struct value *v,
                const struct field *table, void *out)
{
    bool ok = true;

    if (v && !value_is_null(v) && v->type != VALUE_MAP) {
        field_defaults(b, table, out);
        field_expected(b, v, "a map");
        return false;
    }
    for (const struct field *f = table; f->type != FIELD_T_END; f++)
        ok &= bind_field(b, v, f, out);
    for (size_t i = 0; v && v->type == VALUE_MAP && i < v->len; i++)
        if (!row_of(table, v->u.members[i].key))
            ok &= report_unknown(b, &v->u.members[i], table);
    return ok;
}
