/*
 * cases_releases.c - closed forms of releases: who meets the new version, what
 * fails because of it, how long it takes and what it costs.
 *
 * Ten pods under the profile exact, each ready 4 s after its creation; requests
 * are Poisson.  The release is at 10 s, so users go over from 14 s on.
 */
#include <math.h>
#include <stdio.h>

#include "cases.h"
#include "rehearsal.h"

#define N 10
#define START 4.0
#define AT 10.0
#define RATE 50.0
#define RUNS 60

static const char text_of_release[] =
    "kind: Scenario\n"
    "run: {duration: %gs, warmup: 10s, replications: 1}\n"
    "cluster: {profile: exact, nodes: [{name: n, count: 4, cpu: 64, memory: "
    "256Gi}]}\n"
    "images:\n"
    "  app: {startup: 4s, service: 1ms, %s}\n"
    "  app:2: {errorRate: %g}\n"
    "traffic: [{to: service/web, rate: 50/s, clients: {%s}}]\n"
    "release: {at: 10s, workload: deployment/web, images: {c: \"app:2\"}}\n"
    "actions: [{at: %s, kubectl: \"rollout undo deployment/web\"}]\n"
    "strategies: [{name: it, %s}]\n"
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
    "  replicas: 10\n"
    "  selector: {matchLabels: {app: web}}\n"
    "  template:\n"
    "    metadata: {labels: {app: web}}\n"
    "    spec:\n"
    "      containers:\n"
    "        - name: c\n"
    "          image: app:1\n"
    "          readinessProbe: {httpGet: {port: 80}, periodSeconds: 1}\n"
    "          lifecycle: {preStop: {sleep: {seconds: 2}}}\n";

struct setting {
    double duration;            /* s */
    const char *strategy, *image, *clients, *undo;      /* NULL: nothing */
    double bad;                 /* rate of errors of the new version */
};

static void read_setting(struct rehearsal *x, struct setting s)
{
    char text[3000];

    snprintf(text, sizeof(text), text_of_release, s.duration,
             s.image ? s.image : "concurrency: 32", s.bad,
             s.clients ? s.clients : "timeout: 2s", s.undo ? s.undo : "never",
             s.strategy);
    rehearsal_read(x, text);
}

/* A metric of RUNS replications. */
static void values(struct setting s, enum metric metric, double out[RUNS])
{
    struct rehearsal x;

    read_setting(&x, s);
    for (uint32_t k = 0; k < RUNS; k++) {
        rehearse(&x, k);
        out[k] = x.metrics[metric];
    }
    rehearsal_end(&x);
}

/* Linear p % every t: weights p, 2p, ..., 100 - p, each for t. */
static void run_linear(struct report *r)
{
    static const int steps[] = { 10, 20, 25, 50 };
    static double x[RUNS];

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        double p = steps[i] / 100., length = 60 * (1 / p - 1);
        struct arena *a = arena_new();
        struct setting s = {
            .duration = AT + START + length, .strategy = arena_printf(
                a, "codeDeploy: {timeBasedLinear: {linearPercentage: %d, "
                "linearInterval: 1}, terminationWaitTimeInMinutes: 0}",
                steps[i]) };

        values(s, METRIC_EXPOSED_REQUESTS, x);
        /* lambda t sum of w: on average a half of those meanwhile. */
        expect_mean(r, "exposed until the last step", RATE * length / 2, x,
                    RUNS, 0.001);
        s.duration += 60;
        values(s, METRIC_MIXED_SECONDS, x);
        expect_exact(r, "length, s", length, x[0], 0.05);
        arena_free(a);
    }
}

/* Of n requests at weight w those of the canary are binomial: the square of
 * the standard score has mean 1. */
static void run_binomial(struct report *r)
{
    static const double weights[] = { 0.05, 0.2, 0.5 };
    static double z[RUNS], zz[RUNS];

    for (size_t i = 0; i < COUNT_OF(weights); i++) {
        double w = weights[i];
        struct arena *a = arena_new();
        struct rehearsal x;

        read_setting(&x, (struct setting){
            .duration = 500, .strategy = arena_printf(
                a, "canary: {steps: [{setWeight: %g}, {pause: {}}]}",
                100 * w) });
        for (uint32_t k = 0; k < RUNS; k++) {
            double n;

            rehearse(&x, k);
            n = x.metrics[METRIC_REQUESTS] * (500 - AT - START) / 500;
            z[k] = (x.metrics[METRIC_EXPOSED_REQUESTS] - n * w) /
                   sqrt(n * w * (1 - w));
            zz[k] = z[k] * z[k];
        }
        expect_mean(r, "standard score", 0, z, RUNS, 0);
        /* n is that of the whole run scaled: a little more varies. */
        expect_mean(r, "its square", 1 + w / (1 - w) * 14. / 500, zz, RUNS, 0);
        rehearsal_end(&x);
        arena_free(a);
    }
}

