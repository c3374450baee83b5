/*
 * pod.h - the Pod object.
 */
#ifndef MODELS_POD_H
#define MODELS_POD_H
#include "models/object.h"
#include "models/podspec.h"

enum pod_phase { POD_PENDING, POD_RUNNING, POD_SUCCEEDED, POD_FAILED,
                 POD_UNKNOWN };
extern const char *const pod_phase_names[5];

struct pod {
    struct meta meta;
    /* spec */
    const struct pod_template *template;
    object_uid node;            /* bound to; 0: not yet */
    uint64_t entity;            /* names the pod's luck: (revision_key, k);
                                 * 0 in a draft: given by the store */
    int priority;               /* of its class: resolved at admission */
    bool preempt_never;         /* preemptionPolicy Never, likewise */
    /* status: written by the scheduler until bound, then by the kubelet */
    enum pod_phase phase;
    bool ready;                 /* condition Ready */
    bool unschedulable;         /* PodScheduled=False/Unschedulable */
    bool initialized, containers_ready;
    object_uid nominated;       /* nominatedNodeName: where room is made; 0 */
    uint32_t gates;             /* readiness gates that are True, by index */
    sim_time ready_changed;     /* lastTransitionTime of Ready, full
                                 * resolution; SIM_NEVER: never set */
    sim_time started;           /* status.startTime; SIM_NEVER: not yet */
    int restarts;               /* sum over containers */
    int max_restarts, max_sidecar_restarts; /* largest of one container */
    const char *waiting;        /* NULL, or why a container waits:
                                 * "ContainerCreating", "CrashLoopBackOff",
                                 * "ImagePullBackOff", "ErrImagePull",
                                 * "CreateContainerConfigError", ... */
    const char *reason;         /* NULL, or status.reason: "Evicted" */
    sim_time finished;          /* the last of its containers ended, all have
                                 * (finishedAt); SIM_NEVER: not all */
    int exit_code;              /* of the first app container that ended badly;
                                 * 0: none */
    const char *exit_container; /* its name; NULL: none */
    const char *disruption;     /* NULL, or the reason of the condition
                                 * DisruptionTarget */
    uint32_t ip;                /* 0: none yet; never reused */
};

#define pod_of(m) ((struct pod *)(m))
#define pod_seen(m) ((const struct pod *)(m))

/* Phase neither Succeeded nor Failed, and not being deleted. */
bool pod_active(const struct pod *p);

/* Has it a volume of this source ("emptyDir", "hostPath")? */
bool pod_has_volume(const struct pod *p, const char *source);

/* Ready and, by the rules of the given version, for min_ready_s (reference
 * 2.4).  now and ready_changed are compared in wall-clock seconds. */
struct world;
bool pod_available(const struct world *w, const struct pod *p,
                   int min_ready_s, sim_time now);

/* When min_ready_s seconds are over for a pod that has been Ready. */
sim_time pod_available_at(const struct world *w, const struct pod *p,
                          int min_ready_s);

#endif
