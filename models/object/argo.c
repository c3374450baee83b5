/*
 * argo.c - the Rollout object of Argo Rollouts: fields, defaults, validation.
 *
 * Exactly one of strategy.canary and strategy.blueGreen is given.  A router of
 * any kind makes a canary routed; the Gateway API plugin names its HTTPRoute,
 * for the others one called as the Rollout is made.
 *
 * Refused so far: weights of experiments, step plugins, pingPong.
 * A workloadRef names a Deployment, whose template is kept in spec.template.
 * Reported: anti-affinity.  Ephemeral metadata cannot matter.
 * Differs: blueGreen.activeServices lists more than one Service.
 * Source: argo-rollouts pkg/apis/rollouts/v1alpha1/types.go and validation at
 * 9f8d111d; reference on progressive delivery 1.1, 1.2.
 */
#include "models/argo.h"

#include <string.h>

#include "models/cron.h"
#include "read.h"

/* ---- shape -------------------------------------------------------------------- */

static const struct shape_field pause_fields[] = {
    READ(INT_OR_TEXT, "duration"), SHAPE_END
};
static const struct shape pause_shape = { pause_fields, NULL };
static const struct shape_field scale_fields[] = {
    READ(INT, "replicas"), READ(INT, "weight"),
    READ(BOOL, "matchTrafficWeight"), SHAPE_END
};
static const struct shape scale_shape = { scale_fields, NULL };
static const struct shape_field text_fields[] = {
    READ(TEXT, "exact"), READ(TEXT, "regex"), READ(TEXT, "prefix"), SHAPE_END
};
static const struct shape text_shape = { text_fields, NULL };
static const struct shape_field header_fields[] = {
    READ(TEXT, "headerName"), OBJECT("headerValue", text_shape), SHAPE_END
};
static const struct shape header_shape = { header_fields, NULL };
static const struct shape_field set_header_fields[] = {
    READ(TEXT, "name"), LIST("match", header_shape), SHAPE_END
};
static const struct shape set_header_shape = { set_header_fields, NULL };
static const struct shape_field mirror_fields[] = {
    READ(TEXT, "name"), READ(ANY, "match"), READ(INT, "percentage"), SHAPE_END
};
static const struct shape mirror_shape = { mirror_fields, NULL };
static const struct shape_field template_metadata_fields[] = {
    READ(ANY, "labels"), SILENT(ANY, "annotations"), SHAPE_END
};
static const struct shape template_metadata_shape = {
    template_metadata_fields, NULL
};
static const struct shape_field experiment_template_fields[] = {
    READ(TEXT, "name"), READ(TEXT, "specRef"), READ(INT, "replicas"),
    OBJECT("metadata", template_metadata_shape), READ(INT, "weight"),
    REPORT(ANY, "service"), SILENT(ANY, "selector"), SHAPE_END
};
static const struct shape experiment_template_shape = {
    experiment_template_fields, NULL
};
static const struct shape_field experiment_analysis_fields[] = {
    READ(TEXT, "name"), READ(TEXT, "templateName"), READ(BOOL, "clusterScope"),
    READ(ANY, "args"), READ(BOOL, "requiredForCompletion"), SHAPE_END
};
static const struct shape experiment_analysis_shape = {
    experiment_analysis_fields, NULL
};
static const struct shape_field experiment_fields[] = {
    LIST("templates", experiment_template_shape), READ(TEXT, "duration"),
    LIST("analyses", experiment_analysis_shape), READ(ANY, "dryRun"),
    SILENT(ANY, "analysisRunMetadata"), SHAPE_END
};
static const struct shape experiment_shape = { experiment_fields, NULL };
static const struct shape_field step_fields[] = {
    READ(INT, "setWeight"), KEEP(OBJECT, "pause", &pause_shape),
    OBJECT("setCanaryScale", scale_shape),
    OBJECT("setHeaderRoute", set_header_shape),
    OBJECT("setMirrorRoute", mirror_shape), READ(ANY, "analysis"),
    OBJECT("experiment", experiment_shape), READ(ANY, "plugin"), SHAPE_END
};
static const struct shape step_shape = { step_fields, NULL };
static const struct shape_field managed_fields[] = {
    READ(TEXT, "name"), SHAPE_END
};
static const struct shape managed_shape = { managed_fields, NULL };
static const struct shape_field routing_fields[] = {
    READ_DEF(INT, "maxTrafficWeight", "100"),
    LIST("managedRoutes", managed_shape), READ(ANY, "plugins"),
    KEEP(ANY, "istio", NULL), KEEP(ANY, "nginx", NULL),
    KEEP(ANY, "alb", NULL), KEEP(ANY, "smi", NULL),
    KEEP(ANY, "ambassador", NULL), KEEP(ANY, "traefik", NULL),
    KEEP(ANY, "apisix", NULL), KEEP(ANY, "appMesh", NULL), SHAPE_END
};
static const struct shape routing_shape = { routing_fields, NULL };
static const struct shape_field threshold_fields[] = {
    READ_DEF(TEXT, "type", "Percent"), READ(INT_OR_TEXT, "value"), SHAPE_END
};
static const struct shape threshold_shape = { threshold_fields, NULL };
static const struct shape_field canary_fields[] = {
    READ(TEXT, "canaryService"), READ(TEXT, "stableService"),
    LIST("steps", step_shape), READ(INT_OR_TEXT, "maxSurge"),
    READ(INT_OR_TEXT, "maxUnavailable"),
    KEEP(OBJECT, "trafficRouting", &routing_shape), READ(ANY, "analysis"),
    READ_DEF(BOOL, "dynamicStableScale", "false"),
    READ(INT, "minPodsPerReplicaSet"), KEEP(INT, "scaleDownDelaySeconds",
    NULL), READ(INT, "scaleDownDelayRevisionLimit"),
    KEEP(INT, "abortScaleDownDelaySeconds", NULL),
    OBJECT("replicaProgressThreshold", threshold_shape),
    READ(ANY, "pingPong"), REPORT(ANY, "antiAffinity"),
    SILENT(ANY, "canaryMetadata"), SILENT(ANY, "stableMetadata"), SHAPE_END
};
static const struct shape canary_shape = { canary_fields, NULL };
static const struct shape_field blue_green_fields[] = {
    READ(TEXT, "activeService"), READ(TEXTS, "activeServices"),
    READ(TEXT, "previewService"), READ(INT, "previewReplicaCount"),
    READ_DEF(BOOL, "autoPromotionEnabled", "true"),
    READ(INT, "autoPromotionSeconds"),
    KEEP(INT, "scaleDownDelaySeconds", NULL),
    READ(INT, "scaleDownDelayRevisionLimit"),
    KEEP(INT, "abortScaleDownDelaySeconds", NULL),
    READ(ANY, "prePromotionAnalysis"), READ(ANY, "postPromotionAnalysis"),
    READ(INT_OR_TEXT, "maxUnavailable"), REPORT(ANY, "antiAffinity"),
    SILENT(ANY, "activeMetadata"), SILENT(ANY, "previewMetadata"), SHAPE_END
};
static const struct shape blue_green_shape = { blue_green_fields, NULL };
static const struct shape_field strategy_fields[] = {
    KEEP(OBJECT, "canary", &canary_shape),
    KEEP(OBJECT, "blueGreen", &blue_green_shape), SHAPE_END
};
static const struct shape strategy_shape = { strategy_fields, NULL };
static const struct shape_field window_fields[] = {
    READ(INT, "revisions"), SHAPE_END
};
static const struct shape window_shape = { window_fields, NULL };
static const struct shape_field workload_fields[] = {
    READ(TEXT, "apiVersion"), READ(TEXT, "kind"), READ(TEXT, "name"),
    READ_DEF(TEXT, "scaleDown", "never"), SHAPE_END
};
static const struct shape workload_shape = { workload_fields, NULL };
static const struct shape_field spec_fields[] = {
    READ_DEF(INT, "replicas", "1"), OBJECT("selector", shape_selector),
    OBJECT_DEF("template", shape_template),
    OBJECT("workloadRef", workload_shape),
    READ_DEF(INT, "minReadySeconds", "0"),
    READ_DEF(INT, "revisionHistoryLimit", "10"),
    READ_DEF(BOOL, "paused", "false"),
    READ_DEF(INT, "progressDeadlineSeconds", "600"),
    READ_DEF(BOOL, "progressDeadlineAbort", "false"),
    READ(TEXT, "restartAt"), OBJECT("rollbackWindow", window_shape),
    SILENT(ANY, "analysis"), OBJECT_DEF("strategy", strategy_shape), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field argo_fields[] = { OBJECT_FIELDS(spec_shape) };
static const struct shape argo_shape = { argo_fields, NULL };
static const struct object_type argo_type = {
    KIND_ROLLOUT, &argo_shape, NAME_SUBDOMAIN
};

/* ---- validation ------------------------------------------------------------------ */

static const char *const actions[] = { "setWeight", "pause", "setCanaryScale",
    "setHeaderRoute", "setMirrorRoute", "analysis", "experiment", "plugin",
    NULL };

/* A header or mirror route must be among managedRoutes. */
static void check_managed(struct reader *r, const struct at *canary,
                          const struct at *route)
{
    struct at routing = at_field(canary, "trafficRouting");
    struct at list = at_field(&routing, "managedRoutes");
    struct at name = at_field(route, "name");

    if (!route->v || is_named(&list, at_len(&list),
                              get_text(route, "name", "")))
        return;
    fault(r, &name, "Invalid", "must be one of trafficRouting.managedRoutes");
}

/* What would change the outcome, and is not there. */
static void check_later(struct reader *r, const struct at *up,
                        const char *key)
{
    struct at at = at_field(up, key);

    if (at.v)
        fault(r, &at, "Invalid", "is not supported yet");
}

static void check_duration(struct reader *r, const struct at *at)
{
    if (at->v && argo_pause_seconds(at->v) < 0)
        fault(r, at, "Invalid", "must be a number of seconds, or a text such "
              "as 30s, 5m or 1h");
}

static void check_experiment_template(struct reader *r, const struct at *t)
{
    struct at name = at_field(t, "name"), ref = at_field(t, "specRef");
    const char *of = get_text(t, "specRef", "");

    if (!name.v)
        fault_required(r, &name);
    if (strcmp(of, "canary") != 0 && strcmp(of, "stable") != 0)
        fault(r, &ref, "Invalid", "must be canary or stable");
    check_not_negative(r, t, "replicas");
    check_later(r, t, "weight");
}

static void check_experiment(struct reader *r, const struct at *x)
{
    struct at templates = at_field(x, "templates");
    struct at analyses = at_field(x, "analyses");
    struct at duration = at_field(x, "duration");

    if (at_len(&templates) == 0)
        fault_required(r, &templates);
    for (size_t i = 0; i < at_len(&templates); i++) {
        struct at t = at_item(&templates, i);

        check_experiment_template(r, &t);
    }
    for (size_t i = 0; i < at_len(&analyses); i++) {
        struct at a = at_item(&analyses, i);
        struct at name = at_field(&a, "templateName");

        if (!name.v)
            fault_required(r, &name);
    }
    check_duration(r, &duration);
}

static void check_step(struct reader *r, const struct at *canary,
                       const struct at *step, int64_t most)
{
    struct at weight = at_field(step, "setWeight");
    struct at pause = at_field(step, "pause");
    struct at duration = at_field(&pause, "duration");
    struct at header = at_field(step, "setHeaderRoute");
    struct at mirror = at_field(step, "setMirrorRoute");
    struct at experiment = at_field(step, "experiment");
    int n = 0;

    for (size_t i = 0; actions[i]; i++)
        n += at_field(step, actions[i]).v != NULL;
    if (n != 1)
        fault(r, step, "Invalid", "must have exactly one of setWeight, pause, "
              "setCanaryScale, setHeaderRoute, setMirrorRoute, analysis, "
              "experiment and plugin");
    if (weight.v && (at_int(&weight, 0) < 0 || at_int(&weight, 0) > most))
        fault(r, &weight, "Invalid", "must be between 0 and %lld",
              (long long)most);
    check_duration(r, &duration);
    if (experiment.v)
        check_experiment(r, &experiment);
    check_later(r, step, "plugin");
    check_managed(r, canary, &header);
    check_managed(r, canary, &mirror);
}

static void check_surge(struct reader *r, const struct at *canary)
{
    struct at surge = at_field(canary, "maxSurge");
    struct at missing = at_field(canary, "maxUnavailable");

    if (surge.v)
        check_int_or_percent(r, &surge);
    if (missing.v)
        check_int_or_percent(r, &missing);
    if (missing.v)
        check_percent_at_most_100(r, &missing);
    if (surge.v && missing.v && !is_some(&surge) && !is_some(&missing))
        fault(r, &missing, "Invalid", "must not be 0 when maxSurge is 0");
}

static void check_canary(struct reader *r, const struct at *c)
{
    struct at routing = at_field(c, "trafficRouting");
    struct at steps = at_field(c, "steps");
    struct at delay = at_field(c, "scaleDownDelaySeconds");
    struct at dynamic = at_field(c, "dynamicStableScale");
    struct at service = at_field(c, "canaryService");
    const char *canary = get_text(c, "canaryService", NULL);
    const char *stable = get_text(c, "stableService", NULL);
    bool moves = get_bool(c, "dynamicStableScale", false);

    for (size_t i = 0; i < at_len(&steps); i++) {
        struct at step = at_item(&steps, i);

        check_step(r, c, &step, get_int(&routing, "maxTrafficWeight", 100));
    }
    check_surge(r, c);
    check_later(r, c, "pingPong");
    if (canary && stable && strcmp(canary, stable) == 0)
        fault(r, &service, "Invalid", "must not be the stableService");
    if (routing.v && (!canary || !stable))
        fault(r, &routing, "Invalid", "needs canaryService and "
              "stableService");
    if (moves && !routing.v)
        fault(r, &dynamic, "Invalid", "needs trafficRouting");
    if (delay.v && (!routing.v || moves))
        fault(r, &delay, "Invalid", moves ? "must not be given together with "
              "dynamicStableScale" : "needs trafficRouting");
    check_not_negative(r, c, "scaleDownDelaySeconds");
    check_not_negative(r, c, "abortScaleDownDelaySeconds");
    check_not_negative(r, c, "minPodsPerReplicaSet");
}

static void check_blue_green(struct reader *r, const struct at *b)
{
    struct at active = at_field(b, "activeService");
    struct at many = at_field(b, "activeServices");
    struct at preview = at_field(b, "previewService");

    if (!active.v && at_len(&many) == 0)
        fault_required(r, &active);
    if (active.v && preview.v &&
        strcmp(get_text(b, "activeService", ""),
               get_text(b, "previewService", "")) == 0)
        fault(r, &preview, "Invalid", "must not be the activeService");
    check_not_negative(r, b, "previewReplicaCount");
    check_not_negative(r, b, "autoPromotionSeconds");
    check_not_negative(r, b, "scaleDownDelaySeconds");
    check_not_negative(r, b, "abortScaleDownDelaySeconds");
}

static const char *const scale_downs[] = { "never", "onsuccess",
                                           "progressively", NULL };

static int scale_down_of(const struct at *workload)
{
    const char *word = get_text(workload, "scaleDown", "never");
    int i = 0;

    while (scale_downs[i] && strcmp(scale_downs[i], word) != 0)
        i++;
    return i;
}

static void check_workload(struct reader *r, const struct at *w)
{
    struct at kind = at_field(w, "kind"), name = at_field(w, "name");
    struct at down = at_field(w, "scaleDown");

    if (strcmp(get_text(w, "kind", ""), "Deployment") != 0)
        fault(r, &kind, "Invalid", "must be Deployment: others are not "
              "supported yet");
    if (!name.v)
        fault_required(r, &name);
    if (!scale_downs[scale_down_of(w)])
        fault(r, &down, "Invalid", "must be never, onsuccess or "
              "progressively");
}

static void check_spec(struct reader *r, const struct at *spec)
{
    struct at selector = at_field(spec, "selector");
    struct at template = at_field(spec, "template");
    struct at strategy = at_field(spec, "strategy");
    struct at canary = at_field(&strategy, "canary");
    struct at blue_green = at_field(&strategy, "blueGreen");
    struct at deadline = at_field(spec, "progressDeadlineSeconds");
    struct at restart = at_field(spec, "restartAt");
    struct at workload = at_field(spec, "workloadRef");
    int64_t t;

    check_not_negative(r, spec, "replicas");
    if (workload.v)
        check_workload(r, &workload);
    if (restart.v && !cron_read_time(get_text(spec, "restartAt", ""), &t))
        fault(r, &restart, "Invalid", "must be a time such as "
              "2026-01-31T23:59:00Z");
    check_selector_required(r, &selector, "Rollout");
    check_template_labels(r, &selector, &template);
    check_template(r, &template, NULL);
    check_lives_for_ever(r, &template, "Rollout");
    check_not_negative(r, spec, "minReadySeconds");
    if (at_int(&deadline, 0) <= get_int(spec, "minReadySeconds", 0))
        fault(r, &deadline, "Invalid", "must be more than minReadySeconds");
    if ((canary.v != NULL) == (blue_green.v != NULL))
        fault(r, &strategy, "Invalid", "must have exactly one of canary and "
              "blueGreen");
    if (canary.v)
        check_canary(r, &canary);
    if (blue_green.v)
        check_blue_green(r, &blue_green);
}

/* ---- typed -------------------------------------------------------------------------- */

static const char *word_of(const struct at *value)
{
    const char *exact = get_text(value, "exact", NULL);

    return exact ? exact : get_text(value, "regex",
                                    get_text(value, "prefix", ""));
}

/* The rules below are written with the defaults of an HTTPRoute, as the API
 * server stores them: the controller compares. */

/* {name, value} of a header that must match. */
static const struct value *header_of(struct arena *a, const struct at *match)
{
    struct at value = at_field(match, "headerValue");
    const struct value *v = value_map(a, NULL, 0, NULL);

    v = value_set(a, v, "type", value_string(a, "Exact", NULL));
    v = value_set(a, v, "name",
                  value_string(a, get_text(match, "headerName", ""), NULL));
    return value_set(a, v, "value", value_string(a, word_of(&value), NULL));
}

/* v with a text that the user has written, whatever that is. */
static const struct value *saying(struct arena *a, const struct value *v,
                                  const char *path, const struct at *from,
                                  const char *key)
{
    return value_set(a, v, path, value_string(a, get_text(from, key, ""),
                                              NULL));
}

/* The rule of an HTTPRoute that a setHeaderRoute asks for; NULL: none. */
static const struct value *header_rule(struct arena *a,
                                       const struct at *route,
                                       const char *canary)
{
    struct at match = at_field(route, "match");
    size_t n = at_len(&match);
    const struct value **headers = arena_many(a, const struct value *, n);
    const struct value *v;

    if (n == 0)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        struct at m = at_item(&match, i);

        headers[i] = header_of(a, &m);
    }
    v = value_flow(a, arena_printf(a, "{name: x, matches: [{}], backendRefs: "
                                   "[{kind: Service, name: %s, weight: 1}]}",
                                   canary), NULL);
    v = saying(a, v, "name", route, "name");
    return value_set(a, v, "matches[0].headers",
                     value_list(a, headers, n, NULL));
}

