/*
 * test_measure.c - what the metrics say about histories made by hand.
 */
#include <check.h>

#include "toy_net.h"

/* ---- outages ------------------------------------------------------------ */

/* One pod at a time: none for 0-10, 30-35 and 60-62 s. */
START_TEST(downtime_is_the_time_without_an_able_endpoint)
{
    struct toy t;
    object_uid pod;

    toy_open(&t, KUBE_1_36, 2, 100);
    toy_clients(&t, 100);
    toy_image(&t, "web:1")->service = dist_constant(0);
    toy_start(&t, 0);
    toy_run(&t, 10);
    pod = toy_pod(&t, "web:1", 0);
    toy_run(&t, 30);
    toy_delete(&t, pod, -1);
    toy_run(&t, 35);
    pod = toy_pod(&t, "web:1", 1);
    toy_run(&t, 60);
    toy_delete(&t, pod, -1);
    toy_run(&t, 62);
    toy_pod(&t, "web:1", 0);
    toy_end(&t);
    toy_expect(&t, DOWNTIME, 17);
    toy_expect(&t, LONGEST_OUTAGE, 10);
    toy_expect(&t, BROWNOUT, 17);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_FAILED_REQUESTS), 1700,
                            3.29 * sqrt(1700));
    toy_close(&t);
}
END_TEST

START_TEST(the_warm_up_is_not_measured)
{
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    t.spec->warmup = 5 * SIM_S;
    toy_clients(&t, 100);
    toy_start(&t, 0);
    toy_run(&t, 8);
    toy_pod(&t, "web:1", 0);
    toy_end(&t);
    toy_expect(&t, DOWNTIME, 3);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_REQUESTS), 10000, 330);
    ck_assert_int_ge(t.w->record.failures.items[0].at, 5 * SIM_S);
    toy_close(&t);
}
END_TEST

/* Local policy, pods on one of four nodes: three quarters of the requests find
 * none. */
START_TEST(downtime_is_weighted_by_the_share_of_requests)
{
    struct service *svc;
    struct toy t;

    toy_open(&t, KUBE_1_36, 4, 100);
    toy_clients(&t, 10)->clients.timeout = SIM_S;
    toy_start(&t, 0);
    svc = service_of(api_draft(t.w->api, api_get(t.w->api, t.service)));
    svc->internal_local = true;
    ck_assert_int_eq(api_update(t.w->api, &svc->meta, NULL, NULL), API_OK);
    toy_run(&t, 20);
    toy_pod(&t, "web:1", 2);
    toy_end(&t);
    toy_expect(&t, DOWNTIME, 20 + 0.75 * 80);
    toy_expect(&t, LONGEST_OUTAGE, 20 + 0.75 * 80);
    toy_close(&t);
}
END_TEST

/* In the rules, but its process does not listen for 4 s, and hangs at 50. */
START_TEST(an_endpoint_that_does_not_listen_is_not_able)
{
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    toy_clients(&t, 10);
    toy_image(&t, "web:1")->startup = dist_constant(4 * SIM_S);
    toy_image(&t, "web:1")->hang = dist_constant(50 * SIM_S);
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    toy_end(&t);
    toy_expect(&t, DOWNTIME, 4 + 50);
    toy_expect(&t, LONGEST_OUTAGE, 50);
    toy_close(&t);
}
END_TEST

/* Nobody sends requests: the Services of the manifests are watched; here
 * there is none in the spec, so nothing can be said. */
START_TEST(without_traffic_what_needs_requests_is_undefined)
{
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 10);
    toy_start(&t, 0);
    toy_end(&t);
    toy_expect(&t, REQUESTS, 0);
    ck_assert(isnan(toy_get(&t, METRIC_DOWNTIME)));
    ck_assert(isnan(toy_get(&t, METRIC_AVAILABILITY)));
    ck_assert(isnan(toy_get(&t, METRIC_LATENCY_P50)));
    ck_assert(isnan(toy_get(&t, METRIC_BROWNOUT)));
    ck_assert(isnan(toy_get(&t, METRIC_ROLLOUT_SECONDS)));
    ck_assert(isnan(toy_get(&t, METRIC_EXPOSED_REQUESTS)));
    ck_assert(isnan(toy_get(&t, METRIC_DETECTION_SECONDS)));
    toy_close(&t);
}
END_TEST

/* ---- latency ------------------------------------------------------------ */

