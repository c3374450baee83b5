/*
 * convert.c - a recorded case as a scenario.
 *
 * The fake kubelet's annotations become behaviours of images: start-ms is the
 * time to create the container, ready-ms the time from Running to Ready,
 * term-ms the time from the stop signal to the end.  Steps become kubectl
 * commands.  The control plane gets the constant latencies of the recordings'
 * README (noise table): a write about 5 ms, a watch about 3 ms.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "fidelity.h"
#include "io/file.h"
#include "io/yaml.h"

/* From the noise table of the recordings: 8 ms from Ready to the ReplicaSet's
 * status and 10 to 11 ms from a spec to the first pod, each a watch and a
 * write. */
#define WRITE "5ms"
#define WATCH "4ms"

/* The same as laws: medians as above, and p95 over median as in the noise
 * table, where an API write takes 8 ms, p90 25 ms, and from Ready to Endpoints
 * 7 ms, p90 14 ms; log-normal: p95/median is (p90/median)^1.2835. */
#define WRITE_LAW "{lognormal: {median: 5ms, p95: 21.6ms}}"
#define WATCH_LAW "{lognormal: {median: 4ms, p95: 9.7ms}}"

/* The fake kubelet removes a pod whose container had not started after 100 ms;
 * for the others that is part of term-ms. */
#define UNSTARTED_MS 100

/* ---- reading ---------------------------------------------------------------------- */

static const struct value *load_first(struct arena *a, const char *path,
                                      struct err_list *errors)
{
    struct yaml_stream s = { 0 };

    if (yaml_load_file(a, path, true, NULL, &s, errors) != SIM_OK ||
        s.docs.len == 0)
        return NULL;
    return s.docs.items[0].root;
}

/* The time of the first line of trace.jsonl: {"t":-8475.0,...}. */
static double first_instant(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "r");
    double t = 0;

    (void)a;
    if (!f)
        return 0;
    if (fscanf(f, "{\"t\":%lf", &t) != 1)
        t = 0;
    fclose(f);
    return t < 0 ? -t : 0;
}

/* The wall clock at t = 0, cut to the second: "wall" of the line with "t0". */
static const char *wall_clock(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "r");
    char line[4096];
    const char *wall = NULL;

    while (f && !wall && fgets(line, sizeof(line), f)) {
        const char *at = strstr(line, "\"wall\":\"");

        if (at && strlen(at) > 28)
            wall = arena_printf(a, "%.19sZ", at + 8);
    }
    if (f)
        fclose(f);
    return wall;
}

/* When the status of an autoscaler first changed after t = 0. */
static double autoscaled_at(const char *path)
{
    FILE *f = fopen(path, "r");
    char line[4096];
    double t, at = 0;

    while (f && at <= 0 && fgets(line, sizeof(line), f))
        if (sscanf(line, "{\"t\":%lf", &t) == 1 && t > 0 &&
            strstr(line, "\"ev\":\"hpa\""))
            at = t;
    if (f)
        fclose(f);
    return at;
}

/* When the first pod turned not ready, long after a node was killed. */
static double lost_at(const char *path)
{
    FILE *f = fopen(path, "r");
    char line[4096];
    double t, killed = -1, lost = 0;

    while (f && lost <= 0 && fgets(line, sizeof(line), f)) {
        if (sscanf(line, "{\"t\":%lf", &t) != 1)
            continue;
        if (strstr(line, "\"op\":\"kill_node\""))
            killed = t;
        if (killed >= 0 && t > killed + 20000 &&
            strstr(line, "\"state\":\"notready\""))
            lost = t;
    }
    if (f)
        fclose(f);
    return lost;
}

struct fidelity_case *fidelity_read(struct arena *a, const char *version,
                                    const char *name, const char *folder,
                                    struct err_list *errors)
{
    struct fidelity_case *c = arena_make(a, struct fidelity_case);
    struct yaml_stream s = { 0 };
    const struct value **docs;

