/*
 * volume.h - PersistentVolume, StorageClass and VolumeAttachment objects.
 */
#ifndef MODELS_VOLUME_H
#define MODELS_VOLUME_H
#include "models/claim.h"
#include "models/podspec.h"

enum volume_phase { VOLUME_AVAILABLE, VOLUME_BOUND, VOLUME_RELEASED };

struct volume {
    struct meta meta;
    int64_t bytes;
    unsigned access;            /* of enum access_mode */
    const char *storage_class;  /* "": none */
    const char *mode;           /* "Filesystem" or "Block" */
    bool disk;                  /* is attached to nodes; NFS, hostPath and
                                 * local are not */
    bool keep;                  /* reclaim policy Retain */
    bool dynamic;               /* made by the storage driver */
    const char *claim_space, *claim_name;       /* claimRef; NULL: free */
    object_uid claim;           /* claimRef's uid; 0: any of that name */
    bool pinned;                /* nodeAffinity is given */
    const struct node_term *terms;      /* of that, ORed */
    size_t nterms;
    const struct value *raw;    /* as applied; NULL if made by the driver */
    enum volume_phase phase;    /* status */
};

#define volume_of(m) ((struct volume *)(m))
#define volume_seen(m) ((const struct volume *)(m))

struct storage_class {
    struct meta meta;
    const char *provisioner;    /* NULL: none, volumes are made by people */
    bool waits;                 /* volumeBindingMode WaitForFirstConsumer */
    bool keep;                  /* reclaimPolicy Retain */
    bool is_default;
    const struct node_term *topologies; /* allowedTopologies, ORed */
    size_t ntopologies;         /* 0: everywhere */
    const struct value *raw;
};

#define storage_class_seen(m) ((const struct storage_class *)(m))

/* Made by the attach/detach controller, served by the storage driver. */
struct attachment {
    struct meta meta;
    object_uid volume, node;
    bool attached;              /* status */
};

#define attachment_of(m) ((struct attachment *)(m))
#define attachment_seen(m) ((const struct attachment *)(m))

#endif
