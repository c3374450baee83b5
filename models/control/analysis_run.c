/*
 * analysis_run.c - a run of an analysis: measure, count, judge.
 *
 * Each metric is measured at its own times; its phase follows from its
 * counters (analysis_count.c).  When one that is judged has ended badly,
 * nothing more is measured and the others end well.  The phase of the run is
 * the worst of those that are judged.
 *
 * A measurement takes no time here.  Runs are not objects of the API.
 * Source: argo-rollouts analysis/analysis.go at 9f8d111d; reference on
 * progressive delivery 1.13.
 */
#include "base/bug.h"
#include "models/analysis.h"
#include "models/world.h"

struct metric_state {
    const struct analysis_metric *m;
    struct analysis_counts counts;
    sim_time ended;             /* the last measurement */
};

struct analysis_run {
    struct world *w;
    const struct version *versions[3];
    struct metric_state *metrics;
    size_t n;
    sim_time started;
    enum analysis_phase phase;
    const char *message;
    void (*changed)(void *ctx, struct analysis_run *run);
    void *ctx;
    bool stopped;
};

/* ---- one measurement ---------------------------------------------------------- */

static enum analysis_answer judge(const char *condition,
                                  const struct analysis_result *r)
{
    const char *why;

    return condition ? analysis_condition(condition, r, &why) : ANSWER_UNSET;
}

static enum analysis_phase measure(struct analysis_run *run,
                                   const struct analysis_metric *m)
{
    struct analysis_result r = { 0 };
    struct seen_query q = m->query.seen;

    q.version = run->versions[q.of];
    r.any = (q.of == SEEN_OF_ALL || q.version) &&
            monitoring_read(run->w, &q, &r.value);
    if (m->query.success)
        r.value = 1 - r.value;
    r.value *= m->query.factor;
    if (!m->success && !m->failure)
        return ANALYSIS_SUCCESSFUL;
    return analysis_evaluate(judge(m->success, &r), judge(m->failure, &r));
}

static void count(struct analysis_counts *c, enum analysis_phase p)
{
    c->last = p;
    c->taken += p != ANALYSIS_ERROR;
    c->failed += p == ANALYSIS_FAILED;
    c->inconclusive += p == ANALYSIS_INCONCLUSIVE;
    c->consecutive_error = p == ANALYSIS_ERROR ? c->consecutive_error + 1 : 0;
    c->consecutive_success = p == ANALYSIS_SUCCESSFUL
                                 ? c->consecutive_success + 1 : 0;
}

/* ---- phases --------------------------------------------------------------------- */

static bool is_bad(enum analysis_phase p)
{
    return p >= ANALYSIS_INCONCLUSIVE;
}

static const char *reason_of(struct arena *a, const struct metric_state *s)
{
    const struct analysis_counts *c = &s->counts;
    const struct analysis_limits *l = &s->m->limits;

    if (c->phase == ANALYSIS_ERROR)
        return arena_printf(a, "Metric \"%s\" assessed Error due to "
                            "consecutiveErrors (%d) > consecutiveErrorLimit "
                            "(%d)", s->m->name, c->consecutive_error,
                            l->consecutive_error);
    if (c->phase == ANALYSIS_FAILED && c->failed > l->failure)
        return arena_printf(a, "Metric \"%s\" assessed Failed due to failed "
                            "(%d) > failureLimit (%d)", s->m->name, c->failed,
                            l->failure);
    if (c->inconclusive > l->inconclusive)
        return arena_printf(a, "Metric \"%s\" assessed Inconclusive due to "
                            "inconclusive (%d) > inconclusiveLimit (%d)",
                            s->m->name, c->inconclusive, l->inconclusive);
    return arena_printf(a, "Metric \"%s\" assessed %s: consecutiveSuccessLimit "
                        "(%d) was not reached", s->m->name,
                        analysis_phase_names[c->phase],
                        l->consecutive_success);
}

static bool any_bad(const struct analysis_run *run)
{
    for (size_t i = 0; i < run->n; i++)
        if (!run->metrics[i].m->dry && is_bad(run->metrics[i].counts.phase))
            return true;
    return false;
}

static enum analysis_phase worst(const struct analysis_run *run)
{
    enum analysis_phase p = ANALYSIS_SUCCESSFUL;

