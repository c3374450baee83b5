/*
 * claim.h - the PersistentVolumeClaim object.
 */
#ifndef MODELS_CLAIM_H
#define MODELS_CLAIM_H
#include "models/object.h"

/* Of a claim, or of one of the volumeClaimTemplates of a StatefulSet. */
struct claim_spec {
    const char *name;           /* of the template; "" in a claim */
    const char *storage_class;  /* NULL: the default one */
    const char *const *access_modes;    /* "ReadWriteOnce", ... */
    size_t naccess_modes;
    int64_t bytes;              /* requested */
};

enum claim_phase { CLAIM_PENDING, CLAIM_BOUND, CLAIM_LOST };

struct claim {
    struct meta meta;
    struct claim_spec spec;
    const struct value *raw;    /* as applied; NULL if made by a controller */
    enum claim_phase phase;     /* status */
};

#define claim_of(m) ((struct claim *)(m))
#define claim_seen(m) ((const struct claim *)(m))

#endif
