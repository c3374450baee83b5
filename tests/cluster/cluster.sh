#!/bin/sh
# The recipes of scenarios/cluster, run on this machine: what each of them
# merges must be what one process computes, file by file and byte by byte.
#
# usage: ROLLSIM=PROGRAM sh tests/cluster/cluster.sh
#
# GNU parallel and Slurm are installed if they are missing and that is allowed.
# Slurm needs root: its daemons run here for the time of the test, with their
# own keys, ports and folders.
set -eu
rollsim=${ROLLSIM:?}
scenario=scenarios/sample.yaml replications=7 shards=5
folder=$(mktemp -d)
chmod 755 "$folder"             # the daemons have users of their own
failed=0

cleanup()
{
    for pid in slurmd slurmctld munged; do
        [ -s "$folder/slurm/run/$pid.pid" ] &&
            kill "$(cat "$folder/slurm/run/$pid.pid")" 2>/dev/null
    done
    sleep 0.5
    rm -rf "$folder"
}
trap cleanup EXIT

# Does the merged file say what the single machine's does?
same()
{
    "$rollsim" export "$2" --csv "$folder/csv" -q
    "$rollsim" run "$scenario" -n $replications -q -o "$2" >"$folder/report"
    if diff -r "$folder/single-csv" "$folder/csv" >"$folder/diff" &&
        cmp -s "$folder/single-report" "$folder/report"; then
        echo "$1: $shards shards merged are the single machine's result"
    else
        echo "FAILED $1: the merged result differs"
        head "$folder/diff"
        failed=1
    fi
}

# Is the program there, or can it be installed?
have()
{
    command -v "$1" >/dev/null || sh .ci/install-packages "$2"
    command -v "$1" >/dev/null
}

# Start munge, slurmctld and slurmd of this machine under $folder/slurm.
start_slurm()
{
    s=$folder/slurm host=$(hostname)
    mkdir -p "$s/state" "$s/spool" "$s/run" "$s/log" "$s/munge"
    dd if=/dev/urandom of="$s/munge/key" bs=1024 count=1 2>/dev/null
    chmod 400 "$s/munge/key"
    chown -R munge:munge "$s/munge"
    : >"$s/run/munged.pid"
    chown munge:munge "$s/run"
    runuser -u munge -- munged --socket="$s/munge/socket" \
        --key-file="$s/munge/key" --pid-file="$s/run/munged.pid" \
        --log-file="$s/munge/log" --seed-file="$s/munge/seed"
    chown root:root "$s/run"
    cat >"$s/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$s/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$s/state
SlurmdSpoolDir=$s/spool
SlurmctldPidFile=$s/run/slurmctld.pid
SlurmdPidFile=$s/run/slurmd.pid
SlurmctldLogFile=$s/log/slurmctld
SlurmdLogFile=$s/log/slurmd
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
ReturnToService=2
SlurmctldPort=26817
SlurmdPort=26818
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=10 State=UP
CONF
    SLURM_CONF=$s/slurm.conf
    export SLURM_CONF
    slurmctld -f "$SLURM_CONF"
    slurmd -f "$SLURM_CONF" -N "$host"
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        sinfo -h -o %T 2>/dev/null | grep -q idle && return
        sleep 1
    done
    echo "FAILED slurm: the node does not become idle"
    tail "$s"/log/*
    return 1
}

"$rollsim" run "$scenario" -n $replications -q -o "$folder/single.db" \
    >"$folder/single-report"
"$rollsim" export "$folder/single.db" --csv "$folder/single-csv" -q

# An Indexed Job is its environment: one index after the other, one of them
# twice, as Kubernetes may do.
for i in 0 1 2 3 4 3; do
    JOB_COMPLETION_INDEX=$i ROLLSIM_SHARDS=$shards "$rollsim" run "$scenario" \
        -n $replications -q --shard auto -o "$folder/k-$i.db" >/dev/null
done
"$rollsim" merge "$folder/k.db" "$folder"/k-?.db >/dev/null
same "indexed job" "$folder/k.db"

if have parallel parallel; then
    sh scenarios/cluster/parallel.sh "$scenario" $replications $shards \
        "$folder/parallel" >/dev/null
    same "GNU parallel" "$folder/parallel/all.db"
    "$rollsim" optimize scenarios/settings.yaml --budget 350 -q \
        >"$folder/single-search"
    sh scenarios/cluster/optimize.sh scenarios/settings.yaml 350 3 \
        "$folder/search" >"$folder/sharded-search"
    if cmp -s "$folder/single-search" "$folder/sharded-search"; then
        echo "search: 3 shards find what the single machine finds"
    else
        echo "FAILED search: the shards find something else"
        failed=1
    fi
else
    echo "SKIPPED GNU parallel: it cannot be installed"
fi

if [ "$(id -u)" != 0 ]; then
    echo "SKIPPED slurm: its daemons need root"
elif ! { have munged munge && have sbatch slurm-wlm && have slurmctld slurm-wlm; }; then
    echo "SKIPPED slurm: it cannot be installed"
elif start_slurm && sh scenarios/cluster/slurm.sh "$PWD/$scenario" \
        $replications $shards "$folder/array" >/dev/null; then
    same "Slurm array" "$folder/array/all.db"
else
    echo "FAILED slurm"
    failed=1
fi
exit $failed
