/*
 * container.c - starting containers, noticing what became of them, restarts.
 *
 * A start is: image (image.c), environment, create and start, postStart hook;
 * the hook holds up the next container.  What happens to a container is seen
 * when the runtime is next listed (PLEG, TIMING_NOTICE), and not before the
 * start that is under way is over.
 *
 * Restarts: by the pod's restartPolicy; sidecars always; init containers under
 * Always as under OnFailure.  The first restart is immediate, later ones wait
 * in CrashLoopBackOff (podlife.c).  Kills by probes and for lack of memory
 * follow the same rules.
 *
 * Errors.  A missing ConfigMap or Secret of the environment stops every
 * container of the pod (it is not known which one refers to it):
 * CreateContainerConfigError.  Pulls: image.c.
 *
 * Not modelled: failing postStart hooks, restart rules of single containers.
 * Source: pkg/kubelet/kuberuntime at v1.36; reference 5.2, 5.3, 5.8.
 */
#include <string.h>

#include "base/bug.h"
#include "kubelet_impl.h"

static sim_time backoff_base(const struct worker *wk)
{
    return wk->w->spec->cluster.restart_backoff_s * SIM_S;
}

static sim_time backoff_max(const struct worker *wk)
{
    return wk->w->spec->cluster.restart_backoff_max_s * SIM_S;
}

static sim_time backoff_first(const struct worker *wk)
{
    return wk->w->spec->cluster.restart_backoff_first_s * SIM_S;
}

/* ---- what should run ---------------------------------------------------- */

bool box_finished(const struct box *b)
{
    if (b->seen != BOX_EXITED || b->spec->sidecar)
        return false;
    switch (b->worker->spec->restart) {
    case RESTART_NEVER:
        return true;
    case RESTART_ON_FAILURE:
        return b->process.exit_code == 0;
    case RESTART_ALWAYS:
        return b->init && b->process.exit_code == 0;
    }
    BUG("restart policy %d", (int)b->worker->spec->restart);
}

/* It cannot be started: say why, and until when if that is known. */
static bool box_waits(struct box *b, const char *why, sim_time until)
{
    if (until < SIM_NEVER && (!b->waiting || strcmp(b->waiting, why) != 0))
        worker_event(b->worker, "Warning", "BackOff", "Back-off: %s of %s",
                     why, b->spec->name);
    b->waiting = why;
    b->wait_until = until;
    return false;
}

/* As the kubelet knows it, does it not run and has nothing to be noticed? */
static bool at_rest(const struct box *b)
{
    return !box_alive(b) && b->seen != BOX_RUNNING &&
           b->seen_run == b->process.run && b->stop.step == STOP_NONE;
}

bool box_due(struct box *b)
{
    const struct worker *wk = b->worker;
    sim_time now = world_now(wk->w);
    sim_time until;

    if (b->tried || !at_rest(b) || box_finished(b))
        return false;
    if (b->seen == BOX_EXITED) {
        if (b->crash.delay == 0 && backoff_first(wk) > 0)
            b->crash = (struct backoff){ backoff_first(wk),
                                         b->process.ended };
        until = backoff_until(&b->crash, b->process.ended, backoff_max(wk));
        if (until > now)
            return box_waits(b, "CrashLoopBackOff", until);
    }
    if (b->pull.delay > 0) {
        until = b->pull.updated + b->pull.delay;
        if (until > now)
            return box_waits(b, "ImagePullBackOff", until);
    }
    return true;
}

/* ---- a start ------------------------------------------------------------ */

static void start_over(struct box *b)
{
    b->worker->starting = NULL;
    worker_continue(b->worker);
}

/* The start failed; the others go on, and this one is tried again later. */
static void start_failed(struct box *b, const char *why)
{
    b->tried = true;
    box_waits(b, why, SIM_NEVER);
    start_over(b);
}

static void fire_hooked(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    start_over(subject);
}

static const struct event_kind ev_hooked = {
    .name = "container.post-started", .rank = RANK_WORLD,
    .fire = fire_hooked,
};

static void plan_notice(struct box *b);

static void fire_start(struct sim *sim, void *subject, int64_t arg)
{
    struct box *b = subject;

    (void)arg;
    worker_event(b->worker, "Normal", "Started", "Started container %s",
                 b->spec->name);
    process_start(b);
    plan_notice(b);
    b->step = sim_after(sim, b->spec->post_start.takes, &ev_hooked, b, 0);
}

static const struct event_kind ev_start = {
    .name = "container.started", .rank = RANK_WORLD, .fire = fire_start,
};

void box_start(struct box *b)
{
    struct worker *wk = b->worker;

    wk->starting = b;
    if (b->seen == BOX_EXITED)
        backoff_next(&b->crash, b->process.ended, world_now(wk->w),
                     backoff_base(wk), backoff_max(wk));
    image_ensure(b);
}

