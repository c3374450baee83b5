/*
 * kubelet.c - tables about the life of pods on their nodes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "conformance.h"
#include "models/podlife.h"

/* ---- crashloop_backoff -------------------------------------------------- */

/* The i-th number of a list in a cell; false if there is none. */
static bool number_at(const char *cell, int i, int64_t *out)
{
    char *end;

    for (;; i--) {
        *out = strtoll(cell, &end, 10);
        if (end == cell)
            return false;
        if (i == 0)
            return true;
        cell = end;
    }
}

static bool check_crashloop(const struct conf_row *row, char *why, size_t room)
{
    sim_time base = conf_int(row, "initial_s", 0) * SIM_S;
    sim_time max = conf_int(row, "max_s", 0) * SIM_S;
    struct backoff b = { 0 };
    sim_time ended = 0, start = 0;
    int64_t run, want_start, want_delay;

    for (int i = 0; number_at(conf_get(row, "run_seconds_of_each_attempt"), i,
                              &run); i++) {
        if (i > 0) {
            sim_time until = backoff_until(&b, ended, max);

            start = until > ended ? until : ended;
            backoff_next(&b, ended, start, base, max);
        }
        if (!number_at(conf_get(row, "earliest_start_time_of_each_attempt_s"),
                       i, &want_start) ||
            !number_at(conf_get(row, "delay_before_each_attempt_s"), i,
                       &want_delay))
            return conf_why(why, room, "attempt %d is not in the row", i + 1);
        if (start != want_start * SIM_S || start - ended != want_delay * SIM_S)
            return conf_why(why, room, "attempt %d at %lld s", i + 1,
                            (long long)(start / SIM_S));
        ended = start + run * SIM_S;
    }
    return true;
}

const struct conf_table conf_crashloop_backoff = {
    .name = "crashloop_backoff", .check = check_crashloop,
};

/* ---- probe_threshold_sequences ------------------------------------------ */

static bool check_probes(const struct conf_row *row, char *why, size_t room)
{
    static const char *const kinds[PROBE_KINDS] = {
        [PROBE_STARTUP] = "Startup", [PROBE_READINESS] = "Readiness",
        [PROBE_LIVENESS] = "Liveness",
    };
    static const char letters[] = "USF";
    const char *in = conf_get(row, "probe_outcomes");
    const char *want = conf_get(row, "state_after_each");
    struct probe p = {
        .success_threshold = (int)conf_int(row, "success_threshold", 0),
        .failure_threshold = (int)conf_int(row, "failure_threshold", 0),
    };
    struct probe_count c = { 0 };
    int kind = 0;

    while (kind < PROBE_KINDS &&
           strcmp(kinds[kind], conf_get(row, "probe_type")) != 0)
        kind++;
    if (kind == PROBE_KINDS || strlen(in) != strlen(want))
        return conf_why(why, room, "the row cannot be read");
    probe_count_reset(&c, (enum probe_kind)kind);
    for (size_t i = 0; in[i]; i++) {
        probe_count_add(&c, (enum probe_kind)kind, &p, in[i] == 'S');
        if (letters[c.published] != want[i])
            return conf_why(why, room, "after outcome %zu: %c", i + 1,
                            letters[c.published]);
    }
    return true;
}

const struct conf_table conf_probe_threshold_sequences = {
    .name = "probe_threshold_sequences", .check = check_probes,
};

/* ---- pod_phase ---------------------------------------------------------- */

/* "exit1 ..." -> the state; backoff is a wait after an exit 1. */
static struct box_view view_from(const char *word, size_t len)
{
    static const struct {
        const char *word;
        struct box_view view;
    } words[] = {
        { "nostatus", { .state = BOX_NONE } },
        { "waiting", { .state = BOX_WAITING } },
        { "backoff", { .state = BOX_WAITING, .exited_before = true,
                       .exit_code = 1 } },
        { "running", { .state = BOX_RUNNING, .started = true } },
        { "running_notstarted", { .state = BOX_RUNNING } },
        { "exit0", { .state = BOX_EXITED } },
        { "exit1", { .state = BOX_EXITED, .exit_code = 1 } },
    };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strlen(words[i].word) == len &&
            strncmp(words[i].word, word, len) == 0)
            return words[i].view;
    BUG("pod_phase: container state \"%.*s\"", (int)len, word);
}

static void add_containers(struct phase_tally *t, const char *cell,
                           enum restart_policy restart)
{
    for (const char *s = cell; *s && *s != '-';) {
        size_t len = strcspn(s, " ");
        const char *colon = memchr(s, ':', len);
        const char *word = colon ? colon + 1 : s;
        struct box_view v = view_from(word, len - (size_t)(word - s));

        if (!colon)
            phase_add_app(t, &v);
        else if (strncmp(s, "sidecar", 7) == 0)
            phase_add_sidecar(t, &v);
        else
            phase_add_init(t, &v, restart);
        s += len + (s[len] == ' ');
    }
}

static bool check_phase(const struct conf_row *row, char *why, size_t room)
{
    const char *policy = conf_get(row, "restart_policy");
    enum restart_policy restart = strcmp(policy, "Always") == 0
        ? RESTART_ALWAYS
        : strcmp(policy, "Never") == 0 ? RESTART_NEVER : RESTART_ON_FAILURE;
    struct phase_tally t = { 0 };
    enum pod_phase phase;

    add_containers(&t, conf_get(row, "init_containers"), restart);
    add_containers(&t, conf_get(row, "containers"), restart);
    phase = phase_of(&t, restart, conf_int(row, "pod_is_terminal", 0),
                     conf_int(row, "has_initialized", 0));
    if (strcmp(pod_phase_names[phase], conf_get(row, "phase")) == 0)
        return true;
    return conf_why(why, room, "got %s", pod_phase_names[phase]);
}

const struct conf_table conf_pod_phase = {
    .name = "pod_phase", .check = check_phase,
};
