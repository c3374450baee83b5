/*
 * daemonset_plan.c - what one sync of a DaemonSet does.
 *
 * A node should run one pod if the template's node name, selector and
 * affinity admit it and its taints are tolerated; a pod that is there may stay
 * in spite of a NoSchedule taint.  Manage creates where there is none (one
 * that is terminating counts as there), and deletes what failed, finished,
 * is there twice or may not stay.
 *
 * A rolling update without surge deletes old pods: those that are not
 * available at once, others while fewer than maxUnavailable nodes are without
 * an available pod.  With surge it creates new pods beside old ones, at most
 * maxSurge of them not available yet, and deletes the old ones when their
 * successors are.  1.20 knows no surge.
 *
 * Not modelled: pods of the days before revisions (template generation).
 * Source: kubernetes pkg/controller/daemon/daemon_controller.go, update.go,
 * util/daemonset_util.go at v1.20.2 and v1.36.2; reference 3.2.
 */
#include "models/daemonset_plan.h"

#include <string.h>

#include "base/bug.h"
#include "models/revision.h"
#include "models/scheduler.h"
#include "models/world.h"

struct fenceposts daemonset_limits(const struct daemonset *d, int nodes)
{
    struct fenceposts f = {
        .surge = int_or_percent_of(d->max_surge, nodes, true),
        .unavailable = int_or_percent_of(d->max_unavailable, nodes, true),
    };

    if (nodes > 0 && f.surge == 0 && f.unavailable == 0)
        f.unavailable = 1;      /* else nothing could ever move */
    return f;
}

static bool has_surge(const struct daemonset_view *v)
{
    return v->version != KUBE_1_20 && !v->seen->on_delete &&
           v->seen->max_surge.value > 0;
}

bool daemonset_eligible(const struct pod_spec *spec, const struct node *n,
                        bool *stay)
{
    bool run = true;

    *stay = false;
    if (spec->node_name && *spec->node_name &&
        strcmp(spec->node_name, n->meta.name) != 0)
        return false;
    if (!node_matches(spec, n))
        return false;
    *stay = true;
    for (size_t i = 0; i < n->ntaints; i++) {
        const struct taint *t = &n->taints[i];

        if (strcmp(t->effect, "PreferNoSchedule") == 0 || tolerates(spec, t))
            continue;
        run = false;
        if (strcmp(t->effect, "NoExecute") == 0)
            *stay = false;
    }
    return run;
}

bool daemon_pod_before(const struct world *w, const struct pod *a,
                       const struct pod *b)
{
    int64_t sa = world_second(w, a->meta.created);
    int64_t sb = world_second(w, b->meta.created);

    if ((a->node == 0) != (b->node == 0))
        return a->node != 0;
    return sa != sb ? sa < sb : strcmp(a->meta.name, b->meta.name) < 0;
}

/* ---- what pods are ------------------------------------------------------ */

static bool is_available(const struct daemonset_view *v, const struct pod *p)
{
    return p && pod_available(v->w, p, v->seen->min_ready_s, v->now);
}

static bool is_updated(const struct daemonset_view *v, const struct pod *p)
{
    const char *hash = labels_get(p->meta.labels, REVISION_LABEL);

    return hash && strcmp(hash, v->hash) == 0;
}

static bool is_finished(const struct pod *p)
{
    return p->phase == POD_FAILED || p->phase == POD_SUCCEEDED;
}

static void create(const struct daemonset_view *v, struct daemonset_plan *p,
                   const struct daemon_place *place)
{
    vec_push(v->scratch, &p->creations, place);
}

static void drop(const struct daemonset_view *v, struct daemonset_plan *p,
                 const struct pod *pod)
{
    vec_push(v->scratch, &p->deletions, pod);
}

/* ---- manage ------------------------------------------------------------- */

/* Delete a pod that has ended, or look again later. */
static void clear_finished(const struct daemonset_view *v,
                           struct daemonset_plan *p,
                           const struct daemon_place *place,
                           const struct pod *pod)
{
    sim_time wait = 0;

    if (pod->phase == POD_FAILED)
        wait = v->hold_off(v->ctx, place, pod);
    if (wait == 0)
        drop(v, p, pod);
    else if (wait < p->retry)
        p->retry = wait;
}

