/*
 * archive.c - between the experiment and the results file.
 *
 * Workers queue what they finish; the writer takes all there is, at most
 * every 200 ms or 200 replications, and writes it in one transaction.  The
 * first fault ends writing: the disk is full, say.  What was committed before
 * stays, and running again computes the rest.
 *
 * The invocation is noted only when there is something to write, so asking
 * for what is there already changes nothing.
 */
#include "app/archive.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "app/identity.h"
#include "app/rows.h"
#include "base/bug.h"
#include "base/text.h"
#include "io/key.h"
#include "models/world.h"

#define WAITING_MAX 2000        /* replications; then workers wait */
#define RECORDED_WEIGHT 50      /* of one whose rows are kept in memory */

/* A finished replication on its way. */
struct parcel {
    struct parcel *next;
    int64_t cell, rep;
    double sim_seconds;
    int64_t events, wall_us;
    uint64_t digest;
    size_t weight;
    struct arena *arena;        /* of the rows; NULL: not recorded */
    struct store_rows rows[ROW_TABLES];
    double values[METRIC_COUNT];
};

struct archive {
    struct app *app;
    const char *path;
    struct arena *arena;        /* the store's; not shared with workers */
    struct err_list errors;     /* the writer's */
    struct store *store;
    struct store_invocation invocation;
    int64_t *cells;             /* by variant */
    size_t nvariants;
    bool all;
    pthread_t writer;
    pthread_mutex_t lock;       /* of the queue */
    pthread_cond_t filled, emptied;
    struct parcel *first, **last;
    size_t waiting;             /* their weight, those being written included */
    bool ending, begun;         /* begun: the invocation is noted */
    atomic_bool failed;
};

/* ---- the file ------------------------------------------------------------ */

static const char *now_utc(struct arena *a)
{
    time_t t = time(NULL);
    struct tm tm;
    char text[32];

    gmtime_r(&t, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    return arena_strdup(a, text);
}

static const char *arguments_json(struct arena *a, const struct app *app)
{
    struct buf b = {0};
    const char *text;

    buf_putc(&b, '[');
    for (int i = 0; i < app->argc; i++) {
        if (i)
            buf_putc(&b, ',');
        buf_json(&b, app->argv[i]);
    }
    buf_putc(&b, ']');
    text = arena_strndup(a, b.text, b.len);
    buf_free(&b);
    return text;
}

/* Who writes: unique by place, process and instant. */
static void describe_invocation(struct archive *x)
{
    struct store_invocation *i = &x->invocation;
    struct timespec t;
    char host[256] = "", *key = arena_alloc(x->arena, KEY_ROOM);
    const char *text;

    gethostname(host, sizeof(host) - 1);
    clock_gettime(CLOCK_REALTIME, &t);
    text = arena_printf(x->arena, "%s %ld %lld.%09ld", host, (long)getpid(),
                        (long long)t.tv_sec, t.tv_nsec);
    *i = (struct store_invocation){
        .id = key_of(key, text, strlen(text)),
        .started_utc = now_utc(x->arena),
        .host = arena_strdup(x->arena, host),
        .argv_json = arguments_json(x->arena, x->app),
        .tool_version = ROLLSIM_VERSION, .model_version = MODEL_VERSION
    };
}

/* The metrics of the program as the store describes them. */
static enum sim_code put_metric_table(struct archive *x)
{
    static const char *const better[] = { "none", "lower", "higher" };
    struct store_metric *m = arena_many(x->arena, struct store_metric,
                                        METRIC_COUNT);

    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = metric_row((enum metric)i);

        m[i] = (struct store_metric){ row->name, row->unit,
                                      better[row->better], row->doc };
    }
    return store_metrics(x->store, m, METRIC_COUNT);
}

static enum sim_code put_row_tables(struct archive *x)
{
    struct store_table *t = arena_many(x->arena, struct store_table,
                                       ROW_TABLES);

    for (size_t i = 0; i < ROW_TABLES; i++) {
        struct store_column *c = arena_many(x->arena, struct store_column,
                                            row_tables[i].n);

        for (size_t k = 0; k < row_tables[i].n; k++) {
            c[k].name = row_tables[i].columns[k].name;
            c[k].type = row_store_type(row_tables[i].columns[k].cell);
        }
        t[i] = (struct store_table){ row_tables[i].name, c, row_tables[i].n };
    }
    return store_tables(x->store, t, ROW_TABLES);
}

static enum sim_code put_cells(struct archive *x, const struct scenario *s)
{
    char key[KEY_ROOM];
    const char *canonical = identity_scenario(x->arena, s);
    struct store_scenario scenario = {
        .key = key_of(key, canonical, strlen(canonical)), .name = s->name,
        .path = s->file, .text = identity_source(s), .canonical = canonical
    };
    enum sim_code code = store_put_scenario(x->store, &scenario);

