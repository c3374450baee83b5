/*
 * read.c - places in objects, and shapes laid over them.
 *
 * Types as Go's JSON decoder sees them after kubectl has turned YAML into
 * JSON: plain yes/no/on/off/y/n are booleans (YAML 1.1), plain numbers are
 * numbers, so either where text is expected is refused with "quote it".
 * Empty and null are absent, as in Go.  Nesting is bounded by the shapes.
 *
 * Not modelled: int64 values beyond 2^53, which some clients round.
 */
#include "read.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/bug.h"
#include "base/vec.h"

/* ---- places ------------------------------------------------------------- */

/* null is absent. */
static const struct value *unless_null(const struct value *v)
{
    return v != NULL && value_is_null(v) ? NULL : v;
}

/* The mark of the nearest place that was written. */
static const struct mark *mark_of(const struct at *at)
{
    for (; at != NULL; at = at->up)
        if (at->v && at->v->mark.line > 0)
            return &at->v->mark;
    return NULL;
}

struct at at_root(const struct value *v, const char *path)
{
    return (struct at){ .v = unless_null(v), .key = path };
}

struct at at_field(const struct at *up, const char *key)
{
    const struct value *v = up->v ? value_get(up->v, key) : NULL;

    return (struct at){ .v = unless_null(v), .up = up, .key = key };
}

struct at at_item(const struct at *up, size_t i)
{
    bool there = up->v && up->v->type == VALUE_LIST && i < up->v->len;

    return (struct at){ .v = there ? unless_null(up->v->u.items[i]) : NULL,
                        .up = up, .index = i };
}

struct at at_entry(const struct at *up, size_t i)
{
    const struct member *m = &up->v->u.members[i];

    return (struct at){ .v = unless_null(m->value), .up = up, .key = m->key,
                        .entry = true };
}

size_t at_len(const struct at *at)
{
    return at->v && at->v->type != VALUE_SCALAR ? at->v->len : 0;
}

bool is_written(const struct at *at)
{
    const struct mark *m, *around;

    if (at->v == NULL || at->v->mark.line == 0)
        return false;
    m = &at->v->mark;
    around = mark_of(at->up);
    return around == NULL || around->line != m->line
        || around->column != m->column || around->source != m->source;
}

int64_t at_int(const struct at *at, int64_t fallback)
{
    int64_t n = fallback;

    if (at->v && at->v->type == VALUE_SCALAR)
        parse_int(at->v->u.text, &n, NULL);
    return n;
}

const char *get_text(const struct at *up, const char *key,
                     const char *fallback)
{
    const char *text = value_text(at_field(up, key).v, fallback);

    return text && *text ? text : fallback;
}

int64_t get_int(const struct at *up, const char *key, int64_t fallback)
{
    struct at at = at_field(up, key);

    return at_int(&at, fallback);
}

bool get_bool(const struct at *up, const char *key, bool fallback)
{
    const struct value *v = at_field(up, key).v;

    return v ? strcmp(value_text(v, ""), "true") == 0 : fallback;
}

struct int_or_percent get_int_or_percent(const struct at *up,
                                         const char *key)
{
    const struct value *v = at_field(up, key).v;
    struct int_or_percent x = { 0 };

    if (v)
        parse_int_or_percent(value_text(v, "0"),
                             value_scalar_kind(v) != SCALAR_INT, &x, NULL);
    return x;
}

const char *const *get_texts(struct arena *a, const struct at *up,
                             const char *key, size_t *n)
{
    struct at list = at_field(up, key);
    const char **texts;

    *n = at_len(&list);
    if (*n == 0)
        return NULL;
    texts = arena_many(a, const char *, *n + 1);
    for (size_t i = 0; i < *n; i++)
        texts[i] = value_text(list.v->u.items[i], "");
    return texts;
}

int word_index(const char *const *names, const char *word)
{
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], word) == 0)
            return i;
    return -1;
}

/* ---- faults ------------------------------------------------------------- */

