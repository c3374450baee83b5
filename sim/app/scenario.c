/*
 * scenario.c - from files to a scenario that can be run.
 *
 * Read, change (--set), bind, resolve names, build the manifests of each
 * strategy, and check them as the API server would.  Everything is reported
 * that can be found, not just the first fault.
 */
#include "scenario_impl.h"
#include <string.h>
#include "base/bug.h"
#include "base/units.h"
#include "io/file.h"
#include "models/api.h"
#include "models/behaviour.h"
#include "models/ingress.h"

/* The mark of the value at a path of the Scenario; the document's if none. */
static struct mark scenario_mark(const struct loader *l, const char *path)
{
    const struct value *v = value_at(l->root, path);

    return v ? v->mark : l->root ? l->root->mark : (struct mark){0};
}

/* ---- files --------------------------------------------------------------- */

static void read_files(struct loader *l)
{
    const text_list *words = &l->app->o.words;

    for (size_t i = 0; i < words->len; i++) {
        file_names names = {0};

        if (strcmp(words->items[i], "-") == 0) {
            documents_read(l, "-", NULL);
            continue;
        }
        if (file_glob(l->arena, "-", words->items[i], NULL, &names,
                      l->errors) != SIM_OK)
            l->missing = true;
        for (size_t k = 0; k < names.len; k++)
            documents_read(l, names.items[k], NULL);
    }
}

/* Files that the Scenario names. */
static void read_manifests(struct loader *l, const struct field_list *globs)
{
    const char *const *patterns = globs->items;
    const struct value *list = value_get(l->root, "manifests");

    for (size_t i = 0; i < globs->len; i++) {
        const struct mark *m = list && list->type == VALUE_LIST
                                   ? &list->u.items[i]->mark : NULL;
        file_names names = {0};

        if (file_glob(l->arena, l->file, patterns[i], m, &names, l->errors) !=
            SIM_OK)
            l->missing = true;
        for (size_t k = 0; k < names.len; k++)
            documents_read(l, names.items[k], m);
    }
}

static void apply_sets(struct loader *l, bool objects)
{
    const text_list *sets = &l->app->o.sets;

    for (size_t i = 0; i < sets->len; i++) {
        const char *text = sets->items[i];
        const char *path = arena_strndup(l->arena, text, strcspn(text, "="));

        if (documents_of_object(path) == objects)
            documents_set(l, text);
    }
}

/* ---- binding ------------------------------------------------------------- */

static bool bind(struct loader *l, struct document_section *d)
{
    struct binder b = { .arena = l->arena, .errors = l->errors,
                        .load_sample = sample_load, .ctx = l };
    bool good = field_bind(&b, l->root, scenario_fields, d);
    struct mark m;

    if (d->kind && strcmp(d->kind, "Scenario") != 0) {
        m = scenario_mark(l, "kind");
        err_error(l->errors, &m, "the kind of a rollsim document is "
                  "\"Scenario\", not \"%s\"", d->kind);
    }
    if (d->api_version && strcmp(d->api_version, "rollsim/v1") != 0) {
        m = scenario_mark(l, "apiVersion");
        err_error(l->errors, &m, "apiVersion \"%s\" is not known: this is "
                  "rollsim %s, which reads rollsim/v1", d->api_version,
                  ROLLSIM_VERSION);
    }
    return good;
}

/* Does the Scenario say something there? */
static bool given(const struct loader *l, const char *path)
{
    return value_at(l->root, path) != NULL;
}

/* min <= count <= max, if the autoscaler looks after the pool. */
static void check_pool_size(struct loader *l, const struct node_pool *p,
                            const char *path)
{
    struct mark m = scenario_mark(l, path);

    if (p->max > 0 && (p->count < p->min || p->count > p->max))
        err_error(l->errors, &m, "a pool has between min and max nodes: count "
                  "is %d, which is not from %d to %d", p->count, p->min,
                  p->max);
    if (p->max == 0 && p->min > 0)
        err_error(l->errors, &m, "min is for the cluster autoscaler, which "
                  "needs a max");
}

/* An autoscaler without a pool that may grow. */
static void check_autoscaler(struct loader *l, const struct spec *spec)
{
    struct mark m = scenario_mark(l, "cluster.autoscaler");

    for (size_t i = 0; i < spec->cluster.npools; i++)
        if (spec->cluster.pools[i].max > 0)
            return;
    err_error(l->errors, &m, "the autoscaler has nothing to do: no pool of "
              "cluster.nodes has a max");
}

