/*
 * yaml.c - libyaml's events to value trees.
 *
 * A stack of open lists and mappings, at most YAML_DEPTH_MAX, with their
 * children on a second stack; what is complete is copied into the caller's
 * arena.  An alias shares the node of its anchor, so a "billion laughs" costs
 * nothing here; since somebody may walk the tree later, each anchor carries
 * the number of values below it, and the sum over all uses is limited.  Its
 * height is carried too, so aliases cannot be used to nest without end.
 *
 * Not modelled: `!!binary`, `!!set` and other types without a JSON form;
 * NEL, LS and PS inside the strings of JSON (line breaks to libyaml; escaped
 * they are kept).
 * Source: YAML 1.1 and 1.2; libyaml 0.2.5; merge keys as yaml.org/type/merge.
 */
#include "io/yaml.h"
#include <string.h>
#include "base/bug.h"
#include "base/map.h"
#include "io/file.h"
#include "io/source.h"
#include "yaml_impl.h"

#define NEAR_MAX 64             /* bytes of an alias compared with anchors */

/* A named node.  value is NULL while the node is still open. */
struct anchor {
    const struct value *value;
    size_t weight;              /* values in it, itself included */
    int height;                 /* levels of lists and mappings, 0: scalar */
    struct mark mark;
};

/* An open list or mapping. */
struct frame {
    enum value_type type;
    struct mark mark;
    size_t base;                /* its first child on the stack of children */
    const char *key;            /* mapping: waits for its value; or NULL */
    struct mark key_mark;
    struct anchor *anchor;      /* NULL if it has none */
    size_t weight;
    int height;
};

struct loader {
    struct arena *arena;        /* the caller's: nodes */
    struct arena *work;         /* for the load: anchors, stacks */
    struct arena *brief;        /* for closing one list or mapping */
    yaml_parser_t parser;
    const struct source *source;
    struct err_list *errors;
    struct frame frames[YAML_DEPTH_MAX];
    int depth;
    VEC(struct member) children;    /* of all frames; key NULL in a list */
    struct map anchors;         /* of this document: name -> struct anchor */
    size_t alias_uses, alias_visits;
    const struct value *root;   /* of this document; NULL: none yet */
    bool stop;                  /* a fault after which no sense is made */
};

struct mark yaml_mark_between(const struct source *s, yaml_mark_t start,
                              yaml_mark_t end)
{
    struct mark m = { s, (int)start.line + 1, (int)start.column + 1, 1 };

    if (end.line == start.line && end.column > start.column)
        m.width = (int)(end.column - start.column);
    return m;
}

static struct mark event_mark(const struct loader *l, const yaml_event_t *e)
{
    return yaml_mark_between(l->source, e->start_mark, e->end_mark);
}

/* The innermost open list or mapping; NULL outside of any. */
static struct frame *top(struct loader *l)
{
    return l->depth ? &l->frames[l->depth - 1] : NULL;
}

/* The children of f, of which there may be none. */
static struct member *children_of(struct loader *l, const struct frame *f)
{
    return l->children.items ? l->children.items + f->base : NULL;
}

/* True if what comes next is a key. */
static bool wants_key(struct loader *l)
{
    struct frame *f = top(l);

    return f && f->type == VALUE_MAP && !f->key;
}

/* Put v, complete, where it belongs. */
static void add_value(struct loader *l, const struct value *v, size_t weight,
                      int height)
{
    struct frame *f = top(l);

    if (!f) {
        l->root = v;
        return;
    }
    struct member m = { f->key, f->key_mark, v };
    vec_push(l->work, &l->children, m);
    f->key = NULL;
    f->weight += weight;
    if (f->height <= height)
        f->height = height + 1;
}

/* Start an anchor; a name used again means the last one from here on. */
static struct anchor *define(struct loader *l, const yaml_char_t *name,
                             const struct mark *m)
{
    struct anchor *x = arena_make(l->work, struct anchor);

    x->mark = *m;
    map_put(&l->anchors, arena_strdup(l->work, (const char *)name), x);
    return x;
}

