/*
 * test_evq.c - the radix heap against a 4-ary heap, pop for pop.
 *
 * Random programs of push, pop, bounded pop, peek and purge run on both.  One
 * planted fault (two tied entries swapped) shows that the comparison fails
 * when it should.
 */
#include <check.h>
#include <signal.h>
#include <string.h>
#include "base/bug.h"
#include "kernel/evq.h"
#include "kernel/rng.h"
#include "evq_heap.h"

/* How keys lie above the last one popped. */
enum spacing { TIES, NEAR, WIDE, MIXED, HUGE_STEPS, SPACINGS };

static uint64_t step(struct stream *s, enum spacing spacing)
{
    switch (spacing) {
    case TIES:
        return stream_below(s, 3);
    case NEAR:
        return stream_below(s, 1000);
    case WIDE:
        return stream_u64(s) >> (24 + stream_below(s, 30));
    case MIXED:
        return stream_below(s, 4) ? stream_below(s, 50) << 20
            : (uint64_t)stream_below(s, 1 << 30) << 10;
    default:
        return stream_u64(s) >> (4 + stream_below(s, 60));
    }
}

static bool odd_word(void *ctx, uint64_t word)
{
    (void)ctx;
    return word % 3 == 1;
}

struct pair {
    struct evq *q;
    struct evq_heap h;
    uint64_t last, words;
};

static void push(struct pair *p, uint64_t key)
{
    struct evq_entry e = { key, p->words++ };

    evq_push(p->q, e);
    heap_push(&p->h, e);
}

/* Push two entries of one key, in the other order into one of the lists. */
static void plant_fault(struct pair *p)
{
    struct evq_entry a = { p->last + 5, p->words++ };
    struct evq_entry b = { p->last + 5, p->words++ };

    evq_push(p->q, a);
    evq_push(p->q, b);
    heap_push(&p->h, b);
    heap_push(&p->h, a);
}

/* Pop both with a limit; true if they agree. */
static bool pop_agrees(struct pair *p, uint64_t limit)
{
    struct evq_entry a = { 0, 0 }, b = { 0, 0 };
    bool got = evq_pop(p->q, limit, &a);
    uint64_t peeked;

    if (got != heap_pop(&p->h, limit, &b) || a.key != b.key
        || a.word != b.word)
        return false;
    if (got)
        p->last = a.key;
    if (evq_peek(p->q, &peeked) != (p->h.len > 0)
        || (p->h.len > 0 && peeked != p->h.items[0].key))
        return false;
    return evq_len(p->q) == p->h.len;
}

/* Run one random program; true if both lists agree all the way. */
static bool lists_agree(uint64_t seed, enum spacing spacing, int steps,
                        bool fault)
{
    struct pair p = { .q = evq_new() };
    struct stream s;
    bool same = true;

    stream_init(&s, seed, 0, (uint64_t)spacing, 0);
    for (int i = 0; same && i < steps; i++) {
        uint32_t what = stream_below(&s, 100);

        if (fault && i == steps / 2)
            plant_fault(&p);
        if (p.last > UINT64_MAX / 4)
            break;
        if (what < 48)
            push(&p, p.last + step(&s, spacing));
        else if (what < 85)
            same = pop_agrees(&p, UINT64_MAX);
        else if (what < 99)
            same = pop_agrees(&p, p.last + step(&s, spacing));
        else if (stream_below(&s, 20) == 0) {
            evq_purge(p.q, odd_word, NULL);
            heap_purge(&p.h, odd_word, NULL);
        }
    }
    while (same && p.h.len)
        same = pop_agrees(&p, UINT64_MAX);
    same = same && evq_len(p.q) == p.h.len;
    evq_free(p.q);
    free(p.h.items);
    return same;
}

START_TEST(radix_heap_and_4_ary_heap_pop_the_same)
{
    for (uint64_t seed = 1; seed <= 20; seed++)
        ck_assert_msg(lists_agree(seed, (enum spacing)_i, 20000, false),
                      "seed %u", (unsigned)seed);
}
END_TEST

START_TEST(comparison_finds_a_planted_fault)
{
    ck_assert(!lists_agree(1, (enum spacing)_i, 2000, true));
}
END_TEST

START_TEST(equal_keys_leave_in_order_of_coming)
{
    struct evq *q = evq_new();
    struct evq_entry e;

    for (uint64_t i = 0; i < 1000; i++)
        evq_push(q, (struct evq_entry){ 77777, i });
    for (uint64_t i = 0; i < 1000; i++) {
        ck_assert(evq_pop(q, 77777, &e));
        ck_assert_uint_eq(e.word, i);
        if (i < 500)
            evq_push(q, (struct evq_entry){ 77777, 1000 + i });
    }
    ck_assert_uint_eq(evq_len(q), 500);
    evq_free(q);
}
END_TEST

START_TEST(bounded_pop_leaves_room_for_earlier_pushes)
{
    struct evq *q = evq_new();
    struct evq_entry e;
    uint64_t key;

    evq_push(q, (struct evq_entry){ 1000000, 1 });
    evq_push(q, (struct evq_entry){ 1000001, 2 });
    ck_assert(!evq_pop(q, 999999, &e));
    ck_assert(evq_peek(q, &key));
    ck_assert_uint_eq(key, 1000000);
    evq_push(q, (struct evq_entry){ 3, 3 });
    ck_assert(evq_peek(q, &key));
    ck_assert_uint_eq(key, 3);
    ck_assert(evq_pop(q, UINT64_MAX, &e));
    ck_assert_uint_eq(e.word, 3);
    evq_free(q);
}
END_TEST

START_TEST(extreme_keys_are_kept)
{
    static const uint64_t keys[] = { 0, 1, UINT64_MAX - 1, UINT64_MAX };
    struct evq *q = evq_new();
    struct evq_entry e;

    for (size_t i = COUNT_OF(keys); i-- > 0;)
        evq_push(q, (struct evq_entry){ keys[i], i });
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        ck_assert(evq_pop(q, UINT64_MAX, &e));
        ck_assert_uint_eq(e.key, keys[i]);
    }
    ck_assert(!evq_pop(q, UINT64_MAX, &e));
    evq_free(q);
}
END_TEST

START_TEST(key_below_the_last_one_is_a_bug)
{
    struct evq *q = evq_new();
    struct evq_entry e;

    evq_push(q, (struct evq_entry){ 10, 1 });
    evq_pop(q, 10, &e);
    evq_push(q, (struct evq_entry){ 9, 2 });
}
END_TEST

int main(void)
{
    Suite *s = suite_create("evq");
    TCase *tc = tcase_create("evq");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, radix_heap_and_4_ary_heap_pop_the_same, 0,
                        SPACINGS);
    tcase_add_loop_test(tc, comparison_finds_a_planted_fault, 0, SPACINGS);
    tcase_add_test(tc, equal_keys_leave_in_order_of_coming);
    tcase_add_test(tc, bounded_pop_leaves_room_for_earlier_pushes);
    tcase_add_test(tc, extreme_keys_are_kept);
    tcase_add_test_raise_signal(tc, key_below_the_last_one_is_a_bug, SIGABRT);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
