/*
 * test_census.c - censuses that follow pods against counting anew.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "../../models/scheduler/census_impl.h"
#include "kernel/rng.h"

#define ZONE "topology.kubernetes.io/zone"
#define HOST "kubernetes.io/hostname"
#define NODES 40
#define PODS 300
#define STEPS 4000

static struct arena *arena;
static struct sched_node *nodes[NODES];
static struct pod_spec plain, choosy;
static struct stream luck;

static uint32_t below(uint32_t n)
{
    return stream_below(&luck, n);
}

/* Some nodes have no zone, some no disk. */
static void set_up(void)
{
    arena = arena_new();
    stream_init(&luck, 7, 1, 1, 0);
    plain = (struct pod_spec){ 0 };
    choosy = (struct pod_spec){
        .node_selector = labels_with(arena, NULL, "disk", "fast") };
    for (int i = 0; i < NODES; i++) {
        struct node *n;

        nodes[i] = arena_make(arena, struct sched_node);
        n = &nodes[i]->node;
        n->meta.name = arena_printf(arena, "n%d", i);
        if (i % 7)
            n->meta.labels = labels_with(arena, NULL, ZONE,
                                         arena_printf(arena, "z%d", i % 3));
        if (i % 2)
            n->meta.labels = labels_with(arena, n->meta.labels, "disk",
                                         "fast");
    }
}

static void tear_down(void)
{
    arena_free(arena);
}

static struct sched_cycle cycle_with(struct census_book *book)
{
    return (struct sched_cycle){ .arena = arena, .space = "a",
                                 .nodes = nodes, .nnodes = NODES,
                                 .censuses = book };
}

/* One of a few questions, in memory of its own: a book may not keep it. */
static struct census_what question(uint32_t i)
{
    static const char *const keys[] = { ZONE, HOST };
    const char **all = arena_many(arena, const char *, 2);
    struct census_what w = { .space = i & 1 ? "a" : "b",
                            .key = keys[i >> 1 & 1] };

    memcpy(all, keys, sizeof(keys));
    w.spec = i & 4 ? &choosy : NULL;
    w.keys = all;
    w.nkeys = i & 8 ? 2 : 0;
    w.selector = selector_with(arena, NULL, "app",
                               i & 16 ? "web" : "db");
    return w;
}

static void check_same(const struct census *kept, const struct census *fresh)
{
    size_t differ = kept->domains.len != fresh->domains.len;

    for (size_t i = 0; i < NODES; i++) {
        const struct domain *k = kept->domain[i], *f = fresh->domain[i];

        differ += kept->pods[i] != fresh->pods[i] || !k != !f ||
                  (k && k->pods != f->pods);
    }
    ck_assert_uint_eq(differ, 0);
}

static void ask(struct census_book *book, uint32_t i)
{
    struct sched_cycle with = cycle_with(book), without = cycle_with(NULL);
    struct census_what what = question(i);

    census_book_begin(book);
    check_same(census_find(&with, &what), census_find(&without, &what));
}

/* A pod comes, begins to go, or goes. */
static void step(struct census_book *book, object_uid *at)
{
    static const char *const apps[] = { "web", "db", "cache" };
    uint32_t pod = below(PODS);
    struct sched_node *n = at[pod] ? nodes[at[pod] - 1] : NULL;

    if (!n) {
        uint32_t i = below(NODES);
        struct placed p = {
            .uid = pod + 1, .space = below(3) ? "a" : "b", .spec = &plain,
            .labels = labels_with(arena, NULL, "app", apps[below(3)]) };

        sched_place(arena, nodes[i], p);
        census_book_add(book, nodes[i], &p, 1);
        at[pod] = i + 1;
    } else if (below(2)) {
        for (size_t i = 0; i < n->pods.len; i++)
            if (n->pods.items[i].uid == pod + 1 &&
                !n->pods.items[i].deleting) {
                census_book_add(book, n, &n->pods.items[i], -1);
                n->pods.items[i].deleting = true;
            }
    } else {
        struct placed p = sched_unplace(n, pod + 1);

        if (!p.deleting)
            census_book_add(book, n, &p, -1);
        at[pod] = 0;
    }
}

START_TEST(a_census_that_follows_is_one_that_counts)
{
    struct census_book *book = census_book_new(arena);
    object_uid at[PODS] = { 0 };

    for (int i = 0; i < STEPS; i++) {
        step(book, at);
        if (i % 5 == 0)
            ask(book, below(32));
    }
    for (uint32_t i = 0; i < 32; i++)
        ask(book, i);
}
END_TEST

START_TEST(other_labels_of_nodes_count_once_the_book_is_cleared)
{
    struct census_book *book = census_book_new(arena);
    object_uid at[PODS] = { 0 };

    for (int i = 0; i < 200; i++)
        step(book, at);
    ask(book, 17);
    nodes[1]->node.meta.labels = labels_with(
        arena, nodes[1]->node.meta.labels, ZONE, "elsewhere");
    census_book_clear(book);
    ask(book, 17);
}
END_TEST

/* Twice as many questions as a book holds. */
START_TEST(a_full_book_is_begun_anew)
{
    struct census_book *book = census_book_new(arena);
    object_uid at[PODS] = { 0 };

    for (int i = 0; i < 256; i++) {
        struct sched_cycle with = cycle_with(book), without = cycle_with(NULL);
        struct census_what what = question(1);
        struct census *first;

        step(book, at);
        what.selector = selector_with(arena, what.selector, "n",
                                      arena_printf(arena, "%d", i));
        census_book_begin(book);
        first = census_find(&with, &what);
        check_same(first, census_find(&without, &what));
        what.selector = question(17).selector;
        check_same(census_find(&with, &what), census_find(&without, &what));
        ck_assert_int_eq(first->pods[0], 0);    /* still there */
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("census");
    TCase *tc = tcase_create("censuses");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_census_that_follows_is_one_that_counts);
    tcase_add_test(tc, other_labels_of_nodes_count_once_the_book_is_cleared);
    tcase_add_test(tc, a_full_book_is_begun_anew);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
