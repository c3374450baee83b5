/*
 * worker.c - a pod on its node: from seen to running, and one sync after the
 * other.
 *
 *     seen -> worker started -> volumes -> sandbox, network -> sync, sync, ...
 *
 * A sync starts what should run and may be started: init containers in order,
 * each when the one before it is done (a sidecar: when it has started), then
 * the app containers one after the other.  It is asked for by whatever the
 * kubelet notices: a container runs, has ended, has passed its startup probe,
 * a back-off is over.  While a start is under way no other sync begins.
 *
 * A mounted ConfigMap or Secret that is not there holds the pod in
 * ContainerCreating; the kubelet looks again every 10 to 15 s.  Disks are
 * waited for first: every 300 ms it looks whether they are attached; after
 * 2 min 3 s it says FailedMount and tries again 10 to 15 s later.  An error
 * in a sync has the next one come after 10 to 15 s, from 1.3x on for a back-off
 * when it is over, late by up to a half.  Profile exact: never late.
 *
 * Not modelled: admission by the node (the scheduler's accounts hold), the full
 * resync every 60 to 90 s but for its refresh of mounted configuration
 * (configuration.c), changes of a running pod's spec.
 * Source: pkg/kubelet kubelet.go, pod_workers.go, kuberuntime_manager.go at
 * v1.36 and v1.20; reference 5.1, 5.2, 5.6, 5.8, 9.2, 9.4.
 */
#include "base/bug.h"
#include "kubelet_impl.h"
#include "models/storage.h"

#define ERROR_BACKOFF (10 * SIM_S)
#define ATTACH_CHECK (300 * SIM_MS)     /* podAttachAndMountRetryInterval */
#define ATTACH_TIMEOUT (123 * SIM_S)    /* podAttachAndMountTimeout */

/* ---- small things ------------------------------------------------------- */

sim_time worker_draw(struct worker *wk, enum timing t)
{
    return world_draw_on(wk->w, t, &wk->luck, wk->kubelet->node);
}

/* A delay as the kubelet keeps it: late by up to a half. */
static sim_time worker_jitter(struct worker *wk, sim_time delay)
{
    if (wk->w->spec->cluster.profile == PROFILE_EXACT)
        return delay;
    return delay + (sim_time)((double)delay * 0.5 * stream_u01(&wk->luck));
}

const struct meta *worker_about(const struct worker *wk)
{
    return informer_get(wk->kubelet->all->pods, wk->uid);
}

void worker_cancel(struct worker *wk)
{
    struct sim *sim = wk->w->sim;

    sim_cancel(sim, wk->next);
    sim_cancel(sim, wk->retry);
    sim_cancel(sim, wk->flush);
    sim_cancel(sim, wk->refresh);
    sim_cancel(sim, wk->deadline);
    for (size_t i = 0; i < wk->nboxes; i++) {
        struct box *b = &wk->boxes[i];

        box_abandon(b);
        sim_cancel(sim, b->notice);
        sim_cancel(sim, b->stop.next);
        probers_stop(b, true);
    }
    wk->starting = NULL;
}

/* ---- sync --------------------------------------------------------------- */

#define LOOK_AGAIN SIM_S        /* when a kubelet that is down would be asked */

bool worker_puts_off(struct worker *wk, event_id *slot,
                     const struct event_kind *kind, void *subject)
{
    if (kubelet_idles(wk->kubelet))
        *slot = sim_after(wk->w->sim, LOOK_AGAIN, kind, subject, 0);
    return kubelet_idles(wk->kubelet);
}

bool worker_held_up(struct worker *wk, const struct event_kind *kind)
{
    sim_time left = labour_left(&wk->labour, wk->w);

    if (left > 0)
        wk->next = sim_after(wk->w->sim, left, kind, wk, 0);
    return left > 0;
}

