/*
 * traffic.h - clients, their requests, and the processes that serve them.
 *
 * Arrivals are a feeder of the engine (kernel/event.h): a request costs no
 * event unless it must wait for something that is not known when it arrives.
 */
#ifndef MODELS_TRAFFIC_H
#define MODELS_TRAFFIC_H
#include <stddef.h>
#include "models/object.h"
#include "models/pod.h"
#include "models/process.h"
#include "models/request.h"

struct world;

/* ---- set-up ---------------------------------------------------------------- */

/* Make w->traffic from w->spec->traffic.  Called by world_new, after
 * network_new and measure_new, before objects are applied. */
void traffic_new(struct world *w);

/* Settle what has ended by now; then prove that the accounts close: per source
 * and version, arrived = answered well + failed + in flight. */
void traffic_close(struct world *w);

/* ---- for proxies and measurement ------------------------------------------- */

/* Would a new connection to this process be served? */
bool traffic_able(const struct process *p);

/* The version of a pod, and of pods of this template.  Its name is the tag of
 * the released container's image (release.images, else the first container),
 * or the whole image if another version has that tag.  Never NULL. */
const struct version *traffic_version_of_pod(struct world *w, object_uid pod);
const struct version *traffic_version(struct world *w,
                                      const struct pod_template *t);

#endif
