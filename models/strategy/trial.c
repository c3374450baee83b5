/*
 * trial.c - a Rollout that waits while a version is tried on users.
 *
 * The truth that decisions are judged by comes from images: of conversion, the
 * share of users who convert times that of answers that are no failures; of
 * the error rate, the share of errors of the image.  An errorRate that comes
 * and goes has no truth.
 */
#include "models/trial.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "models/action.h"
#include "models/argo.h"
#include "models/informer.h"
#include "models/strategy.h"

const char *const trial_metrics[] = { "conversion", "error_rate", NULL };

enum seen trial_seen(int metric)
{
    return metric == TRIAL_CONVERSION ? SEEN_CONVERSION : SEEN_ERROR_RATE;
}

/* ---- the truth ---------------------------------------------------------- */

/* How good an image is by a metric, the more the better; NaN: unknown. */
static double goodness(const struct world *w, const char *image,
                       enum seen metric)
{
    const struct behaviour *b = behaviour_of(w->spec->behaviours, image);
    const struct error_rate *e = &b->error;
    bool always = e->after.law == DIST_CONSTANT && e->after.fixed == 0 &&
                  dist_mean(&e->lasting) >= (double)w->spec->duration;

    if (e->rate > 0 && !always)
        return NAN;
    return metric == SEEN_CONVERSION ? b->conversion * (1 - e->rate)
                                     : 1 - e->rate;
}

/* The image of the released container now. */
static const char *image_now(const struct world *w, const struct argo *r)
{
    const struct pod_spec *spec = r->template->spec;
    const char *name = w->spec->release.images[0].container;

    for (size_t i = 0; i < spec->ncontainers; i++)
        if (strcmp(spec->containers[i].name, name) == 0)
            return spec->containers[i].image;
    return spec->containers[0].image;
}

void trial_note(struct trial *t, const char *reason, const char *text)
{
    record_note(t->w, "Strategy", reason, t->space,
                arena_printf(t->w->arena, "rollout/%s", t->name), text);
}

/* ---- the Rollout -------------------------------------------------------- */

static void rollout_changed(void *ctx, const struct meta *before,
                            const struct meta *after)
{
    struct trial *t = ctx;
    const struct argo *r = after ? argo_seen(after) : NULL;

    (void)before;
    if (!r || strcmp(after->name, t->name) != 0 ||
        strcmp(after->space, t->space) != 0)
        return;
    if (t->stage == TRIAL_BEFORE && r->pauses & PAUSE_CANARY_STEP &&
        !r->aborted) {
        t->stage = TRIAL_OPEN;
        t->ops->open(t);
    } else if (t->stage == TRIAL_OPEN &&
               (r->aborted || !argo_current_step(r))) {
        t->stage = TRIAL_OVER;
        trial_note(t, "TrialStopped", "somebody else decided");
    }
}

static const struct informer_ops watch_rollouts = {
    .name = "trial.rollouts", .latency = TIMING_WATCH_CONTROLLER,
    .handle = rollout_changed,
};

static void told(void *ctx)
{
    struct trial *t = ctx;

    if (t->stage == TRIAL_OPEN && t->ops->look)
        t->ops->look(t);
}

void trial_start(struct trial *t, struct world *w, const struct trial_ops *ops,
                 enum seen metric)
{
    const struct meta *m = release_target(w);

    if (!m || m->kind != KIND_ROLLOUT)
        return;
    t->w = w;
    t->ops = ops;
    t->metric = metric;
    t->name = m->name;
    t->space = m->space;
    t->better = goodness(w, w->spec->release.images[0].image, metric) -
                goodness(w, image_now(w, argo_seen(m)), metric);
    monitoring_subscribe(w, told, t);
    informer_new(w, KIND_ROLLOUT, &watch_rollouts, t);
}

/* ---- deciding ----------------------------------------------------------- */

const char *const trial_otherwise[] = { "abort", "promote", "wait", NULL };

static void type(struct trial *t, const char *verb, const char *flag)
{
    bool plain = strcmp(t->space, "default") == 0;

    kubectl_type(t->w, arena_printf(t->w->arena, "argo rollouts %s %s%s%s%s",
                                    verb, t->name, flag, plain ? "" : " -n ",
                                    plain ? "" : t->space), NULL, 0);
}

void trial_decide(struct trial *t, enum decision decision, const char *why,
                  const char *promote)
{
    static const char *const reasons[] = { "Aborted", "Inconclusive",
                                           "Promoted" };
    bool open = decision == DECISION_INCONCLUSIVE;

    t->stage = TRIAL_OVER;
    measure_decided(t->w, decision, t->better);
    trial_note(t, arena_printf(t->w->arena, "Trial%s", reasons[decision + 1]),
               why);
    if (decision == DECISION_PROMOTED ||
        (open && t->otherwise == OTHERWISE_PROMOTE))
        type(t, "promote", promote);
    else if (decision == DECISION_ABORTED || t->otherwise == OTHERWISE_ABORT)
        type(t, "abort", "");
}

const char *trial_tell(const struct trial *t, struct arm old, struct arm new_)
{
    bool converts = t->metric == SEEN_CONVERSION;
    uint64_t n[2] = { converts ? new_.good : new_.n - new_.good,
                      converts ? old.good : old.n - old.good };

    return arena_printf(t->w->arena, "%s %.3g %% of %llu %s, old %.3g %% of "
                        "%llu", seen_name(t->metric),
                        new_.n ? 100.0 * (double)n[0] / (double)new_.n : 0,
                        (unsigned long long)new_.n,
                        converts ? "users" : "requests",
                        old.n ? 100.0 * (double)n[1] / (double)old.n : 0,
                        (unsigned long long)old.n);
}

bool trial_check(struct conversion *c, enum seen metric)
{
    struct diag *d;

    if (!c->scenario->release.given || c->scenario->release.nimages == 0) {
        err_error(c->errors, &c->mark, "a trial needs a release: say which, "
                  "with `release`");
        return false;
    }
    if (metric != SEEN_CONVERSION ||
        behaviours_say(c->scenario->behaviours, "conversion"))
        return true;
    d = err_error(c->errors, &c->mark, "nobody converts: no entry of `images` "
                  "has a `conversion`");
    diag_help(c->errors, d, "give both versions one, or test `metric: "
              "error_rate`");
    return false;
}
