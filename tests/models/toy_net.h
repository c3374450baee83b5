/*
 * toy_net.h - a Service, pods made by hand, clients.
 *
 * Every latency is 0 unless a test sets one.  Pods have one container, no
 * probes, and are Ready as soon as the container runs; image "NAME:TAG" has
 * the behaviour that toy_image edits.  Time 0 is the end of a warm-up of 0.
 */
#ifndef TOY_NET_H
#define TOY_NET_H
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "models/measure.h"
#include "models/network.h"
#include "models/pod.h"
#include "models/proxy.h"
#include "models/traffic.h"
#include "models/workload.h"
#include "models/world.h"

#define TOY_SERVICE "web"
#define TOY_MAX_SENDERS 4

struct toy {
    struct arena *arena;
    struct spec *spec;
    struct world *w;
    struct node_pool *pool;
    struct traffic_spec *senders;
    const struct selector *selector;    /* app: web */
    object_uid service;
    double metrics[METRIC_COUNT];       /* after toy_end */
};

static inline sim_time toy_time(double s)
{
    return (sim_time)llround(s * 1e9);
}

static inline void toy_timing(struct toy *t, enum timing row, double s)
{
    t->spec->cluster.timings.dist[row] = dist_constant(toy_time(s));
}

static inline const struct selector *toy_select(struct toy *t, const char *app)
{
    struct selector *s = arena_make(t->arena, struct selector);

    return selector_with(t->arena, s, "app", app);
}

/* A spec of `nodes` nodes and `duration` s, without traffic. */
static inline void toy_open(struct toy *t, enum kube_version version,
                            int nodes, double duration)
{
    memset(t, 0, sizeof(*t));
    t->arena = arena_new();
    t->spec = spec_defaults(t->arena, true);
    t->spec->cluster.version = version;
    t->spec->cluster.kubelet_qps = 0;
    t->spec->cluster.controller_qps = 0;
    t->spec->cluster.scheduler_qps = 0;
    t->spec->seed = 7;
    t->spec->warmup = 0;
    t->spec->duration = toy_time(duration);
    t->pool = (struct node_pool *)t->spec->cluster.pools;
    t->pool->count = nodes;
    t->pool->pods = 1000;
    t->pool->cpu.nano *= 1000;
    t->pool->memory.nano *= 1000;
    t->senders = arena_many(t->arena, struct traffic_spec, TOY_MAX_SENDERS);
    t->spec->traffic = t->senders;
    t->selector = toy_select(t, "web");
    for (int i = 0; i < TIMING_COUNT; i++)
        toy_timing(t, (enum timing)i, 0);
}

/* Clients of the Service at a constant rate. */
static inline struct traffic_spec *toy_clients(struct toy *t, double per_s)
{
    struct traffic_spec *s = &t->senders[t->spec->ntraffic++];

    s->name = arena_printf(t->arena, "clients-%zu", t->spec->ntraffic);
    s->to = "service/" TOY_SERVICE;
    s->space = "default";
    s->rate = (struct rate_spec){ .form = RATE_CONSTANT, .per_s = per_s };
    return s;
}

/* The behaviour of an image; to be edited before toy_start. */
static inline struct behaviour *toy_image(struct toy *t, const char *image)
{
    return (struct behaviour *)behaviour_of(t->spec->behaviours, image);
}

static inline object_uid toy_create(struct toy *t, struct meta *draft)
{
    const struct meta *made;

    CHECK(api_create(t->w->api, draft, &made, NULL) == API_CREATED);
    return made->uid;
}

static inline struct service *toy_service_draft(struct toy *t,
                                                const char *name,
                                                const struct selector *s)
{
    struct service *svc = service_of(api_new_draft(t->w->api, KIND_SERVICE));

    svc->meta.name = name;
    svc->meta.space = "default";
    svc->selector = s;
    return svc;
}

/* Put the world together, with the Service. */
static inline void toy_start(struct toy *t, uint32_t replication)
{
    t->w = world_new(t->arena, t->spec, NULL, replication, true);
    t->service = toy_create(t, &toy_service_draft(t, TOY_SERVICE,
                                                  t->selector)->meta);
}

