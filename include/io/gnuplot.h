/*
 * gnuplot.h - drawing a figure by running gnuplot.
 *
 * A figure is a script of ours plus a small one that sets its variables; data
 * stand in files beside it.  gnuplot is started without a shell and without
 * the user's own settings, and is given a minute.  Text of users goes in
 * through gnuplot_text or as data, so it is never executed.
 */
#ifndef IO_GNUPLOT_H
#define IO_GNUPLOT_H
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

/* Append `name = 'text'` to a script, with quotes doubled and control
 * characters left out. */
void gnuplot_text(struct buf *script, const char *name, const char *text);
/* Append `name = x`. */
void gnuplot_real(struct buf *script, const char *name, double x);

/* Run script (a file), which is to make the file output.  SIM_SYSTEM with an
 * error if gnuplot is missing, fails, takes too long, or leaves no or an empty
 * output (which is then removed). */
enum sim_code gnuplot_run(struct arena *a, const char *script,
                          const char *output, struct err_list *errors);

#endif
