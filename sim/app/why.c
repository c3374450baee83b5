/*
 * why.c - the chain that led to each failed request, in groups.
 *
 * A request fails because somebody still led it to a pod that did not listen
 * yet, or no longer, or because there was nobody to lead it to.  Failures at
 * one pod for one reason are one group: the pod's own time line (API,
 * EndpointSlice, the rules of the nodes that sent them, process, network),
 * the failures per node and cause, and the remedy:
 *
 *     told to stop        preStop until the last of these rules dropped it;
 *                         what is cut in flight needs a process that drains
 *     not listening yet   a readiness probe
 *     ended by itself     nothing that is set at its end
 *     hung                a liveness probe; a readiness probe that is quicker
 *     at work             told by the cause (time-out, full queue, 5xx)
 *     no pod at all       new pods before old ones go
 *
 * What each pod would have needed is read off this one history.  With a longer
 * pause everything goes another way, so the pause that is called enough for all
 * has been tried: the same replication is run with it, and with a longer one if
 * some still fail.
 *
 * With retries the time of a request is that of its first attempt.
 */
#include "app/why.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "app/prestop.h"
#include "base/text.h"
#include "models/metrics.h"
#include "models/request.h"
#include "models/world.h"

#define POD_GROUPS 12           /* told in full; the others in one line each */
#define TRIES 8                 /* pauses tried */
#define NODES_TOLD 6            /* rules of a group, the slowest */

enum reason { REASON_STOPPED, REASON_STARTING, REASON_DIED, REASON_AT_WORK,
              REASON_NOWHERE, REASON_BLOCKED, REASON_HUNG };

struct spot {                   /* of one cause, from one node */
    const char *what, *node;    /* the cause, perhaps with a remark */
    int64_t n;
    sim_time first, last;
};

struct group {
    enum reason reason;
    const char *pod, *version;
    int64_t n;
    sim_time first, last;
    VEC(struct spot) spots;
    /* REASON_STOPPED */
    sim_time told;              /* deletion, or the order of the node */
    sim_time stopping;          /* preStop begins */
    sim_time hook;              /* how long that takes; 0 if there is none */
    sim_time needed;            /* the shortest preStop; NEVER: none is enough;
                                 * 0: no matter */
    int64_t cut, late;          /* in flight; by an old source port */
};

struct why {
    struct app *app;
    struct arena *arena;
    const struct world *w;
    const struct variant *variant;
    uint32_t replication;
    const char *cause;          /* NULL: any */
    struct map by_key;
    VEC(struct group *) groups;
    int64_t n;
};

bool why_metric(const char *metric, const char **cause)
{
    static const char prefix[] = "failed_";

    *cause = NULL;
    if (strcmp(metric, "failed_requests") == 0)
        return true;
    if (strncmp(metric, prefix, sizeof(prefix) - 1) != 0)
        return false;
    for (int c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++)
        if (strcmp(cause_names[c], metric + sizeof(prefix) - 1) == 0)
            *cause = cause_names[c];
    return *cause != NULL;
}

/* ---- looking things up --------------------------------------------------- */

static bool is_about(const struct view_row *r, enum view view,
                     const char *pod, const char *node)
{
    return r->view == view && strcmp(r->pod, pod) == 0 &&
           (!node || strcmp(r->node, node) == 0);
}

/* The last such row up to t; SIM_NEVER if there is none. */
static sim_time last_until(const struct why *y, enum view view,
                           const char *pod, const char *node, sim_time t)
{
    sim_time found = SIM_NEVER;

    for (size_t i = 0; i < y->w->record.views.len; i++) {
        const struct view_row *r = &y->w->record.views.items[i];

        if (r->at > t)
            break;
        if (is_about(r, view, pod, node))
            found = r->at;
    }
    return found;
}

/* The first such row from t on; SIM_NEVER if there is none. */
static sim_time first_from(const struct why *y, enum view view,
                           const char *pod, const char *node, sim_time t)
{
    for (size_t i = 0; i < y->w->record.views.len; i++) {
        const struct view_row *r = &y->w->record.views.items[i];

        if (r->at >= t && is_about(r, view, pod, node))
            return r->at;
    }
    return SIM_NEVER;
}

/* ---- groups -------------------------------------------------------------- */

