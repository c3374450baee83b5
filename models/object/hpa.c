/*
 * hpa.c - the HorizontalPodAutoscaler object: fields, defaults, validation.
 *
 * autoscaling/v1, with its targetCPUUtilizationPercentage, is read as v2.
 * Defaults of behavior are filled in only if behavior is there.
 *
 * Source: pkg/apis/autoscaling/v2/defaults.go and autoscaling/validation,
 * Kubernetes 1.36 (reference 3.5).
 */
#include "models/hpa.h"

#include <string.h>

#include "base/vec.h"
#include "read.h"

#define TOLERANCE 0.1           /* of the controller, and its window */
#define DOWN_WINDOW_S 300

/* ---- shape -------------------------------------------------------------- */

static const struct shape_field reference_fields[] = {
    READ(TEXT, "apiVersion"), READ(TEXT, "kind"), READ(TEXT, "name"),
    SHAPE_END
};
static const struct shape reference_shape = { reference_fields, NULL };
static const struct shape_field target_fields[] = {
    READ(TEXT, "type"), READ(QUANTITY, "value"),
    READ(QUANTITY, "averageValue"), READ(INT, "averageUtilization"), SHAPE_END
};
static const struct shape target_shape = { target_fields, NULL };
static const struct shape_field identifier_fields[] = {
    READ(TEXT, "name"), OBJECT("selector", shape_selector), SHAPE_END
};
static const struct shape identifier_shape = { identifier_fields, NULL };
/* The union of the five sources. */
static const struct shape_field source_fields[] = {
    READ(TEXT, "name"), READ(TEXT, "container"),
    OBJECT("metric", identifier_shape),
    OBJECT("describedObject", reference_shape),
    OBJECT_DEF("target", target_shape), SHAPE_END
};
static const struct shape source_shape = { source_fields, NULL };
static const struct shape_field metric_fields[] = {
    READ(TEXT, "type"), OBJECT("object", source_shape),
    OBJECT("external", source_shape), OBJECT("pods", source_shape),
    OBJECT("resource", source_shape),
    OBJECT("containerResource", source_shape), SHAPE_END
};
static const struct shape metric_shape = { metric_fields, NULL };
static const struct shape_field policy_fields[] = {
    READ(TEXT, "type"), READ_DEF(INT, "value", "0"),
    READ_DEF(INT, "periodSeconds", "0"), SHAPE_END
};
static const struct shape policy_shape = { policy_fields, NULL };
static const struct shape_field rules_fields[] = {
    READ(INT, "stabilizationWindowSeconds"),
    READ_DEF(TEXT, "selectPolicy", "Max"), KEEP(LIST, "policies", &policy_shape),
    READ(QUANTITY, "tolerance"), SHAPE_END
};
static const struct shape rules_shape = { rules_fields, NULL };

/* Policies, and for scaling up the window, if they are not given. */
static const struct value *complete_behavior(struct arena *a,
                                             const struct value *v)
{
    static const char *const policies[] = {
        "[{type: Pods, value: 4, periodSeconds: 15}, "
        "{type: Percent, value: 100, periodSeconds: 15}]",
        "[{type: Percent, value: 100, periodSeconds: 15}]",
    };
    static const char *const ways[] = { "scaleUp.policies",
                                        "scaleDown.policies" };

    for (size_t i = 0; i < 2; i++)
        if (value_at(v, ways[i]) == NULL)
            v = value_set(a, v, ways[i],
                          value_flow(a, policies[i], &v->mark));
    if (value_at(v, "scaleUp.stabilizationWindowSeconds") == NULL)
        v = with_plain(a, v, "scaleUp.stabilizationWindowSeconds", "0");
    return v;
}

static const struct shape_field behavior_fields[] = {
    OBJECT_DEF("scaleUp", rules_shape), OBJECT_DEF("scaleDown", rules_shape),
    SHAPE_END
};
static const struct shape behavior_shape = { behavior_fields,
                                             complete_behavior };

/* Without metrics: cpu at 80 %, or at what version 1 says. */
static const struct value *complete_spec(struct arena *a,
                                         const struct value *v)
{
    const struct value *old = value_get(v, "targetCPUUtilizationPercentage");
    const char *percent = value_text(old, "80");

    if (old)
        v = value_set(a, v, "targetCPUUtilizationPercentage", NULL);
    if (value_get(v, "metrics"))
        return v;
    return value_set(a, v, "metrics",
                     value_flow(a, arena_printf(a, "[{type: Resource, "
                         "resource: {name: cpu, target: {type: Utilization, "
                         "averageUtilization: %s}}}]", percent), &v->mark));
}

