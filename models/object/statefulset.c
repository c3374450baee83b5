/*
 * statefulset.c - the StatefulSet object: fields, defaults, validation.
 *
 * Volumes of volumeClaimTemplates count as volumes of the pods.
 *
 * Source: pkg/apis/apps/v1/defaults.go and apps/validation/validation.go,
 * Kubernetes 1.36 (reference 3.1).
 */
#include <string.h>

#include "models/statefulset.h"
#include "read.h"

static const struct shape_field rolling_fields[] = {
    READ_DEF(INT, "partition", "0"), READ(INT_OR_TEXT, "maxUnavailable"),
    SHAPE_END
};
static const struct shape rolling_shape = { rolling_fields, NULL };

/* Without a type, both are given; a type alone leaves rollingUpdate absent,
 * which is not the same as a partition of 0 (statefulset_plan.c). */
static const struct value *complete_strategy(struct arena *a,
                                             const struct value *v)
{
    if (*value_text(value_get(v, "type"), ""))
        return v;
    v = value_set(a, v, "type", value_plain(a, "RollingUpdate", &v->mark));
    if (value_get(v, "rollingUpdate"))
        return v;
    return value_set(a, v, "rollingUpdate.partition",
                     value_plain(a, "0", &v->mark));
}

static const struct shape_field strategy_fields[] = {
    READ(TEXT, "type"), OBJECT("rollingUpdate", rolling_shape), SHAPE_END
};
static const struct shape strategy_shape = { strategy_fields,
                                             complete_strategy };
static const struct shape_field claim_fields[] = {
    SILENT(TEXT, "apiVersion"), SILENT(TEXT, "kind"),
    OBJECT_DEF("metadata", shape_metadata), OBJECT("spec", shape_claim_spec),
    DROP("status"), SHAPE_END
};
/* A claim is looked up by its name, as volumes are. */
static const struct value *complete_claim(struct arena *a,
                                          const struct value *v)
{
    const struct value *name = value_at(v, "metadata.name");

    return name ? value_set(a, v, "name", name) : v;
}
static const struct shape claim_shape = { claim_fields, complete_claim };

