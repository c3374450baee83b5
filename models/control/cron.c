/*
 * cron.c - schedules of CronJobs.
 *
 * A schedule is five sets: minutes, hours, days of the month, months, days of
 * the week.  A minute is one of its runs if all five contain it, except that
 * when both kinds of day are restricted one of them is enough.  `@every 90s`
 * counts from the instant that is asked about instead.
 *
 * The controller does not keep a list of runs: it looks for the most recent
 * one that is due since the last one started (or since the CronJob was made)
 * and estimates how many more were missed from the distance of the first two.
 *
 * Not modelled: time zones other than UTC, so no daylight saving.
 * Source: kubernetes pkg/controller/cronjob/utils.go at v1.36.2; robfig/cron
 * v3 (parser.go, spec.go); reference 3.4.  Calendar: proleptic Gregorian, days
 * counted as in H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
#include "models/cron.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/units.h"

#define MINUTE_S 60
#define HOUR_S 3600
#define DAY_S 86400
#define YEARS_AHEAD 5           /* cron's own limit of a search */
#define TOO_MANY 100            /* missed runs worth a warning */

/* ---- the calendar ------------------------------------------------------------- */

struct date {
    int64_t year;
    int month, day;             /* 1.. */
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days from 1970-01-01 to a date. */
static int64_t days_of(struct date d)
{
    int64_t y = d.year - (d.month <= 2);
    int64_t era = floor_div(y, 400), of_era = y - era * 400;
    int64_t of_year = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 +
                      d.day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

static struct date date_of(int64_t days)
{
    int64_t era, of_era, y, of_year, m;
    struct date d;

    days += 719468;
    era = floor_div(days, 146097);
    of_era = days - era * 146097;
    y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * y + y / 4 - y / 100);
    m = (5 * of_year + 2) / 153;
    d.day = (int)(of_year - (153 * m + 2) / 5 + 1);
    d.month = (int)(m < 10 ? m + 3 : m - 9);
    d.year = y + era * 400 + (d.month <= 2);
    return d;
}

char *cron_format(char *room, int64_t t)
{
    int64_t days = floor_div(t, DAY_S);
    int s = (int)(t - days * DAY_S);
    struct date d = date_of(days);

    snprintf(room, 32, "%04lld-%02d-%02dT%02d:%02d:%02dZ", (long long)d.year,
             d.month, d.day, s / HOUR_S, s / MINUTE_S % 60, s % 60);
    return room;
}

bool cron_read_time(const char *text, int64_t *t)
{
    struct date d;
    int year, hour, minute, second, end = 0;

    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &d.month, &d.day,
               &hour, &minute, &second, &end) != 6 || text[end] != '\0' ||
        end != 20)
        return false;
    if (d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31 ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 59)
        return false;
    d.year = year;
    *t = days_of(d) * DAY_S + hour * HOUR_S + minute * MINUTE_S + second;
    return true;
}

/* ---- understanding ---------------------------------------------------------------- */

static const char *const month_names[] = {
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct",
    "nov", "dec", NULL,
};

static const char *const weekday_names[] = {
    "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL,
};

/* What a field may hold. */
struct bounds {
    int min, max;
    const char *const *names;   /* of min, min + 1, ...; NULL: none */
};

static const struct bounds minutes = { 0, 59, NULL };
static const struct bounds hours = { 0, 23, NULL };
static const struct bounds days = { 1, 31, NULL };
static const struct bounds months = { 1, 12, month_names };
static const struct bounds weekdays = { 0, 6, weekday_names };

static uint64_t bits(int from, int to, int step)
{
    uint64_t set = 0;

    for (int v = from; v <= to; v += step)
        set |= UINT64_C(1) << v;
    return set;
}

static uint64_t all_of(const struct bounds *b)
{
    return bits(b->min, b->max, 1);
}

/* Part of a text that is not copied. */
struct span {
    const char *at;
    size_t len;
};

/* Cut what comes before the first c off *rest; false if nothing is left. */
static bool cut(struct span *rest, char c, struct span *part)
{
    const char *stop;

    if (!rest->at)
        return false;
    stop = memchr(rest->at, c, rest->len);
    *part = *rest;
    if (!stop) {
        rest->at = NULL;
        return true;
    }
    part->len = (size_t)(stop - rest->at);
    rest->len -= part->len + 1;
    rest->at = stop + 1;
    return true;
}

