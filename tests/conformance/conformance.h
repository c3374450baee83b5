/*
 * conformance.h - tables of facts about the real thing, checked row by row.
 *
 * Each table is a CSV file DIR/NAME.csv: `#` lines that say what it is, a
 * header, rows.  Who implements what a table is about adds a checker in
 * tests/conformance/<area>.c, a line CONF_TABLE(id) in tables.list, and takes
 * the table out of later.list.  Other tables of the same form exist (the rows
 * kept for acceptance), so checkers must not depend on particular rows.
 */
#ifndef TESTS_CONFORMANCE_H
#define TESTS_CONFORMANCE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_row {
    const char *const *columns; /* the header */
    const char *const *cells;
    size_t n;                   /* columns */
    size_t ncells;              /* n, or more where a table has a cell with
                                 * commas that is not quoted (cron_next) */
    int line;                   /* in the file, from 1 */
};

/* The cell of this column; "" if there is no such column. */
const char *conf_get(const struct conf_row *row, const char *column);

/* The same as a number; fallback if it is none ("-", "", "inf"). */
int64_t conf_int(const struct conf_row *row, const char *column,
                 int64_t fallback);
double conf_real(const struct conf_row *row, const char *column,
                 double fallback);

/* Write the reason of a failed row to why; returns false, so that a checker
 * may end in `return conf_why(why, room, "got %d", n);`. */
bool conf_why(char *why, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* All tables of the folder, and where check_all reports. */
struct conf_run;

/* The rows of another table; *n = 0 and NULL if it is not there. */
const struct conf_row *conf_rows(const struct conf_run *run, const char *name,
                                 size_t *n);

/* For check_all: this row holds; or it does not, and why. */
void conf_passed(struct conf_run *run);
void conf_failed(struct conf_run *run, const struct conf_row *row,
                 const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Rows of one scenario after the other, named in their column
 * "scenario": check the n of each with its row in the other table.  Rows of a
 * scenario that is not there have failed. */
void conf_scenarios(struct conf_run *run, const struct conf_row *rows,
                    size_t n, const char *table,
                    void (*check)(struct conf_run *run,
                                  const struct conf_row *scenario,
                                  const struct conf_row *rows, size_t n));

/* Exactly one of check, check_all and input_of is set. */
struct conf_table {
    const char *name;           /* of the file, without .csv */
    /* Does the row hold?  If not, why says in what. */
    bool (*check)(const struct conf_row *row, char *why, size_t room);
    /* For tables whose rows belong together: calls conf_passed or conf_failed
     * once for each row (or step) that was checked. */
    void (*check_all)(struct conf_run *run, const struct conf_row *rows,
                      size_t n);
    /* The table is only the input of the check of that other table. */
    const char *input_of;
};

#define CONF_TABLE(id) extern const struct conf_table conf_##id;
#include "tables.list"
#undef CONF_TABLE

#endif
