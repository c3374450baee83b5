/*
 * operator.c - operators: control loops for custom resources.
 *
 * watch -> queue -> reconcile, as every controller: an operator sees its
 * resources and the objects that belong to them after timing watchOperator,
 * has a queue with back-off and a client of its own, and keeps what it has to
 * remember in the status of the resource.  A change of the spec is brought
 * about phase by phase (operator_phase.c); whatever the phase, the objects are
 * made to be as the resource says that was applied last, so that what somebody
 * changes by hand is changed back.  A new resource goes through the phases that
 * roll out only.  A resource that is deleted waits for the finalizer's work;
 * its objects follow by garbage collection.
 *
 * Level-triggered (the default): it acts on what is, looks at all resources
 * when its process starts, and again every `resync`.  Edge-triggered: it acts
 * on changes that it is told of.  What happens while its process is down it
 * never learns, what it was doing then it has forgotten, and objects that are
 * changed by hand stay so.
 *
 * Not modelled: its own pods and their leader election (fault `stop: operator`
 * stops it), what phases do besides taking time, admission webhooks.
 * Source: controller-runtime at v0.19; reference 10.6.
 */
#include "models/operator.h"

#include <string.h>

#include "base/text.h"
#include "base/vec.h"
#include "operator_impl.h"
#include "models/plane.h"
#include "models/world.h"

struct operators {
    struct operator *items;
    size_t len;
};

/* ---- what wakes it ------------------------------------------------------ */

static bool is_mine(const struct operator *o, const struct meta *m)
{
    return strcmp(custom_seen(m)->type, o->spec->type) == 0;
}

static bool wants_custom(void *ctx, const struct meta *before,
                         const struct meta *after)
{
    return is_mine(ctx, after ? after : before);
}

/* The resource came, its spec changed, or it is to go. */
static bool is_edge(const struct meta *before, const struct meta *after)
{
    return !before || before->generation != after->generation;
}

static void on_custom(void *ctx, const struct meta *before,
                      const struct meta *after)
{
    struct operator *o = ctx;
    bool edges = o->spec->trigger == TRIGGER_EDGE;

    if (!after || (edges && o->c.stopped))
        return;
    if (edges && is_edge(before, after))
        map_put_number(&o->told, after->uid, o);
    operator_tell(o, before, after);
    controller_enqueue(&o->c, after->uid);
}

static bool wants_owned(void *ctx, const struct meta *before,
                        const struct meta *after)
{
    const struct operator *o = ctx;
    const struct meta *owner = api_get(o->c.w->api,
                                       (after ? after : before)->owner);

    return owner && owner->kind == KIND_CUSTOM && is_mine(o, owner);
}

static void on_owned(void *ctx, const struct meta *before,
                     const struct meta *after)
{
    struct operator *o = ctx;

    if (!o->c.stopped || o->spec->trigger == TRIGGER_LEVEL)
        controller_enqueue(&o->c, (after ? after : before)->owner);
}

/* ---- reconcile ---------------------------------------------------------- */

static bool has_finalizer(const struct meta *m, const char *name)
{
    for (size_t i = 0; m->finalizers && m->finalizers[i]; i++)
        if (strcmp(m->finalizers[i], name) == 0)
            return true;
    return false;
}

/* Write the finalizers of m with, or without, the operator's. */
static void set_finalizer(struct operator *o, struct sync *s,
                          const struct meta *m, bool present)
{
    struct world *w = o->c.w;
    const char *name = o->spec->finalizer->name;
    struct meta *draft = api_draft(w->api, m);
    VEC(const char *) list = { 0 };

    for (size_t i = 0; m->finalizers && m->finalizers[i]; i++)
        if (strcmp(m->finalizers[i], name) != 0)
            vec_push(w->arena, &list, m->finalizers[i]);
    if (present)
        vec_push(w->arena, &list, name);
    vec_push(w->arena, &list, NULL);
    draft->finalizers = list.items;
    sync_update(s, draft);
}

/* The resource is to go: the finalizer's work comes first. */
static void finalize(struct operator *o, struct sync *s, const struct meta *m)
{
    struct custom_status st = custom_seen(m)->status;
    struct stream luck;
    sim_time end;

    if (!o->spec->finalizer || !has_finalizer(m, o->spec->finalizer->name))
        return;
    if (st.step != STEP_FINALIZING) {
        st.step = STEP_FINALIZING;
        st.since = world_now(o->c.w);
        st.phase = "Finalizing";
        operator_write(o, s, m, &st);
        return;
    }
    operator_luck(o, m, &st, &luck);
    end = st.since + dist_draw(&o->spec->finalizer->takes, &luck);
    if (world_now(o->c.w) < end)
        sync_requeue_after(s, end - world_now(o->c.w));
    else
        set_finalizer(o, s, m, false);
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct operator *o = c->state;
    const struct meta *m = informer_get(o->customs, key);
    bool level = o->spec->trigger == TRIGGER_LEVEL;

    if (!m || (!level && !map_get_number(&o->told, key)))
        return;
    if (meta_deleting(m)) {
        finalize(o, s, m);
        return;
    }
    if (o->spec->finalizer && !has_finalizer(m, o->spec->finalizer->name)) {
        set_finalizer(o, s, m, true);
        return;
    }
    if (custom_seen(m)->status.working == m->generation &&
        (level || operator_is_rolling(o, m)))
        operator_keep(o, s, m);
    operator_advance(o, s, m);
    if (level && o->spec->resync > 0)
        sync_requeue_after(s, o->spec->resync);
}

