/*
 * figure_exposure.c - how many requests have met the new version by when.
 *
 * One picture of all strategies, of replication 0: requests whose last server
 * was the new version, answered or not, summed from the release on, as a share
 * of all requests of the measured time.
 */
#include <math.h>
#include "app/figure.h"
#include "models/world.h"

struct curve {
    double *share;              /* by second, 0..1 */
    double met, failed;         /* requests; those of them that failed */
};

struct exposure {
    VEC(struct curve) curves;   /* by variant, in the order they ran */
    size_t n;                   /* seconds */
    double release;
};

static void exposure_recorded(struct figures *f, void **state,
                              const struct variant *v, const struct world *w)
{
    struct arena *a = figures_arena(f);
    struct exposure *x = *state;
    struct curve c = {0};
    double all = 0, sum = 0;

    (void)v;
    if (!x) {
        *state = x = arena_make(a, struct exposure);
        x->n = (size_t)(w->spec->duration / SIM_S);
        x->release = w->spec->release.given
            ? (double)w->spec->release.at / 1e9 : -1;
    }
    c.share = arena_many(a, double, x->n + 1);
    for (size_t i = 0; i < w->record.series.len; i++) {
        const struct series_row *r = &w->record.series.items[i];
        size_t at = (size_t)((r->at - w->spec->warmup) / SIM_S);

        all += (double)r->requests;
        if (at >= x->n || !figure_is_new(w->spec, r->version))
            continue;
        c.share[at] += (double)r->requests;
        c.met += (double)r->requests;
        c.failed += (double)r->failed;
    }
    for (size_t i = 0; i < x->n; i++) {
        sum += c.share[i];
        c.share[i] = all > 0 ? sum / all : 0;
    }
    vec_push(a, &x->curves, c);
}

static void put_curve(struct figure *g, const struct scenario *s,
                      const struct exposure *x, size_t v)
{
    const struct curve *c = &x->curves.items[v];
    const char *text = arena_printf(g->arena, "%.0f, %.0f failed", c->met,
                                    c->failed);

    figure_curve(g, s, v, text);
    if (g->draw) {
        draw_heights(g->draw, figure_label(g->arena, s->variants[v].name,
                                           g->draw->label), c->share, x->n,
                     figure_ink(&s->variants[v]), text);
        return;
    }
    for (size_t i = 0; i < x->n; i++) {
        figure_number(g, (double)i + 1);
        figure_number(g, 100 * c->share[i]);
        figure_row(g);
    }
    figure_block(g);
}

static void exposure_finished(struct figures *f, void **state,
                              const struct experiment *e)
{
    struct exposure *x = *state;
    const struct scenario *s = e->scenario;
    double met = 0, failed = 0, most = 0;
    struct figure g;

    if (!x || x->n == 0 || x->curves.len != s->nvariants)
        return;
    for (size_t v = 0; v < s->nvariants; v++) {
        met += x->curves.items[v].met;
        failed = fmax(failed, x->curves.items[v].failed);
        most = fmax(most, x->curves.items[v].share[x->n - 1]);
    }
    if (!(met > 0))
        return;
    g = figure_begin(f, "exposure", "exposure.gp", 540, figure_labels(s));
    figure_head(&g, failed > 0
                    ? arena_printf(g.arena, "Up to %.0f requests failed at the "
                                   "new version", failed)
                    : "No request failed at the new version",
                arena_printf(g.arena, "%s, replication 0; share of all "
                             "requests that have met the new version by then",
                             s->name));
    for (size_t v = 0; v < s->nvariants; v++)
        put_curve(&g, s, x, v);
    if (g.draw)
        draw_axis(g.draw, (double)x->n, "s", DRAW_TEXT);
    figure_real(&g, "CURVES", (double)s->nvariants);
    figure_real(&g, "YMAX", fmin(100, 108 * most));
    figure_real(&g, "RELEASE", x->release);
    figure_time(&g, (double)x->n);
    figure_end(&g);
}

const struct figure_kind figure_exposure = {
    .name = "exposure",
    .doc = "how many requests have met the new version by when",
    .recorded = exposure_recorded,
    .finished = exposure_finished,
};
