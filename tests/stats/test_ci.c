/*
 * test_ci.c - intervals against published values and their exact coverage.
 */
#include <stdlib.h>
#include <gsl/gsl_randist.h>
#include "stats/ci.h"
#include "common.h"

/* Student's sleep data (Student 1908) with the intervals that R 4.2 prints
 * for t.test(extra), first group, and for the paired differences. */
static const double sleep_first[] = {0.7, -1.6, -0.2, -1.2, -0.1,
                                     3.4, 3.7, 0.8, 0.0, 2.0};
static const double sleep_gain[] = {1.2, 2.4, 1.3, 1.3, 0.0,
                                    1.0, 1.8, 0.8, 4.6, 1.4};

START_TEST(t_interval_of_student_s_sleep_data)
{
    struct interval a = ci_mean(sleep_first, 10, 0.95);
    struct interval b = ci_mean(sleep_gain, 10, 0.95);

    near(a.mean, 0.75, 1e-12);
    near(a.low, -0.5297804, 1e-7);
    near(a.high, 2.0297804, 1e-7);
    near(b.mean, 1.58, 1e-12);
    near(b.low, 0.7001142, 1e-7);
    near(b.high, 2.4598858, 1e-7);
    ck_assert_uint_eq(b.n, 10);
}
END_TEST

START_TEST(t_interval_of_fewer_than_two_is_undefined)
{
    struct interval none = ci_mean(NULL, 0, 0.95);
    struct interval one = ci_mean(sleep_gain, 1, 0.95);

    ck_assert(isnan(none.mean) && isnan(none.low) && isnan(none.high));
    near(one.mean, 1.2, 0);
    ck_assert(isnan(one.low) && isnan(one.high));
}
END_TEST

/* Newcombe, Statistics in Medicine 17 (1998), table I: methods 3 and 5. */
static const struct {
    size_t k, n;
    double low, high, exact_low, exact_high;
} newcombe[] = {
    {81, 263, .2553, .3662, .2527, .3676},
    {15, 148, .0624, .1605, .0578, .1617},
    {0, 20, .0000, .1611, .0000, .1684},
    {1, 29, .0061, .1718, .0009, .1776},
};

START_TEST(share_intervals_match_newcombe)
{
    size_t k = newcombe[_i].k, n = newcombe[_i].n;
    struct interval w = ci_share(k, n, 0.95);
    struct interval e = ci_share_exact(k, n, 0.95);

    near(w.low, newcombe[_i].low, 5e-5);
    near(w.high, newcombe[_i].high, 5e-5);
    near(e.low, newcombe[_i].exact_low, 5e-5);
    near(e.high, newcombe[_i].exact_high, 5e-5);
    near(w.mean, (double)k / (double)n, 0);
}
END_TEST

/* Exact coverage of nominal 95 % intervals: the reference table, computed by
 * summing binomial probabilities over every k. */
static const struct {
    double p;
    size_t n;
    double wilson, exact;
} coverage[] = {
    {.001, 50, .951, .999}, {.001, 1000, .920, .981}, {.01, 200, .948, .984},
    {.05, 50, .962, .988},  {.2, 200, .958, .958},
};

START_TEST(share_intervals_cover_as_tabulated)
{
    double wilson = 0, exact = 0, p = coverage[_i].p;
    size_t n = coverage[_i].n;

    for (size_t k = 0; k <= n; k++) {
        double mass = gsl_ran_binomial_pdf((unsigned)k, p, (unsigned)n);
        struct interval w = ci_share(k, n, 0.95);
        struct interval e = ci_share_exact(k, n, 0.95);
        wilson += w.low <= p && p <= w.high ? mass : 0;
        exact += e.low <= p && p <= e.high ? mass : 0;
    }
    near(wilson, coverage[_i].wilson, 6e-4);
    near(exact, coverage[_i].exact, 6e-4);
}
END_TEST

static int gsl_complaints;

static void count_complaint(const char *why, const char *file, int line,
                            int code)
{
    (void)why, (void)file, (void)line, (void)code;
    gsl_complaints++;
}

