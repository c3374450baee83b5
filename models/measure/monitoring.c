/*
 * monitoring.c - counters, read now and then, told later.
 *
 * One exporter counts all requests; when within a scrape interval it is read
 * is drawn once.  A reading is a copy of all counters.  A version has a series
 * from its first request on, as counters with a version label have: what it
 * counted before the first reading is not seen as an increase.
 *
 * Not modelled: an exporter per proxy with its own phase, counters that start
 * again, extrapolation to the window's ends (it cancels in shares), the time
 * that a query takes.
 * Source: Prometheus' rate() and histogram_quantile(), client_golang's
 * DefBuckets; reference (progressive delivery) 3.6.
 */
#include "models/monitoring.h"

#include <string.h>

#include "base/vec.h"
#include "measure_impl.h"
#include "models/action.h"
#include "models/argo.h"
#include "models/pod.h"
#include "models/workload.h"

#define BUCKETS 11
/* Upper bounds, in ms; what is slower falls into the last one, +Inf. */
static const double bounds_ms[BUCKETS] = { 5, 10, 25, 50, 100, 250, 500, 1000,
                                           2500, 5000, 10000 };

struct counters {               /* of one version; [0]: of no pod */
    uint64_t requests, failed;
    uint64_t users, converted;  /* at their first outcome here */
    uint64_t buckets[BUCKETS + 1];
    int64_t ready, restarts;    /* pods */
};

struct reading {
    struct monitoring *of;
    sim_time at;
    struct counters *counters;
    size_t len;                 /* versions */
    struct trial_counts trial;
    unsigned trials;            /* which one that is; 0: none */
    bool deadline;              /* of the released workload */
};

struct subscriber {
    void (*told)(void *ctx);
    void *ctx;
};

struct monitoring {
    struct world *w;
    VEC(struct counters) now;   /* by version index */
    VEC(struct reading) readings;       /* that can be asked for */
    VEC(struct subscriber) subscribers;
    struct stream luck;
    struct visitors *visitors;
    bool lost;
};

/* ---- what is asked ------------------------------------------------------ */

static const struct {
    const char *name;
    bool windowed;
    double quantile;
} rows[SEEN_COUNT] = {
    [SEEN_REQUEST_RATE] = { "request_rate", true, 0 },
    [SEEN_ERROR_RATE] = { "error_rate", true, 0 },
    [SEEN_CONVERSION] = { "conversion", true, 0 },
    [SEEN_LATENCY_P50] = { "latency_p50", true, 0.50 },
    [SEEN_LATENCY_P95] = { "latency_p95", true, 0.95 },
    [SEEN_LATENCY_P99] = { "latency_p99", true, 0.99 },
    [SEEN_READY_REPLICAS] = { "ready_replicas", false, 0 },
    [SEEN_RESTARTS] = { "restarts", true, 0 },
    [SEEN_PROGRESS_DEADLINE] = { "progress_deadline", false, 0 },
};

const char *seen_name(enum seen what)
{
    return rows[what].name;
}

bool seen_windowed(enum seen what)
{
    return rows[what].windowed;
}

/* ---- counting ----------------------------------------------------------- */

static struct counters *counters_of(struct monitoring *m, size_t version)
{
    while (m->now.len <= version)
        vec_push(m->w->arena, &m->now, (struct counters){ 0 });
    return &m->now.items[version];
}

void monitoring_outcome(struct world *w, const struct ask *a, enum cause cause,
                        sim_time end)
{
    struct counters *c;
    double ms = (double)(end - a->sent) / 1e6;
    int i = 0;

    if (!w->monitoring)
        return;
    c = counters_of(w->monitoring, a->version->index);
    c->requests++;
    visitors_outcome(w->monitoring->visitors, a, cause, &c->users,
                     &c->converted);
    if (cause != CAUSE_NONE) {
        c->failed++;
        return;
    }
    while (i < BUCKETS && ms > bounds_ms[i])
        i++;
    c->buckets[i]++;
}

/* ---- reading ------------------------------------------------------------ */

static void count_pods(struct monitoring *m)
{
    struct world *w = m->w;

    for (size_t i = 0; i < m->now.len; i++)
        m->now.items[i].ready = m->now.items[i].restarts = 0;
    for (size_t i = 0; i < api_count(w->api, KIND_POD); i++) {
        const struct meta *meta = api_at(w->api, KIND_POD, i);
        const struct pod *p = pod_seen(meta);
        struct counters *c = counters_of(
            m, traffic_version(w, p->template)->index);

        c->ready += p->ready && !meta_deleting(meta);
        c->restarts += p->restarts;
    }
}

static bool deadline_exceeded(const struct world *w)
{
    const struct meta *m = w->spec->release.given ? release_target(w) : NULL;
    const struct condition *c;

    if (!m || (m->kind != KIND_DEPLOYMENT && m->kind != KIND_ROLLOUT))
        return false;
    c = m->kind == KIND_ROLLOUT ? &argo_seen(m)->progressing
                                : &deployment_seen(m)->progressing;
    return c->status == CONDITION_FALSE && c->reason &&
           strcmp(c->reason, "ProgressDeadlineExceeded") == 0;
}

