/*
 * observe.c - summaries: a recording's own, and that of a simulated run.
 *
 * Waves are changes of spec.replicas with those less than 400 ms apart merged
 * into their last one, as the recordings' README defines them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "fidelity.h"
#include "io/csv.h"
#include "io/yaml.h"

#define MERGE_MS 400.0          /* README of the recordings: the 400 ms rule */

static double real(const struct value *v)
{
    return v && v->type == VALUE_SCALAR ? strtod(v->u.text, NULL) : NAN;
}

static int whole(const struct value *v, int fallback)
{
    return v && v->type == VALUE_SCALAR ? atoi(v->u.text) : fallback;
}

/* ---- recorded ----------------------------------------------------------------------- */

static void read_waves(struct arena *a, struct summary *s,
                       const struct value *list)
{
    for (size_t i = 0; list && i < list->len; i++) {
        const struct value *v = list->u.items[i];

        vec_push(a, &s->waves, ((struct wave){
            real(value_get(v, "t_ms")), real(value_get(v, "t_last_ms")),
            whole(value_get(v, "old"), 0), whole(value_get(v, "new"), 0) }));
    }
}

static void read_conditions(struct arena *a, struct summary *s,
                            const struct value *list)
{
    for (size_t i = 0; list && i < list->len; i++) {
        const struct value *const *v = list->u.items[i]->u.items;

        vec_push(a, &s->conditions, ((struct condition_change){
            real(v[0]), value_text(v[1], ""), value_text(v[2], "") }));
    }
}

static void read_pod_events(struct arena *a, struct summary *s,
                            const struct value *list)
{
    for (size_t i = 0; list && i < list->len; i++) {
        const struct value *const *v = list->u.items[i]->u.items;

        vec_push(a, &s->pods, ((struct pod_change){
            real(v[0]), value_text(v[1], ""), value_text(v[2], ""),
            value_text(v[3], "") }));
    }
}

struct summary *fidelity_recorded(struct arena *a, const char *path)
{
    struct yaml_stream y = { 0 };
    struct err_list errors;
    struct summary *s = arena_make(a, struct summary);
    const struct value *v, *final;

    err_init(&errors, a);
    if (yaml_load_file(a, path, true, NULL, &y, &errors) != SIM_OK ||
        y.docs.len == 0)
        return NULL;
    v = y.docs.items[0].root;
    s->observed_ms = real(value_get(v, "observed_ms"));
    s->complete = strcmp(value_text(value_get(v, "complete"), ""),
                         "true") == 0;
    s->complete_ms = real(value_get(v, "complete_ms"));
    s->min_ready_endpoints = whole(value_get(v, "min_ready_endpoints"), -1);
    s->max_total_pods = whole(value_get(v, "max_total_pods"), 0);
    s->max_active_pods = whole(value_get(v, "max_active_pods"), 0);
    s->workload = value_text(value_get(v, "workload"), "");
    read_waves(a, s, value_get(v, "waves"));
    read_pod_events(a, s, value_get(v, "pod_events"));
    read_conditions(a, s, value_get(v, "conditions"));
    pods_recorded(a, s, v);
    disruption_recorded(a, s, v);
    final = value_get(v, "final_spec_by_rev");
    for (size_t i = 0; final && i < final->len; i++)
        vec_push(a, &s->final, ((struct revision_size){
            final->u.members[i].key,
            whole(final->u.members[i].value, 0) }));
    return s;
}

/* ---- simulated ------------------------------------------------------------------------ */

struct columns {
    int time, kind, name, image, desired, endpoints;
};

/* The tag of an image: what the recordings call the revision. */
static const char *tag(const char *image)
{
    const char *colon = strrchr(image, ':');

    return colon ? colon + 1 : image;
}

struct rs_state {
    const char *name, *revision;
    int spec;
};

struct rollout {
    struct arena *arena;
    struct summary *s;
    VEC(struct rs_state) sets;
    const char *newest;         /* tag of the Deployment's template */
};

