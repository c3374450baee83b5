/*
 * argo_impl.h - one pass over a Rollout, between argo_plan.c (what both
 * strategies have in common), argo_canary.c, argo_blue_green.c,
 * argo_traffic.c, argo_analysis.c and argo_experiment.c.
 */
#ifndef ARGO_IMPL_H
#define ARGO_IMPL_H
#include "models/analysis.h"
#include "models/argo.h"
#include "models/informer.h"

/* A set as seen and as the pass has it in mind. */
struct argo_set {
    const struct replicaset *seen;
    struct replicaset *mind;    /* a copy; NULL: left alone */
};

struct argo_pass {
    const struct argo_view *v;
    struct argo_plan *p;
    struct argo *r;             /* p->r */
    struct argo_set *sets;      /* by age, oldest first; then, from nsets to
                                 * nall, those of experiments */
    size_t nsets, nall;
    const struct replicaset *new_, *stable;     /* as seen; NULL: absent.
                                                 * They may be the same. */
    const struct replicaset **older;    /* newest first, as seen */
    size_t nolder;
    bool at_desired;            /* canary: pods are as the step wants them */
};

/* ---- argo_plan.c ---- */

bool argo_same(const char *a, const char *b);
const char *argo_hash_of(const struct replicaset *set);
void argo_tell(struct argo_pass *k, const char *type, const char *reason,
               const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void argo_put(struct argo_pass *k, struct argo_write w);
/* Look again at t at the latest. */
void argo_wake(struct argo_pass *k, sim_time t);
/* Give a set a size, a deadline (SIM_NEVER: none). */
void argo_resize(struct argo_pass *k, const struct replicaset *set, int size);
void argo_set_deadline(struct argo_pass *k, const struct replicaset *set,
                       sim_time deadline);
/* Make a Service select a hash, unless it does already. */
void argo_select(struct argo_pass *k, const char *service, const char *hash);
/* Older sets that wait for their end: begin, go on with, end the delay. */
void argo_retire_older(struct argo_pass *k);
/* May pods be added and taken away? */
bool argo_is_halted(const struct argo_pass *k);
/* Wait for `reason`; SIM_NEVER: until somebody promotes.  True once the pause
 * is over. */
bool argo_pause(struct argo_pass *k, enum argo_pause reason, int64_t seconds);
/* Has the analysis been passed?  It aborts and pauses as it came out. */
bool argo_passes(struct argo_pass *k, enum argo_run run,
                 const struct value *spec);
/* The same of an experiment. */
bool argo_passes_experiment(struct argo_pass *k);
void argo_promote(struct argo_pass *k);

/* ---- the strategies ---- */

void argo_canary_pass(struct argo_pass *k);
void argo_canary_scale(struct argo_pass *k);
void argo_blue_green_pass(struct argo_pass *k);
void argo_blue_green_scale(struct argo_pass *k);

/* ---- argo_traffic.c: Services and routes of a canary ---- */

void argo_canary_traffic(struct argo_pass *k);

/* ---- argo_analysis.c: analysis runs of all Rollouts ---- */

struct controller;
struct argo_analysis;
struct argo_analyses {
    struct controller *c;
    struct informer *templates, *cluster_templates;
    VEC(struct argo_analysis *) runs;
};

/* What a phase comes to. */
enum argo_verdict argo_verdict(enum analysis_phase phase);
void argo_analyses_init(struct argo_analyses *all, struct controller *c);
/* What came of the analysis so far; it is begun if it was not.  *message: why
 * it failed, or NULL. */
enum argo_verdict argo_analysed(struct argo_analyses *all,
                                const struct argo_view *v,
                                enum argo_run which, unsigned index,
                                const struct value *block,
                                const char **message);
/* End the runs that a Rollout, as it is after a pass (NULL: it is gone), has no
 * more use for. */
void argo_analyses_prune(struct argo_analyses *all, object_uid rollout,
                         const struct argo *r);

/* ---- argo_experiment.c ---- */

struct argo_trial_template {
    enum template_phase status;
    sim_time moved;             /* the last progress */
    int counts[3];              /* pods, ready, available, as last seen */
};

/* An experiment that runs, or has run. */
struct argo_trial {
    object_uid rollout;
    const char *hash;           /* of the new version */
    int step;
    int64_t revision;
    const struct argo_experiment *spec;
    const char *name;
    enum analysis_phase phase;
    const char *message;        /* NULL or a sentence */
    sim_time available;         /* all pods were; SIM_NEVER: not yet */
    struct argo_trial_template *templates;
    bool over;                  /* the update was given up or cut short */
};
struct argo_trials {
    struct argo_trial **items;
    size_t len, cap;
};

/* The experiment of the current step of r, begun if it was not; NULL if there
 * is none to run. */
struct argo_trial *argo_trial_of(struct argo_trials *all, struct arena *keep,
                                 const struct argo *r);
/* Rollout is as r after a pass (NULL: gone): what was given up is over. */
void argo_trials_prune(struct argo_trials *all, object_uid rollout,
                       const struct argo *r);
/* A pass over the experiment of the view; what came of it so far. */
enum argo_verdict argo_experiment(struct argo_pass *k, const char **why);
/* Take away what experiments that are over have left; running: that of the
 * view is not. */
void argo_retire_experiments(struct argo_pass *k, bool running);

#endif
