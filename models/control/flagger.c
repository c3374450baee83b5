/*
 * flagger.c - the controller of Flagger: a timer for each Canary.
 *
 * The first tick is immediate, the next ones follow every analysis.interval.
 * In each it makes what is missing (the primary, three Services, the route or
 * the canary Ingress), decides with flagger_tick from what the API server has
 * now, and writes.  A refused write (somebody else was faster) is made again
 * at once.  The apex Service selects the primary from when that is ready, so a
 * Service that was there before keeps serving.
 *
 * Metrics are asked of monitoring, for the version that the canary runs.
 *
 * Differs: reads take no time.  Not modelled: copies of autoscalers,
 * ConfigMaps and Secrets; revertOnDeletion.
 * Source: flagger pkg/controller/scheduler.go, pkg/canary/deployment_
 * controller.go, pkg/router/kubernetes_default.go at 15bd6ad5; reference 2.1.
 */
#include "models/flagger.h"

#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "models/controller.h"
#include "models/ingress.h"
#include "models/measure.h"
#include "models/monitoring.h"
#include "models/network.h"
#include "models/traffic.h"
#include "models/workload.h"
#include "models/world.h"

/* What the controller remembers of a Canary. */
struct watched {
    sim_time next;              /* the timer's next tick */
};

struct flaggers {
    struct informer *canaries;
    struct map watched;         /* uid -> struct watched */
};

/* A tick, while it is made. */
struct pass {
    struct controller *c;
    struct sync *s;
    const struct flagger *f;
    const struct deployment *canary, *primary;  /* NULL: not there */
    const char *label;          /* the key that tells the two apart */
    const struct version *version;      /* what the canary runs */
};

/* ---- reading ------------------------------------------------------------------ */

static const struct meta *find(const struct pass *k, enum kind kind,
                               const char *name)
{
    return api_find(k->c->w->api, kind, k->f->meta.space, name);
}

static const struct deployment *deployment_called(const struct pass *k,
                                                  const char *name)
{
    const struct meta *m = find(k, KIND_DEPLOYMENT, name);

    return m ? deployment_seen(m) : NULL;
}

static const char *named(const struct pass *k, const char *name,
                         const char *suffix)
{
    return arena_printf(k->c->w->arena, "%s-%s", name, suffix);
}

/* The label of the target's selector that Flagger changes. */
static const char *label_of(const struct deployment *d)
{
    static const char *const keys[] = { "app", "name",
                                        "app.kubernetes.io/name" };
    const struct value *labels = value_at(d->raw,
                                          "spec.selector.matchLabels");

    for (size_t i = 0; labels && i < 3; i++)
        if (value_get(labels, keys[i]))
            return keys[i];
    return NULL;
}

static const char *label_value(const struct pass *k)
{
    return value_text(value_get(value_at(k->canary->raw,
                                         "spec.selector.matchLabels"),
                                k->label), "");
}

static bool is_starved(const struct pass *k, const struct deployment *d)
{
    const struct condition *c = &d->cond_available;
    sim_time most = (sim_time)k->f->progress_deadline_s * SIM_S;

    return c->status == CONDITION_FALSE && c->reason &&
           strcmp(c->reason, "MinimumReplicasUnavailable") == 0 &&
           world_now(k->c->w) > c->updated + most;
}

static struct flagger_ready ready_of(const struct pass *k,
                                     const struct deployment *d,
                                     int threshold)
{
    const struct condition *progressing;
    struct flagger_pods p;

    if (!d)
        return (struct flagger_ready){ false, true };
    progressing = &d->progressing;
    p = (struct flagger_pods){
        .stale = d->observed_generation < d->meta.generation,
        .replicas = d->replicas, .updated = d->updated,
        .existing = d->status_replicas, .available = d->available,
        .exceeded = progressing->reason &&
                    strcmp(progressing->reason,
                           "ProgressDeadlineExceeded") == 0,
        .starved = is_starved(k, d),
    };
    return flagger_pods_ready(&p, threshold);
}

/* ---- checks ---------------------------------------------------------------------- */

static bool in_range(const struct flagger_metric *m, double value)
{
    return !(m->has_min && value < m->min) && !(m->has_max && value > m->max);
}

static bool check(void *ctx, size_t i, const char **why)
{
    const struct pass *k = ctx;
    const struct flagger_metric *m = &k->f->metrics[i];
    bool rate = m->what == FLAGGER_SUCCESS_RATE;
    struct seen_query q = {
        .what = rate ? SEEN_ERROR_RATE : SEEN_LATENCY_P99,
        .version = k->version, .window = m->interval,
    };
    struct arena *a = k->c->w->arena;
    double value;

    if (!monitoring_read(k->c->w, &q, &value)) {
        *why = arena_printf(a, "no values found for metric %s",
                            rate ? "request-success-rate"
                                 : "request-duration");
        return false;
    }
    value = rate ? 100 * (1 - value) : 1000 * value;
    if (in_range(m, value))
        return true;
    *why = rate ? arena_printf(a, "success rate %.2f%% < %g%%", value, m->min)
                : arena_printf(a, "request duration %.0fms > %gms", value,
                               m->max);
    return false;
}

