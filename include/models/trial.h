/*
 * trial.h - what strategies share that try a version on users.
 *
 * Such a strategy makes the Deployment a Rollout with a pause that nobody but
 * somebody who decides ends.  A trial watches the Rollout (as its controller
 * does, a little late) and monitoring: it is open from the pause until the
 * Rollout is promoted or aborted, by whomever.
 */
#ifndef MODELS_TRIAL_H
#define MODELS_TRIAL_H
#include "models/measure.h"
#include "models/monitoring.h"
#include "models/strategy.h"
#include "models/world.h"

struct trial;

struct trial_ops {
    /* The Rollout waits for the first time: the trial is open. */
    void (*open)(struct trial *t);
    /* A new reading of monitoring, while it is open; NULL. */
    void (*look)(struct trial *t);
};

enum trial_stage { TRIAL_BEFORE, TRIAL_OPEN, TRIAL_OVER };

/* What is done if nothing is decided; words for tables. */
enum trial_otherwise { OTHERWISE_ABORT, OTHERWISE_PROMOTE, OTHERWISE_WAIT };
extern const char *const trial_otherwise[4];

struct trial {
    struct world *w;
    const struct trial_ops *ops;
    enum seen metric;           /* SEEN_CONVERSION or SEEN_ERROR_RATE */
    enum trial_stage stage;
    const char *name, *space;   /* of the Rollout */
    double better;              /* the truth: see measure_decided */
    int otherwise;              /* enum trial_otherwise */
};

/* Watch the released Rollout for a trial, the first member of a strategy's own
 * struct in w's arena, all of it zero.  Called at the strategy's start. */
void trial_start(struct trial *t, struct world *w, const struct trial_ops *ops,
                 enum seen metric);

/* A row of events.csv about the Rollout; text: of w's arena. */
void trial_note(struct trial *t, const char *reason, const char *text);

/* It is decided, for a reason (of w's arena): the trial is over, and its script
 * types what follows, `promote` (" --full" or "") or abort. */
void trial_decide(struct trial *t, enum decision decision, const char *why,
                  const char *promote);

/* "conversion 3.90 % of 5012 users, old 3.20 % of 5020"; of w's arena. */
const char *trial_tell(const struct trial *t, struct arm old, struct arm new_);

/* What the scenario must have for a trial: a release, and an image that says
 * its conversion if that is the metric.  Faults go to c->errors; false after
 * one. */
bool trial_check(struct conversion *c, enum seen metric);

/* Metrics that can be tried, in the order of enum trial_metric; for tables. */
enum trial_metric { TRIAL_CONVERSION, TRIAL_ERROR_RATE };
extern const char *const trial_metrics[3];
enum seen trial_seen(int metric);

#endif
