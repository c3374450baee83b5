/*
 * bandit.c - bandit: the weight of the new version follows what is known of it.
 *
 * The Deployment becomes a Rollout of Argo Rollouts that stops at its first
 * weight.  From then on a script asks monitoring, every `every`, what came of
 * both versions' requests (or users) since, and gives the new version the share
 * of `draws` pairs from the two posteriors that it wins (Thompson sampling),
 * within the floor: it patches the weights in the Rollout's steps.  Pods come
 * before weight, as always in a canary.  When one version is the better one
 * with enough certainty, the script promotes or aborts; a guard or a person may
 * do so before.
 *
 * Failures during the test are few, as less and less goes to the worse version;
 * so is what is learned of it.  Users are not sticky: a weight divides requests.
 * No forgetting: a version that becomes bad late keeps its old merits.
 * Source: reference (progressive delivery) 3.4.
 */
#include <math.h>
#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "models/action.h"
#include "models/convert.h"
#include "models/trial.h"

struct bandit_until {
    double certainty;
    int least;
    sim_time max;
};

struct bandit_spec {
    int metric;                 /* enum trial_metric */
    double start, floor;
    sim_time every;
    int draws;
    struct bandit_until until;
    int otherwise;              /* enum trial_otherwise */
    const struct value *stable, *canary;
};

static const struct field until_fields[] = {
    FIELD(SHARE, struct bandit_until, certainty, "certainty", "99%", 0.5, 1,
          "share", "probability of being better that decides; 100%: nothing "
          "does"),
    FIELD(INT32, struct bandit_until, least, "least", "200", 1, 1e9,
          "requests", "to either version before anything is decided (users, "
          "if they are what is counted)"),
    FIELD(DURATION, struct bandit_until, max, "max", "1h", 0, 1e8, "s",
          "then it is inconclusive; 0: never"),
    FIELD_END
};

static const struct field bandit_fields[] = {
    FIELD_ENUM(struct bandit_spec, metric, "metric", "error_rate",
               trial_metrics, "what is to be better"),
    FIELD(SHARE, struct bandit_spec, start, "start", "10%", 0.01, 0.99,
          "share", "the new version's first weight, in whole per cent"),
    FIELD(SHARE, struct bandit_spec, floor, "floor", "2%", 0.01, 0.5, "share",
          "least weight of either version, in whole per cent"),
    FIELD(DURATION, struct bandit_spec, every, "every", "30s", 1, 1e7, "s",
          "between two weights"),
    FIELD(INT32, struct bandit_spec, draws, "draws", "1000", 1, 1000000, "-",
          "from the posteriors for each weight"),
    FIELD_SUB(OBJECT, struct bandit_spec, until, "until", until_fields,
              struct bandit_until, "when it is decided"),
    FIELD_ENUM(struct bandit_spec, otherwise, "inconclusive", "abort",
               trial_otherwise, "what is done if it is not: back to the old "
               "version, on to the new one, or nothing until a person does"),
    FIELD(VALUE, struct bandit_spec, stable, "stableService", NULL, 0, 0, "-",
          "the Service that users call; the first that selects the pods if "
          "absent"),
    FIELD(VALUE, struct bandit_spec, canary, "canaryService", NULL, 0, 0, "-",
          "a Service for the new version; NAME-canary is made if absent"),
    FIELD_END
};

static int percent(double share)
{
    return (int)lrint(100 * share);
}

static void bandit_convert(struct conversion *c)
{
    const struct bandit_spec *s = c->spec;
    const struct value *block = value_map(c->arena, NULL, 0, &c->mark);

    if (!convert_needs_service(c) || !trial_check(c, trial_seen(s->metric)))
        return;
    if (s->stable)
        block = value_set(c->arena, block, "stableService", s->stable);
    if (s->canary)
        block = value_set(c->arena, block, "canaryService", s->canary);
    block = convert_routed(c, block);
    if (!block)
        return;
    block = value_set(c->arena, block, "steps", value_flow(
        c->arena, arena_printf(c->arena, "[{setWeight: %d}, {pause: {}}]",
                               percent(s->start)), NULL));
    vec_push(c->arena, &c->out, convert_to_rollout(c, "canary", block));
}

/* ---- the script --------------------------------------------------------- */

