/*
 * test_field.c - binding, defaults, faults and print-outs of field tables.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/bug.h"
#include "base/field.h"
#include "base/units.h"

struct part {
    const char *name;
    int64_t time;
};

struct custom {
    int even;
};

struct config {
    bool flag;
    int64_t big;
    int small;
    double real, rate, share;
    const char *text;
    int mode;
    int64_t time;
    struct quantity memory;
    struct int_or_percent surge;
    struct part inside;
    struct part *maybe;
    struct field_list parts;    /* of struct part */
    struct field_map by_name;   /* of struct part */
    struct field_list words;
    struct field_map labels;
    const struct value *raw;
    struct custom custom;
};

static bool parse_even(struct binder *b, const struct value *v, void *out)
{
    struct custom *c = out;
    int64_t x;

    if (!parse_int(value_text(v, ""), &x, NULL) || x % 2) {
        field_expected(b, v, "an even integer");
        return false;
    }
    c->even = (int)x;
    return true;
}

static void schema_even(FILE *out)
{
    fputs("{\"type\":\"integer\",\"multipleOf\":2}", out);
}

static const char *const modes[] = { "fast", "slow", "careful", NULL };

static const struct field part_fields[] = {
    { .type = FIELD_T_STRING, .key = "name",
      .offset = offsetof(struct part, name), .unit = "-",
      .doc = "The name.", .flags = FIELD_REQUIRED },
    FIELD(DURATION, struct part, time, "time", "10s", 1, 60, "s",
          "How long."),
    FIELD_END
};

static const struct field fields[] = {
    FIELD(BOOL, struct config, flag, "flag", "true", 0, 0, "-", "A flag."),
    FIELD(INT, struct config, big, "big", NULL, 0, 0, "-", "A number."),
    FIELD(INT32, struct config, small, "small", "3", 1, 10, "pods",
          "A small number."),
    FIELD(REAL, struct config, real, "real", "0.5", 0, 1e300, "-", "A real."),
    FIELD(RATE, struct config, rate, "rate", "60/min", 0, 0, "/s", "A rate."),
    { .type = FIELD_T_SHARE, .key = "share",
      .offset = offsetof(struct config, share), .def = "25%", .max = 1,
      .unit = "share", .doc = "A share.", .flags = FIELD_EXCLUSIVE },
    FIELD(STRING, struct config, text, "text", NULL, 0, 0, "-", "A text."),
    FIELD_ENUM(struct config, mode, "mode", "slow", modes, "A mode."),
    FIELD(DURATION, struct config, time, "time", "1m30s", 0, 0, "s",
          "A time."),
    FIELD(QUANTITY, struct config, memory, "memory", "128Mi", 0, 0, "bytes",
          "Memory."),
    FIELD(INT_OR_PERCENT, struct config, surge, "surge", "25%", 0, 200,
          "pods", "Surge."),
    FIELD_SUB(OBJECT, struct config, inside, "inside", part_fields + 1,
              struct part, "In place."),
    FIELD_SUB(OPTIONAL, struct config, maybe, "maybe", part_fields,
              struct part, "Perhaps."),
    FIELD_SUB(LIST, struct config, parts, "parts", part_fields, struct part,
              "Some | many."),
    FIELD_SUB(MAP, struct config, by_name, "byName", part_fields + 1,
              struct part, "Named."),
    FIELD(STRINGS, struct config, words, "words", "[a, b]", 0, 0, "-",
          "Words."),
    FIELD(LABELS, struct config, labels, "labels", NULL, 0, 0, "-",
          "Labels."),
    FIELD(VALUE, struct config, raw, "raw", NULL, 0, 0, "-", "Anything."),
    FIELD_CUSTOM(struct config, custom, "even", "4", parse_even, schema_even,
                 "-", "Even."),
    FIELD_KNOWN("status"),
    FIELD_SILENT("managedFields"),
    FIELD_END
};

static struct arena *a;
static struct err_list faults;
static struct binder binder;

