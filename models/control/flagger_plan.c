/*
 * flagger_plan.c - one tick of a Canary.
 *
 * Phases: Initialized -> Progressing (weights, or iterations) -> Promoting
 * (the primary rolls with its own strategy; then traffic goes back) ->
 * Finalising -> Succeeded; or Failed after `threshold` failed checks, which
 * are counted over the whole analysis.  Every transition costs a tick.  A
 * canary that is not ready is waited for, and no check is counted.
 *
 * Not modelled: gates and hooks (refused, or taken to pass: see the object);
 * session affinity; copies of ConfigMaps and Secrets.
 * Source: flagger pkg/controller/scheduler.go, scheduler_hooks.go,
 * pkg/canary/deployment_ready.go at 15bd6ad5; reference 2.3, 2.4.
 */
#include "models/flagger.h"

#include "base/text.h"

const char *const flagger_phase_names[10] = {
    "Initializing", "Initialized", "Waiting", "Progressing",
    "WaitingPromotion", "Promoting", "Finalising", "Succeeded", "Failed", NULL
};

void flagger_copy_status(struct flagger *to, const struct flagger *from)
{
    to->phase = from->phase;
    to->weight = from->weight;
    to->iteration = from->iteration;
    to->failed_checks = from->failed_checks;
    to->mirrored = from->mirrored;
    to->applied = from->applied;
    to->moved = from->moved;
}

/* ---- arithmetic ------------------------------------------------------------- */

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* What is added to weight w next. */
static int next_step(const struct flagger *f, int w)
{
    if (f->step_weight > 0 || f->nsteps == 0)
        return f->step_weight;
    if (w == FLAGGER_TOTAL)
        return 1;
    if (w == 0)
        return least(FLAGGER_TOTAL, f->step_weights[0]);
    for (size_t i = 0; i + 1 < f->nsteps; i++)
        if (f->step_weights[i] == w)
            return least(FLAGGER_TOTAL - w, f->step_weights[i + 1] - w);
    return FLAGGER_TOTAL - w;
}

/* Where weights stop to grow: one may pass it. */
static int most_weight(const struct flagger *f)
{
    if (f->nsteps > 0)
        return least(FLAGGER_TOTAL, f->step_weights[f->nsteps - 1]);
    return f->max_weight > 0 ? f->max_weight : FLAGGER_TOTAL;
}

struct flagger_ready flagger_pods_ready(const struct flagger_pods *p,
                                        int threshold)
{
    bool wait = !p->starved;

    if (p->stale)
        return (struct flagger_ready){ false, true };
    if (p->exceeded)
        return (struct flagger_ready){ false, false };
    if ((p->replicas >= 0 && p->updated < p->replicas) ||
        p->existing > p->updated ||
        p->available < p->updated * threshold / 100)
        return (struct flagger_ready){ false, wait };
    return (struct flagger_ready){ true, true };
}

/* ---- what a tick does --------------------------------------------------------- */

static void act(struct flagger_plan *p, enum flagger_verb verb)
{
    p->verbs[p->nverbs++] = verb;
}

static void note(struct flagger_plan *p, const struct flagger_sight *s,
                 const char *text)
{
    vec_push(s->arena, &p->notes, text);
}

static void enter(struct flagger_plan *p, enum flagger_phase phase)
{
    p->f.phase = phase;
}

static void route(struct flagger_plan *p, int weight, bool mirrored)
{
    p->f.weight = weight;
    p->f.mirrored = mirrored;
    act(p, FLAGGER_ROUTE);
}

static const char *of_target(const struct flagger *f,
                             const struct flagger_sight *s, const char *what)
{
    return arena_printf(s->arena, "%s %s.%s", what, f->target,
                        f->meta.space);
}

static void roll_back(struct flagger_plan *p, const struct flagger_sight *s,
                      const char *why)
{
    note(p, s, arena_printf(s->arena, "Rolling back %s.%s %s",
                                  p->f.target, p->f.meta.space, why));
    route(p, 0, false);
    act(p, FLAGGER_SCALE_DOWN);
    enter(p, FLAGGER_FAILED);
    p->rolled_back = true;
    note(p, s, arena_printf(s->arena, "Canary failed! Scaling down %s.%s",
                                  p->f.target, p->f.meta.space));
}

