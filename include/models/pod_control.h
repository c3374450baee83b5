/*
 * pod_control.h - how workload controllers make pods.
 */
#ifndef MODELS_POD_CONTROL_H
#define MODELS_POD_CONTROL_H
#include "models/pod.h"

struct world;

/* A draft of a pod of this template, controlled by owner and called
 * name.  Its entity is given by the store when it is created. */
struct meta *pod_draft(struct world *w, const struct meta *owner,
                       const struct pod_template *t, const char *name);

/* "<base>-" cut to 58 characters, and five random letters. */
const char *pod_name(struct world *w, const char *base);

#endif