static const size_t sizes[] = {10, 50, 500, 2000, 5000, 10000};

/* Every k up to n = 500, every (n/500)th beyond; (17, 500) is among those at
 * which gsl_cdf_beta_Pinv fails. */
START_TEST(exact_interval_never_makes_gsl_complain)
{
    size_t n = sizes[_i];
    double before = -1;

    gsl_complaints = 0;
    gsl_set_error_handler(count_complaint);
    for (size_t k = 0; k <= n; k += n <= 500 ? 1 : n / 500) {
        struct interval e = ci_share_exact(k, n, 0.95);
        ck_assert_msg(0 <= e.low && e.low <= e.mean && e.mean <= e.high
                      && e.high <= 1, "%zu of %zu", k, n);
        ck_assert_msg(e.high > before, "%zu of %zu", k, n);
        before = e.high;
    }
    ck_assert_int_eq(gsl_complaints, 0);
}
END_TEST

START_TEST(none_of_a_hundred_is_below_three_percent)
{
    near(ci_share_none(100, 0.95), 0.0295, 5e-5);
    near(ci_share_none(299, 0.95), 0.01, 5e-5);
    near(ci_share_none(0, 0.95), 1, 0);
    ck_assert(isnan(ci_share(0, 0, 0.95).low));
    ck_assert(isnan(ci_share_exact(0, 0, 0.95).high));
}
END_TEST

/* p, the least n for two sides (reference 5.4: p50 6, p90 36, p95 72,
 * p99 368), coverage computed exactly from the binomial distribution. */
static const struct {
    double p;
    size_t needs;
} quantiles[] = {{.5, 6}, {.9, 36}, {.95, 72}, {.99, 368}, {.1, 36}};

/* Coverage for a continuous distribution: P(l <= Bin(n, p) < u). */
static double quantile_coverage(size_t n, double p)
{
    double *x = malloc(n * sizeof *x), mass = 0;
    struct interval q;

    for (size_t i = 0; i < n; i++)
        x[i] = (double)(i + 1);
    q = ci_quantile(x, n, p, 0.95);
    for (size_t k = 0; k <= n; k++)
        if (!(k < q.low) && !(k >= q.high))
            mass += gsl_ran_binomial_pdf((unsigned)k, p, (unsigned)n);
    free(x);
    return mass;
}

START_TEST(quantile_interval_covers_from_the_least_number_on)
{
    double p = quantiles[_i].p;
    size_t needs = ci_quantile_needs(p, 0.95);
    double x[400];

    ck_assert_uint_eq(needs, quantiles[_i].needs);
    for (size_t i = 0; i < needs; i++)
        x[i] = (double)i;
    struct interval at = ci_quantile(x, needs, p, 0.95);
    struct interval under = ci_quantile(x, needs - 1, p, 0.95);
    ck_assert(!isnan(at.low) && !isnan(at.high));
    ck_assert(isnan(under.low) || isnan(under.high));
    for (size_t n = needs - 1; n <= 1000; n += 97) {
        double c = quantile_coverage(n, p);
        ck_assert_msg(c >= 0.95, "n %zu: %.4f", n, c);
        /* The next ranks inwards would cover less: not wider than need be. */
        ck_assert_msg(n < 2 * needs || c <= 0.985, "n %zu: %.4f", n, c);
    }
}
END_TEST

START_TEST(quantile_estimate_is_an_order_statistic)
{
    static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

    near(ci_quantile(x, 10, .5, .95).mean, 5, 0);
    near(ci_quantile(x, 10, .95, .95).mean, 10, 0);
    near(ci_quantile(x, 10, .01, .95).mean, 1, 0);
    /* Median of 10: ranks 2 and 9 cover 97.9 % (Conover 1999, A3). */
    near(ci_quantile(x, 10, .5, .95).low, 2, 0);
    near(ci_quantile(x, 10, .5, .95).high, 9, 0);
    ck_assert(isnan(ci_quantile(x, 0, .5, .95).mean));
}
END_TEST

