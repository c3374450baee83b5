/*
 * verb_merge.c - the command merge: shards become one file of results.
 *
 * A shard that cannot be merged is reported, and the others are merged all the
 * same: what is whole is not lost because a neighbour is not.  A file that
 * nothing came into is not left behind.
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>
#include "app/results.h"
#include "io/file.h"
#include "io/json.h"

/* Do two names mean one file? */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

struct merging {
    struct app *app;
    struct store *store;
    const char *into;
    struct json json;
    enum exit_code worst;
    bool merged;                /* at least one, into the file */
};

static void report(struct merging *m, const char *shard, enum sim_code code,
                   const struct store_merged *n)
{
    if (m->app->o.json) {
        json_object(&m->json);
        json_key(&m->json, "file");
        json_text(&m->json, shard);
        json_key(&m->json, "merged");
        json_bool(&m->json, code == SIM_OK);
        json_key(&m->json, "added");
        json_int(&m->json, n->added);
        json_key(&m->json, "present");
        json_int(&m->json, n->present);
        json_end(&m->json);
    } else if (code == SIM_OK) {
        fprintf(m->app->out, "%s: %" PRId64 " replication%s %s, %" PRId64
                " there already\n", shard, n->added, n->added == 1 ? "" : "s",
                m->app->o.verify ? "to add" : "added", n->present);
    } else {
        fprintf(m->app->out, "%s: not merged\n", shard);
    }
}

static void merge_one(struct merging *m, const char *shard)
{
    struct store_merged n = {0};
    enum sim_code code = SIM_INVALID;

    if (same_file(m->into, shard))
        err_error(&m->app->errors, NULL, "\"%s\" cannot be merged into itself",
                  shard);
    else if (access(shard, R_OK) != 0)
        file_unreadable(m->app->arena, shard, errno, NULL, &m->app->errors);
    else
        code = store_merge(m->store, shard, !m->app->o.verify, &n);
    report(m, shard, code, &n);
    m->merged |= code == SIM_OK && !m->app->o.verify;
    if (code != SIM_OK && m->worst != EXIT_SYSTEM)
        m->worst = results_exit(code);
}

enum exit_code command_merge(struct app *app)
{
    struct merging m = { .app = app };
    enum sim_code code;
    bool fresh;

    if (app->o.words.len < 2)
        return cli_usage(app, "name the file to write, then the shards");
    m.into = app->o.words.items[0];
    fresh = access(m.into, F_OK) != 0;
    code = store_open(app->arena, m.into, STORE_WRITE, &m.store,
                      &app->errors);
    if (code != SIM_OK)
        return results_exit(code);
    if (app->o.json) {
        json_start(&m.json, app->out, 2);
        json_list(&m.json);
    }
    for (size_t i = 1; i < app->o.words.len; i++)
        merge_one(&m, app->o.words.items[i]);
    if (app->o.json) {
        json_end(&m.json);
        json_finish(&m.json);
    }
    if (store_close(m.store) != SIM_OK)
        m.worst = EXIT_SYSTEM;
    if (fresh && !m.merged)
        unlink(m.into);
    return m.worst;
}
