/*
 * volume.c - the PersistentVolume, StorageClass and VolumeAttachment objects.
 *
 * A volume says how large it is, who may mount it, on which nodes, and what it
 * is: NFS, hostPath, local and the like are mounted where they are, everything
 * else is a disk that is attached to a node first.  A volume with a zone among
 * its labels and no nodeAffinity is of that zone.
 *
 * Not modelled: parameters and mountOptions of a class (its provisioner makes
 * what is asked for), expansion, reclaim policy Recycle.
 *
 * Source: core/validation ValidatePersistentVolume, storage/validation,
 * Kubernetes 1.36 (reference 9.1).
 */
#include "models/volume.h"

#include <string.h>

#include "read.h"

#define ZONE "topology.kubernetes.io/zone"

/* ---- PersistentVolume --------------------------------------------------- */

static const struct shape_field reference_fields[] = {
    SILENT(TEXT, "apiVersion"), SILENT(TEXT, "kind"), READ(TEXT, "name"),
    READ(TEXT, "namespace"), DROP("uid"), DROP("resourceVersion"),
    DROP("fieldPath"), SHAPE_END
};
static const struct shape reference_shape = { reference_fields, NULL };
static const struct shape_field affinity_fields[] = {
    OBJECT("required", shape_node_selector), SHAPE_END
};
static const struct shape affinity_shape = { affinity_fields, NULL };
static const struct shape_field volume_spec_fields[] = {
    READ(QUANTITIES, "capacity"), READ(TEXTS, "accessModes"),
    READ_DEF(TEXT, "persistentVolumeReclaimPolicy", "Retain"),
    READ(TEXT, "storageClassName"),
    READ_DEF(TEXT, "volumeMode", "Filesystem"),
    OBJECT("claimRef", reference_shape), OBJECT("nodeAffinity", affinity_shape),
    SILENT(TEXTS, "mountOptions"), SILENT(TEXT, "volumeAttributesClassName"),
    READ(ANY, "hostPath"), READ(ANY, "local"), READ(ANY, "nfs"),
    READ(ANY, "cephfs"), READ(ANY, "glusterfs"), READ(ANY, "azureFile"),
    READ(ANY, "quobyte"), READ(ANY, "flocker"), READ(ANY, "csi"),
    READ(ANY, "awsElasticBlockStore"), READ(ANY, "gcePersistentDisk"),
    READ(ANY, "azureDisk"), READ(ANY, "cinder"), READ(ANY, "vsphereVolume"),
    READ(ANY, "fc"), READ(ANY, "iscsi"), READ(ANY, "rbd"),
    READ(ANY, "flexVolume"), READ(ANY, "photonPersistentDisk"),
    READ(ANY, "portworxVolume"), READ(ANY, "scaleIO"), READ(ANY, "storageos"),
    SHAPE_END
};
static const struct shape volume_spec_shape = { volume_spec_fields, NULL };
static const struct shape_field volume_fields[] = {
    OBJECT_FIELDS(volume_spec_shape)
};
static const struct shape volume_shape = { volume_fields, NULL };
static const struct object_type volume_type = {
    KIND_VOLUME, &volume_shape, NAME_SUBDOMAIN
};

static const char *const in_place[] = { "hostPath", "local", "nfs", "cephfs",
    "glusterfs", "azureFile", "quobyte", "flocker", NULL };
static const char *const disks[] = { "csi", "awsElasticBlockStore",
    "gcePersistentDisk", "azureDisk", "cinder", "vsphereVolume", "fc", "iscsi",
    "rbd", "flexVolume", "photonPersistentDisk", "portworxVolume", "scaleIO",
    "storageos", NULL };

/* How many of these fields are there? */
static int count_of(const struct at *spec, const char *const *names)
{
    int n = 0;

    for (size_t i = 0; names[i]; i++)
        n += at_field(spec, names[i]).v != NULL;
    return n;
}

