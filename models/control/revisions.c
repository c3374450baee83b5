/*
 * revisions.c - histories of StatefulSets and DaemonSets.
 *
 * Every template that a set has had is kept as a ControllerRevision with a
 * number; the one of the current template has the highest.  Going back to an
 * old template takes the old revision out of the history and gives it a new
 * number; so the pods that are still of it are up to date at once.
 *
 * Not modelled: several revisions of one template (they can only be made by
 * hand), whose pods are then relabelled.
 * Source: kubernetes pkg/controller/history/controller_history.go,
 * pkg/controller/statefulset/stateful_set_control.go (truncateHistory),
 * pkg/controller/daemon/update.go (cleanupHistory) at v1.36.2.
 */
#include "models/revision.h"

#include <string.h>

#include "base/bug.h"
#include "models/world.h"

static bool goes_before(const struct controllerrevision *a,
                        const struct controllerrevision *b)
{
    if (a->revision != b->revision)
        return a->revision < b->revision;
    if (a->meta.created != b->meta.created)
        return a->meta.created < b->meta.created;
    return strcmp(a->meta.name, b->meta.name) < 0;
}

void revisions_sort(const struct controllerrevision **list, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct controllerrevision *r = list[i];
        size_t j = i;

        for (; j > 0 && goes_before(r, list[j - 1]); j--)
            list[j] = list[j - 1];
        list[j] = r;
    }
}

struct revision_pick revision_pick(revision_list list, size_t n,
                                   const struct pod_template *t)
{
    int64_t highest = n > 0 ? list[n - 1]->revision : 0;

    for (size_t i = n; i-- > 0;) {
        const struct controllerrevision *r = list[i];

        if (r->template->identity != t->identity)
            continue;
        return (struct revision_pick){
            .found = r,
            .number = i + 1 == n ? r->revision : highest + 1,
        };
    }
    return (struct revision_pick){ .number = highest + 1 };
}

size_t revisions_expired(revision_list list, size_t n, int keep,
                         bool live_count,
                         bool (*live)(void *ctx,
                                      const struct controllerrevision *r),
                         void *ctx, const struct controllerrevision **out)
{
    size_t dead = 0, counted, most;

    if (keep < 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (!live(ctx, list[i]))
            out[dead++] = list[i];
    counted = live_count ? n : dead;
    most = counted > (size_t)keep ? counted - (size_t)keep : 0;
    return most < dead ? most : dead;
}

struct meta *revision_draft(struct world *w, const struct meta *owner,
                            const struct pod_template *t, int collisions,
                            int64_t number, const char **hash)
{
    struct meta *draft = api_new_draft(w->api, KIND_REVISION);
    struct controllerrevision *r = controllerrevision_of(draft);

    *hash = pod_template_hash(w->arena, t, collisions);
    draft->name = arena_printf(w->arena, "%s-%s", owner->name, *hash);
    draft->space = owner->space;
    draft->owner = owner->uid;
    draft->labels = labels_with(w->arena, t->labels, REVISION_LABEL, *hash);
    draft->annotations = owner->annotations;
    r->revision = number;
    r->template = t;
    return draft;
}

int64_t revision_newest(const struct api *api, const struct meta *owner)
{
    size_t n;
    const object_uid *uids = api_owned(api, owner->uid, &n);
    int64_t newest = 0;

    for (size_t i = 0; i < n; i++) {
        const struct meta *m = api_get(api, uids[i]);

        if (m->kind == KIND_REVISION &&
            controllerrevision_seen(m)->revision > newest)
            newest = controllerrevision_seen(m)->revision;
    }
    return newest;
}

int64_t revision_labeled(const struct api *api, const struct meta *owner,
                         const char *hash)
{
    size_t n;
    const object_uid *uids = api_owned(api, owner->uid, &n);

    for (size_t i = 0; i < n; i++) {
        const struct meta *m = api_get(api, uids[i]);
        const char *its = labels_get(m->labels, REVISION_LABEL);

        if (m->kind == KIND_REVISION && its && strcmp(its, hash) == 0)
            return controllerrevision_seen(m)->revision;
    }
    return -1;
}
