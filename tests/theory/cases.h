/*
 * cases.h - known answers that the simulator must reproduce.
 *
 * A case is one row in a table and one function, which runs the model and
 * reports what it found.  The same tables are run as tests (test_theory.c)
 * and printed by `make validate` (tests/tools/validate.c).
 *
 * Exact answers must match to the last printed digit.  Estimates come from
 * independent replications with fixed seeds; the known answer must lie in
 * their 99.9 % interval, so one honest case in a thousand would fail.
 *
 * To add cases: write cases_x.c with a table that ends with a row of NULLs,
 * declare it below and add it to the list in cases.c.
 */
#ifndef TESTS_CASES_H
#define TESTS_CASES_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "kernel/dist.h"

#define CASE_CHECKS 48          /* most that one case may report */
#define CASE_CONFIDENCE 0.999

struct check {
    const char *quantity;
    double expected, estimate;
    double low, high;           /* what expected must lie in */
    bool met;
};

struct report {
    struct check checks[CASE_CHECKS];
    size_t len;
};

struct theory_case {
    const char *id;             /* "Q1" */
    const char *title;          /* "M/M/1, load 0.9" */
    const char *source;         /* where the answer is from */
    void (*run)(struct report *r);
};

/* got must be expected, give or take tolerance (0: exactly). */
void expect_exact(struct report *r, const char *quantity, double expected,
                  double got, double tolerance);

/* A yes-or-no property. */
void expect_true(struct report *r, const char *quantity, bool holds);

/* expected must lie in the interval for the mean of x[0..n-1], widened on
 * both sides by slack times expected: what the estimator is off by nature. */
void expect_mean(struct report *r, const char *quantity, double expected,
                 const double *x, size_t n, double slack);

/* A law as scenarios write it: "{gamma: {mean: 1s, cv: 2}}".  Tables and parts
 * go into a; a fault is a BUG. */
struct dist case_law(struct arena *a, const char *text);

/* All cases of all tables; *n is their number.  The caller frees the list. */
const struct theory_case **theory_cases(size_t *n);

extern const struct theory_case cases_kernel[];
extern const struct theory_case cases_queueing[];
extern const struct theory_case cases_availability[];
extern const struct theory_case cases_probes[];
extern const struct theory_case cases_requests[];
extern const struct theory_case cases_scenarios[];
extern const struct theory_case cases_releases[];
extern const struct theory_case cases_statistics[];

#endif
