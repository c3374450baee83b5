/*
 * job.c - the Job controller: pods that run to completion.
 *
 * A sync counts the Job's pods, decides whether the Job goes on, has failed or
 * is done, creates or deletes pods accordingly and writes the status.  What
 * wakes it, and how it counts, differs between versions: job_sync.c is 1.36,
 * job_sync_1_20.c is 1.20.
 *
 * Events.  1.36 waits a second after the first event of a pod, so that pods
 * that end together are counted together; only a new Job or a changed spec is
 * looked at without delay.  1.20 looks at once, unless a pod failed: then
 * after the back-off of the queue, whose failures are those of the Job.
 *
 * Finalizers (1.36).  Every pod carries one until the Job has counted it, so
 * that no end of a pod is missed; a pod that was deleted stays until then.
 *
 * Not modelled: adoption of pods that match (selectors are made from uids),
 * labels with the controller's uid, elastic indexes that occur twice.
 * Source: kubernetes pkg/controller/job/job_controller.go at v1.20.2 and
 * v1.36.2; reference 3.3.
 */
#include <string.h>

#include "job_impl.h"
#include "models/world.h"

#define BATCH_PERIOD SIM_S              /* SyncJobBatchPeriod, 1.36 */
#define API_BACKOFF SIM_S               /* DefaultJobApiBackOff, 1.36 */
#define API_BACKOFF_MAX (60 * SIM_S)    /* MaxJobApiBackOff */
#define BACKOFF (10 * SIM_S)            /* DefaultJobBackOff, 1.20 */
#define EXPECTATIONS_TIMEOUT (5 * 60 * SIM_S)   /* ExpectationsTimeout */

static bool is_1_20(const struct jobs *js)
{
    return world_is(js->c->w, KUBE_1_20);
}

static struct job_state *state_of(struct jobs *js, object_uid uid)
{
    struct job_state *st = map_get_number(&js->states, uid);

    if (!st) {
        st = arena_make(js->c->w->arena, struct job_state);
        st->jobs = js;
        st->uid = uid;
        map_put_number(&js->states, uid, st);
    }
    return st;
}

bool job_finished(const struct batch_job *j)
{
    return j->complete.status == CONDITION_TRUE ||
           j->failure.status == CONDITION_TRUE;
}

bool job_expectations_met(const struct job_state *st)
{
    return (st->creations <= 0 && st->deletions.len == 0) ||
           world_now(st->jobs->c->w) - st->expected_since >
               EXPECTATIONS_TIMEOUT;
}

static sim_time stamp(const struct jobs *js, sim_time t)
{
    const struct world *w = js->c->w;

    return world_second_starts(w, world_second(w, t));
}

sim_time job_pod_finished(const struct jobs *js, const struct pod *p)
{
    if (p->finished != SIM_NEVER)
        return stamp(js, p->finished);
    if (!p->ready && p->ready_changed != SIM_NEVER)
        return stamp(js, p->ready_changed);
    if (meta_deleting(&p->meta))
        return stamp(js, p->meta.deleted);
    return stamp(js, p->meta.created);
}

sim_time job_start_stamp(const struct jobs *js, const struct batch_job *seen)
{
    return seen->started == SIM_NEVER ? world_now(js->c->w)
                                      : stamp(js, seen->started);
}

/* ---- events ------------------------------------------------------------- */

/* The deadline of a Job was set or changed: look again when it is over. */
static void watch_deadline(struct jobs *js, const struct batch_job *before,
                           const struct batch_job *after)
{
    int64_t deadline = after->spec->deadline_s;
    sim_time due;

    if (after->started == SIM_NEVER || deadline == JOB_UNSET ||
        deadline == before->spec->deadline_s)
        return;
    due = stamp(js, after->started) + deadline * SIM_S -
          world_now(js->c->w);
    controller_enqueue_after(js->c, after->meta.uid, due);
}

static void on_job(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct jobs *js = ctx;

    if (!after || !before || is_1_20(js) ||
        before->generation != after->generation)
        controller_enqueue(js->c, after ? after->uid : before->uid);
    else
        controller_enqueue_after(js->c, after->uid, BATCH_PERIOD);
    if (before && after)
        watch_deadline(js, batch_job_seen(before), batch_job_seen(after));
}

/* 1.20: the delay after n failures of the key. */
static sim_time failure_delay(const struct jobs *js, object_uid job)
{
    int n = workqueue_failures(js->c->queue, job);

    return job_backoff_left(n, 0, BACKOFF, job_backoff_max(KUBE_1_20));
}

static bool has_finalizer(const struct meta *m)
{
    return m->finalizers && m->finalizers[0];
}

static void observe(struct jobs *js, const struct meta *before,
                    const struct meta *after)
{
    const struct meta *m = after ? after : before;
    struct job_state *st = state_of(js, m->owner);
    bool failed = after && pod_seen(after)->phase == POD_FAILED;

    if (!after || meta_deleting(after))
        job_saw_deletion(st, m->uid);
    else if (!before)
        job_saw_creation(st);
    if (!after || !has_finalizer(after))
        job_released(st, m->uid);
    if (!is_1_20(js))
        controller_enqueue_after(js->c, m->owner, BATCH_PERIOD);
    else if (failed && before && !meta_deleting(after))
        controller_enqueue_after(js->c, m->owner,
                                 failure_delay(js, m->owner));
    else
        controller_enqueue(js->c, m->owner);
}

