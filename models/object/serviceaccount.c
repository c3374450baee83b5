/*
 * serviceaccount.c - the ServiceAccount object: whose name pods and
 * controllers bear.  Its tokens and pull secrets have no effect here.
 *
 * Source: core/v1, pkg/apis/core/validation, Kubernetes 1.36.
 */
#include "models/rbac.h"
#include "read.h"

static const struct shape_field account_fields[] = {
    SILENT(TEXT, "apiVersion"), SILENT(TEXT, "kind"),
    OBJECT_DEF("metadata", shape_metadata), SILENT(ANY, "secrets"),
    SILENT(ANY, "imagePullSecrets"),
    SILENT(BOOL, "automountServiceAccountToken"), SHAPE_END
};
static const struct shape account_shape = { account_fields, NULL };
static const struct object_type account_type = {
    KIND_SERVICEACCOUNT, &account_shape, NAME_SUBDOMAIN
};

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct service_account *s = arena_make(a, struct service_account);
    struct reader r = reader_of(a, errors);

    s->raw = object_read(&r, v, &account_type, &s->meta);
    return &s->meta;
}

const struct kind_ops kind_SERVICEACCOUNT = {
    .size = sizeof(struct service_account), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_never_changes,
    .decode = decode,
};
