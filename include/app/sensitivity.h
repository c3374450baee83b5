/*
 * sensitivity.h - which parameter of a sweep moves a metric most.
 */
#ifndef APP_SENSITIVITY_H
#define APP_SENSITIVITY_H
#include "app/experiment.h"
#include "stats/sens.h"

struct sensitivity {
    size_t strategy;            /* among those of a cell */
    enum metric metric;
    size_t base;                /* variant from which one parameter is moved;
                                 * SIZE_MAX: the design has none */
    struct swing *swings;       /* of every parameter, the widest first */
    size_t *low, *high;         /* by parameter: the variants at its least and
                                 * greatest value, all else as in the base */
    double *rank;               /* by parameter: coefficients of the rank
                                 * regression over all cells */
    double r2;                  /* of it; NaN: too few cells */
    size_t cells;               /* in it */
};

/* Strategies of a cell. */
size_t sensitivity_strategies(const struct scenario *s);

/* Fill in *out, in a, for one strategy of a finished sweep. */
void sensitivity_of(const struct experiment *e, struct arena *a,
                    size_t strategy, enum metric m, struct sensitivity *out);

/* Does the rank regression over d parameters say anything?  Not if there are
 * too few cells, or the metric is the same in all. */
bool sensitivity_says(const struct sensitivity *x, size_t d);

#endif