static const struct shape_field spec_fields[] = {
    OBJECT_DEF("scaleTargetRef", reference_shape),
    READ_DEF(INT, "minReplicas", "1"), READ_DEF(INT, "maxReplicas", "0"),
    LIST("metrics", metric_shape), OBJECT("behavior", behavior_shape),
    READ(INT, "targetCPUUtilizationPercentage"), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, complete_spec };
static const struct shape_field hpa_fields[] = { OBJECT_FIELDS(spec_shape) };
static const struct shape hpa_shape = { hpa_fields, NULL };
static const struct object_type hpa_type = {
    KIND_HPA, &hpa_shape, NAME_SUBDOMAIN
};

/* ---- validation: metrics ------------------------------------------------ */

/* In the order in which the server looks; types and their fields. */
static const char *const source_keys[] = { "object", "external", "pods",
    "resource", "containerResource", NULL };
static const char *const metric_types[] = { "ContainerResource", "External",
    "Object", "Pods", "Resource", NULL };

/* The field that a type of metric names; NULL if there is no such type. */
static const char *source_of_type(const char *type)
{
    return strcmp(type, "Object") == 0 ? "object"
        : strcmp(type, "External") == 0 ? "external"
        : strcmp(type, "Pods") == 0 ? "pods"
        : strcmp(type, "Resource") == 0 ? "resource"
        : strcmp(type, "ContainerResource") == 0 ? "containerResource" : NULL;
}

/* A quantity that, if given, is more than 0. */
static void check_positive(struct reader *r, const struct at *target,
                           const char *key)
{
    struct at at = at_field(target, key);
    struct quantity q;

    if (at.v && parse_quantity(value_text(at.v, ""), &q, NULL) && q.nano <= 0)
        fault(r, &at, "Invalid", "must be more than 0, got %s",
              value_text(at.v, ""));
}

/* The type of a target does not bind its value: the source does. */
static void check_target(struct reader *r, const struct at *target)
{
    static const char *const types[] = { "Utilization", "Value",
                                         "AverageValue", NULL };
    struct at type = at_field(target, "type");
    struct at utilization = at_field(target, "averageUtilization");

    if (type.v == NULL)
        fault_required(r, &type);
    if (word_index(types, value_text(type.v, "")) < 0)
        diag_suggest(r->errors, fault(r, &type, "Invalid", "must be "
                     "Utilization, Value or AverageValue, got \"%s\"",
                     value_text(type.v, "")), value_text(type.v, ""), types);
    check_positive(r, target, "value");
    check_positive(r, target, "averageValue");
    if (utilization.v && at_int(&utilization, 1) < 1)
        fault(r, &utilization, "Invalid", "must be at least 1");
}

/* kind and name are parts of a path. */
static void check_reference(struct reader *r, const struct at *at)
{
    static const char *const keys[] = { "kind", "name" };

    for (size_t i = 0; i < 2; i++) {
        struct at field = at_field(at, keys[i]);
        const char *text = value_text(field.v, "");

        if (field.v == NULL)
            fault_required(r, &field);
        else if (strpbrk(text, "/%") || strcmp(text, ".") == 0
                 || strcmp(text, "..") == 0)
            fault(r, &field, "Invalid", "may not contain \"/\" or \"%%\", "
                  "got \"%s\"", text);
    }
}

static void check_required_text(struct reader *r, const struct at *up,
                                const char *key)
{
    struct at at = at_field(up, key);

    if (at.v == NULL)
        fault_required(r, &at);
}

/* A value and an average are alternatives: one must, both may not be. */
static void check_alternatives(struct reader *r, const struct at *source)
{
    bool resource = strcmp(source->key, "resource") == 0
        || strcmp(source->key, "containerResource") == 0;
    struct at target = at_field(source, "target");
    struct at value = at_field(&target, resource ? "averageUtilization"
                                                 : "value");
    struct at average = at_field(&target, "averageValue");

    if (strcmp(source->key, "pods") == 0) {
        if (average.v == NULL)
            fault_required(r, &average);
    } else if (value.v == NULL && average.v == NULL) {
        fault_required(r, resource ? &value : &average);
    } else if (value.v && average.v && strcmp(source->key, "object") != 0) {
        fault_forbidden(r, resource ? &average : &value, resource
                        ? "may not be given together with averageUtilization"
                        : "may not be given together with averageValue");
    }
}

/* What each of the five sources needs. */
static void check_source(struct reader *r, const struct at *source)
{
    struct at metric = at_field(source, "metric");
    struct at described = at_field(source, "describedObject");
    struct at target = at_field(source, "target");
    struct at container = at_field(source, "container");

    if (strcmp(source->key, "object") == 0)
        check_reference(r, &described);
    if (strcmp(source->key, "resource") == 0
        || strcmp(source->key, "containerResource") == 0)
        check_required_text(r, source, "name");
    else
        check_required_text(r, &metric, "name");
    if (strcmp(source->key, "containerResource") == 0) {
        if (container.v == NULL)
            fault_required(r, &container);
        else
            check_name(r, &container, NAME_LABEL, false);
    }
    check_target(r, &target);
    check_alternatives(r, source);
}

