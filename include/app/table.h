/*
 * table.h - texts in columns, and sentences in lines, for people.
 */
#ifndef APP_TABLE_H
#define APP_TABLE_H
#include <stdio.h>
#include "base/arena.h"

#define TABLE_WIDTH 100         /* places of a line */

struct table {
    struct arena *arena;
    size_t columns, rows;       /* rows: finished ones; count up after each */
    const char **cells;         /* row by row; column 0 is the label */
    int *width;
};

/* Room for so many columns and rows, in a. */
struct table table_new(struct arena *a, size_t columns, size_t rows);

/* Set a cell of the row under way. */
void table_put(struct table *t, size_t column, const char *text);

/* Print the finished rows; columns that do not fit go below, with the labels
 * again.  An empty line follows each part. */
void table_print(const struct table *t, FILE *out);

/* Append blanks to text up to so many columns, in a. */
const char *table_pad(struct arena *a, const char *text, int width);

/* "downtime, latency_p99 and peak_pods", in a; n > 0. */
const char *names_text(struct arena *a, const char *const *names, size_t n);

/* Print words, filled into lines; all but the first line are indented. */
void print_filled(FILE *out, const char *text, int indent);

#endif
