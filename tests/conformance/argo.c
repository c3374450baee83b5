/*
 * argo.c - tables about the decisions of Argo Rollouts' controller.
 *
 * A cell "-" is absent or not set, yes and no are booleans, "unset" is the
 * default.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/value.h"
#include "conformance.h"
#include "models/argo.h"

#define NOW (1000000 * SIM_S)
#define STEPS 32                /* at most, of a case */

static bool yes(const struct conf_row *row, const char *column)
{
    return strcmp(conf_get(row, column), "yes") == 0;
}

static int num(const struct conf_row *row, const char *column, int fallback)
{
    return (int)conf_int(row, column, fallback);
}

static bool is(const struct conf_row *row, const char *column,
               const char *word)
{
    return strcmp(conf_get(row, column), word) == 0;
}

/* A Rollout with nothing set. */
static struct argo plain(enum argo_strategy strategy, int replicas)
{
    return (struct argo){
        .strategy = strategy, .replicas = replicas, .max_weight = 100,
        .scale_down_delay_s = -1, .abort_delay_s = -1, .preview_replicas = -1,
        .canary_weight = -1, .stable_weight = -1, .stable = "stable",
        .current = "new", .auto_promotion = true,
        .progress_deadline_s = 600,
    };
}

static bool judge(const struct conf_row *row, char *why, size_t room,
                  const char *column, bool got)
{
    if (got == yes(row, column))
        return true;
    return conf_why(why, room, "got %s", got ? "yes" : "no");
}

static bool equals(const struct conf_row *row, char *why, size_t room,
                   const char *column, int64_t got)
{
    if (got == conf_int(row, column, INT64_MIN))
        return true;
    return conf_why(why, room, "%s: got %lld", column, (long long)got);
}

/* The set of these columns; NULL if "-".  An unset spec is 1. */
static const struct replicaset *set_from(const struct conf_row *row,
                                         const char *spec,
                                         const char *available,
                                         struct replicaset *s)
{
    if (is(row, spec, "-") || is(row, spec, "absent") || is(row, spec, ""))
        return NULL;
    *s = (struct replicaset){ .replicas = num(row, spec, 1),
                              .available = num(row, available, 0) };
    s->status_replicas = s->ready = s->available;
    return s;
}

/* "w20|cr5|p": steps; returns how many. */
static size_t steps_from(const char *text, struct argo_step *steps,
                         struct argo_scale *scales)
{
    size_t n = 0;

    if (strcmp(text, "none") == 0 || strcmp(text, "-") == 0)
        return 0;
    while (*text) {
        struct argo_step s = { .weight = -1 };

        CHECK(n < STEPS);
        scales[n] = (struct argo_scale){ -1, -1, false };
        if (text[0] == 'c' && text[1] == 'w')
            scales[n].weight = atoi(text + 2);
        else if (text[0] == 'c' && text[1] == 'r')
            scales[n].replicas = atoi(text + 2);
        else if (text[0] == 'w')
            s.weight = atoi(text + 1);
        else
            s.pause = true;
        if (text[0] == 'c')
            s.scale = &scales[n];
        steps[n++] = s;
        text += strcspn(text, "|");
        text += *text == '|';
    }
    return n;
}

static void threshold_from(const struct conf_row *row, const char *type,
                           const char *value, struct argo *r)
{
    r->threshold.type = is(row, type, "Percent") ? THRESHOLD_PERCENT
                        : is(row, type, "Pods")  ? THRESHOLD_PODS
                                                 : THRESHOLD_NONE;
    r->threshold.value = num(row, value, 0);
}

static bool limit_from(const char *cell, struct int_or_percent *out,
                       bool *given)
{
    *given = strcmp(cell, "-") != 0 && *cell;
    return !*given ||
           parse_int_or_percent(cell, strchr(cell, '%') != NULL, out, NULL);
}

static void limits_from(const struct conf_row *row, struct argo *r)
{
    if (!limit_from(conf_get(row, "max_surge"), &r->max_surge,
                    &r->has_surge) ||
        !limit_from(conf_get(row, "max_unavailable"), &r->max_unavailable,
                    &r->has_unavailable))
        BUG("row %d: no limit", row->line);
}

/* ---- weights ----------------------------------------------------------------- */

