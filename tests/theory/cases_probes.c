/*
 * cases_probes.c - probes, grace and restarts: P1, P2, P3, P6, P7.
 *
 * Single pods on a toy node without latencies, so that only the rule in
 * question is left.
 */
#include "cases.h"

#include <math.h>

#include "../models/toy_node.h"
#include "base/bug.h"
#include "models/podlife.h"

#define PODS 3000

static const char source[] = "reference/validation-cases.md 5.5";

static const struct probe every10 = TOY_PROBE(10, 3);

/* What a pod does in a world of its own, as told by its processes. */
struct watched {
    const struct world *w;
    sim_time listen[16], told, exit[16];
    int listens, exits;
};

static void see_listen(void *ctx, struct process *p)
{
    struct watched *s = ctx;

    (void)p;
    if (s->listens < 16)
        s->listen[s->listens++] = world_now(s->w);
}

static void see_close(void *ctx, struct process *p)
{
    ((struct watched *)ctx)->told = p->told;
}

static void see_exit(void *ctx, struct process *p)
{
    struct watched *s = ctx;

    if (s->exits < 16)
        s->exit[s->exits++] = p->ended;
}

static const struct process_ops see_ops = {
    .listen = see_listen, .close = see_close, .exit = see_exit,
};

static double seconds(sim_time t)
{
    return (double)t / (double)SIM_S;
}

/* Begin replication i of one pod of this container and behaviour. */
static object_uid begin(struct toy *t, struct watched *s, uint32_t i,
                        const struct container *c,
                        void (*edit)(struct behaviour *))
{
    toy_open(t, KUBE_1_36);
    edit(toy_image(t, c->image));
    toy_start_replication(t, i);
    *s = (struct watched){ .w = t->w };
    process_watch(t->w, &see_ops, s);
    return toy_bind(t, toy_pod(t, c, 1));
}

/* ---- P1, P2 ----------------------------------------------------------------- */

static void starts_in_12(struct behaviour *b)
{
    b->startup = dist_exponential(12);
}

static void run_p1(struct report *r)
{
    static const struct container c[] = {
        { .name = "a", .image = "a", .readiness = &every10 },
    };
    static double ready[PODS];

    for (uint32_t i = 0; i < PODS; i++) {
        struct toy t;
        struct watched s;
        object_uid pod = begin(&t, &s, i, c, starts_in_12);

        toy_run(&t, 1000);
        CHECK(toy_see(&t, pod)->ready);
        ready[i] = seconds(toy_see(&t, pod)->ready_changed);
        toy_close_world(&t);
    }
    expect_exact(r, "T / (1 - exp(-T/a)), s", 17.687,
                 10 / (1 - exp(-10.0 / 12)), 0.0005);
    expect_mean(r, "bound to Ready, s", 10 / (1 - exp(-10.0 / 12)), ready,
                PODS, 0);
}

static void hangs_some_time(struct behaviour *b)
{
    b->hang = (struct dist){ .law = DIST_UNIFORM, .a = 100, .b = 200 };
}

static void run_p2(struct report *r)
{
    static const struct container c[] = {
        { .name = "a", .image = "a", .readiness = &every10 },
    };
    static double found[PODS];
    double low = INFINITY, high = 0;

    for (uint32_t i = 0; i < PODS; i++) {
        struct toy t;
        struct watched s;
        object_uid pod = begin(&t, &s, i, c, hangs_some_time);
        double hung;

        toy_run(&t, 260);
        CHECK(!toy_see(&t, pod)->ready);
        hung = strtod(strstr(t.log.text, "Ready; ") + 7, NULL);
        found[i] = seconds(toy_see(&t, pod)->ready_changed) - 1 - hung;
        low = fmin(low, found[i]);
        high = fmax(high, found[i]);
        toy_close_world(&t);
    }
    expect_mean(r, "hang to not Ready, less the time-out, s", 25, found, PODS,
                0);
    expect_true(r, "all within ((f-1) T, f T]", low > 20 && high <= 30);
}

