/*
 * podlife.c - phase of a pod, restart back-off, probe thresholds.
 *
 * Phase.  A failed init container that is not restarted fails the pod; init
 * containers that are not done keep it Pending, and so does any container that
 * waits for its first start.  Else it is Running while anything runs, and
 * also between two runs of a container that will be restarted: a pod in a
 * crash loop is Running.
 *
 * Back-off.  The first restart is immediate; each later one waits twice as
 * long as the one before, counted from the exit.  A run of more than twice the
 * longest delay is forgiven.
 *
 * Probes.  An outcome is published when it has come successThreshold or
 * failureThreshold times in a row.  A startup probe that has passed, and a
 * startup or liveness probe that has failed, rests until the container has
 * been restarted.
 *
 * Source: getPhase of pkg/kubelet/kubelet_pods.go, flowcontrol.Backoff of
 * client-go, doProbe of pkg/kubelet/prober/worker.go, all at v1.36.
 */
#include "models/podlife.h"

/* ---- phase -------------------------------------------------------------- */

void phase_add_init(struct phase_tally *t, const struct box_view *v,
                    enum restart_policy restart)
{
    bool ended = v->state == BOX_EXITED ||
                 (v->state == BOX_WAITING && v->exited_before);

    if (!ended)
        t->init_pending++;
    else if (v->exit_code != 0 && restart == RESTART_NEVER)
        t->init_failed++;
}

void phase_add_sidecar(struct phase_tally *t, const struct box_view *v)
{
    switch (v->state) {
    case BOX_RUNNING:
        t->running++;
        t->sidecar_pending += !v->started;
        break;
    case BOX_WAITING:
        if (v->exited_before)
            break;
        t->waiting++;
        t->sidecar_pending++;
        break;
    case BOX_NONE:
        t->unknown++;
        break;
    case BOX_EXITED:
        break;                  /* does not count either way */
    }
}

void phase_add_app(struct phase_tally *t, const struct box_view *v)
{
    switch (v->state) {
    case BOX_RUNNING:
        t->running++;
        break;
    case BOX_EXITED:
        t->stopped++;
        t->succeeded += v->exit_code == 0;
        break;
    case BOX_WAITING:
        if (v->exited_before)
            t->stopped++;
        else
            t->waiting++;
        break;
    case BOX_NONE:
        t->unknown++;
        break;
    }
}

/* All app containers have stopped. */
static enum pod_phase phase_stopped(const struct phase_tally *t,
                                    enum restart_policy restart,
                                    bool terminal)
{
    if (restart == RESTART_ALWAYS && !terminal)
        return POD_RUNNING;     /* between two runs */
    if (t->stopped == t->succeeded)
        return POD_SUCCEEDED;
    if (restart == RESTART_NEVER || terminal)
        return POD_FAILED;
    return POD_RUNNING;
}

enum pod_phase phase_of(const struct phase_tally *t,
                        enum restart_policy restart, bool terminal,
                        bool initialized)
{
    if (t->init_failed > 0)
        return POD_FAILED;
    if (t->init_pending > 0 || (t->sidecar_pending > 0 && !initialized))
        return POD_PENDING;
    if (t->waiting > 0 || t->unknown > 0)
        return POD_PENDING;
    if (t->running > 0)
        return POD_RUNNING;
    if (t->stopped > 0)
        return phase_stopped(t, restart, terminal);
    return POD_PENDING;
}

/* ---- restart back-off --------------------------------------------------- */

static bool forgotten(const struct backoff *b, sim_time failed, sim_time max)
{
    return b->delay == 0 || failed - b->updated > 2 * max;
}

sim_time backoff_until(const struct backoff *b, sim_time failed, sim_time max)
{
    return forgotten(b, failed, max) ? failed : failed + b->delay;
}

void backoff_next(struct backoff *b, sim_time failed, sim_time now,
                  sim_time base, sim_time max)
{
    b->delay = forgotten(b, failed, max) ? base : 2 * b->delay;
    if (b->delay > max)
        b->delay = max;
    b->updated = now;
}

/* ---- probes ------------------------------------------------------------- */

void probe_count_reset(struct probe_count *c, enum probe_kind kind)
{
    static const enum probe_result initial[PROBE_KINDS] = {
        [PROBE_STARTUP] = PROBE_UNKNOWN,
        [PROBE_READINESS] = PROBE_FAILURE,
        [PROBE_LIVENESS] = PROBE_SUCCESS,
    };

    c->published = initial[kind];
    c->hold = false;
}

bool probe_count_add(struct probe_count *c, enum probe_kind kind,
                     const struct probe *p, bool success)
{
    enum probe_result now = success ? PROBE_SUCCESS : PROBE_FAILURE;
    bool changed;

    if (c->hold)
        return false;
    c->run = c->last == now ? c->run + 1 : 1;
    c->last = now;
    if (c->run < (success ? p->success_threshold : p->failure_threshold))
        return false;
    changed = c->published != now;
    c->published = now;
    if (kind == PROBE_STARTUP || (kind == PROBE_LIVENESS && !success)) {
        c->hold = true;
        c->run = 0;
    }
    return changed;
}
