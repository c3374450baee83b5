/*
 * figure_pareto.c - risk against cost, and risk against time: what no other
 * candidate beats.
 *
 * A candidate is a strategy, or one in a cell of the parameters.  Two panels
 * share the axis of the risk.  Those on the front of all three (app/pareto.h)
 * are dark, with their intervals, and hollow if they miss what is asked; the
 * others are pale.  A line joins the front of the panel's own two metrics.
 * The first of the front, those that keep what is asked before the others, are
 * numbered and listed; the places of the numbers are chosen so that they
 * cover neither marks nor each other.
 */
#include <math.h>
#include <stdlib.h>
#include "app/axis.h"
#include "app/pareto.h"
#include "stats/search.h"

#define LISTED 12               /* at most */
#define LOG_FROM 3              /* times the least: by the logarithm */
#define HEIGHT 540              /* pixels */
#define TOP 104                 /* pixels above the panels, and below */
#define BOTTOM 62
#define LEFT 72
#define GAP 26
#define LIST 264                /* the list at the right */
#define NAME_WIDTH 27           /* columns of a name there */
#define LINE 15                 /* of the list, at least */

enum { RISK, TIME, COST };      /* in pareto_metrics */
static const int across[2] = { COST, TIME };

struct candidate {
    size_t variant;
    struct interval is[PARETO_METRICS];
    bool front, best;
    enum verdict verdict;
    enum ink ink;
    int number;                 /* in the list, from 1 on; 0: not there */
};

/* A number beside its mark, in pixels of its panel. */
struct tag {
    double x, y, wide;
};

struct pareto {
    const struct experiment *e;
    struct arena *arena;
    struct candidate *c;        /* the listed ones first, in order */
    size_t n, nfront, nkept;
    int listed;
    struct axis axis[PARETO_METRICS];
    double width, height;       /* of a panel, in pixels */
    struct tag *tags[2];        /* by candidate; those that are listed */
};

/* ---- the candidates ------------------------------------------------------- */

static int rank_of(const struct candidate *c)
{
    return c->best ? 0 : !c->front ? 4 : c->verdict == VERDICT_MET ? 1
           : c->verdict == VERDICT_UNDECIDED ? 2 : 3;
}

/* The best, the front by what it keeps, the others; each by time. */
static int in_order(const void *x, const void *y)
{
    const struct candidate *a = x, *b = y;
    int r = rank_of(a) - rank_of(b);
    double t = a->is[TIME].mean - b->is[TIME].mean;

    return r ? r : t < 0 ? -1 : t > 0 ? 1
           : (a->variant > b->variant) - (a->variant < b->variant);
}

static void find_candidates(struct pareto *p, const struct figures *f)
{
    const struct found *found = figures_found(f);
    const struct experiment *e = p->e;
    const struct scenario *s = e->scenario;
    bool *front = arena_many(p->arena, bool, s->nvariants);

    pareto_front(e, pareto_metrics, PARETO_METRICS, front);
    p->c = arena_many(p->arena, struct candidate, s->nvariants);
    for (size_t v = 0; v < s->nvariants; v++) {
        struct candidate *c = &p->c[p->n];

        *c = (struct candidate){
            .variant = v, .front = front[v], .ink = figure_ink(&s->variants[v]),
            .best = found && found->best == v && front[v],
            .verdict = figures_judge(f, e, v) };
        for (int i = 0; i < PARETO_METRICS; i++)
            c->is[i] = axis_mean(e, p->arena, v, pareto_metrics[i]);
        if (isnan(c->is[RISK].mean) || isnan(c->is[TIME].mean) ||
            isnan(c->is[COST].mean))
            continue;
        p->n++;
        p->nfront += front[v];
        p->nkept += front[v] && c->verdict == VERDICT_MET;
    }
    qsort(p->c, p->n, sizeof(*p->c), in_order);
}

/* Number those that the list has room for: of the front, and if some of it
 * keep what is asked, those only. */
static void number(struct pareto *p, int room)
{
    size_t worth = 0;

    while (worth < p->nfront && (p->c[worth].verdict != VERDICT_MISSED ||
                                 rank_of(&p->c[0]) == rank_of(&p->c[worth])))
        worth++;
    p->listed = room < LISTED ? room : LISTED;
    if ((size_t)p->listed > worth)
        p->listed = (int)worth;
    for (int i = 0; i < p->listed; i++)
        p->c[i].number = i + 1;
}

/* Ends of the axes.  The risk, which may be 0, is drawn by its logarithm if most
 * of it is small beside the greatest. */
