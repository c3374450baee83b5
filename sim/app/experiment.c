/*
 * experiment.c - running replications, on as many threads as asked for.
 *
 * A job is one replication of one strategy; jobs are taken in order of
 * replication, then strategy, so the paired differences are complete up to
 * some replication whenever it stops.  A result is a function of (scenario,
 * strategy, replication) alone and goes to its own place in an array; sums are
 * made afterwards, in order.  So threads change nothing but the time it takes.
 *
 * Replications whose rows are kept run on the first thread, in order.  The
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
#include "base/text.h"
#include "kernel/event.h"
#include "models/world.h"
#include "stats/ci.h"

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

/* ---- progress ------------------------------------------------------------ */

struct progress {
    FILE *out;                  /* NULL: nobody looks */
    double start, shown;
    size_t total;
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void progress_start(struct progress *p, const struct app *app,
                           size_t total)
{
    bool looks = !app->o.quiet && !app->o.no_progress &&
                 isatty(fileno(app->err)) == 1;

    p->out = looks ? app->err : NULL;
    p->start = p->shown = looks ? now_s() : 0;
    p->total = total;
}

static void progress_show(struct progress *p, size_t done)
{
    double t;

    if (!p->out)
        return;
    t = now_s();
    if (t - p->start < 0.5 || t - p->shown < 0.1)
        return;
    p->shown = t;
    fprintf(p->out, "\r\033[K%zu/%zu replications  %.1f/s", done, p->total,
            (double)done / (t - p->start));
    fflush(p->out);
}

static void progress_end(const struct progress *p)
{
    if (p->out && p->shown > p->start)
        fputs("\r\033[K", p->out);
}

/* ---- replications -------------------------------------------------------- */

/* Run one and keep its metrics and digest; a is empty before and after. */
static void run_one(struct arena *a, const struct row_sink *sink,
                    size_t variant, size_t replication,
                    struct experiment *out)
{
    const struct scenario *s = out->scenario;
    const struct variant *v = &s->variants[variant];
    size_t at = replication * s->nvariants + variant;
    struct world *w = world_new(a, v->spec, v->strategy,
                                (uint32_t)replication, sink != NULL);

    world_run(w);
    metrics_of(w, out->values + at * METRIC_COUNT);
    out->digests[at] = sim_digest(w->sim);
    if (sink)
        sink->rows(sink->ctx, v, w);
    arena_reset(a);
}

/* Room for n replications. */
static void grow(struct experiment *e, size_t n)
{
    size_t variants = e->scenario->nvariants;

    if (n <= e->cap)
        return;
    e->cap = n > 2 * e->cap ? n : 2 * e->cap;
    e->values = heap_grow(e->values, e->cap * variants,
                          METRIC_COUNT * sizeof(*e->values));
    e->digests = heap_grow(e->digests, e->cap * variants,
                           sizeof(*e->digests));
}

static bool precise_enough(struct experiment *e);

/* ---- rounds -------------------------------------------------------------- */

/* Jobs first .. last - 1; job i is replication i / strategies of strategy
 * i % strategies. */
struct round {
    struct experiment *e;
    size_t last;
    atomic_size_t next;         /* to be taken */
    atomic_size_t done;
    struct progress *progress;
};

/* Take jobs until there is none, or somebody wants to stop.  Only the first
 * thread tells how far it is. */
static void work(struct round *r, bool first)
{
    size_t variants = r->e->scenario->nvariants;
    struct arena *a = arena_new();

    while (!interrupted) {
        size_t i = atomic_fetch_add(&r->next, 1);

        if (i >= r->last)
            break;
        run_one(a, NULL, i % variants, i / variants, r->e);
        atomic_fetch_add(&r->done, 1);
        if (first)
            progress_show(r->progress, atomic_load(&r->done));
    }
    arena_free(a);
}

static void *helper(void *arg)
{
    work(arg, false);
    return NULL;
}

/* Run replications e->n .. until - 1; e->n is then how many are complete. */
static void run_round(struct experiment *e, size_t until, size_t threads,
                      struct progress *p)
{
    size_t variants = e->scenario->nvariants;
    size_t begun = e->n * variants, jobs = until * variants - begun;
    struct round r = { .e = e, .last = until * variants, .progress = p };
    pthread_t *t;
    size_t n = 0, taken;

    grow(e, until);
    atomic_init(&r.next, begun);
    atomic_init(&r.done, begun);
    if (threads > jobs)
        threads = jobs;
    t = heap_grow(NULL, threads, sizeof(*t));
    while (n + 1 < threads && pthread_create(&t[n], NULL, helper, &r) == 0)
        n++;                    /* fewer threads are slower, not wrong */
    work(&r, true);
    for (size_t i = 0; i < n; i++)
        pthread_join(t[i], NULL);
    free(t);
    taken = atomic_load(&r.next);
    e->n = (taken < r.last ? taken : r.last) / variants;
}

/* Replications whose rows are kept, in order; all of them if sink->all. */
static void run_recorded(struct experiment *e, const struct row_sink *sink,
                         struct progress *p)
{
    const struct scenario *s = e->scenario;
    size_t last = sink->all ? s->precision.max : 1;
    struct arena *a = arena_new();

