/*
 * rollout_trace.c - whole rollouts, round by round.
 *
 * Each scenario is played in the world of rollout_lab.h and compared with the
 * recorded rows.
 */
#include "../models/rollout_lab.h"

#include "conformance.h"

/* ---- reading a scenario ------------------------------------------------- */

/* "1=1 2=never": rounds by version; 1 if not said. */
static void read_latencies(struct lab *lab, const char *text)
{
    while (*text) {
        char *end;
        long v = strtol(text, &end, 10);

        CHECK(*end == '=' && v > 0 && v < VERSIONS);
        text = end + 1;
        lab->latency[v] = NEVER;
        if (*text != 'n')
            lab->latency[v] = (int)strtol(text, NULL, 10);
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
}

static struct lab *lab_from(struct arena *a, const struct conf_row *row)
{
    struct lab *lab = lab_new(a, (int)conf_int(row, "replicas", 1));
    struct deployment *d = &lab->d;

    read_latencies(lab, conf_get(row, "start_latency_rounds_by_version"));
    lab->termination = (int)conf_int(row, "termination_rounds", 0);
    d->strategy = strcmp(conf_get(row, "strategy"), "Recreate") == 0
                      ? STRATEGY_RECREATE : STRATEGY_ROLLING_UPDATE;
    read_limit(conf_get(row, "max_surge"), &d->max_surge);
    read_limit(conf_get(row, "max_unavailable"), &d->max_unavailable);
    d->revision_history_limit =
        (int)conf_int(row, "revision_history_limit", 10);
    return lab;
}

/* "5:image=2 12:undo": those of this round. */
static void act_all(struct lab *lab, const char *actions)
{
    char word[64];
    int round, used;

    while (sscanf(actions, "%d:%63s%n", &round, word, &used) == 2) {
        char *value = strchr(word, '=');

        if (value)
            *value++ = '\0';
        if (round == lab->round)
            act(lab, word, value ? value : "");
        actions += used;
        actions += strspn(actions, " ");
    }
}

/* ---- comparing ---------------------------------------------------------- */

/* "v1@1:8/8 v2@2:3/0", by version. */
static const char *list_sets(const struct lab *lab, char *room, size_t size)
{
    size_t len = 0;

    *room = '\0';
    for (int v = 1; v < VERSIONS; v++)
        for (size_t i = 0; i < lab->sets.len; i++) {
            const struct lab_set *s = lab->sets.items[i];

            if (s->version == v && len < size)
                len += (size_t)snprintf(room + len, size - len,
                                        "%sv%d@%lld:%d/%d", len ? " " : "", v,
                                        (long long)s->rs.revision,
                                        s->rs.replicas, s->rs.available);
        }
    return room;
}

static bool same(const struct conf_row *row, const char *column, int64_t got)
{
    return conf_int(row, column, -1) == got;
}

static void compare(struct conf_run *run, const struct conf_row *row,
                    const struct lab *lab, const struct deployment *d)
{
    char room[512];
    const char *sets = list_sets(lab, room, sizeof(room));
    const char *reason = d->progressing.reason ? d->progressing.reason : "";
    const char *available = condition_names[d->cond_available.status];

    if (same(row, "round", lab->round) &&
        same(row, "spec_replicas", d->replicas) &&
        same(row, "paused", d->paused) &&
        same(row, "st_replicas", d->status_replicas) &&
        same(row, "st_updated", d->updated) &&
        same(row, "st_ready", d->ready) &&
        same(row, "st_available", d->available) &&
        same(row, "st_unavailable", d->unavailable) &&
        same(row, "deployment_revision", d->revision) &&
        strcmp(conf_get(row, "available_condition"), available) == 0 &&
        strcmp(conf_get(row, "progressing_reason"), reason) == 0 &&
        strcmp(conf_get(row, "replica_sets"), sets) == 0) {
        conf_passed(run);
        return;
    }
    conf_failed(run, row, "%s round %d: got %d,%d,%d,%d,%d,%d,%d,%s,%s,%d,%s",
                conf_get(row, "scenario"), lab->round, d->replicas, d->paused,
                d->status_replicas, d->updated, d->ready, d->available,
                d->unavailable, available, reason, (int)d->revision, sets);
}

/* The n rows of one scenario. */
static void run_scenario(struct conf_run *run, const struct conf_row *scenario,
                         const struct conf_row *rows, size_t n)
{
    struct arena *a = arena_new();
    struct lab *lab = lab_from(a, scenario);
    struct deployment_plan p;

    for (size_t i = 0; i < n; i++, lab->round++) {
        act_all(lab, conf_get(scenario, "actions"));
        lab_sync(lab, &p);
        move_pods(lab);
        compare(run, &rows[i], lab, &lab->d);
    }
    arena_free(a);
}

static void check_rows(struct conf_run *run, const struct conf_row *rows,
                       size_t n)
{
    conf_scenarios(run, rows, n, "rollout_trace_scenarios", run_scenario);
}

const struct conf_table conf_rollout_trace_rows = {
    .name = "rollout_trace_rows", .check_all = check_rows,
};

const struct conf_table conf_rollout_trace_scenarios = {
    .name = "rollout_trace_scenarios", .input_of = "rollout_trace_rows",
};
