/*
 * fidelity.h - recordings of real control planes, as scenarios, compared.
 *
 * A case is a folder with input.yaml (manifests), steps.yaml (what was done
 * when) and summary.json (what happened).  convert.c writes it as a scenario
 * that anybody can run; observe.c reads the CSV files of that run into the
 * same form as a summary; compare.c says where the two first differ.
 */
#ifndef TESTS_FIDELITY_H
#define TESTS_FIDELITY_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"
#include "base/vec.h"

struct fidelity_case {
    struct arena *arena;
    const char *version;        /* "1.20", "1.36": the name of the folder */
    const char *name, *folder;
    const struct value *steps;  /* steps.yaml */
    const struct value *const *docs;    /* of input.yaml */
    size_t ndocs;
    double setup_ms;            /* how long before t = 0 the set-up began */
    double lost_ms;             /* when pods of a killed node turned not ready;
                                 * 0: no such thing */
    double autoscaled_ms;       /* an autoscaler was looked at; 0: none */
    const char *clock;          /* wall clock at t = 0; NULL: not recorded */
};

/* A settled state of the rollout: README of the recordings, "waves". */
struct wave {
    double at_ms, last_ms;
    int old, new;               /* spec.replicas of other and of the newest */
};

struct condition_change {
    double at_ms;
    const char *type, *value;   /* "Progressing", "True/ReplicaSetUpdated" */
};

struct revision_size {
    const char *revision;
    int replicas;
};

/* A pod of a StatefulSet or DaemonSet, by name or number, did something. */
struct pod_change {
    double at_ms;
    const char *pod, *revision;
    const char *state;          /* created, ready, terminating, deleted */
};

/* A change of a pod's state: "created", "ready", "succeeded", ... */
struct pod_event {
    double at_ms;
    const char *pod;            /* its name if it has a fixed one, else "" */
    const char *state;
};

/* A condition of a Job turned True; the numbers it ends with. */
struct job_change {
    double at_ms;
    const char *job, *type, *reason;
};
struct job_numbers {
    const char *job;
    int active, succeeded;
};

/* The answer to a request to evict a pod: 201, 429 or 404. */
struct eviction {
    double at_ms;
    int code;
};

/* What a summary says, from a recording or from a simulation. */
struct summary {
    double observed_ms;
    bool complete;
    double complete_ms;         /* NaN: never turned complete */
    int min_ready_endpoints;    /* -1: no Service */
    int max_total_pods, max_active_pods;
    VEC(struct wave) waves;
    VEC(struct condition_change) conditions;
    VEC(struct revision_size) final;
    const char *workload;       /* recorded: its kind */
    VEC(struct pod_change) pods;        /* recorded: not of Deployments */
    VEC(struct pod_event) events;       /* pods of Jobs and CronJobs */
    VEC(struct job_change) job_changes;
    VEC(struct job_numbers) jobs;
    VEC(struct eviction) evictions;
};

/* Read the case at folder; NULL after entries in errors. */
struct fidelity_case *fidelity_read(struct arena *a, const char *version,
                                    const char *name, const char *folder,
                                    struct err_list *errors);

/* Write it as a scenario to path.  NULL, or why it cannot be said as one.
 * measured: latencies of the control plane are drawn from the laws measured
 * with the recordings, else they are their medians. */
const char *fidelity_convert(const struct fidelity_case *c, const char *path,
                             double observed_ms, bool measured);

/* The recording's own summary; NULL if there is no such file. */
struct summary *fidelity_recorded(struct arena *a, const char *path);

/* The summary of a run, from the files in folder csv. */
struct summary *fidelity_observe(struct arena *a, const char *csv,
                                 double observed_ms,
                                 struct err_list *errors);

/* Pods and Jobs (pods.c): the recording's, those of a run, and the first
 * difference. */
void pods_recorded(struct arena *a, struct summary *s, const struct value *v);
bool pods_observe(struct arena *a, struct summary *s, const char *csv,
                  struct err_list *errors);
const char *pods_compare(struct arena *a, const struct summary *recorded,
                         const struct summary *simulated, int replicas);

/* Evictions and what else disruptions leave (disruption.c), likewise. */
void disruption_recorded(struct arena *a, struct summary *s,
                         const struct value *v);
bool disruption_observe(struct arena *a, struct summary *s, const char *csv,
                        struct err_list *errors);
const char *disruption_compare(struct arena *a, const struct summary *recorded,
                               const struct summary *simulated, int replicas);

/* How far apart two times may be. */
bool fidelity_near(double recorded_ms, double ms, int replicas);

/* The first difference beyond tolerance, or NULL.  states_only: times play no
 * part.  replicas: the largest that the workload ever had. */
const char *fidelity_compare(struct arena *a, const struct summary *recorded,
                             const struct summary *simulated, int replicas,
                             bool states_only);

/* The share of the n runs and the recording that are as strange among each
 * other as the recording, or more (spread.c); it lies in [1/(n+1), 1]. */
double fidelity_strangeness(struct arena *a, const struct summary *recorded,
                            const struct summary *const *runs, size_t n,
                            int replicas);

#endif
