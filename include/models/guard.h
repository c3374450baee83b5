/*
 * guard.h - what makes somebody, or something, roll a release back.
 *
 * From the release on a guard asks monitoring whenever a new reading is there
 * (an alert), or only when somebody looks (`looks`).  The first time its
 * condition holds, whoever it is that acts needs `after`, and then types.  Each
 * guard acts once.
 */
#ifndef MODELS_GUARD_H
#define MODELS_GUARD_H
#include <stddef.h>
#include "base/arena.h"
#include "models/monitoring.h"

struct world;

enum guard_compare { GUARD_ABOVE, GUARD_AT_LEAST, GUARD_BELOW, GUARD_AT_MOST,
                     GUARD_HAPPENED };

struct guard_condition {
    struct seen_query query;
    enum guard_compare compare;
    double limit;               /* a share, seconds, or a number */
};

/* Understand "METRIC [of new|old|all] [over DURATION] [> VALUE]".  NULL, or
 * what is wrong with it, in a sentence of a. */
const char *guard_parse(struct arena *a, const char *text,
                        struct guard_condition *out);

/* Does it hold in what monitoring says now?  *value: what that is. */
bool guard_holds(struct world *w, const struct guard_condition *c,
                 double *value);

/* Arm the guards of w's spec.  Called once by world_new. */
void guards_start(struct world *w);

#endif
