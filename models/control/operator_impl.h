/*
 * operator_impl.h - what the files of an operator share.
 */
#ifndef CONTROL_OPERATOR_IMPL_H
#define CONTROL_OPERATOR_IMPL_H
#include "base/map.h"
#include "models/controller.h"
#include "models/operator.h"

/* Steps of a resource that are no phases. */
enum { STEP_DONE = -1, STEP_ROLLING_BACK = -2, STEP_FINALIZING = -3 };

struct operator {
    struct controller c;        /* first: a controller is its operator */
    struct controller_ops ops;
    const struct operator_spec *spec;
    struct informer *customs;
    struct informer *owned[KIND_COUNT];         /* NULL: none of that kind */
    struct map told;            /* edge-triggered: resources it knows of */
    struct map wanted;          /* resource uid -> struct wanted */
    int down;                   /* faults that hold it down */
};

/* ---- operator_phase.c ---- */

/* Bring what m asks for a step further. */
void operator_advance(struct operator *o, struct sync *s,
                      const struct meta *m);
/* Is it about to write objects in this phase, or to wait for them? */
bool operator_is_rolling(const struct operator *o, const struct meta *m);
/* Post what the difference between two statuses means. */
void operator_tell(struct operator *o, const struct meta *before,
                   const struct meta *after);
void operator_write(struct operator *o, struct sync *s, const struct meta *m,
                    const struct custom_status *st);
/* The luck of this try of this phase. */
void operator_luck(const struct operator *o, const struct meta *m,
                   const struct custom_status *st, struct stream *out);
const struct operator_phase *operator_phase_at(const struct operator *o,
                                               int step);

/* ---- operator_keep.c ---- */

/* Make the objects of m as the resource says that was applied last. */
void operator_keep(struct operator *o, struct sync *s, const struct meta *m);
/* Are they so, and has everything rolled out?  *failed: why it never will, or
 * NULL. */
bool operator_rolled_out(struct operator *o, const struct meta *m,
                         const char **failed);

#endif
