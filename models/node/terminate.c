/*
 * terminate.c - how containers are stopped and pods go away.
 *
 *     deletion seen -> preStop -> SIGTERM -> SIGKILL -> network gone ->
 *     last status -> clean-up -> object removed
 *
 * All containers stop in parallel within the pod's grace, at least 1 s: the
 * preStop hook runs first, for as long as grace is left; then SIGTERM, and
 * SIGKILL when what is left of the grace is over, 2 s at the least.  Sidecars
 * get SIGTERM when all app containers and all sidecars after them are gone;
 * waiting uses up their grace too.  Used time is counted in whole seconds.
 * Readiness probes go on to the end; the other probes stop at once.
 *
 * A pod whose containers have all ended for good goes the same way, but its
 * object stays until somebody deletes it.  One that is removed by force is
 * stopped on its node all the same, with its own grace.
 *
 * Liveness and startup failures stop one container like this, in its turn or
 * not, and then it is restarted by the rules.
 *
 * Source: killContainer in kuberuntime_container.go, pod_workers.go at v1.36;
 * reference 5.5.
 */
#include "base/bug.h"
#include "kubelet_impl.h"

#define LEAST_GRACE_S 2         /* between SIGTERM and SIGKILL */

/* ---- one container ------------------------------------------------------ */

static void stop_step(struct box *b, enum stop_step step, sim_time lasts,
                      const struct event_kind *next)
{
    struct sim *sim = b->worker->w->sim;

    b->stop.step = step;
    b->stop.began = sim_now(sim);
    b->stop.due = sim_now(sim) + lasts;
    b->stop.next = sim_at(sim, b->stop.due, next, b, (int64_t)step);
}

/* Whole seconds since the step began; they are used up. */
static void use_grace(struct box *b)
{
    sim_time used = world_now(b->worker->w) - b->stop.began;

    b->stop.left_s -= (int)(used / SIM_S);
}

static void fire_kill(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    process_kill(subject);
}

static const struct event_kind ev_kill = {
    .name = "container.killed", .rank = RANK_WORLD, .fire = fire_kill,
};

static void send_term(struct box *b)
{
    if (b->stop.left_s < LEAST_GRACE_S)
        b->stop.left_s = LEAST_GRACE_S;
    stop_step(b, STOP_TERM, b->stop.left_s * SIM_S, &ev_kill);
    process_told(b);
}

static void fire_turn(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    use_grace(subject);
    send_term(subject);
}

static const struct event_kind ev_turn = {
    .name = "container.turn-waited", .rank = RANK_WORLD, .fire = fire_turn,
};

/* Does this sidecar still serve others? */
static bool needed(const struct box *b)
{
    const struct worker *wk = b->worker;

    if (!b->init || !b->spec->sidecar || wk->stage != STAGE_STOP)
        return false;
    for (size_t i = b->index + 1; i < wk->nboxes; i++)
        if (box_alive(&wk->boxes[i]) &&
            (!wk->boxes[i].init || wk->boxes[i].spec->sidecar))
            return true;
    return false;
}

static void fire_hook_over(struct sim *sim, void *subject, int64_t arg)
{
    struct box *b = subject;

    (void)sim;
    (void)arg;
    use_grace(b);
    if (needed(b) && b->stop.left_s > 0)
        stop_step(b, STOP_TURN, b->stop.left_s * SIM_S, &ev_turn);
    else
        send_term(b);
}

static const struct event_kind ev_hook_over = {
    .name = "container.pre-stopped", .rank = RANK_WORLD,
    .fire = fire_hook_over,
};

/* The runtime is told: preStop, if there is one. */
static void begin_stop(struct box *b)
{
    sim_time grace = b->stop.left_s * SIM_S;
    sim_time hook = b->spec->pre_stop.takes;

    if (!b->init)
        record_view(b->worker->w, VIEW_STOPPING, b->process.pod);
    if (b->worker->stage == STAGE_STOP)
        worker_event(b->worker, "Normal", "Killing", "Stopping container %s",
                     b->spec->name);
    stop_step(b, STOP_HOOK, hook < grace ? hook : grace, &ev_hook_over);
}

