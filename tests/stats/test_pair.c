/*
 * test_pair.c - paired differences and many comparisons.
 */
#include <gsl/gsl_randist.h>
#include "stats/pair.h"
#include "common.h"

static struct arena *scratch;

static void open_scratch(void)
{
    scratch = arena_new();
}

static void close_scratch(void)
{
    arena_free(scratch);
}

/* Student's sleep data (1908); R 4.2: t = -4.0621, p = 0.002833, correlation
 * 0.7951702. */
START_TEST(paired_t_of_student_s_sleep_data)
{
    static const double x[] = {.7, -1.6, -.2, -1.2, -.1, 3.4, 3.7, .8, 0, 2};
    static const double y[] = {1.9, .8, 1.1, .1, -.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    struct pairing p = pair_compare(scratch, x, y, 10, 0.95, 1);

    near(p.difference.mean, -1.58, 1e-12);
    near(p.correlation, 0.7951702, 1e-7);
    ck_assert_uint_eq(p.differ, 9);
    ck_assert(!p.rare);
    /* The ten differences are skewed (G = -1.1, 25 G^2 > 10), so the rule
     * takes the bootstrap-t; Student's t itself is tested on them in ci. */
    ck_assert(p.difference.high < 0 && p.p < 0.05);
}
END_TEST

START_TEST(few_differing_pairs_are_judged_by_the_sign_test)
{
    double x[40] = {0}, y[40] = {0};
    struct pairing p;

    for (int i = 0; i < 9; i++)
        x[i] = i < 8 ? 100 : 0;
    y[8] = 3;
    p = pair_compare(scratch, x, y, 40, 0.95, 1);
    ck_assert(p.rare && isnan(p.difference.low) && isnan(p.difference.high));
    ck_assert_uint_eq(p.differ, 9);
    near(p.difference.mean, 797 / 40.0, 1e-12);
    /* P(Bin(9, 1/2) <= 1) = 10 / 512, twice. */
    near(p.p, 20 / 512.0, 1e-12);
}
END_TEST

/* Fewer pods by five in nearly every replication: no bootstrap of two values,
 * but signs, and the share of those that are different. */
START_TEST(nearly_equal_differences_are_judged_by_their_signs)
{
    double x[20] = {0}, y[20];
    struct arena *a = arena_new();
    struct pairing p;

    for (int i = 0; i < 20; i++)
        y[i] = i == 3 ? 4 : 5;
    p = pair_compare(a, x, y, 20, .95, 1);
    ck_assert(!p.rare);
    near(p.p, 2 * pow(0.5, 20), 1e-18);
    near(p.difference.mean, -4.95, 1e-12);
    near(p.difference.low, -5 + ci_share_exact(1, 20, .95).low, 1e-12);
    near(p.difference.high, -5 + ci_share_exact(1, 20, .95).high, 1e-12);
    y[3] = 5;
    p = pair_compare(a, x, y, 2, .95, 1);
    near(p.p, 0.5, 1e-12);      /* two pairs prove nothing */
    arena_free(a);
}
END_TEST

/* Student's sleep data as two samples: t = -1.8608, 17.776 degrees of freedom,
 * p = 0.07939, interval -3.365483 .. 0.205483 (R, t.test(extra ~ group)). */
START_TEST(welch_s_t_of_student_s_sleep_data)
{
    static const double a[] = {.7, -1.6, -.2, -1.2, -.1, 3.4, 3.7, .8, 0, 2};
    static const double b[] = {1.9, .8, 1.1, .1, -.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    static const double same[] = {3, 3, 3}, other[] = {4, 4};
    struct pairing p = pair_unpaired(a, 10, b, 10, .95);

    near(p.difference.mean, -1.58, 1e-12);
    near(p.difference.low, -3.3654832, 1e-6);
    near(p.difference.high, 0.2054832, 1e-6);
    near(p.p, 0.07939414, 1e-7);
    ck_assert(isnan(pair_unpaired(a, 10, b, 1, .95).difference.mean));
    near(pair_unpaired(same, 3, same, 3, .95).p, 1, 0);
    near(pair_unpaired(other, 2, same, 3, .95).difference.low, 1, 0);
}
END_TEST

START_TEST(identical_strategies_differ_by_exactly_nothing)
{
    static const double x[] = {0.1, 0.7, 1e9, 3};
    struct pairing p = pair_compare(scratch, x, x, 4, 0.95, 1);

    near(p.difference.mean, 0, 0);
    near(p.difference.low, 0, 0);
    near(p.difference.high, 0, 0);
    near(p.p, 1, 0);
    near(p.correlation, 1, 1e-12);
    ck_assert(isinf(p.saved));
    ck_assert_uint_eq(p.differ, 0);
}
END_TEST

START_TEST(pairs_with_an_undefined_side_are_left_out)
{
    static const double x[] = {1, NAN, 3, 4, 9}, y[] = {0, 2, NAN, 1, 3};
    struct pairing p = pair_compare(scratch, x, y, 5, 0.95, 1);

    ck_assert_uint_eq(p.undefined, 2);
    ck_assert_uint_eq(p.difference.n, 3);
    near(p.difference.mean, (1 + 3 + 6) / 3.0, 1e-12);
}
END_TEST

/* Validation case S2: Recreate's downtime beyond termination is the least of
 * four exponential start-ups, mean 20 s against 25 s; with common random
 * numbers the variance of the difference falls from 20^2 + 25^2 to 5^2: 41. */
#define N_LUCK 20000
START_TEST(common_random_numbers_save_a_factor_of_41)
{
    static double x[N_LUCK], y[N_LUCK];
    struct pairing p;
    struct stream s;

    for (uint32_t r = 0; r < N_LUCK; r++) {
        double least = INFINITY;
        stream_init(&s, 3, PURPOSE_TEST, 0, r);
        for (int pod = 0; pod < 4; pod++)
            least = fmin(least, draw_exponential(&s));
        x[r] = 5 + 20 * least;
        y[r] = 5 + 25 * least;
    }
    p = pair_compare(scratch, x, y, N_LUCK, 0.95, 1);
    near(p.saved, 41, 1e-6);
    near(p.correlation, 1, 1e-9);
    ck_assert(p.difference.low < -1.25 && -1.25 < p.difference.high);
}
END_TEST

/* Validation case S3: antithetic pairs of an exponential correlate by
 * 1 - pi^2 / 6 = -0.64493; a mean of the two has 1 + that, 0.35507, of the
 * variance of two independent ones.  Tolerance: 3.29 standard errors of a
 * correlation, about 1 / sqrt(n). */
START_TEST(antithetic_exponentials_correlate_as_computed)
{
    static double x[N_LUCK], y[N_LUCK];
    struct pairing p;
    struct stream s;

    stream_init(&s, 3, PURPOSE_TEST, 1, 0);
    for (int i = 0; i < N_LUCK; i++) {
        double u = stream_u01(&s);
        x[i] = -log(u);
        y[i] = -log1p(-u);
    }
    p = pair_compare(scratch, x, y, N_LUCK, 0.95, 1);
    near(p.correlation, -0.64493, 3.29 / sqrt(N_LUCK));
    near(1 + p.correlation, 0.35507, 3.29 / sqrt(N_LUCK));
}
END_TEST

/* Two strategies that differ by noise around the same luck. */
START_TEST(paired_interval_covers_and_its_test_keeps_its_level)
{
    int covered = 0, rejected = 0, n = 600;
    struct stream s;

    for (uint32_t rep = 0; rep < 600; rep++) {
        double x[40], y[40];
        struct pairing p;
        stream_init(&s, 4, PURPOSE_TEST, 0, rep);
        for (int i = 0; i < 40; i++) {
            double luck = draw_exponential(&s);
            x[i] = 10 + luck + 0.3 * draw_normal(&s);
            y[i] = 10 + luck + 0.3 * draw_normal(&s);
        }
        p = pair_compare(scratch, x, y, 40, 0.95, rep);
        covered += p.difference.low <= 0 && 0 <= p.difference.high;
        rejected += p.p <= 0.05;
        ck_assert(p.saved > 2);
        arena_reset(scratch);
    }
    near(covered, 0.95 * n, chance(.95, n) * n);
    ck_assert_int_eq(covered + rejected, n);
}
END_TEST

/* Newcombe's paired interval at P(x) = 0.3, P(y) = 0.1, n = 30: coverage by
 * enumerating every table (both, only x, only y, neither). */
static const double correlated[][4] = {
    {.08, .22, .02, .68}, {.03, .27, .07, .63}, {.45, .05, .05, .45},
};

START_TEST(newcombe_s_paired_interval_covers)
{
    const double *cell = correlated[_i];
    double truth = cell[1] - cell[2], covered = 0, rejected = 0;
    unsigned k[4], n = 30;

    for (k[0] = 0; k[0] <= n; k[0]++)
        for (k[1] = 0; k[0] + k[1] <= n; k[1]++)
            for (k[2] = 0; k[0] + k[1] + k[2] <= n; k[2]++) {
                struct mcnemar m;
                double mass;
                k[3] = n - k[0] - k[1] - k[2];
                m = pair_mcnemar(k[0], k[1], k[2], k[3], 0.95);
                mass = gsl_ran_multinomial_pdf(4, cell, k);
                if (m.difference.low <= truth && truth <= m.difference.high)
                    covered += mass;
                rejected += m.p <= 0.05 ? mass : 0;
            }
    ck_assert_msg(covered > 0.94 && covered < 0.995, "%g", covered);
    if (truth < 1e-9)               /* exact test: never above its level */
        ck_assert_msg(rejected <= 0.05, "%g", rejected);
}
END_TEST

/* Agresti, Categorical Data Analysis, 2nd ed., table 10.1: approval of the
 * prime minister, 794 / 150 / 86 / 570; z^2 = 17.36, p = 3e-5; difference
 * 0.04, 95 % interval 0.021 to 0.059 (Wald; Newcombe's agrees at n = 1600). */
START_TEST(mcnemar_of_agresti_s_approval_table)
{
    struct mcnemar m = pair_mcnemar(794, 150, 86, 570, 0.95);

    near(m.difference.mean, 0.04, 1e-12);
    near(m.difference.low, 0.021, 1e-3);
    near(m.difference.high, 0.059, 1e-3);
    near(m.p, 3.7e-5, 1e-5);
    near(pair_mcnemar(3, 0, 0, 5, .95).p, 1, 0);
    near(pair_mcnemar(0, 5, 0, 5, .95).p, 2 / 32.0, 1e-12);
    ck_assert(isnan(pair_mcnemar(0, 0, 0, 0, .95).difference.mean));
}
END_TEST

/* R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") = 0.03 0.06 0.06 0.02, and
 * ties: p.adjust(c(.02, .02, .5), "holm") = .06 .06 .5. */
START_TEST(holm_matches_p_adjust)
{
    static const double p[] = {0.01, 0.04, 0.03, 0.005};
    static const double ties[] = {.02, .02, .5};
    static const double want[] = {0.03, 0.06, 0.06, 0.02};
    double adjusted[4];

    pair_holm(p, 4, adjusted);
    for (int i = 0; i < 4; i++)
        near(adjusted[i], want[i], 1e-12);
    pair_holm(ties, 3, adjusted);
    near(adjusted[0], .06, 1e-12);
    near(adjusted[1], .06, 1e-12);
    near(adjusted[2], .5, 1e-12);
    near(pair_bonferroni(0.95, 5), 0.99, 1e-12);
}
END_TEST

/* Five strategies without any difference, on common random numbers: the
 * chance that any comparison with the baseline is called significant. */
START_TEST(holm_keeps_the_family_wise_error)
{
    int any = 0, n = 1000;
    struct stream s;

    for (uint32_t rep = 0; rep < 1000; rep++) {
        double base[30], other[30], p[4], adjusted[4], least = 1;
        for (int k = 0; k < 4; k++) {
            stream_init(&s, 5, PURPOSE_TEST, 0, rep);
            for (int i = 0; i < 30; i++)
                base[i] = draw_normal(&s);
            stream_init(&s, 5, PURPOSE_TEST, 1 + (uint64_t)k, rep);
            for (int i = 0; i < 30; i++)
                other[i] = base[i] * 0.5 + draw_normal(&s);
            p[k] = pair_compare(scratch, base, other, 30, .95, rep).p;
        }
        pair_holm(p, 4, adjusted);
        for (int k = 0; k < 4; k++)
            least = fmin(least, adjusted[k]);
        any += least <= 0.05;
        arena_reset(scratch);
    }
    ck_assert_msg(any <= (0.05 + chance(0.05, n)) * n, "%d", any);
    ck_assert_msg(any >= 0.02 * n, "%d", any);      /* and is not idle */
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("pairs");

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, open_scratch, close_scratch);
    tcase_add_test(c, paired_t_of_student_s_sleep_data);
    tcase_add_test(c, few_differing_pairs_are_judged_by_the_sign_test);
    tcase_add_test(c, nearly_equal_differences_are_judged_by_their_signs);
    tcase_add_test(c, welch_s_t_of_student_s_sleep_data);
    tcase_add_test(c, identical_strategies_differ_by_exactly_nothing);
    tcase_add_test(c, pairs_with_an_undefined_side_are_left_out);
    tcase_add_test(c, common_random_numbers_save_a_factor_of_41);
    tcase_add_test(c, antithetic_exponentials_correlate_as_computed);
    tcase_add_test(c, paired_interval_covers_and_its_test_keeps_its_level);
    tcase_add_loop_test(c, newcombe_s_paired_interval_covers, 0,
                        COUNT_OF(correlated));
    tcase_add_test(c, mcnemar_of_agresti_s_approval_table);
    tcase_add_test(c, holm_matches_p_adjust);
    tcase_add_test(c, holm_keeps_the_family_wise_error);
    return run_case("pair", c);
}
