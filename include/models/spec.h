/*
 * spec.h - a scenario as the models see it: read-only, shared by all
 * replications and threads, in the scenario's arena.
 *
 * Bound by sim/app/scenario.c from the documents; a test fills one in by hand
 * (spec_defaults gives a usable one).
 */
#ifndef MODELS_SPEC_H
#define MODELS_SPEC_H
#include "base/field.h"
#include "base/units.h"
#include "base/value.h"
#include "models/analysis.h"
#include "models/behaviour.h"
#include "models/cluster_autoscaler.h"
#include "models/guard.h"
#include "models/mesh.h"
#include "models/object.h"
#include "models/timings.h"

enum kube_version { KUBE_1_20, KUBE_1_36 };

enum runtime {                  /* of containers */
#define RUNTIME(id, name, sandbox, start, doc) RUNTIME_##id,
#include "models/runtimes.list"
#undef RUNTIME
};

struct node_pool {
    const char *name, *zone;
    int count;
    struct quantity cpu, memory;
    int pods;
    const struct value *labels, *taints;
    sim_time joins;             /* since the end of the warm-up; -1: from the
                                 * start */
    sim_time min_sync_period;   /* of their proxies; -1: the cluster's */
    int runtime;                /* enum runtime; -1: the cluster's */
    int min, max;               /* nodes, for the cluster autoscaler; max 0: it
                                 * leaves the pool alone */
    bool approved;              /* joining needs somebody's approval, ... */
    struct dist approval;       /* ... which takes so long */
};

/* A database outside of the cluster: scenario cluster.databases. */
struct database_spec {
    const char *name;
    int connections;            /* at once */
};

/* A work queue outside of the cluster: scenario cluster.queues. */
struct queue_spec {
    const char *name;
    sim_time visibility;        /* see traffic/queue.c; 0: by connection */
    sim_time heartbeat;         /* until a worker that vanished is given up */
    int deliveries;             /* of a task, at most; 0: no limit */
};

/* Proxies: scenario cluster.proxy. */
enum proxy_mode { PROXY_IPTABLES, PROXY_IPVS, PROXY_NFTABLES };

struct monitoring_spec {
    sim_time scrape;            /* between two readings: 15 s */
    struct dist lag;            /* reading to answer: 0 */
    double loss;                /* share of readings that are lost */
    struct field_map metrics;   /* of AnalysisTemplates: spec.sources as
                                 * written */
};

/* Health checks: of nodes by a load balancer (scenario cluster.loadBalancer), of
 * clusters by the front door (frontDoor). */
struct balancer_spec {
    sim_time interval;          /* 8 s */
    int healthy, unhealthy;     /* answers in a row: 1, 3 */
};

struct cluster_spec {
    enum profile profile;
    enum kube_version version;
    const struct node_pool *pools;
    size_t npools;
    struct timings timings;
    enum proxy_mode proxy_mode;
    sim_time min_sync_period;   /* < 0: 1 s; 0 for ipvs and profile exact */
    sim_time sync_period;
    sim_time icmp_ratelimit;    /* net.ipv4.icmp_ratelimit of the nodes: one
                                 * reject a client is told of per this time,
                                 * after a burst of 6; 0: all; < 0: 1 s, 0 in
                                 * profile exact */
    int source_ports;           /* of a client; 0: 28232, Linux's default */
    double controller_qps, controller_burst;    /* 20, 30; 0: no limit */
    double scheduler_qps, scheduler_burst;      /* 50, 100 */
    double kubelet_qps, kubelet_burst;          /* 50, 100 */
    sim_time clock_offset;      /* where in a wall-clock second the end of the
                                 * warm-up falls (time stamps are cut to whole
                                 * seconds) */
    sim_time metrics_interval;  /* of metrics-server; 0: it knows at once */
    sim_time metrics_window;    /* that its samples cover, if it knows */
    int64_t clock_s;            /* the wall clock at the end of the warm-up,
                                 * in seconds since 1970, without the offset */
    bool probe_at_start;        /* see kubelet.c */
    enum runtime runtime;
    int plane_replicas;         /* of controller-manager and scheduler */
    sim_time lease_duration;    /* of their leaders; 0: no leases, ... */
    sim_time lease_deadline, lease_retry;       /* ... see plane.c */
    double registry_bytes_per_s;        /* 40e6; for images with a size */
    int restart_backoff_s, restart_backoff_max_s;   /* 10, 300 */
    int restart_backoff_first_s;        /* before the first restart: 0 */
    struct monitoring_spec monitoring;
    const struct database_spec *databases;
    size_t ndatabases;
    const struct queue_spec *queues;
    size_t nqueues;
    struct autoscaler_spec autoscaler;
    struct balancer_spec balancer;
    bool reads_endpoints;       /* proxies read Endpoints, not slices */
    const struct operator_spec *operators;      /* of custom resources */
    size_t noperators;
};

/* ---- traffic ------------------------------------------------------------- */

enum rate_form { RATE_CONSTANT, RATE_STEPS, RATE_SERIES, RATE_SINE };

struct rate_point {
    sim_time at;                /* since the end of the warm-up */
    double per_s;               /* STEPS: from here on; SERIES: linear between */
};

struct rate_spec {
    enum rate_form form;
    double per_s;               /* CONSTANT; SINE: mean */
    double amplitude;           /* SINE, per second */
    sim_time period, phase;     /* SINE */
    const struct rate_point *points;
    size_t npoints;
    bool bursts;
    struct dist burst_every, burst_lasting;
    double burst_factor;
};

enum client_protocol { CLIENT_HTTP1, CLIENT_HTTP2 };

struct attribute_share {        /* shares of clients by header or cookie */
    const char *key, *value;
    double share;
};