static void put_path(struct buf *b, const struct at *at)
{
    if (at->up)
        put_path(b, at->up);
    if (at->key == NULL)
        buf_printf(b, "[%zu]", at->index);
    else if (at->entry)
        buf_printf(b, "[%s]", at->key);
    else if (*at->key)
        buf_printf(b, "%s%s", b->len ? "." : "", at->key);
}

/* The path as the API server writes it: a.b[0].c[key]. */
static const char *path_of(struct reader *r, const struct at *at)
{
    struct buf b = { 0 };
    const char *path;

    put_path(&b, at);
    path = arena_strdup(r->errors->arena, b.text ? b.text : "");
    buf_free(&b);
    return path;
}

/* What people call the place: its last key, with the index of an item. */
static const char *name_of(struct reader *r, const struct at *at)
{
    const struct at *named = at;

    while (named->key == NULL && named->up)
        named = named->up;
    if (named->key == NULL || *named->key == '\0')
        return "this";
    if (named == at)
        return arena_printf(r->errors->arena, "\"%s\"", at->key);
    return arena_printf(r->errors->arena, "\"%s[%zu]\"", named->key,
                        at->index);
}

/* What could not be read there is not faulted a second time for missing. */
static bool is_bad(const struct reader *r, const char *path)
{
    for (size_t i = r->first; i < r->errors->len; i++) {
        const struct diag *d = &r->errors->items[i];

        if (d->type && strcmp(d->type, "BadRequest") == 0
            && strcmp(d->path, path) == 0)
            return true;
    }
    return false;
}

struct diag *fault(struct reader *r, const struct at *at, const char *type,
                   const char *format, ...)
{
    struct diag *d;
    va_list args;
    const char *text, *path = path_of(r, at);

    if (is_bad(r, path))
        return &r->errors->scratch;
    va_start(args, format);
    text = arena_vprintf(r->errors->arena, format, args);
    va_end(args);
    d = err_error(r->errors, mark_of(at), "%s %s", name_of(r, at), text);
    d->path = path;
    d->type = type;
    return d;
}

struct diag *fault_required(struct reader *r, const struct at *at)
{
    return fault(r, at, "Required", "is required");
}

struct diag *fault_forbidden(struct reader *r, const struct at *at,
                             const char *why)
{
    return fault(r, at, "Forbidden", "%s", why);
}

struct diag *fault_unsupported(struct reader *r, const struct at *at,
                               const char *const *names)
{
    const char *word = value_text(at->v, "");
    struct buf list = { 0 };
    struct diag *d;

    for (size_t i = 0; names[i] != NULL; i++)
        buf_printf(&list, "%s%s", i == 0 ? "" : names[i + 1] ? ", " : " or ",
                   names[i]);
    d = fault(r, at, "NotSupported", "must be %s, got \"%s\"", list.text,
              word);
    buf_free(&list);
    diag_suggest(r->errors, d, word, names);
    return d;
}

void report_ignored(struct reader *r, const struct at *at)
{
    struct diag *d;
    const char *path = path_of(r, at);

    d = err_add(r->errors, ERR_INFO, mark_of(at), "\"%s\" is not simulated",
                path);
    d->code = "not-simulated";
    d->path = path;
}

/* ---- types of scalars --------------------------------------------------- */

/* A boolean by YAML 1.1, which kubectl reads; NULL if v is none. */
static const char *bool_of(const struct value *v)
{
    static const char *const words[][9] = {
        { "true", "yes", "on", "y", "True", "Yes", "On", "Y", NULL },
        { "false", "no", "off", "n", "False", "No", "Off", "N", NULL },
        { "TRUE", "YES", "ON", NULL },
        { "FALSE", "NO", "OFF", NULL },
    };

    if (v->quoted || v->type != VALUE_SCALAR)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (word_index(words[i], v->u.text) >= 0)
            return i % 2 == 0 ? "true" : "false";
    return NULL;
}

