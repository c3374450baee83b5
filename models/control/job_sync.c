/*
 * job_sync.c - one sync of a Job, as 1.36 does it.
 *
 * In stages, each waiting for the answers of the one before:
 *   count   the pods; has the Job failed, or has it succeeded by its policy?
 *   manage  delete all active pods of a Job that is over, else bring their
 *           number to what is wanted, no sooner than the back-off allows
 *   note    pods that have ended and the coming end of the Job in the status
 *   release these pods of their finalizer
 *   settle  add them to the numbers; if none is left that runs or is being
 *           deleted, the Job is Complete or Failed
 *
 * While creations wait for the back-off the number of active pods is reported
 * as 0, as the real controller does.
 *
 * Source: kubernetes pkg/controller/job/job_controller.go (syncJob,
 * trackJobStatusAndRemoveFinalizers), pod_failure_policy.go,
 * success_policy.go at v1.36.2; reference 3.3.
 */
#include <string.h>

#include "job_impl.h"
#include "models/deployment.h"
#include "models/replicaset.h"
#include "models/world.h"

#define MAX_UNCOUNTED 500       /* MaxUncountedPods */

/* ---- counting ---------------------------------------------------------------------- */

static bool listed(const object_uid *uids, size_t n, object_uid uid)
{
    for (size_t i = 0; i < n; i++)
        if (uids[i] == uid)
            return true;
    return false;
}

static bool has_code(const struct failure_rule *r, int code)
{
    for (size_t i = 0; i < r->ncodes; i++)
        if (r->codes[i] == code)
            return true;
    return false;
}

static bool rule_matches(const struct failure_rule *r, const struct pod *p)
{
    if (r->on_exit_codes) {
        if (p->exit_code == 0 ||
            (r->container && (!p->exit_container ||
                              strcmp(r->container, p->exit_container) != 0)))
            return false;
        return has_code(r, p->exit_code) != r->not_in;
    }
    for (size_t i = 0; i < r->nconditions; i++)
        if (p->disruption &&
            strcmp(r->conditions[i], "DisruptionTarget") == 0)
            return true;
    return false;
}

/* The first rule of the failure policy that matches a failed pod, or NULL. */
static const struct failure_rule *rule_of(const struct job_spec *spec,
                                          const struct pod *p)
{
    for (size_t i = 0; i < spec->nfailure_rules; i++)
        if (rule_matches(&spec->failure_rules[i], p))
            return &spec->failure_rules[i];
    return NULL;
}

static void end(struct job_sync *j, enum job_end how, const char *reason,
                const char *message)
{
    if (j->end != JOB_GOES_ON)
        return;
    j->end = how;
    j->reason = reason;
    j->message = message;
}

/* A failed pod: does the policy make it count, or end the Job? */
static void judge(struct job_state *st, const struct pod *p,
                  struct job_pod *found)
{
    struct world *w = st->jobs->c->w;
    const struct failure_rule *r = rule_of(st->sync.now.spec, p);

    if (!r)
        return;
    found->ignored = r->action == FAILURE_IGNORE;
    found->fails_index = r->action == FAILURE_FAIL_INDEX;
    if (r->action != FAILURE_FAIL_JOB)
        return;
    end(&st->sync, JOB_FAILS, "PodFailurePolicy",
        arena_printf(w->arena, "Pod %s/%s matching FailJob rule at index %d",
                     p->meta.space, p->meta.name,
                     (int)(r - st->sync.now.spec->failure_rules)));
}

static struct job_pod examine(struct job_state *st, const struct pod *p)
{
    const struct batch_job *now = &st->sync.now;
    struct job_pod found = {
        .uid = p->meta.uid,
        .index = job_pod_index(now, p),
        .tracked = p->meta.finalizers && p->meta.finalizers[0] &&
                   !listed(st->releasing.items, st->releasing.len,
                           p->meta.uid),
        .succeeded = p->phase == POD_SUCCEEDED,
        .failed = job_pod_failed(now, p),
        .active = pod_active(p),
        .failures = job_annotation(p, JOB_INDEX_FAILURES),
        .ignored_failures = job_annotation(p, JOB_INDEX_IGNORED),
        .finished = job_pod_finished(st->jobs, p),
    };

