/*
 * orphans.c - objects without a controller.
 *
 * Source: kubernetes pkg/controller/controller_ref_manager.go at v1.36.2:
 * matching objects that nobody controls are adopted, unless they are being
 * deleted.
 */
#include "models/orphans.h"

#include <string.h>

static bool is_orphan(const struct meta *m)
{
    return m && m->owner == 0;
}

void orphans_init(struct orphans *o, struct arena *a,
                  const struct informer *inf)
{
    *o = (struct orphans){ .arena = a, .inf = inf };
    for (size_t i = 0; i < informer_count(inf); i++)
        orphans_see(o, NULL, informer_at(inf, i));
}

void orphans_see(struct orphans *o, const struct meta *before,
                 const struct meta *after)
{
    if (is_orphan(before) == is_orphan(after))
        return;
    if (is_orphan(before))
        uids_remove(&o->list, before->uid);
    else
        uids_add(o->arena, &o->list, after->uid);
}

bool orphan_fits(const struct meta *m, const char *space,
                 const struct selector *s)
{
    return m->owner == 0 && !meta_deleting(m) &&
           strcmp(m->space, space) == 0 && selector_match(s, m->labels);
}

bool owned_by_kind(const struct api *api, enum kind kind,
                   const struct meta *before, const struct meta *after)
{
    const struct meta *m = before ? before : after;
    const struct meta *owner = api_get(api, m->owner);

    return !owner || owner->kind == kind ||
           (after && after->owner != m->owner);
}

static void change_owner(struct api *api, struct sync *s,
                         const struct meta *m, object_uid owner)
{
    struct meta *draft;

    if (!s)
        return;
    draft = api_draft(api, m);
    draft->owner = owner;
    sync_update(s, draft);
}

/* Insert m into list, which is in order of creation. */
static void insert(const struct meta **list, size_t *n, const struct meta *m)
{
    size_t i = (*n)++;

    for (; i > 0 && list[i - 1]->uid > m->uid; i--)
        list[i] = list[i - 1];
    list[i] = m;
}

const struct meta **orphans_claim(const struct orphans *o, struct api *api,
                                  struct sync *s, const struct meta *owner,
                                  const struct selector *selector,
                                  bool (*fits)(const struct meta *owner,
                                               const struct meta *m),
                                  struct arena *a, size_t *n)
{
    size_t owned, lost = uids_len(&o->list);
    const object_uid *uids = informer_owned(o->inf, owner->uid, &owned);
    const struct meta **list = arena_many(a, const struct meta *,
                                          owned + lost);
    bool deleting = meta_deleting(owner);

    *n = 0;
    for (size_t i = 0; i < owned; i++) {
        const struct meta *m = informer_get(o->inf, uids[i]);

        if (selector_match(selector, m->labels) && (!fits || fits(owner, m)))
            insert(list, n, m);
        else if (!deleting && !meta_deleting(m))
            change_owner(api, s, m, 0);
    }
    for (size_t i = 0; i < lost && !deleting; i++) {
        const struct meta *m = informer_get(o->inf,
                                            uids_items(&o->list)[i]);

        if (!orphan_fits(m, owner->space, selector) ||
            (fits && !fits(owner, m)))
            continue;
        change_owner(api, s, m, owner->uid);
        insert(list, n, m);
    }
    return list;
}