/* Report that the value cannot be decoded. */
static struct diag *wrong_type(struct reader *r, const struct at *at,
                               const char *expected)
{
    static const char *const what[] = { "nothing", "", "a list", "a map" };

    if (at->v == NULL || at->v->type != VALUE_SCALAR)
        return fault(r, at, "BadRequest", "must be %s, got %s", expected,
                     what[at->v ? at->v->type : VALUE_NULL]);
    return fault(r, at, "BadRequest", "must be %s, got %s\"%s\"", expected,
                 at->v->quoted ? "the text " : "", at->v->u.text);
}

/* Text: quoted, or plain and neither number nor boolean. */
static const struct value *read_text(struct reader *r, const struct at *at)
{
    const struct value *v = at->v;
    struct diag *d;

    if (v && v->type == VALUE_SCALAR && bool_of(v) == NULL
        && value_scalar_kind(v) == SCALAR_STRING)
        return v->quoted ? v : value_string(r->arena, v->u.text, &v->mark);
    d = wrong_type(r, at, "text");
    if (v && v->type == VALUE_SCALAR)
        diag_help(r->errors, d, "quote it: \"%s\"", v->u.text);
    return NULL;
}

/* A whole number that fits, without quotes. */
static const struct value *read_int(struct reader *r, const struct at *at,
                                    enum shape_type type)
{
    int64_t n, limit = type == SHAPE_INT ? INT32_MAX : INT64_MAX;
    struct diag *d;

    if (at->v == NULL || at->v->quoted
        || value_scalar_kind(at->v) != SCALAR_INT) {
        d = wrong_type(r, at, "an integer");
        if (at->v && at->v->quoted && parse_int(at->v->u.text, &n, NULL))
            diag_help(r->errors, d, "write it without quotes");
        return NULL;
    }
    if (!parse_int(at->v->u.text, &n, NULL) || n > limit || n < -limit - 1) {
        wrong_type(r, at, type == SHAPE_INT ? "an integer of 32 bits"
                                            : "an integer of 64 bits");
        return NULL;
    }
    return value_plain(r->arena, arena_printf(r->arena, "%" PRId64, n),
                       &at->v->mark);
}

/* true or false, in one spelling. */
static const struct value *read_bool(struct reader *r, const struct at *at)
{
    const char *word = bool_of(at->v);

    if (word)
        return value_plain(r->arena, word, &at->v->mark);
    diag_help(r->errors, wrong_type(r, at, "true or false"), "%s",
              at->v->quoted ? "write it without quotes" : "use true or false");
    return NULL;
}

/* "1GB" or "1gi": the two sizes that may be meant. */
static void help_quantity(struct reader *r, struct diag *d, const char *text)
{
    static const char units[] = "KMGTPE";
    size_t digits = strspn(text, "0123456789.");
    const char *unit = strchr(units, text[digits] & ~0x20);

    if (digits > 0 && text[digits] && unit && *unit)
        diag_help(r->errors, d, "write %.*s%ci (powers of 1024) or %.*s%c "
                  "(powers of 1000)", (int)digits, text, *unit, (int)digits,
                  text, *unit == 'K' ? 'k' : *unit);
}

/* A quantity in its canonical form; plain numbers are quantities too. */
static const struct value *read_quantity(struct reader *r,
                                         const struct at *at)
{
    const char *why = "a quantity such as 500m, 2 or 1Gi";
    struct quantity q;

    if (at->v == NULL || at->v->type != VALUE_SCALAR || bool_of(at->v)
        || !parse_quantity(at->v->u.text, &q, NULL)) {
        struct diag *d = wrong_type(r, at, why);

        if (at->v && at->v->type == VALUE_SCALAR)
            help_quantity(r, d, at->v->u.text);
        return NULL;
    }
    return value_string(r->arena, format_quantity(r->arena, q), &at->v->mark);
}

