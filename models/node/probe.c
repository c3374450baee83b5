/*
 * probe.c - startup, readiness and liveness probes.
 *
 * Each probe has a loop of its own that begins with the pod's worker, before
 * any container runs, and ticks every period from there on.  A tick does
 * nothing while the container is not seen running, before initialDelaySeconds
 * of the container are over, and, for readiness and liveness, until the
 * startup probe has passed; after that the startup probe rests.
 *
 * 1.20: the loop begins at a random point of the first period, unless
 * cluster.probeAtStart says otherwise; profile exact: at once.  1.36: it begins
 * at once, and whenever a status is made of a started container that is not
 * ready, readiness is probed immediately and its ticks are counted from there.
 *
 * A probe succeeds if the process serves (exec: has started up) and, for
 * readiness, says that it is ready.  One that does not listen refuses: failure
 * at once.  One that hangs costs the time-out.  Thresholds: podlife.c.
 *
 * Cost.  A tick whose outcome cannot change anything (same outcome as the last
 * one, and that is published) is no event: the loop rests and is woken when
 * the process changes, at the tick at which it would have noticed.
 *
 * Not modelled: probes that time out by chance while the loop rests; retries
 * within a probe; probes that fail because the server is overloaded.
 * Source: pkg/kubelet/prober/worker.go at v1.36 and v1.20; reference 5.4.
 */
#include "kubelet_impl.h"

static const char *const kind_words[PROBE_KINDS] = {
    [PROBE_STARTUP] = "startup", [PROBE_READINESS] = "readiness",
    [PROBE_LIVENESS] = "liveness",
};

static struct sim *sim_of(const struct prober *p)
{
    return p->box->worker->w->sim;
}

bool prober_passed(const struct box *b, enum probe_kind kind)
{
    return b->probers[kind].count.published == PROBE_SUCCESS;
}

/* ---- one outcome -------------------------------------------------------- */

/* What the process would answer. */
static bool answers(const struct prober *p)
{
    const struct process *pr = &p->box->process;

    if (!pr->network || (p->kind == PROBE_READINESS && !p->box->willing))
        return false;
    if (p->spec->handler == PROBE_EXEC && pr->state == PROCESS_CLOSED)
        return true;
    return pr->state == PROCESS_SERVING;
}

/* The same, and how long it takes to know. */
static bool ask(struct prober *p, sim_time *takes)
{
    sim_time timeout = p->spec->timeout_s * SIM_S;

    *takes = timeout;
    if (p->box->process.state == PROCESS_HUNG)
        return false;
    *takes = worker_draw(p->box->worker, TIMING_PROBE);
    if (*takes < timeout)
        return answers(p);
    *takes = timeout;
    return false;
}

/* ---- ticks -------------------------------------------------------------- */

/* May this loop probe now, but for the initial delay? */
static bool wanted(const struct prober *p)
{
    const struct box *b = p->box;

    if (!p->spec || p->over || !p->active || p->count.hold)
        return false;
    if (p->kind == PROBE_READINESS &&
        b->process.behaviour->readiness.mode == READINESS_AFTER)
        return false;
    return (p->kind == PROBE_STARTUP) == !b->started;
}

/* Would another probe change nothing? */
static bool settled(const struct prober *p)
{
    enum probe_result next = answers(p) ? PROBE_SUCCESS : PROBE_FAILURE;

    return p->last >= 0 && p->count.last == next &&
           p->count.published == next;
}

static sim_time delay_over(const struct prober *p)
{
    return p->box->process.started + p->spec->initial_delay_s * SIM_S;
}

/* The first tick at or after t. */
static sim_time tick_from(const struct prober *p, sim_time t)
{
    sim_time period = p->spec->period_s * SIM_S;

    if (t <= p->anchor)
        return p->anchor;
    return p->anchor + (t - p->anchor + period - 1) / period * period;
}

