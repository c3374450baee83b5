/*
 * figure_latency.c - latency over time as a band, availability below.
 *
 * One picture a strategy, of replication 0: median, p95 and p99 of what was
 * answered well, by windows of the time of sending, all senders and versions
 * together; below, the share of each window's requests that did not fail.
 */
#include <math.h>
#include <stdio.h>
#include "app/figure.h"
#include "models/world.h"

/* The availability that the scenario promises, in per cent; NaN if none. */
static double objective(const struct spec *s)
{
    return s->slo_error_share > 0 ? 100 * (1 - s->slo_error_share) : NAN;
}

/* Milliseconds with three digits, none after the point from 100 on. */
static const char *ms(struct arena *a, double x)
{
    return arena_printf(a, "%.*f ms", x < 10 ? 2 : x < 100 ? 1 : 0, x);
}

static double available(const struct series_row *r)
{
    return r->requests ? 100 * (1 - (double)r->failed / (double)r->requests)
                       : NAN;
}

struct range {
    double low, high;           /* ms */
    double worst;               /* least availability, per cent */
};

static struct range range_of(const struct record *r)
{
    struct range range = { INFINITY, 0, 100 };

    for (size_t i = 0; i < r->windows.len; i++) {
        const struct series_row *row = &r->windows.items[i];

        if (row->p50_ms > 0)
            range.low = fmin(range.low, row->p50_ms);
        range.high = fmax(range.high, isnan(row->p99_ms) ? 0 : row->p99_ms);
        range.worst = fmin(range.worst, row->requests ? available(row) : 100);
    }
    return range;
}

static void draw(struct figure *g, const struct world *w, struct range range)
{
    static const char *const names[] = { "median", "p95", "p99", "available" };
    size_t n = w->record.windows.len;
    double *v = arena_many(g->arena, double, n);

    for (int line = 0; line < 4; line++) {
        double most = 0, least = INFINITY;
        const char *text;

        for (size_t i = 0; i < n; i++) {
            const struct series_row *r = &w->record.windows.items[i];
            double x = line == 0 ? r->p50_ms : line == 1 ? r->p95_ms
                       : line == 2 ? r->p99_ms : available(r);

            v[i] = line < 3 ? log(x / range.low * 2) /
                              log(range.high / range.low * 2) : x / 100;
            most = fmax(most, isnan(x) ? 0 : x);
            least = fmin(least, isnan(x) ? INFINITY : x);
        }
        text = line < 3 ? arena_printf(g->arena, "to %s", ms(g->arena, most))
                        : arena_printf(g->arena, "from %.4g %%", least);
        draw_heights(g->draw, names[line], v, n,
                     line < 3 ? INK_NEW : INK_FAILED, text);
    }
    draw_line(g->draw, "(heights of latencies are logarithmic)");
}

static void put_windows(struct figure *g, const struct world *w)
{
    for (size_t i = 0; i < w->record.windows.len; i++) {
        const struct series_row *r = &w->record.windows.items[i];

        figure_number(g, (double)(r->at - w->spec->warmup) / 1e9 +
                             w->record.window_s / 2);
        figure_number(g, r->p50_ms);
        figure_number(g, r->p95_ms);
        figure_number(g, r->p99_ms);
        figure_number(g, available(r));
        figure_row(g);
    }
}

/* Axes: powers of ten around the latencies, availability from where it is
 * lowest. */
static void put_axes(struct figure *g, const struct world *w,
                     struct range range)
{
    double below = range.worst < 100 ? (100 - range.worst) * 1.1 : 0.5;
    double low = range.low * 0.7, high = range.high * 1.4;

    figure_real(g, "YMIN", low);
    figure_real(g, "YMAX", high > 4 * low ? high : 4 * low);
    figure_real(g, "AMIN", fmax(100 - below, 0));
    figure_real(g, "ATICS", figure_round_up(below / 3));
    figure_real(g, "SLO", isnan(objective(w->spec)) ||
                100 - objective(w->spec) > below ? -1 : objective(w->spec));
    figure_real(g, "RELEASE", w->spec->release.given
                ? (double)w->spec->release.at / 1e9 : -1);
    figure_time(g, (double)w->spec->duration / 1e9);
}

/* What the picture shows: how far p99 rose after the release. */
static const char *finding(struct arena *a, const struct variant *v,
                           const struct world *w)
{
    double before = 0, after = 0;

    for (size_t i = 0; i < w->record.windows.len; i++) {
        const struct series_row *r = &w->record.windows.items[i];
        bool late = r->at - w->spec->warmup >= w->spec->release.at;

        if (isnan(r->p99_ms))
            continue;
        before = late ? before : fmax(before, r->p99_ms);
        after = late ? fmax(after, r->p99_ms) : after;
    }
    if (!w->spec->release.given || before <= 0 || after <= 0)
        return arena_printf(a, "%s: latency and availability", v->name);
    return arena_printf(a, "%s: p99 up to %s before the release, %s after "
                        "it", v->name, ms(a, before), ms(a, after));
}

static void latency_recorded(struct figures *f, void **state,
                             const struct variant *v, const struct world *w)
{
    struct range range = range_of(&w->record);
    struct figure g;

    (void)state;
    if (w->record.windows.len < 2 || !(range.high > 0))
        return;
    g = figure_begin(f, arena_printf(w->arena, "latency-%s", v->name),
                     "latency.gp", 600, 9);
    figure_head(&g, finding(g.arena, v, w),
                arena_printf(g.arena, "%s, replication %u, seed %llu; windows "
                             "of %g s, all requests together", w->spec->name,
                             w->replication,
                             (unsigned long long)w->spec->seed,
                             w->record.window_s));
    if (g.draw) {
        draw(&g, w, range);
        draw_axis(g.draw, (double)w->spec->duration / 1e9, "s", DRAW_TEXT);
    }
    put_windows(&g, w);
    put_axes(&g, w, range);
    figure_end(&g);
}

const struct figure_kind figure_latency = {
    .name = "latency",
    .doc = "latency over time as a band, and availability below",
    .each = true,
    .recorded = latency_recorded,
};