static const struct value *mirror_rule(struct arena *a,
                                       const struct at *route,
                                       const char *stable, const char *canary)
{
    struct at match = at_field(route, "match");
    int64_t percent = get_int(route, "percentage", 100);
    const struct value *v;

    if (at_len(&match) == 0 && !at_field(route, "percentage").v)
        return NULL;
    v = value_flow(a, arena_printf(a, "{name: x, filters: [{type: "
                                   "RequestMirror, requestMirror: "
                                   "{backendRef: {kind: Service, name: %s, "
                                   "weight: 1}, percent: %lld}}], "
                                   "backendRefs: [{kind: Service, name: %s, "
                                   "weight: 1}, {kind: Service, name: %s, "
                                   "weight: 0}]}", canary,
                                   (long long)percent, stable, canary), NULL);
    return saying(a, v, "name", route, "name");
}

static const struct argo_route *route_of(struct arena *a,
                                         const struct argo *r,
                                         const struct at *step)
{
    struct at header = at_field(step, "setHeaderRoute");
    struct at mirror = at_field(step, "setMirrorRoute");
    struct argo_route *route;

    if ((!header.v && !mirror.v) || !r->canary_service || !r->stable_service)
        return NULL;
    route = arena_make(a, struct argo_route);
    route->name = get_text(header.v ? &header : &mirror, "name", "");
    route->rule = header.v ? header_rule(a, &header, r->canary_service)
                           : mirror_rule(a, &mirror, r->stable_service,
                                         r->canary_service);
    return route;
}

