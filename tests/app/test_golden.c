/*
 * test_golden.c - what commands print on stdout, to the byte.
 *
 * tests/golden/CASE.args is a command line; its stdout must be the bytes of
 * CASE.expected.  With RECORD=1 in the environment the .expected files are
 * written anew, to be reviewed.
 */
#include <check.h>
#include <locale.h>
#include "command.h"
#include "io/file.h"

#define FOLDER "tests/golden/"

static struct arena *arena;
static struct err_list errors;

static void set_up(void)
{
    arena = arena_new();
    err_init(&errors, arena);
    setenv("LC_ALL", "C", 1);
}

static void tear_down(void)
{
    arena_free(arena);
}

static file_names find(const char *pattern)
{
    file_names names = {0};

    if (file_glob(arena, FOLDER, pattern, NULL, &names, &errors) != SIM_OK)
        names.len = 0;
    return names;
}

static const char *text_of(const char *path)
{
    struct file_data d;

    ck_assert_int_eq(file_read(arena, path, 0, NULL, &d, &errors), SIM_OK);
    return d.bytes;
}

static void record(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
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
    file_names names = find("*.args");
    const char *path = names.items[_i];
    const char *line = text_of(path);
    const char *expected = arena_printf(arena, "%.*sexpected",
                                        (int)(strlen(path) - 4), path);
    struct output o = command(arena_strndup(arena, line,
                                            strcspn(line, "\n")));
    int at;

    if (getenv("RECORD"))
        record(expected, o.out);
    ck_assert_msg(o.code == 0, "%s: exit %d: %s", path, o.code, o.err);
    at = first_difference(text_of(expected), o.out);
    ck_assert_msg(at == 0, "%s, line %d\n--- expected\n%s\n--- got\n%s", path,
                  at, line_of(text_of(expected), at), line_of(o.out, at));
    output_free(&o);
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
    n = find("*.args").len;
    tear_down();
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, commands_print_the_expected_bytes, 0, (int)n);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
