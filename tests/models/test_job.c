/*
 * test_job.c - Jobs and CronJobs: arithmetic, schedules, whole clusters.
 *
 * Numbers "by hand" follow from set_world.h: a container takes 1 s to start
 * and 1 s more to be Ready; here it runs 5 s from its start.  1.36 looks a
 * second after the first event of a pod.
 */
#include "set_world.h"

#include "kernel/rng.h"
#include "models/batch.h"

#define PURPOSE_TEST 7

static struct set_world *job_world(enum kube_version version,
                                   const char *behaviour)
{
    struct set_world *t = set_world_new(version, 2);
    struct err_list errors;
    struct binder b = { .arena = t->a, .errors = &errors };

    err_init(&errors, t->a);
    t->spec->behaviours = behaviours_from(&b, value_flow(t->a, behaviour,
                                                         NULL));
    ck_assert_uint_eq(errors.errors, 0);
    t->spec->warmup = 0;
    return t;
}

#define RUNS "{\"*\": {containerStart: 1s, readiness: {after: 1s}, runs: 5s, " \
             "shutdown: {mode: ignore, time: 1s}}}"

static void add(struct set_world *t, enum kind kind, const char *text)
{
    const struct value *v = value_flow(t->a, text, NULL);

    ck_assert_ptr_nonnull(v);
    t->manifests[t->spec->nmanifests++] = (struct manifest){
        .kind = kind, .value = v, .space = "default", .name = "web",
    };
}

static void add_job(struct set_world *t, const char *spec)
{
    add(t, KIND_JOB, arena_printf(
        t->a, "{apiVersion: batch/v1, kind: Job, metadata: {name: web, "
        "namespace: default}, spec: {%s, template: {metadata: {labels: {app: "
        "web}}, spec: {restartPolicy: Never, containers: [{name: c, image: "
        "\"img:1\"}]}}}}", spec));
}

static const struct batch_job *job_of(const struct set_world *t)
{
    const struct meta *m = api_find(t->w->api, KIND_JOB, "default", "web");

    ck_assert_ptr_nonnull(m);
    return batch_job_seen(m);
}

/* When an event with this reason was recorded about an object; -1: never. */
static double when(const struct set_world *t, const char *object,
                   const char *reason)
{
    for (size_t i = 0; i < t->w->record.events.len; i++) {
        const struct event_row *e = &t->w->record.events.items[i];

        if (strcmp(e->object, object) == 0 && strcmp(e->reason, reason) == 0)
            return (double)e->at / 1e9;
    }
    return -1;
}

/* ---- arithmetic ------------------------------------------------------------------- */

START_TEST(a_success_after_the_last_failure_ends_the_back_off)
{
    struct job_backoff b = { .failures = 3, .last = 5 * SIM_S };
    sim_time good[] = { 30 * SIM_S }, bad[] = { 20 * SIM_S, 10 * SIM_S };

    job_backoff_add(&b, good, 1, bad, 2);
    ck_assert_int_eq(b.failures, 0);
    good[0] = 15 * SIM_S;
    job_backoff_add(&b, good, 1, bad, 2);
    ck_assert_int_eq(b.failures, 1);
    ck_assert_int_eq(b.last, 20 * SIM_S);
}
END_TEST

/* Any set survives being written as text and read again. */
START_TEST(index_sets_read_what_they_wrote)
{
    struct arena *a = arena_new();
    struct stream s;

    stream_init(&s, 1, PURPOSE_TEST, 0, 0);
    for (int round = 0; round < 200; round++) {
        int n = 1 + (int)stream_below(&s, 200), missing[200];
        struct index_set x = index_set_make(a, n), y = index_set_make(a, n);

        for (int i = 0; i < n; i++)
            if (stream_below(&s, 3) > 0)
                index_set_add(&x, i);
        index_set_read(&y, index_set_text(a, &x));
        for (int i = 0; i < n; i++)
            ck_assert_int_eq(index_set_has(&x, i), index_set_has(&y, i));
        ck_assert_int_eq((int)index_set_missing(&x, NULL, (size_t)n, missing),
                         n - index_set_len(&x));
    }
    arena_free(a);
}
END_TEST

