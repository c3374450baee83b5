/*
 * process.c - the life of a container's process.
 *
 *     ABSENT -> STARTING -> SERVING -> CLOSED -> ABSENT
 *                              `-> HUNG
 *
 * A run listens `startup` after its start.  It ends at the first of: `runs`
 * after the start (Jobs), `crash.every` after the start, the memory limit
 * reached by the leak (which begins at 0), and once in a pod `crash.after`.
 * It hangs `hang` after the start, but not before it listens; a hung process
 * takes no notice of SIGTERM.
 *
 * SIGTERM.  drain: closes its listener, ends when nothing is in flight, at
 * most `shutdown.time` later.  immediate: closes its listener, works on, and
 * ends `shutdown.time` later (0 if not given), which cuts what is in flight.
 * ignore: serves on until it is killed, or for `shutdown.time`.
 *
 * Readiness is what the application says of itself; probes see it, and where
 * there is no readiness probe it is taken at its word.  `flap` alternates from
 * the start of the run on, `after` says yes that long after the start.
 *
 * Luck: draw i of run r of container c of a pod is number i of the stream
 * (PURPOSE_POD, mix of pod entity, c and r), so no draw moves another.
 *
 * Not modelled: memory other than the leak; CPU taken by starting.
 */
#include "models/process.h"

#include <math.h>

#include "base/bug.h"
#include "base/text.h"
#include "kubelet_impl.h"
#include "models/database.h"

const char *const process_end_names[8] = { "", "finished", "crashed",
                                           "out of memory", "drained",
                                           "stopped", "killed", NULL };

#define EXIT_SIGTERM 143
#define EXIT_SIGKILL 137

/* The draws of a run, in the order of their numbers: never renumber. */
enum luck { LUCK_STARTUP, LUCK_RUNS, LUCK_EVERY, LUCK_HANG, LUCK_WARM,
            LUCK_SHUTDOWN, LUCK_ERROR_AFTER, LUCK_ERROR_LASTING,
            LUCK_READY_AFTER, LUCK_LOSE, LUCK_FAILS, LUCK_CRASH_ONCE,
            LUCK_FLAP };

static struct box *box_at(void *subject)
{
    return subject;
}

/* Uniform number `what` of run `run` (0: of the pod) of container b. */
static double luck(const struct box *b, int run, unsigned what)
{
    const struct world *w = b->worker->w;
    uint64_t name[3] = { b->worker->entity, b->index, (uint64_t)run };

    return stream_u01_at(w->spec->seed, PURPOSE_POD,
                         fnv64(FNV_START, name, sizeof(name)), w->replication,
                         what);
}

static sim_time lot(const struct box *b, const struct dist *d, unsigned what)
{
    return dist_at(d, luck(b, b->process.run, what));
}

/* t + delay, where either may be never. */
static sim_time later(sim_time t, sim_time delay)
{
    return delay >= SIM_NEVER - t ? SIM_NEVER : t + delay;
}

/* ---- watchers ----------------------------------------------------------- */

void process_watch(struct world *w, const struct process_ops *ops, void *ctx)
{
    vec_push(w->arena, &w->kubelets->watchers,
             ((struct watcher){ .ops = ops, .ctx = ctx }));
}

#define TELL(b, what)                                                         \
    do {                                                                      \
        struct kubelets *all_ = (b)->worker->kubelet->all;                    \
        for (size_t i_ = 0; !(b)->init && i_ < all_->watchers.len; i_++) {    \
            const struct watcher *to_ = &all_->watchers.items[i_];            \
            if (to_->ops->what)                                               \
                to_->ops->what(to_->ctx, &(b)->process);                      \
        }                                                                     \
    } while (0)

static int busy(const struct box *b)
{
    const struct kubelets *all = b->worker->kubelet->all;
    int sum = 0;

    for (size_t i = 0; i < all->watchers.len; i++) {
        const struct watcher *x = &all->watchers.items[i];

        if (x->ops->busy)
            sum += x->ops->busy(x->ctx, &b->process);
    }
    return sum;
}

/* ---- the end ------------------------------------------------------------ */

static void process_cancel(struct box *b)
{
    struct sim *sim = b->worker->w->sim;

    sim_cancel(sim, b->turn);
    sim_cancel(sim, b->exit);
    sim_cancel(sim, b->mood);
    sim_cancel(sim, b->loss);
}

