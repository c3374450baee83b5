/*
 * runs_diff.h - what changed between two cells of a results file.
 */
#ifndef APP_RUNS_DIFF_H
#define APP_RUNS_DIFF_H
#include "app/results.h"

/* Print, as a table or (app->o.json) as JSON, in what y was asked differently
 * from x and in which metrics it came out differently. */
enum sim_code runs_diff(struct app *app, const struct results *r,
                        const struct result_cell *x,
                        const struct result_cell *y);

#endif
