/*
 * hpa.h - the HorizontalPodAutoscaler object (autoscaling/v2).
 */
#ifndef MODELS_HPA_H
#define MODELS_HPA_H
#include "models/autoscale.h"
#include "models/object.h"

enum hpa_source { HPA_RESOURCE, HPA_CONTAINER_RESOURCE, HPA_OF_PODS,
                  HPA_OBJECT, HPA_EXTERNAL };
enum hpa_target_type { HPA_UTILIZATION, HPA_VALUE, HPA_AVERAGE_VALUE };

struct hpa_metric {
    enum hpa_source source;
    const char *name;           /* "cpu", "memory", or the metric's name */
    const char *container;      /* CONTAINER_RESOURCE; else NULL */
    enum hpa_target_type type;
    int utilization;            /* percent, of UTILIZATION */
    int64_t value;              /* in thousandths, of the others */
};

/* What status.currentMetrics says of one metric. */
struct hpa_current {
    bool known;
    int utilization;            /* -1: no percentage */
    int64_t value;              /* average, in thousandths */
};

struct hpa {
    struct meta meta;
    /* spec */
    const char *target_kind, *target_name;      /* "Deployment", "web" */
    int min, max;               /* replicas */
    const struct hpa_metric *metrics;   /* never empty: cpu 80 % if not
                                         * given */
    size_t nmetrics;
    bool behavior;              /* spec.behavior is given */
    struct hpa_rules up, down;  /* completed with the defaults */
    const struct value *raw;
    /* status */
    int64_t observed_generation;
    sim_time last_scale;        /* SIM_NEVER: never */
    int current, desired;       /* replicas */
    const struct hpa_current *values;   /* of each metric; NULL: cleared */
    struct condition able_to_scale, scaling_active, scaling_limited;
};

#define hpa_of(m) ((struct hpa *)(m))
#define hpa_seen(m) ((const struct hpa *)(m))

#endif
