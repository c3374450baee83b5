/*
 * preemption.c - which pods go so that a more important one fits.
 *
 * On each node that pods leaving may help, all pods of lower priority are
 * taken off in thought.  If the pod fits then, they are put back one by one,
 * those first whose loss a disruption budget forbids, in each group the most
 * important first (higher priority, then started earlier); who does not fit
 * any more is a victim.  The node is the one with the fewest budgets broken,
 * then the lowest of the highest victims, the smallest sum of priorities, the
 * fewest victims, and the highest victims that started last.
 *
 * At least 100 candidates, or a tenth of the nodes, are looked at, and more as
 * long as all of them break a budget.
 *
 * Not modelled: extenders, pod groups.
 * Source: pkg/scheduler/framework/preemption/preemption.go, plugins/
 * defaultpreemption at v1.36.2; reference 4.5.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "models/budget.h"
#include "models/world.h"
#include "preempt_impl.h"

#define CANDIDATES_LEAST 100    /* minCandidateNodesAbsolute */
#define CANDIDATES_PERCENT 10   /* minCandidateNodesPercentage */

/* ---- nodes as they might be --------------------------------------------- */

static struct sched_node *copy_of(struct arena *a, const struct sched_node *n)
{
    struct sched_node *copy = arena_memdup(a, n, sizeof(*n));

    copy->pods.items = arena_many(a, struct placed, n->pods.len);
    copy->pods.cap = copy->pods.len;
    if (n->pods.len > 0)
        memcpy(copy->pods.items, n->pods.items,
               n->pods.len * sizeof(n->pods.items[0]));
    return copy;
}

/* Does the pod fit on `as`, which stands for the node n? */
static const char *filter_as(const struct attempt *a,
                             const struct sched_node *n,
                             struct sched_node *as,
                             const struct sched_plugin **by)
{
    struct sched_cycle c = *a->c;
    struct sched_node **nodes = arena_many(c.arena, struct sched_node *,
                                           c.nnodes);

    for (size_t i = 0; i < c.nnodes; i++)
        nodes[i] = c.nodes[i] == n ? as : c.nodes[i];
    c.nodes = nodes;
    c.censuses = NULL;           /* they count what is, not what might be */
    c.no_terms = false;
    sched_prefilter(&c);
    return sched_filter(&c, as, by);
}

static struct placed placed_of(const struct pod *p)
{
    return (struct placed){ .uid = p->meta.uid, .space = p->meta.space,
                            .labels = p->meta.labels,
                            .spec = p->template->spec };
}

/* Put the nominated pods of no less priority on it; how many. */
static size_t add_nominees(const struct attempt *a, struct sched_node *n)
{
    size_t added = 0;

    for (size_t i = 0; i < a->nnominees; i++) {
        const struct meta *m = informer_get(a->pods, a->nominees[i].pod);

        if (a->nominees[i].node != n->node.meta.uid || !m ||
            m->uid == a->pod->meta.uid ||
            pod_seen(m)->priority < a->pod->priority)
            continue;
        sched_place(a->c->arena, n, placed_of(pod_seen(m)));
        added++;
    }
    return added;
}

/* The same as attempt_filter for a node as it might be. */
static const char *filter(const struct attempt *a, const struct sched_node *n,
                          struct sched_node *as,
                          const struct sched_plugin **by)
{
    struct sched_node *crowded = copy_of(a->c->arena, as);
    const char *why = NULL;

    if (add_nominees(a, crowded) > 0)
        why = filter_as(a, n, crowded, by);
    return why ? why : filter_as(a, n, as, by);
}

static bool is_nominated_to(const struct attempt *a,
                            const struct sched_node *n)
{
    for (size_t i = 0; i < a->nnominees; i++)
        if (a->nominees[i].node == n->node.meta.uid &&
            a->nominees[i].pod != a->pod->meta.uid)
            return true;
    return false;
}

const char *attempt_filter(const struct attempt *a, struct sched_node *n,
                           const struct sched_plugin **by)
{
    const char *why = sched_filter(a->c, n, by);

    if (why || !is_nominated_to(a, n))
        return why;
    return filter(a, n, copy_of(a->c->arena, n), by);
}

/* ---- may it ------------------------------------------------------------- */

bool preempt_resolves(const struct sched_plugin *by)
{
    static const char *const never[] = {
        "NodeUnschedulable", "NodeName", "TaintToleration", "NodeAffinity",
        "VolumeBinding", "VolumeZone",
    };

    for (size_t i = 0; by && i < sizeof(never) / sizeof(never[0]); i++)
        if (strcmp(by->name, never[i]) == 0)
            return false;
    return by != NULL;
}

/* Is it on its way out because of a preemption? */
static bool leaves_for_another(const struct attempt *a, const struct pod *p)
{
    if (!meta_deleting(&p->meta))
        return false;
    return world_is(a->w, KUBE_1_20) ||
           (p->disruption &&
            strcmp(p->disruption, "PreemptionByScheduler") == 0);
}

bool preempt_eligible(const struct attempt *a, const struct sched_node *node,
                      bool unresolvable)
{
    if (a->pod->preempt_never)
        return false;
    if (!node || unresolvable)
        return true;
    for (size_t i = 0; i < node->pods.len; i++) {
        const struct meta *m = informer_get(a->pods, node->pods.items[i].uid);

        if (m && pod_seen(m)->priority < a->pod->priority &&
            leaves_for_another(a, pod_seen(m)))
            return false;
    }
    return true;
}

/* ---- one node ----------------------------------------------------------- */

/* A pod that has not started yet starts now. */
static sim_time start_of(const struct pod *p)
{
    return p->started;          /* SIM_NEVER is later than everything */
}

