/*
 * nomad.c - nomad: the `update` block of a Nomad job, done to a Deployment.
 *
 * Allocations are replaced in place, max_parallel at a time, each healthy for
 * min_healthy_time before it counts; none is stopped while one of the new ones
 * is not healthy yet beyond that number.  That is a rolling update without
 * surge, with maxUnavailable max_parallel and minReadySeconds.
 *
 * With `canary` that many new pods come first, on top of the old ones: the
 * release gives the Deployment that much surge and lets no new pod count as
 * available.  When they are healthy it is promoted (auto_promote; else a person
 * does so, promote_after): another write gives it its fields back.  The
 * canaries count as done: as many old pods go at once, and the rest is replaced
 * in place.  Users meet canaries by their share of the pods, as both are
 * registered alike.
 *
 * A deployment fails when for progress_deadline none became healthy (if that is
 * 0: when one was not by healthy_deadline); auto_revert then brings the version
 * before back, else it stays where it is.  A rollback while the canaries are
 * tried takes them away.
 *
 * Left out: where an allocation is placed again before its deployment fails;
 * health by task states; stagger, which is for node drains only.
 *
 * Source: Nomad's update block; reference on progressive delivery 5.6.
 */
#include <string.h>

#include "base/text.h"
#include "kernel/dist.h"
#include "models/action.h"
#include "models/convert.h"
#include "models/deployment.h"
#include "models/informer.h"
#include "models/measure.h"
#include "models/world.h"

struct nomad_spec {
    int max_parallel, canary;
    sim_time min_healthy, healthy_deadline, progress_deadline;
    bool auto_revert, auto_promote;
    struct dist promote_after;
};

#define SECONDS(t) ((int)(((t) + SIM_S - 1) / SIM_S))

static const struct field nomad_fields[] = {
    FIELD(INT32, struct nomad_spec, max_parallel, "max_parallel", "1", 0,
          100000, "pods", "replaced at a time; 0: all at once"),
    FIELD(DURATION, struct nomad_spec, min_healthy, "min_healthy_time", "10s",
          0, 1e6, "s", "a pod must be healthy so long to count, in whole "
          "seconds"),
    FIELD(DURATION, struct nomad_spec, healthy_deadline, "healthy_deadline",
          "5m", 1, 1e7, "s", "until when a pod must be healthy"),
    FIELD(DURATION, struct nomad_spec, progress_deadline, "progress_deadline",
          "10m", 0, 1e7, "s", "the deployment fails if for so long none became "
          "healthy; 0: with the first that misses healthy_deadline"),
    FIELD(BOOL, struct nomad_spec, auto_revert, "auto_revert", "false", 0, 0,
          "-", "go back when the deployment fails"),
    FIELD(INT32, struct nomad_spec, canary, "canary", "0", 0, 100000, "pods",
          "new ones that come first, on top of the old ones"),
    FIELD(BOOL, struct nomad_spec, auto_promote, "auto_promote", "false", 0, 0,
          "-", "go on when all canaries are healthy"),
    FIELD_DIST(struct nomad_spec, promote_after, "promote_after", "never",
               "without auto_promote: a person promotes so long after they "
               "are"),
    FIELD_SILENT("stagger"),
    FIELD_END
};

/* ---- the Deployment ----------------------------------------------------- */

static sim_time deadline_of(const struct nomad_spec *s)
{
    return s->progress_deadline > 0 ? s->progress_deadline
                                    : s->healthy_deadline;
}

/* Fields of the Deployment outside of a trial of canaries, as in YAML. */
static const char *in_place(struct arena *a, const struct nomad_spec *s)
{
    return arena_printf(a, "minReadySeconds: %d, progressDeadlineSeconds: %d, "
                        "strategy: {type: RollingUpdate, rollingUpdate: "
                        "{maxSurge: 0, maxUnavailable: %d%s}}",
                        SECONDS(s->min_healthy), SECONDS(deadline_of(s)),
                        s->max_parallel > 0 ? s->max_parallel : 100,
                        s->max_parallel > 0 ? "" : "%");
}

