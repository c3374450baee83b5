/*
 * role.c - the Role and ClusterRole objects: fields and validation.
 *
 * Source: pkg/apis/rbac/validation, Kubernetes 1.36 (reference 10.4).
 */
#include "models/rbac.h"

#include <string.h>

#include "read.h"

static const struct shape_field rule_fields[] = {
    READ(TEXTS, "verbs"), READ(TEXTS, "apiGroups"), READ(TEXTS, "resources"),
    READ(TEXTS, "resourceNames"), SILENT(TEXTS, "nonResourceURLs"), SHAPE_END
};
static const struct shape rule_shape = { rule_fields, NULL };
static const struct shape_field aggregation_fields[] = {
    LIST("clusterRoleSelectors", shape_selector), SHAPE_END
};
static const struct shape aggregation_shape = { aggregation_fields, NULL };
static const struct shape_field role_fields[] = {
    SILENT(TEXT, "apiVersion"), SILENT(TEXT, "kind"),
    OBJECT_DEF("metadata", shape_metadata), LIST("rules", rule_shape),
    OBJECT("aggregationRule", aggregation_shape), SHAPE_END
};
static const struct shape role_shape = { role_fields, NULL };
static const struct object_type role_type = {
    KIND_ROLE, &role_shape, NAME_PATH
};
static const struct object_type cluster_role_type = {
    KIND_CLUSTERROLE, &role_shape, NAME_PATH
};

/* ---- validation --------------------------------------------------------- */

static void check_some(struct reader *r, const struct at *rule,
                       const char *key, const char *why)
{
    struct at list = at_field(rule, key);

    if (at_len(&list) == 0)
        diag_help(r->errors, fault_required(r, &list), "%s", why);
}

static void check_rule(struct reader *r, const struct at *rule,
                       bool cluster)
{
    struct at urls = at_field(rule, "nonResourceURLs");

    check_some(r, rule, "verbs", "verbs must contain at least one value, such "
               "as get or \"*\"");
    if (at_len(&urls) > 0) {
        if (!cluster)
            fault(r, &urls, "Invalid", "cannot be in a namespaced role");
        return;
    }
    check_some(r, rule, "apiGroups", "resource rules must supply at least one "
               "api group; \"\" is that of pods and services");
    check_some(r, rule, "resources", "resource rules must supply at least one "
               "resource, such as deployments");
}

/* ---- the objects -------------------------------------------------------- */

static void make_rules(struct arena *a, const struct at *root, struct role *x)
{
    struct at list = at_field(root, "rules");
    struct role_rule *rules = arena_many(a, struct role_rule, at_len(&list));

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at rule = at_item(&list, i);
        size_t n;

        rules[i] = (struct role_rule){
            get_texts(a, &rule, "verbs", &n),
            get_texts(a, &rule, "apiGroups", &n),
            get_texts(a, &rule, "resources", &n),
            get_texts(a, &rule, "resourceNames", &n),
        };
    }
    x->rules = rules;
    x->nrules = at_len(&list);
}

static void make_aggregates(struct arena *a, const struct at *root,
                            struct role *x)
{
    struct at rule = at_field(root, "aggregationRule");
    struct at list = at_field(&rule, "clusterRoleSelectors");
    const struct selector **all = arena_many(a, const struct selector *,
                                             at_len(&list));

    for (size_t i = 0; i < at_len(&list); i++)
        all[i] = selector_from(a, list.v->u.items[i], NULL);
    x->aggregates = all;
    x->naggregates = at_len(&list);
}

static struct meta *decode_as(struct arena *a, const struct value *v,
                              struct err_list *errors,
                              const struct object_type *type)
{
    struct role *x = arena_make(a, struct role);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, type, &x->meta), "");
    struct at rules = at_field(&root, "rules");

    for (size_t i = 0; i < at_len(&rules); i++) {
        struct at rule = at_item(&rules, i);

        check_rule(&r, &rule, type == &cluster_role_type);
    }
    make_rules(a, &root, x);
    make_aggregates(a, &root, x);
    x->raw = root.v;
    return &x->meta;
}

static struct meta *decode_role(struct arena *a, const struct value *v,
                                struct err_list *errors)
{
    return decode_as(a, v, errors, &role_type);
}

static struct meta *decode_cluster_role(struct arena *a,
                                        const struct value *v,
                                        struct err_list *errors)
{
    return decode_as(a, v, errors, &cluster_role_type);
}

const struct kind_ops kind_ROLE = {
    .size = sizeof(struct role), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_never_changes,
    .decode = decode_role,
};
const struct kind_ops kind_CLUSTERROLE = {
    .size = sizeof(struct role),
    .copy_status = copy_no_status, .spec_changed = spec_never_changes,
    .decode = decode_cluster_role,
};
