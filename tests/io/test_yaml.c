/*
 * test_yaml.c - what good YAML becomes, and the limits of the reader.
 *
 * What bad YAML is answered is in tests/bad/yaml.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/bug.h"
#include "base/err.h"
#include "base/text.h"
#include "base/value.h"
#include "io/yaml.h"

static struct arena *arena;
static struct err_list errors;
static struct yaml_stream out;

static void set_up(void)
{
    arena = arena_new();
    err_init(&errors, arena);
}

static void tear_down(void)
{
    arena_free(arena);
}

static enum sim_code load_bytes(const char *text, size_t len)
{
    return yaml_load(arena, "t.yaml", text, len, false, &out, &errors);
}

static enum sim_code load(const char *text)
{
    return load_bytes(text, strlen(text));
}

/* The canonical texts of all documents, each followed by a newline. */
static const char *dump(void)
{
    struct buf b = { 0 };

    for (size_t i = 0; i < out.docs.len; i++) {
        value_canonical(&b, out.docs.items[i].root);
        buf_putc(&b, '\n');
    }
    const char *text = arena_strdup(arena, b.text ? b.text : "");
    buf_free(&b);
    return text;
}

static const struct {
    const char *yaml, *json;
} good[] = {
    { "a: 1\nb: x y\n", "{\"a\":1,\"b\":\"x y\"}\n" },
    { "a: '1'\nb: \"2\"\nc: !!str 3\n", "{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}\n" },
    { "a: ~\nb: null\nc:\nd: ''\n",
      "{\"a\":null,\"b\":null,\"c\":null,\"d\":\"\"}\n" },
    { "- a\n- [b, {c: d}]\n- - e\n", "[\"a\",[\"b\",{\"c\":\"d\"}],[\"e\"]]\n" },
    { "a: |\n  1\n  2\nb: >-\n  3\n  4\n",
      "{\"a\":\"1\\n2\\n\",\"b\":\"3 4\"}\n" },
    { "{\"a\":\t[1, 2.50, -3e9],\n\t\"b\": {\"\\u00e9\": \"\\/\"}}",
      "{\"a\":[1,2.5,-3000000000],\"b\":{\"\xC3\xA9\":\"/\"}}\n" },
    /* Documents: empty ones and comments leave nothing. */
    { "", "" },
    { "# only a comment\n", "" },
    { "---\n---\na: 1\n---\n# Source: chart/templates/x.yaml\n---\nb: 2\n...\n",
      "{\"a\":1}\n{\"b\":2}\n" },
    { "a: 1\n---\n# the end", "{\"a\":1}\n" },
    { "%YAML 1.1\n---\na: 1\n", "{\"a\":1}\n" },
    { "%YAML 1.2\n---\na: 1\n", "{\"a\":1}\n" },
    { "a: {}\nb: []\n", "{\"a\":{},\"b\":[]}\n" },
    /* Tags of the core schema say what a text is. */
    { "a: !!int \"3\"\nb: !!null ''\nc: !!map {d: !!seq []}\ne: ! 5\n",
      "{\"a\":3,\"b\":null,\"c\":{\"d\":[]},\"e\":\"5\"}\n" },
    /* Anchors: the last of a name counts; keys may be aliases. */
    { "a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}\n" },
    { "a: &x k\n*x : v\n", "{\"a\":\"k\",\"k\":\"v\"}\n" },
    { "&x k: v\nb: *x\n", "{\"b\":\"k\",\"k\":\"v\"}\n" },
    { "a: &x\nb: *x\n", "{\"a\":null,\"b\":null}\n" },
    { "a: &x {b: &x 1, c: *x}\nd: *x\n",
      "{\"a\":{\"b\":1,\"c\":1},\"d\":1}\n" },
    /* Merge keys, after yaml.org/type/merge: explicit, then earlier. */
    { "b: &b {x: 1, y: 2}\nu: {<<: *b, x: 3}\n",
      "{\"b\":{\"x\":1,\"y\":2},\"u\":{\"x\":3,\"y\":2}}\n" },
    { "u:\n  x: 3\n  <<: [{x: 1, y: 1}, {y: 2, z: 2}]\n",
      "{\"u\":{\"x\":3,\"y\":1,\"z\":2}}\n" },
    { "u: {<<: {<<: {a: 1}, b: 2}, c: 3}\n",
      "{\"u\":{\"a\":1,\"b\":2,\"c\":3}}\n" },
    { "u: {<<: []}\nv: {<<: {}}\n", "{\"u\":{},\"v\":{}}\n" },
    { "\"<<\": 1\n", "{\"<<\":1}\n" },
    /* Templates inside quotes and blocks of text are just text. */
    { "a: \"{{args.name}}\"\nb: |\n  {{ x }}\n",
      "{\"a\":\"{{args.name}}\",\"b\":\"{{ x }}\\n\"}\n" },
    /* Line ends and byte-order marks. */
    { "a: 1\r\nb: |\r\n  x\r\n  y\r\n", "{\"a\":1,\"b\":\"x\\ny\\n\"}\n" },
    { "a: 1\rb: 2\r", "{\"a\":1,\"b\":2}\n" },
    { "\xEF\xBB\xBF" "a: 1\n---\n\xEF\xBB\xBF" "b: 2\n",
      "{\"a\":1}\n{\"b\":2}\n" },
    { "a: x\xC2\x85" "b: y\xE2\x80\xA8" "c: z\n",
      "{\"a\":\"x\",\"b\":\"y\",\"c\":\"z\"}\n" },
};

