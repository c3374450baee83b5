/*
 * store_merge.c - shards are united exactly once.
 *
 * The numbers of cells and metrics differ between files; their keys and names
 * do not, and map one to the other.  A replication that both have must be the
 * same one, which its trace hash shows; the file is then left out of it.  All
 * of a shard is merged in one transaction, or nothing.
 *
 * The shard may come from anywhere: it is checked before, its tables are made
 * anew from names and types, and none of its SQL is run.
 */
#include "store_impl.h"
#include <inttypes.h>
#include <string.h>
#include "base/bug.h"
#include "base/vec.h"

#define CONFLICTS_SHOWN 5

/* ---- the shard, before anything is changed ---- */

/* Read all of it once: its kind, its pages, its references. */
static enum sim_code check_shard(struct store *s, const char *path)
{
    struct store *shard;
    struct store_query *q;
    enum sim_code code = store_open(s->arena, path, STORE_READ, &shard,
                                    s->errors);
    bool whole = false;

    if (code != SIM_OK)
        return code;
    q = store_query(shard, "PRAGMA integrity_check(1)");
    if (query_next(q))
        whole = strcmp(query_text(q, 0), "ok") == 0;
    if (q != NULL && query_end(q) == SIM_OK && !whole)
        err_error(s->errors, NULL, "\"%s\" is damaged: write it again", path);
    if (whole && store_integer(shard, "SELECT count(*) FROM"
                               " pragma_foreign_key_check", 0) > 0) {
        err_error(s->errors, NULL, "\"%s\" is damaged: it has results of "
                  "replications that it does not have", path);
        whole = false;
    }
    store_close(shard);
    return whole ? SIM_OK : SIM_INVALID;
}

static enum sim_code attach(struct store *s, const char *path)
{
    sqlite3_stmt *st = store_prepare(s, "ATTACH ?1 AS shard");
    enum sim_code code;

    if (st == NULL)
        return SIM_SYSTEM;
    sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
    code = store_step(s, st);
    sqlite3_finalize(st);
    return code;
}

/* ---- definitions and maps ---- */

static const char definitions[] =
    "INSERT INTO main.scenario SELECT * FROM shard.scenario WHERE true"
    " ON CONFLICT DO NOTHING;"
    "INSERT INTO main.invocation SELECT * FROM shard.invocation WHERE true"
    " ON CONFLICT DO NOTHING;"
    "INSERT INTO main.metric_def(name, unit, better, help)"
    " SELECT name, unit, better, help FROM shard.metric_def WHERE true"
    " ORDER BY metric_id ON CONFLICT DO NOTHING;"
    "INSERT INTO main.cell(cell_key, scenario_key, strategy, params_json,"
    " model_version, master_seed, strategy_json, content_key)"
    " SELECT cell_key, scenario_key, strategy, params_json, model_version,"
    " master_seed, strategy_json, content_key FROM shard.cell WHERE true"
    " ORDER BY cell_id ON CONFLICT DO NOTHING;"
    "CREATE TEMP TABLE cell_map AS SELECT f.cell_id AS old, t.cell_id AS new"
    " FROM shard.cell f JOIN main.cell t USING(cell_key);"
    "CREATE TEMP TABLE metric_map AS SELECT f.metric_id AS old,"
    " t.metric_id AS new FROM shard.metric_def f"
    " JOIN main.metric_def t USING(name);"
    "CREATE TEMP TABLE fresh AS SELECT f.cell_id AS old, c.new, f.rep"
    " FROM shard.replication f JOIN cell_map c ON c.old = f.cell_id"
    " WHERE NOT EXISTS (SELECT 1 FROM main.replication t"
    " WHERE t.cell_id = c.new AND t.rep = f.rep);"
    "CREATE UNIQUE INDEX temp.fresh_key ON fresh(old, rep);";

