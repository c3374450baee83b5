/*
 * autoscale.c - tables about the HorizontalPodAutoscaler.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "conformance.h"
#include "models/autoscale.h"

#define MOST 64                 /* pods, policies, events of a row */
#define ROOM 4096
#define NOW (INT64_C(10000000) * SIM_S)
#define LONG_AGO (NOW - INT64_C(1000000) * SIM_S)

/* Cut the next word, up to one of `stops`, off *p; NULL at the end. */
static char *word(char **p, const char *stops)
{
    char *w = *p + strspn(*p, stops);

    if (*w == '\0')
        return NULL;
    *p = w + strcspn(w, stops);
    if (**p)
        *(*p)++ = '\0';
    return w;
}

static char *copy(char *room, const char *cell)
{
    CHECK(strlen(cell) < ROOM);
    return strcpy(room, cell);
}

static int64_t milli(const char *text, int64_t fallback)
{
    return strcmp(text, "-") == 0 ? fallback : strtoll(text, NULL, 10);
}

/* ---- proposals ------------------------------------------------------------------ */

static void read_sample(struct hpa_pod *p, const char *request,
                        const char *usage)
{
    p->request = milli(request, -1);
    p->sampled = strcmp(usage, "-") != 0;
    p->usage = milli(usage, 0);
    p->taken = NOW;
    p->window = 60 * SIM_S;
}

/* request:usage:phase:ready:age:deletion */
static size_t unit_pods(struct hpa_pod *pods, char *list)
{
    size_t n = 0;
    char *item;

    while ((item = word(&list, " ")) != NULL) {
        struct hpa_pod *p = &pods[n++];
        const char *request = word(&item, ":"), *usage = word(&item, ":");
        const char *phase = word(&item, ":"), *ready = word(&item, ":");
        const char *age = word(&item, ":"), *deletion = word(&item, ":");

        CHECK(n <= MOST && deletion);
        *p = (struct hpa_pod){ .has_ready = true };
        read_sample(p, request, usage);
        p->ready = strcmp(ready, "True") == 0;
        p->deleting = strcmp(deletion, "deleting") == 0;
        p->started = strcmp(age, "new") == 0 ? NOW : LONG_AGO;
        p->ready_changed = p->started;
        p->phase = POD_UNKNOWN;
        for (int i = 0; i < POD_UNKNOWN; i++)
            if (strcmp(phase, pod_phase_names[i]) == 0)
                p->phase = (enum pod_phase)i;
    }
    return n;
}

/* The periods of the unit tests: the table's first line. */
static const struct hpa_periods unit_periods = { 120 * SIM_S, 10 * SIM_S };

static struct hpa_tolerance tolerances(const struct conf_row *row)
{
    return (struct hpa_tolerance){ conf_real(row, "tolerance_down", 0.1),
                                   conf_real(row, "tolerance_up", 0.1), false };
}

static bool check_resource_unit(const struct conf_row *row, char *why,
                                size_t room)
{
    struct hpa_pod pods[MOST];
    char list[ROOM];
    size_t n = unit_pods(pods, copy(list, conf_get(row,
        "pods(request_m:usage_m:phase:ready:age:deletion)")));
    struct hpa_target target = {
        .cpu = strcmp(conf_get(row, "resource"), "cpu") == 0,
        .utilization = (int)conf_int(row, "target_utilization", 0),
    };
    struct hpa_proposal p = hpa_pods_proposal(
        pods, n, (int)conf_int(row, "current_replicas", 0), &target,
        tolerances(row), &unit_periods, NOW);

    if (p.error != HPA_OK)
        return conf_int(row, "error", 0) == 1 ||
               conf_why(why, room, "error %d", (int)p.error);
    if (p.replicas == conf_int(row, "replicas", -1) &&
        p.utilization == conf_int(row, "utilization", -1) &&
        p.value == conf_int(row, "raw_average_m", -1) &&
        conf_int(row, "error", -1) == 0)
        return true;
    return conf_why(why, room, "%d replicas, %d %%, %lld m", p.replicas,
                    p.utilization, (long long)p.value);
}

const struct conf_table conf_hpa_resource_unit = {
    .name = "hpa_resource_unit", .check = check_resource_unit,
};

