/*
 * deployment_plan.c - what one sync of a Deployment does.
 *
 * In order: note pause or resume; if paused, or if spec.replicas changed,
 * only share out sizes and update the status; else take one step of the
 * rollout.  A rolling step makes or grows the fresh set, or, only if that
 * changed nothing, shrinks old ones; Recreate waits until the pods of old sets
 * are gone.  One kind of scaling write per sync: the ReplicaSet events it
 * causes bring the next.
 *
 * The fresh set is looked up twice in an ordinary sync (is this a scaling
 * event?  then the rollout), both times in the list seen at the start.  So a
 * sync may write one object twice from one version, and the second write is
 * refused: the real controller does that too, and tries again 5 ms later.
 *
 * Not modelled: the deprecated server-side rollback annotation.
 * Source: kubernetes pkg/controller/deployment/sync.go, rolling.go,
 * recreate.go, progress.go at v1.36.2; reference 1.4 to 1.13.
 */
#include "deployment_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/bug.h"

#define TEXT_MOST 320           /* characters of a message */

/* ---- writes ------------------------------------------------------------- */

struct deployment_write *plan_write(struct work *k, enum deployment_verb verb)
{
    struct deployment_write w = { .verb = verb };

    vec_push(k->v->scratch, &k->p->writes, w);
    return &k->p->writes.items[k->p->writes.len - 1];
}

void plan_status(struct work *k)
{
    struct deployment *copy = arena_make(k->v->scratch, struct deployment);

    *copy = k->p->d;
    plan_write(k, STATUS_UPDATE)->d = copy;
}

struct replicaset *plan_edit(struct work *k, const struct replicaset *base)
{
    struct replicaset *copy = arena_make(k->v->scratch, struct replicaset);

    *copy = *base;
    return copy;
}

/* The version of set that this sync has got back last. */
static const struct replicaset *latest(const struct work *k,
                                       const struct replicaset *set)
{
    for (size_t i = k->p->writes.len; i-- > 0;) {
        const struct deployment_write *w = &k->p->writes.items[i];

        if (w->verb == SET_UPDATE && w->set->meta.uid == set->meta.uid)
            return w->set;
    }
    return set;
}

/* Write a size, and with it the annotations that the next scaling event is
 * told from.  attempt: a refusal does not end the sync. */
static void resize(struct work *k, const struct replicaset *set, int size,
                   bool attempt)
{
    const struct deployment *d = &k->p->d;
    const struct replicaset *base = latest(k, set);
    int most = deployment_max_total(d);
    struct deployment_write *w;

    CHECK(size >= 0 && base->meta.uid != 0);
    if (base->replicas == size && base->desired == d->replicas &&
        base->max == most)
        return;
    w = plan_write(k, SET_UPDATE);
    w->base = base;
    w->set = plan_edit(k, base);
    w->set->replicas = size;
    w->set->desired = d->replicas;
    w->set->max = most;
    w->from = base->replicas;
    w->to = size;
    w->attempt = attempt;
}

const char *plan_text(struct work *k, const char *old, const char *what,
                      const char *name, const char *rest)
{
    char room[TEXT_MOST];

    snprintf(room, sizeof(room), "%s \"%s\"%s", what, name, rest);
    if (old && strcmp(old, room) == 0)
        return old;
    return arena_strdup(k->v->keep, room);
}

/* ---- history ------------------------------------------------------------ */

/* Does set a go before set b, both old?  1.20: the older; since: the one of
 * the lower revision, then the older. */
static bool goes_before(const struct work *k, const struct replicaset *a,
                        const struct replicaset *b)
{
    return k->v->version != KUBE_1_20 && a->revision < b->revision;
}

/* Delete old sets beyond the history limit, if they are quiet; those that are
 * not are skipped and not made up for. */
static void clean_history(struct work *k)
{
    int limit = k->p->d.revision_history_limit;
    const struct replicaset **list;
    size_t n = 0;

    if (limit == NO_DEADLINE)   /* the same number: keep all */
        return;
    list = arena_many(k->v->scratch, const struct replicaset *, k->nolds);
    for (size_t i = 0; i < k->nolds; i++) {
        size_t j = n;

        if (meta_deleting(&k->olds[i]->meta))
            continue;
        for (; j > 0 && goes_before(k, k->olds[i], list[j - 1]); j--)
            list[j] = list[j - 1];
        list[j] = k->olds[i];
        n++;
    }
    for (size_t i = 0; i + (size_t)limit < n; i++)
        if (list[i]->status_replicas == 0 && list[i]->replicas == 0 &&
            list[i]->meta.generation <= list[i]->observed_generation)
            plan_write(k, SET_DELETE)->base = list[i];
}

/* ---- status ------------------------------------------------------------- */

static void count(const struct work *k, struct deployment *s)
{
    int size = sets_size(k->all, k->nall);

    s->observed_generation = k->p->d.meta.generation;
    s->status_replicas = s->ready = s->terminating = 0;
    for (size_t i = 0; i < k->nall; i++) {
        s->status_replicas += k->all[i]->status_replicas;
        s->ready += k->all[i]->ready;
        if (k->v->version != KUBE_1_20)
            s->terminating += k->all[i]->terminating;
    }
    s->updated = k->fresh ? k->fresh->status_replicas : 0;
    s->available = sets_available(k->all, k->nall);
    s->unavailable = size > s->available ? size - s->available : 0;
}