static void fire_begin_stop(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    begin_stop(subject);
}

static const struct event_kind ev_begin_stop = {
    .name = "container.stopping", .rank = RANK_WORLD,
    .fire = fire_begin_stop,
};

void box_stop(struct box *b, int grace_s)
{
    if (!box_alive(b) || b->stop.step != STOP_NONE ||
        b->worker->stage != STAGE_RUN)
        return;
    b->stop.left_s = grace_s < 1 ? 1 : grace_s;
    stop_step(b, STOP_ASKED, worker_draw(b->worker, TIMING_KILL),
              &ev_begin_stop);
}

/* Less grace than before: what is under way ends sooner. */
static void hurry(struct box *b, int grace_s)
{
    struct sim *sim = b->worker->w->sim;
    struct stop *s = &b->stop;
    sim_time end = sim_now(sim) + grace_s * SIM_S;

    if (s->step == STOP_TERM && grace_s < LEAST_GRACE_S)
        end = sim_now(sim) + LEAST_GRACE_S * SIM_S;
    if (s->step == STOP_ASKED || s->step == STOP_HOOK || s->step == STOP_TURN) {
        use_grace(b);
        s->began = sim_now(sim);
        s->left_s = s->left_s < grace_s ? s->left_s : grace_s;
    }
    if (s->due <= end || s->step == STOP_NONE)
        return;
    sim_cancel(sim, s->next);
    stop_step(b, s->step, end - sim_now(sim),
              s->step == STOP_TERM ? &ev_kill :
              s->step == STOP_TURN ? &ev_turn :
              s->step == STOP_HOOK ? &ev_hook_over : &ev_begin_stop);
}

/* ---- the whole pod ------------------------------------------------------ */

static void worker_over(struct worker *wk)
{
    worker_cancel(wk);
    wk->stage = STAGE_OVER;
}

static void removed(struct call *c, enum api_code code,
                    const struct meta *result, const char *reason)
{
    struct worker *wk = c->ctx;

    (void)code;                 /* not found: somebody was faster */
    (void)result;
    (void)reason;
    if (wk->stage == STAGE_CLEAN)
        worker_over(wk);
}

void worker_removal(struct worker *wk)
{
    if (!wk->removing || wk->writing || wk->stage != STAGE_CLEAN)
        return;
    wk->removing = false;
    wk->remove = (struct call){ .verb = CALL_DELETE, .uid = wk->uid,
                                .grace_s = 0, .done = removed, .ctx = wk };
    client_send(&wk->kubelet->client, &wk->remove);
}

