/*
 * hpa.c - the HorizontalPodAutoscaler.
 *
 * Every 15 s each autoscaler is looked at: the size of its target is read; for
 * every metric a size is proposed (autoscale_metric.c) and the largest wins; it
 * is held back by what was recommended lately and by limits on the rate of
 * change (autoscale_limit.c); if it differs from the present size it is written
 * to the target.  A metric that cannot be had counts only if the others would
 * scale down, or if there are no others: then nothing is changed.
 *
 * What was recommended and changed is the controller's own memory and is lost
 * when its process stops.
 *
 * Not modelled: scale to zero (a size of 0 turns the autoscaler off), scale
 * subresources of custom resources, tolerances before 1.33 other than 10 %.
 * Source: kubernetes pkg/controller/podautoscaler/horizontal.go at v1.20.2 and
 * v1.36.2; reference 3.5.
 */
#include "models/hpa.h"

#include <ctype.h>
#include <string.h>

#include "models/controller.h"
#include "models/deployment.h"
#include "models/statefulset.h"
#include "models/usage.h"
#include "models/world.h"

#define PERIOD (15 * SIM_S)     /* --horizontal-pod-autoscaler-sync-period */
#define STABILIZATION (300 * SIM_S)     /* ...-downscale-stabilization */
#define TOLERANCE 0.1           /* ...-tolerance */

typedef VEC(struct hpa_past) pasts;

struct memory {                 /* what the controller remembers of one */
    struct hpas *all;
    pasts recommended, added, removed;
    struct hpa now;             /* as the sync under way has it in mind */
    const struct meta *target;  /* as read by it; not for later */
    int from;                   /* the target's size then */
    int size;                   /* it is to get; that of now if none */
    const char *why;            /* of the change */
};

struct hpas {
    struct controller *c;
    struct informer *hpas, *pods;
    struct map memories;        /* uid -> struct memory */
    struct usage *usage;        /* NULL until there is an autoscaler */
    struct arena *scratch;
};

static struct world *world_of(const struct memory *h)
{
    return h->all->c->w;
}

static struct memory *memory_of(struct hpas *all, object_uid uid)
{
    struct memory *h = map_get_number(&all->memories, uid);

    if (!h) {
        h = arena_make(all->c->w->arena, struct memory);
        h->all = all;
        map_put_number(&all->memories, uid, h);
    }
    return h;
}

/* ---- events -------------------------------------------------------------------------- */

/* Whatever happens, it is looked at every 15 s. */
static void on_hpa(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct hpas *all = ctx;
    sim_time wait = PERIOD;

    if (!after)
        return;
    if (!all->usage)
        all->usage = usage_new(all->c->w);
    if (!before && after->created == 0)     /* it has been there for long */
        wait += world_draw(all->c->w, TIMING_HPA_PHASE, &all->c->stream);
    controller_enqueue_after(all->c, after->uid, wait);
}

static const struct informer_ops watch_hpas = {
    .name = "hpa.hpas", .latency = TIMING_WATCH_CONTROLLER, .handle = on_hpa,
};

static const struct informer_ops watch_pods = {
    .name = "hpa.pods", .latency = TIMING_WATCH_CONTROLLER,
};

/* ---- the target ------------------------------------------------------------------------ */

static const struct meta *find_target(const struct memory *h)
{
    static const enum kind kinds[] = { KIND_DEPLOYMENT, KIND_STATEFULSET,
                                       KIND_REPLICASET };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kind_name(kinds[i]), h->now.target_kind) == 0)
            return api_find(world_of(h)->api, kinds[i], h->now.meta.space,
                            h->now.target_name);
    return NULL;
}

static int replicas_of(const struct meta *m)
{
    return m->kind == KIND_DEPLOYMENT    ? deployment_seen(m)->replicas
           : m->kind == KIND_STATEFULSET ? statefulset_seen(m)->replicas
                                         : replicaset_seen(m)->replicas;
}

static int status_replicas_of(const struct meta *m)
{
    return m->kind == KIND_DEPLOYMENT ? deployment_seen(m)->status_replicas
           : m->kind == KIND_STATEFULSET
               ? statefulset_seen(m)->status_replicas
               : replicaset_seen(m)->status_replicas;
}

