/*
 * daemonset.h - the DaemonSet object.
 */
#ifndef MODELS_DAEMONSET_H
#define MODELS_DAEMONSET_H
#include "base/units.h"
#include "models/object.h"
#include "models/podspec.h"

struct daemonset {
    struct meta meta;
    /* spec */
    const struct selector *selector;
    const struct pod_template *template;
    bool on_delete;             /* updateStrategy OnDelete */
    struct int_or_percent max_unavailable, max_surge;
    int min_ready_s;
    int revision_history_limit;
    const struct value *raw;    /* the object as stored */
    const struct value *last_applied;   /* of kubectl apply; NULL if none */
    /* status: numbers of nodes */
    int64_t observed_generation;
    int desired, current, misscheduled, ready, updated, available,
        unavailable;
    int collisions;
};

#define daemonset_of(m) ((struct daemonset *)(m))
#define daemonset_seen(m) ((const struct daemonset *)(m))

#endif
