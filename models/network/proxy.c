/*
 * proxy.c - kube-proxy: a node's rules follow the slices, late.
 *
 * A change that the proxy sees is written to the kernel by its next sync.
 * Syncs are limited: 1.20 has a token bucket of two, refilled once per
 * minSyncPeriod, and no sync starts earlier than that period after the last
 * one ended unless a token is there; later releases start at once after a
 * quiet spell and otherwise one period after the end of the last sync.  A
 * sync reads what was seen at its start and takes effect at its end.  1.20
 * writes all Services in each sync, so its length grows with their number;
 * and it does not look at endpoints that are not ready, while later releases
 * also spend a sync when such a one comes or goes.
 *
 * In iptables mode the filter table is committed before the nat table: when
 * endpoints come back, packets are for a moment neither rejected nor
 * translated, and whoever connects then is lost (rules.leaks_from).
 *
 * A headless Service has no rules: its clients on a node use the addresses
 * that a name lookup gave them for dnsTtl, each node from another moment on.
 *
 * The ingress controller's view (INGRESS_NODE) goes the same way: its syncs
 * start at least ingressPeriod after each other and take ingressPickup (and a
 * reload if Ingresses ask for it); it takes ready endpoints only, in turns.
 *
 * So does that of the sidecars of the clients on a node: pushed when endpoints
 * have been quiet for meshDebounce, 10 s after the first change at the latest,
 * and obeyed meshPush later.
 *
 * Without changes there is a sync every syncPeriod (1.20) or hour, which writes
 * what is there already; a change that comes meanwhile waits for its end.
 *
 * Not modelled: failures of a sync; a headless Service's targetPort
 * is used although there is nobody to translate it; answers of DNS that are
 * lost or in transit.
 * Source: pkg/util/async/bounded_frequency_runner.go at v1.20,
 * pkg/proxy/runner at v1.36; reference 6.3; recordings of requests 1, 4, 8, 9.
 */
#include "models/proxy.h"

#include <string.h>

#include "base/bug.h"
#include "base/map.h"
#include "models/informer.h"
#include "models/ingress.h"
#include "models/machine.h"
#include "models/measure.h"
#include "models/node.h"
#include "models/pod.h"
#include "models/process.h"
#include "models/world.h"

#define FULL_SYNC_1_36 (3600 * SIM_S)   /* proxyutil.FullSyncPeriod */
#define DEBOUNCE_MOST (10 * SIM_S)      /* PILOT_DEBOUNCE_MAX */
#define BURST_1_20 2.0          /* BoundedFrequencyRunner's burstRuns */
/* A sync of 1001 Services took 0.72 s, of one 0.087 s (recordings, 9). */
#define PER_SERVICE_1_20 0.0073 /* share of a sync of one Service */
/* The nat table follows the filter table by about 16 of 90 ms. */
#define LEAK_SHARE 0.18         /* of a sync; inferred from recordings, 4 */

struct stuck {                  /* a client that sticks to an endpoint */
    object_uid pod;
    sim_time used;
};

/* What the proxy keeps besides the rules proper. */
struct rules_state {
    struct proxy *proxy;
    bool dirty;                 /* changed since the last sync began */
    bool staged;                /* the sync under way will change it */
    struct rules next;          /* to be in force at the end of the sync */
    size_t cap, next_cap;       /* of items and next.items */
    event_id lookup;            /* the next one, of a headless Service */
    sim_time phase;             /* of lookups; < 0: not drawn yet */
    struct map clients;         /* client -> struct stuck */
    struct rules *after;        /* of the same proxy */
};

struct proxy {
    struct world *w;
    object_uid node;
    unsigned index;             /* 0, 1, ...: also its lane */
    struct informer *slices;
    struct stream stream;
    sim_time min_sync;          /* minSyncPeriod of this node */
    struct rules *rules;        /* all of them */
    double tokens;              /* 1.20 */
    sim_time filled;            /* when tokens was right */
    sim_time ended;             /* the last sync; < 0: none yet */
    sim_time begun;             /* the same, when it began */
    bool running, again;
    event_id timer, resync;
    sim_time first;             /* sidecars: change not pushed; < 0: none */
};

struct network {
    struct world *w;
    struct informer *services;
    struct map proxies;         /* by node uid */
    unsigned nproxies;
    sim_time min_sync;
    size_t *cluster, *local;    /* scratch for proxy_select */
    size_t scratch;
};