/* The next run is the first minute after that matches: found by trying all. */
START_TEST(the_next_run_is_the_first_minute_that_matches)
{
    static const char *const schedules[] = {
        "*/7 3-5 * * *", "0 0 13 * 5", "15,45 */6 1-7 * MON", "5 4 29 2 *",
        "59 23 31 12 *", "*/20 * * JAN,JUL *",
    };
    int64_t from = 1709164800;  /* 2024-02-29T00:00:00Z */

    for (size_t i = 0; i < sizeof(schedules) / sizeof(schedules[0]); i++) {
        struct cron c;
        int64_t next, t = from;

        ck_assert_ptr_null(cron_parse(schedules[i], &c));
        next = cron_next(&c, from);
        /* No earlier minute is one: it would be its own next run. */
        while (t + 60 < next && t < from + 40 * 86400) {
            t += 60;
            ck_assert_int_ne(cron_next(&c, t - 1), t);
        }
        ck_assert_int_eq(cron_next(&c, next - 1), next);
    }
}
END_TEST

START_TEST(schedules_that_cannot_be_are_refused)
{
    static const char *const bad[] = {
        "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *",
        "* * 0 * *", "* * * 13 *", "* * * * 7", "5-1 * * * *", "*/0 * * * *",
        "1/2/3 * * * *", "1-2-3 * * * *", "x * * * *", "@often", "@every x",
    };
    struct cron c;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(cron_parse(bad[i], &c) != NULL, "\"%s\" is accepted",
                      bad[i]);
}
END_TEST

/* ---- Jobs in a cluster ---------------------------------------------------------------- */

/* Start 1 s, run 5 s: ends at 6 s; seen in the batch of the pod's Ready (2 s)
 * and later ones, at most 1 s later. */
START_TEST(a_job_completes_a_second_after_its_pods)
{
    struct set_world *t = job_world(_i ? KUBE_1_36 : KUBE_1_20, RUNS);

    add_job(t, "completions: 2, parallelism: 2");
    set_run(t, 20);
    ck_assert_int_eq(job_of(t)->succeeded, 2);
    ck_assert_int_eq(job_of(t)->active, 0);
    set_about(when(t, "job/web", "Completed"), _i ? 7 : 6);
    set_world_free(t);
}
END_TEST

/* Indexes are taken in order, each once. */
START_TEST(an_indexed_job_runs_every_index_once)
{
    struct set_world *t = job_world(KUBE_1_36, RUNS);
    bool seen[5] = { false };

    add_job(t, "completions: 5, parallelism: 2, completionMode: Indexed");
    set_run(t, 60);
    ck_assert_str_eq(job_of(t)->completed_indexes, "0-4");
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 5);
    for (size_t i = 0; i < 5; i++) {
        const struct pod *p = pod_seen(api_at(t->w->api, KIND_POD, i));
        int index = atoi(labels_get(p->meta.annotations, JOB_INDEX));

        ck_assert(index >= 0 && index < 5 && !seen[index]);
        seen[index] = true;
        ck_assert_ptr_null(p->meta.finalizers);
    }
    set_world_free(t);
}
END_TEST

START_TEST(a_suspended_job_has_no_pods_and_starts_anew)
{
    struct set_world *t = job_world(KUBE_1_36, RUNS);

    add_job(t, "completions: 1, suspend: true");
    set_do(t, 30, "patch job web -p x",
           "{spec: {suspend: false}}");
    set_run(t, 20);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 0);
    ck_assert_int_eq(job_of(t)->suspended.status, CONDITION_TRUE);
    set_run(t, 60);
    ck_assert_int_eq(job_of(t)->succeeded, 1);
    ck_assert(job_of(t)->started >= 30 * SIM_S);
    set_world_free(t);
}
END_TEST

/* Half of three indexes is two: rule succeededCount 2. */
START_TEST(a_success_policy_ends_the_rest)
{
    struct set_world *t = job_world(
        KUBE_1_36, "{\"*\": {containerStart: 1s, readiness: {after: 1s}, "
                   "runs: {uniform: [2s, 200s]}, shutdown: {mode: ignore, "
                   "time: 1s}}}");

    add_job(t, "completions: 3, parallelism: 3, completionMode: Indexed, "
               "successPolicy: {rules: [{succeededCount: 2}]}");
    set_run(t, 400);
    ck_assert_int_eq(job_of(t)->complete.status, CONDITION_TRUE);
    ck_assert_str_eq(job_of(t)->complete.reason, "SuccessPolicy");
    ck_assert_int_eq(job_of(t)->succeeded, 2);
    set_world_free(t);
}
END_TEST

/* Exit code 1 is FailJob: no second try, although the limit is 6. */
START_TEST(a_failure_policy_fails_the_job_at_once)
{
    struct set_world *t = job_world(
        KUBE_1_36, "{\"*\": {containerStart: 1s, runs: 5s, fails: {share: "
                   "100%}, shutdown: {mode: ignore, time: 1s}}}");

    add_job(t, "podFailurePolicy: {rules: [{action: FailJob, onExitCodes: "
               "{operator: In, values: [1, 2]}}]}");
    set_run(t, 60);
    ck_assert_int_eq(job_of(t)->failure.status, CONDITION_TRUE);
    ck_assert_str_eq(job_of(t)->failure.reason, "PodFailurePolicy");
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 1);
    set_world_free(t);
}
END_TEST

