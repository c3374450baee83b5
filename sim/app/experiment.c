/*
 * experiment.c - running replications, on as many threads as asked for.
 *
 * A job is one replication of one variant; jobs are taken in order of
 * replication, then variant, so the paired differences are complete up to
 * some replication whenever it stops.  A result is a function of (scenario,
 * variant, replication) alone and goes to its own place in a column; sums are
 * made afterwards, in order.  So threads change nothing but the time it takes.
 *
 * Replications whose rows a sink wants run on the first thread, in order.  The
 * others run in rounds; where a precision is asked for, a round ends where
 * the stopping rule looks.
 */
#include "app/experiment.h"
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "app/archive.h"
#include "app/settling.h"
#include "base/bug.h"
#include "base/text.h"
#include "kernel/event.h"
#include "models/world.h"
#include "stats/summary.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
    interrupted = signal;
}

/* Catch the first interrupt; the second one ends the program at once. */
static void catch_signals(void)
{
    struct sigaction sa;

    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = on_signal;
    sa.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
}

/* ---- columns ------------------------------------------------------------- */

/* Room for n replications. */
static void column_grow(struct column *c, size_t n)
{
    size_t old = c->cap;

    if (n <= c->cap)
        return;
    c->cap = n > 2 * c->cap ? n : 2 * c->cap;
    c->values = heap_grow(c->values, c->cap, METRIC_COUNT * sizeof(*c->values));
    c->digests = heap_grow(c->digests, c->cap, sizeof(*c->digests));
    c->known = heap_grow(c->known, c->cap, sizeof(*c->known));
    memset(c->known + old, 0, (c->cap - old) * sizeof(*c->known));
}

static void free_column(void *arg)
{
    struct column *c = arg;

    free(c->values);
    free(c->digests);
    free(c->known);
}

/* How many replications are known from 0 on, of each variant and of all. */
static void count_known(struct experiment *e)
{
    e->n = SIZE_MAX;
    for (size_t v = 0; v < e->scenario->nvariants; v++) {
        struct column *c = &e->columns[v];

        while (c->n < c->asked && c->known[c->n])
            c->n++;
        e->n = c->n < e->n ? c->n : e->n;
    }
    if (e->n == SIZE_MAX)
        e->n = 0;
}

/* ---- replications -------------------------------------------------------- */

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Hand a replication to the results file; *a is empty afterwards. */
static void keep(struct experiment *e, struct arena **a, size_t variant,
                 size_t replication, const struct world *w, int64_t wall_us)
{
    const struct column *c = &e->columns[variant];
    const double *values = c->values + replication * METRIC_COUNT;

    if (archive_put(e->archive, variant, replication, values, w, *a, wall_us))
        *a = arena_new();
    else
        arena_reset(*a);
}

/* Run one and keep its metrics and digest; *a is empty before and after. */
static void run_one(struct experiment *e, struct arena **a,
                    const struct row_sink *sink, size_t variant,
                    size_t replication)
{
    const struct variant *v = &e->scenario->variants[variant];
    struct column *c = &e->columns[variant];
    bool rows = sink || (e->archive &&
                         archive_records(e->archive, replication));
    int64_t start = now_us();
    struct world *w = world_new(*a, v->spec, v->strategy,
                                (uint32_t)replication, rows);
    bool same;

    world_run(w);
    same = c->known[replication] &&
           c->digests[replication] == sim_digest(w->sim);
    metrics_of(w, c->values + replication * METRIC_COUNT);
    if (variant == 0)
        settling_take(e->settling, replication, w);
    c->digests[replication] = sim_digest(w->sim);
    if (sink)
        sink->rows(sink->ctx, v, w);
    if (e->archive && !same)
        keep(e, a, variant, replication, w, now_us() - start);
    else
        arena_reset(*a);
    c->known[replication] = true;
}

/* Is computing more of no use? */
static bool must_stop(struct experiment *e)
{
    return interrupted || (e->archive && archive_failed(e->archive));
}

/* ---- rounds -------------------------------------------------------------- */

struct job {
    size_t variant, replication;
};

struct round {
    struct experiment *e;
    const struct job *jobs;     /* in the order in which they are taken */
    size_t len;
    size_t before;              /* replications known when it began */
    atomic_size_t next;         /* to be taken */
    atomic_size_t done;
};

/* Take jobs until there is none, or somebody wants to stop.  Only the first
 * thread tells how far it is. */
