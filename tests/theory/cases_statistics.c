/*
 * cases_statistics.c - what intervals, pairing and tests promise: S1 to S7, and
 * how often intervals cover (I1 to I5).
 *
 * S2 is the simulator's own: two releases that differ in nothing but the mean
 * of a start-up, run as scenarios.  I1 repeats a table of 2000 experiments of
 * 500 resamples each, rounded to two digits, with 400 of ours: both are
 * estimates, so the table's value may lie outside our interval by its own
 * error, 0.015.
 */
#include "cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "app/experiment.h"
#include "base/bug.h"
#include "kernel/rng.h"
#include "stats/pair.h"
#include "stats/stop.h"
#include "stats/trial.h"

#define PURPOSE 9               /* of the streams that cases draw from */

static double normal(struct stream *s)
{
    return gsl_cdf_ugaussian_Pinv(stream_u01(s));
}

/* Lognormal with sigma 1 in a share of the draws, else 0. */
static double downtime(struct stream *s, double share)
{
    double z = normal(s);

    return stream_u01(s) < share ? exp(z) : 0;
}

static bool covers(struct interval i, double truth)
{
    return i.low <= truth && truth <= i.high;
}

static void s1(struct report *r)
{
    enum { EXPERIMENTS = 20000 };
    double *hit = heap_grow(NULL, EXPERIMENTS, sizeof *hit), x[10];
    struct stream s;

    for (uint32_t e = 0; e < EXPERIMENTS; e++) {
        stream_init(&s, 1, PURPOSE, 0, e);
        for (int i = 0; i < 10; i++)
            x[i] = normal(&s);
        hit[e] = covers(ci_mean(x, 10, 0.95), 0);
    }
    expect_mean(r, "coverage", 0.95, hit, EXPERIMENTS, 0);
    free(hit);
}

/* ---- S2: the simulator ----------------------------------------------------- */

enum { LUCKS = 1000 };

/* Downtimes of tests/theory/recreate.yaml with a mean start-up, in a. */
static const double *recreate(struct arena *a, const char *mean)
{
    struct app *app = arena_make(a, struct app);
    struct scenario *s = arena_make(a, struct scenario);
    struct experiment *e = arena_make(a, struct experiment);
    const char *file = "tests/theory/recreate.yaml";
    const char *set = arena_printf(a, "images={\"shop/web:1\": {startup: 0s}, "
                                   "\"shop/web:2\": {startup: {exponential: "
                                   "{mean: %s}}}}", mean);

    *app = (struct app){ .arena = a, .out = stdout, .err = stderr };
    app->o.seed = app->o.jobs = -1;
    app->o.replications = LUCKS;
    app->o.quiet = app->o.no_progress = true;
    err_init(&app->errors, a);
    vec_push(a, &app->o.words, file);
    vec_push(a, &app->o.sets, set);
    if (scenario_load(app, s) != SIM_OK ||
        experiment_run(app, s, NULL, e) != SIM_OK)
        BUG("%s", app->errors.len ? app->errors.items[0].text : "interrupted");
    return experiment_series(e, a, 0, METRIC_DOWNTIME);
}

/* The least of four exponentials of mean m has mean and deviation m / 4. */
static void s2(struct report *r)
{
    struct arena *a = arena_new();
    const double *x = recreate(a, "20s"), *y = recreate(a, "25s");
    struct pairing p = pair_compare(a, y, x, LUCKS, 0.95, 1);
    double d[LUCKS];

    for (int i = 0; i < LUCKS; i++)
        d[i] = y[i] - x[i];
    expect_mean(r, "downtime, mean start 20", 5, x, LUCKS, 0);
    expect_mean(r, "downtime, mean start 25", 6.25, y, LUCKS, 0);
    expect_mean(r, "difference", 1.25, d, LUCKS, 0);
    expect_exact(r, "correlation", 1, p.correlation, 1e-6);
    expect_exact(r, "pairing saves a factor", 41, p.saved, 0.001);
    arena_free(a);
}

