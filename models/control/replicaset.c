/*
 * replicaset.c - the ReplicaSet controller: as many active pods as asked for.
 *
 * A sync compares the active pods it has seen with spec.replicas and creates
 * or deletes the difference, at most 500: creations in batches of 1, 2, 4, ...
 * that stop at the first error, deletions all at once, the least useful pods
 * first.  Then it writes the status, counted before these writes, once more
 * if another writer came between.  While creations or deletions asked for have
 * not been seen, it only writes the status.
 *
 * minReadySeconds.  1.36 looks again exactly when the next pod will be
 * available.  1.20 looks minReadySeconds after a sync that saw all pods Ready,
 * or a second more after a pod turned Ready, whichever is first; so it is late.
 *
 * Stale caches.  1.36 refuses to sync while its own last status write has not
 * come back, and tries again with back-off.  So it sees more pods turn Ready
 * between two status writes: with the default client limits its rollouts of 50
 * pods are a second faster than those of 1.20, as in the recordings.
 *
 * ReplicationControllers are served by the same code: one struct, another kind.
 *
 * Not modelled: the GET before an adoption.  Availability is judged at the
 * start of a sync, not after its creations.
 * Source: kubernetes pkg/controller/replicaset/replica_set.go,
 * replica_set_utils.go at v1.20.2 and v1.36.2; reference section 2.
 */
#include "models/replicaset.h"

#include <string.h>

#include "replicaset_impl.h"
#include "base/bug.h"
#include "models/deployment.h"
#include "models/pod_control.h"
#include "models/world.h"

/* The numbers of a status. */
struct counts {
    int active, ready, labeled, available, terminating;
};

/* One sync whose calls are under way. */
struct pending {
    struct replicasets *rs;
    struct set_state *st;
    struct replicaset seen;     /* a copy: as the sync saw it */
    struct counts counts;
    int planned, answered, refused;     /* creations or deletions */
    bool deleting;
    enum api_code status_code;  /* of the first status write; 0: none yet */
};

/* ---- events ------------------------------------------------------------- */

static void on_set(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct replicasets *rs = ctx;
    object_uid uid = after ? after->uid : before->uid;

    if (!after)
        set_state_of(rs, uid)->expected.set = false;
    controller_enqueue(rs->c, uid);
}

/* Queue every set whose selector matches an orphan. */
static void enqueue_matching(struct replicasets *rs, const struct meta *m)
{
    for (size_t i = 0; i < informer_count(rs->sets); i++) {
        const struct replicaset *set =
            replicaset_seen(informer_at(rs->sets, i));

        if (orphan_fits(m, set->meta.space, set->selector))
            controller_enqueue(rs->c, set->meta.uid);
    }
}

/* A pod of a set is new, changed or gone: tell the set's expectations. */
static void observe(struct replicasets *rs, const struct meta *before,
                    const struct meta *after)
{
    const struct meta *m = after ? after : before;
    const struct meta *set = informer_get(rs->sets, m->owner);
    struct set_state *st = set_state_of(rs, m->owner);

    if (!set)
        return;
    if (!after || meta_deleting(after))
        deletion_observed(st, m->uid);
    else if (!before)
        st->expected.creations--;
    controller_enqueue(rs->c, m->owner);
    if (after && before && !meta_deleting(after) && pod_seen(after)->ready &&
        !pod_seen(before)->ready && replicaset_seen(set)->min_ready_s > 0) {
        sim_time delay = replicaset_seen(set)->min_ready_s * SIM_S;

        if (world_is(rs->c->w, KUBE_1_20))
            delay += SIM_S;     /* "to avoid milliseconds skew" */
        controller_enqueue_after(rs->c, m->owner, delay);
    }
}

