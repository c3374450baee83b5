/*
 * monitoring.c - nobody can see how the release goes.
 *
 * Readings of the counters are lost while it lasts: guards and analyses that
 * ask meanwhile get old answers, then none.  The counters go on, so what
 * happened is seen in one step when it is over.
 */
#include "models/fault.h"
#include "models/monitoring.h"
#include "models/world.h"

struct blind {
    int what;
};

static const char *const whats[] = { "lost", NULL };

static const struct field monitoring_fields[] = {
    FIELD_ENUM(struct blind, what, "monitoring", "lost", whats,
               "what becomes of its readings"),
    FIELD_END
};

static void strike(struct world *w, const void *fault, struct stream *luck)
{
    (void)fault;
    (void)luck;
    monitoring_lose(w, true);
}

static void heal(struct world *w, const void *fault)
{
    (void)fault;
    monitoring_lose(w, false);
}

const struct fault_ops fault_monitoring = {
    .name = "monitoring", .doc = "nobody can see how the release goes",
    .fields = monitoring_fields, .spec_size = sizeof(struct blind),
    .strike = strike, .heal = heal,
};
