/*
 * figure_pods.c - what every pod was doing: a row a pod, coloured by state.
 *
 * One picture a strategy, of replication 0.  Of more than 80 pods the first 80
 * that appeared are shown, and the picture says so.
 */
#include <string.h>
#include "app/figure.h"
#include "models/world.h"

#define MOST_ROWS 80

/* The ink of a state; INK_NONE: nothing is drawn. */
static enum ink ink_of(const struct world *w, const struct pod_row *r)
{
    static const struct {
        const char *state;
        enum ink ink;
    } rows[] = {
        { "Pending", INK_PENDING }, { "Scheduled", INK_PENDING },
        { "Pulling", INK_PULLING }, { "Starting", INK_STARTING },
        { "Running", INK_STARTING }, { "NotReady", INK_STARTING },
        { "Terminating", INK_STOPPING }, { "Failed", INK_FAILED },
        { "CrashLoopBackOff", INK_FAILED },
        { "ImagePullBackOff", INK_FAILED },
    };

    if (strcmp(r->state, "Ready") == 0)
        return figure_is_new(w->spec, r->image) ? INK_NEW : INK_OLD;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].state, r->state) == 0)
            return rows[i].ink;
    return INK_NONE;
}

struct bar {                    /* a pod's row in the picture */
    const char *pod;
    VEC(struct span) spans;
    const struct pod_row *last;
};

/* The state that began with b->last ends at `end`. */
static void add_span(struct arena *a, const struct world *w, struct bar *b,
                     sim_time end)
{
    enum ink ink = b->last ? ink_of(w, b->last) : INK_NONE;
    sim_time from = b->last ? b->last->at - w->spec->warmup : 0;

    end -= w->spec->warmup;
    if (ink == INK_NONE || end <= 0)
        return;
    vec_push(a, &b->spans, ((struct span){
        from > 0 ? (double)from / 1e9 : 0, (double)end / 1e9, ink }));
}

typedef VEC(struct bar *) bars;

/* All pods that were there in the measured time, in order of appearance. */
static bars bars_of(struct arena *a, const struct world *w)
{
    sim_time end = w->spec->warmup + w->spec->duration;
    struct map all;
    bars shown = {0};

    map_init(&all, a);
    for (size_t i = 0; i < w->record.pods.len; i++) {
        const struct pod_row *r = &w->record.pods.items[i];
        struct bar *b = map_get(&all, r->pod);

        if (!b) {
            b = arena_make(a, struct bar);
            b->pod = r->pod;
            map_put(&all, r->pod, b);
        }
        add_span(a, w, b, r->at);
        b->last = r;
    }
    for (size_t i = 0; i < all.len; i++) {
        struct bar *b = all.entries[i].value;

        add_span(a, w, b, end);
        if (b->spans.len > 0)
            vec_push(a, &shown, b);
    }
    return shown;
}

static void put_spans(struct figure *g, const struct bar *b, size_t row)
{
    for (size_t i = 0; i < b->spans.len; i++) {
        figure_number(g, (double)row);
        figure_column(g, figure_label(g->arena, b->pod, FIGURE_LABEL + 4));
        figure_number(g, b->spans.items[i].from);
        figure_number(g, b->spans.items[i].to);
        figure_column(g, ink_name(b->spans.items[i].ink));
        figure_row(g);
    }
}

static void draw(struct figure *g, const bars *all, size_t n, double seconds)
{
    static const enum ink inks[] = { INK_OLD, INK_NEW, INK_PENDING,
                                     INK_PULLING, INK_STARTING, INK_FAILED,
                                     INK_STOPPING };
    static const char *const names[] = { "old", "new", "pending", "pulling",
                                         "starting", "crashed", "stopping" };

    for (size_t i = 0; i < n; i++) {
        const struct bar *b = all->items[i];

        draw_spans(g->draw, figure_label(g->arena, b->pod, g->draw->label),
                   b->spans.items, b->spans.len, seconds);
    }
    draw_axis(g->draw, seconds, "s", 0);
    draw_key(g->draw, inks, names, 7);
}

static int widest(const bars *all, size_t n)
{
    int most = 4;

    for (size_t i = 0; i < n; i++) {
        int len = (int)strlen(all->items[i]->pod);

        most = len > most ? len : most;
    }
    return most > FIGURE_LABEL + 4 ? FIGURE_LABEL + 4 : most;
}

static void pods_recorded(struct figures *f, void **state,
                          const struct variant *v, const struct world *w)
{
    bars all = bars_of(w->arena, w);
    size_t n = all.len < MOST_ROWS ? all.len : MOST_ROWS;
    double seconds = (double)w->spec->duration / 1e9;
    struct figure g;

    (void)state;
    if (n == 0)
        return;
    g = figure_begin(f, arena_printf(w->arena, "pods-%s", v->name), "pods.gp",
                     160 + 20 * (double)(n < 8 ? 8 : n), widest(&all, n));
    figure_head(&g, arena_printf(g.arena, "%s: what every pod was doing",
                                 v->name),
                arena_printf(g.arena, "%s, replication %u, seed %llu%s%s",
                             w->spec->name, w->replication,
                             (unsigned long long)w->spec->seed,
                             w->spec->release.given
                                 ? "; dashed line: the release" : "",
                             n < all.len ? arena_printf(g.arena, "; the first "
                                 "%zu of %zu pods", n, all.len) : ""));
    if (g.draw)
        draw(&g, &all, n, seconds);
    for (size_t i = 0; i < n; i++)
        put_spans(&g, all.items[i], i);
    figure_real(&g, "ROWS", (double)n);
    figure_real(&g, "RELEASE", w->spec->release.given
                ? (double)w->spec->release.at / 1e9 : -1);
    figure_time(&g, seconds);
    figure_end(&g);
}

const struct figure_kind figure_pods = {
    .name = "pods",
    .doc = "what every pod was doing, a row a pod",
    .each = true,
    .recorded = pods_recorded,
};
