/*
 * store.c - the result file: opening, schema, provenance, cells.
 *
 * Settings, each measured: WAL with synchronous NORMAL survives the death of
 * the process and may lose the last transactions with the power, which are
 * then computed again; tables without row ids and with integer keys, and one
 * statement for all metrics of a replication, take over a million rows a
 * second.  WAL needs shared memory between all who open the file, so on
 * network file systems the journal is DELETE with synchronous FULL.
 *
 * Source: sqlite.org/wal.html, stricttables.html, withoutrowid.html.
 */
#include "store_impl.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>
#include "base/bug.h"
#include "base/text.h"
#include "io/file.h"
#include "io/key.h"

#define BUSY_MS 10000           /* wait so long for another writer */
#define RETRY_MS 20             /* between two tries at the journal mode */

static const char schema[] =
    "CREATE TABLE scenario(scenario_key TEXT PRIMARY KEY, name TEXT NOT NULL,"
    " source_path TEXT, source_text TEXT NOT NULL,"
    " canonical_json TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE invocation(invocation_id TEXT PRIMARY KEY,"
    " started_utc TEXT NOT NULL, ended_utc TEXT, host TEXT,"
    " argv_json TEXT NOT NULL, tool_version TEXT NOT NULL,"
    " model_version INTEGER NOT NULL, build TEXT, exit_code INTEGER)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE cell(cell_id INTEGER PRIMARY KEY,"
    " cell_key TEXT NOT NULL UNIQUE,"
    " scenario_key TEXT NOT NULL REFERENCES scenario,"
    " strategy TEXT NOT NULL, params_json TEXT NOT NULL DEFAULT '{}',"
    " model_version INTEGER NOT NULL, master_seed TEXT NOT NULL,"
    " strategy_json TEXT NOT NULL DEFAULT '{}',"
    " content_key TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE TABLE replication(cell_id INTEGER NOT NULL REFERENCES cell,"
    " rep INTEGER NOT NULL,"
    " status TEXT NOT NULL CHECK(status IN ('ok','timeout','error')),"
    " sim_seconds REAL, events INTEGER, wall_us INTEGER, trace_hash TEXT,"
    " invocation_id TEXT, PRIMARY KEY(cell_id, rep)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE metric_def(metric_id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE, unit TEXT NOT NULL,"
    " better TEXT NOT NULL CHECK(better IN ('lower','higher','none')),"
    " help TEXT NOT NULL) STRICT;"
    "CREATE TABLE metric(cell_id INTEGER NOT NULL, rep INTEGER NOT NULL,"
    " metric_id INTEGER NOT NULL REFERENCES metric_def, value REAL,"
    " PRIMARY KEY(cell_id, rep, metric_id),"
    " FOREIGN KEY(cell_id, rep) REFERENCES replication ON DELETE CASCADE)"
    " STRICT, WITHOUT ROWID;"
    "CREATE VIEW metrics_long AS SELECT s.name AS scenario, c.strategy,"
    " c.params_json, m.rep, d.name AS metric, d.unit, m.value"
    " FROM metric m JOIN cell c USING(cell_id)"
    " JOIN scenario s USING(scenario_key) JOIN metric_def d USING(metric_id);";

/* ---- helpers for all files of the store ---- */

/* Report the last error of the database as "cannot DOING PATH: why".  Returns
 * SIM_SYSTEM, or SIM_INVALID for a file that is damaged or no database. */
#define NOT_OURS "\"%s\" is not a file of results"

static enum sim_code fault(struct store *s, const char *doing)
{
    int code = sqlite3_errcode(s->db);
    int why = code == SQLITE_CANTOPEN ? sqlite3_system_errno(s->db) : 0;

    if (code == SQLITE_NOTADB)
        err_error(s->errors, NULL, NOT_OURS, s->path);
    else
        err_error(s->errors, NULL, "cannot %s \"%s\": %s", doing, s->path,
                  why ? strerror(why) : sqlite3_errmsg(s->db));
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? SIM_INVALID
                                                           : SIM_SYSTEM;
}

enum sim_code store_run(struct store *s, const char *sql)
{
    if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return fault(s, "write");
    return SIM_OK;
}

sqlite3_stmt *store_prepare(struct store *s, const char *sql)
{
    sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK) {
        fault(s, "read");
        return NULL;
    }
    return st;
}

enum sim_code store_step(struct store *s, sqlite3_stmt *st)
{
    int code = SQLITE_ROW;

    while (code == SQLITE_ROW)
        code = sqlite3_step(st);
    if (code == SQLITE_DONE)
        return sqlite3_reset(st) == SQLITE_OK ? SIM_OK
                                              : fault(s, "write");
    fault(s, "write");
    sqlite3_reset(st);
    return SIM_SYSTEM;
}