    if (found.failed && now->spec->failure_policy)
        judge(st, p, &found);
    return found;
}

struct ended {                  /* times at which pods not yet counted ended */
    VEC(sim_time) succeeded, failed;
};

/* One that has ended and is not counted yet. */
static void count_end(struct job_state *st, const struct pod *p,
                      const struct job_pod *found, struct ended *e)
{
    struct job_sync *j = &st->sync;
    struct arena *a = st->jobs->scratch;
    const struct batch_job *now = &j->now;
    bool indexed = now->spec->indexed;

    if (!found->tracked || (indexed && found->index < 0))
        return;
    if (found->succeeded && !listed(now->uncounted_succeeded,
                                    now->nuncounted_succeeded, found->uid)) {
        j->counts.succeeded++;
        vec_push(a, &e->succeeded, job_pod_finished(st->jobs, p));
    } else if (found->failed && !listed(now->uncounted_failed,
                                        now->nuncounted_failed, found->uid)) {
        j->counts.failed += !found->ignored;
        vec_push(a, &e->failed, job_pod_finished(st->jobs, p));
    }
}

static void count_pod(struct job_state *st, const struct pod *p, int *restarts,
                      struct ended *e)
{
    struct job_sync *j = &st->sync;
    struct job_pod found = examine(st, p);

    vec_push(st->jobs->c->w->arena, &j->pods, found);
    if (pod_active(p)) {
        j->counts.active++;
        j->ready += p->ready;
    } else if (meta_deleting(&p->meta) && !found.succeeded &&
               p->phase != POD_FAILED) {
        j->counts.terminating++;
    }
    if (p->phase == POD_RUNNING || p->phase == POD_PENDING)
        *restarts += p->restarts;
    if (found.succeeded && found.tracked && found.index >= 0)
        index_set_add(&j->succeeded, found.index);
    count_end(st, p, &found, e);
}

/* Indexes that had succeeded before, and with the pods of now.  The sets are
 * used until the last answer, so they are the state's and not scratch. */
static void read_indexes(struct job_state *st)
{
    struct job_sync *j = &st->sync;
    int n = j->now.spec->completions;

    if (st->indexes[0].size != n) {
        for (int i = 0; i < 3; i++)
            st->indexes[i] = index_set_make(st->jobs->c->w->arena, n);
        st->last = arena_many(st->jobs->c->w->arena, const struct job_pod *,
                              (size_t)n);
    }
    j->succeeded_before = st->indexes[0];
    j->succeeded = st->indexes[1];
    j->failed = st->indexes[2];
    index_set_clear(&j->succeeded_before);
    index_set_clear(&j->succeeded);
    index_set_clear(&j->failed);
    index_set_read(&j->succeeded_before, j->now.completed_indexes);
    index_set_read(&j->succeeded, j->now.completed_indexes);
    index_set_read(&j->failed, j->now.failed_indexes);
}

/* Returns the restarts of containers. */
static int count(struct job_state *st)
{
    struct job_sync *j = &st->sync;
    struct jobs *js = st->jobs;
    const struct job_spec *spec = j->now.spec;
    struct ended e = { 0 };
    size_t n;
    const object_uid *uids = informer_owned(js->pods, st->uid, &n);
    int restarts = 0;

    j->counts = (struct job_counts){
        .parallelism = spec->parallelism, .completions = spec->completions,
        .succeeded = j->now.succeeded + (int)j->now.nuncounted_succeeded,
        .failed = j->now.failed + (int)j->now.nuncounted_failed,
    };
    if (spec->indexed)
        read_indexes(st);
    for (size_t i = 0; i < n; i++)
        count_pod(st, pod_seen(informer_get(js->pods, uids[i])), &restarts,
                  &e);
    if (spec->indexed) {
        j->counts.succeeded = index_set_len(&j->succeeded);
        job_per_index_count(st);
    }
    j->backoff = st->backoff;
    job_backoff_add(&j->backoff, e.succeeded.items, e.succeeded.len,
                    e.failed.items, e.failed.len);
    j->active = j->counts.active;
    j->terminating = j->counts.terminating;
    return restarts;
}

