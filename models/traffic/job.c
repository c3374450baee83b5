/*
 * job.c - serving requests event by event.
 *
 * A worker does its own work first, then makes the calls in the order of the
 * list: the `count` requests of one entry one after the other, or all at once
 * if it is parallel (scatter, gather).  It is held until the last answer, or for
 * `within`: what comes later is dropped.  A call fails (no retries, no time-out
 * but TCP's), or is answered by a version that the caller does not understand:
 * then the request is answered 5xx, unless `atLeast` so many calls of its entry
 * were answered well; an answer from fewer than all is a partial one.  Here each
 * step is an event; without calls (images: departures) every time is that of
 * workers.c, to the nanosecond, so each proves the other.
 *
 * Calls open a new connection each, from the pod's node.  What a job has begun
 * it does as it began, whatever becomes of the configuration meanwhile.
 */
#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "models/measure.h"
#include "traffic_impl.h"

struct job {
    struct server *server;
    const struct behaviour *behaviour;  /* when it began */
    struct ask ask;             /* what it was asked, for its draws */
    struct request *client;     /* NULL once it gave up */
    bool errs;                  /* answers 5xx whatever the calls say */
    bool failed;                /* a call failed */
    bool stuck;                 /* the process hangs or is gone */
    bool cut;                   /* ... is gone, and nobody keeps the job */
    bool calling;               /* within make_calls */
    size_t call;                /* entry of behaviour.calls */
    int made;                   /* requests of this entry so far */
    int good;                   /* of them answered well */
    int pending;                /* not answered yet */
    int scattered;              /* calls of this entry that are on their way */
    int late;                   /* ... of earlier entries: dropped */
    bool gathers, partial;      /* not all calls are needed; some are missing */
    bool over;                  /* the request is answered */
    event_id limit;             /* of `within` */
    uint32_t calls;             /* made in all */
    event_id event;             /* end of the own work */
    sim_time ends;              /* the same, without calls; SIM_NEVER: not
                                 * known */
    struct job *next, *prev;    /* in the queue (next only), or at work */
};

static void start(struct job *j);

void job_init(struct traffic *t)
{
    pool_init(&t->jobs, t->w->arena, sizeof(struct job));
}

static void link_working(struct server *s, struct job *j)
{
    j->next = NULL;
    j->prev = s->working_last;
    if (j->prev)
        j->prev->next = j;
    else
        s->working = j;
    s->working_last = j;
    s->busy++;
}

static void unlink_working(struct server *s, struct job *j)
{
    if (j->prev)
        j->prev->next = j->next;
    else
        s->working = j->next;
    if (j->next)
        j->next->prev = j->prev;
    else
        s->working_last = j->prev;
    s->busy--;
}

static struct job *queue_pop(struct server *s)
{
    struct job *j = s->first;

    if (j) {
        s->first = j->next;
        s->queued--;
    }
    if (!s->first)
        s->last = NULL;
    return j;
}

static void queue_push(struct server *s, struct job *j)
{
    j->next = NULL;
    if (s->last)
        s->last->next = j;
    else
        s->first = j;
    s->last = j;
    s->queued++;
}

static void release(struct job *j)
{
    if (j->pending == 0)
        pool_put(&j->server->traffic->jobs, j);
}

/* ---- the end ------------------------------------------------------------ */

/* Tell the client, with the connection back in its pool. */
static void tell_client(struct job *j, enum cause cause)
{
    struct request *r = j->client;

    if (!r)
        return;
    if (r->ask.sender->keep_alive)
        conn_put(&r->ask, j->server->process,
                 world_now(j->server->traffic->w));
    request_over(r, cause);
}

static void finish(struct job *j)
{
    struct server *s = j->server;
    struct job *next;

    j->over = true;
    traffic_cancel(s->traffic, j->limit);
    unlink_working(s, j);
    while (s->busy < s->process->behaviour->concurrency &&
           (next = queue_pop(s)))
        start(next);
    if (s->busy == 0 && s->process->state == PROCESS_CLOSED)
        server_idle_at(s, world_now(s->traffic->w));
    if (j->gathers && j->client && !j->ask.parent && !j->ask.sender->copies)
        measure_gathered(s->traffic->w, &j->ask,
                         j->partial && !j->failed && !j->errs);
    tell_client(j, j->failed || j->errs ? CAUSE_ERROR : CAUSE_NONE);
    release(j);
    queue_look(s);
}