static void s3(struct report *r)
{
    enum { PAIRS = 200000 };
    struct arena *a = arena_new();
    double *x = arena_many(a, double, PAIRS), *y = arena_many(a, double, PAIRS);
    double *product = arena_many(a, double, PAIRS);
    struct stream s;
    double theory = 1 - pow(acos(-1), 2) / 6;

    stream_init(&s, 3, PURPOSE, 0, 0);
    for (int i = 0; i < PAIRS; i++) {
        double u = stream_u01(&s);

        x[i] = -log(u);
        y[i] = -log1p(-u);
        product[i] = (x[i] - 1) * (y[i] - 1);   /* both have variance 1 */
    }
    expect_mean(r, "correlation", theory, product, PAIRS, 0);
    for (int i = 0; i < PAIRS; i++)             /* variance of the mean of two */
        product[i] = 2 * pow((x[i] + y[i]) / 2 - 1, 2);
    expect_mean(r, "variance factor", 1 + theory, product, PAIRS, 0);
    arena_free(a);
}

/* ---- S4 to S7: gates and trials --------------------------------------------- */

static void s4(struct report *r)
{
    expect_exact(r, "abort at 0.1 %", 3.2e-6, trial_gate(600, 6, 0.001), 5e-8);
    expect_exact(r, "abort at 1 %", 0.3937, trial_gate(600, 6, 0.01), 5e-5);
    expect_exact(r, "abort at 2 %", 0.9557, trial_gate(600, 6, 0.02), 5e-5);
    expect_exact(r, "abort at 3 %", 0.9991, trial_gate(600, 6, 0.03), 5e-5);
}

static void s5(struct report *r)
{
    double one = trial_gate(600, 6, 0.01);

    expect_exact(r, "failure limit 0", 0.9181, trial_gate(5, 0, one), 5e-5);
    expect_exact(r, "failure limit 1", 0.6521, trial_gate(5, 1, one), 5e-5);
}

static void s6(struct report *r)
{
    expect_exact(r, "units per arm", 8158,
                 ceil(trial_size(0.05, 0.06, 0.05, true, 0.8, 0.5)), 0);
}

/* How often the test errs: at most 0.05 by Wald, a little less since it ends
 * beyond its bounds. */
static void sequential_errors(struct report *r, const char *quantity,
                              double rate, enum sprt_state wrong)
{
    enum { EXPERIMENTS = 2000 };
    int errors = 0;
    struct stream s;

    for (uint32_t e = 0; e < EXPERIMENTS; e++) {
        struct sprt t = sprt_start(0.01, 0.03, 0.05, 0.05);
        enum sprt_state state = SPRT_OPEN;

        stream_init(&s, 7, PURPOSE, wrong, e);
        while (state == SPRT_OPEN) {
            bool failed = stream_u01(&s) < rate;

            state = sprt_add(&t, failed, !failed);
        }
        errors += state == wrong;
    }
    expect_true(r, quantity, errors > 0.02 * EXPERIMENTS &&
                             errors < 0.066 * EXPERIMENTS);
}

static void s7(struct report *r)
{
    struct sprt t = sprt_start(0.01, 0.03, 0.05, 0.05);

    expect_exact(r, "upper bound", 2.9444, t.abort, 5e-5);
    expect_exact(r, "lower bound", -2.9444, t.accept, 5e-5);
    expect_exact(r, "mean samples, good", 287.5,
                 sprt_mean(0.01, 0.03, 0.05, 0.05, false), 0.05);
    expect_exact(r, "mean samples, bad", 201.3,
                 sprt_mean(0.01, 0.03, 0.05, 0.05, true), 0.05);
    sequential_errors(r, "good aborted in at most 5 %", 0.01, SPRT_ABORT);
    sequential_errors(r, "bad accepted in at most 5 %", 0.03, SPRT_ACCEPT);
}

/* ---- coverage ---------------------------------------------------------------- */

