/*
 * serve.c - how a pod serves requests, without an event for each.
 *
 * A pod has `concurrency` workers and a queue, first come first served.  It
 * keeps only when each worker will be free, so the time at which a request
 * departs is known when it arrives (Lindley's recursion, Kiefer and Wolfowitz
 * for several workers).  What was put down so is a flight; outcomes are
 * counted later, when the flights are looked through.  If the process ends
 * before a departure, the flight is cut: reset if the kernel can still say so,
 * else the client waits in vain.  A client that gives up does not stop the
 * work that was begun for it.
 *
 * Pods that call other services cannot know; they have jobs (job.c).
 *
 * Not modelled: sharing of cpu between requests in service, or between pods;
 * the speed (warm-up) is that at the start of the work.
 * Source: Lindley 1952; Kiefer and Wolfowitz 1955; reference (speed) 5.
 */
#include "models/database.h"
#include "models/group.h"
#include "models/measure.h"
#include "traffic_impl.h"

#define SWEEP_LEAST 64

sim_time server_work(const struct server *s, const struct ask *a,
                     sim_time start)
{
    const struct behaviour *b = s->process->behaviour;
    sim_time work = dist_at(&b->service, a->u_work);
    double speed = process_speed(s->process, start);

    if (b->slowdown == 1 && speed == 1)
        return work;
    if (work >= SIM_NEVER)
        return SIM_NEVER;
    return (sim_time)((double)work * b->slowdown / speed + 0.5);
}

bool server_errs(const struct server *s, const struct ask *a, sim_time start)
{
    const struct process *p = s->process;

    if (!group_answers(s->traffic->w, p) || !database_readable(p))
        return true;
    return a->u_error < p->behaviour->error.rate &&
           start >= p->errors_from && start < p->errors_until;
}

/* ---- workers ------------------------------------------------------------ */

static void worker_push(struct server *s, sim_time t)
{
    size_t i;

    vec_push(s->traffic->w->arena, &s->workers, t);
    for (i = s->workers.len - 1; i > 0; i = (i - 1) / 2) {
        sim_time up = s->workers.items[(i - 1) / 2];

        if (up <= t)
            break;
        s->workers.items[i] = up;
    }
    s->workers.items[i] = t;
}

/* The worker who is free first is now busy until t. */
static void worker_busy(struct server *s, sim_time t)
{
    sim_time *heap = s->workers.items;
    size_t len = s->workers.len, i = 0, k;

    while ((k = 2 * i + 1) < len) {
        if (k + 1 < len && heap[k + 1] < heap[k])
            k++;
        if (heap[k] >= t)
            break;
        heap[i] = heap[k];
        i = k;
    }
    heap[i] = t;
}

/* How many wait for a worker. */
static size_t waiting(struct server *s, sim_time now)
{
    size_t len = s->starts.len;

    while (s->started < len && s->starts.items[s->started] <= now)
        s->started++;
    if (s->started == len)
        s->starts.len = s->started = 0;
    return s->starts.len - s->started;
}

/* Drop the past half of the list of starts. */
static void trim_starts(struct server *s)
{
    size_t len = s->starts.len - s->started;

    if (s->started < SWEEP_LEAST || s->started < len)
        return;
    for (size_t i = 0; i < len; i++)
        s->starts.items[i] = s->starts.items[i + s->started];
    s->starts.len = len;
    s->started = 0;
}

/* Find a worker for a: when the work starts and ends; false if the queue is
 * full. */
static bool find_worker(struct server *s, const struct ask *a, sim_time now,
                        sim_time *start, sim_time *departs)
{
    const struct behaviour *b = s->process->behaviour;
    bool idle = s->workers.len > 0 && s->workers.items[0] <= now;
    bool fresh = !idle && s->workers.len < (size_t)b->concurrency;
    sim_time work;

    *start = now;
    if (!idle && !fresh) {
        if (waiting(s, now) >= (size_t)b->queue)
            return false;
        *start = s->workers.items[0];
        trim_starts(s);
        vec_push(s->traffic->w->arena, &s->starts, *start);
    }
    work = server_work(s, a, *start);
    *departs = *start + work < SIM_NEVER ? *start + work : SIM_NEVER;
    s->worked += work < SIM_NEVER ? work : 0;
    s->taken++;
    if (fresh)
        worker_push(s, *departs);
    else
        worker_busy(s, *departs);
    return true;
}