static bool check_abort_weight(const struct conf_row *row, char *why,
                               size_t room)
{
    struct argo r = plain(ARGO_CANARY, num(row, "replicas", 0));
    struct argo_step steps[STEPS];
    struct argo_scale scales[STEPS];
    struct replicaset new_ = { .available = num(row, "canary_avail", 0) };
    struct replicaset stable = { .available = num(row, "stable_avail", 0) };
    int got;

    r.nsteps = steps_from(conf_get(row, "steps"), steps, scales);
    r.steps = steps;
    r.step = num(row, "step_index", 0);
    r.routed = r.dynamic_stable_scale = r.aborted = true;
    r.abort_delay_s = num(row, "abort_delay_s", -1);
    r.canary_weight = num(row, "cur_canary_weight", -1);
    if (is(row, "function", "step_weight"))
        got = argo_step_weight(&r, &new_, &stable);
    else
        got = argo_traffic_weight(&r, &new_, &stable, NULL, false);
    return equals(row, why, room, "expect_weight", got);
}

const struct conf_table conf_argo_abort_weight = {
    .name = "argo-abort-weight", .check = check_abort_weight,
};

static bool check_step_weight(const struct conf_row *row, char *why,
                              size_t room)
{
    struct argo r = plain(ARGO_CANARY, 10);
    struct argo_step steps[STEPS];
    struct argo_scale scales[STEPS];
    struct argo_wanted got;

    r.nsteps = steps_from(conf_get(row, "steps"), steps, scales);
    r.steps = steps;
    r.step = num(row, "step_index", 0);
    r.promote_full = yes(row, "promote_full");
    r.aborted = yes(row, "aborted");
    r.routed = yes(row, "routed");
    if (!yes(row, "stable_known"))
        r.stable = NULL;
    if (yes(row, "current_is_stable"))
        r.current = r.stable ? r.stable : r.current;
    if (is(row, "function", "set_weight"))
        return equals(row, why, room, "expect_weight",
                      argo_step_weight(&r, NULL, NULL));
    got = argo_wanted(&r, NULL, NULL);
    if (got.replicas != num(row, "expect_explicit_replicas", -1))
        return conf_why(why, room, "got %d pods", got.replicas);
    return got.replicas >= 0 ||
           equals(row, why, room, "expect_weight", got.weight);
}

const struct conf_table conf_argo_step_weight = {
    .name = "argo-step-weight", .check = check_step_weight,
};

static bool check_available_for(const struct conf_row *row, char *why,
                                size_t room)
{
    struct argo r = plain(ARGO_CANARY, num(row, "replicas", 0));
    struct replicaset set = { .replicas = r.replicas,
                              .available = num(row, "rs_avail", 0) };

    r.max_weight = num(row, "max_weight", 100);
    threshold_from(row, "threshold_type", "threshold_value", &r);
    return judge(row, why, room, "expect",
                 argo_available_for(&r, &set, num(row, "weight", 0)));
}

const struct conf_table conf_argo_available_for_weight = {
    .name = "argo-available-for-weight", .check = check_available_for,
};

/* ---- sizes ------------------------------------------------------------------- */

static bool check_weight_to_replicas(const struct conf_row *row, char *why,
                                     size_t room)
{
    return equals(row, why, room, "expect_pods",
                  argo_pods_for(num(row, "replicas", 0), num(row, "weight", 0),
                                num(row, "max_weight", 100)));
}

const struct conf_table conf_argo_weight_to_replicas = {
    .name = "argo-weight-to-replicas", .check = check_weight_to_replicas,
};

static bool check_approx(const struct conf_row *row, char *why, size_t room)
{
    struct argo_counts c = argo_nearest(num(row, "replicas", 0),
                                        num(row, "weight", 0),
                                        num(row, "max_weight", 100),
                                        num(row, "max_surge", 0));

    return equals(row, why, room, "expect_canary", c.canary) &&
           equals(row, why, room, "expect_stable", c.stable);
}

const struct conf_table conf_argo_approx_weight = {
    .name = "argo-approx-weight", .check = check_approx,
};

/* A percentage resolved; an unreadable one is an error. */
static bool check_fenceposts(const struct conf_row *row, char *why,
                             size_t room)
{
    struct argo r = plain(ARGO_CANARY, num(row, "desired", 0));
    struct int_or_percent none = { false, 0 };
    struct fenceposts f = { 0, 0 };
    bool good = limit_from(conf_get(row, "max_surge"), &r.max_surge,
                           &r.has_surge) &&
                limit_from(conf_get(row, "max_unavailable"),
                           &r.max_unavailable, &r.has_unavailable);

    if (good == yes(row, "expect_error"))
        return conf_why(why, room, "error: %d", !good);
    if (good)
        f = fenceposts_resolve(r.has_surge ? r.max_surge : none,
                               r.has_unavailable ? r.max_unavailable : none,
                               r.replicas);
    return equals(row, why, room, "expect_surge", f.surge) &&
           equals(row, why, room, "expect_unavailable", f.unavailable);
}

