/*
 * toy_node.h - one node, pods made by hand, and a log of what happened.
 *
 * All latencies are 0 unless a test sets one, so that a time line can be
 * worked out on paper.  The log has one entry for each status that the API
 * server got and each thing that happened to a process:
 *
 *     "0 Pending ContainerCreating; 3 start c; 5 listen c; 5 Running Ready; "
 */
#ifndef TOY_NODE_H
#define TOY_NODE_H
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "models/client.h"
#include "models/informer.h"
#include "models/kubelet.h"
#include "models/node.h"
#include "models/pod.h"
#include "models/process.h"
#include "models/world.h"

struct toy {
    struct arena *arena;
    struct spec *spec;
    struct world *w;
    object_uid node;
    struct buf log;
    int busy;                   /* requests in flight, as processes are told */
    bool names;                 /* say which pod it was */
};

static inline void toy_say(struct toy *t, const char *what, const char *name)
{
    char room[32];

    buf_printf(&t->log, "%s %s%s%s; ",
               format_seconds(room, world_now(t->w)), what, *name ? " " : "",
               name);
}

/* ---- what is logged ----------------------------------------------------- */

static inline void toy_listen(void *t, struct process *p)
{
    toy_say(t, "listen", p->image);
}
static inline void toy_close(void *t, struct process *p)
{
    toy_say(t, "close", p->image);
}
static inline void toy_hang(void *t, struct process *p)
{
    toy_say(t, "hang", p->image);
}
static inline void toy_exit(void *t, struct process *p)
{
    toy_say(t, process_end_names[p->end], p->image);
}
static inline void toy_network_gone(void *t, struct process *p)
{
    toy_say(t, "network gone", p->image);
}
static inline int toy_busy(void *t, const struct process *p)
{
    (void)p;
    return ((struct toy *)t)->busy;
}
static const struct process_ops toy_processes = {
    .listen = toy_listen, .close = toy_close, .hang = toy_hang,
    .exit = toy_exit, .network_gone = toy_network_gone, .busy = toy_busy,
};

static inline bool toy_same(const struct pod *a, const struct pod *b)
{
    return a->phase == b->phase && a->ready == b->ready &&
           a->waiting == b->waiting && a->restarts == b->restarts;
}

static inline void toy_pod_changed(void *ctx, const struct meta *before,
                                   const struct meta *after)
{
    struct toy *t = ctx;
    const struct pod *p = pod_seen(after);
    char text[200] = "";

    if (!after) {
        toy_say(t, "removed", t->names ? before->name : "");
        return;
    }
    if (!before || toy_same(pod_seen(before), p))
        return;
    snprintf(text, sizeof(text), "%s%s%s%s%s", pod_phase_names[p->phase],
             p->ready ? " Ready" : "", p->waiting ? " " : "",
             p->waiting ? p->waiting : "",
             p->restarts != pod_seen(before)->restarts ? " restarted" : "");
    toy_say(t, text, t->names ? after->name : "");
}

static const struct informer_ops toy_watch = {
    .name = "toy.pods", .latency = TIMING_SYNC, .handle = toy_pod_changed,
};

/* ---- the world ---------------------------------------------------------- */

/* The latency of a step, in seconds. */
static inline void toy_timing(struct toy *t, enum timing row, double s)
{
    t->spec->cluster.timings.dist[row] =
        dist_constant((sim_time)(s * 1e9 + 0.5));
}

static inline void toy_open(struct toy *t, enum kube_version version)
{
    memset(t, 0, sizeof(*t));
    t->arena = arena_new();
    t->spec = spec_defaults(t->arena, true);
    t->spec->cluster.version = version;
    t->spec->cluster.npools = 0;
    t->spec->seed = 11;
    for (int i = 0; i < TIMING_COUNT; i++)
        toy_timing(t, (enum timing)i, 0);
}

/* The behaviour of an image, to be edited before toy_start. */
static inline struct behaviour *toy_image(struct toy *t, const char *image)
{
    return (struct behaviour *)behaviour_of(t->spec->behaviours, image);
}

/* Put the world together once everything is set. */
static inline void toy_start_replication(struct toy *t, uint32_t replication)
{
    struct node *n;
    const struct meta *made;

    t->w = world_new(t->arena, t->spec, NULL, replication, true);
    n = node_of(api_new_draft(t->w->api, KIND_NODE));
    n->meta.name = "toy";
    n->zone = "";
    n->pods = 110;
    CHECK(api_create(t->w->api, &n->meta, &made, NULL) == API_CREATED);
    t->node = made->uid;
    informer_new(t->w, KIND_POD, &toy_watch, t);
    process_watch(t->w, &toy_processes, t);
}

static inline void toy_start(struct toy *t)
{
    toy_start_replication(t, 0);
}

static inline void toy_close_world(struct toy *t)
{
    buf_free(&t->log);
    arena_free(t->arena);
}

/* A pod of these containers; edit it before toy_bind. */
static inline struct pod_spec *toy_pod(struct toy *t,
                                       const struct container *containers,
                                       size_t n)
{
    struct pod_spec *s = arena_make(t->arena, struct pod_spec);

    s->containers = containers;
    s->ncontainers = n;
    s->grace_s = 30;
    s->active_deadline_s = -1;
    return s;
}

/* Create the pod, bound to the node; owner 0: nobody. */
static inline object_uid toy_bind_owned(struct toy *t,
                                        const struct pod_spec *s,
                                        object_uid owner)
{
    struct pod_template *template = arena_make(t->arena, struct pod_template);
    struct pod *p = pod_of(api_new_draft(t->w->api, KIND_POD));
    const struct meta *made;

    template->spec = s;
    template->raw = value_flow(t->arena, "{}", NULL);
    p->meta.name = arena_printf(t->arena, "p%u", t->w->last_uid + 1);
    p->meta.space = "default";
    p->meta.owner = owner;
    p->template = template;
    p->node = t->node;
    p->entity = t->w->last_uid + 1;
    p->ready_changed = p->started = SIM_NEVER;
    CHECK(api_create(t->w->api, &p->meta, &made, NULL) == API_CREATED);
    return made->uid;
}

static inline object_uid toy_bind(struct toy *t, const struct pod_spec *s)
{
    return toy_bind_owned(t, s, 0);
}

/* Run until `seconds`, and no further. */
static inline void toy_run(struct toy *t, double seconds)
{
    sim_run(t->w->sim, (sim_time)(seconds * 1e9 + 0.5));
}

static inline const struct pod *toy_see(const struct toy *t, object_uid pod)
{
    return pod_seen(api_get(t->w->api, pod));
}

/* A container without anything, and probes with the usual defaults. */
#define TOY_CONTAINER(image_) { .name = (image_), .image = (image_) }
#define TOY_PROBE(period, failures)                                           \
    { .handler = PROBE_HTTP, .period_s = (period), .timeout_s = 1,            \
      .success_threshold = 1, .failure_threshold = (failures), .grace_s = -1 }

#endif
