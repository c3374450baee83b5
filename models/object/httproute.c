/*
 * httproute.c - the HTTPRoute object of the Gateway API: fields, validation.
 *
 * A parent is a Service (a mesh) or a Gateway; requests to a Service that a
 * route has among its parents, or (for a Gateway) among its backends, obey it.
 * One item of `matches` is a rule of its own here, as they are alternatives.
 * A header "cookie" whose value is NAME=VALUE is a cookie.
 *
 * Not modelled: paths, methods, query parameters and host names are taken to
 * match; filters but RequestMirror; timeouts; sectionName and ports.
 * Source: gateway.networking.k8s.io/v1, sigs.k8s.io/gateway-api at 4564255a.
 */
#include "models/route.h"

#include <string.h>

#include "base/vec.h"
#include "read.h"

/* ---- shape ------------------------------------------------------------------ */

static const struct shape_field parent_fields[] = {
    SILENT(TEXT, "group"), READ_DEF(TEXT, "kind", "Gateway"),
    READ(TEXT, "name"), SILENT(TEXT, "namespace"),
    SILENT(TEXT, "sectionName"), SILENT(INT, "port"), SHAPE_END
};
static const struct shape parent_shape = { parent_fields, NULL };
static const struct shape_field header_fields[] = {
    SILENT_DEF(TEXT, "type", "Exact"), READ(TEXT, "name"),
    READ(TEXT, "value"), SHAPE_END
};
static const struct shape header_shape = { header_fields, NULL };
static const struct shape_field match_fields[] = {
    LIST("headers", header_shape), SILENT(ANY, "path"),
    REPORT(TEXT, "method"), REPORT(ANY, "queryParams"), SHAPE_END
};
static const struct shape match_shape = { match_fields, NULL };
static const struct shape_field backend_fields[] = {
    SILENT(TEXT, "group"), READ_DEF(TEXT, "kind", "Service"),
    READ(TEXT, "name"), SILENT(TEXT, "namespace"), SILENT(INT, "port"),
    READ_DEF(INT, "weight", "1"), REPORT(ANY, "filters"), SHAPE_END
};
static const struct shape backend_shape = { backend_fields, NULL };
static const struct shape_field mirror_fields[] = {
    OBJECT_DEF("backendRef", backend_shape), READ_DEF(INT, "percent", "100"),
    REPORT(ANY, "fraction"), SHAPE_END
};
static const struct shape mirror_shape = { mirror_fields, NULL };
static const struct shape_field filter_fields[] = {
    READ(TEXT, "type"), OBJECT("requestMirror", mirror_shape),
    SILENT(ANY, "requestHeaderModifier"),
    SILENT(ANY, "responseHeaderModifier"), REPORT(ANY, "requestRedirect"),
    SILENT(ANY, "urlRewrite"), REPORT(ANY, "extensionRef"), SHAPE_END
};
static const struct shape filter_shape = { filter_fields, NULL };
static const struct shape_field rule_fields[] = {
    SILENT(TEXT, "name"), LIST("matches", match_shape),
    LIST("filters", filter_shape), LIST("backendRefs", backend_shape),
    REPORT(ANY, "timeouts"), REPORT(ANY, "retry"),
    REPORT(ANY, "sessionPersistence"), SHAPE_END
};
static const struct shape rule_shape = { rule_fields, NULL };
static const struct shape_field spec_fields[] = {
    LIST("parentRefs", parent_shape), SILENT(TEXTS, "hostnames"),
    LIST("rules", rule_shape), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field route_fields[] = { OBJECT_FIELDS(spec_shape) };
static const struct shape route_shape = { route_fields, NULL };
static const struct object_type route_type = {
    KIND_HTTPROUTE, &route_shape, NAME_SUBDOMAIN
};

/* ---- validation --------------------------------------------------------------- */

static void check_backend(struct reader *r, const struct at *b)
{
    struct at name = at_field(b, "name"), weight = at_field(b, "weight");

    if (!name.v || !*get_text(b, "name", ""))
        fault_required(r, &name);
    if (at_int(&weight, 1) < 0 || at_int(&weight, 1) > 1000000)
        fault(r, &weight, "Invalid", "must be between 0 and 1000000");
}

static void check_rule(struct reader *r, const struct at *rule)
{
    struct at backends = at_field(rule, "backendRefs");
    struct at filters = at_field(rule, "filters");

    for (size_t i = 0; i < at_len(&backends); i++) {
        struct at b = at_item(&backends, i);

        check_backend(r, &b);
    }
    for (size_t i = 0; i < at_len(&filters); i++) {
        struct at f = at_item(&filters, i);
        struct at mirror = at_field(&f, "requestMirror");
        struct at percent = at_field(&mirror, "percent");
        struct at b = at_field(&mirror, "backendRef");

        if (!mirror.v)
            continue;
        check_backend(r, &b);
        if (at_int(&percent, 100) < 0 || at_int(&percent, 100) > 100)
            fault(r, &percent, "Invalid", "must be between 0 and 100");
    }
}

/* ---- typed ----------------------------------------------------------------------- */

static const struct route_match *matches_of(struct arena *a,
                                            const struct at *match, size_t *n)
{
    struct at headers = at_field(match, "headers");
    struct route_match *m = arena_many(a, struct route_match,
                                       at_len(&headers));

    *n = at_len(&headers);
    for (size_t i = 0; i < *n; i++) {
        struct at h = at_item(&headers, i);
        const char *value = get_text(&h, "value", "");
        const char *equals = strchr(value, '=');

        m[i] = (struct route_match){ get_text(&h, "name", ""), value, false };
        if (equals && (strcmp(m[i].key, "cookie") == 0 ||
                       strcmp(m[i].key, "Cookie") == 0))
            m[i] = (struct route_match){
                arena_strndup(a, value, (size_t)(equals - value)), equals + 1,
                true };
    }
    return m;
}

static const struct route_backend *backends_of(struct arena *a,
                                               const struct at *rule,
                                               size_t *n)
{
    struct at list = at_field(rule, "backendRefs");
    struct route_backend *b = arena_many(a, struct route_backend,
                                         at_len(&list));

    *n = at_len(&list);
    for (size_t i = 0; i < *n; i++) {
        struct at item = at_item(&list, i);

        b[i].service = get_text(&item, "name", "");
        b[i].weight = (int)get_int(&item, "weight", 1);
    }
    return b;
}

static void mirror_of(const struct at *rule, struct route_rule *out)
{
    struct at filters = at_field(rule, "filters");

    for (size_t i = 0; i < at_len(&filters); i++) {
        struct at f = at_item(&filters, i);
        struct at mirror = at_field(&f, "requestMirror");
        struct at b = at_field(&mirror, "backendRef");

        if (!mirror.v)
            continue;
        out->mirror = get_text(&b, "name", NULL);
        out->mirror_percent = (int)get_int(&mirror, "percent", 100);
    }
}

typedef VEC(struct route_rule) rule_list;

/* One rule for each of its matches, which are alternatives. */
static void add_rules(struct arena *a, const struct at *rule, rule_list *out)
{
    struct at matches = at_field(rule, "matches");
    size_t n = at_len(&matches);
    struct route_rule r = { 0 };

    r.backends = backends_of(a, rule, &r.nbackends);
    mirror_of(rule, &r);
    if (n == 0)
        vec_push(a, out, r);
    for (size_t i = 0; i < n; i++) {
        struct at m = at_item(&matches, i);

        r.matches = matches_of(a, &m, &r.nmatches);
        vec_push(a, out, r);
    }
}

/* Services whose requests obey: parents; under a Gateway the first backend of
 * the last rule, which is where clients are said to send. */
static void add_parents(struct arena *a, const struct at *spec,
                        struct httproute *h)
{
    struct at list = at_field(spec, "parentRefs");
    const char **names = arena_many(a, const char *, at_len(&list) + 1);

    for (size_t i = 0; i < at_len(&list); i++) {
        struct at p = at_item(&list, i);

        if (strcmp(get_text(&p, "kind", ""), "Service") == 0)
            names[h->nparents++] = get_text(&p, "name", "");
    }
    if (h->nparents == 0 && h->nrules > 0 &&
        h->rules[h->nrules - 1].nbackends > 0)
        names[h->nparents++] = h->rules[h->nrules - 1].backends[0].service;
    h->parents = names;
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct httproute *h = arena_make(a, struct httproute);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &route_type, &h->meta), "");
    struct at spec = at_field(&root, "spec"), rules = at_field(&spec, "rules");
    rule_list list = { 0 };

    for (size_t i = 0; i < at_len(&rules); i++) {
        struct at rule = at_item(&rules, i);

        check_rule(&r, &rule);
        add_rules(a, &rule, &list);
    }
    h->rules = list.items;
    h->nrules = list.len;
    add_parents(a, &spec, h);
    h->raw = root.v;
    return &h->meta;
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    return !value_equal(httproute_seen(a)->raw, httproute_seen(b)->raw);
}

const struct kind_ops kind_HTTPROUTE = {
    .size = sizeof(struct httproute), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_changed,
    .decode = decode,
};

const struct value *httproute_manifest(struct arena *a, const char *name,
                                       const char *space, const char *parent,
                                       const struct route_backend *backends,
                                       size_t n)
{
    struct buf text = { 0 };
    const struct value *v;

    buf_printf(&text, "{apiVersion: gateway.networking.k8s.io/v1, kind: "
               "HTTPRoute, metadata: {name: %s, namespace: %s}, spec: "
               "{parentRefs: [{group: \"\", kind: Service, name: %s}], rules: "
               "[{backendRefs: [", name, space, parent);
    for (size_t i = 0; i < n; i++)
        buf_printf(&text, "%s{name: %s, weight: %d}", i ? ", " : "",
                   backends[i].service, backends[i].weight);
    buf_puts(&text, "]}]}}");
    v = value_flow(a, text.text, NULL);
    buf_free(&text);
    return v;
}