/* request:usage:kind */
static size_t run_pods(struct hpa_pod *pods, char *list)
{
    size_t n = 0;
    char *item;

    while ((item = word(&list, " ")) != NULL) {
        struct hpa_pod *p = &pods[n++];
        const char *request = word(&item, ":"), *usage = word(&item, ":");
        const char *kind = word(&item, ":");

        CHECK(n <= MOST && kind);
        *p = (struct hpa_pod){ .has_ready = true, .phase = POD_RUNNING,
                               .started = LONG_AGO };
        read_sample(p, request, usage);
        p->ready = strcmp(kind, "unready") != 0 &&
                   strcmp(kind, "starting") != 0;
        p->deleting = strcmp(kind, "deleting") == 0;
        if (strcmp(kind, "pending") == 0)
            p->phase = POD_PENDING;
        if (strcmp(kind, "failed") == 0)
            p->phase = POD_FAILED;
        if (strcmp(kind, "starting") == 0)
            p->started = NOW - 60 * SIM_S;
        p->ready_changed = p->started;
    }
    return n;
}

static bool check_resource_run(const struct conf_row *row, char *why,
                               size_t room)
{
    struct hpa_pod pods[MOST];
    char list[ROOM];
    size_t n = run_pods(pods, copy(list, conf_get(row, "pods")));
    double tolerance = conf_real(row, "tolerance", 0.1);
    struct hpa_target target = {
        .cpu = true,
        .utilization = (int)conf_int(row, "target_utilization", 0),
    };
    struct hpa_proposal p = hpa_pods_proposal(
        pods, n, (int)conf_int(row, "current_replicas", 0), &target,
        (struct hpa_tolerance){ tolerance, tolerance, false }, &hpa_default_periods,
        NOW);

    if (p.error != HPA_OK)
        return (p.error == HPA_NO_METRICS &&
                strcmp(conf_get(row, "error"), "no_metrics") == 0) ||
               conf_why(why, room, "error %d", (int)p.error);
    if (p.replicas == conf_int(row, "replicas", -1) &&
        p.utilization == conf_int(row, "utilization", -1) &&
        strcmp(conf_get(row, "error"), "-") == 0)
        return true;
    return conf_why(why, room, "%d replicas, %d %%", p.replicas,
                    p.utilization);
}

const struct conf_table conf_hpa_resource_run = {
    .name = "hpa_resource_run", .check = check_resource_run,
};

/* Space-separated values of an object or external metric, summed. */
static int64_t sum_of(char *list)
{
    int64_t sum = 0;
    char *item;

    while ((item = word(&list, " ")) != NULL)
        sum = hpa_sum(sum, milli(item, 0));
    return sum;
}

static struct hpa_proposal metric(const struct conf_row *row)
{
    struct hpa_pod pods[MOST];
    char list[ROOM], values[ROOM];
    const char *type = conf_get(row, "metric_type");
    size_t n = unit_pods(pods, copy(list, conf_get(row,
        "pods(-:usage_milli:phase:ready:age:deletion)")));
    int64_t goal = conf_int(row, "target_milli", 0);
    int64_t value = sum_of(copy(values, conf_get(row,
        "object_or_external_values_milli")));
    int current = (int)conf_int(row, "current_replicas", 0), ready = 0;
    struct hpa_target target = { .value = goal };

    for (size_t i = 0; i < n; i++)
        ready += pods[i].phase == POD_RUNNING && pods[i].ready;
    if (strcmp(type, "pods") == 0)
        return hpa_pods_proposal(pods, n, current, &target, tolerances(row),
                                 &unit_periods, NOW);
    if (strstr(type, "_average"))
        return hpa_average_proposal(value, goal, current, tolerances(row));
    return hpa_value_proposal(value, goal, current, ready, tolerances(row));
}

static bool check_metric(const struct conf_row *row, char *why, size_t room)
{
    struct hpa_proposal p = metric(row);

    if (p.error != HPA_OK)
        return conf_int(row, "error", 0) == 1 ||
               conf_why(why, room, "error %d", (int)p.error);
    if (p.replicas == conf_int(row, "replicas", -1) &&
        p.value == conf_int(row, "usage_milli", -1) &&
        conf_int(row, "error", -1) == 0)
        return true;
    return conf_why(why, room, "%d replicas, %lld m", p.replicas,
                    (long long)p.value);
}