/* One kind of storage; local storage says on which node. */
static void check_source(struct reader *r, const struct at *spec)
{
    int n = count_of(spec, in_place) + count_of(spec, disks);
    struct at affinity = at_field(spec, "nodeAffinity");

    if (n == 0)
        diag_help(r->errors, fault(r, spec, "Required", "must say what the "
                  "volume is"), "for example csi: {driver: ebs.csi.aws.com, "
                  "volumeHandle: vol-1}");
    else if (n > 1)
        fault_forbidden(r, spec, "may not be more than one kind of volume");
    if (at_field(spec, "local").v && affinity.v == NULL)
        diag_help(r->errors, fault_required(r, &affinity),
                  "a local volume is on one node: say which");
}

static void check_volume(struct reader *r, const struct at *spec)
{
    static const char *const modes[] = { "Filesystem", "Block", NULL };
    static const char *const policies[] = { "Retain", "Delete", "Recycle",
                                            NULL };
    struct at capacity = at_field(spec, "capacity");
    struct at affinity = at_field(spec, "nodeAffinity");
    struct at required = at_field(&affinity, "required");

    check_access(r, spec);
    if (!capacity.v || value_get(capacity.v, "storage") == NULL)
        fault_required(r, &(struct at){ .up = &capacity, .key = "storage",
                       .entry = true });
    check_word(r, spec, "volumeMode", modes, 0);
    check_word(r, spec, "persistentVolumeReclaimPolicy", policies, 0);
    check_node_terms(r, &required);
    check_source(r, spec);
}

/* One term: the label key is one of these values. */
static const struct node_term *term_of(struct arena *a, const char *key,
                                       const char *const *values, size_t n)
{
    struct requirement *q = arena_make(a, struct requirement);
    struct selector *s = arena_make(a, struct selector);
    struct node_term *term = arena_make(a, struct node_term);

    *q = (struct requirement){ key, SELECT_IN, values, n };
    *s = (struct selector){ q, 1 };
    term->labels = s;
    return term;
}

static void make_volume(struct arena *a, struct volume *v,
                        const struct at *spec)
{
    struct at capacity = at_field(spec, "capacity");
    struct at claim = at_field(spec, "claimRef");
    struct at affinity = at_field(spec, "nodeAffinity");
    struct at required = at_field(&affinity, "required");
    const char *zone = labels_get(v->meta.labels, ZONE);
    struct quantity q;

    if (parse_quantity(get_text(&capacity, "storage", ""), &q, NULL))
        v->bytes = quantity_value(q);
    v->access = access_make(spec);
    v->storage_class = get_text(spec, "storageClassName", "");
    v->mode = get_text(spec, "volumeMode", "Filesystem");
    v->disk = count_of(spec, disks) > 0;
    v->keep = strcmp(get_text(spec, "persistentVolumeReclaimPolicy", ""),
                     "Delete") != 0;
    v->claim_name = get_text(&claim, "name", NULL);
    v->claim_space = v->claim_name ? get_text(&claim, "namespace", "default")
                                   : NULL;
    v->pinned = required.v || zone;
    v->terms = node_terms_make(a, &required, &v->nterms);
    if (!required.v && zone) {
        const char **one = arena_make(a, const char *);

        *one = zone;
        v->terms = term_of(a, ZONE, one, 1);
        v->nterms = 1;
    }
}

static struct meta *decode_volume(struct arena *a, const struct value *given,
                                  struct err_list *errors)
{
    struct volume *v = arena_make(a, struct volume);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, given, &volume_type, &v->meta),
                             "");
    struct at spec = at_field(&root, "spec");

    check_volume(&r, &spec);
    make_volume(a, v, &spec);
    v->raw = root.v;
    return &v->meta;
}

static void copy_volume_status(struct meta *dst, const struct meta *src)
{
    volume_of(dst)->phase = volume_seen(src)->phase;
}

static bool volume_changed(const struct meta *a, const struct meta *b)
{
    return volume_seen(a)->claim_name != volume_seen(b)->claim_name
        || volume_seen(a)->keep != volume_seen(b)->keep;
}

/* ---- StorageClass ------------------------------------------------------- */

