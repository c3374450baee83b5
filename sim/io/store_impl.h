/*
 * store_impl.h - what the files of the store share.
 */
#ifndef IO_STORE_IMPL_H
#define IO_STORE_IMPL_H
#include <sqlite3.h>
#include "io/store.h"

#define STORE_APPLICATION_ID 0x6b726f6c     /* "krol", seen by file(1) */
#define STORE_SCHEMA 1                      /* raised when tables change */

struct store {
    struct arena *arena;
    struct err_list *errors;
    const char *path;
    sqlite3 *db;
    sqlite3_stmt *put_replication, *put_metrics, *get_hash, *get_cell;
    int64_t cell;               /* the last one found to be there */
    int64_t *metric_ids;
    size_t metrics;
    const struct store_table *tables;
    sqlite3_stmt **put_row;     /* one per table */
    size_t len;                 /* of tables */
    bool references;            /* are checked */
    const char *invocation;     /* NULL before store_begin */
};

/* Run statements without results or parameters. */
enum sim_code store_run(struct store *s, const char *sql);

/* Compile sql; NULL and a message if that fails. */
sqlite3_stmt *store_prepare(struct store *s, const char *sql);

/* Run a prepared statement to its end, then reset it. */
enum sim_code store_step(struct store *s, sqlite3_stmt *st);

/* Transactions.  store_commit ends one that went well so far (code SIM_OK),
 * else undoes it; returns code, or the fault of the commit. */
enum sim_code store_transaction(struct store *s);
enum sim_code store_commit(struct store *s, enum sim_code code);

/* Let SQLite check references at each row, or not.  Outside a transaction;
 * statements are compiled anew after a change. */
enum sim_code store_references(struct store *s, bool check);

/* The first column of the first row as an integer; fallback if none. */
int64_t store_integer(struct store *s, const char *sql, int64_t fallback);

/* Make a table of recorded rows in database main, unless it is there with
 * just these columns; SIM_INVALID if with others. */
enum sim_code store_make_table(struct store *s, const struct store_table *t);

#endif
