/*
 * cronjob.c - the CronJob controller: a Job at every run of a schedule.
 *
 * Woken by the clock (100 ms after a run is due) and by its Jobs, a sync takes
 * finished Jobs off the list of active ones, looks for the most recent run
 * that is due, and starts it: unless it is too late for it, it was started
 * already, or (Forbid) a Job is still active; it is then looked at again when
 * that Job is over.  Replace deletes the active Jobs first.  Then the oldest
 * finished Jobs beyond the history limits are deleted, and the status is
 * written.
 *
 * More than a hundred missed runs are worth a warning, no more.  Both versions
 * run the controller that is the default since 1.21; 1.20 by default polled
 * every 10 s.
 *
 * Not modelled: time zones (everything is UTC), suspended templates' own
 * status, the requests with which it looks up single objects: they cost
 * nothing.
 * Source: kubernetes pkg/controller/cronjob/cronjob_controllerv2.go, utils.go
 * at v1.36.2; reference 3.4.
 */
#include <stdlib.h>
#include <string.h>

#include "models/batch.h"
#include "models/controller.h"
#include "models/world.h"

#define WAKE_UP (100 * SIM_MS)  /* nextScheduleDelta */

struct cronjobs {
    struct controller *c;
    struct informer *crons, *jobs;
    struct map states;          /* uid -> struct cron_state */
};

/* A CronJob, and the sync of it that is under way. */
struct cron_state {
    struct cronjobs *all;
    object_uid uid;
    struct cronjob now;         /* as the sync has it in mind */
    int64_t due;                /* the run being started */
    bool changed;               /* the status must be written */
    VEC(object_uid) active;     /* copied into now when done */
};

static struct cron_state *state_of(struct cronjobs *all, object_uid uid)
{
    struct cron_state *st = map_get_number(&all->states, uid);

    if (!st) {
        st = arena_make(all->c->w->arena, struct cron_state);
        st->all = all;
        st->uid = uid;
        map_put_number(&all->states, uid, st);
    }
    return st;
}

static struct world *world_of(const struct cron_state *st)
{
    return st->all->c->w;
}

/* ---- events ----------------------------------------------------------------------- */

static void on_cron(void *ctx, const struct meta *before,
                    const struct meta *after)
{
    struct cronjobs *all = ctx;

    (void)before;
    if (after)
        controller_enqueue(all->c, after->uid);
}

static void on_job(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct cronjobs *all = ctx;
    const struct meta *m = after ? after : before;

    if (m->owner != 0 && informer_get(all->crons, m->owner))
        controller_enqueue(all->c, m->owner);
}

static const struct informer_ops watch_crons = {
    .name = "cronjob.crons", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_cron,
};

static const struct informer_ops watch_jobs = {
    .name = "cronjob.jobs", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_job,
};

/* ---- the active list ------------------------------------------------------------------ */

static bool is_over(const struct batch_job *j)
{
    return j->complete.status == CONDITION_TRUE ||
           j->failure.status == CONDITION_TRUE;
}

static bool listed(const object_uid *uids, size_t n, object_uid uid)
{
    for (size_t i = 0; i < n; i++)
        if (uids[i] == uid)
            return true;
    return false;
}

static void unlist(struct cron_state *st, object_uid uid)
{
    for (size_t i = 0; i < st->active.len; i++)
        if (st->active.items[i] == uid) {
            vec_remove(&st->active, i);
            st->changed = true;
            return;
        }
}

static void saw_completed(struct cron_state *st, const struct batch_job *j)
{
    unlist(st, j->meta.uid);
    controller_event(st->all->c, &st->now.meta, "Normal", "SawCompletedJob",
                     "Saw completed job: %s, %s: %s", j->meta.name,
                     world_is(world_of(st), KUBE_1_20) ? "status"
                                                       : "condition",
                     j->complete.status == CONDITION_TRUE ? "Complete"
                                                          : "Failed");
}

/* One of its Jobs: is it over, or one that it does not know? */
static void look_at(struct cron_state *st, const struct batch_job *j)
{
    bool known = listed(st->active.items, st->active.len, j->meta.uid);
    const struct meta *newest = api_get(world_of(st)->api, st->uid);

    if (known && is_over(j)) {
        saw_completed(st, j);
    } else if (!known && !is_over(j)) {
        if (newest && listed(cronjob_seen(newest)->active,
                             cronjob_seen(newest)->nactive, j->meta.uid)) {
            vec_push(world_of(st)->arena, &st->active, j->meta.uid);
            return;             /* the cache is behind */
        }
        controller_event(st->all->c, &st->now.meta, "Warning",
                         "UnexpectedJob", "Saw a job that the controller did "
                         "not create or forgot: %s", j->meta.name);
    }
    if (j->complete.status == CONDITION_TRUE && j->completed != SIM_NEVER &&
        (st->now.last_successful == SIM_NEVER ||
         j->completed > st->now.last_successful)) {
        st->now.last_successful = j->completed;
        st->changed = true;
    }
}

