/*
 * statefulset_plan.c - what one sync of a StatefulSet does.
 *
 * Pods have ordinals.  Those in range that are missing are created, those out
 * of range are condemned; then, if nothing of that is left to do, a rolling
 * update deletes the highest pod of another revision, one at a time, and waits
 * until it is back.  OrderedReady does one thing per sync, ascending, and
 * stops at the first pod that is not available: so a broken pod of a new
 * revision is never replaced, not even to go back.  Parallel skips that wait
 * in creation and removal, but not in the update.
 *
 * 1.20 handles its pods one call after the other, recreates a failed pod in
 * the sync that deletes it, leaves Succeeded ones alone, knows no
 * minReadySeconds, and counts in its status what the sync itself did.  Since
 * then Parallel works in batches of 1, 2, 4, ... and the status counts what
 * was there at its start.
 *
 * Not modelled: repairs of a pod's identity labels and volumes.
 * Source: kubernetes pkg/controller/statefulset/stateful_set_control.go,
 * stateful_set_utils.go at v1.20.2 and v1.36.2; reference 3.1.
 */
#include "models/statefulset_plan.h"

#include <string.h>

#include "base/bug.h"
#include "models/replicaset.h"
#include "models/revision.h"

#define BATCH_MOST 500          /* MaxBatchSize */

/* A place in the set: a pod, or room for one. */
struct slot {
    int ordinal;
    const struct pod *pod;      /* NULL: missing */
    const char *revision;       /* that it has, or is created with */
};

struct work {
    const struct statefulset_view *v;
    struct statefulset_plan *p;
    struct slot *replicas, *condemned;  /* ascending; descending */
    int nreplicas, ncondemned;
    const struct pod *first_bad;        /* the lowest one not available */
    bool ordered;
    int batch;                  /* of the next write */
};

int statefulset_max_unavailable(struct int_or_percent v, int replicas)
{
    int n = int_or_percent_of(v, replicas, false);

    return n > 1 ? n : 1;
}

int statefulset_ordinal(const char *set, const char *pod)
{
    size_t len = strlen(set);
    int64_t n;

    if (strncmp(set, pod, len) != 0 || pod[len] != '-')
        return -1;
    pod += len + 1;
    if (*pod < '0' || *pod > '9' || (*pod == '0' && pod[1] != '\0') ||
        !parse_int(pod, &n, NULL) || n > INT32_MAX)
        return -1;
    return (int)n;
}

const char *pod_revision(const struct pod *p)
{
    const char *name = labels_get(p->meta.labels, REVISION_LABEL);

    return name ? name : "";
}

/* ---- what pods are ------------------------------------------------------ */

static bool is_deleting(const struct pod *p)
{
    return p && meta_deleting(&p->meta);
}

static bool is_ready(const struct pod *p)
{
    return p && p->phase == POD_RUNNING && p->ready;
}

static int min_ready_s(const struct statefulset_view *v)
{
    return v->version == KUBE_1_20 ? 0 : v->seen->min_ready_s;
}

static bool is_available(const struct statefulset_view *v,
                         const struct pod *p)
{
    return is_ready(p) && pod_available(v->w, p, min_ready_s(v), v->now);
}

/* Does the update wait for it? */
static bool is_bad(const struct statefulset_view *v, const struct pod *p)
{
    return !is_available(v, p) || is_deleting(p);
}

sim_time statefulset_next_available(const struct statefulset_view *v)
{
    sim_time first = SIM_NEVER;

    for (size_t i = 0; i < v->npods; i++) {
        const struct pod *p = v->pods[i];
        sim_time at;

        if (!is_ready(p) || is_available(v, p) ||
            p->ready_changed == SIM_NEVER)
            continue;
        at = pod_available_at(v->w, p, min_ready_s(v));
        if (at < first)
            first = at;
    }
    return first;
}

/* ---- counting ----------------------------------------------------------- */

/* A pod of this revision comes (+1) or goes (-1). */
static void count_revision(const struct work *k, const char *revision,
                           int sign)
{
    struct stateful_counts *c = &k->p->counts;

    if (strcmp(revision, k->v->current) == 0)
        c->current += sign;
    if (strcmp(revision, k->v->update) == 0)
        c->updated += sign;
}

static void count(const struct work *k)
{
    struct stateful_counts *c = &k->p->counts;

    for (size_t i = 0; i < k->v->npods; i++) {
        const struct pod *p = k->v->pods[i];

        c->replicas++;
        c->ready += is_ready(p);
        c->available += is_available(k->v, p);
        if (!is_deleting(p))
            count_revision(k, pod_revision(p), +1);
    }
}