/* Are these the rules of a node, or the view of some proxy beside it? */
static bool is_kernel(object_uid node)
{
    return node != INGRESS_NODE && !is_sidecar(node);
}

/* ---- balancers ---------------------------------------------------------- */

#define BALANCER(id) extern const struct balancer_ops balancer_##id;
#include "models/balancers.list"
#undef BALANCER

const struct balancer_ops *balancer_of(enum proxy_mode mode)
{
    return mode == PROXY_IPVS ? &balancer_round_robin : &balancer_random;
}

static size_t rule_index(const struct rules *r, object_uid pod)
{
    size_t low = 0, high = r->len;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (r->items[mid].pod < pod)
            low = mid + 1;
        else
            high = mid;
    }
    return low < r->len && r->items[low].pod == pod ? low : r->len;
}

bool rules_have(const struct rules *r, object_uid pod)
{
    return rule_index(r, pod) < r->len;
}

/* The endpoint that client sticks to, if it still counts. */
static size_t stuck_index(struct rules *r, uint64_t client, bool sticky,
                          sim_time now)
{
    struct stuck *s = map_get_number(&r->state->clients, client);

    if (!s || (!sticky && now - s->used > r->affinity_timeout))
        return r->len;
    return rule_index(r, s->pod);
}

bool rules_hold(struct rules *r, uint64_t client)
{
    return stuck_index(r, client, true, 0) < r->len;
}

static void stick(struct rules *r, uint64_t client, object_uid pod,
                  sim_time now)
{
    struct map *clients = &r->state->clients;
    struct stuck *s = map_get_number(clients, client);

    if (!s) {
        s = arena_make(r->state->proxy->w->arena, struct stuck);
        map_put_number(clients, client, s);
    }
    s->pod = pod;
    s->used = now;
}

const struct rule *rules_resolve(struct rules *r, size_t i)
{
    struct rule *rule = &r->items[i];

    if (!rule->process)
        rule->process = process_of(r->state->proxy->w, rule->pod, rule->port);
    return rule;
}

const struct rule *rules_pick(struct rules *r, double u, uint64_t client,
                              bool sticky, sim_time now)
{
    bool sticks = sticky || r->affinity;
    size_t i = r->len;

    if (r->len == 0)
        return NULL;
    if (sticks)
        i = stuck_index(r, client, sticky, now);
    if (i == r->len)
        i = r->balancer->pick(r, u);
    if (sticks)
        stick(r, client, r->items[i].pod, now);
    return rules_resolve(r, i);
}

/* ---- what the rules for a Service ought to be --------------------------- */

static struct policy policy_of(const struct world *w, const struct service *s,
                               object_uid node)
{
    if (!is_kernel(node) || s->headless)
        return (struct policy){ 0 };
    return (struct policy){
        .internal_local = s->internal_local,
        .external_local = s->external_local,
        .external = s->type == SERVICE_NODE_PORT ||
                    s->type == SERVICE_LOAD_BALANCER,
        .terminating = !world_is(w, KUBE_1_20),
    };
}

/* The number of the port called name, 0 if the pod has none such. */
static int port_named(const struct pod *p, const char *name)
{
    const struct pod_spec *spec = p->template->spec;

    for (size_t i = 0; i < spec->ncontainers; i++) {
        const struct container *c = &spec->containers[i];

        for (size_t k = 0; k < c->nports; k++)
            if (strcmp(c->ports[k].name, name) == 0)
                return c->ports[k].port;
    }
    return 0;
}

/* Where the Service's first port leads in a pod. */
static int target_port(const struct world *w, const struct service *s,
                       object_uid pod)
{
    const struct meta *m;

    if (s->nports == 0)
        return 0;
    if (!s->ports[0].target_name)
        return s->ports[0].target_port;
    m = api_get(w->api, pod);   /* a template never changes */
    return m ? port_named(pod_seen(m), s->ports[0].target_name) : 0;
}

static void need_scratch(struct network *net, size_t n)
{
    if (n <= net->scratch)
        return;
    net->scratch = n * 2;
    net->cluster = arena_many(net->w->arena, size_t, net->scratch);
    net->local = arena_many(net->w->arena, size_t, net->scratch);
}

