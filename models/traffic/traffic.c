/*
 * traffic.c - senders, servers and versions; the proof that accounts close.
 *
 * Requests of a sender come from client nodes: the one it names, or all nodes
 * in equal shares.  Each request is counted under the version of the pod that
 * it was last routed to (version 0: none), and at the end of every run, for
 * each sender and version:
 *
 *     arrived = answered well + failed, by cause + in flight
 *
 * where what is in flight is counted from the flights and requests that are
 * there, not from a difference.
 */
#include <math.h>
#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "models/clusters.h"
#include "models/measure.h"
#include "models/node.h"
#include "models/pod.h"
#include "models/route.h"
#include "traffic_impl.h"

#define SOURCE_PORTS 28232.0    /* net.ipv4.ip_local_port_range */

event_id traffic_at(struct traffic *t, sim_time at,
                    const struct event_kind *kind, void *subject)
{
    t->disturbed = true;
    return sim_at(t->w->sim, at, kind, subject, 0);
}

void traffic_cancel(struct traffic *t, event_id id)
{
    if (sim_cancel(t->w->sim, id))
        t->disturbed = true;
}

/* ---- versions ----------------------------------------------------------- */

/* The image of the released container of t. */
static const char *released_image(const struct world *w,
                                  const struct pod_template *t)
{
    const struct release_spec *release = &w->spec->release;
    const struct pod_spec *spec = t->spec;

    for (size_t i = 0; release->nimages > 0 && i < spec->ncontainers; i++)
        if (strcmp(spec->containers[i].name,
                   release->images[0].container) == 0)
            return spec->containers[i].image;
    return spec->ncontainers > 0 ? spec->containers[0].image : "";
}

static bool name_taken(const struct traffic *t, const char *name)
{
    for (size_t i = 0; i < t->versions->list.len; i++)
        if (strcmp(t->versions->list.items[i]->name, name) == 0)
            return true;
    return false;
}

static struct version *version_new(struct traffic *t, uint64_t key,
                                   const char *name)
{
    struct version *v = arena_make(t->w->arena, struct version);

    v->index = (unsigned)t->versions->list.len;
    v->key = key;
    v->name = name;
    vec_push(t->w->arena, &t->versions->list, v);
    map_put_number(&t->versions->by_key, key, v);
    return v;
}

const struct version *traffic_version(struct world *w,
                                      const struct pod_template *template)
{
    struct traffic *t = w->traffic;
    uint64_t key = template->revision_key;
    struct version *v = map_get_number(&t->versions->by_key, key);
    const char *image, *name;

    if (v)
        return v;
    image = released_image(w, template);
    name = image_version(w->arena, image);
    if (name_taken(t, name))
        name = image;
    if (name_taken(t, name))    /* the same image beside others */
        name = arena_printf(w->arena, "%s#%zu", image, t->versions->list.len);
    return version_new(t, key, name);
}

const struct version *traffic_version_at(const struct world *w, size_t index)
{
    return w->traffic->versions->list.items[index];
}

/* ---- servers ------------------------------------------------------------ */

struct server *server_of(struct traffic *t, struct process *p)
{
    struct server *s = p->traffic;
    const struct meta *pod;

    if (s)
        return s;
    s = arena_make(t->w->arena, struct server);
    pod = api_get(t->w->api, p->pod);
    s->traffic = t;
    s->process = p;
    s->version = pod ? traffic_version(t->w, pod_seen(pod)->template)
                     : t->versions->list.items[0];
    s->space = pod ? pod->space : "";
    s->pod = pod ? pod->name : "";
    s->sweep_at = 64;
    s->silent = SIM_NEVER;
    p->traffic = s;
    vec_push(t->w->arena, &t->servers, s);
    return s;
}

double ask_conversion(const struct ask *a)
{
    return a->server ? ask_code(a->server, a)->conversion : 0;
}

const char *server_pod(const struct server *s)
{
    return s ? s->pod : "";
}

const struct process *server_process(const struct server *s)
{
    return s->process;
}

bool traffic_able(const struct process *p)
{
    return p && p->network && p->state == PROCESS_SERVING;
}

const struct version *traffic_version_of(struct world *w, struct process *p)
{
    return server_of(w->traffic, p)->version;
}

/* ---- senders ------------------------------------------------------------ */

/* Sweeps of a sidecar's outlier detection begin when it was started. */
static void sidecar_new(const struct sender *s, struct place *p,
                        object_uid node)
{
    const struct world *w = s->traffic->w;
    double u = stream_u01_at(w->spec->seed, PURPOSE_MESH, s->entity,
                             w->replication, UINT64_MAX - node);

    if (s->mesh->outlier)
        p->phase = (sim_time)(u * (double)s->mesh->outlier->interval);
    map_init(&p->hosts, w->arena);
}

