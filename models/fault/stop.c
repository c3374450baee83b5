/*
 * stop.c - a part of the control plane is down.
 *
 * kube-controller-manager: no control loop takes a key; kube-scheduler: no pod
 * is placed.  Pods that run go on, and kube-proxies keep their rules.  What
 * happened meanwhile is looked at when the part is back.
 *
 * Not modelled: what a process forgets when it ends (back-offs,
 * expectations), and the 15 to 17 s until another instance has the lease
 * (reference 8.6): `for` says how long nobody leads.
 */
#include "models/controller.h"
#include "models/fault.h"
#include "models/scheduler.h"
#include "models/world.h"

enum component { CONTROLLER_MANAGER, SCHEDULER };

struct stop {
    int component;
};

static const char *const components[] = { "kube-controller-manager",
                                          "kube-scheduler", NULL };

static const struct field stop_fields[] = {
    FIELD_ENUM(struct stop, component, "stop", "kube-controller-manager",
               components, "which part of the control plane is down"),
    FIELD_END
};

static void set(struct world *w, const void *fault, bool stopped)
{
    if (((const struct stop *)fault)->component == SCHEDULER) {
        scheduler_stop(w->scheduler, stopped);
        return;
    }
    for (size_t i = 0; i < w->ncontrollers; i++)
        controller_stop(&w->controllers[i], stopped);
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
    .strike = strike, .heal = heal,
};
