/*
 * rows.h - the tables of recorded rows: what a replication leaves behind, as
 * CSV files and the results file have it.
 *
 * One description per table serves the CSV writer, the writer of the results
 * file and the export from it, so that the three cannot differ.
 */
#ifndef APP_ROWS_H
#define APP_ROWS_H
#include "io/csv.h"
#include "io/store.h"
#include "models/record.h"

enum row_cell {
    ROW_TIME,                   /* sim_time: ns since the end of the warm-up;
                                 * CSV: seconds, "_s" for "_ns" */
    ROW_TEXT,                   /* const char * */
    ROW_INT,                    /* int64_t */
    ROW_COUNT,                  /* int64_t, negative: undefined */
    ROW_COUNT32,                /* int, negative: undefined */
    ROW_REAL,                   /* double, NaN: undefined */
    ROW_VIEW,                   /* enum view, by its name */
};

struct row_column {
    const char *name;           /* in the results file */
    enum row_cell cell;
    size_t offset;              /* in the row's struct */
};

#define ROW_COLUMNS_MAX 11

struct row_table {
    const char *name;           /* "timeline": timeline.csv */
    size_t list;                /* offset of its VEC in struct record */
    size_t size;                /* of a row */
    size_t n;                   /* columns */
    struct row_column columns[ROW_COLUMNS_MAX];
};

enum { ROW_TABLES = 6 };
extern const struct row_table row_tables[ROW_TABLES];

/* The table called name, NULL if none. */
const struct row_table *row_table_find(const char *name);

/* The name of a column in CSV files: "time_s" for "time_ns". */
const char *row_csv_name(const struct row_column *c);

/* How many rows r has of table t; sets *first to them. */
size_t rows_of(const struct record *r, const struct row_table *t,
               const char **first);

/* The columns of t in a row, as CSV fields; or as values of the store. */
void row_put_csv(struct csv_out *c, const struct row_table *t,
                 const void *row, sim_time warmup);
void row_values(union store_value *out, const struct row_table *t,
                const void *row, sim_time warmup);

/* The type of a column in the store. */
enum store_type row_store_type(enum row_cell cell);

#endif