static void sum(const struct rollout *r, int *old, int *new)
{
    *old = *new = 0;
    for (size_t i = 0; i < r->sets.len; i++) {
        bool is_new = r->newest &&
                      strcmp(r->sets.items[i].revision, r->newest) == 0;

        *(is_new ? new : old) += r->sets.items[i].spec;
    }
}

static struct rs_state *state_of(struct rollout *r, const char *name,
                                 const char *revision)
{
    for (size_t i = 0; i < r->sets.len; i++)
        if (strcmp(r->sets.items[i].name, name) == 0)
            return &r->sets.items[i];
    vec_push(r->arena, &r->sets, ((struct rs_state){ name, revision, 0 }));
    return &r->sets.items[r->sets.len - 1];
}

/* A ReplicaSet's spec.replicas changed at t >= 0: a new wave, or part of the
 * one going on. */
static void note_change(struct rollout *r, double t)
{
    struct summary *s = r->s;
    int old, new;

    sum(r, &old, &new);
    if (s->waves.len > 0) {
        struct wave *last = &s->waves.items[s->waves.len - 1];

        if (t - last->last_ms < MERGE_MS) {
            last->last_ms = t;
            last->old = old;
            last->new = new;
            return;
        }
    }
    vec_push(r->arena, &s->waves, ((struct wave){ t, t, old, new }));
}

static void on_replicaset(struct rollout *r, double t, const char *name,
                          const char *image, int desired)
{
    size_t known = r->sets.len;
    struct rs_state *rs = state_of(r, name, tag(image));
    bool created = r->sets.len > known;

    if (rs->spec == desired && !created)
        return;
    rs->spec = desired;
    if (t >= 0)
        note_change(r, t);
}

static void read_timeline(struct rollout *r, const struct csv_table *t)
{
    struct columns c = {
        csv_column(t, "time_s"), csv_column(t, "kind"), csv_column(t, "name"),
        csv_column(t, "image"), csv_column(t, "desired"),
        csv_column(t, "endpoints"),
    };
    int endpoints = -1;

    r->s->min_ready_endpoints = -1;
    for (size_t i = 0; i < t->len; i++) {
        double at = strtod(csv_get(t, i, (size_t)c.time), NULL) * 1000;
        const char *kind = csv_get(t, i, (size_t)c.kind);
        const char *image = csv_get(t, i, (size_t)c.image);

        if (strcmp(kind, "Deployment") == 0) {
            r->newest = tag(image);
        } else if (strcmp(kind, "ReplicaSet") == 0) {
            on_replicaset(r, at, csv_get(t, i, (size_t)c.name), image,
                          atoi(csv_get(t, i, (size_t)c.desired)));
        } else if (strcmp(kind, "Service") == 0) {
            if (at >= 0 && r->s->min_ready_endpoints < 0 && endpoints >= 0)
                r->s->min_ready_endpoints = endpoints;
            endpoints = atoi(csv_get(t, i, (size_t)c.endpoints));
            if (at >= 0 && (r->s->min_ready_endpoints < 0 ||
                            endpoints < r->s->min_ready_endpoints))
                r->s->min_ready_endpoints = endpoints;
        }
    }
    if (r->s->min_ready_endpoints < 0)
        r->s->min_ready_endpoints = endpoints;
    for (size_t i = 0; i < r->sets.len; i++) {
        size_t k = 0;

        while (k < r->s->final.len &&
               strcmp(r->s->final.items[k].revision,
                      r->sets.items[i].revision) != 0)
            k++;
        if (k == r->s->final.len)
            vec_push(r->arena, &r->s->final, ((struct revision_size){
                r->sets.items[i].revision, 0 }));
        r->s->final.items[k].replicas += r->sets.items[i].spec;
    }
}

/* What the recordings call a state; NULL if they do not note it. */
static const char *recorded_state(const char *state)
{
    static const char *const words[][2] = {
        { "Pending", "created" }, { "Ready", "ready" },
        { "Terminating", "terminating" }, { "Gone", "deleted" },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(state, words[i][0]) == 0)
            return words[i][1];
    return NULL;
}

