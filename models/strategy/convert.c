/*
 * convert.c - a Deployment as a Rollout, as people move to Argo Rollouts:
 * apiVersion, kind and strategy are other ones, the rest of spec stays.
 */
#include "models/convert.h"

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
