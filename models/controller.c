/*
 * controller.c - the frame of a control loop.
 *
 * A sync reads caches at one instant and appends calls; the frame sends them
 * in order, batch by batch, and settles the key when the last answer is in:
 * back with back-off after an error, forgotten otherwise.
 *
 * Not modelled: the time a decision itself takes beyond timing controllerSync.
 * Source: the common shape of pkg/controller/..: worker, processNextWorkItem,
 * handleErr at v1.36.
 */
#include "models/controller.h"

#include <string.h>

#include "base/bug.h"
#include "base/pool.h"
#include "base/text.h"
#include "models/recorder.h"
#include "models/world.h"

struct sync_call {
    struct call call;           /* first: a call is its sync_call */
    struct sync *sync;
    call_done done;             /* the controller's own */
    void *ctx;
    int batch;
    int attempt;                /* 0: none */
    bool tolerated;
    struct sync_call *next;
};

typedef void (*sync_end)(struct controller *c, struct sync *s, object_uid key,
                         bool error, const char *why, void *arg);

struct sync {
    struct controller *c;
    object_uid key;
    struct sync_call *first, *last;     /* all calls, in order */
    struct sync_call *unsent;           /* the first not sent yet */
    int batch;                  /* of the next call */
    bool batching;
    int attempt, attempts;      /* of the next call; so far */
    int waiting;                /* answers outstanding */
    bool failed;
    const char *why;            /* of the first failure */
    sim_time requeue;           /* 0: none */
    bool requeue_limited;
    bool keep_failures;
    sync_end finally;
    void *arg;
    struct sync *next;          /* free list */
};

struct frame {                  /* the frame's own state of a controller */
    struct pool calls, syncs;
    event_id dispatch;
    struct recorder *recorder;
};

#define MANAGER_ENTITY UINT64_C(0x6b636d)       /* "kcm" */

/* ---- appending calls ------------------------------------------------------ */

static struct sync_call *append(struct sync *s, enum call_verb verb)
{
    struct sync_call *sc = pool_take(&s->c->frame->calls);

    sc->call.verb = verb;
    sc->call.grace_s = -1;
    sc->sync = s;
    sc->batch = s->batching ? s->batch : s->batch++;
    sc->attempt = s->attempt;
    if (s->last)
        s->last->next = sc;
    else
        s->first = sc;
    s->last = sc;
    if (!s->unsent)
        s->unsent = sc;
    return sc;
}

static struct call *append_draft(struct sync *s, enum call_verb verb,
                                 struct meta *draft)
{
    struct call *call = &append(s, verb)->call;

    call->draft = draft;
    return call;
}

struct call *sync_create(struct sync *s, struct meta *draft)
{
    return append_draft(s, CALL_CREATE, draft);
}

struct call *sync_update(struct sync *s, struct meta *draft)
{
    return append_draft(s, CALL_UPDATE, draft);
}

struct call *sync_update_status(struct sync *s, struct meta *draft)
{
    return append_draft(s, CALL_UPDATE_STATUS, draft);
}

struct call *sync_delete(struct sync *s, object_uid uid)
{
    struct call *call = &append(s, CALL_DELETE)->call;

    call->uid = uid;
    return call;
}

struct call *sync_get(struct sync *s, object_uid uid)
{
    struct call *call = &append(s, CALL_GET)->call;

    call->uid = uid;
    return call;
}

void sync_batch_begin(struct sync *s)
{
    CHECK(!s->batching);
    s->batching = true;
}

void sync_batch_end(struct sync *s)
{
    CHECK(s->batching);
    s->batching = false;
    s->batch++;
}

void sync_attempt_begin(struct sync *s)
{
    CHECK(s->attempt == 0);
    s->attempt = ++s->attempts;
}

void sync_attempt_end(struct sync *s)
{
    CHECK(s->attempt != 0);
    s->attempt = 0;
}

void sync_tolerate(struct sync *s, struct call *c)
{
    (void)s;
    ((struct sync_call *)c)->tolerated = true;
}

void sync_fail(struct sync *s, const char *why)
{
    if (!s->failed)
        s->why = why;
    s->failed = true;
}

void sync_requeue_after(struct sync *s, sim_time delay)
{
    if (s->requeue == 0 || delay < s->requeue)
        s->requeue = delay > 0 ? delay : 1;
}

void sync_requeue_limited(struct sync *s)
{
    s->requeue_limited = true;
}

void sync_keep_failures(struct sync *s)
{
    s->keep_failures = true;
}

void sync_finally(struct sync *s, sync_end fn, void *arg)
{
    s->finally = fn;
    s->arg = arg;
}

/* ---- sending and settling --------------------------------------------------- */

static void dispatch(struct controller *c);

/* Give the next unsent call back. */
static void drop_next(struct sync *s)
{
    if (s->unsent->call.draft)
        api_drop(s->c->w->api, s->unsent->call.draft);
    s->unsent->call.draft = NULL;
    s->unsent = s->unsent->next;
}

/* Give back what was never sent. */
static void drop_unsent(struct sync *s)
{
    while (s->unsent)
        drop_next(s);
}

/* A call was refused: what does that end? */
static void refused(struct sync *s, const struct sync_call *sc,
                    const char *reason)
{
    if (sc->tolerated)
        return;
    if (sc->attempt == 0) {
        sync_fail(s, reason ? reason : "refused");
        return;
    }
    while (s->unsent && s->unsent->attempt == sc->attempt)
        drop_next(s);
}

