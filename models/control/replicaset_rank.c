/*
 * replicaset_rank.c - which pods a ReplicaSet deletes first, and how fast it
 * creates new ones.
 *
 * The first rule that tells two pods apart decides: not assigned to a node;
 * Pending before Unknown before Running; not Ready; the lower deletion cost;
 * the node with more pods of related sets; Ready for a shorter time; more
 * restarts; younger.  Since 1.22 the two ages are compared by their binary
 * order of magnitude, and within one order the UID decides, which is random:
 * restarts then never come into it.  1.20 compares ages exactly and has no
 * deletion cost; ties, which it breaks as its sort happens to leave them, are
 * broken by UID here.
 *
 * Source: kubernetes pkg/controller/controller_utils.go (ActivePodsWithRanks),
 * pkg/controller/replicaset/replica_set.go at v1.36.2; reference 2.2, 2.3.
 */
#include "models/replicaset.h"

#include "base/bug.h"
#include "base/units.h"

int slow_start_batch(int left, int previous)
{
    int next = previous > 0 ? 2 * previous : 1;

    return next < left ? next : left;
}

int pod_deletion_cost(const struct pod *p)
{
    const char *text = labels_get(p->meta.annotations,
                                  "controller.kubernetes.io/pod-deletion-cost");
    int64_t cost;

    if (!text || *text == '+' || (text[0] == '0' && text[1] != '\0') ||
        !parse_int(text, &cost, NULL) || cost < INT32_MIN ||
        cost > INT32_MAX)
        return 0;
    return (int)cost;
}

/* Pending, Unknown, Running: the order in which they go. */
static int phase_order(enum pod_phase phase)
{
    switch (phase) {
    case POD_PENDING:
        return 0;
    case POD_UNKNOWN:
        return 1;
    default:
        return 2;
    }
}

/* floor(log2 of an age in ns); -1 for one that is not positive. */
static int age_bucket(sim_time since, sim_time now)
{
    sim_time age = now - since;
    int bucket = -1;

    for (; age > 0; age >>= 1)
        bucket++;
    return bucket;
}

static int before_if(bool first)
{
    return first ? -1 : 1;
}

/* Compare two instants: the later one, or an unknown one, goes first. */
static int compare_age(sim_time a, sim_time b, const struct victim *va,
                       const struct victim *vb, sim_time now,
                       enum kube_version version)
{
    int ba, bb;

    if (a == b)
        return 0;
    if (version == KUBE_1_20 || a == SIM_NEVER || b == SIM_NEVER)
        return before_if(a > b);        /* SIM_NEVER is the largest */
    ba = age_bucket(a, now);
    bb = age_bucket(b, now);
    if (ba != bb)
        return before_if(ba < bb);
    return before_if(va->pod->meta.tie < vb->pod->meta.tie);
}

/* The rules that depend on the state of the pods alone. */
static int compare_state(const struct victim *a, const struct victim *b,
                         enum kube_version version)
{
    const struct pod *pa = a->pod, *pb = b->pod;
    int fa = phase_order(pa->phase), fb = phase_order(pb->phase);

    if ((pa->node == 0) != (pb->node == 0))
        return before_if(pa->node == 0);
    if (fa != fb)
        return before_if(fa < fb);
    if (pa->ready != pb->ready)
        return before_if(!pa->ready);
    if (version != KUBE_1_20 && a->cost != b->cost)
        return before_if(a->cost < b->cost);
    if (a->rank != b->rank)
        return before_if(a->rank > b->rank);
    return 0;
}

static int compare_restarts(const struct pod *a, const struct pod *b,
                            enum kube_version version)
{
    if (a->max_restarts != b->max_restarts)
        return before_if(a->max_restarts > b->max_restarts);
    if (version != KUBE_1_20 &&
        a->max_sidecar_restarts != b->max_sidecar_restarts)
        return before_if(a->max_sidecar_restarts > b->max_sidecar_restarts);
    return 0;
}

bool victim_before(const struct victim *a, const struct victim *b,
                   sim_time now, enum kube_version version)
{
    int c = compare_state(a, b, version);

    if (c == 0 && a->pod->ready && b->pod->ready)
        c = compare_age(a->ready_since, b->ready_since, a, b, now, version);
    if (c == 0)
        c = compare_restarts(a->pod, b->pod, version);
    if (c == 0)
        c = compare_age(a->created, b->created, a, b, now, version);
    if (c == 0)
        c = before_if(a->pod->meta.tie < b->pod->meta.tie);
    return c < 0;
}

/* ---- the first k of n --------------------------------------------------- */

/* Restore the heap of the first n below i: the one that goes last on top. */
static void sift(struct victim *v, size_t n, size_t i, sim_time now,
                 enum kube_version version)
{
    for (;;) {
        size_t child = 2 * i + 1;
        struct victim t = v[i];

        if (child >= n)
            return;
        if (child + 1 < n &&
            victim_before(&v[child], &v[child + 1], now, version))
            child++;
        if (!victim_before(&v[i], &v[child], now, version))
            return;
        v[i] = v[child];
        v[child] = t;
        i = child;
    }
}

static void swap(struct victim *a, struct victim *b)
{
    struct victim t = *a;

    *a = *b;
    *b = t;
}

/* Up to this many are sorted by insertion, as Go's sort does it: where the
 * rules form a circle the outcome depends on the algorithm. */
#define FEW 12

static void insertion_sort(struct victim *v, size_t n, sim_time now,
                           enum kube_version version)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = i;
             j > 0 && victim_before(&v[j], &v[j - 1], now, version); j--)
            swap(&v[j], &v[j - 1]);
}

void victims_choose(struct victim *v, size_t n, size_t k, sim_time now,
                    enum kube_version version)
{
    CHECK(k <= n);
    if (n <= FEW) {
        insertion_sort(v, n, now, version);
        return;
    }
    if (k == 0)
        return;
    for (size_t i = k / 2; i-- > 0;)
        sift(v, k, i, now, version);
    for (size_t i = k; i < n; i++) {
        if (!victim_before(&v[i], &v[0], now, version))
            continue;
        swap(&v[i], &v[0]);
        sift(v, k, 0, now, version);
    }
    for (size_t i = k; i-- > 1;) {      /* heap to order */
        swap(&v[0], &v[i]);
        sift(v, i, 0, now, version);
    }
}