static void on_pod(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct replicasets *rs = ctx;

    orphans_see(&rs->orphans, before, after);
    set_count(rs, before, after);
    if (before && before->owner != 0 && after &&
        after->owner != before->owner &&
        informer_get(rs->sets, before->owner))
        controller_enqueue(rs->c, before->owner);
    if ((after ? after : before)->owner != 0)
        observe(rs, before, after);
    else if (after && (!before || before->owner != 0 ||
                       !labels_equal(before->labels, after->labels)))
        enqueue_matching(rs, after);
}

static const struct informer_ops watch_sets = {
    .name = "replicaset.sets", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_set,
};

/* Pods of other controllers are not looked at. */
static bool wants_owned(void *ctx, const struct meta *before,
                        const struct meta *after)
{
    const struct replicasets *rs = ctx;

    return owned_by_kind(rs->c->w->api, KIND_RC, before, after);
}

static const struct informer_ops watch_rcs = {
    .name = "replication.controllers", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_set,
};

static const struct informer_ops watch_rc_pods = {
    .name = "replication.pods", .latency = TIMING_WATCH_CONTROLLER,
    .wants = wants_owned, .handle = on_pod,
};

static const struct informer_ops watch_pods = {
    .name = "replicaset.pods", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_pod,
};

/* ---- status ------------------------------------------------------------- */

static struct counts counts_of(const struct replicasets *rs,
                               const struct set_state *st)
{
    const struct tally *t = &st->tally;

    CHECK(st->counted && t->ready >= (int)st->waiting.len);
    return (struct counts){
        .active = t->active,
        .ready = t->ready,
        .labeled = t->labeled,
        .available = t->ready - (int)st->waiting.len,
        .terminating = world_is(rs->c->w, KUBE_1_20) ? 0 : t->terminating,
    };
}

/* failure: why creating or deleting went wrong, NULL if it did not. */
static struct condition failure_of(const struct pending *p,
                                   const char *failure, sim_time now)
{
    struct condition c = p->seen.replica_failure;

    if (failure && c.status == CONDITION_ABSENT)
        condition_set(&c, CONDITION_TRUE,
                      p->deleting ? "FailedDelete" : "FailedCreate", failure,
                      now);
    else if (!failure)
        c = (struct condition){ 0 };
    return c;
}

static bool status_is(const struct replicaset *s, const struct counts *c,
                      const struct condition *failure)
{
    return s->status_replicas == c->active && s->ready == c->ready &&
           s->fully_labeled == c->labeled && s->available == c->available &&
           s->terminating == c->terminating &&
           s->observed_generation == s->meta.generation &&
           s->replica_failure.status == failure->status;
}

/* A draft of the status, based on m but for its version. */
static struct call *write_status(struct replicasets *rs, struct sync *s,
                                 const struct meta *m, uint64_t version,
                                 const struct pending *p)
{
    struct replicaset *draft = replicaset_of(api_draft(rs->c->w->api, m));

    draft->meta.version = version;
    draft->status_replicas = p->counts.active;
    draft->ready = p->counts.ready;
    draft->fully_labeled = p->counts.labeled;
    draft->available = p->counts.available;
    draft->terminating = p->counts.terminating;
    draft->observed_generation = p->seen.meta.generation;
    draft->replica_failure = p->seen.replica_failure;
    return sync_update_status(s, &draft->meta);
}

/* Look again when the next pod will be available. */
static void plan_check(struct replicasets *rs, struct sync *s,
                       const struct set_state *st,
                       const struct replicaset *set,
                       const struct counts *counts)
{
    sim_time fallback = set->min_ready_s * SIM_S;
    sim_time now = world_now(rs->c->w), next;

    if (set->min_ready_s == 0)
        return;
    if (world_is(rs->c->w, KUBE_1_20)) {
        if (counts->ready == set->replicas &&
            counts->available != set->replicas)
            sync_requeue_after(s, fallback);
        return;
    }
    if (counts->ready == counts->available)
        return;
    next = set_next_available(rs, st);
    sync_requeue_after(s, next == SIM_NEVER ? fallback : next - now);
}

static void on_status(struct call *call, enum api_code code,
                      const struct meta *result, const char *reason)
{
    struct pending *p = call->ctx;

    (void)reason;
    p->status_code = code;
    if (result)
        p->st->wrote = result->version;
}

