/*
 * rest.c - how a trial must end.
 *
 * When every fault is over and nobody types any more, the workload becomes
 * what its spec says, nothing is written any more, and asking every
 * controller to look at every object again changes nothing.  Then the indices
 * of the store, the caches and the scheduler's books agree with the objects,
 * and the accounts of requests close (the program asserts that itself).
 */
#include <string.h>
#include "base/bug.h"
#include "app/scenario.h"
#include "models/controller.h"
#include "models/daemonset.h"
#include "models/deployment.h"
#include "models/measure.h"
#include "models/network.h"
#include "models/node.h"
#include "models/scheduler.h"
#include "models/statefulset.h"
#include "property.h"

#define QUIET_S 40              /* nothing written for so long: all is done */
#define PATIENCE_S 1400         /* more than any back-off and any deadline */
#define LONGEST_S 20000
#define STIRS 20                /* wake-ups that a StatefulSet may miss */

/* ---- convergence --------------------------------------------------------------- */

/* The version that a template has, by its tag. */
static int version_of(const struct pod_template *t)
{
    const char *colon = strchr(t->spec->containers[0].image, ':');

    return colon[1] - '0';
}

static bool is_bad(const struct trial *t, const struct pod_template *template)
{
    return t->bad & 1U << version_of(template);
}

/* Is every pod of one template, Ready and active, and how many are there? */
static const char *all_well(struct world *w,
                            const struct pod_template *template, int want)
{
    int n = (int)api_count(w->api, KIND_POD);

    for (int i = 0; i < n; i++) {
        const struct pod *p = pod_seen(api_at(w->api, KIND_POD, (size_t)i));

        if (!pod_active(p))
            return arena_printf(w->arena, "%s is still there", p->meta.name);
        if (!p->ready)
            return arena_printf(w->arena, "%s is not ready", p->meta.name);
        if (template && version_of(p->template) != version_of(template))
            return arena_printf(w->arena, "%s has an old version",
                                p->meta.name);
    }
    if (n != want)
        return arena_printf(w->arena, "%d pods, not %d", n, want);
    return NULL;
}

/* The real controller's trap: the only active ReplicaSet has the right size by
 * chance, and remembers another number of replicas, so that every sync takes
 * this for a scaling event, in which nothing is to be done. */
static bool trapped(struct world *w, const struct deployment *d)
{
    const struct replicaset *only = NULL;
    int active = 0;

    for (size_t i = 0; i < api_count(w->api, KIND_REPLICASET); i++) {
        const struct replicaset *rs =
            replicaset_seen(api_at(w->api, KIND_REPLICASET, i));

        if (rs->replicas > 0) {
            active++;
            only = rs;
        }
    }
    return active == 1 && only->replicas == d->replicas &&
           only->desired != d->replicas;
}

static const char *deployment_missing(struct world *w, const struct trial *t,
                                      const struct deployment *d)
{
    const char *why;

    if (d->observed_generation != d->meta.generation)
        return "the spec was not observed";
    if (d->paused)
        return "it is paused";
    if (is_bad(t, d->template) || trapped(w, d))
        return NULL;
    why = all_well(w, d->template, d->replicas);
    if (!why && !deployment_complete(d, d))
        why = "the status is not that of a complete rollout";
    return why;
}

/* A broken pod of an older version waits for somebody to delete it (a Parallel
 * StatefulSet's does not: it is of another revision). */
static bool stuck(struct world *w, const struct trial *t)
{
    for (size_t i = 0; i < api_count(w->api, KIND_POD); i++) {
        const struct pod *p = pod_seen(api_at(w->api, KIND_POD, i));

        if (is_bad(t, p->template) && pod_active(p) && !p->ready)
            return true;
    }
    return false;
}

static const char *statefulset_missing(struct world *w, const struct trial *t,
                                       const struct statefulset *s)
{
    bool whole = s->partition == 0 && !s->on_delete;

    if (s->observed_generation != s->meta.generation)
        return "the spec was not observed";
    if (is_bad(t, s->template) || (!(t->parallel && whole) && stuck(w, t)))
        return NULL;
    return all_well(w, whole ? s->template : NULL, s->replicas);
}

static const char *daemonset_missing(struct world *w, const struct trial *t,
                                     const struct daemonset *d)
{
    const char *why;

    if (d->observed_generation != d->meta.generation)
        return "the spec was not observed";
    if (is_bad(t, d->template) || (d->on_delete && stuck(w, t)))
        return NULL;
    why = all_well(w, d->on_delete ? NULL : d->template,
                   (int)api_count(w->api, KIND_NODE));
    if (!why && d->available != d->desired)
        why = "the status counts fewer pods than there are nodes";
    return why;
}

