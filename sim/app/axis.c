/*
 * axis.c - axes of metrics: ends, round ticks, scales; numbers for labels.
 */
#include "app/axis.h"
#include <math.h>
#include <string.h>

/* ---- numbers -------------------------------------------------------------- */

static bool is_share(enum metric m)
{
    return strcmp(metric_row(m)->unit, "share") == 0;
}

const char *metric_title(struct arena *a, enum metric m)
{
    const struct metric_row *row = metric_row(m);
    char *name = arena_strdup(a, row->name);
    const char *seconds = strstr(name, "_seconds");
    const char *unit = is_share(m) ? "%" : row->unit;

    for (char *p = name; *p; p++)
        if (*p == '_')
            *p = ' ';
    return seconds || strstr(row->name, unit) ? name
           : arena_printf(a, "%s, %s", name, unit);
}

const char *metric_text(struct arena *a, enum metric m, double x)
{
    char *text;
    size_t len;

    if (is_share(m))
        x *= 100;
    text = arena_printf(a, "%.*f", is_share(m) || fabs(x) < 9.995 ? 2
                        : fabs(x) < 99.95 ? 1 : 0, x);
    len = strlen(text);
    if (strchr(text, '.')) {
        while (text[len - 1] == '0')
            text[--len] = '\0';
        if (text[len - 1] == '.')
            text[--len] = '\0';
    }
    return strcmp(text, "-0") == 0 ? "0" : text;
}

const char *metric_said(struct arena *a, enum metric m, double x)
{
    const char *unit = is_share(m) ? "%" : metric_row(m)->unit;
    bool said = strcmp(unit, "s") != 0 && strcmp(unit, "ms") != 0 &&
                !is_share(m);

    return said ? metric_text(a, m, x)
                : arena_printf(a, "%s %s", metric_text(a, m, x), unit);
}

struct interval axis_mean(const struct experiment *e, struct arena *a,
                          size_t v, enum metric m)
{
    struct summary s = experiment_known(e, a, v, m);
    struct interval i = s.mean;

    if (s.n == 0)
        i.mean = NAN;
    if (s.kind == SUMMARY_CONSTANT)
        i.mean = s.usual;
    if (s.kind != SUMMARY_MEAN || !isfinite(i.low) || !isfinite(i.high))
        i.low = i.high = i.mean;
    i.low = s.min >= 0 ? fmax(i.low, 0) : i.low;
    i.high = is_share(m) ? fmin(i.high, 1) : i.high;
    return i;
}

/* ---- ticks ---------------------------------------------------------------- */

static double scaled(const struct axis *x, double value)
{
    if (!x->log)
        return value;
    return x->low > 0 ? log10(fmax(value, x->low))
                      : log10(1 + fmax(value, 0));
}

double axis_place(const struct axis *x, double value)
{
    double low = scaled(x, x->low), high = scaled(x, x->high);

    return (scaled(x, value) - low) / (high - low);
}

static void put_tick(struct axis *x, struct arena *a, double value)
{
    double at = axis_place(x, value);

    if (x->n == AXIS_TICKS || at < -1e-9 || at > 1 + 1e-9)
        return;
    x->at[x->n] = at;
    x->says[x->n++] = metric_text(a, x->metric, value);
}

/* 0 if it is there, then these steps of every decade. */
static void put_decades(struct axis *x, struct arena *a, const double *steps)
{
    double unit = is_share(x->metric) ? 100 : 1;
    double least = unit * (x->low > 0 ? x->low : 0.5), most = unit * x->high;

    x->n = 0;
    if (!(x->low > 0))
        put_tick(x, a, 0);
    for (int p = (int)floor(log10(least)); p <= (int)ceil(log10(most)); p++)
        for (int i = 0; i < 6 && steps[i] > 0; i++)
            if (steps[i] * pow(10, p) >= least * (1 - 1e-9))
                put_tick(x, a, steps[i] * pow(10, p) / unit);
}

/* The finest of the usual steps that do not give too many. */
static void put_log_ticks(struct axis *x, struct arena *a, int ticks)
{
    static const double steps[][7] = { { 1, 1.5, 2, 3, 5, 7 }, { 1, 2, 5 },
                                       { 1, 3 }, { 1 } };

    for (int i = 0; i < 4; i++) {
        put_decades(x, a, steps[i]);
        if (x->n <= (size_t)ticks + 1)
            return;
    }
}

static void put_ticks(struct axis *x, struct arena *a, int ticks)
{
    double unit = is_share(x->metric) ? 100 : 1;
    double step = figure_round_up((x->high - x->low) * unit / ticks) / unit;
    double first = ceil(x->low / step - 1e-9);

    for (double i = first; step > 0 && i * step <= x->high + 1e-9 * step; i++)
        put_tick(x, a, i * step);
}

struct axis axis_of(struct arena *a, enum metric m, double low, double high,
                    bool log, int ticks)
{
    struct axis x = { .metric = m, .low = low, .high = high, .log = log };

    if (!(high > low)) {        /* all alike */
        double room = low != 0 ? fabs(low) / 2 : 1;

        x.log = false;
        x.low = low >= 0 ? fmax(0, low - room) : low - room;
        x.high = low + room;
    }
    if (x.log)
        put_log_ticks(&x, a, ticks);
    if (x.n < 2) {
        x.n = 0;
        if (x.log)
            x.log = false;
        put_ticks(&x, a, ticks);
    }
    return x;
}

void axis_put(struct figure *g, const char *name, const struct axis *x)
{
    const char *at = arena_printf(g->arena, "%sAT", name);
    const char *says = arena_printf(g->arena, "%sSAYS", name);

    figure_real(g, arena_printf(g->arena, "%sN", name), (double)x->n);
    for (size_t i = 0; i < x->n; i++) {
        figure_real_of(g, at, i + 1, x->at[i]);
        figure_word_of(g, says, i + 1, x->says[i]);
    }
}
