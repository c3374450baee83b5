/*
 * figure_prestop.c - failed requests against the preStop pause of the pods.
 *
 * Strategies that differ by their pause only are one line: their names are the
 * same up to the last hyphen ("careful-2s", "careful-5s").  The pause is that
 * of the released workload's pods, its longest container's.  A panel per line,
 * since Recreate fails a hundred times as many; the axes begin at 0.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "app/figure.h"
#include "models/metrics.h"
#include "models/podspec.h"

#define PANELS 4                /* the lines drawn */

struct pause_point {
    size_t line, variant;
    double pause;               /* s */
    struct interval failed;
};

struct lines {
    const char *name[PANELS];
    enum ink ink[PANELS];
    double most[PANELS];        /* failed requests, upper ends */
    size_t n;
    struct pause_point *points;       /* by line, then pause */
    size_t npoints;
    bool apart;                 /* some line has several pauses */
};

/* The preStop of the pods of the workload that is released, in seconds; 0 if
 * there is none. */
static double pause_of(struct arena *a, const struct spec *s)
{
    const char *slash = strrchr(s->release.workload, '/');
    double longest = 0;
    struct err_list errors;

    for (size_t i = 0; slash && i < s->nmanifests; i++) {
        const struct value *template = value_at(s->manifests[i].value,
                                                "spec.template");
        const struct pod_spec *pod;

        if (!template || strcmp(s->manifests[i].name, slash + 1) != 0)
            continue;
        err_init(&errors, a);
        pod = pod_template_from(a, template, "", &errors)->spec;
        for (size_t k = 0; k < pod->ncontainers; k++)
            longest = fmax(longest, (double)pod->containers[k].pre_stop.takes /
                                    (double)SIM_S);
    }
    return longest;
}

/* "careful" of "careful-2s"; the whole name if it has no hyphen. */
static const char *line_of(struct arena *a, const char *name)
{
    const char *hyphen = strrchr(name, '-');

    return hyphen ? arena_strndup(a, name, (size_t)(hyphen - name)) : name;
}

static struct interval failed_of(const struct experiment *e, struct arena *a,
                                 size_t v)
{
    struct summary s = experiment_summary(e, a, v, METRIC_FAILED_REQUESTS);
    struct interval i = s.mean;

    if (s.kind == SUMMARY_CONSTANT)
        i.mean = i.low = i.high = s.usual;
    if (!isfinite(i.low) || !isfinite(i.high))
        i.low = i.high = i.mean;
    i.low = fmax(i.low, 0);
    return i;
}

static int in_order(const void *x, const void *y)
{
    const struct pause_point *a = x, *b = y;

    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->pause > b->pause) - (a->pause < b->pause);
}

/* The line of variant v, perhaps a new one; PANELS if there is no room. */
static size_t find_line(struct lines *l, struct arena *a,
                        const struct variant *v)
{
    const char *name = line_of(a, v->name);

    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->name[i], name) == 0)
            return i;
    if (l->n == PANELS)
        return PANELS;
    l->name[l->n] = name;
    l->ink[l->n] = figure_ink(v);
    return l->n++;
}

static struct lines lines_of(const struct experiment *e, struct arena *a)
{
    const struct scenario *s = e->scenario;
    struct lines l = { .points = arena_many(a, struct pause_point, s->nvariants) };

    for (size_t v = 0; v < s->nvariants; v++) {
        struct pause_point p = { .variant = v,
                           .line = find_line(&l, a, &s->variants[v]) };

        if (p.line == PANELS)
            continue;
        p.pause = pause_of(a, s->variants[v].spec);
        p.failed = failed_of(e, a, v);
        l.most[p.line] = fmax(l.most[p.line], p.failed.high);
        l.points[l.npoints++] = p;
    }
    qsort(l.points, l.npoints, sizeof(*l.points), in_order);
    for (size_t i = 1; i < l.npoints; i++)
        l.apart |= l.points[i].line == l.points[i - 1].line &&
                   l.points[i].pause > l.points[i - 1].pause;
    return l;
}