/* ---- writing ---------------------------------------------------------------------- */

/* Read a manifest and write it: over `old`, or as a new object. */
static void put(struct pass *k, enum kind kind, const struct value *v,
                const struct meta *old)
{
    struct world *w = k->c->w;
    const struct kind_ops *ops = kind_ops_of(kind);
    struct err_list errors;
    struct meta *read, *draft, who;

    err_init(&errors, w->arena);
    read = ops->decode(w->arena, v, &errors);
    if (errors.errors)
        BUG("Flagger made an invalid %s: %s", kind_name(kind),
            errors.items[0].text);
    draft = old ? api_draft(w->api, old) : api_new_draft(w->api, kind);
    who = *draft;
    memcpy(draft, read, ops->size);
    draft->refs = who.refs;
    draft->version = who.version;
    draft->uid = who.uid;
    draft->deleted = SIM_NEVER;
    if (!old) {
        draft->owner = k->f->meta.uid;
        sync_create(k->s, draft);
        return;
    }
    if (kind == KIND_DEPLOYMENT)
        deployment_of(draft)->revision = deployment_seen(old)->revision;
    sync_update(k->s, draft);
}

static void scale(struct pass *k, int n)
{
    struct world *w = k->c->w;
    struct meta *draft;

    if (k->canary->replicas == n)
        return;
    draft = api_draft(w->api, &k->canary->meta);
    deployment_set_replicas(w->arena, deployment_of(draft), n);
    sync_update(k->s, draft);
}

/* The primary's value for the label. */
static const struct value *primary_label(const struct pass *k)
{
    struct arena *a = k->c->w->arena;

    return value_string(a, named(k, label_value(k), "primary"), NULL);
}

static const struct value *with_label(const struct pass *k,
                                      const struct value *v,
                                      const char *path)
{
    struct arena *a = k->c->w->arena;

    return value_set(a, v, arena_printf(a, "%s.\"%s\"", path, k->label),
                     primary_label(k));
}

/* The target as NAME-primary. */
static void make_primary(struct pass *k)
{
    struct arena *a = k->c->w->arena;
    const struct value *v = k->canary->raw;

    v = value_set(a, v, "metadata.name",
                  value_string(a, named(k, k->f->target, "primary"), NULL));
    v = with_label(k, v, "spec.selector.matchLabels");
    v = with_label(k, v, "spec.template.metadata.labels");
    put(k, KIND_DEPLOYMENT, v, NULL);
}

static void promote(struct pass *k)
{
    const struct value *v = value_set(k->c->w->arena, k->primary->raw,
        "spec.template", value_at(k->canary->raw, "spec.template"));

    v = with_label(k, v, "spec.template.metadata.labels");
    put(k, KIND_DEPLOYMENT, v, &k->primary->meta);
}

/* A Service of this name for the pods whose label has this value; one that is
 * there gets its selector and ports only. */
static void put_service(struct pass *k, const char *name, const char *value)
{
    const struct flagger *f = k->f;
    struct arena *a = k->c->w->arena;
    const struct meta *old = find(k, KIND_SERVICE, name);
    const struct value *spec = value_flow(a, arena_printf(a,
        "{selector: {\"%s\": \"%s\"}, ports: [{name: %s, port: %d, "
        "targetPort: %s}]}", k->label, value, f->port_name, f->port,
        f->target_port ? f->target_port : arena_printf(a, "%d", f->port)),
        NULL);
    const struct value *v = old ? service_seen(old)->raw
        : value_flow(a, arena_printf(a, "{apiVersion: v1, kind: Service, "
              "metadata: {name: %s, namespace: %s}}", name, f->meta.space),
              NULL);

    v = value_set(a, v, "spec.selector", value_get(spec, "selector"));
    v = value_set(a, v, "spec.ports", value_get(spec, "ports"));
    if (!old || strcmp(value_text(value_get(value_at(
                           service_seen(old)->raw, "spec.selector"),
                           k->label), ""), value) != 0)
        put(k, KIND_SERVICE, v, old);
}

/* The route, or the canary Ingress, as the status says. */
static void put_route(struct pass *k, const struct flagger *f)
{
    struct arena *a = k->c->w->arena;
    const struct meta *main;

    if (f->provider == FLAGGER_MESH) {
        put(k, KIND_HTTPROUTE, flagger_route(a, f),
            find(k, KIND_HTTPROUTE, f->apex));
    } else if (f->provider == FLAGGER_NGINX) {
        main = find(k, KIND_INGRESS, f->ingress);
        if (main)
            put(k, KIND_INGRESS,
                flagger_ingress(a, f, ingress_seen(main)->raw),
                find(k, KIND_INGRESS, named(k, f->ingress, "canary")));
    }
}

static void write_status(struct pass *k, const struct flagger *f)
{
    struct meta *draft = api_draft(k->c->w->api, &k->f->meta);

    flagger_copy_status(flagger_of(draft), f);
    sync_update_status(k->s, draft);
}

/* ---- a tick ------------------------------------------------------------------------ */

