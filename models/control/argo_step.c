/*
 * argo_step.c - steps of a canary, and the weight that they ask for.
 *
 * The wanted weight is that of the last setWeight at or before the current
 * step, all of it past the last step, none after an abort.  With a router, a
 * setCanaryScale (the last one at or before the current step) sizes the canary
 * apart from its traffic.  What the router is told lags behind: while the pods
 * are not there yet, the weight before the step stays.
 *
 * With dynamicStableScale an abort cannot take the weight back at once, as
 * stable has been shrunk: weight steps down the ladder of setWeights as stable
 * gets its pods back.
 *
 * Source: argo-rollouts utils/replicaset/canary.go, rollout/trafficrouting.go
 * at 9f8d111d; reference 1.2, 1.5.2, 1.7.
 */
#include "models/argo.h"

#include <string.h>

#include "base/text.h"

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

/* ---- pauses ------------------------------------------------------------------ */

int64_t argo_pause_seconds(const struct value *v)
{
    const char *text = v ? value_text(v, "") : NULL;
    int64_t n;

    if (!text)
        return 0;
    if (parse_int(text, &n, NULL))
        return n < 0 || n > INT32_MAX ? -1 : n;
    if (strchr(text, 'd') || !parse_duration(text, &n, NULL))
        return -1;              /* Go knows no days */
    return n / NS_PER_S;
}

bool argo_pause_is_manual(const struct argo *r, enum argo_pause reason,
                          const struct argo_step *step)
{
    switch (reason) {
    case PAUSE_INCONCLUSIVE_ANALYSIS:
    case PAUSE_INCONCLUSIVE_EXPERIMENT:
        return true;
    case PAUSE_CANARY_STEP:
        return step && step->pause && step->pause_s == PAUSE_FOREVER;
    case PAUSE_BLUE_GREEN:
        return !r->auto_promotion;
    }
    return false;
}

/* ---- weights ------------------------------------------------------------------- */

const struct argo_step *argo_current_step(const struct argo *r)
{
    return r->step >= 0 && (size_t)r->step < r->nsteps ? &r->steps[r->step]
                                                       : NULL;
}

/* The last setWeight at or before index i; 0 if none. */
static int weight_at(const struct argo *r, int i)
{
    for (; i >= 0; i--)
        if (r->steps[i].weight >= 0)
            return r->steps[i].weight;
    return 0;
}

/* The weight before the current step; 0 if there is none. */
static int argo_weight_before(const struct argo *r)
{
    int last = min_int(r->step, (int)r->nsteps);

    return weight_at(r, last - 1);
}

/* Aborted with dynamicStableScale: the weight that the canary keeps. */
static int argo_drain_weight(const struct argo *r, const struct replicaset *new_,
                      const struct replicaset *stable)
{
    int keep = r->replicas - stable->available;

    if (r->abort_delay_s <= 0)
        keep = max_int(keep, new_->available);
    for (size_t i = r->nsteps; i-- > 0;) {
        int w = r->steps[i].weight;

        if (w >= 0 && argo_pods_for(r->replicas, w, r->max_weight) < keep)
            return w;
    }
    return 0;
}

int argo_step_weight(const struct argo *r, const struct replicaset *new_,
                     const struct replicaset *stable)
{
    if (r->aborted && r->dynamic_stable_scale && new_ && stable)
        return argo_drain_weight(r, new_, stable);
    if (r->aborted)
        return 0;
    if (!argo_current_step(r))
        return r->max_weight;
    return weight_at(r, r->step);
}

/* The setCanaryScale in force; NULL if the size follows the weight. */
static const struct argo_scale *scale_in_force(const struct argo *r)
{
    if (!r->routed || (r->aborted && argo_abort_delay(r) >= 0) ||
        !argo_current_step(r))
        return NULL;
    for (int i = r->step; i >= 0; i--)
        if (r->steps[i].scale)
            return r->steps[i].scale->match ? NULL : r->steps[i].scale;
    return NULL;
}

struct argo_wanted argo_wanted(const struct argo *r,
                               const struct replicaset *new_,
                               const struct replicaset *stable)
{
    const struct argo_scale *scale;

    if (r->promote_full || !r->stable ||
        (r->current && strcmp(r->current, r->stable) == 0))
        return (struct argo_wanted){ -1, r->max_weight };
    scale = scale_in_force(r);
    if (scale && scale->replicas >= 0)
        return (struct argo_wanted){ scale->replicas, 0 };
    if (scale && scale->weight >= 0)
        return (struct argo_wanted){ -1, scale->weight };
    return (struct argo_wanted){ -1, argo_step_weight(r, new_, stable) };
}

/* ---- what the router is told ----------------------------------------------------- */

/* What is sent to the canary while weight drains back to stable. */
static int argo_drain_traffic(const struct argo *r, const struct replicaset *new_,
                       const struct replicaset *stable)
{
    int all = r->max_weight, able, rest, drain;

    if (!r->dynamic_stable_scale || !new_ || !stable || r->replicas == 0)
        return 0;
    able = (int)((int64_t)all * stable->available / r->replicas);
    rest = max_int(0, all - able);
    drain = argo_drain_weight(r, new_, stable);
    if (r->canary_weight < 0)
        return max_int(rest, drain);
    if (drain <= 0)
        return min_int(rest, r->canary_weight);
    if (able < all - drain)
        return r->canary_weight;        /* wait for stable */
    return min_int(drain, r->canary_weight);
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

int argo_traffic_weight(const struct argo *r, const struct replicaset *new_,
                        const struct replicaset *stable,
                        const struct replicaset *previous, bool at_desired)
{
    int recorded = max_int(r->canary_weight, 0);

    if (same(r->current, r->stable))
        return r->dynamic_stable_scale && previous && r->canary_hash &&
                       !same(r->canary_hash, r->stable)
                   ? argo_drain_traffic(r, previous, stable) : 0;
    if (r->aborted)
        return argo_drain_traffic(r, new_, stable);
    if (!argo_set_partly_available(new_))
        return 0;
    if (r->promote_full && r->dynamic_stable_scale && r->replicas > 0)
        return (int)((int64_t)r->max_weight *
                     min_int(new_->available, r->replicas) / r->replicas);
    if (r->promote_full)
        return recorded;
    if (!at_desired)
        return argo_weight_before(r);
    return argo_step_weight(r, new_, stable);
}

bool argo_available_for(const struct argo *r, const struct replicaset *stable,
                        int weight)
{
    int need = (int)((int64_t)weight * r->replicas / r->max_weight);

    if (need == 0)
        return true;
    if (!stable)
        return false;
    return stable->available >= need ||
           (r->threshold.type != THRESHOLD_NONE &&
            argo_threshold_met(r, stable, need));
}