/* And within: no new pod is ever available, so nothing follows them. */
static const char *on_top(struct arena *a, const struct nomad_spec *s)
{
    return arena_printf(a, "minReadySeconds: 100000000, "
                        "progressDeadlineSeconds: 2147483647, strategy: "
                        "{rollingUpdate: {maxSurge: %d, maxUnavailable: 0}}",
                        s->canary);
}

/* Fault at the field called key, if it is written there. */
static bool check_order(struct conversion *c, const char *key, bool good,
                        const char *text)
{
    const struct member *m = c->given ? value_member(c->given, key) : NULL;

    if (!good)
        err_error(c->errors, m ? &m->value->mark : &c->mark, "%s", text);
    return good;
}

static void nomad_convert(struct conversion *c)
{
    const struct nomad_spec *s = c->spec;
    const struct value *v;
    bool good = check_order(c, "min_healthy_time",
                            s->min_healthy < s->healthy_deadline,
                            "min_healthy_time must be less than "
                            "healthy_deadline");

    good &= check_order(c, "progress_deadline", s->progress_deadline == 0 ||
                        s->healthy_deadline < s->progress_deadline,
                        "progress_deadline must be 0 or greater than "
                        "healthy_deadline");
    good &= check_order(c, "canary", s->canary == 0 ||
                        c->scenario->release.given,
                        "canaries need a release: say which, with `release`");
    good &= check_order(c, "auto_promote", !s->auto_promote || s->canary > 0,
                        "auto_promote needs a canary");
    good &= check_order(c, "promote_after",
                        s->promote_after.law == DIST_NEVER || s->canary > 0,
                        "promote_after needs a canary");
    if (!good)
        return;
    v = value_strategic(c->arena, convert_to_deployment(c, "{}"), value_flow(
        c->arena, arena_printf(c->arena, "{spec: {%s}}",
                               in_place(c->arena, s)), &c->mark));
    vec_push(c->arena, &c->out, v);
}

/* ---- one deployment ----------------------------------------------------- */

enum stage { IDLE, TRIED /* canaries */, WAITS /* for a person */, ROLLING,
             OVER };

struct nomad {
    struct world *w;
    const struct nomad_spec *spec;
    enum stage stage;
    const char *name, *space;
    const char *before;         /* images before the release, as in YAML */
    int most;                   /* ready pods so far */
    bool healthy;               /* all canaries, for less than they must */
    int64_t beat, deadline;     /* which event counts: the newest */
    struct stream luck;
};

/* Type a patch of the spec: these fields, and containers unless NULL. */
static void patch(struct nomad *n, const char *fields, const char *containers)
{
    const struct meta *m = release_target(n->w);

    if (m)
        release_patch_spec(n->w, m, fields, containers);
}

static void promote(struct nomad *n)
{
    n->stage = ROLLING;
    patch(n, in_place(n->w->arena, n->spec), NULL);
}

static void fire_promote(struct sim *sim, void *subject, int64_t arg)
{
    struct nomad *n = subject;

    (void)sim;
    (void)arg;
    if (n->stage == WAITS)
        promote(n);
}

static const struct event_kind ev_promote = { "nomad.promote", RANK_ACTION,
                                              fire_promote };

/* All canaries have been healthy for min_healthy_time. */
static void fire_healthy(struct sim *sim, void *subject, int64_t arg)
{
    struct nomad *n = subject;
    sim_time t;

    if (n->stage != TRIED || arg != n->beat || !n->healthy)
        return;
    if (n->spec->auto_promote) {
        promote(n);
        return;
    }
    n->stage = WAITS;
    t = dist_draw(&n->spec->promote_after, &n->luck);
    if (t < SIM_NEVER)
        sim_after(sim, t, &ev_promote, n, 0);
}

static void fail(struct nomad *n)
{
    n->stage = OVER;
    record_note(n->w, "Strategy", "DeploymentFailed", n->space,
                arena_printf(n->w->arena, "deployment/%s", n->name),
                "pods are not healthy by their deadline");
    if (!n->spec->auto_revert)
        return;
    measure_rollback_decided(n->w);
    patch(n, in_place(n->w->arena, n->spec), n->before);
}