/* p95 of 50: no upper bound.  P(Bin(50, .95) < 45) = .0378: rank 45 is a
 * one-sided lower bound, while two sides would need rank 44 (.0118). */
START_TEST(quantile_bound_is_one_sided_where_the_other_side_is_missing)
{
    double x[50];
    struct interval q;

    for (int i = 0; i < 50; i++)
        x[i] = i + 1;
    q = ci_quantile(x, 50, .95, .95);
    near(q.low, 45, 0);
    ck_assert(isnan(q.high));
    q = ci_quantile(x, 50, .05, .95);
    near(q.high, 6, 0);
    ck_assert(isnan(q.low));
}
END_TEST

/* Cochran, Sampling Techniques, 3rd ed., 6.4: var(R) ~ sum(y - Rx)^2 /
 * (n (n-1) mean(x)^2); the jackknife agrees with it to order 1/n, and exactly
 * where the wholes are equal. */
START_TEST(ratio_of_equal_wholes_is_the_mean_of_ratios)
{
    double whole[10], share[10];
    struct interval r, m;

    for (int i = 0; i < 10; i++) {
        whole[i] = 4;
        share[i] = sleep_gain[i] / 4;
    }
    r = ci_ratio(sleep_gain, whole, 10, 0.95);
    m = ci_mean(share, 10, 0.95);
    near(r.mean, m.mean, 1e-12);
    near(r.low, m.low, 1e-12);
    near(r.high, m.high, 1e-12);
}
END_TEST

START_TEST(ratio_pools_totals_and_agrees_with_the_delta_method)
{
    double good[200], all[200], p = 0, w = 0, var = 0;
    struct interval r;

    for (int i = 0; i < 200; i++) {
        all[i] = 1000 + 500 * sin(i);
        good[i] = all[i] * (0.99 + 0.01 * cos(3 * i));
        p += good[i];
        w += all[i];
    }
    for (int i = 0; i < 200; i++)
        var += pow(good[i] - p / w * all[i], 2);
    var /= 200.0 * 199 * pow(w / 200, 2);
    r = ci_ratio(good, all, 200, 0.95);
    near(r.mean, p / w, 1e-12);
    near((r.high - r.low) / 2, 1.971957 * sqrt(var), 0.01 * sqrt(var));
    all[0] = 0;
    ck_assert(isnan(ci_ratio(good, all, 1, 0.95).mean));
}
END_TEST

/* Where pseudo-values are not skewed it is the jackknife; where a bad
 * replication comes now and then, it covers better. */
START_TEST(ruled_ratio_covers_availabilities_better_than_the_jackknife)
{
    double good[40], all[40];
    int ruled = 0, plain = 0;
    struct arena *a = arena_new();
    struct stream s;

    for (int i = 0; i < 40; i++) {
        all[i] = 1000 + i;
        good[i] = all[i] - i % 5;
    }
    near(ci_ratio_ruled(a, good, all, 40, .95, 1).low,
         ci_ratio(good, all, 40, .95).low, 0);
    for (uint32_t rep = 0; rep < 1000; rep++) {
        double truth = 1 - 0.3 * exp(0.5) / 1000;
        struct interval i;

        stream_init(&s, 4, PURPOSE_TEST, 0, rep);
        for (int k = 0; k < 40; k++) {
            all[k] = 1000;
            good[k] = 1000 - draw_downtime(&s, 0.3);
        }
        i = ci_ratio_ruled(a, good, all, 40, .95, 1);
        ruled += i.low <= truth && truth <= i.high;
        i = ci_ratio(good, all, 40, .95);
        plain += i.low <= truth && truth <= i.high;
    }
    arena_free(a);
    near(ruled / 1000.0, 0.94, chance(0.94, 1000));
    ck_assert_msg(plain < ruled - 20, "%d %d", plain, ruled);
}
END_TEST

