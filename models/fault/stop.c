/*
 * stop.c - a part of the control plane is down.
 *
 * kube-controller-manager: no control loop takes a key; kube-scheduler: no pod
 * is placed; both come back with the lease (models/plane.c), later than their
 * process.  kube-apiserver, etcd: nothing is written or watched.  kubelet: that
 * of a node; its containers run on, unwatched, and the node falls silent.
 * operator: one of cluster.operators.
 * Pods that run go on, and kube-proxies keep their rules.  What happened
 * meanwhile is looked at when the part is back.
 */
#include "models/fault.h"
#include "models/kubelet.h"
#include "models/operator.h"
#include "models/plane.h"
#include "models/world.h"

struct stop {
    int component;
    const char *node;           /* of a kubelet: "node/NAME" */
    const char *operator;       /* its name */
};

static const struct field stop_fields[] = {
    FIELD_ENUM(struct stop, component, "stop", "kube-controller-manager",
               component_names, "which part of the control plane is down"),
    FIELD(STRING, struct stop, node, "node", NULL, 0, 0, "-",
          "whose kubelet: node/NAME"),
    FIELD(STRING, struct stop, operator, "operator", NULL, 0, 0, "-",
          "which operator, by its name under cluster.operators"),
    FIELD_END
};

static const char *check(const struct spec *s, const void *fault)
{
    const struct stop *stop = fault;

    if (stop->operator && stop->component != COMPONENT_OPERATOR)
        return "operator goes with stop: operator";
    if (stop->node && stop->component != COMPONENT_KUBELET)
        return "node goes with stop: kubelet";
    if (stop->component == COMPONENT_OPERATOR)
        return stop->operator && operator_named(s, stop->operator)
                   ? NULL : "stop: operator needs one of cluster.operators: "
                            "operator: NAME";
    if (stop->component != COMPONENT_KUBELET)
        return NULL;
    if (!stop->node)
        return "stop: kubelet needs a node: node/NAME";
    return fault_node_known(s, stop->node)
               ? NULL : "stop: kubelet names no node of the cluster";
}

static void set(struct world *w, const void *fault, bool stopped)
{
    const struct stop *stop = fault;
    const struct meta *m;

    if (stop->component == COMPONENT_OPERATOR) {
        operator_stop(w, stop->operator, stopped);
        return;
    }
    if (stop->component != COMPONENT_KUBELET) {
        plane_stop(w, (enum component)stop->component, stopped);
        return;
    }
    m = fault_node(w, stop->node);
    if (!m)
        return;
    plane_say(w, COMPONENT_KUBELET, stop->node, !stopped);
    kubelet_stop(w, m->uid, stopped);
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

const struct fault_ops fault_stop = {
    .name = "stop", .doc = "a part of the control plane is down",
    .fields = stop_fields, .spec_size = sizeof(struct stop),
    .check = check, .strike = strike, .heal = heal,
};
