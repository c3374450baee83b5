/*
 * guard.c - conditions over what is seen, and what is done about them.
 *
 * A robot reacts at once, a person after a time drawn from `after`; both type
 * kubectl.  That instant, and not the one at which the condition first held, is
 * the decision from which mitigation and rollback count.  Without data nothing
 * is done, as an alert does not fire: where monitoring is lost, nobody knows.
 * A judge (judging.c) may stand in the place of the condition.  Of several clusters
 * each has guards of its own; what one does is done in each cluster that has the
 * release, and no further wave starts.
 *
 * `rollback` types kubectl rollout undo of the released workload, or, of a
 * Rollout, argo rollouts abort (undo once all users have the new version);
 * `pause` kubectl rollout pause, `abort` and `promote` those of argo rollouts.
 */
#include "models/guard.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "models/action.h"
#include "models/argo.h"
#include "models/clusters.h"
#include "models/judging.h"
#include "models/measure.h"
#include "models/world.h"

/* ---- conditions --------------------------------------------------------- */

static const char *const compares[] = { ">", ">=", "<", "<=", NULL };
static const char *const whose[] = { "all", "old", "new", NULL };

static int word_in(const char *const *list, const char *word)
{
    for (int i = 0; word && list[i]; i++)
        if (strcmp(list[i], word) == 0)
            return i;
    return -1;
}

static int metric_called(const char *name)
{
    for (int i = 0; i < SEEN_COUNT; i++)
        if (name && strcmp(seen_name((enum seen)i), name) == 0)
            return i;
    return -1;
}

static const char *metric_names(struct arena *a)
{
    const char *list = seen_name((enum seen)0);

    for (int i = 1; i < SEEN_COUNT; i++)
        list = arena_printf(a, "%s, %s", list, seen_name((enum seen)i));
    return list;
}

/* The limit of a comparison, in the unit of the metric. */
static const char *read_limit(struct arena *a, enum seen what,
                              const char *word, double *limit)
{
    const char *why = NULL;
    int64_t ns;
    bool good;

    if (!word)
        return "a value is missing after the comparison";
    switch (what) {
    case SEEN_ERROR_RATE: case SEEN_CONVERSION:
        good = parse_share(word, false, limit, &why);
        break;
    case SEEN_LATENCY_P50: case SEEN_LATENCY_P95: case SEEN_LATENCY_P99:
        good = parse_duration(word, &ns, &why);
        *limit = good ? (double)ns / (double)SIM_S : 0;
        break;
    default:
        good = parse_real(word, limit, &why);
    }
    return good ? NULL : arena_printf(a, "\"%s\" must be %s", word, why);
}

/* The rest of a condition after its metric, word by word. */
static const char *read_words(struct arena *a, char **rest,
                              struct guard_condition *out)
{
    char *word = strtok_r(NULL, " \t", rest);
    const char *why;
    int i;

    if (word && strcmp(word, "of") == 0) {
        i = word_in(whose, strtok_r(NULL, " \t", rest));
        if (i < 0)
            return "after \"of\" comes new, old or all";
        out->query.of = (enum seen_of)i;
        word = strtok_r(NULL, " \t", rest);
    }
    if (word && strcmp(word, "over") == 0) {
        word = strtok_r(NULL, " \t", rest);
        if (!word)
            return "after \"over\" comes a duration";
        if (!parse_duration(word, &out->query.window, &why))
            return arena_printf(a, "\"%s\" must be %s", word, why);
        word = strtok_r(NULL, " \t", rest);
    }
    if (!word)
        return NULL;
    i = word_in(compares, word);
    if (i < 0)
        return arena_printf(a, "\"%s\" is no comparison: >, >=, <, <=", word);
    out->compare = (enum guard_compare)i;
    why = read_limit(a, out->query.what, strtok_r(NULL, " \t", rest),
                     &out->limit);
    if (why)
        return why;
    word = strtok_r(NULL, " \t", rest);
    return word ? arena_printf(a, "\"%s\" is too much", word) : NULL;
}

const char *guard_parse(struct arena *a, const char *text,
                        struct guard_condition *out)
{
    char *rest = arena_strdup(a, text);
    const char *name = strtok_r(rest, " \t", &rest), *why;
    int what = metric_called(name);
    bool event = what == SEEN_PROGRESS_DEADLINE;

    *out = (struct guard_condition){ .compare = GUARD_HAPPENED };
    if (what < 0)
        return arena_printf(a, "monitoring has no metric \"%s\": it has %s",
                            name ? name : "", metric_names(a));
    out->query.what = (enum seen)what;
    why = read_words(a, &rest, out);
    if (why)
        return why;
    if (event != (out->compare == GUARD_HAPPENED))
        return event ? "progress_deadline is compared with nothing"
                     : arena_printf(a, "%s needs a comparison: > VALUE", name);
    if (seen_windowed(out->query.what) != (out->query.window > 0))
        return seen_windowed(out->query.what)
                   ? arena_printf(a, "%s needs a window: over 1m", name)
                   : arena_printf(a, "%s has no window", name);
    return NULL;
}

/* ---- watching ----------------------------------------------------------- */

struct guard {
    struct world *w;
    const struct guard_spec *spec;
    struct stream luck;
    bool fired;
};