static void setup(void)
{
    a = arena_new();
    err_init(&faults, a);
    binder = (struct binder){ .arena = a, .errors = &faults };
}

static void teardown(void)
{
    arena_free(a);
}

static bool bind(const char *text, struct config *c)
{
    const struct value *v = value_flow(a, text, NULL);

    ck_assert_msg(v != NULL, "malformed: %s", text);
    memset(c, 0, sizeof *c);
    return field_bind(&binder, v, fields, c);
}

static void check_defaults(const struct config *c)
{
    const char *const *words = c->words.items;

    ck_assert(c->flag);
    ck_assert_int_eq(c->big, 0);
    ck_assert_int_eq(c->small, 3);
    ck_assert_double_eq(c->real, 0.5);
    ck_assert_double_eq(c->rate, 1);
    ck_assert_double_eq(c->share, 0.25);
    ck_assert_ptr_null(c->text);
    ck_assert_int_eq(c->mode, 1);
    ck_assert_int_eq(c->time, 90 * NS_PER_S);
    ck_assert_int_eq(quantity_value(c->memory), 128 << 20);
    ck_assert(c->surge.percent && c->surge.value == 25);
    ck_assert_int_eq(c->inside.time, 10 * NS_PER_S);
    ck_assert_ptr_null(c->maybe);
    ck_assert_uint_eq(c->parts.len, 0);
    ck_assert_uint_eq(c->by_name.len, 0);
    ck_assert_uint_eq(c->words.len, 2);
    ck_assert_str_eq(words[1], "b");
    ck_assert_ptr_null(c->raw);
    ck_assert_int_eq(c->custom.even, 4);
}

START_TEST(absent_fields_have_their_defaults)
{
    static const char *const texts[] = {
        "{}", "~", "{flag: ~, text: ~, maybe: ~, parts: ~}"
    };
    struct config c;

    ck_assert(bind(texts[_i], &c));
    check_defaults(&c);
    ck_assert_uint_eq(faults.len, 0);
    memset(&c, 0xAA, sizeof c);
    field_defaults(&binder, fields, &c);
    check_defaults(&c);
}
END_TEST

static void check_numbers(const struct config *c)
{
    ck_assert(!c->flag);
    ck_assert_int_eq(c->big, INT64_C(1) << 40);
    ck_assert_int_eq(c->small, 7);
    ck_assert_double_eq(c->real, 2.5);
    ck_assert_double_eq(c->rate, 200);
    ck_assert_double_eq(c->share, 0.04);
    ck_assert_str_eq(c->text, "1.10");
    ck_assert_int_eq(c->mode, 2);
    ck_assert_int_eq(c->time, 250 * NS_PER_MS);
    ck_assert_int_eq(quantity_value(c->memory), 1 << 30);
    ck_assert(!c->surge.percent && c->surge.value == 2);
}

static void check_structures(const struct config *c)
{
    const struct part *parts = c->parts.items, *named = c->by_name.items;
    const char *const *words = c->words.items, *const *labels =
        c->labels.items;

    ck_assert_int_eq(c->inside.time, 2 * NS_PER_S);
    ck_assert_str_eq(c->maybe->name, "m");
    ck_assert_int_eq(c->maybe->time, 10 * NS_PER_S);
    ck_assert_uint_eq(c->parts.len, 2);
    ck_assert_str_eq(parts[1].name, "q");
    ck_assert_int_eq(parts[1].time, 5 * NS_PER_S);
    ck_assert_uint_eq(c->by_name.len, 2);
    ck_assert_str_eq(c->by_name.keys[0], "z");
    ck_assert_int_eq(named[0].time, 3 * NS_PER_S);
    ck_assert_str_eq(words[0], "x y");
    ck_assert_uint_eq(c->labels.len, 1);
    ck_assert_str_eq(c->labels.keys[0], "a.b/c");
    ck_assert_str_eq(labels[0], "d");
    ck_assert(c->raw->type == VALUE_MAP);
    ck_assert_int_eq(c->custom.even, 8);
}