    c->arena = a;
    c->version = version;
    c->name = name;
    c->folder = folder;
    c->steps = load_first(a, arena_printf(a, "%s/steps.yaml", folder), errors);
    if (!c->steps ||
        yaml_load_file(a, arena_printf(a, "%s/input.yaml", folder), true,
                       NULL, &s, errors) != SIM_OK)
        return NULL;
    docs = arena_many(a, const struct value *, s.docs.len);
    for (size_t i = 0; i < s.docs.len; i++)
        docs[i] = s.docs.items[i].root;
    c->docs = docs;
    c->ndocs = s.docs.len;
    c->setup_ms =
        first_instant(a, arena_printf(a, "%s/trace.jsonl", folder));
    c->lost_ms = lost_at(arena_printf(a, "%s/trace.jsonl", folder));
    c->autoscaled_ms =
        autoscaled_at(arena_printf(a, "%s/trace.jsonl", folder));
    c->clock = wall_clock(a, arena_printf(a, "%s/trace.jsonl", folder));
    return c;
}

/* ---- images -------------------------------------------------------------------------- */

/* The template of the pods that a workload makes. */
static const struct value *template_of(const struct value *doc)
{
    const struct value *t = value_at(doc, "spec.template");

    return t ? t : value_at(doc, "spec.jobTemplate.spec.template");
}

static const char *annotation(const struct value *doc, const char *key)
{
    const struct value *all =
        value_at(template_of(doc), "metadata.annotations");

    return value_text(value_get(all, key), NULL);
}

static double number(const char *text, double fallback)
{
    return text ? strtod(text, NULL) : fallback;
}

/* How the pods become ready, as `readiness:` of an image says it. */
static void readiness(struct buf *out, const struct value *doc)
{
    const char *fail = annotation(doc, "sim/fail");
    const char *bad_first = annotation(doc, "sim/bad-first");
    const char *lose = annotation(doc, "sim/lose-ready-ms");
    const char *on_term = annotation(doc, "sim/notready-on-term");

    if (fail) {                 /* never-ready, crashloop */
        buf_puts(out, "readiness: never");
        return;
    }
    buf_printf(out, "readiness: {after: %gms",
               number(annotation(doc, "sim/ready-ms"), 0));
    if (bad_first)
        buf_printf(out, ", neverFirst: %s", bad_first);
    if (lose)
        buf_printf(out, ", lose: %sms", lose);
    if (on_term && strcmp(on_term, "true") == 0)
        buf_puts(out, ", onTerm: notReady");
    buf_putc(out, '}');
}

/* The fake kubelet starts a container again in no time: what start-ms says is
 * then the pod's own. */
static const char *restarted_start(const struct value *doc)
{
    const char *policy = value_text(value_at(template_of(doc),
                                             "spec.restartPolicy"), "");

    return strcmp(policy, "OnFailure") == 0
               ? annotation(doc, "sim/start-ms") : NULL;
}

/* The entry of images: that the annotations of a workload ask for. */
static const char *behaviour(struct arena *a, const struct value *doc)
{
    struct buf out = { 0 };
    const char *fail = annotation(doc, "sim/fail");
    const char *run = annotation(doc, "sim/run-ms");
    const char *code = annotation(doc, "sim/exit-code");
    const char *first = annotation(doc, "sim/fail-first");
    const char *fail_run = annotation(doc, "sim/fail-run-ms");
    char *text;

    buf_printf(&out, "{containerStart: %gms, ",
               restarted_start(doc)
                   ? 0 : number(annotation(doc, "sim/start-ms"), 0));
    readiness(&out, doc);
    if (run)
        buf_printf(&out, ", runs: %sms", run);
    if (code && strcmp(code, "0") != 0)
        buf_puts(&out, ", fails: {share: 100%}");
    else if (first)
        buf_printf(&out, ", fails: {first: %s%s%s%s}", first,
                   fail_run ? ", after: " : "", fail_run ? fail_run : "",
                   fail_run ? "ms" : "");
    if (fail && strcmp(fail, "crashloop") == 0)
        buf_printf(&out, ", crash: {every: %gms, exitCode: 1}",
                   number(annotation(doc, "sim/crash-ms"), 1000));
    buf_printf(&out, ", shutdown: {mode: ignore, time: %gms}}",
               fmax(0, number(annotation(doc, "sim/term-ms"), 0) -
                           UNSTARTED_MS));
    text = arena_strdup(a, out.text);
    buf_free(&out);
    return text;
}

