/*
 * fault.c - faults, at their times.
 *
 * Times and victims come from a stream of each fault's own, numbered by its
 * place in the scenario, so that all strategies meet the same bad luck.
 */
#include "models/fault.h"

#include <string.h>

#include "base/bug.h"
#include "base/units.h"
#include "models/clusters.h"
#include "models/world.h"

struct running {
    struct world *w;
    const struct fault_spec *spec;
    struct stream luck;
};

static const struct fault_ops *const table[] = {
#define FAULT(id) &fault_##id,
#include "models/faults.list"
#undef FAULT
};

const struct fault_ops *const *fault_table(size_t *n)
{
    *n = COUNT_OF(table);
    return table;
}

/* NAME of "node/NAME"; NULL if it is not of that form. */
static const char *node_name(const char *node)
{
    return strncmp(node, "node/", 5) == 0 ? node + 5 : NULL;
}

bool fault_pool_node(const struct spec *s, const char *node)
{
    const char *name = node_name(node), *dash = name ? strrchr(name, '-')
                                                     : NULL;

    for (size_t i = 0; dash && i < s->cluster.npools; i++) {
        const struct node_pool *p = &s->cluster.pools[i];
        int64_t index;

        if (strlen(p->name) == (size_t)(dash - name) &&
            memcmp(p->name, name, (size_t)(dash - name)) == 0 &&
            parse_int(dash + 1, &index, NULL) && index >= 0 &&
            (index < p->count || index < p->max))
            return true;
    }
    return false;
}

bool fault_node_known(const struct spec *s, const char *node)
{
    const char *name = node_name(node);

    if (fault_pool_node(s, node))
        return true;
    for (size_t i = 0; name && i < s->nmanifests; i++)
        if (s->manifests[i].kind == KIND_NODE &&
            strcmp(s->manifests[i].name, name) == 0)
            return true;
    return false;
}

const struct meta *fault_node(const struct world *w, const char *node)
{
    return api_find(w->api, KIND_NODE, "", node_name(node));
}

static void fire_heal(struct sim *sim, void *subject, int64_t arg)
{
    struct running *f = subject;

    (void)sim;
    (void)arg;
    f->spec->ops->heal(f->w, f->spec->spec);
    record_note(f->w, "Fault", "Healed", "", f->spec->ops->name,
                f->spec->ops->doc);
}

static const struct event_kind ev_heal = {
    .name = "fault.heal", .rank = RANK_WORLD, .fire = fire_heal,
};

static void fire_strike(struct sim *sim, void *subject, int64_t arg)
{
    struct running *f = subject;

    (void)arg;
    record_note(f->w, "Fault", "Struck", "", f->spec->ops->name,
                f->spec->ops->doc);
    f->spec->ops->strike(f->w, f->spec->spec, &f->luck);
    if (f->spec->ops->heal)
        sim_after(sim, dist_draw(&f->spec->lasting, &f->luck), &ev_heal, f,
                  0);
}

static const struct event_kind ev_strike = {
    .name = "fault.strike", .rank = RANK_WORLD, .fire = fire_strike,
};

void faults_start(struct world *w)
{
    for (size_t i = 0; i < w->spec->nfaults; i++) {
        struct running *f = arena_make(w->arena, struct running);
        sim_time at;

        if (!clusters_mean(w, w->spec->faults[i].cluster))
            continue;
        f->w = w;
        f->spec = &w->spec->faults[i];
        world_stream(w, &f->luck, PURPOSE_FAULT, i);
        at = dist_draw(&f->spec->at, &f->luck);
        if (at < SIM_NEVER)
            sim_at(w->sim, w->spec->warmup + at, &ev_strike, f, (int64_t)i);
    }
}
