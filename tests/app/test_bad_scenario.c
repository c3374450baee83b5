/*
 * test_bad_scenario.c - every scenario that is refused, with its exact message.
 *
 * `rollsim check` reads tests/bad/scenario/CASE.yaml; what it prints on stderr
 * must be the bytes of CASE.expected, and its exit code 3.  A first line
 * "# args: ..." adds options.  A case is two files and nothing here (cases.h).
 */
#include "../cases.h"
#include "command.h"

#define FOLDER "tests/bad/scenario/"

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

/* What the first line asks for; "" if nothing. */
static const char *arguments(const char *text)
{
    if (strncmp(text, "# args: ", 8) != 0)
        return "";
    return arena_strndup(arena, text + 8, strcspn(text + 8, "\n"));
}

START_TEST(bad_scenarios_get_exactly_the_expected_message)
{
    file_names names = cases_find(arena, FOLDER, "*.yaml");
    const char *path = names.items[_i];
    const char *more = arguments(cases_text(arena, path));
    struct output o = command(arena_printf(arena, "check --color never %s %s",
                                           path, more));
    const char *expected = cases_expected(arena, path, o.err);

    ck_assert_msg(o.code == EXIT_INPUT, "%s: exit %d", path, o.code);
    ck_assert_msg(strcmp(expected, o.err) == 0,
                  "%s\n--- expected\n%s--- got\n%s", path, expected, o.err);
    output_free(&o);
}
END_TEST

START_TEST(every_expected_message_has_its_case)
{
    file_names expected = cases_find(arena, FOLDER, "*.expected");
    file_names cases = cases_find(arena, FOLDER, "*.yaml");

    ck_assert_uint_gt(cases.len, 50);
    ck_assert_uint_eq(expected.len, cases.len);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bad scenarios");
    TCase *tc = tcase_create("bad scenarios");
    SRunner *sr;
    int failed;
    size_t n;

    set_up();
    n = cases_find(arena, FOLDER, "*.yaml").len;
    tear_down();
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, bad_scenarios_get_exactly_the_expected_message, 0,
                        (int)n);
    tcase_add_test(tc, every_expected_message_has_its_case);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