const struct conf_table conf_argo_fenceposts = {
    .name = "argo-fenceposts", .check = check_fenceposts,
};

static bool check_surge(const struct conf_row *row, char *why, size_t room)
{
    struct argo r = plain(is(row, "strategy", "canary")      ? ARGO_CANARY
                          : is(row, "strategy", "bluegreen") ? ARGO_BLUE_GREEN
                                                        : ARGO_NO_STRATEGY,
                          num(row, "replicas", 1));

    limits_from(row, &r);
    return equals(row, why, room, "expect",
                  is(row, "what", "surge") ? argo_max_surge(&r)
                                           : argo_max_unavailable(&r));
}

const struct conf_table conf_argo_surge_unavailable = {
    .name = "argo-surge-unavailable", .check = check_surge,
};

/* The one step of a case, which may hold two things. */
static void one_step(const struct conf_row *row, struct argo_step *step,
                     struct argo_scale *scale)
{
    *step = (struct argo_step){ .weight = num(row, "set_weight", -1) };
    *scale = (struct argo_scale){ num(row, "scs_replicas", -1),
                                  num(row, "scs_weight", -1),
                                  yes(row, "scs_match") };
    if (scale->replicas >= 0 || scale->weight >= 0 || scale->match)
        step->scale = scale;
}

static bool check_canary_counts(const struct conf_row *row, char *why,
                                size_t room)
{
    struct argo r = plain(ARGO_CANARY, num(row, "replicas", 0));
    struct argo_step step;
    struct argo_scale scale;
    struct replicaset sets[3];
    const struct replicaset *new_ = set_from(row, "canary_spec",
                                             "canary_avail", &sets[0]);
    const struct replicaset *stable = set_from(row, "stable_spec",
                                               "stable_avail", &sets[1]);
    const struct replicaset *older = set_from(row, "older_spec",
                                              "older_avail", &sets[2]);
    struct argo_counts c;

    one_step(row, &step, &scale);
    r.steps = &step;
    r.nsteps = 1;
    r.routed = is(row, "routing", "routed");
    r.promote_full = yes(row, "promote_full");
    r.aborted = yes(row, "aborted");
    r.abort_delay_s = num(row, "abort_delay_s", -1);
    r.min_pods = num(row, "min_pods", 0);
    limits_from(row, &r);
    if (is(row, "stable_is_new", "yes")) {
        stable = new_;
        r.stable = r.current;
    } else if (is(row, "stable_is_new", "absent")) {
        stable = NULL;
        r.stable = NULL;
    }
    c = argo_counts(&r, new_, stable, &older, older ? 1 : 0);
    return equals(row, why, room, "expect_stable", c.stable) &&
           equals(row, why, room, "expect_canary", c.canary);
}

const struct conf_table conf_argo_canary_counts = {
    .name = "argo-canary-counts", .check = check_canary_counts,
};

static bool check_dynamic(const struct conf_row *row, char *why, size_t room)
{
    struct argo r = plain(ARGO_CANARY, num(row, "replicas", 0));
    struct argo_step steps[STEPS];
    struct argo_scale scales[STEPS];
    struct replicaset sets[2];
    const struct replicaset *new_ = set_from(row, "canary_spec",
                                             "canary_avail", &sets[0]);
    const struct replicaset *stable = set_from(row, "stable_spec",
                                               "stable_avail", &sets[1]);
    struct argo_counts c;

    r.nsteps = steps_from(conf_get(row, "steps"), steps, scales);
    r.steps = steps;
    r.step = num(row, "step_index", 0);
    r.routed = r.dynamic_stable_scale = true;
    r.aborted = yes(row, "aborted");
    r.canary_weight = num(row, "cur_canary_weight", -1);
    r.stable_weight = num(row, "cur_stable_weight", -1);
    c = argo_counts(&r, new_, stable, NULL, 0);
    return equals(row, why, room, "expect_canary", c.canary) &&
           equals(row, why, room, "expect_stable", c.stable);
}

