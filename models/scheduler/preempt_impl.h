/*
 * preempt_impl.h - filters with nominated pods, and preemption, for the
 * scheduler.
 */
#ifndef SCHEDULER_PREEMPT_IMPL_H
#define SCHEDULER_PREEMPT_IMPL_H
#include "models/informer.h"
#include "models/scheduler.h"

/* A pod that waits for room to be made on a node. */
struct nominee {
    object_uid pod, node;
};

/* What is known while one pod is tried. */
struct attempt {
    const struct world *w;
    struct sched_cycle *c;
    const struct pod *pod;
    const struct informer *pods, *budgets;
    const struct nominee *nominees;
    size_t nnominees;
};

/* May the pod go there, also if the nominated pods of no less priority were
 * there already?  NULL, or why not, as in sched_filter. */
const char *attempt_filter(const struct attempt *a, struct sched_node *n,
                           const struct sched_plugin **by);

/* May the pod push others off at all?  node: it was nominated to; NULL: none;
 * unresolvable: what refuses it there will not change when pods go. */
bool preempt_eligible(const struct attempt *a, const struct sched_node *node,
                      bool unresolvable);

/* Could a refusal by this plug-in end when pods go? */
bool preempt_resolves(const struct sched_plugin *by);

struct victims {
    const struct sched_node *node;      /* NULL: it would not help */
    const struct pod **pods;    /* to go, most important first */
    size_t n;
    int violations;             /* of disruption budgets */
};

/* The node to make room on: looks at `nodes`, from number `offset` on. */
struct victims preempt_choose(const struct attempt *a,
                              struct sched_node *const *nodes, size_t n,
                              size_t offset);

#endif
