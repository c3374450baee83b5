/*
 * test_text.c - buffers, hashes, numbers, widths and words.
 */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/bug.h"
#include "base/text.h"

static const struct {
    double x;
    const char *text;
} shortest[] = {
    { 0, "0" }, { -0.0, "0" }, { 1, "1" }, { -1.5, "-1.5" }, { 0.1, "0.1" },
    { 0.30000000000000004, "0.30000000000000004" },
    { 1e15, "1000000000000000" },
    { 123456789012345680, "1.2345678901234568e17" },
    { 1e17, "1e17" }, { 1e16, "10000000000000000" }, { 1e-5, "0.00001" },
    { 1.5e-6, "0.0000015" }, { 1e-7, "1e-7" }, { 1.25e-7, "1.25e-7" },
    { 5e-324, "5e-324" }, { DBL_MAX, "1.7976931348623157e308" },
    { 9007199254740993.0, "9007199254740992" },
    { 2.0 / 3, "0.6666666666666666" },
    { 100, "100" }, { 99.995, "99.995" }, { INFINITY, "inf" },
    { -INFINITY, "-inf" }, { NAN, "nan" },
};

START_TEST(reals_have_their_shortest_text)
{
    char room[32];

    ck_assert_str_eq(format_real(room, shortest[_i].x), shortest[_i].text);
}
END_TEST

START_TEST(reals_read_back_exactly)
{
    uint64_t bits = 88172645463325252u;
    char room[32];
    double x;

    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        format_real(room, x);
        if (strtod(room, NULL) != x || strlen(room) > 25)
            ck_abort_msg("%a gave %s", x, room);
    }
}
END_TEST

static const struct {
    int64_t ns;
    const char *text;
} second_texts[] = {
    { 0, "0" }, { 1500000000, "1.5" }, { 1000000, "0.001" },
    { 499999, "0" }, { 500000, "0.001" }, { 90000000000, "90" },
    { -1500000000, "-1.5" }, { -499999, "0" }, { 1999999999, "2" },
    { INT64_C(1234567890123), "1234.568" },
};

START_TEST(seconds_have_at_most_three_decimals)
{
    char room[32];

    ck_assert_str_eq(format_seconds(room, second_texts[_i].ns),
                     second_texts[_i].text);
}
END_TEST

/* draft-eastlake-fnv, appendix C: "", "a", "foobar". */
START_TEST(fnv_gives_the_published_answers)
{
    ck_assert_uint_eq(fnv64(FNV_START, "", 0), UINT64_C(0xcbf29ce484222325));
    ck_assert_uint_eq(fnv64(FNV_START, "a", 1), UINT64_C(0xaf63dc4c8601ec8c));
    ck_assert_uint_eq(fnv64(FNV_START, "foobar", 6),
                      UINT64_C(0x85944171f73967e8));
    ck_assert_uint_eq(fnv32(FNV32_START, "a", 1), UINT32_C(0xe40c292c));
    ck_assert_uint_eq(fnv32(FNV32_START, "foobar", 6), UINT32_C(0xbf9cf968));
    ck_assert_uint_eq(fnv64(fnv64(FNV_START, "foo", 3), "bar", 3),
                      UINT64_C(0x85944171f73967e8));
}
END_TEST

START_TEST(buffers_grow_and_stay_terminated)
{
    struct buf b = { 0 };

    for (int i = 0; i < 1000; i++) {
        buf_printf(&b, "%d,", i);
        buf_putc(&b, ';');
        buf_puts(&b, "xy");
        buf_put(&b, "z!", 1);
    }
    ck_assert_uint_eq(strlen(b.text), b.len);
    ck_assert(strncmp(b.text, "0,;xyz1,;xyz", 12) == 0);
    buf_free(&b);
    ck_assert_ptr_null(b.text);
    buf_put(&b, "", 0);
    ck_assert_str_eq(b.text, "");
    buf_free(&b);
}
END_TEST

