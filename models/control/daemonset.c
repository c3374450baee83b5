/*
 * daemonset.c - the DaemonSet controller: from events to syncs, from plans to
 * calls.
 *
 * A sync finds or makes the revision of the template, then manages the pods of
 * all nodes, then, if what that asked for has been seen already, takes a step
 * of the rolling update, then drops old revisions and writes the status.  Each
 * stage looks at the caches anew.  Creations go in batches of 1, 2, 4, ...,
 * at most 250; while creations or deletions asked for have not been seen, only
 * the status is written.  Failed pods are deleted after 1 s, 2 s, ... 15 min.
 *
 * minReadySeconds: looked at again that long after a status that shows pods
 * ready and not available, also in 1.36 (README-1.36 of the recordings, row
 * 2).
 *
 * Not modelled: the GET before an adoption.
 * Source: kubernetes pkg/controller/daemon/daemon_controller.go, update.go at
 * v1.20.2 and v1.36.2; reference 3.2.
 */
#include <string.h>

#include "daemonset_impl.h"
#include "base/bug.h"
#include "base/text.h"
#include "models/pod_control.h"
#include "models/replicaset.h"
#include "models/revision.h"
#include "models/world.h"

#define EXPECTATIONS_TIMEOUT (5 * 60 * SIM_S)   /* ExpectationsTimeout */
#define FAILED_BACKOFF SIM_S    /* NewBackOff(1 s, 15 min) */
#define FAILED_BACKOFF_MAX (15 * 60 * SIM_S)

struct daemon_state *daemon_state_of(struct daemonsets *ds, object_uid uid)
{
    struct daemon_state *st = map_get_number(&ds->states, uid);

    if (!st) {
        st = arena_make(ds->c->w->arena, struct daemon_state);
        st->ds = ds;
        st->uid = uid;
        map_init(&st->failing, ds->c->w->arena);
        map_put_number(&ds->states, uid, st);
    }
    return st;
}

/* ---- events ------------------------------------------------------------- */

static void on_set(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct daemonsets *ds = ctx;
    object_uid uid = after ? after->uid : before->uid;

    unseen_show(&daemon_state_of(ds, uid)->unseen, uid, after);
    if (!after)
        daemon_state_of(ds, uid)->expected.set = false;
    controller_enqueue(ds->c, uid);
}

/* Queue every set whose selector matches an orphan. */
static void enqueue_matching(struct daemonsets *ds, const struct meta *m)
{
    for (size_t i = 0; i < informer_count(ds->sets); i++) {
        const struct daemonset *set = daemonset_seen(informer_at(ds->sets,
                                                                 i));

        if (orphan_fits(m, set->meta.space, set->selector))
            controller_enqueue(ds->c, set->meta.uid);
    }
}

/* A pod of a set is new, changed or gone. */
static void observe(struct daemonsets *ds, const struct meta *before,
                    const struct meta *after)
{
    const struct meta *m = after ? after : before;
    const struct meta *set = informer_get(ds->sets, m->owner);
    struct daemon_state *st = daemon_state_of(ds, m->owner);

    if (!set)
        return;
    unseen_show(&st->unseen, m->uid, after);
    if (!after || meta_deleting(after))
        st->expected.deletions--;
    else if (!before)
        st->expected.creations--;
    controller_enqueue(ds->c, m->owner);
    if (after && before && !meta_deleting(after) && pod_seen(after)->ready &&
        !pod_seen(before)->ready && daemonset_seen(set)->min_ready_s > 0)
        controller_enqueue_after(ds->c, m->owner,
                                 (daemonset_seen(set)->min_ready_s + 1) *
                                     SIM_S);
}

static void on_pod(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct daemonsets *ds = ctx;

    orphans_see(&ds->orphans, before, after);
    if (before && before->owner != 0 && after &&
        after->owner != before->owner && informer_get(ds->sets,
                                                      before->owner))
        controller_enqueue(ds->c, before->owner);
    if ((after ? after : before)->owner != 0)
        observe(ds, before, after);
    else if (after && (!before || before->owner != 0 ||
                       !labels_equal(before->labels, after->labels)))
        enqueue_matching(ds, after);
}

