/*
 * reclaim.c - the cloud takes a machine of spot capacity back.
 *
 * It gives notice (two minutes, or as long as `notice` says); if somebody
 * listens to it (`drain`, as a node termination handler does), the node is
 * drained meanwhile.  Then the power goes, whatever still runs, and the pool
 * orders another machine (models/node/pool.c).
 */
#include <string.h>

#include "models/action.h"
#include "models/fault.h"
#include "models/node.h"
#include "models/pool.h"
#include "models/world.h"

struct reclaim {
    const char *what;           /* "node/NAME" or "pool/NAME" */
    sim_time notice;
    bool drain;
};

static const struct field reclaim_fields[] = {
    { .type = FIELD_T_STRING, .key = "reclaim",
      .offset = offsetof(struct reclaim, what), .unit = "-",
      .doc = "the machine: node/NAME, or pool/NAME for any one of a pool",
      .flags = FIELD_REQUIRED },
    FIELD(DURATION, struct reclaim, notice, "notice", "2m", 0, 86400, "s",
          "the cloud says so this long before"),
    FIELD(BOOL, struct reclaim, drain, "drain", "true", 0, 0, "-",
          "somebody listens, and drains the node meanwhile"),
    FIELD_END
};

/* The pool that "pool/NAME" means, counted from 1; 0: none. */
static size_t pool_named(const struct spec *s, const char *what)
{
    for (size_t i = 0; strncmp(what, "pool/", 5) == 0 &&
                       i < s->cluster.npools; i++)
        if (strcmp(s->cluster.pools[i].name, what + 5) == 0)
            return i + 1;
    return 0;
}

static const char *check(const struct spec *s, const void *fault)
{
    const struct reclaim *r = fault;

    return pool_named(s, r->what) || fault_pool_node(s, r->what)
               ? NULL : "reclaim names no pool of cluster.nodes, and no node "
                        "of one";
}

/* The node that is taken: no machine is taken twice.  NULL if there is none
 * any more. */
static const struct meta *victim(struct world *w, const struct reclaim *r,
                                 struct stream *luck)
{
    size_t pool = pool_named(w->spec, r->what), n = 0;
    const struct meta *found = NULL;

    if (!pool) {
        found = fault_node(w, r->what);
        return found && node_seen(found)->pool && !pool_is_leaving(w,
                                                                   found->uid)
                   ? found : NULL;
    }
    for (size_t i = 0; i < api_count(w->api, KIND_NODE); i++) {
        const struct meta *m = api_at(w->api, KIND_NODE, i);

        if (node_seen(m)->pool == pool && !pool_is_leaving(w, m->uid) &&
            stream_below(luck, (uint32_t)++n) == 0)
            found = m;
    }
    return found;
}

static void fire_loss(struct sim *sim, void *subject, int64_t arg)
{
    struct world *w = subject;

    (void)sim;
    if (api_get(w->api, (object_uid)arg))
        pool_lose(w, (object_uid)arg);
}

static const struct event_kind ev_loss = {
    .name = "machine.reclaimed", .rank = RANK_WORLD, .fire = fire_loss,
};

static void strike(struct world *w, const void *fault, struct stream *luck)
{
    const struct reclaim *r = fault;
    const struct meta *m = victim(w, r, luck);

    if (!m) {
        record_note(w, "Fault", "Missed", "", "reclaim",
                    "there is no such machine any more");
        return;
    }
    pool_give_notice(w, m->uid);
    record_event(w, m, "Warning", "SpotInterruption", "the machine of %s is "
                 "taken back in %lld s", m->name,
                 (long long)(r->notice / SIM_S));
    if (r->drain && r->notice > 0)
        kubectl_type(w, arena_printf(w->arena, "drain %s --ignore-daemonsets "
                                     "--force --delete-emptydir-data",
                                     m->name), NULL, 0);
    sim_after(w->sim, r->notice, &ev_loss, w, (int64_t)m->uid);
}

const struct fault_ops fault_reclaim = {
    .name = "reclaim", .doc = "the cloud takes a machine back, with notice",
    .fields = reclaim_fields, .spec_size = sizeof(struct reclaim),
    .check = check, .strike = strike,
};
