/*
 * test_flagger.c - Canaries of Flagger from manifest to story: what the
 * controller does, tick by tick.
 *
 * A case is the end of a Canary's spec, what people type, and lines of
 * `rollsim explain` that must follow each other.  In profile exact a pod is
 * ready 5 s after its creation; ticks are every 10 s, on the tens.
 */
#include <check.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/bug.h"
#include "command.h"
#include "results.h"
#include "story.h"

#define RELEASE "12s|set image deployment/web web=web:2"
#define BAD "12s|set image deployment/web web=web:bad"
#define RATE "metrics: [{name: request-success-rate, interval: 10s, "          \
             "thresholdRange: {min: 99}}]"

static const struct story stories[] = {
    { "weights go up tick by tick, then the primary rolls, then traffic goes "
      "back",
      "analysis: {interval: 10s, threshold: 2, stepWeight: 20, maxWeight: 40}",
      { RELEASE },
      { "0:20 New revision detected! Scaling up web.default",
        "0:30 Advance web.default canary weight 20",
        "0:40 canary weight 40",
        "0:50 Copying web.default template spec to web-primary.default",
        "Routing all traffic to primary", "Promotion completed!" } },
    { "the weight may pass the most",
      "analysis: {interval: 10s, stepWeight: 30, maxWeight: 50}",
      { RELEASE },
      { "0:30 canary weight 30", "0:40 canary weight 60", "0:50 Copying" } },
    { "weights may be a list, and traffic may go back in steps",
      "analysis: {interval: 10s, stepWeights: [5, 50], stepWeightPromotion: "
      "30}",
      { RELEASE },
      { "0:30 canary weight 5", "0:40 canary weight 50", "0:50 Copying",
        "Routing all traffic to primary", "Promotion completed!" } },
    { "a bad version is rolled back after threshold failed checks",
      "analysis: {interval: 10s, threshold: 2, stepWeight: 50, " RATE "}",
      { BAD },
      { "0:20 New revision", "0:30 canary weight 50",
        "0:40 Halt advancement", "0:50 Halt advancement",
        "1:00 Rolling back web.default failed checks threshold reached",
        "1:00 Canary failed! Scaling down web.default", "~Copying" } },
    { "no requests at the canary: no values, which is a failed check",
      "provider: kubernetes\n  analysis: {interval: 10s, threshold: 2, "
      "iterations: 2, " RATE "}",
      { RELEASE },
      { "0:30 canary iteration 1/2", "0:40 no values found",
        "0:50 no values found", "1:00 Rolling back" } },
    { "blue-green by iterations, then all traffic to the canary",
      "analysis: {interval: 10s, iterations: 2}", { RELEASE },
      { "0:30 canary iteration 1/2", "0:40 canary iteration 2/2",
        "0:50 Routing all traffic to canary", "1:00 Copying",
        "Promotion completed!" } },
    { "without routes the canary is never seen by users",
      "provider: kubernetes\n  analysis: {interval: 10s}", { RELEASE },
      { "0:30 canary iteration 1/10", "2:00 canary iteration 10/10",
        "~Routing all traffic to canary" } },
    { "an A/B test has iterations",
      "analysis: {interval: 10s, iterations: 2, match: [{headers: {x-user: "
      "{exact: insider}}}]}", { RELEASE },
      { "0:30 canary iteration 1/2", "0:40 canary iteration 2/2",
        "0:50 Copying", "Promotion completed!" } },
    { "mirroring comes before the first weight",
      "analysis: {interval: 10s, mirror: true, stepWeight: 50, maxWeight: 50}",
      { RELEASE },
      { "0:30 canary weight 0", "0:40 canary weight 50", "0:50 Copying" } },
    { "without an analysis it is promoted as soon as the canary is ready",
      "skipAnalysis: true\n  analysis: {interval: 10s}", { RELEASE },
      { "0:20 New revision", "0:30 Copying", "0:30 Promotion completed!" } },
    { "a second revision begins again",
      "analysis: {interval: 10s, stepWeight: 20, maxWeight: 60}",
      { RELEASE, "45s|set image deployment/web web=web:3" },
      { "0:40 canary weight 40",
        "0:50 New revision detected! Restarting analysis for web.default",
        "canary weight 20", "canary weight 40", "canary weight 60",
        "Copying" } },
    { "a canary that never becomes ready meets its deadline",
      "progressDeadlineSeconds: 30\n  analysis: {interval: 10s, stepWeight: "
      "50}",
      { "12s|set image deployment/web web=web:never" },
      { "0:20 New revision", "Rolling back web.default progress deadline "
        "exceeded", "~canary weight" } },
    { "a suspended one does nothing",
      "suspend: true\n  analysis: {interval: 10s, stepWeight: 50}", { RELEASE },
      { "~canary/web" } },
    { "after a failure the old template again is a new revision",
      "analysis: {interval: 10s, threshold: 1, stepWeight: 50, " RATE "}",
      { BAD, "95s|set image deployment/web web=web:1" },
      { "0:50 Rolling back", "1:40 New revision", "canary weight 50" } },
    { "nginx has a second Ingress",
      "ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: "
      "web}\n  provider: nginx\n  analysis: {interval: 10s, stepWeight: 50, "
      "maxWeight: 50}", { RELEASE },
      { "0:30 canary weight 50", "0:40 Copying", "Promotion completed!" } },
};

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

