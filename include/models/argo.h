/*
 * argo.h - a Rollout as Argo Rollouts has it, and how its controller decides.
 *
 * `kind: Rollout` takes the place of a Deployment: it owns ReplicaSets, one
 * per pod template, and moves from the stable one to the new one in steps
 * (canary) or at once (blue-green).  "new" is the set of the template in spec,
 * "stable" the last one that was fully promoted, "older" all others.
 *
 * The decisions are functions of what one pass has seen; the controller
 * (models/control/argo.c) makes its calls from argo_plan and adds nothing of
 * its own.  Reference: progressive delivery, section 1.
 */
#ifndef MODELS_ARGO_H
#define MODELS_ARGO_H
#include "models/analysis.h"
#include "models/deployment.h"

/* ---- the object ------------------------------------------------------------ */

/* What becomes of the Deployment that a Rollout takes its template from. */
enum argo_scale_down { DOWN_NEVER, DOWN_ON_SUCCESS, DOWN_PROGRESSIVELY };

enum argo_strategy { ARGO_NO_STRATEGY, ARGO_CANARY, ARGO_BLUE_GREEN };

/* setCanaryScale: exactly one of them. */
struct argo_scale {
    int replicas, weight;       /* -1: not given */
    bool match;                 /* matchTrafficWeight */
};

#define PAUSE_FOREVER (-1)

/* setHeaderRoute or setMirrorRoute: what is routed by a name. */
struct argo_route {
    const char *name;
    const struct value *rule;   /* of an HTTPRoute; NULL: removed */
};

/* An experiment: pods beside those of the Rollout, and what they must pass. */
struct argo_template {
    const char *name;
    bool canary;                /* specRef: pods of the new version */
    int replicas;               /* -1: not given */
    const struct labels *labels;        /* besides those of the version */
};
struct argo_experiment_analysis {
    const struct value *block;  /* as that of a step */
    bool required;              /* requiredForCompletion */
};
struct argo_experiment {
    const struct argo_template *templates;
    size_t ntemplates;
    sim_time duration;          /* SIM_NEVER: not given */
    const struct argo_experiment_analysis *analyses;
    size_t nanalyses;
};

/* One step does one thing. */
struct argo_step {
    int weight;                 /* setWeight, of max_weight; -1: none */
    const struct argo_scale *scale;     /* setCanaryScale; NULL: none */
    bool pause;
    int64_t pause_s;            /* PAUSE_FOREVER: until promoted */
    const struct argo_route *route;     /* NULL: none */
    const struct value *analysis;       /* as written; NULL: none */
    const struct argo_experiment *experiment;   /* NULL: none */
};

/* replicaProgressThreshold. */
enum argo_threshold_type { THRESHOLD_NONE, THRESHOLD_PERCENT, THRESHOLD_PODS };
struct argo_threshold {
    enum argo_threshold_type type;
    int value;
};

enum argo_phase { ARGO_PROGRESSING, ARGO_PAUSED, ARGO_HEALTHY, ARGO_DEGRADED };

/* Why a controller waits; a set of bits in status. */
enum argo_pause {
    PAUSE_CANARY_STEP = 1, PAUSE_BLUE_GREEN = 2, PAUSE_INCONCLUSIVE_ANALYSIS = 4,
    PAUSE_INCONCLUSIVE_EXPERIMENT = 8
};

