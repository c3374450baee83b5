/*
 * stateful_lab.h - a StatefulSet in a world of rounds, for tests.
 *
 * The world of reference 12.4.  Each round: actions, one decision of the
 * controller on caches that are up to date, then pods: a new one runs at once
 * and is ready so many rounds after its birth; a deleted one keeps its
 * readiness and is gone some rounds later.  Writes are never refused.  All
 * functions are static: include this in one place per program.
 */
#ifndef TESTS_STATEFUL_LAB_H
#define TESTS_STATEFUL_LAB_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/units.h"
#include "models/revision.h"
#include "models/statefulset_plan.h"

#define STS_VERSIONS 8
#define STS_NEVER 1000000       /* rounds */

struct sts_pod {
    struct pod pod;
    int ordinal, version;
    int birth;                  /* round */
    int deleted;                /* round in which it was; STS_NEVER */
};

struct sts_lab {
    struct arena *a;
    struct statefulset s;
    int version;                /* of its template */
    enum kube_version kube;
    bool feature;               /* MaxUnavailableStatefulSet */
    int latency[STS_VERSIONS];  /* rounds from birth to ready */
    int termination;            /* rounds from deletion to gone */
    VEC(struct sts_pod *) pods; /* by ordinal */
    int round;
    object_uid last_uid;
    struct statefulset_plan plan;       /* of the last round */
};

static struct sts_lab *sts_lab_new(struct arena *a, int replicas)
{
    struct sts_lab *lab = arena_make(a, struct sts_lab);

    lab->a = a;
    lab->kube = KUBE_1_36;
    lab->version = 1;
    for (int v = 0; v < STS_VERSIONS; v++)
        lab->latency[v] = 1;
    lab->s.meta = (struct meta){ .kind = KIND_NONE, .uid = 1, .name = "web",
                                 .space = "default", .generation = 1,
                                 .deleted = SIM_NEVER };
    lab->s.replicas = replicas;
    lab->s.rolling_given = true;
    lab->s.max_unavailable.value = 1;
    lab->last_uid = 1;
    return lab;
}

static const char *sts_revision(struct sts_lab *lab, int version)
{
    return arena_printf(lab->a, "v%d", version);
}

/* ---- pods --------------------------------------------------------------- */

static const struct labels *sts_labels(struct sts_lab *lab,
                                       const char *revision)
{
    struct labels *l = arena_alloc(lab->a, sizeof(*l) +
                                               sizeof(struct label));

    l->len = 1;
    l->items[0] = (struct label){ REVISION_LABEL, revision };
    return l;
}

static void sts_create(struct sts_lab *lab, int ordinal, const char *revision)
{
    struct sts_pod *p = arena_make(lab->a, struct sts_pod);
    size_t i;

    p->ordinal = ordinal;
    p->version = atoi(revision + 1);
    p->birth = lab->round;
    p->deleted = STS_NEVER;
    p->pod.meta = (struct meta){
        .uid = ++lab->last_uid, .deleted = SIM_NEVER,
        .name = arena_printf(lab->a, "web-%d", ordinal),
        .labels = sts_labels(lab, revision),
    };
    p->pod.phase = POD_RUNNING;
    p->pod.ready_changed = SIM_NEVER;
    vec_push(lab->a, &lab->pods, p);
    for (i = lab->pods.len - 1;
         i > 0 && lab->pods.items[i - 1]->ordinal > ordinal; i--)
        lab->pods.items[i] = lab->pods.items[i - 1];
    lab->pods.items[i] = p;
}

static struct sts_pod *sts_at(struct sts_lab *lab, int ordinal)
{
    for (size_t i = 0; i < lab->pods.len; i++)
        if (lab->pods.items[i]->ordinal == ordinal)
            return lab->pods.items[i];
    return NULL;
}

static void sts_remove_gone(struct sts_lab *lab)
{
    for (size_t i = lab->pods.len; i-- > 0;) {
        const struct sts_pod *p = lab->pods.items[i];

        if (p->deleted != STS_NEVER &&
            lab->round >= p->deleted + lab->termination)
            vec_remove(&lab->pods, i);
    }
}

static void sts_delete(struct sts_lab *lab, int ordinal)
{
    struct sts_pod *p = sts_at(lab, ordinal);

    if (!p || p->deleted != STS_NEVER)
        return;
    p->deleted = lab->round;
    p->pod.meta.deleted = lab->round;
    if (lab->termination == 0)
        sts_remove_gone(lab);
}

/* Let time pass for the pods. */
static void sts_move(struct sts_lab *lab)
{
    sts_remove_gone(lab);
    for (size_t i = 0; i < lab->pods.len; i++) {
        struct sts_pod *p = lab->pods.items[i];

        if (p->deleted == STS_NEVER)
            p->pod.ready = lab->round - p->birth >= lab->latency[p->version];
    }
}

/* ---- rounds ------------------------------------------------------------- */

static void sts_act(struct sts_lab *lab, const char *name, const char *value)
{
    int n = (int)strtol(value, NULL, 10);

    if (strcmp(name, "delete") == 0) {
        sts_delete(lab, n);
        return;
    }
    lab->s.meta.generation++;
    if (strcmp(name, "image") == 0)
        lab->version = n;
    else if (strcmp(name, "scale") == 0)
        lab->s.replicas = n;
    else if (strcmp(name, "partition") == 0)
        lab->s.partition = n;
}

/* One sync. */
static void sts_sync(struct sts_lab *lab)
{
    struct statefulset seen = lab->s;
    const struct pod **pods = arena_many(lab->a, const struct pod *,
                                         lab->pods.len);
    struct statefulset_view v = {
        .seen = &seen, .pods = pods, .npods = lab->pods.len,
        .current = seen.current_revision,
        .update = sts_revision(lab, lab->version),
        .max_unavailable = lab->feature, .version = lab->kube,
        .now = lab->round * SIM_S, .scratch = lab->a,
    };

    for (size_t i = 0; i < lab->pods.len; i++)
        pods[i] = &lab->pods.items[i]->pod;
    if (!v.current)
        v.current = v.update;
    statefulset_plan(&v, &lab->plan);
    for (size_t i = 0; i < lab->plan.writes.len; i++) {
        const struct stateful_write *w = &lab->plan.writes.items[i];

        lab->plan.counts.current -= w->update;
        if (w->verb == STATEFUL_CREATE)
            sts_create(lab, w->ordinal, w->revision);
        else if (w->verb == STATEFUL_DELETE)
            sts_delete(lab, w->ordinal);
    }
    statefulset_status(&v, lab->plan.counts, &lab->s);
}

#endif