static const struct {
    double share;
    int n;
    double t, bootstrap;        /* bootstrap 0: too dear, or see below */
    const char *name_t, *name_b;
} means[] = {
    { 1.0, 20, .88, .93, "t, all > 0, n 20", "bootstrap-t, n 20" },
    { 1.0, 50, .90, .94, "t, all > 0, n 50", "bootstrap-t, n 50" },
    { 1.0, 200, .94, .94, "t, all > 0, n 200", "bootstrap-t, n 200" },
    { 1.0, 1000, .95, 0, "t, all > 0, n 1000", NULL },
    { 0.3, 20, .81, .93, "t, 30 % > 0, n 20", "bootstrap-t, n 20" },
    { 0.3, 50, .87, .94, "t, 30 % > 0, n 50", "bootstrap-t, n 50" },
    { 0.3, 200, .92, .93, "t, 30 % > 0, n 200", "bootstrap-t, n 200" },
    { 0.3, 1000, .94, 0, "t, 30 % > 0, n 1000", NULL },
    { 0.05, 20, .53, 0, "t, 5 % > 0, n 20", NULL },
    { 0.05, 50, .70, 0, "t, 5 % > 0, n 50", NULL },
    { 0.05, 200, .83, .94, "t, 5 % > 0, n 200", "bootstrap-t, n 200" },
    { 0.05, 1000, .92, 0, "t, 5 % > 0, n 1000", NULL },
};

/* Where fewer than ten values are not zero, neither is used: the product says
 * "k of n" (stats/summary.h). */
static void i1(struct report *r)
{
    enum { EXPERIMENTS = 400 };
    double t[EXPERIMENTS], b[EXPERIMENTS], x[1000];
    struct stream s;

    for (size_t c = 0; c < COUNT_OF(means); c++) {
        double truth = means[c].share * exp(0.5);
        size_t n = (size_t)means[c].n;

        for (uint32_t e = 0; e < EXPERIMENTS; e++) {
            stream_init(&s, 11, PURPOSE, c, e);
            for (size_t i = 0; i < n; i++)
                x[i] = downtime(&s, means[c].share);
            t[e] = covers(ci_mean(x, n, 0.95), truth);
            if (means[c].bootstrap > 0)
                b[e] = covers(ci_mean_bootstrap(x, n, 0.95, e), truth);
        }
        expect_mean(r, means[c].name_t, means[c].t, t, EXPERIMENTS,
                    0.015 / means[c].t);
        if (means[c].bootstrap > 0)
            expect_mean(r, means[c].name_b, means[c].bootstrap, b,
                        EXPERIMENTS, 0.015 / means[c].bootstrap);
    }
}

static const struct {
    double p;
    size_t n;
    double wilson, wilson_width, exact, exact_width;
    const char *names[4];
} shares[] = {
    { .001, 50, .951, .073, .999, .073,
      { "Wilson, .001 of 50", "  width", "exact, .001 of 50", "  width" } },
    { .001, 1000, .920, .0053, .981, .0053,
      { "Wilson, .001 of 1000", "  width", "exact, .001 of 1000", "  width" } },
    { .01, 200, .948, .032, .984, .033,
      { "Wilson, .01 of 200", "  width", "exact, .01 of 200", "  width" } },
    { .05, 50, .962, .129, .988, .138,
      { "Wilson, .05 of 50", "  width", "exact, .05 of 50", "  width" } },
    { .2, 200, .958, .110, .958, .115,
      { "Wilson, .2 of 200", "  width", "exact, .2 of 200", "  width" } },
};