/* Queue the sets to which the change of a node matters. */
static void on_node(void *ctx, const struct meta *before,
                    const struct meta *after)
{
    struct daemonsets *ds = ctx;

    for (size_t i = 0; after && i < informer_count(ds->sets); i++) {
        const struct daemonset *d = daemonset_seen(informer_at(ds->sets, i));
        bool did_stay = false, stay, did_run = false, run;

        if (before)
            did_run = daemon_eligible(ds, d, node_seen(before), &did_stay);
        run = daemon_eligible(ds, d, node_seen(after), &stay);
        if (run != did_run || (before && stay != did_stay))
            controller_enqueue(ds->c, d->meta.uid);
    }
}

static void on_revision(void *ctx, const struct meta *before,
                        const struct meta *after)
{
    struct daemonsets *ds = ctx;
    const struct meta *m = after ? after : before;

    orphans_see(&ds->lost_revisions, before, after);
    if (!informer_get(ds->sets, m->owner))
        return;
    unseen_show(&daemon_state_of(ds, m->owner)->unseen, m->uid, after);
    if (before)
        controller_enqueue(ds->c, m->owner);
}

/* Pods of other controllers are not looked at. */
static bool wants_owned(void *ctx, const struct meta *before,
                        const struct meta *after)
{
    const struct daemonsets *ds = ctx;

    return owned_by_kind(ds->c->w->api, KIND_DAEMONSET, before, after);
}

/* Only what a node selects or repels by. */
static bool wants_node(void *ctx, const struct meta *before,
                       const struct meta *after)
{
    (void)ctx;
    return !before || !after ||
           !labels_equal(before->labels, after->labels) ||
           node_seen(before)->taints != node_seen(after)->taints ||
           node_seen(before)->ntaints != node_seen(after)->ntaints;
}

static const struct informer_ops watch_sets = {
    .name = "daemonset.sets", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_set,
};

static const struct informer_ops watch_pods = {
    .name = "daemonset.pods", .latency = TIMING_WATCH_CONTROLLER,
    .wants = wants_owned, .handle = on_pod,
};

static const struct informer_ops watch_nodes = {
    .name = "daemonset.nodes", .latency = TIMING_WATCH_CONTROLLER,
    .wants = wants_node, .handle = on_node,
};

static const struct informer_ops watch_revisions = {
    .name = "daemonset.revisions", .latency = TIMING_WATCH_CONTROLLER,
    .wants = wants_owned, .handle = on_revision,
};

/* ---- status ------------------------------------------------------------- */

static void on_status(struct call *call, enum api_code code,
                      const struct meta *result, const char *reason)
{
    struct daemon_state *st = call->ctx;

    (void)reason;
    st->status_code = code;
    if (result)
        unseen_expect(&st->unseen, st->ds->c->w->arena, result->uid,
                      result->version);
}

static void write_status(struct sync *s, struct daemon_state *st,
                         const struct meta *m, uint64_t version,
                         const struct daemonset *status)
{
    struct meta *draft = api_draft(st->ds->c->w->api, m);
    struct daemonset *d = daemonset_of(draft);
    struct call *call;

    draft->version = version;
    d->observed_generation = status->observed_generation;
    d->desired = status->desired;
    d->current = status->current;
    d->misscheduled = status->misscheduled;
    d->ready = status->ready;
    d->updated = status->updated;
    d->available = status->available;
    d->unavailable = status->unavailable;
    d->collisions = status->collisions;
    call = sync_update_status(s, draft);
    call->done = on_status;
    call->ctx = st;
    sync_tolerate(s, call);
}

static bool same_status(const struct daemonset *a, const struct daemonset *b)
{
    return a->observed_generation == b->observed_generation &&
           a->desired == b->desired && a->current == b->current &&
           a->misscheduled == b->misscheduled && a->ready == b->ready &&
           a->updated == b->updated && a->available == b->available &&
           a->unavailable == b->unavailable;
}

