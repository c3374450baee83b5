/*
 * argo_size.c - how many replicas each ReplicaSet of a Rollout gets.
 *
 * Without a router the weight is approximated by pod counts: the nearest of a
 * few, neither side 0, at most one pod more than asked for.  A pass moves
 * towards them within replicas + maxSurge and replicas - maxUnavailable,
 * stable first; the side that shrinks may lose its unavailable pods at once.
 * With a router the canary gets its share rounded up, and stable all replicas
 * (or, with dynamicStableScale, its own share).  Blue-green: both get all.
 *
 * Sizes are what was asked for; availability is as last reported.
 *
 * Source: argo-rollouts utils/replicaset/canary.go and replicaset.go,
 * rollout/replicaset.go, rollout/restart.go at 9f8d111d; reference 1.5, 1.6,
 * 1.10.
 */
#include "models/argo.h"

#include <math.h>
#include <string.h>

#define DEFAULT_DELAY_S 30      /* scaleDownDelaySeconds, for aborts too */

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

/* ---- limits ------------------------------------------------------------------ */

static struct int_or_percent surge_of(const struct argo *r)
{
    return r->has_surge ? r->max_surge : (struct int_or_percent){ true, 25 };
}

static struct int_or_percent unavailable_of(const struct argo *r)
{
    return r->has_unavailable ? r->max_unavailable
                              : (struct int_or_percent){ true, 25 };
}

int argo_max_surge(const struct argo *r)
{
    if (r->strategy != ARGO_CANARY)
        return 0;
    return fenceposts_resolve(surge_of(r), unavailable_of(r),
                              r->replicas).surge;
}

int argo_max_unavailable(const struct argo *r)
{
    int n = r->strategy == ARGO_CANARY
                ? fenceposts_resolve(surge_of(r), unavailable_of(r),
                                     r->replicas).unavailable
                : int_or_percent_of(unavailable_of(r), r->replicas, false);

    return min_int(n, r->replicas);
}

/* Do these delays have a meaning: blue-green, or a canary with a router? */
static bool has_delays(const struct argo *r)
{
    return r->strategy == ARGO_BLUE_GREEN ||
           (r->strategy == ARGO_CANARY && r->routed);
}

int argo_scale_down_delay(const struct argo *r)
{
    if (!has_delays(r))
        return 0;
    return r->scale_down_delay_s >= 0 ? r->scale_down_delay_s
                                      : DEFAULT_DELAY_S;
}

int argo_abort_delay(const struct argo *r)
{
    if (!has_delays(r))
        return 0;
    if (r->abort_delay_s == 0)
        return -1;
    return r->abort_delay_s > 0 ? r->abort_delay_s : DEFAULT_DELAY_S;
}

/* ---- basic canary --------------------------------------------------------------- */

int argo_pods_for(int replicas, int weight, int max_weight)
{
    int64_t all = (int64_t)replicas * weight;

    return (int)((all + max_weight - 1) / max_weight);
}

/* Are rounding up and down equally near?  In doubles, as the original. */
static bool tied(int total, int weight, int max_weight)
{
    double whole, share = (double)weight / (double)max_weight;

    return modf((double)total * share, &whole) == 0.5;
}

static double distance(int canary, int total, int weight, int max_weight)
{
    return fabs((double)canary * (double)max_weight / (double)total -
                (double)weight);
}

struct argo_counts argo_nearest(int replicas, int weight, int max_weight,
                                int surge)
{
    int64_t all = (int64_t)replicas * weight;
    int high = argo_pods_for(replicas, weight, max_weight);
    int low = (int)(all / max_weight);
    bool zero = weight == 0 || weight == max_weight ||
                (replicas == 1 && surge == 0);
    bool low_fine = low != 0 || zero;
    struct { bool given; int canary, total; } option[4] = {
        { high < replicas || zero, high, replicas },
        { !tied(replicas, weight, max_weight) && low_fine, low, replicas },
        { surge > 0, high, replicas + 1 },
        { surge > 0 && !tied(replicas + 1, weight, max_weight) && low_fine,
          low, replicas + 1 },
    };
    int best = -1;

    if (replicas == 0)
        return (struct argo_counts){ 0, 0 };
    for (int i = 0; i < 4; i++) {
        if (!option[i].given)
            continue;
        if (best < 0 ||
            distance(option[i].canary, option[i].total, weight, max_weight) <
                distance(option[best].canary, option[best].total, weight,
                         max_weight))
            best = i;
    }
    if (best < 0)
        return (struct argo_counts){ 0, replicas };
    return (struct argo_counts){ option[best].canary,
                                 option[best].total - option[best].canary };
}

int argo_count_for_scale_down(const struct replicaset *set,
                              bool ignore_availability)
{
    if (!set)
        return 0;
    if (set->replicas < set->available || ignore_availability)
        return set->replicas;
    return set->available;
}

/* What limits both sides of one pass. */
struct limits {
    int most, least;            /* pods asked for; pods available */
};