/* The status that follows from the sets as seen: counters, Available. */
static struct deployment new_status(const struct work *k)
{
    struct deployment s = k->p->d;

    count(k, &s);
    if (s.available >= s.replicas - deployment_max_unavailable(&s))
        condition_set(&s.cond_available, CONDITION_TRUE,
                      "MinimumReplicasAvailable",
                      "Deployment has minimum availability.", k->v->now);
    else
        condition_set(&s.cond_available, CONDITION_FALSE,
                      "MinimumReplicasUnavailable",
                      "Deployment does not have minimum availability.",
                      k->v->now);
    return s;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool condition_equal(const struct condition *a,
                            const struct condition *b)
{
    if (a->status == CONDITION_ABSENT)
        return b->status == CONDITION_ABSENT;
    return a->status == b->status && a->updated == b->updated &&
           a->changed == b->changed && same_text(a->reason, b->reason) &&
           same_text(a->message, b->message);
}

static bool status_equal(const struct deployment *a,
                         const struct deployment *b)
{
    return a->observed_generation == b->observed_generation &&
           a->status_replicas == b->status_replicas &&
           a->updated == b->updated && a->ready == b->ready &&
           a->available == b->available &&
           a->unavailable == b->unavailable &&
           a->terminating == b->terminating &&
           condition_equal(&a->cond_available, &b->cond_available) &&
           condition_equal(&a->progressing, &b->progressing) &&
           condition_equal(&a->replica_failure, &b->replica_failure);
}

/* Make s the status, by a write if it is news; true if it was. */
static bool set_status(struct work *k, const struct deployment *s)
{
    if (status_equal(&k->p->d, s))
        return false;
    k->p->d = *s;
    plan_status(k);
    return true;
}

/* A sentence about the fresh set, or without one about the Deployment. */
static const char *about(struct work *k, const char *rest)
{
    const char *old = k->p->d.progressing.message;

    if (k->fresh)
        return plan_text(k, old, "ReplicaSet", k->fresh->meta.name, rest);
    return plan_text(k, old, "Deployment", k->p->d.meta.name, rest);
}

/* How the rollout goes; not asked again once it has been complete. */
static void judge_progress(struct work *k, struct deployment *s)
{
    const struct deployment *d = &k->p->d;
    struct condition *c = &s->progressing;

    if (deployment_complete(d, s)) {
        condition_set(c, CONDITION_TRUE, "NewReplicaSetAvailable",
                      about(k, " has successfully progressed."), k->v->now);
    } else if (deployment_progressing(d, s)) {
        sim_time changed = c->status == CONDITION_TRUE ? c->changed
                                                       : k->v->now;

        c->status = CONDITION_ABSENT;   /* always new: it feeds the clock */
        condition_set(c, CONDITION_TRUE, "ReplicaSetUpdated",
                      about(k, " is progressing."), k->v->now);
        c->changed = changed;
    } else if (deployment_timed_out(d, c, k->v->now)) {
        condition_set(c, CONDITION_FALSE, "ProgressDeadlineExceeded",
                      about(k, " has timed out progressing."), k->v->now);
    }
}

/* Copy the first failure of a set, the fresh one's first. */
static void copy_failure(const struct work *k, struct condition *c)
{
    const struct condition *of = NULL;

    if (k->fresh && k->fresh->replica_failure.status != CONDITION_ABSENT)
        of = &k->fresh->replica_failure;
    for (size_t i = 0; !of && i < k->nolds; i++)
        if (k->olds[i]->replica_failure.status != CONDITION_ABSENT)
            of = &k->olds[i]->replica_failure;
    if (of)
        condition_set(c, of->status, of->reason, of->message, k->v->now);
    else
        *c = (struct condition){ 0 };
}

/* The last step of a rollout's sync. */
static void sync_rollout_status(struct work *k)
{
    struct deployment s = new_status(k);
    const struct deployment *d = &k->p->d;
    bool was_complete = s.status_replicas == s.updated &&
                        condition_because(&d->progressing,
                                          "NewReplicaSetAvailable");

    if (!deployment_has_deadline(d))
        s.progressing = (struct condition){ 0 };
    else if (!was_complete)
        judge_progress(k, &s);
    copy_failure(k, &s.replica_failure);
    if (!set_status(k, &s))
        k->p->recheck = deployment_recheck(d, k->v->now);
}

/* ---- the steps ---------------------------------------------------------- */

/* Pods that only exist or are only sized: no rollout. */
static void scale_and_status(struct work *k)
{
    struct deployment s;
    struct resize *out;
    size_t n;

    fresh_sync(k, false);
    out = arena_many(k->v->scratch, struct resize, k->nall + 1);
    n = deployment_scale(&k->p->d, k->fresh, k->all, k->nall, out);
    for (size_t i = 0; i < n; i++)
        resize(k, out[i].set, out[i].size, false);
    if (k->p->d.paused)
        clean_history(k);
    s = new_status(k);
    set_status(k, &s);
}

/* The active old sets. */
static size_t active_olds(const struct work *k,
                          const struct replicaset **active)
{
    size_t n = 0;

    for (size_t i = 0; i < k->nolds; i++)
        if (k->olds[i]->replicas > 0)
            active[n++] = k->olds[i];
    return n;
}

/* True if old sets were shrunk. */
static bool shrink_old(struct work *k)
{
    const struct replicaset **active;
    struct resize *out;
    size_t n, nout;
    bool scaled;

    active = arena_many(k->v->scratch, const struct replicaset *, k->nolds);
    n = active_olds(k, active);
    out = arena_many(k->v->scratch, struct resize, 2 * n);
    scaled = deployment_shrink_old(&k->p->d, sets_size(k->all, k->nall),
                                   k->fresh, active, n, out, &nout,
                                   k->v->scratch);
    for (size_t i = 0; i < nout; i++)
        resize(k, out[i].set, out[i].size, true);
    return scaled;
}

static void roll(struct work *k)
{
    struct deployment *d = &k->p->d;
    int size;

    fresh_sync(k, true);
    CHECK(k->fresh);
    size = deployment_scale_fresh(d, sets_size(k->all, k->nall),
                                  k->fresh->replicas);
    if (size != k->fresh->replicas)
        resize(k, k->fresh, size, false);
    else if (!shrink_old(k) && deployment_complete(d, d))
        clean_history(k);
    sync_rollout_status(k);
}

bool pod_blocks_recreate(const struct pod *p)
{
    return p->phase != POD_FAILED && p->phase != POD_SUCCEEDED;
}

bool deployment_old_pods_running(const struct deployment_view *v,
                                 const struct replicaset *fresh)
{
    for (size_t i = 0; i < v->nsets; i++)
        if (v->sets[i] != fresh && v->sets[i]->status_replicas > 0)
            return true;
    for (size_t i = 0; i < v->nsets; i++)
        if (v->sets[i] != fresh && v->blocked(v->ctx, v->sets[i]))
            return true;
    return false;
}

/* Recreate: the old go first, all of them. */
static void recreate(struct work *k)
{
    struct deployment *d = &k->p->d;
    bool scaled = false;

    fresh_sync(k, false);
    for (size_t i = 0; i < k->nolds; i++) {
        if (k->olds[i]->replicas == 0)
            continue;
        resize(k, k->olds[i], 0, false);
        scaled = true;
    }
    if (!scaled && !deployment_old_pods_running(k->v, k->found)) {
        if (!k->fresh)
            fresh_sync(k, true);
        if (k->fresh->replicas != d->replicas)
            resize(k, k->fresh, d->replicas, false);
        if (deployment_complete(d, d))
            clean_history(k);
    }
    sync_rollout_status(k);
}

/* Was an active set last sized for another spec.replicas? */
static bool is_scaling_event(struct work *k)
{
    fresh_sync(k, false);
    for (size_t i = 0; i < k->nall; i++)
        if (k->all[i]->replicas > 0 && k->all[i]->desired >= 0 &&
            k->all[i]->desired != k->p->d.replicas)
            return true;
    return false;
}

static void note_pause(struct work *k)
{
    struct deployment *d = &k->p->d;
    bool noted = condition_because(&d->progressing, "DeploymentPaused");

    if (!deployment_has_deadline(d) || d->paused == noted ||
        condition_because(&d->progressing, "ProgressDeadlineExceeded"))
        return;
    if (d->paused)
        condition_set(&d->progressing, CONDITION_UNKNOWN, "DeploymentPaused",
                      "Deployment is paused", k->v->now);
    else
        condition_set(&d->progressing, CONDITION_UNKNOWN, "DeploymentResumed",
                      "Deployment is resumed", k->v->now);
    plan_status(k);
}

/* A selector that takes everything is refused: nothing but a mark is left. */
static void refuse_all(struct work *k)
{
    struct deployment *d = &k->p->d;

    k->p->selects_all = true;
    if (d->observed_generation >= d->meta.generation)
        return;
    d->observed_generation = d->meta.generation;
    plan_status(k);
}

void deployment_plan(const struct deployment_view *v,
                     struct deployment_plan *p)
{
    struct work k = { .v = v, .p = p };
    struct deployment s;

    CHECK(v->seen->template && v->seen->selector);
    *p = (struct deployment_plan){ .d = *v->seen, .recheck = SIM_NEVER };
    p->d.progressing.updated = v->progressed;
    if (p->d.selector && p->d.selector->len == 0) {
        refuse_all(&k);
        return;
    }
    fresh_find(&k);
    if (meta_deleting(&p->d.meta)) {
        fresh_sync(&k, false);
        s = new_status(&k);
        set_status(&k, &s);
        return;
    }
    note_pause(&k);
    if (p->d.paused || is_scaling_event(&k))
        scale_and_status(&k);
    else if (p->d.strategy == STRATEGY_RECREATE)
        recreate(&k);
    else
        roll(&k);
}