/* What the clients are to NetworkPolicies: pods, or an address outside. */
struct client_origin {
    const char *space;          /* NULL: that of their target */
    const struct value *labels; /* of the pods; NULL: none */
    const char *address;        /* NULL: pods */
};

struct client_spec {
    struct client_origin from;
    int users;                  /* distinct users */
    bool sticky;
    bool keep_alive;
    enum client_protocol protocol;
    sim_time connect_timeout, timeout;  /* whole request; 0: none */
    int retries;
    int shards;                 /* see traffic/shard.c; 0: any pod will do */
    double writes;              /* share of requests that are not idempotent */
    sim_time backoff;
    const char *node;           /* where the clients are; NULL: spread */
    bool outside;               /* they are outside of the cluster */
    const struct attribute_share *attributes;
    size_t nattributes;
    const struct mesh_spec *mesh;       /* their sidecar; NULL: none */
};

struct traffic_spec {
    const char *name;
    const char *to;             /* "service/NAME", "ingress/HOST/PATH",
                                 * "queue/NAME" */
    const char *host, *path;    /* of an Ingress; NULL: none */
    const char *space;          /* namespace of the target */
    struct rate_spec rate;
    struct client_spec clients;
};

/* ---- what is done ---------------------------------------------------------- */

/* kubectl, at a time or after an event. */
struct action_spec {
    struct dist at;             /* since the end of the warm-up, if !when */
    const char *when;           /* "rollout complete", ...; NULL */
    struct dist after;          /* delay after `when` */
    const char *kubectl;        /* the words after kubectl */
    const struct value *const *documents;   /* of apply -f, patch */
    size_t ndocuments;
    struct mark mark;
    const char *name;           /* for marks on figures; may be NULL */
    const char *cluster;        /* of several; NULL: in each */
};

/* A metric as autoscalers see it, from `at` on (scenario: metrics). */
struct metric_spec {
    const char *name;           /* "cpu", or any other */
    const char *of;             /* "deployment/web": a total that its Ready
                                 * pods share; NULL: of an object */
    struct quantity value;
    sim_time at;                /* since the end of the warm-up; -1: always */
};

struct fault_spec {
    const struct fault_ops *ops;
    struct dist at, lasting;
    const void *spec;           /* as ops->fields bound it */
    const char *cluster;        /* of several; NULL: in each */
    struct mark mark;
};

struct container_image {
    const char *container, *image;
};

struct release_spec {
    bool given;
    sim_time at;                /* since the end of the warm-up */
    const char *workload;       /* "deployment/checkout" */
    const char *space;          /* its namespace; NULL: default */
    const struct container_image *images;
    size_t nimages;
    const char *custom;         /* a custom resource is released: its name in
                                 * the store ... */
    const struct value *const *patch;   /* ... and a merge patch of it */
    struct mark mark;
};

enum guard_then { GUARD_ROLLBACK, GUARD_PAUSE, GUARD_ABORT, GUARD_PROMOTE,
                  GUARD_KUBECTL };

struct judge_spec;              /* models/judging.h */

struct guard_spec {
    const char *when;           /* as written; NULL: a judge */
    struct guard_condition condition;
    const struct judge_spec *judge;     /* NULL: a condition */
    struct dist after;          /* until he or it acts */
    sim_time looks;             /* only so often; 0: told of each reading */
    enum guard_then then;
    const char *kubectl;        /* KUBECTL: the words after kubectl */
    struct mark mark;
};

struct strategy_spec {
    const char *name;           /* as the user calls it */
    const struct strategy_ops *ops;     /* NULL: the manifest's own */
    const void *spec;           /* as ops->fields bound it */
    const struct value *given;  /* its block as written; NULL if none */
    const struct value *patch;  /* strategic merge over the manifests */
    const struct value *waves, *bake;   /* as written; NULL: the release's */
    const struct manifest *manifests;   /* its version of them; NULL: as is */
    size_t nmanifests;
    struct mark mark;
};

/* One of several clusters: scenario clusters.  A whole one: its spec has its
 * own nodes, timings, manifests and seed. */
struct member_spec {
    const char *name;
    double share;               /* of the users; all sum to 1 */
    const struct spec *spec;
    struct mark mark;
};

/* In which order they get the release: scenario release.waves. */
struct wave_spec {
    const size_t *members;      /* places of clusters */
    size_t n;
};
struct waves_spec {
    const struct wave_spec *items;
    size_t len;
    sim_time bake;              /* complete -> the next wave */
};

/* A manifest: as written, and with its place. */
struct manifest {
    enum kind kind;
    const struct value *value;
    const char *space, *name;
    struct mark mark;
};

struct spec {
    const char *name;
    sim_time duration, warmup;
    uint64_t seed;
    struct cluster_spec cluster;
    struct behaviours *behaviours;
    const struct manifest *manifests;
    size_t nmanifests;
    const struct traffic_spec *traffic;
    size_t ntraffic;
    struct release_spec release;
    const struct action_spec *actions;
    size_t nactions;
    const struct fault_spec *faults;
    size_t nfaults;
    const struct metric_spec *metrics;
    size_t nmetrics;
    const struct guard_spec *guards;
    size_t nguards;
    const struct analysis_source *sources;      /* cluster.monitoring */
    size_t nsources;
    const struct member_spec *members;  /* if there are several clusters */
    size_t nmembers;            /* 0: there is one, this */
    struct balancer_spec door;  /* before them: its health checks */
    struct waves_spec waves;
    double slo_error_share;     /* brownout windows; 0.01 */
    sim_time slo_latency;       /* brownout windows; 0: not judged */
};

/* A spec in which everything has its default: profile exact if exact, else
 * default; three nodes of 4 cpu, 16Gi, 110 pods; no objects. */
struct spec *spec_defaults(struct arena *a, bool exact);

#endif