const struct conf_table conf_hpa_metric_unit = {
    .name = "hpa_metric_unit", .check = check_metric,
};

/* ---- limits ----------------------------------------------------------------------- */

static bool same(const struct conf_row *row, struct hpa_size s, char *why,
                 size_t room)
{
    if (s.replicas == conf_int(row, "result", -1) &&
        strcmp(s.reason, conf_get(row, "reason")) == 0)
        return true;
    return conf_why(why, room, "%d, %s", s.replicas, s.reason);
}

static bool check_no_behavior(const struct conf_row *row, char *why,
                              size_t room)
{
    return same(row, hpa_limit((int)conf_int(row, "current", 0),
                               (int)conf_int(row, "desired", 0),
                               (int)conf_int(row, "min", 0),
                               (int)conf_int(row, "max", 0)), why, room);
}

const struct conf_table conf_hpa_no_behavior_limits = {
    .name = "hpa_no_behavior_limits", .check = check_no_behavior,
};

/* value@seconds-ago, or "none". */
static size_t read_past(struct hpa_past *past, char *list)
{
    size_t n = 0;
    char *item;

    while ((item = word(&list, " ")) != NULL) {
        char *at = strchr(item, '@');

        if (!at)
            continue;
        CHECK(n < MOST);
        past[n].replicas = atoi(item);
        past[n++].at = NOW - strtoll(at + 1, NULL, 10) * SIM_S;
    }
    return n;
}

/* Type:value/period, space-separated. */
static void read_rules(struct hpa_rules *r, struct hpa_policy *policies,
                       const char *select, char *list)
{
    char *item;

    *r = (struct hpa_rules){ .policies = policies };
    r->select = strcmp(select, "Max") == 0 ? HPA_MAX_CHANGE
                : strcmp(select, "Min") == 0 ? HPA_MIN_CHANGE : HPA_DISABLED;
    while ((item = word(&list, " ")) != NULL) {
        const char *type = word(&item, ":"), *value = word(&item, "/");

        CHECK(r->npolicies < MOST);
        policies[r->npolicies++] = (struct hpa_policy){
            .type = strcmp(type, "Pods") == 0 ? HPA_PODS : HPA_PERCENT,
            .value = atoi(value), .period_s = atoi(item),
        };
    }
}

static bool check_rates(const struct conf_row *row, char *why, size_t room)
{
    struct hpa_past added[MOST], removed[MOST];
    struct hpa_policy ups[MOST], downs[MOST];
    struct hpa_rules up, down;
    char text[ROOM];
    size_t na, nr;

    na = read_past(added, copy(text, conf_get(row, "up_events")));
    nr = read_past(removed, copy(text, conf_get(row, "down_events")));
    read_rules(&up, ups, conf_get(row, "up_select"),
               copy(text, conf_get(row, "up_policies")));
    read_rules(&down, downs, conf_get(row, "down_select"),
               copy(text, conf_get(row, "down_policies")));
    return same(row, hpa_limit_by_rules((int)conf_int(row, "current", 0),
                                        (int)conf_int(row, "desired", 0),
                                        (int)conf_int(row, "min", 0),
                                        (int)conf_int(row, "max", 0), &up,
                                        &down, added, na, removed, nr, NOW),
                why, room);
}

const struct conf_table conf_hpa_behavior_rate_limits = {
    .name = "hpa_behavior_rate_limits", .check = check_rates,
};

static bool check_stabilization(const struct conf_row *row, char *why,
                                size_t room)
{
    struct hpa_past past[MOST];
    char text[ROOM];
    size_t n = read_past(past, copy(text, conf_get(row, "recommendations")));
    sim_time up = conf_int(row, "up_window_s", 0) * SIM_S;
    sim_time down = conf_int(row, "down_window_s", 0) * SIM_S;
    int current = (int)conf_int(row, "current", 0);
    int desired = (int)conf_int(row, "desired", 0), got;

    if (strcmp(conf_get(row, "mode"), "behavior") == 0)
        got = hpa_stabilize_both(past, n, current, desired, up, down, NOW);
    else
        got = hpa_stabilize(past, n, desired, down, NOW);
    return got == conf_int(row, "result", -1) ||
           conf_why(why, room, "%d", got);
}

const struct conf_table conf_hpa_stabilization = {
    .name = "hpa_stabilization", .check = check_stabilization,
};
