/*
 * test_requests.c - what scenarios about single requests show: sidecars.
 */
#include <check.h>
#include "results.h"

static struct results r;

/* The mean of a metric over all replications. */
static double mean(const char *metric)
{
    const struct csv_table *t = &r.metrics;
    double sum = 0;
    int n = 0;

    for (size_t i = 0; i < t->len; i++)
        if (strcmp(csv_get(t, i, 3), metric) == 0) {
            sum += atof(csv_get(t, i, 5));
            n++;
        }
    return n ? sum / n : -1;
}

static double failed(const char *settings)
{
    char more[256];
    double x;

    snprintf(more, sizeof(more), "-n 6 %s", settings);
    results_of_file(&r, "scenarios/mesh.yaml", more);
    x = mean("failed_requests");
    results_free(&r);
    return x;
}

/* The sidecar's view is the faster one, retries cure what is refused, and a
 * short connect time-out what hangs. */
START_TEST(a_sidecar_hides_what_a_rolling_update_loses)
{
    double proxy = failed("--set traffic[0].clients.mesh=null");
    double once = failed("--set traffic[0].clients.mesh.attempts=0");
    double istio = failed("");

    ck_assert_double_gt(proxy, 3 * once);
    ck_assert_double_gt(once, 2 * istio);
    ck_assert_double_gt(istio, 1);
    ck_assert_double_eq(failed("--set traffic[0].clients.mesh.connectTimeout="
                               "250ms"), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("requests");
    TCase *tc = tcase_create("requests");
    SRunner *sr;
    int bad;

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_sidecar_hides_what_a_rolling_update_loses);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    bad = srunner_ntests_failed(sr);
    srunner_free(sr);
    return bad != 0;
}
