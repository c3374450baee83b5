/*
 * pods.c - pods and Jobs of recordings and of runs, one by one.
 *
 * What happened to pods is a list of (time, pod, state).  Pods with a fixed
 * name (of a StatefulSet) are compared by it; of the others, which are alike,
 * the k-th to reach a state must do so when the k-th of the recording did.
 * Jobs: the conditions that turned True, with reason and time, and the numbers
 * of the last status.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "fidelity.h"
#include "io/csv.h"

#define END_MS 500.0

static double real(const struct value *v)
{
    return v && v->type == VALUE_SCALAR ? strtod(v->u.text, NULL) : NAN;
}

static int whole(const struct value *v)
{
    return v && v->type == VALUE_SCALAR ? atoi(v->u.text) : 0;
}

/* ---- recorded --------------------------------------------------------------------- */

static void read_events(struct arena *a, struct summary *s,
                        const struct value *list)
{
    for (size_t i = 0; list && i < list->len; i++) {
        const struct value *const *v = list->u.items[i]->u.items;
        const char *pod = value_text(v[1], "");

        if (strspn(pod, "0123456789") == strlen(pod))
            pod = "";           /* a number: one of many */
        vec_push(a, &s->events, ((struct pod_event){
            real(v[0]), pod, value_text(v[3], "") }));
    }
}

static struct job_numbers *numbers_of(struct arena *a, struct summary *s,
                                      const char *job)
{
    for (size_t i = 0; i < s->jobs.len; i++)
        if (strcmp(s->jobs.items[i].job, job) == 0)
            return &s->jobs.items[i];
    vec_push(a, &s->jobs, ((struct job_numbers){ .job = job }));
    return &s->jobs.items[s->jobs.len - 1];
}

static bool has_turned(const struct summary *s, const char *job,
                       const char *type)
{
    for (size_t i = 0; i < s->job_changes.len; i++)
        if (strcmp(s->job_changes.items[i].job, job) == 0 &&
            strcmp(s->job_changes.items[i].type, type) == 0)
            return true;
    return false;
}

/* [t, job, {active, succeeded, failed}, {condition: "True/reason"}] */
static void read_statuses(struct arena *a, struct summary *s,
                          const struct value *list)
{
    for (size_t i = 0; list && i < list->len; i++) {
        const struct value *const *v = list->u.items[i]->u.items;
        const char *job = value_text(v[1], "");
        struct job_numbers *n = numbers_of(a, s, job);

        n->active = whole(value_get(v[2], "active"));
        n->succeeded = whole(value_get(v[2], "succeeded"));
        for (size_t k = 0; k < v[3]->len; k++) {
            const char *type = v[3]->u.members[k].key;

            if (!has_turned(s, job, type))
                vec_push(a, &s->job_changes, ((struct job_change){
                    real(v[0]), job, type,
                    value_text(v[3]->u.members[k].value, "") }));
        }
    }
}

void pods_recorded(struct arena *a, struct summary *s, const struct value *v)
{
    read_events(a, s, value_get(v, "pod_events"));
    read_statuses(a, s, value_get(v, "job_status"));
}

/* ---- simulated --------------------------------------------------------------------- */

/* Our word for a state, in the recordings' words; NULL: they have none. */
static const char *recorded_word(const char *state)
{
    static const char *const words[][2] = {
        { "Pending", "created" }, { "Ready", "ready" },
        { "Succeeded", "succeeded" }, { "Failed", "failed" },
        { "Terminating", "terminating" }, { "Gone", "deleted" },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i][0], state) == 0)
            return words[i][1];
    return NULL;
}

/* Is the pod's last part a number, as those of StatefulSets? */
static bool has_fixed_name(const char *pod)
{
    const char *dash = strrchr(pod, '-');

    return dash && dash[1] && strspn(dash + 1, "0123456789") ==
                                  strlen(dash + 1) &&
           strlen(dash + 1) < 4;
}

/* Only the first time that a pod is ready counts: the fake kubelet does not
 * report that a container is ready again. */