START_TEST(a_second_is_brown_if_p99_is_above_the_limit)
{
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 100);
    t.spec->slo_latency = 100 * SIM_MS;
    toy_clients(&t, 100);
    toy_image(&t, "web:1")->service = dist_constant(20 * SIM_MS);
    toy_image(&t, "web:2")->service = dist_constant(150 * SIM_MS);
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    toy_run(&t, 60);
    toy_pod(&t, "web:2", 0);
    toy_end(&t);
    toy_expect(&t, BROWNOUT, 40);
    toy_expect(&t, FAILED_REQUESTS, 0);
    toy_close(&t);
}
END_TEST

/* ---- versions and users ------------------------------------------------- */

START_TEST(users_see_versions_change)
{
    struct traffic_spec *s;
    struct toy t;
    object_uid old;
    double n;

    toy_open(&t, KUBE_1_36, 1, 100);
    s = toy_clients(&t, 100);
    s->clients.users = 50;
    toy_image(&t, "web:1")->service = dist_constant(0);
    toy_image(&t, "web:2")->service = dist_constant(0);
    toy_image(&t, "web:2")->error.rate = 0.2;
    toy_start(&t, 0);
    old = toy_pod(&t, "web:1", 0);
    toy_run(&t, 40);
    measure_release(t.w, toy_template(&t, "web", "web:1"),
                    toy_template(&t, "web", "web:2"));
    toy_pod(&t, "web:2", 0);
    toy_run(&t, 70);
    toy_delete(&t, old, -1);
    toy_run(&t, 80);
    measure_rollback_decided(t.w);
    toy_pod(&t, "web:1", 0);
    toy_run(&t, 90);
    toy_delete(&t, api_at(t.w->api, KIND_POD, 0)->uid, -1);
    toy_end(&t);
    /* 30 s of half the requests, 10 s of all, 10 s of half */
    n = 100 * (15 + 10 + 5);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_EXPOSED_REQUESTS), n,
                            3.29 * sqrt(n));
    toy_expect(&t, EXPOSED_USERS, 50);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_BAD_ANSWERS), 0.2 * n,
                            3.29 * sqrt(0.2 * n));
    toy_expect(&t, MIXED_SECONDS, 40);
    /* every other request of a user while mixed, about */
    ck_assert_double_eq_tol(toy_get(&t, METRIC_USER_FLIPS), 4000 / 2, 150);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_DETECTION_SECONDS), 40, 0.5);
    ck_assert_double_eq_tol(toy_get(&t, METRIC_MITIGATION_SECONDS), 10, 0.1);
    toy_expect(&t, ROLLBACK_SECONDS, 10);
    toy_close(&t);
}
END_TEST

/* With both versions there, sticky users change at most when their pod goes. */
START_TEST(sticky_users_stay_with_their_pod)
{
    struct traffic_spec *s;
    struct toy t;
    object_uid old;

    toy_open(&t, KUBE_1_36, 2, 100);
    s = toy_clients(&t, 100);
    s->clients.users = 40;
    s->clients.sticky = true;
    toy_start(&t, 0);
    old = toy_pod(&t, "web:1", 0);
    toy_pod(&t, "web:2", 0);
    toy_run(&t, 50);
    toy_delete(&t, old, -1);
    toy_end(&t);
    ck_assert_double_ge(toy_get(&t, METRIC_USER_FLIPS), 8);
    ck_assert_double_le(toy_get(&t, METRIC_USER_FLIPS), 32);
    toy_close(&t);
}
END_TEST

START_TEST(a_version_is_called_by_its_tag)
{
    static const struct {
        const char *image, *name;
    } names[] = {
        { "shop/web:1.0", "1.0" },
        { "host:5000/shop/web:2.0", "2.0" },
        { "other/web:1.0", "other/web:1.0" },
        { "web", "latest" },
        { "host:5000/web", "host:5000/web" },
        { "web@sha256:0123456789abcdef", "0123456789ab" },
        { "web:3@sha256:fedcba9876543210", "fedcba987654" },
        { "shop/web:1.0", "1.0" },
    };
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 10);
    toy_start(&t, 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        ck_assert_str_eq(traffic_version(t.w, toy_template(&t, "web",
                                                           names[i].image))
                             ->name, names[i].name);
    toy_close(&t);
}
END_TEST

/* ---- the release -------------------------------------------------------- */

static const struct int_or_percent one = { .value = 1 }, none = { .value = 0 };

