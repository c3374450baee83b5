/*
 * law_impl.h - what dist.c and the laws share.
 *
 * A law is one row: its name, its parameters and the functions that parse,
 * draw, average and print it.  ORDER LAW: dist.c lists the rows in the order
 * of enum dist_law.
 */
#ifndef KERNEL_LAW_IMPL_H
#define KERNEL_LAW_IMPL_H
#include <stdbool.h>
#include <stdio.h>
#include "base/field.h"
#include "base/text.h"
#include "kernel/dist.h"

struct law {
    const char *name;
    const struct field *fields; /* NULL: the law is not written as a map */
    bool (*parse)(struct binder *b, const struct law *law,
                  const struct value *v, struct dist *d);
    double (*at)(const struct dist *d, double u);
    double (*mean)(const struct dist *d);
    void (*put)(struct buf *out, const struct dist *d);
    void (*schema)(FILE *out);  /* NULL: that of fields */
};

extern const struct law law_constant, law_exponential, law_lognormal,
    law_gamma, law_weibull, law_pareto, law_uniform, law_triangular,
    law_never;

/* dist_at by the formula. */
sim_time law_at(const struct dist *d, double u);

/* Report a fault at v; returns false. */
bool law_wrong(struct binder *b, const struct value *v, const char *text);

/* The durations of list v, in seconds and in the arena; NULL after a
 * fault. */
double *law_times(struct binder *b, const struct value *v);

/* A duration, and a number of at most twelve digits, so that what comes from
 * a formula reads as it was written. */
void law_put_seconds(struct buf *out, double s);
void law_put_number(struct buf *out, double x);

/* The value of table at a fractional place, by straight lines. */
double law_between(const double *table, double place);

/* JSON Schema of a duration or `never`. */
void law_scalar_schema(FILE *out);

#endif