static bool is(const struct failure_row *f, enum cause cause)
{
    return strcmp(f->cause, cause_names[cause]) == 0;
}

/* When the process hung that f waited for; SIM_NEVER: it did not hang. */
static sim_time hung_for(const struct why *y, const struct failure_row *f)
{
    sim_time hung = last_until(y, VIEW_HANGS, f->pod, NULL, f->end);

    if (hung != SIM_NEVER && hung < f->at &&
        first_from(y, VIEW_LISTENS, f->pod, NULL, hung) <= f->at)
        return SIM_NEVER;       /* another run of it */
    return hung;
}

static enum reason reason_of(const struct why *y, const struct failure_row *f)
{
    sim_time told, listens;

    if (!f->pod[0])
        return REASON_NOWHERE;
    if (is(f, CAUSE_TIMEOUT) && hung_for(y, f) != SIM_NEVER)
        return REASON_HUNG;
    if (!is(f, CAUSE_REFUSED) && !is(f, CAUSE_HANG) && !is(f, CAUSE_RESET))
        return REASON_AT_WORK;
    told = first_from(y, VIEW_STOPPING, f->pod, NULL, 0);
    listens = first_from(y, VIEW_LISTENS, f->pod, NULL, 0);
    if (is(f, CAUSE_HANG) &&
        first_from(y, VIEW_BLOCKED, f->pod, NULL, 0) <= f->at &&
        first_from(y, VIEW_NETWORK_GONE, f->pod, NULL, 0) > f->at)
        return REASON_BLOCKED;
    if (is(f, CAUSE_REFUSED) && f->at < listens && f->at < told)
        return REASON_STARTING;
    return told != SIM_NEVER ? REASON_STOPPED : REASON_DIED;
}

/* When the node of f stopped leading requests to its pod, after `told`. */
static sim_time dropped(const struct why *y, const char *pod,
                        const char *node, sim_time told)
{
    sim_time listed = last_until(y, VIEW_RULES_LIST, pod, node, SIM_NEVER);
    sim_time gone = last_until(y, VIEW_RULES_DROP, pod, node, SIM_NEVER);

    if (gone == SIM_NEVER || (listed != SIM_NEVER && listed > gone))
        return listed == SIM_NEVER ? told : SIM_NEVER;
    return gone;
}

/* Did the rules of a node drop the pod while its Service had no ready pod?
 * Then they led to pods that stop, for as long as those serve (from 1.26 on).
 */
static bool fell_back(const struct why *y, const char *pod, const char *node,
                      sim_time gone)
{
    const struct record *record = &y->w->record;
    const char *service = NULL;
    int ready = 0;

    if (world_is(y->w, KUBE_1_20) || gone == SIM_NEVER)
        return false;
    for (size_t i = record->views.len; i-- > 0 && !service;)
        if (record->views.items[i].at == gone &&
            is_about(&record->views.items[i], VIEW_RULES_DROP, pod, node))
            service = record->views.items[i].service;
    for (size_t i = 0; service && i < record->views.len; i++) {
        const struct view_row *r = &record->views.items[i];

        if (r->at > gone || strcmp(r->service, service) != 0)
            continue;
        ready += r->view == VIEW_SLICE_LISTS;
        ready -= r->view == VIEW_SLICE_DROPS;
    }
    return service && ready == 0;
}

static void set_told(const struct why *y, struct group *g)
{
    sim_time term;

    g->stopping = first_from(y, VIEW_STOPPING, g->pod, NULL, 0);
    term = first_from(y, VIEW_SIGTERM, g->pod, NULL, 0);
    g->told = last_until(y, VIEW_TERMINATING, g->pod, NULL, g->stopping);
    if (g->told == SIM_NEVER)
        g->told = g->stopping;
    if (term != SIM_NEVER)
        g->hook = term - g->stopping;
}

static struct group *group_of(struct why *y, const struct failure_row *f)
{
    enum reason reason = reason_of(y, f);
    const char *key = arena_printf(y->arena, "%d/%s", (int)reason, f->pod);
    struct group *g = map_get(&y->by_key, key);

    if (g)
        return g;
    g = arena_make(y->arena, struct group);
    g->reason = reason;
    g->pod = f->pod;
    g->version = f->version;
    g->first = f->at;
    if (reason == REASON_STOPPED)
        set_told(y, g);
    map_put(&y->by_key, key, g);
    vec_push(y->arena, &y->groups, g);
    return g;
}

