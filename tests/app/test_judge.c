/*
 * test_judge.c - guards that judge as Kayenta does, in scenarios/judge.yaml.
 */
#include <check.h>
#include <math.h>
#include <gsl/gsl_errno.h>
#include "command.h"
#include "app/experiment.h"

static struct app app;

static void set_up(void)
{
    app = (struct app){ .out = stdout, .err = stderr };
    gsl_set_error_handler_off();
    app.arena = arena_new();
    app.o.seed = app.o.jobs = -1;
    app.o.no_progress = app.o.quiet = true;
    err_init(&app.errors, app.arena);
}

static void tear_down(void)
{
    arena_free(app.arena);
}

/* n replications of scenarios/judge.yaml with up to three --set. */
static struct experiment *judge(int64_t n, const char *set1, const char *set2,
                                const char *set3)
{
    struct scenario *s = arena_make(app.arena, struct scenario);
    struct experiment *e = arena_make(app.arena, struct experiment);
    const char *file = "scenarios/judge.yaml", *sets[] = { set1, set2, set3 };

    vec_clear(&app.o.words);
    vec_clear(&app.o.sets);
    vec_push(app.arena, &app.o.words, file);
    for (int i = 0; i < 3; i++)
        if (sets[i])
            vec_push(app.arena, &app.o.sets, sets[i]);
    app.o.replications = n;
    ck_assert_msg(scenario_load(&app, s) == SIM_OK, "%s",
                  app.errors.len ? app.errors.items[0].text : "");
    ck_assert_int_eq(experiment_run(&app, s, NULL, e), SIM_OK);
    return e;
}

/* Mean of a metric where it is defined; *n: how often. */
static double mean_of(const struct experiment *e, size_t v, enum metric m,
                      size_t *n)
{
    double sum = 0;

    *n = 0;
    for (size_t r = 0; r < e->n; r++) {
        double x = experiment_value(e, v, r, m);

        if (isnan(x))
            continue;
        sum += x;
        (*n)++;
    }
    return sum / (double)*n;
}

/* What the scenario shows: five samples at least; more requests a sample, an
 * earlier verdict, and more users who meet it. */
START_TEST(a_greater_share_is_judged_sooner_and_hurts_more)
{
    struct experiment *e = judge(20, NULL, NULL, NULL);
    double seconds[3], bad[3];
    size_t n[3], all;

    for (size_t v = 0; v < 3; v++) {
        seconds[v] = mean_of(e, v, METRIC_DETECTION_SECONDS, &n[v]);
        bad[v] = mean_of(e, v, METRIC_BAD_ANSWERS, &all);
        for (size_t r = 0; r < e->n; r++)
            ck_assert(!(experiment_value(e, v, r, METRIC_DETECTION_SECONDS)
                        < 200));        /* 6 min - the first bad answer */
    }
    ck_assert_uint_ge(n[0], 17);
    ck_assert_uint_eq(n[1], 20);
    ck_assert_uint_eq(n[2], 20);
    ck_assert(seconds[0] > seconds[1] && seconds[1] > seconds[2]);
    ck_assert(bad[0] < bad[1] && bad[1] < bad[2]);
}
END_TEST

/* Six looks at 98 %: equal versions are hardly ever condemned. */
START_TEST(an_equal_version_passes)
{
    struct experiment *e = judge(30, "strategies=[{name: c, canary: {steps: "
                                 "[{setWeight: 20}, {pause: {duration: 40m}}]}}"
                                 "]", "images={\"shop/checkout\": {errorRate: "
                                 "0.5%}}", NULL);
    size_t n;

    mean_of(e, 0, METRIC_DETECTION_SECONDS, &n);
    ck_assert_uint_le(n, 3);
}
END_TEST

/* Half as slow again, at any quantile: High beyond the tolerance, but no
 * problem where three times as much is allowed. */
START_TEST(what_is_allowed_is_no_problem)
{
    static const char *const effects[] = { "", ", allowedIncrease: 3",
                                           ", direction: decrease" };
    size_t found[3];

    for (int i = 0; i < 3; i++) {
        const char *set = arena_printf(
            app.arena, "guard=[{judge: {metrics: [{metric: latency_p95, "
            "critical: true%s}]}}]", effects[i]);
        struct experiment *e = judge(6, set, "images={\"shop/checkout\": "
            "{service: {lognormal: {median: 25ms, p95: 90ms}}, concurrency: "
            "32}, \"shop/checkout:2.5.0\": {slowdown: 1.5}}", "strategies=[{"
            "name: c, canary: {steps: [{setWeight: 20}, {pause: {duration: "
            "40m}}]}}]");

        mean_of(e, 0, METRIC_ROLLBACK_SECONDS, &found[i]);
    }
    ck_assert_uint_eq(found[0], 6);
    ck_assert_uint_eq(found[1], 0);
    ck_assert_uint_eq(found[2], 0);
}
END_TEST

/* One of two metrics fails, neither critical: 50 of 100 is Marginal, which is
 * borne until the last judgement. */
START_TEST(a_marginal_score_ends_it_only_at_the_end)
{
    static const struct {
        const char *scores;
        double from, to;        /* the decision after the release, in s */
    } cases[] = {
        { "pass: 95, marginal: 75", 300, 310 },
        { "pass: 95, marginal: 40", 1200, 1210 },
        { "pass: 45, marginal: 40", INFINITY, INFINITY },
    };

    for (int i = 0; i < 3; i++) {
        const char *line = arena_printf(app.arena, "guard=[{judge: {metrics: "
            "[{metric: error_rate}, {metric: request_rate, direction: "
            "increase}], lifetime: 20m, %s}}]", cases[i].scores);
        struct experiment *e = judge(4, line, "images={\"shop/checkout:2.5.0\""
            ": {errorRate: 20%}}", "strategies=[{name: c, canary: {steps: [{"
            "setWeight: 20}, {pause: {duration: 40m}}]}}]");

        for (size_t r = 0; r < e->n; r++) {
            double d = experiment_value(e, 0, r, METRIC_DETECTION_SECONDS);

            if (isinf(cases[i].from))
                ck_assert(isnan(d));
            else                /* from the first bad answer on */
                ck_assert_msg(d > cases[i].from - 40 && d < cases[i].to,
                              "%d: %g", i, d);
        }
    }
}
END_TEST

START_TEST(what_was_judged_is_told)
{
    struct output o = command("explain scenarios/judge.yaml --strategy "
                              "canary-50 --ascii --quiet");

    ck_assert_int_eq(o.code, 0);
    ck_assert_ptr_nonnull(strstr(o.out, "Judged: score 0, Fail: error_rate "
                                 "High, latency_p99 Pass"));
    ck_assert_ptr_nonnull(strstr(o.out, "argo rollouts abort checkout"));
    output_free(&o);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("judge");
    TCase *tc = tcase_create("judge");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_greater_share_is_judged_sooner_and_hurts_more);
    tcase_add_test(tc, an_equal_version_passes);
    tcase_add_test(tc, what_is_allowed_is_no_problem);
    tcase_add_test(tc, a_marginal_score_ends_it_only_at_the_end);
    tcase_add_test(tc, what_was_judged_is_told);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed > 0;
}
