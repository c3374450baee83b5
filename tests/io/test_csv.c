/*
 * test_csv.c - tables out and in.
 */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/bug.h"
#include "base/err.h"
#include "io/csv.h"

static struct arena *arena;
static struct err_list errors;
static struct csv_table table;
static FILE *stream;
static char *text;
static size_t len;

static void set_up(void)
{
    arena = arena_new();
    err_init(&errors, arena);
    stream = open_memstream(&text, &len);
}

static void tear_down(void)
{
    fclose(stream);
    free(text);
    arena_free(arena);
}

static const char *written(void)
{
    fflush(stream);
    return text;
}

static const char *const two[] = { "a", "b" };
static const char *const one[] = { "a" };

START_TEST(fields_are_quoted_only_where_needed)
{
    struct csv_out c;

    csv_start(&c, stream, two, 2);
    csv_text(&c, "plain text");
    csv_text(&c, "a,b");
    csv_row(&c);
    csv_text(&c, "say \"x\"");
    csv_text(&c, "two\nlines");
    csv_row(&c);
    csv_text(&c, NULL);
    csv_text(&c, " \xC3\xA9 ");
    csv_row(&c);
    ck_assert_str_eq(written(), "a,b\nplain text,\"a,b\"\n"
                     "\"say \"\"x\"\"\",\"two\nlines\"\n, \xC3\xA9 \n");
}
END_TEST

START_TEST(numbers_are_exact_and_undefined_ones_empty)
{
    struct csv_out c;

    csv_start(&c, stream, two, 2);
    csv_real(&c, 0.1);
    csv_real(&c, 1e300);
    csv_row(&c);
    csv_real(&c, NAN);
    csv_real(&c, INFINITY);
    csv_row(&c);
    csv_int(&c, INT64_MIN);
    csv_empty(&c);
    csv_row(&c);
    ck_assert_str_eq(written(), "a,b\n0.1,1e300\n,\n"
                     "-9223372036854775808,\n");
}
END_TEST

START_TEST(a_row_of_one_empty_field_is_not_an_empty_line)
{
    struct csv_out c;

    csv_start(&c, stream, one, 1);
    csv_empty(&c);
    csv_row(&c);
    ck_assert_str_eq(written(), "a\n\"\"\n");
}
END_TEST

static const struct {
    int64_t ns;
    const char *text;
} seconds[] = {
    { 0, "0" },
    { 1, "0.000000001" },
    { -1, "-0.000000001" },
    { 1500000000, "1.5" },
    { -1500000000, "-1.5" },
    { 60000000000, "60" },
    { 100000000, "0.1" },
    { 9007199254740993, "9007199.254740993" },   /* no double could */
    { INT64_MAX, "9223372036.854775807" },
    { INT64_MIN, "-9223372036.854775808" },
};

START_TEST(seconds_are_written_to_the_nanosecond)
{
    struct csv_out c;
    char want[64];

    csv_start(&c, stream, one, 1);
    csv_seconds(&c, seconds[_i].ns);
    csv_row(&c);
    snprintf(want, sizeof want, "a\n%s\n", seconds[_i].text);
    ck_assert_str_eq(written(), want);
}
END_TEST

START_TEST(a_row_with_too_few_fields_is_a_bug)
{
    struct csv_out c;

    csv_start(&c, stream, two, 2);
    csv_int(&c, 1);
    csv_row(&c);
}
END_TEST

static bool exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

START_TEST(a_file_appears_only_when_it_is_closed)
{
    char folder[] = "/tmp/rollsim-csv-XXXXXX";
    struct csv_out c;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    const char *path = arena_printf(arena, "%s/t.csv", folder);
    ck_assert_int_eq(csv_create(&c, arena, path, two, 2, &errors), SIM_OK);
    csv_int(&c, 1);
    csv_real(&c, 2.5);
    csv_row(&c);
    ck_assert(!exists(path));
    ck_assert_int_eq(csv_close(&c, &errors), SIM_OK);
    ck_assert_int_eq(csv_read_file(arena, path, true, NULL, &table, &errors),
                     SIM_OK);
    ck_assert_str_eq(csv_get(&table, 0, 1), "2.5");

    ck_assert_int_eq(csv_create(&c, arena, path, two, 2, &errors), SIM_OK);
    csv_abandon(&c);
    ck_assert_int_eq(csv_read_file(arena, path, true, NULL, &table, &errors),
                     SIM_OK);
    ck_assert_uint_eq(table.len, 1);    /* the old one */
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing is left behind */
}
END_TEST

/* ---- reading -------------------------------------------------------------- */

static enum sim_code read_text(const char *csv)
{
    return csv_read(arena, "t.csv", csv, strlen(csv), true, &table, &errors);
}