/* What happened to f, which was led to its pod when the rules of its node did
 * not any more (late), or not. */
static const char *what_of(const struct why *y, const struct failure_row *f,
                           bool late)
{
    if (f->remark)
        return arena_printf(y->arena, "%s (%s)", f->cause, f->remark);
    if (late && is(f, CAUSE_HANG))
        return "hang (an old source port)";
    if (late && is(f, CAUSE_RESET))
        return "reset (a connection kept open)";
    return f->cause;
}

static struct spot *spot_of(struct why *y, struct group *g,
                            const struct failure_row *f, bool late)
{
    const char *what = what_of(y, f, late);

    for (size_t i = 0; i < g->spots.len; i++)
        if (strcmp(g->spots.items[i].what, what) == 0 &&
            strcmp(g->spots.items[i].node, f->node) == 0)
            return &g->spots.items[i];
    vec_push(y->arena, &g->spots, ((struct spot){
        .what = what, .node = f->node, .first = f->at }));
    return &g->spots.items[g->spots.len - 1];
}

/* Was f led to its pod although the rules did not any more?  If not, count
 * what it says of the preStop that its pod ought to have had. */
static bool came_late(const struct why *y, struct group *g,
                      const struct failure_row *f)
{
    sim_time gone = dropped(y, f->pod, f->node, g->told);
    bool never = gone == SIM_NEVER || fell_back(y, f->pod, f->node, gone);
    sim_time needed = never ? SIM_NEVER : gone - g->stopping;

    g->cut += is(f, CAUSE_RESET) && !f->remark;
    if (gone != SIM_NEVER && f->at > gone) {
        g->late += !is(f, CAUSE_RESET);
        return true;
    }
    if (needed > g->needed)
        g->needed = needed;
    return false;
}

static void add(struct why *y, const struct failure_row *f)
{
    struct group *g = group_of(y, f);
    bool late = g->reason == REASON_STOPPED && came_late(y, g, f);
    struct spot *s = spot_of(y, g, f, late);

    s->n++;
    s->last = f->at;
    g->n++;
    g->last = f->at;
    y->n++;
}

/* ---- words --------------------------------------------------------------- */

static const char *clock_of(const struct why *y, sim_time t)
{
    int64_t ms = (t - y->w->spec->warmup) / SIM_MS;

    return arena_printf(y->arena, "%lld:%02lld.%03lld",
                        (long long)(ms / 60000),
                        (long long)(ms / 1000 % 60), (long long)(ms % 1000));
}

/* "0.87", rounded up to hundredths: so much is enough. */
static const char *enough(const struct why *y, sim_time t)
{
    char room[32];

    return arena_strdup(y->arena,
                        format_seconds(room, (t / (10 * SIM_MS) + 1) * 10 *
                                             SIM_MS));
}

static const char *plus(const struct why *y, sim_time t)
{
    return arena_printf(y->arena, "%+.3f s", (double)t / (double)SIM_S);
}

static const char *requests(int64_t n)
{
    return n == 1 ? "request" : "requests";
}

static const char *view_doc(enum view view)
{
    static const char *const docs[VIEW_COUNT] = {
#define VIEW(id, name, doc) doc,
#include "models/views.list"
#undef VIEW
    };

    return docs[view];
}

/* ---- a pod's time line --------------------------------------------------- */

static bool sends(const struct group *g, const char *node)
{
    for (size_t i = 0; i < g->spots.len; i++)
        if (strcmp(g->spots.items[i].node, node) == 0)
            return true;
    return false;
}

/* Rows of rules that are told: of nodes that sent what failed, the slowest. */
static bool too_many(const struct why *y, const struct group *g, size_t row)
{
    const struct view_row *views = y->w->record.views.items;
    int later = 0;

    for (size_t i = row + 1; i < y->w->record.views.len; i++)
        later += is_about(&views[i], views[row].view, g->pod, NULL) &&
                 sends(g, views[i].node);
    return later >= NODES_TOLD;
}