/* seen now holds the status written: look again if pods wait. */
static void end_sync(struct controller *c, struct sync *s, object_uid key,
                     bool error, const char *why, void *arg)
{
    struct daemon_state *st = arg;

    (void)c;
    (void)key;
    (void)error;
    (void)why;
    if (st->status_code != 0 && st->status_code != API_OK)
        sync_fail(s, "status could not be written");
    else if (st->seen.min_ready_s > 0 && st->seen.ready != st->seen.available)
        sync_requeue_after(s, st->seen.min_ready_s * SIM_S);
}

/* The newest version has been fetched: try once more. */
static void after_get(struct controller *c, struct sync *s, object_uid key,
                      bool error, const char *why, void *arg)
{
    struct daemon_state *st = arg;
    const struct meta *newest = api_get(c->w->api, key);

    if (!newest) {
        end_sync(c, s, key, error, why, arg);
        return;
    }
    write_status(s, st, newest, newest->version, &st->seen);
    sync_finally(s, end_sync, st);
}

static void after_status(struct controller *c, struct sync *s, object_uid key,
                         bool error, const char *why, void *arg)
{
    struct daemon_state *st = arg;

    if (st->status_code != API_CONFLICT) {
        end_sync(c, s, key, error, why, arg);
        return;
    }
    sync_get(s, key);
    sync_finally(s, after_get, st);
}

/* Count, and write what is news. */
static void stage_status(struct sync *s, struct daemon_state *st)
{
    const struct meta *m = informer_get(st->ds->sets, st->uid);
    struct daemonset_view v = daemon_view(st, NULL);
    struct daemonset now = st->seen;
    bool same;

    if (!m)
        return;
    daemonset_count(&v, &now);
    now.collisions = st->collisions;
    if (!st->unprocessed)
        now.observed_generation = now.meta.generation;
    same = same_status(&st->seen, &now);
    st->status_code = 0;
    st->seen = now;
    if (same) {
        end_sync(st->ds->c, s, st->uid, false, NULL, st);
        return;
    }
    write_status(s, st, m, now.meta.version, &now);
    sync_finally(s, after_status, st);
}

/* ---- creating and deleting ---------------------------------------------- */

static bool is_satisfied(const struct daemon_state *st)
{
    const struct daemon_expected *e = &st->expected;

    return !e->set || (e->creations <= 0 && e->deletions <= 0) ||
           world_now(st->ds->c->w) - e->since > EXPECTATIONS_TIMEOUT;
}

static void on_created(struct call *call, enum api_code code,
                       const struct meta *result, const char *reason)
{
    struct daemon_state *st = call->ctx;
    struct controller *c = st->ds->c;

    (void)code;
    st->answered++;
    if (result) {
        unseen_expect(&st->unseen, c->w->arena, result->uid,
                      result->version);
        controller_event(c, &st->seen.meta, "Normal", "SuccessfulCreate",
                         "Created pod: %s", result->name);
        return;
    }
    st->refused++;
    st->expected.creations--;
    controller_event(c, &st->seen.meta, "Warning", "FailedCreate",
                     "Error creating: %s", reason ? reason : "refused");
}

static void on_deleted(struct call *call, enum api_code code,
                       const struct meta *result, const char *reason)
{
    struct daemon_state *st = call->ctx;
    struct controller *c = st->ds->c;
    const struct meta *pod = informer_get(st->ds->pods, call->uid);

    (void)result;
    if (code == API_OK) {
        if (pod)
            unseen_expect(&st->unseen, c->w->arena, call->uid, 0);
        controller_event(c, &st->seen.meta, "Normal", "SuccessfulDelete",
                         "Deleted pod: %s", pod ? pod->name : "");
        return;
    }
    st->expected.deletions--;
    if (code == API_NOT_FOUND)
        return;
    st->refused++;
    controller_event(c, &st->seen.meta, "Warning", "FailedDelete",
                     "Error deleting: %s", reason ? reason : "refused");
}

