/*
 * outside.c - clients outside of the cluster, and the load balancer before it.
 *
 * Their requests come in through a node: to a Service of type NodePort through
 * any, to one of type LoadBalancer through one that the load balancer thinks
 * healthy, each connection for itself; from there by the node's rules for
 * traffic from outside.  With externalTrafficPolicy Cluster these lead to any
 * endpoint, and a node is healthy while it runs; with Local they lead to
 * endpoints on that node only, and its health check says whether it has a ready
 * one.  The load balancer asks each node every `interval`, and believes a
 * change after so many answers in a row: until then it sends requests to a node
 * where nobody takes them.  If it thinks no node healthy it sends to all.
 *
 * Nodes that join are asked from then on; one whose Node is gone is forgotten.
 * Not modelled: the way there, several load balancers, connections that it cuts
 * when a node becomes unhealthy, the node's own label that excludes it.
 * Source: kubernetes pkg/proxy/healthcheck at v1.36; the GCE provider's health
 * checks (8 s, 1 and 3); reference 6.3.
 */
#include <string.h>

#include "base/text.h"
#include "models/informer.h"
#include "models/kubelet.h"
#include "models/measure.h"
#include "models/network.h"
#include "models/node.h"
#include "traffic_impl.h"

struct gate {                   /* a node that requests come in through */
    struct outside *outside;
    object_uid node;
    uint16_t place;
    bool healthy, gone;
    int streak;                 /* answers in a row that say otherwise */
    struct stream luck;
};

struct outside {
    struct sender *sender;
    const struct balancer_spec *spec;
    bool balanced;              /* a load balancer; else node ports */
    VEC(struct gate *) gates;
    VEC(uint16_t) open;         /* places that requests are sent to */
    double demand;              /* its part of all requests; 0: not told yet */
    struct informer *nodes, *services;
};

/* ---- where requests go -------------------------------------------------- */

/* Tell measure.c that each of the open places has `part` of the demand more. */
static void reshare(struct outside *o, double part)
{
    struct world *w = o->sender->traffic->w;

    for (size_t i = 0; i < o->open.len && o->demand > 0; i++)
        measure_watch(w, o->sender->places.items[o->open.items[i]]->rules,
                      part / (double)o->open.len, &o->sender->origin);
}

static void recount(struct outside *o)
{
    struct arena *a = o->sender->traffic->w->arena;
    bool any = false;

    reshare(o, -o->demand);
    vec_clear(&o->open);
    for (size_t i = 0; i < o->gates.len; i++)
        any |= o->gates.items[i]->healthy && !o->gates.items[i]->gone;
    for (size_t i = 0; i < o->gates.len; i++)
        if (!o->gates.items[i]->gone && (!any || o->gates.items[i]->healthy))
            vec_push(a, &o->open, o->gates.items[i]->place);
    reshare(o, o->demand);
}

void outside_watch(struct outside *o, double demand)
{
    reshare(o, -o->demand);
    o->demand = demand;
    reshare(o, demand);
}

double outside_closed(const struct outside *o)
{
    double sum = 0;

    for (size_t i = 0; i < o->open.len; i++)
        sum += measure_closed(o->sender->traffic->w, o->sender->places.items[
                                  o->open.items[i]]->rules);
    return o->open.len ? sum / (double)o->open.len : 1;
}

uint16_t outside_pick(const struct outside *o, double u)
{
    size_t n = o->open.len, i = (size_t)(u * (double)n);

    return n == 0 ? 0 : o->open.items[i < n ? i : n - 1];
}

bool outside_arrives(const struct ask *a)
{
    const struct sender *s = a->sender;

    return kubelet_has_power(s->traffic->w,
                             s->places.items[a->place]->rules->node);
}

/* ---- health ------------------------------------------------------------- */

static bool answers_well(const struct gate *g)
{
    const struct outside *o = g->outside;
    const struct rules *r = o->sender->places.items[g->place]->rules;
    const struct meta *m = informer_find(o->services, r->space, r->name);

    return kubelet_has_power(o->sender->traffic->w, g->node) &&
           (!m || !service_seen(m)->external_local || r->ready_here > 0);
}

