/*
 * pod_available.c - which pods count.
 *
 * Active: neither finished nor being deleted.  Available: Ready, and has been
 * for minReadySeconds since the second that the Ready condition's time stamp
 * shows (up to one second before it really turned).  1.20 asks that this time
 * be over, 1.36 that it be reached.
 *
 * Source: kubernetes pkg/controller/controller_utils.go, pkg/api/v1/pod; the
 * change: README-1.36 of the recordings, row 1.  Reference 2.1, 2.4.
 */
#include "models/pod.h"
#include "models/world.h"

bool pod_active(const struct pod *p)
{
    return p->phase != POD_SUCCEEDED && p->phase != POD_FAILED &&
           !meta_deleting(&p->meta);
}

bool pod_available(const struct world *w, const struct pod *p,
                   int min_ready_s, sim_time now)
{
    sim_time due;

    if (!p->ready)
        return false;
    if (min_ready_s == 0)
        return true;
    if (p->ready_changed == SIM_NEVER)
        return false;
    due = pod_available_at(w, p, min_ready_s);
    return world_is(w, KUBE_1_20) ? due < now : due <= now;
}

sim_time pod_available_at(const struct world *w, const struct pod *p,
                          int min_ready_s)
{
    int64_t second = world_second(w, p->ready_changed);

    return world_second_starts(w, second + min_ready_s);
}