static void work(struct round *r, bool first)
{
    struct arena *a = arena_new();

    while (!must_stop(r->e)) {
        size_t i = atomic_fetch_add(&r->next, 1);

        if (i >= r->len)
            break;
        run_one(r->e, &a, NULL, r->jobs[i].variant, r->jobs[i].replication);
        atomic_fetch_add(&r->done, 1);
        if (first)
            progress_show(&r->e->progress, r->before + atomic_load(&r->done),
                          r->e->found);
    }
    arena_free(a);
}

static void *helper(void *arg)
{
    work(arg, false);
    return NULL;
}

static void run_jobs(struct experiment *e, struct round *r)
{
    size_t threads = e->threads < r->len ? e->threads : r->len, n = 0;
    pthread_t *t = heap_grow(NULL, threads, sizeof(*t));

    while (n + 1 < threads && pthread_create(&t[n], NULL, helper, r) == 0)
        n++;                    /* fewer threads are slower, not wrong */
    work(r, true);
    for (size_t i = 0; i < n; i++)
        pthread_join(t[i], NULL);
    free(t);
}

/* What is missing, by replication, then variant: *n jobs on the heap. */
static struct job *missing_jobs(const struct experiment *e,
                                const size_t *until, size_t *n)
{
    size_t most = 0, all = 0, from = SIZE_MAX;
    struct job *jobs;

    for (size_t v = 0; v < e->scenario->nvariants; v++) {
        size_t have = e->columns[v].n;

        if (until[v] <= have)
            continue;
        all += until[v] - have;
        most = until[v] > most ? until[v] : most;
        from = have < from ? have : from;
    }
    jobs = heap_grow(NULL, all + 1, sizeof(*jobs));
    *n = 0;
    for (size_t r = from; r < most; r++)
        for (size_t v = 0; v < e->scenario->nvariants; v++)
            if (r < until[v] && !e->columns[v].known[r] &&
                shard_has(&e->shard, r * e->scenario->nvariants + v))
                jobs[(*n)++] = (struct job){ v, r };
    return jobs;
}

size_t experiment_share(const struct experiment *e, size_t *known)
{
    size_t variants = e->scenario->nvariants, mine = 0;

    *known = 0;
    for (size_t v = 0; v < variants; v++)
        for (size_t r = 0; r < e->columns[v].asked; r++)
            if (shard_has(&e->shard, r * variants + v)) {
                mine++;
                *known += e->columns[v].known[r];
            }
    return mine;
}

/* Ask for at least n replications of variant v. */
static void ask(struct experiment *e, size_t v, size_t n)
{
    struct column *c = &e->columns[v];

    column_grow(c, n);
    c->asked = n > c->asked ? n : c->asked;
}

bool experiment_extend(struct experiment *e, const size_t *until)
{
    struct round r = { .e = e };
    struct job *jobs;

    for (size_t v = 0; v < e->scenario->nvariants; v++)
        ask(e, v, until[v]);
    jobs = missing_jobs(e, until, &r.len);
    r.jobs = jobs;
    experiment_share(e, &r.before);
    atomic_init(&r.next, 0);
    atomic_init(&r.done, 0);
    if (r.len > 0)
        run_jobs(e, &r);
    free(jobs);
    count_known(e);
    e->interrupted = interrupted;
    return !must_stop(e);
}

/* ---- the stopping rule --------------------------------------------------- */

double experiment_value(const struct experiment *e, size_t v,
                        size_t replication, enum metric m)
{
    const struct column *c = &e->columns[v];

    CHECK(replication < c->cap && c->known[replication]);
    return c->values[replication * METRIC_COUNT + m];
}

/* A copy of the first n values. */
static double *first_values(const struct experiment *e, struct arena *a,
                            size_t v, enum metric m, size_t n)
{
    double *x = arena_many(a, double, n + 1);

    for (size_t r = 0; r < n; r++)
        x[r] = experiment_value(e, v, r, m);
    return x;
}

double *experiment_series(const struct experiment *e, struct arena *a,
                          size_t v, enum metric m)
{
    return first_values(e, a, v, m, e->n);
}

/* What has to be known precisely: the metric of each variant, or, in a paired
 * comparison, its differences to the baseline.  Returns how many series. */
static size_t sought(const struct experiment *e, struct arena *a,
                     const double **x)
{
    const struct scenario *s = e->scenario;
    size_t n = 0;

    for (size_t v = 0; v < s->nvariants; v++) {
        double *own = experiment_series(e, a, v, s->until);

        if (s->paired && s->nvariants > 1) {
            if (v == s->baseline)
                continue;
            for (size_t r = 0; r < e->n; r++)
                own[r] -= experiment_value(e, s->baseline, r, s->until);
        }
        x[n++] = own;
    }
    return n;
}

