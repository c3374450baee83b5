/*
 * job_sync_1_20.c - one sync of a Job, as 1.20 does it.
 *
 * Everything is counted from the pods there are.  A new failure makes the sync
 * end with an error, so that the queue's back-off (10 s, 20 s, ... at most
 * 6 min) delays the next one; its failures are what backoffLimit is compared
 * with, so the limit is noticed one back-off late.  A success forgets them.
 * A Job that failed is Failed at once, while its pods still terminate.
 *
 * Not modelled: alpha features (Indexed, suspend): the fields are dropped, as
 * that API server drops them.
 * Source: kubernetes pkg/controller/job/job_controller.go at v1.20.2.
 */
#include "job_impl.h"
#include "models/deployment.h"
#include "models/world.h"

/* Returns the restarts of containers. */
static int count(struct job_state *st)
{
    struct job_sync *j = &st->sync;
    struct jobs *js = st->jobs;
    size_t n;
    const object_uid *uids = informer_owned(js->pods, st->uid, &n);
    int restarts = 0;

    j->counts = (struct job_counts){
        .parallelism = j->now.spec->parallelism,
        .completions = j->now.spec->completions,
    };
    for (size_t i = 0; i < n; i++) {
        const struct pod *p = pod_seen(informer_get(js->pods, uids[i]));

        j->counts.active += pod_active(p);
        j->counts.succeeded += p->phase == POD_SUCCEEDED;
        j->counts.failed += p->phase == POD_FAILED;
        if (p->phase == POD_RUNNING || p->phase == POD_PENDING)
            restarts += p->restarts;
    }
    j->active = j->counts.active;
    return restarts;
}

static void fail(struct job_sync *j, const char *reason, const char *message)
{
    if (j->end != JOB_GOES_ON)
        return;
    j->end = JOB_FAILS;
    j->reason = reason;
    j->message = message;
}

static void check_end(struct job_state *st, int restarts, sim_time started)
{
    struct job_sync *j = &st->sync;
    const struct job_spec *spec = j->now.spec;
    int tried = workqueue_failures(st->jobs->c->queue, st->uid);
    bool news = j->counts.failed > j->now.failed;

    if ((news && j->counts.active != spec->parallelism &&
         tried + 1 > spec->backoff_limit) ||
        (spec->template->spec->restart == RESTART_ON_FAILURE &&
         job_restarts_exceeded(restarts, spec->backoff_limit)))
        fail(j, "BackoffLimitExceeded",
             "Job has reached the specified backoff limit");
    if (spec->deadline_s != JOB_UNSET &&
        world_now(st->jobs->c->w) - started >= spec->deadline_s * SIM_S)
        fail(j, "DeadlineExceeded",
             "Job was active longer than specified deadline");
}

static void manage(struct job_state *st, struct sync *s)
{
    struct job_sync *j = &st->sync;
    int missing;

    if (j->counts.active > j->counts.parallelism) {
        job_delete_pods(st, s, j->counts.active - j->counts.parallelism,
                        true);
        return;
    }
    missing = job_wanted(&j->counts) - j->counts.active;
    if (missing > 0)
        job_create_pods(st, s, missing, NULL);
}

/* Has enough of it succeeded?  What still runs does not matter. */
static bool complete(const struct job_sync *j)
{
    if (j->counts.completions == JOB_UNSET)
        return j->counts.succeeded > 0 && j->active == 0;
    return j->counts.succeeded >= j->counts.completions;
}

static void finish(struct job_state *st)
{
    struct job_sync *j = &st->sync;
    struct controller *c = st->jobs->c;

    if (j->end == JOB_FAILS) {
        j->counts.failed += j->counts.active;
        j->active = 0;
        condition_set(&j->now.failure, CONDITION_TRUE, j->reason, j->message,
                      world_now(c->w));
        controller_event(c, &j->now.meta, "Warning", j->reason, "%s",
                         j->message);
    } else if (complete(j)) {
        condition_set(&j->now.complete, CONDITION_TRUE, "", NULL,
                      world_now(c->w));
        j->now.completed = world_now(c->w);
        controller_event(c, &j->now.meta, "Normal", "Completed",
                         "Job completed");
    }
}

/* The status is written: a new failure puts the Job back with back-off. */
static void after_status(struct controller *c, struct sync *s, object_uid key,
                         bool error, const char *why, void *arg)
{
    struct job_state *st = arg;

    (void)c;
    (void)key;
    (void)error;
    (void)why;
    if (st->sync.wrote == API_OK && st->sync.flush)
        sync_fail(s, "failed pod(s) detected");
}

static void after_manage(struct controller *c, struct sync *s, object_uid key,
                         bool error, const char *why, void *arg)
{
    struct job_state *st = arg;
    struct job_sync *j = &st->sync;
    struct batch_job *now = &j->now;
    bool failed;

    (void)c;
    (void)key;
    (void)error;
    (void)why;
    if (j->planned > 0)
        job_settle_pods(st);
    finish(st);
    failed = now->failed < j->counts.failed;
    if (now->active == j->active && now->succeeded == j->counts.succeeded &&
        now->failed == j->counts.failed && !job_finished(now)) {
        sync_keep_failures(s);
        return;
    }
    j->flush = failed && !job_finished(now);
    now->active = j->active;
    now->succeeded = j->counts.succeeded;
    now->failed = j->counts.failed;
    sync_get(s, st->uid);       /* it writes over what it has just fetched */
    j->version = 0;
    job_write_status(st, s);
    sync_finally(s, after_status, st);
}

void job_sync_1_20(struct jobs *js, struct job_state *st, struct sync *s,
                   const struct batch_job *seen)
{
    struct job_sync *j = &st->sync;
    sim_time started = job_start_stamp(js, seen);
    int64_t deadline = seen->spec->deadline_s;
    int restarts;

    *j = (struct job_sync){ .now = *seen, .version = seen->meta.version,
                            .pods.items = j->pods.items,
                            .pods.cap = j->pods.cap };
    restarts = count(st);
    if (seen->started == SIM_NEVER) {
        j->now.started = started;
        if (deadline != JOB_UNSET)
            controller_enqueue_after(js->c, st->uid, deadline * SIM_S);
    }
    check_end(st, restarts, started);
    if (j->end != JOB_GOES_ON)
        job_delete_pods(st, s, j->counts.active, false);
    else if (job_expectations_met(st) && !meta_deleting(&seen->meta))
        manage(st, s);
    sync_finally(s, after_manage, st);
}
