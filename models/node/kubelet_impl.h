/*
 * kubelet_impl.h - what the files of the kubelet share.
 *
 * A worker runs one pod, a box one container of it.  What really happens to a
 * container is in its process; what the kubelet has noticed of it is in `seen`
 * and the fields below, and only that decides.
 */
#ifndef KUBELET_IMPL_H
#define KUBELET_IMPL_H
#include "kernel/rng.h"
#include "models/client.h"
#include "models/informer.h"
#include "models/kubelet.h"
#include "models/podlife.h"
#include "models/process.h"
#include "models/world.h"

struct box;
struct worker;

/* ---- a container -------------------------------------------------------- */

struct prober {
    struct box *box;
    const struct probe *spec;   /* NULL: no such probe */
    enum probe_kind kind;
    sim_time anchor;            /* a tick; the others are periods away */
    sim_time last;              /* the newest probe began then; -1: none */
    struct probe_count count;
    bool active;                /* the container is seen running */
    bool over;                  /* the worker has ended it */
    bool probing, verdict;      /* a probe is under way and will say that */
    bool again;                 /* triggered meanwhile: one more at once */
    event_id tick, answer;
};

enum stop_step {
    STOP_NONE,
    STOP_ASKED,                 /* the runtime has not been told yet */
    STOP_HOOK,                  /* preStop runs */
    STOP_TURN,                  /* a sidecar waits for those it serves */
    STOP_TERM,                  /* SIGTERM is out, SIGKILL will follow */
};

struct stop {
    enum stop_step step;
    int left_s;                 /* grace left when this step began */
    sim_time began;             /* this step */
    sim_time due;               /* when `next` fires */
    event_id next;              /* the next step, in TERM the SIGKILL */
};

struct box {
    struct process process;     /* first: see box_of */
    struct worker *worker;
    const struct container *spec;
    unsigned index;             /* in worker->boxes */
    const struct behaviour *image;      /* without its rules on configuration */
    uint64_t environment;       /* rules that held when the container began */
    bool init;                  /* an init container; spec->sidecar: or that */
    /* noticed by the kubelet */
    enum box_state seen;        /* NONE, RUNNING or EXITED */
    int seen_run;
    bool started;               /* running and past the startup probe */
    bool ever_ready;
    const char *waiting;        /* why it does not run; NULL: it does, or may */
    sim_time wait_until;        /* of that; SIM_NEVER: no set time */
    bool tried;                 /* in vain in this sync */
    event_id step;              /* of a start */
    struct backoff crash, pull;
    bool changed;               /* the runtime knows more than was noticed */
    bool relisted;              /* ... and it is time to notice */
    event_id notice;
    /* process.c */
    bool willing;               /* says it is ready */
    bool lost;                  /* ... never again */
    event_id turn, exit, crash_once, mood, loss;
    enum process_end exit_how;  /* of `exit` ... */
    int exit_code;
    sim_time exit_due;
    struct stop stop;
    struct prober probers[PROBE_KINDS];
};

static inline struct box *box_of(const struct process *p)
{
    return (struct box *)p;
}
static inline bool box_alive(const struct box *b)
{
    return b->process.state != PROCESS_ABSENT;
}

/* ---- a pod -------------------------------------------------------------- */

enum stage {
    STAGE_SETUP,                /* seen, not yet a sandbox */
    STAGE_RUN,
    STAGE_STOP,                 /* containers are being stopped */
    STAGE_TEARDOWN,             /* none left; the network goes */
    STAGE_DONE,                 /* nothing left on the node */
    STAGE_CLEAN,                /* asked to go: last clean-up, then removal */
    STAGE_OVER,                 /* removed from the API */
    STAGE_LOST,                 /* the node is down */
};

/* What the kubelet writes to the API; see pod.h. */
struct status {
    enum pod_phase phase;
    bool ready, initialized, containers_ready;
    sim_time ready_changed, started;
    int restarts, max_restarts, max_sidecar_restarts;
    const char *waiting, *reason;
    uint32_t ip;
    sim_time finished;
    int exit_code;
    const char *exit_container;
};

