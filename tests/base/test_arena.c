/*
 * test_arena.c - arenas, and pools, vectors, maps and interned strings in
 * them.
 */
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/bug.h"
#include "base/intern.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/vec.h"

static bool is_zero(const void *p, size_t n)
{
    const unsigned char *c = p;

    for (size_t i = 0; i < n; i++)
        if (c[i])
            return false;
    return true;
}

START_TEST(memory_comes_zeroed_aligned_and_apart)
{
    struct arena *a = arena_new();

    for (int round = 0; round < 3; round++) {
        unsigned char *last = NULL;
        size_t last_size = 0;
        bool good = true;

        for (size_t i = 0; i < 3000; i++) {
            size_t size = (i * 7919) % 300 + (i % 500 == 0) * 100000;
            unsigned char *p = arena_alloc(a, size);

            good &= ((uintptr_t)p & 15) == 0 && is_zero(p, size);
            good &= !last || p >= last + last_size || p + size <= last;
            memset(p, 0xA5, size);
            last = p;
            last_size = size;
        }
        ck_assert(good);
        arena_reset(a);
        ck_assert_uint_eq(arena_used(a), 0);
    }
    arena_free(a);
}
END_TEST

START_TEST(a_reset_arena_serves_the_same_memory_again)
{
    struct arena *a = arena_new();
    void *first = arena_alloc(a, 100), *big = arena_alloc(a, 1 << 20);

    arena_alloc(a, 10);
    arena_reset(a);
    ck_assert_ptr_eq(arena_alloc(a, 100), first);
    ck_assert_ptr_eq(arena_alloc(a, 1 << 20), big);
    ck_assert_uint_eq(arena_used(a), 100 + (1 << 20));
    arena_free(a);
    arena_free(NULL);
}
END_TEST

struct trail {
    int calls[8], len;
};

struct step {
    struct trail *trail;
    int id;
};

static void leave_trail(void *arg)
{
    struct step *s = arg;

    s->trail->calls[s->trail->len++] = s->id;
}

START_TEST(clean_ups_run_last_registered_first_and_once)
{
    struct arena *a = arena_new();
    struct trail trail = { .len = 0 };
    struct step one = { &trail, 1 }, two = { &trail, 2 };

    arena_on_free(a, leave_trail, &one);
    arena_on_free(a, leave_trail, &two);
    arena_reset(a);
    ck_assert_int_eq(trail.len, 2);
    ck_assert_int_eq(trail.calls[0], 2);
    arena_on_free(a, leave_trail, &one);
    arena_free(a);
    ck_assert_int_eq(trail.len, 3);
    ck_assert_int_eq(trail.calls[2], 1);
}
END_TEST

START_TEST(an_arena_under_another_is_freed_with_it)
{
    struct arena *a = arena_new(), *under = arena_under(a);
    struct trail trail = { .len = 0 };
    struct step one = { &trail, 1 };

    arena_on_free(under, leave_trail, &one);
    arena_reset(a);
    ck_assert_int_eq(trail.len, 1);
    arena_on_free(arena_under(a), leave_trail, &one);
    arena_free(a);
    ck_assert_int_eq(trail.len, 2);
}
END_TEST

START_TEST(copies_and_formatted_strings_belong_to_the_arena)
{
    struct arena *a = arena_new();
    int numbers[] = { 1, 2, 3 }, *copy = arena_memdup(a, numbers,
                                                      sizeof numbers);

    ck_assert_int_eq(copy[2], 3);
    ck_assert_str_eq(arena_strndup(a, "abcdef", 3), "abc");
    ck_assert_str_eq(arena_strdup(a, ""), "");
    ck_assert_str_eq(arena_printf(a, "%s-%d", "x", 7), "x-7");
    ck_assert_uint_eq(strlen(arena_printf(a, "%0100000d", 1)), 100000);
    arena_free(a);
}
END_TEST

START_TEST(an_array_that_overflows_is_a_bug)
{
    arena_array(arena_new(), SIZE_MAX / 2, 3);
}
END_TEST

struct thing {
    int number;
    char text[20];
};

START_TEST(pools_reuse_what_is_given_back_zeroed)
{
    struct arena *a = arena_new();
    struct pool p;
    struct thing *x, *y;
    size_t used;

    pool_init(&p, a, sizeof(struct thing));
    x = pool_take(&p);
    x->number = 5;
    y = pool_take(&p);
    ck_assert_uint_eq(p.live, 2);
    pool_put(&p, x);
    ck_assert_uint_eq(p.live, 1);
    used = arena_used(a);
    ck_assert_ptr_eq(pool_take(&p), x);
    ck_assert(is_zero(x, sizeof *x));
    for (int i = 0; i < 1000; i++) {
        pool_put(&p, y);
        y = pool_take(&p);
    }
    ck_assert_uint_eq(arena_used(a), used);
    arena_free(a);
}
END_TEST

