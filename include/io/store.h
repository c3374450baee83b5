/*
 * store.h - results in one SQLite file, keyed by content.
 *
 * A cell is what was simulated: scenario, strategy, parameters, seed and the
 * version of the models.  A replication is (cell, index) and depends on
 * nothing else, so it is computed once, anywhere: running again adds only what
 * is missing, and shards merge exactly once.  Everything of a replication is
 * written in one transaction: a process that is killed leaves whole
 * replications or none.
 *
 * Tables: scenario, invocation, cell, replication, metric_def, metric, one for
 * each store_table of recorded rows; view metrics_long.  NULL means undefined
 * in this replication; NaN and infinities are stored as NULL.  64-bit seeds
 * and hashes are hexadecimal text, because SQLite's integers are signed.
 *
 * A store is used by one thread at a time: the one writer, which others feed.
 * Several processes may write one file at once.  Messages go to the err_list
 * of store_open; SIM_SYSTEM means that the file cannot be read or written,
 * SIM_INVALID that it is not what it should be.
 */
#ifndef IO_STORE_H
#define IO_STORE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

struct store;

enum store_mode {
    STORE_READ,                 /* it must exist */
    STORE_WRITE,                /* it is made if it does not */
};

/* Open path.  Journal: WAL, or DELETE on a network file system, where WAL
 * does not work.  The store lives in a; close it with store_close. */
enum sim_code store_open(struct arena *a, const char *path,
                         enum store_mode mode, struct store **out,
                         struct err_list *errors);

/* Fold the journal into the file, so that one plain file remains, and close.
 * NULL is allowed. */
enum sim_code store_close(struct store *s);

/* ---- provenance ---- */

struct store_scenario {
    const char *key;            /* key_of canonical */
    const char *name, *path;    /* path may be NULL */
    const char *text;           /* as the user wrote it */
    const char *canonical;      /* resolved JSON: sorted keys, data by key */
};

struct store_invocation {
    const char *id;             /* unique: the caller's choice */
    const char *started_utc;    /* "2026-07-01T12:00:00Z" */
    const char *host, *argv_json, *tool_version, *build;    /* host, build may
                                                             * be NULL */
    int64_t model_version;
};

/* Remember a scenario; one with the same key is left as it is. */
enum sim_code store_put_scenario(struct store *s,
                                 const struct store_scenario *x);

/* Remember who wrote what follows: replications refer to it. */
enum sim_code store_begin(struct store *s, const struct store_invocation *x);

/* Note the end of that invocation. */
enum sim_code store_end(struct store *s, const char *ended_utc,
                        int exit_code);

/* ---- what is measured ---- */

struct store_metric {
    const char *name, *unit;
    const char *better;         /* "lower", "higher" or "none" */
    const char *help;
};

/* The metrics of the replications that follow: n of them, in the order of
 * their values.  SIM_INVALID if the file has one in another unit. */
enum sim_code store_metrics(struct store *s, const struct store_metric *table,
                            size_t n);

enum store_type { STORE_INTEGER, STORE_REAL, STORE_TEXT };

struct store_column {
    const char *name;
    enum store_type type;
};

/* Rows kept of recorded replications: "events", "pods", "series", ... */
struct store_table {
    const char *name;
    const struct store_column *columns;
    size_t len;
};

/* The tables of recorded rows, which are made if they are not there; in the
 * file each has cell_id, rep and seq (0, 1, ...) before its columns.
 * SIM_INVALID if the file has such a table with other columns. */
enum sim_code store_tables(struct store *s, const struct store_table *table,
                           size_t n);

/* ---- cells and replications ---- */

struct store_cell {
    const char *scenario_key, *strategy;
    const char *params_json;    /* "{}" if nothing is varied; sorted keys */
    uint64_t seed;
    int64_t model_version;
    const char *strategy_json;  /* its block as written; NULL: "{}" */
    const char *content_key;    /* key_of all that was simulated; NULL: "" */
};

/* Find the cell, or make it; sets *id, its number in this file. */
enum sim_code store_cell(struct store *s, const struct store_cell *x,
                         int64_t *id);

/* Set have[r] for r < n: is replication r of the cell in the file? */
enum sim_code store_have(struct store *s, int64_t cell, size_t n, bool *have);

/* Set recorded[r] for r < n: has replication r of the cell recorded rows?
 * After store_tables. */
enum sim_code store_have_rows(struct store *s, int64_t cell, size_t n,
                              bool *recorded);

/* Delete a cell and all its replications. */
enum sim_code store_remove(struct store *s, int64_t cell);

enum store_status { STORE_OK, STORE_TIMEOUT, STORE_ERROR };

#define STORE_NONE INT64_MIN    /* an integer that is undefined */

union store_value {
    int64_t integer;            /* STORE_NONE: NULL */
    double real;                /* not finite: NULL */
    const char *text;           /* NULL: NULL */
};

/* Rows for one table: n times its columns, row by row. */
struct store_rows {
    size_t table;               /* index into store_tables */
    size_t n;
    const union store_value *values;
};

struct store_replication {
    int64_t cell;
    int64_t rep;                /* from 0 */
    enum store_status status;
    double sim_seconds;
    int64_t events, wall_us;
    uint64_t trace_hash;
    const double *values;       /* one per metric of store_metrics */
    const struct store_rows *rows;
    size_t tables;              /* entries of rows; 0: not recorded */
};

#define STORE_BATCH 200         /* replications that make a good transaction */
#define STORE_BATCH_NS INT64_C(200000000)   /* or what came in this time */

/* Write n replications in one transaction; waits up to 10 s for another
 * writer.  One that is there already is left as it is, but gets recorded rows
 * that it lacks; if its trace hash differs, that is a fault (SIM_SYSTEM), but
 * the others are written.  Nothing is written if anything else fails. */
enum sim_code store_write(struct store *s, const struct store_replication *x,
                          size_t n);

/* ---- shards ---- */

struct store_merged {
    int64_t added, present;     /* replications of the shard: new; not new */
};

/* Add what s lacks from the file at path, which is checked first.  Refused
 * whole (SIM_SYSTEM) if a replication is in both with different trace hashes,
 * SIM_INVALID if the file is damaged or of another kind.  keep
 * false: only say what would be added. */
enum sim_code store_merge(struct store *s, const char *path, bool keep,
                          struct store_merged *out);

/* ---- reading ---- */

struct store_query;

/* Begin to read.  sql is the program's own; values that come from users are
 * bound: ?1 is the first.  Never NULL; a fault is reported by query_end. */
struct store_query *store_query(struct store *s, const char *sql);
void query_bind_integer(struct store_query *q, int place, int64_t x);
/* x is copied. */
void query_bind_text(struct store_query *q, int place, const char *x);

/* Step to the first or next row; false after the last, or on a fault. */
bool query_next(struct store_query *q);

/* Columns of the row, from 0.  NULL reads as STORE_NONE, NaN, NULL; text is
 * valid until the next call. */
int64_t query_integer(struct store_query *q, int column);
double query_real(struct store_query *q, int column);   /* exact, not by text */
const char *query_text(struct store_query *q, int column);

/* Done; always to be called.  SIM_SYSTEM if anything went wrong. */
enum sim_code query_end(struct store_query *q);

#endif
