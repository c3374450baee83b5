/*
 * storage.h - what the binder, the scheduler and the storage driver know alike:
 * classes, which volume suits a claim, which node reaches a volume.
 *
 * If the manifests give neither a StorageClass nor a PersistentVolume, the
 * cluster is taken to be one that has every class that a claim names, and a
 * default one: volumes are made on demand, for the node of the first pod
 * (WaitForFirstConsumer), as clouds set it up.  If they give any, those are
 * all there are.
 */
#ifndef MODELS_STORAGE_H
#define MODELS_STORAGE_H
#include "models/informer.h"
#include "models/node.h"
#include "models/volume.h"

#define STORAGE_ZONE "topology.kubernetes.io/zone"

/* Classes as one component has seen them. */
struct storage_classes {
    struct informer *seen;
    bool implied;               /* every class is there: see above */
};

/* Watch the classes; ops as for informer_new. */
void storage_classes_watch(struct storage_classes *all, struct world *w,
                           const struct informer_ops *ops, void *ctx);

/* The class of a claim, the default one if it names none; NULL if there is no
 * such class, or the claim wants none. */
const struct storage_class *storage_class_of(
    const struct storage_classes *all, const struct claim *c);

/* The name of that class, for matching volumes; "": none. */
const char *storage_class_name(const struct storage_classes *all,
                               const struct claim *c);

/* Is the volume reserved for this claim? */
bool volume_is_for(const struct volume *v, const struct claim *c);

/* The smallest volume, free or reserved for the claim (such first), that is
 * what a claim of the class of this name asks for; on a node (NULL: any); skip (may be NULL) says which are taken.  NULL if none. */
const struct volume *volume_best(const struct informer *volumes,
                                 const struct claim *c,
                                 const char *class_name,
                                 const struct node *node,
                                 bool (*skip)(void *ctx, object_uid volume),
                                 void *ctx);

/* The volume that a claim is bound to; NULL if none, or none yet. */
const struct volume *claim_volume(const struct informer *volumes,
                                  const struct claim *c);

/* May a pod on this node use it; does one of the terms (none: all) hold? */
bool volume_reaches(const struct volume *v, const struct node *n);
bool node_terms_match(const struct node_term *terms, size_t nterms,
                      const struct node *n);

/* May it be attached to one node only at a time? */
bool volume_is_exclusive(const struct volume *v);

/* The storage driver of w: makes and deletes volumes, attaches and detaches
 * them.  Runs for the life of w, whatever the control plane does. */
void storage_driver_new(struct world *w);

#endif
