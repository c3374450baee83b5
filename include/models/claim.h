/*
 * claim.h - the PersistentVolumeClaim object.
 */
#ifndef MODELS_CLAIM_H
#define MODELS_CLAIM_H
#include "models/object.h"

enum access_mode {
    ACCESS_ONE_NODE = 1,        /* ReadWriteOnce */
    ACCESS_READERS = 2,         /* ReadOnlyMany */
    ACCESS_WRITERS = 4,         /* ReadWriteMany */
    ACCESS_ONE_POD = 8,         /* ReadWriteOncePod */
};

/* Of a claim, or of one of the volumeClaimTemplates of a StatefulSet. */
struct claim_spec {
    const char *name;           /* of the template; "" in a claim */
    const char *storage_class;  /* NULL: the default one */
    unsigned access;            /* of enum access_mode */
    int64_t bytes;              /* requested */
    const char *mode;           /* "Filesystem" or "Block" */
    const struct selector *selector;    /* of volumes; NULL: any */
    const char *volume;         /* volumeName; NULL: none yet */
};

enum claim_phase { CLAIM_PENDING, CLAIM_BOUND, CLAIM_LOST };

struct claim {
    struct meta meta;
    struct claim_spec spec;
    const struct value *raw;    /* as applied; NULL if made by a controller */
    enum claim_phase phase;     /* status */
};

/* Annotations by which scheduler, binder and storage driver agree. */
#define CLAIM_NODE "volume.kubernetes.io/selected-node"
#define CLAIM_PROVISIONER "volume.kubernetes.io/storage-provisioner"

#define claim_of(m) ((struct claim *)(m))
#define claim_seen(m) ((const struct claim *)(m))

#endif
