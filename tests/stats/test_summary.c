/*
 * test_summary.c - which figures of a metric may be shown.
 */
#include "stats/summary.h"
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

static struct summary summarise(const double *x, size_t n)
{
    return summary_of(scratch, x, n, 0.95, 1);
}

START_TEST(undefined_values_are_counted_and_left_out)
{
    static const double x[] = {NAN, 4, NAN, 2, 6, NAN};
    struct summary s = summarise(x, 6);

    ck_assert_int_eq(s.kind, SUMMARY_MEAN);
    ck_assert_uint_eq(s.n, 3);
    ck_assert_uint_eq(s.undefined, 3);
    near(s.mean.mean, 4, 0);
    near(s.sd, 2, 1e-12);
    near(s.min, 2, 0);
    near(s.median, 4, 0);
    near(s.max, 6, 0);
    ck_assert(isnan(s.p95.high) && s.p95.low >= 2);
}
END_TEST

START_TEST(nothing_defined_is_no_summary)
{
    static const double x[] = {NAN, NAN};
    struct summary s = summarise(x, 2);

    ck_assert_int_eq(s.kind, SUMMARY_NONE);
    ck_assert_uint_eq(s.undefined, 2);
    ck_assert(isnan(s.mean.mean) && isnan(s.min) && isnan(s.hit_median));
    ck_assert_int_eq(summarise(NULL, 0).kind, SUMMARY_NONE);
}
END_TEST

/* hits of 100 replications have downtime 1, 2, 3, ... */
static const struct {
    int hits;
    enum summary_kind kind;
} rare[] = {
    {0, SUMMARY_CONSTANT}, {1, SUMMARY_RARE}, {9, SUMMARY_RARE},
    {10, SUMMARY_MEAN}, {99, SUMMARY_MEAN}, {100, SUMMARY_MEAN},
};

START_TEST(fewer_than_ten_hits_are_rare)
{
    double x[100] = {0};
    int hits = rare[_i].hits;
    struct summary s;

    for (int i = 0; i < hits; i++)
        x[99 - i] = i + 1;
    s = summarise(x, 100);
    ck_assert_int_eq(s.kind, rare[_i].kind);
    ck_assert_uint_eq(s.hits, (size_t)hits);
    near(s.usual, 0, 0);
    near(s.share.high, ci_share_exact((size_t)hits, 100, .95).high, 0);
    if (hits == 0) {
        ck_assert(isnan(s.hit_min) && isnan(s.hit_median) && isnan(s.hit_max));
    } else {
        near(s.hit_min, 1, 0);
        near(s.hit_median, (hits + 1) / 2.0, 0);
        near(s.hit_max, hits, 0);
    }
}
END_TEST

START_TEST(equal_values_are_constant_and_few_values_are_not_rare)
{
    static const double same[] = {40, 40, 40, 40}, few[] = {1, 2, 3};

    ck_assert_int_eq(summarise(same, 4).kind, SUMMARY_CONSTANT);
    near(summarise(same, 4).usual, 40, 0);
    near(summarise(same, 4).mean.high, 40, 0);
    ck_assert_int_eq(summarise(few, 3).kind, SUMMARY_MEAN);
}
END_TEST

/* Availability is 1 in nearly every replication. */
START_TEST(hits_are_counted_from_the_usual_value_whatever_it_is)
{
    double x[60];
    struct summary s;
    size_t hits;

    for (int i = 0; i < 60; i++)
        x[i] = i % 20 == 7 ? 0.9 + i / 1000.0 : 1;
    s = summarise(x, 60);
    ck_assert_int_eq(s.kind, SUMMARY_RARE);
    near(s.usual, 1, 0);
    ck_assert_uint_eq(s.hits, 3);
    near(s.hit_min, 0.907, 1e-12);
    near(s.hit_max, 0.947, 1e-12);
    /* Just half is no majority: hits are counted from 0 then. */
    static const double half[] = {1, 5, 1, 6, NAN, 1, 7};
    near(summary_usual(half, 7, &hits), 0, 0);
    ck_assert_uint_eq(hits, 6);
    static const double most[] = {2, 5, 2, 6, NAN, 2, 2};
    near(summary_usual(most, 7, &hits), 2, 0);
    ck_assert_uint_eq(hits, 2);
}
END_TEST

