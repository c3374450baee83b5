/*
 * quota.c - the ResourceQuota object: fields and validation.
 *
 * Source: ValidateResourceQuota of pkg/apis/core/validation and helper.go of
 * pkg/apis/core/helper, Kubernetes 1.36 (reference 10.1).
 */
#include "models/quota.h"

#include <string.h>

#include "read.h"

static const struct shape_field term_fields[] = {
    READ(TEXT, "scopeName"), READ(TEXT, "operator"), READ(TEXTS, "values"),
    SHAPE_END
};
static const struct shape term_shape = { term_fields, NULL };
static const struct shape_field selector_fields[] = {
    LIST("matchExpressions", term_shape), SHAPE_END
};
static const struct shape selector_shape = { selector_fields, NULL };
static const struct shape_field spec_fields[] = {
    READ(QUANTITIES, "hard"), READ(TEXTS, "scopes"),
    OBJECT("scopeSelector", selector_shape), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field quota_fields[] = { OBJECT_FIELDS(spec_shape) };
static const struct shape quota_shape = { quota_fields, NULL };
static const struct object_type quota_type = {
    KIND_QUOTA, &quota_shape, NAME_SUBDOMAIN
};

static const char *const scope_names[] = {
    "Terminating", "NotTerminating", "BestEffort", "NotBestEffort",
    "PriorityClass", "CrossNamespacePodAffinity", NULL
};

/* Names without a "/" that a quota may have. */
static const char *const standard[] = {
    "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory",
    "requests.storage", "requests.ephemeral-storage", "limits.cpu",
    "limits.memory", "limits.ephemeral-storage", "pods", "resourcequotas",
    "services", "replicationcontrollers", "secrets", "persistentvolumeclaims",
    "configmaps", "services.nodeports", "services.loadbalancers", NULL
};

/* ---- validation --------------------------------------------------------- */

static bool begins(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Things are counted whole. */
static bool is_counted(const char *name)
{
    return begins(name, "count/") ||
           (strcmp(name, "pods") == 0 || word_index(standard, name) >= 11);
}

static void check_hard(struct reader *r, const struct at *hard)
{
    for (size_t i = 0; i < at_len(hard); i++) {
        struct at entry = at_entry(hard, i);
        struct quantity n = { 0 };
        struct diag *d;

        check_qualified(r, &entry, entry.key);
        if (!strchr(entry.key, '/') && word_index(standard, entry.key) < 0
            && !begins(entry.key, "hugepages-")
            && !begins(entry.key, "requests.hugepages-")) {
            d = fault(r, &entry, "Invalid", "must be a standard resource for "
                      "quota");
            diag_suggest(r->errors, d, entry.key, standard);
        }
        parse_quantity(value_text(entry.v, "0"), &n, NULL);
        if (n.nano < 0)
            fault(r, &entry, "Invalid", "must be greater than or equal to 0");
        else if (is_counted(entry.key) && n.nano % NS_PER_S != 0)
            fault(r, &entry, "Invalid", "must be an integer");
    }
}

/* Resources that a quota with this scope may be about. */
static bool scope_allows(enum quota_scope_name scope, const char *resource)
{
    if (scope == QUOTA_BEST_EFFORT)
        return strcmp(resource, "pods") == 0;
    return word_index(standard, resource) < 11 &&
           strcmp(resource, "requests.storage") != 0;
}

static void check_scope(struct reader *r, const struct at *scope,
                        const char *word, const struct at *hard)
{
    int name = word_index(scope_names, word);

    if (name < 0) {
        fault_unsupported(r, scope, scope_names);
        return;
    }
    for (size_t i = 0; i < at_len(hard); i++)
        if (!scope_allows((enum quota_scope_name)name,
                          hard->v->u.members[i].key)) {
            fault(r, scope, "Invalid", "cannot limit \"%s\"",
                  hard->v->u.members[i].key);
            return;
        }
}

/* Is there a scope of this name and one that excludes it? */
static void check_conflict(struct reader *r, const struct at *scopes,
                           const char *one, const char *other)
{
    bool has[2] = { false, false };

    for (size_t i = 0; i < at_len(scopes); i++) {
        const char *word = value_text(scopes->v->u.items[i], "");

        has[0] |= strcmp(word, one) == 0;
        has[1] |= strcmp(word, other) == 0;
    }
    if (has[0] && has[1])
        fault(r, scopes, "Invalid", "has scopes that exclude each other");
}

static void check_term(struct reader *r, const struct at *term,
                       const struct at *hard)
{
    static const char *const ops[] = { "In", "NotIn", "Exists",
                                       "DoesNotExist", NULL };
    struct at name = at_field(term, "scopeName");
    struct at values = at_field(term, "values");
    const char *scope = value_text(name.v, "");
    int op = check_word(r, term, "operator", ops, 2);

    if (!name.v) {
        fault_required(r, &name);
        return;
    }
    check_scope(r, &name, scope, hard);
    if (strcmp(scope, "PriorityClass") != 0 && op != 2) {
        struct at at = at_field(term, "operator");

        fault(r, &at, "Invalid", "must be Exists for this scope");
    }
    if (op < 2 && at_len(&values) == 0)
        fault(r, &values, "Required", "must have a value if the operator is "
              "In or NotIn");
    if (op >= 2 && at_len(&values) > 0)
        fault(r, &values, "Invalid", "must be empty if the operator is "
              "Exists or DoesNotExist");
}

static void check_spec(struct reader *r, const struct at *spec)
{
    struct at hard = at_field(spec, "hard");
    struct at scopes = at_field(spec, "scopes");
    struct at selector = at_field(spec, "scopeSelector");
    struct at terms = at_field(&selector, "matchExpressions");

    check_hard(r, &hard);
    for (size_t i = 0; i < at_len(&scopes); i++) {
        struct at scope = at_item(&scopes, i);

        check_scope(r, &scope, value_text(scope.v, ""), &hard);
    }
    check_conflict(r, &scopes, "BestEffort", "NotBestEffort");
    check_conflict(r, &scopes, "Terminating", "NotTerminating");
    for (size_t i = 0; i < at_len(&terms); i++) {
        struct at term = at_item(&terms, i);

        check_term(r, &term, &hard);
    }
}

/* ---- the object --------------------------------------------------------- */

static struct quota_scope scope_of(struct arena *a, const struct at *term,
                                   const char *name)
{
    int i = word_index(scope_names, name);
    struct quota_scope s = { .name = i < 0 ? QUOTA_TERMINATING
                                           : (enum quota_scope_name)i };

    if (term)
        s.rule = requirement_from(a, term);
    else
        s.rule.op = SELECT_EXISTS;
    return s;
}

static void make_scopes(struct arena *a, const struct at *spec,
                        struct quota *q)
{
    struct at scopes = at_field(spec, "scopes");
    struct at selector = at_field(spec, "scopeSelector");
    struct at terms = at_field(&selector, "matchExpressions");
    struct quota_scope *all = arena_many(a, struct quota_scope,
                                         at_len(&scopes) + at_len(&terms));

    q->scopes = all;
    for (size_t i = 0; i < at_len(&scopes); i++)
        all[q->nscopes++] = scope_of(a, NULL,
                                     value_text(scopes.v->u.items[i], ""));
    for (size_t i = 0; i < at_len(&terms); i++) {
        struct at term = at_item(&terms, i);

        all[q->nscopes++] = scope_of(a, &term,
                                     get_text(&term, "scopeName", ""));
    }
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct quota *q = arena_make(a, struct quota);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &quota_type, &q->meta), "");
    struct at spec = at_field(&root, "spec");

    check_spec(&r, &spec);
    q->hard = amounts_from(a, at_field(&spec, "hard").v);
    make_scopes(a, &spec, q);
    q->raw = root.v;
    return &q->meta;
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    quota_of(dst)->counted = quota_seen(src)->counted;
    quota_of(dst)->in_force = quota_seen(src)->in_force;
    quota_of(dst)->used = quota_seen(src)->used;
}

const struct kind_ops kind_QUOTA = {
    .size = sizeof(struct quota), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_never_changes,
    .decode = decode,
};
