/*
 * cluster_autoscaler.h - the cluster autoscaler (scenario:
 * cluster.autoscaler): node pools that follow the pods.
 */
#ifndef MODELS_CLUSTER_AUTOSCALER_H
#define MODELS_CLUSTER_AUTOSCALER_H
#include "kernel/event.h"

struct world;

enum expander { EXPANDER_RANDOM, EXPANDER_LEAST_WASTE, EXPANDER_MOST_PODS };

struct autoscaler_spec {        /* flags of cluster-autoscaler */
    sim_time scan_interval;     /* 10 s */
    int expander;               /* enum expander: random */
    bool scale_down;            /* true */
    sim_time unneeded_time;     /* 10 min */
    sim_time delay_after_add;   /* 10 min */
    sim_time delay_after_failure;       /* 3 min */
    double utilization;         /* 0.5 */
    bool skip_local_storage;    /* true */
};

/* Start it, if some pool may grow.  Called once by world_new. */
void cluster_autoscaler_new(struct world *w);

#endif
