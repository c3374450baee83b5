/*
 * scenario_fields.c - the sections of a Scenario, as field tables.
 *
 * They bind, default, explain and describe (JSON Schema) the language; what a
 * later version brings is a row that refuses, so that nothing is read and
 * ignored.
 */
#include "scenario_impl.h"
#include <string.h>
#include "base/units.h"
#include "io/csv.h"
#include "io/file.h"
#include "models/behaviour.h"
#include "models/cron.h"
#include "models/operator.h"
#include "models/netpol.h"

/* ---- what is not there yet ----------------------------------------------- */

static bool later_parse(struct binder *b, const struct value *v, void *out)
{
    (void)out;
    err_error(b->errors, &v->mark, "\"%s\" is not supported yet", b->path);
    return false;
}

static void later_schema(FILE *out)
{
    fputs("{\"not\": {}}", out);
}

#define FIELD_LATER(key_)                                                     \
    { .type = FIELD_T_CUSTOM, .key = key_, .parse = later_parse,              \
      .schema = later_schema, .unit = "-", .doc = "not supported yet" }

#define FIELD_NEEDED(st, member_, key_, doc_)                                 \
    { .type = FIELD_T_STRING, .key = key_, .offset = offsetof(st, member_),   \
      .unit = "-", .flags = FIELD_REQUIRED, .doc = doc_ }

/* ---- run and cluster ----------------------------------------------------- */

static const struct field run_fields[] = {
    FIELD(DURATION, struct run_section, duration, "duration", "10m", 0.001,
          1e7, "s", "simulated and measured time"),
    FIELD(DURATION, struct run_section, warmup, "warmup", "2m", 0, 1e7, "s",
          "simulated before it and not measured; every `at` counts from its "
          "end"),
    FIELD(INT, struct run_section, seed, "seed", "1", 0, 9.2e18, "-",
          "of all random numbers"),
    FIELD(VALUE, struct run_section, replications, "replications", NULL, 0, 0,
          "-", "a number (10 if absent), or {min, max, until: {metric, "
          "relative | absolute}}"),
    FIELD(SHARE, struct run_section, confidence, "confidence", "95%", 0.5,
          0.9999, "share", "of all intervals and verdicts"),
    FIELD_END
};

static const char *const runtime_names[] = {
#define RUNTIME(id, name, sandbox, start, doc) name,
#include "models/runtimes.list"
#undef RUNTIME
    NULL,
};

const struct field pool_fields[] = {
    FIELD(STRING, struct node_pool, name, "name", NULL, 0, 0, "-",
          "of the pool; its nodes are called NAME-0, NAME-1, ..."),
    FIELD(INT32, struct node_pool, count, "count", "1", 0, 15000, "nodes",
          "how many nodes are alike"),
    FIELD(QUANTITY, struct node_pool, cpu, "cpu", "4", 0, 1e5, "cpu",
          "allocatable to pods, per node"),
    FIELD(QUANTITY, struct node_pool, memory, "memory", "16Gi", 0, 1e15,
          "bytes", "allocatable to pods, per node"),
    FIELD(INT32, struct node_pool, pods, "pods", "110", 1, 10000, "pods",
          "most pods of a node"),
    FIELD(STRING, struct node_pool, zone, "zone", NULL, 0, 0, "-",
          "label topology.kubernetes.io/zone"),
    FIELD(VALUE, struct node_pool, labels, "labels", NULL, 0, 0, "-",
          "of each node"),
    FIELD(VALUE, struct node_pool, taints, "taints", NULL, 0, 0, "-",
          "of each node, as in a Node: [{key, value, effect}]"),
    FIELD(DURATION, struct node_pool, joins, "joins", NULL, 0, 1e7, "s",
          "when it joins, since the end of the warm-up; there from the start "
          "if absent"),
    FIELD(INT32, struct node_pool, min, "min", "0", 0, 15000, "nodes",
          "that the cluster autoscaler leaves"),
    FIELD(INT32, struct node_pool, max, "max", "0", 0, 15000, "nodes",
          "to which the cluster autoscaler lets the pool grow; 0: it leaves "
          "the pool alone"),
    FIELD_DIST(struct node_pool, approval, "approval", "0s",
               "a machine that joins later asks by a CertificateSigningRequest "
               "(node-csr-NODE), which is approved after this time; never: by "
               "kubectl certificate approve; absent: it need not ask"),
    FIELD_ENUM(struct node_pool, runtime, "runtime", "containerd",
               runtime_names, "of their containers, if not cluster.runtime"),
    FIELD(DURATION, struct node_pool, min_sync_period, "minSyncPeriod", NULL,
          0, 3600, "s", "of their kube-proxies, if not "
          "cluster.proxy.minSyncPeriod"),
    FIELD_END
};

