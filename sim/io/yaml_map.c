/*
 * yaml_map.c - a YAML mapping from its members: no key twice, merges applied.
 *
 * `<<: *base` and `<<: [*a, *b]` add the members of other mappings: explicit
 * members win over merged ones, earlier mappings over later ones.  Kubernetes
 * refuses a key that is given twice in strict decoding, and so do we always.
 *
 * Source: yaml.org/type/merge; sigs.k8s.io/yaml UnmarshalStrict.
 */
#include <string.h>
#include "base/map.h"
#include "base/vec.h"
#include "yaml_impl.h"

#define FEW 8                   /* members that are compared pairwise */

const char yaml_merge_key[] = "<<";

/* Say that a key came again, and where it was first. */
static void report_repeat(struct err_list *errors, const struct member *again,
                          const struct member *first)
{
    struct diag *d = err_error(errors, &again->mark,
                               "key \"%s\" is given twice", again->key);

    diag_note(errors, d, &first->mark, "first given here");
    if (again->key == yaml_merge_key)
        diag_help(errors, d, "merge several mappings by a list: "
                  "<<: [*a, *b]");
}

/* The member of the n at m that has this key; NULL if none. */
static const struct member *find_member(const struct member *m, size_t n,
                                        const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(m[i].key, key) == 0)
            return &m[i];
    }
    return NULL;
}

size_t yaml_drop_repeats(struct arena *brief, struct member *m, size_t n,
                         struct err_list *errors)
{
    struct map seen;
    bool many = n > FEW;
    size_t kept = 0;

    if (many)
        map_init(&seen, brief);
    for (size_t i = 0; i < n; i++) {
        const struct member *first = many ? map_get(&seen, m[i].key)
                                          : find_member(m, kept, m[i].key);
        if (first) {
            report_repeat(errors, &m[i], first);
            continue;
        }
        m[kept] = m[i];
        if (many)
            map_put(&seen, m[kept].key, &m[kept]);
        kept++;
    }
    return kept;
}

/* A mapping whose merge keys are being applied. */
struct merger {
    struct arena *brief;
    struct err_list *errors;
    struct map seen;            /* keys of out */
    VEC(struct member) out;
};

/* Add m unless its key is there. */
static void add_new(struct merger *g, const struct member *m)
{
    if (map_get(&g->seen, m->key))
        return;
    map_put(&g->seen, m->key, (void *)m);
    vec_push(g->brief, &g->out, *m);
}

/* Add the members of a mapping. */
static void merge_one(struct merger *g, const struct value *v)
{
    for (size_t i = 0; i < v->len; i++)
        add_new(g, &v->u.members[i]);
}

/* Add what the merge key of this member stands for: one mapping, or several
 * of which the earlier win. */
static void merge_value(struct merger *g, const struct member *merge)
{
    const struct value *v = merge->value;
    bool good = v->type == VALUE_MAP || v->type == VALUE_LIST;

    if (v->type == VALUE_MAP)
        merge_one(g, v);
    for (size_t i = 0; v->type == VALUE_LIST && i < v->len; i++) {
        if (v->u.items[i]->type == VALUE_MAP)
            merge_one(g, v->u.items[i]);
        else
            good = false;
    }
    if (!good)
        err_error(g->errors, &merge->mark,
                  "\"<<\" takes a mapping or a list of mappings");
}

static bool has_merge(const struct member *m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (m[i].key == yaml_merge_key)
            return true;
    }
    return false;
}

const struct value *yaml_close_map(struct arena *a, struct arena *brief,
                                   struct member *m, size_t n,
                                   const struct mark *mark,
                                   struct err_list *errors)
{
    struct merger g = { .brief = brief, .errors = errors };

    n = yaml_drop_repeats(brief, m, n, errors);
    if (!has_merge(m, n))
        return value_map(a, m, n, mark);
    map_init(&g.seen, brief);
    for (size_t i = 0; i < n; i++) {
        if (m[i].key != yaml_merge_key)
            add_new(&g, &m[i]);
    }
    for (size_t i = 0; i < n; i++) {
        if (m[i].key == yaml_merge_key)
            merge_value(&g, &m[i]);
    }
    return value_map(a, g.out.items, g.out.len, mark);
}
