/*
 * outage.c - could a new request be served?
 *
 * Watched are the rules of every node from which requests come; where a route
 * splits them, the rules of each backend with its share.  A place is closed while none of the endpoints in its rules has a process that listens
 * and answers: what counts is where a new request would be sent, not what the
 * pods know.  Time in which places with a share s of all requests are closed
 * counts s-fold as downtime; so with a Poisson rate and clients that give up
 * at once, lost requests = rate x downtime.  An outage is a stretch in which
 * some place is closed.  Versions are mixed while new requests can reach both
 * the old and the new one.
 */
#include <math.h>

#include "measure_impl.h"
#include "models/netpol.h"
#include "models/route.h"

static bool of_new(const struct measure *m, struct world *w,
                   struct process *p)
{
    return m->rollout.new_ && m->rollout.new_ != m->rollout.old &&
           traffic_version_of(w, p) == m->rollout.new_;
}

/* Bring the integrals up to now. */
void outage_count(struct measure *m)
{
    struct outage *o = &m->outage;
    sim_time now = world_now(m->w);
    sim_time since = o->since > m->from ? o->since : m->from;
    double elapsed = now > since ? (double)(now - since) / (double)SIM_S : 0;

    o->since = now;
    if (o->closed > 0) {
        o->downtime += elapsed * o->closed_share;
        o->stretch += elapsed * o->closed_share;
        if (o->stretch > o->longest)
            o->longest = o->stretch;
    } else {
        o->stretch = 0;
    }
    if (o->reach_old > 0 && (o->reach_new > 0 || (m->rollout.flag_some &&
                                                  !m->rollout.flag_all)))
        o->mixed += elapsed;
}

static void tally_watch(struct outage *o, const struct watch *watch, int sign)
{
    size_t one = (size_t)sign;  /* wraps: subtraction */

    if (watch->share <= 0)
        return;
    o->open += one;
    if (watch->able == 0)
        o->closed += one;
    if (watch->able_new > 0)
        o->reach_new += one;
    if (watch->able > watch->able_new)
        o->reach_old += one;
}

static double share_closed(const struct outage *o)
{
    double sum = 0;

    if (o->closed == o->open)
        return 1;
    for (size_t i = 0; i < o->watches.len; i++)
        if (o->watches.items[i].able == 0 && o->watches.items[i].share > 0)
            sum += o->watches.items[i].share;
    return sum;
}

/* Look at one place anew; the integrals are up to date. */
static void recount(struct measure *m, struct watch *watch)
{
    struct outage *o = &m->outage;
    const struct rules *r = watch->rules;
    size_t closed = o->closed;

    tally_watch(o, watch, -1);
    watch->able = watch->able_new = 0;
    for (size_t i = 0; i < r->len; i++) {
        struct process *p = r->items[i].process;

        if (!traffic_able(p) ||
            (watch->from && !netpols_allow(watch->w, watch->from, p->pod,
                                           r->items[i].port)))
            continue;
        watch->able++;
        watch->able_new += of_new(m, watch->w, p);
    }
    tally_watch(o, watch, 1);
    if (o->closed != closed)
        o->closed_share = o->closed ? share_closed(o) : 0;
    if (o->closed == 0)
        o->stretch = 0;
}

void outage_recount(struct measure *m)
{
    outage_count(m);
    for (size_t i = 0; i < m->outage.watches.len; i++)
        recount(m, &m->outage.watches.items[i]);
}

/* Make sure that r is watched; returns its place. */
static size_t watch_rules(struct world *w, struct rules *r,
                          const struct net_origin *from)
{
    struct measure *m = w->measure;
    struct watch watch = { .w = w, .rules = r, .from = from };

    if (r->watch == 0) {
        vec_push(m->w->arena, &m->outage.watches, watch);
        r->watch = m->outage.watches.len;
        recount(m, &m->outage.watches.items[r->watch - 1]);
    }
    return r->watch - 1;
}

/* Give every watch its share of the demand; the integrals are up to date. */
static void reshare(struct measure *m)
{
    struct outage *o = &m->outage;

    for (size_t i = 0; i < o->watches.len; i++) {
        tally_watch(o, &o->watches.items[i], -1);
        o->watches.items[i].share = 0;
    }
    for (size_t i = 0; i < o->watches.len; i++) {
        struct rules *r = o->watches.items[i].rules, *to;
        double share;

        if (!router_routes(r)) {
            o->watches.items[i].share += o->watches.items[i].demand;
            continue;
        }
        for (size_t k = 0; (to = router_share(r, k, &share)) != NULL; k++)
            o->watches.items[to->watch - 1].share +=
                share * o->watches.items[i].demand;
    }
    for (size_t i = 0; i < o->watches.len; i++)
        tally_watch(o, &o->watches.items[i], 1);
    o->closed_share = o->closed ? share_closed(o) : 0;
}

void measure_routes_changed(struct world *w, struct rules *root)
{
    struct measure *m = w->measure;
    struct rules *to;
    double share;

    outage_count(m);
    for (size_t k = 0; router_routes(root) &&
                       (to = router_share(root, k, &share)) != NULL; k++)
        watch_rules(w, to, root->watch == 0
                               ? NULL : m->outage.watches.items[root->watch
                                                                - 1].from);
    reshare(m);
    if (m->outage.closed == 0)
        m->outage.stretch = 0;
    rollout_look(m);
}

double measure_closed(const struct world *w, const struct rules *root)
{
    const struct outage *o = &w->measure->outage;
    const struct rules *to;
    double share, sum = 0;

    if (!router_routes(root))
        return o->watches.items[root->watch - 1].able == 0;
    for (size_t k = 0; (to = router_share(root, k, &share)) != NULL; k++)
        sum += o->watches.items[to->watch - 1].able == 0 ? share : 0;
    return sum;
}

void measure_watch(struct world *w, struct rules *r, double share,
                   const struct net_origin *from)
{
    size_t i;

    outage_count(w->measure);
    i = watch_rules(w, r, from);       /* two may go one way */
    w->measure->outage.watches.items[i].demand += share;
    if (fabs(w->measure->outage.watches.items[i].demand) < 1e-12)
        w->measure->outage.watches.items[i].demand = 0;     /* rounding */
    measure_routes_changed(w, r);
}

void measure_rules_changed(struct world *w, struct rules *r)
{
    if (r->watch == 0)
        return;
    outage_count(w->measure);
    recount(w->measure, &w->measure->outage.watches.items[r->watch - 1]);
    rollout_look(w->measure);
}

void measure_policies_changed(struct world *w)
{
    outage_recount(w->measure);
    rollout_look(w->measure);
}

void measure_process_changed(struct world *w, struct process *p)
{
    struct outage *o = &w->measure->outage;

    outage_count(w->measure);
    for (size_t i = 0; i < o->watches.len; i++)
        if (o->watches.items[i].w == w &&
            rules_have(o->watches.items[i].rules, p->pod))
            recount(w->measure, &o->watches.items[i]);
    rollout_look(w->measure);
}
