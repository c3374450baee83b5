/*
 * rows.c - the tables of recorded rows.
 */
#include "app/rows.h"
#include <string.h>

#define TIME(st) { "time_ns", ROW_TIME, offsetof(struct st, at) }
#define COLUMN(st, kind, name, member)                                        \
    { name, ROW_##kind, offsetof(struct st, member) }
#define SAME(st, kind, member) COLUMN(st, kind, #member, member)
#define TABLE(name_, st, n_)                                                  \
    .name = #name_, .list = offsetof(struct record, name_),                   \
    .size = sizeof(struct st), .n = n_

const struct row_table row_tables[ROW_TABLES] = {
    { TABLE(timeline, timeline_row, 11), .columns = {
        TIME(timeline_row), SAME(timeline_row, TEXT, kind),
        COLUMN(timeline_row, TEXT, "namespace", space),
        SAME(timeline_row, TEXT, name), SAME(timeline_row, COUNT, revision),
        SAME(timeline_row, TEXT, image), SAME(timeline_row, COUNT32, desired),
        SAME(timeline_row, COUNT32, pods), SAME(timeline_row, COUNT32, ready),
        SAME(timeline_row, COUNT32, available),
        SAME(timeline_row, COUNT32, endpoints) } },
    { TABLE(pods, pod_row, 7), .columns = {
        TIME(pod_row), COLUMN(pod_row, TEXT, "namespace", space),
        SAME(pod_row, TEXT, pod), SAME(pod_row, COUNT, revision),
        SAME(pod_row, TEXT, image), SAME(pod_row, TEXT, node),
        SAME(pod_row, TEXT, state) } },
    { TABLE(series, series_row, 8), .columns = {
        TIME(series_row), SAME(series_row, TEXT, source),
        SAME(series_row, TEXT, version), SAME(series_row, INT, requests),
        SAME(series_row, INT, failed), SAME(series_row, REAL, p50_ms),
        SAME(series_row, REAL, p95_ms), SAME(series_row, REAL, p99_ms) } },
    { TABLE(events, event_row, 6), .columns = {
        TIME(event_row), SAME(event_row, TEXT, type),
        SAME(event_row, TEXT, reason),
        COLUMN(event_row, TEXT, "namespace", space),
        SAME(event_row, TEXT, object), SAME(event_row, TEXT, message) } },
    { TABLE(views, view_row, 6), .columns = {
        TIME(view_row), COLUMN(view_row, TEXT, "namespace", space),
        SAME(view_row, TEXT, pod), SAME(view_row, VIEW, view),
        SAME(view_row, TEXT, service), SAME(view_row, TEXT, node) } },
    { TABLE(failures, failure_row, 6), .columns = {
        TIME(failure_row), SAME(failure_row, TEXT, source),
        SAME(failure_row, INT, request), SAME(failure_row, TEXT, version),
        SAME(failure_row, TEXT, pod), SAME(failure_row, TEXT, cause) } },
};

const struct row_table *row_table_find(const char *name)
{
    for (size_t i = 0; i < ROW_TABLES; i++)
        if (strcmp(row_tables[i].name, name) == 0)
            return &row_tables[i];
    return NULL;
}

const char *row_csv_name(const struct row_column *c)
{
    return c->cell == ROW_TIME ? "time_s" : c->name;
}

size_t rows_of(const struct record *r, const struct row_table *t,
               const char **first)
{
    VEC(char) list;             /* whatever its items are */

    memcpy(&list, (const char *)r + t->list, sizeof(list));
    *first = list.items;
    return list.len;
}

/* What a cell says, in its widest type; false: undefined. */
struct cell_value {
    bool defined;
    int64_t integer;
    double real;
    const char *text;
};

static struct cell_value read_cell(const struct row_column *c,
                                   const void *row, sim_time warmup)
{
    const char *at = (const char *)row + c->offset;
    struct cell_value x = { .defined = true };
    int narrow;
    enum view view;

    switch (c->cell) {
    case ROW_TEXT:
        memcpy(&x.text, at, sizeof(x.text));
        x.defined = x.text != NULL;
        break;
    case ROW_VIEW:
        memcpy(&view, at, sizeof(view));
        x.text = view_names[view];
        break;
    case ROW_REAL:
        memcpy(&x.real, at, sizeof(x.real));
        break;
    case ROW_COUNT32:
        memcpy(&narrow, at, sizeof(narrow));
        x.integer = narrow;
        x.defined = narrow >= 0;
        break;
    case ROW_TIME:
    case ROW_INT:
    case ROW_COUNT:
        memcpy(&x.integer, at, sizeof(x.integer));
        x.defined = c->cell != ROW_COUNT || x.integer >= 0;
        x.integer -= c->cell == ROW_TIME ? warmup : 0;
        break;
    }
    return x;
}

void row_put_csv(struct csv_out *out, const struct row_table *t,
                 const void *row, sim_time warmup)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct row_column *c = &t->columns[i];
        struct cell_value x = read_cell(c, row, warmup);

        if (!x.defined)
            csv_empty(out);
        else if (row_store_type(c->cell) == STORE_TEXT)
            csv_text(out, x.text);
        else if (c->cell == ROW_REAL)
            csv_real(out, x.real);
        else if (c->cell == ROW_TIME)
            csv_seconds(out, x.integer);
        else
            csv_int(out, x.integer);
    }
}

void row_values(union store_value *out, const struct row_table *t,
                const void *row, sim_time warmup)
{
    for (size_t i = 0; i < t->n; i++) {
        struct cell_value x = read_cell(&t->columns[i], row, warmup);

        switch (row_store_type(t->columns[i].cell)) {
        case STORE_TEXT:
            out[i].text = x.text;
            break;
        case STORE_REAL:
            out[i].real = x.real;
            break;
        case STORE_INTEGER:
            out[i].integer = x.defined ? x.integer : STORE_NONE;
            break;
        }
    }
}

enum store_type row_store_type(enum row_cell cell)
{
    return cell == ROW_TEXT || cell == ROW_VIEW ? STORE_TEXT
           : cell == ROW_REAL ? STORE_REAL : STORE_INTEGER;
}
