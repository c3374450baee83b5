/*
 * serve.c - how a pod serves requests, without an event for each.
 *
 * A pod has `concurrency` workers and a queue, first come first served.  It
 * keeps only when each worker will be free (workers.c), so the time at which a
 * request departs is known when it arrives (Lindley's recursion, Kiefer and
 * Wolfowitz for several workers).  What was put down so is a flight; outcomes are
 * counted later, when the flights are looked through.  If the process ends
 * before a departure, the flight is cut: reset if the kernel can still say so,
 * else the client waits in vain.  A client that gives up does not stop the
 * work that was begun for it.
 *
 * A new connection is there once the kernel has it, `accept` before the process
 * takes it.  When the process closes its listener, draining or not, the kernel
 * resets those that are still in its queue; the worker's time that was planned
 * for them stays taken.
 *
 * Pods that call other services cannot know; they have jobs (job.c), as have
 * pods whose image asks for events (departures), to compare.
 *
 * Not modelled: sharing of cpu between requests in service, or between pods;
 * the speed (warm-up) is that at the start of the work; the queue of accepts on
 * connections of keep-alive clients and proxies, which seldom open one.  If a configuration
 * brings calls, or takes them away, what was begun without them takes no worker
 * from what is begun with them.
 * Source: Lindley 1952; Kiefer and Wolfowitz 1955; reference (speed) 5.
 */
#include "base/bug.h"
#include "models/database.h"
#include "models/group.h"
#include "models/measure.h"
#include "traffic_impl.h"

bool server_able(const struct server *s)
{
    return group_answers(s->traffic->w, s->process) &&
           database_readable(s->process);
}

bool server_errs(const struct server *s, double u, sim_time start)
{
    const struct process *p = s->process;

    return u < p->behaviour->error.rate &&
           start >= p->errors_from && start < p->errors_until;
}

bool server_errs_to(const struct server *s, const struct ask *a,
                    sim_time start)
{
    const struct error_rate *e = &ask_code(s, a)->error;
    bool meant = !e->key || ask_has(a, e->key, e->value);

    if (a->version != s->version)       /* a path that a flag turned on */
        return meant && a->u_error < e->rate;
    return server_errs(s, meant ? a->u_error : 1, start);
}

/* ---- flights ------------------------------------------------------------ */

/* What a was, as far as anybody asks. */
static struct ask ask_of(struct server *s, const struct answer *a)
{
    return (struct ask){ .sender = s->traffic->senders.items[a->sender],
                         .i = a->i, .sent = a->sent, .server = s,
                         .version = s->version, .place = a->place,
                         .exposed = a->exposed };
}

/* Make flights of all answers, each where it belongs. */
static void unfold(struct server *s)
{
    size_t n = s->flights.len, k = s->answers.len, at = n + k;

    for (size_t i = 0; i < k; i++)
        vec_add(s->traffic->w->arena, &s->flights);
    while (k > 0) {
        const struct answer *a = &s->answers.items[k - 1];
        const struct flight *f = n > 0 ? &s->flights.items[n - 1] : NULL;

        if (f && (int32_t)(f->number - a->number) > 0) {
            s->flights.items[--at] = *f;
            n--;
            continue;
        }
        s->flights.items[--at] = (struct flight){
            .ask = ask_of(s, a), .number = a->number,
            .fate = { .begun = a->sent, .ends = a->departs,
                      .departs = a->departs } };
        k--;
    }
    s->answers.len = 0;
}