static int burst(size_t n)
{
    return n < DAEMON_BURST ? (int)n : DAEMON_BURST;
}

static void create_pods(struct sync *s, struct daemon_state *st,
                        const struct daemonset_plan *p, int n)
{
    struct world *w = st->ds->c->w;
    int left = n, batch = 0;

    sync_attempt_begin(s);
    while ((batch = slow_start_batch(left, batch)) > 0) {
        sync_batch_begin(s);
        for (int i = 0; i < batch; i++, left--) {
            const struct node *node = p->creations.items[n - left]->node;
            struct call *call = sync_create(
                s, pod_draft(w, &st->seen.meta, daemon_template_for(st, node),
                             pod_name(w, st->seen.meta.name)));

            call->done = on_created;
            call->ctx = st;
        }
        sync_batch_end(s);
    }
    sync_attempt_end(s);
}

static void delete_pods(struct sync *s, struct daemon_state *st,
                        const struct daemonset_plan *p, int n)
{
    sync_batch_begin(s);
    for (int i = 0; i < n; i++) {
        struct call *call = sync_delete(s, p->deletions.items[i]->meta.uid);

        sync_tolerate(s, call);
        call->done = on_deleted;
        call->ctx = st;
    }
    sync_batch_end(s);
}

/* Append the calls of a plan; false if there are none. */
static bool carry_out(struct sync *s, struct daemon_state *st,
                      const struct daemonset_plan *p)
{
    int creations = burst(p->creations.len);
    int deletions = burst(p->deletions.len);

    st->expected = (struct daemon_expected){
        .set = true, .creations = creations, .deletions = deletions,
        .since = world_now(st->ds->c->w),
    };
    st->planned = creations;
    st->answered = st->refused = 0;
    create_pods(s, st, p, creations);
    delete_pods(s, st, p, deletions);
    return creations + deletions > 0;
}

/* A stage's calls are answered, or were given up; true if all went well. */
static bool settle_calls(struct sync *s, struct daemon_state *st)
{
    st->expected.creations -= st->planned - st->answered;
    if (st->refused == 0)
        return true;
    sync_fail(s, "pods could not be created or deleted");
    return false;
}

/* ---- stages ------------------------------------------------------------- */

static void stage_history(struct sync *s, struct daemon_state *st)
{
    for (size_t i = 0; i < st->expired.len; i++)
        sync_tolerate(s, sync_delete(s, st->expired.items[i]));
    vec_clear(&st->expired);
    stage_status(s, st);
}

/* After pods were refused 1.20 gives up, 1.36 writes the status. */
static void after_refusal(struct sync *s, struct daemon_state *st)
{
    if (!world_is(st->ds->c->w, KUBE_1_20))
        stage_status(s, st);
}

static void after_roll(struct controller *c, struct sync *s, object_uid key,
                       bool error, const char *why, void *arg)
{
    struct daemon_state *st = arg;

    (void)c;
    (void)key;
    (void)why;
    if (!settle_calls(s, st) || error)
        after_refusal(s, st);
    else
        stage_history(s, st);
}

static sim_time never_asked(void *ctx, const struct daemon_place *place,
                            const struct pod *failed)
{
    (void)ctx;
    (void)place;
    (void)failed;
    BUG("a rolling update does not look at failed pods");
}

static void stage_roll(struct sync *s, struct daemon_state *st)
{
    struct daemonset_view v = daemon_view(st, NULL);
    struct daemonset_plan plan;

    v.hold_off = never_asked;
    daemonset_roll(&v, &plan);
    if (carry_out(s, st, &plan))
        sync_finally(s, after_roll, st);
    else
        stage_history(s, st);
}

/* Management is over: may the update go on? */
static void stage_update(struct sync *s, struct daemon_state *st)
{
    if (is_satisfied(st) && !st->seen.on_delete)
        stage_roll(s, st);
    else
        stage_history(s, st);
}

