/*
 * record.h - what a replication leaves behind: rows for the CSV files.
 *
 * Metrics are always kept; rows only if the replication is recorded (the
 * first, or all with --record all).  Times are simulated; app subtracts the
 * warm-up.  Rows are in order of time.  Strings belong to the replication.
 */
#ifndef MODELS_RECORD_H
#define MODELS_RECORD_H
#include "base/map.h"
#include "base/vec.h"
#include "models/object.h"

struct world;

struct timeline_row {           /* a workload or Service changed */
    sim_time at;
    const char *kind, *space, *name;
    int64_t revision;           /* -1: none */
    const char *image;          /* "" if none */
    int desired, pods, ready, available, endpoints;     /* -1: undefined */
};

struct pod_row {
    sim_time at;
    const char *space, *pod;
    int64_t revision;
    const char *image, *node, *state;   /* "Pending" .. "Gone" */
};

struct event_row {              /* a Kubernetes Event, a changed condition */
    sim_time at;
    const char *type;           /* "Normal", "Warning", "Condition", "Guard",
                                 * "Action", "Strategy" */
    const char *reason, *space, *object, *message;
};

struct failure_row {
    sim_time at;                /* when the request was sent */
    const char *source;
    int64_t request;            /* i of its client class */
    const char *version, *pod;  /* "" if none */
    const char *cause;          /* "refused", ... */
    const char *chain;          /* sentences for explain; NULL */
};

struct series_row {             /* one second, source and version */
    sim_time at;
    const char *source, *version;
    int64_t requests, failed;
    double p50_ms, p95_ms, p99_ms;      /* NaN if no answer */
};

struct record {
    struct arena *arena;
    bool rows;                  /* keep rows, not only metrics */
    VEC(struct timeline_row) timeline;
    VEC(struct pod_row) pods;
    VEC(struct event_row) events;
    VEC(struct failure_row) failures;
    VEC(struct series_row) series;
    VEC(struct series_row) windows;     /* all senders and versions together,
                                         * per window_s; source "" */
    double window_s;            /* seconds a window, so that there are about
                                 * 150 */
    struct map last;            /* record.c: the last row of an object */
};

/* An empty record in a. */
void record_init(struct record *r, struct arena *a, bool rows);

/* Kubernetes Event about an object; message may be NULL. */
void record_event(struct world *w, const struct meta *about,
                  const char *type, const char *reason, const char *format,
                  ...) __attribute__((format(printf, 5, 6)));

/* Called by api.c after every commit: writes the timeline, pods and
 * condition rows, and feeds the metrics that depend on objects. */
void record_commit(struct world *w, const struct meta *before,
                   const struct meta *after);

/* Anything else worth an events.csv line ("Action", "kubectl scale ..."). */
void record_note(struct world *w, const char *type, const char *reason,
                 const char *space, const char *object, const char *message);

#endif
