/*
 * daemon_lab.h - a DaemonSet in a world of rounds, for tests.
 *
 * The world of reference 12.5.  Each round: an action, one sync (manage; then
 * the rolling update, which sees what manage did), then pods: a new one is
 * ready so many rounds after its birth, a deleted one is gone at once or after
 * some rounds.  Writes are never refused.  All functions are static: include
 * this in one place per program.
 */
#ifndef TESTS_DAEMON_LAB_H
#define TESTS_DAEMON_LAB_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/units.h"
#include "models/daemonset_plan.h"
#include "models/revision.h"

#define DS_VERSIONS 8
#define DS_NODES 64
#define DS_NEVER 1000000        /* rounds */

struct ds_pod {
    struct pod pod;
    int version, birth, deleted;        /* rounds; DS_NEVER */
};

struct ds_lab {
    struct arena *a;
    struct daemonset d;
    int version;                /* of its template */
    enum kube_version kube;
    int latency[DS_VERSIONS];   /* rounds from birth to ready */
    int termination;            /* rounds from deletion to gone */
    int nnodes;
    struct node nodes[DS_NODES];
    VEC(struct ds_pod *) pods[DS_NODES];        /* oldest first */
    int round;
    object_uid last_uid;
    int creations, deletions;   /* of the last sync */
};

static struct ds_lab *ds_lab_new(struct arena *a, int nodes)
{
    struct ds_lab *lab = arena_make(a, struct ds_lab);

    lab->a = a;
    lab->kube = KUBE_1_36;
    lab->version = 1;
    lab->nnodes = nodes;
    for (int v = 0; v < DS_VERSIONS; v++)
        lab->latency[v] = 1;
    lab->d.meta = (struct meta){ .uid = 1, .name = "agent",
                                 .deleted = SIM_NEVER };
    lab->d.max_unavailable.value = 1;
    return lab;
}

static struct labels *ds_labels(struct arena *a, int version)
{
    struct labels *l = arena_alloc(a, sizeof(*l) + sizeof(struct label));

    l->len = 1;
    l->items[0] = (struct label){ REVISION_LABEL,
                                  arena_printf(a, "v%d", version) };
    return l;
}

/* ---- one sync ----------------------------------------------------------- */

static void ds_create(struct ds_lab *lab, int node)
{
    struct ds_pod *p = arena_make(lab->a, struct ds_pod);

    p->version = lab->version;
    p->birth = lab->round;
    p->deleted = DS_NEVER;
    p->pod.meta = (struct meta){
        .uid = ++lab->last_uid, .deleted = SIM_NEVER,
        .name = arena_printf(lab->a, "agent-%u", lab->last_uid),
        .labels = ds_labels(lab->a, lab->version),
    };
    p->pod.node = (object_uid)(node + 1);
    p->pod.phase = POD_RUNNING;
    p->pod.ready_changed = SIM_NEVER;
    vec_push(lab->a, &lab->pods[node], p);
}

static void ds_remove_gone(struct ds_lab *lab)
{
    for (int n = 0; n < lab->nnodes; n++)
        for (size_t i = lab->pods[n].len; i-- > 0;) {
            int deleted = lab->pods[n].items[i]->deleted;

            if (deleted != DS_NEVER &&
                lab->round >= deleted + lab->termination)
                vec_remove(&lab->pods[n], i);
        }
}

static void ds_delete(struct ds_lab *lab, const struct pod *pod)
{
    int n = (int)pod->node - 1;

    for (size_t i = 0; i < lab->pods[n].len; i++) {
        struct ds_pod *p = lab->pods[n].items[i];

        if (&p->pod != pod || p->deleted != DS_NEVER)
            continue;
        p->deleted = lab->round;
        p->pod.meta.deleted = lab->round;
    }
    if (lab->termination == 0)
        ds_remove_gone(lab);
}

static sim_time ds_at_once(void *ctx, const struct daemon_place *place,
                           const struct pod *failed)
{
    (void)ctx;
    (void)place;
    (void)failed;
    return 0;
}

static struct daemonset_view ds_view(struct ds_lab *lab)
{
    struct daemon_place *places = arena_many(lab->a, struct daemon_place,
                                             (size_t)lab->nnodes);

    for (int n = 0; n < lab->nnodes; n++) {
        struct daemon_place *p = &places[n];

        p->node = &lab->nodes[n];
        p->run = p->stay = true;
        p->npods = lab->pods[n].len;
        p->pods = arena_many(lab->a, const struct pod *, p->npods);
        for (size_t i = 0; i < p->npods; i++)
            p->pods[i] = &lab->pods[n].items[i]->pod;
    }
    return (struct daemonset_view){
        .seen = &lab->d, .places = places, .nplaces = (size_t)lab->nnodes,
        .hash = arena_printf(lab->a, "v%d", lab->version),
        .version = lab->kube, .now = lab->round * SIM_S, .scratch = lab->a,
        .hold_off = ds_at_once,
    };
}

/* Carry a plan out. */
static void ds_do(struct ds_lab *lab, const struct daemonset_view *v,
                  const struct daemonset_plan *p)
{
    for (size_t i = 0; i < p->creations.len; i++)
        ds_create(lab, (int)(p->creations.items[i] - v->places));
    for (size_t i = 0; i < p->deletions.len; i++)
        ds_delete(lab, p->deletions.items[i]);
    lab->creations += (int)p->creations.len;
    lab->deletions += (int)p->deletions.len;
}

static void ds_sync(struct ds_lab *lab)
{
    struct daemonset_view v = ds_view(lab);
    struct daemonset_plan p;

    lab->creations = lab->deletions = 0;
    daemonset_manage(&v, &p);
    ds_do(lab, &v, &p);
    if (lab->d.on_delete)
        return;
    v = ds_view(lab);
    daemonset_roll(&v, &p);
    ds_do(lab, &v, &p);
}

/* Let time pass for the pods. */
static void ds_move(struct ds_lab *lab)
{
    ds_remove_gone(lab);
    for (int n = 0; n < lab->nnodes; n++)
        for (size_t i = 0; i < lab->pods[n].len; i++) {
            struct ds_pod *p = lab->pods[n].items[i];

            p->pod.ready = lab->round - p->birth >= lab->latency[p->version];
        }
}

/* Pods of a version that are ready, or not. */
static int ds_count(const struct ds_lab *lab, int version, bool ready)
{
    int count = 0;

    for (int n = 0; n < lab->nnodes; n++)
        for (size_t i = 0; i < lab->pods[n].len; i++) {
            const struct ds_pod *p = lab->pods[n].items[i];

            count += p->version == version && p->pod.ready == ready;
        }
    return count;
}

#endif
