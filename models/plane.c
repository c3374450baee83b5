/*
 * plane.c - the control plane as a thing that can fail.
 *
 * kube-controller-manager and kube-scheduler work while they hold their lease.
 * One that ends leaves its lease behind.  Whoever comes next asks for it every
 * retryPeriod (2 s), and gets it when it has seen the same renewal for
 * leaseDuration (15 s): another replica has watched all the time, the same
 * process begins when it is there again.  Then it fills its caches (timing
 * cacheSync) before it works.
 *
 * Without API server or etcd nothing is written and nothing is watched; what
 * was asked for waits and is asked again afterwards.  Pods, proxies and
 * requests of users go on.  Leaders that cannot renew for renewDeadline (10 s)
 * give up, and start anew when the API server is back.
 *
 * Profile exact: no leases, unless cluster.controlPlane asks for them.
 * Not modelled: what a process forgets when it ends (back-offs, expectations),
 * API servers of which only some are down, reads from a watch cache while etcd
 * is down, back-off of clients (they come back at once).
 * Source: client-go tools/leaderelection, cmd/kube-controller-manager at v1.36;
 * reference 8.6.
 */
#include "models/plane.h"

#include "base/vec.h"
#include "models/controller.h"
#include "models/scheduler.h"
#include "models/world.h"

const char *const component_names[COMPONENT_COUNT + 1] = {
#define COMPONENT(id, name, status, address) name,
#include "models/components.list"
#undef COMPONENT
    NULL,
};

static const char *const status_names[] = {
#define COMPONENT(id, name, status, address) status,
#include "models/components.list"
#undef COMPONENT
};

static const char *const addresses[] = {
#define COMPONENT(id, name, status, address) address,
#include "models/components.list"
#undef COMPONENT
};

struct leader {
    struct plane *plane;
    enum component component;
    bool works;
    sim_time seen;              /* when another replica saw the last renewal
                                 * of its lease, before that was lost */
    event_id next;              /* gives up, or works again */
    struct stream luck;
};

struct plane {
    struct world *w;
    double factors[TIMING_COUNT];
    int down[COMPONENT_COUNT];  /* faults that hold it down */
    sim_time silent;            /* since when the API is down */
    VEC(struct call *) held;
    struct leader leaders[2];
};

struct plane *plane_new(struct world *w)
{
    struct plane *p = arena_make(w->arena, struct plane);

    p->w = w;
    for (int t = 0; t < TIMING_COUNT; t++)
        p->factors[t] = 1;
    for (int i = 0; i < 2; i++) {
        struct leader *l = &p->leaders[i];

        l->plane = p;
        l->component = i ? COMPONENT_SCHEDULER : COMPONENT_CONTROLLER_MANAGER;
        l->works = true;
        world_stream(w, &l->luck, PURPOSE_LEASE, UINT64_MAX - (uint64_t)i);
    }
    return p;
}

void plane_slow(struct world *w, enum timing t, double factor)
{
    w->plane->factors[t] = factor;
}

double plane_factor(const struct plane *p, enum timing t)
{
    return p->factors[t];
}

static bool api_down(const struct plane *p)
{
    return p->down[COMPONENT_API_SERVER] > 0 || p->down[COMPONENT_ETCD] > 0;
}

bool plane_api_down(const struct world *w)
{
    return w->plane && api_down(w->plane);
}

void plane_hold(struct world *w, struct call *call)
{
    vec_push(w->arena, &w->plane->held, call);
}

void plane_say(struct world *w, enum component c, const char *what, bool well)
{
    const char *name = *status_names[c] ? status_names[c] : what;

    if (!w->record.rows)
        return;
    record_note(w, "Component", well ? "Healthy" : "Unhealthy", "",
                arena_printf(w->arena, "%s%s", *status_names[c]
                             ? "componentstatus/" : "", name),
                well ? "ok" : arena_printf(w->arena, "Get \"https://%s/healthz"
                                           "\": dial tcp %s: connect: "
                                           "connection refused", addresses[c],
                                           addresses[c]));
}

/* ---- who leads ---------------------------------------------------------- */

static void set_working(struct leader *l, bool works)
{
    struct world *w = l->plane->w;

    l->works = works;
    if (l->component == COMPONENT_SCHEDULER) {
        scheduler_stop(w->scheduler, !works);
        return;
    }
    for (size_t i = 0; i < w->ncontrollers; i++)
        controller_stop(&w->controllers[i], !works);
}

