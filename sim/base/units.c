/*
 * units.c - numbers with units, as people and Kubernetes write them.
 *
 * Durations and quantities are read digit by digit into 128-bit integers, so
 * 0.1s is exactly 100 ms and no double is ever involved.  Rates, shares and
 * reals go through strtod once their characters have been checked.
 *
 * Quantities follow apimachinery: a value finer than a nano-unit is rounded
 * away from zero (asking for something gives something), binary values above
 * 2^63 - 1 are cut there, and a binary value below 1 turns decimal.  Beyond
 * 10^29 units, which apimachinery would keep, values are cut.
 * Source: apimachinery pkg/api/resource/quantity.go, v1.36.
 */
#include "base/units.h"

#include <ctype.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/text.h"

__extension__ typedef __int128 wide;

#define DURATION_MAX (INT64_C(1000000000) * NS_PER_S)   /* 31 years */

static bool refuse(const char **why, const char *expected)
{
    if (why)
        *why = expected;
    return false;
}

/* ---- plain numbers ------------------------------------------------------ */

/* Digits, at most one point, perhaps an exponent: what strtod may see. */
static size_t real_length(const char *s)
{
    size_t i = s[0] == '-' || s[0] == '+', digits = 0, n;

    for (; isdigit((unsigned char)s[i]); i++)
        digits++;
    if (s[i] == '.')
        for (i++; isdigit((unsigned char)s[i]); i++)
            digits++;
    if (!digits)
        return 0;
    if (s[i] != 'e' && s[i] != 'E')
        return i;
    n = i + 1 + (s[i + 1] == '-' || s[i + 1] == '+');
    if (!isdigit((unsigned char)s[n]))
        return i;
    while (isdigit((unsigned char)s[n]))
        n++;
    return n;
}

/* strtod of the first len characters, with '.' whatever the locale says. */
static bool read_real(const char *s, size_t len, double *out)
{
    char room[128], *point;

    if (len == 0 || len >= sizeof room)
        return false;
    memcpy(room, s, len);
    room[len] = '\0';
    point = strchr(room, '.');
    if (point)
        *point = localeconv()->decimal_point[0];
    *out = strtod(room, NULL);
    return isfinite(*out);
}

