/*
 * scheduler.c - the queue of kube-scheduler and its cycle.
 *
 * One pod at a time.  activeQ is ordered by priority, then by when the pod was
 * queued.  A pod that fits nowhere waits, unschedulable, until something
 * happens that may help it; then it backs off 1 s * 2^(attempts - 1), at most
 * 10 s, from its last attempt.  1.36 asks the plug-in that refused whether an
 * event helps, and takes pods from the back-off queue when activeQ is empty;
 * 1.20 moves all waiting pods at any event and looks at back-offs once a
 * second.  Leftovers are tried again after 5 min (1.36) or 60 s (1.20).  A
 * pod counts on its node from the decision on (assumed), before the binding
 * is written.
 *
 * A pod whose claims wait for their first consumer reserves volumes, or asks
 * for them, once its node is chosen, looks every second whether all are bound,
 * and is bound itself then; after 600 s it is queued again.
 *
 * A pod that fits nowhere may push others off a node (preemption.c): it is
 * nominated to that node, the victims are deleted with their grace, and it is
 * tried again when they are gone; until then others see it there.
 *
 * Not modelled: extenders, gang scheduling, several profiles; nodes are
 * examined in order of joining, round robin over zones.
 * Source: pkg/scheduler at v1.36 (backend/queue, schedule_one.go); reference
 * 4.1, 4.2, 4.6; recordings, README-1.36 row 5.
 */
#include "models/scheduler.h"

#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "models/client.h"
#include "models/controller.h"
#include "models/network.h"
#include "models/statefulset.h"
#include "models/workload.h"
#include "models/world.h"
#include "preempt_impl.h"
#include "census_impl.h"
#include "volume_impl.h"

enum where { ACTIVE, BACKOFF, WAITING, IN_FLIGHT };

struct queued {                 /* a pod that is not bound yet */
    object_uid pod;
    enum where where;
    int attempts;
    sim_time queued;            /* when it came to activeQ */
    sim_time tried;             /* last failed attempt */
    const struct sched_plugin *refused_by;  /* the last to refuse, of all */
    uint64_t serial;            /* breaks ties of `queued` */
};

struct scheduler {
    struct world *w;
    struct informer *pods, *nodes, *services;
    struct informer *replicasets, *rcs, *statefulsets, *budgets;
    VEC(struct nominee) nominees;
    struct client client;
    struct stream stream;
    VEC(struct sched_node *) by_index;      /* by node.index; NULL: gone */
    VEC(struct sched_node *) order;         /* of examination */
    bool order_stale;
    struct census_book *censuses;
    size_t with_terms;          /* nodes of `order` that have such pods */
    size_t start;               /* where the next cycle starts to look */
    struct map queued;          /* pod uid -> struct queued */
    VEC(struct queued *) active;            /* heap: see before() */
    VEC(struct queued *) later;             /* BACKOFF and WAITING */
    struct map placed;          /* pod uid -> 1 + node index */
    struct sched_volumes volumes;
    struct arena *scratch;
    uint64_t serial;
    bool busy, stopped;
    event_id next, flush;
};

#define BACKOFF_FIRST SIM_S             /* podInitialBackoffSeconds */
#define BACKOFF_MOST (10 * SIM_S)       /* podMaxBackoffSeconds */
#define LEFTOVER_1_20 (60 * SIM_S)
#define LEFTOVER_1_36 (300 * SIM_S)
#define LEFTOVER_CHECK (30 * SIM_S)
#define BIND_CHECK SIM_S                /* of volumes: every second, ... */
#define BIND_TIMEOUT (600 * SIM_S)      /* ... as long as that */

static void wake(struct scheduler *s);

/* ---- activeQ: a binary heap ------------------------------------------------------ */

static int priority_of(const struct scheduler *s, const struct queued *q)
{
    const struct meta *m = informer_get(s->pods, q->pod);

    return m ? pod_seen(m)->priority : 0;
}

static bool before(const struct scheduler *s, const struct queued *a,
                   const struct queued *b)
{
    int pa = priority_of(s, a), pb = priority_of(s, b);

    if (pa != pb)
        return pa > pb;
    if (a->queued != b->queued)
        return a->queued < b->queued;
    return a->serial < b->serial;
}

