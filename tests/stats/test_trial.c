/*
 * test_trial.c - canary gates and A/B tests: computed answers, and simulated.
 */
#include "stats/trial.h"
#include "common.h"

/* Validation case S6 (5 % against 6 %, two-sided 0.05, power 0.8: 8158 per
 * arm), and one-sided canaries with a small share of the traffic. */
static const struct {
    double p1, p2;
    bool two_sided;
    double w, want;
} sizes[] = {
    {.05, .06, true, .5, 8158},    {.001, .005, false, .05, 872},
    {.001, .002, false, .25, 11605}, {.005, .01, false, .1, 1837},
    {.01, .02, false, .5, 1826},   {.01, .011, false, .05, 66662},
};

START_TEST(sizes_of_trials_match_the_tables)
{
    near(ceil(trial_size(sizes[_i].p1, sizes[_i].p2, 0.05,
                         sizes[_i].two_sided, 0.8, sizes[_i].w)),
         sizes[_i].want, 1);
}
END_TEST

/* The promise of trial_size, kept: 1 % against 3 %, equal arms. */
START_TEST(a_trial_of_the_computed_size_has_the_computed_power)
{
    int n = (int)ceil(trial_size(.01, .03, .05, false, .8, .5)), seen = 0;
    struct stream s;

    for (uint32_t rep = 0; rep < 2000; rep++) {
        int a = 0, b = 0;
        double p;
        stream_init(&s, 51, PURPOSE_TEST, 0, rep);
        for (int i = 0; i < n; i++) {
            a += stream_u01(&s) < .01;
            b += stream_u01(&s) < .03;
        }
        p = (a + b) / (2.0 * n);
        seen += (b - a) / sqrt(2 * n * p * (1 - p)) > 1.644854;
    }
    /* The normal approximation is good to a few per cent at this size. */
    near(seen / 2000.0, 0.8, chance(.8, 2000) + .02);
}
END_TEST

/* Validation cases S4 and S5: 600 requests, abort above 6 errors; five such
 * windows with failure limit 0 or 1. */
START_TEST(gates_abort_as_computed)
{
    double one = trial_gate(600, 6, .01);

    near(trial_gate(600, 6, .001), 3.2e-6, 5e-8);
    near(one, .3937, 5e-5);
    near(trial_gate(600, 6, .02), .9557, 5e-5);
    near(trial_gate(600, 6, .03), .9991, 5e-5);
    near(trial_gate(5, 0, one), .9181, 5e-5);
    near(trial_gate(5, 1, one), .6521, 5e-5);
}
END_TEST

/* Validation case S7: Wald's test of 1 % against 3 %, alpha = beta = 0.05. */
START_TEST(sequential_test_has_wald_s_bounds_and_means)
{
    struct sprt t = sprt_start(.01, .03, .05, .05);

    near(t.abort, 2.9444, 5e-5);
    near(t.accept, -2.9444, 5e-5);
    near(sprt_mean(.01, .03, .05, .05, false), 287.5, .05);
    near(sprt_mean(.01, .03, .05, .05, true), 201.3, .05);
    /* 0.5 % against 1 %, alpha .05, beta .2: bounds 2.773 and -1.558, about
     * 870 requests if good, 980 if bad. */
    t = sprt_start(.005, .01, .05, .2);
    near(t.abort, 2.773, 5e-4);
    near(t.accept, -1.558, 5e-4);
    near(sprt_mean(.005, .01, .05, .2, false), 870, 5);
    near(sprt_mean(.005, .01, .05, .2, true), 980, 5);
}
END_TEST

static const struct {
    double rate;
    bool bad;
} rates[] = {{.01, false}, {.03, true}};

START_TEST(sequential_test_keeps_its_error_rates)
{
    int wrong = 0, n = 2000;
    double total = 0, wald = sprt_mean(.01, .03, .05, .05, rates[_i].bad);
    struct stream s;

    for (uint32_t rep = 0; rep < 2000; rep++) {
        struct sprt t = sprt_start(.01, .03, .05, .05);
        enum sprt_state state = SPRT_OPEN;
        stream_init(&s, 52, PURPOSE_TEST, (uint64_t)_i, rep);
        for (; state == SPRT_OPEN; total++) {
            bool failed = stream_u01(&s) < rates[_i].rate;
            state = sprt_add(&t, failed, !failed);
        }
        wrong += (state == SPRT_ABORT) != rates[_i].bad;
    }
    /* Wald: the sum of both errors stays below alpha + beta; the overshoot
     * makes each a little smaller and the test a little longer. */
    ck_assert_msg(wrong <= (.05 + chance(.05, n)) * n, "%d", wrong);
    ck_assert_msg(wrong >= .02 * n, "%d", wrong);
    ck_assert_msg(total / n > .97 * wald && total / n < 1.2 * wald, "%g",
                  total / n);
}
END_TEST

START_TEST(counting_in_batches_is_counting)
{
    struct sprt one = sprt_start(.01, .03, .05, .05), many = one;

    for (int i = 0; i < 50; i++)
        sprt_add(&one, i < 3, i >= 3);
    ck_assert_int_eq(sprt_add(&many, 3, 47), SPRT_OPEN);
    near(many.llr, one.llr, 1e-12);
    ck_assert_int_eq(sprt_add(&many, 2, 0), SPRT_ABORT);
    ck_assert_int_eq(sprt_add(&many, 0, 400), SPRT_ACCEPT);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("trials");

    tcase_add_loop_test(c, sizes_of_trials_match_the_tables, 0,
                        COUNT_OF(sizes));
    tcase_add_test(c, a_trial_of_the_computed_size_has_the_computed_power);
    tcase_add_test(c, gates_abort_as_computed);
    tcase_add_test(c, sequential_test_has_wald_s_bounds_and_means);
    tcase_add_loop_test(c, sequential_test_keeps_its_error_rates, 0,
                        COUNT_OF(rates));
    tcase_add_test(c, counting_in_batches_is_counting);
    return run_case("trial", c);
}
