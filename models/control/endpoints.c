/*
 * endpoints.c - Endpoints controller: the list from before EndpointSlices.
 *
 * One object a Service, called as the Service is, with the addresses of its
 * ready pods and of those that are not; pods on their way out are left out, so
 * nobody who reads it can fall back to them.  An object holds 1000 addresses:
 * what is beyond is left out, the ready ones last, and an annotation says so.
 * Any change writes the whole list anew.
 *
 * It runs only if somebody reads what it writes: kube-proxies of before 1.19
 * (cluster.proxy.reads: Endpoints).  Others who read Endpoints to this day,
 * such as monitoring, do not act on them here.
 * Source: pkg/controller/endpoint at v1.36; reference 6.1.
 */
#include <string.h>

#include "base/vec.h"
#include "models/controller.h"
#include "models/network.h"
#include "models/pod.h"
#include "models/world.h"

#define ROOM 1000               /* maxCapacity */
#define OVER "endpoints.kubernetes.io/over-capacity"

struct lists {
    struct informer *pods, *services, *endpoints;
};

static void pod_changed(void *ctx, const struct meta *before,
                        const struct meta *after)
{
    struct controller *c = ctx;
    const struct lists *l = c->state;

    for (size_t i = 0; i < informer_count(l->services); i++) {
        const struct service *s = service_seen(informer_at(l->services, i));

        if (service_selects(s, before) || service_selects(s, after))
            controller_enqueue(c, s->meta.uid);
    }
}

static void service_changed(void *ctx, const struct meta *before,
                            const struct meta *after)
{
    controller_enqueue(ctx, after ? after->uid : before->uid);
}

static const struct informer_ops pods_ops = {
    .name = "endpoints.pods", .latency = TIMING_WATCH_ENDPOINTS,
    .handle = pod_changed,
};
static const struct informer_ops services_ops = {
    .name = "endpoints.services", .latency = TIMING_WATCH_ENDPOINTS,
    .handle = service_changed,
};
static const struct informer_ops endpoints_ops = {
    .name = "endpoints.endpoints", .latency = TIMING_WATCH_ENDPOINTS,
};

static void start(struct controller *c)
{
    struct lists *l = arena_make(c->w->arena, struct lists);

    c->state = l;
    if (!c->w->spec->cluster.reads_endpoints)
        return;
    c->client.latency = TIMING_SLICE_WRITE;
    if (c->w->spec->cluster.profile == PROFILE_EXACT)
        c->client.qps = 0;      /* endpoints change at once */
    l->pods = informer_new(c->w, KIND_POD, &pods_ops, c);
    l->services = informer_new(c->w, KIND_SERVICE, &services_ops, c);
    l->endpoints = informer_new(c->w, KIND_ENDPOINTS, &endpoints_ops, c);
}

typedef VEC(struct endpoint) endpoint_list;

/* The ready pods of s, or those that are not, as far as there is room. */
static void collect(const struct controller *c, const struct service *s,
                    bool ready, endpoint_list *out, size_t *over)
{
    const struct lists *l = c->state;

    for (size_t i = 0; i < informer_count(l->pods); i++) {
        const struct pod *p = pod_seen(informer_at(l->pods, i));
        bool counts = s->publish_not_ready || p->ready;

        if (!service_selects(s, &p->meta) || p->ip == 0 || !pod_active(p) ||
            counts != ready)
            continue;
        if (out->len == ROOM)
            ++*over;
        else
            vec_push(c->w->arena, out, ((struct endpoint){
                .pod = p->meta.uid, .node = p->node, .ip = p->ip,
                .ready = ready, .serving = p->ready }));
    }
}

static bool is_same(const struct endpoint *a, const struct endpoint *b)
{
    return a->pod == b->pod && a->ip == b->ip && a->ready == b->ready;
}

static bool are_same(const struct endpointslice *old,
                     const endpoint_list *list)
{
    if (old->len != list->len)
        return false;
    for (size_t i = 0; i < list->len; i++)
        if (!is_same(&old->items[i], &list->items[i]))
            return false;
    return true;
}

/* Order of pod uid, as the rules of proxies have it. */
static void sort(endpoint_list *list)
{
    for (size_t i = 1; i < list->len; i++) {
        struct endpoint e = list->items[i];
        size_t k = i;

        for (; k > 0 && list->items[k - 1].pod > e.pod; k--)
            list->items[k] = list->items[k - 1];
        list->items[k] = e;
    }
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    const struct lists *l = c->state;
    const struct meta *m = informer_get(l->services, key);
    size_t owned, over = 0;
    const object_uid *uids = informer_owned(l->endpoints, key, &owned);
    const struct meta *old = owned ? informer_get(l->endpoints, uids[0])
                                   : NULL;
    endpoint_list list = { 0 };
    struct meta *draft;

    if (!m && old)
        sync_tolerate(s, sync_delete(s, old->uid));
    if (!m || !service_seen(m)->selector)
        return;
    collect(c, service_seen(m), true, &list, &over);
    collect(c, service_seen(m), false, &list, &over);
    sort(&list);
    if (old && are_same(slice_seen(old), &list))
        return;
    draft = old ? api_draft(c->w->api, old)
                : api_new_draft(c->w->api, KIND_ENDPOINTS);
    draft->name = m->name;
    draft->space = m->space;
    draft->owner = key;
    draft->annotations = labels_with(c->w->arena, NULL, OVER,
                                     over ? "truncated" : NULL);
    slice_of(draft)->items = list.items;
    slice_of(draft)->len = list.len;
    if (old)
        sync_update(s, draft);
    else
        sync_create(s, draft);
}

const struct controller_ops controller_endpoints = {
    .name = "endpoint",
    .doc = "lists the pods behind each Service in Endpoints, for old readers",
    .workers = 5,
    .max_retries = 15,
    .start = start,
    .sync = sync,
};