static const struct {
    double low, high, limit;
    bool at_least;
    enum verdict want;
} verdicts[] = {
    {.5, .6, .4, true, VERDICT_MET},
    {.5, .6, .5, true, VERDICT_MET},
    {.5, .6, .7, true, VERDICT_MISSED},
    {.5, .6, .55, true, VERDICT_UNDECIDED},
    {.5, .6, .4, false, VERDICT_MISSED},
    {.5, .6, .6, false, VERDICT_MET},
    {.5, .6, .55, false, VERDICT_UNDECIDED},
    {NAN, NAN, .5, true, VERDICT_UNDECIDED},
    {NAN, .4, .5, true, VERDICT_MISSED},
    {1, 1, 1, true, VERDICT_MET},
};

START_TEST(verdict_is_undecided_when_the_interval_straddles_the_limit)
{
    struct interval i = {.low = verdicts[_i].low, .high = verdicts[_i].high};

    ck_assert_int_eq(ci_verdict(i, verdicts[_i].at_least, verdicts[_i].limit),
                     verdicts[_i].want);
}
END_TEST

/* Validation case S1: 20 000 samples of ten normal values. */
START_TEST(t_interval_covers_95_percent_of_normal_samples)
{
    int covered = 0;
    struct stream s;

    for (uint32_t rep = 0; rep < 20000; rep++) {
        double x[10];
        struct interval i;
        stream_init(&s, 1, PURPOSE_TEST, 0, rep);
        for (int j = 0; j < 10; j++)
            x[j] = draw_normal(&s);
        i = ci_mean(x, 10, 0.95);
        covered += i.low <= 0 && 0 <= i.high;
    }
    near(covered / 20000.0, 0.95, chance(0.95, 20000));
}
END_TEST

/* Availability: the totals vary and failures come in proportion to them, so
 * the mean of ratios would be biased. */
START_TEST(ratio_interval_covers_the_ratio_of_means)
{
    int covered = 0;
    struct stream s;

    for (uint32_t rep = 0; rep < 4000; rep++) {
        double part[40], whole[40];
        struct interval i;
        stream_init(&s, 2, PURPOSE_TEST, 0, rep);
        for (int j = 0; j < 40; j++) {
            whole[j] = 1 + stream_u01(&s);
            part[j] = whole[j] * whole[j] / 4 + 0.02 * draw_normal(&s);
        }
        /* E[w] = 3/2, E[w^2] = 7/3: the ratio of means is 7/18. */
        i = ci_ratio(part, whole, 40, 0.95);
        covered += i.low <= 7 / 18.0 && 7 / 18.0 <= i.high;
    }
    near(covered / 4000.0, 0.95, chance(0.95, 4000));
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("known answers and coverage");

    tcase_add_test(c, t_interval_of_student_s_sleep_data);
    tcase_add_test(c, t_interval_of_fewer_than_two_is_undefined);
    tcase_add_loop_test(c, share_intervals_match_newcombe, 0,
                        COUNT_OF(newcombe));
    tcase_add_loop_test(c, share_intervals_cover_as_tabulated, 0,
                        COUNT_OF(coverage));
    tcase_add_loop_test(c, exact_interval_never_makes_gsl_complain, 0,
                        COUNT_OF(sizes));
    tcase_add_test(c, none_of_a_hundred_is_below_three_percent);
    tcase_add_loop_test(c, quantile_interval_covers_from_the_least_number_on,
                        0, COUNT_OF(quantiles));
    tcase_add_test(c, quantile_estimate_is_an_order_statistic);
    tcase_add_test(c,
        quantile_bound_is_one_sided_where_the_other_side_is_missing);
    tcase_add_test(c, ratio_of_equal_wholes_is_the_mean_of_ratios);
    tcase_add_test(c, ratio_pools_totals_and_agrees_with_the_delta_method);
    tcase_add_test(c,
        ruled_ratio_covers_availabilities_better_than_the_jackknife);
    tcase_add_loop_test(c,
        verdict_is_undecided_when_the_interval_straddles_the_limit, 0,
        COUNT_OF(verdicts));
    tcase_add_test(c, t_interval_covers_95_percent_of_normal_samples);
    tcase_add_test(c, ratio_interval_covers_the_ratio_of_means);
    return run_case("ci", c);
}
