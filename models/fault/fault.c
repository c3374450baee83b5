/*
 * fault.c - faults, at their times.
 *
 * Times and victims come from a stream of each fault's own, numbered by its
 * place in the scenario, so that all strategies meet the same bad luck.
 */
#include "models/fault.h"

#include "base/bug.h"
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

        f->w = w;
        f->spec = &w->spec->faults[i];
        world_stream(w, &f->luck, PURPOSE_FAULT, i);
        at = dist_draw(&f->spec->at, &f->luck);
        if (at < SIM_NEVER)
            sim_at(w->sim, w->spec->warmup + at, &ev_strike, f, (int64_t)i);
    }
}
