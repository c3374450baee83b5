/* scenarios/autoscaler.yaml: what `kubectl apply` does to what an autoscaler
 * has decided. */
#include "results.h"

#define FILE_NAME "scenarios/autoscaler.yaml"

static struct results r;

/* The scenario without its lines `replicas: 2`. */
static char *silent_text(void)
{
    static const char line[] = "replicas: 2\n";
    char *text = calloc(1, 20000), *at;
    FILE *f = fopen(FILE_NAME, "r");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_gt(fread(text, 1, 19999, f), 0);
    fclose(f);
    while ((at = strstr(text, line)) != NULL)
        memset(at, ' ', strlen(line) - 1);
    return text;
}

static double scaled_down_to_two(void)
{
    return results_event(&r, NULL, "ScalingReplicaSet", "deployment/web",
                         "from 16 to 2", 0);
}

START_TEST(a_manifest_with_replicas_takes_the_pods_that_an_autoscaler_made)
{
    double lost, dip;
    char *text;

    results_of_file(&r, FILE_NAME, "-n 1");
    ck_assert_double_ge(scaled_down_to_two(), 60);
    ck_assert_double_le(scaled_down_to_two(), 61);
    /* Three looks of the autoscaler, 15 s apart, bring them back. */
    ck_assert_double_ge(results_event(&r, NULL, "ScalingReplicaSet",
                                      "deployment/web", "from 8 to 16", 0),
                        105);
    lost = results_metric(&r, NULL, "failed_requests");
    dip = results_metric(&r, NULL, "capacity_dip");
    results_free(&r);
    text = silent_text();
    results_of_text(&r, text);
    free(text);
    ck_assert_double_gt(results_metric(&r, NULL, "capacity_dip"), 0.7);
    ck_assert_double_lt(dip, 0.2);
    ck_assert_double_gt(lost,
                        3 * results_metric(&r, NULL, "failed_requests"));
    results_free(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("autoscaler");
    TCase *tc = tcase_create("autoscaler");
    SRunner *sr;
    int failed;

    tcase_set_timeout(tc, 120);
    tcase_add_test(
        tc, a_manifest_with_replicas_takes_the_pods_that_an_autoscaler_made);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
