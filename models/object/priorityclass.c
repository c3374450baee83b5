/*
 * priorityclass.c - the PriorityClass object: fields and validation.
 *
 * Source: pkg/apis/scheduling/validation, Kubernetes 1.36 (reference 4.1).
 */
#include "models/priority.h"

#include <string.h>

#include "read.h"

#define USER_MAX 1000000000     /* HighestUserDefinablePriority */

static const struct shape_field class_fields[] = {
    SILENT(TEXT, "apiVersion"), SILENT(TEXT, "kind"),
    OBJECT_DEF("metadata", shape_metadata), READ_DEF(INT, "value", "0"),
    READ_DEF(BOOL, "globalDefault", "false"), SILENT(TEXT, "description"),
    READ_DEF(TEXT, "preemptionPolicy", "PreemptLowerPriority"), SHAPE_END
};
static const struct shape class_shape = { class_fields, NULL };
static const struct object_type class_type = {
    KIND_PRIORITYCLASS, &class_shape, NAME_SUBDOMAIN
};

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    static const char *const policies[] = { "Never", "PreemptLowerPriority",
                                            NULL };
    struct priority_class *p = arena_make(a, struct priority_class);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &class_type, &p->meta), "");
    struct at meta = at_field(&root, "metadata");
    struct at name = at_field(&meta, "name");
    struct at value = at_field(&root, "value");

    p->value = (int)get_int(&root, "value", 0);
    p->global_default = get_bool(&root, "globalDefault", false);
    p->never = check_word(&r, &root, "preemptionPolicy", policies, 1) == 0;
    if (strncmp(p->meta.name, "system-", 7) == 0)
        fault_forbidden(&r, &name, "may not begin with \"system-\", which is "
                        "reserved for system use only");
    else if (p->value > USER_MAX)
        fault_forbidden(&r, &value, "may be at most 1000000000, of a user");
    p->raw = root.v;
    return &p->meta;
}

const struct kind_ops kind_PRIORITYCLASS = {
    .size = sizeof(struct priority_class),
    .copy_status = copy_no_status, .spec_changed = spec_never_changes,
    .decode = decode,
};
