/*
 * watch.c - what must hold whenever something is written.
 *
 * Of a Deployment: the sizes of its ReplicaSets together never grow beyond
 * replicas + maxSurge; no ReplicaSet makes more pods than it was asked for; a
 * pod that is available is deleted by a controller only if replicas -
 * maxUnavailable others are; under Recreate no pod starts while one of another
 * version is there.  Of a StatefulSet: no pod beyond replicas, in order unless
 * Parallel, and one pod at a time is taken away to be replaced.  Of a
 * DaemonSet: as of a Deployment, by nodes.  And no node gets more pods than it
 * takes.
 *
 * Controllers decide from what they have seen, so a bound holds if any
 * state within the last moments allows it; those moments (`slack`) are as long
 * as writes and watches take in this trial.  What faults take away in that
 * time does not count.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/bug.h"
#include "base/text.h"
#include "models/client.h"
#include "models/daemonset.h"
#include "models/deployment.h"
#include "models/node.h"
#include "models/statefulset.h"
#include "property.h"

/* How a number went; the last one holds until the next. */
struct level {
    struct {
        sim_time at;
        int64_t x;
    } *items;
    size_t len, cap;
};

/* What was seen of a pod, or of a ReplicaSet. */
struct known {
    enum kind kind;             /* NONE: never seen, or gone */
    object_uid owner, node;
    sim_time created, ready_changed;
    bool active, ready, blocks;
    bool beside;                /* a DaemonSet made it beside one that works */
    int ordinal;                /* of a StatefulSet's; else -1 */
    struct level size;          /* spec.replicas of a ReplicaSet */
    uint64_t mark;              /* of the scan that saw it last */
};

struct watch {
    struct arena *arena;
    struct world *w;
    const struct trial *t;
    sim_time slack;
    uint64_t writes, scan;
    object_uid workload;
    struct {
        struct known *items;
        size_t len, cap;
    } objects;                  /* by uid */
    /* of the workload */
    int replicas, min_ready_s, partition, first;
    struct level desired;       /* replicas, or nodes */
    struct level paused;        /* a Deployment */
    struct level grown;         /* how often its ReplicaSets have grown */
    struct level edits;         /* its generation */
    struct level stale;         /* more pods are available by their status */
    struct level most;          /* pods that may be there; of a DaemonSet,
                                 * those beside others */
    struct level least;         /* pods that must be available */
    struct level available, lost, sizes;
    struct level debts[32];     /* StatefulSet, by ordinal: 1: taken away to be
                                 * replaced, and not available since */
    struct level ups[32];       /* and: is available */
    bool own;                   /* this write is a controller's deletion */
    const char *fault;
};

/* ---- levels ------------------------------------------------------------------ */

static int64_t level_now(const struct level *l)
{
    return l->len ? l->items[l->len - 1].x : 0;
}

static void level_set(struct watch *x, struct level *l, int64_t value)
{
    sim_time now = world_now(x->w);

    if (l->len > 0 && level_now(l) == value)
        return;
    if (l->len == l->cap)
        vec_grow(x->arena, (void **)&l->items, &l->cap, sizeof(*l->items));
    l->items[l->len].at = now;
    l->items[l->len++].x = value;
}

/* The least (sign 1) or greatest (-1) value since a time, what held then
 * included. */
static int64_t level_least(const struct level *l, sim_time since, int sign)
{
    int64_t best = level_now(l);

    for (size_t i = l->len; i-- > 0;) {
        if (sign * l->items[i].x < sign * best)
            best = l->items[i].x;
        if (l->items[i].at < since)
            break;
    }
    return best;
}

static sim_time since(const struct watch *x)
{
    return world_now(x->w) - x->slack;
}

static int64_t lately_least(const struct watch *x, const struct level *l)
{
    return level_least(l, since(x), 1);
}

static int64_t lately_most(const struct watch *x, const struct level *l)
{
    return level_least(l, since(x), -1);
}

/* ---- faults ------------------------------------------------------------------ */