struct kubelet {
    struct kubelets *all;
    object_uid node;
    unsigned index;             /* in order of first need */
    int down;                   /* reasons why it has no power */
    int stopped;                /* why its process is; containers run on */
    int cut;                    /* why it is cut off from all other machines */
    double sandbox, start;      /* the runtime's factors on these timings */
    struct client client;
    struct map images;          /* image -> struct image (image.c) */
    struct pull_queue *pulls;
};

/* Does it do nothing, because its process has stopped or nobody reaches it? */
bool kubelet_idles(const struct kubelet *k);

struct worker {
    struct kubelet *kubelet;
    struct world *w;
    object_uid uid;
    const char *space;
    const struct pod_spec *spec;
    uint64_t entity;
    int ordinal;                /* among the pods of its owner, from 0 */
    struct stream luck;         /* of the node's steps for this pod */
    enum stage stage;
    event_id next;              /* of the stage */
    struct labour labour;       /* which makes or takes down the sandbox */
    event_id retry;             /* another sync after an error */
    event_id flush, deadline, refresh;
    const struct value **files; /* by spec->configs: data as mounted */
    sim_time resynced;          /* a full sync, the next one if in the future;
                                 * 0: not looked at yet */
    struct stream resync_luck;
    struct box *starting;       /* a start is under way: no other sync ... */
    bool resync;                /* ... but one after it */
    bool initialized;           /* init containers done, sidecars started */
    bool network;               /* the sandbox is there */
    bool asked;                 /* deletion was seen */
    bool gone;                  /* the object is not in the API any more */
    int grace_s;                /* of the stop that is under way */
    bool terminal;              /* no container will be started any more */
    const char *reason;         /* why it was ended, "DeadlineExceeded" */
    sim_time began;             /* status.startTime; SIM_NEVER */
    sim_time mounting;          /* since when it waits for its volumes */
    uint32_t ip;
    struct status written;
    bool writing, stale;        /* a write is under way; it is not the last */
    bool removing;              /* the clean-up is done: delete */
    struct call write, remove;
    size_t nboxes, ninit;
    struct box boxes[];         /* init containers first */
};

struct kubelets {
    struct world *w;
    struct informer *pods, *configs, *secrets;
    struct informer *claims, *volumes, *attachments;
    VEC(struct kubelet *) nodes;
    struct map by_node;         /* node uid -> struct kubelet */
    struct map workers;         /* pod uid -> struct worker */
    struct map owners;          /* owner uid -> pods seen so far */
    double registry_slow;
    VEC(struct watcher { const struct process_ops *ops; void *ctx; }) watchers;
};

/* ---- worker.c: set-up and sync ------------------------------------------ */

struct worker *worker_new(struct kubelet *k, const struct pod *p);
/* Look at what was noticed, report it, start what should run; after the start
 * that is under way. */
void worker_sync(struct worker *wk);
/* A start of this sync is over: go on with the next. */
void worker_continue(struct worker *wk);
/* The kubelet's process is there again: report what others may have written. */
void worker_resume(struct worker *wk);
/* The pod will be started again: the node has booted. */
void worker_reboot(struct worker *wk);
/* The pod as the watch has shown it; NULL once it is gone. */
const struct meta *worker_about(const struct worker *wk);
/* A Kubernetes Event about the pod: type, reason, message as in printf. */
#define worker_event(wk, ...)                                                 \
    do {                                                                      \
        const struct meta *about_ = worker_about(wk);                         \
        if (about_)                                                           \
            record_event((wk)->w, about_, __VA_ARGS__);                       \
    } while (0)
/* One latency, from the pod's own stream. */
sim_time worker_draw(struct worker *wk, enum timing t);
/* Is the kubelet's process down?  Then this event of it, in *slot, is put
 * off. */
