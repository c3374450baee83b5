/*
 * units.c - numbers with units, as people and Kubernetes write them.
 *
 * Durations are read digit by digit into 128-bit integers, so 0.1s is exactly
 * 100 ms and no double is ever involved.  Rates, shares and reals go through
 * strtod once their characters have been checked.
 */
#include "base/units.h"

#include <ctype.h>
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
