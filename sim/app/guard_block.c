/*
 * guard_block.c - the section `guard`: conditions and commands, checked before
 * anything runs.
 */
#include "scenario_impl.h"
#include <string.h>
#include "models/action.h"
#include "models/judging.h"

static const char *const thens[] = { "rollback", "pause", "abort", "promote",
                                      NULL };

static int find(const char *const *list, const char *word)
{
    for (int i = 0; list[i]; i++)
        if (strcmp(list[i], word) == 0)
            return i;
    return -1;
}

/* {kubectl: ...} */
static void read_command(struct loader *l, const struct value *then,
                         struct guard_spec *out)
{
    const struct value *text = value_get(then, "kubectl");
    struct kubectl_command c;

    if (then->len != 1 || !text || text->type != VALUE_SCALAR) {
        err_error(l->errors, &then->mark, "`then` is rollback, pause, "
                  "abort, promote, or {kubectl: \"...\"}");
        return;
    }
    out->then = GUARD_KUBECTL;
    out->kubectl = value_text(text, "");
    if (kubectl_parse(l->arena, out->kubectl, &text->mark, &c, l->errors) &&
        c.verb->input != INPUT_NONE)
        err_error(l->errors, &text->mark, "a guard types commands without "
                  "files: not \"%s\"", c.verb->name);
}

static void read_then(struct loader *l, const struct value *then,
                      struct guard_spec *out)
{
    const char *word;
    struct diag *d;
    int i;

    out->then = GUARD_ROLLBACK;
    if (value_is_null(then))
        return;
    if (then->type == VALUE_MAP) {
        read_command(l, then, out);
        return;
    }
    word = value_text(then, "");
    i = find(thens, word);
    if (i >= 0) {
        out->then = (enum guard_then)i;
        return;
    }
    d = err_error(l->errors, &then->mark, "a guard cannot \"%s\"", word);
    diag_suggest(l->errors, d, word, thens);
    if (!d->help)
        diag_help(l->errors, d, "`then` is rollback, pause, abort, "
                  "promote, or {kubectl: \"...\"}");
}

/* ---- judge --------------------------------------------------------------- */

static const char *const directions[] = { "increase", "decrease", "either",
                                          NULL };
static const char *const nan_names[] = { "remove", "replace", NULL };
static const char *const effects[] = { "meanRatio", "cles", NULL };

static const struct field judged_fields[] = {
    { .type = FIELD_T_STRING, .key = "metric", .unit = "-",
      .offset = offsetof(struct judged_section, metric),
      .flags = FIELD_REQUIRED, .doc = "what monitoring sees over a window: "
      "error_rate, latency_p50, latency_p95, latency_p99, request_rate, "
      "restarts" },
    FIELD_ENUM(struct judged_section, direction, "direction", "either",
               directions, "which change is a problem"),
    FIELD(SHARE, struct judged_section, tolerance, "tolerance", "25%", 0, 1,
          "share", "of the estimated shift, that its interval must exceed"),
    FIELD(SHARE, struct judged_section, confidence, "confidence", "98%", 0.5,
          0.9999, "share", "of the Mann-Whitney interval"),
    FIELD_ENUM(struct judged_section, effect, "effectSize", "meanRatio",
               effects, "how large the change is: ratio of the means, or the "
               "share of pairs in which the new version's value is greater"),
    FIELD(REAL, struct judged_section, allowed_increase, "allowedIncrease",
          "0", 0, 1e6, "-", "a smaller effect is no problem; 0: 1, or 0.5 of "
          "cles"),
    FIELD(REAL, struct judged_section, allowed_decrease, "allowedDecrease",
          "0", 0, 1e6, "-", "a larger effect is no problem; 0: likewise"),
    FIELD(BOOL, struct judged_section, critical, "critical", "false", 0, 0,
          "-", "fails the whole canary by itself"),
    FIELD(REAL, struct judged_section, critical_increase, "criticalIncrease",
          "0", 0, 1e6, "-", "of a critical metric: only beyond this effect"),
    FIELD(REAL, struct judged_section, critical_decrease, "criticalDecrease",
          "0", 0, 1e6, "-", "likewise"),
    FIELD(BOOL, struct judged_section, must_have_data, "mustHaveData",
          "false", 0, 0, "-", "no data counts as a failure"),
    FIELD_ENUM(struct judged_section, nan, "nanStrategy", "remove", nan_names,
               "samples without data are left out, or 0"),
    FIELD(BOOL, struct judged_section, outliers, "removeOutliers", "false", 0,
          0, "-", "leave outliers out, beyond outlierFactor quartile ranges"),
    FIELD(REAL, struct judged_section, outlier_factor, "outlierFactor", "3",
          0, 100, "-", "see removeOutliers"),
    FIELD(STRING, struct judged_section, group, "group", "metrics", 0, 0,
          "-", "metrics of a group are scored together"),
    FIELD(REAL, struct judged_section, weight, "weight", "0", 0, 100, "-",
          "of its group, of 100; 0: its share of what the others leave"),
    FIELD_END
};

const struct field judge_fields[] = {
    FIELD_SUB(LIST, struct judge_section, metrics, "metrics", judged_fields,
              struct judged_section, "what is compared"),
    FIELD(DURATION, struct judge_section, sample, "sample", "1m", 1, 1e6, "s",
          "window of each sample"),
    FIELD(DURATION, struct judge_section, interval, "interval", "5m", 1, 1e6,
          "s", "between two judgements"),
    FIELD(DURATION, struct judge_section, delay, "delay", "0s", 0, 1e6, "s",
          "the release may settle so long before the first sample begins"),
    FIELD(DURATION, struct judge_section, lookback, "lookback", "0s", 0, 1e6,
          "s", "only samples of the last so long; 0: all"),
    FIELD(DURATION, struct judge_section, lifetime, "lifetime", "30m", 1, 1e6,
          "s", "the last judgement, which a score below pass fails"),
    FIELD(REAL, struct judge_section, pass, "pass", "95", 0, 100, "-",
          "score that passes, of 100"),
    FIELD(REAL, struct judge_section, marginal, "marginal", "75", 0, 100, "-",
          "score below which the canary fails at any judgement"),
    FIELD_END
};