static void find_axes(struct pareto *p)
{
    for (int i = 0; i < PARETO_METRICS; i++) {
        double low = INFINITY, high = -INFINITY;
        size_t small = 0;

        for (size_t k = 0; k < p->n; k++) {
            const struct interval *x = &p->c[k].is[i];

            low = fmin(low, p->c[k].front ? x->low : x->mean);
            high = fmax(high, p->c[k].front ? x->high : x->mean);
        }
        for (size_t k = 0; k < p->n; k++)
            small += p->c[k].is[i].mean < high / 10;
        p->axis[i] = axis_of(p->arena, pareto_metrics[i],
                             i == RISK ? 0 : low, high,
                             i == RISK ? high >= 20 && 2 * small >= p->n
                                       : low > 0 && high > LOG_FROM * low,
                             i == RISK || p->width > 300 ? 4 : 2);
    }
}

/* ---- numbers beside the marks --------------------------------------------- */

/* How much a tag would cover: other tags, marks of the front, the edge. */
static double covers(const struct pareto *p, int panel, struct tag t)
{
    double sum = 0;

    if (t.x < t.wide / 2 || t.x > p->width - t.wide / 2 || t.y < 7 ||
        t.y > p->height - 7)
        sum += 2;
    for (size_t k = 0; k < p->nfront; k++) {
        const struct candidate *c = &p->c[k];
        const struct tag *o = &p->tags[panel][k];
        double x = p->width * axis_place(&p->axis[across[panel]],
                                         c->is[across[panel]].mean);
        double y = p->height * axis_place(&p->axis[RISK], c->is[RISK].mean);

        sum += fabs(x - t.x) < t.wide / 2 + 5 && fabs(y - t.y) < 11;
        sum += 3 * (o->wide > 0 && fabs(o->x - t.x) < (o->wide + t.wide) / 2 &&
                    fabs(o->y - t.y) < 12);
    }
    return sum;
}

/* The first place around its mark where it covers least. */
static void place_tag(struct pareto *p, int panel, size_t k)
{
    static const double round[8][2] = { { 1, 1 }, { 1, -1 }, { -1, 1 },
        { -1, -1 }, { 0, 1.3 }, { 1.2, 0 }, { 0, -1.3 }, { -1.2, 0 } };
    const struct candidate *c = &p->c[k];
    double x = p->width * axis_place(&p->axis[across[panel]],
                                     c->is[across[panel]].mean);
    double y = p->height * axis_place(&p->axis[RISK], c->is[RISK].mean);
    double wide = c->number > 9 ? 15 : 8, least = INFINITY;
    struct tag best = { 0, 0, 0 };

    for (double far = 1; far < 3; far += 0.5)
        for (int i = 0; i < 8; i++) {
            struct tag t = { x + far * round[i][0] * (wide / 2 + 5),
                             y + far * round[i][1] * 10, wide };
            double cost = covers(p, panel, t) + far / 10;

            if (cost < least) {
                least = cost;
                best = t;
            }
        }
    p->tags[panel][k] = best;
}

static void place_tags(struct pareto *p)
{
    for (int panel = 0; panel < 2; panel++) {
        p->tags[panel] = arena_many(p->arena, struct tag, p->n + 1);
        for (size_t k = 0; k < p->n && p->c[k].number; k++)
            place_tag(p, panel, k);
    }
}

/* ---- for gnuplot ---------------------------------------------------------- */

/* Begin a block with a row that is not drawn, so that none is empty. */
static void begin_block(struct figure *g, int columns, bool texts)
{
    for (int i = 0; i < columns; i++)
        figure_number(g, NAN);
    if (texts)
        figure_column(g, "");
    figure_column(g, "other");
    figure_row(g);
}

static void put_place(struct figure *g, const struct pareto *p, int metric,
                      double x)
{
    figure_number(g, axis_place(&p->axis[metric], x));
}

/* Block 0: cost, time, risk and ink of those that are beaten. */
static void put_beaten(struct figure *g, const struct pareto *p)
{
    begin_block(g, 3, false);
    for (size_t k = p->nfront; k < p->n; k++) {
        put_place(g, p, COST, p->c[k].is[COST].mean);
        put_place(g, p, TIME, p->c[k].is[TIME].mean);
        put_place(g, p, RISK, p->c[k].is[RISK].mean);
        figure_column(g, ink_name(p->c[k].ink));
        figure_row(g);
    }
    figure_block(g);
}

/* Block 1: mean, low and high of cost, time and risk; 1 if it is hollow; 1 if
 * it is the best; ink. */
static void put_front(struct figure *g, const struct pareto *p)
{
    static const int order[] = { COST, TIME, RISK };

    begin_block(g, 11, false);
    for (size_t k = 0; k < p->nfront; k++) {
        const struct candidate *c = &p->c[k];

        for (int i = 0; i < PARETO_METRICS; i++) {
            put_place(g, p, order[i], c->is[order[i]].mean);
            put_place(g, p, order[i], c->is[order[i]].low);
            put_place(g, p, order[i], c->is[order[i]].high);
        }
        figure_number(g, c->verdict == VERDICT_MISSED);
        figure_number(g, c->best);
        figure_column(g, ink_name(c->ink));
        figure_row(g);
    }
    figure_block(g);
}

