/*
 * manifests.c - tables about manifests: what the API server accepts, which
 * labels a selector matches, what a pod asks for; and about the numbers that
 * manifests have.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "base/units.h"
#include "base/value.h"
#include "models/api.h"
#include "models/podspec.h"
#include "conformance.h"

/* ---- manifest_validation ------------------------------------------------ */

#define TEMPLATE "template: {metadata: {labels: {app: web}}, " \
                 "spec: {containers: [{name: c, image: \"img:1\"}]}}"
#define SELECTOR "selector: {matchLabels: {app: web}}"
#define JOB "template: {spec: {restartPolicy: Never, " \
            "containers: [{name: c, image: \"img:1\"}]}}"

/* The base manifests (reference 12.6). */
static const struct {
    const char *kind, *base;
} bases[] = {
    { "Deployment", "{apiVersion: apps/v1, kind: Deployment, metadata: "
      "{name: web}, spec: {replicas: 3, " SELECTOR ", " TEMPLATE "}}" },
    { "StatefulSet", "{apiVersion: apps/v1, kind: StatefulSet, metadata: "
      "{name: web}, spec: {replicas: 3, serviceName: s, " SELECTOR ", "
      TEMPLATE "}}" },
    { "DaemonSet", "{apiVersion: apps/v1, kind: DaemonSet, metadata: "
      "{name: web}, spec: {" SELECTOR ", " TEMPLATE "}}" },
    { "Service", "{apiVersion: v1, kind: Service, metadata: {name: web}, "
      "spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}" },
    { "PodDisruptionBudget", "{apiVersion: policy/v1, kind: "
      "PodDisruptionBudget, metadata: {name: web}, spec: {minAvailable: 1, "
      SELECTOR "}}" },
    { "HorizontalPodAutoscaler", "{apiVersion: autoscaling/v2, kind: "
      "HorizontalPodAutoscaler, metadata: {name: web}, spec: {minReplicas: 1, "
      "maxReplicas: 10, scaleTargetRef: {apiVersion: apps/v1, kind: "
      "Deployment, name: web}, metrics: [{type: Resource, resource: {name: "
      "cpu, target: {type: Utilization, averageUtilization: 50}}}]}}" },
    { "Job", "{apiVersion: batch/v1, kind: Job, metadata: {name: web}, "
      "spec: {" JOB "}}" },
    { "CronJob", "{apiVersion: batch/v1, kind: CronJob, metadata: {name: "
      "web}, spec: {schedule: \"*/5 * * * *\", jobTemplate: {spec: {" JOB
      "}}}}" },
};

/* The errors as the table has them: fields and types, each in one text.
 * What cannot be decoded is never validated. */
static void list_errors(const struct err_list *l, struct buf *fields,
                        struct buf *types)
{
    bool decoded = true;

    for (size_t i = 0; i < l->len; i++)
        if (l->items[i].type && strcmp(l->items[i].type, "BadRequest") == 0)
            decoded = false;
    for (size_t i = 0; decoded && i < l->len; i++) {
        const struct diag *d = &l->items[i];

        if (d->level != ERR_ERROR)
            continue;
        buf_printf(fields, "%s%s", fields->len ? " " : "", d->path);
        buf_printf(types, "%s%s", types->len ? " " : "", d->type);
    }
    buf_puts(fields, decoded ? fields->len ? "" : "-" : "(decode)");
    buf_puts(types, decoded ? types->len ? "" : "-" : "BadRequest");
}

static bool same_errors(const struct conf_row *row, const struct err_list *l,
                        char *why, size_t room)
{
    struct buf fields = { 0 }, types = { 0 };
    bool same;

    list_errors(l, &fields, &types);
    same = strcmp(fields.text, conf_get(row, "error_fields")) == 0
        && strcmp(types.text, conf_get(row, "error_types")) == 0
        && (l->errors == 0) == (conf_int(row, "accepted", -1) == 1);
    if (!same)
        conf_why(why, room, "%s: got %s (%s), not %s (%s)",
                 conf_get(row, "merge_patch_on_base"), fields.text,
                 types.text, conf_get(row, "error_fields"),
                 conf_get(row, "error_types"));
    buf_free(&fields);
    buf_free(&types);
    return same;
}

static bool check_manifest(const struct conf_row *row, char *why, size_t room)
{
    const char *kind = conf_get(row, "kind"), *base = NULL;
    struct arena *a = arena_new();
    const struct value *v, *patch;
    struct err_list errors;
    bool ok;

    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++)
        if (strcmp(bases[i].kind, kind) == 0)
            base = bases[i].base;
    patch = value_flow(a, conf_get(row, "merge_patch_on_base"), NULL);
    if (base == NULL || patch == NULL) {
        arena_free(a);
        return conf_why(why, room, "unknown kind or broken patch");
    }
    v = value_merge(a, value_flow(a, base, NULL), patch);
    err_init(&errors, a);
    kind_ops_of(kind_by_resource(kind))->decode(a, v, &errors);
    ok = same_errors(row, &errors, why, room);
    arena_free(a);
    return ok;
}

