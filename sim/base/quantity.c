/*
 * quantity.c - Kubernetes' quantities, and counts or percentages.
 *
 * A quantity is read digit by digit into a 128-bit number of nano-units, as
 * apimachinery keeps it: a value finer than that is rounded away from zero
 * (asking for something gives something), binary values above 2^63 - 1 are
 * cut there, and a binary value below 1 turns decimal.  Beyond 10^29 units,
 * which apimachinery would keep, values are cut.
 *
 * The canonical text has the largest suffix of its family that leaves no
 * fraction; a binary value below 1024 or with a fraction is written decimal.
 * Source: apimachinery pkg/api/resource/quantity.go and pkg/util/intstr,
 * v1.36.
 */
#include "base/units.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "base/bug.h"

__extension__ typedef __int128 wide;

static bool refuse(const char **why, const char *expected)
{
    if (why)
        *why = expected;
    return false;
}

#define NANO 1000000000
#define WIDE_MAX ((((wide)1 << 126) - 1) * 2 + 1)

static const struct {
    char suffix[3];
    int8_t binary, exponent;    /* 2^exponent or 10^exponent */
} quantity_suffixes[] = {
    { "", 0, 0 }, { "n", 0, -9 }, { "u", 0, -6 }, { "m", 0, -3 },
    { "k", 0, 3 }, { "M", 0, 6 }, { "G", 0, 9 }, { "T", 0, 12 },
    { "P", 0, 15 }, { "E", 0, 18 },
    { "Ki", 1, 10 }, { "Mi", 1, 20 }, { "Gi", 1, 30 }, { "Ti", 1, 40 },
    { "Pi", 1, 50 }, { "Ei", 1, 60 },
};

/* a * b, or WIDE_MAX; both >= 0. */
static wide times(wide a, wide b)
{
    return a && b > WIDE_MAX / a ? WIDE_MAX : a * b;
}

static wide power10(int n)
{
    wide p = 1;

    while (n-- > 0)
        p = times(p, 10);
    return p;
}

/* A signed decimal number, cut at +-1000. */
static bool read_exponent(const char *s, int *exponent)
{
    const char *p = s + (*s == '-' || *s == '+');
    int e = 0;

    if (!*p)
        return false;
    for (; isdigit((unsigned char)*p); p++)
        if (e < 1000)
            e = e * 10 + (*p - '0');
    *exponent = *s == '-' ? -e : e;
    return *p == '\0';
}

/* The suffix at s into exponent and flags of q; false if there is no such. */
static bool read_suffix(const char *s, struct quantity *q, int *exponent)
{
    for (size_t i = 0; i < COUNT_OF(quantity_suffixes); i++) {
        if (strcmp(s, quantity_suffixes[i].suffix) == 0) {
            q->binary = quantity_suffixes[i].binary;
            *exponent = quantity_suffixes[i].exponent;
            return true;
        }
    }
    q->exponent = *s == 'e' || *s == 'E';
    q->capital = *s == 'E';
    return q->exponent && read_exponent(s + 1, exponent);
}

/* digits x 10^e (or digits x 10^-places x 2^e) in nano-units, rounded away
 * from zero. */
static wide in_nano(wide digits, int places, bool binary, int e)
{
    int shift = 9 - places + (binary ? 0 : e);
    wide x = digits, divisor;

    if (binary)
        x = times(x, (wide)1 << e);
    if (shift >= 0)
        return times(x, power10(shift));
    divisor = power10(-shift);
    return x / divisor + (x % divisor != 0);
}

bool parse_quantity(const char *s, struct quantity *q, const char **why)
{
    static const char wanted[] = "a quantity such as 500m, 2, 128Mi or 1e3";
    struct quantity got = { 0 };
    const char *p = s + (*s == '-' || *s == '+');
    int places = 0, exponent = 0;
    wide digits = 0;
    bool point = false;

    if (!*s)
        return refuse(why, wanted);
    for (; isdigit((unsigned char)*p) || (*p == '.' && !point); p++) {
        if (*p == '.') {
            point = true;
        } else if (digits < WIDE_MAX / 100) {
            digits = digits * 10 + (*p - '0');
            places += point;
        } else if (!point) {
            places--;
        }
    }
    if (!read_suffix(p, &got, &exponent))
        return refuse(why, wanted);
    got.nano = in_nano(digits, places, got.binary, exponent);
    if (got.binary && got.nano > (wide)INT64_MAX * NANO)
        got.nano = (wide)INT64_MAX * NANO;
    if (got.binary && got.nano < NANO)
        got.binary = false;
    if (*s == '-')
        got.nano = -got.nano;
    *q = got;
    return true;
}

