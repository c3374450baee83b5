/*
 * replicaset.c - the ReplicaSet and ReplicationController objects: fields,
 * defaults, validation.
 *
 * A ReplicationController is its elder: a selector of equalities only, which
 * are the labels of the template if it has none.  Both are one struct here.
 *
 * Source: pkg/apis/apps/v1/defaults.go, pkg/apis/core/v1/defaults.go and
 * validation.go beside them, Kubernetes 1.36.
 */
#include "models/workload.h"

#include "read.h"

static const struct shape_field spec_fields[] = {
    READ_DEF(INT, "replicas", "1"), READ_DEF(INT, "minReadySeconds", "0"),
    OBJECT("selector", shape_selector),
    OBJECT_DEF("template", shape_template), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field replicaset_fields[] = {
    OBJECT_FIELDS(spec_shape)
};
static const struct shape replicaset_shape = { replicaset_fields, NULL };
static const struct object_type replicaset_type = {
    KIND_REPLICASET, &replicaset_shape, NAME_SUBDOMAIN
};

static void check_spec(struct reader *r, const struct at *spec)
{
    struct at selector = at_field(spec, "selector");
    struct at template = at_field(spec, "template");

    check_not_negative(r, spec, "replicas");
    check_not_negative(r, spec, "minReadySeconds");
    check_selector_required(r, &selector, "ReplicaSet");
    check_template_labels(r, &selector, &template);
    check_template(r, &template, NULL);
    check_lives_for_ever(r, &template, "ReplicaSet");
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct replicaset *rs = arena_make(a, struct replicaset);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &replicaset_type, &rs->meta),
                             "");
    struct at spec = at_field(&root, "spec");

    check_spec(&r, &spec);
    rs->replicas = (int)get_int(&spec, "replicas", 1);
    rs->min_ready_s = (int)get_int(&spec, "minReadySeconds", 0);
    rs->selector = selector_from(a, at_field(&spec, "selector").v, NULL);
    rs->template = template_make(a, at_field(&spec, "template").v);
    rs->desired = rs->max = -1;
    rs->raw = root.v;
    return &rs->meta;
}

/* ---- ReplicationController ------------------------------------------------ */

static const struct value *complete_rc(struct arena *a, const struct value *v)
{
    const struct value *labels = value_at(v, "template.metadata.labels");
    const struct value *selector = value_get(v, "selector");

    if (!labels || (selector && selector->len > 0))
        return v;
    return value_set(a, v, "selector", labels);
}

static const struct shape_field rc_spec_fields[] = {
    READ_DEF(INT, "replicas", "1"), READ_DEF(INT, "minReadySeconds", "0"),
    READ(LABELS, "selector"), OBJECT_DEF("template", shape_template),
    SHAPE_END
};
static const struct shape rc_spec_shape = { rc_spec_fields, complete_rc };
static const struct shape_field rc_fields[] = { OBJECT_FIELDS(rc_spec_shape) };
static const struct shape rc_shape = { rc_fields, NULL };
static const struct object_type rc_type = {
    KIND_RC, &rc_shape, NAME_SUBDOMAIN
};

static void check_rc(struct reader *r, const struct at *spec)
{
    struct at selector = at_field(spec, "selector");
    struct at template = at_field(spec, "template");
    struct at meta = at_field(&template, "metadata");
    struct at labels = at_field(&meta, "labels");

    check_not_negative(r, spec, "replicas");
    check_not_negative(r, spec, "minReadySeconds");
    if (at_len(&selector) == 0)
        fault_required(r, &selector);
    else if (!selector_match(selector_from_map(r->arena, selector.v),
                             labels_from(r->arena, labels.v)))
        fault(r, &labels, "Invalid", "do not match the selector");
    check_labels(r, &selector);
    check_template(r, &template, NULL);
    check_lives_for_ever(r, &template, "ReplicationController");
}

static struct meta *decode_rc(struct arena *a, const struct value *v,
                              struct err_list *errors)
{
    struct replicaset *rs = arena_make(a, struct replicaset);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &rc_type, &rs->meta), "");
    struct at spec = at_field(&root, "spec");

    check_rc(&r, &spec);
    rs->replicas = (int)get_int(&spec, "replicas", 1);
    rs->min_ready_s = (int)get_int(&spec, "minReadySeconds", 0);
    rs->selector = selector_from_map(a, at_field(&spec, "selector").v);
    rs->template = template_make(a, at_field(&spec, "template").v);
    rs->desired = rs->max = -1;
    rs->raw = root.v;
    return &rs->meta;
}

/* ---- both --------------------------------------------------------------------- */

static void copy_status(struct meta *dst, const struct meta *src)
{
    struct replicaset *to = replicaset_of(dst);
    const struct replicaset *from = replicaset_seen(src);

    to->status_replicas = from->status_replicas;
    to->fully_labeled = from->fully_labeled;
    to->ready = from->ready;
    to->available = from->available;
    to->terminating = from->terminating;
    to->observed_generation = from->observed_generation;
    to->replica_failure = from->replica_failure;
}

static bool spec_changed(const struct meta *ma, const struct meta *mb)
{
    const struct replicaset *a = replicaset_seen(ma);
    const struct replicaset *b = replicaset_seen(mb);

    return a->replicas != b->replicas || a->min_ready_s != b->min_ready_s
        || !selector_equal(a->selector, b->selector)
        || a->template->identity != b->template->identity;
}

const struct kind_ops kind_REPLICASET = {
    .size = sizeof(struct replicaset), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode,
};
const struct kind_ops kind_RC = {
    .size = sizeof(struct replicaset), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode_rc,
};
