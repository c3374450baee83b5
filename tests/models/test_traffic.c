/*
 * test_traffic.c - arrivals: rates over time, and the same requests always.
 */
#include <check.h>

#include "toy_net.h"

#include "../../models/traffic/traffic_impl.h"

/* ---- the integral of the rate, inverted --------------------------------- */

static const struct rate_point steps[] = {
    { 0, 10 }, { 10 * SIM_S, 0 }, { 20 * SIM_S, 40 },
};
static const struct rate_point ramp[] = {
    { 0, 0 }, { 10 * SIM_S, 20 }, { 20 * SIM_S, 20 }, { 30 * SIM_S, 0 },
};

/* By hand.  Steps: 10/s to 10 s, nothing to 20 s, 40/s after.  Ramp: t^2 to
 * 10 s (100), 20/s to 20 s (300), then 400 - (30 - t)^2 to 30 s (400). */
static const struct inverse {
    struct rate_spec spec;
    double target, want;        /* expected arrivals; s, -1: never */
} inverses[] = {
    { { .form = RATE_CONSTANT, .per_s = 4 }, 10, 2.5 },
    { { .form = RATE_CONSTANT, .per_s = 0 }, 1, -1 },
    { { .form = RATE_STEPS, .points = steps, .npoints = 3 }, 50, 5 },
    { { .form = RATE_STEPS, .points = steps, .npoints = 3 }, 140, 21 },
    { { .form = RATE_SERIES, .points = ramp, .npoints = 4 }, 25, 5 },
    { { .form = RATE_SERIES, .points = ramp, .npoints = 4 }, 200, 15 },
    { { .form = RATE_SERIES, .points = ramp, .npoints = 4 }, 375, 25 },
    { { .form = RATE_SERIES, .points = ramp, .npoints = 4 }, 401, -1 },
    /* a whole number of periods has the mean rate */
    { { .form = RATE_SINE, .per_s = 10, .amplitude = 5,
        .period = 60 * SIM_S }, 1200, 120 },
    /* half a period more: 10 * 30 + 5 * 60 / pi; the chords of the table lie
     * below the sine by less than 0.1 % */
    { { .form = RATE_SINE, .per_s = 10, .amplitude = 5,
        .period = 60 * SIM_S }, 600 + 300 + 95.41, 90 },
};

START_TEST(rates_are_inverted_exactly)
{
    const struct inverse *in = &inverses[_i];
    struct stream none = { .used = 4 };
    struct rate r;
    sim_time got;

    rate_init(&r, &in->spec, 0, &none);
    got = rate_invert(&r, in->target);
    if (in->want < 0)
        ck_assert_int_ge(got, SIM_NEVER);
    else
        ck_assert_double_eq_tol((double)got / 1e9, in->want, 0.01);
}
END_TEST

START_TEST(the_expected_number_is_the_integral)
{
    const struct inverse *in = &inverses[_i];
    struct stream none = { .used = 4 };
    struct rate r;

    if (in->want < 0)
        return;
    rate_init(&r, &in->spec, 0, &none);
    ck_assert_double_eq_tol(rate_expected(r, toy_time(in->want)), in->target,
                            in->target * 1e-3);
}
END_TEST

/* Bursts of 5 s every 15 s (10 s between) at 3 times the rate: 20 s mean 20 of
 * 15 s quiet-or-burst pattern: 10 s at 6/s, 5 s at 18/s. */
START_TEST(bursts_multiply_the_rate)
{
    struct rate_spec spec = {
        .form = RATE_CONSTANT, .per_s = 6, .bursts = true, .burst_factor = 3,
        .burst_every = dist_constant(10 * SIM_S),
        .burst_lasting = dist_constant(5 * SIM_S),
    };
    struct stream none = { .used = 4 };
    struct rate r;

    rate_init(&r, &spec, 0, &none);
    ck_assert_double_eq_tol(rate_expected(r, 15 * SIM_S), 150, 1e-9);
    ck_assert_double_eq_tol(rate_expected(r, 27 * SIM_S), 150 + 60 + 36, 1e-9);
    ck_assert_int_eq(rate_invert(&r, 60 + 18), 11 * SIM_S);
}
END_TEST