/* ---- keys --------------------------------------------------------------- */

static void set_key(struct loader *l, const char *key, const struct mark *m)
{
    struct frame *f = top(l);

    f->key = key;
    f->key_mark = *m;
}

/* A list or mapping stands where a key should: nothing after it is sure. */
static void bad_key(struct loader *l, const struct mark *m, const char *what)
{
    l->stop = true;
    if (yaml_explain_template(m, l->errors))
        return;
    err_error(l->errors, m, "a key must be a text, not %s", what);
}

/* ---- lists and mappings, complete --------------------------------------- */

/* Look for keys given twice in the mappings that a fault left open. */
static void check_open(struct loader *l)
{
    size_t end = l->children.len;

    for (int i = l->depth - 1; i >= 0; i--) {
        const struct frame *f = &l->frames[i];
        if (f->type == VALUE_MAP)
            yaml_drop_repeats(l->brief, children_of(l, f), end - f->base,
                              l->errors);
        end = f->base;
    }
}

/* The value of a mapping or list whose end was reached. */
static const struct value *close_map(struct loader *l, struct frame *f)
{
    const struct value *v = yaml_close_map(l->arena, l->brief,
                                           children_of(l, f),
                                           l->children.len - f->base,
                                           &f->mark, l->errors);
    arena_reset(l->brief);
    return v;
}

static const struct value *close_list(struct loader *l, struct frame *f)
{
    size_t n = l->children.len - f->base;
    const struct value **items = arena_many(l->brief, const struct value *, n);

    for (size_t i = 0; i < n; i++)
        items[i] = l->children.items[f->base + i].value;
    const struct value *v = value_list(l->arena, items, n, &f->mark);
    arena_reset(l->brief);
    return v;
}

/* ---- tags ---------------------------------------------------------------- */

#define TAG(name) "tag:yaml.org,2002:" name

static bool tag_is(const yaml_char_t *tag, const char *name)
{
    return tag && strcmp((const char *)tag, name) == 0;
}

/* Say that tag is none of the core schema, as the user wrote it. */
static void bad_tag(struct loader *l, const struct mark *m,
                    const yaml_char_t *tag)
{
    const char *t = (const char *)tag;
    size_t core = strlen(TAG(""));
    bool is_core = strncmp(t, TAG(""), core) == 0;
    struct diag *d;

    d = err_error(l->errors, m, "tag \"%s%s\" cannot be used here",
                  is_core ? "!!" : "", is_core ? t + core : t);
    diag_help(l->errors, d, "leave it out; only !!str, !!int, !!float, "
              "!!bool, !!null, !!seq and !!map are known");
}

/* True if a plain text of this kind may carry tag.  *known: the tag is one
 * of a scalar. */
static bool tag_fits(const yaml_char_t *tag, enum scalar_kind kind,
                     bool *known)
{
    *known = true;
    if (tag_is(tag, TAG("int")))
        return kind == SCALAR_INT;
    if (tag_is(tag, TAG("float")))
        return kind == SCALAR_REAL || kind == SCALAR_INT;
    if (tag_is(tag, TAG("bool")))
        return kind == SCALAR_BOOL;
    if (tag_is(tag, TAG("null")))
        return kind == SCALAR_NULL;
    *known = false;
    return false;
}

/* ---- scalars ------------------------------------------------------------- */

/* text as a value, as if it were not quoted. */
static const struct value *plain(struct loader *l, const char *text,
                                 const struct mark *m)
{
    const struct value *v = value_plain(l->arena, text, m);

    if (value_scalar_kind(v) == SCALAR_NULL)
        return value_null(l->arena, m);
    return v;
}