/* ---- is it over? ------------------------------------------------------------------------ */

static bool over_limit(const struct job_sync *j, int restarts)
{
    const struct job_spec *spec = j->now.spec;

    return j->counts.failed > spec->backoff_limit ||
           (spec->template->spec->restart == RESTART_ON_FAILURE &&
            job_restarts_exceeded(restarts, spec->backoff_limit));
}

/* activeDeadlineSeconds: over, or look again when it will be. */
static void check_deadline(struct job_state *st, sim_time started)
{
    struct jobs *js = st->jobs;
    struct job_sync *j = &st->sync;
    const struct job_spec *spec = j->now.spec;
    sim_time left;

    if (spec->deadline_s == JOB_UNSET || spec->suspend)
        return;
    left = started + spec->deadline_s * SIM_S - world_now(js->c->w);
    if (left <= 0)
        end(j, JOB_FAILS, "DeadlineExceeded",
            "Job was active longer than specified deadline");
    else
        controller_enqueue_after(js->c, st->uid, left);
}

static bool rule_met(struct job_state *st, const struct success_rule *r)
{
    struct job_sync *j = &st->sync;
    struct index_set asked = index_set_make(st->jobs->scratch,
                                            j->succeeded.size);
    int met = 0;

    if (!r->indexes)
        return index_set_len(&j->succeeded) >= r->count;
    index_set_read(&asked, r->indexes);
    for (int i = 0; i < asked.size; i++)
        met += index_set_has(&asked, i) && index_set_has(&j->succeeded, i);
    return met >= (r->count == JOB_UNSET ? index_set_len(&asked) : r->count);
}

static void check_success_policy(struct job_state *st)
{
    const struct job_spec *spec = st->sync.now.spec;

    for (size_t i = 0; spec->indexed && i < spec->nsuccess_rules; i++)
        if (rule_met(st, &spec->success_rules[i])) {
            end(&st->sync, JOB_SUCCEEDS, "SuccessPolicy",
                arena_printf(st->jobs->c->w->arena,
                             "Matched rules at index %zu", i));
            return;
        }
}

/* What earlier syncs found stands; else look at limits and policies. */
static void check_end(struct job_state *st, int restarts, sim_time started)
{
    struct job_sync *j = &st->sync;
    const struct batch_job *now = &j->now;
    const char *reason, *message = NULL;

    if (now->success_met.status == CONDITION_TRUE) {
        j->end = JOB_GOES_ON;   /* comes before the policy of failures */
        end(j, JOB_SUCCEEDS, now->success_met.reason,
            now->success_met.message);
    } else if (now->failure_target.status == CONDITION_TRUE) {
        j->end = JOB_GOES_ON;
        end(j, JOB_FAILS, now->failure_target.reason,
            now->failure_target.message);
    }
    if (j->end == JOB_GOES_ON && over_limit(j, restarts))
        end(j, JOB_FAILS, "BackoffLimitExceeded",
            "Job has reached the specified backoff limit");
    if (j->end == JOB_GOES_ON)
        check_deadline(st, started);
    reason = job_per_index_end(j, &message);
    if (reason)
        end(j, JOB_FAILS, reason, message);
    if (j->end == JOB_GOES_ON)
        check_success_policy(st);
}

/* ---- managing ------------------------------------------------------------------------------ */

static sim_time backoff_left(const struct job_state *st)
{
    const struct job_backoff *b = &st->sync.backoff;
    sim_time now = world_now(st->jobs->c->w);

    return job_backoff_left(b->failures, now - b->last, JOB_POD_BACKOFF,
                            job_backoff_max(KUBE_1_36));
}

