/*
 * client.h - calls to the API server with a rate limit and a latency.
 *
 * A call takes a token of its client's bucket (reference 8.2), waiting if it
 * is empty; then the API latency passes; then the write commits, and the
 * answer is known at that instant, or later if answers take time (timing
 * "answer").  Calls of one client wait in order.
 */
#ifndef MODELS_CLIENT_H
#define MODELS_CLIENT_H
#include "kernel/rng.h"
#include "models/api.h"
#include "models/machine.h"

enum call_verb { CALL_CREATE, CALL_UPDATE, CALL_UPDATE_STATUS, CALL_DELETE,
                 CALL_BIND, CALL_GET, CALL_EVENT };

struct call;
/* The answer.  result: version written or got, NULL after a refusal or
 * deletion.  reason: NULL or a sentence. */
typedef void (*call_done)(struct call *c, enum api_code code,
                          const struct meta *result, const char *reason);

struct call {
    enum call_verb verb;
    struct meta *draft;         /* CREATE, UPDATE, UPDATE_STATUS */
    object_uid uid;             /* DELETE, BIND, GET */
    object_uid node;            /* BIND */
    int grace_s;                /* DELETE; -1: the object's own */
    const char *finalizer;      /* DELETE after that is gone; NULL: none */
    call_done done;             /* NULL: nobody listens */
    void *ctx;                  /* for done */
    const struct call *after;   /* base the draft on what this one wrote */
    uint64_t wrote;             /* version written, for `after` */
    struct client *client;      /* client.c */
    struct labour labour;       /* client.c: until it is committed */
    const struct meta *result;  /* client.c: of an answer on its way */
    const char *reason;         /* likewise */
    struct call *next;          /* client.c, controller.c */
};

struct client {
    struct world *w;
    double qps, burst, tokens;  /* qps 0: no limit */
    sim_time filled;            /* when tokens was right */
    sim_time last;              /* no call is sent before the one before it */
    enum timing latency;        /* request -> committed */
    object_uid node;            /* where it runs; 0: nowhere in particular */
    const char *account;        /* the ServiceAccount whose rights count once
                                 * the cluster has one of this name; NULL:
                                 * a part of Kubernetes, which has its own */
    struct stream stream;
};

/* A client with a full bucket.  entity: names its stream of latencies. */
void client_init(struct client *c, struct world *w, double qps, double burst,
                 enum timing latency, uint64_t entity);

/* Send a call (from the replication's arena; alive until done). */
void client_send(struct client *c, struct call *call);

/* Send it again, without another token: it has met a server that was down. */
void client_resend(struct call *call);

/* A zeroed call. */
struct call *call_new(struct world *w, enum call_verb verb);

#endif