static const struct selector *selector_of(const struct meta *m)
{
    return m->kind == KIND_DEPLOYMENT    ? deployment_seen(m)->selector
           : m->kind == KIND_STATEFULSET ? statefulset_seen(m)->selector
                                         : replicaset_seen(m)->selector;
}

/* The newest version of the target with another size. */
static struct meta *resized(const struct memory *h)
{
    struct world *w = world_of(h);
    struct meta *draft = api_draft(w->api, h->target);

    if (draft->kind == KIND_DEPLOYMENT)
        deployment_set_replicas(w->arena, deployment_of(draft), h->size);
    else if (draft->kind == KIND_STATEFULSET)
        statefulset_set_replicas(w->arena, statefulset_of(draft), h->size);
    else
        replicaset_of(draft)->replicas = h->size;
    return draft;
}

/* "deployment/web", as scenarios name it. */
static const char *target_word(const struct memory *h)
{
    char *s = arena_printf(h->all->scratch, "%s/%s", h->now.target_kind,
                           h->now.target_name);

    for (char *c = s; *c && *c != '/'; c++)
        *c = (char)tolower((unsigned char)*c);
    return s;
}

/* ---- metrics ------------------------------------------------------------------------------ */

static sim_time stamp(const struct world *w, sim_time t)
{
    return t == SIM_NEVER ? SIM_NEVER
                          : world_second_starts(w, world_second(w, t));
}

/* What all containers ask for, or the one named; -1 if one does not say. */
static int64_t request_of(const struct pod_spec *s,
                          const struct hpa_metric *m)
{
    bool cpu = strcmp(m->name, "cpu") == 0;
    int64_t sum = 0;

    for (size_t i = 0; i < s->ncontainers; i++) {
        const struct container *c = &s->containers[i];
        int64_t asked = cpu ? c->resources.cpu_request
                            : c->resources.memory_request;

        if (m->container && strcmp(m->container, c->name) != 0)
            continue;
        if (asked < 0)
            return -1;
        sum += cpu ? asked : asked * 1000;
    }
    return sum;
}

static struct hpa_pod pod_of_metric(const struct memory *h,
                                    const struct pod *p,
                                    const struct hpa_metric *m, int ready)
{
    const struct world *w = world_of(h);
    struct usage_sample s = usage_of_pod(h->all->usage, p, m->name,
                                         target_word(h), ready);

    return (struct hpa_pod){
        .deleting = meta_deleting(&p->meta), .phase = p->phase,
        .has_ready = p->ready_changed != SIM_NEVER, .ready = p->ready,
        .ready_changed = stamp(w, p->ready_changed),
        .started = stamp(w, p->started),
        .request = request_of(p->template->spec, m),
        .sampled = s.known, .usage = s.value, .taken = s.taken,
        .window = s.window,
    };
}

/* The target's pods; *ready is how many are Ready and running. */
static const struct pod **pods_of(const struct memory *h, size_t *n,
                                  int *ready)
{
    struct informer *pods = h->all->pods;
    const struct pod **list = arena_many(h->all->scratch, const struct pod *,
                                         informer_count(pods));

    *n = 0;
    *ready = 0;
    for (size_t i = 0; i < informer_count(pods); i++) {
        const struct meta *m = informer_at(pods, i);

        if (strcmp(m->space, h->now.meta.space) != 0 ||
            !selector_match(selector_of(h->target), m->labels))
            continue;
        list[(*n)++] = pod_seen(m);
        *ready += pod_seen(m)->ready && pod_seen(m)->phase == POD_RUNNING;
    }
    return list;
}

static struct hpa_tolerance tolerance_of(const struct memory *h)
{
    const struct hpa *now = &h->now;
    bool old = world_is(world_of(h), KUBE_1_20);
    bool own = now->behavior && !old;

    return (struct hpa_tolerance){ own ? now->down.tolerance : TOLERANCE,
                                   own ? now->up.tolerance : TOLERANCE, old };
}

