/*
 * test_optimize.c - does optimize find what trying everything would find?
 *
 * tests/app/data/settings.csv is brute force: every cell of maxSurge x
 * maxUnavailable of scenarios/settings.yaml, 100 replications each, as `sweep`
 * computed them.  A trial gives the search these replications in another
 * order, so that two hundred trials cost no simulation; the search itself is
 * the one that the command runs.
 */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>
#include "app/optimum.h"
#include "base/bug.h"
#include "command.h"
#include "io/file.h"
#include "kernel/rng.h"
#include "stats/purposes.h"
#include "store_dump.h"

#define SETTINGS "scenarios/settings.yaml"
#define LATTICE "tests/app/data/lattice.yaml"
#define CELLS 35
#define REPLICATIONS 100
#define BRUTE_FORCE (CELLS * REPLICATIONS)

static struct app app;
static char folder[64];

static void set_up(void)
{
    app = (struct app){ .out = stdout, .err = stderr };
    gsl_set_error_handler_off();
    app.arena = arena_new();
    app.o.seed = app.o.replications = app.o.least = app.o.jobs = -1;
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

/* Run `rollsim LINE`, @ being the folder; returns its stdout or stderr. */
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
    out = arena_strdup(a, o.out[0] ? o.out : o.err);
    output_free(&o);
    return out;
}

/* ---- brute force --------------------------------------------------------- */

static const enum metric columns[] = {
    METRIC_ROLLOUT_SECONDS, METRIC_AVAILABILITY, METRIC_EXTRA_POD_SECONDS
};

struct table_of_results {
    double value[CELLS][REPLICATIONS][3];
    const char *name[CELLS];
    size_t order[REPLICATIONS];         /* of this trial */
    size_t most;                        /* replications asked of a cell */
};

/* surge,unavailable,replication,rollout_seconds,failed,requests,pod_seconds */
static struct table_of_results *read_table(void)
{
    struct table_of_results *t = arena_make(app.arena,
                                            struct table_of_results);
    struct file_data d;
    const char *p;

    ck_assert_int_eq(file_read(app.arena, "tests/app/data/settings.csv", 0,
                               NULL, &d, &app.errors), SIM_OK);
    p = strchr(d.bytes, '\n');
    for (size_t c = 0; c < CELLS; c++)
        for (size_t r = 0; r < REPLICATIONS; r++) {
            int surge, unavailable, rep, used;
            double rollout, failed, requests, pods;

            ck_assert_int_eq(sscanf(p, "%d,%d,%d,%lf,%lf,%lf,%lf%n", &surge,
                                    &unavailable, &rep, &rollout, &failed,
                                    &requests, &pods, &used), 7);
            ck_assert_int_eq(rep, (int)r);
            p += used;
            t->name[c] = arena_printf(app.arena, "surge=%d unavailable=%d",
                                      surge, unavailable);
            t->value[c][r][0] = rollout;
            t->value[c][r][1] = 1 - failed / requests;
            t->value[c][r][2] = pods;
        }
    return t;
}

static bool known(void *ctx, const size_t *until)
{
    struct table_of_results *t = ctx;

    for (size_t c = 0; c < CELLS; c++) {
        ck_assert_uint_le(until[c], REPLICATIONS);
        t->most = until[c] > t->most ? until[c] : t->most;
    }
    return true;
}

static double stored(void *ctx, size_t cell, size_t r, enum metric m)
{
    struct table_of_results *t = ctx;

    for (size_t i = 0; i < COUNT_OF(columns); i++)
        if (columns[i] == m)
            return t->value[cell][t->order[r]][i];
    ck_abort_msg("a metric that nobody asked for");
    return NAN;
}

static void shuffle(struct table_of_results *t, uint32_t trial)
{
    struct stream s;

    stream_init(&s, 20, STATS_DESIGN, 0, trial);
    for (size_t r = 0; r < REPLICATIONS; r++) {
        size_t j = stream_below(&s, (uint32_t)(r + 1));

        t->order[r] = t->order[j];
        t->order[j] = r;
    }
}

/* The best cell by all replications. */
static size_t brute_force(const struct scenario *s,
                          struct table_of_results *t)
{
    size_t best = CELLS;
    double least = INFINITY;

