/*
 * rollout_sets.c - what `kubectl rollout` says and does about StatefulSets and
 * DaemonSets.
 *
 * Their histories are ControllerRevisions, all of which carry a whole
 * template; an undo writes one of them back, and the controller then finds
 * the revision again.
 *
 * Source: kubectl pkg/polymorphichelpers/rollout_status.go, rollback.go,
 * history.go at v1.32.3; reference 3.1, 3.2.
 */
#include <string.h>

#include "models/api.h"
#include "models/argo.h"
#include "models/daemonset.h"
#include "models/revision.h"
#include "models/rollout.h"
#include "models/statefulset.h"

#define ONLY_ROLLING "rollout status is only available for RollingUpdate "    \
                     "strategy type"

static struct rollout_status going_on(const char *message)
{
    return (struct rollout_status){ .message = message };
}

static struct rollout_status done(const char *message)
{
    return (struct rollout_status){ .done = true, .message = message };
}

static struct rollout_status failed(const char *message)
{
    return (struct rollout_status){ .failed = true, .message = message };
}

/* ---- status ------------------------------------------------------------- */

static struct rollout_status partitioned(struct arena *a,
                                         const struct statefulset *s)
{
    int wanted = s->replicas - s->partition;

    if (s->updated < wanted)
        return going_on(arena_printf(a, "Waiting for partitioned roll out to "
                                     "finish: %d out of %d new pods have been "
                                     "updated...", s->updated, wanted));
    return done(arena_printf(a, "partitioned roll out complete: %d new pods "
                             "have been updated...", s->updated));
}

struct rollout_status statefulset_rollout_status(struct arena *a,
                                                 const struct statefulset *s)
{
    const char *current = s->current_revision ? s->current_revision : "";
    const char *update = s->update_revision ? s->update_revision : "";

    if (s->on_delete)
        return failed(ONLY_ROLLING);
    if (s->observed_generation == 0 ||
        s->meta.generation > s->observed_generation)
        return going_on("Waiting for statefulset spec update to be "
                        "observed...");
    if (s->ready < s->replicas)
        return going_on(arena_printf(a, "Waiting for %d pods to be ready...",
                                     s->replicas - s->ready));
    if (s->rolling_given)
        return partitioned(a, s);
    if (strcmp(update, current) != 0)
        return going_on(arena_printf(a, "waiting for statefulset rolling "
                                     "update to complete %d pods at revision "
                                     "%s...", s->updated, update));
    return done(arena_printf(a, "statefulset rolling update complete %d pods "
                             "at revision %s...", s->current, current));
}

#define WAITING "Waiting for daemon set \"%s\" rollout to finish: "

struct rollout_status daemonset_rollout_status(struct arena *a,
                                               const struct daemonset *d)
{
    const char *name = d->meta.name;

    if (d->on_delete)
        return failed(ONLY_ROLLING);
    if (d->meta.generation > d->observed_generation)
        return going_on("Waiting for daemon set spec update to be "
                        "observed...");
    if (d->updated < d->desired)
        return going_on(arena_printf(a, WAITING "%d out of %d new pods have "
                                     "been updated...", name, d->updated,
                                     d->desired));
    if (d->available < d->desired)
        return going_on(arena_printf(a, WAITING "%d of %d updated pods are "
                                     "available...", name, d->available,
                                     d->desired));
    return done(arena_printf(a, "daemon set \"%s\" successfully rolled out",
                             name));
}

/* As kubectl argo rollouts status says it. */
static struct rollout_status argo_rollout_status(struct arena *a,
                                                 const struct argo *r)
{
    static const char *const names[] = { "Progressing", "Paused", "Healthy",
                                         "Degraded" };
    const char *name = names[r->phase];

    if (r->observed_generation < r->meta.generation)
        return going_on("Progressing - waiting for rollout spec update to be "
                        "observed");
    if (r->phase == ARGO_HEALTHY)
        return done(name);
    if (r->phase == ARGO_DEGRADED)
        return failed(arena_printf(a, "%s - %s", name,
                                   r->message ? r->message
                                              : "progress deadline exceeded"));
    return going_on(name);
}

bool kind_rolls_out(enum kind k)
{
    return k == KIND_DEPLOYMENT || k == KIND_STATEFULSET ||
           k == KIND_DAEMONSET || k == KIND_ROLLOUT;
}

struct rollout_status rollout_status_of(struct arena *a, const struct meta *m)
{
    if (m->kind == KIND_STATEFULSET)
        return statefulset_rollout_status(a, statefulset_seen(m));
    if (m->kind == KIND_DAEMONSET)
        return daemonset_rollout_status(a, daemonset_seen(m));
    if (m->kind == KIND_ROLLOUT)
        return argo_rollout_status(a, argo_seen(m));
    return rollout_status(a, deployment_seen(m));
}

const struct pod_template *rollout_template(const struct meta *m)
{
    if (m->kind == KIND_STATEFULSET)
        return statefulset_seen(m)->template;
    if (m->kind == KIND_DAEMONSET)
        return daemonset_seen(m)->template;
    if (m->kind == KIND_ROLLOUT)
        return argo_seen(m)->template;
    return deployment_seen(m)->template;
}

/* ---- history and undo --------------------------------------------------- */

size_t revision_history(struct arena *a, const struct api *api,
                        const struct meta *m,
                        const struct controllerrevision ***out)
{
    size_t owned, n = 0;
    const object_uid *uids = api_owned(api, m->uid, &owned);

    *out = arena_many(a, const struct controllerrevision *, owned);
    for (size_t i = 0; i < owned; i++) {
        const struct meta *r = api_get(api, uids[i]);

        if (r->kind == KIND_REVISION)
            (*out)[n++] = controllerrevision_seen(r);
    }
    revisions_sort(*out, n);
    return n;
}

int64_t rollout_revision_of(const struct api *api, const struct meta *m)
{
    if (m->kind == KIND_ROLLOUT)
        return argo_seen(m)->revision;
    return m->kind == KIND_DEPLOYMENT ? deployment_seen(m)->revision
                                      : revision_newest(api, m);
}

struct revision_undo revision_undo(struct arena *a, const struct api *api,
                                   const struct meta *m, int64_t to_revision)
{
    const struct controllerrevision **list, *to = NULL;
    size_t n = revision_history(a, api, m, &list);

    if (to_revision == 0 && n < 2)
        return (struct revision_undo){
            .refused = true, .message = "no last revision to roll back to",
        };
    if (to_revision == 0)
        to = list[n - 2];
    for (size_t i = 0; i < n && to_revision != 0; i++)
        if (list[i]->revision == to_revision)
            to = list[i];
    if (!to)
        return (struct revision_undo){
            .refused = true,
            .message = arena_printf(a, "unable to find specified revision "
                                       "%lld in history",
                                    (long long)to_revision),
        };
    if (to->template->identity == rollout_template(m)->identity)
        return (struct revision_undo){
            .message = arena_printf(a, "skipped rollback (current template "
                                       "already matches revision %lld)",
                                    (long long)to_revision),
        };
    return (struct revision_undo){ .template = to->template,
                                   .message = "rolled back" };
}
