/*
 * test_select.c - does the best one win?
 */
#include "stats/ci.h"
#include "stats/select.h"
#include "common.h"

static struct arena *scratch;

static void open_scratch(void)
{
    scratch = arena_new();
}

static void close_scratch(void)
{
    arena_free(scratch);
}

/* A lattice of 35 cells like maxSurge x maxUnavailable: best 216 s at cell 0,
 * second 226 s, the others in steps of 6 s; noise sigma 60 s of which half the
 * variance is luck shared by all cells. */
#define CELLS 35
#define SIGMA 60

static double truth(size_t cell)
{
    return cell == 0 ? 216 : 220 + 6 * (double)cell;
}

static double observe(uint64_t seed, size_t cell, uint32_t r)
{
    double shared = stream_u01_at(seed, PURPOSE_TEST, 0, r, 0);
    double own = stream_u01_at(seed, PURPOSE_TEST, 1 + cell, r, 0);

    return truth(cell) + SIGMA * sqrt(0.5)
           * (gsl_cdf_ugaussian_Pinv(shared) + gsl_cdf_ugaussian_Pinv(own));
}

static double mean_of(uint64_t seed, size_t cell, size_t from, size_t to,
                      double sum)
{
    for (size_t r = from; r < to; r++)
        sum += observe(seed, cell, (uint32_t)r);
    return sum;
}

/* Index of the winner of sequential halving; *cost counts replications. */
static size_t halve(uint64_t seed, size_t budget, size_t *cost)
{
    size_t cells[CELLS], alive = CELLS, reps = 0;
    double sum[CELLS] = {0}, mean[CELLS] = {0};

    for (size_t i = 0; i < CELLS; i++)
        cells[i] = CELLS - 1 - i;
    while (alive > 1) {
        size_t more = halving_share(CELLS, alive, budget);
        for (size_t i = 0; i < alive; i++) {
            size_t c = cells[i];
            sum[c] = mean_of(seed, c, reps, reps + more, sum[c]);
            mean[c] = sum[c] / (double)(reps + more);
        }
        *cost += alive * more;
        reps += more;
        alive = halving_cut(mean, cells, alive);
    }
    return cells[0];
}

static size_t equal_shares(uint64_t seed, size_t budget)
{
    double least = INFINITY;
    size_t best = 0;

    for (size_t c = 0; c < CELLS; c++) {
        double mean = mean_of(seed, c, 0, budget / CELLS, 0);
        if (mean < least)
            best = c;
        least = fmin(least, mean);
    }
    return best;
}

/* Reference 5.8 on its lattice: 700 replications on common random numbers
 * pick the best in .67 of the cases with equal shares and .965 by halving. */
START_TEST(halving_finds_the_best_more_often_than_equal_shares)
{
    int halving = 0, equal = 0, n = 200;

    for (uint64_t seed = 0; seed < 200; seed++) {
        size_t cost = 0;
        halving += halve(seed, 700, &cost) == 0;
        equal += equal_shares(seed, 700) == 0;
        ck_assert_uint_le(cost, 700);
    }
    ck_assert_msg(halving > 0.9 * n, "%d", halving);
    ck_assert_msg(halving > equal + 0.1 * n, "%d %d", halving, equal);
}
END_TEST

START_TEST(halving_sorts_ties_by_number_and_undefined_last)
{
    static const double mean[] = {NAN, 2, 1, 2, NAN, 1};
    size_t cells[] = {0, 1, 2, 3, 4, 5};
    static const size_t want[] = {2, 5, 1, 3, 0, 4};

    ck_assert_uint_eq(halving_cut(mean, cells, 6), 3);
    for (int i = 0; i < 6; i++)
        ck_assert_uint_eq(cells[i], want[i]);
    ck_assert_uint_eq(halving_cut(mean, cells, 3), 2);
    ck_assert_uint_eq(halving_share(35, 35, 10), 1);
    ck_assert_uint_eq(halving_share(2, 2, 10), 5);
}
END_TEST

/* Chen et al. (2000), theorem 1, by hand: means 1 2 3, sd 1: shares of the
 * others 1 : 1/4, of the best sqrt(1 + 1/16) = 1.030776; sum 2.280776. */
