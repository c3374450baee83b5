/*
 * pool.c - node pools: machines that come, join the cluster, and go.
 *
 * A machine that is ordered boots (timing nodeProvisioning), and its kubelet
 * registers the Node, Ready.  If its pool says `approval`, it asks for a
 * certificate first, by a CertificateSigningRequest called node-csr-NODE, and
 * joins when that is approved: by an approver, after that time, or by hand
 * (kubectl certificate approve).
 *
 * A machine that is taken away (spot capacity) is gone without a word; the
 * cloud's node controller looks every 5 s whether the machine of a node that is
 * not Ready still exists, and removes the Node if it does not.  The pool orders
 * a substitute at once, as groups of instances do.
 *
 * Not modelled: machines that never come up, what a booted node still lacks
 * (network plug-ins: part of nodeProvisioning), requests that nobody answers
 * (removed after a day).
 * Source: reference 7.1, 7.3; kubelet TLS bootstrapping; cloud-provider
 * node_lifecycle_controller.go at v1.36.
 */
#include "models/pool.h"

#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "models/csr.h"
#include "models/informer.h"
#include "models/kubelet.h"
#include "models/node.h"
#include "models/podspec.h"
#include "models/world.h"

#define LOOK (5 * SIM_S)        /* --node-monitor-period */

struct pool {
    struct world *w;
    const struct node_pool *spec;
    int target;
    int named;                  /* names given so far */
};

struct instance {               /* one that is to join, or was taken away */
    struct pool *pool;
    const char *name;
    object_uid node;
    struct stream luck;
};

struct pools {
    struct pool *items;
    size_t len;
    struct map asking;          /* CSR name -> struct instance */
    struct map leaving;         /* node -> its pool: taken back soon, or gone */
    struct informer *csrs;
};

/* ---- what a node is ----------------------------------------------------- */

static const struct taint *read_taints(struct arena *a, const struct value *v,
                                       size_t *n)
{
    struct taint *taints;

    *n = v && v->type == VALUE_LIST ? v->len : 0;
    taints = arena_many(a, struct taint, *n);
    for (size_t i = 0; i < *n; i++)
        taints[i] = (struct taint){
            .key = value_text(value_get(v->u.items[i], "key"), ""),
            .value = value_text(value_get(v->u.items[i], "value"), ""),
            .effect = value_text(value_get(v->u.items[i], "effect"),
                                 "NoSchedule"),
        };
    return taints;
}

/* The pool's labels and those that a kubelet gives its node. */
static const struct labels *node_labels(struct arena *a,
                                        const struct node_pool *pool,
                                        const char *name)
{
    static const char *const own[][2] = {
        { "kubernetes.io/os", "linux" }, { "kubernetes.io/arch", "amd64" },
        { "beta.kubernetes.io/os", "linux" },
        { "beta.kubernetes.io/arch", "amd64" },
    };
    const struct labels *l = labels_with(a, labels_from(a, pool->labels),
                                         "kubernetes.io/hostname", name);

    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (!labels_get(l, own[i][0]))
            l = labels_with(a, l, own[i][0], own[i][1]);
    return l;
}

/* All that the pool says of a node called name. */
static void describe(struct world *w, const struct node_pool *pool,
                     const char *name, struct node *n)
{
    n->meta.name = name;
    n->meta.labels = node_labels(w->arena, pool, name);
    n->zone = pool->zone ? pool->zone : "";
    if (*n->zone)
        n->meta.labels = labels_with(w->arena, n->meta.labels,
                                     "topology.kubernetes.io/zone", n->zone);
    n->cpu_milli = quantity_milli(pool->cpu);
    n->memory_bytes = quantity_value(pool->memory);
    n->pods = pool->pods;
    n->min_sync_period = pool->min_sync_period;
    n->runtime = pool->runtime < 0 ? w->spec->cluster.runtime
                                   : (enum runtime)pool->runtime;
    n->taints = read_taints(w->arena, pool->taints, &n->ntaints);
    n->ready = (struct condition){ .status = CONDITION_TRUE,
                                   .reason = "KubeletReady" };
}

