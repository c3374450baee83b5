/*
 * budget.c - the PodDisruptionBudget object: fields and validation.
 *
 * Source: pkg/apis/policy/validation, Kubernetes 1.36 (reference 3.6).
 */
#include "models/budget.h"

#include <string.h>

#include "read.h"

static const struct shape_field spec_fields[] = {
    READ(INT_OR_TEXT, "minAvailable"), READ(INT_OR_TEXT, "maxUnavailable"),
    OBJECT("selector", shape_selector),
    READ(TEXT, "unhealthyPodEvictionPolicy"), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field pdb_fields[] = { OBJECT_FIELDS(spec_shape) };
static const struct shape pdb_shape = { pdb_fields, NULL };
static const struct object_type pdb_type = {
    KIND_PDB, &pdb_shape, NAME_SUBDOMAIN
};

/* Not both numbers; neither over 100 %. */
static void check_spec(struct reader *r, const struct at *spec)
{
    static const char *const policies[] = { "AlwaysAllow", "IfHealthyBudget",
                                            NULL };
    struct at min = at_field(spec, "minAvailable");
    struct at max = at_field(spec, "maxUnavailable");
    struct at selector = at_field(spec, "selector");

    if (min.v && max.v)
        diag_help(r->errors, fault(r, spec, "Invalid", "may not have both "
                  "minAvailable and maxUnavailable"), "remove one of them");
    check_int_or_percent(r, &min);
    check_percent_at_most_100(r, &min);
    check_int_or_percent(r, &max);
    check_percent_at_most_100(r, &max);
    check_selector(r, &selector);
    check_word(r, spec, "unhealthyPodEvictionPolicy", policies, 0);
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct budget *b = arena_make(a, struct budget);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &pdb_type, &b->meta), "");
    struct at spec = at_field(&root, "spec");

    check_spec(&r, &spec);
    b->terms.max_given = at_field(&spec, "maxUnavailable").v != NULL;
    b->terms.value = get_int_or_percent(&spec, b->terms.max_given
                                        ? "maxUnavailable" : "minAvailable");
    b->selector = selector_from(a, at_field(&spec, "selector").v, NULL);
    b->always_allow = strcmp(get_text(&spec, "unhealthyPodEvictionPolicy",
                                      ""), "AlwaysAllow") == 0;
    b->raw = root.v;
    return &b->meta;
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    struct budget *to = budget_of(dst);
    const struct budget *from = budget_seen(src);

    to->observed_generation = from->observed_generation;
    to->status = from->status;
    to->disrupted = from->disrupted;
    to->ndisrupted = from->ndisrupted;
    to->disruption_allowed = from->disruption_allowed;
}

static bool spec_changed(const struct meta *ma, const struct meta *mb)
{
    const struct budget *a = budget_seen(ma), *b = budget_seen(mb);

    return a->terms.max_given != b->terms.max_given
        || a->terms.value.percent != b->terms.value.percent
        || a->terms.value.value != b->terms.value.value
        || !selector_equal(a->selector, b->selector)
        || a->always_allow != b->always_allow;
}

const struct kind_ops kind_PDB = {
    .size = sizeof(struct budget), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode,
};
