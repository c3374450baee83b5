/*
 * podspec.c - the typed form of a pod's spec, and what is derived from it.
 *
 * Effective requests (reference 4.3): per resource the larger of what all app
 * containers and sidecars ask for together, and of what each init container
 * asks for together with the sidecars started before it; plus overhead.  A
 * request that is missing is the limit, as the API server sets it in Pods.
 * Requests of the pod as a whole (spec.resources) take their place.
 *
 * Hooks: a preStop or postStart that sleeps takes as long as it says, also as
 * `sh -c "sleep 5 && nginx -s quit"`; what other commands take is not known
 * and is 0.
 *
 * Not modelled: resources other than cpu and memory; PriorityClass objects
 * other than the two of the system.
 * Source: component-helpers resource/helpers.go, pkg/apis/core/v1/helper/qos,
 * Kubernetes 1.36.
 */
#include "models/podspec.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "read.h"

/* ---- resources ---------------------------------------------------------- */

/* One entry of requests or limits, rounded up; -1 if it is not given. */
static int64_t resource_of(const struct at *up, const char *list,
                           const char *name, bool milli)
{
    struct at at = at_field(up, list);
    const char *text = at.v ? value_text(value_get(at.v, name), NULL) : NULL;
    struct quantity q;

    if (text == NULL || !parse_quantity(text, &q, NULL))
        return -1;
    return milli ? quantity_milli(q) : quantity_value(q);
}

/* Requests and limits; a missing request is the limit. */
static struct resources resources_of(const struct at *container)
{
    struct at at = at_field(container, "resources");
    struct resources r = {
        resource_of(&at, "requests", "cpu", true),
        resource_of(&at, "limits", "cpu", true),
        resource_of(&at, "requests", "memory", false),
        resource_of(&at, "limits", "memory", false),
    };

    if (r.cpu_request < 0)
        r.cpu_request = r.cpu_limit;
    if (r.memory_request < 0)
        r.memory_request = r.memory_limit;
    return r;
}

enum measure { CPU_REQUEST, CPU_LIMIT, MEMORY_REQUEST, MEMORY_LIMIT };

/* One measure of a container's resources; missing if it was not given. */
static int64_t amount(const struct container *c, enum measure m,
                      int64_t missing)
{
    const struct resources *r = &c->resources;
    const int64_t all[] = { r->cpu_request, r->cpu_limit, r->memory_request,
                            r->memory_limit };

    return all[m] < 0 ? missing : all[m];
}

/* What the containers need together; missing: what stands for none given. */
static int64_t effective(const struct pod_spec *s, enum measure m,
                         int64_t missing)
{
    int64_t sum = 0, sidecars = 0, most = 0;

    for (size_t i = 0; i < s->ncontainers; i++)
        sum += amount(&s->containers[i], m, missing);
    for (size_t i = 0; i < s->ninit; i++) {
        int64_t n = sidecars + amount(&s->init[i], m, missing);

        if (s->init[i].sidecar)
            sidecars = n;
        if (n > most)
            most = n;
    }
    return sum + sidecars > most ? sum + sidecars : most;
}

/* The given number unless it is negative. */
static int64_t or_else(int64_t given, int64_t otherwise)
{
    return given >= 0 ? given : otherwise;
}

/* What the scheduler charges, what it scores with, and the limits. */
static void derive(struct pod_spec *s)
{
    const struct resources *own = &s->resources;
    int64_t cpu = or_else(own->cpu_limit, effective(s, CPU_LIMIT, 0));
    int64_t memory = or_else(own->memory_limit,
                             effective(s, MEMORY_LIMIT, 0));

    s->cpu_milli = s->overhead_cpu
        + or_else(own->cpu_request, effective(s, CPU_REQUEST, 0));
    s->memory_bytes = s->overhead_memory
        + or_else(own->memory_request, effective(s, MEMORY_REQUEST, 0));
    s->cpu_nonzero = s->overhead_cpu
        + or_else(own->cpu_request, effective(s, CPU_REQUEST, 100));
    s->memory_nonzero = s->overhead_memory
        + or_else(own->memory_request,
                  effective(s, MEMORY_REQUEST, INT64_C(200) << 20));
    s->cpu_limit = cpu ? cpu + s->overhead_cpu : 0;
    s->memory_limit = memory ? memory + s->overhead_memory : 0;
}

struct qos_sums {
    int64_t request[2], limit[2];       /* cpu, memory; above 0 only */
    bool all_limited;
};

/* Only what is more than 0 counts for the class. */
static void qos_add(struct qos_sums *q, const struct resources *r)
{
    const int64_t request[] = { r->cpu_request, r->memory_request };
    const int64_t limit[] = { r->cpu_limit, r->memory_limit };

    for (int i = 0; i < 2; i++) {
        q->request[i] += request[i] > 0 ? request[i] : 0;
        q->limit[i] += limit[i] > 0 ? limit[i] : 0;
        q->all_limited &= limit[i] > 0;
    }
}