void scenario_pools(struct loader *l, const struct field_list *nodes,
                    const char *path, struct spec *spec)
{
    struct node_pool *pools = nodes->items;
    const char *one;

    if (nodes->len == 0) {
        if (spec->cluster.profile == PROFILE_MINIKUBE &&
            spec->cluster.npools) {
            pools = arena_memdup(l->arena, spec->cluster.pools,
                                 sizeof(*pools));
            pools->count = 1;
            spec->cluster.pools = pools;
            spec->cluster.npools = 1;
        }
        return;
    }
    for (size_t i = 0; i < nodes->len; i++) {
        if (!pools[i].name)
            pools[i].name = nodes->len == 1 ? "node"
                            : arena_printf(l->arena, "pool-%zu", i + 1);
        if (!pools[i].zone)
            pools[i].zone = "";
        one = arena_printf(l->arena, "%s[%zu]", path, i);
        if (!given(l, arena_printf(l->arena, "%s.joins", one)))
            pools[i].joins = -1;
        pools[i].approved = given(l, arena_printf(l->arena, "%s.approval",
                                                  one));
        check_pool_size(l, &pools[i], one);
        if (!given(l, arena_printf(l->arena, "%s.runtime", one)))
            pools[i].runtime = -1;
        if (!given(l, arena_printf(l->arena, "%s.minSyncPeriod", one)))
            pools[i].min_sync_period = -1;
    }
    spec->cluster.pools = pools;
    spec->cluster.npools = nodes->len;
}

/* What stands for the metrics of AnalysisTemplates. */
static void take_sources(struct loader *l, const struct field_map *metrics,
                         struct spec *spec)
{
    const char *const *texts = metrics->items;
    struct analysis_source *sources = arena_many(
        l->arena, struct analysis_source, metrics->len);
    const char *why;

    for (size_t i = 0; i < metrics->len; i++) {
        sources[i].metric = metrics->keys[i];
        if (!texts[i])          /* that it is no text has been said */
            continue;
        if (!analysis_read_query(l->arena, texts[i], &sources[i].query,
                                 &why))
            err_error(l->errors, &metrics->marks[i], "%s", why);
    }
    spec->sources = sources;
    spec->nsources = metrics->len;
}

static void take_proxy(struct loader *l, const struct proxy_section *p,
                       struct cluster_spec *to)
{
    to->proxy_mode = (enum proxy_mode)p->mode;
    to->min_sync_period = given(l, "cluster.proxy.minSyncPeriod")
                              ? p->min_sync_period : -1;
    to->sync_period = p->sync_period;
    to->reads_endpoints = p->reads == 1;
}

static void take_limits(struct loader *l, const struct limits *limits,
                        struct cluster_spec *to)
{
    to->controller_qps = limits->controller_qps;
    to->controller_burst = limits->controller_burst;
    to->scheduler_qps = limits->scheduler_qps;
    to->scheduler_burst = limits->scheduler_burst;
    to->kubelet_qps = limits->kubelet_qps;
    to->kubelet_burst = limits->kubelet_burst;
    if (to->version == KUBE_1_20) {     /* lower until 1.27: reference 5.6 */
        if (!given(l, "cluster.limits.kubeletQps"))
            to->kubelet_qps = 5;
        if (!given(l, "cluster.limits.kubeletBurst"))
            to->kubelet_burst = 10;
    }
}

static void take_plane(struct loader *l, const struct plane_section *p,
                       struct cluster_spec *to)
{
    to->plane_replicas = p->replicas;
    to->lease_duration = p->lease_duration;
    to->lease_deadline = p->renew_deadline;
    to->lease_retry = p->retry_period;
    if (to->profile == PROFILE_EXACT &&
        !given(l, "cluster.controlPlane.leaseDuration"))
        to->lease_duration = 0;
}

/* How long everything takes that the scenario does not say elsewhere. */
static void take_timings(struct loader *l, const struct cluster_section *c,
                         struct cluster_spec *to)
{
    struct binder b = { .arena = l->arena, .errors = l->errors,
                        .path = "cluster.timings", .load_sample = sample_load,
                        .ctx = l };
    struct binder together = { .arena = l->arena, .errors = l->errors,
                               .path = "cluster.together" };

    timings_from_profile(&to->timings, to->profile);
    timings_bind(&b, c->timings, &to->timings);
    timings_bind_together(&together, c->together, &to->timings);
    if (to->timings.endpoints_whole && to->min_sync_period < 0)
        to->min_sync_period = 0;
}

static void take_cluster(struct loader *l, const struct cluster_section *c,
                         struct spec *spec)
{
    struct cluster_spec *to = &spec->cluster;

