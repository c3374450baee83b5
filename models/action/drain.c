/*
 * drain.c - kubectl drain: close a node, then evict the pods that it has.
 *
 * Cordon, look at the pods, refuse if some of them must not be taken down
 * without a flag, then evict all of them at once.  An eviction that a budget
 * does not allow is tried again every 5 s.  A pod counts as evicted when it is
 * seen to be gone (kubectl looks once a second); when all are, the node is
 * drained.
 *
 * Not modelled: --selector for nodes, mirror pods, --disable-eviction,
 * --skip-wait-for-delete-timeout.
 * Source: kubectl pkg/drain at v1.36; reference 7.4.
 */
#include "kubectl_impl.h"
#include <stdlib.h>
#include <string.h>
#include "base/units.h"
#include "base/vec.h"
#include "models/eviction.h"
#include "models/node.h"
#include "models/pod.h"

#define RETRY (5 * SIM_S)       /* after a budget's refusal */
#define LOOK (1 * SIM_S)        /* whether a pod is gone */

static const struct kubectl_flag drain_flags[] = {
    { "ignore-daemonsets", 0, KUBECTL_SWITCH, "leave their pods alone" },
    { "force", 0, KUBECTL_SWITCH, "also pods that nothing will replace" },
    { "delete-emptydir-data", 0, KUBECTL_SWITCH, "also pods with emptyDir" },
    { "grace-period", 0, KUBECTL_COUNT, "seconds; -1: the pods' own" },
    { "pod-selector", 0, KUBECTL_TEXT, "only pods with KEY=VALUE,..." },
    { "timeout", 0, KUBECTL_TEXT, "give up after, for example 60s; 0: never" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

/* A drain under way. */
struct drain {
    struct kubectl *k;
    object_uid node;
    const char *name;           /* of the node */
    int grace_s;
    VEC(object_uid) pods;
    size_t left;                /* of them, not gone yet */
};

/* One pod of it. */
struct leaving {
    struct drain *d;
    object_uid uid;
    const char *space, *name;
    struct eviction request;    /* as the server has read it */
};

/* ---- which pods ---------------------------------------------------------- */

/* May p be taken down?  *ignore: it is left alone.  NULL, or the kind of pods
 * that it belongs to and the flag that allows it. */
static const char *obstacle(const struct kubectl *k, const struct pod *p,
                            bool *ignore)
{
    const struct meta *owner = api_get(k->w->api, p->meta.owner);
    bool finished = p->phase == POD_SUCCEEDED || p->phase == POD_FAILED;

    *ignore = false;
    if (owner && owner->kind == KIND_DAEMONSET && !finished) {
        *ignore = kubectl_flag(&k->c, "ignore-daemonsets") != NULL;
        return *ignore ? NULL : "cannot delete DaemonSet-managed Pods (use "
                                "--ignore-daemonsets to ignore)";
    }
    if (finished)
        return NULL;
    if (pod_has_volume(p, "emptyDir") && !kubectl_flag(&k->c, "delete-emptydir-data"))
        return "cannot delete Pods with local storage (use "
               "--delete-emptydir-data to override)";
    if (p->meta.owner == 0 && !kubectl_flag(&k->c, "force"))
        return "cannot delete Pods that declare no controller (use --force "
               "to override)";
    return NULL;
}

/* Is p among those that --pod-selector chooses? */
static bool chosen(const struct kubectl *k, const struct pod *p)
{
    const char *text = kubectl_flag(&k->c, "pod-selector");

    return !text || selector_match(kubectl_selector(k->arena, text),
                                   p->meta.labels);
}

/* Fill d->pods; NULL, or why the node cannot be drained. */
static const char *collect(struct drain *d)
{
    struct kubectl *k = d->k;

    for (size_t i = 0; i < api_count(k->w->api, KIND_POD); i++) {
        const struct pod *p = pod_seen(api_at(k->w->api, KIND_POD, i));
        const char *why;
        bool ignore;

        if (p->node != d->node || !chosen(k, p))
            continue;
        why = obstacle(k, p, &ignore);
        if (why)
            return arena_printf(k->arena, "%s: %s/%s", why, p->meta.space,
                                p->meta.name);
        if (!ignore)
            vec_push(k->arena, &d->pods, p->meta.uid);
    }
    return NULL;
}

/* ---- evicting ------------------------------------------------------------ */

static void ask_fire(struct sim *sim, void *subject, int64_t arg);
static void evict_fire(struct sim *sim, void *subject, int64_t arg);
static void look_fire(struct sim *sim, void *subject, int64_t arg);
static void timeout_fire(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_ask = { "kubectl.evicts", RANK_ACTION,
                                          ask_fire };
static const struct event_kind ev_evict = { "kubectl.evicted", RANK_COMMIT,
                                            evict_fire };
static const struct event_kind ev_look = { "kubectl.looked", RANK_ACTION,
                                           look_fire };
static const struct event_kind ev_timeout = { "kubectl.drain-timeout",
                                              RANK_ACTION, timeout_fire };

static void say(const struct leaving *l, const char *reason, const char *text)
{
    record_note(l->d->k->w, "Action", reason, l->space, l->name, text);
}

static void drained(struct drain *d)
{
    kubectl_say(d->k, NULL, "node/%s drained", d->name);
    d->k->over = true;
}

static void gone(struct leaving *l)
{
    say(l, "Done", arena_printf(l->d->k->arena, "pod/%s evicted", l->name));
    if (--l->d->left == 0)
        drained(l->d);
}

static void look_fire(struct sim *sim, void *subject, int64_t arg)
{
    struct leaving *l = subject;

    (void)arg;
    if (l->d->k->over)
        return;
    if (api_get(l->d->k->w->api, l->uid))
        sim_after(sim, LOOK, &ev_look, l, 0);
    else
        gone(l);
}

static void evict_fire(struct sim *sim, void *subject, int64_t arg)
{
    struct leaving *l = subject;
    struct kubectl *k = l->d->k;
    const char *why = "";
    enum api_code code;

    (void)arg;
    if (k->over)
        return;
    code = eviction_commit(k->w, &l->request, &why);
    if (code == API_CONFLICT) {
        sim_after(sim, eviction_retry(&k->stream), &ev_ask, l, 0);
    } else if (code == API_TOO_MANY) {
        say(l, "Waiting",
            arena_printf(k->arena, "error when evicting pods/\"%s\" -n "
                         "\"%s\" (will retry after 5s): %s", l->name,
                         l->space, why));
        sim_after(sim, RETRY, &ev_ask, l, 1);
    } else if (code == API_NOT_FOUND) {
        say(l, "Done", arena_printf(k->arena, "pod/%s was gone", l->name));
        gone(l);
    } else if (code == API_OK) {
        say(l, "Allowed", arena_printf(k->arena, "eviction of pod %s/%s is "
                                       "allowed", l->space, l->name));
        sim_after(sim, LOOK, &ev_look, l, 0);
    } else {
        kubectl_refuse(k, "error when evicting pods/\"%s\" -n \"%s\": %s",
                       l->name, l->space, why);
    }
}

/* The server gets a request; arg: kubectl says so. */
static void ask_fire(struct sim *sim, void *subject, int64_t arg)
{
    struct leaving *l = subject;
    struct kubectl *k = l->d->k;

    if (k->over)
        return;
    if (!kubectl_may(k, "create", KIND_POD, "eviction", l->space, l->name))
        return;
    if (arg)
        say(l, "Evicting", arena_printf(k->arena, "evicting pod %s/%s",
                                        l->space, l->name));
    l->request = eviction_read(k->w, l->uid, l->d->grace_s);
    sim_after(sim, world_draw(k->w, TIMING_API_WRITE, &k->stream), &ev_evict,
              l, 0);
}

static void timeout_fire(struct sim *sim, void *subject, int64_t arg)
{
    struct drain *d = subject;

    (void)sim;
    (void)arg;
    if (!d->k->over)
        kubectl_refuse(d->k, "error: unable to drain node \"%s\": global "
                             "timeout reached", d->name);
}

/* All at once: which comes first is luck. */
static void evict_all(struct drain *d)
{
    struct kubectl *k = d->k;

    while (d->pods.len > 0) {
        size_t i = stream_below(&k->stream, (uint32_t)d->pods.len);
        const struct meta *m = api_get(k->w->api, d->pods.items[i]);
        struct leaving *l = arena_make(k->arena, struct leaving);

        vec_swap_remove(&d->pods, i);
        *l = (struct leaving){ .d = d, .uid = m->uid, .space = m->space,
                               .name = m->name };
        d->left++;
        sim_after(k->w->sim, 0, &ev_ask, l, 1);
    }
}

/* ---- the verb ------------------------------------------------------------ */

static const char *drain_check(struct arena *a,
                               const struct kubectl_command *c)
{
    const char *timeout = kubectl_flag(c, "timeout");
    int64_t ns;

    if (c->nwords != 1)
        return "exactly one node is drained at a time";
    return timeout && !parse_duration(timeout, &ns, NULL)
               ? arena_printf(a, "invalid duration \"%s\"", timeout) : NULL;
}

static void start(struct kubectl *k, const struct meta *node)
{
    const char *timeout = kubectl_flag(&k->c, "timeout");
    const char *grace = kubectl_flag(&k->c, "grace-period");
    struct drain *d = arena_make(k->arena, struct drain);
    const char *why;
    int64_t ns = 0;

    d->k = k;
    d->node = node->uid;
    d->name = node->name;
    d->grace_s = grace ? (int)strtol(grace, NULL, 10) : -1;
    if (!kubectl_may(k, "list", KIND_POD, NULL, NULL, NULL))
        return;
    why = collect(d);
    if (why) {
        kubectl_refuse(k, "error: unable to drain node \"%s\" due to error: "
                          "%s", node->name, why);
        return;
    }
    if (d->pods.len == 0) {
        drained(d);
        return;
    }
    if (timeout && parse_duration(timeout, &ns, NULL) && ns > 0)
        sim_after(k->w->sim, ns, &ev_timeout, d, 0);
    evict_all(d);
}

static bool drain_step(struct kubectl *k, size_t i)
{
    const struct meta *m = kubectl_cordon(k, i);

    if (m)
        start(k, m);
    return false;
}

const struct verb_ops verb_drain = {
    .name = "drain",
    .usage = "NODE [--ignore-daemonsets] [--force] [--delete-emptydir-data]",
    .doc = "close a node and evict its pods",
    .flags = drain_flags,
    .min_words = 1,
    .check = drain_check,
    .step = drain_step,
};
