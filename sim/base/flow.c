/*
 * flow.c - values written on one line: defaults of tables, arguments.
 *
 * A subset of YAML's flow style: {key: value, ...}, [a, b], "quoted" and
 * 'quoted' text with \" and \\ in the former, and plain scalars, which at the
 * outermost level may hold anything.  Nested at most 16 deep.
 */
#include "base/value.h"

#include <string.h>

#include "base/vec.h"

#define DEPTH_MAX 16

struct flow {
    struct arena *arena;
    const char *p;
    const struct mark *mark;
    int depth;
};

static const struct value *flow_value(struct flow *f);

static void skip_blanks(struct flow *f)
{
    f->p += strspn(f->p, " \t\n");
}

static bool take(struct flow *f, char c)
{
    skip_blanks(f);
    if (*f->p != c)
        return false;
    f->p++;
    return true;
}

/* The text between two quotes; NULL if the second is missing. */
static const char *quoted(struct flow *f)
{
    char quote = *f->p++;
    char *text = arena_alloc(f->arena, strlen(f->p) + 1);
    size_t n = 0;

    for (; *f->p && *f->p != quote; f->p++) {
        if (quote == '"' && *f->p == '\\' && f->p[1])
            f->p++;
        text[n++] = *f->p;
    }
    if (*f->p != quote)
        return NULL;
    f->p++;
    return text;
}

/* Plain text up to one of stop, blanks at its end cut. */
static const char *plain(struct flow *f, const char *stop)
{
    size_t n = strcspn(f->p, stop), len = n;
    const char *text;

    while (len && strchr(" \t\n", f->p[len - 1]))
        len--;
    text = arena_strndup(f->arena, f->p, len);
    f->p += n;
    return text;
}

static const struct value *flow_list(struct flow *f)
{
    VEC(const struct value *) items = { 0 };

    if (take(f, ']'))
        return value_list(f->arena, NULL, 0, f->mark);
    do {
        const struct value *x = flow_value(f);

        if (!x)
            return NULL;
        vec_push(f->arena, &items, x);
    } while (take(f, ','));
    if (!take(f, ']'))
        return NULL;
    return value_list(f->arena, items.items, items.len, f->mark);
}

static const struct value *flow_map(struct flow *f)
{
    VEC(struct member) members = { 0 };
    struct mark none = { 0 };

    if (take(f, '}'))
        return value_map(f->arena, NULL, 0, f->mark);
    do {
        struct member m = { .mark = f->mark ? *f->mark : none };

        skip_blanks(f);
        m.key = *f->p == '"' || *f->p == '\'' ? quoted(f)
            : plain(f, ":,{}[]");
        if (!m.key || !*m.key || !take(f, ':'))
            return NULL;
        m.value = flow_value(f);
        if (!m.value)
            return NULL;
        vec_push(f->arena, &members, m);
    } while (take(f, ','));
    if (!take(f, '}'))
        return NULL;
    return value_map(f->arena, members.items, members.len, f->mark);
}

static const struct value *flow_scalar(struct flow *f)
{
    const char *text;
    bool is_quoted = *f->p == '"' || *f->p == '\'';

    text = is_quoted ? quoted(f) : plain(f, f->depth > 1 ? ",{}[]" : "");
    if (!text)
        return NULL;
    if (is_quoted)
        return value_string(f->arena, text, f->mark);
    if (strcmp(text, "null") == 0 || strcmp(text, "~") == 0 || !*text)
        return value_null(f->arena, f->mark);
    return value_plain(f->arena, text, f->mark);
}

static const struct value *flow_value(struct flow *f)
{
    const struct value *v = NULL;

    skip_blanks(f);
    if (f->depth++ < DEPTH_MAX)
        v = take(f, '{') ? flow_map(f) : take(f, '[') ? flow_list(f)
            : flow_scalar(f);
    f->depth--;
    return v;
}

const struct value *value_flow(struct arena *a, const char *text,
                               const struct mark *m)
{
    struct flow f = { a, text, m, 0 };
    const struct value *v = flow_value(&f);

    skip_blanks(&f);
    return *f.p == '\0' ? v : NULL;
}
