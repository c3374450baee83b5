/*
 * test_value.c - trees: lookups, edits, merges, equality, canonical text.
 *
 * Trees are written in flow style and compared by their canonical text.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "base/bug.h"
#include "base/value.h"

static struct arena *a;

static void setup(void)
{
    a = arena_new();
}

static void teardown(void)
{
    arena_free(a);
}

static const struct value *tree(const char *text)
{
    const struct value *v = value_flow(a, text, NULL);

    ck_assert_msg(v != NULL, "malformed: %s", text);
    return v;
}

static const char *canonical(const struct value *v)
{
    struct buf b = { 0 };
    const char *text;

    if (!v)
        return "(none)";
    value_canonical(&b, v);
    text = arena_strdup(a, b.text);
    buf_free(&b);
    return text;
}

static const struct {
    const char *text, *json;    /* NULL: malformed */
} flows[] = {
    { "5", "5" }, { " web ", "\"web\"" }, { "'it is'", "\"it is\"" },
    { "\"a\\\"b\\\\\"", "\"a\\\"b\\\\\"" }, { "", "null" }, { "~", "null" },
    { "[a, b,c]", "[\"a\",\"b\",\"c\"]" }, { "[]", "[]" }, { "{}", "{}" },
    { "{b: 1, a: {c: [x, {d: 2}]}}",
      "{\"a\":{\"c\":[\"x\",{\"d\":2}]},\"b\":1}" },
    { "{\"a b\": 'c, d'}", "{\"a b\":\"c, d\"}" },
    { "a, b: c", "\"a, b: c\"" }, { "{url: http://x:80/y}",
                                    "{\"url\":\"http://x:80/y\"}" },
    { "{a: }", "{\"a\":null}" }, { "[[[[1]]]]", "[[[[1]]]]" },
    { "{a: 1", NULL }, { "[a, b", NULL }, { "{a}", NULL }, { "'x", NULL },
    { "{: 1}", NULL }, { "[a] b", NULL },
    { "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", NULL },
};

START_TEST(values_on_one_line_are_read_or_refused)
{
    const struct value *v = value_flow(a, flows[_i].text, NULL);

    ck_assert_msg(!v == !flows[_i].json, "%s", flows[_i].text);
    if (v)
        ck_assert_str_eq(canonical(v), flows[_i].json);
}
END_TEST

/* YAML 1.2.2, 10.3.2 core schema. */
static const struct {
    const char *text;
    enum scalar_kind kind;
} kinds[] = {
    { "null", SCALAR_NULL }, { "~", SCALAR_NULL }, { "", SCALAR_NULL },
    { "true", SCALAR_BOOL }, { "FALSE", SCALAR_BOOL },
    { "yes", SCALAR_STRING }, { "on", SCALAR_STRING }, { "nUll",
                                                         SCALAR_STRING },
    { "0", SCALAR_INT }, { "-12", SCALAR_INT }, { "+12", SCALAR_INT },
    { "010", SCALAR_INT }, { "0x1F", SCALAR_INT }, { "0o17", SCALAR_INT },
    { "0x", SCALAR_STRING }, { "0o8", SCALAR_STRING }, { "0X1F",
                                                         SCALAR_STRING },
    { "1.10", SCALAR_REAL }, { ".5", SCALAR_REAL }, { "5.", SCALAR_REAL },
    { "1e3", SCALAR_REAL }, { "-1.5E-3", SCALAR_REAL }, { ".inf",
                                                          SCALAR_REAL },
    { ".nan", SCALAR_REAL }, { "1.2.3", SCALAR_STRING },
    { "1e", SCALAR_STRING }, { ".", SCALAR_STRING }, { "-", SCALAR_STRING },
    { "1:30", SCALAR_STRING }, { "1 2", SCALAR_STRING },
    { "inf", SCALAR_STRING }, { "1_000", SCALAR_STRING },
};

START_TEST(plain_scalars_are_what_the_core_schema_says)
{
    const struct value *v = value_plain(a, kinds[_i].text, NULL);

    ck_assert_msg(value_scalar_kind(v) == kinds[_i].kind, "%s",
                  kinds[_i].text);
    v = value_string(a, kinds[_i].text, NULL);
    ck_assert(value_scalar_kind(v) == SCALAR_STRING);
}
END_TEST

static const char pod[] =
    "{metadata: {annotations: {a.b/c: x, plain: y}}, spec: {containers: "
    "[{name: web, image: i1}, {name: log, ports: [80, 81]}], nodeName: ~}}";

