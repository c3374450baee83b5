/*
 * netpol.c - what NetworkPolicies let pass.
 *
 * A pod that no policy selects takes part in everything.  One that is isolated
 * in a direction has only the connections that some rule of the policies that
 * select it allows; a connection needs the consent of both ends, and answers
 * need none.  Packets without consent vanish: their client waits until its
 * connect time-out.
 *
 * Every node has an agent that learns of a policy, of a pod's address and of a
 * change of its labels, and has it in force policyEnforcement later, each node
 * at its own time.  A new pod is isolated before it starts; what rules allow to
 * it or to its peers comes when the agents know it.
 *
 * Connections that exist are not cut (Calico's way).  Not modelled: name
 * lookups are always allowed; IPv6; an agent that is overloaded.
 * Source: networking.k8s.io/v1, docs concepts/services-networking/
 * network-policies at 1.36; reference 10.5.
 */
#include "models/netpol.h"

#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "models/informer.h"
#include "models/measure.h"
#include "models/node.h"
#include "models/pod.h"
#include "models/world.h"

#define POD_BLOCK UINT32_C(0x0af40000)  /* 10.244.0.0: addresses of pods */

/* Something agents learned: each node has it in force at its own time. */
struct news {
    sim_time seen;
    sim_time *from;             /* by node index */
    size_t nodes;
    const struct meta *what;    /* counted: a policy (NULL: it is gone), or a
                                 * pod as it was then */
};

struct history {                /* of one policy or pod; oldest first */
    VEC(struct news) news;
    object_uid uid;
};

struct space_labels {           /* of a namespace, as they were last seen */
    uint64_t version;
    const struct labels *labels;
};

struct netpols {
    struct world *w;
    VEC(struct history *) policies;
    struct map by_uid;          /* uid of a policy or a pod -> history */
    struct map spaces;          /* name -> struct space_labels */
    event_id gathered;          /* measure what is in force */
    bool watching;              /* pods: from the first policy on */
};

/* ---- what is learned ---------------------------------------------------- */

static void fire_gathered(struct sim *sim, void *subject, int64_t arg)
{
    struct netpols *all = subject;

    (void)sim;
    (void)arg;
    measure_policies_changed(all->w);
}

static const struct event_kind ev_gathered = {
    .name = "policy.gathered", .rank = RANK_MEASURE, .fire = fire_gathered,
};

/* Many things are learned at one moment: measured is what they come to. */
static void fire_enforced(struct sim *sim, void *subject, int64_t arg)
{
    struct netpols *all = subject;

    (void)arg;
    if (!sim_pending(sim, all->gathered))
        all->gathered = sim_after(sim, 0, &ev_gathered, all, 0);
}

static const struct event_kind ev_enforced = {
    .name = "policy.enforced", .rank = RANK_RULES, .fire = fire_enforced,
};

static struct history *history_of(struct netpols *all, object_uid uid)
{
    struct history *h = map_get_number(&all->by_uid, uid);

    if (!h) {
        h = arena_make(all->w->arena, struct history);
        h->uid = uid;
        map_put_number(&all->by_uid, uid, h);
    }
    return h;
}

/* old: everybody has known it for long. */
static void learn(struct netpols *all, struct history *h,
                  const struct meta *what, bool old)
{
    struct world *w = all->w;
    size_t nodes = api_count(w->api, KIND_NODE);
    struct news n = { .seen = old ? 0 : world_now(w), .nodes = w->nodes };
    uint64_t name = (uint64_t)h->uid << 32 | h->news.len;
    struct stream stream;

    n.from = arena_many(w->arena, sim_time, w->nodes);
    n.what = what ? api_ref(what) : NULL;
    world_stream(w, &stream, PURPOSE_POLICY, name);
    for (size_t i = 0; i < nodes; i++) {
        const struct node *node = node_seen(api_at(w->api, KIND_NODE, i));
        sim_time lag = old ? 0 : world_draw(w, TIMING_POLICY, &stream);

        n.from[node->index] = n.seen + lag;
        if (!old)
            sim_at(w->sim, n.seen + lag, &ev_enforced, all, 0);
    }
    vec_push(w->arena, &h->news, n);
}

