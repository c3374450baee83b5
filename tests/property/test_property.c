/*
 * test_property.c - some random rollouts; `make property` runs more.
 */
#include <check.h>
#include <stdlib.h>

#include "property.h"

#define FIRST 1000000           /* not those that make property begins with */
#define TRIALS 2000

START_TEST(random_rollouts_keep_their_promises_and_end)
{
    ck_assert_int_eq(trials_run(FIRST, TRIALS, 2), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("property");
    TCase *c = tcase_create("property");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_set_timeout(c, 300);
    tcase_add_test(c, random_rollouts_keep_their_promises_and_end);
    suite_add_tcase(s, c);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed > 0;
}