static void fire_told(struct sim *sim, void *subject, int64_t arg)
{
    struct reading *r = subject;
    struct monitoring *m = r->of;

    (void)sim;
    (void)arg;
    if (m->readings.len > 0 &&
        m->readings.items[m->readings.len - 1].at > r->at)
        return;                 /* overtaken by a newer one */
    vec_push(m->w->arena, &m->readings, *r);
    for (size_t i = 0; i < m->subscribers.len; i++)
        m->subscribers.items[i].told(m->subscribers.items[i].ctx);
}

static const struct event_kind ev_told = { "monitoring.told", RANK_MEASURE,
                                           fire_told };

static void scrape(struct monitoring *m)
{
    struct world *w = m->w;
    struct reading *r = arena_make(w->arena, struct reading);

    traffic_settle(w);
    count_pods(m);
    r->of = m;
    r->at = world_now(w);
    r->len = m->now.len;
    r->counters = arena_many(w->arena, struct counters, r->len + 1);
    if (r->len > 0)
        memcpy(r->counters, m->now.items, r->len * sizeof(*r->counters));
    r->deadline = deadline_exceeded(w);
    r->trials = visitors_trial(m->visitors, &r->trial);
    sim_after(w->sim, dist_draw(&w->spec->cluster.monitoring.lag, &m->luck),
              &ev_told, r, 0);
}

