/*
 * budget.c - the disruption controller: what budgets allow at the moment.
 *
 * Every change of a pod wakes the budgets that select it.  A sync counts the
 * pods, those that are Ready and not on their way out, and the replicas that
 * their controllers are asked for, and writes what that allows.  A pod whose
 * eviction was allowed counts as gone for two minutes, or until it is seen to
 * go.
 *
 * The size of a controller is read when a pod changes, not when the size does.
 * Not modelled: pods of controllers with a scale of their own making (custom
 * resources).
 * Source: kubernetes pkg/controller/disruption/disruption.go at v1.36.2;
 * reference 3.6.
 */
#include "models/budget.h"

#include <string.h>

#include "models/controller.h"
#include "models/deployment.h"
#include "models/pod.h"
#include "models/statefulset.h"
#include "models/world.h"

#define DELETION_TIMEOUT (120 * SIM_S)  /* DeletionTimeout */

struct budgets {
    struct controller *c;
    struct informer *budgets, *pods;
    struct arena *scratch;
};

/* ---- events ---------------------------------------------------------------------- */

static void on_budget(void *ctx, const struct meta *before,
                      const struct meta *after)
{
    struct budgets *all = ctx;

    (void)before;
    if (after)
        controller_enqueue(all->c, after->uid);
}

static bool covers(const struct budget *b, const struct meta *pod)
{
    return strcmp(b->meta.space, pod->space) == 0 &&
           selector_match(b->selector, pod->labels);
}

static void on_pod(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct budgets *all = ctx;

    for (size_t i = 0; i < informer_count(all->budgets); i++) {
        const struct meta *m = informer_at(all->budgets, i);

        if ((before && covers(budget_seen(m), before)) ||
            (after && covers(budget_seen(m), after)))
            controller_enqueue(all->c, m->uid);
    }
}

static const struct informer_ops watch_budgets = {
    .name = "budget.budgets", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_budget,
};

static const struct informer_ops watch_pods = {
    .name = "budget.pods", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_pod,
};

/* ---- counting ----------------------------------------------------------------------- */

/* Replicas asked for of a controller; -1 if it has no such number. */
static int scale_of(const struct meta *m)
{
    switch (m->kind) {
    case KIND_DEPLOYMENT:
        return deployment_seen(m)->replicas;
    case KIND_REPLICASET:
    case KIND_RC:
        return replicaset_seen(m)->replicas;
    case KIND_STATEFULSET:
        return statefulset_seen(m)->replicas;
    default:
        return -1;
    }
}

/* What controls a pod: the Deployment rather than its ReplicaSet. */
static const struct meta *controller_of(const struct world *w,
                                        const struct meta *pod)
{
    const struct meta *m = api_get(w->api, pod->owner);
    const struct meta *above = m ? api_get(w->api, m->owner) : NULL;

    return above && above->kind == KIND_DEPLOYMENT ? above : m;
}

/* When the eviction of a pod was allowed; SIM_NEVER if it was not. */
static sim_time allowed_at(const struct budget *b, object_uid pod)
{
    for (size_t i = 0; i < b->ndisrupted; i++)
        if (b->disrupted[i].pod == pod)
            return b->disrupted[i].at;
    return SIM_NEVER;
}

struct tally {
    struct budget_view view;
    VEC(object_uid) seen;       /* controllers counted */
    VEC(struct disruption) disrupted;   /* still to be remembered */
    sim_time recheck;
};

static void count_scale(struct budgets *all, const struct meta *pod,
                        struct tally *t)
{
    const struct meta *m = controller_of(all->c->w, pod);

    if (!m || scale_of(m) < 0)
        return;
    for (size_t i = 0; i < t->seen.len; i++)
        if (t->seen.items[i] == m->uid)
            return;
    vec_push(all->scratch, &t->seen, m->uid);
    t->view.scale += scale_of(m);
}

/* A pod that is not deleted yet: healthy, or expected to go? */
static void count_health(struct budgets *all, const struct budget *b,
                         const struct pod *p, struct tally *t)
{
    sim_time now = world_now(all->c->w);
    sim_time at = allowed_at(b, p->meta.uid);
    sim_time until = at == SIM_NEVER ? 0 : at + DELETION_TIMEOUT;

    if (meta_deleting(&p->meta))
        return;
    if (until > now) {
        vec_push(all->c->w->arena, &t->disrupted,
                 ((struct disruption){ p->meta.uid, at }));
        if (until < t->recheck)
            t->recheck = until;
        return;
    }
    if (at != SIM_NEVER)
        controller_event(all->c, &p->meta, "Warning", "NotDeleted",
                         "Pod was expected by PDB %s/%s to be deleted but it "
                         "wasn't", b->meta.space, b->meta.name);
    t->view.healthy += p->ready;
}

static struct tally count(struct budgets *all, const struct budget *b)
{
    struct tally t = { .recheck = SIM_NEVER };

    for (size_t i = 0; i < informer_count(all->pods); i++) {
        const struct meta *m = informer_at(all->pods, i);

        if (!covers(b, m))
            continue;
        t.view.matching++;
        count_scale(all, m, &t);
        count_health(all, b, pod_seen(m), &t);
    }
    return t;
}

/* ---- the control loop -------------------------------------------------------------------- */

static bool same(const struct budget *b, const struct budget_status *s,
                 const struct tally *t)
{
    return memcmp(&b->status, s, sizeof(*s)) == 0 &&
           b->ndisrupted == t->disrupted.len &&
           b->observed_generation == b->meta.generation;
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct budgets *all = c->state;
    const struct meta *m = informer_get(all->budgets, key);
    struct budget_status status;
    struct budget *draft;
    struct tally t;

    if (!m)
        return;
    arena_reset(all->scratch);
    t = count(all, budget_seen(m));
    if (t.recheck != SIM_NEVER)
        sync_requeue_after(s, t.recheck - world_now(c->w));
    status = budget_count(&budget_seen(m)->terms, &t.view);
    if (same(budget_seen(m), &status, &t))
        return;
    draft = budget_of(api_draft(c->w->api, m));
    draft->status = status;
    draft->disrupted = t.disrupted.items;
    draft->ndisrupted = t.disrupted.len;
    draft->observed_generation = m->generation;
    if (!world_is(c->w, KUBE_1_20))
        condition_set(&draft->disruption_allowed,
                      status.allowed > 0 ? CONDITION_TRUE : CONDITION_FALSE,
                      status.allowed > 0 ? "SufficientPods"
                                         : "InsufficientPods",
                      NULL, world_now(c->w));
    sync_update_status(s, &draft->meta);
}

static void start(struct controller *c)
{
    struct budgets *all = arena_make(c->w->arena, struct budgets);

    all->c = c;
    c->state = all;
    all->scratch = arena_under(c->w->arena);
    all->budgets = informer_new(c->w, KIND_PDB, &watch_budgets, all);
    all->pods = informer_new(c->w, KIND_POD, &watch_pods, all);
    for (size_t i = 0; i < informer_count(all->budgets); i++)
        controller_enqueue(c, informer_at(all->budgets, i)->uid);
}

const struct controller_ops controller_budget = {
    .name = "budget",
    .doc = "says how many pods each PodDisruptionBudget allows to be evicted",
    .workers = 1,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
