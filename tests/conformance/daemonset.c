/*
 * daemonset.c - tables about the decisions of the DaemonSet controller: its
 * limits, and whole updates round by round.
 */
#include "../models/daemon_lab.h"

#include "conformance.h"

static struct int_or_percent get_limit(const struct conf_row *row,
                                       const char *column)
{
    const char *cell = conf_get(row, column);
    struct int_or_percent v = { 0 };

    parse_int_or_percent(cell, strchr(cell, '%') != NULL, &v, NULL);
    return v;
}

/* ---- limits ------------------------------------------------------------- */

/* The unavailable column assumes surge 0, the surge column unavailable 0. */
static bool check_limits(const struct conf_row *row, char *why, size_t room)
{
    struct daemonset down = { .max_unavailable = get_limit(row,
                                                           "max_unavailable") };
    struct daemonset up = { .max_surge = get_limit(row, "max_surge") };
    int nodes = (int)conf_int(row, "nodes_to_run", 0);
    int missing = daemonset_limits(&down, nodes).unavailable;
    int surge = daemonset_limits(&up, nodes).surge;

    if (missing == conf_int(row, "resolved_unavailable", -1) &&
        surge == conf_int(row, "resolved_surge", -1))
        return true;
    return conf_why(why, room, "got %d, %d", missing, surge);
}

const struct conf_table conf_daemonset_unavailable_counts = {
    .name = "daemonset_unavailable_counts", .check = check_limits,
};

/* ---- whole updates ------------------------------------------------------ */

/* "1 never": rounds of versions 1 and 2. */
static void read_latencies(struct ds_lab *lab, const char *text)
{
    for (int v = 1; v <= 2; v++) {
        lab->latency[v] = *text == 'n' ? DS_NEVER
                                       : (int)strtol(text, NULL, 10);
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
}

static struct ds_lab *lab_from(struct arena *a, const struct conf_row *row)
{
    struct ds_lab *lab = ds_lab_new(a, (int)conf_int(row, "nodes", 1));

    read_latencies(lab, conf_get(row, "start_latency_rounds_v1_v2"));
    lab->d.max_unavailable = get_limit(row, "max_unavailable");
    lab->d.max_surge = get_limit(row, "max_surge");
    lab->d.on_delete = strcmp(conf_get(row, "update_strategy"),
                              "OnDelete") == 0;
    return lab;
}

static void act(struct ds_lab *lab, const char *action)
{
    const char *value = strchr(action, '=');
    int n = value ? (int)strtol(value + 1, NULL, 10) : 0;

    if (strncmp(action, "image", 5) == 0)
        lab->version = n;
    else if (strncmp(action, "addnode", 7) == 0)
        lab->nnodes += n;
    CHECK(lab->nnodes <= DS_NODES && lab->version < DS_VERSIONS);
}

static void compare(struct conf_run *run, const struct conf_row *row,
                    const struct ds_lab *lab)
{
    static const char *const columns[] = {
        "creates", "deletes", "v1_ready", "v1_not_ready", "v2_ready",
        "v2_not_ready", "round",
    };
    const int got[] = {
        lab->creations, lab->deletions, ds_count(lab, 1, true),
        ds_count(lab, 1, false), ds_count(lab, 2, true),
        ds_count(lab, 2, false), lab->round,
    };
    bool good = true;

    for (size_t i = 0; i < COUNT_OF(columns); i++)
        good &= conf_int(row, columns[i], -1) == got[i];
    if (good)
        conf_passed(run);
    else
        conf_failed(run, row, "%s round %d: got %d,%d,%d,%d,%d,%d",
                    conf_get(row, "scenario"), lab->round, got[0], got[1],
                    got[2], got[3], got[4], got[5]);
}

/* The n rows of one scenario. */
static void run_scenario(struct conf_run *run, const struct conf_row *rows,
                         size_t n)
{
    struct arena *a = arena_new();
    struct ds_lab *lab = lab_from(a, rows);

    for (size_t i = 0; i < n; i++, lab->round++) {
        act(lab, conf_get(&rows[i], "action"));
        ds_sync(lab);
        ds_move(lab);
        compare(run, &rows[i], lab);
    }
    arena_free(a);
}

static void check_traces(struct conf_run *run, const struct conf_row *rows,
                         size_t n)
{
    for (size_t i = 0, j; i < n; i = j) {
        const char *name = conf_get(&rows[i], "scenario");

        for (j = i; j < n && strcmp(conf_get(&rows[j], "scenario"),
                                    name) == 0; j++)
            ;
        run_scenario(run, &rows[i], j - i);
    }
}

const struct conf_table conf_daemonset_traces = {
    .name = "daemonset_traces", .check_all = check_traces,
};