static const struct shape_field ordinals_fields[] = {
    READ_DEF(INT, "start", "0"), SHAPE_END
};
static const struct shape ordinals_shape = { ordinals_fields, NULL };
static const struct shape_field retention_fields[] = {
    READ_DEF(TEXT, "whenDeleted", "Retain"),
    READ_DEF(TEXT, "whenScaled", "Retain"), SHAPE_END
};
static const struct shape retention_shape = { retention_fields, NULL };
static const struct shape_field spec_fields[] = {
    READ_DEF(INT, "replicas", "1"), OBJECT("selector", shape_selector),
    OBJECT_DEF("template", shape_template),
    LIST("volumeClaimTemplates", claim_shape), READ(TEXT, "serviceName"),
    READ_DEF(TEXT, "podManagementPolicy", "OrderedReady"),
    OBJECT_DEF("updateStrategy", strategy_shape),
    READ_DEF(INT, "revisionHistoryLimit", "10"),
    READ_DEF(INT, "minReadySeconds", "0"),
    OBJECT_DEF("persistentVolumeClaimRetentionPolicy", retention_shape),
    OBJECT("ordinals", ordinals_shape), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field statefulset_fields[] = {
    OBJECT_FIELDS(spec_shape)
};
static const struct shape statefulset_shape = { statefulset_fields, NULL };
static const struct object_type statefulset_type = {
    KIND_STATEFULSET, &statefulset_shape, NAME_LABEL
};

/* ---- validation --------------------------------------------------------- */

/* maxUnavailable, if given, is not 0. */
static void check_rolling(struct reader *r, const struct at *rolling)
{
    struct at missing = at_field(rolling, "maxUnavailable");

    check_not_negative(r, rolling, "partition");
    if (missing.v == NULL)
        return;
    check_int_or_percent(r, &missing);
    if (!is_some(&missing))
        fault(r, &missing, "Invalid", "must not be 0");
    check_percent_at_most_100(r, &missing);
}

/* Here a wrong type is Invalid, not NotSupported. */
static void check_strategy(struct reader *r, const struct at *spec)
{
    struct at strategy = at_field(spec, "updateStrategy");
    struct at rolling = at_field(&strategy, "rollingUpdate");
    const char *type = get_text(&strategy, "type", "");

    if (strcmp(type, "OnDelete") == 0 && rolling.v)
        fault(r, &rolling, "Invalid", "may only be given when the type of "
              "the strategy is RollingUpdate");
    else if (strcmp(type, "RollingUpdate") == 0)
        check_rolling(r, &rolling);
    else if (strcmp(type, "OnDelete") != 0)
        fault(r, &strategy, "Invalid", "must have the type RollingUpdate or "
              "OnDelete, got \"%s\"", type);
}

/* What is decided by words. */
static void check_policies(struct reader *r, const struct at *spec)
{
    static const char *const keys[] = { "whenDeleted", "whenScaled" };
    static const char *const words[] = { "Delete", "Retain", NULL };
    static const char *const managements[] = { "OrderedReady", "Parallel",
                                               NULL };
    struct at management = at_field(spec, "podManagementPolicy");
    struct at retention = at_field(spec,
                                   "persistentVolumeClaimRetentionPolicy");

    if (word_index(managements, value_text(management.v, "")) < 0)
        diag_suggest(r->errors,
                     fault(r, &management, "Invalid", "must be OrderedReady "
                           "or Parallel, got \"%s\"",
                           value_text(management.v, "")),
                     value_text(management.v, ""), managements);
    check_strategy(r, spec);
    for (size_t i = 0; i < 2; i++)
        check_word(r, &retention, keys[i], words, 0);
}

static void check_spec(struct reader *r, const struct at *spec)
{
    struct at selector = at_field(spec, "selector");
    struct at template = at_field(spec, "template");
    struct at claims = at_field(spec, "volumeClaimTemplates");
    struct at ordinals = at_field(spec, "ordinals");
    struct at service = at_field(spec, "serviceName");

    check_policies(r, spec);
    check_not_negative(r, spec, "replicas");
    check_not_negative(r, spec, "minReadySeconds");
    check_not_negative(r, spec, "revisionHistoryLimit");
    check_not_negative(r, &ordinals, "start");
    check_selector_required(r, &selector, "StatefulSet");
    check_template_labels(r, &selector, &template);
    if (service.v)
        check_name(r, &service, NAME_LABEL, false);
    check_template(r, &template, &claims);
    check_lives_for_ever(r, &template, "StatefulSet");
}

/* ---- typed -------------------------------------------------------------- */

/* The typed forms of volumeClaimTemplates. */
static const struct claim_spec *claims_of(struct arena *a,
                                          const struct at *spec, size_t *n)
{
    struct at list = at_field(spec, "volumeClaimTemplates");
    struct claim_spec *claims = arena_many(a, struct claim_spec,
                                           at_len(&list));

    *n = at_len(&list);
    for (size_t i = 0; i < *n; i++) {
        struct at item = at_item(&list, i), own = at_field(&item, "spec");

        claims[i] = claim_spec_make(a, &own, get_text(&item, "name", ""));
    }
    return claims;
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct statefulset *s = arena_make(a, struct statefulset);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &statefulset_type, &s->meta),
                             "");
    struct at spec = at_field(&root, "spec");
    struct at strategy = at_field(&spec, "updateStrategy");
    struct at rolling = at_field(&strategy, "rollingUpdate");
    struct at ordinals = at_field(&spec, "ordinals");

    check_spec(&r, &spec);
    s->replicas = (int)get_int(&spec, "replicas", 1);
    s->selector = selector_from(a, at_field(&spec, "selector").v, NULL);
    s->template = template_make(a, at_field(&spec, "template").v);
    s->service = get_text(&spec, "serviceName", NULL);
    s->parallel = strcmp(get_text(&spec, "podManagementPolicy", ""),
                         "Parallel") == 0;
    s->on_delete = strcmp(get_text(&strategy, "type", ""), "OnDelete") == 0;
    s->rolling_given = rolling.v != NULL;
    s->partition = (int)get_int(&rolling, "partition", 0);
    s->max_unavailable = at_field(&rolling, "maxUnavailable").v
        ? get_int_or_percent(&rolling, "maxUnavailable")
        : (struct int_or_percent){ false, 1 };
    s->min_ready_s = (int)get_int(&spec, "minReadySeconds", 0);
    s->revision_history_limit = (int)get_int(&spec, "revisionHistoryLimit",
                                             10);
    s->first_ordinal = (int)get_int(&ordinals, "start", 0);
    s->claims = claims_of(a, &spec, &s->nclaims);
    s->raw = root.v;
    return &s->meta;
}

void statefulset_set_replicas(struct arena *a, struct statefulset *s, int n)
{
    s->replicas = n;
    if (s->raw)
        s->raw = value_set(a, s->raw, "spec.replicas",
                           value_plain(a, arena_printf(a, "%d", n), NULL));
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    struct statefulset *to = statefulset_of(dst);
    const struct statefulset *from = statefulset_seen(src);

    to->observed_generation = from->observed_generation;
    to->status_replicas = from->status_replicas;
    to->ready = from->ready;
    to->available = from->available;
    to->current = from->current;
    to->updated = from->updated;
    to->current_revision = from->current_revision;
    to->update_revision = from->update_revision;
    to->collisions = from->collisions;
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    const struct value *old = value_get(statefulset_seen(a)->raw, "spec");
    const struct value *new = value_get(statefulset_seen(b)->raw, "spec");

    return old != new && !(old && new && value_equal(old, new));
}

const struct kind_ops kind_STATEFULSET = {
    .size = sizeof(struct statefulset), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode,
};
