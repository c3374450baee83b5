/*
 * cases_queueing.c - stations with closed forms: Q1 to Q10.
 *
 * One station, Poisson arrivals, one law of service, some servers, a limited
 * or unlimited room, first come first served, built on the public interface of
 * the kernel only.  Each replication runs a warm-up of ten relaxation times or
 * more, then measures; the answers are those of the steady state.
 */
#include "cases.h"
#include "pcg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "base/value.h"
#include "kernel/dist.h"
#include "kernel/event.h"
#include "kernel/rng.h"
#include "kernel/tally.h"

#define REPLICATIONS 16         /* few and long: their means are less skewed */
#define NO_LIMIT 1000000000

struct station {
    struct dist between, service;
    int servers, room;          /* room: most in the station */
    double warmup_s, length_s;
    bool by_pcg;                /* draw from PCG32 instead of our streams */

    struct stream arrivals, services;
    struct pcg pcg;
    sim_time *ring;             /* instants of arrival of those waiting */
    size_t first, waiting, cap; /* cap is a power of two */
    int busy;
    struct level in_queue, in_station, in_service, all_busy, full;
    struct tally wait, stay;
    struct hist waits;
    uint64_t came, lost, delayed, left, present_at_start;
};

/* What one replication found; the row that all are averaged over. */
enum quantity { WAIT, STAY, IN_QUEUE, IN_STATION, IN_SERVICE, LOST, DELAYED,
                ALL_BUSY, FULL, WAIT_P99, LITTLE, BALANCE, QUANTITIES };

struct results {
    double x[QUANTITIES][REPLICATIONS];
};

static double uniform(struct station *s, struct stream *stream)
{
    return s->by_pcg ? pcg_u01(&s->pcg) : stream_u01(stream);
}

/* A level that keeps its value needs no change. */
static void track(struct level *l, sim_time now, int value)
{
    if ((int)l->value != value)
        level_set(l, now, value);
}

static void count(struct station *s, sim_time now)
{
    int waiting = (int)s->waiting;

    track(&s->in_queue, now, waiting);
    track(&s->in_service, now, s->busy);
    track(&s->in_station, now, waiting + s->busy);
    track(&s->all_busy, now, s->busy == s->servers);
    track(&s->full, now, waiting + s->busy == s->room);
}

static void depart(struct sim *sim, void *subject, int64_t came);
static const struct event_kind ev_depart = { "station.depart", 2, depart };

static void begin(struct sim *sim, struct station *s, sim_time came)
{
    sim_time wait = sim_now(sim) - came;

    s->busy++;
    tally_add(&s->wait, (double)wait / 1e9);
    hist_add(&s->waits, wait);
    sim_after(sim, dist_at(&s->service, uniform(s, &s->services)), &ev_depart,
              s, came);
}

static void depart(struct sim *sim, void *subject, int64_t came)
{
    struct station *s = subject;

    s->busy--;
    s->left++;
    tally_add(&s->stay, (double)(sim_now(sim) - came) / 1e9);
    if (s->waiting) {
        came = s->ring[s->first++ & (s->cap - 1)];
        s->waiting--;
        begin(sim, s, came);
    }
    count(s, sim_now(sim));
}

static void join(struct station *s, sim_time now)
{
    if (s->waiting == s->cap) {
        size_t cap = s->cap * 2;
        sim_time *ring = heap_grow(NULL, cap, sizeof *ring);

        for (size_t i = 0; i < s->waiting; i++)
            ring[i] = s->ring[(s->first + i) & (s->cap - 1)];
        free(s->ring);
        s->ring = ring;
        s->first = 0;
        s->cap = cap;
    }
    s->ring[(s->first + s->waiting++) & (s->cap - 1)] = now;
}

