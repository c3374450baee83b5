/*
 * volume_impl.h - what the scheduler knows of storage, and what it has decided
 * and not yet seen.
 */
#ifndef SCHEDULER_VOLUME_IMPL_H
#define SCHEDULER_VOLUME_IMPL_H
#include "base/map.h"
#include "models/scheduler.h"
#include "models/storage.h"

struct client;

struct sched_volumes {
    struct informer *claims, *volumes;
    struct storage_classes classes;
    struct map reserved;        /* volume uid -> claim uid + 1: decided */
};

/* Watch storage; on_change (ctx) is called when something of it changes. */
void sched_volumes_watch(struct sched_volumes *v, struct world *w,
                         const struct informer_ops *ops, void *ctx);

/* Are all claims of a pod bound, as far as is seen? */
bool sched_volumes_bound(const struct sched_volumes *v, const char *space,
                         const struct pod_spec *s);

/* The pod will go to node n: reserve volumes for its unbound claims, or ask
 * for new ones there. */
void sched_volumes_reserve(struct sched_volumes *v, struct world *w,
                           struct client *client, const char *space,
                           const struct pod_spec *s, const struct node *n);

#endif
