/*
 * statefulset.h - the StatefulSet object.
 */
#ifndef MODELS_STATEFULSET_H
#define MODELS_STATEFULSET_H
#include "base/units.h"
#include "models/claim.h"
#include "models/object.h"
#include "models/podspec.h"

struct statefulset {
    struct meta meta;
    /* spec */
    int replicas;
    const struct selector *selector;
    const struct pod_template *template;
    const char *service;        /* serviceName; NULL if none */
    bool parallel;              /* podManagementPolicy Parallel */
    bool on_delete;             /* updateStrategy OnDelete */
    bool rolling_given;         /* updateStrategy.rollingUpdate is there */
    int partition;
    struct int_or_percent max_unavailable;  /* 1 if not given */
    int min_ready_s;
    int revision_history_limit;
    int first_ordinal;          /* ordinals.start */
    const struct claim_spec *claims;    /* volumeClaimTemplates */
    size_t nclaims;
    const struct value *raw;    /* the object as stored */
    const struct value *last_applied;   /* of kubectl apply; NULL if none */
    /* status */
    int64_t observed_generation;
    int status_replicas, ready, available;
    int current, updated;       /* not terminating, by revision */
    const char *current_revision, *update_revision;     /* names; NULL: not
                                                         * yet */
    int collisions;
};

#define statefulset_of(m) ((struct statefulset *)(m))
#define statefulset_seen(m) ((const struct statefulset *)(m))

/* Set spec.replicas in the typed field and in raw. */
void statefulset_set_replicas(struct arena *a, struct statefulset *s, int n);

#endif
