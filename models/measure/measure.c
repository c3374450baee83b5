/*
 * measure.c - requests: outcomes, latencies, users, exposure.
 *
 * Only requests sent in the measured time count.  A request counts once, by
 * its final outcome; as exposed if the new version accepted any attempt of
 * it.  Latency runs from the intended arrival to the answer, over all
 * attempts.  A user sees a flip when a pod of another version than last time
 * accepts a request of his.  A sticky user keeps a session in the memory of
 * his pod; it is lost when another one, or its next run, serves him.
 */
#include "models/measure.h"

#include <stdlib.h>
#include <string.h>

#include "measure_impl.h"
#include "models/monitoring.h"

#define CHAINS 10000            /* failures whose causes are told */

void measure_new(struct world *w)
{
    struct measure *m;

    if (w->place > 0) {
        w->measure = clusters_first(w)->measure;
        return;
    }
    m = arena_make(w->arena, struct measure);
    w->measure = m;
    m->w = w;
    m->from = w->spec->warmup;
    m->end = m->from + w->spec->duration;
    hist_init(&m->latency, w->arena);
    rollout_new(m);
    window_new(m);
}

static bool is_measured(const struct measure *m, const struct ask *a)
{
    return a->sent >= m->from;
}

void measure_sent(struct world *w, const struct sender *s, sim_time sent)
{
    struct measure *m = w->measure;

    if (sent < m->from)
        return;
    m->requests++;
    if (w->record.rows)
        window_sent(m, w, s, sent);
}

/* ---- users -------------------------------------------------------------- */

static struct per_user *users_of(struct measure *m, const struct sender *s)
{
    struct arena *a = m->w->arena;
    struct per_user *u;

    if (!m->users)
        m->users = arena_many(a, struct per_user, traffic_sending(m->w));
    u = &m->users[sender_index(s)];
    if (!u->saw) {
        u->saw = arena_many(a, uint16_t, (size_t)sender_users(s));
        u->exposed = arena_many(a, uint8_t, (size_t)sender_users(s));
        m->have_users = true;
        if (sender_sticky(s)) {
            u->sessions = arena_many(a, struct visit,
                                     (size_t)sender_users(s));
            m->have_sessions = true;
        }
    }
    return u;
}

/* The user goes where a is served; is that another process than last time? */
static bool visit_another(struct visit *last, const struct ask *a)
{
    const struct process *p = server_process(a->server);
    bool another = last->process && (last->process != p ||
                                     last->run != p->run);

    *last = (struct visit){ .process = p, .run = p->run };
    return another;
}

static void served_user(struct measure *m, const struct ask *a,
                        const struct version *v)
{
    struct per_user *u = users_of(m, a->sender);
    uint16_t last = u->saw[a->user];
    bool lost = u->sessions && visit_another(&u->sessions[a->user], a);

    u->saw[a->user] = (uint16_t)v->index;
    if (!is_measured(m, a))
        return;
    m->flips += last != 0 && last != v->index;
    m->sessions_lost += lost;
    if (a->exposed && !u->exposed[a->user]) {
        u->exposed[a->user] = 1;
        m->exposed_users++;
    }
}

bool measure_accepted(struct world *w, const struct version *v, sim_time now)
{
    struct rollout *r = &w->measure->rollout;

    if (v != r->new_ || v == r->old)
        return false;
    r->last_new = now;
    return true;
}

void measure_served(struct world *w, struct ask *a)
{
    a->exposed |= measure_accepted(w, a->version, world_now(w));
    if (sender_users(a->sender) > 0)
        served_user(w->measure, a, a->version);
}

/* ---- outcomes ----------------------------------------------------------- */

static struct per_version *version_of(struct measure *m,
                                      const struct version *v)
{
    while (m->versions.len <= v->index)
        vec_push(m->w->arena, &m->versions, (struct per_version){ 0 });
    return &m->versions.items[v->index];
}

static void count_version(struct measure *m, const struct ask *a,
                          enum cause cause, sim_time end)
{
    const struct version *v = a->version;
    struct per_version *counts = version_of(m, v);
    struct rollout *r = &m->rollout;

    counts->requests++;
    if (cause == CAUSE_NONE)
        return;
    counts->failed++;
    if (r->new_ && v == r->new_ && v != r->old &&
        (r->first_bad == SIM_NEVER || end < r->first_bad))
        r->first_bad = end;
}

static void record_failure(struct world *w, const struct ask *a,
                           enum cause cause, sim_time end)
{
    struct failure_row row = {
        .at = a->sent, .source = sender_name(a->sender), .request = a->i,
        .version = a->version->name,
        .pod = server_pod(a->server), .cause = cause_names[cause],
        .node = traffic_node(w, a), .remark = traffic_remark(a, cause),
        .end = end,
    };

    if (w->record.failures.len < CHAINS)
        row.chain = traffic_chain(w, a, cause);
    vec_push(w->arena, &w->record.failures, row);
}

void measure_outcome(struct world *w, const struct ask *a, enum cause cause,
                     sim_time end)
{
    struct measure *m = w->measure;

    monitoring_outcome(w, a, cause, end);
    if (!is_measured(m, a))
        return;
    if (cause == CAUSE_NONE) {
        m->ok++;
        hist_add(&m->latency, end - a->sent);
    } else {
        m->failed[cause]++;
        if (w->record.rows)
            record_failure(w, a, cause, end);
    }
    m->first_failed += a->first_failed ||
                       (a->attempt == 0 && cause != CAUSE_NONE);
    m->exposed += a->exposed;
    count_version(m, a, cause, end);
    window_outcome(m, w, a, cause, end);
}

void measure_gathered(struct world *w, const struct ask *a, bool partial)
{
    struct measure *m = w->measure;

    m->have_partial = true;
    m->partial += partial && is_measured(m, a);
}

bool measure_brief(const struct world *w)
{
    return !w->monitoring && !w->record.rows;
}

void measure_answers(struct world *w, const struct version *v,
                     const struct answered *list, size_t n)
{
    struct measure *m = w->measure;
    int64_t ok = 0;

    for (size_t i = 0; i < n; i++) {
        if (list[i].sent < m->from)
            continue;
        ok++;
        hist_add(&m->latency, list[i].end - list[i].sent);
        m->exposed += list[i].exposed;
        window_answer(m, list[i].sent, list[i].end);
    }
    m->ok += ok;
    if (ok > 0)
        version_of(m, v)->requests += ok;
}

/* ---- the end ------------------------------------------------------------ */

static int by_time(const void *x, const void *y)
{
    const struct failure_row *a = x, *b = y;
    int order;

    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    order = strcmp(a->source, b->source);
    if (order)
        return order;
    return a->request < b->request ? -1 : a->request > b->request;
}

void measure_finish(struct world *w)
{
    struct measure *m = w->measure;
    struct record *record = &w->record;

    for (size_t i = 0; i < clusters_count(w); i++)
        traffic_close(clusters_at(w, i));
    outage_count(m);
    window_finish(m);
    for (size_t i = 0; i < clusters_count(w); i++)
        record_finish(clusters_at(w, i));
    record_unite(w);
    if (record->failures.len > 0)
        qsort(record->failures.items, record->failures.len,
              sizeof(*record->failures.items), by_time);
}