static bool is_told(const struct why *y, const struct group *g, size_t row)
{
    const struct view_row *r = &y->w->record.views.items[row];

    if (strcmp(r->pod, g->pod) != 0)
        return false;
    switch (r->view) {
    case VIEW_RULES_LIST:
    case VIEW_RULES_DROP:
        return sends(g, r->node) && !too_many(y, g, row);
    case VIEW_FIRST_CONNECTION:
    case VIEW_LAST_CONNECTION:
        return false;
    default:
        return true;
    }
}

/* The rows of g's pod from `from` until `until`, times since `zero`. */
static void tell_views(const struct why *y, const struct group *g,
                       sim_time from, sim_time until, sim_time zero)
{
    const struct record *record = &y->w->record;

    for (size_t i = 0; i < record->views.len; i++) {
        const struct view_row *r = &record->views.items[i];

        if (r->at < from || r->at > until || !is_told(y, g, i))
            continue;
        fprintf(y->app->out, "  %11s  ", plus(y, r->at - zero));
        if (r->node[0])
            fprintf(y->app->out, "the rules of %s lead to it%s\n", r->node,
                    r->view == VIEW_RULES_DROP ? " no more" : "");
        else
            fprintf(y->app->out, "%s\n", view_doc(r->view));
    }
}

/* What failed, a line for each node. */
static void tell_spots(const struct why *y, const struct group *g,
                       sim_time zero)
{
    FILE *out = y->app->out;
    const char *node = "";
    size_t nodes = 0;

    for (size_t i = 0; i < g->spots.len; i++) {
        const struct spot *s = &g->spots.items[i];
        bool same = strcmp(s->node, node) == 0;

        if (!same && ++nodes > NODES_TOLD)
            continue;
        node = s->node;
        if (same)
            fputs("; ", out);
        else
            fprintf(out, "%s  from %s: ", i ? "\n" : "", node);
        fprintf(out, "%lld %s sent %s", (long long)s->n, s->what,
                plus(y, s->first - zero));
        if (s->n > 1)
            fprintf(out, " to %s", plus(y, s->last - zero));
    }
    fputc('\n', out);
    if (nodes > NODES_TOLD)
        fprintf(out, "  and from %zu more nodes\n", nodes - NODES_TOLD);
}

/* ---- remedies ------------------------------------------------------------ */

static void save_stopped(const struct why *y, const struct group *g)
{
    FILE *out = y->app->out;

    fputs("  saved by: ", out);
    if (g->needed == SIM_NEVER)
        fputs("no preStop: rules led to it for as long as it served, as no "
              "pod was ready", out);
    else if (g->needed > 0 && g->hook > 0)
        fprintf(out, "a preStop of %s s instead of %s s", enough(y, g->needed),
                enough(y, g->hook - 10 * SIM_MS));
    else if (g->needed > 0)
        fprintf(out, "a preStop of %s s", enough(y, g->needed));
    if (g->cut > 0)
        fprintf(out, "%sa process that drains (%lld cut in flight)",
                g->needed > 0 ? "; and " : "", (long long)g->cut);
    if (g->late > 0)
        fprintf(out, "%s%lld hung later, as a source port led there still",
                g->needed > 0 || g->cut > 0 ? "; " : "",
                (long long)g->late);
    fputc('\n', out);
}

static void tell_stopped(const struct why *y, const struct group *g)
{
    sim_time end = SIM_NEVER;

    fprintf(y->app->out, "told to stop at %s:\n", clock_of(y, g->told));
    tell_views(y, g, g->told, end, g->told);
    tell_spots(y, g, g->told);
    save_stopped(y, g);
}

static void tell_starting(const struct why *y, const struct group *g)
{
    sim_time ready = first_from(y, VIEW_READY, g->pod, NULL, 0);
    sim_time listens = first_from(y, VIEW_LISTENS, g->pod, NULL, 0);
    sim_time zero = ready == SIM_NEVER ? g->first : ready;

    fprintf(y->app->out, "called Ready at %s, before it listens:\n",
            clock_of(y, zero));
    tell_views(y, g, zero, listens, zero);
    tell_spots(y, g, zero);
    fputs("  saved by: a readiness probe, which would have called it Ready ",
          y->app->out);
    if (listens == SIM_NEVER)
        fputs("never\n", y->app->out);
    else
        fprintf(y->app->out, "%s s later\n", enough(y, listens - zero));
}

