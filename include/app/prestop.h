/*
 * prestop.h - the same scenario with a pause before pods stop.
 */
#ifndef APP_PRESTOP_H
#define APP_PRESTOP_H
#include "base/arena.h"
#include "models/spec.h"

/* A copy of s in which every container of its Deployments, StatefulSets,
 * DaemonSets, ReplicaSets and Rollouts sleeps so many seconds before it is
 * told to stop, instead of the preStop that it has.  If the grace period is no
 * longer than that, it becomes 30 s longer. */
const struct spec *prestop_spec(struct arena *a, const struct spec *s,
                                double seconds);

#endif
