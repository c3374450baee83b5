/*
 * test_units.c - numbers with units, and Kubernetes' quantities by its tables.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/bug.h"
#include "base/units.h"

static const struct {
    const char *text;
    int64_t ns;                 /* -1: refused */
    const char *canonical;
} durations[] = {
    { "0", 0, "0" },
    { "250ms", 250 * NS_PER_MS, "250ms" },
    { "1m30s", 90 * NS_PER_S, "1m30s" },
    { "90s", 90 * NS_PER_S, "1m30s" },
    { "1.5h", 5400 * NS_PER_S, "1h30m" },
    { "0.1s", 100 * NS_PER_MS, "100ms" },
    { "1.5s", 1500 * NS_PER_MS, "1.5s" },
    { "2d", 172800 * NS_PER_S, "2d" },
    { "24h", 86400 * NS_PER_S, "1d" },
    { "25h1ns", 90000 * NS_PER_S + 1, "25h1ns" },
    { "7us", 7000, "7us" },
    { "7\xC2\xB5s", 7000, "7us" },
    { "1ns", 1, "1ns" },
    { "1.0000000004s", NS_PER_S, "1s" },
    { "1.0000000005s", NS_PER_S + 1, "1.000000001s" },
    { "999999999.999999999s", NS_PER_S * 1000000000 - 1, NULL },
    { "1m1m", 120 * NS_PER_S, "2m" },
    { "0s", 0, "0" },
    { ".5s", 500 * NS_PER_MS, "500ms" },
    { "5", -1, NULL }, { "", -1, NULL }, { "s", -1, NULL },
    { "-5s", -1, NULL }, { "+5s", -1, NULL }, { "5 s", -1, NULL },
    { "5s ", -1, NULL }, { " 5s", -1, NULL }, { "5min", -1, NULL },
    { "1e3s", -1, NULL }, { "1,5s", -1, NULL }, { "1..5s", -1, NULL },
    { "5S", -1, NULL }, { "5sec", -1, NULL }, { "1m30", -1, NULL },
    { "10000000000s", -1, NULL }, { "99999999999999999999999h", -1, NULL },
    { "366000d", -1, NULL }, { ".s", -1, NULL },
};

START_TEST(durations_are_read_whole_or_refused)
{
    const char *why = NULL;
    int64_t ns = -7;
    bool ok = parse_duration(durations[_i].text, &ns, &why);

    ck_assert_msg(ok == (durations[_i].ns >= 0), "%s", durations[_i].text);
    ck_assert_int_eq(ns, ok ? durations[_i].ns : -7);
    ck_assert(ok || why);
}
END_TEST

START_TEST(durations_are_written_as_they_are_read)
{
    char room[32];
    int64_t ns = durations[_i].ns, again;

    if (ns < 0)
        return;
    format_duration(room, ns);
    if (durations[_i].canonical)
        ck_assert_str_eq(room, durations[_i].canonical);
    ck_assert(parse_duration(room, &again, NULL));
    ck_assert_int_eq(again, ns);
}
END_TEST

static const struct {
    const char *text;
    double per_s;               /* -1: refused */
} rates[] = {
    { "200/s", 200 }, { "12/min", 0.2 }, { "12/m", 0.2 }, { "3/h", 3 / 3600.0 },
    { "86400/d", 1 }, { "5", 5 }, { "0", 0 }, { "1.5/s", 1.5 },
    { "1e3/s", 1000 }, { "2/ms", 2000 }, { "-1/s", -1 }, { "", -1 },
    { "/s", -1 }, { "5/", -1 }, { "5/x", -1 }, { "5 /s", -1 }, { "5s", -1 },
    { "nan", -1 }, { "inf/s", -1 }, { "1e999/s", -1 },
};

START_TEST(rates_are_read_per_second)
{
    double x = -7;
    bool ok = parse_rate(rates[_i].text, &x, NULL);

    ck_assert_msg(ok == (rates[_i].per_s >= 0), "%s", rates[_i].text);
    if (ok)
        ck_assert_double_eq_tol(x, rates[_i].per_s, 1e-15 * (1 + x));
    else
        ck_assert_double_eq(x, -7);
}
END_TEST

static const struct {
    const char *text;
    bool over;
    double share;               /* -1: refused */
} shares[] = {
    { "4%", false, 0.04 }, { "0.04", false, 0.04 }, { "100%", false, 1 },
    { "0", false, 0 }, { "1", false, 1 }, { "150%", true, 1.5 },
    { "0.1%", false, 0.001 }, { "150%", false, -1 }, { "1.01", false, -1 },
    { "-1%", false, -1 }, { "%", false, -1 }, { "4 %", false, -1 },
    { "4%%", false, -1 }, { "", false, -1 }, { "0x1", false, -1 },
};

