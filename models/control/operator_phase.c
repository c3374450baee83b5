/*
 * operator_phase.c - an operator brings a change about, phase by phase.
 *
 * A phase is work that takes time (a backup, a change of schema, a check), or
 * `roll`: the objects are written and waited for.  Work is tried again after
 * 10 s, 20 s, ... (at most 6 min), as a Job is, up to its backoffLimit; a check
 * fails for good as soon as its condition holds in what monitoring says.  What
 * fails for good stops the change there, or rolls the objects back to what the
 * last resource said that came through; either way nothing more is done until
 * the spec of the resource changes again.  A change of the spec while one is
 * under way starts from the first phase.
 */
#include <string.h>

#include "base/text.h"
#include "operator_impl.h"
#include "models/measure.h"
#include "models/world.h"

#define BACKOFF_FIRST (10 * SIM_S)
#define BACKOFF_MOST (360 * SIM_S)

const struct operator_phase *operator_phase_at(const struct operator *o,
                                               int step)
{
    const struct operator_phase *phases = o->spec->phases.items;

    return step >= 0 && (size_t)step < o->spec->phases.len ? &phases[step]
                                                           : NULL;
}

void operator_luck(const struct operator *o, const struct meta *m,
                   const struct custom_status *st, struct stream *out)
{
    uint64_t entity = fnv64(FNV_START, o->spec->name, strlen(o->spec->name));

    entity = fnv64(entity, m->name, strlen(m->name));
    entity = fnv64(entity, m->space, strlen(m->space));
    entity = fnv64(entity, &st->working, sizeof(st->working));
    entity = fnv64(entity, &st->step, sizeof(st->step));
    entity = fnv64(entity, &st->failures, sizeof(st->failures));
    world_stream(o->c.w, out, PURPOSE_RECONCILE, entity);
}

void operator_write(struct operator *o, struct sync *s, const struct meta *m,
                    const struct custom_status *st)
{
    struct meta *draft = api_draft(o->c.w->api, m);

    custom_of(draft)->status = *st;
    sync_update_status(s, draft);
}

/* ---- what is told ------------------------------------------------------- */

void operator_tell(struct operator *o, const struct meta *before,
                   const struct meta *after)
{
    const struct custom_status *a = &custom_seen(after)->status;
    const struct custom_status *b = before ? &custom_seen(before)->status
                                           : NULL;

    if (!a->phase || (b && b->step == a->step && b->working == a->working &&
                      b->failures == a->failures))
        return;
    if (b && a->failures > b->failures && a->step == b->step)
        controller_event(&o->c, after, "Warning", "PhaseFailed", "%s failed, "
                         "try %d", a->phase, a->failures);
    else if (a->step == STEP_DONE && a->good == custom_seen(after)->raw)
        controller_event(&o->c, after, "Normal", "Reconciled", "generation "
                         "%lld is in place", (long long)a->working);
    else if (a->step == STEP_DONE || a->step == STEP_ROLLING_BACK)
        controller_event(&o->c, after, "Warning", a->phase, "generation %lld: "
                         "%s", (long long)a->working, a->failed);
    else
        controller_event(&o->c, after, "Normal", "PhaseStarted", "%s of "
                         "generation %lld", a->phase, (long long)a->working);
}

/* ---- from phase to phase ------------------------------------------------ */

bool operator_is_rolling(const struct operator *o, const struct meta *m)
{
    const struct custom_status *st = &custom_seen(m)->status;
    const struct operator_phase *p = operator_phase_at(o, st->step);

    return st->step == STEP_ROLLING_BACK || (p && p->roll);
}

/* Enter the first phase from `step` on that concerns the resource: of a new
 * one only those that roll out.  None: it is done. */
static void enter(const struct operator *o, const struct meta *m,
                  struct custom_status *st, int step)
{
    const struct operator_phase *p;

    while ((p = operator_phase_at(o, step)) && !st->good && !p->roll)
        step++;
    st->failures = 0;
    st->since = world_now(o->c.w);
    st->step = p ? step : STEP_DONE;
    st->phase = p ? p->name : "Ready";
    if (p && p->roll)
        st->applied = custom_seen(m)->raw;
    if (p)
        return;
    st->good = custom_seen(m)->raw;
    st->observed_generation = st->working;
}