/* A number, or -1. */
static int read_number(struct span s)
{
    int n = 0;

    if (s.len > 1 && *s.at == '+')
        s.at++, s.len--;
    if (s.len == 0 || s.len > 4)
        return -1;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return -1;
        n = n * 10 + (s.at[i] - '0');
    }
    return n;
}

static bool is_word(struct span s, const char *word)
{
    size_t i = 0;

    while (i < s.len && word[i] &&
           tolower((unsigned char)s.at[i]) == word[i])
        i++;
    return i == s.len && word[i] == '\0';
}

static int read_value(struct span s, const struct bounds *b)
{
    for (int i = 0; b->names && b->names[i]; i++)
        if (is_word(s, b->names[i]))
            return b->min + i;
    return read_number(s);
}

/* One item of a field: "*", "?", "5", "1-5", each perhaps with "/2". */
static const char *read_range(struct span item, const struct bounds *b,
                              uint64_t *set, bool *any)
{
    struct span range, step_text, low, high;
    int from, to, step = 1;
    bool one, star;

    cut(&item, '/', &range);
    cut(&range, '-', &low);
    star = low.len == 1 && (*low.at == '*' || *low.at == '?');
    one = !cut(&range, '-', &high);
    if (!one && !star && range.at)
        return "too many hyphens";
    from = star ? b->min : read_value(low, b);
    to = star ? b->max : one ? from : read_value(high, b);
    if (from < 0 || to < 0)
        return "expected a number, a name, a range or *";
    if (cut(&item, '/', &step_text)) {
        if (item.at)
            return "too many slashes";
        step = read_number(step_text);
        if (step < 0)
            return "expected a number after the slash";
        if (one)
            to = b->max;
        star = star && step <= 1;
    }
    if (from < b->min)
        return "below the least value of its field";
    if (to > b->max)
        return "above the largest value of its field";
    if (from > to)
        return "a range ends before it begins";
    if (step == 0)
        return "a step must not be 0";
    *set |= bits(from, to, step);
    *any = *any || star;
    return NULL;
}

static const char *read_field(struct span field, const struct bounds *b,
                              uint64_t *set, bool *any)
{
    struct span item;
    const char *why = NULL;

    while (!why && cut(&field, ',', &item))
        if (item.len > 0)
            why = read_range(item, b, set, any);
    return why;
}

/* "@hourly" and its kind. */
static const char *read_descriptor(const char *text, struct cron *c)
{
    const char *why;
    int64_t ns;

    c->minute = c->hour = 1;
    c->day = all_of(&days);
    c->month = all_of(&months);
    c->weekday = all_of(&weekdays);
    c->any_day = c->any_weekday = true;
    if (strncmp(text, "@every ", 7) == 0) {
        if (!parse_duration(text + 7, &ns, &why))
            return "expected a duration after @every";
        c->every_s = ns < NS_PER_S ? 1 : ns / NS_PER_S;
    } else if (strcmp(text, "@yearly") == 0 ||
               strcmp(text, "@annually") == 0) {
        c->day = c->month = bits(1, 1, 1);
        c->any_day = false;
    } else if (strcmp(text, "@monthly") == 0) {
        c->day = bits(1, 1, 1);
        c->any_day = false;
    } else if (strcmp(text, "@weekly") == 0) {
        c->weekday = 1;
        c->any_weekday = false;
    } else if (strcmp(text, "@hourly") == 0) {
        c->hour = all_of(&hours);
    } else if (strcmp(text, "@daily") != 0 &&
               strcmp(text, "@midnight") != 0) {
        return "expected five fields or @hourly, @daily, @weekly, @monthly, "
               "@yearly, @every DURATION";
    }
    return NULL;
}

/* Cut text at white space; the number of fields, most + 1 if there are more. */
static int split(const char *text, struct span *fields, int most)
{
    int n = 0;

    for (;;) {
        text += strspn(text, " \t\n");
        if (*text == '\0' || n == most)
            return *text ? n + 1 : n;
        fields[n].at = text;
        fields[n].len = strcspn(text, " \t\n");
        text += fields[n++].len;
    }
}

