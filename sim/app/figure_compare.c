/*
 * figure_compare.c - strategies side by side: a panel per metric, a dot for
 * the mean, a whisker for its interval.
 *
 * A bounded axis from zero, since there are bars.  A metric that differs from
 * its usual value too rarely for a mean (stats/summary.h) has its usual value
 * and no whisker.
 */
#include <math.h>
#include "app/figure.h"
#include "models/metrics.h"

static const struct {
    enum metric metric;
    const char *title;
} panels[] = {
    { METRIC_FAILED_REQUESTS, "failed requests" },
    { METRIC_DOWNTIME, "downtime, s" },
    { METRIC_ROLLOUT_SECONDS, "rollout time, s" },
};
#define PANELS (sizeof panels / sizeof panels[0])

static struct interval shown(const struct experiment *e, struct arena *a,
                             size_t v, enum metric m)
{
    struct summary s = experiment_summary(e, a, v, m);
    struct interval i = s.mean;

    if (s.kind == SUMMARY_RARE || s.kind == SUMMARY_CONSTANT)
        i.mean = i.low = i.high = s.usual;
    if (s.kind == SUMMARY_NONE)
        i.mean = i.low = i.high = NAN;
    if (!isfinite(i.low) || !isfinite(i.high))
        i.low = i.high = i.mean;
    i.low = fmax(i.low, 0);
    return i;
}

static void draw(struct figure *g, const struct experiment *e,
                 struct interval (*all)[PANELS], const double *most)
{
    const struct scenario *s = e->scenario;

    for (size_t i = 0; i < PANELS; i++) {
        draw_line(g->draw, panels[i].title);
        for (size_t v = 0; v < s->nvariants; v++) {
            struct interval c = all[v][i];

            draw_interval(g->draw, figure_label(g->arena, s->variants[v].name,
                                                g->draw->label),
                          c.mean, c.low, c.high, most[i] > 0 ? most[i] : 1,
                          figure_ink(&s->variants[v]),
                          isnan(c.mean) ? "never"
                          : arena_printf(g->arena, "%.4g", c.mean));
        }
    }
}

static void put_rows(struct figure *g, const struct scenario *s,
                     struct interval (*all)[PANELS])
{
    for (size_t v = 0; v < s->nvariants; v++) {
        figure_number(g, (double)v);
        figure_column(g, figure_label(g->arena, s->variants[v].name,
                                      FIGURE_LABEL));
        figure_column(g, ink_name(figure_ink(&s->variants[v])));
        for (size_t i = 0; i < PANELS; i++) {
            figure_number(g, all[v][i].mean);
            figure_number(g, all[v][i].low);
            figure_number(g, all[v][i].high);
            figure_column(g, isnan(all[v][i].mean) ? "never"
                          : arena_printf(g->arena, "%.*f",
                                         all[v][i].mean < 10 ? 1 : 0,
                                         all[v][i].mean));
        }
        figure_row(g);
    }
}

static const char *finding(struct arena *a, const struct experiment *e,
                           struct interval (*all)[PANELS])
{
    const struct scenario *s = e->scenario;
    size_t best = 0;
    bool alone = true;

    if (s->nvariants == 1)
        return arena_printf(a, "%s: what users notice", s->variants[0].name);
    for (size_t v = 1; v < s->nvariants; v++)
        if (all[v][0].mean < all[best][0].mean)
            best = v;
    for (size_t v = 0; v < s->nvariants; v++)
        alone &= v == best || all[v][0].low > all[best][0].high;
    return arena_printf(a, alone ? "%s fails the fewest requests"
                            : "%s fails the fewest requests, others may be as "
                              "good", s->variants[best].name);
}

static void compare_finished(struct figures *f, void **state,
                             const struct experiment *e)
{
    const struct scenario *s = e->scenario;
    struct interval (*all)[PANELS];
    double most[PANELS] = {0};
    struct figure g;

    (void)state;
    if (e->n < 2)
        return;
    g = figure_begin(f, "compare", "compare.gp",
                     150 + 40 * (double)(s->nvariants < 3 ? 3 : s->nvariants),
                     figure_labels(s));
    all = arena_alloc(g.arena, s->nvariants * sizeof(*all));
    for (size_t v = 0; v < s->nvariants; v++)
        for (size_t i = 0; i < PANELS; i++) {
            all[v][i] = shown(e, g.arena, v, panels[i].metric);
            most[i] = fmax(most[i], isnan(all[v][i].high) ? 0
                                                          : all[v][i].high);
        }
    figure_head(&g, finding(g.arena, e, all),
                arena_printf(g.arena, "%s; means and %g %% intervals of %zu "
                             "paired replications; lower is better in every "
                             "panel", s->name, s->confidence * 100, e->n));
    if (g.draw)
        draw(&g, e, all, most);
    put_rows(&g, s, all);
    figure_real(&g, "ROWS", (double)s->nvariants);
    for (size_t i = 0; i < PANELS; i++) {
        figure_word_of(&g, "NAME", i + 1, panels[i].title);
        figure_real_of(&g, "MOST", i + 1, most[i] > 0 ? most[i] : 1);
        figure_real_of(&g, "TICS", i + 1, figure_round_up(most[i] / 3));
    }
    figure_end(&g);
}

const struct figure_kind figure_compare = {
    .name = "compare",
    .doc = "strategies side by side, means with intervals",
    .replications = true,
    .finished = compare_finished,
};
