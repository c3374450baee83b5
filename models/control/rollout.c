/*
 * rollout.c - what `kubectl rollout` says and does about a Deployment.
 *
 * An undo is an ordinary template change: it copies the template of an old
 * ReplicaSet back, and the controller does the rest.  "Old replicas pending
 * termination" are those still asked for: success comes before the last old
 * pod is gone.
 *
 * Source: kubectl pkg/polymorphichelpers/rollout_status.go, rollback.go,
 * history.go at v1.32.3; reference 1.10, 1.14.
 */
#include "models/rollout.h"

#include <string.h>

#include "models/api.h"
#include "models/deployment.h"

#define HASH_LABEL "pod-template-hash"
#define CAUSE "kubernetes.io/change-cause"

/* ---- status ------------------------------------------------------------- */

static struct rollout_status going_on(const char *message)
{
    return (struct rollout_status){ .message = message };
}

#define WAITING "Waiting for deployment \"%s\" rollout to finish: "

struct rollout_status rollout_status(struct arena *a,
                                     const struct deployment *d)
{
    const char *name = d->meta.name;

    if (d->meta.generation > d->observed_generation)
        return going_on("Waiting for deployment spec update to be "
                        "observed...");
    if (condition_because(&d->progressing, "ProgressDeadlineExceeded"))
        return (struct rollout_status){
            .failed = true,
            .message = arena_printf(a, "deployment \"%s\" exceeded its "
                                       "progress deadline", name),
        };
    if (d->updated < d->replicas)
        return going_on(arena_printf(a, WAITING "%d out of %d new replicas "
                                     "have been updated...", name, d->updated,
                                     d->replicas));
    if (d->status_replicas > d->updated)
        return going_on(arena_printf(a, WAITING "%d old replicas are pending "
                                     "termination...", name,
                                     d->status_replicas - d->updated));
    if (d->available < d->updated)
        return going_on(arena_printf(a, WAITING "%d of %d updated replicas "
                                     "are available...", name, d->available,
                                     d->updated));
    return (struct rollout_status){
        .done = true,
        .message = arena_printf(a, "deployment \"%s\" successfully rolled "
                                   "out", name),
    };
}

/* ---- history ------------------------------------------------------------ */

size_t rollout_history(struct arena *a, const struct api *api,
                       const struct deployment *d,
                       struct rollout_revision **out)
{
    size_t owned, n = 0;
    const object_uid *uids = api_owned(api, d->meta.uid, &owned);
    struct rollout_revision *list =
        arena_many(a, struct rollout_revision, owned);

    for (size_t i = 0; i < owned; i++) {
        const struct meta *m = api_get(api, uids[i]);
        struct rollout_revision r = { .set = replicaset_seen(m) };
        size_t j = n;

        if (m->kind != KIND_REPLICASET)
            continue;
        r.revision = r.set->revision;
        r.cause = labels_get(m->annotations, CAUSE);
        for (; j > 0 && list[j - 1].revision > r.revision; j--)
            list[j] = list[j - 1];
        list[j] = r;
        n++;
    }
    *out = list;
    return n;
}

/* ---- undo --------------------------------------------------------------- */

static struct rollout_undo refuse(const char *message)
{
    return (struct rollout_undo){ .refused = true, .message = message };
}

/* The set of a revision; 0: of the second highest one.  NULL: none. */
static const struct replicaset *find(const struct rollout_revision *list,
                                     size_t n, int64_t revision)
{
    if (revision == 0)
        return n < 2 ? NULL : list[n - 2].set;
    for (size_t i = 0; i < n; i++)
        if (list[i].revision == revision)
            return list[i].set;
    return NULL;
}

struct rollout_undo rollout_undo(struct arena *a, const struct api *api,
                                 const struct deployment *d,
                                 int64_t to_revision)
{
    struct rollout_revision *list;
    size_t n = rollout_history(a, api, d, &list);
    const struct replicaset *set = find(list, n, to_revision);

    if (!set && to_revision != 0)
        return refuse(arena_printf(a, "unable to find specified revision "
                                      "%lld in history",
                                   (long long)to_revision));
    if (!set)
        return refuse(arena_printf(a, "no rollout history found for "
                                      "deployment \"%s\"", d->meta.name));
    if (d->paused)
        return refuse("cannot rollback a paused deployment; resume it first "
                      "with 'kubectl rollout resume' and try again");
    if (set->template->identity == d->template->identity)
        return (struct rollout_undo){
            .message = arena_printf(a, "skipped rollback (current template "
                                       "already matches revision %lld)",
                                    (long long)to_revision),
        };
    return (struct rollout_undo){ .set = set, .message = "rolled back" };
}

/* Annotations as a manifest has them; NULL if there are none. */
static const struct value *annotations_value(struct arena *a,
                                             const struct labels *l)
{
    struct member *members;

    if (!l || l->len == 0)
        return NULL;
    members = arena_many(a, struct member, l->len);
    for (size_t i = 0; i < l->len; i++) {
        members[i].key = l->items[i].key;
        members[i].value = value_string(a, l->items[i].value, NULL);
    }
    return value_map(a, members, l->len, NULL);
}

void rollout_restore(struct arena *a, struct deployment *draft,
                     const struct replicaset *set)
{
    struct err_list errors;
    const struct value *raw = value_set(a, set->template->raw,
                                        "metadata.labels.\"" HASH_LABEL "\"",
                                        NULL);

    err_init(&errors, a);
    draft->template = pod_template_from(a, raw, "spec.template", &errors);
    draft->meta.annotations = set->meta.annotations;
    if (!draft->raw)
        return;
    raw = value_set(a, draft->raw, "spec.template", raw);
    draft->raw = value_set(a, raw, "metadata.annotations",
                           annotations_value(a, set->meta.annotations));
}
