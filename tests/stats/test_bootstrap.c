/*
 * test_bootstrap.c - coverage where Student's t fails.
 */
#include "stats/ci.h"
#include "common.h"

#define EXPERIMENTS 600

/* Coverage of nominal 95 % intervals for the mean of downtime that occurs in
 * a share of the replications; the reference table in 5.4 (2000 experiments of
 * 500 resamples each). */
static const struct {
    double share;
    int n;
    double t, bootstrap;        /* as tabulated */
} coverage[] = {
    {1.0, 20, .88, .93}, {1.0, 50, .90, .94}, {0.3, 20, .81, .93},
    {0.3, 50, .87, .94}, {0.05, 200, .83, .94},
};

START_TEST(bootstrap_t_covers_skewed_means_better_than_student_s_t)
{
    double truth = coverage[_i].share * exp(0.5), x[200];
    int n = coverage[_i].n, t = 0, bootstrap = 0;
    struct stream s;

    for (uint32_t rep = 0; rep < EXPERIMENTS; rep++) {
        struct interval i;
        stream_init(&s, 11, PURPOSE_TEST, (uint64_t)_i, rep);
        for (int j = 0; j < n; j++)
            x[j] = draw_downtime(&s, coverage[_i].share);
        i = ci_mean(x, (size_t)n, 0.95);
        t += i.low <= truth && truth <= i.high;
        i = ci_mean_bootstrap(x, (size_t)n, 0.95, rep);
        bootstrap += i.low <= truth && truth <= i.high;
    }
    near((double)t / EXPERIMENTS, coverage[_i].t,
         chance(coverage[_i].t, EXPERIMENTS) + .01);
    near((double)bootstrap / EXPERIMENTS, coverage[_i].bootstrap,
         chance(coverage[_i].bootstrap, EXPERIMENTS) + .01);
    ck_assert_int_gt(bootstrap, t);
}
END_TEST

START_TEST(bootstrap_t_is_near_student_s_t_for_normal_data)
{
    double x[100];
    struct interval t, b;
    struct stream s;

    stream_init(&s, 12, PURPOSE_TEST, 0, 0);
    for (int j = 0; j < 100; j++)
        x[j] = draw_normal(&s);
    t = ci_mean(x, 100, 0.95);
    b = ci_mean_bootstrap(x, 100, 0.95, 1);
    near(b.low, t.low, 0.1 * (t.high - t.low));
    near(b.high, t.high, 0.1 * (t.high - t.low));
    ck_assert(!ci_skewed(x, 100));
    t = ci_mean_ruled(x, 100, 0.95, 1);
    near(t.low, ci_mean(x, 100, 0.95).low, 0);
}
END_TEST

/* G = (1 - 2p) / sqrt(p (1 - p)) for zeros and ones with share p of ones:
 * p = 0.1 has G^2 = 7.11, so the limit 25 G^2 is 177.8. */
START_TEST(cochran_s_rule_chooses_the_interval)
{
    double x[180] = {0};
    struct interval ruled;

    for (int i = 0; i < 18; i++)
        x[10 * i] = 1;
    ck_assert(!ci_skewed(x, 180));
    ck_assert(ci_skewed(x, 170));
    ruled = ci_mean_ruled(x, 170, 0.95, 5);
    near(ruled.high, ci_mean_bootstrap(x, 170, 0.95, 5).high, 0);
    ck_assert(ruled.high - ruled.mean > ruled.mean - ruled.low);
}
END_TEST

START_TEST(bootstrap_repeats_by_seed_and_changes_with_it)
{
    double x[40], one;
    struct stream s;

    stream_init(&s, 14, PURPOSE_TEST, 0, 0);
    for (int i = 0; i < 40; i++)
        x[i] = draw_exponential(&s);
    one = ci_mean_bootstrap(x, 40, 0.95, 1).high;
    near(ci_mean_bootstrap(x, 40, 0.95, 1).high, one, 0);
    near(ci_mean_bootstrap(x, 40, 0.95, 2).high, one, 0.1 * one);
    ck_assert(fabs(ci_mean_bootstrap(x, 40, 0.95, 2).high - one) > 0);
}
END_TEST

START_TEST(p_value_agrees_with_the_interval)
{
    int skewed = 0, significant = 0;
    struct stream s;

    for (uint32_t rep = 0; rep < 60; rep++) {
        double x[40];
        struct interval i;
        double p;
        stream_init(&s, 13, PURPOSE_TEST, 0, rep);
        for (int j = 0; j < 40; j++)
            x[j] = rep % 2 ? draw_normal(&s) + 0.3
                           : draw_downtime(&s, 0.5) - 0.5;
        i = ci_mean_ruled(x, 40, 0.95, rep);
        p = ci_mean_p(x, 40, rep);
        ck_assert_msg((p <= 0.05) == (i.low > 0 || i.high < 0),
                      "p %g, interval %g %g", p, i.low, i.high);
        skewed += ci_skewed(x, 40);
        significant += p <= 0.05;
    }
    ck_assert_int_gt(skewed, 10);           /* both kinds were seen */
    ck_assert_int_gt(significant, 10);
    ck_assert_int_lt(significant, 50);
}
END_TEST

START_TEST(constant_and_tiny_samples_have_plain_answers)
{
    static const double same[] = {3, 3, 3}, zero[] = {0, 0};
    struct interval i = ci_mean_bootstrap(same, 3, 0.95, 1);

    near(i.low, 3, 0);
    near(i.high, 3, 0);
    ck_assert(!ci_skewed(same, 3) || ci_mean_ruled(same, 3, .95, 1).low >= 3);
    near(ci_mean_p(same, 3, 1), 0, 0);
    near(ci_mean_p(zero, 2, 1), 1, 0);
    near(ci_mean_p(same, 1, 1), 1, 0);
    ck_assert(isnan(ci_mean_bootstrap(same, 1, 0.95, 1).low));
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("means of skewed metrics");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c,
        bootstrap_t_covers_skewed_means_better_than_student_s_t, 0,
        COUNT_OF(coverage));
    tcase_add_test(c, bootstrap_t_is_near_student_s_t_for_normal_data);
    tcase_add_test(c, cochran_s_rule_chooses_the_interval);
    tcase_add_test(c, bootstrap_repeats_by_seed_and_changes_with_it);
    tcase_add_test(c, p_value_agrees_with_the_interval);
    tcase_add_test(c, constant_and_tiny_samples_have_plain_answers);
    return run_case("bootstrap", c);
}