/* 1.20: what this sync does shows in its own status. */
static void count_done(const struct work *k, const char *revision, int sign)
{
    if (k->v->version == KUBE_1_20)
        count_revision(k, revision, sign);
}

/* ---- places ------------------------------------------------------------- */

/* The revision that a missing pod is made of: the old one where the update
 * does not reach. */
static const char *revision_for(const struct statefulset_view *v, int ordinal)
{
    const struct statefulset *s = v->seen;
    int reached = s->first_ordinal +
                  (s->rolling_given ? s->partition : s->current);

    return !s->on_delete && ordinal < reached ? v->current : v->update;
}

static void condemn(struct work *k, const struct pod *p, int ordinal)
{
    int i = k->ncondemned++;

    for (; i > 0 && k->condemned[i - 1].ordinal < ordinal; i--)
        k->condemned[i] = k->condemned[i - 1];
    k->condemned[i] = (struct slot){ ordinal, p, pod_revision(p) };
}

static void lay_out(struct work *k)
{
    const struct statefulset_view *v = k->v;
    int n = v->seen->replicas, first = v->seen->first_ordinal;

    k->nreplicas = n;
    k->replicas = arena_many(v->scratch, struct slot, (size_t)n);
    k->condemned = arena_many(v->scratch, struct slot, v->npods);
    for (size_t i = 0; i < v->npods; i++) {
        const struct pod *p = v->pods[i];
        int ordinal = statefulset_ordinal(v->seen->meta.name, p->meta.name);

        if (ordinal >= first && ordinal - first < n)
            k->replicas[ordinal - first].pod = p;
        else if (ordinal >= 0)
            condemn(k, p, ordinal);
    }
    for (int i = 0; i < n; i++) {
        struct slot *s = &k->replicas[i];

        s->ordinal = first + i;
        s->revision = s->pod ? pod_revision(s->pod)
                             : revision_for(v, s->ordinal);
    }
}

/* The one condemned pod that may go although it is not available: the first
 * such pod of all. */
static void find_first_bad(struct work *k)
{
    for (int i = 0; i < k->nreplicas; i++)
        if (is_bad(k->v, k->replicas[i].pod)) {
            k->first_bad = k->replicas[i].pod;
            return;
        }
    for (int i = k->ncondemned - 1; i >= 0; i--)
        if (is_bad(k->v, k->condemned[i].pod)) {
            k->first_bad = k->condemned[i].pod;
            return;
        }
}

/* ---- writes ------------------------------------------------------------- */

static struct stateful_write *write_add(struct work *k,
                                        enum stateful_verb verb,
                                        const struct slot *s)
{
    struct stateful_write w = { .verb = verb, .ordinal = s->ordinal,
                                .pod = s->pod, .revision = s->revision,
                                .batch = k->batch };

    vec_push(k->v->scratch, &k->p->writes, w);
    return &k->p->writes.items[k->p->writes.len - 1];
}

static void create(struct work *k, const struct slot *s)
{
    write_add(k, STATEFUL_CREATE, s);
    count_done(k, s->revision, +1);
    k->p->counts.replicas += k->v->version == KUBE_1_20;
}

/* ---- the steps ---------------------------------------------------------- */

/* 1.20: a failed pod goes, and its place is filled in the same sync. */
static void clear_failed(struct work *k, struct slot *s)
{
    write_add(k, STATEFUL_DELETE, s)->failed = true;
    k->batch++;
    count_done(k, s->revision, -1);
    k->p->counts.replicas--;
    s->pod = NULL;
    s->revision = revision_for(k->v, s->ordinal);
}

/* See to one place in range.  True: an ordered set stops here. */
static bool see_to(struct work *k, struct slot *s)
{
    bool old = k->v->version == KUBE_1_20;

    if (old && s->pod && s->pod->phase == POD_FAILED)
        clear_failed(k, s);
    if (!s->pod) {
        create(k, s);
        return true;
    }
    if (!old && (s->pod->phase == POD_FAILED ||
                 s->pod->phase == POD_SUCCEEDED)) {
        if (!is_deleting(s->pod))
            write_add(k, STATEFUL_DELETE, s);
        return true;            /* a later sync finds the place empty */
    }
    if (!old && s->pod->phase == POD_PENDING && k->v->seen->nclaims > 0)
        write_add(k, STATEFUL_CLAIM, s);
    return is_bad(k->v, s->pod);
}