/* Nobody could open it again while there was no API server. */
static bool any_cordoned(struct world *w)
{
    for (size_t i = 0; i < api_count(w->api, KIND_NODE); i++)
        if (node_seen(api_at(w->api, KIND_NODE, i))->unschedulable)
            return true;
    return false;
}

const char *rest_missing(struct world *w, const struct trial *t)
{
    const struct meta *m = api_find(w->api, t->kind, "default", "web");

    if (t->node_pods < 110 || any_cordoned(w))  /* they may wait for ever */
        return NULL;
    if (t->kind == KIND_DEPLOYMENT)
        return deployment_missing(w, t, deployment_seen(m));
    if (t->kind == KIND_STATEFULSET)
        return statefulset_missing(w, t, statefulset_seen(m));
    return daemonset_missing(w, t, daemonset_seen(m));
}

/* ---- agreement ------------------------------------------------------------------- */

static bool owned(struct world *w, const struct meta *m)
{
    size_t n;
    const object_uid *uids = api_owned(w->api, m->owner, &n);

    for (size_t i = 0; i < n; i++)
        if (uids[i] == m->uid)
            return true;
    return m->owner == 0;
}

/* Of all objects of a kind. */
static const char *kind_disagrees(struct world *w, enum kind kind)
{
    for (size_t i = 0; i < api_count(w->api, kind); i++) {
        const struct meta *m = api_at(w->api, kind, i);

        if (api_get(w->api, m->uid) != m ||
            api_find(w->api, kind, m->space, m->name) != m)
            return arena_printf(w->arena, "the store does not find %s",
                                m->name);
        if (!owned(w, m))
            return arena_printf(w->arena, "%s is not among those of its "
                                "owner", m->name);
        if (m->owner && !api_get(w->api, m->owner))
            return arena_printf(w->arena, "the owner of %s is gone", m->name);
    }
    return NULL;
}

/* Pods of a node: those of the scheduler's books and those of the store. */
static const char *node_disagrees(struct world *w, const struct node *n)
{
    size_t pods = 0;

    for (size_t i = 0; i < api_count(w->api, KIND_POD); i++) {
        const struct pod *p = pod_seen(api_at(w->api, KIND_POD, i));

        pods += p->node == n->meta.uid && p->phase != POD_SUCCEEDED &&
                p->phase != POD_FAILED;
    }
    if (pods != scheduler_pods_on(w->scheduler, n))
        return arena_printf(w->arena, "%s has %zu pods, %zu for the scheduler",
                            n->meta.name, pods,
                            scheduler_pods_on(w->scheduler, n));
    return NULL;
}

/* Ready endpoints of the only Service are the Ready pods. */
static const char *endpoints_disagree(struct world *w)
{
    int ready = 0, listed = 0;

    for (size_t i = 0; i < api_count(w->api, KIND_POD); i++) {
        const struct pod *p = pod_seen(api_at(w->api, KIND_POD, i));

        ready += p->ready && !meta_deleting(&p->meta);
    }
    for (size_t i = 0; i < api_count(w->api, KIND_ENDPOINTSLICE); i++) {
        const struct endpointslice *s =
            slice_seen(api_at(w->api, KIND_ENDPOINTSLICE, i));

        for (size_t k = 0; k < s->len; k++)
            listed += s->items[k].ready;
    }
    return ready == listed ? NULL
           : arena_printf(w->arena, "%d pods are Ready, %d listed", ready,
                          listed);
}

const char *rest_disagrees(struct world *w)
{
    const char *why = NULL;

    for (int k = KIND_NONE + 1; !why && k < KIND_COUNT; k++)
        why = kind_disagrees(w, (enum kind)k);
    for (size_t i = 0; !why && i < api_count(w->api, KIND_NODE); i++)
        why = node_disagrees(w, node_seen(api_at(w->api, KIND_NODE, i)));
    if (!why && !world_is(w, KUBE_1_20))
        why = endpoints_disagree(w);
    if (!why && informers_behind(w))
        why = arena_printf(w->arena, "the cache of %s is not the store",
                           informers_behind(w));
    return why;
}

/* ---- rest ------------------------------------------------------------------------ */

/* What the keys of a controller are. */
static const struct {
    const char *controller;
    enum kind kind;
} keys[] = {
    { "deployment", KIND_DEPLOYMENT }, { "replicaset", KIND_REPLICASET },
    { "statefulset", KIND_STATEFULSET }, { "daemonset", KIND_DAEMONSET },
    { "garbage", KIND_POD },
    { "garbage", KIND_REPLICASET }, { "garbage", KIND_REVISION },
};

static struct controller *controller_called(struct world *w, const char *name)
{
    for (size_t i = 0; i < w->ncontrollers; i++)
        if (strcmp(w->controllers[i].ops->name, name) == 0)
            return &w->controllers[i];
    BUG("no controller is called %s", name);
}