/* The lowest indexes that are not over and have no pod that runs. */
static int *next_indexes(struct job_state *st, int *n)
{
    struct arena *a = st->jobs->scratch;
    struct job_sync *j = &st->sync;
    struct index_set busy = index_set_make(a, j->succeeded.size);
    int *indexes = arena_many(a, int, (size_t)*n);

    for (size_t i = 0; i < j->pods.len; i++) {
        const struct meta *m = informer_get(st->jobs->pods,
                                            j->pods.items[i].uid);

        if (m && pod_active(pod_seen(m)))
            index_set_add(&busy, j->pods.items[i].index);
    }
    for (int i = 0; i < busy.size; i++)
        if (index_set_has(&j->failed, i))
            index_set_add(&busy, i);
    *n = (int)index_set_missing(&j->succeeded, &busy, (size_t)*n, indexes);
    return indexes;
}

static void create(struct job_state *st, struct sync *s, int n)
{
    struct job_sync *j = &st->sync;
    bool per_index = j->now.spec->backoff_per_index != JOB_UNSET;
    sim_time left = per_index ? 0 : backoff_left(st);
    int *indexes = NULL;

    n = n > BURST_REPLICAS ? BURST_REPLICAS : n;
    if (j->now.spec->indexed)
        indexes = next_indexes(st, &n);
    if (per_index)
        left = job_per_index_ready(st, indexes, &n);

    if (left > 0) {
        controller_enqueue_after(st->jobs->c, st->uid, left);
        j->active = 0;
        return;
    }
    if (n > 0)
        job_create_pods(st, s, n, indexes);
}

/* Bring the number of active pods to what is wanted. */
static void manage(struct job_state *st, struct sync *s)
{
    struct job_sync *j = &st->sync;
    const struct job_spec *spec = j->now.spec;
    int want = spec->suspend ? 0 : job_wanted(&j->counts);
    int surplus = j->counts.active - want, missing;

    j->managed = true;
    if (surplus > 0) {
        job_delete_pods(st, s, surplus, true);
        return;
    }
    missing = want - j->counts.active -
              (spec->only_failed_replaced ? j->counts.terminating : 0);
    if (missing > 0 && !spec->suspend)
        create(st, s, missing);
}

/* ---- noting ---------------------------------------------------------------------------------- */

static void set_suspended(struct job_state *st)
{
    struct job_sync *j = &st->sync;
    struct controller *c = st->jobs->c;
    bool suspend = j->now.spec->suspend;
    bool was = j->now.suspended.status == CONDITION_TRUE;

    if (suspend == was)
        return;
    condition_set(&j->now.suspended,
                  suspend ? CONDITION_TRUE : CONDITION_FALSE,
                  suspend ? "JobSuspended" : "JobResumed",
                  suspend ? "Job suspended" : "Job resumed", world_now(c->w));
    controller_event(c, &j->now.meta, "Normal",
                     suspend ? "Suspended" : "Resumed", "%s",
                     suspend ? "Job suspended" : "Job resumed");
    if (!suspend)
        j->now.started = world_now(c->w);
    j->flush = true;
}

static void append(struct job_state *st, const object_uid **list, size_t *n,
                   object_uid uid)
{
    struct arena *a = st->jobs->c->w->arena;
    object_uid *longer = arena_many(a, object_uid, *n + 1);

    if (*n > 0)
        memcpy(longer, *list, *n * sizeof(longer[0]));
    longer[(*n)++] = uid;
    *list = longer;
    st->sync.flush = true;
}

/* May a pod go, as far as the Job is concerned? */
static bool may_release(const struct job_sync *j, const struct job_pod *p)
{
    if (!p->tracked)
        return false;
    if (p->succeeded || j->end == JOB_FAILS || meta_deleting(&j->now.meta))
        return true;
    return p->failed && !job_per_index_keeps(j, p);
}

/* Put a pod that has ended into the lists of those to be counted. */
static void note_pod(struct job_state *st, const struct job_pod *p)
{
    struct job_sync *j = &st->sync;
    struct batch_job *now = &j->now;
    bool indexed = now->spec->indexed;

    if (p->succeeded) {
        if (!indexed && !listed(now->uncounted_succeeded,
                                now->nuncounted_succeeded, p->uid))
            append(st, &now->uncounted_succeeded, &now->nuncounted_succeeded,
                   p->uid);
        else if (indexed && p->index >= 0 &&
                 !index_set_has(&j->succeeded_before, p->index))
            j->flush = true;
    } else if ((p->failed || j->end == JOB_FAILS) && !p->ignored &&
               !(indexed && p->index < 0) &&
               !listed(now->uncounted_failed, now->nuncounted_failed,
                       p->uid)) {
        append(st, &now->uncounted_failed, &now->nuncounted_failed, p->uid);
    }
}

