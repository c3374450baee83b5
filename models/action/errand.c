/*
 * errand.c - one command after the other.
 *
 * He watches the workload as `kubectl rollout status` does.  A command counts
 * as done when a version is seen that is newer than what there was when it was
 * typed, and is rolled out.  What somebody else does to the workload meanwhile
 * (an undo) he takes for his own: he sees only that it is complete, and goes
 * on.
 */
#include "models/errand.h"
#include "models/action.h"
#include "models/informer.h"
#include "models/rollout.h"
#include "models/world.h"

struct errand {
    struct world *w;
    object_uid workload;
    const char *const *commands;
    size_t len, typed;
    bool over;
    int64_t generation;         /* of the workload, when he typed last */
    errand_done done;
    void *ctx;
};

static void type_next(struct errand *e)
{
    const struct meta *m = api_get(e->w->api, e->workload);

    if (!m)
        return;
    e->generation = m->generation;
    kubectl_type(e->w, e->commands[e->typed++], NULL, 0);
}

static void errand_handle(void *ctx, const struct meta *before,
                          const struct meta *after)
{
    struct errand *e = ctx;

    (void)before;
    if (!after || after->uid != e->workload ||
        after->generation <= e->generation || e->over ||
        !rollout_status_of(e->w->arena, after).done)
        return;
    if (e->typed < e->len) {
        type_next(e);
        return;
    }
    e->over = true;
    if (e->done)
        e->done(e->w, e->ctx);
}

static const struct informer_ops errand_ops = {
    .name = "people.errand",
    .latency = TIMING_WATCH_CONTROLLER,
    .handle = errand_handle,
};

void errand_start(struct world *w, const struct meta *workload,
                  const char *const *commands, size_t n, errand_done done,
                  void *ctx)
{
    struct errand *e = arena_make(w->arena, struct errand);

    e->w = w;
    e->workload = workload->uid;
    e->commands = commands;
    e->len = n;
    e->done = done;
    e->ctx = ctx;
    informer_new(w, workload->kind, &errand_ops, e);
    type_next(e);
}