/* *d of the draining set was lowered: keep within the limits by what the
 * other one, a of `other`, is to have.  other may be NULL. */
static void fit(const struct replicaset *draining,
                const struct replicaset *other, int *d, int *a,
                struct limits l)
{
    int available, back;

    if (!other)
        return;
    *a -= max_int(0, *a + *d - l.most);
    available = min_int(draining->available, *d) +
                min_int(other->available, *a);
    back = max_int(0, other->available - *a);
    *a += min_int(back, max_int(0, l.least - available));
    *d -= max_int(0, *a + *d - l.most);
}

/* Grow within the room, stable first. */
static void grow(const struct replicaset *new_, const struct replicaset *stable,
                 struct argo_counts want, int room, struct argo_counts *c)
{
    if (stable && stable->replicas < want.stable && room > 0) {
        int more = min_int(room, want.stable - stable->replicas);

        c->stable = stable->replicas + more;
        room -= more;
    }
    if (new_ && new_->replicas < want.canary && room > 0)
        c->canary = min_int(new_->replicas + room, want.canary);
}

/* stable: NULL if there is none or it is the new one; seen: as it was. */
static void shrink(const struct replicaset *new_,
                   const struct replicaset *stable,
                   const struct replicaset *seen, struct argo_counts want,
                   struct limits l, struct argo_counts *c)
{
    bool growing = !new_ || want.canary >= new_->replicas;
    int total = argo_count_for_scale_down(new_, !growing) +
                argo_count_for_scale_down(seen, growing);
    int down = total - l.least;

    if (down <= 0)
        return;
    if (!growing) {
        c->canary = max_int(want.canary, new_->replicas - down);
        fit(new_, seen, &c->canary, &c->stable, l);
    } else if (stable) {
        if (stable->replicas > want.stable)
            c->stable = max_int(want.stable, stable->replicas - down);
        fit(stable, new_, &c->stable, &c->canary, l);
    }
}

static struct argo_counts basic_counts(const struct argo *r,
                                       const struct replicaset *new_,
                                       const struct replicaset *seen,
                                       set_list older, size_t n)
{
    const struct replicaset *stable = seen == new_ ? NULL : seen;
    int surge = argo_max_surge(r);
    struct argo_counts want = { r->replicas, 0 }, c = { 0, 0 };
    struct limits l = { r->replicas + surge,
                        r->replicas - argo_max_unavailable(r) };
    int old = sets_size(older, n), total = old;

    if (stable)
        want = argo_nearest(r->replicas, argo_wanted(r, new_, stable).weight,
                            r->max_weight, surge);
    if (new_)
        total += c.canary = new_->replicas;
    if (stable)
        total += c.stable = stable->replicas;
    grow(new_, stable, want, l.most - total, &c);
    if (old == 0)
        shrink(new_, stable, seen, want, l, &c);
    return c;
}

/* ---- routed canary ----------------------------------------------------------------- */

/* At least minPodsPerReplicaSet, unless there are to be none. */
static int at_least(const struct argo *r, int pods)
{
    return pods == 0 ? 0 : max_int(pods, min_int(r->min_pods, r->replicas));
}

static struct argo_counts routed_counts(const struct argo *r,
                                        const struct replicaset *new_,
                                        const struct replicaset *stable)
{
    struct argo_wanted want = argo_wanted(r, new_, stable);
    int n = r->replicas, all = r->max_weight;
    struct argo_counts c = { want.replicas, n };

    if (want.replicas < 0)
        c.canary = at_least(r, argo_pods_for(n, want.weight, all));
    if (!r->dynamic_stable_scale)
        return c;
    c.stable = argo_pods_for(n, max_int(0, all - want.weight), all);
    if (r->canary_weight >= 0) {
        c.stable = max_int(c.stable, argo_pods_for(n, r->stable_weight, all));
        if (r->aborted)
            c.canary = max_int(c.canary,
                               argo_pods_for(n, r->canary_weight, all));
    }
    c.canary = at_least(r, c.canary);
    c.stable = at_least(r, c.stable);
    return c;
}

struct argo_counts argo_counts(const struct argo *r,
                               const struct replicaset *new_,
                               const struct replicaset *stable,
                               set_list older, size_t n)
{
    return r->routed ? routed_counts(r, new_, stable)
                     : basic_counts(r, new_, stable, older, n);
}

/* ---- is it there? ------------------------------------------------------------------ */

bool argo_all_available(const struct replicaset *set, int desired)
{
    return set && set->replicas == desired && set->available == desired;
}

bool argo_threshold_met(const struct argo *r, const struct replicaset *set,
                        int desired)
{
    const struct argo_threshold *t = &r->threshold;

    if (t->type == THRESHOLD_NONE || t->value < 0 || !set)
        return argo_all_available(set, desired);
    if (t->type == THRESHOLD_PODS)
        return set->available >= t->value;
    return desired == 0 ||
           (int64_t)set->available * 100 >= (int64_t)t->value * desired;
}

