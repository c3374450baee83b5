/*
 * runs_diff.c - two cells of a results file, metric by metric.
 *
 * Cells with one seed share their luck, so their replications are compared in
 * pairs, as `compare` does; with different seeds the two means are compared
 * (Welch's t).  Intervals are those of 95 % for all metrics together
 * (Bonferroni), a star is significant by Holm.
 *
 * Metrics that only another version of the program knows are left out.
 */
#include "app/runs_diff.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report_impl.h"
#include "app/table.h"
#include "io/json.h"
#include "stats/pair.h"

#define CONFIDENCE 0.95

/* The results of a cell. */
struct side {
    const struct result_cell *cell;
    size_t n;                   /* 1 + the last replication */
    double *values;             /* [replication][metric]; NaN: undefined */
    uint64_t *digests;
    bool *known;
};

struct metric_change {
    enum metric metric;
    struct interval x, y;       /* means of all that is defined */
    struct pairing d;           /* y - x */
    double adjusted;
};

struct changes {
    struct app *app;
    struct side x, y;
    bool paired;
    size_t both, same;          /* replications that both have; and whose
                                 * every step is the same */
    struct metric_change rows[METRIC_COUNT];
};

/* ---- reading ------------------------------------------------------------- */

static enum sim_code load_digests(const struct results *r, struct side *s)
{
    struct store_query *q = store_query(r->store,
        "SELECT rep, trace_hash FROM replication WHERE cell_id = ?1"
        " AND rep < ?2");       /* others may write meanwhile */

    query_bind_integer(q, 1, s->cell->id);
    query_bind_integer(q, 2, (int64_t)s->n);
    while (query_next(q)) {
        int64_t rep = query_integer(q, 0);

        s->known[rep] = true;
        s->digests[rep] = strtoull(query_text(q, 1), NULL, 16);
    }
    return query_end(q);
}

static enum sim_code load_side(struct arena *a, const struct results *r,
                               struct side *s)
{
    struct store_query *q = store_query(r->store,
        "SELECT max(rep) + 1 FROM replication WHERE cell_id = ?1");
    enum sim_code code;

    query_bind_integer(q, 1, s->cell->id);
    if (query_next(q) && query_integer(q, 0) > 0)
        s->n = (size_t)query_integer(q, 0);
    code = query_end(q);
    s->known = arena_many(a, bool, s->n);
    s->digests = arena_many(a, uint64_t, s->n);
    s->values = arena_many(a, double, s->n * METRIC_COUNT);
    for (size_t i = 0; i < s->n * METRIC_COUNT; i++)
        s->values[i] = NAN;
    if (code == SIM_OK)
        code = load_digests(r, s);
    q = store_query(r->store, "SELECT m.rep, d.name, m.value FROM metric m"
                    " JOIN metric_def d USING(metric_id)"
                    " WHERE m.cell_id = ?1 AND m.rep < ?2");
    query_bind_integer(q, 1, s->cell->id);
    query_bind_integer(q, 2, (int64_t)s->n);
    while (query_next(q)) {
        enum metric m = metric_find(query_text(q, 1));

        if (m != METRIC_COUNT)
            s->values[(size_t)query_integer(q, 0) * METRIC_COUNT + m] =
                query_real(q, 2);
    }
    return query_end(q) == SIM_OK ? code : SIM_SYSTEM;
}

/* ---- comparing ----------------------------------------------------------- */

/* The defined values of a metric; returns how many. */
static size_t defined(struct arena *a, const struct side *s, enum metric m,
                      double **out)
{
    size_t n = 0;

    *out = arena_many(a, double, s->n);
    for (size_t r = 0; r < s->n; r++)
        if (!isnan(s->values[r * METRIC_COUNT + m]))
            (*out)[n++] = s->values[r * METRIC_COUNT + m];
    return n;
}