static void read_pods(struct arena *a, struct summary *s,
                      const struct csv_table *t)
{
    int time = csv_column(t, "time_s"), pod = csv_column(t, "pod"),
        state = csv_column(t, "state"), image = csv_column(t, "image");
    struct map states;          /* pod -> last state */
    int total = 0, active = 0;
    bool started = false;

    map_init(&states, a);
    for (size_t i = 0; i < t->len; i++) {
        double at = strtod(csv_get(t, i, (size_t)time), NULL) * 1000;
        const char *name = csv_get(t, i, (size_t)pod);
        const char *now = csv_get(t, i, (size_t)state);
        const char *was = map_get(&states, name);

        if (at >= 0 && !started) {      /* what there was at t = 0 counts */
            started = true;
            s->max_total_pods = total;
            s->max_active_pods = active;
        }
        map_put(&states, name, (void *)now);
        if (!was || strcmp(was, "Gone") == 0)
            total++, active++;
        if (strcmp(now, "Terminating") == 0)
            active--;
        if (strcmp(now, "Gone") == 0) {
            total--;
            active -= was && strcmp(was, "Terminating") != 0 ? 1 : 0;
        }
        if (at < 0)
            continue;
        if (recorded_state(now))
            vec_push(a, &s->pods, ((struct pod_change){
                at, name, tag(csv_get(t, i, (size_t)image)),
                recorded_state(now) }));
        s->max_total_pods = total > s->max_total_pods ? total
                                                      : s->max_total_pods;
        s->max_active_pods = active > s->max_active_pods ? active
                                                         : s->max_active_pods;
    }
    if (!started) {
        s->max_total_pods = total;
        s->max_active_pods = active;
    }
}

/* Is it the object of something that is rolled out? */
static bool is_workload(const char *object)
{
    return strncmp(object, "deployment/", 11) == 0 ||
           strncmp(object, "statefulset/", 12) == 0 ||
           strncmp(object, "daemonset/", 10) == 0;
}

/* Conditions ("Progressing=True/ReplicaSetUpdated") and completeness. */
static void read_events(struct arena *a, struct summary *s,
                        const struct csv_table *t)
{
    int time = csv_column(t, "time_s"), type = csv_column(t, "type"),
        reason = csv_column(t, "reason"), object = csv_column(t, "object");

    s->complete_ms = NAN;
    for (size_t i = 0; i < t->len; i++) {
        double at = strtod(csv_get(t, i, (size_t)time), NULL) * 1000;
        const char *text = csv_get(t, i, (size_t)reason), *eq;
        const char *kind = csv_get(t, i, (size_t)type);

        if (!is_workload(csv_get(t, i, (size_t)object)))
            continue;
        if (strcmp(kind, "Rollout") == 0) {
            s->complete = strcmp(text, "Complete") == 0;
            if (s->complete && at >= 0)
                s->complete_ms = at;
        }
        eq = strchr(text, '=');
        if (at >= 0 && strcmp(kind, "Condition") == 0 && eq)
            vec_push(a, &s->conditions, ((struct condition_change){
                at, arena_strndup(a, text, (size_t)(eq - text)), eq + 1 }));
    }
    if (!s->complete)
        s->complete_ms = NAN;
}

struct summary *fidelity_observe(struct arena *a, const char *csv,
                                 double observed_ms, struct err_list *errors)
{
    struct summary *s = arena_make(a, struct summary);
    struct rollout r = { .arena = a, .s = s };
    struct csv_table timeline, pods, events;

    s->observed_ms = observed_ms;
    if (csv_read_file(a, arena_printf(a, "%s/timeline.csv", csv), true, NULL,
                      &timeline, errors) != SIM_OK ||
        csv_read_file(a, arena_printf(a, "%s/pods.csv", csv), true, NULL,
                      &pods, errors) != SIM_OK ||
        csv_read_file(a, arena_printf(a, "%s/events.csv", csv), true, NULL,
                      &events, errors) != SIM_OK)
        return NULL;
    read_timeline(&r, &timeline);
    read_pods(a, s, &pods);
    read_events(a, s, &events);
    return pods_observe(a, s, csv, errors) &&
           disruption_observe(a, s, csv, errors) ? s : NULL;
}