static void arrive(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_arrive = { "station.arrive", 1, arrive };

static void arrive(struct sim *sim, void *subject, int64_t arg)
{
    struct station *s = subject;
    sim_time now = sim_now(sim);

    sim_after(sim, dist_at(&s->between, uniform(s, &s->arrivals)), &ev_arrive,
              s, arg);
    s->came++;
    s->delayed += s->busy == s->servers;
    if ((int)s->waiting + s->busy == s->room)
        s->lost++;
    else if (s->busy == s->servers)
        join(s, now);
    else
        begin(sim, s, now);
    count(s, now);
}

static void start_measuring(struct sim *sim, void *subject, int64_t arg)
{
    struct station *s = subject;
    sim_time now = sim_now(sim);

    (void)arg;
    s->wait = s->stay = (struct tally){ 0 };
    s->came = s->lost = s->delayed = s->left = 0;
    s->present_at_start = s->waiting + (uint64_t)s->busy;
    hist_clear(&s->waits);
    level_start(&s->in_queue, now, s->in_queue.value);
    level_start(&s->in_station, now, s->in_station.value);
    level_start(&s->in_service, now, s->in_service.value);
    level_start(&s->all_busy, now, s->all_busy.value);
    level_start(&s->full, now, s->full.value);
}

static const struct event_kind ev_measure = { "station.measure", 0,
                                              start_measuring };

static void collect(const struct station *s, sim_time end, int i,
                    struct results *r)
{
    double came = (double)s->came, admitted = came - (double)s->lost;
    uint64_t present = s->waiting + (uint64_t)s->busy;

    r->x[WAIT][i] = s->wait.mean;
    r->x[STAY][i] = s->stay.mean;
    r->x[IN_QUEUE][i] = level_mean(&s->in_queue, end);
    r->x[IN_STATION][i] = level_mean(&s->in_station, end);
    r->x[IN_SERVICE][i] = level_mean(&s->in_service, end);
    r->x[LOST][i] = (double)s->lost / came;
    r->x[DELAYED][i] = (double)s->delayed / came;
    r->x[ALL_BUSY][i] = level_mean(&s->all_busy, end);
    r->x[FULL][i] = level_mean(&s->full, end);
    r->x[WAIT_P99][i] = (double)hist_quantile(&s->waits, 0.99) / 1e9;
    r->x[LITTLE][i] = r->x[IN_STATION][i]
        - admitted / s->length_s * r->x[STAY][i];
    r->x[BALANCE][i] = (double)(s->present_at_start + s->came - s->lost)
        - (double)(s->left + present);
}

/* Different stations have independent streams: misses do not come in rows. */
static uint64_t identity(const struct station *s)
{
    double numbers[] = { dist_mean(&s->between), dist_mean(&s->service),
                         s->service.a, s->servers, s->room,
                         (double)s->service.law };

    return fnv64(FNV_START, numbers, sizeof numbers);
}

static void replicate(const struct station *spec, int i, struct results *r)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "station");
    struct station s = *spec;
    sim_time start = llrint(s.warmup_s * 1e9);
    sim_time end = start + llrint(s.length_s * 1e9);

    s.cap = 1024;
    s.ring = heap_grow(NULL, s.cap, sizeof *s.ring);
    hist_init(&s.waits, a);
    stream_init(&s.arrivals, 2026, 1, identity(&s), (uint32_t)i);
    stream_init(&s.services, 2026, 2, identity(&s), (uint32_t)i);
    pcg_init(&s.pcg, 42, (uint64_t)i);
    start_measuring(sim, &s, 0);
    sim_at(sim, 0, &ev_arrive, &s, 0);
    sim_at(sim, start, &ev_measure, &s, 0);
    sim_run(sim, end);
    collect(&s, end, i, r);
    free(s.ring);
    arena_free(a);
}

static struct results *simulate(struct station s)
{
    struct results *r = heap_grow(NULL, 1, sizeof *r);

    for (int i = 0; i < REPLICATIONS; i++)
        replicate(&s, i, r);
    return r;
}

static void check(struct report *r, const struct results *found,
                  const char *name, enum quantity q, double expected)
{
    /* The histogram's buckets are 0.4 % wide. */
    expect_mean(r, name, expected, found->x[q], REPLICATIONS,
                q == WAIT_P99 ? 0.004 : 0);
}

/* Q10 for any run: Little's law, arrivals see time averages, nobody is lost
 * without being counted. */
static void check_laws(struct report *r, const struct results *found)
{
    double differ[REPLICATIONS];
    bool balanced = true;

    expect_mean(r, "L - (rate in) W", 0, found->x[LITTLE], REPLICATIONS, 0);
    for (int i = 0; i < REPLICATIONS; i++) {
        differ[i] = found->x[DELAYED][i] - found->x[ALL_BUSY][i];
        balanced &= found->x[BALANCE][i] == 0;
    }
    expect_mean(r, "delayed - time all busy", 0, differ, REPLICATIONS, 0);
    expect_true(r, "flow balances exactly", balanced);
}

/* ---- the cases ---------------------------------------------------------- */

static struct station markovian(double arrivals, double services, int servers,
                                int room)
{
    return (struct station){
        .between = dist_exponential(1 / arrivals),
        .service = dist_exponential(1 / services),
        .servers = servers, .room = room,
    };
}