static const struct shape_field topology_fields[] = {
    READ(TEXT, "key"), READ(TEXTS, "values"), SHAPE_END
};
static const struct shape topology_shape = { topology_fields, NULL };
static const struct shape_field topologies_fields[] = {
    LIST("matchLabelExpressions", topology_shape), SHAPE_END
};
static const struct shape topologies_shape = { topologies_fields, NULL };
static const struct shape_field class_fields[] = {
    SILENT(TEXT, "apiVersion"), SILENT(TEXT, "kind"),
    OBJECT_DEF("metadata", shape_metadata), READ(TEXT, "provisioner"),
    SILENT(LABELS, "parameters"), READ_DEF(TEXT, "reclaimPolicy", "Delete"),
    SILENT(TEXTS, "mountOptions"), SILENT(BOOL, "allowVolumeExpansion"),
    READ_DEF(TEXT, "volumeBindingMode", "Immediate"),
    LIST("allowedTopologies", topologies_shape), SHAPE_END
};
static const struct shape class_shape = { class_fields, NULL };
static const struct object_type class_type = {
    KIND_CLASS, &class_shape, NAME_SUBDOMAIN
};

/* All expressions of one term, as requirements on labels. */
static struct node_term topology_of(struct arena *a, const struct at *term)
{
    struct at list = at_field(term, "matchLabelExpressions");
    struct requirement *items = arena_many(a, struct requirement,
                                           at_len(&list));
    struct selector *s = arena_make(a, struct selector);

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);

        items[i].key = get_text(&item, "key", "");
        items[i].op = SELECT_IN;
        items[i].values = get_texts(a, &item, "values", &items[i].len);
    }
    *s = (struct selector){ items, at_len(&list) };
    return (struct node_term){ .labels = s };
}

static void check_class(struct reader *r, const struct at *root)
{
    static const char *const modes[] = { "Immediate", "WaitForFirstConsumer",
                                         NULL };
    static const char *const policies[] = { "Delete", "Retain", NULL };
    struct at provisioner = at_field(root, "provisioner");

    if (provisioner.v == NULL)
        diag_help(r->errors, fault_required(r, &provisioner),
                  "kubernetes.io/no-provisioner if people make the volumes");
    check_word(r, root, "volumeBindingMode", modes, 0);
    check_word(r, root, "reclaimPolicy", policies, 0);
}

static struct meta *decode_class(struct arena *a, const struct value *v,
                                 struct err_list *errors)
{
    struct storage_class *c = arena_make(a, struct storage_class);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &class_type, &c->meta), "");
    struct at list = at_field(&root, "allowedTopologies");
    struct node_term *terms = arena_many(a, struct node_term, at_len(&list));
    const char *name = get_text(&root, "provisioner", "");
    const char *mark = labels_get(c->meta.annotations,
                                  "storageclass.kubernetes.io/"
                                  "is-default-class");

    check_class(&r, &root);
    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);

        terms[i] = topology_of(a, &item);
    }
    c->provisioner = strcmp(name, "kubernetes.io/no-provisioner") ? name
                                                                  : NULL;
    c->waits = strcmp(get_text(&root, "volumeBindingMode", ""),
                      "WaitForFirstConsumer") == 0;
    c->keep = strcmp(get_text(&root, "reclaimPolicy", ""), "Retain") == 0;
    c->is_default = mark && strcmp(mark, "true") == 0;
    c->topologies = terms;
    c->ntopologies = at_len(&list);
    c->raw = root.v;
    return &c->meta;
}

/* ---- VolumeAttachment --------------------------------------------------- */

static void copy_attached(struct meta *dst, const struct meta *src)
{
    attachment_of(dst)->attached = attachment_seen(src)->attached;
}

const struct kind_ops kind_VOLUME = {
    .size = sizeof(struct volume), .copy_status = copy_volume_status,
    .spec_changed = volume_changed, .decode = decode_volume,
};
const struct kind_ops kind_CLASS = {
    .size = sizeof(struct storage_class), .copy_status = copy_no_status,
    .spec_changed = spec_never_changes, .decode = decode_class,
};
const struct kind_ops kind_ATTACHMENT = {
    .size = sizeof(struct attachment), .copy_status = copy_attached,
    .spec_changed = spec_never_changes,
};
