/*
 * test_presets.c - the shapes of other systems do what those say, to the
 * second: profile exact, nine pods, each ready 4 s after its creation.
 */
#include <check.h>
#include <math.h>
#include "results.h"

#define START 4.0               /* s until a pod is ready */
#define HEALTHY 2.0             /* nomad's min_healthy_time */
#define N 9

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

struct answer {
    const char *strategy, *metric;
    double expected;
};

/* Within what a control plane needs, or a request is under way: 0.2 s. */
static void check_answers(const struct answer *a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double x = results_metric(&r, a[i].strategy, a[i].metric);

        ck_assert_msg(fabs(x - a[i].expected) < 0.2, "%s of %s: %g, not %g",
                      a[i].metric, a[i].strategy, x, a[i].expected);
    }
}

/* In place: as many rounds as batches, and what is left meanwhile. */
static const struct answer servers[] = {
    { "one", "rollout_seconds", 9 * START },
    { "one", "capacity_dip", 8. / N },
    { "half", "rollout_seconds", 3 * START },           /* 4, 4, 1 */
    { "half", "capacity_dip", 5. / N },
    { "all", "rollout_seconds", START },
    { "all", "capacity_dip", 0 },
    { "all", "downtime", START - 2 },                   /* preStop: 2 s */
    { "forty-percent", "rollout_seconds", 2 * START },  /* 5, 4 */
    { "forty-percent", "capacity_dip", 4. / N },
    { "six-stay", "rollout_seconds", 3 * START },
    { "six-stay", "capacity_dip", 6. / N },
    { "nomad", "rollout_seconds", 3 * (START + HEALTHY) },
    { "nomad", "capacity_dip", 6. / N },
    { "nomad-forced", "rollout_seconds", START + HEALTHY },
    { "nomad-forced", "capacity_dip", 0 },
    /* One canary, then 4 and 4 beside it: one old pod goes for the canary. */
    { "nomad-canary", "rollout_seconds", 3 * (START + HEALTHY) },
    { "nomad-canary", "capacity_dip", 5. / N },
    { "nomad-by-hand", "rollout_seconds", START + HEALTHY + 60 },
    { "nomad-by-hand", "capacity_dip", 1 },
    { "nomad-by-hand", "peak_pods", 2 * N },
    { "nomad-by-hand", "mixed_seconds", HEALTHY + 60 },
};

/* Users go over in these times; old pods stay for 5 minutes and stop in 2 s. */
static const struct answer shifts[] = {
    { "ecs-all", "mixed_seconds", 0 },
    { "ecs-all", "old_gone_seconds", START + 300 + 2 },
    { "ecs-canary", "mixed_seconds", 5 * 60 },
    { "ecs-canary", "old_gone_seconds", START + 5 * 60 + 300 + 2 },
    { "ecs-linear", "mixed_seconds", 9 * 60 },  /* (100/p - 1) t */
    { "ecs-linear", "old_gone_seconds", START + 9 * 60 + 300 + 2 },
    { "own-linear", "mixed_seconds", 3 * 120 }, /* 30, 60, 90 */
    { "red-black", "mixed_seconds", 20 },
    { "red-black", "rollout_seconds", START + 20 },
    { "red-black", "peak_pods", 2 * N },
    { "rolling-red-black", "rollout_seconds", 3 * (START + 30) + 40 },
    { "rolling-red-black", "mixed_seconds", 3 * 30 + 2 * START },
};

START_TEST(shapes_take_the_time_that_they_say)
{
    results_of_file(&r, "tests/app/data/presets.yaml", "");
    check_answers(servers, COUNT_OF(servers));
    check_answers(shifts, COUNT_OF(shifts));
}
END_TEST

/* Requests answered by the new version between two instants, as a share. */
static double share_between(const char *strategy, double from, double to)
{
    const struct csv_table *t = &r.series;
    double all = 0, new_ = 0;

    for (size_t i = 0; i < t->len; i++) {
        double at = atof(csv_get(t, i, 2));
        double n = atof(csv_get(t, i, 5));

        if (strcmp(csv_get(t, i, 0), strategy) != 0 || at < from || at >= to)
            continue;
        all += n;
        new_ += strcmp(csv_get(t, i, 4), "2") == 0 ? n : 0;
    }
    return new_ / all;
}

/* n requests a second for so long: within 3.3 standard deviations of a
 * binomial share. */
static void ck_share(const char *strategy, double from, double to, double w)
{
    double sd = sqrt(w * (1 - w) / (40 * (to - from)));
    double x = share_between(strategy, from, to);

    ck_assert_msg(fabs(x - w) <= 3.3 * sd + 1e-9, "%s from %g to %g: %g, not "
                  "%g", strategy, from, to, x, w);
}

