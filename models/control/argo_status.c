/*
 * argo_status.c - how a Rollout is judged: available, promoted, healthy, late.
 *
 * Source: argo-rollouts utils/conditions/conditions.go, utils/replicaset,
 * rollout/analysis.go, rollout/canary.go at 9f8d111d; reference 1.8 to 1.11.
 */
#include "models/argo.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

bool argo_set_available(const struct replicaset *set)
{
    return set && set->replicas > 0 && set->available >= set->replicas;
}

bool argo_set_partly_available(const struct replicaset *set)
{
    return set && set->available > 0;
}

bool argo_promotes(const struct argo *r, const struct replicaset *new_)
{
    if (!new_)
        return false;
    return new_->available >= r->replicas ||
           (r->threshold.type != THRESHOLD_NONE &&
            argo_threshold_met(r, new_, r->replicas));
}

bool argo_within_window(int revisions, sim_time stable, sim_time new_,
                        const sim_time *others, size_t n)
{
    int between = 0;

    if (revisions <= 0 || new_ >= stable)
        return false;
    for (size_t i = 0; i < n; i++)
        between += others[i] > new_ && others[i] < stable;
    return between < revisions;
}

bool argo_healthy(const struct argo *r)
{
    if (r->observed_generation != r->meta.generation)
        return false;
    if (r->strategy == ARGO_BLUE_GREEN &&
        (!same(r->active, r->current) ||
         (r->npreview > 0 && !same(r->preview, r->current))))
        return false;
    if (r->strategy == ARGO_CANARY &&
        (argo_current_step(r) || !same(r->stable, r->current) ||
         r->status_replicas != r->replicas))
        return false;
    return r->updated == r->replicas && r->available == r->replicas;
}

static bool moved(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

bool argo_progresses(const struct argo *r, const struct argo *s)
{
    if (s->strategy == ARGO_BLUE_GREEN &&
        (moved(r->active, s->active) || moved(r->preview, s->preview)))
        return true;
    if (s->strategy == ARGO_CANARY &&
        (moved(r->stable, s->stable) || r->step != s->step ||
         r->steps_identity != s->steps_identity))
        return true;
    return s->updated != r->updated || s->ready > r->ready ||
           s->available > r->available ||
           s->status_replicas - s->updated < r->status_replicas - r->updated;
}

bool argo_timed_out(const struct argo *r, sim_time now)
{
    const struct condition *c = &r->progressing;

    if (c->status == CONDITION_ABSENT)
        return false;
    if (condition_because(c, "ProgressDeadlineExceeded"))
        return true;
    if (condition_because(c, "RolloutPaused") ||
        condition_because(c, "NewReplicaSetAvailable") ||
        condition_because(c, "RolloutAborted"))
        return false;
    return now > c->updated + r->progress_deadline_s * SIM_S;
}

/* Does the new set have all that it is to have, before or after the switch? */
static bool saturated(const struct replicaset *new_, int desired)
{
    return argo_all_available(new_, desired);
}

bool argo_skips_pre_analysis(const struct argo *r,
                             const struct replicaset *new_, bool runs)
{
    if (!r->current || !r->active || same(r->stable, r->current) ||
        same(r->active, r->current))
        return true;
    return !runs && !saturated(new_, r->preview_replicas >= 0
                                         ? r->preview_replicas
                                         : r->replicas);
}

bool argo_skips_post_analysis(const struct argo *r,
                              const struct replicaset *new_, bool runs)
{
    if (!r->current || same(r->stable, r->current) ||
        !same(r->active, r->current))
        return true;
    return !runs && !saturated(new_, r->replicas);
}