static struct place *place_new(struct sender *s, object_uid node)
{
    struct world *w = s->traffic->w;
    struct place *p = arena_make(w->arena, struct place);

    if (s->site) {
        p->rules = s->site->rules;
    } else if (s->outside) {
        p->rules = network_rules_outside(w, node, s->space, s->service);
    } else {
        p->rules = network_rules(w, s->mesh ? sidecar_on(node) : node,
                                 s->space, s->service);
        router_at(w, p->rules);
    }
    if (s->mesh)
        sidecar_new(s, p, node);
    p->address.tokens = ICMP_BURST;
    map_init(&p->addresses, w->arena);
    vec_push(w->arena, &s->places, p);
    return p;
}

uint16_t sender_place(struct sender *s, object_uid node)
{
    size_t i;

    for (i = 0; i < s->places.len; i++)
        if (s->places.items[i]->rules->node == node)
            return (uint16_t)i;
    place_new(s, node);
    CHECK(i < UINT16_MAX);
    return (uint16_t)i;
}

/* "NAME" of "service/NAME". */
static const char *service_of_target(const char *to)
{
    static const char prefix[] = "service/";

    if (strncmp(to, prefix, sizeof(prefix) - 1) != 0)
        BUG("traffic to \"%s\", which is no Service", to);
    return to + sizeof(prefix) - 1;
}

static struct sender *sender_new(struct traffic *t, const char *name,
                                 const char *space, const char *to)
{
    struct sender *s = arena_make(t->w->arena, struct sender);

    s->traffic = t;
    s->name = name;
    s->space = space;
    s->service = strncmp(to, "ingress/", 8) == 0 ||
                 strncmp(to, "queue/", 6) == 0 ? "" : service_of_target(to);
    s->index = t->senders.len;
    s->entity = fnv64(FNV_START, name, strlen(name));
    s->next = SIM_NEVER;
    vec_push(t->w->arena, &s->accounts, (struct account){ 0 });
    vec_push(t->w->arena, &t->senders, s);
    return s;
}

struct sender *sender_of_calls(struct traffic *t, const char *space,
                               const char *to, int shards)
{
    char *key = arena_printf(t->w->arena, shards ? "calls to %s in %s, %d "
                             "shards" : "calls to %s in %s", to, space,
                             shards);
    struct sender *s = map_get(&t->calls, key);

    if (!s) {
        s = sender_new(t, key, space, to);
        s->shards = shards;
        map_put(&t->calls, key, s);
    }
    return s;
}

struct sender *sender_of_copies(struct sender *s, const char *service)
{
    struct traffic *t = s->traffic;
    char *key = arena_printf(t->w->arena, "copies of %s to %s", s->name,
                             service);
    struct sender *copies = map_get(&t->calls, key);

    if (!copies) {
        copies = sender_new(t, key, s->space,
                            arena_printf(t->w->arena, "service/%s", service));
        copies->copies = true;
        copies->origin = s->origin;
        copies->connect_timeout = s->connect_timeout;
        copies->timeout = s->timeout;
        map_put(&t->calls, key, copies);
    }
    return copies;
}

static void place_clients(struct sender *s, const char *node)
{
    const struct world *w = s->traffic->w;

    for (size_t i = 0; i < api_count(w->api, KIND_NODE); i++) {
        const struct meta *m = api_at(w->api, KIND_NODE, i);

        if (!node || strcmp(m->name, node) == 0)
            place_new(s, m->uid);
    }
    if (s->places.len == 0)
        BUG("traffic \"%s\" comes from no node", s->name);
}

/* Who the clients are to NetworkPolicies: what the scenario says, else pods
 * without labels beside their target.  Behind an Ingress it is the controller,
 * as ingress-nginx is installed. */
static struct net_origin origin_of(const struct sender *s)
{
    struct arena *a = s->traffic->w->arena;
    const struct client_origin *c = &s->spec->clients.from;
    struct net_origin o = { .space = c->space ? c->space : s->space,
                        .labels = labels_from(a, c->labels) };

    if (s->site) {
        o.space = "ingress-nginx";
        o.labels = labels_with(a, NULL, "app.kubernetes.io/name",
                               "ingress-nginx");
        o.labels = labels_with(a, o.labels, "app.kubernetes.io/component",
                               "controller");
    } else if (c->address || s->spec->clients.outside) {
        o.space = NULL;         /* no pod, whatever selectors say */
        if (c->address)
            net_address_parse(c->address, &o.address);
    }
    return o;
}

