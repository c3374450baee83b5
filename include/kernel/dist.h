/*
 * dist.h - distributions of durations and other positive numbers.
 *
 * One row per law in kernel/dist.c: name, parameters as people measure them
 * (median and p95, mean and cv), inverse transform with one uniform per draw,
 * mean, and text.  Monotone in the uniform, so common random numbers and
 * antithetic pairs work (a mixture: monotone within each part, parts in order
 * of their means).  A draw is rounded once, here: to ns below 1 ms, to us
 * from there on, so that the last bit of a libm seldom matters.
 */
#ifndef KERNEL_DIST_H
#define KERNEL_DIST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/field.h"
#include "kernel/event.h"
#include "kernel/rng.h"

enum dist_law {
    DIST_CONSTANT,              /* a = value, s */
    DIST_EXPONENTIAL,           /* a = mean */
    DIST_LOGNORMAL,             /* a = mu, b = sigma of ln(seconds) */
    DIST_GAMMA,                 /* a = shape, b = scale; table: ln of quantiles
                                 * at scale 1, over logits of u */
    DIST_WEIBULL,               /* a = scale, b = shape */
    DIST_PARETO,                /* a = min, b = shape */
    DIST_UNIFORM,               /* a, b */
    DIST_TRIANGULAR,            /* a, c = mode, b */
    DIST_EMPIRICAL,             /* table: sorted sample, interpolated */
    DIST_MIXTURE,               /* parts with weights */
    DIST_NEVER,
};

/* Seconds, unless the user of it says otherwise.  A value: copy freely; table
 * and parts point into the arena it was parsed in, or to static data. */
struct dist {
    enum dist_law law;
    double a, b, c;
    const double *table;
    size_t len;
    const struct dist *parts;   /* MIXTURE: len parts ... */
    const double *cumulative;   /* ... and their cumulated weights, last 1 */
    sim_time fixed;             /* CONSTANT: a, exactly, in ns */
    const struct quick *quick;  /* see dist_hasten; NULL: none */
};

/* Makers for tables in C.  Arguments are constants in seconds. */
#define DIST_CONST(s_)                                                        \
    { .law = DIST_CONSTANT, .a = (s_), .fixed = (sim_time)((s_) * 1e9 + 0.5) }
struct dist dist_constant(sim_time t);
struct dist dist_exponential(double mean_s);
struct dist dist_lognormal(double median_s, double p95_s);
struct dist dist_never(void);

/* One duration: uses exactly one uniform of s (none if constant or never). */
sim_time dist_draw(const struct dist *d, struct stream *s);

/* Let dist_at use a table from now on, if the law is one that gains from it:
 * some 10 kB, made in about 0.1 ms.  The durations stay the same. */
void dist_hasten(struct arena *a, struct dist *d);

/* The duration at u in (0, 1); and the same as a plain number (seconds). */
sim_time dist_at(const struct dist *d, double u);
double dist_real_at(const struct dist *d, double u);

/* The mean in seconds; infinite for never and heavy tails. */
double dist_mean(const struct dist *d);

/* Field-table type: a duration, `never`, or {law: {parameters}}. */
bool dist_parse(struct binder *b, const struct value *v, void *out);
void dist_schema(FILE *out);
#define FIELD_DIST(st, member, key_, def_, doc_)                              \
    FIELD_CUSTOM(st, member, key_, def_, dist_parse, dist_schema, "s", doc_)

/* The text that dist_parse reads back: "400ms", "{lognormal: {...}}". */
char *dist_format(struct arena *a, const struct dist *d);

#endif
