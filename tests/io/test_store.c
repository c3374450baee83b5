/*
 * test_store.c - the result file: what goes in comes out, whatever happens.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <check.h>
#include "base/bug.h"
#include "base/text.h"
#include "io/key.h"
#include "io/store.h"

#define METRICS 20
#define SEED UINT64_C(0xfedcba9876543210)

static char folder[64];
static struct arena *arena;
static struct err_list errors;
static int starts;              /* invocations of this process */

static void open_folder(void)
{
    strcpy(folder, "/tmp/test_store.XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    arena = arena_new();
    err_init(&errors, arena);
}

static void close_folder(void)
{
    char command[128];

    arena_free(arena);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

static char *in_folder(const char *name)
{
    return arena_printf(arena, "%s/%s", folder, name);
}

/* ---- a small made-up experiment ---- */

static const struct store_column event_columns[] = {
    {"t_us", STORE_INTEGER}, {"kind", STORE_TEXT}, {"weight", STORE_REAL},
};
static const struct store_table tables[] = {
    {"events", event_columns, COUNT_OF(event_columns)},
};

/* Metric i of replication rep of a cell; every seventh is undefined. */
static double value_of(int64_t cell, int64_t rep, int i)
{
    if ((cell + rep + i) % 7 == 0)
        return NAN;
    return (double)(cell * 1000 + rep) / 3 + i * 1e-9;
}

static uint64_t hash_of(int64_t cell, int64_t rep)
{
    return UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)(cell * 100000 + rep + 1);
}

static void define_metrics(struct store *s)
{
    struct store_metric m[METRICS];

    for (int i = 0; i < METRICS; i++)
        m[i] = (struct store_metric){
            .name = arena_printf(arena, "metric_%02d", i), .unit = "s",
            .better = i % 2 ? "lower" : "none", .help = "a made-up figure",
        };
    ck_assert_int_eq(store_metrics(s, m, METRICS), SIM_OK);
}

/* Open a store with a scenario, metrics and tables defined. */
static struct store *start(const char *path)
{
    static const struct store_scenario scenario = {
        .key = "5ce0a210", .name = "checkout", .path = NULL,
        .text = "kind: Scenario\n", .canonical = "{\"kind\":\"Scenario\"}",
    };
    struct store_invocation me = {
        .id = arena_printf(arena, "%d-%d", (int)getpid(), starts++),
        .started_utc = "2026-07-01T12:00:00Z", .argv_json = "[\"run\"]",
        .tool_version = "1.0", .model_version = 3,
    };
    struct store *s;

    ck_assert_int_eq(store_open(arena, path, STORE_WRITE, &s, &errors),
                     SIM_OK);
    ck_assert_int_eq(store_put_scenario(s, &scenario), SIM_OK);
    ck_assert_int_eq(store_begin(s, &me), SIM_OK);
    define_metrics(s);
    ck_assert_int_eq(store_tables(s, tables, 1), SIM_OK);
    return s;
}

static int64_t cell_of(struct store *s, const char *strategy)
{
    struct store_cell x = {
        .scenario_key = "5ce0a210", .strategy = strategy,
        .params_json = "{}", .seed = SEED, .model_version = 3,
    };
    int64_t id;

    ck_assert_int_eq(store_cell(s, &x, &id), SIM_OK);
    return id;
}

/* Write replications from..to-1 that are not there yet, `batch` at a time.
 * `logical` names the cell whatever its number in this file. */
static enum sim_code write_reps(struct store *s, int64_t cell, int64_t logical,
                                int64_t from, int64_t to, int batch)
{
    static double values[1000][METRICS];
    static struct store_replication reps[1000];
    bool *have = arena_many(arena, bool, (size_t)to);
    union store_value row[2][3] = {
        {{.integer = 5}, {.text = "start"}, {.real = 0.1}},
        {{.integer = STORE_NONE}, {.text = NULL}, {.real = INFINITY}},
    };
    struct store_rows rows = {.table = 0, .n = 2, .values = row[0]};
    enum sim_code code = store_have(s, cell, (size_t)to, have);
    int n = 0;

    for (int64_t rep = from; rep <= to && code == SIM_OK; rep++) {
        if (rep < to && !have[rep]) {
            for (int i = 0; i < METRICS; i++)
                values[n][i] = value_of(logical, rep, i);
            reps[n] = (struct store_replication){
                .cell = cell, .rep = rep, .status = STORE_OK,
                .sim_seconds = 1800, .events = 12345, .wall_us = 77,
                .trace_hash = hash_of(logical, rep), .values = values[n],
                .rows = &rows, .tables = rep == 0,
            };
            n++;
        }
        if (n == batch || rep == to) {
            code = store_write(s, reps, (size_t)n);
            n = 0;
        }
    }
    return code;
}

/* Everything of a file that does not depend on who computed it, as a hash. */
static const char dump_replications[] =
    "SELECT c.cell_key, c.strategy, c.master_seed, r.rep, r.status,"
    " r.sim_seconds, r.events, r.trace_hash FROM replication r"
    " JOIN cell c USING(cell_id) ORDER BY 1, 4";
static const char dump_metrics[] =
    "SELECT c.cell_key, m.rep, d.name, d.unit, d.better, quote(m.value)"
    " FROM metric m JOIN cell c USING(cell_id) JOIN metric_def d"
    " USING(metric_id) ORDER BY 1, 2, 3";
static const char dump_events[] =
    "SELECT c.cell_key, e.rep, e.seq, e.t_us, e.kind, quote(e.weight)"
    " FROM events e JOIN cell c USING(cell_id) ORDER BY 1, 2, 3";

static uint64_t dump_table(struct store *s, const char *sql, int columns,
                           uint64_t hash)
{
    struct store_query *q = store_query(s, sql);

    while (query_next(q))
        for (int c = 0; c < columns; c++) {
            const char *text = query_text(q, c);
            hash = fnv64(hash, text ? text : "\1", text ? strlen(text) : 1);
        }
    ck_assert_int_eq(query_end(q), SIM_OK);
    return hash;
}

static uint64_t dump(struct store *s)
{
    uint64_t hash = dump_table(s, dump_replications, 8, FNV_START);

    hash = dump_table(s, dump_metrics, 6, hash);
    return dump_table(s, dump_events, 6, hash);
}

static int64_t count(struct store *s, const char *sql)
{
    struct store_query *q = store_query(s, sql);
    int64_t n = query_next(q) ? query_integer(q, 0) : -1;

    ck_assert_int_eq(query_end(q), SIM_OK);
    return n;
}

static void expect_whole(struct store *s)
{
    struct store_query *q = store_query(s, "PRAGMA integrity_check");

    ck_assert(query_next(q));
    ck_assert_str_eq(query_text(q, 0), "ok");
    query_end(q);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM pragma_foreign_key_check"),
                     0);
    ck_assert_int_eq(count(s, "SELECT (SELECT count(*) FROM metric)"
                              " - 20 * (SELECT count(*) FROM replication)"),
                     0);
}

