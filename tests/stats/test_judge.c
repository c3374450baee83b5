/*
 * test_judge.c - Kayenta's judge: known answers, coverage, labels, scores.
 */
#include "stats/judge.h"
#include "common.h"

#define SAMPLE(...) ((struct sample){ (const double[]){ __VA_ARGS__ },        \
    sizeof((double[]){ __VA_ARGS__ }) / sizeof(double) })

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* For continuous data the estimate is the median of all differences, as far as
 * the correction for continuity, which blurs it by one of them, lets it be. */
START_TEST(the_estimate_is_hodges_and_lehmann_s)
{
    double c[9], e[9], d[81];
    struct stream s;

    for (uint32_t rep = 0; rep < 100; rep++) {
        stream_init(&s, 71, PURPOSE_TEST, 0, rep);
        for (int i = 0; i < 9; i++) {
            c[i] = draw_normal(&s);
            e[i] = draw_normal(&s) + 1;
        }
        for (int i = 0; i < 81; i++)
            d[i] = e[i / 9] - c[i % 9];
        qsort(d, 81, sizeof(*d), by_size);
        near(judge_shift((struct sample){ c, 9 }, (struct sample){ e, 9 },
                         .95).estimate, (d[39] + d[41]) / 2,
             (d[41] - d[39]) / 2 + 2e-4);
    }
}
END_TEST

/* The interval covers the true shift as often as it says. */
START_TEST(the_interval_covers_the_shift)
{
    double c[30], e[20];
    int covered = 0;
    struct stream s;

    for (uint32_t rep = 0; rep < 2000; rep++) {
        struct shift got;

        stream_init(&s, 72, PURPOSE_TEST, 0, rep);
        for (int i = 0; i < 30; i++)
            c[i] = draw_exponential(&s);
        for (int i = 0; i < 20; i++)
            e[i] = draw_exponential(&s) + .5;
        got = judge_shift((struct sample){ c, 30 }, (struct sample){ e, 20 },
                          .95);
        covered += got.low <= .5 && .5 <= got.high;
    }
    near(covered / 2000.0, .95, chance(.95, 2000) + .005);
}
END_TEST

static enum judge_label label(struct sample c, struct sample e)
{
    struct judge_metric m = judge_metric_defaults();

    return judge_classify(&m, c, e, arena).label;
}

/* Where samples are too few for the confidence, the interval ends at the least
 * and the greatest difference: two samples that are wholly apart are told apart
 * all the same, but for one sample a side. */
START_TEST(samples_that_are_apart_are_told_apart)
{
    struct shift s = judge_shift(SAMPLE(1, 2, 3), SAMPLE(90, 80, 70), .98);

    near(s.low, 67, 0);
    near(s.high, 89, 0);
    ck_assert_int_eq(label(SAMPLE(1, 2, 3), SAMPLE(90, 80, 70)), JUDGE_HIGH);
    ck_assert_int_eq(label(SAMPLE(90, 80, 70), SAMPLE(1, 2, 3)), JUDGE_LOW);
    ck_assert_int_eq(label(SAMPLE(1, 2, 75), SAMPLE(90, 80, 70)), JUDGE_PASS);
    ck_assert_int_eq(label(SAMPLE(1), SAMPLE(90)), JUDGE_PASS);
}
END_TEST

START_TEST(constant_sides_are_told_apart)
{
    ck_assert_int_eq(label(SAMPLE(3, 3, 3, 3, 3), SAMPLE(3, 3, 3)),
                     JUDGE_PASS);
    ck_assert_int_eq(label(SAMPLE(3, 3, 3, 3, 3), SAMPLE(4, 4, 4, 4, 4)),
                     JUDGE_HIGH);
    ck_assert(isnan(judge_shift(SAMPLE(3, 3), SAMPLE(3, 3), .95).low));
}
END_TEST

START_TEST(nan_and_outliers_are_left_out)
{
    struct judge_metric m = judge_metric_defaults();
    struct sample none = SAMPLE(NAN, NAN), five = SAMPLE(1, 2, 3, 4, 5);
    struct judgement j;

    ck_assert_int_eq(label(five, none), JUDGE_NODATA);
    m.must_have_data = true;
    ck_assert_int_eq(judge_classify(&m, five, none, arena).label,
                     JUDGE_NODATA_FAIL);
    m.critical = true;
    j = judge_classify(&m, five, none, arena);
    ck_assert(j.label == JUDGE_NODATA && j.fails);
    m.replace = true;           /* then five values against two zeroes */
    ck_assert_int_eq(judge_classify(&m, five, none, arena).label, JUDGE_LOW);
    m = judge_metric_defaults();
    m.outliers = true;
    m.outlier_factor = 1.5;
    /* Without its outlier, which p99 does not save, the sample is the same. */
    ck_assert_int_eq(judge_classify(&m, five, SAMPLE(1, 2, 3, 4, 5, 1e9),
                                    arena).label, JUDGE_PASS);
}
END_TEST

static const struct {
    struct judge_result results[4];
    size_t n;
    double score;
} scores[] = {
    { { { "a", JUDGE_PASS, false } }, 1, 100 },
    { { { "a", JUDGE_PASS, false }, { "a", JUDGE_HIGH, false },
        { "a", JUDGE_PASS, false } }, 3, 66.67 },
    { { { "a", JUDGE_NODATA, false }, { "b", JUDGE_PASS, false } }, 2, 0 },
    { { { "a", JUDGE_NODATA_FAIL, false }, { "b", JUDGE_PASS, false } }, 2,
      50 },
    { { { "a", JUDGE_PASS, false }, { "b", JUDGE_LOW, true } }, 2, 0 },
};

START_TEST(groups_are_scored)
{
    double got = judge_score(scores[_i].results, scores[_i].n, NULL, 0);

    near(got, scores[_i].score, 1e-9);
    ck_assert_int_eq(judge_verdict(got, 95, 75),
                     got >= 95 ? JUDGE_VERDICT_PASS : JUDGE_VERDICT_FAIL);
}
END_TEST

START_TEST(a_verdict_may_be_marginal)
{
    ck_assert_int_eq(judge_verdict(95, 95, 75), JUDGE_VERDICT_PASS);
    ck_assert_int_eq(judge_verdict(94.99, 95, 75), JUDGE_VERDICT_MARGINAL);
    ck_assert_int_eq(judge_verdict(74.99, 95, 75), JUDGE_VERDICT_FAIL);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("judge");

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, the_estimate_is_hodges_and_lehmann_s);
    tcase_add_test(c, the_interval_covers_the_shift);
    tcase_add_test(c, samples_that_are_apart_are_told_apart);
    tcase_add_test(c, constant_sides_are_told_apart);
    tcase_add_test(c, nan_and_outliers_are_left_out);
    tcase_add_loop_test(c, groups_are_scored, 0, COUNT_OF(scores));
    tcase_add_test(c, a_verdict_may_be_marginal);
    return run_case("judge", c);
}
