/*
 * configuration.c - ConfigMaps and Secrets as the containers of a pod see them.
 *
 * The environment of a container is what there was at its start; files of a
 * volume are refreshed by the kubelet's full sync of the pod, every 60 to 90 s,
 * with what its watch has brought; those mounted by subPath are never.  No
 * process is told.  What it does about a value is said by its image: under
 * images, `config` (models/behaviour.h).  A rule about a file takes effect when
 * the file changes, as far as it is about the requests to come; a rule about
 * the environment, at the start.
 *
 * Not modelled: the time to live of the cache in its older mode (up to 60 s
 * more), projected tokens.
 * Source: pkg/kubelet/volumemanager, pkg/kubelet/configmap at v1.36;
 * reference 9.4.
 */
#include <string.h>

#include "base/text.h"
#include "kubelet_impl.h"
#include "models/config.h"

/* ---- what there is ------------------------------------------------------ */

static const struct config *config_at(const struct worker *wk,
                                      const struct config_ref *r)
{
    const struct kubelets *all = wk->kubelet->all;
    const struct meta *m =
        informer_find(r->kind == KIND_SECRET ? all->secrets : all->configs,
                      wk->space, r->name);

    return m ? config_seen(m) : NULL;
}

const struct config_ref *worker_lacks(const struct worker *wk, bool mounted)
{
    for (size_t i = 0; i < wk->spec->nconfigs; i++) {
        const struct config_ref *r = &wk->spec->configs[i];
        const struct config *c = config_at(wk, r);

        if (r->mounted == mounted && !r->optional &&
            !(c && (!r->key || value_get(c->data, r->key))))
            return r;
    }
    return NULL;
}

void worker_mount_configs(struct worker *wk, bool again)
{
    for (size_t i = 0; i < wk->spec->nconfigs; i++) {
        const struct config_ref *r = &wk->spec->configs[i];
        const struct config *c = config_at(wk, r);

        /* What is deleted leaves its files where they are. */
        if (r->mounted && !(again && (r->fixed || !c)))
            wk->files[i] = c ? c->data : NULL;
    }
}

/* ---- what an image makes of it ------------------------------------------ */

/* How the pod sees what a rule is about; spec->nconfigs: not at all. */
static size_t reference_of(const struct worker *wk,
                           const struct config_rule *rule)
{
    size_t i = 0;

    for (; i < wk->spec->nconfigs; i++) {
        const struct config_ref *r = &wk->spec->configs[i];

        if (r->kind == rule->kind && strcmp(r->name, rule->name) == 0 &&
            (!r->key || strcmp(r->key, rule->key) == 0))
            break;
    }
    return i;
}

static bool holds(const struct config_rule *rule, const struct value *data)
{
    const char *text = value_text(value_get(data, rule->key), NULL);

    return text && strcmp(text, rule->is) == 0;
}

/* Does a rule hold?  starting: the environment is being made. */
static bool matches(struct box *b, size_t rule_no, bool starting)
{
    struct worker *wk = b->worker;
    const struct config_rule *rule = &b->image->rules[rule_no];
    size_t i = reference_of(wk, rule);
    uint64_t bit = UINT64_C(1) << rule_no;

    if (i == wk->spec->nconfigs)
        return false;
    if (wk->spec->configs[i].mounted)
        return holds(rule, wk->files[i]);
    if (starting) {
        const struct config *c = config_at(wk, &wk->spec->configs[i]);

        b->environment &= ~bit;
        if (c && holds(rule, c->data))
            b->environment |= bit;
    }
    return (b->environment & bit) != 0;
}

const struct behaviour *box_configured(struct box *b, bool starting)
{
    const struct behaviour *found = b->image;
    bool any = false;

    for (size_t i = 0; i < b->image->nrules; i++)
        if (matches(b, i, starting) && !any) {
            found = b->image->rules[i].behaviour;
            any = true;
        }
    return found;
}

/* ---- refreshing --------------------------------------------------------- */

static void fire_refresh(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_refresh = {
    .name = "pod.config-refreshed", .rank = RANK_WORLD, .fire = fire_refresh,
};

static void fire_refresh(struct sim *sim, void *subject, int64_t arg)
{
    struct worker *wk = subject;

    (void)sim;
    (void)arg;
    if (wk->stage != STAGE_RUN ||
        worker_puts_off(wk, &wk->refresh, &ev_refresh, wk))
        return;
    worker_mount_configs(wk, true);
    for (size_t i = 0; i < wk->nboxes; i++)
        process_reconfigured(&wk->boxes[i]);
    record_note(wk->w, "Config", "Refreshed", wk->space,
                arena_printf(wk->w->arena, "pod/%s",
                             worker_about(wk) ? worker_about(wk)->name : ""),
                "mounted ConfigMaps and Secrets are up to date");
}

/* Refresh with the next full sync of the pod. */
static void refresh_later(struct worker *wk)
{
    struct sim *sim = wk->w->sim;
    sim_time now = sim_now(sim);

    if (sim_pending(sim, wk->refresh))
        return;
    if (wk->resynced == 0) {
        uint64_t name[2] = { wk->entity, TIMING_POD_RESYNC };

        world_stream(wk->w, &wk->resync_luck, PURPOSE_KUBELET,
                     fnv64(FNV_START, name, sizeof(name)));
        wk->resynced = wk->began;
    }
    while (wk->resynced <= now) {
        sim_time period = world_draw(wk->w, TIMING_POD_RESYNC,
                                     &wk->resync_luck);

        wk->resynced += period > SIM_MS ? period : SIM_MS;
    }
    wk->refresh = sim_at(sim, wk->resynced, &ev_refresh, wk, 0);
}

void kubelets_config_changed(void *ctx, const struct meta *before,
                             const struct meta *after)
{
    struct kubelets *all = ctx;

    if (!before || !after || config_seen(before)->data ==
                                 config_seen(after)->data)
        return;
    for (size_t i = 0; i < all->workers.len; i++) {
        struct worker *wk = all->workers.entries[i].value;

        if (!wk || wk->stage != STAGE_RUN ||
            strcmp(wk->space, after->space) != 0)
            continue;
        for (size_t k = 0; k < wk->spec->nconfigs; k++) {
            const struct config_ref *r = &wk->spec->configs[k];

            if (r->mounted && !r->fixed && r->kind == after->kind &&
                strcmp(r->name, after->name) == 0) {
                refresh_later(wk);
                break;
            }
        }
    }
}
