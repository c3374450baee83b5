/*
 * workload.h - Deployment, ReplicaSet, StatefulSet and DaemonSet objects, and
 * what belongs to them.
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

/* A claim template of a StatefulSet, or a PersistentVolumeClaim's spec. */
struct claim_spec {
    const char *name;           /* of the template; "" in a claim */
    const char *storage_class;  /* NULL: the default one */
    const char *const *access_modes;    /* "ReadWriteOnce", ... */
    size_t naccess_modes;
    int64_t bytes;              /* requested */
};

struct statefulset {
    struct meta meta;
    /* spec */
    int replicas;
    int start;                  /* ordinals.start */
    const struct selector *selector;
    const struct pod_template *template;
    const char *service_name;
    bool parallel;              /* podManagementPolicy */
    bool on_delete;             /* updateStrategy OnDelete */
    bool rolling_given;         /* updateStrategy.rollingUpdate is there */
    int partition;
    struct int_or_percent max_unavailable;  /* {false, 0}: not given */
    int min_ready_s;
    int revision_history_limit;
    const struct claim_spec *claims;    /* volumeClaimTemplates */
    size_t nclaims;
    const struct value *raw;    /* the object as stored, without status */
    const struct value *last_applied;   /* of kubectl apply; NULL if none */
    /* status */
    int64_t observed_generation;
    int status_replicas, ready, available;
    int current, updated;       /* not terminating, by revision */
    const char *current_revision, *update_revision;     /* names; NULL: not
                                                         * yet */
    int collisions;
};

struct daemonset {
    struct meta meta;
    /* spec */
    const struct selector *selector;
    const struct pod_template *template;
    bool on_delete;             /* updateStrategy OnDelete */
    struct int_or_percent max_unavailable, max_surge;
    int min_ready_s;
    int revision_history_limit;
    const struct value *raw;    /* the object as stored, without status */
    const struct value *last_applied;   /* of kubectl apply; NULL if none */
    /* status: numbers of nodes */
    int64_t observed_generation;
    int desired, current, misscheduled, ready, updated, available,
        unavailable;
    int collisions;
};

/* A version of the template of a StatefulSet or DaemonSet. */
struct controllerrevision {
    struct meta meta;
    int64_t revision;
    const struct pod_template *template;    /* what an undo restores */
};

enum claim_phase { CLAIM_PENDING, CLAIM_BOUND, CLAIM_LOST };

struct claim {                  /* PersistentVolumeClaim */
    struct meta meta;
    struct claim_spec spec;
    const struct value *raw;    /* as applied; NULL if made by a controller */
    enum claim_phase phase;     /* status */
};

#define statefulset_of(m) ((struct statefulset *)(m))
#define statefulset_seen(m) ((const struct statefulset *)(m))
#define daemonset_of(m) ((struct daemonset *)(m))
#define daemonset_seen(m) ((const struct daemonset *)(m))
#define controllerrevision_of(m) ((struct controllerrevision *)(m))
#define controllerrevision_seen(m) ((const struct controllerrevision *)(m))
#define claim_of(m) ((struct claim *)(m))
#define claim_seen(m) ((const struct claim *)(m))
#define deployment_of(m) ((struct deployment *)(m))
#define deployment_seen(m) ((const struct deployment *)(m))
#define replicaset_of(m) ((struct replicaset *)(m))
#define replicaset_seen(m) ((const struct replicaset *)(m))

/* Set spec.replicas in the typed field and in raw. */
void deployment_set_replicas(struct arena *a, struct deployment *d, int n);

#endif