/* Counters at 0, all requests to the primary. */
static void restart(struct flagger_plan *p, const struct flagger_sight *s)
{
    p->f.applied = s->revision;
    p->f.weight = p->f.iteration = p->f.failed_checks = 0;
    p->f.mirrored = false;
    enter(p, FLAGGER_PROGRESSING);
}

static void promote(struct flagger_plan *p, const struct flagger_sight *s)
{
    note(p, s, arena_printf(s->arena, "Copying %s.%s template spec to "
                                   "%s-primary.%s", p->f.target,
                                   p->f.meta.space, p->f.target,
                                   p->f.meta.space));
    act(p, FLAGGER_PROMOTE);
    enter(p, FLAGGER_PROMOTING);
}

static void succeed(struct flagger_plan *p, const struct flagger_sight *s)
{
    act(p, FLAGGER_SCALE_DOWN);
    enter(p, FLAGGER_SUCCEEDED);
    p->succeeded = true;
    note(p, s, arena_printf(s->arena, "Promotion completed! Scaling "
                                   "down %s.%s", p->f.target,
                                   p->f.meta.space));
}

/* ---- phases ------------------------------------------------------------------------ */

static bool rests(enum flagger_phase phase)
{
    return phase == FLAGGER_INITIALIZED || phase == FLAGGER_SUCCEEDED ||
           phase == FLAGGER_FAILED;
}

static void initialise(struct flagger_plan *p, const struct flagger_sight *s)
{
    p->f.applied = s->revision;
    act(p, FLAGGER_SCALE_DOWN);
    act(p, FLAGGER_ROUTE);
    enter(p, FLAGGER_INITIALIZED);
    note(p, s, of_target(&p->f, s, "Initialization done!"));
}

static void begin(struct flagger_plan *p, const struct flagger_sight *s)
{
    note(p, s, of_target(&p->f, s, "New revision detected! Scaling "
                                          "up"));
    act(p, FLAGGER_SCALE_UP);
    restart(p, s);
    p->started = true;
}

/* The primary will not become ready by itself. */
static void primary_failed(struct flagger_plan *p,
                           const struct flagger_sight *s)
{
    if (p->f.phase == FLAGGER_PROMOTING || p->f.phase == FLAGGER_FINALISING) {
        route(p, FLAGGER_TOTAL, false);
        enter(p, FLAGGER_FAILED);
        note(p, s, arena_printf(s->arena, "%s-primary.%s has failed: "
                                      "all traffic is routed to the canary",
                                      p->f.target, p->f.meta.space));
    } else if (!rests(p->f.phase)) {
        roll_back(p, s, "primary failed");
    }
}

/* Traffic goes back to the primary, at once or by stepWeightPromotion. */
static void traffic_back(struct flagger_plan *p,
                         const struct flagger_sight *s)
{
    int left = p->f.step_promotion > 0 ? p->f.weight - p->f.step_promotion
                                       : 0;

    route(p, left > 0 ? left : 0, false);
    if (p->f.weight > 0)
        return;
    enter(p, FLAGGER_FINALISING);
    note(p, s, "Routing all traffic to primary");
}

/* ---- checks and steps ----------------------------------------------------------------- */

static bool checks_pass(struct flagger_plan *p, const struct flagger_sight *s)
{
    const struct flagger *f = &p->f;
    const char *why = "";

    if (f->weight == 0 && f->iteration == 0 && !f->mirrored) {
        note(p, s, of_target(f, s, "Starting canary analysis for"));
        return true;
    }
    for (size_t i = 0; i < f->nmetrics; i++) {
        if (s->check(s->ctx, i, &why))
            continue;
        note(p, s, arena_printf(s->arena, "Halt advancement %s", why));
        return false;
    }
    return true;
}

static bool is_ab(const struct flagger *f)
{
    return f->nmatches > 0 && f->iterations > 0 &&
           f->provider != FLAGGER_KUBERNETES;
}