struct bandit {
    struct trial trial;         /* first */
    const struct bandit_spec *spec;
    struct stream luck;
    struct arm before[2];       /* old, new: when it began */
    int weight;                 /* of the new version, per cent */
    sim_time ends;              /* SIM_NEVER: it does not */
};

/* What came of a version since the bandit began. */
static struct arm since(const struct bandit *b, int side)
{
    struct arm now, then = b->before[side];

    monitoring_total(b->trial.w, b->trial.metric,
                     side ? SEEN_OF_NEW : SEEN_OF_OLD, &now);
    return (struct arm){ now.n - then.n, now.good - then.good };
}

/* From the weight that is in force to the next one: until the pods for that
 * are there, the Rollout keeps the weight of the step before. */
static void set_weight(struct bandit *b, int weight)
{
    struct world *w = b->trial.w;
    const struct value **document = arena_many(w->arena, const struct value *,
                                               1);
    const char *patch = arena_printf(
        w->arena, "{spec: {strategy: {canary: {steps: [{setWeight: %d}, "
        "{setWeight: %d}, {pause: {}}]}}}}", b->weight, weight);

    document[0] = value_flow(w->arena, patch, NULL);
    CHECK(document[0]);
    kubectl_type(w, arena_printf(w->arena, "patch rollout/%s -n %s "
                                 "--type=merge -p '%s'", b->trial.name,
                                 b->trial.space, patch), document, 1);
    b->weight = weight;
}

/* Is it decided? */
static bool decides(struct bandit *b, struct arm old, struct arm new_)
{
    const struct bandit_until *u = &b->spec->until;
    bool enough = old.n >= (uint64_t)u->least && new_.n >= (uint64_t)u->least;
    double better = enough ? arms_better(old, new_) : 0.5;
    enum decision d = DECISION_INCONCLUSIVE;

    if (u->certainty < 1 && better >= u->certainty)
        d = DECISION_PROMOTED;
    else if (u->certainty < 1 && better <= 1 - u->certainty)
        d = DECISION_ABORTED;
    else if (world_now(b->trial.w) < b->ends)
        return false;
    trial_decide(&b->trial, d, arena_printf(
        b->trial.w->arena, "%s; better with probability %.3g",
        trial_tell(&b->trial, old, new_), better), " --full");
    return true;
}

static void fire_batch(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_batch = { "bandit.batch", RANK_ACTION,
                                            fire_batch };

static void fire_batch(struct sim *sim, void *subject, int64_t arg)
{
    struct bandit *b = subject;
    struct arm old, new_;
    int weight;

    (void)arg;
    if (b->trial.stage != TRIAL_OPEN)
        return;
    old = since(b, 0);
    new_ = since(b, 1);
    if (decides(b, old, new_))
        return;
    weight = percent(arms_thompson(old, new_, (unsigned)b->spec->draws,
                                   b->spec->floor, &b->luck));
    if (weight != b->weight)
        set_weight(b, weight);
    sim_after(sim, b->spec->every, &ev_batch, b, 0);
}

static void begin(struct trial *trial)
{
    struct bandit *b = (struct bandit *)trial;
    sim_time max = b->spec->until.max;

    for (int side = 0; side < 2; side++)
        b->before[side] = since(b, side);
    b->ends = max > 0 ? world_now(trial->w) + max : SIM_NEVER;
    trial_note(trial, "TrialBegun", arena_printf(
        trial->w->arena, "the new version begins with %d %%", b->weight));
    sim_after(trial->w->sim, b->spec->every, &ev_batch, b, 0);
}

static const struct trial_ops bandit_ops = { begin, NULL };

static void bandit_start(struct world *w, const void *spec)
{
    struct bandit *b = arena_make(w->arena, struct bandit);

    b->spec = spec;
    b->weight = percent(b->spec->start);
    b->trial.otherwise = b->spec->otherwise;
    world_stream(w, &b->luck, PURPOSE_BANDIT, 0);
    trial_start(&b->trial, w, &bandit_ops, trial_seen(b->spec->metric));
}

const struct strategy_ops strategy_bandit = {
    .name = "bandit",
    .doc = "requests go more and more to the version that proves better, "
           "until it gets all",
    .fields = bandit_fields,
    .spec_size = sizeof(struct bandit_spec),
    .convert = bandit_convert,
    .start = bandit_start,
};