/* Fill st->next.items with the chosen endpoints. */
static void stage_items(struct rules_state *st, const struct service *s,
                        const struct endpointslice *slice,
                        const size_t *chosen, size_t n)
{
    struct world *w = st->proxy->w;

    if (n > st->next_cap) {
        st->next_cap = n * 2;
        st->next.items = arena_many(w->arena, struct rule, st->next_cap);
    }
    st->next.len = n;
    for (size_t i = 0; i < n; i++) {
        object_uid pod = slice->items[chosen[i]].pod;
        int port = target_port(w, s, pod);

        st->next.items[i] = (struct rule){
            .pod = pod, .port = port, .process = process_of(w, pod, port),
        };
    }
}

/* The slice of a Service as this proxy has seen it; NULL if it has not. */
static const struct endpointslice *slice_of_service(const struct proxy *p,
                                                    object_uid service)
{
    size_t n;
    const object_uid *owned = informer_owned(p->slices, service, &n);

    return n ? slice_seen(informer_get(p->slices, owned[0])) : NULL;
}

/* How many ready endpoints are on this node? */
static size_t ready_on(const struct endpointslice *slice, object_uid node)
{
    size_t n = 0;

    for (size_t i = 0; i < slice->len; i++)
        n += slice->items[i].ready && slice->items[i].node == node;
    return n;
}

/* Work out st->next from what has been seen. */
static void stage(struct rules *r)
{
    struct rules_state *st = r->state;
    struct network *net = st->proxy->w->network;
    const struct meta *m = informer_find(net->services, r->space, r->name);
    const struct service *s = m ? service_seen(m) : NULL;
    const struct endpointslice *slice =
        m ? slice_of_service(st->proxy, m->uid) : NULL;
    struct selection chosen;
    struct policy policy;
    bool local;

    st->dirty = false;
    st->staged = true;
    st->next.len = 0;
    st->next.drop = false;
    st->next.ready_here = 0;
    st->next.headless = s && s->headless;
    if (!slice)
        return;
    need_scratch(net, slice->len);
    chosen.cluster = net->cluster;
    chosen.local = net->local;
    policy = policy_of(net->w, s, r->node);
    proxy_select(slice->items, slice->len, r->node, policy, &chosen);
    local = r->outside ? policy.external_local : policy.internal_local;
    stage_items(st, s, slice, local ? chosen.local : chosen.cluster,
                local ? chosen.nlocal : chosen.ncluster);
    st->next.ready_here = ready_on(slice, r->node);
    st->next.drop = chosen.any && st->next.len == 0;
    st->next.affinity = s->affinity && is_kernel(r->node);
    st->next.affinity_timeout = (sim_time)s->affinity_s * SIM_S;
}

/* The staged rules come into force. */
static void program(struct rules *r)
{
    struct rules_state *st = r->state;
    struct rule *items = r->items;
    size_t cap = st->cap, len = r->len;

    r->items = st->next.items;
    r->len = st->next.len;
    r->drop = st->next.drop;
    r->ready_here = st->next.ready_here;
    r->headless = st->next.headless;
    r->affinity = st->next.affinity;
    r->affinity_timeout = st->next.affinity_timeout;
    r->leaks_from = SIM_NEVER;
    st->cap = st->next_cap;
    st->next.items = items;
    st->next_cap = cap;
    st->staged = false;
    record_rules(st->proxy->w, r, items, len);
    measure_rules_changed(st->proxy->w, r);
}

/* ---- headless Services --------------------------------------------------- */

static void fire_lookup(struct sim *sim, void *subject, int64_t arg)
{
    struct rules *r = subject;

    (void)sim;
    (void)arg;
    stage(r);
    program(r);
}

static const struct event_kind ev_lookup = {
    .name = "dns.lookup", .rank = RANK_RULES, .fire = fire_lookup,
};

static bool is_headless(const struct rules *r)
{
    const struct meta *m = informer_find(r->state->proxy->w->network->services,
                                         r->space, r->name);

    return m && service_seen(m)->headless;
}

