/*
 * record_impl.h - what rows say of the different kinds of workloads.
 */
#ifndef RECORD_IMPL_H
#define RECORD_IMPL_H
#include "models/pod.h"
#include "models/record.h"

/* The first container's image; "" if there is none. */
const char *record_image(const struct pod_template *t);

/* The row of a workload, but for its time and name; false if m is none. */
bool record_workload(const struct world *w, const struct meta *m,
                     struct timeline_row *row);

/* The number of the revision that a pod is of; -1 if it has none. */
int64_t record_pod_revision(const struct world *w, const struct pod *p);

/* A pod was committed, from its first state on, before there are other rows of
 * it; a slice was, before or after may be NULL. */
void record_view_pod(struct world *w, const struct pod *p, const char *state);
void record_view_slice(struct world *w, const struct meta *before,
                       const struct meta *after);

#endif
