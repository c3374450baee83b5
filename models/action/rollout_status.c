/*
 * rollout_status.c - kubectl rollout status: watch until the rollout is done.
 *
 * Each new sentence is said when kubectl sees the change that causes it.
 */
#include "kubectl_impl.h"
#include <string.h>
#include "base/units.h"
#include "models/informer.h"
#include "models/rollout.h"

static const struct kubectl_flag status_flags[] = {
    { "timeout", 0, KUBECTL_TEXT, "give up after, for example 60s; 0: never" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

static void timeout_fire(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_timeout = { "kubectl.timeout", RANK_ACTION,
                                              timeout_fire };

static void timeout_fire(struct sim *sim, void *subject, int64_t arg)
{
    struct kubectl *k = subject;

    (void)sim;
    (void)arg;
    if (!k->over)
        kubectl_refuse(k, "error: timed out waiting for the condition");
}

/* Say what there is to say about m; the command is over at the end. */
static void look(struct kubectl *k, const struct meta *m)
{
    struct rollout_status s = rollout_status_of(k->arena, m);

    if (s.failed) {
        kubectl_refuse(k, "error: %s", s.message);
        return;
    }
    if (!k->said || strcmp(k->said, s.message) != 0)
        record_note(k->w, "Action", s.done ? "Done" : "Waiting",
                    m->space, m->name, s.message);
    k->said = s.message;
    k->over = s.done;
}

static void status_handle(void *ctx, const struct meta *before,
                          const struct meta *after)
{
    struct kubectl *k = ctx;

    if (!k->over && after)
        look(k, after);
    else if (!k->over)
        kubectl_refuse(k, "error: object has been deleted: %s", before->name);
}

/* Only the object that was asked about. */
static bool status_wants(void *ctx, const struct meta *before,
                         const struct meta *after)
{
    const struct kubectl *k = ctx;

    return (after ? after : before)->uid == k->watched;
}

static const struct informer_ops status_ops = {
    .name = "kubectl.status",
    .latency = TIMING_WATCH_CONTROLLER,
    .wants = status_wants,
    .handle = status_handle,
};

static const char *status_check(struct arena *a,
                                const struct kubectl_command *c)
{
    const char *timeout = kubectl_flag(c, "timeout");
    int64_t ns;

    if (c->nwords > 2)
        return "rollout status is only supported on one resource at a time";
    return timeout && !parse_duration(timeout, &ns, NULL)
               ? arena_printf(a, "invalid duration \"%s\"", timeout) : NULL;
}

static bool status_step(struct kubectl *k, size_t i)
{
    const char *timeout = kubectl_flag(&k->c, "timeout");
    int64_t ns = 0;
    bool more;
    const struct meta *m = kubectl_rollout(k, i, &more);

    if (!m || !kubectl_may(k, "list", m->kind, NULL, m->space, m->name) ||
        !kubectl_may(k, "watch", m->kind, NULL, m->space, m->name))
        return false;
    look(k, m);
    if (k->over)
        return false;
    k->watched = m->uid;
    informer_new(k->w, m->kind, &status_ops, k);
    if (timeout && parse_duration(timeout, &ns, NULL) && ns > 0)
        sim_after(k->w->sim, ns, &ev_timeout, k, 0);
    return false;
}

const struct verb_ops verb_rollout_status = {
    .name = "rollout status",
    .usage = "TYPE/NAME [--timeout=DURATION]",
    .doc = "watch a rollout until it is done",
    .flags = status_flags,
    .min_words = 1,
    .check = status_check,
    .step = status_step,
};
