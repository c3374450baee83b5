/*
 * partition.c - a machine is cut off from all others.
 *
 * What runs on it runs on, and nobody reaches it: requests to its pods hang, at
 * first those in flight and those to come, and, once its lease has run out and
 * its pods have left the EndpointSlices, no more.  Its kubelet hears nothing and
 * says nothing, so pods that are deleted meanwhile stay, unseen, until the
 * network is back: of a StatefulSet none is replaced, of a Deployment there are
 * more than it knows.  After `for` the kubelet looks at what it has missed.
 *
 * Left out: what the kubelet would do all by itself meanwhile (restart a
 * container that ends, probe); packets are not sent again once the network is
 * back, so what hangs then hangs until its time-out; answers to what a pod had
 * asked of others before.  Clients are not on the machine: those whose
 * connections enter the cluster there enter it elsewhere.
 */
#include "models/fault.h"
#include "models/kubelet.h"
#include "models/world.h"

struct partition {
    const char *node;           /* "node/NAME" */
};

static const struct field partition_fields[] = {
    { .type = FIELD_T_STRING, .key = "partition",
      .offset = offsetof(struct partition, node), .unit = "-",
      .doc = "the node: node/NAME", .flags = FIELD_REQUIRED },
    FIELD_END
};

static const char *check(const struct spec *s, const void *fault)
{
    return fault_node_known(s, ((const struct partition *)fault)->node)
               ? NULL : "partition names no node of the cluster";
}

static void set(struct world *w, const void *fault, bool cut)
{
    const struct meta *m =
        fault_node(w, ((const struct partition *)fault)->node);

    if (m)
        kubelet_cut_off(w, m->uid, cut);
}

static void strike(struct world *w, const void *fault, struct stream *luck)
{
    (void)luck;
    set(w, fault, true);
}

static void heal(struct world *w, const void *fault)
{
    set(w, fault, false);
}

const struct fault_ops fault_partition = {
    .name = "partition", .doc = "a node is cut off from all others",
    .fields = partition_fields, .spec_size = sizeof(struct partition),
    .check = check, .strike = strike, .heal = heal,
};
