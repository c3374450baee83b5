/*
 * set_world.h - a whole cluster with one StatefulSet or DaemonSet, for tests.
 *
 * Everything is what the program itself does: a test gives manifests and
 * commands as text, runs the world, and looks at the store and the rows.
 * Times are since the end of the warm-up, which is when all is set up.
 */
#ifndef TESTS_SET_WORLD_H
#define TESTS_SET_WORLD_H
#include <check.h>
#include <string.h>

#include "base/field.h"
#include "models/pod.h"
#include "models/revision.h"
#include "models/world.h"

#define SET_MOST 16             /* manifests, or actions, of a test */

struct set_world {
    struct arena *a;
    struct spec *spec;
    struct world *w;
    struct manifest manifests[SET_MOST];
    struct action_spec actions[SET_MOST];
};

/* A cluster of some nodes n-0, n-1, ... in exact time.  A container of image
 * img:1 or img:2 takes 1 s to start, 1 s to be ready and 1 s to end. */
static inline struct set_world *set_world_new(enum kube_version version,
                                              int nodes)
{
    static const char behaviour[] =
        "{\"*\": {containerStart: 1s, readiness: {after: 1s}, "
        "shutdown: {mode: ignore, time: 1s}}, \"img:bad\": {readiness: "
        "never}}";
    struct arena *a = arena_new();
    struct set_world *t = arena_make(a, struct set_world);
    struct err_list errors;
    struct binder b = { .arena = a, .errors = &errors };

    err_init(&errors, a);
    t->a = a;
    t->spec = spec_defaults(a, true);
    t->spec->cluster.version = version;
    t->spec->warmup = 40 * SIM_S;
    t->spec->duration = 600 * SIM_S;
    t->spec->behaviours = behaviours_from(&b, value_flow(a, behaviour, NULL));
    ck_assert_uint_eq(errors.errors, 0);
    ((struct node_pool *)t->spec->cluster.pools)->count = nodes;
    ((struct node_pool *)t->spec->cluster.pools)->name = "n";
    t->spec->manifests = t->manifests;
    t->spec->actions = t->actions;
    return t;
}

static inline void set_world_free(struct set_world *t)
{
    arena_free(t->a);
}

/* An object of this kind called web, with labels app=web on its pods of image
 * img:1; spec: what its spec is merged with. */
static inline void set_manifest(struct set_world *t, enum kind kind,
                                const char *spec)
{
    const char *text = arena_printf(
        t->a, "{apiVersion: apps/v1, kind: %s, metadata: {name: web, "
        "namespace: default}, spec: {selector: {matchLabels: {app: web}}, "
        "template: {metadata: {labels: {app: web}}, spec: {containers: "
        "[{name: c, image: \"img:1\"}]}}}}", kind_name(kind));
    const struct value *v = value_flow(t->a, text, NULL);

    ck_assert_ptr_nonnull(v);
    if (*spec)
        v = value_merge(t->a, v, value_flow(t->a, spec, NULL));
    t->manifests[t->spec->nmanifests++] = (struct manifest){
        .kind = kind, .value = v, .space = "default", .name = "web",
    };
}

/* Type a command at a time; patch: the document of patch -p, or NULL. */
static inline void set_do(struct set_world *t, double at_s,
                          const char *kubectl, const char *patch)
{
    struct action_spec *action = &t->actions[t->spec->nactions++];
    const struct value **docs = arena_make(t->a, const struct value *);

    ck_assert_uint_le(t->spec->nactions, SET_MOST);
    *action = (struct action_spec){
        .at = dist_constant((sim_time)(at_s * 1e9)), .kubectl = kubectl,
    };
    if (!patch)
        return;
    *docs = value_flow(t->a, patch, NULL);
    ck_assert_ptr_nonnull(*docs);
    action->documents = docs;
    action->ndocuments = 1;
}

/* Run until a time; the first call puts the world together. */
static inline void set_run(struct set_world *t, double until_s)
{
    if (!t->w)
        t->w = world_new(t->a, t->spec, NULL, 0, true);
    sim_run(t->w->sim, t->spec->warmup + (sim_time)(until_s * 1e9));
}

static inline double set_time(const struct set_world *t, sim_time at)
{
    return (double)(at - t->spec->warmup) / 1e9;
}

static inline const struct meta *set_find(const struct set_world *t,
                                          enum kind kind, const char *name)
{
    return api_find(t->w->api, kind, "default", name);
}

/* "web-0=1 web-1=2*": pods by name with the tag of their image, and a star if
 * Ready. */
static inline const char *set_pods(const struct set_world *t)
{
    const struct pod *pods[SET_MOST];
    size_t n = api_count(t->w->api, KIND_POD);
    const char *text = "";

    ck_assert_uint_le(n, SET_MOST);
    for (size_t i = 0; i < n; i++) {
        const struct pod *p = pod_seen(api_at(t->w->api, KIND_POD, i));
        size_t j = i;

        for (; j > 0 && strcmp(pods[j - 1]->meta.name, p->meta.name) > 0; j--)
            pods[j] = pods[j - 1];
        pods[j] = p;
    }
    for (size_t i = 0; i < n; i++)
        text = arena_printf(
            t->a, "%s%s%s=%s%s", text, i ? " " : "", pods[i]->meta.name,
            strchr(pods[i]->template->spec->containers[0].image, ':') + 1,
            pods[i]->ready ? "*" : "");
    return text;
}

/* When the pod first was in this state at or after a time; -1: never. */
static inline double set_when(const struct set_world *t, const char *pod,
                              const char *state, double from_s)
{
    for (size_t i = 0; i < t->w->record.pods.len; i++) {
        const struct pod_row *r = &t->w->record.pods.items[i];

        if (strcmp(r->pod, pod) == 0 && strcmp(r->state, state) == 0 &&
            set_time(t, r->at) >= from_s)
            return set_time(t, r->at);
    }
    return -1;
}

/* "1=v1 3=v2": the revisions by number with the tag of their image. */
static inline const char *set_revisions(const struct set_world *t)
{
    const struct controllerrevision *list[SET_MOST];
    size_t n = api_count(t->w->api, KIND_REVISION);
    const char *text = "";

    ck_assert_uint_le(n, SET_MOST);
    for (size_t i = 0; i < n; i++)
        list[i] = controllerrevision_seen(api_at(t->w->api, KIND_REVISION,
                                                 i));
    revisions_sort(list, n);
    for (size_t i = 0; i < n; i++)
        text = arena_printf(
            t->a, "%s%s%d=%s", text, i ? " " : "", (int)list[i]->revision,
            strchr(list[i]->template->spec->containers[0].image, ':') + 1);
    return text;
}

/* A time, give or take the latencies of some tens of steps. */
static inline void set_about(double got, double want)
{
    ck_assert_msg(got >= want && got < want + 0.1,
                  "at %.3f s, expected %.3f s", got, want);
}

#endif