static const char *last_error(void)
{
    return errors.len > 0 ? errors.items[errors.len - 1].text : "";
}

static void expect_error(const char *part)
{
    ck_assert_msg(strstr(last_error(), part) != NULL, "\"%s\" is not in: %s",
                  part, last_error());
}

/* ---- tests ---- */

/* FIPS 180-4 examples (NIST CAVP): "", "abc", the 448-bit message, a million
 * times "a"; and lengths around the padding, from coreutils' sha256sum. */
START_TEST(keys_are_the_first_half_of_sha256)
{
    static char many[1000000];
    char room[KEY_ROOM];
    static const struct {
        size_t len;
        const char *key;
    } a[] = {
        {55, "9f4390f8d30c2dd92ec9f095b65e2b9a"},
        {56, "b35439a4ac6f0948b6d6f9e3c6af0f5f"},
        {64, "ffe054fe7ae0cb6dc65c3af9b61d5209"},
        {1000000, "cdc76e5c9914fb9281a1c7e284d73e67"},
    };

    ck_assert_str_eq(key_of(room, NULL, 0), "e3b0c44298fc1c149afbf4c8996fb924");
    ck_assert_str_eq(key_of(room, "abc", 3),
                     "ba7816bf8f01cfea414140de5dae2223");
    ck_assert_str_eq(key_of(room, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmn"
                            "lmnomnopnopq", 56),
                     "248d6a61d20638b8e5c026930c3e6039");
    memset(many, 'a', sizeof many);
    for (size_t i = 0; i < COUNT_OF(a); i++)
        ck_assert_str_eq(key_of(room, many, a[i].len), a[i].key);
}
END_TEST