static void fail(struct watch *x, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(struct watch *x, const char *format, ...)
{
    char room[32];
    va_list args;

    if (x->fault)
        return;
    va_start(args, format);
    x->fault = arena_printf(x->arena, "at %s s: %s",
                            format_seconds(room, world_now(x->w) -
                                           x->w->spec->warmup),
                            arena_vprintf(x->arena, format, args));
    va_end(args);
}

const char *watch_fault(const struct watch *x)
{
    return x->fault;
}

/* ---- the workload -------------------------------------------------------------- */

/* Has a node been found not ready, so that no new daemon goes there? */
static bool closed(const struct node *n)
{
    for (size_t i = 0; i < n->ntaints; i++)
        if (strcmp(n->taints[i].effect, "NoSchedule") == 0 &&
            strcmp(n->taints[i].key, "node.kubernetes.io/unschedulable") != 0)
            return true;
    return false;
}

/* The number of nodes that should run a daemon. */
static int nodes(const struct watch *x)
{
    int n = 0;

    for (size_t i = 0; i < api_count(x->w->api, KIND_NODE); i++)
        n += !closed(node_seen(api_at(x->w->api, KIND_NODE, i)));
    return n;
}

static void look_at_deployment(struct watch *x, const struct deployment *d)
{
    x->replicas = d->replicas;
    x->min_ready_s = d->min_ready_s;
    level_set(x, &x->desired, d->replicas);
    level_set(x, &x->paused, d->paused);
    level_set(x, &x->edits, d->meta.generation);
    level_set(x, &x->most, d->replicas + deployment_max_surge(d));
    level_set(x, &x->least, d->strategy == STRATEGY_RECREATE
                                ? 0 : deployment_min_available(d));
}

static void look_at_statefulset(struct watch *x, const struct statefulset *s)
{
    x->replicas = s->replicas;
    x->first = s->first_ordinal;
    x->min_ready_s = x->t->version_1_20 ? 0 : s->min_ready_s;
    x->partition = s->partition;
    level_set(x, &x->desired, s->replicas);
}

static void look_at_daemonset(struct watch *x, const struct daemonset *d)
{
    int n = nodes(x);
    int surge = int_or_percent_of(d->max_surge, n, true);
    int out = int_or_percent_of(d->max_unavailable, n, true);

    if (out == 0 && surge == 0)
        out = 1;
    x->min_ready_s = d->min_ready_s;
    level_set(x, &x->desired, n);
    level_set(x, &x->most, surge);
    level_set(x, &x->least, d->on_delete ? n : n - out);
}

static void look_at_workload(struct watch *x)
{
    const struct meta *m = api_find(x->w->api, x->t->kind, "default", "web");

    CHECK(m);
    x->workload = m->uid;
    if (m->kind == KIND_DEPLOYMENT)
        look_at_deployment(x, deployment_seen(m));
    else if (m->kind == KIND_STATEFULSET)
        look_at_statefulset(x, statefulset_seen(m));
    else
        look_at_daemonset(x, daemonset_seen(m));
}

static struct known *known(struct watch *x, object_uid uid)
{
    while (x->objects.len <= uid)
        vec_push(x->arena, &x->objects, (struct known){ 0 });
    return &x->objects.items[uid];
}

/* Did the controller have to act on what it did not know?  A ReplicaSet that is
 * made just when another one grows, or a second change right after a first,
 * comes before the watch has shown what was written. */
static bool overtaken(const struct watch *x, bool fresh)
{
    return (fresh && level_now(&x->grown) > lately_least(x, &x->grown)) ||
           level_now(&x->edits) > lately_least(x, &x->edits) + 1;
}

/* The sizes of the ReplicaSets. */
static void look_at_sets(struct watch *x)
{
    size_t n = api_count(x->w->api, KIND_REPLICASET);
    int64_t sum = 0, reported = 0, most = lately_most(x, &x->most);
    bool fresh = false;

    for (size_t i = 0; i < n; i++) {
        const struct replicaset *rs =
            replicaset_seen(api_at(x->w->api, KIND_REPLICASET, i));
        struct known *k = known(x, rs->meta.uid);

        fresh |= k->kind == KIND_NONE;
        k->kind = KIND_REPLICASET;
        level_set(x, &k->size, rs->replicas);
        sum += rs->replicas;
        reported += rs->available;
    }
    reported -= level_now(&x->available);
    level_set(x, &x->stale, reported > 0 ? reported : 0);
    if (sum > level_now(&x->sizes) && sum > most &&
        !overtaken(x, fresh))
        fail(x, "the ReplicaSets grow to %d pods together, of at most %d",
             (int)sum, (int)most);
    if (sum > level_now(&x->sizes))
        level_set(x, &x->grown, level_now(&x->grown) + 1);
    level_set(x, &x->sizes, sum);
}

/* ---- pods ------------------------------------------------------------------------ */

static bool available(const struct watch *x, bool ready,
                      sim_time ready_changed)
{
    struct pod p = { .ready = ready, .ready_changed = ready_changed };

    return pod_available(x->w, &p, x->min_ready_s, world_now(x->w));
}

/* By nodes (a DaemonSet's) or by pods. */
static int count_available(const struct watch *x)
{
    bool counted[64] = { false };
    int n = 0;

    for (size_t i = 0; i < x->objects.len; i++) {
        const struct known *k = &x->objects.items[i];

        if (k->kind != KIND_POD || !k->active ||
            !available(x, k->ready, k->ready_changed))
            continue;
        if (x->t->kind == KIND_DAEMONSET) {
            n += !counted[k->node % 64];
            counted[k->node % 64] = true;
        } else {
            n++;
        }
    }
    return n;
}

static int count_active(const struct watch *x, object_uid owner)
{
    int n = 0;

    for (size_t i = 0; i < x->objects.len; i++)
        n += x->objects.items[i].kind == KIND_POD &&
             x->objects.items[i].active && x->objects.items[i].owner == owner;
    return n;
}

/* Under Recreate: does a pod of another ReplicaSet still run?  One that is
 * paused amidst it fills the newest ReplicaSet up, whatever is there. */
static void check_recreate(struct watch *x, const struct pod *p)
{
    if (lately_most(x, &x->paused))
        return;
    for (size_t i = 0; i < x->objects.len; i++) {
        const struct known *k = &x->objects.items[i];

        if (k->kind == KIND_POD && k->owner != p->meta.owner && k->blocks &&
            k->created < since(x))
            fail(x, "%s is made while pods of another version are there",
                 p->meta.name);
    }
}

static void check_in_order(struct watch *x, const struct pod *p, int ordinal)
{
    if (x->t->parallel)
        return;
    for (int i = x->first; i < ordinal && i < 32; i++)
        if (lately_most(x, &x->ups[i]) == 0)
            fail(x, "%s is made before web-%d is available", p->meta.name, i);
}

/* A pod of the workload is there that was not; k has it. */
static void check_creation(struct watch *x, const struct pod *p,
                           const struct known *k)
{
    int n = count_active(x, k->owner);
    int64_t most = lately_most(x, &x->most);

    if (x->t->kind == KIND_DEPLOYMENT)
        most = lately_most(x, &known(x, k->owner)->size);
    else
        most = n;               /* see check_surge; and ordinals below */
    if (x->t->kind == KIND_STATEFULSET &&
        k->ordinal >= x->first + lately_most(x, &x->desired))
        fail(x, "%s is made beyond replicas", p->meta.name);
    if (n > most)
        fail(x, "%s is the %dth pod of %d", p->meta.name, n, (int)most);
    if (x->t->kind == KIND_DEPLOYMENT && x->t->recreate)
        check_recreate(x, p);
    if (x->t->kind == KIND_STATEFULSET)
        check_in_order(x, p, k->ordinal);
}

/* The shares of a scaling event do not ask who is available; nor does a paused
 * Deployment, which only sees to its size, by the maxSurge of the moment. */
static bool scaled_down(const struct watch *x)
{
    return x->t->kind == KIND_DEPLOYMENT &&
           (lately_most(x, &x->desired) > lately_least(x, &x->desired) ||
            lately_most(x, &x->paused) > 0);
}

/* Pods that are Ready and wait for minReadySeconds. */
static int count_waiting(const struct watch *x)
{
    int n = 0;

    for (size_t i = 0; i < x->objects.len; i++) {
        const struct known *k = &x->objects.items[i];

        n += k->kind == KIND_POD && k->active && k->ready &&
             !available(x, true, k->ready_changed);
    }
    return n;
}

/* What a Deployment's controller may be mistaken about.  A ReplicaSet that loses
 * pods which only wait for minReadySeconds may choose others that are Ready;
 * and where watches are slow, pods that are on their way out are counted as
 * available until their ReplicaSet's status says otherwise. */
static int64_t mistaken(const struct watch *x)
{
    if (x->t->kind != KIND_DEPLOYMENT)
        return 0;
    return count_waiting(x) +
           (x->t->profile > 0 || x->t->qps >= 0 ? lately_most(x, &x->stale) : 0);
}

/* A controller has deleted an available pod: may it? */
static void check_taken(struct watch *x, const char *name, int before,
                        int after)
{
    int64_t least = lately_least(x, &x->least);
    int64_t was = lately_least(x, &x->available);
    int64_t lost = level_now(&x->lost) - lately_least(x, &x->lost);

    was = before < was ? before : was;
    least = was < least ? was : least;
    lost += mistaken(x);
    if (after + lost < least && !scaled_down(x))
        fail(x, "%s is deleted: %d available, not %d", name, after,
             (int)least);
}

/* A StatefulSet takes pods away one after the other; a Parallel one asks only
 * for those that come before in this order. */
static void check_replaced(struct watch *x, const char *name, int ordinal)
{
    int from;

    if (ordinal >= x->first + lately_most(x, &x->desired)) {
        for (size_t i = 0; !x->t->parallel && i < x->objects.len; i++)
            if (x->objects.items[i].kind == KIND_POD &&
                x->objects.items[i].ordinal > ordinal)
                fail(x, "%s is deleted before those after it", name);
        return;
    }
    if (ordinal >= x->first + lately_least(x, &x->desired))
        return;                 /* for either reason */
    if (x->t->on_delete)
        fail(x, "%s is deleted under OnDelete", name);
    from = x->t->parallel ? ordinal + 1 : x->first + x->partition;
    for (int i = from; i < x->first + x->replicas; i++)
        if (i != ordinal && i < 32 && lately_least(x, &x->debts[i]) > 0)
            fail(x, "%s is deleted while web-%d is not available again", name,
                 i);
    if (ordinal < 32)
        level_set(x, &x->debts[ordinal], 1);
}

static int ordinal_of(const struct pod *p)
{
    const char *dash = strrchr(p->meta.name, '-');

    return dash ? atoi(dash + 1) : -1;
}

/* Is the pod the workload's? */
static bool mine(const struct watch *x, const struct pod *p)
{
    const struct meta *owner;

    if (p->meta.owner == x->workload)
        return true;
    owner = api_get(x->w->api, p->meta.owner);
    return owner && owner->owner == x->workload;
}

/* Does a NoExecute taint drive pods from this node? */
static bool drives_away(const struct watch *x, object_uid uid)
{
    const struct meta *m = api_get(x->w->api, uid);

    for (size_t i = 0; m && i < node_seen(m)->ntaints; i++)
        if (strcmp(node_seen(m)->taints[i].effect, "NoExecute") == 0)
            return true;
    return false;
}

/* A pod that was active is so no more; after: as it is now, NULL if gone. */
static void lose(struct watch *x, struct known *k, const char *name)
{
    int before = count_available(x), after;
    bool was = available(x, k->ready, k->ready_changed);

    k->active = false;
    after = count_available(x);
    if (!x->own || drives_away(x, k->node))
        level_set(x, &x->lost, level_now(&x->lost) + was);
    else if (x->t->kind == KIND_STATEFULSET)
        check_replaced(x, name, k->ordinal);
    else if (after < before)
        check_taken(x, name, before, after);
}

/* Does this pod of a DaemonSet do its work, and has for some time? */
static bool works(const struct watch *x, const struct known *k,
                  object_uid node)
{
    return k->kind == KIND_POD && k->active && k->node == node &&
           k->ready_changed < since(x) &&
           available(x, k->ready, k->ready_changed);
}

/* Does this pod of a DaemonSet share its node with one that works? */
static bool is_beside(const struct watch *x, const struct known *k)
{
    for (size_t i = 0; i < x->objects.len; i++)
        if (&x->objects.items[i] != k &&
            works(x, &x->objects.items[i], k->node))
            return true;
    return false;
}

/* A pod of a DaemonSet has got its node.  If it is to take the place of one that
 * works, how many are there that do so, and are not available themselves? */
static void check_surge(struct watch *x, const char *name, struct known *k)
{
    int64_t surge = lately_most(x, &x->most);
    int beside = 0;

    k->beside = is_beside(x, k);
    for (size_t i = 0; k->beside && i < x->objects.len; i++) {
        const struct known *o = &x->objects.items[i];

        beside += o->kind == KIND_POD && o->active && o->beside &&
                  is_beside(x, o) && !available(x, o->ready, o->ready_changed);
    }
    if (beside > surge)
        fail(x, "%s is pod %d beside others, of at most %d", name, beside,
             (int)surge);
}

static void check_room(struct watch *x, object_uid uid)
{
    const struct node *n = node_seen(api_get(x->w->api, uid));
    int count = 0;

    for (size_t i = 0; i < api_count(x->w->api, KIND_POD); i++) {
        const struct pod *p = pod_seen(api_at(x->w->api, KIND_POD, i));

        count += p->node == uid && p->phase != POD_SUCCEEDED &&
                 p->phase != POD_FAILED;
    }
    if (count > n->pods)
        fail(x, "node %s has %d pods and takes %d", n->meta.name, count,
             n->pods);
}

/* Note what p is now in k; says whether it lost its availability alone. */
static void note_pod(struct watch *x, const struct pod *p, struct known *k)
{
    bool was = k->kind == KIND_POD && k->active &&
               available(x, k->ready, k->ready_changed);
    object_uid node = k->node;

    k->kind = KIND_POD;
    k->owner = p->meta.owner;
    k->node = p->node;
    k->created = p->meta.created;
    k->active = pod_active(p);
    k->ready = p->ready;
    k->ready_changed = p->ready_changed;
    k->blocks = pod_blocks_recreate(p);
    k->ordinal = x->t->kind == KIND_STATEFULSET ? ordinal_of(p) : -1;
    k->mark = x->scan;
    if (was && !available(x, k->ready, k->ready_changed))
        level_set(x, &x->lost, level_now(&x->lost) + 1);
    if (node == 0 && k->node != 0) {
        check_room(x, k->node);
        if (x->t->kind == KIND_DAEMONSET)
            check_surge(x, p->meta.name, k);
    }
}

static void look_at_pod(struct watch *x, const struct pod *p)
{
    struct known *k = known(x, p->meta.uid);
    bool fresh = k->kind == KIND_NONE;

    if (!fresh && k->active && !pod_active(p))
        lose(x, k, p->meta.name);
    note_pod(x, p, k);
    if (fresh && k->active)
        check_creation(x, p, k);
}

/* Which ordinals of a StatefulSet are available. */
static void look_at_ordinals(struct watch *x)
{
    bool up[32] = { false };

    for (size_t i = 0; i < x->objects.len; i++) {
        const struct known *k = &x->objects.items[i];

        if (k->kind == KIND_POD && k->active && k->ordinal >= 0 &&
            k->ordinal < 32 && available(x, k->ready, k->ready_changed))
            up[k->ordinal] = true;
    }
    for (int i = 0; i < 32; i++) {
        level_set(x, &x->ups[i], up[i]);
        if (up[i])
            level_set(x, &x->debts[i], 0);
    }
}

/* Pods become available by themselves. */
static void look_at_time(struct watch *x)
{
    level_set(x, &x->available, count_available(x));
    if (x->t->kind == KIND_STATEFULSET)
        look_at_ordinals(x);
}

static void look_at_pods(struct watch *x)
{
    x->scan++;
    look_at_time(x);
    for (size_t i = 0; i < api_count(x->w->api, KIND_POD); i++) {
        const struct pod *p = pod_seen(api_at(x->w->api, KIND_POD, i));

        if (mine(x, p))
            look_at_pod(x, p);
    }
    for (size_t i = 0; i < x->objects.len; i++) {
        struct known *k = &x->objects.items[i];

        if (k->kind != KIND_POD || k->mark == x->scan)
            continue;
        if (k->active)
            lose(x, k, "a pod");
        k->kind = KIND_NONE;
        k->blocks = false;
    }
    look_at_time(x);
}

/* ---- the whole --------------------------------------------------------------------- */

static void look(struct watch *x)
{
    x->writes = api_writes(x->w->api);
    look_at_workload(x);
    if (x->t->kind == KIND_DEPLOYMENT)
        look_at_sets(x);
    look_at_pods(x);
}

static void after_event(struct sim *sim, void *ctx,
                        const struct event_kind *kind, int64_t arg)
{
    struct watch *x = ctx;

    (void)sim;
    if (x->fault || api_writes(x->w->api) == x->writes)
        return;
    x->own = strcmp(kind->name, "api.call") == 0 && arg == CALL_DELETE;
    look(x);
}

/* How long a controller may act on what is no longer true. */
static sim_time slack_of(const struct trial *t)
{
    static const double base[] = { 0.3, 2, 10 };
    double s = base[t->profile];

    for (int i = 0; i < STEPS_MOST; i++)
        if (t->steps[i].kind == STEP_SLOW)
            s *= t->steps[i].m;
    for (int i = 0; i < STEPS_MOST; i++)
        if (t->steps[i].kind == STEP_STOP)
            s += t->steps[i].for_s;
    if (t->qps >= 0)
        s += t->qps > 0 ? 120.0 / t->qps : 3;
    return (sim_time)(s * (double)SIM_S);
}

struct watch *watch_new(struct arena *a, struct world *w,
                        const struct trial *t)
{
    struct watch *x = arena_make(a, struct watch);

    x->arena = a;
    x->w = w;
    x->t = t;
    x->slack = slack_of(t);
    level_set(x, &x->lost, 0);
    level_set(x, &x->grown, 0);
    look(x);
    sim_observe(w->sim, after_event, x);
    return x;
}