START_TEST(giving_back_nothing_is_a_bug)
{
    struct pool p;

    pool_init(&p, arena_new(), 1);
    pool_take(&p);
    pool_put(&p, NULL);
}
END_TEST

START_TEST(vectors_grow_and_lose_items_with_or_without_order)
{
    struct arena *a = arena_new();
    VEC(int) v = { 0 };

    for (int i = 0; i < 1000; i++)
        vec_push(a, &v, i);
    ck_assert_uint_eq(v.len, 1000);
    ck_assert_int_eq(v.items[999], 999);
    vec_remove(&v, 0);
    vec_remove(&v, 998);
    ck_assert_int_eq(v.items[0], 1);
    ck_assert_int_eq(v.items[997], 998);
    ck_assert_uint_eq(v.len, 998);
    vec_swap_remove(&v, 0);
    ck_assert_int_eq(v.items[0], 998);
    vec_clear(&v);
    ck_assert_uint_eq(v.len, 0);
    arena_free(a);
}
END_TEST

START_TEST(removing_behind_the_end_is_a_bug)
{
    struct arena *a = arena_new();
    VEC(int) v = { 0 };

    vec_push(a, &v, 1);
    vec_remove(&v, 1);
}
END_TEST

static int values[5000];

START_TEST(maps_keep_what_was_put_in_order_of_insertion)
{
    struct arena *a = arena_new();
    struct map m;

    map_init(&m, a);
    ck_assert_ptr_null(map_get(&m, "key"));
    for (int i = 0; i < 5000; i++)
        map_put(&m, arena_printf(a, "key%d", i), &values[i]);
    for (int i = 0; i < 5000; i += 2)
        map_put(&m, arena_printf(a, "key%d", i), NULL);
    for (int i = 0; i < 5000; i++) {
        char key[32];

        snprintf(key, sizeof key, "key%d", i);
        if (map_get(&m, key) != (i % 2 ? &values[i] : NULL))
            ck_abort_msg("%s", key);
        if (strcmp(m.entries[i].key, key) != 0)
            ck_abort_msg("entry %d is %s", i, m.entries[i].key);
    }
    map_put(&m, "key4", &values[4]);
    ck_assert_ptr_eq(m.entries[4].value, &values[4]);
    ck_assert_uint_eq(m.len, 5000);
    map_put(&m, "never there", NULL);
    ck_assert_uint_eq(m.len, 5000);
    arena_free(a);
}
END_TEST

START_TEST(maps_from_numbers_take_any_number)
{
    static const uint64_t numbers[] = { 0, 1, 64, 128, UINT64_MAX,
                                        UINT64_C(1) << 63 };
    struct arena *a = arena_new();
    struct map m;

    map_init(&m, a);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        map_put_number(&m, numbers[i], &values[i]);
    for (uint64_t i = 1000; i < 4000; i++)
        map_put_number(&m, i << 20, &values[i]);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        ck_assert_ptr_eq(map_get_number(&m, numbers[i]), &values[i]);
    for (uint64_t i = 1000; i < 4000; i++)
        if (map_get_number(&m, i << 20) != &values[i])
            ck_abort_msg("%d", (int)i);
    ck_assert_ptr_null(map_get_number(&m, 2));
    arena_free(a);
}
END_TEST

START_TEST(interned_strings_are_equal_if_their_pointers_are)
{
    struct arena *a = arena_new();
    struct intern in;
    char text[] = "web";
    const char *web;

    intern_init(&in, a);
    ck_assert_ptr_null(intern_find(&in, "web"));
    web = intern(&in, text);
    ck_assert_ptr_ne(web, text);
    text[0] = 'x';
    ck_assert_ptr_eq(intern(&in, "web"), web);
    ck_assert_ptr_eq(intern_find(&in, "web"), web);
    ck_assert_ptr_ne(intern(&in, "xeb"), web);
    ck_assert_str_eq(web, "web");
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("arena");
    TCase *tc = tcase_create("arena");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, memory_comes_zeroed_aligned_and_apart);
    tcase_add_test(tc, a_reset_arena_serves_the_same_memory_again);
    tcase_add_test(tc, clean_ups_run_last_registered_first_and_once);
    tcase_add_test(tc, an_arena_under_another_is_freed_with_it);
    tcase_add_test(tc, copies_and_formatted_strings_belong_to_the_arena);
    tcase_add_test_raise_signal(tc, an_array_that_overflows_is_a_bug,
                                SIGABRT);
    tcase_add_test(tc, pools_reuse_what_is_given_back_zeroed);
    tcase_add_test_raise_signal(tc, giving_back_nothing_is_a_bug, SIGABRT);
    tcase_add_test(tc, vectors_grow_and_lose_items_with_or_without_order);
    tcase_add_test_raise_signal(tc, removing_behind_the_end_is_a_bug,
                                SIGABRT);
    tcase_add_test(tc, maps_keep_what_was_put_in_order_of_insertion);
    tcase_add_test(tc, maps_from_numbers_take_any_number);
    tcase_add_test(tc, interned_strings_are_equal_if_their_pointers_are);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
