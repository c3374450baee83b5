/*
 * workqueue.h - the de-duplicating queue of a control loop.
 *
 * A key is in the queue at most once and is never processed twice at a time;
 * added while it is processed, it comes back when that is done.  Delayed adds
 * keep the earliest wake-up per key.  Failures delay a key by 5 ms * 2^n, at
 * most 1000 s, and by an overall bucket of 10/s, burst 100 (reference 8.3).
 * Source: client-go util/workqueue.
 */
#ifndef MODELS_WORKQUEUE_H
#define MODELS_WORKQUEUE_H
#include "base/map.h"
#include "base/vec.h"
#include "models/object.h"

struct sim;
struct workqueue;

/* ready(ctx) is called (at once, or from an event) whenever a key may have
 * become available to workqueue_get. */
struct workqueue *workqueue_new(struct arena *a, struct sim *sim,
                                void (*ready)(void *ctx), void *ctx);

void workqueue_add(struct workqueue *q, object_uid key);
void workqueue_add_after(struct workqueue *q, object_uid key, sim_time delay);
void workqueue_add_limited(struct workqueue *q, object_uid key);
void workqueue_forget(struct workqueue *q, object_uid key);
int workqueue_failures(const struct workqueue *q, object_uid key);

/* From now on failures of q's keys delay them by base * 2^(n - 1), at most max,
 * and by no bucket. */
void workqueue_set_backoff(struct workqueue *q, sim_time base, sim_time max);

/* Take the next key for processing; false if none.  Pair with _done. */
bool workqueue_get(struct workqueue *q, object_uid *key);
void workqueue_done(struct workqueue *q, object_uid key);
size_t workqueue_len(const struct workqueue *q);

/* The retry delay after n failures of a key (n >= 1). */
sim_time workqueue_backoff(int n);

#endif
