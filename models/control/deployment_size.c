/*
 * deployment_size.c - how many replicas each ReplicaSet of a rollout gets.
 *
 * Surge is rounded up and unavailability down, both of spec.replicas at the
 * time of the sync; if both come out as 0, one pod may be unavailable.  The
 * fresh set grows while all sets together stay within replicas + surge.  Old
 * sets first lose what is unavailable anyway, then healthy pods while enough
 * stay available.  A change of spec.replicas in mid-rollout is shared out in
 * proportion to the sizes, surge included.
 *
 * Sizes are what was asked for (spec.replicas), availability is what the
 * ReplicaSet controller last reported: pods are never counted here.
 *
 * Source: kubernetes pkg/controller/deployment/rolling.go, sync.go and
 * util/deployment_util.go at v1.36.2; reference 1.2, 1.6, 1.8.
 */
#include "models/deployment.h"

#include "base/bug.h"

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

/* ---- fenceposts --------------------------------------------------------- */

struct fenceposts fenceposts_resolve(struct int_or_percent surge,
                                     struct int_or_percent unavailable,
                                     int desired)
{
    struct fenceposts f = {
        .surge = int_or_percent_of(surge, desired, true),
        .unavailable = int_or_percent_of(unavailable, desired, false),
    };

    if (f.surge == 0 && f.unavailable == 0)
        f.unavailable = 1;      /* else nothing could ever move */
    return f;
}

static struct fenceposts fenceposts_of(const struct deployment *d)
{
    return fenceposts_resolve(d->max_surge, d->max_unavailable, d->replicas);
}

int deployment_max_surge(const struct deployment *d)
{
    if (d->strategy != STRATEGY_ROLLING_UPDATE)
        return 0;
    return fenceposts_of(d).surge;
}

int deployment_max_unavailable(const struct deployment *d)
{
    if (d->strategy != STRATEGY_ROLLING_UPDATE || d->replicas == 0)
        return 0;
    return min_int(fenceposts_of(d).unavailable, d->replicas);
}

int deployment_min_available(const struct deployment *d)
{
    if (d->strategy != STRATEGY_ROLLING_UPDATE)
        return 0;
    return d->replicas - deployment_max_unavailable(d);
}

/* The real controller adds numbers of 32 bits: replicas and a surge of nearly
 * 2^31 make a negative sum, and nothing is ever added. */
static int wrapped_sum(int replicas, int surge)
{
    return (int)((unsigned)replicas + (unsigned)surge);
}

int deployment_max_total(const struct deployment *d)
{
    return wrapped_sum(d->replicas, deployment_max_surge(d));
}

int sets_size(set_list sets, size_t n)
{
    int sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += sets[i]->replicas;
    return sum;
}

int sets_available(set_list sets, size_t n)
{
    int sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += sets[i]->available;
    return sum;
}

/* ---- the fresh set ------------------------------------------------------ */

int deployment_fresh_size(const struct deployment *d, int total, int size)
{
    int most;

    if (d->strategy == STRATEGY_RECREATE)
        return d->replicas;
    most = wrapped_sum(d->replicas, int_or_percent_of(d->max_surge,
                                                      d->replicas, true));
    if (total >= most)
        return size;
    return size + min_int(most - total, d->replicas - size);
}

int deployment_scale_fresh(const struct deployment *d, int total, int size)
{
    if (size == d->replicas)
        return size;
    if (size > d->replicas)
        return d->replicas;
    return deployment_fresh_size(d, total, size);
}

/* ---- old sets ----------------------------------------------------------- */

int deployment_clean_up(set_list olds, size_t n, int most, int *sizes,
                        bool *broken)
{
    int done = 0;

    *broken = false;
    for (size_t i = 0; i < n; i++)
        sizes[i] = olds[i]->replicas;
    for (size_t i = 0; i < n && done < most; i++) {
        int spare = olds[i]->replicas - olds[i]->available;
        int less = min_int(most - done, spare);

        if (olds[i]->replicas == 0 || spare == 0)
            continue;
        if (less < 0) {         /* a stale status: right after a scale-down */
            *broken = true;
            break;
        }
        sizes[i] -= less;
        done += less;
    }
    return done;
}

int deployment_scale_down_old(const struct deployment *d, int available,
                              size_t n, int *sizes)
{
    int spare = available - deployment_min_available(d);
    int done = 0;

    for (size_t i = 0; i < n && done < spare; i++) {
        int less = min_int(sizes[i], spare - done);

        sizes[i] -= less;
        done += less;
    }
    return done;
}

bool deployment_shrink_old(const struct deployment *d, int total,
                           const struct replicaset *fresh, set_list olds,
                           size_t n, struct resize *out, size_t *nout,
                           struct arena *scratch)
{
    int *cleaned = arena_many(scratch, int, n);
    int *sizes = arena_many(scratch, int, n);
    int available = sets_available(olds, n) + fresh->available;
    int least = deployment_min_available(d);
    int most = total - least - (fresh->replicas - fresh->available);
    bool broken;
    int done;

