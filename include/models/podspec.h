/*
 * podspec.h - the pod template: what a container is asked to be.
 *
 * Only what has an effect is kept typed; raw keeps everything, because any
 * change of the template, also of a field without effect here, starts a
 * rollout.  Read from manifests by models/object/podspec.c.
 */
#ifndef MODELS_PODSPEC_H
#define MODELS_PODSPEC_H
#include "base/units.h"
#include "models/object.h"

enum probe_handler { PROBE_HTTP, PROBE_TCP, PROBE_EXEC, PROBE_GRPC };

struct probe {
    enum probe_handler handler;
    int initial_delay_s, period_s, timeout_s;
    int success_threshold, failure_threshold;
    int grace_s;                /* probe's terminationGracePeriodSeconds; -1 */
};

/* A hook of lifecycle: postStart or preStop. */
enum hook_kind { HOOK_NONE, HOOK_SLEEP, HOOK_EXEC, HOOK_HTTP };
struct hook {
    enum hook_kind kind;
    sim_time takes;             /* SLEEP: seconds; EXEC: read from a command
                                 * such as ["sleep","5"] or ["sh","-c",
                                 * "sleep 5"]; else 0 */
};

/* A reference to a ConfigMap or Secret. */
struct config_ref {
    enum kind kind;
    const char *name, *key;     /* key NULL: the whole object */
    bool optional;
    bool mounted;               /* volume, not environment */
    bool fixed;                 /* mounted by subPath: never refreshed */
};

struct resources {              /* milli-cpu and bytes; -1: not given */
    int64_t cpu_request, cpu_limit, memory_request, memory_limit;
};

enum restart_policy { RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_NEVER };
enum pull_policy { PULL_IF_NOT_PRESENT, PULL_ALWAYS, PULL_NEVER };

struct container_port {
    const char *name;           /* "" if none */
    int port, host_port;
    const char *protocol;
};

struct container {
    const char *name, *image;
    enum pull_policy pull;
    bool sidecar;               /* init container with restartPolicy Always */
    struct resources resources;
    const struct probe *startup, *readiness, *liveness;     /* NULL: none */
    struct hook post_start, pre_stop;
    const struct container_port *ports;
    size_t nports;
};

struct toleration {
    const char *key;            /* NULL: every key */
    bool exists;                /* operator Exists */
    const char *value, *effect; /* effect NULL: every effect */
    int64_t seconds;            /* tolerationSeconds; -1: for ever */
};

/* One nodeSelectorTerm: expressions on labels and on metadata.name. */
struct node_term {
    const struct selector *labels, *fields;     /* NULL: none given */
    int weight;                 /* preferred terms; 0 if required */
};

struct pod_affinity_term {
    const struct selector *selector;
    const char *topology_key;
    const char *const *spaces;  /* NULL: the pod's own namespace */
    size_t nspaces;
    int weight;                 /* preferred terms; 0 if required */
    bool anti;
};

struct topology_spread {
    int max_skew, min_domains;  /* min_domains 0: not given */
    const char *topology_key;
    bool do_not_schedule;       /* else ScheduleAnyway */
    const struct selector *selector;
    const char *const *match_keys;      /* labels whose values, as the pod
                                         * has them, are selected too */
    size_t nmatch_keys;
};

struct pod_spec {
    const struct container *init;       /* init containers and sidecars */
    size_t ninit;
    const struct container *containers;
    size_t ncontainers;
    enum restart_policy restart;
    int grace_s;                /* terminationGracePeriodSeconds */
    int64_t active_deadline_s;  /* -1: none */
    const char *node_name;      /* asked for, or NULL */
    const char *scheduler_name, *service_account, *priority_class;
    int priority;               /* as given, or of a class of the system */
    bool preempt_never;         /* preemptionPolicy Never */
    bool host_network;
    const struct labels *node_selector;
    bool node_affinity_required;        /* nterms may be 0: matches none */
    const struct node_term *node_terms; /* required, ORed */
    size_t nnode_terms;
    const struct node_term *node_preferred;
    size_t nnode_preferred;
    const struct pod_affinity_term *affinity;   /* all four lists */
    size_t naffinity;
    const struct toleration *tolerations;
    size_t ntolerations;
    const struct topology_spread *spread;
    size_t nspread;
    const struct config_ref *configs;
    size_t nconfigs;
    const char *const *claims;          /* PersistentVolumeClaim names */
    size_t nclaims;
    const char *const *readiness_gates; /* condition types */
    size_t nreadiness_gates;
    const char *const *scheduling_gates;
    size_t nscheduling_gates;
    int64_t overhead_cpu, overhead_memory;
    struct resources resources; /* of the pod as a whole (spec.resources) */

    /* Derived once (reference 4.3): what the scheduler charges. */
    int64_t cpu_milli, memory_bytes;    /* effective requests */
    int64_t cpu_nonzero, memory_nonzero;/* with defaults, for scoring */
    int64_t cpu_limit, memory_limit;    /* effective limits; 0: none */
};

enum qos { QOS_GUARANTEED, QOS_BURSTABLE, QOS_BEST_EFFORT };

struct pod_template {
    const struct labels *labels, *annotations;
    const struct pod_spec *spec;
    const struct value *raw;    /* {metadata, spec} as stored, defaulted */
    uint64_t identity;          /* of the canonical raw without the label
                                 * pod-template-hash: equal templates only */
    uint64_t revision_key;      /* of the container images alone: names the
                                 * luck of pods (world_pod_entity) */
};

/* Read a template ({metadata, spec}); faults with paths below `path` go to
 * errors.  Never NULL. */
const struct pod_template *pod_template_from(struct arena *a,
                                             const struct value *v,
                                             const char *path,
                                             struct err_list *errors);

/* The pod-template-hash of a template (reference 1.5), of `collisions`. */
const char *pod_template_hash(struct arena *a, const struct pod_template *t,
                              int collisions);

/* t with a label added to labels and raw (identity unchanged). */
const struct pod_template *pod_template_with_label(
    struct arena *a, const struct pod_template *t, const char *key,
    const char *value);

/* Guaranteed, Burstable or BestEffort. */
enum qos pod_spec_qos(const struct pod_spec *s);

#endif
