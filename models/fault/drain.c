/*
 * drain.c - somebody drains a node, for example to replace it.
 *
 * As `kubectl drain` does with every flag that lets it go on; a budget still
 * holds it up.  After `for` the node is open again.
 */
#include <string.h>

#include "base/arena.h"
#include "models/action.h"
#include "models/fault.h"
#include "models/node.h"
#include "models/world.h"

struct drain {
    const char *node;           /* "node/NAME" */
};

static const struct field drain_fields[] = {
    { .type = FIELD_T_STRING, .key = "drain",
      .offset = offsetof(struct drain, node), .unit = "-",
      .doc = "the node: node/NAME", .flags = FIELD_REQUIRED },
    FIELD_END
};

static const char *check(const struct spec *s, const void *fault)
{
    return fault_node_known(s, ((const struct drain *)fault)->node)
               ? NULL : "drain names no node of the cluster";
}

static void strike(struct world *w, const void *fault, struct stream *luck)
{
    const struct drain *d = fault;

    (void)luck;
    kubectl_type(w, arena_printf(w->arena, "drain %s --ignore-daemonsets "
                                 "--force --delete-emptydir-data",
                                 strchr(d->node, '/') + 1), NULL, 0);
}

static void heal(struct world *w, const void *fault)
{
    const struct drain *d = fault;

    kubectl_type(w, arena_printf(w->arena, "uncordon %s",
                                 strchr(d->node, '/') + 1), NULL, 0);
}

const struct fault_ops fault_drain = {
    .name = "drain", .doc = "a node is drained",
    .fields = drain_fields, .spec_size = sizeof(struct drain),
    .check = check, .strike = strike, .heal = heal,
};
