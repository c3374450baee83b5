/*
 * cases.c - the list of tables, and how a check is judged.
 */
#include "cases.h"

#include <math.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/value.h"
#include "stats/ci.h"

static const struct theory_case *const tables[] = {
    cases_kernel, cases_queueing, cases_availability,
    cases_requests, cases_probes, cases_scenarios, cases_releases, cases_statistics,
};

static void add(struct report *r, struct check c)
{
    if (r->len == CASE_CHECKS)
        BUG("more than %d checks in one case", CASE_CHECKS);
    c.met = c.expected >= c.low && c.expected <= c.high;
    r->checks[r->len++] = c;
}

void expect_exact(struct report *r, const char *quantity, double expected,
                  double got, double tolerance)
{
    add(r, (struct check){ quantity, expected, got, got - tolerance,
                           got + tolerance, false });
}

void expect_true(struct report *r, const char *quantity, bool holds)
{
    expect_exact(r, quantity, 1, holds, 0);
}

void expect_mean(struct report *r, const char *quantity, double expected,
                 const double *x, size_t n, double slack)
{
    struct interval i = ci_mean(x, n, CASE_CONFIDENCE);
    double wider = slack * fabs(expected);

    add(r, (struct check){ quantity, expected, i.mean, i.low - wider,
                           i.high + wider, false });
}

struct dist case_law(struct arena *a, const char *text)
{
    struct err_list errors;
    struct binder b = { .arena = a, .errors = &errors };
    struct dist d;

    err_init(&errors, a);
    if (!dist_parse(&b, value_flow(a, text, NULL), &d))
        BUG("%s", errors.items[0].text);
    return d;
}

const struct theory_case **theory_cases(size_t *n)
{
    const struct theory_case **list = NULL;

    *n = 0;
    for (size_t t = 0; t < COUNT_OF(tables); t++) {
        for (const struct theory_case *c = tables[t]; c->id; c++) {
            list = heap_grow(list, *n + 1, sizeof *list);
            list[(*n)++] = c;
        }
    }
    return list;
}