void pool_template(struct world *w, size_t i, struct node *out)
{
    const struct node_pool *p = w->spec->cluster.pools + i;

    *out = (struct node){ .meta = { .kind = KIND_NODE, .space = "",
                                    .deleted = SIM_NEVER } };
    describe(w, p, arena_printf(w->arena, "template-of-%s", p->name), out);
}

/* ---- joining ------------------------------------------------------------ */

static const char *next_name(struct pool *p)
{
    return arena_printf(p->w->arena, "%s-%d", p->spec->name, p->named++);
}

/* A name that somebody has given to a Node by hand is left to that. */
static const struct meta *join(struct pool *p, const char *name)
{
    const struct meta *made;
    struct world *w = p->w;
    struct node *n = node_of(api_new_draft(w->api, KIND_NODE));

    while (api_find(w->api, KIND_NODE, "", name))
        name = next_name(p);
    describe(w, p->spec, name, n);
    n->pool = 1 + (size_t)(p - w->pools->items);
    n->index = w->nodes++;
    if (api_create(w->api, &n->meta, &made, NULL) != API_CREATED)
        BUG("node %s cannot join", name);
    return made;
}

/* A machine that was ordered, or had to ask, is there. */
static void join_late(struct pool *p, const char *name)
{
    const struct meta *m = join(p, name);

    record_event(p->w, m, "Normal", "RegisteredNode", "Node %s registered, "
                 "Ready", m->name);
}

static struct instance *instance_new(struct pool *p, const char *name)
{
    struct instance *m = arena_make(p->w->arena, struct instance);

    m->pool = p;
    m->name = name;
    world_stream(p->w, &m->luck, PURPOSE_POOL,
                 fnv64(FNV_START, name, strlen(name)));
    return m;
}

/* The approver has looked at the request. */
static void fire_approve(struct sim *sim, void *subject, int64_t arg)
{
    struct instance *m = subject;
    struct world *w = m->pool->w;
    const struct meta *seen = api_get(w->api, (object_uid)arg);
    struct meta *draft;

    (void)sim;
    if (!seen || csr_seen(seen)->denied)
        return;
    draft = api_draft(w->api, seen);
    csr_of(draft)->approved = true;
    api_update_status(w->api, draft, NULL, NULL);
}

static const struct event_kind ev_approve = {
    .name = "csr.approved", .rank = RANK_COMMIT, .fire = fire_approve,
};

/* Ask for a certificate, and wait for it. */
static void ask(struct instance *m)
{
    struct world *w = m->pool->w;
    struct csr *draft = csr_of(api_new_draft(w->api, KIND_CSR));
    const struct meta *made;
    sim_time after = dist_draw(&m->pool->spec->approval, &m->luck);

    draft->meta.name = arena_printf(w->arena, "node-csr-%s", m->name);
    draft->username = arena_printf(w->arena, "system:node:%s", m->name);
    map_put(&w->pools->asking, draft->meta.name, m);
    if (api_create(w->api, &draft->meta, &made, NULL) != API_CREATED)
        BUG("%s asks for a certificate twice", m->name);
    record_event(w, made, "Normal", "CertificateRequested", "%s asks for "
                 "a certificate to join", draft->username);
    if (after != SIM_NEVER)
        sim_after(w->sim, after, &ev_approve, m, made->uid);
}

static void on_csr(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct pools *all = ctx;
    struct instance *m = after ? map_get(&all->asking, after->name) : NULL;

    if (!m || !csr_seen(after)->approved ||
        (before && csr_seen(before)->approved))
        return;
    join_late(m->pool, m->name);
}

static const struct informer_ops watch_csrs = {
    .name = "kubelet.certificates", .latency = TIMING_WATCH_KUBELET,
    .handle = on_csr,
};

/* The machine runs: its kubelet registers the node. */
static void come_up(struct instance *m)
{
    if (m->pool->spec->approved)
        ask(m);
    else
        join_late(m->pool, m->name);
}

static void fire_up(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    come_up(subject);
}