/* The pairs of a metric, in *x and *y; returns how many. */
static size_t pairs(struct arena *a, const struct changes *c, enum metric m,
                    double **x, double **y)
{
    size_t n = 0;

    *x = arena_many(a, double, c->x.n);
    *y = arena_many(a, double, c->x.n);
    for (size_t r = 0; r < c->x.n && r < c->y.n; r++)
        if (c->x.known[r] && c->y.known[r]) {
            (*x)[n] = c->x.values[r * METRIC_COUNT + m];
            (*y)[n++] = c->y.values[r * METRIC_COUNT + m];
        }
    return n;
}

/* The mean of a metric whose defined values are x, as `run` shows it. */
static struct interval mean_of(struct arena *a, const struct side *s,
                               enum metric m, const double *x, size_t n)
{
    double *requests;

    if (m != METRIC_AVAILABILITY ||
        defined(a, s, METRIC_REQUESTS, &requests) != n)
        return ci_mean_ruled(x, n, CONFIDENCE, s->cell->seed);
    return pooled_availability(a, x, requests, n, CONFIDENCE, s->cell->seed);
}

static struct metric_change change_of(struct arena *a, const struct changes *c,
                                      enum metric m)
{
    double each = pair_bonferroni(CONFIDENCE, METRIC_COUNT);
    struct metric_change out = { .metric = m };
    double *x, *y;
    size_t nx = defined(a, &c->x, m, &x), ny = defined(a, &c->y, m, &y), n;

    out.x = mean_of(a, &c->x, m, x, nx);
    out.y = mean_of(a, &c->y, m, y, ny);
    if (!c->paired) {
        out.d = pair_unpaired(y, ny, x, nx, each);
        return out;
    }
    n = pairs(a, c, m, &x, &y);
    out.d = pair_compare(a, y, x, n, each, c->x.cell->seed);
    return out;
}

static void compare_cells(struct arena *a, struct changes *c)
{
    double p[METRIC_COUNT], adjusted[METRIC_COUNT];

    c->paired = c->x.cell->seed == c->y.cell->seed;
    for (size_t r = 0; r < c->x.n && r < c->y.n; r++) {
        bool both = c->x.known[r] && c->y.known[r];

        c->both += both;
        c->same += both && c->x.digests[r] == c->y.digests[r];
    }
    for (int m = 0; m < METRIC_COUNT; m++) {
        c->rows[m] = change_of(a, c, (enum metric)m);
        p[m] = c->rows[m].d.p;
    }
    pair_holm(p, METRIC_COUNT, adjusted);
    for (int m = 0; m < METRIC_COUNT; m++)
        c->rows[m].adjusted = adjusted[m];
}

/* ---- in what they were asked differently --------------------------------- */

/* "scenario, strategy and seed"; "nothing". */
static const char *asked_differently(struct arena *a,
                                     const struct result_cell *x,
                                     const struct result_cell *y)
{
    const char *names[8];
    size_t n = 0;

    if (strcmp(x->scenario, y->scenario) != 0)
        names[n++] = "scenario";
    if (strcmp(x->strategy, y->strategy) != 0)
        names[n++] = "strategy";
    if (strcmp(x->params_json, y->params_json) != 0)
        names[n++] = "parameters";
    if (x->seed != y->seed)
        names[n++] = "seed";
    if (x->model_version != y->model_version)
        names[n++] = "version of the model";
    return n ? names_text(a, names, n) : "nothing but what the files contain";
}

static void say_cell(struct app *app, const struct result_cell *c)
{
    fprintf(app->out, "cell %" PRId64 ": %s, %s, seed %" PRIu64 ", model %"
            PRId64 ", %" PRId64 " replications\n", c->id, c->scenario,
            c->strategy, c->seed, c->model_version, c->replications);
}

/* ---- output -------------------------------------------------------------- */

/* Is there nothing to say of this metric? */
static bool is_alike(const struct changes *c, const struct metric_change *m)
{
    if (isnan(m->x.mean) && isnan(m->y.mean))
        return true;
    if (c->paired)
        return m->d.difference.n > 0 && m->d.differ == 0 &&
               m->d.undefined == 0;
    return m->x.mean >= m->y.mean && m->x.mean <= m->y.mean;
}

static const char *mean_text(struct arena *a, struct interval i,
                             enum metric m)
{
    return isnan(i.mean) ? "undefined" : report_interval(a, i, m);
}