    to->profile = (enum profile)c->profile;
    to->version = (enum kube_version)c->version;
    take_proxy(l, &c->proxy, to);
    to->icmp_ratelimit = given(l, "cluster.icmpRatelimit")
                             ? c->icmp_ratelimit : -1;
    to->source_ports = c->source_ports;
    take_limits(l, &c->limits, to);
    to->clock_offset = c->clock_offset;
    to->clock_s = c->clock_s;
    to->metrics_interval = c->metrics.interval;
    to->metrics_window = c->metrics.window;
    to->probe_at_start = c->probe_at_start;
    to->runtime = (enum runtime)c->runtime;
    take_plane(l, &c->plane, to);
    to->registry_bytes_per_s =
        (double)quantity_value(c->registry.bytes_per_s);
    to->restart_backoff_s = c->restart.initial_s;
    to->restart_backoff_max_s = c->restart.max_s;
    to->restart_backoff_first_s = c->restart.first_s;
    to->monitoring = c->monitoring;
    to->databases = c->databases.items;
    to->ndatabases = c->databases.len;
    to->queues = c->queues.items;
    to->nqueues = c->queues.len;
    take_sources(l, &c->monitoring.metrics, spec);
    take_timings(l, c, to);
    scenario_pools(l, &c->nodes, "cluster.nodes", spec);
    to->autoscaler = c->autoscaler;
    to->balancer = c->balancer;
    if (given(l, "cluster.autoscaler"))
        check_autoscaler(l, spec);
}

/* ---- names --------------------------------------------------------------- */

/* The Canary that makes a Service of this name; NULL if none does. */
static const struct document *made_by_canary(const struct loader *l,
                                             const char *name)
{
    for (size_t i = 0; i < l->objects.len; i++) {
        const struct value *v = l->objects.items[i].value;
        const char *apex = value_text(value_at(v, "spec.service.name"),
                                      value_text(value_at(v,
                                                 "spec.targetRef.name"), ""));
        size_t n = strlen(apex);

        if (l->objects.items[i].kind == KIND_CANARY &&
            strncmp(name, apex, n) == 0 &&
            (!name[n] || strcmp(name + n, "-primary") == 0 ||
             strcmp(name + n, "-canary") == 0))
            return &l->objects.items[i];
    }
    return NULL;
}

/* May the Service come into being by an action, or by a controller? */
static bool made_later(const struct loader *l, const struct spec *spec,
                       const char *name)
{
    if (made_by_canary(l, name) || operators_make(spec, KIND_SERVICE))
        return true;
    for (size_t i = 0; i < spec->nactions; i++) {
        const struct action_spec *a = &spec->actions[i];

        if (a->kubectl && strncmp(a->kubectl, "expose ", 7) == 0)
            return true;        /* an action without it was told of before */
        for (size_t k = 0; k < a->ndocuments; k++)
            if (strcmp(value_text(value_at(a->documents[k], "metadata.name"),
                                  ""), name) == 0)
                return true;
    }
    return false;
}

/* Does an Ingress answer to this host and path? */
static const struct document *ingress_at(const struct loader *l,
                                         const char *space, const char *host,
                                         const char *path)
{
    const char *service;

    for (size_t i = 0; i < l->objects.len; i++) {
        const struct document *o = &l->objects.items[i];
        struct err_list errors;
        const struct meta *m;

        if (o->kind != KIND_INGRESS ||
            (space && strcmp(o->space, space) != 0))
            continue;
        err_init(&errors, l->arena);    /* they are told elsewhere */
        m = kind_ops_of(KIND_INGRESS)->decode(l->arena, o->value, &errors);
        if (m && ingress_fit(ingress_seen(m), host, path, &service) > 0)
            return o;
    }
    return NULL;
}

/* "ingress/NAME" (its first host and path, unless some are given), or
 * "ingress/HOST/PATH". */
static void resolve_ingress(struct loader *l, const struct value *at,
                            struct traffic_spec *t)
{
    const char *rest = t->to + strlen("ingress/");
    const char *slash = strchr(rest, '/');
    const struct document *found =
        manifests_find(l, KIND_INGRESS, t->space, rest);
    const struct value *rule;

    if (found) {
        rule = value_at(found->value, "spec.rules[0]");
        if (!t->host)
            t->host = value_text(value_get(rule, "host"), "");
        if (!t->path)
            t->path = value_text(value_at(rule, "http.paths[0].path"), "/");
    } else if (slash || strchr(rest, '.')) {
        t->host = slash ? arena_strndup(l->arena, rest,
                                        (size_t)(slash - rest)) : rest;
        t->path = slash ? slash : "/";
        found = ingress_at(l, t->space, t->host, t->path);
        if (!found)
            err_error(l->errors, at ? &at->mark : NULL, "no Ingress has a "
                      "rule for host \"%s\", path \"%s\"", t->host, t->path);
    } else {
        found = manifests_resolve(l, at, t->to, KIND_INGRESS, t->space);
    }
    if (!t->name)
        t->name = slash ? arena_strndup(l->arena, rest,
                                        (size_t)(slash - rest)) : rest;
    t->space = found ? found->space : "default";
}

/* The Service that users of a Rollout call, or (of a Deployment that a strategy
 * makes one) the first that selects its pods; NULL, with a fault, if none. */