/* Of several pods on one node, with surge: the oldest new one stays, and
 * beside it the oldest old one while that is ready and its successor is not
 * available. */
static void prune_surge(const struct daemonset_view *v,
                        struct daemonset_plan *p,
                        const struct pod *const *live, size_t n)
{
    const struct pod *young = NULL, *old = NULL;

    for (size_t i = 0; i < n; i++) {
        const struct pod **first = is_updated(v, live[i]) ? &young : &old;

        if (*first)
            drop(v, p, live[i]);
        else
            *first = live[i];
    }
    if (young && old && (!old->ready || is_available(v, young)))
        drop(v, p, old);
}

/* A node on which a pod may stay. */
static void tidy(const struct daemonset_view *v, struct daemonset_plan *p,
                 const struct daemon_place *place)
{
    const struct pod **live = arena_many(v->scratch, const struct pod *,
                                         place->npods);
    size_t n = 0;

    for (size_t i = 0; i < place->npods; i++) {
        const struct pod *pod = place->pods[i];

        if (meta_deleting(&pod->meta))
            continue;
        if (is_finished(pod))
            clear_finished(v, p, place, pod);
        else
            live[n++] = pod;
    }
    if (!has_surge(v)) {
        for (size_t i = 1; i < n; i++)
            drop(v, p, live[i]);
        return;
    }
    if (n == 0 && place->run)
        create(v, p, place);
    else if (n > 1)
        prune_surge(v, p, live, n);
}

/* A node on which no pod may stay; one that is gone keeps its pods until they
 * are collected, but for those that never got there. */
static void clear(const struct daemonset_view *v, struct daemonset_plan *p,
                  const struct daemon_place *place)
{
    for (size_t i = 0; i < place->npods; i++) {
        const struct pod *pod = place->pods[i];

        if (place->node ? !meta_deleting(&pod->meta) : pod->node == 0)
            drop(v, p, pod);
    }
}

void daemonset_manage(const struct daemonset_view *v,
                      struct daemonset_plan *p)
{
    *p = (struct daemonset_plan){ .retry = SIM_NEVER };
    for (size_t i = 0; i < v->nplaces; i++) {
        const struct daemon_place *place = &v->places[i];

        if (place->node && place->run && place->npods == 0)
            create(v, p, place);
        else if (place->node && place->stay)
            tidy(v, p, place);
        else
            clear(v, p, place);
    }
}

/* ---- rolling update ----------------------------------------------------- */

static int count_wanted(const struct daemonset_view *v)
{
    int n = 0;

    for (size_t i = 0; i < v->nplaces; i++)
        n += v->places[i].node && v->places[i].run;
    return n;
}

/* Is there something to look at? */
static bool matters(const struct daemon_place *place)
{
    return place->npods > 0 || (place->node && place->run);
}

/* The new and the old pod of a place, NULL if none, terminating ones aside.
 * False if there are several of one sort: manage has to prune first. */
static bool sort_pods(const struct daemonset_view *v,
                      const struct daemon_place *place,
                      const struct pod **young, const struct pod **old)
{
    *young = *old = NULL;
    for (size_t i = 0; i < place->npods; i++) {
        const struct pod *pod = place->pods[i], **slot;

        if (meta_deleting(&pod->meta))
            continue;
        slot = is_updated(v, pod) ? young : old;
        if (*slot)
            return false;
        *slot = pod;
    }
    return true;
}

/* Replace in place. */
static void roll_down(const struct daemonset_view *v,
                      struct daemonset_plan *p, int most)
{
    VEC(const struct pod *) candidates = { 0 };
    int missing = 0;

    for (size_t i = 0; i < v->nplaces; i++) {
        const struct daemon_place *place = &v->places[i];
        const struct pod *young, *old;

        if (!matters(place))
            continue;
        if (!sort_pods(v, place, &young, &old) || !young == !old) {
            missing++;
        } else if (young) {
            missing += !is_available(v, young);
        } else if (!is_available(v, old)) {
            missing++;
            drop(v, p, old);
        } else if (missing < most) {
            vec_push(v->scratch, &candidates, old);
        }
    }
    for (size_t i = 0; i < candidates.len && missing < most; i++, missing++)
        drop(v, p, candidates.items[i]);
}

