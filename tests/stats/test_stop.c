/*
 * test_stop.c - the sequential stopping rule.
 */
#include "stats/ci.h"
#include "stats/stop.h"
#include "common.h"

#define MOST 4000

static const struct precision ten_percent = {
    .relative = 0.10, .confidence = 0.95, .min = STOP_MIN, .max = MOST,
};

static size_t stop_one(const struct precision *p, const double *x, size_t n)
{
    return stop_at(p, &x, 1, n);
}

START_TEST(stops_at_the_first_check_where_the_half_width_is_small_enough)
{
    struct precision p = {.absolute = 2, .confidence = 0.95, .min = 30,
                          .max = 1000};
    double x[1000];
    size_t at;
    struct stream s;

    stream_init(&s, 21, PURPOSE_TEST, 0, 0);
    for (int i = 0; i < 1000; i++)
        x[i] = 100 + 10 * draw_normal(&s);
    at = stop_one(&p, x, 1000);
    ck_assert_uint_eq(at % STOP_BATCH, 0);
    ck_assert(at > 40 && at < 200);
    for (size_t n = 40; n <= at; n += STOP_BATCH) {
        struct interval i = ci_mean(x, n, 0.95);
        ck_assert((i.high - i.mean <= 2) == (n == at));
    }
    ck_assert_uint_eq(stop_one(&p, x, at - 1), 0);
    ck_assert_uint_eq(stop_one(&p, x, at), at);
    ck_assert_uint_eq(stop_one(&p, x, at + 7), at);
}
END_TEST

START_TEST(never_stops_at_the_first_look_nor_beyond_max)
{
    struct precision p = ten_percent;
    double same[50], wild[50];
    const double *both[] = {same, wild};

    for (int i = 0; i < 50; i++) {
        same[i] = 7;            /* 37 would do, but 30 is the first look */
        wild[i] = i % 2 ? 1000 : -999;
    }
    ck_assert_uint_eq(stop_one(&p, same, 30), 0);
    ck_assert_uint_eq(stop_one(&p, same, 50), 40);
    p.max = 45;
    ck_assert_uint_eq(stop_one(&p, wild, 44), 0);
    ck_assert_uint_eq(stop_one(&p, wild, 50), 45);
    ck_assert(!stop_reached(&p, both, 2, 45));
    ck_assert_uint_eq(stop_at(&p, both, 2, 50), 45);    /* all must be */
    p.max = 20;
    ck_assert_uint_eq(stop_one(&p, same, 20), 20);
}
END_TEST

START_TEST(undefined_values_do_not_count)
{
    double x[100];

    for (int i = 0; i < 100; i++)
        x[i] = i == 60 ? 8 : NAN;
    ck_assert_uint_eq(stop_one(&ten_percent, x, 100), 0);
    x[61] = 8.001;
    ck_assert_uint_eq(stop_one(&ten_percent, x, 100), 70);
}
END_TEST

/* None of n: the exact interval is 0 to 1 - 0.025^(1/n); half of it is within
 * 10 % from n = 17 and within 5 % from n = 36 on. */
START_TEST(a_metric_that_never_varies_stops_when_that_is_known)
{
    struct precision p = ten_percent;
    double zero[400] = {0}, one[400];

    for (int i = 0; i < 400; i++)
        one[i] = 1;
    p.min = 10;
    ck_assert_uint_eq(stop_one(&p, zero, 400), 20);
    p.relative = 0.02;
    ck_assert_uint_eq(stop_one(&p, zero, 400), 40);
    ck_assert_uint_eq(stop_one(&p, one, 400), 40);
    p.relative = 0;
    p.absolute = 1e-9;
    ck_assert_uint_eq(stop_one(&p, zero, 400), 40);
}
END_TEST

/* Three of the first ten differ, then none: 3 of n is known to +- 5 % when
 * half of the exact interval is that short. */
START_TEST(a_rare_metric_stops_when_its_share_is_known)
{
    struct precision p = ten_percent;
    double x[400] = {4, 0, 9, 0, 0, 1};

    p.relative = 0.05;
    for (size_t n = 40; n <= 400; n += STOP_BATCH) {
        struct interval i = ci_share_exact(3, n, 0.95);
        if ((i.high - i.low) / 2 > 0.05)
            continue;
        ck_assert_uint_eq(stop_one(&p, x, 400), n);
        ck_assert(n > 60 && n < 120);
        return;
    }
    ck_abort();
}
END_TEST

START_TEST(prediction_grows_with_the_square_of_what_is_missing)
{
    struct precision p = {.absolute = 1, .confidence = 0.95, .min = 30,
                          .max = 100000};
    double x[200];
    const double *series = x;
    struct interval i;
    struct stream s;

    stream_init(&s, 22, PURPOSE_TEST, 0, 0);
    for (int j = 0; j < 200; j++)
        x[j] = 20 * draw_normal(&s);
    i = ci_mean(x, 200, 0.95);
    near((double)stop_predict(&p, &series, 1, 200),
         200 * pow(i.high - i.mean, 2), 1);
    p.max = 300;
    ck_assert_uint_eq(stop_predict(&p, &series, 1, 200), 300);
    p.absolute = 100;
    ck_assert_uint_eq(stop_predict(&p, &series, 1, 200), 200);
}
END_TEST

/* Reference 5.6: coverage of the interval at the time of stopping, relative
 * precision 10 %: normal .947, lognormal .944. */
static const struct {
    bool lognormal;
    double coverage, truth;
} sequential[] = {{false, .947, 2}, {true, .944, 1.6487212707}};

START_TEST(coverage_survives_sequential_looking)
{
    int covered = 0, n = 600;
    double x[MOST];
    struct stream s;

    for (uint32_t rep = 0; rep < 600; rep++) {
        struct interval i;
        size_t at = 0, len = 0;
        stream_init(&s, 23, PURPOSE_TEST, (uint64_t)_i, rep);
        while (at == 0) {
            for (size_t more = len < 500 ? 250 : 1000; more > 0; more--) {
                double z = draw_normal(&s);
                x[len++] = sequential[_i].lognormal ? exp(z) : 2 + z;
            }
            at = stop_one(&ten_percent, x, len);
        }
        ck_assert(at < MOST);
        i = ci_mean(x, at, 0.95);
        covered += i.low <= sequential[_i].truth
                   && sequential[_i].truth <= i.high;
    }
    near((double)covered / n, sequential[_i].coverage,
         chance(sequential[_i].coverage, n));
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("when to stop");

    tcase_set_timeout(c, 60);
    tcase_add_test(c,
        stops_at_the_first_check_where_the_half_width_is_small_enough);
    tcase_add_test(c, never_stops_at_the_first_look_nor_beyond_max);
    tcase_add_test(c, undefined_values_do_not_count);
    tcase_add_test(c, a_metric_that_never_varies_stops_when_that_is_known);
    tcase_add_test(c, a_rare_metric_stops_when_its_share_is_known);
    tcase_add_test(c, prediction_grows_with_the_square_of_what_is_missing);
    tcase_add_loop_test(c, coverage_survives_sequential_looking, 0,
                        COUNT_OF(sequential));
    return run_case("stop", c);
}