static const char *service_of_rollout(struct loader *l,
                                      const struct value *at,
                                      const struct traffic_spec *t,
                                      const char *name)
{
    static const char *const keys[] = {
        "spec.strategy.canary.stableService",
        "spec.strategy.blueGreen.activeService" };
    const struct document *o = manifests_find(l, KIND_ROLLOUT, t->space, name);
    const char *service = NULL;

    if (!o)
        o = manifests_find(l, KIND_DEPLOYMENT, t->space, name);
    for (size_t i = 0; o && !service && i < COUNT_OF(keys); i++)
        service = value_text(value_at(o->value, keys[i]), NULL);
    if (o && !service)
        service = manifests_service_of(l, o);
    if (!service)
        err_error(l->errors, at ? &at->mark : NULL, o
                  ? "no Service selects the pods of \"%s\""
                  : "there is no Rollout \"%s\"", name);
    return service;
}

/* Clients outside reach what has a port of the nodes. */
static void check_outside(struct loader *l, const struct value *at,
                          const struct traffic_spec *t,
                          const struct document *service)
{
    const char *type = value_text(value_at(service->value, "spec.type"),
                                  "ClusterIP");
    const struct mark *m = at ? &at->mark : NULL;

    if (t->clients.node)
        err_error(l->errors, m, "clients are on a node or outside, not both");
    if (strcmp(type, "NodePort") != 0 && strcmp(type, "LoadBalancer") != 0)
        err_error(l->errors, m, "clients outside reach Services of type "
                  "NodePort and LoadBalancer: \"%s\" is of type %s",
                  service->name, type);
}

/* What clients of an Ingress cannot be. */
static void check_ingress_clients(struct loader *l, const struct mark *m,
                                  const struct client_spec *c)
{
    if (c->shards)
        err_error(l->errors, m, "an Ingress knows nothing of shards: send "
                  "them to service/NAME");
    if (c->mesh)
        err_error(l->errors, m, "clients of an Ingress have no sidecar "
                  "(clients.mesh): send them to service/NAME");
    if (c->outside)
        err_error(l->errors, m, "the way to an ingress controller is not "
                  "simulated: clients outside reach Services");
}

/* "service/NAME", "NAME" or "rollout/NAME". */
static void resolve_service(struct loader *l, const struct value *at,
                            const struct spec *spec, struct traffic_spec *t)
{
    const char *slash = strchr(t->to, '/');
    const char *name = slash ? slash + 1 : t->to;
    const struct document *found, *canary;

    if (slash && strncmp(t->to, "rollout/", 8) == 0) {
        name = service_of_rollout(l, at, t, slash + 1);
        if (!name)
            return;
        t->to = arena_printf(l->arena, "service/%s", name);
    }
    if (!t->name)
        t->name = name;
    if (!manifests_find(l, KIND_SERVICE, t->space, name) &&
        made_later(l, spec, name)) {
        canary = made_by_canary(l, name);
        t->space = t->space ? t->space : canary ? canary->space : "default";
    } else {
        found = manifests_resolve(l, at, t->to, KIND_SERVICE, t->space);
        t->space = found ? found->space : "default";
        if (found && t->clients.outside)
            check_outside(l, at, t, found);
    }
    t->to = arena_printf(l->arena, "service/%s", name);
}

/* A queue of this name; with a fault at m if there is none. */
static void check_queue(struct loader *l, const struct spec *spec,
                        const char *name, const struct mark *m)
{
    const char **names = arena_many(l->arena, const char *,
                                    spec->cluster.nqueues + 1);
    struct diag *d;

    for (size_t i = 0; i < spec->cluster.nqueues; i++) {
        names[i] = spec->cluster.queues[i].name;
        if (names[i] && strcmp(names[i], name) == 0)
            return;
        names[i] = names[i] ? names[i] : "";
    }
    d = err_error(l->errors, m, "cluster.queues has no \"%s\"", name);
    diag_suggest(l->errors, d, name, names);
}

/* Nobody waits for a task: what clients do who wait means nothing. */
static void resolve_queue(struct loader *l, const struct value *at,
                          const struct spec *spec, struct traffic_spec *t,
                          size_t i)
{
    static const char *const keys[] = {
        "timeout", "connectTimeout", "retries", "mesh", "outside", "sticky",
        "keepAlive", "shards" };
    const char *name = t->to + strlen("queue/");

    check_queue(l, spec, name, at ? &at->mark : NULL);
    for (size_t k = 0; k < COUNT_OF(keys); k++) {
        const struct value *v = value_at(l->root, arena_printf(
            l->arena, "traffic[%zu].clients.%s", i, keys[k]));

        if (v)
            err_error(l->errors, &v->mark, "who puts a task into a queue does "
                      "not wait for it: no %s", keys[k]);
    }
    if (!t->name)
        t->name = name;
    if (!t->space)
        t->space = "default";
}

static void resolve_source(struct loader *l, const struct spec *spec,
                           struct traffic_spec *t, size_t i)
{
    const struct value *at = value_at(l->root, arena_printf(l->arena,
                                      "traffic[%zu].to", i));
    const struct mark *m = at ? &at->mark : NULL;