static void fire_tick(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_tick = {
    .name = "probe.ticked", .rank = RANK_WORLD, .fire = fire_tick,
};

/* Plan the next tick that matters. */
static void arm(struct prober *p)
{
    sim_time now = sim_now(sim_of(p));
    sim_time from;

    sim_cancel(sim_of(p), p->tick);
    if (!wanted(p) || p->probing || settled(p))
        return;
    from = delay_over(p) > now ? delay_over(p) : now;
    from = tick_from(p, from > p->last ? from : p->last + 1);
    p->tick = sim_at(sim_of(p), from, &ev_tick, p, (int64_t)p->kind);
}

/* ---- what follows from a result ----------------------------------------- */

static void startup_passed(struct box *b)
{
    b->started = true;
    arm(&b->probers[PROBE_READINESS]);
    arm(&b->probers[PROBE_LIVENESS]);
    worker_sync(b->worker);     /* a sidecar lets the next one start */
    worker_update(b->worker);
}

static void failed_for_good(struct prober *p)
{
    const struct box *b = p->box;

    worker_event(b->worker, "Normal", "Killing",
                 "Container %s failed %s probe, will be restarted",
                 b->spec->name, kind_words[p->kind]);
    box_stop(p->box, p->spec->grace_s >= 0 ? p->spec->grace_s
                                           : b->worker->spec->grace_s);
}

static void published(struct prober *p)
{
    if (p->kind == PROBE_READINESS)
        worker_update(p->box->worker);
    else if (p->count.published == PROBE_FAILURE)
        failed_for_good(p);
    else if (p->kind == PROBE_STARTUP)
        startup_passed(p->box);
}

/* ---- the loop ----------------------------------------------------------- */

static void probe_now(struct prober *p);

/* A probe has its outcome. */
static void fire_answer(struct sim *sim, void *subject, int64_t arg)
{
    struct prober *p = subject;
    bool again = p->again;

    (void)arg;
    p->probing = p->again = false;
    if (wanted(p) && !p->verdict)
        worker_event(p->box->worker, "Warning", "Unhealthy",
                     "Container %s: %s probe failed", p->box->spec->name,
                     kind_words[p->kind]);
    if (wanted(p) && probe_count_add(&p->count, p->kind, p->spec, p->verdict))
        published(p);
    if (p->probing)
        return;                 /* the result has triggered the next one */
    if (again && !prober_passed(p->box, p->kind) && wanted(p)) {
        p->anchor = sim_now(sim);
        probe_now(p);
    } else {
        arm(p);
    }
}

static const struct event_kind ev_answer = {
    .name = "probe.answered", .rank = RANK_WORLD, .fire = fire_answer,
};

static void probe_now(struct prober *p)
{
    sim_time takes;

    p->last = sim_now(sim_of(p));
    p->verdict = ask(p, &takes);
    p->probing = true;
    p->answer = sim_after(sim_of(p), takes, &ev_answer, p,
                          (int64_t)p->kind);
}

static void fire_tick(struct sim *sim, void *subject, int64_t arg)
{
    struct prober *p = subject;

    (void)sim;
    (void)arg;
    if (!worker_puts_off(p->box->worker, &p->tick, &ev_tick, p))
        probe_now(p);
}

void probers_trigger(struct box *b)
{
    struct prober *p = &b->probers[PROBE_READINESS];
    sim_time now = world_now(b->worker->w);

    if (!wanted(p) || prober_passed(b, PROBE_READINESS))
        return;
    if (p->probing) {
        p->again = now > p->last;
        return;
    }
    p->anchor = now;
    if (now >= delay_over(p) && now > p->last && !settled(p)) {
        sim_cancel(sim_of(p), p->tick);
        probe_now(p);
    } else {
        arm(p);
    }
}

/* ---- life --------------------------------------------------------------- */

/* Where in the first period the loop begins. */
static sim_time first_wait(struct worker *wk, const struct probe *spec)
{
    const struct cluster_spec *c = &wk->w->spec->cluster;

    if (c->version != KUBE_1_20 || c->probe_at_start ||
        c->profile == PROFILE_EXACT)
        return 0;
    return (sim_time)((double)(spec->period_s * SIM_S) *
                      stream_u01(&wk->luck));
}

void probers_begin(struct box *b)
{
    const struct probe *specs[PROBE_KINDS] = {
        [PROBE_STARTUP] = b->spec->startup,
        [PROBE_READINESS] = b->spec->readiness,
        [PROBE_LIVENESS] = b->spec->liveness,
    };

    for (int i = 0; i < PROBE_KINDS; i++) {
        struct prober *p = &b->probers[i];

        *p = (struct prober){ .box = b, .spec = specs[i],
                              .kind = (enum probe_kind)i, .last = -1 };
        probe_count_reset(&p->count, p->kind);
        if (p->spec)
            p->anchor = world_now(b->worker->w) +
                        first_wait(b->worker, p->spec);
    }
}

static void rest(struct prober *p)
{
    if (!p->spec)
        return;
    sim_cancel(sim_of(p), p->tick);
    sim_cancel(sim_of(p), p->answer);
    p->probing = p->again = false;
}

void probers_run(struct box *b)
{
    for (int i = 0; i < PROBE_KINDS; i++) {
        struct prober *p = &b->probers[i];

        rest(p);
        probe_count_reset(&p->count, p->kind);
        p->active = true;
        arm(p);
    }
}

void probers_halt(struct box *b)
{
    for (int i = 0; i < PROBE_KINDS; i++) {
        struct prober *p = &b->probers[i];

        rest(p);
        p->active = false;
        p->count.published = PROBE_FAILURE;
    }
}

void probers_wake(struct box *b)
{
    for (int i = 0; i < PROBE_KINDS; i++)
        arm(&b->probers[i]);
}

void probers_stop(struct box *b, bool readiness_too)
{
    for (int i = 0; i < PROBE_KINDS; i++) {
        struct prober *p = &b->probers[i];

        if (i == PROBE_READINESS && !readiness_too)
            continue;
        rest(p);
        p->over = true;
    }
}