static const char copies[] =
    "INSERT INTO main.replication SELECT k.new, f.rep, f.status,"
    " f.sim_seconds, f.events, f.wall_us, f.trace_hash, f.invocation_id"
    " FROM fresh k JOIN shard.replication f"
    " ON f.cell_id = k.old AND f.rep = k.rep ORDER BY k.new, f.rep;"
    "INSERT INTO main.metric SELECT k.new, f.rep, m.new, f.value"
    " FROM fresh k JOIN shard.metric f ON f.cell_id = k.old AND f.rep = k.rep"
    " JOIN metric_map m ON m.old = f.metric_id ORDER BY k.new, f.rep, m.new;";

static const char cleaning[] =
    "DROP TABLE temp.fresh; DROP TABLE temp.metric_map;"
    "DROP TABLE temp.cell_map;";

/* Metrics that the two files have in different units. */
static enum sim_code check_units(struct store *s, const char *path)
{
    struct store_query *q = store_query(s,
        "SELECT name, f.unit, t.unit FROM shard.metric_def f"
        " JOIN main.metric_def t USING(name) WHERE f.unit <> t.unit");
    enum sim_code code = SIM_OK;

    for (; query_next(q); code = SIM_INVALID)
        err_error(s->errors, NULL, "\"%s\" has %s in \"%s\", \"%s\" in \"%s\"",
                  path, query_text(q, 0), query_text(q, 1), s->path,
                  query_text(q, 2));
    return query_end(q) == SIM_OK ? code : SIM_SYSTEM;
}

/* Replications that both have and that are not the same. */
static enum sim_code check_conflicts(struct store *s, const char *path)
{
    struct store_query *q = store_query(s,
        "SELECT t.rep, d.strategy, d.params_json"
        " FROM shard.replication f JOIN cell_map c ON c.old = f.cell_id"
        " JOIN main.replication t ON t.cell_id = c.new AND t.rep = f.rep"
        " JOIN main.cell d ON d.cell_id = c.new"
        " WHERE f.trace_hash IS NOT t.trace_hash ORDER BY c.new, t.rep");
    int conflicts = 0;

    for (; query_next(q); conflicts++)
        if (conflicts < CONFLICTS_SHOWN)
            err_error(s->errors, NULL, "replication %" PRId64 " of strategy "
                      "\"%s\" %s differs between \"%s\" and \"%s\"",
                      query_integer(q, 0), query_text(q, 1),
                      query_text(q, 2), s->path, path);
    if (conflicts > CONFLICTS_SHOWN)
        err_error(s->errors, NULL, "%d replications differ between \"%s\" "
                  "and \"%s\"", conflicts, s->path, path);
    return query_end(q) == SIM_OK && conflicts == 0 ? SIM_OK : SIM_SYSTEM;
}

/* ---- recorded rows ---- */

/* Which type a name stands for; the schema is STRICT, so these are all that
 * the program writes. */
static bool type_of(const char *name, enum store_type *type)
{
    static const char *const names[] = {"INTEGER", "REAL", "TEXT"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0) {
            *type = (enum store_type)i;
            return true;
        }
    return false;
}

/* Describe a table of the shard as store_table; SIM_INVALID if it is not one
 * of recorded rows. */
static enum sim_code describe(struct store *s, const char *name,
                              struct store_table *out)
{
    struct store_query *q = store_query(s,
        "SELECT name, type FROM pragma_table_info(?1, 'shard') ORDER BY cid");
    VEC(struct store_column) columns = {0};
    bool good = true;
    int place = 0;

    query_bind_text(q, 1, name);
    for (; query_next(q); place++) {
        static const char *const key[] = {"cell_id", "rep", "seq"};
        struct store_column c = {
            .name = arena_strdup(s->arena, query_text(q, 0)),
        };
        if (!type_of(query_text(q, 1), &c.type))
            good = false;
        else if (place < 3)
            good = good && strcmp(c.name, key[place]) == 0;
        else
            vec_push(s->arena, &columns, c);
    }
    *out = (struct store_table){.name = name, .columns = columns.items,
                                .len = columns.len};
    if (query_end(q) == SIM_OK && good && columns.len > 0)
        return SIM_OK;
    err_error(s->errors, NULL, "the shard has a table \"%s\" that this "
              "program does not write", name);
    return SIM_INVALID;
}

