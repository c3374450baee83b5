/*
 * test_err.c - how faults are collected, sorted and shown.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/bug.h"
#include "base/err.h"

static const char yaml[] =
    "spec:\n"
    "  strategy:\n"
    "      maxSurge: 0\n"
    "      maxUnavailable: 0\n"
    "\xE3\x82\xAD\xE3\x83\xBC: 1\n"
    "\ttab: x\n"
    "last";

static struct source web = { "web.yaml", yaml, sizeof yaml - 1 };
static struct source other = { "b.yaml", "x: 1\n", 5 };

static struct mark at(struct source *s, int line, int column, int width)
{
    return (struct mark){ s, line, column, width };
}

/* What err_print writes, in the arena. */
static const char *shown(struct err_list *l, enum err_format format,
                         bool colour)
{
    FILE *f = tmpfile();
    char *text;
    long n;

    err_print(l, f, format, colour);
    n = ftell(f);
    rewind(f);
    text = arena_alloc(l->arena, (size_t)n + 1);
    ck_assert_uint_eq(fread(text, 1, (size_t)n, f), (size_t)n);
    fclose(f);
    return text;
}

static struct err_list empty(void)
{
    struct err_list l;

    err_init(&l, arena_new());
    return l;
}

START_TEST(a_fault_is_shown_with_line_caret_note_and_help)
{
    struct err_list l = empty();
    struct mark m = at(&web, 4, 23, 1), n = at(&web, 3, 17, 1);
    struct diag *d = err_error(&l, &m, "maxSurge and maxUnavailable are both "
                               "0: no pod could ever be replaced");

    diag_note(&l, d, &n, "%s is set here", "maxSurge");
    diag_help(&l, d, "set one of them to at least %d", 1);
    ck_assert_str_eq(shown(&l, ERR_HUMAN, false),
        "web.yaml:4:23: error: maxSurge and maxUnavailable are both 0: no pod "
        "could ever be replaced\n"
        "    4 |       maxUnavailable: 0\n"
        "      |                       ^\n"
        "web.yaml:3:17: note: maxSurge is set here\n"
        "      = help: set one of them to at least 1\n");
    arena_free(l.arena);
}
END_TEST

START_TEST(carets_stand_below_wide_letters_and_tabs)
{
    struct err_list l = empty();
    struct mark wide = at(&web, 5, 1, 2), behind = at(&web, 5, 5, 1);
    struct mark tab = at(&web, 6, 2, 3), end = at(&web, 7, 5, 1);

    err_error(&l, &wide, "a");
    err_error(&l, &behind, "b");
    err_error(&l, &tab, "c");
    err_error(&l, &end, "d");
    ck_assert_str_eq(shown(&l, ERR_HUMAN, false),
        "web.yaml:5:1: error: a\n"
        "    5 | \xE3\x82\xAD\xE3\x83\xBC: 1\n"
        "      | ^~~~\n"
        "web.yaml:5:5: error: b\n"
        "    5 | \xE3\x82\xAD\xE3\x83\xBC: 1\n"
        "      |       ^\n"
        "web.yaml:6:2: error: c\n"
        "    6 | \ttab: x\n"
        "      | \t^~~\n"
        "web.yaml:7:5: error: d\n"
        "    7 | last\n"
        "      |     ^\n");
    arena_free(l.arena);
}
END_TEST

START_TEST(faults_are_sorted_by_source_and_place)
{
    struct err_list l = empty();
    struct mark late = at(&web, 4, 1, 1), early = at(&web, 2, 3, 1);
    struct mark same = at(&web, 2, 3, 1), b = at(&other, 1, 1, 1);

    err_error(&l, &late, "late");
    err_warn(&l, &b, "other");
    err_error(&l, &early, "early");
    err_add(&l, ERR_INFO, &same, "second at the same place");
    err_error(&l, NULL, "nowhere");
    ck_assert_str_eq(shown(&l, ERR_GCC, false),
        "web.yaml:2:3: error: early\n"
        "web.yaml:2:3: note: second at the same place\n"
        "web.yaml:4:1: error: late\n"
        "b.yaml:1:1: warning: other\n"
        "error: nowhere\n");
    ck_assert_int_eq(l.errors, 3);
    ck_assert_int_eq(l.warnings, 1);
    arena_free(l.arena);
}
END_TEST

START_TEST(twenty_errors_are_kept_per_source_and_the_rest_counted)
{
    struct err_list l = empty();
    struct mark elsewhere = at(&other, 1, 1, 1);
    const char *text;
    int lines = 0;

    for (int i = 0; i < 50; i++) {
        struct mark m = at(&web, i + 1, 1, 1);
        struct diag *d = err_error(&l, &m, "fault %d", i);

        ck_assert_ptr_nonnull(d);
        d->code = "kept-or-not";
        diag_help(&l, d, "always allowed");
    }
    err_error(&l, &elsewhere, "another source");
    ck_assert_int_eq(l.errors, 51);
    text = shown(&l, ERR_GCC, false);
    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    ck_assert_int_eq(lines, ERR_MAX + 1);
    text = shown(&l, ERR_HUMAN, false);
    ck_assert_ptr_nonnull(strstr(text, "another source"));
    ck_assert_ptr_nonnull(strstr(text, "\n30 more errors not shown\n"));
    arena_free(l.arena);
}
END_TEST

