/*
 * mesh.h - a mesh sidecar: what its proxy does with the requests of a client.
 *
 * Words and defaults are Istio's (retries of a VirtualService, outlierDetection
 * of a DestinationRule); how hosts are ejected is Envoy's.
 */
#ifndef MODELS_MESH_H
#define MODELS_MESH_H
#include <stdbool.h>
#include <stdint.h>
#include "kernel/event.h"

/* What is tried again (bits). */
enum mesh_retry {
    MESH_CONNECT_FAILURE = 1,   /* refused, or no connection in time */
    MESH_RESET = 2,             /* cut off, or no answer in time */
    MESH_503 = 4,               /* answered 503: the pod's queue was full */
    MESH_5XX = 8,               /* any of these, or any 5xx */
};

enum mesh_balancer { MESH_LEAST_REQUEST, MESH_ROUND_ROBIN, MESH_RANDOM };

/* When a host is left alone for a while; durations > 0. */
struct outlier_spec {
    int consecutive;            /* 5xx that eject a host; 0: never */
    sim_time interval, base_ejection, max_ejection;
    double max_share;           /* of the hosts that may be ejected */
    bool one_at_least;          /* of them in any case */
    double min_health;          /* share of healthy hosts below which all are
                                 * used */
};

struct mesh_spec {
    int balancer;               /* enum mesh_balancer */
    int attempts;               /* retries after the first try */
    unsigned retry_on;          /* enum mesh_retry, or-ed */
    sim_time connect_timeout, per_try;      /* per_try 0: none */
    const struct outlier_spec *outlier;     /* NULL: no detection */
};

/* ---- outlier detection of one sidecar ----------------------------------- */

/* What a sidecar remembers of a host. */
struct mesh_host {
    int consecutive;            /* 5xx in a row */
    int active;                 /* requests of this sidecar */
    int backoff;                /* multiplies the base ejection time */
    sim_time until;             /* ejected until; <= now: it is not */
    sim_time back;              /* end of its last ejection; < 0: none */
};

static inline bool mesh_ejected(const struct mesh_host *h, sim_time now)
{
    return h->until > now;
}

/* An answer came, bad (5xx of any kind) or not; returns whether the host is to
 * be ejected, if as many may. */
bool mesh_counts(struct mesh_host *h, const struct outlier_spec *o, bool bad,
                 sim_time now);

/* May one more of n hosts be ejected when so many are? */
bool mesh_may_eject(const struct outlier_spec *o, int ejected, int n);

/* Eject a host.  Sweeps, at phase + k interval, let it back. */
void mesh_eject(struct mesh_host *h, const struct outlier_spec *o,
                sim_time phase, sim_time now);

/* The pause before retry k (1, 2, ...), u uniform. */
sim_time mesh_backoff(int k, double u);

#endif