enum qos pod_spec_qos(const struct pod_spec *s)
{
    struct qos_sums q = { .all_limited = true };

    if (s->resources.cpu_request >= 0 || s->resources.memory_request >= 0) {
        qos_add(&q, &s->resources);
    } else {
        for (size_t i = 0; i < s->ncontainers; i++)
            qos_add(&q, &s->containers[i].resources);
        for (size_t i = 0; i < s->ninit; i++)
            qos_add(&q, &s->init[i].resources);
    }
    if (q.request[0] + q.request[1] + q.limit[0] + q.limit[1] == 0)
        return QOS_BEST_EFFORT;
    return q.all_limited && q.request[0] == q.limit[0]
        && q.request[1] == q.limit[1] ? QOS_GUARANTEED : QOS_BURSTABLE;
}

/* ---- probes and hooks --------------------------------------------------- */

static const struct probe *probe_of(struct arena *a, const struct at *up,
                                    const char *key)
{
    struct at at = at_field(up, key);
    struct probe *p;

    if (at.v == NULL)
        return NULL;
    p = arena_make(a, struct probe);
    p->handler = value_get(at.v, "exec") ? PROBE_EXEC
        : value_get(at.v, "httpGet") ? PROBE_HTTP
        : value_get(at.v, "tcpSocket") ? PROBE_TCP : PROBE_GRPC;
    p->initial_delay_s = (int)get_int(&at, "initialDelaySeconds", 0);
    p->period_s = (int)get_int(&at, "periodSeconds", 10);
    p->timeout_s = (int)get_int(&at, "timeoutSeconds", 1);
    p->success_threshold = (int)get_int(&at, "successThreshold", 1);
    p->failure_threshold = (int)get_int(&at, "failureThreshold", 3);
    p->grace_s = (int)get_int(&at, "terminationGracePeriodSeconds", -1);
    return p;
}

/* The last part of a path is this word. */
static bool is_program(const char *path, const char *word)
{
    const char *slash = strrchr(path, '/');

    return strcmp(slash ? slash + 1 : path, word) == 0;
}

/* What an argument of sleep means: "5", "0.5", "2m". */
static sim_time sleep_time(struct arena *a, const char *word)
{
    int64_t ns = 0;

    if (parse_duration(word, &ns, NULL))
        return ns;
    parse_duration(arena_printf(a, "%ss", word), &ns, NULL);
    return ns;
}

/* All the sleeping in one shell command; other commands take no time. */
static sim_time shell_time(struct arena *a, const char *script)
{
    static const char blanks[] = " \t\n;&|(){}\"'";
    sim_time total = 0;
    bool sleeping = false;

    for (;;) {
        size_t gap = strspn(script, blanks), len;
        const char *word;

        if (gap && strcspn(script, ";&|\n") < gap)
            sleeping = false;
        script += gap;
        len = strcspn(script, blanks);
        if (len == 0)
            return total;
        word = arena_strndup(a, script, len);
        if (sleeping)
            total += sleep_time(a, word);
        else
            sleeping = is_program(word, "sleep");
        script += len;
    }
}

/* How long a command sleeps: sleep itself, or a shell's -c that has it. */
static sim_time command_time(struct arena *a, const char *const *words,
                             size_t n)
{
    static const char *const shells[] = { "sh", "bash", "ash", "dash", NULL };
    sim_time total = 0;

    if (n == 0)
        return 0;
    if (is_program(words[0], "sleep")) {
        for (size_t i = 1; i < n; i++)
            total += sleep_time(a, words[i]);
        return total;
    }
    for (size_t i = 0; shells[i] != NULL; i++)
        if (is_program(words[0], shells[i]) && n >= 3
            && words[n - 2][0] == '-' && strchr(words[n - 2], 'c'))
            return shell_time(a, words[n - 1]);
    return 0;
}

/* A hook of lifecycle, with the time that it is known to take. */
static struct hook hook_of(struct arena *a, const struct at *container,
                           const char *key)
{
    struct at lifecycle = at_field(container, "lifecycle");
    struct at at = at_field(&lifecycle, key);
    struct at sleep = at_field(&at, "sleep"), exec = at_field(&at, "exec");
    const char *const *words;
    size_t n;

    if (at.v == NULL)
        return (struct hook){ .kind = HOOK_NONE };
    if (sleep.v)
        return (struct hook){ HOOK_SLEEP,
                              get_int(&sleep, "seconds", 0) * SIM_S };
    if (exec.v == NULL)
        return (struct hook){ .kind = HOOK_HTTP };
    words = get_texts(a, &exec, "command", &n);
    return (struct hook){ HOOK_EXEC, command_time(a, words, n) };
}