/* Three pods, surge 1: new ones Ready after 10 s, old ones end after 4 s. */
static void release(struct toy *t, const char *image)
{
    const char *images[] = { "web:1", "web:2" };
    object_uid d;

    toy_open(t, KUBE_1_36, 2, 100);
    t->spec->warmup = 20 * SIM_S;
    toy_clients(t, 50);
    for (int i = 0; i < 2; i++) {
        struct behaviour *b = toy_image(t, images[i]);

        b->service = dist_constant(0);
        b->readiness.mode = READINESS_AFTER;
        b->readiness.after = dist_constant(10 * SIM_S);
        b->shutdown = SHUTDOWN_IMMEDIATE;
        b->shutdown_time = dist_constant(4 * SIM_S);
        b->shutdown_time_set = true;
    }
    toy_start(t, 0);
    d = toy_deploy(t, "web:1", 3, STRATEGY_ROLLING_UPDATE, one, none);
    toy_run(t, 30);
    if (image)
        toy_release(t, d, image);
    toy_end(t);
}

START_TEST(a_release_is_measured_from_its_first_write)
{
    struct toy t;

    release(&t, "web:2");
    toy_expect(&t, ROLLOUT_SECONDS, 30);
    toy_expect(&t, OLD_GONE_SECONDS, 34);
    toy_expect(&t, MIXED_SECONDS, 20);
    toy_expect(&t, CAPACITY_DIP, 1);
    toy_expect(&t, PEAK_PODS, 5);
    toy_expect(&t, EXTRA_POD_SECONDS, 30 + 12);
    toy_expect(&t, EXTRA_CPU_SECONDS, 21);
    toy_expect(&t, EXTRA_MEMORY_GIB_SECONDS, 10.5);
    toy_expect(&t, FAILED_REQUESTS, 0);
    ck_assert(isnan(toy_get(&t, METRIC_ROLLBACK_SECONDS)));
    toy_close(&t);
}
END_TEST

START_TEST(no_release_no_metrics_of_it)
{
    struct toy t;

    release(&t, NULL);
    ck_assert(isnan(toy_get(&t, METRIC_ROLLOUT_SECONDS)));
    ck_assert(isnan(toy_get(&t, METRIC_PEAK_PODS)));
    ck_assert(isnan(toy_get(&t, METRIC_MIXED_SECONDS)));
    toy_expect(&t, DOWNTIME, 0);
    toy_close(&t);
}
END_TEST

/* Its pods never become Ready. */
START_TEST(a_release_that_never_completes_has_no_duration)
{
    struct toy t;
    object_uid d;

    toy_open(&t, KUBE_1_36, 2, 100);
    toy_clients(&t, 50);
    toy_image(&t, "web:2")->readiness.mode = READINESS_NEVER;
    toy_start(&t, 0);
    d = toy_deploy(&t, "web:1", 3, STRATEGY_ROLLING_UPDATE, one, none);
    toy_run(&t, 30);
    toy_release(&t, d, "web:2");
    toy_end(&t);
    ck_assert(isnan(toy_get(&t, METRIC_ROLLOUT_SECONDS)));
    ck_assert(isnan(toy_get(&t, METRIC_OLD_GONE_SECONDS)));
    toy_expect(&t, MIXED_SECONDS, 0);
    toy_expect(&t, EXPOSED_REQUESTS, 0);
    toy_expect(&t, PEAK_PODS, 4);
    toy_expect(&t, EXTRA_POD_SECONDS, 70);
    toy_close(&t);
}
END_TEST

/* ---- rows --------------------------------------------------------------- */

START_TEST(the_series_adds_up_to_the_requests)
{
    struct toy t;
    double requests = 0, failed = 0;
    sim_time last = 0;

    toy_open(&t, KUBE_1_36, 1, 50);
    t.spec->warmup = 5 * SIM_S;
    toy_clients(&t, 100)->clients.timeout = SIM_S;
    toy_clients(&t, 30)->clients.retries = 1;
    toy_image(&t, "web:1")->service = dist_exponential(0.4);
    toy_image(&t, "web:2")->error.rate = 0.3;
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    toy_run(&t, 15);
    toy_pod(&t, "web:2", 0);
    toy_end(&t);
    for (size_t i = 0; i < t.w->record.series.len; i++) {
        const struct series_row *r = &t.w->record.series.items[i];

        ck_assert_int_ge(r->at, last);
        ck_assert_int_eq((r->at - 5 * SIM_S) % SIM_S, 0);
        ck_assert_int_le(r->failed, r->requests);
        ck_assert(isnan(r->p50_ms) == (r->failed == r->requests));
        last = r->at;
        requests += (double)r->requests;
        failed += (double)r->failed;
    }
    ck_assert_double_eq(requests + toy_get(&t, METRIC_IN_FLIGHT),
                        toy_get(&t, METRIC_REQUESTS));
    ck_assert_double_eq(failed, toy_get(&t, METRIC_FAILED_REQUESTS));
    ck_assert_uint_eq(t.w->record.failures.len, (size_t)failed);
    toy_close(&t);
}
END_TEST

