/*
 * test_event.c - order, handles, feeders and the clock of the engine.
 */
#include <check.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include "base/bug.h"
#include "kernel/event.h"
#include "kernel/rng.h"

#define LOG_MAX 200

/* What fired, as "arg@time". */
struct log {
    int64_t arg[LOG_MAX];
    sim_time at[LOG_MAX];
    size_t len;
};

static void note(struct sim *sim, void *subject, int64_t arg)
{
    struct log *l = subject;

    l->arg[l->len] = arg;
    l->at[l->len++] = sim_now(sim);
}

static const struct event_kind ev_first = { "test.first", 0, note };
static const struct event_kind ev_note = { "test.note", 3, note };
static const struct event_kind ev_last = { "test.last", 7, note };

static void check_log(const struct log *l, const int64_t *want, size_t n)
{
    ck_assert_uint_eq(l->len, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(l->arg[i], want[i]);
}

START_TEST(events_fire_by_time_then_rank_then_order_of_scheduling)
{
    static const int64_t want[] = { 1, 2, 3, 4, 5, 6, 7 };
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "order");
    struct log l = { .len = 0 };

    sim_at(sim, 20, &ev_last, &l, 6);
    sim_at(sim, 20, &ev_note, &l, 4);
    sim_at(sim, 10, &ev_last, &l, 2);
    sim_at(sim, 20, &ev_first, &l, 3);
    sim_at(sim, 20, &ev_note, &l, 5);
    sim_at(sim, 10, &ev_note, &l, 1);
    sim_at(sim, 20, &ev_last, &l, 7);
    sim_run(sim, 20);
    check_log(&l, want, 7);
    ck_assert_uint_eq(sim_fired(sim), 7);
    ck_assert_uint_eq(sim_live(sim), 0);
    arena_free(a);
}
END_TEST

/* Schedules, at the same instant, each rank once. */
static void burst(struct sim *sim, void *subject, int64_t arg)
{
    note(sim, subject, arg);
    sim_after(sim, 0, &ev_last, subject, 30);
    sim_after(sim, 0, &ev_note, subject, 20);
    sim_after(sim, 0, &ev_first, subject, 10);
    sim_after(sim, 0, &ev_first, subject, 11);
}

static const struct event_kind ev_burst = { "test.burst", 3, burst };

START_TEST(zero_delays_fire_at_the_same_instant_in_order_of_rank)
{
    static const int64_t want[] = { 0, 10, 11, 1, 20, 30 };
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "zero delay");
    struct log l = { .len = 0 };

    sim_at(sim, 5, &ev_burst, &l, 0);
    sim_at(sim, 5, &ev_note, &l, 1);
    sim_run(sim, 5);
    check_log(&l, want, 6);
    for (size_t i = 0; i < l.len; i++)
        ck_assert_int_eq(l.at[i], 5);
    arena_free(a);
}
END_TEST

START_TEST(run_stops_after_its_last_instant_and_moves_the_clock_there)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "until");
    struct log l = { .len = 0 };

    sim_at(sim, 10, &ev_note, &l, 1);
    sim_at(sim, 10, &ev_last, &l, 2);
    sim_at(sim, 11, &ev_first, &l, 3);
    sim_run(sim, 10);
    ck_assert_uint_eq(l.len, 2);
    ck_assert_int_eq(sim_now(sim), 10);
    sim_run(sim, 10);
    ck_assert_uint_eq(l.len, 2);
    sim_run(sim, 500);
    ck_assert_uint_eq(l.len, 3);
    ck_assert_int_eq(sim_now(sim), 500);
    sim_at(sim, 600, &ev_note, &l, 4);
    sim_run(sim, SIM_NEVER);
    ck_assert_int_eq(sim_now(sim), 600);
    arena_free(a);
}
END_TEST