START_TEST(every_type_is_bound)
{
    struct config c;

    ck_assert(bind("{flag: false, big: 1099511627776, small: 7, real: 2.5, "
                   "rate: 200/s, share: 4%, text: 1.10, mode: careful, "
                   "time: 250ms, memory: 1Gi, surge: 2, inside: {time: 2s}, "
                   "maybe: {name: m}, parts: [{name: p}, {name: q, time: "
                   "5s}], byName: {z: {time: 3s}, y: {}}, words: ['x y'], "
                   "labels: {a.b/c: d}, raw: {any: [thing]}, even: 8}", &c));
    check_numbers(&c);
    check_structures(&c);
    ck_assert_uint_eq(faults.len, 0);
}
END_TEST

static const struct {
    const char *text, *message, *help, *path;
} refused[] = {
    { "{flag: yes}", "\"flag\" must be true or false, got \"yes\"", NULL,
      "flag" },
    { "{flag: 'true'}", "\"flag\" must be true or false, got \"true\"",
      "write it without quotes", "flag" },
    { "{big: 1.5}", "\"big\" must be an integer, got \"1.5\"", NULL, "big" },
    { "{big: '3'}", "\"big\" must be an integer, got \"3\"",
      "write it without quotes", "big" },
    { "{small: 11}", "\"small\" must be at least 1 and at most 10 pods, got "
      "\"11\"", NULL, "small" },
    { "{small: [1]}", "\"small\" must be an integer, got a list", NULL,
      "small" },
    { "{real: -1}", "\"real\" must be at least 0, got \"-1\"", NULL, "real" },
    { "{real: nan}", "\"real\" must be a decimal number, got \"nan\"", NULL,
      "real" },
    { "{rate: 5/x}", "\"rate\" must be a rate such as 200/s, 12/min or 3/h, "
      "got \"5/x\"", NULL, "rate" },
    { "{share: 100%}", "\"share\" must be more than 0 and less than 1 share, "
      "got \"100%\"", NULL, "share" },
    { "{share: 120%}", "\"share\" must be a share of at most 100%, got "
      "\"120%\"", NULL, "share" },
    { "{text: {a: b}}", "\"text\" must be a string, got a map", NULL,
      "text" },
    { "{mode: slwo}", "\"mode\" must be fast, slow or careful, got \"slwo\"",
      "did you mean \"slow\"?", "mode" },
    { "{time: 5}", "\"time\" must be a duration such as 250ms, 90s, 1m30s or "
      "2h, got \"5\"", NULL, "time" },
    { "{memory: 1GB}", "\"memory\" must be a quantity such as 500m, 2, 128Mi "
      "or 1e3, got \"1GB\"", NULL, "memory" },
    { "{surge: '3'}", "\"surge\" must be a percentage such as \"25%\" (a "
      "count is written without quotes), got \"3\"", NULL, "surge" },
    { "{surge: 201}", "\"surge\" must be at least 0 and at most 200 pods, "
      "got \"201\"", NULL, "surge" },
    { "{inside: 3}", "\"inside\" must be a map, got \"3\"", NULL, "inside" },
    { "{inside: {time: 61s}}", "\"time\" must be at least 1 and at most 60 "
      "s, got \"61s\"", NULL, "inside.time" },
    { "{maybe: {}}", "\"name\" is required", NULL, "maybe.name" },
    { "{parts: {}}", "\"parts\" must be a list, got a map", NULL, "parts" },
    { "{parts: [{name: x}, 3]}", "\"parts[1]\" must be a map, got \"3\"",
      NULL, "parts[1]" },
    { "{parts: [{name: x}, {name: y, tim: 3s}]}", "unknown field \"tim\" in "
      "parts[1]", "did you mean \"time\"?", "parts[1].tim" },
    { "{byName: {a.b: {time: x}}}", "\"time\" must be a duration such as "
      "250ms, 90s, 1m30s or 2h, got \"x\"", NULL, "byName.\"a.b\".time" },
    { "{words: [a, [b]]}", "\"words[1]\" must be a string, got a list", NULL,
      "words[1]" },
    { "{labels: {a.b: {}}}", "\"a.b\" must be a string, got a map", NULL,
      "labels.\"a.b\"" },
    { "{even: 3}", "\"even\" must be an even integer, got \"3\"", NULL,
      "even" },
    { "{smal: 3}", "unknown field \"smal\"", "did you mean \"small\"?",
      "smal" },
    { "{zzzzz: 3}", "unknown field \"zzzzz\"", NULL, "zzzzz" },
    { "[1]", "this must be a map, got a list", NULL, "" },
};