START_TEST(good_yaml_becomes_the_expected_tree)
{
    ck_assert_msg(load(good[_i].yaml) == SIM_OK, "refused: %s", good[_i].yaml);
    ck_assert_str_eq(dump(), good[_i].json);
    ck_assert_uint_eq(errors.len, 0);
}
END_TEST

START_TEST(utf_16_of_both_byte_orders_is_read)
{
    static const char little[] = "\xFF\xFE" "a\0:\0 \0\xE9\0=\xD8\0\xDE\r\0\n";
    static const char big[] = "\xFE\xFF\0a\0:\0 \0\xE9\xD8=\xDE\0\0\r\0\n";
    static const char want[] = "{\"a\":\"\xC3\xA9\xF0\x9F\x98\x80\"}\n";

    ck_assert_int_eq(load_bytes(little, sizeof little), SIM_OK);
    ck_assert_str_eq(dump(), want);
    ck_assert_str_eq(out.source->text, "a: \xC3\xA9\xF0\x9F\x98\x80\n");
    ck_assert_int_eq(load_bytes(big, sizeof big - 1), SIM_OK);
    ck_assert_str_eq(dump(), want);
}
END_TEST

START_TEST(nodes_know_whether_they_were_quoted)
{
    ck_assert_int_eq(load("[a, 'a', \"a\", !!str a]"), SIM_OK);
    const struct value *list = out.docs.items[0].root;
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(list->u.items[i]->quoted, i > 0);
}
END_TEST

static void expect_mark(const struct mark *m, int line, int column, int width)
{
    ck_assert_ptr_eq(m->source, out.source);
    ck_assert_int_eq(m->line, line);
    ck_assert_int_eq(m->column, column);
    ck_assert_int_eq(m->width, width);
}

START_TEST(marks_count_code_points_from_one)
{
    ck_assert_int_eq(load("# \xC3\xA9\n---\n\xE3\x82\xAD: \"\xC3\xA9\xC3\xA9\""
                          "\nlong: a\n  b\nnone:\nlist: [x]\n"), SIM_OK);
    const struct value *v = out.docs.items[0].root;

    expect_mark(&out.docs.items[0].start, 2, 1, 3);
    expect_mark(&v->mark, 3, 1, 1);
    expect_mark(&v->u.members[0].mark, 3, 1, 1);
    expect_mark(&v->u.members[0].value->mark, 3, 4, 4);
    expect_mark(&v->u.members[1].value->mark, 4, 7, 1); /* two lines */
    expect_mark(&v->u.members[2].value->mark, 6, 1, 4); /* shows its key */
    expect_mark(&v->u.members[3].value->mark, 7, 7, 1);
    expect_mark(&v->u.members[3].value->u.items[0]->mark, 7, 8, 1);
}
END_TEST

START_TEST(merged_members_keep_their_own_marks)
{
    ck_assert_int_eq(load("b: &b {x: 1}\nu:\n  <<: *b\n  y: 2\n"), SIM_OK);
    const struct value *u = value_get(out.docs.items[0].root, "u");

    ck_assert_uint_eq(u->len, 2);
    ck_assert_str_eq(u->u.members[0].key, "y");
    expect_mark(&u->u.members[1].mark, 1, 8, 1);
}
END_TEST

