/*
 * group.h - pods that depend on each other: a leader, or a majority.
 */
#ifndef MODELS_GROUP_H
#define MODELS_GROUP_H
#include "models/process.h"

struct groups;
struct world;

/* Watch the processes of w. */
struct groups *groups_new(struct world *w);

/* Can this process answer a request, as far as the other pods of its workload
 * matter (images: group)? */
bool group_answers(const struct world *w, const struct process *p);

#endif
