/*
 * kubelet.h - the node agents: what happens to a pod between its binding and
 * its removal.
 *
 * One kubelet per node, all behind one watch.  Pods are run by workers; see
 * models/node/kubelet.c for the whole and the files beside it for the parts.
 * What requests meet is in process.h.
 */
#ifndef MODELS_KUBELET_H
#define MODELS_KUBELET_H
#include "models/object.h"

struct kubelets;
struct world;

/* The kubelets of w, for all its nodes, also those that join later.  Called by
 * world_new. */
struct kubelets *kubelets_new(struct world *w);

/* The node loses power: its processes and their network are gone at once, and
 * nothing is reported any more.  It stays so until it has been given back as
 * often as it was taken. */
void kubelet_node_down(struct world *w, object_uid node);

/* Has it power? */
bool kubelet_has_power(const struct world *w, object_uid node);

/* It boots again: pods that are still bound to it are started anew (their
 * containers count as restarted), those deleted meanwhile are removed. */
void kubelet_node_up(struct world *w, object_uid node);

/* The kubelet's process ends, or is there again: containers run on meanwhile,
 * nothing is probed, noticed, started, stopped or reported, and the node falls
 * silent. */
void kubelet_stop(struct world *w, object_uid node, bool stopped);

/* The machine is cut off from all others, or is so no more: as kubelet_stop,
 * and packets from and to its pods vanish. */
void kubelet_cut_off(struct world *w, object_uid node, bool cut);

/* Does this node have the volume of a claim mounted, as far as it knows? */
bool kubelet_has_mounted(const struct world *w, object_uid node,
                         const char *space, const char *claim);

/* Pulls and registry checks that begin from now on take factor times as long
 * (1: as usual). */
void kubelets_slow_registry(struct world *w, double factor);
double kubelets_registry_factor(const struct world *w);

#endif