static const char *const proxy_names[] = { "iptables", "ipvs", "nftables",
                                           NULL };
static const char *const version_names[] = { "1.20", "1.36", NULL };

static const char *const reads_names[] = { "EndpointSlices", "Endpoints",
                                           NULL };

static const struct field proxy_fields[] = {
    FIELD_ENUM(struct proxy_section, mode, "mode", "iptables", proxy_names,
               "of kube-proxy: how an endpoint is chosen"),
    FIELD(DURATION, struct proxy_section, min_sync_period, "minSyncPeriod",
          NULL, 0, 3600, "s", "least time between two rule updates of a node; "
          "1s if absent, 0 for ipvs and in the profile exact"),
    FIELD_ENUM(struct proxy_section, reads, "reads", "EndpointSlices",
               reads_names, "what it watches; Endpoints (before 1.19) are cut "
               "off after 1000 addresses"),
    FIELD(DURATION, struct proxy_section, sync_period, "syncPeriod", "30s",
          0.001, 86400, "s", "1.20: rules are written again after so long "
          "without a change (1.36: an hour)"),
    FIELD_END
};

static const struct field plane_fields[] = {
    FIELD(INT32, struct plane_section, replicas, "replicas", "1", 1, 9,
          "processes", "of kube-controller-manager and of kube-scheduler; one "
          "of each leads"),
    FIELD(DURATION, struct plane_section, lease_duration, "leaseDuration",
          "15s", 0, 3600, "s", "how long a leader that is gone keeps the "
          "others out; 0, as in profile exact: not at all"),
    FIELD(DURATION, struct plane_section, renew_deadline, "renewDeadline",
          "10s", 0.001, 3600, "s", "a leader that cannot renew for so long "
          "gives up"),
    FIELD(DURATION, struct plane_section, retry_period, "retryPeriod", "2s",
          0.001, 3600, "s", "how often leaders renew and others ask"),
    FIELD_END
};

static const struct field limit_fields[] = {
    FIELD(REAL, struct limits, controller_qps, "controllerQps", "20", 0, 1e6,
          "1/s", "requests of each controller to the API server; 0: no limit"),
    FIELD(REAL, struct limits, controller_burst, "controllerBurst", "30", 0,
          1e6, "requests", "of each controller at once, after a pause"),
    FIELD(REAL, struct limits, scheduler_qps, "schedulerQps", "50", 0, 1e6,
          "1/s", "requests of the scheduler; 0: no limit"),
    FIELD(REAL, struct limits, scheduler_burst, "schedulerBurst", "100", 0,
          1e6, "requests", "of the scheduler at once"),
    FIELD(REAL, struct limits, kubelet_qps, "kubeletQps", "50", 0, 1e6, "1/s",
          "requests of each kubelet; 0: no limit; 1.20: 5 if not given"),
    FIELD(REAL, struct limits, kubelet_burst, "kubeletBurst", "100", 0, 1e6,
          "requests", "of each kubelet at once; 1.20: 10 if not given"),
    FIELD_END
};

static const struct field registry_fields[] = {
    FIELD(QUANTITY, struct registry_section, bytes_per_s, "bytesPerSecond",
          "40M", 1, 1e12, "bytes/s", "one pull's, unpacking included, of an "
          "image with a size"),
    FIELD_END
};

/* A time as Kubernetes writes it. */
static bool clock_parse(struct binder *b, const struct value *v, void *out)
{
    if (v->type == VALUE_SCALAR && cron_read_time(v->u.text, out))
        return true;
    err_error(b->errors, &v->mark, "\"%s\" must be a time such as "
              "2026-01-31T23:59:00Z", b->path);
    return false;
}

static void clock_schema(FILE *out)
{
    fputs("{\"type\": \"string\", \"pattern\": \"^[0-9]{4}-[0-9]{2}-[0-9]{2}T"
          "[0-9]{2}:[0-9]{2}:[0-9]{2}Z$\"}", out);
}

static const struct field restart_fields[] = {
    FIELD(INT32, struct restart_section, initial_s, "initialSeconds", "10", 1,
          3600, "s", "pause before the second restart of a container"),
    FIELD(INT32, struct restart_section, first_s, "firstSeconds", "0", 0,
          3600, "s", "pause before the first restart; if not 0, the second is "
          "double that"),
    FIELD(INT32, struct restart_section, max_s, "maxSeconds", "300", 1, 3600,
          "s", "longest pause: it doubles with every restart"),
    FIELD_END
};