/* ---- flights ------------------------------------------------------------ */

void server_settle(struct server *s, sim_time now)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->flights.len; i++) {
        struct flight *f = &s->flights.items[i];
        bool stays = f->fate.departs > now;

        if (f->request) {
            if (!stays) {       /* the request goes on without a flight */
                f->request->listed = false;
                if (f->request->over)
                    request_free(f->request);
            }
        } else if (!f->settled && f->fate.ends <= now) {
            f->settled = true;
            ask_over(s->traffic, &f->ask, f->fate.cause, f->fate.ends);
        } else if (!f->settled) {
            stays = true;
        }
        if (stays)
            s->flights.items[kept++] = *f;
    }
    s->flights.len = kept;
    s->sweep_at = 2 * kept + SWEEP_LEAST;
}

void server_fly(struct server *s, const struct ask *a, struct request *r,
                struct fate f)
{
    bool watched = ask_watched(a, f.cause);
    struct flight *flight;

    if (watched) {
        if (!r)
            r = request_new(s->traffic, a);
        r->begun = f.begun;
        request_fly(r, f.cause, f.ends);
        if (f.departs == 0)
            return;
        r->listed = true;
    }
    if (s->flights.len >= s->sweep_at)
        server_settle(s, world_now(s->traffic->w));
    flight = vec_add(s->traffic->w->arena, &s->flights);
    flight->ask = *a;
    flight->fate = f;
    flight->settled = false;
    flight->request = watched ? r : NULL;
    if (!watched && r)
        request_free(r);        /* a may be its */
}

/* ---- a request comes through -------------------------------------------- */

/* It gets an answer, or is too late for its client. */
static void answer(struct server *s, struct ask *a, struct request *r,
                   sim_time begun, sim_time start, sim_time departs)
{
    struct sender *sender = a->sender;
    sim_time patience = client_patience(a, begun);
    struct fate f = { .begun = begun, .ends = departs, .departs = departs };

    if (patience < departs) {
        f.cause = CAUSE_TIMEOUT;
        f.ends = patience;
    } else {
        f.cause = server_errs(s, a, start) ? CAUSE_ERROR : CAUSE_NONE;
        if (sender->keep_alive)
            conn_put(a, s->process, departs);
    }
    server_fly(s, a, r, f);
}

/* The pod is full: it says so at once. */
static void turn_away(struct server *s, struct ask *a, struct request *r)
{
    struct traffic *t = s->traffic;

    if (a->sender->keep_alive)
        conn_put(a, s->process, world_now(t->w));
    attempt_over(t, a, r, CAUSE_OVERLOAD);
}

void serve(struct server *s, struct ask *a, struct request *r, sim_time begun)
{
    struct traffic *t = s->traffic;
    sim_time start, departs;

    if (s->vanished) {          /* over a connection kept from before */
        server_fly(s, a, r, (struct fate){
            .begun = begun, .cause = CAUSE_HANG,
            .ends = client_despair(a, begun) });
        return;
    }
    if (!a->parent && !a->sender->copies)
        measure_served(t->w, a);
    if (s->process->state == PROCESS_HUNG)
        server_fly(s, a, r, (struct fate){
            .begun = begun, .cause = CAUSE_TIMEOUT, .departs = SIM_NEVER,
            .ends = client_patience(a, begun) });
    else if (s->process->behaviour->ncalls > 0)
        job_begin(s, a, r, begun);
    else if (find_worker(s, a, world_now(t->w), &start, &departs))
        answer(s, a, r, begun, start, departs);
    else
        turn_away(s, a, r);
}

/* ---- what becomes of the process ---------------------------------------- */

/* Give an outcome that was put down another end.  departs 0: the server has
 * nothing to do with it any more. */
static void divert(struct server *s, struct flight f, enum cause cause,
                   sim_time ends, sim_time departs)
{
    struct request *r = f.request;

    if (r)
        r->listed = false;
    server_fly(s, &f.ask, r, (struct fate){
        .begun = f.fate.begun, .ends = ends, .departs = departs,
        .cause = cause });
}

