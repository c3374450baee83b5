/*
 * test_arms.c - two arms: computed answers, error rates and power simulated.
 */
#include "stats/arms.h"
#include <gsl/gsl_randist.h>
#include "common.h"
#include "stats/trial.h"

START_TEST(z_test_has_known_answers)
{
    near(arms_p_value((struct arm){ 1000, 990 }, (struct arm){ 1000, 970 }),
         0.00140, 1e-5);
    near(arms_p_value((struct arm){ 0, 0 }, (struct arm){ 10, 3 }), 1, 0);
    near(arms_p_value((struct arm){ 10, 10 }, (struct arm){ 9, 9 }), 1, 0);
    /* 5 % against 6 %: 8158 per arm have a power of 0.8. */
    near(arms_power(.05, .06, 8158, 8158, .05), .8, 1e-3);
    near(arms_power(.05, .05, 8158, 8158, .05), .05, 1e-6);
    near(arms_split_p(5000, 5000, .5), 1, 0);
    near(arms_split_p(5000, 5200, .5), .0477, 5e-4);
    ck_assert(arms_split_p(9000, 1300, .1) < .001);
}
END_TEST

static void add(struct arm *a, double rate, struct stream *s)
{
    a->n++;
    a->good += stream_u01(s) < rate;
}

/* Looked at once, at the planned end, the z-test errs as often as it says,
 * and no more often misses. */
START_TEST(z_test_keeps_its_error_and_power)
{
    int n = (int)ceil(trial_size(.9, .85, .05, true, .8, .5));
    int wrong = 0, seen = 0;
    struct stream s;

    for (uint32_t rep = 0; rep < 2000; rep++) {
        struct arm a = { 0 }, b = { 0 }, c = { 0 };

        stream_init(&s, 61, PURPOSE_TEST, 0, rep);
        for (int i = 0; i < n; i++) {
            add(&a, .9, &s);
            add(&b, .9, &s);
            add(&c, .85, &s);
        }
        wrong += arms_p_value(a, b) <= .05;
        seen += arms_p_value(a, c) <= .05;
    }
    near(wrong / 2000.0, .05, chance(.05, 2000) + .005);
    near(seen / 2000.0, .8, chance(.8, 2000) + .005);
}
END_TEST

/* Reference 3.4, computed: tau 0.01, 0.05, at most 8000 pairs. */
static const struct {
    double a, b, stopped, least, most;  /* share; mean pairs if all stop */
} streams[] = {
    { .99, .99, .027, 0, 8000 },
    { .99, .98, .99, 2300, 2700 },
    { .99, .97, 1, 900, 1100 },
};

START_TEST(an_always_valid_p_value_may_be_looked_at_always)
{
    int stops = 0, reps = 500;
    double pairs = 0;
    struct stream s;

    for (uint32_t rep = 0; rep < 500; rep++) {
        struct arm a = { 0 }, b = { 0 };
        struct msprt t = msprt_start(.01);
        int i = 0;

        stream_init(&s, 62, PURPOSE_TEST, (uint64_t)_i, rep);
        while (i < 8000 && t.p > .05) {
            add(&a, streams[_i].a, &s);
            add(&b, streams[_i].b, &s);
            msprt_look(&t, a, b);
            i++;
        }
        stops += t.p <= .05;
        pairs += i;
    }
    near((double)stops / reps, streams[_i].stopped,
         chance(fmin(streams[_i].stopped, .985), reps));
    if (streams[_i].least > 0)
        ck_assert_msg(pairs / reps > streams[_i].least &&
                      pairs / reps < streams[_i].most, "%g", pairs / reps);
}
END_TEST

/* One success on one side and one failure on the other are no proof. */
START_TEST(the_first_units_decide_nothing)
{
    struct msprt t = msprt_start(.5);

    ck_assert(msprt_look(&t, (struct arm){ 0, 0 }, (struct arm){ 1, 0 }) == 1);
    ck_assert(msprt_look(&t, (struct arm){ 1, 1 }, (struct arm){ 1, 0 }) > .3);
    ck_assert(msprt_look(&t, (struct arm){ 9, 9 }, (struct arm){ 9, 0 }) < .01);
    /* It never rises again. */
    ck_assert(msprt_look(&t, (struct arm){ 9, 9 }, (struct arm){ 9, 9 }) < .01);
}
END_TEST