START_TEST(what_goes_in_comes_out_and_undefined_is_null)
{
    static const double in[] = {0.1, NAN, INFINITY, -INFINITY, -0.0, 1e308,
                                5e-324};
    char *path = in_folder("a.db");
    struct store *s = start(path);
    struct store_replication r = {.cell = cell_of(s, "rolling"), .rep = 4,
                                  .status = STORE_TIMEOUT, .values = in,
                                  .sim_seconds = NAN, .trace_hash = SEED};
    struct store_metric m[COUNT_OF(in)];
    struct store_query *q;

    for (size_t i = 0; i < COUNT_OF(in); i++)
        m[i] = (struct store_metric){arena_printf(arena, "m%zu", i), "s",
                                     "lower", "h"};
    ck_assert_int_eq(store_metrics(s, m, COUNT_OF(in)), SIM_OK);
    ck_assert_int_eq(store_write(s, &r, 1), SIM_OK);
    ck_assert_int_eq(store_end(s, "2026-07-01T12:01:00Z", 5), SIM_OK);
    ck_assert_int_eq(store_close(s), SIM_OK);

    ck_assert_int_eq(store_open(arena, path, STORE_READ, &s, &errors), SIM_OK);
    q = store_query(s, "SELECT value FROM metrics_long WHERE scenario = ?1"
                    " AND rep = ?2 ORDER BY metric");
    query_bind_text(q, 1, "checkout");
    query_bind_integer(q, 2, 4);
    for (size_t i = 0; i < COUNT_OF(in); i++) {
        ck_assert(query_next(q));
        if (isfinite(in[i]))
            ck_assert(query_real(q, 0) >= in[i] && query_real(q, 0) <= in[i]);
        else
            ck_assert(isnan(query_real(q, 0)) && query_text(q, 0) == NULL
                      && query_integer(q, 0) == STORE_NONE);
    }
    ck_assert(!query_next(q));
    ck_assert_int_eq(query_end(q), SIM_OK);
    q = store_query(s, "SELECT status, sim_seconds, trace_hash, master_seed,"
                    " exit_code, model_version FROM replication"
                    " JOIN cell USING(cell_id) JOIN invocation"
                    " USING(invocation_id, model_version)");
    ck_assert(query_next(q));
    ck_assert_str_eq(query_text(q, 0), "timeout");
    ck_assert(isnan(query_real(q, 1)));
    ck_assert_str_eq(query_text(q, 2), "fedcba9876543210");
    ck_assert_str_eq(query_text(q, 3), "fedcba9876543210");
    ck_assert_int_eq(query_integer(q, 4), 5);
    ck_assert_int_eq(query_integer(q, 5), 3);
    query_end(q);
    ck_assert_int_eq(store_close(s), SIM_OK);
}
END_TEST

START_TEST(recorded_rows_keep_their_order_and_their_nulls)
{
    struct store *s = start(in_folder("a.db"));
    struct store_query *q;

    ck_assert_int_eq(write_reps(s, cell_of(s, "rolling"), 1, 0, 3, 2), SIM_OK);
    q = store_query(s, "SELECT rep, seq, t_us, kind, weight FROM events");
    ck_assert(query_next(q));
    ck_assert_int_eq(query_integer(q, 2), 5);
    ck_assert_str_eq(query_text(q, 3), "start");
    ck_assert(query_next(q));
    ck_assert_int_eq(query_integer(q, 1), 1);
    ck_assert_int_eq(query_integer(q, 2), STORE_NONE);
    ck_assert(query_text(q, 3) == NULL && isnan(query_real(q, 4)));
    ck_assert(!query_next(q));
    query_end(q);
    store_close(s);
}
END_TEST

START_TEST(a_cell_is_found_by_its_contents)
{
    char *path = in_folder("a.db");
    struct store *s = start(path);
    int64_t one = cell_of(s, "rolling"), two = cell_of(s, "canary"), other;
    struct store_cell x = {
        .scenario_key = "5ce0a210", .strategy = "rolling",
        .params_json = "{}", .seed = SEED, .model_version = 3,
    };

    ck_assert(one != two);
    store_close(s);
    s = start(path);
    ck_assert_int_eq(cell_of(s, "rolling"), one);
    ck_assert_int_eq(cell_of(s, "canary"), two);
    x.seed++;
    ck_assert_int_eq(store_cell(s, &x, &other), SIM_OK);
    ck_assert(other != one && other != two);
    x.seed--;
    x.model_version++;
    ck_assert_int_eq(store_cell(s, &x, &two), SIM_OK);
    ck_assert(two != one && two != other);
    x.scenario_key = "unknown";
    ck_assert_int_eq(store_cell(s, &x, &two), SIM_SYSTEM);
    expect_error("FOREIGN KEY");
    store_close(s);
}
END_TEST