static const struct field monitoring_fields[] = {
    FIELD(DURATION, struct monitoring_spec, scrape, "scrape", "15s", 0.1,
          3600, "s", "time between two readings of the counters"),
    FIELD_DIST(struct monitoring_spec, lag, "lag", "0s",
               "reading to the first answer that includes it"),
    FIELD(SHARE, struct monitoring_spec, loss, "loss", "0%", 0, 1, "share",
          "of the readings that are lost"),
    FIELD(LABELS, struct monitoring_spec, metrics, "metrics", NULL, 0, 0,
          "-", "what stands for a metric of an AnalysisTemplate, NAME or "
          "TEMPLATE/NAME: METRIC [of new | of old] [over DURATION] [* NUMBER], "
          "METRIC one of error_rate, success_rate, request_rate, latency_p50, "
          "latency_p95, latency_p99 (ms)"),
    FIELD_END
};

static const struct field server_fields[] = {
    { .type = FIELD_T_DURATION, .key = "interval", .def = "15s", .min = 0,
      .max = 3600, .unit = "s", .offset = 0,
      .doc = "between two readings; 0: the present is known" },
    { .type = FIELD_T_DURATION, .key = "window", .def = "30s", .min = 0,
      .max = 3600, .unit = "s", .offset = sizeof(sim_time),
      .doc = "that a sample covers, of metrics that the scenario gives" },
    FIELD_END
};

static const struct field metric_fields[] = {
    FIELD(STRING, struct metric_spec, name, "name", "cpu", 0, 0, "-",
          "cpu, or what a HorizontalPodAutoscaler calls it"),
    FIELD(STRING, struct metric_spec, of, "of", NULL, 0, 0, "-",
          "deployment/NAME: the value is a total that its Ready pods share; "
          "absent: an object or external metric"),
    { .type = FIELD_T_QUANTITY, .key = "value", .min = 0, .max = 1e15,
      .offset = offsetof(struct metric_spec, value), .unit = "-",
      .flags = FIELD_REQUIRED, .doc = "600m, 30, 1.5k" },
    FIELD(DURATION, struct metric_spec, at, "at", NULL, 0, 1e7, "s",
          "from when on; from the start if absent"),
    FIELD_END
};

static const struct field database_fields[] = {
    { .type = FIELD_T_STRING, .key = "name",
      .offset = offsetof(struct database_spec, name), .unit = "-",
      .doc = "as images.database calls it", .flags = FIELD_REQUIRED },
    { .type = FIELD_T_INT32, .key = "connections", .min = 1, .max = 1e9,
      .offset = offsetof(struct database_spec, connections),
      .unit = "connections", .doc = "that it allows at once",
      .flags = FIELD_REQUIRED },
    FIELD_END
};

static const struct field queue_fields[] = {
    { .type = FIELD_T_STRING, .key = "name",
      .offset = offsetof(struct queue_spec, name), .unit = "-",
      .doc = "as traffic (to: queue/NAME) and images.takes call it",
      .flags = FIELD_REQUIRED },
    FIELD(DURATION, struct queue_spec, visibility, "visibility", "0s", 0, 1e6,
          "s", "how long after a worker took it a task that is not done can be "
          "taken again; 0: when the worker's connection ends"),
    FIELD(DURATION, struct queue_spec, heartbeat, "heartbeat", "60s", 0, 3600,
          "s", "without visibility: until a worker that vanished is given up"),
    FIELD(INT32, struct queue_spec, deliveries, "deliveries", "0", 0, 250,
          "-", "a task that was taken so often without success has failed; 0: "
          "no limit"),
    FIELD_END
};

static const struct field balancer_fields[] = {
    FIELD(DURATION, struct balancer_spec, interval, "interval", "8s", 0.1,
          3600, "s", "between two questions to a node"),
    FIELD(INT32, struct balancer_spec, healthy, "healthyThreshold", "1", 1,
          100, "answers", "in a row until a node is sent requests"),
    FIELD(INT32, struct balancer_spec, unhealthy, "unhealthyThreshold", "3",
          1, 100, "answers", "in a row until it is not any more"),
    FIELD_END
};

static const char *const expander_names[] = { "random", "least-waste",
                                              "most-pods", NULL };

