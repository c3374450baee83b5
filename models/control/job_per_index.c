/*
 * job_per_index.c - backoffLimitPerIndex: every index fails for itself (1.36).
 *
 * How often an index has failed is written on its newest pod (an annotation),
 * so the last failed pod of an index keeps its finalizer until the pod that
 * replaces it is there, or nothing will.  An index whose pod fails with the
 * limit reached has failed, and is not tried again; so has one whose pod
 * matches a rule FailIndex.  The Job goes on with the others.  It fails when
 * more than maxFailedIndexes have failed, or when all indexes are over and
 * one of them failed.
 *
 * Back-off is that of the index: 10 s * 2^(failures - 1) from the end of its
 * last pod, pods that the policy ignores included.  The candidates for new
 * pods are the lowest indexes that are pending, as many as pods are missing;
 * those of them that must wait are left out.
 *
 * Source: kubernetes pkg/controller/job/indexed_job_utils.go,
 * backoff_utils.go at v1.36.2; reference 3.3.
 */
#include <stdlib.h>

#include "job_impl.h"
#include "models/world.h"

int job_annotation(const struct pod *p, const char *key)
{
    const char *text = labels_get(p->meta.annotations, key);

    return text ? atoi(text) : 0;
}

static bool index_fails(const struct job_spec *spec, const struct job_pod *p)
{
    return p->failed && (p->fails_index ||
                         (!p->ignored &&
                          p->failures >= spec->backoff_per_index));
}

static int absolute(const struct job_pod *p)
{
    return p->failures + p->ignored_failures;
}

/* Is a the later of two failed pods of one index? */
static bool later(const struct job_pod *a, const struct job_pod *b)
{
    return absolute(a) >= absolute(b) && a->finished >= b->finished;
}

/* Note the failed pods of indexes that will be tried again. */
static void keep_last(struct job_state *st, const struct index_set *active)
{
    struct job_sync *j = &st->sync;

    for (size_t i = 0; i < j->pods.len; i++) {
        const struct job_pod *p = &j->pods.items[i];

        if (!p->failed || !p->tracked || p->index < 0 ||
            index_set_has(active, p->index) ||
            index_set_has(&j->succeeded, p->index) ||
            index_set_has(&j->failed, p->index))
            continue;
        if (!j->last[p->index] || later(p, j->last[p->index]))
            j->last[p->index] = p;
    }
}

void job_per_index_count(struct job_state *st)
{
    struct job_sync *j = &st->sync;
    const struct job_spec *spec = j->now.spec;
    struct index_set active = index_set_make(st->jobs->scratch,
                                             j->succeeded.size);

    if (spec->backoff_per_index == JOB_UNSET)
        return;
    j->last = st->last;
    for (int i = 0; i < j->succeeded.size; i++)
        j->last[i] = NULL;
    for (size_t i = 0; i < j->pods.len; i++) {
        const struct job_pod *p = &j->pods.items[i];

        if (p->active)
            index_set_add(&active, p->index);
        if (p->tracked && index_fails(spec, p))
            index_set_add(&j->failed, p->index);
    }
    keep_last(st, &active);
}

const char *job_per_index_end(const struct job_sync *j, const char **message)
{
    const struct job_spec *spec = j->now.spec;
    int failed;

    if (spec->backoff_per_index == JOB_UNSET)
        return NULL;
    failed = index_set_len(&j->failed);
    if (spec->max_failed_indexes != JOB_UNSET &&
        failed > spec->max_failed_indexes) {
        *message = "Job has exceeded the specified maximal number of failed "
                   "indexes";
        return "MaxFailedIndexesExceeded";
    }
    if (failed > 0 &&
        failed + index_set_len(&j->succeeded) >= spec->completions) {
        *message = "Job has failed indexes";
        return "FailedIndexes";
    }
    return NULL;
}

bool job_per_index_keeps(const struct job_sync *j, const struct job_pod *p)
{
    return j->last && p->failed && p->index >= 0 && j->last[p->index] == p;
}

/* How long a new pod for the index still has to wait. */
static sim_time left_of(const struct job_state *st, int index)
{
    const struct job_pod *last = st->sync.last[index];

    if (!last)
        return 0;
    return job_backoff_left(absolute(last) + 1,
                            world_now(st->jobs->c->w) - last->finished,
                            JOB_POD_BACKOFF, job_backoff_max(KUBE_1_36));
}

sim_time job_per_index_ready(const struct job_state *st, int *indexes, int *n)
{
    sim_time least = 0;
    int ready = 0;

    for (int i = 0; i < *n; i++) {
        sim_time left = left_of(st, indexes[i]);

        if (left == 0)
            indexes[ready++] = indexes[i];
        else if (least == 0 || left < least)
            least = left;
    }
    *n = ready;
    return ready > 0 ? 0 : least;
}

const struct labels *job_per_index_note(const struct job_state *st, int index,
                                        const struct labels *annotations)
{
    struct arena *a = st->jobs->c->w->arena;
    const struct job_pod *last = st->sync.last ? st->sync.last[index] : NULL;
    int failures = 0, ignored = 0;

    if (!st->sync.last)
        return annotations;
    if (last) {
        failures = last->failures + !last->ignored;
        ignored = last->ignored_failures + last->ignored;
    }
    annotations = labels_with(a, annotations, JOB_INDEX_FAILURES,
                              arena_printf(a, "%d", failures));
    if (ignored == 0)
        return annotations;
    return labels_with(a, annotations, JOB_INDEX_IGNORED,
                       arena_printf(a, "%d", ignored));
}
