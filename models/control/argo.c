/*
 * argo.c - the controller of Rollouts: from events to passes, from plans to
 * calls.
 *
 * A Rollout is looked at when it, one of its ReplicaSets, a Service or a route
 * changes, and when its plan says so.  What a pass does is decided by
 * argo_plan.c; here the writes are made, one after the other, and if all of
 * them succeed Events are posted: those of a pass with a conflict are lost, also
 * of what it has written.  A Service gets the hash of a ReplicaSet into its
 * selector.
 *
 * Not modelled: adoption of ReplicaSets that nobody owns; the way of an
 * eviction to the API server takes no time.
 * Source: argo-rollouts rollout/controller.go at 9f8d111d; reference on
 * progressive delivery 1.1 (constants), 1.4.
 */
#include "argo_impl.h"

#include <string.h>

#include "base/bug.h"
#include "base/pool.h"
#include "models/controller.h"
#include "models/eviction.h"
#include "models/measure.h"
#include "models/network.h"
#include "models/route.h"
#include "models/world.h"

/* A version that was written, and is to be seen before the next pass. */
struct wrote {
    struct argos *as;
    object_uid rollout, uid;    /* uid 0: forgotten */
    uint64_t version;
    const struct informer *seen;
};

struct argos {
    struct controller *c;
    struct informer *rollouts, *sets, *services, *routes, *deployments;
    struct arena *scratch;      /* of one pass */
    const struct argo *now;     /* the Rollout of the pass */
    const struct argo_view *view;       /* ... and what it sees */
    struct argo_analyses analyses;
    struct argo_trials trials;
    VEC(struct wrote *) written;
    struct pool spare;          /* struct wrote */
};

/* ---- what it has written itself ------------------------------------------------- */

/* The controller puts what it wrote into its own cache, so no pass is made on
 * older versions: here it waits until the watch has brought them. */
static bool is_behind(struct argos *as, object_uid rollout)
{
    bool behind = false;
    size_t n = 0;

    for (size_t i = 0; i < as->written.len; i++) {
        struct wrote *x = as->written.items[i];
        const struct meta *m = x->uid ? informer_get(x->seen, x->uid) : NULL;

        if (x->uid == 0 || (m && m->version >= x->version)) {
            pool_put(&as->spare, x);
            continue;
        }
        behind |= x->rollout == rollout;
        as->written.items[n++] = x;
    }
    as->written.len = n;
    return behind;
}

static void forget(struct argos *as, object_uid uid)
{
    for (size_t i = 0; i < as->written.len; i++)
        if (as->written.items[i]->uid == uid)
            as->written.items[i]->uid = 0;
}

static void on_written(struct call *call, enum api_code code,
                       const struct meta *result, const char *reason)
{
    struct wrote *x = call->ctx;

    (void)reason;
    if ((code != API_OK && code != API_CREATED) || !result) {
        pool_put(&x->as->spare, x);
        return;
    }
    x->uid = result->uid;
    x->version = result->version;
    vec_push(x->as->c->w->arena, &x->as->written, x);
}

static void remember(struct argos *as, struct call *call,
                     const struct informer *seen)
{
    struct wrote *x = pool_take(&as->spare);

    *x = (struct wrote){ .as = as, .rollout = as->now->meta.uid,
                         .seen = seen };
    call->done = on_written;
    call->ctx = x;
}

/* ---- events ------------------------------------------------------------------------ */

static void on_rollout(void *ctx, const struct meta *before,
                       const struct meta *after)
{
    struct argos *as = ctx;

    controller_enqueue(as->c, after ? after->uid : before->uid);
}

static void on_set(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct argos *as = ctx;
    object_uid owner = after ? after->owner : before->owner;

    if (!after)
        forget(as, before->uid);
    if (owner != 0 && informer_get(as->rollouts, owner))
        controller_enqueue(as->c, owner);
}

/* Services and routes: any Rollout of the namespace may care.  Deployments:
 * those that take their template from it. */
