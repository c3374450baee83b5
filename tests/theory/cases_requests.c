/*
 * cases_requests.c - closed forms of the whole way of a request.
 *
 * A Service, its pods on nodes, kube-proxy, clients: everything as in a run of
 * a scenario, with all latencies 0 but the one that a case is about.  SQ: the
 * queueing answers again, now with pods as stations.  P: races at the end of a
 * pod.  R: what releases cost, through Deployment and ReplicaSet controllers.
 */
#include "cases.h"

#include <math.h>
#include <string.h>

#include "../models/toy_net.h"
#include "kernel/dist.h"

#define MOST_RUNS 200

/* ---- pods as stations --------------------------------------------------- */

struct station {
    double per_s;               /* arrivals */
    struct dist service;
    int servers, queue, pods;
    double warmup_s, length_s;
    int runs;
};

enum found { MEAN_MS, LOST, P99_MS, FOUND };

static void run_station(const struct station *s, double x[FOUND][MOST_RUNS])
{
    for (int i = 0; i < s->runs; i++) {
        struct behaviour *b;
        struct toy t;

        toy_open(&t, KUBE_1_36, 1, s->length_s);
        t.spec->warmup = toy_time(s->warmup_s);
        toy_clients(&t, s->per_s);
        b = toy_image(&t, "web:1");
        b->service = s->service;
        b->concurrency = s->servers;
        b->queue = s->queue;
        toy_start(&t, (uint32_t)i);
        for (int k = 0; k < s->pods; k++)
            toy_pod(&t, "web:1", 0);
        toy_end(&t);
        x[MEAN_MS][i] = toy_get(&t, METRIC_LATENCY_MEAN);
        x[P99_MS][i] = toy_get(&t, METRIC_LATENCY_P99);
        x[LOST][i] = toy_get(&t, METRIC_FAILED_OVERLOAD) /
                     (toy_get(&t, METRIC_REQUESTS) -
                      toy_get(&t, METRIC_IN_FLIGHT));
        toy_close(&t);
    }
}

static void mean_is(struct report *r, const char *what, double expected_ms,
                    struct station s)
{
    static double x[FOUND][MOST_RUNS];

    run_station(&s, x);
    expect_mean(r, what, expected_ms, x[MEAN_MS], (size_t)s.runs, 0);
}

static void loss_is(struct report *r, const char *what, double expected,
                    struct station s)
{
    static double x[FOUND][MOST_RUNS];

    run_station(&s, x);
    expect_mean(r, what, expected, x[LOST], (size_t)s.runs, 0);
}

#define NO_LIMIT 1000000000
#define STATION(rate, law, c, room, secs)                                     \
    ((struct station){ .per_s = (rate), .service = (law), .servers = (c),     \
                       .queue = (room), .pods = 1,                            \
                       .warmup_s = (secs) / 20, .length_s = (secs),           \
                       .runs = 20 })

/* Lognormal of a mean and a squared coefficient of variation. */
static struct dist lognormal(double mean, double scv)
{
    double variance = log(1 + scv);

    return (struct dist){ .law = DIST_LOGNORMAL, .b = sqrt(variance),
                          .a = log(mean) - variance / 2 };
}

static struct dist uniform(double a, double b)
{
    return (struct dist){ .law = DIST_UNIFORM, .a = a, .b = b };
}

static void run_sq1(struct report *r)
{
    mean_is(r, "W, ms", 10000,
            STATION(0.9, dist_exponential(1), 1, NO_LIMIT, 100000));
}

static void run_sq3(struct report *r)
{
    struct dist law = dist_exponential(0.1);

    mean_is(r, "c = 10: W, ms", 112.264, STATION(75, law, 10, NO_LIMIT, 1000));
    mean_is(r, "c = 9: W, ms", 133.943, STATION(75, law, 9, NO_LIMIT, 1000));
    mean_is(r, "c = 8: W, ms", 261.451, STATION(75, law, 8, NO_LIMIT, 4000));
    mean_is(r, "c = 13: W, ms", 100.900, STATION(75, law, 13, NO_LIMIT, 1000));
}

