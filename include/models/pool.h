/*
 * pool.h - node pools: machines that come, join the cluster, and go.
 */
#ifndef MODELS_POOL_H
#define MODELS_POOL_H
#include "models/spec.h"

struct world;
struct pools;
struct node;

/* Make w->pools: the nodes that are there from the start join at once, others
 * in their time.  Called by world_new before controllers start; pools_watch
 * when they have started. */
void pools_new(struct world *w);
void pools_watch(struct world *w);

/* Machines that the i-th pool is meant to have. */
int pool_target(const struct world *w, size_t i);

/* Order n more machines; each joins after timing nodeProvisioning. */
void pool_grow(struct world *w, size_t i, int n);
/* Give back the machine of a node of the pool: its object goes with it. */
void pool_shrink(struct world *w, object_uid node);
/* The cloud will take this machine back; it says so once.  Has it done so? */
void pool_give_notice(struct world *w, object_uid node);
bool pool_is_leaving(const struct world *w, object_uid node);
/* The machine is taken away: the power goes.  The cloud's controller removes
 * the object when the node is seen to be not Ready, and the pool orders
 * another machine. */
void pool_lose(struct world *w, object_uid node);

/* What a node of the pool would be. */
void pool_template(struct world *w, size_t i, struct node *out);

#endif
