/*
 * deployment.c - the Deployment controller: from events to syncs, from plans
 * to calls.
 *
 * A Deployment is synced when it or one of its ReplicaSets changed, when the
 * last pod of a Recreate rollout is gone, and when its progress deadline is to
 * be checked.  It never counts pods.  What a sync does is decided by
 * deployment_plan.c; here matching orphan sets are adopted, owned ones that do
 * not match any more are released, and the writes are made.
 *
 * Not modelled: the GET before an adoption.
 * Source: kubernetes pkg/controller/deployment/deployment_controller.go at
 * v1.36.2; reference 1.3, 1.4, 1.17.
 */
#include "models/deployment.h"

#include <string.h>

#include "base/bug.h"
#include "base/pool.h"
#include "models/controller.h"
#include "models/orphans.h"
#include "models/world.h"

struct deployments {
    struct controller *c;
    struct informer *deployments, *sets, *pods;
    struct orphans orphans;     /* sets */
    struct arena *scratch;      /* of one decision */
    struct pool notes;
};

/* What is to be told once a call has been answered. */
struct note {
    const char *set;            /* its name */
    bool create;
    int from, to;
    enum api_code code;         /* 0: no answer, the call was dropped */
    const char *reason;
    struct note *next;          /* of the same sync */
};

/* ---- events ------------------------------------------------------------- */

static void on_deployment(void *ctx, const struct meta *before,
                          const struct meta *after)
{
    struct deployments *ds = ctx;

    controller_enqueue(ds->c, after ? after->uid : before->uid);
}

static void enqueue_owner(struct deployments *ds, object_uid owner)
{
    if (owner != 0 && informer_get(ds->deployments, owner))
        controller_enqueue(ds->c, owner);
}

/* Queue every Deployment whose selector matches an orphan. */
static void enqueue_matching(struct deployments *ds, const struct meta *m)
{
    for (size_t i = 0; i < informer_count(ds->deployments); i++) {
        const struct deployment *d =
            deployment_seen(informer_at(ds->deployments, i));

        if (orphan_fits(m, d->meta.space, d->selector))
            controller_enqueue(ds->c, d->meta.uid);
    }
}

static void on_set(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct deployments *ds = ctx;

    orphans_see(&ds->orphans, before, after);
    if (before && (!after || after->owner != before->owner))
        enqueue_owner(ds, before->owner);
    if (!after)
        return;
    if (after->owner != 0)
        enqueue_owner(ds, after->owner);
    else if (!before || before->owner != 0 ||
             !labels_equal(before->labels, after->labels))
        enqueue_matching(ds, after);
}

static bool has_no_pods(const struct deployments *ds, object_uid deployment)
{
    size_t nsets, npods;
    const object_uid *sets = informer_owned(ds->sets, deployment, &nsets);

    for (size_t i = 0; i < nsets; i++) {
        informer_owned(ds->pods, sets[i], &npods);
        if (npods > 0)
            return false;
    }
    return true;
}

/* Only the last pod's end matters, and only to Recreate. */
static void on_pod(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct deployments *ds = ctx;
    const struct meta *set, *d;

    if (after || !(set = informer_get(ds->sets, before->owner)))
        return;
    d = informer_get(ds->deployments, set->owner);
    if (d && deployment_seen(d)->strategy == STRATEGY_RECREATE &&
        has_no_pods(ds, d->uid))
        controller_enqueue(ds->c, d->uid);
}

/* Pods come, go, change hands, or finish: the rest is not looked at. */
static bool wants_pod(void *ctx, const struct meta *before,
                      const struct meta *after)
{
    (void)ctx;
    return !before || !after || before->owner != after->owner ||
           pod_blocks_recreate(pod_seen(before)) !=
               pod_blocks_recreate(pod_seen(after));
}

static const struct informer_ops watch_deployments = {
    .name = "deployment.deployments", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_deployment,
};

static const struct informer_ops watch_sets = {
    .name = "deployment.sets", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_set,
};

static const struct informer_ops watch_pods = {
    .name = "deployment.pods", .latency = TIMING_WATCH_CONTROLLER,
    .wants = wants_pod, .handle = on_pod,
};