    for (size_t c = 0; c < CELLS; c++) {
        double mean[3] = {0};
        bool keeps = true;

        for (size_t r = 0; r < REPLICATIONS; r++)
            for (size_t i = 0; i < 3; i++)
                mean[i] += t->value[c][r][i] / REPLICATIONS;
        for (size_t i = 0; i < s->objective.nsubject; i++) {
            const struct promise *p = &s->objective.subject[i];
            double x = mean[p->metric == METRIC_AVAILABILITY ? 1 : 2];

            keeps &= p->at_least ? x >= p->limit : x <= p->limit;
        }
        if (keeps && mean[0] < least) {
            least = mean[0];
            best = c;
        }
    }
    return best;
}

static struct scenario *load(const char *file)
{
    struct scenario *s = arena_make(app.arena, struct scenario);

    vec_push(app.arena, &app.o.words, file);
    ck_assert_int_eq(scenario_load(&app, s), SIM_OK);
    return s;
}

START_TEST(a_tenth_of_brute_force_finds_its_best)
{
    struct scenario *s = load(SETTINGS);
    struct table_of_results *t = read_table();
    struct trials trials = { CELLS, t, known, stored };
    size_t best = brute_force(s, t), found = 0, n = 200, sure = 0, wrong = 0;

    ck_assert_str_eq(t->name[best], "surge=2 unavailable=3");
    for (uint32_t trial = 0; trial < n; trial++) {
        struct arena *a = arena_new();
        struct found f;

        shuffle(t, trial);
        optimum_find(a, s, &trials, SEARCH_HALVING, BRUTE_FORCE / 10, &f);
        ck_assert_uint_le(f.used, BRUTE_FORCE / 10);
        found += f.best == best;
        sure += f.confirmed;
        wrong += f.confirmed && f.best != best;
        arena_free(a);
    }
    printf("found in %zu of %zu trials, sure in %zu, wrongly in %zu\n", found,
           n, sure, wrong);
    ck_assert_uint_ge(100 * found, 95 * n);
    ck_assert_uint_le(100 * wrong, 5 * n);
}
END_TEST

/* ---- the command --------------------------------------------------------- */

/* The question of the scenario, at a small budget. */
START_TEST(the_scenario_is_answered)
{
    const char *out = rollsim(0, "optimize " SETTINGS " -q --ascii "
                                 "--budget 350");

    ck_assert_ptr_nonnull(strstr(out, "Best: surge=2 unavailable=3\n"));
    ck_assert_ptr_nonnull(strstr(out, "not possible: surge=0 unavailable=0"));
}
END_TEST

#define SMALL "optimize " LATTICE " -q --ascii --budget 120 " \
              "--set objective.minimise=rollout_seconds"

START_TEST(threads_and_what_is_stored_change_no_byte)
{
    const char *one = rollsim(0, SMALL " -j 1"), *dump;

    ck_assert_str_eq(one, rollsim(0, SMALL " -j 4"));
    ck_assert_str_eq(one, rollsim(0, SMALL " -o @/a.db"));
    dump = store_dump(app.arena, arena_printf(app.arena, "%s/a.db", folder));
    ck_assert_str_eq(one, rollsim(0, SMALL " -o @/a.db"));
    ck_assert_str_eq(dump, store_dump(app.arena, arena_printf(
        app.arena, "%s/a.db", folder)));
    rollsim(0, "sweep " LATTICE " -q -n 9 -o @/b.db");
    ck_assert_str_eq(one, rollsim(0, SMALL " -o @/b.db"));
    ck_assert_ptr_nonnull(strstr(one, "Best: surge=34% unavailable=1\n"));
}
END_TEST

/* Three machines search in rounds: each computes its part of what the search
 * asks for next, and takes what the others computed. */
