/*
 * test_workqueue.c - the queue of a control loop, by itself.
 */
#include <check.h>
#include <stdlib.h>

#include "kernel/event.h"
#include "models/workqueue.h"

static struct arena *arena;
static struct sim *sim;
static struct workqueue *queue;
static int woken;

static void ready(void *ctx)
{
    (void)ctx;
    woken++;
}

static void start(void)
{
    arena = arena_new();
    sim = sim_new(arena, "test");
    woken = 0;
    queue = workqueue_new(arena, sim, ready, NULL);
}

static void stop(void)
{
    arena_free(arena);
}

START_TEST(a_key_is_queued_once_however_often_it_is_added)
{
    object_uid key = 0;

    workqueue_add(queue, 7);
    workqueue_add(queue, 7);
    ck_assert_uint_eq(workqueue_len(queue), 1);
    ck_assert(workqueue_get(queue, &key));
    ck_assert_uint_eq(key, 7);
    ck_assert(!workqueue_get(queue, &key));
}
END_TEST

START_TEST(a_key_added_while_it_is_processed_comes_back_when_done)
{
    object_uid key;

    workqueue_add(queue, 7);
    ck_assert(workqueue_get(queue, &key));
    workqueue_add(queue, 7);
    ck_assert(!workqueue_get(queue, &key));
    workqueue_done(queue, 7);
    ck_assert(workqueue_get(queue, &key));
    ck_assert_uint_eq(key, 7);
}
END_TEST

START_TEST(keys_leave_in_the_order_they_came)
{
    object_uid key;

    for (object_uid i = 1; i <= 1000; i++)
        workqueue_add(queue, i);
    for (object_uid i = 1; i <= 1000; i++) {
        ck_assert(workqueue_get(queue, &key));
        ck_assert_uint_eq(key, i);
        workqueue_done(queue, key);
        workqueue_add(queue, key + 1000);
    }
    ck_assert_uint_eq(workqueue_len(queue), 1000);
}
END_TEST

START_TEST(only_the_earliest_delayed_add_of_a_key_is_kept)
{
    object_uid key;

    workqueue_add_after(queue, 7, 5 * SIM_S);
    workqueue_add_after(queue, 7, 2 * SIM_S);
    workqueue_add_after(queue, 7, 9 * SIM_S);
    sim_run(sim, 2 * SIM_S);
    ck_assert(workqueue_get(queue, &key));
    workqueue_done(queue, 7);
    sim_run(sim, 20 * SIM_S);
    ck_assert(!workqueue_get(queue, &key));
}
END_TEST

/* Reference 8.3: 5 ms * 2^(n - 1), at most 1000 s. */
START_TEST(failures_delay_a_key_ever_longer)
{
    static const struct {
        int n;
        int64_t ms;
    } rows[] = { { 1, 5 }, { 2, 10 }, { 3, 20 }, { 10, 2560 },
                 { 18, 655360 }, { 19, 1000000 }, { 60, 1000000 } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_int_eq(workqueue_backoff(rows[i].n), rows[i].ms * SIM_MS);
}
END_TEST

START_TEST(forgetting_a_key_starts_its_back_off_anew)
{
    object_uid key;

    workqueue_add_limited(queue, 7);
    workqueue_add_limited(queue, 7);
    ck_assert_int_eq(workqueue_failures(queue, 7), 2);
    workqueue_forget(queue, 7);
    ck_assert_int_eq(workqueue_failures(queue, 7), 0);
    sim_run(sim, 4 * SIM_MS);
    ck_assert(!workqueue_get(queue, &key));
    sim_run(sim, 5 * SIM_MS);
    ck_assert(workqueue_get(queue, &key));
}
END_TEST

/* The bucket that all keys share: 100 at once, then 10 a second. */
START_TEST(many_failing_keys_wait_for_the_shared_bucket)
{
    object_uid key;
    int n = 0;

    for (object_uid i = 1; i <= 120; i++)
        workqueue_add_limited(queue, i);
    sim_run(sim, 10 * SIM_MS);
    while (workqueue_get(queue, &key))
        n++;
    ck_assert_int_eq(n, 100);
    sim_run(sim, 1010 * SIM_MS);
    while (workqueue_get(queue, &key))
        n++;
    ck_assert_int_eq(n, 110);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("workqueue");
    TCase *tc = tcase_create("workqueue");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_test(tc, a_key_is_queued_once_however_often_it_is_added);
    tcase_add_test(tc, a_key_added_while_it_is_processed_comes_back_when_done);
    tcase_add_test(tc, keys_leave_in_the_order_they_came);
    tcase_add_test(tc, only_the_earliest_delayed_add_of_a_key_is_kept);
    tcase_add_test(tc, failures_delay_a_key_ever_longer);
    tcase_add_test(tc, forgetting_a_key_starts_its_back_off_anew);
    tcase_add_test(tc, many_failing_keys_wait_for_the_shared_bucket);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
