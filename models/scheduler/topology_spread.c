/*
 * topology_spread.c - spread pods over nodes and zones.
 *
 * DoNotSchedule constraints filter: matching pods in the node's domain, plus
 * this one, may exceed the emptiest domain by at most maxSkew.  ScheduleAnyway
 * constraints score: count * ln(domains + 2) + maxSkew - 1, less is better.  A
 * pod without constraints whose Services or owner select it gets the default
 * ones: hostname, skew 3, and zone, skew 5, ScheduleAnyway.
 *
 * matchLabelKeys (pod-template-hash) narrow the selector to pods that have
 * the pod's own values of these labels.
 *
 * Not modelled: node inclusion policies other than the defaults (affinity
 * honoured, taints ignored).
 * Source: plugins/podtopologyspread at v1.36; reference 4.3, 4.4.
 */
#include <math.h>
#include <string.h>

#include "base/map.h"
#include "models/scheduler.h"

#define HOSTNAME "kubernetes.io/hostname"
#define ZONE "topology.kubernetes.io/zone"

#define FINDINGS 2              /* an old and a new template */

static const struct topology_spread defaults[] = {
    { .max_skew = 3, .topology_key = HOSTNAME },
    { .max_skew = 5, .topology_key = ZONE },
};

struct domain {                 /* one value of a topology key */
    int64_t pods;               /* that match, on its nodes */
};

/* What was found of the pods of one template, which share their labels. */
struct finding {
    const struct labels *labels;
    bool matches;
};

struct constraint {
    const struct topology_spread *spread;
    const struct selector *selector;
    struct map domains;         /* value -> struct domain */
    size_t ndomains;
    int64_t least;              /* pods of the emptiest domain */
    double weight;              /* ln(domains + 2) */
    bool self;                  /* the pod matches its own selector */
    struct finding *found;      /* the last FINDINGS of them */
};

struct spread {
    struct constraint *items;
    size_t n;
    bool all_keys;              /* nodes lacking a key are left out */
};

/* Does k select pods with these labels? */
static bool selects(const struct constraint *k, const struct labels *labels)
{
    struct finding *f = k->found;

    if (labels && f[0].labels == labels)
        return f[0].matches;
    if (!labels || f[1].labels != labels)
        f[1] = (struct finding){ labels, selector_match(k->selector, labels) };
    f[2] = f[0];                /* the last one found comes first */
    f[0] = f[1];
    f[1] = f[2];
    return f[0].matches;
}

static int64_t matching(const struct sched_cycle *c,
                        const struct constraint *k,
                        const struct sched_node *n)
{
    int64_t count = 0;

    for (size_t i = 0; i < n->pods.len; i++) {
        const struct placed *p = &n->pods.items[i];

        if (!p->deleting && selects(k, p->labels) &&
            (p->space == c->space || strcmp(p->space, c->space) == 0))
            count++;
    }
    return count;
}

static bool has_all_keys(const struct spread *s, const struct node *n)
{
    for (size_t i = 0; i < s->n; i++)
        if (!node_topology(n, s->items[i].spread->topology_key))
            return false;
    return true;
}

static struct domain *domain_of(const struct constraint *k,
                                const struct node *n)
{
    const char *value = node_topology(n, k->spread->topology_key);

    return value ? map_get(&k->domains, value) : NULL;
}

static void add_domain(struct arena *a, struct constraint *k,
                       const struct node *n)
{
    const char *value = node_topology(n, k->spread->topology_key);

    if (!value || map_get(&k->domains, value))
        return;
    map_put(&k->domains, value, arena_make(a, struct domain));
    k->ndomains++;
}

/* The selector of a constraint, for this pod. */
static const struct selector *narrowed(const struct sched_cycle *c,
                                       const struct topology_spread *t)
{
    const struct selector *s = t->selector;

    for (size_t i = 0; s && i < t->nmatch_keys; i++) {
        const char *value = labels_get(c->labels, t->match_keys[i]);

        if (value)
            s = selector_with(c->arena, s, t->match_keys[i], value);
    }
    return s;
}

/* The constraints of one kind, or the default ones. */
static struct spread *constraints(struct sched_cycle *c, bool filter)
{
    struct spread *s = arena_make(c->arena, struct spread);
    const struct topology_spread *from = c->spec->spread;
    size_t n = c->spec->nspread;

    s->all_keys = n > 0 || c->version == KUBE_1_20;
    if (n == 0 && !filter && c->spread_by) {
        from = defaults;
        n = sizeof(defaults) / sizeof(defaults[0]);
    }
    s->items = arena_many(c->arena, struct constraint, n);
    for (size_t i = 0; i < n; i++) {
        struct constraint *k = &s->items[s->n];

        if (from[i].do_not_schedule != filter)
            continue;
        k->spread = &from[i];
        k->selector = from == defaults ? c->spread_by : narrowed(c, &from[i]);
        k->self = selector_match(k->selector, c->labels);
        k->found = arena_many(c->arena, struct finding, FINDINGS + 1);
        map_init(&k->domains, c->arena);
        s->n++;
    }
    return s;
}

