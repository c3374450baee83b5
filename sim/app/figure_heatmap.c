/*
 * figure_heatmap.c - a metric over two parameters: a cell a combination.
 *
 * Of more than two parameters the two of --axes, or those that move the metric
 * most, the others as in the middle of the grid.  The darker, the greater: by
 * the logarithm where the greatest is more than three times the least.  Cells
 * that miss what is asked are crossed out; of those that keep it, the best one
 * has a frame.
 */
#include <math.h>
#include <string.h>
#include "app/axis.h"
#include "app/sensitivity.h"
#include "app/sweep.h"
#include "stats/search.h"

#define MANY 24                 /* values of an axis */
#define LOG_FROM 3              /* times the least: shades by the logarithm */

enum cell_kind { CELL_NONE, CELL_VALUE, CELL_REFUSED };

struct cell {
    enum cell_kind kind;
    size_t variant;
    double mean;                /* NaN: undefined in every replication */
    enum verdict verdict;
};

struct map {
    const struct experiment *e;
    struct arena *arena;
    enum metric metric;
    size_t strategy, x, y;      /* parameters of the axes */
    size_t nx, ny;
    struct cell *cells;         /* row by row, the first value of y first */
    struct axis shades;
    const struct cell *best;    /* NULL: none keeps what is asked */
    bool judged;                /* something is asked */
};

/* ---- which cells ----------------------------------------------------------- */

/* The point whose other parameters all cells of the map have; NULL: there are
 * no others. */
static const double *base_of(const struct scenario *s)
{
    for (size_t i = 0; i < s->npoints; i++)
        if (s->points[i].base)
            return s->points[i].at;
    return NULL;
}

/* Is this point on the map? */
static bool is_on(const struct map *m, const double *at, const double *base)
{
    const struct scenario *s = m->e->scenario;

    for (size_t k = 0; k < s->nparameters; k++)
        if (k != m->x && k != m->y && fabs(at[k] - base[k]) > 0)
            return false;
    return true;
}

static struct cell *cell_at(const struct map *m, const double *at)
{
    return &m->cells[(size_t)at[m->y] * m->nx + (size_t)at[m->x]];
}

/* The parameters of the axes: those asked for, or the two that move the metric
 * most; x is the one that the scenario names first. */
static bool find_axes(struct map *m, struct app *app)
{
    const struct scenario *s = m->e->scenario;
    struct sensitivity sens;
    size_t axes[2];

    if (s->nparameters < 2 || !sweep_axes(app, s, axes))
        return false;
    if (axes[0] == s->nparameters) {
        axes[0] = 0;
        axes[1] = 1;
        sensitivity_of(m->e, m->arena, m->strategy, m->metric, &sens);
        if (sens.base != SIZE_MAX && s->nparameters > 2) {
            size_t a = sens.swings[0].parameter, b = sens.swings[1].parameter;

            axes[0] = a < b ? a : b;
            axes[1] = a < b ? b : a;
        }
    }
    m->x = axes[0];
    m->y = axes[1];
    m->nx = s->parameters[m->x].n;
    m->ny = s->parameters[m->y].n;
    return m->nx > 0 && m->ny > 0 && m->nx <= MANY && m->ny <= MANY &&
           (s->nparameters == 2 || base_of(s));
}

/* How many cells have a value, if any is defined. */
static size_t fill(struct map *m, const struct figures *f)
{
    const struct scenario *s = m->e->scenario;
    const double *base = base_of(s);
    size_t filled = 0;
    bool defined = false;

    m->cells = arena_many(m->arena, struct cell, m->nx * m->ny);
    for (size_t v = m->strategy; v < s->nvariants;
         v += sensitivity_strategies(s)) {
        const double *at = s->points[s->variants[v].cell].at;

        if (!is_on(m, at, base))
            continue;
        *cell_at(m, at) = (struct cell){
            CELL_VALUE, v, axis_mean(m->e, m->arena, v, m->metric).mean,
            figures_judge(f, m->e, v) };
        filled++;
        defined |= !isnan(cell_at(m, at)->mean);
    }
    for (size_t i = 0; i < s->nrefused; i++)
        if (is_on(m, s->points[s->refused[i].cell].at, base))
            cell_at(m, s->points[s->refused[i].cell].at)->kind = CELL_REFUSED;
    return defined ? filled : 0;
}

static bool greater_is_better(const struct map *m)
{
    const struct objective *o = &m->e->scenario->objective;

    return o->metric == m->metric ? o->maximise
           : metric_row(m->metric)->better == BETTER_HIGHER;
}

static void find_best(struct map *m, const struct figures *f)
{
    const struct found *found = figures_found(f);

    for (size_t i = 0; i < m->nx * m->ny; i++) {
        const struct cell *c = &m->cells[i];
        double gain;

        if (c->kind != CELL_VALUE)
            continue;
        m->judged |= c->verdict != VERDICT_MET;
        if (found) {
            m->best = c->variant == found->best ? c : m->best;
            continue;
        }
        if (isnan(c->mean) || c->verdict != VERDICT_MET)
            continue;
        gain = m->best ? m->best->mean - c->mean : 1;
        if (!m->best || (greater_is_better(m) ? gain < 0 : gain > 0))
            m->best = c;
    }
}

