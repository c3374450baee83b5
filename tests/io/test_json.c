/*
 * test_json.c - the JSON writer, read back by the YAML reader.
 */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/bug.h"
#include "base/err.h"
#include "base/value.h"
#include "io/json.h"
#include "io/yaml.h"

static FILE *stream;
static char *text;
static size_t len;
static struct json j;

static void set_up(void)
{
    stream = open_memstream(&text, &len);
    json_start(&j, stream, 0);
}

static void tear_down(void)
{
    fclose(stream);
    free(text);
}

static const char *finished(void)
{
    json_finish(&j);
    fflush(stream);
    return text;
}

/* {"a":[1,null,{}],"b":{"c":true},"d":[]} */
static void write_sample(void)
{
    json_object(&j);
    json_key(&j, "a");
    json_list(&j);
    json_int(&j, 1);
    json_null(&j);
    json_object(&j);
    json_end(&j);
    json_end(&j);
    json_key(&j, "b");
    json_object(&j);
    json_key(&j, "c");
    json_bool(&j, true);
    json_end(&j);
    json_key(&j, "d");
    json_list(&j);
    json_end(&j);
    json_end(&j);
}

START_TEST(commas_stand_between_items_and_nowhere_else)
{
    write_sample();
    ck_assert_str_eq(finished(),
                     "{\"a\":[1,null,{}],\"b\":{\"c\":true},\"d\":[]}\n");
}
END_TEST

START_TEST(an_indented_text_has_an_item_a_line)
{
    json_start(&j, stream, 2);
    write_sample();
    ck_assert_str_eq(finished(), "{\n  \"a\": [\n    1,\n    null,\n    {}\n"
                     "  ],\n  \"b\": {\n    \"c\": true\n  },\n"
                     "  \"d\": []\n}\n");
}
END_TEST

START_TEST(one_writer_serves_text_after_text)
{
    for (int i = 0; i < 2; i++) {
        json_list(&j);
        json_int(&j, i);
        json_end(&j);
        json_finish(&j);
    }
    fflush(stream);
    ck_assert_str_eq(text, "[0]\n[1]\n");
}
END_TEST

static const struct {
    const char *in, *out;
} strings[] = {
    { "", "\"\"" },
    { "a\"b\\c", "\"a\\\"b\\\\c\"" },
    { "\n\r\t", "\"\\n\\r\\t\"" },
    { "\x01\x1F\x7F", "\"\\u0001\\u001f\\u007f\"" },
    { "\xC3\xA9\xF0\x9F\x98\x80", "\"\xC3\xA9\xF0\x9F\x98\x80\"" },
    { "a\xFF" "b\xC3", "\"a\xEF\xBF\xBD" "b\xEF\xBF\xBD\"" },
    { "</script>", "\"<\\/script>\"" },
    { NULL, "null" },
};

START_TEST(text_is_escaped_as_json_and_html_need)
{
    json_text(&j, strings[_i].in);
    fflush(stream);
    ck_assert_str_eq(text, strings[_i].out);
}
END_TEST

static const struct {
    double x;
    const char *out;
} reals[] = {
    { 0.0, "0" },       { 0.1, "0.1" },     { -2.5, "-2.5" },
    { 1e300, "1e300" }, { 100, "100" },
    { 2.2250738585072014e-308, "2.2250738585072014e-308" },     /* DBL_MIN */
    { 0.30000000000000004, "0.30000000000000004" },     /* 0.1 + 0.2 */
    { NAN, "null" },    { INFINITY, "null" }, { -INFINITY, "null" },
};

START_TEST(numbers_are_the_shortest_that_read_back)
{
    json_real(&j, reals[_i].x);
    fflush(stream);
    ck_assert_str_eq(text, reals[_i].out);
    if (isfinite(reals[_i].x))
        ck_assert(strtod(text, NULL) == reals[_i].x);
}
END_TEST

START_TEST(whole_numbers_are_exact)
{
    json_list(&j);
    json_int(&j, INT64_MIN);
    json_int(&j, INT64_MAX);
    json_end(&j);
    ck_assert_str_eq(finished(),
                     "[-9223372036854775808,9223372036854775807]\n");
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
    struct arena *a = arena_new();
    struct yaml_stream out;
    struct err_list errors;

    err_init(&errors, a);
    json_object(&j);
    json_key(&j, "a \"b\"\n");
    json_text(&j, "\t\x01</x>\xC3\xA9");
    json_end(&j);
    finished();
    ck_assert_int_eq(yaml_load(a, "t", text, len, false, &out, &errors),
                     SIM_OK);
    const struct member *m = out.docs.items[0].root->u.members;
    ck_assert_str_eq(m->key, "a \"b\"\n");
    ck_assert_str_eq(m->value->u.text, "\t\x01</x>\xC3\xA9");
    arena_free(a);
}
END_TEST

START_TEST(misuse_is_a_bug)
{
    switch (_i) {
    case 0:                     /* a value without its key */
        json_object(&j);
        json_int(&j, 1);
        break;
    case 1:                     /* a key in a list */
        json_list(&j);
        json_key(&j, "a");
        break;
    case 2:                     /* an end too many */
        json_end(&j);
        break;
    case 3:                     /* a key without its value */
        json_object(&j);
        json_key(&j, "a");
        json_end(&j);
        break;
    case 4:                     /* two outermost values */
        json_int(&j, 1);
        json_int(&j, 2);
        break;
    case 5:                     /* still open */
        json_list(&j);
        json_finish(&j);
        break;
    default:                    /* deeper than there are bits */
        for (int i = 0; i <= JSON_DEPTH_MAX; i++)
            json_list(&j);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *tc = tcase_create("json");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, commas_stand_between_items_and_nowhere_else);
    tcase_add_test(tc, an_indented_text_has_an_item_a_line);
    tcase_add_test(tc, one_writer_serves_text_after_text);
    tcase_add_loop_test(tc, text_is_escaped_as_json_and_html_need, 0,
                        (int)COUNT_OF(strings));
    tcase_add_loop_test(tc, numbers_are_the_shortest_that_read_back, 0,
                        (int)COUNT_OF(reals));
    tcase_add_test(tc, whole_numbers_are_exact);
    tcase_add_test(tc, what_is_written_is_read_back);
    tcase_add_loop_test_raise_signal(tc, misuse_is_a_bug, SIGABRT, 0, 7);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