/* ---- filter ---------------------------------------------------------------------- */

static void count_domains(struct sched_cycle *c, struct spread *s)
{
    for (size_t i = 0; i < c->nnodes; i++) {
        const struct sched_node *n = c->nodes[i];

        if (!node_matches(c->spec, &n->node) || !has_all_keys(s, &n->node))
            continue;
        for (size_t k = 0; k < s->n; k++) {
            add_domain(c->arena, &s->items[k], &n->node);
            domain_of(&s->items[k], &n->node)->pods +=
                matching(c, &s->items[k], n);
        }
    }
}

static void find_least(struct constraint *k)
{
    k->least = INT64_MAX;
    for (size_t i = 0; i < k->domains.len; i++) {
        const struct domain *d = k->domains.entries[i].value;

        if (d->pods < k->least)
            k->least = d->pods;
    }
    if (k->ndomains == 0 || (k->spread->min_domains > 0 &&
                             (int)k->ndomains < k->spread->min_domains))
        k->least = 0;
}

static bool prefilter_spread(struct sched_cycle *c, void **scratch)
{
    struct spread *s = constraints(c, true);

    if (s->n == 0)
        return false;
    count_domains(c, s);
    for (size_t k = 0; k < s->n; k++)
        find_least(&s->items[k]);
    *scratch = s;
    return true;
}

static const char *filter_spread(const struct sched_cycle *c,
                                 const void *scratch,
                                 const struct sched_node *n)
{
    const struct spread *s = scratch;

    (void)c;
    for (size_t i = 0; i < s->n; i++) {
        const struct constraint *k = &s->items[i];
        const struct domain *d = domain_of(k, &n->node);
        int64_t here = d ? d->pods : 0;

        if (!node_topology(&n->node, k->spread->topology_key))
            return "node(s) didn't match pod topology spread constraints "
                   "(missing required label)";
        if (here + (k->self ? 1 : 0) - k->least > k->spread->max_skew)
            return "node(s) didn't match pod topology spread constraints";
    }
    return NULL;
}

/* ---- score ----------------------------------------------------------------------- */

static bool ignored(const struct spread *s, const struct node *n)
{
    return s->all_keys && !has_all_keys(s, n);
}

static bool by_host(const struct constraint *k)
{
    return strcmp(k->spread->topology_key, HOSTNAME) == 0;
}

/* Domains that feasible nodes have, and their pods on all nodes. */
static void weigh(struct sched_cycle *c, struct spread *s,
                  struct constraint *k)
{
    size_t scored = 0;

    for (size_t i = 0; i < c->nfeasible; i++) {
        if (ignored(s, &c->feasible[i]->node))
            continue;
        scored++;
        if (!by_host(k))
            add_domain(c->arena, k, &c->feasible[i]->node);
    }
    k->weight = log((double)(by_host(k) ? scored : k->ndomains) + 2);
    for (size_t i = 0; i < c->nnodes && !by_host(k); i++) {
        const struct sched_node *n = c->nodes[i];
        struct domain *d = domain_of(k, &n->node);

        if (d && !ignored(s, &n->node) && node_matches(c->spec, &n->node))
            d->pods += matching(c, k, n);
    }
}

static bool prescore_spread(struct sched_cycle *c, void **scratch)
{
    struct spread *s = constraints(c, false);

    if (s->n == 0)
        return false;
    for (size_t i = 0; i < s->n; i++)
        weigh(c, s, &s->items[i]);
    *scratch = s;
    return true;
}

static int64_t score_spread(const struct sched_cycle *c, const void *scratch,
                            const struct sched_node *n)
{
    const struct spread *s = scratch;
    double sum = 0;

    if (ignored(s, &n->node))
        return -1;
    for (size_t i = 0; i < s->n; i++) {
        const struct constraint *k = &s->items[i];
        const struct domain *d = domain_of(k, &n->node);

        if (by_host(k))
            sum += (double)matching(c, k, n) * k->weight +
                   k->spread->max_skew - 1;
        else if (d)
            sum += (double)d->pods * k->weight + k->spread->max_skew - 1;
    }
    return llround(sum);
}

static void fewest_best(const struct sched_cycle *c, const void *scratch,
                        int64_t *scores, size_t n)
{
    int64_t least = INT64_MAX, most = 0;

    (void)c;
    (void)scratch;
    for (size_t i = 0; i < n; i++) {
        if (scores[i] < 0)
            continue;           /* left out: see score_spread */
        least = scores[i] < least ? scores[i] : least;
        most = scores[i] > most ? scores[i] : most;
    }
    for (size_t i = 0; i < n; i++) {
        if (scores[i] < 0)
            scores[i] = 0;
        else
            scores[i] = most == 0 ? 100
                                  : 100 * (most + least - scores[i]) / most;
    }
}

const struct sched_plugin plugin_topology_spread = {
    .name = "PodTopologySpread", .weight_1_20 = 2, .weight_1_36 = 2,
    .prefilter = prefilter_spread, .filter = filter_spread,
    .prescore = prescore_spread, .score = score_spread,
    .normalise = fewest_best,
};
