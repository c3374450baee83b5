/*
 * workload.h - Deployment and ReplicaSet objects.
 */
#ifndef MODELS_WORKLOAD_H
#define MODELS_WORKLOAD_H
#include "base/units.h"
#include "models/object.h"
#include "models/podspec.h"

#define NO_DEADLINE 2147483647

struct replicaset {
    struct meta meta;
    /* spec */
    int replicas;
    int min_ready_s;
    const struct selector *selector;
    const struct pod_template *template;
    /* bookkeeping annotations of the Deployment controller, typed */
    int64_t revision;           /* 0: annotation missing */
    int desired, max;           /* -1: annotation missing */
    const char *revision_history;   /* "1,3", NULL if none */
    const struct value *raw;    /* as applied by a user; NULL if made by a
                                 * controller */
    /* status */
    int status_replicas, fully_labeled, ready, available;
    int terminating;            /* 1.33+ */
    int64_t observed_generation;
    struct condition replica_failure;
};

enum deployment_strategy { STRATEGY_ROLLING_UPDATE, STRATEGY_RECREATE };

struct deployment {
    struct meta meta;
    /* spec */
    int replicas;
    const struct selector *selector;
    const struct pod_template *template;
    enum deployment_strategy strategy;
    struct int_or_percent max_surge, max_unavailable;
    int min_ready_s;
    int revision_history_limit;
    int progress_deadline_s;    /* NO_DEADLINE: none */
    bool paused;
    int64_t revision;           /* annotation; 0: missing */
    const struct value *raw;    /* the object as stored, without status */
    const struct value *last_applied;   /* of kubectl apply; NULL if none */
    /* status */
    int64_t observed_generation;
    int status_replicas, updated, ready, available, unavailable, terminating;
    int collisions;
    struct condition cond_available, progressing, replica_failure;
};

#define deployment_of(m) ((struct deployment *)(m))
#define deployment_seen(m) ((const struct deployment *)(m))
#define replicaset_of(m) ((struct replicaset *)(m))
#define replicaset_seen(m) ((const struct replicaset *)(m))

/* Set spec.replicas in the typed field and in raw. */
void deployment_set_replicas(struct arena *a, struct deployment *d, int n);

#endif