static const struct {
    const char *path, *json;
} paths[] = {
    { "spec.containers[0].image", "\"i1\"" },
    { "spec.containers[web].image", "\"i1\"" },
    { "spec.containers[log].ports[1]", "81" },
    { "spec.containers[log].ports", "[80,81]" },
    { "metadata.annotations.\"a.b/c\"", "\"x\"" },
    { "metadata.annotations[\"a.b/c\"]", "\"x\"" },
    { "\"metadata\".annotations.plain", "\"y\"" },
    { "spec.nodeName", "null" },
    { "spec.containers[2]", "(none)" },
    { "spec.containers[nobody].image", "(none)" },
    { "spec.nothing.image", "(none)" },
    { "spec.containers.image", "(none)" },
    { "spec[0]", "(none)" },
    { "spec..containers", "(none)" },
    { "spec.containers[0", "(none)" },
    { "spec.containers[]", "(none)" },
    { "spec.containers[0]image", "(none)" },
    { "spec.", "(none)" },
    { "metadata.\"annotations", "(none)" },
};

START_TEST(paths_lead_to_values)
{
    ck_assert_str_eq(canonical(value_at(tree(pod), paths[_i].path)),
                     paths[_i].json);
}
END_TEST

START_TEST(lookups_in_what_is_not_a_map_find_nothing)
{
    const struct value *v = tree("{a: [1], b: x, c: ~}");

    ck_assert_ptr_null(value_get(NULL, "a"));
    ck_assert_ptr_null(value_get(value_get(v, "a"), "x"));
    ck_assert_ptr_null(value_member(v, "d"));
    ck_assert_str_eq(value_member(v, "b")->key, "b");
    ck_assert_str_eq(value_text(value_get(v, "b"), "none"), "x");
    ck_assert_str_eq(value_text(value_get(v, "a"), "none"), "none");
    ck_assert_str_eq(value_text(value_get(v, "c"), "none"), "none");
    ck_assert_str_eq(value_text(NULL, "none"), "none");
    ck_assert_ptr_eq(value_at(v, ""), v);
}
END_TEST

static const struct {
    const char *root, *path, *x, *json;     /* x NULL: delete */
} sets[] = {
    { "{a: 1}", "a", "2", "{\"a\":2}" },
    { "{a: 1}", "b", "2", "{\"a\":1,\"b\":2}" },
    { "{a: 1}", "b.c.d", "2", "{\"a\":1,\"b\":{\"c\":{\"d\":2}}}" },
    { "{a: ~}", "a.b", "2", "{\"a\":{\"b\":2}}" },
    { "{a: [1, 2, 3]}", "a[1]", "9", "{\"a\":[1,9,3]}" },
    { "{a: [1, 2, 3]}", "a[1]", NULL, "{\"a\":[1,3]}" },
    { "{a: [{name: x, v: 1}]}", "a[x].v", "2",
      "{\"a\":[{\"name\":\"x\",\"v\":2}]}" },
    { "{a: [{name: x, v: 1}]}", "a[x].w.z", "2",
      "{\"a\":[{\"name\":\"x\",\"v\":1,\"w\":{\"z\":2}}]}" },
    { "{a: 1, b: 2}", "a", NULL, "{\"b\":2}" },
    { "{a: 1}", "b.c", NULL, "{\"a\":1}" },
    { "{a: 1}", "", "5", "5" },
    { "{a: {}}", "a.\"x.y/z\"", "1", "{\"a\":{\"x.y/z\":1}}" },
    { "{a: 1}", "a.b", "2", "(none)" },
    { "{a: [1]}", "a[1]", "2", "(none)" },
    { "{a: [1]}", "a[x]", "2", "(none)" },
    { "{a: [1]}", "a.b", "2", "(none)" },
    { "{a: {}}", "a[0]", "2", "(none)" },
    { "{}", "a[0]", "2", "(none)" },
    { "{a: 1}", "a..b", "2", "(none)" },
};

START_TEST(edits_share_what_they_do_not_touch)
{
    const struct value *root = tree(sets[_i].root);
    const struct value *x = sets[_i].x ? tree(sets[_i].x) : NULL;
    const char *before = canonical(root);

    ck_assert_str_eq(canonical(value_set(a, root, sets[_i].path, x)),
                     sets[_i].json);
    ck_assert_str_eq(canonical(root), before);
}
END_TEST

START_TEST(an_edit_leaves_other_branches_the_same_nodes)
{
    const struct value *root = tree("{a: {x: 1}, b: {y: 2}}");
    const struct value *next = value_set(a, root, "a.x", tree("3"));

    ck_assert_ptr_eq(value_get(next, "b"), value_get(root, "b"));
    ck_assert_ptr_ne(value_get(next, "a"), value_get(root, "a"));
}
END_TEST