/* The value of a scalar by its tag, or by its quotes if it has none. */
static const struct value *scalar(struct loader *l, const yaml_event_t *e,
                                  const char *text, const struct mark *m)
{
    const yaml_char_t *tag = e->data.scalar.tag;
    bool known;

    if (!tag && e->data.scalar.plain_implicit)
        return plain(l, text, m);
    if (!tag || tag_is(tag, TAG("str")) || tag_is(tag, "!"))
        return value_string(l->arena, text, m);
    const struct value *v = value_plain(l->arena, text, m);
    bool fits = tag_fits(tag, value_scalar_kind(v), &known);
    if (!known)
        bad_tag(l, m, tag);
    else if (!fits)
        err_error(l->errors, m, "\"%s\" is not what its tag !!%s says", text,
                  (const char *)tag + strlen(TAG("")));
    return plain(l, text, m);
}

/* The text of a scalar, which belongs to e; up to a NUL, with an error. */
static const char *scalar_text(struct loader *l, const yaml_event_t *e,
                               const struct mark *m)
{
    const char *text = (const char *)e->data.scalar.value;

    if (strlen(text) < e->data.scalar.length)
        err_error(l->errors, m, "a text cannot hold a NUL character (\"\\0\")");
    return text;
}

/* True if nothing was written: `key:` or `- `. */
static bool is_empty(const yaml_event_t *e)
{
    return e->data.scalar.length == 0 && e->data.scalar.plain_implicit &&
           e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static void key_scalar(struct loader *l, const yaml_event_t *e,
                       const char *text, const struct mark *m)
{
    bool is_plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (is_empty(e))
        err_error(l->errors, m, "a key is missing before \":\"");
    if (is_plain && !e->data.scalar.tag && strcmp(text, yaml_merge_key) == 0)
        set_key(l, yaml_merge_key, m);
    else
        set_key(l, arena_strdup(l->arena, text), m);
}

static void on_scalar(struct loader *l, const yaml_event_t *e)
{
    struct mark m = event_mark(l, e);
    struct frame *f = top(l);
    const char *text = scalar_text(l, e, &m);
    const struct value *v = NULL;
    bool is_key = wants_key(l);

    /* Nothing has no place of its own: show the key it is missing from. */
    if (is_empty(e) && f && f->key && !e->data.scalar.anchor)
        m = f->key_mark;
    if (!is_key || e->data.scalar.anchor)
        v = scalar(l, e, text, &m);
    if (e->data.scalar.anchor) {
        struct anchor *x = define(l, e->data.scalar.anchor, &m);
        x->value = v;
        x->weight = 1;
    }
    if (is_key)
        key_scalar(l, e, text, &m);
    else
        add_value(l, v, 1, 0);
}

/* ---- lists and mappings -------------------------------------------------- */

static void too_deep(struct loader *l, const struct mark *m)
{
    err_error(l->errors, m, "nested deeper than %d levels", YAML_DEPTH_MAX);
    l->stop = true;
}

/* Begin a list or mapping, unless it would be a key or too deep. */
static void open_frame(struct loader *l, const yaml_event_t *e,
                       enum value_type type, const yaml_char_t *anchor,
                       const yaml_char_t *tag)
{
    struct mark m = event_mark(l, e);
    bool is_map = type == VALUE_MAP;

    if (wants_key(l)) {
        bad_key(l, &m, is_map ? "a mapping" : "a list");
        return;
    }
    if (l->depth == YAML_DEPTH_MAX) {
        too_deep(l, &m);
        return;
    }
    if (tag && !tag_is(tag, is_map ? TAG("map") : TAG("seq")) &&
        !tag_is(tag, "!"))
        bad_tag(l, &m, tag);
    l->frames[l->depth++] = (struct frame){
        .type = type, .mark = m, .base = l->children.len, .weight = 1,
        .height = 1, .anchor = anchor ? define(l, anchor, &m) : NULL,
    };
}

/* End the innermost list or mapping and put it where it belongs. */
static void close_frame(struct loader *l)
{
    struct frame *f = top(l);
    const struct value *v = f->type == VALUE_MAP ? close_map(l, f)
                                                 : close_list(l, f);

    l->children.len = f->base;
    if (f->anchor) {
        f->anchor->value = v;
        f->anchor->weight = f->weight;
        f->anchor->height = f->height;
    }
    l->depth--;
    add_value(l, v, f->weight, f->height);
}

/* ---- aliases ------------------------------------------------------------- */

static void undefined_alias(struct loader *l, const char *name,
                            const struct mark *m)
{
    struct diag *d = err_error(l->errors, m, "alias \"*%s\" has no anchor "
                               "before it", name);
    VEC(const char *) names = { 0 };

    if (strlen(name) > NEAR_MAX || l->errors->errors > ERR_MAX)
        return;
    for (size_t i = 0; i < l->anchors.len; i++)
        vec_push(l->work, &names, l->anchors.entries[i].key);
    vec_push(l->work, &names, NULL);
    diag_suggest(l->errors, d, name, names.items);
}

static void cyclic_alias(struct loader *l, const char *name,
                         const struct mark *m, const struct anchor *x)
{
    struct diag *d = err_error(l->errors, m, "alias \"*%s\" is inside what "
                               "it stands for", name);

    diag_note(l->errors, d, &x->mark, "the anchor is here");
}

/* What an alias stands for after a fault was said: nothing that would lead
 * to a second one. */
static struct anchor *stand_in(struct loader *l, const char *name,
                               const struct mark *m)
{
    struct anchor *x = arena_make(l->work, struct anchor);
    struct frame *f = top(l);

    if (wants_key(l))
        x->value = value_plain(l->arena, name, m);
    else if (f && f->key == yaml_merge_key)
        x->value = value_map(l->arena, NULL, 0, m);
    else
        x->value = value_null(l->arena, m);
    x->weight = 1;
    return x;
}

/* Count a use of x at m.  False, and the end, if it is one too many. */
static bool may_use(struct loader *l, const struct anchor *x,
                    const char *name, const struct mark *m)
{
    l->alias_visits += x->weight;
    if (++l->alias_uses > YAML_ALIAS_MAX)
        err_error(l->errors, m, "aliases are used more than %d times",
                  YAML_ALIAS_MAX);
    else if (l->alias_visits > YAML_VISIT_MAX)
        err_error(l->errors, m, "aliases stand for more than %d values",
                  YAML_VISIT_MAX);
    else if (l->depth + x->height > YAML_DEPTH_MAX)
        err_error(l->errors, m, "with what \"*%s\" stands for this is nested "
                  "deeper than %d levels", name, YAML_DEPTH_MAX);
    else
        return true;
    l->stop = true;
    return false;
}

static void alias_key(struct loader *l, const struct value *v,
                      const struct mark *m)
{
    if (v->type == VALUE_SCALAR) {
        set_key(l, v->u.text, m);
        return;
    }
    bad_key(l, m, v->type == VALUE_MAP    ? "a mapping"
                  : v->type == VALUE_LIST ? "a list"
                                          : "null");
}

static void on_alias(struct loader *l, const yaml_event_t *e)
{
    const char *name = (const char *)e->data.alias.anchor;
    struct mark m = event_mark(l, e);
    struct anchor *x = map_get(&l->anchors, name);

    if (!x) {
        undefined_alias(l, name, &m);
        x = stand_in(l, name, &m);
    } else if (!x->value) {
        cyclic_alias(l, name, &m, x);
        x = stand_in(l, name, &m);
    } else if (!may_use(l, x, name, &m)) {
        return;
    }
    if (wants_key(l))
        alias_key(l, x->value, &m);
    else
        add_value(l, x->value, x->weight, x->height);
}

/* ---- documents ----------------------------------------------------------- */

static void start_document(struct loader *l)
{
    l->root = NULL;
    map_init(&l->anchors, l->work);
}

/* Keep the document, unless there is nothing in it. */
static void end_document(struct loader *l, struct yaml_stream *out,
                         const struct mark *start)
{
    if (!l->root || l->root->type == VALUE_NULL)
        return;
    struct yaml_doc doc = { l->root, *start };
    vec_push(l->arena, &out->docs, doc);
}

static void on_event(struct loader *l, const yaml_event_t *e,
                     struct yaml_stream *out, struct mark *start)
{
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        *start = event_mark(l, e);
        start_document(l);
        break;
    case YAML_DOCUMENT_END_EVENT:
        end_document(l, out, start);
        break;
    case YAML_SCALAR_EVENT:
        on_scalar(l, e);
        break;
    case YAML_ALIAS_EVENT:
        on_alias(l, e);
        break;
    case YAML_SEQUENCE_START_EVENT:
        open_frame(l, e, VALUE_LIST, e->data.sequence_start.anchor,
                   e->data.sequence_start.tag);
        break;
    case YAML_MAPPING_START_EVENT:
        open_frame(l, e, VALUE_MAP, e->data.mapping_start.anchor,
                   e->data.mapping_start.tag);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_frame(l);
        break;
    default:
        break;                  /* the stream's start and end */
    }
}