/* Creating and starting the container: by its image, or as usual. */
static sim_time start_takes(struct box *b)
{
    const struct behaviour *bh = b->process.behaviour;

    if (bh->container_start_set)
        return dist_draw(&bh->container_start, &b->worker->luck);
    return (sim_time)((double)worker_draw(b->worker, TIMING_CONTAINER_START) *
                      b->worker->kubelet->start);
}

void box_pulled(struct box *b)
{
    struct worker *wk = b->worker;
    const struct config_ref *lack;

    b->pull = (struct backoff){ 0 };
    lack = worker_lacks(wk, false);
    if (lack) {
        worker_event(wk, "Warning", "Failed", "Error: %s \"%s\" not found",
                     kind_resource(lack->kind), lack->name);
        start_failed(b, "CreateContainerConfigError");
        return;
    }
    worker_event(wk, "Normal", "Created", "Created container %s",
                 b->spec->name);
    b->step = sim_after(wk->w->sim, start_takes(b), &ev_start, b, 0);
}

void box_not_pulled(struct box *b, const char *why, bool back_off)
{
    struct worker *wk = b->worker;
    sim_time now = world_now(wk->w);

    if (back_off)
        backoff_next(&b->pull, now, now, backoff_base(wk), backoff_max(wk));
    worker_event(wk, "Warning", "Failed", "Error: %s: %s", why,
                 b->spec->image);
    start_failed(b, why);
}

void box_abandon(struct box *b)
{
    image_withdraw(b);
    sim_cancel(b->worker->w->sim, b->step);
}

/* ---- what is noticed ---------------------------------------------------- */

static void fire_notice(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_notice = {
    .name = "container.noticed", .rank = RANK_WORLD, .fire = fire_notice,
};

static void fire_notice(struct sim *sim, void *subject, int64_t arg)
{
    struct box *b = subject;

    (void)sim;
    (void)arg;
    if (worker_puts_off(b->worker, &b->notice, &ev_notice, b))
        return;
    b->relisted = true;
    worker_sync(b->worker);
}

/* Something happened: it will be seen when the runtime is listed. */
static void plan_notice(struct box *b)
{
    struct worker *wk = b->worker;

    b->changed = true;
    if (!b->relisted && !sim_pending(wk->w->sim, b->notice))
        b->notice = sim_after(wk->w->sim, worker_draw(wk, TIMING_NOTICE),
                              &ev_notice, b, 0);
}

void box_notice(struct box *b)
{
    if (!b->changed || !b->relisted)
        return;
    b->changed = b->relisted = false;
    b->waiting = NULL;
    if (box_alive(b)) {
        b->seen = BOX_RUNNING;
        b->seen_run = b->process.run;
        b->started = !b->spec->startup;
        probers_run(b);
    } else {
        b->seen = BOX_EXITED;
        b->seen_run = b->process.run;
        b->started = false;
        probers_halt(b);
    }
}

void box_exited(struct box *b)
{
    struct worker *wk = b->worker;

    if (wk->stage == STAGE_LOST)
        return;
    probers_wake(b);
    if (b->stop.step == STOP_NONE && wk->stage == STAGE_RUN) {
        plan_notice(b);
        return;
    }
    b->changed = b->relisted = true;    /* whoever stops it waits for it */
    sim_cancel(wk->w->sim, b->notice);
    box_notice(b);
    box_stopped(b);
}

bool box_ready(const struct box *b)
{
    const struct readiness *r = &b->process.behaviour->readiness;

    if (b->seen != BOX_RUNNING || !b->started)
        return false;
    if (r->not_ready_on_term && b->process.told != SIM_NEVER)
        return false;
    if (b->spec->readiness && r->mode != READINESS_AFTER)
        return prober_passed(b, PROBE_READINESS);
    return b->willing;
}

/* ---- life --------------------------------------------------------------- */

void box_init(struct box *b, struct worker *wk, const struct container *spec,
              unsigned index, bool init)
{
    struct process *p = &b->process;

    b->worker = wk;
    b->spec = spec;
    b->index = index;
    b->init = init;
    b->wait_until = SIM_NEVER;
    p->pod = wk->uid;
    p->node = wk->kubelet->node;
    p->container = index >= wk->ninit ? index - (unsigned)wk->ninit : 0;
    p->image = spec->image;
    b->image = behaviour_of(wk->w->spec->behaviours, spec->image);
    p->behaviour = b->image;
    p->listens = p->told = p->ended = SIM_NEVER;
    p->errors_from = p->errors_until = SIM_NEVER;
}

void box_reboot(struct box *b)
{
    b->changed = b->relisted = b->tried = false;
    b->waiting = NULL;
    b->crash = b->pull = (struct backoff){ 0 };
    b->stop = (struct stop){ 0 };
    b->started = false;
    b->seen_run = b->process.run;
    b->seen = b->process.run > 0 ? BOX_EXITED : BOX_NONE;
}
