/*
 * figure_duration.c - how long until it is over: distribution functions.
 *
 * The time to roll back; where no strategy ever did, the time to roll out.
 * Steps rise by 1/n at each replication's time; a replication in which it is
 * undefined never rises, so a curve may end below 100 %.  The objective is the
 * `slo` of that metric, if there is one.
 */
#include <math.h>
#include <stdlib.h>
#include "app/figure.h"
#include "models/metrics.h"

static int ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;

    return (a > b) - (a < b);
}

struct sample {
    double *x;                  /* sorted */
    size_t n;                   /* defined ones */
};

static struct sample sample_of(const struct experiment *e, struct arena *a,
                               size_t v, enum metric m)
{
    struct sample s = { experiment_series(e, a, v, m), 0 };

    for (size_t i = 0; i < e->n; i++)
        if (!isnan(s.x[i]))
            s.x[s.n++] = s.x[i];
    qsort(s.x, s.n, sizeof(*s.x), ascending);
    return s;
}

/* The rollback's or the rollout's duration; METRIC_COUNT if neither is ever
 * defined. */
static enum metric metric_for(const struct experiment *e, struct arena *a)
{
    static const enum metric tried[] = { METRIC_ROLLBACK_SECONDS,
                                         METRIC_ROLLOUT_SECONDS };

    for (size_t i = 0; i < 2; i++)
        for (size_t v = 0; v < e->scenario->nvariants; v++)
            if (sample_of(e, a, v, tried[i]).n > 0)
                return tried[i];
    return METRIC_COUNT;
}

/* The objective in seconds; NaN if none is promised. */
static double objective(const struct scenario *s, enum metric m)
{
    for (size_t i = 0; i < s->npromises; i++)
        if (s->promises[i].metric == m && !s->promises[i].at_least)
            return s->promises[i].limit;
    return NAN;
}

static double share_within(const struct sample *x, size_t n, double limit)
{
    size_t k = 0;

    while (k < x->n && x->x[k] <= limit)
        k++;
    return 100 * (double)k / (double)n;
}

/* One curve: its corners, then what is written beside its name. */
static void put_curve(struct figure *g, const struct experiment *e, size_t v,
                      const struct sample *x, double most, double limit)
{
    const struct variant *variant = &e->scenario->variants[v];
    const char *text = isnan(limit)
        ? x->n > e->n / 2 ? arena_printf(g->arena, "median %.0f s",
                                         x->x[(e->n - 1) / 2])
                          : arena_printf(g->arena, "in %zu of %zu", x->n, e->n)
        : arena_printf(g->arena, "%.0f %%", share_within(x, e->n, limit));
    double v100[100];

    figure_curve(g, e->scenario, v, isnan(limit) ? text
                 : arena_printf(g->arena, "%s within it", text));
    if (g->draw) {
        for (int i = 0; i < 100; i++)
            v100[i] = share_within(x, e->n, most * (i + 0.5) / 100) / 100;
        draw_heights(g->draw, figure_label(g->arena, variant->name,
                                           g->draw->label), v100, 100, figure_ink(variant), text);
        return;
    }
    for (size_t i = 0; i <= x->n + 1; i++) {
        figure_number(g, i == 0 ? 0 : i <= x->n ? x->x[i - 1] : most);
        figure_number(g, 100 * (double)(i <= x->n ? i : x->n) / (double)e->n);
        figure_row(g);
    }
    figure_block(g);
}

static void put_all(struct figure *g, const struct experiment *e,
                    enum metric m)
{
    const struct scenario *s = e->scenario;
    double limit = objective(s, m), most = isnan(limit) ? 0 : limit;
    struct sample *x = arena_many(g->arena, struct sample, s->nvariants);

    for (size_t v = 0; v < s->nvariants; v++) {
        x[v] = sample_of(e, g->arena, v, m);
        if (x[v].n > 0)
            most = fmax(most, x[v].x[x[v].n - 1]);
    }
    most *= 1.06;
    for (size_t v = 0; v < s->nvariants; v++)
        put_curve(g, e, v, &x[v], most, limit);
    if (g->draw)
        draw_axis(g->draw, ceil(most), "s", DRAW_TEXT);
    figure_time(g, most);
    figure_real(g, "LIMIT", isnan(limit) ? -1 : limit);
    figure_real(g, "CURVES", (double)s->nvariants);
    figure_word(g, "WHAT", m == METRIC_ROLLBACK_SECONDS
                ? "rollback time, seconds" : "rollout time, seconds");
}

static void duration_finished(struct figures *f, void **state,
                              const struct experiment *e)
{
    struct arena *a = figures_arena(f);
    enum metric m = metric_for(e, a);
    bool back = m == METRIC_ROLLBACK_SECONDS;
    struct figure g;

    (void)state;
    if (e->n < 2 || m == METRIC_COUNT)
        return;
    g = figure_begin(f, "duration", "duration.gp", 540,
                     figure_labels(e->scenario));
    figure_head(&g, back ? "How long until the old version serves everything "
                           "again" : "How long a rollout takes",
                arena_printf(a, "%s; share of %zu replications whose %s was "
                             "finished within so many seconds",
                             e->scenario->name, e->n,
                             back ? "rollback" : "rollout"));
    put_all(&g, e, m);
    figure_end(&g);
}

const struct figure_kind figure_duration = {
    .name = "duration",
    .doc = "distribution of the time to roll back, or else to roll out",
    .replications = true,
    .finished = duration_finished,
};
