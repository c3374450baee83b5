/*
 * optimum.h - the best variant under the scenario's objective.
 *
 * The search sees results only through `struct trials`, so that what the
 * command runs can be tried many times on a table of stored results.
 */
#ifndef APP_OPTIMUM_H
#define APP_OPTIMUM_H
#include "app/experiment.h"
#include "stats/search.h"

/* Where results come from. */
struct trials {
    size_t k;                   /* candidates */
    void *ctx;
    /* Make replications 0 .. until[i] - 1 of each candidate i known; false if
     * it was ended early. */
    bool (*extend)(void *ctx, const size_t *until);
    double (*value)(void *ctx, size_t candidate, size_t replication,
                    enum metric m);
};

/* What the objective demands: its subject, or else the slo. */
const struct promise *optimum_subject(const struct scenario *s, size_t *n);

/* How sure a promise of it must be. */
double optimum_confidence(const struct scenario *s, const struct promise *p);

/* Search under the objective of s, which must have a metric, its promises and
 * expectations; everything in *out is in a. */
void optimum_find(struct arena *a, const struct scenario *s,
                  const struct trials *t, enum search_method method,
                  size_t budget, struct found *out);

/* Does a variant keep the promises, by all replications that it has, as the
 * search judges; and is there anything to keep? */
enum verdict optimum_judge(const struct experiment *e, size_t v);
bool optimum_judges(const struct scenario *s);

#endif