/* The release is at 10 s; the first pods are ready at 14 s. */
START_TEST(users_go_over_by_the_shares_that_are_said)
{
    results_of_file(&r, "tests/app/data/presets.yaml", "");
    for (int i = 0; i <= 9; i++)        /* 10, 20, ... at 0, t, ... 9t */
        ck_share("ecs-linear", 15 + 60 * i, 73 + 60 * i, (i + 1) / 10.);
    ck_share("ecs-canary", 15, 313, .1);
    ck_share("ecs-canary", 315, 400, 1);
    ck_share("ecs-all", 15, 100, 1);
    ck_share("own-linear", 15, 133, .3);
    ck_share("own-linear", 135, 253, .6);
    ck_share("own-linear", 255, 373, .9);
    ck_share("own-linear", 375, 400, 1);
    /* As many pods, as many requests: 9 of 18. */
    ck_share("red-black", 15, 33, .5);
    ck_share("red-black", 35, 100, 1);
    /* Pods of the new group beside what is enabled of the old one. */
    ck_share("rolling-red-black", 15, 43, .17);         /* 20 of 120 */
    ck_share("rolling-red-black", 49, 77, .43);         /* 60 of 140 */
    ck_share("rolling-red-black", 83, 111, .71);        /* 100 of 140 */
    ck_share("rolling-red-black", 113, 150, 1);
    /* One canary of ten pods. */
    ck_share("nomad-canary", 14, 16, .1);
    ck_share("nomad-by-hand", 15, 75, .5);
}
END_TEST

/* Where old pods are kept, or were never touched, the way back is the
 * router's, or nothing but taking canaries away. */
START_TEST(the_way_back_of_each)
{
    static const char *const at_once[] = {
        "ecs-canary", "ecs-linear", "own-linear", "rolling-red-black",
        "nomad-by-hand",
    };

    results_of_file(&r, "tests/app/data/presets.yaml",
                    "--set actions[0].at=40s");
    for (size_t i = 0; i < COUNT_OF(at_once); i++) {
        double x = results_metric(&r, at_once[i], "rollback_seconds");

        ck_assert_msg(x < 0.2, "%s: %g", at_once[i], x);
        ck_assert(results_metric(&r, at_once[i], "failed_requests") == 0);
    }
    /* Rolled out in 12 s, and back again as slowly. */
    ck_assert_double_eq_tol(results_metric(&r, "half", "rollback_seconds"),
                            3 * START, 0.2);
    ck_assert_double_eq_tol(results_metric(&r, "nomad", "rollback_seconds"),
                            3 * (START + HEALTHY) - HEALTHY, 0.2);
}
END_TEST

static double failed_at(const char *strategy)
{
    return results_event(&r, strategy, "DeploymentFailed", "deployment/web",
                         "", 0);
}

/* Nothing of the new version is ever ready. */
START_TEST(nomad_fails_by_its_deadlines)
{
    results_of_file(&r, "tests/app/data/presets.yaml",
                    "--strategy keep --strategy revert --strategy in-place "
                    "--set images.\"shop/web:2\".readiness=never");
    ck_assert_double_eq_tol(failed_at("keep"), 70, 0.2);
    ck_assert(isnan(results_metric(&r, "keep", "rollback_seconds")));
    ck_assert_double_eq(results_metric(&r, "keep", "capacity_dip"), 1);
    ck_assert_double_eq_tol(failed_at("revert"), 40, 0.2);
    ck_assert(results_metric(&r, "revert", "rollback_seconds") < 0.2);
    ck_assert_double_eq(results_metric(&r, "revert", "peak_pods"), N + 2);
    /* A Deployment says so a second later, at the most. */
    ck_assert_double_eq_tol(failed_at("in-place"), 70.6,
                            0.7);
    ck_assert_double_eq_tol(results_metric(&r, "in-place", "capacity_dip"),
                            6. / N, 1e-9);
    ck_assert_double_eq_tol(results_metric(&r, "in-place",
                                           "rollback_seconds"), START, 0.2);
}
END_TEST

/* Six pods, one after the other, in parts of 1, 2 and 3 with a minute
 * between; and back again from the third. */
START_TEST(a_statefulset_goes_by_partitions)
{
    results_of_file(&r, "tests/app/data/partition.yaml", "");
    check_answers((const struct answer[]){
        { "partition", "rollout_seconds", 6 * START + 2 * 60 },
        { "partition", "mixed_seconds", 5 * START + 2 * 60 - START },
        { "partition", "peak_pods", 6 } }, 3);
    ck_share("partition", 15, 74, 1. / 6);
    ck_share("partition", 83, 142, 3. / 6);
    results_free(&r);
    results_of_file(&r, "tests/app/data/partition.yaml",
                    "--set actions[0].at=90s");
    ck_assert(isnan(results_metric(&r, "partition", "rollout_seconds")));
    ck_assert_double_eq_tol(results_metric(&r, "partition",
                                           "rollback_seconds"), 3 * START,
                            0.2);
    ck_share("partition", 110, 600, 0);
}
END_TEST

/* No pod is replaced; a change is known everywhere after 20 s at the most, on
 * the way back as well. */
