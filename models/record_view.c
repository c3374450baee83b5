/*
 * record_view.c - rows of a pod's life where requests meet it.
 *
 * Who learns when that a pod comes or goes (API, EndpointSlice controller,
 * slice, each node's rules), and what its process does meanwhile: a request
 * fails because these disagree.  views.list has them all.  A pod with several
 * containers has a row for each of their processes.
 */
#include <stdlib.h>
#include <string.h>

#include "models/network.h"
#include "models/node.h"
#include "models/process.h"
#include "models/proxy.h"
#include "models/world.h"
#include "record_impl.h"

const char *const view_names[VIEW_COUNT + 1] = {
#define VIEW(id, name, doc) #name,
#include "models/views.list"
#undef VIEW
    NULL,
};

struct named {                  /* a pod, also when it is gone */
    const char *space, *pod;
};

struct connected {              /* the clients of a node and a pod */
    object_uid pod, node;
    sim_time last;
};

/* service, node: "" and 0 for a row of the pod itself. */
static void put(struct world *w, enum view view, object_uid pod,
                const char *service, object_uid node, sim_time at)
{
    const struct named *n = map_get_number(&w->record.named, pod);

    if (n)
        vec_push(w->arena, &w->record.views, ((struct view_row){
            .at = at, .view = view, .space = n->space, .pod = n->pod,
            .service = service, .node = node ? network_place(w, node)
                                              : "" }));
}

void record_view(struct world *w, enum view view, object_uid pod)
{
    if (w->record.rows)
        put(w, view, pod, "", 0, world_now(w));
}

/* ---- pods and slices ---------------------------------------------------- */

void record_view_pod(struct world *w, const struct pod *p, const char *state)
{
    struct named *n = map_get_number(&w->record.named, p->meta.uid);

    if (!n) {
        n = arena_make(w->arena, struct named);
        n->space = p->meta.space;
        n->pod = p->meta.name;
        map_put_number(&w->record.named, p->meta.uid, n);
    }
    if (strcmp(state, "Ready") == 0)
        record_view(w, VIEW_READY, p->meta.uid);
    else if (strcmp(state, "Terminating") == 0)
        record_view(w, VIEW_TERMINATING, p->meta.uid);
}

static bool slice_lists(const struct endpointslice *s, object_uid pod)
{
    for (size_t i = 0; s && i < s->len; i++)
        if (s->items[i].pod == pod)
            return s->items[i].ready;
    return false;
}

/* Rows of the ready endpoints of a that b does not have. */
static void compare_slices(struct world *w, const struct endpointslice *a,
                           const struct endpointslice *b, enum view view)
{
    const struct meta *s = a ? api_get(w->api, a->meta.owner) : NULL;

    for (size_t i = 0; a && i < a->len; i++)
        if (a->items[i].ready && !slice_lists(b, a->items[i].pod))
            put(w, view, a->items[i].pod, s ? s->name : "", 0, world_now(w));
}

void record_view_slice(struct world *w, const struct meta *before,
                       const struct meta *after)
{
    const struct endpointslice *b = before ? slice_seen(before) : NULL;
    const struct endpointslice *a = after ? slice_seen(after) : NULL;

    compare_slices(w, b, a, VIEW_SLICE_DROPS);
    compare_slices(w, a, b, VIEW_SLICE_LISTS);
}

/* ---- rules and connections ---------------------------------------------- */

static bool among(const struct rule *items, size_t n, object_uid pod)
{
    for (size_t i = 0; i < n; i++)
        if (items[i].pod == pod)
            return true;
    return false;
}

void record_rules(struct world *w, const struct rules *r,
                  const struct rule *before, size_t n)
{
    if (!w->record.rows)
        return;
    for (size_t i = 0; i < n; i++)
        if (!rules_have(r, before[i].pod))
            put(w, VIEW_RULES_DROP, before[i].pod, r->name, r->node,
                world_now(w));
    for (size_t i = 0; i < r->len; i++)
        if (!among(before, n, r->items[i].pod))
            put(w, VIEW_RULES_LIST, r->items[i].pod, r->name, r->node,
                world_now(w));
}

void record_connection(struct world *w, object_uid pod, object_uid node)
{
    uint64_t key[2] = { pod, node };
    uint64_t number = fnv64(FNV_START, key, sizeof(key));
    struct connected *c = map_get_number(&w->record.connected, number);

    if (!c) {
        c = arena_make(w->arena, struct connected);
        c->pod = pod;
        c->node = node;
        map_put_number(&w->record.connected, number, c);
        put(w, VIEW_FIRST_CONNECTION, pod, "", node, world_now(w));
    }
    c->last = world_now(w);
}

void record_blocked(struct world *w, object_uid pod)
{
    if (map_get_number(&w->record.blocked, pod))
        return;
    map_put_number(&w->record.blocked, pod, w);
    record_view(w, VIEW_BLOCKED, pod);
}

/* ---- processes ---------------------------------------------------------- */

static void on_listen(void *ctx, struct process *p)
{
    record_view(ctx, VIEW_LISTENS, p->pod);
}

static void on_close(void *ctx, struct process *p)
{
    record_view(ctx, VIEW_CLOSES, p->pod);
}

static void on_hang(void *ctx, struct process *p)
{
    record_view(ctx, VIEW_HANGS, p->pod);
}

static void on_exit(void *ctx, struct process *p)
{
    record_view(ctx, VIEW_EXITS, p->pod);
}

static void on_network_gone(void *ctx, struct process *p)
{
    record_view(ctx, VIEW_NETWORK_GONE, p->pod);
}

static const struct process_ops watch = {
    .listen = on_listen, .close = on_close, .hang = on_hang,
    .exit = on_exit,
    .network_gone = on_network_gone,
};

/* ---- life --------------------------------------------------------------- */

void record_watch(struct world *w)
{
    if (w->record.rows)
        process_watch(w, &watch, w);
}

static int by_time(const void *x, const void *y)
{
    const struct view_row *a = x, *b = y;
    int order;

    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    if (a->view != b->view)
        return a->view < b->view ? -1 : 1;
    order = strcmp(a->pod, b->pod);
    return order ? order : strcmp(a->node, b->node);
}

void record_finish(struct world *w)
{
    struct record *r = &w->record;

    for (size_t i = 0; i < r->connected.len; i++) {
        const struct connected *c = r->connected.entries[i].value;

        if (c)
            put(w, VIEW_LAST_CONNECTION, c->pod, "", c->node, c->last);
    }
    if (r->views.len > 0)
        qsort(r->views.items, r->views.len, sizeof(*r->views.items), by_time);
}
