/*
 * unseen.h - writes of a controller that its caches have not shown yet.
 *
 * Since 1.36 the controllers of StatefulSets and DaemonSets refuse to sync an
 * object while there are any about it.
 */
#ifndef MODELS_UNSEEN_H
#define MODELS_UNSEEN_H
#include "base/vec.h"
#include "models/object.h"

struct unseen_write {
    object_uid uid;
    uint64_t version;           /* written; 0: a deletion */
};

struct unseen {                 /* zeroed: none */
    VEC(struct unseen_write) writes;
};

/* Version `version` of uid was written (0: its deletion asked for). */
void unseen_expect(struct unseen *u, struct arena *a, object_uid uid,
                   uint64_t version);

/* A cache shows this version of uid; NULL: it is gone. */
void unseen_show(struct unseen *u, object_uid uid, const struct meta *after);

bool unseen_any(const struct unseen *u);

#endif