/* Is everything known as precisely as asked for?  Looks only where
 * stats/stop.h does. */
static bool precise_enough(struct experiment *e)
{
    const struct scenario *s = e->scenario;
    struct arena *a = arena_new();
    const double **x = arena_many(a, const double *, s->nvariants);
    size_t n = sought(e, a, x);
    bool stop = stop_at(&s->precision, x, n, e->n) == e->n;

    if (stop)
        e->precise = stop_reached(&s->precision, x, n, e->n);
    else if (e->n > 1)
        e->progress.total = s->nvariants *
            stop_predict(&s->precision, x, n, e->n);
    arena_free(a);
    return stop;
}

/* Where the next round ends: where the stopping rule looks next, or at the
 * end. */
static size_t round_end(const struct experiment *e)
{
    const struct precision *p = &e->scenario->precision;
    size_t end = p->max;

    if (e->scenario->until != METRIC_COUNT) {
        end = p->min + STOP_BATCH;
        while (end <= e->n)
            end += STOP_BATCH;
    }
    return end < p->max ? end : p->max;
}

/* ---- the whole ----------------------------------------------------------- */

/* Processors that this program may use. */
static size_t processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 ? (size_t)n : 1;
}

/* Take what the results file has. */
static bool load_known(struct experiment *e)
{
    for (size_t v = 0; v < e->scenario->nvariants; v++) {
        size_t n = archive_count(e->archive, v);

        column_grow(&e->columns[v], n);
        if (!archive_load(e->archive, v, n, &e->columns[v], &e->found))
            return false;
    }
    return true;
}

enum sim_code experiment_begin(struct app *app, const struct scenario *s,
                               struct experiment *e)
{
    size_t tasks = s->precision.max * s->nvariants;
    bool all = app->o.record && strcmp(app->o.record, "all") == 0;

    *e = (struct experiment){
        .scenario = s, .arena = app->arena, .precise = true,
        .columns = arena_many(app->arena, struct column, s->nvariants),
        .threads = app->o.jobs > 0 ? (size_t)app->o.jobs : processors()
    };
    for (size_t v = 0; v < s->nvariants; v++)
        arena_on_free(app->arena, free_column, &e->columns[v]);
    if (!shard_read(app, &e->shard))
        return SIM_INVALID;
    catch_signals();
    if (app->o.results) {
        e->archive = archive_open(app, app->o.results, s, all);
        if (!e->archive)
            return SIM_SYSTEM;
        if (!load_known(e)) {
            e->failed = true;
            experiment_end(e, EXIT_SYSTEM);
            return SIM_SYSTEM;
        }
    }
    progress_start(&e->progress, app, tasks / e->shard.count);
    return SIM_OK;
}

enum sim_code experiment_end(struct experiment *e, enum exit_code code)
{
    progress_end(&e->progress);
    e->failed |= e->archive && archive_failed(e->archive);
    if (e->archive && archive_close(e->archive, code) != SIM_OK)
        e->failed = true;
    e->archive = NULL;
    return e->failed ? SIM_SYSTEM : SIM_OK;
}

void experiment_record(struct experiment *e, const struct row_sink *sink)
{
    const struct scenario *s = e->scenario;
    size_t last = sink->all ? s->precision.max : 1;
    struct arena *a = arena_new();

    while (e->n < last && !must_stop(e)) {
        for (size_t v = 0; v < s->nvariants && !must_stop(e); v++) {
            ask(e, v, e->n + 1);
            run_one(e, &a, sink, v, e->n);
            progress_show(&e->progress, e->n * s->nvariants + v + 1, 0);
        }
        count_known(e);
        if (sink->all && s->until != METRIC_COUNT && precise_enough(e))
            break;
    }
    e->interrupted = interrupted;
    arena_free(a);
}

enum sim_code experiment_run(struct app *app, const struct scenario *s,
                             const struct row_sink *sink,
                             struct experiment *out)
{
    size_t *until = arena_many(app->arena, size_t, s->nvariants);
    enum sim_code code = experiment_begin(app, s, out);