static void end_sync(struct controller *c, struct sync *s, object_uid key,
                     bool error, const char *why, void *arg)
{
    struct replicasets *rs = c->state;
    struct pending *p = arg;

    (void)key;
    (void)error;
    (void)why;
    if (p->status_code == API_OK && p->refused == 0)
        plan_check(rs, s, p->st, &p->seen, &p->counts);
    pool_put(&rs->pending, p);
}

/* The newest version has been fetched: try once more. */
static void after_get(struct controller *c, struct sync *s, object_uid key,
                      bool error, const char *why, void *arg)
{
    const struct meta *newest = api_get(c->w->api, key);
    struct call *call;

    if (!newest) {
        end_sync(c, s, key, error, why, arg);
        return;
    }
    call = write_status(c->state, s, newest, newest->version, arg);
    call->done = on_status;
    call->ctx = arg;
    sync_finally(s, end_sync, arg);
}

/* The first status write was answered. */
static void after_status(struct controller *c, struct sync *s, object_uid key,
                         bool error, const char *why, void *arg)
{
    const struct pending *p = arg;

    if (p->status_code == API_CONFLICT) {
        sync_get(s, key);
        sync_finally(s, after_get, arg);
        return;
    }
    if (p->status_code != 0 && p->status_code != API_OK)
        sync_fail(s, "status could not be written");
    end_sync(c, s, key, error, why, arg);
}

/* Write what p counted, if it is news, and look ahead. */
static void settle_status(struct replicasets *rs, struct sync *s,
                          struct pending *p, const char *failure)
{
    struct condition c = failure_of(p, failure, world_now(rs->c->w));
    const struct meta *m = informer_get(rs->sets, p->seen.meta.uid);
    struct call *call;

    if (!m) {
        pool_put(&rs->pending, p);
        return;
    }
    if (status_is(&p->seen, &p->counts, &c)) {
        if (!failure)
            plan_check(rs, s, p->st, &p->seen, &p->counts);
        pool_put(&rs->pending, p);
        return;
    }
    p->seen.replica_failure = c;
    call = write_status(rs, s, m, p->seen.meta.version, p);
    call->done = on_status;
    call->ctx = p;
    sync_tolerate(s, call);
    sync_finally(s, after_status, p);
}

/* ---- creating and deleting ---------------------------------------------- */

static void on_created(struct call *call, enum api_code code,
                       const struct meta *result, const char *reason)
{
    struct pending *p = call->ctx;

    p->answered++;
    CHECK(!p->deleting && p->answered <= p->planned);
    if (code == API_CREATED) {
        controller_event(p->rs->c, &p->seen.meta, "Normal",
                         "SuccessfulCreate", "Created pod: %s", result->name);
        return;
    }
    p->refused++;
    p->st->expected.creations--;
    if (reason && strstr(reason, "because it is being terminated"))
        return;                 /* with its namespace: not worth an Event */
    controller_event(p->rs->c, &p->seen.meta, "Warning", "FailedCreate",
                     "Error creating: %s", reason ? reason : "refused");
}

static void on_deleted(struct call *call, enum api_code code,
                       const struct meta *result, const char *reason)
{
    struct pending *p = call->ctx;
    const struct meta *pod = informer_get(p->rs->pods, call->uid);

    (void)result;
    p->answered++;
    CHECK(p->deleting && p->answered <= p->planned);
    if (code == API_OK) {
        controller_event(p->rs->c, &p->seen.meta, "Normal",
                         "SuccessfulDelete", "Deleted pod: %s",
                         pod ? pod->name : "");
        return;
    }
    deletion_observed(p->st, call->uid);
    if (code == API_NOT_FOUND)
        return;
    p->refused++;
    controller_event(p->rs->c, &p->seen.meta, "Warning", "FailedDelete",
                     "Error deleting: %s", reason ? reason : "refused");
}

