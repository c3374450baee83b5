/*
 * test_compare.c - what is said of strategies, and when it may be said.
 */
#include <check.h>
#include <math.h>
#include <gsl/gsl_errno.h>
#include "app/comparison.h"
#include "command.h"
#include "io/yaml.h"

#define SMALL "compare tests/app/data/small.yaml --quiet --ascii "
#define TWINS "compare tests/app/data/twins.yaml --quiet --ascii "
#define PROMISE "run tests/app/data/promise.yaml --quiet --ascii "

static struct app app;

static void set_up(void)
{
    app = (struct app){ .out = stdout, .err = stderr };
    gsl_set_error_handler_off();
    app.arena = arena_new();
    app.o.seed = app.o.replications = app.o.jobs = app.o.least = -1;
    app.o.no_progress = true;
    err_init(&app.errors, app.arena);
}

static void tear_down(void)
{
    arena_free(app.arena);
}

/* n replications of a scenario. */
static struct experiment *run(const char *file, int64_t n)
{
    struct scenario *s = arena_make(app.arena, struct scenario);
    struct experiment *e = arena_make(app.arena, struct experiment);

    vec_push(app.arena, &app.o.words, file);
    app.o.replications = n;
    ck_assert_int_eq(scenario_load(&app, s), SIM_OK);
    ck_assert_int_eq(experiment_run(&app, s, NULL, e), SIM_OK);
    return e;
}

/* Common random numbers: equal strategies differ by exactly 0 in every metric
 * of every replication, and that is what is said. */
START_TEST(equal_strategies_differ_by_exactly_nothing)
{
    struct experiment *e = run("tests/app/data/twins.yaml", 40);
    enum metric all[METRIC_COUNT];
    struct comparison *c;

    for (int m = 0; m < METRIC_COUNT; m++)
        all[m] = (enum metric)m;
    c = compare_strategies(e, app.arena, 0, all, METRIC_COUNT, 0.01);
    ck_assert_uint_ge(c->nsubjects, METRIC_COUNT);
    for (size_t i = 0; i < c->nsubjects; i++) {
        const struct difference *d = comparison_of(c, i, 1);

        ck_assert_uint_eq(d->pairing.differ, 0);
        if (d->finding == FINDING_UNDEFINED)
            continue;
        ck_assert_int_eq(d->finding, FINDING_SAME);
        ck_assert_double_eq(d->pairing.difference.mean, 0);
        ck_assert_double_eq(d->pairing.difference.low, 0);
        ck_assert_double_eq(d->pairing.difference.high, 0);
        ck_assert_double_eq(d->pairing.p, 1);
    }
}
END_TEST

/* The family: Holm over all rows, and a p-value of McNemar by hand. */
START_TEST(recreate_and_rolling_are_told_apart)
{
    struct experiment *e = run("tests/app/data/small.yaml", 20);
    struct comparison *c = compare_strategies(e, app.arena, 0, NULL, 0, 0.01);
    size_t shares = 0;

    for (size_t i = 0; i < c->nsubjects; i++) {
        const struct difference *d = comparison_of(c, i, 1);

        ck_assert_double_ge(d->adjusted, d->pairing.p);
        ck_assert_double_le(d->adjusted,
                            fmin(1, (double)c->nsubjects * d->pairing.p));
        if (!d->subject->share || d->subject->happening != HAPPENING_DOWNTIME)
            continue;
        shares++;               /* 20 of 20 against none */
        ck_assert_double_eq_tol(d->pairing.p, 2 * pow(0.5, 20), 1e-12);
        ck_assert_double_eq(d->pairing.difference.mean, -1);
        ck_assert_int_eq(d->finding, FINDING_BETTER);
    }
    ck_assert_uint_eq(shares, 1);
}
END_TEST

/* Without pairing, the variances add; what is reported is their ratio. */
START_TEST(what_pairing_saved_is_what_the_variances_say)
{
    struct experiment *e = run("tests/app/data/small.yaml", 30);
    enum metric m = METRIC_EXTRA_POD_SECONDS;
    struct comparison *c = compare_strategies(e, app.arena, 0, &m, 1, 0.01);
    const struct difference *d = comparison_of(c, 0, 1);
    double *x = experiment_series(e, app.arena, 1, m);
    double *y = experiment_series(e, app.arena, 0, m);
    double mean[3] = {0}, var[3] = {0};

    for (size_t r = 0; r < e->n; r++) {
        mean[0] += x[r] / 30;
        mean[1] += y[r] / 30;
        mean[2] += (x[r] - y[r]) / 30;
    }
    for (size_t r = 0; r < e->n; r++) {
        var[0] += pow(x[r] - mean[0], 2);
        var[1] += pow(y[r] - mean[1], 2);
        var[2] += pow(x[r] - y[r] - mean[2], 2);
    }
    ck_assert_double_gt(var[2], 0);
    ck_assert_double_eq_tol(d->pairing.saved, (var[0] + var[1]) / var[2],
                            1e-9);
    ck_assert_double_eq(d->unpaired, ceil(30 * d->pairing.saved));
}
END_TEST

