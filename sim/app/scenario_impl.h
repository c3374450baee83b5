/*
 * scenario_impl.h - what the files that read a scenario share.
 */
#ifndef APP_SCENARIO_IMPL_H
#define APP_SCENARIO_IMPL_H
#include "app/scenario.h"
#include "base/vec.h"

/* A Kubernetes object as read. */
struct document {
    const struct value *value;
    const char *file;
    enum kind kind;
    const char *space, *name;
};
typedef VEC(struct document) documents;

/* A document of a kind that is not Kubernetes' own: it may be registered. */
struct stranger {
    const struct value *value;
    const char *file;
};

/* An entry of `clusters`. */
struct cluster_entry {
    const char *name;
    double weight;
    struct field_list nodes;    /* struct node_pool */
    const struct value *timings, *patch;
};

/* Everything read so far. */
struct loader {
    struct app *app;
    struct arena *arena;
    struct err_list *errors;
    const struct value *root;   /* of the Scenario; NULL: none */
    const char *file;           /* it is in; the first file if none */
    documents objects;
    VEC(struct stranger) strangers;     /* not yet sorted in */
    VEC(const struct value *) applied;  /* definitions that actions apply */
    VEC(struct not_simulated) ignored;
    VEC(const char *) images;   /* every image that something may run */
    VEC(const char *) data;     /* keys of the data files read */
    size_t nfiles;
    bool missing;               /* a file could not be read */
    const struct member_spec *members;  /* the clusters, if there are several:
                                         * all but their manifests, ... */
    const struct cluster_entry *entries;        /* ... and as written */
    size_t nmembers;
    size_t cell;                /* of the variants being built */
    const char *const *settings;        /* of that cell; NULL: none */
};

/* The sections of a Scenario document, as bound. */
struct run_section {
    sim_time duration, warmup;
    int64_t seed;
    const struct value *replications;
    double confidence;
};

struct limits {
    double controller_qps, controller_burst, scheduler_qps, scheduler_burst;
    double kubelet_qps, kubelet_burst;
};

struct proxy_section {
    int mode;
    int reads;                  /* 1: Endpoints */
    sim_time min_sync_period, sync_period;
};

struct restart_section {
    int initial_s, first_s, max_s;
};

struct plane_section {
    int replicas;
    sim_time lease_duration, renew_deadline, retry_period;
};

struct registry_section {
    struct quantity bytes_per_s;
};

struct judged_section {
    const char *metric, *group;
    double tolerance, confidence;
    int direction, nan, effect;
    double allowed_increase, allowed_decrease;  /* 0: no effect at all */
    double critical_increase, critical_decrease;
    bool outliers, critical, must_have_data;
    double outlier_factor, weight;
};

struct judge_section {
    struct field_list metrics;  /* struct judged_section */
    sim_time sample, interval, delay, lookback, lifetime;
    double pass, marginal;
};

struct guard_section {
    const char *when;
    struct judge_section *judge;
    struct dist after;
    sim_time looks;
    const struct value *then;
};

struct cluster_section {
    int profile, version;
    struct field_list nodes;    /* struct node_pool */
    const struct value *timings, *together;
    struct proxy_section proxy;
    struct limits limits;
    sim_time clock_offset, icmp_ratelimit;
    int64_t clock_s;
    struct {
        sim_time interval, window;
    } metrics;
    int source_ports;
    bool probe_at_start;
    int runtime;
    struct plane_section plane;
    struct restart_section restart;
    struct registry_section registry;
    struct monitoring_spec monitoring;
    struct field_list databases;        /* struct database_spec */
    struct field_list queues;   /* struct queue_spec */
    struct autoscaler_spec autoscaler;
    struct balancer_spec balancer;
    struct field_list operators;        /* struct operator_spec */
};

struct release_section {
    sim_time at;
    const char *workload, *space;
    struct field_map images;    /* const char * */
    const struct value *patch;  /* of a custom resource */
    const struct value *waves, *bake;
};

struct document_section {
    const char *api_version, *kind;
    struct {
        const char *name, *description;
    } metadata;
    struct field_list manifests;
    struct run_section run;
    struct cluster_section cluster;
    const struct value *images;
    struct field_list traffic;  /* struct traffic_spec */
    struct field_list clusters; /* struct cluster_entry */
    struct balancer_spec door;
    struct release_section *release;
    struct field_list guards;   /* struct guard_section */
    struct field_list actions;  /* struct action_section */
    struct field_list strategies;       /* struct strategy_spec */
    struct field_list faults;   /* struct fault_spec */
    struct field_map parameters;        /* struct parameter_section */
    struct field_list metrics;  /* struct metric_spec */
    struct field_list slo;      /* struct slo_section */
    struct objective_section *objective;
    struct field_list expect;   /* const char * */
};

struct action_section {
    struct dist at, after;
    const char *when, *kubectl, *name, *cluster;
    const struct value *stdin_text;
};

struct parameter_section {
    const char *path;
    const struct value *values, *range;
    bool integer;
};

struct slo_section {
    const char *name, *metric;
    const struct value *at_least, *at_most;
};

struct subject_section {
    const char *metric;
    const struct value *at_least, *at_most;
    double confidence;
};

struct objective_section {
    const char *minimise, *maximise;
    const struct value *indifference;
    struct field_list subject;  /* struct subject_section */
};

/* ---- documents.c ---- */

/* Read a file's documents: the Scenario into l->root, objects into
 * l->objects.  at: where its name was written, or NULL. */
void documents_read(struct loader *l, const char *path, const struct mark *at);