static const char *change_text(struct arena *a, const struct metric_change *m)
{
    const struct pairing *d = &m->d;
    const char *star = m->adjusted <= 1 - CONFIDENCE ? " *" : "";

    if (isnan(d->difference.mean))
        return "";
    if (d->rare)
        return arena_printf(a, "differs in %zu of %zu%s", d->differ,
                            d->difference.n, star);
    return arena_printf(a, "%s%s", report_difference(a, d->difference,
                                                     m->metric), star);
}

static void print_changes(const struct changes *c)
{
    struct arena *a = arena_new();
    struct table t = table_new(a, 4, METRIC_COUNT + 1);
    size_t alike = 0;

    table_put(&t, 0, "");
    table_put(&t, 1, arena_printf(a, "cell %" PRId64, c->x.cell->id));
    table_put(&t, 2, arena_printf(a, "cell %" PRId64, c->y.cell->id));
    table_put(&t, 3, "difference");
    t.rows++;
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_change *m = &c->rows[i];

        alike += is_alike(c, m);
        if (is_alike(c, m))
            continue;
        table_put(&t, 0, metric_row(m->metric)->name);
        table_put(&t, 1, mean_text(a, m->x, m->metric));
        table_put(&t, 2, mean_text(a, m->y, m->metric));
        table_put(&t, 3, change_text(a, m));
        t.rows++;
    }
    if (t.rows > 1)
        table_print(&t, c->app->out);
    fprintf(c->app->out, "%zu of %d metrics are the same.  ", alike,
            METRIC_COUNT);
    arena_free(a);
}

static void print_diff(const struct changes *c)
{
    struct app *app = c->app;

    say_cell(app, c->x.cell);
    say_cell(app, c->y.cell);
    fprintf(app->out, "asked differently: %s\n\n",
            asked_differently(app->arena, c->x.cell, c->y.cell));
    print_changes(c);
    if (c->paired)
        fprintf(app->out, "Paired: one seed; of %zu replications that both "
                "have, %zu are the same step by step.\n", c->both, c->same);
    else
        fputs("Not paired: the seeds differ.\n", app->out);
    fputs("* differs, with 95 % confidence over the whole table (Holm).\n",
          app->out);
}

static void put_bounds(struct json *j, const char *key, struct interval i)
{
    json_key(j, key);
    json_object(j);
    json_member_int(j, "n", (int64_t)i.n);
    json_member_real(j, "mean", i.mean);
    json_member_real(j, "low", i.low);
    json_member_real(j, "high", i.high);
    json_end(j);
}

static void put_diff(const struct changes *c)
{
    struct json j;

    json_start(&j, c->app->out, 2);
    json_object(&j);
    json_key(&j, "cells");
    json_list(&j);
    json_int(&j, c->x.cell->id);
    json_int(&j, c->y.cell->id);
    json_end(&j);
    json_member_bool(&j, "paired", c->paired);
    json_member_int(&j, "both", (int64_t)c->both);
    json_member_int(&j, "same", (int64_t)c->same);
    json_key(&j, "metrics");
    json_object(&j);
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_change *m = &c->rows[i];

        json_key(&j, metric_row(m->metric)->name);
        json_object(&j);
        put_bounds(&j, "from", m->x);
        put_bounds(&j, "to", m->y);
        put_bounds(&j, "difference", m->d.difference);
        json_member_real(&j, "p", m->d.p);
        json_member_real(&j, "adjusted", m->adjusted);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    json_finish(&j);
}

enum sim_code runs_diff(struct app *app, const struct results *r,
                        const struct result_cell *x,
                        const struct result_cell *y)
{
    struct changes *c = arena_make(app->arena, struct changes);
    enum sim_code code;

    c->app = app;
    c->x.cell = x;
    c->y.cell = y;
    code = load_side(app->arena, r, &c->x);
    if (code == SIM_OK)
        code = load_side(app->arena, r, &c->y);
    if (code != SIM_OK)
        return code;
    compare_cells(app->arena, c);
    if (app->o.json)
        put_diff(c);
    else
        print_diff(c);
    return SIM_OK;
}
