/*
 * property.h - random rollouts and what must hold of every one of them.
 *
 * A trial is a Deployment, StatefulSet or DaemonSet in a small cluster, with
 * commands and faults at random times.  It is drawn from its number, written
 * down as a scenario (so that a failing one can be run, explained and kept),
 * read and simulated as any other.  While it runs every write of the API is
 * looked at (watch.c); when all is quiet the end is judged (rest.c).
 */
#ifndef TESTS_PROPERTY_H
#define TESTS_PROPERTY_H
#include "base/text.h"
#include "models/world.h"

/* ---- what is done to the workload: case.c -------------------------------- */

enum step_kind {
    STEP_NONE,                  /* shrunk away */
    STEP_IMAGE,                 /* set image; n: the version */
    STEP_SCALE,                 /* n replicas */
    STEP_BOTH,                  /* n replicas and version m, in one write */
    STEP_PAUSE, STEP_RESUME, STEP_UNDO, STEP_RESTART,
    STEP_LIMITS,                /* maxSurge n, maxUnavailable m */
    STEP_PARTITION,             /* of a StatefulSet: n */
    STEP_KILL,                  /* n pods; m: without grace */
    STEP_DRAIN,                 /* node n */
    STEP_CORDON,                /* node n */
    STEP_FAIL,                  /* node n loses power */
    STEP_KUBELET,               /* of node n stops */
    STEP_STOP,                  /* component n stops */
    STEP_SLOW,                  /* part n is m times as slow */
    STEP_KINDS
};

struct step {
    enum step_kind kind;
    int at_s, for_s;
    int n, m;
};

#define STEPS_MOST 12
#define VERSIONS_MOST 6

/* A limit of a rolling update: pods, or percent. */
struct limit {
    int value;
    bool percent;
};

struct trial {
    uint64_t seed;
    enum kind kind;             /* DEPLOYMENT, STATEFULSET, DAEMONSET */
    int version_1_20;
    int profile;                /* 0 exact, 1 default, 2 loaded */
    int nodes, node_pods;
    int replicas;
    struct limit surge, unavailable;
    int recreate, on_delete, parallel;
    int min_ready_s, history, deadline_s, grace_s, tolerate_s;
    int start_s, ready_s, stop_s;       /* of a container */
    int probe;                  /* ready by a probe */
    int qps, burst;             /* of controllers; qps 0: the defaults, -1: no
                                 * limit */
    int traffic;                /* requests per second */
    unsigned bad, crashing;     /* bit v: version v never becomes ready; exits
                                 * once, some seconds after it started */
    struct step steps[STEPS_MOST];
};

/* The trial of a number. */
struct trial trial_draw(uint64_t seed);

/* The scenario that it is, appended to out. */
void trial_print(const struct trial *t, struct buf *out);

/* When the last step is over, in seconds since the end of the warm-up. */
int trial_ends_s(const struct trial *t);

/* Does it have a step of this kind? */
bool trial_has(const struct trial *t, enum step_kind kind);

/* "deployment/web" */
const char *trial_workload(const struct trial *t);

/* ---- one run -------------------------------------------------------------- */

/* What a running trial has shown. */
struct watch;

/* Look at every write of w, the world of t, from now on. */
struct watch *watch_new(struct arena *a, struct world *w,
                        const struct trial *t);

/* What was wrong first; NULL if nothing. */
const char *watch_fault(const struct watch *x);

/* Has the rollout come to its end?  NULL, or what is missing. */
const char *rest_missing(struct world *w, const struct trial *t);

/* Do the indices agree with the store?  NULL, or what does not. */
const char *rest_disagrees(struct world *w);

/* Run a trial: NULL, or what is wrong, of a.  A broken invariant of the
 * program itself ends the process. */
const char *trial_run(struct arena *a, const struct trial *t);

/* ---- many: run.c ----------------------------------------------------------- */

/* The same in a child process: 0 if all is well, else what is wrong is in
 * text (size bytes). */
int trial_try(const struct trial *t, char *text, size_t size);

/* The smallest trial found that fails too, and how. */
struct trial trial_shrink(const struct trial *t, char *text, size_t size);

/* Run the trials of n seeds from first on, in so many processes; the first
 * failure found is shrunk and printed.  Returns the number of failures. */
int trials_run(uint64_t first, uint64_t n, int processes);

#endif
