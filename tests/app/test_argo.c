/*
 * test_argo.c - Rollouts of Argo Rollouts from manifest to story: what the
 * controller does, in which order, when.
 *
 * A case is the strategy (the end of spec), what people type, and lines of
 * `rollsim explain` that must follow each other, each with its time.  In
 * profile exact a pod is ready 5 s after its creation; times are by hand.
 */
#include <check.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/bug.h"
#include "command.h"
#include "story.h"

#define ROUTED "stableService: web, canaryService: web-2, trafficRouting: {}, "
#define ONE_BY_ONE "maxSurge: 1, maxUnavailable: 0, "
#define RELEASE "10s|argo rollouts set image web web=web:2"

struct judged {
    struct story s;
    const char *metric;         /* the rest of its only metric */
    const char *more;           /* keys of the scenario; NULL: none */
};

static const struct story stories[] = {
    { "the first deployment knows no steps",
      "strategy: {canary: {steps: [{setWeight: 25}, {pause: {}}]}}",
      { "10s|scale rollout/web --replicas=6" },
      { "0:10 (revision 1) from 4 to 6", "~is paused" } },
    { "a canary by weight goes step by step",
      "strategy: {canary: {" ROUTED "steps: [{setWeight: 25}, {pause: {}}, "
      "{setWeight: 50}, {pause: {duration: 30s}}]}}",
      { RELEASE, "60s|argo rollouts promote web" },
      { "0:10 (revision 2) from 0 to 1", "0:15 weight updated from 0 to 25",
        "0:15 step 1/4 completed", "0:15 is paused (CanaryPauseStep)",
        "1:00 step 2/4 completed", "1:00 (revision 2) from 1 to 2",
        "1:05 weight updated from 25 to 50", "1:35 step 4/4 completed",
        "1:35 (revision 2) from 2 to 4", "1:40 weight updated from 50 to 100",
        "1:40 completed update to revision 2",
        "1:40 Switched selector for service 'web'",
        "1:40 weight updated from 100 to 0",
        "2:10 (revision 1) from 4 to 0" } },
    { "an abort sends users back at once, pods stay for a while, a retry begins "
      "again, and promotion in full skips the steps",
      "strategy: {canary: {" ROUTED "abortScaleDownDelaySeconds: 20, steps: "
      "[{setWeight: 25}, {pause: {}}]}}",
      { RELEASE, "60s|argo rollouts abort web",
        "120s|argo rollouts retry rollout web",
        "150s|argo rollouts promote web --full" },
      { "0:15 weight updated from 0 to 25", "1:00 'web' aborted",
        "1:00 weight updated from 25 to 0", "1:20 (revision 2) from 1 to 0",
        "2:00 (revision 2) from 0 to 1", "2:05 is paused",
        "2:30 (revision 2) from 1 to 4", "2:35 completed update to revision 2",
        "3:05 (revision 1) from 4 to 0" } },
    { "abortScaleDownDelaySeconds 0 keeps the canary for ever",
      "strategy: {canary: {" ROUTED "abortScaleDownDelaySeconds: 0, steps: "
      "[{setWeight: 25}, {setCanaryScale: {replicas: 3}}, {pause: {}}]}}",
      { RELEASE, "60s|argo rollouts abort web" },
      { "0:15 (revision 2) from 1 to 3", "1:00 weight updated from 25 to 0",
        "~from 3 to 0" } },
    { "by pods, each step is a rolling update, and an abort is one backwards",
      "strategy: {canary: {" ONE_BY_ONE "steps: [{setWeight: 50}, "
      "{pause: {}}]}}",
      { RELEASE, "60s|argo rollouts abort web" },
      { "0:10 (revision 2) from 0 to 1", "0:15 (revision 1) from 4 to 3",
        "0:15 (revision 2) from 1 to 2", "0:20 (revision 1) from 3 to 2",
        "0:20 step 1/2 completed", "1:00 (revision 1) from 2 to 3",
        "1:05 (revision 2) from 2 to 1", "1:05 (revision 1) from 3 to 4",
        "1:10 (revision 2) from 1 to 0" } },
    { "a second release takes the place of the first in the middle",
      "strategy: {canary: {" ONE_BY_ONE "steps: [{setWeight: 50}, "
      "{pause: {}}]}}",
      { RELEASE, "40s|argo rollouts set image web web=web:3",
        "90s|argo rollouts promote web" },
      { "0:20 is paused", "0:40 updated to revision 3",
        "0:40 (revision 3) from 0 to 1", "0:45 (revision 2) from 2 to 1",
        "0:45 (revision 3) from 1 to 2", "0:50 (revision 2) from 1 to 0",
        "0:50 step 1/2 completed", "1:30 step 2/2 completed",
        "1:35 (revision 1) from 2 to 1",
        "1:40 completed update to revision 3" } },
    { "the stable template again needs no steps",
      "strategy: {canary: {" ROUTED "steps: [{setWeight: 25}, {pause: {}}]}}",
      { RELEASE, "60s|argo rollouts set image web web=web:1" },
      { "0:15 is paused", "1:00 updated to revision 3",
        "1:00 weight updated from 25 to 0", "~is paused" } },
    { "undo is an update like any other",
      "strategy: {canary: {" ROUTED "steps: [{setWeight: 25}, "
      "{pause: {duration: 5}}]}}",
      { RELEASE, "100s|argo rollouts undo web" },
      { "0:25 completed update to revision 2", "1:40 rolled back",
        "1:40 updated to revision 3", "1:40 (revision 3) from 0 to 1",
        "1:45 is paused", "1:55 completed update to revision 3" } },
    { "within the rollback window it skips the steps",
      "rollbackWindow: {revisions: 1}\n  strategy: {canary: {" ROUTED
      "steps: [{setWeight: 25}, {pause: {duration: 5}}]}}",
      { RELEASE, "100s|argo rollouts undo web" },
      { "0:25 completed update to revision 2", "1:40 rolled back",
        "1:40 (revision 3) from 0 to 4", "1:45 completed update to revision 3",
        "~is paused" } },
    { "the pause of a user stops everything, and time goes on",
      "strategy: {canary: {" ONE_BY_ONE "steps: [{setWeight: 50}]}}",
      { RELEASE, "12s|rollout pause rollout/web",
        "60s|rollout resume rollout/web" },
      { "0:10 (revision 2) from 0 to 1", "0:15 is ready",
        "1:00 (revision 1) from 4 to 3", "1:05 step 1/1 completed" } },
    { "no progress for progressDeadlineSeconds aborts if it is to",
      "progressDeadlineSeconds: 60\n  progressDeadlineAbort: true\n"
      "  strategy: {canary: {" ROUTED "steps: [{setWeight: 50}]}}",
      { "10s|argo rollouts set image web web=web:never" },
      { "0:10 (revision 2) from 0 to 2", "1:10 progress deadline exceeded",
        "1:40 (revision 2) from 2 to 0" } },
    { "and without that only changes the phase",
      "progressDeadlineSeconds: 60\n"
      "  strategy: {canary: {" ROUTED "steps: [{setWeight: 50}]}}",
      { "10s|argo rollouts set image web web=web:never" },
      { "0:10 (revision 2) from 0 to 2", "1:10 ProgressDeadlineExceeded",
        "~from 2 to 0" } },
    { "blue-green: a small preview waits for a person, grows, takes all users",
      "strategy: {blueGreen: {activeService: web, previewService: web-2, "
      "autoPromotionEnabled: false, previewReplicaCount: 1}}",
      { RELEASE, "60s|argo rollouts promote web" },
      { "0:10 (revision 2) from 0 to 1", "0:15 is paused (BlueGreenPause)",
        "1:00 (revision 2) from 1 to 4",
        "1:05 Switched selector for service 'web'",
        "1:05 completed update to revision 2",
        "1:35 (revision 1) from 4 to 0" } },
    { "blue-green: the old set waits scaleDownDelaySeconds; undoing within them "
      "is a change of a selector",
      "strategy: {blueGreen: {activeService: web, autoPromotionSeconds: 10, "
      "scaleDownDelaySeconds: 60, previewReplicaCount: 2}}",
      { RELEASE, "60s|argo rollouts undo web" },
      { "0:15 is paused (BlueGreenPause)", "0:25 (revision 2) from 2 to 4",
        "0:30 Switched selector for service 'web'",
        "1:00 Switched selector for service 'web'",
        "1:00 completed update to revision 3", "2:00 (revision 2) from 4 to 0",
        "~(revision 3) from" } },
    { "blue-green: an abort before the switch takes the preview away",
      "strategy: {blueGreen: {activeService: web, autoPromotionEnabled: false, "
      "abortScaleDownDelaySeconds: 20}}",
      { RELEASE, "30s|argo rollouts abort web" },
      { "0:15 is paused (BlueGreenPause)", "0:30 'web' aborted",
        "0:50 (revision 2) from 4 to 0", "~Switched selector for service 'web'"
      } },
    { "blue-green: the third set replaces the second while it waits",
      "strategy: {blueGreen: {activeService: web, "
      "autoPromotionEnabled: false}}",
      { RELEASE, "40s|argo rollouts set image web web=web:3",
        "60s|argo rollouts promote web" },
      { "0:15 is paused (BlueGreenPause)", "0:40 updated to revision 3",
        "0:40 (revision 3) from 0 to 4", "0:45 is paused (BlueGreenPause)",
        "1:00 Switched selector for service 'web'",
        "1:00 completed update to revision 3" } },
    { "a restart evicts the older pods, as many as may be missing",
      "strategy: {canary: {maxUnavailable: 50%, steps: [{setWeight: 25}, "
      "{pause: {}}]}}",
      { "10s|argo rollouts restart web" },
      { "0:10 web restarts", "0:10 is told to stop",
        "0:10 is told to stop", "0:15 is ready", "0:15 is told to stop",
        "0:15 is told to stop", "0:20 is ready", "~is paused" } },
    { "and in a while, if it is told so",
      "strategy: {blueGreen: {activeService: web}}",
      { "10s|argo rollouts restart web --in=20s" },
      { "0:30 is told to stop", "0:35 is ready", "0:35 is told to stop",
        "0:40 is told to stop", "0:45 is told to stop", "0:50 is ready" } },
    { "an experiment runs pods beside the others, for its time, and then takes "
      "them away",
      "strategy: {canary: {" ROUTED "steps: [{setWeight: 25}, {experiment: "
      "{duration: 40s, templates: [{name: old, specRef: stable}, {name: new, "
      "specRef: canary, replicas: 2, metadata: {labels: {role: trial}}}]}}, "
      "{pause: {}}]}}",
      { RELEASE },
      { "0:15 step 1/3 completed", "0:15 -2-1': Pending",
        "0:15 -2-1-new from 0 to 2", "0:20 -2-1': Running",
        "1:00 -2-1': Successful", "1:00 step 2/3 completed",
        "1:30 -2-1-old from 1 to 0", "1:30 -2-1-new from 2 to 0",
        "~(revision 1) from 4" } },
    { "an experiment goes on while a person has paused the Rollout",
      "strategy: {canary: {" ROUTED "steps: [{setWeight: 25}, {experiment: "
      "{duration: 40s, templates: [{name: old, specRef: stable}]}}, "
      "{pause: {}}]}}",
      { RELEASE, "30s|rollout pause rollout/web",
        "100s|rollout resume rollout/web" },
      { "0:15 -2-1': Pending", "0:20 -2-1': Running", "1:00 -2-1': Successful",
        "1:30 -2-1-old from 1 to 0", "1:40 step 2/3 completed" } },
    { "an experiment whose pods do not come aborts; a retry begins another",
      "progressDeadlineSeconds: 30\n"
      "  strategy: {canary: {" ROUTED "steps: [{experiment: {templates: "
      "[{name: new, specRef: canary}]}}]}}",
      { "10s|argo rollouts set image web web=web:never",
        "60s|argo rollouts retry rollout web" },
      { "0:10 -2-0-new from 0 to 1", "0:40 -2-0': Failed: Template 'new' "
        "exceeded its progressDeadlineSeconds (30)", "0:40 Rollout aborted",
        "1:00 'web' retried", "1:00 -2-0-1-new from 0 to 1",
        "1:10 -2-0-new from 1 to 0", "1:30 -2-0-1': Failed" } },
};

