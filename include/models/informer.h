/*
 * informer.h - a watch with a cache: what one component has seen.
 *
 * After each commit every informer of that kind is told, each after its own
 * latency and in order (within a lane).  The cache then points at the version
 * seen.  Components decide from their caches only; nobody reads the store.
 *
 * Not modelled: resync (reference 1.3: ignored for unchanged objects) and
 * broken watches.
 */
#ifndef MODELS_INFORMER_H
#define MODELS_INFORMER_H
#include "models/api.h"
#include "models/timings.h"

struct informer;

struct informer_ops {
    const char *name;           /* "deployment.pods": in traces */
    enum timing latency;        /* commit -> seen */
    /* Is this change of interest?  NULL: every one.  before NULL: the object
     * is new; after NULL: it is gone. */
    bool (*wants)(void *ctx, const struct meta *before,
                  const struct meta *after);
    /* Called when the cache has been brought up to date.  before: what was
     * seen until now (NULL: nothing); after: NULL if the object is gone. */
    void (*handle)(void *ctx, const struct meta *before,
                   const struct meta *after);
    /* Changes in one lane are seen in order; NULL: one lane for all.  The
     * argument is the newer version there is.  Small numbers, please. */
    unsigned (*lane)(void *ctx, const struct meta *m);
    /* Handle also the end of objects that were never wanted before: `before`
     * is then their last version. */
    bool tombstones;
};

/* Start watching kind for the life of w.  ops is static; ctx is borrowed.
 * What the store holds now is seen at once, without calls to handle. */
struct informer *informer_new(struct world *w, enum kind kind,
                              const struct informer_ops *ops, void *ctx);

/* The version seen, NULL if none or seen deleted. */
const struct meta *informer_get(const struct informer *inf, object_uid uid);
const struct meta *informer_find(const struct informer *inf,
                                 const char *space, const char *name);

/* Everything seen, in order of creation. */
size_t informer_count(const struct informer *inf);
const struct meta *informer_at(const struct informer *inf, size_t i);

/* Seen objects whose controller is owner, in order of creation.  Borrowed
 * until the next event. */
const object_uid *informer_owned(const struct informer *inf,
                                 object_uid owner, size_t *n);

/* The name of an informer whose cache is not what the store holds, NULL if
 * there is none: for tests, when nothing has happened for some time. */
const char *informers_behind(const struct world *w);

/* For api.c: tell the informers of a kind about a commit. */
void informers_publish(struct world *w, const struct meta *before,
                       const struct meta *after);

#endif