static void tell_died(const struct why *y, const struct group *g)
{
    sim_time ended = last_until(y, VIEW_EXITS, g->pod, NULL, g->last);
    sim_time cut = first_from(y, VIEW_EXITS, g->pod, NULL, g->first);
    sim_time zero = ended != SIM_NEVER ? ended
                    : cut != SIM_NEVER ? cut : g->first;

    fprintf(y->app->out, "not told to stop; down at %s:\n",
            clock_of(y, zero));
    tell_views(y, g, zero, g->last + SIM_S, zero);
    tell_spots(y, g, zero);
    fputs("  saved by: clients that try again; fewer by a readiness probe "
          "with a shorter period\n", y->app->out);
}

static const char *const at_work[CAUSE_COUNT] = {
    [CAUSE_TIMEOUT] = "more time for an answer, or a faster pod",
    [CAUSE_OVERLOAD] = "more pods, more concurrency, or a longer queue",
    [CAUSE_ERROR] = "an analysis or guard that stops this version early",
};

/* Was this noted of the pod of g? */
static bool noted(const struct why *y, const struct group *g,
                  const char *reason)
{
    const struct record *record = &y->w->record;

    for (size_t i = 0; i < record->events.len; i++) {
        const struct event_row *e = &record->events.items[i];

        if (strcmp(e->reason, reason) == 0 &&
            strncmp(e->object, "pod/", 4) == 0 &&
            strcmp(e->object + 4, g->pod) == 0)
            return true;
    }
    return false;
}

static const char *remedy_at_work(const struct why *y, const struct group *g,
                                  int cause)
{
    if (cause == CAUSE_ERROR && noted(y, g, "Unreadable"))
        return "a version released before, that reads the old schema and the "
               "new one";
    return at_work[cause];
}

/* The remedies of all causes in g, each said of its own if there are more. */
static void save_at_work(const struct why *y, const struct group *g)
{
    bool met[CAUSE_COUNT] = { false };
    int n = 0;

    for (int c = 0; c < CAUSE_COUNT; c++)
        for (size_t i = 0; at_work[c] && i < g->spots.len && !met[c]; i++)
            met[c] = strcmp(g->spots.items[i].what, cause_names[c]) == 0;
    for (int c = 0; c < CAUSE_COUNT; c++)
        n += met[c];
    for (int c = 0; c < CAUSE_COUNT; c++)
        if (met[c])
            fprintf(y->app->out, "  %s%ssaved by: %s\n",
                    n > 1 ? cause_names[c] : "", n > 1 ? " " : "",
                    remedy_at_work(y, g, c));
}

static void tell_at_work(const struct why *y, const struct group *g)
{
    fprintf(y->app->out, "at work from %s to %s:\n", clock_of(y, g->first),
            clock_of(y, g->last));
    tell_spots(y, g, g->first);
    save_at_work(y, g);
}

/* It hung: when did somebody take it out, or start it again? */
static void tell_hung(const struct why *y, const struct group *g)
{
    sim_time hung = last_until(y, VIEW_HANGS, g->pod, NULL, g->last);
    sim_time zero = hung != SIM_NEVER ? hung : g->first;
    sim_time drops = first_from(y, VIEW_SLICE_DROPS, g->pod, NULL, zero);
    sim_time again = first_from(y, VIEW_EXITS, g->pod, NULL, zero);
    FILE *out = y->app->out;

    fprintf(out, "hung from %s on:\n", clock_of(y, zero));
    tell_views(y, g, zero, SIM_NEVER, zero);
    tell_spots(y, g, zero);
    if (drops == SIM_NEVER)
        fputs("  saved by: a readiness probe that sees it (none has)", out);
    else
        fprintf(out, "  saved by: a readiness probe that sees it sooner than "
                "after %s s", enough(y, drops - zero));
    fputs(again == SIM_NEVER
              ? "; a liveness probe would start it again\n"
              : "\n", out);
}

/* The last drop, and the first listing after it, of any pod in the rules of a
 * node around the failures of s. */