/* A node is sent requests from now on, or no more. */
static void tell(const struct gate *g)
{
    const struct sender *s = g->outside->sender;
    struct world *w = s->traffic->w;
    const struct meta *node = informer_get(g->outside->nodes, g->node);

    if (w->record.rows)
        record_note(w, "LoadBalancer", g->healthy ? "Healthy" : "Unhealthy",
                    s->space, arena_printf(w->arena, "service/%s", s->service),
                    arena_printf(w->arena, "node %s", node ? node->name : ""));
}

static void fire_probe(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_probe = {
    .name = "balancer.asks", .rank = RANK_MEASURE, .fire = fire_probe,
};

static void fire_probe(struct sim *sim, void *subject, int64_t arg)
{
    struct gate *g = subject;
    const struct balancer_spec *spec = g->outside->spec;

    (void)arg;
    if (g->gone)
        return;
    sim_after(sim, spec->interval, &ev_probe, g, 0);
    g->streak = answers_well(g) == g->healthy ? 0 : g->streak + 1;
    if (g->streak < (g->healthy ? spec->unhealthy : spec->healthy))
        return;
    g->streak = 0;
    g->healthy = !g->healthy;
    tell(g);
    recount(g->outside);
}

/* ---- nodes come and go -------------------------------------------------- */

static void gate_new(struct outside *o, object_uid node)
{
    struct world *w = o->sender->traffic->w;
    struct gate *g = arena_make(w->arena, struct gate);
    sim_time first = 0;

    g->outside = o;
    g->node = node;
    g->place = sender_place(o->sender, node);
    g->healthy = !o->balanced;
    vec_push(w->arena, &o->gates, g);
    if (!o->balanced)
        return;
    world_stream(w, &g->luck, PURPOSE_TARGET, fnv64(o->sender->entity, &node,
                                                    sizeof(node)));
    if (w->spec->cluster.profile != PROFILE_EXACT)
        first = (sim_time)(stream_u01(&g->luck) * (double)o->spec->interval);
    sim_after(w->sim, first, &ev_probe, g, 0);
}

static void on_node(void *ctx, const struct meta *before,
                    const struct meta *after)
{
    struct outside *o = ctx;

    if (!before && after)
        gate_new(o, after->uid);
    for (size_t i = 0; !after && i < o->gates.len; i++)
        if (o->gates.items[i]->node == before->uid)
            o->gates.items[i]->gone = true;
    if (!before != !after)
        recount(o);
}

static const struct informer_ops watch_nodes = {
    .name = "balancer.nodes", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_node,
};
static const struct informer_ops watch_services = {
    .name = "balancer.services", .latency = TIMING_WATCH_CONTROLLER,
};

/* What the manifests say of the Service. */
static bool is_balanced(const struct world *w, const struct sender *s)
{
    for (size_t i = 0; i < w->spec->nmanifests; i++) {
        const struct manifest *m = &w->spec->manifests[i];

        if (m->kind == KIND_SERVICE && strcmp(m->name, s->service) == 0 &&
            strcmp(m->space, s->space) == 0)
            return strcmp(value_text(value_at(m->value, "spec.type"), ""),
                          "LoadBalancer") == 0;
    }
    return true;
}

struct outside *outside_new(struct sender *s)
{
    struct world *w = s->traffic->w;
    struct outside *o = arena_make(w->arena, struct outside);

    o->sender = s;
    s->outside = o;
    o->spec = &w->spec->cluster.balancer;
    o->balanced = is_balanced(w, s);
    o->services = informer_new(w, KIND_SERVICE, &watch_services, o);
    o->nodes = informer_new(w, KIND_NODE, &watch_nodes, o);
    for (size_t i = 0; i < informer_count(o->nodes); i++)
        gate_new(o, informer_at(o->nodes, i)->uid);
    recount(o);
    return o;
}
