/*
 * rehearsal.h - the text of a scenario, read and run as the program would.
 */
#ifndef TESTS_REHEARSAL_H
#define TESTS_REHEARSAL_H
#include <string.h>

#include "app/scenario.h"
#include "base/bug.h"
#include "models/world.h"

/* A scenario, and one replication of it. */
struct rehearsal {
    struct arena *spec, *run;
    struct scenario scenario;
    struct world *w;
    double metrics[METRIC_COUNT];
};

static inline void rehearsal_read(struct rehearsal *r, const char *text)
{
    struct arena *a = arena_new();
    struct app app = { .arena = a };

    app.o.seed = app.o.replications = -1;
    err_init(&app.errors, a);
    if (scenario_read(&app, "case", text, strlen(text), &r->scenario) !=
        SIM_OK)
        BUG("%d: %s", app.errors.items[0].mark.line,
            app.errors.items[0].text);
    r->spec = a;
    r->run = arena_new();
}

/* Run a replication of the first strategy; what the one before left goes. */
static inline void rehearse(struct rehearsal *r, uint32_t replication)
{
    const struct variant *v = &r->scenario.variants[0];

    arena_reset(r->run);
    r->w = world_new(r->run, v->spec, v->strategy, replication, true);
    world_run(r->w);
    metrics_of(r->w, r->metrics);
}

static inline void rehearsal_end(struct rehearsal *r)
{
    arena_free(r->run);
    arena_free(r->spec);
}

#endif
