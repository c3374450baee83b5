/*
 * flagger_route.c - the routes that Flagger writes.
 *
 * A mesh gets an HTTPRoute of the apex Service, whatever object its own router
 * has: first the matches of an A/B test, if they count now, then weights of
 * primary and canary.  nginx gets a second Ingress with canary annotations.
 *
 * Source: flagger pkg/router/istio.go, gateway_api.go, ingress.go at 15bd6ad5.
 */
#include "models/flagger.h"

#include <string.h>

#include "base/text.h"
#include "base/value.h"

#define NGINX "nginx.ingress.kubernetes.io/"

static bool is_ab(const struct flagger *f)
{
    return f->nmatches > 0 && f->iterations > 0;
}

static void put_backends(struct buf *b, const struct flagger *f, int weight)
{
    buf_printf(b, "backendRefs: [{name: %s-primary, port: %d, weight: %d}, "
               "{name: %s-canary, port: %d, weight: %d}]", f->apex, f->port,
               FLAGGER_TOTAL - weight, f->apex, f->port, weight);
}

static void put_matches(struct buf *b, const struct flagger *f)
{
    for (size_t i = 0; i < f->nmatches; i++) {
        buf_printf(b, "%s{headers: [", i ? ", " : "");
        for (size_t k = 0; k < f->matches[i].nmatches; k++) {
            const struct route_match *m = &f->matches[i].matches[k];

            if (m->cookie)
                buf_printf(b, "%s{name: cookie, value: \"%s=%s\"}",
                           k ? ", " : "", m->key, m->value);
            else
                buf_printf(b, "%s{name: \"%s\", value: \"%s\"}",
                           k ? ", " : "", m->key, m->value);
        }
        buf_puts(b, "]}");
    }
}

const struct value *flagger_route(struct arena *a, const struct flagger *f)
{
    struct buf b = { 0 };
    const struct value *v;

    buf_printf(&b, "{apiVersion: gateway.networking.k8s.io/v1, kind: "
               "HTTPRoute, metadata: {name: %s, namespace: %s}, spec: "
               "{parentRefs: [{group: \"\", kind: Service, name: %s}], rules: "
               "[", f->apex, f->meta.space, f->apex);
    if (is_ab(f)) {
        buf_puts(&b, "{matches: [");
        put_matches(&b, f);
        buf_puts(&b, "], ");
        put_backends(&b, f, f->weight);
        buf_puts(&b, "}, ");
    }
    buf_puts(&b, "{");
    if (f->mirrored)
        buf_printf(&b, "filters: [{type: RequestMirror, requestMirror: "
                   "{backendRef: {name: %s-canary, port: %d}, percent: %d}}], ",
                   f->apex, f->port, f->mirror_weight);
    put_backends(&b, f, is_ab(f) ? 0 : f->weight);
    buf_puts(&b, "}]}}");
    v = value_flow(a, b.text, NULL);
    buf_free(&b);
    return v;
}

/* The annotations that send requests to the canary now. */
static const struct value *notes_of(struct arena *a, const struct flagger *f)
{
    struct buf b = { 0 };
    const struct value *v;

    buf_puts(&b, "{" NGINX "canary: \"true\"");
    for (size_t i = 0; is_ab(f) && f->weight > 0 && i < f->nmatches; i++)
        for (size_t k = 0; k < f->matches[i].nmatches; k++) {
            const struct route_match *m = &f->matches[i].matches[k];

            if (m->cookie)
                buf_printf(&b, ", " NGINX "canary-by-cookie: \"%s\"", m->key);
            else
                buf_printf(&b, ", " NGINX "canary-by-header: \"%s\", " NGINX
                           "canary-by-header-value: \"%s\"", m->key, m->value);
        }
    if (!is_ab(f))
        buf_printf(&b, ", " NGINX "canary-weight: \"%d\"", f->weight);
    buf_puts(&b, "}");
    v = value_flow(a, b.text, NULL);
    buf_free(&b);
    return v;
}

/* The Service of a backend, at this path, is the canary's if it is the apex. */
static const struct value *with_canary(struct arena *a,
                                       const struct flagger *f,
                                       const struct value *v,
                                       const char *path)
{
    const char *name = value_text(value_at(v, path), "");

    if (strcmp(name, f->apex) != 0)
        return v;
    return value_set(a, v, path,
                     value_string(a, arena_printf(a, "%s-canary", f->apex),
                                  NULL));
}

const struct value *flagger_ingress(struct arena *a, const struct flagger *f,
                                    const struct value *main)
{
    const struct value *v = value_flow(a, arena_printf(a,
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: "
        "%s-canary, namespace: %s}}", f->ingress, f->meta.space), NULL);
    const struct value *spec = value_get(main, "spec");
    const struct value *rules = value_get(spec, "rules");

    for (size_t i = 0; rules && i < rules->len; i++) {
        const struct value *paths = value_at(rules->u.items[i], "http.paths");

        for (size_t k = 0; paths && k < paths->len; k++)
            spec = with_canary(a, f, spec, arena_printf(a,
                "rules[%zu].http.paths[%zu].backend.service.name", i, k));
    }
    v = value_set(a, v, "metadata.annotations", notes_of(a, f));
    return value_set(a, v, "spec", spec);
}