static const struct field autoscaler_fields[] = {
    FIELD(DURATION, struct autoscaler_spec, scan_interval, "scanInterval",
          "10s", 0.1, 86400, "s", "between two looks at the cluster"),
    FIELD_ENUM(struct autoscaler_spec, expander, "expander", "random",
               expander_names, "which pool grows, if several would help"),
    FIELD(BOOL, struct autoscaler_spec, scale_down, "scaleDownEnabled",
          "true", 0, 0, "-", "nodes that nobody needs are given back"),
    FIELD(DURATION, struct autoscaler_spec, unneeded_time,
          "scaleDownUnneededTime", "10m", 0, 1e7, "s", "for so long nobody "
          "needs them before"),
    FIELD(DURATION, struct autoscaler_spec, delay_after_add,
          "scaleDownDelayAfterAdd", "10m", 0, 1e7, "s", "and not so soon after "
          "a pool has grown"),
    FIELD(DURATION, struct autoscaler_spec, delay_after_failure,
          "scaleDownDelayAfterFailure", "3m", 0, 1e7, "s", "nor after a node "
          "could not be drained"),
    FIELD(SHARE, struct autoscaler_spec, utilization,
          "scaleDownUtilizationThreshold", "50%", 0, 1, "share", "of cpu or "
          "memory requested, below which a node may be unneeded"),
    FIELD(BOOL, struct autoscaler_spec, skip_local_storage,
          "skipNodesWithLocalStorage", "true", 0, 0, "-", "pods with emptyDir "
          "or hostPath keep their node"),
    FIELD_END
};

static const struct field cluster_fields[] = {
    FIELD_ENUM(struct cluster_section, profile, "profile", "default",
               profile_names, "a named set of timings"),
    FIELD_ENUM(struct cluster_section, version, "kubernetes", "1.36",
               version_names, "whose behaviour"),
    FIELD_SUB(LIST, struct cluster_section, nodes, "nodes", pool_fields,
              struct node_pool, "pools of equal nodes; three of 4 cpu and "
              "16Gi if absent, one under the profile minikube"),
    FIELD_SUB(OBJECT, struct cluster_section, balancer, "loadBalancer",
              balancer_fields, struct balancer_spec, "before Services of type "
              "LoadBalancer: its health checks of nodes"),
    FIELD_SUB(OBJECT, struct cluster_section, autoscaler, "autoscaler",
              autoscaler_fields, struct autoscaler_spec, "the cluster "
              "autoscaler, of pools with max"),
    FIELD(VALUE, struct cluster_section, timings, "timings", NULL, 0, 0, "s",
          "rows of `rollsim explain timings`, each a duration or a "
          "distribution"),
    FIELD(VALUE, struct cluster_section, together, "together", NULL, 0, 0,
          "share", "rows of timings that a busy machine delays together, each "
          "{share, lasts, of: node | cluster}"),
    FIELD_SUB(OBJECT, struct cluster_section, proxy, "proxy", proxy_fields,
              struct proxy_section, "kube-proxy"),
    FIELD_ENUM(struct cluster_section, runtime, "runtime", "containerd",
               runtime_names, "of containers: how long sandboxes and starts "
               "take"),
    FIELD_SUB(OBJECT, struct cluster_section, plane, "controlPlane",
              plane_fields, struct plane_section, "who leads"),
    FIELD_SUB(OBJECT, struct cluster_section, limits, "limits", limit_fields,
              struct limits, "clients of the API server"),
    FIELD(DURATION, struct cluster_section, clock_offset, "clockOffset", "0s",
          0, 1, "s", "where in a second of the wall clock the end of the "
          "warm-up falls"),
    { .type = FIELD_T_OBJECT, .key = "metrics", .unit = "-",
      .offset = offsetof(struct cluster_section, metrics),
      .sub = server_fields, .sub_size = 2 * sizeof(sim_time),
      .doc = "metrics-server" },
    FIELD_CUSTOM(struct cluster_section, clock_s, "clock",
                 "2026-01-05T00:00:00Z", clock_parse, clock_schema, "UTC",
                 "what the wall clock shows at the end of the warm-up, for "
                 "CronJobs (a Monday)"),
    FIELD(DURATION, struct cluster_section, icmp_ratelimit, "icmpRatelimit",
          "1s", 0, 3600, "s", "a client is told of one reject per this time "
          "(after a burst of 6), else it tries again; 0: of all, as in profile "
          "exact"),
    FIELD(INT32, struct cluster_section, source_ports, "sourcePorts", "28232",
          1, 65535, "ports", "of a client address: how soon a port is used "
          "again"),
    FIELD(BOOL, struct cluster_section, probe_at_start, "probeAtStart",
          "false", 0, 0, "-", "1.20: probe loops begin with the pod, without "
          "the random wait of up to a period"),
    FIELD_SUB(OBJECT, struct cluster_section, restart, "restartBackoff",
              restart_fields, struct restart_section, "pauses between "
              "restarts of a container that exits"),
    FIELD_SUB(OBJECT, struct cluster_section, registry, "registry",
              registry_fields, struct registry_section, "where images come "
              "from"),
    FIELD_SUB(OBJECT, struct cluster_section, monitoring, "monitoring",
              monitoring_fields, struct monitoring_spec, "what guards and "
              "analyses see, and when"),
    FIELD_SUB(LIST, struct cluster_section, databases, "databases",
              database_fields, struct database_spec, "outside of the cluster, "
              "with a limit; see images.database"),
    FIELD_SUB(LIST, struct cluster_section, queues, "queues", queue_fields,
              struct queue_spec, "of tasks, outside of the cluster"),
    FIELD_SUB(LIST, struct cluster_section, operators, "operators",
              operator_fields, struct operator_spec, "who looks after custom "
              "resources"),
    FIELD_END
};