static void run_sq5(struct report *r)
{
    mean_is(r, "load 0.9, constant: W, ms", 5500,
            STATION(0.9, dist_constant(SIM_S), 1, NO_LIMIT, 50000));
    mean_is(r, "load 0.8, SCV 0.5: W, ms", 4000,
            STATION(0.8, lognormal(1, 0.5), 1, NO_LIMIT, 50000));
    mean_is(r, "load 0.5, SCV 4: W, ms", 3500,
            STATION(0.5, lognormal(1, 4), 1, NO_LIMIT, 50000));
    mean_is(r, "load 0.5, U(1, 2): W, ms", 3833.3,
            STATION(0.5, uniform(1, 2), 1, NO_LIMIT, 50000));
}

static void run_sq7(struct report *r)
{
    struct dist one = dist_exponential(1), tenth = dist_exponential(0.1);

    loss_is(r, "M/M/1/10, load 0.8: loss", 0.0234929,
            STATION(0.8, one, 1, 9, 20000));
    loss_is(r, "M/M/1/10, load 1.2: loss", 0.1925865,
            STATION(1.2, one, 1, 9, 20000));
    loss_is(r, "M/M/3/10: loss", 0.0390401, STATION(25, tenth, 3, 7, 1000));
    mean_is(r, "M/M/3/10: W, ms", 169.057, STATION(25, tenth, 3, 7, 1000));
    loss_is(r, "M/M/8/20: loss", 0.0357160, STATION(75, tenth, 8, 12, 1000));
    loss_is(r, "Erlang B, c = 10, a = 7.5", 0.0995437,
            STATION(7.5, one, 10, 0, 2000));
}

/* Ten pods, balanced at random: each is M/G/1 with a tenth of the rate.
 * Lognormal, mean 5 ms, sigma 1, load 0.7: W by Pollaczek and Khinchine. */
static void run_balanced(struct report *r)
{
    struct station s = STATION(1400, lognormal(0.005, exp(1) - 1), 1, NO_LIMIT,
                               40);

    s.pods = 10;
    mean_is(r, "10 pods at random: W, ms", 20.857, s);
}

/* ---- the race at the end of a pod --------------------------------------- */

/* Requests lost per removed pod: lambda 200/s, m = 5 endpoints, rules change
 * after a draw of `law`, preStop sleeps for p s, the process ends at once. */
#define REMOVALS 20             /* in a run */
#define APART 15.0              /* s */

static double lost_per_pod(struct dist law, double pre_stop_s, double rate,
                           size_t pods, uint32_t replication)
{
    struct pod_template *template;
    struct container *c;
    object_uid first;
    struct toy t;
    double lost;

    toy_open(&t, KUBE_1_20, 1, REMOVALS * APART + 20);
    toy_clients(&t, rate)->clients.timeout = SIM_S;
    t.spec->cluster.timings.dist[TIMING_PROXY_SYNC] = law;
    t.spec->warmup = toy_time(5);
    t.spec->cluster.source_ports = 1000000000;
    toy_image(&t, "web:1")->service = dist_constant(0);
    toy_image(&t, "web:1")->shutdown = SHUTDOWN_IMMEDIATE;
    toy_start(&t, replication);
    template = (struct pod_template *)toy_template(&t, "web", "web:1");
    c = (struct container *)template->spec->containers;
    if (pre_stop_s > 0)
        c->pre_stop = (struct hook){ HOOK_SLEEP, toy_time(pre_stop_s) };
    first = t.w->last_uid + 1;
    for (size_t i = 0; i < pods; i++)
        toy_pod_of(&t, template, 0);
    for (int i = 0; i < REMOVALS; i++) {
        toy_run(&t, 20 + APART * i);
        while (!api_get(t.w->api, first) ||
               api_get(t.w->api, first)->kind != KIND_POD)
            first++;
        toy_delete(&t, first++, -1);
        toy_run(&t, 20 + APART * i + 6);
        toy_pod_of(&t, template, 0);
    }
    toy_end(&t);
    lost = toy_get(&t, METRIC_FAILED_REQUESTS);
    toy_close(&t);
    return lost / REMOVALS;
}