/* The same from the len bytes of text, called name. */
void documents_parse(struct loader *l, const char *name, const char *text,
                     size_t len);

/* Sort one document (of a stream or a List) in. */
void documents_add(struct loader *l, const struct value *v, const char *file,
                   documents *out);

/* Sort what was put aside by documents_add into out as custom resources; if not
 * `early`, only what a definition registers. */
void documents_settle(struct loader *l, documents *out, bool early);

/* Is this an object of a kind that is simulated, or registered by a definition?
 * If not, that is said. */
bool documents_known(struct loader *l, const struct value *v);

/* Warn of objects whose API version the cluster does not serve any more. */
void documents_warn_old(struct loader *l);

/* Obey --set: change the Scenario or an object. */
void documents_set(struct loader *l, const char *assignment);

/* Is it a path of an object ("Deployment/api:spec.replicas"), as against one of
 * the Scenario ('images."shop/api:2".service')? */
bool documents_of_object(const char *path);

/* Set a path of the Scenario, or "Kind/NAME:PATH" of an object, to x; m: where
 * the path was written.  False after an error. */
bool documents_assign(struct loader *l, const char *path,
                      const struct value *x, const struct mark *m);

/* ---- fields: rates, files ---- */

/* binder->ctx is the loader in all parse functions. */
bool rate_parse(struct binder *b, const struct value *v, void *out);
void rate_schema(FILE *out);
bool sample_load(struct binder *b, const struct value *name, const double **x,
                 size_t *n);
bool strategies_parse(struct binder *b, const struct value *v, void *out);
void strategies_schema(FILE *out);
bool faults_parse(struct binder *b, const struct value *v, void *out);
void faults_schema(FILE *out);

/* What the fields of a fault cannot say. */
void faults_check(struct loader *l, struct spec *spec);

/* ---- manifests.c ---- */

/* The object called name of a kind, NULL if none; space NULL: in any. */
const struct document *manifests_find(const struct loader *l, enum kind kind,
                                      const char *space, const char *name);
/* The name of the first Service that selects the pods of o; NULL. */
const char *manifests_service_of(const struct loader *l,
                                 const struct document *o);

/* Faults of "kind/name" references: the object, or NULL after an error with
 * suggestions.  what: "release.workload", for the message. */
const struct document *manifests_resolve(struct loader *l,
                                         const struct value *at,
                                         const char *text, enum kind kind,
                                         const char *space);

/* The manifests of a variant: patched (last by `also`, which may be NULL),
 * decoded once to validate. */
void manifests_build(struct loader *l, const struct strategy_spec *strategy,
                     const struct document *target, const struct value *also,
                     struct spec *spec);

/* Remember every image in a manifest (or a piece of one). */
void manifests_images(struct loader *l, const struct value *v);
/* Rollouts get the template that their workloadRef names. */
void manifests_refer(struct loader *l);

/* Lints about what people get wrong. */
void manifests_lint(struct loader *l, const struct spec *spec);

/* ---- operator_block.c: cluster.operators ---- */
struct crd;
extern const struct field operator_fields[];
/* Needs all objects, and the actions. */
void operators_read(struct loader *l, const struct field_list *list,
                    struct spec *spec);
/* The definition, among objects and actions, that serves a kind; the type
 * ("database.example.com") of the resources that a word ("db") means.  NULL:
 * none. */
const struct crd *operators_definition(struct loader *l, const char *version,
                                       const char *kind);
const char *operators_type(struct loader *l, const char *word);
/* Does some operator make objects of this kind? */
bool operators_make(const struct spec *spec, enum kind kind);

/* ---- cluster_block.c: `clusters`, `frontDoor`, release.waves ---- */
extern const struct field clusters_fields[], door_fields[];
/* The clusters into l->members; base: what holds in each. */
void clusters_read(struct loader *l, const struct document_section *d,
                   const struct spec *base);
/* An error at m if there is no cluster of this name; NULL: it is none. */
void clusters_check(struct loader *l, const char *name, const struct mark *m);
/* Their manifests, and the waves, of a variant, whose spec is complete
 * otherwise. */
void clusters_build(struct loader *l, const struct strategy_spec *strategy,
                    const struct document *target, struct spec *spec);
/* The waves as written (NULL: as *out has them, else one of all clusters). */
void waves_read(struct loader *l, const struct value *waves,
                const struct value *bake, struct waves_spec *out);

/* ---- actions.c: the section `actions` ---- */
void actions_read(struct loader *l, const struct document_section *d,
                  struct spec *spec);

/* ---- guard_block.c: the section `guard` ---- */
extern const struct field judge_fields[];
void guards_read(struct loader *l, const struct document_section *d,
                 struct spec *spec);

/* ---- scenario.c ---- */

/* The pools written at path. */
void scenario_pools(struct loader *l, const struct field_list *nodes,
                    const char *path, struct spec *spec);
/* Report clients that have no node in the cluster of spec to be on. */
void scenario_places(struct loader *l, const struct spec *spec);

/* Bind what l has read and fill in *out; faults go to l->errors. */
void scenario_bind(struct loader *l, struct scenario *out);

/* ---- parameters.c: the section `parameters` ---- */
extern const struct field parameter_fields[];
extern const struct field mesh_fields[];            /* mesh_fields.c */
extern const struct field pool_fields[];            /* scenario_fields.c */
void parameters_read(struct loader *l, const struct document_section *d,
                     struct scenario *out);

/* ---- promise.c ---- */
void promises_read(struct loader *l, const struct document_section *d,
                   struct scenario *out);


#endif
