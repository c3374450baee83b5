/*
 * test_archive.c - `-o FILE`: computed once, kept whole, the same whatever the
 * threads, the steps and the shards.
 */
#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../cases.h"
#include "base/bug.h"
#include "command.h"
#include "store_dump.h"
#include "models/metrics.h"

#define SMALL "tests/app/data/small.yaml"

static char folder[64];
static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
    strcpy(folder, "/tmp/test_archive.XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
}

static void tear_down(void)
{
    ck_assert_int_eq(system(arena_printf(arena, "rm -rf '%s'", folder)), 0);
    arena_free(arena);
}

static const char *in_folder(const char *name)
{
    return arena_printf(arena, "%s/%s", folder, name);
}

/* Run a command line, in which every @ is the folder; it must end with code.
 * Returns its stdout. */
static const char *rollsim(int code, const char *line)
{
    struct buf b = {0};
    struct output o;
    const char *out;

    for (; *line; line++) {
        if (*line == '@')
            buf_puts(&b, folder);
        else
            buf_putc(&b, *line);
    }
    o = command(b.text);
    ck_assert_msg(o.code == code, "%s: exit %d\n%s%s", b.text, o.code, o.out,
                  o.err);
    out = arena_strdup(arena, o.out);
    output_free(&o);
    buf_free(&b);
    return out;
}

static const char *dump(const char *name)
{
    return store_dump(arena, in_folder(name));
}

START_TEST(threads_leave_the_same_file)
{
    rollsim(0, "run " SMALL " -n 12 -q -j 1 -o @/one.db");
    rollsim(0, "run " SMALL " -n 12 -q -j 2 -o @/two.db");
    rollsim(0, "run " SMALL " -n 12 -q -j 7 -o @/seven.db");
    ck_assert_str_eq(dump("one.db"), dump("two.db"));
    ck_assert_str_eq(dump("one.db"), dump("seven.db"));
    ck_assert_ptr_nonnull(strstr(dump("one.db"), "\n2|11|ok|"));
}
END_TEST

START_TEST(only_what_is_missing_is_computed)
{
    const char *nine, *before;

    rollsim(0, "run " SMALL " -n 4 -q -o @/a.db");
    rollsim(0, "run " SMALL " -n 2 -q -o @/a.db --strategy rolling");
    nine = rollsim(0, "run " SMALL " -n 9 -q -o @/a.db");
    ck_assert_str_eq(nine, rollsim(0, "run " SMALL " -n 9 -q"));
    rollsim(0, "run " SMALL " -n 9 -q -o @/b.db");
    before = dump("a.db");
    ck_assert_str_eq(before, dump("b.db"));
    /* A smaller question has its own answer, though more is there. */
    ck_assert_str_eq(rollsim(0, "run " SMALL " -n 3 -q -o @/a.db"),
                     rollsim(0, "run " SMALL " -n 3 -q"));
    ck_assert_str_eq(before, dump("a.db"));
}
END_TEST

static int count(const char *text, const char *word)
{
    int n = 0;

    while ((text = strstr(text, word)) != NULL) {
        n++;
        text += strlen(word);
    }
    return n;
}

/* Options that change what is simulated, and one that does not. */
START_TEST(another_question_has_other_cells)
{
    const char *before;

    rollsim(0, "run " SMALL " -n 2 -q -o @/a.db");
    before = dump("a.db");
    rollsim(0, "run " SMALL " -n 2 -q -o @/a.db "
               "--set metadata.name=small --set run.replications=3");
    ck_assert_str_eq(before, dump("a.db"));
    rollsim(0, "run " SMALL " -n 2 -q -o @/a.db --seed 8");
    rollsim(0, "run " SMALL " -n 2 -q -o @/a.db "
               "--set Deployment/web:spec.replicas=4");
    rollsim(0, "run " SMALL " -n 2 -q -o @/a.db "
               "--set strategies[rolling].rollingUpdate.maxSurge=2");
    /* The last one changes only one of the strategies. */
    ck_assert_int_eq(count(dump("a.db"), "|recreate|{}|"), 3);
    ck_assert_int_eq(count(dump("a.db"), "|rolling|{}|"), 4);
}
END_TEST

START_TEST(rows_are_added_when_they_are_wanted)
{
    rollsim(0, "run " SMALL " -n 3 -q -o @/a.db");
    rollsim(0, "run " SMALL " -n 3 -q -o @/a.db --record all");
    rollsim(0, "run " SMALL " -n 3 -q -o @/b.db --record all");
    ck_assert_str_eq(dump("a.db"), dump("b.db"));
}
END_TEST

