/*
 * cases_scenarios.c - closed forms of whole scenarios: R1 to R8, R11 to R13, P8
 * to P11.
 *
 * The text of each is read and run as the program would.  Under the profile
 * exact a step of the control plane takes some milliseconds, which the closed
 * forms leave out: that is what tolerances and slack are for.
 */
#include "cases.h"
#include "rehearsal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "models/autoscale.h"
#include "models/deployment.h"
#include "models/world.h"

#define RUNS_MOST 400

/* ---- running --------------------------------------------------------------- */

static double seconds(const struct rehearsal *r, sim_time t)
{
    return (double)(t - r->w->spec->warmup) / 1e9;
}

/* When the last pod came to this state, or the first (`first`); NAN: never. */
static double pod_time(const struct rehearsal *r, const char *state,
                       bool first)
{
    double t = NAN;

    for (size_t i = 0; i < r->w->record.pods.len; i++) {
        const struct pod_row *p = &r->w->record.pods.items[i];

        if (strcmp(p->state, state) != 0)
            continue;
        t = seconds(r, p->at);
        if (first)
            break;
    }
    return t;
}

/* When the first event with this reason was recorded. */
static double event_time(const struct rehearsal *r, const char *reason)
{
    for (size_t i = 0; i < r->w->record.events.len; i++)
        if (strcmp(r->w->record.events.items[i].reason, reason) == 0)
            return seconds(r, r->w->record.events.items[i].at);
    return NAN;
}

/* spec.replicas of the ReplicaSet of a revision. */
static int size_of(const struct rehearsal *r, int64_t revision)
{
    for (size_t i = 0; i < api_count(r->w->api, KIND_REPLICASET); i++) {
        const struct replicaset *s =
            replicaset_seen(api_at(r->w->api, KIND_REPLICASET, i));

        if (s->revision == revision)
            return s->replicas;
    }
    return -1;
}

/* ---- rollouts -------------------------------------------------------------- */

/* A Deployment of n pods whose second version needs `start`; limits: fields of
 * rollingUpdate, e.g. "maxSurge: 1"; more: sections of the Scenario. */
static const char *rollout_text(struct arena *a, int n, const char *limits,
                                const char *start, const char *more)
{
    return arena_printf(a,
        "kind: Scenario\n"
        "run: {duration: 20m, warmup: 10s, replications: 1}\n"
        "cluster: {profile: exact, limits: {controllerQps: 0, schedulerQps: "
        "0, kubeletQps: 0}, nodes: [{name: n, count: 2, cpu: 1000, memory: "
        "4Ti, pods: 1000}]}\n"
        "images:\n"
        "  app: {readiness: {after: 0s}, shutdown: {mode: ignore, time: 0s}}\n"
        "  app:2: {readiness: %s}\n"
        "release: {at: 60s, workload: deployment/web, images: {c: \"app:2\"}}\n"
        "%s---\n"
        "apiVersion: apps/v1\n"
        "kind: Deployment\n"
        "metadata: {name: web}\n"
        "spec:\n"
        "  replicas: %d\n"
        "  strategy: {rollingUpdate: {%s}}\n"
        "  selector: {matchLabels: {app: web}}\n"
        "  template:\n"
        "    metadata: {labels: {app: web}}\n"
        "    spec: {containers: [{name: c, image: \"app:1\"}]}\n",
        start, more, n, limits);
}

static void rollout_read(struct rehearsal *r, int n, const char *limits,
                         const char *start, const char *more)
{
    struct arena *a = arena_new();

    rehearsal_read(r, rollout_text(a, n, limits, start, more));
    arena_free(a);
}

static void run_r1(struct report *r)
{
    static const int rows[][3] = { { 1, 1, 0 }, { 3, 1, 0 }, { 5, 2, 1 },
                                   { 7, 2, 1 }, { 10, 3, 2 }, { 11, 3, 2 } };
    struct int_or_percent quarter = { .percent = true, .value = 25 };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fenceposts f = fenceposts_resolve(quarter, quarter,
                                                 rows[i][0]);

        expect_exact(r, "surge", rows[i][1], f.surge, 0);
        expect_exact(r, "unavailable", rows[i][2], f.unavailable, 0);
    }
    expect_exact(r, "unavailable of 3, both 0", 1,
                 fenceposts_resolve((struct int_or_percent){ 0 },
                                    (struct int_or_percent){ 0 },
                                    3).unavailable, 0);
}

