/*
 * deployment_impl.h - one sync of a Deployment, between deployment_plan.c and
 * deployment_fresh.c.
 */
#ifndef DEPLOYMENT_IMPL_H
#define DEPLOYMENT_IMPL_H
#include "models/deployment.h"

/* What is seen, what has been decided, and the sets as the sync has them in
 * mind: old ones as they were seen, the fresh one as it was last looked up. */
struct work {
    const struct deployment_view *v;
    struct deployment_plan *p;
    const struct replicaset **all;      /* v->sets, the fresh one as the sync
                                         * has it in mind */
    size_t nall;
    const struct replicaset **olds;     /* all but the fresh one */
    size_t nolds;
    const struct replicaset *found;     /* the fresh one as seen, or NULL */
    const struct replicaset *fresh;     /* the same in mind, or NULL */
    size_t place;               /* of fresh in all */
};

/* deployment_plan.c */

/* Append a call. */
struct deployment_write *plan_write(struct work *k, enum deployment_verb verb);

/* Append a write of the Deployment's status as it is in mind. */
void plan_status(struct work *k);

/* A copy of a set to edit. */
struct replicaset *plan_edit(struct work *k, const struct replicaset *base);

/* `what "name"rest`, or old if that says the same, so that nothing piles
 * up. */
const char *plan_text(struct work *k, const char *old, const char *what,
                      const char *name, const char *rest);

/* deployment_fresh.c */

/* Sort the sets seen into the fresh one, the oldest of its template, and old
 * ones. */
void fresh_find(struct work *k);

/* Look the fresh set up, and bring bookkeeping up to date; make it if there
 * is none and `create`. */
void fresh_sync(struct work *k, bool create);

#endif
