/*
 * happening.h - what happens in a replication or does not.
 *
 * Derived from the metrics: whether there was any downtime at all, whether the
 * release was rolled back.  Over the replications it is a share, "k of n",
 * and between strategies a paired share (McNemar).
 */
#ifndef APP_HAPPENING_H
#define APP_HAPPENING_H
#include "app/experiment.h"

enum happening { HAPPENING_DOWNTIME, HAPPENING_FAILURE,
                 HAPPENING_INCOMPLETE, HAPPENING_ROLLBACK, HAPPENING_COUNT };

struct happening_row {
    const char *name;           /* "any_downtime" */
    const char *doc;
    enum metric metric;         /* it goes with */
    enum metric_better better;
};

const struct happening_row *happening_row(enum happening h);

/* Did it happen in a replication (known) of variant v? */
bool happened(const struct experiment *e, size_t v, size_t replication,
              enum happening h);

/* In how many of the replications 0 .. e->n - 1 of variant v. */
size_t happening_count(const struct experiment *e, size_t v,
                       enum happening h);

/* Did it happen somewhere, and somewhere not?  Else there is nothing to
 * compare. */
bool happening_varies(const struct experiment *e, enum happening h);

#endif