static void run_r2(struct report *r)
{
    static const int waves[] = { 1, 2, 3, 2, 2, 2, 3, 2, 2, 2, 3 };

    for (int n = 1; n <= 12; n++) {
        int pods = n == 12 ? 100 : n;
        int k = n == 12 ? 2 : waves[n - 1];
        struct rehearsal x;

        rollout_read(&x, pods, "", "{after: 20s}", "");
        rehearse(&x, 0);
        expect_exact(r, "makespan, in S", k,
                     x.metrics[METRIC_ROLLOUT_SECONDS] / 20, 0.02 * k);
        rehearsal_end(&x);
    }
}

/* The fewest ready and the most active pods since the release. */
static void bounds(const struct rehearsal *r, int *least, int *most)
{
    *least = 1000000;
    *most = 0;
    for (size_t i = 0; i < r->w->record.timeline.len; i++) {
        const struct timeline_row *t = &r->w->record.timeline.items[i];

        if (strcmp(t->kind, "Deployment") != 0 || seconds(r, t->at) < 60)
            continue;
        *least = t->ready < *least ? t->ready : *least;
        *most = t->pods > *most ? t->pods : *most;
    }
}

static void run_r3(struct report *r)
{
    for (int i = 0; i < 2; i++) {
        int n = i ? 100 : 10, least, most;
        struct rehearsal x;

        rollout_read(&x, n, "", "{after: 20s}", "");
        rehearse(&x, 0);
        bounds(&x, &least, &most);
        expect_exact(r, "fewest ready", i ? 75 : 8, least, 0);
        expect_exact(r, "most pods", i ? 125 : 13, most, 0);
        rehearsal_end(&x);
    }
}

/* The sizes in the events of scaling, in order: "new 3, old 8, ..." */
static void scalings(struct report *r, int n, const char *const *want,
                     size_t len)
{
    struct rehearsal x;
    size_t k = 0;

    rollout_read(&x, n, "", "{after: 20s}", "");
    rehearse(&x, 0);
    for (size_t i = 0; i < x.w->record.events.len; i++) {
        const struct event_row *e = &x.w->record.events.items[i];
        char word[32];

        if (strcmp(e->reason, "ScalingReplicaSet") != 0 ||
            seconds(&x, e->at) < 60)
            continue;
        snprintf(word, sizeof(word), "%s %s",
                 strstr(e->message, "up") ? "new" : "old",
                 strrchr(e->message, ' ') + 1);
        expect_true(r, k < len ? want[k] : "nothing more",
                    k < len && strcmp(word, want[k]) == 0);
        k++;
    }
    expect_exact(r, "events", (double)len, (double)k, 0);
    rehearsal_end(&x);
}

static void run_r4(struct report *r)
{
    static const char *const want[] = { "new 1", "old 2", "new 2", "old 1",
                                        "new 3", "old 0" };

    scalings(r, 3, want, COUNT_OF(want));
}

/* The pods of a wave are Ready within milliseconds, not at once, so that it
 * may come in pieces: here are the ends of each. */
static void run_r5(struct report *r)
{
    static const int waves[][2] = { { 5, 8 }, { 10, 3 }, { 10, 0 } };
    struct rehearsal x;

    rollout_read(&x, 10, "", "{after: 20s}", "");
    x.w = world_new(x.run, x.scenario.variants[0].spec, NULL, 0, true);
    for (size_t i = 0; i < COUNT_OF(waves); i++) {
        sim_run(x.w->sim, (sim_time)(10 + 60 + 20 * (int)i + 1) * SIM_S);
        expect_exact(r, "new", waves[i][0], size_of(&x, 2), 0);
        expect_exact(r, "old", waves[i][1], size_of(&x, 1), 0);
    }
    rehearsal_end(&x);
}

static void run_r6(struct report *r)
{
    for (int i = 0; i < 2; i++) {
        struct rehearsal x;

        rollout_read(&x, i ? 3 : 10, i ? "" : "maxSurge: 3, maxUnavailable: 2",
                     "never", "");
        rehearse(&x, 0);
        expect_exact(r, "new", i ? 1 : 5, size_of(&x, 2), 0);
        expect_exact(r, "old", i ? 3 : 8, size_of(&x, 1), 0);
        rehearsal_end(&x);
    }
}

static void run_r7(struct report *r)
{
    struct rehearsal x;

    rollout_read(&x, 10, "maxSurge: 3, maxUnavailable: 2", "never",
                 "actions: [{at: 200s, kubectl: \"scale deployment/web "
                 "--replicas=15\"}]\n");
    rehearse(&x, 0);
    expect_exact(r, "new", 7, size_of(&x, 2), 0);
    expect_exact(r, "old", 11, size_of(&x, 1), 0);
    rehearsal_end(&x);
}

