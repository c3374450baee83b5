/*
 * taint_toleration.c - cordoned nodes, spec.nodeName, and taints.
 *
 * NoSchedule and NoExecute taints must be tolerated; PreferNoSchedule ones
 * that are not lower the score.
 *
 * Source: plugins nodeunschedulable, nodename, tainttoleration at v1.36;
 * reference 4.3, 4.4.
 */
#include <string.h>

#include "models/scheduler.h"

static bool same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool tolerated_by(const struct toleration *tol, const struct taint *t)
{
    if (tol->effect && *tol->effect && !same(tol->effect, t->effect))
        return false;
    if (tol->key && *tol->key && !same(tol->key, t->key))
        return false;
    if ((!tol->key || !*tol->key) && !tol->exists)
        return false;
    return tol->exists || same(tol->value, t->value);
}

bool tolerates(const struct pod_spec *s, const struct taint *t)
{
    for (size_t i = 0; i < s->ntolerations; i++)
        if (tolerated_by(&s->tolerations[i], t))
            return true;
    return false;
}

static const char *filter_unschedulable(const struct sched_cycle *c,
                                        const void *scratch,
                                        const struct sched_node *n)
{
    static const struct taint cordoned = {
        .key = "node.kubernetes.io/unschedulable", .value = "",
        .effect = "NoSchedule",
    };

    (void)scratch;
    if (!n->node.unschedulable || tolerates(c->spec, &cordoned))
        return NULL;
    return "node(s) were unschedulable";
}

const struct sched_plugin plugin_node_unschedulable = {
    .name = "NodeUnschedulable", .filter = filter_unschedulable,
    .steady = true,
};

static bool has_name(struct sched_cycle *c, void **scratch)
{
    (void)scratch;
    return c->spec->node_name != NULL;
}

static const char *filter_name(const struct sched_cycle *c,
                               const void *scratch,
                               const struct sched_node *n)
{
    (void)scratch;
    if (same(c->spec->node_name, n->node.meta.name))
        return NULL;
    return "node(s) didn't match the requested node name";
}

const struct sched_plugin plugin_node_name = {
    .name = "NodeName", .prefilter = has_name, .filter = filter_name,
    .steady = true,
};

static const char *filter_taints(const struct sched_cycle *c,
                                 const void *scratch,
                                 const struct sched_node *n)
{
    (void)scratch;
    for (size_t i = 0; i < n->node.ntaints; i++) {
        const struct taint *t = &n->node.taints[i];

        if (strcmp(t->effect, "PreferNoSchedule") != 0 &&
            !tolerates(c->spec, t))
            return "node(s) had untolerated taint(s)";
    }
    return NULL;
}

/* How many PreferNoSchedule taints the pod does not tolerate. */
static int64_t bad_taints(const struct sched_cycle *c, const struct node *n)
{
    int64_t count = 0;

    for (size_t i = 0; i < n->ntaints; i++) {
        const struct taint *t = &n->taints[i];

        if (strcmp(t->effect, "PreferNoSchedule") == 0 &&
            !tolerates(c->spec, t))
            count++;
    }
    return count;
}

/* The fewest are best. */
static void score_taints(const struct sched_cycle *c, const void *scratch,
                         int64_t *scores)
{
    int64_t most = 0;

    (void)scratch;
    for (size_t i = 0; i < c->nfeasible; i++) {
        const struct node *n = &c->feasible[i]->node;

        scores[i] = n->ntaints > 0 ? bad_taints(c, n) : 0;
        most = scores[i] > most ? scores[i] : most;
    }
    for (size_t i = 0; i < c->nfeasible; i++)
        scores[i] = most == 0 ? 100 : 100 - 100 * scores[i] / most;
}

const struct sched_plugin plugin_taint_toleration = {
    .name = "TaintToleration", .weight_1_20 = 1, .weight_1_36 = 3,
    .filter = filter_taints, .steady = true, .score_all = score_taints,
};