bool parse_real(const char *s, double *out, const char **why)
{
    size_t len = real_length(s);
    double x;

    if (len == 0 || s[len] != '\0' || !read_real(s, len, &x))
        return refuse(why, "a decimal number");
    *out = x;
    return true;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

bool parse_int(const char *s, int64_t *out, const char **why)
{
    const char *p = s + (*s == '-' || *s == '+');
    int base = 10;
    wide x = 0;

    if (p[0] == '0' && p[1] == 'x')
        base = 16;
    else if (p[0] == '0' && p[1] == 'o')
        base = 8;
    else if (p[0] == '0' && isdigit((unsigned char)p[1]))
        return refuse(why, "an integer without leading zeros (octal is "
                           "written 0o17)");
    if (base != 10)
        p += 2;
    if (!*p)
        return refuse(why, "an integer");
    for (; *p; p++) {
        if (digit_value(*p) >= base)
            return refuse(why, *p == ':' ? "an integer (1:30 is not one)"
                                         : "an integer");
        x = x * base + digit_value(*p);
        if (x > (wide)INT64_MAX + 1)
            return refuse(why, "an integer of at most 64 bits");
    }
    if (*s == '-')
        x = -x;
    if (x > INT64_MAX)
        return refuse(why, "an integer of at most 64 bits");
    *out = (int64_t)x;
    return true;
}

/* ---- durations ---------------------------------------------------------- */

static const struct {
    const char *name;
    int64_t ns;
} time_units[] = {
    { "ns", 1 }, { "us", NS_PER_US }, { "\xC2\xB5s", NS_PER_US },
    { "\xCE\xBCs", NS_PER_US }, { "ms", NS_PER_MS }, { "s", NS_PER_S },
    { "min", 60 * NS_PER_S }, { "m", 60 * NS_PER_S },
    { "h", 3600 * NS_PER_S }, { "d", 86400 * NS_PER_S },
};

#define DURATION_WANTED "a duration such as 250ms, 90s, 1m30s or 2h"

/* One number with its unit at *s, added to *ns. */
static bool duration_part(const char **s, wide *ns)
{
    const char *p = *s;
    wide whole = 0, part = 0, scale = 1;
    int digits = 0;

    for (; isdigit((unsigned char)*p); p++, digits++)
        if (whole < DURATION_MAX)
            whole = whole * 10 + (*p - '0');
    if (*p == '.')
        for (p++; isdigit((unsigned char)*p); p++, digits++)
            if (scale < (wide)1000000000 * 1000000000) {
                part = part * 10 + (*p - '0');
                scale *= 10;
            }
    for (size_t i = 0; digits && i < COUNT_OF(time_units); i++) {
        size_t len = strlen(time_units[i].name);

        if (strncmp(p, time_units[i].name, len) != 0
            || isalpha((unsigned char)p[len])
            || strcmp(time_units[i].name, "min") == 0)
            continue;
        *ns += whole * time_units[i].ns
            + (part * time_units[i].ns + scale / 2) / scale;
        *s = p + len;
        return true;
    }
    return false;
}

bool parse_duration(const char *s, int64_t *ns, const char **why)
{
    wide sum = 0;

    if (strcmp(s, "0") != 0) {
        if (!*s)
            return refuse(why, DURATION_WANTED);
        while (*s) {
            if (!duration_part(&s, &sum))
                return refuse(why, DURATION_WANTED);
            if (sum > DURATION_MAX)
                return refuse(why, "a duration below 31 years");
        }
    }
    *ns = (int64_t)sum;
    return true;
}

/* ns in the largest unit that leaves a whole number before the point. */
static char *small_duration(char *out, int64_t ns)
{
    static const struct {
        int64_t ns;
        const char *name;
    } unit[] = { { NS_PER_S, "s" }, { NS_PER_MS, "ms" }, { NS_PER_US, "us" },
                 { 1, "ns" } };
    size_t i = 0;
    int64_t rest;

    while (ns < unit[i].ns)
        i++;
    out += sprintf(out, "%lld", (long long)(ns / unit[i].ns));
    rest = ns % unit[i].ns;
    if (rest) {
        *out++ = '.';
        for (int64_t place = unit[i].ns / 10; rest; place /= 10) {
            *out++ = (char)('0' + rest / place);
            rest %= place;
        }
    }
    return strcpy(out, unit[i].name);
}

char *format_duration(char *room, int64_t ns)
{
    char *out = room;
    int64_t day = 86400 * NS_PER_S, hour = 3600 * NS_PER_S;
    int64_t minute = 60 * NS_PER_S;

    if (ns < 0) {
        *out++ = '-';
        ns = -ns;
    }
    if (ns == 0)
        return strcpy(room, "0");
    if (ns % day == 0) {
        sprintf(out, "%lldd", (long long)(ns / day));
        return room;
    }
    if (ns >= hour)
        out += sprintf(out, "%lldh", (long long)(ns / hour));
    if (ns % hour >= minute)
        out += sprintf(out, "%lldm", (long long)(ns % hour / minute));
    if (ns % minute)
        small_duration(out, ns % minute);
    return room;
}

/* ---- rates and shares --------------------------------------------------- */

bool parse_rate(const char *s, double *per_s, const char **why)
{
    static const char wanted[] = "a rate such as 200/s, 12/min or 3/h";
    size_t len = real_length(s);
    const char *unit = s + len;
    double x;

    if (!read_real(s, len, &x) || x < 0)
        return refuse(why, wanted);
    if (*unit == '/') {
        size_t i = 0;

        while (i < COUNT_OF(time_units)
               && strcmp(unit + 1, time_units[i].name) != 0)
            i++;
        if (i == COUNT_OF(time_units))
            return refuse(why, wanted);
        x *= (double)NS_PER_S / (double)time_units[i].ns;
    } else if (*unit) {
        return refuse(why, wanted);
    }
    *per_s = x;
    return true;
}

bool parse_share(const char *s, bool over, double *share, const char **why)
{
    size_t len = real_length(s);
    double x;

    if (!read_real(s, len, &x) || x < 0
        || (s[len] != '\0' && strcmp(s + len, "%") != 0))
        return refuse(why, "a share such as 4% or 0.04");
    if (s[len] == '%')
        x /= 100;
    if (x > 1 && !over)
        return refuse(why, "a share of at most 100%");
    *share = x;
    return true;
}

/* ---- Kubernetes quantities ---------------------------------------------- */

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
        if (x > INT_MAX)
            return refuse(why, "a count or a percentage below 2^31");
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
