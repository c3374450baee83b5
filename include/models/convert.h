/*
 * convert.h - what strategies share that make a Rollout of a Deployment.
 */
#ifndef MODELS_CONVERT_H
#define MODELS_CONVERT_H
#include "models/strategy.h"

/* The Deployment of c as a Rollout of Argo Rollouts whose strategy.`key` is
 * block; the other fields keep their places in the user's file. */
const struct value *convert_to_rollout(struct conversion *c, const char *key,
                                       const struct value *block);

/* A copy of a Service under another name. */
const struct value *convert_service(struct conversion *c,
                                    const struct value *service,
                                    const char *name);

/* The block as written without the member called key; an empty map if there
 * is none. */
const struct value *convert_block(struct conversion *c, const char *without);

/* block, of a canary, with two Services and a router that divides between
 * them: those that its stableService, canaryService and trafficRouting name,
 * else the first Service that selects the pods and a copy of it, NAME-canary.
 * NULL after a fault. */
const struct value *convert_routed(struct conversion *c,
                                   const struct value *block);

/* The workload of c as a Deployment whose rollingUpdate is this (as in
 * YAML). */
const struct value *convert_to_deployment(struct conversion *c,
                                          const char *rolling);

/* The Deployment becomes a routed canary with these steps (as in YAML, without
 * the brackets); old pods are kept for keep_s seconds after the last one. */
void convert_ramp(struct conversion *c, const char *steps, int keep_s);

/* The name of the i-th Service that selects the Deployment's pods. */
const char *convert_service_name(const struct conversion *c, size_t i);

/* No Service selects the pods: say so.  False then. */
bool convert_needs_service(struct conversion *c);

#endif