static void fire_leads(struct sim *sim, void *subject, int64_t arg)
{
    struct leader *l = subject;
    const char *name = component_names[l->component];

    (void)sim;
    (void)arg;
    if (api_down(l->plane))
        return;                 /* tried again when that is back */
    set_working(l, true);
    record_note(l->plane->w, "Component", "LeaderElection", "",
                arena_printf(l->plane->w->arena, "lease/%s", name),
                arena_printf(l->plane->w->arena, "%s became leader", name));
}

static const struct event_kind ev_leads = {
    .name = "plane.leads", .rank = RANK_WORLD, .fire = fire_leads,
};

/* Until somebody who has asked for the lease since `seen` gets it. */
static sim_time wait_for_lease(struct leader *l, sim_time seen)
{
    const struct cluster_spec *c = &l->plane->w->spec->cluster;
    sim_time now = world_now(l->plane->w), retry = c->lease_retry;
    sim_time asks = (c->lease_duration + retry - 1) / retry;

    if (seen + asks * retry > now)
        return seen + asks * retry - now;
    return (sim_time)(stream_u01(&l->luck) * (double)retry);
}

/* Somebody tries to lead, if there is anybody who could. */
static void try_to_lead(struct leader *l)
{
    struct plane *p = l->plane;
    const struct cluster_spec *c = &p->w->spec->cluster;
    sim_time now = world_now(p->w), wait = 0;

    if (l->works || api_down(p) || sim_pending(p->w->sim, l->next) ||
        (p->down[l->component] > 0 && c->plane_replicas < 2))
        return;
    if (c->lease_duration > 0)
        wait = wait_for_lease(l, c->plane_replicas < 2 ? now : l->seen);
    wait += world_draw(p->w, TIMING_CACHE_SYNC, &l->luck);
    if (wait > 0)
        l->next = sim_after(p->w->sim, wait, &ev_leads, l, 0);
    else
        fire_leads(p->w->sim, l, 0);
}

/* It leads no more; its lease was renewed last just before t, and another
 * replica sees that when it asks next. */
static void lose(struct leader *l, sim_time t)
{
    double retry = (double)l->plane->w->spec->cluster.lease_retry;
    double renewed, asked;

    sim_cancel(l->plane->w->sim, l->next);
    if (!l->works)
        return;
    renewed = stream_u01(&l->luck) * retry;
    asked = stream_u01(&l->luck) * retry;
    l->seen = t + (sim_time)(asked - renewed);
    set_working(l, false);
}

/* ---- the API server ----------------------------------------------------- */

static void fire_gives_up(struct sim *sim, void *subject, int64_t arg)
{
    struct leader *l = subject;

    (void)sim;
    (void)arg;
    lose(l, l->plane->silent);
}

static const struct event_kind ev_gives_up = {
    .name = "plane.gives-up", .rank = RANK_WORLD, .fire = fire_gives_up,
};

static void api_fails(struct plane *p)
{
    const struct cluster_spec *c = &p->w->spec->cluster;

    p->silent = world_now(p->w);
    for (int i = 0; i < 2 && c->lease_duration > 0; i++) {
        struct leader *l = &p->leaders[i];

        sim_cancel(p->w->sim, l->next);
        if (l->works)
            l->next = sim_after(p->w->sim, c->lease_deadline, &ev_gives_up, l,
                                0);
    }
}

static void api_returns(struct plane *p)
{
    for (size_t i = 0; i < p->held.len; i++)
        client_resend(p->held.items[i]);
    vec_clear(&p->held);
    for (int i = 0; i < 2; i++) {
        sim_cancel(p->w->sim, p->leaders[i].next);
        try_to_lead(&p->leaders[i]);
    }
}

void plane_stop(struct world *w, enum component c, bool stopped)
{
    struct plane *p = w->plane;
    bool was = api_down(p);

    p->down[c] += stopped ? 1 : -1;
    if (p->down[c] == (stopped ? 1 : 0))
        plane_say(w, c, component_names[c], !stopped);
    if (api_down(p) != was) {
        if (was)
            api_returns(p);
        else
            api_fails(p);
    }
    for (int i = 0; i < 2; i++) {
        struct leader *l = &p->leaders[i];

        if (l->component != c)
            continue;
        if (stopped)
            lose(l, world_now(w));
        try_to_lead(l);
    }
}