const char *cron_parse(const char *text, struct cron *out)
{
    struct span f[5];
    bool any = false;
    const char *why = NULL;

    *out = (struct cron){ 0 };
    if (*text == '@')
        return read_descriptor(text, out);
    if (split(text, f, 5) != 5)
        return "expected five fields: minute hour day month weekday";
    why = read_field(f[0], &minutes, &out->minute, &any);
    if (!why)
        why = read_field(f[1], &hours, &out->hour, &any);
    if (!why)
        why = read_field(f[2], &days, &out->day, &out->any_day);
    if (!why)
        why = read_field(f[3], &months, &out->month, &any);
    if (!why)
        why = read_field(f[4], &weekdays, &out->weekday, &out->any_weekday);
    return why;
}

/* ---- runs ----------------------------------------------------------------------------- */

static bool has(uint64_t set, int v)
{
    return (set >> v & 1) != 0;
}

static bool day_matches(const struct cron *c, int64_t day, struct date d)
{
    int weekday = (int)((day % 7 + 7 + 4) % 7);     /* 1970-01-01: Thursday */
    bool by_day = has(c->day, d.day), by_weekday = has(c->weekday, weekday);

    if (!has(c->month, d.month))
        return false;
    return c->any_day || c->any_weekday ? by_day && by_weekday
                                        : by_day || by_weekday;
}

/* The first run at or after second s of a day; -1 if none. */
static int first_in_day(const struct cron *c, int s)
{
    for (int m = (s + MINUTE_S - 1) / MINUTE_S; m < DAY_S / MINUTE_S; m++) {
        if (!has(c->hour, m / 60))
            m += 59 - m % 60;
        else if (has(c->minute, m % 60))
            return m * MINUTE_S;
    }
    return -1;
}

int64_t cron_next(const struct cron *c, int64_t after)
{
    int64_t day;
    int s;
    struct date d;
    int64_t last_year;

    if (after == CRON_NONE)
        return CRON_NONE;
    if (c->every_s > 0)
        return after + c->every_s;
    day = floor_div(after + 1, DAY_S);
    s = (int)(after + 1 - day * DAY_S);
    d = date_of(day);
    last_year = d.year + YEARS_AHEAD;
    while (d.year <= last_year) {
        int at = day_matches(c, day, d) ? first_in_day(c, s) : -1;

        if (at >= 0)
            return day * DAY_S + at;
        s = 0;
        d = date_of(++day);
    }
    return CRON_NONE;
}

struct cron_due cron_most_recent(const struct cron *c, int64_t created,
                                 int64_t last, int64_t deadline_s,
                                 int64_t now)
{
    struct cron_due due = { .earliest = last == CRON_NONE ? created : last,
                            .time = CRON_NONE };
    int64_t first, second, apart, missed, t;

    if (deadline_s >= 0 && now - deadline_s > due.earliest)
        due.earliest = now - deadline_s;
    first = cron_next(c, due.earliest);
    second = cron_next(c, first);
    if (first != CRON_NONE && now < first)
        return due;
    if (second != CRON_NONE && now < second) {
        due.time = first;
        return due;
    }
    if (first == CRON_NONE || second == CRON_NONE) {
        due.error = true;
        return due;
    }
    apart = second - first;
    missed = (now - first) / apart + 1;
    /* One distance back, as runs need not be equally far apart. */
    t = cron_next(c, first + (missed - 2) * apart);
    for (; t != CRON_NONE && t <= now; t = cron_next(c, t))
        due.time = t;
    due.missed = missed > TOO_MANY ? MISSED_MANY : MISSED_FEW;
    return due;
}

int64_t cron_wait_for(const struct cron *c, int64_t created, int64_t last,
                      int64_t now)
{
    struct cron_due due = cron_most_recent(c, created, last, -1, now);
    int64_t from = due.time;

    if (due.error)
        from = now;
    else if (from == CRON_NONE)
        from = due.missed == MISSED_NONE ? due.earliest : now;
    return cron_next(c, from);
}
