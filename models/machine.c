/*
 * machine.c - work that waits for cores which kube-proxies' syncs have taken.
 *
 * On one machine (a laptop's cluster, a small node) a sync takes a core, and
 * whatever else is to happen there meanwhile goes on slower: with k syncs on c
 * cores at
 *
 *     1 - (1 - speed) min(k, c) / c
 *
 * of its speed.  So a pod that is torn down while all rules are written keeps its
 * network longer, and endpoints that change again are written late.  The clock
 * of a row counts the work that it would have done so far; a piece of work is
 * done when the clock shows its due.  Who waits for one asks when it should
 * be done, and is told how long to wait on if syncs have come between: to its
 * end at the speed of now, or to the end of the next sync, if that is sooner.
 *
 * Rows without a speed, which are all of them if a scenario does not say
 * otherwise, are never held up.
 *
 * Not modelled: syncs that slow each other (their measured lengths have that
 * already); any other work that takes cores.
 * Source: recordings of requests (tests/requests/convert.c has the figures).
 */
#include "models/machine.h"

#include <math.h>

#include "base/bug.h"
#include "base/map.h"
#include "base/vec.h"
#include "models/world.h"

struct cores {
    object_uid node;            /* whose syncs; 0: all of them */
    VEC(struct sync_end { object_uid node; sim_time at; }) syncs;
    sim_time since;             /* so many are under way */
    double spent[CORES_MAX + 1];        /* ns with k cores taken, until then */
};

struct machines {
    struct arena *arena;
    struct cores all;
    struct map nodes;           /* uid -> struct cores */
};

struct machines *machines_new(struct world *w)
{
    const struct together *rows = w->spec->cluster.timings.together;
    struct machines *m;
    bool any = false;

    for (int t = 0; t < TIMING_COUNT; t++)
        any |= rows[t].speed > 0 && rows[t].speed < 1;
    if (!any)
        return NULL;
    m = arena_make(w->arena, struct machines);
    m->arena = w->arena;
    map_init(&m->nodes, w->arena);
    return m;
}

static struct cores *machine_of(struct machines *all, object_uid node)
{
    struct cores *m = map_get_number(&all->nodes, node);

    if (!m) {
        m = arena_make(all->arena, struct cores);
        m->node = node;
        map_put_number(&all->nodes, node, m);
    }
    return m;
}

/* ---- clocks ------------------------------------------------------------- */

static size_t taken(const struct cores *m)
{
    return m->syncs.len < CORES_MAX ? m->syncs.len : CORES_MAX;
}

static void account(struct cores *m, sim_time now)
{
    m->spent[taken(m)] += (double)(now - m->since);
    m->since = now;
}

static double speed(const struct together *row, size_t k)
{
    double all = (double)row->cores;
    double part = (double)k < all ? (double)k / all : 1;

    return 1 - (1 - row->speed) * part;
}

static double clock_of(const struct cores *m, const struct together *row)
{
    double sum = 0;

    for (size_t k = 0; k <= CORES_MAX; k++)
        sum += speed(row, k) * m->spent[k];
    return sum;
}

/* ---- syncs -------------------------------------------------------------- */

static void begins(struct machines *all, struct cores *m, object_uid node,
                   sim_time now, sim_time ends)
{
    struct sync_end s = { node, ends };

    account(m, now);
    vec_push(all->arena, &m->syncs, s);
}

static void is_over(struct cores *m, object_uid node, sim_time now)
{
    size_t i = 0;

    account(m, now);
    while (i < m->syncs.len && m->syncs.items[i].node != node)
        i++;
    if (i < m->syncs.len)
        m->syncs.items[i] = m->syncs.items[--m->syncs.len];
}

void machine_sync_begins(struct world *w, object_uid node, sim_time ends)
{
    if (!w->machines)
        return;
    begins(w->machines, &w->machines->all, node, world_now(w), ends);
    begins(w->machines, machine_of(w->machines, node), node, world_now(w),
           ends);
}

void machine_sync_over(struct world *w, object_uid node)
{
    if (!w->machines)
        return;
    is_over(&w->machines->all, node, world_now(w));
    is_over(machine_of(w->machines, node), node, world_now(w));
}

/* ---- work --------------------------------------------------------------- */

sim_time labour_begin(struct labour *l, struct world *w, enum timing t,
                      object_uid node, sim_time ahead, sim_time takes)
{
    const struct together *row = &w->spec->cluster.timings.together[t];
    sim_time waits = row->waits < takes ? row->waits : takes;

    *l = (struct labour){ .row = t };
    if (!w->machines || row->speed <= 0 || row->speed >= 1 ||
        takes - waits <= 0 || takes >= SIM_NEVER - ahead)
        return takes >= SIM_NEVER - ahead ? SIM_NEVER : ahead + takes;
    l->cores = row->of == MACHINE_CLUSTER ? &w->machines->all
                                            : machine_of(w->machines, node);
    l->work = takes - waits;
    return ahead + waits > 0 ? ahead + waits : labour_left(l, w);
}

sim_time labour_left(struct labour *l, struct world *w)
{
    const struct together *row = &w->spec->cluster.timings.together[l->row];
    struct cores *m = l->cores;
    sim_time now = world_now(w), wait;
    double left;

    if (!m)
        return 0;
    account(m, now);
    if (l->work > 0)
        l->due = clock_of(m, row) + (double)l->work;
    l->work = 0;
    left = l->due - clock_of(m, row);
    if (left < 1)
        return 0;
    wait = (sim_time)ceil(left / speed(row, taken(m)));
    for (size_t i = 0; i < m->syncs.len; i++) {
        sim_time rest = m->syncs.items[i].at - now;

        if (rest < wait)
            wait = rest > 0 ? rest : 1;
    }
    return wait;
}
