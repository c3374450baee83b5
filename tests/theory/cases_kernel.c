/*
 * cases_kernel.c - generators and the event list: K1 to K8.
 *
 * Answers are exact.  Generators that the simulator does not use itself (the
 * linear congruential ones, PCG32) are written out here: they check the
 * arithmetic of the machine and drive a queue from an independent source
 * (cases_queueing.c).
 */
#include "cases.h"
#include "pcg.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <gsl/gsl_rng.h>

#include "base/bug.h"
#include "kernel/dist.h"
#include "kernel/event.h"
#include "kernel/rng.h"
#include "kernel/tally.h"

static double nth_of_gsl(const gsl_rng_type *type, unsigned long seed, int n)
{
    gsl_rng *r = gsl_rng_alloc(type);
    unsigned long x = 0;

    gsl_rng_set(r, seed);
    while (n-- > 0)
        x = gsl_rng_get(r);
    gsl_rng_free(r);
    return (double)x;
}

static void k1(struct report *r)
{
    expect_exact(r, "1000th output", 1186927261,
                 nth_of_gsl(gsl_rng_mt19937, 4357, 1000), 0);
}

static void k2(struct report *r)
{
    expect_exact(r, "10000th output", 2733957125,
                 nth_of_gsl(gsl_rng_taus2, 1, 10000), 0);
}

static uint64_t lehmer(uint64_t multiplier, uint64_t z, int n)
{
    while (n-- > 0)
        z = z * multiplier % 2147483647;
    return z;
}

static void k3(struct report *r)
{
    expect_exact(r, "16807, 10000th", 1043618065,
                 (double)lehmer(16807, 1, 10000), 0);
    expect_exact(r, "48271, 10000th", 399268537,
                 (double)lehmer(48271, 1, 10000), 0);
}

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

/* The ** scrambler over the state that bulk_u64 steps. */
static void k4(struct report *r)
{
    static const uint64_t want[] = {
        11520, 0, 1509978240, UINT64_C(1215971899390074240),
        UINT64_C(1216172134540287360), UINT64_C(607988272756665600),
    };
    struct bulk b = { { 1, 2, 3, 4 } };
    int right = 0;

    for (size_t i = 0; i < COUNT_OF(want); i++) {
        right += rotate(b.s[1] * 5, 7) * 9 == want[i];
        bulk_u64(&b);
    }
    expect_exact(r, "outputs that agree, of 6", 6, right, 0);
}

static void k5(struct report *r)
{
    static const uint32_t want[] = { 0xa15c02b7, 0x7b47f409, 0xba1d3330,
                                     0x83d2f293, 0xbfa4784b, 0xcbed606e };
    struct pcg p;
    int right = 0;

    pcg_init(&p, 42, 54);
    for (size_t i = 0; i < COUNT_OF(want); i++)
        right += pcg_u32(&p) == want[i];
    expect_exact(r, "outputs that agree, of 6", 6, right, 0);
}

static void k6(struct report *r)
{
    static const uint64_t want[] = { UINT64_C(6457827717110365317),
                                     UINT64_C(3203168211198807973),
                                     UINT64_C(9817491932198370423) };
    uint64_t x = 1234567;
    int right = 0;

    for (size_t i = 0; i < COUNT_OF(want); i++)
        right += splitmix64(&x) == want[i];
    expect_exact(r, "outputs that agree, of 3", 3, right, 0);
}

/* ---- K7: the textbook's own run ----------------------------------------- */

#define BOOK_DELAYS 1000
#define BOOK_QUEUE 100          /* the book's Q_LIMIT */

struct book {
    int64_t z;                  /* stream 1 of its generator */
    sim_time queue[BOOK_QUEUE], delay;
    int waiting, delayed;
    bool busy;
    struct level in_queue, in_service;
};

static sim_time book_exponential(struct book *b, double mean)
{
    b->z = (int64_t)lehmer(630360016, (uint64_t)b->z, 1);
    return llrint(-mean * log((double)(b->z >> 7 | 1) / 16777216.0) * 1e9);
}

