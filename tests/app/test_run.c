/* Runs as a whole: files, determinism, shared luck, verdicts. */
#include <check.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/bug.h"
#include "command.h"
#include "io/csv.h"
#include "models/metrics.h"

static struct arena *arena;
static struct err_list errors;
static char folder[64];

static void set_up(void)
{
    arena = arena_new();
    err_init(&errors, arena);
    strcpy(folder, "/tmp/rollsim-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static const char *const files[] = {
    "metrics.csv", "summary.csv", "timeline.csv", "pods.csv", "series.csv",
    "events.csv", "views.csv", "failures.csv"
};

static const char *in_folder(const char *name)
{
    return arena_printf(arena, "%s/%s", folder, name);
}

static void tear_down(void)
{
    for (size_t i = 0; i < COUNT_OF(files); i++)
        remove(in_folder(files[i]));
    rmdir(folder);
    arena_free(arena);
}

static const char *text_of(const char *path)
{
    struct file_data d;

    ck_assert_int_eq(file_read(arena, path, 0, NULL, &d, &errors), SIM_OK);
    return d.bytes;
}

/* Run and return the text of metrics.csv. */
static const char *metrics_of_run(const char *line)
{
    struct output o = command(arena_printf(arena, "%s --csv %s", line,
                                           folder));

    ck_assert_msg(o.code == 0, "%s: %d %s", line, o.code, o.err);
    output_free(&o);
    return text_of(in_folder("metrics.csv"));
}

#define SMALL "run tests/app/data/small.yaml --quiet"

START_TEST(all_files_of_the_contract_are_written_with_their_columns)
{
    static const char *const headers[] = {
        "scenario,strategy,replication,metric,unit,value",
        "scenario,strategy,metric,unit,n,defined,mean,low,high,p50,p95,min,max",
        "strategy,replication,time_s,kind,namespace,name,revision,image,"
        "desired,pods,ready,available,endpoints",
        "strategy,replication,time_s,namespace,pod,revision,image,node,state",
        "strategy,replication,time_s,source,version,requests,failed,p50_ms,"
        "p95_ms,p99_ms",
        "strategy,replication,time_s,type,reason,namespace,object,message",
        "strategy,replication,time_s,namespace,pod,view,service,node",
        "strategy,replication,time_s,source,request,version,pod,cause"
    };

    metrics_of_run(SMALL " -n 2");
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct csv_table t;
        const char *text = text_of(in_folder(files[i]));

        ck_assert_int_eq(strncmp(text, headers[i], strlen(headers[i])), 0);
        ck_assert_int_eq(csv_read(arena, files[i], text, strlen(text), true,
                                  &t, &errors), SIM_OK);
        ck_assert_msg(t.len > 0, "%s has no rows", files[i]);
    }
}
END_TEST

START_TEST(a_run_repeats_itself_to_the_byte)
{
    const char *first = metrics_of_run(SMALL " -n 3");

    ck_assert_str_eq(first, metrics_of_run(SMALL " -n 3"));
}
END_TEST

/* The rows of replication r are the same however many are asked for. */
START_TEST(replications_do_not_depend_on_how_many_there_are)
{
    const char *one = metrics_of_run(SMALL " -n 1 --strategy rolling");
    const char *two = metrics_of_run(SMALL " -n 2 --strategy rolling");
    const char *seven = metrics_of_run(SMALL " -n 7 --strategy rolling");

    ck_assert_int_eq(strncmp(one, two, strlen(one)), 0);
    ck_assert_int_eq(strncmp(two, seven, strlen(two)), 0);
}
END_TEST

START_TEST(another_seed_gives_another_run)
{
    const char *first = metrics_of_run(SMALL " -n 1 --seed 1");

    ck_assert_str_ne(first, metrics_of_run(SMALL " -n 1 --seed 2"));
}
END_TEST

/* The value of a metric of a strategy in replication 0. */
static const char *value_of(const char *text, const char *strategy,
                            const char *metric)
{
    struct csv_table t;

    ck_assert_int_eq(csv_read(arena, "metrics.csv", text, strlen(text), true,
                              &t, &errors), SIM_OK);
    for (size_t i = 0; i < t.len; i++)
        if (strcmp(csv_get(&t, i, 1), strategy) == 0 &&
            strcmp(csv_get(&t, i, 3), metric) == 0)
            return csv_get(&t, i, 5);
    return "(none)";
}

/* Common random numbers: two strategies with the same settings differ by
 * exactly nothing, in any metric. */
