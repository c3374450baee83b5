/*
 * framework.c - the scheduling cycle's plug-ins, run in order.
 *
 * Filters are asked in the order of plugins.list; the first refusal counts.
 * Scores are brought to 0..100 per plug-in, multiplied by the version's
 * weight, and added.
 *
 * Source: pkg/scheduler/framework/runtime, schedule_one.go at v1.36;
 * reference 4.2 to 4.4.
 */
#include "models/scheduler.h"

#include <string.h>

#include "base/bug.h"

#define PLUGIN(id) extern const struct sched_plugin plugin_##id;
#include "models/plugins.list"
#undef PLUGIN

static const struct sched_plugin *const plugins[] = {
#define PLUGIN(id) &plugin_##id,
#include "models/plugins.list"
#undef PLUGIN
    NULL,
};
_Static_assert(COUNT_OF(plugins) - 1 <= SCHED_PLUGINS_MAX, "scratch slots");

const struct sched_plugin *sched_plugin_at(size_t i)
{
    return i < COUNT_OF(plugins) ? plugins[i] : NULL;
}

void sched_prefilter(struct sched_cycle *c)
{
    c->nfilters = c->nunsteady = 0;
    for (size_t i = 0; plugins[i]; i++) {
        c->scratch[i] = NULL;
        if (!plugins[i]->filter ||
            (plugins[i]->prefilter &&
             !plugins[i]->prefilter(c, &c->scratch[i])))
            continue;
        c->filters[c->nfilters++] = (uint8_t)i;
        if (!plugins[i]->steady)
            c->unsteady[c->nunsteady++] = (uint8_t)i;
    }
}

/* The first of n filters that refuses the node, and why; or NULL. */
static const char *refusal(const struct sched_cycle *c,
                           const struct sched_node *node,
                           const uint8_t *filters, size_t n,
                           const struct sched_plugin **by)
{
    for (size_t k = 0; k < n; k++) {
        const struct sched_plugin *p = plugins[filters[k]];
        const char *why = p->filter(c, c->scratch[filters[k]], node);

        if (why) {
            if (by)
                *by = p;
            return why;
        }
    }
    return NULL;
}

const char *sched_filter(const struct sched_cycle *c, struct sched_node *n,
                         const struct sched_plugin **by)
{
    const char *why;

    if (n->memo.spec == c->spec && n->memo.passes)
        return refusal(c, n, c->unsteady, c->nunsteady, by);
    why = refusal(c, n, c->filters, c->nfilters, by);
    sched_remember(c, n);
    n->memo.passes = why == NULL;
    return why;
}

/* Scores of one plug-in for all feasible nodes, not weighted yet; false: all
 * are 0, and scores is not written. */
static bool score_by(struct sched_cycle *c, const struct sched_plugin *p,
                     int64_t *scores)
{
    void *scratch = NULL;

    if (!(p->score || p->score_all) ||
        (p->prescore && !p->prescore(c, &scratch)))
        return false;
    if (p->score_all)
        p->score_all(c, scratch, scores);
    for (size_t k = 0; p->score && k < c->nfeasible; k++)
        scores[k] = p->score(c, scratch, c->feasible[k]);
    if (p->normalise)
        p->normalise(c, scratch, scores, c->nfeasible);
    return true;
}

void sched_score(struct sched_cycle *c, int64_t *total, int64_t *parts)
{
    int64_t *scores = arena_many(c->arena, int64_t, c->nfeasible);

    memset(total, 0, c->nfeasible * sizeof(*total));
    if (parts)
        memset(parts, 0, c->nfeasible * SCHED_PLUGINS_MAX * sizeof(*parts));
    for (size_t i = 0; plugins[i]; i++) {
        const struct sched_plugin *p = plugins[i];
        int weight = c->version == KUBE_1_20 ? p->weight_1_20
                                             : p->weight_1_36;

        if (!score_by(c, p, scores))
            continue;
        for (size_t k = 0; k < c->nfeasible; k++)
            total[k] += scores[k] * weight;
        for (size_t k = 0; parts && k < c->nfeasible; k++)
            parts[k * SCHED_PLUGINS_MAX + i] = scores[k] * weight;
    }
}

int sched_nodes_to_find(int percentage, int n)
{
    int found;

    if (n < 100)
        return n;
    if (percentage == 0) {
        percentage = 50 - n / 125;
        if (percentage < 5)
            percentage = 5;
    }
    found = (int)((int64_t)n * percentage / 100);
    return found < 100 ? 100 : found;
}

/* Add what the pod asks for to the node's accounts, or take it off. */
static void account(struct sched_node *n, const struct pod_spec *s, int by)
{
    n->cpu += by * s->cpu_milli;
    n->memory += by * s->memory_bytes;
    n->cpu_nonzero += by * s->cpu_nonzero;
    n->memory_nonzero += by * s->memory_nonzero;
    if (s->naffinity > 0)
        n->with_terms += (size_t)by;
    n->memo.spec = NULL;
}

void sched_place(struct arena *a, struct sched_node *n, struct placed p)
{
    vec_push(a, &n->pods, p);
    account(n, p.spec, 1);
}

struct placed sched_unplace(struct sched_node *n, object_uid uid)
{
    for (size_t i = 0; i < n->pods.len; i++) {
        struct placed p = n->pods.items[i];

        if (p.uid != uid)
            continue;
        account(n, p.spec, -1);
        vec_swap_remove(&n->pods, i);
        return p;
    }
    BUG("pod %u has no place on node %s", uid, n->node.meta.name);
}

const char *node_topology(const struct node *n, const char *key)
{
    const char *value = labels_get(n->meta.labels, key);

    /* Every real node carries its name as a label. */
    if (!value && strcmp(key, "kubernetes.io/hostname") == 0)
        return n->meta.name;
    return value;
}
