/*
 * door.c - the front door of several clusters: who goes where.
 *
 * Every user (every request, where nobody counts users) has a home among the
 * clusters, by their shares, which is his for good.  The door asks each cluster
 * every `interval` whether a new request would find somebody able to answer it,
 * by the way of one request; after `unhealthy` times in a row without, it sends
 * nobody there, and its users go to the others by their shares, until it has
 * answered `healthy` times in a row.  If no cluster is healthy, all stay at
 * home.  So a cluster that is lost costs its users at least the time of the
 * checks; users of the others notice nothing, unless those are too small.
 *
 * A request stays in the cluster that it was sent to: so do its retries, and
 * open connections.  Every cluster looks at the same list of requests and takes
 * its own, so request i is the same request wherever it goes.
 *
 * Not modelled: caches of DNS and clients that keep an address; the door's own
 * delay; answers 5xx to health checks, which ask only whether anybody answers.
 */
#include "base/text.h"
#include "models/clusters.h"
#include "models/measure.h"
#include "models/record.h"
#include "traffic_impl.h"

struct gate {                   /* of one cluster */
    struct door *door;
    struct world *w;
    bool healthy;
    int streak;                 /* answers in a row that say otherwise */
    struct stream luck;
};

struct door {
    const struct spec *spec;
    struct gate *gates;
    size_t n;
};

/* ---- who goes where ----------------------------------------------------- */

static double healthy_share(const struct door *d)
{
    double sum = 0;

    for (size_t i = 0; i < d->n; i++)
        if (d->gates[i].healthy)
            sum += d->spec->members[i].share;
    return sum;
}

/* The cluster at u of the shares of all, or of the healthy ones, which are
 * `sum` together; *rest: where u lies in its part, from 0 to 1. */
static size_t cluster_at(const struct door *d, double u, double sum,
                         bool healthy, double *rest)
{
    size_t last = 0;
    double below = 0;

    for (size_t i = 0; i < d->n; i++) {
        double share = d->spec->members[i].share;

        if (healthy && !d->gates[i].healthy)
            continue;
        last = i;
        if (u * sum < below + share) {
            *rest = (u * sum - below) / share;
            return i;
        }
        below += share;
    }
    *rest = 0;
    return last;                /* rounding */
}

bool door_sends(const struct sender *s, uint64_t who)
{
    const struct world *w = s->traffic->w;
    const struct door *d = w->clusters->door;
    double u = stream_u01_at(world_users_seed(w), PURPOSE_DOOR, s->entity,
                             w->replication, who);
    double rest, sum;
    size_t home = cluster_at(d, u, 1, false, &rest);

    if (!d->gates[home].healthy && (sum = healthy_share(d)) > 0)
        home = cluster_at(d, rest, sum, true, &rest);
    return home == w->place;
}

/* The share of all users that the door sends to a cluster now. */
static double share_of(const struct door *d, size_t i)
{
    double sum = healthy_share(d), share = d->spec->members[i].share;

    return sum == 0 ? share : d->gates[i].healthy ? share / sum : 0;
}

/* ---- health ------------------------------------------------------------- */

static void tell(const struct gate *g)
{
    record_note(g->w, "FrontDoor", g->healthy ? "Healthy" : "Unhealthy", NULL,
                arena_printf(g->w->arena, "cluster/%s", clusters_name(g->w)),
                g->healthy ? "its users come home"
                           : "its users are sent to the others");
}

static void fire_check(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_check = { "door.asks", RANK_MEASURE,
                                            fire_check };

static void reshare(const struct door *d)
{
    for (size_t i = 0; i < d->n; i++)
        traffic_reshare(d->gates[i].w, share_of(d, i));
}

static void fire_check(struct sim *sim, void *subject, int64_t arg)
{
    struct gate *g = subject;
    const struct balancer_spec *spec = &g->door->spec->door;
    bool answers = stream_u01(&g->luck) >= traffic_closed(g->w);

    (void)arg;
    sim_after(sim, spec->interval, &ev_check, g, 0);
    g->streak = answers == g->healthy ? 0 : g->streak + 1;
    if (g->streak < (g->healthy ? spec->unhealthy : spec->healthy))
        return;
    g->streak = 0;
    g->healthy = !g->healthy;
    tell(g);
    reshare(g->door);
}

struct door *door_new(struct clusters *all)
{
    struct arena *a = all->items[0]->arena;
    struct door *d = arena_make(a, struct door);

    d->spec = all->spec;
    d->n = all->len;
    d->gates = arena_many(a, struct gate, d->n);
    for (size_t i = 0; i < d->n; i++) {
        struct gate *g = &d->gates[i];
        struct world *w = all->items[i];

        *g = (struct gate){ .door = d, .w = w, .healthy = true };
        world_stream(w, &g->luck, PURPOSE_DOOR, 0);
        /* Until the end of the warm-up nobody is sent elsewhere. */
        sim_at(w->sim, d->spec->warmup +
               (sim_time)(stream_u01(&g->luck) *
                          (double)d->spec->door.interval), &ev_check, g, 0);
    }
    reshare(d);
    return d;
}