#define FAILS "{\"*\": {containerStart: 1s, runs: 5s, fails: {share: 100%}, " \
              "shutdown: {mode: ignore, time: 1s}}}"

/* Each of two indexes has two tries; when both have failed the Job has. */
START_TEST(an_index_has_its_own_limit)
{
    struct set_world *t = job_world(KUBE_1_36, FAILS);

    add_job(t, "completions: 2, parallelism: 2, completionMode: Indexed, "
               "backoffLimitPerIndex: 1");
    set_run(t, 20);             /* after 10 s of back-off: a second try each */
    ck_assert_int_ne(job_of(t)->failure.status, CONDITION_TRUE);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 4);
    for (size_t i = 0; i < 4; i++) {
        const struct pod *p = pod_seen(api_at(t->w->api, KIND_POD, i));

        ck_assert_str_eq(labels_get(p->meta.annotations, JOB_INDEX_FAILURES),
                         p->phase == POD_FAILED && i < 2 ? "0" : "1");
    }
    set_run(t, 60);
    ck_assert_int_eq(job_of(t)->failure.status, CONDITION_TRUE);
    ck_assert_str_eq(job_of(t)->failure.reason, "FailedIndexes");
    ck_assert_str_eq(job_of(t)->failed_indexes, "0,1");
    ck_assert_int_eq(job_of(t)->failed, 4);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_ptr_null(api_at(t->w->api, KIND_POD, i)->finalizers);
    set_world_free(t);
}
END_TEST

/* A failed index is not tried again; its place is the next one's. */
START_TEST(the_others_go_on_until_too_many_have_failed)
{
    struct set_world *t = job_world(KUBE_1_36, FAILS);

    add_job(t, "completions: 9, parallelism: 1, completionMode: Indexed, "
               "backoffLimitPerIndex: 0, maxFailedIndexes: 2");
    set_run(t, 100);
    ck_assert_str_eq(job_of(t)->failure.reason, "MaxFailedIndexesExceeded");
    ck_assert_str_eq(job_of(t)->failed_indexes, "0-2");
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 3);
    set_world_free(t);
}
END_TEST

/* FailIndex: no second try, although there are five. */
START_TEST(a_rule_fails_an_index_at_once)
{
    struct set_world *t = job_world(KUBE_1_36, FAILS);

    add_job(t, "completions: 2, parallelism: 2, completionMode: Indexed, "
               "backoffLimitPerIndex: 5, podFailurePolicy: {rules: [{action: "
               "FailIndex, onExitCodes: {operator: In, values: [1]}}]}");
    set_run(t, 60);
    ck_assert_str_eq(job_of(t)->failure.reason, "FailedIndexes");
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 2);
    set_world_free(t);
}
END_TEST

/* A pod that was deleted counts as failed, and is replaced after its back-off;
 * its finalizer does not keep it for ever. */
START_TEST(a_deleted_pod_is_counted_and_let_go)
{
    struct set_world *t = job_world(KUBE_1_36, RUNS);

    add_job(t, "completions: 1");
    set_do(t, 3, "delete pod -l app=web", NULL);
    set_run(t, 60);
    ck_assert_int_eq(job_of(t)->failed, 1);
    ck_assert_int_eq(job_of(t)->succeeded, 1);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 1);
    set_world_free(t);
}
END_TEST

START_TEST(a_finished_job_expires)
{
    struct set_world *t = job_world(KUBE_1_36, RUNS);

    add_job(t, "ttlSecondsAfterFinished: 20");
    set_run(t, 26);             /* done at 7 s */
    ck_assert_uint_eq(api_count(t->w->api, KIND_JOB), 1);
    set_run(t, 30);
    ck_assert_uint_eq(api_count(t->w->api, KIND_JOB), 0);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 0);
    set_world_free(t);
}
END_TEST

START_TEST(deleting_a_job_takes_its_pods_along)
{
    struct set_world *t = job_world(KUBE_1_36, RUNS);

    add_job(t, "completions: 3, parallelism: 3");
    set_do(t, 3, "delete job web", NULL);
    set_run(t, 60);
    ck_assert_uint_eq(api_count(t->w->api, KIND_JOB), 0);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 0);
    set_world_free(t);
}
END_TEST

/* ---- CronJobs --------------------------------------------------------------------------- */