START_TEST(the_warm_up_has_the_first_value)
{
    struct rate_spec spec = { .form = RATE_STEPS, .points = steps,
                              .npoints = 3 };
    struct stream none = { .used = 4 };
    struct rate r;

    rate_init(&r, &spec, 100 * SIM_S, &none);
    ck_assert_double_eq_tol(rate_expected(r, 100 * SIM_S), 1000, 1e-9);
    ck_assert_double_eq_tol(rate_expected(r, 130 * SIM_S), 1500, 1e-9);
}
END_TEST

/* ---- arrivals of a run -------------------------------------------------- */

/* Mean and variance of a Poisson number are the same; 200 runs of 100 s at
 * 20/s: mean 2000 +- 3.29 * sqrt(2000 / 200), 99.9 %. */
START_TEST(numbers_of_arrivals_are_poisson)
{
    double sum = 0, squares = 0, n = 200, mean, variance;

    for (uint32_t i = 0; i < 200; i++) {
        struct toy t;

        toy_open(&t, KUBE_1_36, 1, 100);
        toy_clients(&t, 20);
        toy_start(&t, i);
        toy_end(&t);
        sum += toy_get(&t, METRIC_REQUESTS);
        squares += pow(toy_get(&t, METRIC_REQUESTS), 2);
        toy_close(&t);
    }
    mean = sum / n;
    variance = (squares - n * mean * mean) / (n - 1);
    ck_assert_double_eq_tol(mean, 2000, 3.29 * sqrt(2000 / n));
    ck_assert_double_eq_tol(variance / mean, 1, 3.29 * sqrt(2 / (n - 1)));
}
END_TEST

/* The requests that a coin lets fail, as a word. */
static uint64_t failing(int pods, double work_s, double *requests)
{
    uint64_t word = FNV_START;
    struct behaviour *b;
    struct toy t;

    toy_open(&t, KUBE_1_36, 2, 60);
    toy_clients(&t, 50);
    b = toy_image(&t, "web:1");
    b->service = dist_constant(toy_time(work_s));
    b->error.rate = 0.1;
    toy_start(&t, 0);
    for (int i = 0; i < pods; i++)
        toy_pod(&t, "web:1", 0);
    toy_end(&t);
    for (size_t i = 0; i < t.w->record.failures.len; i++) {
        const struct failure_row *f = &t.w->record.failures.items[i];

        ck_assert_str_eq(f->cause, "error");
        word = fnv64(word, &f->request, sizeof(f->request));
        word = fnv64(word, &f->at, sizeof(f->at));
    }
    *requests = toy_get(&t, METRIC_REQUESTS);
    toy_close(&t);
    return word;
}

START_TEST(the_same_requests_come_whatever_the_cluster_does)
{
    double a, b;

    ck_assert_uint_eq(failing(1, 0.001, &a), failing(5, 0.002, &b));
    ck_assert_double_eq(a, b);
    ck_assert_double_gt(a, 2000);
}
END_TEST

START_TEST(another_source_changes_nothing_for_the_first)
{
    double seen[2];

    for (int i = 0; i < 2; i++) {
        struct toy t;

        toy_open(&t, KUBE_1_36, 2, 60);
        toy_clients(&t, 50);
        if (i == 1)
            toy_clients(&t, 80);
        toy_image(&t, "web:1")->error.rate = 0.1;
        toy_start(&t, 0);
        toy_pod(&t, "web:1", 0);
        toy_end(&t);
        seen[i] = 0;
        for (size_t k = 0; k < t.w->record.failures.len; k++)
            if (strcmp(t.w->record.failures.items[k].source,
                       "clients-1") == 0)
                seen[i] += (double)t.w->record.failures.items[k].request;
        toy_close(&t);
    }
    ck_assert_double_gt(seen[0], 0);
    ck_assert_double_eq(seen[0], seen[1]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("traffic");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(s);
    int failed, n = sizeof(inverses) / sizeof(inverses[0]);

    tcase_add_loop_test(tc, rates_are_inverted_exactly, 0, n);
    tcase_add_loop_test(tc, the_expected_number_is_the_integral, 0, n);
    tcase_add_test(tc, bursts_multiply_the_rate);
    tcase_add_test(tc, the_warm_up_has_the_first_value);
    tcase_add_test(tc, numbers_of_arrivals_are_poisson);
    tcase_add_test(tc, the_same_requests_come_whatever_the_cluster_does);
    tcase_add_test(tc, another_source_changes_nothing_for_the_first);
    tcase_set_timeout(tc, 30);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
