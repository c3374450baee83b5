/*
 * axis.h - an axis of a metric, and how its values are written.
 *
 * A figure places its marks with axis_place and gives its script the places
 * and texts of the ticks, so that script and drawing know nothing of scales.
 */
#ifndef APP_AXIS_H
#define APP_AXIS_H
#include "app/figure.h"

#define AXIS_TICKS 12

struct axis {
    enum metric metric;
    double low, high;           /* ends, in the metric's unit */
    bool log;
    size_t n;                   /* ticks */
    double at[AXIS_TICKS];      /* their places */
    const char *says[AXIS_TICKS];
};

/* An axis over low..high (widened a little; any order of finite numbers),
 * about `ticks` round ticks.  log: by the logarithm of 1 + x if low is 0 and of
 * x if it is above; never below 0. */
struct axis axis_of(struct arena *a, enum metric m, double low, double high,
                    bool log, int ticks);

/* Where x is along it: 0..1 between its ends; NaN for NaN. */
double axis_place(const struct axis *x, double value);

/* The ticks as variables of a script: <name>N, <name>AT1, <name>SAYS1, ... */
void axis_put(struct figure *g, const char *name, const struct axis *x);

/* "downtime, s", "rollout seconds": a metric as the title of an axis. */
const char *metric_title(struct arena *a, enum metric m);

/* A value without unit, three digits or so: "0.42", "37.1", "1230". */
const char *metric_text(struct arena *a, enum metric m, double x);

/* The same with its unit: "37.1 s". */
const char *metric_said(struct arena *a, enum metric m, double x);

/* The mean of a metric over the replications of a variant with its interval,
 * none (low = high = mean) where too few of them differ for one
 * (stats/summary.h); without what it cannot be below or above. */
struct interval axis_mean(const struct experiment *e, struct arena *a,
                          size_t v, enum metric m);

#endif