/* The run is over. */
static void process_end(struct box *b, enum process_end how, int code)
{
    struct process *p = &b->process;

    process_cancel(b);
    p->state = PROCESS_ABSENT;
    p->ended = world_now(b->worker->w);
    p->end = how;
    p->exit_code = code;
    database_close(b->worker->w, p);
    TELL(b, exit);
    box_exited(b);
}

static void fire_exit(struct sim *sim, void *subject, int64_t arg)
{
    struct box *b = box_at(subject);

    (void)sim;
    (void)arg;
    process_end(b, b->exit_how, b->exit_code);
}

static const struct event_kind ev_exit = {
    .name = "process.exited", .rank = RANK_WORLD, .fire = fire_exit,
};

/* Let it end at t unless it will end before. */
static void end_at(struct box *b, sim_time t, enum process_end how, int code)
{
    struct sim *sim = b->worker->w->sim;

    if (sim_pending(sim, b->exit) && b->exit_due <= t)
        return;
    sim_cancel(sim, b->exit);
    b->exit = sim_at(sim, t, &ev_exit, b, (int64_t)how);
    b->exit_due = t;
    b->exit_how = how;
    b->exit_code = code;
}

void process_kill(struct box *b)
{
    if (box_alive(b))
        process_end(b, END_KILLED, EXIT_SIGKILL);
}

/* ---- its mind ----------------------------------------------------------- */

/* Is this one of the first pods of its owner that never become ready? */
static bool never_ready(const struct box *b)
{
    const struct readiness *r = &b->process.behaviour->readiness;

    return b->lost || r->mode == READINESS_NEVER ||
           b->worker->ordinal < r->never_first;
}

static void set_willing(struct box *b, bool willing)
{
    if (b->willing == willing)
        return;
    b->willing = willing;
    if (b->spec->readiness &&
        b->process.behaviour->readiness.mode != READINESS_AFTER)
        probers_wake(b);
    else
        worker_update(b->worker);
}

static void fire_mood(struct sim *sim, void *subject, int64_t n);

static const struct event_kind ev_mood = {
    .name = "process.readiness", .rank = RANK_WORLD, .fire = fire_mood,
};

/* Change its mind for the n-th time in this run, n = 1, 2, ... */
static void fire_mood(struct sim *sim, void *subject, int64_t n)
{
    struct box *b = box_at(subject);
    const struct readiness *r = &b->process.behaviour->readiness;

    if (r->mode == READINESS_FLAP) {
        const struct dist *d = n % 2 ? &r->down : &r->up;
        sim_time lasting = lot(b, d, (unsigned)(LUCK_FLAP + n));

        if (lasting <= 0)
            lasting = 1;        /* no endless flapping at one instant */
        b->mood = sim_after(sim, lasting, &ev_mood, b, n + 1);
    }
    set_willing(b, !b->willing);
}

/* Its opinion at the start of a run, and when it will change. */
static void mind_start(struct box *b)
{
    const struct readiness *r = &b->process.behaviour->readiness;
    struct sim *sim = b->worker->w->sim;
    sim_time wait;

    b->willing = !never_ready(b);
    if (!b->willing || r->mode == READINESS_PROBE)
        return;
    if (r->mode == READINESS_AFTER) {
        wait = lot(b, &r->after, LUCK_READY_AFTER);
        b->willing = wait <= 0;
    } else {
        wait = lot(b, &r->up, LUCK_FLAP);
    }
    if (wait > 0)
        b->mood = sim_after(sim, wait, &ev_mood, b, 1);
}

static void fire_loss(struct sim *sim, void *subject, int64_t arg)
{
    struct box *b = box_at(subject);

    (void)arg;
    b->lost = true;
    sim_cancel(sim, b->mood);
    set_willing(b, false);
}

static const struct event_kind ev_loss = {
    .name = "process.lost-readiness", .rank = RANK_WORLD, .fire = fire_loss,
};

void process_ready_once(struct box *b)
{
    sim_time wait = lot(b, &b->process.behaviour->readiness.lose, LUCK_LOSE);

    b->loss = sim_after(b->worker->w->sim, wait, &ev_loss, b, 0);
}

/* ---- start, hang -------------------------------------------------------- */

static void fire_hang(struct sim *sim, void *subject, int64_t arg)
{
    struct box *b = box_at(subject);

    (void)sim;
    (void)arg;
    b->process.state = PROCESS_HUNG;
    TELL(b, hang);
    probers_wake(b);
}

