#!/bin/sh
# Shards under GNU parallel, on this machine or several, then merged.
#
# usage: sh scenarios/cluster/parallel.sh SCENARIO REPLICATIONS SHARDS [FOLDER]
#
# Started again it computes only the shards that were not finished, and of
# these only what is missing.  With `--sshlogin host1,host2` in PARALLEL the
# shards run there; FOLDER must then be one that all of them see.
set -eu
scenario=$1 replications=$2 shards=$3 folder=${4:-shards}
rollsim=${ROLLSIM:-rollsim}
mkdir -p "$folder"
# One thread per shard: parallel keeps the processors busy.
seq 0 $((shards - 1)) |
    parallel --joblog "$folder/log" --resume-failed \
        "$rollsim" run "$scenario" -n "$replications" -j 1 -q \
        --shard "{}/$shards" -o "$folder/shard-{}.db"
"$rollsim" merge "$folder/all.db" "$folder"/shard-*.db