/* The metric called name; SEEN_COUNT after an error. */
static enum seen metric_judged(struct loader *l, const struct value *v,
                               const char *name)
{
    const char *names[SEEN_COUNT + 1] = {0};
    const struct value *at = value_get(v, "metric");
    struct diag *d;
    size_t n = 0;

    for (int i = 0; i < SEEN_COUNT; i++) {
        if (!seen_windowed((enum seen)i))
            continue;
        names[n++] = seen_name((enum seen)i);
        if (name && strcmp(names[n - 1], name) == 0)
            return (enum seen)i;
    }
    if (name) {
        d = err_error(l->errors, &at->mark, "monitoring has no metric \"%s\" "
                      "over a window", name);
        diag_suggest(l->errors, d, name, names);
    }
    return SEEN_COUNT;
}

static double or_default(double x, double fallback)
{
    return x > 0 ? x : fallback;
}

static void read_judged(struct loader *l, const struct judged_section *s,
                        const struct value *v, struct judged_metric *out)
{
    double none = s->effect == 1 ? 0.5 : 1;     /* no effect at all */

    *out = (struct judged_metric){
        .what = metric_judged(l, v, s->metric), .group = s->group,
        .weight = s->weight, .how = judge_metric_defaults()
    };
    out->how.tolerance = s->tolerance;
    out->how.confidence = s->confidence;
    out->how.cles = s->effect == 1;
    out->how.allowed_high = or_default(s->allowed_increase, none);
    out->how.allowed_low = or_default(s->allowed_decrease, none);
    out->how.critical_high = or_default(s->critical_increase, none);
    out->how.critical_low = or_default(s->critical_decrease, none);
    out->how.direction = (enum judge_direction)s->direction;
    out->how.replace = s->nan == 1;
    out->how.outliers = s->outliers;
    out->how.outlier_factor = s->outlier_factor;
    out->how.critical = s->critical;
    out->how.must_have_data = s->must_have_data;
}

static const struct judge_spec *read_judge(struct loader *l,
                                           const struct judge_section *s,
                                           const struct value *v)
{
    struct judge_spec *out = arena_make(l->arena, struct judge_spec);
    struct judged_metric *m = arena_many(l->arena, struct judged_metric,
                                         s->metrics.len);
    const struct value *list = value_get(v, "metrics");

    *out = (struct judge_spec){
        .metrics = m, .n = s->metrics.len, .sample = s->sample,
        .interval = s->interval, .delay = s->delay, .lookback = s->lookback,
        .lifetime = s->lifetime, .pass = s->pass, .marginal = s->marginal
    };
    if (s->metrics.len == 0)
        err_error(l->errors, &v->mark, "a judge needs metrics: [{metric: "
                  "error_rate, direction: increase}]");
    if (s->marginal > s->pass)
        err_error(l->errors, &v->mark, "marginal is above pass");
    if (s->interval < s->sample || s->lifetime < s->interval)
        err_error(l->errors, &v->mark, "a judge needs sample <= interval <= "
                  "lifetime");
    for (size_t i = 0; i < s->metrics.len; i++)
        read_judged(l, (struct judged_section *)s->metrics.items + i,
                    list->u.items[i], &m[i]);
    return out;
}

/* ---- guards -------------------------------------------------------------- */

static void read_guard(struct loader *l, const struct guard_section *g,
                       const struct value *v, const struct spec *spec,
                       struct guard_spec *out)
{
    const struct value *when = value_get(v, "when");
    const char *why;

    *out = (struct guard_spec){ .when = g->when, .after = g->after,
                                .looks = g->looks, .mark = v->mark };
    if (!g->when == !g->judge) {
        err_error(l->errors, &v->mark, "a guard has one of when and judge");
        return;
    }
    if (g->judge)
        out->judge = read_judge(l, g->judge, value_get(v, "judge"));
    why = g->when ? guard_parse(l->arena, g->when, &out->condition) : NULL;
    if (why)
        err_error(l->errors, &when->mark, "%s", why);
    if (g->judge && g->looks > 0)
        err_error(l->errors, &v->mark, "a judge looks by itself: at the end "
                  "of each interval");
    if (g->when && !why &&
        out->condition.query.what == SEEN_CONVERSION &&
        !behaviours_say(spec->behaviours, "conversion"))
        err_error(l->errors, &when->mark, "nobody converts: no entry of "
                  "`images` has a `conversion`");
    read_then(l, g->then, out);
    if (spec->release.custom && out->then != GUARD_KUBECTL)
        err_error(l->errors, &v->mark, "what is done about a custom resource "
                  "must be said: then: {kubectl: \"patch ...\"}");
}

void guards_read(struct loader *l, const struct document_section *d,
                 struct spec *spec)
{
    const struct value *list = value_get(l->root, "guard");
    struct guard_spec *out = arena_many(l->arena, struct guard_spec,
                                        d->guards.len);

    if (d->guards.len > 0 && !spec->release.given)
        err_error(l->errors, &list->mark, "a guard watches a release: say "
                  "which, with `release`");
    for (size_t i = 0; i < d->guards.len; i++)
        read_guard(l, (struct guard_section *)d->guards.items + i,
                   list->u.items[i], spec, &out[i]);
    spec->guards = out;
    spec->nguards = d->guards.len;
}