static struct hpa_proposal by_pods(const struct memory *h,
                                   const struct hpa_metric *m,
                                   const struct pod **pods, size_t n,
                                   int ready)
{
    struct hpa_pod *list = arena_many(h->all->scratch, struct hpa_pod, n);
    bool cpu = strcmp(m->name, "cpu") == 0 && m->source != HPA_OF_PODS;
    struct hpa_target target = {
        .cpu = cpu, .value = m->value,
        .utilization = m->type == HPA_UTILIZATION ? m->utilization : 0,
    };

    for (size_t i = 0; i < n; i++)
        list[i] = pod_of_metric(h, pods[i], m, ready);
    return hpa_pods_proposal(list, n, replicas_of(h->target), &target,
                             tolerance_of(h), &hpa_default_periods,
                             world_now(world_of(h)));
}

static struct hpa_proposal by_object(const struct memory *h,
                                     const struct hpa_metric *m, int ready)
{
    struct hpa_proposal none = { .error = HPA_NO_METRICS };
    int64_t value;

    if (!usage_of_object(h->all->usage, m->name, &value))
        return none;
    if (m->type == HPA_AVERAGE_VALUE)
        return hpa_average_proposal(value, m->value,
                                    status_replicas_of(h->target),
                                    tolerance_of(h));
    return hpa_value_proposal(value, m->value, replicas_of(h->target), ready,
                              tolerance_of(h));
}

/* ---- status ---------------------------------------------------------------------------------- */

static void set(struct memory *h, struct condition *c, bool status,
                const char *reason, const char *message)
{
    condition_set(c, status ? CONDITION_TRUE : CONDITION_FALSE, reason,
                  message, world_now(world_of(h)));
}

static const char *failed_reason(const struct hpa_metric *m)
{
    static const char *const reasons[] = {
        "FailedGetResourceMetric", "FailedGetContainerResourceMetric",
        "FailedGetPodsMetric", "FailedGetObjectMetric",
        "FailedGetExternalMetric",
    };

    return reasons[m->source];
}

static const char *failed_text(const struct memory *h, enum hpa_error error)
{
    if (error == HPA_NO_REQUEST)
        return "missing request for a resource in a container of a pod";
    if (error == HPA_NO_PODS)
        return "no pods returned by selector while calculating replica count";
    return world_is(world_of(h), KUBE_1_20)
               ? "did not receive metrics for any ready pods"
               : "did not receive metrics for targeted pods (pods might be "
                 "unready)";
}

/* Metrics that could not be had: say so once per look. */
static void fail_metrics(struct memory *h, const struct hpa_metric *m,
                         enum hpa_error error)
{
    const char *text = failed_text(h, error);

    set(h, &h->now.scaling_active, false, failed_reason(m), text);
    controller_event(h->all->c, &h->now.meta, "Warning", failed_reason(m),
                     "failed to get %s: %s", m->name, text);
    controller_event(h->all->c, &h->now.meta, "Warning",
                     "FailedComputeMetricsReplicas", "invalid metrics, first "
                     "error is: %s", text);
}

/* The largest proposal of all metrics; -1 if nothing may be changed.  *name:
 * of the metric that wins. */
static int propose(struct memory *h, const char **name)
{
    size_t n;
    int ready, most = 0, bad = 0;
    const struct pod **pods = pods_of(h, &n, &ready);
    const struct hpa_metric *first = NULL;
    enum hpa_error error = HPA_OK;
    struct hpa_current *values = arena_many(world_of(h)->arena,
                                            struct hpa_current,
                                            h->now.nmetrics);

    for (size_t i = 0; i < h->now.nmetrics; i++) {
        const struct hpa_metric *m = &h->now.metrics[i];
        bool object = m->source == HPA_OBJECT || m->source == HPA_EXTERNAL;
        struct hpa_proposal p = object ? by_object(h, m, ready)
                                       : by_pods(h, m, pods, n, ready);

        if (p.error != HPA_OK) {
            if (bad++ == 0)
                first = m, error = p.error;
            continue;
        }
        values[i] = (struct hpa_current){
            true, m->type == HPA_UTILIZATION ? p.utilization : -1, p.value };
        if (p.replicas > most || !*name) {
            most = p.replicas;
            *name = m->name;
        }
    }
    if (bad == (int)h->now.nmetrics ||
        (bad > 0 && most < replicas_of(h->target))) {
        if (!world_is(world_of(h), KUBE_1_20))
            h->now.values = NULL;
        fail_metrics(h, first, error);
        return -1;
    }
    h->now.values = values;
    set(h, &h->now.scaling_active, true, "ValidMetricFound",
        "the HPA was able to successfully calculate a replica count");
    return most;
}

