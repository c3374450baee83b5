/*
 * analysistemplate.c - AnalysisTemplate and ClusterAnalysisTemplate of Argo
 * Rollouts.
 *
 * Read as written: what a metric says may depend on arguments, so it is
 * judged where a Rollout uses the template (models/control/analysis_build.c).
 *
 * Not modelled, and reported: templates of templates.
 * Source: argo-rollouts pkg/apis/rollouts/v1alpha1/analysis_types.go at
 * 9f8d111d.
 */
#include "models/analysis.h"

#include "read.h"

static const struct shape_field metric_fields[] = {
    READ(TEXT, "name"), READ(TEXT, "interval"), READ(TEXT, "initialDelay"),
    READ(INT_OR_TEXT, "count"), READ(TEXT, "successCondition"),
    READ(TEXT, "failureCondition"), READ(INT_OR_TEXT, "failureLimit"),
    READ(INT_OR_TEXT, "inconclusiveLimit"),
    READ(INT_OR_TEXT, "consecutiveErrorLimit"),
    READ(INT_OR_TEXT, "consecutiveSuccessLimit"), READ(ANY, "provider"),
    SHAPE_END
};
static const struct shape metric_shape = { metric_fields, NULL };
static const struct shape_field arg_fields[] = {
    READ(TEXT, "name"), READ(TEXT, "value"), READ(ANY, "valueFrom"), SHAPE_END
};
static const struct shape arg_shape = { arg_fields, NULL };
static const struct shape_field dry_fields[] = {
    READ(TEXT, "metricName"), SHAPE_END
};
static const struct shape dry_shape = { dry_fields, NULL };
static const struct shape_field spec_fields[] = {
    LIST("metrics", metric_shape), LIST("args", arg_shape),
    LIST("dryRun", dry_shape), SILENT(ANY, "measurementRetention"),
    REPORT(ANY, "templates"), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field template_fields[] = {
    OBJECT_FIELDS(spec_shape)
};
static const struct shape template_shape = { template_fields, NULL };
static const struct object_type template_type = {
    KIND_ANALYSISTEMPLATE, &template_shape, NAME_SUBDOMAIN
};
static const struct object_type cluster_type = {
    KIND_CLUSTERANALYSISTEMPLATE, &template_shape, NAME_SUBDOMAIN
};

static struct meta *decode_of(struct arena *a, const struct value *v,
                              struct err_list *errors,
                              const struct object_type *type)
{
    struct analysis_template *t = arena_make(a, struct analysis_template);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, type, &t->meta), "");
    struct at spec = at_field(&root, "spec");
    struct at metrics = at_field(&spec, "metrics");

    if (at_len(&metrics) == 0)
        fault_required(&r, &metrics);
    for (size_t i = 0; i < at_len(&metrics); i++) {
        struct at metric = at_item(&metrics, i);
        struct at name = at_field(&metric, "name");

        if (!name.v)
            fault_required(&r, &name);
    }
    t->raw = root.v;
    return &t->meta;
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    return decode_of(a, v, errors, &template_type);
}

static struct meta *decode_cluster(struct arena *a, const struct value *v,
                                   struct err_list *errors)
{
    return decode_of(a, v, errors, &cluster_type);
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    return !value_equal(analysis_template_seen(a)->raw,
                        analysis_template_seen(b)->raw);
}

const struct kind_ops kind_ANALYSISTEMPLATE = {
    .size = sizeof(struct analysis_template), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_changed,
    .decode = decode,
};
const struct kind_ops kind_CLUSTERANALYSISTEMPLATE = {
    .size = sizeof(struct analysis_template), .copy_status = copy_no_status,
    .spec_changed = spec_changed, .decode = decode_cluster,
};