/* Blocks 2 and 3: the corners of the line of a panel. */
static void put_line(struct figure *g, const struct pareto *p, int metric)
{
    bool *done = arena_many(p->arena, bool, p->n + 1);
    double risk = INFINITY;

    begin_block(g, 2, false);
    for (;;) {
        const struct candidate *next = NULL;

        for (size_t k = 0; k < p->n; k++) {
            const struct candidate *c = &p->c[k];

            if (!done[k] && c->is[RISK].mean < risk &&
                (!next || c->is[metric].mean < next->is[metric].mean ||
                 (!(c->is[metric].mean > next->is[metric].mean) &&
                  c->is[RISK].mean < next->is[RISK].mean)))
                next = c;
        }
        if (!next)
            break;
        if (isfinite(risk)) {
            put_place(g, p, metric, next->is[metric].mean);
            put_place(g, p, RISK, risk);
            figure_row(g);
        }
        put_place(g, p, metric, next->is[metric].mean);
        put_place(g, p, RISK, next->is[RISK].mean);
        figure_row(g);
        risk = next->is[RISK].mean;
        done[next - p->c] = true;
    }
    figure_block(g);
}

/* Block 4: place of the number in both panels, the number, ink. */
static void put_tags(struct figure *g, const struct pareto *p)
{
    begin_block(g, 4, true);
    for (size_t k = 0; k < p->n && p->c[k].number; k++) {
        for (int panel = 0; panel < 2; panel++) {
            figure_number(g, p->tags[panel][k].x / p->width);
            figure_number(g, p->tags[panel][k].y / p->height);
        }
        figure_column(g, arena_printf(p->arena, "%d", p->c[k].number));
        figure_column(g, ink_name(p->c[k].ink));
        figure_row(g);
    }
}

/* "95.3 pod s, 37.1 s, 4.8 failed" */
static const char *says(const struct pareto *p, const struct candidate *c)
{
    return arena_printf(p->arena, "%s failed, %s, %s",
                        metric_text(p->arena, METRIC_FAILED_REQUESTS,
                                    c->is[RISK].mean),
                        metric_said(p->arena, METRIC_ROLLOUT_SECONDS,
                                    c->is[TIME].mean),
                        arena_printf(p->arena, "%s pod s",
                                     metric_text(p->arena,
                                                 METRIC_EXTRA_POD_SECONDS,
                                                 c->is[COST].mean)));
}

static void put_list(struct figure *g, const struct pareto *p)
{
    figure_real(g, "LISTED", p->listed);
    figure_real(g, "MORE", (double)p->nfront - p->listed);
    for (int i = 0; i < p->listed; i++) {
        const struct candidate *c = &p->c[i];
        size_t k = (size_t)i + 1;

        figure_word_of(g, "NAME", k,
                       figure_label(p->arena, variant_text(p->arena,
                                    p->e->scenario, c->variant),
                                    NAME_WIDTH));
        figure_word_of(g, "KIND", k, ink_name(c->ink));
        figure_word_of(g, "SAYS", k, says(p, c));
        figure_real_of(g, "HOLLOW", k, c->verdict == VERDICT_MISSED);
    }
}

static void put_panels(struct figure *g, const struct pareto *p)
{
    static const char *const names[] = { "Y", "X2", "X1" };

    for (int i = 0; i < 2; i++) {
        double from = LEFT + i * (p->width + GAP);

        figure_real_of(g, "FROM", (size_t)i + 1, from);
        figure_real_of(g, "TO", (size_t)i + 1, from + p->width);
        figure_word_of(g, "WHAT", (size_t)i + 1,
                       metric_title(p->arena, pareto_metrics[across[i]]));
    }
    figure_real(g, "TOP", TOP);
    figure_real(g, "BOTTOM", BOTTOM);
    figure_word(g, "RISK", metric_title(p->arena, METRIC_FAILED_REQUESTS));
    for (int i = 0; i < PARETO_METRICS; i++)
        axis_put(g, names[i], &p->axis[i]);
}

/* ---- in characters --------------------------------------------------------- */

static char mark_of(const struct candidate *c)
{
    return c->number == 0 ? '\0' : c->number < 10 ? (char)('0' + c->number)
                                  : (char)('a' + c->number - 10);
}