START_TEST(only_what_is_missing_is_written)
{
    struct store *s = start(in_folder("a.db"));
    int64_t cell = cell_of(s, "rolling");
    bool have[10];
    uint64_t before;

    ck_assert_int_eq(write_reps(s, cell, 1, 2, 5, 10), SIM_OK);
    ck_assert_int_eq(store_have(s, cell, 10, have), SIM_OK);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(have[i], i >= 2 && i < 5);
    ck_assert_int_eq(write_reps(s, cell, 1, 0, 10, 3), SIM_OK);
    before = dump(s);
    ck_assert_int_eq(write_reps(s, cell, 1, 0, 10, 3), SIM_OK);
    ck_assert(dump(s) == before);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM replication"), 10);
    expect_whole(s);
    store_close(s);
}
END_TEST

START_TEST(the_same_replication_with_another_trace_is_a_fault)
{
    struct store *s = start(in_folder("a.db"));
    int64_t cell = cell_of(s, "rolling");
    double values[METRICS] = {0};
    struct store_replication x[2] = {
        {.cell = cell, .rep = 1, .trace_hash = 1, .values = values},
        {.cell = cell, .rep = 7, .trace_hash = 1, .values = values},
    };

    ck_assert_int_eq(write_reps(s, cell, 1, 0, 3, 10), SIM_OK);
    ck_assert_int_eq(store_write(s, x, 2), SIM_SYSTEM);
    expect_error("another trace hash");
    ck_assert_int_eq(count(s, "SELECT count(*) FROM replication"), 4);
    expect_whole(s);
    store_close(s);
}
END_TEST

START_TEST(a_removed_cell_takes_everything_with_it)
{
    struct store *s = start(in_folder("a.db"));
    int64_t one = cell_of(s, "rolling"), two = cell_of(s, "canary");

    ck_assert_int_eq(write_reps(s, one, 1, 0, 3, 10), SIM_OK);
    ck_assert_int_eq(write_reps(s, two, 2, 0, 3, 10), SIM_OK);
    ck_assert_int_eq(store_remove(s, one), SIM_OK);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM replication"), 3);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM events"), 2);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM cell"), 1);
    expect_whole(s);
    store_close(s);
}
END_TEST

START_TEST(metrics_keep_their_unit_and_tables_their_columns)
{
    static const struct store_column other[] = {{"t_us", STORE_TEXT}};
    static const struct store_table changed = {"events", other, 1};
    static const struct store_metric m = {"metric_00", "ms", "none", "h"};
    char *path = in_folder("a.db");
    struct store *s;

    store_close(start(path));
    ck_assert_int_eq(store_open(arena, path, STORE_WRITE, &s, &errors),
                     SIM_OK);
    ck_assert_int_eq(store_metrics(s, &m, 1), SIM_INVALID);
    expect_error("has metric_00 in \"s\", not in \"ms\"");
    ck_assert_int_eq(store_tables(s, &changed, 1), SIM_INVALID);
    expect_error("table \"events\" with other columns");
    store_close(s);
}
END_TEST

/* A batch with something that cannot be written is not written at all. */
START_TEST(a_batch_is_written_whole_or_not_at_all)
{
    struct store *s = start(in_folder("a.db"));
    int64_t cell = cell_of(s, "rolling");
    double values[METRICS] = {0};
    struct store_replication x[2] = {
        {.cell = cell, .rep = 0, .values = values},
        {.cell = cell + 99, .rep = 0, .values = values},
    };

    ck_assert_int_eq(store_write(s, x, 2), SIM_SYSTEM);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM replication"), 0);
    ck_assert_int_eq(store_write(s, x, 1), SIM_OK);
    expect_whole(s);
    store_close(s);
}
END_TEST

/* ---- several processes ---- */

#define CRASH_REPS 3000

static void write_all(const char *path)
{
    struct store *s = start(path);

    if (write_reps(s, cell_of(s, "rolling"), 1, 0, CRASH_REPS, 20) != SIM_OK)
        _exit(1);
    if (write_reps(s, cell_of(s, "canary"), 2, 0, CRASH_REPS, 20) != SIM_OK)
        _exit(1);
    store_close(s);
}