/* The last news in force on a node; NULL if none is. */
static const struct news *in_force(const struct history *h, uint32_t node,
                                   sim_time now)
{
    for (size_t i = h ? h->news.len : 0; i-- > 0;) {
        const struct news *n = &h->news.items[i];
        sim_time from = node < n->nodes ? n->from[node] : n->seen;

        if (from <= now)
            return n;
    }
    return NULL;
}

static void on_pod(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct netpols *all = ctx;
    bool known = before && pod_seen(before)->ip != 0;

    if (!after || pod_seen(after)->ip == 0 ||
        (known && labels_equal(before->labels, after->labels)))
        return;
    learn(all, history_of(all, after->uid), after, false);
}

static const struct informer_ops watch_pods = {
    .name = "policy.pods", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_pod,
};

static void watch(struct netpols *all)
{
    const struct informer *pods;

    if (all->watching)
        return;
    all->watching = true;
    pods = informer_new(all->w, KIND_POD, &watch_pods, all);
    for (size_t i = 0; i < informer_count(pods); i++) {
        const struct meta *m = informer_at(pods, i);

        if (pod_seen(m)->ip != 0)
            learn(all, history_of(all, m->uid), m, true);
    }
}

static void on_policy(void *ctx, const struct meta *before,
                      const struct meta *after)
{
    struct netpols *all = ctx;
    object_uid uid = after ? after->uid : before->uid;
    struct history *h = map_get_number(&all->by_uid, uid);

    watch(all);
    if (!h) {
        h = history_of(all, uid);
        vec_push(all->w->arena, &all->policies, h);
    }
    learn(all, h, after, false);
}

static const struct informer_ops watch_policies = {
    .name = "policy.policies", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_policy,
};

void netpols_new(struct world *w)
{
    struct netpols *all = arena_make(w->arena, struct netpols);

    all->w = w;
    w->netpols = all;
    map_init(&all->by_uid, w->arena);
    map_init(&all->spaces, w->arena);
    informer_new(w, KIND_NETPOL, &watch_policies, all);
}

bool netpols_any(const struct world *w)
{
    return w->netpols && w->netpols->policies.len > 0;
}

/* ---- who is meant ------------------------------------------------------- */

/* The labels of a namespace; from 1.21 on its name is one of them. */
static const struct labels *labels_of_space(struct netpols *all,
                                            const char *name)
{
    struct world *w = all->w;
    const struct meta *m = api_find(w->api, KIND_NAMESPACE, "", name);
    struct space_labels *s = map_get(&all->spaces, name);
    uint64_t version = m ? m->version : 0;

    if (s && s->version == version)
        return s->labels;
    if (!s) {
        s = arena_make(w->arena, struct space_labels);
        map_put(&all->spaces, arena_strdup(w->arena, name), s);
    }
    s->version = version;
    s->labels = m ? m->labels : NULL;
    if (!world_is(w, KUBE_1_20))
        s->labels = labels_with(w->arena, s->labels,
                                "kubernetes.io/metadata.name", name);
    return s->labels;
}

/* One end of a connection, as the agent of a node sees it. */
struct party {
    bool known;                 /* its address, by this agent */
    const char *space;          /* NULL: outside */
    const struct labels *labels;
    uint32_t address;           /* 0: not known to anybody */
};

static struct party party_of_pod(const struct netpols *all, object_uid pod,
                                 uint32_t node)
{
    const struct news *n = in_force(map_get_number(&all->by_uid, pod), node,
                                    world_now(all->w));
    const struct meta *m = n ? n->what : api_get(all->w->api, pod);

    if (!m)
        return (struct party){ 0 };
    return (struct party){ .known = n != NULL, .space = m->space,
                           .labels = m->labels,
                           .address = POD_BLOCK + pod_seen(m)->ip };
}

static struct party party_of(const struct netpols *all,
                             const struct net_origin *o, uint32_t node)
{
    if (o->pod)
        return party_of_pod(all, o->pod, node);
    return (struct party){ .known = true, .space = o->space,
                           .labels = o->labels, .address = o->address };
}

static bool in_block(const struct net_block *b, uint32_t address)
{
    return (address & b->mask) == b->address;
}