enum sim_code store_transaction(struct store *s)
{
    return store_run(s, "BEGIN IMMEDIATE");
}

enum sim_code store_commit(struct store *s, enum sim_code code)
{
    if (code == SIM_OK)
        code = store_run(s, "COMMIT");
    /* Some faults have ended the transaction already. */
    if (code != SIM_OK && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

enum sim_code store_references(struct store *s, bool check)
{
    enum sim_code code = SIM_OK;

    if (s->references != check)
        code = store_run(s, check ? "PRAGMA foreign_keys=ON"
                                  : "PRAGMA foreign_keys=OFF");
    s->references = check;
    return code;
}

int64_t store_integer(struct store *s, const char *sql, int64_t fallback)
{
    sqlite3_stmt *st = NULL;
    int64_t x = fallback;

    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK
        && sqlite3_step(st) == SQLITE_ROW)
        x = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return x;
}

/* ---- opening ---- */

/* Magic numbers of statfs(2) and the manual pages of the file systems. */
static const uint32_t network_types[] = {
    0x6969,                     /* NFS */
    0x517b, 0xfe534d42, 0xff534d42,     /* SMB, SMB 2, CIFS */
    0x0bd00bd0,                 /* Lustre */
    0x00c36400,                 /* Ceph */
    0x47504653,                 /* GPFS */
    0x19830326,                 /* BeeGFS */
    0x5346414f,                 /* AFS */
    0x01021997,                 /* 9P */
    0x65735546,                 /* FUSE: sshfs, GlusterFS */
};

static bool is_network(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *folder = slash == NULL ? "."
                         : arena_strndup(a, path, (size_t)(slash - path) + 1);
    struct statfs fs;

    if (statfs(path, &fs) != 0 && statfs(folder, &fs) != 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(network_types); i++)
        if ((uint32_t)fs.f_type == network_types[i])
            return true;
    return false;
}

/* Switching the journal does not wait for another process that is opening the
 * file just now, so we do. */
static enum sim_code set_journal(struct store *s, const char *sql)
{
    struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};

    for (int tries = BUSY_MS / RETRY_MS; tries > 0; tries--) {
        int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
        if (code == SQLITE_OK)
            return SIM_OK;
        if (code != SQLITE_BUSY)
            break;
        nanosleep(&pause, NULL);
    }
    return fault(s, "write");
}

static enum sim_code settings(struct store *s)
{
    const char *journal = is_network(s->arena, s->path)
        ? "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL"
        : "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL";
    enum sim_code code = set_journal(s, journal);

    if (code != SIM_OK)
        return code;
    code = store_run(s, "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536;"
                        "PRAGMA wal_autocheckpoint=4000");
    return code == SIM_OK ? store_references(s, true) : code;
}

/* Another process may make the same file at the same time: look again when we
 * are the only writer. */
static enum sim_code make_schema(struct store *s)
{
    enum sim_code code = store_transaction(s);

    if (code != SIM_OK)
        return code;
    if (store_integer(s, "SELECT count(*) FROM sqlite_schema", 0) == 0) {
        char *marks = arena_printf(s->arena, "PRAGMA application_id=%d;"
                                   "PRAGMA user_version=%d",
                                   STORE_APPLICATION_ID, STORE_SCHEMA);
        code = store_run(s, schema);
        if (code == SIM_OK)
            code = store_run(s, marks);
    }
    return store_commit(s, code);
}

/* Is it a file of ours, whole enough to have a schema, and of this version?
 * An empty file is, unless it is only to be read. */
static enum sim_code check_kind(struct store *s, enum store_mode mode)
{
    int64_t objects = store_integer(s, "SELECT count(*) FROM sqlite_schema",
                                    -1);
    int64_t id, version;

    if (objects < 0)            /* now: the next query hides why */
        return fault(s, "read");
    id = store_integer(s, "PRAGMA application_id", -1);
    version = store_integer(s, "PRAGMA user_version", -1);
    if (objects == 0 && id == 0 && mode == STORE_WRITE)
        return SIM_OK;
    if (id != STORE_APPLICATION_ID) {
        err_error(s->errors, NULL, NOT_OURS, s->path);
        return SIM_INVALID;
    }
    if (version != STORE_SCHEMA) {
        err_error(s->errors, NULL, "\"%s\" has results in format %" PRId64
                  ", this program knows format %d", s->path, version,
                  STORE_SCHEMA);
        return SIM_INVALID;
    }
    return SIM_OK;
}

enum sim_code store_open(struct arena *a, const char *path,
                         enum store_mode mode, struct store **out,
                         struct err_list *errors)
{
    struct store *s = arena_make(a, struct store);
    int flags = mode == STORE_READ
        ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    enum sim_code code;

