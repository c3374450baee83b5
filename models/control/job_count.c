/*
 * job_count.c - how many pods a Job runs, and how long it waits after failures.
 *
 * A Job with completions runs at most as many pods as are still missing; one
 * without lets its pods run out once one of them has succeeded.  After n
 * failures in a row new pods wait 10 s * 2^(n-1), counted from the end of the
 * last failed pod; a success starts the count again.
 *
 * Source: kubernetes pkg/controller/job/backoff_utils.go, job_controller.go
 * at v1.36.2 and v1.20.2; reference 3.3.
 */
#include <stdlib.h>

#include "models/jobs.h"

static int by_time(const void *a, const void *b)
{
    sim_time x = *(const sim_time *)a, y = *(const sim_time *)b;

    return x < y ? -1 : x > y;
}

void job_backoff_add(struct job_backoff *b, sim_time *succeeded, size_t ns,
                     sim_time *failed, size_t nf)
{
    if (ns + nf == 0)
        return;
    if (nf > 0)
        qsort(failed, nf, sizeof(failed[0]), by_time);
    if (ns == 0) {
        b->failures += (int)nf;
        b->last = failed[nf - 1];
        return;
    }
    qsort(succeeded, ns, sizeof(succeeded[0]), by_time);
    *b = (struct job_backoff){ 0 };
    while (nf > 0 && failed[nf - 1] > succeeded[ns - 1]) {
        if (b->failures++ == 0)
            b->last = failed[nf - 1];
        nf--;
    }
}

sim_time job_backoff_left(int failures, sim_time since_last, sim_time base,
                          sim_time max)
{
    sim_time delay = base;

    if (failures <= 0)
        return 0;
    for (int i = 1; i < failures && delay < max; i++)
        delay *= 2;
    if (delay > max && failures > 1)
        delay = max;
    return delay > since_last ? delay - since_last : 0;
}

sim_time job_backoff_max(enum kube_version version)
{
    return (version == KUBE_1_20 ? 360 : 600) * SIM_S;
}

int job_wanted(const struct job_counts *n)
{
    int left;

    if (n->completions == JOB_UNSET)
        return n->succeeded > 0 ? n->active : n->parallelism;
    left = n->completions - n->succeeded;
    if (left > n->parallelism)
        left = n->parallelism;
    return left > 0 ? left : 0;
}

bool job_complete(const struct job_counts *n)
{
    if (n->completions == JOB_UNSET)
        return n->succeeded > 0 && n->active == 0;
    return n->succeeded >= n->completions && n->active == 0;
}

bool job_restarts_exceeded(int restarts, int backoff_limit)
{
    return backoff_limit == 0 ? restarts > 0 : restarts >= backoff_limit;
}