/* ---- from proposal to size ------------------------------------------------------------------------ */

static void remember(struct memory *h, int replicas, sim_time oldest)
{
    struct hpa_past past = { world_now(world_of(h)), replicas };

    vec_push(world_of(h)->arena, &h->recommended, past);
    h->recommended.len = hpa_remember(h->recommended.items,
                                      h->recommended.len - 1, past, oldest);
}

static int longest_s(const struct hpa_rules *r)
{
    int most = 0;

    for (size_t i = 0; i < r->npolicies; i++)
        if (r->policies[i].period_s > most)
            most = r->policies[i].period_s;
    return most;
}

/* Note a change for the policies; forget what is too old for all of them. */
static void note_change(struct memory *h, int from, int to)
{
    pasts *list = to > from ? &h->added : &h->removed;
    const struct hpa_rules *r = to > from ? &h->now.up : &h->now.down;
    struct hpa_past past = { world_now(world_of(h)),
                             to > from ? to - from : from - to };

    if (!h->now.behavior)
        return;
    vec_push(world_of(h)->arena, list, past);
    list->len = hpa_remember(list->items, list->len - 1, past,
                             past.at - longest_s(r) * SIM_S);
}

static int stabilize(struct memory *h, int current, int desired)
{
    sim_time now = world_now(world_of(h));
    sim_time up = h->now.up.window_s * SIM_S;
    sim_time down = h->now.down.window_s * SIM_S;
    int stable;

    if (h->now.behavior) {
        stable = hpa_stabilize_both(h->recommended.items,
                                    h->recommended.len, current, desired, up,
                                    down, now);
        remember(h, desired, now - (up > down ? up : down));
    } else {
        stable = hpa_stabilize(h->recommended.items, h->recommended.len,
                               desired, STABILIZATION, now);
        remember(h, desired, now - STABILIZATION);
    }
    if (stable != desired)
        set(h, &h->now.able_to_scale, true,
            h->now.behavior && desired >= current ? "ScaleUpStabilized"
                                                  : "ScaleDownStabilized",
            hpa_reason_text(desired >= current ? "ScaleUpStabilized"
                                               : "ScaleDownStabilized"));
    else
        set(h, &h->now.able_to_scale, true, "ReadyForNewScale",
            "recommended size matches current size");
    return stable;
}

static int normalize(struct memory *h, int current, int desired)
{
    int stable = stabilize(h, current, desired);
    struct hpa_size s =
        h->now.behavior
            ? hpa_limit_by_rules(current, stable, h->now.min, h->now.max,
                                 &h->now.up, &h->now.down, h->added.items,
                                 h->added.len, h->removed.items,
                                 h->removed.len, world_now(world_of(h)))
            : hpa_limit(current, stable, h->now.min, h->now.max);

    set(h, &h->now.scaling_limited, s.replicas != stable, s.reason,
        hpa_reason_text(s.reason));
    return s.replicas;
}

/* The size that the target is to have; -1: it cannot be told. */
static int decide(struct memory *h)
{
    int current = replicas_of(h->target), proposal;
    const char *name = NULL;

    if (current == 0 && h->now.min != 0) {
        set(h, &h->now.scaling_active, false, "ScalingDisabled",
            "scaling is disabled since the replica count of the target is "
            "zero");
        return 0;
    }
    if (current > h->now.max) {
        h->why = "Current number of replicas above Spec.MaxReplicas";
        return h->now.max;
    }
    if (current < h->now.min) {
        h->why = "Current number of replicas below Spec.MinReplicas";
        return h->now.min;
    }
    proposal = propose(h, &name);
    if (proposal < 0)
        return -1;
    h->why = proposal > current
                 ? arena_printf(world_of(h)->arena, "%s resource utilization "
                                "(percentage of request) above target", name)
                 : "All metrics below target";
    return normalize(h, current, proposal);
}

/* ---- the control loop ---------------------------------------------------------------------------------- */

static bool same_values(const struct hpa *a, const struct hpa *b)
{
    if (!a->values || !b->values)
        return a->values == b->values;
    for (size_t i = 0; i < a->nmetrics; i++)
        if (a->values[i].known != b->values[i].known ||
            a->values[i].utilization != b->values[i].utilization ||
            a->values[i].value != b->values[i].value)
            return false;
    return true;
}

