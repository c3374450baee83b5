/*
 * resources.c - does the pod fit, and how full would the node be.
 *
 * Fit: pods + 1 within the node's limit, and each requested resource within
 * allocatable minus what the node's pods request.  LeastAllocated scores the
 * free share, with 100m and 200 MiB for containers that request nothing.
 * Balanced scores how even cpu and memory would be used, in 1.36 by how much
 * the pod improves it.
 *
 * Not modelled: extended resources, ephemeral storage, pod-level resources.
 * Source: plugins noderesources at v1.36 and v1.20; reference 4.3, 4.4.
 */
#include <math.h>

#include "models/scheduler.h"

static const char *filter_fit(const struct sched_cycle *c,
                              const void *scratch,
                              const struct sched_node *n)
{
    const struct pod_spec *s = c->spec;

    (void)scratch;
    if ((int64_t)n->pods.len + 1 > n->node.pods)
        return "Too many pods";
    if (s->cpu_milli > 0 && s->cpu_milli > n->node.cpu_milli - n->cpu)
        return "Insufficient cpu";
    if (s->memory_bytes > 0 &&
        s->memory_bytes > n->node.memory_bytes - n->memory)
        return "Insufficient memory";
    return NULL;
}

static int64_t free_share(int64_t requested, int64_t allocatable)
{
    if (requested > allocatable)
        return 0;
    return (allocatable - requested) * 100 / allocatable;
}

static int64_t least_allocated(const struct sched_cycle *c,
                               const struct sched_node *n)
{
    int64_t sum = 0, weight = 0;

    if (n->node.cpu_milli > 0) {
        sum += free_share(n->cpu_nonzero + c->spec->cpu_nonzero,
                          n->node.cpu_milli);
        weight++;
    }
    if (n->node.memory_bytes > 0) {
        sum += free_share(n->memory_nonzero + c->spec->memory_nonzero,
                          n->node.memory_bytes);
        weight++;
    }
    return weight ? sum / weight : 0;
}

/* ---- balance -------------------------------------------------------------------- */

static double used(int64_t requested, int64_t allocatable)
{
    return allocatable > 0 ? fmin((double)requested / (double)allocatable, 1)
                           : 1;
}

static int64_t balance(double cpu, double memory)
{
    return (int64_t)((1 - fabs(cpu - memory) / 2) * 100);
}

static int64_t balance_1_20(const struct sched_cycle *c,
                            const struct sched_node *n)
{
    double cpu = used(n->cpu_nonzero + c->spec->cpu_nonzero,
                      n->node.cpu_milli);
    double memory = used(n->memory_nonzero + c->spec->memory_nonzero,
                         n->node.memory_bytes);

    if (cpu >= 1 || memory >= 1)
        return 0;
    return (int64_t)((1 - fabs(cpu - memory)) * 100);
}

static int64_t balanced(const struct sched_cycle *c,
                        const struct sched_node *n)
{
    const struct node *node = &n->node;
    int64_t with, without;

    if (c->version == KUBE_1_20)
        return balance_1_20(c, n);
    without = balance(used(n->cpu, node->cpu_milli),
                      used(n->memory, node->memory_bytes));
    with = balance(used(n->cpu + c->spec->cpu_milli, node->cpu_milli),
                   used(n->memory + c->spec->memory_bytes,
                        node->memory_bytes));
    return 50 + (50 + with - without) / 2;
}

/* ---- both scores of a node, remembered ------------------------------------------- */

/* Most nodes have not changed since the last pod, which was alike. */
static void remember(const struct sched_cycle *c, struct sched_node *n)
{
    sched_remember(c, n);
    if (n->memo.scored)
        return;
    n->memo.scored = true;
    n->memo.least_allocated = least_allocated(c, n);
    n->memo.balanced = balanced(c, n);
}

static void score_least_allocated(const struct sched_cycle *c,
                                  const void *scratch, int64_t *scores)
{
    (void)scratch;
    for (size_t i = 0; i < c->nfeasible; i++) {
        remember(c, c->feasible[i]);
        scores[i] = c->feasible[i]->memo.least_allocated;
    }
}

const struct sched_plugin plugin_resources_fit = {
    .name = "NodeResourcesFit", .weight_1_20 = 1, .weight_1_36 = 1,
    .filter = filter_fit, .steady = true, .score_all = score_least_allocated,
};

static bool requests_something(struct sched_cycle *c, void **scratch)
{
    (void)scratch;
    return c->version == KUBE_1_20 || c->spec->cpu_milli > 0 ||
           c->spec->memory_bytes > 0;
}

static void score_balanced(const struct sched_cycle *c, const void *scratch,
                           int64_t *scores)
{
    (void)scratch;
    for (size_t i = 0; i < c->nfeasible; i++) {
        remember(c, c->feasible[i]);
        scores[i] = c->feasible[i]->memo.balanced;
    }
}

const struct sched_plugin plugin_resources_balanced = {
    .name = "NodeResourcesBalancedAllocation",
    .weight_1_20 = 1, .weight_1_36 = 1,
    .prescore = requests_something, .score_all = score_balanced,
};