    if (strncmp(t->to, "queue/", 6) == 0) {
        resolve_queue(l, at, spec, t, i);
    } else if (strncmp(t->to, "ingress/", 8) == 0) {
        check_ingress_clients(l, m, &t->clients);
        resolve_ingress(l, at, t);
    } else if (t->host || t->path) {
        err_error(l->errors, m, "host and path are asked of an Ingress: send "
                  "it to ingress/NAME");
    } else {
        resolve_service(l, at, spec, t);
    }
}

/* Names tell sources apart in results: two to one Service get numbers. */
static void name_sources(struct loader *l, struct traffic_spec *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; t[i].name && k < i; k++)
            if (t[k].name && strcmp(t[i].name, t[k].name) == 0)
                t[i].name = arena_printf(l->arena, "%s-%zu", t[i].name, i + 1);
}

/* Clients are pods, or outside. */
static void check_origin(struct loader *l, const struct traffic_spec *t,
                         size_t i)
{
    const struct client_origin *from = &t->clients.from;
    const struct value *at;

    if (!from->address || (!from->space && !from->labels))
        return;
    at = value_at(l->root, arena_printf(l->arena, "traffic[%zu].clients.from",
                                        i));
    err_error(l->errors, at ? &at->mark : NULL, "clients come from pods "
              "(namespace, labels) or from an address, not from both");
}

/* Is this node (NULL: any) there when the run begins? */
static bool there_from_the_start(struct arena *a, const struct cluster_spec *c,
                                 const char *node)
{
    for (size_t i = 0; i < c->npools; i++) {
        const struct node_pool *p = &c->pools[i];

        for (int k = 0; p->joins < 0 && k < p->count; k++)
            if (!node ||
                strcmp(node, arena_printf(a, "%s-%d", p->name, k)) == 0)
                return true;
    }
    return false;
}

/* Requests come from nodes, or through them: there must be some. */
static void check_places(struct loader *l, const struct spec *spec,
                         const struct traffic_spec *t, size_t i)
{
    const char *node = t->clients.node;
    const struct value *at = value_at(l->root, arena_printf(
        l->arena, node ? "traffic[%zu].clients.node" : "traffic[%zu].to", i));

    if (there_from_the_start(l->arena, &spec->cluster, node))
        return;
    if (node)
        err_error(l->errors, at ? &at->mark : NULL,
                  "no node \"%s\" is there from the start", node);
    else
        err_error(l->errors, at ? &at->mark : NULL, "no node is there from "
                  "the start: requests have nowhere to come from");
}

static void take_traffic(struct loader *l, const struct field_list *list,
                         struct spec *spec)
{
    struct traffic_spec *t = list->items;

    for (size_t i = 0; i < list->len; i++) {
        check_origin(l, &t[i], i);
        if (!t[i].to)
            continue;
        resolve_source(l, spec, &t[i], i);
    }
    name_sources(l, t, list->len);
    spec->traffic = t;
    spec->ntraffic = list->len;
}

void scenario_places(struct loader *l, const struct spec *spec)
{
    for (size_t i = 0; i < spec->ntraffic; i++)
        if (spec->traffic[i].to &&
            strncmp(spec->traffic[i].to, "ingress/", 8) != 0)
            check_places(l, spec, &spec->traffic[i], i);
}

/* What a release names a workload of this kind by; NULL: it is none. */
static const char *workload_word(enum kind k)
{
    switch (k) {
    case KIND_DEPLOYMENT:
        return "deployment";
    case KIND_STATEFULSET:
        return "statefulset";
    case KIND_DAEMONSET:
        return "daemonset";
    case KIND_ROLLOUT:
        return "rollout";
    default:
        return NULL;
    }
}

/* The kind that text ("daemonset/agent") says; Deployment if it says none that
 * is released. */
static enum kind workload_kind(struct loader *l, const char *text)
{
    const char *slash = strchr(text, '/');
    enum kind k = KIND_NONE;

    if (slash)
        k = kind_by_resource(arena_strndup(l->arena, text,
                                           (size_t)(slash - text)));
    return workload_word(k) ? k : KIND_DEPLOYMENT;
}

/* The only Deployment there is, or else the only workload; NULL after an
 * error. */
static const struct document *only_workload(struct loader *l)
{
    const struct document *found[2] = { NULL, NULL };
    struct mark m = scenario_mark(l, "release");
    size_t n[2] = { 0, 0 };     /* Deployments; others */

    for (size_t i = 0; i < l->objects.len; i++) {
        enum kind k = l->objects.items[i].kind;
        bool other = k != KIND_DEPLOYMENT;

        if (!workload_word(k))
            continue;
        found[other] = &l->objects.items[i];
        n[other]++;
    }
    if (n[0] == 1 || (n[0] == 0 && n[1] == 1))
        return found[n[0] == 0];
    err_error(l->errors, &m, n[0] + n[1]
              ? "say which Deployment is released, with workload: "
                "deployment/NAME" : "there is no Deployment to release");
    return NULL;
}