/* Can the finalizer of uid still be there? */
static bool still_held(const struct job_state *st, object_uid uid)
{
    const struct job_sync *j = &st->sync;

    for (size_t i = 0; i < j->pods.len; i++)
        if (j->pods.items[i].uid == uid)
            return j->pods.items[i].tracked;
    return false;
}

/* Move what is not held any more from a list to its number. */
static void count_released(struct job_state *st, const object_uid **list,
                           size_t *n, int *number)
{
    struct arena *a = st->jobs->c->w->arena;
    object_uid *kept = arena_many(a, object_uid, *n);
    size_t k = 0;

    for (size_t i = 0; i < *n; i++)
        if (still_held(st, (*list)[i]))
            kept[k++] = (*list)[i];
    if (k == *n)
        return;
    *number += (int)(*n - k);
    *list = kept;
    *n = k;
    st->sync.flush = true;
}

static void settle_uncounted(struct job_state *st)
{
    struct batch_job *now = &st->sync.now;

    count_released(st, &now->uncounted_succeeded, &now->nuncounted_succeeded,
                   &now->succeeded);
    count_released(st, &now->uncounted_failed, &now->nuncounted_failed,
                   &now->failed);
}

/* The condition that announces the end of the Job. */
static void announce_end(struct job_state *st)
{
    struct job_sync *j = &st->sync;
    struct condition *c = j->end == JOB_FAILS ? &j->now.failure_target
                                              : &j->now.success_met;

    if (j->end == JOB_GOES_ON || c->status == CONDITION_TRUE)
        return;
    condition_set(c, CONDITION_TRUE, j->reason, j->message,
                  world_now(st->jobs->c->w));
    j->flush = true;
}

/* ---- the stages ---------------------------------------------------------------------------------- */

static void report_end(struct job_state *st)
{
    struct job_sync *j = &st->sync;
    struct controller *c = st->jobs->c;

    if (j->end == JOB_SUCCEEDS)
        controller_event(c, &j->now.meta, "Normal", "Completed",
                         "Job completed");
    else
        controller_event(c, &j->now.meta, "Warning", j->reason, "%s",
                         j->message);
}

static void after_last(struct controller *c, struct sync *s, object_uid key,
                       bool error, const char *why, void *arg)
{
    struct job_state *st = arg;

    (void)c;
    (void)s;
    (void)key;
    (void)error;
    (void)why;
    if (st->sync.wrote == API_OK && job_finished(&st->sync.now))
        report_end(st);
}

static bool over(const struct job_sync *j)
{
    return j->end != JOB_GOES_ON && !j->held &&
           j->now.nuncounted_succeeded + j->now.nuncounted_failed == 0 &&
           j->now.terminating == 0 && j->now.active == 0;
}

static void finish(struct job_state *st)
{
    struct job_sync *j = &st->sync;
    sim_time t = world_now(st->jobs->c->w);

    if (j->end == JOB_FAILS) {
        condition_set(&j->now.failure, CONDITION_TRUE, j->reason, j->message,
                      t);
    } else {
        condition_set(&j->now.complete, CONDITION_TRUE, j->reason, j->message,
                      t);
        j->now.completed = t;
    }
    j->flush = true;
}

/* Finalizers are gone, or will be tried again. */
static void settle(struct controller *c, struct sync *s, object_uid key,
                   bool error, const char *why, void *arg)
{
    struct job_state *st = arg;
    struct job_sync *j = &st->sync;

    (void)c;
    (void)key;
    (void)error;
    (void)why;
    settle_uncounted(st);
    if (over(j))
        finish(st);
    if (!j->flush)
        return;
    job_write_status(st, s);
    sync_finally(s, after_last, st);
}

