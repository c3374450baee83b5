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
    *o = (struct orphans){ .arena = a };
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
