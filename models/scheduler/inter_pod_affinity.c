/*
 * inter_pod_affinity.c - pods that want to be near, or far from, others.
 *
 * Required affinity: a matching pod runs in the same domain (or no pod matches
 * anywhere and the pod matches itself).  Required anti-affinity holds in both
 * directions.  Preferences, of the pod and of the pods that run, add weights.
 *
 * Not modelled: namespaceSelector, matchLabelKeys.
 * Source: plugins/interpodaffinity at v1.36; reference 4.3, 4.4.
 */
#include <string.h>

#include "models/scheduler.h"

static bool in_space(const struct pod_affinity_term *t, const char *own,
                     const char *space)
{
    if (!t->spaces)
        return strcmp(own, space) == 0;
    for (size_t i = 0; i < t->nspaces; i++)
        if (strcmp(t->spaces[i], space) == 0)
            return true;
    return false;
}

/* Does term t of a pod in namespace own select the pod (space, labels)? */
static bool selects(const struct pod_affinity_term *t, const char *own,
                    const char *space, const struct labels *labels)
{
    return in_space(t, own, space) && selector_match(t->selector, labels);
}

static bool same_domain(const char *key, const struct node *a,
                        const struct node *b)
{
    const char *x = node_topology(a, key), *y = node_topology(b, key);

    return x && y && strcmp(x, y) == 0;
}

static bool any_terms(const struct sched_cycle *c)
{
    if (c->spec->naffinity > 0)
        return true;
    for (size_t i = 0; !c->no_terms && i < c->nnodes; i++)
        if (c->nodes[i]->with_terms > 0)
            return true;
    return false;
}

/* Pods on m that term t selects. */
static int64_t count_on(const struct sched_cycle *c,
                        const struct pod_affinity_term *t,
                        const struct sched_node *m)
{
    int64_t count = 0;

    for (size_t k = 0; k < m->pods.len; k++)
        if (selects(t, c->space, m->pods.items[k].space,
                    m->pods.items[k].labels))
            count++;
    return count;
}

/* Pods that t selects in the domain of n; n NULL: on any node with the key. */
static int64_t count_in_domain(const struct sched_cycle *c,
                               const struct pod_affinity_term *t,
                               const struct sched_node *n)
{
    int64_t count = 0;

    for (size_t i = 0; i < c->nnodes; i++) {
        const struct sched_node *m = c->nodes[i];

        if (n ? same_domain(t->topology_key, &n->node, &m->node)
              : node_topology(&m->node, t->topology_key) != NULL)
            count += count_on(c, t, m);
    }
    return count;
}

/* ---- filter ----------------------------------------------------------------------- */

static bool prefilter_terms(struct sched_cycle *c, void **scratch)
{
    (void)scratch;
    return any_terms(c);
}

/* May the pod's required affinity start here: nobody matches anywhere, and it
 * matches itself? */
static bool may_be_first(const struct sched_cycle *c,
                         const struct sched_node *n)
{
    for (size_t i = 0; i < c->spec->naffinity; i++) {
        const struct pod_affinity_term *t = &c->spec->affinity[i];

        if (t->anti || t->weight)
            continue;
        if (!node_topology(&n->node, t->topology_key) ||
            !selects(t, c->space, c->space, c->labels) ||
            count_in_domain(c, t, NULL) > 0)
            return false;
    }
    return true;
}

/* Do required anti-affinities of pods in n's domains forbid this pod? */
static bool unwelcome(const struct sched_cycle *c, const struct sched_node *n,
                      const struct sched_node *m)
{
    for (size_t k = 0; k < m->pods.len; k++) {
        const struct placed *p = &m->pods.items[k];

        for (size_t i = 0; i < p->spec->naffinity; i++) {
            const struct pod_affinity_term *t = &p->spec->affinity[i];

            if (t->anti && !t->weight &&
                same_domain(t->topology_key, &n->node, &m->node) &&
                selects(t, p->space, c->space, c->labels))
                return true;
        }
    }
    return false;
}

static const char *filter_own_terms(const struct sched_cycle *c,
                                    const struct sched_node *n)
{
    for (size_t i = 0; i < c->spec->naffinity; i++) {
        const struct pod_affinity_term *t = &c->spec->affinity[i];
        int64_t found;

        if (t->weight)
            continue;
        found = count_in_domain(c, t, n);
        if (t->anti && found > 0)
            return "node(s) didn't match pod anti-affinity rules";
        if (!t->anti && found == 0 && !may_be_first(c, n))
            return "node(s) didn't match pod affinity rules";
    }
    return NULL;
}

static const char *filter_terms(const struct sched_cycle *c,
                                const void *scratch,
                                const struct sched_node *n)
{
    const char *why = filter_own_terms(c, n);

    (void)scratch;
    if (why)
        return why;
    for (size_t i = 0; i < c->nnodes; i++)
        if (unwelcome(c, n, c->nodes[i]))
            return "node(s) didn't satisfy existing pods anti-affinity rules";
    return NULL;
}

/* ---- score ------------------------------------------------------------------------- */

/* What the pod on m says about the incoming one being on n. */
static int64_t said_by(const struct sched_cycle *c, const struct placed *p,
                       const struct sched_node *m, const struct sched_node *n)
{
    int64_t sum = 0;

    for (size_t i = 0; i < p->spec->naffinity; i++) {
        const struct pod_affinity_term *t = &p->spec->affinity[i];
        int weight = t->weight ? t->weight : (t->anti ? 0 : 1);

        if (weight && same_domain(t->topology_key, &n->node, &m->node) &&
            selects(t, p->space, c->space, c->labels))
            sum += t->anti ? -weight : weight;
    }
    return sum;
}

static bool prescore_terms(struct sched_cycle *c, void **scratch)
{
    (void)scratch;
    return any_terms(c);
}

static int64_t score_terms(const struct sched_cycle *c, const void *scratch,
                           const struct sched_node *n)
{
    int64_t sum = 0;

    (void)scratch;
    for (size_t i = 0; i < c->spec->naffinity; i++) {
        const struct pod_affinity_term *t = &c->spec->affinity[i];

        if (t->weight)
            sum += (t->anti ? -t->weight : t->weight) *
                   count_in_domain(c, t, n);
    }
    for (size_t i = 0; i < c->nnodes; i++)
        for (size_t k = 0; k < c->nodes[i]->pods.len; k++)
            sum += said_by(c, &c->nodes[i]->pods.items[k], c->nodes[i], n);
    return sum;
}

static void between_extremes(const struct sched_cycle *c, const void *scratch,
                             int64_t *scores, size_t n)
{
    int64_t least = INT64_MAX, most = INT64_MIN;

    (void)c;
    (void)scratch;
    for (size_t i = 0; i < n; i++) {
        least = scores[i] < least ? scores[i] : least;
        most = scores[i] > most ? scores[i] : most;
    }
    for (size_t i = 0; i < n; i++)
        scores[i] = most > least ? (int64_t)(100.0 *
                                             (double)(scores[i] - least) /
                                             (double)(most - least))
                                 : 0;
}

const struct sched_plugin plugin_inter_pod_affinity = {
    .name = "InterPodAffinity", .weight_1_20 = 1, .weight_1_36 = 2,
    .prefilter = prefilter_terms, .filter = filter_terms,
    .prescore = prescore_terms, .score = score_terms,
    .normalise = between_extremes,
};
