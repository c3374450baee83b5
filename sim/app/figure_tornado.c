/*
 * figure_tornado.c - which parameter moves a metric: a pair of bars each, the
 * widest at the top.
 *
 * From the middle of the design one parameter is moved to its least and to its
 * greatest value; whiskers are intervals of the paired differences.  A design
 * without a middle (lhs, sobol) has the coefficients of the rank regression
 * instead, a bar each from -1 to 1.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "app/axis.h"
#include "app/sensitivity.h"

#define MOST 15                 /* parameters shown */

/* A bar, drawn from the base. */
struct bar {
    const char *label;          /* "surge=0" */
    const char *text;           /* at its end */
    double end, low, high;      /* in the metric's unit; low and high NaN: no
                                 * interval */
};

struct tornado {
    const struct experiment *e;
    struct arena *arena;
    struct sensitivity sens;
    enum metric metric;
    bool ranks;                 /* else swings */
    double base;
    size_t rows;                /* parameters */
    const char *names[MOST];
    struct bar bars[MOST][2];   /* least, greatest; of ranks only the first */
    struct axis axis;
};

/* ---- the bars --------------------------------------------------------------- */

/* The end of the swing to a variant; the base itself has no bar. */
static struct bar bar_of(const struct tornado *t, size_t variant, size_t k,
                         struct interval i)
{
    struct arena *a = t->arena;
    bool none = variant == t->sens.base;
    struct bar b = { t->e->scenario->variants[variant].settings[k], "", NAN,
                     NAN, NAN };

    if (none || isnan(i.mean)) {
        b.text = none ? "" : "never";
        b.end = t->base;
        return b;
    }
    b.end = t->base + i.mean;
    if (isfinite(i.low) && isfinite(i.high)) {
        b.low = t->base + i.low;
        b.high = t->base + i.high;
    }
    b.text = arena_printf(a, "%s%s", i.mean > 0 ? "+" : "",
                          metric_text(a, t->metric, i.mean));
    return b;
}

static void take_swings(struct tornado *t)
{
    const struct scenario *s = t->e->scenario;

    t->base = axis_mean(t->e, t->arena, t->sens.base, t->metric).mean;
    for (size_t i = 0; i < t->rows; i++) {
        const struct swing *w = &t->sens.swings[i];
        size_t k = w->parameter;

        t->names[i] = s->parameters[k].name;
        t->bars[i][0] = bar_of(t, t->sens.low[k], k, w->low);
        t->bars[i][1] = bar_of(t, t->sens.high[k], k, w->high);
    }
}

static void take_ranks(struct tornado *t)
{
    const struct scenario *s = t->e->scenario;
    bool done[64] = {0};

    t->ranks = true;
    for (size_t i = 0; i < t->rows; i++) {
        size_t best = SIZE_MAX;
        double x;

        for (size_t k = 0; k < s->nparameters && k < 64; k++)
            if (!done[k] && (best == SIZE_MAX || fabs(t->sens.rank[k]) >
                                                 fabs(t->sens.rank[best])))
                best = k;
        x = t->sens.rank[best];
        done[best] = true;
        t->names[i] = s->parameters[best].name;
        t->bars[i][0] = (struct bar){ "", arena_printf(t->arena, "%+.2f", x),
                                      x, NAN, NAN };
        t->bars[i][1] = (struct bar){ "", "", 0, NAN, NAN };
    }
}

/* What is above 0 everywhere has no whisker below. */
static void clip(struct tornado *t)
{
    bool above = t->base >= 0;

    for (size_t i = 0; i < t->rows; i++)
        above &= t->bars[i][0].end >= 0 && t->bars[i][1].end >= 0;
    for (size_t i = 0; above && i < t->rows; i++)
        for (int b = 0; b < 2; b++)
            if (t->bars[i][b].low < 0)
                t->bars[i][b].low = 0;
}

/* An axis that has room for all bars and whiskers. */
static void find_axis(struct tornado *t)
{
    double low = t->base, high = t->base;

    for (size_t i = 0; i < t->rows; i++)
        for (int b = 0; b < 2; b++) {
            const struct bar *x = &t->bars[i][b];

            low = fmin(low, fmin(x->end, x->low));
            high = fmax(high, fmax(x->end, x->high));
        }
    if (t->ranks) {
        low = -1;
        high = 1;
    }
    t->axis = axis_of(t->arena, t->ranks ? METRIC_DECISION : t->metric, low,
                      high, false, 5);
}

/* ---- texts ------------------------------------------------------------------ */

static const char *finding(const struct tornado *t)
{
    const char *metric = metric_row(t->metric)->name;
    const char *first = figure_label(t->arena, t->names[0], FIGURE_LABEL);
    const struct swing *w = &t->sens.swings[0];

    if (t->ranks)
        return arena_printf(t->arena, "%s follows %s most", metric, first);
    if (isnan(t->base))
        return arena_printf(t->arena, "%s is undefined in the middle", metric);
    if (!(w->span > 0))
        return arena_printf(t->arena, "No parameter moves %s", metric);
    return arena_printf(t->arena, "%s moves %s most, over a span of %s", first,
                        metric, metric_said(t->arena, t->metric, w->span));
}

static const char *done(const struct tornado *t)
{
    const struct experiment *e = t->e;
    const struct scenario *s = e->scenario;
    const char *who = sensitivity_strategies(s) > 1
        ? arena_printf(t->arena, ", %s", s->variants[t->sens.strategy].name)
        : "";

    if (t->ranks)
        return arena_printf(t->arena, "%s%s; rank regression over %zu cells, "
                            "%zu replications each; together they tell %.0f %% "
                            "of the ranks", s->name, who, t->sens.cells, e->n,
                            100 * t->sens.r2);
    return arena_printf(t->arena, "%s%s; one moved from %s; paired "
                        "differences of %zu replications, %g %% intervals",
                        s->name, who,
                        settings_text(t->arena, s,
                                      s->variants[t->sens.base].settings),
                        e->n, s->confidence * 100);
}

