/*
 * node_affinity.c - nodeSelector, required and preferred node affinity; host
 * ports.
 *
 * The selector must hold and, if required affinity is given, one of its terms;
 * preferred terms that match add their weights.
 *
 * Source: plugins nodeaffinity, nodeports at v1.36; reference 4.3, 4.4.
 */
#include <string.h>

#include "models/scheduler.h"

bool node_term_matches(const struct node_term *t, const struct node *n)
{
    struct {
        size_t len;
        struct label items[1];
    } fields = { 1, { { "metadata.name", n->meta.name } } };

    if (!t->labels && !t->fields)
        return false;           /* an empty term matches no objects */
    if (t->labels && !selector_match(t->labels, n->meta.labels))
        return false;
    return !t->fields ||
           selector_match(t->fields, (const struct labels *)&fields);
}

static bool selected(const struct labels *wanted, const struct node *n)
{
    for (size_t i = 0; wanted && i < wanted->len; i++) {
        const char *has = node_topology(n, wanted->items[i].key);

        if (!has || strcmp(has, wanted->items[i].value) != 0)
            return false;
    }
    return true;
}

bool node_matches(const struct pod_spec *s, const struct node *n)
{
    if (!selected(s->node_selector, n))
        return false;
    if (!s->node_affinity_required)
        return true;
    for (size_t i = 0; i < s->nnode_terms; i++)
        if (node_term_matches(&s->node_terms[i], n))
            return true;
    return false;
}

static bool is_choosy(struct sched_cycle *c, void **scratch)
{
    (void)scratch;
    return c->spec->node_selector || c->spec->node_affinity_required;
}

static const char *filter_affinity(const struct sched_cycle *c,
                                   const void *scratch,
                                   const struct sched_node *n)
{
    (void)scratch;
    if (node_matches(c->spec, &n->node))
        return NULL;
    return "node(s) didn't match Pod's node affinity/selector";
}

static bool has_preferences(struct sched_cycle *c, void **scratch)
{
    (void)scratch;
    return c->spec->nnode_preferred > 0;
}

static int64_t score_affinity(const struct sched_cycle *c,
                              const void *scratch, const struct sched_node *n)
{
    int64_t sum = 0;

    (void)scratch;
    for (size_t i = 0; i < c->spec->nnode_preferred; i++)
        if (node_term_matches(&c->spec->node_preferred[i], &n->node))
            sum += c->spec->node_preferred[i].weight;
    return sum;
}

static void share_of_best(const struct sched_cycle *c, const void *scratch,
                          int64_t *scores, size_t n)
{
    int64_t most = 0;

    (void)c;
    (void)scratch;
    for (size_t i = 0; i < n; i++)
        most = scores[i] > most ? scores[i] : most;
    for (size_t i = 0; i < n && most > 0; i++)
        scores[i] = 100 * scores[i] / most;
}

const struct sched_plugin plugin_node_affinity = {
    .name = "NodeAffinity", .weight_1_20 = 1, .weight_1_36 = 2,
    .prefilter = is_choosy, .filter = filter_affinity, .steady = true,
    .prescore = has_preferences,
    .score = score_affinity, .normalise = share_of_best,
};

/* ---- host ports --------------------------------------------------------------- */

static bool uses_port(const struct pod_spec *s, int port,
                      const char *protocol)
{
    for (size_t i = 0; i < s->ncontainers; i++)
        for (size_t k = 0; k < s->containers[i].nports; k++) {
            const struct container_port *p = &s->containers[i].ports[k];

            if (p->host_port == port && strcmp(p->protocol, protocol) == 0)
                return true;
        }
    return false;
}

/* Would any host port of container k of the pod clash on the node? */
static bool clashes(const struct container *k, const struct sched_node *n)
{
    for (size_t i = 0; i < k->nports; i++) {
        if (k->ports[i].host_port == 0)
            continue;
        for (size_t j = 0; j < n->pods.len; j++)
            if (uses_port(n->pods.items[j].spec, k->ports[i].host_port,
                          k->ports[i].protocol))
                return true;
    }
    return false;
}

static bool wants_host_ports(struct sched_cycle *c, void **scratch)
{
    (void)scratch;
    for (size_t i = 0; i < c->spec->ncontainers; i++)
        for (size_t k = 0; k < c->spec->containers[i].nports; k++)
            if (c->spec->containers[i].ports[k].host_port != 0)
                return true;
    return false;
}

static const char *filter_ports(const struct sched_cycle *c,
                                const void *scratch,
                                const struct sched_node *n)
{
    (void)scratch;
    for (size_t i = 0; i < c->spec->ncontainers; i++)
        if (clashes(&c->spec->containers[i], n))
            return "node(s) didn't have free ports for the requested pod "
                   "ports";
    return NULL;
}

const struct sched_plugin plugin_node_ports = {
    .name = "NodePorts", .prefilter = wants_host_ports,
    .filter = filter_ports, .steady = true,
};