static pid_t writer(const char *path)
{
    pid_t pid = fork();

    if (pid == 0) {
        write_all(path);
        _exit(0);
    }
    ck_assert(pid > 0);
    return pid;
}

START_TEST(a_killed_writer_leaves_whole_replications_and_can_be_resumed)
{
    char *path = in_folder("a.db"), *whole = in_folder("whole.db");
    struct store *s;
    unsigned luck = 12345;
    int killed = 0, status;
    uint64_t want;

    write_all(whole);
    ck_assert_int_eq(store_open(arena, whole, STORE_READ, &s, &errors),
                     SIM_OK);
    want = dump(s);
    store_close(s);
    for (int i = 0; i < 6; i++) {
        pid_t pid = writer(path);
        luck = luck * 1103515245 + 12345;
        nanosleep(&(struct timespec){0, 5000000 + luck % 60000000}, NULL);
        kill(pid, SIGKILL);
        ck_assert(waitpid(pid, &status, 0) == pid);
        killed += WIFSIGNALED(status);
        ck_assert_int_eq(store_open(arena, path, STORE_WRITE, &s, &errors),
                         SIM_OK);
        expect_whole(s);
        store_close(s);
    }
    ck_assert_int_gt(killed, 0);
    write_all(path);
    ck_assert_int_eq(store_open(arena, path, STORE_READ, &s, &errors), SIM_OK);
    expect_whole(s);
    ck_assert(dump(s) == want);
    store_close(s);
    ck_assert_int_eq(errors.errors, 0);
}
END_TEST

START_TEST(two_writers_at_once_write_everything_once)
{
    char *path = in_folder("a.db");
    pid_t one = writer(path), two = writer(path);
    int status;
    struct store *s;

    ck_assert(waitpid(one, &status, 0) == one);
    ck_assert_int_eq(status, 0);
    ck_assert(waitpid(two, &status, 0) == two);
    ck_assert_int_eq(status, 0);
    /* One plain file remains, also after it was read. */
    ck_assert(access(in_folder("a.db-wal"), F_OK) != 0);
    ck_assert_int_eq(store_open(arena, path, STORE_READ, &s, &errors), SIM_OK);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM replication"),
                     2 * CRASH_REPS);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM cell"), 2);
    expect_whole(s);
    store_close(s);
    ck_assert(access(in_folder("a.db-wal"), F_OK) != 0);
}
END_TEST

/* ---- shards ---- */

/* A shard with cells in the given order, replications from..to-1 of each. */
static char *shard(const char *name, const char *first, int64_t first_logical,
                   const char *second, int64_t second_logical, int64_t from,
                   int64_t to)
{
    char *path = in_folder(name);
    struct store *s = start(path);

    ck_assert_int_eq(write_reps(s, cell_of(s, first), first_logical, from, to,
                                100), SIM_OK);
    ck_assert_int_eq(write_reps(s, cell_of(s, second), second_logical, from,
                                to, 100), SIM_OK);
    ck_assert_int_eq(store_close(s), SIM_OK);
    return path;
}

START_TEST(overlapping_shards_merge_to_what_one_process_writes)
{
    char *one = shard("1.db", "rolling", 1, "canary", 2, 0, 60);
    char *two = shard("2.db", "canary", 2, "rolling", 1, 40, 100);
    char *whole = shard("w.db", "rolling", 1, "canary", 2, 0, 100);
    struct store *s, *w;
    struct store_merged m;

    ck_assert_int_eq(store_open(arena, in_folder("all.db"), STORE_WRITE, &s,
                                &errors), SIM_OK);
    ck_assert_int_eq(store_merge(s, two, true, &m), SIM_OK);
    ck_assert_int_eq(m.added, 120);
    ck_assert_int_eq(store_merge(s, one, true, &m), SIM_OK);
    ck_assert_int_eq(m.added, 80);
    ck_assert_int_eq(m.present, 40);
    ck_assert_int_eq(store_open(arena, whole, STORE_READ, &w, &errors),
                     SIM_OK);
    ck_assert(dump(s) == dump(w));
    ck_assert_int_eq(store_merge(s, one, true, &m), SIM_OK);
    ck_assert_int_eq(m.added, 0);
    ck_assert_int_eq(m.present, 120);
    ck_assert(dump(s) == dump(w));
    expect_whole(s);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM invocation"), 2);
    ck_assert_int_eq(count(s, "PRAGMA foreign_keys"), 1);
    ck_assert_int_eq(errors.errors, 0);
    store_close(w);
    store_close(s);
}
END_TEST