/* A whole number, or text that is no other kind of scalar. */
static const struct value *read_int_or_text(struct reader *r,
                                            const struct at *at)
{
    if (at->v->type == VALUE_SCALAR && !at->v->quoted
        && value_scalar_kind(at->v) == SCALAR_INT)
        return read_int(r, at, SHAPE_INT);
    if (at->v->type == VALUE_SCALAR && bool_of(at->v) == NULL
        && value_scalar_kind(at->v) == SCALAR_STRING)
        return read_text(r, at);
    wrong_type(r, at, "an integer or text");
    return NULL;
}

/* ---- lists and maps of scalars ------------------------------------------ */

/* Is it a map, or a list?  If not, say so. */
static bool is_type(struct reader *r, const struct at *at,
                    enum value_type type)
{
    if (at->v->type == type)
        return true;
    wrong_type(r, at, type == VALUE_MAP ? "a map" : "a list");
    return false;
}

/* A list of texts or of whole numbers. */
static const struct value *read_scalars(struct reader *r, const struct at *at,
                                        enum shape_type type)
{
    VEC(const struct value *) items = { 0 };

    if (!is_type(r, at, VALUE_LIST))
        return NULL;
    for (size_t i = 0; i < at->v->len; i++) {
        struct at item = at_item(at, i);
        const struct value *v = type == SHAPE_TEXTS ? read_text(r, &item)
            : read_int(r, &item, SHAPE_INT);

        if (v)
            vec_push(r->arena, &items, v);
    }
    return value_list(r->arena, items.items, items.len, &at->v->mark);
}

/* A map to text or to quantities; null is empty text. */
static const struct value *read_map_of(struct reader *r, const struct at *at,
                                       enum shape_type type)
{
    VEC(struct member) members = { 0 };

    if (!is_type(r, at, VALUE_MAP))
        return NULL;
    for (size_t i = 0; i < at->v->len; i++) {
        struct at entry = at_entry(at, i);
        struct member m = at->v->u.members[i];

        if (type == SHAPE_QUANTITIES)
            m.value = read_quantity(r, &entry);
        else if (entry.v == NULL)       /* null decodes to "" */
            m.value = value_string(r->arena, "", &m.mark);
        else
            m.value = read_text(r, &entry);
        if (m.value)
            vec_push(r->arena, &members, m);
    }
    return value_map(r->arena, members.items, members.len, &at->v->mark);
}

/* A list of objects. */
static const struct value *read_list(struct reader *r, const struct at *at,
                                     const struct shape *shape)
{
    VEC(const struct value *) items = { 0 };

    if (!is_type(r, at, VALUE_LIST))
        return NULL;
    for (size_t i = 0; i < at->v->len; i++) {
        struct at item = at_item(at, i);
        const struct value *v = shape_read(r, &item, shape);

        vec_push(r->arena, &items, v);
    }
    return value_list(r->arena, items.items, items.len, &at->v->mark);
}

/* ---- shapes ------------------------------------------------------------- */

/* The value of a field in the form of its type; NULL after a fault. */
static const struct value *read_field(struct reader *r, const struct at *at,
                                      const struct shape_field *f)
{
    switch (f->type) {
    case SHAPE_TEXT:
        return read_text(r, at);
    case SHAPE_INT:
    case SHAPE_INT64:
        return read_int(r, at, f->type);
    case SHAPE_BOOL:
        return read_bool(r, at);
    case SHAPE_QUANTITY:
        return read_quantity(r, at);
    case SHAPE_INT_OR_TEXT:
        return read_int_or_text(r, at);
    case SHAPE_TEXTS:
    case SHAPE_INTS:
        return read_scalars(r, at, f->type);
    case SHAPE_LABELS:
    case SHAPE_QUANTITIES:
        return read_map_of(r, at, f->type);
    case SHAPE_OBJECT:
        return is_type(r, at, VALUE_MAP) ? shape_read(r, at, f->sub) : NULL;
    case SHAPE_LIST:
        return read_list(r, at, f->sub);
    case SHAPE_ANY:
        return at->v;
    }
    return NULL;
}