static const char before[] =
    "apiVersion: rollsim/v1\nkind: Scenario\n"
    "run: {duration: 4m, warmup: 60s, seed: 1, replications: 1}\n"
    "cluster: {profile: exact, nodes: [{name: n, count: 2}], monitoring: "
    "{scrape: 1s, lag: 0s}}\n"
    "images:\n  web: {startup: 5s, service: 5ms}\n"
    "  web:bad: {errorRate: 20%%}\n  web:never: {readiness: never}\n"
    "traffic: [{name: users, to: %s, rate: 20/s}]\nactions:\n";
static const char between[] =
    "---\napiVersion: apps/v1\nkind: Deployment\n"
    "metadata: {name: web}\nspec:\n  replicas: 2\n"
    "  selector: {matchLabels: {app: web}}\n"
    "  template:\n    metadata: {labels: {app: web}}\n    spec:\n"
    "      containers:\n        - name: web\n          image: web:1\n"
    "          readinessProbe: {httpGet: {path: /, port: 80}, "
    "periodSeconds: 1}\n"
    "          lifecycle: {preStop: {sleep: {seconds: 5}}}\n"
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n"
    "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\n"
    "metadata: {name: web}\nspec: {rules: [{host: a.example, http: {paths: "
    "[{path: /, pathType: Prefix, backend: {service: {name: web, port: "
    "{number: 80}}}}]}}]}\n"
    "---\napiVersion: flagger.app/v1beta1\nkind: Canary\n"
    "metadata: {name: web}\nspec:\n"
    "  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n"
    "  service: {port: 80}\n  ";

/* The story as rollsim explain tells it. */
static struct output tell(const struct story *s)
{
    char path[] = "/tmp/rollsim-flagger-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "w");
    struct output o;

    fprintf(f, before, strstr(s->spec, "nginx") ? "ingress/web"
                                                : "service/web");
    for (size_t i = 0; i < COUNT_OF(s->typed) && s->typed[i]; i++) {
        const char *bar = strchr(s->typed[i], '|');

        fprintf(f, "  - {at: %.*s, kubectl: \"%s\"}\n",
                (int)(bar - s->typed[i]), s->typed[i], bar + 1);
    }
    fprintf(f, "%s%s\n", between, s->spec);
    fclose(f);
    o = command(arena_printf(arena, "explain --quiet %s", path));
    unlink(path);
    ck_assert_msg(o.code == 0, "%s: %s", s->name, o.err);
    return o;
}

START_TEST(a_canary_goes_as_its_story_says)
{
    const struct story *s = &stories[_i];
    struct output o = tell(s);

    story_holds(arena, s, o.out);
    output_free(&o);
}
END_TEST

/* With a preStop pause only a bad version loses requests. */
START_TEST(no_story_costs_a_request)
{
    const struct story *s = &stories[_i];
    struct output o = tell(s);

    if (strstr(s->typed[0], "bad") == NULL)
        ck_assert_msg(strstr(o.out, "failed_requests    0 requests"),
                      "%s\n%s", s->name, o.out);
    ck_assert_msg(strstr(o.out, "downtime           0 s"), "%s\n%s", s->name,
                  o.out);
    output_free(&o);
}
END_TEST

/* The weight of the first tick is judged at the second, every failed check
 * costs a tick, and so does the decision: (threshold + 1) intervals. */
static const struct {
    const char *strategy;
    double keeps;
} bad[] = { { "tutorial", (5 + 1) * 60 }, { "attentive", (2 + 1) * 15 } };

START_TEST(a_bad_version_keeps_its_share_for_threshold_and_one_intervals)
{
    struct results r;

    results_of_file(&r, "scenarios/flagger.yaml", "-n 1");
    ck_assert_double_eq_tol(results_metric(&r, bad[_i].strategy,
                                           "mixed_seconds"),
                            bad[_i].keeps, 1);
    results_free(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("flagger");
    TCase *c = tcase_create("flagger");
    SRunner *r;
    int failed;

    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, a_canary_goes_as_its_story_says, 0,
                        (int)COUNT_OF(stories));
    tcase_add_loop_test(c, no_story_costs_a_request, 0,
                        (int)COUNT_OF(stories));
    tcase_add_loop_test(c,
        a_bad_version_keeps_its_share_for_threshold_and_one_intervals, 0,
        (int)COUNT_OF(bad));
    suite_add_tcase(s, c);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed > 0;
}