/* The arguments of an analysis of an experiment; "{{templates.x...}}", which
 * only tells pods apart, is the template's name. */
static const struct value *experiment_args(struct arena *a,
                                           const struct value *args)
{
    const char *text, *end;

    for (size_t i = 0; args && args->type == VALUE_LIST && i < args->len;
         i++) {
        text = value_text(value_get(args->u.items[i], "value"), "");
        if (strncmp(text, "{{templates.", 12) != 0 ||
            !(end = strchr(text + 12, '.')))
            continue;
        args = value_set(a, args, arena_printf(a, "[%zu].value", i),
                         value_string(a, arena_strndup(
                             a, text + 12, (size_t)(end - text) - 12), NULL));
    }
    return args;
}

/* An item of `analyses` as the analysis block of a step. */
static struct argo_experiment_analysis analysis_of(struct arena *a,
                                                   const struct at *at,
                                                   const struct value *dry)
{
    struct at args = at_field(at, "args");
    const struct value *block = value_flow(
        a, arena_printf(a, "{templates: [{templateName: x, clusterScope: "
                        "%s}]}", get_bool(at, "clusterScope", false)
                                     ? "true" : "false"), NULL);

    block = saying(a, block, "templates[0].templateName", at, "templateName");
    if (args.v)
        block = value_set(a, block, "args", experiment_args(a, args.v));
    if (dry)
        block = value_set(a, block, "dryRun", dry);
    return (struct argo_experiment_analysis){
        block, get_bool(at, "requiredForCompletion", false)
    };
}

