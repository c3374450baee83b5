/*
 * test_object.c - labels, selectors, kinds.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "models/object.h"
#include "manifest_text.h"

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

static const struct labels *labels_of(const char *text)
{
    return labels_from(arena, value_flow(arena, text, NULL));
}

START_TEST(labels_are_sorted_and_shared_by_value)
{
    const struct labels *l = labels_of("{tier: web, app: a}");

    ck_assert_uint_eq(l->len, 2);
    ck_assert_str_eq(l->items[0].key, "app");
    ck_assert_str_eq(labels_get(l, "tier"), "web");
    ck_assert_ptr_null(labels_get(l, "none"));
    ck_assert(labels_equal(l, labels_of("{app: a, tier: web}")));
    ck_assert(!labels_equal(l, labels_of("{app: a, tier: db}")));
    ck_assert(!labels_equal(l, labels_of("{app: a}")));
}
END_TEST

START_TEST(no_labels_are_the_null_set)
{
    ck_assert_ptr_null(labels_of("{}"));
    ck_assert_ptr_null(labels_from(arena, NULL));
    ck_assert(labels_equal(NULL, NULL));
    ck_assert(!labels_equal(NULL, labels_of("{a: b}")));
}
END_TEST

START_TEST(a_label_is_added_replaced_and_removed_in_copies)
{
    const struct labels *l = labels_of("{b: \"1\"}");
    const struct labels *more = labels_with(arena, l, "a", "0");
    const struct labels *other = labels_with(arena, more, "b", "2");

    ck_assert_str_eq(more->items[0].key, "a");
    ck_assert_str_eq(labels_get(more, "b"), "1");
    ck_assert_str_eq(labels_get(other, "b"), "2");
    ck_assert_uint_eq(l->len, 1);
    ck_assert_ptr_null(labels_with(arena, l, "b", NULL));
    ck_assert_str_eq(labels_get(labels_with(arena, NULL, "x", "y"), "x"), "y");
}
END_TEST

/* The rest of matching is in the table label_selector_match. */
START_TEST(a_map_selector_needs_every_entry_and_an_empty_one_selects_nothing)
{
    const struct selector *s = selector_from_map(arena,
        value_flow(arena, "{app: a, tier: web}", NULL));

    ck_assert(selector_match(s, labels_of("{app: a, tier: web, x: y}")));
    ck_assert(!selector_match(s, labels_of("{app: a}")));
    ck_assert_ptr_null(selector_from_map(arena, NULL));
    ck_assert_ptr_null(selector_from_map(arena,
                                         value_flow(arena, "{}", NULL)));
    ck_assert(!selector_match(NULL, labels_of("{app: a}")));
}
END_TEST

START_TEST(a_requirement_can_be_added_to_a_selector)
{
    const struct selector *s = selector_from_map(arena,
        value_flow(arena, "{app: a}", NULL));
    const struct selector *t = selector_with(arena, s, "hash", "x1");

    ck_assert(selector_match(t, labels_of("{app: a, hash: x1}")));
    ck_assert(!selector_match(t, labels_of("{app: a, hash: x2}")));
    ck_assert(selector_equal(t, selector_with(arena, s, "hash", "x1")));
    ck_assert(!selector_equal(t, s));
}
END_TEST

START_TEST(gt_and_lt_compare_whole_numbers_only)
{
    static const struct {
        enum selector_op op;
        const char *limit, *value;
        bool matches;
    } cases[] = {
        { SELECT_GT, "10", "11", true }, { SELECT_GT, "10", "10", false },
        { SELECT_LT, "10", "9", true }, { SELECT_LT, "10", "10", false },
        { SELECT_GT, "10", "eleven", false }, { SELECT_GT, "x", "11", false },
        { SELECT_LT, "-1", "-2", true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct requirement q = { "n", cases[i].op, &cases[i].limit, 1 };
        struct selector s = { &q, 1 };
        const struct labels *l = labels_with(arena, NULL, "n",
                                             cases[i].value);

        ck_assert_msg(selector_match(&s, l) == cases[i].matches, "case %zu",
                      i);
    }
}
END_TEST

START_TEST(a_faulty_selector_says_where)
{
    struct err_list errors;

    err_init(&errors, arena);
    ck_assert_ptr_null(selector_from(arena, value_flow(arena,
        "{matchExpressions: [{key: app, operator: Equals, values: [a]}]}",
        NULL), &errors));
    ck_assert_str_eq(faults_text(arena, &errors),
                     "Invalid matchExpressions[0].operator");
}
END_TEST

START_TEST(kinds_are_found_by_version_and_by_what_people_type)
{
    static const struct {
        const char *word;
        enum kind kind;
    } words[] = {
        { "deployment", KIND_DEPLOYMENT }, { "deployments", KIND_DEPLOYMENT },
        { "deploy", KIND_DEPLOYMENT }, { "deployment.apps", KIND_DEPLOYMENT },
        { "deployments.v1.apps", KIND_DEPLOYMENT },
        { "Deployment", KIND_DEPLOYMENT }, { "svc", KIND_SERVICE },
        { "po", KIND_POD }, { "pods", KIND_POD }, { "rs", KIND_REPLICASET },
        { "sts", KIND_STATEFULSET }, { "ds", KIND_DAEMONSET },
        { "hpa", KIND_HPA }, { "pdb", KIND_PDB }, { "cj", KIND_CRONJOB },
        { "deployment.batch", KIND_NONE }, { "ing", KIND_INGRESS },
        { "ingress", KIND_INGRESS }, { "ingres", KIND_NONE },
        { "", KIND_NONE },
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(kind_by_resource(words[i].word) == words[i].kind, "%s",
                      words[i].word);
    ck_assert_int_eq(kind_find("apps/v1", "Deployment"), KIND_DEPLOYMENT);
    ck_assert_int_eq(kind_find("v1", "Service"), KIND_SERVICE);
    ck_assert_int_eq(kind_find("v1", "Deployment"), KIND_NONE);
    ck_assert_int_eq(kind_find("apps/v1beta1", "Deployment"), KIND_NONE);
    ck_assert_int_eq(kind_find("autoscaling/v1", "HorizontalPodAutoscaler"),
                     KIND_HPA);
}
END_TEST

/* One case per kind. */
START_TEST(every_kind_has_a_name_a_resource_and_functions)
{
    enum kind k = (enum kind)(_i + 1);
    const struct kind_ops *ops = kind_ops_of(k);

    ck_assert_str_ne(kind_name(k), "");
    ck_assert_int_eq(kind_by_resource(kind_resource(k)), (int)k);
    ck_assert_int_eq(kind_find(kind_api_version(arena, k), kind_name(k)),
                     (int)k);
    ck_assert_uint_ge(ops->size, sizeof(struct meta));
    ck_assert(ops->copy_status && ops->spec_changed);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("object");
    TCase *tc = tcase_create("labels, selectors, kinds");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, labels_are_sorted_and_shared_by_value);
    tcase_add_test(tc, no_labels_are_the_null_set);
    tcase_add_test(tc, a_label_is_added_replaced_and_removed_in_copies);
    tcase_add_test(tc,
        a_map_selector_needs_every_entry_and_an_empty_one_selects_nothing);
    tcase_add_test(tc, a_requirement_can_be_added_to_a_selector);
    tcase_add_test(tc, gt_and_lt_compare_whole_numbers_only);
    tcase_add_test(tc, a_faulty_selector_says_where);
    tcase_add_test(tc, kinds_are_found_by_version_and_by_what_people_type);
    tcase_add_loop_test(tc, every_kind_has_a_name_a_resource_and_functions, 0,
                        KIND_COUNT - 1);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