const struct process *job_process(const struct job *j)
{
    return j->server->process;
}

object_uid job_pod(const struct job *j)
{
    return job_process(j)->pod;
}

/* ---- calls -------------------------------------------------------------- */

/* The first call of an entry goes to the shard of the key, the next ones to the
 * next. */
static uint8_t shard_of_call(const struct job *j, const struct call_out *c)
{
    int64_t key = j->ask.sender->users > 0 ? (int64_t)j->ask.user : j->ask.i;
    uint64_t first = fnv64(FNV_START, &key, sizeof(key));

    return (uint8_t)((first + (uint64_t)j->scattered) % (uint64_t)c->shards);
}

static void make_call(struct job *j, const struct call_out *c)
{
    struct server *s = j->server;
    struct traffic *t = s->traffic;
    struct sender *to = sender_of_calls(t, s->space, c->to, c->shards);
    uint64_t name = fnv64(j->ask.sender->entity, &j->ask.i, sizeof(j->ask.i));
    uint32_t which = j->calls++ << 8 | j->ask.attempt;
    struct ask a = { .sender = to, .sent = world_now(t->w), .parent = j,
                     .version = t->versions->list.items[0],
                     .user = j->ask.user,
                     .place = sender_place(to, s->process->node),
                     .entry = (uint8_t)j->call };

    a.i = (int64_t)(fnv64(name, &which, sizeof(which)) >> 16);
    if (c->shards > 0)
        a.shard = shard_of_call(j, c);
    ask_draw(&a);
    to->sent++;
    to->accounts.items[0].routed++;
    client_attempt(t, &a, NULL);
}

