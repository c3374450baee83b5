/*
 * world.c - one replication, put together.
 *
 * Order of construction: store, nodes, controllers, scheduler, kubelets,
 * network, measures; then the manifests are applied, all at time 0, and the
 * users and actors start.  Of several clusters one is put up after the other, in
 * one event list.  Everything random comes from streams addressed by
 * (seed, purpose, entity, replication).
 */
#include "models/world.h"

#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "models/action.h"
#include "models/cluster_autoscaler.h"
#include "models/clusters.h"
#include "models/controller.h"
#include "models/database.h"
#include "models/fault.h"
#include "models/guard.h"
#include "models/ingress.h"
#include "models/group.h"
#include "models/kubelet.h"
#include "models/lease.h"
#include "models/machine.h"
#include "models/measure.h"
#include "models/netpol.h"
#include "models/node.h"
#include "models/operator.h"
#include "models/plane.h"
#include "models/pool.h"
#include "models/podspec.h"
#include "models/proxy.h"
#include "models/quota.h"
#include "models/route.h"
#include "models/scheduler.h"
#include "models/storage.h"
#include "models/traffic.h"

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

/* Seconds of the wall clock less those of world_second. */
static int64_t clock_base(const struct world *w)
{
    return w->spec->cluster.clock_s - world_second(w, w->spec->warmup);
}

int64_t world_clock(const struct world *w, sim_time t)
{
    return world_second(w, t) + clock_base(w);
}

sim_time world_clock_time(const struct world *w, int64_t seconds)
{
    return world_second_starts(w, seconds - clock_base(w));
}

void world_stream(const struct world *w, struct stream *s,
                  enum purpose purpose, uint64_t entity)
{
    stream_init(s, w->spec->seed, (unsigned)purpose, entity, w->replication);
}

sim_time world_draw(const struct world *w, enum timing t, struct stream *s)
{
    return world_draw_on(w, t, s, 0);
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

static const char *label_of_run(struct arena *a, const struct spec *spec,
                                const struct strategy_spec *strategy,
                                uint32_t replication)
{
    const char *name = strategy ? strategy->name : "(manifest)";

    return arena_printf(a, "scenario %s, strategy %s, seed %llu, "
                           "replication %u",
                        spec->name, name, (unsigned long long)spec->seed,
                        replication);
}

/* ---- the whole ------------------------------------------------------------------- */

/* What the cluster of the scenario has done before it begins: a quota is in
 * force.  (Its usage is counted as everything is created.) */
static void settle(struct arena *a, struct meta *draft)
{
    struct quota *q = quota_of(draft);

    if (draft->kind != KIND_QUOTA)
        return;
    q->counted = true;
    q->in_force = q->hard;
    for (size_t i = 0; i < q->hard.len; i++)
        amounts_add(a, &q->used, q->hard.items[i].resource, quantity_of(0));
}

/* Create what a manifest describes.  Policies of other manifests may forbid
 * it, as they would have. */
static void apply_manifest(struct world *w, const struct manifest *item,
                           struct err_list *errors)
{
    struct meta *m = kind_ops_of(item->kind)->decode(w->arena, item->value,
                                                     errors);
    struct meta *draft;
    const char *why = "invalid";
    enum api_code code;

    if (errors->errors || !m)
        BUG("manifest %s/%s was checked and is invalid",
            kind_name(item->kind), item->name);
    draft = api_draft(w->api, m);
    kubectl_set_last_applied(draft, item->value);
    settle(w->arena, draft);
    code = api_create(w->api, draft, NULL, &why);
    if (code == API_FORBIDDEN)
        record_note(w, "Action", "Refused", item->space, item->name,
                    arena_printf(w->arena, "Error from server (Forbidden): %s",
                                 why));
    else if (code != API_CREATED)
        BUG("manifest %s/%s is refused: %s", kind_name(item->kind),
            item->name, why);
}

/* Apply the manifests: the strategy's own version of them, if it has one. */
static void apply_manifests(struct world *w)
{
    const struct spec *spec = w->spec;
    const struct manifest *items = spec->manifests;
    size_t n = spec->nmanifests;
    struct err_list errors;

    if (w->strategy && w->strategy->manifests) {
        items = w->strategy->manifests;
        n = w->strategy->nmanifests;
    }
    err_init(&errors, w->arena);
    for (size_t i = 0; i < n; i++)
        apply_manifest(w, &items[i], &errors);
}

/* The one cluster, or the one at this place of several, of which those before
 * are there. */
static struct world *put_up(struct arena *a, const struct spec *spec,
                            const struct strategy_spec *strategy,
                            uint32_t replication, bool rows,
                            struct clusters *clusters, size_t place)
{
    struct world *w = arena_make(a, struct world);

    if (clusters)
        clusters->items[place] = w;
    w->clusters = clusters;
    w->place = (uint32_t)place;
    w->arena = a;
    w->spec = spec;
    w->strategy = strategy;
    w->replication = replication;
    w->sim = place > 0 ? clusters_first(w)->sim
                       : sim_new(a, label_of_run(a, spec, strategy,
                                                 replication));
    record_init(&w->record, a, rows);
    map_init(&w->pods_made, a);
    world_stream(w, &w->uid_stream, PURPOSE_UID, 0);
    w->machines = machines_new(w);
    w->api = api_new(w);
    w->plane = plane_new(w);
    w->leases = leases_new(w);
    measure_new(w);
    pools_new(w);
    start_controllers(w);
    operators_new(w);
    pools_watch(w);
    cluster_autoscaler_new(w);
    w->scheduler = scheduler_new(w);
    w->kubelets = kubelets_new(w);
    storage_driver_new(w);
    record_watch(w);
    w->groups = groups_new(w);
    w->databases = databases_new(w);
    network_new(w);
    routers_new(w);
    netpols_new(w);
    ingresses_new(w);
    traffic_new(w);
    apply_manifests(w);
    actions_start(w);
    guards_start(w);
    faults_start(w);
    return w;
}

struct world *world_new(struct arena *a, const struct spec *spec,
                        const struct strategy_spec *strategy,
                        uint32_t replication, bool rows)
{
    struct clusters *all;

    if (spec->nmembers == 0)
        return put_up(a, spec, strategy, replication, rows, NULL, 0);
    all = clusters_new(a, spec);
    for (size_t i = 0; i < spec->nmembers; i++)
        put_up(a, spec->members[i].spec, strategy, replication, rows, all, i);
    clusters_start(all);
    return all->items[0];
}

void world_run(struct world *w)
{
    sim_run(w->sim, w->spec->warmup + w->spec->duration);
    measure_finish(w);
}