static void lost_is(struct report *r, const char *what, double expected,
                    struct dist law, double pre_stop_s, double rate,
                    size_t pods)
{
    double x[60];

    for (uint32_t i = 0; i < 60; i++)
        x[i] = lost_per_pod(law, pre_stop_s, rate, pods, i);
    expect_mean(r, what, expected, x, 60, 0);
}

static void run_p4(struct report *r)
{
    lost_is(r, "no preStop: lost", 40, dist_exponential(1), 0, 200, 5);
    lost_is(r, "preStop 1 s: lost", 14.72, dist_exponential(1), 1, 200, 5);
    lost_is(r, "preStop 2 s: lost", 5.41, dist_exponential(1), 2, 200, 5);
    lost_is(r, "preStop 5 s: lost", 0.270, dist_exponential(1), 5, 200, 5);
}

static void run_p5(struct report *r)
{
    lost_is(r, "lost per pod", 37.5, uniform(0, 3), 0, 100, 4);
}

/* How long a pod goes on serving after its deletion. */
static double drain_of(double pre_stop_s, int grace_s)
{
    struct pod_template *template;
    struct container *c;
    const struct process *p;
    object_uid pod;
    struct toy t;
    double told;

    toy_open(&t, KUBE_1_36, 1, 200);
    toy_image(&t, "web:1")->shutdown = SHUTDOWN_IMMEDIATE;
    toy_start(&t, 0);
    template = (struct pod_template *)toy_template(&t, "web", "web:1");
    c = (struct container *)template->spec->containers;
    c->pre_stop = (struct hook){ HOOK_SLEEP, toy_time(pre_stop_s) };
    pod = toy_pod_of(&t, template, 0);
    toy_run(&t, 10);
    p = process_of(t.w, pod, 0);
    toy_delete(&t, pod, grace_s);
    toy_end(&t);
    told = (double)p->told / 1e9 - 10;
    toy_close(&t);
    return told;
}

static void run_p6(struct report *r)
{
    expect_exact(r, "preStop 10, grace 30", 10, drain_of(10, 30), 1e-9);
    expect_exact(r, "preStop 40, grace 30", 30, drain_of(40, 30), 1e-9);
    expect_exact(r, "preStop 40, grace 50", 40, drain_of(40, 50), 1e-9);
}

/* ---- releases ----------------------------------------------------------- */

struct release {
    int n;
    enum deployment_strategy strategy;
    struct int_or_percent surge, unavailable;
    struct dist start;          /* creation to Ready */
    double termination_s, rate, length_s;
};

/* Old pods stop serving when they are told to, and take so long to end. */
static void run_release(const struct release *x, uint32_t replication,
                        double out[METRIC_COUNT])
{
    const char *images[] = { "web:1", "web:2" };
    object_uid d;
    struct toy t;

    toy_open(&t, KUBE_1_36, 3, x->length_s);
    t.spec->warmup = toy_time(200);
    toy_clients(&t, x->rate);
    for (int i = 0; i < 2; i++) {
        struct behaviour *b = toy_image(&t, images[i]);

        b->service = dist_constant(0);
        b->readiness.mode = READINESS_AFTER;
        b->readiness.after = i ? x->start : dist_constant(SIM_S);
        b->shutdown = SHUTDOWN_IMMEDIATE;
        b->shutdown_time = dist_constant(toy_time(x->termination_s));
        b->shutdown_time_set = true;
    }
    toy_start(&t, replication);
    d = toy_deploy(&t, images[0], x->n, x->strategy, x->surge,
                   x->unavailable);
    toy_run(&t, 200);
    toy_release(&t, d, images[1]);
    toy_end(&t);
    memcpy(out, t.metrics, sizeof(t.metrics));
    toy_close(&t);
}