static void add_cron(struct set_world *t, const char *spec)
{
    add(t, KIND_CRONJOB, arena_printf(
        t->a, "{apiVersion: batch/v1, kind: CronJob, metadata: {name: web, "
        "namespace: default}, spec: {schedule: \"* * * * *\", %s, jobTemplate: "
        "{spec: {template: {metadata: {labels: {app: web}}, spec: "
        "{restartPolicy: Never, containers: [{name: c, image: \"img:1\"}]}}}"
        "}}}", spec));
}

/* Ten runs of 7 s each: three successful Jobs stay. */
START_TEST(history_is_limited)
{
    struct set_world *t = job_world(_i ? KUBE_1_36 : KUBE_1_20, RUNS);

    add_cron(t, "successfulJobsHistoryLimit: 2");
    set_run(t, 600);
    ck_assert_uint_eq(api_count(t->w->api, KIND_JOB), 2);
    ck_assert_uint_eq(api_count(t->w->api, KIND_POD), 2);
    set_world_free(t);
}
END_TEST

/* Runs take 150 s: Forbid has one at a time, Allow three, Replace one that
 * never ends. */
START_TEST(concurrency_is_as_the_policy_says)
{
    static const struct {
        const char *policy;
        size_t jobs;
        int64_t last;           /* minute of the run started last, of 4 */
    } cases[] = { { "Allow", 4, 4 }, { "Forbid", 2, 3 }, { "Replace", 1, 4 } };
    struct set_world *t = job_world(
        KUBE_1_36, "{\"*\": {containerStart: 1s, runs: 150s, shutdown: {mode: "
                   "ignore, time: 1s}}}");
    const struct cronjob *c;

    add_cron(t, arena_printf(t->a, "concurrencyPolicy: %s",
                             cases[_i].policy));
    set_run(t, 250);
    c = cronjob_seen(api_find(t->w->api, KIND_CRONJOB, "default", "web"));
    ck_assert_uint_eq(api_count(t->w->api, KIND_JOB), cases[_i].jobs);
    ck_assert_int_eq((c->last_schedule - t->spec->cluster.clock_s) / 60,
                     cases[_i].last);
    set_world_free(t);
}
END_TEST

START_TEST(a_run_that_is_too_late_is_missed)
{
    struct set_world *t = job_world(
        KUBE_1_36, "{\"*\": {containerStart: 1s, runs: 100s, shutdown: {mode: "
                   "ignore, time: 1s}}}");

    add_cron(t, "concurrencyPolicy: Forbid, startingDeadlineSeconds: 20");
    set_run(t, 175);            /* the run of 120 s is over 20 s late at 162 */
    ck_assert_uint_eq(api_count(t->w->api, KIND_JOB), 1);
    set_run(t, 185);
    ck_assert_uint_eq(api_count(t->w->api, KIND_JOB), 2);
    set_world_free(t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("job");
    TCase *tc = tcase_create("arithmetic"), *jobs = tcase_create("jobs");
    TCase *crons = tcase_create("cronjobs");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_set_timeout(jobs, 60);
    tcase_set_timeout(crons, 60);
    tcase_add_test(tc, a_success_after_the_last_failure_ends_the_back_off);
    tcase_add_test(tc, index_sets_read_what_they_wrote);
    tcase_add_test(tc, the_next_run_is_the_first_minute_that_matches);
    tcase_add_test(tc, schedules_that_cannot_be_are_refused);
    tcase_add_loop_test(jobs, a_job_completes_a_second_after_its_pods, 0, 2);
    tcase_add_test(jobs, an_indexed_job_runs_every_index_once);
    tcase_add_test(jobs, a_suspended_job_has_no_pods_and_starts_anew);
    tcase_add_test(jobs, a_success_policy_ends_the_rest);
    tcase_add_test(jobs, a_failure_policy_fails_the_job_at_once);
    tcase_add_test(jobs, an_index_has_its_own_limit);
    tcase_add_test(jobs, the_others_go_on_until_too_many_have_failed);
    tcase_add_test(jobs, a_rule_fails_an_index_at_once);
    tcase_add_test(jobs, a_deleted_pod_is_counted_and_let_go);
    tcase_add_test(jobs, a_finished_job_expires);
    tcase_add_test(jobs, deleting_a_job_takes_its_pods_along);
    tcase_add_loop_test(crons, history_is_limited, 0, 2);
    tcase_add_loop_test(crons, concurrency_is_as_the_policy_says, 0, 3);
    tcase_add_test(crons, a_run_that_is_too_late_is_missed);
    suite_add_tcase(s, tc);
    suite_add_tcase(s, jobs);
    suite_add_tcase(s, crons);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
