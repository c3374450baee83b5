/*
 * compare.c - where a simulated run first differs from the recording.
 *
 * Exact: the sequence of waves, the final sizes, the fewest ready endpoints,
 * the most active pods, complete or not.  Within 1: the most pods.  Within
 * 0.2 s + 10 ms x replicas + 3 %: the time of each wave, of each condition, of
 * completion, and of what each pod of a StatefulSet or DaemonSet does.
 *
 * When a StatefulSet is complete is not compared: the recordings ask for more
 * than kubectl rollout status does (partitions, pods beyond spec.replicas).
 *
 * Conditions are compared as the recordings repeat them: which of the
 * reasons of a Progressing=True (created, found, updated) is written, and
 * whether Available is False for less than the merging time of a wave,
 * depends on which of two status writes comes first (README-1.36, "Noise, not
 * behaviour"), so the former count as one value and the latter are left out.
 */
#include <math.h>
#include <string.h>

#include "fidelity.h"

#define SHORT_MS 400.0

static double tolerance(double t_ms, int replicas)
{
    return 200 + 10.0 * replicas + 0.03 * fabs(t_ms);
}

bool fidelity_near(double a, double b, int replicas)
{
    return fabs(a - b) <= tolerance(a, replicas);
}

/* ---- waves -------------------------------------------------------------------------- */

static const char *waves_text(struct arena *a, const struct summary *s)
{
    const char *text = "";

    for (size_t i = 0; i < s->waves.len; i++)
        text = arena_printf(a, "%s%s%d/%d", text, i ? " " : "",
                            s->waves.items[i].old, s->waves.items[i].new);
    return text;
}

static const char *compare_waves(struct arena *a, const struct summary *r,
                                 const struct summary *s, int replicas,
                                 bool states_only)
{
    bool same = r->waves.len == s->waves.len;

    for (size_t i = 0; same && i < r->waves.len; i++)
        same = r->waves.items[i].old == s->waves.items[i].old &&
               r->waves.items[i].new == s->waves.items[i].new;
    if (!same)
        return arena_printf(a, "waves %s, recorded %s", waves_text(a, s),
                            waves_text(a, r));
    for (size_t i = 0; i < r->waves.len && !states_only; i++)
        if (!fidelity_near(r->waves.items[i].at_ms, s->waves.items[i].at_ms, replicas))
            return arena_printf(a, "wave %zu (%d/%d) at %.0f ms, recorded "
                                   "%.0f ms", i + 1, r->waves.items[i].old,
                                r->waves.items[i].new,
                                s->waves.items[i].at_ms,
                                r->waves.items[i].at_ms);
    return NULL;
}

/* ---- conditions ---------------------------------------------------------------------- */

/* One name for the reasons that replace each other at random. */
static const char *settled(const struct condition_change *c)
{
    if (strcmp(c->type, "Progressing") == 0 &&
        (strcmp(c->value, "True/NewReplicaSetCreated") == 0 ||
         strcmp(c->value, "True/FoundNewReplicaSet") == 0 ||
         strcmp(c->value, "True/ReplicaSetUpdated") == 0))
        return "True/(under way)";
    return c->value;
}

typedef VEC(struct condition_change) changes;

/* Changes of one condition type, without those that last too short. */
static void pick(struct arena *a, const struct summary *s, const char *type,
                 changes *out)
{
    vec_clear(out);
    for (size_t i = 0; i < s->conditions.len; i++) {
        struct condition_change c = s->conditions.items[i];

        if (strcmp(c.type, type) != 0)
            continue;
        c.value = settled(&c);
        if (out->len > 0 &&
            strcmp(out->items[out->len - 1].value, c.value) == 0)
            continue;
        if (out->len > 0 && strcmp(type, "Available") == 0 &&
            c.at_ms - out->items[out->len - 1].at_ms < SHORT_MS) {
            out->len--;         /* came and went: as if it had not been */
            continue;
        }
        vec_push(a, out, c);
    }
}

static const char *compare_type(struct arena *a, const struct summary *r,
                                const struct summary *s, const char *type,
                                int replicas, bool states_only)
{
    changes real = { 0 }, ours = { 0 };
    size_t n;

    pick(a, r, type, &real);
    pick(a, s, type, &ours);
    n = real.len < ours.len ? real.len : ours.len;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(real.items[i].value, ours.items[i].value) != 0)
            return arena_printf(a, "%s turns %s at %.0f ms, recorded %s at "
                                   "%.0f ms", type, ours.items[i].value,
                                ours.items[i].at_ms, real.items[i].value,
                                real.items[i].at_ms);
        if (!states_only &&
            !fidelity_near(real.items[i].at_ms, ours.items[i].at_ms, replicas))
            return arena_printf(a, "%s=%s at %.0f ms, recorded %.0f ms",
                                type, ours.items[i].value,
                                ours.items[i].at_ms, real.items[i].at_ms);
    }
    if (real.len > n)
        return arena_printf(a, "%s never turns %s, recorded at %.0f ms", type,
                            real.items[n].value, real.items[n].at_ms);
    if (ours.len > n)
        return arena_printf(a, "%s turns %s at %.0f ms, not recorded", type,
                            ours.items[n].value, ours.items[n].at_ms);
    return NULL;
}

/* ---- pods ---------------------------------------------------------------------------- */