/* ---- traffic ------------------------------------------------------------- */

static const char *const protocol_names[] = { "http1", "http2", NULL };

typedef VEC(struct attribute_share) share_list;

/* The shares of one header or cookie by value. */
static bool shares_parse(struct binder *b, const struct member *key,
                         share_list *out)
{
    size_t mark = field_enter(b, key->key);
    double sum = 0;
    bool fine = true;

    if (key->value->type != VALUE_MAP) {
        field_expected(b, key->value, "shares by value, as in {b: 50%}");
        fine = false;
    }
    for (size_t i = 0; fine && i < key->value->len; i++) {
        const struct member *m = &key->value->u.members[i];
        struct attribute_share s = { .key = key->key, .value = m->key };
        const char *why = NULL;

        if (!parse_share(value_text(m->value, ""), false, &s.share, &why)) {
            field_expected(b, m->value, "a share from 0% to 100%");
            fine = false;
        }
        sum += s.share;
        vec_push(b->arena, out, s);
    }
    if (fine && sum > 1 + 1e-9) {
        err_error(b->errors, &key->value->mark, "\"%s\": the shares are more "
                  "than 100%% together", b->path);
        fine = false;
    }
    field_leave(b, mark);
    return fine;
}

static bool attributes_parse(struct binder *b, const struct value *v,
                             void *out)
{
    struct client_spec *c = (struct client_spec *)
        ((char *)out - offsetof(struct client_spec, attributes));
    share_list list = { 0 };
    bool fine = true;

    if (v->type != VALUE_MAP) {
        field_expected(b, v, "a map, as in {x-group: {b: 50%}}");
        return false;
    }
    for (size_t i = 0; i < v->len; i++)
        fine &= shares_parse(b, &v->u.members[i], &list);
    c->attributes = list.items;
    c->nattributes = list.len;
    return fine;
}

static void attributes_schema(FILE *out)
{
    fputs("{\"type\": \"object\", \"additionalProperties\": {\"type\": "
          "\"object\"}}", out);
}

/* An IPv4 address. */
static bool address_parse(struct binder *b, const struct value *v, void *out)
{
    const char *text = value_text(v, "");
    uint32_t at;

    if (!net_address_parse(text, &at)) {
        field_expected(b, v, "an IPv4 address such as 198.51.100.7");
        return false;
    }
    *(const char **)out = text;
    return true;
}

static void address_schema(FILE *out)
{
    fputs("{\"type\": \"string\"}", out);
}

static const struct field origin_fields[] = {
    FIELD(STRING, struct client_origin, space, "namespace", NULL, 0, 0, "-",
          "of the pods; their target's if absent"),
    FIELD(VALUE, struct client_origin, labels, "labels", NULL, 0, 0, "-",
          "of the pods; none if absent"),
    FIELD_CUSTOM(struct client_origin, address, "address", NULL,
                 address_parse, address_schema, "-", "from outside the "
                 "cluster: an IPv4 address"),
    FIELD_END
};