/* The status is written, or did not need to be. */
static void release(struct job_state *st, struct sync *s)
{
    struct job_sync *j = &st->sync;
    struct arena *a = st->jobs->scratch;
    object_uid *uids = arena_many(a, object_uid, j->pods.len);
    size_t n = 0;

    for (size_t i = 0; i < j->pods.len && n < MAX_UNCOUNTED; i++)
        if (may_release(j, &j->pods.items[i]))
            uids[n++] = j->pods.items[i].uid;
    job_release_pods(st, s, uids, n);
    sync_finally(s, settle, st);
}

static void after_note(struct controller *c, struct sync *s, object_uid key,
                       bool error, const char *why, void *arg)
{
    struct job_state *st = arg;

    (void)c;
    (void)key;
    (void)error;
    (void)why;
    if (st->sync.wrote != API_OK)
        return;
    st->backoff = st->sync.backoff;
    st->sync.flush = false;
    release(st, s);
}

static void set_numbers(struct job_state *st)
{
    struct job_sync *j = &st->sync;
    struct batch_job *now = &j->now;

    j->flush = j->flush || now->active != j->active ||
               now->ready != j->ready || now->terminating != j->terminating;
    now->active = j->active;
    now->ready = j->ready;
    now->terminating = j->terminating;
    if (now->spec->indexed && j->flush) {
        now->completed_indexes = index_set_text(st->jobs->c->w->arena,
                                                &j->succeeded);
        now->succeeded = index_set_len(&j->succeeded);
        if (now->spec->backoff_per_index != JOB_UNSET)
            now->failed_indexes = index_set_text(st->jobs->c->w->arena,
                                                 &j->failed);
    }
}

/* Write what is known before any finalizer goes. */
static void note(struct job_state *st, struct sync *s)
{
    struct job_sync *j = &st->sync;
    size_t n = 0;

    settle_uncounted(st);
    for (size_t i = 0; i < j->pods.len && !j->held; i++)
        if (may_release(j, &j->pods.items[i])) {
            note_pod(st, &j->pods.items[i]);
            j->held = ++n >= MAX_UNCOUNTED;
        }
    announce_end(st);
    set_numbers(st);
    if (!j->flush) {
        release(st, s);
        return;
    }
    job_write_status(st, s);
    sync_finally(s, after_note, st);
}

static void after_manage(struct controller *c, struct sync *s, object_uid key,
                         bool error, const char *why, void *arg)
{
    struct job_state *st = arg;
    struct job_sync *j = &st->sync;
    bool all = j->answered - j->refused == j->counts.active;

    (void)c;
    (void)key;
    (void)error;
    (void)why;
    if (j->planned > 0)
        job_settle_pods(st);
    if (j->end != JOB_GOES_ON) {
        if ((j->counts.active > 0 && !all) || !job_expectations_met(st))
            j->end = JOB_GOES_ON;       /* not yet */
    } else {
        struct job_counts n = j->counts;

        n.active = j->active;
        if (job_complete(&n))
            end(j, JOB_SUCCEEDS, "CompletionsReached",
                "Reached expected number of succeeded pods");
        else if (j->managed)
            set_suspended(st);
    }
    note(st, s);
}

void job_sync(struct jobs *js, struct job_state *st, struct sync *s,
              const struct batch_job *seen)
{
    struct job_sync *j = &st->sync;
    sim_time started = job_start_stamp(js, seen);
    int restarts;

    vec_clear(&j->pods);
    *j = (struct job_sync){ .now = *seen, .version = seen->meta.version,
                            .pods.items = j->pods.items,
                            .pods.cap = j->pods.cap };
    restarts = count(st);
    if (seen->started == SIM_NEVER && !seen->spec->suspend)
        j->now.started = started;
    check_end(st, restarts, started);
    if (j->end != JOB_GOES_ON)
        job_delete_pods(st, s, j->counts.active, false);
    else if (job_expectations_met(st) && !meta_deleting(&seen->meta))
        manage(st, s);
    sync_finally(s, after_manage, st);
}
