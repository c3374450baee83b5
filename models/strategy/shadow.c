/*
 * shadow.c - shadow: the new version gets copies of requests, users none of its
 * answers.
 *
 * A person puts up NAME-shadow, a copy of the Deployment with the new images
 * whose pods no Service of the users selects, and a Service of its own; when it
 * is ready, an HTTPRoute of the users' Service mirrors a share of the requests
 * to it.  After `for` he takes all three away and releases by another strategy
 * (`then`).  Copies load the new version and what it calls; their answers are
 * dropped, so no guard sees them, and nothing here decides by them.
 *
 * The copy of the Deployment is there from the start, without pods.  All that
 * is compared with the state before the release counts from its scaling up.
 * Where NAME-shadow never becomes ready, nothing is released.
 *
 * Source: request mirroring of the Gateway API; reference on progressive
 * delivery 4 (shadow), 5.7.
 */
#include <math.h>
#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "models/action.h"
#include "models/convert.h"
#include "models/errand.h"
#include "models/measure.h"
#include "models/workload.h"
#include "models/world.h"

struct shadow_spec {
    double mirror;
    sim_time lasting;
    struct then {
        const struct strategy_ops *ops;
        const void *spec;
        const struct value *given;
    } then;
};

/* ---- then --------------------------------------------------------------- */

/* {STRATEGY: {...}}, one that works on the Deployment itself. */
static bool then_parse(struct binder *b, const struct value *v, void *out)
{
    struct then *t = out;
    const struct strategy_ops *ops;
    const char *key;
    size_t mark;
    bool good;

    if (v->type != VALUE_MAP || v->len != 1) {
        field_expected(b, v, "one strategy: {rollingUpdate: {}}");
        return false;
    }
    key = v->u.members[0].key;
    ops = strategy_find(key);
    if (!ops || ops->convert) {
        err_error(b->errors, &v->u.members[0].mark, ops
                  ? "strategy \"%s\" cannot follow a shadow: it needs a "
                    "Rollout in place of the Deployment"
                  : "unknown strategy \"%s\"", key);
        return false;
    }
    mark = field_enter(b, key);
    t->ops = ops;
    t->spec = arena_alloc(b->arena, ops->spec_size);
    t->given = v->u.members[0].value;
    good = field_bind(b, t->given, ops->fields, (void *)t->spec);
    field_leave(b, mark);
    return good;
}

static void then_schema(FILE *out)
{
    fputs("{\"type\": \"object\"}", out);
}

static const struct field shadow_fields[] = {
    FIELD(SHARE, struct shadow_spec, mirror, "mirror", "100%", 0, 1, "share",
          "of the requests that are copied, in whole per cent"),
    FIELD(DURATION, struct shadow_spec, lasting, "for", "5m", 0, 1e7, "s",
          "how long the new version gets copies"),
    FIELD_CUSTOM(struct shadow_spec, then, "then", "{rollingUpdate: {}}",
                 then_parse, then_schema, "-", "how it is released "
                 "afterwards: a strategy for Deployments"),
    FIELD_END
};

/* ---- the manifests ------------------------------------------------------ */

static const struct value *shadow_patch(struct arena *a, const void *spec,
                                        const struct value *given)
{
    const struct shadow_spec *s = spec;

    (void)given;
    return s->then.ops->patch(a, s->then.spec, s->then.given);
}

/* Labels (at path) with other values: selected by nobody but their own. */
static const struct value *relabelled(struct conversion *c,
                                      const struct value *v, const char *path)
{
    const struct value *labels = value_at(v, path);

    for (size_t i = 0; labels && labels->type == VALUE_MAP &&
                       i < labels->len; i++) {
        const struct member *m = &labels->u.members[i];
        struct value *copy = arena_memdup(c->arena, labels, sizeof(*labels));
        struct member *members = arena_many(c->arena, struct member,
                                            labels->len);

        memcpy(members, labels->u.members, labels->len * sizeof(*members));
        members[i].value = value_string(
            c->arena, arena_printf(c->arena, "%s-shadow",
                                   value_text(m->value, "")), &c->mark);
        copy->u.members = members;
        labels = copy;
    }
    return labels ? value_set(c->arena, v, path, labels) : v;
}

static const char *shadow_of(struct arena *a, const char *name)
{
    return arena_printf(a, "%s-shadow", name);
}

static const struct value *shadow_deployment(struct conversion *c)
{
    struct arena *a = c->arena;
    const struct value *v = c->deployment;

    v = value_set(a, v, "metadata.name",
                  value_string(a, shadow_of(a, c->name), &c->mark));
    v = value_set(a, v, "spec.replicas", value_plain(a, "0", &c->mark));
    v = relabelled(c, v, "spec.selector.matchLabels");
    return relabelled(c, v, "spec.template.metadata.labels");
}

static void shadow_convert(struct conversion *c)
{
    if (!convert_needs_service(c))
        return;
    if (value_at(c->deployment, "spec.selector.matchExpressions")) {
        err_error(c->errors, &c->mark, "a shadow of Deployment \"%s\" needs a "
                  "selector of matchLabels only", c->name);
        return;
    }
    vec_push(c->arena, &c->out, c->deployment);
    vec_push(c->arena, &c->out, shadow_deployment(c));
    for (size_t i = 0; i < c->nservices; i++) {
        const char *name = convert_service_name(c, i);
        const struct value *v = convert_service(
            c, c->services[i], shadow_of(c->arena, name));

        vec_push(c->arena, &c->out, relabelled(c, v, "spec.selector"));
    }
}