START_TEST(files_besides_the_database_do_not_depend_on_it)
{
    const char *first;

    rollsim(0, "run " SMALL " -n 3 -q --csv @/csv");
    first = cases_text(arena, in_folder("csv/metrics.csv"));
    rollsim(0, "run " SMALL " -n 3 -q --csv @/csv -o @/a.db");
    ck_assert_str_eq(first, cases_text(arena, in_folder("csv/metrics.csv")));
    rollsim(0, "run " SMALL " -n 3 -q --csv @/csv -o @/a.db");
    ck_assert_str_eq(first, cases_text(arena, in_folder("csv/metrics.csv")));
}
END_TEST

/* ---- shards -------------------------------------------------------------- */

START_TEST(five_shards_merged_are_the_whole)
{
    const char *whole = rollsim(0, "run " SMALL " -n 9 -q -o @/a.db");

    for (int i = 0; i < 5; i++) {
        char line[128];

        snprintf(line, sizeof line, "run " SMALL " -n 9 -q -o @/%d.db "
                 "--shard %d/5", i, i);
        ck_assert_ptr_nonnull(strstr(rollsim(0, line), " of 5: "));
    }
    rollsim(0, "merge --verify @/all.db @/0.db @/1.db @/2.db");
    rollsim(3, "runs @/all.db");        /* nothing is written */
    rollsim(0, "merge @/all.db @/3.db @/1.db @/0.db @/4.db @/2.db");
    ck_assert_str_eq(dump("a.db"), dump("all.db"));
    /* Nothing is left to compute, and the report is the same. */
    ck_assert_str_eq(whole, rollsim(0, "run " SMALL " -n 9 -q -o @/all.db"));
    ck_assert_str_eq(dump("a.db"), dump("all.db"));
}
END_TEST

START_TEST(shards_that_overlap_are_merged_once)
{
    const char *merged;

    rollsim(0, "run " SMALL " -n 6 -q -o @/a.db");
    rollsim(0, "run " SMALL " -n 6 -q -o @/0.db --shard 0/2");
    rollsim(0, "run " SMALL " -n 6 -q -o @/1.db --shard 1/2");
    rollsim(0, "run " SMALL " -n 4 -q -o @/1.db");
    merged = rollsim(0, "merge @/0.db @/1.db");
    ck_assert_ptr_nonnull(strstr(merged,
                                 "6 replications added, 4 there already"));
    ck_assert_str_eq(dump("a.db"), dump("0.db"));
    merged = rollsim(0, "merge @/0.db @/1.db");
    ck_assert_ptr_nonnull(strstr(merged,
                                 "0 replications added, 10 there already"));
    ck_assert_str_eq(dump("a.db"), dump("0.db"));
}
END_TEST

/* Overwrite the middle of a file with nonsense. */
static void damage(const char *name)
{
    FILE *f = fopen(in_folder(name), "r+b");
    long len;

    ck_assert_ptr_nonnull(f);
    fseek(f, 0, SEEK_END);
    len = ftell(f);
    for (long at = 4096; at < len; at += 4096) {
        fseek(f, at, SEEK_SET);
        fputs("this is no page of a database", f);
    }
    fclose(f);
}

START_TEST(a_damaged_shard_spoils_no_other)
{
    const char *merged;

    rollsim(0, "run " SMALL " -n 4 -q -o @/a.db");
    rollsim(0, "run " SMALL " -n 4 -q -o @/0.db --shard 0/3");
    rollsim(0, "run " SMALL " -n 4 -q -o @/1.db --shard 1/3");
    rollsim(0, "run " SMALL " -n 4 -q -o @/2.db --shard 2/3");
    damage("1.db");
    merged = rollsim(3, "merge @/all.db @/0.db @/1.db @/2.db");
    ck_assert_ptr_nonnull(strstr(merged, "1.db: not merged"));
    ck_assert_ptr_nonnull(strstr(merged, "2.db: 2 replications added"));
    /* What is missing can be computed again. */
    rollsim(0, "run " SMALL " -n 4 -q -o @/all.db");
    ck_assert_str_eq(dump("a.db"), dump("all.db"));
}
END_TEST