START_TEST(a_feature_flag_switches_users_and_no_pods)
{
    double x;

    results_of_file(&r, "tests/app/data/presets.yaml", "--strategy flag");
    x = results_metric(&r, "flag", "rollout_seconds");
    ck_assert_msg(x > 120 && x <= 140, "%g", x);
    ck_assert_double_eq(results_metric(&r, "flag", "peak_pods"), N);
    ck_assert_double_eq(results_metric(&r, "flag", "extra_pod_seconds"), 0);
    ck_share("flag", 30, 69, .1);
    ck_share("flag", 90, 129, .4);
    ck_share("flag", 151, 400, 1);
    results_free(&r);
    results_of_file(&r, "tests/app/data/presets.yaml",
                    "--strategy flag --set actions[0].at=100s");
    x = results_metric(&r, "flag", "rollback_seconds");
    ck_assert_msg(x > 5 && x <= 20, "%g", x);
    ck_assert(isnan(results_metric(&r, "flag", "rollout_seconds")));
    ck_share("flag", 121, 400, 0);
}
END_TEST

/* Whoever has it behaves, and is counted, as the other image says: all that
 * is exposed fails, nobody else; and each user changes sides once, when the
 * flag is his, both where requests are known on arrival and where not. */
START_TEST(a_feature_flag_is_the_other_image_for_its_users)
{
    static const char *const ways[] = { "auto", "events" };

    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        char more[256];

        snprintf(more, sizeof(more), "--strategy flag --set "
                 "images.\"shop/web:2\".errorRate=100%% --set traffic[0]."
                 "clients.users=200 --set strategies[15].featureFlag."
                 "propagation=0s --set images.shop/web.departures=%s",
                 ways[i]);
        results_of_file(&r, "tests/app/data/presets.yaml", more);
        ck_assert_double_gt(results_metric(&r, "flag", "failed_error"), 80000);
        ck_assert_double_eq(results_metric(&r, "flag", "failed_error"),
                            results_metric(&r, "flag", "exposed_requests"));
        ck_assert_double_eq(results_metric(&r, "flag", "user_flips"), 200);
        ck_assert_double_eq(results_metric(&r, "flag", "exposed_users"), 200);
        ck_assert_double_eq_tol(results_metric(&r, "flag", "rollout_seconds"),
                                120, 0.01);
        if (i == 0)
            results_free(&r);
    }
}
END_TEST

/* What scenarios/presets.yaml shows, in every replication: shapes that stop at
 * a few meet fewer users than those that go on; where old pods stay, the way
 * back is the router's. */
static double of(const char *strategy, const char *metric, int replication)
{
    const struct csv_table *t = &r.metrics;

    for (size_t i = 0; i < t->len; i++)
        if (strcmp(csv_get(t, i, 1), strategy) == 0 &&
            atoi(csv_get(t, i, 2)) == replication &&
            strcmp(csv_get(t, i, 3), metric) == 0)
            return atof(csv_get(t, i, 5));
    ck_abort_msg("no %s of %s", metric, strategy);
    return 0;
}

START_TEST(shapes_differ_in_who_meets_a_bad_version)
{
    static const char *const few[] = { "ecs-canary", "ecs-linear",
                                       "nomad-canary", "flag" };
    static const char *const many[] = { "half", "red-black", "nomad" };
    static const char *const kept[] = { "ecs-canary", "ecs-linear",
                                        "red-black", "rolling-red-black" };

    results_of_file(&r, "scenarios/presets.yaml", "-n 4");
    for (int k = 0; k < 4; k++) {
        for (size_t i = 0; i < COUNT_OF(few); i++)
            for (size_t j = 0; j < COUNT_OF(many); j++)
                ck_assert_double_lt(of(few[i], "exposed_users", k),
                                    of(many[j], "exposed_users", k));
        for (size_t i = 0; i < COUNT_OF(kept); i++)
            ck_assert_double_lt(of(kept[i], "rollback_seconds", k), 5);
        ck_assert_double_gt(of("half", "rollback_seconds", k), 20);
        /* As fast as pods poll, and it costs no pod. */
        ck_assert_double_le(of("flag", "rollback_seconds", k), 31);
        ck_assert_double_eq(of("flag", "peak_pods", k), 6);
        ck_assert_double_gt(of("nomad", "rollback_seconds", k), 20);
        ck_assert_double_lt(of("half", "capacity_dip", k), .6);
        ck_assert_double_eq(of("red-black", "capacity_dip", k), 1);
    }
}
END_TEST

int main(void)
{
    int failed;
    Suite *s = suite_create("presets");
    TCase *c = tcase_create("presets");
    SRunner *runner = srunner_create(s);

    tcase_add_checked_fixture(c, NULL, tear_down);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, shapes_take_the_time_that_they_say);
    tcase_add_test(c, users_go_over_by_the_shares_that_are_said);
    tcase_add_test(c, the_way_back_of_each);
    tcase_add_test(c, nomad_fails_by_its_deadlines);
    tcase_add_test(c, a_statefulset_goes_by_partitions);
    tcase_add_test(c, a_feature_flag_switches_users_and_no_pods);
    tcase_add_test(c, a_feature_flag_is_the_other_image_for_its_users);
    tcase_add_test(c, shapes_differ_in_who_meets_a_bad_version);
    suite_add_tcase(s, c);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
