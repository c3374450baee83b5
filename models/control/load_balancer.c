/*
 * load_balancer.c - a cloud load balancer that decides with the kubelet when a
 * pod is Ready.
 *
 * A pod can name readiness gates: conditions that somebody else has to make
 * True before it counts as Ready.  Controllers of load balancers do so for a
 * gate of their own once the pod is a healthy target.  Here that takes timing
 * targetHealth from the moment at which all containers are ready; then the
 * kubelet reports the pod Ready, and only then the rollout goes on.  A gate of
 * any other name is for somebody who is not there: the pod never becomes Ready.
 *
 * Not modelled: requests that come through the load balancer past kube-proxy, a
 * target that becomes unhealthy again, deregistration.
 * Source: AWS Load Balancer Controller (pod readiness gate), GKE NEG
 * controller; reference 5.1.
 */
#include <string.h>

#include "models/controller.h"
#include "models/pod.h"
#include "models/world.h"

#define GATES_MAX 32            /* bits of pod.gates */

struct balancers {
    struct controller *c;
    struct informer *pods;
    struct map known;           /* pod uid: a target */
};

/* Do controllers of load balancers set this gate? */
static bool is_ours(const char *gate)
{
    static const char *const prefixes[] = {
        "target-health.elbv2.k8s.aws/", "target-health.alb.ingress.k8s.aws/",
        "cloud.google.com/load-balancer-neg-ready",
    };

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (strncmp(gate, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/* The gates of a pod that are for load balancers, as bits. */
static uint32_t our_gates(const struct pod *p)
{
    const struct pod_spec *s = p->template->spec;
    uint32_t bits = 0;

    for (size_t i = 0; i < s->nreadiness_gates && i < GATES_MAX; i++)
        if (is_ours(s->readiness_gates[i]))
            bits |= UINT32_C(1) << i;
    return bits;
}

static void on_pod(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct balancers *b = ctx;
    struct stream luck;

    (void)before;
    if (!after || !pod_seen(after)->containers_ready ||
        meta_deleting(after) || !our_gates(pod_seen(after)) ||
        map_get_number(&b->known, after->uid))
        return;
    map_put_number(&b->known, after->uid, b);
    world_stream(b->c->w, &luck, PURPOSE_TARGET, pod_seen(after)->entity);
    controller_enqueue_after(b->c, after->uid,
                             world_draw(b->c->w, TIMING_TARGET_HEALTH, &luck));
}

static const struct informer_ops watch_pods = {
    .name = "load-balancer.pods", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_pod,
};

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct balancers *b = c->state;
    const struct meta *m = informer_get(b->pods, key);
    struct meta *draft;

    if (!m || meta_deleting(m) ||
        (pod_seen(m)->gates & our_gates(pod_seen(m))) ==
            our_gates(pod_seen(m)))
        return;
    draft = api_draft(c->w->api, m);
    draft->version = 0;         /* a patch of its conditions */
    pod_of(draft)->gates |= our_gates(pod_seen(m));
    sync_tolerate(s, sync_update_status(s, draft));
}

static void start(struct controller *c)
{
    struct balancers *b = arena_make(c->w->arena, struct balancers);

    b->c = c;
    c->state = b;
    map_init(&b->known, c->w->arena);
    b->pods = informer_new(c->w, KIND_POD, &watch_pods, b);
}

const struct controller_ops controller_load_balancer = {
    .name = "load-balancer",
    .doc = "opens the readiness gates of pods that are healthy targets",
    .workers = 3,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