START_TEST(stale_handles_are_always_refused)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "handles");
    struct log l = { .len = 0 };
    event_id none = { 0 }, first, second;

    ck_assert(!sim_cancel(sim, none));
    ck_assert(!sim_cancel(sim, (event_id){ UINT64_MAX }));
    first = sim_at(sim, 10, &ev_note, &l, 1);
    ck_assert(sim_pending(sim, first));
    ck_assert(sim_cancel(sim, first));
    ck_assert(!sim_cancel(sim, first));
    second = sim_at(sim, 20, &ev_note, &l, 2);      /* the same slot again */
    ck_assert(!sim_pending(sim, first));
    ck_assert(!sim_cancel(sim, first));
    ck_assert(sim_pending(sim, second));
    sim_run(sim, 30);
    ck_assert_uint_eq(l.len, 1);
    ck_assert(!sim_pending(sim, second));
    ck_assert(!sim_cancel(sim, second));
    ck_assert_uint_eq(sim_at(sim, SIM_NEVER, &ev_note, &l, 3).bits, 0);
    ck_assert_uint_eq(sim_after(sim, SIM_NEVER, &ev_note, &l, 3).bits, 0);
    ck_assert_uint_eq(sim_live(sim), 0);
    arena_free(a);
}
END_TEST

static void cancel_self(struct sim *sim, void *subject, int64_t arg)
{
    event_id *id = subject;

    (void)arg;
    ck_assert(!sim_pending(sim, *id));
    ck_assert(!sim_cancel(sim, *id));
}

static const struct event_kind ev_cancel_self = { "test.self", 3,
                                                  cancel_self };

START_TEST(an_event_being_fired_is_no_longer_pending)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "self");
    event_id id = sim_at(sim, 1, &ev_cancel_self, &id, 0);

    sim_run(sim, 2);
    ck_assert_uint_eq(sim_fired(sim), 1);
    arena_free(a);
}
END_TEST

START_TEST(withdrawn_events_never_move_the_clock_nor_count)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "dead");
    struct log l = { .len = 0 };

    sim_cancel(sim, sim_at(sim, 50, &ev_note, &l, 1));
    sim_run(sim, SIM_NEVER);
    ck_assert_int_eq(sim_now(sim), 0);
    ck_assert_uint_eq(sim_fired(sim), 0);
    /* Before the instant of the dead entry, which has left the queue. */
    sim_at(sim, 30, &ev_note, &l, 2);
    sim_at(sim, 20, &ev_note, &l, 3);
    sim_at(sim, 60, &ev_note, &l, 4);
    sim_run(sim, 25);
    ck_assert_uint_eq(l.len, 1);
    sim_run(sim, 100);
    ck_assert_uint_eq(l.len, 3);
    ck_assert_int_eq(l.at[0], 20);
    ck_assert_int_eq(l.at[1], 30);
    ck_assert_int_eq(l.at[2], 60);
    arena_free(a);
}
END_TEST

/* Against a plain array of what is pending: fire the least by (time, rank,
 * serial).  Subjects schedule and withdraw at random. */
struct model_event {
    sim_time t;
    int rank;
    uint64_t serial;
    event_id id;
    bool pending;
};

#define MODEL_MAX 20000

struct model {
    struct model_event *events;
    size_t len;
    struct stream stream;
    uint64_t fired;
};

static void model_fire(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind model_kinds[] = {
    { "model.a", 1, model_fire }, { "model.b", 4, model_fire },
    { "model.c", 6, model_fire },
};

static void model_schedule(struct sim *sim, struct model *m)
{
    const struct event_kind *k = &model_kinds[stream_below(&m->stream, 3)];
    sim_time delay = stream_below(&m->stream, 3) == 0 ? 0
        : stream_below(&m->stream, 1000);
    struct model_event *e = &m->events[m->len];

    if (m->len == MODEL_MAX)
        return;
    *e = (struct model_event){ sim_now(sim) + delay, k->rank, m->len,
                               { 0 }, true };
    e->id = sim_after(sim, delay, k, m, (int64_t)m->len++);
}

static bool model_before(const struct model_event *a,
                         const struct model_event *b)
{
    if (a->t != b->t)
        return a->t < b->t;
    return a->rank != b->rank ? a->rank < b->rank : a->serial < b->serial;
}

static void model_fire(struct sim *sim, void *subject, int64_t arg)
{
    struct model *m = subject;
    struct model_event *e = &m->events[arg];
    size_t from = m->len > 300 ? m->len - 300 : 0;
    bool least = true;
    uint32_t i;

    ck_assert(e->pending);
    ck_assert_int_eq(e->t, sim_now(sim));
    e->pending = false;
    for (size_t k = from; k < m->len; k++)
        least &= !m->events[k].pending || model_before(e, &m->events[k]);
    ck_assert(least);
    m->fired++;
    for (i = stream_below(&m->stream, 3); i > 0; i--)
        model_schedule(sim, m);
    i = stream_below(&m->stream, (uint32_t)m->len);
    if (stream_below(&m->stream, 2) == 0) {
        ck_assert(sim_cancel(sim, m->events[i].id) == m->events[i].pending);
        m->events[i].pending = false;
    }
}

START_TEST(random_programs_fire_in_the_total_order)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "random");
    struct model m = { .len = 0 };
    size_t left = 0;

    m.events = arena_many(a, struct model_event, MODEL_MAX);
    stream_init(&m.stream, (uint64_t)_i, 0, 0, 0);
    while (m.len < MODEL_MAX) {
        for (int i = 0; i < 20; i++)
            model_schedule(sim, &m);
        sim_run(sim, sim_now(sim) + 700);
    }
    sim_run(sim, SIM_NEVER);
    for (size_t i = 0; i < m.len; i++)
        left += m.events[i].pending;
    ck_assert_uint_eq(left, 0);
    ck_assert_uint_eq(m.fired, sim_fired(sim));
    ck_assert_uint_gt(m.fired, MODEL_MAX / 3);
    arena_free(a);
}
END_TEST