/* See to one condemned pod.  True: an ordered set stops here. */
static bool remove_condemned(struct work *k, struct slot *s)
{
    if (is_deleting(s->pod))
        return true;
    if (k->ordered && !is_available(k->v, s->pod) && s->pod != k->first_bad)
        return true;
    write_add(k, STATEFUL_DELETE, s);
    count_done(k, s->revision, -1);
    return true;
}

/* Do step for n places; true if an ordered set stops.  A parallel one goes
 * through all of them, since 1.20 in batches of 1, 2, 4, ... */
static bool for_all(struct work *k, struct slot *slots, int n,
                    bool (*step)(struct work *k, struct slot *s))
{
    int batch = 0, left = 0;

    for (int i = 0; i < n; i++) {
        if (k->ordered || k->v->version == KUBE_1_20) {
            bool stop = step(k, &slots[i]);

            k->batch++;
            if (stop && k->ordered)
                return true;
            continue;
        }
        if (left == 0) {
            batch = slow_start_batch(n - i, batch);
            batch = batch < BATCH_MOST ? batch : BATCH_MOST;
            left = batch;
            k->batch++;
        }
        step(k, &slots[i]);
        left--;
    }
    k->batch++;
    return false;
}

static bool is_outdated(const struct work *k, const struct slot *s)
{
    return strcmp(s->revision, k->v->update) != 0 && !is_deleting(s->pod);
}

static void replace(struct work *k, const struct slot *s)
{
    write_add(k, STATEFUL_DELETE, s)->update = true;
    k->batch++;
}

/* The highest pod of another revision goes, unless a higher one is not back
 * yet. */
static void roll(struct work *k, int lowest)
{
    for (int i = k->nreplicas - 1; i >= lowest; i--) {
        const struct slot *s = &k->replicas[i];

        if (is_outdated(k, s)) {
            replace(k, s);
            return;
        }
        if (is_bad(k->v, s->pod))
            return;
    }
}

/* With maxUnavailable: as many as may be missing at once, broken ones or not
 * started ones included. */
static void roll_many(struct work *k, int lowest)
{
    int most = 1;

    if (k->v->seen->rolling_given)
        most = statefulset_max_unavailable(k->v->seen->max_unavailable,
                                           k->nreplicas);
    for (int i = 0; i < k->nreplicas; i++)
        most -= is_bad(k->v, k->replicas[i].pod);
    for (int i = k->nreplicas - 1; i >= lowest && most > 0; i--)
        if (is_outdated(k, &k->replicas[i])) {
            replace(k, &k->replicas[i]);
            most--;
        }
}

void statefulset_plan(const struct statefulset_view *v,
                      struct statefulset_plan *p)
{
    struct work k = { .v = v, .p = p, .ordered = !v->seen->parallel };
    int lowest = v->seen->rolling_given ? v->seen->partition : 0;

    CHECK(v->current && v->update);
    *p = (struct statefulset_plan){ 0 };
    count(&k);
    if (meta_deleting(&v->seen->meta))
        return;
    lay_out(&k);
    find_first_bad(&k);
    if (for_all(&k, k.replicas, k.nreplicas, see_to) ||
        for_all(&k, k.condemned, k.ncondemned, remove_condemned) ||
        v->seen->on_delete)
        return;
    if (v->max_unavailable && v->version != KUBE_1_20)
        roll_many(&k, lowest);
    else
        roll(&k, lowest);
}

/* ---- status ------------------------------------------------------------- */

static bool same_name(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Is every pod of the update revision, and ready? */
static bool is_complete(const struct statefulset_view *v,
                        const struct stateful_counts *c)
{
    int all = v->version == KUBE_1_20 ? c->replicas : v->seen->replicas;

    return !v->seen->on_delete && c->updated == all && c->ready == all &&
           c->replicas == all;
}

bool statefulset_status(const struct statefulset_view *v,
                        struct stateful_counts c, struct statefulset *s)
{
    const struct statefulset *seen = v->seen;

    s->observed_generation = seen->meta.generation;
    s->current_revision = v->current;
    s->update_revision = v->update;
    if (is_complete(v, &c)) {
        c.current = c.updated;
        s->current_revision = v->update;
    }
    s->status_replicas = c.replicas;
    s->ready = c.ready;
    s->available = v->version == KUBE_1_20 ? 0 : c.available;
    s->current = c.current;
    s->updated = c.updated;
    return s->observed_generation > seen->observed_generation ||
           s->status_replicas != seen->status_replicas ||
           s->ready != seen->ready || s->available != seen->available ||
           s->current != seen->current || s->updated != seen->updated ||
           !same_name(s->current_revision, seen->current_revision) ||
           !same_name(s->update_revision, seen->update_revision);
}