static void draw(struct figure *g, const struct pareto *p)
{
    struct dot *dots = arena_many(p->arena, struct dot, p->n);

    for (int panel = 0; panel < 2; panel++) {
        const struct axis *x = &p->axis[across[panel]], *y = &p->axis[RISK];

        for (size_t k = 0; k < p->n; k++) {
            const struct candidate *c = &p->c[p->n - 1 - k];

            dots[k] = (struct dot){ axis_place(x, c->is[across[panel]].mean),
                                    axis_place(y, c->is[RISK].mean),
                                    c->front ? c->ink : INK_PENDING,
                                    mark_of(c) };
        }
        draw_line(g->draw, arena_printf(p->arena, "%s, against %s",
                  metric_title(p->arena, METRIC_FAILED_REQUESTS),
                  metric_title(p->arena, pareto_metrics[across[panel]])));
        draw_dots(g->draw, dots, p->n, metric_text(p->arena, y->metric, y->low),
                  metric_text(p->arena, y->metric, y->high),
                  metric_text(p->arena, x->metric, x->low),
                  metric_text(p->arena, x->metric, x->high));
    }
    for (int i = 0; i < p->listed; i++)
        draw_line(g->draw, arena_printf(p->arena, "%c %s%s: %s",
                  mark_of(&p->c[i]),
                  figure_label(p->arena, variant_text(p->arena, p->e->scenario,
                               p->c[i].variant), NAME_WIDTH),
                  p->c[i].best ? " (best)" : p->c[i].verdict == VERDICT_MISSED
                  ? " (misses what is asked)" : "", says(p, &p->c[i])));
    if (p->nfront > (size_t)p->listed)
        draw_line(g->draw, arena_printf(p->arena, "and %zu more",
                                        p->nfront - (size_t)p->listed));
}

/* ---- the words ------------------------------------------------------------- */

static const char *finding(const struct pareto *p)
{
    const struct scenario *s = p->e->scenario;
    const char *what = scenario_varies(s) ? "settings" : "strategies";

    if (p->n && p->c[0].best)
        return arena_printf(p->arena, "Best of %zu: %s; %zu are beaten by none "
                            "in risk, time and cost", s->nvariants,
                            variant_text(p->arena, s, p->c[0].variant),
                            p->nfront);
    if (p->nkept < p->nfront)
        return arena_printf(p->arena, "%zu of %zu %s are beaten by none in "
                            "risk, time and cost; %s of them surely keep "
                            "what is asked", p->nfront, s->nvariants, what,
                            p->nkept ? arena_printf(p->arena, "%zu", p->nkept)
                                     : "none");
    return arena_printf(p->arena, "%zu of %zu %s are beaten by none in risk, "
                        "time and cost", p->nfront, s->nvariants, what);
}

static const char *done(const struct pareto *p)
{
    const struct experiment *e = p->e;
    size_t least = SIZE_MAX, most = 0;
    const char *n;

    for (size_t v = 0; v < e->scenario->nvariants; v++) {
        size_t x = e->columns[v].n;

        least = x < least ? x : least;
        most = x > most ? x : most;
    }
    n = least == most ? arena_printf(p->arena, "%zu", most)
                      : arena_printf(p->arena, "%zu to %zu", least, most);
    return arena_printf(p->arena, "%s; means of %s replications, %g %% "
                        "intervals; %spale: beaten; line: the best of the "
                        "panel alone", e->scenario->name, n,
                        e->scenario->confidence * 100,
                        p->nkept < p->nfront ? "hollow: misses what is asked; "
                                             : "");
}

static void pareto_finished(struct figures *f, void **state,
                            const struct experiment *e)
{
    struct pareto p = { .e = e, .arena = figures_arena(f) };
    double w, h;
    struct figure g;

    (void)state;
    if (e->n < (figures_found(f) ? 1 : 2) || e->scenario->nvariants < 2)
        return;
    find_candidates(&p, f);
    if (p.n < 2)
        return;
    figure_size(f, HEIGHT, &w, &h);
    p.width = (w - LEFT - GAP - LIST) / 2;
    p.height = h - TOP - BOTTOM;
    number(&p, (int)((h - TOP - 24) / LINE));
    find_axes(&p);
    place_tags(&p);
    g = figure_begin(f, "pareto", "pareto.gp", HEIGHT, 8);
    figure_head(&g, finding(&p), done(&p));
    if (g.draw) {
        draw(&g, &p);
    } else {
        put_beaten(&g, &p);
        put_front(&g, &p);
        put_line(&g, &p, COST);
        put_line(&g, &p, TIME);
        put_tags(&g, &p);
        put_list(&g, &p);
        put_panels(&g, &p);
    }
    figure_end(&g);
}

const struct figure_kind figure_pareto = {
    .name = "pareto",
    .doc = "risk, time and cost: what no other strategy or setting beats",
    .of = OF_BOTH,
    .replications = true,
    .finished = pareto_finished,
};