/* ---- the sets of a Deployment ------------------------------------------- */

/* Creation as time stamps show it, then name. */
static bool older(const struct world *w, const struct meta *a,
                  const struct meta *b)
{
    int64_t sa = world_second(w, a->created);
    int64_t sb = world_second(w, b->created);

    return sa != sb ? sa < sb : strcmp(a->name, b->name) < 0;
}

static void insert_by_age(const struct world *w,
                          const struct replicaset **sets, size_t *n,
                          const struct replicaset *set)
{
    size_t i = (*n)++;

    for (; i > 0 && older(w, &set->meta, &sets[i - 1]->meta); i--)
        sets[i] = sets[i - 1];
    sets[i] = set;
}

static void change_owner(struct deployments *ds, struct sync *s,
                         const struct meta *m, object_uid owner)
{
    struct meta *draft = api_draft(ds->c->w->api, m);

    draft->owner = owner;
    sync_update(s, draft);
}

/* The sets that d owns after adoption and release, oldest first. */
static const struct replicaset **claim_sets(struct deployments *ds,
                                            struct sync *s,
                                            const struct deployment *d,
                                            size_t *n)
{
    size_t owned;
    const object_uid *uids = informer_owned(ds->sets, d->meta.uid, &owned);
    const struct replicaset **sets =
        arena_many(ds->scratch, const struct replicaset *,
                   owned + uids_len(&ds->orphans.list));

    *n = 0;
    if (d->selector->len == 0)  /* takes everything: refused by the plan */
        return sets;
    for (size_t i = 0; i < owned; i++) {
        const struct meta *m = informer_get(ds->sets, uids[i]);

        if (selector_match(d->selector, m->labels))
            insert_by_age(ds->c->w, sets, n, replicaset_seen(m));
        else if (!meta_deleting(&d->meta))
            change_owner(ds, s, m, 0);
    }
    for (size_t i = 0; i < uids_len(&ds->orphans.list); i++) {
        const struct meta *m = informer_get(ds->sets,
                                            uids_items(&ds->orphans.list)[i]);

        if (meta_deleting(&d->meta) ||
            !orphan_fits(m, d->meta.space, d->selector))
            continue;
        change_owner(ds, s, m, d->meta.uid);
        insert_by_age(ds->c->w, sets, n, replicaset_seen(m));
    }
    return sets;
}

static bool has_blocking_pod(void *ctx, const struct replicaset *set)
{
    struct deployments *ds = ctx;
    size_t n;
    const object_uid *pods = informer_owned(ds->pods, set->meta.uid, &n);

    for (size_t i = 0; i < n; i++)
        if (pod_blocks_recreate(pod_seen(informer_get(ds->pods, pods[i]))))
            return true;
    return false;
}

/* ---- calls -------------------------------------------------------------- */

static void on_answer(struct call *call, enum api_code code,
                      const struct meta *result, const char *reason)
{
    struct note *note = call->ctx;

    (void)result;
    CHECK(note->code == 0);     /* answered once */
    note->code = code;
    note->reason = reason;
}

static void tell_scaling(struct deployments *ds, const struct meta *d,
                         const struct note *note)
{
    const char *way = note->from < note->to ? "up" : "down";

    if (note->from == note->to)
        return;
    if (world_is(ds->c->w, KUBE_1_20))
        controller_event(ds->c, d, "Normal", "ScalingReplicaSet",
                         "Scaled %s replica set %s to %d", way, note->set,
                         note->to);
    else
        controller_event(ds->c, d, "Normal", "ScalingReplicaSet",
                         "Scaled %s replica set %s from %d to %d", way,
                         note->set, note->from, note->to);
}

/* The fresh set could not be made: say so in the status. */
static void tell_failure(struct deployments *ds, struct sync *s,
                         const struct meta *m, const struct note *note)
{
    struct world *w = ds->c->w;
    struct deployment *draft;
    const char *text = arena_printf(w->arena,
                                    "Failed to create new replica set "
                                    "\"%s\": %s", note->set,
                                    note->reason ? note->reason : "refused");

    controller_event(ds->c, m, "Warning", "ReplicaSetCreateError", "%s", text);
    if (!deployment_has_deadline(deployment_seen(m)))
        return;
    draft = deployment_of(api_draft(w->api, m));
    condition_set(&draft->progressing, CONDITION_FALSE,
                  "ReplicaSetCreateError", text, world_now(w));
    sync_tolerate(s, sync_update_status(s, &draft->meta));
}

