/*
 * flagger.h - a Canary as Flagger has it, and how its controller decides.
 *
 * The target, a Deployment, is the canary; Flagger keeps a copy called
 * NAME-primary, which serves users, and scales the target to 0 while nothing
 * is released.  A timer of the Canary's own ticks; between ticks nothing
 * happens.
 *
 * flagger_tick is one tick as a function of what it sees; the controller
 * (models/control/flagger.c) carries it out and adds nothing of its own.
 * Reference: progressive delivery, section 2.
 */
#ifndef MODELS_FLAGGER_H
#define MODELS_FLAGGER_H
#include "base/vec.h"
#include "models/object.h"
#include "models/route.h"

#define FLAGGER_TOTAL 100       /* weights are of this */

enum flagger_phase {
    FLAGGER_INITIALIZING, FLAGGER_INITIALIZED, FLAGGER_WAITING,
    FLAGGER_PROGRESSING, FLAGGER_WAITING_PROMOTION, FLAGGER_PROMOTING,
    FLAGGER_FINALISING, FLAGGER_SUCCEEDED, FLAGGER_FAILED
};
extern const char *const flagger_phase_names[10];       /* NULL-terminated */

/* How requests find the canary. */
enum flagger_provider {
    FLAGGER_KUBERNETES,         /* not at all: only blue-green */
    FLAGGER_NGINX,              /* a second Ingress with canary annotations */
    FLAGGER_MESH,               /* a route of the apex Service, as with Istio,
                                 * Linkerd, the Gateway API */
};

enum flagger_measure { FLAGGER_SUCCESS_RATE, FLAGGER_DURATION };

struct flagger_metric {
    enum flagger_measure what;  /* percent; milliseconds (p99) */
    sim_time interval;          /* window */
    bool has_min, has_max;
    double min, max;
};

struct flagger {
    struct meta meta;
    /* spec */
    const char *target;         /* Deployment */
    const char *apex;           /* Service, and name of the route */
    int port;
    const char *port_name, *target_port;
    enum flagger_provider provider;
    const char *ingress;        /* ingressRef.name; NULL: none */
    sim_time interval;
    int threshold, max_weight, step_weight, step_promotion, iterations;
    const int *step_weights;
    size_t nsteps;
    const struct route_rule *matches;   /* without backends: any of them */
    size_t nmatches;
    bool mirror;
    int mirror_weight;
    int primary_threshold, canary_threshold;    /* percent of pods */
    int progress_deadline_s;
    const struct flagger_metric *metrics;
    size_t nmetrics;
    bool skip_analysis, suspend;
    const struct value *raw, *last_applied;
    /* status */
    enum flagger_phase phase;
    int weight, iteration, failed_checks;
    bool mirrored;
    uint64_t applied;           /* identity of the template last looked at */
    sim_time moved;             /* last change of phase, weight, iteration */
};

#define flagger_of(m) ((struct flagger *)(m))
#define flagger_seen(m) ((const struct flagger *)(m))

/* Copy the status part. */
void flagger_copy_status(struct flagger *to, const struct flagger *from);

/* ---- arithmetic ------------------------------------------------------------- */

/* Is a Deployment ready for Flagger, and if not, may one wait? */
struct flagger_pods {
    bool stale;                 /* its newest spec is not seen yet */
    int replicas;               /* spec; -1: not set */
    int updated, existing, available;   /* status */
    bool exceeded;              /* Progressing: ProgressDeadlineExceeded */
    bool starved;               /* below minimum availability for longer than
                                 * progressDeadlineSeconds */
};
struct flagger_ready {
    bool ready, retriable;
};
struct flagger_ready flagger_pods_ready(const struct flagger_pods *p,
                                        int threshold);

/* ---- a tick ------------------------------------------------------------------- */

struct flagger_sight {
    struct flagger_ready primary, canary;
    uint64_t revision;          /* identity of the target's template */
    /* Is the i-th metric within its range?  If not, *why tells. */
    bool (*check)(void *ctx, size_t i, const char **why);
    void *ctx;
    sim_time now;
    struct arena *arena;        /* of notes */
};

enum flagger_verb {
    FLAGGER_SCALE_UP,           /* the canary, from 0 */
    FLAGGER_SCALE_DOWN,         /* the canary, to 0 */
    FLAGGER_ROUTE,              /* as status.weight and mirrored now say */
    FLAGGER_PROMOTE,            /* the canary's template to the primary */
};

struct flagger_plan {
    struct flagger f;           /* with the status to be written */
    enum flagger_verb verbs[4]; /* in order */
    size_t nverbs;
    bool started, succeeded, rolled_back;       /* in this tick */
    VEC(const char *) notes;    /* its events, in order */
};

void flagger_tick(const struct flagger *seen, const struct flagger_sight *s,
                  struct flagger_plan *p);

/* ---- objects it makes ----------------------------------------------------------- */

/* The HTTPRoute of the apex, and the canary Ingress beside `main`. */
const struct value *flagger_route(struct arena *a, const struct flagger *f);
const struct value *flagger_ingress(struct arena *a, const struct flagger *f,
                                    const struct value *main);

#endif
