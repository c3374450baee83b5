/*
 * api.h - the API server's store: the truth, and who is told of it.
 *
 * Writes commit at the instant of the call; those who ask over the network
 * (controllers, kubelets, kubectl) go through a client (client.h), which adds
 * rate limit and latency.  Every commit bumps the resourceVersion and is
 * published to the informers of its kind (informer.h).
 *
 * Drafts.  api_draft copies the version one has seen; the store takes the
 * draft over when the write succeeds.  A draft whose version is no longer the
 * newest is refused with API_CONFLICT; version 0 writes unconditionally.
 */
#ifndef MODELS_API_H
#define MODELS_API_H
#include "models/object.h"

struct api;
struct world;

enum api_code {
    API_OK = 200,
    API_CREATED = 201,
    API_BAD_REQUEST = 400,
    API_FORBIDDEN = 403,
    API_NOT_FOUND = 404,
    API_CONFLICT = 409,         /* stale resourceVersion */
    API_EXISTS = 4091,          /* 409 AlreadyExists */
    API_INVALID = 422,
    API_TOO_MANY = 429,
    API_SERVER_ERROR = 500,
};

/* What the store must know of a kind; one per kind, listed in kinds.list and
 * defined as `const struct kind_ops kind_<ID>` in models/object/. */
struct kind_ops {
    size_t size;                /* of the struct, which starts with meta */
    bool namespaced;
    bool graceful;              /* deletion waits for grace (pods) */
    /* Copy the status part, and annotations typed with it, of src to dst. */
    void (*copy_status)(struct meta *dst, const struct meta *src);
    /* Do the specs differ, so that generation is bumped? */
    bool (*spec_changed)(const struct meta *a, const struct meta *b);
    /* Read a manifest into a fresh draft, with defaults, and validate it; all
     * faults go to errors with path and type.  The result is to be used only
     * if there were none.  NULL: such objects are not read from manifests. */
    struct meta *(*decode)(struct arena *a, const struct value *v,
                           struct err_list *errors);
};
const struct kind_ops *kind_ops_of(enum kind k);

/* The object as stored: its manifest with the server's defaults, without
 * status.  NULL if it did not come from a manifest, or is of a kind that
 * keeps none (Pods, Nodes). */
const struct value *object_raw(const struct meta *m);

/* Report what an update of old, read as new, may not change (a selector, the
 * template of a Job): reference 11.2.  Objects that did not come from a
 * manifest may change in anything. */
void object_check_update(struct arena *a, const struct meta *old,
                         const struct meta *new, struct err_list *errors);

/* An empty store of w. */
struct api *api_new(struct world *w);

/* The newest version, or NULL if there is none (any more). */
const struct meta *api_get(const struct api *api, object_uid uid);
const struct meta *api_find(const struct api *api, enum kind kind,
                            const char *space, const char *name);

/* All live objects of a kind, in order of creation. */
size_t api_count(const struct api *api, enum kind kind);
const struct meta *api_at(const struct api *api, enum kind kind, size_t i);

/* A zeroed draft of a new object of this kind. */
struct meta *api_new_draft(struct api *api, enum kind kind);

/* A draft to edit: a copy of m, whose version it carries. */
struct meta *api_draft(struct api *api, const struct meta *m);

/* Give a draft back unused. */
void api_drop(struct api *api, struct meta *draft);

/* Commit.  Whatever the answer, the draft is the store's afterwards.  reason
 * (may be NULL) gets a sentence for refusals, of the replication's arena; after
 * success a warning, or NULL.
 * On success *result (may be NULL) is the version written. */
enum api_code api_create(struct api *api, struct meta *draft,
                         const struct meta **result, const char **reason);
enum api_code api_update(struct api *api, struct meta *draft,
                         const struct meta **result, const char **reason);
enum api_code api_update_status(struct api *api, struct meta *draft,
                                const struct meta **result,
                                const char **reason);

/* Ask for deletion.  Graceful kinds get a deletionTimestamp and grace_s
 * (-1: the object's own) and stay until removed with grace 0; a later call can
 * only shorten.  Finalizers keep any object.  Removing publishes a DELETE. */
enum api_code api_delete(struct api *api, object_uid uid, int grace_s);

/* Ask for the deletion of an object that is not graceful, which waits for the
 * one who takes the finalizer away: orphan or foregroundDeletion, the garbage
 * collector's. */
enum api_code api_delete_after(struct api *api, object_uid uid,
                               const char *finalizer);

/* The binding subresource: give an unassigned pod its node. */
enum api_code api_bind(struct api *api, object_uid pod, object_uid node,
                       const struct meta **result, const char **reason);

/* Objects whose ownerReferences name uid as controller, in order of
 * creation; borrowed until the next write. */
const object_uid *api_owned(const struct api *api, object_uid uid, size_t *n);

/* Writes committed so far. */
uint64_t api_writes(const struct api *api);

/* Refusals.  Admission plug-ins are asked in order before a create or update
 * commits; see models/admission.list. */
struct admission {
    const char *name, *doc;
    /* API_OK to let pass; may edit the draft, and leave a warning in *reason.
     * old NULL: create. */
    enum api_code (*admit)(struct world *w, const struct meta *old,
                           struct meta *draft, const char **reason);
};

/* For informer.c: counted references to a version. */
const struct meta *api_ref(const struct meta *m);
void api_unref(struct api *api, const struct meta *m);

#endif