static void tell_empty(const struct why *y, const struct spot *s)
{
    const struct record *record = &y->w->record;
    const struct view_row *from = NULL, *to = NULL;

    for (size_t i = 0; i < record->views.len; i++) {
        const struct view_row *r = &record->views.items[i];

        if (strcmp(r->node, s->node) != 0)
            continue;
        if (r->view == VIEW_RULES_DROP && r->at <= s->first)
            from = r;
        if (r->view == VIEW_RULES_LIST && r->at >= s->last && !to)
            to = r;
    }
    fprintf(y->app->out, "  rules of %s: ", s->node);
    if (from)
        fprintf(y->app->out, "%s, the last, dropped at %s; ", from->pod,
                clock_of(y, from->at));
    if (to)
        fprintf(y->app->out, "%s listed at %s\n", to->pod,
                clock_of(y, to->at));
    else
        fputs("none listed after that\n", y->app->out);
}

static void tell_nowhere(const struct why *y, const struct group *g)
{
    const char *last = "";

    fprintf(y->app->out, "from %s to %s:\n", clock_of(y, g->first),
            clock_of(y, g->last));
    for (size_t i = 0; i < g->spots.len && i < NODES_TOLD; i++) {
        if (strcmp(g->spots.items[i].node, last) != 0)
            tell_empty(y, &g->spots.items[i]);
        last = g->spots.items[i].node;
    }
    tell_spots(y, g, g->first);
    fputs("  saved by: new pods that are ready before the old ones go "
          "(RollingUpdate);\n            a longer preStop makes it worse where "
          "new pods wait for the end of the old (Recreate)\n", y->app->out);
}

static void tell_blocked(const struct why *y, const struct group *g)
{
    fprintf(y->app->out, "kept away by a NetworkPolicy from %s on:\n",
            clock_of(y, g->first));
    tell_spots(y, g, g->first);
    fputs("  saved by: a NetworkPolicy that selects this pod and allows its "
          "clients\n", y->app->out);
}

/* ---- the whole ----------------------------------------------------------- */

static void tell_group(const struct why *y, const struct group *g)
{
    static void (*const tell[])(const struct why *, const struct group *) = {
        [REASON_STOPPED] = tell_stopped, [REASON_STARTING] = tell_starting,
        [REASON_DIED] = tell_died, [REASON_AT_WORK] = tell_at_work,
        [REASON_NOWHERE] = tell_nowhere, [REASON_BLOCKED] = tell_blocked,
        [REASON_HUNG] = tell_hung,
    };
    FILE *out = y->app->out;

    if (g->reason == REASON_NOWHERE)
        fprintf(out, "\n%lld %s with no pod to go to, ", (long long)g->n,
                requests(g->n));
    else
        fprintf(out, "\n%lld %s at %s (%s), ", (long long)g->n,
                requests(g->n), g->pod, g->version);
    tell[g->reason](y, g);
}

static int by_node(const void *x, const void *z)
{
    const struct spot *a = x, *b = z;
    int order = strcmp(a->node, b->node);

    if (order)
        return order;
    return a->first < b->first ? -1 : a->first > b->first;
}

static int by_number(const void *x, const void *z)
{
    const struct group *a = *(struct group *const *)x;
    const struct group *b = *(struct group *const *)z;

    if (a->n != b->n)
        return a->n > b->n ? -1 : 1;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return strcmp(a->pod, b->pod);
}

/* What a replication says of preStop: failures of pods that were told to stop
 * which a longer one would have saved, and the longest that one of them
 * needed. */
struct trial {
    int64_t left;
    sim_time needed;            /* NEVER: none is long enough */
};

static struct trial trial_of(const struct why *y)
{
    struct trial t = {0};

    for (size_t i = 0; i < y->groups.len; i++) {
        const struct group *g = y->groups.items[i];

        if (g->reason != REASON_STOPPED || g->needed == 0)
            continue;
        t.left += g->n - g->cut - g->late;
        t.needed = g->needed > t.needed ? g->needed : t.needed;
    }
    return t;
}

static void look(struct why *y, const struct variant *variant,
                 const struct spec *spec, uint32_t replication,
                 const char *cause);

static double hundredths(sim_time t)
{
    return (double)(t / (10 * SIM_MS) + 1) / 100;
}

/* Try pauses from `needed` on; returns one with which none is left, or the last
 * one tried. */
static double try_pauses(const struct why *y, sim_time needed,
                         struct trial *last)
{
    double pause = hundredths(needed);