static struct argo_template template_of(struct arena *a, const struct at *at)
{
    struct at metadata = at_field(at, "metadata");
    struct at labels = at_field(&metadata, "labels");

    return (struct argo_template){
        .name = get_text(at, "name", ""),
        .canary = strcmp(get_text(at, "specRef", ""), "canary") == 0,
        .replicas = (int)get_int(at, "replicas", -1),
        .labels = labels.v ? labels_from(a, labels.v) : NULL,
    };
}

static const struct argo_experiment *experiment_of(struct arena *a,
                                                   const struct at *at)
{
    struct at templates = at_field(at, "templates");
    struct at analyses = at_field(at, "analyses");
    struct at duration = at_field(at, "duration"), dry = at_field(at,
                                                                  "dryRun");
    struct argo_experiment *x = arena_make(a, struct argo_experiment);
    struct argo_template *t;
    struct argo_experiment_analysis *y;

    x->ntemplates = at_len(&templates);
    x->templates = t = arena_many(a, struct argo_template, x->ntemplates);
    for (size_t i = 0; i < x->ntemplates; i++) {
        struct at item = at_item(&templates, i);

        t[i] = template_of(a, &item);
    }
    x->nanalyses = at_len(&analyses);
    x->analyses = y = arena_many(a, struct argo_experiment_analysis,
                                 x->nanalyses);
    for (size_t i = 0; i < x->nanalyses; i++) {
        struct at item = at_item(&analyses, i);

        y[i] = analysis_of(a, &item, dry.v);
    }
    x->duration = duration.v ? argo_pause_seconds(duration.v) * SIM_S
                             : SIM_NEVER;
    return x;
}