static struct sender *client_sender(struct traffic *t,
                                    const struct traffic_spec *spec)
{
    const struct client_spec *c = &spec->clients;
    struct sender *s = sender_new(t, spec->name, spec->space, spec->to);

    s->spec = spec;
    s->users = c->users;
    s->retries = c->retries;
    s->sticky = c->sticky && c->users > 0;
    if (spec->host)
        s->site = ingress_site(t->w, spec->space, spec->host, spec->path);
    s->mesh = c->mesh;
    s->origin = origin_of(s);
    s->keep_alive = c->keep_alive || s->site || s->mesh;
    s->shared = c->protocol == CLIENT_HTTP2;
    s->connect_timeout = c->connect_timeout;
    s->timeout = c->timeout;
    s->backoff = c->backoff;
    s->shards = c->shards;
    s->queue = queue_of_target(t, spec->to);
    if (s->queue)               /* nobody waits for a task */
        s->timeout = s->connect_timeout = s->retries = 0;
    if (s->site)
        place_new(s, INGRESS_NODE);
    else if (c->outside)
        outside_new(s);
    else
        place_clients(s, c->node);
    sender_start(s);
    return s;
}

/* ---- where outages are looked for --------------------------------------- */

/* This part of its demand comes here from now on. */
static void watch_sender(struct sender *s, double part)
{
    double more = s->demand * (part - s->part);

    s->part = part;
    if (s->queue)
        return;
    if (s->outside) {
        outside_watch(s->outside, s->demand * part);
        return;
    }
    for (size_t k = 0; k < s->places.len; k++)
        measure_watch(s->traffic->w, s->places.items[k]->rules,
                      more / (double)s->places.len, &s->origin);
}

/* Each place counts with its share of the requests of the measured time. */
static void watch_senders(struct traffic *t)
{
    const struct spec *spec = t->w->spec;
    sim_time end = spec->warmup + spec->duration;
    double *expected = arena_many(t->w->arena, double, t->nclients);
    double sum = 0;

    for (size_t i = 0; i < t->nclients; i++) {
        struct rate r = t->senders.items[i]->rate;

        expected[i] = rate_expected(r, end);
        if (spec->warmup > r.from)
            expected[i] -= rate_expected(r, spec->warmup);
        sum += expected[i];
    }
    for (size_t i = 0; sum > 0 && i < t->nclients; i++) {
        t->senders.items[i]->demand = expected[i] / sum;
        watch_sender(t->senders.items[i], 1);
    }
}

void traffic_reshare(struct world *w, double part)
{
    for (size_t i = 0; i < w->traffic->nclients; i++)
        watch_sender(w->traffic->senders.items[i], part);
}

/* The share of the requests of s that would find nobody now. */
static double closed(const struct sender *s)
{
    double sum = 0;

    if (s->queue)
        return 0;
    if (s->outside)
        return outside_closed(s->outside);
    for (size_t k = 0; k < s->places.len; k++)
        sum += measure_closed(s->traffic->w, s->places.items[k]->rules);
    return sum / (double)s->places.len;
}

double traffic_closed(const struct world *w)
{
    const struct traffic *t = w->traffic;
    double sum = 0;

    for (size_t i = 0; i < t->nclients; i++)
        sum += t->senders.items[i]->demand * closed(t->senders.items[i]);
    return sum;
}

/* Without traffic: every Service as seen from every node. */
static void watch_services(struct traffic *t)
{
    struct world *w = t->w;
    const struct spec *spec = w->spec;
    size_t nodes = api_count(w->api, KIND_NODE), services = 0;

    for (size_t i = 0; i < spec->nmanifests; i++)
        services += spec->manifests[i].kind == KIND_SERVICE;
    for (size_t i = 0; i < spec->nmanifests; i++) {
        const struct manifest *m = &spec->manifests[i];

        for (size_t k = 0; m->kind == KIND_SERVICE && k < nodes; k++)
            measure_watch(w,
                          network_rules(w, api_at(w->api, KIND_NODE, k)->uid,
                                        m->space, m->name),
                          1 / ((double)nodes * (double)services), NULL);
    }
}

/* ---- life --------------------------------------------------------------- */

static sim_time icmp_ratelimit_of(const struct cluster_spec *c)
{
    if (c->icmp_ratelimit >= 0)
        return c->icmp_ratelimit;
    return c->profile == PROFILE_EXACT ? 0 : SIM_S;
}