START_TEST(auto_obeys_the_environment)
{
    setenv("SLURM_ARRAY_TASK_ID", "7", 1);
    setenv("SLURM_ARRAY_TASK_MIN", "5", 1);
    setenv("SLURM_ARRAY_TASK_COUNT", "3", 1);
    ck_assert_ptr_nonnull(strstr(rollsim(0, "run " SMALL " -n 3 -q -o @/s.db "
                                            "--shard auto"), "shard 2 of 3"));
    setenv("SLURM_ARRAY_TASK_COUNT", "2", 1);
    rollsim(2, "run " SMALL " -n 3 -q -o @/s.db --shard auto");
    unsetenv("SLURM_ARRAY_TASK_COUNT");
    rollsim(2, "run " SMALL " -n 3 -q -o @/s.db --shard auto");
    unsetenv("SLURM_ARRAY_TASK_ID");
    unsetenv("SLURM_ARRAY_TASK_MIN");
    setenv("JOB_COMPLETION_INDEX", "1", 1);
    rollsim(2, "run " SMALL " -n 3 -q -o @/k.db --shard auto");
    setenv("ROLLSIM_SHARDS", "4", 1);
    ck_assert_ptr_nonnull(strstr(rollsim(0, "run " SMALL " -n 3 -q -o @/k.db "
                                            "--shard auto"), "shard 1 of 4"));
    unsetenv("JOB_COMPLETION_INDEX");
    unsetenv("ROLLSIM_SHARDS");
}
END_TEST

/* ---- what goes out ------------------------------------------------------- */

/* The files of export are those of run --csv, so nothing is lost on the way
 * through the database. */
START_TEST(export_gives_the_files_of_the_run)
{
    static const char *const files[] = { "metrics", "summary", "timeline",
                                         "pods", "series", "events",
                                         "views", "failures" };

    rollsim(0, "run " SMALL " -n 5 -q -o @/a.db --csv @/csv");
    rollsim(0, "export @/a.db --csv @/out -q");
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        const char *from = cases_text(arena, in_folder(
                               arena_printf(arena, "csv/%s.csv", files[i])));
        char line[64];

        ck_assert_str_eq(from, cases_text(arena, in_folder(
                             arena_printf(arena, "out/%s.csv", files[i]))));
        snprintf(line, sizeof line, "export @/a.db --what %s", files[i]);
        ck_assert_str_eq(from, rollsim(0, line));
    }
}
END_TEST

START_TEST(other_formats_have_the_same_rows)
{
    const char *text;

    rollsim(0, "run " SMALL " -n 3 -q -o @/a.db");
    text = rollsim(0, "export @/a.db --wide");
    ck_assert_int_eq(count(text, "\n"), 1 + 2 * 3);
    ck_assert_int_eq(strncmp(text, "scenario,strategy,replication,downtime,",
                             39), 0);
    text = rollsim(0, "export @/a.db --wide --format jsonl");
    ck_assert_int_eq(count(text, "\n"), 2 * 3);
    ck_assert_int_eq(count(text, "\"replication\":2,"), 2);
    text = rollsim(0, "export @/a.db --what summary --format json");
    ck_assert_int_eq(count(text, "\"metric\": \"downtime\""), 2);
    text = rollsim(0, "runs @/a.db --json");
    ck_assert_int_eq(count(text, "\"exitCode\": 0"), 1);
    text = rollsim(0, "runs @/a.db --cell 2");
    ck_assert_ptr_nonnull(strstr(text, "kind: Scenario"));
}
END_TEST

START_TEST(a_cell_can_be_removed)
{
    rollsim(0, "run " SMALL " -n 3 -q -o @/a.db");
    rollsim(0, "run " SMALL " -n 3 -q -o @/b.db --strategy rolling");
    rollsim(0, "runs @/a.db --remove 1");
    ck_assert_int_eq(count(dump("a.db"), "|recreate|"), 0);
    ck_assert_int_eq(count(dump("a.db"), "|ok|"), 3);
    rollsim(3, "runs @/a.db --remove 1");
    rollsim(2, "runs @/a.db --remove 2 --diff 2,3");
    rollsim(2, "runs @/a.db --cell 2 --remove 2");
    rollsim(2, "runs @/a.db --cell 2 --json");
    ck_assert_int_eq(count(dump("a.db"), "|ok|"), 3);
}
END_TEST

/* A command that fails leaves no half of a file. */
START_TEST(no_csv_is_left_half_written)
{
    rollsim(4, "run " SMALL " -n 2 -q --csv @/csv --figures " SMALL "/x");
    ck_assert_int_eq(rmdir(in_folder("csv")), 0);
}
END_TEST

/* ---- what changed -------------------------------------------------------- */

