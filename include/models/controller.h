/*
 * controller.h - a level-triggered control loop.
 *
 * Informer handlers add keys to the queue; a free worker takes a key and
 * calls sync, which decides from the caches and appends API calls.  The calls
 * are sent one after the other (or, within a batch, together); the first one
 * refused ends the sync with an error, which puts the key back with back-off.
 * The key is busy until the last answer.
 *
 * To add a controller: one file in models/control/ that ends in
 * `const struct controller_ops controller_<id>`, and one line in
 * include/models/controllers.list.
 */
#ifndef MODELS_CONTROLLER_H
#define MODELS_CONTROLLER_H
#include "models/api.h"
#include "models/client.h"
#include "models/informer.h"
#include "models/workqueue.h"

struct controller;
struct sync;

struct controller_ops {
    const char *name;           /* "deployment"; also names its stream */
    const char *doc;            /* one sentence */
    const char *account;        /* see client.h */
    int workers;                /* concurrent syncs */
    int max_retries;            /* then the key is dropped; -1: never */
    const struct dist *work;    /* before the first call of a sync; NULL:
                                 * timing controllerSync */
    /* Make state and informers; c->state is the controller's own. */
    void (*start)(struct controller *c);
    /* Decide about the object `key`.  Cannot fail: it calls sync_fail. */
    void (*sync)(struct controller *c, struct sync *s, object_uid key);
};

struct controller {
    struct world *w;
    const struct controller_ops *ops;
    struct workqueue *queue;
    struct client client;       /* kube-controller-manager: own bucket each */
    int busy;                   /* workers in a sync */
    bool stopped;               /* the process is down: nothing is taken */
    struct stream stream;
    void *state;                /* the controller's own */
    struct frame *frame;        /* controller.c */
    uint64_t syncs;             /* counted, for tests and explain */
};

/* Start c.  Called by world_new for every line of controllers.list. */
void controller_start(struct controller *c, struct world *w,
                      const struct controller_ops *ops);

/* Stop or restart the process of c. */
void controller_stop(struct controller *c, bool stopped);

/* Queue a key (also from informer handlers, with ctx = the controller). */
void controller_enqueue(struct controller *c, object_uid key);
void controller_enqueue_after(struct controller *c, object_uid key,
                              sim_time delay);

/* Post a Kubernetes Event, as recorder.h says: it takes a request. */
void controller_event(struct controller *c, const struct meta *about,
                      const char *type, const char *reason,
                      const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* ---- within ops->sync -------------------------------------------------- */

/* Append a call; drafts become the sync's.  The returned call may be edited
 * (done, ctx, after, grace_s) before sync returns. */
struct call *sync_create(struct sync *s, struct meta *draft);
struct call *sync_update(struct sync *s, struct meta *draft);
struct call *sync_update_status(struct sync *s, struct meta *draft);
struct call *sync_delete(struct sync *s, object_uid uid);
struct call *sync_get(struct sync *s, object_uid uid);

/* The calls appended between these two are sent together; the next ones wait
 * for all answers, and are dropped if one was a refusal. */
void sync_batch_begin(struct sync *s);
void sync_batch_end(struct sync *s);

/* A refusal of this call is not an error of the sync: the calls after it are
 * sent all the same. */
void sync_tolerate(struct sync *s, struct call *c);

/* A refusal among the calls appended between these two drops the rest of them
 * and is not an error of the sync. */
void sync_attempt_begin(struct sync *s);
void sync_attempt_end(struct sync *s);

/* The sync itself failed: the key comes back with back-off. */
void sync_fail(struct sync *s, const char *why);

/* When the sync is over without error: add the key again after delay. */
void sync_requeue_after(struct sync *s, sim_time delay);
void sync_requeue_limited(struct sync *s);

/* A success of this sync does not forget the failures of its key. */
void sync_keep_failures(struct sync *s);

/* Called once when the last answer is there: error says whether any call (not
 * tolerated) was refused or sync_fail was called; may append one more round of
 * calls (a status write that depends on the outcome), or none, and call
 * sync_finally again to see their outcome. */
void sync_finally(struct sync *s, void (*fn)(struct controller *c,
                                             struct sync *s, object_uid key,
                                             bool error, const char *why,
                                             void *arg), void *arg);

#endif