bool argo_at_desired(const struct argo *r, const struct replicaset *new_,
                     const struct replicaset *stable, set_list older,
                     size_t n)
{
    struct argo_counts want = argo_counts(r, new_, stable, older, n);

    if (!argo_threshold_met(r, new_, want.canary))
        return false;
    if (!(r->routed && r->dynamic_stable_scale) &&
        (!stable || stable->replicas != want.stable ||
         stable->status_replicas != want.stable))
        return false;
    return r->routed || sets_available(older, n) == 0;
}

/* ---- one set at a time -------------------------------------------------------------- */

int argo_preview_size(const struct argo *r, bool template_changed)
{
    bool waits = r->active && r->current &&
                 strcmp(r->active, r->current) != 0 && !r->promote_full &&
                 (!r->checkpoint || template_changed);

    return r->preview_replicas >= 0 && waits ? r->preview_replicas
                                             : r->replicas;
}

/* After an abort, do the new set's pods live on for a while? */
static bool delays_on_abort(const struct argo *r,
                            const struct replicaset *stable)
{
    if (!r->aborted || !stable || !has_delays(r))
        return false;
    return !(r->dynamic_stable_scale && r->abort_delay_s < 0);
}

struct argo_new argo_reconcile_new(const struct argo *r,
                                   const struct replicaset *new_,
                                   const struct replicaset *stable, int size,
                                   sim_time deadline, sim_time now)
{
    struct argo_new leave = { NEW_LEAVE, new_->replicas, 0, SIM_NEVER };

    if (delays_on_abort(r, stable)) {
        if (new_->replicas == 0 || argo_abort_delay(r) < 0)
            return leave;       /* 0: they stay for ever */
        if (deadline == SIM_NEVER) {
            if (stable->available < r->replicas &&
                r->strategy == ARGO_CANARY)
                return leave;   /* first stable must be whole */
            return (struct argo_new){
                NEW_SET_DEADLINE, new_->replicas,
                now + argo_abort_delay(r) * SIM_S, SIM_NEVER };
        }
        if (deadline > now) {
            leave.wake = deadline;
            return leave;
        }
        size = 0;
    }
    if (size == new_->replicas)
        return leave;
    return (struct argo_new){ NEW_SCALE, size, 0, SIM_NEVER };
}

/* Older sets of a basic canary, newest first: first each one loses what is
 * unavailable, then what may go.  SCALE_NOTHING if nothing may. */
static struct argo_scaling shrink_older(const struct argo *r, set_list older,
                                        size_t n, int available)
{
    int spare = available - (r->replicas - argo_max_unavailable(r));
    struct argo_scaling s = { SCALE_NOTHING, 0, 0, 0, SIM_NEVER };

    for (size_t i = 0; i < n; i++)
        if (older[i]->replicas > older[i]->available)
            return (struct argo_scaling){ SCALE_OLDER, i, older[i]->available,
                                          0, SIM_NEVER };
    for (size_t i = 0; i < n && spare > 0; i++)
        if (older[i]->replicas > 0)
            return (struct argo_scaling){
                SCALE_OLDER, i,
                older[i]->replicas - min_int(older[i]->replicas, spare), 0,
                SIM_NEVER };
    return s;
}

struct argo_scaling argo_scale_one(const struct argo *r,
                                   const struct replicaset *new_,
                                   const struct replicaset *stable,
                                   set_list older, size_t n,
                                   sim_time deadline, sim_time now)
{
    struct argo_scaling s = { SCALE_NOTHING, 0, 0, 0, SIM_NEVER };
    struct argo_counts want;
    struct argo_new next;
    int available = sets_available(older, n);

    if (!new_) {
        s.verb = SCALE_CREATE;
        return s;
    }
    want = argo_counts(r, new_, stable, older, n);
    if (stable && stable != new_ && stable->replicas != want.stable) {
        s.verb = SCALE_STABLE;
        s.size = want.stable;
        return s;
    }
    next = argo_reconcile_new(r, new_, stable == new_ ? NULL : stable,
                              want.canary, deadline, now);
    s.size = next.size;
    s.at = next.at;
    s.wake = next.wake;
    if (next.verb != NEW_LEAVE) {
        s.verb = next.verb == NEW_SCALE ? SCALE_NEW : SCALE_DEADLINE;
        return s;
    }
    if (r->routed)
        return s;
    available += new_->available;
    if (stable && stable != new_)
        available += stable->available;
    return shrink_older(r, older, n, available);
}

int argo_restart(const struct argo *r, int available, int pods, int old)
{
    int at_once = max_int(argo_max_unavailable(r), 1);
    int may = available - (max_int(r->replicas, pods) - at_once);

    return max_int(0, min_int(may, old));
}

int argo_workload_size(const struct argo *r, int size)
{
    if (r->revision > 1)
        return size;
    return r->phase == ARGO_HEALTHY ? 0 : max_int(0, r->replicas - r->ready);
}