static enum sim_code out_of_memory(const struct source *s,
                                   struct err_list *errors)
{
    err_error(errors, NULL, "out of memory while reading \"%s\"", s->name);
    return SIM_SYSTEM;
}

/* Take events until the stream ends or makes no sense. */
static enum sim_code run(struct loader *l, struct yaml_stream *out)
{
    struct mark start = { .source = l->source };
    bool more = true;

    while (more && !l->stop) {
        yaml_event_t e;
        if (!yaml_parser_parse(&l->parser, &e)) {
            if (l->parser.error == YAML_MEMORY_ERROR)
                return out_of_memory(l->source, l->errors);
            yaml_explain(&l->parser, l->source, top(l) ? &top(l)->mark : NULL,
                         l->errors);
            check_open(l);
            return SIM_INVALID;
        }
        more = e.type != YAML_STREAM_END_EVENT;
        on_event(l, &e, out, &start);
        yaml_event_delete(&e);
    }
    return SIM_OK;
}

/* ---- entry --------------------------------------------------------------- */

static enum sim_code too_large(const char *name, struct err_list *errors)
{
    struct diag *d = err_error(errors, NULL, "\"%s\" is larger than %zu MiB",
                               name, YAML_SIZE_MAX >> 20);

    diag_help(errors, d, "use --allow-large to read it all the same");
    return SIM_INVALID;
}

