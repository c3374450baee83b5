/*
 * flagger.c - the Canary object of Flagger: fields, defaults, validation.
 *
 * The strategy follows from analysis: match and iterations are an A/B test,
 * iterations alone blue-green, else weights.  Without routes (provider
 * "kubernetes") match is dropped and there are ten iterations unless some are
 * given.
 *
 * Refused so far: targets other than Deployments; metrics other than the two
 * built in; hooks that wait for an answer or roll back (confirm-*, rollback).
 * Reported: other hooks, which are taken to succeed (a load test's requests are
 * not sent), session affinity, autoscalers, revertOnDeletion.
 * Source: flagger.app/v1beta1, pkg/apis/flagger at 15bd6ad5; reference 2.2.
 */
#include "models/flagger.h"

#include <stdlib.h>
#include <string.h>

#include "read.h"

#define INTERVAL_LEAST (10 * SIM_S)
#define ITERATIONS_LEAST 10     /* provider kubernetes */

/* ---- shape ------------------------------------------------------------------ */

static const struct shape_field ref_fields[] = {
    SILENT(TEXT, "apiVersion"), READ(TEXT, "kind"), READ(TEXT, "name"),
    SHAPE_END
};
static const struct shape ref_shape = { ref_fields, NULL };
static const struct shape_field service_fields[] = {
    READ(TEXT, "name"), READ(INT, "port"),
    READ_DEF(TEXT, "portName", "http"), READ(INT_OR_TEXT, "targetPort"),
    SILENT(TEXT, "appProtocol"), SILENT(BOOL, "portDiscovery"),
    REPORT(TEXT, "timeout"), SILENT(ANY, "gateways"),
    SILENT(ANY, "gatewayRefs"), SILENT(ANY, "hosts"), SILENT(ANY, "match"),
    SILENT(ANY, "rewrite"), REPORT(ANY, "retries"), SILENT(ANY, "headers"),
    SILENT(ANY, "cors"), SILENT(ANY, "corsPolicy"),
    SILENT(ANY, "trafficPolicy"), SILENT(ANY, "backends"),
    SILENT(ANY, "apex"), SILENT(ANY, "primary"), SILENT(ANY, "canary"),
    SILENT(BOOL, "delegation"), SILENT(TEXT, "meshName"), SHAPE_END
};
static const struct shape service_shape = { service_fields, NULL };
static const struct shape_field match_fields[] = {
    READ(ANY, "headers"), REPORT(ANY, "sourceLabels"), SHAPE_END
};
static const struct shape match_shape = { match_fields, NULL };
static const struct shape_field range_fields[] = {
    READ(ANY, "min"), READ(ANY, "max"), SHAPE_END
};
static const struct shape range_shape = { range_fields, NULL };
static const struct shape_field metric_fields[] = {
    READ(TEXT, "name"), READ_DEF(TEXT, "interval", "1m"),
    READ(ANY, "threshold"), OBJECT("thresholdRange", range_shape),
    READ(ANY, "templateRef"), READ(TEXT, "query"),
    SILENT(ANY, "templateVariables"), SHAPE_END
};
static const struct shape metric_shape = { metric_fields, NULL };
static const struct shape_field hook_fields[] = {
    READ_DEF(TEXT, "type", "rollout"), READ(TEXT, "name"),
    SILENT(TEXT, "url"), SILENT(TEXT, "timeout"), SILENT(ANY, "metadata"),
    SILENT(BOOL, "muteAlert"), SILENT(INT, "retries"),
    SILENT(BOOL, "disableTLS"), SHAPE_END
};
static const struct shape hook_shape = { hook_fields, NULL };
static const struct shape_field analysis_fields[] = {
    READ_DEF(TEXT, "interval", "60s"), READ_DEF(INT, "threshold", "1"),
    READ_DEF(INT, "maxWeight", "0"), READ_DEF(INT, "stepWeight", "0"),
    READ(INTS, "stepWeights"), READ_DEF(INT, "stepWeightPromotion", "0"),
    READ_DEF(INT, "iterations", "0"), LIST("match", match_shape),
    READ_DEF(BOOL, "mirror", "false"), READ_DEF(INT, "mirrorWeight", "100"),
    READ_DEF(INT, "primaryReadyThreshold", "100"),
    READ_DEF(INT, "canaryReadyThreshold", "100"),
    REPORT(ANY, "sessionAffinity"), LIST("metrics", metric_shape),
    LIST("webhooks", hook_shape), SILENT(ANY, "alerts"), SHAPE_END
};
static const struct shape analysis_shape = { analysis_fields, NULL };
static const struct shape_field spec_fields[] = {
    READ(TEXT, "provider"), OBJECT_DEF("targetRef", ref_shape),
    REPORT(ANY, "autoscalerRef"), OBJECT("ingressRef", ref_shape),
    SILENT(ANY, "routeRef"), SILENT(ANY, "upstreamRef"),
    SILENT(TEXT, "metricsServer"), OBJECT_DEF("service", service_shape),
    READ_DEF(INT, "progressDeadlineSeconds", "600"),
    READ_DEF(BOOL, "skipAnalysis", "false"),
    READ_DEF(BOOL, "suspend", "false"), REPORT(BOOL, "revertOnDeletion"),
    OBJECT_DEF("analysis", analysis_shape), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field canary_fields[] = {
    OBJECT_FIELDS(spec_shape)
};
static const struct shape canary_shape = { canary_fields, NULL };
static const struct object_type canary_type = {
    KIND_CANARY, &canary_shape, NAME_SUBDOMAIN
};

/* ---- words --------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum flagger_provider provider;
} providers[] = {
    { "kubernetes", FLAGGER_KUBERNETES }, { "none", FLAGGER_KUBERNETES },
    { "nginx", FLAGGER_NGINX }, { "istio", FLAGGER_MESH },
    { "linkerd", FLAGGER_MESH }, { "smi:linkerd", FLAGGER_MESH },
    { "appmesh", FLAGGER_MESH }, { "kuma", FLAGGER_MESH },
    { "osm", FLAGGER_MESH }, { "gatewayapi:v1", FLAGGER_MESH },
    { "gatewayapi:v1beta1", FLAGGER_MESH }, { "contour", FLAGGER_MESH },
    { "traefik", FLAGGER_MESH }, { "gloo", FLAGGER_MESH },
    { "skipper", FLAGGER_MESH }, { "apisix", FLAGGER_MESH },
    { "knative", FLAGGER_MESH },
};

static enum flagger_provider provider_of(struct reader *r,
                                         const struct at *spec)
{
    struct at at = at_field(spec, "provider");

    if (!at.v)
        return at_field(spec, "ingressRef").v ? FLAGGER_NGINX : FLAGGER_MESH;
    for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
        if (strcmp(providers[i].word, value_text(at.v, "")) == 0)
            return providers[i].provider;
    fault(r, &at, "Invalid", "is not a provider that is known: \"%s\"",
          value_text(at.v, ""));
    return FLAGGER_MESH;
}

static sim_time time_of(struct reader *r, const struct at *up,
                        const char *key)
{
    struct at at = at_field(up, key);
    const char *why = "";
    int64_t ns = 0;

    if (!parse_duration(value_text(at.v, ""), &ns, &why) || ns <= 0)
        fault(r, &at, "Invalid", "must be a duration such as 1m, got \"%s\"",
              value_text(at.v, ""));
    return ns;
}

static bool number_of(struct reader *r, const struct at *at, double *out)
{
    const char *text = value_text(at->v, "");
    char *end;

    if (!at->v)
        return false;
    *out = strtod(text, &end);
    if (end != text && *end == '\0')
        return true;
    fault(r, at, "Invalid", "must be a number, got \"%s\"", text);
    return false;
}

/* ---- metrics and hooks ------------------------------------------------------------- */

static void metric_of(struct reader *r, const struct at *at,
                      struct flagger_metric *m)
{
    static const char *const names[] = { "request-success-rate",
                                         "request-duration", NULL };
    struct at name = at_field(at, "name"), range = at_field(at,
                                                            "thresholdRange");
    struct at min = at_field(&range, "min"), max = at_field(&range, "max");
    struct at plain = at_field(at, "threshold");
    int which = word_index(names, value_text(name.v, ""));

    if (which < 0 || at_field(at, "templateRef").v ||
        at_field(at, "query").v) {
        fault(r, &name, "Invalid", "\"%s\" is not supported yet: metrics are "
              "request-success-rate and request-duration",
              value_text(name.v, ""));
        return;
    }
    m->what = which ? FLAGGER_DURATION : FLAGGER_SUCCESS_RATE;
    m->interval = time_of(r, at, "interval");
    m->has_min = number_of(r, &min, &m->min);
    m->has_max = number_of(r, &max, &m->max);
    if (plain.v && !range.v && number_of(r, &plain, which ? &m->max
                                                          : &m->min)) {
        m->has_max = which == 1;
        m->has_min = which == 0;
    }
}

static void check_hooks(struct reader *r, const struct at *analysis)
{
    static const char *const types[] = {
        "rollout", "pre-rollout", "post-rollout", "event", "confirm-rollout",
        "confirm-traffic-increase", "confirm-promotion", "rollback", NULL
    };
    struct at list = at_field(analysis, "webhooks");

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at hook = at_item(&list, i), type = at_field(&hook, "type");
        int which = word_index(types, value_text(type.v, ""));

        if (which < 0)
            fault_unsupported(r, &type, types);
        else if (which >= 4)
            fault(r, &type, "Invalid", "\"%s\" is not supported yet: nobody "
                  "answers it", types[which]);
        else
            report_ignored(r, &hook);
    }
}

