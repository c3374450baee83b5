/*
 * test_bad_yaml.c - every text that is not good YAML, with its exact message.
 *
 * tests/bad/yaml/CASE.yaml is read; what would be printed must be the bytes
 * of CASE.expected.  A case is two files and nothing here (cases.h).
 */
#include "../cases.h"
#include "io/yaml.h"

#define FOLDER "tests/bad/yaml/"

static struct arena *arena;
static struct err_list errors;

static void set_up(void)
{
    arena = arena_new();
    err_init(&errors, arena);
}

static void tear_down(void)
{
    arena_free(arena);
}

/* What the user would see after reading path. */
static char *message_of(const char *path)
{
    struct yaml_stream out;
    size_t len;
    char *text;
    FILE *f = open_memstream(&text, &len);

    yaml_load_file(arena, path, false, NULL, &out, &errors);
    err_print(&errors, f, ERR_HUMAN, false);
    fclose(f);
    return text;
}

START_TEST(bad_yaml_gets_exactly_the_expected_message)
{
    file_names names = cases_find(arena, FOLDER, "*.yaml");
    const char *path = names.items[_i];
    char *text = message_of(path);
    const char *expected = cases_expected(arena, path, text);

    ck_assert_msg(errors.errors > 0, "%s was accepted", path);
    ck_assert_msg(strcmp(text, expected) == 0,
                  "%s\n--- expected\n%s--- got\n%s", path, expected, text);
    free(text);
}
END_TEST

START_TEST(every_expected_message_has_its_case)
{
    file_names expected = cases_find(arena, FOLDER, "*.expected");
    file_names cases = cases_find(arena, FOLDER, "*.yaml");

    ck_assert_uint_gt(cases.len, 0);
    ck_assert_uint_eq(expected.len, cases.len);
    for (size_t i = 0; i < cases.len; i++)
        ck_assert_int_eq(strncmp(expected.items[i], cases.items[i],
                                 strlen(cases.items[i]) - 4), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bad_yaml");
    TCase *tc = tcase_create("bad_yaml");

    set_up();
    int n = (int)cases_find(arena, FOLDER, "*.yaml").len;
    tear_down();
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, bad_yaml_gets_exactly_the_expected_message, 0, n);
    tcase_add_test(tc, every_expected_message_has_its_case);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK); /* fast, and leaks show */
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