START_TEST(a_table_is_read_with_quotes_comments_and_any_line_end)
{
    ck_assert_int_eq(read_text("# where from\r\n\r\ntime_s,\"r,ps\"\r\n0,1\r\n"
                               "# between\r\n\"1\",\"a \"\"b\"\"\nc\"\r\n,"),
                     SIM_OK);
    ck_assert_uint_eq(table.columns, 2);
    ck_assert_uint_eq(table.len, 3);
    ck_assert_int_eq(csv_column(&table, "time_s"), 0);
    ck_assert_int_eq(csv_column(&table, "r,ps"), 1);
    ck_assert_int_eq(csv_column(&table, "rps"), -1);
    ck_assert_str_eq(csv_get(&table, 0, 1), "1");
    ck_assert_str_eq(csv_get(&table, 1, 0), "1");
    ck_assert_str_eq(csv_get(&table, 1, 1), "a \"b\"\nc");
    ck_assert_str_eq(csv_get(&table, 2, 0), "");
    ck_assert_str_eq(csv_get(&table, 2, 1), "");
}
END_TEST

START_TEST(fields_know_their_places)
{
    ck_assert_int_eq(read_text("a,b\n\xC3\xA9\xC3\xA9,xyz\n1,\"2\n3\"\n4,5\n"),
                     SIM_OK);
    struct mark m = csv_mark(&table, 0, 1);
    ck_assert_int_eq(m.line, 2);
    ck_assert_int_eq(m.column, 4);
    ck_assert_int_eq(m.width, 3);
    m = csv_mark(&table, 2, 1);
    ck_assert_int_eq(m.line, 5);
    ck_assert_int_eq(m.column, 3);
}
END_TEST

START_TEST(a_table_can_be_read_without_a_header)
{
    ck_assert_int_eq(csv_read(arena, "t", "1\n2\n\n3\n", 7, false, &table,
                              &errors), SIM_OK);
    ck_assert_ptr_null(table.names);
    ck_assert_uint_eq(table.len, 3);
    ck_assert_str_eq(csv_get(&table, 2, 0), "3");
    ck_assert_int_eq(csv_column(&table, "1"), -1);
}
END_TEST

static const struct {
    const char *csv, *text;
    int line, column;
} bad[] = {
    { "", "\"t.csv\" holds no table", 0, 0 },
    { "# nothing\n\n", "\"t.csv\" holds no table", 0, 0 },
    { "a,b\n1\n", "this row has 1 field, the first has 2", 2, 1 },
    { "a,b\n1,2,3\n", "this row has 3 fields, the first has 2", 2, 1 },
    { "a,b\n1,\"2\n3,4\n", "this quote is never closed", 2, 3 },
    { "a,\"", "this quote is never closed", 1, 3 },
    { "a,b\n\"1\"2,3\n",
      "expected a comma or the end of the line after the quote", 2, 4 },
    { "a,b,a\n1,2,3\n", "column \"a\" is given twice", 1, 5 },
    { "a,b\n1,\x07\n", "control character U+0007 is not allowed", 2, 3 },
    { "a,b\n1,\xE9\n", "byte 0xE9 is not UTF-8", 2, 3 },
};

START_TEST(a_faulty_table_is_refused_at_the_right_place)
{
    ck_assert_int_eq(read_text(bad[_i].csv), SIM_INVALID);
    ck_assert_str_eq(errors.items[0].text, bad[_i].text);
    ck_assert_int_eq(errors.items[0].mark.line, bad[_i].line);
    ck_assert_int_eq(errors.items[0].mark.column, bad[_i].column);
}
END_TEST

START_TEST(semicolons_are_recognised)
{
    ck_assert_int_eq(read_text("a;b\n1,5;2\n"), SIM_INVALID);
    ck_assert_str_eq(errors.items[0].help,
                     "fields are set apart by commas, not by semicolons");
}
END_TEST

static const char *const hostile[] = {
    "", ",", "\"", "\"\"", "\n", " ", "#", "a\nb,\"c\"", "\xF0\x9F\x98\x80",
    "=1+1", "'", "\t",
};

START_TEST(what_is_written_is_read_back)
{
    struct csv_out c;
    size_t n = COUNT_OF(hostile);

    csv_start(&c, stream, two, 2);
    for (size_t i = 0; i < n; i++) {
        csv_text(&c, "x");
        csv_text(&c, hostile[i]);
        csv_row(&c);
    }
    ck_assert_int_eq(read_text(written()), SIM_OK);
    ck_assert_uint_eq(table.len, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_str_eq(csv_get(&table, i, 1), hostile[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv");
    TCase *tc = tcase_create("csv");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, fields_are_quoted_only_where_needed);
    tcase_add_test(tc, numbers_are_exact_and_undefined_ones_empty);
    tcase_add_test(tc, a_row_of_one_empty_field_is_not_an_empty_line);
    tcase_add_loop_test(tc, seconds_are_written_to_the_nanosecond, 0,
                        (int)COUNT_OF(seconds));
    tcase_add_test_raise_signal(tc, a_row_with_too_few_fields_is_a_bug,
                                SIGABRT);
    tcase_add_test(tc, a_file_appears_only_when_it_is_closed);
    tcase_add_test(tc, a_table_is_read_with_quotes_comments_and_any_line_end);
    tcase_add_test(tc, fields_know_their_places);
    tcase_add_test(tc, a_table_can_be_read_without_a_header);
    tcase_add_loop_test(tc, a_faulty_table_is_refused_at_the_right_place, 0,
                        (int)COUNT_OF(bad));
    tcase_add_test(tc, semicolons_are_recognised);
    tcase_add_test(tc, what_is_written_is_read_back);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
