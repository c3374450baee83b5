/*
 * meta.c - metadata of objects, and what every document has.
 *
 * What the server fills in (uid, resourceVersion, managedFields, status, ...)
 * is accepted, as `kubectl get -o yaml` prints it, and forgotten.
 *
 * Differs from the API server: it refuses a resourceVersion on creation, and
 * draws the end of a generated name; here the end comes from the text of the
 * manifest, so that the same manifest has the same name in every replication.
 *
 * Source: apimachinery pkg/api/validation/objectmeta.go, Kubernetes 1.36.
 */
#include "read.h"

#include <string.h>


static const struct shape_field metadata_fields[] = {
    READ(TEXT, "name"), READ(TEXT, "generateName"), READ(TEXT, "namespace"),
    READ(LABELS, "labels"), READ(LABELS, "annotations"),
    READ(TEXTS, "finalizers"), DROP("ownerReferences"),
    DROP("creationTimestamp"), DROP("deletionTimestamp"),
    DROP("deletionGracePeriodSeconds"), DROP("uid"), DROP("resourceVersion"),
    DROP("generation"), DROP("managedFields"), DROP("selfLink"),
    DROP("clusterName"), SHAPE_END
};
const struct shape shape_metadata = { metadata_fields, NULL };

const char *object_generated_name(struct arena *a, const char *prefix,
                                  const struct value *v)
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    struct buf text = { 0 };
    char end[6] = "";
    uint64_t hash;

    value_canonical(&text, v);
    hash = fnv64(FNV_START, text.text, text.len);
    buf_free(&text);
    for (size_t i = 0; i < 5; i++, hash /= 27)
        end[i] = letters[hash % 27];
    return arena_printf(a, "%.58s%s", prefix, end);
}

/* A name, or a prefix for one, in the form of the kind; labels; finalizers. */
static void check_metadata(struct reader *r, const struct at *meta,
                           const struct object_type *t)
{
    struct at name = at_field(meta, "name");
    struct at generate = at_field(meta, "generateName");
    struct at space = at_field(meta, "namespace");
    struct at labels = at_field(meta, "labels");
    struct at annotations = at_field(meta, "annotations");
    struct at finalizers = at_field(meta, "finalizers");

    if (generate.v)
        check_name(r, &generate, t->name_form, true);
    if (name.v)
        check_name(r, &name, t->name_form, false);
    else if (generate.v == NULL)
        fault_required(r, &name);
    if (space.v && kind_ops_of(t->kind)->namespaced)
        check_name(r, &space, NAME_LABEL, false);
    check_labels(r, &labels);
    check_annotations(r, &annotations);
    for (size_t i = 0; i < at_len(&finalizers); i++)
        check_qualified(r, &finalizers,
                        value_text(finalizers.v->u.items[i], ""));
}

void copy_no_status(struct meta *dst, const struct meta *src)
{
    (void)dst;
    (void)src;
}

bool spec_never_changes(const struct meta *a, const struct meta *b)
{
    (void)a;
    (void)b;
    return false;
}

const struct value *object_read(struct reader *r, const struct value *v,
                                const struct object_type *t, struct meta *m)
{
    struct at root = at_root(v, ""), meta;
    bool namespaced = kind_ops_of(t->kind)->namespaced;
    size_t n;

    root.v = shape_read(r, &root, t->shape);
    meta = at_field(&root, "metadata");
    check_metadata(r, &meta, t);
    *m = (struct meta){ .kind = t->kind, .deleted = SIM_NEVER };
    m->name = get_text(&meta, "name", "");
    if (*m->name == '\0' && get_text(&meta, "generateName", NULL))
        m->name = object_generated_name(
            r->arena, get_text(&meta, "generateName", ""), root.v);
    m->space = namespaced ? get_text(&meta, "namespace", "default") : "";
    m->labels = labels_from(r->arena, at_field(&meta, "labels").v);
    m->annotations = labels_from(r->arena, at_field(&meta, "annotations").v);
    m->finalizers = get_texts(r->arena, &meta, "finalizers", &n);
    return root.v;
}