static void create_pods(struct replicasets *rs, struct sync *s,
                        struct pending *p, int n)
{
    struct world *w = rs->c->w;
    int left = n, batch = 0;

    expect_creations(p->st, n, world_now(w));
    while ((batch = slow_start_batch(left, batch)) > 0) {
        sync_batch_begin(s);
        for (int i = 0; i < batch; i++) {
            const char *name = pod_name(w, p->seen.meta.name);
            struct call *call =
                sync_create(s, pod_draft(w, &p->seen.meta, p->seen.template,
                                         name));

            call->done = on_created;
            call->ctx = p;
        }
        sync_batch_end(s);
        left -= batch;
    }
}

static struct victim victim_of(const struct replicasets *rs,
                               const struct set_state *st,
                               const struct pod *p)
{
    const struct world *w = rs->c->w;
    struct victim v = {
        .pod = p,
        .cost = p->meta.annotations ? pod_deletion_cost(p) : 0,
        .rank = set_rank(st, p),
        .ready_since = SIM_NEVER,
        .created = world_second_starts(w, world_second(w, p->meta.created)),
    };

    if (p->ready && p->ready_changed != SIM_NEVER)
        v.ready_since = world_second_starts(w,
                                            world_second(w,
                                                         p->ready_changed));
    return v;
}

/* The k pods to go, first in the array. */
static struct victim *choose(struct replicasets *rs,
                             const struct set_state *st, size_t *k)
{
    struct world *w = rs->c->w;
    size_t owned, n = 0;
    const object_uid *pods = informer_owned(rs->pods, st->uid, &owned);
    struct victim *v = arena_many(rs->scratch, struct victim, owned);

    for (size_t i = 0; i < owned; i++) {
        const struct pod *p = pod_seen(informer_get(rs->pods, pods[i]));

        if (set_counts(st, p))
            v[n++] = victim_of(rs, st, p);
    }
    if (n <= *k)
        *k = n;                 /* all of them: no choice to make */
    else
        victims_choose(v, n, *k, world_now(w), w->spec->cluster.version);
    return v;
}

static void delete_pods(struct replicasets *rs, struct sync *s,
                        struct pending *p, int n)
{
    size_t k = (size_t)n;
    const struct victim *v = choose(rs, p->st, &k);

    expect_deletions(p->st, world_now(rs->c->w));
    p->planned = (int)k;
    sync_batch_begin(s);
    for (size_t i = 0; i < k; i++) {
        object_uid uid = v[i].pod->meta.uid;
        struct call *call = sync_delete(s, uid);

        expect_deletion_of(rs, p->st, uid);
        call->done = on_deleted;
        call->ctx = p;
    }
    sync_batch_end(s);
}

/* Append the calls that bring the pods to spec.replicas. */
static void manage(struct replicasets *rs, struct sync *s, struct pending *p)
{
    int diff = p->counts.active - p->seen.replicas;
    int n = diff < 0 ? -diff : diff;

    p->planned = n = n < BURST_REPLICAS ? n : BURST_REPLICAS;
    p->deleting = diff > 0;
    if (diff < 0)
        create_pods(rs, s, p, n);
    else if (diff > 0)
        delete_pods(rs, s, p, n);
}

/* All creations or deletions are answered, or were given up. */
static void after_manage(struct controller *c, struct sync *s, object_uid key,
                         bool error, const char *why, void *arg)
{
    struct replicasets *rs = c->state;
    struct pending *p = arg;

    (void)key;
    CHECK(p->planned > 0);
    if (!p->deleting)
        p->st->expected.creations -= p->planned - p->answered;
    if (p->answered == 0 && p->planned > 0) {
        p->st->expected.set = false;    /* an adoption failed before */
        pool_put(&rs->pending, p);
        return;
    }
    settle_status(rs, s, p, error ? why : NULL);
}

/* ---- adopting and releasing --------------------------------------------- */