static const struct {
    struct arm a, b;
    double better;              /* NaN: compare with draws only */
} pairs[] = {
    { { 1000, 990 }, { 500, 485 }, .0028 },
    { { 0, 0 }, { 0, 0 }, .5 },
    { { 10, 3 }, { 10, 7 }, NAN },
    { { 2000, 40 }, { 1000, 35 }, NAN },
    { { 40, 40 }, { 4000, 3960 }, NAN },
};

/* Posteriors against 200 000 draws from them. */
START_TEST(posteriors_agree_with_draws)
{
    struct arm a = pairs[_i].a, b = pairs[_i].b;
    double won = 0, loss = 0, loss2 = 0, n = 2e5;
    struct stream s;
    gsl_rng r = { rng_philox, &s };

    stream_init(&s, 63, PURPOSE_TEST, (uint64_t)_i, 0);
    for (int i = 0; i < 200000; i++) {
        double x = gsl_ran_beta(&r, 1 + (double)a.good,
                                1 + (double)(a.n - a.good));
        double y = gsl_ran_beta(&r, 1 + (double)b.good,
                                1 + (double)(b.n - b.good));

        won += y > x;
        loss += fmax(x - y, 0);
        loss2 += fmax(x - y, 0) * fmax(x - y, 0);
    }
    near(arms_better(a, b), won / n, chance(won / n, n));
    near(arms_better(a, b) + arms_better(b, a), 1, 1e-9);
    near(arms_loss(a, b), loss / n, 3.3 * sqrt(loss2 / n / n));
    if (!isnan(pairs[_i].better))
        near(arms_better(a, b), pairs[_i].better, 5e-5);
}
END_TEST

/* Reference 3.4, computed: of 20 000 requests a new version of 95 % beside one
 * of 99 % gets 0.7 %, one of 98 % 5 %, a better one of 99.2 % ends with 84 %. */
static const struct {
    double rate, least, most;
} arms[] = { { .95, .004, .015 }, { .98, .02, .08 }, { .992, .3, .9 } };

START_TEST(a_bandit_leaves_the_worse_arm)
{
    double to_new = 0;
    struct stream s, outcomes;

    for (uint32_t rep = 0; rep < 40; rep++) {
        struct arm a = { 0 }, b = { 0 };

        stream_init(&s, 64, PURPOSE_TEST, (uint64_t)_i, rep);
        stream_init(&outcomes, 65, PURPOSE_TEST, (uint64_t)_i, rep);
        for (int i = 0; i < 20000; i++)
            if (arms_thompson(a, b, 1, 0, &s) > .5)
                add(&b, arms[_i].rate, &outcomes);
            else
                add(&a, .99, &outcomes);
        to_new += (double)b.n / 20000 / 40;
    }
    ck_assert_msg(to_new > arms[_i].least && to_new < arms[_i].most, "%g",
                  to_new);
}
END_TEST

START_TEST(a_bandit_keeps_its_floor)
{
    struct stream s;
    struct arm good = { 1000, 1000 }, bad = { 1000, 100 };

    stream_init(&s, 66, PURPOSE_TEST, 0, 0);
    near(arms_thompson(good, bad, 50, .05, &s), .05, 0);
    near(arms_thompson(bad, good, 50, .05, &s), .95, 0);
    near(arms_thompson(good, good, 4000, .05, &s), .5, chance(.5, 4000));
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("arms");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, z_test_has_known_answers);
    tcase_add_test(c, z_test_keeps_its_error_and_power);
    tcase_add_loop_test(c, an_always_valid_p_value_may_be_looked_at_always, 0,
                        COUNT_OF(streams));
    tcase_add_test(c, the_first_units_decide_nothing);
    tcase_add_loop_test(c, posteriors_agree_with_draws, 0, COUNT_OF(pairs));
    tcase_add_loop_test(c, a_bandit_leaves_the_worse_arm, 0, COUNT_OF(arms));
    tcase_add_test(c, a_bandit_keeps_its_floor);
    return run_case("arms", c);
}