/* ---- life --------------------------------------------------------------- */

static struct informer *watch(struct operator *o, enum kind kind)
{
    struct world *w = o->c.w;
    struct informer_ops *ops = arena_make(w->arena, struct informer_ops);
    bool custom = kind == KIND_CUSTOM;

    *ops = (struct informer_ops){
        .name = arena_printf(w->arena, "operator.%s.%s", o->spec->name,
                             kind_resource(kind)),
        .latency = TIMING_WATCH_OPERATOR,
        .wants = custom ? wants_custom : wants_owned,
        .handle = custom ? on_custom : on_owned,
    };
    return informer_new(w, kind, ops, o);
}

static void start(struct controller *c)
{
    struct operator *o = (struct operator *)c;

    c->state = o;
    map_init(&o->told, c->w->arena);
    map_init(&o->wanted, c->w->arena);
    o->customs = watch(o, KIND_CUSTOM);
    for (size_t i = 0; i < o->spec->nmanifests; i++) {
        const struct value *v = o->spec->manifests[i];
        enum kind kind = kind_find(value_text(value_get(v, "apiVersion"), ""),
                                   value_text(value_get(v, "kind"), ""));

        if (!o->owned[kind])
            o->owned[kind] = watch(o, kind);
    }
    for (size_t i = 0; i < o->spec->phases.len; i++)
        if (operator_phase_at(o, (int)i)->fails_when)
            monitoring_start(c->w);
}

void operators_new(struct world *w)
{
    const struct cluster_spec *c = &w->spec->cluster;

    if (c->noperators == 0)
        return;
    w->operators = arena_make(w->arena, struct operators);
    w->operators->items = arena_many(w->arena, struct operator,
                                     c->noperators);
    w->operators->len = c->noperators;
    for (size_t i = 0; i < c->noperators; i++) {
        struct operator *o = &w->operators->items[i];

        o->spec = &c->operators[i];
        o->ops = (struct controller_ops){
            .name = arena_printf(w->arena, "operator %s", o->spec->name),
            .doc = "an operator", .account = o->spec->name,
            .workers = o->spec->workers,
            .max_retries = -1, .work = &o->spec->reconcile, .start = start,
            .sync = sync,
        };
        controller_start(&o->c, w, &o->ops);
    }
}

const struct operator_spec *operator_named(const struct spec *s,
                                           const char *name)
{
    for (size_t i = 0; i < s->cluster.noperators; i++)
        if (strcmp(s->cluster.operators[i].name, name) == 0)
            return &s->cluster.operators[i];
    return NULL;
}

static void fire_back(struct sim *sim, void *subject, int64_t arg)
{
    struct operator *o = subject;

    (void)sim;
    (void)arg;
    if (o->down > 0)
        return;
    controller_stop(&o->c, false);
    for (size_t i = 0; o->spec->trigger == TRIGGER_LEVEL &&
                       i < informer_count(o->customs); i++)
        controller_enqueue(&o->c, informer_at(o->customs, i)->uid);
}

static const struct event_kind ev_back = {
    .name = "operator.back", .rank = RANK_WORLD, .fire = fire_back,
};

/* Its process starts: its caches are filled first. */
static void come_back(struct operator *o)
{
    struct world *w = o->c.w;
    struct stream luck;

    world_stream(w, &luck, PURPOSE_RECONCILE,
                 fnv64(FNV_START, o->spec->name, strlen(o->spec->name)));
    sim_after(w->sim, world_draw(w, TIMING_CACHE_SYNC, &luck), &ev_back, o, 0);
}

void operator_stop(struct world *w, const char *name, bool stopped)
{
    for (size_t i = 0; w->operators && i < w->operators->len; i++) {
        struct operator *o = &w->operators->items[i];

        if (strcmp(o->spec->name, name) != 0)
            continue;
        o->down += stopped ? 1 : -1;
        if (o->down != (stopped ? 1 : 0))
            continue;
        plane_say(w, COMPONENT_OPERATOR, name, !stopped);
        if (!stopped) {
            come_back(o);
            continue;
        }
        controller_stop(&o->c, true);
        map_init(&o->told, w->arena);   /* it lives in its memory */
    }
}