/* Rows of replications of which the file has none: also of those that it has
 * without having recorded them. */
static enum sim_code copy_rows(struct store *s, const struct store_table *t)
{
    char *columns = sqlite3_mprintf("%s", ""), *sql;
    enum sim_code code = store_make_table(s, t);

    for (size_t i = 0; i < t->len && columns != NULL; i++) {
        char *more = sqlite3_mprintf("%s, f.\"%w\"", columns,
                                     t->columns[i].name);
        sqlite3_free(columns);
        columns = more;
    }
    sql = sqlite3_mprintf("INSERT INTO main.\"%w\" SELECT k.new, f.rep, f.seq"
                          "%s FROM cell_map k JOIN shard.\"%w\" f"
                          " ON f.cell_id = k.old WHERE NOT EXISTS (SELECT 1"
                          " FROM main.\"%w\" t WHERE t.cell_id = k.new"
                          " AND t.rep = f.rep) ORDER BY k.new, f.rep, f.seq",
                          t->name, columns, t->name, t->name);
    if (code == SIM_OK)
        code = store_run(s, sql);
    sqlite3_free(columns);
    sqlite3_free(sql);
    return code;
}

static enum sim_code copy_recorded(struct store *s)
{
    struct store_query *q = store_query(s,
        "SELECT name FROM shard.sqlite_schema WHERE type = 'table'"
        " AND name NOT LIKE 'sqlite_%' AND name NOT IN ('scenario',"
        " 'invocation', 'cell', 'replication', 'metric_def', 'metric')"
        " ORDER BY name");
    VEC(const char *) names = {0};
    enum sim_code code;

    while (query_next(q)) {
        const char *name = arena_strdup(s->arena, query_text(q, 0));
        vec_push(s->arena, &names, name);
    }
    code = query_end(q);
    for (size_t i = 0; i < names.len && code == SIM_OK; i++) {
        struct store_table t;
        code = describe(s, names.items[i], &t);
        if (code == SIM_OK)
            code = copy_rows(s, &t);
    }
    return code;
}

/* ---- the whole ---- */

static enum sim_code merge_attached(struct store *s, const char *path,
                                    struct store_merged *out)
{
    enum sim_code code = check_units(s, path);

    if (code == SIM_OK)
        code = store_run(s, definitions);
    if (code == SIM_OK)
        code = check_conflicts(s, path);
    if (code == SIM_OK)
        code = store_run(s, copies);
    if (code == SIM_OK)
        code = copy_recorded(s);
    if (code != SIM_OK)
        return code;
    out->added = store_integer(s, "SELECT count(*) FROM temp.fresh", 0);
    out->present = store_integer(s, "SELECT count(*) FROM shard.replication",
                                 0) - out->added;
    return store_run(s, cleaning);
}

/* Merge in a transaction, which is undone unless it is to be kept. */
static enum sim_code merge_once(struct store *s, const char *path, bool keep,
                                struct store_merged *out)
{
    enum sim_code code = store_transaction(s);

    if (code == SIM_OK)
        code = merge_attached(s, path, out);
    if (code == SIM_OK && !keep) {
        store_commit(s, SIM_INVALID);
        return SIM_OK;
    }
    return store_commit(s, code);
}

enum sim_code store_merge(struct store *s, const char *path, bool keep,
                          struct store_merged *out)
{
    enum sim_code code = check_shard(s, path), last;

    *out = (struct store_merged){0};
    if (code == SIM_OK)
        code = attach(s, path);
    if (code != SIM_OK)
        return code;
    /* References were checked; checking each again would only cost. */
    code = store_references(s, false);
    if (code == SIM_OK)
        code = merge_once(s, path, keep, out);
    last = store_run(s, "DETACH shard");
    if (last == SIM_OK)
        last = store_references(s, true);
    return code != SIM_OK ? code : last;
}