START_TEST(two_cells_are_compared)
{
    const char *text;

    rollsim(0, "run " SMALL " -q -n 20 -o @/a.db");
    rollsim(0, "run " SMALL " -q -n 30 -o @/a.db --seed 8");
    rollsim(0, "run " SMALL " -q -n 30 -o @/a.db --set "
            "Deployment/web:spec.replicas=4");
    text = rollsim(0, "runs @/a.db --diff 2,4");    /* rolling, another seed */
    ck_assert_ptr_nonnull(strstr(text, "asked differently: seed\n"));
    ck_assert_ptr_nonnull(strstr(text, "Not paired"));
    ck_assert_ptr_null(strstr(text, " *\n"));
    text = rollsim(0, "runs @/a.db --diff 2,6");    /* one pod more */
    ck_assert_ptr_nonnull(strstr(text, "nothing but what the files contain"));
    ck_assert_ptr_nonnull(strstr(text, "of 20 replications that both have, 0 "
                                 "are"));
    ck_assert_ptr_nonnull(strstr(text, "+1 *\n"));      /* peak_pods */
    text = rollsim(0, "runs @/a.db --diff 2,2");
    ck_assert_ptr_nonnull(strstr(text, arena_printf(
        arena, "%d of %d metrics are the same", METRIC_COUNT, METRIC_COUNT)));
    ck_assert_ptr_nonnull(strstr(text, "20 are the same step by step"));
    text = rollsim(0, "runs @/a.db --diff 1,2");    /* as compare has it */
    ck_assert_ptr_nonnull(strstr(text, "asked differently: strategy\n"));
    text = rollsim(0, "runs @/a.db --diff 2,6 --json");
    ck_assert_ptr_nonnull(strstr(text, "\"paired\": true"));
    rollsim(3, "runs @/a.db --diff 2,99");
    rollsim(2, "runs @/a.db --diff 2");
}
END_TEST

/* ---- accidents ----------------------------------------------------------- */

/* Little to simulate, so that there are many transactions. */
#define QUICK "run " SMALL " -q -n 2000 --set run.duration=15s "              \
    "--set run.warmup=1s --set release.at=1s --set traffic[0].rate=1/s -o "

/* A child that runs the line, its output thrown away. */
static pid_t start(const char *line)
{
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct output o = command(line);

        _exit(o.code);
    }
    return child;
}

/* How many replications a file has; 0 if it is no file of results yet. */
static int64_t replications(const char *name)
{
    struct arena *a = arena_new();
    struct err_list faults;
    struct store *s;
    struct store_query *q;
    int64_t n = 0;

    err_init(&faults, a);
    if (access(in_folder(name), F_OK) == 0 &&
        store_open(a, in_folder(name), STORE_READ, &s, &faults) == SIM_OK) {
        q = store_query(s, "SELECT count(*) FROM replication");
        if (query_next(q))
            n = query_integer(q, 0);
        ck_assert_int_eq(query_end(q), SIM_OK);
        ck_assert_int_eq(store_close(s), SIM_OK);
    }
    arena_free(a);
    return n;
}

/* 50 times the process dies, at a random moment within `range`, which grows
 * on a machine so slow that nothing is ever finished. */
START_TEST(killed_fifty_times_it_ends_as_if_nothing_had_been)
{
    const char *line = arena_printf(arena, QUICK "%s/a.db", folder);
    uint64_t random = 1, range = 300000000;
    int part = 0, status;

    for (int i = 0; i < 50; i++) {
        pid_t child = start(line);
        struct timespec t = {0};
        int64_t n;

        random = random * UINT64_C(6364136223846793005) + 1;
        t.tv_sec = (time_t)((random >> 33) % range / 1000000000);
        t.tv_nsec = (long)((random >> 33) % range % 1000000000);
        nanosleep(&t, NULL);
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        if (i % 3 == 2)         /* else the next one has to heal it */
            continue;
        n = replications("a.db");
        part += n > 0 && n < 4000;
        range *= i > 4 && n == 0 && range < 2000000000 ? 2 : 1;
    }
    ck_assert_msg(part > 0, "no death was in the middle");
    rollsim(0, QUICK "@/a.db");
    rollsim(0, QUICK "@/b.db");
    ck_assert_int_eq(replications("a.db"), 4000);
    ck_assert_str_eq(dump("a.db"), dump("b.db"));
}
END_TEST

START_TEST(an_interrupt_keeps_what_is_finished)
{
    const char *line = arena_printf(arena, QUICK "%s/a.db -n 20000", folder);
    pid_t child = start(line);
    int status;
    int64_t n;

    nanosleep(&(struct timespec){ .tv_nsec = 900000000 }, NULL);
    kill(child, SIGINT);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 130);
    n = replications("a.db");
    ck_assert_int_gt(n, 0);
    ck_assert_int_lt(n, 40000);
    ck_assert_ptr_nonnull(strstr(rollsim(0, "runs @/a.db --json"),
                                 "\"exitCode\": 130"));
}
END_TEST