START_TEST(a_shard_with_another_outcome_is_refused_whole)
{
    char *one = shard("1.db", "rolling", 1, "canary", 2, 0, 10);
    char *two = shard("2.db", "canary", 3, "recreate", 4, 5, 15);
    struct store *s;
    struct store_merged m;
    uint64_t before;

    ck_assert_int_eq(store_open(arena, one, STORE_WRITE, &s, &errors), SIM_OK);
    before = dump(s);
    ck_assert_int_eq(store_merge(s, two, true, &m), SIM_SYSTEM);
    ck_assert(dump(s) == before);
    ck_assert_int_eq(m.added, 0);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM cell"), 2);
    ck_assert_msg(strstr(errors.items[0].text, "replication 5 of strategy "
                         "\"canary\"") != NULL, "%s", errors.items[0].text);
    ck_assert_int_eq(errors.errors, 5);
    store_close(s);
}
END_TEST

static void damage(const char *path, long offset, const char *bytes)
{
    FILE *f = fopen(path, "r+b");

    ck_assert(f != NULL);
    fseek(f, offset, offset < 0 ? SEEK_END : SEEK_SET);
    fputs(bytes, f);
    fclose(f);
}

START_TEST(a_damaged_shard_is_refused_clearly)
{
    char *good = shard("1.db", "rolling", 1, "canary", 2, 0, 10);
    char *bad = shard("2.db", "rolling", 1, "canary", 2, 0, 300);
    struct store *s;
    struct store_merged m;
    struct stat st;

    ck_assert_int_eq(store_open(arena, good, STORE_WRITE, &s, &errors),
                     SIM_OK);
    ck_assert(stat(bad, &st) == 0);
    for (long at = st.st_size / 2; at < st.st_size - 4096; at += 4096)
        damage(bad, at, "no b-tree here");
    ck_assert_int_eq(store_merge(s, bad, true, &m), SIM_INVALID);
    expect_error("2.db");
    ck_assert_int_eq(count(s, "SELECT count(*) FROM replication"), 20);

    ck_assert(truncate(bad, st.st_size / 3) == 0);
    ck_assert_int_eq(store_merge(s, bad, true, &m), SIM_INVALID);
    ck_assert(truncate(bad, 0) == 0);
    ck_assert_int_eq(store_merge(s, bad, true, &m), SIM_INVALID);
    expect_error("is not a file of results");
    damage(bad, 0, "strategy,metric,value\nrolling,downtime,3\n"
           "and so on, for more than the hundred bytes of a header, so that "
           "it is not taken for an empty file");
    ck_assert_int_eq(store_merge(s, bad, true, &m), SIM_INVALID);
    expect_error("is not a file of results");
    ck_assert_int_eq(store_merge(s, in_folder("none.db"), true, &m), SIM_SYSTEM);
    expect_error("no such file");
    expect_whole(s);
    store_close(s);
}
END_TEST

START_TEST(a_database_of_something_else_is_not_touched)
{
    char *path = in_folder("other.db");
    char *command = arena_printf(arena,
        "sqlite3 '%s' 'create table t(x)' 2>/dev/null", path);
    struct store *s;

    if (system(command) != 0) {
        printf("SKIPPED a_database_of_something_else_is_not_touched: "
               "sqlite3 is not installed\n");
        return;
    }
    ck_assert_int_eq(store_open(arena, path, STORE_WRITE, &s, &errors),
                     SIM_INVALID);
    expect_error("is not a file of results");
    ck_assert(s == NULL);
}
END_TEST

START_TEST(a_newer_format_is_named)
{
    char *path = in_folder("a.db");
    struct store *s = start(path);
    struct store_query *q = store_query(s, "PRAGMA user_version = 9");

    query_next(q);
    query_end(q);
    store_close(s);
    ck_assert_int_eq(store_open(arena, path, STORE_READ, &s, &errors),
                     SIM_INVALID);
    expect_error("format 9, this program knows format 1");
}
END_TEST

