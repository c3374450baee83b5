/*
 * store_write.c - replications go in, whole or not at all.
 *
 * The row of `replication` is the claim: whoever inserts it first also writes
 * the metrics and the recorded rows, in the same transaction.  So what they
 * refer to is there, and SQLite need not look for it at each row, which would
 * take as long again as writing it.
 */
#include "store_impl.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/bug.h"
#include "base/text.h"

static const char *const type_names[] = {"INTEGER", "REAL", "TEXT"};
static const char *const status_names[] = {"ok", "timeout", "error"};

/* ---- what is measured ---- */

/* Remember one metric and set *id. */
static enum sim_code define_metric(struct store *s,
                                   const struct store_metric *m, int64_t *id)
{
    struct store_query *q;
    const char *unit = NULL;
    bool same;

    q = store_query(s, "INSERT INTO metric_def(name, unit, better, help)"
                    " VALUES(?1,?2,?3,?4) ON CONFLICT(name) DO UPDATE SET"
                    " help = excluded.help RETURNING metric_id, unit");
    query_bind_text(q, 1, m->name);
    query_bind_text(q, 2, m->unit);
    query_bind_text(q, 3, m->better);
    query_bind_text(q, 4, m->help);
    if (query_next(q)) {
        *id = query_integer(q, 0);
        unit = arena_strdup(s->arena, query_text(q, 1));
        while (query_next(q))
            continue;
    }
    same = unit == NULL || strcmp(unit, m->unit) == 0;
    if (!same)
        err_error(s->errors, NULL, "\"%s\" has %s in \"%s\", not in \"%s\"",
                  s->path, m->name, unit, m->unit);
    return query_end(q) != SIM_OK ? SIM_SYSTEM : same ? SIM_OK : SIM_INVALID;
}

enum sim_code store_metrics(struct store *s, const struct store_metric *table,
                            size_t n)
{
    enum sim_code code = store_transaction(s);

    if (code != SIM_OK)
        return code;
    s->metric_ids = arena_many(s->arena, int64_t, n);
    s->metrics = n;
    for (size_t i = 0; i < n && code == SIM_OK; i++)
        code = define_metric(s, &table[i], &s->metric_ids[i]);
    return store_commit(s, code);
}

/* Append name as an identifier of SQL. */
static void put_name(struct buf *b, const char *name)
{
    buf_putc(b, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"')
            buf_putc(b, '"');
        buf_putc(b, *name);
    }
    buf_putc(b, '"');
}

/* Does the table in the file have just these columns after its key?  -1: there
 * is no such table. */
static int same_columns(struct store *s, const struct store_table *t)
{
    struct store_query *q = store_query(s,
        "SELECT name, type FROM pragma_table_info(?1, 'main')"
        " WHERE name NOT IN ('cell_id', 'rep', 'seq') ORDER BY cid");
    size_t i = 0;
    bool same = true, any = false;

    query_bind_text(q, 1, t->name);
    for (; query_next(q); i++) {
        any = true;
        same = same && i < t->len
               && strcmp(query_text(q, 0), t->columns[i].name) == 0
               && strcmp(query_text(q, 1),
                         type_names[t->columns[i].type]) == 0;
    }
    query_end(q);
    return any ? same && i == t->len : -1;
}

enum sim_code store_make_table(struct store *s, const struct store_table *t)
{
    struct buf b = {0};
    enum sim_code code;
    int same = same_columns(s, t);

    if (same == 0) {
        err_error(s->errors, NULL, "\"%s\" has a table \"%s\" with other "
                  "columns: it was written by another version", s->path,
                  t->name);
        return SIM_INVALID;
    }
    if (same > 0)
        return SIM_OK;
    buf_puts(&b, "CREATE TABLE main.");
    put_name(&b, t->name);
    buf_puts(&b, "(cell_id INTEGER NOT NULL, rep INTEGER NOT NULL,"
                 " seq INTEGER NOT NULL");
    for (size_t i = 0; i < t->len; i++) {
        buf_puts(&b, ", ");
        put_name(&b, t->columns[i].name);
        buf_printf(&b, " %s", type_names[t->columns[i].type]);
    }
    buf_puts(&b, ", PRIMARY KEY(cell_id, rep, seq), FOREIGN KEY(cell_id, rep)"
                 " REFERENCES replication ON DELETE CASCADE)"
                 " STRICT, WITHOUT ROWID");
    code = store_run(s, b.text);
    buf_free(&b);
    return code;
}

