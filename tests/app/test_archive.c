/*
 * test_archive.c - `-o FILE`: computed once, kept whole, the same whatever the
 * threads, the steps and the shards.
 */
#include <unistd.h>
#include "../cases.h"
#include "base/bug.h"
#include "command.h"
#include "store_dump.h"

#define SMALL "tests/app/data/small.yaml"

static char folder[64];
static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
    strcpy(folder, "/tmp/test_archive.XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
}

static void tear_down(void)
{
    ck_assert_int_eq(system(arena_printf(arena, "rm -rf '%s'", folder)), 0);
    arena_free(arena);
}

static const char *in_folder(const char *name)
{
    return arena_printf(arena, "%s/%s", folder, name);
}

/* Run a command line, in which every @ is the folder; it must end with code.
 * Returns its stdout. */
static const char *rollsim(int code, const char *line)
{
    struct buf b = {0};
    struct output o;
    const char *out;

    for (; *line; line++) {
        if (*line == '@')
            buf_puts(&b, folder);
        else
            buf_putc(&b, *line);
    }
    o = command(b.text);
    ck_assert_msg(o.code == code, "%s: exit %d\n%s%s", b.text, o.code, o.out,
                  o.err);
    out = arena_strdup(arena, o.out);
    output_free(&o);
    buf_free(&b);
    return out;
}

static const char *dump(const char *name)
{
    return store_dump(arena, in_folder(name));
}

START_TEST(threads_leave_the_same_file)
{
    rollsim(0, "run " SMALL " -n 12 -q -j 1 -o @/one.db");
    rollsim(0, "run " SMALL " -n 12 -q -j 2 -o @/two.db");
    rollsim(0, "run " SMALL " -n 12 -q -j 7 -o @/seven.db");
    ck_assert_str_eq(dump("one.db"), dump("two.db"));
    ck_assert_str_eq(dump("one.db"), dump("seven.db"));
    ck_assert_ptr_nonnull(strstr(dump("one.db"), "\n2|11|ok|"));
}
END_TEST

START_TEST(only_what_is_missing_is_computed)
{
    const char *nine, *before;

    rollsim(0, "run " SMALL " -n 4 -q -o @/a.db");
    rollsim(0, "run " SMALL " -n 2 -q -o @/a.db --strategy rolling");
    nine = rollsim(0, "run " SMALL " -n 9 -q -o @/a.db");
    ck_assert_str_eq(nine, rollsim(0, "run " SMALL " -n 9 -q"));
    rollsim(0, "run " SMALL " -n 9 -q -o @/b.db");
    before = dump("a.db");
    ck_assert_str_eq(before, dump("b.db"));
    /* A smaller question has its own answer, though more is there. */
    ck_assert_str_eq(rollsim(0, "run " SMALL " -n 3 -q -o @/a.db"),
                     rollsim(0, "run " SMALL " -n 3 -q"));
    ck_assert_str_eq(before, dump("a.db"));
}
END_TEST

static int count(const char *text, const char *word)
{
    int n = 0;

    while ((text = strstr(text, word)) != NULL) {
        n++;
        text += strlen(word);
    }
    return n;
}

/* Options that change what is simulated, and one that does not. */
START_TEST(another_question_has_other_cells)
{
    const char *before;

    rollsim(0, "run " SMALL " -n 2 -q -o @/a.db");
    before = dump("a.db");
    rollsim(0, "run " SMALL " -n 2 -q -o @/a.db "
               "--set metadata.name=small --set run.replications=3");
    ck_assert_str_eq(before, dump("a.db"));
    rollsim(0, "run " SMALL " -n 2 -q -o @/a.db --seed 8");
    rollsim(0, "run " SMALL " -n 2 -q -o @/a.db "
               "--set Deployment/web:spec.replicas=4");
    rollsim(0, "run " SMALL " -n 2 -q -o @/a.db "
               "--set strategies[rolling].rollingUpdate.maxSurge=2");
    /* The last one changes only one of the strategies. */
    ck_assert_int_eq(count(dump("a.db"), "|recreate|{}|"), 3);
    ck_assert_int_eq(count(dump("a.db"), "|rolling|{}|"), 4);
}
END_TEST

START_TEST(rows_are_added_when_they_are_wanted)
{
    rollsim(0, "run " SMALL " -n 3 -q -o @/a.db");
    rollsim(0, "run " SMALL " -n 3 -q -o @/a.db --record all");
    rollsim(0, "run " SMALL " -n 3 -q -o @/b.db --record all");
    ck_assert_str_eq(dump("a.db"), dump("b.db"));
}
END_TEST

START_TEST(files_besides_the_database_do_not_depend_on_it)
{
    const char *first;

    rollsim(0, "run " SMALL " -n 3 -q --csv @/csv");
    first = cases_text(arena, in_folder("csv/metrics.csv"));
    rollsim(0, "run " SMALL " -n 3 -q --csv @/csv -o @/a.db");
    ck_assert_str_eq(first, cases_text(arena, in_folder("csv/metrics.csv")));
    rollsim(0, "run " SMALL " -n 3 -q --csv @/csv -o @/a.db");
    ck_assert_str_eq(first, cases_text(arena, in_folder("csv/metrics.csv")));
}
END_TEST

/* Command lines that are refused, with their exit codes. */
static const struct {
    const char *line;
    int code;
} refused[] = {
    { "run " SMALL " -q -o /dev/null/a.db", 4 },
    { "run " SMALL " -q -o " SMALL, 4 },
    { "run " SMALL " -q --shard 0/2", 2 },
    { "run " SMALL " -q -o @/a.db --shard 2/2", 2 },
    { "run " SMALL " -q -o @/a.db --shard x", 2 },
    { "run " SMALL " -q -o @/a.db --shard 1", 2 },
    { "run " SMALL " -q -o @/a.db --shard 0/2 --json", 2 },
    { "run " SMALL " -q -o @/a.db --shard auto", 2 },
};

START_TEST(what_cannot_be_is_refused)
{
    ck_assert_str_eq(rollsim(refused[_i].code, refused[_i].line), "");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("archive");
    TCase *tc = tcase_create("archive");
    SRunner *sr;
    int failed;

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, threads_leave_the_same_file);
    tcase_add_test(tc, only_what_is_missing_is_computed);
    tcase_add_test(tc, another_question_has_other_cells);
    tcase_add_test(tc, rows_are_added_when_they_are_wanted);
    tcase_add_test(tc, files_besides_the_database_do_not_depend_on_it);
    tcase_add_loop_test(tc, what_cannot_be_is_refused, 0,
                        (int)COUNT_OF(refused));
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
