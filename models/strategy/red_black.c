/*
 * red_black.c - redBlack and rollingRedBlack: Spinnaker's two ways to exchange
 * one server group for another.
 *
 * Red/black deploys the new group at full size beside the old one; both are in
 * the load balancer, so each gets its share by the number of its pods, until
 * the old one is disabled: it leaves the load balancer and keeps its pods.
 * Rolling red/black does so in parts: for each target percentage p (100 is
 * appended) the new group grows to p % and then p % of the old one is disabled.
 * Disabled pods stay, which makes the way back (enable them, disable the new
 * group) as fast as the router; with scaleDown they go at last.
 *
 * This is the routed canary of Argo Rollouts whose weight is the share that the
 * numbers of enabled pods give, in whole per cent.  So users meet the new pods
 * of a step when all of them are ready, not one by one, and the way back is
 * `abort`.  Left out: shrinking the old group to maxRemainingAsgs, and stages
 * between the steps (pipelineBeforeCleanup): a guard may stand in their place.
 *
 * Source: orca's strategies redblack and rollingredblack; reference on
 * progressive delivery 5.5.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "models/action.h"
#include "models/argo.h"
#include "models/convert.h"
#include "models/informer.h"
#include "models/measure.h"
#include "models/world.h"

#define PERCENTAGES 32          /* at most */
#define FOR_GOOD 31536000       /* s: a year, beyond every simulation */

struct percentages {
    int items[PERCENTAGES];
    size_t len;
};

struct red_black_spec {
    struct percentages targets; /* none: all at once */
    int before_disable, before_scale_down;
    bool scale_down;
};

/* ---- targetPercentages -------------------------------------------------- */

static bool percentages_parse(struct binder *b, const struct value *v,
                              void *out)
{
    struct percentages *p = out;

    if (v->type != VALUE_LIST || v->len > PERCENTAGES) {
        field_expected(b, v, "a list of percentages: [10, 50]");
        return false;
    }
    p->len = 0;                 /* instead of the default */
    for (size_t i = 0; i < v->len; i++) {
        const struct value *item = v->u.items[i];
        long x = value_scalar_kind(item) == SCALAR_INT
                     ? strtol(item->u.text, NULL, 10) : 0;
        struct diag *d;

        if (x > (i ? p->items[i - 1] : 0) && x <= 100) {
            p->items[p->len++] = (int)x;
            continue;
        }
        d = field_expected(b, item, "a whole percentage up to 100, greater "
                           "than the one before it");
        diag_help(b->errors, d, "targetPercentages: [10, 50] is 10 %%, 50 %% "
                  "and then all");
        return false;
    }
    return true;
}

static void percentages_schema(FILE *out)
{
    fputs("{\"type\": \"array\", \"items\": {\"type\": \"integer\", "
          "\"minimum\": 1, \"maximum\": 100}}", out);
}

/* ---- fields ------------------------------------------------------------- */

#define SHARED_FIELDS                                                         \
    FIELD(INT32, struct red_black_spec, before_disable,                       \
          "delayBeforeDisableSec", "0", 0, 1e7, "s",                          \
          "both are enabled for so long, in every step"),                     \
    FIELD(BOOL, struct red_black_spec, scale_down, "scaleDown", "false", 0,   \
          0, "-", "stop the old pods at the end; else they are kept, "        \
          "disabled, for the way back"),                                      \
    FIELD(INT32, struct red_black_spec, before_scale_down,                    \
          "delayBeforeScaleDownSec", "0", 0, 1e7, "s",                        \
          "with scaleDown: this long after they were disabled; 0: before all "\
          "nodes know")

static const struct field red_black_fields[] = { SHARED_FIELDS, FIELD_END };

static const struct field rolling_fields[] = {
    FIELD_CUSTOM(struct red_black_spec, targets, "targetPercentages",
                 "[50]", percentages_parse, percentages_schema, "%",
                 "of the pods, ascending; 100 is appended"),
    SHARED_FIELDS,
    FIELD_END
};

/* ---- steps -------------------------------------------------------------- */

/* The new group grows to `to` per cent beside what is left of the old one;
 * then as many of the old one are disabled. */
static void step(struct buf *text, const struct red_black_spec *s, int from,
                 int to)
{
    buf_printf(text, "%s{setCanaryScale: {weight: %d}}", from ? ", " : "", to);
    if (s->before_disable > 0)
        buf_printf(text, ", {setWeight: %d}, {pause: {duration: %d}}",
                   (int)lrint(100.0 * to / (to + 100 - from)),
                   s->before_disable);
    buf_printf(text, ", {setWeight: %d}", to);
}

static void red_black_convert(struct conversion *c)
{
    const struct red_black_spec *s = c->spec;
    struct buf text = { 0 };
    int from = 0;

    for (size_t i = 0; i < s->targets.len; i++) {
        step(&text, s, from, s->targets.items[i]);
        from = s->targets.items[i];
    }
    if (from < 100)
        step(&text, s, from, 100);
    convert_ramp(c, text.text,
                 s->scale_down ? s->before_scale_down : FOR_GOOD);
    buf_free(&text);
}

/* ---- the end ------------------------------------------------------------ */

/* Where the old pods are kept, the stage ends when they are disabled. */
struct watch {
    struct world *w;
    const char *name, *space;
    bool begun;
};

static void rollout_changed(void *ctx, const struct meta *before,
                            const struct meta *after)
{
    struct watch *watch = ctx;
    const struct argo *r = after ? argo_seen(after) : NULL;
    bool one;

    (void)before;
    if (!r || !r->stable || !r->current ||
        strcmp(after->name, watch->name) != 0 ||
        strcmp(after->space, watch->space) != 0)
        return;
    one = strcmp(r->stable, r->current) == 0;
    if (watch->begun && one)
        measure_completed(watch->w);
    watch->begun = !one;
}

static const struct informer_ops watch_ops = {
    .name = "redBlack.rollouts", .latency = TIMING_WATCH_CONTROLLER,
    .handle = rollout_changed,
};

static void red_black_start(struct world *w, const void *spec)
{
    const struct red_black_spec *s = spec;
    const struct meta *m = release_target(w);
    struct watch *watch;

    if (!m || s->scale_down)
        return;
    watch = arena_make(w->arena, struct watch);
    *watch = (struct watch){ .w = w, .name = m->name, .space = m->space };
    measure_judged_elsewhere(w, KIND_ROLLOUT, m->space, m->name);
    informer_new(w, KIND_ROLLOUT, &watch_ops, watch);
}

const struct strategy_ops strategy_red_black = {
    .name = "redBlack",
    .doc = "Spinnaker's: both versions serve at full size, then the old one "
           "is disabled",
    .fields = red_black_fields,
    .spec_size = sizeof(struct red_black_spec),
    .convert = red_black_convert,
    .start = red_black_start,
};

const struct strategy_ops strategy_rolling_red_black = {
    .name = "rollingRedBlack",
    .doc = "Spinnaker's: the new version grows by steps, and as much of the "
           "old one is disabled",
    .fields = rolling_fields,
    .spec_size = sizeof(struct red_black_spec),
    .convert = red_black_convert,
    .start = red_black_start,
};
