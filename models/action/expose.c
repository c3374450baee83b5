/*
 * expose.c - kubectl expose: make a Service for the pods of a workload.
 */
#include "kubectl_impl.h"
#include <string.h>

static const struct kubectl_flag expose_flags[] = {
    { "port", 0, KUBECTL_COUNT, "port of the Service" },
    { "target-port", 0, KUBECTL_TEXT, "port of the pods; --port if absent" },
    { "name", 0, KUBECTL_TEXT, "of the Service; the workload's if absent" },
    { "type", 0, KUBECTL_TEXT, "ClusterIP, NodePort or LoadBalancer" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static const char *expose_check(struct arena *a,
                                const struct kubectl_command *c)
{
    (void)a;
    return kubectl_flag(c, "port") ? NULL
           : "couldn't find port via --port flag or introspection";
}

static const struct value *manifest_of(struct kubectl *k,
                                       const struct meta *m,
                                       const struct value *labels)
{
    struct arena *a = k->arena;
    const char *name = kubectl_flag(&k->c, "name");
    const char *port = kubectl_flag(&k->c, "port");
    const char *target = kubectl_flag(&k->c, "target-port");
    const char *type = kubectl_flag(&k->c, "type");
    const struct value *p, *v;

    p = kubectl_patch_of(a, "port", value_plain(a, port, NULL));
    p = value_set(a, p, "targetPort",
                  value_plain(a, target ? target : port, NULL));
    v = kubectl_patch_of(a, "apiVersion", value_string(a, "v1", NULL));
    v = value_set(a, v, "kind", value_string(a, "Service", NULL));
    v = value_set(a, v, "metadata.name",
                  value_string(a, name ? name : m->name, NULL));
    v = value_set(a, v, "metadata.namespace",
                  value_string(a, m->space, NULL));
    v = value_set(a, v, "spec.selector", labels);
    v = value_set(a, v, "spec.ports", value_list(a, &p, 1, NULL));
    return type ? value_set(a, v, "spec.type", value_string(a, type, NULL))
                : v;
}

static bool expose_step(struct kubectl *k, size_t i)
{
    const struct target *targets;
    size_t n = kubectl_targets(k->arena, &k->c, k->c.nwords, &targets);
    const struct meta *m = kubectl_find(k, &targets[i]);
    const struct value *labels;
    struct meta *draft;

    if (!m)
        return false;
    labels = value_at(kubectl_manifest(m), "spec.selector.matchLabels");
    if (!labels) {
        kubectl_refuse(k, "error: couldn't retrieve selectors via --selector "
                       "flag or introspection: %s has no matchLabels",
                       kubectl_label(k->arena, m));
        return false;
    }
    draft = kubectl_decode(k, KIND_SERVICE, manifest_of(k, m, labels), NULL);
    if (draft)
        kubectl_create(k, draft, "exposed");
    return i + 1 < n;
}

const struct verb_ops verb_expose = {
    .name = "expose",
    .usage = "deployment/NAME --port=PORT [--target-port=PORT] [--name=NAME]",
    .doc = "make a Service for the pods of a workload",
    .flags = expose_flags,
    .min_words = 1,
    .check = expose_check,
    .step = expose_step,
};