/* ---- feeders ------------------------------------------------------------ */

struct ticks {
    struct log *log;
    sim_time next, period, last;
    int64_t name;
    bool schedules;             /* an event at the same instant, each time */
};

static sim_time ticks_next(void *ctx)
{
    struct ticks *t = ctx;

    return t->next <= t->last ? t->next : SIM_NEVER;
}

static void ticks_advance(void *ctx, struct sim *sim, sim_time limit)
{
    struct ticks *t = ctx;

    while (t->next < limit && t->next <= t->last) {
        sim_move_clock(sim, t->next);
        note(sim, t->log, t->name);
        t->next += t->period;
        if (t->schedules) {
            sim_after(sim, 0, &ev_first, t->log, t->name + 1000);
            return;
        }
    }
}

START_TEST(feeders_merge_with_events_by_time_and_rank)
{
    /* At 10: rank 0 event, feeder of rank 2, rank 3 event.  At 20 and 30
     * likewise with what there is. */
    static const int64_t want[] = { 1, 100, 2, 100, 3, 100, 100 };
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "feeder");
    struct log l = { .len = 0 };
    struct ticks t = { &l, 10, 10, 40, 100, false };
    struct feeder f = { 2, ticks_next, ticks_advance, &t };

    sim_add_feeder(sim, &f);
    sim_at(sim, 10, &ev_note, &l, 2);
    sim_at(sim, 10, &ev_first, &l, 1);
    sim_at(sim, 30, &ev_first, &l, 3);
    sim_run(sim, 35);
    check_log(&l, want, 6);
    ck_assert_int_eq(sim_now(sim), 35);
    sim_run(sim, 100);
    check_log(&l, want, 7);
    arena_free(a);
}
END_TEST

START_TEST(at_equal_time_and_rank_events_come_before_feeders)
{
    static const int64_t want[] = { 1, 100, 200, 2, 100, 200 };
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "equal rank");
    struct log l = { .len = 0 };
    struct ticks t = { &l, 10, 10, 20, 100, false };
    struct ticks u = { &l, 10, 10, 20, 200, false };
    struct feeder f = { 3, ticks_next, ticks_advance, &t };
    struct feeder g = { 3, ticks_next, ticks_advance, &u };

    sim_add_feeder(sim, &f);
    sim_add_feeder(sim, &g);
    sim_at(sim, 10, &ev_note, &l, 1);
    sim_at(sim, 20, &ev_note, &l, 2);
    sim_run(sim, 20);
    check_log(&l, want, 6);
    arena_free(a);
}
END_TEST

START_TEST(feeders_of_different_ranks_keep_their_order_at_equal_times)
{
    static const int64_t want[] = { 200, 100, 100, 200, 100 };
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "two feeders");
    struct log l = { .len = 0 };
    struct ticks t = { &l, 10, 5, 20, 100, false };
    struct ticks u = { &l, 10, 10, 20, 200, false };
    struct feeder f = { 5, ticks_next, ticks_advance, &t };
    struct feeder g = { 4, ticks_next, ticks_advance, &u };

    sim_add_feeder(sim, &f);
    sim_add_feeder(sim, &g);
    sim_run(sim, 100);
    check_log(&l, want, 5);
    arena_free(a);
}
END_TEST

