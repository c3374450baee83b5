#!/bin/sh
# Shards as a Slurm job array, and a job that merges them when all are done.
#
# usage: sh scenarios/cluster/slurm.sh SCENARIO REPLICATIONS SHARDS [FOLDER]
#
# Waits for the end; the exit status is that of the worst task.  FOLDER, seen by
# all nodes, gets shard-I.db, all.db and the logs.  On a network file system
# the results file is kept without a write-ahead log, which is slower and safe.
# More processors for a task: SBATCH_CPUS_PER_TASK=4.
set -eu
scenario=$1 replications=$2 shards=$3 folder=${4:-shards}
rollsim=${ROLLSIM:-rollsim}
mkdir -p "$folder"
array=$(sbatch --parsable --job-name=rollsim --array=0-$((shards - 1)) \
    --output="$folder/shard-%a.log" <<TASK
#!/bin/sh
exec "$rollsim" run "$scenario" -n $replications -q --shard auto \
    -j "\${SLURM_CPUS_PER_TASK:-1}" -o "$folder/shard-\$SLURM_ARRAY_TASK_ID.db"
TASK
)
# Only when every task ended well; else this job is cancelled and we say so.
sbatch --wait --job-name=rollsim-merge --output="$folder/merge.log" \
    --dependency="afterok:${array%%;*}" --kill-on-invalid-dep=yes <<TASK
#!/bin/sh
exec "$rollsim" merge "$folder/all.db" "$folder"/shard-*.db
TASK