static void on_other(void *ctx, const struct meta *before,
                     const struct meta *after)
{
    struct argos *as = ctx;
    const struct meta *m = after ? after : before;

    if (!after)
        forget(as, before->uid);
    for (size_t i = 0; i < informer_count(as->rollouts); i++) {
        const struct argo *r = argo_seen(informer_at(as->rollouts, i));

        if (strcmp(r->meta.space, m->space) == 0 &&
            (m->kind != KIND_DEPLOYMENT || argo_same(r->workload, m->name)))
            controller_enqueue(as->c, r->meta.uid);
    }
}

static const struct informer_ops watch_rollouts = {
    .name = "argo.rollouts", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_rollout,
};

static const struct informer_ops watch_sets = {
    .name = "argo.sets", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_set,
};

static const struct informer_ops watch_deployments = {
    .name = "argo.deployments", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_other,
};

static const struct informer_ops watch_services = {
    .name = "argo.services", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_other,
};

static const struct informer_ops watch_routes = {
    .name = "argo.routes", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_other,
};

/* ---- what a pass sees ------------------------------------------------------------------ */

static const struct meta *service_called(struct argos *as, const char *name)
{
    return informer_find(as->services, as->now->meta.space, name);
}

static const char *selected(void *ctx, const char *service)
{
    const struct meta *m = service_called(ctx, service);
    const struct selector *s = m ? service_seen(m)->selector : NULL;

    for (size_t i = 0; s && i < s->len; i++)
        if (strcmp(s->items[i].key, ARGO_HASH) == 0 && s->items[i].len == 1)
            return s->items[i].values[0];
    return m ? "" : NULL;
}

static enum argo_verdict analysed(void *ctx, enum argo_run run,
                                  unsigned index, const struct value *spec,
                                  const char **message)
{
    struct argos *as = ctx;

    return argo_analysed(&as->analyses, as->view, run, index, spec, message);
}

/* The sets that r owns, oldest first. */
static const struct replicaset **owned_sets(struct argos *as,
                                            const struct argo *r, size_t *n)
{
    const object_uid *uids = informer_owned(as->sets, r->meta.uid, n);
    const struct replicaset **sets = arena_many(as->scratch,
                                                const struct replicaset *,
                                                *n);

    for (size_t i = 0; i < *n; i++)
        sets[i] = replicaset_seen(informer_get(as->sets, uids[i]));
    return sets;
}

static size_t older_pods(void *ctx, const struct replicaset *set, sim_time t,
                         const object_uid **pods)
{
    struct argos *as = ctx;
    struct api *api = as->c->w->api;
    size_t n, found = 0;
    const object_uid *all = api_owned(api, set->meta.uid, &n);
    object_uid *old = arena_many(as->scratch, object_uid, n);

    for (size_t i = 0; i < n; i++) {
        const struct meta *m = api_get(api, all[i]);

        if (m->kind == KIND_POD && m->created < t && !meta_deleting(m))
            old[found++] = all[i];
    }
    *pods = old;
    return found;
}

/* ---- calls -------------------------------------------------------------------------------- */

static void create_set(struct argos *as, struct sync *s,
                       const struct replicaset *set)
{
    struct meta *draft = api_new_draft(as->c->w->api, KIND_REPLICASET);

    *replicaset_of(draft) = *set;
    remember(as, sync_create(s, draft), as->sets);
}

static void update_set(struct argos *as, struct sync *s,
                       const struct replicaset *set)
{
    struct meta *draft = api_draft(as->c->w->api,
                                   informer_get(as->sets, set->meta.uid));
    struct replicaset *to = replicaset_of(draft);

    to->meta.annotations = set->meta.annotations;
    to->replicas = set->replicas;
    to->revision = set->revision;
    to->revision_history = set->revision_history;
    to->desired = set->desired;
    remember(as, sync_update(s, draft), as->sets);
}

/* The selector of a Service with another hash, typed and as written. */
static void select_hash(struct argos *as, struct sync *s, const char *service,
                        const char *hash)
{
    struct world *w = as->c->w;
    const struct meta *m = service_called(as, service);
    struct meta *draft = api_draft(w->api, m);
    struct service *to = service_of(draft);

    to->raw = value_set(w->arena, to->raw, "spec.selector.\"" ARGO_HASH "\"",
                        value_string(w->arena, hash, NULL));
    to->selector = selector_from_map(w->arena,
                                     value_at(to->raw, "spec.selector"));
    remember(as, sync_update(s, draft), as->services);
}

