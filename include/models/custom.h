/*
 * custom.h - CustomResourceDefinitions and the resources that they register.
 *
 * All custom resources are of one kind of the store.  Their name there is what
 * kubectl prints, "database.example.com/shop": so two of different kinds may
 * both be called "shop".
 */
#ifndef MODELS_CUSTOM_H
#define MODELS_CUSTOM_H
#include "models/object.h"

struct api;

struct crd {
    struct meta meta;
    const char *group, *kind;   /* "example.com", "Database" */
    const char *plural, *singular;
    const char *const *short_names;
    size_t nshort_names;
    const char *const *versions;        /* that are served */
    size_t nversions;
    const struct value *raw;
};

/* What its operator has written into the status of a custom resource. */
struct custom_status {
    int64_t observed_generation;        /* brought about, or given up */
    int64_t working;            /* generation under way; 0: none ever */
    int step;                   /* phase of that, from 0 */
    int failures;               /* of that phase */
    sim_time since;             /* when that phase began, or its last try */
    const char *phase;          /* its name, "Ready", "Failed", ...; NULL */
    const struct value *applied;        /* the resource as the objects that
                                         * belong to it are; NULL: none yet */
    const struct value *good;   /* the last one that came through; NULL */
    const char *failed;         /* what went wrong last; NULL */
};

struct custom {
    struct meta meta;
    const char *type;           /* "database.example.com" */
    const char *called;         /* "shop" */
    const struct value *raw, *last_applied;
    struct custom_status status;
};

#define crd_seen(m) ((const struct crd *)(m))
#define custom_of(m) ((struct custom *)(m))
#define custom_seen(m) ((const struct custom *)(m))

/* The name in the store of a manifest of a custom resource. */
const char *custom_name(struct arena *a, const struct value *manifest);

/* Does c serve this apiVersion and kind? */
bool crd_serves(const struct crd *c, const char *api_version,
                const char *kind);
/* Does a word that people type ("database", "databases.example.com", a short
 * name) mean it?  type: that of its resources. */
bool crd_called(const struct crd *c, const char *word);
const char *crd_type(struct arena *a, const struct crd *c);

/* The definition that serves a kind, or that a word means; NULL. */
const struct crd *crd_of_kind(const struct api *api, const char *api_version,
                              const char *kind);
const struct crd *crd_of_word(const struct api *api, const char *word);

#endif