/* The name is taken: by the same set, not yet seen (the sync that failed comes
 * again); or by another one, and then the next name is tried. */
static void resolve_collision(struct deployments *ds, struct sync *s,
                              const struct meta *m, const struct note *note)
{
    const struct deployment *d = deployment_seen(m);
    const struct meta *other = informer_find(ds->sets, m->space, note->set);
    struct deployment *draft;

    if (!other || (other->owner == m->uid &&
                   replicaset_seen(other)->template->identity ==
                       d->template->identity))
        return;
    draft = deployment_of(api_draft(ds->c->w->api, m));
    draft->collisions++;
    sync_tolerate(s, sync_update_status(s, &draft->meta));
}

/* All calls are answered or dropped: tell what came of them. */
static void after_calls(struct controller *c, struct sync *s, object_uid key,
                        bool error, const char *why, void *arg)
{
    struct deployments *ds = c->state;
    const struct meta *d = informer_get(ds->deployments, key);
    struct note *next;

    (void)error;
    (void)why;
    for (struct note *note = arg; note; note = next) {
        next = note->next;
        if (!d || note->code == 0)
            ;                   /* nobody to tell, or nothing */
        else if (note->code == API_OK || note->code == API_CREATED)
            tell_scaling(ds, d, note);
        else if (note->create && note->code == API_EXISTS)
            resolve_collision(ds, s, d, note);
        else if (note->create)
            tell_failure(ds, s, d, note);
        pool_put(&ds->notes, note);
    }
}

/* The draft for a set to create, or of one seen, with what a plan may set. */
static struct meta *draft_of(struct deployments *ds,
                             const struct deployment_write *w)
{
    struct api *api = ds->c->w->api;
    struct meta *draft;
    struct replicaset *rs;

    if (w->verb == SET_CREATE) {
        draft = api_new_draft(api, KIND_REPLICASET);
        rs = replicaset_of(draft);
        *rs = *w->set;
        return draft;
    }
    draft = api_draft(api, informer_get(ds->sets, w->set->meta.uid));
    rs = replicaset_of(draft);
    rs->meta.version = w->set->meta.version;
    rs->meta.annotations = w->set->meta.annotations;
    rs->replicas = w->set->replicas;
    rs->min_ready_s = w->set->min_ready_s;
    rs->revision = w->set->revision;
    rs->revision_history = w->set->revision_history;
    rs->desired = w->set->desired;
    rs->max = w->set->max;
    return draft;
}

/* A draft of the status that the plan has written down. */
static struct meta *draft_status(struct deployments *ds,
                                 const struct deployment *d)
{
    struct meta *draft = api_draft(ds->c->w->api,
                                   informer_get(ds->deployments,
                                                d->meta.uid));
    struct deployment *to = deployment_of(draft);

    to->revision = d->revision;
    to->observed_generation = d->observed_generation;
    to->status_replicas = d->status_replicas;
    to->updated = d->updated;
    to->ready = d->ready;
    to->available = d->available;
    to->unavailable = d->unavailable;
    to->terminating = d->terminating;
    to->cond_available = d->cond_available;
    to->progressing = d->progressing;
    to->replica_failure = d->replica_failure;
    return draft;
}

/* Have the outcome of a call told. */
static void take_note(struct deployments *ds, struct call *call,
                      const struct deployment_write *w, struct note **list)
{
    struct note *note = pool_take(&ds->notes);

    note->set = w->set->meta.name;
    note->create = w->verb == SET_CREATE;
    note->from = w->from;
    note->to = w->to;
    while (*list)
        list = &(*list)->next;
    *list = note;
    call->done = on_answer;
    call->ctx = note;
}