#define RUN "analysis: {templates: [{templateName: ok}]}"
#define BAD "10s|argo rollouts set image web web=web:bad"

/* Version bad answers 5xx always; pods are scraped every 15 s. */
static const struct judged analyses[] = {
    { { "in the background, a metric that fails aborts after D + F I",
      "strategy: {canary: {" ROUTED RUN ", steps: [{setWeight: 25}, "
      "{pause: {}}]}}",
      { BAD },
      { "0:10 Background Analysis Run: started", "1:10 Background Analysis Run: Failed: Metric \"good\" "
        "assessed Failed due to failed (3) > failureLimit (2)",
        "1:10 Rollout aborted", "1:10 weight updated from 25 to 0" } },
      "initialDelay: 40s, interval: 10s, failureLimit: 2, "
      "successCondition: \"result[0] > 0.9\"", NULL },
    { { "a step waits for its analysis",
      "strategy: {canary: {" ROUTED "steps: [{setWeight: 25}, "
      "{pause: {duration: 40}}, {" RUN "}, {setWeight: 50}]}}",
      { RELEASE },
      { "0:15 step 1/4 completed", "0:55 Step Analysis Run: started",
        "1:15 Step Analysis Run: Successful", "1:15 step 3/4 completed" } },
      "interval: 10s, count: 3, successCondition: \"result[0] > 0.9\"",
      NULL },
    { { "its failure aborts, also while a person has paused the Rollout",
      "strategy: {canary: {" ROUTED "steps: [{setWeight: 25}, "
      "{pause: {duration: 40}}, {" RUN "}, {setWeight: 50}]}}",
      { BAD, "60s|rollout pause rollout/web" },
      { "0:55 Step Analysis Run: started", "1:15 Step Analysis Run: Failed",
        "1:15 Rollout aborted", "1:15 weight updated from 25 to 0" } },
      "initialDelay: 20s, successCondition: \"result[0] > 0.9\"", NULL },
    { { "consecutiveSuccessLimit ends it before its count",
      "strategy: {canary: {" ROUTED "steps: [{setWeight: 25}, "
      "{pause: {duration: 40}}, {" RUN "}]}}",
      { RELEASE },
      { "0:55 Step Analysis Run: started",
        "1:05 Step Analysis Run: Successful" } },
      "interval: 10s, count: 30, consecutiveSuccessLimit: 2, "
      "successCondition: \"result[0] > 0.9\"", NULL },
    { { "a loss of monitoring aborts a healthy release: five errors in 40 s",
      "strategy: {canary: {" ROUTED RUN ", steps: [{setWeight: 25}, "
      "{pause: {}}]}}",
      { RELEASE },
      { "0:10 Background Analysis Run: started",
        "0:50 assessed Error due to consecutiveErrors (5) > "
        "consecutiveErrorLimit (4)", "0:50 weight updated from 25 to 0" } },
      "interval: 60s, successCondition: \"result[0] > 0.9\"",
      "faults: [{at: 5s, monitoring: lost}]\n" },
    { { "one that is inconclusive waits for a person, who goes on",
      "strategy: {canary: {" ROUTED "steps: [{setWeight: 25}, "
      "{pause: {duration: 40}}, {" RUN "}, {pause: {}}]}}",
      { RELEASE, "80s|argo rollouts promote web" },
      { "0:55 Step Analysis Run: Inconclusive: Metric \"good\"",
        "0:55 is paused (InconclusiveAnalysisRun)", "1:20 'web' promoted",
        "1:20 is paused (CanaryPauseStep)" } },
      "successCondition: \"result[0] > 2\", failureCondition: "
      "\"result[0] < 0\"", NULL },
    { { "a dry run is measured and not judged; promotion ends what goes on",
      "strategy: {canary: {" ROUTED "analysis: {templates: "
      "[{templateName: ok}], dryRun: [{metricName: good}]}, steps: "
      "[{setWeight: 25}, {pause: {duration: 60}}]}}",
      { BAD },
      { "0:10 Background Analysis Run: started", "1:15 step 2/2 completed",
        "1:20 completed update to revision 2", "~aborted" } },
      "interval: 10s, successCondition: \"result[0] > 0.9\"", NULL },
    { { "startingStep and arguments of the Rollout",
      "strategy: {canary: {" ROUTED "analysis: {templates: "
      "[{templateName: ok}], startingStep: 2, args: [{name: least, "
      "value: \"-1\"}]}, steps: [{setWeight: 25}, {pause: {duration: 40}}, "
      "{setWeight: 50}, {pause: {duration: 20}}]}}",
      { BAD },
      { "0:55 step 2/4 completed", "0:55 Background Analysis Run: started",
        "1:25 completed update to revision 2", "~aborted" } },
      "interval: 5s, successCondition: \"result[0] > {{args.least}}\"",
      NULL },
    { { "before the switch nobody calls the preview: there is nothing to see",
      "strategy: {blueGreen: {activeService: web, previewService: web-2, "
      "prePromotionAnalysis: {templates: [{templateName: ok}]}}}",
      { RELEASE },
      { "0:15 Pre-promotion Analysis Run: started",
        "0:55 Pre-promotion Analysis Run: Error", "0:55 Rollout aborted",
        "~Switched selector for service 'web'" } },
      "successCondition: \"result[0] > 0.9\"", NULL },
    { { "after the switch, users go back at once",
      "strategy: {blueGreen: {activeService: web, "
      "postPromotionAnalysis: {templates: [{templateName: ok}]}}}",
      { BAD },
      { "0:15 Switched selector for service 'web'",
        "0:15 Post-promotion Analysis Run: started",
        "0:55 Post-promotion Analysis Run: Failed",
        "0:55 Switched selector for service 'web'",
        "1:25 (revision 2) from 4 to 0" } },
      "initialDelay: 40s, failureCondition: \"result[0] < 0.9\"", NULL },
    { { "an experiment without a time lasts until its required analysis has "
        "been passed",
      "strategy: {canary: {" ROUTED "steps: [{setWeight: 25}, {experiment: "
      "{templates: [{name: old, specRef: stable}], analyses: [{name: good, "
      "templateName: ok, requiredForCompletion: true, args: [{name: hash, "
      "value: \"{{templates.old.podTemplateHash}}\"}]}]}}]}}",
      { RELEASE },
      { "0:15 step 1/2 completed", "0:20 Experiment Analysis Run: started",
        "1:20 Experiment Analysis Run: Successful",
        "1:20 -2-1': Successful", "1:20 step 2/2 completed" } },
      "interval: 10s, initialDelay: 40s, count: 3, successCondition: "
      "\"result[0] > 0.9\"", NULL },
    { { "an experiment fails with its analysis",
      "strategy: {canary: {" ROUTED "steps: [{setWeight: 25}, {experiment: "
      "{duration: 2m, templates: [{name: new, specRef: canary}], analyses: "
      "[{name: good, templateName: ok}]}}]}}",
      { BAD },
      { "0:20 Experiment Analysis Run: started", "1:00 Experiment Analysis "
        "Run: Failed", "1:00 -2-1': Failed: Metric \"good\"",
        "1:00 Rollout aborted", "1:30 -2-1-new from 1 to 0" } },
      "initialDelay: 40s, successCondition: \"result[0] > 0.9\"", NULL },
    { { "a retry begins a new run",
      "strategy: {canary: {" ROUTED RUN ", steps: [{setWeight: 25}, "
      "{pause: {}}]}}",
      { BAD, "100s|argo rollouts retry rollout web" },
      { "0:50 Background Analysis Run: Failed", "1:40 'web' retried",
        "1:40 Background Analysis Run: started",
        "2:20 Background Analysis Run: Failed" } },
      "initialDelay: 40s, successCondition: \"len(result) > 0 && "
      "result[0] > 0.9\"", NULL },
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
    "run: {duration: 4m, warmup: 30s, seed: 1, replications: 1}\n"
    "cluster:\n  profile: exact\n  nodes: [{name: n, count: 2}]\n"
    "  monitoring: {metrics: {ok/good: success_rate of new over 1m}}\n"
    "images:\n  web: {startup: 5s, service: 5ms}\n"
    "  web:never: {readiness: never}\n"
    "  web:bad: {errorRate: 100%}\n"
    "traffic: [{name: users, to: service/web, rate: 10/s}]\n";
static const char template[] =
    "\n---\napiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\n"
    "metadata: {name: ok}\nspec:\n  args: [{name: least, value: \"0.9\"}]\n"
    "  metrics: [{name: good, provider: {prometheus: {query: x}}, %s}]";
static const char between[] =
    "---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\n"
    "metadata: {name: web}\nspec:\n  replicas: 4\n"
    "  selector: {matchLabels: {app: web}}\n"
    "  template:\n    metadata: {labels: {app: web}}\n    spec:\n"
    "      containers:\n        - name: web\n          image: web:1\n"
    "          readinessProbe: {httpGet: {path: /, port: 80}, "
    "periodSeconds: 1}\n"
    "          lifecycle: {preStop: {sleep: {seconds: 5}}}\n  ";
static const char service[] =
    "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web%s}\n"
    "spec: {selector: {app: web}, ports: [{port: 80}]}";

/* The story as rollsim explain tells it. */
static struct output tell(const struct story *s, const char *metric,
                          const char *more)
{
    char path[] = "/tmp/rollsim-argo-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "w");
    struct output o;

    fprintf(f, "%s%sactions:\n", before, more ? more : "");
    for (size_t i = 0; i < COUNT_OF(s->typed) && s->typed[i]; i++) {
        const char *bar = strchr(s->typed[i], '|');

        fprintf(f, "  - {at: %.*s, kubectl: \"%s\"}\n",
                (int)(bar - s->typed[i]), s->typed[i], bar + 1);
    }
    fprintf(f, "%s%s", between, s->spec);
    fprintf(f, service, "");
    fprintf(f, service, "-2");
    if (metric)
        fprintf(f, template, metric);
    fclose(f);
    o = command(arena_printf(arena, "explain --quiet %s", path));
    unlink(path);
    ck_assert_msg(o.code == 0, "%s: %s", s->name, o.err);
    return o;
}

static void check_story(const struct story *s, const char *metric,
                        const char *more)
{
    struct output o = tell(s, metric, more);

    story_holds(arena, s, o.out);
    output_free(&o);
}

START_TEST(a_rollout_goes_as_its_story_says)
{
    check_story(&stories[_i], NULL, NULL);
}
END_TEST

static const char migration[] =
    "apiVersion: rollsim/v1\nkind: Scenario\n"
    "run: {duration: 2m, warmup: 30s, seed: 1, replications: 1}\n"
    "cluster: {profile: exact}\nimages: {web: {startup: 5s}}\n"
    "release: {at: 20s, workload: rollout/web, images: {web: \"web:2\"}}\n"
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
    "spec:\n  replicas: 3\n  selector: {matchLabels: {app: web}}\n"
    "  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: "
    "[{name: web, image: \"web:1\", readinessProbe: {httpGet: {port: 80}, "
    "periodSeconds: 1}}]}\n---\napiVersion: argoproj.io/v1alpha1\n"
    "kind: Rollout\nmetadata: {name: web}\nspec:\n  replicas: 3\n"
    "  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web, "
    "scaleDown: %s}\n"
    "  strategy: {canary: {steps: [{setWeight: 34}, {pause: {duration: 20}}]"
    "}}\n";

/* The Rollout follows the template of the Deployment; that, without pods, has
 * nothing to do. */
static const struct story taken_over = {
    "a Deployment lends its template",  "", { NULL },
    { "0:20 deployment.apps/web image updated", "0:20 updated to revision 2",
      "0:20 ReplicaSet web-", "0:25 is paused", "0:45 step 2/2 completed",
      "completed update to revision 2", "~deployment/web: Scaled" }
};
/* With `never`, somebody else has to take its pods away. */
static const struct story beside = {
    "and keeps its pods unless it is told",  "", { NULL },
    { "0:20 deployment/web: Scaled up", "0:25 is paused" }
};

static void check_migration(const char *scale_down, const struct story *s)
{
    char path[] = "/tmp/rollsim-argo-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "w");
    struct output o;

    fprintf(f, migration, scale_down);
    fclose(f);
    o = command(arena_printf(arena, "explain --quiet %s", path));
    unlink(path);
    ck_assert_msg(o.code == 0, "%s", o.err);
    story_holds(arena, s, o.out);
    output_free(&o);
}

START_TEST(a_deployment_may_have_the_template)
{
    check_migration("progressively", &taken_over);
    check_migration("onsuccess", &taken_over);
    check_migration("never", &beside);
}
END_TEST

START_TEST(analyses_count_and_judge)
{
    check_story(&analyses[_i].s, analyses[_i].metric, analyses[_i].more);
}
END_TEST

/* With a preStop pause no strategy loses a request, whatever is typed. */
START_TEST(no_story_costs_a_request)
{
    const struct story *s = &stories[_i];
    struct output o = tell(s, NULL, NULL);

    ck_assert_msg(strstr(o.out, "failed_requests    0 requests"), "%s\n%s",
                  s->name, o.out);
    ck_assert_msg(strstr(o.out, "downtime           0 s"), "%s\n%s", s->name,
                  o.out);
    output_free(&o);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("argo");
    TCase *c = tcase_create("argo");
    SRunner *r;
    int failed;

    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, a_rollout_goes_as_its_story_says, 0,
                        (int)COUNT_OF(stories));
    tcase_add_test(c, a_deployment_may_have_the_template);
    tcase_add_loop_test(c, analyses_count_and_judge, 0,
                        (int)COUNT_OF(analyses));
    tcase_add_loop_test(c, no_story_costs_a_request, 0,
                        (int)COUNT_OF(stories));
    suite_add_tcase(s, c);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed > 0;
}