/* ---- matches -------------------------------------------------------------------------- */

/* One header: {x-user: {exact: "a"}}; a cookie's regex "^(.*?;)?(k=v)(;.*)?$"
 * is what the documents show. */
static void match_of(struct reader *r, const struct at *header,
                     struct route_match *m)
{
    struct at exact = at_field(header, "exact");
    struct at regex = at_field(header, "regex");
    const char *text = value_text(regex.v, ""), *from, *equals, *end;

    *m = (struct route_match){ header->key, value_text(exact.v, ""), false };
    if (exact.v)
        return;
    from = strstr(text, ")?(");
    equals = from ? strchr(from, '=') : NULL;
    end = equals ? strchr(equals, ')') : NULL;
    if (end && (strcmp(header->key, "cookie") == 0 ||
                strcmp(header->key, "Cookie") == 0)) {
        m->key = arena_strndup(r->arena, from + 3,
                               (size_t)(equals - from - 3));
        m->value = arena_strndup(r->arena, equals + 1,
                                 (size_t)(end - equals - 1));
        m->cookie = true;
        return;
    }
    fault(r, header, "Invalid", "is not supported yet: match by exact, or a "
          "cookie by regex \"^(.*?;)?(NAME=VALUE)(;.*)?$\"");
}

static void matches_of(struct reader *r, const struct at *analysis,
                       struct flagger *f)
{
    struct at list = at_field(analysis, "match");
    struct route_rule *rules = arena_many(r->arena, struct route_rule,
                                          at_len(&list));