/* One entry per image; the same image with two behaviours cannot be said. */
static const char *images(const struct fidelity_case *c, struct buf *out)
{
    struct map seen;

    map_init(&seen, c->arena);
    buf_puts(out, "images:\n");
    for (size_t i = 0; i < c->ndocs; i++) {
        const char *image = value_text(
            value_at(template_of(c->docs[i]), "spec.containers[0].image"),
            NULL);
        const char *now, *before;

        if (!image)
            continue;
        now = behaviour(c->arena, c->docs[i]);
        before = map_get(&seen, image);
        if (before && strcmp(before, now) != 0)
            return arena_printf(c->arena, "image %s behaves in two ways",
                                image);
        if (before)
            continue;
        map_put(&seen, image, (void *)now);
        buf_printf(out, "  %s: %s\n", image, now);
    }
    return NULL;
}

/* ---- cluster ------------------------------------------------------------------------- */

static bool default_limits(const struct fidelity_case *c)
{
    return strncmp(c->name, "qps20-", 6) == 0;
}

/* When nodes join late, and how many; 0 if none do. */
static int late_nodes(const struct fidelity_case *c, double *at_ms)
{
    const struct value *steps = value_get(c->steps, "steps");

    for (size_t i = 0; steps && i < steps->len; i++) {
        const struct value *n = value_get(steps->u.items[i], "add_nodes");

        if (n) {
            *at_ms = number(value_text(
                value_get(steps->u.items[i], "at_ms"), "0"), 0);
            return atoi(value_text(n, "0"));
        }
    }
    return 0;
}

static void node_pool(struct buf *out, const struct fidelity_case *c,
                      const char *name, int count, double joins_ms)
{
    const struct value *n = value_get(c->steps, "nodes");

    buf_printf(out, "    - {name: %s, count: %d, cpu: \"%s\", memory: %s, "
                    "pods: %s, labels: {sim/case: %s}", name, count,
               value_text(value_get(n, "cpu"), "32"),
               value_text(value_get(n, "memory"), "64Gi"),
               value_text(value_get(n, "pods"), "110"), c->name);
    if (joins_ms >= 0)
        buf_printf(out, ", joins: %gms", joins_ms);
    buf_puts(out, "}\n");
}

static double killed_at(const struct fidelity_case *c)
{
    const struct value *list = value_get(c->steps, "steps");

    for (size_t i = 0; list && i < list->len; i++)
        if (value_get(list->u.items[i], "kill_node"))
            return number(value_text(value_get(list->u.items[i], "at_ms"),
                                     "0"), 0);
    return 0;
}

/* Where the clocks of leases, of the node controller and of autoscalers stood
 * is not known to anybody but the recording: it is read from the time at which
 * the loss of a node was noticed, or an autoscaler acted. */
static void phases(const struct fidelity_case *c, struct buf *out)
{
    double grace = strcmp(c->version, "1.20") == 0 ? 40000 : 50000;
    double seen = c->lost_ms - grace, killed = killed_at(c);
    double renewed = (seen < killed ? seen : killed) - 100;

    if (c->autoscaled_ms > 0)
        buf_printf(out, "hpaPhase: %.0fms, ",
                   fmod(c->autoscaled_ms + c->setup_ms, 15000));
    if (c->lost_ms <= 0)
        return;
    buf_printf(out, "nodeMonitorPhase: %.0fms, leasePhase: %.0fms, ",
               fmod(c->lost_ms + c->setup_ms, 5000),
               fmod(renewed + c->setup_ms + 100000, 10000));
}

static void latencies(bool measured, struct buf *out)
{
    const char *write = measured ? WRITE_LAW : WRITE;
    const char *watch = measured ? WATCH_LAW : WATCH;

    buf_printf(out, "apiWrite: %s, watchController: %s, watchScheduler: %s, "
                    "watchKubelet: %s, kubeletWrite: %s, sliceWrite: %s"
                    ", teardown: 100ms, operator: 0s}\n",
               write, watch, watch, watch, write, write);
}

static void cluster(const struct fidelity_case *c, bool measured,
                    struct buf *out)
{
    const struct value *n = value_get(c->steps, "nodes");
    double at_ms = 0;
    int late = late_nodes(c, &at_ms);

