/*
 * sweep.h - the cells that the options of sweep, optimize and plot name.
 */
#ifndef APP_SWEEP_H
#define APP_SWEEP_H
#include "app/scenario.h"

/* A vary_fn (app/execute.h): every strategy in the cells of --design and
 * --points. */
enum exit_code sweep_vary(struct app *app, const struct scenario *s,
                          struct scenario *out);

#endif