static void write_route(struct argos *as, struct sync *s,
                        const struct value *v)
{
    struct world *w = as->c->w;
    const struct meta *m = informer_find(as->routes, as->now->meta.space,
                                         as->now->route);
    struct err_list errors;
    struct meta *read, *draft;
    struct meta who;

    err_init(&errors, w->arena);
    read = kind_ops_of(KIND_HTTPROUTE)->decode(w->arena, v, &errors);
    if (errors.errors)
        BUG("the route of a Rollout is invalid: %s", errors.items[0].text);
    draft = m ? api_draft(w->api, m)
              : api_new_draft(w->api, KIND_HTTPROUTE);
    who = *draft;
    *httproute_of(draft) = *httproute_of(read);
    if (m) {
        draft->uid = who.uid;
        draft->created = who.created;
        draft->version = who.version;
        draft->generation = who.generation;
        draft->tie = who.tie;
    } else {
        draft->owner = as->now->meta.uid;
    }
    draft->refs = who.refs;
    draft->deleted = SIM_NEVER;
    remember(as, m ? sync_update(s, draft) : sync_create(s, draft),
             as->routes);
}

/* Not now, if a budget does not allow it: the next pass tries again. */
static void evict_pod(struct argos *as, object_uid pod)
{
    struct world *w = as->c->w;
    struct eviction e = eviction_read(w, pod, -1);

    eviction_commit(w, &e, NULL);
}

static void write_status(struct argos *as, struct sync *s,
                         const struct argo *r)
{
    struct meta *draft = api_draft(as->c->w->api, &as->now->meta);

    argo_copy_status(argo_of(draft), r);
    remember(as, sync_update_status(s, draft), as->rollouts);
}

/* ---- workloadRef ------------------------------------------------------- */

static const struct deployment *workload_of(struct argos *as)
{
    const struct argo *r = as->now;

    return r->workload ? deployment_seen(informer_find(as->deployments,
                                                       r->meta.space,
                                                       r->workload)) : NULL;
}

/* The Rollout gets the template of its Deployment.  True if it had another. */
static bool take_template(struct argos *as, struct sync *s)
{
    struct world *w = as->c->w;
    const struct deployment *d = workload_of(as);
    const struct argo *r = as->now;
    struct meta *draft;
    struct argo *to;

    if (!d || d->template->identity == r->template->identity)
        return false;
    draft = api_draft(w->api, &r->meta);
    to = argo_of(draft);
    to->template = d->template;
    to->raw = value_set(w->arena, to->raw, "spec.template", d->template->raw);
    remember(as, sync_update(s, draft), as->rollouts);
    return true;
}

/* The Deployment loses its pods as the Rollout gets its first, or is healthy
 * for the first time. */
static void scale_workload(struct argos *as, struct sync *s,
                           const struct argo *r)
{
    const struct deployment *d = workload_of(as);
    int size = d ? d->replicas : 0;
    struct meta *draft;

    if (d && r->scale_down == DOWN_PROGRESSIVELY)
        size = argo_workload_size(r, size);
    else if (d && r->scale_down == DOWN_ON_SUCCESS &&
             r->phase == ARGO_HEALTHY)
        size = 0;
    if (!d || size == d->replicas)
        return;
    draft = api_draft(as->c->w->api, &d->meta);
    deployment_set_replicas(as->c->w->arena, deployment_of(draft), size);
    remember(as, sync_update(s, draft), as->deployments);
}

/* What is told once the writes have succeeded. */
struct notes {
    const struct argo_note *items;
    size_t len;
};

static void tell(struct controller *c, struct sync *s, object_uid key,
                 bool error, const char *why, void *arg)
{
    struct argos *as = c->state;
    const struct meta *m = informer_get(as->rollouts, key);
    const struct notes *n = arg;

    (void)s;
    (void)why;
    for (size_t i = 0; m && !error && i < n->len; i++) {
        const struct argo_note *note = &n->items[i];

        if (note->strategy)
            record_note(c->w, "Strategy", note->reason, m->space,
                        arena_printf(c->w->arena, "rollout/%s", m->name),
                        note->text);
        else
            controller_event(c, m, note->type, note->reason, "%s",
                             note->text);
    }
}