static void fire_limit(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_limit = {
    .name = "job.limit", .rank = RANK_REQUEST, .fire = fire_limit,
};

/* The answers of this entry are in, or are not waited for: the next one. */
static void gather(struct job *j, const struct call_out *c)
{
    int need = c->at_least > 0 ? c->at_least : c->count;

    traffic_cancel(j->server->traffic, j->limit);
    j->failed |= j->good < need;
    j->gathers |= c->at_least > 0;
    j->partial |= j->good < c->count;
    j->call++;
    j->made = j->good = j->scattered = 0;
}

/* Make the next calls, until one must be waited for; or end. */
static void make_calls(struct job *j)
{
    const struct behaviour *b = j->behaviour;

    j->calling = true;
    while (!j->failed && j->pending == j->late && j->call < b->ncalls) {
        const struct call_out *c = &b->calls[j->call];
        int n = c->parallel ? c->count - j->made : j->made < c->count;

        if (n <= 0) {
            gather(j, c);
            continue;
        }
        if (c->within > 0 && j->made == 0)
            j->limit = traffic_at(j->server->traffic,
                                  world_now(j->server->traffic->w) +
                                  c->within, &ev_limit, j);
        j->made += n;
        j->pending += n;        /* before the first can be over */
        for (; n > 0; n--, j->scattered++)
            make_call(j, c);
    }
    j->calling = false;
    if (j->pending == j->late)
        finish(j);
}

static void fire_limit(struct sim *sim, void *subject, int64_t arg)
{
    struct job *j = subject;

    (void)sim;
    (void)arg;
    if (j->stuck)
        return;
    j->late = j->pending;
    gather(j, &j->behaviour->calls[j->call]);
    make_calls(j);
}

static bool has_tag(const char *image, const char *tag)
{
    size_t len = strlen(image), n = strlen(tag);

    return len > n && image[len - n - 1] == ':' &&
           strcmp(image + len - n, tag) == 0;
}

/* Can the caller use the answer to call a?  All calls under way are of one
 * entry. */
static bool understood(const struct job *j, const struct ask *a)
{
    const struct field_list *tags =
        &j->behaviour->calls[j->call].understands;
    const char *const *items = tags->items;

    for (size_t i = 0; i < tags->len; i++)
        if (has_tag(a->server->process->image, items[i]))
            return true;
    return tags->len == 0;
}

void job_call_over(struct job *j, const struct ask *a, enum cause cause)
{
    const struct call_out *c = j->call < j->behaviour->ncalls
                                   ? &j->behaviour->calls[j->call] : NULL;

    CHECK(j->pending > 0);
    j->pending--;
    if (j->over || j->cut) {
        release(j);
        return;
    }
    if (a->entry != j->call || !c) {
        j->late--;
        return;
    }
    if (cause == CAUSE_NONE && understood(j, a))
        j->good++;
    else if (c->at_least == 0)
        j->failed = true;
    if (j->pending > j->late || j->calling)
        return;
    if (j->cut)
        release(j);
    else if (!j->stuck)         /* else it hangs, and ends with its process */
        make_calls(j);
}

/* ---- the beginning ------------------------------------------------------ */

static void fire_worked(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    make_calls(subject);
}

static const struct event_kind ev_worked = {
    .name = "job.worked", .rank = RANK_REQUEST, .fire = fire_worked,
};

/* Wake the client of j if it gives up while j is at work, or waits.  Without
 * calls it is known whether j ends in time (an answer at the very last moment
 * is in time). */
static void watch_client(struct job *j)
{
    struct request *r = j->client;
    sim_time patience = client_patience(&r->ask, r->begun);

    if (j->ends <= patience && !j->stuck)
        patience = SIM_NEVER;
    request_wait(r, REQUEST_AT_WORK, patience);
}

static void start(struct job *j)
{
    struct server *s = j->server;
    struct traffic *t = s->traffic;
    sim_time now = world_now(t->w);
    sim_time work = server_work(s, ask_code(s, &j->ask),
                                j->ask.u_work, now);

    link_working(s, j);
    j->behaviour = s->process->behaviour;
    if (j->behaviour->ncalls == 0) {
        j->ends = now + work;
        if (j->client)
            watch_client(j);
    }
    s->worked += work < SIM_NEVER ? work : 0;
    s->taken++;
    j->errs |= server_errs_to(s, &j->ask, now);
    j->event = traffic_at(t, now + work, &ev_worked, j);
}

bool job_begin(struct server *s, struct ask *a, struct request *r,
               sim_time begun)
{
    const struct behaviour *b = s->process->behaviour;
    struct traffic *t = s->traffic;
    struct job *j;

    if (s->busy >= b->concurrency && s->queued >= b->queue)
        return false;
    if (!r)
        r = request_new(t, a);
    j = pool_take(&t->jobs);
    j->server = s;
    j->ask = *a;
    j->errs = !server_able(s);
    j->client = r;
    r->begun = begun;
    r->job = j;
    j->ends = SIM_NEVER;
    if (b->ncalls > 0 || s->busy >= b->concurrency)
        watch_client(j);        /* else start does */
    if (s->busy < b->concurrency)
        start(j);
    else
        queue_push(s, j);
    return true;
}

void job_forget_client(struct job *j)
{
    j->client = NULL;
}

/* ---- a process that hangs or ends --------------------------------------- */

void job_hang_all(struct server *s)
{
    for (struct job *j = s->working; j; j = j->next) {
        traffic_cancel(s->traffic, j->event);
        j->stuck = true;
        if (j->client && j->ends < SIM_NEVER)
            watch_client(j);
    }
}

static void lose_client(struct job *j)
{
    struct request *r = j->client;

    j->client = NULL;
    if (r)
        request_fly(r, CAUSE_HANG, client_despair(&r->ask, r->begun));
}

void job_lose_clients(struct server *s)
{
    for (struct job *j = s->working; j; j = j->next)
        lose_client(j);
    for (struct job *j = s->first; j; j = j->next)
        lose_client(j);
}

/* j is worked on no more. */
static void cut(struct job *j)
{
    struct server *s = j->server;
    struct request *r = j->client;

    traffic_cancel(s->traffic, j->event);
    traffic_cancel(s->traffic, j->limit);
    j->stuck = j->cut = true;
    if (s->vanished) {
        lose_client(j);
    } else if (r) {
        j->client = NULL;
        request_over(r, CAUSE_RESET);
    }
    release(j);
}

/* Reset the clients that wait in a list of jobs, of connections which the
 * process has not accepted. */
static void reset_queued(struct server *s, struct job *list)
{
    for (struct job *j = list; j; j = j->next) {
        struct request *r = j->client;

        if (!r || !server_queues(s, &j->ask, r->begun))
            continue;
        j->client = NULL;
        request_over(r, CAUSE_RESET);
    }
}

void job_reset_queued(struct server *s)
{
    reset_queued(s, s->working);
    reset_queued(s, s->first);
}

void job_cut_all(struct server *s)
{
    struct job *j;

    while ((j = s->working)) {  /* in the order of their arrival */
        unlink_working(s, j);
        cut(j);
    }
    while ((j = queue_pop(s)))
        cut(j);
}