START_TEST(events_scheduled_by_a_feeder_come_before_its_next_instant)
{
    static const int64_t want[] = { 100, 1100, 100, 1100, 100, 1100 };
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "scheduling feeder");
    struct log l = { .len = 0 };
    struct ticks t = { &l, 1, 1, 3, 100, true };
    struct feeder f = { 6, ticks_next, ticks_advance, &t };

    sim_add_feeder(sim, &f);
    sim_run(sim, 10);
    check_log(&l, want, 6);
    arena_free(a);
}
END_TEST

static void nothing(void *ctx, struct sim *sim, sim_time limit)
{
    (void)ctx;
    (void)sim;
    (void)limit;
}

START_TEST(a_feeder_that_stands_still_is_a_bug)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "still");
    struct log l = { .len = 0 };
    struct ticks t = { &l, 1, 1, 3, 100, false };
    struct feeder f = { 6, ticks_next, nothing, &t };

    sim_add_feeder(sim, &f);
    sim_run(sim, 10);
}
END_TEST

/* ---- digest, observer, bugs --------------------------------------------- */

static void hop(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_hop = { "test.hop", 2, hop };

static void hop(struct sim *sim, void *subject, int64_t arg)
{
    if (arg > 0)
        sim_after(sim, stream_below(subject, 100), &ev_hop, subject, arg - 1);
}

static uint64_t digest_of(uint64_t seed, const char *note_text)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "digest");
    struct stream s;
    uint64_t digest;

    stream_init(&s, seed, 0, 0, 0);
    for (int i = 0; i < 10; i++)
        sim_at(sim, i, &ev_hop, &s, 500);
    sim_run(sim, SIM_NEVER);
    if (note_text)
        sim_note(sim, note_text, 5);
    digest = sim_digest(sim);
    arena_free(a);
    return digest;
}

static void *digest_in_thread(void *out)
{
    *(uint64_t *)out = digest_of(7, NULL);
    return NULL;
}

START_TEST(equal_runs_have_equal_digests_in_any_thread)
{
    uint64_t here = digest_of(7, NULL), there[4];
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, digest_in_thread, &there[i]);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(there[i], here);
    }
    ck_assert_uint_ne(digest_of(8, NULL), here);
    ck_assert_uint_ne(digest_of(7, "note"), here);
    ck_assert_uint_ne(digest_of(7, "eton"), digest_of(7, "note"));
}
END_TEST

static void count_kind(struct sim *sim, void *ctx,
                       const struct event_kind *kind, int64_t arg)
{
    uint64_t *sum = ctx;

    ck_assert_ptr_eq(kind, &ev_note);
    *sum += (uint64_t)arg;
    if (arg == 2)
        sim_stop(sim);
}

START_TEST(observer_sees_each_event_and_may_stop_the_run)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "observer");
    struct log l = { .len = 0 };
    uint64_t sum = 0;

    for (int i = 1; i <= 4; i++)
        sim_at(sim, i * 10, &ev_note, &l, i);
    sim_observe(sim, count_kind, &sum);
    sim_run(sim, 100);
    ck_assert_uint_eq(sum, 3);
    ck_assert_int_eq(sim_now(sim), 20);
    sim_observe(sim, NULL, NULL);
    sim_run(sim, 100);
    ck_assert_uint_eq(sum, 3);
    ck_assert_uint_eq(l.len, 4);
    arena_free(a);
}
END_TEST

static void into_the_past(struct sim *sim, void *subject, int64_t arg)
{
    (void)arg;
    sim_at(sim, sim_now(sim) - 1, &ev_note, subject, 0);
}

static const struct event_kind ev_past = { "test.past", 2, into_the_past };

START_TEST(an_event_in_the_past_is_a_bug)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "past");

    sim_at(sim, 5, &ev_past, NULL, 0);
    sim_run(sim, 10);
}
END_TEST

static const struct event_kind ev_wrong = { "test.wrong", SIM_RANKS, note };