static struct notes *notes_of(struct argos *as, const struct argo_plan *p)
{
    struct arena *a = as->c->w->arena;
    struct notes *n = arena_make(a, struct notes);

    n->len = p->notes.len;
    n->items = arena_memdup(a, p->notes.items,
                            n->len * sizeof(*p->notes.items));
    return n;
}

static void carry_out(struct argos *as, struct sync *s,
                      const struct argo_plan *p)
{
    for (size_t i = 0; i < p->writes.len; i++) {
        const struct argo_write *w = &p->writes.items[i];

        switch (w->verb) {
        case ARGO_CREATE:
            create_set(as, s, w->set);
            break;
        case ARGO_UPDATE:
            update_set(as, s, w->set);
            break;
        case ARGO_DELETE:
            sync_tolerate(s, sync_delete(s, w->set->meta.uid));
            break;
        case ARGO_SELECT:
            select_hash(as, s, w->service, w->hash);
            break;
        case ARGO_ROUTE:
            write_route(as, s, w->route);
            break;
        case ARGO_EVICT:
            evict_pod(as, w->pod);
            break;
        case ARGO_STATUS:
            write_status(as, s, &p->r);
            break;
        }
    }
    if (p->notes.len > 0)
        sync_finally(s, tell, notes_of(as, p));
}

/* ---- the control loop ----------------------------------------------------------------------- */

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct argos *as = c->state;
    const struct argo *r = argo_seen(informer_get(as->rollouts, key));
    struct argo_view view = { .seen = r, .selected = selected,
                              .analysed = analysed, .older_pods = older_pods,
                              .ctx = as, .now = world_now(c->w), .keep = c->w->arena,
                              .scratch = as->scratch };
    const struct meta *route;
    struct argo_plan plan;

    if (!r) {
        argo_analyses_prune(&as->analyses, key, NULL);
        argo_trials_prune(&as->trials, key, NULL);
    }
    if (!r || is_behind(as, key))
        return;
    arena_reset(as->scratch);
    as->now = r;
    as->view = &view;
    if (take_template(as, s))
        return;
    view.sets = owned_sets(as, r, &view.nsets);
    view.restart_at = r->restart_at > r->restarted_at
        ? world_clock_time(c->w, r->restart_at) : SIM_NEVER;
    view.trial = argo_trial_of(&as->trials, c->w->arena, r);
    if (r->route) {
        route = informer_find(as->routes, r->meta.space, r->route);
        view.route = route ? httproute_seen(route)->raw : NULL;
    }
    argo_plan(&view, &plan);
    carry_out(as, s, &plan);
    scale_workload(as, s, &plan.r);
    argo_analyses_prune(&as->analyses, key, &plan.r);
    argo_trials_prune(&as->trials, key, &plan.r);
    if (plan.rolls_back)
        measure_rollback_decided(c->w);
    if (plan.wake != SIM_NEVER)
        sync_requeue_after(s, plan.wake > view.now ? plan.wake - view.now
                                                   : 1);
}

static void start(struct controller *c)
{
    struct argos *as = arena_make(c->w->arena, struct argos);

    as->c = c;
    c->state = as;
    as->scratch = arena_under(c->w->arena);
    pool_init(&as->spare, c->w->arena, sizeof(struct wrote));
    c->client.qps = 40;         /* --qps, --burst */
    c->client.burst = c->client.tokens = 80;
    as->rollouts = informer_new(c->w, KIND_ROLLOUT, &watch_rollouts, as);
    as->sets = informer_new(c->w, KIND_REPLICASET, &watch_sets, as);
    as->services = informer_new(c->w, KIND_SERVICE, &watch_services, as);
    as->deployments = informer_new(c->w, KIND_DEPLOYMENT, &watch_deployments,
                                   as);
    as->routes = informer_new(c->w, KIND_HTTPROUTE, &watch_routes, as);
    argo_analyses_init(&as->analyses, c);
}

const struct controller_ops controller_argo = {
    .name = "argo",
    .doc = "moves Rollouts from the stable ReplicaSet to the new one",
    .account = "argo-rollouts",
    .workers = 10,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