/* Go does not tell empty text, lists and maps from absent ones; objects it
 * does, where it keeps a pointer to them. */
static bool is_absent(const struct value *v, enum shape_type type)
{
    if (type == SHAPE_TEXT)
        return *v->u.text == '\0';
    return type != SHAPE_OBJECT && type != SHAPE_ANY
        && v->type != VALUE_SCALAR && v->len == 0;
}

/* Written, and yet it says nothing: "", 0, false, {}, []. */
static bool says_nothing(const struct value *v)
{
    static const char *const words[] = { "", "0", "false", NULL };

    if (v->type == VALUE_SCALAR)
        return word_index(words, v->u.text) >= 0;
    return v->len == 0;
}

/* The row of a key; NULL if there is none. */
static const struct shape_field *find_field(const struct shape *shape,
                                            const char *key)
{
    for (const struct shape_field *f = shape->fields; f->key != NULL; f++)
        if (strcmp(f->key, key) == 0)
            return f;
    return NULL;
}

/* Warn of a field that the shape does not have. */
static void report_unknown(struct reader *r, const struct at *at,
                           const struct member *m, const struct shape *shape)
{
    const char *path = path_of(r, at), *keys[128];
    size_t n = 0;
    struct diag *d;

    for (const struct shape_field *f = shape->fields; f->key != NULL; f++)
        if (n + 1 < COUNT_OF(keys))
            keys[n++] = f->key;
    keys[n] = NULL;
    d = err_warn(r->errors, m->mark.line > 0 ? &m->mark : mark_of(at),
                 "unknown field \"%s\"%s%s", m->key, *path ? " in " : "",
                 path);
    d->code = "unknown-field";
    d->path = *path ? arena_printf(r->errors->arena, "%s.%s", path, m->key)
                    : m->key;
    diag_suggest(r->errors, d, m->key, keys);
}

/* Add the field of the table to members, read or by default. */
static bool take_field(struct reader *r, const struct at *up,
                       const struct shape_field *f, struct member *m)
{
    const struct member *given = up->v ? value_member(up->v, f->key) : NULL;
    struct at at = at_field(up, f->key);

    m->key = f->key;
    m->mark = given ? given->mark : (struct mark){ 0 };
    m->value = at.v && f->use != USE_DROP ? read_field(r, &at, f) : NULL;
    if (at.v && f->use == USE_REPORT && m->value
        && !says_nothing(m->value))
        report_ignored(r, &at);
    if (m->value && f->use != USE_KEEP && is_absent(m->value, f->type))
        m->value = NULL;
    if (m->value == NULL && f->def && f->type == SHAPE_OBJECT)
        m->value = shape_read(r, &at, f->sub);
    else if (m->value == NULL && f->def)
        m->value = f->type == SHAPE_TEXT
            ? value_string(r->arena, f->def, mark_of(&at))
            : value_flow(r->arena, f->def, mark_of(&at));
    return m->value != NULL;
}

const struct value *shape_read(struct reader *r, const struct at *at,
                               const struct shape *shape)
{
    VEC(struct member) members = { 0 };
    const struct value *v = at->v;
    struct at in = *at;

    if (v && v->type != VALUE_MAP) {
        wrong_type(r, at, "a map");
        in.v = NULL;
    }
    for (size_t i = 0; in.v && i < in.v->len; i++)
        if (find_field(shape, in.v->u.members[i].key) == NULL)
            report_unknown(r, at, &in.v->u.members[i], shape);
    for (const struct shape_field *f = shape->fields; f->key != NULL; f++) {
        struct member m;

        if (take_field(r, &in, f, &m))
            vec_push(r->arena, &members, m);
    }
    v = value_map(r->arena, members.items, members.len, mark_of(at));
    return shape->complete ? shape->complete(r->arena, v) : v;
}

const struct value *with_plain(struct arena *a, const struct value *v,
                               const char *key, const char *text)
{
    return value_set(a, v, key, value_plain(a, text, &v->mark));
}