static void look_at_jobs(struct cron_state *st)
{
    size_t n;
    const object_uid *jobs = informer_owned(st->all->jobs, st->uid, &n);

    for (size_t i = 0; i < n; i++)
        look_at(st, batch_job_seen(informer_get(st->all->jobs, jobs[i])));
    for (size_t i = st->active.len; i-- > 0;) {
        object_uid uid = st->active.items[i];

        if (api_get(world_of(st)->api, uid))
            continue;
        controller_event(st->all->c, &st->now.meta, "Normal", "MissingJob",
                         "Active job went missing");
        unlist(st, uid);
    }
}

/* ---- deleting --------------------------------------------------------------------------- */

static void on_deleted(struct call *call, enum api_code code,
                       const struct meta *result, const char *reason)
{
    struct cron_state *st = call->ctx;
    const struct meta *m = informer_get(st->all->jobs, call->uid);

    (void)result;
    (void)reason;
    if (code != API_OK)
        return;
    unlist(st, call->uid);
    controller_event(st->all->c, &st->now.meta, "Normal", "SuccessfulDelete",
                     "Deleted job %s", m ? m->name : "");
}

static void delete_job(struct cron_state *st, struct sync *s, object_uid uid)
{
    struct call *call = sync_delete(s, uid);

    call->done = on_deleted;
    call->ctx = st;
}

static int by_start(const void *a, const void *b)
{
    const struct batch_job *x = *(const struct batch_job *const *)a;
    const struct batch_job *y = *(const struct batch_job *const *)b;

    if (x->started != y->started)
        return x->started < y->started ? -1 : 1;
    return strcmp(x->meta.name, y->meta.name);
}

/* Delete the oldest Jobs that are over in this way, beyond the limit. */
static void trim(struct cron_state *st, struct sync *s, bool succeeded,
                 int limit)
{
    size_t n, k = 0;
    const object_uid *uids = informer_owned(st->all->jobs, st->uid, &n);
    const struct batch_job **over =
        arena_many(world_of(st)->arena, const struct batch_job *, n);

    for (size_t i = 0; i < n; i++) {
        const struct batch_job *j =
            batch_job_seen(informer_get(st->all->jobs, uids[i]));
        bool complete = j->complete.status == CONDITION_TRUE;

        if (is_over(j) && complete == succeeded && !meta_deleting(&j->meta))
            over[k++] = j;
    }
    if (limit < 0 || k <= (size_t)limit)
        return;
    qsort(over, k, sizeof(over[0]), by_start);
    for (size_t i = 0; i < k - (size_t)limit; i++)
        delete_job(st, s, over[i]->meta.uid);
}

/* ---- finishing --------------------------------------------------------------------------- */

/* Sleep until the next run. */
static void sleep_on(struct cron_state *st, struct sync *s)
{
    struct world *w = world_of(st);
    int64_t next = cron_wait_for(&st->now.cron,
                                 world_clock(w, st->now.meta.created),
                                 st->now.last_schedule,
                                 world_clock(w, world_now(w)));

    if (next != CRON_NONE)
        sync_requeue_after(s, world_clock_time(w, next) + WAKE_UP -
                                  world_now(w));
}

static void write_status(struct cron_state *st, struct sync *s)
{
    struct world *w = world_of(st);
    const struct meta *m = informer_get(st->all->crons, st->uid);
    struct cronjob *draft;

    if (!m || !st->changed)
        return;
    draft = cronjob_of(api_draft(w->api, m));
    draft->active = arena_memdup(w->arena, st->active.items,
                                 st->active.len * sizeof(object_uid));
    draft->nactive = st->active.len;
    draft->last_schedule = st->now.last_schedule;
    draft->last_successful = st->now.last_successful;
    sync_update_status(s, &draft->meta);
}

static void after_history(struct controller *c, struct sync *s,
                          object_uid key, bool error, const char *why,
                          void *arg)
{
    (void)c;
    (void)key;
    (void)error;
    (void)why;
    write_status(arg, s);
}

/* A Job was started, or none was to be. */
static void after_start(struct controller *c, struct sync *s, object_uid key,
                        bool error, const char *why, void *arg)
{
    struct cron_state *st = arg;

    (void)c;
    (void)key;
    (void)error;
    (void)why;
    trim(st, s, true, st->now.successful_limit);
    trim(st, s, false, st->now.failed_limit);
    sync_finally(s, after_history, st);
}

/* ---- starting ------------------------------------------------------------------------------ */

static const char *name_of(const struct cron_state *st, int64_t run)
{
    return arena_printf(world_of(st)->arena, "%s-%lld", st->now.meta.name,
                        (long long)(run / 60));
}