/* The source that the type names, and no other. */
static void check_metric(struct reader *r, const struct at *at)
{
    struct at type = at_field(at, "type"), wanted;
    const char *word = value_text(type.v, "");
    const char *key = source_of_type(word);
    int present = 0;

    if (type.v == NULL)
        fault_required(r, &type);
    if (key == NULL)
        fault_unsupported(r, &type, metric_types);
    for (size_t i = 0; source_keys[i] != NULL; i++) {
        struct at source = at_field(at, source_keys[i]);

        if (source.v && ++present == 1)
            check_source(r, &source);
    }
    if (key) {
        wanted = at_field(at, key);
        if (wanted.v == NULL)
            fault_required(r, &wanted);
    } else {
        fault_unsupported(r, &type, metric_types);
    }
    for (size_t i = 0; present > 1 && source_keys[i] != NULL; i++) {
        struct at source = at_field(at, source_keys[i]);

        if (source.v && (!key || strcmp(key, source_keys[i]) != 0))
            fault_forbidden(r, &source, "may not be given: the metric has "
                            "another type");
    }
}

/* ---- validation: the rest ----------------------------------------------- */

/* Pods or Percent, more than 0, within a period. */
static void check_policy(struct reader *r, const struct at *at)
{
    static const char *const types[] = { "Percent", "Pods", NULL };
    struct at type = at_field(at, "type"), value = at_field(at, "value");
    struct at period = at_field(at, "periodSeconds");

    if (word_index(types, value_text(type.v, "")) < 0)
        fault_unsupported(r, &type, types);
    if (at_int(&value, 0) <= 0)
        fault(r, &value, "Invalid", "must be at least 1");
    if (at_int(&period, 0) <= 0 || at_int(&period, 0) > 1800)
        fault(r, &period, "Invalid", "must be between 1 and 1800");
}

/* Windows up to an hour, periods up to half an hour. */
static void check_rules(struct reader *r, const struct at *behavior,
                        const char *key)
{
    static const char *const selects[] = { "Disabled", "Max", "Min", NULL };
    struct at rules = at_field(behavior, key);
    struct at window = at_field(&rules, "stabilizationWindowSeconds");
    struct at policies = at_field(&rules, "policies");

    if (at_int(&window, 0) < 0 || at_int(&window, 0) > 3600)
        fault(r, &window, "Invalid", "must be between 0 and 3600");
    check_word(r, &rules, "selectPolicy", selects, 0);
    if (at_len(&policies) == 0)
        fault_required(r, &policies);
    for (size_t i = 0; i < at_len(&policies); i++) {
        struct at item = at_item(&policies, i);

        check_policy(r, &item);
    }
}

/* 1 <= minReplicas <= maxReplicas; maxReplicas 0 counts as not given. */
static void check_bounds(struct reader *r, const struct at *spec)
{
    struct at least = at_field(spec, "minReplicas");
    struct at most = at_field(spec, "maxReplicas");

    if (at_int(&least, 1) < 1)
        fault(r, &least, "Invalid", "must be at least 1");
    if (at_int(&most, 0) == 0)
        fault_required(r, &most);
    else if (at_int(&most, 0) < 0)
        fault(r, &most, "Invalid", "must be at least 1");
    if (at_int(&most, 0) < at_int(&least, 1))
        fault(r, &most, "Invalid", "must be at least minReplicas (%lld)",
              (long long)at_int(&least, 1));
}

/* No pods, no usage to scale up by: that needs a metric from elsewhere. */
static void check_zero(struct reader *r, const struct at *spec,
                       const struct at *metrics)
{
    bool elsewhere = false;

    for (size_t i = 0; i < at_len(metrics); i++) {
        struct at item = at_item(metrics, i);
        const char *type = get_text(&item, "type", "");

        elsewhere |= strcmp(type, "Object") == 0
            || strcmp(type, "External") == 0;
    }
    if (get_int(spec, "minReplicas", 1) == 0 && !elsewhere)
        fault_forbidden(r, metrics, "must have an Object or External metric "
                        "when minReplicas is 0");
}

static void check_spec(struct reader *r, const struct at *spec)
{
    struct at target = at_field(spec, "scaleTargetRef");
    struct at metrics = at_field(spec, "metrics");
    struct at behavior = at_field(spec, "behavior");

    check_bounds(r, spec);
    check_reference(r, &target);
    for (size_t i = 0; i < at_len(&metrics); i++) {
        struct at item = at_item(&metrics, i);

        check_metric(r, &item);
    }
    check_zero(r, spec, &metrics);
    if (behavior.v == NULL)
        return;
    check_rules(r, &behavior, "scaleUp");
    check_rules(r, &behavior, "scaleDown");
}