/* ---- what the person types ---------------------------------------------- */

struct shadow {
    struct world *w;
    const struct shadow_spec *spec;
    const char *name, *space;   /* of the shadow Deployment */
    const char *suffix;         /* "", or " -n NAMESPACE" */
    const char *set, *scale;    /* what is typed at it */
    object_uid workload;
};

static void type(struct shadow *s, const char *verb, const char *what,
                 const char *rest)
{
    struct world *w = s->w;

    kubectl_type(w, arena_printf(w->arena, "%s %s%s%s", verb, what, rest,
                                 s->suffix), NULL, 0);
}

/* The Services of the users: those that have a shadow.  Calls act for each. */
static void each_service(struct shadow *s,
                         void (*act)(struct shadow *s, const char *name))
{
    struct world *w = s->w;
    size_t n = api_count(w->api, KIND_SERVICE);
    const char **names = arena_many(w->arena, const char *, n + 1);
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        const struct meta *m = api_at(w->api, KIND_SERVICE, i);

        if (strcmp(m->space, s->space) == 0 &&
            api_find(w->api, KIND_SERVICE, s->space,
                     shadow_of(w->arena, m->name)))
            names[found++] = m->name;
    }
    for (size_t i = 0; i < found; i++)
        act(s, names[i]);
}

static void add_route(struct shadow *s, const char *name)
{
    struct arena *a = s->w->arena;
    const struct value **document = arena_many(a, const struct value *, 1);

    document[0] = value_flow(a, arena_printf(a,
        "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: "
        "{name: %s-shadow, namespace: %s}, spec: {parentRefs: [{group: \"\", "
        "kind: Service, name: %s}], rules: [{filters: [{type: RequestMirror, "
        "requestMirror: {backendRef: {name: %s-shadow}, percent: %d}}], "
        "backendRefs: [{name: %s}]}]}}", name, s->space, name, name,
        (int)lrint(s->spec->mirror * 100), name), NULL);
    CHECK(document[0]);
    kubectl_type(s->w, "apply -f -", document, 1);
}

static void drop_route(struct shadow *s, const char *name)
{
    type(s, "delete", arena_printf(s->w->arena,
                                   "httproute/%s-shadow", name), "");
    type(s, "delete", arena_printf(s->w->arena,
                                   "service/%s-shadow", name), "");
}

static void fire_over(struct sim *sim, void *subject, int64_t arg)
{
    struct shadow *s = subject;
    const struct then *t = &s->spec->then;

    (void)sim;
    (void)arg;
    each_service(s, drop_route);
    type(s, "delete", arena_printf(s->w->arena, "deployment/%s", s->name), "");
    if (t->ops->release)
        t->ops->release(s->w, t->spec);
    else
        kubectl_type(s->w, release_command(s->w), NULL, 0);
}

static const struct event_kind ev_over = { "shadow.over", RANK_ACTION,
                                           fire_over };

/* The shadow is ready: copies may come. */
static void shadow_ready(struct world *w, void *ctx)
{
    struct shadow *s = ctx;

    (void)w;
    each_service(s, add_route);
    sim_after(w->sim, s->spec->lasting, &ev_over, s, 0);
}

/* It has the new images, and no pods yet. */
static void shadow_prepared(struct world *w, void *ctx)
{
    struct shadow *s = ctx;
    const struct meta *m = api_get(w->api, s->workload);

    if (!m)
        return;
    measure_release(w, NULL, deployment_seen(m)->template);
    errand_start(w, m, &s->scale, 1, shadow_ready, s);
}

static void shadow_release(struct world *w, const void *spec)
{
    const struct meta *users = release_target(w), *m;
    struct shadow *s = arena_make(w->arena, struct shadow);

    if (!users)
        return;
    s->w = w;
    s->spec = spec;
    s->space = users->space;
    s->name = shadow_of(w->arena, users->name);
    s->suffix = strcmp(s->space, "default") == 0
                    ? "" : arena_printf(w->arena, " -n %s", s->space);
    m = api_find(w->api, KIND_DEPLOYMENT, s->space, s->name);
    if (!m)
        return;
    s->workload = m->uid;
    s->set = release_command_on(w, arena_printf(w->arena, "deployment/%s",
                                                s->name));
    s->scale = arena_printf(w->arena, "scale deployment/%s --replicas=%d%s",
                            s->name, deployment_seen(users)->replicas,
                            s->suffix);
    measure_release_begins(w, deployment_seen(users)->template);
    errand_start(w, m, &s->set, 1, shadow_prepared, s);
}

const struct strategy_ops strategy_shadow = {
    .name = "shadow",
    .doc = "copies of requests load the new version first, its answers are "
           "dropped",
    .fields = shadow_fields,
    .spec_size = sizeof(struct shadow_spec),
    .patch = shadow_patch,
    .convert = shadow_convert,
    .release = shadow_release,
};