/* Lines, exit codes, and words of stdout or (code 2) stderr. */
static const struct {
    const char *line, *words;
    int code;
} lines[] = {
    { TWINS "-n 12", "right, against left: the same in failed_requests", 0 },
    { SMALL "-n 20", "rolling, against recreate: better in", 0 },
    { SMALL "-n 20 --baseline rolling", "worse in failed_requests, downtime,",
      0 },
    { SMALL "-n 20", "any_downtime             -100 pp [-100, ", 0 },
    { SMALL "-n 20", "none in 20: below 14 %", 0 },
    { SMALL "-n 12 --metric latency_p50 --within 50%",
      "equal within 50 % in latency_p50", 0 },
    { SMALL "-n 12 --metric latency_p50 --within 0%",
      "better in latency_p50", 0 },
    { SMALL "-n 20 --json", "\"finding\": \"better\"", 0 },
    { SMALL "-n 20 --json", "\"verdicts\": {", 0 },
    /* differences of equal strategies: nothing differs in 40 replications;
     * the means of so few requests are not known to 0.1 % */
    { TWINS "--until failed_requests+-0.1% -n 60", "40 replications", 0 },
    { "run tests/app/data/twins.yaml --quiet --until requests+-0.01% -n 60",
      "was not reached after 60", 5 },
    { TWINS "--until latency_p99+-3ms --min 40", "50 replications", 0 },
    { TWINS "--until requests+-1 --json", "\"of\": \"differences\"", 0 },
    { SMALL "--until failed_requests", "is no precision", 2 },
    { SMALL "--until downtime+-0", "no number of replications", 2 },
    { SMALL "--until donwtime+-1s", "no metric \"donwtime\"", 2 },
    { SMALL "--until downtime+-1s --min 50 -n 40", "are fewer than", 2 },
    { SMALL "--min 50", "--min goes with --until", 2 },
    { SMALL "--within much", "is no share", 2 },
    { SMALL "--within 5", "is no share", 2 },
    /* a release that is not always complete keeps no promise about its end */
    { PROMISE "-n 4 --set images={\"shop/web:1.1\":{\"readiness\":\"never\"}} --set "
      "slo[0]={\"metric\":\"rollout_seconds\",\"atMost\":\"1h\"}",
      "not always reached", 1 },
    { PROMISE "-n 4 --set slo[0]={\"metric\":\"rollout_seconds\","
      "\"atMost\":\"1h\"}", "met ", 0 },
    /* the limit within the interval */
    { PROMISE "-n 6 --strategy recreate --set slo[0]={\"metric\":"
      "\"requests\",\"atLeast\":2400}", "undecided", 5 },
};

START_TEST(commands_say_it_and_return_it)
{
    struct output o = command(lines[_i].line);
    const char *text = lines[_i].code == 2 ? o.err : o.out;

    ck_assert_msg(o.code == lines[_i].code, "%s: %d %s%s", lines[_i].line,
                  o.code, o.out, o.err);
    ck_assert_msg(strstr(text, lines[_i].words) != NULL, "%s: %s",
                  lines[_i].line, text);
    output_free(&o);
}
END_TEST

/* --json is JSON, and its parts are there. */
START_TEST(json_holds_the_comparison)
{
    struct output o = command(SMALL "-n 20 --json");
    struct yaml_stream s = {0};
    const struct value *v, *first;

    ck_assert_int_eq(yaml_load(app.arena, "json", o.out, strlen(o.out), false,
                               &s, &app.errors), SIM_OK);
    v = value_get(s.docs.items[0].root, "comparison");
    ck_assert_ptr_nonnull(v);
    ck_assert_str_eq(value_text(value_get(v, "baseline"), ""), "recreate");
    first = value_get(v, "differences")->u.items[0];
    ck_assert_str_eq(value_text(value_get(first, "metric"), ""),
                     "failed_requests");
    ck_assert_ptr_nonnull(value_get(first, "correlation"));
    ck_assert_ptr_nonnull(value_get(first, "unpaired"));
    v = value_get(s.docs.items[0].root, "strategies")->u.items[0];
    v = value_get(value_get(v, "happened"), "any_downtime");
    ck_assert_str_eq(value_text(value_get(v, "k"), ""), "20");
    output_free(&o);
}
END_TEST

/* Cold caches: a release after five seconds measures them, not itself. */
START_TEST(a_short_warm_up_is_warned_of)
{
    static const char *const warm[] = { "5s", "3m" };

    for (int i = 0; i < 2; i++) {
        char line[300];
        struct output o;

        snprintf(line, sizeof line, "run tests/app/data/small.yaml -n 10 "
                 "--no-progress --strategy rolling --set run.warmup=%s --set "
                 "release.at=1m --set images[\"shop/web\"].warmup="
                 "{\"from\":\"5%%\",\"over\":\"1m\"}", warm[i]);
        o = command(line);
        ck_assert_msg(o.code == 0, "%s", o.err);
        ck_assert_msg((strstr(o.err, "warning: warm-up: in the first") != NULL)
                      == (i == 0), "%s: %s", warm[i], o.err);
        output_free(&o);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("compare");
    TCase *tc = tcase_create("compare");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, equal_strategies_differ_by_exactly_nothing);
    tcase_add_test(tc, recreate_and_rolling_are_told_apart);
    tcase_add_test(tc, what_pairing_saved_is_what_the_variances_say);
    tcase_add_loop_test(tc, commands_say_it_and_return_it, 0,
                        sizeof lines / sizeof lines[0]);
    tcase_add_test(tc, json_holds_the_comparison);
    tcase_add_test(tc, a_short_warm_up_is_warned_of);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed > 0;
}