static enum sim_code load_source(struct arena *a, struct yaml_stream *out,
                                 struct err_list *errors)
{
    struct arena *work = arena_new();
    struct loader *l = arena_make(work, struct loader);
    int before = errors->errors;
    enum sim_code code = SIM_SYSTEM;

    l->arena = a;
    l->work = work;
    l->brief = arena_new();
    l->source = out->source;
    l->errors = errors;
    map_init(&l->anchors, work);
    if (yaml_parser_initialize(&l->parser)) {
        yaml_parser_set_encoding(&l->parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&l->parser,
                                     (const unsigned char *)l->source->text,
                                     l->source->len);
        code = run(l, out);
        yaml_parser_delete(&l->parser);
    } else {
        code = out_of_memory(l->source, errors);
    }
    arena_free(l->brief);
    arena_free(work);
    return code == SIM_OK && errors->errors > before ? SIM_INVALID : code;
}

enum sim_code yaml_load(struct arena *a, const char *name, const char *text,
                        size_t len, bool allow_large, struct yaml_stream *out,
                        struct err_list *errors)
{
    *out = (struct yaml_stream){ 0 };
    if (len > YAML_SIZE_MAX && !allow_large)
        return too_large(name, errors);
    enum sim_code code = source_decode(a, name, text, len, &out->source,
                                       errors);
    if (code != SIM_OK)
        return code;
    yaml_find_allows(a, out);
    return load_source(a, out, errors);
}

enum sim_code yaml_load_file(struct arena *a, const char *path,
                             bool allow_large, const struct mark *at,
                             struct yaml_stream *out,
                             struct err_list *errors)
{
    struct file_data data;

    *out = (struct yaml_stream){ 0 };
    enum sim_code code = file_read(a, path,
                                   allow_large ? 0 : YAML_SIZE_MAX, at, &data,
                                   errors);
    if (code != SIM_OK)
        return code;
    if (data.more)
        return too_large(path, errors);
    return yaml_load(a, path, data.bytes, data.len, allow_large, out, errors);
}