static void read_pods(struct arena *a, struct summary *s,
                      const struct csv_table *t)
{
    struct map ready;
    int time = csv_column(t, "time_s"), pod = csv_column(t, "pod"),
        state = csv_column(t, "state");

    map_init(&ready, a);
    for (size_t i = 0; i < t->len; i++) {
        double at = strtod(csv_get(t, i, (size_t)time), NULL) * 1000;
        const char *name = csv_get(t, i, (size_t)pod);
        const char *word = recorded_word(csv_get(t, i, (size_t)state));

        if (word && strcmp(word, "ready") == 0) {
            if (map_get(&ready, name))
                continue;
            map_put(&ready, name, s);
        }
        if (at >= 0 && word)
            vec_push(a, &s->events, ((struct pod_event){
                at, has_fixed_name(name) ? name : "", word }));
    }
}

/* "Complete=True/CompletionsReached" of job/NAME. */
static void read_conditions(struct arena *a, struct summary *s,
                            const struct csv_table *t)
{
    int time = csv_column(t, "time_s"), type = csv_column(t, "type"),
        reason = csv_column(t, "reason"), object = csv_column(t, "object");

    for (size_t i = 0; i < t->len; i++) {
        const char *text = csv_get(t, i, (size_t)reason);
        const char *about = csv_get(t, i, (size_t)object);
        const char *eq = strchr(text, '=');

        if (strcmp(csv_get(t, i, (size_t)type), "Condition") != 0 || !eq ||
            strncmp(about, "job/", 4) != 0)
            continue;
        vec_push(a, &s->job_changes, ((struct job_change){
            strtod(csv_get(t, i, (size_t)time), NULL) * 1000, about + 4,
            arena_strndup(a, text, (size_t)(eq - text)), eq + 1 }));
    }
}

static void read_jobs(struct arena *a, struct summary *s,
                      const struct csv_table *t)
{
    int kind = csv_column(t, "kind"), name = csv_column(t, "name"),
        pods = csv_column(t, "pods"), desired = csv_column(t, "desired"),
        available = csv_column(t, "available");

    for (size_t i = 0; i < t->len; i++) {
        struct job_numbers *n;

        if (strcmp(csv_get(t, i, (size_t)kind), "Job") != 0 ||
            atoi(csv_get(t, i, (size_t)desired)) == 0)
            continue;           /* gone: as it was last */
        n = numbers_of(a, s, csv_get(t, i, (size_t)name));
        n->active = atoi(csv_get(t, i, (size_t)pods));
        n->succeeded = atoi(csv_get(t, i, (size_t)available));
    }
}

bool pods_observe(struct arena *a, struct summary *s, const char *csv,
                  struct err_list *errors)
{
    struct csv_table timeline, pods, events;

    if (csv_read_file(a, arena_printf(a, "%s/timeline.csv", csv), true, NULL,
                      &timeline, errors) != SIM_OK ||
        csv_read_file(a, arena_printf(a, "%s/pods.csv", csv), true, NULL,
                      &pods, errors) != SIM_OK ||
        csv_read_file(a, arena_printf(a, "%s/events.csv", csv), true, NULL,
                      &events, errors) != SIM_OK)
        return false;
    read_jobs(a, s, &timeline);
    read_pods(a, s, &pods);
    read_conditions(a, s, &events);
    return true;
}

/* ---- comparing ------------------------------------------------------------------------ */

