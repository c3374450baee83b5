/*
 * convert.c - a recorded case of real requests as a scenario.
 *
 * Timings are those measured over all recordings (their README, table
 * "Delays", and distributions.json), none of them chosen per case; what a case
 * itself says (annotations rq/.., environment, steps.yaml) is taken over.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "io/yaml.h"
#include "requests.h"

/* Quantiles 0, 5, ... 95 % of the delays of every second case (the 1st, 3rd, ...
 * by name), and a greatest value with which the 99 % quantile is as recorded.
 * The other half is judged with what it had no part in.  Of teardowns and writes,
 * those that met no sync.
 *   created -> bound less 4 ms for two watches: a write of the control plane
 *   probe succeeded -> Ready seen, less 2 ms for a watch: one of the kubelet
 *   bound -> process started, over what the pull is asked to take
 *   SIGTERM -> process gone, of those that exit
 *   process gone -> network gone, over what is asked */
#define API_WRITE \
    "[1ms, 1ms, 1ms, 1ms, 2.4ms, 4.4ms, 5.1ms, 5.5ms, 6.1ms, 7ms, 8.2ms, " \
    "8.9ms, 10.5ms, 12.7ms, 14.3ms, 18.2ms, 20.8ms, 26.9ms, 32.9ms, " \
    "52.4ms, 200ms]"
#define READY_WRITE \
    "[1.2ms, 3ms, 3.3ms, 4.1ms, 4.9ms, 5.5ms, 5.8ms, 6.1ms, 6.5ms, 7.2ms, " \
    "7.8ms, 9ms, 9.8ms, 11.8ms, 12.8ms, 17ms, 20.5ms, 25.9ms, 31ms, " \
    "44.3ms, 118ms]"
#define SANDBOX \
    "[19.5ms, 23.1ms, 24.6ms, 25.8ms, 27.2ms, 28.9ms, 30.1ms, 33ms, " \
    "36.1ms, 39ms, 44.3ms, 47.9ms, 52.5ms, 59.9ms, 64.4ms, 74.8ms, 94.3ms, " \
    "119ms, 148ms, 184ms, 561ms]"
#define SANDBOX_1000 \
    "[49ms, 97ms, 123ms, 130ms, 145ms, 159ms, 190ms, 222ms, 303ms, 313ms, " \
    "343ms, 376ms, 388ms, 396ms, 489ms, 558ms, 608ms, 608ms, 625ms, " \
    "660ms, 666ms]"
#define EXIT_TAKES \
    "[0.6ms, 0.8ms, 0.9ms, 1.1ms, 1.3ms, 1.4ms, 1.5ms, 1.8ms, 2.1ms, " \
    "2.4ms, 2.9ms, 3.3ms, 4.1ms, 4.5ms, 5.2ms, 6ms, 7.4ms, 8.3ms, 12.5ms, " \
    "26ms, 90ms]"
#define QUANTILES 21
static const double teardown_ms[QUANTILES] = {
    3.4, 4.2, 4.4, 4.6, 5, 5.2, 5.4, 5.8, 6.1, 6.6, 7.1, 7.8, 8.8, 10.5, 13.1,
    16.5, 21.9, 30.1, 34, 61.1, 160,
};
/*   sent -> answered, over the service time (answers within 0.9 s) */
static const double service_ms[QUANTILES] = {
    0.1, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.1, 1.2, 1.3, 1.4, 1.4, 1.5, 1.7, 1.9,
    2.2, 2.9, 4.5, 8.2, 20.2, 96,
};
/* Half of that passes before the process has the connection, half on the way
 * back (not measured apart); what it has not when it stops to listen is reset.
 * One such reset was recorded of 75 pods that drain; this gives 4. */
#define ACCEPT \
    "{empirical: [0.05ms, 0.3ms, 0.35ms, 0.4ms, 0.45ms, 0.5ms, 0.55ms, " \
    "0.55ms, 0.6ms, 0.65ms, 0.7ms, 0.7ms, 0.75ms, 0.85ms, 0.95ms, 1.1ms, " \
    "1.45ms, 2.25ms, 4.1ms, 10.1ms, 48ms]}"
