/*
 * test_tally.c - tallies, levels and histograms against direct computation.
 */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <gsl/gsl_statistics_double.h>
#include "base/bug.h"
#include "kernel/rng.h"
#include "kernel/tally.h"

#define N 10000

static void sample(double *x, size_t n, uint64_t seed, double offset)
{
    struct stream s;

    stream_init(&s, seed, 0, 0, 0);
    for (size_t i = 0; i < n; i++)
        x[i] = offset + stream_u01(&s) * 3;
}

START_TEST(tally_agrees_with_gsl_also_far_from_zero)
{
    double *x = malloc(N * sizeof *x);
    struct tally t = { 0 };

    sample(x, N, 1, 1e6);
    for (size_t i = 0; i < N; i++)
        tally_add(&t, x[i]);
    ck_assert_uint_eq(t.n, N);
    ck_assert_double_eq_tol(t.mean, gsl_stats_mean(x, 1, N), 1e-8);
    ck_assert_double_eq_tol(tally_variance(&t), gsl_stats_variance(x, 1, N),
                            1e-6);
    ck_assert_double_eq(t.min, gsl_stats_min(x, 1, N));
    ck_assert_double_eq(t.max, gsl_stats_max(x, 1, N));
    free(x);
}
END_TEST

START_TEST(merged_tallies_equal_the_tally_of_all)
{
    double *x = malloc(N * sizeof *x);
    struct tally all = { 0 }, parts[3] = { { 0 } }, sum = { 0 };

    sample(x, N, 2, -1);
    for (size_t i = 0; i < N; i++) {
        tally_add(&all, x[i]);
        tally_add(&parts[i % 7 == 0 ? 0 : 2], x[i]);    /* one stays empty */
    }
    for (int i = 0; i < 3; i++)
        tally_merge(&sum, &parts[i]);
    ck_assert_uint_eq(sum.n, all.n);
    ck_assert_double_eq_tol(sum.mean, all.mean, 1e-12);
    ck_assert_double_eq_tol(tally_variance(&sum), tally_variance(&all),
                            1e-12);
    ck_assert_double_eq(sum.min, all.min);
    ck_assert_double_eq(sum.max, all.max);
    free(x);
}
END_TEST

START_TEST(variance_below_two_observations_is_zero)
{
    struct tally t = { 0 };

    ck_assert_double_eq(tally_variance(&t), 0);
    tally_add(&t, 5);
    ck_assert_double_eq(tally_variance(&t), 0);
    ck_assert_double_eq(t.min, 5);
    ck_assert_double_eq(t.max, 5);
}
END_TEST

/* By hand: 2 for 3 s, 5 for 1 s, 0 for 6 s: area 11, mean 1.1. */
START_TEST(level_integrates_over_time)
{
    struct level l;

    level_start(&l, 10 * SIM_S, 2);
    level_set(&l, 13 * SIM_S, 5);
    level_set(&l, 14 * SIM_S, 0);
    ck_assert_double_eq(level_area(&l, 20 * SIM_S), 11);
    ck_assert_double_eq(level_mean(&l, 20 * SIM_S), 1.1);
    ck_assert_double_eq(l.min, 0);
    ck_assert_double_eq(l.max, 5);
    level_start(&l, 20 * SIM_S, 7);
    ck_assert_double_eq(level_mean(&l, 20 * SIM_S), 7);
    ck_assert_double_eq(l.min, 7);
}
END_TEST

START_TEST(level_does_not_depend_on_how_its_time_is_cut)
{
    struct level plain, cut;
    struct stream s;
    sim_time t = 0;
    double value = 1;

    stream_init(&s, 3, 0, 0, 0);
    level_start(&plain, 0, value);
    level_start(&cut, 0, value);
    for (int i = 0; i < 1000; i++) {
        for (uint32_t k = stream_below(&s, 5); k > 0; k--) {
            t += SIM_S * (1 + stream_below(&s, 10));
            level_set(&cut, t, value);
        }
        t += SIM_S * stream_below(&s, 10);
        value = stream_below(&s, 100);
        level_set(&plain, t, value);
        level_set(&cut, t, value);
    }
    ck_assert_double_eq(level_area(&plain, t), level_area(&cut, t));
    ck_assert_double_eq(level_mean(&plain, t), level_mean(&cut, t));
}
END_TEST

START_TEST(reading_a_level_before_its_last_change_is_a_bug)
{
    struct level l;

    level_start(&l, 10, 1);
    level_area(&l, 9);
}
END_TEST

