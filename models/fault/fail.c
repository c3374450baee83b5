/*
 * fail.c - a node loses power.
 *
 * Its processes and its network are gone at once; the cluster notices when the
 * node's lease has not been renewed for the grace period (models/control/
 * nodelife.c).  After `for` it boots again.
 */
#include "models/fault.h"
#include "models/kubelet.h"
#include "models/world.h"

struct fail {
    const char *node;           /* "node/NAME" */
};

static const struct field fail_fields[] = {
    { .type = FIELD_T_STRING, .key = "fail",
      .offset = offsetof(struct fail, node), .unit = "-",
      .doc = "the node: node/NAME", .flags = FIELD_REQUIRED },
    FIELD_END
};

static const char *check(const struct spec *s, const void *fault)
{
    return fault_node_known(s, ((const struct fail *)fault)->node)
               ? NULL : "fail names no node of the cluster";
}

static void strike(struct world *w, const void *fault, struct stream *luck)
{
    const struct meta *m = fault_node(w, ((const struct fail *)fault)->node);

    (void)luck;
    if (m)
        kubelet_node_down(w, m->uid);
}

static void heal(struct world *w, const void *fault)
{
    const struct meta *m = fault_node(w, ((const struct fail *)fault)->node);

    if (m)
        kubelet_node_up(w, m->uid);
}

const struct fault_ops fault_fail = {
    .name = "fail", .doc = "a node loses power",
    .fields = fail_fields, .spec_size = sizeof(struct fail),
    .check = check, .strike = strike, .heal = heal,
};