static const struct event_kind ev_hang = {
    .name = "process.hung", .rank = RANK_WORLD, .fire = fire_hang,
};

static void listen(struct box *b)
{
    struct process *p = &b->process;
    const struct behaviour *bh = p->behaviour;
    struct sim *sim = b->worker->w->sim;
    sim_time hang;

    if (!database_open(b->worker->w, p)) {
        end_at(b, sim_now(sim), END_CRASHED, 1);
        return;
    }
    p->state = PROCESS_SERVING;
    p->listens = sim_now(sim);
    p->warm_until = p->listens;
    if (bh->warm_from < 1)
        p->warm_until = later(p->listens, lot(b, &bh->warm_over, LUCK_WARM));
    hang = later(p->started, lot(b, &bh->hang, LUCK_HANG));
    b->turn = sim_at(sim, hang > p->listens ? hang : p->listens, &ev_hang, b,
                     0);
    TELL(b, listen);
    probers_wake(b);
}

static void fire_listen(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    listen(box_at(subject));
}

static const struct event_kind ev_listen = {
    .name = "process.listening", .rank = RANK_WORLD, .fire = fire_listen,
};

/* Does a Job's container fail in this pod? */
static bool run_fails(const struct box *b)
{
    const struct behaviour *bh = b->process.behaviour;

    return b->worker->ordinal < bh->fails_first ||
           luck(b, 0, LUCK_FAILS) < bh->fails;
}

/* When the leak has filled the memory limit; never without one. */
static sim_time oom_after(const struct box *b)
{
    double limit = (double)b->spec->resources.memory_limit;
    double rate = b->process.behaviour->leak_bytes_per_s;

    if (limit <= 0 || rate <= 0 || limit / rate * 1e9 >= (double)SIM_NEVER)
        return SIM_NEVER;
    return (sim_time)llround(limit / rate * 1e9);
}

/* When and how this run ends if nobody ends it.  An init container that is
 * not said to run for a while is done at once. */
static void plan_end(struct box *b)
{
    const struct process *p = &b->process;
    const struct behaviour *bh = p->behaviour;
    sim_time runs = lot(b, &bh->runs, LUCK_RUNS);
    sim_time failing = lot(b, &bh->fails_after, LUCK_RUNS);
    sim_time every = lot(b, &bh->crash.every, LUCK_EVERY);
    sim_time oom = oom_after(b);

    if (runs >= SIM_NEVER && b->init && !b->spec->sidecar)
        runs = 0;
    if (every < runs && every < oom)
        end_at(b, later(p->started, every), END_CRASHED, bh->crash.exit_code);
    else if (oom < runs)
        end_at(b, later(p->started, oom), END_OOM, EXIT_SIGKILL);
    else if (run_fails(b))
        end_at(b, later(p->started, failing < SIM_NEVER ? failing : runs),
               END_CRASHED, 1);
    else
        end_at(b, later(p->started, runs), END_FINISHED, 0);
}

static void fire_crash_once(struct sim *sim, void *subject, int64_t arg)
{
    struct box *b = box_at(subject);

    (void)sim;
    (void)arg;
    if (box_alive(b))
        process_end(b, END_CRASHED, b->process.behaviour->crash.exit_code);
}

static const struct event_kind ev_crash_once = {
    .name = "process.crashed-once", .rank = RANK_WORLD,
    .fire = fire_crash_once,
};

/* When its answers are errors, from `from` on. */
static void plan_errors(struct box *b, sim_time from)
{
    struct process *p = &b->process;
    const struct error_rate *e = &p->behaviour->error;

    p->errors_from = p->errors_until = SIM_NEVER;
    if (e->rate <= 0)
        return;
    p->errors_from = later(from, lot(b, &e->after, LUCK_ERROR_AFTER));
    p->errors_until = later(p->errors_from, lot(b, &e->lasting,
                                                LUCK_ERROR_LASTING));
}

void process_reconfigured(struct box *b)
{
    const struct behaviour *bh = box_configured(b, false);

    if (!box_alive(b) || bh == b->process.behaviour)
        return;
    TELL(b, reconfigure);
    b->process.behaviour = bh;
    plan_errors(b, world_now(b->worker->w));
}