/* The addresses have changed: they are used from the next lookup on. */
static void want_lookup(struct rules *r)
{
    struct rules_state *st = r->state;
    struct world *w = st->proxy->w;
    sim_time now = world_now(w), ttl;
    struct stream stream;

    if (sim_pending(w->sim, st->lookup))
        return;
    world_stream(w, &stream, PURPOSE_DNS,
                 fnv64(r->node, r->name, strlen(r->name)));
    ttl = world_draw(w, TIMING_DNS_TTL, &stream);
    if (st->phase < 0)
        st->phase = (sim_time)(stream_u01(&stream) * (double)ttl);
    if (ttl > 0)
        now += ttl - 1 - (now + ttl - 1 - st->phase % ttl) % ttl;
    st->lookup = sim_at(w->sim, now, &ev_lookup, r, 0);
}

/* ---- syncs -------------------------------------------------------------- */

static void want_sync(struct proxy *p);

static void fire_resync(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    want_sync(subject);
}

static const struct event_kind ev_resync = {
    .name = "proxy.resync", .rank = RANK_SYNC, .fire = fire_resync,
};

/* A sync without a reason when there was none for so long, a share of that
 * from now on. */
static void plan_resync(struct proxy *p, double share)
{
    struct world *w = p->w;
    sim_time period = world_is(w, KUBE_1_20) ? w->spec->cluster.sync_period
                                             : FULL_SYNC_1_36;

    if (!is_kernel(p->node) || w->spec->cluster.profile == PROFILE_EXACT)
        return;
    p->resync = sim_after(w->sim, (sim_time)(share * (double)period),
                          &ev_resync, p, p->node);
}

static void fire_synced(struct sim *sim, void *subject, int64_t arg)
{
    struct proxy *p = subject;

    (void)arg;
    for (struct rules *r = p->rules; r; r = r->state->after)
        if (r->state->staged)
            program(r);
    if (p->node == INGRESS_NODE)
        ingress_sync_ends(p->w);
    p->running = false;
    p->ended = sim_now(sim);
    if (is_kernel(p->node))
        machine_sync_over(p->w, p->node);
    plan_resync(p, 1);
    if (p->again)
        want_sync(p);
}

static const struct event_kind ev_synced = {
    .name = "proxy.synced", .rank = RANK_RULES, .fire = fire_synced,
};

static sim_time sync_length(struct proxy *p)
{
    struct world *w = p->w;
    sim_time t = world_draw_on(w, p->node == INGRESS_NODE
                                      ? TIMING_INGRESS_PICKUP
                                  : is_sidecar(p->node) ? TIMING_MESH_PUSH
                                      : TIMING_PROXY_SYNC,
                               &p->stream, p->node);
    size_t services = informer_count(w->network->services);

    if (p->node == INGRESS_NODE)
        return t + ingress_sync_starts(w, &p->stream);
    if (world_is(w, KUBE_1_20) && services > 1 && is_kernel(p->node))
        t += (sim_time)((double)t * PER_SERVICE_1_20 *
                        (double)(services - 1));
    return t;
}

static void start_sync(struct proxy *p)
{
    const struct cluster_spec *cluster = &p->w->spec->cluster;
    sim_time length = sync_length(p);
    sim_time leak = 0;

    p->running = true;
    p->again = false;
    p->first = -1;
    p->begun = world_now(p->w);
    sim_cancel(p->w->sim, p->resync);
    if (cluster->proxy_mode == PROXY_IPTABLES && is_kernel(p->node))
        leak = (sim_time)((double)length * LEAK_SHARE);
    for (struct rules *r = p->rules; r; r = r->state->after) {
        if (!r->state->dirty)
            continue;
        if (is_kernel(p->node) && (r->headless || is_headless(r))) {
            r->state->dirty = false;
            want_lookup(r);
            continue;
        }
        stage(r);
        if (r->len == 0 && r->state->next.len > 0 && leak > 0)
            r->leaks_from = world_now(p->w) + length - leak;
    }
    if (is_kernel(p->node))
        machine_sync_begins(p->w, p->node, world_now(p->w) + length);
    sim_after(p->w->sim, length, &ev_synced, p, p->node);
}

/* How long a mesh waits for quiet after a change that came now. */
static sim_time debounce(struct proxy *p)
{
    sim_time now = world_now(p->w);
    sim_time quiet = now + world_draw(p->w, TIMING_MESH_DEBOUNCE, &p->stream);

    if (p->first < 0)
        p->first = now;
    if (quiet > p->first + DEBOUNCE_MOST)
        quiet = p->first + DEBOUNCE_MOST;
    return quiet > now ? quiet - now : 0;
}

