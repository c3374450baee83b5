/*
 * status.c - what the kubelet reports of a pod.
 *
 * Whatever may change the status asks for an update.  At the end of that
 * instant the status is made from what has been noticed, and written if it
 * differs from the last one written.  One write of a pod is under way at a
 * time; what changes meanwhile goes into the next.  A write is a patch of the
 * status alone and cannot conflict.
 *
 * When all containers of a pod that was told to stop have ended, 1.36 reports
 * Succeeded or Failed (Failed also where a container never ran); 1.20 leaves
 * the phase as the rules for living pods give it.
 *
 * Ready needs every app container and sidecar to be ready, and every readiness
 * gate to be True; those of load balancers are set (control/load_balancer.c).
 * Source: kubelet_pods.go, status/generate.go, status_manager.go at v1.36;
 * reference 5.1.
 */
#include <string.h>

#include "kubelet_impl.h"

/* ---- making it ---------------------------------------------------------- */

static struct box_view view_of(const struct box *b)
{
    struct box_view v = { .state = b->seen, .started = b->started,
                          .exit_code = b->process.exit_code };

    if (b->seen == BOX_NONE) {
        v.state = BOX_WAITING;
    } else if (b->seen == BOX_EXITED && b->waiting) {
        v.state = BOX_WAITING;
        v.exited_before = true;
    }
    return v;
}

static enum pod_phase phase_now(const struct worker *wk)
{
    struct phase_tally t = { 0 };
    enum pod_phase phase;

    for (size_t i = 0; i < wk->nboxes; i++) {
        const struct box *b = &wk->boxes[i];
        struct box_view v = view_of(b);

        if (!b->init)
            phase_add_app(&t, &v);
        else if (b->spec->sidecar)
            phase_add_sidecar(&t, &v);
        else
            phase_add_init(&t, &v, wk->spec->restart);
    }
    phase = phase_of(&t, wk->spec->restart, wk->terminal, wk->initialized);
    if (wk->terminal && (wk->reason || phase != POD_SUCCEEDED))
        phase = POD_FAILED;
    return phase;
}

/* The first reason why a container waits; NULL if none does. */
static const char *waiting_now(const struct worker *wk)
{
    if (wk->terminal)
        return NULL;
    for (size_t i = 0; i < wk->nboxes; i++)
        if (wk->boxes[i].waiting)
            return wk->boxes[i].waiting;
    for (size_t i = 0; i < wk->nboxes; i++)
        if (wk->boxes[i].seen == BOX_NONE)
            return wk->network && wk->ninit > 0 && !wk->initialized
                       ? "PodInitializing" : "ContainerCreating";
    return NULL;
}

static void count_restarts(const struct box *b, struct status *s)
{
    int n = b->seen_run > 0 ? b->seen_run - 1 : 0;

    s->restarts += n;
    if (b->spec->sidecar && n > s->max_sidecar_restarts)
        s->max_sidecar_restarts = n;
    if (!b->init && n > s->max_restarts)
        s->max_restarts = n;
}

/* When the last app container ended, if all have; the first bad end.  Nobody
 * asks that of containers that are always restarted. */
static void see_ends(const struct worker *wk, struct status *s)
{
    s->finished = SIM_NEVER;
    if (wk->spec->restart == RESTART_ALWAYS)
        return;
    s->finished = 0;
    for (size_t i = wk->ninit; i < wk->nboxes; i++) {
        const struct box *b = &wk->boxes[i];

        if (b->seen != BOX_EXITED || b->process.ended == SIM_NEVER) {
            s->finished = SIM_NEVER;
            continue;
        }
        if (s->finished < b->process.ended)
            s->finished = b->process.ended;
        if (b->process.exit_code != 0 && s->exit_code == 0) {
            s->exit_code = b->process.exit_code;
            s->exit_container = b->spec->name;
        }
    }
    if (s->finished == 0)
        s->finished = SIM_NEVER;
}

/* Are all readiness gates True, as far as the kubelet has seen? */
static bool gates_open(const struct worker *wk)
{
    const struct meta *m = worker_about(wk);
    size_t n = wk->spec->nreadiness_gates;
    uint64_t all = n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;

    return all == 0 || (m && (pod_seen(m)->gates & all) == all);
}