const struct conf_table conf_argo_dynamic_stable_scale = {
    .name = "argo-dynamic-stable-scale", .check = check_dynamic,
};

static bool check_count(const struct conf_row *row, char *why, size_t room)
{
    struct replicaset s;

    return equals(row, why, room, "expect",
                  argo_count_for_scale_down(
                      set_from(row, "spec", "available", &s),
                      yes(row, "ignore_availability")));
}

const struct conf_table conf_argo_replicas_for_scaledown = {
    .name = "argo-replicas-for-scaledown", .check = check_count,
};

static bool check_all_available(const struct conf_row *row, char *why,
                                size_t room)
{
    struct replicaset s;

    return judge(row, why, room, "expect",
                 argo_all_available(set_from(row, "rs_spec", "rs_avail", &s),
                                    num(row, "desired", 0)));
}

const struct conf_table conf_argo_all_available = {
    .name = "argo-all-available", .check = check_all_available,
};

static bool check_threshold(const struct conf_row *row, char *why,
                            size_t room)
{
    struct argo r = plain(ARGO_CANARY, 10);
    struct replicaset s;

    threshold_from(row, "type", "value", &r);
    return judge(row, why, room, "expect",
                 argo_threshold_met(&r,
                                    set_from(row, "rs_spec", "rs_avail", &s),
                                    num(row, "desired", 0)));
}

const struct conf_table conf_argo_progress_threshold = {
    .name = "argo-progress-threshold", .check = check_threshold,
};

static bool check_at_desired(const struct conf_row *row, char *why,
                             size_t room)
{
    struct argo r = plain(ARGO_CANARY, num(row, "replicas", 0));
    struct argo_step step = { .weight = num(row, "set_weight", 0) };
    struct replicaset new_ = { .replicas = num(row, "new_spec", 0),
                               .available = num(row, "new_avail", 0),
                               .status_replicas = num(row, "new_count", 0) };
    struct replicaset stable = {
        .replicas = num(row, "stable_spec", 0),
        .available = num(row, "stable_avail", 0),
        .status_replicas = num(row, "stable_count", 0),
    };

    r.steps = &step;
    r.nsteps = 1;
    limits_from(row, &r);
    return judge(row, why, room, "expect_done",
                 argo_at_desired(&r, &new_, &stable, NULL, 0));
}

const struct conf_table conf_argo_at_desired_counts = {
    .name = "argo-at-desired-counts", .check = check_at_desired,
};

/* ---- blue-green ---------------------------------------------------------------- */

static bool check_preview(const struct conf_row *row, char *why, size_t room)
{
    struct argo r = plain(ARGO_BLUE_GREEN, num(row, "replicas", 0));

    r.preview_replicas = num(row, "preview_replica_count", -1);
    r.active = is(row, "active", "none")  ? NULL
               : is(row, "active", "new") ? "new"
                                          : "old";
    r.checkpoint = yes(row, "checkpoint");
    r.promote_full = yes(row, "promote_full");
    return equals(row, why, room, "expect",
                  argo_preview_size(&r, yes(row, "hash_changed")));
}

const struct conf_table conf_argo_preview_replicas = {
    .name = "argo-preview-replicas", .check = check_preview,
};

static bool check_new_rs(const struct conf_row *row, char *why, size_t room)
{
    struct argo r = plain(ARGO_BLUE_GREEN, num(row, "replicas", 0));
    struct replicaset new_ = { .replicas = num(row, "new_spec", 0) };
    struct replicaset stable = { .replicas = r.replicas,
                                 .available = r.replicas };
    sim_time deadline = is(row, "deadline", "past")     ? NOW - SIM_S
                        : is(row, "deadline", "future") ? NOW + SIM_S
                                                        : SIM_NEVER;
    struct argo_new got;

    r.aborted = yes(row, "aborted");
    r.abort_delay_s = num(row, "abort_delay_s", -1);
    r.active = "stable";
    got = argo_reconcile_new(&r, &new_, &stable, argo_preview_size(&r, false),
                             deadline, NOW);
    if ((got.verb == NEW_SCALE) != yes(row, "expect_scaled"))
        return conf_why(why, room, "verb %d", (int)got.verb);
    return equals(row, why, room, "expect_spec", got.size);
}

const struct conf_table conf_argo_bluegreen_new_rs = {
    .name = "argo-bluegreen-new-rs", .check = check_new_rs,
};