static const struct {
    const char *in, *out;
} json[] = {
    { "", "\"\"" }, { "a\"b\\c", "\"a\\\"b\\\\c\"" },
    { "\n\t\r\x01\x7f", "\"\\n\\t\\r\\u0001\\u007f\"" },
    { "\xC3\xA9\xE3\x82\xAD\xF0\x9F\x98\x80",
      "\"\xC3\xA9\xE3\x82\xAD\xF0\x9F\x98\x80\"" },
    { "a\xFFz", "\"a\xEF\xBF\xBDz\"" },             /* not a first byte */
    { "\xC3", "\"\xEF\xBF\xBD\"" },                 /* cut off */
    { "\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"" }, /* overlong */
    { "\xED\xA0\x80",
      "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" }, /* surrogate */
};

START_TEST(json_strings_are_escaped_and_valid_utf_8)
{
    struct buf b = { 0 };

    buf_json(&b, json[_i].in);
    ck_assert_str_eq(b.text, json[_i].out);
    buf_free(&b);
}
END_TEST

/* Unicode 15: EastAsianWidth.txt, combining marks have none. */
static const struct {
    const char *text;
    int width;
} widths[] = {
    { "", 0 }, { "abc", 3 }, { "\xC3\xA9", 1 }, { "e\xCC\x81", 1 },
    { "\xE3\x82\xAD\xE3\x83\xBC", 4 }, { "\xED\x95\x9C", 2 },
    { "\xEF\xBC\xA1", 2 }, { "\xF0\x9F\x98\x80", 2 }, { "\xE2\x80\x8B", 0 },
    { "\xCE\xB1\xCE\xB2", 2 }, { "\xFF\xFE", 2 },
};

START_TEST(widths_are_those_of_a_terminal)
{
    ck_assert_int_eq(display_width(widths[_i].text, strlen(widths[_i].text)),
                     widths[_i].width);
}
END_TEST

static const struct {
    const char *a, *b;
    int distance;
} distances[] = {
    { "", "", 0 }, { "", "abc", 3 }, { "kitten", "sitting", 3 },
    { "maxSurge", "maxsurge", 0 }, { "ab", "ba", 1 }, { "abcd", "acbd", 1 },
    { "stratgies", "strategies", 1 }, { "ca", "abc", 3 }, { "a", "", 1 },
    { "replicas", "replcias", 1 }, { "image", "images", 1 },
};

START_TEST(edit_distance_counts_swaps_as_one)
{
    ck_assert_int_eq(edit_distance(distances[_i].a, distances[_i].b),
                     distances[_i].distance);
    ck_assert_int_eq(edit_distance(distances[_i].b, distances[_i].a),
                     distances[_i].distance);
}
END_TEST

START_TEST(nearest_word_needs_a_near_word)
{
    static const char *const words[] = { "maxUnavailable", "maxSurge", "at",
                                         NULL };
    char longer[200];

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    ck_assert_str_eq(nearest_word("maxSurg", words), "maxSurge");
    ck_assert_str_eq(nearest_word("MaxUnavailabel", words), "maxUnavailable");
    ck_assert_str_eq(nearest_word("a", words), "at");
    ck_assert_ptr_null(nearest_word("by", words));
    ck_assert_ptr_null(nearest_word("something", words));
    ck_assert_ptr_null(nearest_word(longer, words));
}
END_TEST

static const struct {
    const char *pattern, *text;
    bool match;
} globs[] = {
    { "*", "", true }, { "*", "abc", true }, { "a*c", "abc", true },
    { "a*c", "ac", true }, { "a*c", "ab", false }, { "a?c", "abc", true },
    { "a?c", "ac", false }, { "*.yaml", "x.yaml", true },
    { "*.yaml", "x.yml", false }, { "a*b*c", "aXbYbZc", true },
    { "**", "x", true }, { "", "", true }, { "", "x", false },
    { "*aab", "aaaab", true },
};

START_TEST(globs_match_as_a_shell_does)
{
    ck_assert(glob_match(globs[_i].pattern, globs[_i].text)
              == globs[_i].match);
}
END_TEST

#define ADD_ROWS(tc, test, table)                                             \
    tcase_add_loop_test((tc), test, 0, (int)COUNT_OF(table))

int main(void)
{
    Suite *s = suite_create("text");
    TCase *tc = tcase_create("text");
    SRunner *sr = srunner_create(s);
    int failed;

    ADD_ROWS(tc, reals_have_their_shortest_text, shortest);
    tcase_add_test(tc, reals_read_back_exactly);
    ADD_ROWS(tc, seconds_have_at_most_three_decimals, second_texts);
    tcase_add_test(tc, fnv_gives_the_published_answers);
    tcase_add_test(tc, buffers_grow_and_stay_terminated);
    ADD_ROWS(tc, json_strings_are_escaped_and_valid_utf_8, json);
    ADD_ROWS(tc, widths_are_those_of_a_terminal, widths);
    ADD_ROWS(tc, edit_distance_counts_swaps_as_one, distances);
    tcase_add_test(tc, nearest_word_needs_a_near_word);
    ADD_ROWS(tc, globs_match_as_a_shell_does, globs);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