static int by_importance(const void *x, const void *y)
{
    const struct pod *a = *(const struct pod *const *)x;
    const struct pod *b = *(const struct pod *const *)y;

    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    if (start_of(a) != start_of(b))
        return start_of(a) < start_of(b) ? -1 : 1;
    return a->meta.uid < b->meta.uid ? -1 : a->meta.uid > b->meta.uid;
}

/* Is the pod remembered by the budget as one that goes? */
static bool is_disrupted(const struct budget *b, object_uid pod)
{
    for (size_t i = 0; i < b->ndisrupted; i++)
        if (b->disrupted[i].pod == pod)
            return true;
    return false;
}

/* Would the loss of p break a budget?  Takes it from what they allow. */
static bool violates(const struct attempt *a, const struct pod *p,
                     int *allowed)
{
    bool broken = false;

    for (size_t i = 0; i < informer_count(a->budgets); i++) {
        const struct budget *b = budget_seen(informer_at(a->budgets, i));

        if (!p->meta.labels || strcmp(b->meta.space, p->meta.space) != 0 ||
            !b->selector || b->selector->len == 0 ||
            !selector_match(b->selector, p->meta.labels) ||
            is_disrupted(b, p->meta.uid))
            continue;
        broken |= --allowed[i] < 0;
    }
    return broken;
}

/* Put one back if the pod still fits; else it is a victim. */
static bool reprieve(const struct attempt *a, const struct sched_node *n,
                     struct sched_node *as, const struct pod *p,
                     struct victims *v)
{
    sched_place(a->c->arena, as, placed_of(p));
    if (!filter(a, n, as, NULL))
        return true;
    sched_unplace(as, p->meta.uid);
    v->pods[v->n++] = p;
    return false;
}

/* The pods of lower priority on a node, most important first; taken off as. */
static size_t take_off(const struct attempt *a, const struct sched_node *n,
                       struct sched_node *as, const struct pod **lower)
{
    size_t found = 0;

    for (size_t i = 0; i < n->pods.len; i++) {
        const struct meta *m = informer_get(a->pods, n->pods.items[i].uid);

        if (!m || pod_seen(m)->priority >= a->pod->priority)
            continue;
        lower[found++] = pod_seen(m);
        sched_unplace(as, m->uid);
    }
    if (found > 0)
        qsort(lower, found, sizeof(*lower), by_importance);
    return found;
}

/* Who would have to go from n; node is NULL if nothing helps. */
static struct victims victims_on(const struct attempt *a,
                                 const struct sched_node *n)
{
    struct arena *arena = a->c->arena;
    struct sched_node *as = copy_of(arena, n);
    const struct pod **lower = arena_many(arena, const struct pod *,
                                          n->pods.len);
    struct victims v = { .pods = arena_many(arena, const struct pod *,
                                            n->pods.len) };
    int *allowed = arena_many(arena, int, informer_count(a->budgets));
    size_t found = take_off(a, n, as, lower);
    bool *guarded = arena_many(arena, bool, found);

    if (found == 0 || filter(a, n, as, NULL))
        return v;
    v.node = n;
    for (size_t i = 0; i < informer_count(a->budgets); i++)
        allowed[i] = budget_seen(informer_at(a->budgets, i))->status.allowed;
    for (size_t i = 0; i < found; i++)
        guarded[i] = violates(a, lower[i], allowed);
    for (int pass = 1; pass >= 0; pass--)
        for (size_t i = 0; i < found; i++)
            if (guarded[i] == (pass == 1) &&
                !reprieve(a, n, as, lower[i], &v))
                v.violations += pass;
    if (v.n > 0)
        qsort(v.pods, v.n, sizeof(*v.pods), by_importance);
    return v;
}

/* ---- which node --------------------------------------------------------- */

static int64_t sum_of(const struct victims *v)
{
    int64_t sum = 0;

    for (size_t i = 0; i < v->n; i++)   /* fewer are better: all above 0 */
        sum += (int64_t)v->pods[i]->priority + INT32_MAX + 1;
    return sum;
}

/* The earliest start of the victims of the highest priority. */
static sim_time earliest_of(const struct victims *v)
{
    sim_time first = SIM_NEVER;

    for (size_t i = 0; i < v->n; i++)
        if (v->pods[i]->priority == v->pods[0]->priority &&
            start_of(v->pods[i]) < first)
            first = start_of(v->pods[i]);
    return first;
}

/* Is a the better choice?  Without victims at all it is. */
static bool is_better(const struct victims *a, const struct victims *b)
{
    if (a->n == 0 || b->n == 0)
        return a->n == 0 && b->n > 0;
    if (a->violations != b->violations)
        return a->violations < b->violations;
    if (a->pods[0]->priority != b->pods[0]->priority)
        return a->pods[0]->priority < b->pods[0]->priority;
    if (sum_of(a) != sum_of(b))
        return sum_of(a) < sum_of(b);
    if (a->n != b->n)
        return a->n < b->n;
    return earliest_of(a) > earliest_of(b);
}

struct victims preempt_choose(const struct attempt *a,
                              struct sched_node *const *nodes, size_t n,
                              size_t offset)
{
    size_t wanted = n * CANDIDATES_PERCENT / 100, candidates = 0;
    struct victims best = { 0 };
    bool harmless = false;      /* one that breaks no budget */

    if (wanted < CANDIDATES_LEAST)
        wanted = CANDIDATES_LEAST;
    for (size_t i = 0; i < n && !(candidates >= wanted && harmless); i++) {
        struct victims v = victims_on(a, nodes[(offset + i) % n]);

        if (!v.node)
            continue;
        candidates++;
        harmless |= v.violations == 0;
        if (!best.node || is_better(&v, &best))
            best = v;
    }
    return best;
}