static bool has_container(const struct value *template, const char *name,
                          const char **names, size_t *n)
{
    static const char *const lists[] = { "containers", "initContainers" };

    for (size_t k = 0; k < 2; k++) {
        const struct value *list = value_get(template, lists[k]);

        for (size_t i = 0; list && list->type == VALUE_LIST && i < list->len;
             i++) {
            const char *is = value_text(value_get(list->u.items[i], "name"),
                                        "");

            if (strcmp(is, name) == 0)
                return true;
            if (*n < 31)
                names[(*n)++] = is;
        }
    }
    return false;
}

static void check_container(struct loader *l, const struct document *o,
                            const char *name, const struct mark *m)
{
    const char *names[32] = {0};
    size_t n = 0;
    struct diag *d;

    if (strcmp(name, "*") == 0 ||
        has_container(value_at(o->value, "spec.template.spec"), name, names,
                      &n))
        return;
    d = err_error(l->errors, m, "%s \"%s\" has no container \"%s\"",
                  kind_name(o->kind), o->name, name);
    diag_suggest(l->errors, d, name, names);
    if (!d->help && n)
        diag_help(l->errors, d, "its containers: %s%s", names[0],
                  n > 1 ? ", ..." : "");
}

static void take_images(struct loader *l, const struct field_map *map,
                        const struct document *o, struct release_spec *r)
{
    struct container_image *images = arena_many(l->arena,
                                                struct container_image,
                                                map->len);
    const char *const *text = map->items;

    for (size_t i = 0; i < map->len; i++) {
        images[i] = (struct container_image){ map->keys[i], text[i] };
        if (text[i])            /* else it was none: said by its field */
            vec_push(l->arena, &l->images, text[i]);
        if (o)
            check_container(l, o, map->keys[i], &map->marks[i]);
    }
    r->images = images;
    r->nimages = map->len;
}

/* "database/shop": a custom resource, which a patch changes.  False: it is
 * none. */
static bool take_custom_release(struct loader *l,
                                const struct release_section *s,
                                struct release_spec *r)
{
    const char *slash = s->workload ? strchr(s->workload, '/') : NULL;
    const struct value *at = value_at(l->root, "release.workload");
    const struct value **patch;
    const struct document *o;
    const char *word, *type;

    if (!slash)
        return false;
    word = arena_strndup(l->arena, s->workload, (size_t)(slash - s->workload));
    type = kind_by_resource(word) == KIND_NONE ? operators_type(l, word) : NULL;
    if (!type)
        return false;
    r->custom = arena_printf(l->arena, "%s/%s", type, slash + 1);
    o = manifests_find(l, KIND_CUSTOM, s->space, r->custom);
    r->space = o ? o->space : s->space;
    r->workload = s->workload;
    if (!o)
        err_error(l->errors, &at->mark, "there is no %s", r->custom);
    if (!s->patch || s->patch->type != VALUE_MAP || s->images.len > 0)
        err_error(l->errors, &r->mark, "a custom resource is released by a "
                  "patch, as in patch: {spec: {version: \"2\"}}, without "
                  "images");
    patch = arena_many(l->arena, const struct value *, 1);
    patch[0] = s->patch;
    r->patch = patch;
    return true;
}

/* Returns what is released; NULL if nothing, or after an error. */
static const struct document *take_release(struct loader *l,
                                           const struct release_section *s,
                                           struct spec *spec)
{
    const struct value *at = value_at(l->root, "release.workload");
    struct release_spec *r = &spec->release;
    const struct document *o;

    if (!s)
        return NULL;
    r->given = true;
    r->at = s->at;
    r->mark = scenario_mark(l, "release");
    if (take_custom_release(l, s, r))
        return NULL;
    if (s->patch)
        err_error(l->errors, &s->patch->mark, "patch is for custom resources: "
                  "images says what of a workload is released");
    o = s->workload ? manifests_resolve(l, at, s->workload,
                                        workload_kind(l, s->workload),
                                        s->space) : only_workload(l);
    if (s->images.len == 0)
        err_error(l->errors, &r->mark, "say what is released, with images: "
                  "{CONTAINER: IMAGE}");
    take_images(l, &s->images, o, r);
    if (o) {
        r->workload = arena_printf(l->arena, "%s/%s", workload_word(o->kind),
                                   o->name);
        r->space = o->space;
    }
    return o;
}

/* ---- images: keys that nothing uses -------------------------------------- */

/* Is key "*", the image, or its repository? */
static bool key_means(const char *key, const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *tag = strpbrk(slash ? slash : image, ":@");
    size_t len = tag ? (size_t)(tag - image) : strlen(image);
    const char *open = strstr(image, "$(");     /* an operator fills it in */

    if (open && strncmp(key, image, (size_t)(open - image)) == 0)
        return true;
    return strcmp(key, "*") == 0 || strcmp(key, image) == 0 ||
           (strlen(key) == len && memcmp(key, image, len) == 0);
}