START_TEST(mean_follows_the_rule_for_skewed_data)
{
    double x[40] = {0};
    struct summary s;

    for (int i = 0; i < 12; i++)
        x[3 * i] = exp(i / 2.0);
    s = summarise(x, 40);
    ck_assert(s.skewed);
    near(s.mean.high, ci_mean_bootstrap(x, 40, .95, 1).high, 0);
    ck_assert(s.mean.high > ci_mean(x, 40, .95).high);
}
END_TEST

/* 3 of 60 replications fell to 0.907 .. 0.947; their share is 1.04 to 13.9 %
 * (Clopper-Pearson). */
START_TEST(a_rare_value_bounds_the_mean_by_its_share)
{
    double x[60];
    struct interval i;
    struct summary s;

    for (int k = 0; k < 60; k++)
        x[k] = k % 20 == 7 ? 0.9 + k / 1000.0 : 1;
    s = summarise(x, 60);
    i = summary_bounds(&s);
    near(i.high, 1 - 0.053 * ci_share_exact(3, 60, .95).low, 1e-12);
    near(i.low, 1 - 0.093 * ci_share_exact(3, 60, .95).high, 1e-12);
    ck_assert(i.low < s.mean.mean && s.mean.mean < i.high);
    for (int k = 0; k < 60; k++)
        x[k] = k % 20 == 7 ? k : 0;
    s = summarise(x, 60);
    i = summary_bounds(&s);
    near(i.high, 47 * ci_share_exact(3, 60, .95).high, 1e-12);
    near(i.low, 7 * ci_share_exact(3, 60, .95).low, 1e-12);
}
END_TEST

/* Where t covers .53 (reference 5.4: P(> 0) = .05, n = 20), these bounds, given
 * that there was a hit, cover .91; that nothing happened at all says nothing of how
 * bad it would have been. */
START_TEST(bounds_of_rare_values_cover_where_t_does_not)
{
    double truth = 0.05 * exp(0.5);
    int covered = 0, t = 0, n = 0;
    struct stream g;

    for (uint32_t rep = 0; rep < 4000; rep++) {
        double x[20];
        struct interval i;
        struct summary s;

        stream_init(&g, 3, PURPOSE_TEST, 0, rep);
        for (int k = 0; k < 20; k++)
            x[k] = draw_downtime(&g, 0.05);
        s = summary_of(scratch, x, 20, .95, 1);
        i = summary_bounds(&s);
        if (s.hits == 0)
            continue;
        n++;
        covered += i.low <= truth && truth <= i.high;
        i = ci_mean(x, 20, .95);
        t += i.low <= truth && truth <= i.high;
    }
    ck_assert_msg(covered > 0.9 * n && t < 0.85 * n, "%d, %d of %d", covered, t,
                  n);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("one metric");

    tcase_add_checked_fixture(c, open_scratch, close_scratch);
    tcase_add_test(c, undefined_values_are_counted_and_left_out);
    tcase_add_test(c, nothing_defined_is_no_summary);
    tcase_add_loop_test(c, fewer_than_ten_hits_are_rare, 0, COUNT_OF(rare));
    tcase_add_test(c, equal_values_are_constant_and_few_values_are_not_rare);
    tcase_add_test(c, hits_are_counted_from_the_usual_value_whatever_it_is);
    tcase_add_test(c, mean_follows_the_rule_for_skewed_data);
    tcase_add_test(c, a_rare_value_bounds_the_mean_by_its_share);
    tcase_add_test(c, bounds_of_rare_values_cover_where_t_does_not);
    return run_case("summary", c);
}
