/*
 * argo_blue_green.c - one pass of a blue-green update.
 *
 * The new set grows beside the old one (to previewReplicaCount first), the
 * preview Services select it at once, the active ones when it is all there,
 * the analysis before the switch is passed and the pause is over.  Then the
 * old set waits for its end with all its pods, so that the way back is one
 * change of a selector.  An abort turns the active Services back at once.
 *
 * Differs from the original: a fast way back does not shrink the old set to
 * previewReplicaCount first; several active Services may be switched together
 * (activeServices), as scripts around blue-green deployments do.
 * Source: argo-rollouts rollout/bluegreen.go at 9f8d111d; reference 1.6, 1.9.
 */
#include "argo_impl.h"

static bool is_waiting_allowed(const struct argo *r)
{
    return r->active && !argo_same(r->active, r->current) &&
           !r->promote_full && !r->fast && !r->aborted;
}

/* autoPromotionSeconds counts even if autoPromotionEnabled is false. */
static int64_t wait_before_switch(const struct argo *r)
{
    return r->auto_promotion || r->auto_promotion_s > 0 ? r->auto_promotion_s
                                                        : PAUSE_FOREVER;
}

/* Is everything before the switch behind us? */
static bool may_switch(struct argo_pass *k)
{
    struct argo *r = k->r;
    int64_t wait = wait_before_switch(r);

    if (r->aborted || r->paused)
        return false;
    if (!is_waiting_allowed(r) || r->checkpoint)
        return true;
    if (!argo_all_available(k->new_, argo_preview_size(r, false)))
        return false;
    if (!argo_skips_pre_analysis(r, k->new_, false) &&
        !argo_passes(k, RUN_PRE, r->pre_analysis))
        return false;
    if (wait != 0 && !argo_pause(k, PAUSE_BLUE_GREEN, wait))
        return false;
    r->pauses &= ~(unsigned)PAUSE_BLUE_GREEN;
    r->promoted_once = false;
    r->checkpoint = true;
    return true;
}

static void select_all(struct argo_pass *k, const char *const *services,
                       size_t n, const char *hash)
{
    for (size_t i = 0; i < n; i++)
        argo_select(k, services[i], hash);
}

static void switch_services(struct argo_pass *k)
{
    struct argo *r = k->r;
    const char *now = r->nactive ? k->v->selected(k->v->ctx,
                                                  r->active_services[0])
                                 : NULL;
    bool ready;

    r->active = now && *now ? now : NULL;
    select_all(k, r->preview_services, r->npreview, r->current);
    r->preview = r->npreview ? r->current : NULL;
    ready = may_switch(k);
    if (r->aborted && r->stable) {
        select_all(k, r->active_services, r->nactive, r->stable);
    } else if (ready && argo_all_available(k->new_, r->replicas)) {
        select_all(k, r->active_services, r->nactive, r->current);
    } else if (r->stable && !r->active) {
        select_all(k, r->active_services, r->nactive, r->stable);
    }
}

void argo_blue_green_scale(struct argo_pass *k)
{
    const struct argo *r = k->r;
    int size = r->fast ? r->replicas : argo_preview_size(r, false);
    struct argo_new n = argo_reconcile_new(
        r, k->new_, k->stable == k->new_ ? NULL : k->stable, size,
        argo_deadline(k->new_), k->v->now);

    if (n.verb == NEW_SCALE)
        argo_resize(k, k->new_, n.size);
    else if (n.verb == NEW_SET_DEADLINE)
        argo_set_deadline(k, k->new_, n.at);
    argo_wake(k, n.wake);
    if (k->stable && k->stable != k->new_ &&
        k->stable->replicas != r->replicas)
        argo_resize(k, k->stable, r->replicas);
    argo_retire_older(k);
}

void argo_blue_green_pass(struct argo_pass *k)
{
    struct argo *r = k->r;

    if (k->stable)
        argo_set_deadline(k, k->stable, SIM_NEVER);
    if (!r->aborted)
        argo_set_deadline(k, k->new_, SIM_NEVER);
    switch_services(k);
    if (!argo_is_halted(k))
        argo_blue_green_scale(k);
    if (!argo_same(r->active, r->current) || r->aborted)
        return;
    if (!r->stable || r->promote_full || r->fast ||
        argo_skips_post_analysis(r, k->new_, true) ||
        argo_passes(k, RUN_POST, r->post_analysis))
        argo_promote(k);
}