static void change_owner(struct replicasets *rs, struct sync *s,
                         const struct meta *m, object_uid owner)
{
    struct meta *draft = api_draft(rs->c->w->api, m);

    draft->owner = owner;
    sync_update(s, draft);
}

static void release_strays(struct replicasets *rs, struct sync *s,
                           const struct set_state *st)
{
    size_t n;
    const object_uid *pods = informer_owned(rs->pods, st->uid, &n);

    for (size_t i = 0; i < n; i++) {
        const struct meta *m = informer_get(rs->pods, pods[i]);

        if (pod_active(pod_seen(m)) &&
            !selector_match(st->selector, m->labels))
            change_owner(rs, s, m, 0);
    }
}

/* Adopt matching orphans; they count already. */
static void adopt(struct replicasets *rs, struct sync *s, struct pending *p)
{
    for (size_t i = 0; i < uids_len(&rs->orphans.list); i++) {
        const struct meta *m = informer_get(rs->pods,
                                            uids_items(&rs->orphans.list)[i]);
        const struct pod *pod = pod_seen(m);

        if (!pod_active(pod) ||
            !orphan_fits(m, p->seen.meta.space, p->seen.selector))
            continue;
        change_owner(rs, s, m, p->seen.meta.uid);
        p->counts.active++;
        p->counts.ready += pod->ready;
        p->counts.available += pod_available(rs->c->w, pod,
                                             p->seen.min_ready_s,
                                             world_now(rs->c->w));
    }
}

/* ---- the control loop --------------------------------------------------- */

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct replicasets *rs = c->state;
    const struct meta *m = informer_get(rs->sets, key);
    struct set_state *st = set_state_of(rs, key);
    struct pending *p;

    if (!m)
        return;
    if (!world_is(c->w, KUBE_1_20) && m->version < st->wrote) {
        sync_fail(s, "the cache is older than the last status written");
        return;
    }
    arena_reset(rs->scratch);
    set_recount(rs, st, replicaset_seen(m));
    p = pool_take(&rs->pending);
    p->rs = rs;
    p->st = st;
    p->seen = *replicaset_seen(m);
    p->counts = counts_of(rs, st);
    if (!meta_deleting(m)) {
        if (st->tally.strays > 0)
            release_strays(rs, s, st);
        adopt(rs, s, p);
        if (expectations_satisfied(st, world_now(c->w)))
            manage(rs, s, p);
    }
    if (p->planned > 0)
        sync_finally(s, after_manage, p);
    else
        settle_status(rs, s, p, NULL);
}

/* Start for objects of this kind, watched like that. */
static void start_for(struct controller *c, enum kind kind,
                      const struct informer_ops *sets,
                      const struct informer_ops *pods)
{
    struct world *w = c->w;
    struct replicasets *rs = arena_make(w->arena, struct replicasets);

    rs->c = c;
    c->state = rs;
    rs->scratch = arena_under(w->arena);
    map_init(&rs->states, w->arena);
    map_init(&rs->groups, w->arena);
    pool_init(&rs->pending, w->arena, sizeof(struct pending));
    rs->sets = informer_new(w, kind, sets, rs);
    rs->pods = informer_new(w, KIND_POD, pods, rs);
    orphans_init(&rs->orphans, w->arena, rs->pods);
    for (size_t i = 0; i < informer_count(rs->sets); i++)
        controller_enqueue(c, informer_at(rs->sets, i)->uid);
}

static void start(struct controller *c)
{
    start_for(c, KIND_REPLICASET, &watch_sets, &watch_pods);
}

static void start_rc(struct controller *c)
{
    start_for(c, KIND_RC, &watch_rcs, &watch_rc_pods);
}

const struct controller_ops controller_replicaset = {
    .name = "replicaset",
    .doc = "keeps as many pods of each ReplicaSet as it asks for",
    .workers = 5,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};

const struct controller_ops controller_replication = {
    .name = "replication",
    .doc = "keeps as many pods of each ReplicationController as it asks for",
    .workers = 5,
    .max_retries = -1,
    .start = start_rc,
    .sync = sync,
};