/* Count the answers that have been given by now. */
static void settle_answers(struct server *s, sim_time now)
{
    struct world *w = s->traffic->w;
    struct sender *const *senders = s->traffic->senders.items;
    bool brief = measure_brief(w);
    struct answered done[SWEEP_LEAST];
    size_t kept = 0, n = 0;

    for (size_t i = 0; i < s->answers.len; i++) {
        const struct answer *a = &s->answers.items[i];

        if (a->departs > now) {
            s->answers.items[kept++] = *a;
            continue;
        }
        senders[a->sender]->accounts.items[s->version->index].ok++;
        if (brief) {
            done[n++] = (struct answered){ a->sent, a->departs, a->exposed };
        } else {
            struct ask ask = ask_of(s, a);

            measure_outcome(w, &ask, CAUSE_NONE, a->departs);
        }
        if (n == COUNT_OF(done)) {
            measure_answers(w, s->version, done, n);
            n = 0;
        }
    }
    measure_answers(w, s->version, done, n);
    s->answers.len = kept;
}

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
    settle_answers(s, now);
    s->sweep_at = 2 * (kept + s->answers.len) + SWEEP_LEAST;
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
    if (s->flights.len + s->answers.len >= s->sweep_at)
        server_settle(s, world_now(s->traffic->w));
    flight = vec_add(s->traffic->w->arena, &s->flights);
    flight->ask = *a;
    flight->fate = f;
    flight->number = s->numbers++;
    flight->settled = false;
    flight->request = watched ? r : NULL;
    if (!watched && r)
        request_free(r);        /* a may be its */
}

/* ---- a request comes through -------------------------------------------- */

/* Does struct answer say all about it that may be asked? */
static bool is_short(const struct ask *a, const struct request *r)
{
    const struct sender *s = a->sender;

    return !r && a->version == a->server->version && !a->parent &&
           a->attempt == 0 && s->users == 0 && !s->site && !s->mesh &&
           !s->copies && s->index <= UINT16_MAX;
}

static void put_answer(struct server *s, const struct ask *a, sim_time departs)
{
    struct answer *answer = server_answer(s, world_now(s->traffic->w));

    answer->sent = a->sent;
    answer->departs = departs;
    answer->i = a->i;
    answer->exposed = a->exposed;
    answer->sender = (uint16_t)a->sender->index;
    answer->place = a->place;
}