static bool check_gate(const struct conf_row *row, char *why, size_t room)
{
    struct argo r = plain(ARGO_BLUE_GREEN, num(row, "replicas", 0));
    struct replicaset new_ = { .replicas = num(row, "new_spec", 0),
                               .available = num(row, "new_avail", 0) };
    bool runs = yes(row, "run_exists");

    r.preview_replicas = num(row, "preview_replica_count", -1);
    if (is(row, "current_hash", "empty"))
        r.current = NULL;
    r.stable = yes(row, "stable_is_current") ? "new" : "stable";
    r.active = is(row, "active", "empty")     ? NULL
               : is(row, "active", "current") ? "new"
                                              : "other";
    return judge(row, why, room, "expect_skip",
                 is(row, "when", "pre")
                     ? argo_skips_pre_analysis(&r, &new_, runs)
                     : argo_skips_post_analysis(&r, &new_, runs));
}

const struct conf_table conf_argo_bluegreen_analysis_gate = {
    .name = "argo-bluegreen-analysis-gate", .check = check_gate,
};

/* ---- one pass -------------------------------------------------------------------- */

static const char *const targets[] = { "none", "new_created", "stable", "new",
                                       "deadline", "old1", "old2", "old3" };

/* "1:1;2:0": older sets, newest first; returns how many. */
static size_t older_from(const char *text, struct replicaset *sets)
{
    size_t n = 0;

    while (*text && *text != '-') {
        char *end;

        CHECK(n < STEPS);
        sets[n] = (struct replicaset){ .replicas = (int)strtol(text, &end,
                                                               10) };
        sets[n++].available = (int)strtol(end + (*end == ':'), &end, 10);
        text = end + (*end == ';' || *end == '|');
    }
    return n;
}

static bool check_sync(const struct conf_row *row, char *why, size_t room)
{
    struct argo r = plain(ARGO_CANARY, num(row, "replicas", 0));
    const char *weight = conf_get(row, "set_weight");
    const char *slash = strchr(weight, '/');
    struct argo_step step = { .weight = atoi(weight) };
    struct replicaset sets[2], olds[STEPS];
    const struct replicaset *older[STEPS];
    size_t n = older_from(conf_get(row, "old"), olds);
    struct argo_scaling got;
    size_t at;

    r.steps = &step;
    r.nsteps = 1;
    r.routed = is(row, "routing", "routed");
    r.max_weight = slash ? atoi(slash + 1) : 100;
    limits_from(row, &r);
    for (size_t i = 0; i < n; i++)
        older[i] = &olds[i];
    got = argo_scale_one(&r, set_from(row, "new_spec", "new_avail", &sets[0]),
                         set_from(row, "stable_spec", "stable_avail",
                                  &sets[1]), older, n, SIM_NEVER, NOW);
    at = got.verb < SCALE_OLDER ? (size_t)got.verb : 5 + got.older;
    if (!is(row, "expect_target", targets[at]))
        return conf_why(why, room, "got %s", targets[at]);
    return equals(row, why, room, "expect_spec", got.size);
}

const struct conf_table conf_argo_sync_actions = {
    .name = "argo-sync-actions", .check = check_sync,
};

/* ---- status ------------------------------------------------------------------------ */

static bool check_delays(const struct conf_row *row, char *why, size_t room)
{
    struct argo r = plain(is(row, "strategy", "bluegreen") ? ARGO_BLUE_GREEN
                          : is(row, "strategy", "canary")  ? ARGO_CANARY
                                                    : ARGO_NO_STRATEGY, 1);
    int configured = num(row, "configured_s", -1), got;

    r.routed = yes(row, "routed");
    r.scale_down_delay_s = r.abort_delay_s = configured;
    got = is(row, "delay", "scale_down") ? argo_scale_down_delay(&r)
                                         : argo_abort_delay(&r);
    if (is(row, "expect_s", "never"))
        return got < 0 || conf_why(why, room, "got %d", got);
    return equals(row, why, room, "expect_s", got);
}

const struct conf_table conf_argo_delays = {
    .name = "argo-delays", .check = check_delays,
};

static bool check_pause(const struct conf_row *row, char *why, size_t room)
{
    struct arena *a = arena_new();
    const char *cell = conf_get(row, "duration");
    size_t len = strlen(cell);
    int64_t got;

    if (strcmp(cell, "unset") == 0)
        got = argo_pause_seconds(NULL);
    else if (len > 1 && cell[len - 1] == 'i')
        got = argo_pause_seconds(value_string(a, arena_strndup(a, cell, len - 1),
                                              NULL));
    else
        got = argo_pause_seconds(value_string(a, cell, NULL));
    arena_free(a);
    return equals(row, why, room, "expect_s", got);
}