static struct argo_step step_of(struct arena *a, const struct argo *r,
                                const struct at *at)
{
    struct at pause = at_field(at, "pause"), scale = at_field(at,
                                                       "setCanaryScale");
    struct at duration = at_field(&pause, "duration");
    struct at experiment = at_field(at, "experiment");
    struct argo_step s = { .weight = (int)get_int(at, "setWeight", -1) };

    s.pause = pause.v != NULL;
    s.pause_s = duration.v ? argo_pause_seconds(duration.v) : PAUSE_FOREVER;
    s.analysis = at_field(at, "analysis").v;
    if (experiment.v)
        s.experiment = experiment_of(a, &experiment);
    s.route = route_of(a, r, at);
    if (scale.v) {
        struct argo_scale *to = arena_make(a, struct argo_scale);

        to->replicas = (int)get_int(&scale, "replicas", -1);
        to->weight = (int)get_int(&scale, "weight", -1);
        to->match = get_bool(&scale, "matchTrafficWeight", false);
        s.scale = to;
    }
    return s;
}

static void make_threshold(const struct at *c, struct argo *r)
{
    struct at t = at_field(c, "replicaProgressThreshold");
    struct int_or_percent value;

    if (!t.v)
        return;
    value = get_int_or_percent(&t, "value");
    r->threshold.type = strcmp(get_text(&t, "type", ""), "Pods") == 0
                            ? THRESHOLD_PODS : THRESHOLD_PERCENT;
    r->threshold.value = value.value;
}