    f->matches = rules;
    f->nmatches = at_len(&list);
    for (size_t i = 0; i < f->nmatches; i++) {
        struct at item = at_item(&list, i), h = at_field(&item, "headers");
        struct route_match *m = arena_many(r->arena, struct route_match,
                                           at_len(&h));

        rules[i].matches = m;
        rules[i].nmatches = at_len(&h);
        for (size_t k = 0; k < at_len(&h); k++) {
            struct at header = at_entry(&h, k);

            match_of(r, &header, &m[k]);
        }
    }
}

/* ---- typed ------------------------------------------------------------------------------ */

static void read_target(struct reader *r, const struct at *spec,
                        struct flagger *f)
{
    struct at ref = at_field(spec, "targetRef"), kind = at_field(&ref, "kind");
    struct at name = at_field(&ref, "name");
    struct at service = at_field(spec, "service");
    struct at port = at_field(&service, "port");
    struct at ingress = at_field(spec, "ingressRef");

    f->target = value_text(name.v, "");
    if (!name.v)
        fault_required(r, &name);
    if (strcmp(value_text(kind.v, "Deployment"), "Deployment") != 0)
        fault(r, &kind, "Invalid", "\"%s\" is not supported yet: the target "
              "is a Deployment", value_text(kind.v, ""));
    if (!port.v)
        fault_required(r, &port);
    else
        check_port(r, &port, at_int(&port, 0));
    f->apex = get_text(&service, "name", f->target);
    f->port = (int)at_int(&port, 80);
    f->port_name = get_text(&service, "portName", "http");
    f->target_port = get_text(&service, "targetPort", NULL);
    f->ingress = ingress.v ? get_text(&ingress, "name", NULL) : NULL;
    f->provider = provider_of(r, spec);
    if (f->provider == FLAGGER_NGINX && !f->ingress)
        diag_help(r->errors, fault_required(r, &ingress),
                  "the Ingress that the provider nginx copies");
}

