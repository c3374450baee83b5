/*
 * monitoring.h - what is seen of a release, as against what is true.
 *
 * Counters are read (scraped) every cluster.monitoring.scrape, and what was
 * read can be asked for cluster.monitoring.lag later.  A question is about a
 * window that ends now: the difference between the newest and the oldest
 * reading in it, so a change shows as a ramp as long as the window, late by
 * the lag and up to a scrape; and nothing can be said of a version that was
 * not read twice.  A reading may be lost (cluster.monitoring.loss; fault
 * `monitoring: lost`).
 *
 * Requests are counted where clients send them (a mesh's or an ingress's
 * metrics), by the version of the pod that they went to last; those that
 * reached no pod count for no version, only for all.  Latencies fall into the
 * buckets of Prometheus' clients and are interpolated as histogram_quantile
 * does.  Pods are counted as kube-state-metrics shows them.
 *
 * For guards, AnalysisRuns, Flagger: everybody who decides by metrics asks
 * here, and not w->measure.  The first question or subscription starts the
 * readings; ask for monitoring_start when the world is built, or counters
 * begin later.
 */
#ifndef MODELS_MONITORING_H
#define MODELS_MONITORING_H
#include "models/request.h"
#include "stats/arms.h"

struct world;

enum seen {
    SEEN_REQUEST_RATE,          /* per second */
    SEEN_ERROR_RATE,            /* share that failed; of requests */
    SEEN_CONVERSION,            /* share of users that converted, of those who
                                 * came to the version for the first time */
    SEEN_LATENCY_P50,           /* seconds, of those answered well */
    SEEN_LATENCY_P95,
    SEEN_LATENCY_P99,
    SEEN_READY_REPLICAS,        /* pods ready, in the newest reading */
    SEEN_RESTARTS,              /* of containers, in the window */
    SEEN_PROGRESS_DEADLINE,     /* 1: the rollout has exceeded it; else 0 */
    SEEN_COUNT
};

/* Whose: of all pods and requests, of the version before the release, or of
 * the one that it brings. */
enum seen_of { SEEN_OF_ALL, SEEN_OF_OLD, SEEN_OF_NEW };

struct seen_query {
    enum seen what;
    enum seen_of of;
    const struct version *version;      /* this one, whatever `of`; NULL */
    sim_time window;            /* > 0 for rates, latencies, restarts */
};

/* Its name in scenarios ("error_rate"), and does it need a window? */
const char *seen_name(enum seen what);
bool seen_windowed(enum seen what);

/* Begin to read.  Only the first call does anything. */
void monitoring_start(struct world *w);

/* What monitoring says now; false: no data (too few readings in the window,
 * no request, no release yet).  q->version or q->of must be of the released
 * application for pods and restarts. */
bool monitoring_read(struct world *w, const struct seen_query *q,
                     double *value);

/* Call `told` whenever a new reading can be asked for, for the life of w; at
 * rank MEASURE.  Borrowed. */
void monitoring_subscribe(struct world *w, void (*told)(void *ctx),
                          void *ctx);

/* Readings are lost from now on, or no more (fault `monitoring`). */
void monitoring_lose(struct world *w, bool lost);

/* A trial: users by the group that a header or cookie puts them in, whatever
 * version answers them.  [0]: those without it, [1]: those who carry it.  A
 * user counts once, with his first request since the trial began. */
struct trial_counts {
    struct arm users[2];        /* good: converted */
    struct arm requests[2];     /* good: answered well */
};

/* Count for a trial from now on; ends another one.  key, value: borrowed. */
void monitoring_trial(struct world *w, const char *key, const char *value);

/* What the newest reading has of the trial; false: none since it began. */
bool monitoring_trial_read(const struct world *w, struct trial_counts *out);

/* What the newest reading has of these versions since the start of the run:
 * users (good: converted) or, if what is not SEEN_CONVERSION, requests (good:
 * answered well).  False: nothing was read yet. */
bool monitoring_total(const struct world *w, enum seen what, enum seen_of of,
                      struct arm *out);

/* Told by measure.c: a client's request has its outcome, known at end.  Counted
 * also during the warm-up. */
void monitoring_outcome(struct world *w, const struct ask *a, enum cause cause,
                        sim_time end);

#endif
