/*
 * busy.c - latencies that pass on one machine at one time are alike.
 *
 * When a machine is busy, everything on it takes longer: five pods that are
 * torn down at once all lose their network late, or all soon.  A draw of row t
 * has the normal score
 *
 *     z = sqrt(share) Z + sqrt(1 - share) e
 *
 * where e is its own and Z that of the machine, the same for a stretch of
 * `lasts`.  So each latency keeps its distribution exactly, and two within a
 * stretch are correlated by share (a Gaussian copula).  Stretches of a row
 * begin at a random phase; how busy a machine is does not depend on what it
 * does.  Rows do not share their Z: recorded teardowns and rule updates of one
 * moment have a correlation of 0.2 only.
 *
 * Source: recordings of requests (tests/requests/convert.c has the figures).
 */
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "models/plane.h"
#include "models/world.h"

/* How busy the machine is now, a normal score. */
static double busy(const struct world *w, enum timing t, object_uid node)
{
    const struct together *k = &w->spec->cluster.timings.together[t];
    uint64_t name[2] = { (uint64_t)t, k->of == MACHINE_NODE ? node : 0 };
    uint64_t entity = fnv64(FNV_START, name, sizeof(name));
    uint64_t seed = w->spec->seed;
    double phase = stream_u01_at(seed, PURPOSE_BUSY, entity, w->replication,
                                 0);
    double stretch = (double)world_now(w) / (double)k->lasts + phase;
    double u = stream_u01_at(seed, PURPOSE_BUSY, entity, w->replication,
                             1 + (uint64_t)stretch);

    return gsl_cdf_ugaussian_Pinv(u);
}

/* A latency of row t where nothing fails. */
static sim_time draw(const struct world *w, enum timing t, struct stream *s,
                     object_uid node)
{
    const struct dist *d = &w->spec->cluster.timings.dist[t];
    double share = w->spec->cluster.timings.together[t].share;
    double z;

    if (share <= 0 || d->law == DIST_CONSTANT || d->law == DIST_NEVER)
        return dist_draw(d, s);
    z = sqrt(1 - share) * gsl_cdf_ugaussian_Pinv(stream_u01(s)) +
        sqrt(share) * busy(w, t, node);
    return dist_at(d, gsl_cdf_ugaussian_P(z));
}

sim_time world_draw_on(const struct world *w, enum timing t,
                       struct stream *s, object_uid node)
{
    sim_time x = draw(w, t, s, node);
    double factor = w->plane ? plane_factor(w->plane, t) : 1;
    double longer = (double)x * factor;

    if (factor == 1)
        return x;
    return longer < (double)SIM_NEVER ? (sim_time)longer : SIM_NEVER;
}