static bool same_condition(const struct condition *a,
                           const struct condition *b)
{
    return a->status == b->status && condition_because(a, b->reason ? b->reason
                                                                    : "");
}

static bool same_status(const struct hpa *a, const struct hpa *b)
{
    return a->current == b->current && a->desired == b->desired &&
           a->last_scale == b->last_scale && same_values(a, b) &&
           a->observed_generation == b->meta.generation &&
           same_condition(&a->able_to_scale, &b->able_to_scale) &&
           same_condition(&a->scaling_active, &b->scaling_active) &&
           same_condition(&a->scaling_limited, &b->scaling_limited);
}

static void write_status(struct memory *h, struct sync *s)
{
    struct world *w = world_of(h);
    const struct meta *m = informer_get(h->all->hpas, h->now.meta.uid);
    struct meta *draft;
    struct meta base;

    h->now.observed_generation = h->now.meta.generation;
    if (!m || same_status(hpa_seen(m), &h->now))
        return;
    draft = api_draft(w->api, m);
    base = *draft;
    *hpa_of(draft) = h->now;
    *draft = base;
    draft->refs = 0;
    sync_update_status(s, draft);
}

static void after_scale(struct controller *c, struct sync *s, object_uid key,
                        bool error, const char *why, void *arg)
{
    struct memory *h = arg;
    int from = h->from;

    (void)key;
    h->now.current = from;
    h->now.desired = h->size;
    if (error) {
        set(h, &h->now.able_to_scale, false, "FailedUpdateScale", why);
        h->now.desired = from;
        controller_event(c, &h->now.meta, "Warning", "FailedRescale",
                         "New size: %d; reason: %s; error: %s", h->size,
                         h->why, why);
    } else if (h->size != from) {
        set(h, &h->now.able_to_scale, true, "SucceededRescale",
            arena_printf(c->w->arena, "the HPA controller was able to update "
                         "the target scale to %d", h->size));
        h->now.last_scale = world_now(c->w);
        note_change(h, from, h->size);
        controller_event(c, &h->now.meta, "Normal", "SuccessfulRescale",
                         "New size: %d; reason: %s", h->size, h->why);
    }
    write_status(h, s);
}

/* The scale of the target has been read. */
static void after_get(struct controller *c, struct sync *s, object_uid key,
                      bool error, const char *why, void *arg)
{
    struct memory *h = arg;

    (void)key;
    (void)why;
    arena_reset(h->all->scratch);
    h->target = find_target(h);
    if (!h->target || error) {
        set(h, &h->now.able_to_scale, false, "FailedGetScale",
            "the HPA controller was unable to get the target's current scale");
        controller_event(c, &h->now.meta, "Warning", "FailedGetScale",
                         "%s \"%s\" not found", h->now.target_kind,
                         h->now.target_name);
        write_status(h, s);
        return;
    }
    h->from = replicas_of(h->target);
    if (h->recommended.len == 0)
        vec_push(c->w->arena, &h->recommended,
                 ((struct hpa_past){ world_now(c->w), h->from }));
    h->size = decide(h);
    if (h->size < 0)
        h->size = h->from;
    if (h->size != h->from)
        sync_update(s, resized(h));
    sync_finally(s, after_scale, h);
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct hpas *all = c->state;
    const struct meta *m = informer_get(all->hpas, key);
    struct memory *h = memory_of(all, key);

    if (!m)
        return;
    h->now = *hpa_seen(m);
    h->why = "";
    h->target = find_target(h);
    sync_requeue_after(s, PERIOD);
    if (h->target)
        sync_get(s, h->target->uid);
    sync_finally(s, after_get, h);
}

static void start(struct controller *c)
{
    struct hpas *all = arena_make(c->w->arena, struct hpas);

    all->c = c;
    c->state = all;
    all->scratch = arena_under(c->w->arena);
    map_init(&all->memories, c->w->arena);
    all->hpas = informer_new(c->w, KIND_HPA, &watch_hpas, all);
    all->pods = informer_new(c->w, KIND_POD, &watch_pods, all);
}

const struct controller_ops controller_hpa = {
    .name = "hpa",
    .doc = "sizes workloads by their metrics",
    .workers = 5,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
