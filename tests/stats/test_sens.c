/*
 * test_sens.c - which parameter matters.
 */
#include "stats/design.h"
#include "stats/sens.h"
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

#define N 400
#define D 4

/* y = 3 x0 - x1 on independent uniform coordinates: the standardised
 * coefficients are 3 and -1 over sqrt(10); x2 has no effect and x3 does not
 * vary.  Ranks of a monotone function of y give the same. */
static double fit(bool exploding, double *coef)
{
    double x[N * D], y[N];

    design_lhs(scratch, x, N, D, 9);
    for (int i = 0; i < N; i++) {
        x[i * D + 3] = 0.5;
        y[i] = 3 * x[i * D] - x[i * D + 1];
        if (exploding)
            y[i] = exp(10 * y[i]);
    }
    return sens_rank_regression(scratch, x, y, N, D, coef);
}

START_TEST(rank_regression_recovers_linear_effects)
{
    double coef[D], r2 = fit(false, coef);

    near(coef[0], 3 / sqrt(10), 0.03);
    near(coef[1], -1 / sqrt(10), 0.03);
    near(coef[2], 0, 0.03);
    near(coef[3], 0, 0);
    ck_assert_msg(r2 > 0.95 && r2 <= 1, "%g", r2);
}
END_TEST

START_TEST(rank_regression_ignores_a_monotone_distortion)
{
    double coef[D], bent[D];

    near(fit(true, bent), fit(false, coef), 1e-12);
    for (int j = 0; j < D; j++)
        near(bent[j], coef[j], 1e-12);
}
END_TEST

/* Spearman's correlation is the coefficient of a single parameter: Conover,
 * ranks 1 2 3 4 5 against 2 1 4 3 5 give 1 - 6 * 4 / 120 = 0.8; with ties,
 * 1 2 2 3 against 1 2 3 4: 4.5 / sqrt(4.5 * 5). */
START_TEST(one_parameter_gives_spearman_s_correlation)
{
    static const double x[] = {1, 2, 3, 4, 5}, y[] = {20, 10, 40, 30, 50};
    static const double tied[] = {1, 2, 2, 3}, z[] = {1, 2, 3, 4};
    double coef[1];

    near(sens_rank_regression(scratch, x, y, 5, 1, coef), 0.64, 1e-12);
    near(coef[0], 0.8, 1e-12);
    sens_rank_regression(scratch, tied, z, 4, 1, coef);
    near(coef[0], sqrt(0.9), 1e-12);
}
END_TEST

START_TEST(rank_regression_refuses_too_few_points_and_flat_answers)
{
    static const double x[] = {1, 2, 3, 4}, y[] = {5, 5, 5, 5};
    double coef[2] = {0};

    ck_assert(isnan(sens_rank_regression(scratch, x, y, 2, 2, coef)));
    ck_assert(isnan(coef[0]) && isnan(coef[1]));
    sens_rank_regression(scratch, x, y, 4, 1, coef);
    near(coef[0], 0, 0);
}
END_TEST

START_TEST(low_r2_warns_of_an_effect_that_is_not_monotone)
{
    double x[N], y[N], coef[1];

    design_lhs(scratch, x, N, 1, 1);
    for (int i = 0; i < N; i++)
        y[i] = fabs(x[i] - 0.5);
    ck_assert(sens_rank_regression(scratch, x, y, N, 1, coef) < 0.1);
}
END_TEST

START_TEST(tornado_puts_the_widest_swing_first)
{
    static const double base[] = {10, 20, 30, NAN};
    static const double lower[3][4] = {{9, 19, 29, 1}, {4, 14, 25, 1},
                                       {10, 20, 30, 1}};
    static const double raise[3][4] = {{11, 21, 31, 1}, {16, 25, 36, 1},
                                       {11, 21, 31, 1}};
    const double *low[] = {lower[0], lower[1], lower[2]};
    const double *high[] = {raise[0], raise[1], raise[2]};
    struct swing out[3];

    sens_tornado(scratch, base, low, high, 3, 4, 0.95, out);
    ck_assert_uint_eq(out[0].parameter, 1);
    ck_assert_uint_eq(out[1].parameter, 0);
    ck_assert_uint_eq(out[2].parameter, 2);
    ck_assert_uint_eq(out[0].low.n, 3);
    near(out[0].low.mean, -17 / 3.0, 1e-12);
    near(out[0].span, 17 / 3.0 + 17 / 3.0, 1e-12);
    near(out[1].span, 2, 1e-12);
    near(out[2].span, 1, 1e-12);
    /* Differences -6 -6 -5: sd 1/sqrt(3), t(2) = 4.30265. */
    near(out[0].low.low, -17 / 3.0 - 4.30265 / 3, 1e-5);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("sensitivity");

    tcase_add_checked_fixture(c, open_scratch, close_scratch);
    tcase_add_test(c, rank_regression_recovers_linear_effects);
    tcase_add_test(c, rank_regression_ignores_a_monotone_distortion);
    tcase_add_test(c, one_parameter_gives_spearman_s_correlation);
    tcase_add_test(c, rank_regression_refuses_too_few_points_and_flat_answers);
    tcase_add_test(c, low_r2_warns_of_an_effect_that_is_not_monotone);
    tcase_add_test(c, tornado_puts_the_widest_swing_first);
    return run_case("sens", c);
}