/* The phase has failed for good. */
static void give_up(struct operator *o, const struct operator_phase *p,
                    struct custom_status *st, const char *why)
{
    bool back = p->on_failure == FAILURE_ROLLBACK && st->good;

    st->failures = 0;
    st->since = world_now(o->c.w);
    st->failed = arena_printf(o->c.w->arena, "%s: %s", p->name, why);
    st->step = back ? STEP_ROLLING_BACK : STEP_DONE;
    st->phase = back ? "RollingBack" : "Failed";
    if (back) {
        st->applied = st->good;
        measure_rollback_decided(o->c.w);
    } else {
        st->observed_generation = st->working;
    }
}

/* ---- work --------------------------------------------------------------- */

static sim_time pause_after(int failures)
{
    sim_time pause = BACKOFF_FIRST << (failures < 6 ? failures - 1 : 6);

    return pause < BACKOFF_MOST ? pause : BACKOFF_MOST;
}

/* Is the condition for failing true?  Returns the reason. */
static const char *verdict(struct operator *o, const struct operator_phase *p)
{
    double value;

    if (!p->fails_when || !guard_holds(o->c.w, &p->condition, &value))
        return NULL;
    return arena_printf(o->c.w->arena, "%s: %.4g seen", p->fails_when, value);
}

/* A try is over.  True: it was in vain, and another one follows. */
static bool try_again(struct operator *o, const struct operator_phase *p,
                      struct custom_status *st, struct stream *luck)
{
    if (stream_u01(luck) >= p->fails)
        return false;
    st->failures++;
    if (st->failures <= p->backoff_limit)
        st->since = world_now(o->c.w) + pause_after(st->failures);
    return true;
}

static void work(struct operator *o, struct sync *s, const struct meta *m,
                 const struct operator_phase *p)
{
    struct custom_status st = custom_seen(m)->status;
    sim_time now = world_now(o->c.w), end;
    const char *why = verdict(o, p);
    struct stream luck;

    operator_luck(o, m, &st, &luck);
    end = st.since + dist_draw(&p->takes, &luck);
    if (!why && now < end) {
        sync_requeue_after(s, end - now);
        if (p->fails_when)
            sync_requeue_after(s, o->c.w->spec->cluster.monitoring.scrape);
        return;
    }
    if (why)
        give_up(o, p, &st, why);
    else if (!try_again(o, p, &st, &luck))
        enter(o, m, &st, st.step + 1);
    else if (st.failures > p->backoff_limit)
        give_up(o, p, &st, "BackoffLimitExceeded");
    operator_write(o, s, m, &st);
}

/* ---- rolling ------------------------------------------------------------ */

static void roll(struct operator *o, struct sync *s, const struct meta *m,
                 const struct operator_phase *p)
{
    struct custom_status st = custom_seen(m)->status;
    sim_time now = world_now(o->c.w);
    const char *failed;
    bool done = operator_rolled_out(o, m, &failed);
    bool late = p->timeout > 0 && now >= st.since + p->timeout;

    if (!done && !failed && !late) {
        if (p->timeout > 0)
            sync_requeue_after(s, st.since + p->timeout - now);
        return;
    }
    if (done)
        enter(o, m, &st, st.step + 1);
    else
        give_up(o, p, &st, failed ? failed : "timed out");
    operator_write(o, s, m, &st);
}

static void roll_back(struct operator *o, struct sync *s,
                      const struct meta *m)
{
    struct custom_status st = custom_seen(m)->status;
    const char *failed;

    if (!operator_rolled_out(o, m, &failed))
        return;
    st.step = STEP_DONE;
    st.phase = "RolledBack";
    st.observed_generation = st.working;
    operator_write(o, s, m, &st);
}

void operator_advance(struct operator *o, struct sync *s,
                      const struct meta *m)
{
    struct custom_status st = custom_seen(m)->status;
    const struct operator_phase *p = operator_phase_at(o, st.step);

    if (st.working != m->generation) {
        st.working = m->generation;
        enter(o, m, &st, 0);
        operator_write(o, s, m, &st);
    } else if (st.step == STEP_ROLLING_BACK) {
        roll_back(o, s, m);
    } else if (p && p->roll) {
        roll(o, s, m, p);
    } else if (p) {
        work(o, s, m, p);
    }
}
