/*
 * job_pods.c - how Jobs create, delete and let go of their pods.
 *
 * Creations run in batches of 1, 2, 4, ... that stop at the first refusal;
 * deletions all at once.  Expectations keep later syncs from acting before the
 * watch has shown what was asked for.
 *
 * Source: kubernetes pkg/controller/job/job_controller.go (manageJob,
 * deleteJobPods), controller_utils.go (ActivePods) at v1.36.2.
 */
#include <stdlib.h>
#include <string.h>

#include "job_impl.h"
#include "models/pod_control.h"
#include "models/replicaset.h"
#include "models/world.h"

/* ---- counting ------------------------------------------------------------------ */

bool job_pod_failed(const struct batch_job *j, const struct pod *p)
{
    if (p->phase == POD_FAILED)
        return true;
    return !j->spec->only_failed_replaced && meta_deleting(&p->meta) &&
           p->phase != POD_SUCCEEDED;
}

int job_pod_index(const struct batch_job *j, const struct pod *p)
{
    const char *text = labels_get(p->meta.annotations, JOB_INDEX);
    int index = text ? atoi(text) : -1;

    return j->spec->indexed && index < j->spec->completions ? index : -1;
}

/* ---- expectations ---------------------------------------------------------------- */

static void remove_uid(object_uid *items, size_t *len, object_uid uid)
{
    for (size_t i = 0; i < *len; i++)
        if (items[i] == uid) {
            items[i] = items[--*len];
            return;
        }
}

void job_saw_creation(struct job_state *st)
{
    st->creations--;
}

void job_saw_deletion(struct job_state *st, object_uid pod)
{
    remove_uid(st->deletions.items, &st->deletions.len, pod);
}

void job_released(struct job_state *st, object_uid pod)
{
    remove_uid(st->releasing.items, &st->releasing.len, pod);
}

static void expect(struct job_state *st, int creations)
{
    st->creations = creations;
    vec_clear(&st->deletions);
    st->expected_since = world_now(st->jobs->c->w);
}

/* ---- creating ---------------------------------------------------------------------- */

static void on_created(struct call *call, enum api_code code,
                       const struct meta *result, const char *reason)
{
    struct job_state *st = call->ctx;
    struct controller *c = st->jobs->c;

    st->sync.answered++;
    if (code == API_CREATED) {
        controller_event(c, &st->sync.now.meta, "Normal", "SuccessfulCreate",
                         "Created pod: %s", result->name);
        return;
    }
    st->sync.refused++;
    st->creations--;
    controller_event(c, &st->sync.now.meta, "Warning", "FailedCreate",
                     "Error creating: %s", reason ? reason : "refused");
}

/* The template's labels and the name of the Job. */
static const struct labels *labels_of(struct job_state *st)
{
    const struct batch_job *j = &st->sync.now;
    struct world *w = st->jobs->c->w;

    if (st->template != j->spec->template) {
        st->template = j->spec->template;
        st->labels = labels_with(w->arena, st->template->labels, "job-name",
                                 j->meta.name);
        if (!world_is(w, KUBE_1_20))
            st->labels = labels_with(w->arena, st->labels,
                                     "batch.kubernetes.io/job-name",
                                     j->meta.name);
    }
    return st->labels;
}

static struct meta *draft_pod(struct job_state *st, const int *index)
{
    static const char *const finalizers[] = { JOB_FINALIZER, NULL };
    const struct batch_job *j = &st->sync.now;
    struct world *w = st->jobs->c->w;
    const char *base = j->meta.name, *number;
    struct meta *draft;

    if (index)
        base = arena_printf(w->arena, "%s-%d", base, *index);
    draft = pod_draft(w, &j->meta, j->spec->template, pod_name(w, base));
    draft->labels = labels_of(st);
    if (!world_is(w, KUBE_1_20))
        draft->finalizers = finalizers;
    if (index) {
        number = arena_printf(w->arena, "%d", *index);
        draft->annotations = job_per_index_note(
            st, *index, labels_with(w->arena, draft->annotations, JOB_INDEX,
                                    number));
        draft->labels = labels_with(w->arena, draft->labels, JOB_INDEX,
                                    number);
    }
    return draft;
}

void job_create_pods(struct job_state *st, struct sync *s, int n,
                     const int *indexes)
{
    int left = n, batch = 0;

    expect(st, n);
    st->sync.planned = n;
    while ((batch = slow_start_batch(left, batch)) > 0) {
        sync_batch_begin(s);
        for (int i = 0; i < batch; i++) {
            const int *index = indexes ? &indexes[n - left + i] : NULL;
            struct call *call = sync_create(s, draft_pod(st, index));

            call->done = on_created;
            call->ctx = st;
        }
        sync_batch_end(s);
        left -= batch;
    }
}