struct argo {
    struct meta meta;
    /* spec */
    int replicas;
    const struct selector *selector;
    const struct pod_template *template;
    const char *workload;       /* the Deployment that has it; NULL: none */
    enum argo_scale_down scale_down;
    int min_ready_s, history_limit, progress_deadline_s;
    bool deadline_abort;        /* progressDeadlineAbort */
    bool paused;                /* by the user */
    int64_t restart_at;         /* seconds since 1970; -1: not given */
    int rollback_window;        /* revisions; 0: off */
    enum argo_strategy strategy;
    bool has_surge, has_unavailable;    /* else 25 % */
    struct int_or_percent max_surge, max_unavailable;
    int scale_down_delay_s, abort_delay_s;      /* -1: not set */
    int scale_down_limit;       /* scaleDownDelayRevisionLimit; -1: none */
    /* canary */
    const struct argo_step *steps;
    size_t nsteps;
    bool routed;                /* has trafficRouting */
    int max_weight;             /* denominator of weights */
    bool dynamic_stable_scale;
    int min_pods;               /* minPodsPerReplicaSet; 0: not set */
    struct argo_threshold threshold;
    const char *stable_service, *canary_service;        /* NULL: none */
    const char *route;          /* HTTPRoute that stands for the router */
    const struct value *analysis;       /* in the background; NULL: none */
    int analysis_from;          /* startingStep */
    /* blue-green */
    const char *const *active_services, *const *preview_services;
    size_t nactive, npreview;
    int preview_replicas;       /* -1: as many as replicas */
    bool auto_promotion;
    int auto_promotion_s;       /* 0: at once */
    const struct value *pre_analysis, *post_analysis;   /* NULL: none */
    const struct value *raw, *last_applied;
    /* status */
    const char *current, *stable;       /* pod-template-hash; NULL: none */
    const char *active;         /* what the active Services select; NULL */
    const char *preview;        /* what the preview Services select; NULL */
    int64_t revision;           /* of the template in spec */
    int step;                   /* index of the current one; nsteps: all done */
    uint64_t steps_identity;    /* of spec.steps when `step` was reset */
    bool aborted, promote_full;
    bool fast;                  /* a rollback that skips steps and pauses */
    bool checkpoint;            /* blue-green: the pause is over */
    sim_time aborted_at;
    unsigned pauses;            /* enum argo_pause */
    sim_time paused_at;         /* start of the first of them */
    int64_t restarted_at;       /* the restart_at that has been done; 0 */
    bool promoted_once;         /* the pause of this step was promoted */
    int canary_weight, stable_weight;   /* recorded; -1: none */
    const char *canary_hash;    /* whose weight that is; NULL */
    enum argo_phase phase;
    const char *message;        /* NULL or a sentence */
    int64_t observed_generation;
    int status_replicas, updated, ready, available;
    struct condition progressing;
};

#define argo_of(m) ((struct argo *)(m))
#define argo_seen(m) ((const struct argo *)(m))

/* Set spec.replicas in the typed field and in raw. */
void argo_set_replicas(struct arena *a, struct argo *r, int n);

/* Copy all fields below "status". */
void argo_copy_status(struct argo *to, const struct argo *from);

/* ---- steps and weights: argo_step.c ---------------------------------------- */

/* Seconds of a pause; 0 if v is NULL, -1 if it cannot be read.  v: a number of
 * seconds, or a text such as "10" or "1h30m". */
int64_t argo_pause_seconds(const struct value *v);

/* Must a person end a pause?  step: the current one, or NULL. */
bool argo_pause_is_manual(const struct argo *r, enum argo_pause reason,
                          const struct argo_step *step);

/* The current step; NULL if all are done or there is none. */
const struct argo_step *argo_current_step(const struct argo *r);

/* The weight that the steps ask for now.  new_, stable: NULL if absent; only
 * looked at after an abort with dynamicStableScale. */
int argo_step_weight(const struct argo *r, const struct replicaset *new_,
                     const struct replicaset *stable);

/* What the canary is to be: pods, or (-1) a share. */
struct argo_wanted {
    int replicas, weight;
};
struct argo_wanted argo_wanted(const struct argo *r,
                               const struct replicaset *new_,
                               const struct replicaset *stable);

/* The weight to set in the router in this pass; at_desired: argo_at_desired
 * of it.  previous: the set whose weight is recorded, if it is not new_. */
int argo_traffic_weight(const struct argo *r, const struct replicaset *new_,
                        const struct replicaset *stable,
                        const struct replicaset *previous, bool at_desired);