static const struct field client_fields[] = {
    FIELD_SUB(OBJECT, struct client_spec, from, "from", origin_fields,
              struct client_origin, "what the clients are to NetworkPolicies: "
              "pods"),
    FIELD(INT32, struct client_spec, users, "users", "0", 0, 1e8, "users",
          "distinct users behind the requests; 0: nobody counts them"),
    FIELD(BOOL, struct client_spec, sticky, "sticky", "false", 0, 0, "-",
          "a user keeps the pod it had, as a session cookie makes it"),
    FIELD(BOOL, struct client_spec, keep_alive, "keepAlive", "false", 0, 0,
          "-", "connections are kept open and used again"),
    FIELD_ENUM(struct client_spec, protocol, "protocol", "http1",
               protocol_names, "http2 sends many requests over a connection"),
    FIELD(DURATION, struct client_spec, connect_timeout, "connectTimeout",
          "3s", 0, 3600, "s", "how long to wait for a connection; 0: no limit"),
    FIELD(DURATION, struct client_spec, timeout, "timeout", "10s", 0, 86400,
          "s", "how long to wait for the whole answer; 0: no limit"),
    FIELD(INT32, struct client_spec, retries, "retries", "0", 0, 100, "-",
          "attempts after the first one failed"),
    FIELD(INT32, struct client_spec, shards, "shards", "0", 0, 250, "shards",
          "an ambassador sends each user (or request) to the pod NAME-0, "
          "NAME-1, ... of the StatefulSet that has the data; 0: any will do"),
    FIELD(DURATION, struct client_spec, backoff, "backoff", "100ms", 0, 3600,
          "s", "pause before the first retry; it doubles with each"),
    FIELD(SHARE, struct client_spec, writes, "writes", "0%", 0, 1, "-",
          "requests that are not idempotent (POST, PATCH): an ingress "
          "controller does not send them twice"),
    FIELD(STRING, struct client_spec, node, "node", NULL, 0, 0, "-",
          "node from which the requests come; spread over all if absent"),
    FIELD_SUB(OPTIONAL, struct client_spec, mesh, "mesh", mesh_fields,
              struct mesh_spec, "requests leave through a sidecar of a mesh "
              "(defaults as in Istio)"),
    FIELD(BOOL, struct client_spec, outside, "outside", "false", 0, 0, "-",
          "outside of the cluster: through node ports or a load balancer"),
    FIELD_CUSTOM(struct client_spec, attributes, "attributes", NULL,
                 attributes_parse, attributes_schema, "-", "headers and "
                 "cookies that users (or, without users, requests) carry, by "
                 "shares: {x-group: {b: 50%}}"),
    FIELD_END
};

struct bursts {
    struct dist every, lasting;
    double factor;
};

static bool bursts_parse(struct binder *b, const struct value *v, void *out)
{
    static const struct field fields[] = {
        FIELD_DIST(struct bursts, every, "every", "10m", "time between two"),
        FIELD_DIST(struct bursts, lasting, "lasting", "30s", "length of one"),
        FIELD(REAL, struct bursts, factor, "factor", "2", 0, 1e3, "-",
              "the rate is multiplied by it"),
        FIELD_END
    };
    struct rate_spec *r = out;
    struct bursts x = {0};

    if (!field_bind(b, v, fields, &x))
        return false;
    r->bursts = true;
    r->burst_every = x.every;
    r->burst_lasting = x.lasting;
    r->burst_factor = x.factor;
    return true;
}

static void bursts_schema(FILE *out)
{
    fputs("{\"type\": \"object\", \"additionalProperties\": false, "
          "\"properties\": {\"every\": {}, \"lasting\": {}, \"factor\": "
          "{\"type\": \"number\"}}}", out);
}

static const struct field traffic_fields[] = {
    FIELD(STRING, struct traffic_spec, name, "name", NULL, 0, 0, "-",
          "of the source, in results; its target's if absent"),
    FIELD_NEEDED(struct traffic_spec, to, "to", "service/NAME, "
                 "rollout/NAME (the Service that its users call), "
                 "ingress/HOST/PATH, ingress/NAME, or queue/NAME (its "
                 "requests are tasks)"),
    FIELD(STRING, struct traffic_spec, host, "host", NULL, 0, 0, "-",
          "asked of an ingress/NAME; the host of its first rule if absent"),
    FIELD(STRING, struct traffic_spec, path, "path", NULL, 0, 0, "-",
          "asked of an ingress/NAME; the path of its first rule if absent"),
    FIELD(STRING, struct traffic_spec, space, "namespace", NULL, 0, 0, "-",
          "of the Service or Ingress; needed only if two have this name"),
    FIELD_CUSTOM(struct traffic_spec, rate, "rate", "10/s", rate_parse,
                 rate_schema, "1/s", "200/s, or {series: FILE, column, scale}, "
                 "{sine: {mean, amplitude, period, phase}}, {steps: [{at, "
                 "rate}]}"),
    FIELD_CUSTOM(struct traffic_spec, rate, "bursts", NULL, bursts_parse,
                 bursts_schema, "-", "times of higher rate: {every, lasting, "
                 "factor}"),
    FIELD_SUB(OBJECT, struct traffic_spec, clients, "clients", client_fields,
              struct client_spec, "who sends the requests"),
    FIELD_END
};

