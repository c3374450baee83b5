/*
 * test_golden.c - what commands print on stdout, to the byte.
 *
 * tests/golden/CASE.args is a command line; its stdout must be the bytes of
 * CASE.expected (cases.h).
 */
#include <locale.h>
#include "../cases.h"
#include "command.h"

#define FOLDER "tests/golden/"

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
    setenv("LC_ALL", "C", 1);
}

static void tear_down(void)
{
    arena_free(arena);
}

/* The number of the first line in which two texts differ; 0 if in none. */
static int first_difference(const char *a, const char *b)
{
    int line = 1;

    for (; *a && *a == *b; a++, b++)
        line += *a == '\n';
    return *a == *b ? 0 : line;
}

/* Line number n of a text. */
static const char *line_of(const char *text, int n)
{
    while (--n > 0 && (text = strchr(text, '\n')) != NULL)
        text++;
    return text ? arena_strndup(arena, text, strcspn(text, "\n")) : "";
}

START_TEST(commands_print_the_expected_bytes)
{
    file_names names = cases_find(arena, FOLDER, "*.args");
    const char *path = names.items[_i];
    const char *line = cases_text(arena, path);
    struct output o = command(arena_strndup(arena, line,
                                            strcspn(line, "\n")));
    const char *expected = cases_expected(arena, path, o.out);
    int at;

    ck_assert_msg(o.code == 0, "%s: exit %d: %s", path, o.code, o.err);
    at = first_difference(expected, o.out);
    ck_assert_msg(at == 0, "%s, line %d\n--- expected\n%s\n--- got\n%s", path,
                  at, line_of(expected, at), line_of(o.out, at));
    output_free(&o);
}
END_TEST

START_TEST(every_expected_output_has_its_command)
{
    file_names expected = cases_find(arena, FOLDER, "*.expected");
    file_names lines = cases_find(arena, FOLDER, "*.args");

    ck_assert_uint_gt(lines.len, 0);
    ck_assert_uint_eq(expected.len, lines.len);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("golden");
    TCase *tc = tcase_create("golden");
    SRunner *sr;
    int failed;
    size_t n;

    set_up();
    n = cases_find(arena, FOLDER, "*.args").len;
    tear_down();
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, commands_print_the_expected_bytes, 0, (int)n);
    tcase_add_test(tc, every_expected_output_has_its_command);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
