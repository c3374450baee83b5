/*
 * kubelet.c - the node agents.
 *
 * One watch brings the pods that are bound to a node to its kubelet: new ones
 * get a worker, deleted ones are stopped, removed ones forgotten.  From there:
 *
 *     worker.c     set-up of a pod, syncs     container.c  starts, restarts
 *     image.c      pulls, serial per node     probe.c      probes
 *     status.c     what is reported           terminate.c  stopping, removal
 *     process.c    what really happens in a container
 *     configuration.c  ConfigMaps and Secrets
 *     podlife.c    phase, back-off, thresholds, as plain functions
 *
 * Every latency is a row of the table of timings, drawn from a stream of the
 * pod (PURPOSE_KUBELET, its entity), so that strategies share their luck.
 * Each kubelet has its own client with its own rate limit.
 *
 * cluster.probeAtStart: 1.20's probe loops begin with the pod, without their
 * random wait, as the stand-in of the request recordings did.
 *
 * A node without power loses its processes and says nothing; heartbeats and
 * eviction are the business of others.
 * Not modelled: admission by the node, resource pressure, static pods, a
 * kubelet that restarts while its containers run on.
 */
#include "models/kubelet.h"

#include <string.h>

#include "base/bug.h"
#include "kubelet_impl.h"
#include "models/lease.h"
#include "models/node.h"

/* ---- nodes -------------------------------------------------------------- */

/* What the container runtime of the node does to timings. */
static void take_runtime(struct kubelet *k, const struct meta *node)
{
    static const struct { double sandbox, start; } factors[] = {
#define RUNTIME(id, name, sandbox, start, doc) { sandbox, start },
#include "models/runtimes.list"
#undef RUNTIME
    };
    enum runtime runtime = node ? node_seen(node)->runtime
                                : k->all->w->spec->cluster.runtime;

    k->sandbox = factors[runtime].sandbox;
    k->start = factors[runtime].start;
}

static struct kubelet *kubelet_of(struct kubelets *all, object_uid node)
{
    struct kubelet *k = map_get_number(&all->by_node, node);
    const struct cluster_spec *c = &all->w->spec->cluster;

    if (k)
        return k;
    k = arena_make(all->w->arena, struct kubelet);
    k->all = all;
    k->node = node;
    k->index = (unsigned)all->nodes.len;
    take_runtime(k, api_get(all->w->api, node));
    map_init(&k->images, all->w->arena);
    client_init(&k->client, all->w, c->kubelet_qps, c->kubelet_burst,
                TIMING_KUBELET_WRITE, ((uint64_t)KIND_NODE << 32) | k->index);
    k->client.node = node;
    vec_push(all->w->arena, &all->nodes, k);
    map_put_number(&all->by_node, node, k);
    return k;
}

/* ---- the watch ---------------------------------------------------------- */

/* Bindings, deletions, and removals of bound pods. */
static bool pods_wants(void *ctx, const struct meta *before,
                       const struct meta *after)
{
    (void)ctx;
    if (!after)
        return pod_seen(before)->node != 0;
    if (pod_seen(after)->node == 0)
        return false;
    return !before || pod_seen(before)->node == 0 ||
           before->deleted != after->deleted ||
           before->grace_s != after->grace_s ||
           pod_seen(before)->gates != pod_seen(after)->gates;
}

static unsigned pods_lane(void *ctx, const struct meta *m)
{
    return kubelet_of(ctx, pod_seen(m)->node)->index;
}

static void pods_handle(void *ctx, const struct meta *before,
                        const struct meta *after)
{
    struct kubelets *all = ctx;
    const struct pod *p = pod_seen(after ? after : before);
    struct kubelet *k = kubelet_of(all, p->node);
    struct worker *wk;

    if (k->down || kubelet_idles(k))
        return;                 /* it will look when it is back */
    wk = map_get_number(&all->workers, p->meta.uid);
    if (!after) {
        if (wk)
            worker_forget(wk);
        return;
    }
    if (!wk) {
        wk = worker_new(k, p);
        map_put_number(&all->workers, after->uid, wk);
    }
    if (before && pod_seen(before)->gates != p->gates)
        worker_update(wk);
    if (meta_deleting(after))
        worker_terminate(wk, after->grace_s);
}

