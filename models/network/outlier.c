/*
 * outlier.c - outlier detection of a mesh sidecar, host by host.
 *
 * A host is ejected by `consecutive` failures in a row (answered 5xx, or not at
 * all), at once, if 100 x (ejected + 1) / hosts is no more than the greatest
 * share.  It stays out for base x backoff, where backoff counts its ejections,
 * and comes back with the next sweep, every `interval`.  Each sweep that finds
 * it in, a whole interval after it came back, takes one off its backoff.
 *
 * Not modelled: success rate and failure percentage detectors, local-origin
 * failures apart, jitter of ejection times (0 by default).
 * Source: Envoy source/common/upstream/outlier_detection_impl.cc (1.30):
 * onConsecutiveErrorWorker, ejectHost, checkHostForUneject, onIntervalTimer;
 * router: retry back-off of 25 ms, fully jittered, at most 250 ms.
 */
#include "models/mesh.h"

#define BACKOFF_BASE (25 * SIM_MS)
#define BACKOFF_MOST (10 * BACKOFF_BASE)

bool mesh_counts(struct mesh_host *h, const struct outlier_spec *o, bool bad,
                 sim_time now)
{
    if (!bad) {
        h->consecutive = 0;
        return false;
    }
    if (o->consecutive == 0 || ++h->consecutive < o->consecutive)
        return false;
    if (mesh_ejected(h, now))
        return false;
    h->consecutive = 0;
    return true;
}

bool mesh_may_eject(const struct outlier_spec *o, int ejected, int n)
{
    if (o->one_at_least && ejected == 0)
        return true;
    return (double)(ejected + 1) <= o->max_share * (double)n + 1e-9;
}

/* The first sweep at or after t. */
static sim_time sweep_from(const struct outlier_spec *o, sim_time phase,
                           sim_time t)
{
    sim_time past = (t - phase) % o->interval;

    return past == 0 ? t : t + o->interval - past;
}

void mesh_eject(struct mesh_host *h, const struct outlier_spec *o,
                sim_time phase, sim_time now)
{
    sim_time most = o->max_ejection > o->base_ejection ? o->max_ejection
                                                       : o->base_ejection;
    sim_time out;

    if (h->back >= 0 && now >= h->back + o->interval) {
        sim_time sweeps = (now - h->back) / o->interval;

        h->backoff = sweeps < h->backoff ? h->backoff - (int)sweeps : 0;
    }
    if (h->backoff * o->base_ejection < most + o->base_ejection)
        h->backoff++;
    out = h->backoff * o->base_ejection;
    h->until = sweep_from(o, phase, now + (out < most ? out : most));
    h->back = h->until;
    h->consecutive = 0;
}

sim_time mesh_backoff(int k, double u)
{
    sim_time most = k < 5 ? ((INT64_C(1) << k) - 1) * BACKOFF_BASE
                          : BACKOFF_MOST;

    return (sim_time)(u * (double)(most < BACKOFF_MOST ? most
                                                       : BACKOFF_MOST));
}
