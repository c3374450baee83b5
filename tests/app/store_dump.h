/*
 * store_dump.h - what a results file says, as text, for comparison.
 *
 * Everything but who computed it when and how long that took.
 */
#ifndef TEST_APP_STORE_DUMP_H
#define TEST_APP_STORE_DUMP_H
#include <check.h>
#include "base/text.h"
#include "io/store.h"

static const char *const store_dumps[] = {
    "SELECT scenario_key, name, source_text, canonical_json FROM scenario",
    "SELECT cell_id, cell_key, scenario_key, strategy, params_json,"
    " model_version, master_seed, strategy_json, content_key FROM cell"
    " ORDER BY cell_id",
    "SELECT cell_id, rep, status, sim_seconds, events, trace_hash"
    " FROM replication ORDER BY 1, 2",
    "SELECT metric_id, name, unit, better, help FROM metric_def ORDER BY 1",
    "SELECT cell_id, rep, metric_id, quote(value) FROM metric"
    " ORDER BY 1, 2, 3",
    "SELECT * FROM timeline ORDER BY cell_id, rep, seq",
    "SELECT * FROM pods ORDER BY cell_id, rep, seq",
    "SELECT * FROM series ORDER BY cell_id, rep, seq",
    "SELECT * FROM events ORDER BY cell_id, rep, seq",
    "SELECT * FROM views ORDER BY cell_id, rep, seq",
    "SELECT * FROM failures ORDER BY cell_id, rep, seq",
    "SELECT * FROM pragma_integrity_check",
    "SELECT * FROM pragma_foreign_key_check",
};

/* The dump of the file at path, in a. */
static inline const char *store_dump(struct arena *a, const char *path)
{
    static const int columns[] = { 4, 9, 6, 5, 4, 14, 10, 11, 9, 9,
                                   9, 1, 4 };
    struct err_list errors;
    struct store *s;
    struct buf b = {0};
    const char *text;

    err_init(&errors, a);
    ck_assert_msg(store_open(a, path, STORE_READ, &s, &errors) == SIM_OK,
                  "%s: %s", path, errors.len ? errors.items[0].text : "");
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        struct store_query *q = store_query(s, store_dumps[i]);

        buf_printf(&b, "-- %zu\n", i);
        while (query_next(q)) {
            for (int c = 0; c < columns[i]; c++) {
                const char *x = query_text(q, c);

                buf_printf(&b, "%s|", x ? x : "NULL");
            }
            buf_putc(&b, '\n');
        }
        ck_assert_int_eq(query_end(q), SIM_OK);
    }
    store_close(s);
    text = arena_strndup(a, b.text, b.len);
    buf_free(&b);
    return text;
}

#endif