const struct conf_table conf_argo_pause_duration = {
    .name = "argo-pause-duration", .check = check_pause,
};

static bool check_manual(const struct conf_row *row, char *why, size_t room)
{
    struct argo r = plain(ARGO_CANARY, 1);
    struct argo_step step = {
        .weight = -1, .pause = true,
        .pause_s = conf_int(row, "pause_duration_s", PAUSE_FOREVER),
    };
    enum argo_pause reason =
        is(row, "reason", "InconclusiveAnalysis") ? PAUSE_INCONCLUSIVE_ANALYSIS
        : is(row, "reason", "InconclusiveExperiment")
            ? PAUSE_INCONCLUSIVE_EXPERIMENT
        : is(row, "reason", "CanaryPauseStep") ? PAUSE_CANARY_STEP
                                               : PAUSE_BLUE_GREEN;

    r.auto_promotion = !is(row, "auto_promotion_enabled", "no");
    return judge(row, why, room, "expect_manual",
                 argo_pause_is_manual(&r, reason, &step));
}

const struct conf_table conf_argo_manual_pause = {
    .name = "argo-manual-pause", .check = check_manual,
};

static bool check_full_promote(const struct conf_row *row, char *why,
                               size_t room)
{
    struct argo r = plain(ARGO_CANARY, num(row, "replicas", 0));
    struct replicaset new_ = { .replicas = r.replicas,
                               .available = num(row, "canary_avail", 0) };

    threshold_from(row, "threshold_type", "threshold_value", &r);
    return judge(row, why, room, "expect_promote", argo_promotes(&r, &new_));
}

const struct conf_table conf_argo_full_promote = {
    .name = "argo-full-promote", .check = check_full_promote,
};

/* "0;60;240e": times of creation, without experiments'; the a-th and b-th. */
static size_t created_from(const char *text, sim_time *times, int64_t a,
                           int64_t b, sim_time *at, sim_time *bt)
{
    size_t n = 0;

    for (int64_t i = 0; *text; i++) {
        char *end;
        sim_time t = strtoll(text, &end, 10) * SIM_S;

        CHECK(n < STEPS);
        if (i == a)
            *at = t;
        if (i == b)
            *bt = t;
        if (*end == 'e')
            end++;
        else
            times[n++] = t;
        text = end + (*end == ';');
    }
    return n;
}

static bool check_window(const struct conf_row *row, char *why, size_t room)
{
    int64_t stable = conf_int(row, "stable", -1);
    int64_t new_ = conf_int(row, "new", -1);
    sim_time times[STEPS], at = 0, bt = SIM_NEVER;
    size_t n = created_from(conf_get(row, "created_s"), times, stable, new_,
                            &at, &bt);

    return judge(row, why, room, "expect_within",
                 stable >= 0 && new_ >= 0 &&
                     argo_within_window(num(row, "revisions", 0), at, bt,
                                        times, n));
}

const struct conf_table conf_argo_rollback_window = {
    .name = "argo-rollback-window", .check = check_window,
};

static bool check_restart(const struct conf_row *row, char *why, size_t room)
{
    struct argo r = plain(ARGO_CANARY, num(row, "replicas", 0));
    int old_up = num(row, "old_avail", 0);
    int old = old_up + num(row, "old_unavail", 0);
    int newer_up = num(row, "newer_avail", 0);
    int pods = old + newer_up + num(row, "newer_unavail", 0), got;

    if (!limit_from(conf_get(row, "max_unavailable"), &r.max_unavailable,
                    &r.has_unavailable))
        return conf_why(why, room, "no limit");
    got = argo_restart(&r, old_up + newer_up, pods, old);
    return equals(row, why, room, "expect_restarted", got) &&
           judge(row, why, room, "expect_done", got == old) &&
           judge(row, why, room, "expect_requeue", got < old);
}

const struct conf_table conf_argo_restart = {
    .name = "argo-restart", .check = check_restart,
};

static bool check_rs_availability(const struct conf_row *row, char *why,
                                  size_t room)
{
    struct replicaset s;
    const struct replicaset *set = set_from(row, "spec", "available", &s);

    return judge(row, why, room, "expect",
                 is(row, "check", "partial") ? argo_set_partly_available(set)
                                             : argo_set_available(set));
}