/* Which object has a later version than that? */
static const char *what_wrote(struct world *w, uint64_t version)
{
    for (int k = KIND_NONE + 1; k < KIND_COUNT; k++)
        for (size_t i = 0; i < api_count(w->api, (enum kind)k); i++) {
            const struct meta *m = api_at(w->api, (enum kind)k, i);

            if (m->version > version)
                return arena_printf(w->arena, "a resync writes the %s %s",
                                    kind_name((enum kind)k), m->name);
        }
    return "a resync deletes something";
}

static void stir_kind(struct world *w, const char *controller, enum kind kind)
{
    for (size_t i = 0; i < api_count(w->api, kind); i++)
        controller_enqueue(controller_called(w, controller),
                           api_at(w->api, kind, i)->uid);
}

/* Every controller looks at every object again. */
static void stir(struct world *w)
{
    for (size_t c = 0; c < COUNT_OF(keys); c++)
        stir_kind(w, keys[c].controller, keys[c].kind);
    if (!world_is(w, KUBE_1_20))        /* its slices may stay stale */
        stir_kind(w, "endpointslice", KIND_SERVICE);
    sim_run(w->sim, world_now(w) + 30 * SIM_S);
}

/* How long nothing must have been written: a deadline may still pass. */
static sim_time quiet(struct world *w, const struct trial *t)
{
    const struct meta *m = api_find(w->api, t->kind, "default", "web");
    const struct deployment *d = deployment_seen(m);
    bool waits = t->kind == KIND_DEPLOYMENT && !deployment_complete(d, d);

    return (QUIET_S + (waits ? t->deadline_s : 0)) * SIM_S;
}

/* A set is to be looked at again when minReadySeconds of a pod are over; the
 * queue keeps only the first of two such wake-ups, and a sync that is repeated
 * for another reason takes the place of both.  Not every sync asks for one
 * again: not if the status of a StatefulSet or DaemonSet has as many available
 * pods as are wanted (condemned ones count, and of each node only the oldest),
 * and in 1.20 not before all pods of a ReplicaSet are Ready.  The next event
 * helps; here it is a resync. */
static bool may_miss_it(const struct trial *t)
{
    return t->min_ready_s > 0 &&
           (t->version_1_20 || t->kind == KIND_STATEFULSET ||
            (t->kind == KIND_DAEMONSET && t->surge.value > 0));
}

/* Run on until nothing has been written for some time; longer, if the rollout
 * is not complete.  NULL, or what is missing. */
static const char *come_to_rest(struct world *w, const struct trial *t,
                                const struct watch *x)
{
    sim_time end = w->spec->warmup + trial_ends_s(t) * SIM_S, wrote = end;
    uint64_t writes = UINT64_MAX;
    int stirs = may_miss_it(t) ? 2 * t->nodes + STIRS : 0;

    for (sim_time now = end; now < LONGEST_S * SIM_S;
         now = world_now(w) + 10 * SIM_S) {
        sim_run(w->sim, now);
        if (watch_fault(x))
            return watch_fault(x);
        if (api_writes(w->api) != writes)
            wrote = now;
        writes = api_writes(w->api);
        if (now - wrote < quiet(w, t))
            continue;
        if (stirs == 0 && !rest_missing(w, t))
            return NULL;
        if (stirs > 0) {
            writes = api_writes(w->api);
            stir(w);
            stirs = api_writes(w->api) == writes ? 0 : stirs - 1;
            writes = UINT64_MAX;
        }
        if (now - wrote >= PATIENCE_S * SIM_S)
            return arena_printf(w->arena, "does not converge: %s",
                                rest_missing(w, t));
    }
    return "does not come to rest";
}

static const char *run_to_the_end(struct arena *a, struct world *w,
                                  const struct trial *t)
{
    const struct watch *x = watch_new(a, w, t);
    const char *why = come_to_rest(w, t, x);
    uint64_t writes;

    writes = api_writes(w->api);
    if (!why)
        stir(w);
    if (!why && api_writes(w->api) != writes)
        why = what_wrote(w, writes);
    if (!why)
        why = rest_disagrees(w);
    if (!why) {
        ((struct spec *)w->spec)->duration = world_now(w) - w->spec->warmup;
        measure_finish(w);
    }
    return why;
}

const char *trial_run(struct arena *a, const struct trial *t)
{
    struct app app = { .arena = a };
    struct scenario s;
    struct buf text = { 0 };
    const struct variant *v;
    enum sim_code code;

    app.o.seed = app.o.replications = -1;
    err_init(&app.errors, a);
    trial_print(t, &text);
    code = scenario_read(&app, "trial", text.text, text.len, &s);
    buf_free(&text);
    if (code != SIM_OK)
        return arena_printf(a, "is refused: %s", app.errors.items[0].text);
    v = &s.variants[0];
    return run_to_the_end(a, world_new(a, v->spec, v->strategy, 0, false), t);
}