static void fire_scrape(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_scrape = { "monitoring.scrape",
                                             RANK_MEASURE, fire_scrape };

static void fire_scrape(struct sim *sim, void *subject, int64_t arg)
{
    struct monitoring *m = subject;
    const struct monitoring_spec *s = &m->w->spec->cluster.monitoring;
    bool gone = stream_u01(&m->luck) < s->loss;

    (void)arg;
    if (!gone && !m->lost)
        scrape(m);
    sim_after(sim, s->scrape, &ev_scrape, m, 0);
}

void monitoring_start(struct world *w)
{
    struct monitoring *m;

    if (w->monitoring)
        return;
    if (w->traffic)             /* what was answered before does not count */
        traffic_settle(w);
    m = arena_make(w->arena, struct monitoring);
    w->monitoring = m;
    m->w = w;
    m->visitors = visitors_new(w);
    world_stream(w, &m->luck, PURPOSE_ANALYSIS, 0);
    sim_after(w->sim, (sim_time)(stream_u01(&m->luck) *
                                 (double)w->spec->cluster.monitoring.scrape),
              &ev_scrape, m, 0);
}

void monitoring_subscribe(struct world *w, void (*told)(void *ctx), void *ctx)
{
    struct subscriber s = { told, ctx };

    monitoring_start(w);
    vec_push(w->arena, &w->monitoring->subscribers, s);
}

void monitoring_lose(struct world *w, bool lost)
{
    if (w->monitoring)
        w->monitoring->lost = lost;
}

/* ---- answers ------------------------------------------------------------ */

/* Does a question about pods mean those of the application, or one about
 * requests all? */
static bool all_meant(const struct world *w, const struct seen_query *q,
                      size_t version)
{
    const struct rollout *r = &w->measure->rollout;

    if (q->what != SEEN_READY_REPLICAS && q->what != SEEN_RESTARTS)
        return true;
    return (r->old && r->old->index == version) ||
           (r->new_ && r->new_->index == version);
}

/* Does a question about the version mean this one? */
static bool is_meant(const struct world *w, const struct seen_query *q,
                     size_t version)
{
    const struct rollout *r = &w->measure->rollout;
    const struct version *v = q->version     ? q->version
                              : q->of == SEEN_OF_OLD ? r->old
                              : q->of == SEEN_OF_NEW ? r->new_
                                                     : NULL;

    if (!q->version && q->of == SEEN_OF_ALL)
        return all_meant(w, q, version);
    return v && v->index == version;
}

/* What a version has counted since `from`: nothing if it had no series yet. */
static void add_increase(struct counters *sum, const struct counters *from,
                         const struct counters *to)
{
    if (from->requests == 0)
        return;
    sum->requests += to->requests - from->requests;
    sum->failed += to->failed - from->failed;
    sum->users += to->users - from->users;
    sum->converted += to->converted - from->converted;
    for (int i = 0; i <= BUCKETS; i++)
        sum->buckets[i] += to->buckets[i] - from->buckets[i];
}

/* The first reading of the window in which the version has a series. */
static const struct counters *base_of(const struct monitoring *m, size_t first,
                                      size_t version)
{
    for (size_t i = first; i < m->readings.len; i++) {
        const struct reading *r = &m->readings.items[i];

        if (version < r->len && r->counters[version].requests > 0)
            return &r->counters[version];
    }
    return NULL;
}

/* Restarts do not wait for a series: pods have one from their first reading.
 * Pods that are gone take theirs along. */
static int64_t new_restarts(const struct reading *from,
                            const struct reading *to, size_t version)
{
    int64_t before = version < from->len ? from->counters[version].restarts
                                         : 0;
    int64_t more = to->counters[version].restarts - before;

    return more > 0 ? more : 0;
}

/* histogram_quantile, in seconds; false without observations. */
static bool quantile(const struct counters *c, double q, double *value)
{
    uint64_t total = 0;
    double rank, below = 0, low = 0;

    for (int i = 0; i <= BUCKETS; i++)
        total += c->buckets[i];
    if (total == 0)
        return false;
    rank = q * (double)total;
    for (int i = 0; i < BUCKETS; i++) {
        double here = (double)c->buckets[i];

        if (below + here >= rank && here > 0) {
            *value = (low + (bounds_ms[i] - low) * (rank - below) / here) /
                     1000;
            return true;
        }
        below += here;
        low = bounds_ms[i];
    }
    *value = bounds_ms[BUCKETS - 1] / 1000;
    return true;
}

/* The answer from the sum over the versions that are meant. */
static bool answer(const struct seen_query *q, const struct counters *sum,
                   sim_time span, double *value)
{
    switch (q->what) {
    case SEEN_REQUEST_RATE:
        *value = (double)sum->requests / ((double)span / (double)SIM_S);
        return true;
    case SEEN_ERROR_RATE:
        *value = (double)sum->failed / (double)sum->requests;
        return sum->requests > 0;
    case SEEN_CONVERSION:
        *value = (double)sum->converted / (double)sum->users;
        return sum->users > 0;
    case SEEN_RESTARTS:
        *value = (double)sum->restarts;
        return true;
    default:
        return quantile(sum, rows[q->what].quantile, value);
    }
}

/* The oldest reading in the window. */
static size_t window_starts(const struct monitoring *m, sim_time window)
{
    sim_time from = world_now(m->w) - window;
    size_t i = m->readings.len;

    while (i > 0 && m->readings.items[i - 1].at >= from)
        i--;
    return i;
}

static bool over_window(const struct monitoring *m, const struct seen_query *q,
                        double *value)
{
    size_t first = window_starts(m, q->window), n = m->readings.len;
    struct counters sum = { 0 };
    const struct reading *from, *to;

    if (first + 1 >= n)
        return false;
    from = &m->readings.items[first];
    to = &m->readings.items[n - 1];
    for (size_t v = 0; v < to->len; v++) {
        const struct counters *base = base_of(m, first, v);

        if (!is_meant(m->w, q, v))
            continue;
        if (base)
            add_increase(&sum, base, &to->counters[v]);
        sum.restarts += new_restarts(from, to, v);
    }
    return answer(q, &sum, to->at - from->at, value);
}

bool monitoring_read(struct world *w, const struct seen_query *q,
                     double *value)
{
    const struct monitoring *m;
    const struct reading *newest;

    monitoring_start(w);
    m = w->monitoring;
    if (rows[q->what].windowed)
        return over_window(m, q, value);
    if (m->readings.len == 0)
        return false;
    newest = &m->readings.items[m->readings.len - 1];
    *value = newest->deadline;
    if (q->what == SEEN_PROGRESS_DEADLINE)
        return true;
    *value = 0;
    for (size_t v = 1; v < newest->len; v++)
        if (is_meant(w, q, v))
            *value += (double)newest->counters[v].ready;
    return true;
}

static const struct reading *newest_of(const struct world *w)
{
    const struct monitoring *m = w->monitoring;

    return m && m->readings.len > 0 ? &m->readings.items[m->readings.len - 1]
                                    : NULL;
}

void monitoring_trial(struct world *w, const char *key, const char *value)
{
    monitoring_start(w);
    visitors_try(w->monitoring->visitors, key, value);
}

bool monitoring_trial_read(const struct world *w, struct trial_counts *out)
{
    const struct reading *r = newest_of(w);
    struct trial_counts unused;

    if (!r || r->trials == 0 ||
        r->trials != visitors_trial(w->monitoring->visitors, &unused))
        return false;
    *out = r->trial;
    return true;
}

bool monitoring_total(const struct world *w, enum seen what, enum seen_of of,
                      struct arm *out)
{
    const struct seen_query q = { .what = what, .of = of };
    const struct reading *r = newest_of(w);

    *out = (struct arm){ 0 };
    for (size_t v = 0; r && v < r->len; v++) {
        const struct counters *c = &r->counters[v];
        bool users = what == SEEN_CONVERSION;

        if (!is_meant(w, &q, v))
            continue;
        out->n += users ? c->users : c->requests;
        out->good += users ? c->converted : c->requests - c->failed;
    }
    return r != NULL;
}
