/*
 * process.h - what runs in a container, as the network meets it.
 *
 * A process is started by the kubelet, needs its start-up time, then listens.
 * By its image's behaviour it may hang, crash, run out of memory or finish;
 * told to stop (SIGTERM) it drains, ends at once, or takes no notice until it
 * is killed.  Everything random about one run of a container is drawn when
 * the run starts, from a stream named by (pod entity, container, run).
 *
 * Who cares (traffic, measurement) watches: every change of state is told at
 * the instant it happens, after the fields below have been brought up to
 * date.  A draining process asks its watchers how busy it is.
 *
 * One struct serves all runs of a container; it lives as long as the
 * replication, also when the pod is gone, so pointers may be kept.
 */
#ifndef MODELS_PROCESS_H
#define MODELS_PROCESS_H
#include <stdbool.h>
#include <stdint.h>
#include "models/behaviour.h"
#include "models/object.h"

struct session;
struct world;

enum process_state {
    PROCESS_ABSENT,             /* not started yet, or ended */
    PROCESS_STARTING,           /* does not listen yet: refuses */
    PROCESS_SERVING,
    PROCESS_HUNG,               /* accepts and never answers */
    PROCESS_CLOSED,             /* told to stop: refuses new connections, still
                                 * answers what is in flight */
};

enum process_end {
    END_NONE,
    END_FINISHED,               /* ran its time (Jobs, init containers) */
    END_CRASHED,
    END_OOM,                    /* over the memory limit: killed */
    END_DRAINED,                /* told to stop, nothing was in flight */
    END_STOPPED,                /* told to stop: what was in flight is cut */
    END_KILLED,                 /* SIGKILL, or the node lost power */
};
extern const char *const process_end_names[8];          /* NULL-terminated */

struct process {
    /* Read-only for all but models/node/. */
    object_uid pod, node;
    unsigned container;         /* index among the app containers */
    const char *image;
    const struct behaviour *behaviour;
    enum process_state state;
    int run;                    /* 1, 2, ...: starts so far in this pod */
    sim_time started;           /* of this run */
    sim_time listens;           /* began to listen; SIM_NEVER: not yet */
    sim_time told;              /* SIGTERM came; SIM_NEVER: not yet */
    sim_time ended;             /* of the last run; SIM_NEVER: never or not */
    enum process_end end;       /* of the last run */
    int exit_code;              /* of the last run */
    sim_time errors_from, errors_until; /* when behaviour.error.rate holds */
    sim_time warm_until;        /* full speed from here on */
    bool network;               /* the pod has an address that answers: a
                                 * refusal is told; else packets vanish */
    void *traffic;              /* for the traffic model; NULL at first */
    struct session *session;    /* with its database; NULL: none */
};

/* Is what connects now accepted? */
static inline bool process_accepts(const struct process *p)
{
    return p->network
        && (p->state == PROCESS_SERVING || p->state == PROCESS_HUNG);
}

/* Share of full speed at time now, (0, 1]: behaviour.warm_from when it begins
 * to listen, then linear up to 1 at warm_until. */
double process_speed(const struct process *p, sim_time now);

/* What a watcher is told; any may be NULL.  The rank is RANK_WORLD, or that of
 * the caller of process_idle. */
struct process_ops {
    /* It listens: SERVING. */
    void (*listen)(void *ctx, struct process *p);
    /* It stopped listening but goes on: CLOSED. */
    void (*close)(void *ctx, struct process *p);
    /* Its behaviour is about to change, by a file that did. */
    void (*reconfigure)(void *ctx, struct process *p);
    /* It answers nothing from now on: HUNG. */
    void (*hang)(void *ctx, struct process *p);
    /* It is gone: ABSENT, see p->end.  What is still in flight is cut. */
    void (*exit)(void *ctx, struct process *p);
    /* The pod's network is gone: packets vanish.  Told once for each app
     * container, after exit; before it if the node lost power, as then nobody
     * is told of the end of what is in flight. */
    void (*network_gone)(void *ctx, struct process *p);
    /* Its machine is cut off from all others: packets vanish, while it runs on
     * (p->network is false); or it is so no more (true). */
    void (*cut_off)(void *ctx, struct process *p);
    /* Requests in flight and queued in p now.  If this is not 0 for a process
     * that is CLOSED, call process_idle when it becomes 0. */
    int (*busy)(void *ctx, const struct process *p);
};

/* Tell ops of every process of w from now on.  ops is static, ctx borrowed. */
void process_watch(struct world *w, const struct process_ops *ops, void *ctx);

/* The last request in flight is answered: a draining process ends now.
 * Anything but a CLOSED process takes no notice. */
void process_idle(struct process *p);

/* The process that serves a port of a pod on its node: of the container that
 * declares it, else of the first app container.  port 0: the first container
 * that declares any.  NULL if the pod has no network yet or never had one. */
struct process *process_of(struct world *w, object_uid pod, int port);

#endif
