/*
 * namespace.c - the namespace controller: empties namespaces that are to go.
 *
 * Five seconds after it saw the deletion it deletes what is in the namespace,
 * all objects of a kind with one request; from 1.33 on the pods first, and the
 * rest when they are gone.  Pods have their grace; what keeps finalizers is
 * waited for: it looks again after half of the longest grace, or of 15 s, and a
 * second.  When nothing is left it takes its finalizer off.
 *
 * Not modelled: conditions of the Namespace.
 * Source: kubernetes pkg/controller/namespace (namespace_controller.go,
 * deletion/namespaced_resources_deleter.go) at v1.36.2; reference 10.6.
 */
#include <string.h>

#include "base/vec.h"
#include "models/controller.h"
#include "models/pod.h"
#include "models/world.h"

#define SETTLE (5 * SIM_S)      /* namespaceDeletionGracePeriod */
#define FINALIZERS_S 15         /* finalizerEstimateSeconds */

struct spaces {
    struct controller *c;
    struct informer *spaces;
};

/* One request: delete all of a kind. */
struct sweep {
    struct world *w;
    enum kind kind;
    const char *space;
};

static void on_space(void *ctx, const struct meta *before,
                     const struct meta *after)
{
    struct spaces *s = ctx;

    if (after && meta_deleting(after) && !(before && meta_deleting(before)))
        controller_enqueue_after(s->c, after->uid, SETTLE);
}

static const struct informer_ops watch_spaces = {
    .name = "namespace.namespaces", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_space,
};

/* Objects of a kind in the namespace; *grace_s: the longest of pods. */
static size_t count(const struct world *w, enum kind k, const char *space,
                    int *grace_s)
{
    size_t n = 0;

    for (size_t i = 0; i < api_count(w->api, k); i++) {
        const struct meta *m = api_at(w->api, k, i);

        if (strcmp(m->space, space) != 0)
            continue;
        n++;
        if (k == KIND_POD && pod_seen(m)->template->spec->grace_s > *grace_s)
            *grace_s = pod_seen(m)->template->spec->grace_s;
    }
    return n;
}

static void on_sweep(struct call *call, enum api_code code,
                     const struct meta *result, const char *reason)
{
    const struct sweep *x = call->ctx;
    VEC(object_uid) all = { 0 };

    (void)code;
    (void)result;
    (void)reason;
    for (size_t i = 0; i < api_count(x->w->api, x->kind); i++) {
        const struct meta *m = api_at(x->w->api, x->kind, i);

        if (strcmp(m->space, x->space) == 0)
            vec_push(x->w->arena, &all, m->uid);
    }
    for (size_t i = 0; i < all.len; i++)
        if (api_get(x->w->api, all.items[i]))
            api_delete(x->w->api, all.items[i], -1);
}

static void sweep(struct controller *c, struct sync *s, object_uid key,
                  enum kind k, const char *space)
{
    struct sweep *x = arena_make(c->w->arena, struct sweep);
    struct call *call = sync_get(s, key);

    *x = (struct sweep){ c->w, k, space };
    call->done = on_sweep;
    call->ctx = x;
    sync_tolerate(s, call);
}

/* The requests have been answered: is it empty? */
static void after_sweep(struct controller *c, struct sync *s, object_uid key,
                        bool error, const char *why, void *arg)
{
    const struct meta *m = api_get(c->w->api, key);
    int grace_s = 0;
    size_t left = 0;
    struct meta *draft;

    (void)error;
    (void)why;
    (void)arg;
    if (!m)
        return;
    for (int k = KIND_NONE + 1; k < KIND_COUNT; k++)
        if (kind_ops_of((enum kind)k)->namespaced)
            left += count(c->w, (enum kind)k, m->name, &grace_s);
    if (left > 0) {
        if (grace_s == 0)
            grace_s = FINALIZERS_S;
        sync_requeue_after(s, (grace_s / 2 + 1) * SIM_S);
        return;
    }
    draft = api_draft(c->w->api, m);
    draft->finalizers = NULL;
    sync_update(s, draft);
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct spaces *all = c->state;
    const struct meta *m = informer_get(all->spaces, key);
    int grace_s = 0;
    bool pods;

    if (!m || !meta_deleting(m))
        return;
    pods = count(c->w, KIND_POD, m->name, &grace_s) > 0;
    if (pods)
        sweep(c, s, key, KIND_POD, m->name);
    for (int k = KIND_NONE + 1; k < KIND_COUNT; k++)
        if (k != KIND_POD && kind_ops_of((enum kind)k)->namespaced &&
            (!pods || world_is(c->w, KUBE_1_20)) &&
            count(c->w, (enum kind)k, m->name, &grace_s) > 0)
            sweep(c, s, key, (enum kind)k, m->name);
    sync_finally(s, after_sweep, NULL);
}

static void start(struct controller *c)
{
    struct spaces *all = arena_make(c->w->arena, struct spaces);

    all->c = c;
    c->state = all;
    all->spaces = informer_new(c->w, KIND_NAMESPACE, &watch_spaces, all);
}

const struct controller_ops controller_namespace = {
    .name = "namespace",
    .doc = "empties namespaces that are to go",
    .workers = 10,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