/* ---- deleting ------------------------------------------------------------------------ */

static void on_deleted(struct call *call, enum api_code code,
                       const struct meta *result, const char *reason)
{
    struct job_state *st = call->ctx;
    const struct meta *m = informer_get(st->jobs->pods, call->uid);
    struct controller *c = st->jobs->c;

    (void)result;
    st->sync.answered++;
    if (code == API_OK) {
        controller_event(c, &st->sync.now.meta, "Normal", "SuccessfulDelete",
                         "Deleted pod: %s", m ? m->name : "");
        return;
    }
    job_saw_deletion(st, call->uid);
    if (code == API_NOT_FOUND)
        return;
    st->sync.refused++;
    st->sync.refused_ready += m && pod_seen(m)->ready;
    controller_event(c, &st->sync.now.meta, "Warning", "FailedDelete",
                     "Error deleting: %s", reason ? reason : "refused");
}

static struct victim victim_of(const struct jobs *js, const struct pod *p)
{
    const struct world *w = js->c->w;
    struct victim v = {
        .pod = p, .ready_since = SIM_NEVER,
        .created = world_second_starts(w, world_second(w, p->meta.created)),
    };

    if (p->ready && p->ready_changed != SIM_NEVER)
        v.ready_since = world_second_starts(
            w, world_second(w, p->ready_changed));
    return v;
}

/* The active pods, those that go first in front. */
static struct victim *choose(struct job_state *st, size_t k, size_t *n)
{
    struct jobs *js = st->jobs;
    size_t owned;
    const object_uid *uids = informer_owned(js->pods, st->uid, &owned);
    struct victim *v = arena_many(js->scratch, struct victim, owned);

    *n = 0;
    for (size_t i = 0; i < owned; i++) {
        const struct pod *p = pod_seen(informer_get(js->pods, uids[i]));

        if (pod_active(p))
            v[(*n)++] = victim_of(js, p);
    }
    if (*n > k)                 /* ages are not compared on a log scale */
        victims_choose(v, *n, k, world_now(js->c->w), KUBE_1_20);
    return v;
}

void job_delete_pods(struct job_state *st, struct sync *s, int n,
                     bool expected)
{
    size_t found, k = n > BURST_REPLICAS ? BURST_REPLICAS : (size_t)n;
    const struct victim *v = choose(st, k, &found);

    k = found < k ? found : k;
    if (expected)
        expect(st, 0);
    st->sync.deleting = true;
    st->sync.planned = (int)k;
    sync_batch_begin(s);
    for (size_t i = 0; i < k; i++) {
        struct call *call = sync_delete(s, v[i].pod->meta.uid);

        if (expected)
            vec_push(st->jobs->c->w->arena, &st->deletions, call->uid);
        st->sync.ready -= v[i].pod->ready;
        call->done = on_deleted;
        call->ctx = st;
    }
    sync_batch_end(s);
}

void job_settle_pods(struct job_state *st)
{
    struct job_sync *j = &st->sync;
    int done = j->answered - j->refused;

    if (j->deleting) {
        j->active -= done;
        j->terminating += done;
        j->ready += j->refused_ready;
        return;
    }
    st->creations -= j->planned - j->answered;
    j->active += done;
}

/* ---- letting go ----------------------------------------------------------------------- */

static void on_released(struct call *call, enum api_code code,
                        const struct meta *result, const char *reason)
{
    struct job_state *st = call->ctx;

    (void)result;
    (void)reason;
    if (code != API_OK && code != API_NOT_FOUND) {
        job_released(st, call->uid);
        return;
    }
    for (size_t i = 0; i < st->sync.pods.len; i++)
        if (st->sync.pods.items[i].uid == call->uid)
            st->sync.pods.items[i].tracked = false;
}

void job_release_pods(struct job_state *st, struct sync *s,
                      const object_uid *uids, size_t n)
{
    struct jobs *js = st->jobs;

    sync_batch_begin(s);
    for (size_t i = 0; i < n; i++) {
        const struct meta *m = informer_get(js->pods, uids[i]);
        struct meta *draft;
        struct call *call;

        if (!m)
            continue;
        draft = api_draft(js->c->w->api, m);
        draft->finalizers = NULL;
        draft->version = 0;     /* a patch */
        vec_push(js->c->w->arena, &st->releasing, uids[i]);
        call = sync_update(s, draft);
        call->uid = uids[i];
        call->done = on_released;
        call->ctx = st;
        sync_tolerate(s, call);
    }
    sync_batch_end(s);
}