START_TEST(aliases_share_the_node_of_their_anchor)
{
    ck_assert_int_eq(load("a: &x {b: 1}\nc: *x\n"), SIM_OK);
    const struct value *v = out.docs.items[0].root;

    ck_assert_ptr_eq(value_get(v, "a"), value_get(v, "c"));
}
END_TEST

START_TEST(allow_comments_are_returned_with_their_lines)
{
    ck_assert_int_eq(load("# rollsim: allow no-readiness-probe\na: 1\n"
                          "b: 2  # rollsim: allow latest, bare-pod\n"
                          "c: 'x# rollsim: allow not-a-comment'\n"
                          "d: '#1' # rollsim: allow second-hash\n"
                          "# rollsim: allowed\n"), SIM_OK);
    ck_assert_uint_eq(out.allows.len, 4);
    ck_assert_str_eq(out.allows.items[0].word, "no-readiness-probe");
    ck_assert_int_eq(out.allows.items[0].line, 1);
    ck_assert_str_eq(out.allows.items[1].word, "latest");
    ck_assert_str_eq(out.allows.items[2].word, "bare-pod");
    ck_assert_int_eq(out.allows.items[2].line, 3);
    ck_assert_str_eq(out.allows.items[3].word, "second-hash");
}
END_TEST

/* n times piece between head and tail. */
static const char *repeated(const char *head, const char *piece, int n,
                            const char *tail)
{
    struct buf b = { 0 };

    buf_puts(&b, head);
    for (int i = 0; i < n; i++)
        buf_puts(&b, piece);
    buf_puts(&b, tail);
    const char *text = arena_strdup(arena, b.text);
    buf_free(&b);
    return text;
}

START_TEST(nesting_is_allowed_up_to_the_limit_and_not_deeper)
{
    const char *closed = repeated("", "]", YAML_DEPTH_MAX, "");

    ck_assert_int_eq(load(repeated("", "[", YAML_DEPTH_MAX, closed)), SIM_OK);
    ck_assert_int_eq(load(repeated("[", "[", YAML_DEPTH_MAX, closed)),
                     SIM_INVALID);
    /* libyaml alone takes minutes for this one: quadratic in the depth. */
    ck_assert_int_eq(load(repeated("", "[", 200000, "")), SIM_INVALID);
    ck_assert_str_eq(errors.items[1].text, "nested deeper than 64 levels");
}
END_TEST

START_TEST(aliases_count_towards_the_nesting)
{
    const char *deep = repeated("a: &a ", "[", 40, "");
    const char *text;

    deep = repeated(deep, "]", 40, "\nb: ");
    text = repeated(repeated(deep, "[", 23, "*a"), "]", 23, "\n");
    ck_assert_int_eq(load(text), SIM_OK);
    text = repeated(repeated(deep, "[", 24, "*a"), "]", 24, "\n");
    ck_assert_int_eq(load(text), SIM_INVALID);
}
END_TEST

START_TEST(aliases_are_limited_in_number)
{
    ck_assert_int_eq(load(repeated("a: &x 1\nb: [", "*x,", YAML_ALIAS_MAX,
                                   "]\n")), SIM_OK);
    ck_assert_int_eq(load(repeated("a: &x 1\nb: [", "*x,", YAML_ALIAS_MAX + 1,
                                   "]\n")), SIM_INVALID);
    ck_assert_str_eq(errors.items[0].text,
                     "aliases are used more than 10000 times");
}
END_TEST

START_TEST(aliases_are_limited_in_what_they_stand_for)
{
    /* A list of 999 items is 1000 values; 1000 uses are the limit. */
    const char *list = repeated("a: &x [", "1,", 999, "]\nb: [");

    ck_assert_int_eq(load(repeated(list, "*x,", 1000, "]\n")), SIM_OK);
    ck_assert_int_eq(load(repeated(list, "*x,", 1001, "]\n")), SIM_INVALID);
}
END_TEST

START_TEST(a_text_that_is_too_large_needs_permission)
{
    size_t len = YAML_SIZE_MAX + 1;
    char *text = arena_alloc(arena, len);

    memset(text, '#', len);
    ck_assert_int_eq(load_bytes(text, len), SIM_INVALID);
    ck_assert_str_eq(errors.items[0].text, "\"t.yaml\" is larger than 16 MiB");
    ck_assert_int_eq(load_bytes(text, len - 1), SIM_OK);
    ck_assert_int_eq(yaml_load(arena, "t.yaml", text, len, true, &out,
                               &errors), SIM_OK);
}
END_TEST

