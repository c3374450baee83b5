/*
 * action.c - when people type, and the release.
 *
 * An action happens at a time, or a delay after an event that the person
 * sees (`when`).  Typing takes no time; then kubectl starts (timings.operator)
 * and each of its requests takes timings.apiWrite to commit.  The release is
 * `kubectl set image` unless the strategy has its own way.
 *
 * An action with `when` fires once, at the first such event after the end of
 * the warm-up; a rollout counts from the second revision on, so putting up the
 * cluster is none.
 */
#include "kubectl_impl.h"
#include <string.h>
#include "base/bug.h"
#include "base/text.h"
#include "models/argo.h"
#include "models/clusters.h"
#include "models/informer.h"
#include "models/measure.h"
#include "models/plane.h"
#include "models/rollout.h"
#include "models/strategy.h"

/* ---- a command on its way ------------------------------------------------ */

static void commit_fire(struct sim *sim, void *subject, int64_t arg);
static void type_fire(struct sim *sim, void *subject, int64_t arg);
static void release_fire(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_commit = { "kubectl.committed", RANK_COMMIT,
                                             commit_fire };
static const struct event_kind ev_type = { "kubectl.typed", RANK_ACTION,
                                           type_fire };
static const struct event_kind ev_release = { "release", RANK_ACTION,
                                              release_fire };

static void commit_fire(struct sim *sim, void *subject, int64_t arg)
{
    struct kubectl *k = subject;
    bool more;

    if (plane_api_down(k->w)) {
        kubectl_refuse(k, "The connection to the server 127.0.0.1:6443 was "
                       "refused - did you specify the right host or port?");
        return;
    }
    more = k->c.verb->step(k, (size_t)arg);

    if (more && !k->over)
        sim_after(sim, world_draw(k->w, TIMING_API_WRITE, &k->stream),
                  &ev_commit, k, arg + 1);
}

void kubectl_type(struct world *w, const char *text,
                  const struct value *const *documents, size_t ndocuments)
{
    struct kubectl *k = arena_make(w->arena, struct kubectl);
    struct err_list errors;
    sim_time t;

    k->w = w;
    k->arena = w->arena;
    err_init(&errors, w->arena);
    record_note(w, "Action", "Command", "", "",
                arena_printf(w->arena, "kubectl %s", text));
    if (!kubectl_parse(w->arena, text, NULL, &k->c, &errors)) {
        kubectl_refuse(k, "error: %s", errors.len ? errors.items[0].text
                                                  : "not understood");
        return;
    }
    sim_note(w->sim, "kubectl", fnv64(FNV_START, text, strlen(text)));
    k->c.documents = documents;
    k->c.ndocuments = ndocuments;
    world_stream(w, &k->stream, PURPOSE_OPERATOR,
                 fnv64(FNV_START, text, strlen(text)));
    if (k->c.verb == &verb_rollout_undo || k->c.verb == &verb_argo_undo ||
        k->c.verb == &verb_argo_abort) {
        measure_rollback_decided(w);
        clusters_halt(w, "the way back was typed");
    }
    t = world_draw(w, TIMING_OPERATOR, &k->stream);
    sim_after(w->sim, t + world_draw(w, TIMING_API_WRITE, &k->stream),
              &ev_commit, k, 0);
}

/* ---- the release --------------------------------------------------------- */

/* The merge patch of a custom resource. */
static const char *release_patch(struct world *w)
{
    const struct release_spec *r = &w->spec->release;
    bool elsewhere = r->space && strcmp(r->space, "default") != 0;
    struct buf text = { 0 };
    const char *result;

    value_canonical(&text, r->patch[0]);
    result = arena_printf(w->arena, "patch %s%s%s --type=merge -p '%s'",
                          r->workload, elsewhere ? " -n " : "",
                          elsewhere ? r->space : "", text.text);
    buf_free(&text);
    return result;
}

const char *release_command(struct world *w)
{
    return release_command_on(w, w->spec->release.workload);
}

const char *release_command_on(struct world *w, const char *workload)
{
    const struct release_spec *r = &w->spec->release;
    struct buf text = {0};
    const char *result;

    if (strncmp(workload, "rollout/", 8) == 0)
        buf_printf(&text, "argo rollouts set image %s", workload + 8);
    else
        buf_printf(&text, "set image %s", workload);
    if (r->space && strcmp(r->space, "default") != 0)
        buf_printf(&text, " -n %s", r->space);
    for (size_t i = 0; i < r->nimages; i++) {
        const char *quote = strpbrk(r->images[i].image, " \t\\'\"") ? "'" : "";

        buf_printf(&text, " %s%s=%s%s", quote, r->images[i].container,
                   r->images[i].image, quote);
    }
    result = arena_strdup(w->arena, text.text);
    buf_free(&text);
    return result;
}

const char *release_containers(struct world *w, const struct pod_template *t)
{
    const struct release_spec *r = &w->spec->release;
    const char *list = "";

    for (size_t i = 0; i < r->nimages; i++) {
        const char *image = r->images[i].image;

        for (size_t k = 0; t && k < t->spec->ncontainers; k++)
            if (strcmp(t->spec->containers[k].name,
                       r->images[i].container) == 0)
                image = t->spec->containers[k].image;
        list = arena_printf(w->arena, "%s%s{name: %s, image: \"%s\"}", list,
                            i ? ", " : "", r->images[i].container, image);
    }
    return arena_printf(w->arena, "[%s]", list);
}

void release_patch_spec(struct world *w, const struct meta *m,
                        const char *fields, const char *containers)
{
    struct arena *a = w->arena;
    const struct value **document = arena_many(a, const struct value *, 1);
    bool plain = strcmp(m->space, "default") == 0;
    const char *text = containers
        ? arena_printf(a, "{spec: {%s, template: {spec: {containers: %s}}}}",
                       fields, containers)
        : arena_printf(a, "{spec: {%s}}", fields);

    document[0] = value_flow(a, text, NULL);
    CHECK(document[0]);
    kubectl_type(w, arena_printf(a, "patch %s%s%s -p '%s'",
                                 w->spec->release.workload,
                                 plain ? "" : " -n ", plain ? "" : m->space,
                                 text), document, 1);
}

const struct meta *release_target(const struct world *w)
{
    const struct release_spec *r = &w->spec->release;
    const char *slash = r->workload ? strchr(r->workload, '/') : NULL;
    const char *space = r->space ? r->space : "default";
    const struct meta *m;
    char kind[64];

    if (r->custom)
        return api_find(w->api, KIND_CUSTOM, space, r->custom);
    if (!slash || (size_t)(slash - r->workload) >= sizeof(kind))
        return NULL;
    memcpy(kind, r->workload, (size_t)(slash - r->workload));
    kind[slash - r->workload] = '\0';
    m = api_find(w->api, kind_by_resource(kind), space, slash + 1);
    return m ? m : api_find(w->api, KIND_ROLLOUT, space, slash + 1);
}

void release_begin(struct world *w)
{
    const struct strategy_spec *s = w->strategy;

    if (w->spec->release.custom)
        kubectl_type(w, release_patch(w), w->spec->release.patch, 1);
    else if (s && s->ops && s->ops->release)
        s->ops->release(w, s->spec);
    else
        kubectl_type(w, release_command(w), NULL, 0);
}

static void release_fire(struct sim *sim, void *subject, int64_t arg)
{
    (void)sim;
    (void)arg;
    release_begin(subject);
}

/* ---- when ---------------------------------------------------------------- */

enum trigger { ROLLOUT_COMPLETE, ROLLOUT_STARTED, DEADLINE_EXCEEDED };

const char *const action_triggers[] = {
    [ROLLOUT_COMPLETE] = "rollout complete",
    [ROLLOUT_STARTED] = "rollout started",
    [DEADLINE_EXCEEDED] = "progress deadline exceeded",
    NULL
};

int action_trigger(struct arena *a, const char *when, const char **name)
{
    const char *of = strstr(when, " of ");
    size_t len = of ? (size_t)(of - when) : strlen(when);

    *name = NULL;
    if (of) {
        const char *slash = strchr(of, '/');

        if (!slash || slash[1] == '\0')
            return -1;
        *name = arena_strdup(a, slash + 1);
    }
    for (int i = 0; action_triggers[i]; i++)
        if (strlen(action_triggers[i]) == len &&
            memcmp(action_triggers[i], when, len) == 0)
            return i;
    return -1;
}

/* An action of the spec. */
struct planned {
    struct world *w;
    const struct action_spec *spec;
    struct stream stream;
    int trigger;                /* -1: by the clock */
    const char *of;             /* only the workload so called; NULL: any */
    bool fired;
};

struct watcher {                /* a person who looks at rollouts */
    struct world *w;
    struct planned *items;
    size_t len;
};

static void type_fire(struct sim *sim, void *subject, int64_t arg)
{
    struct planned *p = subject;

    (void)sim;
    (void)arg;
    kubectl_type(p->w, p->spec->kubectl, p->spec->documents,
                 p->spec->ndocuments);
}

static bool has_started(const struct meta *was, const struct meta *m)
{
    if (m->kind == KIND_ROLLOUT)
        return argo_seen(m)->revision > 1 &&
               argo_seen(was)->revision != argo_seen(m)->revision;
    if (m->kind == KIND_DEPLOYMENT)
        return deployment_seen(m)->revision > 1 &&
               deployment_seen(was)->revision != deployment_seen(m)->revision;
    return rollout_template(was)->identity != rollout_template(m)->identity;
}

static bool happened(int trigger, struct world *w, const struct meta *was,
                     const struct meta *m)
{
    switch ((enum trigger)trigger) {
    case ROLLOUT_COMPLETE:
        return rollout_status_of(w->arena, m).done &&
               rollout_revision_of(w->api, m) > 1;
    case ROLLOUT_STARTED:
        return was && has_started(was, m);
    case DEADLINE_EXCEEDED:
        if (m->kind == KIND_ROLLOUT)
            return condition_because(&argo_seen(m)->progressing,
                                     "ProgressDeadlineExceeded");
        return m->kind == KIND_DEPLOYMENT &&
               deployment_seen(m)->progressing.status == CONDITION_FALSE;
    }
    return false;
}

static void watch_handle(void *ctx, const struct meta *before,
                         const struct meta *after)
{
    struct watcher *h = ctx;

    if (!after || world_now(h->w) < h->w->spec->warmup)
        return;
    for (size_t i = 0; i < h->len; i++) {
        struct planned *p = &h->items[i];

        if (p->fired || p->trigger < 0 ||
            (p->of && strcmp(p->of, after->name) != 0) ||
            !happened(p->trigger, h->w, before, after))
            continue;
        p->fired = true;
        sim_after(h->w->sim, dist_draw(&p->spec->after, &p->stream), &ev_type,
                  p, 0);
    }
}

static const struct informer_ops watch_ops = {
    .name = "people.rollouts",
    .latency = TIMING_WATCH_CONTROLLER,
    .handle = watch_handle,
};

static void plan(struct watcher *h, struct planned *p,
                 const struct action_spec *spec, size_t i)
{
    p->w = h->w;
    p->spec = spec;
    p->trigger = -1;
    world_stream(h->w, &p->stream, PURPOSE_OPERATOR, i + 1);
    if (spec->when) {
        p->trigger = action_trigger(h->w->arena, spec->when, &p->of);
        CHECK(p->trigger >= 0);
    } else {
        sim_at(h->w->sim,
               h->w->spec->warmup + dist_draw(&spec->at, &p->stream),
               &ev_type, p, 0);
    }
}

void actions_start(struct world *w)
{
    const struct spec *s = w->spec;
    struct watcher *h = arena_make(w->arena, struct watcher);
    bool watches = false;

    if (w->strategy && w->strategy->ops && w->strategy->ops->start)
        w->strategy->ops->start(w, w->strategy->spec);
    if (s->release.given && !w->clusters)   /* else clusters.c says when */
        sim_at(w->sim, s->warmup + s->release.at, &ev_release, w, 0);
    h->w = w;
    h->len = s->nactions;
    h->items = arena_many(w->arena, struct planned, s->nactions);
    for (size_t i = 0; i < s->nactions; i++) {
        if (!clusters_mean(w, s->actions[i].cluster)) {
            h->items[i].fired = true;
            continue;
        }
        plan(h, &h->items[i], &s->actions[i], i);
        watches |= s->actions[i].when != NULL;
    }
    for (int kind = KIND_NONE + 1; watches && kind < KIND_COUNT; kind++)
        if (kind_rolls_out((enum kind)kind))
            informer_new(w, (enum kind)kind, &watch_ops, h);
}