START_TEST(shares_are_read_as_parts_of_one)
{
    double x = -7;
    bool ok = parse_share(shares[_i].text, shares[_i].over, &x, NULL);

    ck_assert_msg(ok == (shares[_i].share >= 0), "%s", shares[_i].text);
    ck_assert_double_eq(x, ok ? shares[_i].share : -7);
}
END_TEST

static const struct {
    const char *text;
    bool ok;
    int64_t value;
} ints[] = {
    { "0", true, 0 }, { "-0", true, 0 }, { "42", true, 42 },
    { "-42", true, -42 }, { "+42", true, 42 }, { "0x1F", true, 31 },
    { "0o17", true, 15 }, { "-0x10", true, -16 },
    { "9223372036854775807", true, INT64_MAX },
    { "-9223372036854775808", true, INT64_MIN },
    { "9223372036854775808", false, 0 }, { "-9223372036854775809", false, 0 },
    { "010", false, 0 }, { "00", false, 0 }, { "1:30", false, 0 },
    { "1.0", false, 0 }, { "1e3", false, 0 }, { "", false, 0 },
    { "-", false, 0 }, { "0x", false, 0 }, { "0o8", false, 0 },
    { " 1", false, 0 }, { "1 ", false, 0 }, { "1_000", false, 0 },
    { "99999999999999999999999999999999999999999999", false, 0 },
};

START_TEST(integers_are_read_whole_or_refused)
{
    const char *why = NULL;
    int64_t x = -7;
    bool ok = parse_int(ints[_i].text, &x, &why);

    ck_assert_msg(ok == ints[_i].ok, "%s", ints[_i].text);
    ck_assert_int_eq(x, ok ? ints[_i].value : -7);
    ck_assert(ok || why);
}
END_TEST

static const struct {
    const char *text;
    bool ok;
    double value;
} reals[] = {
    { "0", true, 0 }, { "1.5", true, 1.5 }, { "-2.5e-3", true, -0.0025 },
    { "+.5", true, 0.5 }, { "5.", true, 5 }, { "1E3", true, 1000 },
    { "010.5", true, 10.5 }, { "", false, 0 }, { ".", false, 0 },
    { "1e", false, 0 }, { "1e+", false, 0 }, { "nan", false, 0 },
    { "inf", false, 0 }, { "-Infinity", false, 0 }, { "0x10", false, 0 },
    { "1e999", false, 0 }, { "1,5", false, 0 }, { "1 ", false, 0 },
    { "--1", false, 0 }, { "1.2.3", false, 0 }, { "1p3", false, 0 },
};

START_TEST(reals_are_read_whole_or_refused)
{
    double x = -7;
    bool ok = parse_real(reals[_i].text, &x, NULL);

    ck_assert_msg(ok == reals[_i].ok, "%s", reals[_i].text);
    ck_assert_double_eq(x, ok ? reals[_i].value : -7);
}
END_TEST

/* ---- tables from Kubernetes --------------------------------------------- */

#define COLUMNS 8

/* Split one line of CSV in place; quotes as in RFC 4180, none doubled. */
static size_t split(char *line, char *cells[COLUMNS])
{
    size_t n = 0;
    char *p = line;

    line[strcspn(line, "\r\n")] = '\0';
    for (;;) {
        bool quoted = *p == '"';
        char *end;

        p += quoted;
        end = p + (quoted ? strcspn(p, "\"") : strcspn(p, ","));
        cells[n++] = p;
        p = end + quoted;
        if (*p != ',' || n == COLUMNS)
            break;
        p++;
        *end = '\0';
    }
    if (*p)
        *p = '\0';
    return n;
}

/* Call row(cells) for every row of a table under tests/tables. */
static int each_row(const char *path, size_t columns,
                    void (*row)(char *cells[COLUMNS]))
{
    FILE *f = fopen(path, "r");
    char line[512], *cells[COLUMNS];
    int rows = -1;              /* the header is not one */

    ck_assert_msg(f != NULL, "cannot read %s", path);
    while (fgets(line, sizeof line, f)) {
        if (*line == '#')
            continue;
        if (rows++ < 0)
            continue;
        ck_assert_uint_eq(split(line, cells), columns);
        row(cells);
    }
    fclose(f);
    return rows;
}