static void fire_cleaned(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_cleaned = {
    .name = "pod.cleaned-up", .rank = RANK_WORLD, .fire = fire_cleaned,
};

static void fire_cleaned(struct sim *sim, void *subject, int64_t arg)
{
    struct worker *wk = subject;

    (void)arg;
    if (worker_puts_off(wk, &wk->next, &ev_cleaned, wk))
        return;
    wk->removing = true;
    if (!sim_pending(sim, wk->flush))
        worker_removal(wk);
}

static void clean(struct worker *wk)
{
    wk->stage = STAGE_CLEAN;
    wk->next = sim_after(wk->w->sim, worker_draw(wk, TIMING_REMOVE),
                         &ev_cleaned, wk, 0);
}

static void fire_torn_down(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_torn_down = {
    .name = "pod.network-gone", .rank = RANK_WORLD, .fire = fire_torn_down,
};

static void fire_torn_down(struct sim *sim, void *subject, int64_t arg)
{
    struct worker *wk = subject;

    (void)sim;
    (void)arg;
    if (worker_held_up(wk, &ev_torn_down))
        return;
    for (size_t i = 0; i < wk->nboxes; i++) {
        process_network(&wk->boxes[i], false);
        probers_stop(&wk->boxes[i], true);
    }
    wk->network = false;
    if (wk->gone) {
        worker_over(wk);
        return;
    }
    wk->stage = STAGE_DONE;
    wk->terminal = wk->reason || world_is(wk->w, KUBE_1_36);
    worker_update(wk);
    if (wk->asked)
        clean(wk);
}

static void all_stopped(struct worker *wk)
{
    sim_time takes = wk->network ? worker_draw(wk, TIMING_TEARDOWN) : 0;

    wk->stage = STAGE_TEARDOWN;
    wk->next = sim_after(wk->w->sim, labour_begin(&wk->labour, wk->w,
                                                  TIMING_TEARDOWN,
                                                  wk->kubelet->node, 0, takes),
                         &ev_torn_down, wk, 0);
}

static bool any_alive(const struct worker *wk)
{
    for (size_t i = 0; i < wk->nboxes; i++)
        if (box_alive(&wk->boxes[i]))
            return true;
    return false;
}

void box_stopped(struct box *b)
{
    struct worker *wk = b->worker;

    sim_cancel(wk->w->sim, b->stop.next);
    b->stop.step = STOP_NONE;
    if (wk->stage == STAGE_RUN) {
        worker_sync(wk);
        return;
    }
    if (wk->stage != STAGE_STOP)
        return;
    for (size_t i = wk->ninit; i-- > 0;) {
        struct box *s = &wk->boxes[i];

        if (s->stop.step == STOP_TURN && !needed(s)) {
            sim_cancel(wk->w->sim, s->stop.next);
            s->stop.next = sim_at(wk->w->sim, world_now(wk->w), &ev_turn, s,
                                  0);
        }
    }
    if (!any_alive(wk))
        all_stopped(wk);
}

static void fire_stop(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_stop = {
    .name = "pod.stopping", .rank = RANK_WORLD, .fire = fire_stop,
};

static void fire_stop(struct sim *sim, void *subject, int64_t arg)
{
    struct worker *wk = subject;

    (void)sim;
    (void)arg;
    if (worker_puts_off(wk, &wk->next, &ev_stop, wk))
        return;
    for (size_t i = 0; i < wk->nboxes; i++) {
        struct box *b = &wk->boxes[i];

        if (!box_alive(b))
            continue;
        if (b->stop.step != STOP_NONE) {
            hurry(b, wk->grace_s);
            continue;
        }
        b->stop.left_s = wk->grace_s;
        begin_stop(b);
    }
}

void worker_finish(struct worker *wk, int grace_s)
{
    struct sim *sim = wk->w->sim;

    wk->stage = STAGE_STOP;
    wk->grace_s = grace_s < 1 ? 1 : grace_s;
    sim_cancel(sim, wk->next);
    sim_cancel(sim, wk->retry);
    sim_cancel(sim, wk->deadline);
    for (size_t i = 0; i < wk->nboxes; i++) {
        box_abandon(&wk->boxes[i]);
        sim_cancel(sim, wk->boxes[i].notice);
        probers_stop(&wk->boxes[i], false);
    }
    wk->starting = NULL;
    if (any_alive(wk))
        wk->next = sim_after(sim, worker_draw(wk, TIMING_KILL), &ev_stop, wk,
                             0);
    else
        all_stopped(wk);
}

void worker_terminate(struct worker *wk, int grace_s)
{
    bool first = !wk->asked;

    wk->asked = true;
    grace_s = grace_s < 1 ? 1 : grace_s;
    switch (wk->stage) {
    case STAGE_SETUP:
    case STAGE_RUN:
        worker_finish(wk, grace_s);
        break;
    case STAGE_STOP:
        if (grace_s >= wk->grace_s)
            break;
        wk->grace_s = grace_s;
        for (size_t i = 0; i < wk->nboxes; i++)
            hurry(&wk->boxes[i], grace_s);
        break;
    case STAGE_DONE:
        if (first)
            clean(wk);
        break;
    case STAGE_TEARDOWN:
    case STAGE_CLEAN:
    case STAGE_OVER:
    case STAGE_LOST:
        break;
    }
}

void worker_forget(struct worker *wk)
{
    wk->gone = true;
    if (wk->stage == STAGE_SETUP || wk->stage == STAGE_RUN)
        worker_finish(wk, wk->spec->grace_s);
    else if (wk->stage == STAGE_DONE || wk->stage == STAGE_CLEAN)
        worker_over(wk);
}