    buf_printf(out, "cluster:\n  profile: exact\n  kubernetes: \"%s\"\n"
                    "  clockOffset: 500ms\n", c->version);
    if (c->clock)
        buf_printf(out, "  clock: \"%s\"\n", c->clock);
    buf_puts(out, "  restartBackoff: {firstSeconds: 10}\n"
                  "  metrics: {interval: 0s, window: 10s}\n  nodes:\n");
    node_pool(out, c, "n", atoi(value_text(value_get(n, "count"), "3")), -1);
    if (late)
        node_pool(out, c, "late", late, at_ms);
    buf_puts(out, "  timings: {");
    for (size_t i = 0; i < c->ndocs; i++)
        if (restarted_start(c->docs[i]))
            buf_printf(out, "sandbox: %sms, ", restarted_start(c->docs[i]));
    phases(c, out);
    latencies(measured, out);
    buf_puts(out, default_limits(c)
                      ? "  limits: {kubeletQps: 0}\n"
                      : "  limits: {controllerQps: 1000, controllerBurst: 2000,"
                        " schedulerQps: 1000, schedulerBurst: 2000,"
                        " kubeletQps: 0}\n");
}

/* ---- steps ----------------------------------------------------------------------------- */

/* A manifest as one line of JSON in a block scalar. */
static void document(struct buf *out, const struct value *doc)
{
    buf_puts(out, "      ");
    value_canonical(out, doc);
    buf_putc(out, '\n');
}

