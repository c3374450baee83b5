/*
 * endpointslice.c - EndpointSlice controller: which pods are endpoints.
 *
 * A pod that a Service selects is in its slice if it has an address and has
 * not finished.  serving = it is Ready; terminating = it is being deleted;
 * ready = serving and not terminating (or publishNotReadyAddresses).  So a
 * pod leaves the ready ones at the instant of its deletion, whatever its
 * probes say.  1.20 drops terminating pods altogether.
 *
 * The controller decides from its own caches.  When pods change within
 * milliseconds its last write has not come back yet: 1.36 then refuses to sync
 * (StaleSlices), 1.20 writes from a stale slice and is refused with a conflict;
 * both come back after 1 s, 2 s, 4 s, ..., and any change of such a pod in
 * between wakes it earlier.  1.20 that finds a stale slice right does nothing,
 * and the slice stays wrong until the next change: so did the real one.
 *
 * Not modelled: the split into objects of at most 100 endpoints; what it costs
 * (one write for each hundred that changed) is charged to the client's bucket.
 * Topology hints; slices made by hand.
 * Source: pkg/controller/endpointslice, staging/src/k8s.io/endpointslice at
 * v1.36 and v1.20; reference 6.1; recordings of requests, behaviour 2.
 */
#include <string.h>

#include "base/map.h"
#include "models/controller.h"
#include "models/network.h"
#include "models/pod.h"
#include "models/world.h"

#define SLICE_ROOM 100          /* maxEndpointsPerSlice */
#define RETRY_FIRST SIM_S       /* defaultSyncBackOff */
#define RETRIES 15
#define SERVICE_NAME_LABEL "kubernetes.io/service-name"

/* What the controller remembers of a Service. */
struct watched {
    const char *slice;          /* name of its slice */
    int failures;               /* refused writes in a row */
    uint64_t wrote;             /* version of the last write; 0: none */
    sim_time trigger;           /* first pod change not written; NEVER */
    struct controller *controller;
    object_uid service;
};

struct slices {
    struct informer *pods, *services, *slices;
    struct map watched;         /* by Service uid */
};

static struct slices *slices_of(const struct controller *c)
{
    return c->state;
}

static struct watched *watched_of(struct controller *c, object_uid service)
{
    struct map *m = &slices_of(c)->watched;
    struct watched *s = map_get_number(m, service);

    if (!s) {
        s = arena_make(c->w->arena, struct watched);
        s->trigger = SIM_NEVER;
        s->controller = c;
        s->service = service;
        map_put_number(m, service, s);
    }
    return s;
}

/* ---- what wakes it ------------------------------------------------------ */

static bool pod_wanted(void *ctx, const struct meta *before,
                       const struct meta *after)
{
    const struct pod *b, *a;

    (void)ctx;
    if (!before || !after)
        return true;
    b = pod_seen(before);
    a = pod_seen(after);
    return b->ip != a->ip || b->ready != a->ready || b->phase != a->phase ||
           meta_deleting(before) != meta_deleting(after) ||
           !labels_equal(before->labels, after->labels);
}

static void pod_changed(void *ctx, const struct meta *before,
                        const struct meta *after)
{
    struct controller *c = ctx;
    struct informer *services = slices_of(c)->services;

    if (before && after && meta_deleting(after) && !meta_deleting(before))
        record_view(c->w, VIEW_CONTROLLER, after->uid);
    for (size_t i = 0; i < informer_count(services); i++) {
        const struct service *s = service_seen(informer_at(services, i));
        struct watched *known;

        if (!service_selects(s, before) && !service_selects(s, after))
            continue;
        known = watched_of(c, s->meta.uid);
        if (known->trigger == SIM_NEVER)
            known->trigger = world_now(c->w);
        controller_enqueue(c, s->meta.uid);
    }
}

static void service_changed(void *ctx, const struct meta *before,
                            const struct meta *after)
{
    controller_enqueue(ctx, after ? after->uid : before->uid);
}

static const struct informer_ops pods_ops = {
    .name = "endpointslice.pods", .latency = TIMING_WATCH_ENDPOINTS,
    .wants = pod_wanted, .handle = pod_changed,
};

static const struct informer_ops services_ops = {
    .name = "endpointslice.services", .latency = TIMING_WATCH_ENDPOINTS,
    .handle = service_changed,
};

/* A slice that is gone is not waited for. */
static void slice_changed(void *ctx, const struct meta *before,
                          const struct meta *after)
{
    if (!after && before->owner != 0)
        watched_of(ctx, before->owner)->wrote = 0;
}

static const struct informer_ops slices_ops = {
    .name = "endpointslice.slices", .latency = TIMING_WATCH_ENDPOINTS,
    .handle = slice_changed,
};

static void start(struct controller *c)
{
    struct slices *s = arena_make(c->w->arena, struct slices);

    c->state = s;
    c->client.latency = TIMING_SLICE_WRITE;
    if (c->w->spec->cluster.profile == PROFILE_EXACT)
        c->client.qps = 0;      /* endpoints change at once */
    map_init(&s->watched, c->w->arena);
    s->pods = informer_new(c->w, KIND_POD, &pods_ops, c);
    s->services = informer_new(c->w, KIND_SERVICE, &services_ops, c);
    s->slices = informer_new(c->w, KIND_ENDPOINTSLICE, &slices_ops, c);
}

/* ---- the endpoints of a Service ----------------------------------------- */

static bool is_endpoint(const struct controller *c, const struct pod *p)
{
    if (p->ip == 0 || p->phase == POD_SUCCEEDED || p->phase == POD_FAILED)
        return false;
    return !(world_is(c->w, KUBE_1_20) && meta_deleting(&p->meta));
}

