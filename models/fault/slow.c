/*
 * slow.c - a part of the cluster takes longer than usual.
 *
 * What begins meanwhile takes `factor` times as long: a part has rows of the
 * table of timings; the registry has its pulls and checks.  Faults of one time
 * multiply.
 */
#include "models/fault.h"
#include "models/kubelet.h"
#include "models/plane.h"
#include "models/world.h"

enum { ROWS = 10 };

static const char *const names[] = { "registry", "api", "etcd", "scheduler",
    "kube-proxy", "kube-controller-manager", "kubelet", "storage", NULL };

static const struct part {      /* in the order of names */
    int n;
    enum timing rows[ROWS];
} table[] = {
    { 0, { 0 } },
    { 10, { TIMING_API_WRITE, TIMING_KUBELET_WRITE, TIMING_SLICE_WRITE,
            TIMING_WATCH_CONTROLLER, TIMING_WATCH_ENDPOINTS,
            TIMING_WATCH_SCHEDULER, TIMING_WATCH_KUBELET, TIMING_WATCH_PROXY,
            TIMING_WATCH_ROUTES, TIMING_CACHE_SYNC } },
    { 3, { TIMING_API_WRITE, TIMING_KUBELET_WRITE, TIMING_SLICE_WRITE } },
    { 1, { TIMING_SCHEDULE } },
    { 1, { TIMING_PROXY_SYNC } },
    { 1, { TIMING_SYNC } },
    { 8, { TIMING_KUBELET_SYNC, TIMING_VOLUMES, TIMING_SANDBOX,
           TIMING_CONTAINER_START, TIMING_NOTICE, TIMING_KILL,
           TIMING_TEARDOWN, TIMING_REMOVE } },
    { 3, { TIMING_PROVISION, TIMING_ATTACH, TIMING_DETACH } },
};

struct slow {
    int part;
    double factor;
};

static const struct field slow_fields[] = {
    FIELD_ENUM(struct slow, part, "slow", "registry", names,
               "what takes longer"),
    FIELD(REAL, struct slow, factor, "factor", "5", 1, 1e6, "-",
          "how many times as long"),
    FIELD_END
};

/* The factor with this fault, or without it again; others may go on. */
static double next(const struct slow *s, double factor, bool heals)
{
    return heals ? factor / s->factor : factor * s->factor;
}

static void change(struct world *w, const struct slow *s, bool heals)
{
    const struct part *p = &table[s->part];

    if (p->n == 0)
        kubelets_slow_registry(w, next(s, kubelets_registry_factor(w),
                                       heals));
    for (int i = 0; i < p->n; i++)
        plane_slow(w, p->rows[i],
                   next(s, plane_factor(w->plane, p->rows[i]), heals));
}

static void strike(struct world *w, const void *fault, struct stream *luck)
{
    (void)luck;
    change(w, fault, false);
}

static void heal(struct world *w, const void *fault)
{
    change(w, fault, true);
}

const struct fault_ops fault_slow = {
    .name = "slow", .doc = "a part of the cluster takes longer",
    .fields = slow_fields, .spec_size = sizeof(struct slow),
    .strike = strike, .heal = heal,
};
