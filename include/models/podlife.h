/*
 * podlife.h - the kubelet's rules that are plain arithmetic: phase of a pod,
 * restart back-off, probe thresholds.
 *
 * Each is a function of what is given to it, so that it can be held to tables
 * of facts row by row.  Source: pkg/kubelet at v1.36; reference 5.1, 5.3, 5.4.
 */
#ifndef MODELS_PODLIFE_H
#define MODELS_PODLIFE_H
#include <stdbool.h>
#include "models/pod.h"

/* ---- phase -------------------------------------------------------------- */

enum box_state {
    BOX_NONE,                   /* no status yet */
    BOX_WAITING,
    BOX_RUNNING,
    BOX_EXITED,
};

/* A container as the kubelet has noticed it. */
struct box_view {
    enum box_state state;
    bool exited_before;         /* WAITING: for a restart */
    bool started;               /* RUNNING: past its startup probe */
    int exit_code;              /* of the last run that ended */
};

/* A zeroed one has seen no container; add each, then ask. */
struct phase_tally {
    int init_pending, init_failed, sidecar_pending;
    int unknown, running, waiting, stopped, succeeded;
};
void phase_add_init(struct phase_tally *t, const struct box_view *v,
                    enum restart_policy restart);
void phase_add_sidecar(struct phase_tally *t, const struct box_view *v);
void phase_add_app(struct phase_tally *t, const struct box_view *v);

/* The phase.  terminal: no container will be started any more; initialized:
 * an app container has been started before. */
enum pod_phase phase_of(const struct phase_tally *t,
                        enum restart_policy restart, bool terminal,
                        bool initialized);

/* ---- restart back-off --------------------------------------------------- */

/* What the node remembers of a crashing container, or of an image that could
 * not be pulled.  A zeroed one remembers nothing. */
struct backoff {
    sim_time delay;             /* 0: no entry */
    sim_time updated;
};

/* Until when must the next attempt wait?  failed: when the last one ended;
 * max: the longest delay.  The entry is forgotten if more than 2 * max passed
 * from its update to the failure.  A time not after now means: not at all. */
sim_time backoff_until(const struct backoff *b, sim_time failed, sim_time max);

/* An attempt is made now, after a failure at `failed`: first at once with a
 * delay of base for the next one, then doubling up to max. */
void backoff_next(struct backoff *b, sim_time failed, sim_time now,
                  sim_time base, sim_time max);

/* ---- probes ------------------------------------------------------------- */

enum probe_kind { PROBE_STARTUP, PROBE_READINESS, PROBE_LIVENESS,
                  PROBE_KINDS };
enum probe_result { PROBE_UNKNOWN, PROBE_SUCCESS, PROBE_FAILURE };

struct probe_count {
    enum probe_result last;     /* the newest outcome */
    int run;                    /* how many alike in a row */
    enum probe_result published;
    bool hold;                  /* no more until the container is restarted */
};

/* A (new) container runs: the published result is the initial one, readiness
 * Failure, liveness Success, startup Unknown. */
void probe_count_reset(struct probe_count *c, enum probe_kind kind);

/* One more outcome.  Returns whether the published result changed. */
bool probe_count_add(struct probe_count *c, enum probe_kind kind,
                     const struct probe *p, bool success);

#endif