    *nout = 0;
    if (sets_size(olds, n) == 0 || most <= 0)
        return false;
    done = deployment_clean_up(olds, n, most, cleaned, &broken);
    for (size_t i = 0; i < n; i++) {
        sizes[i] = cleaned[i];
        if (cleaned[i] != olds[i]->replicas)
            out[(*nout)++] = (struct resize){ olds[i], cleaned[i] };
    }
    if (broken)
        return false;
    done += deployment_scale_down_old(d, available, n, sizes);
    for (size_t i = 0; i < n; i++)
        if (sizes[i] != cleaned[i])
            out[(*nout)++] = (struct resize){ olds[i], sizes[i] };
    return done > 0;
}

/* ---- scaling in proportion ---------------------------------------------- */

/* a / b for a >= 0, b > 0, rounded to nearest, halves up. */
static int divide_rounded(int64_t a, int64_t b)
{
    CHECK(b > 0);
    return (int)((2 * a + (a < 0 ? -b : b)) / (2 * b));
}

/* How the set would change if its share of all replicas were kept. */
static int fraction(const struct deployment *d, const struct replicaset *set)
{
    int most = deployment_max_total(d);
    int base = set->max;

    if (d->replicas == 0)
        return -set->replicas;
    if (base <= 0)              /* the annotation is missing */
        base = d->status_replicas;
    if (base <= 0)
        return 0;
    return divide_rounded((int64_t)set->replicas * most, base) -
           set->replicas;
}

int deployment_proportion(const struct deployment *d,
                          const struct replicaset *set, int to_add, int added)
{
    int share;

    if (set->replicas == 0 || to_add == 0 || to_add == added)
        return 0;
    share = fraction(d, set);
    return to_add > 0 ? min_int(share, to_add - added)
                      : max_int(share, to_add - added);
}

/* Sort sets that run from the oldest by size, largest first; equal ones newer
 * first, or older first.  They are few: insertion sort. */
static void sort_by_size(struct resize *sets, size_t n, bool newer_first)
{
    for (size_t i = 1; newer_first && i < n; i++)
        for (size_t j = i; j > 0; j--) {        /* reverse: newest first */
            struct resize t = sets[j];

            sets[j] = sets[j - 1];
            sets[j - 1] = t;
        }
    for (size_t i = 1; i < n; i++) {
        struct resize t = sets[i];
        size_t j = i;

        for (; j > 0 && sets[j - 1].set->replicas < t.set->replicas; j--)
            sets[j] = sets[j - 1];
        sets[j] = t;
    }
}

/* Hand out to_add replicas; what rounding leaves over is the largest's. */
static void share_out(const struct deployment *d, struct resize *sets,
                      size_t n, int to_add)
{
    int added = 0;

    sort_by_size(sets, n, to_add > 0);
    for (size_t i = 0; i < n; i++) {
        int share = deployment_proportion(d, sets[i].set, to_add, added);

        sets[i].size = max_int(sets[i].set->replicas + share, 0);
        added += share;
    }
    if (n > 0 && to_add != 0)
        sets[0].size = max_int(wrapped_sum(sets[0].size, to_add - added), 0);
}

/* Does the fresh set have all the Deployment asks for, available? */
static bool saturated(const struct deployment *d,
                      const struct replicaset *fresh)
{
    return fresh && fresh->replicas == d->replicas &&
           fresh->desired == d->replicas && fresh->available == d->replicas;
}

/* The active ones but `but` (may be NULL), in order. */
static size_t list_active(set_list sets, size_t n, struct resize *out,
                          const struct replicaset *but)
{
    size_t active = 0;

    for (size_t i = 0; i < n; i++)
        if (sets[i] != but && sets[i]->replicas > 0)
            out[active++] = (struct resize){ sets[i], 0 };
    return active;
}

/* The one set that a change of size goes to while no rollout is under way:
 * the only active one, or else the fresh or newest one.  May be NULL. */
static const struct replicaset *active_or_latest(
    const struct replicaset *fresh, set_list sets, size_t n,
    const struct resize *actives, size_t active)
{
    if (active == 1)
        return actives[0].set;
    return fresh ? fresh : n > 0 ? sets[n - 1] : NULL;
}

size_t deployment_scale(const struct deployment *d,
                        const struct replicaset *fresh, set_list sets,
                        size_t n, struct resize *out)
{
    size_t active = list_active(sets, n, out, NULL);
    int total = sets_size(sets, n), most;

    if (active <= 1) {
        const struct replicaset *set = active_or_latest(fresh, sets, n, out,
                                                        active);

        if (!set || set->replicas == d->replicas)
            return 0;
        out[0] = (struct resize){ set, d->replicas };
        return 1;
    }
    if (saturated(d, fresh))
        return list_active(sets, n, out, fresh);
    if (d->strategy != STRATEGY_ROLLING_UPDATE)
        return 0;
    most = d->replicas > 0 ? deployment_max_total(d) : 0;
    share_out(d, out, active, wrapped_sum(most, -total));
    return active;
}
