/*
 * replicaset.c - tables about the decisions of the ReplicaSet controller.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "conformance.h"
#include "models/replicaset.h"

/* ---- creating ----------------------------------------------------------- */

/* Calls beyond the first `fine` fail; how many are made, how many succeed? */
static bool check_slow_start(const struct conf_row *row, char *why,
                             size_t room)
{
    int64_t fine = conf_int(row, "fail_after_calls", INT64_MAX);
    int left = (int)conf_int(row, "count", 0), batch = 0;
    int64_t made = 0, good;

    while (made <= fine && (batch = slow_start_batch(left, batch)) > 0) {
        made += batch;
        left -= batch;
        if (made > fine)
            break;
    }
    good = made < fine ? made : fine;
    if (made == conf_int(row, "calls_made", -1) &&
        good == conf_int(row, "successes", -1) &&
        (made > good) == conf_int(row, "error", -1))
        return true;
    return conf_why(why, room, "made %lld, good %lld", (long long)made,
                    (long long)good);
}

const struct conf_table conf_slow_start_batch = {
    .name = "slow_start_batch", .check = check_slow_start,
};

/* ---- deleting ----------------------------------------------------------- */

#define MOST 64                 /* pods of a case */
#define NOW (10000000 * SIM_S)

static enum pod_phase phase_from(const char *cell)
{
    for (int phase = 0; phase <= POD_UNKNOWN; phase++)
        if (strcmp(cell, pod_phase_names[phase]) == 0)
            return (enum pod_phase)phase;
    BUG("no phase %s", cell);
}

static struct victim victim_from(const struct conf_row *row, struct pod *p)
{
    const char *node = conf_get(row, "node");
    struct victim v = {
        .pod = p,
        .cost = (int)conf_int(row, "deletion_cost", 0),
        .rank = (int)conf_int(row, "colocated_rank", 0),
        .ready_since = SIM_NEVER,
        .created = NOW - conf_int(row, "age_s", 0) * SIM_S,
    };

    if (conf_int(row, "ready_for_s", -1) >= 0)
        v.ready_since = NOW - conf_int(row, "ready_for_s", 0) * SIM_S;
    *p = (struct pod){
        .node = *node == 'n' ? (object_uid)strtol(node + 1, NULL, 10) : 0,
        .phase = phase_from(conf_get(row, "phase")),
        .ready = conf_int(row, "ready", 0) == 1,
        .max_restarts = (int)conf_int(row, "max_restarts", 0),
        .meta.tie = strtoull(conf_get(row, "pod_uid") + 1, NULL, 10),
        .meta.deleted = SIM_NEVER,
    };
    return v;
}

/* The n rows of one case, in any order. */
static void check_case(struct conf_run *run, const struct conf_row *rows,
                       size_t n)
{
    struct victim v[MOST];
    struct pod pods[MOST];

    CHECK(n <= MOST);
    for (size_t i = 0; i < n; i++)
        v[i] = victim_from(&rows[i], &pods[i]);
    victims_choose(v, n, n, NOW, KUBE_1_36);
    for (size_t i = 0; i < n; i++) {
        const struct conf_row *row = &rows[v[i].pod - pods];

        if (conf_int(row, "delete_position", -1) == (int64_t)i)
            conf_passed(run);
        else
            conf_failed(run, row, "is deleted at %zu", i);
    }
}

static void check_order(struct conf_run *run, const struct conf_row *rows,
                        size_t n)
{
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i; j < n && strcmp(conf_get(&rows[i], "case"),
                                    conf_get(&rows[j], "case")) == 0; j++)
            ;
        check_case(run, &rows[i], j - i);
    }
}

const struct conf_table conf_replicaset_deletion_order = {
    .name = "replicaset_deletion_order", .check_all = check_order,
};
