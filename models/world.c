/*
 * world.c - one replication, put together.
 *
 * Order of construction: store, nodes, controllers, scheduler, kubelets,
 * network, measures; then the manifests are applied, all at time 0, and the
 * users and actors start.  Everything random comes from streams addressed by
 * (seed, purpose, entity, replication).
 */
#include "models/world.h"

#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "models/controller.h"
#include "models/node.h"
#include "models/podspec.h"

/* ---- time and luck ---------------------------------------------------------- */

/* What to add to a simulated time so that whole seconds are the wall's. */
static sim_time wall_shift(const struct world *w)
{
    sim_time part = (w->spec->cluster.clock_offset - w->spec->warmup) % SIM_S;

    return part < 0 ? part + SIM_S : part;
}

int64_t world_second(const struct world *w, sim_time t)
{
    return (t + wall_shift(w)) / SIM_S;
}

sim_time world_second_starts(const struct world *w, int64_t second)
{
    return second * SIM_S - wall_shift(w);
}

void world_stream(const struct world *w, struct stream *s,
                  enum purpose purpose, uint64_t entity)
{
    stream_init(s, w->spec->seed, (unsigned)purpose, entity, w->replication);
}

sim_time world_draw(const struct world *w, enum timing t, struct stream *s)
{
    return dist_draw(&w->spec->cluster.timings.dist[t], s);
}

uint64_t world_pod_entity(struct world *w, const struct pod_template *t)
{
    uint64_t *made = map_get_number(&w->pods_made, t->revision_key);

    if (!made) {
        made = arena_make(w->arena, uint64_t);
        map_put_number(&w->pods_made, t->revision_key, made);
    }
    *made += 1;
    return fnv64(t->revision_key, made, sizeof(*made));
}

const char *world_suffix(struct world *w)
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    char *s = arena_alloc(w->arena, 6);

    for (int i = 0; i < 5; i++)
        s[i] = letters[stream_below(&w->uid_stream, sizeof(letters) - 1)];
    return s;
}

bool world_is(const struct world *w, enum kube_version v)
{
    return w->spec->cluster.version == v;
}

/* ---- parts --------------------------------------------------------------------- */

#define CONTROLLER(id) extern const struct controller_ops controller_##id;
#include "models/controllers.list"
#undef CONTROLLER

static const struct controller_ops *const loops[] = {
#define CONTROLLER(id) &controller_##id,
#include "models/controllers.list"
#undef CONTROLLER
    NULL,
};

static void start_controllers(struct world *w)
{
    w->ncontrollers = COUNT_OF(loops) - 1;
    w->controllers = arena_many(w->arena, struct controller, COUNT_OF(loops));
    for (size_t i = 0; i < w->ncontrollers; i++)
        controller_start(&w->controllers[i], w, loops[i]);
}

struct controller *world_controller(struct world *w, const char *name)
{
    for (size_t i = 0; i < w->ncontrollers; i++)
        if (strcmp(w->controllers[i].ops->name, name) == 0)
            return &w->controllers[i];
    return NULL;
}

static const char *label_of_run(struct arena *a, const struct spec *spec,
                                const struct strategy_spec *strategy,
                                uint32_t replication)
{
    return arena_printf(a, "scenario %s, strategy %s, seed %llu, "
                           "replication %u",
                        spec->name, strategy ? strategy->name : "(manifest)",
                        (unsigned long long)spec->seed, replication);
}

struct world *world_new(struct arena *a, const struct spec *spec,
                        const struct strategy_spec *strategy,
                        uint32_t replication, bool rows)
{
    struct world *w = arena_make(a, struct world);

    w->arena = a;
    w->spec = spec;
    w->strategy = strategy;
    w->replication = replication;
    w->sim = sim_new(a, label_of_run(a, spec, strategy, replication));
    record_init(&w->record, a, rows);
    map_init(&w->pods_made, a);
    world_stream(w, &w->uid_stream, PURPOSE_UID, 0);
    w->api = api_new(w);
    start_controllers(w);
    return w;
}

void world_run(struct world *w)
{
    sim_run(w->sim, w->spec->warmup + w->spec->duration);
}
