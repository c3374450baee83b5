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

#include "census_impl.h"

#define HOSTNAME "kubernetes.io/hostname"
#define ZONE "topology.kubernetes.io/zone"

static const struct topology_spread defaults[] = {
    { .max_skew = 3, .topology_key = HOSTNAME },
    { .max_skew = 5, .topology_key = ZONE },
};

struct constraint {
    const struct topology_spread *spread;
    struct census *census;
    bool by_host;
    int64_t least;              /* pods of the emptiest domain */
    double weight;              /* ln(domains + 2) */
    bool self;                  /* the pod matches its own selector */
};

struct spread {
    struct constraint *items;
    size_t n;
    bool all_keys;              /* nodes lacking a key are left out */
};

static bool has_all_keys(const struct spread *s, const struct node *n)
{
    for (size_t i = 0; i < s->n; i++)
        if (!node_topology(n, s->items[i].spread->topology_key))
            return false;
    return true;
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

/* Does the pod care for labels or names of nodes? */
static bool is_choosy(const struct pod_spec *s)
{
    return s->node_selector || s->node_affinity_required;
}

/* Count the pods that the constraints select. */
static void count_pods(struct sched_cycle *c, struct spread *s,
                       const struct selector *by_default)
{
    const char **keys = arena_many(c->arena, const char *, s->n);

    for (size_t i = 0; i < s->n; i++)
        keys[i] = s->items[i].spread->topology_key;
    for (size_t i = 0; i < s->n; i++) {
        struct constraint *k = &s->items[i];
        struct census_what what = {
            .space = c->space, .key = keys[i],
            .spec = is_choosy(c->spec) ? c->spec : NULL,
            .keys = keys, .nkeys = s->all_keys ? s->n : 0,
            .selector = by_default ? by_default : narrowed(c, k->spread),
        };

        k->by_host = strcmp(keys[i], HOSTNAME) == 0;
        k->self = selector_match(what.selector, c->labels);
        k->census = census_find(c, &what);
    }
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
    for (size_t i = 0; i < n; i++)
        if (from[i].do_not_schedule == filter)
            s->items[s->n++].spread = &from[i];
    count_pods(c, s, from == defaults ? c->spread_by : NULL);
    return s;
}

/* ---- filter ---------------------------------------------------------------------- */

static void find_least(struct constraint *k)
{
    const struct map *domains = &k->census->domains;

    k->least = INT64_MAX;
    for (size_t i = 0; i < domains->len; i++) {
        const struct domain *d = domains->entries[i].value;

        if (d->pods < k->least)
            k->least = d->pods;
    }
    if (domains->len == 0 || (k->spread->min_domains > 0 &&
                              (int)domains->len < k->spread->min_domains))
        k->least = 0;
}

static bool prefilter_spread(struct sched_cycle *c, void **scratch)
{
    struct spread *s = constraints(c, true);

    if (s->n == 0)
        return false;
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
        const struct domain *d = k->census->domain[n->slot];
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

/* Must feasible nodes be looked at to know how many domains they have? */
static bool counts_domains(const struct spread *s, const struct constraint *k)
{
    return k->by_host ? s->all_keys : k->census->domains.len > 0;
}

/* The more domains feasible nodes have, the more a constraint weighs. */
static void weigh(struct sched_cycle *c, struct spread *s,
                  struct constraint *k)
{
    size_t scored = k->by_host && !s->all_keys ? c->nfeasible : 0;

    k->census->mark++;
    for (size_t i = 0; counts_domains(s, k) && i < c->nfeasible; i++) {
        struct domain *d = k->census->domain[c->feasible[i]->slot];

        if (ignored(s, &c->feasible[i]->node))
            continue;
        if (k->by_host) {
            scored++;
        } else if (d && d->mark != k->census->mark) {
            d->mark = k->census->mark;
            scored++;
        }
    }
    k->weight = log((double)scored + 2);
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

/* llround of what is neither negative nor huge, without a call. */
static int64_t rounded(double x)
{
    int64_t whole = (int64_t)x;

    return whole + (x - (double)whole >= 0.5);
}

/* Add what constraint k says of each feasible node. */
static void add_scores(const struct sched_cycle *c, const struct constraint *k,
                       double *sums)
{
    if (!k->by_host && k->census->domains.len == 0)
        return;                 /* no node has the key */
    for (size_t i = 0; i < c->nfeasible; i++) {
        size_t slot = c->feasible[i]->slot;
        const struct domain *d = k->census->domain[slot];

        if (k->by_host)
            sums[i] += (double)k->census->pods[slot] * k->weight +
                       k->spread->max_skew - 1;
        else if (d)
            sums[i] += (double)d->pods * k->weight + k->spread->max_skew - 1;
    }
}

/* The fewest are best; -1: left out. */
static void score_spread(const struct sched_cycle *c, const void *scratch,
                         int64_t *scores)
{
    int64_t least = INT64_MAX, most = 0, last = -1, score = 0;
    const struct spread *s = scratch;
    double *sums = arena_many(c->arena, double, c->nfeasible);

    for (size_t k = 0; k < s->n; k++)
        add_scores(c, &s->items[k], sums);
    for (size_t i = 0; i < c->nfeasible; i++) {
        scores[i] = ignored(s, &c->feasible[i]->node) ? -1 : rounded(sums[i]);
        if (scores[i] < 0)
            continue;
        least = scores[i] < least ? scores[i] : least;
        most = scores[i] > most ? scores[i] : most;
    }
    for (size_t i = 0; i < c->nfeasible; i++) {
        if (scores[i] != last) {        /* most are like the one before */
            last = scores[i];
            score = last < 0 ? 0 : most == 0 ? 100
                    : 100 * (most + least - last) / most;
        }
        scores[i] = score;
    }
}

const struct sched_plugin plugin_topology_spread = {
    .name = "PodTopologySpread", .weight_1_20 = 2, .weight_1_36 = 2,
    .prefilter = prefilter_spread, .filter = filter_spread,
    .prescore = prescore_spread, .score_all = score_spread,
};