/* ---- the picture ------------------------------------------------------------ */

static void draw(struct figure *g, const struct tornado *t)
{
    for (size_t i = 0; i < t->rows; i++)
        for (int b = 0; b < (t->ranks ? 1 : 2); b++) {
            const struct bar *x = &t->bars[i][b];
            const char *label = t->ranks ? t->names[i]
                : arena_printf(t->arena, "%s=%s", t->names[i], x->label);

            draw_bar(g->draw, figure_label(t->arena, label, g->draw->label),
                     axis_place(&t->axis, t->ranks ? 0 : t->base),
                     axis_place(&t->axis, x->end),
                     b || t->ranks ? INK_NEW : INK_OLD,
                     *x->text ? x->text : "as in the middle");
        }
    draw_line(g->draw, arena_printf(t->arena, "from %s to %s%s",
              metric_text(t->arena, t->axis.metric, t->axis.low),
              t->ranks ? metric_text(t->arena, t->axis.metric, t->axis.high)
                       : metric_said(t->arena, t->metric, t->axis.high),
              t->ranks ? "" : arena_printf(t->arena, ", line: %s",
                                           metric_said(t->arena, t->metric,
                                                       t->base))));
}

/* A row a parameter: row, name; then of both bars: end, low, high, where its
 * text stands, the text, the label. */
static void put_rows(struct figure *g, const struct tornado *t)
{
    double base = t->ranks ? 0 : t->base;

    for (size_t i = 0; i < t->rows; i++) {
        figure_number(g, (double)i);
        figure_column(g, figure_label(t->arena, t->names[i], FIGURE_LABEL));
        for (int b = 0; b < 2; b++) {
            const struct bar *x = &t->bars[i][b];
            bool left = x->end < base;
            double tip = isnan(x->low) ? x->end : left ? fmin(x->end, x->low)
                                                       : fmax(x->end, x->high);

            figure_number(g, axis_place(&t->axis, x->end));
            figure_number(g, axis_place(&t->axis, isnan(x->low) ? x->end
                                                               : x->low));
            figure_number(g, axis_place(&t->axis, isnan(x->low) ? x->end
                                                               : x->high));
            figure_number(g, axis_place(&t->axis, isnan(tip) ? base : tip));
            figure_column(g, arena_printf(t->arena, "%s%s%s",
                          *x->text ? figure_label(t->arena, x->label, 14)
                                   : "",
                          *x->label && *x->text ? ": " : "", x->text));
            figure_number(g, left ? 1 : 0);
        }
        figure_row(g);
    }
}

/* Is there anything but the middle? */
static bool moves(const struct tornado *t)
{
    for (size_t k = 0; k < t->e->scenario->nparameters; k++)
        if (t->sens.base == SIZE_MAX || t->sens.low[k] != t->sens.high[k])
            return true;
    return false;
}

static void one_tornado(struct figures *f, const struct experiment *e,
                        size_t strategy)
{
    const struct scenario *s = e->scenario;
    struct tornado t = { .e = e, .arena = figures_arena(f),
                         .metric = figures_metric(f, s) };
    const char *name = "tornado";
    int label = 4;
    struct figure g;

    sensitivity_of(e, t.arena, strategy, t.metric, &t.sens);
    if (!moves(&t))
        return;
    t.rows = s->nparameters < MOST ? s->nparameters : MOST;
    if (t.sens.base != SIZE_MAX)
        take_swings(&t);
    else if (sensitivity_says(&t.sens, s->nparameters))
        take_ranks(&t);
    else
        return;
    if (isnan(t.base))
        return;
    clip(&t);
    find_axis(&t);
    for (size_t i = 0; i < t.rows; i++) {
        int wide = display_width(t.names[i], strlen(t.names[i]));

        label = wide > label ? wide : label;
    }
    if (sensitivity_strategies(s) > 1)
        name = arena_printf(t.arena, "tornado-%s", s->variants[strategy].name);
    if (!figures_in_files(f) && !t.ranks)
        label += 5;             /* the values stand there too */
    g = figure_begin(f, name, "tornado.gp",
                     150 + 50 * (double)(t.rows < 2 ? 2 : t.rows),
                     label > FIGURE_LABEL ? FIGURE_LABEL : label);
    figure_head(&g, finding(&t), done(&t));
    if (g.draw)
        draw(&g, &t);
    else
        put_rows(&g, &t);
    figure_real(&g, "ROWS", (double)t.rows);
    figure_real(&g, "RANKS", t.ranks);
    figure_real(&g, "BASE", axis_place(&t.axis, t.ranks ? 0 : t.base));
    figure_word(&g, "BASETEXT", t.ranks ? "" : metric_said(t.arena, t.metric,
                                                           t.base));
    figure_word(&g, "WHAT", t.ranks ? "coefficient of the rank regression"
                                    : metric_title(t.arena, t.metric));
    axis_put(&g, "X", &t.axis);
    figure_end(&g);
}

static void tornado_finished(struct figures *f, void **state,
                             const struct experiment *e)
{
    (void)state;
    if (e->n < 2 || figures_found(f))
        return;                 /* a search gives the ends few replications */
    for (size_t v = 0; v < sensitivity_strategies(e->scenario); v++)
        one_tornado(f, e, v);
}

const struct figure_kind figure_tornado = {
    .name = "tornado",
    .doc = "which parameter of a sweep moves a metric, and how far",
    .of = OF_CELLS,
    .replications = true,
    .each = true,
    .finished = tornado_finished,
};
