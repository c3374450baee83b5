/*
 * world.h - one replication: a cluster, its users, and what is done to it.
 */
#ifndef MODELS_WORLD_H
#define MODELS_WORLD_H
#include "base/map.h"
#include "kernel/event.h"
#include "kernel/rng.h"
#include "models/api.h"
#include "models/purposes.h"
#include "models/ranks.h"
#include "models/record.h"
#include "models/spec.h"

/* Raised whenever the result of some replication may change: results of
 * another version are kept, but not mixed with new ones. */
#define MODEL_VERSION 1

struct controller;
struct scheduler;
struct kubelets;
struct leases;
struct network;
struct traffic;
struct databases;
struct groups;
struct measure;
struct monitoring;
struct plane;
struct operators;
struct pools;
struct routers;
struct ingresses;
struct limited;
struct netpols;
struct clusters;
struct pod_template;

struct world {
    struct arena *arena;
    struct sim *sim;
    const struct spec *spec;
    const struct strategy_spec *strategy;   /* NULL: the manifest's own */
    uint32_t replication;
    struct clusters *clusters;  /* this is one of them; NULL: the only one */
    uint32_t place;             /* among them, from 0 */
    struct api *api;
    struct plane *plane;        /* what of it is down or slow; NULL: nothing */
    struct machines *machines;  /* that syncs keep busy; NULL: none */
    struct operators *operators;        /* of custom resources; NULL: none */
    struct informers *informers;
    struct controller *controllers;
    size_t ncontrollers;
    struct scheduler *scheduler;
    struct kubelets *kubelets;
    struct pools *pools;        /* of nodes */
    struct leases *leases;      /* heartbeats of nodes */
    struct network *network;    /* slices' way to the nodes: proxies */
    struct routers *routers;    /* from routes to rules */
    struct netpols *netpols;    /* NetworkPolicies, enforced */
    struct limited *limited;    /* templates with defaults of LimitRanges */
    struct ingresses *ingresses;        /* the ingress controller */
    struct traffic *traffic;
    struct groups *groups;      /* pods that depend on each other */
    struct databases *databases;        /* what they share outside */
    struct measure *measure;    /* metrics */
    struct monitoring *monitoring;      /* what is seen; NULL: nobody looks */
    void *strategy_state;       /* what the strategy keeps of this run */
    struct record record;
    struct map pods_made;       /* revision_key -> how many so far */
    struct stream uid_stream;
    object_uid last_uid;
    uint32_t nodes;             /* joined so far */
    uint32_t last_ip;
};

/* Build the world of (spec, strategy, replication) in arena a: nodes join,
 * components start, manifests are applied at time 0.  Of several clusters each
 * is a world with one event list and one measure; the first is returned.  rows:
 * keep rows of the record.  Manifests were validated before: a refusal here is a BUG. */
struct world *world_new(struct arena *a, const struct spec *spec,
                        const struct strategy_spec *strategy,
                        uint32_t replication, bool rows);

/* Run warm-up and measured time; then close the accounts. */
void world_run(struct world *w);

/* Now; and the wall-clock second of a time, as API time stamps have it. */
static inline sim_time world_now(const struct world *w)
{
    return sim_now(w->sim);
}
int64_t world_second(const struct world *w, sim_time t);
/* The instant at which the wall clock shows a whole second. */
sim_time world_second_starts(const struct world *w, int64_t second);
/* The wall clock, in seconds since 1970; and the instant at which it shows
 * that, which may be before the run began. */
int64_t world_clock(const struct world *w, sim_time t);
sim_time world_clock_time(const struct world *w, int64_t seconds);

/* What is random about users: of several clusters it is the same in all. */
uint64_t world_users_seed(const struct world *w);

/* A stream of this replication. */
void world_stream(const struct world *w, struct stream *s,
                  enum purpose purpose, uint64_t entity);

/* Draw a latency. */
sim_time world_draw(const struct world *w, enum timing t, struct stream *s);

/* The same of a row that passes on a node (0: on none), where others may be
 * delayed with it: cluster.together. */
sim_time world_draw_on(const struct world *w, enum timing t,
                       struct stream *s, object_uid node);

/* The next pod entity of a template: (revision_key, k) mixed; see podspec.h. */
uint64_t world_pod_entity(struct world *w, const struct pod_template *t);

/* Five random letters of Kubernetes' alphabet, for names. */
const char *world_suffix(struct world *w);

bool world_is(const struct world *w, enum kube_version v);
/* Printed by sim_bug; also the text for `replay with:`. */

#endif
