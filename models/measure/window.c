/*
 * window.c - the measured time second by second.
 *
 * A request belongs to the second in which it was sent.  A second is brown if
 * more than the SLO's share of its requests failed, or if its p99 is above
 * the SLO's limit, that is if more than 1 % of those answered well took
 * longer.  Requests without an outcome at the end belong to no second.
 *
 * With rows, each second, sender and version has a histogram, from its first
 * outcome until all that were sent in that second have theirs.  So has each
 * window of win->width seconds, for all senders and versions together.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "measure_impl.h"

static size_t second_of(const struct measure *m, sim_time sent)
{
    return (size_t)((sent - m->from) / SIM_S);
}

/* ---- rows --------------------------------------------------------------- */

static struct cell *cell_new(struct window *win, struct arena *a)
{
    struct cell *c = win->spare;

    if (c) {
        win->spare = c->next;
        hist_clear(&c->hist);
        c->requests = c->failed = 0;
    } else {
        c = arena_make(a, struct cell);
        hist_init(&c->hist, a);
    }
    c->next = win->open;
    win->open = c;
    return c;
}

/* The cell of a sender in its cluster; that of all together comes after
 * theirs. */
static size_t source_of(const struct world *w, const struct sender *s)
{
    return w->place * w->spec->ntraffic + sender_index(s);
}

static size_t everybody(const struct measure *m)
{
    return clusters_count(m->w) * m->w->spec->ntraffic;
}

static const char *source_name(const struct world *w, size_t source)
{
    const char *name = w->spec->traffic[source % w->spec->ntraffic].name;

    return w->clusters
               ? arena_printf(w->arena, "%s/%s", clusters_name(clusters_at(
                                  w, source / w->spec->ntraffic)), name)
               : name;
}

static struct cell *cell_of(struct measure *m, size_t second, size_t sender,
                            size_t version)
{
    struct cell *c;

    for (c = m->window.open; c; c = c->next)
        if (c->second == second && c->sender == sender &&
            c->version == version)
            return c;
    c = cell_new(&m->window, m->w->arena);
    c->second = second;
    c->sender = sender;
    c->version = version;
    return c;
}

static double quantile_ms(const struct hist *h, double p)
{
    return h->count == 0 ? NAN : (double)hist_quantile(h, p) / 1e6;
}

static void put_row(struct measure *m, const struct cell *c)
{
    struct world *w = m->w;
    bool all = c->sender == everybody(m);
    struct series_row row = {
        .at = m->from + (sim_time)c->second * SIM_S,
        .source = all ? "" : source_name(w, c->sender),
        .version = all ? "" : traffic_version_at(w, c->version)->name,
        .requests = c->requests, .failed = c->failed,
        .p50_ms = quantile_ms(&c->hist, 0.50),
        .p95_ms = quantile_ms(&c->hist, 0.95),
        .p99_ms = quantile_ms(&c->hist, 0.99),
    };

    if (all)
        vec_push(w->arena, &w->record.windows, row);
    else
        vec_push(w->arena, &w->record.series, row);
}

/* Write the rows of the seconds that are over; all: of every second. */
static void close_cells(struct measure *m, bool all)
{
    struct window *win = &m->window;
    struct cell **link = &win->open;

    while (*link) {
        struct cell *c = *link;
        size_t width = c->sender == everybody(m) ? win->width : 1;
        bool over = c->second + width <= win->present &&
                    win->settled[c->sender][c->second] ==
                        win->sent[c->sender][c->second];

        if (!all && !over) {
            link = &c->next;
            continue;
        }
        put_row(m, c);
        *link = c->next;
        c->next = win->spare;
        win->spare = c;
    }
}

static int by_time(const void *x, const void *y)
{
    const struct series_row *a = x, *b = y;
    int order;

    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    order = strcmp(a->source, b->source);
    return order ? order : strcmp(a->version, b->version);
}

/* Arrays that only rows need. */
static void make_counts(struct measure *m)
{
    struct window *win = &m->window;
    struct arena *a = m->w->arena;
    size_t n = everybody(m) + 1;

    win->width = (win->len + 149) / 150;
    m->w->record.window_s = (double)win->width;
    win->sent = arena_many(a, uint32_t *, n);
    win->settled = arena_many(a, uint32_t *, n);
    for (size_t i = 0; i < n; i++) {
        win->sent[i] = arena_many(a, uint32_t, win->len);
        win->settled[i] = arena_many(a, uint32_t, win->len);
    }
}

/* ---- all runs ----------------------------------------------------------- */

void window_new(struct measure *m)
{
    struct window *win = &m->window;

    win->len = (size_t)((m->end - m->from + SIM_S - 1) / SIM_S) + 1;
    win->seconds = arena_many(m->w->arena, struct second, win->len);
    if (m->w->record.rows)
        make_counts(m);
}

void window_sent(struct measure *m, const struct world *w,
                 const struct sender *s, sim_time sent)
{
    struct window *win = &m->window;
    size_t i = second_of(m, sent);

    if (i > win->present) {     /* a second is over */
        win->present = i;
        for (size_t k = 0; k < clusters_count(w); k++)
            traffic_settle(clusters_at(w, k));
        close_cells(m, false);
    }
    win->sent[source_of(w, s)][i]++;
    win->sent[everybody(m)][i / win->width * win->width]++;
}

/* Count an outcome in one cell. */
static void count(struct measure *m, struct cell *c, const struct ask *a,
                  enum cause cause, sim_time end)
{
    c->requests++;
    c->failed += cause != CAUSE_NONE;
    if (cause == CAUSE_NONE)
        hist_add(&c->hist, end - a->sent);
    m->window.settled[c->sender][c->second]++;
}

void window_outcome(struct measure *m, const struct world *w,
                    const struct ask *a, enum cause cause, sim_time end)
{
    size_t i = second_of(m, a->sent);

    if (cause == CAUSE_NONE) {
        window_answer(m, a->sent, end);
    } else {
        m->window.seconds[i].requests++;
        m->window.seconds[i].failed++;
    }
    if (!m->w->record.rows)
        return;
    count(m, cell_of(m, i, source_of(w, a->sender),
                     a->version->index), a, cause, end);
    i -= i % m->window.width;
    count(m, cell_of(m, i, everybody(m), 0), a, cause, end);
}

static bool is_brown(const struct measure *m, const struct second *s)
{
    uint32_t answered = s->requests - s->failed;
    double share = m->w->spec->slo_error_share;

    return (double)s->failed > share * (double)s->requests ||
           (double)s->slow > 0.01 * (double)answered;
}

double window_brownout(const struct measure *m)
{
    size_t brown = 0;

    for (size_t i = 0; i < m->window.len; i++)
        brown += is_brown(m, &m->window.seconds[i]);
    return (double)brown;
}

void measure_answering(const struct world *w, double *ms, size_t n)
{
    const struct window *win = &w->measure->window;
    double last = 0;

    for (size_t i = 0; i < n && i < win->len; i++) {
        const struct second *s = &win->seconds[i];
        uint32_t answered = s->requests - s->failed;

        if (answered > 0)
            last = (double)s->answering / 1e6 / (double)answered;
        ms[i] = last;
    }
}

void window_finish(struct measure *m)
{
    struct record *record = &m->w->record;

    if (!record->rows)
        return;
    close_cells(m, true);
    if (record->series.len > 0)
        qsort(record->series.items, record->series.len,
              sizeof(*record->series.items), by_time);
    if (record->windows.len > 0)
        qsort(record->windows.items, record->windows.len,
              sizeof(*record->windows.items), by_time);
}
