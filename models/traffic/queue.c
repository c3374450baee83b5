/*
 * queue.c - work queues: tasks that wait until a worker takes them.
 *
 * The broker is outside of the cluster (cluster.queues), and never down.  Clients
 * of traffic `to: queue/NAME` put tasks in; the pods whose image `takes` it are
 * its workers: each has as many tasks in hand as it has `concurrency`, and gets
 * the oldest one that waits as soon as it listens or has a hand free, whoever's
 * turn it is (round robin).  Nobody routes to a worker, so neither its readiness
 * nor a Service matters.
 *
 * A task that a worker has done is gone; it is answered then, so its latency runs
 * from its making.  One that ends otherwise waits again, before all others:
 *
 *     visibility 0    the broker holds a connection to the worker: at once when
 *                     the process ends, `heartbeat` after it has vanished
 *     visibility > 0  nobody tells the broker: that long after it was taken.  A
 *                     worker that is slower than that works for nothing: the
 *                     task is taken a second time meanwhile
 *     answered 5xx    at once
 *
 * until it has been taken `deliveries` times; then it has failed.  The amount of
 * work is that of the task, whoever takes it.
 *
 * Not modelled: several queues of one worker; tasks taken ahead (prefetch beyond
 * concurrency); what a task done twice spoils; brokers that fail.
 * Source: RabbitMQ (consumer acknowledgements, heartbeats of 60 s), Amazon SQS
 * (visibility timeout, redrive); Burns, Designing Distributed Systems, ch. 10.
 */
#include <string.h>

#include "base/bug.h"
#include "models/record.h"
#include "traffic_impl.h"

struct task_queue {
    struct traffic *t;
    const struct queue_spec *spec;
    VEC(struct request *) tasks;        /* that wait, from `head` on */
    size_t head;
    VEC(struct server *) workers;
    size_t turn;
};

/* ---- who takes what ----------------------------------------------------- */

static bool has_hand_free(const struct server *s)
{
    const struct process *p = s->process;

    return p->state == PROCESS_SERVING && p->network && !s->vanished &&
           s->busy < p->behaviour->concurrency;
}

static struct server *next_worker(struct task_queue *q)
{
    for (size_t i = 0; i < q->workers.len; i++) {
        size_t at = (q->turn + i) % q->workers.len;

        if (has_hand_free(q->workers.items[at])) {
            q->turn = at + 1;
            return q->workers.items[at];
        }
    }
    return NULL;
}

static void hand_out(struct task_queue *q)
{
    struct server *s;

    while (q->head < q->tasks.len && (s = next_worker(q))) {
        struct request *r = q->tasks.items[q->head++];

        ask_route(&r->ask, s);
        serve(s, &r->ask, r, world_now(q->t->w));
    }
    if (q->head == q->tasks.len)
        q->head = q->tasks.len = 0;
}

void queue_enter(struct request *r)
{
    struct task_queue *q = r->ask.sender->queue;

    request_wait(r, REQUEST_QUEUED, SIM_NEVER);
    if (r->ask.tries == 0) {
        vec_push(q->t->w->arena, &q->tasks, r);
    } else if (q->head > 0) {   /* before all others */
        q->tasks.items[--q->head] = r;
    } else {
        vec_push(q->t->w->arena, &q->tasks, r);
        memmove(&q->tasks.items[1], &q->tasks.items[0],
                (q->tasks.len - 1) * sizeof(q->tasks.items[0]));
        q->tasks.items[0] = r;
    }
    hand_out(q);
}

void queue_attempt(struct traffic *t, const struct ask *a)
{
    queue_enter(request_new(t, a));
}

void queue_look(struct server *s)
{
    if (s->takes)
        hand_out(s->takes);
}

/* ---- tasks that come back ----------------------------------------------- */

sim_time queue_patience(const struct ask *a, sim_time begun)
{
    sim_time visibility = a->sender->queue->spec->visibility;

    return visibility > 0 ? begun + visibility : SIM_NEVER;
}

sim_time queue_notices(const struct ask *a, sim_time begun)
{
    const struct task_queue *q = a->sender->queue;

    return q->spec->visibility > 0 ? begun + q->spec->visibility
                                   : world_now(q->t->w) + q->spec->heartbeat;
}

bool queue_takes_back(struct traffic *t, struct ask *a, enum cause cause,
                      sim_time begun)
{
    const struct queue_spec *spec = a->sender->queue->spec;
    sim_time when = world_now(t->w);
    struct request *r;

    if (cause == CAUSE_NONE ||
        (spec->deliveries > 0 && a->tries + 1 >= spec->deliveries))
        return false;
    if (cause == CAUSE_RESET && spec->visibility > 0 &&
        begun + spec->visibility > when)
        when = begun + spec->visibility;
    if (a->tries < UINT8_MAX)
        a->tries++;
    a->first_failed = true;
    a->u_error = ask_u(a, DRAW_ERROR);
    r = request_new(t, a);
    request_wait(r, REQUEST_QUEUED, when);
    return true;
}

/* ---- workers come and go ------------------------------------------------ */

static struct task_queue *queue_called(const struct traffic *t,
                                       const char *name)
{
    for (size_t i = 0; i < t->queues.len; i++)
        if (strcmp(t->queues.items[i]->spec->name, name) == 0)
            return t->queues.items[i];
    return NULL;
}

static void join(struct traffic *t, struct process *p)
{
    struct server *s = server_of(t, p);

    if (!p->behaviour->takes || s->takes)
        return;
    s->takes = queue_called(t, p->behaviour->takes + strlen("queue/"));
    if (!s->takes)
        return;
    vec_push(t->w->arena, &s->takes->workers, s);
    hand_out(s->takes);
}

static void leave(struct traffic *t, struct process *p)
{
    struct server *s = server_of(t, p);
    struct task_queue *q = s->takes;

    s->takes = NULL;
    for (size_t i = 0; q && i < q->workers.len; i++)
        if (q->workers.items[i] == s) {
            vec_remove(&q->workers, i);
            return;
        }
}

static void on_listen(void *ctx, struct process *p)
{
    join(ctx, p);
}

static void on_leave(void *ctx, struct process *p)
{
    leave(ctx, p);
}

static void on_cut_off(void *ctx, struct process *p)
{
    if (p->network && p->state == PROCESS_SERVING)
        join(ctx, p);
    else
        leave(ctx, p);
}

static const struct process_ops watch = {
    .listen = on_listen, .close = on_leave, .hang = on_leave,
    .exit = on_leave, .cut_off = on_cut_off,
};

void queues_new(struct traffic *t)
{
    const struct cluster_spec *c = &t->w->spec->cluster;

    for (size_t i = 0; i < c->nqueues; i++) {
        struct task_queue *q = arena_make(t->w->arena, struct task_queue);

        q->t = t;
        q->spec = &c->queues[i];
        vec_push(t->w->arena, &t->queues, q);
    }
    if (c->nqueues > 0)
        process_watch(t->w, &watch, t);
}

struct task_queue *queue_of_target(const struct traffic *t, const char *to)
{
    return strncmp(to, "queue/", 6) == 0 ? queue_called(t, to + 6) : NULL;
}