START_TEST(equal_strategies_have_equal_results)
{
    const char *text = metrics_of_run("run tests/app/data/twins.yaml --quiet "
                                      "-n 1");

    for (int m = 0; m < METRIC_COUNT; m++) {
        const char *name = metric_row((enum metric)m)->name;

        ck_assert_str_eq(value_of(text, "left", name),
                         value_of(text, "right", name));
    }
}
END_TEST

START_TEST(the_same_requests_arrive_under_every_strategy)
{
    const char *text = metrics_of_run(SMALL " -n 1");

    ck_assert_str_eq(value_of(text, "recreate", "requests"),
                     value_of(text, "rolling", "requests"));
    ck_assert_str_ne(value_of(text, "recreate", "failed_requests"),
                     value_of(text, "rolling", "failed_requests"));
}
END_TEST

START_TEST(set_changes_the_scenario_and_the_objects)
{
    const char *text = metrics_of_run(SMALL " -n 1 --set "
                                      "Deployment/web:spec.replicas=6 --set "
                                      "traffic[0].rate=1/s");
    struct csv_table t;

    ck_assert_int_lt(atoi(value_of(text, "rolling", "requests")), 200);
    text = text_of(in_folder("timeline.csv"));
    ck_assert_int_eq(csv_read(arena, "timeline.csv", text, strlen(text), true,
                              &t, &errors), SIM_OK);
    ck_assert_str_eq(csv_get(&t, 0, 8), "6");
}
END_TEST

/* The last value of a column in the rows of one object. */
static const char *last_of(const char *file, const char *kind,
                           const char *column)
{
    const char *text = text_of(in_folder(file)), *found = "(none)";
    struct csv_table t;

    ck_assert_int_eq(csv_read(arena, file, text, strlen(text), true, &t,
                              &errors), SIM_OK);
    for (size_t i = 0; i < t.len; i++)
        if (strcmp(csv_get(&t, i, 3), kind) == 0)
            found = csv_get(&t, i, (size_t)csv_column(&t, column));
    return found;
}

START_TEST(apply_compares_three_texts)
{
    metrics_of_run("run tests/app/data/apply.yaml --quiet");
    ck_assert_str_eq(last_of("timeline.csv", "Deployment", "desired"), "4");
    ck_assert_str_eq(last_of("timeline.csv", "Deployment", "image"),
                     "shop/web:1.0");
    /* 1 as given, 2 without DEBUG, 3 the new image, 4 the undo */
    ck_assert_str_eq(last_of("timeline.csv", "Deployment", "revision"), "4");
    ck_assert_ptr_nonnull(strstr(text_of(in_folder("events.csv")),
                                 "deployment.apps/web configured"));
    ck_assert_ptr_nonnull(strstr(text_of(in_folder("events.csv")),
                                 "deployment.apps/web unchanged"));
    ck_assert_ptr_nonnull(strstr(text_of(in_folder("events.csv")),
                                 "deployment.apps/web rolled back"));
}
END_TEST

/* Lines, exit codes, and words of stdout. */
static const struct {
    const char *line, *words;
    int code;
} verdicts[] = {
    { "run tests/app/data/promise.yaml -n 5 --ascii", "met      ", 0 },
    { "run tests/app/data/promise.yaml -n 5 --ascii --set "
      "slo[0].atLeast=100% --strategy recreate", "missed   ", 1 },
    { "run tests/app/data/promise.yaml -n 1 --ascii", "undecided", 5 },
    { "run tests/app/data/promise.yaml -n 5 --ascii --set "
      "expect[0]=failed_requests>=1000000", "in 0 of 5", 1 },
    { "run tests/app/data/promise.yaml --set "
      "run.replications={\"min\":2,\"max\":4,\"until\":{\"metric\":\"requests\",\"relative\":\"0.01%\"}}",
      "was not reached after 4", 5 },
    { "run tests/app/data/promise.yaml --set "
      "run.replications={\"min\":2,\"max\":40,\"until\":{\"metric\":\"requests\",\"relative\":\"90%\"}}",
      "12 replications", 0 },
    { "run tests/app/data/promise.yaml -n 5 --json", "\"verdict\": \"met\"",
      0 },
    { "compare tests/app/data/small.yaml -n 12 --quiet --ascii",
      "compared with recreate", 0 },
    { "compare tests/app/data/small.yaml -n 3 --quiet --baseline rolling",
      "compared with rolling", 0 },
    { "compare tests/app/data/small.yaml -n 3 --quiet --metric downtime",
      "downtime", 0 },
    { "run tests/app/data/plain.yaml -n 2 --quiet", "manifest", 0 },
    { "run tests/app/data/apart.yaml -n 2 --quiet", "rollout_seconds", 0 },
};