static const struct event_kind ev_up = {
    .name = "node.join", .rank = RANK_WORLD, .fire = fire_up,
};

/* Order one machine. */
static void order(struct pool *p)
{
    struct instance *m = instance_new(p, next_name(p));

    sim_after(p->w->sim, world_draw(p->w, TIMING_NODE_PROVISIONING, &m->luck),
              &ev_up, m, 0);
}

/* ---- leaving ------------------------------------------------------------ */

void pool_grow(struct world *w, size_t i, int n)
{
    struct pool *p = &w->pools->items[i];

    p->target += n;
    while (n-- > 0)
        order(p);
}

static struct pool *pool_of(struct world *w, object_uid node)
{
    const struct meta *m = api_get(w->api, node);

    return m && node_seen(m)->pool ? &w->pools->items[node_seen(m)->pool - 1]
                                   : NULL;
}

void pool_shrink(struct world *w, object_uid node)
{
    struct pool *p = pool_of(w, node);

    CHECK(p);
    p->target--;
    kubelet_node_down(w, node);
    api_delete(w->api, node, -1);
}

static void fire_look(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_look = {
    .name = "cloud.looks", .rank = RANK_SYNC, .fire = fire_look,
};

/* The cloud's controller: does the machine of a node that is not Ready still
 * exist? */
static void fire_look(struct sim *sim, void *subject, int64_t arg)
{
    struct instance *m = subject;
    struct world *w = m->pool->w;
    const struct meta *node = api_get(w->api, m->node);

    (void)arg;
    if (!node)
        return;
    if (node_seen(node)->ready.status == CONDITION_TRUE) {
        sim_after(sim, LOOK, &ev_look, m, 0);
        return;
    }
    record_event(w, node, "Normal", "DeletingNode", "Deleting node %s because "
                 "it does not exist in the cloud provider", node->name);
    api_delete(w->api, m->node, -1);
}

bool pool_is_leaving(const struct world *w, object_uid node)
{
    return map_get_number(&w->pools->leaving, node) != NULL;
}

void pool_give_notice(struct world *w, object_uid node)
{
    map_put_number(&w->pools->leaving, node, pool_of(w, node));
}

void pool_lose(struct world *w, object_uid node)
{
    struct pool *p = pool_of(w, node);
    struct instance *m;

    CHECK(p);
    kubelet_node_down(w, node);
    m = instance_new(p, api_get(w->api, node)->name);
    m->node = node;
    sim_after(w->sim, (sim_time)(stream_u01(&m->luck) * (double)LOOK),
              &ev_look, m, 0);
    order(p);
}

/* ---- what there is ------------------------------------------------------ */

int pool_target(const struct world *w, size_t i)
{
    return w->pools->items[i].target;
}

static void fire_late(struct sim *sim, void *subject, int64_t arg)
{
    struct pool *p = subject;

    (void)sim;
    (void)arg;
    for (int i = 0; i < p->spec->count; i++)
        come_up(instance_new(p, next_name(p)));
}

static const struct event_kind ev_late = {
    .name = "pool.joins", .rank = RANK_WORLD, .fire = fire_late,
};

void pools_new(struct world *w)
{
    const struct cluster_spec *c = &w->spec->cluster;
    struct pools *all = arena_make(w->arena, struct pools);

    w->pools = all;
    all->items = arena_many(w->arena, struct pool, c->npools);
    all->len = c->npools;
    map_init(&all->asking, w->arena);
    map_init(&all->leaving, w->arena);
    for (size_t i = 0; i < c->npools; i++) {
        struct pool *p = &all->items[i];

        p->w = w;
        p->spec = &c->pools[i];
        p->target = p->spec->count;
        if (p->spec->joins >= 0)
            sim_at(w->sim, w->spec->warmup + p->spec->joins, &ev_late, p, 0);
        for (int k = 0; p->spec->joins < 0 && k < p->spec->count; k++)
            join(p, next_name(p));
    }
}

void pools_watch(struct world *w)
{
    w->pools->csrs = informer_new(w, KIND_CSR, &watch_csrs, w->pools);
}