/* RFC 7386, appendix A, all of it. */
static const struct {
    const char *base, *patch, *json;
} merges[] = {
    { "{a: b}", "{a: c}", "{\"a\":\"c\"}" },
    { "{a: b}", "{b: c}", "{\"a\":\"b\",\"b\":\"c\"}" },
    { "{a: b}", "{a: null}", "{}" },
    { "{a: b, b: c}", "{a: null}", "{\"b\":\"c\"}" },
    { "{a: [b]}", "{a: c}", "{\"a\":\"c\"}" },
    { "{a: c}", "{a: [b]}", "{\"a\":[\"b\"]}" },
    { "{a: {b: c}}", "{a: {b: d, c: null}}", "{\"a\":{\"b\":\"d\"}}" },
    { "{a: [{b: c}]}", "{a: [1]}", "{\"a\":[1]}" },
    { "[a, b]", "[c, d]", "[\"c\",\"d\"]" },
    { "{a: b}", "[c]", "[\"c\"]" },
    { "{a: foo}", "null", "null" },
    { "{a: foo}", "'bar'", "\"bar\"" },
    { "{e: null}", "{a: 1}", "{\"a\":1,\"e\":null}" },
    { "[1, 2]", "{a: b, c: null}", "{\"a\":\"b\"}" },
    { "{}", "{a: {bb: {ccc: null}}}", "{\"a\":{\"bb\":{}}}" },
};

START_TEST(merge_patches_are_those_of_rfc_7386)
{
    ck_assert_str_eq(canonical(value_merge(a, tree(merges[_i].base),
                                           tree(merges[_i].patch))),
                     merges[_i].json);
}
END_TEST

/* By the rules of strategicpatch; the first is the example of Kubernetes'
 * manual, "Update API Objects in Place Using kubectl patch", whose output
 * lists the new container first. */
static const struct {
    const char *base, *patch, *json;
} strategic[] = {
    { "{containers: [{name: demo-ctr, image: nginx}], tolerations: [{key: a}]}",
      "{containers: [{name: demo-ctr-2, image: redis}]}",
      "{\"containers\":[{\"image\":\"redis\",\"name\":\"demo-ctr-2\"},"
      "{\"image\":\"nginx\",\"name\":\"demo-ctr\"}],"
      "\"tolerations\":[{\"key\":\"a\"}]}" },
    { "{containers: [{name: a, image: x}, {name: b, image: y}]}",
      "{containers: [{name: b, image: z}]}",
      "{\"containers\":[{\"image\":\"x\",\"name\":\"a\"},"
      "{\"image\":\"z\",\"name\":\"b\"}]}" },
    { "{tolerations: [{key: a}]}", "{tolerations: [{key: b}]}",
      "{\"tolerations\":[{\"key\":\"b\"}]}" },
    { "{containers: [{name: a}, {name: b}]}",
      "{containers: [{name: a, $patch: delete}]}",
      "{\"containers\":[{\"name\":\"b\"}]}" },
    { "{containers: [{name: a}, {name: b}]}",
      "{containers: [{name: c}, {$patch: replace}]}",
      "{\"containers\":[{\"name\":\"c\"}]}" },
    { "{spec: {a: 1, b: 2}}", "{spec: {$patch: replace, c: 3}}",
      "{\"spec\":{\"c\":3}}" },
    { "{spec: {a: 1, b: 2}}", "{spec: {$patch: delete}}", "{\"spec\":{}}" },
    { "{spec: {a: 1, b: 2}}", "{spec: {b: null}}", "{\"spec\":{\"a\":1}}" },
    { "{ports: [{containerPort: 80, name: h}]}",
      "{ports: [{containerPort: 80, protocol: TCP}]}",
      "{\"ports\":[{\"containerPort\":80,\"name\":\"h\","
      "\"protocol\":\"TCP\"}]}" },
    { "{ports: [{port: 80, targetPort: 1}]}",
      "{ports: [{port: 80, targetPort: 2}]}",
      "{\"ports\":[{\"port\":80,\"targetPort\":2}]}" },
    { "{containers: [{name: a, env: [{name: X, value: '1'}]}]}",
      "{containers: [{name: a, env: [{name: Y, value: '2'}, "
      "{name: X, value: null}]}]}",
      "{\"containers\":[{\"env\":[{\"name\":\"Y\",\"value\":\"2\"},"
      "{\"name\":\"X\"}],\"name\":\"a\"}]}" },
    { "{strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}}",
      "{strategy: {$retainKeys: [type], type: Recreate}}",
      "{\"strategy\":{\"type\":\"Recreate\"}}" },
    { "{finalizers: [a, b]}", "{finalizers: [c, b]}",
      "{\"finalizers\":[\"a\",\"b\",\"c\"]}" },
    { "{finalizers: [a, b]}", "{$deleteFromPrimitiveList/finalizers: [a]}",
      "{\"finalizers\":[\"b\"]}" },
    { "{}", "{containers: [{name: a, x: null, $setElementOrder/env: []}]}",
      "{\"containers\":[{\"name\":\"a\"}]}" },
    { "{volumeMounts: [{name: v, mountPath: /a}]}",
      "{volumeMounts: [{name: w, mountPath: /a}]}",
      "{\"volumeMounts\":[{\"mountPath\":\"/a\",\"name\":\"w\"}]}" },
    { "{containers: [{name: a}]}", "{containers: [{image: x}]}",
      "{\"containers\":[{\"image\":\"x\"}]}" },
    { "{a: 1}", "[1]", "[1]" },
    { "{containers: [{name: a}, {name: b}, {name: c}]}",
      "{containers: [{name: c}, {name: d}]}",
      "{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"},"
      "{\"name\":\"d\"}]}" },
};