/* A user fails if all r + 1 tries do: q^(r + 1). */
static void run_retries(struct report *r)
{
    static double x[RUNS];

    for (int retries = 0; retries <= 2; retries++) {
        char clients[80];
        double expected = pow(0.3, retries + 1);
        struct rehearsal run;

        snprintf(clients, sizeof(clients), "timeout: 2s, retries: %d, "
                 "backoff: 10ms", retries);
        read_setting(&run, (struct setting){
            .duration = 300, .strategy = "recreate: {}", .clients = clients,
            .image = "errorRate: 30%", .bad = 0.3, .undo = NULL });
        for (uint32_t k = 0; k < RUNS; k++) {
            rehearse(&run, k);
            /* The release's own failures are not errors. */
            x[k] = run.metrics[METRIC_FAILED_ERROR] /
                   (run.metrics[METRIC_REQUESTS] -
                    run.metrics[METRIC_FAILED_REQUESTS] +
                    run.metrics[METRIC_FAILED_ERROR]);
        }
        expect_mean(r, "users whose tries all fail", expected, x, RUNS, 0);
        rehearsal_end(&run);
    }
}

/* Twice the pods from preview to scale-down: N for start-up, delay and end. */
static void run_two_fleets(struct report *r)
{
    static const int delays[] = { 30, 120 };

    for (size_t i = 0; i < COUNT_OF(delays); i++) {
        char strategy[120];
        struct rehearsal x;

        snprintf(strategy, sizeof(strategy), "blueGreen: "
                 "{autoPromotionSeconds: 20, scaleDownDelaySeconds: %d}",
                 delays[i]);
        read_setting(&x, (struct setting){ .duration = 300,
                                           .strategy = strategy });
        rehearse(&x, 0);
        expect_exact(r, "extra pod seconds", N * (START + 20 + delays[i] + 2),
                     x.metrics[METRIC_EXTRA_POD_SECONDS], 3);
        expect_exact(r, "pods at once", 2 * N, x.metrics[METRIC_PEAK_PODS], 0);
        rehearsal_end(&x);
    }
}

/* lambda q (detection + propagation) at blue/green; lambda w q of a canary. */
static void run_excess(struct report *r)
{
    static double x[RUNS];

    values((struct setting){ .duration = 200, .bad = 0.1, .undo = "100s",
                             .strategy = "blueGreen: {scaleDownDelaySeconds: "
                                         "500}" },
           METRIC_BAD_ANSWERS, x);
    expect_mean(r, "blue/green: undone after 86 s", RATE * 0.1 * 86, x, RUNS,
                0.002);
    values((struct setting){ .duration = 200, .bad = 0.1, .undo = "100s",
                             .strategy = "canary: {steps: [{setWeight: 20}, "
                                         "{pause: {}}]}" },
           METRIC_BAD_ANSWERS, x);
    expect_mean(r, "canary of 20 %", RATE * 0.2 * 0.1 * 86, x, RUNS, 0.002);
}

/* ceil(N/S) rounds of start-up and minReadySeconds. */
static void run_rounds(struct report *r)
{
    static const int surges[] = { 1, 2, 3, 4, 10 };

    for (size_t i = 0; i < COUNT_OF(surges); i++) {
        char strategy[120];
        struct rehearsal x;

        snprintf(strategy, sizeof(strategy), "rollingUpdate: {maxSurge: %d, "
                 "maxUnavailable: 0, minReadySeconds: 5}", surges[i]);
        read_setting(&x, (struct setting){ .duration = 300,
                                           .strategy = strategy });
        rehearse(&x, 0);
        expect_exact(r, "duration, s", ceil((double)N / surges[i]) *
                     (START + 5), x.metrics[METRIC_ROLLOUT_SECONDS], 0.3);
        expect_true(r, "capacity is never lowered",
                    x.metrics[METRIC_CAPACITY_DIP] >= 1);
        rehearsal_end(&x);
    }
}

#define DELIVERY "progressive-delivery 8.4"

const struct theory_case cases_releases[] = {
    { "D1", "linear p % every minute", DELIVERY, run_linear },
    { "D2", "binomial weights", DELIVERY, run_binomial },
    { "D3", "r retries of independent failures", DELIVERY, run_retries },
    { "D4", "blue/green: two fleets", DELIVERY, run_two_fleets },
    { "D5", "excess failures of a bad version", DELIVERY, run_excess },
    { "D6", "rounds of a rolling update", DELIVERY, run_rounds },
    { 0 }
};