/* The process of flight f ended now. */
static void cut(struct server *s, struct flight f, sim_time now)
{
    struct request *r = f.request;

    if (r && r->over) {
        r->listed = false;
        request_free(r);
    } else if (f.settled) {
        return;
    } else if (f.fate.departs == 0 || (r && f.fate.ends <= now)) {
        divert(s, f, f.fate.cause, f.fate.ends, 0);
    } else if (f.fate.ends <= now) {
        ask_over(s->traffic, &f.ask, f.fate.cause, f.fate.ends);
    } else if (s->vanished) {
        divert(s, f, CAUSE_HANG, client_despair(&f.ask, f.fate.begun), 0);
    } else {
        if (r)
            r->listed = false;
        attempt_over(s->traffic, &f.ask, r, CAUSE_RESET);
    }
}

static void cut_all(struct server *s, sim_time now)
{
    struct flight *items = s->flights.items;
    size_t len = s->flights.len;

    s->flights.items = NULL;
    s->flights.len = s->flights.cap = 0;
    s->workers.len = 0;
    s->starts.len = s->started = 0;
    for (size_t i = 0; i < len; i++)
        cut(s, items[i], now);
}

/* Nothing that is in flight will be answered. */
static void hang_all(struct server *s, sim_time now)
{
    struct flight *items = s->flights.items;
    size_t len = s->flights.len;

    s->flights.items = NULL;
    s->flights.len = s->flights.cap = 0;
    for (size_t i = 0; i < len; i++) {
        struct flight f = items[i];

        if (f.fate.departs > now && f.fate.ends > now && !f.settled)
            divert(s, f, CAUSE_TIMEOUT,
                   client_patience(&f.ask, f.fate.begun), SIM_NEVER);
        else
            vec_push(s->traffic->w->arena, &s->flights, f);
    }
}

static void on_listen(void *ctx, struct process *p)
{
    struct traffic *t = ctx;

    server_of(t, p)->vanished = false;
    measure_process_changed(t->w, p);
}

static void on_close(void *ctx, struct process *p)
{
    measure_process_changed(((struct traffic *)ctx)->w, p);
}

static void on_hang(void *ctx, struct process *p)
{
    struct traffic *t = ctx;
    struct server *s = server_of(t, p);

    hang_all(s, world_now(t->w));
    job_hang_all(s);
    measure_process_changed(t->w, p);
}

static void on_exit(void *ctx, struct process *p)
{
    struct traffic *t = ctx;
    struct server *s = server_of(t, p);

    s->vanished = !p->network;
    traffic_cancel(t, s->idle);
    cut_all(s, world_now(t->w));
    job_cut_all(s);
    measure_process_changed(t->w, p);
}

/* ---- draining ----------------------------------------------------------- */

static void fire_idle(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    process_idle(((struct server *)subject)->process);
}

static const struct event_kind ev_idle = {
    .name = "server.idle", .rank = RANK_WORLD, .fire = fire_idle,
};

void server_idle_at(struct server *s, sim_time t)
{
    traffic_cancel(s->traffic, s->idle);
    s->idle = traffic_at(s->traffic, t, &ev_idle, s);
}

static int on_busy(void *ctx, const struct process *p)
{
    struct traffic *t = ctx;
    struct server *s = p->traffic;
    sim_time last = 0, now = world_now(t->w);
    int n = 0;

    if (!s)
        return 0;
    server_settle(s, now);
    for (size_t i = 0; i < s->flights.len; i++) {
        sim_time departs = s->flights.items[i].fate.departs;

        if (departs <= now)
            continue;
        n++;
        last = departs > last ? departs : last;
    }
    if (n > 0 && p->state == PROCESS_CLOSED)
        server_idle_at(s, last);
    return n + s->busy + s->queued;
}

static const struct process_ops watch = {
    .listen = on_listen, .close = on_close, .hang = on_hang, .exit = on_exit,
    .busy = on_busy,
};

void serve_watch(struct traffic *t)
{
    process_watch(t->w, &watch, t);
}

sim_time traffic_cpu(const struct process *p)
{
    const struct server *s = p->traffic;
    sim_time each = p->behaviour->cpu_per_request;

    if (!s)
        return 0;
    return each > 0 ? s->taken * each : s->worked;
}