static void active_push(struct scheduler *s, struct queued *q)
{
    struct queued **heap;
    size_t i = s->active.len;

    vec_push(s->w->arena, &s->active, q);
    heap = s->active.items;
    for (; i > 0 && before(s, q, heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = q;
    q->where = ACTIVE;
}

static struct queued *active_pop(struct scheduler *s)
{
    struct queued **heap = s->active.items;
    struct queued *top = heap[0], *last = heap[--s->active.len];
    size_t n = s->active.len, i = 0;

    while (2 * i + 1 < n) {
        size_t child = 2 * i + 1;

        if (child + 1 < n && before(s, heap[child + 1], heap[child]))
            child++;
        if (!before(s, heap[child], last))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return top;
}

/* ---- backoff and waiting ----------------------------------------------------------- */

static sim_time backoff_ends(const struct scheduler *s,
                             const struct queued *q)
{
    sim_time wait = BACKOFF_MOST, end;

    if (q->attempts < 5)
        wait = BACKOFF_FIRST << (q->attempts - 1);
    end = q->tried + (wait < BACKOFF_MOST ? wait : BACKOFF_MOST);
    if (world_is(s->w, KUBE_1_36))      /* cut to whole seconds */
        end = world_second_starts(s->w, world_second(s->w, end));
    return end;
}

static void activate(struct scheduler *s, struct queued *q)
{
    q->queued = world_now(s->w);
    q->serial = ++s->serial;
    active_push(s, q);
    wake(s);
}

static void remove_later(struct scheduler *s, const struct queued *q)
{
    for (size_t i = 0; i < s->later.len; i++)
        if (s->later.items[i] == q) {
            vec_remove(&s->later, i);
            return;
        }
}

/* An event may help this waiting pod. */
static void move_one(struct scheduler *s, struct queued *q)
{
    if (backoff_ends(s, q) > world_now(s->w)) {
        q->where = BACKOFF;
        wake(s);
        return;
    }
    remove_later(s, q);
    activate(s, q);
}

/* The earliest end of a back-off; NULL if none waits for one. */
static struct queued *first_backoff(struct scheduler *s)
{
    struct queued *first = NULL;

    for (size_t i = 0; i < s->later.len; i++) {
        struct queued *q = s->later.items[i];

        if (q->where == BACKOFF &&
            (!first || backoff_ends(s, q) < backoff_ends(s, first)))
            first = q;
    }
    return first;
}

/* Move what has waited out its back-off, and old leftovers. */
static void flush_later(struct scheduler *s)
{
    sim_time now = world_now(s->w);
    sim_time old = world_is(s->w, KUBE_1_20) ? LEFTOVER_1_20 : LEFTOVER_1_36;

    for (size_t i = 0; i < s->later.len;) {
        struct queued *q = s->later.items[i];
        bool due = q->where == BACKOFF ? backoff_ends(s, q) <= now
                                       : now - q->tried > old;

        if (!due) {
            i++;
            continue;
        }
        vec_remove(&s->later, i);
        activate(s, q);
    }
}

static void fire_flush(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_flush = {
    .name = "scheduler.flush", .rank = RANK_SYNC, .fire = fire_flush,
};

/* Keep a timer as long as anything waits: every second for back-offs, every
 * 30 s for leftovers. */
static void arm_flush(struct scheduler *s)
{
    sim_time period = first_backoff(s) ? SIM_S : LEFTOVER_CHECK;
    sim_time now = world_now(s->w);

    if (s->later.len == 0)
        return;
    sim_cancel(s->w->sim, s->flush);
    s->flush = sim_at(s->w->sim, (now / period + 1) * period, &ev_flush, s, 0);
}

static void fire_flush(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    flush_later(subject);
    arm_flush(subject);
}

/* ---- what helps whom ---------------------------------------------------------------- */

enum happening { NODE_CHANGED, POD_GONE, POD_PLACED, STORAGE_CHANGED };

/* Would the plug-in that refused q think that this helps?  1.20 does not
 * ask.  n: the node concerned. */
static bool helps(const struct scheduler *s, const struct queued *q,
                  enum happening what, const struct sched_node *n)
{
    const char *name = q->refused_by ? q->refused_by->name : "";

    if (world_is(s->w, KUBE_1_20) || !q->refused_by)
        return true;
    if (what == NODE_CHANGED)
        return n == NULL || node_matches(
            pod_seen(informer_get(s->pods, q->pod))->template->spec, &n->node);
    if (what == STORAGE_CHANGED)
        return strcmp(name, "VolumeBinding") == 0;
    if (what == POD_GONE)
        return strcmp(name, "NodeResourcesFit") == 0 ||
               strcmp(name, "VolumeRestrictions") == 0 ||
               strcmp(name, "NodePorts") == 0 ||
               strcmp(name, "PodTopologySpread") == 0 ||
               strcmp(name, "InterPodAffinity") == 0;
    return strcmp(name, "PodTopologySpread") == 0 ||
           strcmp(name, "InterPodAffinity") == 0;
}

static void happened(struct scheduler *s, enum happening what,
                     const struct sched_node *n)
{
    for (size_t i = 0; i < s->later.len;) {
        struct queued *q = s->later.items[i];
        size_t len = s->later.len;

        if (q->where == WAITING && informer_get(s->pods, q->pod) &&
            helps(s, q, what, n))
            move_one(s, q);
        i += len == s->later.len ? 1 : 0;
    }
    arm_flush(s);
}

/* ---- the cache of nodes -------------------------------------------------------------- */

static struct sched_node *node_at(const struct scheduler *s, uint32_t index)
{
    return index < s->by_index.len ? s->by_index.items[index] : NULL;
}

static struct sched_node *node_by_uid(const struct scheduler *s,
                                      object_uid uid)
{
    const struct meta *m = informer_get(s->nodes, uid);

    return m ? node_at(s, node_seen(m)->index) : NULL;
}

static void place(struct scheduler *s, const struct pod *p, object_uid node)
{
    struct sched_node *n = node_by_uid(s, node);
    struct placed new = { .uid = p->meta.uid, .space = p->meta.space,
                          .labels = p->meta.labels,
                          .spec = p->template->spec };

    if (!n || map_get_number(&s->placed, p->meta.uid))
        return;
    s->with_terms -= n->with_terms > 0;
    sched_place(s->w->arena, n, new);
    s->with_terms += n->with_terms > 0;
    census_book_add(s->censuses, n, &new, 1);
    map_put_number(&s->placed, p->meta.uid,
                   (void *)(uintptr_t)(1 + n->node.index));
}

static void unplace(struct scheduler *s, object_uid pod)
{
    uintptr_t index = (uintptr_t)map_get_number(&s->placed, pod);
    struct sched_node *n;
    struct placed gone;

    if (!index)
        return;
    n = node_at(s, (uint32_t)(index - 1));
    map_put_number(&s->placed, pod, NULL);
    if (!n)
        return;
    s->with_terms -= n->with_terms > 0;
    gone = sched_unplace(n, pod);
    s->with_terms += n->with_terms > 0;
    if (!gone.deleting)
        census_book_add(s->censuses, n, &gone, -1);
    happened(s, POD_GONE, n);
}

static void mark_deleting(struct scheduler *s, object_uid pod)
{
    uintptr_t index = (uintptr_t)map_get_number(&s->placed, pod);
    struct sched_node *n = index ? node_at(s, (uint32_t)(index - 1)) : NULL;

    for (size_t i = 0; n && i < n->pods.len; i++)
        if (n->pods.items[i].uid == pod && !n->pods.items[i].deleting) {
            census_book_add(s->censuses, n, &n->pods.items[i], -1);
            n->pods.items[i].deleting = true;
        }
}

/* The list of nodes changes: it is made again with the next cycle. */
static void nodes_change(struct scheduler *s)
{
    s->order_stale = true;
    census_book_clear(s->censuses);
}

static void on_node(void *ctx, const struct meta *seen,
                    const struct meta *after)
{
    struct scheduler *s = ctx;
    uint32_t index = node_seen(after ? after : seen)->index;
    struct sched_node **room;

    while (s->by_index.len <= index)
        vec_push(s->w->arena, &s->by_index, NULL);
    room = &s->by_index.items[index];
    if (!*room || !after || (*room)->node.meta.labels != after->labels)
        nodes_change(s);
    if (!after) {
        *room = NULL;
        return;
    }
    if (!*room)
        *room = arena_make(s->w->arena, struct sched_node);
    (*room)->node = *node_seen(after);
    (*room)->memo.spec = NULL;
    happened(s, NODE_CHANGED, *room);
}

typedef VEC(struct sched_node *) node_list;

/* Round robin over zones, in order of joining within each. */
static void rebuild_order(struct scheduler *s)
{
    struct map zones;           /* zone -> node_list */
    size_t left = 0;

    map_init(&zones, s->scratch);
    for (size_t i = 0; i < s->by_index.len; i++) {
        struct sched_node *n = s->by_index.items[i];
        node_list *zone = n ? map_get(&zones, n->node.zone) : NULL;

        if (!n)
            continue;
        if (!zone) {
            zone = arena_make(s->scratch, node_list);
            map_put(&zones, n->node.zone, zone);
        }
        vec_push(s->scratch, zone, n);
        left++;
    }
    vec_clear(&s->order);
    s->with_terms = 0;
    for (size_t round = 0; s->order.len < left; round++)
        for (size_t z = 0; z < zones.len; z++) {
            node_list *zone = zones.entries[z].value;

            if (round >= zone->len)
                continue;
            vec_push(s->w->arena, &s->order, zone->items[round]);
            s->with_terms += zone->items[round]->with_terms > 0;
        }
    s->order_stale = false;
}

/* ---- pods ------------------------------------------------------------------------------ */

static bool terminal(const struct pod *p)
{
    return p->phase == POD_SUCCEEDED || p->phase == POD_FAILED;
}

static void enqueue(struct scheduler *s, const struct pod *p)
{
    struct queued *q = map_get_number(&s->queued, p->meta.uid);

    if (q || map_get_number(&s->placed, p->meta.uid) ||
        p->template->spec->nscheduling_gates > 0 ||
        strcmp(p->template->spec->scheduler_name, "default-scheduler") != 0)
        return;
    q = arena_make(s->w->arena, struct queued);
    q->pod = p->meta.uid;
    map_put_number(&s->queued, q->pod, q);
    activate(s, q);
}

/* Where room is made for a pod; NULL if nowhere. */
static struct nominee *nomination_of(struct scheduler *s, object_uid pod)
{
    for (size_t i = 0; i < s->nominees.len; i++)
        if (s->nominees.items[i].pod == pod)
            return &s->nominees.items[i];
    return NULL;
}

/* node 0: nowhere any more. */
static void nominate(struct scheduler *s, object_uid pod, object_uid node)
{
    struct nominee *old = nomination_of(s, pod);

    if (old && node)
        old->node = node;
    else if (old)
        vec_remove(&s->nominees, (size_t)(old - s->nominees.items));
    else if (node)
        vec_push(s->w->arena, &s->nominees, ((struct nominee){ pod, node }));
}

/* The pod is bound or gone: nothing is left to decide. */
static void forget(struct scheduler *s, object_uid pod)
{
    struct queued *q = map_get_number(&s->queued, pod);

    nominate(s, pod, 0);
    if (!q)
        return;
    if (q->where == BACKOFF || q->where == WAITING)
        remove_later(s, q);
    map_put_number(&s->queued, pod, NULL);
}

static void on_pod(void *ctx, const struct meta *seen,
                   const struct meta *after)
{
    struct scheduler *s = ctx;
    const struct pod *p = after ? pod_seen(after) : NULL;

    if (!p || terminal(p)) {
        forget(s, (after ? after : seen)->uid);
        unplace(s, (after ? after : seen)->uid);
        return;
    }
    if (p->node) {
        bool fresh = !seen || pod_seen(seen)->node == 0;

        forget(s, after->uid);
        place(s, p, p->node);
        if (meta_deleting(after))
            mark_deleting(s, after->uid);
        if (fresh)
            happened(s, POD_PLACED, node_by_uid(s, p->node));
        return;
    }
    if (!meta_deleting(after))
        enqueue(s, p);
    else
        forget(s, after->uid);
}

/* ---- the cycle --------------------------------------------------------------------------- */

/* The selector of the pod's owner; NULL if it is none that counts. */
static const struct selector *owner_selector(const struct scheduler *s,
                                             object_uid owner)
{
    const struct meta *m;

    if ((m = informer_get(s->replicasets, owner)) ||
        (m = informer_get(s->rcs, owner)))
        return replicaset_seen(m)->selector;
    m = informer_get(s->statefulsets, owner);
    return m ? statefulset_seen(m)->selector : NULL;
}

/* What the Services and the owner that select the pod have in common. */
static const struct selector *spread_selector(struct scheduler *s,
                                              const struct pod *p)
{
    const struct selector *found = owner_selector(s, p->meta.owner);

    for (size_t i = 0; i < informer_count(s->services); i++) {
        const struct service *svc = service_seen(informer_at(s->services, i));

        if (strcmp(svc->meta.space, p->meta.space) != 0 || !svc->selector ||
            !selector_match(svc->selector, p->meta.labels))
            continue;
        for (size_t k = 0; k < svc->selector->len; k++)
            found = selector_with(s->scratch, found,
                                  svc->selector->items[k].key,
                                  svc->selector->items[k].values[0]);
    }
    return found;
}

static int nodes_to_find(const struct sched_cycle *c)
{
    return sched_nodes_to_find(0, (int)c->nnodes);
}

static void start_cycle(struct scheduler *s, struct sched_cycle *c,
                        const struct pod *p)
{
    arena_reset(s->scratch);
    if (s->order_stale)
        rebuild_order(s);
    census_book_begin(s->censuses);
    *c = (struct sched_cycle){
        .arena = s->scratch, .version = s->w->spec->cluster.version,
        .space = p->meta.space, .labels = p->meta.labels,
        .spec = p->template->spec, .spread_by = spread_selector(s, p),
        .nodes = s->order.items, .nnodes = s->order.len,
        .volumes = &s->volumes, .censuses = s->censuses,
        .no_terms = s->with_terms == 0,
    };
    c->feasible = arena_many(s->scratch, struct sched_node *,
                             (size_t)nodes_to_find(c));
}

struct refusals {               /* for the FailedScheduling message */
    struct {
        const char *why;
        int count;
    } items[16];
    size_t n;
    const struct sched_plugin *by;
    struct sched_node **hopeful;
    size_t nhopeful;
};

/* by refuses n because of why; if pods leaving might help, it is hopeful. */
static void refused(struct refusals *r, const struct sched_cycle *c,
                    struct sched_node *n, const char *why,
                    const struct sched_plugin *by)
{
    size_t i = 0;

    if (!r->hopeful)
        r->hopeful = arena_many(c->arena, struct sched_node *, c->nnodes);
    if (preempt_resolves(by))
        r->hopeful[r->nhopeful++] = n;

    r->by = by;
    while (i < r->n && strcmp(r->items[i].why, why) != 0)
        i++;
    if (i == COUNT_OF(r->items))
        return;
    if (i == r->n) {
        r->items[r->n].why = why;
        r->items[r->n++].count = 0;
    }
    r->items[i].count++;
}

/* Look at nodes until enough are found, or at all. */
static void find_feasible(struct scheduler *s, const struct attempt *a,
                          struct refusals *r)
{
    struct sched_cycle *c = a->c;
    int wanted = nodes_to_find(c);
    size_t at = c->nnodes ? s->start % c->nnodes : 0, examined = 0;

    for (; examined < c->nnodes && (int)c->nfeasible < wanted; examined++) {
        struct sched_node *n = c->nodes[at];
        const struct sched_plugin *by = NULL;
        bool fits = a->nnominees == 0 && sched_passes(c, n);
        const char *why = fits ? NULL : attempt_filter(a, n, &by);

        at = at + 1 < c->nnodes ? at + 1 : 0;
        if (why)
            refused(r, c, n, why, by);
        else
            c->feasible[c->nfeasible++] = n;
    }
    if (c->nnodes)
        s->start = at;
}

/* The best node; ties are broken at random, by the pod's own luck. */
static struct sched_node *choose(struct scheduler *s, struct sched_cycle *c,
                                 const struct pod *p)
{
    int64_t *total = arena_many(c->arena, int64_t, c->nfeasible);
    struct stream luck;
    size_t best = 0;
    uint32_t ties = 1;

    if (c->nfeasible == 1)
        return c->feasible[0];
    sched_score(c, total, NULL);
    world_stream(s->w, &luck, PURPOSE_SCHEDULER, p->entity);
    for (size_t i = 1; i < c->nfeasible; i++) {
        if (total[i] > total[best]) {
            best = i;
            ties = 1;
        } else if (total[i] == total[best] &&
                   stream_below(&luck, ++ties) == 0) {
            best = i;
        }
    }
    return c->feasible[best];
}

struct binding {
    struct call call;           /* first */
    struct scheduler *s;
    struct queued *queued;
    object_uid pod, node;
    sim_time until;             /* waits for volumes */
};

static void bound(struct call *call, enum api_code code,
                  const struct meta *result, const char *reason)
{
    struct binding *b = (struct binding *)call;
    const struct meta *m = result;

    (void)reason;
    if (code == API_OK) {
        record_event(b->s->w, m, "Normal", "Scheduled",
                     "Successfully assigned %s/%s to %s", m->space, m->name,
                     api_get(b->s->w->api, b->node)->name);
        return;
    }
    unplace(b->s, b->pod);      /* deleted meanwhile: forget the assumption */
}

static void send_binding(struct binding *b)
{
    b->call.verb = CALL_BIND;
    b->call.uid = b->pod;
    b->call.node = b->node;
    b->call.done = bound;
    client_send(&b->s->client, &b->call);
}

/* The volumes did not come in time: back to the queue. */
static void give_up(struct binding *b, const struct meta *pod)
{
    struct scheduler *s = b->s;

    record_event(s->w, pod, "Warning", "FailedScheduling", "running PreBind "
                 "plugin \"VolumeBinding\": binding volumes: context "
                 "deadline exceeded");
    unplace(s, b->pod);
    b->queued->attempts++;
    b->queued->tried = world_now(s->w);
    b->queued->where = BACKOFF;
    map_put_number(&s->queued, b->pod, b->queued);
    vec_push(s->w->arena, &s->later, b->queued);
    arm_flush(s);
    wake(s);
}

static void fire_volumes(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_volumes = {
    .name = "scheduler.volumes", .rank = RANK_SYNC, .fire = fire_volumes,
};

static void fire_volumes(struct sim *sim, void *subject, int64_t arg)
{
    struct binding *b = subject;
    const struct meta *m = informer_get(b->s->pods, b->pod);

    (void)arg;
    if (!m || meta_deleting(m))
        return;                 /* the watch has taken it off its node */
    if (sched_volumes_bound(&b->s->volumes, m->space,
                            pod_seen(m)->template->spec))
        send_binding(b);
    else if (sim_now(sim) >= b->until)
        give_up(b, m);
    else
        sim_after(sim, BIND_CHECK, &ev_volumes, b, 0);
}

static void bind(struct scheduler *s, struct queued *q, const struct pod *p,
                 const struct sched_node *n)
{
    struct binding *b = arena_make(s->w->arena, struct binding);
    const struct pod_spec *spec = p->template->spec;

    b->s = s;
    b->queued = q;
    b->pod = p->meta.uid;
    b->node = n->node.meta.uid;
    nominate(s, b->pod, 0);
    place(s, p, n->node.meta.uid);
    if (sched_volumes_bound(&s->volumes, p->meta.space, spec)) {
        send_binding(b);
        return;
    }
    sched_volumes_reserve(&s->volumes, s->w, &s->client, p->meta.space, spec,
                          &n->node);
    b->until = world_now(s->w) + BIND_TIMEOUT;
    sim_after(s->w->sim, BIND_CHECK, &ev_volumes, b, 0);
}

static const char *sentence(struct scheduler *s, const struct sched_cycle *c,
                            const struct refusals *r)
{
    char *text = arena_printf(s->w->arena, "0/%zu nodes are available",
                              c->nnodes);

    for (size_t i = 0; i < r->n; i++)
        text = arena_printf(s->w->arena, "%s%s %d %s", text,
                            i ? "," : ":", r->items[i].count,
                            r->items[i].why);
    return arena_printf(s->w->arena, "%s.", text);
}

/* The pod fits nowhere: say so, and let it wait. */
static void wait_for_better(struct scheduler *s, struct queued *q,
                            const struct pod *p, const struct sched_cycle *c,
                            const struct refusals *r)
{
    const struct nominee *at = nomination_of(s, p->meta.uid);

    q->attempts++;
    q->tried = world_now(s->w);
    q->where = WAITING;
    q->refused_by = r->by;
    vec_push(s->w->arena, &s->later, q);
    if (s->w->record.rows)
        record_event(s->w, &p->meta, "Warning", "FailedScheduling", "%s",
                     sentence(s, c, r));
    if (!p->unschedulable || p->nominated != (at ? at->node : 0)) {
        struct call *call = call_new(s->w, CALL_UPDATE_STATUS);

        call->draft = api_draft(s->w->api, &p->meta);
        call->draft->version = 0;
        pod_of(call->draft)->unschedulable = true;
        pod_of(call->draft)->nominated = at ? at->node : 0;
        client_send(&s->client, call);
    }
    arm_flush(s);
}

/* ---- preemption --------------------------------------------------------- */

static void delete_victim(struct scheduler *s, object_uid pod)
{
    struct call *call = call_new(s->w, CALL_DELETE);

    call->uid = pod;
    client_send(&s->client, call);
}

/* The status of a victim is patched: it says why; then it is deleted. */
static void tell_victim(struct call *call, enum api_code code,
                        const struct meta *result, const char *reason)
{
    struct scheduler *s = call->ctx;
    const struct meta *m = code == API_OK ? api_get(s->w->api, result->uid)
                                          : NULL;
    struct meta *draft;

    (void)reason;
    if (!m || meta_deleting(m))
        return;
    draft = api_draft(s->w->api, m);
    pod_of(draft)->disruption = "PreemptionByScheduler";
    api_update_status(s->w->api, draft, NULL, NULL);
    delete_victim(s, call->uid);
}

/* Ask a victim to go. */
static void evict(struct scheduler *s, const struct pod *victim,
                  const struct pod *p, const struct sched_node *n)
{
    struct call *call;

    if (meta_deleting(&victim->meta))
        return;
    if (world_is(s->w, KUBE_1_20)) {
        delete_victim(s, victim->meta.uid);
    } else {
        call = call_new(s->w, CALL_GET);
        call->uid = victim->meta.uid;
        call->done = tell_victim;
        call->ctx = s;
        client_send(&s->client, call);
    }
    record_event(s->w, &victim->meta, "Normal", "Preempted",
                 "Preempted by %s/%s on node %s", p->meta.space, p->meta.name,
                 n->node.meta.name);
}

/* Pods of less priority that were to have this room look elsewhere. */
static void displace(struct scheduler *s, const struct pod *p,
                     const struct sched_node *n)
{
    for (size_t i = s->nominees.len; i-- > 0;) {
        struct nominee x = s->nominees.items[i];
        const struct meta *m = informer_get(s->pods, x.pod);
        struct queued *q = map_get_number(&s->queued, x.pod);

        if (x.node != n->node.meta.uid || !m ||
            pod_seen(m)->priority >= p->priority)
            continue;
        nominate(s, x.pod, 0);
        if (q && q->where == WAITING)
            move_one(s, q);
    }
}

/* Make room for the pod, if that may be and helps. */
static void preempt(struct scheduler *s, const struct attempt *a,
                    const struct refusals *r)
{
    const struct nominee *old = nomination_of(s, a->pod->meta.uid);
    const struct sched_node *node = old ? node_by_uid(s, old->node) : NULL;
    bool hopeless = true;
    struct victims v;
    struct stream luck;

    for (size_t i = 0; i < r->nhopeful; i++)
        hopeless &= r->hopeful[i] != node;
    if (!preempt_eligible(a, node, hopeless))
        return;
    world_stream(s->w, &luck, PURPOSE_SCHEDULER, ~a->pod->entity);
    v = preempt_choose(a, r->hopeful, r->nhopeful,
                       r->nhopeful ? stream_below(&luck,
                                                  (uint32_t)r->nhopeful) : 0);
    nominate(s, a->pod->meta.uid, v.node ? v.node->node.meta.uid : 0);
    for (size_t i = 0; i < v.n; i++)
        evict(s, v.pods[i], a->pod, v.node);
    if (v.node)
        displace(s, a->pod, v.node);
}

/* The node that room was made on, if the pod fits there now. */
static bool fits_where_nominated(struct scheduler *s, const struct attempt *a)
{
    const struct nominee *x = nomination_of(s, a->pod->meta.uid);
    struct sched_node *n = x ? node_by_uid(s, x->node) : NULL;

    if (!n || attempt_filter(a, n, NULL))
        return false;
    a->c->feasible[a->c->nfeasible++] = n;
    return true;
}

static void schedule_one(struct scheduler *s, struct queued *q)
{
    const struct meta *m = informer_get(s->pods, q->pod);
    struct sched_cycle c;
    struct refusals r = { 0 };
    struct attempt a = { .w = s->w, .c = &c, .pods = s->pods,
                         .budgets = s->budgets,
                         .nominees = s->nominees.items,
                         .nnominees = s->nominees.len };

    if (!m || pod_seen(m)->node || meta_deleting(m))
        return;
    q->where = IN_FLIGHT;
    start_cycle(s, &c, pod_seen(m));
    a.pod = pod_seen(m);
    sched_prefilter(&c);
    if (!fits_where_nominated(s, &a))
        find_feasible(s, &a, &r);
    if (c.nfeasible == 0) {
        preempt(s, &a, &r);
        wait_for_better(s, q, pod_seen(m), &c, &r);
        return;
    }
    map_put_number(&s->queued, q->pod, NULL);
    bind(s, q, pod_seen(m), choose(s, &c, pod_seen(m)));
}

static struct queued *next_pod(struct scheduler *s)
{
    struct queued *q;

    if (s->active.len > 0)
        return active_pop(s);
    if (world_is(s->w, KUBE_1_20))
        return NULL;
    q = first_backoff(s);       /* 1.33+: nothing better to do */
    if (q)
        remove_later(s, q);
    return q;
}

static void fire_cycle(struct sim *sim, void *subject, int64_t arg)
{
    struct scheduler *s = subject;
    struct queued *q;

    (void)sim;
    (void)arg;
    s->busy = false;
    if (s->stopped)
        return;
    q = next_pod(s);
    if (q)
        schedule_one(s, q);
    wake(s);
}

static const struct event_kind ev_cycle = {
    .name = "scheduler.cycle", .rank = RANK_SYNC, .fire = fire_cycle,
};

/* Start a cycle if there is a pod and none is running. */
static void wake(struct scheduler *s)
{
    bool work = s->active.len > 0 ||
                (world_is(s->w, KUBE_1_36) && first_backoff(s));

    if (s->busy || s->stopped || !work)
        return;
    s->busy = true;
    sim_after(s->w->sim, world_draw(s->w, TIMING_SCHEDULE, &s->stream),
              &ev_cycle, s, 0);
}

size_t scheduler_pods_on(const struct scheduler *s, const struct node *n)
{
    return n->index < s->by_index.len && s->by_index.items[n->index]
               ? s->by_index.items[n->index]->pods.len : 0;
}

void scheduler_stop(struct scheduler *s, bool stopped)
{
    s->stopped = stopped;
    wake(s);
}

/* ---- life --------------------------------------------------------------------------------- */

static const struct informer_ops watch_pods = {
    .name = "scheduler.pods", .latency = TIMING_WATCH_SCHEDULER,
    .handle = on_pod,
};
static const struct informer_ops watch_nodes = {
    .name = "scheduler.nodes", .latency = TIMING_WATCH_SCHEDULER,
    .handle = on_node,
};
static const struct informer_ops watch_services = {
    .name = "scheduler.services", .latency = TIMING_WATCH_SCHEDULER,
};
static const struct informer_ops watch_replicasets = {
    .name = "scheduler.replicasets", .latency = TIMING_WATCH_SCHEDULER,
};
static const struct informer_ops watch_rcs = {
    .name = "scheduler.controllers", .latency = TIMING_WATCH_SCHEDULER,
};
static const struct informer_ops watch_budgets = {
    .name = "scheduler.budgets", .latency = TIMING_WATCH_SCHEDULER,
};
static const struct informer_ops watch_statefulsets = {
    .name = "scheduler.statefulsets", .latency = TIMING_WATCH_SCHEDULER,
};

static void on_storage(void *ctx, const struct meta *before,
                       const struct meta *after)
{
    (void)before;
    (void)after;
    happened(ctx, STORAGE_CHANGED, NULL);
}

static const struct informer_ops watch_storage = {
    .name = "scheduler.storage", .latency = TIMING_WATCH_SCHEDULER,
    .handle = on_storage,
};

struct scheduler *scheduler_new(struct world *w)
{
    struct scheduler *s = arena_make(w->arena, struct scheduler);

    s->w = w;
    s->scratch = arena_under(w->arena);
    s->censuses = census_book_new(w->arena);
    map_init(&s->queued, w->arena);
    map_init(&s->placed, w->arena);
    client_init(&s->client, w, w->spec->cluster.scheduler_qps,
                w->spec->cluster.scheduler_burst, TIMING_API_WRITE,
                PURPOSE_SCHEDULER);
    world_stream(w, &s->stream, PURPOSE_TIMING, PURPOSE_SCHEDULER);
    s->nodes = informer_new(w, KIND_NODE, &watch_nodes, s);
    for (size_t i = 0; i < informer_count(s->nodes); i++)
        on_node(s, NULL, informer_at(s->nodes, i));
    s->services = informer_new(w, KIND_SERVICE, &watch_services, s);
    s->replicasets = informer_new(w, KIND_REPLICASET, &watch_replicasets, s);
    s->rcs = informer_new(w, KIND_RC, &watch_rcs, s);
    s->statefulsets = informer_new(w, KIND_STATEFULSET, &watch_statefulsets,
                                   s);
    s->budgets = informer_new(w, KIND_PDB, &watch_budgets, s);
    sched_volumes_watch(&s->volumes, w, &watch_storage, s);
    s->pods = informer_new(w, KIND_POD, &watch_pods, s);
    return s;
}
