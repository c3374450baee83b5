/*
 * figure_traffic.c - requests per second by version, failures, event marks.
 *
 * One picture a strategy, of replication 0.  Marks are what people, guards and
 * faults did, and the end of the rollout; of marks closer together than a
 * label is high, the later ones move down a line, and beyond eight lines get
 * none.
 */
#include <math.h>
#include <string.h>
#include "app/figure.h"
#include "models/world.h"

#define MARK_LINES 8

struct second {
    double old, new_, failed;   /* requests of one second */
};

/* Sum the rows into s[0..n-1]; returns the highest second. */
static double sum_seconds(const struct world *w, struct second *s, size_t n)
{
    double peak = 0;

    for (size_t i = 0; i < w->record.series.len; i++) {
        const struct series_row *r = &w->record.series.items[i];
        int64_t at = (r->at - w->spec->warmup) / SIM_S;
        double good = (double)(r->requests - r->failed);

        if (r->at < w->spec->warmup || (size_t)at >= n)
            continue;
        if (figure_is_new(w->spec, r->version))
            s[at].new_ += good;
        else
            s[at].old += good;
        s[at].failed += (double)r->failed;
    }
    for (size_t i = 0; i < n; i++)
        peak = fmax(peak, s[i].old + s[i].new_ + s[i].failed);
    return peak;
}

/* ---- marks --------------------------------------------------------------- */

/* What a mark says of an event; NULL: it gets none. */
static const char *mark_text(struct arena *a, const struct world *w,
                             const struct event_row *r)
{
    const char *text = r->message;

    if (strcmp(r->type, "Rollout") == 0)
        return strcmp(r->reason, "Complete") == 0 &&
               r->at >= w->spec->warmup + w->spec->release.at
               ? "rollout complete" : NULL;
    if (strcmp(r->type, "Fault") == 0)
        return arena_printf(a, "%s %s", r->object,
                            strcmp(r->reason, "Healed") == 0 ? "ends"
                                                             : "begins");
    if (strcmp(r->type, "Action") == 0 && strcmp(r->reason, "Command") != 0)
        return NULL;
    if (strcmp(r->type, "Action") != 0 && strcmp(r->type, "Guard") != 0 &&
        strcmp(r->type, "Strategy") != 0)
        return NULL;
    if (strncmp(text, "kubectl ", 8) == 0)
        text += 8;
    return figure_label(a, text, 34);
}

static void put_mark(struct figure *g, size_t i, double at, size_t line,
                     bool left, const char *text)
{
    figure_real_of(g, "AT", i, at);
    figure_real_of(g, "LINE", i, (double)line);
    figure_real_of(g, "SIDE", i, left);
    figure_word_of(g, "SAYS", i, text);
}

static void put_marks(struct figure *g, const struct world *w)
{
    double end = (double)w->spec->duration / 1e9;
    double until[MARK_LINES];   /* where each line is free again */
    size_t n = 0, lines = 0;

    for (size_t i = 0; i < MARK_LINES; i++)
        until[i] = -1;
    for (size_t i = 0; i < w->record.events.len; i++) {
        const struct event_row *r = &w->record.events.items[i];
        double at = (double)(r->at - w->spec->warmup) / 1e9;
        const char *text = at >= 0 && at < end ? mark_text(g->arena, w, r)
                                               : NULL;
        bool left = at > end * 0.66;
        double width = text ? end / 125 * (double)(strlen(text) + 2) : 0;
        size_t line = 0;

        while (text && line < MARK_LINES &&
               until[line] > (left ? at - width : at))
            line++;
        if (!text || line == MARK_LINES)
            continue;
        put_mark(g, ++n, at, line, left, text);
        until[line] = left ? at : at + width;
        lines = line + 1 > lines ? line + 1 : lines;
    }
    figure_real(g, "MARKS", (double)n);
    figure_real(g, "LINES", (double)lines);
}

/* ---- the picture --------------------------------------------------------- */

static void draw(struct figure *g, const struct second *s, size_t n,
                 double peak)
{
    static const enum ink inks[] = { INK_OLD, INK_NEW, INK_FAILED };
    static const char *const names[] = { "old version", "new version",
                                         "failed" };
    double *v = arena_many(g->arena, double, 3 * n);

    for (size_t i = 0; i < n; i++) {
        v[3 * i] = s[i].old;
        v[3 * i + 1] = s[i].new_;
        v[3 * i + 2] = s[i].failed;
    }
    draw_stack(g->draw, v, n, 3, inks, peak);
    draw_axis(g->draw, (double)n, "s", 0);
    draw_key(g->draw, inks, names, 3);
}

static void head(struct figure *g, const struct variant *v,
                 const struct world *w, double failed, double all)
{
    struct arena *a = g->arena;
    const char *finding =
        failed > 0 ? arena_printf(a, "%s: %.0f of %.0f requests failed",
                                  v->name, failed, all)
                   : arena_printf(a, "%s: no request of %.0f failed", v->name,
                                  all);

    figure_head(g, finding,
                arena_printf(a, "%s, replication %u, seed %llu; requests per "
                             "second by version, failed ones on top",
                             w->spec->name, w->replication,
                             (unsigned long long)w->spec->seed));
}

/* The data: a column a second, or the means over more seconds if there were
 * more than 400.  Returns the highest. */
static double put_columns(struct figure *g, const struct second *s, size_t n)
{
    size_t wide = (n + 399) / 400;
    double peak = 0;

    for (size_t i = 0; i < n; i += wide) {
        struct second sum = { 0, 0, 0 };
        double used = (double)(i + wide < n ? wide : n - i);

        for (size_t j = i; j < i + wide && j < n; j++) {
            sum.old += s[j].old / used;
            sum.new_ += s[j].new_ / used;
            sum.failed += s[j].failed / used;
        }
        figure_number(g, (double)i);
        figure_number(g, sum.old);
        figure_number(g, sum.new_);
        figure_number(g, sum.failed);
        figure_row(g);
        peak = fmax(peak, sum.old + sum.new_ + sum.failed);
    }
    figure_real(g, "WIDE", (double)wide);
    return peak;
}

static void traffic_recorded(struct figures *f, void **state,
                             const struct variant *v, const struct world *w)
{
    size_t n = (size_t)(w->spec->duration / SIM_S);
    struct figure g;
    struct second *s;
    double peak, failed = 0, all = 0;

    (void)state;
    if (n == 0 || w->record.series.len == 0)
        return;
    g = figure_begin(f, arena_printf(w->arena, "traffic-%s", v->name),
                     "traffic.gp", 540, 5);
    s = arena_many(g.arena, struct second, n);
    peak = sum_seconds(w, s, n);
    for (size_t i = 0; i < n; i++) {
        failed += s[i].failed;
        all += s[i].failed + s[i].old + s[i].new_;
    }
    head(&g, v, w, failed, all);
    if (g.draw) {
        draw(&g, s, n, peak);
    } else {
        peak = put_columns(&g, s, n);
        put_marks(&g, w);
        figure_time(&g, (double)n);
        figure_real(&g, "YMAX", peak * 1.02);
        figure_real(&g, "YTICS", figure_round_up(peak / 5));
        figure_word(&g, "NEW", figure_label(g.arena,
                                            figure_new_version(w->spec), 20));
    }
    figure_end(&g);
}

const struct figure_kind figure_traffic = {
    .name = "traffic",
    .doc = "requests per second by version, with failures and event marks",
    .each = true,
    .recorded = traffic_recorded,
};