START_TEST(strategic_merge_is_that_of_kubernetes)
{
    ck_assert_str_eq(canonical(value_strategic(a, tree(strategic[_i].base),
                                               tree(strategic[_i].patch))),
                     strategic[_i].json);
}
END_TEST

static const struct {
    const char *x, *y;
    bool equal;
} equals[] = {
    { "{a: 1, b: 2}", "{b: 2, a: 1}", true }, { "3", "'3'", false },
    { "3", "3.0", true }, { "0x10", "16", true }, { "true", "True", true },
    { "true", "'true'", false }, { "~", "null", true }, { "1e3", "1000",
                                                          true },
    { "[1, 2]", "[2, 1]", false }, { "[1]", "[1, 2]", false },
    { "{a: 1}", "{a: 1, b: 2}", false }, { "{a: 1}", "{b: 1}", false },
    { "{a: ~}", "{}", false }, { "1.10", "1.1", true }, { "'1.10'", "'1.1'",
                                                          false },
    { "[]", "{}", false }, { "web", "'web'", true },
};

START_TEST(equality_is_that_of_json)
{
    const struct value *x = tree(equals[_i].x), *y = tree(equals[_i].y);
    bool same_text = strcmp(canonical(x), canonical(y)) == 0;

    ck_assert(value_equal(x, y) == equals[_i].equal);
    ck_assert(value_equal(y, x) == equals[_i].equal);
    ck_assert(same_text == equals[_i].equal);
}
END_TEST

static const struct {
    const char *text, *json;
} scalars[] = {
    { "007", "7" }, { "+5", "5" }, { "-0", "0" }, { "0o17", "15" },
    { "123456789012345678901234567890", "123456789012345678901234567890" },
    { "-00123456789012345678901234567890", "-123456789012345678901234567890" },
    { "1.50", "1.5" }, { ".5", "0.5" }, { "1e400", "\"1e400\"" },
    { ".inf", "\".inf\"" }, { "0xFFFFFFFFFFFFFFFFF",
                              "\"0xFFFFFFFFFFFFFFFFF\"" },
    { "False", "false" },
};

START_TEST(canonical_scalars_are_json)
{
    ck_assert_str_eq(canonical(tree(scalars[_i].text)), scalars[_i].json);
}
END_TEST

#define ADD_ROWS(tc, test, table)                                             \
    tcase_add_loop_test((tc), test, 0, (int)COUNT_OF(table))

int main(void)
{
    Suite *s = suite_create("value");
    TCase *tc = tcase_create("value");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    ADD_ROWS(tc, values_on_one_line_are_read_or_refused, flows);
    ADD_ROWS(tc, plain_scalars_are_what_the_core_schema_says, kinds);
    ADD_ROWS(tc, paths_lead_to_values, paths);
    tcase_add_test(tc, lookups_in_what_is_not_a_map_find_nothing);
    ADD_ROWS(tc, edits_share_what_they_do_not_touch, sets);
    tcase_add_test(tc, an_edit_leaves_other_branches_the_same_nodes);
    ADD_ROWS(tc, merge_patches_are_those_of_rfc_7386, merges);
    ADD_ROWS(tc, strategic_merge_is_that_of_kubernetes, strategic);
    ADD_ROWS(tc, equality_is_that_of_json, equals);
    ADD_ROWS(tc, canonical_scalars_are_json, scalars);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