START_TEST(two_writers_at_once_share_a_file)
{
    const char *line = arena_printf(arena, QUICK "%s/a.db -n 500", folder);
    pid_t one = start(line), two = start(line);
    int status;

    ck_assert_int_eq(waitpid(one, &status, 0), one);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_int_eq(waitpid(two, &status, 0), two);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    rollsim(0, QUICK "@/b.db -n 500");
    ck_assert_str_eq(dump("a.db"), dump("b.db"));
}
END_TEST

START_TEST(a_full_disk_is_said_and_loses_nothing)
{
    const char *disk = in_folder("disk");
    struct output o;
    int64_t n;

    ck_assert_int_eq(mkdir(disk, 0700), 0);
    if (mount("none", disk, "tmpfs", 0, "size=2m") != 0) {
        printf("SKIPPED a_full_disk: cannot mount a small file system: %s\n",
               strerror(errno));
        return;
    }
    o = command(arena_printf(arena, QUICK "%s/a.db", disk));
    ck_assert_int_eq(o.code, 4);
    ck_assert_str_eq(o.out, "");
    ck_assert_ptr_nonnull(strstr(o.err, "a.db\": database or disk is full"));
    ck_assert_int_eq(count(o.err, "error: "), 1);
    output_free(&o);
    n = replications("disk/a.db");
    ck_assert_int_gt(n, 0);
    ck_assert_int_lt(n, 4000);
    ck_assert_int_eq(mount("none", disk, "tmpfs", MS_REMOUNT, "size=32m"), 0);
    rollsim(0, QUICK "@/disk/a.db");
    rollsim(0, QUICK "@/b.db");
    ck_assert_str_eq(dump("disk/a.db"), dump("b.db"));
    ck_assert_int_eq(umount(disk), 0);
}
END_TEST

/* Command lines that are refused, with their exit codes. */
static const struct {
    const char *line;
    int code;
} refused[] = {
    { "run " SMALL " -q -o /dev/null/a.db", 4 },
    { "run " SMALL " -q -o " SMALL, 4 },
    { "run " SMALL " -q --shard 0/2", 2 },
    { "run " SMALL " -q -o @/a.db --shard 2/2", 2 },
    { "run " SMALL " -q -o @/a.db --shard x", 2 },
    { "run " SMALL " -q -o @/a.db --shard 1", 2 },
    { "run " SMALL " -q -o @/a.db --shard 0/2 --json", 2 },
    { "run " SMALL " -q -o @/a.db --shard auto", 2 },
    { "runs", 2 },
    { "runs @/none.db", 3 },
    { "runs " SMALL, 3 },
    { "export @/none.db", 3 },
    { "export @/none.db --what pods --wide", 2 },
    { "export @/none.db --what pods --csv @", 2 },
    { "export @/none.db --what nothing", 2 },
    { "merge @/a.db", 2 },
    { "merge /dev/null/a.db @/b.db", 4 },
};

START_TEST(what_cannot_be_is_refused)
{
    ck_assert_str_eq(rollsim(refused[_i].code, refused[_i].line), "");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("archive");
    TCase *tc = tcase_create("archive");
    SRunner *sr;
    int failed;

    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, threads_leave_the_same_file);
    tcase_add_test(tc, only_what_is_missing_is_computed);
    tcase_add_test(tc, another_question_has_other_cells);
    tcase_add_test(tc, rows_are_added_when_they_are_wanted);
    tcase_add_test(tc, files_besides_the_database_do_not_depend_on_it);
    tcase_add_test(tc, five_shards_merged_are_the_whole);
    tcase_add_test(tc, shards_that_overlap_are_merged_once);
    tcase_add_test(tc, a_damaged_shard_spoils_no_other);
    tcase_add_test(tc, auto_obeys_the_environment);
    tcase_add_test(tc, export_gives_the_files_of_the_run);
    tcase_add_test(tc, other_formats_have_the_same_rows);
    tcase_add_test(tc, a_cell_can_be_removed);
    tcase_add_test(tc, no_csv_is_left_half_written);
    tcase_add_test(tc, two_cells_are_compared);
    tcase_add_test(tc, killed_fifty_times_it_ends_as_if_nothing_had_been);
    tcase_add_test(tc, an_interrupt_keeps_what_is_finished);
    tcase_add_test(tc, two_writers_at_once_share_a_file);
    tcase_add_test(tc, a_full_disk_is_said_and_loses_nothing);
    tcase_add_loop_test(tc, what_cannot_be_is_refused, 0,
                        (int)COUNT_OF(refused));
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
