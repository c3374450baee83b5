/*
 * sweep.h - the cells that the options of sweep and optimize name.
 */
#ifndef APP_SWEEP_H
#define APP_SWEEP_H
#include "app/scenario.h"

/* Are --design and --points valid together?  False after an error. */
bool sweep_options_fit(struct app *app);

/* The two parameters of --axes; s->nparameters twice if it is not given.
 * False after an error. */
bool sweep_axes(struct app *app, const struct scenario *s, size_t axes[2]);

/* A vary_fn (app/execute.h): every strategy in the cells of --design and
 * --points. */
enum exit_code sweep_vary(struct app *app, const struct scenario *s,
                          struct scenario *out);

#endif