    while (e->n < last && !interrupted) {
        size_t v = 0;

        grow(e, e->n + 1);
        for (; v < s->nvariants && !interrupted; v++) {
            run_one(a, sink, v, e->n, e);
            progress_show(p, e->n * s->nvariants + v + 1);
        }
        e->n += v == s->nvariants;
        if (sink->all && s->until != METRIC_COUNT && precise_enough(e))
            break;
    }
    arena_free(a);
}

/* Where the next round ends: where the stopping rule looks next, or after
 * enough jobs to keep the threads busy. */
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

/* Processors that this program may use. */
static size_t processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 ? (size_t)n : 1;
}

double *experiment_series(const struct experiment *e, struct arena *a,
                          size_t v, enum metric m)
{
    double *x = arena_many(a, double, e->n + 1);
    size_t variants = e->scenario->nvariants;

    for (size_t r = 0; r < e->n; r++)
        x[r] = e->values[(r * variants + v) * METRIC_COUNT + m];
    return x;
}

/* Are all strategies known as precisely as asked for?  Looks only where
 * stats/stop.h does. */
static bool precise_enough(struct experiment *e)
{
    const struct scenario *s = e->scenario;
    struct arena *a = arena_new();
    const double **x = arena_many(a, const double *, s->nvariants);
    bool stop;

    for (size_t v = 0; v < s->nvariants; v++)
        x[v] = experiment_series(e, a, v, s->until);
    stop = stop_at(&s->precision, x, s->nvariants, e->n) == e->n;
    if (stop)
        e->precise = stop_reached(&s->precision, x, s->nvariants, e->n);
    arena_free(a);
    return stop;
}

/* The values that are defined, to the front of x; returns how many. */
static size_t keep_defined(double *x, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            x[kept++] = x[i];
    return kept;
}

struct interval experiment_interval(const struct experiment *e,
                                    struct arena *a, size_t v, enum metric m)
{
    double *x = experiment_series(e, a, v, m);
    size_t n = keep_defined(x, e->n);

    return ci_mean_ruled(x, n, e->scenario->confidence,
                         e->scenario->variants[v].spec->seed);
}

static void free_arrays(void *arg)
{
    struct experiment *e = arg;

    free(e->values);
    free(e->digests);
}

void experiment_run(struct app *app, const struct scenario *s,
                    const struct row_sink *sink, struct experiment *out)
{
    struct progress p;

    size_t threads = app->o.jobs > 0 ? (size_t)app->o.jobs : processors();

    *out = (struct experiment){ .scenario = s, .arena = app->arena,
                                .precise = true };
    arena_on_free(app->arena, free_arrays, out);
    catch_signals();
    progress_start(&p, app, s->precision.max * s->nvariants);
    if (sink)
        run_recorded(out, sink, &p);
    while (out->n < s->precision.max && !interrupted &&
           !(sink && sink->all)) {
        run_round(out, round_end(out), threads, &p);
        if (s->until != METRIC_COUNT && precise_enough(out))
            break;
    }
    progress_end(&p);
    out->interrupted = interrupted;
}

uint64_t experiment_digest(const struct experiment *e, size_t v)
{
    uint64_t hash = FNV_START;

    for (size_t r = 0; r < e->n; r++) {
        uint64_t d = e->digests[r * e->scenario->nvariants + v];

        hash = fnv64(hash, &d, sizeof(d));
    }
    return hash;
}

/* ---- verdict ------------------------------------------------------------- */

/* Judge the promises and expectations of one strategy into *missed and
 * *undecided. */
static void judge(const struct experiment *e, size_t v, struct arena *a,
                  bool *missed, bool *undecided)
{
    const struct scenario *s = e->scenario;

    for (size_t i = 0; i < s->npromises; i++) {
        const struct promise *p = &s->promises[i];
        enum verdict d = promise_verdict(p, experiment_interval(e, a, v,
                                                                p->metric));

        *missed |= d == VERDICT_MISSED;
        *undecided |= d == VERDICT_UNDECIDED;
    }
    for (size_t i = 0; i < s->nexpectations; i++) {
        const struct expectation *x = &s->expectations[i];
        double *values = experiment_series(e, a, v, x->metric);

        for (size_t r = 0; r < e->n; r++)
            *missed |= !expectation_holds(x, values[r]);
    }
}

enum exit_code experiment_verdict(const struct experiment *e)
{
    struct arena *a = arena_new();
    bool missed = false, undecided = false;

    for (size_t v = 0; v < e->scenario->nvariants; v++)
        judge(e, v, a, &missed, &undecided);
    arena_free(a);
    if (e->interrupted)
        return (enum exit_code)(128 + e->interrupted);
    return missed ? EXIT_MISSED
           : undecided || !e->precise ? EXIT_UNDECIDED : EXIT_DONE;
}