START_TEST(verdicts_are_exit_codes)
{
    struct output o = command(verdicts[_i].line);

    ck_assert_msg(o.code == verdicts[_i].code, "%s: %d %s%s",
                  verdicts[_i].line, o.code, o.out, o.err);
    ck_assert_msg(strstr(o.out, verdicts[_i].words) != NULL, "%s: %s",
                  verdicts[_i].line, o.out);
    output_free(&o);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_a_failure_of_the_system)
{
    struct output o = command(SMALL " -n 1 --csv /dev/null/out");

    ck_assert_int_eq(o.code, EXIT_SYSTEM);
    ck_assert_str_eq(o.out, "");
    output_free(&o);
}
END_TEST

/* Times, ready pods and causes in the files agree with the metrics. */
START_TEST(failures_in_the_file_are_those_that_were_counted)
{
    const char *text = metrics_of_run(SMALL " -n 1 --strategy recreate");
    int counted = atoi(value_of(text, "recreate", "failed_requests"));
    struct csv_table t;

    text = text_of(in_folder("failures.csv"));
    ck_assert_int_eq(csv_read(arena, "failures.csv", text, strlen(text), true,
                              &t, &errors), SIM_OK);
    ck_assert_int_gt(counted, 0);
    ck_assert_uint_eq(t.len, (size_t)counted);
}
END_TEST

/* When the pod first had this row of views.csv; -1 if never. */
static double time_of(const struct csv_table *t, const char *pod,
                      const char *view)
{
    for (size_t i = 0; i < t->len; i++)
        if (strcmp(csv_get(t, i, 4), pod) == 0 &&
            strcmp(csv_get(t, i, 5), view) == 0)
            return strtod(csv_get(t, i, 2), NULL);
    return -1;
}

/* Who learns of a deletion later cannot know of it earlier. */
START_TEST(views_of_a_deletion_are_in_the_order_of_the_news)
{
    static const char *const order[] = { "terminating", "controller",
                                         "slice_drops", "rules_drop" };
    const char *text;
    struct csv_table t;
    int pods = 0;

    metrics_of_run(SMALL " -n 1 --strategy recreate --set "
                   "cluster.kubernetes=1.20");
    text = text_of(in_folder("views.csv"));
    ck_assert_int_eq(csv_read(arena, "views.csv", text, strlen(text), true,
                              &t, &errors), SIM_OK);
    for (size_t i = 0; i < t.len; i++) {
        const char *pod = csv_get(&t, i, 4);

        if (strcmp(csv_get(&t, i, 5), "terminating") != 0)
            continue;
        pods++;
        for (size_t k = 1; k < COUNT_OF(order); k++)
            ck_assert_double_ge(time_of(&t, pod, order[k]),
                                time_of(&t, pod, order[k - 1]));
        ck_assert_double_ge(time_of(&t, pod, "exits"),
                            time_of(&t, pod, "sigterm"));
        ck_assert_double_ge(time_of(&t, pod, "network_gone"),
                            time_of(&t, pod, "exits"));
    }
    ck_assert_int_gt(pods, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("run");
    TCase *tc = tcase_create("run");
    SRunner *sr;
    int failed;

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc,
                   all_files_of_the_contract_are_written_with_their_columns);
    tcase_add_test(tc, a_run_repeats_itself_to_the_byte);
    tcase_add_test(tc, replications_do_not_depend_on_how_many_there_are);
    tcase_add_test(tc, another_seed_gives_another_run);
    tcase_add_test(tc, equal_strategies_have_equal_results);
    tcase_add_test(tc, the_same_requests_arrive_under_every_strategy);
    tcase_add_test(tc, set_changes_the_scenario_and_the_objects);
    tcase_add_test(tc, apply_compares_three_texts);
    tcase_add_loop_test(tc, verdicts_are_exit_codes, 0,
                        (int)COUNT_OF(verdicts));
    tcase_add_test(tc, a_folder_that_cannot_be_made_is_a_failure_of_the_system);
    tcase_add_test(tc, failures_in_the_file_are_those_that_were_counted);
    tcase_add_test(tc, views_of_a_deletion_are_in_the_order_of_the_news);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