static void find_shades(struct map *m)
{
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < m->nx * m->ny; i++)
        if (m->cells[i].kind == CELL_VALUE && !isnan(m->cells[i].mean)) {
            low = fmin(low, m->cells[i].mean);
            high = fmax(high, m->cells[i].mean);
        }
    if (!isfinite(low))
        low = high = 0;
    m->shades = axis_of(m->arena, m->metric, low, high,
                        low > 0 && high > LOG_FROM * low, 4);
}

/* ---- texts ------------------------------------------------------------------ */

static const char *text_of(const struct map *m, const struct cell *c)
{
    if (c->kind == CELL_REFUSED)
        return "not allowed";
    if (c->kind == CELL_NONE)
        return "";
    if (isnan(c->mean))
        return "never";
    return arena_printf(m->arena, "%s%s", metric_text(m->arena, m->metric,
                                                      c->mean),
                        c->verdict == VERDICT_UNDECIDED ? "?" : "");
}

static const char *value_of(const struct map *m, size_t k, size_t i)
{
    const struct scenario *s = m->e->scenario;

    for (size_t p = 0; p < s->npoints; p++)
        if ((size_t)s->points[p].at[k] == i) {
            for (size_t v = 0; v < s->nvariants; v++)
                if (s->variants[v].cell == p)
                    return s->variants[v].settings[k];
            for (size_t r = 0; r < s->nrefused; r++)
                if (s->refused[r].cell == p)
                    return s->refused[r].settings[k];
        }
    return "";
}

static const char *finding(const struct map *m)
{
    const struct scenario *s = m->e->scenario;
    const char *what = greater_is_better(m) ? "greatest" : "least";

    if (!m->best)
        return m->judged ? "No setting surely keeps what is asked"
               : arena_printf(m->arena, "%s is undefined everywhere",
                              metric_row(m->metric)->name);
    return arena_printf(m->arena, "%s: %s; the %s %s%s",
                        settings_text(m->arena, s,
                                      s->variants[m->best->variant].settings),
                        metric_said(m->arena, m->metric, m->best->mean), what,
                        metric_row(m->metric)->name,
                        m->judged ? " of those that keep what is asked" : "");
}

/* "replicas=5": the parameters that are not varied here. */
static const char *others(const struct map *m)
{
    const struct scenario *s = m->e->scenario;
    const double *base = base_of(s);
    const char *text = "";

    for (size_t k = 0; k < s->nparameters; k++)
        if (k != m->x && k != m->y)
            text = arena_printf(m->arena, "%s, %s=%s", text,
                                s->parameters[k].name,
                                value_of(m, k, (size_t)base[k]));
    return text;
}

static const char *done(const struct map *m)
{
    const struct experiment *e = m->e;
    const struct scenario *s = e->scenario;
    bool several = sensitivity_strategies(s) > 1;
    size_t most = 0;

    for (size_t v = 0; v < s->nvariants; v++)
        most = e->columns[v].n > most ? e->columns[v].n : most;
    return arena_printf(m->arena, "%s%s%s%s; mean %s of %zu%s replications%s",
                        s->name, several ? ", " : "",
                        several ? s->variants[m->strategy].name : "",
                        others(m), metric_row(m->metric)->name, e->n,
                        most > e->n ? arena_printf(m->arena, " to %zu", most)
                                    : "",
                        m->judged ? "; crossed out: misses what is asked; ?: "
                                    "undecided; frame: the best" : "");
}

/* ---- the picture ------------------------------------------------------------ */

static void draw(struct figure *g, const struct map *m)
{
    const struct scenario *s = m->e->scenario;
    const char **texts = arena_many(m->arena, const char *, m->nx);
    double *shades = arena_many(m->arena, double, m->nx);

    draw_line(g->draw, arena_printf(m->arena, "%s upwards, %s to the right%s",
                                    figure_label(m->arena,
                                                 s->parameters[m->y].name, 18),
                                    figure_label(m->arena,
                                                 s->parameters[m->x].name, 18),
                                    m->judged ? "; x: misses, *: best" : ""));
    for (size_t j = m->ny; j-- > 0;) {
        for (size_t i = 0; i < m->nx; i++) {
            const struct cell *c = &m->cells[j * m->nx + i];

            shades[i] = c->kind == CELL_VALUE ? axis_place(&m->shades, c->mean)
                                              : NAN;
            texts[i] = c->kind == CELL_REFUSED ? "-" : arena_printf(
                m->arena, "%s%s", c == m->best ? "*" : c->kind == CELL_VALUE &&
                c->verdict == VERDICT_MISSED ? "x" : "", text_of(m, c));
        }
        draw_cells(g->draw, figure_label(m->arena, value_of(m, m->y, j),
                                         g->draw->label), texts, shades,
                   m->nx);
    }
    for (size_t i = 0; i < m->nx; i++) {
        shades[i] = NAN;
        texts[i] = figure_label(m->arena, value_of(m, m->x, i), 9);
    }
    draw_cells(g->draw, "", texts, shades, m->nx);
}