static void fire_act(struct sim *sim, void *subject, int64_t arg);
static void fire_look(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_act = { "guard.act", RANK_ACTION, fire_act };
static const struct event_kind ev_look = { "guard.look", RANK_MEASURE,
                                           fire_look };

/* A command on the released workload ("deployment/web"); on_rollout: on the
 * Rollout of that name ("web"). */
static const char *on_release(const struct guard *g, const char *verb,
                              bool on_rollout)
{
    const struct release_spec *r = &g->w->spec->release;
    const char *space = r->space ? r->space : "default";
    const char *slash = strchr(r->workload, '/');
    const char *what = on_rollout && slash ? slash + 1 : r->workload;

    if (strcmp(space, "default") == 0)
        return arena_printf(g->w->arena, "%s %s", verb, what);
    return arena_printf(g->w->arena, "%s %s -n %s", verb, what, space);
}

/* The way back: a Rollout is aborted, or undone if all users have the new
 * version already. */
static const char *way_back(const struct guard *g)
{
    const struct meta *m = release_target(g->w);
    const struct argo *r = m && m->kind == KIND_ROLLOUT ? argo_seen(m) : NULL;

    if (!r)
        return on_release(g, "rollout undo", false);
    if (r->stable && r->current && strcmp(r->stable, r->current) == 0)
        return on_release(g, "argo rollouts undo", true);
    return on_release(g, "argo rollouts abort", true);
}

static const char *command_of(const struct guard *g)
{
    switch (g->spec->then) {
    case GUARD_ROLLBACK: return way_back(g);
    case GUARD_PAUSE:    return on_release(g, "rollout pause", false);
    case GUARD_ABORT:    return on_release(g, "argo rollouts abort", true);
    case GUARD_PROMOTE:  return on_release(g, "argo rollouts promote", true);
    case GUARD_KUBECTL:  break;
    }
    return g->spec->kubectl;
}

/* In each cluster that has the release; to go on is for its own only. */
static void fire_act(struct sim *sim, void *subject, int64_t arg)
{
    const struct guard *g = subject;

    (void)sim;
    (void)arg;
    for (size_t i = 0; i < clusters_count(g->w); i++) {
        struct guard there = *g;

        there.w = clusters_at(g->w, i);
        if (there.w == g->w || (g->spec->then != GUARD_PROMOTE &&
                                clusters_have_released(there.w)))
            kubectl_type(there.w, command_of(&there), NULL, 0);
    }
}

/* It has seen what it was to look for. */
static void fire(struct guard *g)
{
    if (g->spec->then != GUARD_PROMOTE)
        clusters_halt(g->w, "a guard fired");
    sim_after(g->w->sim, dist_draw(&g->spec->after, &g->luck), &ev_act, g, 0);
}

bool guard_holds(struct world *w, const struct guard_condition *c,
                 double *value)
{
    if (!monitoring_read(w, &c->query, value))
        return false;
    switch (c->compare) {
    case GUARD_ABOVE:    return *value > c->limit;
    case GUARD_AT_LEAST: return *value >= c->limit;
    case GUARD_BELOW:    return *value < c->limit;
    case GUARD_AT_MOST:  return *value <= c->limit;
    case GUARD_HAPPENED: return *value > 0;
    }
    return false;
}

/* Of several clusters the first one's speaks for all: nothing is undone
 * twice. */
static bool is_first(struct guard *g)
{
    g->fired = true;
    return g->spec->then == GUARD_PROMOTE ||
           clusters_first_alarm(g->w, (size_t)(g->spec - g->w->spec->guards));
}

static void look(struct guard *g)
{
    const struct spec *s = g->w->spec;
    double value;

    if (g->fired || !measure_released(g->w) ||
        !guard_holds(g->w, &g->spec->condition, &value) || !is_first(g))
        return;
    record_note(g->w, "Guard", "Crossed", "", s->release.workload,
                arena_printf(g->w->arena, "%s: %.4g seen", g->spec->when,
                             value));
    fire(g);
}

static void told(void *ctx)
{
    look(ctx);
}

static void fire_look(struct sim *sim, void *subject, int64_t arg)
{
    struct guard *g = subject;

    (void)arg;
    look(g);
    if (!g->fired)
        sim_after(sim, g->spec->looks, &ev_look, g, 0);
}

/* The canary has failed in the eyes of a judge. */
static void failed(void *ctx)
{
    struct guard *g = ctx;

    if (is_first(g))
        fire(g);
}

void guards_start(struct world *w)
{
    for (size_t i = 0; i < w->spec->nguards; i++) {
        struct guard *g = arena_make(w->arena, struct guard);

        g->w = w;
        g->spec = &w->spec->guards[i];
        world_stream(w, &g->luck, PURPOSE_OPERATOR, ((uint64_t)1 << 32) + i);
        monitoring_start(w);
        if (g->spec->judge)
            judging_start(w, g->spec->judge, failed, g);
        else if (g->spec->looks == 0)
            monitoring_subscribe(w, told, g);
        else
            sim_after(w->sim,
                      (sim_time)(stream_u01(&g->luck) *
                                 (double)g->spec->looks), &ev_look, g, 0);
    }
}
