/*
 * group.c - pods that depend on each other: a leader, or a majority.
 *
 * The pods of a workload (of a Deployment: of all its ReplicaSets) whose image
 * says so form a group.
 *
 * majority: a request is answered as long as more than half of the replicas
 * asked for listen, as with etcd or ZooKeeper; else it is an error.
 *
 * leader: one pod holds a lease and all requests need it (the others pass them
 * on), else they are errors.  The first pod that listens takes it.  A leader
 * that is told to stop gives it up, if the image does so (`releases`), and the
 * next one has it at its next try, within `retry`; else, and when it dies, the
 * lease runs out first: `lease` after its last renewal.  Who gets it is luck
 * among those that listen then.
 *
 * What a group can do is judged when a request arrives at a pod.
 * Not modelled: terms, votes that split, catching up of a member that was away,
 * members that are alive and cannot reach each other.
 * Source: client-go tools/leaderelection; reference 8.6.
 */
#include "models/group.h"

#include "base/vec.h"
#include "models/argo.h"
#include "models/daemonset.h"
#include "models/deployment.h"
#include "models/pod.h"
#include "models/statefulset.h"
#include "models/workload.h"
#include "models/world.h"

struct group {
    struct world *w;
    object_uid owner;
    VEC(struct process *) members;      /* that listen */
    const struct process *leader;
    event_id election;
    struct stream luck;
};

struct groups {
    struct world *w;
    struct map by_owner;        /* uid -> struct group */
    struct map by_pod;          /* uid -> its group */
};

/* What a pod belongs to: the Deployment or Rollout rather than its ReplicaSet.
 * Operators own StatefulSets too, but how many pods there are these say. */
static object_uid owner_of(const struct world *w, object_uid pod)
{
    const struct meta *m = api_get(w->api, pod);
    const struct meta *up = m ? api_get(w->api, m->owner) : NULL;

    if (!up)
        return pod;
    return up->kind == KIND_REPLICASET && up->owner ? up->owner : up->uid;
}

static struct group *group_of(struct groups *all, object_uid pod)
{
    struct group *g = map_get_number(&all->by_pod, pod);
    object_uid owner;

    if (g)
        return g;
    owner = owner_of(all->w, pod);
    g = map_get_number(&all->by_owner, owner);
    if (!g) {
        g = arena_make(all->w->arena, struct group);
        g->w = all->w;
        g->owner = owner;
        world_stream(all->w, &g->luck, PURPOSE_GROUP, owner);
        map_put_number(&all->by_owner, owner, g);
    }
    map_put_number(&all->by_pod, pod, g);
    return g;
}

static bool matters(const struct process *p)
{
    return p->behaviour->group.needs != GROUP_NOTHING;
}

/* ---- the leader --------------------------------------------------------- */

static void fire_election(struct sim *sim, void *subject, int64_t arg)
{
    struct group *g = subject;
    const struct meta *m;

    (void)sim;
    (void)arg;
    if (g->leader || g->members.len == 0)
        return;                 /* the next one that listens takes it */
    g->leader = g->members.items[stream_below(&g->luck,
                                              (uint32_t)g->members.len)];
    m = api_get(g->w->api, g->leader->pod);
    if (m && g->w->record.rows)
        record_note(g->w, "Group", "Leader", m->space,
                    arena_printf(g->w->arena, "pod/%s", m->name),
                    "is the leader now");
}

static const struct event_kind ev_election = {
    .name = "group.elects", .rank = RANK_WORLD, .fire = fire_election,
};

/* A part of this duration, by luck. */
static sim_time part_of(struct group *g, sim_time t)
{
    return (sim_time)(stream_u01(&g->luck) * (double)t);
}

static void elect_after(struct group *g, sim_time wait)
{
    g->election = sim_after(g->w->sim, wait, &ev_election, g, 0);
}

/* Until the lease of a leader that is gone is taken: it was renewed within the
 * last `retry`, and others ask as often. */
static sim_time runs_out(struct group *g, const struct group_rule *rule)
{
    sim_time left = rule->lease - part_of(g, rule->retry);

    return (left > 0 ? left : 0) + part_of(g, rule->retry);
}

/* ---- who listens -------------------------------------------------------- */

static void on_listen(void *ctx, struct process *p)
{
    struct group *g;

    if (!matters(p))
        return;
    g = group_of(ctx, p->pod);
    vec_push(g->w->arena, &g->members, p);
    if (p->behaviour->group.needs == GROUP_LEADER && !g->leader &&
        !sim_pending(g->w->sim, g->election))
        elect_after(g, 0);
}

/* It does not listen any more; told: it could say good-bye. */
static void leave(struct groups *all, struct process *p, bool told)
{
    const struct group_rule *rule = &p->behaviour->group;
    struct group *g;

    if (!matters(p))
        return;
    g = group_of(all, p->pod);
    for (size_t i = 0; i < g->members.len; i++)
        if (g->members.items[i] == p) {
            vec_remove(&g->members, i);
            break;
        }
    if (g->leader != p)
        return;
    g->leader = NULL;
    if (told && rule->releases)
        elect_after(g, part_of(g, rule->retry));
    else
        elect_after(g, runs_out(g, rule));
}

static void on_close(void *ctx, struct process *p)
{
    leave(ctx, p, true);
}

static void on_lost(void *ctx, struct process *p)
{
    leave(ctx, p, p->end == END_DRAINED || p->end == END_STOPPED);
}

static void on_hang(void *ctx, struct process *p)
{
    leave(ctx, p, false);
}

static void on_cut_off(void *ctx, struct process *p)
{
    if (!p->network)
        leave(ctx, p, false);
    else if (process_accepts(p))
        on_listen(ctx, p);
}

static const struct process_ops watch = {
    .listen = on_listen, .close = on_close, .hang = on_hang, .exit = on_lost,
    .cut_off = on_cut_off,
};

/* ---- what is asked ------------------------------------------------------ */

/* Replicas asked for of a group; of a bare pod, 1. */
static int replicas_of(const struct group *g)
{
    const struct meta *m = api_get(g->w->api, g->owner);

    switch (m ? m->kind : KIND_NONE) {
    case KIND_DEPLOYMENT:
        return deployment_seen(m)->replicas;
    case KIND_STATEFULSET:
        return statefulset_seen(m)->replicas;
    case KIND_ROLLOUT:
        return argo_seen(m)->replicas;
    case KIND_DAEMONSET:
        return daemonset_seen(m)->desired;
    case KIND_REPLICASET:
    case KIND_RC:
        return replicaset_seen(m)->replicas;
    default:
        return 1;
    }
}

bool group_answers(const struct world *w, const struct process *p)
{
    const struct group *g;

    if (!matters(p))
        return true;
    g = group_of(w->groups, p->pod);
    if (p->behaviour->group.needs == GROUP_LEADER)
        return g->leader != NULL;
    return 2 * (int)g->members.len > replicas_of(g);
}

struct groups *groups_new(struct world *w)
{
    struct groups *all = arena_make(w->arena, struct groups);

    all->w = w;
    map_init(&all->by_owner, w->arena);
    map_init(&all->by_pod, w->arena);
    process_watch(w, &watch, all);
    return all;
}