/* May that weight be written: has stable the pods for the rest? */
bool argo_available_for(const struct argo *r, const struct replicaset *stable,
                        int weight);

/* ---- sizes: argo_size.c ------------------------------------------------------ */

/* In pods; of the whole Rollout. */
int argo_max_surge(const struct argo *r);
int argo_max_unavailable(const struct argo *r);

/* Effective delays in seconds; -1: never. */
int argo_scale_down_delay(const struct argo *r);
int argo_abort_delay(const struct argo *r);

/* Pods for a share, rounded up. */
int argo_pods_for(int replicas, int weight, int max_weight);

struct argo_counts {
    int canary, stable;
};

/* The counts nearest to a weight without a router. */
struct argo_counts argo_nearest(int replicas, int weight, int max_weight,
                                int surge);

/* Pods of a set (NULL: none) that count when pods are taken out. */
int argo_count_for_scale_down(const struct replicaset *set,
                              bool ignore_availability);

/* What new and stable are to have after this pass of a canary. */
struct argo_counts argo_counts(const struct argo *r,
                               const struct replicaset *new_,
                               const struct replicaset *stable,
                               set_list older, size_t n);

/* Has a set what was wanted, all available; or enough by the threshold? */
bool argo_all_available(const struct replicaset *set, int desired);
bool argo_threshold_met(const struct argo *r, const struct replicaset *set,
                        int desired);

/* Is the step of a canary done as far as pods go? */
bool argo_at_desired(const struct argo *r, const struct replicaset *new_,
                     const struct replicaset *stable, set_list older,
                     size_t n);

/* Blue-green: the size of the new set. */
int argo_preview_size(const struct argo *r, bool template_changed);

/* One pass over the new set of an aborted or running Rollout, which without
 * an abort would have `size`.  deadline: SIM_NEVER if it has none. */
enum argo_new_verb { NEW_LEAVE, NEW_SCALE, NEW_SET_DEADLINE };
struct argo_new {
    enum argo_new_verb verb;
    int size;                   /* SCALE */
    sim_time at;                /* SET_DEADLINE */
    sim_time wake;              /* LEAVE: look again; SIM_NEVER */
};
struct argo_new argo_reconcile_new(const struct argo *r,
                                   const struct replicaset *new_,
                                   const struct replicaset *stable, int size,
                                   sim_time deadline, sim_time now);

/* The first change of size in a pass of a canary: stable, else new, else an
 * older set (those of a routed canary have their own rules: argo_plan.c).  A
 * set is created with size 0.  deadline: of the new set, SIM_NEVER if none. */
enum argo_scale_verb { SCALE_NOTHING, SCALE_CREATE, SCALE_STABLE, SCALE_NEW,
                       SCALE_DEADLINE, SCALE_OLDER };
struct argo_scaling {
    enum argo_scale_verb verb;
    size_t older;               /* OLDER: which */
    int size;
    sim_time at;                /* DEADLINE: of the new set */
    sim_time wake;              /* NOTHING: look again; SIM_NEVER */
};
struct argo_scaling argo_scale_one(const struct argo *r,
                                   const struct replicaset *new_,
                                   const struct replicaset *stable,
                                   set_list older, size_t n,
                                   sim_time deadline, sim_time now);

/* restartAt: how many of `old` pods are evicted in this pass. */
int argo_restart(const struct argo *r, int available, int pods, int old);

/* workloadRef.scaleDown progressively: the Deployment's size. */
int argo_workload_size(const struct argo *r, int size);

/* ---- judging: argo_status.c --------------------------------------------------- */

/* All, some of the wanted pods available; may an adopted Service point here? */
bool argo_set_available(const struct replicaset *set);
bool argo_set_partly_available(const struct replicaset *set);

/* All steps done: does new become stable? */
bool argo_promotes(const struct argo *r, const struct replicaset *new_);

/* Is moving to the set created at `new_` a fast rollback from the one created
 * at `stable`?  others: creation times of all sets but experiments'. */
