/*
 * strategy_block.c - the section `strategies`: which one, and how.
 *
 * Each entry has a name, the block of one strategy, which its key names, and
 * perhaps a patch over the manifests, or waves and bake of its own.  The keys
 * come from the registry.
 */
#include "scenario_impl.h"
#include <string.h>
#include "models/strategy.h"

/* Strategies of the language that have no file yet. */
static const char *const later[] = {
    "rollout", NULL
};

static bool is_later(const char *key)
{
    for (size_t i = 0; later[i]; i++)
        if (strcmp(later[i], key) == 0)
            return true;
    return false;
}

static void unknown_key(struct binder *b, const struct member *m)
{
    const char *names[32] = { "name", "patch", "waves", "bake" };
    size_t n, k = 4;
    const struct strategy_ops *const *table = strategy_table(&n);
    struct diag *d;

    if (is_later(m->key)) {
        err_error(b->errors, &m->mark, "strategy \"%s\" is not supported yet",
                  m->key);
        return;
    }
    for (size_t i = 0; i < n && k < 31; i++)
        names[k++] = table[i]->name;
    names[k] = NULL;
    d = err_error(b->errors, &m->mark, "unknown strategy or field \"%s\"",
                  m->key);
    diag_suggest(b->errors, d, m->key, names);
    if (!d->help)
        diag_help(b->errors, d, "rollsim explain strategies lists them");
}

/* The block of a strategy, bound by its own table. */
static bool block_parse(struct binder *b, const struct member *m,
                        struct strategy_spec *s)
{
    const struct strategy_ops *ops = strategy_find(m->key);
    size_t before = strlen(b->path);
    void *spec;
    bool good;

    if (!ops) {
        unknown_key(b, m);
        return false;
    }
    if (s->ops) {
        err_error(b->errors, &m->mark, "a strategy is one block: \"%s\" or "
                  "\"%s\"", s->ops->name, ops->name);
        return false;
    }
    if (m->value->type != VALUE_MAP && !value_is_null(m->value)) {
        field_expected(b, m->value, "a map of its fields, perhaps {}");
        return false;
    }
    snprintf(b->path + before, sizeof(b->path) - before, ".%s", m->key);
    spec = arena_alloc(b->arena, ops->spec_size);
    good = field_bind(b, m->value, ops->fields, spec);
    b->path[before] = '\0';
    s->ops = ops;
    s->spec = spec;
    s->given = m->value;
    return good;
}

static bool entry_parse(struct binder *b, const struct value *v,
                        struct strategy_spec *s)
{
    bool good = true;

    if (v->type != VALUE_MAP) {
        field_expected(b, v, "{name: NAME, STRATEGY: {...}}");
        return false;
    }
    s->mark = v->mark;
    for (size_t i = 0; i < v->len; i++) {
        const struct member *m = &v->u.members[i];

        if (strcmp(m->key, "name") == 0)
            s->name = value_text(m->value, NULL);
        else if (strcmp(m->key, "patch") == 0)
            s->patch = value_is_null(m->value) ? NULL : m->value;
        else if (strcmp(m->key, "waves") == 0)
            s->waves = m->value;
        else if (strcmp(m->key, "bake") == 0)
            s->bake = m->value;
        else if (!block_parse(b, m, s))
            good = false;
    }
    if (!s->name && s->ops)
        s->name = s->ops->name;
    if (s->name && s->name[0])
        return good;
    err_error(b->errors, &v->mark, "a strategy needs a name");
    return false;
}

/* Names tell results apart, so none may come twice. */
static bool names_differ(struct binder *b, const struct strategy_spec *s,
                         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct diag *d;

        if (!s[i].name || !s[n].name || strcmp(s[i].name, s[n].name) != 0)
            continue;
        d = err_error(b->errors, &s[n].mark, "two strategies are called "
                      "\"%s\"", s[n].name);
        diag_note(b->errors, d, &s[i].mark, "the first one is here");
        return false;
    }
    return true;
}

bool strategies_parse(struct binder *b, const struct value *v, void *out)
{
    struct field_list *list = out;
    struct strategy_spec *items;
    bool good = true;

    if (value_is_null(v))
        return true;
    if (v->type != VALUE_LIST) {
        field_expected(b, v, "a list of {name: NAME, STRATEGY: {...}}");
        return false;
    }
    items = arena_many(b->arena, struct strategy_spec, v->len);
    for (size_t i = 0; i < v->len; i++) {
        if (!entry_parse(b, v->u.items[i], &items[i]) ||
            !names_differ(b, items, i))
            good = false;
    }
    list->items = items;
    list->len = v->len;
    list->mark = v->mark;
    return good;
}

void strategies_schema(FILE *out)
{
    size_t n;
    const struct strategy_ops *const *table = strategy_table(&n);

    fputs("{\"type\": \"array\", \"items\": {\"type\": \"object\", "
          "\"additionalProperties\": false, \"properties\": {\"name\": "
          "{\"type\": \"string\"}, \"patch\": {}, \"waves\": {}, \"bake\": {}", out);
    for (size_t i = 0; i < n; i++) {
        fprintf(out, ", \"%s\": ", table[i]->name);
        field_schema(out, table[i]->fields);
    }
    fputs("}}}", out);
}