/* It gets an answer, or is too late for its client. */
static void answer(struct server *s, struct ask *a, struct request *r,
                   sim_time begun, struct stint stint)
{
    struct sender *sender = a->sender;
    sim_time patience = client_patience(a, begun);
    struct fate f = { .begun = begun, .ends = stint.departs,
                      .departs = stint.departs };

    if (patience < stint.departs) {
        f.cause = CAUSE_TIMEOUT;
        f.ends = patience;
    } else {
        f.cause = !server_able(s) || server_errs_to(s, a, stint.start)
                      ? CAUSE_ERROR : CAUSE_NONE;
        if (sender->keep_alive)
            conn_put(a, s->process, stint.departs);
    }
    if (f.cause == CAUSE_NONE && is_short(a, r))
        put_answer(s, a, stint.departs);
    else
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

void serve_taken(struct server *s, struct ask *a, struct request *r,
                 sim_time begun, struct stint stint)
{
    if (stint.start < SIM_NEVER)
        answer(s, a, r, begun, stint);
    else
        turn_away(s, a, r);
}

void serve(struct server *s, struct ask *a, struct request *r, sim_time begun)
{
    struct traffic *t = s->traffic;

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
    else if (!behaviour_by_events(s->process->behaviour))
        serve_taken(s, a, r, begun,
                    workers_take(s, ask_code(s, a), a->u_work,
                                 world_now(t->w)));
    else if (!job_begin(s, a, r, begun))
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

/* Take all flights out; *n of them.  s begins another list. */
static struct flight *take_flights(struct server *s, size_t *n)
{
    struct flight *items;

    unfold(s);
    items = s->flights.items;
    *n = s->flights.len;
    s->flights.items = NULL;
    s->flights.len = s->flights.cap = 0;
    return items;
}

static void cut_all(struct server *s, sim_time now)
{
    size_t len;
    struct flight *items = take_flights(s, &len);

    workers_leave(s);
    for (size_t i = 0; i < len; i++)
        cut(s, items[i], now);
}

/* Nothing that is in flight will be answered: the process hangs for good, or it
 * works on, cut off from its clients. */
static void hang_all(struct server *s, sim_time now)
{
    bool off = s->vanished;
    size_t len;
    struct flight *items = take_flights(s, &len);

    for (size_t i = 0; i < len; i++) {
        struct flight f = items[i];

        if (f.fate.departs <= now || f.fate.ends <= now || f.settled)
            vec_push(s->traffic->w->arena, &s->flights, f);
        else if (off)
            divert(s, f, CAUSE_HANG, client_despair(&f.ask, f.fate.begun),
                   f.fate.departs);
        else
            divert(s, f, CAUSE_TIMEOUT,
                   client_patience(&f.ask, f.fate.begun), SIM_NEVER);
    }
}

static void on_listen(void *ctx, struct process *p)
{
    struct traffic *t = ctx;
    struct server *s = server_of(t, p);

    s->vanished = false;
    s->silent = SIM_NEVER;
    flag_starts(s);
    measure_process_changed(t->w, p);
}

/* ---- the listener is closed --------------------------------------------- */

bool server_queues(const struct server *s, const struct ask *a,
                   sim_time begun)
{
    const struct sender *from = a->sender;
    const struct world *w = s->traffic->w;
    double u;

    if (from->keep_alive || from->site || from->mesh)
        return false;
    u = stream_u01_at(w->spec->seed, PURPOSE_ACCEPT, from->entity,
                      w->replication, (uint64_t)a->i * 256 + a->attempt);
    return begun + dist_at(&s->process->behaviour->accept, u) > world_now(w);
}

static bool is_reset(const struct server *s, const struct flight *f,
                     sim_time now)
{
    if (f->settled || f->fate.ends <= now || f->fate.departs <= now ||
        (f->request && f->request->over))
        return false;
    return server_queues(s, &f->ask, f->fate.begun);
}

static void reset_queued(struct server *s, sim_time now)
{
    size_t len;
    struct flight *items = take_flights(s, &len);

    for (size_t i = 0; i < len; i++) {
        struct flight f = items[i];
        bool reset = is_reset(s, &f, now);

        f.settled |= reset && !f.request;
        vec_push(s->traffic->w->arena, &s->flights, f);
        if (reset)              /* a request stays listed, as a husk */
            attempt_over(s->traffic, &f.ask, f.request, CAUSE_RESET);
    }
}

static void on_close(void *ctx, struct process *p)
{
    struct traffic *t = ctx;
    struct server *s = p->traffic;
    const struct dist *accept = &p->behaviour->accept;

    if (s && (accept->law != DIST_CONSTANT || accept->fixed > 0)) {
        reset_queued(s, world_now(t->w));
        job_reset_queued(s);
    }
    measure_process_changed(t->w, p);
}

/* What it answered so far it answered as it was. */
static void on_reconfigure(void *ctx, struct process *p)
{
    struct traffic *t = ctx;
    struct server *s = server_of(t, p);

    server_settle(s, world_now(t->w));
    workers_change(s);
}

static void on_hang(void *ctx, struct process *p)
{
    struct traffic *t = ctx;
    struct server *s = server_of(t, p);

    s->silent = world_now(t->w);
    hang_all(s, s->silent);
    job_hang_all(s);
    measure_process_changed(t->w, p);
}

static void on_cut_off(void *ctx, struct process *p)
{
    struct traffic *t = ctx;
    struct server *s = server_of(t, p);

    if (p->state != PROCESS_ABSENT) {
        s->vanished = !p->network;
        s->silent = p->network ? SIM_NEVER : world_now(t->w);
    }
    if (s->vanished) {
        hang_all(s, s->silent);
        job_lose_clients(s);
    } else if (p->network) {
        kernel_reached_again(t, p);
    }
    measure_process_changed(t->w, p);
}

static void on_exit(void *ctx, struct process *p)
{
    struct traffic *t = ctx;
    struct server *s = server_of(t, p);

    s->vanished = !p->network;
    if (s->silent == SIM_NEVER)
        s->silent = world_now(t->w);
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
    for (size_t i = 0; i < s->answers.len; i++) {
        n++;
        if (s->answers.items[i].departs > last)
            last = s->answers.items[i].departs;
    }
    if (n > 0 && p->state == PROCESS_CLOSED)
        server_idle_at(s, last);
    return n + s->busy + s->queued;
}

static const struct process_ops watch = {
    .listen = on_listen, .close = on_close, .hang = on_hang, .exit = on_exit,
    .busy = on_busy, .reconfigure = on_reconfigure, .cut_off = on_cut_off,
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
