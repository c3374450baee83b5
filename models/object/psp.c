/*
 * psp.c - the PodSecurityPolicy object, of clusters before 1.25: fields and
 * validation.
 *
 * What it allows is read where it is asked (models/admission/psp.c).
 * Source: pkg/apis/policy/validation at v1.20.
 */
#include "models/psp.h"

#include "read.h"

static const struct shape_field span_fields[] = {
    READ(INT64, "min"), READ(INT64, "max"), SHAPE_END
};
static const struct shape span_shape = { span_fields, NULL };
static const struct shape_field ids_fields[] = {
    READ(TEXT, "rule"), LIST("ranges", span_shape), SHAPE_END
};
static const struct shape ids_shape = { ids_fields, NULL };
static const struct shape_field selinux_fields[] = {
    READ(TEXT, "rule"), REPORT(ANY, "seLinuxOptions"), SHAPE_END
};
static const struct shape selinux_shape = { selinux_fields, NULL };
static const struct shape_field path_fields[] = {
    READ(TEXT, "pathPrefix"), REPORT(BOOL, "readOnly"), SHAPE_END
};
static const struct shape path_shape = { path_fields, NULL };
static const struct shape_field spec_fields[] = {
    READ(BOOL, "privileged"), READ(TEXTS, "defaultAddCapabilities"),
    READ(TEXTS, "requiredDropCapabilities"),
    READ(TEXTS, "allowedCapabilities"), READ(TEXTS, "volumes"),
    READ(BOOL, "hostNetwork"), LIST("hostPorts", span_shape),
    READ(BOOL, "hostPID"), READ(BOOL, "hostIPC"),
    OBJECT("seLinux", selinux_shape), OBJECT("runAsUser", ids_shape),
    REPORT(ANY, "runAsGroup"), OBJECT("supplementalGroups", ids_shape),
    OBJECT("fsGroup", ids_shape), READ(BOOL, "readOnlyRootFilesystem"),
    READ(BOOL, "defaultAllowPrivilegeEscalation"),
    READ(BOOL, "allowPrivilegeEscalation"),
    LIST("allowedHostPaths", path_shape), REPORT(ANY, "allowedFlexVolumes"),
    REPORT(ANY, "allowedCSIDrivers"), REPORT(TEXTS, "allowedUnsafeSysctls"),
    REPORT(TEXTS, "forbiddenSysctls"), REPORT(TEXTS, "allowedProcMountTypes"),
    REPORT(ANY, "runtimeClass"), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field psp_fields[] = { OBJECT_FIELDS(spec_shape) };
static const struct shape psp_shape = { psp_fields, NULL };
static const struct object_type psp_type = {
    KIND_PSP, &psp_shape, NAME_SUBDOMAIN
};

/* {rule, ranges}: the rule is one of names, and Must has a range. */
static void check_rule(struct reader *r, const struct at *spec,
                       const char *key, const char *const *names)
{
    struct at field = at_field(spec, key), rule = at_field(&field, "rule");
    struct at ranges = at_field(&field, "ranges");
    const char *word = value_text(rule.v, "");

    if (word_index(names, word) < 0)
        fault_unsupported(r, &rule, names);
    for (size_t i = 0; i < at_len(&ranges); i++) {
        struct at range = at_item(&ranges, i);

        if (get_int(&range, "min", 0) > get_int(&range, "max", 0))
            fault(r, &range, "Invalid", "min cannot be greater than max");
    }
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    static const char *const users[] = { "MustRunAs", "MustRunAsNonRoot",
                                         "RunAsAny", NULL };
    static const char *const groups[] = { "MayRunAs", "MustRunAs", "RunAsAny",
                                          NULL };
    static const char *const labels[] = { "MustRunAs", "RunAsAny", NULL };
    struct psp *p = arena_make(a, struct psp);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &psp_type, &p->meta), "");
    struct at spec = at_field(&root, "spec");

    check_rule(&r, &spec, "runAsUser", users);
    check_rule(&r, &spec, "seLinux", labels);
    check_rule(&r, &spec, "supplementalGroups", groups);
    check_rule(&r, &spec, "fsGroup", groups);
    p->raw = root.v;
    p->spec = spec.v;
    return &p->meta;
}

const struct kind_ops kind_PSP = {
    .size = sizeof(struct psp),
    .copy_status = copy_no_status, .spec_changed = spec_never_changes,
    .decode = decode,
};
