/*
 * timings.h - the table of latencies and its profiles.
 */
#ifndef MODELS_TIMINGS_H
#define MODELS_TIMINGS_H
#include "kernel/dist.h"

enum timing {
#define TIMING(id, name, exact, normal, loaded, minikube, doc, source)        \
    TIMING_##id,
#include "models/timings.list"
#undef TIMING
    TIMING_COUNT
};

enum profile { PROFILE_DEFAULT, PROFILE_EXACT, PROFILE_LOADED,
               PROFILE_MINIKUBE };
extern const char *const profile_names[5];      /* NULL-terminated */

/* A value of the table in constants: CONSTANT a; LOGNORMAL median a, p95 b;
 * UNIFORM a to b; EXPONENTIAL mean a; all in seconds. */
struct timing_value {
    enum dist_law law;
    double a, b;
};

struct timing_row {
    const char *name, *doc, *source;
    struct timing_value profile[4];     /* by enum profile */
};
const struct timing_row *timing_row(enum timing t);

/* How much the latencies of one row that pass on one machine at one time are
 * alike: what is busy there delays them all (models/busy.c). */
struct together {
    double share;               /* of the variance of the normal score that is
                                 * common; 0: each for itself */
    sim_time lasts;             /* for so long; > 0 where share > 0 */
    int of;                     /* enum machine */
    double speed;               /* of its work while proxies' syncs take all
                                 * cores; 1, and 0: as ever */
    int64_t cores;              /* of that machine; > 0 where speed < 1 */
    sim_time waits;             /* so much of it is no work */
};
#define CORES_MAX 16
enum machine { MACHINE_NODE, MACHINE_CLUSTER };

/* What stands for WATCH_PROXY, PROXY_SYNC and the least time between syncs
 * under cluster.timings. */
#define TIMING_ENDPOINTS_WHOLE "endpointPropagation"
extern const char timing_endpoints_doc[];

/* The timings of one cluster: a profile with overrides. */
struct timings {
    struct dist dist[TIMING_COUNT];
    struct together together[TIMING_COUNT];
    bool endpoints_whole;       /* endpointPropagation is given */
};
void timings_from_profile(struct timings *t, enum profile p);

/* Bind cluster.timings (a map of rows) over *t. */
bool timings_bind(struct binder *b, const struct value *v, struct timings *t);

/* Bind cluster.together (a map of rows, each a map) over *t. */
bool timings_bind_together(struct binder *b, const struct value *v,
                           struct timings *t);

#endif
