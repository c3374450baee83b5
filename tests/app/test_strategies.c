/* What is said of strategies, held in every replication by `expect`. */
#include <check.h>
#include "command.h"

/* A run whose exit code says whether all that is expected held. */
static int exit_of(const char *line)
{
    struct output o = command(line);
    int code = o.code;

    output_free(&o);
    return code;
}

#define BATCH "run tests/app/data/batch.yaml --quiet --strategy "

/* Three pods serve at all times, five are paid for; without the batch one of
 * the three is missing, and the same expectations fail. */
START_TEST(an_additional_batch_never_lowers_capacity)
{
    ck_assert_int_eq(exit_of(BATCH "batch"), 0);
    ck_assert_int_eq(exit_of(BATCH "in-place"), 1);
}
END_TEST

/* It ends with the number of pods that it began with. */
START_TEST(an_additional_batch_goes_away_again)
{
    struct output o = command("explain tests/app/data/batch.yaml --quiet "
                              "--strategy batch");
    const char *out = strstr(o.out, "scale deployment/web --replicas=5");
    const char *set = out ? strstr(out, "set image deployment/web") : NULL;
    const char *in = set ? strstr(set, "scale deployment/web --replicas=3")
                         : NULL;

    ck_assert_int_eq(o.code, 0);
    ck_assert_ptr_nonnull(in);
    ck_assert_ptr_nonnull(strstr(in, "from 5 to 3"));
    output_free(&o);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("strategies");
    TCase *tc = tcase_create("strategies");
    SRunner *r;
    int failed;

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, an_additional_batch_never_lowers_capacity);
    tcase_add_test(tc, an_additional_batch_goes_away_again);
    suite_add_tcase(s, tc);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed > 0;
}