static void run_r8(struct report *r)
{
    static const struct {
        int n;
        const char *limits;
        double mean;
    } rows[] = {
        { 10, "maxSurge: 3, maxUnavailable: 2", 65.667 },
        { 10, "maxSurge: 1, maxUnavailable: 0", 200 },
        { 100, "maxSurge: 25, maxUnavailable: 25", 109.984 },
    };
    static double done[150];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rehearsal x;

        rollout_read(&x, rows[i].n, rows[i].limits,
                     "{after: {exponential: {mean: 20s}}}", "");
        for (uint32_t k = 0; k < COUNT_OF(done); k++) {
            rehearse(&x, k);
            done[k] = x.metrics[METRIC_ROLLOUT_SECONDS];
        }
        expect_mean(r, "makespan, s", rows[i].mean, done, COUNT_OF(done),
                    0.002);
        rehearsal_end(&x);
    }
}

/* ---- canaries --------------------------------------------------------------- */

/* Served by the new version are 200/s by weight, once it is there. */
static const char canary[] =
    "kind: Scenario\n"
    "run: {duration: 960s, warmup: 10s, replications: 1}\n"
    "cluster: {profile: exact, nodes: [{name: n, count: 4, cpu: 64, memory: "
    "256Gi}]}\n"
    "images:\n"
    "  app: {service: 1ms}\n"
    "  app:2: {errorRate: 2%%}\n"
    "traffic: [{to: service/web, rate: 200/s}]\n"
    "release: {at: 60s, workload: deployment/web, images: {c: \"app:2\"}}\n"
    "strategies:\n"
    "  - name: canary\n"
    "    canary: %s\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web}\n"
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n"
    "---\n"
    "apiVersion: apps/v1\n"
    "kind: Deployment\n"
    "metadata: {name: web}\n"
    "spec:\n"
    "  replicas: %d\n"
    "  selector: {matchLabels: {app: web}}\n"
    "  template:\n"
    "    metadata: {labels: {app: web}}\n"
    "    spec: {containers: [{name: c, image: \"app:1\"}]}\n";

static void canary_read(struct rehearsal *x, const char *how, int n)
{
    char text[2000];

    snprintf(text, sizeof(text), canary, how, n);
    rehearsal_read(x, text);
}

static void run_r11(struct report *r)
{
    double exposed[10], errors[10];
    struct rehearsal x;

    canary_read(&x, "{steps: [{setWeight: 5}, {pause: {duration: 300s}}, "
                "{setWeight: 25}, {pause: {duration: 300s}}, "
                "{setWeight: 50}, {pause: {}}]}", 20);
    for (uint32_t k = 0; k < COUNT_OF(exposed); k++) {
        rehearse(&x, k);
        exposed[k] = x.metrics[METRIC_EXPOSED_REQUESTS];
        errors[k] = x.metrics[METRIC_FAILED_ERROR];
    }
    expect_mean(r, "requests served by v2", 48000, exposed, COUNT_OF(exposed),
                0.002);
    expect_mean(r, "errors of a 2 % fault", 960, errors, COUNT_OF(errors),
                0.002);
    rehearsal_end(&x);
}

static void run_r12(struct report *r)
{
    static const struct {
        int n;
        double share;
    } rows[] = { { 5, 0.2 }, { 10, 0.1 }, { 20, 0.05 } };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rehearsal x;
        double share[10];

        canary_read(&x, "{by: pods, maxSurge: 0, maxUnavailable: 1, steps: "
                    "[{setWeight: 5}, {pause: {}}]}", rows[i].n);
        for (uint32_t k = 0; k < COUNT_OF(share); k++) {
            rehearse(&x, k);
            share[k] = x.metrics[METRIC_EXPOSED_REQUESTS] / (900 * 200.0);
        }
        expect_mean(r, "share of one pod", rows[i].share, share,
                    COUNT_OF(share), 0.002);
        rehearsal_end(&x);
    }
}

/* ---- StatefulSets ------------------------------------------------------------ */