START_TEST(faults_name_the_field_and_what_was_found)
{
    struct config c;

    ck_assert(!bind(refused[_i].text, &c));
    ck_assert_uint_eq(faults.len, 1);
    ck_assert_str_eq(faults.items[0].text, refused[_i].message);
    ck_assert_pstr_eq(faults.items[0].help, refused[_i].help);
    ck_assert_str_eq(faults.items[0].path, refused[_i].path);
    ck_assert_str_eq(binder.path, "");
}
END_TEST

START_TEST(binding_goes_on_after_a_fault_with_the_default)
{
    struct config c;

    ck_assert(!bind("{small: 99, mode: x, time: y, text: kept, extra: 1}",
                    &c));
    ck_assert_int_eq(faults.errors, 4);
    ck_assert_int_eq(c.small, 3);
    ck_assert_int_eq(c.mode, 1);
    ck_assert_int_eq(c.time, 90 * NS_PER_S);
    ck_assert_str_eq(c.text, "kept");
}
END_TEST

START_TEST(what_kubernetes_knows_and_we_ignore_is_reported)
{
    struct config c;

    ck_assert(bind("{status: {}, managedFields: [], text: x}", &c));
    ck_assert_uint_eq(faults.len, 1);
    ck_assert_int_eq(faults.items[0].level, ERR_INFO);
    ck_assert_str_eq(faults.items[0].text, "\"status\" is not simulated");
    binder.strict = true;
    ck_assert(!bind("{status: {}, managedFields: []}", &c));
    ck_assert_int_eq(faults.errors, 1);
    binder.quiet = true;
    ck_assert(bind("{status: {}, nonsense: 1}", &c));
    ck_assert_int_eq(faults.errors, 1);
}
END_TEST

START_TEST(kubernetes_warns_of_unknown_fields_and_of_plain_no)
{
    struct config c;

    binder.kubernetes = true;
    ck_assert(bind("{nonsense: 1, flag: no, labels: {country: no}}", &c));
    ck_assert(!c.flag);
    ck_assert_int_eq(faults.warnings, 2);
    ck_assert_int_eq(faults.errors, 0);
    ck_assert_str_eq(faults.items[0].help, "quote it: \"no\"");
    ck_assert(!bind("{labels: {version: 1.10}}", &c));
    ck_assert_str_eq(faults.items[2].text, "\"version\" must be a string, got "
                     "\"1.10\"");
    binder.strict = true;
    ck_assert(!bind("{nonsense: 1}", &c));
}
END_TEST

START_TEST(very_deep_paths_are_cut_and_do_no_harm)
{
    static const struct field deep[] = {
        FIELD_SUB(OPTIONAL, struct { void *next; }, next, "next", deep,
                  struct { void *next; }, "Itself."),
        FIELD_END
    };
    struct {
        void *next;
    } top = { NULL };
    const struct value *v = value_flow(a, "{}", NULL);

    for (int i = 0; i < 100; i++) {
        struct member m = { .key = "next", .value = v };

        v = value_map(a, &m, 1, NULL);
    }
    ck_assert(field_bind(&binder, v, deep, &top));
    ck_assert_str_eq(binder.path, "");
}
END_TEST

