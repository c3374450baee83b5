/*
 * node.c - the Node object: fields, defaults, validation.
 *
 * Nodes come from the scenario's cluster.nodes; one given as a manifest is
 * what `kubectl get node -o yaml` prints: its allocatable is its size.
 *
 * Source: core/validation, Kubernetes 1.36.
 */
#include "models/node.h"

#include <string.h>

#include "read.h"

static const struct shape_field taint_fields[] = {
    READ(TEXT, "key"), READ(TEXT, "value"), READ(TEXT, "effect"),
    DROP("timeAdded"), SHAPE_END
};
static const struct shape taint_shape = { taint_fields, NULL };
static const struct shape_field spec_fields[] = {
    READ_DEF(BOOL, "unschedulable", "false"), LIST("taints", taint_shape),
    SILENT(TEXT, "providerID"), SILENT(TEXT, "podCIDR"),
    SILENT(TEXTS, "podCIDRs"), SILENT(ANY, "configSource"),
    SILENT(TEXT, "externalID"), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field status_fields[] = {
    READ(QUANTITIES, "allocatable"), READ(QUANTITIES, "capacity"),
    DROP("conditions"), DROP("addresses"), DROP("daemonEndpoints"),
    DROP("nodeInfo"), DROP("images"), DROP("volumesInUse"),
    DROP("volumesAttached"), DROP("config"), DROP("phase"),
    DROP("runtimeHandlers"), DROP("features"), DROP("declaredFeatures"),
    SHAPE_END
};
static const struct shape status_shape = { status_fields, NULL };
static const struct shape_field node_fields[] = {
    SILENT(TEXT, "apiVersion"), SILENT(TEXT, "kind"),
    OBJECT_DEF("metadata", shape_metadata), OBJECT_DEF("spec", spec_shape),
    OBJECT("status", status_shape), SHAPE_END
};
static const struct shape node_shape = { node_fields, NULL };
static const struct object_type node_type = {
    KIND_NODE, &node_shape, NAME_SUBDOMAIN
};

/* A taint has a key and an effect. */
static void check_taint(struct reader *r, const struct at *taint)
{
    static const char *const effects[] = { "NoSchedule", "PreferNoSchedule",
                                           "NoExecute", NULL };
    struct at key = at_field(taint, "key"), value = at_field(taint, "value");
    struct at effect = at_field(taint, "effect");

    check_qualified(r, &key, value_text(key.v, ""));
    check_label_value(r, &value, value_text(value.v, ""));
    if (effect.v == NULL)
        fault_required(r, &effect);
    else
        check_word(r, taint, "effect", effects, 0);
}

/* One entry of allocatable; fallback if it is not there. */
static int64_t amount(const struct at *status, const char *name, bool milli,
                      int64_t fallback)
{
    struct at list = at_field(status, "allocatable");
    const char *text = list.v ? value_text(value_get(list.v, name), NULL)
                              : NULL;
    struct quantity q;

    if (text == NULL || !parse_quantity(text, &q, NULL))
        return fallback;
    return milli ? quantity_milli(q) : quantity_value(q);
}

/* The typed form of a validated node. */
static void make(struct arena *a, struct node *n, const struct at *root)
{
    struct at spec = at_field(root, "spec"), status = at_field(root, "status");
    struct at list = at_field(&spec, "taints");
    struct taint *taints = arena_many(a, struct taint, at_len(&list));
    const char *zone = labels_get(n->meta.labels,
                                  "topology.kubernetes.io/zone");

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);

        taints[i].key = get_text(&item, "key", "");
        taints[i].value = get_text(&item, "value", "");
        taints[i].effect = get_text(&item, "effect", "");
    }
    n->unschedulable = get_bool(&spec, "unschedulable", false);
    n->taints = taints;
    n->ntaints = at_len(&list);
    n->cpu_milli = amount(&status, "cpu", true, 0);
    n->memory_bytes = amount(&status, "memory", false, 0);
    n->pods = (int)amount(&status, "pods", false, 110);
    n->zone = zone ? zone : "";
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct node *n = arena_make(a, struct node);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &node_type, &n->meta), "");
    struct at spec = at_field(&root, "spec");
    struct at taints = at_field(&spec, "taints");

    for (size_t i = 0; i < at_len(&taints); i++) {
        struct at item = at_item(&taints, i);

        check_taint(&r, &item);
    }
    make(a, n, &root);
    return &n->meta;
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    struct node *to = node_of(dst);
    const struct node *from = node_seen(src);

    to->cpu_milli = from->cpu_milli;
    to->memory_bytes = from->memory_bytes;
    to->pods = from->pods;
    to->ready = from->ready;
    to->images = from->images;
    to->nimages = from->nimages;
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    return node_seen(a)->unschedulable != node_seen(b)->unschedulable
        || node_seen(a)->taints != node_seen(b)->taints;
}

const struct kind_ops kind_NODE = {
    .size = sizeof(struct node), .copy_status = copy_status,
    .spec_changed = spec_changed, .decode = decode,
};
