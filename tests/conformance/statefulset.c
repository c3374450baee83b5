/*
 * statefulset.c - tables about the decisions of the StatefulSet controller:
 * maxUnavailable, and whole updates round by round.
 */
#include "../models/stateful_lab.h"

#include "conformance.h"

/* ---- maxUnavailable ----------------------------------------------------- */

static struct int_or_percent read_limit(const char *cell)
{
    struct int_or_percent v = { false, 1 };

    parse_int_or_percent(cell, strchr(cell, '%') != NULL, &v, NULL);
    return v;
}

static bool check_limit(const struct conf_row *row, char *why, size_t room)
{
    int got = statefulset_max_unavailable(
        read_limit(conf_get(row, "max_unavailable")),
        (int)conf_int(row, "replicas", 0));

    if (got == conf_int(row, "resolved", -1))
        return true;
    return conf_why(why, room, "got %d", got);
}

const struct conf_table conf_statefulset_max_unavailable = {
    .name = "statefulset_max_unavailable", .check = check_limit,
};

/* ---- reading a scenario ------------------------------------------------- */

/* "1=1 2=never": rounds by version; 1 if not said. */
static void read_latencies(struct sts_lab *lab, const char *text)
{
    while (*text) {
        char *end;
        long v = strtol(text, &end, 10);

        CHECK(*end == '=' && v > 0 && v < STS_VERSIONS);
        text = end + 1;
        lab->latency[v] = STS_NEVER;
        if (*text != 'n')
            lab->latency[v] = (int)strtol(text, NULL, 10);
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
}

static struct sts_lab *lab_from(struct arena *a, const struct conf_row *row)
{
    struct sts_lab *lab = sts_lab_new(a, (int)conf_int(row, "replicas", 1));
    const char *limit = conf_get(row, "max_unavailable");

    read_latencies(lab, conf_get(row, "start_latency_rounds_by_version"));
    lab->termination = (int)conf_int(row, "termination_rounds", 0);
    lab->s.partition = (int)conf_int(row, "partition", 0);
    lab->s.parallel = strcmp(conf_get(row, "pod_management_policy"),
                             "Parallel") == 0;
    lab->s.on_delete = strcmp(conf_get(row, "update_strategy"),
                              "OnDelete") == 0;
    lab->s.rolling_given = !lab->s.on_delete;
    lab->feature = strcmp(limit, "-") != 0;
    lab->s.max_unavailable = read_limit(limit);
    return lab;
}

/* "5:image=2 12:scale=1": those of this round. */
static void act_all(struct sts_lab *lab, const char *actions)
{
    char word[64];
    int round, used;

    while (sscanf(actions, "%d:%63s%n", &round, word, &used) == 2) {
        char *value = strchr(word, '=');

        if (value)
            *value++ = '\0';
        if (round == lab->round)
            sts_act(lab, word, value ? value : "");
        actions += used;
        actions += strspn(actions, " ");
    }
}

/* ---- comparing ---------------------------------------------------------- */

/* "0:v1R 1:v2NT", by ordinal. */
static const char *list_pods(const struct sts_lab *lab, char *room,
                             size_t size)
{
    size_t len = 0;

    *room = '\0';
    for (size_t i = 0; i < lab->pods.len && len < size; i++) {
        const struct sts_pod *p = lab->pods.items[i];

        len += (size_t)snprintf(room + len, size - len, "%s%d:v%d%s%s",
                                len ? " " : "", p->ordinal, p->version,
                                p->pod.ready ? "R" : "N",
                                p->deleted != STS_NEVER ? "T" : "");
    }
    return room;
}

static bool same(const struct conf_row *row, const char *column, int64_t got)
{
    return conf_int(row, column, -1) == got;
}

static void compare(struct conf_run *run, const struct conf_row *row,
                    const struct sts_lab *lab)
{
    const struct statefulset *s = &lab->s;
    char room[512];
    const char *pods = list_pods(lab, room, sizeof(room));
    bool converged = strcmp(s->current_revision, s->update_revision) == 0;

    if (same(row, "round", lab->round) &&
        same(row, "spec_replicas", s->replicas) &&
        same(row, "st_replicas", s->status_replicas) &&
        same(row, "st_ready", s->ready) &&
        same(row, "st_current", s->current) &&
        same(row, "st_updated", s->updated) &&
        same(row, "revision_converged", converged) &&
        strcmp(conf_get(row, "pods"), pods) == 0) {
        conf_passed(run);
        return;
    }
    conf_failed(run, row, "%s round %d: got %d,%d,%d,%d,%d,%d,%s",
                conf_get(row, "scenario"), lab->round, s->replicas,
                s->status_replicas, s->ready, s->current, s->updated,
                converged, pods);
}

static void run_scenario(struct conf_run *run, const struct conf_row *scenario,
                         const struct conf_row *rows, size_t n)
{
    struct arena *a = arena_new();
    struct sts_lab *lab = lab_from(a, scenario);

    for (size_t i = 0; i < n; i++, lab->round++) {
        act_all(lab, conf_get(scenario, "actions"));
        sts_sync(lab);
        sts_move(lab);
        compare(run, &rows[i], lab);
    }
    arena_free(a);
}

static void check_rows(struct conf_run *run, const struct conf_row *rows,
                       size_t n)
{
    conf_scenarios(run, rows, n, "statefulset_trace_scenarios", run_scenario);
}

const struct conf_table conf_statefulset_trace_rows = {
    .name = "statefulset_trace_rows", .check_all = check_rows,
};

const struct conf_table conf_statefulset_trace_scenarios = {
    .name = "statefulset_trace_scenarios",
    .input_of = "statefulset_trace_rows",
};