    if (code != SIM_OK)
        return code;
    out->settling = settling_new(app->arena, s);
    if (sink)
        experiment_record(out, sink);
    while (out->n < s->precision.max && !must_stop(out) &&
           !(sink && sink->all)) {
        size_t end = round_end(out);

        for (size_t v = 0; v < s->nvariants; v++)
            until[v] = end;
        if (!experiment_extend(out, until) || out->shard.count > 1)
            break;
        if (s->until != METRIC_COUNT && precise_enough(out))
            break;
    }
    if (!out->interrupted)
        settling_warn(out->settling, &app->errors);
    return experiment_end(out, out->archive ? experiment_verdict(out)
                                            : EXIT_DONE);
}

/* ---- results ------------------------------------------------------------- */

struct interval pooled_availability(struct arena *a, const double *share,
                                    const double *requests, size_t n,
                                    double confidence, uint64_t seed)
{
    double *good = arena_many(a, double, n), *all = arena_many(a, double, n);

    for (size_t r = 0; r < n; r++) {
        if (isnan(share[r]) || isnan(requests[r]))
            continue;
        good[r] = share[r] * requests[r];
        all[r] = requests[r];
    }
    return ci_ratio_ruled(a, good, all, n, confidence, seed);
}

/* Over its first n replications. */
static struct summary summary_over(const struct experiment *e,
                                   struct arena *a, size_t v, enum metric m,
                                   size_t n)
{
    double level = e->scenario->confidence;
    uint64_t seed = e->scenario->variants[v].spec->seed;
    const double *x = first_values(e, a, v, m, n);
    struct summary s = summary_of(a, x, n, level, seed);

    if (m == METRIC_AVAILABILITY)
        s.mean = pooled_availability(a, x, first_values(
            e, a, v, METRIC_REQUESTS, n), n, level, seed);
    return s;
}

struct summary experiment_summary(const struct experiment *e, struct arena *a,
                                  size_t v, enum metric m)
{
    return summary_over(e, a, v, m, e->n);
}

struct summary experiment_known(const struct experiment *e, struct arena *a,
                                size_t v, enum metric m)
{
    return summary_over(e, a, v, m, e->columns[v].n);
}

/* Is m the time until a release is over, which should come? */
static bool must_be_reached(const struct experiment *e, enum metric m)
{
    const struct spec *s = e->scenario->variants[0].spec;

    return (m == METRIC_ROLLOUT_SECONDS || m == METRIC_OLD_GONE_SECONDS) &&
           (s->release.given || s->nactions > 0);
}

struct interval experiment_bounds(const struct experiment *e, struct arena *a,
                                  size_t v, enum metric m)
{
    struct summary s = experiment_summary(e, a, v, m);

    if (s.undefined > 0 && must_be_reached(e, m))
        return (struct interval){ .mean = INFINITY, .low = INFINITY,
                                  .high = INFINITY, .n = e->n };
    return summary_bounds(&s);
}

uint64_t experiment_digest(const struct experiment *e, size_t v)
{
    return fnv64(FNV_START, e->columns[v].digests,
                 e->n * sizeof(*e->columns[v].digests));
}

/* ---- verdict ------------------------------------------------------------- */

enum verdict experiment_judge(const struct experiment *e, struct arena *a,
                              size_t v)
{
    const struct scenario *s = e->scenario;
    bool missed = false, undecided = false;

    for (size_t i = 0; i < s->npromises; i++) {
        const struct promise *p = &s->promises[i];
        enum verdict d = promise_verdict(p, experiment_bounds(e, a, v,
                                                              p->metric));

        missed |= d == VERDICT_MISSED;
        undecided |= d == VERDICT_UNDECIDED;
    }
    for (size_t i = 0; i < s->nexpectations; i++) {
        const struct expectation *x = &s->expectations[i];
        double *values = experiment_series(e, a, v, x->metric);

        for (size_t r = 0; r < e->n; r++)
            missed |= !expectation_holds(x, values[r]);
    }
    return missed ? VERDICT_MISSED : undecided ? VERDICT_UNDECIDED
                                               : VERDICT_MET;
}

enum exit_code experiment_verdict(const struct experiment *e)
{
    struct arena *a;
    bool missed = false, undecided = false;

    if (e->failed)
        return EXIT_SYSTEM;
    if (e->interrupted)
        return (enum exit_code)(128 + e->interrupted);
    if (e->shard.count > 1)
        return EXIT_DONE;
    a = arena_new();
    for (size_t v = 0; v < e->scenario->nvariants; v++) {
        enum verdict d = experiment_judge(e, a, v);

        missed |= d == VERDICT_MISSED;
        undecided |= d == VERDICT_UNDECIDED;
    }
    arena_free(a);
    return missed ? EXIT_MISSED
           : undecided || !e->precise ? EXIT_UNDECIDED : EXIT_DONE;
}