static void on_created(struct call *call, enum api_code code,
                       const struct meta *result, const char *reason)
{
    struct cron_state *st = call->ctx;
    struct controller *c = st->all->c;

    if (code != API_CREATED) {
        controller_event(c, &st->now.meta, "Warning", "FailedCreate",
                         "Error creating job: %s", reason ? reason : "");
        return;
    }
    controller_event(c, &st->now.meta, "Normal", "SuccessfulCreate",
                     "Created job %s", result->name);
    vec_push(world_of(st)->arena, &st->active, result->uid);
    st->now.last_schedule = st->due;
    st->changed = true;
}

static void create_job(struct cron_state *st, struct sync *s)
{
    struct meta *draft = api_new_draft(world_of(st)->api, KIND_JOB);
    struct batch_job *j = batch_job_of(draft);
    struct call *call;

    draft->name = name_of(st, st->due);
    draft->space = st->now.meta.space;
    draft->labels = st->now.job_labels;
    draft->annotations = st->now.job_annotations;
    draft->owner = st->uid;
    j->spec = st->now.job;
    j->started = j->completed = SIM_NEVER;
    call = sync_create(s, draft);
    call->done = on_created;
    call->ctx = st;
}

/* Has the run been started before? */
static bool started(const struct cron_state *st, int64_t run)
{
    const char *name = name_of(st, run);

    if (st->now.last_schedule == run)
        return true;
    for (size_t i = 0; i < st->active.len; i++) {
        const struct meta *m = api_get(world_of(st)->api,
                                       st->active.items[i]);

        if (m && strcmp(m->name, name) == 0)
            return true;
    }
    return false;
}

/* The run to start now; CRON_NONE if there is none. */
static int64_t find_run(struct cron_state *st)
{
    struct world *w = world_of(st);
    struct controller *c = st->all->c;
    const struct cronjob *now = &st->now;
    struct cron_due due = cron_most_recent(
        &now->cron, world_clock(w, now->meta.created), now->last_schedule,
        now->starting_deadline_s, world_clock(w, world_now(w)));

    if (due.error || due.time == CRON_NONE)
        return CRON_NONE;
    if (due.missed == MISSED_MANY)
        controller_event(c, &now->meta, "Warning", "TooManyMissedTimes",
                         "too many missed start times. Set or decrease "
                         ".spec.startingDeadlineSeconds or check clock skew");
    if (now->starting_deadline_s != JOB_UNSET &&
        world_clock_time(w, due.time + now->starting_deadline_s) <
            world_now(w)) {
        controller_event(c, &now->meta, "Warning", "MissSchedule",
                         "Missed scheduled time to start a job");
        return CRON_NONE;
    }
    if (started(st, due.time))
        return CRON_NONE;
    if (now->concurrency == CONCURRENCY_FORBID && st->active.len > 0) {
        controller_event(c, &now->meta, "Normal", "JobAlreadyActive",
                         "Not starting job because prior execution is "
                         "running and concurrency policy is Forbid");
        return CRON_NONE;
    }
    return due.time;
}

static void after_create(struct controller *c, struct sync *s, object_uid key,
                         bool error, const char *why, void *arg)
{
    sleep_on(arg, s);
    after_start(c, s, key, error, why, arg);
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct cronjobs *all = c->state;
    const struct meta *m = informer_get(all->crons, key);
    struct cron_state *st = state_of(all, key);

    if (!m)
        return;
    st->now = *cronjob_seen(m);
    st->changed = false;
    vec_clear(&st->active);
    for (size_t i = 0; i < st->now.nactive; i++)
        vec_push(c->w->arena, &st->active, st->now.active[i]);
    look_at_jobs(st);
    st->due = meta_deleting(m) || st->now.suspend ? CRON_NONE : find_run(st);
    if (st->due != CRON_NONE) {
        if (st->now.concurrency == CONCURRENCY_REPLACE)
            for (size_t i = 0; i < st->active.len; i++)
                delete_job(st, s, st->active.items[i]);
        create_job(st, s);
        sync_finally(s, after_create, st);
        return;
    }
    if (!meta_deleting(m) && !st->now.suspend)
        sleep_on(st, s);
    sync_finally(s, after_start, st);
}

static void start(struct controller *c)
{
    struct cronjobs *all = arena_make(c->w->arena, struct cronjobs);

    all->c = c;
    c->state = all;
    map_init(&all->states, c->w->arena);
    all->crons = informer_new(c->w, KIND_CRONJOB, &watch_crons, all);
    all->jobs = informer_new(c->w, KIND_JOB, &watch_jobs, all);
    for (size_t i = 0; i < informer_count(all->crons); i++)
        controller_enqueue(c, informer_at(all->crons, i)->uid);
}

const struct controller_ops controller_cronjob = {
    .name = "cronjob",
    .doc = "starts a Job at every run of a CronJob's schedule",
    .workers = 5,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