static int by_pod_and_state(const void *a, const void *b)
{
    const struct pod_event *x = a, *y = b;
    int order = strcmp(x->pod, y->pod);

    if (order == 0)
        order = strcmp(x->state, y->state);
    if (order != 0)
        return order;
    return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

static struct pod_event *sorted(struct arena *a, const struct summary *s)
{
    struct pod_event *e = arena_memdup(a, s->events.items,
                                       s->events.len * sizeof(*e));

    if (s->events.len > 0)
        qsort(e, s->events.len, sizeof(*e), by_pod_and_state);
    return e;
}

/* So near to the end of the recording that it may just have missed it. */
static bool at_the_end(const struct summary *r, const struct pod_event *e)
{
    return r->observed_ms - e->at_ms < END_MS;
}

/* Which of two lists is at the event that the other has not?  0: neither. */
static int which(const struct pod_event *x, const struct pod_event *x_end,
                 const struct pod_event *y, const struct pod_event *y_end)
{
    int order;

    if (x == x_end || y == y_end)
        return x == x_end ? 1 : -1;
    order = strcmp(x->pod, y->pod);
    return order != 0 ? order : strcmp(x->state, y->state);
}

static const char *compare_events(struct arena *a, const struct summary *r,
                                  const struct summary *s, int replicas)
{
    const struct pod_event *x = sorted(a, r), *y = sorted(a, s);
    const struct pod_event *x_end = x + r->events.len;
    const struct pod_event *y_end = y + s->events.len;

    while (x < x_end || y < y_end) {
        int order = which(x, x_end, y, y_end);

        if (order < 0 && !at_the_end(r, x))
            return arena_printf(a, "pod %s is not %s, recorded at %.0f ms",
                                x->pod, x->state, x->at_ms);
        if (order > 0 && !at_the_end(r, y))
            return arena_printf(a, "pod %s is %s at %.0f ms, not recorded",
                                y->pod, y->state, y->at_ms);
        if (order == 0 && !fidelity_near(x->at_ms, y->at_ms, replicas))
            return arena_printf(a, "pod %s is %s at %.0f ms, recorded "
                                   "%.0f ms", y->pod, y->state, y->at_ms,
                                x->at_ms);
        x += order <= 0;
        y += order >= 0;
    }
    return NULL;
}

static const char *compare_changes(struct arena *a, const struct summary *r,
                                   const struct summary *s, int replicas)
{
    for (size_t i = 0; i < r->job_changes.len; i++) {
        const struct job_change *x = &r->job_changes.items[i], *y = NULL;

        for (size_t k = 0; k < s->job_changes.len && !y; k++)
            if (strcmp(s->job_changes.items[k].job, x->job) == 0 &&
                strcmp(s->job_changes.items[k].type, x->type) == 0)
                y = &s->job_changes.items[k];
        if (!y)
            return arena_printf(a, "job %s never turns %s, recorded at "
                                   "%.0f ms", x->job, x->type, x->at_ms);
        if (strcmp(x->reason, y->reason) != 0 ||
            !fidelity_near(x->at_ms, y->at_ms, replicas))
            return arena_printf(a, "job %s turns %s=%s at %.0f ms, recorded "
                                   "%s at %.0f ms", x->job, y->type,
                                y->reason, y->at_ms, x->reason, x->at_ms);
    }
    if (s->job_changes.len > r->job_changes.len)
        return arena_printf(a, "%zu changes of conditions, recorded %zu",
                            s->job_changes.len, r->job_changes.len);
    return NULL;
}

static const char *compare_numbers(struct arena *a, const struct summary *r,
                                   struct summary *s)
{
    for (size_t i = 0; i < r->jobs.len; i++) {
        const struct job_numbers *x = &r->jobs.items[i];
        const struct job_numbers *y = numbers_of(a, s, x->job);

        if (x->active != y->active || x->succeeded != y->succeeded)
            return arena_printf(a, "job %s ends with %d active, %d "
                                   "succeeded, recorded %d and %d", x->job,
                                y->active, y->succeeded, x->active,
                                x->succeeded);
    }
    if (s->jobs.len != r->jobs.len)
        return arena_printf(a, "%zu jobs, recorded %zu", s->jobs.len,
                            r->jobs.len);
    return NULL;
}

const char *pods_compare(struct arena *a, const struct summary *recorded,
                         const struct summary *simulated, int replicas)
{
    struct summary ours = *simulated;
    const char *why = compare_events(a, recorded, &ours, replicas);

    if (!why)
        why = compare_changes(a, recorded, &ours, replicas);
    if (!why)
        why = compare_numbers(a, recorded, &ours);
    return why;
}
