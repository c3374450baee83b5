/*
 * recorder.c - Kubernetes Events as a control loop posts them.
 *
 * The spam filter has a token bucket per object: 25, refilled by one in five
 * minutes.  What passes is queued; the queue has one request under way at a
 * time, which waits for its token of the client's bucket behind the requests
 * made before it.  With the default limits of kube-controller-manager (20/s,
 * burst 30) that is what slows a rollout of more than some ten pods down: the
 * recordings with these limits show Events and creations sharing one bucket.
 *
 * Not modelled: aggregation of similar Events (their number is the same), the
 * limit of 1000 queued ones.
 * Source: client-go tools/record/events_cache.go, event.go at v1.36; kubernetes
 * clientset (one rate limiter for all groups); recordings qps20-*.
 */
#include "models/recorder.h"

#include "base/map.h"
#include "base/pool.h"
#include "models/record.h"
#include "models/world.h"

#define SPAM_BURST 25.0         /* defaultSpamBurst */
#define SPAM_PERIOD (300 * SIM_S)       /* 1 / defaultSpamQPS */

struct post {
    struct call call;           /* first: a call is its post */
    struct recorder *r;
    struct meta about;          /* a copy: what is gone may still be told of */
    const char *type, *reason, *message;
    struct post *next;
};

struct bucket {                 /* of one object */
    double tokens;
    sim_time filled;
};

struct recorder {
    struct world *w;
    struct client *client;
    struct pool posts;
    struct map buckets;         /* uid -> struct bucket */
    struct post *first, *last;  /* first: under way */
};

struct recorder *recorder_new(struct world *w, struct client *client)
{
    struct recorder *r = arena_make(w->arena, struct recorder);

    r->w = w;
    r->client = client;
    pool_init(&r->posts, w->arena, sizeof(struct post));
    map_init(&r->buckets, w->arena);
    return r;
}

/* May one more be posted about this object? */
static bool pass(struct recorder *r, object_uid uid)
{
    struct bucket *b = map_get_number(&r->buckets, uid);
    sim_time now = world_now(r->w);

    if (!b) {
        b = arena_make(r->w->arena, struct bucket);
        b->tokens = SPAM_BURST;
        map_put_number(&r->buckets, uid, b);
    } else {
        b->tokens += (double)(now - b->filled) / (double)SPAM_PERIOD;
        if (b->tokens > SPAM_BURST)
            b->tokens = SPAM_BURST;
    }
    b->filled = now;
    if (b->tokens < 1)
        return false;
    b->tokens -= 1;
    return true;
}

static void on_posted(struct call *call, enum api_code code,
                      const struct meta *result, const char *reason)
{
    struct post *p = (struct post *)call;
    struct recorder *r = p->r;

    (void)code;
    (void)result;
    (void)reason;
    record_event(r->w, &p->about, p->type, p->reason, "%s", p->message);
    r->first = p->next;
    pool_put(&r->posts, p);
    if (r->first)
        client_send(r->client, &r->first->call);
    else
        r->last = NULL;
}

void recorder_post(struct recorder *r, const struct meta *about,
                   const char *type, const char *reason, const char *format,
                   va_list args)
{
    struct post *p;

    if (!pass(r, about->uid))
        return;
    p = pool_take(&r->posts);
    p->call.verb = CALL_EVENT;
    p->call.done = on_posted;
    p->r = r;
    p->about = *about;
    p->type = type;
    p->reason = reason;
    p->message = r->w->record.rows
                     ? arena_vprintf(r->w->arena, format, args) : "";
    if (r->last) {
        r->last = r->last->next = p;
        return;
    }
    r->first = r->last = p;
    client_send(r->client, &p->call);
}