/* The call whose answer write i builds on, NULL if it builds on the cache. */
static const struct call *base_of(const struct deployment_plan *p, size_t i,
                                  struct call *const *calls)
{
    for (size_t j = 0; j < i; j++)
        if (p->writes.items[j].verb == SET_UPDATE &&
            p->writes.items[j].set == p->writes.items[i].base)
            return calls[j];
    return NULL;
}

static struct call *send_write(struct deployments *ds, struct sync *s,
                               const struct deployment_write *w)
{
    struct call *call;

    switch (w->verb) {
    case SET_CREATE:
        return sync_create(s, draft_of(ds, w));
    case SET_UPDATE:
        return sync_update(s, draft_of(ds, w));
    case SET_DELETE:
        call = sync_delete(s, w->base->meta.uid);
        sync_tolerate(s, call); /* gone already is good as well */
        return call;
    case STATUS_UPDATE:
        break;
    }
    return sync_update_status(s, draft_status(ds, w->d));
}

static void carry_out(struct deployments *ds, struct sync *s,
                      const struct deployment_plan *p)
{
    struct call **calls = arena_many(ds->scratch, struct call *,
                                     p->writes.len);
    struct note *notes = NULL;

    for (size_t i = 0; i < p->writes.len; i++) {
        const struct deployment_write *w = &p->writes.items[i];
        bool first = w->attempt && (i == 0 || !w[-1].attempt);
        bool last = w->attempt &&
                    (i + 1 == p->writes.len || !w[1].attempt);

        if (first)
            sync_attempt_begin(s);
        calls[i] = send_write(ds, s, w);
        if (last)
            sync_attempt_end(s);
        if (w->base)
            calls[i]->after = base_of(p, i, calls);
        if (w->from != w->to || w->verb == SET_CREATE)
            take_note(ds, calls[i], w, &notes);
    }
    if (notes)
        sync_finally(s, after_calls, notes);
}

/* ---- the control loop --------------------------------------------------- */

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct deployments *ds = c->state;
    const struct deployment *d =
        deployment_seen(informer_get(ds->deployments, key));
    struct deployment_view view = { .seen = d, .blocked = has_blocking_pod,
                                    .ctx = ds, .now = world_now(c->w),
                                    .version = c->w->spec->cluster.version,
                                    .keep = c->w->arena,
                                    .scratch = ds->scratch };
    struct deployment_plan plan;

    if (!d)
        return;
    arena_reset(ds->scratch);
    if (d->progressing.status != CONDITION_ABSENT)
        view.progressed = world_second_starts(
            c->w, world_second(c->w, d->progressing.updated));
    view.sets = claim_sets(ds, s, d, &view.nsets);
    deployment_plan(&view, &plan);
    carry_out(ds, s, &plan);
    if (plan.selects_all)
        controller_event(c, &d->meta, "Warning", "SelectingAll",
                         "This deployment is selecting all pods. A non-empty "
                         "selector is required.");
    if (plan.recheck == 0)
        sync_requeue_limited(s);
    else if (plan.recheck != SIM_NEVER)
        sync_requeue_after(s, plan.recheck + SIM_S);
}

static void start(struct controller *c)
{
    struct deployments *ds = arena_make(c->w->arena, struct deployments);

    ds->c = c;
    c->state = ds;
    ds->scratch = arena_under(c->w->arena);
    pool_init(&ds->notes, c->w->arena, sizeof(struct note));
    ds->deployments = informer_new(c->w, KIND_DEPLOYMENT, &watch_deployments,
                                   ds);
    ds->sets = informer_new(c->w, KIND_REPLICASET, &watch_sets, ds);
    ds->pods = informer_new(c->w, KIND_POD, &watch_pods, ds);
    orphans_init(&ds->orphans, c->w->arena, ds->sets);
    for (size_t i = 0; i < informer_count(ds->deployments); i++)
        controller_enqueue(c, informer_at(ds->deployments, i)->uid);
}

const struct controller_ops controller_deployment = {
    .name = "deployment",
    .doc = "moves Deployments from the old ReplicaSets to the new one",
    .workers = 5,
    .max_retries = 15,
    .start = start,
    .sync = sync,
};
