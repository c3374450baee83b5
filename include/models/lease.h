/*
 * lease.h - the heartbeats of nodes.
 *
 * A kubelet renews its node's Lease every 10 s.  As long as it does, nothing
 * depends on the single renewals, so they are no events: the last one before
 * any instant is computed.
 */
#ifndef MODELS_LEASE_H
#define MODELS_LEASE_H
#include "models/object.h"

struct leases;
struct world;

struct leases *leases_new(struct world *w);

/* When the lease of a node was renewed last, at or before t; when it joined if
 * never. */
sim_time lease_renewed(struct world *w, const struct meta *node, sim_time t);

/* The kubelet falls silent, or speaks again: it then renews the lease and
 * reports the node Ready at once.  Twice is once. */
void lease_silent(struct world *w, object_uid node);
bool lease_is_silent(struct world *w, object_uid node);
void lease_resumed(struct world *w, object_uid node);

/* Somebody has written that the node is not Ready: if its kubelet speaks, it
 * says otherwise when it looks next. */
void lease_doubted(struct world *w, object_uid node);

/* Tell one listener when a node falls silent. */
void lease_watch(struct world *w, void (*silent)(void *ctx, object_uid node),
                 void *ctx);

#endif