bool argo_within_window(int revisions, sim_time stable, sim_time new_,
                        const sim_time *others, size_t n);

bool argo_healthy(const struct argo *r);

/* Is the status of s progress over that of r? */
bool argo_progresses(const struct argo *r, const struct argo *s);

bool argo_timed_out(const struct argo *r, sim_time now);

/* Blue-green: is an analysis before (after) the switch left out now? */
bool argo_skips_pre_analysis(const struct argo *r,
                             const struct replicaset *new_, bool runs);
bool argo_skips_post_analysis(const struct argo *r,
                              const struct replicaset *new_, bool runs);

/* ---- one pass: argo_plan.c ------------------------------------------------------ */

#define ARGO_HASH "rollouts-pod-template-hash"

/* Which analysis of a Rollout: the step's, in the background, before or after
 * the switch, one of an experiment. */
enum argo_run { RUN_STEP, RUN_BACKGROUND, RUN_PRE, RUN_POST, RUN_EXPERIMENT };

/* What came of an analysis so far. */
enum argo_verdict { VERDICT_RUNNING, VERDICT_SUCCESSFUL, VERDICT_FAILED,
                    VERDICT_INCONCLUSIVE };

struct argo_trial;              /* an experiment that runs: argo_impl.h */

/* What one pass sees. */
struct argo_view {
    const struct argo *seen;
    set_list sets;              /* that it owns, oldest first */
    size_t nsets;
    /* The hash in the selector of a Service: "" if it has none, NULL if there
     * is no such Service. */
    const char *(*selected)(void *ctx, const char *service);
    /* An analysis that is wanted now (it is begun if it was not); why it
     * failed.  index: which of an experiment's; 0 else. */
    enum argo_verdict (*analysed)(void *ctx, enum argo_run run,
                                  unsigned index, const struct value *spec,
                                  const char **message);
    struct argo_trial *trial;   /* the experiment of the current step; NULL */
    /* Pods of a set that were created before t and are not on their
     * way out, in the order of the store. */
    size_t (*older_pods)(void *ctx, const struct replicaset *set, sim_time t,
                         const object_uid **pods);
    sim_time restart_at;        /* SIM_NEVER: nothing to restart */
    const struct value *route;  /* r->route as stored; NULL: not there */
    void *ctx;
    sim_time now;
    struct arena *keep;         /* for good */
    struct arena *scratch;      /* the plan itself */
};

enum argo_verb { ARGO_CREATE, ARGO_UPDATE, ARGO_DELETE, ARGO_SELECT,
                 ARGO_ROUTE, ARGO_EVICT, ARGO_STATUS };
struct argo_write {
    enum argo_verb verb;
    const struct replicaset *set;       /* CREATE, UPDATE: as it is to be;
                                         * DELETE: the one seen */
    const char *service, *hash; /* SELECT */
    const struct value *route;  /* ROUTE: the HTTPRoute as it is to be */
    object_uid pod;             /* EVICT */
};

struct argo_note {              /* a Kubernetes Event, or what the strategy
                                 * has done */
    bool strategy;
    const char *type, *reason, *text;
};

struct argo_plan {
    struct argo r;              /* the Rollout as the pass has it in mind */
    VEC(struct argo_write) writes;      /* in order; STATUS is r's */
    VEC(struct argo_note) notes;
    bool rolls_back;            /* it has aborted by itself */
    sim_time wake;              /* look again; SIM_NEVER */
};

/* Complain of analyses that could not be run (models/control/argo_analysis.c). */
void argo_check_analyses(struct arena *a, const struct argo *r,
                         const struct analysis_shelf *shelf,
                         struct err_list *errors);

void argo_plan(const struct argo_view *v, struct argo_plan *p);

/* Is it a set of an experiment? */
bool argo_is_experiment(const struct replicaset *set);

/* The scale-down deadline of a set; SIM_NEVER if it has none. */
sim_time argo_deadline(const struct replicaset *set);

#endif