START_TEST(a_search_in_shards_finds_the_same)
{
    const char *one = rollsim(0, SMALL), *dump, *said = "";
    int rounds = 0;

    while (!strstr(said, "is complete") && ++rounds < 20) {
        for (int i = 0; i < 3; i++)
            said = rollsim(0, arena_printf(app.arena, SMALL " --shard %d/3 "
                                           "-o @/%d.db", i, i));
        rollsim(0, "merge @/all.db @/0.db @/1.db @/2.db");
        for (int i = 0; i < 3; i++)
            rollsim(0, arena_printf(app.arena, "merge @/%d.db @/all.db", i));
    }
    ck_assert_int_gt(rounds, 2);
    ck_assert_int_lt(rounds, 12);
    dump = store_dump(app.arena, arena_printf(app.arena, "%s/all.db", folder));
    ck_assert_str_eq(one, rollsim(0, SMALL " -o @/all.db"));
    ck_assert_str_eq(dump, store_dump(app.arena, arena_printf(
        app.arena, "%s/all.db", folder)));
}
END_TEST

/* As many rows of a candidate as it has replications, and the same answer. */
START_TEST(files_have_what_each_candidate_has)
{
    const char *one = rollsim(0, SMALL);
    struct file_data d;
    const char *p;
    int n[2] = {0};

    ck_assert_str_eq(one, rollsim(0, SMALL " --csv @"));
    ck_assert_int_eq(file_read(app.arena, arena_printf(app.arena,
                               "%s/metrics.csv", folder), 0, NULL, &d,
                               &app.errors), SIM_OK);
    for (p = d.bytes; (p = strstr(p, ",downtime,s,")) != NULL; p++) {
        const char *line = p;

        while (line > d.bytes && line[-1] != '\n')
            line--;
        n[0] += strstr(line, ",34%,1,") && strstr(line, ",34%,1,") < p;
        n[1]++;
    }
    ck_assert_ptr_nonnull(strstr(one, arena_printf(app.arena, ", %d repl",
                                                   n[1])));
    ck_assert_int_gt(n[0], 20);
    ck_assert_int_eq(file_read(app.arena, arena_printf(app.arena,
                               "%s/pods.csv", folder), 0, NULL, &d,
                               &app.errors), SIM_OK);
    ck_assert_ptr_nonnull(strstr(d.bytes, ",34%,1,0,"));
}
END_TEST

START_TEST(what_nobody_keeps_is_missed)
{
    const char *out = rollsim(1, SMALL " --set objective.subject=[{\"metric\":"
                                 "\"peak_pods\",\"atMost\":2}] -o @/m.db");

    ck_assert_ptr_nonnull(strstr(out, "No candidate keeps the promises."));
    out = rollsim(0, "runs @/m.db --json");
    ck_assert_ptr_nonnull(strstr(out, "\"exitCode\": 1"));
}
END_TEST

static const struct {
    const char *options;
    int code;
    const char *says;
} faults[] = {
    { "", 3, "neither an objective nor an slo" },
    { "--set objective.minimise=rollout_second", 3, "rollout_seconds" },
    { "--set objective.minimise=downtime --budget 9", 2, "at least 10" },
    { "--set objective.minimise=downtime --indifference 4%", 2,
      "measured in s" },
    { "--set objective.minimise=downtime --indifference 0s", 2, "above 0" },
    { "--set objective.minimise=downtime --method anneal", 2,
      "halving|ocba|kn" },
    { "--set objective.minimise=downtime -n 4", 2, "-n" },
    { "--set objective.minimise=downtime --shard 0/2", 2, "needs -o" },
    { "--set objective.minimise=downtime --shard 0/2 -o /dev/null/a --csv x", 2,
      "a shard is no result" },
};

START_TEST(faults_are_told)
{
    const char *err = rollsim(faults[_i].code, arena_printf(
        app.arena, "optimize " LATTICE " %s", faults[_i].options));

    ck_assert_msg(strstr(err, faults[_i].says) != NULL, "%s: %s",
                  faults[_i].options, err);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("optimize");
    TCase *tc = tcase_create("optimize");
    SRunner *sr;
    int failed;

    setenv("LC_ALL", "C", 1);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_tenth_of_brute_force_finds_its_best);
    tcase_add_test(tc, the_scenario_is_answered);
    tcase_add_test(tc, threads_and_what_is_stored_change_no_byte);
    tcase_add_test(tc, a_search_in_shards_finds_the_same);
    tcase_add_test(tc, files_have_what_each_candidate_has);
    tcase_add_test(tc, what_nobody_keeps_is_missed);
    tcase_add_loop_test(tc, faults_are_told, 0, COUNT_OF(faults));
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
