/*
 * cases_availability.c - things that fail and are repaired: A1 to A5.
 *
 * Components go up and down by two laws, independently or with few repairmen,
 * and the share of time in which enough of them are up is measured.  An hour
 * of the model is a second here; the formulas have no unit.
 */
#include "cases.h"

#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "kernel/dist.h"
#include "kernel/event.h"
#include "kernel/rng.h"
#include "kernel/tally.h"

#define REPLICATIONS 40
#define COMPONENTS_MAX 10

struct plant {
    struct dist up, down;
    int components, repairmen;
    double length_s;

    struct stream stream[COMPONENTS_MAX];
    int waiting[COMPONENTS_MAX];    /* for a repairman, first first */
    int queue, down_now;
    struct level broken;
    struct level at_least[COMPONENTS_MAX + 1];  /* 1 while so many are up */
};

struct results {
    double at_least[COMPONENTS_MAX + 1][REPLICATIONS];
    double broken[REPLICATIONS];
};

static void count(struct plant *p, sim_time now)
{
    int up = p->components - p->down_now;

    level_set(&p->broken, now, p->down_now);
    for (int k = 0; k <= p->components; k++)
        level_set(&p->at_least[k], now, up >= k);
}

static void repaired(struct sim *sim, void *subject, int64_t i);
static void fail(struct sim *sim, void *subject, int64_t i);
static const struct event_kind ev_repaired = { "component.repaired", 1,
                                               repaired };
static const struct event_kind ev_fail = { "component.failed", 2, fail };

static void repair(struct sim *sim, struct plant *p, int64_t i)
{
    sim_after(sim, dist_draw(&p->down, &p->stream[i]), &ev_repaired, p, i);
}

static void fail(struct sim *sim, void *subject, int64_t i)
{
    struct plant *p = subject;

    if (p->down_now++ < p->repairmen)
        repair(sim, p, i);
    else
        p->waiting[p->queue++] = (int)i;
    count(p, sim_now(sim));
}

static void repaired(struct sim *sim, void *subject, int64_t i)
{
    struct plant *p = subject;

    p->down_now--;
    sim_after(sim, dist_draw(&p->up, &p->stream[i]), &ev_fail, p, i);
    if (p->queue) {
        repair(sim, p, p->waiting[0]);
        p->queue--;
        for (int k = 0; k < p->queue; k++)
            p->waiting[k] = p->waiting[k + 1];
    }
    count(p, sim_now(sim));
}

static void start_measuring(struct sim *sim, void *subject, int64_t arg)
{
    struct plant *p = subject;

    (void)arg;
    level_start(&p->broken, sim_now(sim), p->broken.value);
    for (int k = 0; k <= p->components; k++)
        level_start(&p->at_least[k], sim_now(sim), p->at_least[k].value);
}

static const struct event_kind ev_measure = { "plant.measure", 0,
                                              start_measuring };

static void replicate(const struct plant *spec, int r, struct results *out)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "plant");
    struct plant p = *spec;
    sim_time warmup = llrint(p.length_s / 10 * 1e9);
    sim_time end = warmup + llrint(p.length_s * 1e9);

    for (int i = 0; i < p.components; i++) {
        stream_init(&p.stream[i], 2027, 1, (uint64_t)i, (uint32_t)r);
        sim_at(sim, dist_draw(&p.up, &p.stream[i]), &ev_fail, &p, i);
    }
    count(&p, 0);
    sim_at(sim, warmup, &ev_measure, &p, 0);
    sim_run(sim, end);
    out->broken[r] = level_mean(&p.broken, end);
    for (int k = 0; k <= p.components; k++)
        out->at_least[k][r] = level_mean(&p.at_least[k], end);
    arena_free(a);
}

static struct results *simulate(const struct plant *p)
{
    struct results *r = heap_grow(NULL, 1, sizeof *r);

    for (int i = 0; i < REPLICATIONS; i++)
        replicate(p, i, r);
    return r;
}

/* P(at least k of n up), as its complement where that is small: the time
 * without service. */
static void check_down(struct report *r, const char *name,
                       const struct results *found, int k, double up)
{
    double down[REPLICATIONS];

    for (int i = 0; i < REPLICATIONS; i++)
        down[i] = 1 - found->at_least[k][i];
    expect_mean(r, name, 1 - up, down, REPLICATIONS, 0);
}