static struct endpoint endpoint_of(const struct service *s,
                                   const struct pod *p)
{
    struct endpoint e = { .pod = p->meta.uid, .node = p->node, .ip = p->ip };

    e.serving = p->ready;
    e.terminating = meta_deleting(&p->meta);
    e.ready = s->publish_not_ready || (e.serving && !e.terminating);
    return e;
}

/* The wanted endpoints of s, in order of pod uid, of the arena. */
static struct endpoint *collect(struct controller *c, const struct service *s,
                                size_t *n)
{
    struct informer *pods = slices_of(c)->pods;
    VEC(struct endpoint) list = { 0 };

    for (size_t i = 0; i < informer_count(pods); i++) {
        const struct meta *m = informer_at(pods, i);

        if (service_selects(s, m) && is_endpoint(c, pod_seen(m)))
            vec_push(c->w->arena, &list, endpoint_of(s, pod_seen(m)));
    }
    *n = list.len;
    return list.items;
}

static bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return a->pod == b->pod && a->node == b->node && a->ip == b->ip &&
           a->ready == b->ready && a->serving == b->serving &&
           a->terminating == b->terminating;
}

/* How many of the real objects, of a hundred endpoints each, differ. */
static size_t objects_changed(const struct endpointslice *old,
                              const struct endpoint *items, size_t n)
{
    size_t most = old->len > n ? old->len : n;
    size_t changed = 0;

    for (size_t from = 0; from < most; from += SLICE_ROOM) {
        bool same = true;

        for (size_t i = from; same && i < most && i < from + SLICE_ROOM; i++)
            same = i < n && i < old->len &&
                   endpoint_equal(&items[i], &old->items[i]);
        changed += !same;
    }
    return changed;
}

/* ---- writing ------------------------------------------------------------ */

static sim_time retry_delay(const struct controller *c, int failures)
{
    sim_time most = (world_is(c->w, KUBE_1_20) ? 100 : 1000) * SIM_S;
    sim_time delay = RETRY_FIRST << (failures < 10 ? failures : 10);

    return delay < most ? delay : most;
}

/* It did not work: come back. */
static void try_later(struct watched *known)
{
    if (known->failures < RETRIES)
        controller_enqueue_after(known->controller, known->service,
                                 retry_delay(known->controller,
                                             known->failures));
    known->failures++;
}

static void on_written(struct call *call, enum api_code code,
                       const struct meta *result, const char *reason)
{
    struct watched *known = call->ctx;

    (void)reason;
    if (code == API_OK || code == API_CREATED) {
        known->failures = 0;
        known->wrote = result->version;
        return;
    }
    try_later(known);
}

static void listen(struct sync *s, struct call *call, struct watched *known)
{
    call->done = on_written;
    call->ctx = known;
    sync_tolerate(s, call);     /* comes back with this controller's delay */
}

static void create_slice(struct controller *c, struct sync *s,
                         const struct service *service,
                         struct watched *known, struct endpoint *items,
                         size_t n)
{
    struct world *w = c->w;
    struct meta *m = api_new_draft(w->api, KIND_ENDPOINTSLICE);
    struct endpointslice *slice = slice_of(m);

    if (!known->slice)
        known->slice = arena_printf(w->arena, "%s-%s", service->meta.name,
                                    world_suffix(w));
    m->name = known->slice;
    m->space = service->meta.space;
    m->owner = service->meta.uid;
    m->labels = labels_with(w->arena, NULL, SERVICE_NAME_LABEL,
                            service->meta.name);
    slice->items = items;
    slice->len = n;
    slice->trigger = known->trigger;
    listen(s, sync_create(s, m), known);
}

static void update_slice(struct controller *c, struct sync *s,
                         const struct endpointslice *old,
                         struct watched *known, struct endpoint *items,
                         size_t n)
{
    size_t writes = objects_changed(old, items, n);
    struct endpointslice *slice;

    if (writes == 0)
        return;
    if (c->client.qps > 0)
        c->client.tokens -= (double)(writes - 1);
    slice = slice_of(api_draft(c->w->api, &old->meta));
    slice->items = items;
    slice->len = n;
    slice->trigger = known->trigger;
    listen(s, sync_update(s, &slice->meta), known);
}

/* Has the last write not come back yet?  seen: the slice, NULL if none. */
static bool is_stale(const struct controller *c, const struct watched *known,
                     const struct meta *seen)
{
    return !world_is(c->w, KUBE_1_20) && known->wrote != 0 &&
           (!seen || seen->version < known->wrote);
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct slices *state = slices_of(c);
    const struct meta *m = informer_get(state->services, key), *slice;
    struct watched *known = watched_of(c, key);
    const object_uid *owned;
    size_t nowned, n;
    struct endpoint *items;

    owned = informer_owned(state->slices, key, &nowned);
    if (!m) {
        for (size_t i = 0; i < nowned; i++)
            sync_tolerate(s, sync_delete(s, owned[i]));
        return;
    }
    if (!service_seen(m)->selector)
        return;
    slice = nowned > 0 ? informer_get(state->slices, owned[0]) : NULL;
    if (is_stale(c, known, slice)) {
        try_later(known);
        return;
    }
    items = collect(c, service_seen(m), &n);
    if (slice)
        update_slice(c, s, slice_seen(slice), known, items, n);
    else
        create_slice(c, s, service_seen(m), known, items, n);
    known->trigger = SIM_NEVER;
}

const struct controller_ops controller_endpointslice = {
    .name = "endpointslice",
    .doc = "lists the pods behind each Service in EndpointSlices",
    .workers = 5,
    .max_retries = RETRIES,
    .start = start,
    .sync = sync,
};
