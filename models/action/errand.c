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
    int64_t generation;         /* of the workload, when he typed last */
};

static void type_next(struct errand *e)
{
    const struct meta *m = api_get(e->w->api, e->workload);

    if (!m || e->typed == e->len)
        return;
    e->generation = m->generation;
    kubectl_type(e->w, e->commands[e->typed++], NULL, 0);
}

static void errand_handle(void *ctx, const struct meta *before,
                          const struct meta *after)
{
    struct errand *e = ctx;

    (void)before;
    if (after && after->uid == e->workload &&
        after->generation > e->generation && e->typed < e->len &&
        rollout_status_of(e->w->arena, after).done)
        type_next(e);
}

static const struct informer_ops errand_ops = {
    .name = "people.errand",
    .latency = TIMING_WATCH_CONTROLLER,
    .handle = errand_handle,
};

void errand_start(struct world *w, const struct meta *workload,
                  const char *const *commands, size_t n)
{
    struct errand *e = arena_make(w->arena, struct errand);

    e->w = w;
    e->workload = workload->uid;
    e->commands = commands;
    e->len = n;
    informer_new(w, workload->kind, &errand_ops, e);
    type_next(e);
}
