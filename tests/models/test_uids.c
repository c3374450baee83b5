/*
 * test_uids.c - lists of object ordinals against a table of flags.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <check.h>

#include "kernel/rng.h"
#include "models/uids.h"

#define MOST 300                /* ordinals are 1 .. MOST - 1 */

static void check_equal(const struct uids *u, const bool *there)
{
    const object_uid *items = uids_items(u);
    size_t n = 0;

    for (object_uid uid = 1; uid < MOST; uid++) {
        if (!there[uid])
            continue;
        ck_assert_uint_lt(n, uids_len(u));
        ck_assert_uint_eq(items[n++], uid);
    }
    ck_assert_uint_eq(n, uids_len(u));
}

START_TEST(list_holds_what_was_added_and_not_removed_in_order)
{
    struct arena *a = arena_new();
    struct uids u = { 0 };
    bool there[MOST] = { false };
    struct stream s;

    stream_init(&s, 1, 7, (uint64_t)_i, 0);
    for (int step = 0; step < 3000; step++) {
        object_uid uid = 1 + stream_below(&s, MOST - 1);

        if (there[uid])
            uids_remove(&u, uid);
        else
            uids_add(a, &u, uid);
        there[uid] = !there[uid];
        if (stream_below(&s, 20) == 0)
            check_equal(&u, there);
    }
    check_equal(&u, there);
    arena_free(a);
}
END_TEST

START_TEST(owners_know_their_own)
{
    struct arena *a = arena_new();
    struct owners o;
    size_t n;

    owners_init(&o, a);
    owners_add(&o, 0, 9);       /* nobody's */
    owners_add(&o, 1, 5);
    owners_add(&o, 1, 3);
    owners_add(&o, 2, 4);
    ck_assert_uint_eq(owners_get(&o, 1, &n)[0], 3);
    ck_assert_uint_eq(n, 2);
    owners_remove(&o, 1, 3);
    ck_assert_uint_eq(owners_get(&o, 1, &n)[0], 5);
    ck_assert_uint_eq(n, 1);
    owners_get(&o, 0, &n);
    ck_assert_uint_eq(n, 0);
    owners_get(&o, 7, &n);
    ck_assert_uint_eq(n, 0);
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("uids");
    TCase *c = tcase_create("lists");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(c, list_holds_what_was_added_and_not_removed_in_order,
                        0, 20);
    tcase_add_test(c, owners_know_their_own);
    suite_add_tcase(s, c);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
