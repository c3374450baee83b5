/*
 * test_grid.c - the grid of strategies, cells of parameters and replications.
 *
 * A cell must be what the same values given by --set are, to the bit, whatever
 * the threads, the order and the other cells.
 */
#include <check.h>
#include <gsl/gsl_errno.h>
#include "app/experiment.h"
#include "base/text.h"

#define LATTICE "tests/app/data/lattice.yaml"

static struct app app;

static void set_up(void)
{
    app = (struct app){ .out = stdout, .err = stderr };
    gsl_set_error_handler_off();
    app.arena = arena_new();
    app.o.seed = app.o.replications = app.o.jobs = -1;
    app.o.no_progress = true;
    err_init(&app.errors, app.arena);
}

static void tear_down(void)
{
    arena_free(app.arena);
}

/* The lattice, changed by at most two --set (NULL: not). */
static struct scenario *load(const char *set1, const char *set2)
{
    struct scenario *s = arena_make(app.arena, struct scenario);
    const char *file = LATTICE;

    vec_clear(&app.o.words);
    vec_clear(&app.o.sets);
    vec_push(app.arena, &app.o.words, file);
    if (set1)
        vec_push(app.arena, &app.o.sets, set1);
    if (set2)
        vec_push(app.arena, &app.o.sets, set2);
    ck_assert_int_eq(scenario_load(&app, s), SIM_OK);
    return s;
}

static struct scenario *grid(void)
{
    struct scenario *s = load(NULL, NULL);
    struct scenario *out = arena_make(app.arena, struct scenario);
    size_t n;
    const struct point *points = scenario_points(&app, s, DESIGN_GRID, 0, &n);

    ck_assert_uint_eq(n, 6);
    ck_assert_int_eq(scenario_vary(&app, s, points, n, out), SIM_OK);
    return out;
}

static struct experiment *run(const struct scenario *s, int64_t threads)
{
    struct experiment *e = arena_make(app.arena, struct experiment);

    app.o.jobs = threads;
    experiment_run(&app, s, NULL, e);
    ck_assert_uint_eq(e->n, s->precision.max);
    return e;
}

START_TEST(the_grid_has_every_combination_but_the_refused)
{
    static const char *const cells[] = {
        "surge=0 unavailable=1", "surge=1 unavailable=0",
        "surge=1 unavailable=1", "surge=34% unavailable=0",
        "surge=34% unavailable=1"
    };
    struct scenario *s = grid();

    ck_assert_uint_eq(s->nvariants, 5);
    for (size_t v = 0; v < s->nvariants; v++) {
        ck_assert_str_eq(settings_text(app.arena, s, s->variants[v].settings),
                         cells[v]);
        ck_assert_uint_eq(s->variants[v].cell, v + 1);
    }
    ck_assert_uint_eq(s->nrefused, 1);
    ck_assert_uint_eq(s->refused[0].cell, 0);
    ck_assert_ptr_nonnull(strstr(s->refused[0].why, "maxUnavailable"));
    ck_assert_int_eq(app.errors.errors, 0);
}
END_TEST

START_TEST(a_cell_is_what_set_makes)
{
    struct experiment *all = run(grid(), 2);
    struct experiment *one = run(load(
        "Deployment/web:spec.strategy.rollingUpdate.maxSurge=34%",
        "Deployment/web:spec.strategy.rollingUpdate.maxUnavailable=0"), 1);

    ck_assert_uint_eq(experiment_digest(all, 3), experiment_digest(one, 0));
    ck_assert_uint_ne(experiment_digest(all, 2), experiment_digest(one, 0));
    for (int m = 0; m < METRIC_COUNT; m++)
        for (size_t r = 0; r < one->n; r++) {
            double a = experiment_value(all, 3, r, (enum metric)m);
            double b = experiment_value(one, 0, r, (enum metric)m);

            ck_assert(memcmp(&a, &b, sizeof(a)) == 0);
        }
}
END_TEST

START_TEST(threads_and_steps_change_nothing)
{
    struct scenario *s = grid();
    struct experiment *one = run(s, 1), *five = run(s, 5), steps;
    const size_t first[] = { 2, 0, 1, 5, 1 }, all[] = { 3, 3, 3, 3, 3 };

    app.o.jobs = 2;
    experiment_begin(&app, s, &steps);
    ck_assert(experiment_extend(&steps, first));
    ck_assert_uint_eq(steps.n, 0);
    ck_assert_uint_eq(steps.columns[0].n, 2);
    ck_assert_uint_eq(steps.columns[3].n, 5);
    ck_assert(experiment_extend(&steps, all));
    ck_assert_uint_eq(steps.n, 3);
    ck_assert_uint_eq(steps.columns[3].n, 5);
    experiment_end(&steps, EXIT_DONE);
    for (size_t v = 0; v < s->nvariants; v++) {
        ck_assert_uint_eq(experiment_digest(one, v),
                          experiment_digest(five, v));
        ck_assert_uint_eq(experiment_digest(one, v),
                          experiment_digest(&steps, v));
    }
}
END_TEST

/* Parameters are not varied unless somebody asks for cells. */
START_TEST(a_run_takes_the_values_of_the_files)
{
    struct scenario *s = load(NULL, NULL);

    ck_assert_uint_eq(s->nvariants, 1);
    ck_assert_ptr_null(s->variants[0].settings);
    ck_assert_str_eq(settings_text(app.arena, s, NULL), "");
}
END_TEST

START_TEST(a_grid_without_a_cell_is_refused)
{
    struct scenario *s = load(
        "parameters.surge.values=[0]", "parameters.unavailable.values=[0]");
    struct scenario out;
    size_t n;
    const struct point *points = scenario_points(&app, s, DESIGN_GRID, 0, &n);

    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(scenario_vary(&app, s, points, n, &out), SIM_INVALID);
    ck_assert_int_eq(app.errors.errors, 1);
    ck_assert_ptr_nonnull(strstr(app.errors.items[0].text,
                                 "no combination of the parameters"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("grid");
    TCase *tc = tcase_create("grid");
    SRunner *sr;
    int failed;

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, the_grid_has_every_combination_but_the_refused);
    tcase_add_test(tc, a_cell_is_what_set_makes);
    tcase_add_test(tc, threads_and_steps_change_nothing);
    tcase_add_test(tc, a_run_takes_the_values_of_the_files);
    tcase_add_test(tc, a_grid_without_a_cell_is_refused);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
