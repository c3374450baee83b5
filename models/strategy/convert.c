/*
 * convert.c - a Deployment as a Rollout, as people move to Argo Rollouts:
 * apiVersion, kind and strategy are other ones, the rest of spec stays.
 */
#include "models/convert.h"

#include <string.h>

#include "base/bug.h"

const struct value *convert_to_rollout(struct conversion *c, const char *key,
                                       const struct value *block)
{
    struct arena *a = c->arena;
    const struct value *v = c->deployment;

    v = value_set(a, v, "apiVersion",
                  value_string(a, "argoproj.io/v1alpha1", &c->mark));
    v = value_set(a, v, "kind", value_string(a, "Rollout", &c->mark));
    v = value_set(a, v, "spec.strategy", NULL);
    return value_set(a, v, arena_printf(a, "spec.strategy.%s", key), block);
}

const struct value *convert_service(struct conversion *c,
                                    const struct value *service,
                                    const char *name)
{
    const struct value *v = value_set(c->arena, service, "metadata.name",
                                      value_string(c->arena, name, &c->mark));

    v = value_set(c->arena, v, "spec.clusterIP", NULL);
    v = value_set(c->arena, v, "spec.clusterIPs", NULL);
    return value_set(c->arena, v, "metadata.annotations", NULL);
}

const struct value *convert_block(struct conversion *c, const char *without)
{
    const struct value *v = c->given;

    if (!v || v->type != VALUE_MAP)
        return value_map(c->arena, NULL, 0, &c->mark);
    return without && value_get(v, without)
               ? value_set(c->arena, v, without, NULL) : v;
}

/* The Service called name among those that select the pods; the first if name
 * is NULL; NULL if there is none. */
static const struct value *service_called(const struct conversion *c,
                                          const char *name)
{
    for (size_t i = 0; i < c->nservices; i++)
        if (!name || strcmp(name, convert_service_name(c, i)) == 0)
            return c->services[i];
    return NULL;
}

static const struct value *put_text(struct conversion *c,
                                    const struct value *block,
                                    const char *key, const char *text)
{
    return value_set(c->arena, block, key,
                     value_string(c->arena, text, &c->mark));
}

const struct value *convert_routed(struct conversion *c,
                                   const struct value *block)
{
    const struct value *given = value_get(block, "stableService");
    const struct value *stable = service_called(c, value_text(given, NULL));
    const char *name, *canary;

    if (!stable) {
        err_error(c->errors, &given->mark, "stableService: no Service "
                  "\"%s\" selects the pods of Deployment \"%s\"",
                  value_text(given, ""), c->name);
        return NULL;
    }
    name = value_text(value_at(stable, "metadata.name"), "");
    canary = value_text(value_get(block, "canaryService"),
                        arena_printf(c->arena, "%s-canary", name));
    if (!service_called(c, canary))
        vec_push(c->arena, &c->out, convert_service(c, stable, canary));
    block = put_text(c, block, "stableService", name);
    block = put_text(c, block, "canaryService", canary);
    if (!value_get(block, "trafficRouting"))
        block = value_set(c->arena, block, "trafficRouting",
                          value_map(c->arena, NULL, 0, &c->mark));
    return block;
}

const struct value *convert_to_deployment(struct conversion *c,
                                          const char *rolling)
{
    struct arena *a = c->arena;
    const struct value *v = c->deployment, *strategy;

    strategy = value_flow(a, arena_printf(a, "{type: RollingUpdate, "
                                          "rollingUpdate: %s}", rolling),
                          &c->mark);
    CHECK(strategy);
    v = value_set(a, v, "apiVersion", value_string(a, "apps/v1", &c->mark));
    v = value_set(a, v, "kind", value_string(a, "Deployment", &c->mark));
    return value_set(a, v, "spec.strategy", strategy);
}

void convert_ramp(struct conversion *c, const char *steps, int keep_s)
{
    const struct value *block;

    if (!convert_needs_service(c))
        return;
    block = value_flow(c->arena, arena_printf(
        c->arena, "{scaleDownDelaySeconds: %d, steps: [%s]}", keep_s, steps),
        &c->mark);
    CHECK(block);
    block = convert_routed(c, block);
    if (block)
        vec_push(c->arena, &c->out, convert_to_rollout(c, "canary", block));
}

const char *convert_service_name(const struct conversion *c, size_t i)
{
    return value_text(value_at(c->services[i], "metadata.name"), "");
}

bool convert_needs_service(struct conversion *c)
{
    struct diag *d;

    if (c->nservices > 0)
        return true;
    d = err_error(c->errors, &c->mark, "no Service selects the pods of "
                  "Deployment \"%s\", so there is no traffic to move",
                  c->name);
    diag_help(c->errors, d, "add a Service, or use rollingUpdate");
    return false;
}