static void check_image_key(struct loader *l, const struct member *m)
{
    const char **names = arena_many(l->arena, const char *,
                                    2 * l->images.len + 1);
    size_t n = 0;
    struct diag *d;

    for (size_t i = 0; i < l->images.len; i++) {
        const char *image = l->images.items[i];
        const char *slash = strrchr(image, '/');
        const char *tag = strchr(slash ? slash : image, ':');

        if (key_means(m->key, image))
            return;
        names[n++] = image;
        if (tag)
            names[n++] = arena_strndup(l->arena, image,
                                       (size_t)(tag - image));
    }
    if (strcmp(m->key, "*") == 0)
        return;
    d = err_warn(l->errors, &m->mark, "no container uses the image \"%s\"",
                 m->key);
    diag_suggest(l->errors, d, m->key, names);
}

/* Images that other strategies and cells use. */
static void note_other_images(struct loader *l,
                              const struct document_section *d)
{
    const struct strategy_spec *s = d->strategies.items;
    const struct parameter_section *p = d->parameters.items;

    for (size_t i = 0; i < d->strategies.len; i++)
        if (s[i].patch)
            manifests_images(l, s[i].patch);
    for (size_t i = 0; i < d->parameters.len; i++)
        for (size_t k = 0; p[i].values && p[i].values->type == VALUE_LIST &&
                           k < p[i].values->len; k++)
            vec_push(l->arena, &l->images,
                     value_text(p[i].values->u.items[k], ""));
}

/* The queue that an image takes its work from must be there. */
static void check_taker(struct loader *l, const struct spec *spec,
                        const struct value *image)
{
    const struct value *v = value_get(image, "takes");
    const char *to = value_text(v, "");

    if (strncmp(to, "queue/", 6) == 0)
        check_queue(l, spec, to + 6, &v->mark);
}

static void take_behaviours(struct loader *l,
                            const struct document_section *d,
                            struct spec *spec)
{
    struct binder b = { .arena = l->arena, .errors = l->errors,
                        .path = "images", .load_sample = sample_load,
                        .ctx = l };
    const struct value *images = d->images;

    for (size_t i = 0; i < l->objects.len; i++)
        manifests_images(l, l->objects.items[i].value);
    note_other_images(l, d);
    for (size_t i = 0; images && images->type == VALUE_MAP && i < images->len;
         i++) {
        check_image_key(l, &images->u.members[i]);
        check_taker(l, spec, images->u.members[i].value);
    }
    spec->behaviours = behaviours_from(&b, images);
}

/* ---- variants ------------------------------------------------------------ */

static bool wanted(const struct loader *l, const char *name)
{
    const text_list *only = &l->app->o.strategies;

    for (size_t i = 0; i < only->len; i++)
        if (strcmp(only->items[i], name) == 0)
            return true;
    return only->len == 0;
}

/* --strategy must name one that there is. */
static void check_wanted(struct loader *l, const struct strategy_spec *s,
                         size_t n)
{
    const text_list *only = &l->app->o.strategies;
    const char **names = arena_many(l->arena, const char *, n + 1);

    for (size_t i = 0; i < n; i++)
        names[i] = s[i].name ? s[i].name : "";
    for (size_t k = 0; k < only->len; k++) {
        bool found = false;
        struct diag *d;

        for (size_t i = 0; i < n; i++)
            found |= strcmp(names[i], only->items[k]) == 0;
        if (found)
            continue;
        d = err_error(l->errors, NULL, "--strategy: no strategy \"%s\"%s",
                      only->items[k], n ? "" : " (the scenario has none)");
        diag_choices(l->errors, d, only->items[k], names);
    }
}

static void build_variants(struct loader *l, const struct field_list *list,
                           const struct document *target,
                           const struct spec *base, struct scenario *out)
{
    const struct strategy_spec *s = list->items;
    size_t n = list->len ? list->len : 1;
    struct variant *v = arena_many(l->arena, struct variant, n);
    struct origin *origin = arena_make(l->arena, struct origin);

    *origin = (struct origin){ l->root, l->data.items, l->data.len };
    check_wanted(l, s, list->len);
    for (size_t i = 0; i < n; i++) {
        struct spec *spec;

        if (list->len && (!s[i].name || !wanted(l, s[i].name)))
            continue;
        spec = arena_memdup(l->arena, base, sizeof(*base));
    if (list->len)
            manifests_build(l, &s[i], target, NULL, spec);
        clusters_build(l, list->len ? &s[i] : NULL, target, spec);
        v[out->nvariants++] = (struct variant){
            list->len ? s[i].name : "manifest", spec,
            list->len ? &s[i] : NULL, l->cell, l->settings, origin
        };
    }
    out->variants = v;
}

/* What the scenario gives autoscalers to see. */
static void take_metrics(struct loader *l, const struct field_list *list,
                         struct spec *spec)
{
    struct metric_spec *m = list->items;

    for (size_t i = 0; i < list->len; i++)
        if (!given(l, arena_printf(l->arena, "metrics[%zu].at", i)))
            m[i].at = -1;
    spec->metrics = m;
    spec->nmetrics = list->len;
}