/* nano / unit, rounded away from zero and cut to int64. */
static int64_t scaled(wide nano, wide unit)
{
    wide size = nano < 0 ? -nano : nano;
    wide x = size / unit + (size % unit != 0);

    if (x > INT64_MAX)
        x = INT64_MAX;
    return nano < 0 ? -(int64_t)x : (int64_t)x;
}

int64_t quantity_value(struct quantity q)
{
    return scaled(q.nano, NANO);
}

int64_t quantity_milli(struct quantity q)
{
    return scaled(q.nano, NANO / 1000);
}

/* The digits of x >= 0; room holds 40 bytes. */
static const char *wide_digits(char *room, wide x)
{
    char *p = room + 39;

    *p = '\0';
    do
        *--p = (char)('0' + (int)(x % 10));
    while (x /= 10);
    return p;
}

static const char *suffix_of(bool binary, int exponent)
{
    for (size_t i = 0; i < COUNT_OF(quantity_suffixes); i++)
        if (quantity_suffixes[i].binary == binary
            && quantity_suffixes[i].exponent == exponent)
            return quantity_suffixes[i].suffix;
    return "";
}

char *format_quantity(struct arena *a, struct quantity q)
{
    wide x = q.nano < 0 ? -q.nano : q.nano;
    const char *sign = q.nano < 0 ? "-" : "";
    int exponent;
    char room[40];

    if (x == 0)
        return arena_strdup(a, "0");
    if (q.binary && x >= (wide)1024 * NANO && x % NANO == 0) {
        x /= NANO;
        for (exponent = 0; x % 1024 == 0 && exponent < 60; exponent += 10)
            x /= 1024;
    } else {
        q.binary = false;
        for (exponent = -9; x % 1000 == 0 && (exponent < 18 || q.exponent);
             exponent += 3)
            x /= 1000;
    }
    if (q.exponent && exponent)
        return arena_printf(a, "%s%s%c%d", sign, wide_digits(room, x),
                            q.capital ? 'E' : 'e', exponent);
    return arena_printf(a, "%s%s%s", sign, wide_digits(room, x),
                        suffix_of(q.binary, exponent));
}

/* ---- count or percentage ------------------------------------------------ */

bool parse_int_or_percent(const char *s, bool is_string,
                          struct int_or_percent *out, const char **why)
{
    static const char wanted[] = "a count or a percentage such as 25%";
    size_t len = strlen(s);
    const char *p = s + (*s == '-' || *s == '+');
    int64_t x = 0;

    if (is_string != (len > 0 && s[len - 1] == '%'))
        return refuse(why, is_string ? "a percentage such as \"25%\" (a count "
                                       "is written without quotes)" : wanted);
    if (p == s + len - is_string)
        return refuse(why, wanted);
    for (; p < s + len - is_string; p++) {
        if (!isdigit((unsigned char)*p))
            return refuse(why, wanted);
        x = x * 10 + (*p - '0');
        if (x > INT_MAX && !is_string)
            return refuse(why, "a count below 2^31");
        x = x > INT_MAX ? INT_MAX : x;  /* such percentages are all alike */
    }
    *out = (struct int_or_percent){ is_string, (int)(*s == '-' ? -x : x) };
    return true;
}

int int_or_percent_of(struct int_or_percent v, int total, bool round_up)
{
    int64_t x, whole;

    if (!v.percent)
        return v.value;
    x = (int64_t)v.value * total;
    whole = x / 100;
    if (x % 100 > 0 && round_up)
        whole++;
    else if (x % 100 < 0 && !round_up)
        whole--;
    return whole > INT_MAX ? INT_MAX : whole < INT_MIN ? INT_MIN : (int)whole;
}

bool is_valid_percent(const char *s)
{
    size_t n = strspn(s, "0123456789");

    return n > 0 && strcmp(s + n, "%") == 0;
}