/* And of their table "Delays" (median and 90 %, log-normal):
 *   terminating -> SIGTERM: what two watches of one write differ by, -1.4 / 3.3
 *     (99 %: 12.3), so a watch takes some 2 ms
 *   kube-proxy's own log, syncProxyRules     87 / 155
 * With 1000 more Services that log says 722 / 1026 / 1433 (99 %), but of the
 * set-up with fewer Services too: the spread is that; a median of 830 gives
 * "terminating -> last new connection" of the case with preStop (1305
 * recorded), and the case without is held out. */
#define WATCH "{lognormal: {median: 2ms, p95: 8ms}}"
#define PROXY_SYNC "{lognormal: {median: 87ms, p95: 183ms}}"
#define PROXY_SYNC_1000 "{lognormal: {median: 830ms, p95: 1310ms}}"
/* What passes on the one machine of the recordings at one time is alike: the
 * correlation of normal scores of two pods' delays, by the time between them
 * (the same cases, while nothing syncs):
 *                                  < 5 ms  < 20  < 100  < 400
 *   process gone -> network gone     0.62   1.1   0.57   0.32
 *   bound -> process started         0.65   0.41  0.57   0.27
 *   probe succeeded -> Ready         0.65   0.59  0.43   0.17
 *   created -> bound                 0.53   0.30  0.56   0.32
 * and 0.73 between the rule updates of two nodes for one change.
 *
 * Its two cores are what syncs take.  The speed of other work while both nodes'
 * proxies sync is that at which work begun then (in the first 60 ms of a sync
 * of which the trigger is known) is as long as work that meets no sync, in
 * the mean of ranks:
 *   the kubelet's: teardown, Ready, end of the process (nice 0)   12 %
 *   the control plane's: binding, slices written (nice -5)        58 %
 * The other half of the cases, which had no part in it, gives 26 % and 58 %.  The
 * medians of "process gone -> network gone", which need no such choice: 107.8 ms
 * when nothing syncs, 148.8 when both do. */
#define KUBELET_SPEED "12%"
#define PLANE_SPEED "58%"

static void together(struct buf *out, double sandbox)
{
    buf_printf(out,
        "  together:\n"
        "    teardown: {share: 80%%, lasts: 300ms, of: cluster, speed: %s, "
        "waits: %gms}\n"
        "    sandbox: {share: 80%%, lasts: 300ms, of: cluster, speed: %s}\n"
        "    kubeletWrite: {share: 70%%, lasts: 100ms, of: cluster, "
        "speed: %s}\n"
        "    apiWrite: {share: 60%%, lasts: 50ms, of: cluster, speed: %s}\n"
        "    sliceWrite: {share: 60%%, lasts: 50ms, of: cluster, "
        "speed: %s}\n"
        "    proxySync: {share: 75%%, lasts: 100ms, of: cluster}\n",
        KUBELET_SPEED, sandbox, KUBELET_SPEED, KUBELET_SPEED, PLANE_SPEED,
        PLANE_SPEED);
}

/* Before t = 0: pods start, rules settle. */
#define WARMUP_S 40

static const struct value *container(const struct value *doc)
{
    return value_at(doc, "spec.template.spec.containers[0]");
}

static const char *env(const struct value *doc, const char *name)
{
    const struct value *list = value_get(container(doc), "env");

    for (size_t i = 0; list && i < list->len; i++)
        if (strcmp(value_text(value_get(list->u.items[i], "name"), ""),
                   name) == 0)
            return value_text(value_get(list->u.items[i], "value"), "0");
    return "0";
}

static double asked_ms(const struct value *doc, const char *key)
{
    const struct value *all =
        value_at(doc, "spec.template.metadata.annotations");

    return strtod(value_text(value_get(all, key), "0"), NULL);
}

/* A measured delay that comes on top of what is asked. */
static void over(struct buf *out, double asked, const double *extra_ms)
{
    buf_puts(out, "{empirical: [");
    for (size_t i = 0; i < QUANTILES; i++)
        buf_printf(out, "%s%gms", i ? ", " : "", asked + extra_ms[i]);
    buf_puts(out, "]}\n");
}

/* ---- parts --------------------------------------------------------------------------- */