static const struct informer_ops pods_ops = {
    .name = "kubelet.pods", .latency = TIMING_WATCH_KUBELET,
    .wants = pods_wants, .handle = pods_handle, .lane = pods_lane,
};

static const struct informer_ops config_ops = {
    .name = "kubelet.config", .latency = TIMING_WATCH_KUBELET,
    .handle = kubelets_config_changed,
};

static const struct informer_ops claim_ops = {
    .name = "kubelet.claims", .latency = TIMING_WATCH_KUBELET,
};

static const struct informer_ops volume_ops = {
    .name = "kubelet.volumes", .latency = TIMING_WATCH_KUBELET,
};

static const struct informer_ops attachment_ops = {
    .name = "kubelet.attachments", .latency = TIMING_WATCH_KUBELET,
};

struct kubelets *kubelets_new(struct world *w)
{
    struct kubelets *all = arena_make(w->arena, struct kubelets);

    all->w = w;
    all->registry_slow = 1;
    map_init(&all->by_node, w->arena);
    map_init(&all->workers, w->arena);
    map_init(&all->owners, w->arena);
    for (size_t i = 0; i < api_count(w->api, KIND_NODE); i++)
        kubelet_of(all, api_at(w->api, KIND_NODE, i)->uid);
    all->configs = informer_new(w, KIND_CONFIGMAP, &config_ops, all);
    all->secrets = informer_new(w, KIND_SECRET, &config_ops, all);
    all->claims = informer_new(w, KIND_CLAIM, &claim_ops, all);
    all->volumes = informer_new(w, KIND_VOLUME, &volume_ops, all);
    all->attachments = informer_new(w, KIND_ATTACHMENT, &attachment_ops, all);
    all->pods = informer_new(w, KIND_POD, &pods_ops, all);
    return all;
}

static bool has_mounted(const struct worker *wk, const char *space,
                        const char *claim)
{
    if (wk->stage == STAGE_DONE || wk->stage == STAGE_CLEAN ||
        wk->stage == STAGE_OVER || strcmp(wk->space, space) != 0)
        return false;
    for (size_t i = 0; i < wk->spec->nclaims; i++)
        if (strcmp(wk->spec->claims[i], claim) == 0)
            return true;
    return false;
}

bool kubelet_has_mounted(const struct world *w, object_uid node,
                         const char *space, const char *claim)
{
    const struct kubelets *all = w->kubelets;

    for (size_t i = 0; i < all->workers.len; i++) {
        const struct worker *wk = all->workers.entries[i].value;

        if (wk && wk->kubelet->node == node && has_mounted(wk, space, claim))
            return true;
    }
    return false;
}

void kubelets_slow_registry(struct world *w, double factor)
{
    w->kubelets->registry_slow = factor;
}

double kubelets_registry_factor(const struct world *w)
{
    return w->kubelets->registry_slow;
}

/* ---- power -------------------------------------------------------------- */

/* Look at all pods of the node, as after a start. */
static void look_again(struct kubelet *k)
{
    struct kubelets *all = k->all;

    for (size_t i = 0; i < informer_count(all->pods); i++) {
        const struct meta *m = informer_at(all->pods, i);

        if (pod_seen(m)->node == k->node)
            pods_handle(all, NULL, m);
    }
}

static void lose(struct worker *wk)
{
    if (wk->stage == STAGE_DONE || wk->stage == STAGE_OVER)
        return;                 /* nothing left to lose */
    worker_cancel(wk);
    wk->stage = STAGE_LOST;
    for (size_t i = 0; i < wk->nboxes; i++) {
        process_network(&wk->boxes[i], false);  /* nobody can be told */
        process_kill(&wk->boxes[i]);
    }
    wk->network = false;
}