/* ---- release, actions, promises ------------------------------------------ */

static const struct field release_fields[] = {
    FIELD(DURATION, struct release_section, at, "at", "1m", 0, 1e7, "s",
          "when, since the end of the warm-up"),
    FIELD(STRING, struct release_section, workload, "workload", NULL, 0, 0,
          "-", "deployment/NAME, rollout/NAME, ...; the only Deployment if absent"),
    FIELD(STRING, struct release_section, space, "namespace", NULL, 0, 0, "-",
          "of the workload; needed only if two have this name"),
    FIELD(LABELS, struct release_section, images, "images", NULL, 0, 0, "-",
          "container: image, as in kubectl set image"),
    FIELD(VALUE, struct release_section, patch, "patch", NULL, 0, 0, "-",
          "of a custom resource (workload: KIND/NAME), instead of images"),
    FIELD(VALUE, struct release_section, waves, "waves", NULL, 0, 0, "-",
          "of several clusters: which get it one after the other, as in "
          "[[a], [b, c]]; all at once if absent; a strategy may have its own"),
    FIELD(VALUE, struct release_section, bake, "bake", NULL, 0, 0, "s",
          "from a wave's completion to the next wave, if no guard fires; 0 if "
          "absent"),
    FIELD_END
};

static const struct field guard_fields[] = {
    FIELD(STRING, struct guard_section, when, "when", NULL, 0, 0, "-",
                 "METRIC [of new|old|all] [over DURATION] [> VALUE], of what "
                 "monitoring sees: error_rate, latency_p50, latency_p95, "
                 "latency_p99, request_rate, ready_replicas, restarts, "
                 "progress_deadline"),
    FIELD_SUB(OPTIONAL, struct guard_section, judge, "judge", judge_fields,
              struct judge_section, "instead of when: the new version is "
              "judged against the old one, as Kayenta does"),
    FIELD_DIST(struct guard_section, after, "after", "0s",
               "how long the person or the robot takes to act"),
    FIELD(DURATION, struct guard_section, looks, "looks", "0s", 0, 1e6, "s",
          "somebody looks only so often; 0: an alert at once"),
    FIELD(VALUE, struct guard_section, then, "then", "rollback", 0, 0, "-",
          "rollback, pause, abort, promote, or {kubectl: the words after "
          "kubectl}"),
    FIELD_END
};

static const struct field action_fields[] = {
    FIELD_DIST(struct action_section, at, "at", "0s",
               "when, since the end of the warm-up"),
    FIELD(STRING, struct action_section, when, "when", NULL, 0, 0, "-",
          "instead of at: rollout complete, rollout started, progress "
          "deadline exceeded; of deployment/NAME if there are several"),
    FIELD_DIST(struct action_section, after, "after", "0s",
               "how long after `when`"),
    FIELD_NEEDED(struct action_section, kubectl, "kubectl",
                 "the words after kubectl; see `rollsim explain kubectl`"),
    FIELD(VALUE, struct action_section, stdin_text, "stdin", NULL, 0, 0, "-",
          "the manifests of apply -f -, as a block of text"),
    FIELD(STRING, struct action_section, name, "name", NULL, 0, 0, "-",
          "for marks in figures"),
    FIELD(STRING, struct action_section, cluster, "cluster", NULL, 0, 0, "-",
          "of several `clusters`; in each if absent"),
    FIELD_LATER("argo"),
    FIELD_END
};

static const struct field slo_fields[] = {
    FIELD(STRING, struct slo_section, name, "name", NULL, 0, 0, "-",
          "of the promise"),
    FIELD_NEEDED(struct slo_section, metric, "metric",
                 "a row of `rollsim explain metrics`"),
    FIELD(VALUE, struct slo_section, at_least, "atLeast", NULL, 0, 0, "-",
          "its mean must not be below this"),
    FIELD(VALUE, struct slo_section, at_most, "atMost", NULL, 0, 0, "-",
          "its mean must not be above this"),
    FIELD_END
};

static const struct field metadata_fields[] = {
    { .type = FIELD_T_STRING, .key = "name", .unit = "-", .offset = 0,
      .doc = "of the scenario, in results; the file's if absent" },
    { .type = FIELD_T_STRING, .key = "description", .unit = "-",
      .offset = sizeof(const char *), .doc = "the question it answers" },
    FIELD_END
};

