/*
 * rolebinding.c - the RoleBinding and ClusterRoleBinding objects: fields and
 * validation.
 *
 * Source: pkg/apis/rbac/validation, Kubernetes 1.36 (reference 10.4).
 */
#include "models/rbac.h"

#include <string.h>

#include "read.h"

static const struct shape_field ref_fields[] = {
    SILENT(TEXT, "apiGroup"), READ(TEXT, "kind"), READ(TEXT, "name"),
    SHAPE_END
};
static const struct shape ref_shape = { ref_fields, NULL };
static const struct shape_field subject_fields[] = {
    READ(TEXT, "kind"), SILENT(TEXT, "apiGroup"), READ(TEXT, "name"),
    READ(TEXT, "namespace"), SHAPE_END
};
static const struct shape subject_shape = { subject_fields, NULL };
static const struct shape_field binding_fields[] = {
    SILENT(TEXT, "apiVersion"), SILENT(TEXT, "kind"),
    OBJECT_DEF("metadata", shape_metadata), OBJECT_DEF("roleRef", ref_shape),
    LIST("subjects", subject_shape), SHAPE_END
};
static const struct shape binding_shape = { binding_fields, NULL };
static const struct object_type binding_type = {
    KIND_ROLEBINDING, &binding_shape, NAME_PATH
};
static const struct object_type cluster_binding_type = {
    KIND_CLUSTERROLEBINDING, &binding_shape, NAME_PATH
};

static const char *const subject_kinds[] = { "User", "Group",
                                             "ServiceAccount", NULL };

/* ---- validation --------------------------------------------------------- */

static void check_ref(struct reader *r, const struct at *root, bool cluster)
{
    static const char *const kinds[] = { "ClusterRole", "Role", NULL };
    static const char *const only[] = { "ClusterRole", NULL };
    struct at ref = at_field(root, "roleRef");
    struct at kind = at_field(&ref, "kind"), name = at_field(&ref, "name");
    const char *const *words = cluster ? only : kinds;

    if (word_index(words, value_text(kind.v, "")) < 0)
        fault_unsupported(r, &kind, words);
    if (!name.v)
        fault_required(r, &name);
}

static void check_subject(struct reader *r, const struct at *subject)
{
    struct at kind = at_field(subject, "kind");
    struct at name = at_field(subject, "name");
    struct at space = at_field(subject, "namespace");
    int which = word_index(subject_kinds, value_text(kind.v, ""));

    if (which < 0)
        fault_unsupported(r, &kind, subject_kinds);
    if (!name.v)
        fault_required(r, &name);
    if (which == SUBJECT_ACCOUNT && !space.v)
        fault_required(r, &space);
}

/* ---- the objects -------------------------------------------------------- */

static void make_subjects(struct arena *a, const struct at *root,
                          struct role_binding *b)
{
    struct at list = at_field(root, "subjects");
    struct subject *all = arena_many(a, struct subject, at_len(&list));

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);
        int kind = word_index(subject_kinds, get_text(&item, "kind", ""));

        all[i] = (struct subject){
            .kind = kind < 0 ? SUBJECT_USER : (enum subject_kind)kind,
            .name = get_text(&item, "name", ""),
            .space = get_text(&item, "namespace", ""),
        };
    }
    b->subjects = all;
    b->nsubjects = at_len(&list);
}

static struct meta *decode_as(struct arena *a, const struct value *v,
                              struct err_list *errors,
                              const struct object_type *type)
{
    struct role_binding *b = arena_make(a, struct role_binding);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, type, &b->meta), "");
    struct at ref = at_field(&root, "roleRef");
    struct at subjects = at_field(&root, "subjects");

    check_ref(&r, &root, type == &cluster_binding_type);
    for (size_t i = 0; i < at_len(&subjects); i++) {
        struct at item = at_item(&subjects, i);

        check_subject(&r, &item);
    }
    b->of_cluster_role = strcmp(get_text(&ref, "kind", ""),
                                "ClusterRole") == 0;
    b->role = get_text(&ref, "name", "");
    make_subjects(a, &root, b);
    b->raw = root.v;
    return &b->meta;
}

static struct meta *decode_binding(struct arena *a, const struct value *v,
                                   struct err_list *errors)
{
    return decode_as(a, v, errors, &binding_type);
}

static struct meta *decode_cluster_binding(struct arena *a,
                                           const struct value *v,
                                           struct err_list *errors)
{
    return decode_as(a, v, errors, &cluster_binding_type);
}

const struct kind_ops kind_ROLEBINDING = {
    .size = sizeof(struct role_binding), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_never_changes,
    .decode = decode_binding,
};
const struct kind_ops kind_CLUSTERROLEBINDING = {
    .size = sizeof(struct role_binding),
    .copy_status = copy_no_status, .spec_changed = spec_never_changes,
    .decode = decode_cluster_binding,
};
