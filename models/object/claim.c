/*
 * claim.c - the PersistentVolumeClaim and ControllerRevision objects.
 *
 * Revisions are made by controllers only, so they are not read.
 *
 * Source: core/validation ValidatePersistentVolumeClaimSpec, Kubernetes 1.36
 * (reference 9.1).
 */
#include "models/claim.h"

#include "models/revision.h"
#include "read.h"

static const struct shape_field resources_fields[] = {
    READ(QUANTITIES, "requests"), READ(QUANTITIES, "limits"), SHAPE_END
};
static const struct shape resources_shape = { resources_fields, NULL };
static const struct shape_field claim_spec_fields[] = {
    READ(TEXTS, "accessModes"), OBJECT("selector", shape_selector),
    OBJECT_DEF("resources", resources_shape), READ(TEXT, "volumeName"),
    KEEP(TEXT, "storageClassName", NULL),
    READ_DEF(TEXT, "volumeMode", "Filesystem"), REPORT(ANY, "dataSource"),
    REPORT(ANY, "dataSourceRef"), SILENT(TEXT, "volumeAttributesClassName"),
    SHAPE_END
};
const struct shape shape_claim_spec = { claim_spec_fields, NULL };
static const struct shape_field claim_fields[] = {
    OBJECT_FIELDS(shape_claim_spec)
};
static const struct shape claim_shape = { claim_fields, NULL };
static const struct object_type claim_type = {
    KIND_CLAIM, &claim_shape, NAME_SUBDOMAIN
};

static const char *const access_modes[] = {
    "ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod", NULL
};

unsigned access_make(const struct at *spec)
{
    struct at list = at_field(spec, "accessModes");
    unsigned set = 0;

    for (size_t i = 0; i < at_len(&list); i++) {
        int mode = word_index(access_modes,
                              value_text(list.v->u.items[i], ""));

        if (mode >= 0)
            set |= 1U << mode;
    }
    return set;
}

/* ReadWriteOncePod excludes the others. */
void check_access(struct reader *r, const struct at *spec)
{
    struct at list = at_field(spec, "accessModes");
    unsigned set = access_make(spec);

    if (at_len(&list) == 0)
        diag_help(r->errors, fault_required(r, &list),
                  "for example accessModes: [ReadWriteOnce]");
    for (size_t i = 0; i < at_len(&list); i++)
        if (word_index(access_modes, value_text(list.v->u.items[i], "")) < 0)
            fault_unsupported(r, &(struct at){ .v = list.v->u.items[i],
                              .up = list.up, .key = list.key }, access_modes);
    if ((set & ACCESS_ONE_POD) && set != ACCESS_ONE_POD)
        fault_forbidden(r, &list, "may not name ReadWriteOncePod and others");
}

struct claim_spec claim_spec_make(struct arena *a, const struct at *spec,
                                  const char *name)
{
    struct claim_spec s = { .name = name };
    struct at resources = at_field(spec, "resources");
    struct at requests = at_field(&resources, "requests");
    struct quantity q;

    s.storage_class = get_text(spec, "storageClassName", NULL);
    s.access = access_make(spec);
    s.mode = get_text(spec, "volumeMode", "Filesystem");
    s.volume = get_text(spec, "volumeName", NULL);
    s.selector = selector_from(a, at_field(spec, "selector").v, NULL);
    if (parse_quantity(get_text(&requests, "storage", ""), &q, NULL))
        s.bytes = quantity_value(q);
    return s;
}

/* A claim says how it is mounted and how much it asks for. */
static void check_spec(struct reader *r, const struct at *spec)
{
    static const char *const kinds[] = { "Filesystem", "Block", NULL };
    struct at resources = at_field(spec, "resources");
    struct at requests = at_field(&resources, "requests");
    struct at selector = at_field(spec, "selector");

    check_selector(r, &selector);
    check_access(r, spec);
    check_word(r, spec, "volumeMode", kinds, 0);
    if (!requests.v || value_get(requests.v, "storage") == NULL)
        fault_required(r, &(struct at){ .up = &resources,
                       .key = "storage", .entry = true });
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct claim *c = arena_make(a, struct claim);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &claim_type, &c->meta), "");
    struct at spec = at_field(&root, "spec");

    check_spec(&r, &spec);
    c->spec = claim_spec_make(a, &spec, "");
    c->raw = root.v;
    return &c->meta;
}

static void copy_claim_status(struct meta *dst, const struct meta *src)
{
    claim_of(dst)->phase = claim_seen(src)->phase;
}

/* Only its size may change. */
static bool claim_changed(const struct meta *a, const struct meta *b)
{
    return claim_seen(a)->spec.bytes != claim_seen(b)->spec.bytes;
}

const struct kind_ops kind_CLAIM = {
    .size = sizeof(struct claim), .namespaced = true,
    .copy_status = copy_claim_status, .spec_changed = claim_changed,
    .decode = decode,
};
const struct kind_ops kind_REVISION = {
    .size = sizeof(struct controllerrevision), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_never_changes,
};
