/*
 * ab_test.c - abTest: one group of users gets the new version until a test says
 * which is better; then all users get that one.
 *
 * The Deployment becomes a Rollout of Argo Rollouts whose canary has three
 * steps: pods for the group, a header route for it, a pause.  What carries the
 * header or cookie of `match` is the group; classes of traffic that say nothing
 * of that key get it handed out to `share` of their users, who keep it.  A user
 * therefore never changes sides while the test runs.  A script that reads
 * monitoring decides (stats/abtest.h): it promotes the Rollout, or aborts it,
 * which is also what it does if nothing is decided by `until.max`, unless
 * `inconclusive` says otherwise.  A guard or a person may end the test before.
 *
 * A fixed-horizon test is planned from the old version's rate as monitoring has
 * it when the test begins, unless `until.baseline` is given.  A group whose
 * size is not the share that was said voids the test (p < 0.001).
 *
 * Users are counted by their group, not by who answered them.  Requests, which
 * error_rate counts, are independent here; those of real users are not.
 * Source: reference (progressive delivery) 3.3, 3.4, 3.7.
 */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "models/convert.h"
#include "models/traffic.h"
#include "models/trial.h"
#include "stats/abtest.h"

#define ROUTE "ab-test"
#define KEY "x-ab-test"         /* if `match` names none */
#define VALUE "b"
#define SPLIT_ALARM 0.001

struct ab_match {
    const char *header, *cookie, *value;
};

struct ab_until {
    int method;                 /* enum abtest_method */
    double alpha, power, lift, baseline, certainty, loss;
    int least;
    sim_time max;
};

struct ab_spec {
    const struct ab_match *match;       /* NULL: by share alone */
    double share;
    int metric;                 /* enum trial_metric */
    int replicas;
    struct ab_until until;
    int otherwise;              /* enum trial_otherwise */
    const struct value *stable, *canary, *delay, *abort_delay;
};

static const char *const methods[] = { "fixed", "sequential", "bayesian",
                                       NULL };

static const struct field match_fields[] = {
    FIELD(STRING, struct ab_match, header, "header", NULL, 0, 0, "-",
          "name of the header by which the group is known"),
    FIELD(STRING, struct ab_match, cookie, "cookie", NULL, 0, 0, "-",
          "name of the cookie, instead of a header"),
    { .type = FIELD_T_STRING, .key = "value",
      .offset = offsetof(struct ab_match, value), .unit = "-",
      .doc = "its value", .flags = FIELD_REQUIRED },
    FIELD_END
};

#define OPEN_SHARE(member, key_, def_, unit_, doc_)                           \
    { .type = FIELD_T_SHARE, .key = key_,                                     \
      .offset = offsetof(struct ab_until, member), .def = def_, .max = 1,     \
      .unit = unit_, .doc = doc_, .flags = FIELD_EXCLUSIVE }

static const struct field until_fields[] = {
    FIELD_ENUM(struct ab_until, method, "method", "fixed", methods,
               "one look at a planned size, looks at any time (mixture SPRT), "
               "or posteriors"),
    OPEN_SHARE(alpha, "alpha", "5%", "share",
               "fixed, sequential: tests that see a difference where there is "
               "none, two-sided"),
    OPEN_SHARE(power, "power", "80%", "share",
               "fixed: tests that see the lift if it is there"),
    { .type = FIELD_T_SHARE, .key = "lift",
      .offset = offsetof(struct ab_until, lift), .def = "20%", .max = 100,
      .unit = "share", .doc = "relative change of the metric that matters",
      .flags = FIELD_EXCLUSIVE | FIELD_OVER },
    FIELD(SHARE, struct ab_until, baseline, "baseline", "0%", 0, 0.999,
          "share", "the old version's rate, for planning; 0%: what monitoring "
          "has seen before the test"),
    FIELD(SHARE, struct ab_until, certainty, "certainty", "95%", 0.5, 1,
          "share", "bayesian: probability of being better that decides"),
    FIELD(SHARE, struct ab_until, loss, "loss", "100%", 0, 1, "share",
          "bayesian: and what the choice may cost on average, in rate"),
    FIELD(INT32, struct ab_until, least, "least", "100", 1, 1e9, "users",
          "sequential, bayesian: in either group before the first look"),
    FIELD(DURATION, struct ab_until, max, "max", "1h", 0, 1e8, "s",
          "then it is inconclusive; 0: never"),
    FIELD_END
};

