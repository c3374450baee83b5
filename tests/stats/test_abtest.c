/*
 * test_abtest.c - when A/B tests end: known sizes, error rates, power.
 */
#include "stats/abtest.h"
#include <math.h>
#include "common.h"

#define TRIALS 400

static const struct abtest_plan plans[] = {
    [ABTEST_FIXED] = { .method = ABTEST_FIXED, .alpha = .05, .power = .8,
                       .lift = .4, .baseline = .05, .share = .5 },
    [ABTEST_SEQUENTIAL] = { .method = ABTEST_SEQUENTIAL, .alpha = .05,
                            .lift = .4, .baseline = .05, .share = .5,
                            .least = 100 },
    [ABTEST_BAYESIAN] = { .method = ABTEST_BAYESIAN, .certainty = .95,
                          .loss = 1, .lift = .4, .baseline = .05, .share = .5,
                          .least = 100 },
};

/* Reference 3.3 gives 1 826 for 1 % against 2 % one-sided; two-sided, equal
 * arms, it is 2 319 (the same formula with z = 1.96). */
START_TEST(sizes_are_those_of_the_formula)
{
    struct abtest_plan p = { .method = ABTEST_FIXED, .alpha = .1, .power = .8,
                             .lift = 1, .baseline = .01, .share = .5 };
    struct abtest t = abtest_start(p);

    near((double)t.need_b, 1826, 1);
    near((double)t.need_a, 1826, 1);
    p.alpha = .05;
    near((double)abtest_start(p).need_b, 2319, 1);
    p.share = .1;
    t = abtest_start(p);
    near((double)t.need_a, 9.0 * (double)t.need_b, 9);
    /* A rate that cannot double falls by as much instead. */
    p.baseline = .6;
    ck_assert(abtest_start(p).need_b > 1);
}
END_TEST

/* Nothing is said before the size is reached, whatever the arms look like. */
START_TEST(a_fixed_test_has_one_look)
{
    struct abtest t = abtest_start(plans[ABTEST_FIXED]);
    struct arm all = { t.need_b - 1, t.need_b - 1 }, none = { t.need_a, 0 };

    ck_assert_int_eq(abtest_look(&t, none, all), ABTEST_OPEN);
    all.n = all.good = t.need_b;
    ck_assert_int_eq(abtest_look(&t, none, all), ABTEST_BETTER);
    ck_assert_int_eq(abtest_look(&t, all, none), ABTEST_WORSE);
    ck_assert_int_eq(abtest_look(&t, all, all), ABTEST_NEITHER);
}
END_TEST

/* Looks every 50 units until 6000 a side. */
static enum abtest_answer run(const struct abtest_plan *p, double rate,
                              uint32_t rep)
{
    struct abtest t = abtest_start(*p);
    enum abtest_answer answer = ABTEST_OPEN;
    struct arm a = { 0 }, b = { 0 };
    struct stream s;

    stream_init(&s, 71, PURPOSE_TEST, (uint64_t)p->method, rep);
    while (answer == ABTEST_OPEN && b.n < 6000) {
        for (int i = 0; i < 50; i++) {
            a.n++;
            b.n++;
            a.good += stream_u01(&s) < .05;
            b.good += stream_u01(&s) < rate;
        }
        answer = abtest_look(&t, a, b);
    }
    return answer;
}

/* How often versions that are equal are told apart, and a lift of 40 % is
 * seen.  The Bayesian rule errs more often than 1 - certainty: it looks. */
static const struct {
    double wrong_least, wrong_most, seen_least, seen_most;
} rates[] = {
    [ABTEST_FIXED] = { .014, .086, .734, .866 },
    [ABTEST_SEQUENTIAL] = { 0, .05, .9, 1 },
    [ABTEST_BAYESIAN] = { .2, .6, .9, 1 },
};

START_TEST(errors_and_power_are_those_that_were_planned)
{
    int wrong = 0, seen = 0;

    for (uint32_t rep = 0; rep < TRIALS; rep++) {
        enum abtest_answer null = run(&plans[_i], .05, rep);

        wrong += null == ABTEST_BETTER || null == ABTEST_WORSE;
        seen += run(&plans[_i], .07, rep) == ABTEST_BETTER;
    }
    ck_assert_msg(wrong >= rates[_i].wrong_least * TRIALS &&
                  wrong <= rates[_i].wrong_most * TRIALS, "wrong %d", wrong);
    ck_assert_msg(seen >= rates[_i].seen_least * TRIALS &&
                  seen <= rates[_i].seen_most * TRIALS, "seen %d", seen);
}
END_TEST

/* A choice that is cheap to regret is taken only if it is that cheap. */
START_TEST(a_loss_may_hold_a_choice_back)
{
    struct abtest_plan p = plans[ABTEST_BAYESIAN];
    struct arm a = { 200, 8 }, b = { 200, 20 };
    struct abtest t = abtest_start(p);

    ck_assert_int_eq(abtest_look(&t, a, b), ABTEST_BETTER);
    ck_assert_int_eq(abtest_look(&t, b, a), ABTEST_WORSE);
    p.loss = 1e-9;
    t = abtest_start(p);
    ck_assert_int_eq(abtest_look(&t, a, b), ABTEST_OPEN);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("abtest");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, sizes_are_those_of_the_formula);
    tcase_add_test(c, a_fixed_test_has_one_look);
    tcase_add_loop_test(c, errors_and_power_are_those_that_were_planned, 0,
                        COUNT_OF(plans));
    tcase_add_test(c, a_loss_may_hold_a_choice_back);
    return run_case("abtest", c);
}