START_TEST(ocba_shares_follow_the_formula)
{
    static const double mean[] = {1, 2, 3}, sd[] = {1, 1, 1};
    static const double wide[] = {1, 3, 1}, none[] = {0, 0, 0};
    static const double tie[] = {1, 1, 9};
    size_t target[3];

    ocba_targets(mean, sd, 3, 100000, target);
    near((double)target[0], 45194, 1);
    near((double)target[1], 43845, 1);
    near((double)target[2], 10961, 1);
    ck_assert_uint_eq(target[0] + target[1] + target[2], 100000);
    ocba_targets(mean, wide, 3, 100000, target);    /* 9, 1/4; 3.0104 */
    near((double)target[1] / (double)target[2], 36, 0.1);
    near((double)target[0] / (double)target[1], sqrt(9 + 1 / 16.0) / 9, 1e-3);
    ocba_targets(tie, sd, 3, 1000, target);         /* the tie gets it all */
    ck_assert_uint_ge(target[0] + target[1], 999);
    ocba_targets(mean, none, 3, 9, target);
    ck_assert_uint_eq(target[0] + target[1] + target[2], 9);
}
END_TEST

static size_t ocba_choice(uint64_t seed, size_t budget)
{
    double sum[CELLS], squares[CELLS], mean[CELLS], sd[CELLS];
    size_t done[CELLS], target[CELLS], best = 0;

    for (size_t c = 0; c < CELLS; c++) {
        sum[c] = squares[c] = 0;
        done[c] = 0;
        target[c] = 8;
    }
    for (size_t total = 8 * CELLS; total <= budget; total += CELLS) {
        for (size_t c = 0; c < CELLS; c++) {
            for (; done[c] < target[c]; done[c]++) {
                double x = observe(seed, c, (uint32_t)done[c]);
                sum[c] += x;
                squares[c] += x * x;
            }
            mean[c] = sum[c] / (double)done[c];
            sd[c] = sqrt((squares[c] - sum[c] * mean[c])
                         / (double)(done[c] - 1));
        }
        ocba_targets(mean, sd, CELLS, total + CELLS, target);
    }
    for (size_t c = 0; c < CELLS; c++)
        best = mean[c] < mean[best] ? c : best;
    return best;
}

/* Reference 5.8: .93 with OCBA against .67. */
START_TEST(ocba_finds_the_best_more_often_than_equal_shares)
{
    int ocba = 0, equal = 0, n = 200;

    for (uint64_t seed = 0; seed < 200; seed++) {
        ocba += ocba_choice(seed, 700) == 0;
        equal += equal_shares(seed, 700) == 0;
    }
    ck_assert_msg(ocba > 0.8 * n, "%d", ocba);
    ck_assert_msg(ocba > equal + 0.05 * n, "%d %d", ocba, equal);
}
END_TEST

/*
 * Kim and Nelson in the slippage configuration: k = 8, the best exactly delta
 * ahead, delta = sigma / 5, first stage 20, alpha 0.05.  Reference 5.8:
 * correct .960, 1444 replications in all, 301 with correlation 0.8.
 */
#define K 8
#define FIRST 20
#define KN_MOST 2000

static double slippage(uint64_t seed, double rho, size_t cell, uint32_t r)
{
    double shared = stream_u01_at(seed, PURPOSE_TEST, 100, r, 0);
    double own = stream_u01_at(seed, PURPOSE_TEST, 101 + cell, r, 0);

    return (cell == 3 ? 0 : 0.2)
           + sqrt(rho) * gsl_cdf_ugaussian_Pinv(shared)
           + sqrt(1 - rho) * gsl_cdf_ugaussian_Pinv(own);
}