/* What is told, once the writes have succeeded. */
static void tell(struct controller *c, struct sync *s, object_uid key,
                 bool error, const char *why, void *arg)
{
    const struct flagger_plan *p = arg;
    const struct meta *m = api_get(c->w->api, key);

    (void)s;
    (void)why;
    if (error || !m)
        return;
    for (size_t i = 0; i < p->notes.len; i++)
        record_note(c->w, "Strategy", "Synced", m->space,
                    arena_printf(c->w->arena, "canary/%s", m->name),
                    p->notes.items[i]);
    if (p->rolled_back)
        measure_rollback_decided(c->w);
    if (p->succeeded)
        measure_completed(c->w);
}

static void carry_out(struct pass *k, const struct flagger_plan *p)
{
    for (size_t i = 0; i < p->nverbs; i++) {
        switch (p->verbs[i]) {
        case FLAGGER_SCALE_UP:
            scale(k, k->primary->replicas);
            break;
        case FLAGGER_SCALE_DOWN:
            scale(k, 0);
            break;
        case FLAGGER_ROUTE:
            put_route(k, &p->f);
            break;
        case FLAGGER_PROMOTE:
            promote(k);
            break;
        }
    }
    if (p->f.phase == FLAGGER_INITIALIZED &&
        k->f->phase == FLAGGER_INITIALIZING)
        put_service(k, p->f.apex, named(k, label_value(k), "primary"));
    write_status(k, &p->f);
    sync_finally(k->s, tell, arena_memdup(k->c->w->arena, p, sizeof(*p)));
}

static bool is_changed(const struct flagger *a, const struct flagger *b)
{
    return a->phase != b->phase || a->weight != b->weight ||
           a->iteration != b->iteration ||
           a->failed_checks != b->failed_checks ||
           a->mirrored != b->mirrored || a->applied != b->applied;
}

static void tick(struct pass *k)
{
    struct world *w = k->c->w;
    const struct flagger *f = k->f;
    struct flagger_plan p;
    struct flagger_sight s = {
        .revision = k->canary->template->identity, .check = check, .ctx = k,
        .now = world_now(w), .arena = w->arena,
    };

    if (!f->suspend) {
        put_service(k, named(k, f->apex, "canary"), label_value(k));
        put_service(k, named(k, f->apex, "primary"),
                    named(k, label_value(k), "primary"));
        if (!k->primary) {
            make_primary(k);
            return;
        }
    }
    s.primary = ready_of(k, k->primary, f->primary_threshold);
    s.canary = ready_of(k, k->canary, f->canary_threshold);
    flagger_tick(f, &s, &p);
    if (is_changed(f, &p.f) || p.notes.len > 0)
        carry_out(k, &p);
}

/* ---- the control loop -------------------------------------------------------------- */

static void canary_changed(void *ctx, const struct meta *before,
                           const struct meta *after)
{
    struct controller *c = ctx;
    struct flaggers *fs = c->state;
    struct watched *known;

    if (before || !after)
        return;
    known = arena_make(c->w->arena, struct watched);
    known->next = world_now(c->w);
    map_put_number(&fs->watched, after->uid, known);
    monitoring_start(c->w);
    measure_judged_elsewhere(c->w, KIND_DEPLOYMENT, after->space,
                             flagger_seen(after)->target);
    controller_enqueue(c, after->uid);
}

static const struct informer_ops canaries_ops = {
    .name = "flagger.canaries", .latency = TIMING_WATCH_CONTROLLER,
    .handle = canary_changed,
};

static void start(struct controller *c)
{
    struct flaggers *fs = arena_make(c->w->arena, struct flaggers);

    c->state = fs;
    map_init(&fs->watched, c->w->arena);
    fs->canaries = informer_new(c->w, KIND_CANARY, &canaries_ops, c);
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct flaggers *fs = c->state;
    const struct meta *m = api_get(c->w->api, key);
    struct watched *known = map_get_number(&fs->watched, key);
    sim_time now = world_now(c->w);
    struct pass k = { .c = c, .s = s };

    if (!m || meta_deleting(m))
        return;
    k.f = flagger_seen(m);
    if (now >= known->next) {   /* else a refused write is made again */
        known->next = now + k.f->interval;
        controller_enqueue_after(c, key, k.f->interval);
    }
    k.canary = deployment_called(&k, k.f->target);
    k.primary = deployment_called(&k, named(&k, k.f->target, "primary"));
    if (!k.canary || !(k.label = label_of(k.canary))) {
        controller_event(c, m, "Warning", "Synced", "Deployment %s.%s %s",
                         k.f->target, m->space, k.canary
                         ? "has no label app, name or app.kubernetes.io/name "
                           "in its selector" : "not found");
        return;
    }
    k.version = traffic_version(c->w, k.canary->template);
    tick(&k);
}

const struct controller_ops controller_flagger = {
    .name = "flagger",
    .doc = "releases the targets of Flagger's Canaries tick by tick",
    .account = "flagger",
    .workers = 2,
    .max_retries = 15,
    .start = start,
    .sync = sync,
};