START_TEST(json_has_one_object_a_line)
{
    struct err_list l = empty();
    struct mark m = at(&web, 4, 23, 3);
    struct diag *d = err_warn(&l, &m, "unknown field \"a\\b\"");

    d->code = "unknown-field";
    err_error(&l, NULL, "nowhere");
    diag_help(&l, &l.items[1], "do this");
    ck_assert_str_eq(shown(&l, ERR_JSON, true),
        "{\"file\":\"web.yaml\",\"line\":4,\"column\":23,\"endColumn\":26,"
        "\"severity\":\"warning\",\"code\":\"unknown-field\",\"message\":"
        "\"unknown field \\\"a\\\\b\\\"\",\"help\":null}\n"
        "{\"file\":null,\"line\":null,\"column\":null,\"endColumn\":null,"
        "\"severity\":\"error\",\"code\":null,\"message\":\"nowhere\","
        "\"help\":\"do this\"}\n");
    arena_free(l.arena);
}
END_TEST

START_TEST(gcc_form_has_code_help_and_note_in_words)
{
    struct err_list l = empty();
    struct mark m = at(&web, 4, 23, 1), n = at(&other, 1, 1, 1);
    struct diag *d = err_error(&l, &m, "wrong");

    d->code = "some-code";
    diag_help(&l, d, "do this");
    diag_note(&l, d, &n, "see here");
    ck_assert_str_eq(shown(&l, ERR_GCC, false),
                     "web.yaml:4:23: error: wrong (do this) [some-code]\n"
                     "b.yaml:1:1: note: see here\n");
    arena_free(l.arena);
}
END_TEST

START_TEST(suggestions_need_a_near_word)
{
    static const char *const words[] = { "strategies", "traffic", NULL };
    struct err_list l = empty();
    struct diag *d = err_error(&l, NULL, "unknown field \"stratgies\"");

    diag_suggest(&l, d, "stratgies", words);
    ck_assert_str_eq(d->help, "did you mean \"strategies\"?");
    d = err_error(&l, NULL, "unknown field \"zzz\"");
    diag_suggest(&l, d, "zzz", words);
    ck_assert_ptr_null(d->help);
    arena_free(l.arena);
}
END_TEST

START_TEST(colour_is_only_written_when_asked_for)
{
    struct err_list l = empty();
    struct mark m = at(&web, 1, 1, 4);

    err_error(&l, &m, "wrong");
    ck_assert_ptr_null(strchr(shown(&l, ERR_HUMAN, false), '\033'));
    ck_assert_ptr_nonnull(strstr(shown(&l, ERR_HUMAN, true),
                                 "\033[1;31merror:"));
    arena_free(l.arena);
}
END_TEST

/* A line of 1000 letters with a control character: a window around the place
 * is shown, and no escape reaches the terminal. */
START_TEST(long_lines_are_cut_and_control_characters_replaced)
{
    struct err_list l = empty();
    char text[1001];
    struct source s = { "long", text, 1000 };
    struct mark m = at(&s, 1, 500, 2);
    const char *out;

    memset(text, 'a', 1000);
    text[1000] = '\0';
    memcpy(text + 499, "XY", 2);
    text[495] = '\033';
    err_error(&l, &m, "here");
    out = shown(&l, ERR_HUMAN, false);
    ck_assert_uint_lt(strlen(out), 300);
    ck_assert_ptr_null(strchr(out, '\033'));
    ck_assert_ptr_nonnull(strstr(out, "?aaaXYaaa"));
    ck_assert_ptr_nonnull(strstr(out, "^~\n"));
    ck_assert_int_eq(strstr(out, "XY") - strstr(out, "    1 | "),
                     strstr(out, "^~") - strstr(out, "      | "));
    arena_free(l.arena);
}
END_TEST

START_TEST(places_outside_their_source_do_no_harm)
{
    struct err_list l = empty();
    struct mark m = at(&web, 99, 5, 1), n = at(&web, 1, 900, 1);
    struct source none = { "stdin", NULL, 0 };
    struct mark o = at(&none, 1, 1, 0);

    err_error(&l, &m, "behind the end");
    err_error(&l, &n, "right of the end");
    err_error(&l, &o, "no text");
    ck_assert_ptr_nonnull(strstr(shown(&l, ERR_HUMAN, false), "no text"));
    arena_free(l.arena);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("err");
    TCase *tc = tcase_create("err");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, a_fault_is_shown_with_line_caret_note_and_help);
    tcase_add_test(tc, carets_stand_below_wide_letters_and_tabs);
    tcase_add_test(tc, faults_are_sorted_by_source_and_place);
    tcase_add_test(tc, twenty_errors_are_kept_per_source_and_the_rest_counted);
    tcase_add_test(tc, json_has_one_object_a_line);
    tcase_add_test(tc, gcc_form_has_code_help_and_note_in_words);
    tcase_add_test(tc, suggestions_need_a_near_word);
    tcase_add_test(tc, colour_is_only_written_when_asked_for);
    tcase_add_test(tc, long_lines_are_cut_and_control_characters_replaced);
    tcase_add_test(tc, places_outside_their_source_do_no_harm);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