static const struct field bad_range[] = {
    FIELD(INT32, struct config, small, "small", "11", 1, 10, "-", "Bad."),
    FIELD_END
};

START_TEST(a_default_outside_its_range_is_a_bug)
{
    struct config c = { .small = 0 };

    field_defaults(&binder, bad_range, &c);
}
END_TEST

static const char *printed(void (*print)(FILE *))
{
    FILE *f = tmpfile();
    char *text;
    long n;

    print(f);
    n = ftell(f);
    rewind(f);
    text = arena_alloc(a, (size_t)n + 1);
    ck_assert_uint_eq(fread(text, 1, (size_t)n, f), (size_t)n);
    fclose(f);
    return text;
}

static void print_help(FILE *out)
{
    field_help(out, fields, 2);
}

static void print_markdown(FILE *out)
{
    field_markdown(out, fields, "spec");
}

static void print_schema(FILE *out)
{
    field_schema(out, fields);
}

static const struct {
    void (*print)(FILE *out);
    const char *text;
} prints[] = {
    { print_help, "  small: integer, default 3, 1..10 pods\n"
      "      A small number.\n" },
    { print_help, "      name: string, required\n          The name.\n" },
    { print_help, "  mode: word, default slow, fast, slow, careful\n" },
    { print_help, "  share: share, default 25%, above 0..below 1 share\n" },
    { print_markdown, "| `spec.small` | integer | `3` | 1..10 | pods | A "
      "small number. |\n" },
    { print_markdown, "| `spec.parts[].name` | string | required |  | - | "
      "The name. |\n" },
    { print_markdown, "Some \\| many." },
    { print_markdown, "| `spec.byName.NAME.time` |" },
    { print_schema, "\"small\":{\"type\":\"integer\",\"minimum\":1,"
      "\"maximum\":10,\"description\":\"A small number.\",\"default\":3}" },
    { print_schema, "\"mode\":{\"enum\":[\"fast\",\"slow\",\"careful\"]" },
    { print_schema, "\"even\":{\"allOf\":[{\"type\":\"integer\","
      "\"multipleOf\":2}],\"description\":\"Even.\",\"default\":4}" },
    { print_schema, "\"required\":[\"name\"]}" },
    { print_schema, "\"default\":[\"a\",\"b\"]" },
};

START_TEST(help_markdown_and_schema_come_from_the_table)
{
    ck_assert_msg(strstr(printed(prints[_i].print), prints[_i].text) != NULL,
                  "no %s", prints[_i].text);
}
END_TEST

/* The schema is a value of JSON, which is a subset of our flow style. */
START_TEST(schema_is_well_formed)
{
    const struct value *v = value_flow(a, printed(print_schema), NULL);

    ck_assert_ptr_nonnull(v);
    for (const struct field *f = fields; f->type != FIELD_T_END; f++)
        ck_assert_ptr_nonnull(value_get(value_get(v, "properties"), f->key));
}
END_TEST

#define ADD_ROWS(tc, test, table)                                             \
    tcase_add_loop_test((tc), test, 0, (int)COUNT_OF(table))

int main(void)
{
    Suite *s = suite_create("field");
    TCase *tc = tcase_create("field");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, absent_fields_have_their_defaults, 0, 3);
    tcase_add_test(tc, every_type_is_bound);
    ADD_ROWS(tc, faults_name_the_field_and_what_was_found, refused);
    tcase_add_test(tc, binding_goes_on_after_a_fault_with_the_default);
    tcase_add_test(tc, what_kubernetes_knows_and_we_ignore_is_reported);
    tcase_add_test(tc, kubernetes_warns_of_unknown_fields_and_of_plain_no);
    tcase_add_test(tc, very_deep_paths_are_cut_and_do_no_harm);
    tcase_add_test_raise_signal(tc, a_default_outside_its_range_is_a_bug,
                                SIGABRT);
    ADD_ROWS(tc, help_markdown_and_schema_come_from_the_table, prints);
    tcase_add_test(tc, schema_is_well_formed);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