/* Summed over every number of successes: no luck in it. */
static void i2(struct report *r)
{
    for (size_t c = 0; c < COUNT_OF(shares); c++) {
        double sum[4] = {0}, p = shares[c].p;
        size_t n = shares[c].n;

        for (size_t k = 0; k <= n; k++) {
            double mass = gsl_ran_binomial_pdf((unsigned)k, p, (unsigned)n);
            struct interval w = ci_share(k, n, 0.95);
            struct interval e = ci_share_exact(k, n, 0.95);

            sum[0] += covers(w, p) ? mass : 0;
            sum[1] += mass * (w.high - w.low);
            sum[2] += covers(e, p) ? mass : 0;
            sum[3] += mass * (e.high - e.low);
        }
        expect_exact(r, shares[c].names[0], shares[c].wilson, sum[0], 6e-4);
        expect_exact(r, shares[c].names[1], shares[c].wilson_width, sum[1],
                     6e-4);
        expect_exact(r, shares[c].names[2], shares[c].exact, sum[2], 6e-4);
        expect_exact(r, shares[c].names[3], shares[c].exact_width, sum[3],
                     6e-4);
    }
    expect_exact(r, "none in 100: below", 0.0295, ci_share_none(100, 0.95),
                 5e-5);
}

static void i3(struct report *r)
{
    expect_exact(r, "median", 6, (double)ci_quantile_needs(.5, .95), 0);
    expect_exact(r, "p90", 36, (double)ci_quantile_needs(.9, .95), 0);
    expect_exact(r, "p95", 72, (double)ci_quantile_needs(.95, .95), 0);
    expect_exact(r, "p99", 368, (double)ci_quantile_needs(.99, .95), 0);
}

/* Coverage of the interval where the rule stopped, at 10 %. */
static void stopped(struct report *r, const char *quantity, bool lognormal,
                    double expected)
{
    enum { EXPERIMENTS = 400, MOST = 8000 };
    struct precision ten = { .relative = 0.1, .confidence = 0.95, .min = 30,
                             .max = MOST };
    double *x = heap_grow(NULL, MOST, sizeof *x), hit[EXPERIMENTS];
    const double *series[] = { x };
    struct stream s;

    for (uint32_t e = 0; e < EXPERIMENTS; e++) {
        size_t at = 0;

        stream_init(&s, 23, PURPOSE, lognormal, e);
        for (size_t len = 0; at == 0;) {
            for (int i = 0; i < 500; i++) {
                double z = normal(&s);

                x[len++] = lognormal ? exp(z) : 2 + z;
            }
            at = stop_at(&ten, series, 1, len);
        }
        hit[e] = covers(ci_mean(x, at, 0.95), lognormal ? exp(0.5) : 2);
    }
    expect_mean(r, quantity, expected, hit, EXPERIMENTS, 0.01);
    free(x);
}

static void i4(struct report *r)
{
    stopped(r, "normal", false, 0.947);
    stopped(r, "lognormal", true, 0.944);
}

/* Two equal strategies in the model's own words: nothing differs, in any
 * metric of any replication. */
static void i5(struct report *r)
{
    struct arena *a = arena_new();
    const double *x = recreate(a, "20s"), *y = recreate(a, "20s");
    struct pairing p = pair_compare(a, x, y, LUCKS, 0.95, 1);

    expect_exact(r, "pairs that differ", 0, (double)p.differ, 0);
    expect_exact(r, "difference", 0, p.difference.mean, 0);
    expect_exact(r, "width of its interval", 0,
                 p.difference.high - p.difference.low, 0);
    arena_free(a);
}

const struct theory_case cases_statistics[] = {
    { "S1", "t interval of 10 normal values", "Student", s1 },
    { "S2", "Recreate twice, four pods, common luck", "closed form", s2 },
    { "S3", "antithetic pairs of an exponential", "1 - pi^2 / 6", s3 },
    { "S4", "gate: 600 requests, more than 6 errors", "binomial", s4 },
    { "S5", "five such windows at 1 %", "binomial", s5 },
    { "S6", "5 % against 6 %, power 80 %", "Fleiss, pooled formula", s6 },
    { "S7", "sequential test, 1 % against 3 %", "Wald", s7 },
    { "I1", "coverage of 95 % intervals of downtime", "2000 experiments", i1 },
    { "I2", "coverage of shares, mean widths", "binomial sums", i2 },
    { "I3", "replications that a quantile needs", "order statistics", i3 },
    { "I4", "coverage after stopping at 10 %", "Law 2015", i4 },
    { "I5", "the same release twice", "common random numbers", i5 },
    { NULL, NULL, NULL, NULL }
};