/* handleErr: decide when the key is looked at again. */
static void requeue(struct controller *c, const struct sync *s)
{
    int most = c->ops->max_retries;

    if (s->failed &&
        (most < 0 || workqueue_failures(c->queue, s->key) < most)) {
        workqueue_add_limited(c->queue, s->key);
        return;
    }
    if (s->requeue_limited)
        workqueue_add_limited(c->queue, s->key);
    if (s->failed || !s->keep_failures)
        workqueue_forget(c->queue, s->key);
    if (!s->failed && s->requeue > 0)
        workqueue_add_after(c->queue, s->key, s->requeue);
}

static void settle(struct sync *s)
{
    struct controller *c = s->c;
    struct sync_call *next;

    for (struct sync_call *sc = s->first; sc; sc = next) {
        next = sc->next;
        pool_put(&c->frame->calls, sc);
    }
    requeue(c, s);
    c->busy--;
    workqueue_done(c->queue, s->key);
    pool_put(&c->frame->syncs, s);
    dispatch(c);
}

static void on_answer(struct call *call, enum api_code code,
                      const struct meta *result, const char *reason);

/* Send the next batch; settle when there is none. */
static void send_batch(struct sync *s)
{
    struct sync_call *sc;
    int batch;

    if (s->failed)
        drop_unsent(s);
    while (!s->unsent && s->finally) {
        sync_end fn = s->finally;

        s->finally = NULL;
        fn(s->c, s, s->key, s->failed, s->why, s->arg);
        if (s->unsent)          /* one more round, whatever went wrong */
            s->batch++;
    }
    if (!s->unsent) {
        settle(s);
        return;
    }
    batch = s->unsent->batch;
    for (sc = s->unsent; sc && sc->batch == batch; sc = sc->next)
        s->waiting++;
    for (sc = s->unsent; sc && sc->batch == batch; sc = sc->next) {
        sc->done = sc->call.done;
        sc->ctx = sc->call.ctx;
        sc->call.done = on_answer;
        s->unsent = sc->next;
        client_send(&s->c->client, &sc->call);
    }
}

static void on_answer(struct call *call, enum api_code code,
                      const struct meta *result, const char *reason)
{
    struct sync_call *sc = (struct sync_call *)call;
    struct sync *s = sc->sync;

    if (sc->done) {
        call->ctx = sc->ctx;
        sc->done(call, code, result, reason);
    }
    if (code != API_OK && code != API_CREATED)
        refused(s, sc, reason);
    if (--s->waiting == 0)
        send_batch(s);
}

static void fire_start(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    send_batch(subject);
}

static const struct event_kind ev_sync_start = {
    .name = "sync.calls", .rank = RANK_SYNC, .fire = fire_start,
};

static void begin(struct controller *c, object_uid key)
{
    struct sync *s = pool_take(&c->frame->syncs);
    sim_time work = c->ops->work ? dist_draw(c->ops->work, &c->stream)
                                 : world_draw(c->w, TIMING_SYNC, &c->stream);

    s->c = c;
    s->key = key;
    c->busy++;
    c->syncs++;
    c->ops->sync(c, s, key);
    CHECK(!s->batching);
    if (work > 0)
        sim_after(c->w->sim, work, &ev_sync_start, s, key);
    else
        send_batch(s);
}

static void fire_dispatch(struct sim *sim, void *subject, int64_t arg)
{
    struct controller *c = subject;
    object_uid key;

    (void)sim;
    (void)arg;
    while (!c->stopped && c->busy < c->ops->workers &&
           workqueue_get(c->queue, &key))
        begin(c, key);
}

static const struct event_kind ev_dispatch = {
    .name = "controller.dispatch", .rank = RANK_SYNC, .fire = fire_dispatch,
};

/* Let free workers take keys, after what else happens at this instant. */
static void dispatch(struct controller *c)
{
    if (c->stopped || c->busy >= c->ops->workers ||
        workqueue_len(c->queue) == 0 ||
        sim_pending(c->w->sim, c->frame->dispatch))
        return;
    c->frame->dispatch = sim_after(c->w->sim, 0, &ev_dispatch, c, 0);
}

static void queue_ready(void *ctx)
{
    dispatch(ctx);
}

/* ---- life ------------------------------------------------------------------- */

void controller_start(struct controller *c, struct world *w,
                      const struct controller_ops *ops)
{
    const struct cluster_spec *cluster = &w->spec->cluster;
    uint64_t name = fnv64(FNV_START, ops->name, strlen(ops->name));

    c->w = w;
    c->ops = ops;
    c->frame = arena_make(w->arena, struct frame);
    pool_init(&c->frame->calls, w->arena, sizeof(struct sync_call));
    pool_init(&c->frame->syncs, w->arena, sizeof(struct sync));
    c->queue = workqueue_new(w->arena, w->sim, queue_ready, c);
    client_init(&c->client, w, cluster->controller_qps,
                cluster->controller_burst, TIMING_API_WRITE,
                name ^ MANAGER_ENTITY);
    c->client.account = ops->account;
    c->frame->recorder = recorder_new(w, &c->client);
    world_stream(w, &c->stream, PURPOSE_TIMING, name);
    ops->start(c);
}

void controller_stop(struct controller *c, bool stopped)
{
    c->stopped = stopped;
    dispatch(c);
}

void controller_event(struct controller *c, const struct meta *about,
                      const char *type, const char *reason,
                      const char *format, ...)
{
    va_list args;

    va_start(args, format);
    recorder_post(c->frame->recorder, about, type, reason, format, args);
    va_end(args);
}

void controller_enqueue(struct controller *c, object_uid key)
{
    workqueue_add(c->queue, key);
}

void controller_enqueue_after(struct controller *c, object_uid key,
                              sim_time delay)
{
    workqueue_add_after(c->queue, key, delay);
}