static const struct field subject_fields[] = {
    FIELD_NEEDED(struct subject_section, metric, "metric",
                 "a row of `rollsim explain metrics`"),
    FIELD(VALUE, struct subject_section, at_least, "atLeast", NULL, 0, 0, "-",
          "its mean must not be below this"),
    FIELD(VALUE, struct subject_section, at_most, "atMost", NULL, 0, 0, "-",
          "its mean must not be above this"),
    FIELD(SHARE, struct subject_section, confidence, "confidence", "95%", 0.5,
          0.9999, "share", "that it is kept"),
    FIELD_END
};

static const struct field objective_fields[] = {
    FIELD(STRING, struct objective_section, minimise, "minimise", NULL, 0, 0,
          "-", "the metric whose mean is to be small"),
    FIELD(STRING, struct objective_section, maximise, "maximise", NULL, 0, 0,
          "-", "or the one whose mean is to be great"),
    FIELD(VALUE, struct objective_section, indifference, "indifference", NULL,
          0, 0, "-", "settings that differ by less are equal; 5 % of the best "
          "if absent"),
    FIELD_SUB(LIST, struct objective_section, subject, "subject",
              subject_fields, struct subject_section, "what a setting must "
              "keep; `slo` if absent"),
    FIELD_END
};

const struct field scenario_fields[] = {
    FIELD(STRING, struct document_section, api_version, "apiVersion",
          "rollsim/v1", 0, 0, "-", "rollsim/v1"),
    FIELD(STRING, struct document_section, kind, "kind", "Scenario", 0, 0, "-",
          "Scenario"),
    { .type = FIELD_T_OBJECT, .key = "metadata", .unit = "-",
      .offset = offsetof(struct document_section, metadata),
      .sub = metadata_fields, .sub_size = 2 * sizeof(const char *),
      .doc = "what the scenario is called" },
    FIELD(STRINGS, struct document_section, manifests, "manifests", NULL, 0, 0,
          "-", "files of Kubernetes objects, relative to this one; globs"),
    FIELD_SUB(OBJECT, struct document_section, run, "run", run_fields,
              struct run_section, "how long, how often, with which luck"),
    FIELD_SUB(OBJECT, struct document_section, cluster, "cluster",
              cluster_fields, struct cluster_section, "where it runs"),
    FIELD_SUB(LIST, struct document_section, clusters, "clusters",
              clusters_fields, struct cluster_entry, "several clusters, which "
              "share the users: what is different in each"),
    FIELD_SUB(OBJECT, struct document_section, door, "frontDoor",
              door_fields, struct balancer_spec, "before several clusters: "
              "its health checks"),
    FIELD(VALUE, struct document_section, images, "images", NULL, 0, 0, "-",
          "how containers behave, by \"*\", repository, repository:tag, each "
          "over the last"),
    FIELD_SUB(LIST, struct document_section, traffic, "traffic",
              traffic_fields, struct traffic_spec, "who sends requests"),
    FIELD_SUB(OPTIONAL, struct document_section, release, "release",
              release_fields, struct release_section, "what is released"),
    FIELD_CUSTOM(struct document_section, strategies, "strategies", NULL,
                 strategies_parse, strategies_schema, "-", "ways to release, "
                 "each with a name, one block of `rollsim explain strategies`, "
                 "and perhaps a patch over the manifests"),
    FIELD_SUB(LIST, struct document_section, guards, "guard", guard_fields,
              struct guard_section, "what makes somebody, or something, roll "
              "the release back"),
    FIELD_SUB(LIST, struct document_section, actions, "actions",
              action_fields, struct action_section, "what a person types"),
    FIELD_CUSTOM(struct document_section, faults, "faults", NULL,
                 faults_parse, faults_schema, "-", "what goes wrong, each with "
                 "at, perhaps for, and one row of `rollsim explain faults`"),
    FIELD_SUB(LIST, struct document_section, metrics, "metrics",
              metric_fields, struct metric_spec, "what autoscalers see, "
              "instead of what pods do"),
    FIELD_SUB(LIST, struct document_section, slo, "slo", slo_fields,
              struct slo_section, "promises, judged over the replications"),
    FIELD(STRINGS, struct document_section, expect, "expect", NULL, 0, 0, "-",
          "METRIC == VALUE (or != < <= > >=), in every replication"),
    FIELD_SUB(MAP, struct document_section, parameters, "parameters",
              parameter_fields, struct parameter_section, "what a sweep "
              "varies, by name"),
    FIELD_SUB(OPTIONAL, struct document_section, objective, "objective",
              objective_fields, struct objective_section, "what optimize looks "
              "for"),
    FIELD_LATER("lesson"),
    FIELD_END
};