void kubelet_node_down(struct world *w, object_uid node)
{
    struct kubelets *all = w->kubelets;
    struct kubelet *k = kubelet_of(all, node);

    if (k->down++ > 0)          /* for another reason already */
        return;
    lease_silent(w, node);
    images_power_off(k);
    for (size_t i = 0; i < all->workers.len; i++) {
        struct worker *wk = all->workers.entries[i].value;

        if (wk->kubelet == k)
            lose(wk);
    }
}

bool kubelet_has_power(const struct world *w, object_uid node)
{
    const struct kubelet *k = map_get_number(&w->kubelets->by_node, node);

    return !k || !k->down;
}

/* What has become of a pod that ran here before? */
static void find_again(struct kubelets *all, struct worker *wk)
{
    enum pod_phase phase = wk->written.phase;

    if (!informer_get(all->pods, wk->uid)) {
        wk->stage = STAGE_OVER;
    } else if (wk->stage == STAGE_LOST) {
        wk->asked = wk->removing = false;
        if (phase == POD_SUCCEEDED || phase == POD_FAILED)
            wk->stage = STAGE_DONE;
        else
            worker_reboot(wk);
    }
}

void kubelet_node_up(struct world *w, object_uid node)
{
    struct kubelets *all = w->kubelets;
    struct kubelet *k = kubelet_of(all, node);

    if (k->down == 0 || --k->down > 0)
        return;
    if (!kubelet_idles(k))
        lease_resumed(w, node);
    for (size_t i = 0; i < all->workers.len; i++) {
        struct worker *wk = all->workers.entries[i].value;

        if (wk->kubelet == k)
            find_again(all, wk);
    }
    look_again(k);
}

bool kubelet_idles(const struct kubelet *k)
{
    return k->stopped > 0 || k->cut > 0;
}

/* It does something again: what has happened meanwhile? */
static void wake_up(struct kubelet *k)
{
    struct kubelets *all = k->all;

    lease_resumed(all->w, k->node);
    for (size_t i = 0; i < all->workers.len; i++) {
        struct worker *wk = all->workers.entries[i].value;

        if (wk->kubelet == k && !informer_get(all->pods, wk->uid) &&
            wk->stage != STAGE_OVER)
            worker_forget(wk);
        else if (wk->kubelet == k)
            worker_resume(wk);
    }
    look_again(k);
}

/* One of the reasons for which k idles begins or ends; others may hold on. */
static void set_idle(struct kubelet *k, int *reasons, bool holds)
{
    bool idled = kubelet_idles(k);

    if (!holds && *reasons == 0)
        return;                 /* the node was not there when it began */
    *reasons += holds ? 1 : -1;
    if (k->down || kubelet_idles(k) == idled)
        return;                 /* nothing left to stop, or no change */
    if (holds)
        lease_silent(k->all->w, k->node);
    else
        wake_up(k);
}

void kubelet_stop(struct world *w, object_uid node, bool stopped)
{
    struct kubelet *k = kubelet_of(w->kubelets, node);

    set_idle(k, &k->stopped, stopped);
}

void kubelet_cut_off(struct world *w, object_uid node, bool cut)
{
    struct kubelets *all = w->kubelets;
    struct kubelet *k = kubelet_of(all, node);
    bool changes = k->cut == (cut ? 0 : 1);     /* no other fault does it */

    for (size_t i = 0; changes && i < all->workers.len; i++) {
        struct worker *wk = all->workers.entries[i].value;

        for (size_t j = 0; wk->kubelet == k && wk->network && j < wk->nboxes;
             j++)
            process_cut_off(&wk->boxes[j], cut);
    }
    set_idle(k, &k->cut, cut);
}