static void fire_retry(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_retry = {
    .name = "pod.retry", .rank = RANK_WORLD, .fire = fire_retry,
};

static void fire_retry(struct sim *sim, void *subject, int64_t arg)
{
    struct worker *wk = subject;

    (void)sim;
    (void)arg;
    if (!worker_puts_off(wk, &wk->retry, &ev_retry, wk))
        worker_sync(wk);
}

/* Was it left waiting, and not started since? */
static bool still_waits(const struct box *b)
{
    return b->waiting && b->seen_run == b->process.run;
}

/* Some containers wait: sync again later.  1.20 knows one delay for all. */
static void plan_retry(struct worker *wk)
{
    sim_time now = world_now(wk->w);
    sim_time delay = SIM_NEVER;

    for (size_t i = 0; i < wk->nboxes; i++) {
        const struct box *b = &wk->boxes[i];
        sim_time mine = ERROR_BACKOFF;

        if (!still_waits(b))
            continue;
        if (world_is(wk->w, KUBE_1_36) && b->wait_until < SIM_NEVER)
            mine = b->wait_until > now ? b->wait_until - now : 0;
        delay = mine < delay ? mine : delay;
    }
    sim_cancel(wk->w->sim, wk->retry);
    if (delay < SIM_NEVER)
        wk->retry = sim_after(wk->w->sim, worker_jitter(wk, delay), &ev_retry,
                              wk, 0);
}

/* The next container to start: init containers in order, then the others.
 * NULL if none may be started now. */
static struct box *next_box(struct worker *wk)
{
    for (size_t i = 0; i < wk->ninit; i++) {
        struct box *b = &wk->boxes[i];

        if (b->spec->sidecar) {
            if (box_due(b))
                return b;
            if (!b->started && !wk->initialized)
                return NULL;
        } else if (!wk->initialized &&
                   !(b->seen == BOX_EXITED && b->process.exit_code == 0)) {
            return box_due(b) ? b : NULL;
        }
    }
    wk->initialized = true;
    for (size_t i = wk->ninit; i < wk->nboxes; i++)
        if (box_due(&wk->boxes[i]))
            return &wk->boxes[i];
    return NULL;
}

/* Has the pod run its course?  All app containers have ended for good, or an
 * init container has failed for good. */
static bool finished(const struct worker *wk)
{
    for (size_t i = 0; i < wk->ninit; i++) {
        const struct box *b = &wk->boxes[i];

        if (!b->spec->sidecar && box_finished(b) && b->process.exit_code != 0)
            return true;
    }
    for (size_t i = wk->ninit; i < wk->nboxes; i++)
        if (!box_finished(&wk->boxes[i]))
            return false;
    return true;
}

/* No container may be started now: what next? */
static void starts_over(struct worker *wk)
{
    bool waits = false;

    if (finished(wk)) {
        worker_finish(wk, wk->spec->grace_s);
        return;
    }
    plan_retry(wk);
    for (size_t i = 0; i < wk->nboxes; i++) {
        wk->boxes[i].tried = false;
        waits = waits || still_waits(&wk->boxes[i]);
    }
    if (wk->resync)
        worker_sync(wk);
    else if (waits)
        worker_update(wk);
}

void worker_continue(struct worker *wk)
{
    struct box *b = next_box(wk);

    if (b)
        box_start(b);
    else
        starts_over(wk);
}

void worker_sync(struct worker *wk)
{
    if (wk->stage != STAGE_RUN)
        return;
    wk->resync = wk->starting != NULL;
    if (wk->resync)
        return;
    for (size_t i = 0; i < wk->nboxes; i++)
        box_notice(&wk->boxes[i]);
    worker_update(wk);
    worker_continue(wk);
}

/* ---- set-up ------------------------------------------------------------- */

static void worker_step(struct worker *wk, enum timing t,
                        const struct event_kind *kind)
{
    wk->next = sim_after(wk->w->sim, worker_draw(wk, t), kind, wk, 0);
}

static void fire_sandbox(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_sandbox = {
    .name = "pod.sandbox-ready", .rank = RANK_WORLD, .fire = fire_sandbox,
};

static void fire_sandbox(struct sim *sim, void *subject, int64_t arg)
{
    struct worker *wk = subject;

    (void)sim;
    (void)arg;
    if (worker_puts_off(wk, &wk->next, &ev_sandbox, wk) ||
        worker_held_up(wk, &ev_sandbox))
        return;
    wk->stage = STAGE_RUN;
    wk->network = true;
    wk->ip = ++wk->w->last_ip;
    for (size_t i = 0; i < wk->nboxes; i++)
        process_network(&wk->boxes[i], true);
    worker_continue(wk);
}

static void fire_volumes(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_volumes = {
    .name = "pod.volumes-mounted", .rank = RANK_WORLD, .fire = fire_volumes,
};

static void fire_volumes(struct sim *sim, void *subject, int64_t arg)
{
    struct worker *wk = subject;
    const struct config_ref *lack = worker_lacks(wk, true);
    sim_time takes;

    (void)arg;
    if (worker_puts_off(wk, &wk->next, &ev_volumes, wk))
        return;
    if (!lack) {
        worker_mount_configs(wk, false);
        takes = (sim_time)((double)worker_draw(wk, TIMING_SANDBOX) *
                           wk->kubelet->sandbox);
        wk->next = sim_after(sim, labour_begin(&wk->labour, wk->w,
                                               TIMING_SANDBOX,
                                               wk->kubelet->node, 0, takes),
                             &ev_sandbox, wk, 0);
        return;
    }
    worker_event(wk, "Warning", "FailedMount",
                 "MountVolume.SetUp failed: %s \"%s\" not found",
                 kind_resource(lack->kind), lack->name);
    wk->next = sim_after(sim, worker_jitter(wk, ERROR_BACKOFF), &ev_volumes,
                         wk, 0);
}

/* Is the volume of this claim where it can be mounted, as far as the node
 * knows? */
static bool claim_attached(const struct worker *wk, const char *claim)
{
    const struct kubelets *all = wk->kubelet->all;
    const struct meta *m = informer_find(all->claims, wk->space, claim);
    const struct volume *v = m ? claim_volume(all->volumes, claim_seen(m))
                               : NULL;

    if (!v || !v->disk)
        return v != NULL;
    for (size_t i = 0; i < informer_count(all->attachments); i++) {
        const struct meta *t = informer_at(all->attachments, i);

        if (attachment_seen(t)->volume == v->meta.uid &&
            attachment_seen(t)->node == wk->kubelet->node)
            return attachment_seen(t)->attached && !meta_deleting(t);
    }
    return false;
}

/* Disks that are not there yet; NULL if all are. */
static const char *worker_awaits(const struct worker *wk)
{
    for (size_t i = 0; i < wk->spec->nclaims; i++)
        if (!claim_attached(wk, wk->spec->claims[i]))
            return wk->spec->claims[i];
    return NULL;
}

static void fire_attached(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_attached = {
    .name = "pod.awaits-volumes", .rank = RANK_WORLD, .fire = fire_attached,
};

static void fire_attached(struct sim *sim, void *subject, int64_t arg)
{
    struct worker *wk = subject;
    const char *awaited = worker_awaits(wk);
    sim_time wait = ATTACH_CHECK;

    (void)arg;
    if (worker_puts_off(wk, &wk->next, &ev_attached, wk))
        return;
    if (!awaited) {
        worker_step(wk, TIMING_VOLUMES, &ev_volumes);
        return;
    }
    if (wk->mounting == SIM_NEVER)
        wk->mounting = sim_now(sim);
    if (sim_now(sim) - wk->mounting >= ATTACH_TIMEOUT) {
        worker_event(wk, "Warning", "FailedMount", "Unable to attach or mount "
                     "volumes: unmounted volumes=[%s]: timed out waiting for "
                     "the condition", awaited);
        wk->mounting = SIM_NEVER;
        wait = worker_jitter(wk, ERROR_BACKOFF);
    }
    wk->next = sim_after(sim, wait, &ev_attached, wk, 0);
}

static void fire_deadline(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_deadline = {
    .name = "pod.deadline", .rank = RANK_WORLD, .fire = fire_deadline,
};

static void fire_deadline(struct sim *sim, void *subject, int64_t arg)
{
    struct worker *wk = subject;

    (void)sim;
    (void)arg;
    if ((wk->stage != STAGE_SETUP && wk->stage != STAGE_RUN) ||
        worker_puts_off(wk, &wk->deadline, &ev_deadline, wk))
        return;
    wk->reason = "DeadlineExceeded";
    worker_event(wk, "Normal", "DeadlineExceeded",
                 "Pod was active on the node longer than the specified "
                 "deadline");
    worker_finish(wk, wk->spec->grace_s);
}

static void fire_begin(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_begin = {
    .name = "pod.worker-started", .rank = RANK_WORLD, .fire = fire_begin,
};

static void fire_begin(struct sim *sim, void *subject, int64_t arg)
{
    struct worker *wk = subject;

    (void)arg;
    if (worker_puts_off(wk, &wk->next, &ev_begin, wk))
        return;
    if (wk->began == SIM_NEVER) {
        wk->began = sim_now(sim);
        if (wk->spec->active_deadline_s > 0)
            wk->deadline = sim_after(sim, wk->spec->active_deadline_s * SIM_S,
                                     &ev_deadline, wk, 0);
    }
    for (size_t i = 0; i < wk->nboxes; i++)
        probers_begin(&wk->boxes[i]);
    worker_update(wk);
    wk->mounting = SIM_NEVER;
    fire_attached(sim, wk, 0);
}

/* ---- life --------------------------------------------------------------- */

/* Which of the pods of its owner is this, counted as the nodes see them? */
static int ordinal_of(struct kubelets *all, const struct pod *p)
{
    int *seen;

    if (p->meta.owner == 0)
        return 0;
    seen = map_get_number(&all->owners, p->meta.owner);
    if (!seen) {
        seen = arena_make(all->w->arena, int);
        map_put_number(&all->owners, p->meta.owner, seen);
    }
    return (*seen)++;
}

struct worker *worker_new(struct kubelet *k, const struct pod *p)
{
    struct world *w = k->all->w;
    const struct pod_spec *spec = p->template->spec;
    size_t n = spec->ninit + spec->ncontainers;
    struct worker *wk = arena_alloc(w->arena, sizeof(*wk) +
                                              n * sizeof(struct box));

    CHECK(spec->ncontainers > 0);
    wk->kubelet = k;
    wk->w = w;
    wk->uid = p->meta.uid;
    wk->space = p->meta.space;
    wk->spec = spec;
    wk->entity = p->entity ? p->entity : p->meta.uid;
    wk->ordinal = ordinal_of(k->all, p);
    wk->began = SIM_NEVER;
    wk->nboxes = n;
    wk->ninit = spec->ninit;
    wk->files = arena_many(w->arena, const struct value *, spec->nconfigs);
    wk->written.ready_changed = SIM_NEVER;
    wk->written.started = SIM_NEVER;
    wk->written.finished = SIM_NEVER;
    world_stream(w, &wk->luck, PURPOSE_KUBELET, wk->entity);
    for (size_t i = 0; i < n; i++)
        box_init(&wk->boxes[i], wk,
                 i < spec->ninit ? &spec->init[i]
                                 : &spec->containers[i - spec->ninit],
                 (unsigned)i, i < spec->ninit);
    worker_step(wk, TIMING_KUBELET_SYNC, &ev_begin);
    return wk;
}

void worker_resume(struct worker *wk)
{
    wk->written.phase = POD_UNKNOWN;    /* others may have written since */
    worker_update(wk);
}

void worker_reboot(struct worker *wk)
{
    wk->stage = STAGE_SETUP;
    wk->initialized = false;
    wk->written.phase = POD_UNKNOWN;    /* others may have written since */
    for (size_t i = 0; i < wk->nboxes; i++)
        box_reboot(&wk->boxes[i]);
    worker_step(wk, TIMING_KUBELET_SYNC, &ev_begin);
}
