/*
 * test_sweep.c - cells of the parameters: designs, tables, what matters.
 */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>
#include "app/sensitivity.h"
#include "base/bug.h"
#include "command.h"
#include "io/file.h"
#include "store_dump.h"

#define LATTICE "tests/app/data/lattice.yaml"

static struct app app;
static char folder[64];

static void set_up(void)
{
    app = (struct app){ .out = stdout, .err = stderr };
    gsl_set_error_handler_off();
    app.arena = arena_new();
    app.o.seed = app.o.replications = app.o.jobs = -1;
    app.o.no_progress = true;
    err_init(&app.errors, app.arena);
    strcpy(folder, "/tmp/rollsim-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void tear_down(void)
{
    file_names names = {0};

    (void)file_glob(app.arena, "-", arena_printf(app.arena, "%s/*", folder),
                    NULL, &names, &app.errors);
    for (size_t i = 0; i < names.len; i++)
        remove(names.items[i]);
    rmdir(folder);
    arena_free(app.arena);
}

/* Run `rollsim LINE`, @ being the folder; returns its stdout. */
static const char *rollsim(int code, const char *line)
{
    struct arena *a = app.arena;
    const char *out;
    struct output o;

    for (const char *at; (at = strchr(line, '@')) != NULL;)
        line = arena_printf(a, "%.*s%s%s", (int)(at - line), line, folder,
                            at + 1);
    o = command(line);
    ck_assert_msg(o.code == code, "%s: exit %d: %s", line, o.code, o.err);
    out = arena_strdup(a, o.code == 0 || o.code == 1 ? o.out : o.err);
    output_free(&o);
    return out;
}

/* ---- designs ------------------------------------------------------------- */

/* The lattice with three parameters: listed, whole, of time. */
static const struct scenario *three(void)
{
    static const char *const sets[] = {
        "parameters.unavailable={path: \"Deployment/web:spec.replicas\", "
        "range: [2, 5], integer: true}",
        "parameters.pull={path: \"images.shop/web.pull\", range: [1s, 2s]}",
    };
    struct scenario *s = arena_make(app.arena, struct scenario);
    const char *file = LATTICE;

    vec_push(app.arena, &app.o.words, file);
    for (size_t i = 0; i < COUNT_OF(sets); i++)
        vec_push(app.arena, &app.o.sets, sets[i]);
    ck_assert_int_eq(scenario_load(&app, s), SIM_OK);
    ck_assert_uint_eq(s->nparameters, 3);
    return s;
}

START_TEST(one_at_a_time_is_a_star)
{
    static const char *const cells[] = {
        "1 4 1.5s", "0 4 1.5s", "34% 4 1.5s", "1 2 1.5s", "1 5 1.5s",
        "1 4 1s", "1 4 2s"
    };
    const struct scenario *s = three();
    size_t n;
    const struct point *p = scenario_points(&app, s, DESIGN_ONE_AT_A_TIME, 0,
                                            &n);

    ck_assert_uint_eq(n, COUNT_OF(cells));
    for (size_t i = 0; i < n; i++) {
        const struct value *const *v = p[i].values;

        ck_assert_str_eq(arena_printf(app.arena, "%s %s %s", v[0]->u.text,
                                      v[1]->u.text, v[2]->u.text), cells[i]);
        ck_assert_int_eq(p[i].base, i == 0);
    }
}
END_TEST

/* Every listed value and every whole one equally often, every millisecond
 * slice once. */
START_TEST(a_hypercube_has_every_value_equally_often)
{
    const struct scenario *s = three();
    size_t n, level[3] = {0}, whole[6] = {0}, slice[12] = {0};
    const struct point *p = scenario_points(&app, s, DESIGN_LHS, 12, &n);

    ck_assert_uint_eq(n, 12);
    for (size_t i = 0; i < n; i++) {
        level[(size_t)p[i].at[0]]++;
        whole[(size_t)p[i].at[1]]++;
        slice[(size_t)fmin((p[i].at[2] - 1) * 12, 11)]++;
        ck_assert(!p[i].base);
    }
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_eq(level[i], 4);
    for (size_t i = 2; i < 6; i++)
        ck_assert_uint_eq(whole[i], 3);
    for (size_t i = 0; i < 12; i++)
        ck_assert_uint_eq(slice[i], 1);
}
END_TEST

START_TEST(a_sobol_design_repeats_and_follows_the_seed)
{
    const struct scenario *s = three();
    size_t n, again, all;
    const struct point *p = scenario_points(&app, s, DESIGN_SOBOL, 16, &n);
    const struct point *q = scenario_points(&app, s, DESIGN_SOBOL, 16, &again);

    ck_assert_uint_eq(n, 16);
    ck_assert_uint_eq(again, n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 3; k++)
            ck_assert(p[i].at[k] >= q[i].at[k] && p[i].at[k] <= q[i].at[k]);
    ck_assert_ptr_null(scenario_points(&app, s, DESIGN_LHS, 1001, &all));
    ck_assert_int_eq(app.errors.errors, 1);
}
END_TEST

START_TEST(a_grid_has_no_room_for_a_range)
{
    const struct scenario *s = three();
    size_t n;

    ck_assert_ptr_null(scenario_points(&app, s, DESIGN_GRID, 0, &n));
    ck_assert_ptr_nonnull(strstr(app.errors.items[0].text, "a range"));
}
END_TEST

/* Listed values meet by chance; each cell is tried once. */
START_TEST(no_cell_is_tried_twice)
{
    struct scenario *s = arena_make(app.arena, struct scenario);
    const char *file = LATTICE;
    size_t n;

    vec_push(app.arena, &app.o.words, file);
    ck_assert_int_eq(scenario_load(&app, s), SIM_OK);
    ck_assert_ptr_nonnull(scenario_points(&app, s, DESIGN_SOBOL, 50, &n));
    ck_assert_uint_eq(n, 6);
}
END_TEST

/* ---- what matters -------------------------------------------------------- */

/* One pod after another: the more, the longer; requests are the same ones. */
START_TEST(replicas_move_the_end_of_the_old_pods)
{
    struct scenario s = {0}, varied;
    struct experiment *e = arena_make(app.arena, struct experiment);
    const char *file = LATTICE;
    const char *params[] = { "Deployment/web:spec.replicas=2,4,7", "surge=1",
                             "unavailable=0" };
    struct sensitivity x;
    size_t n;
    const struct point *p;

    vec_push(app.arena, &app.o.words, file);
    for (size_t i = 0; i < COUNT_OF(params); i++)
        vec_push(app.arena, &app.o.params, params[i]);
    ck_assert_int_eq(scenario_load(&app, &s), SIM_OK);
    ck_assert_str_eq(s.parameters[2].name, "replicas");
    p = scenario_points(&app, &s, DESIGN_GRID, 0, &n);
    ck_assert_int_eq(scenario_vary(&app, &s, p, n, &varied), SIM_OK);
    experiment_run(&app, &varied, NULL, e);
    sensitivity_of(e, app.arena, 0, METRIC_CAPACITY_DIP, &x);
    ck_assert(!sensitivity_says(&x, 3));
    sensitivity_of(e, app.arena, 0, METRIC_REQUESTS, &x);
    ck_assert(!sensitivity_says(&x, 3));
    sensitivity_of(e, app.arena, 0, METRIC_OLD_GONE_SECONDS, &x);
    ck_assert_uint_eq(x.base, 1);
    ck_assert_uint_eq(x.swings[0].parameter, 2);
    ck_assert_uint_eq(x.low[2], 0);
    ck_assert_uint_eq(x.high[2], 2);
    ck_assert_uint_eq(x.low[0], x.base);
    ck_assert(x.swings[0].low.mean < 0 && x.swings[0].high.mean > 0);
    ck_assert_uint_eq(x.cells, 3);
    ck_assert(isnan(x.r2));                     /* three cells, three rows */
}
END_TEST

/* The base of the lattice is surge=1 unavailable=1; of one whose middle the
 * API server refuses, a cell beside it. */
START_TEST(a_refused_base_is_replaced_by_a_neighbour)
{
    const char *text = rollsim(0, "sweep " LATTICE " -q -n 2 --ascii "
                                  "--param surge=1,0 --param unavailable=1,0");

    ck_assert_ptr_nonnull(strstr(text, "rollout_seconds from   surge=1 "
                                       "unavailable=0:"));
    ck_assert_ptr_nonnull(strstr(text, "not possible: surge=0 "
                                       "unavailable=0:"));
    text = rollsim(0, "sweep " LATTICE " -q -n 2 --json --param surge=1,0 "
                      "--param unavailable=1,0");
    text = strstr(text, "\"refused\": [");
    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_nonnull(strstr(text, "\"surge\": \"0\",\n        "
                                       "\"unavailable\": \"0\""));
    ck_assert_ptr_nonnull(strstr(text, "\"why\": \"\\\"maxUnavailable"));
}
END_TEST

/* Two paths that end in the same word do not get one name. */
START_TEST(names_of_paths_are_told_apart)
{
    const char *text = rollsim(0, "sweep " LATTICE " -q -n 2 --ascii "
        "--param surge=1 --param unavailable=0 "
        "--param Deployment/web:spec.replicas=2,3 "
        "--param Deployment/web:spec.template.spec.replicas=1");

    ck_assert_ptr_nonnull(strstr(text, "  surge  unavailable  replicas  "
                                 "Deployment/web:spec.template.spec.replicas"));
}
END_TEST

/* ---- the command --------------------------------------------------------- */

START_TEST(threads_change_no_byte)
{
    const char *one = rollsim(0, "sweep " LATTICE " -q -j 1");

    ck_assert_str_eq(one, rollsim(0, "sweep " LATTICE " -q -j 4"));
}
END_TEST

START_TEST(a_sweep_is_resumed_and_sharded)
{
    const char *whole;

    rollsim(0, "sweep " LATTICE " -q -n 3 -o @/a.db");
    whole = store_dump(app.arena, arena_printf(app.arena, "%s/a.db", folder));
    rollsim(0, "sweep " LATTICE " -q -n 1 -o @/b.db");
    ck_assert_str_eq(rollsim(0, "sweep " LATTICE " -q -n 3 -o @/b.db"),
                     rollsim(0, "sweep " LATTICE " -q -n 3"));
    ck_assert_str_eq(whole, store_dump(app.arena, arena_printf(
        app.arena, "%s/b.db", folder)));
    for (int i = 0; i < 3; i++)
        rollsim(0, arena_printf(app.arena, "sweep " LATTICE " -q -n 3 "
                                "-o @/%d.db --shard %d/3", i, i));
    rollsim(0, "merge @/all.db @/0.db @/1.db @/2.db -q");
    ck_assert_str_eq(whole, store_dump(app.arena, arena_printf(
        app.arena, "%s/all.db", folder)));
}
END_TEST

START_TEST(files_have_a_column_per_parameter)
{
    struct file_data d;

    rollsim(0, "sweep " LATTICE " -q -n 2 --csv @");
    ck_assert_int_eq(file_read(app.arena, arena_printf(
        app.arena, "%s/summary.csv", folder), 0, NULL, &d, &app.errors),
        SIM_OK);
    ck_assert_ptr_nonnull(strstr(d.bytes, "scenario,strategy,surge,unavailable,"
                                          "metric,"));
    ck_assert_ptr_nonnull(strstr(d.bytes, ",34%,0,downtime,s,2,2,"));
}
END_TEST

static const struct {
    const char *options;
    int code;
    const char *says;
} faults[] = {
    { "--param surge", 3, "NAME=VALUE,VALUE" },
    { "--param =1,2", 3, "NAME=VALUE,VALUE" },
    { "--param surge=[1", 3, "NAME=VALUE,VALUE" },
    { "--param surgee=1,2", 3, "did you mean \"surge\"" },
    { "--param nothing=1,2", 3, "a path needs no row" },
    { "--param surge=1,1", 3, "has the value 1 twice" },
    { "--param run.replications=1,2", 3, "cannot be varied" },
    { "--param Deployment/wb:spec.replicas=1,2", 3, "no Deployment named" },
    { "--param Deployment/web:spec.replicas=a,b", 3, "must be an integer" },
    { "--set parameters={}", 3, "nothing is varied" },
    { "--design lattice", 2, "--design must be one of" },
    { "--points 5", 2, "--points is for --design lhs and sobol" },
    { "--design lhs --points 0", 2, "--points must be at least 1" },
    { "--design lhs --points 1001", 3, "more than 1000 cells" },
    { "--metric downtimes", 2, "did you mean \"downtime\"" },
    { "--shard 0/2", 2, "--shard needs -o" },
};

START_TEST(faults_are_told)
{
    const char *err = rollsim(faults[_i].code, arena_printf(
        app.arena, "sweep " LATTICE " %s", faults[_i].options));

    ck_assert_msg(strstr(err, faults[_i].says) != NULL, "%s: %s",
                  faults[_i].options, err);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sweep");
    TCase *tc = tcase_create("sweep");
    SRunner *sr;
    int failed;

    setenv("LC_ALL", "C", 1);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, one_at_a_time_is_a_star);
    tcase_add_test(tc, a_hypercube_has_every_value_equally_often);
    tcase_add_test(tc, a_sobol_design_repeats_and_follows_the_seed);
    tcase_add_test(tc, a_grid_has_no_room_for_a_range);
    tcase_add_test(tc, no_cell_is_tried_twice);
    tcase_add_test(tc, replicas_move_the_end_of_the_old_pods);
    tcase_add_test(tc, a_refused_base_is_replaced_by_a_neighbour);
    tcase_add_test(tc, names_of_paths_are_told_apart);
    tcase_add_test(tc, threads_change_no_byte);
    tcase_add_test(tc, a_sweep_is_resumed_and_sharded);
    tcase_add_test(tc, files_have_a_column_per_parameter);
    tcase_add_loop_test(tc, faults_are_told, 0, COUNT_OF(faults));
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
