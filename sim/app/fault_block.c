/*
 * fault_block.c - the section `faults`: what goes wrong, and when.
 *
 * Each entry has `at`, perhaps `for`, and the fields of one fault, which the
 * key that bears its name chooses.  The keys come from the registry.
 */
#include "scenario_impl.h"
#include <string.h>
#include "models/fault.h"

struct when_section {
    struct dist at, lasting;
    const char *cluster;
};

static const struct field when_fields[] = {
    FIELD_DIST(struct when_section, at, "at", "0s",
               "when it strikes, since the end of the warm-up"),
    FIELD_DIST(struct when_section, lasting, "for", "never",
               "how long it lasts, if it is one that lasts"),
    FIELD(STRING, struct when_section, cluster, "cluster", NULL, 0, 0, "-",
          "of several `clusters`; in each if absent"),
    FIELD_END
};

static bool is_when(const char *key)
{
    return strcmp(key, "at") == 0 || strcmp(key, "for") == 0 ||
           strcmp(key, "cluster") == 0;
}

/* The members of v that say when, or the others. */
static const struct value *part(struct arena *a, const struct value *v,
                                bool when)
{
    struct member *m = arena_many(a, struct member, v->len);
    size_t n = 0;

    for (size_t i = 0; i < v->len; i++)
        if (is_when(v->u.members[i].key) == when)
            m[n++] = v->u.members[i];
    return value_map(a, m, n, &v->mark);
}

static void no_fault(struct binder *b, const struct value *v)
{
    const char *names[32] = { "at", "for", "cluster" };
    size_t n, k = 3;
    const struct fault_ops *const *table = fault_table(&n);
    struct diag *d;

    for (size_t i = 0; i < n && k < 31; i++)
        names[k++] = table[i]->name;
    for (size_t i = 0; i < v->len; i++) {
        const struct member *m = &v->u.members[i];

        if (is_when(m->key))
            continue;
        d = err_error(b->errors, &m->mark, "unknown fault or field \"%s\"",
                      m->key);
        diag_suggest(b->errors, d, m->key, names);
        return;
    }
    d = err_error(b->errors, &v->mark, "this fault does not say what goes "
                  "wrong");
    diag_help(b->errors, d, "rollsim explain faults lists what can");
}

static bool entry_parse(struct binder *b, const struct value *v,
                        struct fault_spec *f)
{
    struct when_section when = {0};
    size_t n;
    const struct fault_ops *const *table = fault_table(&n);
    void *spec;
    bool good;

    f->mark = v->mark;
    for (size_t i = 0; i < n; i++)
        if (value_get(v, table[i]->name))
            f->ops = table[i];
    if (!f->ops) {
        no_fault(b, v);
        return false;
    }
    spec = arena_alloc(b->arena, f->ops->spec_size);
    good = field_bind(b, part(b->arena, v, true), when_fields, &when);
    if (!field_bind(b, part(b->arena, v, false), f->ops->fields, spec))
        good = false;
    f->at = when.at;
    f->lasting = when.lasting;
    f->cluster = when.cluster;
    f->spec = spec;
    return good;
}

bool faults_parse(struct binder *b, const struct value *v, void *out)
{
    struct field_list *list = out;
    struct fault_spec *items;
    bool good = true;

    if (value_is_null(v))
        return true;
    if (v->type != VALUE_LIST) {
        field_expected(b, v, "a list of {at: TIME, FAULT: {...}}");
        return false;
    }
    items = arena_many(b->arena, struct fault_spec, v->len);
    for (size_t i = 0; i < v->len; i++) {
        if (v->u.items[i]->type != VALUE_MAP) {
            field_expected(b, v->u.items[i], "{at: TIME, FAULT: {...}}");
            good = false;
        } else if (!entry_parse(b, v->u.items[i], &items[i])) {
            good = false;
        }
    }
    list->items = items;
    list->len = v->len;
    return good;
}

void faults_schema(FILE *out)
{
    fputs("{\"type\": \"array\", \"items\": {\"type\": \"object\"}}", out);
}

void faults_check(struct loader *l, struct spec *spec)
{
    for (size_t i = 0; i < spec->nfaults; i++) {
        const struct fault_spec *f = &spec->faults[i];
        const char *why = NULL;

        clusters_check(l, f->cluster, &f->mark);
        if (!f->ops || !f->ops->check)
            continue;
        if (l->nmembers == 0)
            why = f->ops->check(spec, f->spec);
        for (size_t k = 0; !why && k < l->nmembers; k++)
            if (!f->cluster || strcmp(f->cluster, l->members[k].name) == 0)
                why = f->ops->check(l->members[k].spec, f->spec);
        if (why)
            err_error(l->errors, &f->mark, "%s", why);
    }
}