/* The HTTPRoute that the Gateway API plugin names; else one's own. */
static const char *route_name(const struct argo *r, const struct at *routing)
{
    const struct value *plugin = value_get(
        value_get(routing->v, "plugins"), "argoproj-labs/gatewayAPI");
    const char *name = value_text(value_get(plugin, "httpRoute"), NULL);

    if (!name)
        name = value_text(value_at(plugin, "httpRoutes[0].name"), NULL);
    return name ? name : r->meta.name;
}

static int starting_step(const struct value *analysis)
{
    int64_t n;

    return parse_int(value_text(value_get(analysis, "startingStep"), ""), &n,
                     NULL) && n > 0 && n < INT32_MAX ? (int)n : 0;
}

static void make_canary(struct arena *a, struct argo *r, const struct at *c)
{
    struct at steps = at_field(c, "steps");
    struct at routing = at_field(c, "trafficRouting");
    struct argo_step *list = arena_many(a, struct argo_step, at_len(&steps));

    r->strategy = ARGO_CANARY;
    r->canary_service = get_text(c, "canaryService", NULL);
    r->stable_service = get_text(c, "stableService", NULL);
    for (size_t i = 0; i < at_len(&steps); i++) {
        struct at step = at_item(&steps, i);

        list[i] = step_of(a, r, &step);
    }
    r->steps = list;
    r->nsteps = at_len(&steps);
    r->routed = routing.v != NULL;
    r->max_weight = (int)get_int(&routing, "maxTrafficWeight", 100);
    r->route = route_name(r, &routing);
    r->analysis = at_field(c, "analysis").v;
    r->analysis_from = starting_step(r->analysis);
    r->dynamic_stable_scale = get_bool(c, "dynamicStableScale", false);
    r->min_pods = (int)get_int(c, "minPodsPerReplicaSet", 0);
    make_threshold(c, r);
}

