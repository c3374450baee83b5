/*
 * object.h - what all API objects have in common.
 *
 * A version of an object is immutable once it is written: the store and every
 * informer's cache point at versions, so "what this controller has seen" is
 * a pointer.  To change an object, take a draft (api_draft), edit it, and
 * submit it; a draft based on an old version is refused with a conflict, as
 * the real API server does.
 */
#ifndef MODELS_OBJECT_H
#define MODELS_OBJECT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/value.h"
#include "kernel/event.h"

enum kind {
    KIND_NONE,
#define KIND(id, name, group, version, resource) KIND_##id,
#include "models/kinds.list"
#undef KIND
    KIND_COUNT
};

/* Sorted by key, immutable, shared.  NULL is the empty set. */
struct labels {
    size_t len;
    struct label {
        const char *key, *value;
    } items[];
};

/* The ordinal of an object's creation in this replication; never reused.
 * 0 is no object. */
typedef uint32_t object_uid;

struct meta {
    enum kind kind;
    object_uid uid;
    const char *name, *space;   /* space: the namespace; "" if cluster-wide */
    const struct labels *labels, *annotations;
    object_uid owner;           /* the controller in ownerReferences, or 0 */
    sim_time created;           /* full resolution; see wall_second() */
    sim_time deleted;           /* deletion asked for; SIM_NEVER if not */
    int grace_s;                /* deletionGracePeriodSeconds, once deleted */
    const char *const *finalizers;  /* NULL-terminated, or NULL */
    uint64_t version;           /* resourceVersion; 0: unconditional write */
    int64_t generation;         /* bumped when the spec changes */
    uint64_t tie;               /* random, orders like the real UID string */
    uint32_t refs;              /* api.c and informer.c only */
};

#define meta_deleting(m) ((m)->deleted != SIM_NEVER)

/* The set of a map of plain strings (metadata.labels); NULL if v is NULL. */
const struct labels *labels_from(struct arena *a, const struct value *v);

/* A copy of l with key set to value (NULL: removed). */
const struct labels *labels_with(struct arena *a, const struct labels *l,
                                 const char *key, const char *value);

/* The value of key; NULL if absent. */
const char *labels_get(const struct labels *l, const char *key);

bool labels_equal(const struct labels *a, const struct labels *b);

/* A label selector: all requirements must hold.  NULL matches nothing; one
 * without requirements matches everything. */
enum selector_op { SELECT_IN, SELECT_NOT_IN, SELECT_EXISTS, SELECT_ABSENT,
                   SELECT_GT, SELECT_LT };
struct requirement {
    const char *key;
    enum selector_op op;
    const char *const *values;
    size_t len;
};
struct selector {
    const struct requirement *items;
    size_t len;
};

/* Selector of a LabelSelector object ({matchLabels, matchExpressions}); NULL
 * with an entry in errors (may be NULL) if it cannot be converted. */
const struct selector *selector_from(struct arena *a, const struct value *v,
                                     struct err_list *errors);
/* Selector of a plain map (Service.spec.selector): equality only; NULL if v is
 * absent or empty, which selects nothing. */
const struct selector *selector_from_map(struct arena *a,
                                         const struct value *v);
/* s and also key = value. */
const struct selector *selector_with(struct arena *a,
                                     const struct selector *s,
                                     const char *key, const char *value);
bool selector_match(const struct selector *s, const struct labels *l);
/* The same requirements in the same order. */
bool selector_equal(const struct selector *a, const struct selector *b);
/* A copy in a, keys and values too. */
const struct selector *selector_copy(struct arena *a,
                                     const struct selector *s);

/* A status condition; status 0: absent. */
enum condition_status { CONDITION_ABSENT, CONDITION_TRUE, CONDITION_FALSE,
                        CONDITION_UNKNOWN };
struct condition {
    enum condition_status status;
    const char *reason;         /* static, or of the replication's arena */
    const char *message;        /* NULL or such a string */
    sim_time updated;           /* lastUpdateTime */
    sim_time changed;           /* lastTransitionTime */
};
extern const char *const condition_names[4];    /* "" True False Unknown */

/* The name, group/version and resource of a kind. */
const char *kind_name(enum kind k);
const char *kind_resource(enum kind k);
/* "apps"; "" for the core group; and "deployments.apps", "pods". */
const char *kind_group(enum kind k);
const char *kind_group_resource(struct arena *a, enum kind k);
/* "apps/v1"; "v1" for the core group.  k is not KIND_NONE. */
const char *kind_api_version(struct arena *a, enum kind k);
/* KIND_NONE if apiVersion and kind together name none that we store. */
enum kind kind_find(const char *api_version, const char *kind);
/* The name of an object with metadata.generateName: that prefix and five
 * letters of the hash of v, the manifest. */
const char *object_generated_name(struct arena *a, const char *prefix,
                                  const struct value *v);

/* The kind of an older version than the one of kind_api_version, and *gone: it
 * is served no more from Kubernetes 1.gone on (0: it is); KIND_NONE if it is
 * none.  kind_find knows some of these, too. */
enum kind kind_of_old(const char *api_version, const char *kind, int *gone);
/* By what people type: "deployment", "deploy", "deployments.apps", "svc". */
enum kind kind_by_resource(const char *word);

#endif