static const struct field ab_fields[] = {
    FIELD_SUB(OPTIONAL, struct ab_spec, match, "match", match_fields,
              struct ab_match, "who gets the new version: {header or cookie, "
              "value}; `share` of the users if absent"),
    { .type = FIELD_T_SHARE, .key = "share",
      .offset = offsetof(struct ab_spec, share), .def = "50%", .max = 1,
      .unit = "share", .doc = "of the users who are in that group, if "
      "traffic.clients.attributes does not say who is",
      .flags = FIELD_EXCLUSIVE },
    FIELD_ENUM(struct ab_spec, metric, "metric", "conversion", trial_metrics,
               "what is to be better"),
    FIELD(INT32, struct ab_spec, replicas, "replicas", "0", 0, 100000, "pods",
          "of the new version while it is tested; 0: the group's share"),
    FIELD_SUB(OBJECT, struct ab_spec, until, "until", until_fields,
              struct ab_until, "when it is decided"),
    FIELD_ENUM(struct ab_spec, otherwise, "inconclusive", "abort",
               trial_otherwise, "what is done if it is not: back to the old version, on to the "
               "new one, or nothing until a person does"),
    FIELD(VALUE, struct ab_spec, stable, "stableService", NULL, 0, 0, "-",
          "the Service that users call; the first that selects the pods if "
          "absent"),
    FIELD(VALUE, struct ab_spec, canary, "canaryService", NULL, 0, 0, "-",
          "a Service for the new version; NAME-canary is made if absent"),
    FIELD(VALUE, struct ab_spec, delay, "scaleDownDelaySeconds", NULL, 0, 0,
          "s", "keep the old pods after promotion (30)"),
    FIELD(VALUE, struct ab_spec, abort_delay, "abortScaleDownDelaySeconds",
          NULL, 0, 0, "s", "keep the new pods after an abort; 0: for ever "
          "(30)"),
    FIELD_END
};

/* ---- who is in the group ------------------------------------------------ */

static const char *key_of(const struct ab_spec *s)
{
    if (!s->match)
        return KEY;
    return s->match->cookie ? s->match->cookie : s->match->header;
}

static const char *value_of(const struct ab_spec *s)
{
    return s->match ? s->match->value : VALUE;
}

/* The share of the group in the first class of traffic that knows the key;
 * the strategy's own if there is none; 0: it is known, and nobody has it. */
static double group_share(const struct spec *scenario,
                          const struct ab_spec *s, bool *known)
{
    *known = false;
    for (size_t i = 0; i < scenario->ntraffic; i++) {
        const struct client_spec *c = &scenario->traffic[i].clients;

        for (size_t k = 0; k < c->nattributes; k++) {
            if (strcmp(c->attributes[k].key, key_of(s)) != 0)
                continue;
            *known = true;
            if (strcmp(c->attributes[k].value, value_of(s)) == 0)
                return c->attributes[k].share;
        }
    }
    return *known ? 0 : s->share;
}

static bool check_match(struct conversion *c, const struct ab_spec *s)
{
    const struct value *match = c->given ? value_get(c->given, "match") : NULL;
    struct diag *d;
    bool known;
    double share;

    if (s->match && !s->match->header == !s->match->cookie) {
        err_error(c->errors, &match->mark, "match: by a header or by a "
                  "cookie");
        return false;
    }
    share = group_share(c->scenario, s, &known);
    if (share > 0 && share < 1 &&
        (known || !match || value_get(c->given, "share")))
        return true;
    d = err_error(c->errors, match ? &match->mark : &c->mark, "%s carries %s: "
                  "%s, so there is nothing to compare",
                  share >= 1 ? "everybody" : "nobody", key_of(s),
                  value_of(s));
    diag_help(c->errors, d, "traffic.clients.attributes says who does, or "
              "`share` hands it out");
    return false;
}

/* ---- the Rollout -------------------------------------------------------- */

