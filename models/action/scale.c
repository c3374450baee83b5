/*
 * scale.c - kubectl scale: change how many pods are wanted.
 */
#include "kubectl_impl.h"
#include "models/argo.h"
#include "models/statefulset.h"
#include <stdlib.h>
#include "models/workload.h"

static const struct kubectl_flag scale_flags[] = {
    { "replicas", 0, KUBECTL_COUNT, "how many are wanted" },
    { "current-replicas", 0, KUBECTL_COUNT, "only if so many are wanted now" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static long flag_number(const struct kubectl_command *c, const char *name,
                        long absent)
{
    const char *text = kubectl_flag(c, name);

    return text ? strtol(text, NULL, 10) : absent;
}

static const char *scale_check(struct arena *a,
                               const struct kubectl_command *c)
{
    const struct target *t;

    if (flag_number(c, "replicas", -1) < 0)
        return "The --replicas=COUNT flag is required, and COUNT must be "
               "greater than or equal to 0";
    if (flag_number(c, "replicas", -1) > 1000000)
        return "--replicas is above 1000000";
    for (size_t i = 0, n = kubectl_targets(a, c, c->nwords, &t); i < n; i++)
        if (!t[i].name)
            return "resource(s) were provided, but no name was specified";
    return NULL;
}

/* How many pods m asks for; -1 if it is nothing that can be scaled. */
static int replicas_of(const struct meta *m)
{
    return m->kind == KIND_DEPLOYMENT    ? deployment_seen(m)->replicas
           : m->kind == KIND_REPLICASET ||
                   m->kind == KIND_RC    ? replicaset_seen(m)->replicas
           : m->kind == KIND_STATEFULSET ? statefulset_seen(m)->replicas
           : m->kind == KIND_ROLLOUT     ? argo_seen(m)->replicas
                                         : -1;
}

static void scale_set(struct arena *a, struct replicaset *rs, int n)
{
    rs->replicas = n;
    if (rs->raw)
        rs->raw = value_set(a, rs->raw, "spec.replicas",
                            value_plain(a, arena_printf(a, "%d", n), NULL));
}

static struct meta *scaled(struct kubectl *k, const struct meta *m, int n)
{
    struct meta *draft = api_draft(k->w->api, m);

    if (m->kind == KIND_DEPLOYMENT)
        deployment_set_replicas(k->arena, deployment_of(draft), n);
    else if (m->kind == KIND_ROLLOUT)
        argo_set_replicas(k->arena, argo_of(draft), n);
    else if (m->kind == KIND_STATEFULSET)
        statefulset_set_replicas(k->arena, statefulset_of(draft), n);
    else
        scale_set(k->arena, replicaset_of(draft), n);
    return draft;
}

static bool scale_step(struct kubectl *k, size_t i)
{
    const struct target *targets;
    size_t n = kubectl_targets(k->arena, &k->c, k->c.nwords, &targets);
    const struct meta *m = kubectl_find(k, &targets[i]);
    long expected = flag_number(&k->c, "current-replicas", -1);

    if (!m)
        return false;
    if (replicas_of(m) < 0) {
        kubectl_refuse(k, "Error from server (NotFound): the server could not "
                       "find the requested resource");
        return false;
    }
    if (expected >= 0 && expected != replicas_of(m)) {
        kubectl_refuse(k, "error: Expected replicas to be %ld, was %d",
                       expected, replicas_of(m));
        return false;
    }
    kubectl_update(k, scaled(k, m, (int)flag_number(&k->c, "replicas", 0)),
                   "scaled");
    return i + 1 < n;
}

const struct verb_ops verb_scale = {
    .name = "scale",
    .usage = "TYPE/NAME --replicas=COUNT [--current-replicas=COUNT]",
    .doc = "change how many pods are wanted",
    .flags = scale_flags,
    .min_words = 1,
    .check = scale_check,
    .step = scale_step,
};