/* ---- typed -------------------------------------------------------------- */

/* A quantity in thousandths, rounded up; 0 if it is not given. */
static int64_t thousandths(const struct at *target, const char *key)
{
    struct quantity q;

    return parse_quantity(get_text(target, key, ""), &q, NULL)
        ? quantity_milli(q) : 0;
}

/* The typed form of one metric. */
static struct hpa_metric metric_of(const struct at *at)
{
    static const char *const keys[] = { "resource", "containerResource",
                                        "pods", "object", "external", NULL };
    static const char *const types[] = { "Utilization", "Value",
                                         "AverageValue", NULL };
    const char *key = source_of_type(get_text(at, "type", ""));
    struct at source = at_field(at, key ? key : "resource");
    struct at metric = at_field(&source, "metric");
    struct at target = at_field(&source, "target");
    int type = word_index(types, get_text(&target, "type", ""));

    return (struct hpa_metric){
        .source = (enum hpa_source)(key ? word_index(keys, key) : 0),
        .name = get_text(&source, "name", get_text(&metric, "name", "")),
        .container = get_text(&source, "container", NULL),
        .type = type < 0 ? HPA_UTILIZATION : (enum hpa_target_type)type,
        .utilization = (int)get_int(&target, "averageUtilization", 0),
        .value = thousandths(&target, type == HPA_VALUE ? "value"
                                                        : "averageValue"),
    };
}

/* The typed form of scaleUp or scaleDown. */
static struct hpa_rules rules_of(struct arena *a, const struct at *behavior,
                                 const char *key, int window_s)
{
    static const char *const selects[] = { "Max", "Min", "Disabled", NULL };
    struct at rules = at_field(behavior, key);
    struct at list = at_field(&rules, "policies");
    struct hpa_policy *policies = arena_many(a, struct hpa_policy,
                                             at_len(&list));
    int select = word_index(selects, get_text(&rules, "selectPolicy", ""));

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);

        policies[i].type = strcmp(get_text(&item, "type", ""), "Percent") == 0
            ? HPA_PERCENT : HPA_PODS;
        policies[i].value = (int)get_int(&item, "value", 0);
        policies[i].period_s = (int)get_int(&item, "periodSeconds", 0);
    }
    return (struct hpa_rules){
        .window_s = (int)get_int(&rules, "stabilizationWindowSeconds",
                                 window_s),
        .select = select < 0 ? HPA_MAX_CHANGE : (enum hpa_select)select,
        .policies = policies, .npolicies = at_len(&list),
        .tolerance = at_field(&rules, "tolerance").v
            ? (double)thousandths(&rules, "tolerance") / 1000 : TOLERANCE,
    };
}

static void make(struct arena *a, struct hpa *h, const struct at *spec)
{
    struct at target = at_field(spec, "scaleTargetRef");
    struct at list = at_field(spec, "metrics");
    struct at behavior = at_field(spec, "behavior");
    struct hpa_metric *metrics = arena_many(a, struct hpa_metric,
                                            at_len(&list));

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);

        metrics[i] = metric_of(&item);
    }
    h->target_kind = get_text(&target, "kind", "");
    h->target_name = get_text(&target, "name", "");
    h->min = (int)get_int(spec, "minReplicas", 1);
    h->max = (int)get_int(spec, "maxReplicas", 0);
    h->metrics = metrics;
    h->nmetrics = at_len(&list);
    h->behavior = behavior.v != NULL;
    h->up = rules_of(a, &behavior, "scaleUp", 0);
    h->down = rules_of(a, &behavior, "scaleDown", DOWN_WINDOW_S);
    h->last_scale = SIM_NEVER;
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct hpa *h = arena_make(a, struct hpa);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &hpa_type, &h->meta), "");
    struct at spec = at_field(&root, "spec");

    check_spec(&r, &spec);
    make(a, h, &spec);
    h->raw = root.v;
    return &h->meta;
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    struct hpa *to = hpa_of(dst);
    const struct hpa *from = hpa_seen(src);

    to->observed_generation = from->observed_generation;
    to->last_scale = from->last_scale;
    to->current = from->current;
    to->desired = from->desired;
    to->values = from->values;
    to->able_to_scale = from->able_to_scale;
    to->scaling_active = from->scaling_active;
    to->scaling_limited = from->scaling_limited;
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    const struct value *old = value_get(hpa_seen(a)->raw, "spec");
    const struct value *new = value_get(hpa_seen(b)->raw, "spec");

    return old != new && !(old && new && value_equal(old, new));
}

const struct kind_ops kind_HPA = {
    .size = sizeof(struct hpa), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode,
};