/* Run KN to its end: the chosen cell; *cost counts replications. */
static size_t kn_choice(uint64_t seed, double rho, size_t *cost)
{
    double first[K][FIRST], sum[K] = {0}, mean[K] = {0};
    const double *rows[K];
    bool alive[K];
    size_t r = 0, best = K;
    struct kn p;

    for (size_t i = 0; i < K; i++) {
        rows[i] = first[i];
        alive[i] = true;
        for (uint32_t j = 0; j < FIRST; j++)
            sum[i] += first[i][j] = slippage(seed, rho, i, j);
        mean[i] = sum[i] / FIRST;
    }
    *cost += K * FIRST;
    p = kn_start(scratch, rows, K, FIRST, 0.05, 0.2);
    for (r = FIRST; !kn_screen(&p, mean, r, NULL, alive); r++)
        for (size_t i = 0; i < K; i++) {
            if (!alive[i])
                continue;
            sum[i] += slippage(seed, rho, i, (uint32_t)r);
            mean[i] = sum[i] / (double)(r + 1);
            ++*cost;
        }
    ck_assert_uint_le(r, kn_limit(&p));
    for (size_t i = 0; i < K; i++)
        if (alive[i] && (best == K || mean[i] < mean[best]))
            best = i;
    return best;
}

static const struct {
    double rho, cost;           /* mean cost as tabulated */
} kn_cases[] = {{0, 1444}, {.8, 301}};

START_TEST(kn_selects_correctly_and_common_luck_makes_it_cheap)
{
    int correct = 0, n = 200;
    size_t cost = 0;

    for (uint64_t seed = 0; seed < 200; seed++) {
        correct += kn_choice(seed, kn_cases[_i].rho, &cost) == 3;
        arena_reset(scratch);
    }
    ck_assert_msg(correct >= (0.95 - chance(.95, n)) * n, "%d", correct);
    ck_assert_msg(fabs((double)cost / n / kn_cases[_i].cost - 1) < 0.1,
                  "%g", (double)cost / n);
}
END_TEST

START_TEST(kn_calls_equal_cells_equal_at_once)
{
    static const double x[] = {1, 5, 2, 7, 3}, worse[] = {2, 6, 3, 8, 4};
    const double *rows[] = {x, x, worse};
    double mean[] = {3.6, 3.6, 4.6};
    bool alive[] = {true, true, true};
    struct kn p = kn_start(scratch, rows, 3, 5, 0.05, 1);

    ck_assert(kn_screen(&p, mean, 5, NULL, alive));
    ck_assert(alive[0] && alive[1] && !alive[2]);
    ck_assert_uint_eq(kn_limit(&p), 5);
}
END_TEST

/* Cells 0 and 1 within 5 of each other, 2 far off, 3 near but noisy. */
START_TEST(standings_say_equal_worse_or_open)
{
    static double x[4][200];
    const double *rows[] = {x[0], x[1], x[2], x[3]};
    enum standing out[4];
    struct stream s;

    stream_init(&s, 42, PURPOSE_TEST, 0, 0);
    for (int r = 0; r < 200; r++) {
        double luck = 50 * draw_normal(&s);
        x[0][r] = 100 + luck;
        x[1][r] = 102 + luck + 5 * draw_normal(&s);
        x[2][r] = 120 + luck + 5 * draw_normal(&s);
        x[3][r] = 105 + luck + 200 * draw_normal(&s);
    }
    x[3][0] += 200 * 105;       /* keep its mean above the best */
    select_standings(scratch, rows, 4, 0, 200, 5, .95, out);
    ck_assert_int_eq(out[0], STANDING_BEST);
    ck_assert_int_eq(out[1], STANDING_EQUAL);
    ck_assert_int_eq(out[2], STANDING_WORSE);
    ck_assert_int_eq(out[3], STANDING_OPEN);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("the best of many");

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, open_scratch, close_scratch);
    tcase_add_test(c, halving_finds_the_best_more_often_than_equal_shares);
    tcase_add_test(c, halving_sorts_ties_by_number_and_undefined_last);
    tcase_add_test(c, ocba_shares_follow_the_formula);
    tcase_add_test(c, ocba_finds_the_best_more_often_than_equal_shares);
    tcase_add_loop_test(c,
        kn_selects_correctly_and_common_luck_makes_it_cheap, 0,
        COUNT_OF(kn_cases));
    tcase_add_test(c, kn_calls_equal_cells_equal_at_once);
    tcase_add_test(c, standings_say_equal_worse_or_open);
    return run_case("select", c);
}