/* Pods of a Job that is gone: only their finalizers matter. */
static bool wants_pod(void *ctx, const struct meta *before,
                      const struct meta *after)
{
    struct jobs *js = ctx;
    const struct meta *m = after ? after : before;
    const struct meta *owner = api_get(js->c->w->api, m->owner);

    return (owner && owner->kind == KIND_JOB) || has_finalizer(m) ||
           (before && has_finalizer(before));
}

static void on_pod(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct jobs *js = ctx;
    const struct meta *m = after ? after : before;

    if (m->owner != 0 && informer_get(js->jobs, m->owner))
        observe(js, before, after);
    else if (after && has_finalizer(after))
        controller_enqueue(js->c, m->owner);
}

static const struct informer_ops watch_jobs = {
    .name = "job.jobs", .latency = TIMING_WATCH_CONTROLLER, .handle = on_job,
};

static const struct informer_ops watch_pods = {
    .name = "job.pods", .latency = TIMING_WATCH_CONTROLLER,
    .wants = wants_pod, .handle = on_pod,
};

/* ---- status --------------------------------------------------------------- */

static void on_status(struct call *call, enum api_code code,
                      const struct meta *result, const char *reason)
{
    struct job_state *st = call->ctx;

    (void)reason;
    st->sync.wrote = code;
    if (result)
        st->wrote = st->sync.version = result->version;
}

void job_write_status(struct job_state *st, struct sync *s)
{
    struct jobs *js = st->jobs;
    const struct meta *m = informer_get(js->jobs, st->uid);
    struct batch_job *draft;
    struct call *call;
    struct meta base;

    if (!m) {
        st->sync.wrote = API_NOT_FOUND;
        return;
    }
    draft = batch_job_of(api_draft(js->c->w->api, m));
    base = draft->meta;
    base.version = st->sync.version;
    *draft = st->sync.now;
    draft->meta = base;
    draft->meta.refs = 0;
    call = sync_update_status(s, &draft->meta);
    call->done = on_status;
    call->ctx = st;
}

/* ---- the control loop ------------------------------------------------------- */

/* The Job is gone: let its pods go as well. */
static void clean_up(struct jobs *js, struct job_state *st, struct sync *s)
{
    size_t n;
    const object_uid *uids = informer_owned(js->pods, st->uid, &n);
    object_uid *held = arena_many(js->scratch, object_uid, n);
    size_t k = 0;

    for (size_t i = 0; i < n; i++)
        if (has_finalizer(informer_get(js->pods, uids[i])))
            held[k++] = uids[i];
    job_release_pods(st, s, held, k);
}

/* What is seen of a Job.  In 1.20 its own last status counts as seen: there
 * the watch is about as fast as the answer to the write, and a failure seen
 * twice would count twice in the back-off. */
static const struct meta *seen_of(struct jobs *js, const struct job_state *st)
{
    const struct meta *m = informer_get(js->jobs, st->uid);

    if (m && is_1_20(js) && m->version < st->wrote)
        m = api_get(js->c->w->api, st->uid);
    return m;
}

/* ttlSecondsAfterFinished: delete a Job that long after its end (1.36; behind
 * a gate in 1.20). */
static void expire(struct jobs *js, struct sync *s, const struct batch_job *j)
{
    const struct condition *end = j->complete.status == CONDITION_TRUE
                                      ? &j->complete : &j->failure;
    sim_time left;

    if (j->spec->ttl_s == JOB_UNSET || is_1_20(js) || meta_deleting(&j->meta))
        return;
    left = stamp(js, end->changed) + j->spec->ttl_s * SIM_S -
           world_now(js->c->w);
    if (left > 0)
        sync_requeue_after(s, left);
    else
        sync_tolerate(s, sync_delete(s, j->meta.uid));
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct jobs *js = c->state;
    struct job_state *st = state_of(js, key);
    const struct meta *m = seen_of(js, st);

    arena_reset(js->scratch);
    if (!m) {
        clean_up(js, st, s);
        return;
    }
    if (job_finished(batch_job_seen(m))) {
        st->backoff = (struct job_backoff){ 0 };
        expire(js, s, batch_job_seen(m));
        return;
    }
    if (!is_1_20(js) && m->version < st->wrote)
        sync_fail(s, "the cache is older than the last status written");
    else if (is_1_20(js))
        job_sync_1_20(js, st, s, batch_job_seen(m));
    else
        job_sync(js, st, s, batch_job_seen(m));
}

static void start(struct controller *c)
{
    struct world *w = c->w;
    struct jobs *js = arena_make(w->arena, struct jobs);

    js->c = c;
    c->state = js;
    js->scratch = arena_under(w->arena);
    map_init(&js->states, w->arena);
    if (world_is(w, KUBE_1_20))
        workqueue_set_backoff(c->queue, BACKOFF, job_backoff_max(KUBE_1_20));
    else
        workqueue_set_backoff(c->queue, API_BACKOFF, API_BACKOFF_MAX);
    js->jobs = informer_new(w, KIND_JOB, &watch_jobs, js);
    js->pods = informer_new(w, KIND_POD, &watch_pods, js);
    for (size_t i = 0; i < informer_count(js->jobs); i++)
        controller_enqueue(c, informer_at(js->jobs, i)->uid);
}

const struct controller_ops controller_job = {
    .name = "job",
    .doc = "runs the pods of each Job until enough of them have succeeded",
    .workers = 5,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