/* The row of a kind and name at a time, as "desired pods ready available". */
static void expect_timeline(const struct toy *t, const char *kind,
                            const char *image, const char *want)
{
    struct buf got = { 0 };

    for (size_t i = 0; i < t->w->record.timeline.len; i++) {
        const struct timeline_row *r = &t->w->record.timeline.items[i];
        char room[32];

        if (strcmp(r->kind, kind) != 0 || strcmp(r->image, image) != 0)
            continue;
        buf_printf(&got, "%s: %d %d %d %d; ", format_seconds(room, r->at),
                   r->desired, r->pods, r->ready, r->available);
    }
    ck_assert_str_eq(got.text ? got.text : "", want);
    buf_free(&got);
}

START_TEST(the_timeline_has_a_row_for_each_change)
{
    struct toy t;

    release(&t, "web:2");
    expect_timeline(&t, "ReplicaSet", "web:2",
                    "30: 1 0 0 0; 30: 1 1 0 0; 40: 1 1 1 1; 40: 2 1 1 1; "
                    "40: 2 2 1 1; 50: 2 2 2 2; 50: 3 2 2 2; 50: 3 3 2 2; "
                    "60: 3 3 3 3; ");
    toy_close(&t);
}
END_TEST

START_TEST(a_pod_has_a_row_for_each_state)
{
    struct buf got = { 0 };
    struct toy t;

    release(&t, "web:2");
    for (size_t i = 0; i < t.w->record.pods.len; i++) {
        const struct pod_row *r = &t.w->record.pods.items[i];
        char room[32];

        if (strcmp(r->pod, t.w->record.pods.items[0].pod) == 0)
            buf_printf(&got, "%s %s; ", format_seconds(room, r->at),
                       r->state);
    }
    ck_assert_ptr_nonnull(strstr(got.text, "0 Pending; 0 Scheduled; "));
    ck_assert_ptr_nonnull(strstr(got.text, "0 Running; 10 Ready; "));
    ck_assert_ptr_nonnull(strstr(got.text, " Terminating; "));
    ck_assert_str_eq(got.text + got.len - 6, "Gone; ");
    buf_free(&got);
    toy_close(&t);
}
END_TEST

START_TEST(rows_change_no_metric)
{
    double with[METRIC_COUNT];

    for (int rows = 1; rows >= 0; rows--) {
        struct toy t;

        toy_open(&t, KUBE_1_36, 1, 60);
        toy_clients(&t, 50)->clients.timeout = 200 * SIM_MS;
        toy_image(&t, "web:1")->service = dist_exponential(0.1);
        toy_start(&t, 0);
        t.w->record.rows = rows;
        toy_pod(&t, "web:1", 0);
        toy_end(&t);
        if (rows)
            memcpy(with, t.metrics, sizeof(with));
        for (int i = 0; i < METRIC_COUNT; i++)
            ck_assert(with[i] == t.metrics[i] ||
                      (isnan(with[i]) && isnan(t.metrics[i])));
        toy_close(&t);
    }
}
END_TEST

/* ---- the table ---------------------------------------------------------- */

START_TEST(every_metric_has_its_row)
{
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = metric_row((enum metric)i);

        ck_assert_int_eq(metric_find(row->name), i);
        ck_assert_uint_gt(strlen(row->unit), 0);
        ck_assert_uint_gt(strlen(row->doc), 10);
    }
    ck_assert_int_eq(metric_find("nonsense"), METRIC_COUNT);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("measure");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, downtime_is_the_time_without_an_able_endpoint);
    tcase_add_test(tc, the_warm_up_is_not_measured);
    tcase_add_test(tc, downtime_is_weighted_by_the_share_of_requests);
    tcase_add_test(tc, an_endpoint_that_does_not_listen_is_not_able);
    tcase_add_test(tc, without_traffic_what_needs_requests_is_undefined);
    tcase_add_test(tc, a_second_is_brown_if_p99_is_above_the_limit);
    tcase_add_test(tc, users_see_versions_change);
    tcase_add_test(tc, sticky_users_stay_with_their_pod);
    tcase_add_test(tc, a_version_is_called_by_its_tag);
    tcase_add_test(tc, a_release_is_measured_from_its_first_write);
    tcase_add_test(tc, no_release_no_metrics_of_it);
    tcase_add_test(tc, a_release_that_never_completes_has_no_duration);
    tcase_add_test(tc, the_series_adds_up_to_the_requests);
    tcase_add_test(tc, the_timeline_has_a_row_for_each_change);
    tcase_add_test(tc, a_pod_has_a_row_for_each_state);
    tcase_add_test(tc, rows_change_no_metric);
    tcase_add_test(tc, every_metric_has_its_row);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
