/*
 * pod.c - the Pod object: fields, defaults, validation.
 *
 * A Pod given as a manifest is its own template: metadata and spec.
 *
 * Source: pkg/apis/core/v1/defaults.go, core/validation, Kubernetes 1.36.
 */
#include "models/pod.h"

#include <string.h>

#include "base/vec.h"
#include "read.h"

const char *const pod_phase_names[5] = { "Pending", "Running", "Succeeded",
                                         "Failed", "Unknown" };

bool pod_has_volume(const struct pod *p, const char *source)
{
    const struct value *list = value_at(p->template->raw, "spec.volumes");

    for (size_t i = 0; list && list->type == VALUE_LIST && i < list->len; i++)
        if (value_get(list->u.items[i], source))
            return true;
    return false;
}

static const struct shape_field pod_fields[] = {
    OBJECT_FIELDS(shape_pod_spec)
};
static const struct shape pod_shape = { pod_fields, NULL };
static const struct object_type pod_type = {
    KIND_POD, &pod_shape, NAME_SUBDOMAIN
};

/* {metadata: {labels, annotations}, spec} of a Pod. */
static const struct value *template_of(struct arena *a, const struct at *root)
{
    static const char *const kept[] = { "labels", "annotations" };
    struct at meta = at_field(root, "metadata"), spec = at_field(root, "spec");
    VEC(struct member) members = { 0 };
    struct member *both = arena_many(a, struct member, 2);

    for (size_t i = 0; i < 2; i++) {
        struct at at = at_field(&meta, kept[i]);

        if (at.v)
            vec_push(a, &members, ((struct member){ .key = kept[i],
                                                    .value = at.v }));
    }
    both[0] = (struct member){ .key = "metadata", .value =
        value_map(a, members.items, members.len, NULL) };
    both[1] = (struct member){ .key = "spec", .value = spec.v };
    return value_map(a, both, 2, NULL);
}

/* Templates may have blanks around an image, Pods may not. */
static void check_images(struct reader *r, const struct at *spec)
{
    static const char *const lists[] = { "containers", "initContainers" };

    for (size_t l = 0; l < 2; l++) {
        struct at list = at_field(spec, lists[l]);

        for (size_t i = 0; i < at_len(&list); i++) {
            struct at item = at_item(&list, i);
            struct at image = at_field(&item, "image");
            const char *text = value_text(image.v, "x");

            if (strchr(" \t\n", text[0])
                || strchr(" \t\n", text[strlen(text) - 1]))
                fault(r, &image, "Invalid", "must not begin or end with a "
                      "blank");
        }
    }
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct pod *p = arena_make(a, struct pod);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &pod_type, &p->meta), "");
    struct at spec = at_field(&root, "spec");

    check_pod_spec(&r, &spec, NULL);
    check_images(&r, &spec);
    p->template = template_make(a, template_of(a, &root));
    p->ready_changed = p->started = p->finished = SIM_NEVER;
    return &p->meta;
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    struct pod *to = pod_of(dst);
    const struct pod *from = pod_seen(src);

    to->phase = from->phase;
    to->ready = from->ready;
    to->unschedulable = from->unschedulable;
    to->nominated = from->nominated;
    to->initialized = from->initialized;
    to->containers_ready = from->containers_ready;
    to->gates |= from->gates;   /* each writer knows its own conditions */
    to->ready_changed = from->ready_changed;
    to->started = from->started;
    to->restarts = from->restarts;
    to->max_restarts = from->max_restarts;
    to->max_sidecar_restarts = from->max_sidecar_restarts;
    to->waiting = from->waiting;
    to->reason = from->reason;
    to->ip = from->ip;
    to->finished = from->finished;
    to->exit_code = from->exit_code;
    to->exit_container = from->exit_container;
    to->disruption = from->disruption;
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    return pod_seen(a)->template != pod_seen(b)->template;
}

const struct kind_ops kind_POD = {
    .size = sizeof(struct pod), .namespaced = true, .graceful = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode,
};