static void run_r9(struct report *r)
{
    struct release x = { .n = 4, .strategy = STRATEGY_RECREATE,
                         .start = dist_exponential(20), .termination_s = 5,
                         .rate = 50, .length_s = 400 };
    double down[MOST_RUNS], full[MOST_RUNS], lost[MOST_RUNS];

    for (uint32_t i = 0; i < MOST_RUNS; i++) {
        double m[METRIC_COUNT];

        run_release(&x, i, m);
        down[i] = m[METRIC_DOWNTIME];
        full[i] = m[METRIC_ROLLOUT_SECONDS];
        lost[i] = m[METRIC_FAILED_REQUESTS];
    }
    expect_mean(r, "downtime, s", 10, down, MOST_RUNS, 0);
    expect_mean(r, "complete, s", 46.667, full, MOST_RUNS, 0);
    expect_mean(r, "lost", 500, lost, MOST_RUNS, 0);
}

#define PERCENT(x) { .percent = true, .value = (x) }
#define COUNT(x) { .value = (x) }

static const struct answer {
    const char *name;
    struct release release;
    double down, longest, done, dip, mixed, extra, old_gone, peak;
} answers[] = {
    { "Recreate",
      { .n = 10, .strategy = STRATEGY_RECREATE },
      25, 25, 25, 0, 0, 0, 5, 10 },
    { "Rolling 25/25",
      { .n = 10, .surge = PERCENT(25), .unavailable = PERCENT(25) },
      0, 0, 40, 0.8, 20, 120 + 50, 45, 18 },
    { "Rolling 1/0",
      { .n = 10, .surge = COUNT(1), .unavailable = COUNT(0) },
      0, 0, 200, 1, 180, 200 + 50, 205, 12 },
};

static void run_r10(struct report *r)
{
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        const struct answer *a = &answers[i];
        struct release x = a->release;
        double m[METRIC_COUNT], lost[20];

        x.start = dist_constant(20 * SIM_S);
        x.termination_s = 5;
        x.rate = 200;
        x.length_s = 300;
        for (uint32_t k = 0; k < COUNT_OF(lost); k++) {
            run_release(&x, k, m);
            lost[k] = m[METRIC_FAILED_REQUESTS];
        }
        expect_exact(r, a->name, a->down, m[METRIC_DOWNTIME], 1e-6);
        expect_exact(r, "longest outage, s", a->longest,
                     m[METRIC_LONGEST_OUTAGE], 1e-6);
        expect_exact(r, "complete, s", a->done, m[METRIC_ROLLOUT_SECONDS],
                     1e-6);
        expect_exact(r, "lowest capacity", a->dip, m[METRIC_CAPACITY_DIP], 0);
        expect_exact(r, "mixed, s", a->mixed, m[METRIC_MIXED_SECONDS], 1e-6);
        expect_exact(r, "extra pod s", a->extra, m[METRIC_EXTRA_POD_SECONDS],
                     1e-6);
        expect_exact(r, "old gone, s", a->old_gone,
                     m[METRIC_OLD_GONE_SECONDS], 1e-6);
        expect_exact(r, "peak pods", a->peak, m[METRIC_PEAK_PODS], 0);
        if (a->down > 0)
            expect_mean(r, "lost", 200 * a->down, lost, COUNT_OF(lost), 0);
        else
            expect_exact(r, "lost", 0, m[METRIC_FAILED_REQUESTS], 0);
    }
}

#define TEXTBOOK "validation-cases 5.2, through a Service"

const struct theory_case cases_requests[] = {
    { "SQ1", "a pod as M/M/1, load 0.9", TEXTBOOK, run_sq1 },
    { "SQ3", "a pod as M/M/c, Erlang C", TEXTBOOK, run_sq3 },
    { "SQ5", "a pod as M/G/1", TEXTBOOK, run_sq5 },
    { "SQ7", "a pod with a limited queue", TEXTBOOK, run_sq7 },
    { "SQ10", "pods balanced at random", "reference (speed) 5", run_balanced },
    { "P4", "endpoint race, exponential delay of the rules",
      "validation-cases 5.5", run_p4 },
    { "P5", "endpoint race, discovery polled every 3 s",
      "validation-cases 5.5; skipper issue 652", run_p5 },
    { "P6", "preStop longer than the grace", "validation-cases 5.5", run_p6 },
    { "R9", "Recreate, exponential start-up", "validation-cases 5.4", run_r9 },
    { "R10", "strategies, constant start-up", "validation-cases 5.4",
      run_r10 },
    { NULL, NULL, NULL, NULL },
};