    for (size_t i = 0; i < run->n; i++)
        if (!run->metrics[i].m->dry &&
            analysis_worse(p, run->metrics[i].counts.phase))
            p = run->metrics[i].counts.phase;
    return p == ANALYSIS_PENDING ? ANALYSIS_RUNNING : p;
}

static void conclude(struct analysis_run *run)
{
    enum analysis_phase p;

    if (any_bad(run))
        for (size_t i = 0; i < run->n; i++)
            run->metrics[i].counts.phase = analysis_metric_phase(
                &run->metrics[i].m->limits, &run->metrics[i].counts, true);
    p = worst(run);
    for (size_t i = 0; i < run->n && !run->message && is_bad(p); i++)
        if (!run->metrics[i].m->dry && run->metrics[i].counts.phase == p)
            run->message = reason_of(run->w->arena, &run->metrics[i]);
    if (p == run->phase)
        return;
    run->phase = p;
    run->changed(run->ctx, run);
}

/* ---- time --------------------------------------------------------------------------- */

static struct analysis_timing timing_of(const struct analysis_run *run,
                                        const struct metric_state *s)
{
    sim_time now = world_now(run->w);

    return (struct analysis_timing){
        .interval = s->m->interval, .initial_delay = s->m->initial_delay,
        .started = (now - run->started) / SIM_S,
        .last = (now - s->ended + SIM_S - 1) / SIM_S,   /* > is meant */
        .resume = ANALYSIS_NEVER,
    };
}

/* When this metric is looked at again; SIM_NEVER if not. */
static sim_time next_of(const struct analysis_run *run,
                        const struct metric_state *s)
{
    struct analysis_timing t = timing_of(run, s);
    bool first = s->counts.last == ANALYSIS_NONE;
    int64_t wait;

    t.started = ANALYSIS_NEVER;
    t.last = 0;
    wait = analysis_wait(&s->m->limits, &s->counts, &t);
    if (wait == ANALYSIS_NEVER)
        return SIM_NEVER;
    return first ? run->started + wait * SIM_S : s->ended + wait * SIM_S + 1;
}

static void tick(struct analysis_run *run);

static void fire_tick(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    tick(subject);
}

static const struct event_kind ev_tick = {
    .name = "analysis", .rank = RANK_SYNC, .fire = fire_tick,
};

static void tick(struct analysis_run *run)
{
    sim_time next = SIM_NEVER, now = world_now(run->w);
    bool stopping = run->stopped || any_bad(run);

    if (run->stopped)
        return;
    for (size_t i = 0; i < run->n; i++) {
        struct metric_state *s = &run->metrics[i];
        struct analysis_timing t = timing_of(run, s);

        if (analysis_due(&s->m->limits, &s->counts, &t, stopping)) {
            count(&s->counts, measure(run, s->m));
            s->ended = now;
        }
        s->counts.phase = analysis_metric_phase(&s->m->limits, &s->counts,
                                                stopping);
    }
    conclude(run);
    for (size_t i = 0; i < run->n && !any_bad(run); i++) {
        sim_time at = next_of(run, &run->metrics[i]);

        next = at < next ? at : next;
    }
    if (next != SIM_NEVER)
        sim_at(run->w->sim, next > now ? next : now + 1, &ev_tick, run, 0);
}

/* ---- for controllers ------------------------------------------------------------------ */

struct analysis_run *analysis_start(struct world *w,
                                    const struct analysis_plan *plan,
                                    const struct version *const versions[3],
                                    void (*changed)(void *ctx,
                                                    struct analysis_run *run),
                                    void *ctx)
{
    struct analysis_run *run = arena_make(w->arena, struct analysis_run);

    run->w = w;
    for (int i = 0; i < 3; i++)
        run->versions[i] = versions[i];
    run->n = plan->metrics.len;
    run->metrics = arena_many(w->arena, struct metric_state, run->n);
    for (size_t i = 0; i < run->n; i++)
        run->metrics[i].m = &plan->metrics.items[i];
    run->started = world_now(w);
    run->phase = ANALYSIS_RUNNING;
    run->changed = changed;
    run->ctx = ctx;
    sim_at(w->sim, run->started, &ev_tick, run, 0);
    return run;
}

enum analysis_phase analysis_run_phase(const struct analysis_run *run)
{
    return run->phase;
}

const char *analysis_run_message(const struct analysis_run *run)
{
    return run->message;
}

void analysis_stop(struct analysis_run *run)
{
    run->stopped = true;
}
