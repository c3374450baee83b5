/*
 * unseen.c - writes of a controller that its caches have not shown yet.
 *
 * Source: kubernetes pkg/controller/util/consistency at v1.36.2, which
 * compares resourceVersions per type; here each write is waited for, which
 * comes to the same as a watch keeps its order.
 */
#include "models/unseen.h"

void unseen_expect(struct unseen *u, struct arena *a, object_uid uid,
                   uint64_t version)
{
    struct unseen_write w = { uid, version };

    vec_push(a, &u->writes, w);
}

static bool shows(const struct meta *after, const struct unseen_write *w)
{
    if (!after)
        return true;
    return w->version == 0 ? meta_deleting(after)
                           : after->version >= w->version;
}

void unseen_show(struct unseen *u, object_uid uid, const struct meta *after)
{
    for (size_t i = u->writes.len; i-- > 0;)
        if (u->writes.items[i].uid == uid &&
            shows(after, &u->writes.items[i]))
            vec_swap_remove(&u->writes, i);
}

bool unseen_any(const struct unseen *u)
{
    return u->writes.len > 0;
}