static void check_mm1(struct report *r, bool by_pcg)
{
    struct station s = markovian(0.9, 1, 1, NO_LIMIT);
    struct results *found;

    s.warmup_s = 4000;
    s.length_s = 100000;
    s.by_pcg = by_pcg;
    found = simulate(s);
    check(r, found, "Wq", WAIT, 9);
    check(r, found, "W", STAY, 10);
    check(r, found, "Lq", IN_QUEUE, 8.1);
    check(r, found, "L", IN_STATION, 9);
    check(r, found, "utilisation", IN_SERVICE, 0.9);
    check_laws(r, found);
    free(found);
}

static void q1(struct report *r)
{
    check_mm1(r, false);
}

static void q1_pcg(struct report *r)
{
    check_mm1(r, true);
}

static void q2(struct report *r)
{
    struct station s = markovian(0.2, 0.1, 3, NO_LIMIT);
    struct results *found;

    s.warmup_s = 3000;
    s.length_s = 375000;
    found = simulate(s);
    check(r, found, "P(wait)", DELAYED, 4.0 / 9);
    check(r, found, "Wq", WAIT, 40.0 / 9);
    check(r, found, "W", STAY, 130.0 / 9);
    check_laws(r, found);
    free(found);
}

static void q3(struct report *r)
{
    static const struct {
        int servers;
        double delayed, wait_s, p99_s;      /* 0: not given */
    } rows[] = {
        { 8, 0.807253, 0.161451, 0.8782 },
        { 9, 0, 0.033943, 0 },
        { 10, 0.306611, 0.012264, 0.1369 },
        { 13, 0, 0.000900, 0 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct station s = markovian(75, 10, rows[i].servers, NO_LIMIT);
        struct results *found;

        s.warmup_s = 120;
        s.length_s = rows[i].servers == 8 ? 2000 : 800;
        found = simulate(s);
        check(r, found, "Wq, c = 8 9 10 13", WAIT, rows[i].wait_s);
        if (rows[i].delayed > 0)
            check(r, found, "P(wait)", DELAYED, rows[i].delayed);
        if (rows[i].p99_s > 0)
            check(r, found, "p99 of the wait", WAIT_P99, rows[i].p99_s);
        free(found);
    }
}

/* Between the ticks of one run: time to forget its past, in services. */
static double relaxation(double load, double scv)
{
    return (1 + scv) / ((1 - load) * (1 - load));
}

/* M/G/1 with mean service 1 s, its Wq by Pollaczek and Khinchine. */
static void check_mg1(struct report *r, const char *name, struct dist service,
                      double load, double scv)
{
    struct station s = { .between = dist_exponential(1 / load),
                         .service = service, .servers = 1,
                         .room = NO_LIMIT };
    struct results *found;

    s.warmup_s = 10 * relaxation(load, scv);
    s.length_s = 6000 + 60 * relaxation(load, scv);
    found = simulate(s);
    check(r, found, name, WAIT, load * (1 + scv) / (2 * (1 - load)));
    free(found);
}

static void q4(struct report *r)
{
    struct station s = { .between = dist_exponential(1 / 0.9),
                         .service = DIST_CONST(1), .servers = 1,
                         .room = NO_LIMIT, .warmup_s = 2000,
                         .length_s = 100000 };
    struct results *found = simulate(s);

    check(r, found, "Wq", WAIT, 4.5);
    check(r, found, "W", STAY, 5.5);
    check_laws(r, found);
    free(found);
}

static void q5(struct report *r)
{
    static const double loads[] = { 0.5, 0.8, 0.9, 0.95 };
    static const struct {
        const char *name, *law;
        double scv;
    } rows[] = {
        { "Wq, load .5 .8 .9 .95, SCV 0", "1s", 0 },
        { "SCV 0.5", "{gamma: {mean: 1s, cv: 0.7071067811865476}}", 0.5 },
        { "SCV 1", "{exponential: {mean: 1s}}", 1 },
        { "SCV 2", "{gamma: {mean: 1s, cv: 1.4142135623730951}}", 2 },
        { "SCV 4", "{gamma: {mean: 1s, cv: 2}}", 4 },
        { "SCV 4, lognormal", "{lognormal: {mean: 1s, cv: 2}}", 4 },
    };
    struct arena *a = arena_new();

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (size_t k = 0; k < COUNT_OF(loads); k++)
            check_mg1(r, rows[i].name, case_law(a, rows[i].law), loads[k],
                      rows[i].scv);
    arena_free(a);
}

static void q6(struct report *r)
{
    struct station s = { .between = dist_exponential(2),
                         .service = { .law = DIST_UNIFORM, .a = 1, .b = 2 },
                         .servers = 1, .room = NO_LIMIT, .warmup_s = 1000,
                         .length_s = 100000 };
    struct results *found = simulate(s);

    check(r, found, "Wq", WAIT, 7.0 / 3);
    check(r, found, "W", STAY, 23.0 / 6);
    check(r, found, "Lq", IN_QUEUE, 7.0 / 6);
    check(r, found, "L", IN_STATION, 23.0 / 12);
    check(r, found, "utilisation", IN_SERVICE, 0.75);
    check_laws(r, found);
    free(found);
}

static void check_full(struct report *r, const struct results *found)
{
    double differ[REPLICATIONS];

    for (int i = 0; i < REPLICATIONS; i++)
        differ[i] = found->x[LOST][i] - found->x[FULL][i];
    expect_mean(r, "lost - time full", 0, differ, REPLICATIONS, 0);
}

static void q7(struct report *r)
{
    static const struct {
        double load, loss, in_station;
    } rows[] = { { 0.8, 0.0234929, 2.966314 }, { 1.2, 0.1925865, 6.710709 } };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct station s = markovian(rows[i].load, 1, 1, 10);
        struct results *found;

        s.warmup_s = 1000;
        s.length_s = 50000;
        found = simulate(s);
        check(r, found, "loss, load 0.8 and 1.2", LOST, rows[i].loss);
        check(r, found, "L", IN_STATION, rows[i].in_station);
        check_full(r, found);
        check_laws(r, found);
        free(found);
    }
}