/* Brownout is judged by what the user promises. */
static void take_slo(const struct scenario *s, struct spec *spec)
{
    spec->slo_error_share = 0.01;
    spec->slo_latency = 0;
    for (size_t i = 0; i < s->npromises; i++) {
        const struct promise *p = &s->promises[i];

        if (p->metric == METRIC_AVAILABILITY && p->at_least)
            spec->slo_error_share = 1 - p->limit;
        if (p->metric == METRIC_LATENCY_P99 && !p->at_least)
            spec->slo_latency = (sim_time)(p->limit * 1e6 + 0.5);
    }
}

/* The name of a scenario without one: the file's, without folder and end. */
static const char *name_of_file(struct arena *a, const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash ? slash + 1 : file;
    const char *dot = strrchr(name, '.');

    if (strcmp(file, "-") == 0)
        return "scenario";
    return arena_strndup(a, name, dot && dot != name ? (size_t)(dot - name)
                                                     : strlen(name));
}

static void fill(struct loader *l, const struct document_section *d,
                 struct scenario *out)
{
    struct spec *spec = spec_defaults(l->arena, false);
    const struct document *target;

    manifests_refer(l);
    out->file = l->file;
    out->name = d->metadata.name ? d->metadata.name
                                 : name_of_file(l->arena, l->file);
    out->description = d->metadata.description;
    promises_read(l, d, out);
    parameters_read(l, d, out);
    spec->name = out->name;
    spec->duration = d->run.duration;
    spec->warmup = d->run.warmup;
    spec->seed = (uint64_t)(l->app->o.seed >= 0 ? l->app->o.seed
                                                : d->run.seed);
    take_slo(out, spec);
    take_cluster(l, &d->cluster, spec);
    actions_read(l, d, spec);
    operators_read(l, &d->cluster.operators, spec);
    spec->faults = d->faults.items;
    spec->nfaults = d->faults.len;
    take_metrics(l, &d->metrics, spec);
    target = take_release(l, d->release, spec);
    take_traffic(l, &d->traffic, spec);
    if (d->clusters.len == 0)
        scenario_places(l, spec);
    take_behaviours(l, d, spec);
    guards_read(l, d, spec);
    spec->door = d->door;
    clusters_read(l, d, spec);
    waves_read(l, d->release ? d->release->waves : NULL,
               d->release ? d->release->bake : NULL, &spec->waves);
    manifests_build(l, NULL, target, NULL, spec);
    if (l->errors->errors == 0)
        faults_check(l, spec);
    if (l->errors->errors == 0)
        build_variants(l, &d->strategies, target, spec, out);
    manifests_lint(l, spec);
    documents_warn_old(l);
}

static enum sim_code result(const struct loader *l)
{
    return l->errors->errors == 0 ? SIM_OK
           : l->missing ? SIM_SYSTEM : SIM_INVALID;
}

void scenario_bind(struct loader *l, struct scenario *out)
{
    struct document_section d = {0};

    bind(l, &d);
    fill(l, &d, out);
}

/* A loader of app, which has read nothing; it fills *out in. */
static struct loader *loader_new(struct app *app, struct scenario *out)
{
    struct loader *l = arena_make(app->arena, struct loader);

    *l = (struct loader){ .app = app, .arena = app->arena,
                          .errors = &app->errors };
    *out = (struct scenario){ .arena = app->arena, .until = METRIC_COUNT,
                              .loader = l };
    return l;
}

/* From documents to *out. */
static enum sim_code finish(struct loader *l, struct scenario *out)
{
    struct app *app = l->app;
    struct document_section d = {0};

    apply_sets(l, false);
    bind(l, &d);
    read_manifests(l, &d.manifests);
    documents_settle(l, &l->objects, false);
    apply_sets(l, true);
    if (app->errors.errors == 0 && l->objects.len == 0 && !l->root)
        err_error(&app->errors, NULL, "there is no Scenario and no object "
                  "that is simulated in %s", l->file);
    if (!l->missing)
        fill(l, &d, out);
    out->ignored = l->ignored.items;
    out->nignored = l->ignored.len;
    out->nfiles = l->nfiles;
    if (app->o.replications >= 0) {
        out->precision.min = (size_t)app->o.replications;
        out->precision.max = (size_t)app->o.replications;
        out->until = METRIC_COUNT;
    }
    return result(l);
}

enum sim_code scenario_load(struct app *app, struct scenario *out)
{
    struct loader *l = loader_new(app, out);

    l->file = app->o.words.len ? app->o.words.items[0] : "-";
    read_files(l);
    return finish(l, out);
}

enum sim_code scenario_read(struct app *app, const char *name,
                            const char *text, size_t len,
                            struct scenario *out)
{
    struct loader *l = loader_new(app, out);

    l->file = name;
    documents_parse(l, name, text, len);
    return finish(l, out);
}