static void after_manage(struct controller *c, struct sync *s, object_uid key,
                         bool error, const char *why, void *arg)
{
    struct daemon_state *st = arg;

    (void)c;
    (void)key;
    (void)why;
    if (!settle_calls(s, st) || error)
        after_refusal(s, st);
    else
        stage_update(s, st);
}

/* A failed pod of a place: now, or not before its back-off is over. */
static sim_time hold_off(void *ctx, const struct daemon_place *place,
                         const struct pod *failed)
{
    struct daemon_state *st = ctx;
    sim_time now = world_now(st->ds->c->w);
    uint64_t key = fnv64(FNV_START, &st->seen.observed_generation,
                         sizeof(st->seen.observed_generation));
    struct backoff *b;

    key = fnv64(key, &place->node->meta.uid, sizeof(object_uid));
    b = map_get_number(&st->failing, key);
    if (!b) {
        b = arena_make(st->ds->c->w->arena, struct backoff);
        map_put_number(&st->failing, key, b);
    }
    if (now < backoff_until(b, now, FAILED_BACKOFF_MAX) &&
        now - b->updated < b->delay)
        return b->delay;
    backoff_next(b, now, now, FAILED_BACKOFF, FAILED_BACKOFF_MAX);
    controller_event(st->ds->c, &st->seen.meta, "Warning", "FailedDaemonPod",
                     "Found failed daemon pod %s/%s on node %s, will try to "
                     "kill it", failed->meta.space, failed->meta.name,
                     place->node->meta.name);
    return 0;
}

static void stage_manage(struct sync *s, struct daemon_state *st)
{
    struct daemonset_view v;
    struct daemonset_plan plan;

    st->unprocessed = !is_satisfied(st);
    if (st->unprocessed) {
        stage_status(s, st);
        return;
    }
    v = daemon_view(st, s);
    v.hold_off = hold_off;
    v.ctx = st;
    daemonset_manage(&v, &plan);
    if (plan.retry != SIM_NEVER)
        controller_enqueue_after(st->ds->c, st->uid, plan.retry);
    if (carry_out(s, st, &plan))
        sync_finally(s, after_manage, st);
    else
        stage_update(s, st);
}

/* ---- revisions ---------------------------------------------------------- */

static void on_revision_made(struct call *call, enum api_code code,
                             const struct meta *result, const char *reason)
{
    struct daemon_state *st = call->ctx;

    (void)reason;
    st->unrevised = result == NULL;
    if (result)
        unseen_expect(&st->unseen, st->ds->c->w->arena, result->uid,
                      result->version);
    else if (code == API_EXISTS)
        st->collisions++;       /* the retry takes another name */
}

static void after_revision(struct controller *c, struct sync *s,
                           object_uid key, bool error, const char *why,
                           void *arg)
{
    struct daemon_state *st = arg;

    (void)c;
    (void)key;
    (void)why;
    arena_reset(st->ds->scratch);
    if (!error && !st->unrevised)
        stage_manage(s, st);
}

/* Revisions named by pods stay. */
static bool is_live(void *ctx, const struct controllerrevision *r)
{
    const struct daemonset_view *v = ctx;
    const char *hash = labels_get(r->meta.labels, REVISION_LABEL);

    for (size_t i = 0; hash && i < v->nplaces; i++)
        for (size_t j = 0; j < v->places[i].npods; j++) {
            const struct pod *p = v->places[i].pods[j];
            const char *its = labels_get(p->meta.labels, REVISION_LABEL);

            if (its && strcmp(its, hash) == 0)
                return true;
        }
    return false;
}

/* Note the old revisions that are too many. */
static void note_expired(struct daemon_state *st,
                         const struct controllerrevision **old, size_t n)
{
    const struct controllerrevision **out;
    struct daemonset_view v;

    vec_clear(&st->expired);
    if ((int)n <= st->seen.revision_history_limit)
        return;
    v = daemon_view(st, NULL);
    out = arena_many(st->ds->scratch, const struct controllerrevision *, n);
    n = revisions_expired(old, n, st->seen.revision_history_limit, true,
                          is_live, &v, out);
    for (size_t i = 0; i < n; i++)
        vec_push(st->ds->c->w->arena, &st->expired, out[i]->meta.uid);
}

