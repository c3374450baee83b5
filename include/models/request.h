/*
 * request.h - a request, its fate, and the servers that meet it.
 *
 * What is random about request i of a sender is drawn when it arrives, in a
 * fixed order, so that it is the same request under every strategy.  Further
 * attempts draw from an address (sender, i, attempt), not from a sequence.
 * A sender is a traffic class of the scenario, or the calls that services
 * make to a Service; a server is a pod's process as requests meet it.
 */
#ifndef MODELS_REQUEST_H
#define MODELS_REQUEST_H
#include <stdbool.h>
#include <stdint.h>
#include "kernel/event.h"

struct job;
struct server;
struct sender;

enum cause {
    CAUSE_NONE,                 /* answered well */
#define CAUSE(id, name, doc) CAUSE_##id,
#include "models/causes.list"
#undef CAUSE
    CAUSE_COUNT
};
extern const char *const cause_names[CAUSE_COUNT + 1];  /* "", "refused" */

/* An application version: pods whose containers run the same images. */
struct version {
    unsigned index;             /* 0: no pod; 1, 2, ... in order of sight */
    uint64_t key;               /* pod_template.revision_key */
    const char *name;           /* "" for none; see traffic.h */
};

/* One request, in one of its attempts. */
struct ask {
    struct sender *sender;
    int64_t i;                  /* of its sender, from 0 */
    sim_time gives_up;          /* through an ingress: when its client does */
    sim_time sent;              /* first attempt: the intended arrival */
    struct job *parent;         /* the work it is part of; NULL: a client's */
    double u_pick, u_work, u_error; /* of this attempt */
    struct server *server;      /* of the pod last routed to; NULL: none */
    const struct version *version;  /* of that pod; never NULL */
    uint32_t user;              /* 0 .. users - 1; 0 without users */
    uint16_t place;             /* which of its sender's client nodes */
    uint8_t attempt;            /* from 0 */
    uint8_t tries;              /* of the ingress controller in this attempt,
                                 * before this one; of a task: times that it
                                 * was taken before */
    bool first_failed;          /* the first attempt did */
    bool exposed;               /* some attempt was served by the release */
    uint8_t shard;              /* of a call to shards: which of them */
    uint8_t entry;              /* of a call: its place in the caller's calls */
    bool between;               /* lost between two commits of a sync */
};

/* A first attempt that was answered well. */
struct answered {
    sim_time sent, end;
    bool exposed;
};

#endif
