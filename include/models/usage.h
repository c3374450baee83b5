/*
 * usage.h - what the metrics APIs say: of pods (metrics-server), and of other
 * things (scenario: metrics).
 */
#ifndef MODELS_USAGE_H
#define MODELS_USAGE_H
#include "models/pod.h"

struct usage;
struct world;

/* Start measuring the pods of w, every cluster.metrics.interval. */
struct usage *usage_new(struct world *w);

struct usage_sample {
    bool known;
    int64_t value;              /* in thousandths; cpu: milli-cores */
    sim_time taken, window;     /* end and length of what it covers */
};

/* The latest sample of a metric ("cpu", or one of the scenario's) of a pod of
 * the workload `of` ("deployment/web").  ready: pods of it that are Ready, for
 * what is spread over them. */
struct usage_sample usage_of_pod(struct usage *u, const struct pod *p,
                                 const char *metric, const char *of,
                                 int ready);

/* The value of an object or external metric now; false if it has none. */
bool usage_of_object(const struct usage *u, const char *metric,
                     int64_t *value);

#endif