    for (int i = 0; i < TRIES; i++) {
        struct arena *a = arena_new();
        struct why again = { .app = y->app, .arena = a };

        look(&again, y->variant, prestop_spec(a, y->variant->spec, pause),
             y->replication, y->cause);
        *last = trial_of(&again);
        arena_free(a);
        if (last->left == 0 || last->needed == SIM_NEVER || i == TRIES - 1)
            break;
        pause = fmax(hundredths(last->needed), pause + 0.01);
    }
    return pause;
}

static void tell_pause(const struct why *y, sim_time needed, sim_time least)
{
    struct trial last = {0};
    double pause = try_pauses(y, needed, &last);
    FILE *out = y->app->out;

    fprintf(out, "of %g s ", pause);
    if (last.left == 0)
        fputs("is enough for all, as trying it shows", out);
    else if (last.needed == SIM_NEVER)
        fprintf(out, "was tried, and %lld fail nevertheless: rules lead to pods "
                "that stop, as no other is ready", (long long)last.left);
    else
        fprintf(out, "was tried, and %lld fail nevertheless",
                (long long)last.left);
    fprintf(out, " (%s s for one of them)", enough(y, least));
}

/* One line for all pods that were told to stop. */
static void sum_stopped(const struct why *y)
{
    int64_t n = 0, pods = 0, cut = 0;
    sim_time most = 0, least = SIM_NEVER;

    for (size_t i = 0; i < y->groups.len; i++) {
        const struct group *g = y->groups.items[i];

        if (g->reason != REASON_STOPPED)
            continue;
        n += g->n;
        cut += g->cut;
        pods++;
        most = g->needed > most ? g->needed : most;
        if (g->needed > 0)
            least = g->needed < least ? g->needed : least;
    }
    if (n == 0)
        return;
    fprintf(y->app->out, "\nin all %lld %s at %lld pods that were told to "
            "stop; a preStop ", (long long)n, requests(n), (long long)pods);
    if (most == 0)
        fputs("does not help, draining does", y->app->out);
    else if (most == SIM_NEVER)
        fputs("does not help: rules led to one of them as long as it served",
              y->app->out);
    else
        tell_pause(y, most, least);
    if (cut > 0 && most > 0)
        fprintf(y->app->out, ", with draining for the %lld cut in flight",
                (long long)cut);
    fputc('\n', y->app->out);
}

static void tell_all(struct why *y)
{
    int64_t rest = 0;

    if (y->groups.len > 0)
        qsort(y->groups.items, y->groups.len, sizeof(*y->groups.items),
              by_number);
    for (size_t i = 0; i < y->groups.len; i++) {
        struct group *g = y->groups.items[i];

        qsort(g->spots.items, g->spots.len, sizeof(*g->spots.items), by_node);
        if (i < POD_GROUPS)
            tell_group(y, g);
        else
            rest += g->n;
    }
    if (rest > 0)
        fprintf(y->app->out, "\n%lld more at %zu pods, likewise\n",
                (long long)rest, y->groups.len - POD_GROUPS);
    sum_stopped(y);
}

/* Run the replication of a spec and put its failures into groups. */
static void look(struct why *y, const struct variant *variant,
                 const struct spec *spec, uint32_t replication,
                 const char *cause)
{
    struct world *w = world_new(y->arena, spec, variant->strategy,
                                replication, true);

    y->w = w;
    y->variant = variant;
    y->replication = replication;
    y->cause = cause;
    world_run(w);
    map_init(&y->by_key, y->arena);
    for (size_t i = 0; i < w->record.failures.len; i++) {
        const struct failure_row *f = &w->record.failures.items[i];

        if (!cause || strcmp(f->cause, cause) == 0)
            add(y, f);
    }
}

void why(struct app *app, const struct scenario *s, size_t v,
         uint32_t replication, const char *cause)
{
    const struct variant *variant = &s->variants[v];
    struct arena *a = arena_new();
    struct why y = { .app = app, .arena = a };
    double x[METRIC_COUNT];

    look(&y, variant, variant->spec, replication, cause);
    metrics_of(y.w, x);
    fprintf(app->out, "%s%s, strategy %s, replication %u, seed %llu: "
            "%lld of %.0f requests failed%s%s\n", v ? "\n" : "", s->name,
            variant->name, replication,
            (unsigned long long)variant->spec->seed, (long long)y.n,
            x[METRIC_REQUESTS], cause ? ": " : "", cause ? cause : "");
    tell_all(&y);
    arena_free(a);
}