static sqlite3_stmt *prepare_row(struct store *s, const struct store_table *t)
{
    struct buf b = {0};
    sqlite3_stmt *st;

    buf_puts(&b, "INSERT INTO ");
    put_name(&b, t->name);
    buf_puts(&b, " VALUES(?,?,?");
    for (size_t i = 0; i < t->len; i++)
        buf_puts(&b, ",?");
    buf_puts(&b, ")");
    st = store_prepare(s, b.text);
    buf_free(&b);
    return st;
}

enum sim_code store_tables(struct store *s, const struct store_table *table,
                           size_t n)
{
    enum sim_code code = store_transaction(s);

    CHECK(s->len == 0);
    if (code != SIM_OK)
        return code;
    for (size_t i = 0; i < n && code == SIM_OK; i++)
        code = store_make_table(s, &table[i]);
    code = store_commit(s, code);
    s->tables = table;
    s->put_row = arena_many(s->arena, sqlite3_stmt *, n);
    for (; s->len < n && code == SIM_OK; s->len++)
        if ((s->put_row[s->len] = prepare_row(s, &table[s->len])) == NULL)
            return SIM_SYSTEM;
    return code;
}

/* ---- replications ---- */

static void bind_real(sqlite3_stmt *st, int place, double x)
{
    if (isfinite(x))
        sqlite3_bind_double(st, place, x);
    else
        sqlite3_bind_null(st, place);
}

static void bind_value(sqlite3_stmt *st, int place, enum store_type type,
                       union store_value x)
{
    if (type == STORE_REAL)
        bind_real(st, place, x.real);
    else if (type == STORE_TEXT)
        sqlite3_bind_text(st, place, x.text, -1, SQLITE_STATIC);
    else if (x.integer == STORE_NONE)
        sqlite3_bind_null(st, place);
    else
        sqlite3_bind_int64(st, place, x.integer);
}

/* One statement for all metrics of a replication: half of the time of a row by
 * itself would go into starting and ending its statement. */
static sqlite3_stmt *prepare_metrics(struct store *s)
{
    struct buf b = {0};
    sqlite3_stmt *st;

    buf_puts(&b, "INSERT INTO metric VALUES");
    for (size_t i = 0; i < s->metrics; i++)
        buf_printf(&b, "%s(?1,?2,%" PRId64 ",?%zu)", i ? "," : "",
                   s->metric_ids[i], i + 3);
    st = store_prepare(s, b.text);
    buf_free(&b);
    return st;
}

static enum sim_code prepare_writing(struct store *s)
{
    if (s->put_replication != NULL)
        return SIM_OK;
    s->put_replication = store_prepare(s, "INSERT INTO replication VALUES"
                                       "(?,?,?,?,?,?,?,?)"
                                       " ON CONFLICT DO NOTHING");
    s->get_hash = store_prepare(s, "SELECT trace_hash IS NOT ?3"
                                " FROM replication"
                                " WHERE cell_id = ?1 AND rep = ?2");
    s->get_cell = store_prepare(s, "SELECT 1 FROM cell WHERE cell_id = ?1");
    s->put_metrics = s->metrics > 0 ? prepare_metrics(s) : NULL;
    return s->put_replication != NULL && s->get_hash != NULL
           && s->get_cell != NULL && (s->metrics == 0 || s->put_metrics != NULL) ? SIM_OK
                                                          : SIM_SYSTEM;
}

/* Is the cell of x there? */
static enum sim_code find_cell(struct store *s,
                               const struct store_replication *x)
{
    bool there = s->cell == x->cell;

    if (!there) {
        sqlite3_bind_int64(s->get_cell, 1, x->cell);
        there = sqlite3_step(s->get_cell) == SQLITE_ROW;
        sqlite3_reset(s->get_cell);
    }
    if (there) {
        s->cell = x->cell;
        return SIM_OK;
    }
    err_error(s->errors, NULL, "\"%s\" has no cell %" PRId64 " any more",
              s->path, x->cell);
    return SIM_SYSTEM;
}

/* Insert the row of `replication`; *ours: it was not there before. */
static enum sim_code claim(struct store *s, const struct store_replication *x,
                           const char *hash, bool *ours)
{
    sqlite3_stmt *st = s->put_replication;
    enum sim_code code;

    sqlite3_bind_int64(st, 1, x->cell);
    sqlite3_bind_int64(st, 2, x->rep);
    sqlite3_bind_text(st, 3, status_names[x->status], -1, SQLITE_STATIC);
    bind_real(st, 4, x->sim_seconds);
    sqlite3_bind_int64(st, 5, x->events);
    sqlite3_bind_int64(st, 6, x->wall_us);
    sqlite3_bind_text(st, 7, hash, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 8, s->invocation, -1, SQLITE_STATIC);
    code = store_step(s, st);
    *ours = code == SIM_OK && sqlite3_changes(s->db) > 0;
    return code;
}