const struct conf_table conf_manifest_validation = {
    .name = "manifest_validation", .check = check_manifest,
};

/* ---- label_selector_match ----------------------------------------------- */

/* "app=a tier=web" as a map; "-" is none. */
static const struct value *read_labels(struct arena *a, const char *cell)
{
    const struct value *v = value_map(a, NULL, 0, NULL);
    char *copy = arena_strdup(a, strcmp(cell, "-") == 0 ? "" : cell);

    for (char *save, *w = strtok_r(copy, " ", &save); w != NULL;
         w = strtok_r(NULL, " ", &save)) {
        char *eq = strchr(w, '=');

        *eq = '\0';
        v = value_set(a, v, arena_printf(a, "\"%s\"", w),
                      value_string(a, eq + 1, NULL));
    }
    return v;
}

/* "tier In (web) & canary DoesNotExist ()" as matchExpressions. */
static const struct value *read_expressions(struct arena *a,
                                            const char *cell)
{
    struct buf text = { 0 };
    const struct value *v;
    char key[64], op[64];
    int used;

    buf_puts(&text, "[");
    while (sscanf(cell, " %63s %63s (%n", key, op, &used) == 2) {
        const char *end = strchr(cell + used, ')');
        char *values = arena_strndup(a, cell + used,
                                     (size_t)(end - cell - used));

        buf_printf(&text, "%s{key: %s, operator: %s, values: [",
                   text.len > 1 ? ", " : "", key, op);
        for (char *save, *w = strtok_r(values, " ", &save); w != NULL;
             w = strtok_r(NULL, " ", &save))
            buf_printf(&text, "%s%s", text.text[text.len - 1] == '[' ? ""
                       : ", ", w);
        buf_puts(&text, "]}");
        cell = end + 1 + strspn(end + 1, " &");
    }
    buf_puts(&text, "]");
    v = value_flow(a, text.text, NULL);
    buf_free(&text);
    return v;
}

static const struct value *read_selector(struct arena *a,
                                         const struct conf_row *row)
{
    const char *labels = conf_get(row, "match_labels");
    const struct value *v;

    if (strcmp(labels, "<null selector>") == 0)
        return NULL;
    v = value_set(a, value_map(a, NULL, 0, NULL), "matchLabels",
                  read_labels(a, labels));
    return value_set(a, v, "matchExpressions",
                     read_expressions(a, conf_get(row, "match_expressions")));
}

static bool check_selector(const struct conf_row *row, char *why, size_t room)
{
    struct arena *a = arena_new();
    struct err_list errors;
    const struct selector *s;
    const struct labels *labels;
    int valid, matches;

    err_init(&errors, a);
    s = selector_from(a, read_selector(a, row), &errors);
    labels = labels_from(a, read_labels(a, conf_get(row, "labels")));
    valid = errors.errors == 0;
    matches = selector_match(s, labels);
    arena_free(a);
    if (valid != conf_int(row, "valid", -1))
        return conf_why(why, room, "valid: got %d", valid);
    if (valid && matches != conf_int(row, "matches", -1))
        return conf_why(why, room, "matches: got %d", matches);
    return true;
}

const struct conf_table conf_label_selector_match = {
    .name = "label_selector_match", .check = check_selector,
};

/* ---- pod_effective_requests_and_qos ------------------------------------- */

/* "500/1000" of one resource into requests and limits. */
static const struct value *put_pair(struct arena *a, const struct value *v,
                                    char *pair, const char *name,
                                    const char *unit)
{
    static const char *const lists[] = { "requests", "limits" };
    char *ends[2] = { pair, strchr(pair, '/') + 1 };

    ends[1][-1] = '\0';
    for (int i = 0; i < 2; i++)
        if (strcmp(ends[i], "-") != 0)
            v = value_set(a, v, arena_printf(a, "resources.%s.%s", lists[i],
                                             name),
                          value_string(a, arena_printf(a, "%s%s", ends[i],
                                                       unit), NULL));
    return v;
}

/* "i0:sidecar:50/100:256/512" or "c0:50/-:1024/-". */
static const struct value *read_container(struct arena *a, const char *word,
                                          bool init)
{
    char *copy = arena_strdup(a, word), *save;
    char *name = strtok_r(copy, ":", &save);
    char *kind = init ? strtok_r(NULL, ":", &save) : NULL;
    char *cpu = strtok_r(NULL, ":", &save);
    char *memory = strtok_r(NULL, ":", &save);
    const struct value *v = value_set(a, value_map(a, NULL, 0, NULL), "name",
                                      value_string(a, name, NULL));

    v = value_set(a, v, "image", value_string(a, "img:1", NULL));
    if (kind && strcmp(kind, "sidecar") == 0)
        v = value_set(a, v, "restartPolicy", value_string(a, "Always", NULL));
    v = put_pair(a, v, cpu, "cpu", "m");
    return put_pair(a, v, memory, "memory", "Mi");
}

