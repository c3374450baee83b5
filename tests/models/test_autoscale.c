/*
 * test_autoscale.c - what the tables of the autoscaler do not cover.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "models/autoscale.h"

START_TEST(a_recommendation_takes_the_place_of_one_that_is_too_old)
{
    struct hpa_past past[4] = { { .replicas = 3, .at = 10 * SIM_S },
                                { .replicas = 5, .at = 400 * SIM_S } };
    struct hpa_past now = { .replicas = 7, .at = 500 * SIM_S };

    ck_assert_uint_eq(hpa_remember(past, 2, now, 200 * SIM_S), 2);
    ck_assert_int_eq(past[0].replicas, 7);
    ck_assert_int_eq(past[1].replicas, 5);
    ck_assert_uint_eq(hpa_remember(past, 2, now, 200 * SIM_S), 3);
    ck_assert_int_eq(past[2].replicas, 7);
}
END_TEST

START_TEST(every_reason_of_a_limit_has_a_sentence)
{
    struct hpa_size up = hpa_limit(2, 10, 1, 20), most = hpa_limit(9, 30, 1, 12),
                    least = hpa_limit(4, 0, 2, 9), within = hpa_limit(4, 5, 1, 9);

    ck_assert_str_eq(up.reason, "ScaleUpLimit");
    ck_assert_int_eq(up.replicas, 4);
    ck_assert_str_eq(most.reason, "TooManyReplicas");
    ck_assert_str_eq(least.reason, "TooFewReplicas");
    ck_assert_int_eq(within.replicas, 5);
    ck_assert(*hpa_reason_text(up.reason) != '\0');
    ck_assert(*hpa_reason_text(most.reason) != '\0');
    ck_assert(*hpa_reason_text(least.reason) != '\0');
    ck_assert(*hpa_reason_text(within.reason) != '\0');
    ck_assert_str_eq(hpa_reason_text("Nonsense"), "");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("autoscale");
    TCase *tc = tcase_create("autoscale");
    SRunner *sr;
    int failed;

    tcase_add_test(tc, a_recommendation_takes_the_place_of_one_that_is_too_old);
    tcase_add_test(tc, every_reason_of_a_limit_has_a_sentence);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