void process_start(struct box *b)
{
    struct process *p = &b->process;
    const struct behaviour *bh = box_configured(b, true);
    struct sim *sim = b->worker->w->sim;
    sim_time startup;

    CHECK(!box_alive(b));
    p->behaviour = bh;
    p->run++;
    p->state = PROCESS_STARTING;
    p->started = sim_now(sim);
    p->listens = p->told = p->ended = SIM_NEVER;
    plan_errors(b, p->started);
    if (p->run == 1)
        b->crash_once = sim_after(sim, dist_at(&bh->crash.after,
                                               luck(b, 0, LUCK_CRASH_ONCE)),
                                  &ev_crash_once, b, 0);
    mind_start(b);
    plan_end(b);
    startup = lot(b, &bh->startup, LUCK_STARTUP);
    if (startup > 0)
        b->turn = sim_after(sim, startup, &ev_listen, b, 0);
    else
        listen(b);
}

/* ---- told to stop ------------------------------------------------------- */

/* Close the listener, if it is open. */
static void close_listener(struct box *b)
{
    struct process *p = &b->process;

    sim_cancel(b->worker->w->sim, b->turn);
    if (p->state != PROCESS_SERVING)
        return;
    p->state = PROCESS_CLOSED;
    TELL(b, close);
    probers_wake(b);
}

/* Drain: at most `time` more, less if idle.  Says whether it is idle now. */
static bool drain(struct box *b, sim_time time)
{
    close_listener(b);
    if (b->process.state == PROCESS_STARTING || busy(b) == 0)
        return true;
    if (time < SIM_NEVER)
        end_at(b, later(b->process.told, time), END_STOPPED, EXIT_SIGTERM);
    return false;
}

void process_told(struct box *b)
{
    struct process *p = &b->process;
    const struct behaviour *bh = p->behaviour;
    sim_time time = SIM_NEVER;

    p->told = world_now(b->worker->w);
    if (!b->init)
        record_view(b->worker->w, VIEW_SIGTERM, p->pod);
    if (bh->readiness.not_ready_on_term)
        worker_update(b->worker);
    if (p->state == PROCESS_HUNG)
        return;
    if (bh->shutdown_time_set)
        time = lot(b, &bh->shutdown_time, LUCK_SHUTDOWN);
    switch (bh->shutdown) {
    case SHUTDOWN_DRAIN:
        if (drain(b, time))
            process_end(b, END_DRAINED, 0);
        break;
    case SHUTDOWN_IMMEDIATE:
        close_listener(b);
        if (!bh->shutdown_time_set || time <= 0)
            process_end(b, END_STOPPED, EXIT_SIGTERM);
        else
            end_at(b, later(p->told, time), END_STOPPED, EXIT_SIGTERM);
        break;
    case SHUTDOWN_IGNORE:
        if (bh->shutdown_time_set)
            end_at(b, later(p->told, time), END_STOPPED, EXIT_SIGTERM);
        break;
    }
}

void process_idle(struct process *p)
{
    struct box *b = box_of(p);

    if (p->state == PROCESS_CLOSED &&
        p->behaviour->shutdown == SHUTDOWN_DRAIN)
        process_end(b, END_DRAINED, 0);
}

/* ---- the network -------------------------------------------------------- */

void process_network(struct box *b, bool up)
{
    bool was = b->process.network;

    b->process.network = up;
    if (was && !up) {
        TELL(b, network_gone);
        sim_cancel(b->worker->w->sim, b->crash_once);
    }
}

void process_cut_off(struct box *b, bool cut)
{
    b->process.network = !cut;
    TELL(b, cut_off);
}

double process_speed(const struct process *p, sim_time now)
{
    double from = p->behaviour->warm_from;
    double part;

    if (now >= p->warm_until || p->warm_until <= p->listens)
        return 1;
    part = (double)(now - p->listens) / (double)(p->warm_until - p->listens);
    return from + (1 - from) * part;
}

static bool declares(const struct box *b, int port)
{
    for (size_t i = 0; i < b->spec->nports; i++)
        if (port == 0 || b->spec->ports[i].port == port)
            return true;
    return false;
}

struct process *process_of(struct world *w, object_uid pod, int port)
{
    struct worker *wk = map_get_number(&w->kubelets->workers, pod);

    if (!wk || wk->ip == 0)
        return NULL;
    for (size_t i = wk->ninit; i < wk->nboxes; i++)
        if (declares(&wk->boxes[i], port))
            return &wk->boxes[i].process;
    return &wk->boxes[wk->ninit].process;
}