/* Those of the first cluster; a table of none if w is the first. */
static struct versions *versions_of(struct world *w)
{
    struct versions *v;

    if (w->place > 0)
        return clusters_first(w)->traffic->versions;
    v = arena_make(w->arena, struct versions);
    map_init(&v->by_key, w->arena);
    vec_push(w->arena, &v->list, arena_make(w->arena, struct version));
    v->list.items[0]->name = "";
    return v;
}

void traffic_new(struct world *w)
{
    struct traffic *t = arena_make(w->arena, struct traffic);
    const struct spec *spec = w->spec;

    w->traffic = t;
    t->w = w;
    t->icmp_ratelimit = icmp_ratelimit_of(&spec->cluster);
    t->source_ports = spec->cluster.source_ports > 0
                          ? spec->cluster.source_ports : SOURCE_PORTS;
    t->versions = versions_of(w);
    map_init(&t->calls, w->arena);
    pool_init(&t->requests, w->arena, sizeof(struct request));
    job_init(t);
    serve_watch(t);
    queues_new(t);
    for (size_t i = 0; i < spec->ntraffic; i++)
        client_sender(t, &spec->traffic[i]);
    t->nclients = t->senders.len;
    if (t->nclients > 0)
        watch_senders(t);
    else
        watch_services(t);
}

const char *sender_name(const struct sender *s)
{
    return s->name;
}

bool sender_sticky(const struct sender *s)
{
    return s->sticky;
}

int sender_users(const struct sender *s)
{
    return s->users;
}

size_t sender_index(const struct sender *s)
{
    return s->index;
}

size_t traffic_sending(const struct world *w)
{
    return w->traffic->nclients;
}

void traffic_settle(struct world *w)
{
    struct traffic *t = w->traffic;

    for (size_t i = 0; i < t->servers.len; i++)
        server_settle(t->servers.items[i], world_now(w));
}

const char *traffic_images(const struct world *w, bool by_events)
{
    const struct traffic *t = w->traffic;
    struct map seen;
    struct buf b = { 0 };
    char *text;

    map_init(&seen, w->arena);
    for (size_t i = 0; i < t->servers.len; i++) {
        const struct server *s = t->servers.items[i];
        const struct process *p = s->process;

        if (s->taken == 0 || behaviour_by_events(p->behaviour) != by_events ||
            map_get(&seen, p->image))
            continue;
        map_put(&seen, p->image, t->servers.items[i]);
        buf_printf(&b, "%s%s", b.text ? ", " : "", p->image);
    }
    text = arena_strdup(w->arena, b.text ? b.text : "");
    buf_free(&b);
    return text;
}

/* ---- the accounts ------------------------------------------------------- */

static void count_waiting(struct sender *s, const struct version *v)
{
    s->accounts.items[v->index].waiting++;
}

static void count_in_flight(struct traffic *t)
{
    for (size_t i = 0; i < t->senders.len; i++)
        for (size_t k = 0; k < t->senders.items[i]->accounts.len; k++)
            t->senders.items[i]->accounts.items[k].waiting = 0;
    for (size_t i = 0; i < t->servers.len; i++) {
        const struct server *s = t->servers.items[i];

        for (size_t k = 0; k < s->flights.len; k++)
            if (!s->flights.items[k].settled && !s->flights.items[k].request)
                count_waiting(s->flights.items[k].ask.sender,
                              s->flights.items[k].ask.version);
        for (size_t k = 0; k < s->answers.len; k++)
            count_waiting(t->senders.items[s->answers.items[k].sender],
                          s->version);
    }
    for (const struct request *r = t->waiting; r; r = r->next)
        count_waiting(r->ask.sender, r->ask.version);
}

/* Is everything accounted for, and was everything counted once? */
static void check_source(const struct sender *s)
{
    const struct sim *sim = s->traffic->w->sim;
    int64_t routed = 0;

    for (size_t i = 0; i < s->accounts.len; i++) {
        const struct account *a = &s->accounts.items[i];
        int64_t sum = a->ok + a->waiting;

        for (int c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++)
            sum += a->failed[c];
        if (sum != a->routed)
            sim_bug(sim, __FILE__, __LINE__,
                    "sender %s, version %zu: %lld requests, %lld accounted "
                    "for", s->name, i, (long long)a->routed, (long long)sum);
        routed += a->routed;
    }
    sim_assert(sim, routed == s->sent);
}

void traffic_close(struct world *w)
{
    struct traffic *t = w->traffic;

    traffic_settle(w);
    count_in_flight(t);
    for (size_t i = 0; i < t->senders.len; i++)
        check_source(t->senders.items[i]);
}
