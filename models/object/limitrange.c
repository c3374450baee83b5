/*
 * limitrange.c - the LimitRange object: fields, defaults, validation.
 *
 * Of a container's item, default is max where it is not given, and
 * defaultRequest is default, else min.
 *
 * Source: pkg/apis/core/v1/defaults.go (SetDefaults_LimitRangeItem) and
 * validation (ValidateLimitRange), Kubernetes 1.36; reference 10.2.
 */
#include "models/limitrange.h"

#include <string.h>

#include "read.h"

static const struct shape_field item_fields[] = {
    READ(TEXT, "type"), READ(QUANTITIES, "max"), READ(QUANTITIES, "min"),
    READ(QUANTITIES, "default"), READ(QUANTITIES, "defaultRequest"),
    READ(QUANTITIES, "maxLimitRequestRatio"), SHAPE_END
};
static const struct shape item_shape = { item_fields, NULL };
static const struct shape_field spec_fields[] = {
    LIST("limits", item_shape), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field range_fields[] = { OBJECT_FIELDS(spec_shape) };
static const struct shape range_shape = { range_fields, NULL };
static const struct object_type range_type = {
    KIND_LIMITRANGE, &range_shape, NAME_SUBDOMAIN
};

const char *const limit_type_names[4] = { "Container", "Pod",
                                          "PersistentVolumeClaim", NULL };

/* ---- validation --------------------------------------------------------- */

/* Every resource of `small` must not be more than it is in `large`. */
static void check_order(struct reader *r, const struct at *item,
                        const char *small, const char *large)
{
    struct at low = at_field(item, small), high = at_field(item, large);
    struct amounts bounds = amounts_from(r->arena, high.v);

    for (size_t i = 0; i < at_len(&low); i++) {
        struct at entry = at_entry(&low, i);
        const struct quantity *most = amounts_get(&bounds, entry.key);
        struct quantity n = { 0 };

        parse_quantity(value_text(entry.v, "0"), &n, NULL);
        if (most && n.nano > most->nano)
            fault(r, &entry, "Invalid", "is %s and more than %s, which is %s",
                  format_quantity(r->arena, n), large,
                  format_quantity(r->arena, *most));
    }
}

static void check_ratio(struct reader *r, const struct at *item)
{
    struct at ratio = at_field(item, "maxLimitRequestRatio");

    for (size_t i = 0; i < at_len(&ratio); i++) {
        struct at entry = at_entry(&ratio, i);
        struct quantity n = { 0 };

        parse_quantity(value_text(entry.v, "0"), &n, NULL);
        if (n.nano < NS_PER_S)
            fault(r, &entry, "Invalid", "must be at least 1");
    }
}

/* What this type cannot have. */
static void check_fields(struct reader *r, const struct at *item,
                         enum limit_type type)
{
    static const char *const defaults[] = { "default", "defaultRequest" };
    struct at min = at_field(item, "min"), max = at_field(item, "max");

    for (size_t i = 0; i < 2 && type == LIMIT_POD; i++) {
        struct at at = at_field(item, defaults[i]);

        if (at_len(&at) > 0)
            fault_forbidden(r, &at, "may not be specified when type is Pod");
    }
    if (type == LIMIT_CLAIM && !value_get(min.v, "storage") &&
        !value_get(max.v, "storage"))
        fault(r, item, "Required", "needs a min or max for storage");
}

static void check_item(struct reader *r, const struct at *limits, size_t i)
{
    struct at item = at_item(limits, i), type = at_field(&item, "type");
    const char *word = value_text(type.v, "");
    int which = word_index(limit_type_names, word);

    if (which < 0) {
        fault_unsupported(r, &type, limit_type_names);
        return;
    }
    for (size_t k = 0; k < i; k++) {
        struct at other = at_item(limits, k);

        if (strcmp(get_text(&other, "type", ""), word) == 0)
            fault(r, &type, "Duplicate", "is here a second time: %s", word);
    }
    check_fields(r, &item, (enum limit_type)which);
    check_order(r, &item, "min", "max");
    check_order(r, &item, "min", "default");
    check_order(r, &item, "min", "defaultRequest");
    check_order(r, &item, "default", "max");
    check_order(r, &item, "defaultRequest", "max");
    check_order(r, &item, "defaultRequest", "default");
    check_ratio(r, &item);
}

/* ---- the object --------------------------------------------------------- */

/* Add what `from` has and s has not. */
static void complete(struct arena *a, struct amounts *s,
                     const struct amounts *from)
{
    for (size_t i = 0; i < from->len; i++)
        if (!amounts_get(s, from->items[i].resource))
            amounts_add(a, s, from->items[i].resource, from->items[i].n);
}

static struct limit_item item_of(struct arena *a, const struct at *at)
{
    int type = word_index(limit_type_names, get_text(at, "type", ""));
    struct limit_item x = {
        .type = type < 0 ? LIMIT_CONTAINER : (enum limit_type)type,
        .min = amounts_from(a, at_field(at, "min").v),
        .max = amounts_from(a, at_field(at, "max").v),
        .ratio = amounts_from(a, at_field(at, "maxLimitRequestRatio").v),
        .limit = amounts_from(a, at_field(at, "default").v),
        .request = amounts_from(a, at_field(at, "defaultRequest").v),
    };

    if (x.type == LIMIT_CONTAINER) {
        complete(a, &x.limit, &x.max);
        complete(a, &x.request, &x.limit);
        complete(a, &x.request, &x.min);
    }
    return x;
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct limit_range *l = arena_make(a, struct limit_range);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &range_type, &l->meta), "");
    struct at spec = at_field(&root, "spec");
    struct at limits = at_field(&spec, "limits");
    struct limit_item *items = arena_many(a, struct limit_item,
                                          at_len(&limits));

    for (size_t i = 0; i < at_len(&limits); i++) {
        struct at item = at_item(&limits, i);

        check_item(&r, &limits, i);
        items[i] = item_of(a, &item);
    }
    l->items = items;
    l->len = at_len(&limits);
    l->raw = root.v;
    return &l->meta;
}

const struct kind_ops kind_LIMITRANGE = {
    .size = sizeof(struct limit_range), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_never_changes,
    .decode = decode,
};