/* Mean 1000 up and 5 down by three pairs of laws: weibull of shape 2 has mean
 * scale x Gamma(1.5), pareto of shape 3 has mean 1.5 x min. */
static void a1(struct report *r)
{
    static const char *const laws[][2] = {
        { "{exponential: {mean: 1000s}}", "{exponential: {mean: 5s}}" },
        { "{weibull: {scale: 1128.379167s, shape: 2}}",
          "{lognormal: {mean: 5s, cv: 1.5}}" },
        { "{gamma: {mean: 1000s, cv: 2}}",
          "{pareto: {min: 3.333333333s, shape: 3}}" },
    };
    struct arena *a = arena_new();

    for (size_t i = 0; i < COUNT_OF(laws); i++) {
        struct plant p = { .up = case_law(a, laws[i][0]),
                           .down = case_law(a, laws[i][1]), .components = 1,
                           .repairmen = 1, .length_s = 2e6 };
        struct results *found = simulate(&p);

        expect_mean(r, "availability", 0.99502488, found->at_least[1],
                    REPLICATIONS, 0);
        free(found);
    }
    arena_free(a);
}

static void a2(struct report *r)
{
    struct plant p = { .up = dist_exponential(1000),
                       .down = dist_exponential(5), .components = 3,
                       .repairmen = 3, .length_s = 3e7 };
    struct results *found = simulate(&p);

    check_down(r, "time below 1 of 3", found, 1, 0.999999877);
    check_down(r, "time below 2 of 3", found, 2, 0.999925991);
    check_down(r, "time below 3 of 3", found, 3, 0.985148759);
    free(found);
}

static void check_machines(struct report *r, struct plant p, double none_down,
                           double broken, double availability)
{
    struct results *found = simulate(&p);
    double up[REPLICATIONS];

    for (int i = 0; i < REPLICATIONS; i++)
        up[i] = 1 - found->broken[i] / p.components;
    if (none_down > 0)
        expect_mean(r, "P(0 down)", none_down,
                    found->at_least[p.components], REPLICATIONS, 0);
    expect_mean(r, "mean down", broken, found->broken, REPLICATIONS, 0);
    expect_mean(r, "availability", availability, up, REPLICATIONS, 0);
    free(found);
}

static void a3(struct report *r)
{
    struct plant p = { .up = dist_exponential(10),
                       .down = dist_exponential(1), .components = 4,
                       .repairmen = 1, .length_s = 50000 };

    check_machines(r, p, 0.6466632, 0.4666322, 0.8833420);
}

static void a4(struct report *r)
{
    struct plant p = { .up = dist_exponential(20),
                       .down = dist_exponential(1), .components = 10,
                       .repairmen = 2, .length_s = 50000 };

    check_machines(r, p, 0, 0.4950583, 0.9504942);
}

static void a5(struct report *r)
{
    struct plant p = { .up = dist_exponential(99),
                       .down = dist_exponential(1), .components = 3,
                       .repairmen = 3, .length_s = 1e6 };
    struct results *found = simulate(&p);

    check_down(r, "down: series of 3", found, 3, 0.970299);
    free(found);
    p.components = p.repairmen = 4;
    found = simulate(&p);
    check_down(r, "down: 3 of 4", found, 3, 0.99940797);
    free(found);
}

#define GROSS_MACHINES "Gross, Shortle, Thompson, Harris, Fundamentals of "  \
    "Queueing Theory, 4th ed., 2.7"
#define TRIVEDI "Trivedi, Probability and Statistics with Reliability, "     \
    "Queuing and Computer Science Applications, 2nd ed., "

const struct theory_case cases_availability[] = {
    { "A1", "one pod, up 1000 h, down 5 h, any laws", TRIVEDI "6.6", a1 },
    { "A2", "k of 3 such pods", TRIVEDI "6.6", a2 },
    { "A3", "4 machines, 1 repairman", GROSS_MACHINES, a3 },
    { "A4", "10 machines, 2 repairmen", GROSS_MACHINES, a4 },
    { "A5", "series of 3, 3 of 4, each 0.99", TRIVEDI "6.6", a5 },
    { NULL, NULL, NULL, NULL },
};