static const char *target_of(struct arena *a, const struct value *op)
{
    char *kind = arena_strdup(a, value_text(value_get(op, "kind"),
                                            "deployment"));

    for (char *p = kind; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
    return arena_printf(a, "%s/%s", kind, value_text(value_get(op, "name"),
                                                     "web"));
}

static const char *apply_docs(const struct fidelity_case *c, struct buf *out,
                              const struct value *list, double at)
{
    for (size_t i = 0; i < list->len; i++) {
        size_t k = (size_t)atoi(value_text(list->u.items[i], "0"));

        if (k >= c->ndocs)
            return "a step names a document that is not there";
        buf_printf(out, "  - at: %gms\n    kubectl: \"apply -f -\"\n"
                        "    stdin: |\n", at);
        document(out, c->docs[k]);
    }
    return NULL;
}

static void patch(struct buf *out, struct arena *a, const struct value *step,
                  double at)
{
    buf_printf(out, "  - at: %gms\n    kubectl: 'patch %s -p \"", at,
               target_of(a, value_get(step, "patch")));
    {
        struct buf json = { 0 };

        value_canonical(&json, value_get(step, "body"));
        for (size_t i = 0; i < json.len; i++) {
            if (json.text[i] == '"' || json.text[i] == '\\')
                buf_putc(out, '\\');
            buf_putc(out, json.text[i]);
        }
        buf_free(&json);
    }
    buf_puts(out, "\"'\n");
}

/* The workload whose oldest pods a delete_pods step means. */
static const char *only_deployment(const struct fidelity_case *c)
{
    for (size_t i = 0; i < c->ndocs; i++)
        if (strcmp(value_text(value_get(c->docs[i], "kind"), ""),
                   "Deployment") == 0)
            return value_text(value_at(c->docs[i], "metadata.name"), "web");
    return "web";
}

static const char *action(const struct fidelity_case *c, struct buf *out,
                          const struct value *step, struct buf *faults)
{
    double at = number(value_text(value_get(step, "at_ms"), "0"), 0);
    const struct value *v;

    if ((v = value_get(step, "apply")))
        return apply_docs(c, out, v, at);
    if ((v = value_get(step, "scale")))
        buf_printf(out, "  - {at: %gms, kubectl: \"scale %s --replicas=%s\"}"
                        "\n", at, target_of(c->arena, v),
                   value_text(value_get(v, "replicas"), "0"));
    else if ((v = value_get(step, "pause")) ||
             (v = value_get(step, "resume")))
        buf_printf(out, "  - {at: %gms, kubectl: \"rollout %s %s\"}\n", at,
                   value_get(step, "pause") ? "pause" : "resume",
                   target_of(c->arena, v));
    else if (value_get(step, "patch"))
        patch(out, c->arena, step, at);
    else if ((v = value_get(step, "delete_pods")))
        buf_printf(faults, "  - {at: %gms, kill: {pod: oldest, count: %s, "
                           "of: deployment/%s}}\n", at, value_text(v, "0"),
                   only_deployment(c));
    else if ((v = value_get(step, "delete_pod")))
        buf_printf(out, "  - {at: %gms, kubectl: \"delete pod %s\"}\n", at,
                   value_text(v, ""));
    else if ((v = value_get(step, "drain")))
        buf_printf(out, "  - {at: %gms, kubectl: \"drain n-%s "
                        "--ignore-daemonsets\"}\n", at, value_text(v, "0"));
    else if ((v = value_get(step, "kill_node")))
        buf_printf(faults, "  - {at: %gms, fail: node/n-%s}\n", at,
                   value_text(v, "0"));
    else if ((v = value_get(step, "cordon")))
        buf_printf(out, "  - {at: %gms, kubectl: \"cordon n-%s\"}\n", at,
                   value_text(v, "0"));
    else if (!value_get(step, "add_nodes") && !value_get(step, "note"))
        return "a step that is not known here";
    return NULL;
}

/* The stand-in for metrics-server of the recordings reads its load from a
 * ConfigMap; "of" is whose pods share it. */
static void load(const struct fidelity_case *c, struct buf *out, size_t doc,
                 double at)
{
    const char *milli;

    if (doc >= c->ndocs)
        return;
    milli = value_text(value_at(c->docs[doc], "data.cpu-milli"), NULL);
    if (!milli)
        return;
    if (out->len == 0)
        buf_puts(out, "metrics:\n");
    buf_printf(out, "  - {of: deployment/%s, value: %sm",
               only_deployment(c), milli);
    if (at >= 0)
        buf_printf(out, ", at: %gms", at);
    buf_puts(out, "}\n");
}

static void loads(const struct fidelity_case *c, struct buf *out)
{
    const struct value *setup = value_get(c->steps, "setup");
    const struct value *list = value_get(c->steps, "steps");
    struct buf text = { 0 };

    for (size_t i = 0; setup && i < setup->len; i++)
        load(c, &text, (size_t)atoi(value_text(setup->u.items[i], "0")), -1);
    for (size_t i = 0; list && i < list->len; i++) {
        const struct value *apply = value_get(list->u.items[i], "apply");
        const char *at = value_text(value_get(list->u.items[i], "at_ms"),
                                    "0");

        for (size_t k = 0; apply && k < apply->len; k++)
            load(c, &text, (size_t)atoi(value_text(apply->u.items[k], "0")),
                 number(at, 0));
    }
    if (text.len)
        buf_puts(out, text.text);
    buf_free(&text);
}

static const char *steps(const struct fidelity_case *c, struct buf *out)
{
    const struct value *list = value_get(c->steps, "steps");
    struct buf actions = { 0 }, faults = { 0 };
    const char *why = NULL;

    for (size_t i = 0; list && i < list->len && !why; i++)
        why = action(c, &actions, list->u.items[i], &faults);
    if (actions.len)
        buf_printf(out, "actions:\n%s", actions.text);
    if (faults.len)
        buf_printf(out, "faults:\n%s", faults.text);
    buf_free(&actions);
    buf_free(&faults);
    return why;
}

static const char *setup(const struct fidelity_case *c, struct buf *out)
{
    const struct value *list = value_get(c->steps, "setup");

    for (size_t i = 0; list && i < list->len; i++) {
        size_t k = (size_t)atoi(value_text(list->u.items[i], "0"));

        if (k >= c->ndocs)
            return "set-up names a document that is not there";
        buf_puts(out, "---\n");
        value_canonical(out, c->docs[k]);
        buf_putc(out, '\n');
    }
    return NULL;
}

/* ---- the whole ------------------------------------------------------------------------- */

const char *fidelity_convert(const struct fidelity_case *c, const char *path,
                             double observed_ms, bool measured)
{
    struct buf out = { 0 };
    const char *why;
    FILE *f;

    buf_printf(&out, "# %s, recorded on Kubernetes %s: ", c->name,
               c->version);
    for (const char *p = value_text(value_get(c->steps, "description"), "");
         *p; p++)
        buf_putc(&out, *p == '\n' ? ' ' : *p);
    buf_printf(&out, "\napiVersion: rollsim/v1\nkind: Scenario\n"
                     "metadata: {name: %s}\n"
                     "run: {warmup: %.1fms, duration: %.1fms, seed: 1, "
                     "replications: 1}\n",
               c->name, c->setup_ms, observed_ms);
    cluster(c, measured, &out);
    why = images(c, &out);
    if (!why)
        loads(c, &out);
    if (!why)
        why = steps(c, &out);
    if (!why)
        why = setup(c, &out);
    f = why ? NULL : fopen(path, "w");
    if (!why && (!f || fwrite(out.text, 1, out.len, f) != out.len))
        why = "the scenario cannot be written";
    if (f && fclose(f) != 0)
        why = "the scenario cannot be written";
    buf_free(&out);
    return why;
}