/* How long until a sync may start; 1.20 takes the token if that is now. */
static sim_time sync_wait(struct proxy *p)
{
    sim_time now = world_now(p->w);
    sim_time period = p->min_sync;
    sim_time spaced = p->ended < 0 ? 0 : p->ended + period - now;

    if (p->node == INGRESS_NODE) {      /* from start to start */
        spaced = p->begun + world_draw(p->w, TIMING_INGRESS_PERIOD,
                                       &p->stream) - now;
        return p->ended < 0 || spaced < 0 ? 0 : spaced;
    }
    if (period == 0)
        return 0;
    if (!world_is(p->w, KUBE_1_20))
        return spaced > 0 ? spaced : 0;
    p->tokens += (double)(now - p->filled) / (double)period;
    p->tokens = p->tokens < BURST_1_20 ? p->tokens : BURST_1_20;
    p->filled = now;
    if (p->tokens >= 1) {
        p->tokens -= 1;
        return 0;
    }
    if (spaced <= 0)            /* until the token is whole */
        spaced = 1 + (sim_time)((1 - p->tokens) * (double)period);
    return spaced;
}

static void fire_timer(struct sim *sim, void *subject, int64_t arg)
{
    struct proxy *p = subject;

    (void)sim;
    (void)arg;
    if (is_sidecar(p->node))
        start_sync(p);          /* it has been quiet */
    else
        want_sync(p);
}

static const struct event_kind ev_timer = {
    .name = "proxy.timer", .rank = RANK_SYNC, .fire = fire_timer,
};

static void want_sync(struct proxy *p)
{
    struct sim *sim = p->w->sim;
    sim_time wait;

    if (p->running) {
        p->again = true;
        return;
    }
    if (is_sidecar(p->node))    /* every change puts it off */
        sim_cancel(sim, p->timer);
    else if (sim_pending(sim, p->timer))
        return;
    wait = is_sidecar(p->node) ? debounce(p) : sync_wait(p);
    if (wait == 0)
        start_sync(p);
    else
        p->timer = sim_after(sim, wait, &ev_timer, p, p->node);
}

/* ---- what a proxy sees -------------------------------------------------- */

/* The Service has changed: any change asks for a sync, also where nobody
 * sends requests to it. */
static void touch(struct proxy *p, const char *space, const char *name)
{
    for (struct rules *r = p->rules; r; r = r->state->after)
        if (strcmp(r->name, name) == 0 && strcmp(r->space, space) == 0)
            r->state->dirty = true;
    want_sync(p);
}

/* The next ready endpoint of a slice from *i on; NULL at the end. */
static const struct endpoint *next_ready(const struct endpointslice *s,
                                         size_t *i)
{
    while (s && *i < s->len && !s->items[*i].ready)
        ++*i;
    return s && *i < s->len ? &s->items[(*i)++] : NULL;
}

/* Do two versions of a slice (NULL: none) list the same ready endpoints? */
static bool same_ready(const struct endpointslice *a,
                       const struct endpointslice *b)
{
    const struct endpoint *x, *y;
    size_t i = 0, k = 0;

    do {
        x = next_ready(a, &i);
        y = next_ready(b, &k);
        if (x && y && (x->pod != y->pod || x->ip != y->ip))
            return false;
    } while (x && y);
    return !x && !y;
}

static void slice_changed(void *ctx, const struct meta *before,
                          const struct meta *after)
{
    struct proxy *p = ctx;
    const struct meta *m = after ? after : before;
    const struct meta *s = informer_get(p->w->network->services, m->owner);

    if ((world_is(p->w, KUBE_1_20) || !is_kernel(p->node)) &&
        same_ready(before ? slice_seen(before) : NULL,
                   after ? slice_seen(after) : NULL))
        return;                 /* these keep only the ready ones */
    if (s)
        touch(p, s->space, s->name);
}

static unsigned lane_of_proxy(void *ctx, const struct meta *m)
{
    (void)m;
    return ((const struct proxy *)ctx)->index;
}

static const struct informer_ops slices_ops = {
    .name = "proxy.slices", .latency = TIMING_WATCH_PROXY,
    .handle = slice_changed, .lane = lane_of_proxy,
};

void network_wants_sync(struct world *w, object_uid node)
{
    struct proxy *p = map_get_number(&w->network->proxies, node);

    if (p)
        want_sync(p);
}

