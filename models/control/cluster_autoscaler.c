/*
 * cluster_autoscaler.c - node pools that follow the pods.
 *
 * Every scanInterval it looks at the pods and nodes that its watch has brought:
 * pods that the scheduler cannot place make a pool grow
 * (cluster_autoscaler_up.c), and in scans that order nothing, nodes that nobody
 * needs are given back (cluster_autoscaler_down.c).  So a surge that does not
 * fit waits for a scan and for a machine to boot, and what it got stays ten
 * minutes longer.
 *
 * Not modelled: machines that fail to come within maxNodeProvisionTime and what
 * is done then, balancing of similar pools, the autoscaler's own outages.
 * Source: cluster-autoscaler core/static_autoscaler.go at 1.30.
 */
#include "cluster_autoscaler_impl.h"
#include "models/world.h"

bool autoscaler_has(const struct autoscaler *a, size_t i)
{
    return a->w->spec->cluster.pools[i].max > 0;
}

static const struct informer_ops watch_pods = {
    .name = "autoscaler.pods", .latency = TIMING_WATCH_OPERATOR,
};
static const struct informer_ops watch_nodes = {
    .name = "autoscaler.nodes", .latency = TIMING_WATCH_OPERATOR,
};

static void fire_scan(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_scan = {
    .name = "autoscaler.scan", .rank = RANK_SYNC, .fire = fire_scan,
};

static void fire_scan(struct sim *sim, void *subject, int64_t arg)
{
    struct autoscaler *a = subject;

    (void)arg;
    sim_after(sim, a->spec->scan_interval, &ev_scan, a, 0);
    autoscaler_look(a);
    if (autoscaler_up(a) || !a->spec->scale_down)
        return;
    autoscaler_look(a);         /* without what was imagined */
    autoscaler_down(a);
}

void cluster_autoscaler_new(struct world *w)
{
    struct autoscaler *a = arena_make(w->arena, struct autoscaler);
    sim_time first = 0;
    bool any = false;

    a->w = w;
    a->spec = &w->spec->cluster.autoscaler;
    for (size_t i = 0; i < w->spec->cluster.npools; i++)
        any |= autoscaler_has(a, i);
    if (!any)
        return;
    a->added = a->failed = -1;
    a->scratch = arena_under(w->arena);
    map_init(&a->leaving, w->arena);
    map_init(&a->told, w->arena);
    world_stream(w, &a->luck, PURPOSE_POOL, 0);
    a->pods = informer_new(w, KIND_POD, &watch_pods, a);
    a->nodes = informer_new(w, KIND_NODE, &watch_nodes, a);
    if (w->spec->cluster.profile != PROFILE_EXACT)
        first = (sim_time)(stream_u01(&a->luck) *
                           (double)a->spec->scan_interval);
    sim_after(w->sim, first, &ev_scan, a, 0);
}
