/*
 * figure_downtime.c - downtime in two parts: how often there was none, and
 * how long it was otherwise.  The zeros are never averaged away.
 *
 * Right: every replication with downtime as a point, spread in height by its
 * number, the middle half as a box, the median as a line; on a logarithmic
 * axis.
 */
#include <math.h>
#include <stdlib.h>
#include "app/figure.h"
#include "models/metrics.h"
#include "stats/ci.h"

struct part {
    double *x;                  /* those above 0, sorted */
    size_t n, zeros;
    struct interval none;       /* share of the zeros */
};

static int ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;

    return (a > b) - (a < b);
}

static struct part part_of(const struct experiment *e, struct arena *a,
                           size_t v)
{
    struct part p = { experiment_series(e, a, v, METRIC_DOWNTIME), 0, 0,
                      { 0, 0, 0, 0 } };

    for (size_t i = 0; i < e->n; i++) {
        if (p.x[i] > 0)
            p.x[p.n++] = p.x[i];
        else
            p.zeros += !isnan(p.x[i]);
    }
    qsort(p.x, p.n, sizeof(*p.x), ascending);
    p.none = ci_share(p.zeros, p.zeros + p.n, e->scenario->confidence);
    return p;
}

/* Quantile by linear interpolation between order statistics. */
static double at_share(const struct part *p, double share)
{
    double at = share * (double)(p->n - 1);
    size_t i = (size_t)at;

    return i + 1 < p->n ? p->x[i] + (at - (double)i) * (p->x[i + 1] - p->x[i])
                        : p->x[p->n - 1];
}

static void put_rows(struct figure *g, const struct scenario *s,
                     const struct part *parts)
{
    for (size_t v = 0; v < s->nvariants; v++) {
        const struct part *p = &parts[v];

        figure_number(g, (double)v);
        figure_column(g, figure_label(g->arena, s->variants[v].name,
                                      FIGURE_LABEL));
        figure_column(g, ink_name(figure_ink(&s->variants[v])));
        figure_number(g, 100 * p->none.mean);
        figure_number(g, 100 * p->none.low);
        figure_number(g, 100 * p->none.high);
        for (int q = 1; q <= 3; q++)
            figure_number(g, p->n ? at_share(p, q / 4.0) : NAN);
        figure_column(g, p->n ? arena_printf(g->arena, "%.2g s",
                                             at_share(p, 0.5)) : "");
        figure_row(g);
    }
    figure_block(g);
    for (size_t v = 0; v < s->nvariants; v++)
        for (size_t i = 0; i < parts[v].n; i++) {
            figure_number(g, (double)v);
            figure_number(g, parts[v].x[i]);
            /* spread without luck: the golden ratio's multiples */
            figure_number(g, 0.5 * (fmod((double)i * 0.6180339887498949, 1) -
                                    0.5));
            figure_column(g, ink_name(figure_ink(&s->variants[v])));
            figure_row(g);
        }
}

static void draw(struct figure *g, const struct scenario *s,
                 const struct part *parts)
{
    draw_line(g->draw, "share of replications without downtime");
    for (size_t v = 0; v < s->nvariants; v++) {
        const struct part *p = &parts[v];
        const char *text = arena_printf(g->arena, "%zu of %zu", p->zeros,
                                        p->zeros + p->n);

        if (p->n)
            text = arena_printf(g->arena, "%s, else %.2g s", text,
                                at_share(p, 0.5));
        draw_interval(g->draw, figure_label(g->arena, s->variants[v].name,
                                            g->draw->label),
                      p->none.mean, p->none.low, p->none.high, 1,
                      figure_ink(&s->variants[v]), text);
    }
}

static const char *finding(const struct experiment *e,
                           const struct part *parts)
{
    size_t hit = 0;

    for (size_t v = 0; v < e->scenario->nvariants; v++)
        hit += parts[v].n > 0;
    return hit == 0 ? "No strategy had downtime in any replication"
           : hit == e->scenario->nvariants
               ? "How often there is no downtime, and how long otherwise"
               : "Some strategies had no downtime at all";
}

static void downtime_finished(struct figures *f, void **state,
                              const struct experiment *e)
{
    const struct scenario *s = e->scenario;
    struct part *parts;
    double least = INFINITY, most = 0;
    size_t points = 0;
    struct figure g;

    (void)state;
    if (e->n < 2)
        return;
    g = figure_begin(f, "downtime", "downtime.gp",
                     160 + 50 * (double)(s->nvariants < 3 ? 3 : s->nvariants),
                     figure_labels(s));
    parts = arena_many(g.arena, struct part, s->nvariants);
    for (size_t v = 0; v < s->nvariants; v++) {
        parts[v] = part_of(e, g.arena, v);
        points += parts[v].n;
        if (parts[v].n == 0)
            continue;
        least = fmin(least, parts[v].x[0]);
        most = fmax(most, parts[v].x[parts[v].n - 1]);
    }
    figure_head(&g, finding(e, parts),
                arena_printf(g.arena, "%s; %zu replications a strategy; right: "
                             "those with downtime, box: middle half, line: "
                             "median", s->name, e->n));
    if (g.draw)
        draw(&g, s, parts);
    else
        put_rows(&g, s, parts);
    figure_real(&g, "ROWS", (double)s->nvariants);
    figure_real(&g, "POINTS", (double)points);
    figure_real(&g, "XMIN", most > 0 ? least / 1.5 : 0.1);
    figure_real(&g, "XMAX", most > 0 ? fmax(most * 1.5, least * 4) : 10);
    figure_end(&g);
}

const struct figure_kind figure_downtime = {
    .name = "downtime",
    .doc = "how often there was no downtime, and how long it was otherwise",
    .replications = true,
    .finished = downtime_finished,
};