static void count_iteration(struct flagger_plan *p,
                            const struct flagger_sight *s)
{
    p->f.iteration++;
    note(p, s, arena_printf(s->arena, "Advance %s.%s canary iteration "
                                   "%d/%d", p->f.target, p->f.meta.space,
                                   p->f.iteration, p->f.iterations));
}

static void step_ab(struct flagger_plan *p, const struct flagger_sight *s)
{
    if (p->f.iteration >= p->f.iterations) {
        promote(p, s);
        return;
    }
    route(p, FLAGGER_TOTAL, false);     /* of those that match */
    count_iteration(p, s);
}

static void step_blue_green(struct flagger_plan *p,
                            const struct flagger_sight *s)
{
    struct flagger *f = &p->f;

    if (f->iteration < f->iterations) {
        if (f->mirror)
            route(p, 0, true);
        count_iteration(p, s);
    } else if (f->iteration == f->iterations) {
        if (f->provider != FLAGGER_KUBERNETES) {
            route(p, FLAGGER_TOTAL, false);
            note(p, s, "Routing all traffic to canary");
        }
        f->iteration++;
    } else {
        promote(p, s);
    }
}

static void step_canary(struct flagger_plan *p, const struct flagger_sight *s)
{
    struct flagger *f = &p->f;
    int step = next_step(f, f->weight);

    if (step <= 0)
        return;
    if (f->weight >= most_weight(f)) {
        promote(p, s);
        return;
    }
    if (f->mirror && f->weight == 0 && !f->mirrored)
        route(p, 0, true);
    else
        route(p, least(FLAGGER_TOTAL, f->weight + step), false);
    note(p, s, arena_printf(s->arena, "Advance %s.%s canary weight %d",
                                   f->target, f->meta.space, f->weight));
}

static void analyse(struct flagger_plan *p, const struct flagger_sight *s)
{
    if (!checks_pass(p, s)) {
        p->f.failed_checks++;
        return;
    }
    if (is_ab(&p->f))
        step_ab(p, s);
    else if (p->f.iterations > 0)
        step_blue_green(p, s);
    else
        step_canary(p, s);
}

/* ---- the tick ------------------------------------------------------------------------ */

/* A rollout goes on, and both sides could be looked at. */
static void advance(struct flagger_plan *p, const struct flagger_sight *s)
{
    struct flagger *f = &p->f;

    if (f->skip_analysis) {
        promote(p, s);
        route(p, 0, false);
        succeed(p, s);
    } else if (f->phase == FLAGGER_PROMOTING) {
        traffic_back(p, s);
    } else if (f->phase == FLAGGER_FINALISING) {
        succeed(p, s);
    } else if (f->failed_checks >= f->threshold) {
        roll_back(p, s, "failed checks threshold reached");
    } else {
        analyse(p, s);
    }
}

static void tick(struct flagger_plan *p, const struct flagger_sight *s)
{
    struct flagger *f = &p->f;
    bool resting = rests(f->phase);

    if (f->suspend || (resting && f->applied == s->revision))
        return;
    if (!s->primary.ready) {
        if (!s->primary.retriable)
            primary_failed(p, s);
    } else if (f->phase == FLAGGER_INITIALIZING) {
        initialise(p, s);
    } else if (resting) {
        begin(p, s);
    } else if (f->phase == FLAGGER_PROGRESSING && f->applied != s->revision) {
        note(p, s, of_target(f, s, "New revision detected! Restarting "
                                          "analysis for"));
        restart(p, s);
        act(p, FLAGGER_ROUTE);
    } else if (!s->canary.ready) {
        if (!s->canary.retriable)
            roll_back(p, s, "progress deadline exceeded");
    } else {
        advance(p, s);
    }
}

void flagger_tick(const struct flagger *seen, const struct flagger_sight *s,
                  struct flagger_plan *p)
{
    *p = (struct flagger_plan){ .f = *seen };
    tick(p, s);
    if (p->f.phase != seen->phase || p->f.weight != seen->weight ||
        p->f.iteration != seen->iteration)
        p->f.moved = s->now;
}
