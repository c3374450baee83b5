/*
 * machine.h - a machine whose cores kube-proxies' syncs take from the others:
 * cluster.together with speed.
 */
#ifndef MODELS_MACHINE_H
#define MODELS_MACHINE_H
#include "models/object.h"
#include "models/timings.h"

struct machines;
struct cores;
struct world;

/* A piece of work that may be held up.  Copy freely. */
struct labour {
    struct cores *cores;        /* that do it; NULL: nothing holds it up */
    enum timing row;
    sim_time work;              /* once it has waited; 0: it is under way */
    double due;                 /* what the machine will have done of such work
                                 * when it is done, ns */
};

/* NULL if no row of timings has a speed. */
struct machines *machines_new(struct world *w);

/* A sync begins on node, and ends at that time. */
void machine_sync_begins(struct world *w, object_uid node, sim_time ends);
void machine_sync_over(struct world *w, object_uid node);

/* Begin what takes so long on a machine that nothing else keeps busy, row t
 * on node (0: on none): when to ask labour_left first.  ahead: wait so long
 * before anything. */
sim_time labour_begin(struct labour *l, struct world *w, enum timing t,
                      object_uid node, sim_time ahead, sim_time takes);

/* It has come to its end, unless it was held up: 0, or how long until this is
 * to be asked again. */
sim_time labour_left(struct labour *l, struct world *w);

#endif
