/*
 * behaviour.h - how the processes of an image behave (scenario: images).
 *
 * Keyed by "*", then repository, then repository:tag, each laid over the last.
 * Times are distributions; every pod draws its own from its stream.
 */
#ifndef MODELS_BEHAVIOUR_H
#define MODELS_BEHAVIOUR_H
#include "base/field.h"
#include "kernel/dist.h"
#include "models/object.h"

enum readiness_mode { READINESS_PROBE, READINESS_NEVER, READINESS_FLAP,
                      READINESS_AFTER };
enum departures { DEPARTURES_AUTO, DEPARTURES_EVENTS };
enum shutdown_mode { SHUTDOWN_DRAIN, SHUTDOWN_IMMEDIATE, SHUTDOWN_IGNORE };

/* `readiness:` probe | never | {flap: {up, down}} | {after: duration} (Ready
 * that long after the container runs, whatever the probes), with `first: N`
 * (never for the first N pods of an owner only) and `onTerm: notReady`. */
struct readiness {
    enum readiness_mode mode;
    struct dist up, down;       /* FLAP */
    struct dist after;          /* AFTER */
    int never_first;            /* the first N pods never become ready */
    struct dist lose;           /* ready, then not ready for good, after */
    bool not_ready_on_term;     /* Ready goes False when told to stop */
};

struct error_rate {
    double rate;                /* share answered 5xx */
    struct dist after;          /* from this long after the start ... */
    struct dist lasting;        /* ... for this long (never: for good) */
    const char *key, *value;    /* only of requests with this header or
                                 * cookie; NULL: of all */
};

struct crash {
    struct dist every;          /* runs this long, then exits, again and again */
    struct dist after;          /* exits once, this long after the pod's first
                                 * start */
    int exit_code;
};

struct call_out {               /* requests made to serve a request */
    const char *to;             /* "service/NAME" */
    int count;
    bool parallel;
    int at_least;               /* good answers that will do; 0: all */
    sim_time within;            /* later ones are not waited for; 0: all are */
    int shards;                 /* see traffic/shard.c; 0: any pod will do */
    struct field_list understands;      /* tags; len 0: all */
};

/* What a request needs of the other pods of the workload; see group.c. */
enum group_need { GROUP_NOTHING, GROUP_LEADER, GROUP_MAJORITY };
struct group_rule {
    int needs;                  /* enum group_need */
    sim_time lease, retry;
    bool releases;              /* a leader that is told to stop */
};

/* What it has of a database, and in which form it keeps things there; see
 * database.c. */
struct database_use {
    const char *name;
    int connections;            /* from its start to its end */
};
struct schema_rule {
    uint64_t reads;             /* bit f: form f; 0: all */
    int writes;                 /* a form; 0: nothing that matters */
};

struct behaviour;

/* What the image does if a key of a ConfigMap or Secret that its pod uses has
 * this value. */
struct config_rule {
    enum kind kind;             /* KIND_CONFIGMAP or KIND_SECRET */
    const char *from;           /* as written: "configmap/NAME" */
    const char *name, *key, *is;
    const struct value *then;   /* keys over those of the image */
    const struct behaviour *behaviour;  /* with them; resolved images only */
};

#define CONFIG_RULES_MAX 64

struct behaviour {
    struct dist pull;           /* law NEVER if unset: timings.imagePull */
    bool pull_set;
    double size_bytes;          /* 0: unknown */
    struct dist container_start;        /* if set: for timings.containerStart */
    bool container_start_set;
    struct dist startup;        /* container started -> can answer */
    struct readiness readiness;
    struct dist service;        /* work per request at full speed */
    struct dist accept;         /* connected -> taken by the process; 0: it is
                                 * at once */
    sim_time cpu_per_request;   /* 0: as long as the work takes */
    int concurrency;            /* requests served at once by a pod */
    int queue;                  /* more may wait; then overload */
    int departures;             /* enum departures */
    struct error_rate error;
    double conversion;          /* share of users who convert */
    double slowdown;            /* factor on service */
    double warm_from;           /* speed at the start, share; 1: none */
    struct dist warm_over;      /* until full speed */
    struct crash crash;
    struct dist hang;           /* stops answering after; never: does not */
    double leak_bytes_per_s;    /* memoryLeak */
    enum shutdown_mode shutdown;
    struct dist shutdown_time;  /* SIGTERM -> process gone; drain: at most,
                                 * when idle before: at once */
    bool shutdown_time_set;
    const struct call_out *calls;
    size_t ncalls;
    const char *takes;          /* "queue/NAME": it is a worker; NULL */
    struct dist runs;           /* Jobs: how long the container runs; never: a
                                 * server */
    int fails_first;            /* the first N pods of an owner that exit with
                                 * an error when they have run */
    double fails;               /* share of pods that do */
    struct group_rule group;
    struct database_use database;
    struct schema_rule schema;
    const struct config_rule *rules;    /* the first that holds counts */
    size_t nrules;
    struct dist fails_after;    /* how long these run; NEVER: as `runs` */
};

/* Is the end of each request an event of its own?  Else it is known when the
 * request arrives (models/traffic/workers.c). */
static inline bool behaviour_by_events(const struct behaviour *b)
{
    return b->ncalls > 0 || b->takes || b->departures == DEPARTURES_EVENTS;
}

/* The field table of one entry of images: (models/behaviour.c). */
extern const struct field behaviour_fields[];

/* The resolved table: image -> behaviour. */
struct behaviours;

/* Read the images: section (a map value; NULL: all defaults). */
struct behaviours *behaviours_from(struct binder *b, const struct value *v);

/* Does any entry have this key? */
bool behaviours_say(const struct behaviours *bs, const char *key);

/* "2.5.0" of "host:5000/shop/web:2.5.0"; 12 digits of a digest; "latest". */
const char *image_version(struct arena *a, const char *image);

/* The behaviour of an image; made on first use, then shared, also between
 * threads. */
const struct behaviour *behaviour_of(const struct behaviours *bs,
                                     const char *image);

#endif