START_TEST(what_cannot_be_opened_is_reported)
{
    struct store *s;
    struct store_query *q;

    ck_assert_int_eq(store_open(arena, in_folder("no/such/folder/a.db"),
                                STORE_WRITE, &s, &errors), SIM_SYSTEM);
    expect_error("No such file or directory");
    ck_assert_int_eq(store_open(arena, in_folder("none.db"), STORE_READ, &s,
                                &errors), SIM_SYSTEM);
    ck_assert_int_eq(store_close(NULL), SIM_OK);
    s = start(in_folder("a.db"));
    q = store_query(s, "SELECT nonsense");
    ck_assert(!query_next(q));
    ck_assert_int_eq(query_end(q), SIM_SYSTEM);
    expect_error("no such column");
    store_close(s);
}
END_TEST

/* ---- a full disk ---- */

START_TEST(a_full_disk_is_reported_and_loses_nothing_that_was_written)
{
    char *disk = in_folder("disk"), *path = in_folder("disk/a.db");
    int64_t cell, kept;
    enum sim_code code = SIM_OK;
    struct store *s;

    ck_assert(mkdir(disk, 0700) == 0);
    if (mount("none", disk, "tmpfs", 0, "size=2m") != 0) {
        printf("SKIPPED a_full_disk: cannot mount a small file system: %s\n",
               strerror(errno));
        return;
    }
    s = start(path);
    cell = cell_of(s, "rolling");
    for (int64_t to = 200; to <= 20000 && code == SIM_OK; to += 200)
        code = write_reps(s, cell, 1, 0, to, 200);
    ck_assert_int_eq(code, SIM_SYSTEM);
    expect_error("full");
    kept = count(s, "SELECT count(*) FROM replication");
    ck_assert_int_gt(kept, 0);
    ck_assert_int_eq(kept % 200, 0);
    expect_whole(s);
    store_close(s);
    ck_assert_int_eq(store_open(arena, path, STORE_READ, &s, &errors), SIM_OK);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM replication"), kept);
    store_close(s);
    ck_assert_int_eq(umount(disk), 0);
}
END_TEST

/* ---- speed: reported, not judged ---- */

START_TEST(rows_per_second_are_measured)
{
    struct store *s = start(in_folder("a.db"));
    int64_t cell = cell_of(s, "rolling");
    struct timespec from, to;
    double seconds;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    ck_assert_int_eq(write_reps(s, cell, 1, 0, 10000, 200), SIM_OK);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    seconds = (double)(to.tv_sec - from.tv_sec)
              + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    printf("store: %.2f million metric rows a second of CPU, 200 replications "
           "a transaction\n", 10000 * METRICS / seconds / 1e6);
    ck_assert_int_eq(count(s, "SELECT count(*) FROM metric"), 10000 * METRICS);
    store_close(s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *c = tcase_create("one file of results");
    SRunner *sr;
    int failed;

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, open_folder, close_folder);
    tcase_add_test(c, keys_are_the_first_half_of_sha256);
    tcase_add_test(c, what_goes_in_comes_out_and_undefined_is_null);
    tcase_add_test(c, recorded_rows_keep_their_order_and_their_nulls);
    tcase_add_test(c, a_cell_is_found_by_its_contents);
    tcase_add_test(c, only_what_is_missing_is_written);
    tcase_add_test(c, the_same_replication_with_another_trace_is_a_fault);
    tcase_add_test(c, a_removed_cell_takes_everything_with_it);
    tcase_add_test(c, metrics_keep_their_unit_and_tables_their_columns);
    tcase_add_test(c, a_batch_is_written_whole_or_not_at_all);
    tcase_add_test(c,
        a_killed_writer_leaves_whole_replications_and_can_be_resumed);
    tcase_add_test(c, two_writers_at_once_write_everything_once);
    tcase_add_test(c, overlapping_shards_merge_to_what_one_process_writes);
    tcase_add_test(c, a_shard_with_another_outcome_is_refused_whole);
    tcase_add_test(c, a_damaged_shard_is_refused_clearly);
    tcase_add_test(c, a_database_of_something_else_is_not_touched);
    tcase_add_test(c, a_newer_format_is_named);
    tcase_add_test(c, what_cannot_be_opened_is_reported);
    tcase_add_test(c,
        a_full_disk_is_reported_and_loses_nothing_that_was_written);
    tcase_add_test(c, rows_per_second_are_measured);
    suite_add_tcase(suite, c);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