/* The history of the set, lowest first. */
static const struct controllerrevision **history_of(struct daemon_state *st,
                                                    struct sync *s, size_t *n)
{
    struct daemonsets *ds = st->ds;
    const struct meta **list =
        orphans_claim(&ds->lost_revisions, ds->c->w->api, s, &st->seen.meta,
                      st->seen.selector, NULL, ds->scratch, n);
    const struct controllerrevision **out =
        arena_many(ds->scratch, const struct controllerrevision *, *n);

    for (size_t i = 0; i < *n; i++)
        out[i] = controllerrevision_seen(list[i]);
    revisions_sort(out, *n);
    return out;
}

/* The call that writes the revision as it is to be; NULL if it is. */
static struct call *write_revision(struct daemon_state *st, struct sync *s,
                                   const struct revision_pick *pick,
                                   const char **hash)
{
    struct world *w = st->ds->c->w;
    struct meta *draft;

    if (!pick->found) {
        draft = revision_draft(w, &st->seen.meta, st->seen.template,
                               st->collisions, pick->number, hash);
        return sync_create(s, draft);
    }
    *hash = labels_get(pick->found->meta.labels, REVISION_LABEL);
    if (pick->found->revision == pick->number)
        return NULL;
    draft = api_draft(w->api, &pick->found->meta);
    controllerrevision_of(draft)->revision = pick->number;
    return sync_update(s, draft);
}

/* ---- the control loop --------------------------------------------------- */

static void start_sync(struct daemon_state *st, struct sync *s)
{
    size_t n, nold = 0;
    const struct controllerrevision **list = history_of(st, s, &n);
    struct revision_pick pick = revision_pick(list, n, st->seen.template);
    const char *hash;
    struct call *call = write_revision(st, s, &pick, &hash);

    daemon_template(st, st->seen.template, hash);
    for (size_t i = 0; i < n; i++)
        if (list[i] != pick.found)
            list[nold++] = list[i];
    note_expired(st, list, nold);
    st->unrevised = false;
    if (!call) {
        stage_manage(s, st);
        return;
    }
    call->done = on_revision_made;
    call->ctx = st;
    sync_finally(s, after_revision, st);
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct daemonsets *ds = c->state;
    const struct meta *m = informer_get(ds->sets, key);
    struct daemon_state *st = daemon_state_of(ds, key);

    if (!m || meta_deleting(m))
        return;
    if (!world_is(c->w, KUBE_1_20) && unseen_any(&st->unseen)) {
        sync_fail(s, "the caches are older than the last write");
        return;
    }
    arena_reset(ds->scratch);
    st->seen = *daemonset_seen(m);
    start_sync(st, s);
}

static void start(struct controller *c)
{
    struct world *w = c->w;
    struct daemonsets *ds = arena_make(w->arena, struct daemonsets);

    ds->c = c;
    c->state = ds;
    ds->scratch = arena_under(w->arena);
    map_init(&ds->states, w->arena);
    world_stream(w, &ds->order, PURPOSE_DAEMON, 0);
    ds->sets = informer_new(w, KIND_DAEMONSET, &watch_sets, ds);
    ds->pods = informer_new(w, KIND_POD, &watch_pods, ds);
    ds->nodes = informer_new(w, KIND_NODE, &watch_nodes, ds);
    ds->revisions = informer_new(w, KIND_REVISION, &watch_revisions, ds);
    orphans_init(&ds->orphans, w->arena, ds->pods);
    orphans_init(&ds->lost_revisions, w->arena, ds->revisions);
    for (size_t i = 0; i < informer_count(ds->sets); i++)
        controller_enqueue(c, informer_at(ds->sets, i)->uid);
}

const struct controller_ops controller_daemonset = {
    .name = "daemonset",
    .doc = "keeps one pod of each DaemonSet on every node that admits it",
    .workers = 2,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