/* Places of a rolling update with surge. */
struct surge {
    VEC(const struct daemon_place *) candidates;
    VEC(const struct pod *) stranded;   /* on nodes that should not run one */
    int surging, available, most;
};

/* Only an old pod is there. */
static void surge_onto(const struct daemonset_view *v,
                       struct daemonset_plan *p, struct surge *s,
                       const struct daemon_place *place,
                       const struct pod *old)
{
    bool run = place->node && place->run;

    if (!is_available(v, old)) {
        if (run)
            create(v, p, place);
        else
            drop(v, p, old);
    } else if (!run) {
        vec_push(v->scratch, &s->stranded, old);
    } else if (s->surging < s->most) {
        vec_push(v->scratch, &s->candidates, place);
    }
}

static void surge_place(const struct daemonset_view *v,
                        struct daemonset_plan *p, struct surge *s,
                        const struct daemon_place *place)
{
    const struct pod *young, *old;

    if (!sort_pods(v, place, &young, &old)) {
        s->surging++;
        return;
    }
    s->available += is_available(v, old ? old : young);
    if (!old)
        return;                 /* manage sees to it */
    if (!young)
        surge_onto(v, p, s, place, old);
    else if (is_available(v, young))
        drop(v, p, old);
    else
        s->surging++;
}

/* Create beside what is there. */
static void roll_up(const struct daemonset_view *v, struct daemonset_plan *p,
                    int most, int wanted)
{
    struct surge s = { .most = most };
    int room;

    for (size_t i = 0; i < v->nplaces; i++)
        if (matters(&v->places[i]))
            surge_place(v, p, &s, &v->places[i]);
    room = s.most - s.surging;
    for (size_t i = 0; i < s.candidates.len && room > 0; i++, room--)
        create(v, p, s.candidates.items[i]);
    room = s.available - wanted;
    for (size_t i = 0; i < s.stranded.len && room > 0; i++, room--)
        drop(v, p, s.stranded.items[i]);
}

/* 1.20: nodes without a pod that is available and not terminating are
 * missing one; of the old ones that are available, terminating ones may be
 * picked again. */
static void roll_1_20(const struct daemonset_view *v,
                      struct daemonset_plan *p, int most)
{
    VEC(const struct pod *) candidates = { 0 };
    int missing = 0;

    for (size_t i = 0; i < v->nplaces; i++) {
        const struct daemon_place *place = &v->places[i];
        bool served = false;

        for (size_t j = 0; j < place->npods; j++) {
            const struct pod *pod = place->pods[j];
            bool good = is_available(v, pod);

            served |= good && !meta_deleting(&pod->meta);
            if (is_updated(v, pod))
                continue;
            if (good)
                vec_push(v->scratch, &candidates, pod);
            else if (!meta_deleting(&pod->meta))
                drop(v, p, pod);
        }
        missing += place->node && place->run && !served;
    }
    for (size_t i = 0; i < candidates.len && missing < most; i++, missing++)
        drop(v, p, candidates.items[i]);
}

void daemonset_roll(const struct daemonset_view *v, struct daemonset_plan *p)
{
    int wanted = count_wanted(v);
    struct fenceposts f = daemonset_limits(v->seen, wanted);

    *p = (struct daemonset_plan){ .retry = SIM_NEVER };
    if (v->version == KUBE_1_20)
        roll_1_20(v, p, f.unavailable);
    else if (f.surge == 0)
        roll_down(v, p, f.unavailable);
    else
        roll_up(v, p, f.surge, wanted);
}

/* ---- status ------------------------------------------------------------- */

void daemonset_count(const struct daemonset_view *v, struct daemonset *s)
{
    s->desired = s->current = s->misscheduled = s->ready = 0;
    s->updated = s->available = 0;
    for (size_t i = 0; i < v->nplaces; i++) {
        const struct daemon_place *place = &v->places[i];
        const struct pod *first = place->npods > 0 ? place->pods[0] : NULL;

        if (!place->node)
            continue;
        if (!place->run) {
            s->misscheduled += first != NULL;
            continue;
        }
        s->desired++;
        if (!first)
            continue;
        s->current++;
        s->ready += first->ready;
        s->available += first->ready && is_available(v, first);
        s->updated += is_updated(v, first);
    }
    s->unavailable = s->desired - s->available;
}