static const struct value *read_containers(struct arena *a, const char *cell,
                                           bool init)
{
    const struct value *items[16];
    size_t n = 0;
    char *copy = arena_strdup(a, strcmp(cell, "-") == 0 ? "" : cell), *save;

    for (char *w = strtok_r(copy, " ", &save); w != NULL && n < 16;
         w = strtok_r(NULL, " ", &save))
        items[n++] = read_container(a, w, init);
    return value_list(a, arena_memdup(a, items, n * sizeof *items), n, NULL);
}

static bool check_requests(const struct conf_row *row, char *why, size_t room)
{
    static const char *const classes[] = { "Guaranteed", "Burstable",
                                           "BestEffort" };
    struct arena *a = arena_new();
    const struct value *v = value_map(a, NULL, 0, NULL);
    struct err_list errors;
    struct pod_spec s;
    enum qos qos;

    v = value_set(a, v, "spec.initContainers",
                  read_containers(a, row->cells[1], true));
    v = value_set(a, v, "spec.containers",
                  read_containers(a, row->cells[2], false));
    err_init(&errors, a);
    s = *pod_template_from(a, v, "", &errors)->spec;
    qos = pod_spec_qos(&s);
    arena_free(a);
    if (errors.errors)
        return conf_why(why, room, "refused");
    if (s.cpu_milli != conf_int(row, "effective_cpu_request_m", -1)
        || s.memory_bytes >> 20 != conf_int(row, "effective_mem_request_mi",
                                            -1)
        || s.cpu_limit != conf_int(row, "effective_cpu_limit_m", -1)
        || s.memory_limit >> 20 != conf_int(row, "effective_mem_limit_mi",
                                            -1))
        return conf_why(why, room, "got %" PRId64 " %" PRId64 " %" PRId64
                        " %" PRId64, s.cpu_milli, s.memory_bytes >> 20,
                        s.cpu_limit, s.memory_limit >> 20);
    if (strcmp(classes[qos], conf_get(row, "qos_class")) != 0)
        return conf_why(why, room, "got %s", classes[qos]);
    return true;
}

const struct conf_table conf_pod_effective_requests_and_qos = {
    .name = "pod_effective_requests_and_qos", .check = check_requests,
};

/* ---- int_or_percent, quantity_parse ------------------------------------- */

static bool check_int_or_percent(const struct conf_row *row, char *why,
                                 size_t room)
{
    const char *input = conf_get(row, "input");
    bool text = strcmp(conf_get(row, "input_kind"), "int") != 0;
    struct int_or_percent x;
    bool ok = parse_int_or_percent(input, text, &x, NULL);
    int scaled;

    if (ok == (conf_int(row, "error", -1) == 1))
        return conf_why(why, room, "\"%s\": error: got %d", input, !ok);
    if ((text && is_valid_percent(input))
        != (conf_int(row, "is_valid_percent_string", -1) == 1))
        return conf_why(why, room, "\"%s\": is_valid_percent differs", input);
    if (!ok)
        return true;
    scaled = int_or_percent_of(x, (int)conf_int(row, "total", 0),
                               conf_int(row, "round_up", 0) == 1);
    if (scaled != conf_int(row, "scaled", -1))
        return conf_why(why, room, "\"%s\": got %d", input, scaled);
    return true;
}

const struct conf_table conf_int_or_percent = {
    .name = "int_or_percent", .check = check_int_or_percent,
};

static bool check_quantity(const struct conf_row *row, char *why, size_t room)
{
    const char *input = conf_get(row, "input");
    const char *canonical = conf_get(row, "canonical");
    struct quantity q;
    bool ok = parse_quantity(input, &q, NULL), same;
    struct arena *a;

    if (ok != (conf_int(row, "valid", -1) == 1))
        return conf_why(why, room, "\"%s\": valid: got %d", input, ok);
    if (!ok)
        return true;
    if (quantity_value(q) != conf_int(row, "value_rounded_up", -1)
        || quantity_milli(q) != conf_int(row, "milli_value_rounded_up", -1))
        return conf_why(why, room, "\"%s\": got %" PRId64 " %" PRId64, input,
                        quantity_value(q), quantity_milli(q));
    a = arena_new();
    same = *canonical == '\0'
        || strcmp(format_quantity(a, q), canonical) == 0;
    arena_free(a);
    return same || conf_why(why, room, "\"%s\": not %s", input, canonical);
}

const struct conf_table conf_quantity_parse = {
    .name = "quantity_parse", .check = check_quantity,
};