static void image(struct buf *out, const struct value *doc)
{
    bool drain = strcmp(env(doc, "SHUTDOWN"), "drain") == 0;

    buf_printf(out, "  %s:\n    containerStart: %gms\n    startup: %sms\n"
                    "    concurrency: 100000\n    accept: " ACCEPT "\n"
                    "    service: ",
               value_text(value_get(container(doc), "image"), ""),
               asked_ms(doc, "rq/pull-ms"), env(doc, "START_MS"));
    over(out, strtod(env(doc, "SERVICE_MS"), NULL), service_ms);
    if (drain)
        buf_puts(out, "    shutdown: {mode: drain}\n");
    else
        buf_puts(out, "    shutdown: {mode: ignore, time: {empirical: " EXIT_TAKES
                      "}}\n");
}

static void images(struct arena *a, struct buf *out,
                   const struct yaml_stream *docs)
{
    struct map seen;

    map_init(&seen, a);
    buf_puts(out, "images:\n");
    for (size_t i = 0; i < docs->docs.len; i++) {
        const struct value *doc = docs->docs.items[i].root;
        const char *name = value_text(value_get(container(doc), "image"),
                                      NULL);

        if (!name || map_get(&seen, name))
            continue;
        map_put(&seen, name, (void *)name);
        image(out, doc);
    }
}

/* How long the pods of the case keep their network, when they go, and what
 * syncs hold up. */
static void teardown(struct buf *out, const struct yaml_stream *docs)
{
    double sandbox = 0, gone = 0;

    for (size_t i = 0; i < docs->docs.len; i++) {
        sandbox = fmax(sandbox, asked_ms(docs->docs.items[i].root,
                                         "rq/sandbox-ms"));
        gone = fmax(gone, asked_ms(docs->docs.items[i].root, "rq/gone-ms"));
    }
    buf_puts(out, "    teardown: ");
    over(out, sandbox, teardown_ms);
    buf_printf(out, "    remove: %gms\n", gone);
    together(out, sandbox);
}

static void cluster(struct buf *out, const char *name,
                    const struct value *steps, const struct yaml_stream *docs)
{
    const struct value *clients = value_get(steps, "clients");
    bool many = strncmp(name, "services1000", 12) == 0;

    buf_puts(out, "cluster:\n  profile: exact\n  kubernetes: \"1.20\"\n"
                  "  probeAtStart: true\n  sourcePorts: 62000\n");
    buf_printf(out, "  icmpRatelimit: %s\n",
               strstr(name, "icmp-unlimited") ? "0s" : "1s");
    buf_puts(out, "  nodes:\n");
    for (size_t i = 0; clients && i < clients->len; i++) {
        const struct value *c = clients->u.items[i];

        buf_printf(out, "    - {name: n%s, cpu: \"32\", memory: 64Gi, "
                        "minSyncPeriod: %ss}\n",
                   value_text(value_get(c, "node"), "1"),
                   value_text(value_get(c, "kube_proxy_min_sync_period_s"),
                              "1"));
    }
    buf_puts(out, "  limits: {kubeletQps: 0}\n  timings:\n"
                  "    apiWrite: {empirical: " API_WRITE "}\n"
                  "    answer: " WATCH "\n"
                  "    watchController: " WATCH "\n"
                  "    watchScheduler: " WATCH "\n"
                  "    watchKubelet: " WATCH "\n"
                  "    watchEndpoints: " WATCH "\n"
                  "    sliceWrite: {empirical: " API_WRITE "}\n"
                  "    kubeletWrite: {empirical: " READY_WRITE "}\n"
                  "    watchProxy: " WATCH "\n"
                  "    operator: 0s\n");
    buf_printf(out, "    proxySync: %s\n    sandbox: {empirical: %s}\n",
               many ? PROXY_SYNC_1000 : PROXY_SYNC,
               many ? SANDBOX_1000 : SANDBOX);
    teardown(out, docs);
}

static void traffic(struct buf *out, const struct value *steps)
{
    const struct value *clients = value_get(steps, "clients");

    buf_puts(out, "traffic:\n");
    for (size_t i = 0; clients && i < clients->len; i++) {
        const struct value *c = clients->u.items[i];
        const char *node = value_text(value_get(c, "node"), "1");

        buf_printf(out, "  - name: c%s\n    to: service/web\n"
                        "    rate: %s/s\n    clients: {node: n%s-0, "
                        "keepAlive: %s, timeout: %sms, "
                        "connectTimeout: %sms}\n", node,
                   value_text(value_get(c, "rate"), "100"), node,
                   value_text(value_get(c, "keepAlive"), "false"),
                   value_text(value_get(c, "timeout_ms"), "3000"),
                   value_text(value_get(c, "timeout_ms"), "3000"));
    }
}