static void read_steps(struct reader *r, const struct at *analysis,
                       struct flagger *f)
{
    struct at list = at_field(analysis, "stepWeights");
    int *steps = arena_many(r->arena, int, at_len(&list));

    f->step_weights = steps;
    f->nsteps = at_len(&list);
    for (size_t i = 0; i < f->nsteps; i++) {
        struct at item = at_item(&list, i);

        steps[i] = (int)at_int(&item, 0);
        if (steps[i] <= (i ? steps[i - 1] : 0))
            fault(r, &item, "Invalid", "weights must grow, got %d", steps[i]);
    }
}

static void read_analysis(struct reader *r, const struct at *analysis,
                          struct flagger *f)
{
    struct at metrics = at_field(analysis, "metrics");
    struct flagger_metric *m = arena_many(r->arena, struct flagger_metric,
                                          at_len(&metrics));

    f->interval = time_of(r, analysis, "interval");
    if (f->interval < INTERVAL_LEAST)
        f->interval = INTERVAL_LEAST;
    f->threshold = (int)get_int(analysis, "threshold", 1);
    if (f->threshold < 1)
        f->threshold = 1;
    f->max_weight = (int)get_int(analysis, "maxWeight", 0);
    f->step_weight = (int)get_int(analysis, "stepWeight", 0);
    f->step_promotion = (int)get_int(analysis, "stepWeightPromotion", 0);
    f->iterations = (int)get_int(analysis, "iterations", 0);
    f->mirror = get_bool(analysis, "mirror", false);
    f->mirror_weight = (int)get_int(analysis, "mirrorWeight", 100);
    f->primary_threshold = (int)get_int(analysis, "primaryReadyThreshold",
                                        100);
    f->canary_threshold = (int)get_int(analysis, "canaryReadyThreshold", 100);
    read_steps(r, analysis, f);
    matches_of(r, analysis, f);
    f->metrics = m;
    f->nmetrics = at_len(&metrics);
    for (size_t i = 0; i < f->nmetrics; i++) {
        struct at item = at_item(&metrics, i);

        metric_of(r, &item, &m[i]);
    }
    check_hooks(r, analysis);
}

/* What would wait for ever is a mistake. */
static void check_strategy(struct reader *r, const struct at *analysis,
                           struct flagger *f)
{
    struct at step = at_field(analysis, "stepWeight");
    struct at match = at_field(analysis, "match");

    if (f->provider == FLAGGER_KUBERNETES) {
        f->nmatches = 0;
        if (f->iterations < 1)
            f->iterations = ITERATIONS_LEAST;
    }
    if (f->provider == FLAGGER_NGINX && f->mirror)
        report_ignored(r, analysis);
    if (f->nmatches > 0 && f->iterations < 1)
        fault(r, &match, "Invalid", "needs analysis.iterations: without them "
              "Flagger moves weights and ignores it");
    if (f->iterations < 1 && f->step_weight < 1 && f->nsteps == 0 &&
        !f->skip_analysis)
        diag_help(r->errors, fault_required(r, &step), "stepWeight, "
                  "stepWeights or iterations say how the canary advances");
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct flagger *f = arena_make(a, struct flagger);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &canary_type, &f->meta), "");
    struct at spec = at_field(&root, "spec");
    struct at analysis = at_field(&spec, "analysis");

    read_target(&r, &spec, f);
    f->skip_analysis = get_bool(&spec, "skipAnalysis", false);
    f->suspend = get_bool(&spec, "suspend", false);
    f->progress_deadline_s = (int)get_int(&spec, "progressDeadlineSeconds",
                                          600);
    read_analysis(&r, &analysis, f);
    check_strategy(&r, &analysis, f);
    f->raw = root.v;
    return &f->meta;
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    flagger_copy_status(flagger_of(dst), flagger_seen(src));
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    return !value_equal(flagger_seen(a)->raw, flagger_seen(b)->raw);
}

const struct kind_ops kind_CANARY = {
    .size = sizeof(struct flagger), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode,
};