static void service_changed(void *ctx, const struct meta *before,
                            const struct meta *after)
{
    struct network *net = ctx;
    const struct meta *m = after ? after : before;

    for (size_t i = 0; i < net->proxies.len; i++) {
        struct proxy *p = net->proxies.entries[i].value;

        if (p)
            touch(p, m->space, m->name);
    }
}

static const struct informer_ops services_ops = {
    .name = "proxy.services", .latency = TIMING_WATCH_PROXY,
    .handle = service_changed,
};

/* ---- life --------------------------------------------------------------- */

static sim_time min_sync_of(const struct cluster_spec *c)
{
    if (c->min_sync_period >= 0)
        return c->min_sync_period;
    return c->profile == PROFILE_EXACT || c->proxy_mode == PROXY_IPVS
               ? 0 : SIM_S;
}

void network_new(struct world *w)
{
    struct network *net = arena_make(w->arena, struct network);

    w->network = net;
    net->w = w;
    net->min_sync = min_sync_of(&w->spec->cluster);
    map_init(&net->proxies, w->arena);
    net->services = informer_new(w, KIND_SERVICE, &services_ops, net);
}

static struct proxy *proxy_on(struct world *w, object_uid node)
{
    struct network *net = w->network;
    struct proxy *p = map_get_number(&net->proxies, node);

    if (p)
        return p;
    p = arena_make(w->arena, struct proxy);
    p->w = w;
    p->node = node;
    p->index = net->nproxies++;
    p->min_sync = -1;
    if (is_kernel(node))
        p->min_sync = node_seen(api_get(w->api, node))->min_sync_period;
    if (p->min_sync < 0)
        p->min_sync = net->min_sync;
    p->tokens = BURST_1_20;
    p->filled = world_now(w);
    p->ended = -1;
    p->first = -1;
    world_stream(w, &p->stream,
                 node == INGRESS_NODE ? PURPOSE_INGRESS : PURPOSE_PROXY, node);
    p->slices = informer_new(w, w->spec->cluster.reads_endpoints &&
                             node != INGRESS_NODE ? KIND_ENDPOINTS
                                                  : KIND_ENDPOINTSLICE,
                             &slices_ops, p);
    map_put_number(&net->proxies, node, p);
    plan_resync(p, stream_u01_at(w->spec->seed, PURPOSE_PROXY, node,
                                 w->replication, UINT64_MAX));
    return p;
}

static struct rules *rules_new(struct proxy *p, const char *space,
                               const char *name, bool outside)
{
    struct world *w = p->w;
    struct rules *r = arena_make(w->arena, struct rules);

    r->space = arena_strdup(w->arena, space);
    r->name = arena_strdup(w->arena, name);
    r->node = p->node;
    r->outside = outside;
    r->leaks_from = SIM_NEVER;
    r->balancer = balancer_of(p->node == INGRESS_NODE
                                  ? PROXY_IPVS  /* in turns, as nginx */
                                  : w->spec->cluster.proxy_mode);
    r->state = arena_make(w->arena, struct rules_state);
    r->state->proxy = p;
    r->state->phase = -1;
    map_init(&r->state->clients, w->arena);
    r->state->after = p->rules;
    p->rules = r;
    return r;
}

const char *network_place(const struct world *w, object_uid node)
{
    const struct meta *m;

    if (node == INGRESS_NODE)
        return "the ingress controller";
    m = api_get(w->api, node & ~SIDECAR);
    if (!m)
        return "a node that is gone";
    return is_sidecar(node) ? arena_printf(w->arena, "%s (sidecar)", m->name)
                            : m->name;
}

static struct rules *rules_at(struct world *w, object_uid node,
                              const char *space, const char *name,
                              bool outside)
{
    struct proxy *p = proxy_on(w, node);
    struct rules *r;

    for (r = p->rules; r; r = r->state->after)
        if (strcmp(r->name, name) == 0 && strcmp(r->space, space) == 0 &&
            r->outside == outside)
            return r;
    r = rules_new(p, space, name, outside);
    stage(r);                   /* a proxy that was there all along */
    program(r);
    return r;
}

struct rules *network_rules(struct world *w, object_uid node,
                            const char *space, const char *name)
{
    return rules_at(w, node, space, name, false);
}

struct rules *network_rules_outside(struct world *w, object_uid node,
                                    const char *space, const char *name)
{
    return rules_at(w, node, space, name, true);
}