START_TEST(a_rank_out_of_range_is_a_bug)
{
    sim_at(sim_new(arena_new(), "rank"), 5, &ev_wrong, NULL, 0);
}
END_TEST

START_TEST(a_negative_delay_is_a_bug)
{
    struct sim *sim = sim_new(arena_new(), "delay");

    sim_after(sim, -1, &ev_note, NULL, 0);
}
END_TEST

START_TEST(moving_the_clock_back_is_a_bug)
{
    struct sim *sim = sim_new(arena_new(), "clock");

    sim_run(sim, 10);
    sim_move_clock(sim, 9);
}
END_TEST

/* ---- no allocation once warm -------------------------------------------- */

static void churn(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_churn = { "test.churn", 2, churn };
static const struct event_kind ev_timer = { "test.timer", 4, churn };

struct churner {
    struct stream *stream;
    event_id timer;
};

/* One hold, one timer withdrawn and set again, as a request does. */
static void churn(struct sim *sim, void *subject, int64_t arg)
{
    struct churner *c = subject;

    sim_cancel(sim, c->timer);
    c->timer = sim_after(sim, 2000000 + stream_below(c->stream, 1 << 24),
                         &ev_timer, c, arg);
    sim_after(sim, 1 + stream_below(c->stream, 1 << 20), &ev_churn, c, arg);
}

static size_t heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

START_TEST(nothing_is_allocated_once_warm)
{
    struct arena *a = arena_new();
    struct sim *sim = sim_new(a, "warm");
    struct churner *c = arena_many(a, struct churner, 1000);
    struct stream s;
    size_t used, heap;

    stream_init(&s, 3, 0, 0, 0);
    for (int i = 0; i < 1000; i++) {
        c[i].stream = &s;
        sim_at(sim, i, &ev_churn, &c[i], 0);
    }
    sim_run(sim, 300 * SIM_MS);
    used = arena_used(a);
    heap = heap_bytes();
    sim_run(sim, 600 * SIM_MS);
    ck_assert_uint_gt(sim_fired(sim), 500000);
    ck_assert_uint_eq(arena_used(a), used);
    /* A largest size of a bucket may still be new; 1 % allows for few. */
    ck_assert_uint_le(heap_bytes() - heap, heap / 100);
    arena_free(a);
}
END_TEST

static void add_bugs(TCase *tc)
{
    tcase_add_test_raise_signal(tc, a_feeder_that_stands_still_is_a_bug,
                                SIGABRT);
    tcase_add_test_raise_signal(tc, an_event_in_the_past_is_a_bug, SIGABRT);
    tcase_add_test_raise_signal(tc, a_rank_out_of_range_is_a_bug, SIGABRT);
    tcase_add_test_raise_signal(tc, a_negative_delay_is_a_bug, SIGABRT);
    tcase_add_test_raise_signal(tc, moving_the_clock_back_is_a_bug, SIGABRT);
}

int main(void)
{
    Suite *s = suite_create("event");
    TCase *tc = tcase_create("event");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc,
                   events_fire_by_time_then_rank_then_order_of_scheduling);
    tcase_add_test(tc, zero_delays_fire_at_the_same_instant_in_order_of_rank);
    tcase_add_test(tc,
                   run_stops_after_its_last_instant_and_moves_the_clock_there);
    tcase_add_test(tc, stale_handles_are_always_refused);
    tcase_add_test(tc, an_event_being_fired_is_no_longer_pending);
    tcase_add_test(tc, withdrawn_events_never_move_the_clock_nor_count);
    tcase_add_loop_test(tc, random_programs_fire_in_the_total_order, 1, 4);
    tcase_add_test(tc, feeders_merge_with_events_by_time_and_rank);
    tcase_add_test(tc, at_equal_time_and_rank_events_come_before_feeders);
    tcase_add_test(tc,
                   feeders_of_different_ranks_keep_their_order_at_equal_times);
    tcase_add_test(tc,
                   events_scheduled_by_a_feeder_come_before_its_next_instant);
    tcase_add_test(tc, equal_runs_have_equal_digests_in_any_thread);
    tcase_add_test(tc, observer_sees_each_event_and_may_stop_the_run);
    tcase_add_test(tc, nothing_is_allocated_once_warm);
    add_bugs(tc);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
