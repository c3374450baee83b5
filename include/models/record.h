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
struct rules;

/* What happens to a pod where requests meet it. */
enum view {
#define VIEW(id, name, doc) VIEW_##id,
#include "models/views.list"
#undef VIEW
    VIEW_COUNT
};
extern const char *const view_names[VIEW_COUNT + 1];    /* NULL-terminated */

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

struct view_row {               /* somebody learns of a pod, or it acts */
    sim_time at;
    enum view view;
    const char *space, *pod;
    const char *service;        /* of a slice or of rules; "" */
    const char *node;           /* whose rules, whose clients; "" */
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
    const char *node;           /* where its client is */
    const char *cause;          /* "refused", ... */
    const char *chain;          /* sentences for explain; NULL */
    const char *remark;         /* what the cause does not say; NULL */
    sim_time end;               /* when the client gave up, or was told */
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
    VEC(struct view_row) views;
    VEC(struct event_row) events;
    VEC(struct failure_row) failures;
    VEC(struct series_row) series;
    VEC(struct series_row) windows;     /* all senders and versions together,
                                         * per window_s; source "" */
    double window_s;            /* seconds a window, so that there are about
                                 * 150 */
    struct map last;            /* record.c: the last row of an object */
    struct map named;           /* record_view.c: pod uid -> its name */
    struct map connected;       /* and pod, node -> its connections */
    struct map blocked;         /* pod uid -> said so */
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

/* Told of a pod itself.  Free without rows, as all that follows here. */
void record_view(struct world *w, enum view view, object_uid pod);

/* The rules r, which held before[0 .. n - 1], have changed. */
struct rule;
void record_rules(struct world *w, const struct rules *r,
                  const struct rule *before, size_t n);

/* A new connection from a node is led to a pod. */
void record_connection(struct world *w, object_uid pod, object_uid node);

/* A NetworkPolicy keeps a connection from a pod. */
void record_blocked(struct world *w, object_uid pod);

/* Be told by processes, once there are kubelets; and at the end of the run put
 * the rows in order. */
void record_watch(struct world *w);
void record_finish(struct world *w);

/* Put the rows of all clusters into the first one's record, w's, in order of
 * time; their namespaces get the cluster's name before them. */
void record_unite(struct world *w);

/* Anything else worth an events.csv line ("Action", "kubectl scale ..."). */
void record_note(struct world *w, const char *type, const char *reason,
                 const char *space, const char *object, const char *message);

#endif