static void book_depart(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_book_depart = { "book.depart", 2,
                                                  book_depart };

static void book_begin(struct sim *sim, struct book *b, sim_time delay)
{
    b->delay += delay;
    sim_after(sim, book_exponential(b, 0.5), &ev_book_depart, b, 0);
    if (++b->delayed == BOOK_DELAYS)
        sim_stop(sim);
}

static void book_depart(struct sim *sim, void *subject, int64_t arg)
{
    struct book *b = subject;
    sim_time came = b->queue[0];

    (void)arg;
    if (b->waiting == 0) {
        b->busy = false;
        level_set(&b->in_service, sim_now(sim), 0);
        return;
    }
    memmove(b->queue, b->queue + 1,
            (size_t)--b->waiting * sizeof *b->queue);
    level_set(&b->in_queue, sim_now(sim), b->waiting);
    book_begin(sim, b, sim_now(sim) - came);
}

static void book_arrive(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_book_arrive = { "book.arrive", 1,
                                                  book_arrive };

static void book_arrive(struct sim *sim, void *subject, int64_t arg)
{
    struct book *b = subject;

    sim_after(sim, book_exponential(b, 1), &ev_book_arrive, b, arg);
    if (b->busy) {
        if (b->waiting == BOOK_QUEUE)
            BUG("the book's queue is full");
        b->queue[b->waiting++] = sim_now(sim);
        level_set(&b->in_queue, sim_now(sim), b->waiting);
        return;
    }
    b->busy = true;
    level_set(&b->in_service, sim_now(sim), 1);
    book_begin(sim, b, 0);
}

static void k7(struct report *r)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "Law and Kelton's first example");
    struct book b = { .z = 1973272912 };

    level_start(&b.in_queue, 0, 0);
    level_start(&b.in_service, 0, 0);
    sim_after(sim, book_exponential(&b, 1), &ev_book_arrive, &b, 0);
    sim_run(sim, SIM_NEVER);
    expect_exact(r, "average delay", 0.429991,
                 (double)b.delay / 1e9 / BOOK_DELAYS, 5e-7);
    expect_exact(r, "average number in queue", 0.418313,
                 level_mean(&b.in_queue, sim_now(sim)), 5e-7);
    expect_exact(r, "utilisation", 0.460046,
                 level_mean(&b.in_service, sim_now(sim)), 5e-7);
    expect_exact(r, "end", 1027.915049, (double)sim_now(sim) / 1e9, 1e-6);
    arena_free(a);
}

/* ---- K8: ties, withdrawal, digests -------------------------------------- */

struct ties {
    int64_t last;
    bool ordered;
    struct stream stream;
    event_id timer;
    int left;
};

static void tie(struct sim *sim, void *subject, int64_t arg)
{
    struct ties *t = subject;

    (void)sim;
    t->ordered &= arg == t->last + 1;
    t->last = arg;
}

static const struct event_kind ev_tie = { "tie", 4, tie };

/* A timer that is withdrawn and set again at every step, as a watchdog is. */
static void step(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_step = { "step", 3, step };

static void step(struct sim *sim, void *subject, int64_t arg)
{
    struct ties *t = subject;

    if (sim_cancel(sim, t->timer))
        t->last++;
    if (t->left-- > 0) {
        t->timer = sim_after(sim, 1000, &ev_tie, t, -1);
        sim_after(sim, stream_below(&t->stream, 1000), &ev_step, t, arg);
    }
}

static uint64_t digest_of(uint64_t seed)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "digest");
    struct ties t = { .left = 10000 };
    uint64_t digest;

    stream_init(&t.stream, seed, 0, 0, 0);
    sim_at(sim, 0, &ev_step, &t, 0);
    sim_run(sim, SIM_NEVER);
    digest = sim_digest(sim);
    arena_free(a);
    return digest;
}

static void *digest_in_thread(void *out)
{
    *(uint64_t *)out = digest_of(1);
    return NULL;
}

static bool digests_agree(void)
{
    uint64_t digests[3];
    pthread_t threads[3];

    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, digest_in_thread, &digests[i]);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    return digests[0] == digest_of(1) && digests[1] == digests[0]
        && digests[2] == digests[0] && digest_of(2) != digests[0];
}

static void k8(struct report *r)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "ties");
    struct ties t = { .last = -1, .ordered = true };

    for (int64_t i = 0; i < 1000; i++)
        sim_at(sim, 5 * SIM_S, &ev_tie, &t, i);
    sim_run(sim, 10 * SIM_S);
    expect_true(r, "1000 ties in order", t.ordered && t.last == 999);
    t = (struct ties){ .left = 1000 };
    stream_init(&t.stream, 1, 0, 0, 0);
    sim_after(sim, 0, &ev_step, &t, 0);
    sim_run(sim, SIM_NEVER);
    expect_exact(r, "timers withdrawn, of 1000", 1000, (double)t.last, 0);
    expect_true(r, "same digest in 1 and 3 threads", digests_agree());
    arena_free(a);
}

const struct theory_case cases_kernel[] = {
    { "K1", "MT19937, seed 4357", "GSL's own test suite", k1 },
    { "K2", "Tausworthe taus2, seed 1", "GSL's own test suite", k2 },
    { "K3", "Lehmer generators from 1", "Park & Miller, CACM 31 (1988); "
      "Leemis & Park, rngs.c", k3 },
    { "K4", "xoshiro256** over our state", "Blackman & Vigna's C code, state "
      "1 2 3 4", k4 },
    { "K5", "PCG32, seed 42, stream 54", "O'Neill's pcg32-demo", k5 },
    { "K6", "SplitMix64, seed 1234567", "Rosetta Code", k6 },
    { "K7", "Law & Kelton's M/M/1, their generator", "Simulation Modeling "
      "and Analysis, section 1.4: 0.430, 0.418, 0.460, 1027.915", k7 },
    { "K8", "ties, withdrawal, digests", "by construction", k8 },
    { NULL, NULL, NULL, NULL },
};
