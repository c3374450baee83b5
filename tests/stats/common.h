/*
 * common.h - what the tests of statistics share.
 */
#ifndef TESTS_STATS_COMMON_H
#define TESTS_STATS_COMMON_H
#include <math.h>
#include <check.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include "base/bug.h"
#include "kernel/rng.h"

/* Purpose of the streams that tests draw their data from. */
#define PURPOSE_TEST 7

static inline void near(double got, double want, double tolerance)
{
    ck_assert_msg(fabs(got - want) <= tolerance, "got %.10g, expected %.10g",
                  got, want);
}

/* Half-width of the 99.9 % interval of a share p over n trials: what a
 * simulated coverage may be off by chance. */
static inline double chance(double p, double n)
{
    return 3.2905 * sqrt(p * (1 - p) / n);
}

static inline double draw_normal(struct stream *s)
{
    return gsl_cdf_ugaussian_Pinv(stream_u01(s));
}

static inline double draw_exponential(struct stream *s)
{
    return -log(stream_u01(s));
}

/* Lognormal with sigma 1 in a share of the draws, else 0: "downtime". */
static inline double draw_downtime(struct stream *s, double share)
{
    double z = draw_normal(s);

    return stream_u01(s) < share ? exp(z) : 0;
}

/* Run one test case; the exit status of the program. */
static inline int run_case(const char *name, TCase *c)
{
    Suite *s = suite_create(name);
    SRunner *sr;
    int failed;

    gsl_set_error_handler_off();
    suite_add_tcase(s, c);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}

#endif
