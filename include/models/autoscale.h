/*
 * autoscale.h - how the HorizontalPodAutoscaler decides.
 *
 * From samples to a proposal (autoscale_metric.c), from proposals to a size
 * (autoscale_limit.c).  Values are in thousandths, as Kubernetes computes
 * them; ratios are doubles and are compared as the real controller compares
 * them, since its results depend on that.  Reference section 3.5.
 */
#ifndef MODELS_AUTOSCALE_H
#define MODELS_AUTOSCALE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "models/pod.h"

/* ---- proposals: autoscale_metric.c ------------------------------------------ */

/* Allowed deviation of usage from target, in shares: 0.1 each.  1.20 compares
 * distances (|1 - ratio| <= up), so that 55 of 50 is out of bounds in binary;
 * later versions compare the ratio with 1 - down and 1 + up. */
struct hpa_tolerance {
    double down, up;
    bool distance;
};

/* A pod of the target, with what its latest sample says. */
struct hpa_pod {
    bool deleting;
    enum pod_phase phase;
    bool has_ready;             /* there is a condition Ready */
    bool ready;
    sim_time ready_changed;     /* as stamped */
    sim_time started;           /* as stamped; SIM_NEVER: not yet */
    int64_t request;            /* -1: a container asks for none */
    bool sampled;               /* the fields below are there */
    int64_t usage;
    sim_time taken, window;     /* end of the sample's window, its length */
};

struct hpa_periods {
    sim_time initialization;    /* 300 s: cpu of a starting pod is ignored */
    sim_time initial_readiness; /* 30 s: never Ready within it: ignored */
};
extern const struct hpa_periods hpa_default_periods;

/* What a metric of pods is compared with. */
struct hpa_target {
    bool cpu;                   /* samples of pods that start do not count */
    int utilization;            /* percent of requests; 0: a value instead */
    int64_t value;              /* average per pod */
};

enum hpa_error { HPA_OK, HPA_NO_PODS, HPA_NO_METRICS, HPA_NO_REQUEST };

struct hpa_proposal {
    enum hpa_error error;       /* the rest is then undefined */
    int replicas;
    int utilization;            /* percent; of targets that are percentages */
    int64_t value;              /* average usage per pod counted; of objects:
                                 * the value, or per replica */
};

/* The size that brings the pods' average usage to the target. */
struct hpa_proposal hpa_pods_proposal(const struct hpa_pod *pods, size_t n,
                                      int current,
                                      const struct hpa_target *target,
                                      struct hpa_tolerance tolerance,
                                      const struct hpa_periods *periods,
                                      sim_time now);

/* One value of an object or of something outside, against a target for the
 * whole (ready: pods Ready and Running) ... */
struct hpa_proposal hpa_value_proposal(int64_t value, int64_t target,
                                       int current, int ready,
                                       struct hpa_tolerance tolerance);
/* ... or for each of the replicas that the target's status counts. */
struct hpa_proposal hpa_average_proposal(int64_t value, int64_t target,
                                         int replicas,
                                         struct hpa_tolerance tolerance);

/* a + b, not beyond the largest int64. */
int64_t hpa_sum(int64_t a, int64_t b);

/* ---- from proposal to size: autoscale_limit.c ---------------------------------- */

/* A recommendation or a change of size, some time ago. */
struct hpa_past {
    sim_time at;
    int replicas;               /* a change: how many were added or removed */
};

enum hpa_policy_type { HPA_PODS, HPA_PERCENT };
struct hpa_policy {
    enum hpa_policy_type type;
    int value;
    int period_s;
};

enum hpa_select { HPA_MAX_CHANGE, HPA_MIN_CHANGE, HPA_DISABLED };
struct hpa_rules {              /* behavior.scaleUp or scaleDown, completed */
    int window_s;
    enum hpa_select select;
    const struct hpa_policy *policies;
    size_t npolicies;
    double tolerance;
};

/* The highest of desired and what was recommended within the window (no
 * behavior given). */
int hpa_stabilize(const struct hpa_past *past, size_t n, int desired,
                  sim_time window, sim_time now);

/* With behavior: as near to current as the extremes within both windows
 * allow. */
int hpa_stabilize_both(const struct hpa_past *past, size_t n, int current,
                       int desired, sim_time up, sim_time down, sim_time now);

/* Note a recommendation in past (which has room for one more): it takes the
 * place of one that is older than `oldest`, or comes last.  Returns n. */
size_t hpa_remember(struct hpa_past *past, size_t n, struct hpa_past now,
                    sim_time oldest);

struct hpa_size {
    int replicas;
    const char *reason;         /* "DesiredWithinRange", "ScaleUpLimit", ... */
};

/* Limits without behavior: at most double, or 4. */
struct hpa_size hpa_limit(int current, int desired, int min, int max);

/* Limits by policies; added and removed: past changes. */
struct hpa_size hpa_limit_by_rules(int current, int desired, int min, int max,
                                   const struct hpa_rules *up,
                                   const struct hpa_rules *down,
                                   const struct hpa_past *added, size_t na,
                                   const struct hpa_past *removed, size_t nr,
                                   sim_time now);

/* What a reason of hpa_size means, in a sentence. */
const char *hpa_reason_text(const char *reason);

#endif