START_TEST(twenty_thousand_manifests_are_read)
{
    const char *text = repeated("", "---\nkind: Pod\nmetadata: {name: web, "
                                "labels: {a: b}}\nspec:\n  containers:\n  - "
                                "name: c\n    image: i\n", 20000, "");

    ck_assert_int_eq(load(text), SIM_OK);
    ck_assert_uint_eq(out.docs.len, 20000);
    ck_assert_int_eq(out.docs.items[19999].start.line, 19999 * 7 + 1);
}
END_TEST

START_TEST(a_large_mapping_is_checked_for_repeats_in_little_time)
{
    struct buf b = { 0 };

    for (int i = 0; i < 100000; i++)
        buf_printf(&b, "k%d: v\n", i);
    ck_assert_int_eq(load_bytes(b.text, b.len), SIM_OK);
    buf_puts(&b, "k77: again\n");
    ck_assert_int_eq(load_bytes(b.text, b.len), SIM_INVALID);
    ck_assert_int_eq(errors.items[0].note_mark.line, 78);
    buf_free(&b);
}
END_TEST

static const struct {
    const char *name, *help;
} charts[] = {
    { "shop/templates/web.yaml",
      "helm template RELEASE shop/ | rollsim import -" },
    { "templates/web.yaml", "helm template RELEASE . | rollsim import -" },
    { "/a/b/templates/x/y.yaml",
      "helm template RELEASE /a/b/ | rollsim import -" },
    { "my-templates/web.yaml",
      "helm template RELEASE CHART | rollsim import -" },
    { "-", "helm template RELEASE CHART | rollsim import -" },
};

START_TEST(an_unrendered_template_is_answered_with_the_command_for_its_chart)
{
    ck_assert_int_eq(yaml_load(arena, charts[_i].name, "a: {{ .b }}\n", 12,
                               false, &out, &errors), SIM_INVALID);
    ck_assert_uint_eq(errors.len, 1);
    ck_assert_str_eq(errors.items[0].help, charts[_i].help);
}
END_TEST

START_TEST(a_missing_file_is_compared_with_those_that_exist)
{
    ck_assert_int_eq(yaml_load_file(arena, "tests/io/test_yalm.c", false, NULL,
                                    &out, &errors), SIM_SYSTEM);
    ck_assert_str_eq(errors.items[0].text,
                     "cannot read \"tests/io/test_yalm.c\": no such file");
    ck_assert_str_eq(errors.items[0].help, "did you mean \"test_yaml.c\"?");
}
END_TEST

START_TEST(standard_input_is_read_as_a_dash)
{
    ck_assert_ptr_nonnull(freopen("tests/bad/yaml/with-cr-lf.yaml", "rb",
                                  stdin));
    ck_assert_int_eq(yaml_load_file(arena, "-", false, NULL, &out, &errors),
                     SIM_INVALID);
    ck_assert_str_eq(out.source->name, "-");
    ck_assert_int_eq(errors.items[0].mark.line, 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("yaml");
    TCase *tc = tcase_create("yaml");

    tcase_set_timeout(tc, 30);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, good_yaml_becomes_the_expected_tree, 0,
                        (int)COUNT_OF(good));
    tcase_add_test(tc, utf_16_of_both_byte_orders_is_read);
    tcase_add_test(tc, nodes_know_whether_they_were_quoted);
    tcase_add_test(tc, marks_count_code_points_from_one);
    tcase_add_test(tc, merged_members_keep_their_own_marks);
    tcase_add_test(tc, aliases_share_the_node_of_their_anchor);
    tcase_add_test(tc, allow_comments_are_returned_with_their_lines);
    tcase_add_test(tc, nesting_is_allowed_up_to_the_limit_and_not_deeper);
    tcase_add_test(tc, aliases_count_towards_the_nesting);
    tcase_add_test(tc, aliases_are_limited_in_number);
    tcase_add_test(tc, aliases_are_limited_in_what_they_stand_for);
    tcase_add_test(tc, a_text_that_is_too_large_needs_permission);
    tcase_add_test(tc, twenty_thousand_manifests_are_read);
    tcase_add_test(tc, a_large_mapping_is_checked_for_repeats_in_little_time);
    tcase_add_loop_test(
        tc, an_unrendered_template_is_answered_with_the_command_for_its_chart,
        0, (int)COUNT_OF(charts));
    tcase_add_test(tc, a_missing_file_is_compared_with_those_that_exist);
    tcase_add_test(tc, standard_input_is_read_as_a_dash);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK); /* fast, and leaks show */
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