static const char stateful[] =
    "kind: Scenario\n"
    "run: {duration: 20m, warmup: 0s, replications: 1}\n"
    "cluster: {profile: exact}\n"
    "images: {app: {readiness: {after: {exponential: {mean: 20s}}}}}\n"
    "---\n"
    "apiVersion: apps/v1\n"
    "kind: StatefulSet\n"
    "metadata: {name: web}\n"
    "spec:\n"
    "  replicas: 3\n"
    "  serviceName: web\n"
    "  podManagementPolicy: %s\n"
    "  selector: {matchLabels: {app: web}}\n"
    "  template:\n"
    "    metadata: {labels: {app: web}}\n"
    "    spec: {containers: [{name: c, image: \"app:1\"}]}\n";

static void run_r13(struct report *r)
{
    static double done[RUNS_MOST];

    for (int parallel = 0; parallel < 2; parallel++) {
        struct rehearsal x;
        char text[2000];

        snprintf(text, sizeof(text), stateful, parallel ? "Parallel"
                                                        : "OrderedReady");
        rehearsal_read(&x, text);
        for (uint32_t k = 0; k < RUNS_MOST; k++) {
            rehearse(&x, k);
            done[k] = pod_time(&x, "Ready", false);
        }
        expect_mean(r, parallel ? "Parallel, s" : "OrderedReady, s",
                    parallel ? 36.667 : 60, done, RUNS_MOST, 0.001);
        rehearsal_end(&x);
    }
}

/* ---- a node, a leader --------------------------------------------------------- */

/* %s: the version; the node that has the pod of two fails at 600 s. */
static const char node_lost[] =
    "kind: Scenario\n"
    "run: {duration: 1000s, warmup: 0s, replications: 1}\n"
    "cluster:\n"
    "  profile: exact\n"
    "  kubernetes: \"%s\"\n"
    "  nodes: [{name: n, count: 3}]\n"
    "  timings: {leasePhase: {uniform: [0s, 10s]}, nodeMonitorPhase: "
    "{uniform: [0s, 5s]}}\n"
    "images: {app: {readiness: {after: 0s}}}\n"
    "faults: [{at: 600s, for: never, fail: node/n-0}]\n"
    "---\n"
    "apiVersion: apps/v1\n"
    "kind: Deployment\n"
    "metadata: {name: web}\n"
    "spec:\n"
    "  selector: {matchLabels: {app: web}}\n"
    "  template:\n"
    "    metadata: {labels: {app: web}}\n"
    "    spec:\n"
    "      nodeSelector: {kubernetes.io/hostname: n-0}\n"
    "      containers: [{name: c, image: \"app:1\"}]\n";

/* 1.20 taints one pass after it has found the node silent (recordings): there
 * 300 s are added to the moment of that. */
static void run_p8(struct report *r)
{
    static double evicted[RUNS_MOST];

    for (int old = 0; old < 2; old++) {
        double low = INFINITY, high = 0, mean = old ? 337.5 : 347.5;
        struct rehearsal x;
        char text[2000];

        snprintf(text, sizeof(text), node_lost, old ? "1.20" : "1.36");
        rehearsal_read(&x, text);
        for (uint32_t k = 0; k < RUNS_MOST; k++) {
            rehearse(&x, k);
            evicted[k] = old ? pod_time(&x, "NotReady", true) - 300
                             : pod_time(&x, "Terminating", true) - 600;
            low = fmin(low, evicted[k]);
            high = fmax(high, evicted[k]);
        }
        expect_mean(r, old ? "grace 40 s: evicted, s"
                           : "grace 50 s: evicted, s", mean, evicted,
                    RUNS_MOST, 0.0001);
        expect_true(r, "within the range", low >= mean - 7.5 &&
                    high <= mean + 7.5 + 0.1);
        rehearsal_end(&x);
    }
}

static const char leader_lost[] =
    "kind: Scenario\n"
    "run: {duration: 60s, warmup: 0s, replications: 1}\n"
    "cluster: {profile: exact, controlPlane: {replicas: 2, leaseDuration: "
    "15s}}\n"
    "images: {app: {readiness: {after: 0s}}}\n"
    "faults: [{at: 20s, for: never, stop: kube-controller-manager}]\n"
    "---\n"
    "apiVersion: apps/v1\n"
    "kind: Deployment\n"
    "metadata: {name: web}\n"
    "spec:\n"
    "  selector: {matchLabels: {app: web}}\n"
    "  template:\n"
    "    metadata: {labels: {app: web}}\n"
    "    spec: {containers: [{name: c, image: \"app:1\"}]}\n";