/* ---- the drawing ---------------------------------------------------------- */

static const char *number_of(struct arena *a, double x)
{
    return x > 0 && x < 10 ? arena_printf(a, "%.1f", x)
                           : arena_printf(a, "%.0f", x);
}

static void draw(struct figure *g, const struct lines *l)
{
    for (size_t i = 0; i < l->npoints; i++) {
        const struct pause_point *p = &l->points[i];
        const struct interval *c = &p->failed;

        if (i == 0 || p->line != l->points[i - 1].line)
            draw_line(g->draw, arena_printf(g->arena, "%s: failed requests by "
                                            "preStop", l->name[p->line]));
        draw_interval(g->draw, arena_printf(g->arena, "%g s", p->pause),
                      c->mean, c->low, c->high,
                      l->most[p->line] > 0 ? l->most[p->line] : 1,
                      l->ink[p->line],
                      arena_printf(g->arena, "%s [%s, %s]",
                                   number_of(g->arena, c->mean),
                                   number_of(g->arena, c->low),
                                   number_of(g->arena, c->high)));
    }
}

static void put_rows(struct figure *g, const struct lines *l)
{
    double at = 0;              /* pauses are set out evenly */

    for (size_t i = 0; i < l->npoints; i++) {
        const struct pause_point *p = &l->points[i];

        if (i > 0 && p->line != l->points[i - 1].line) {
            figure_block(g);
            at = 0;
        }
        figure_number(g, at++);
        figure_column(g, arena_printf(g->arena, "%g", p->pause));
        figure_number(g, p->failed.mean);
        figure_number(g, p->failed.low);
        figure_number(g, p->failed.high);
        figure_column(g, number_of(g->arena, p->failed.mean));
        figure_row(g);
    }
}

/* The shortest pause with which nothing fails, of each line. */
static const char *finding(struct arena *a, const struct lines *l)
{
    struct buf b = {0};
    const char *text;

    for (size_t k = 0; k < l->n; k++) {
        double enough = NAN;

        for (size_t i = l->npoints; i-- > 0;)
            if (l->points[i].line == k && l->points[i].failed.mean == 0)
                enough = l->points[i].pause;
        buf_puts(&b, k ? "; " : "");
        if (isnan(enough))
            buf_printf(&b, "%s: none is enough", l->name[k]);
        else
            buf_printf(&b, "%s: %g s", l->name[k], enough);
    }
    text = arena_printf(a, "preStop with which nothing fails: %s", b.text);
    buf_free(&b);
    return text;
}

static void prestop_finished(struct figures *f, void **state,
                             const struct experiment *e)
{
    const struct scenario *s = e->scenario;
    struct lines l;
    struct figure g;

    (void)state;
    if (e->n < 2 || !s->variants[0].spec->release.given)
        return;
    l = lines_of(e, figures_arena(f));
    if (!l.apart)
        return;
    g = figure_begin(f, "prestop", "prestop.gp", 420, 8);
    figure_head(&g, finding(g.arena, &l),
                arena_printf(g.arena, "%s; failed requests by preStop pause, "
                             "means and %g %% intervals of %zu paired "
                             "replications; axes differ", s->name,
                             s->confidence * 100, e->n));
    if (g.draw)
        draw(&g, &l);
    else
        put_rows(&g, &l);
    figure_real(&g, "LINES", (double)l.n);
    for (size_t i = 0; i < l.n; i++) {
        figure_word_of(&g, "NAME", i + 1, l.name[i]);
        figure_word_of(&g, "KIND", i + 1, ink_name(l.ink[i]));
        figure_real_of(&g, "MOST", i + 1, l.most[i] > 0 ? l.most[i] : 1);
        figure_real_of(&g, "TICS", i + 1, figure_round_up(l.most[i] / 4));
    }
    figure_end(&g);
}

const struct figure_kind figure_prestop = {
    .name = "prestop",
    .doc = "failed requests against the preStop pause, a line for strategies "
           "called NAME-...",
    .replications = true,
    .finished = prestop_finished,
};