static void make_blue_green(struct arena *a, struct argo *r,
                            const struct at *b)
{
    const char *active = get_text(b, "activeService", NULL);
    const char *preview = get_text(b, "previewService", NULL);
    size_t n;
    const char *const *more = get_texts(a, b, "activeServices", &n);
    const char **list = arena_many(a, const char *, n + 1);

    r->strategy = ARGO_BLUE_GREEN;
    if (active)
        list[r->nactive++] = active;
    for (size_t i = 0; i < n; i++)
        if (!active || strcmp(more[i], active) != 0)
            list[r->nactive++] = more[i];
    r->active_services = list;
    if (preview) {
        list = arena_many(a, const char *, 1);
        list[0] = preview;
        r->preview_services = list;
        r->npreview = 1;
    }
    r->preview_replicas = (int)get_int(b, "previewReplicaCount", -1);
    r->auto_promotion = get_bool(b, "autoPromotionEnabled", true);
    r->auto_promotion_s = (int)get_int(b, "autoPromotionSeconds", 0);
    r->pre_analysis = at_field(b, "prePromotionAnalysis").v;
    r->post_analysis = at_field(b, "postPromotionAnalysis").v;
}

/* What both strategies have. */
static void make_limits(struct argo *r, const struct at *s)
{
    r->has_surge = at_field(s, "maxSurge").v != NULL;
    r->has_unavailable = at_field(s, "maxUnavailable").v != NULL;
    if (r->has_surge)
        r->max_surge = get_int_or_percent(s, "maxSurge");
    if (r->has_unavailable)
        r->max_unavailable = get_int_or_percent(s, "maxUnavailable");
    r->scale_down_delay_s = (int)get_int(s, "scaleDownDelaySeconds", -1);
    r->abort_delay_s = (int)get_int(s, "abortScaleDownDelaySeconds", -1);
    r->scale_down_limit = (int)get_int(s, "scaleDownDelayRevisionLimit", -1);
}