/* Was the replication that is there already another one?  Then report it. */
static bool is_conflict(struct store *s, const struct store_replication *x,
                        const char *hash)
{
    sqlite3_stmt *st = s->get_hash;
    bool conflict;

    sqlite3_bind_int64(st, 1, x->cell);
    sqlite3_bind_int64(st, 2, x->rep);
    sqlite3_bind_text(st, 3, hash, -1, SQLITE_STATIC);
    conflict = sqlite3_step(st) == SQLITE_ROW
               && sqlite3_column_int(st, 0) != 0;
    sqlite3_reset(st);
    if (conflict)
        err_error(s->errors, NULL, "replication %" PRId64 " of cell %" PRId64
                  " is in \"%s\" with another trace hash: it was computed "
                  "differently", x->rep, x->cell, s->path);
    return conflict;
}

static enum sim_code put_metrics(struct store *s,
                                 const struct store_replication *x)
{
    if (s->metrics == 0)
        return SIM_OK;
    sqlite3_bind_int64(s->put_metrics, 1, x->cell);
    sqlite3_bind_int64(s->put_metrics, 2, x->rep);
    for (size_t i = 0; i < s->metrics; i++)
        bind_real(s->put_metrics, (int)i + 3, x->values[i]);
    return store_step(s, s->put_metrics);
}

static enum sim_code put_rows(struct store *s,
                              const struct store_replication *x,
                              const struct store_rows *rows)
{
    const struct store_table *t = &s->tables[rows->table];
    sqlite3_stmt *st = s->put_row[rows->table];
    enum sim_code code = SIM_OK;

    CHECK(rows->table < s->len);
    for (size_t i = 0; i < rows->n && code == SIM_OK; i++) {
        sqlite3_bind_int64(st, 1, x->cell);
        sqlite3_bind_int64(st, 2, x->rep);
        sqlite3_bind_int64(st, 3, (int64_t)i);
        for (size_t c = 0; c < t->len; c++)
            bind_value(st, (int)c + 4, t->columns[c].type,
                       rows->values[i * t->len + c]);
        code = store_step(s, st);
    }
    return code;
}

static enum sim_code put_tables(struct store *s,
                                const struct store_replication *x)
{
    enum sim_code code = SIM_OK;

    for (size_t i = 0; i < x->tables && code == SIM_OK; i++)
        code = put_rows(s, x, &x->rows[i]);
    return code;
}

/* Rows of a replication that is there: they go in if it has none yet. */
static enum sim_code add_rows(struct store *s,
                              const struct store_replication *x)
{
    bool *recorded;
    enum sim_code code;

    if (x->tables == 0)
        return SIM_OK;
    recorded = arena_many(s->arena, bool, (size_t)x->rep + 1);
    code = store_have_rows(s, x->cell, (size_t)x->rep + 1, recorded);
    return code != SIM_OK || recorded[x->rep] ? code : put_tables(s, x);
}

static enum sim_code put_replication(struct store *s,
                                     const struct store_replication *x,
                                     int *conflicts)
{
    char hash[17];
    bool ours;
    enum sim_code code;

    snprintf(hash, sizeof hash, "%016" PRIx64, x->trace_hash);
    code = find_cell(s, x);
    if (code == SIM_OK)
        code = claim(s, x, hash, &ours);
    if (code != SIM_OK)
        return code;
    if (!ours) {
        bool conflict = is_conflict(s, x, hash);

        *conflicts += conflict;
        return conflict ? SIM_OK : add_rows(s, x);
    }
    code = put_metrics(s, x);
    return code == SIM_OK ? put_tables(s, x) : code;
}

/* The batch in one transaction. */
static enum sim_code write_batch(struct store *s,
                                 const struct store_replication *x, size_t n)
{
    enum sim_code code = store_transaction(s);
    int conflicts = 0;

    if (code != SIM_OK)
        return code;
    s->cell = STORE_NONE;       /* somebody may have removed it meanwhile */
    for (size_t i = 0; i < n && code == SIM_OK; i++)
        code = put_replication(s, &x[i], &conflicts);
    code = store_commit(s, code);
    return code == SIM_OK && conflicts > 0 ? SIM_SYSTEM : code;
}

enum sim_code store_write(struct store *s, const struct store_replication *x,
                          size_t n)
{
    enum sim_code code = prepare_writing(s);

    if (code == SIM_OK)
        code = store_references(s, false);
    return code == SIM_OK ? write_batch(s, x, n) : code;
}