/* source, input, valid, value, milli-value, canonical */
static void quantity_row(char *cells[COLUMNS])
{
    struct arena *a = arena_new();
    struct quantity q;
    bool ok = parse_quantity(cells[1], &q, NULL);

    ck_assert_msg(ok == (*cells[2] == '1'), "\"%s\"", cells[1]);
    if (ok) {
        ck_assert_msg(quantity_value(q) == strtoll(cells[3], NULL, 10),
                      "\"%s\": value %" PRId64, cells[1], quantity_value(q));
        ck_assert_msg(quantity_milli(q) == strtoll(cells[4], NULL, 10),
                      "\"%s\": milli %" PRId64, cells[1], quantity_milli(q));
        if (*cells[5])
            ck_assert_str_eq(format_quantity(a, q), cells[5]);
    }
    arena_free(a);
}

START_TEST(quantities_are_those_of_apimachinery)
{
    ck_assert_int_eq(each_row("tests/tables/quantity_parse.csv", 6,
                              quantity_row), 60);
}
END_TEST

/* source, kind, input, total, round_up, scaled, error, valid percentage */
static void percent_row(char *cells[COLUMNS])
{
    bool is_string = strcmp(cells[1], "string") == 0;
    struct int_or_percent v;
    bool ok = parse_int_or_percent(cells[2], is_string, &v, NULL);

    ck_assert_msg(ok == (*cells[6] == '0'), "%s", cells[2]);
    if (ok)
        ck_assert_int_eq(int_or_percent_of(v, atoi(cells[3]),
                                           *cells[4] == '1'),
                         atoi(cells[5]));
    if (is_string)
        ck_assert_msg(is_valid_percent(cells[2]) == (*cells[7] == '1'), "%s",
                      cells[2]);
}

START_TEST(counts_or_percentages_are_those_of_apimachinery)
{
    ck_assert_int_eq(each_row("tests/tables/int_or_percent.csv", 8,
                              percent_row), 193);
}
END_TEST

/* Limits that the tables do not reach; by the rules of quantity.go. */
static const struct {
    const char *text;
    int64_t value;
    const char *canonical;
} limits[] = {
    { "9223372036854775807", INT64_MAX, "9223372036854775807" },
    { "8Ei", INT64_MAX, NULL },     /* binary values end at 2^63 - 1 */
    { "100Ei", INT64_MAX, NULL },
    { "1000E", INT64_MAX, "1000E" },
    { "-100Ei", -INT64_MAX, NULL },
    { "0.0000000001", 1, "1n" },    /* rounded away from zero */
    { "1e18", INT64_C(1000000000000000000), "1e18" },
    { "1e-12", 1, "1e-9" },
    { "1e1000", INT64_MAX, NULL },
    { "0.5Ki", 512, "512" },
    { "00012", 12, "12" },
    { "5.", 5, "5" },
    { ".5", 1, "500m" },
    { "-0.5Gi", -536870912, "-512Mi" },
};

START_TEST(quantities_at_their_limits)
{
    struct arena *a = arena_new();
    struct quantity q;

    ck_assert(parse_quantity(limits[_i].text, &q, NULL));
    ck_assert_int_eq(quantity_value(q), limits[_i].value);
    if (limits[_i].canonical)
        ck_assert_str_eq(format_quantity(a, q), limits[_i].canonical);
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("units");
    TCase *tc = tcase_create("units");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_loop_test(tc, durations_are_read_whole_or_refused, 0,
                        (int)COUNT_OF(durations));
    tcase_add_loop_test(tc, durations_are_written_as_they_are_read, 0,
                        (int)COUNT_OF(durations));
    tcase_add_loop_test(tc, rates_are_read_per_second, 0,
                        (int)COUNT_OF(rates));
    tcase_add_loop_test(tc, shares_are_read_as_parts_of_one, 0,
                        (int)COUNT_OF(shares));
    tcase_add_loop_test(tc, integers_are_read_whole_or_refused, 0,
                        (int)COUNT_OF(ints));
    tcase_add_loop_test(tc, reals_are_read_whole_or_refused, 0,
                        (int)COUNT_OF(reals));
    tcase_add_test(tc, quantities_are_those_of_apimachinery);
    tcase_add_test(tc, counts_or_percentages_are_those_of_apimachinery);
    tcase_add_loop_test(tc, quantities_at_their_limits, 0,
                        (int)COUNT_OF(limits));
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