static void make(struct arena *a, struct argo *r, const struct at *spec)
{
    struct at strategy = at_field(spec, "strategy");
    struct at canary = at_field(&strategy, "canary");
    struct at blue_green = at_field(&strategy, "blueGreen");
    struct at window = at_field(spec, "rollbackWindow");
    struct at workload = at_field(spec, "workloadRef");

    r->replicas = (int)get_int(spec, "replicas", 1);
    r->selector = selector_from(a, at_field(spec, "selector").v, NULL);
    r->template = template_make(a, at_field(spec, "template").v);
    if (workload.v) {
        r->workload = get_text(&workload, "name", "");
        r->scale_down = (enum argo_scale_down)scale_down_of(&workload);
    }
    r->min_ready_s = (int)get_int(spec, "minReadySeconds", 0);
    r->history_limit = (int)get_int(spec, "revisionHistoryLimit", 10);
    r->progress_deadline_s = (int)get_int(spec, "progressDeadlineSeconds",
                                          600);
    r->deadline_abort = get_bool(spec, "progressDeadlineAbort", false);
    r->paused = get_bool(spec, "paused", false);
    r->rollback_window = (int)get_int(&window, "revisions", 0);
    if (!cron_read_time(get_text(spec, "restartAt", ""), &r->restart_at))
        r->restart_at = -1;
    r->canary_weight = r->stable_weight = -1;
    r->max_weight = 100;
    r->preview_replicas = -1;
    make_limits(r, canary.v ? &canary : &blue_green);
    if (canary.v)
        make_canary(a, r, &canary);
    else
        make_blue_green(a, r, &blue_green);
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct argo *r = arena_make(a, struct argo);
    struct reader reader = reader_of(a, errors);
    struct at root = at_root(object_read(&reader, v, &argo_type, &r->meta),
                             "");
    struct at spec = at_field(&root, "spec");

    check_spec(&reader, &spec);
    make(a, r, &spec);
    r->raw = root.v;
    return &r->meta;
}

void argo_set_replicas(struct arena *a, struct argo *r, int n)
{
    r->replicas = n;
    r->raw = value_set(a, r->raw, "spec.replicas",
                       value_plain(a, arena_printf(a, "%d", n), NULL));
}

void argo_copy_status(struct argo *to, const struct argo *from)
{
    to->current = from->current;
    to->stable = from->stable;
    to->active = from->active;
    to->preview = from->preview;
    to->revision = from->revision;
    to->step = from->step;
    to->steps_identity = from->steps_identity;
    to->aborted = from->aborted;
    to->promote_full = from->promote_full;
    to->fast = from->fast;
    to->checkpoint = from->checkpoint;
    to->aborted_at = from->aborted_at;
    to->pauses = from->pauses;
    to->paused_at = from->paused_at;
    to->promoted_once = from->promoted_once;
    to->restarted_at = from->restarted_at;
    to->canary_weight = from->canary_weight;
    to->stable_weight = from->stable_weight;
    to->canary_hash = from->canary_hash;
    to->phase = from->phase;
    to->message = from->message;
    to->observed_generation = from->observed_generation;
    to->status_replicas = from->status_replicas;
    to->updated = from->updated;
    to->ready = from->ready;
    to->available = from->available;
    to->progressing = from->progressing;
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    argo_copy_status(argo_of(dst), argo_seen(src));
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    return !value_equal(value_get(argo_seen(a)->raw, "spec"),
                        value_get(argo_seen(b)->raw, "spec"));
}

const struct kind_ops kind_ROLLOUT = {
    .size = sizeof(struct argo), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode,
};
