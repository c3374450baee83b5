/*
 * test_search.c - does a search find what trying everything would find?
 */
#include "stats/search.h"
#include "common.h"

/* maxSurge x maxUnavailable, 0..5 each, without (0, 0): the best takes 216 s,
 * the second 226 s, the others more and more; noise sigma 60 s, of which half
 * the variance is luck that all cells share (reference: a lattice of which
 * halving finds the best in .965 of 400 experiments with 700 replications). */
#define SIDE 6
#define CELLS (SIDE * SIDE - 1)
#define SIGMA 60
/* Brute force: 200 replications of every cell; its tenth part is 700. */
#define BRUTE (CELLS * 200)

struct lattice {
    uint64_t seed;
    size_t best;                /* moves with the seed */
    double limit;               /* cells above it break a promise; 0: none */
    size_t ends_after;          /* calls; 0: never */
    size_t calls;
};

static double truth(const struct lattice *l, size_t cell)
{
    size_t d = (cell + CELLS - l->best) % CELLS;

    return d == 0 ? 216 : 220 + 6 * (double)d;
}

static double observe(void *ctx, size_t cell, size_t r)
{
    const struct lattice *l = ctx;
    double shared = stream_u01_at(l->seed, PURPOSE_TEST, 0, (uint32_t)r, 0);
    double own = stream_u01_at(l->seed, PURPOSE_TEST, 1 + (uint32_t)cell,
                               (uint32_t)r, 0);

    return truth(l, cell) + SIGMA * sqrt(0.5) *
           (gsl_cdf_ugaussian_Pinv(shared) + gsl_cdf_ugaussian_Pinv(own));
}

static bool extend(void *ctx, const size_t *until)
{
    struct lattice *l = ctx;

    (void)until;
    return ++l->calls != l->ends_after;
}

/* The promise: a cell near the best one breaks it. */
static enum fit fit(void *ctx, size_t cell, size_t n, double *excess)
{
    const struct lattice *l = ctx;
    double x = truth(l, cell);

    *excess = l->limit - x;
    return x >= l->limit ? n > 10 ? FIT_YES : FIT_LIKELY
           : n > 10 ? FIT_NO : FIT_UNLIKELY;
}

static struct search search_for(struct lattice *l, enum search_method method,
                                size_t budget)
{
    return (struct search){ .k = CELLS, .budget = budget, .delta = 5,
                            .confidence = 0.95, .method = method, .ctx = l,
                            .extend = extend, .value = observe,
                            .fit = l->limit > 0 ? fit : NULL };
}

/* In how many of n trials the best was found; *confirmed and *right: how often
 * the guarantee was given, and true. */
static int trials(enum search_method method, size_t budget, uint64_t n,
                  double delta, int *confirmed, int *right)
{
    int found = 0;

    *confirmed = *right = 0;
    for (uint64_t seed = 0; seed < n; seed++) {
        struct arena *a = arena_new();
        struct lattice l = { .seed = seed, .best = seed % CELLS };
        struct search s = search_for(&l, method, budget);
        struct found f;

        s.delta = delta;
        search_run(a, &s, &f);
        ck_assert_uint_le(f.used, budget);
        found += f.best == l.best;
        *confirmed += f.confirmed;
        *right += f.confirmed && truth(&l, f.best) <= 216 + delta;
        arena_free(a);
    }
    return found;
}

START_TEST(a_tenth_of_brute_force_finds_the_best)
{
    int confirmed, right;
    int found = trials(SEARCH_HALVING, BRUTE / 10, 200, 5,
                       &confirmed, &right);

    ck_assert_msg(found >= 190, "%d of 200", found);
}
END_TEST

/* Its cells have different numbers of replications, so luck that all share is
 * not quite cancelled; equal shares find .67. */
START_TEST(ocba_is_better_than_equal_shares)
{
    int confirmed, right;
    int found = trials(SEARCH_OCBA, BRUTE / 10, 200, 5,
                       &confirmed, &right);

    ck_assert_msg(found >= 155, "%d of 200", found);
}
END_TEST

START_TEST(kn_keeps_its_guarantee)
{
    int confirmed, right;

    (void)trials(SEARCH_KN, 1000000, 40, 8, &confirmed, &right);
    ck_assert_int_eq(confirmed, 40);
    ck_assert_msg(right >= 38, "%d of 40", right);
}
END_TEST

START_TEST(halving_confirms_rightly_if_the_budget_lasts)
{
    int confirmed, right;

    (void)trials(SEARCH_HALVING, BRUTE, 100, 8, &confirmed, &right);
    ck_assert_int_ge(confirmed, 95);
    ck_assert_msg(right >= 0.95 * confirmed, "%d of %d", right, confirmed);
}
END_TEST

START_TEST(cells_that_break_promises_are_not_chosen)
{
    for (int m = SEARCH_HALVING; m <= SEARCH_KN; m++) {
        struct arena *a = arena_new();
        struct lattice l = { .seed = 3, .best = 10, .limit = 250 };
        struct search s = search_for(&l, (enum search_method)m, 7000);
        struct found f;

        search_run(a, &s, &f);
        ck_assert_uint_lt(f.best, CELLS);
        ck_assert_msg(truth(&l, f.best) >= 250, "method %d: %g", m,
                      truth(&l, f.best));
        arena_free(a);
    }
}
END_TEST

START_TEST(nothing_is_chosen_if_all_break_promises)
{
    struct arena *a = arena_new();
    struct lattice l = { .seed = 3, .best = 10, .limit = 1e6 };
    struct search s = search_for(&l, SEARCH_HALVING, 1400);
    struct found f;

    search_run(a, &s, &f);
    ck_assert_uint_eq(f.best, CELLS);
    ck_assert(!f.confirmed);
    arena_free(a);
}
END_TEST

START_TEST(an_interrupt_ends_it)
{
    struct arena *a = arena_new();
    struct lattice l = { .seed = 3, .best = 10, .ends_after = 2 };
    struct search s = search_for(&l, SEARCH_HALVING, 700);
    struct found f;

    search_run(a, &s, &f);
    ck_assert(f.ended);
    ck_assert_uint_eq(l.calls, 2);
    arena_free(a);
}
END_TEST

START_TEST(one_cell_is_the_best)
{
    struct arena *a = arena_new();
    struct lattice l = { .seed = 3, .best = 0 };
    struct search s = search_for(&l, SEARCH_HALVING, 20);
    struct found f;

    s.k = 1;
    search_run(a, &s, &f);
    ck_assert_uint_eq(f.best, 0);
    ck_assert_uint_eq(f.used, 20);
    ck_assert(f.confirmed);
    arena_free(a);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("search");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, a_tenth_of_brute_force_finds_the_best);
    tcase_add_test(t, ocba_is_better_than_equal_shares);
    tcase_add_test(t, kn_keeps_its_guarantee);
    tcase_add_test(t, halving_confirms_rightly_if_the_budget_lasts);
    tcase_add_test(t, cells_that_break_promises_are_not_chosen);
    tcase_add_test(t, nothing_is_chosen_if_all_break_promises);
    tcase_add_test(t, an_interrupt_ends_it);
    tcase_add_test(t, one_cell_is_the_best);
    return run_case("search", t);
}