static bool peer_matches(struct netpols *all, const struct netpol *p,
                         const struct net_peer *peer, const struct party *who)
{
    if (peer->by_address) {
        if (who->address == 0)  /* an unknown one is in the whole only */
            return peer->block.mask == 0 && peer->nexcept == 0;
        for (size_t i = 0; i < peer->nexcept; i++)
            if (in_block(&peer->except[i], who->address))
                return false;
        return in_block(&peer->block, who->address);
    }
    if (!who->space)
        return false;
    if (peer->spaces
            ? !selector_match(peer->spaces, labels_of_space(all, who->space))
            : strcmp(who->space, p->meta.space) != 0)
        return false;
    return !peer->pods || selector_match(peer->pods, who->labels);
}

static bool is_port_named(const struct pod_spec *s, const char *name,
                          int port)
{
    for (size_t i = 0; i < s->ncontainers; i++)
        for (size_t k = 0; k < s->containers[i].nports; k++)
            if (strcmp(s->containers[i].ports[k].name, name) == 0 &&
                s->containers[i].ports[k].port == port)
                return true;
    return false;
}

/* The port of a pod that requests are sent to: TCP. */
static bool port_matches(const struct net_port *d, const struct pod *to,
                         int port)
{
    if (strcmp(d->protocol, "TCP") != 0)
        return false;
    if (d->name)
        return is_port_named(to->template->spec, d->name, port);
    return d->first == 0 || (port >= d->first && port <= d->last);
}

static bool rule_allows(struct netpols *all, const struct netpol *p,
                        const struct net_rule *rule, const struct party *peer,
                        const struct pod *to, int port)
{
    bool fits = rule->nports == 0;

    for (size_t i = 0; i < rule->nports && !fits; i++)
        fits = port_matches(&rule->ports[i], to, port);
    if (!fits)
        return false;
    fits = rule->npeers == 0;
    for (size_t i = 0; i < rule->npeers && !fits; i++)
        fits = peer->known && peer_matches(all, p, &rule->peers[i], peer);
    return fits;
}

/* ---- one direction ------------------------------------------------------ */

struct side {                   /* whose policies are asked, and by whom */
    struct party self, peer;
    bool egress;
    uint32_t node;              /* the agent */
};

static bool side_allows(struct netpols *all, const struct side *s,
                        const struct pod *to, int port)
{
    sim_time now = world_now(all->w);
    bool isolated = false;

    for (size_t i = 0; i < all->policies.len; i++) {
        const struct news *n = in_force(all->policies.items[i], s->node, now);
        const struct netpol *p = n && n->what ? netpol_seen(n->what) : NULL;
        const struct net_rules *rules;

        if (!p || strcmp(p->meta.space, s->self.space) != 0 ||
            !selector_match(p->pods, s->self.labels))
            continue;
        rules = s->egress ? &p->egress : &p->ingress;
        isolated |= rules->isolates;
        for (size_t k = 0; rules->isolates && s->self.known && k < rules->len;
             k++)
            if (rule_allows(all, p, &rules->items[k], &s->peer, to, port))
                return true;
    }
    return !isolated;
}

static uint32_t index_of(const struct world *w, object_uid node)
{
    const struct meta *m = api_get(w->api, node);

    return m ? node_seen(m)->index : UINT32_MAX;
}

static int first_port(const struct pod_spec *s)
{
    for (size_t i = 0; i < s->ncontainers; i++)
        if (s->containers[i].nports > 0)
            return s->containers[i].ports[0].port;
    return 0;
}

bool netpols_allow(const struct world *w, const struct net_origin *from,
                   object_uid pod, int port)
{
    const struct meta *to = api_get(w->api, pod);
    const struct meta *source = from->pod ? api_get(w->api, from->pod) : NULL;
    struct side side = { .egress = false };

    if (!netpols_any(w) || !to || from->pod == pod)
        return true;
    if (port == 0)
        port = first_port(pod_seen(to)->template->spec);
    side.node = index_of(w, pod_seen(to)->node);
    side.self = party_of_pod(w->netpols, pod, side.node);
    side.peer = party_of(w->netpols, from, side.node);
    if (!side_allows(w->netpols, &side, pod_seen(to), port))
        return false;
    if (!source && (from->pod || !from->space))
        return true;            /* from outside, or from a pod that is gone */
    side.egress = true;
    side.node = source ? index_of(w, pod_seen(source)->node) : side.node;
    side.peer = party_of_pod(w->netpols, pod, side.node);
    side.self = party_of(w->netpols, from, side.node);
    return side_allows(w->netpols, &side, pod_seen(to), port);
}