static void run_p9(struct report *r)
{
    static double over[RUNS_MOST];
    double low = INFINITY, high = 0;
    struct rehearsal x;

    rehearsal_read(&x, leader_lost);
    for (uint32_t k = 0; k < RUNS_MOST; k++) {
        rehearse(&x, k);
        over[k] = event_time(&x, "LeaderElection") - 20;
        low = fmin(low, over[k]);
        high = fmax(high, over[k]);
    }
    expect_mean(r, "failover, s", 16, over, RUNS_MOST, 0);
    expect_true(r, "within 14 to 18 s", low >= 14 && high <= 18);
    rehearsal_end(&x);
}

/* ---- autoscalers, work queues -------------------------------------------------- */

/* 4 pods that request 100 and use this percentage of it. */
static int proposal(int usage, bool distance)
{
    struct hpa_target target = { .cpu = true, .utilization = 50 };
    struct hpa_tolerance tenth = { 0.1, 0.1, distance };
    sim_time now = 1000 * SIM_S;
    struct hpa_pod pods[4];

    for (int i = 0; i < 4; i++)
        pods[i] = (struct hpa_pod){
            .phase = POD_RUNNING, .has_ready = true, .ready = true,
            .request = 100, .sampled = true, .usage = usage, .taken = now,
            .window = 30 * SIM_S,
        };
    return hpa_pods_proposal(pods, 4, 4, &target, tenth, &hpa_default_periods,
                             now).replicas;
}

/* 55 of 50: |1 - 1.1| is more than 0.1 in binary, which matters to 1.20. */
static void run_p10(struct report *r)
{
    static const int rows[][2] = { { 46, 4 }, { 54, 4 }, { 56, 5 },
                                   { 100, 8 }, { 200, 16 } };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (int old = 0; old < 2; old++)
            expect_exact(r, "replicas", rows[i][1],
                         proposal(rows[i][0], old), 0);
    expect_exact(r, "55 % of 50 %, 1.20", 5, proposal(55, true), 0);
    expect_exact(r, "55 % of 50 %, 1.36", 4, proposal(55, false), 0);
}

/* 1.20: later versions look at the pods of a Job once a second only. */
static const char work[] =
    "kind: Scenario\n"
    "run: {duration: 200s, warmup: 0s, replications: 1}\n"
    "cluster: {profile: exact, kubernetes: \"1.20\", limits: {controllerQps: "
    "0, kubeletQps: 0}}\n"
    "images: {app: {runs: {exponential: {mean: 2s}}}}\n"
    "---\n"
    "apiVersion: batch/v1\n"
    "kind: Job\n"
    "metadata: {name: work}\n"
    "spec:\n"
    "  completions: 100\n"
    "  parallelism: 4\n"
    "  template:\n"
    "    spec: {restartPolicy: Never, containers: [{name: c, image: "
    "\"app:1\"}]}\n";

static void run_p11(struct report *r)
{
    static double done[150];
    struct rehearsal x;

    rehearsal_read(&x, work);
    for (uint32_t k = 0; k < COUNT_OF(done); k++) {
        rehearse(&x, k);
        done[k] = pod_time(&x, "Succeeded", false);
    }
    expect_mean(r, "makespan, s", 52.167, done, COUNT_OF(done), 0.008);
    rehearsal_end(&x);
}

#define ROLLOUTS "validation-cases 5.4"
#define FAILURES "validation-cases 5.5"

const struct theory_case cases_scenarios[] = {
    { "R1", "limits of 25 %", ROLLOUTS, run_r1 },
    { "R2", "waves of n = 1 .. 11 and 100, constant start-up", ROLLOUTS,
      run_r2 },
    { "R3", "bounds during a rollout", ROLLOUTS, run_r3 },
    { "R4", "scaling events, n = 3", ROLLOUTS, run_r4 },
    { "R5", "scaling events, n = 10", ROLLOUTS, run_r5 },
    { "R6", "a stuck rollout", ROLLOUTS, run_r6 },
    { "R7", "the same, scaled from 10 to 15", ROLLOUTS, run_r7 },
    { "R8", "rolling update, exponential start-up", ROLLOUTS, run_r8 },
    { "R11", "canary of 5, 25, 50 % for 300 s each", ROLLOUTS, run_r11 },
    { "R12", "a canary of one pod among n", ROLLOUTS, run_r12 },
    { "R13", "StatefulSet of 3, exponential start-up", ROLLOUTS, run_r13 },
    { "P8", "a node is lost", FAILURES, run_p8 },
    { "P9", "another leader takes over", FAILURES, run_p9 },
    { "P10", "what an autoscaler proposes for 4 pods", FAILURES, run_p10 },
    { "P11", "100 tasks, 4 workers", FAILURES, run_p11 },
    { NULL, NULL, NULL, NULL },
};
