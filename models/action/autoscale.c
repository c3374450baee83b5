/*
 * autoscale.c - kubectl autoscale: make a HorizontalPodAutoscaler for a
 * workload, by cpu.
 */
#include "kubectl_impl.h"
#include <stdlib.h>
#include <string.h>

static const struct kubectl_flag autoscale_flags[] = {
    { "min", 0, KUBECTL_COUNT, "fewest pods; 1 if absent" },
    { "max", 0, KUBECTL_COUNT, "most pods" },
    { "cpu-percent", 0, KUBECTL_COUNT, "target, of requests; 80 if absent" },
    { "cpu", 0, KUBECTL_TEXT, "the same as 50%, or an average as 500m" },
    { "name", 0, KUBECTL_TEXT, "of the autoscaler; the workload's if absent" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static const char *autoscale_check(struct arena *a,
                                   const struct kubectl_command *c)
{
    const char *most = kubectl_flag(c, "max"), *least = kubectl_flag(c, "min");
    const struct target *t;

    if (!most || atoi(most) < 1)
        return "--max=MAXPODS is required and must be at least 1";
    if (least && atoi(least) > atoi(most))
        return "--max=MAXPODS must be larger or equal to --min=MINPODS";
    if (kubectl_flag(c, "cpu") && kubectl_flag(c, "cpu-percent"))
        return "--cpu and --cpu-percent are alternatives";
    for (size_t i = 0, n = kubectl_targets(a, c, c->nwords, &t); i < n; i++)
        if (!t[i].name)
            return "resource(s) were provided, but no name was specified";
    return NULL;
}

/* {type: Resource, resource: {name: cpu, target: ...}} */
static const struct value *metric_of(struct kubectl *k)
{
    struct arena *a = k->arena;
    const char *cpu = kubectl_flag(&k->c, "cpu");
    const char *percent = kubectl_flag(&k->c, "cpu-percent");
    bool average = cpu && !strchr(cpu, '%');
    const struct value *v;

    if (cpu && !average)
        percent = arena_strndup(a, cpu, strcspn(cpu, "%"));
    v = kubectl_patch_of(a, "type", value_string(a, "Resource", NULL));
    v = value_set(a, v, "resource.name", value_string(a, "cpu", NULL));
    v = value_set(a, v, "resource.target.type",
                  value_string(a, average ? "AverageValue" : "Utilization",
                               NULL));
    if (average)
        return value_set(a, v, "resource.target.averageValue",
                         value_string(a, cpu, NULL));
    return value_set(a, v, "resource.target.averageUtilization",
                     value_plain(a, percent ? percent : "80", NULL));
}

static const struct value *manifest_of(struct kubectl *k,
                                       const struct meta *m)
{
    struct arena *a = k->arena;
    const char *name = kubectl_flag(&k->c, "name");
    const char *least = kubectl_flag(&k->c, "min");
    const struct value *metric = metric_of(k), *v;

    v = kubectl_patch_of(a, "apiVersion",
                         value_string(a, "autoscaling/v2", NULL));
    v = value_set(a, v, "kind",
                  value_string(a, "HorizontalPodAutoscaler", NULL));
    v = value_set(a, v, "metadata.name",
                  value_string(a, name ? name : m->name, NULL));
    v = value_set(a, v, "metadata.namespace",
                  value_string(a, m->space, NULL));
    v = value_set(a, v, "spec.scaleTargetRef.apiVersion",
                  value_string(a, "apps/v1", NULL));
    v = value_set(a, v, "spec.scaleTargetRef.kind",
                  value_string(a, kind_name(m->kind), NULL));
    v = value_set(a, v, "spec.scaleTargetRef.name",
                  value_string(a, m->name, NULL));
    if (least)
        v = value_set(a, v, "spec.minReplicas", value_plain(a, least, NULL));
    v = value_set(a, v, "spec.maxReplicas",
                  value_plain(a, kubectl_flag(&k->c, "max"), NULL));
    return value_set(a, v, "spec.metrics", value_list(a, &metric, 1, NULL));
}

static bool autoscale_step(struct kubectl *k, size_t i)
{
    const struct target *targets;
    size_t n = kubectl_targets(k->arena, &k->c, k->c.nwords, &targets);
    const struct meta *m = kubectl_find(k, &targets[i]);
    struct meta *draft;

    if (!m)
        return false;
    draft = kubectl_decode(k, KIND_HPA, manifest_of(k, m), NULL);
    if (draft)
        kubectl_create(k, draft, "autoscaled");
    return i + 1 < n;
}

const struct verb_ops verb_autoscale = {
    .name = "autoscale",
    .usage = "TYPE/NAME [--min=MINPODS] --max=MAXPODS [--cpu=TARGET]",
    .doc = "make a HorizontalPodAutoscaler for a workload",
    .flags = autoscale_flags,
    .min_words = 1,
    .check = autoscale_check,
    .step = autoscale_step,
};
