/*
 * narrate.c - a replication told in sentences.
 *
 * The rows of the record are turned into lines: what people typed, what the
 * Deployment controller did, when pods became ready and went, which requests
 * failed.  Failures of one cause at one pod with less than a second between
 * them are one line.
 */
#include "app/narrate.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "models/traffic.h"
#include "models/world.h"

struct line {
    sim_time at;
    size_t order;               /* of making: equal times stay as they came */
    const char *text;
};

struct story {
    struct arena *arena;
    const struct world *w;
    VEC(struct line) lines;
};

static void tell(struct story *s, sim_time at, const char *text)
{
    struct line l = { at, s->lines.len, text };

    if (at >= s->w->spec->warmup)
        vec_push(s->arena, &s->lines, l);
}

static const char *clock_text(struct arena *a, sim_time t)
{
    int64_t tenths = t / (SIM_S / 10);

    return arena_printf(a, "%3lld:%02lld.%lld", (long long)(tenths / 600),
                        (long long)(tenths / 10 % 60),
                        (long long)(tenths % 10));
}

/* ---- events -------------------------------------------------------------- */

/* A custom resource: "database.example.com/shop". */
static bool is_custom(const char *object)
{
    size_t slash = strcspn(object, "/");

    return object[slash] && memchr(object, '.', slash);
}

/* Machines that come and go. */
static bool is_about_machines(const char *reason)
{
    static const char *const reasons[] = {
        "TriggeredScaleUp", "NotTriggerScaleUp", "ScaleDown", "DeletingNode",
        "RegisteredNode", "CertificateRequested"
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (strcmp(reasons[i], reason) == 0)
            return true;
    return false;
}

/* "eu: " of what happened in cluster eu of several, whose namespaces are called
 * "eu/default"; "" of a single one. */
static const char *where(const struct story *s, const char *space)
{
    if (!s->w->clusters || !*space)
        return "";
    return arena_printf(s->arena, "%.*s: ", (int)strcspn(space, "/"), space);
}

/* What an event says; NULL if it is not worth a line. */
static const char *event_text(struct arena *a, const struct event_row *e)
{
    if (strcmp(e->type, "Action") == 0) {
        if (strcmp(e->reason, "Command") == 0)
            return arena_printf(a, "$ %s", e->message);
        return arena_printf(a, "    %s", e->message);
    }
    if (strcmp(e->type, "Condition") == 0)
        return arena_printf(a, "%s: condition %s%s%s", e->object, e->reason,
                            e->message[0] ? ": " : "", e->message);
    if (strcmp(e->reason, "ScalingReplicaSet") == 0 ||
        strcmp(e->type, "Strategy") == 0)
        return arena_printf(a, "%s: %s", e->object, e->message);
    if ((strcmp(e->type, "Normal") == 0 && !is_custom(e->object) &&
         !is_about_machines(e->reason)) ||
        strcmp(e->reason, "Incomplete") == 0)
        return NULL;
    return arena_printf(a, "%s: %s: %s", e->object, e->reason, e->message);
}

/* Warnings of probes come by the dozen: each text is told once. */
static bool is_new(struct map *seen, const struct event_row *e,
                   const char *text)
{
    if (strcmp(e->type, "Warning") != 0)
        return true;
    if (map_get(seen, text))
        return false;
    map_put(seen, text, seen);
    return true;
}

static void tell_events(struct story *s)
{
    struct map seen;

    map_init(&seen, s->arena);
    for (size_t i = 0; i < s->w->record.events.len; i++) {
        const struct event_row *e = &s->w->record.events.items[i];
        const char *text = event_text(s->arena, e);

        if (text && is_new(&seen, e, text))
            tell(s, e->at, arena_printf(s->arena, "%s%s",
                                        where(s, e->space), text));
    }
}

/* ---- pods ---------------------------------------------------------------- */

static const char *pod_sentence(const char *state)
{
    static const char *const words[][2] = {
        { "Pending", "is created" },
        { "Ready", "is ready" },
        { "NotReady", "is not ready any more" },
        { "Terminating", "is told to stop" },
        { "Gone", "is gone" },
        { "Failed", "failed" },
        { "CrashLoopBackOff", "exited; it waits before the next start" },
        { "ImagePullBackOff", "cannot get its image" },
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i][0], state) == 0)
            return words[i][1];
    return NULL;
}

static void tell_pods(struct story *s)
{
    struct map made;            /* pod -> its first row */

    map_init(&made, s->arena);
    for (size_t i = 0; i < s->w->record.pods.len; i++) {
        struct pod_row *r = &s->w->record.pods.items[i];
        const char *what = pod_sentence(r->state);
        const char *key = arena_printf(s->arena, "%s%s", where(s, r->space),
                                       r->pod);
        const struct pod_row *first = map_get(&made, key);
        char age[32] = "";

        if (!first || strcmp(r->state, "Pending") == 0)
            map_put(&made, key, r);  /* sets use names again */
        if (!what)
            continue;
        if (first && strcmp(r->state, "Ready") == 0)
            format_seconds(age, (r->at - first->at) / SIM_MS * SIM_MS);
        tell(s, r->at, arena_printf(s->arena, "%s  %s (%s) %s%s%s%s",
                                    where(s, r->space), r->pod,
                                    image_version(s->arena, r->image), what,
                                    age[0] ? ", " : "", age,
                                    age[0] ? " s after its creation" : ""));
    }
}