static inline object_uid toy_node(struct toy *t, size_t i)
{
    return api_at(t->w->api, KIND_NODE, i)->uid;
}

static inline const struct pod_template *toy_template(struct toy *t,
                                                      const char *app,
                                                      const char *image)
{
    struct pod_template *template = arena_make(t->arena, struct pod_template);
    struct pod_spec *spec = arena_make(t->arena, struct pod_spec);
    struct container *c = arena_make(t->arena, struct container);

    *c = (struct container){ .name = "web", .image = image };
    *spec = (struct pod_spec){ .containers = c, .ncontainers = 1,
                               .grace_s = 30, .active_deadline_s = -1,
                               .scheduler_name = "default-scheduler",
                               .cpu_milli = 500, .memory_bytes = 1 << 28 };
    template->labels = labels_with(t->arena, NULL, "app", app);
    template->spec = spec;
    template->raw = value_map(t->arena, NULL, 0, NULL);
    template->identity = fnv64(FNV_START, image, strlen(image));
    template->revision_key = template->identity;
    return template;
}

/* A pod of this template on the i-th node, now. */
static inline object_uid toy_pod_of(struct toy *t,
                                    const struct pod_template *template,
                                    size_t node)
{
    struct pod *p = pod_of(api_new_draft(t->w->api, KIND_POD));

    p->meta.name = arena_printf(t->arena, "pod-%u", t->w->last_uid + 1);
    p->meta.space = "default";
    p->meta.labels = template->labels;
    p->template = template;
    p->node = toy_node(t, node);
    p->entity = world_pod_entity(t->w, template);
    p->ready_changed = p->started = SIM_NEVER;
    return toy_create(t, &p->meta);
}

static inline object_uid toy_pod(struct toy *t, const char *image, size_t node)
{
    return toy_pod_of(t, toy_template(t, "web", image), node);
}

static inline void toy_delete(struct toy *t, object_uid pod, int grace_s)
{
    CHECK(api_delete(t->w->api, pod, grace_s) == API_OK);
}

static inline void toy_run(struct toy *t, double until)
{
    sim_run(t->w->sim, toy_time(until));
}

/* Run to the end and take the metrics. */
static inline void toy_end(struct toy *t)
{
    world_run(t->w);
    metrics_of(t->w, t->metrics);
}

static inline double toy_get(const struct toy *t, enum metric m)
{
    return t->metrics[m];
}

/* A Deployment of n pods of an image, without probes; its uid. */
static inline object_uid toy_deploy(struct toy *t, const char *image, int n,
                                    enum deployment_strategy strategy,
                                    struct int_or_percent surge,
                                    struct int_or_percent unavailable)
{
    struct deployment *d = deployment_of(api_new_draft(t->w->api,
                                                       KIND_DEPLOYMENT));

    d->meta.name = "web";
    d->meta.space = "default";
    d->replicas = n;
    d->selector = t->selector;
    d->template = toy_template(t, "web", image);
    d->strategy = strategy;
    d->max_surge = surge;
    d->max_unavailable = unavailable;
    d->revision_history_limit = 10;
    d->progress_deadline_s = NO_DEADLINE;
    return toy_create(t, &d->meta);
}

/* kubectl set image. */
static inline void toy_release(struct toy *t, object_uid deployment,
                               const char *image)
{
    const struct meta *now = api_get(t->w->api, deployment);
    struct deployment *d = deployment_of(api_draft(t->w->api, now));

    d->template = toy_template(t, "web", image);
    CHECK(api_update(t->w->api, &d->meta, NULL, NULL) == API_OK);
}

static inline void toy_close(struct toy *t)
{
    arena_free(t->arena);
}

#define toy_expect(t, id, value)                                              \
    ck_assert_msg(fabs(toy_get((t), METRIC_##id) - (value)) < 1e-6,           \
                  "%s is %g, not %g", metric_row(METRIC_##id)->name,          \
                  toy_get((t), METRIC_##id), (double)(value))

#endif
