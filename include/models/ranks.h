/*
 * ranks.h - the order of events at one instant.  ORDER RANK
 *
 * What the world does by itself comes first, then what is written to the API,
 * then what watchers are told, then what controllers do about it; requests
 * meet the state that all of these have left.
 */
#ifndef MODELS_RANKS_H
#define MODELS_RANKS_H

enum rank {
    RANK_WORLD,         /* processes, probes, faults, timers of nodes */
    RANK_ACTION,        /* what a person types */
    RANK_COMMIT,        /* API server commits a write */
    RANK_WATCH,         /* a watcher is told */
    RANK_SYNC,          /* a control loop runs */
    RANK_RULES,         /* a proxy's or router's rules change */
    RANK_REQUEST,       /* requests arrive, retry, end */
    RANK_MEASURE,       /* samples, ends of windows */
};

#endif
