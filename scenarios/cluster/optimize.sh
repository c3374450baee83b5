#!/bin/sh
# A search in shards under GNU parallel: round after round each shard computes
# its part of what the search asks for next, and all are merged.
#
# usage: sh scenarios/cluster/optimize.sh SCENARIO BUDGET SHARDS [FOLDER]
#
# The answer is that of `rollsim optimize SCENARIO --budget BUDGET`.  Started
# again it goes on where it was.
set -eu
scenario=$1 budget=$2 shards=$3 folder=${4:-shards}
rollsim=${ROLLSIM:-rollsim}
mkdir -p "$folder"
while :; do
    seq 0 $((shards - 1)) |
        parallel "$rollsim" optimize "$scenario" --budget "$budget" -j 1 -q \
            --shard "{}/$shards" -o "$folder/shard-{}.db" ">" "$folder/said-{}"
    "$rollsim" merge "$folder/all.db" "$folder"/shard-*.db >/dev/null
    if grep -q "is complete" "$folder/said-0"; then
        break
    fi
    for i in $(seq 0 $((shards - 1))); do
        "$rollsim" merge "$folder/shard-$i.db" "$folder/all.db" >/dev/null
    done
done
exec "$rollsim" optimize "$scenario" --budget "$budget" -q -o "$folder/all.db"
