/* Conditions of analyses, and questions to monitoring, as people write them. */
#include <check.h>
#include <math.h>
#include <string.h>
#include "base/arena.h"
#include "base/bug.h"
#include "models/analysis.h"

/* A condition, its answer for 0.9, for nothing (an empty list), for NaN. */
static const struct {
    const char *text;
    enum analysis_answer some, none, nan;
} conditions[] = {
    { "result[0] >= 0.9", ANSWER_TRUE, ANSWER_ERROR, ANSWER_FALSE },
    { "result > 0.95", ANSWER_FALSE, ANSWER_ERROR, ANSWER_FALSE },
    { "len(result) == 0 || result[0] < 0.5", ANSWER_FALSE, ANSWER_TRUE,
      ANSWER_FALSE },
    { "len(result) > 0 && result[0] > 0.5", ANSWER_TRUE, ANSWER_FALSE,
      ANSWER_FALSE },
    { "isNaN(result[0]) || result[0] >= 0.9", ANSWER_TRUE, ANSWER_ERROR,
      ANSWER_TRUE },
    { "default(result[0], 1) > 0.95", ANSWER_FALSE, ANSWER_TRUE,
      ANSWER_TRUE },
    { "!(result[0] * 100 + 10 == 100)", ANSWER_FALSE, ANSWER_ERROR,
      ANSWER_TRUE },
    { "not isInf(result) and 2 - 1 != 0", ANSWER_TRUE, ANSWER_ERROR,
      ANSWER_TRUE },
    { "-result[0] <= -0.9 && (1 / 4 == 0.25)", ANSWER_TRUE, ANSWER_ERROR,
      ANSWER_FALSE },
    { "true", ANSWER_TRUE, ANSWER_TRUE, ANSWER_TRUE },
};

START_TEST(conditions_are_evaluated)
{
    const struct analysis_result some = { true, 0.9 }, none = { false, 0 },
                                 nan = { true, NAN };
    const char *why;

    ck_assert_int_eq(analysis_condition(conditions[_i].text, &some, &why),
                     conditions[_i].some);
    ck_assert_ptr_null(why);
    ck_assert_int_eq(analysis_condition(conditions[_i].text, &none, &why),
                     conditions[_i].none);
    ck_assert_int_eq(analysis_condition(conditions[_i].text, &nan, &why),
                     conditions[_i].nan);
}
END_TEST

static const char *const unreadable[] = {
    "", "result[1] > 0", "result[0] >", "result[0]", "0.9", "results > 1",
    "(result > 1", "result > 1)", "len result", "all(result, # > 1)",
};

START_TEST(what_is_no_condition_says_so)
{
    const struct analysis_result some = { true, 0.9 };
    const char *why;

    ck_assert_int_eq(analysis_condition(unreadable[_i], &some, &why),
                     ANSWER_ERROR);
    ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(brackets_without_end_are_refused)
{
    const struct analysis_result some = { true, 0.9 };
    char deep[2000];
    const char *why;

    memset(deep, '(', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    ck_assert_int_eq(analysis_condition(deep, &some, &why), ANSWER_ERROR);
    ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(questions_are_read)
{
    struct arena *a = arena_new();
    struct analysis_query q;
    const char *why;

    ck_assert(analysis_read_query(a, "latency_p99 of old over 2m * 0.001", &q, &why));
    ck_assert_int_eq(q.seen.what, SEEN_LATENCY_P99);
    ck_assert_int_eq(q.seen.of, SEEN_OF_OLD);
    ck_assert_int_eq(q.seen.window, 120 * SIM_S);
    ck_assert_double_eq(q.factor, 1000 * 0.001);   /* ms, as seconds */
    ck_assert(analysis_read_query(a, "error_rate", &q, &why));
    ck_assert_int_eq(q.seen.of, SEEN_OF_ALL);
    ck_assert_int_eq(q.seen.window, 60 * SIM_S);
    ck_assert(!analysis_read_query(a, "errors", &q, &why));
    ck_assert(!analysis_read_query(a, "error_rate of them", &q, &why));
    ck_assert(!analysis_read_query(a, "error_rate over 16m", &q, &why));
    ck_assert(!analysis_read_query(a, "error_rate over 0s", &q, &why));
    ck_assert(!analysis_read_query(a, "", &q, &why));
    arena_free(a);
}
END_TEST

int main(void)
{
    int failed;
    Suite *s = suite_create("analysis");
    TCase *c = tcase_create("analysis");
    SRunner *r = srunner_create(s);

    tcase_add_loop_test(c, conditions_are_evaluated, 0,
                        (int)COUNT_OF(conditions));
    tcase_add_loop_test(c, what_is_no_condition_says_so, 0,
                        (int)COUNT_OF(unreadable));
    tcase_add_test(c, brackets_without_end_are_refused);
    tcase_add_test(c, questions_are_read);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed > 0;
}