static void status_now(const struct worker *wk, struct status *s)
{
    const struct status *last = &wk->written;

    *s = (struct status){ .phase = phase_now(wk), .started = wk->began,
                          .waiting = waiting_now(wk), .reason = wk->reason,
                          .initialized = wk->initialized, .ip = wk->ip };
    see_ends(wk, s);
    s->containers_ready = true;
    for (size_t i = 0; i < wk->nboxes; i++) {
        const struct box *b = &wk->boxes[i];

        if (!b->init || b->spec->sidecar) {
            s->containers_ready = s->containers_ready && box_ready(b);
            count_restarts(b, s);
        }
    }
    s->ready = s->containers_ready && gates_open(wk);
    s->ready_changed = last->ready_changed;
    if (s->ready != last->ready || last->ready_changed == SIM_NEVER)
        s->ready_changed = world_now(wk->w);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_status(const struct status *a, const struct status *b)
{
    return a->phase == b->phase && a->ready == b->ready &&
           a->initialized == b->initialized &&
           a->containers_ready == b->containers_ready &&
           a->ready_changed == b->ready_changed && a->started == b->started &&
           a->restarts == b->restarts && a->max_restarts == b->max_restarts &&
           a->max_sidecar_restarts == b->max_sidecar_restarts &&
           same_text(a->waiting, b->waiting) &&
           same_text(a->reason, b->reason) && a->ip == b->ip &&
           a->finished == b->finished && a->exit_code == b->exit_code;
}

/* ---- writing it --------------------------------------------------------- */

static void status_send(struct worker *wk, const struct status *s);

static void written(struct call *c, enum api_code code,
                    const struct meta *result, const char *reason)
{
    struct worker *wk = c->ctx;
    bool stale = wk->stale;
    struct status s;

    (void)code;                 /* refused: the pod is gone */
    (void)result;
    (void)reason;
    wk->writing = wk->stale = false;
    if (wk->stage == STAGE_LOST || wk->gone)
        return;
    status_now(wk, &s);
    if (stale && !same_status(&s, &wk->written))
        status_send(wk, &s);
    else
        worker_removal(wk);
}

static void status_send(struct worker *wk, const struct status *s)
{
    const struct meta *now = api_get(wk->w->api, wk->uid);
    struct pod *draft;

    wk->written = *s;
    if (!now)
        return;                 /* removed; the watch will say so */
    draft = pod_of(api_draft(wk->w->api, now));
    draft->meta.version = 0;    /* a patch */
    draft->phase = s->phase;
    draft->ready = s->ready;
    draft->unschedulable = false;
    draft->initialized = s->initialized;
    draft->containers_ready = s->containers_ready;
    draft->ready_changed = s->ready_changed;
    draft->started = s->started;
    draft->restarts = s->restarts;
    draft->max_restarts = s->max_restarts;
    draft->max_sidecar_restarts = s->max_sidecar_restarts;
    draft->waiting = s->waiting;
    draft->reason = s->reason;
    draft->ip = s->ip;
    draft->finished = s->finished;
    draft->exit_code = s->exit_code;
    draft->exit_container = s->exit_container;
    wk->writing = true;
    wk->write = (struct call){ .verb = CALL_UPDATE_STATUS, .done = written,
                               .draft = &draft->meta, .ctx = wk };
    client_send(&wk->kubelet->client, &wk->write);
}

static void fire_flush(struct sim *sim, void *subject, int64_t arg);

/* After all that the world does at this instant. */
static const struct event_kind ev_flush = {
    .name = "pod.status-made", .rank = RANK_COMMIT, .fire = fire_flush,
};

static void fire_flush(struct sim *sim, void *subject, int64_t arg)
{
    struct worker *wk = subject;
    struct status s;

    (void)sim;
    (void)arg;
    if (worker_puts_off(wk, &wk->flush, &ev_flush, wk))
        return;
    status_now(wk, &s);
    if (same_status(&s, &wk->written))
        worker_removal(wk);
    else if (wk->writing)
        wk->stale = true;
    else
        status_send(wk, &s);
}

static void note_ready(struct box *b)
{
    if (b->ever_ready || !box_ready(b))
        return;
    b->ever_ready = true;
    process_ready_once(b);
}

void worker_update(struct worker *wk)
{
    struct sim *sim = wk->w->sim;

    if (wk->gone || wk->stage == STAGE_LOST || wk->stage == STAGE_OVER)
        return;
    for (size_t i = 0; i < wk->nboxes; i++) {
        if (world_is(wk->w, KUBE_1_36))
            probers_trigger(&wk->boxes[i]);
        note_ready(&wk->boxes[i]);
    }
    if (!sim_pending(sim, wk->flush))
        wk->flush = sim_at(sim, sim_now(sim), &ev_flush, wk, 0);
}
