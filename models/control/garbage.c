/*
 * garbage.c - the garbage collector: what has lost its owner goes too.
 *
 * Background (the default): an owner that is gone leaves its dependents to
 * this loop, which looks each one up again and deletes it: two requests each,
 * so some ten a second with the default client limits.  An owner that waits
 * with finalizer `foregroundDeletion` has its dependents deleted first, and
 * goes when none is left; one with finalizer `orphan` goes when its dependents
 * have been told that they have no owner.
 *
 * The graph of owners is the store's own index, read when an event is seen:
 * the real one is built from a watch on every kind.  Not modelled: more than
 * one owner, blockOwnerDeletion, the request that finds an owner absent (one
 * per owner, then remembered).
 * Source: kubernetes pkg/controller/garbagecollector at v1.36.2; reference
 * 3.7.
 */
#include <string.h>

#include "models/controller.h"
#include "models/world.h"

#define FOREGROUND "foregroundDeletion"
#define ORPHAN "orphan"

static bool has_finalizer(const struct meta *m, const char *name)
{
    for (size_t i = 0; m->finalizers && m->finalizers[i]; i++)
        if (strcmp(m->finalizers[i], name) == 0)
            return true;
    return false;
}

static bool in_foreground(const struct meta *m)
{
    return m && meta_deleting(m) && has_finalizer(m, FOREGROUND);
}

/* Is it marked for deletion, and do its dependents come first? */
static bool waits(const struct meta *m)
{
    return in_foreground(m) || (meta_deleting(m) && has_finalizer(m, ORPHAN));
}

/* ---- events ------------------------------------------------------------- */

static bool wants(void *ctx, const struct meta *before,
                  const struct meta *after)
{
    struct controller *c = ctx;
    const struct api *api = c->w->api;
    size_t n;

    if (after)
        return (after->owner != 0 && !api_get(api, after->owner)) ||
               waits(after);
    api_owned(api, before->uid, &n);
    return n > 0 || in_foreground(api_get(api, before->owner));
}

static void enqueue_dependents(struct controller *c, object_uid owner)
{
    size_t n;
    const object_uid *uids = api_owned(c->w->api, owner, &n);

    for (size_t i = 0; i < n; i++)
        controller_enqueue(c, uids[i]);
}

static void on_change(void *ctx, const struct meta *before,
                      const struct meta *after)
{
    struct controller *c = ctx;

    if (after) {
        controller_enqueue(c, after->uid);
        if (in_foreground(after))
            enqueue_dependents(c, after->uid);
        return;
    }
    enqueue_dependents(c, before->uid);
    if (before->owner != 0)
        controller_enqueue(c, before->owner);
}

static const struct informer_ops watch_all = {
    .name = "garbage.objects", .latency = TIMING_WATCH_CONTROLLER,
    .wants = wants, .handle = on_change, .tombstones = true,
};

/* ---- the control loop --------------------------------------------------- */

/* Write m without this finalizer. */
static void drop_finalizer(struct controller *c, struct sync *s,
                           const struct meta *m, const char *name)
{
    struct meta *draft = api_draft(c->w->api, m);
    const char **kept;
    size_t n = 0, len = 0;

    while (m->finalizers[len])
        len++;
    kept = arena_many(c->w->arena, const char *, len + 1);
    for (size_t i = 0; i < len; i++)
        if (strcmp(m->finalizers[i], name) != 0)
            kept[n++] = m->finalizers[i];
    draft->finalizers = kept;
    sync_update(s, draft);
}

/* Let the dependents of m go free, then m itself. */
static void orphan_dependents(struct controller *c, struct sync *s,
                              const struct meta *m)
{
    size_t n;
    const object_uid *uids = api_owned(c->w->api, m->uid, &n);

    sync_batch_begin(s);
    for (size_t i = 0; i < n; i++) {
        struct meta *draft = api_draft(c->w->api,
                                       api_get(c->w->api, uids[i]));

        draft->owner = 0;
        draft->version = 0;     /* a patch */
        sync_update(s, draft);
    }
    sync_batch_end(s);
    drop_finalizer(c, s, m, ORPHAN);
}

/* The object has been looked up. */
static void after_get(struct controller *c, struct sync *s, object_uid key,
                      bool error, const char *why, void *arg)
{
    const struct meta *m = api_get(c->w->api, key), *owner;
    struct call *call;
    size_t dependents;

    (void)error;
    (void)why;
    (void)arg;
    if (!m)
        return;
    if (in_foreground(m)) {
        api_owned(c->w->api, key, &dependents);
        if (dependents == 0)
            drop_finalizer(c, s, m, FOREGROUND);
        return;
    }
    if (waits(m)) {
        orphan_dependents(c, s, m);
        return;
    }
    owner = api_get(c->w->api, m->owner);
    if (m->owner == 0 || meta_deleting(m) || (owner && !in_foreground(owner)))
        return;
    call = sync_delete(s, key);
    api_owned(c->w->api, key, &dependents);
    if (in_foreground(owner) && dependents > 0)
        call->finalizer = FOREGROUND;   /* its dependents first, too */
    sync_tolerate(s, call);
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    if (!api_get(c->w->api, key))
        return;                 /* seen to be gone: not asked for */
    sync_tolerate(s, sync_get(s, key));
    sync_finally(s, after_get, NULL);
}

static void start(struct controller *c)
{
    for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
        informer_new(c->w, (enum kind)kind, &watch_all, c);
}

const struct controller_ops controller_garbage = {
    .name = "garbage",
    .doc = "deletes what has lost its owner",
    .workers = 20,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