static int ascending(const void *va, const void *vb)
{
    const sim_time *a = va, *b = vb;

    return (*a > *b) - (*a < *b);
}

/* Durations from 1 us to 10^5 s, uniform in the logarithm. */
static sim_time duration(struct stream *s)
{
    return llrint(exp(stream_u01(s) * log(1e11))) * SIM_US;
}

START_TEST(quantiles_are_within_four_thousandths)
{
    static const double p[] = { 0.0001, 0.01, 0.1, 0.5, 0.9, 0.95, 0.99,
                                0.999, 1 };
    struct arena *a = arena_new();
    sim_time *x = malloc(N * sizeof *x);
    struct hist h;
    struct stream s;
    double sum = 0;

    hist_init(&h, a);
    stream_init(&s, (uint64_t)_i, 0, 0, 0);
    for (size_t i = 0; i < N; i++) {
        x[i] = duration(&s);
        sum += (double)x[i];
        hist_add(&h, x[i]);
    }
    qsort(x, N, sizeof *x, ascending);
    for (size_t i = 0; i < COUNT_OF(p); i++) {
        double exact = (double)x[(size_t)ceil(p[i] * N) - 1];
        double got = (double)hist_quantile(&h, p[i]);

        ck_assert_double_le(fabs(got - exact), 0.004 * exact);
    }
    ck_assert_int_eq(hist_quantile(&h, 1), x[N - 1]);
    ck_assert_double_eq_tol(hist_mean(&h), sum / N, 1e-3 * sum / N * 1e-9);
    arena_free(a);
    free(x);
}
END_TEST

START_TEST(small_durations_are_exact_and_large_ones_fit)
{
    struct arena *a = arena_new();
    struct hist h;

    hist_init(&h, a);
    ck_assert_int_eq(hist_quantile(&h, 0.5), -1);
    ck_assert_double_eq(hist_mean(&h), 0);
    for (int us = 0; us < 128; us++) {
        hist_clear(&h);
        hist_add(&h, us * SIM_US);
        hist_add(&h, us * SIM_US);
        hist_add(&h, 1000000);
        ck_assert_int_eq(hist_quantile(&h, 0.5), us * SIM_US);
    }
    hist_add(&h, SIM_NEVER);
    ck_assert_uint_eq(h.count, 4);
    hist_clear(&h);
    ck_assert_uint_eq(h.count, 0);
    for (size_t i = 0; i < HIST_BUCKETS; i++)
        ck_assert_msg(h.buckets[i] == 0, "bucket %zu", i);
    arena_free(a);
}
END_TEST

START_TEST(merged_histograms_equal_the_histogram_of_all)
{
    struct arena *a = arena_new();
    struct hist all, parts[2], sum;
    struct stream s;

    hist_init(&all, a);
    hist_init(&sum, a);
    hist_init(&parts[0], a);
    hist_init(&parts[1], a);
    stream_init(&s, 4, 0, 0, 0);
    for (int i = 0; i < N; i++) {
        sim_time t = duration(&s);

        hist_add(&all, t);
        hist_add(&parts[i % 3 == 0], t);
    }
    hist_merge(&sum, &parts[0]);
    hist_merge(&sum, &parts[1]);
    ck_assert_uint_eq(sum.count, all.count);
    ck_assert_uint_eq(sum.sum_us, all.sum_us);
    ck_assert_uint_eq(sum.min_us, all.min_us);
    ck_assert_uint_eq(sum.max_us, all.max_us);
    for (int i = 1; i <= 1000; i++)
        ck_assert_int_eq(hist_quantile(&sum, i / 1000.0),
                         hist_quantile(&all, i / 1000.0));
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tally");
    TCase *tc = tcase_create("tally");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, tally_agrees_with_gsl_also_far_from_zero);
    tcase_add_test(tc, merged_tallies_equal_the_tally_of_all);
    tcase_add_test(tc, variance_below_two_observations_is_zero);
    tcase_add_test(tc, level_integrates_over_time);
    tcase_add_test(tc, level_does_not_depend_on_how_its_time_is_cut);
    tcase_add_test_raise_signal(
        tc, reading_a_level_before_its_last_change_is_a_bug, SIGABRT);
    tcase_add_loop_test(tc, quantiles_are_within_four_thousandths, 0, 4);
    tcase_add_test(tc, small_durations_are_exact_and_large_ones_fit);
    tcase_add_test(tc, merged_histograms_equal_the_histogram_of_all);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
