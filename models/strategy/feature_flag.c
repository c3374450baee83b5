/*
 * feature_flag.c - featureFlag: both versions are code paths of the image that
 * runs already; users are switched, no pod is replaced.
 *
 * The path with the flag on behaves as the image of the release: its service,
 * slowdown, errorRate and conversion.  A person turns the flag on for each of
 * `shares` of the users, waits for `pause` after each, and for all at last;
 * each pod knows of it after `propagation`.  The way back, by a guard or by
 * whoever types kubectl rollout undo of the workload, turns it off.
 *
 * What was needed to bring both paths into the image is a release of its own,
 * and not this one.  An image that brings calls, crashes, leaks or hangs cannot
 * be a path: these belong to a process.
 * Source: reference on progressive delivery 5.7.
 */
#include <string.h>

#include "base/text.h"
#include "kernel/dist.h"
#include "models/action.h"
#include "models/behaviour.h"
#include "models/convert.h"
#include "models/measure.h"
#include "models/traffic.h"
#include "models/workload.h"
#include "models/world.h"

#define SHARES 32               /* at most */

struct shares {
    double items[SHARES];
    size_t len;
};

struct feature_flag_spec {
    struct shares shares;
    sim_time pause;
    struct dist propagation;
};

/* ---- fields ------------------------------------------------------------- */

static bool shares_parse(struct binder *b, const struct value *v, void *out)
{
    struct shares *s = out;

    if (v->type != VALUE_LIST || v->len > SHARES) {
        field_expected(b, v, "a list of shares: [10%, 50%]");
        return false;
    }
    for (size_t i = 0; i < v->len; i++) {
        const struct value *item = v->u.items[i];
        double x;
        const char *why;

        if (item->type != VALUE_SCALAR ||
            !parse_share(item->u.text, false, &x, &why) ||
            x <= (i ? s->items[i - 1] : 0) || x > 1) {
            field_expected(b, item, "a share up to 100%, greater than the one "
                           "before it");
            return false;
        }
        s->items[i] = x;
    }
    s->len = v->len;
    return true;
}

static void shares_schema(FILE *out)
{
    fputs("{\"type\": \"array\", \"items\": {\"type\": [\"number\", "
          "\"string\"]}}", out);
}

static const struct field feature_flag_fields[] = {
    FIELD_CUSTOM(struct feature_flag_spec, shares, "shares", "[]",
                 shares_parse, shares_schema, "share", "of the users for whom "
                 "the flag is on in each step, ascending; 100% follows"),
    FIELD(DURATION, struct feature_flag_spec, pause, "pause", "5m", 0, 1e7,
          "s", "between the steps"),
    FIELD_DIST(struct feature_flag_spec, propagation, "propagation",
               "{uniform: [0s, 30s]}", "until a pod knows of a change: how it "
               "polls"),
    FIELD_END
};

/* ---- the images --------------------------------------------------------- */

static bool is_code_path(const struct behaviour *b)
{
    return b->ncalls == 0 && b->leak_bytes_per_s <= 0 &&
           b->crash.every.law == DIST_NEVER &&
           b->crash.after.law == DIST_NEVER && b->hang.law == DIST_NEVER &&
           b->readiness.mode == READINESS_PROBE;
}

static void feature_flag_convert(struct conversion *c)
{
    const struct release_spec *r = &c->scenario->release;
    struct diag *d;

    vec_push(c->arena, &c->out, c->deployment);
    if (c->scenario->waves.len > 0) {     /* several have one, at least */
        err_error(c->errors, &c->mark, "a feature flag in several clusters is "
                  "not supported yet");
        return;
    }
    if (!r->given || r->nimages != 1) {
        err_error(c->errors, &c->mark, "a feature flag needs a `release` of "
                  "one image: how the path behaves for whom it is on");
        return;
    }
    if (is_code_path(behaviour_of(c->scenario->behaviours,
                                  r->images[0].image)))
        return;
    d = err_error(c->errors, &c->mark, "\"%s\" cannot be the code path of a "
                  "feature flag: it calls, crashes, leaks, hangs or is not "
                  "ready as a process does", r->images[0].image);
    diag_help(c->errors, d, "a path has service, slowdown, errorRate and "
              "conversion");
}

/* ---- the person --------------------------------------------------------- */

struct feature_flag {
    struct world *w;
    const struct feature_flag_spec *spec;
    size_t step;
    bool over;
};

static void fire_step(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_step = { "featureFlag.step", RANK_ACTION,
                                           fire_step };

static void set(struct feature_flag *f, double share)
{
    struct world *w = f->w;

    record_note(w, "Strategy", "FlagSet", w->spec->release.space
                ? w->spec->release.space : "default",
                w->spec->release.workload,
                arena_printf(w->arena, "on for %.4g %% of the users",
                             100 * share));
    traffic_flag_set(w, share);
}

static void fire_step(struct sim *sim, void *subject, int64_t arg)
{
    struct feature_flag *f = subject;
    size_t n = f->spec->shares.len;

    (void)arg;
    if (f->over)
        return;
    f->over = f->step == n || f->spec->shares.items[f->step] >= 1;
    set(f, f->over ? 1 : f->spec->shares.items[f->step++]);
    if (!f->over)
        sim_after(sim, f->spec->pause, &ev_step, f, 0);
}

/* The template as if it had the image of the other path. */
static const struct pod_template *other_path(struct world *w,
                                             const struct pod_template *t)
{
    const struct release_spec *r = &w->spec->release;
    struct err_list errors;
    const struct value *v = value_set(
        w->arena, t->raw, arena_printf(w->arena, "spec.containers[%s].image",
                                       r->images[0].container),
        value_string(w->arena, r->images[0].image, NULL));

    err_init(&errors, w->arena);
    return v ? pod_template_from(w->arena, v, "", &errors) : t;
}

static void feature_flag_release(struct world *w, const void *spec)
{
    const struct meta *m = release_target(w);
    const struct pod_template *off, *on;
    struct feature_flag *f;

    if (!m || m->kind != KIND_DEPLOYMENT)
        return;
    f = arena_make(w->arena, struct feature_flag);
    *f = (struct feature_flag){ .w = w, .spec = spec };
    w->strategy_state = f;
    off = deployment_seen(m)->template;
    on = other_path(w, off);
    traffic_flag(w, off, on, behaviour_of(w->spec->behaviours,
                                          w->spec->release.images[0].image),
                 &f->spec->propagation);
    measure_release(w, off, on);
    fire_step(w->sim, f, 0);
}

static bool feature_flag_undo(struct world *w, const void *spec)
{
    struct feature_flag *f = w->strategy_state;

    (void)spec;
    if (!f)
        return false;
    f->over = true;
    set(f, 0);
    return true;
}

const struct strategy_ops strategy_feature_flag = {
    .name = "featureFlag",
    .doc = "both versions are in the image that runs: users are switched, no "
           "pod is replaced",
    .fields = feature_flag_fields,
    .spec_size = sizeof(struct feature_flag_spec),
    .convert = feature_flag_convert,
    .release = feature_flag_release,
    .undo = feature_flag_undo,
};