    x->nvariants = s->nvariants;
    x->cells = arena_many(x->arena, int64_t, s->nvariants);
    for (size_t v = 0; v < s->nvariants && code == SIM_OK; v++) {
        const struct variant *variant = &s->variants[v];
        struct store_cell cell = {
            .scenario_key = key, .strategy = variant->name,
            .params_json = identity_settings(x->arena, s, variant),
            .seed = variant->spec->seed, .model_version = MODEL_VERSION,
            .strategy_json = identity_strategy(x->arena, variant),
            .content_key = identity_variant(x->arena, variant)
        };

        code = store_cell(x->store, &cell, &x->cells[v]);
    }
    return code;
}

/* What the store found wrong, into the program's list: the first fault, since
 * the others follow from it. */
static void say_fault(struct archive *x)
{
    if (x->errors.len == 0)
        return;
    err_error(&x->app->errors, NULL, "%s", x->errors.items[0].text);
    x->errors.len = 0;
}

/* ---- the writer ---------------------------------------------------------- */

static enum sim_code begin(struct archive *x)
{
    enum sim_code code = x->begun ? SIM_OK
                                  : store_begin(x->store, &x->invocation);

    x->begun |= code == SIM_OK;
    return code;
}

/* Write a list of parcels, a good transaction at a time. */
static void write_parcels(struct archive *x, const struct parcel *p)
{
    static const size_t most = STORE_BATCH;
    struct store_replication batch[STORE_BATCH];

    while (p && !x->failed) {
        size_t n = 0;

        for (; p && n < most; p = p->next)
            batch[n++] = (struct store_replication){
                .cell = p->cell, .rep = p->rep, .status = STORE_OK,
                .sim_seconds = p->sim_seconds, .events = p->events,
                .wall_us = p->wall_us, .trace_hash = p->digest,
                .values = p->values, .rows = p->rows,
                .tables = p->arena ? ROW_TABLES : 0
            };
        if (begin(x) != SIM_OK || store_write(x->store, batch, n) != SIM_OK)
            x->failed = true;
    }
}

static size_t free_parcels(struct parcel *p)
{
    size_t weight = 0;

    while (p) {
        struct parcel *next = p->next;

        weight += p->weight;
        arena_free(p->arena);
        free(p);
        p = next;
    }
    return weight;
}

/* Wait for the first parcel, and then a little for others. */
static struct parcel *take_parcels(struct archive *x)
{
    struct parcel *p;
    struct timespec until;

    while (!x->first && !x->ending)
        pthread_cond_wait(&x->filled, &x->lock);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += STORE_BATCH_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!x->ending && x->waiting < STORE_BATCH &&
           pthread_cond_timedwait(&x->filled, &x->lock, &until) == 0)
        continue;
    p = x->first;
    x->first = NULL;
    x->last = &x->first;
    return p;
}

static void *write_all(void *arg)
{
    struct archive *x = arg;
    struct parcel *p;

    pthread_mutex_lock(&x->lock);
    while ((p = take_parcels(x)) != NULL || !x->ending) {
        size_t weight;

        pthread_mutex_unlock(&x->lock);
        write_parcels(x, p);
        weight = free_parcels(p);
        pthread_mutex_lock(&x->lock);
        x->waiting -= weight;
        pthread_cond_broadcast(&x->emptied);
    }
    pthread_mutex_unlock(&x->lock);
    return NULL;
}

/* ---- for the experiment -------------------------------------------------- */

struct archive *archive_open(struct app *app, const char *path,
                             const struct scenario *s, bool all)
{
    struct archive *x = arena_make(app->arena, struct archive);
    enum sim_code code;

    *x = (struct archive){ .app = app, .path = path, .all = all,
                           .arena = arena_new() };
    x->last = &x->first;
    err_init(&x->errors, x->arena);
    code = store_open(x->arena, path, STORE_WRITE, &x->store, &x->errors);
    if (code == SIM_OK)
        code = put_metric_table(x);
    if (code == SIM_OK)
        code = put_row_tables(x);
    if (code == SIM_OK)
        code = put_cells(x, s);
    describe_invocation(x);
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->filled, NULL);
    pthread_cond_init(&x->emptied, NULL);
    if (code == SIM_OK &&
        pthread_create(&x->writer, NULL, write_all, x) == 0)
        return x;
    if (x->errors.len == 0)
        err_error(&x->errors, NULL, "cannot start the thread that writes "
                  "\"%s\"", path);
    say_fault(x);
    store_close(x->store);
    arena_free(x->arena);
    return NULL;
}

bool archive_records(const struct archive *x, size_t replication)
{
    return x->all || replication == 0;
}

size_t archive_count(struct archive *x, size_t v)
{
    struct store_query *q = store_query(x->store,
        "SELECT max(rep) + 1 FROM replication WHERE cell_id = ?1");
    int64_t n = STORE_NONE;

    query_bind_integer(q, 1, x->cells[v]);
    if (query_next(q))
        n = query_integer(q, 0);
    query_end(q);
    return n > 0 ? (size_t)n : 0;
}

