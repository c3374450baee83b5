/*
 * csv.h - tables as text: RFC 4180 with LF, written as they come, read whole.
 *
 * UTF-8, a header, "." decimals, quotes only where they are needed, an empty
 * field for what is undefined.  The reader also takes CR LF and skips empty
 * lines and lines that begin with '#'.
 */
#ifndef IO_CSV_H
#define IO_CSV_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "io/file.h"

/* ---- writing ---- */

struct csv_out {
    FILE *stream;               /* borrowed, or that of file */
    struct file_out file;
    size_t columns;             /* of every row */
    size_t field;               /* of the row being written */
};

/* Write on stream, beginning with the n column names. */
void csv_start(struct csv_out *c, FILE *stream, const char *const *columns,
               size_t n);

/* The same into the file path, which appears, or replaces the old one, when
 * csv_close succeeds.  SIM_SYSTEM if it cannot be opened. */
enum sim_code csv_create(struct csv_out *c, struct arena *a, const char *path,
                         const char *const *columns, size_t n,
                         struct err_list *errors);

/* Write a field: a text; NULL is an empty field, that is, undefined. */
void csv_text(struct csv_out *c, const char *text);

/* Write a field: a whole number. */
void csv_int(struct csv_out *c, int64_t x);

/* Write a field: the shortest text that reads back as x; NaN and infinities
 * are empty fields. */
void csv_real(struct csv_out *c, double x);

/* Write a field: ns in seconds, exactly ("1.5", "-0.000000001"). */
void csv_seconds(struct csv_out *c, int64_t ns);

/* Write an empty field: undefined. */
void csv_empty(struct csv_out *c);

/* End the row.  A row with more or fewer fields than columns is a BUG. */
void csv_row(struct csv_out *c);

/* Put the file of csv_create in place; SIM_SYSTEM, and no file, if anything
 * could not be written. */
enum sim_code csv_close(struct csv_out *c, struct err_list *errors);

/* Close and forget it. */
void csv_abandon(struct csv_out *c);

/* ---- reading ---- */

struct csv_field {
    const char *text;
    int line, column;           /* of its first character or quote */
};

struct csv_table {
    const struct source *source;
    size_t columns;             /* fields of every row */
    const char *const *names;   /* of the columns; NULL if read without */
    size_t len;                 /* rows */
    VEC(struct csv_field) fields;   /* row by row */
};

/* Read text as a table whose first row is a header, or not.  Everything lives
 * in a.  SIM_INVALID if there is no row, a row has another number of fields
 * than the first, a quote is not closed, or a column name comes twice. */
enum sim_code csv_read(struct arena *a, const char *name, const char *text,
                       size_t len, bool header, struct csv_table *out,
                       struct err_list *errors);

/* The same from a file, or from standard input if path is "-".  at: where
 * path was written; may be NULL. */
enum sim_code csv_read_file(struct arena *a, const char *path, bool header,
                            const struct mark *at, struct csv_table *out,
                            struct err_list *errors);

/* The index of the column called name, or -1. */
int csv_column(const struct csv_table *t, const char *name);

/* The text of a field; row 0 is the first after the header.  Out of range is
 * a BUG. */
const char *csv_get(const struct csv_table *t, size_t row, size_t column);

/* The place of that field, for messages. */
struct mark csv_mark(const struct csv_table *t, size_t row, size_t column);

#endif