bool worker_puts_off(struct worker *wk, event_id *slot,
                     const struct event_kind *kind, void *subject);
/* Have syncs held its labour up?  Then the event of its stage comes later. */
bool worker_held_up(struct worker *wk, const struct event_kind *kind);
/* Withdraw all that the worker still has to do. */
void worker_cancel(struct worker *wk);

/* ---- configuration.c ----------------------------------------------------- */

/* A ConfigMap or Secret that is needed as a volume (mounted) or in the
 * environment, and is not there; NULL if there is none such. */
const struct config_ref *worker_lacks(const struct worker *wk, bool mounted);
/* Mount them, or (again) bring the files up to date. */
void worker_mount_configs(struct worker *wk, bool again);
/* How the container's image behaves with the configuration it sees; starting:
 * with a new environment. */
const struct behaviour *box_configured(struct box *b, bool starting);
/* For the watch; ctx: the kubelets. */
void kubelets_config_changed(void *ctx, const struct meta *before,
                             const struct meta *after);

/* ---- container.c: starts, exits, what is noticed ------------------------ */

void box_init(struct box *b, struct worker *wk, const struct container *spec,
              unsigned index, bool init);
/* May it be started now?  Otherwise says why not (waiting, wait_until). */
bool box_due(struct box *b);
/* Will it not be started any more, by its restart policy? */
bool box_finished(const struct box *b);
void box_start(struct box *b);
void box_pulled(struct box *b);
void box_not_pulled(struct box *b, const char *why, bool back_off);
/* Give a start up that is under way. */
void box_abandon(struct box *b);
/* The node has booted: nothing runs, back-offs are forgotten. */
void box_reboot(struct box *b);
/* process.c tells that the process has ended. */
void box_exited(struct box *b);
/* Bring what was noticed up to date. */
void box_notice(struct box *b);
bool box_ready(const struct box *b);

/* ---- image.c ------------------------------------------------------------ */

/* Have the image of b on its node: calls box_pulled or box_not_pulled, at once
 * or later, unless withdrawn. */
void image_ensure(struct box *b);
void image_withdraw(struct box *b);
/* The node lost power: forget all pulls. */
void images_power_off(struct kubelet *k);

/* ---- probe.c ------------------------------------------------------------ */

void probers_begin(struct box *b);      /* the worker has started */
void probers_run(struct box *b);        /* a new run was noticed */
void probers_halt(struct box *b);       /* it was noticed not to run */
void probers_wake(struct box *b);       /* answers have changed */
void probers_trigger(struct box *b);    /* a status was made: not ready */
void probers_stop(struct box *b, bool readiness_too);
bool prober_passed(const struct box *b, enum probe_kind kind);

/* ---- terminate.c -------------------------------------------------------- */

/* The pod is asked to go within grace_s, or sooner than before. */
void worker_terminate(struct worker *wk, int grace_s);
/* The object is gone: stop what still runs. */
void worker_forget(struct worker *wk);
/* All that the pod had to do is done. */
void worker_finish(struct worker *wk, int grace_s);
void box_stop(struct box *b, int grace_s);
void box_stopped(struct box *b);        /* the process has ended */
void worker_removal(struct worker *wk); /* the last status is written */

/* ---- status.c ----------------------------------------------------------- */

/* Something that the status shows may have changed: write it if so. */
void worker_update(struct worker *wk);

/* ---- process.c ---------------------------------------------------------- */

void process_start(struct box *b);
void process_reconfigured(struct box *b);       /* mounted files changed */
void process_told(struct box *b);       /* SIGTERM */
void process_kill(struct box *b);       /* SIGKILL */
void process_network(struct box *b, bool up);

/* The machine of a pod that has a network is cut off from all others, or is so
 * no more. */
void process_cut_off(struct box *b, bool cut);
void process_ready_once(struct box *b); /* the container has become Ready */

#endif