const struct conf_table conf_argo_rs_availability = {
    .name = "argo-rs-availability", .check = check_rs_availability,
};

/* current, other, empty or "-" as a hash. */
static const char *hash_from(const struct conf_row *row, const char *column)
{
    return is(row, column, "current") ? "new"
           : is(row, column, "other") ? "other"
                                      : NULL;
}

static bool check_healthy(const struct conf_row *row, char *why, size_t room)
{
    struct argo r = plain(is(row, "strategy", "bluegreen") ? ARGO_BLUE_GREEN
                          : is(row, "strategy", "canary")  ? ARGO_CANARY
                                                           : ARGO_NO_STRATEGY,
                          num(row, "replicas", 0));
    struct argo_step steps[STEPS] = { { 0 } };

    r.status_replicas = num(row, "status_replicas", 0);
    r.updated = num(row, "updated", 0);
    r.available = num(row, "available", 0);
    r.meta.generation = 2;
    r.observed_generation = yes(row, "generation_ok") ? 2 : 1;
    r.active = hash_from(row, "active");
    r.preview = hash_from(row, "preview");
    r.npreview = !is(row, "preview", "-");
    r.stable = hash_from(row, "stable");
    r.steps = steps;
    r.nsteps = (size_t)num(row, "step_count", 0);
    r.step = num(row, "step_index", 0);
    return judge(row, why, room, "expect_healthy", argo_healthy(&r));
}

const struct conf_table conf_argo_healthy = {
    .name = "argo-healthy", .check = check_healthy,
};

static void status_from(const char *text, struct argo *r)
{
    char *end;

    r->status_replicas = (int)strtol(text, &end, 10);
    r->updated = (int)strtol(end + 1, &end, 10);
    r->ready = (int)strtol(end + 1, &end, 10);
    r->available = (int)strtol(end + 1, &end, 10);
}

static bool check_progressing(const struct conf_row *row, char *why,
                              size_t room)
{
    struct argo r = plain(is(row, "strategy", "bluegreen") ? ARGO_BLUE_GREEN
                                                           : ARGO_CANARY, 1);
    struct argo s;

    r.active = r.preview = "old";
    s = r;
    status_from(conf_get(row, "before"), &r);
    status_from(conf_get(row, "after"), &s);
    if (is(row, "changed", "active_selector"))
        s.active = "new";
    else if (is(row, "changed", "preview_selector"))
        s.preview = "new";
    else if (is(row, "changed", "stable"))
        s.stable = "new";
    else if (is(row, "changed", "step_index"))
        s.step = 1;
    else if (!is(row, "changed", "none"))
        s.steps_identity = 1;   /* the steps themselves */
    return judge(row, why, room, "expect_progress", argo_progresses(&r, &s));
}

const struct conf_table conf_argo_progressing = {
    .name = "argo-progressing", .check = check_progressing,
};

static bool check_timed_out(const struct conf_row *row, char *why,
                            size_t room)
{
    struct argo r = plain(ARGO_CANARY, 1);

    r.progress_deadline_s = num(row, "progress_deadline_s", 600);
    if (!is(row, "reason", "none"))
        r.progressing = (struct condition){
            .status = CONDITION_TRUE,
            .reason = is(row, "reason", "TimedOut")
                          ? "ProgressDeadlineExceeded"
                          : conf_get(row, "reason"),
            .updated = NOW - num(row, "age_s", 0) * SIM_S,
        };
    return judge(row, why, room, "expect_timed_out", argo_timed_out(&r, NOW));
}

const struct conf_table conf_argo_timed_out = {
    .name = "argo-timed-out", .check = check_timed_out,
};

static bool check_workload(const struct conf_row *row, char *why, size_t room)
{
    struct argo r = plain(ARGO_CANARY, num(row, "rollout_replicas", 0));

    r.ready = num(row, "rollout_ready", 0);
    r.phase = is(row, "phase", "Healthy") ? ARGO_HEALTHY : ARGO_PROGRESSING;
    r.revision = is(row, "revision", "current") ? 1 : 2;
    return equals(row, why, room, "expect_deployment_spec",
                  argo_workload_size(&r, num(row, "deployment_spec", 0)));
}

const struct conf_table conf_argo_workloadref_progressive = {
    .name = "argo-workloadref-progressive", .check = check_workload,
};