/* ---- containers --------------------------------------------------------- */

static const struct container_port *ports_of(struct arena *a,
                                             const struct at *container,
                                             size_t *n)
{
    struct at list = at_field(container, "ports");
    struct container_port *ports;

    *n = at_len(&list);
    ports = arena_many(a, struct container_port, *n);
    for (size_t i = 0; i < *n; i++) {
        struct at port = at_item(&list, i);

        ports[i].name = get_text(&port, "name", "");
        ports[i].port = (int)get_int(&port, "containerPort", 0);
        ports[i].host_port = (int)get_int(&port, "hostPort", 0);
        ports[i].protocol = get_text(&port, "protocol", "TCP");
    }
    return ports;
}

/* The pull policy; the shape has put the default by the tag. */
static enum pull_policy pull_of(const struct at *container)
{
    const char *word = get_text(container, "imagePullPolicy", "");

    return strcmp(word, "Always") == 0 ? PULL_ALWAYS
        : strcmp(word, "Never") == 0 ? PULL_NEVER : PULL_IF_NOT_PRESENT;
}

/* The typed form of one container. */
static struct container container_of(struct arena *a, const struct at *at)
{
    struct container c = {
        .name = get_text(at, "name", ""),
        .image = get_text(at, "image", ""),
        .pull = pull_of(at),
        .sidecar = strcmp(get_text(at, "restartPolicy", ""), "Always") == 0,
        .resources = resources_of(at),
        .startup = probe_of(a, at, "startupProbe"),
        .readiness = probe_of(a, at, "readinessProbe"),
        .liveness = probe_of(a, at, "livenessProbe"),
        .post_start = hook_of(a, at, "postStart"),
        .pre_stop = hook_of(a, at, "preStop"),
    };

    c.ports = ports_of(a, at, &c.nports);
    return c;
}

static const struct container *containers_of(struct arena *a,
                                             const struct at *spec,
                                             const char *key, size_t *n)
{
    struct at list = at_field(spec, key);
    struct container *all;

    *n = at_len(&list);
    all = arena_many(a, struct container, *n);
    for (size_t i = 0; i < *n; i++) {
        struct at item = at_item(&list, i);

        all[i] = container_of(a, &item);
    }
    return all;
}

/* ---- ConfigMaps, Secrets, claims ---------------------------------------- */

typedef VEC(struct config_ref) config_refs;

/* The reference in a field of up, if it is there, to a ConfigMap or Secret. */
static void add_config(struct arena *a, config_refs *refs,
                       const struct at *up, const char *field,
                       const char *name_field, enum kind kind, bool mounted)
{
    struct at at = at_field(up, field);
    struct config_ref ref = { .kind = kind, .mounted = mounted };

    if (at.v == NULL)
        return;
    ref.name = get_text(&at, name_field, "");
    ref.key = get_text(&at, "key", NULL);
    ref.optional = get_bool(&at, "optional", false);
    vec_push(a, refs, ref);
}

/* References from env and envFrom of the containers of a list. */
static void add_environment(struct arena *a, config_refs *refs,
                            const struct at *spec, const char *key)
{
    struct at containers = at_field(spec, key);

    for (size_t i = 0; i < at_len(&containers); i++) {
        struct at container = at_item(&containers, i);
        struct at env = at_field(&container, "env");
        struct at from = at_field(&container, "envFrom");

        for (size_t e = 0; e < at_len(&env); e++) {
            struct at item = at_item(&env, e);
            struct at source = at_field(&item, "valueFrom");

            add_config(a, refs, &source, "configMapKeyRef", "name",
                       KIND_CONFIGMAP, false);
            add_config(a, refs, &source, "secretKeyRef", "name", KIND_SECRET,
                       false);
        }
        for (size_t e = 0; e < at_len(&from); e++) {
            struct at item = at_item(&from, e);

            add_config(a, refs, &item, "configMapRef", "name",
                       KIND_CONFIGMAP, false);
            add_config(a, refs, &item, "secretRef", "name", KIND_SECRET,
                       false);
        }
    }
}

/* Is the volume mounted by subPath wherever it is mounted? */
static bool by_subpath(const struct at *spec, const char *volume)
{
    static const char *const lists[] = { "initContainers", "containers" };
    bool any = false;

    for (size_t l = 0; l < 2; l++) {
        struct at containers = at_field(spec, lists[l]);

        for (size_t i = 0; i < at_len(&containers); i++) {
            struct at container = at_item(&containers, i);
            struct at mounts = at_field(&container, "volumeMounts");

            for (size_t k = 0; k < at_len(&mounts); k++) {
                struct at mount = at_item(&mounts, k);

                if (strcmp(get_text(&mount, "name", ""), volume) != 0)
                    continue;
                if (!*get_text(&mount, "subPath", "") &&
                    !*get_text(&mount, "subPathExpr", ""))
                    return false;
                any = true;
            }
        }
    }
    return any;
}