static void q8(struct report *r)
{
    static const struct {
        double rate;
        int servers, room;
        double loss, wait_s;
    } rows[] = { { 25, 3, 10, 0.0390401, 0.069057 },
                 { 75, 8, 20, 0.0357160, 0.049712 } };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct station s = markovian(rows[i].rate, 10, rows[i].servers,
                                     rows[i].room);
        struct results *found;

        s.warmup_s = 50;
        s.length_s = 1500;
        found = simulate(s);
        check(r, found, "loss, M/M/3/10, M/M/8/20", LOST, rows[i].loss);
        check(r, found, "Wq", WAIT, rows[i].wait_s);
        check_full(r, found);
        check_laws(r, found);
        free(found);
    }
}

/* Erlang's loss formula holds for any law of service with that mean. */
static void q9(struct report *r)
{
    static const struct {
        double offered, loss;
        const char *law;
    } rows[] = {
        { 7.5, 0.0995437, "{exponential: {mean: 1s}}" },
        { 8, 0.1216611, "{exponential: {mean: 1s}}" },
        { 8, 0.1216611, "{lognormal: {mean: 1s, cv: 2}}" },
        { 8, 0.1216611, "1s" },
    };
    struct arena *a = arena_new();

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct station s = { .between = dist_exponential(1 / rows[i].offered),
                             .service = case_law(a, rows[i].law), .servers = 10,
                             .room = 10, .warmup_s = 100,
                             .length_s = 8000 };
        struct results *found = simulate(s);

        check(r, found, "loss, a = 7.5, 8, 8, 8", LOST, rows[i].loss);
        check_full(r, found);
        check_laws(r, found);
        free(found);
    }
    arena_free(a);
}

#define GROSS "Gross, Shortle, Thompson, Harris, Fundamentals of Queueing "  \
    "Theory, 4th ed., "

const struct theory_case cases_queueing[] = {
    { "Q1", "M/M/1, load 0.9", GROSS "2.2; Q10: Little 1961, Wolff 1982",
      q1 },
    { "Q1", "M/M/1, load 0.9, drawn from PCG32", GROSS "2.2", q1_pcg },
    { "Q2", "M/M/3, rates 0.2 and 0.1 (Ciw's README)", GROSS "2.3", q2 },
    { "Q3", "M/M/c, rates 75/s and 10/s, Erlang C", GROSS "2.3", q3 },
    { "Q4", "M/D/1, load 0.9", GROSS "5.1", q4 },
    { "Q5", "M/G/1, Pollaczek and Khinchine", GROSS "5.1", q5 },
    { "Q6", "M/U(1,2)/1, rate 0.5 (ssq)", "Leemis & Park, Discrete-Event "
      "Simulation, 1.2", q6 },
    { "Q7", "M/M/1/10", GROSS "2.5", q7 },
    { "Q8", "M/M/3/10 and M/M/8/20", GROSS "2.5", q8 },
    { "Q9", "M/G/10/10, Erlang B", GROSS "2.6", q9 },
    { NULL, NULL, NULL, NULL },
};