    *out = NULL;
    s->arena = a;
    s->errors = errors;
    s->path = arena_strdup(a, path);
    if (mode == STORE_READ && access(path, R_OK) != 0)
        return file_unreadable(a, path, errno, NULL, errors);
    if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL)
        != SQLITE_OK) {
        code = fault(s, "open");
        sqlite3_close(s->db);
        return code;
    }
    sqlite3_busy_timeout(s->db, BUSY_MS);
    code = check_kind(s, mode);
    if (code == SIM_OK && mode == STORE_WRITE)
        code = settings(s);
    if (code == SIM_OK && mode == STORE_WRITE)
        code = make_schema(s);
    if (code != SIM_OK) {
        sqlite3_close(s->db);
        return code;
    }
    *out = s;
    return SIM_OK;
}

enum sim_code store_close(struct store *s)
{
    enum sim_code code = SIM_OK;

    if (s == NULL)
        return SIM_OK;
    sqlite3_finalize(s->put_replication);
    sqlite3_finalize(s->put_metrics);
    sqlite3_finalize(s->get_hash);
    sqlite3_finalize(s->get_cell);
    for (size_t i = 0; i < s->len; i++)
        sqlite3_finalize(s->put_row[i]);
    if (!sqlite3_db_readonly(s->db, "main")) {
        code = store_run(s, "PRAGMA optimize;"
                            "PRAGMA wal_checkpoint(TRUNCATE)");
        /* Out of WAL, so that reading needs no other file: not if somebody
         * else still has it open. */
        sqlite3_busy_timeout(s->db, 0);
        sqlite3_exec(s->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    }
    if (sqlite3_close(s->db) != SQLITE_OK)
        BUG("a query of \"%s\" was not ended", s->path);
    return code;
}

/* ---- provenance and cells ---- */

/* Run sql once with n texts bound. */
static enum sim_code put_texts(struct store *s, const char *sql,
                               const char *const *text, int n)
{
    sqlite3_stmt *st = store_prepare(s, sql);
    enum sim_code code;

    if (st == NULL)
        return SIM_SYSTEM;
    for (int i = 0; i < n; i++)
        sqlite3_bind_text(st, i + 1, text[i], -1, SQLITE_STATIC);
    code = store_step(s, st);
    sqlite3_finalize(st);
    return code;
}

enum sim_code store_put_scenario(struct store *s,
                                 const struct store_scenario *x)
{
    const char *text[] = {x->key, x->name, x->path, x->text, x->canonical};

    return put_texts(s, "INSERT INTO scenario VALUES(?,?,?,?,?)"
                     " ON CONFLICT DO NOTHING", text, COUNT_OF(text));
}

enum sim_code store_begin(struct store *s, const struct store_invocation *x)
{
    char *version = arena_printf(s->arena, "%" PRId64, x->model_version);
    const char *text[] = {x->id, x->started_utc, x->host, x->argv_json,
                          x->tool_version, version, x->build};

    s->invocation = arena_strdup(s->arena, x->id);
    return put_texts(s, "INSERT INTO invocation(invocation_id, started_utc,"
                     " host, argv_json, tool_version, model_version, build)"
                     " VALUES(?,?,?,?,?,CAST(? AS INTEGER),?)", text,
                     COUNT_OF(text));
}

enum sim_code store_end(struct store *s, const char *ended_utc, int exit_code)
{
    char *code = arena_printf(s->arena, "%d", exit_code);
    const char *text[] = {ended_utc, code, s->invocation};