/* ---- P3 --------------------------------------------------------------------- */

/* Probes until one that is published as a failure, each lost with p. */
static double probes_to_removal(struct stream *s, double p)
{
    struct probe_count c = { 0 };
    double n = 0;

    probe_count_reset(&c, PROBE_READINESS);
    probe_count_add(&c, PROBE_READINESS, &every10, true);
    do {
        n++;
    } while (!probe_count_add(&c, PROBE_READINESS, &every10,
                              stream_u01(s) >= p));
    return n;
}

static void run_p3(struct report *r)
{
    static double n[PODS];
    const double p = 0.1;
    struct stream s;

    stream_init(&s, 3, PURPOSE_POD, 0, 0);
    for (int i = 0; i < PODS; i++)
        n[i] = probes_to_removal(&s, p);
    expect_exact(r, "(1 - p^3) / (p^3 (1 - p)), p = 0.1", 1110,
                 (1 - p * p * p) / (p * p * p * (1 - p)), 1e-9);
    expect_mean(r, "probes to a false removal", 1110, n, PODS, 0);
}

/* ---- P6 --------------------------------------------------------------------- */

static void plain(struct behaviour *b)
{
    (void)b;
}

/* The time between deletion and SIGTERM. */
static double drain_of(int hook_s, int grace_s)
{
    struct container c = TOY_CONTAINER("a");
    struct toy t;
    struct watched s;
    object_uid pod;

    c.pre_stop = (struct hook){ .kind = HOOK_SLEEP,
                                .takes = hook_s * SIM_S };
    pod = begin(&t, &s, 0, &c, plain);
    toy_run(&t, 50);
    api_delete(t.w->api, pod, grace_s);
    toy_run(&t, 200);
    CHECK(s.told > 0);
    toy_close_world(&t);
    return seconds(s.told) - 50;
}

static void run_p6(struct report *r)
{
    expect_exact(r, "preStop 5, grace 30, s", 5, drain_of(5, 30), 0);
    expect_exact(r, "preStop 30, grace 30, s", 30, drain_of(30, 30), 0);
    expect_exact(r, "preStop 40, grace 30, s", 30, drain_of(40, 30), 0);
    expect_exact(r, "preStop 40, grace 5, s", 5, drain_of(40, 5), 0);
}

/* ---- P7 --------------------------------------------------------------------- */

static void dies_at_once(struct behaviour *b)
{
    b->crash.every = dist_constant(SIM_S);
}

static void run_p7(struct report *r)
{
    static const double sums[] = { 10, 30, 70, 150, 310, 610, 910, 1210 };
    static const char *const names[] = { "first 1", "first 2", "first 3",
                                         "first 4", "first 5", "first 6",
                                         "first 7", "first 8" };
    struct container c = TOY_CONTAINER("a");
    struct toy t;
    struct watched s;
    double sum = 0;

    begin(&t, &s, 0, &c, dies_at_once);
    toy_run(&t, 3000);
    CHECK(s.listens > 9);
    expect_exact(r, "the first restart waits, s", 0,
                 seconds(s.listen[1] - s.exit[0]), 0);
    for (int k = 0; k < 8; k++) {
        sum += seconds(s.listen[k + 2] - s.exit[k + 1]);
        expect_exact(r, names[k], sums[k], sum, 0);
    }
    toy_close_world(&t);
}

const struct theory_case cases_probes[] = {
    { "P1", "time to Ready, exponential start-up of 12 s, probes every 10 s",
      source, run_p1 },
    { "P2", "detection of a hang, period 10 s, threshold 3", source, run_p2 },
    { "P3", "false removals, probes lost with 10 %, threshold 3", source,
      run_p3 },
    { "P6", "preStop hook longer than the grace", source, run_p6 },
    { "P7", "sums of crash-loop back-offs", source, run_p7 },
    { 0 },
};
