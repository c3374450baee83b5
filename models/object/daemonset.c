/*
 * daemonset.c - the DaemonSet object: fields, defaults, validation.
 *
 * Exactly one of maxUnavailable and maxSurge is not 0, neither over 100 %.
 *
 * Source: pkg/apis/apps/v1/defaults.go and apps/validation/validation.go,
 * Kubernetes 1.36 (reference 3.2).
 */
#include <string.h>

#include "models/daemonset.h"
#include "read.h"

static const struct shape_field rolling_fields[] = {
    READ_DEF(INT_OR_TEXT, "maxUnavailable", "1"),
    READ_DEF(INT_OR_TEXT, "maxSurge", "0"), SHAPE_END
};
static const struct shape rolling_shape = { rolling_fields, NULL };

/* One node at a time, without surge. */
static const struct value *complete_strategy(struct arena *a,
                                             const struct value *v)
{
    if (strcmp(value_text(value_get(v, "type"), ""), "RollingUpdate") != 0
        || value_get(v, "rollingUpdate"))
        return v;
    v = value_set(a, v, "rollingUpdate.maxUnavailable",
                  value_plain(a, "1", &v->mark));
    return value_set(a, v, "rollingUpdate.maxSurge",
                     value_plain(a, "0", &v->mark));
}

static const struct shape_field strategy_fields[] = {
    READ_DEF(TEXT, "type", "RollingUpdate"),
    OBJECT("rollingUpdate", rolling_shape), SHAPE_END
};
static const struct shape strategy_shape = { strategy_fields,
                                             complete_strategy };
static const struct shape_field spec_fields[] = {
    OBJECT("selector", shape_selector),
    OBJECT_DEF("template", shape_template),
    OBJECT_DEF("updateStrategy", strategy_shape),
    READ_DEF(INT, "minReadySeconds", "0"),
    READ_DEF(INT, "revisionHistoryLimit", "10"), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field daemonset_fields[] = {
    OBJECT_FIELDS(spec_shape)
};
static const struct shape daemonset_shape = { daemonset_fields, NULL };
static const struct object_type daemonset_type = {
    KIND_DAEMONSET, &daemonset_shape, NAME_SUBDOMAIN
};

/* ---- validation --------------------------------------------------------- */

/* Exactly one of the two is not 0. */
static void check_rolling(struct reader *r, const struct at *rolling)
{
    struct at missing = at_field(rolling, "maxUnavailable");
    struct at surge = at_field(rolling, "maxSurge");

    check_int_or_percent(r, &missing);
    check_int_or_percent(r, &surge);
    check_percent_at_most_100(r, &missing);
    check_percent_at_most_100(r, &surge);
    if (is_some(&missing) && is_some(&surge))
        diag_help(r->errors,
                  fault(r, &surge, "Invalid", "may not be given when "
                        "maxUnavailable is not 0"), "set maxUnavailable: 0");
    else if (!is_some(&missing) && !is_some(&surge))
        fault(r, &missing, "Required", "must not be 0 when maxSurge is 0");
}

/* A wrong type has the path of the strategy. */
static void check_strategy(struct reader *r, const struct at *spec)
{
    static const char *const types[] = { "RollingUpdate", "OnDelete", NULL };
    struct at strategy = at_field(spec, "updateStrategy");
    struct at type = at_field(&strategy, "type");
    struct at rolling = at_field(&strategy, "rollingUpdate");

    if (strcmp(value_text(type.v, ""), "RollingUpdate") == 0) {
        check_rolling(r, &rolling);
    } else if (word_index(types, value_text(type.v, "")) < 0) {
        struct at shown = { .v = type.v, .up = strategy.up,
                            .key = strategy.key };

        fault_unsupported(r, &shown, types);
    }
}

/* A missing selector is no fault of its own: it matches nothing, so the
 * labels are at fault. */
static void check_spec(struct reader *r, const struct at *spec)
{
    struct at selector = at_field(spec, "selector");
    struct at template = at_field(spec, "template");
    struct at labels = at_field(&selector, "matchLabels");
    struct at expressions = at_field(&selector, "matchExpressions");

    check_selector(r, &selector);
    check_template_labels(r, &selector, &template);
    if (selector.v && at_len(&labels) + at_len(&expressions) == 0)
        fault(r, &selector, "Invalid", "of a DaemonSet must not be empty");
    check_template(r, &template, NULL);
    check_lives_for_ever(r, &template, "DaemonSet");
    check_strategy(r, spec);
    check_not_negative(r, spec, "minReadySeconds");
    check_not_negative(r, spec, "revisionHistoryLimit");
}

/* ---- typed -------------------------------------------------------------- */

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct daemonset *d = arena_make(a, struct daemonset);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &daemonset_type, &d->meta),
                             "");
    struct at spec = at_field(&root, "spec");
    struct at strategy = at_field(&spec, "updateStrategy");
    struct at rolling = at_field(&strategy, "rollingUpdate");

    check_spec(&r, &spec);
    d->selector = selector_from(a, at_field(&spec, "selector").v, NULL);
    d->template = template_make(a, at_field(&spec, "template").v);
    d->on_delete = strcmp(get_text(&strategy, "type", ""), "OnDelete") == 0;
    d->max_unavailable = get_int_or_percent(&rolling, "maxUnavailable");
    d->max_surge = get_int_or_percent(&rolling, "maxSurge");
    d->min_ready_s = (int)get_int(&spec, "minReadySeconds", 0);
    d->revision_history_limit = (int)get_int(&spec, "revisionHistoryLimit",
                                             10);
    d->raw = root.v;
    return &d->meta;
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    struct daemonset *to = daemonset_of(dst);
    const struct daemonset *from = daemonset_seen(src);

    to->observed_generation = from->observed_generation;
    to->desired = from->desired;
    to->current = from->current;
    to->misscheduled = from->misscheduled;
    to->ready = from->ready;
    to->updated = from->updated;
    to->available = from->available;
    to->unavailable = from->unavailable;
    to->collisions = from->collisions;
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    const struct value *old = value_get(daemonset_seen(a)->raw, "spec");
    const struct value *new = value_get(daemonset_seen(b)->raw, "spec");

    return old != new && !(old && new && value_equal(old, new));
}

const struct kind_ops kind_DAEMONSET = {
    .size = sizeof(struct daemonset), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode,
};