/* Mark in take[] the replications that the file has as they are wanted. */
static bool wanted(struct archive *x, size_t v, size_t n, bool *take)
{
    bool *rows = arena_many(x->arena, bool, n);
    size_t recorded = x->all ? n : 1;

    if (store_have(x->store, x->cells[v], n, take) != SIM_OK ||
        store_have_rows(x->store, x->cells[v], recorded, rows) != SIM_OK)
        return false;
    for (size_t r = 0; r < recorded; r++)
        take[r] = take[r] && rows[r];
    return true;
}

static bool load_digests(struct archive *x, size_t v, size_t n,
                         const bool *take, struct column *c)
{
    struct store_query *q = store_query(x->store,
        "SELECT rep, trace_hash FROM replication WHERE cell_id = ?1"
        " AND rep < ?2");

    query_bind_integer(q, 1, x->cells[v]);
    query_bind_integer(q, 2, (int64_t)n);
    while (query_next(q)) {
        int64_t r = query_integer(q, 0);

        if (take[r])
            c->digests[r] = strtoull(query_text(q, 1), NULL, 16);
    }
    return query_end(q) == SIM_OK;
}

static bool load_values(struct archive *x, size_t v, size_t n,
                        const bool *take, struct column *c)
{
    struct store_query *q = store_query(x->store,
        "SELECT m.rep, d.name, m.value FROM metric m"
        " JOIN metric_def d USING(metric_id)"
        " WHERE m.cell_id = ?1 AND m.rep < ?2");

    query_bind_integer(q, 1, x->cells[v]);
    query_bind_integer(q, 2, (int64_t)n);
    while (query_next(q)) {
        int64_t r = query_integer(q, 0);
        enum metric m = metric_find(query_text(q, 1));

        if (take[r] && m != METRIC_COUNT)
            c->values[(size_t)r * METRIC_COUNT + m] = query_real(q, 2);
    }
    return query_end(q) == SIM_OK;
}

bool archive_load(struct archive *x, size_t v, size_t n, struct column *c,
                  size_t *found)
{
    bool good;

    if (n == 0)
        return true;
    good = wanted(x, v, n, c->known) && load_digests(x, v, n, c->known, c) &&
           load_values(x, v, n, c->known, c);
    for (size_t r = 0; good && r < n; r++)
        *found += c->known[r];
    if (!good)
        x->failed = true;
    return good;
}

/* The rows of w in the order of the tables, in its own arena. */
static void pack_rows(struct parcel *p, const struct world *w)
{
    for (size_t i = 0; i < ROW_TABLES; i++) {
        const struct row_table *t = &row_tables[i];
        const char *row;
        size_t n = rows_of(&w->record, t, &row);
        union store_value *values = arena_many(p->arena, union store_value,
                                               n * t->n);

        for (size_t k = 0; k < n; k++)
            row_values(values + k * t->n, t, row + k * t->size,
                       w->spec->warmup);
        p->rows[i] = (struct store_rows){ i, n, values };
    }
}

bool archive_put(struct archive *x, size_t v, size_t replication,
                 const double *values, const struct world *w, struct arena *a,
                 int64_t wall_us)
{
    struct parcel *p = heap_grow(NULL, 1, sizeof(*p));
    bool recorded = archive_records(x, replication);

    *p = (struct parcel){
        .cell = x->cells[v], .rep = (int64_t)replication,
        .sim_seconds = (double)(w->spec->warmup + w->spec->duration) / 1e9,
        .events = (int64_t)sim_fired(w->sim), .wall_us = wall_us,
        .digest = sim_digest(w->sim),
        .weight = recorded ? RECORDED_WEIGHT : 1,
        .arena = recorded ? a : NULL
    };
    memcpy(p->values, values, sizeof(p->values));
    if (recorded)
        pack_rows(p, w);
    pthread_mutex_lock(&x->lock);
    while (x->waiting >= WAITING_MAX)
        pthread_cond_wait(&x->emptied, &x->lock);
    *x->last = p;
    x->last = &p->next;
    x->waiting += p->weight;
    pthread_cond_signal(&x->filled);
    pthread_mutex_unlock(&x->lock);
    return recorded;
}

bool archive_failed(struct archive *x)
{
    return x->failed;
}

enum sim_code archive_close(struct archive *x, enum exit_code code)
{
    bool failed;

    pthread_mutex_lock(&x->lock);
    x->ending = true;
    pthread_cond_signal(&x->filled);
    pthread_mutex_unlock(&x->lock);
    pthread_join(x->writer, NULL);
    if (x->begun && !x->failed &&
        store_end(x->store, now_utc(x->arena), (int)code) != SIM_OK)
        x->failed = true;
    failed = x->failed;
    failed |= store_close(x->store) != SIM_OK;
    say_fault(x);
    pthread_cond_destroy(&x->filled);
    pthread_cond_destroy(&x->emptied);
    pthread_mutex_destroy(&x->lock);
    arena_free(x->arena);
    return failed ? SIM_SYSTEM : SIM_OK;
}