/* References from volumes, also projected ones, and the claims. */
static void add_volumes(struct arena *a, struct pod_spec *s,
                        config_refs *refs, const struct at *spec)
{
    struct at volumes = at_field(spec, "volumes");
    VEC(const char *) claims = { 0 };

    for (size_t i = 0; i < at_len(&volumes); i++) {
        struct at volume = at_item(&volumes, i);
        struct at claim = at_field(&volume, "persistentVolumeClaim");
        struct at projected = at_field(&volume, "projected");
        struct at sources = at_field(&projected, "sources");
        size_t first = refs->len;

        add_config(a, refs, &volume, "configMap", "name", KIND_CONFIGMAP,
                   true);
        add_config(a, refs, &volume, "secret", "secretName", KIND_SECRET,
                   true);
        for (size_t p = 0; p < at_len(&sources); p++) {
            struct at source = at_item(&sources, p);

            add_config(a, refs, &source, "configMap", "name", KIND_CONFIGMAP,
                       true);
            add_config(a, refs, &source, "secret", "name", KIND_SECRET, true);
        }
        for (size_t k = first; k < refs->len; k++)
            refs->items[k].fixed = by_subpath(spec, get_text(&volume, "name",
                                                             ""));
        if (claim.v)
            vec_push(a, &claims, get_text(&claim, "claimName", ""));
    }
    s->claims = claims.items;
    s->nclaims = claims.len;
}

/* ---- the spec ----------------------------------------------------------- */

/* The priority of the two classes of the system, else the one given. */
static int priority_of(const struct at *spec)
{
    const char *name = get_text(spec, "priorityClassName", "");
    int given = (int)get_int(spec, "priority", 0);

    if (strcmp(name, "system-cluster-critical") == 0)
        return 2000000000;
    return strcmp(name, "system-node-critical") == 0 ? 2000001000 : given;
}

static enum restart_policy restart_of(const struct at *spec)
{
    const char *word = get_text(spec, "restartPolicy", "");

    return strcmp(word, "OnFailure") == 0 ? RESTART_ON_FAILURE
        : strcmp(word, "Never") == 0 ? RESTART_NEVER : RESTART_ALWAYS;
}

/* The texts of one field of each item of a list. */
static const char *const *names_of(struct arena *a, const struct at *spec,
                                   const char *list, const char *field,
                                   size_t *n)
{
    struct at at = at_field(spec, list);
    const char **names;

    *n = at_len(&at);
    names = arena_many(a, const char *, *n);
    for (size_t i = 0; i < *n; i++) {
        struct at item = at_item(&at, i);

        names[i] = get_text(&item, field, "");
    }
    return names;
}

static int64_t overhead_of(const struct at *spec, const char *name,
                           bool milli)
{
    return or_else(resource_of(spec, "overhead", name, milli), 0);
}

const struct pod_spec *pod_spec_make(struct arena *a, const struct at *spec)
{
    struct pod_spec *s = arena_make(a, struct pod_spec);
    int64_t grace = get_int(spec, "terminationGracePeriodSeconds", 30);
    config_refs refs = { 0 };

    s->init = containers_of(a, spec, "initContainers", &s->ninit);
    s->containers = containers_of(a, spec, "containers", &s->ncontainers);
    s->restart = restart_of(spec);
    s->grace_s = grace < 0 ? 1 : grace > INT32_MAX ? INT32_MAX : (int)grace;
    s->active_deadline_s = get_int(spec, "activeDeadlineSeconds", -1);
    s->node_name = get_text(spec, "nodeName", NULL);
    s->scheduler_name = get_text(spec, "schedulerName", "default-scheduler");
    s->service_account = get_text(spec, "serviceAccountName", "default");
    s->priority_class = get_text(spec, "priorityClassName", NULL);
    s->priority = priority_of(spec);
    s->preempt_never = strcmp(get_text(spec, "preemptionPolicy", ""),
                              "Never") == 0;
    s->host_network = get_bool(spec, "hostNetwork", false);
    s->readiness_gates = names_of(a, spec, "readinessGates", "conditionType",
                                  &s->nreadiness_gates);
    s->scheduling_gates = names_of(a, spec, "schedulingGates", "name",
                                   &s->nscheduling_gates);
    s->overhead_cpu = overhead_of(spec, "cpu", true);
    s->overhead_memory = overhead_of(spec, "memory", false);
    s->resources = resources_of(spec);
    placement_make(a, spec, s);
    add_environment(a, &refs, spec, "initContainers");
    add_environment(a, &refs, spec, "containers");
    add_volumes(a, s, &refs, spec);
    s->configs = refs.items;
    s->nconfigs = refs.len;
    derive(s);
    return s;
}
