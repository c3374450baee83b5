/*
 * test_design.c - points of a parameter space.
 */
#include <stdlib.h>
#include "stats/design.h"
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

static double least_distance(const double *x, size_t n, size_t d)
{
    double least = INFINITY;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            double s = 0;
            for (size_t c = 0; c < d; c++)
                s += pow(x[i * d + c] - x[j * d + c], 2);
            least = fmin(least, sqrt(s));
        }
    return least;
}

START_TEST(latin_hypercube_has_one_point_in_every_slice)
{
    enum { N = 40, D = 5 };
    double x[N * D];

    design_lhs(scratch, x, N, D, 3);
    for (int c = 0; c < D; c++) {
        int seen[N] = {0};
        for (int i = 0; i < N; i++) {
            ck_assert(x[i * D + c] >= 0 && x[i * D + c] < 1);
            seen[(int)(x[i * D + c] * N)]++;
        }
        for (int i = 0; i < N; i++)
            ck_assert_int_eq(seen[i], 1);
    }
}
END_TEST

START_TEST(latin_hypercube_is_spread_and_repeats_by_seed)
{
    enum { N = 20, D = 3 };
    double x[N * D], again[N * D], uniform[N * D], lhs = 0, plain = 0;
    struct stream s;

    design_lhs(scratch, x, N, D, 1);
    design_lhs(scratch, again, N, D, 1);
    for (int i = 0; i < N * D; i++)
        near(again[i], x[i], 0);
    stream_init(&s, 1, PURPOSE_TEST, 0, 0);
    for (uint64_t seed = 0; seed < 20; seed++) {
        design_lhs(scratch, x, N, D, seed);
        for (int i = 0; i < N * D; i++)
            uniform[i] = stream_u01(&s);
        lhs += least_distance(x, N, D);
        plain += least_distance(uniform, N, D);
    }
    ck_assert_msg(lhs > 1.6 * plain, "%g %g", lhs / 20, plain / 20);
}
END_TEST

/* The integral of prod |4x - 2| over the unit cube is 1 (Sobol's g-function
 * with a = 0); its variance is (4/3)^d - 1.  An average over eight shifts must
 * be far closer than independent points, and the shift unbiased. */
START_TEST(sobol_points_integrate_better_than_random_ones)
{
    enum { N = 1024, D = 5, SHIFTS = 8 };
    static double x[N * D];
    double sum = 0, squares = 0;
    double random_sd = sqrt((pow(4 / 3.0, D) - 1) / N);

    for (uint64_t seed = 0; seed < SHIFTS; seed++) {
        double mean = 0;
        ck_assert(design_sobol(x, N, D, seed));
        for (int i = 0; i < N; i++) {
            double f = 1;
            for (int c = 0; c < D; c++) {
                ck_assert(x[i * D + c] >= 0 && x[i * D + c] < 1);
                f *= fabs(4 * x[i * D + c] - 2);
            }
            mean += f / N;
        }
        sum += mean;
        squares += (mean - 1) * (mean - 1);
    }
    ck_assert_msg(sqrt(squares / SHIFTS) < random_sd / 3, "%g %g",
                  sqrt(squares / SHIFTS), random_sd);
    near(sum / SHIFTS, 1, 4 * sqrt(squares) / SHIFTS);
}
END_TEST

/* Before the shift GSL's first points are .5, .75, .25: differences stay. */
START_TEST(sobol_points_are_shifted_as_one)
{
    double x[2 * 3], y[2 * 3];

    ck_assert(design_sobol(x, 3, 2, 1));
    ck_assert(design_sobol(y, 3, 2, 2));
    ck_assert(fabs(x[0] - y[0]) > 0 && fabs(x[0] - x[1]) > 0);
    near(remainder(x[2] - x[0] - 0.25, 1), 0, 1e-12);
    near(remainder(x[4] - x[0] + 0.25, 1), 0, 1e-12);
    near(remainder(x[3] - x[1] + 0.25, 1), 0, 1e-12);
    ck_assert(!design_sobol(x, 3, 0, 1));
    ck_assert(!design_sobol(x, 0, DESIGN_SOBOL_MAX + 1, 1));
}
END_TEST

START_TEST(grid_counts_through_every_combination)
{
    static const size_t levels[] = {2, 1, 3};
    static const size_t want[][3] = {{0, 0, 0}, {0, 0, 1}, {0, 0, 2},
                                     {1, 0, 0}, {1, 0, 1}, {1, 0, 2}};
    size_t level[3];

    for (size_t i = 0; i < 6; i++) {
        design_grid(i, levels, 3, level);
        for (int j = 0; j < 3; j++)
            ck_assert_uint_eq(level[j], want[i][j]);
    }
}
END_TEST

START_TEST(coordinates_become_levels_evenly)
{
    ck_assert_uint_eq(design_level(0, 4), 0);
    ck_assert_uint_eq(design_level(0.2499, 4), 0);
    ck_assert_uint_eq(design_level(0.25, 4), 1);
    ck_assert_uint_eq(design_level(1 - 0x1p-53, 4), 3);
    ck_assert_uint_eq(design_level(1, 1), 0);
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("designs");

    tcase_add_checked_fixture(c, open_scratch, close_scratch);
    tcase_add_test(c, latin_hypercube_has_one_point_in_every_slice);
    tcase_add_test(c, latin_hypercube_is_spread_and_repeats_by_seed);
    tcase_add_test(c, sobol_points_integrate_better_than_random_ones);
    tcase_add_test(c, sobol_points_are_shifted_as_one);
    tcase_add_test(c, grid_counts_through_every_combination);
    tcase_add_test(c, coordinates_become_levels_evenly);
    return run_case("design", c);
}