/* A row a cell: column, row, shade, what it is (0 not tried, 1 a value, 2
 * refused, 3 undefined), missed, text. */
static void put_rows(struct figure *g, const struct map *m)
{
    int longest = 1;

    for (size_t j = 0; j < m->ny; j++)
        for (size_t i = 0; i < m->nx; i++) {
            const struct cell *c = &m->cells[j * m->nx + i];
            bool undefined = c->kind == CELL_VALUE && isnan(c->mean);
            const char *text = text_of(m, c);

            figure_number(g, (double)i);
            figure_number(g, (double)j);
            figure_number(g, c->kind == CELL_VALUE && !undefined
                          ? axis_place(&m->shades, c->mean) : NAN);
            figure_number(g, undefined ? 3 : c->kind == CELL_VALUE ? 1
                          : c->kind == CELL_REFUSED ? 2 : 0);
            figure_number(g, c->kind == CELL_VALUE &&
                          c->verdict == VERDICT_MISSED);
            figure_column(g, text);
            figure_row(g);
            if (c->kind == CELL_VALUE && (int)strlen(text) > longest)
                longest = (int)strlen(text);
        }
    figure_real(g, "LONGEST", longest);
    figure_real(g, "BESTX", m->best ? (double)((m->best - m->cells) %
                                               (ptrdiff_t)m->nx) : -1);
    figure_real(g, "BESTY", m->best ? (double)((m->best - m->cells) /
                                               (ptrdiff_t)m->nx) : -1);
}

/* The label of a value as that of a tick, which gnuplot takes for a format. */
static const char *tick_of(const struct map *m, size_t k, size_t i, int wide)
{
    const char *text = figure_label(m->arena, value_of(m, k, i), wide);
    char *copy = arena_alloc(m->arena, 2 * strlen(text) + 1), *p = copy;

    for (; *text; text++) {
        if (*text == '%')
            *p++ = '%';
        *p++ = *text;
    }
    *p = '\0';
    return copy;
}

static void put_axes(struct figure *g, const struct map *m)
{
    const struct scenario *s = m->e->scenario;

    figure_real(g, "NX", (double)m->nx);
    figure_real(g, "NY", (double)m->ny);
    figure_word(g, "XNAME", figure_label(m->arena, s->parameters[m->x].name,
                                         50));
    figure_word(g, "YNAME", figure_label(m->arena, s->parameters[m->y].name,
                                         30));
    for (size_t i = 0; i < m->nx; i++)
        figure_word_of(g, "XSAYS", i + 1, tick_of(m, m->x, i,
                                                  m->nx > 8 ? 8 : 12));
    for (size_t j = 0; j < m->ny; j++)
        figure_word_of(g, "YSAYS", j + 1, tick_of(m, m->y, j, 12));
    figure_word(g, "WHAT", metric_title(m->arena, m->metric));
    axis_put(g, "C", &m->shades);
}

static int labels(const struct map *m)
{
    int most = 2;

    for (size_t j = 0; j < m->ny; j++) {
        const char *text = value_of(m, m->y, j);
        int wide = display_width(text, strlen(text));

        most = wide > most ? wide : most;
    }
    return most > 12 ? 12 : most;
}

static void one_map(struct figures *f, const struct experiment *e,
                    size_t strategy)
{
    const struct scenario *s = e->scenario;
    struct map m = { .e = e, .arena = figures_arena(f), .strategy = strategy,
                     .metric = figures_metric(f, s) };
    const char *name = "heatmap";
    double height;
    struct figure g;

    if (!find_axes(&m, figures_app(f)) || fill(&m, f) < 2)
        return;
    find_best(&m, f);
    find_shades(&m);
    if (sensitivity_strategies(s) > 1)
        name = arena_printf(m.arena, "heatmap-%s", s->variants[strategy].name);
    height = 150 + 66 * (double)(m.ny < 3 ? 3 : m.ny > 8 ? 8 : m.ny);
    g = figure_begin(f, name, "heatmap.gp", height, labels(&m));
    figure_head(&g, finding(&m), done(&m));
    if (g.draw)
        draw(&g, &m);
    else
        put_rows(&g, &m);
    put_axes(&g, &m);
    figure_end(&g);
}

static void heatmap_finished(struct figures *f, void **state,
                             const struct experiment *e)
{
    (void)state;
    for (size_t v = 0; v < sensitivity_strategies(e->scenario); v++)
        one_map(f, e, v);
}

const struct figure_kind figure_heatmap = {
    .name = "heatmap",
    .doc = "a metric over two parameters of a sweep, a cell a setting",
    .of = OF_CELLS,
    .replications = true,
    .each = true,
    .finished = heatmap_finished,
};