/* ---- requests ------------------------------------------------------------ */

static const char *cause_text(const char *name)
{
    static const char *const causes[][2] = {
#define CAUSE(id, word, doc) { #word, doc },
#include "models/causes.list"
#undef CAUSE
    };

    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (strcmp(causes[i][0], name) == 0)
            return causes[i][1];
    return name;
}

struct streak {                 /* failures of one cause at one pod */
    const struct failure_row *first;
    sim_time last;
    int64_t n;
};

static void tell_streak(struct story *s, const struct streak *k)
{
    const struct failure_row *f = k->first;
    char took[32];

    format_seconds(took, (k->last - f->at) / SIM_MS * SIM_MS);
    tell(s, f->at, arena_printf(s->arena, "! %lld request%s of %s failed%s%s%s"
                                "%s%s: %s: %s", (long long)k->n,
                                k->n == 1 ? "" : "s", f->source,
                                k->n == 1 ? "" : " within ",
                                k->n == 1 ? "" : took, k->n == 1 ? "" : " s",
                                f->pod[0] ? " at " : "", f->pod, f->cause,
                                cause_text(f->cause)));
}

static void tell_failures(struct story *s)
{
    struct map open;            /* cause/pod/source -> streak */

    map_init(&open, s->arena);
    for (size_t i = 0; i < s->w->record.failures.len; i++) {
        const struct failure_row *f = &s->w->record.failures.items[i];
        const char *key = arena_printf(s->arena, "%s/%s/%s", f->cause, f->pod,
                                       f->source);
        struct streak *k = map_get(&open, key);

        if (k && f->at - k->last <= SIM_S) {
            k->last = f->at;
            k->n++;
            continue;
        }
        if (k)
            tell_streak(s, k);
        k = arena_make(s->arena, struct streak);
        *k = (struct streak){ f, f->at, 1 };
        map_put(&open, key, k);
    }
    for (size_t i = 0; i < open.len; i++)
        if (open.entries[i].value)
            tell_streak(s, open.entries[i].value);
}

/* ---- the whole ----------------------------------------------------------- */

static int by_time(const void *va, const void *vb)
{
    const struct line *a = va, *b = vb;

    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void tell_result(struct app *app, const double *x)
{
    static const enum metric shown[] = {
        METRIC_ROLLOUT_SECONDS, METRIC_REQUESTS, METRIC_FAILED_REQUESTS,
        METRIC_DOWNTIME, METRIC_LATENCY_P99, METRIC_PEAK_PODS
    };

    fputs("\n", app->out);
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        const struct metric_row *m = metric_row(shown[i]);
        char room[32];

        if (isnan(x[shown[i]]))
            fprintf(app->out, "  %-18s undefined\n", m->name);
        else
            fprintf(app->out, "  %-18s %s %s\n", m->name,
                    format_real(room, round(x[shown[i]] * 1e3) / 1e3),
                    m->unit);
    }
}

/* Whose departures were known, and whose were events: of images that got
 * requests. */
static void tell_departures(struct app *app, const struct world *w)
{
    for (int events = 0; events < 2; events++) {
        const char *text = traffic_images(w, events);

        if (*text)
            fprintf(app->out, "  %-18s %s: %s\n",
                    "departures", events ? "events" : "known on arrival",
                    text);
    }
}

void narrate(struct app *app, const struct scenario *s, size_t v,
             uint32_t replication)
{
    const struct variant *variant = &s->variants[v];
    struct arena *a = arena_new();
    struct world *w = world_new(a, variant->spec, variant->strategy,
                                replication, true);
    struct story story = { .arena = a, .w = w };
    double x[METRIC_COUNT];

    world_run(w);
    metrics_of(w, x);
    tell_events(&story);
    tell_pods(&story);
    tell_failures(&story);
    if (story.lines.len)
        qsort(story.lines.items, story.lines.len, sizeof(struct line),
              by_time);
    fprintf(app->out, "%s%s, strategy %s, replication %u, seed %llu\n",
            v ? "\n" : "", s->name, variant->name, replication,
            (unsigned long long)variant->spec->seed);
    for (size_t i = 0; i < story.lines.len; i++)
        fprintf(app->out, "%s  %s\n",
                clock_text(a, story.lines.items[i].at - w->spec->warmup),
                story.lines.items[i].text);
    tell_result(app, x);
    tell_departures(app, w);
    arena_free(a);
}
