/*
 * workqueue.c - the de-duplicating, rate-limiting queue of a control loop.
 *
 * Per key: dirty (wants processing), processing, failures, and at most one
 * timer with the earliest of the delayed adds.
 *
 * Source: client-go util/workqueue at v1.36 (queue.go, delaying_queue.go,
 * default_rate_limiters.go); reference 8.3.
 */
#include "models/workqueue.h"

#include <math.h>

#include "base/bug.h"
#include "kernel/event.h"
#include "models/ranks.h"

struct item {
    struct workqueue *q;
    object_uid key;
    bool dirty, processing;
    int failures;
    event_id timer;
    sim_time due;               /* of the timer */
};

struct workqueue {
    struct arena *arena;
    struct sim *sim;
    void (*ready)(void *ctx);
    void *ctx;
    struct map items;           /* key -> struct item */
    VEC(object_uid) fifo;
    size_t head;                /* of fifo */
    double tokens;              /* overall retry bucket */
    sim_time filled;
    sim_time retry_base, retry_max;     /* 0: the usual, and the bucket */
};

#define RETRY_BASE (5 * SIM_MS)         /* client-go default */
#define RETRY_MAX (1000 * SIM_S)        /* likewise */
#define BUCKET_QPS 10.0                 /* likewise */
#define BUCKET_BURST 100.0              /* likewise */

struct workqueue *workqueue_new(struct arena *a, struct sim *sim,
                                void (*ready)(void *ctx), void *ctx)
{
    struct workqueue *q = arena_make(a, struct workqueue);

    q->arena = a;
    q->sim = sim;
    q->ready = ready;
    q->ctx = ctx;
    q->tokens = BUCKET_BURST;
    map_init(&q->items, a);
    return q;
}

static struct item *item_of(struct workqueue *q, object_uid key)
{
    struct item *it = map_get_number(&q->items, key);

    if (!it) {
        it = arena_make(q->arena, struct item);
        it->q = q;
        it->key = key;
        map_put_number(&q->items, key, it);
    }
    return it;
}

/* Append a key; the consumed front is reused once it outweighs the rest. */
static void enqueue(struct workqueue *q, object_uid key)
{
    if (q->head > 64 && q->head * 2 > q->fifo.len) {
        size_t left = q->fifo.len - q->head;

        for (size_t i = 0; i < left; i++)
            q->fifo.items[i] = q->fifo.items[q->head + i];
        q->fifo.len = left;
        q->head = 0;
    }
    vec_push(q->arena, &q->fifo, key);
    q->ready(q->ctx);
}

void workqueue_add(struct workqueue *q, object_uid key)
{
    struct item *it = item_of(q, key);

    if (it->dirty)
        return;
    it->dirty = true;
    if (!it->processing)
        enqueue(q, key);
}

static void fire_timer(struct sim *sim, void *subject, int64_t arg)
{
    struct item *it = subject;

    (void)sim;
    (void)arg;
    workqueue_add(it->q, it->key);
}

static const struct event_kind ev_delayed = {
    .name = "queue.delayed", .rank = RANK_SYNC, .fire = fire_timer,
};

void workqueue_add_after(struct workqueue *q, object_uid key, sim_time delay)
{
    struct item *it = item_of(q, key);
    sim_time due = sim_now(q->sim) + delay;

    if (delay <= 0) {
        workqueue_add(q, key);
        return;
    }
    if (sim_pending(q->sim, it->timer)) {
        if (it->due <= due)
            return;             /* only the earliest wake-up is kept */
        sim_cancel(q->sim, it->timer);
    }
    it->due = due;
    it->timer = sim_at(q->sim, due, &ev_delayed, it, key);
}

sim_time workqueue_backoff(int n)
{
    sim_time delay;

    CHECK(n >= 1);
    if (n > 18)                 /* 5 ms * 2^18 is beyond 1000 s */
        return RETRY_MAX;
    delay = RETRY_BASE << (n - 1);
    return delay < RETRY_MAX ? delay : RETRY_MAX;
}

/* Wait imposed by the bucket that all keys share. */
static sim_time bucket_wait(struct workqueue *q)
{
    sim_time now = sim_now(q->sim);

    q->tokens += (double)(now - q->filled) / (double)SIM_S * BUCKET_QPS;
    q->tokens = fmin(q->tokens, BUCKET_BURST);
    q->filled = now;
    q->tokens -= 1;
    if (q->tokens >= 0)
        return 0;
    return (sim_time)llround(-q->tokens / BUCKET_QPS * (double)SIM_S);
}

void workqueue_set_backoff(struct workqueue *q, sim_time base, sim_time max)
{
    q->retry_base = base;
    q->retry_max = max;
}

/* base * 2^(n - 1), at most max. */
static sim_time doubled(sim_time base, sim_time max, int n)
{
    while (--n > 0 && base < max)
        base *= 2;
    return base < max ? base : max;
}

void workqueue_add_limited(struct workqueue *q, object_uid key)
{
    struct item *it = item_of(q, key);
    int n = ++it->failures;
    sim_time own = q->retry_base ? doubled(q->retry_base, q->retry_max, n)
                                 : workqueue_backoff(n);
    sim_time shared = q->retry_base ? 0 : bucket_wait(q);

    workqueue_add_after(q, key, own > shared ? own : shared);
}

void workqueue_forget(struct workqueue *q, object_uid key)
{
    item_of(q, key)->failures = 0;
}

int workqueue_failures(const struct workqueue *q, object_uid key)
{
    const struct item *it = map_get_number(&q->items, key);

    return it ? it->failures : 0;
}

bool workqueue_get(struct workqueue *q, object_uid *key)
{
    struct item *it;

    if (q->head == q->fifo.len)
        return false;
    *key = q->fifo.items[q->head++];
    it = item_of(q, *key);
    it->dirty = false;
    it->processing = true;
    return true;
}

void workqueue_done(struct workqueue *q, object_uid key)
{
    struct item *it = item_of(q, key);

    CHECK(it->processing);
    it->processing = false;
    if (it->dirty)
        enqueue(q, key);
}

size_t workqueue_len(const struct workqueue *q)
{
    return q->fifo.len - q->head;
}
