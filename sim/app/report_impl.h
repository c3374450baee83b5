/*
 * report_impl.h - the parts of the tables for people, to each other.
 *
 *   report.c          means, promises, title and notes
 *   report_compare.c  differences and verdicts
 *   report_sweep.c    a table of cells, and what parameters do
 *   report_optimum.c  finalists, and the front of risk, time and cost
 */
#ifndef APP_REPORT_IMPL_H
#define APP_REPORT_IMPL_H
#include "app/report.h"

/* x with so many decimals; never "-0". */
const char *report_number(struct arena *a, double x, int decimals);

/* "9.9 s [8.4, 12.8]", in the metric's unit; without bounds that are not
 * finite. */
const char *report_interval(struct arena *a, struct interval i, enum metric m);

/* What a summary says, in a table (brief: in one of many columns); a verdict as
 * a glyph or a word. */
const char *report_cell(struct arena *a, const struct summary *s,
                        enum metric m, bool brief);
const char *report_sign(const struct app *app, enum verdict d);

/* The same of a difference: "+21.2 s [17.6, 29.3]". */
const char *report_difference(struct arena *a, struct interval i,
                              enum metric m);

/* The first lines; n replications, 0: not said. */
void report_title(struct app *app, const struct scenario *s, size_t n);

/* The metrics that a scenario makes demands on; out has room for all. */
size_t report_demanded(const struct scenario *s, enum metric *out);

/* The cells that the API server refuses, a line each. */
void report_refused(struct app *app, const struct scenario *s);

void report_promises(struct app *app, const struct experiment *e);
/* The means of n metrics (0: the usual ones) and the happenings. */
void report_means(struct app *app, const struct experiment *e,
                  const enum metric *metrics, size_t n);
void report_notes(struct app *app, const struct experiment *e);

#endif