/* ---- steps ---------------------------------------------------------------------------- */

static void quoted_json(struct buf *out, const struct value *v)
{
    struct buf json = { 0 };

    value_canonical(&json, v);
    for (size_t i = 0; i < json.len; i++) {
        if (json.text[i] == '"' || json.text[i] == '\\')
            buf_putc(out, '\\');
        buf_putc(out, json.text[i]);
    }
    buf_free(&json);
}

/* Steps are sent one after the other, each after the answer to the one before
 * (recorded: 9 to 95 ms). */
#define STEP_TAKES_MS 40

static const char *step(struct buf *out, const struct value *v, double at,
                        const struct yaml_stream *docs)
{
    const struct value *apply = value_get(v, "apply");
    const char *target = value_text(value_get(v, "patch"), NULL);

    for (size_t i = 0; apply && i < apply->len; i++) {
        size_t k = (size_t)atoi(value_text(apply->u.items[i], "0"));

        if (k >= docs->docs.len)
            return "a step names a document that is not there";
        buf_printf(out, "  - at: %gms\n    kubectl: \"apply -f -\"\n"
                        "    stdin: |\n      ", at);
        value_canonical(out, docs->docs.items[k].root);
        buf_putc(out, '\n');
    }
    if (target) {
        buf_printf(out, "  - at: %gms\n    kubectl: 'patch %s -p \"", at,
                   target);
        quoted_json(out, value_get(v, "body"));
        buf_puts(out, "\"'\n");
    }
    return apply || target ? NULL : "a step that is not known here";
}

static const char *steps_and_setup(struct buf *out, const struct value *steps,
                                   const struct yaml_stream *docs)
{
    const struct value *list = value_get(steps, "steps");
    const struct value *setup = value_get(steps, "setup");
    double at = -STEP_TAKES_MS;
    const char *why = NULL;

    buf_puts(out, "actions:\n");
    for (size_t i = 0; list && i < list->len && !why; i++) {
        const struct value *v = list->u.items[i];

        at = fmax(strtod(value_text(value_get(v, "at_ms"), "0"), NULL),
                  at + STEP_TAKES_MS);
        why = step(out, v, at, docs);
    }
    for (size_t i = 0; setup && i < setup->len && !why; i++) {
        size_t k = (size_t)atoi(value_text(setup->u.items[i], "0"));

        if (k >= docs->docs.len)
            return "set-up names a document that is not there";
        buf_puts(out, "---\n");
        value_canonical(out, docs->docs.items[k].root);
        buf_putc(out, '\n');
    }
    return why;
}

const char *requests_convert(struct arena *a, const char *folder,
                             const char *name, const char *path)
{
    struct yaml_stream docs = { 0 }, steps = { 0 };
    struct recorded r;
    struct err_list errors;
    struct buf out = { 0 };
    const char *why;
    FILE *f;

    err_init(&errors, a);
    if (!requests_recorded(a, folder, &r) ||
        yaml_load_file(a, arena_printf(a, "%s/input.yaml", folder), true,
                       NULL, &docs, &errors) != SIM_OK ||
        yaml_load_file(a, arena_printf(a, "%s/steps.yaml", folder), true,
                       NULL, &steps, &errors) != SIM_OK)
        return "the case cannot be read";
    buf_printf(&out, "# %s: recorded with real requests\n"
                     "apiVersion: rollsim/v1\nkind: Scenario\n"
                     "metadata: {name: %s}\n"
                     "run: {warmup: %ds, duration: %.3fs, seed: 1}\n",
               name, name, WARMUP_S, r.seconds);
    cluster(&out, name, steps.docs.items[0].root, &docs);
    images(a, &out, &docs);
    traffic(&out, steps.docs.items[0].root);
    why = steps_and_setup(&out, steps.docs.items[0].root, &docs);
    f = why ? NULL : fopen(path, "w");
    if (!why && (!f || fwrite(out.text, 1, out.len, f) != out.len))
        why = "the scenario cannot be written";
    if (f && fclose(f) != 0)
        why = "the scenario cannot be written";
    buf_free(&out);
    return why;
}