static void fire_deadline(struct sim *sim, void *subject, int64_t arg)
{
    struct nomad *n = subject;

    (void)sim;
    if (n->stage == TRIED && arg == n->deadline && !n->healthy)
        fail(n);
}

static const struct event_kind ev_healthy = { "nomad.healthy", RANK_ACTION,
                                              fire_healthy };
static const struct event_kind ev_deadline = { "nomad.deadline", RANK_ACTION,
                                               fire_deadline };

static void start_deadline(struct nomad *n)
{
    sim_after(n->w->sim, deadline_of(n->spec), &ev_deadline, n,
              ++n->deadline);
}

static void look_at_canaries(struct nomad *n, const struct deployment *d)
{
    int k = n->spec->canary < d->replicas ? n->spec->canary : d->replicas;
    bool healthy = d->updated >= k && d->ready >= d->replicas + k;

    if (d->ready > n->most) {
        n->most = d->ready;
        if (n->spec->progress_deadline > 0)
            start_deadline(n);
    }
    if (healthy == n->healthy)
        return;
    n->healthy = healthy;
    if (healthy)
        sim_after(n->w->sim, n->spec->min_healthy, &ev_healthy, n, ++n->beat);
}

static void changed(void *ctx, const struct meta *before,
                    const struct meta *after)
{
    struct nomad *n = ctx;
    const struct deployment *d = after ? deployment_seen(after) : NULL;

    (void)before;
    if (!d || strcmp(after->name, n->name) != 0 ||
        strcmp(after->space, n->space) != 0)
        return;
    if (n->stage == TRIED)
        look_at_canaries(n, d);
    else if (n->stage == ROLLING && d->progressing.status == CONDITION_FALSE)
        fail(n);
}

static const struct informer_ops watch_ops = {
    .name = "nomad.deployments", .latency = TIMING_WATCH_CONTROLLER,
    .handle = changed,
};

static void nomad_start(struct world *w, const void *spec)
{
    const struct meta *m = release_target(w);
    struct nomad *n;

    if (!m)
        return;
    n = arena_make(w->arena, struct nomad);
    *n = (struct nomad){ .w = w, .spec = spec, .name = m->name,
                         .space = m->space };
    world_stream(w, &n->luck, PURPOSE_OPERATOR,
                 fnv64(FNV_START, "nomad", 5));
    informer_new(w, KIND_DEPLOYMENT, &watch_ops, n);
    w->strategy_state = n;
}

static void nomad_release(struct world *w, const void *spec)
{
    struct nomad *n = w->strategy_state;
    const struct meta *m = release_target(w);

    (void)spec;
    if (!m || !n) {             /* deleted meanwhile: kubectl says so */
        kubectl_type(w, release_command(w), NULL, 0);
        return;
    }
    n->before = release_containers(w, deployment_seen(m)->template);
    n->most = deployment_seen(m)->ready;
    if (n->spec->canary == 0) {
        n->stage = ROLLING;
        kubectl_type(w, release_command(w), NULL, 0);
        return;
    }
    n->stage = TRIED;
    patch(n, on_top(w->arena, n->spec), release_containers(w, NULL));
    start_deadline(n);
}

/* Canaries go with the fields that were there for them. */
static bool nomad_undo(struct world *w, const void *spec)
{
    struct nomad *n = w->strategy_state;
    bool tried = n && (n->stage == TRIED || n->stage == WAITS);

    (void)spec;
    if (n)
        n->stage = OVER;
    if (tried)
        patch(n, in_place(w->arena, n->spec), n->before);
    return tried;
}

const struct strategy_ops strategy_nomad = {
    .name = "nomad",
    .doc = "the update block of a Nomad job: in place, perhaps with canaries "
           "before",
    .fields = nomad_fields,
    .spec_size = sizeof(struct nomad_spec),
    .convert = nomad_convert,
    .start = nomad_start,
    .release = nomad_release,
    .undo = nomad_undo,
};