/* Are these the same thing done?  Pods of a StatefulSet are known by name;
 * which node a DaemonSet takes is not defined. */
static bool alike(const struct pod_change *a, const struct pod_change *b,
                  bool by_name)
{
    return strcmp(a->state, b->state) == 0 &&
           strcmp(a->revision, b->revision) == 0 &&
           (!by_name || strcmp(a->pod, b->pod) == 0);
}

/* The k-th change of s that is like c; NULL if there are fewer. */
static const struct pod_change *kth(const struct summary *s, size_t k,
                                    const struct pod_change *c, bool by_name)
{
    for (size_t i = 0; i < s->pods.len; i++)
        if (alike(&s->pods.items[i], c, by_name) && k-- == 0)
            return &s->pods.items[i];
    return NULL;
}

/* Every change of `one` has its like in `two`; who: what two is. */
static const char *compare_pods(struct arena *a, const struct summary *one,
                                const struct summary *two, bool by_name,
                                int replicas, const char *who)
{
    for (size_t i = 0; i < one->pods.len; i++) {
        const struct pod_change *c = &one->pods.items[i], *other;
        size_t k = 0;

        for (size_t j = 0; j < i; j++)
            k += alike(&one->pods.items[j], c, by_name);
        other = kth(two, k, c, by_name);
        if (!other)
            return arena_printf(a, "pod %s (%s) %s at %.0f ms, not %s",
                                c->pod, c->revision, c->state, c->at_ms, who);
        if (!fidelity_near(c->at_ms, other->at_ms, replicas))
            return arena_printf(a, "pod %s (%s) %s at %.0f ms, %s %.0f ms",
                                c->pod, c->revision, c->state, c->at_ms, who,
                                other->at_ms);
    }
    return NULL;
}

/* ---- the rest ------------------------------------------------------------------------ */

static int final_of(const struct summary *s, const char *revision)
{
    for (size_t i = 0; i < s->final.len; i++)
        if (strcmp(s->final.items[i].revision, revision) == 0)
            return s->final.items[i].replicas;
    return 0;
}

static const char *compare_final(struct arena *a, const struct summary *r,
                                 const struct summary *s)
{
    for (size_t i = 0; i < r->final.len; i++) {
        const char *revision = r->final.items[i].revision;

        if (final_of(s, revision) != r->final.items[i].replicas)
            return arena_printf(a, "%s ends with %d replicas, recorded %d",
                                revision, final_of(s, revision),
                                r->final.items[i].replicas);
    }
    return NULL;
}

static const char *compare_counts(struct arena *a, const struct summary *r,
                                  const struct summary *s)
{
    int extra = s->max_total_pods - r->max_total_pods;

    if (r->min_ready_endpoints >= 0 &&
        s->min_ready_endpoints != r->min_ready_endpoints)
        return arena_printf(a, "fewest ready endpoints %d, recorded %d",
                            s->min_ready_endpoints, r->min_ready_endpoints);
    if (s->max_active_pods != r->max_active_pods)
        return arena_printf(a, "most active pods %d, recorded %d",
                            s->max_active_pods, r->max_active_pods);
    if (extra < -1 || extra > 1)
        return arena_printf(a, "most pods %d, recorded %d",
                            s->max_total_pods, r->max_total_pods);
    return NULL;
}

static const char *compare_completion(struct arena *a,
                                      const struct summary *r,
                                      const struct summary *s, int replicas,
                                      bool states_only)
{
    if (r->complete != s->complete)
        return arena_printf(a, "ends %s, recorded %s",
                            s->complete ? "complete" : "incomplete",
                            r->complete ? "complete" : "incomplete");
    if (states_only || isnan(r->complete_ms) || isnan(s->complete_ms))
        return NULL;
    if (!fidelity_near(r->complete_ms, s->complete_ms, replicas))
        return arena_printf(a, "complete at %.0f ms, recorded %.0f ms",
                            s->complete_ms, r->complete_ms);
    return NULL;
}

/* Workloads whose pods and conditions are compared one by one. */
static bool by_pods(const struct summary *r)
{
    return r->workload && (strcmp(r->workload, "Job") == 0 ||
                           strcmp(r->workload, "CronJob") == 0);
}

const char *fidelity_compare(struct arena *a, const struct summary *recorded,
                             const struct summary *simulated, int replicas,
                             bool states_only)
{
    bool by_name = strcmp(recorded->workload, "StatefulSet") == 0;
    const char *why;

    if (by_pods(recorded))
        return pods_compare(a, recorded, simulated, replicas);
    why = compare_waves(a, recorded, simulated, replicas, states_only);
    if (recorded->pods.len > 0 && !why)
        why = compare_pods(a, simulated, recorded, by_name, replicas,
                           "recorded");
    if (recorded->pods.len > 0 && !why)
        why = compare_pods(a, recorded, simulated, by_name, replicas,
                           "simulated");
    if (!why)
        why = compare_type(a, recorded, simulated, "Progressing", replicas,
                           states_only);
    if (!why)
        why = compare_type(a, recorded, simulated, "Available", replicas,
                           states_only);
    if (!why)
        why = compare_final(a, recorded, simulated);
    if (!why)
        why = compare_counts(a, recorded, simulated);
    if (!why && !by_name)
        why = compare_completion(a, recorded, simulated, replicas,
                                 states_only);
    if (!why)
        why = disruption_compare(a, recorded, simulated, replicas);
    return why;
}