static const struct value *steps_of(struct conversion *c,
                                    const struct ab_spec *s)
{
    bool cookie = s->match && s->match->cookie, known;
    const char *size = s->replicas > 0
        ? arena_printf(c->arena, "replicas: %d", s->replicas)
        : arena_printf(c->arena, "weight: %d",
                       (int)ceil(group_share(c->scenario, s, &known) * 100 -
                                 1e-9));
    const struct value *v, *word;

    v = value_flow(c->arena, arena_printf(
        c->arena, "[{setCanaryScale: {%s}}, {setHeaderRoute: {name: " ROUTE
        ", match: [{headerName: %s, headerValue: {}}]}}, {pause: {}}]", size,
        cookie ? "cookie" : "\"\""), NULL);
    word = value_string(c->arena, cookie
                        ? arena_printf(c->arena, "%s=%s", key_of(s),
                                       value_of(s)) : value_of(s), &c->mark);
    if (!cookie)
        v = value_set(c->arena, v, "[1].setHeaderRoute.match[0].headerName",
                      value_string(c->arena, key_of(s), &c->mark));
    return value_set(c->arena, v,
                     "[1].setHeaderRoute.match[0].headerValue.exact", word);
}

static const struct value *keep(struct conversion *c,
                                const struct value *block, const char *key,
                                const struct value *v)
{
    return v ? value_set(c->arena, block, key, v) : block;
}

static void ab_convert(struct conversion *c)
{
    const struct ab_spec *s = c->spec;
    const struct value *block = value_map(c->arena, NULL, 0, &c->mark);

    if (!convert_needs_service(c) || !trial_check(c, trial_seen(s->metric)) ||
        !check_match(c, s))
        return;
    block = keep(c, block, "stableService", s->stable);
    block = keep(c, block, "canaryService", s->canary);
    block = keep(c, block, "scaleDownDelaySeconds", s->delay);
    block = keep(c, block, "abortScaleDownDelaySeconds", s->abort_delay);
    block = value_set(c->arena, block, "trafficRouting",
                      value_flow(c->arena, "{managedRoutes: [{name: " ROUTE
                                 "}]}", NULL));
    block = convert_routed(c, block);
    if (!block)
        return;
    block = value_set(c->arena, block, "steps", steps_of(c, s));
    vec_push(c->arena, &c->out, convert_to_rollout(c, "canary", block));
}

/* ---- deciding ----------------------------------------------------------- */

struct ab {
    struct trial trial;         /* first */
    const struct ab_spec *spec;
    double share, baseline;     /* baseline 0: not known yet */
    bool planned;
    struct abtest test;
};

/* The two groups by the metric. */
static void arms_of(const struct ab *t, const struct trial_counts *counts,
                    struct arm *a, struct arm *b)
{
    bool users = t->trial.metric == SEEN_CONVERSION;

    *a = users ? counts->users[0] : counts->requests[0];
    *b = users ? counts->users[1] : counts->requests[1];
}

/* The metric's rate in an arm, half an event added so that it is not 0. */
static double rate_of(const struct ab *t, struct arm a)
{
    uint64_t events = t->trial.metric == SEEN_CONVERSION ? a.good
                                                         : a.n - a.good;

    return ((double)events + 0.5) / ((double)a.n + 1);
}

static bool plan(struct ab *t, struct arm a)
{
    const struct ab_until *u = &t->spec->until;

    if (t->baseline <= 0 && a.n < (uint64_t)u->least)
        return false;
    if (t->baseline <= 0)
        t->baseline = rate_of(t, a);
    t->test = abtest_start((struct abtest_plan){
        .method = (enum abtest_method)u->method, .alpha = u->alpha,
        .power = u->power, .lift = u->lift, .baseline = t->baseline,
        .share = t->share, .certainty = u->certainty, .loss = u->loss,
        .least = (uint64_t)u->least });
    trial_note(&t->trial, "TrialPlanned", arena_printf(
        t->trial.w->arena, "at least %llu in the group and %llu beside it, "
        "expecting %.3g %%", (unsigned long long)t->test.need_b,
        (unsigned long long)t->test.need_a, 100 * t->baseline));
    t->planned = true;
    return true;
}

/* What the test's numbers say, in a word. */
static const char *evidence(const struct ab *t)
{
    if (!t->planned || isnan(t->test.evidence))
        return "no look was due";
    return arena_printf(t->trial.w->arena,
                        t->spec->until.method == ABTEST_BAYESIAN
                            ? "better with probability %.3g" : "p = %.2g",
                        t->test.evidence);
}

/* Of a test of fixed size that shows nothing: how sure that would have been
 * otherwise, "; of such tests 63 % would show a change by 20 %". */
