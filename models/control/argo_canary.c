/*
 * argo_canary.c - one pass of a canary: traffic, sizes, the step.
 *
 * At most one of stable, new and older sets changes in a pass, in that order,
 * and at most one step is taken.  The first deployment, promotion in full and
 * a fast rollback know no steps.
 *
 * Source: argo-rollouts rollout/canary.go at 9f8d111d; reference 1.2, 1.4.
 */
#include "argo_impl.h"

void argo_canary_scale(struct argo_pass *k)
{
    sim_time deadline = k->new_ ? argo_deadline(k->new_) : SIM_NEVER;
    struct argo_scaling s = argo_scale_one(k->r, k->new_, k->stable, k->older,
                                           k->nolder, deadline, k->v->now);

    switch (s.verb) {
    case SCALE_STABLE:
        argo_resize(k, k->stable, s.size);
        break;
    case SCALE_NEW:
        argo_resize(k, k->new_, s.size);
        break;
    case SCALE_DEADLINE:
        argo_set_deadline(k, k->new_, s.at);
        break;
    case SCALE_OLDER:
        argo_resize(k, k->older[s.older], s.size);
        break;
    case SCALE_CREATE:
    case SCALE_NOTHING:
        argo_wake(k, s.wake);
        if (k->r->routed)
            argo_retire_older(k);
        break;
    }
}

/* Deadlines of sets that are in use again. */
static void clear_deadlines(struct argo_pass *k)
{
    if (k->stable)
        argo_set_deadline(k, k->stable, SIM_NEVER);
    if (k->new_ && !k->r->aborted)
        argo_set_deadline(k, k->new_, SIM_NEVER);
}

static bool is_done(struct argo_pass *k, const struct argo_step *step)
{
    if (step->pause)
        return argo_pause(k, PAUSE_CANARY_STEP, step->pause_s);
    if (step->analysis)
        return argo_passes(k, RUN_STEP, step->analysis);
    if (step->experiment)
        return argo_passes_experiment(k);
    if (step->route)
        return true;
    return k->at_desired;
}

/* A Rollout that a person has paused takes no step, but its experiment or
 * analysis goes on, and may end in an abort. */
static void take_step(struct argo_pass *k)
{
    struct argo *r = k->r;
    const struct argo_step *step = argo_current_step(r);
    int index = r->step;

    if (!step || r->aborted ||
        (r->paused && !step->experiment && !step->analysis))
        return;
    if (!is_done(k, step) || r->paused || r->aborted)
        return;
    r->step++;
    r->pauses &= ~(unsigned)PAUSE_CANARY_STEP;
    r->promoted_once = false;
    argo_tell(k, "Strategy", "RolloutStepCompleted",
              "Rollout step %d/%zu completed", index + 1, r->nsteps);
}

static void promote(struct argo_pass *k)
{
    struct argo *r = k->r;

    if (!r->aborted && argo_promotes(r, k->new_) &&
        (!r->stable || r->promote_full || r->fast || !argo_current_step(r)))
        argo_promote(k);
}

void argo_canary_pass(struct argo_pass *k)
{
    struct argo *r = k->r;
    bool updating = r->stable && !argo_same(r->stable, r->current);

    clear_deadlines(k);
    k->at_desired = argo_at_desired(r, k->new_, k->stable, k->older,
                                    k->nolder);
    argo_canary_traffic(k);
    if (updating && !r->aborted && !r->promote_full && !r->fast &&
        r->step >= r->analysis_from)
        argo_passes(k, RUN_BACKGROUND, r->analysis);
    if (!argo_is_halted(k))
        argo_canary_scale(k);
    if (updating)
        take_step(k);
    promote(k);
}
