/*
 * scheduler.h - kube-scheduler: which node a pod goes to.
 *
 * The cycle is made of plug-ins, one file each in models/scheduler/ and one
 * line in plugins.list; conformance tables run the same plug-ins.
 */
#ifndef MODELS_SCHEDULER_H
#define MODELS_SCHEDULER_H
#include "base/vec.h"
#include "models/node.h"
#include "models/pod.h"
#include "models/spec.h"

struct world;
struct scheduler;

/* Start the scheduler of w. */
struct scheduler *scheduler_new(struct world *w);

/* Stop or restart its process. */
void scheduler_stop(struct scheduler *s, bool stopped);

/* How many pods does it believe to have a place on the node?  For tests. */
size_t scheduler_pods_on(const struct scheduler *s, const struct node *n);

/* ---- what a cycle looks at ---------------------------------------------------- */

/* A pod that has, or is about to have, a place on a node. */
struct placed {
    object_uid uid;
    const char *space;
    const struct labels *labels;
    const struct pod_spec *spec;
    bool deleting;
};

struct sched_node {
    struct node node;           /* as last seen */
    size_t slot;                /* its place in the cycle's nodes */
    VEC(struct placed) pods;
    size_t with_terms;          /* pods with (anti-)affinity to pods */
    int64_t cpu, memory;        /* requested by them; milli-cpu, bytes */
    int64_t cpu_nonzero, memory_nonzero;
    struct {                    /* what was found for pods of this spec last */
        const struct pod_spec *spec;    /* NULL: nothing; so when a pod comes
                                         * or goes, or the node changes */
        bool passes;            /* all filters that are `steady` */
        bool scored;            /* the rest is known, too */
        int64_t least_allocated, balanced;
    } memo;
};

#define SCHED_PLUGINS_MAX 16

struct sched_volumes;           /* scheduler/volume_impl.h */
struct census_book;              /* scheduler/census_impl.h */

/* The pod to be placed, and the nodes. */
struct sched_cycle {
    struct arena *arena;        /* scratch for this cycle */
    enum kube_version version;
    const char *space;
    const struct labels *labels;
    const struct pod_spec *spec;
    const struct selector *spread_by;   /* of the Services and the owner that
                                         * select the pod; NULL: none */
    struct sched_node *const *nodes;    /* all, in order of examination */
    size_t nnodes;
    struct sched_node **feasible;
    size_t nfeasible;
    const struct sched_volumes *volumes;    /* NULL: claims do not count */
    bool no_terms;              /* no pod on them has (anti-)affinity to pods;
                                 * false: look */
    struct census_book *censuses; /* of these nodes; NULL: count anew */
    void *scratch[SCHED_PLUGINS_MAX];   /* by plug-in: what prefilter found */
    uint8_t filters[SCHED_PLUGINS_MAX]; /* those that have a say, in order */
    size_t nfilters;
    uint8_t unsteady[SCHED_PLUGINS_MAX];    /* of these; see steady */
    size_t nunsteady;
};

struct sched_plugin {
    const char *name;
    int weight_1_20, weight_1_36;       /* of its score */
    /* Look at the pod once per cycle; false: this filter has no say. */
    bool (*prefilter)(struct sched_cycle *c, void **scratch);
    /* NULL: the pod may go there; else why not, as FailedScheduling says. */
    const char *(*filter)(const struct sched_cycle *c, const void *scratch,
                          const struct sched_node *n);
    /* It looks at the node's own state and pods and at the pod's spec only. */
    bool steady;
    /* Look at the feasible nodes; false: all scores are 0. */
    bool (*prescore)(struct sched_cycle *c, void **scratch);
    int64_t (*score)(const struct sched_cycle *c, const void *scratch,
                     const struct sched_node *n);
    /* The same for all feasible nodes: instead of score, where it is hot. */
    void (*score_all)(const struct sched_cycle *c, const void *scratch,
                      int64_t *scores);
    /* Bring the n raw scores to 0..100; NULL: they are. */
    void (*normalise)(const struct sched_cycle *c, const void *scratch,
                      int64_t *scores, size_t n);
};

const struct sched_plugin *sched_plugin_at(size_t i);   /* NULL at the end */

/* Run all prefilters; then, for one node, all filters in order: NULL if the
 * pod may go there, else the reason and the plug-in (may be NULL). */
void sched_prefilter(struct sched_cycle *c);
const char *sched_filter(const struct sched_cycle *c, struct sched_node *n,
                         const struct sched_plugin **by);

/* Is it known that all filters let the pod go there? */
static inline bool sched_passes(const struct sched_cycle *c,
                                const struct sched_node *n)
{
    return c->nunsteady == 0 && n->memo.spec == c->spec && n->memo.passes;
}

/* Scores of the feasible nodes: total[i], and, if parts is not NULL, weighted
 * scores by plug-in in parts[i * SCHED_PLUGINS_MAX + plug-in]. */
void sched_score(struct sched_cycle *c, int64_t *total, int64_t *parts);

/* The node's memo, for the pod of this cycle. */
static inline void sched_remember(const struct sched_cycle *c,
                                  struct sched_node *n)
{
    if (n->memo.spec == c->spec)
        return;
    n->memo.spec = c->spec;
    n->memo.passes = n->memo.scored = false;
}

/* How many feasible nodes are looked for among n (reference 4.2);
 * percentage 0: adaptive. */
int sched_nodes_to_find(int percentage, int n);

/* Account for a pod on a node, or take it off: it is returned. */
void sched_place(struct arena *a, struct sched_node *n, struct placed p);
struct placed sched_unplace(struct sched_node *n, object_uid uid);

/* Does the pod tolerate the taint? */
bool tolerates(const struct pod_spec *s, const struct taint *t);

/* Does this term of a node affinity hold? */
bool node_term_matches(const struct node_term *t, const struct node *n);

/* Do the required node selector and affinity of the pod admit the node? */
bool node_matches(const struct pod_spec *s, const struct node *n);

/* The value of a topology key on a node; NULL if it has none. */
const char *node_topology(const struct node *n, const char *key);

#endif
