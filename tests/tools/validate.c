/*
 * validate.c - print every known answer beside what the simulator gives.
 *
 * usage: validate [ID...]     only the cases whose id starts so
 * Exit status 1 if an answer is missed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_errno.h>

#include "../theory/cases.h"

static bool wanted(const char *id, char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        if (strncmp(id, names[i], strlen(names[i])) == 0)
            return true;
    return n == 0;
}

/* Enough digits to tell the interval from the answer. */
static void print_check(const struct theory_case *c, const struct check *k)
{
    printf("%-4s %-44.44s %-26.26s %14.9g %14.9g  [%.7g, %.7g]  %s\n", c->id,
           c->title, k->quantity, k->expected, k->estimate, k->low, k->high,
           k->met ? "met" : "MISSED");
}

int main(int argc, char **argv)
{
    size_t n, checks = 0, missed = 0;
    const struct theory_case **cases = theory_cases(&n);

    gsl_set_error_handler_off();
    printf("%-4s %-44s %-26s %14s %14s  %s\n", "case", "model", "quantity",
           "expected", "estimate", "99.9 % interval, or tolerance");
    for (size_t i = 0; i < n; i++) {
        struct report r = { .len = 0 };

        if (!wanted(cases[i]->id, argv + 1, argc - 1))
            continue;
        cases[i]->run(&r);
        for (size_t k = 0; k < r.len; k++) {
            print_check(cases[i], &r.checks[k]);
            missed += !r.checks[k].met;
        }
        checks += r.len;
        fflush(stdout);
    }
    printf("%zu answers, %zu missed\n", checks, missed);
    free(cases);
    return missed > 0;
}
