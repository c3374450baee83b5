/*
 * shard.h - a part of an experiment, for one of several machines.
 *
 * Tasks are numbered by replication, then variant; shard I of N has those with
 * number mod N = I, which spreads slow strategies over all shards as evenly as
 * it can.  Every shard writes its own file; `rollsim merge` unites them.
 */
#ifndef APP_SHARD_H
#define APP_SHARD_H
#include "app/cli.h"

struct shard {
    size_t index, count;        /* 0 <= index < count; count 1: everything */
};

/* What --shard says: "I/N"; "auto" reads SLURM_ARRAY_TASK_ID, _MIN, _COUNT and
 * _STEP of a Slurm job array, else JOB_COMPLETION_INDEX of a Kubernetes
 * Indexed Job with ROLLSIM_SHARDS.  False after a message: a usage error. */
bool shard_read(struct app *app, struct shard *out);

static inline bool shard_has(const struct shard *s, size_t task)
{
    return task % s->count == s->index;
}

#endif