    CHECK(s->invocation != NULL);
    return put_texts(s, "UPDATE invocation SET ended_utc = ?,"
                     " exit_code = CAST(? AS INTEGER)"
                     " WHERE invocation_id = ?", text, COUNT_OF(text));
}

/* The key of a cell: of its parts, each with its length before it, so that no
 * two different cells run together to the same text. */
static char *cell_key(char room[KEY_ROOM], const struct store_cell *x)
{
    struct buf b = {0};

    buf_printf(&b, "%zu:%s,%zu:%s,%zu:%s,%016" PRIx64 ",%" PRId64 ",%s",
               strlen(x->scenario_key), x->scenario_key,
               strlen(x->strategy), x->strategy,
               strlen(x->params_json), x->params_json,
               x->seed, x->model_version,
               x->content_key ? x->content_key : "");
    key_of(room, b.text, b.len);
    buf_free(&b);
    return room;
}

enum sim_code store_cell(struct store *s, const struct store_cell *x,
                         int64_t *id)
{
    char key[KEY_ROOM];
    char *seed = arena_printf(s->arena, "%016" PRIx64, x->seed);
    char *version = arena_printf(s->arena, "%" PRId64, x->model_version);
    const char *text[] = {cell_key(key, x), x->scenario_key, x->strategy,
                          x->params_json, version, seed,
                          x->strategy_json ? x->strategy_json : "{}",
                          x->content_key ? x->content_key : ""};
    enum sim_code code = store_references(s, true);
    struct store_query *q;

    if (code == SIM_OK)
        code = put_texts(s,
        "INSERT INTO cell(cell_key, scenario_key, strategy, params_json,"
        " model_version, master_seed, strategy_json, content_key)"
        " VALUES(?,?,?,?,CAST(? AS INTEGER),?,?,?)"
        " ON CONFLICT DO NOTHING", text, COUNT_OF(text));
    if (code != SIM_OK)
        return code;
    q = store_query(s, "SELECT cell_id FROM cell WHERE cell_key = ?1");
    query_bind_text(q, 1, key);
    *id = query_next(q) ? query_integer(q, 0) : STORE_NONE;
    return query_end(q);
}

/* Set have[rep] for the rows of sql, which takes cell and n. */
static enum sim_code mark_reps(struct store *s, const char *sql, int64_t cell,
                               size_t n, bool *have)
{
    struct store_query *q = store_query(s, sql);

    query_bind_integer(q, 1, cell);
    query_bind_integer(q, 2, (int64_t)n);
    while (query_next(q))
        have[query_integer(q, 0)] = true;
    return query_end(q);
}

enum sim_code store_have(struct store *s, int64_t cell, size_t n, bool *have)
{
    memset(have, 0, n * sizeof *have);
    return mark_reps(s, "SELECT rep FROM replication WHERE cell_id = ?1"
                     " AND rep >= 0 AND rep < ?2", cell, n, have);
}

enum sim_code store_have_rows(struct store *s, int64_t cell, size_t n,
                              bool *recorded)
{
    enum sim_code code = SIM_OK;

    memset(recorded, 0, n * sizeof *recorded);
    for (size_t i = 0; i < s->len && code == SIM_OK; i++)
        code = mark_reps(s, arena_printf(s->arena, "SELECT rep FROM \"%s\""
                         " WHERE cell_id = ?1 AND seq = 0 AND rep >= 0"
                         " AND rep < ?2", s->tables[i].name), cell, n,
                         recorded);
    return code;
}

enum sim_code store_remove(struct store *s, int64_t cell)
{
    char *sql = arena_printf(s->arena,
        "DELETE FROM replication WHERE cell_id = %" PRId64 ";"
        "DELETE FROM cell WHERE cell_id = %" PRId64, cell, cell);
    enum sim_code code = store_references(s, true);

    if (code == SIM_OK)         /* what belongs to it goes with it */
        code = store_transaction(s);
    if (code == SIM_OK)
        code = store_commit(s, store_run(s, sql));
    return code;
}

/* ---- reading ---- */

struct store_query {
    struct store *store;
    sqlite3_stmt *st;           /* NULL after a fault */
    enum sim_code code;
};

struct store_query *store_query(struct store *s, const char *sql)
{
    struct store_query *q = arena_make(s->arena, struct store_query);

    q->store = s;
    q->st = store_prepare(s, sql);
    q->code = q->st != NULL ? SIM_OK : SIM_SYSTEM;
    return q;
}

void query_bind_integer(struct store_query *q, int place, int64_t x)
{
    if (q->st != NULL)
        sqlite3_bind_int64(q->st, place, x);
}

void query_bind_text(struct store_query *q, int place, const char *x)
{
    if (q->st != NULL)
        sqlite3_bind_text(q->st, place, x, -1, SQLITE_TRANSIENT);
}

bool query_next(struct store_query *q)
{
    int code;

    if (q->st == NULL || q->code != SIM_OK)
        return false;
    code = sqlite3_step(q->st);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        q->code = fault(q->store, "read");
    return code == SQLITE_ROW;
}

static bool is_null(struct store_query *q, int column)
{
    return sqlite3_column_type(q->st, column) == SQLITE_NULL;
}

int64_t query_integer(struct store_query *q, int column)
{
    return is_null(q, column) ? STORE_NONE
                              : sqlite3_column_int64(q->st, column);
}

double query_real(struct store_query *q, int column)
{
    return is_null(q, column) ? NAN : sqlite3_column_double(q->st, column);
}

const char *query_text(struct store_query *q, int column)
{
    return (const char *)sqlite3_column_text(q->st, column);
}

enum sim_code query_end(struct store_query *q)
{
    sqlite3_finalize(q->st);
    q->st = NULL;
    return q->code;
}
