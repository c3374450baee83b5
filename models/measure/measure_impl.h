/*
 * measure_impl.h - the parts of measurement, to each other.
 *
 *   measure.c   requests: outcomes, users, exposure; rows of failures
 *   window.c    seconds: brownout, rows of the series
 *   outage.c    who can be reached: downtime, mixed versions
 *   rollout.c   the release: pods, capacity, completion, rollback
 *   monitoring.c  what can be seen of it while it runs
 *   visitors.c  users who come, and convert
 *   metrics.c   the table of metrics, and their values
 */
#ifndef MODELS_MEASURE_IMPL_H
#define MODELS_MEASURE_IMPL_H
#include <math.h>
#include "base/pool.h"
#include "base/vec.h"
#include "kernel/tally.h"
#include "models/clusters.h"
#include "models/measure.h"
#include "models/monitoring.h"
#include "models/proxy.h"
#include "models/traffic.h"
#include "models/world.h"

/* A place from which requests go. */
struct watch {
    struct world *w;            /* the cluster it is in */
    struct rules *rules;
    const struct net_origin *from;  /* who sends; NULL: policies do not count */
    double demand;              /* share of all requests that ask for it */
    double share;               /* ... that are sent here; 0: not counted */
    size_t able, able_new;      /* endpoints that serve; of the new version */
};

struct outage {
    VEC(struct watch) watches;
    size_t open;                /* watches with a share */
    size_t closed;              /* of them, watches without an able endpoint */
    size_t reach_old, reach_new;/* watches with such an endpoint */
    double closed_share;
    double downtime, longest, stretch;  /* s, weighted */
    double mixed;               /* s */
    sim_time since;             /* all is counted up to here */
};

/* Pods of one version, as the API server has them. */
struct fleet {
    int64_t pods, ready;        /* ready: and not terminating */
    int64_t cpu_milli, memory_bytes;    /* requested */
};

struct judged {                 /* a workload, see measure_judged_elsewhere */
    enum kind kind;
    const char *space, *name;
    struct judged *next;
};

struct here {                   /* the release in one cluster */
    bool released, complete;
    object_uid workload;        /* the released one; 0: told by a strategy */
    uint64_t identity;          /* of the new template */
};

struct rollout {
    struct judged *judged;      /* workloads whose own status does not tell */
    sim_time released, completed, old_gone;     /* SIM_NEVER: not (yet) */
    sim_time decided, restored; /* rollback: decision, all well again */
    sim_time tested;            /* a test of it has an answer */
    enum decision decision;     /* that answer */
    double better;              /* the truth: see measure_decided */
    sim_time first_bad;         /* first failure at the new version */
    sim_time last_new;          /* last request the new version accepted */
    bool flag_some, flag_all;   /* see measure_flag */
    struct here *here;          /* by cluster */
    size_t complete;            /* clusters */
    const struct version *old, *new_;   /* NULL: unknown */
    VEC(struct fleet) fleets;   /* by version index */
    struct fleet before;        /* of the application, at the release */
    struct level pods, ready, cpu, memory;      /* since the release */
};

struct second {                 /* by the time of sending */
    uint32_t requests, failed, slow;    /* with an outcome */
    sim_time answering;         /* sum over those that did not fail */
};

/* The requests of one second, sender and version, or of one window; only with
 * rows. */
struct cell {
    size_t second, sender, version;
    int64_t requests, failed;
    struct hist hist;
    struct cell *next;
};

struct window {
    struct second *seconds;
    size_t len;
    size_t present;             /* the last second begun; only with rows */
    struct cell *open;
    struct cell *spare;
    uint32_t **sent, **settled; /* by sender and, last, all of them; by
                                 * second; only with rows */
    size_t width;               /* seconds of a window of all; only with
                                 * rows */
};

struct visit {                  /* of a sticky user */
    const struct process *process;
    int run;
};

struct per_user {               /* of one sender */
    uint16_t *saw;              /* version of the last answer; 0: none */
    uint8_t *exposed;
    struct visit *sessions;     /* NULL: they are not sticky */
};

struct per_version {            /* outcomes by version */
    int64_t requests, failed;
};

struct measure {
    struct world *w;
    sim_time from, end;         /* the measured time */
    int64_t requests, ok, first_failed;
    int64_t failed[CAUSE_COUNT];
    int64_t exposed, exposed_users, flips, sessions_lost;
    int64_t partial;            /* answers */
    struct hist latency;
    VEC(struct per_version) versions;
    struct per_user *users;     /* by sender; NULL until asked for */
    bool have_users, have_sessions, have_partial;
    struct outage outage;
    struct rollout rollout;
    struct window window;
};

/* outage.c: the release is known, all counts of new versions change; count
 * up to now. */
void outage_recount(struct measure *m);
void outage_count(struct measure *m);

/* rollout.c */
void rollout_new(struct measure *m);
/* Something changed that restoration depends on. */
void rollout_look(struct measure *m);

/* visitors.c: users by version, and of the trial that runs */
struct visitors;
struct visitors *visitors_new(struct world *w);
/* a has its outcome: count its user under his version, if he is new there, in
 * *users and *converted, and in the trial. */
void visitors_outcome(struct visitors *v, const struct ask *a,
                      enum cause cause, uint64_t *users, uint64_t *converted);
void visitors_try(struct visitors *v, const char *key, const char *value);
/* What the trial has counted; its number, 0: there is none. */
unsigned visitors_trial(const struct visitors *v, struct trial_counts *out);

/* window.c */
void window_new(struct measure *m);
void window_sent(struct measure *m, const struct world *w,
                 const struct sender *s, sim_time sent);
void window_outcome(struct measure *m, const struct world *w,
                    const struct ask *a, enum cause cause, sim_time end);
/* The part of it that all runs want of a request that was answered well. */
static inline void window_answer(struct measure *m, sim_time sent, sim_time end)
{
    struct second *s = &m->window.seconds[(sent - m->from) / SIM_S];
    sim_time limit = m->w->spec->slo_latency;

    s->requests++;
    s->slow += limit > 0 && end - sent > limit;
    s->answering += end - sent;
}
double window_brownout(const struct measure *m);
void window_finish(struct measure *m);

#endif