static const char *power_of(const struct ab *t, struct arm a, struct arm b)
{
    const struct ab_until *u = &t->spec->until;
    double other = t->baseline * (1 + u->lift);

    if (!t->planned || u->method != ABTEST_FIXED || a.n == 0 || b.n == 0)
        return "";
    if (other >= 1)
        other = t->baseline * (1 - fmin(u->lift, 0.999));
    return arena_printf(t->trial.w->arena, "; of such tests %.0f %% would show "
                        "a change by %.3g %%", 100 * arms_power(
                            t->baseline, other, a.n, b.n, u->alpha),
                        100 * u->lift);
}

static void decide(struct ab *t, enum abtest_answer answer, struct arm a,
                   struct arm b)
{
    enum decision d = answer == ABTEST_BETTER  ? DECISION_PROMOTED
                      : answer == ABTEST_WORSE ? DECISION_ABORTED
                                               : DECISION_INCONCLUSIVE;
    const char *why = arena_printf(
        t->trial.w->arena, "%s; %s%s", trial_tell(&t->trial, a, b),
        evidence(t), d == DECISION_INCONCLUSIVE ? power_of(t, a, b) : "");

    if (arms_split_p(a.n, b.n, t->share) < SPLIT_ALARM) {
        d = DECISION_INCONCLUSIVE;
        why = arena_printf(t->trial.w->arena, "%s; void: the group is not "
                           "%.3g %% of them", why, 100 * t->share);
    }
    trial_decide(&t->trial, d, why, "");
}

static void look(struct trial *trial)
{
    struct ab *t = (struct ab *)trial;
    struct trial_counts counts;
    enum abtest_answer answer;
    struct arm a, b;

    if (!monitoring_trial_read(trial->w, &counts))
        return;
    arms_of(t, &counts, &a, &b);
    if (!t->planned && !plan(t, a))
        return;
    answer = abtest_look(&t->test, a, b);
    if (answer != ABTEST_OPEN)
        decide(t, answer, a, b);
}

static void fire_end(struct sim *sim, void *subject, int64_t arg)
{
    struct ab *t = subject;
    struct trial_counts counts = { 0 };
    struct arm a, b;

    (void)sim;
    (void)arg;
    if (t->trial.stage != TRIAL_OPEN)
        return;
    monitoring_trial_read(t->trial.w, &counts);
    arms_of(t, &counts, &a, &b);
    decide(t, ABTEST_NEITHER, a, b);
}

static const struct event_kind ev_end = { "abTest.end", RANK_ACTION,
                                          fire_end };

static void begin(struct trial *trial)
{
    struct ab *t = (struct ab *)trial;
    struct arm before;

    t->baseline = t->spec->until.baseline;
    if (t->baseline <= 0 &&
        monitoring_total(trial->w, trial->metric, SEEN_OF_OLD, &before) &&
        before.n >= (uint64_t)t->spec->until.least)
        t->baseline = rate_of(t, before);
    monitoring_trial(trial->w, key_of(t->spec), value_of(t->spec));
    trial_note(trial, "TrialBegun",
               arena_printf(trial->w->arena, "%s: %s gets the new version",
                            key_of(t->spec), value_of(t->spec)));
    if (t->spec->until.max > 0)
        sim_after(trial->w->sim, t->spec->until.max, &ev_end, t, 0);
}

static const struct trial_ops ab_ops = { begin, look };

static void ab_start(struct world *w, const void *spec)
{
    const struct ab_spec *s = spec;
    struct ab *t = arena_make(w->arena, struct ab);
    bool known, given;

    t->spec = s;
    t->trial.otherwise = s->otherwise;
    given = w->strategy->given && value_get(w->strategy->given, "share");
    t->share = group_share(w->spec, s, &known);
    if (known && given)
        t->share = s->share;    /* as promised: the split is checked */
    if (given || !s->match)
        traffic_hand_out(w, key_of(s), value_of(s), s->share);
    trial_start(&t->trial, w, &ab_ops, trial_seen(s->metric));
}

const struct strategy_ops strategy_ab_test = {
    .name = "abTest",
    .doc = "one group of users meets the new version until a test says which "
           "is better; all get that one",
    .fields = ab_fields,
    .spec_size = sizeof(struct ab_spec),
    .convert = ab_convert,
    .start = ab_start,
};
