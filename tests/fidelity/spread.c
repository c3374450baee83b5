/*
 * spread.c - does a recording lie within what the simulator predicts?
 *
 * Where chance decides, one run says little: the recording has to be an
 * ordinary member of a set of runs.  Every member's strangeness is its mean
 * distance to the others; the recording passes unless at most 5 % of all
 * members, itself counted, are as strange as it (a conformal test: if it came
 * from the same law as the runs, it fails in one case of twenty).  With all
 * runs alike and the recording different, it is the strangest of 40: 2.5 %.
 *
 * Distance, in seconds: the areas between the step functions of the sizes and
 * between those of what pods did, per replica; the difference of completion;
 * and a second each for what the counts of pods and endpoints differ, per
 * replica.  Not seen by it: conditions, evictions, Jobs.
 *
 * Source: Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World
 * (2005), chapter 2.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fidelity.h"

/* A size from its time on. */
struct step {
    double at_ms;
    int size;
};
typedef VEC(struct step) curve;

static void wave_curve(struct arena *a, const struct summary *s, bool newer,
                       curve *out)
{
    vec_clear(out);
    for (size_t i = 0; i < s->waves.len; i++)
        vec_push(a, out, ((struct step){
            s->waves.items[i].at_ms,
            newer ? s->waves.items[i].new : s->waves.items[i].old }));
}

/* How many pods of the revision had done it by when. */
static void pod_curve(struct arena *a, const struct summary *s,
                      const char *state, const char *revision, curve *out)
{
    int n = 0;

    vec_clear(out);
    for (size_t i = 0; i < s->pods.len; i++)
        if (strcmp(s->pods.items[i].state, state) == 0 &&
            strcmp(s->pods.items[i].revision, revision) == 0)
            vec_push(a, out, ((struct step){ s->pods.items[i].at_ms, ++n }));
}

/* Area between two step functions from 0 to end, in replicas x seconds.  The
 * first step of each counts from where it is; before it both are equal. */
static double area(const curve *x, const curve *y, double end)
{
    size_t i = 0, j = 0;
    double at = 0, sum = 0;
    int a = 0, b = 0;

    while (i < x->len || j < y->len) {
        double next = INFINITY;

        if (i < x->len)
            next = x->items[i].at_ms;
        if (j < y->len && y->items[j].at_ms < next)
            next = y->items[j].at_ms;
        if (next > at)
            sum += abs(a - b) * (next - at) / 1e3;
        at = next > at ? next : at;
        while (i < x->len && x->items[i].at_ms <= next)
            a = x->items[i++].size;
        while (j < y->len && y->items[j].at_ms <= next)
            b = y->items[j++].size;
    }
    return end > at ? sum + abs(a - b) * (end - at) / 1e3 : sum;
}

static double pods_apart(struct arena *a, const struct summary *x,
                         const struct summary *y, double end)
{
    static const char *const states[] = { "created", "terminating", "ready" };
    static const char *const revisions[] = { "v1", "v2", "v3" };
    curve p = { 0 }, q = { 0 };
    double sum = 0;

    for (size_t s = 0; s < 3; s++)
        for (size_t r = 0; r < 3; r++) {
            pod_curve(a, x, states[s], revisions[r], &p);
            pod_curve(a, y, states[s], revisions[r], &q);
            sum += area(&p, &q, end);
        }
    return sum;
}

static double distance(struct arena *a, const struct summary *x,
                       const struct summary *y, int replicas)
{
    double end = fmin(x->observed_ms, y->observed_ms), sum;
    curve p = { 0 }, q = { 0 };

    sum = pods_apart(a, x, y, end);
    for (int newer = 0; newer < 2; newer++) {
        wave_curve(a, x, newer, &p);
        wave_curve(a, y, newer, &q);
        sum += area(&p, &q, end);
    }
    sum += abs(x->max_active_pods - y->max_active_pods) +
           abs(x->max_total_pods - y->max_total_pods) +
           abs(x->min_ready_endpoints - y->min_ready_endpoints);
    sum /= replicas;
    if (x->complete != y->complete)
        return sum + end / 1e3;
    return isnan(x->complete_ms) || isnan(y->complete_ms)
               ? sum : sum + fabs(x->complete_ms - y->complete_ms) / 1e3;
}

double fidelity_strangeness(struct arena *a, const struct summary *recorded,
                            const struct summary *const *runs, size_t n,
                            int replicas)
{
    double *sums = arena_many(a, double, n + 1);
    size_t as_strange = 1;

    for (size_t i = 0; i <= n; i++)
        for (size_t j = 0; j < i; j++) {
            double d = distance(a, i == n ? recorded : runs[i], runs[j],
                                replicas);

            sums[i] += d;
            sums[j] += d;
        }
    for (size_t i = 0; i < n; i++)
        as_strange += sums[i] >= sums[n];
    return (double)as_strange / (double)(n + 1);
}
