/*
 * test_theory.c - every known answer, one test each.
 */
#include <check.h>
#include <stdlib.h>
#include <gsl/gsl_errno.h>
#include "cases.h"

static const struct theory_case **cases;

START_TEST(known_answers_are_reproduced)
{
    struct report r = { .len = 0 };

    cases[_i]->run(&r);
    ck_assert_uint_gt(r.len, 0);
    for (size_t i = 0; i < r.len; i++) {
        const struct check *c = &r.checks[i];

        ck_assert_msg(c->met, "%s %s: %s: expected %.9g, got %.9g [%.9g, "
                      "%.9g] (%s)", cases[_i]->id, cases[_i]->title,
                      c->quantity, c->expected, c->estimate, c->low, c->high,
                      cases[_i]->source);
    }
}
END_TEST

/* An interval that misses is reported as a miss: the verdict can fail. */
START_TEST(wrong_answers_are_found)
{
    static const double x[] = { 1, 1.1, 0.9, 1.05, 0.95 };
    struct report r = { .len = 0 };

    expect_mean(&r, "right", 1, x, 5, 0);
    expect_mean(&r, "wrong", 2, x, 5, 0);
    expect_exact(&r, "right", 5, 5, 0);
    expect_exact(&r, "wrong", 5, 5.1, 0.01);
    expect_true(&r, "wrong", false);
    ck_assert(r.checks[0].met && r.checks[2].met);
    ck_assert(!r.checks[1].met && !r.checks[3].met && !r.checks[4].met);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("theory");
    TCase *tc = tcase_create("theory");
    SRunner *sr = srunner_create(s);
    size_t n;
    int failed;

    gsl_set_error_handler_off();
    cases = theory_cases(&n);
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, known_answers_are_reproduced, 0, (int)n);
    tcase_add_test(tc, wrong_answers_are_found);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    free(cases);
    return failed != 0;
}
